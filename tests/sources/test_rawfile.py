"""Files that are cut off, packed, damaged or something else end in an error that helps."""

import gzip
import zipfile
from pathlib import Path

import polars as pl
import pytest

from tripoint.errors import ParseError
from tripoint.sources import rawfile
from tripoint.sources.rawfile import first_line, header, read_table, unpacked, with_types

TABLE = b"a,b\n1,x\n2,y\n"


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def zipped(folder: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(folder / "file.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return folder / "file.zip"


def read(path: Path) -> list[tuple]:
    return read_table(path, ("a", "b")).select("a", "b").rows()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("file.csv", TABLE),
        ("file.csv", b"\xef\xbb\xbf" + TABLE),
        ("file.csv", TABLE.replace(b"\n", b"\r\n")),
        ("file.csv", b'"","a","b"\n"1","1","x"\n"2","2",y\n'),
        ("file.csv", TABLE.replace(b",", b";")),
        ("file.csv", b"b,more,a\nx,,1\n y ,,2\n"),
        ("file.tab", TABLE.replace(b",", b"\t")),
        ("file.tsv.gz", gzip.compress(TABLE.replace(b",", b"\t"))),
        ("file.gz", gzip.compress(TABLE)),
    ],
    ids=["plain", "marked", "crlf", "quoted", "semicolon", "reordered", "tab", "tsv.gz", "gz"],
)
def test_the_usual_dialects_and_wrappings_read_alike(tmp_path: Path, name: str, data: bytes) -> None:
    path = written(tmp_path, name, data)
    assert read(path) == [("1", "x"), ("2", "y")]
    assert {"a", "b"} <= set(header(path))


def test_a_zip_with_one_member(tmp_path: Path) -> None:
    path = zipped(tmp_path, ("folder/UNVotes.csv", TABLE), ("__MACOSX/._UNVotes.csv", b"junk"))
    assert read(path) == [("1", "x"), ("2", "y")]
    assert header(path) == ("a", "b")


def test_quoted_line_ends_stay_in_their_field(tmp_path: Path) -> None:
    path = written(tmp_path, "file.csv", b'a,b\n1,"x, ""y""\nz"\n')
    assert read(path) == [("1", 'x, "y"\nz')]


def test_absent_optional_columns_are_null(tmp_path: Path) -> None:
    rows = read_table(written(tmp_path, "file.csv", TABLE), ("a",), ("c",))
    assert rows.to_dict(as_series=False) == {"row": [2, 3], "a": ["1", "2"], "c": [None, None]}


BAD = {
    "empty": (b"", "file is empty"),
    "header only": (b"a,b\n", "no row under the header"),
    "page": (b"\n<!DOCTYPE html><html></html>", "web page, not data"),
    "page, marked": (b"\xef\xbb\xbf<HTML>", "web page, not data"),
    "columns": (b"x,y\n1,2\n", "columns are missing: a, b. Line 1 has: x, y"),
    "wide row": (b"a,b\n1,2\n1,2,3\n", "shape of the header line"),
    "open quote": (b'a,b\n1,"2\n3,4\n', "shape of the header line"),
    "zero byte": (b"a,b\n1,x\n2,\0y\n", "NUL byte in line 3"),
    "latin-1": (b"a,b\n1,x\n2,C\xf4te\n", r"line 3 is not UTF-8 text \(byte 0xf4\)"),
    "utf-16": ("a,b\n".encode("utf-16"), "is UTF-16 text; save the file as UTF-8"),
    "cut letter": (b"a,b\n1,x\n2,\xc3", "line 3 is not UTF-8"),
    "gzip, cut": (gzip.compress(TABLE * 99)[:-12], "packed file is cut off"),
    "gzip, damaged": (gzip.compress(TABLE)[:10] + b"\xff" * 20, "packed file is damaged"),
    "gzip, empty": (gzip.compress(b""), "file inside is empty"),
    "zip, cut": (b"PK\x03\x04" + b"x" * 50, "packed file is damaged"),
}


