"""How measures become a needle: percentiles of a fixed population, a state space for each indicator, one weighted mean.

The same functions make the reference population at build time and one triad's needle at reading time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import CARRIED
from tripoint.measures.index import Index, NeedleDeclaration
from tripoint.measures.measure import HALF_WIDTH, thresholds
from tripoint.models.state_space import Variances, local_level

Floats = NDArray[np.float64]

#: Values that are equal to so many decimals are tied: on the finest grid on which they ship, thirds still are.
_DECIMALS = 7


@dataclass(frozen=True, slots=True)
class Panel:
    """Series of one indicator or needle for several subjects over the same years.

    ``value``, ``lower``, ``upper`` have shape ``(n_subjects, n_years)``; NaN where not observed.
    """

    value: Floats
    lower: Floats
    upper: Floats

    @property
    def error_variance(self) -> Floats:
        """Variance of each value's error, from its 90% interval."""
        return ((self.upper - self.lower) / (2 * HALF_WIDTH)) ** 2


@dataclass(frozen=True, slots=True)
class Scale:
    """What the reference population says about an indicator or needle: its distribution and its variances."""

    quantiles: Floats
    variances: Variances | None
    n: int


@dataclass(frozen=True, slots=True)
class Needle:
    """A needle for several subjects: its level with a 90% band, seen at the time and in hindsight.

    ``filtered`` and ``smoothed`` are panels in percentiles of the reference population; ``observed`` is the
    share of family weight observed in the very year, ``known`` the share observed in that year or before.
    ``scores`` holds each family's smoothed level.
    """

    filtered: Panel
    smoothed: Panel
    observed: Floats
    known: Floats
    scores: dict[str, Panel]
    seen: dict[str, NDArray[np.bool_]]
    mean: Panel


def quantiles_of(values: Floats, steps: int) -> Floats:
    """Quantiles of a population at ``0, 1/steps, ..., 1``, ignoring what is not observed; NaN if nothing is."""
    seen = np.round(values[np.isfinite(values)], _DECIMALS)
    return np.quantile(seen, np.linspace(0, 1, steps + 1)) if seen.size else np.full(steps + 1, np.nan)


def percentile(values: Floats, quantiles: Floats) -> Floats:
    """Percentile rank, 0 to 100, of each value in the population: the middle of its rank where values are tied."""
    values = np.round(values, _DECIMALS)
    below = np.interp(values, quantiles, np.linspace(0, 100, len(quantiles)))
    left = np.searchsorted(quantiles, values, side="left")
    right = np.searchsorted(quantiles, values, side="right")
    tied = right - left > 1
    middle = (left + right - 1) / 2 * 100 / (len(quantiles) - 1)
    return np.where(np.isnan(values), np.nan, np.where(tied, middle, below))


def to_percentiles(panel: Panel, scale: Scale) -> Panel:
    """The panel with values and bounds as percentiles; monotone, so an interval stays an interval."""
    return Panel(*(percentile(bound, scale.quantiles) for bound in (panel.value, panel.lower, panel.upper)))


def error_of(panel: Panel, index: Index) -> Floats:
    """Error variance of percentiles: the mean of a series' own so far, never below the declared least.

    An interval on the scale of percentiles shrinks near 0 and 100 whatever its width before, so a single year's
    variance depends on the value itself, and a filter that trusts it would be drawn to the ends. The mean over the
    years observed so far does not, and uses no later year. Before the first observation, where levels exist in
    hindsight only, its error stands.
    """
    seen = np.isfinite(panel.error_variance)
    total = np.cumsum(np.where(seen, panel.error_variance, 0.0), axis=1)
    count = np.cumsum(seen, axis=1)
    mean = total / np.maximum(count, 1)
    first = np.take_along_axis(mean, np.argmax(seen, axis=1)[:, None], axis=1)
    return np.maximum(np.where(count > 0, mean, first), index.state_space.least_error**2)


