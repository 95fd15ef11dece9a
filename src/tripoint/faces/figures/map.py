"""Where the triad lies: the two powers, the ground between them, and what flows to it from each power.

The shapes are in ``world.json``. Its lines follow a written policy, ``docs/maps/BOUNDARIES.md``, and the
map names that policy in its lower corner. Everything but the shapes is laid out here in pixels of the
finished map, under the renderer's own projection: labels can then keep clear of arrows, and hatching keeps
its pitch however far the map is zoomed out.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from itertools import chain, pairwise, product
from math import acos, asin, atan2, ceil, cos, degrees, hypot, inf, radians, sin, sqrt
from textwrap import wrap
from typing import Any, Literal, TypedDict

import altair as alt

from tripoint.faces.figures.theme import FIRST, GRID, GROUND, INK, LAND, MUTED, OUTSIDER, PAPER, SECOND

NOTE = "Lines: UN membership. Hatched: contested. Shapes: Natural Earth."

# Above this angle between the middle of the triad and its far ends, an azimuthal map would stretch the rim.
WIDEST_AZIMUTHAL = 72.0
WIDEST_SPAN = 190.0  # degrees of longitude: beyond it an azimuthal map would look over the pole
CLOSEST_SPAN = 0.22  # radians across the map: closer in, outlines made for 1:110 million are too coarse
PIXELS_PER_SHARE = 44.0  # width of an arrow that carries everything, on a map 640 pixels wide
NOTE_HEIGHT = 18.0
HATCH_PITCH = 3.8

# Where a label may stand beside its place, in half widths and half heights of itself.
_STEPS = (0, 1, -1, 1.5, -1.5, 2.2, -2.2, 3, -3)

Point = tuple[float, float]
Ring = list[Point]
Box = tuple[float, float, float, float]
Curve = tuple[Point, Point, Point]  # start, control and end of a quadratic Bézier curve
Projection = Literal["azimuthalEqualArea", "naturalEarth1"]


class Flow(TypedDict):
    """What one power sends to, or trades with, the ground."""

    power: str
    value: float
    label: str


@dataclass(frozen=True)
class Area:
    """A state, a dependency or a contested area as the map draws it.

    ``polygons`` holds the outer ring of each part and then its holes, in degrees; it is empty for a state too
    small for the scale. ``member`` is the UN member inside whose recognised territory a contested area lies.
    """

    code: str
    name: str
    anchor: Point
    polygons: tuple[tuple[Ring, ...], ...]
    contested: bool
    member: str | None


@dataclass(frozen=True)
class View:
    """A projection fitted to a frame: the numbers that the renderer and the layout below both use."""

    projection: Projection
    centre: Point
    scale: float
    translate: Point
    width: float
    height: float


@dataclass(frozen=True)
class Arrow:
    """A flow laid out on the map: the middle line it follows and the outline that is filled."""

    label: str
    colour: str
    path: tuple[Point, ...]
    outline: tuple[Point, ...]


@dataclass(frozen=True)
class Label:
    """A text, already broken into lines, that stands near one of several points."""

    lines: tuple[str, ...]
    size: float
    bold: bool
    near: tuple[Point, ...]


def triad_map(
    first: str,
    second: str,
    ground: str,
    outsider: str,
    flows: Sequence[Flow] | None = None,
    *,
    width: int = 640,
    height: int = 360,
) -> alt.LayerChart:
    """Draw the two powers, the ground between them and the flows that reach it.

    Parameters
    ----------
    first, second, ground, outsider
        ISO 3166 alpha-3 codes. The map shows the first three; the outsider is coloured where it shows.
    flows
        What each power sends to the ground: ``power`` (one of `first`, `second`, `outsider`), ``value`` (a
        share between 0 and 1, which sets the arrow's width) and ``label``.
    width, height
        Pixels. Below 500 pixels of width the type is set for a telephone.

    Returns
    -------
    A chart with its data inside it: it fetches nothing.

    Raises
    ------
    ValueError
        If a code is not on the map, a role is filled twice, or a flow has no known power or no share.
    """
    flows = flows or []
    _check(first, second, ground, outsider, flows)
    roles = {first: FIRST, second: SECOND, ground: GROUND, outsider: OUTSIDER}
    view = fitted_view([areas()[code] for code in (first, second, ground)], width, height)
    arrows = _arrows(flows, ground, roles, view)
    layers = [
        *land(roles, view),
        hatching(roles, view),
        _dots(roles, ground, view),
        *_ribbons(arrows, view),
        *texts(_labels(roles, arrows, view), arrows, view),
    ]
    sea = alt.ViewBackground(fill=GRID, fillOpacity=0.3, stroke=None)
    chart = alt.LayerChart(layer=layers, width=width, height=height, view=sea)
    chart.projection = alt.Projection(
        type=view.projection,
        rotate=[-view.centre[0], -view.centre[1], 0],
        scale=view.scale,
        translate=list(view.translate),
        clipExtent=[[0, 0], [width, height]],
    )
    return chart


@cache
def areas() -> dict[str, Area]:
    """Read the shapes that ship with the package: code to area."""
    world = json.loads(files("tripoint.faces.figures").joinpath("world.json").read_text(encoding="utf-8"))
    step = world["transform"]["scale"][0]
    lines: list[Ring] = []
    for arc in world["arcs"]:
        x = y = 0
        line: Ring = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((round(x * step, 2), round(y * step, 2)))
        lines.append(line)

    def ring(arcs: list[int]) -> Ring:
        pieces = [lines[i] if i >= 0 else lines[~i][::-1] for i in arcs]
        return [pieces[0][0], *chain.from_iterable(piece[1:] for piece in pieces)]

    found = {}
    for shape in world["objects"]["areas"]["geometries"]:
        about = shape["properties"]
        polygons = tuple(tuple(ring(arcs) for arcs in part) for part in shape.get("arcs", []))
        anchor = (about["anchor"][0], about["anchor"][1])
        contested = about.get("contested", False)
        found[shape["id"]] = Area(
            shape["id"], about["name"], anchor, polygons, contested, about.get("member")
        )
    return found


def fitted_view(states: Sequence[Area], width: float, height: float) -> View:
    """Fit a projection to two powers and their ground, the last of the three.

    Azimuthal equal-area where that serves, turned a little from the middle of the three to the ground,
    where north should be nearly up; else a world map cut at a meridian that crosses none of them. A state's
    far-flung smaller parts (French Guiana, Alaska) do not count: they would push the rest apart.
    """
    points = [point for state in states for point in _main_points(state)]
    centre, radius = _smallest_cap(points)
    middle, span = _middle_longitude(points, [state.anchor[0] for state in states])
    projection: Projection = "azimuthalEqualArea"
    if radius > WIDEST_AZIMUTHAL or span > WIDEST_SPAN:
        projection, centre = "naturalEarth1", (middle, 0.0)
    else:
        centre = _towards(centre, states[-1].anchor, 0.25)
    flat = [pixel for pixel in (_projected(projection, centre, point) for point in points) if pixel]
    left, right = min(x for x, _ in flat), max(x for x, _ in flat)
    bottom, top = min(y for _, y in flat), max(y for _, y in flat)
    margin = 0.06 * min(width, height)
    scale = min(
        (width - 2 * margin) / max(right - left, CLOSEST_SPAN),
        (height - 2 * margin - NOTE_HEIGHT) / max(top - bottom, CLOSEST_SPAN * height / width),
    )
    across = width / 2 - scale * (left + right) / 2
    down = (height - NOTE_HEIGHT) / 2 + scale * (top + bottom) / 2
    if projection == "naturalEarth1":  # no empty band above the Arctic
        down = min(down, scale * (_projected(projection, centre, (centre[0], 84.0)) or (0.0, top))[1])
    return View(projection, centre, scale, (across, down), width, height)


def to_pixel(view: View, point: Point) -> Point | None:
    """Where a place (longitude, latitude) stands on the map; None for the far side of an azimuthal one."""
    flat = _projected(view.projection, view.centre, point)
    if flat is None:
        return None
    return view.translate[0] + view.scale * flat[0], view.translate[1] - view.scale * flat[1]


def _projected(projection: Projection, centre: Point, point: Point) -> Point | None:
    """Project to the plane, as d3-geo's projections of these names do."""
    east = radians((point[0] - centre[0] + 180) % 360 - 180)
    north = radians(point[1])
    if projection == "naturalEarth1":
        n2, n4 = north**2, north**4
        x = 0.8707 - 0.131979 * n2 + n4 * (-0.013791 + n4 * (0.003971 * n2 - 0.001529 * n4))
        y = 1.007226 + n2 * (0.015085 + n4 * (-0.044475 + 0.028874 * n2 - 0.005916 * n4))
        return east * x, north * y
    middle = radians(centre[1])
    nearness = sin(middle) * sin(north) + cos(middle) * cos(north) * cos(east)
    if nearness < -0.6:
        return None
    k = sqrt(2 / (1 + nearness))
    return k * cos(north) * sin(east), k * (cos(middle) * sin(north) - sin(middle) * cos(north) * cos(east))


def _main_points(state: Area) -> list[Point]:
    """Return the outer points of a state's larger parts, or its single point."""
    if not state.polygons:
        return [state.anchor]
    sizes = [_size(part[0]) for part in state.polygons]
    parts = zip(state.polygons, sizes, strict=True)
    return [point for part, size in parts if size >= 0.25 * max(sizes) for point in part[0]]


def _size(ring: Ring) -> float:
    """Compare the areas of rings: good to a few per cent, which is all that the choice of parts needs."""
    return abs(
        sum((x2 - x1) * (sin(radians(y1)) + sin(radians(y2))) for (x1, y1), (x2, y2) in pairwise(ring))
    )


def _smallest_cap(points: Sequence[Point]) -> tuple[Point, float]:
    """Find the smallest circle on the globe around all points: its middle and its radius in degrees."""
    vectors = [_vector(point) for point in points]
    middle = vectors[0]
    for step in range(1, 200):  # Badoiu and Clarkson (2003): move towards the farthest point, ever less
        far = min(vectors, key=lambda vector: sum(a * b for a, b in zip(middle, vector, strict=True)))
        moved = [a + (b - a) / (step + 1) for a, b in zip(middle, far, strict=True)]
        length = hypot(*moved) or 1.0
        middle = (moved[0] / length, moved[1] / length, moved[2] / length)
    nearness = min(sum(a * b for a, b in zip(middle, vector, strict=True)) for vector in vectors)
    return (degrees(atan2(middle[1], middle[0])), degrees(asin(middle[2]))), degrees(acos(max(-1, nearness)))


def _vector(point: Point) -> tuple[float, float, float]:
    """Turn longitude and latitude into a unit vector."""
    east, north = radians(point[0]), radians(point[1])
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)


