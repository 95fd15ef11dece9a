"""Lists of event files: as providers send them, damaged, and such that mean harm; and what is lacking by them."""

from datetime import date, datetime
from pathlib import Path

import local_server as at
import msgspec
import pytest
from event_server import (
    FILES,
    NOW,
    QUICK,
    SLOTS,
    ZIPPED,
    asked,
    fetch,
    files_in,
    line,
    md5,
    offer,
    path_of,
)
from hypothesis import given
from hypothesis import strategies as some

from tripoint.errors import OutageError, ParseError, UnknownNameError, UsageError
from tripoint.sources.events.dataverse import DATASETS, covers
from tripoint.sources.events.gaps import Gap, gaps_of
from tripoint.sources.events.listing import EventFile, Plan, Wanted, stamps_due
from tripoint.sources.events.pull import what_is_here


@pytest.fixture
def server():
    with at.running() as running:
        yield running


HARMFUL = (
    b"\n\n \n",
    b"not a line\n",
    b"12 aa http://data.gdeltproject.org/gdeltv2/20240101000000.export.CSV.zip\n",
    line("../../../20240101010000", b"?").encode(),
    line("20240101010000", b"?", host="http://127.0.0.1:1").encode(),
    line("20240101010000", b"?", host="http://data.gdeltproject.org@127.0.0.1:1").encode(),
    line("20240101010000", b"?", host="http://data.gdeltproject.org/..").encode(),
    line("20240101010000", b"?", size=-1).encode(),
    line("20240101010000", b"?", size="9" * 400).encode(),
    line("20240101010000", b"?", size="٣").encode(),
    line("20240101010000", b"?", md5="z" * 32).encode(),
    line("20240101010\x00000", b"?").encode(),
    line("２0240101010000", b"?").encode(),
    line("20240101996000", b"?").encode(),
    b"\xff\xfe 1\n",
    b"9" * 5_000_000 + b"\n",
)


def test_lines_that_mean_harm_are_counted_and_passed_over(server, tmp_path: Path) -> None:
    others = line(SLOTS[0], b"?").replace("export.CSV", "mentions.CSV") + line(SLOTS[0], b"?").replace(
        "export.CSV", "gkg.csv"
    )
    sound = "".join(line(slot, body) for slot, body in FILES.items()) + others
    offer(server, listing=b"".join(HARMFUL) + sound.encode() + b"1 2 3")
    folder = tmp_path / "a" / "b" / "c"
    report = fetch(server, folder)
    assert report.strange == len(HARMFUL)  # the first holds only empty lines, and one follows the sound ones
    assert (report.expected, report.received) == (7, 7)
    assert set(asked(server)) == {path_of(slot) for slot in SLOTS}
    assert [path.name for path in tmp_path.rglob("*.zip") if path.parent != folder] == []


def test_a_huge_size_is_refused_before_a_byte_is_sent(server, tmp_path: Path) -> None:
    huge = line(SLOTS[6], FILES[SLOTS[6]], size=10**14)
    offer(server, listing="".join(line(slot, FILES[slot]) for slot in SLOTS[:6]) + huge)
    report = fetch(server, tmp_path)
    assert report.received == 6
    assert f"listed with {10**14} bytes, more than the {QUICK.largest}" in report.gaps[0].detail
    assert path_of(SLOTS[6]) not in asked(server)


@pytest.mark.parametrize("listing", [b"nothing here\n", b"\x00" * 4000])
def test_a_list_that_is_none_is_explained(server, tmp_path: Path, listing: bytes) -> None:
    offer(server, listing=listing)
    with pytest.raises(ParseError, match=r"no list of files as 'masterfilelist\.txt', but b"):
        fetch(server, tmp_path)


def test_a_list_that_cannot_be_had_is_an_outage(server, tmp_path: Path) -> None:
    server.on("/gdeltv2/masterfilelist.txt", at.status(503))
    with pytest.raises(OutageError, match=r"the list of files of GDELT 2\.0: .* answered 503"):
        fetch(server, tmp_path)


