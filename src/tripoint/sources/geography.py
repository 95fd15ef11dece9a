"""Where do states lie to each other? Distances, borders, and what history gave them in common."""

from pathlib import Path

import polars as pl

from tripoint.errors import ParseError
from tripoint.sources.naming import counted, known_codes
from tripoint.sources.source import Parsed, Source

#: What the extract calls an origin and a unit; part of its file format.
EXTRACT_ORIGINS = {
    "CEPII GeoDist 2011": "cepii_geodist",
    "COW Direct Contiguity 3.2": "cow_contiguity",
    "CShapes 2.0 via peacesciencer": "cshapes",
}
EXTRACT_UNITS = {"km": "kilometres", "indicator": "indicator", "1=land..5": "type"}


def read_extracts(folder: Path) -> Parsed:
    """Read geography from the shared data folder."""
    path = folder / "ties" / "geography_dyadic.parquet"
    rows = pl.read_parquet(path)
    for column, known in (("source", EXTRACT_ORIGINS), ("unit", EXTRACT_UNITS)):
        unknown = sorted(set(rows[column]) - known.keys())
        if unknown:
            raise ParseError(f"{path.name}: nothing is known of {column} {unknown}; add it beside the reader")
    states = rows.filter(pl.all_horizontal(pl.col("reporter", "partner").is_in(known_codes())))
    between = states.filter(pl.col("reporter") != pl.col("partner"))
    observed = between.filter(pl.col("value").is_not_nan() & pl.col("value").is_not_null())
    tidy = observed.select(
        pl.col("year").cast(pl.Int16),
        pl.col("reporter").alias("state"),
        "partner",
        pl.col("kind").alias("indicator"),
        pl.col("value").cast(pl.Float64),
        pl.col("unit").replace_strict(EXTRACT_UNITS),
        pl.col("source").replace_strict(EXTRACT_ORIGINS).alias("origin"),
    ).unique(maintain_order=True)
    dropped = {
        "not a state": rows.height - states.height,
        "to itself": states.height - between.height,
        "not observed": between.height - observed.height,
        "repeated row": observed.height - tidy.height,
    }
    return Parsed({"geography": tidy}, counted(dropped))


SOURCE = Source(
    name="geography",
    title="Distances and borders: CEPII GeoDist, COW Direct Contiguity, CShapes",
    tables=("geography",),
    formats=(),
    downloads=(),
    extracts=read_extracts,
)
