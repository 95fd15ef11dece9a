"""How new rows join the stored tables: checked with what is there, then all of them at once."""

from dataclasses import dataclass
from dataclasses import replace as replace_fields
from pathlib import Path

import polars as pl

from tripoint.core.codebook import Codebook
from tripoint.core.provenance import Provenance
from tripoint.errors import StoreError, TableError
from tripoint.sources import codebook
from tripoint.store.checks import check_table
from tripoint.store.faults import Fault, errors, examples, warnings
from tripoint.store.files import locked
from tripoint.store.intake import Batch
from tripoint.store.manifest import Part, load_parts, read_part, save_parts, tables_folder, write_part
from tripoint.store.totals import REFERENCES, reference_faults


@dataclass(frozen=True, slots=True)
class Added:
    """What an addition did.

    Attributes
    ----------
    parts
        The parts that were written, one for each table.
    warnings
        What a person should look at, table by table: coverage that shrank, values of another magnitude.
    unchanged
        Whether the same raw files were stored under that name before, so that nothing had to be done.
    """

    parts: tuple[Part, ...]
    warnings: tuple[Fault, ...] = ()
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class _Addition:
    """What is asked for, and what is stored already."""

    home: Path
    name: str
    batch: Batch
    renew: bool
    replace: bool
    stored: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class _Staged:
    """One table of an addition: its new rows, what the other parts keep, and what is wrong with it."""

    book: Codebook
    frame: pl.DataFrame
    others: tuple[tuple[Part, pl.DataFrame], ...]
    faults: tuple[Fault, ...]

    @property
    def has_its_columns(self) -> bool:
        """Whether every declared column is there with values of its kind."""
        return not any(fault.kind in ("columns", "kinds") for fault in self.faults)

    @property
    def whole(self) -> pl.DataFrame:
        """The table as it would be."""
        return pl.concat([self.frame, *(rows for _, rows in self.others)])


def store(batch: Batch, name: str, *, renew: bool, replace: bool, home: Path) -> Added:
    """Store the tables of a batch as parts of that name.

    Parameters
    ----------
    renew
        Whether a part of that name may be replaced.
    replace
        Whether rows with the same key are taken out of the other parts.

    Raises
    ------
    TableError
        The rows break the codebook or repeat keys; every fault is listed and nothing is changed.
    StoreError
        The disk refuses; nothing is changed.
    LockedError
        Another process is writing.
    """
    with locked(tables_folder(home)):
        addition = _Addition(home, name, batch, renew, replace, load_parts(home))
        present = _present(addition)
        if present:
            return Added(present, unchanged=True)
        staged = [_stage(addition, table) for table in batch.tables]
        faults = [fault for one in staged for fault in one.faults] + _reference_faults(addition, staged)
        if errors(faults):
            origin = ", ".join(file.name for file in batch.files)
            raise TableError(
                f"{', '.join(batch.tables)} from '{origin}'", [str(one) for one in errors(faults)]
            )
        return Added(_write(addition, staged), warnings(faults))


def _present(addition: _Addition) -> tuple[Part, ...]:
    """Find parts that the same raw files gave before; none unless every table has its own."""
    if addition.renew:
        return ()
    same = tuple(
        part
        for part in addition.stored
        if part.name == addition.name
        and part.table in addition.batch.tables
        and part.provenance.source == addition.batch.source
        and part.provenance.files == addition.batch.files
    )
    return same if len(same) == len(addition.batch.tables) else ()


def _stage(addition: _Addition, table: str) -> _Staged:
    book, frame = codebook(table), addition.batch.tables[table]
    before = [part for part in addition.stored if part.table == table and part.name == addition.name]
    faults = []
    if frame.is_empty():
        faults.append(Fault("rows", "there are no rows", 0))
    if before and not addition.renew:
        remedy = "replace it (--replace) or choose another name (--part)"
        faults.append(Fault("parts", f"a part called {addition.name!r} is stored already; {remedy}", 0))
    faults += check_table(frame, book, _read_if_sound(addition.home, before[0], book) if before else None)
    alone = _Staged(book, frame, (), tuple(faults))
    return _beside_others(addition, alone) if alone.has_its_columns else alone


def _beside_others(addition: _Addition, staged: _Staged) -> _Staged:
    """Compare the keys with those of the other parts of the table."""
    others, faults = [], list(staged.faults)
    for part in addition.stored:
        if part.table != staged.book.table or part.name == addition.name:
            continue
        rows = read_part(addition.home, part)
        repeated = rows.join(staged.frame, on=staged.book.key, how="semi")
        if repeated.height and not addition.replace:
            faults.append(_overlap(part, repeated, staged.book))
        elif repeated.height:
            rows = rows.join(staged.frame, on=staged.book.key, how="anti")
        others.append((part, rows))
    return replace_fields(staged, others=tuple(others), faults=tuple(faults))


def _overlap(part: Part, repeated: pl.DataFrame, book: Codebook) -> Fault:
    message = (
        f"{repeated.height} keys are in part {part.name!r} already: {examples(repeated, book.key)}. "
        "To let the new rows win, use --replace"
    )
    return Fault("keys", message, repeated.height)


def _read_if_sound(home: Path, part: Part, book: Codebook) -> pl.DataFrame | None:
    """Rows of the version before; None if it is damaged or of another codebook, and so replaced."""
    try:
        rows = read_part(home, part)
    except StoreError:
        return None
    return rows if rows.columns == [column.name for column in book.columns] else None


def _reference_faults(addition: _Addition, staged: list[_Staged]) -> list[Fault]:
    """Compare with each other the tables as they would be."""
    if not all(one.has_its_columns for one in staged):
        return []
    frames = {one.book.table: one.whole for one in staged}
    for reference in REFERENCES:
        pair = {reference.table, reference.target}
        for table in pair - frames.keys() if pair & frames.keys() else ():
            parts = [part for part in addition.stored if part.table == table]
            if parts:
                frames[table] = pl.concat([read_part(addition.home, part) for part in parts])
    return [fault for found in reference_faults(frames).values() for fault in found]


def _write(addition: _Addition, staged: list[_Staged]) -> tuple[Part, ...]:
    """Write the files, then the list that makes all of them count at once."""
    batch, written = addition.batch, []
    touched = {one.book.table for one in staged}
    kept = [part for part in addition.stored if part.table not in touched]
    for one in staged:
        origin = Provenance(batch.source, batch.format, batch.files, one.frame.height, batch.dropped)
        written.append(write_part(addition.home, addition.name, one.frame, one.book, origin))
        for part, rows in one.others:
            kept += _kept(addition, part, rows, one.book)
    save_parts(addition.home, [*kept, *written])
    return tuple(written)


def _kept(addition: _Addition, part: Part, rows: pl.DataFrame, book: Codebook) -> list[Part]:
    """Say what stays of another part: itself, the rows that the new part did not replace, or nothing."""
    before = part.provenance
    if rows.height == before.rows:
        return [part]
    if rows.is_empty():
        return []
    reason = f"replaced by part {addition.name}"
    dropped = before.dropped | {reason: before.dropped.get(reason, 0) + before.rows - rows.height}
    return [
        write_part(
            addition.home, part.name, rows, book, replace_fields(before, rows=rows.height, dropped=dropped)
        )
    ]