def test_gdelt_1_has_years_months_and_days(server, tmp_path: Path) -> None:
    names = ("2005.zip", "200601.zip", "201303.zip", "20130401.export.CSV.zip", "20130403.export.CSV.zip")
    bodies = {name: b"PK\x03\x04" + name.encode() for name in names}
    extras = "7 GDELT.MASTERREDUCEDV2.1979-2013.zip\n7 2013.zip\n7 20050101.export.CSV.zip\n7 20130230.export.CSV.zip\n"
    sizes = "".join(f"{len(body)} {name}\n" for name, body in bodies.items())
    hashes = "".join(f"{md5(body)}  {name}\n" for name, body in bodies.items())
    server.on("/events/filesizes", at.content((extras + sizes).encode()))
    server.on("/events/md5sums", at.content((hashes + f"{'a' * 32}  ../../x.zip\n").encode()))
    for name, body in bodies.items():
        server.on(f"/events/{name}", at.content(body, **ZIPPED))
    wanted = Wanted("gdelt", date(2013, 3, 20), date(2013, 4, 3), version=1)
    report = fetch(server, tmp_path, wanted)
    assert files_in(tmp_path) == {"201303.zip", "20130401.export.CSV.zip", "20130403.export.CSV.zip"}
    assert report.gaps == (Gap("not listed", "2013-04-02", "2013-04-02", 1),)
    assert report.strange == 4
    long_ago = fetch(server, tmp_path, Wanted("gdelt", date(2005, 5, 1), date(2006, 1, 1), version=1))
    assert (long_ago.expected, long_ago.received) == (2, 2)
    assert what_is_here(wanted, tmp_path, NOW).received == 3


def listing(*files: dict[str, object]) -> bytes:
    return msgspec.json.encode({"data": {"latestVersion": {"files": [{"dataFile": file} for file in files]}}})


def entry(identity: object, name: str, body: bytes, **other: object) -> dict[str, object]:
    return {"id": identity, "filename": name, "filesize": len(body), "md5": md5(body), **other}


def serve_dataset(server: at.Server, provider: str, text: bytes) -> None:
    query = f"?persistentId={DATASETS[provider]}"
    server.on(f"/api/datasets/:persistentId/{query}", at.content(text, Content_Type="application/json"))


ICEWS = {
    number: f"Event ID\tEvent Date\n{number}\t2018-06-01\n".encode() for number in (11, 12, 13, 14, 15, 16)
}


def test_icews_gives_the_files_of_the_years_wanted(server, tmp_path: Path) -> None:
    original = {
        "filename": "events.2017.20201119.tab", "originalFileName": "Events.2017.20201119.csv", "filesize": 9999,
        "originalFileFormat": "text/csv", "originalFileSize": len(ICEWS[13]), "md5": None,
        "checksum": {"type": "MD5", "value": md5(ICEWS[13]).upper()}, "id": 13,
    }  # fmt: skip
    serve_dataset(
        server,
        "icews",
        listing(
            entry(1, "CAMEO.CDB.09b5.pdf", b"?"),
            entry(11, "events.2016.20180710092843.tab", ICEWS[11]),
            entry(12, "events.2018.20200427084805.tab", ICEWS[12]),
            original,
            entry(15, "20180309-icews-events.tab", ICEWS[15]),
            entry(14, "20180309-icews-events.tab", ICEWS[14]),
            entry(16, "../../events.2018.1.tab", ICEWS[16]),
            entry("16/../1", "events.2018.2.tab", ICEWS[16]),
            entry(16, "events.2018.\x00.tab", ICEWS[16]),
            entry(16, "évents.events.2018.tab", ICEWS[16]),
            entry(16, "events.2018.3.tab", ICEWS[16], filesize=-4),
            entry(16, "events.2018.4.tab", ICEWS[16], md5="what"),
            entry(16, "events.2018.5.exe", ICEWS[16]),
        ),
    )
    for number in (12, 14, 15):
        server.on(f"/api/access/datafile/{number}", at.content(ICEWS[number]))
    server.on("/api/access/datafile/13?format=original", at.content(ICEWS[13]))
    report = fetch(server, tmp_path, Wanted("icews", date(2017, 12, 1), date(2018, 2, 28)))
    assert {name: (tmp_path / name).read_bytes() for name in files_in(tmp_path)} == {
        "events.2018.20200427084805.tab": ICEWS[12],
        "Events.2017.20201119.csv": ICEWS[13],
        "20180309-icews-events.tab": ICEWS[14],
        "20180309-icews-events_part2.tab": ICEWS[15],
    }
    assert (report.expected, report.received, report.strange, report.is_whole) == (4, 4, 7, True)
    assert fetch(server, tmp_path, report.wanted).fetched == 0
    assert what_is_here(Wanted("icews", date(2017, 1, 1), date(2017, 12, 31)), tmp_path).received == 1
    server.on("/api/access/datafile/11", at.status(403))
    everything = fetch(server, tmp_path, Wanted("icews"))
    assert (everything.expected, everything.received, everything.gaps[0].reason) == (5, 4, "failed")