def _middle_longitude(points: Sequence[Point], anchors: Sequence[float]) -> tuple[float, float]:
    """Find the middle and the width of a world map cut where no state is, with the powers near the ground.

    `anchors` are the longitudes of the states, the ground's last. Of all meridians that cross no state, the
    cut is the one that leaves the farther power nearest to the ground, measured across the map.
    """
    around = sorted({x % 360 for x, _ in points})
    gaps = [(left, right) for left, right in pairwise([*around, around[0] + 360]) if right - left > 5]

    def farthest(gap: tuple[float, float]) -> float:
        *powers, ground = [(x - gap[1]) % 360 for x in anchors]
        return max(abs(power - ground) for power in powers)

    if not gaps:  # states all around the globe: any cut is as good
        return anchors[-1], 360.0
    left, right = min(gaps, key=lambda gap: (farthest(gap), gap[0] - gap[1]))
    span = 360 - (right - left)
    return (right + span / 2 + 180) % 360 - 180, span


def _check(first: str, second: str, ground: str, outsider: str, flows: Iterable[Flow]) -> None:
    """Collect every fault of the request and raise once."""
    powers = (first, second, outsider)
    faults = []
    for code in (*powers, ground):
        if code not in areas():
            close = get_close_matches(code, areas(), n=1)
            hint = f" Did you mean {close[0]!r}?" if close else " Use an ISO 3166 alpha-3 code."
            faults.append(f"no state is called {code!r} on the map.{hint}")
    if len({*powers, ground}) < 4:
        faults.append(f"the four roles need four states, not {first}, {second}, {ground}, {outsider}.")
    for flow in flows:
        if flow["power"] not in powers:
            faults.append(f"a flow comes from {flow['power']!r}; it can come from {', '.join(powers)}.")
        if not 0 <= flow["value"] <= 1:
            faults.append(f"a flow has the value {flow['value']!r}; it is a share between 0 and 1.")
    if faults:
        raise ValueError(" ".join(faults))


