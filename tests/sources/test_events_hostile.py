"""Event files that nobody vouches for: each fault is reported by file and row, and the rest is read."""

import gzip
import zipfile
from datetime import date
from pathlib import Path

import pytest
from event_building import (
    ICEWS_HEADER,
    POLECAT_HEADER,
    gdelt_row,
    header_line,
    icews_row,
    lined,
    polecat_row,
    zipped,
)

from tripoint.errors import UsageError
from tripoint.sources.events import REASONS, scan_days, scan_files
from tripoint.sources.events import inflate as packing

CORPUS = Path(__file__).parent / "event_corpus"
#: File of the corpus to the reasons that its rows are dropped for, with their row numbers.
NASTY = {
    "nul.tsv": {"NUL byte": (2,)},
    "latin_1.tsv": {"bad encoding": (1,)},
    "cut_character.tsv": {"bad encoding": (3,)},
    "quotes.tsv": {},
    "carriage_returns.tsv": {},
    "57_among_61.tsv": {"bad column count": (2, 4)},
    "200_columns.tsv": {"bad column count": (2,)},
    "empty_lines.tsv": {"bad column count": (2, 3)},
    "no_line_end.tsv": {},
    "days.tsv": {
        "bad date": (1, 2, 3, 4), "before 1979": (5, 6), "in the future": (7, 8),
    },
    "numbers.tsv": {
        "negative mentions": (1,), "bad mentions": (2, 3), "bad Goldstein": (4, 5, 6, 7),
    },
    "codes.tsv": {"bad code": (1, 2, 3, 4), "bad event id": (5, 6), "bad role": (7,)},
    "actors.tsv": {
        "no source": (1,), "no target": (2,), "unknown source": (3,), "unknown target": (4,),
        "region, not state": (5, 6), "same state": (7,),
    },
    "repeated.tsv": {"repeated event id": (3,), "duplicate": (2,)},
    "icews_names.tsv": {
        "unknown source": (3, 4, 5), "no source": (7,), "bad date": (9,), "bad Goldstein": (11,),
        "repeated header": (12,),
    },
    "polecat_lists.tsv": {
        "unknown source": (3, 6, 9), "no source": (5,), "same state": (7,), "bad column count": (11, 12),
        "bad code": (13,),
    },
}  # fmt: skip


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


def only(path, **settings):
    scan = scan_files([path], **settings)
    (report,) = scan.reports
    assert report.rows == report.kept + sum(report.dropped.values())
    return scan, report


def test_the_corpus_is_all_there():
    assert {path.name for path in CORPUS.iterdir()} == set(NASTY)


@pytest.mark.parametrize("name", NASTY)
def test_nasty_rows_are_dropped_by_reason_and_the_rest_is_kept(name):
    scan, report = only(CORPUS / name, latest=date(2030, 1, 1))
    assert report.shown == NASTY[name]
    assert report.kept == report.rows - sum(map(len, NASTY[name].values())) > 0
    assert scan.frame["events"].sum() == report.kept


def test_every_reason_is_in_the_corpus_or_tested_here():
    seen = {reason for reasons in NASTY.values() for reason in reasons}
    assert set(REASONS) - seen == {"line too long"}


def test_a_huge_field_costs_its_row_alone(tmp_path):
    huge = gdelt_row(address="x" * (3 << 20), id="2")
    sound = [gdelt_row(id=str(one), address=f"a{one}") for one in (1, 3, 4)]
    content = lined(sound[0], huge, sound[1], huge, sound[2])
    for name, packed in (("a.csv", content), ("a.zip", zipped(content)), ("a.gz", gzip.compress(content))):
        _, report = only(write(tmp_path, name, packed))
        assert report.shown == {"line too long": (2, 4)}
        assert report.kept == 3


@pytest.mark.parametrize("pack", [bytes, zipped, gzip.compress])
def test_large_files_are_read_piece_by_piece_with_the_same_result(tmp_path, monkeypatch, pack):
    rows = [gdelt_row(id=str(one), address=f"https://example.org/{one}/é") for one in range(1, 400)]
    rows[7:7] = [b"", gdelt_row(width=58), gdelt_row(address="x" * (2 << 20))]
    path = write(tmp_path, "20151027.export.CSV", pack(lined(*rows)[:-1]))
    at_once = only(path)
    monkeypatch.setattr(packing, "AT_ONCE", 1000)
    monkeypatch.setattr(packing, "PIECE", 777)
    in_pieces = only(path)
    assert in_pieces[1] == at_once[1]
    assert in_pieces[0].frame.equals(at_once[0].frame)
    assert at_once[1].dropped == {"line too long": 1, "bad column count": 2}


