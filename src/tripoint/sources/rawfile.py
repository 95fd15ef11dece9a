"""How is a raw file opened that nobody vouches for? Unpacked within bounds, checked as text, read as a table.

What comes from the network or from a user may be a web page, cut off, packed to explode, or another file
altogether. Each of these ends in a `ParseError` that names the file, the line where there is one, and what to
do.
"""

import codecs
import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import polars as pl

from tripoint.errors import ParseError

#: A file may unpack to this many bytes,
MOST_BYTES = 4 * 2**30
#: and to this many times its packed size, once it is larger than the grace.
MOST_RATIO = 300
RATIO_GRACE = 16 * 2**20
#: No field of a table is longer than this many bytes; one that is comes from a quote that nobody closed.
LONGEST_FIELD = 1_000_000
#: Files to read from archives that are published with others beside them.
KNOWN_MEMBERS = ("atop5_1ddyr.csv",)
#: Rows named in one message.
ROWS_SHOWN = 5

_CHUNK = 2**20
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_SUFFIXES = (".csv", ".tab", ".tsv", ".json")
_SEPARATORS = {".tab": "\t", ".tsv": "\t"}
_AGAIN = "fetch it again, or open it to see what it is"


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the path of the plain text inside a .gz or .zip file, or the path itself.

    Raises
    ------
    ParseError
        The file is empty, cut off, damaged, packs more than one file, or unpacks to more than the bounds.
    """
    with _opened(path) as file:
        magic = file.read(4)
    if not magic:
        raise ParseError(f"{path.name}: the file is empty; {_AGAIN}")
    if not magic.startswith((_GZIP, _ZIP)):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="tripoint-") as folder:
        plain = Path(folder) / _plain_name(path)
        with _explained(path), _packed(path, magic) as packed, plain.open("wb") as out:
            _copy_bounded(packed, out, path)
        yield plain


def first_line(path: Path) -> str:
    """Give the first line of a possibly packed text file, at most 64 kB; empty if it cannot be read as text.

    Meant for telling formats apart: it reads no more than it needs and never raises for a strange file.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
        with _packed(path, magic) as packed:
            return packed.readline(65536).decode("utf-8-sig", "replace").strip()
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, ParseError, NotImplementedError):
        return ""


def header(path: Path) -> tuple[str, ...]:
    """Give the column names in the first line; empty if it is no table."""
    line = first_line(path)
    return tuple(name.strip().strip('"') for name in line.split(_separator(path, line))) if line else ()


def check_text(path: Path, name: str) -> None:
    """Check that a file is UTF-8 text without NUL bytes, and no web page.

    Parameters
    ----------
    name
        The file's name in messages.

    Raises
    ------
    ParseError
        It is not; the message names the line.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    with path.open("rb") as file:
        start = file.read(512)
        refuse_page(start, name)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise ParseError(f"{name}: this is UTF-16 text; save the file as UTF-8 and try again")
        file.seek(0)
        while chunk := file.read(_CHUNK):
            if (at := chunk.find(b"\0")) >= 0:
                line += chunk.count(b"\n", 0, at)
                raise ParseError(
                    f"{name}: NUL byte in line {line}: this is no text file, or damaged; {_AGAIN}"
                )
            _decode(decoder, chunk, line, name)
            line += chunk.count(b"\n")
    _decode(decoder, b"", line, name, final=True)


def refuse_page(start: bytes, name: str) -> None:
    """Refuse a web page by its first bytes.

    Raises
    ------
    ParseError
        It is one.
    """
    if is_page(start):
        raise ParseError(
            f"{name}: this is a web page, not data: the server answered with a form, a login or an error. "
            "Open the address in a browser and save the file itself"
        )


def is_page(start: bytes) -> bool:
    """Whether some first bytes begin a web page."""
    opening = start.removeprefix(codecs.BOM_UTF8).lstrip()[:15].lower()
    return opening.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def read_table(path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> pl.DataFrame:
    """Read a CSV or tab-separated file as text, the named columns only.

    Returns
    -------
    polars.DataFrame
        The required columns, the optional ones (all null where the file has none), and ``row``, the place in
        the file with the header as row 1. Everything is text without outer spaces; empty is null.

    Raises
    ------
    ParseError
        The file is not such a table; all missing columns are named.
    """
    with unpacked(path) as plain:
        check_text(plain, path.name)
        names = header(plain)
        missing = [name for name in required if name not in names]
        if missing:
            raise ParseError(
                f"{path.name}: columns are missing: {', '.join(missing)}. "
                f"Line 1 has: {_shown(names)}. Is this the right file, with its header line?"
            )
        frame = _scan(plain, path.name, [name for name in (*required, *optional) if name in names])
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in optional if name not in names]
    text = pl.col(pl.String).str.strip_chars()
    return frame.with_columns(pl.when(text != "").then(text).name.keep()).with_columns(absent)


def with_types(
    rows: pl.DataFrame,
    types: dict[str, pl.DataType | type[pl.DataType]],
    file: str,
    empty: tuple[str, ...] = (),
) -> pl.DataFrame:
    """Turn text columns into numbers and dates; 'NA' and empty are null.

    Parameters
    ----------
    types
        Column to type. Dates are read as 2023-12-31, 12/31/2023 or 2023-12-31 00:00:00.
    empty
        Columns that may be empty; in the others an empty field is a fault.

    Raises
    ------
    ParseError
        Values that do not fit, of all columns together, with the first five rows of each.
    """
    converted = rows.with_columns(_converted(name, dtype).alias(name) for name, dtype in types.items())
    faults = []
    for name, dtype in types.items():
        lost = converted.get_column(name).is_null()
        wrong = lost if name not in empty else lost & _said(rows.get_column(name))
        if wrong.any():
            faults.append(_fault(rows.filter(wrong), name, dtype))
    if faults:
        raise ParseError(f"{file}: " + "; ".join(faults) + ". The file is damaged or has another layout")
    return converted


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise ParseError(f"'{path}' cannot be read: {error.strerror}") from None
    with file:
        yield file


@contextmanager
def _packed(path: Path, magic: bytes) -> Iterator[IO[bytes]]:
    """Open what is inside a gzip or zip file, or the file itself."""
    if magic.startswith(_GZIP):
        with gzip.open(path) as file:
            yield file  # pyright: ignore[reportReturnType]
    elif magic.startswith(_ZIP):
        with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive, path)) as file:
            yield file
    else:
        with path.open("rb") as file:
            yield file


def _only_member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    known = [member for member in members if Path(member.filename).name in KNOWN_MEMBERS]
    if len(known) == 1:
        return known[0]
    if len(members) != 1:
        names = ", ".join(repr(member.filename) for member in members[:10]) or "none"
        raise ParseError(
            f"{path.name}: a zip file must hold one file, this one has {names}; unpack the one meant"
        )
    return members[0]


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say in words what the unpacking libraries object to."""
    try:
        yield
    except EOFError:
        raise ParseError(f"{path.name}: the packed file is cut off; {_AGAIN}") from None
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        raise ParseError(f"{path.name}: the packed file is damaged ({error}); {_AGAIN}") from None
    except OSError as error:
        raise ParseError(f"{path.name}: cannot be unpacked: {error.strerror}") from None
    except (NotImplementedError, RuntimeError):
        raise ParseError(
            f"{path.name}: packed with a password or an unusual method; unpack it by hand"
        ) from None


