"""How is a spreadsheet read that nobody vouches for? Unpacked within bounds, packed anew, one sheet as text.

A spreadsheet is an archive of XML files, so it can be cut off, packed to explode, or claim a table of any
size. What is inside is unpacked within bounds and packed anew before a reader sees it, so that no size in the
archive needs to be believed; a sheet that claims too many cells is refused.
"""

import html
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from tripoint.errors import ParseError
from tripoint.sources.rawfile import refuse_page

#: All that is in a spreadsheet may unpack to this many bytes,
MOST_BYTES = 2**30
#: and to this many times its packed size, once it is larger than the grace.
MOST_RATIO = 300
RATIO_GRACE = 16 * 2**20
#: A sheet may span this many cells, empty ones among them.
MOST_CELLS = 50_000_000
#: Rows of titles that may stand above the header.
MOST_PREAMBLE = 40
#: Spreadsheets to read from archives that are published with others beside them.
KNOWN_WORKBOOKS = ("AidDatasGlobalChineseDevelopmentFinanceDataset_v3.0.xlsx",)

_CHUNK = 2**20
_ZIP = b"PK\x03\x04"
_PARTS = "xl/workbook.xml"
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,7})([0-9]{1,10})["']""")
_SHEET = re.compile(r"""<(?:\w+:)?sheet\b[^>]*?\bname\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_AGAIN = "fetch it again, or open it to see what it is"
_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


def sheet_names(path: Path) -> tuple[str, ...]:
    """Give the names of the sheets of a spreadsheet, or of the one in an archive; empty if it is none.

    Meant for telling formats apart: it never raises for a strange file.
    """
    try:
        with _workbook(path) as plain, zipfile.ZipFile(plain) as archive:
            return _names(archive)
    except (ParseError, OSError, *_DAMAGES):
        return ()


def read_sheet(
    path: Path, sheet: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> pl.DataFrame:
    """Read the named columns of one sheet as text.

    Parameters
    ----------
    path
        An .xlsx file, or a .zip file with one among others.
    required, optional
        Columns of the header, which may have titles above it.

    Returns
    -------
    polars.DataFrame
        The required columns, the optional ones (all null where the sheet has none) and ``row``, the place in the
        sheet. Everything is text without outer spaces; empty is null. Rows with nothing in any of the columns are
        left out.

    Raises
    ------
    ParseError
        The file is a web page, cut off, damaged, not safe to unpack, or has no such sheet or columns.
    """
    with _workbook(path) as plain, tempfile.TemporaryDirectory(prefix="tripoint-") as folder:
        clean = Path(folder) / "clean.xlsx"
        _repack(plain, clean, path.name)
        with zipfile.ZipFile(clean) as archive:
            names = _names(archive)
        if sheet not in names:
            shown = ", ".join(repr(name) for name in names[:10]) or "none"
            raise ParseError(
                f"{path.name}: there is no sheet {sheet!r}; the file has {shown}. Is it the right file?"
            )
        cells = _cells(clean, sheet, path.name)
    return _under_header(cells, required, optional, f"{path.name}, sheet {sheet!r}")


@contextmanager
def _workbook(path: Path) -> Iterator[Path]:
    """Give the path of the spreadsheet itself, out of the archive it may lie in."""
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise ParseError(f"'{path}' cannot be read: {error.strerror}") from None
    refuse_page(start, path.name)
    if not start.startswith(_ZIP):
        what = "the file is empty" if not start else "this is no .xlsx file"
        raise ParseError(f"{path.name}: {what}; {_AGAIN}")
    with _explained(path.name), zipfile.ZipFile(path) as archive:
        member = None if _PARTS in archive.namelist() else _inner(archive, path.name)
    if member is None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="tripoint-") as folder:
        plain = Path(folder) / "workbook.xlsx"
        with _explained(path.name), zipfile.ZipFile(path) as archive, plain.open("wb") as out:
            for chunk in _bounded(archive, [member], path.stat().st_size, path.name):
                out.write(chunk)
        yield plain


def _inner(archive: zipfile.ZipFile, file: str) -> zipfile.ZipInfo:
    members = [
        member
        for member in archive.infolist()
        if member.filename.lower().endswith(".xlsx")
        and not member.filename.startswith("__MACOSX/")
        and not Path(member.filename).name.startswith("~$")
    ]
    known = [member for member in members if Path(member.filename).name in KNOWN_WORKBOOKS]
    chosen = known or members
    if len(chosen) != 1:
        names = ", ".join(repr(member.filename) for member in chosen[:10]) or "none"
        raise ParseError(f"{file}: one .xlsx file must be inside, this has {names}; unpack the one meant")
    return chosen[0]


@contextmanager
def _explained(file: str) -> Iterator[None]:
    """Say in words what the unpacking libraries object to."""
    try:
        yield
    except (NotImplementedError, RuntimeError):
        raise ParseError(
            f"{file}: packed with a password or an unusual method; save it without one"
        ) from None
    except _DAMAGES as error:
        raise ParseError(f"{file}: the spreadsheet is cut off or damaged ({error}); {_AGAIN}") from None


def _bounded(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], packed_size: int, file: str, before: int = 0
) -> Iterator[bytes]:
    """Unpack members piece by piece, as long as the sum stays within the bounds."""
    size = before
    for member in members:
        with archive.open(member) as packed:
            while chunk := packed.read(_CHUNK):
                size += len(chunk)
                if size > MOST_BYTES or (size > RATIO_GRACE and size > MOST_RATIO * packed_size):
                    raise ParseError(
                        f"{file}: {packed_size} bytes unpack to more than {size - len(chunk)}: not safe. "
                        "If you trust the file, save the sheet as CSV with the columns of the codebook"
                    )
                yield chunk


def _repack(source: Path, clean: Path, file: str) -> None:
    """Copy an archive member by member; what it says about sizes is not taken over."""
    size, packed_size = 0, source.stat().st_size
    with _explained(file), zipfile.ZipFile(source) as archive:
        members = {member.filename: member for member in archive.infolist() if not member.is_dir()}
        with zipfile.ZipFile(clean, "w", zipfile.ZIP_STORED) as out:
            for name, member in members.items():
                with out.open(name, "w") as written:
                    for chunk in _bounded(archive, [member], packed_size, file, size):
                        written.write(chunk)
                        size += len(chunk)


def _names(archive: zipfile.ZipFile) -> tuple[str, ...]:
    if _PARTS not in archive.namelist():
        return ()
    with archive.open(_PARTS) as part:
        text = part.read(_CHUNK).decode("utf-8", "replace")
    return tuple(html.unescape(double or single) for double, single in _SHEET.findall(text))


def _cells(clean: Path, sheet: str, file: str) -> pl.DataFrame:
    import fastexcel  # of use to those alone who add a spreadsheet

    _refuse_wide(clean, file)
    try:
        frame = (
            fastexcel.read_excel(str(clean)).load_sheet(sheet, header_row=None, dtypes="string").to_polars()
        )
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError) as error:
        reason = str(error).strip().split("\n")[0]
        raise ParseError(f"{file}: sheet {sheet!r} cannot be read ({reason}); {_AGAIN}") from None
    text = pl.all().cast(pl.String).str.strip_chars()
    return frame.select(pl.when(text != "").then(text).name.keep())


def _refuse_wide(clean: Path, file: str) -> None:
    """Refuse a sheet that spans more cells than a table has; a reader would set aside room for all of them."""
    with zipfile.ZipFile(clean) as archive:
        for name in archive.namelist():
            if not name.lower().startswith("xl/worksheets/"):
                continue
            columns, last = set(), 0
            for found in _CELL.finditer(archive.read(name)):
                columns.add(found[1])
                last = max(last, int(found[2]))
            width = max((_column(letters) for letters in columns), default=0)
            if width * last > MOST_CELLS:
                raise ParseError(
                    f"{file}: {name} spans {last} rows and {width} columns: not safe. "
                    "If you trust the file, save the sheet as CSV with the columns of the codebook"
                )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _under_header(
    cells: pl.DataFrame, required: tuple[str, ...], optional: tuple[str, ...], place: str
) -> pl.DataFrame:
    heads = [[str(name or "") for name in row] for row in cells.head(MOST_PREAMBLE).iter_rows()]
    wanted = {*required, *optional}
    best = max(range(len(heads)), key=lambda k: len(wanted & set(heads[k])), default=None)
    names = [] if best is None else heads[best]
    missing = [name for name in required if name not in names]
    if best is None or missing:
        shown = ", ".join(name for name in names[:30] if name)[:300] or "nothing"
        raise ParseError(
            f"{place}: columns are missing: {', '.join(missing)}. The likeliest header has: {shown}. "
            "Is this the right file?"
        )
    chosen = {
        name: pl.col(cells.columns[names.index(name)]) if name in names else pl.lit(None, pl.String)
        for name in (*required, *optional)
    }
    numbered = cells.with_row_index("row", offset=1).slice(best + 1).select("row", **chosen)
    rows = numbered.filter(pl.any_horizontal(pl.col(*chosen).is_not_null()))
    if rows.is_empty():
        raise ParseError(f"{place}: there is no row under the header; {_AGAIN}")
    return rows
