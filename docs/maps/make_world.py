"""Make the country shapes of the maps from Natural Earth, under the policy of BOUNDARIES.md.

Run it again with the archive of the npm package ``world-atlas`` 2.0.2 as its argument:

    npm pack world-atlas@2.0.2
    uv run --with shapely docs/maps/make_world.py world-atlas-2.0.2.tgz

The result is TopoJSON with one object, ``areas``. A geometry's ``id`` is the ISO alpha-3 code of a state
(XKX for Kosovo, which ISO leaves out) or a lower-case name of a contested area that has none. Its properties
are ``name``, ``anchor`` (where a label or an arrow stands) and, for a contested area, ``contested`` and
``member``: the UN member inside whose recognised territory the area lies, or null where that is the question.
Members too small for the scale are points. Longitudes run past 180 where a state crosses that meridian, so
that no ring jumps.
"""

import hashlib
import json
import sys
import tarfile
from itertools import pairwise
from math import cos, radians
from pathlib import Path

from shapely import MultiPolygon, Polygon, box, make_valid, unary_union
from shapely.geometry.polygon import orient

ARCHIVE_SHA256 = "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97"
TARGET = Path(__file__).parents[2] / "src/tripoint/faces/figures/world.json"
GRID = 100  # steps per degree: 0.01 degree is about 1 km, far below the error of a 1:110m outline

ISO3 = """
004:AFG 008:ALB 012:DZA 024:AGO 031:AZE 032:ARG 036:AUS 040:AUT 044:BHS 050:BGD 051:ARM
056:BEL 064:BTN 068:BOL 070:BIH 072:BWA 076:BRA 084:BLZ 090:SLB 096:BRN 100:BGR 104:MMR 108:BDI
112:BLR 116:KHM 120:CMR 124:CAN 140:CAF 144:LKA 148:TCD 152:CHL 156:CHN 158:TWN 170:COL 178:COG
180:COD 188:CRI 191:HRV 192:CUB 196:CYP 203:CZE 204:BEN 208:DNK 214:DOM 218:ECU 222:SLV 226:GNQ
231:ETH 232:ERI 233:EST 238:FLK 242:FJI 246:FIN 250:FRA 260:ATF 262:DJI 266:GAB 268:GEO 270:GMB
275:PSE 276:DEU 288:GHA 300:GRC 304:GRL 320:GTM 324:GIN 328:GUY 332:HTI 340:HND 348:HUN 352:ISL
356:IND 360:IDN 364:IRN 368:IRQ 372:IRL 376:ISR 380:ITA 384:CIV 388:JAM 392:JPN 398:KAZ 400:JOR
404:KEN 408:PRK 410:KOR 414:KWT 417:KGZ 418:LAO 422:LBN 426:LSO 428:LVA 430:LBR 434:LBY 440:LTU
442:LUX 450:MDG 454:MWI 458:MYS 466:MLI 478:MRT 484:MEX 496:MNG 498:MDA 499:MNE 504:MAR 508:MOZ
512:OMN 516:NAM 524:NPL 528:NLD 540:NCL 548:VUT 554:NZL 558:NIC 562:NER 566:NGA 578:NOR 586:PAK
591:PAN 598:PNG 600:PRY 604:PER 608:PHL 616:POL 620:PRT 624:GNB 626:TLS 630:PRI 634:QAT 642:ROU
643:RUS 646:RWA 682:SAU 686:SEN 688:SRB 694:SLE 703:SVK 704:VNM 705:SVN 706:SOM 710:ZAF 716:ZWE
724:ESP 728:SSD 729:SDN 732:ESH 740:SUR 748:SWZ 752:SWE 756:CHE 760:SYR 762:TJK 764:THA 768:TGO
780:TTO 784:ARE 788:TUN 792:TUR 795:TKM 800:UGA 804:UKR 807:MKD 818:EGY 826:GBR 834:TZA 840:USA
854:BFA 858:URY 860:UZB 862:VEN 887:YEM 894:ZMB
"""
# Members of the UN that 1:110m leaves out: the finest scale in the archive gives each a point.
TOO_SMALL = """
020:AND 028:ATG 048:BHR 052:BRB 132:CPV 174:COM 212:DMA 296:KIR 308:GRD 438:LIE 462:MDV 470:MLT
480:MUS 492:MCO 520:NRU 583:FSM 584:MHL 585:PLW 659:KNA 662:LCA 670:VCT 674:SMR 678:STP 690:SYC
702:SGP 776:TON 798:TUV 882:WSM
"""
# Shapes that the source draws but gives no number.
UNNUMBERED = {"Kosovo": "XKX", "N. Cyprus": "northern-cyprus", "Somaliland": "somaliland"}