def _plain_name(path: Path) -> str:
    """Name for the unpacked file: with the suffix that says how it is separated."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return "plain" + next((suffix for suffix in reversed(suffixes) if suffix in _SUFFIXES), ".csv")


def _copy_bounded(packed: IO[bytes], out: IO[bytes], path: Path) -> None:
    size, packed_size = 0, path.stat().st_size
    while chunk := packed.read(_CHUNK):
        size += len(chunk)
        if size > MOST_BYTES or (size > RATIO_GRACE and size > MOST_RATIO * packed_size):
            raise ParseError(
                f"{path.name}: {packed_size} bytes unpack to more than {size - len(chunk)}: not safe. "
                "If you trust the file, unpack it by hand"
            )
        out.write(chunk)
    if not size:
        raise ParseError(f"{path.name}: the file inside is empty; {_AGAIN}")


def _decode(
    decoder: codecs.IncrementalDecoder, chunk: bytes, line: int, name: str, *, final: bool = False
) -> None:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        line += error.object.count(b"\n", 0, error.start)
        raise ParseError(
            f"{name}: line {line} is not UTF-8 text (byte 0x{error.object[error.start]:02x}); "
            "save the file as UTF-8 and try again"
        ) from None


def _separator(path: Path, line: str) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    declared = next((_SEPARATORS[suffix] for suffix in suffixes if suffix in _SEPARATORS), None)
    return declared or max((",", "\t", ";"), key=line.count)


def _scan(plain: Path, name: str, wanted: list[str]) -> pl.DataFrame:
    try:
        frame = pl.read_csv(
            plain,
            separator=_separator(plain, first_line(plain)),
            infer_schema=False,
        )
    except pl.exceptions.NoDataError:
        raise ParseError(f"{name}: there is no row under the header line; {_AGAIN}") from None
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise ParseError(
            f"{name}: the rows do not have the shape of the header line ({reason}); {_AGAIN}"
        ) from None
    if frame.is_empty():
        raise ParseError(f"{name}: there is no row under the header line; {_AGAIN}")
    frame.columns = [
        column.strip().strip('"') or f"column {place}" for place, column in enumerate(frame.columns)
    ]
    # Every column is read, wanted or not: an open quotation mark in any of them swallows rows.
    _check_fields(frame, name)
    return frame.select(wanted).with_row_index("row", offset=2)


def _check_fields(frame: pl.DataFrame, file: str) -> None:
    for name in frame.columns:
        too_long = (frame.get_column(name).str.len_bytes() > LONGEST_FIELD).arg_true()
        if len(too_long):
            raise ParseError(
                f"{file}: row {too_long[0] + 2} has more than {LONGEST_FIELD} bytes in column {name!r}: "
                "a quotation mark is not closed there; repair that line"
            )


def _converted(name: str, dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    text = pl.col(name)
    if dtype == pl.Date:
        day = text.str.slice(0, 10)
        return pl.coalesce(
            day.str.to_date("%Y-%m-%d", strict=False), text.str.to_date("%m/%d/%Y", strict=False)
        )
    # Whole numbers are often written as 120.0; what is not whole must not pass as one.
    number = text.cast(pl.Float64, strict=False)
    number = pl.when(number.is_finite()).then(number)
    if dtype == pl.Float64:
        return number
    return pl.when(number == number.round()).then(number).cast(dtype, strict=False)


def _said(values: pl.Series) -> pl.Series:
    return values.is_not_null() & (values != "NA").fill_null(value=True)


def _fault(rows: pl.DataFrame, name: str, dtype: pl.DataType | type[pl.DataType]) -> str:
    kind = "a date" if dtype == pl.Date else "a number" if dtype == pl.Float64 else "a whole number"
    shown = ", ".join(
        f"{value!r} in row {row}" if value is not None else f"nothing in row {row}"
        for row, value in rows.select("row", name).head(ROWS_SHOWN).iter_rows()
    )
    return f"column {name!r} must hold {kind}, but has {shown} ({rows.height} in all)"


def _shown(names: tuple[str, ...]) -> str:
    return ", ".join(names[:30])[:300] or "nothing"
