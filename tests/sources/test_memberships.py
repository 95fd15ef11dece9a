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
    assert parsed.dropped["not an organisation"] == 1


def test_the_last_lists_of_the_factbook_are_the_same(extracts) -> None:
    lists = extracts["memberships"].tables["memberships"].filter(origin="factbook")
    last, before = (set(lists.filter(year=year).drop("year").rows()) for year in (2026, 2025))
    assert last == before
    india = lists.filter(year=2026, state="IND", organisation="SCO")
    assert india["status"].to_list() == ["observer"]