NAMES = {
    "ATG": "Antigua and Barbuda",
    "ATF": "French Southern Lands",
    "BIH": "Bosnia and Herzegovina",
    "CAF": "Central African Republic",
    "COD": "DR Congo",
    "COG": "Congo",
    "DOM": "Dominican Republic",
    "FLK": "Falkland Islands",
    "GNQ": "Equatorial Guinea",
    "KNA": "Saint Kitts and Nevis",
    "MHL": "Marshall Islands",
    "MKD": "North Macedonia",
    "SLB": "Solomon Islands",
    "SSD": "South Sudan",
    "STP": "São Tomé and Príncipe",
    "SWZ": "Eswatini",
    "TUR": "Türkiye",
    "USA": "United States",
    "VCT": "Saint Vincent and the Grenadines",
}

# The name of each contested area, and the UN member inside whose recognised territory it lies.
CONTESTED = {
    "abkhazia": ("Abkhazia", "GEO"),
    "crimea": ("Crimea", "UKR"),
    "FLK": ("Falkland Islands (Malvinas)", None),
    "golan": ("Golan Heights", "SYR"),
    "kashmir": ("Jammu and Kashmir", None),
    "northern-cyprus": ("Northern Cyprus", "CYP"),
    "PSE": ("Palestine", None),
    "south-ossetia": ("South Ossetia", "GEO"),
    "TWN": ("Taiwan", None),
    "western-sahara": ("Western Sahara", None),
    "XKX": ("Kosovo", None),
}

# Cutting outlines, longitude and latitude. Where one runs past a coast or a frontier the state's own shape
# trims it, so only the sides that cut through a state mean anything, and those are approximate. Points shared
# with the source's own lines stand on the grid, or the cut would leave slivers along them.
ABKHAZIA = Polygon(
    [(39.5, 43.6), (40.0, 43.0), (41.0, 42.4), (41.55, 42.42), (41.75, 42.6), (42.05, 42.85), (42.15, 43.6)]
)
SOUTH_OSSETIA = Polygon(
    [(43.4, 42.95), (43.45, 42.55), (43.6, 42.25), (43.9, 42.12), (44.3, 42.1), (44.55, 42.17), (44.8, 42.95)]
)
GOLAN = Polygon([(35.62, 33.4), (35.62, 33.0), (35.645, 32.86), (35.66, 32.6), (36.0, 32.6), (36.0, 33.4)])
# The source leaves the Gaza Strip out of every shape, as if it were sea.
GAZA = Polygon([(34.27, 31.22), (34.2, 31.32), (34.49, 31.61), (34.56, 31.55)])
# The former princely state: the areas administered by India, Pakistan and China alike.
KASHMIR = Polygon(
    [
        (75.35, 32.2), (75.26, 32.27), (74.45, 32.77), (74.0, 32.95), (73.65, 33.2), (73.45, 34.2),
        (73.55, 34.7), (74.0, 35.1), (73.2, 35.5), (72.5, 36.0), (72.6, 36.63), (72.6, 36.8), (74.5, 37.1),
        (75.16, 37.13), (75.9, 36.67), (76.7, 36.35), (77.5, 35.85), (79.4, 35.9), (80.25, 35.4),
        (80.2, 34.7), (79.5, 34.45), (79.0, 33.8), (78.81, 33.51), (79.21, 32.99), (79.18, 32.48),
        (78.46, 32.62), (77.9, 32.8), (77.0, 33.05), (76.4, 33.15), (75.9, 32.85), (75.75, 32.5),
    ]
)  # fmt: skip
WESTERN_SAHARA_NORTH = 27.66  # the frontier of 1912, a parallel

Ring = list[tuple[float, float]]
Point = tuple[int, int]


def pairs(text: str) -> dict[str, str]:
    """Read ``number:code`` pairs."""
    return dict(pair.split(":") for pair in text.split())


def read_archive(path: Path, scale: str) -> dict:
    """Take one scale out of the archive, if it is the archive this script was written for."""
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != ARCHIVE_SHA256:
        raise ValueError(f"{path} has SHA-256 {found}, not {ARCHIVE_SHA256}: fetch world-atlas 2.0.2 again")
    with tarfile.open(path) as archive:
        member = archive.extractfile(f"package/countries-{scale}.json")
        assert member is not None
        return json.load(member)


