import errno
import hashlib
import json
import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from tripoint.errors import (
    CoverageError,
    DeclarationError,
    ParseError,
    StoreError,
    TableError,
    UnknownNameError,
    UnknownStateError,
    UsageError,
)
from tripoint.sources import Parsed, codebook, codebooks
from tripoint.store import catalog, files, manifest, snapshot
from tripoint.store.corrections import FLAG, usable

HEADER = "year,reporter,partner,flow,share,origin"
KAZ = "2019,KAZ,CHN,export,0.2,factbook"
UZB = "2020,UZB,RUS,import,0.1,factbook"
MNG = "2021,MNG,CHN,export,0.9,factbook"
SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def csv(tmp_path):
    """Write a CSV file of trade shares."""

    def write(*lines: str, name: str = "shares.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([HEADER, *lines]) + "\n", "utf-8")
        return path

    return write


def _faults(call, *arguments, **options) -> tuple[str, ...]:
    with pytest.raises(TableError) as caught:
        call(*arguments, **options)
    return caught.value.faults


def _parquet_files(home: Path) -> list[Path]:
    return sorted((home / "tables").glob("*/*.parquet"))


def test_an_empty_home(home):
    assert catalog.tables(home) == ()
    assert catalog.parts("votes", home) == ()
    assert catalog.check(home) == {}
    with pytest.raises(CoverageError, match="nothing is stored of table 'votes'"):
        catalog.read("votes", home)
    with pytest.raises(UnknownNameError, match="Did you mean 'votes'"):
        catalog.parts("vote", home)
    assert not home.exists()


def test_what_is_added_is_read_with_its_flags(home, csv):
    added = catalog.add("trade_shares", csv(KAZ, "2023,KAZ,GMB,import,0.04,factbook"), home=home)
    (part,) = added.parts
    assert (part.table, part.name, part.first, part.last) == ("trade_shares", "shares", "2019", "2023")
    assert part.provenance.rows == 2
    frame = catalog.read("trade_shares", home)
    assert frame[FLAG].to_list() == [None, "implausible-partner"]
    assert usable(frame)["partner"].to_list() == ["CHN"]
    assert catalog.check(home) == {"trade_shares": ()}


def test_the_home_of_the_user_is_meant_if_none_is_given(tmp_path, csv, monkeypatch):
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path / "mine"))
    catalog.add("trade_shares", csv(KAZ))
    assert [one.table for one in catalog.tables()] == ["trade_shares"]
    assert _parquet_files(tmp_path / "mine")


def test_summaries_say_what_is_stored(home, csv):
    catalog.add("trade_shares", csv(KAZ), home=home)
    (before,) = catalog.tables(home)
    catalog.add("trade_shares", csv(UZB, MNG), "later", home=home)
    (summary,) = catalog.tables(home)
    assert (summary.parts, summary.rows) == (("later", "shares"), 3)
    assert (summary.first, summary.last) == ("2019", "2021")
    assert summary.sha256 != before.sha256


def test_all_faults_of_a_file_are_listed_and_nothing_is_stored(home, csv):
    path = csv(KAZ, KAZ, "2019,KAZ,RUS,export,1.4,factbook", "2019,Kazahkstan,RUS,import,0.1,factbook")
    faults = _faults(catalog.add, "trade_shares", path, home=home)
    assert [fault.split(":")[0] for fault in faults] == ["states", "ranges", "keys", "totals"]
    assert "'Kazahkstan'" in faults[0]
    assert "1.4 at year=2019, reporter=KAZ, partner=RUS" in faults[1]
    assert "year=2019, reporter=KAZ, partner=CHN" in faults[2]
    assert catalog.tables(home) == ()
    assert _parquet_files(home) == []


def test_a_table_without_rows_is_a_fault(home, csv):
    assert _faults(catalog.add, "trade_shares", csv(), home=home) == ("rows: there are no rows",)


@pytest.mark.parametrize("part", ["../x", "a/b", "a\0b", "", ".x", "A", "x\n"])
def test_names_of_parts_stay_in_their_folder(home, csv, part):
    with pytest.raises(UsageError, match="cannot name a part"):
        catalog.add("trade_shares", csv(KAZ), part, home=home)
    assert not home.exists()


def test_adding_the_same_file_twice_is_adding_it_once(home, csv):
    first = catalog.add("trade_shares", csv(KAZ), home=home)
    again = catalog.add("trade_shares", csv(KAZ), home=home)
    assert again.unchanged
    assert again.parts == first.parts