def land(roles: dict[str, str], view: View, opacity: float = 0.5) -> list[alt.Chart]:
    """Draw the meridians, other land, the triad and the contested areas, in that order."""
    lines = alt.Chart(alt.graticule(step=[15, 15])).mark_geoshape(
        filled=False, stroke=GRID, strokeWidth=0.5, strokeOpacity=0.7, aria=False
    )
    layers = [lines]
    seen = [area for area in areas().values() if _in_frame(area, view)]
    others = [area for area in seen if not area.contested and area.code not in roles]
    triad = [area for area in seen if not area.contested and area.code in roles]
    contested = [area for area in seen if area.contested]
    for chosen, edge in (
        (others, {"stroke": PAPER, "strokeWidth": 0.7}),
        (triad, {"stroke": PAPER, "strokeWidth": 0.9}),
        (contested, {"stroke": MUTED, "strokeWidth": 0.6, "strokeDash": [2, 2]}),
    ):
        if chosen:
            shapes = alt.Data(values=[_feature(area, roles, opacity) for area in chosen])
            layers.append(
                alt.Chart(shapes)
                .mark_geoshape(aria=False, **edge)
                .encode(
                    fill=alt.Fill("properties.colour:N", scale=None),
                    fillOpacity=alt.FillOpacity("properties.opacity:Q", scale=None),
                    tooltip=alt.Tooltip("properties.name:N", title="area"),
                )
            )
    return layers