FAULTS = {
    "cut.zip": (zipped(lined(gdelt_row()))[:-40], "cut off"),
    "cut_inside.zip": (zipped(lined(*[gdelt_row(id=str(one)) for one in range(50)]))[:300], "cut off"),
    "page.zip": (b"<!DOCTYPE html><html>Please log in</html>", "web page"),
    "empty.csv": (b"", "empty"),
    "empty.zip": (zipped(b""), "empty"),
    "cut.gz": (gzip.compress(lined(gdelt_row()))[:-9], "cut off"),
    "noise.csv": (bytes(range(256)) * 9, "no layout"),
    "header_alone.tab": (header_line(ICEWS_HEADER[:9]), "no layout"),
    "bomb.zip": (zipped(b"\0" * (40 << 20)), "not safe"),
    "bomb.gz": (gzip.compress(b"\0" * (40 << 20)), "not safe"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_that_cannot_be_read_is_refused_and_the_others_are_read(tmp_path, name):
    content, word = FAULTS[name]
    bad, good = write(tmp_path, name, content), write(tmp_path, "good.csv", lined(gdelt_row()))
    scan = scan_files([bad, good])
    by_path = {report.path: report for report in scan.reports}
    assert word in (by_path[bad].fault or "")
    assert name in (by_path[bad].fault or "")
    assert (by_path[bad].rows, by_path[bad].kept, by_path[good].kept) == (0, 0, 1)
    assert scan.faults == (by_path[bad].fault,)


def test_a_damaged_member_counts_no_row(tmp_path, monkeypatch):
    content = bytearray(
        zipped(lined(*[gdelt_row(id=str(one), address=f"{one}") for one in range(99)]), method=0)
    )
    content[5000] ^= 1
    path = write(tmp_path, "a.zip", bytes(content))
    for at_once in (packing.AT_ONCE, 100):
        monkeypatch.setattr(packing, "AT_ONCE", at_once)
        scan, report = only(path)
        assert "damaged" in (report.fault or "")
        assert scan.frame.is_empty()


def test_a_size_that_lies_is_refused(tmp_path):
    text = lined(*[gdelt_row(id=str(one), address=f"{one}") for one in range(99)])
    for declared in (10, len(text) - 1, len(text) + 1, 5 << 30):
        content = bytearray(zipped(text))
        entry = content.rfind(b"PK\x01\x02")
        content[entry + 24 : entry + 28] = (declared & 0xFFFFFFFF).to_bytes(4, "little")
        assert only(write(tmp_path, "a.zip", bytes(content)))[1].fault


def test_zip_files_that_are_unusual_but_sound_are_read(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"made by hand"
        archive.writestr("__MACOSX/._a.csv", b"junk")
        archive.writestr("a.csv", lined(gdelt_row()))
    assert only(path)[1].kept == 1
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("b.csv", lined(gdelt_row()))
    assert "must hold one file" in (only(path)[1].fault or "")


def test_a_missing_file_is_a_fault_and_no_file_is_wrong_use(tmp_path):
    assert "cannot be read" in (only(tmp_path / "none.csv")[1].fault or "")
    with pytest.raises(UsageError, match="no event file"):
        scan_files([])


def test_files_of_two_providers_are_not_added_up(tmp_path):
    gdelt = write(tmp_path, "a.csv", lined(gdelt_row()))
    icews = write(tmp_path, "b.tab", lined(header_line(ICEWS_HEADER), icews_row()))
    scan = scan_files([gdelt, icews])
    assert [report.layout for report in scan.reports] == ["GDELT 2.0", "ICEWS"]
    assert [report.kept for report in scan.reports] == [1, 0]
    assert "those before it are of gdelt" in (scan.reports[1].fault or "")


def test_the_name_of_a_file_bounds_its_days(tmp_path):
    content = lined(gdelt_row(day="20990101", added="20990101000000"))
    assert only(write(tmp_path, "20151027220000.export.CSV", content))[1].dropped == {"in the future": 1}
    assert only(write(tmp_path, "a.csv", content), latest=date(2099, 1, 1))[1].kept == 1


def test_gdelt_1_may_have_an_address_or_not(tmp_path):
    same = {"day": "20130203", "added": "20130203"}
    rows = [gdelt_row(57, id="1", **same), gdelt_row(57, id="2", **same), gdelt_row(58, id="3", **same)]
    path = write(
        tmp_path, "a.csv", lined(*rows, gdelt_row(58, id="4", **same), gdelt_row(57, id="5", **same))
    )
    scan, report = only(path)
    assert (report.layout, report.dropped) == ("GDELT 1.0", {"duplicate": 1})
    assert scan.frame.row(0)[:7] == ("2013-02", "RUS", "GOV", "KAZ", None, 1, "KAZ")


def test_ids_repeated_in_a_later_file_are_known_by_day_too(tmp_path):
    first = write(tmp_path, "20151027.export.CSV", lined(gdelt_row(id="1"), gdelt_row(id="2", code="19")))
    again = write(tmp_path, "20151028.export.CSV", lined(gdelt_row(id="2", code="19", address="other")))
    days = list(scan_days([again, first]))
    assert [day.added for day in days] == [date(2015, 10, 27), date(2015, 10, 28)]
    assert days[1].scan.dropped == {"repeated event id": 1}
    assert days[0].scan.frame["quad"].to_list() == [1, 4]


def test_codes_are_text(tmp_path):
    rows = [icews_row(Event_ID="1", CAMEO_Code="010"), icews_row(Event_ID="2", CAMEO_Code="10")]
    rows += [icews_row(Event_ID="3", CAMEO_Code="100"), icews_row(Event_ID="4", CAMEO_Code="0231")]
    scan, report = only(write(tmp_path, "a.tab", lined(header_line(ICEWS_HEADER), *rows)))
    assert report.shown == {"bad code": (3,)}
    assert dict(zip(scan.frame["quad"], scan.frame["events"], strict=True)) == {1: 2, 3: 1}


def test_icews_with_quotes_and_names_in_lower_case(tmp_path):
    quoted = [b"\t".join(b'"%s"' % field for field in line.split(b"\t")) for line in (icews_row(),)]
    header = header_line([name.lower().replace(" ", "_") for name in ICEWS_HEADER])
    scan, report = only(write(tmp_path, "events.2018.tab", lined(header, *quoted, icews_row(Event_ID="2"))))
    assert report.kept == 2
    assert scan.frame.row(0) == ("2018-06", "RUS", "GOV", "KAZ", None, 1, "KAZ", 2, 2, 2.0, None, 2.0)


def test_polecat_counts_every_pair_of_states_and_survives_its_malformed_rows(tmp_path):
    header = header_line(POLECAT_HEADER)
    rows = [
        polecat_row(Event_ID="1", Actor_Country="RUS;CHN", Recipient_Country="KAZ; USA;KAZ"),
        polecat_row(Event_ID="2") + b"\t\t",
        polecat_row(Event_ID="3") + b"\tmore",
        header,
        polecat_row(Event_ID="5", Actor_Country="None"),
        polecat_row(Event_ID="6", Actor_Country="RUS;KAZ", Recipient_Country="KAZ"),
        polecat_row(Event_ID="1"),
        polecat_row(Event_ID="8", Quad_Code="NEUTRAL"),
    ]
    scan, report = only(write(tmp_path, "ngecEvents.DV.2023.txt", lined(header, *rows)))
    assert report.shown == {
        "repeated header": (5,), "bad column count": (4,), "bad code": (9,), "no source": (6,),
        "repeated event id": (8,),
    }  # fmt: skip
    assert report.kept == 3
    pairs = scan.frame.group_by("source", "target").agg(n=scan.frame["events"].sum()).height
    assert pairs == 4
    assert scan.frame["events"].sum() == 4 + 1 + 1
    assert set(scan.frame["quad"]) == {3}


def test_scores_that_are_not_given_are_not_zero(tmp_path):
    rows = [gdelt_row(id="1", goldstein=""), gdelt_row(id="2", goldstein="-10", address="b")]
    scan, _ = only(write(tmp_path, "a.csv", lined(*rows)))
    assert scan.frame.select("events", "scored", "goldstein", "mentions").row(0) == (2, 1, -10.0, 6)


def test_a_report_says_what_happened(tmp_path):
    path = write(tmp_path, "a.csv", lined(*[gdelt_row(target="")] * 7))
    assert str(only(path)[1]) == "a.csv: 0 of 7 rows kept\n  no target: 7 (row 1, 2, 3, 4, 5, ...)"
