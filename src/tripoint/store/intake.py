"""What is in a file that somebody wants stored: a source's official format, or a tidy table of their own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tripoint.core.codebook import Codebook
from tripoint.core.provenance import RawFile
from tripoint.errors import ParseError, StoreError
from tripoint.sources import SOURCES, codebook
from tripoint.sources.rawfile import check_text, first_line, unpacked
from tripoint.sources.source import Format, Parsed, Source
from tripoint.store.corrections import FLAG
from tripoint.store.files import explaining, sha256_of
from tripoint.store.kinds import conform

#: The source that provenance names for a table that a user brings.
OWN = "own"


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that belong together, by table, and where they come from."""

    tables: dict[str, pl.DataFrame]
    source: str
    format: str
    files: tuple[RawFile, ...]
    dropped: dict[str, int]


def read_file(table: str, path: Path) -> Batch:
    """Read a file as the official format of a source that has the table, else as a tidy CSV or Parquet of it.

    Raises
    ------
    ParseError
        The file is a web page, is empty, or is neither CSV nor Parquet.
    StoreError
        The file cannot be opened.
    UnknownNameError
        No table has that name.
    """
    book = codebook(table)
    if not path.is_file():
        raise StoreError(f"cannot read '{path}': there is no such file")
    for source in SOURCES:
        found = _recognised(source, path) if table in source.tables else None
        if found is not None:
            return _batch(source.name, found.name, [path], [found.read(path)])
    frame, layout = _read_tidy(path, book)
    return _batch(OWN, layout, [path], [Parsed({table: frame}, {})])


def read_pulled(source: Source, paths: Sequence[Path]) -> Batch:
    """Read all raw files of a source and put together what they give.

    Raises
    ------
    ParseError
        No format of the source has the layout of a file.
    """
    formats, parsed = [], []
    for path in paths:
        found = _recognised(source, path)
        if found is None:
            known = "; ".join(layout.title for layout in source.formats) or "none"
            raise ParseError(f"'{path}' has no layout that source {source.name!r} knows. Known: {known}")
        formats.append(found.name)
        parsed.append(found.read(path))
    return _batch(source.name, ", ".join(sorted(set(formats))), paths, parsed)


def part_name_for(path: Path) -> str:
    """Make the name of a part from the name of a file.

    Examples
    --------
    >>> part_name_for(Path("KAZ trade (2023).csv"))
    'kaz-trade-2023'
    """
    return re.sub(r"[^a-z0-9_]+", "-", path.name.split(".")[0].lower()).strip("-_") or "part"


def _recognised(source: Source, path: Path) -> Format | None:
    return next((layout for layout in source.formats if layout.recognise(path)), None)


def _batch(source: str, layout: str, paths: Sequence[Path], parsed: Sequence[Parsed]) -> Batch:
    frames: dict[str, list[pl.DataFrame]] = {}
    dropped: dict[str, int] = {}
    for one in parsed:
        for table, frame in one.tables.items():
            book = codebook(table)
            # A table that was exported carries the flags it had; they are written anew whenever it is read.
            own = frame if book.column(FLAG) else frame.drop(FLAG, strict=False)
            frames.setdefault(table, []).append(conform(own, book))
        for reason, count in one.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
    tables = {table: pl.concat(some, how="vertical_relaxed") for table, some in frames.items()}
    files = tuple(RawFile(path.name, sha256_of(path), path.stat().st_size) for path in paths)
    return Batch(tables, source, layout, files, dropped)


def _read_tidy(path: Path, book: Codebook) -> tuple[pl.DataFrame, str]:
    """Read the columns of a codebook from CSV or Parquet; columns that may be empty may be absent."""
    with explaining(path, "read"), path.open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    try:
        with explaining(path, "read"):
            frame = pl.read_parquet(path) if parquet else _read_csv(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).strip().split("\n")[0]
        kind = "Parquet file" if parquet else "CSV file"
        raise ParseError(f"'{path}' cannot be read as a {kind}: {reason}") from None
    absent = [column.name for column in book.columns if column.nullable and column.name not in frame.columns]
    frame = frame.with_columns(pl.lit(None).alias(name) for name in absent)
    return frame, "tidy Parquet" if parquet else "tidy CSV"


def _read_csv(path: Path) -> pl.DataFrame:
    """Read every column as text, so that no code or number is guessed at; the separator is the header's."""
    with unpacked(path) as plain:
        check_text(plain, path.name)
        line = first_line(plain)
        separator = max(",", ";", "\t", key=line.count)
        frame = pl.read_csv(plain, infer_schema=False, separator=separator)
    return frame.rename(str.strip)