def _colour(area: Area, roles: dict[str, str]) -> str:
    """Give an area its role's colour; a contested one takes that of the member whose territory it is."""
    neutral = MUTED if area.contested and not area.member else LAND
    return roles.get(area.code) or roles.get(area.member or "") or neutral


def _feature(area: Area, roles: dict[str, str], opacity: float) -> dict[str, Any]:
    """Write an area as a GeoJSON feature."""
    colour = _colour(area, roles)
    return {
        "type": "Feature",
        "properties": {
            "name": f"{area.name} (contested)" if area.contested else area.name,
            "colour": colour,
            "opacity": {LAND: 1, MUTED: 0.3}.get(colour, opacity),
        },
        "geometry": {"type": "MultiPolygon", "coordinates": area.polygons},
    }


def _outlines(area: Area, view: View) -> list[list[Point]]:
    """Return an area's rings in pixels, without what lies on the far side."""
    rings = (ring for part in area.polygons for ring in part)
    return [[pixel for pixel in (to_pixel(view, point) for point in ring) if pixel] for ring in rings]


def _boxes(area: Area, view: View) -> list[Box]:
    """Return the boxes (left, top, right, bottom) around an area's parts."""
    rings = [ring for ring in _outlines(area, view) if ring]
    return [
        (min(x for x, _ in ring), min(y for _, y in ring), max(x for x, _ in ring), max(y for _, y in ring))
        for ring in rings
    ]


def _in_frame(area: Area, view: View) -> bool:
    """Tell whether any part of an area reaches into the frame."""
    return any(_overlap(box, (0, 0, view.width, view.height)) > 0 for box in _boxes(area, view))


def _overlap(a: Box, b: Box) -> float:
    """Return the area that two boxes (left, top, right, bottom) share."""
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def hatching(roles: dict[str, str], view: View) -> alt.Chart:
    """Rule the contested areas with slanting lines."""
    lines = [
        {"x": x1, "y": y1, "x2": x2, "y2": y2, "colour": MUTED if colour == LAND else colour}
        for area in areas().values()
        if area.contested and _in_frame(area, view)
        for colour in (_colour(area, roles),)
        for (x1, y1), (x2, y2) in _stripes(_outlines(area, view))
    ]
    chart = alt.Chart(alt.Data(values=lines)).mark_rule(strokeWidth=0.9, clip=True, aria=False)
    return chart.encode(**pixels(view), x2="x2:Q", y2="y2:Q", stroke=alt.Stroke("colour:N", scale=None))