def unwrapped(ring: Ring) -> Ring:
    """Follow a ring across the 180th meridian instead of jumping back to the other side of the map."""
    out = [ring[0]]
    for x, y in ring[1:]:
        out.append((x + 360 * round((out[-1][0] - x) / 360), y))
    shift = 360 if min(x for x, _ in out) < -180.01 else 0
    return [(x + shift, y) for x, y in out]


def decoded(topology: dict, codes: dict[str, str]) -> dict[str, tuple[str, MultiPolygon]]:
    """Read the wanted countries of a TopoJSON: code to name and shape."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    lines = []
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((round((x * sx + tx) * GRID) / GRID, round((y * sy + ty) * GRID) / GRID))
        lines.append(line)

    def ring(arcs: list[int]) -> Ring:
        out: Ring = []
        for index in arcs:
            line = lines[index] if index >= 0 else lines[~index][::-1]
            out += line[1:] if out else line
        return unwrapped(out)

    shapes = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        source_name = geometry["properties"]["name"]
        code = codes.get(geometry.get("id", ""), UNNUMBERED.get(source_name))
        if code is None:
            continue
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
        parts = [Polygon(ring(outer), [ring(hole) for hole in holes]) for outer, *holes in polygons]
        # Two outlines of the source cross or collapse (Sudan's border, a speck of North Korea).
        sound = [part if part.is_valid else polygonal(make_valid(part)) for part in parts]
        flat = [piece for part in sound for piece in getattr(part, "geoms", [part])]
        shapes[code] = (NAMES.get(code, source_name), MultiPolygon(flat))
    return shapes


def polygonal(geometry) -> MultiPolygon:
    """Keep the areas of a cut and drop the stray points, lines and crumbs that cutting leaves."""
    if hasattr(geometry, "geoms"):
        return MultiPolygon([kept for part in geometry.geoms for kept in polygonal(part).geoms])
    return MultiPolygon([geometry] if geometry.geom_type == "Polygon" and geometry.area > 0.005 else [])


def under_policy(drawn: dict[str, MultiPolygon]) -> dict[str, MultiPolygon]:
    """Redraw the lines that depart from the policy: see BOUNDARIES.md for each."""
    shapes = dict(drawn)

    crimea = [part for part in shapes["RUS"].geoms if box(32, 44, 37, 46.5).contains(part)]
    shapes["crimea"] = MultiPolygon(crimea)
    shapes["RUS"] = MultiPolygon([part for part in shapes["RUS"].geoms if part not in crimea])

    south = box(-18, 20, -8.6, WESTERN_SAHARA_NORTH)
    sahara = [shapes.pop("ESH"), shapes["MAR"].intersection(south)]
    shapes["western-sahara"] = polygonal(unary_union(sahara).buffer(0.01).buffer(-0.01))
    shapes["MAR"] = polygonal(shapes["MAR"].difference(south))

    shapes["SOM"] = polygonal(unary_union([shapes["SOM"], shapes.pop("somaliland")]))
    shapes["PSE"] = polygonal(unary_union([shapes["PSE"], GAZA]))

    cuts = {
        "abkhazia": (ABKHAZIA, ["GEO"]),
        "south-ossetia": (SOUTH_OSSETIA, ["GEO"]),
        "golan": (GOLAN, ["ISR"]),
        "kashmir": (KASHMIR, ["IND", "PAK", "CHN"]),
    }
    for area, (outline, states) in cuts.items():
        pieces = [shapes[state].intersection(outline) for state in states]
        shapes[area] = polygonal(unary_union(pieces))
        for state in states:
            shapes[state] = polygonal(shapes[state].difference(outline))
    return shapes


def anchor(shape: MultiPolygon) -> Point:
    """Where the eye looks for a state: the middle of its largest part, moved inside if that is hollow."""
    largest = max(shape.geoms, key=lambda part: part.area * cos(radians(part.centroid.y)))
    point = largest.centroid if largest.contains(largest.centroid) else largest.representative_point()
    return round(point.x, 1), round(point.y, 1)


def grid_rings(shape: MultiPolygon) -> list[list[list[Point]]]:
    """Round a shape to the grid, clockwise outside and the other way inside as spherical maps expect."""
    polygons = []
    for part in shape.geoms:
        turned = orient(part, sign=-1.0)
        rings = []
        for line in (turned.exterior, *turned.interiors):
            ring: list[Point] = []
            for x, y in line.coords:
                point = (round(x * GRID), round(y * GRID))
                if not ring or ring[-1] != point:
                    ring.append(point)
            rings.append(ring)
        polygons.append(rings)
    return polygons


def junctions(rings: list[list[Point]]) -> set[Point]:
    """Find the points where borders part: those whose two neighbours are not the same in every ring."""
    neighbours: dict[Point, frozenset[Point]] = {}
    found = set()
    for ring in rings:
        points = ring[:-1]
        for i, point in enumerate(points):
            pair = frozenset((points[i - 1], points[(i + 1) % len(points)]))
            if neighbours.setdefault(point, pair) != pair:
                found.add(point)
    return found


def cut_ring(ring: list[Point], at: set[Point]) -> list[list[Point]]:
    """Cut a closed ring into arcs at the junctions; a ring without any starts at its least point."""
    points = ring[:-1]
    starts = [i for i, point in enumerate(points) if point in at] or [points.index(min(points))]
    turned = points[starts[0] :] + points[: starts[0] + 1]
    arcs = [[turned[0]]]
    for point in turned[1:]:
        arcs[-1].append(point)
        if point in at:
            arcs.append([point])
    return [arc for arc in arcs if len(arc) > 1]


def topology(shapes: dict[str, MultiPolygon], names: dict[str, str], points: dict[str, Point]) -> dict:
    """Write shapes as TopoJSON: a border between two states is stored once."""
    polygons = {code: grid_rings(shape) for code, shape in shapes.items()}
    parting = junctions([ring for parts in polygons.values() for part in parts for ring in part])
    index: dict[tuple[Point, ...], int] = {}

    def arc_number(arc: list[Point]) -> int:
        if tuple(reversed(arc)) in index:
            return ~index[tuple(reversed(arc))]
        return index.setdefault(tuple(arc), len(index))

    geometries = []
    for code, parts in sorted(polygons.items()):
        properties = {"name": names[code], "anchor": anchor(shapes[code])}
        if code in CONTESTED:
            properties |= {"contested": True, "member": CONTESTED[code][1]}
        arcs = [[[arc_number(arc) for arc in cut_ring(ring, parting)] for ring in part] for part in parts]
        geometries.append({"type": "MultiPolygon", "id": code, "properties": properties, "arcs": arcs})
    for code, point in sorted(points.items()):
        properties = {"name": names[code], "anchor": point}
        grid_point = [round(point[0] * GRID), round(point[1] * GRID)]
        geometries.append({"type": "Point", "id": code, "properties": properties, "coordinates": grid_point})
    return {
        "type": "Topology",
        "transform": {"scale": [1 / GRID, 1 / GRID], "translate": [0, 0]},
        "objects": {"areas": {"type": "GeometryCollection", "geometries": geometries}},
        "arcs": [deltas(arc) for arc in index],
    }


def deltas(arc: tuple[Point, ...]) -> list[Point]:
    """Store each point as the step from the one before."""
    steps = [(x - px, y - py) for (px, py), (x, y) in pairwise(arc)]
    return [arc[0], *steps]


def main(archive: Path) -> None:
    """Read the archive, apply the policy, check every shape and write the file."""
    drawn = decoded(read_archive(archive, "110m"), pairs(ISO3))
    shapes = under_policy({code: shape for code, (_, shape) in drawn.items()})
    names = {code: name for code, (name, _) in drawn.items()}
    names |= {code: name for code, (name, _) in CONTESTED.items()}

    fine = decoded(read_archive(archive, "10m"), pairs(TOO_SMALL))
    small = {code: fine[code] for code in pairs(TOO_SMALL).values()}
    names |= {code: name for code, (name, _) in small.items()}

    for code, shape in shapes.items():
        for rings in grid_rings(shape):
            if not Polygon(rings[0], rings[1:]).is_valid:
                raise ValueError(f"{code} crosses itself after rounding: {rings[0][:3]}…")
    world = topology(shapes, names, {code: anchor(shape) for code, (_, shape) in small.items()})
    text = json.dumps(world, ensure_ascii=False, separators=(",", ":"))
    TARGET.write_text(text + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(shapes)} areas, {len(small)} points, {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
