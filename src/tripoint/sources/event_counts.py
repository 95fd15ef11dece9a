"""How many events between states are on record, of which kind? Sums of ICEWS and scores of GDELT, as others made them.

Raw files of GDELT, ICEWS and POLECAT are taken in with ``tripoint events ingest`` and become the same table.
"""

from pathlib import Path

import polars as pl

from tripoint.sources.naming import counted, known_codes
from tripoint.sources.source import Parsed, Source

#: Columns of the extract in the order of the four classes.
_QUADS = {
    "verbCoop": "verbal_cooperation",
    "matlCoop": "material_cooperation",
    "verbConf": "verbal_conflict",
    "matlConf": "material_conflict",
}


def read_extracts(folder: Path) -> Parsed:
    """Read yearly sums of ICEWS and monthly scores of GDELT from the shared data folder."""
    counts, unknown = _yearly(folder / "events" / "icews_dyad_year_quad_2002_2014.parquet")
    scores, odd = _monthly(folder / "events" / "gdelt2_dyad_month_score_2018_2024.parquet")
    dropped = {"not a state (yearly sums)": unknown, "not a state (monthly scores)": odd}
    return Parsed({"event_counts": counts, "event_scores": scores}, counted(dropped))


def _yearly(path: Path) -> tuple[pl.DataFrame, int]:
    rows = pl.read_parquet(path).with_columns(pl.col("source", "target").cast(pl.String))
    states = rows.filter(pl.col("source").is_in(known_codes()), pl.col("target").is_in(known_codes()))
    found = states.select(
        pl.col("year").cast(pl.String).alias("period"),
        "source",
        "target",
        *(pl.col(raw).cast(pl.Int64).alias(name) for raw, name in _QUADS.items()),
        *(
            pl.lit(None, pl.Int64).alias(name)
            for name in ("scored", "hundredths", "squares", "mentions", "days")
        ),
        pl.lit("icews_years").alias("origin"),
    )
    return found.sort("period", "source", "target"), rows.height - states.height


def _monthly(path: Path) -> tuple[pl.DataFrame, int]:
    rows = pl.read_parquet(path).with_columns(pl.col("a", "b").cast(pl.String))
    states = rows.filter(pl.col("a").is_in(known_codes()), pl.col("b").is_in(known_codes()))
    period = pl.format("{}-{}", pl.col("year"), pl.col("month").cast(pl.String).str.zfill(2))
    found = states.select(
        period.alias("period"),
        pl.min_horizontal("a", "b").alias("first"),
        pl.max_horizontal("a", "b").alias("second"),
        pl.col("score_sum").cast(pl.Float64).alias("score"),
        pl.col("n_days").cast(pl.Int64).alias("days"),
        pl.lit("gdelt_scores").alias("origin"),
    )
    return found.sort("period", "first", "second"), rows.height - states.height


SOURCE = Source(
    name="event_counts",
    title="Events between states: ICEWS by year, GDELT by month; your own raw files by tripoint events ingest",
    tables=("event_counts", "event_scores"),
    formats=(),
    downloads=(),
    extracts=read_extracts,
)
