"""Votes from the official files: what is written comes back, and what is strange is named."""

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tripoint.errors import ParseError
from tripoint.sources.un_votes import (
    LIBRARY_VOTES,
    NOT_EVERYWHERE,
    is_bridges_file,
    is_library_file,
    is_voeten_file,
    read_bridges_file,
    read_extracts,
    read_library_file,
    read_voeten_file,
)

GA_HEADER = """undl_id,ms_code,ms_name,ms_vote,date,session,resolution,draft,committee_report,meeting,title,\
agenda_title,subjects,vote_note,total_yes,total_no,total_abstentions,total_non_voting,total_ms,undl_link"""
SC_HEADER = """undl_id,ms_code,ms_name,permanent_member,ms_vote,date,resolution,draft,meeting,description,\
agenda,subjects,vote_note,total_yes,total_no,total_abstentions,total_non_voting,total_ms,modality,undl_link"""
VOETEN_HEADER = """,rcid,ccode,member,vote,Country,Countryname,session,abstain,yes,no,importantvote,date,unres,\
amend,para,short,descr,me,nu,di,hr,co,ec"""

GAZA = {"undl_id": 4025240, "date": "2023-10-27", "session": "ES-10", "resolution": "A/RES/ES-10/21"}
OLD = {"undl_id": 667077, "date": "1961-12-15", "session": 16, "resolution": "A/RES/1668(XVI)"}
NEW = {"undl_id": 9, "date": "1972-12-15", "session": 27.0, "resolution": "A/RES/2999(XXVII)", "title": " T "}


