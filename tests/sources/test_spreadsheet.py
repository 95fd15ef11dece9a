"""Spreadsheets that are cut off, packed to explode, damaged or something else end in an error that helps."""

import io
import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from tripoint.errors import ParseError
from tripoint.sources import spreadsheet
from tripoint.sources.spreadsheet import read_sheet, sheet_names

ROWS = [("Title of the sheet",), (), (None, "Year", "Name "), (None, 2015, " Xi "), (None, 2016.0, None), ()]


def workbook(path: Path, **sheets: list[tuple]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def repacked(source: Path, target: Path, **changed: bytes) -> Path:
    """Copy a workbook with other parts."""
    parts = {"sheet": "xl/worksheets/sheet1.xml", "workbook": "xl/workbook.xml"}
    named = {parts[name]: data for name, data in changed.items()}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, named.get(name, old.read(name)))
    return target


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return workbook(tmp_path / "book.xlsx", Cover=[("Who",)], Data=ROWS)


def test_the_header_is_found_below_titles_and_rows_say_where_they_stand(book: Path) -> None:
    assert sheet_names(book) == ("Cover", "Data")
    rows = read_sheet(book, "Data", ("Name", "Year"))
    assert rows.select("row", "Name", "Year").rows() == [(4, "Xi", "2015"), (5, None, "2016")]
    assert rows.schema["Year"] == pl.String


def test_a_spreadsheet_in_an_archive_with_other_files(book: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(book, "Version 3/book.xlsx")
        archive.writestr("Version 3/places.csv", "a,b\n")
        archive.writestr("__MACOSX/._book.xlsx", "junk")
        archive.writestr("Version 3/~$book.xlsx", "lock")
    assert sheet_names(tmp_path / "all.zip") == ("Cover", "Data")
    assert read_sheet(tmp_path / "all.zip", "Data", ("Year",)).height == 2


def test_what_is_missing_is_named(book: Path, tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"no sheet 'GCDF_3\.0'; the file has 'Cover', 'Data'"):
        read_sheet(book, "GCDF_3.0", ("Year",))
    with pytest.raises(
        ParseError, match=r"columns are missing: Month\. The likeliest header has: Year, Name"
    ):
        read_sheet(book, "Data", ("Year", "Month"))
    bare = workbook(tmp_path / "bare.xlsx", Data=[("Year", "Name")], Empty=[])
    with pytest.raises(ParseError, match="no row under the header"):
        read_sheet(bare, "Data", ("Year", "Name"))
    with pytest.raises(ParseError, match="columns are missing: Year"):
        read_sheet(bare, "Empty", ("Year",))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><html>Sign in</html>", "web page, not data"),
        (b"Year,Name\n2015,Xi\n", "this is no .xlsx file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old .xls", "this is no .xlsx file"),
        (b"PK\x03\x04 and nothing behind it", "cut off or damaged"),
    ],
)
def test_what_is_no_spreadsheet(tmp_path: Path, data: bytes, complaint: str) -> None:
    path = tmp_path / "file.xlsx"
    path.write_bytes(data)
    assert sheet_names(path) == ()
    with pytest.raises(ParseError, match=complaint):
        read_sheet(path, "Data", ("Year",))


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.99])
def test_a_spreadsheet_that_is_cut_off(book: Path, tmp_path: Path, kept: float) -> None:
    data = book.read_bytes()
    path = tmp_path / "part.xlsx"
    path.write_bytes(data[: int(len(data) * kept)])
    assert sheet_names(path) == ()
    with pytest.raises(ParseError, match="cut off or damaged"):
        read_sheet(path, "Data", ("Year",))


@pytest.mark.parametrize(
    "sheet",
    [
        b"",
        b"no XML",
        b"<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>999999</v></c>",
        b"<worksheet><sheetData><row r='0'><c r='A0'><v>1</v></c></row></sheetData></worksheet>",
        b"<worksheet><sheetData><row r='x'><c r='?'><v>&#x110000;</v></c></row></sheetData></worksheet>",
        b"\0" * 100,
    ],
)
def test_a_damaged_sheet(tmp_path: Path, sheet: bytes) -> None:
    one = workbook(tmp_path / "one.xlsx", Data=ROWS)
    with pytest.raises(ParseError):
        read_sheet(repacked(one, tmp_path / "damaged.xlsx", sheet=sheet), "Data", ("Year",))


