"""Which tables are stored in a home, part by part, and how rows get in and out.

A part goes in when it is free of faults, or not at all. Every function takes the ``home`` folder, by
default that of the user.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polars as pl

from tripoint.core.codebook import Codebook
from tripoint.core.provenance import Provenance
from tripoint.core.states import find_state
from tripoint.errors import CoverageError, StoreError, TableError, UnknownNameError
from tripoint.sources import SOURCES, codebook, find_source
from tripoint.store import corrections, files, snapshot
from tripoint.store.additions import Added, store
from tripoint.store.checks import check_table
from tripoint.store.faults import Fault, errors
from tripoint.store.intake import part_name_for, read_file, read_pulled
from tripoint.store.kinds import conform
from tripoint.store.manifest import Part, load_parts, read_part, save_parts, tables_folder
from tripoint.store.totals import reference_faults

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Summary:
    """What is stored of one table: its parts, rows, first and last period, and a hash over all parts."""

    table: str
    parts: tuple[str, ...]
    rows: int
    first: str | None
    last: str | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables that a build reads, from wherever they were taken.

    Attributes
    ----------
    frames
        Table name to rows, with the column ``flag`` of the corrections that touch a row.
    provenance
        Table name to where its parts come from.
    hashes
        Table name to a SHA-256 of its content, the same for the same rows in any order, file or part.
    """

    frames: dict[str, pl.DataFrame]
    provenance: dict[str, tuple[Provenance, ...]]
    hashes: dict[str, str]


def add(
    table: str, file: Path, part: str | None = None, *, replace: bool = False, home: Path | None = None
) -> Added:
    """Check a file and store it as a part of a table.

    A file in an official format is stored with all the tables that it holds; any other must be a CSV or
    Parquet file with the columns of the codebook.

    Parameters
    ----------
    part
        Name of the part; the file's own name if not given.
    replace
        Whether the new rows win over a part of that name and over rows with the same key in other parts.

    Raises
    ------
    TableError
        The rows break the codebook or repeat keys; every fault is listed and nothing is changed.
    ParseError
        The file is not what its name promises.
    StoreError
        The disk refuses.
    LockedError
        Another process is writing.
    UnknownNameError
        No table has that name.
    """
    path = Path(file)
    name = files.checked_name("part", part_name_for(path) if part is None else part)
    batch = read_file(table, path)
    return store(batch, name, renew=replace, replace=replace, home=home or files.home())


def add_pulled(source: str, *, replace: bool = False, home: Path | None = None) -> Added:
    """Check all that was pulled from a source and store it, in place of what was stored of it before.

    Raises
    ------
    StoreError
        Nothing was pulled, or a pulled file is missing or altered.
    TableError, ParseError, LockedError, UnknownNameError
        As in `add`.
    """
    found = find_source(source)
    where = home or files.home()
    faults = snapshot.verify(source, where)
    if faults:
        raise StoreError(f"{'; '.join(faults)}. Pull it again: tripoint data pull {source}")
    batch = read_pulled(found, snapshot.paths(source, where))
    return store(batch, source, renew=True, replace=replace, home=where)


def remove(table: str, part: str, home: Path | None = None) -> None:
    """Take a part out of a table.

    Raises
    ------
    UnknownNameError
        The table has no such part.
    LockedError
        Another process is writing.
    """
    where = home or files.home()
    with files.locked(tables_folder(where)):
        known = load_parts(where)
        names = [one.name for one in known if one.table == table]
        if part not in names:
            raise UnknownNameError.of(f"part of table {table!r}", part, names)
        save_parts(where, (one for one in known if (one.table, one.name) != (table, part)))


def parts(table: str, home: Path | None = None) -> tuple[Part, ...]:
    """Parts that are stored of a table, by name.

    Raises
    ------
    UnknownNameError
        No table has that name.
    """
    codebook(table)
    return tuple(part for part in load_parts(home or files.home()) if part.table == table)


def tables(home: Path | None = None) -> tuple[Summary, ...]:
    """Sum up every table of which something is stored, by name."""
    stored = load_parts(home or files.home())
    names = sorted({part.table for part in stored})
    return tuple(_summary(name, [part for part in stored if part.table == name]) for name in names)


def read(table: str, home: Path | None = None) -> pl.DataFrame:
    """All rows of a table, with the column ``flag`` that names the corrections that touch them.

    Raises
    ------
    CoverageError
        Nothing is stored of the table.
    StoreError
        A part is missing or damaged; the message says how to restore it.
    UnknownNameError
        No table has that name.
    """
    book = codebook(table)
    frames = _read_parts(home or files.home(), book)
    if not frames:
        raise CoverageError(
            f"nothing is stored of table {table!r}: pull a source that has it, or add it with "
            f"tripoint data add {table} FILE"
        )
    return corrections.apply(pl.concat(frames), book)


def show(
    table: str,
    where: Mapping[str, str | int] | None = None,
    limit: int = 20,
    home: Path | None = None,
) -> pl.DataFrame:
    """First rows of a table, of those where the columns have the given values.

    Parameters
    ----------
    where
        Column to value; a state may be given by any of its names.

    Raises
    ------
    UnknownNameError
        No table or column has that name.
    CoverageError, StoreError
        As in `read`.
    """
    book = codebook(table)
    frame = read(table, home)
    for name, value in (where or {}).items():
        if name not in frame.columns:
            raise UnknownNameError.of(f"column of table {table!r}", name, frame.columns)
        column = book.column(name)
        text = find_state(str(value)).iso3 if column is not None and column.kind == "state" else str(value)
        frame = frame.filter(pl.col(name).cast(pl.String) == text)
    return frame.head(limit)


