"""The lines that the maps draw, and what a finished map holds."""

import json
import re
import subprocess
import sys
from importlib.resources import files
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from tripoint.faces.figures import theme
from tripoint.faces.figures.map import Flow, areas, fitted_view, to_pixel, triad_map


def codes(text: str) -> set[str]:
    return set(text.split())


UN_MEMBERS = codes(
    """
    AFG AGO ALB AND ARE ARG ARM ATG AUS AUT AZE BDI BEL BEN BFA BGD BGR BHR BHS BIH BLR BLZ BOL BRA BRB BRN
    BTN BWA CAF CAN CHE CHL CHN CIV CMR COD COG COL COM CPV CRI CUB CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY
    ERI ESP EST ETH FIN FJI FRA FSM GAB GBR GEO GHA GIN GMB GNB GNQ GRC GRD GTM GUY HND HRV HTI HUN IDN IND
    IRL IRN IRQ ISL ISR ITA JAM JOR JPN KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU
    LUX LVA MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MOZ MRT MUS MWI MYS NAM NER NGA NIC NLD NOR
    NPL NRU NZL OMN PAK PAN PER PHL PLW PNG POL PRK PRT PRY QAT ROU RUS RWA SAU SDN SEN SGP SLB SLE SLV SMR
    SOM SRB SSD STP SUR SVK SVN SWE SWZ SYC SYR TCD TGO THA TJK TKM TLS TON TTO TUN TUR TUV TZA UGA UKR URY
    USA UZB VCT VEN VNM VUT WSM YEM ZAF ZMB ZWE
    """
)
TOO_SMALL = codes(
    """
    AND ATG BHR BRB COM CPV DMA FSM GRD KIR KNA LCA LIE MCO MDV MHL MLT MUS NRU PLW SGP SMR STP SYC TON TUV
    VCT WSM
    """
)
CONTESTED_WITHIN = {
    "FLK": None,
    "PSE": None,
    "TWN": None,
    "XKX": None,
    "abkhazia": "GEO",
    "crimea": "UKR",
    "golan": "SYR",
    "kashmir": None,
    "northern-cyprus": "CYP",
    "south-ossetia": "GEO",
    "western-sahara": None,
}
FLOWS: list[Flow] = [
    {"power": "RUS", "value": 0.22, "label": "Russia 22% of turnover in 2023"},
    {"power": "CHN", "value": 0.24, "label": "China 24% of turnover in 2023"},
]


def contains(code: str, longitude: float, latitude: float) -> bool:
    """Cast a ray eastwards and count the edges it crosses, holes included."""
    inside = False
    for part in areas()[code].polygons:
        for ring in part:
            for (x1, y1), (x2, y2) in pairwise(ring):
                if (y1 > latitude) != (y2 > latitude):
                    inside ^= longitude < x1 + (latitude - y1) * (x2 - x1) / (y2 - y1)
    return inside


def everything_at(longitude: float, latitude: float) -> set[str]:
    return {code for code in areas() if contains(code, longitude, latitude)}


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "code"),
    [
        ("Simferopol", 34.10, 44.95, "crimea"),
        ("Laayoune", -13.2, 27.15, "western-sahara"),
        ("Dakhla's hinterland", -15.0, 23.9, "western-sahara"),
        ("Tifariti", -10.57, 26.16, "western-sahara"),
        ("Pristina", 21.17, 42.66, "XKX"),
        ("Taipei", 121.5, 25.05, "TWN"),
        ("Srinagar", 74.8, 34.08, "kashmir"),
        ("Gilgit", 74.31, 35.92, "kashmir"),
        ("Aksai Chin", 79.3, 35.2, "kashmir"),
        ("Sukhumi", 41.0, 43.0, "abkhazia"),
        ("Tskhinvali", 43.97, 42.23, "south-ossetia"),
        ("Quneitra", 35.75, 33.0, "golan"),
        ("Nablus", 35.26, 32.22, "PSE"),
        ("Gaza", 34.42, 31.47, "PSE"),
        ("Kyrenia", 33.4, 35.28, "northern-cyprus"),
        ("Hargeisa", 44.06, 9.56, "SOM"),
        ("Mogadishu", 45.2, 2.2, "SOM"),
        ("Donetsk", 37.8, 48.0, "UKR"),
        ("Tbilisi", 44.8, 41.72, "GEO"),
        ("Marrakesh", -8.0, 31.6, "MAR"),
        ("Belgrade", 20.46, 44.8, "SRB"),
        ("Jammu's neighbour Amritsar", 74.87, 31.63, "IND"),
        ("Islamabad", 73.05, 33.68, "PAK"),
        ("Kashgar", 75.99, 39.47, "CHN"),
        ("Almaty", 76.9, 43.25, "KAZ"),
        ("Moscow", 37.6, 55.75, "RUS"),
        ("Beijing", 116.4, 39.9, "CHN"),
        ("Chukotka beyond the 180th meridian", 187.0, 66.0, "RUS"),
    ],
)
def test_each_place_lies_in_the_one_area_the_policy_gives_it(place, longitude, latitude, code):
    assert everything_at(longitude, latitude) == {code}, place


