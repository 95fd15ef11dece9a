import gzip
from pathlib import Path

import polars as pl
import pytest

from tripoint.core.provenance import RawFile
from tripoint.errors import ParseError, StoreError, UnknownNameError
from tripoint.sources import find_source
from tripoint.store.intake import part_name_for, read_file, read_pulled

TIDY = "year,reporter,partner,flow,share,origin\n2019,KAZ,CHN,export,0.2,factbook\n"

IMTS = (
    "STRUCTURE,ACTION,COUNTRY,INDICATOR,COUNTERPART_COUNTRY,FREQUENCY,TIME_PERIOD,OBS_VALUE\n"
    "dataflow,I,KAZ,XG_FOB_USD,CHN,A,2023,14670000000\n"
    "dataflow,I,KAZ,XG_FOB_USD,CHN,M,2023-M01,1000000000\n"
)


def _file(folder: Path, content: str | bytes, name: str = "shares.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_tidy_file_is_read_with_its_types(tmp_path):
    path = _file(tmp_path, TIDY)
    batch = read_file("trade_shares", path)
    assert batch.tables["trade_shares"].row(0) == (2019, "KAZ", "CHN", "export", 0.2, "factbook")
    assert (batch.source, batch.format) == ("own", "tidy CSV")
    assert batch.files[0] == RawFile("shares.csv", batch.files[0].sha256, path.stat().st_size)
    assert len(batch.files[0].sha256) == 64


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_bom_packing_and_names_of_states(tmp_path, separator):
    text = TIDY.replace("KAZ", "Kazakhstan").replace(",", f" {separator} ")
    packed = gzip.compress(b"\xef\xbb\xbf" + text.encode())
    batch = read_file("trade_shares", _file(tmp_path, packed, "shares.csv.gz"))
    assert batch.tables["trade_shares"].row(0) == (2019, "KAZ", "CHN", "export", 0.2, "factbook")


def test_parquet_and_csv_give_the_same(tmp_path):
    csv = read_file("trade_shares", _file(tmp_path, TIDY)).tables["trade_shares"]
    path = tmp_path / "shares.parquet"
    csv.select(reversed(csv.columns)).with_columns(pl.col("year").cast(pl.Int16)).write_parquet(path)
    batch = read_file("trade_shares", path)
    assert batch.format == "tidy Parquet"
    assert batch.tables["trade_shares"].equals(csv)


def test_columns_that_may_be_empty_may_be_absent_and_flags_are_dropped(tmp_path):
    text = "collection,resolution,body,date,stage,recorded,flag\nundl,1,GA,2020-01-01,resolution,true,x\n"
    frame = read_file("roll_calls", _file(tmp_path, text)).tables["roll_calls"]
    assert frame["session"].to_list() == [None]
    assert frame.schema["session"] == pl.Int64
    assert "flag" not in frame.columns


def test_an_official_format_is_recognised(tmp_path):
    batch = read_file("trade_flows", _file(tmp_path, IMTS, "imts_exports.csv"))
    assert (batch.source, batch.format) == ("trade", "imf_imts")
    assert batch.dropped == {"not yearly": 1}
    assert batch.tables["trade_flows"].row(0) == (2023, "KAZ", "CHN", "export", 14670.0, "imf_imts")


def test_pulled_files_are_put_together(tmp_path):
    paths = [
        _file(tmp_path, IMTS, "imts_exports.csv"),
        _file(tmp_path, IMTS.replace("XG_FOB", "MG_CIF"), "imts_imports.csv"),
    ]
    batch = read_pulled(find_source("trade"), paths)
    assert batch.tables["trade_flows"]["flow"].to_list() == ["export", "import"]
    assert batch.dropped == {"not yearly": 2}
    assert [file.name for file in batch.files] == ["imts_exports.csv", "imts_imports.csv"]


def test_a_pulled_file_of_no_known_layout_is_refused(tmp_path):
    with pytest.raises(ParseError, match=r"has no layout that source .trade. knows\. Known: IMF"):
        read_pulled(find_source("trade"), [_file(tmp_path, "a,b\n1,2\n")])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "web page"),
        (b"\n  <html>", "web page"),
        (b"year,reporter\n\x00,\x01\n", "NUL"),
        (b"year,reporter\n2020,\xff\xfe\n", "UTF-8"),
        (b"year,reporter\n1,2,3\n", "cannot be read as a CSV file"),
        (b"PAR1 and then nothing", "cannot be read as a Parquet file"),
        (gzip.compress(TIDY.encode())[:-10], "cut off"),
    ],
    # Named, because packed bytes hold the time, and workers that name a test differently miss each other's.
    ids=["empty", "page", "page after a space", "nul", "no text", "ragged", "no parquet", "cut"],
)
def test_what_is_no_table_is_said_in_words(tmp_path, content, words):
    with pytest.raises(ParseError, match=words):
        read_file("trade_shares", _file(tmp_path, content))


def test_a_parquet_file_that_its_reader_gives_up_on(tmp_path, monkeypatch):
    def give_up(*_: object) -> None:
        raise pl.exceptions.PanicException("called unwrap on an error")

    monkeypatch.setattr(pl, "read_parquet", give_up)
    with pytest.raises(ParseError, match="cannot be read as a Parquet file: called unwrap"):
        read_file("trade_shares", _file(tmp_path, b"PAR1", "shares.parquet"))


@pytest.mark.parametrize("name", ["missing.csv", ".", "a\0b"])
def test_a_file_that_is_not_there(tmp_path, name):
    with pytest.raises(StoreError, match="there is no such file"):
        read_file("trade_shares", tmp_path / name)


def test_an_unknown_table_is_named_before_the_file(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'trade_shares'"):
        read_file("trade_share", tmp_path / "missing.csv")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("KAZ trade (2023).csv.gz", "kaz-trade-2023"),
        ("данные.csv", "part"),
        ("_x_.csv", "x"),
        (".csv", "part"),
    ],
)
def test_parts_are_named_after_files(file, name):
    assert part_name_for(Path(file)) == name
