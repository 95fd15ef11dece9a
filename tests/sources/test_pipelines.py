"""Pipeline trackers as networks of one's own: every layout, known traps, and what is refused with its row."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tripoint.core.network import Range
from tripoint.errors import NetworkError, ParseError
from tripoint.readings.corridors import take_corridors
from tripoint.sources.pipeline_network import read_tracker, tracked_network
from tripoint.sources.pipelines import Words, read_lines, words

HEAD = (
    "ProjectID", "Fuel", "Countries", "Wiki", "PipelineName", "SegmentName", "Status", "Owner", "StartYear1",
    "Capacity", "CapacityUnits", "CapacityBcm/y", "CapacityBOEd", "LengthMergedKm", "StartLocation", "StartCountry",
    "EndLocation", "EndCountry", "WKTFormat",
)  # fmt: skip
EAST = (
    "P1", "Gas", "Turkmenistan, Kazakhstan", "https://www.gem.wiki/East", "East", "--", "Operating", "Gas Co [100%]",
    "2009.0", "30", "bcm/y", "30", "--", "700", "Gas field", "Turkmenistan", "Beyneu", "Kazakhstan",
    "LINESTRING (61.3 37.4, 58 41, 55.2 45.3)",
)  # fmt: skip
WEST = (
    "P2", "Gas", "Kazakhstan, Russia", "--", "West", "Line 1", "operating", "Other Co", "--", "1000", "MMcf/d",
    "10.3", "4800", "--", "Beyneu", "Kazakhstan", "Border", "Russia", "LINESTRING (55.2 45.3, 48.5 50.2)",
)  # fmt: skip
ENDS = """end,nodes,kind,commodity,state,low,best,high,unit,price_low,price_best,price_high,price_unit
field,gas_field_tkm,supply,gas,TKM,10,20,30,bcm/y,20,30,40,USD/1000m3
buyer,P2_end,market,gas,RUS,10,20,30,bcm/y,150,200,250,USD/1000m3
"""


def row(base: Sequence[str], **changed: str) -> tuple[str, ...]:
    names = {name.replace("/", "_"): value for name, value in zip(HEAD, base, strict=True)}
    assert changed.keys() <= names.keys()
    return tuple({**names, **changed}.values())


def tracker(folder: Path, *rows: Sequence[str], ends: str | None = ENDS, head: Sequence[str] = HEAD) -> Path:
    file = folder / "tracker.csv"
    lines = [";".join(f'"{cell}"' for cell in one) for one in (head, *rows)]
    file.write_text("\n".join(lines), "utf-8")
    if ends is not None:
        (folder / "ends.csv").write_text(ends, "utf-8")
    return file


def workbook(folder: Path, **sheets: Sequence[Sequence[str]]) -> Path:
    file = folder / "tracker.xlsx"
    with xlsxwriter.Workbook(file) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name.replace("_", " "))
            for number, one in enumerate(rows):
                sheet.write_row(number, 0, one)
    return file


def test_rows_become_segments_places_and_rights(tmp_path: Path) -> None:
    network = read_tracker(tracker(tmp_path, EAST, WEST))
    east, west = network.segments
    assert (east.name, east.title, east.commodity, east.kind) == ("P1", "East", "gas", "pipeline")
    assert (east.start, east.end, west.start, west.end) == (
        "gas_field_tkm", "beyneu_kaz", "beyneu_kaz", "border_rus",
    )  # fmt: skip
    assert (east.capacity, east.basis, east.length_km) == (Range(30, 30, 30), "cited", 700)
    assert (east.start_year, east.owners, east.citations) == (2009, "Gas Co [100%]", ("P1",))
    assert [right.state for right in network.who_can_close("P1")] == ["KAZ", "TKM"]
    assert all((right.low, right.high) == (1, 1) for right in network.access)
    place = {one.name: one for one in network.places}
    assert (place["gas_field_tkm"].state, place["gas_field_tkm"].longitude) == ("TKM", 61.3)
    assert [end.places for end in network.ends] == [("gas_field_tkm",), ("border_rus",)]
    assert network.sources[0].url == "https://www.gem.wiki/East"
    assert west.title == "West, Line 1"


def test_units_are_the_projects_own_and_a_ton_is_not_a_fixed_number_of_barrels(tmp_path: Path) -> None:
    oil = row(
        EAST,
        Fuel="Oil",
        Capacity="1,340,000",
        CapacityUnits="bpd",
        CapacityBcm_y="--",
        CapacityBOEd="1340000",
    )
    tons = row(oil, ProjectID="P5", Capacity="20", CapacityUnits="mtpa", CapacityBOEd="400000")
    found = {
        s.name: s.capacity
        for s in tracked_network(tracker(tmp_path, EAST, WEST, row(oil, ProjectID="P4"), tons)).segments
    }
    assert found["P2"] is not None and found["P2"].best == pytest.approx(10.34, abs=0.01)  # noqa: PT018
    assert found["P4"] is not None
    assert found["P4"].best == pytest.approx(66.7, abs=0.1)
    assert found["P4"].low < 63 < 69 < found["P4"].high
    assert found["P5"] == Range(20, 20, 20)


def test_only_what_operates_carries_flow_and_what_is_dropped_is_counted(tmp_path: Path) -> None:
    rows = [
        row(EAST, ProjectID=f"P{10 + place}", Status=status, PipelineName=status)
        for place, status in enumerate(("proposed", "Construction", "mothballed", "retired", "cancelled"))
    ]
    strange = (
        row(EAST, ProjectID="P20", Fuel="Hydrogen"),
        row(EAST, ProjectID="P21", Countries="Kazakhstan, Atlantis"),
        row(EAST, ProjectID="P22", StartLocation="--", WKTFormat="--"),
        row(EAST, ProjectID="P23", EndLocation="Gas field", EndCountry="Turkmenistan"),
    )
    network = read_tracker(tracker(tmp_path, EAST, WEST, *rows, *strange))
    status = {segment.name: segment.status for segment in network.segments}
    assert status == {
        "P1": "operating", "P2": "operating", "P10": "proposed", "P11": "construction", "P12": "idle",
    }  # fmt: skip
    said = " ".join(network.notes)
    for reason in ("1 retired", "1 cancelled", "of fuel 'Hydrogen'", "'Atlantis' is no state", "no start or no end",
                   "starts and ends at one place"):  # fmt: skip
        assert reason in said


@pytest.mark.parametrize("figure", ["--", "", "to be determined", "14.5/8.0"])
def test_an_unknown_capacity_stays_unknown_and_is_said(tmp_path: Path, figure: str) -> None:
    unknown = row(EAST, ProjectID="P3", Capacity=figure, CapacityBcm_y="--")
    network = read_tracker(tracker(tmp_path, EAST, WEST, unknown))
    assert network.segments[2].capacity is None
    assert network.segments[2].basis == "unknown"
    assert any("1 that operate have no capacity on record" in note and "P3" in note for note in network.notes)


def test_a_figure_in_an_unknown_unit_gives_way_to_the_converted_one(tmp_path: Path) -> None:
    other = row(EAST, ProjectID="P3", Capacity="500", CapacityUnits="TJ/d", CapacityBcm_y="5")
    zero = row(EAST, ProjectID="P4", Capacity="1095", CapacityUnits="scm/y", CapacityBcm_y="0")
    found = {s.name: s.capacity for s in tracked_network(tracker(tmp_path, EAST, other, zero)).segments}
    assert found["P3"] == Range(5, 5, 5)
    assert found["P4"] is None  # a conversion that came out as nothing


def test_parallel_lines_with_one_capacity_may_have_it_together(tmp_path: Path) -> None:
    twins = [row(EAST, ProjectID=name, SegmentName=name) for name in ("P31", "P32", "P33")]
    network = read_tracker(tracker(tmp_path, WEST, *twins))
    assert {segment.capacity for segment in network.segments[1:]} == {Range(10, 30, 30)}
    assert any("3 lines have the capacity of a parallel one" in note for note in network.notes)


def test_a_total_that_is_known_to_be_repeated_is_divided(tmp_path: Path) -> None:
    lines = [row(EAST, ProjectID=name, SegmentName=name) for name in words().totals[0].rows]
    network = read_tracker(tracker(tmp_path, WEST, *lines))
    assert {segment.capacity for segment in network.segments[1:]} == {Range(10, 10, 30)}
    assert any("which is what the system has together" in note for note in network.notes)


def test_a_number_used_twice_gets_a_name_of_its_own(tmp_path: Path) -> None:
    again = row(WEST, ProjectID="P1", PipelineName="Again")
    assert [s.name for s in tracked_network(tracker(tmp_path, EAST, again)).segments] == ["P1", "P1_2"]


def test_places_without_a_name_are_joined_where_they_lie_close(tmp_path: Path) -> None:
    head = ("project", "unit", "type", "countries", "status", "capacity", "route")
    rows = (
        ("First", "", "oil_pipelines", "Kazakhstan", "operating", "200000.0", "47.0,52.0:47.1,53.0"),
        (
            "Second",
            "B",
            "oil_pipelines",
            "Kazakhstan, Russia",
            "operating",
            "100000",
            "47.15,53.05:44.7,37.8",
        ),
        ("Short", "", "oil_pipelines", "Kazakhstan", "operating", "100000", "47.1,53.0:47.12,53.02"),
    )
    network = tracked_network(tracker(tmp_path, *rows, head=head, ends=None))
    first, second, short = network.segments
    assert first.end == second.start
    assert short.start != short.end
    assert second.name == "second_b"
    assert {place.name: place.state for place in network.places}[second.end] == "RUS"


def test_two_names_for_one_place_can_be_joined(tmp_path: Path) -> None:
    file = tracker(tmp_path, EAST, row(WEST, StartLocation="Beineu"))
    with pytest.raises(NetworkError, match="market 'buyer': no supply of gas can reach border_rus"):
        read_tracker(file)
    (tmp_path / "joins.csv").write_text("place,same_as\nbeineu_kaz,beyneu_kaz\n", "utf-8")
    assert read_tracker(file).segments[1].start == "beyneu_kaz"
    (tmp_path / "joins.csv").write_text("place,same_as\nbeinau_kaz,beyneu_kaz\n", "utf-8")
    with pytest.raises(
        NetworkError, match=r"joins.csv: no place is called 'beinau_kaz'. Did you mean 'beineu_kaz'"
    ):
        read_tracker(file)


def test_sheets_of_oil_and_of_gas_are_read_together(tmp_path: Path) -> None:
    oil = row(
        EAST,
        ProjectID="P9",
        Fuel="Oil",
        Capacity="1000",
        CapacityUnits="bpd",
        CapacityBcm_y="--",
        CapacityBOEd="1000",
    )
    file = workbook(
        tmp_path, About_Gas_Pipelines=[("Cite as",)], Gas_Pipelines=[("Title",), (), HEAD, EAST, WEST],
        Oil_Pipelines=[HEAD, oil], LNG_Terminals=[("TerminalName",), ("Port",)],
    )  # fmt: skip
    (tmp_path / "ends.csv").write_text(ENDS, "utf-8")
    assert [segment.name for segment in read_tracker(file).segments] == ["P1", "P2", "P9"]
    broken = workbook(tmp_path, Gas_Pipelines=[HEAD, EAST, row(WEST, Capacity="-1")])
    with pytest.raises(NetworkError, match=r"sheet 'Gas Pipelines', row 3, 'West': Capacity is '-1'"):
        read_tracker(broken)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"Capacity": "-5"}, "row 3, 'West': Capacity is '-5': a capacity cannot be negative"),
        ({"Capacity": "nan"}, "row 3, 'West': Capacity is 'nan': a capacity cannot be not finite"),
        ({"CapacityBcm_y": "inf"}, "row 3, 'West': CapacityBcm/y is 'inf'"),
        ({"CapacityUnits": "bpd"}, "row 3, 'West': capacity is in 'bpd'; gas is counted in bcm/y"),
        (
            {"CapacityBcm_y": "100"},
            "capacity is 1000 mmcf/d, which is 10.34 bcm/y, but CapacityBcm/y says 100",
        ),
        ({"Status": "perhaps"}, "row 3, 'West': status 'perhaps'; known: operating, idle"),
        (
            {"WKTFormat": "LINESTRING (555 45.3, 48.5 50.2)"},
            "longitude 555, latitude 45.3: no place on Earth",
        ),
        ({"WKTFormat": "LINESTRING (nan 45.3, 48.5 50.2)"}, "longitude nan"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(tmp_path: Path, changed: dict[str, str], message: str) -> None:
    with pytest.raises(NetworkError) as caught:
        read_tracker(tracker(tmp_path, EAST, row(WEST, **changed)))
    assert message in str(caught.value)


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    ends = ENDS.replace("gas_field_tkm", "gas_feld_tkm").replace("bcm/y,150", "Mt/y,150")
    with pytest.raises(NetworkError) as caught:
        read_tracker(tracker(tmp_path, row(EAST, Capacity="-1"), row(WEST, Status="?"), ends=ends))
    said = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 4
    for part in (
        "row 2, 'East'",
        "row 3, 'West'",
        "ends.csv, line 3: gas is counted in bcm/y",
        "supply 'field'",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("gas_field_tkm", "gas_feld_tkm", "no place is called 'gas_feld_tkm'. Did you mean 'gas_field_tkm'"),
        ("10,20,30,bcm/y,20", "-1,20,30,bcm/y,20", "volume of 'field' is negative"),
        ("10,20,30,bcm/y,20", "nan,20,30,bcm/y,20", "volume of 'field' is nan"),
        ("bcm/y,20", "Mt/y,20", "ends.csv, line 2: gas is counted in bcm/y, not in 'Mt/y'"),
        ("supply,gas,TKM", "supply,gas,Atlantis", "ends.csv, line 2: no state is called 'Atlantis'"),
    ],
)
def test_supplies_and_markets_that_do_not_fit(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in ENDS
    with pytest.raises(NetworkError) as caught:
        read_tracker(tracker(tmp_path, EAST, WEST, ends=ENDS.replace(old, new, 1)))
    assert message in str(caught.value)


def test_a_market_that_nothing_reaches_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="market 'buyer': no supply of gas can reach gas_field_tkm"):
        read_tracker(
            tracker(
                tmp_path,
                EAST,
                WEST,
                ends=ENDS.replace("P2_end", "P1_start").replace("field,gas_field_tkm", "field,P1_end"),
            )
        )


def test_without_supplies_and_markets_it_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(NetworkError) as caught:
        read_tracker(tracker(tmp_path, EAST, WEST, ends=None))
    said = str(caught.value)
    assert "a tracker has no supplies and no markets" in said
    assert "end,nodes,kind,commodity,state" in said
    assert "Places that lines only leave: gas_field_tkm" in said
    assert "Places that lines only reach: border_rus" in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"a,b\n1,2\n",
            "no pipeline tracker of Global Energy Monitor: columns are missing or empty: pipeline",
        ),
        (b"", "the file is empty"),
        (b"<!doctype html><html>", "this is a web page"),
        (b"ProjectID\0", "NUL byte"),
        (b"ProjectID,Fuel\n\xff\xfe,\xfa\n", "not UTF-8"),
    ],
)
def test_what_is_no_tracker(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "tracker.csv").write_bytes(content)
    with pytest.raises(ParseError, match=message):
        read_tracker(tmp_path / "tracker.csv")
    (tmp_path / "tracker.xlsx").write_bytes(content or b"PK\x03\x04")
    with pytest.raises(ParseError):
        read_tracker(tmp_path / "tracker.xlsx")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(cells=st.lists(st.text("-0123456789.,;:()naif LINESTRG\"'é", max_size=12), min_size=19, max_size=19))
def test_any_row_is_read_left_out_or_refused(tmp_path: Path, cells: list[str]) -> None:
    cells = [cell.replace('"', '""') for cell in cells]
    cells[1], cells[6] = "Gas", "operating"
    with suppress(NetworkError, ParseError):
        read_tracker(tracker(tmp_path, EAST, WEST, cells))


def test_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    rows = [
        EAST,
        WEST,
        row(EAST, ProjectID="P3", SegmentName="Second"),
        row(WEST, ProjectID="P4", EndLocation="--"),
    ]
    one = tracked_network(tracker(tmp_path, *rows))
    other = tracked_network(tracker(tmp_path, *rows[::-1]))
    assert sorted(one.segments, key=lambda s: s.name) == sorted(other.segments, key=lambda s: s.name)
    assert {place.name: place for place in one.places} == {place.name: place for place in other.places}


def test_no_field_of_the_declaration_is_misspelt() -> None:
    text = (files("tripoint.sources") / "routes" / "pipelines.toml").read_text("utf-8")
    assert msgspec.toml.decode(text).keys() == {field.name for field in fields(Words)}


@pytest.mark.shared
def test_the_extract_of_gas_lines_is_read_whole(shared: Path) -> None:
    network = tracked_network(shared / "corridors" / "gem_gas_extract.csv")
    segments = {segment.name: segment for segment in network.segments}
    assert len(network.segments) == 293
    assert segments["P2299"].start == segments["P2300"].start
    center = [segments[name].capacity for name in ("P2291", "P5770", "P5771")]
    assert sum(c.best for c in center if c) == pytest.approx(60.2)
    assert any("17 rows left out: 11 cancelled, 3 shelved, 3 retired" in note for note in network.notes)


@pytest.mark.shared
def test_the_extract_of_oil_lines_is_read_whole(shared: Path) -> None:
    read = read_lines(shared / "corridors" / "gem_oil_extract.csv")
    (cpc,) = [line for line in read.lines if line.pipeline == "Caspian Pipeline"]
    assert cpc.states == ("KAZ", "RUS")
    assert cpc.capacity is not None
    assert cpc.capacity.low < 63 < 67 < cpc.capacity.high  # what CPC moved in 2024, and its nameplate then
    assert not read.faults
    assert not read.doubts


@pytest.mark.shared
def test_a_game_on_the_extract_of_gas_lines(shared: Path, tmp_path: Path) -> None:
    file = tmp_path / "gas.csv"
    file.write_bytes((shared / "corridors" / "gem_gas_extract.csv").read_bytes())
    ends = ENDS.replace("gas_field_tkm", "P2299_start").replace(
        "P2_end,market,gas,RUS", "P2299_end,market,gas,CHN"
    )
    (tmp_path / "ends.csv").write_text(ends, "utf-8")
    found = take_corridors("KAZ", network=read_tracker(file), commodity="gas")
    shares = {share.player: share.shapley for share in found.shares}
    assert shares["KAZ"] == pytest.approx(shares["CHN"]) == pytest.approx(0.25)
    assert shares["RUS"] == pytest.approx(0)
    assert found.notes