def compose(
    declaration: NeedleDeclaration,
    panels: Mapping[str, Panel],
    scales: Mapping[str, Scale],
    index: Index,
) -> Needle:
    """Make a needle on the scale of percentiles averaged over families, not yet ranked in its own population.

    Parameters
    ----------
    declaration
        The needle or one of its variants.
    panels
        Indicator to its measured values, all of one shape.
    scales
        Indicator to its reference scale.
    """
    weights = index.weights(declaration)
    families = {
        family.name: _family(family.indicators, panels, scales, index) for family in declaration.families
    }
    observed = sum(weights[name] * family.observed for name, family in families.items())
    known = sum(weights[name] * np.isfinite(family.filtered[0]) for name, family in families.items())
    made = {
        view: _average(
            declaration, weights, {name: getattr(family, view) for name, family in families.items()}, index
        )
        for view in ("filtered", "smoothed")
    }
    scores = {name: _band(*family.smoothed) for name, family in families.items()}
    seen = {name: family.observed for name, family in families.items()}
    smoothed = made["smoothed"]
    return Needle(made["filtered"], smoothed, np.asarray(observed), np.asarray(known), scores, seen, smoothed)


@dataclass(frozen=True, slots=True)
class _Levels:
    """Level and variance of a family, at the time and in hindsight, and where any of its indicators is observed."""

    filtered: tuple[Floats, Floats]
    smoothed: tuple[Floats, Floats]
    observed: NDArray[np.bool_]


def _family(
    indicators: tuple[str, ...], panels: Mapping[str, Panel], scales: Mapping[str, Scale], index: Index
) -> _Levels:
    """Mean level of a family's indicators that have a level."""
    levels = []
    for name in indicators:
        ranked = to_percentiles(panels[name], scales[name])
        variances = scales[name].variances or Variances(0.0, 0.0)
        levels.append(local_level(ranked.value, error_of(ranked, index), variances))
    return _Levels(
        _mean([(level.filtered, level.filtered_variance) for level in levels]),
        _mean([(level.smoothed, level.smoothed_variance) for level in levels]),
        np.any([np.isfinite(panels[name].value) for name in indicators], axis=0),
    )


