"""Who took whose share in the ground's trade, for every pair of powers and every ground?"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import GRADES
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
from tripoint.measures.presence import report_kinds
from tripoint.measures.records import declared, find_record
from tripoint.models.displacement import Errors, cumulated_gain

_WITHHELD = "too few observed years in the window"


@dataclass(frozen=True, slots=True)
class _Window:
    """How one measure sums: in which shares, over how many years, and whether the sign is dropped."""

    measure: str
    shares: str
    years: int
    fold: bool = False


WINDOWS = (
    _Window("displacement", "presence_turnover", 1),
    _Window("displacement_5y", "presence_turnover", 5),
    _Window("displacement_10y", "presence_turnover", 10),
    _Window("displacement_export_10y", "presence_export", 10),
    _Window("displacement_import_10y", "presence_import", 10),
    _Window("contest", "presence_turnover", 5, fold=True),
)


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Displacement between all pairs of powers in all grounds, over all windows."""
    result = {}
    kinds = report_kinds(frames)
    for done, window in enumerate(WINDOWS):
        progress(done / len(WINDOWS), f"displacement over {window.years} years")
        shares = _as_shares(frames[window.shares], kinds[window.shares], tuple(sorted(settings.powers)))
        rows = pl.concat(
            [_pair(shares, pair, window) for pair in combinations(range(len(settings.powers)), 2)]
        )
        result[window.measure] = series(find_record(window.measure), rows, _WITHHELD)
    return result


@dataclass(frozen=True, slots=True)
class _Shares:
    """Shares, their errors, grades (0 is A) and whether only listed; (grounds, powers, years), NaN if not observed.

    ``kind`` numbers whose report a share rests on, ``size`` is the class of its flow.
    """

    grounds: NDArray[np.str_]
    powers: tuple[str, ...]
    years: NDArray[np.int64]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    kind: NDArray[np.int64]
    size: NDArray[np.int64]
    grade: NDArray[np.float64]
    listed: NDArray[np.float64]


def _as_shares(frame: pl.DataFrame, kinds: pl.DataFrame, powers: tuple[str, ...]) -> _Shares:
    known = frame.filter(pl.col("power").is_in(powers), pl.col("value").is_not_null())
    seen = known.join(kinds, on=["ground", "power", "period"], how="left")
    grounds, ground = np.unique(seen["ground"].to_numpy(), return_inverse=True)
    power = np.searchsorted(np.array(powers), seen["power"].to_numpy())
    year = seen["period"].cast(pl.Int64).to_numpy()
    years = np.arange(year.min(), year.max() + 1)
    value = np.full((len(grounds), len(powers), len(years)), np.nan)
    error = np.full_like(value, np.nan)
    value[ground, power, year - years[0]] = seen["value"].to_numpy()
    error[ground, power, year - years[0]] = (seen["upper"] - seen["lower"]).to_numpy() / (2 * HALF_WIDTH)
    kind, size = np.zeros(value.shape, np.int64), np.zeros(value.shape, np.int64)
    kind[ground, power, year - years[0]] = seen["kind"].rank("dense").to_numpy()
    size[ground, power, year - years[0]] = seen["size"].to_numpy()
    grades = np.full_like(value, np.nan)
    grades[ground, power, year - years[0]] = [GRADES.index(letter) for letter in seen["coverage"]]
    listed = np.full_like(value, np.nan)
    published = seen["note"].str.contains("published share").fill_null(value=False)
    listed[ground, power, year - years[0]] = published.to_numpy()
    return _Shares(grounds, powers, years, value, error, kind, size, grades, listed)


def _worst(values: NDArray[np.float64], pair: tuple[int, int], years: int) -> NDArray[np.float64]:
    """Largest value of a pair in the years of every window and its base, per ground; NaN counts for nothing."""
    both = np.maximum(values[:, pair[0]], values[:, pair[1]])  # NaN where either was not observed
    slack = declared("displacement").settings["slack"]
    for _ in range(slack):  # a base before the window stands at its start
        both[:, 1:] = np.where(np.isnan(both[:, 1:]), both[:, :-1], both[:, 1:])
    padded = np.concatenate([np.full((len(both), years), np.nan), both], axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, years + 1, axis=1)
    return np.where(np.isnan(windows), -1.0, windows).max(-1)


def _pair(shares: _Shares, pair: tuple[int, int], window: _Window) -> pl.DataFrame:
    """Rows of one pair of powers in all other grounds and years in which the window has a value."""
    first, second = (shares.powers[power] for power in pair)
    outside = (shares.grounds != first) & (shares.grounds != second)
    value, one, two = shares.value[outside], *pair
    first_error, second_error = (
        Errors(shares.error[outside, power], shares.kind[outside, power], shares.size[outside, power])
        for power in pair
    )
    gain, variance, steps = cumulated_gain(
        value[:, one],
        value[:, two],
        first_error,
        second_error,
        declared("presence").settings["persistence"],
        window.years,
        declared("displacement").settings["slack"],
    )
    ground, year = np.nonzero(~np.isnan(gain))
    value, n = gain[ground, year], steps[ground, year]
    half = HALF_WIDTH * np.sqrt(variance[ground, year])
    # A window is graded by how many of its years it saw, and never better than the poorest share that it rests on.
    own = np.full(len(n), "A") if window.years == 1 else grade(thresholds().windows, n, n / window.years)
    poorest, listed = (
        _worst(array[outside], pair, window.years)[ground, year] for array in (shares.grade, shares.listed)
    )
    limit = np.array(GRADES)[poorest.astype(int)]
    coverage = np.where(own > limit, own, limit)
    note = np.where(listed > 0, "rests in part on published shares", "")
    lower, upper = value - half, value + half
    if window.fold:
        value, lower, upper = np.abs(value), np.maximum(0, np.abs(value) - half), np.abs(value) + half
    return pl.DataFrame(
        {
            "ground": shares.grounds[outside][ground],
            "period": shares.years[year].astype(str),
            "value": value,
            "lower": lower,
            "upper": upper,
            "n": n,
            "coverage": coverage,
            "note": note,
        }
    ).with_columns(
        pl.lit(first).alias("first"), pl.lit(second).alias("second"), pl.col("note").replace("", None)
    )


MEASURE = Measure("displacement", compute, uses=("presence_export", "presence_import", "presence_turnover"))