def build(path: Path, header: str, rows: list[dict]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header.split(","), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def library(path: Path, *rows: dict, header: str = GA_HEADER) -> Path:
    return build(path / "2026_02_06_ga_voting.csv", header, list(rows))


def cast(call: dict, name: str, vote: str, code: str = "") -> dict:
    return {**call, "ms_name": name, "ms_code": code, "ms_vote": vote}


def test_a_library_file(tmp_path: Path) -> None:
    path = library(
        tmp_path,
        cast(GAZA, "AFGHANISTAN", "Y", "AFG"),
        cast(GAZA, "BENIN", "X", "BEN"),
        cast(OLD, "USSR", "N", "SUN"),
        cast(OLD, "UKRAINIAN SSR", "A"),
        cast(OLD, "CHINA", "Y", "CHN"),
        cast(NEW, "CHINA", "N", "CHN"),
    )
    assert is_library_file(path)
    parsed = read_library_file(path)
    assert parsed.dropped == {}
    assert parsed.tables["votes"].rows() == [
        ("undl", 4025240, "AFG", 1),
        ("undl", 4025240, "BEN", 8),
        ("undl", 667077, "RUS", 3),
        ("undl", 667077, "UKR", 2),
        ("undl", 667077, "TWN", 1),
        ("undl", 9, "CHN", 3),
    ]
    calls = parsed.tables["roll_calls"]
    assert calls.select(pl.nth(range(9))).rows() == [
        ("undl", 4025240, "GA", date(2023, 10, 27), None, "A/RES/ES-10/21", None, "resolution", True),
        ("undl", 667077, "GA", date(1961, 12, 15), 16, "A/RES/1668(XVI)", None, "resolution", True),
        ("undl", 9, "GA", date(1972, 12, 15), 27, "A/RES/2999(XXVII)", "T", "resolution", True),
    ]


def test_the_security_council_and_resolutions_without_a_vote(tmp_path: Path) -> None:
    gaza = {"undl_id": 10, "date": "2023-12-22", "resolution": "S/RES/2720(2023)", "description": "On Gaza"}
    quiet = {"undl_id": 11, "date": "1973-04-20", "resolution": "S/RES/331(1973)", "modality": "Without Vote"}
    quiet["agenda"] = "CYPRUS"
    path = library(
        tmp_path,
        cast(gaza, "UNITED STATES", "A", "USA"),
        cast(gaza, "TÜRKIYE", "Y", "TUR"),
        cast(quiet, "UNITED STATES", "X", "USA"),
        cast(quiet, "TURKEY", "X", "TUR"),
        header=SC_HEADER,
    )
    parsed = read_library_file(path)
    assert parsed.dropped == {"adopted without a recorded vote": 2}
    assert parsed.tables["votes"]["state"].to_list() == ["USA", "TUR"]
    calls = parsed.tables["roll_calls"].select("body", "session", "title", "recorded", "agenda").rows()
    assert calls == [("SC", None, "On Gaza", True, None), ("SC", None, None, False, "CYPRUS")]


def test_the_library_has_agenda_items_and_no_codes(tmp_path: Path) -> None:
    path = library(tmp_path, cast({**GAZA, "agenda_title": " PALESTINE QUESTION "}, "CHAD", "Y"))
    (call,) = read_library_file(path).tables["roll_calls"].select(NOT_EVERYWHERE).rows()
    assert call == ("PALESTINE QUESTION", None, None, None, None, None, None, None)
    bare = ",".join(name for name in GA_HEADER.split(",") if name != "agenda_title")
    (call,) = read_library_file(library(tmp_path, cast(GAZA, "CHAD", "Y"), header=bare)).tables["roll_calls"][
        "agenda"
    ]
    assert call is None


def test_a_name_that_two_states_have_is_told_by_its_code(tmp_path: Path) -> None:
    path = library(tmp_path, cast(OLD, "CONGO", "Y", "COG"), cast(OLD, "ZAIRE", "N", "COD"))
    assert read_library_file(path).tables["votes"]["state"].to_list() == ["COG", "COD"]


def test_unknown_states_are_listed_and_counted(tmp_path: Path) -> None:
    names = ("FRANCE", "GHANA", "HAITI", "INDIA", "JAPAN", "CHILE", "CHAD", "MALI", "CUBA", "Atlantis")
    path = library(tmp_path, *(cast(GAZA, name, "Y") for name in names))
    parsed = read_library_file(path)
    assert parsed.dropped == {"unknown state: 'Atlantis'": 1}
    assert parsed.tables["votes"].height == 9


def test_too_many_unknown_states_are_a_fault(tmp_path: Path) -> None:
    path = library(tmp_path, *(cast(GAZA, f"Land {number:02}", "Y") for number in range(12)))
    with pytest.raises(ParseError, match=r"12 of 12 rows name no state .* 'Land 00', .* 'Land 09', \.\.\."):
        read_library_file(path)


def test_repeated_and_contradicting_votes(tmp_path: Path) -> None:
    path = library(
        tmp_path,
        cast(GAZA, "FRANCE", "Y"),
        cast(GAZA, "FRANCE", "Y"),
        cast(GAZA, "CHAD", "Y"),
        cast(GAZA, "CHAD", "N"),
    )
    parsed = read_library_file(path)
    assert parsed.dropped == {"repeated row": 1, "two different votes of one state": 2}
    assert parsed.tables["votes"]["state"].to_list() == ["FRA"]


def test_all_faults_of_a_library_file_are_named(tmp_path: Path) -> None:
    path = library(tmp_path, cast(GAZA, "FRANCE", "yes"), cast({**GAZA, "resolution": "E/1"}, "CHAD", "Y"))
    with pytest.raises(
        ParseError, match=r"must hold Y, N, A or X, but has 'yes' in row 2 \(1 in all\); .*E/1"
    ):
        read_library_file(path)


def voeten(path: Path, *rows: dict, header: str = VOETEN_HEADER) -> Path:
    return build(path / "UNVotes.csv", header, list(rows))


def ballot(rcid: int, ccode: int | str, vote: int, day: str = "2012-11-05", **more: object) -> dict:
    return {"rcid": rcid, "ccode": ccode, "vote": vote, "date": day, "session": 67, "unres": "R/67/1", **more}


def test_a_voeten_file(tmp_path: Path) -> None:
    path = voeten(
        tmp_path,
        ballot(3, 365, 3, "1/1/1946", amend=1, para=1, descr="TO ADOPT A CUBAN AMENDMENT"),
        ballot(3, 713, 1, "1/1/1946", amend=1, para=1),
        ballot(3, 710, 9, "1/1/1946"),
        ballot(5, 705, 1, para="1", short=" S "),
        ballot(5, 347, 8),
        ballot(6, 345, 2, "1985-01-01 00:00:00", amend="NA", para="NA"),
    )
    assert is_voeten_file(path)
    parsed = read_voeten_file(path)
    assert parsed.dropped == {"not a member at the time": 1}
    assert parsed.tables["votes"].rows() == [
        ("voeten", 3, "RUS", 3),
        ("voeten", 3, "TWN", 1),
        ("voeten", 5, "KAZ", 1),
        ("voeten", 5, "XKX", 8),
        ("voeten", 6, "YUG", 2),
    ]
    calls = parsed.tables["roll_calls"].select("resolution", "date", "title", "stage").rows()
    assert calls == [
        (3, date(1946, 1, 1), "TO ADOPT A CUBAN AMENDMENT", "amendment"),
        (5, date(2012, 11, 5), "S", "paragraph"),
        (6, date(1985, 1, 1), None, "resolution"),
    ]


def test_voetens_codes_are_kept_and_what_he_did_not_code_is_null(tmp_path: Path) -> None:
    coded = {"me": 1, "nu": 0, "di": 0, "hr": "1.0", "co": 1, "ec": 0}
    path = voeten(
        tmp_path,
        ballot(1, 2, 1, importantvote=1, **coded),
        ballot(2, 2, 1, importantvote="NA", **dict.fromkeys(coded, "NA")),
        ballot(3, 2, 1, importantvote=0),
    )
    calls = read_voeten_file(path).tables["roll_calls"].select(NOT_EVERYWHERE).rows()
    assert calls == [
        (None, True, 1, 0, 0, 1, 1, 0),
        (None, None, *[None] * 6),
        (None, False, *[None] * 6),
    ]


def test_a_code_that_is_no_number_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="column 'nu' must hold a whole number, but has 'yes' in row 2"):
        read_voeten_file(voeten(tmp_path, ballot(1, 2, 1, nu="yes")))


