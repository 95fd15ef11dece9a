"""Whether a new version of a table still covers what the last one did, in the same magnitude.

A publisher that drops states or switches from dollars to thousands of dollars breaks no rule of the
codebook; only the version before shows it.
"""

import polars as pl

from tripoint.core.codebook import Codebook
from tripoint.store.faults import SHOWN, Fault

#: A median ratio of new to old values outside these bounds asks for a second look.
BOUNDS = (0.5, 2.0)


def drift_faults(new: pl.DataFrame, old: pl.DataFrame, codebook: Codebook, *, strict: bool) -> list[Fault]:
    """Compare two versions of one part: states and periods that went, values that changed their magnitude."""
    watched = [column.name for column in codebook.columns if column.kind == "state"]
    if codebook.period is not None:
        watched.append(codebook.period)
    faults = []
    for name in watched:
        faults += _coverage_faults(new, old, name, strict=strict)
    for column in codebook.columns:
        if column.kind == "number" and column.name not in codebook.key:
            faults += _magnitude_faults(new, old, codebook, column.name)
    return faults


def _coverage_faults(new: pl.DataFrame, old: pl.DataFrame, name: str, *, strict: bool) -> list[Fault]:
    before = _as_text(old.get_column(name))
    gone = sorted(set(before.unique()) - set(_as_text(new.get_column(name)).unique()))
    if not gone:
        return []
    more = f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
    message = f"{name!r} no longer has {', '.join(gone[:SHOWN])}{more}, which the version before had"
    return [
        Fault("coverage", message, before.filter(before.is_in(gone)).len(), "error" if strict else "warning")
    ]


def _magnitude_faults(new: pl.DataFrame, old: pl.DataFrame, codebook: Codebook, name: str) -> list[Fault]:
    """Compare the values that both versions have, by publisher, flow or indicator."""
    key = list(codebook.key)
    kinds = [column.name for column in codebook.columns if column.name in key and column.allowed]
    group = pl.concat_str(kinds, separator=", ") if kinds else pl.lit("all rows")
    ratios = (
        new.select(*key, pl.col(name).alias("new"))
        .join(old.select(*key, pl.col(name).alias("old")), on=key, how="inner")
        .filter((pl.col("new") > 0) & (pl.col("old") > 0))
        .group_by(group.alias("group"))
        .agg((pl.col("new") / pl.col("old")).median().alias("ratio"), pl.len().alias("rows"))
        .filter(~pl.col("ratio").is_between(*BOUNDS))
        .sort("group")
    )
    return [
        Fault("magnitude", f"{name!r} is {ratio:.3g} times the version before ({group})", rows, "warning")
        for group, ratio, rows in ratios.iter_rows()
    ]


def _as_text(values: pl.Series) -> pl.Series:
    """Values that are there; days count by their year, or every day without a vote would be a gap."""
    return (values.dt.year() if values.dtype == pl.Date else values).drop_nulls().cast(pl.String)