def test_any_damaged_byte_gives_rows_or_an_error_in_words(tmp_path: Path) -> None:
    one = workbook(tmp_path / "one.xlsx", Data=ROWS)
    whole = one.read_bytes()
    path = tmp_path / "bent.xlsx"
    for place in range(0, len(whole), 151):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        sheet_names(path)
        with suppress(ParseError):
            assert read_sheet(path, "Data", ("Year",)).columns == ["row", "Year"]


def test_a_sheet_that_spans_more_cells_than_a_table_has(tmp_path: Path) -> None:
    one = workbook(tmp_path / "one.xlsx", Data=ROWS)
    wide = (
        b"<worksheet><sheetData><row r='1048576'><c r='XFD1048576'><v>1</v></c></row></sheetData></worksheet>"
    )
    with pytest.raises(ParseError, match="spans 1048576 rows and 16384 columns: not safe"):
        read_sheet(repacked(one, tmp_path / "wide.xlsx", sheet=wide), "Data", ("Year",))


def test_a_spreadsheet_packed_to_explode(tmp_path: Path) -> None:
    one = workbook(tmp_path / "one.xlsx", Data=ROWS)
    bomb = repacked(one, tmp_path / "bomb.xlsx", sheet=b" " * (40 * 2**20))
    with pytest.raises(ParseError, match=r"unpack to more than .*: not safe"):
        read_sheet(bomb, "Data", ("Year",))


def test_a_bomb_within_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("book.xlsx", b"PK\x03\x04" + b"\0" * (40 * 2**20))
    assert sheet_names(tmp_path / "all.zip") == ()
    with pytest.raises(ParseError, match="not safe"):
        read_sheet(tmp_path / "all.zip", "Data", ("Year",))


def test_sizes_that_the_archive_understates_are_not_believed(book: Path, tmp_path: Path) -> None:
    """The directory says 10 bytes of a part that has more: nothing beyond is handed on, and the sum fails."""
    data = bytearray(book.read_bytes())
    with zipfile.ZipFile(book) as archive:
        name = b"xl/worksheets/sheet2.xml"
        assert name.decode() in archive.namelist()
    at = data.rindex(name) - 46  # its entry in the central directory
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    lying = tmp_path / "lying.xlsx"
    lying.write_bytes(bytes(data))
    with pytest.raises(ParseError, match="cut off or damaged"):
        read_sheet(lying, "Data", ("Year",))


def test_bounds_hold_for_the_sum_of_all_parts(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(book) as archive:
        sizes = [part.file_size for part in archive.infolist()]
    monkeypatch.setattr(spreadsheet, "MOST_BYTES", sum(sizes) - 1)
    assert max(sizes) < sum(sizes) - 1
    with pytest.raises(ParseError, match="not safe"):
        read_sheet(book, "Data", ("Year",))


def test_an_archive_of_several_spreadsheets_or_none(book: Path, tmp_path: Path) -> None:
    for names, complaint in ((("a.xlsx", "b.xlsx"), "'a.xlsx', 'b.xlsx'"), (("a.csv",), "this has none")):
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
            for name in names:
                archive.writestr(name, book.read_bytes())
        with pytest.raises(ParseError, match=complaint):
            read_sheet(tmp_path / "all.zip", "Data", ("Year",))


def test_a_password_is_said_to_be_one(book: Path, tmp_path: Path) -> None:
    data = bytearray(book.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(mark, at + 4)
    locked = tmp_path / "locked.xlsx"
    locked.write_bytes(bytes(data))
    with pytest.raises(ParseError, match="password"):
        read_sheet(locked, "Data", ("Year",))


def test_names_of_sheets_are_unescaped(tmp_path: Path) -> None:
    book = workbook(tmp_path / "book.xlsx", **{"Trade & <aid>": ROWS})
    assert sheet_names(book) == ("Trade & <aid>",)
    assert read_sheet(book, "Trade & <aid>", ("Year",)).height == 2


def test_a_frame_that_polars_writes_is_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    pl.DataFrame({"Year": [2015, 2016], "Name": ["a", None]}).write_excel(out, worksheet="Data")
    path = tmp_path / "polars.xlsx"
    path.write_bytes(out.getvalue())
    assert read_sheet(path, "Data", ("Year", "Name")).select("Year", "Name").rows() == [
        ("2015", "a"),
        ("2016", None),
    ]
