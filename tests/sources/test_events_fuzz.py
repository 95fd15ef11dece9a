"""Whatever comes in: what was built is read back, the slow reader agrees, and every row is accounted for."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from event_building import (
    ICEWS_HEADER,
    POLECAT_HEADER,
    gdelt_row,
    header_line,
    icews_row,
    polecat_row,
    zipped,
)
from event_reference import Reader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tripoint.sources.events import scan_files

LATEST = date(2030, 1, 1)
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

STATES = st.sampled_from(
    ["RUS", "CHN", "KAZ", "USA", "ROM", "KSV", "", "AFR", "WST", "QQQ", "rus", "RUSGOV", " RUS"]
)
NAMES = st.sampled_from(
    [
        "Russian Federation",
        "China",
        "Kazakhstan",
        "Congo",
        "Bosnia and Herzegovina",
        "NA",
        "NULL",
        "",
        "Atlantis",
    ]
)
LISTS = st.sampled_from(
    ["RUS", "CHN;KAZ", "RUS; CHN; RUS", "None", "", ";", "RUS;Atlantis", "KAZ;KAZ", "Kazakhstan"]
)
ODD = st.sampled_from(["", " ", "-", ".", "0", "é", '"', '""', "1e9", "9" * 13, "NA", "\r", "x" * 200])
DAYS = st.one_of(st.dates(date(1977, 1, 1), date(2031, 1, 1)), st.dates(date(1, 1, 1), date(9999, 12, 31)))
GDELT = {
    "id": st.one_of(st.integers(1, 12).map(str), ODD),
    "day": st.one_of(st.just("20151027"), DAYS.map(lambda day: day.strftime("%Y%m%d").rjust(8, "0")), ODD),
    "source": STATES,
    "source_role": st.sampled_from(["", "", "GOV", "MIL", "gov", "GO", "GOVX"]),
    "target": STATES,
    "target_role": st.sampled_from(["", "", "MED", "REB"]),
    "code": st.one_of(st.integers(0, 22).map(lambda root: f"{root:02d}"), ODD),
    "quad": st.sampled_from(["1", "2", "3", "4", "4", "0", "5", "", "11"]),
    "goldstein": st.one_of(
        st.integers(-1050, 1050).map(lambda score: str(score / 100)), ODD, st.just("2.8000")
    ),
    "mentions": st.one_of(st.integers(-3, 1000).map(str), ODD),
    "place": st.sampled_from(["", "KZ", "RS", "UK", "XX", "kz"]),
    "added": st.one_of(st.just("20251027220000"), ODD),
    "address": st.one_of(st.sampled_from(["", "a", "b", "https://example.org/news"]), ODD),
}

SOUND = st.tuples(
    st.sampled_from(["RUS", "CHN", "KAZ"]), st.sampled_from(["USA", "GBR"]), st.integers(1, 20),
    st.integers(-100, 100), st.integers(0, 50),
)  # fmt: skip


def table_of(scan):
    return {
        row[:7]: [row[7], row[8], round(100 * row[9]), row[10] or 0]
        for row in scan.frame.with_columns(pl.col(pl.Enum).cast(pl.String)).iter_rows()
    }


def check_against_slow(path, **choices):
    scan = scan_files([path], latest=LATEST, **choices)
    reader = Reader(latest=LATEST, published=choices.get("published_quad", False))
    (report,) = scan.reports
    reader.read(path, report.layout)
    assert (report.rows, report.kept) == (reader.rows[path], reader.kept[path])
    assert report.dropped == reader.dropped[path]
    assert report.shown == reader.shown[path]
    cells = {key: [cell[0], cell[1], round(100 * cell[2]), cell[3]] for key, cell in reader.cells.items()}
    assert table_of(scan) == cells


def gdelt_lines(width):
    sound = st.just({})
    parts = st.one_of(
        sound, st.sampled_from(sorted(GDELT)).flatmap(lambda part: st.fixed_dictionaries({part: GDELT[part]}))
    )
    full = st.fixed_dictionaries(GDELT)
    row = st.one_of(parts, full, full)
    width = st.sampled_from([width] * 8 + [57, 58, 61])
    return st.builds(
        lambda size, parts, one: gdelt_row(size, **{"id": str(one), **parts}), width, row, st.integers(1, 99)
    )


@pytest.mark.parametrize("width", [57, 58, 61])
@QUIET
@given(data=st.data())
def test_gdelt_rows_are_read_as_the_slow_reader_reads_them(tmp_path, width, data):
    lines = data.draw(st.lists(gdelt_lines(width), min_size=1, max_size=30))
    # Enough sound lines that the layout is not in doubt.
    lines += [gdelt_row(width, id=str(1000 + one), address=f"sound {one}") for one in range(31)]
    end = data.draw(st.sampled_from([b"", b"\n", b"\r\n"]))
    path = tmp_path / "a.csv"
    path.write_bytes(b"\n".join(lines) + end)
    check_against_slow(path, published_quad=data.draw(st.booleans()))


@QUIET
@given(data=st.data())
def test_icews_rows_are_read_as_the_slow_reader_reads_them(tmp_path, data):
    row = st.fixed_dictionaries(
        {
            "Event_ID": st.one_of(st.integers(1, 30).map(str), ODD),
            "Event_Date": st.one_of(DAYS.map(str), st.just("2018-06-01 00:00:00"), st.just("2018-06-01x"), ODD),
            "Source_Country": NAMES, "Target_Country": NAMES, "Country": NAMES,
            "Source_Sectors": st.sampled_from(["", "NA", "Government,Military", "Military, Government", "Shinto"]),
            "CAMEO_Code": st.sampled_from(["010", "0231", "10", "190", "211", "1", ""]),
            "Intensity": st.one_of(st.sampled_from(["-10", "3.4", "NA", "", "11"]), ODD),
        }
    )  # fmt: skip
    lines = [icews_row(**parts) for parts in data.draw(st.lists(row, min_size=1, max_size=20))]
    path = tmp_path / "a.tab"
    path.write_bytes(b"\n".join([header_line(ICEWS_HEADER), *lines]))
    check_against_slow(path)


@QUIET
@given(data=st.data())
def test_polecat_rows_are_read_as_the_slow_reader_reads_them(tmp_path, data):
    row = st.fixed_dictionaries(
        {
            "Event_ID": st.one_of(st.integers(1, 30).map("a_{}".format), ODD, st.just("Event ID")),
            "Actor_Country": LISTS, "Recipient_Country": LISTS, "Country": LISTS,
            "Primary_Actor_Sector": st.sampled_from(["GOV", "None", "GOV; MIL", "", "gov"]),
            "Quad_Code": st.sampled_from(["VERBAL COOPERATION", "MATERIAL CONFLICT", "", "None"]),
        }
    )  # fmt: skip
    tails = st.sampled_from([b"", b"", b"\t", b"\t\t\t", b"\tx", b"\r"])
    drawn = data.draw(st.lists(st.tuples(row, tails), min_size=1, max_size=20))
    path = tmp_path / "a.txt"
    path.write_bytes(
        b"\n".join([header_line(POLECAT_HEADER), *(polecat_row(**one) + tail for one, tail in drawn)])
    )
    check_against_slow(path)


@QUIET
@given(rows=st.lists(SOUND, min_size=1, max_size=60))
def test_what_is_built_is_read_back(tmp_path, rows):
    lines = [
        gdelt_row(
            id=str(one), source=a, target=b, code=f"{root:02d}", goldstein=str(score / 10), mentions=str(n),
            address=f"{one}",
        )
        for one, (a, b, root, score, n) in enumerate(rows)
    ]  # fmt: skip
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(b"\n".join(lines)))
    scan = scan_files([path])
    assert scan.dropped == {}
    assert scan.frame["events"].sum() == len(rows)
    assert round(10 * scan.frame["goldstein"].sum()) == sum(row[3] for row in rows)
    assert scan.frame["mentions"].sum() == sum(row[4] for row in rows)


@QUIET
@given(
    noise=st.lists(st.one_of(st.binary(max_size=300), st.just(b"\t" * 60), st.just(b"\n")), max_size=20),
    seed=st.integers(0, 60),
)
def test_noise_never_breaks_it(tmp_path, noise, seed):
    sound = [gdelt_row(id=str(one), address=f"{one}") for one in range(40)]
    path = tmp_path / "a.csv"
    path.write_bytes(b"\n".join(sound[:seed]) + b"\n" + b"".join(noise))
    (report,) = scan_files([path]).reports
    assert report.rows == report.kept + sum(report.dropped.values())
    if report.fault is None:
        check_against_slow(path)


@QUIET
@given(content=st.binary(max_size=2000), start=st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b\x08\x00"]))
def test_noise_instead_of_a_file_is_a_fault(tmp_path, content, start):
    path = tmp_path / "a.zip"
    path.write_bytes(start + content)
    (report,) = scan_files([path]).reports
    assert report.fault is not None
    assert report.rows == 0


@QUIET
@given(data=st.data())
def test_a_damaged_zip_file_is_a_fault_or_is_whole(tmp_path, data):
    whole = zipped(b"\n".join(gdelt_row(id=str(one), address=f"{one}") for one in range(20)))
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path: Path = tmp_path / "a.zip"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    (report,) = scan_files([path]).reports
    assert report.fault is not None or report.kept == 20
