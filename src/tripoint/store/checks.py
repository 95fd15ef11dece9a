"""Whether a table is what its codebook says, and how it compares with the version before it.

Each kind of check lists all that it finds, so that a person sees every fault of a file at once.
"""

import polars as pl

from tripoint.core.codebook import Codebook, Column
from tripoint.core.states import find_state
from tripoint.errors import UnknownStateError
from tripoint.store.corrections import FLAG, apply, usable
from tripoint.store.drift import drift_faults
from tripoint.store.faults import Fault, errors, examples, warnings
from tripoint.store.kinds import MOST_UNKNOWN, WORDS, fits, misfits
from tripoint.store.totals import reference_faults, total_faults


def check_table(
    frame: pl.DataFrame, codebook: Codebook, previous: pl.DataFrame | None = None, *, strict: bool = False
) -> tuple[Fault, ...]:
    """Compare a table with its codebook and with the version before it.

    Parameters
    ----------
    previous
        The same part as it was; what shrank or changed its magnitude since is a warning.
    strict
        Whether shrunken coverage is an error.

    Returns
    -------
    tuple of Fault
        All of them, errors and warnings; empty if nothing is wrong.
    """
    faults = _column_faults(frame, codebook)
    sound = [
        column
        for column in codebook.columns
        if column.name in frame.columns and fits(frame.get_column(column.name), column)
    ]
    for column in sound:
        faults += _null_faults(frame, codebook, column)
        faults += _range_faults(frame, codebook, column)
        faults += _allowed_faults(frame, codebook, column)
        faults += _state_faults(frame, column)
        faults += _period_faults(frame, codebook, column)
    if set(codebook.key) <= {column.name for column in sound}:
        faults += _key_faults(frame, codebook)
    if len(sound) == len(codebook.columns):
        # Rows that are known to be wrong need not add up: their correction says so.
        faults += total_faults(usable(apply(frame, codebook), codebook), codebook)
        if previous is not None:
            faults += drift_faults(frame, previous, codebook, strict=strict)
    return tuple(faults)


def _column_faults(frame: pl.DataFrame, codebook: Codebook) -> list[Fault]:
    """Columns that are missing, of another kind, or not declared."""
    faults = []
    for column in codebook.columns:
        if column.name not in frame.columns:
            faults.append(Fault("columns", f"column {column.name!r} is missing: {column.meaning}", 0))
        elif not fits(frame.get_column(column.name), column):
            faults.append(_kind_fault(frame, codebook, column))
    stray = [name for name in frame.columns if codebook.column(name) is None and name != FLAG]
    if stray:
        known = ", ".join(column.name for column in codebook.columns)
        faults.append(Fault("columns", f"not in the codebook: {', '.join(stray)}. Declared: {known}", 0))
    return faults


def _kind_fault(frame: pl.DataFrame, codebook: Codebook, column: Column) -> Fault:
    """Say which values of a column have another kind than declared."""
    values = frame.get_column(column.name)
    rows = frame.filter(misfits(values, column))
    found = examples(rows, codebook.key, column.name) or f"the column is stored as {values.dtype}"
    return Fault("kinds", f"{column.name!r} must hold {WORDS[column.kind]}; {found}", max(rows.height, 1))


def _null_faults(frame: pl.DataFrame, codebook: Codebook, column: Column) -> list[Fault]:
    if column.nullable or frame.get_column(column.name).null_count() == 0:
        return []
    rows = frame.filter(pl.col(column.name).is_null())
    message = f"{column.name!r} is empty in {_rows(rows)}: {examples(rows, codebook.key)}"
    return [Fault("nulls", message, rows.height)]


def _range_faults(frame: pl.DataFrame, codebook: Codebook, column: Column) -> list[Fault]:
    if column.kind not in ("integer", "number"):
        return []
    value = pl.col(column.name)
    outside = (
        value.is_nan() | value.is_infinite() if frame.schema[column.name].is_float() else pl.lit(value=False)
    )
    if column.minimum is not None:
        outside |= value < column.minimum
    if column.maximum is not None:
        outside |= value > column.maximum
    rows = frame.filter(outside)
    if rows.is_empty():
        return []
    lowest = "" if column.minimum is None else f" from {column.minimum:g}"
    highest = "" if column.maximum is None else f" to {column.maximum:g}"
    message = (
        f"{column.name!r} must be a number{lowest}{highest}; {examples(rows, codebook.key, column.name)}"
    )
    return [Fault("ranges", message, rows.height)]


def _allowed_faults(frame: pl.DataFrame, codebook: Codebook, column: Column) -> list[Fault]:
    if not column.allowed:
        return []
    value = pl.col(column.name)
    rows = frame.filter(
        value.is_not_null() & ~value.cast(pl.String).is_in([str(one) for one in column.allowed])
    )
    if rows.is_empty():
        return []
    allowed = ", ".join(repr(one) for one in column.allowed)
    message = f"{column.name!r} must be one of {allowed}; {examples(rows, codebook.key, column.name)}"
    return [Fault("allowed", message, rows.height)]


def _state_faults(frame: pl.DataFrame, column: Column) -> list[Fault]:
    """Values that are no state, each with the nearest name, or that are not written as its code."""
    if column.kind != "state":
        return []
    counts = frame.get_column(column.name).drop_nulls().cast(pl.String).value_counts(sort=True)
    faults = []
    for place, (name, rows) in enumerate(counts.iter_rows()):
        if len(faults) == MOST_UNKNOWN:
            rest = counts.slice(place)
            message = f"{column.name!r}: {rest.height} more values not looked at; does it hold states?"
            return [*faults, Fault("states", message, int(rest.get_column("count").sum()))]
        try:
            code = find_state(name).iso3
        except UnknownStateError as error:
            faults.append(Fault("states", f"{column.name!r}: {error}", rows))
            continue
        if code != name:
            faults.append(Fault("states", f"{column.name!r}: write {code!r} for {name!r}", rows))
    return faults


def _period_faults(frame: pl.DataFrame, codebook: Codebook, column: Column) -> list[Fault]:
    """Periods written as text that are neither a year nor a month."""
    if column.name != codebook.period or column.kind != "text":
        return []
    form = r"^\d{4}(-(0[1-9]|1[0-2]))?$"
    rows = frame.filter(~pl.col(column.name).cast(pl.String).str.contains(form))
    if rows.is_empty():
        return []
    message = f"{column.name!r} must look like 2023 or 2023-05; {examples(rows, codebook.key, column.name)}"
    return [Fault("periods", message, rows.height)]


def _key_faults(frame: pl.DataFrame, codebook: Codebook) -> list[Fault]:
    key = list(codebook.key)
    repeated = frame.select(key).filter(pl.struct(key).is_duplicated())
    if repeated.is_empty():
        return []
    distinct = repeated.unique(maintain_order=True)
    message = f"{distinct.height} keys stand in more than one row: {examples(distinct, key)}"
    return [Fault("keys", message, repeated.height)]


def _rows(frame: pl.DataFrame) -> str:
    return "1 row" if frame.height == 1 else f"{frame.height} rows"


__all__ = ["Fault", "check_table", "errors", "reference_faults", "warnings"]