def check(home: Path | None = None) -> dict[str, tuple[Fault, ...]]:
    """Compare every stored table with its hashes and its codebook; no faults are an empty tuple."""
    where = home or files.home()
    faults: dict[str, list[Fault]] = {}
    frames: dict[str, pl.DataFrame] = {}
    stored = load_parts(where)
    for table in sorted({part.table for part in stored}):
        faults[table] = _damages(where, [part for part in stored if part.table == table])
        if not faults[table]:
            book = codebook(table)
            frame = pl.concat([read_part(where, part) for part in stored if part.table == table])
            faults[table] += check_table(frame, book)
            frames[table] = frame
    for table, found in reference_faults(frames).items():
        faults[table] += found
    return {table: tuple(found) for table, found in faults.items()}


def read_home(home: Path | None = None) -> Tables:
    """All tables that are stored in a home, with the months of its lakes of events.

    Raises
    ------
    StoreError
        A part or a lake is missing or damaged.
    """
    where = home or files.home()
    stored = load_parts(where)
    names = sorted({part.table for part in stored})
    provenance = {name: tuple(part.provenance for part in stored if part.table == name) for name in names}
    frames = {name: read(name, where) for name in names}
    return _tables(*_with_lakes(frames, provenance, where))


def _with_lakes(
    frames: dict[str, pl.DataFrame], provenance: dict[str, tuple[Provenance, ...]], home: Path
) -> tuple[dict[str, pl.DataFrame], dict[str, tuple[Provenance, ...]]]:
    """Add what the lakes of events hold to the table of the same name."""
    from tripoint.store.lake.table import TABLE, lake_tables

    found = lake_tables(home)
    if found is None:
        return frames, provenance
    rows, origins = found
    book = codebook(TABLE)
    whole = corrections.apply(conform(rows, book), book)
    if TABLE in frames:
        # Rows of an origin that has a lake would count the same events twice: the lake knows its files, and wins.
        others = ~pl.col("origin").cast(pl.String).is_in(rows["origin"].unique().to_list())
        whole = pl.concat([frames[TABLE].filter(others), whole], how="vertical_relaxed")
    return {**frames, TABLE: whole}, {**provenance, TABLE: (*provenance.get(TABLE, ()), *origins)}


def read_extracts(root: Path) -> Tables:
    """All tables that the sources keep as extracts in a shared data folder.

    Raises
    ------
    TableError
        An extract breaks its codebook; every fault is listed.
    """
    frames: dict[str, list[pl.DataFrame]] = {}
    provenance: dict[str, tuple[Provenance, ...]] = {}
    for source in SOURCES:
        if source.extracts is None:
            continue
        parsed = source.extracts(root)
        for table, frame in parsed.tables.items():
            frames.setdefault(table, []).append(conform(frame, codebook(table)))
            origin = Provenance(source.name, "extract", (), frame.height, parsed.dropped)
            provenance[table] = (*provenance.get(table, ()), origin)
    whole = {table: pl.concat(some, how="vertical_relaxed") for table, some in sorted(frames.items())}
    _refuse_faults(whole)
    return _tables(
        {name: corrections.apply(frame, codebook(name)) for name, frame in whole.items()}, provenance
    )


def _refuse_faults(frames: Mapping[str, pl.DataFrame]) -> None:
    faults = [(name, fault) for name in frames for fault in errors(check_table(frames[name], codebook(name)))]
    if not faults:
        faults = [(name, fault) for name, found in reference_faults(frames).items() for fault in found]
    if faults:
        raise TableError("the extracts", [f"{name}: {fault}" for name, fault in faults])


def _tables(frames: dict[str, pl.DataFrame], provenance: dict[str, tuple[Provenance, ...]]) -> Tables:
    hashes = {name: content_hash(frame, codebook(name)) for name, frame in frames.items()}
    return Tables(frames, provenance, hashes)


def content_hash(frame: pl.DataFrame, book: Codebook) -> str:
    """SHA-256 of the declared columns of a table, sorted by key: rows, not files, decide."""
    declared = [column.name for column in book.columns]
    return sha256(frame.select(declared).sort(book.key).write_csv().encode("utf-8")).hexdigest()


def _read_parts(home: Path, book: Codebook) -> list[pl.DataFrame]:
    """Rows of each part. A writer may replace parts meanwhile: then the new list is read instead."""
    for attempt in range(_ATTEMPTS):
        stored = load_parts(home)
        try:
            return [_current(home, part, book) for part in stored if part.table == book.table]
        except StoreError:
            if attempt + 1 == _ATTEMPTS or load_parts(home) == stored:
                raise
    return []


def _current(home: Path, part: Part, book: Codebook) -> pl.DataFrame:
    frame = read_part(home, part)
    if frame.columns != [column.name for column in book.columns]:
        raise StoreError(
            f"part {part.name!r} of table {part.table!r} was stored under another codebook: "
            f"add its file again with --part {part.name} --replace, or pull it again"
        )
    return frame


def _damages(home: Path, stored: list[Part]) -> list[Fault]:
    faults = []
    for part in stored:
        try:
            _current(home, part, codebook(part.table))
        except StoreError as error:
            faults.append(Fault("damaged", str(error), part.provenance.rows))
    return faults


def _summary(table: str, stored: list[Part]) -> Summary:
    text = "".join(f"{part.name} {part.sha256}\n" for part in stored)
    firsts = [part.first for part in stored if part.first is not None]
    lasts = [part.last for part in stored if part.last is not None]
    return Summary(
        table,
        tuple(part.name for part in stored),
        sum(part.provenance.rows for part in stored),
        min(firsts, default=None),
        max(lasts, default=None),
        sha256(text.encode("utf-8")).hexdigest(),
    )