def test_pairs_of_identical_resolutions(tmp_path: Path) -> None:
    path = tmp_path / "Matches.csv"
    path.write_text("v1,rcid1,rcid2\n1,299,331\n2,392,423\n3,299,331\n")
    assert is_bridges_file(path)
    parsed = read_bridges_file(path)
    assert parsed.tables["bridges"].rows() == [("voeten", 299, 331), ("voeten", 392, 423)]
    assert parsed.dropped == {"repeated pair": 1}
    path.write_text("v1,rcid1,rcid2\n1,299,\n")
    with pytest.raises(ParseError, match="column 'rcid2' must hold a whole number, but has nothing in row 2"):
        read_bridges_file(path)


@pytest.mark.shared
def test_the_pairs_are_of_different_sessions(shared: Path) -> None:
    tables = read_extracts(shared).tables
    days = tables["roll_calls"].filter(collection="voeten").select("resolution", "date", "session")
    pairs = tables["bridges"]
    assert pairs.height == 955
    found = pairs.join(days, on="resolution").join(
        days.rename({"resolution": "same_as", "date": "later", "session": "next"}), on="same_as"
    )
    assert found.height == 955 - 8
    assert (found["later"] > found["date"]).all()
    assert found.filter(pl.col("next") > pl.col("session")).height / found.height > 0.99


def test_china_before_it_held_the_seat(tmp_path: Path) -> None:
    path = voeten(tmp_path, ballot(1, 710, 1, "1971-10-24"), ballot(2, 710, 1, "1971-10-25"))
    assert read_voeten_file(path).tables["votes"]["state"].to_list() == ["TWN", "CHN"]


def test_names_help_where_numbers_are_missing(tmp_path: Path) -> None:
    path = voeten(
        tmp_path,
        ballot(1, "NA", 1, Countryname="Kazakhstan"),
        ballot(1, "", 2, Country="UZB"),
        ballot(1, 9999, 3, Countryname="Russia"),
    )
    assert read_voeten_file(path).tables["votes"]["state"].to_list() == ["KAZ", "UZB", "RUS"]


