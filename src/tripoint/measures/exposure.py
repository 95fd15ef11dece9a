"""How exposed is a ground to a power's investment, official finance and visits, where these are on record?"""

import numpy as np
import polars as pl

from tripoint.core.series import LEVEL
from tripoint.measures.dependence import read_income
from tripoint.measures.measure import HALF_WIDTH, Frames, Measure, Progress, Settings, series
from tripoint.measures.records import declared, find_record
from tripoint.sources import codebook
from tripoint.store.corrections import usable

_WITHHELD = "not on record"
_COLUMNS = ("ground", "power", "period", "value", "lower", "upper", "n", "coverage", "note")


def compute(frames: Frames, _settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Investment, finance and visits over windows, wherever they are on record."""
    progress(0.0, "investment, finance and visits")
    income = read_income(frames["state_year"])
    made = {}
    if "fdi_stocks" in frames:
        made["investment_gdp"] = _investment(frames["fdi_stocks"], income)
    if "development_finance" in frames:
        made["finance_gdp"] = _finance(frames["development_finance"], income)
    if "leader_visits" in frames:
        made["visit_count"] = _visits(frames["leader_visits"])
    return {name: series(find_record(name), frame, _WITHHELD) for name, frame in made.items()}


def _investment(stocks: pl.DataFrame, income: pl.DataFrame) -> pl.DataFrame:
    """Positions by the preferred report, bounded by the other report or by what nine in ten pairs differ by."""
    rows = usable(stocks, codebook("fdi_stocks")).select(
        pl.col("host").cast(pl.String).alias("ground"),
        pl.col("investor").cast(pl.String).alias("power"),
        pl.col("year").cast(pl.String).alias("period"),
        pl.col("origin").cast(pl.String),
        pl.col("value").clip(0),
    )
    # What the investor's state counted, then the host's, then what the IMF derived from either. What is derived from a
    # side's report is no second report.
    order = {
        "imf_dip_investor": "investor", "imf_dip_host": "host", "imf_dip_investor_mirror": "host",
        "imf_dip_host_mirror": "investor",
    }  # fmt: skip
    ranked = rows.with_columns(
        pl.col("origin").replace_strict({name: k for k, name in enumerate(order)}).alias("rank"),
        pl.col("origin").replace_strict(order).alias("side"),
    )
    who = ["ground", "power", "period"]
    reports = ranked.sort(*who, "rank").unique([*who, "side"], keep="first", maintain_order=True)
    found = reports.group_by(who, maintain_order=True).agg(
        pl.col("value").first(),
        pl.col("value").min().alias("least"),
        pl.col("value").max().alias("most"),
        pl.len().cast(pl.Int32).alias("n"),
        pl.col("rank").first(),
    )
    two = found.filter(pl.col("n") > 1, pl.col("least") > 0)
    gap = (two["most"] / two["least"]).log().quantile(LEVEL)
    unknown = HALF_WIDTH * declared("exposure").settings["error_unknown"]
    spread = float(np.exp((gap if gap is not None else unknown) / np.sqrt(2)))
    both = found.join(income, on=["ground", "period"])
    return both.select(
        "ground", "power", "period",
        (pl.col("value") / pl.col("income")).alias("value"),
        (pl.min_horizontal("least", pl.col("value") / spread) / pl.col("income")).alias("lower"),
        (pl.max_horizontal("most", pl.col("value") * spread) / pl.col("income")).alias("upper"),
        "n",
        pl.when(pl.col("n") > 1).then(pl.lit("B")).otherwise(pl.lit("C")).alias("coverage"),
        pl.when(pl.col("rank") > 1).then(pl.lit("derived from the other side's report")).alias("note"),
    )  # fmt: skip


def _finance(commitments: pl.DataFrame, income: pl.DataFrame) -> pl.DataFrame:
    """Commitments over windows: official ones, with half of what is vague as the value and all of it as a bound."""
    rows = usable(commitments, codebook("development_finance")).select(
        pl.col("recipient").cast(pl.String).alias("ground"),
        pl.col("lender").cast(pl.String).alias("power"),
        "year",
        pl.when(pl.col("kind").cast(pl.String) == "vague").then(0.0).otherwise(pl.col("value")).alias("sure"),
        pl.col("value").alias("all"),
        pl.lit(1).alias("n"),
    )
    summed = _over_window(rows, ("sure", "all", "n")).join(income, on=["ground", "period"])
    return summed.select(
        "ground", "power", "period",
        ((pl.col("sure") + pl.col("all")) / 2 / pl.col("income")).alias("value"),
        (pl.col("sure") / pl.col("income")).alias("lower"),
        (pl.col("all") / pl.col("income")).alias("upper"),
        pl.col("n").cast(pl.Int32), pl.lit("B").alias("coverage"), pl.lit(None, pl.String).alias("note"),
    )  # fmt: skip


def _visits(visits: pl.DataFrame) -> pl.DataFrame:
    from scipy.special import gammaincinv

    rows = usable(visits, codebook("leader_visits")).select(
        pl.col("host").cast(pl.String).alias("ground"),
        pl.col("visitor").cast(pl.String).alias("power"),
        "year",
        pl.lit(1).alias("n"),
    )
    summed = _over_window(rows, ("n",))
    count = summed["n"].to_numpy().astype(float)
    tail = (1 - LEVEL) / 2
    lower = np.where(count > 0, gammaincinv(np.maximum(count, 1), tail), 0.0)
    return summed.with_columns(
        pl.Series("value", count),
        pl.Series("lower", lower),
        pl.Series("upper", gammaincinv(count + 1, 1 - tail)),
        pl.col("n").cast(pl.Int32),
        pl.lit("B").alias("coverage"),
        pl.lit(None, pl.String).alias("note"),
    ).select(_COLUMNS)


def _over_window(rows: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Sums over the years of a window, for every ground on record and every year that the power's record covers.

    A power's record goes from its first year with a row to its last: sources cover powers over different years, and
    before and after nothing is known, which is not 0.
    """
    window = declared("exposure").settings["window"]
    spans = rows.group_by("power").agg(
        (pl.col("year").min().cast(pl.Int64) + window - 1).alias("first"),
        pl.col("year").max().cast(pl.Int64).alias("last"),
    )
    years = spans.select("power", pl.int_ranges("first", pl.col("last") + 1).alias("end")).explode("end")
    who = rows.select("ground", "power").unique()
    spread = rows.with_columns(
        pl.int_ranges(pl.col("year").cast(pl.Int64), pl.col("year").cast(pl.Int64) + window).alias("end")
    ).explode("end")
    summed = spread.group_by("ground", "power", "end").agg(pl.col(columns).sum())
    return (
        who.join(years.drop_nulls("end"), on="power")
        .join(summed, on=["ground", "power", "end"], how="left")
        .with_columns(pl.col(columns).fill_null(0), pl.col("end").cast(pl.String).alias("period"))
        .drop("end")
    )


MEASURE = Measure("exposure", compute, needs=("state_year",))