def test_contested_areas_are_those_of_the_policy():
    drawn = {code: area.member for code, area in areas().items() if area.contested}
    assert drawn == CONTESTED_WITHIN


def test_the_policy_page_names_every_contested_area():
    page = files("tripoint").joinpath("../../docs/maps/BOUNDARIES.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\| `([^`]+)` \| contested", page)) == set(CONTESTED_WITHIN)


def test_every_member_of_the_un_is_on_the_map():
    assert len(UN_MEMBERS) == 193
    assert UN_MEMBERS - areas().keys() == set()
    assert {code for code in UN_MEMBERS if not areas()[code].polygons} == TOO_SMALL


def test_rings_are_closed_and_clockwise_outside():
    for code, area in areas().items():
        for outer, *holes in area.polygons:
            for ring, sign in [(outer, 1), *((hole, -1) for hole in holes)]:
                assert ring[0] == ring[-1], code
                assert len(ring) >= 4, code
                assert sign * sum((x2 - x1) * (y1 + y2) for (x1, y1), (x2, y2) in pairwise(ring)) > 0, code
                assert max(abs(x2 - x1) for (x1, _), (x2, _) in pairwise(ring)) < 180, code


def test_every_anchor_lies_on_its_state():
    assert [
        code for code, area in areas().items() if area.polygons and not contains(code, *area.anchor)
    ] == []


def test_the_shapes_stay_small():
    assert len(files("tripoint.faces.figures").joinpath("world.json").read_bytes()) < 120_000


@pytest.mark.parametrize("triad", [("RUS", "CHN", "KAZ"), ("USA", "CHN", "VNM"), ("IND", "CHN", "MDV")])
@pytest.mark.parametrize(("width", "height"), [(640, 360), (360, 260)])
def test_the_frame_shows_the_whole_triad(triad, width, height):
    view = fitted_view([areas()[code] for code in triad], width, height)
    for code in triad:
        pixel = to_pixel(view, areas()[code].anchor)
        assert pixel is not None
        assert 0 < pixel[0] < width
        assert 0 < pixel[1] < height


def test_a_distant_pair_takes_a_world_map_cut_outside_the_triad():
    view = fitted_view([areas()[code] for code in ("USA", "CHN", "VNM")], 640, 360)
    assert view.projection == "naturalEarth1"
    west, east = (to_pixel(view, areas()[code].anchor) for code in ("VNM", "USA"))
    assert west is not None
    assert east is not None
    assert west[0] < east[0], "the Pacific lies between them"