def test_the_older_layout_has_votes_only(tmp_path: Path) -> None:
    rows = [
        {"session": 40, "rcid": 1, "ccode": 345, "vote": 1},
        {"session": 70, "rcid": 2, "ccode": 345, "vote": 9},
        {"session": 70, "rcid": 2, "ccode": 2, "vote": 3},
    ]
    parsed = read_voeten_file(voeten(tmp_path, *rows, header="session,rcid,ccode,vote"))
    assert parsed.tables.keys() == {"votes"}
    assert parsed.tables["votes"]["state"].to_list() == ["YUG", "USA"]


def test_a_vote_without_meaning_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="'vote' must hold 1, 2, 3, 8 or 9, but has 4 in row 2"):
        read_voeten_file(voeten(tmp_path, ballot(1, 2, 4)))


def test_a_roll_call_without_a_date_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="1 roll calls have no date, the first being rcid 2"):
        read_voeten_file(voeten(tmp_path, ballot(1, 2, 1), ballot(2, 2, 1, "")))


def test_the_formats_are_told_apart(tmp_path: Path) -> None:
    path = voeten(tmp_path, ballot(1, 2, 1))
    assert not is_library_file(path)
    assert not is_bridges_file(path)
    assert not is_voeten_file(library(tmp_path, cast(GAZA, "FRANCE", "Y")))
    assert not is_voeten_file(tmp_path / "absent.csv")


STATES = {
    "KAZ": ("KAZAKHSTAN", 705),
    "RUS": ("RUSSIAN FEDERATION", 365),
    "CHN": ("CHINA", 710),
    "FRA": ("FRANCE", 220),
}
DAYS = st.dates(date(1992, 1, 1), date(2030, 12, 31))
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
CALLS = st.dictionaries(st.integers(1, 2**31 - 1), st.tuples(DAYS, TEXTS), min_size=1, max_size=5)
ROWS = CALLS.flatmap(
    lambda calls: st.tuples(
        st.just(calls),
        st.dictionaries(
            st.tuples(st.sampled_from(sorted(calls)), st.sampled_from(sorted(STATES))),
            st.sampled_from([1, 2, 3, 8]),
        ).filter(lambda votes: {number for number, _ in votes} == set(calls)),
    )
)
ONCE = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much]
)


def as_rows(votes: pl.DataFrame) -> dict[tuple[int, str], int]:
    return {(number, state): vote for _, number, state, vote in votes.rows()}


@given(ROWS)
@ONCE
def test_what_is_written_as_voeten_does_is_read(tmp_path: Path, data: tuple) -> None:
    calls, votes = data
    rows = [
        ballot(number, STATES[state][1], vote, calls[number][0].isoformat(), descr=calls[number][1])
        for (number, state), vote in votes.items()
    ]
    parsed = read_voeten_file(voeten(tmp_path, *rows))
    assert as_rows(parsed.tables["votes"]) == votes
    described = parsed.tables["roll_calls"].select("resolution", "date", "title").rows()
    assert {number: (day, title) for number, day, title in described} == calls
    assert parsed.dropped == {}


@given(ROWS)
@ONCE
def test_what_is_written_as_the_library_does_is_read(tmp_path: Path, data: tuple) -> None:
    calls, votes = data
    letters = {number: letter for letter, number in LIBRARY_VOTES.items()}
    rows = [
        cast(
            {
                "undl_id": number,
                "date": calls[number][0],
                "resolution": "A/RES/60/1",
                "title": calls[number][1],
            },
            STATES[state][0],
            letters[vote],
        )
        for (number, state), vote in votes.items()
    ]
    parsed = read_library_file(library(tmp_path, *rows))
    recorded = {number for (number, _), vote in votes.items() if vote != LIBRARY_VOTES["X"]}
    assert as_rows(parsed.tables["votes"]) == {key: vote for key, vote in votes.items() if key[0] in recorded}
    described = parsed.tables["roll_calls"].select("resolution", "date", "title", "recorded").rows()
    assert {number: (day, title) for number, day, title, _ in described} == calls
    assert {number for number, *_, seen in described if seen} == recorded
