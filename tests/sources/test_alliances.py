"""ATOP's directed dyad-years: what is not coded, what is hostile, and the extract against what is known."""

import zipfile
from pathlib import Path

import pytest

from tripoint.errors import ParseError
from tripoint.sources.alliances import is_atop_file, read_atop_file

HEADER = "ddyad,year,atopally,defense,offense,neutral,nonagg,consul,stateA,stateB\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "atop5_1ddyr.csv"
    path.write_text(text, "utf-8")
    return path


def test_an_obligation_that_is_not_coded_is_counted_and_not_taken_for_absent(tmp_path: Path) -> None:
    parsed = read_atop_file(written(tmp_path, HEADER + "365705,2018,1,1,0,,NA,1,365,705\n"))
    assert parsed.tables["alliances"]["obligation"].to_list() == ["consul", "defense"]
    assert parsed.dropped == {"obligation not coded": 2}


def test_a_state_that_no_code_means_is_counted(tmp_path: Path) -> None:
    known = "365705,2018,1,1,0,0,0,0,365,705\n" * 5
    parsed = read_atop_file(written(tmp_path, HEADER + known + "365999,2018,1,1,0,0,0,0,365,999\n"))
    assert parsed.tables["alliances"].rows() == [(2018, "RUS", "KAZ", "defense", "atop")]
    assert parsed.dropped["unknown state: '999'"] == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<html><body>moved</body></html>", "web page"),
        ("", "empty"),
        (HEADER, "no row under the header"),
        (
            HEADER.replace("stateB", "other") + "365705,2018,1,1,0,0,0,0,365,705\n",
            "columns are missing: stateB",
        ),
        (HEADER + "365705,2018,1,1,0,0,0,0.5,365,705\n", "must hold a whole number"),
    ],
)
def test_a_hostile_file_says_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ParseError, match=complaint):
        read_atop_file(written(tmp_path, text))


def test_an_archive_that_is_cut_off_or_lacks_the_file_says_so(tmp_path: Path) -> None:
    archive = tmp_path / "atop5_1ddyr.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.csv", HEADER)
        packed.writestr("b.csv", HEADER)
    assert not is_atop_file(archive)
    with pytest.raises(ParseError, match="must hold one file"):
        read_atop_file(archive)
    archive.write_bytes(archive.read_bytes()[:60])
    with pytest.raises(ParseError, match="damaged"):
        read_atop_file(archive)


def test_most_obligations_of_the_extract_hold_both_ways(extracts) -> None:
    """France guarantees Djibouti, not the reverse; nearly all other obligations are mutual."""
    table = extracts["alliances"].tables["alliances"]
    back = table.rename({"state": "partner", "partner": "state"})
    one_way = table.join(back, on=["year", "state", "partner", "obligation"], how="anti")
    assert one_way.height == 97
    assert not one_way.filter(year=1999, state="FRA", partner="DJI", obligation="defense").is_empty()
    russia_korea = table.filter(state="RUS", partner="PRK", obligation="defense")
    assert (russia_korea["year"].min(), russia_korea["year"].max()) == (1990, 1996)
