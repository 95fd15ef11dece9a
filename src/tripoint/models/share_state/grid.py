"""What is declared of a share in advance: where its state can be, how it may step, how overdispersed counts can be.

All grids are fixed in advance, so that nothing about an early period depends on what comes later.
"""

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from tripoint.errors import UsageError
from tripoint.models.share_state.counts import Counts

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Finer than this many cells of the grid, one period's evidence is not told apart (standard deviation).
NARROWEST_CELLS = 0.6
#: Levels of an extra variance in every factor of two; a variance is rounded up to the next level.
_LEVELS_PER_OCTAVE = 4
_LEAST_LEVEL, _LAST_LEVEL = -48, 8
#: Tail of a step that is cut off.
_TAIL = 1e-7
#: Points of ``phi`` per factor of two, per root of the number of periods: two standard errors of its logarithm.
_POINTS_PER_ROOT = 0.25
#: Keeps a mean that is a power of two on its own point of the grid.
_HAIR = 1e-9


@dataclass(frozen=True, slots=True)
class ShareModel:
    """What is declared: a random walk in log-odds, observed through overdispersed counts.

    Attributes
    ----------
    steps
        Standard deviations of the step per period, in log-odds; equally likely in advance.
    dispersion
        The overdispersion ``phi`` (1 or more) if it is known; 1 is binomial counting. ``None`` estimates it for each
        series.
    least_worth, most_worth
        What the average period of a series is worth at least and at most, in independent events. They bound an
        estimated ``phi``, which is equally likely in advance at all points between, evenly spaced in logs, and never
        below 1. A worth of 1 is what is left if all events of the average period are one story.
    per_octave
        Points of the grid of ``phi`` in every factor of two. ``None`` takes as many as series of that length can tell
        apart: 1 up to 16 periods, 2 up to 64, 3 up to 144. Set it where series will grow and values of earlier periods
        must stay exactly as they are.
    limit, points
        The grid of the state, in log-odds: from ``-limit`` to ``limit``.
    first_deviation
        Standard deviation of the state around 0 (a share of one half) before its first observation.
    level
        Central probability of the intervals.

    Raises
    ------
    UsageError
        A value is not possible; all of them are named.
    """

    steps: tuple[float, ...] = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
    dispersion: float | None = None
    least_worth: float = 1.0
    most_worth: float = 1024.0
    per_octave: int | None = None
    limit: float = 7.0
    points: int = 141
    first_deviation: float = 2.0
    level: float = 0.9

    def __post_init__(self) -> None:
        rules = {
            "steps must be one or more positive numbers": self.steps
            and all(0 < step <= 2 for step in self.steps),
            "dispersion must be None or at least 1": self.dispersion is None or self.dispersion >= 1,
            "0 < least_worth < most_worth must hold": 0 < self.least_worth < self.most_worth,
            "per_octave must be None, or 1 or more": self.per_octave is None or self.per_octave >= 1,
            "limit must lie between 1 and 30": 1 <= self.limit <= 30,
            "points must be odd and at least 21": self.points % 2 and self.points >= 21,
            "first_deviation must be positive": self.first_deviation > 0,
            "level must lie between 0 and 1": 0 < self.level < 1,
        }
        broken = [rule for rule, holds in rules.items() if not holds]
        if broken:
            raise UsageError(f"a share model that is not possible: {'; '.join(broken)}; got {self}")

    @property
    def cell(self) -> float:
        """Width of a cell of the grid of states, in log-odds."""
        return 2 * self.limit / (self.points - 1)

    @property
    def narrowest(self) -> float:
        """No period is read more precisely than with this standard error, in log-odds."""
        return NARROWEST_CELLS * self.cell

    @property
    def x(self) -> Floats:
        """States in log-odds, shape ``(points,)``, symmetric to the last digit."""
        half = np.arange(1, self.points // 2 + 1) * self.cell
        return np.concatenate([-half[::-1], [0.0], half])

    @property
    def prior(self) -> Floats:
        """Probability of each state before the first observation, shape ``(points,)``."""
        density = np.exp(-0.5 * (self.x / self.first_deviation) ** 2)
        return density / density.sum()


@dataclass(frozen=True, slots=True)
class DispersionGrid:
    """Points of the overdispersion ``phi``, and which of them are possible, by series and period.

    ``values`` has shape ``(n_points,)``; the points ``low`` to ``high`` are possible given the events
    up to a period, both of shape ``(n_series, n_periods)``.
    """

    values: Floats
    low: Integers
    high: Integers


def dispersion_grid(model: ShareModel, counts: Counts) -> DispersionGrid:
    """Which overdispersion is possible, given the mean number of events of a series' periods so far."""
    if model.dispersion is not None:
        none = np.zeros(counts.events.shape[:2], np.int64)
        known = np.array([float(model.dispersion)])
        return DispersionGrid(known, none, none)
    total = counts.events.sum(-1)
    per_octave = model.per_octave or ceil(_POINTS_PER_ROOT * sqrt(total.shape[1]))
    mean = np.cumsum(total, 1) / np.maximum(np.cumsum(total > 0, 1), 1)
    octaves = np.log2(np.maximum(mean, 1e-300))
    high = np.floor(per_octave * (octaves - np.log2(model.least_worth)) + _HAIR)
    low = np.ceil(per_octave * (octaves - np.log2(model.most_worth)) - _HAIR)
    high = np.maximum(high, 0).astype(np.int64)
    low = np.minimum(np.maximum(low, 0).astype(np.int64), high)
    whole, part = np.divmod(np.arange(int(high.max()) + 1), per_octave)
    values = 2.0**whole * 2.0 ** (part / per_octave)
    return DispersionGrid(values, low, high)


@dataclass(frozen=True, slots=True)
class Kernels:
    """Probabilities of steps by 0, 1, 2, ... cells in either direction, for several variances.

    ``weights`` has the shape of the variances, and a last axis of ``widest + 1``; ``widths`` says how many cells are
    reached.
    """

    weights: Floats
    widths: Integers


def step_kernels(variances: Floats, model: ShareModel) -> Kernels:
    """Steps on the grid with exactly the given variances, if these are small beside the grid.

    Gaussian where a step is wider than a cell; otherwise ``exp(-t) I_k(t)``, whose variance is exactly ``t`` squared
    cells. Steps wider than the grid are cut off.

    References
    ----------
    Lindeberg, T. (1990). Scale-space for discrete signals. IEEE Transactions on Pattern Analysis and Machine
    Intelligence 12(3):234-254. doi:10.1109/34.49051
    """
    from scipy.special import ive

    t = np.asarray(variances, float).reshape(-1, 1) / model.cell**2
    cells = np.arange(min(int(6 * np.sqrt(t.max(initial=0))) + 12, model.points))
    weights = np.where(t < 1, ive(cells, np.minimum(t, 1)), np.exp(-(cells**2) / (2 * np.maximum(t, 1))))
    weights /= (2 * weights.sum(1) - weights[:, 0])[:, None]
    tail = 0.5 - np.cumsum(weights, 1) + weights[:, :1] / 2
    widths = np.clip((tail > _TAIL / 2).sum(1), 1, len(cells) - 1)
    weights = np.where(cells <= widths[:, None], weights, 0.0)
    weights /= (2 * weights.sum(1) - weights[:, 0])[:, None]
    shape = np.shape(variances)
    weights = np.ascontiguousarray(weights[:, : widths.max(initial=0) + 1])
    return Kernels(weights.reshape(*shape, -1), widths.astype(np.int64).reshape(shape))


def level_variances() -> Floats:
    """None, and the variances that an extra variance is rounded up to, shape ``(n_levels,)``, in squared log-odds."""
    return np.r_[0.0, 2.0 ** (np.arange(_LEAST_LEVEL, _LAST_LEVEL + 1) / _LEVELS_PER_OCTAVE)]


def variance_level(variance: Floats) -> Integers:
    """Place of each variance among :func:`level_variances`, rounded up; the last for more than that."""
    with np.errstate(divide="ignore"):
        level = np.ceil(_LEVELS_PER_OCTAVE * np.log2(variance) - _HAIR) - _LEAST_LEVEL + 1
    level = np.clip(level, 1, _LAST_LEVEL - _LEAST_LEVEL + 1)
    return np.where(variance > 0, level, 0).astype(np.int64)