@pytest.mark.parametrize(("data", "complaint"), BAD.values(), ids=BAD.keys())
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, complaint: str) -> None:
    path = written(tmp_path, "file.csv", data)
    with pytest.raises(ParseError, match=complaint) as caught:
        read(path)
    assert "file.csv" in str(caught.value)
    assert isinstance(first_line(path), str)


def test_a_bad_byte_far_into_a_file_is_found_on_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "file.csv", b"a,b\n" + b"1,x\n" * 600_000 + b"\xff,x\n")
    with pytest.raises(ParseError, match="line 600002 is not UTF-8"):
        read(path)


def test_an_endless_field_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "file.csv", b'a,b\n1,x\n2,"' + b"y\n" * 600_000 + b'"\n')
    with pytest.raises(ParseError, match="row 3 has more than 1000000 bytes in column 'b'"):
        read(path)


def test_a_field_of_a_column_that_nobody_wants_is_checked_too(tmp_path: Path) -> None:
    path = written(tmp_path, "file.csv", b'a,b,c\n1,2,"' + b"y\n" * 600_000 + b'"\n')
    with pytest.raises(ParseError, match="in column 'c'"):
        read(path)


@pytest.mark.parametrize("pack", [gzip.compress, None])
def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, pack) -> None:
    bomb = b"a,b\n" + b"0" * 40_000_000
    path = written(tmp_path, "b.gz", pack(bomb)) if pack else zipped(tmp_path, ("b.csv", bomb))
    with pytest.raises(ParseError, match="not safe"), unpacked(path):
        pass


def test_a_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawfile, "MOST_BYTES", 5)
    path = written(tmp_path, "b.gz", gzip.compress(TABLE))
    with pytest.raises(ParseError, match="not safe"), unpacked(path):
        pass


@pytest.mark.parametrize("members", [(), (("a.csv", TABLE), ("b.csv", TABLE))])
def test_a_zip_of_several_files_is_refused(tmp_path: Path, members: tuple) -> None:
    path = zipped(tmp_path, *members, ("folder/", b""))
    with pytest.raises(ParseError, match="must hold one file"):
        read(path)
    assert first_line(path) == ""


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ParseError, match="cannot be read: No such file"):
        read(Path("absent.csv"))
    assert header(Path("absent.csv")) == ()


TYPES = {"n": pl.Int16, "day": pl.Date, "x": pl.Float64}
MIXED = b"""n,day,x
1,2020-01-02,1e3
2.0,1/2/2020,NA
three,2020-01-02 00:00:00,
4.5,2020-13-01,inf
,NA,2
"""


def test_types_of_all_columns_are_checked_together(tmp_path: Path) -> None:
    rows = read_table(written(tmp_path, "file.csv", MIXED), ("n", "day", "x"))
    with pytest.raises(ParseError) as caught:
        with_types(rows, TYPES, "file.csv", empty=("x",))
    message = str(caught.value)
    assert (
        "'n' must hold a whole number, but has 'three' in row 4, '4.5' in row 5, nothing in row 6" in message
    )
    assert "'day' must hold a date, but has '2020-13-01' in row 5, 'NA' in row 6 (2 in all)" in message
    assert "'x' must hold a number, but has 'inf' in row 5 (1 in all)" in message
    good = with_types(rows.head(2), TYPES, "file.csv", empty=("x",))
    assert [str(value) for value in good.row(1)] == ["3", "2", "2020-01-02", "None"]


def test_at_most_five_rows_are_shown(tmp_path: Path) -> None:
    rows = read_table(written(tmp_path, "file.csv", b"n\n" + b"x\n" * 9), ("n",))
    with pytest.raises(ParseError, match=r"'x' in row 2(, 'x' in row \d){4} \(9 in all\)"):
        with_types(rows, {"n": pl.Int8}, "file.csv")


def test_a_number_too_large_for_its_column_is_a_fault(tmp_path: Path) -> None:
    rows = read_table(written(tmp_path, "file.csv", b"n\n300\n"), ("n",))
    with pytest.raises(ParseError, match="'300' in row 2"):
        with_types(rows, {"n": pl.Int8}, "file.csv")
