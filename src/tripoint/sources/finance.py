"""How much do governments lend and firms invest abroad, deal by deal? Chinese finance, as AidData and AEI record it.

Both providers offer spreadsheets; save the sheet as a table with the columns of the codebook and add it with
``tripoint data add``.
"""

from pathlib import Path

import polars as pl

from tripoint.sources.naming import counted, known_codes
from tripoint.sources.source import Parsed, Source

KINDS = {"chn_oda_commitment": "oda", "chn_oof_commitment": "oof", "chn_vague_commitment": "vague"}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def read_extracts(folder: Path) -> Parsed:
    """Read commitments and deals from the shared data folder."""
    commitments = pl.read_parquet(folder / "ties" / "china_finance_gcdf3.parquet").select(
        pl.col("year").cast(pl.Int16),
        pl.col("partner").alias("recipient"),
        pl.col("reporter").alias("lender"),
        pl.col("kind").replace_strict(KINDS, return_dtype=pl.String),
        "value",
        pl.lit("aiddata_gcdf").alias("origin"),
    )
    known = commitments.filter(pl.col("recipient").is_in(known_codes()))
    deals = _deals(pl.read_parquet(folder / "ties" / "china_investment_cgit_deals.parquet"))
    placed = deals.filter(pl.col("host").is_in(known_codes()))
    dropped = {
        "commitment to a region, not a state": commitments.height - known.height,
        "deal in no known state": deals.height - placed.height,
    }
    return Parsed({"development_finance": known, "investment_deals": placed}, counted(dropped))


def _deals(rows: pl.DataFrame) -> pl.DataFrame:
    months = {name: number for number, name in enumerate(MONTHS, start=1)}
    said = [
        pl.when(pl.col(name) != "nan").then(pl.col(name)).alias(name)
        for name in ("investor", "target", "sector")
    ]
    tidy = rows.with_columns(said).select(
        pl.col("year").cast(pl.Int16),
        pl.col("month").replace_strict(months, return_dtype=pl.Int8),
        pl.col("partner").alias("host"),
        pl.col("reporter").alias("investor"),
        pl.col("investor").alias("company"),
        "target",
        "sector",
        pl.col("value").cast(pl.Float64),
        pl.lit("aei_cgit").alias("origin"),
    )
    ordered = tidy.sort("year", "month", maintain_order=True)
    return ordered.with_row_index("deal", offset=1).with_columns(pl.col("deal").cast(pl.Int32))


SOURCE = Source(
    name="finance",
    title="Chinese official finance and investment deals: AidData GCDF 3.0, AEI China Global Investment Tracker",
    tables=("development_finance", "investment_deals"),
    formats=(),
    downloads=(),
    extracts=read_extracts,
)