@pytest.mark.parametrize(
    "text", [b"{}", b"[]", b'{"data": null}', b'{"data":{"latestVersion":{"files":[3]}}}']
)
def test_a_strange_dataset_is_explained(server, tmp_path: Path, text: bytes) -> None:
    serve_dataset(server, "polecat", text)
    with pytest.raises(ParseError, match=r"sent no listing of doi:10.7910/DVN/AJGVIT, but b"):
        fetch(server, tmp_path, Wanted("polecat"))


@pytest.mark.parametrize(
    ("name", "first", "last", "has_some"),
    [
        ("ngecEventsDV-2022.txt.zip", date(2022, 5, 1), date(2022, 5, 2), True),
        ("ngecEventsDV-2022.txt.zip", date(2023, 1, 1), date(2023, 5, 2), False),
        ("ngecEvents.DV.2024.txt", date(2024, 12, 31), date(2025, 1, 2), True),
        ("ngecEvents.20230103111842.Release603.DV.txt", date(2022, 12, 30), date(2022, 12, 31), True),
        ("ngecEvents.20230103111842.Release603.DV.txt", date(2022, 12, 1), date(2022, 12, 20), False),
        ("ngecEvents.20230103111842.Release603.DV.txt", date(2023, 2, 1), date(2023, 3, 1), False),
        ("202201-icews-events.tab", date(2022, 1, 31), date(2022, 1, 31), True),
        ("202201-icews-events.tab", date(2022, 2, 1), date(2022, 2, 28), False),
        ("events_part2.tab", date(2022, 2, 1), date(2022, 2, 28), True),
    ],
)
def test_names_say_which_days_a_file_may_hold(name: str, first: date, last: date, has_some: bool) -> None:
    assert covers(name, Wanted("polecat", first, last)) is has_some


def test_what_cannot_be_wanted() -> None:
    day = date(2015, 1, 1)
    with pytest.raises(UnknownNameError, match=r"'gdlet'\. Did you mean 'gdelt'"):
        Wanted("gdlet")
    with pytest.raises(UsageError, match="ends on '2014-01-01', before it begins on '2015-01-01'"):
        Wanted("icews", day, date(2014, 1, 1))
    with pytest.raises(
        UsageError, match=r"'2015-01-01' is before GDELT 2\.0, which begins on 2015-02-18, or take"
    ):
        Wanted("gdelt", day, date(2016, 1, 1))
    with pytest.raises(UsageError, match="give the first and the last day"):
        Wanted("gdelt", day, version=1)
    with pytest.raises(UsageError, match="no version '3'"):
        Wanted("gdelt", day, day, version=3)  # pyright: ignore[reportArgumentType]


def test_slots_begin_where_gdelt_does_and_are_due_after_an_hour() -> None:
    wanted = Wanted("gdelt", date(2015, 2, 18), date(2015, 2, 19))
    due = list(stamps_due(wanted, datetime(2015, 2, 19, 1)))  # noqa: DTZ001
    assert due[0] == ("2015-02-18 23:00", True)
    assert [stamp for stamp, is_due in due if not is_due] == [
        f"2015-02-19 {clock}" for clock in ("00:15", "00:30", "00:45", "01:00")
    ]
    assert len(list(stamps_due(wanted, datetime(2020, 1, 1)))) == 4 + 96  # noqa: DTZ001


@given(some.lists(some.sampled_from(["here", "absent", "failed", "late"]), max_size=40))
def test_every_expected_file_is_here_or_in_one_gap(states: list[str]) -> None:
    stamps = [f"{number:03}" for number in range(len(states))]
    listed = [None if state == "absent" else EventFile(stamp, "", 1, None, stamp) for stamp, state in
              zip(stamps, states, strict=True)]  # fmt: skip
    here = {stamp: 1 for stamp, state in zip(stamps, states, strict=True) if state == "here"}
    failed = {stamp: "why" for stamp, state in zip(stamps, states, strict=True) if state == "failed"}
    gaps = gaps_of(Plan(tuple(zip(stamps, listed, strict=True))), here, failed)
    assert sum(gap.files for gap in gaps) + len(here) == len(states)
    meant = {"absent": "not listed", "failed": "failed", "late": "not received", "here": None}
    for gap in gaps:
        run = states[int(gap.first) : int(gap.last) + 1]
        assert {meant[state] for state in run} == {gap.reason}
        assert len(run) == gap.files