def test_a_part_is_replaced_only_when_told(home, csv):
    catalog.add("trade_shares", csv(KAZ, UZB), home=home)
    (fault,) = _faults(catalog.add, "trade_shares", csv(KAZ), home=home)
    assert "a part called 'shares' is stored already" in fault
    added = catalog.add("trade_shares", csv(KAZ), replace=True, home=home)
    assert {one.kind for one in added.warnings} == {"coverage"}
    assert catalog.read("trade_shares", home).height == 1
    assert len(_parquet_files(home)) == 1


def test_keys_in_another_part_are_a_fault_unless_the_new_rows_shall_win(home, csv):
    catalog.add("trade_shares", csv(KAZ, UZB), "old", home=home)
    newer = csv(KAZ.replace("0.2", "0.3"), MNG)
    (fault,) = _faults(catalog.add, "trade_shares", newer, "new", home=home)
    assert "1 keys are in part 'old' already: year=2019, reporter=KAZ" in fault
    catalog.add("trade_shares", newer, "new", replace=True, home=home)
    frame = catalog.read("trade_shares", home).sort("year")
    assert frame["share"].to_list() == [0.3, 0.1, 0.9]
    _, old = catalog.parts("trade_shares", home)
    assert (old.provenance.rows, old.provenance.dropped) == (1, {"replaced by part new": 1})
    catalog.add("trade_shares", csv(KAZ, UZB, MNG), "all", replace=True, home=home)
    assert [part.name for part in catalog.parts("trade_shares", home)] == ["all"]
    assert catalog.check(home) == {"trade_shares": ()}


def _votes_files(tmp_path: Path) -> tuple[Path, Path]:
    calls, votes = tmp_path / "calls.csv", tmp_path / "votes.csv"
    calls.write_text("collection,resolution,body,date,stage,recorded\nundl,1,GA,2020-05-01,resolution,true\n")
    votes.write_text("collection,resolution,state,vote\nundl,1,KAZ,1\nundl,1,Russia,3\n")
    return calls, votes


def test_votes_need_their_roll_calls_and_roll_calls_keep_their_votes(home, tmp_path):
    calls, votes = _votes_files(tmp_path)
    (fault,) = _faults(catalog.add, "votes", votes, home=home)
    assert "2 rows of 'votes' have no counterpart in table 'roll_calls'" in fault
    catalog.add("roll_calls", calls, home=home)
    catalog.add("votes", votes, home=home)
    assert catalog.read("votes", home)["state"].to_list() == ["KAZ", "RUS"]
    calls.write_text(calls.read_text().replace("undl,1", "undl,2"))
    (fault,) = _faults(catalog.add, "roll_calls", calls, replace=True, home=home)
    assert "'votes'" in fault
    assert catalog.check(home) == {"roll_calls": (), "votes": ()}
    catalog.remove("roll_calls", "calls", home)
    assert [fault.kind for fault in catalog.check(home)["votes"]] == ["totals"]


def test_a_removed_part_is_gone(home, csv):
    catalog.add("trade_shares", csv(KAZ), "one", home=home)
    catalog.add("trade_shares", csv(UZB), "two", home=home)
    with pytest.raises(UnknownNameError, match="Known: one, two"):
        catalog.remove("trade_shares", "three", home)
    catalog.remove("trade_shares", "one", home)
    assert catalog.read("trade_shares", home)["reporter"].to_list() == ["UZB"]
    assert len(_parquet_files(home)) == 1


def test_show_filters_by_names_that_people_use(home, csv):
    catalog.add("trade_shares", csv(KAZ, UZB, MNG), home=home)
    assert catalog.show("trade_shares", limit=2, home=home).height == 2
    shown = catalog.show("trade_shares", {"partner": "China", "year": 2021}, home=home)
    assert shown["reporter"].to_list() == ["MNG"]
    with pytest.raises(UnknownNameError, match="no column of table 'trade_shares' is called 'years'"):
        catalog.show("trade_shares", {"years": 2021}, home=home)
    with pytest.raises(UnknownStateError):
        catalog.show("trade_shares", {"partner": "Chnia"}, home=home)


def test_a_damaged_part_names_the_file_and_the_remedy(home, csv):
    catalog.add("trade_shares", csv(KAZ, UZB), home=home)
    (path,) = _parquet_files(home)
    whole = path.read_bytes()
    remedy = r"Restore it from shares.csv: tripoint data add trade_shares FILE --part shares --replace"
    path.write_bytes(whole[:-20])
    with pytest.raises(StoreError, match=remedy) as caught:
        catalog.read("trade_shares", home)
    assert str(path) in str(caught.value)
    path.write_bytes(whole[:10] + bytes([whole[10] ^ 1]) + whole[11:])
    with pytest.raises(StoreError, match="is not what was written"):
        catalog.read("trade_shares", home)
    assert "is not what was written" in catalog.check(home)["trade_shares"][0].message
    path.unlink()
    with pytest.raises(StoreError, match="is missing"):
        catalog.read("trade_shares", home)
    catalog.add("trade_shares", csv(KAZ, UZB), replace=True, home=home)
    assert catalog.check(home) == {"trade_shares": ()}


