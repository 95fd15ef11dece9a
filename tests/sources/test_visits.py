"""Travel of leaders: both spreadsheets parse back, offices are spelt one way, visits of a year are numbered."""

from pathlib import Path

import pytest
import xlsxwriter

from tripoint.errors import ParseError
from tripoint.sources.visits import is_ceias_file, is_colt_file, read_ceias_file, read_colt_file

CEIAS = ("Year", "Name", "Level", "Country", "Continent", "Developed country")
COLT = (
    "TripID", "LeaderID", "LeaderCountryOrIGO", "LeaderCountryISO", "LeaderRole", "LeaderFullName",
    "CountryVisited", "CountryVisitedISO", "TripYear",
)  # fmt: skip


def spreadsheet(path: Path, sheet: str, *rows: tuple) -> Path:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Cover page").write(0, 0, "WHO | WHERE | WHEN")
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return path


def trip(
    state: str, code: str | None, role: str, leader: str | None, host: str, to: str, year: object
) -> tuple:
    return (f"T-{year}", 7, state, code, role, leader, host, to, year)


def test_the_list_of_ceias_parses_back(tmp_path: Path) -> None:
    path = spreadsheet(
        tmp_path / "WhoWhenWhereDataset.xlsx",
        "Dataset",
        CEIAS,
        (1949, "Mao Zedong", "President ", "Soviet Union", "Europe", 0),
        (2015, "Li Keqiang", "Premier", "South Korea", "Asia", 1),
        (2015, "Li Keqiang", "Premier", "South Korea", "Asia", 1),
        (2016, None, None, "Kazakhstan", "Asia", 0),
    )
    assert is_ceias_file(path)
    assert not is_colt_file(path)
    parsed = read_ceias_file(path)
    assert parsed.tables["leader_visits"].rows() == [
        (1949, "CHN", "RUS", "Mao Zedong", 1, "President", "ceias"),
        (2015, "CHN", "KOR", "Li Keqiang", 1, "Premier", "ceias"),
        (2015, "CHN", "KOR", "Li Keqiang", 2, "Premier", "ceias"),
    ]
    assert parsed.dropped == {"no leader is named": 1}


def test_colt_gives_the_travel_of_those_who_lead_a_state(tmp_path: Path) -> None:
    path = spreadsheet(
        tmp_path / "Diplometrics_COLT.xlsx",
        "Master",
        COLT,
        trip("Russia", "RUS", "S", "Vladimir Putin", "Kazakhstan", "KAZ", 2024),
        trip("Russia", "RUS", "S", "Vladimir Putin", "Kazakhstan", "KAZ", 2024),
        trip("Russia", "RUS", "G", "Mikhail Mishustin", "China", "CHN", 2024),
        trip("Kazakhstan", "KAZ", "GS", "N. Nazarbayev", "Soviet Union", "SUN", 1990),
        trip("Russia", "RUS", "F", "Sergey Lavrov", "China", "CHN", 2024),
        trip("United Nations (UN)", None, "I", "Antonio Guterres", "Kazakhstan", "KAZ", 2024),
        trip("China", "CHN", "S", "Xi Jinping", "Kazakhstan", "KAZ", 2024),
        trip("Russia", "RUS", "S", None, "China", "CHN", 2001),
        trip("Russia", "RUS", "S", "Vladimir Putin", "Russia", "RUS", 2023),
    )
    assert is_colt_file(path)
    assert not is_ceias_file(path)
    parsed = read_colt_file(path)
    assert parsed.tables["leader_visits"].rows() == [
        (1990, "KAZ", "RUS", "N. Nazarbayev", 1, "Head of state and government", "colt"),
        (2024, "RUS", "CHN", "Mikhail Mishustin", 1, "Head of government", "colt"),
        (2024, "RUS", "KAZ", "Vladimir Putin", 1, "Head of state", "colt"),
        (2024, "RUS", "KAZ", "Vladimir Putin", 2, "Head of state", "colt"),
    ]
    assert parsed.dropped == {
        "leads no state or government (minister, crown prince, organisation)": 2,
        "no leader is named": 1,
        "travel within the own state": 1,
        "of Chinese leaders, whom CEIAS records": 1,
    }


def test_another_spreadsheet_is_told_what_is_missing(tmp_path: Path) -> None:
    other = spreadsheet(tmp_path / "other.xlsx", "Prices", ("Year", "Price"))
    with pytest.raises(ParseError, match="no sheet 'Dataset'; the file has 'Cover page', 'Prices'"):
        read_ceias_file(other)
    bare = spreadsheet(tmp_path / "bare.xlsx", "Master", tuple(name for name in COLT if name != "LeaderRole"))
    with pytest.raises(ParseError, match="columns are missing: LeaderRole"):
        read_colt_file(bare)
    lost = trip("Atlantis", "QQQ", "S", "Plato", "Kazakhstan", "KAZ", 2001)
    with pytest.raises(ParseError, match="no state that is known: 'Atlantis'"):
        read_colt_file(spreadsheet(tmp_path / "lost.xlsx", "Master", COLT, lost))
    when = trip("Russia", "RUS", "S", "Vladimir Putin", "Kazakhstan", "KAZ", "TBD")
    with pytest.raises(ParseError, match="'TBD' in row 2"):
        read_colt_file(spreadsheet(tmp_path / "when.xlsx", "Master", COLT, when))


def test_offices_are_spelt_one_way(extracts) -> None:
    levels = extracts["visits"].tables["leader_visits"]["level"]
    assert dict(levels.value_counts().iter_rows()) == {
        "President": 354,
        "Premier": 312,
        "Leader CCP": 10,
        "Paramount Leader": 9,
        "Other (Acting leader)": 2,
        "Foreign Minister": 2,
    }


def test_only_leaders_of_china_are_on_record(extracts) -> None:
    table = extracts["visits"].tables["leader_visits"]
    assert table.height == 689
    assert set(table["visitor"]) == {"CHN"}
    assert (table["year"].min(), table["year"].max()) == (1949, 2025)


def test_the_second_visit_of_a_year_has_a_number_of_its_own(extracts) -> None:
    table = extracts["visits"].tables["leader_visits"]
    again = table.filter(visit=2)
    assert again.select("year", "host", "leader").rows() == [(2015, "KOR", "Li Keqiang")]
    assert table.filter(year=2015, host="KOR", leader="Li Keqiang")["visit"].to_list() == [1, 2]