def _mean(levels: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Mean of the levels that are known in each place, and its variance; NaN where none is."""
    count = np.sum([np.isfinite(level) for level, _ in levels], axis=0)
    nothing = np.full(count.shape, np.nan)
    total = np.nansum([level for level, _ in levels], axis=0)
    spread = np.nansum([variance for _, variance in levels], axis=0)
    mean = np.divide(total, count, out=nothing.copy(), where=count > 0)
    return mean, np.divide(spread, count**2, out=nothing.copy(), where=count > 0)


def _average(
    declaration: NeedleDeclaration,
    weights: Mapping[str, float],
    levels: Mapping[str, tuple[Floats, Floats]],
    index: Index,
) -> Panel:
    """Weighted mean over the families that have a level; the weight of those that have none widens the band."""
    geometric = declaration.aggregation == "geometric"
    total, spread, known = (np.zeros(next(iter(levels.values()))[0].shape) for _ in range(3))
    for name, (level, variance) in levels.items():
        if geometric:
            level = np.clip(level, 1, None)  # a percentile of 0 would make every mean 0
            level, variance = np.log(level), variance / level**2
        here = np.isfinite(level)
        known += weights[name] * here
        total += np.where(here, weights[name] * level, 0)
        spread += np.where(here, weights[name] ** 2 * variance, 0)
    mean = np.divide(total, known, out=np.full(known.shape, np.nan), where=known > 0)
    variance = np.divide(spread, known**2, out=np.full(known.shape, np.nan), where=known > 0)
    if geometric:
        mean = np.exp(mean)
        variance = variance * mean**2
    return _band(mean, variance + ((1 - known) * index.state_space.missing_family) ** 2)


#: Age in years of what was never observed.
NEVER = 10**6


def ages(seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Years since something was last observed, in each year of the last axis; ``NEVER`` where it never was."""
    years = np.arange(seen.shape[-1])
    last = np.maximum.accumulate(np.where(seen, years, -NEVER), axis=-1)
    return np.minimum(years - last, NEVER)


def coverage(needle: Needle, declaration: NeedleDeclaration) -> NDArray[np.str_]:
    """Grade per subject and year: by the weight observed, by whether every family is recent, by how many are."""
    rules = thresholds().needles
    recent = np.stack([ages(seen) <= rules["C"].n for seen in needle.seen.values()])
    grades = np.full(needle.observed.shape, "D")
    grades[np.sum(recent, axis=0) >= declaration.least_families] = "C"
    grades[np.all(recent, axis=0) & (needle.observed >= rules["B"].share)] = "B"
    grades[needle.observed >= rules["A"].share] = "A"
    return grades


def _band(level: Floats, variance: Floats) -> Panel:
    half = HALF_WIDTH * np.sqrt(variance)
    return Panel(level, np.clip(level - half, 0, 100), np.clip(level + half, 0, 100))


def ranked(needle: Needle, scale: Scale) -> Needle:
    """The needle as percentiles of its own reference population, so that 80 means above 80% of it."""
    return replace(
        needle,
        filtered=to_percentiles(needle.filtered, scale),
        smoothed=to_percentiles(needle.smoothed, scale),
    )


def panel_of(series: pl.DataFrame, subjects: pl.DataFrame, years: NDArray[np.int64]) -> Panel:
    """Arrange a series as a panel.

    Parameters
    ----------
    series
        Rows of one measure with the columns that say who, as in ``subjects``. Rows of partial years are left
        out, since they are not comparable with full ones, and so are rows carried from an earlier year, since the
        needle carries on its own.
    subjects
        One row per subject, in the order of the panel's rows.
    years
        The years of the panel's columns.
    """
    who = subjects.columns
    usable = series.filter(
        pl.col("value").is_not_null(),
        ~pl.col("note").str.contains(f"partial-year|^{CARRIED}").fill_null(value=False),
        pl.col("period").cast(pl.Int64).is_between(int(years[0]), int(years[-1])),
    )
    rows = usable.join(subjects.with_row_index("row"), on=who)
    bounds = [np.full((subjects.height, len(years)), np.nan) for _ in range(3)]
    place = rows["row"].to_numpy(), rows["period"].cast(pl.Int64).to_numpy() - years[0]
    for array, name in zip(bounds, ("value", "lower", "upper"), strict=True):
        array[place] = rows[name].cast(pl.Float64).to_numpy()
    return Panel(*bounds)


def mutual(one: Panel, other: Panel) -> Panel:
    """Mean of a directed measure's two directions; errors independent, so the half-widths add in quadrature."""
    value = (one.value + other.value) / 2
    half = HALF_WIDTH * np.sqrt(one.error_variance + other.error_variance) / 2
    return Panel(value, np.clip(value - half, 0, None), value + half)


def present(first: Panel, second: Panel, index: Index) -> NDArray[np.int8]:
    """Whether both powers hold the least share in the ground: 1 both do, 0 one is known to hold less, -1 not observed.

    An unobserved share is carried for the declared years.
    """
    one, two = _carried(first.value, index), _carried(second.value, index)
    return np.where((one == 0) | (two == 0), 0, np.minimum(one, two)).astype(np.int8)


def _carried(shares: Floats, index: Index) -> NDArray[np.int8]:
    found = np.full(shares.shape, -1, np.int8)
    known = np.full(shares.shape[0], np.nan)
    age = np.zeros(shares.shape[0], int)
    for year in range(shares.shape[1]):
        seen = np.isfinite(shares[:, year])
        known[seen], age[seen] = shares[seen, year], 0
        age[~seen] += 1
        fresh = np.isfinite(known) & (age <= index.presence.carried_years)
        found[fresh, year] = known[fresh] >= index.presence.least
    return found