def test_every_cut_of_a_part_is_noticed(home, csv):
    catalog.add("trade_shares", csv(KAZ, UZB), home=home)
    (path,) = _parquet_files(home)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(StoreError, match="is damaged"):
            catalog.read("trade_shares", home)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "is damaged"),
        (b'{"version": 1', "is damaged"),
        (b"[]", "is damaged"),
        (b'{"version": 99, "parts": []}', "newer version"),
    ],
)
def test_a_damaged_list_of_parts(home, csv, text, words):
    catalog.add("trade_shares", csv(KAZ), home=home)
    (home / "tables" / "parts.json").write_bytes(text)
    with pytest.raises(StoreError, match=words):
        catalog.read("trade_shares", home)


def test_a_list_that_points_elsewhere_is_refused(home, csv):
    catalog.add("trade_shares", csv(KAZ), home=home)
    path = home / "tables" / "parts.json"
    path.write_text(path.read_text().replace('"name": "shares"', '"name": "../../shares"'))
    with pytest.raises(UsageError, match="cannot name a part"):
        catalog.read("trade_shares", home)


def test_a_part_of_an_older_codebook_is_not_misread(home, csv):
    catalog.add("trade_shares", csv(KAZ), home=home)
    (part,) = catalog.parts("trade_shares", home)
    older = manifest.read_part(home, part).rename({"share": "percent"})
    changed = manifest.write_part(home, part.name, older, codebook("trade_shares"), part.provenance)
    manifest.save_parts(home, [changed])
    with pytest.raises(StoreError, match="another codebook"):
        catalog.read("trade_shares", home)
    assert catalog.check(home)["trade_shares"][0].kind == "damaged"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_the_disk_refuses_changes_nothing(home, csv, monkeypatch, number):
    catalog.add("trade_shares", csv(KAZ), home=home)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(StoreError, match="cannot write"):
        catalog.add("trade_shares", csv(KAZ, UZB), replace=True, home=home)
    monkeypatch.undo()
    kept = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert {path: kept[path] for path in before} == before
    assert catalog.read("trade_shares", home).height == 1


def test_a_home_that_is_a_file(tmp_path, csv):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="a file stands where a folder is needed"):
        catalog.add("trade_shares", csv(KAZ), home=tmp_path / "file")


def test_orphans_of_a_killed_writer_are_removed_and_files_of_others_kept(home, csv):
    catalog.add("trade_shares", csv(KAZ), home=home)
    folder = home / "tables" / "trade_shares"
    (folder / "shares.0123456789ab.parquet").touch()
    (folder / "mine.parquet").touch()
    catalog.add("trade_shares", csv(UZB), "two", home=home)
    names = {path.name for path in _parquet_files(home)}
    assert "mine.parquet" in names
    assert "shares.0123456789ab.parquet" not in names


def test_a_reader_follows_a_writer_that_replaces_the_part_meanwhile(home, csv, monkeypatch):
    catalog.add("trade_shares", csv(KAZ), home=home)
    outdated = manifest.load_parts(home)
    catalog.add("trade_shares", csv(KAZ, UZB), replace=True, home=home)
    answers = iter([outdated])
    monkeypatch.setattr(
        catalog, "load_parts", lambda where: next(answers, None) or manifest.load_parts(where)
    )
    assert catalog.read("trade_shares", home).height == 2


def _pull(home: Path, name: str, content: str) -> None:
    folder = snapshot.folder("trade", home)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)
    data = content.encode()
    file = snapshot.PulledFile(name, hashlib.sha256(data).hexdigest(), len(data), "", date(2023, 1, 1))
    snapshot.record("trade", [file], home)


def test_what_was_pulled_is_added_and_renewed(home):
    with pytest.raises(StoreError, match="nothing was pulled from 'trade'"):
        catalog.add_pulled("trade", home=home)
    header = "COUNTRY,INDICATOR,COUNTERPART_COUNTRY,FREQUENCY,TIME_PERIOD,OBS_VALUE\n"
    row = "KAZ,XG_FOB_USD,CHN,A,{},14670000000\n"
    _pull(home, "imts_exports.csv", header + row.format(2022))
    (part,) = catalog.add_pulled("trade", home=home).parts
    assert (part.table, part.name, part.provenance.source) == ("trade_flows", "trade", "trade")
    _pull(home, "imts_exports.csv", header + row.format(2022) + row.format(2023))
    assert catalog.add_pulled("trade", home=home).warnings == ()
    assert catalog.read("trade_flows", home)["year"].to_list() == [2022, 2023]
    (snapshot.folder("trade", home) / "imts_exports.csv").write_text(header)
    with pytest.raises(StoreError, match="Pull it again: tripoint data pull trade"):
        catalog.add_pulled("trade", home=home)
    with pytest.raises(UnknownNameError, match="no source is called 'trades'"):
        catalog.add_pulled("trades", home=home)