def _marks(node):
    """Walk a specification and yield its objects."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _marks(value)
    elif isinstance(node, list):
        for value in node:
            yield from _marks(value)


def test_the_map_fetches_nothing():
    specification = theme.configured(triad_map("RUS", "CHN", "KAZ", "USA", FLOWS)).to_dict()
    assert specification.pop("$schema").startswith("https://vega.github.io/schema/")
    assert [node for node in _marks(specification) if "url" in node] == []
    assert "http" not in json.dumps(specification)


def test_crimea_carries_the_colour_of_ukraine_and_hatching():
    specification = triad_map("USA", "RUS", "UKR", "CHN").to_dict()
    shapes = [node["properties"] for node in _marks(specification) if node.get("type") == "Feature"]
    assert {"name": "Crimea (contested)", "colour": theme.GROUND, "opacity": 0.5} in shapes
    assert any("x2" in node and node.get("colour") == theme.GROUND for node in _marks(specification))


def test_arrows_are_as_wide_as_their_flows():
    specification = triad_map("RUS", "CHN", "KAZ", "USA", FLOWS).to_dict()
    corners = [node for node in _marks(specification) if "arrow" in node]

    def neck(number):
        outline = [(node["x"], node["y"]) for node in corners if node["arrow"] == number]
        (x1, y1), (x2, y2) = outline[16], outline[20]  # the two shoulders behind the head
        return ((x1 - x2) ** 2 + (y1 - y2) ** 2) ** 0.5

    assert neck(1) / neck(0) == pytest.approx(0.24 / 0.22, rel=0.03)


def test_the_drawing_takes_size_and_colours_from_its_page():
    chart = triad_map("RUS", "CHN", "KAZ", "USA", FLOWS)
    drawn = theme.svg(chart, 'Trade & "flows"', "Russia < China")
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("viewBox")
    assert root.get("width") is None
    assert root.get("height") is None
    assert root.get("style") == "width:100%;height:auto"
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'Trade & "flows"'
    assert [child.tag for child in root][:2] == [f"{space}title", f"{space}desc"]
    assert root.findtext(f"{space}desc") == "Russia < China"
    for name in ("first", "second", "ground", "outsider", "ink", "muted", "paper", "land"):
        assert f'="var(--tp-{name}, #' in drawn
    for colour in theme.VARIABLES.values():
        assert f'="{colour}"' not in drawn
    assert set(re.findall(r'font-family="([^"]*)"', drawn)) == {theme.FONT}
    assert len(drawn) < 200_000


def test_two_drawings_share_no_identifier():
    charts = [triad_map("RUS", "CHN", "KAZ", "USA"), triad_map("USA", "CHN", "VNM", "RUS")]
    first, second = (set(re.findall(r' id="([^"]*)"', theme.svg(chart, "t", "d"))) for chart in charts)
    assert first
    assert not first & second
    drawn = theme.svg(charts[0], "t", "d")
    assert set(re.findall(r"url\(#([^)]*)\)", drawn)) <= first


def test_a_script_in_a_label_or_a_title_stays_text():
    flows: list[Flow] = [{"power": "RUS", "value": 0.1, "label": "<script>alert(1)</script>"}]
    drawn = theme.svg(
        triad_map("RUS", "CHN", "KAZ", "USA", flows), "<script>t</script>", "<script>d</script>"
    )
    assert "<script" not in drawn
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in drawn
    assert "&lt;script&gt;d&lt;/script&gt;" in drawn


def test_every_fault_of_a_request_is_named_at_once():
    flows: list[Flow] = [{"power": "FRA", "value": 1.4, "label": "France"}]
    with pytest.raises(ValueError, match=r"'KAZZ'.*Did you mean 'KAZ'.*'FRA'.*1\.4"):
        triad_map("RUS", "CHN", "KAZZ", "USA", flows)
    with pytest.raises(ValueError, match="four roles need four states"):
        triad_map("RUS", "RUS", "KAZ", "USA")


def test_a_member_too_small_for_the_scale_is_marked():
    specification = triad_map("IND", "CHN", "MDV", "USA").to_dict()
    dots = [node for node in _marks(specification) if "size" in node and node.get("colour") == theme.GROUND]
    assert len(dots) == 1


@pytest.mark.parametrize("ground", ["KIR", "MDV", "SGP", "TUV", "TWN", "XKX", "PSE", "NZL", "CHL", "FJI"])
def test_any_ground_can_be_drawn(ground):
    flows: list[Flow] = [
        {"power": "USA", "value": 0.0, "label": ""},
        {"power": "CHN", "value": 1, "label": "all"},
    ]
    view = triad_map("USA", "CHN", ground, "RUS", flows).to_dict()["projection"]
    assert view["scale"] > 0


def test_the_colours_are_there_without_the_chart_library():
    check = "import sys, tripoint.faces.figures.theme; sys.exit('altair' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_the_same_map_is_drawn_the_same_twice():
    chart = triad_map("RUS", "CHN", "KAZ", "USA", FLOWS)
    assert theme.svg(chart, "t", "d") == theme.svg(chart, "t", "d")
