"""What the rows of a table must add up to, and which rows of another table they need."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from tripoint.core.codebook import Codebook
from tripoint.store.faults import Fault, examples


@dataclass(frozen=True, slots=True)
class Limit:
    """The values of one column, added up within a group, stay below a limit."""

    table: str
    column: str
    group: tuple[str, ...]
    most: float


@dataclass(frozen=True, slots=True)
class Reference:
    """Every row of one table has its row in another."""

    table: str
    columns: tuple[str, ...]
    target: str


#: Shares are published in whole per cent, so a full list of partners may add up to a little more than 1.
LIMITS = (Limit("trade_shares", "share", ("year", "reporter", "flow", "origin"), 1.02),)

REFERENCES = (Reference("votes", ("collection", "resolution"), "roll_calls"),)


def total_faults(frame: pl.DataFrame, codebook: Codebook) -> list[Fault]:
    """Find groups of rows that add up to more than they can."""
    faults = []
    for limit in LIMITS:
        if limit.table == codebook.table and {limit.column, *limit.group} <= set(frame.columns):
            faults += _limit_faults(frame, limit)
    return faults


def reference_faults(frames: Mapping[str, pl.DataFrame]) -> dict[str, list[Fault]]:
    """Find rows whose counterpart in another table is missing, by table.

    Only tables in ``frames`` are looked at; a table that is not there has no rows.
    """
    faults: dict[str, list[Fault]] = {}
    for reference in REFERENCES:
        if reference.table in frames:
            found = _missing(frames[reference.table], frames.get(reference.target), reference)
            faults.setdefault(reference.table, []).extend(found)
    return faults


def _limit_faults(frame: pl.DataFrame, limit: Limit) -> list[Fault]:
    sums = frame.group_by(limit.group, maintain_order=True).agg(pl.col(limit.column).sum().round(6))
    above = sums.filter(pl.col(limit.column) > limit.most)
    if above.is_empty():
        return []
    message = (
        f"{limit.column!r} adds up to more than {limit.most}: {examples(above, limit.group, limit.column)}"
    )
    return [Fault("totals", message, above.height)]


def _missing(frame: pl.DataFrame, target: pl.DataFrame | None, reference: Reference) -> list[Fault]:
    columns = list(reference.columns)
    if target is None:
        target = frame.clear()
    alone = frame.select(columns).join(target.select(columns), on=columns, how="anti")
    if alone.is_empty():
        return []
    distinct = alone.unique(maintain_order=True)
    message = (
        f"{alone.height} rows of {reference.table!r} have no counterpart in table {reference.target!r}: "
        f"{examples(distinct, columns)}. Add those first"
    )
    return [Fault("totals", message, alone.height)]
