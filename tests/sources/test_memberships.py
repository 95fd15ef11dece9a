"""Memberships: what the COW file does not know, what is hostile, and the two origins of the extract."""

import zipfile
from pathlib import Path

import pytest

from tripoint.errors import ParseError
from tripoint.sources.memberships import is_cow_file, origins, read_cow_file

COW = """ccode,year,state,UN,WTO,SCO,EAEU
365,2014,Russia,1,2,1,-1
705,2014,Kazakhstan,1,3,-9,-1
710,2014,China,1,0,1,0
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "state_year_formatv3.csv"
    path.write_text(text, "utf-8")
    return path


def test_what_is_not_known_is_counted_and_what_did_not_exist_is_not(tmp_path: Path) -> None:
    parsed = read_cow_file(written(tmp_path, COW))
    found = {(state, body): status for _, state, body, status, _ in parsed.tables["memberships"].rows()}
    assert found == {
        ("RUS", "UN"): "full",
        ("RUS", "WTO"): "associate",
        ("RUS", "SCO"): "full",
        ("KAZ", "UN"): "full",
        ("KAZ", "WTO"): "observer",
        ("CHN", "UN"): "full",
        ("CHN", "SCO"): "full",
    }
    assert parsed.dropped == {"not known whether a member": 1}


def test_the_archive_is_read_as_it_is(tmp_path: Path) -> None:
    archive = tmp_path / "state_year_formatv3.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("state_year_formatv3.csv", COW)
    assert is_cow_file(archive)
    assert read_cow_file(archive).tables["memberships"].height == 7


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<html><body>moved</body></html>", "web page|columns are missing"),
        (COW.splitlines()[0] + "\n", "no row under the header"),
        (COW.replace("ccode", "code"), "columns are missing: ccode"),
        (COW.replace("365,2014,Russia,1", "365,2014,Russia,yes"), "must hold a whole number"),
        (COW.replace("710,2014,China", "999,2014,Atlantis"), "name no state that is known: 'Atlantis'"),
    ],
)
def test_a_hostile_file_says_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ParseError, match=complaint):
        read_cow_file(written(tmp_path, text))


def test_the_lists_of_the_correlates_of_war_come_first() -> None:
    assert [one.name for one in sorted(origins(), key=lambda one: one.preference)] == ["cow_igo", "factbook"]


def test_the_extract_covers_the_years_that_the_codebook_names(extracts) -> None:
    parsed = extracts["memberships"]
    table = parsed.tables["memberships"]
    years = {name: sorted(set(table.filter(origin=name)["year"])) for name in ("cow_igo", "factbook")}
    assert years == {"cow_igo": [*range(1990, 2015)], "factbook": [*range(2015, 2018), *range(2020, 2027)]}
    assert table.filter(organisation="2021").is_empty()
    assert parsed.dropped["not an organisation"] == 32


def test_the_last_lists_of_the_factbook_are_the_same(extracts) -> None:
    lists = extracts["memberships"].tables["memberships"].filter(origin="factbook")
    last, before = (set(lists.filter(year=year).drop("year").rows()) for year in (2026, 2025))
    assert last == before
    india = lists.filter(year=2026, state="IND", organisation="SCO")
    assert india["status"].to_list() == ["observer"]


@pytest.mark.parametrize(
    ("state", "organisation", "year", "status"),
    [
        ("CHN", "AfDB", 2015, "full"),  # nonregional member
        ("USA", "ADB", 2026, "full"),
        ("BEL", "ADB", 2020, "full"),  # nonregional members
        ("SEN", "WADB", 2020, "full"),  # regional
        ("TWN", "APEC", 2022, "full"),  # Chinese Taipei
        ("VNM", "WTO", 2025, "full"),  # 2024
        ("DOM", "SICA", 2020, "associate"),  # associated member
        ("PAK", "CERN", 2023, "associate"),  # associate member
        ("AFG", "ISO", 2020, "associate"),  # correspondent
        ("TKM", "CIS", 2024, "associate"),  # associate member, has not ratified ...
        ("UKR", "CIS", 2017, "associate"),  # participating member, has not signed ...
        ("TUR", "CPLP", 2020, "observer"),  # associate observer
        ("TUR", "SCO", 2020, None),  # dialogue member
        ("CHN", "ASEAN", 2020, None),  # dialogue partner
        ("MLI", "AU", 2024, None),  # suspended
        ("CUB", "OAS", 2020, None),  # excluded from formal participation since 1962
        ("KAZ", "UN Security Council", 2026, None),  # temporary, long ago
    ],
)
def test_what_the_factbook_writes_is_what_it_means(extracts, state, organisation, year, status) -> None:
    table = extracts["memberships"].tables["memberships"].filter(origin="factbook")
    found = table.filter(state=state, organisation=organisation, year=year)["status"].to_list()
    assert found == ([status] if status else [])


def test_pieces_of_notes_are_no_organisations(extracts) -> None:
    lists = extracts["memberships"].tables["memberships"].filter(origin="factbook")
    assert not set(lists["organisation"]) & {"none", "2021", "before 15 August"}
    assert lists["organisation"].str.contains("^[A-Z]").all()


def test_what_the_factbook_lists_beside_memberships_is_counted_by_kind(extracts) -> None:
    assert extracts["memberships"].dropped == {
        "not an organisation": 32,
        "membership suspended": 77,
        "a seat in the UN Security Council, not an organisation": 153,
        "another tie than membership (partner, candidate, national committee)": 5541,
        "listed twice": 3,
    }