def test_a_web_page_is_no_table(home, tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("<!doctype html><html><body>Log in</body></html>")
    with pytest.raises(ParseError, match="web page"):
        catalog.add("votes", path, home=home)


def test_a_build_reads_a_home_like_the_extracts(home, csv):
    catalog.add("trade_shares", csv(KAZ, UZB), "one", home=home)
    catalog.add("trade_shares", csv(MNG), "two", home=home)
    split = catalog.read_home(home)
    assert split.frames["trade_shares"].columns[-1] == FLAG
    assert [one.rows for one in split.provenance["trade_shares"]] == [2, 1]
    catalog.add("trade_shares", csv(MNG, UZB, KAZ), "all", replace=True, home=home)
    assert catalog.read_home(home).hashes == split.hashes
    catalog.add("trade_shares", csv(MNG, UZB, KAZ.replace("0.2", "0.3")), "all", replace=True, home=home)
    assert catalog.read_home(home).hashes != split.hashes


@pytest.mark.shared
def test_the_extracts_are_free_of_faults():
    if not SHARED.is_dir():
        pytest.skip("the shared data are not beside the checkout")
    tables = catalog.read_extracts(SHARED)
    assert tables.frames.keys() == tables.provenance.keys() == tables.hashes.keys()
    assert set(tables.frames) <= set(codebooks())
    assert set(tables.frames) >= {"roll_calls", "votes", "trade_flows", "trade_shares", "state_year"}
    for name, frame in tables.frames.items():
        declared = [column.name for column in codebook(name).columns]
        assert frame.columns == [*declared, FLAG]
        assert sum(one.rows for one in tables.provenance[name]) == frame.height


def test_an_extract_with_faults_is_refused_with_all_of_them(monkeypatch, tmp_path):
    wrong = pl.DataFrame({"year": [2019], "state": ["Kazahkstan"], "value": ["x"]})

    class Source:
        name = "state_year"

        @staticmethod
        def extracts(root: Path):
            assert root == tmp_path
            return Parsed({"state_year": wrong}, {})

    monkeypatch.setattr(catalog, "SOURCES", (Source,))
    faults = _faults(catalog.read_extracts, tmp_path)
    assert any("'Kazahkstan'" in fault for fault in faults)
    assert any("column 'origin' is missing" in fault for fault in faults)


_ROWS = st.lists(
    st.tuples(
        st.integers(1990, 2100),
        st.sampled_from(["KAZ", "RUS", "CHN"]),
        st.sampled_from(["USA", "DEU"]),
        st.sampled_from(["export", "import"]),
        st.floats(0, 0.5),
        st.just("factbook"),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda row: row[:4],
)


@settings(max_examples=25, deadline=None)
@given(_ROWS)
def test_what_is_written_is_read_back(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("trip")
    schema = {column.name: pl.String for column in codebook("trade_shares").columns}
    types = {"year": pl.Int64, "share": pl.Float64}
    frame = pl.DataFrame(values, schema=list(schema), orient="row").cast(types)
    path = folder / "shares.csv"
    frame.write_csv(path)
    catalog.add("trade_shares", path, home=folder / "home")
    assert_frame_equal(catalog.read("trade_shares", folder / "home").drop(FLAG), frame, check_exact=True)
    (part,) = json.loads((folder / "home" / "tables" / "parts.json").read_text())["parts"]
    assert part["provenance"]["rows"] == frame.height


def test_a_declaration_that_does_not_fit_is_no_silent_pass(home, csv, monkeypatch):
    catalog.add("trade_shares", csv(KAZ), home=home)
    broken = codebook("trade_shares")
    wrong = broken.__class__(
        broken.table, "", "", broken.key, broken.columns, "", 0, (), None, broken.corrections
    )
    monkeypatch.setattr(catalog, "codebook", lambda table: wrong)
    assert catalog.read("trade_shares", home).height == 1
    bounded = broken.corrections[0].__class__("x", "note", {"from": (2010,)}, "", "")
    wrong = broken.__class__(broken.table, "", "", broken.key, broken.columns, "", 0, (), None, (bounded,))
    with pytest.raises(DeclarationError, match="no period"):
        catalog.read("trade_shares", home)
