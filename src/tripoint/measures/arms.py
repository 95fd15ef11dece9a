"""Who arms the ground, and who took whose place as a supplier, for every pair of powers and every ground?"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import LEVEL
from tripoint.measures.measure import (
    HALF_WIDTH,
    Frames,
    Measure,
    Progress,
    Settings,
    grade,
    series,
    thresholds,
)
from tripoint.measures.records import declared, find_record
from tripoint.measures.windows import Floats, WindowShares, window_shares, window_sums
from tripoint.models.splits import jeffreys_interval
from tripoint.sources import codebook
from tripoint.store.corrections import usable

_WITHHELD = "too few deliveries"


@dataclass(frozen=True, slots=True)
class _Deliveries:
    """Amounts by recipient, supplier and year: zero where none was delivered."""

    states: NDArray[np.str_]
    years: NDArray[np.int64]
    amounts: Floats


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Shares, ties, displacement and contest in arms, everywhere."""
    window = declared("arms").settings["window"]
    progress(0.0, "deliveries of arms")
    deliveries = _deliveries(frames["arms_transfers"], settings.powers)
    shares = window_shares(deliveries.amounts, window)
    made = {
        "presence_arms": _presence(deliveries, shares, settings.powers),
        "arms_tie": _ties(deliveries, window),
    }
    progress(0.5, "displacement in arms")
    pairs = list(combinations(sorted(settings.powers), 2))
    made["displacement_arms"] = pl.concat(_displacement(deliveries, shares, pair, window) for pair in pairs)
    made["arms_contest"] = made["displacement_arms"].with_columns(
        pl.col("value").abs(),
        pl.max_horizontal(0.0, pl.col("value").abs() - (pl.col("upper") - pl.col("value"))).alias("lower"),
        (pl.col("value").abs() + (pl.col("upper") - pl.col("value"))).alias("upper"),
    )
    return {name: series(find_record(name), frame, _WITHHELD) for name, frame in made.items()}


def _deliveries(table: pl.DataFrame, powers: tuple[str, ...]) -> _Deliveries:
    rows = usable(table, codebook("arms_transfers")).with_columns(
        pl.col("recipient", "supplier").cast(pl.String)
    )
    states = np.unique(
        np.concatenate([rows["recipient"].to_numpy(), rows["supplier"].to_numpy(), list(powers)])
    )
    year = rows["year"].to_numpy().astype(np.int64)
    years = np.arange(year.min(), year.max() + 1)
    amounts = np.zeros((len(states), len(states), len(years)))
    place = (
        np.searchsorted(states, rows["recipient"].to_numpy()),
        np.searchsorted(states, rows["supplier"].to_numpy()),
        year - years[0],
    )
    np.add.at(amounts, place, rows["value"].to_numpy())
    return _Deliveries(states, years, amounts)


def _presence(deliveries: _Deliveries, shares: WindowShares, powers: tuple[str, ...]) -> pl.DataFrame:
    """Shares of every supplier with any, and of every power: a power that delivered nothing was observed with none."""
    power = np.isin(deliveries.states, powers)[None, :, None]
    other = ~np.eye(len(deliveries.states), dtype=bool)[:, :, None]
    ground, supplier, year = np.nonzero(np.isfinite(shares.value) & other & (power | (shares.value > 0)))
    effective = shares.effective[ground, year]
    return pl.DataFrame(
        {
            "ground": deliveries.states[ground],
            "power": deliveries.states[supplier],
            "period": deliveries.years[year].astype(str),
            "value": shares.value[ground, supplier, year],
            "lower": shares.lower[ground, supplier, year],
            "upper": shares.upper[ground, supplier, year],
            "n": np.rint(effective).astype(int),
            "coverage": grade(thresholds().deliveries, effective),
        }
    ).with_columns(pl.lit(None, pl.String).alias("note"))


def _ties(deliveries: _Deliveries, window: int) -> pl.DataFrame:
    """Share of the arms imports of both states of a pair that came from each other."""
    supplied = window_sums(deliveries.amounts, window)
    total = window_sums(deliveries.amounts.sum(1), window)
    squares = window_sums(np.square(deliveries.amounts).sum(1), window)
    one, two = np.triu_indices(len(deliveries.states), 1)
    both = total[one] + total[two]
    mutual = supplied[one, two] + supplied[two, one]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(both > 0, mutual / both, np.nan)
        effective = np.where(both > 0, np.maximum(both**2 / (squares[one] + squares[two]), 1.0), np.nan)
    lower, upper = jeffreys_interval(value * effective, effective, effective, LEVEL)
    pair, year = np.nonzero(np.isfinite(value))
    return pl.DataFrame(
        {
            "first": deliveries.states[one[pair]],
            "second": deliveries.states[two[pair]],
            "period": deliveries.years[year].astype(str),
            "value": value[pair, year],
            "lower": np.minimum(lower, value)[pair, year],
            "upper": np.maximum(upper, value)[pair, year],
            "n": np.rint(effective[pair, year]).astype(int),
            "coverage": grade(thresholds().deliveries, effective[pair, year]),
        }
    ).with_columns(pl.lit(None, pl.String).alias("note"))


def _displacement(
    deliveries: _Deliveries, shares: WindowShares, pair: tuple[str, str], window: int
) -> pl.DataFrame:
    """What the first supplier of a pair gained from the second between two windows that do not overlap."""
    one, two = np.searchsorted(deliveries.states, pair)
    outside = ~np.isin(deliveries.states, pair)
    now, before = np.s_[outside, :, window:], np.s_[outside, :, :-window]
    value, variance = shares.value, shares.variance
    a1, b1, a0, b0 = (value[span][:, who] for span in (now, before) for who in (one, two))
    va1, vb1, va0, vb0 = (variance[span][:, who] for span in (now, before) for who in (one, two))
    gain = a1 * b0 - a0 * b1
    first_order = b0**2 * va1 + a1**2 * vb0 + b1**2 * va0 + a0**2 * vb1
    # Where shares are near 0 the products of their errors are what counts.
    half = HALF_WIDTH * np.sqrt(first_order + va1 * vb0 + va0 * vb1)
    effective = np.minimum(shares.effective[outside, window:], shares.effective[outside, :-window])
    ground, year = np.nonzero(np.isfinite(gain))
    return pl.DataFrame(
        {
            "first": pair[0],
            "second": pair[1],
            "ground": deliveries.states[outside][ground],
            "period": deliveries.years[window:][year].astype(str),
            "value": gain[ground, year],
            "lower": (gain - half)[ground, year],
            "upper": (gain + half)[ground, year],
            "n": np.rint(effective[ground, year]).astype(int),
            "coverage": grade(thresholds().deliveries, effective[ground, year]),
        }
    ).with_columns(pl.lit(None, pl.String).alias("note"), pl.col("value", "lower", "upper").cast(pl.Float64))


MEASURE = Measure("arms", compute)