def _stripes(rings: list[list[Point]]) -> list[tuple[Point, Point]]:
    """Cut parallel lines to the inside of an area: from odd crossings of its edge to even ones."""
    pitch = HATCH_PITCH * sqrt(2)
    edges = [edge for ring in rings for edge in pairwise([*ring, *ring[:1]])]
    sums = [x + y for ring in rings for x, y in ring]
    stripes = []
    for number in range(int(min(sums, default=0) // pitch), int(max(sums, default=0) // pitch) + 1):
        level = number * pitch
        crossings = []
        for (x1, y1), (x2, y2) in edges:
            if (x1 + y1 <= level) != (x2 + y2 <= level):
                along = (level - x1 - y1) / (x2 + y2 - x1 - y1)
                x = x1 + along * (x2 - x1)
                crossings.append((round(x, 1), round(level - x, 1)))
        crossings.sort()
        stripes += list(zip(crossings[::2], crossings[1::2], strict=False))
    return stripes


def pixels(view: View) -> dict[str, Any]:
    """Encode x and y as pixels of the frame, so that marks can lie over the projected shapes."""
    across, down = alt.Scale(domain=[0, view.width]), alt.Scale(domain=[view.height, 0])
    return {
        "x": alt.X("x:Q", scale=across, axis=None),
        "y": alt.Y("y:Q", scale=down, axis=None),
    }


def _dots(roles: dict[str, str], ground: str, view: View) -> alt.Chart:
    """Mark where the arrows end, and each state of the triad that is too small to see."""
    dots = []
    for code, colour in roles.items():
        area = areas()[code]
        xs = [x for ring in _outlines(area, view) for x, _ in ring]
        tiny = not xs or max(xs) - min(xs) < 9
        pixel = to_pixel(view, area.anchor)
        if pixel and (tiny or code == ground):
            dots.append({"x": pixel[0], "y": pixel[1], "colour": colour, "size": 110 if tiny else 45})
    chart = alt.Chart(alt.Data(values=dots)).mark_point(
        filled=True, opacity=1, stroke=PAPER, strokeWidth=1.5, clip=True, aria=False
    )
    return chart.encode(
        **pixels(view), fill=alt.Fill("colour:N", scale=None), size=alt.Size("size:Q", scale=None)
    )


def _arrows(flows: Sequence[Flow], ground: str, roles: dict[str, str], view: View) -> list[Arrow]:
    """Lay the flows out so that each bends away from the others and they arrive from different sides."""
    end = to_pixel(view, areas()[ground].anchor) or (view.width / 2, view.height / 2)
    starts = [_departure(areas()[flow["power"]].anchor, areas()[ground].anchor, view) for flow in flows]
    arrows = []
    for flow, start in zip(flows, starts, strict=True):
        others = [other for other in starts if other != start] or [(start[0], 1e4)]  # alone: bend upwards
        controls = [
            (
                (start[0] + end[0]) / 2 + bend * (start[1] - end[1]),
                (start[1] + end[1]) / 2 - bend * (start[0] - end[0]),
            )
            for bend in (0.16, -0.16)
        ]
        control = max(controls, key=lambda at: min(hypot(at[0] - x, at[1] - y) for x, y in others))
        width = max(1.5, flow["value"] * PIXELS_PER_SHARE * view.width / 640)
        arrows.append(_arrow(flow["label"], roles[flow["power"]], (start, control, end), width))
    return arrows


def _arrow(label: str, colour: str, curve: Curve, width: float) -> Arrow:
    """Outline one flow: a ribbon that widens along the curve to its full width at the head."""
    start, control, end = curve
    length = hypot(start[0] - end[0], start[1] - end[1]) or 1.0
    stop = 1 - min(0.3, 7 / length)
    neck = max(0.1, stop - (6 + 0.7 * width) / length)
    left, right = [], []
    for i in range(17):
        along = neck * i / 16
        half = width * (0.25 + 0.75 * i / 16) / 2
        left.append(_beside(curve, along, half))
        right.append(_beside(curve, along, -half))
    head = 3.5 + 0.75 * width
    outline = (*left, _beside(curve, neck, head), _on_curve(start, control, end, stop))
    path = tuple(_on_curve(start, control, end, stop * i / 24) for i in range(25))
    return Arrow(label, colour, path, (*outline, _beside(curve, neck, -head), *reversed(right)))


def _on_curve(start: Point, control: Point, end: Point, along: float) -> Point:
    """Return a point of the quadratic Bézier curve, `along` running from 0 to 1."""
    a, b, c = (1 - along) ** 2, 2 * along * (1 - along), along**2
    return a * start[0] + b * control[0] + c * end[0], a * start[1] + b * control[1] + c * end[1]


def _beside(curve: Curve, along: float, distance: float) -> Point:
    """Return the point at a distance to one side of the curve."""
    start, control, end = curve
    x, y = _on_curve(start, control, end, along)
    dx = (1 - along) * (control[0] - start[0]) + along * (end[0] - control[0])
    dy = (1 - along) * (control[1] - start[1]) + along * (end[1] - control[1])
    length = hypot(dx, dy) or 1.0
    return x + distance * dy / length, y - distance * dx / length


def _towards(start: Point, end: Point, part: float) -> Point:
    """Return the point a part of the way along the great circle."""
    a, b = _vector(start), _vector(end)
    angle = acos(max(-1.0, min(1.0, sum(p * q for p, q in zip(a, b, strict=True))))) or 1e-9
    x, y, z = (
        (sin((1 - part) * angle) * p + sin(part * angle) * q) / sin(angle) for p, q in zip(a, b, strict=True)
    )
    return degrees(atan2(y, x)), degrees(atan2(z, hypot(x, y)))


def _departure(power: Point, ground: Point, view: View) -> Point:
    """Where an arrow sets out: the power itself, or where the great circle from it enters the frame."""
    last = to_pixel(view, ground) or (view.width / 2, view.height / 2)
    for step in range(1, 201):
        pixel = to_pixel(view, _towards(ground, power, step / 200))
        inside = pixel and 6 <= pixel[0] <= view.width - 6 and 6 <= pixel[1] <= view.height - 6
        if not pixel or not inside or hypot(pixel[0] - last[0], pixel[1] - last[1]) > view.width / 4:
            break
        last = pixel
    direct = to_pixel(view, power)
    shown = direct and 0 < direct[0] < view.width and 0 < direct[1] < view.height
    return direct if direct and shown else last


def _ribbons(arrows: Sequence[Arrow], view: View) -> list[alt.Chart]:
    """Fill the arrows, edged in paper so that they stand off a state of their own colour."""
    corners = [
        {
            "arrow": number,
            "order": i,
            "x": round(x, 1),
            "y": round(y, 1),
            "colour": arrow.colour,
            "label": arrow.label,
        }
        for number, arrow in enumerate(arrows)
        for i, (x, y) in enumerate(arrow.outline)
    ]
    if not corners:
        return []
    shape = alt.Chart(alt.Data(values=corners)).encode(**pixels(view), detail="arrow:N", order="order:Q")
    edge = shape.mark_line(
        interpolate="linear-closed", stroke=PAPER, strokeWidth=2.4, strokeJoin="round", aria=False
    )
    body = shape.mark_line(filled=True, interpolate="linear-closed", aria=False)
    tooltip = alt.Tooltip("label:N", title="flow")
    return [edge, body.encode(fill=alt.Fill("colour:N", scale=None), tooltip=tooltip)]


def _labels(roles: dict[str, str], arrows: Sequence[Arrow], view: View) -> list[Label]:
    """Say what the map must name: the states in sight and the flows."""
    small, large = (11.0, 13.0) if view.width < 500 else (14.0, 16.5)
    labels = []
    for code in roles:
        pixel = to_pixel(view, areas()[code].anchor)
        if pixel and 0 < pixel[0] < view.width and 0 < pixel[1] < view.height:
            labels.append(Label((areas()[code].name,), large, bold=True, near=(pixel,)))
    flows = [Label(_broken(arrow.label), small, bold=False, near=arrow.path[4:20]) for arrow in arrows]
    return labels + flows


def _broken(text: str) -> tuple[str, ...]:
    """Break a label into lines of about the same length."""
    count = ceil(len(text) / 21)
    for width in range(max(1, len(text) // max(count, 1)), len(text) + 1):
        lines = wrap(text, width, break_long_words=False)
        if len(lines) <= count:
            return tuple(lines)
    return (text,)


def _placed(labels: Sequence[Label], arrows: Sequence[Arrow], view: View) -> list[Point]:
    """Choose the middle of each label, in turn: off the arrows and the labels before it, near its place."""
    taken: list[tuple[Box, float]] = [((0, view.height - NOTE_HEIGHT, 0.56 * view.width, view.height), 1.0)]
    contested = [area for area in areas().values() if area.contested]
    taken += [(box, 0.2) for area in contested for box in _boxes(area, view)]
    line = [point for arrow in arrows for point in arrow.path]
    middles = []
    for label in labels:
        half_width = 0.28 * label.size * max(map(len, label.lines)) + 3
        half_height = 0.6 * label.size * len(label.lines) + 2
        rivals = [
            point
            for other in labels
            if other is not label and other.bold == label.bold
            for point in other.near
        ]
        best, least, chosen = label.near[0], inf, (0.0, 0.0, 0.0, 0.0)
        for near, (dx, dy) in product(label.near, product(_STEPS, _STEPS)):
            x, y = near[0] + dx * (half_width + 6), near[1] + dy * (half_height + 6)
            box = (x - half_width, y - half_height, x + half_width, y + half_height)
            away = _distance((x, y), label.near)
            misread = away + 4 > _distance((x, y), rivals)
            cost = _crowding(box, taken, line, view) + 0.5 * away + 60 * misread
            if cost < least:
                best, least, chosen = (x, y), cost, box
        middles.append(best)
        taken.append((chosen, 1.0))
    return middles


def _distance(point: Point, others: Iterable[Point]) -> float:
    """Return the distance to the nearest of the others."""
    return min((hypot(point[0] - x, point[1] - y) for x, y in others), default=inf)


def _crowding(box: Box, taken: Iterable[tuple[Box, float]], line: Iterable[Point], view: View) -> float:
    """Weigh what a label in this box would cover, and how much of it the frame would cut off."""
    size = (box[2] - box[0]) * (box[3] - box[1])
    cut_off = size - _overlap(box, (4, 4, view.width - 4, view.height - 4))
    covers = [(share, weight) for other, weight in taken if (share := _overlap(box, other) / size) > 0]
    crossed = sum(box[0] - 5 < x < box[2] + 5 and box[1] - 5 < y < box[3] + 5 for x, y in line)
    return 600 * cut_off / size + sum(weight * (120 + 300 * share) for share, weight in covers) + 12 * crossed


def texts(labels: Sequence[Label], arrows: Sequence[Arrow], view: View) -> list[alt.Chart]:
    """Write the labels and the note, each over a halo of paper."""
    rows = [
        {"x": round(x, 1), "y": round(y, 1), "text": "\n".join(label.lines), "label": label}
        for label, (x, y) in zip(labels, _placed(labels, arrows, view), strict=True)
    ]
    small = 9.0 if view.width < 500 else 10.5
    note = {"x": 6, "y": view.height - 9, "text": NOTE, "label": Label((NOTE,), small, bold=False, near=())}
    charts = []
    for row in [*rows, note]:
        label = row.pop("label")
        for halo in (True, False):
            ink = MUTED if row is note else INK
            mark = alt.Chart(alt.Data(values=[row])).mark_text(
                align="left" if row is note else "center",
                baseline="middle",
                lineBreak="\n",
                fontSize=label.size,
                fontWeight=600 if label.bold else 400,
                color=PAPER if halo else ink,
                stroke=PAPER if halo else None,
                strokeWidth=3.5 if halo else 0,
                strokeJoin="round",
                aria=False,
            )
            charts.append(mark.encode(**pixels(view), text="text:N"))
    return charts
