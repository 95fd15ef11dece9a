"""How much does a ground depend on a power in trade, how concentrated is its trade, and what could others take over?"""

import numpy as np
import polars as pl

from tripoint.measures import presence
from tripoint.measures.measure import HALF_WIDTH, Frames, Measure, Progress, Settings, series
from tripoint.measures.records import declared, find_record
from tripoint.models.concentration import herfindahl_most, replaceable
from tripoint.sources import codebook
from tripoint.store.corrections import usable

_WITHHELD = "the total of its trade is not known"
_NUMBERS = ("value", "lower", "upper")


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Openness, dependence and concentration of all states, and how replaceable each power is in every ground."""
    progress(0.0, "totals of trade")
    totals = presence.turnover_totals(frames)
    shares = frames["presence_turnover"].filter(pl.col("value").is_not_null())
    openness = _openness(totals, read_income(frames["state_year"]))
    progress(0.5, "dependence and concentration")
    dependence = _dependence(shares, openness)
    concentration = _concentration(shares, _on_one_list(frames))
    made = {
        "openness": openness.rename({"ground": "state"}),
        "dependence": dependence,
        "dependence_asymmetry": _asymmetry(dependence),
        "concentration": concentration,
        "effective_partners": _inverse(concentration),
        "replaceability": _replaceability(
            shares.filter(pl.col("power").is_in(settings.powers)), _growth(totals)
        ),
    }
    return {name: series(find_record(name), frame, _WITHHELD) for name, frame in made.items()}


def read_income(state_year: pl.DataFrame) -> pl.DataFrame:
    """Gross domestic product in million current dollars: columns ``ground``, ``period``, ``income``."""
    rows = usable(state_year, codebook("state_year"))
    return rows.filter(pl.col("indicator").cast(pl.String) == "gdp_current_usd", pl.col("value") > 0).select(
        pl.col("state").cast(pl.String).alias("ground"),
        pl.col("year").cast(pl.String).alias("period"),
        (pl.col("value") / 1e6).alias("income"),
    )


def _openness(totals: pl.DataFrame, income: pl.DataFrame) -> pl.DataFrame:
    both = totals.join(income, on=["ground", "period"])
    spread = (HALF_WIDTH * pl.col("error")).exp()
    value = pl.col("total") / pl.col("income")
    return both.select(
        "ground", "period", value.alias("value"), (value / spread).alias("lower"), (value * spread).alias("upper"),
        pl.col("partners").cast(pl.Int32).alias("n"), pl.col("coverage"), pl.lit(None, pl.String).alias("note"),
    )  # fmt: skip


def _dependence(shares: pl.DataFrame, openness: pl.DataFrame) -> pl.DataFrame:
    both = shares.join(
        openness.select("ground", "period", *_NUMBERS, "coverage"), on=["ground", "period"], suffix="_open"
    )
    return both.with_columns(
        *(pl.col(name) * pl.col("value_open") for name in _NUMBERS),
        pl.max_horizontal("coverage", "coverage_open").alias("coverage"),
    ).select("ground", "power", "period", *_NUMBERS, "n", "coverage", "note")


def _asymmetry(dependence: pl.DataFrame) -> pl.DataFrame:
    one = dependence.rename({"ground": "first", "power": "second"}).filter(pl.col("first") < pl.col("second"))
    other = dependence.rename({"power": "first", "ground": "second"})
    both = one.join(other, on=["first", "second", "period"], suffix="_other")
    value = pl.col("value") - pl.col("value_other")
    half = (
        (pl.col("upper") - pl.col("lower")).pow(2) + (pl.col("upper_other") - pl.col("lower_other")).pow(2)
    ).sqrt() / 2
    return both.select(
        "first", "second", "period", value.alias("value"), (value - half).alias("lower"), (value + half).alias("upper"),
        pl.min_horizontal("n", "n_other").alias("n"),
        pl.max_horizontal("coverage", "coverage_other").alias("coverage"),
        pl.coalesce("note", "note_other").alias("note"),
    )  # fmt: skip


def _on_one_list(frames: Frames) -> pl.DataFrame:
    """What partners on one of two published lists may hold of turnover, per state and year.

    Columns ``least`` and ``most`` (sums of squares, as if the other list held nothing of them, and as much as its
    smallest entry), ``held`` and ``room`` (sums of the same shares, and of what could come to them), ``lump`` (the most
    that a partner on neither list can hold).
    """
    key = ["ground", "period"]
    sides = [
        frames[name].filter(pl.col("value").is_not_null()).select(*key, "power", pl.col("value").alias(side))
        for name, side in (("presence_export", "sold"), ("presence_import", "bought"))
    ]
    both = (
        sides[0]
        .join(sides[1], on=[*key, "power"], how="full", coalesce=True)
        .with_columns(
            *(
                pl.col(side).filter(pl.col(side) > 0).min().over(key).alias(f"least_{side}")
                for side in ("sold", "bought")
            )
        )
    )
    held = pl.coalesce("sold", "bought") / 2
    room = pl.when(pl.col("sold").is_null()).then("least_sold").otherwise("least_bought") / 2
    single = pl.col("sold").is_null() != pl.col("bought").is_null()
    return (
        both.sort(*key, "power")
        .group_by(key, maintain_order=True)
        .agg(
            held.filter(single).pow(2).sum().alias("least"),
            (held + room).filter(single).pow(2).sum().alias("most"),
            held.filter(single).sum().alias("held"),
            room.filter(single).sum().alias("room"),
            ((pl.col("least_sold") + pl.col("least_bought")) / 2).first().alias("lump"),
        )
    )


def _concentration(shares: pl.DataFrame, single: pl.DataFrame) -> pl.DataFrame:
    """Sum of squares per state and year; errors of shares independent, bounds where only main partners are listed."""
    listed = pl.col("note").str.contains("published share").fill_null(value=False)
    error = (pl.col("upper") - pl.col("lower")) / (2 * HALF_WIDTH)
    graded = declared("dependence").settings["least_graded"]
    found = (
        shares.group_by("ground", "period", maintain_order=True)
        .agg(
            pl.col("value").pow(2).sum().alias("squares"),
            (2 * pl.col("value") * error).pow(2).sum().sqrt().alias("error"),
            (1 - pl.col("value").sum()).alias("rest"),
            pl.len().cast(pl.Int32).alias("n"),
            listed.any().alias("listed"),
            pl.col("coverage").filter(pl.col("value") >= graded).max().fill_null("C").alias("coverage"),
        )
        .join(single, on=["ground", "period"], how="left", maintain_order="left")
        .with_columns(pl.col("least", "most", "held", "room", "lump").fill_null(0.0))
    )
    squares, error_of, only = (found[name].to_numpy() for name in ("squares", "error", "listed"))
    left = (found["rest"] - found["held"] - found["room"]).clip(0, 1).to_numpy()
    least = squares + found["least"].to_numpy()
    most = herfindahl_most(squares + found["most"].to_numpy(), found["lump"].to_numpy(), left)
    half = HALF_WIDTH * error_of
    return found.select(
        pl.col("ground").alias("state"), "period", pl.Series("value", np.where(only, (least + most) / 2, squares)),
        pl.Series("lower", np.maximum(0, np.where(only, least, squares) - half)),
        pl.Series("upper", np.where(only, most, squares) + half),
        "n", "coverage",
        pl.when("listed").then(pl.lit("published shares of main partners")).alias("note"),
    ).filter(pl.col("n") > 1)  # fmt: skip


def _inverse(concentration: pl.DataFrame) -> pl.DataFrame:
    most = find_record("effective_partners").maximum
    return concentration.with_columns(
        (1 / pl.col("value")).alias("value"),
        (1 / pl.col("upper")).alias("lower"),
        (1 / pl.col("lower").clip(1 / most)).alias("upper"),
    )


def _growth(totals: pl.DataFrame) -> dict[str, float]:
    """Growth in turnover over the declared years that a quarter of all states and years exceeded, and its bounds."""
    constants = declared("dependence").settings
    dated = totals.select("ground", pl.col("period").cast(pl.Int32).alias("year"), "total")
    before = dated.with_columns(pl.col("year") + constants["years"])
    both = dated.join(before, on=["ground", "year"], suffix="_before").filter(pl.col("total_before") > 0)
    growth = (both["total"] / both["total_before"] - 1).to_numpy()
    low, high = constants["unsure"]
    ranks = {"value": constants["quantile"], "lower": low, "upper": high}
    return {name: float(np.quantile(growth, rank)) if growth.size else 0.0 for name, rank in ranks.items()}


def _replaceability(shares: pl.DataFrame, growth: dict[str, float]) -> pl.DataFrame:
    """What others could take over; least where the share is largest and growth slow."""
    of = {"value": "value", "lower": "upper", "upper": "lower"}
    known = {name: replaceable(shares[share].to_numpy(), growth[name]) for name, share in of.items()}
    return shares.with_columns(*(pl.Series(name, found) for name, found in known.items()))


MEASURE = Measure("dependence", compute, uses=("presence_export", "presence_import", "presence_turnover"))
