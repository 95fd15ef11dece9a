"""Which leaders travel where? Visits of Chinese leaders abroad since 1949, by year.

The provider offers a spreadsheet; save it as a table with the columns of the codebook and add it with
``tripoint data add``.
"""

from pathlib import Path

import polars as pl

from tripoint.sources.naming import counted, known_codes
from tripoint.sources.source import Parsed, Source

_VISIT = ("year", "visitor", "host", "leader")


def read_extracts(folder: Path) -> Parsed:
    """Read visits from the shared data folder."""
    rows = pl.read_parquet(folder / "ties" / "china_leader_visits_1949_2025.parquet").select(
        pl.col("year").cast(pl.Int16),
        pl.col("reporter").alias("visitor"),
        pl.col("partner").alias("host"),
        pl.col("leader").str.strip_chars(),
        pl.col("level").str.strip_chars(),
        pl.lit("ceias").alias("origin"),
    )
    states = rows.filter(pl.col("host").is_in(known_codes()))
    numbered = states.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int16).over(_VISIT).alias("visit"))
    return Parsed(
        {"leader_visits": numbered.select(*_VISIT, "visit", "level", "origin").sort(*_VISIT, "visit")},
        counted({"not a state": rows.height - states.height}),
    )


SOURCE = Source(
    name="visits",
    title="Travel of Chinese leaders: CEIAS",
    tables=("leader_visits",),
    formats=(),
    downloads=(),
    extracts=read_extracts,
)
