"""What do the lakes of a home hold as a table? Months of all pairs of states, as measures read them."""

from pathlib import Path

import polars as pl

from tripoint.core.provenance import Provenance
from tripoint.store.engines.embedded import answer, days_with_events
from tripoint.store.engines.question import Question
from tripoint.store.lake.ledger import Lake, lakes, paths_of, taken

TABLE = "event_counts"
_TITLES = {"gdelt": "raw files of GDELT", "icews": "raw files of ICEWS", "polecat": "raw files of POLECAT"}


def lake_tables(home: Path) -> tuple[pl.DataFrame, tuple[Provenance, ...]] | None:
    """Give the rows of ``event_counts`` that lakes hold, with where they come from; None without a lake.

    Raises
    ------
    StoreError
        A lake is damaged.
    """
    found = [lake for lake in lakes(home) if lake.parts]
    if not found:
        return None
    rows = pl.concat(_months(home, lake) for lake in found)
    return rows, tuple(_provenance(home, lake, rows) for lake in found)


def _months(home: Path, lake: Lake) -> pl.DataFrame:
    counts = answer(Question("month"), paths_of(home, lake))
    return counts.join(days_covered(home, lake), on="period", how="left").with_columns(
        pl.lit(lake.provider).alias("origin")
    )


def days_covered(home: Path, lake: Lake) -> pl.DataFrame:
    """Days of each month that a lake covers; columns ``period``, ``days``."""
    days = lake_days(home, lake).to_frame("day")
    return days.group_by(pl.col("day").dt.strftime("%Y-%m").alias("period")).agg(
        pl.len().cast(pl.Int64).alias("days")
    )


def lake_days(home: Path, lake: Lake) -> pl.Series:
    """Days that a lake covers, in order: those of GDELT's files, else those on which any two states have an event.

    Files of ICEWS and POLECAT are for years and weeks, and may stop in the middle of one; a day on which nothing
    happened between any two states is a day that they do not cover.
    """
    if lake.provider != "gdelt":
        return days_with_events(paths_of(home, lake))
    files = taken(home, lake).filter(pl.col("fault").is_null(), pl.col("added").is_not_null())
    added = pl.col("added")

    def named_after(form: str) -> pl.Expr:
        return pl.col("name").str.contains(added.dt.strftime(form), literal=True)

    # The files of GDELT before April 2013 hold a month, those before 2006 a year; the last day of it is their stamp.
    first = (
        pl.when(named_after("%Y%m%d"))
        .then(added)
        .when(named_after("%Y%m") | named_after("%Y-%m"))
        .then(added.dt.month_start())
        .otherwise(added.dt.truncate("1y"))
    )
    return files.select(pl.date_ranges(first, added).alias("day")).explode("day")["day"].unique().sort()


def _provenance(home: Path, lake: Lake, rows: pl.DataFrame) -> Provenance:
    """How a lake came to be: its files are listed in it, its dropped rows are counted by reason."""
    files = taken(home, lake).filter(pl.col("fault").is_null())
    return Provenance(
        TABLE,
        f"{_TITLES[lake.provider]}, {files.height} of them",
        (),
        rows.filter(pl.col("origin") == lake.provider).height,
        dropped_rows(files),
    )


def dropped_rows(files: pl.DataFrame) -> dict[str, int]:
    """Rows dropped in some files by reason, the most first."""
    each = files.explode("dropped").unnest("dropped", separator="_").drop_nulls("dropped_reason")
    reasons = each.group_by("dropped_reason").agg(pl.col("dropped_rows").sum())
    return dict(reasons.sort("dropped_rows", "dropped_reason", descending=[True, False]).iter_rows())
