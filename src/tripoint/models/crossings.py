"""When did one series pass another for good? The date of the last crossing of the levels behind two noisy series.

Differences that are observed with error are taken as a random walk seen through that error: the *last* crossing of what
is observed comes late, since noise crosses back and forth long after the levels have. The walk's path is drawn given
what was seen, over a grid of sizes of its steps, and each path's last crossing is dated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Sizes of steps that are weighed, as multiples of the typical error: from hardly any to far above it.
_STEPS = np.geomspace(0.02, 5.0, 25)


@dataclass(frozen=True, slots=True)
class Crossing:
    """The first period of the run, up to the last observation, in which the level of the second lies above the first's.

    Attributes
    ----------
    period, lower, upper
        Positions in the series: median and central interval over the paths that end above; None where the second was
        above from the start in most of these, or where there are none.
    probability
        Share of the paths in which the second ends above the first.
    """

    period: int | None
    lower: int | None
    upper: int | None
    probability: float


def last_crossing(
    first: Floats,
    second: Floats,
    first_error: Floats,
    second_error: Floats,
    lasting: float,
    draws: int,
    rng: np.random.Generator,
    level: float,
) -> Crossing | None:
    """Date the crossing after which the second series stays above the first.

    Parameters
    ----------
    first, second
        Shape ``(n_periods,)``, NaN where not observed; periods in which either is missing are left out.
    first_error, second_error
        Standard deviations of their errors.
    lasting
        Share of the variance of errors that is the same in all periods; the rest is independent between them.
    draws, level
        Number of paths; central probability of the interval.

    Returns
    -------
    Crossing or None
        None where there are not two periods to compare.
    """
    seen = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    if seen.size < 2:
        return None
    error = np.hypot(first_error[seen], second_error[seen])
    gap, passing = second[seen] - first[seen], np.sqrt(1 - lasting) * error
    common = np.sqrt(lasting) * np.median(error) * rng.standard_normal((draws, 1))
    starts = _start(_paths(gap, passing, np.diff(seen), draws, rng) - common)
    above = starts[starts < seen.size]
    if not above.size:
        return Crossing(None, None, None, 0.0)
    tail = (1 - level) / 2
    low, middle, high = np.quantile(above, [tail, 0.5, 1 - tail], method="nearest").astype(int)
    if middle == 0:
        return Crossing(None, None, None, above.size / draws)
    return Crossing(int(seen[middle]), int(seen[low]), int(seen[high]), above.size / draws)


def seen_crossing(first: Floats, second: Floats) -> int | None:
    """Position of the last crossing of what is observed; None where the second does not end above, or always was."""
    seen = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    start = _start((second[seen] - first[seen])[None])[0] if seen.size else 0
    return int(seen[start]) if 0 < start < seen.size else None


def _paths(
    gap: Floats, error: Floats, apart: NDArray[np.int64], draws: int, rng: np.random.Generator
) -> Floats:
    """Paths of a random walk given what was seen, ``(n_draws, n_periods)``; nothing is known of its first level."""
    size = float(np.median(error))
    if size <= 0:
        return np.broadcast_to(gap, (draws, gap.size))
    weight = 1 / np.maximum(error, size * 1e-3) ** 2
    differences = np.diff(np.eye(gap.size), axis=0)
    precisions, means, likelihood = [], [], []
    for step in _STEPS * size:
        precision = differences.T @ (differences / (step**2 * apart)[:, None]) + np.diag(weight)
        mean = np.linalg.solve(precision, weight * gap)
        log_determinant = np.linalg.slogdet(precision)[1]
        fit = gap @ (weight * gap) - mean @ (weight * gap)
        likelihood.append(-(gap.size - 1) * np.log(step) - 0.5 * log_determinant - 0.5 * fit)
        precisions.append(precision)
        means.append(mean)
    chance = np.exp(np.array(likelihood) - max(likelihood))
    paths = []
    for mean, precision, count in zip(
        means, precisions, rng.multinomial(draws, chance / chance.sum()), strict=True
    ):
        root = np.linalg.cholesky(precision)
        paths.append(mean + np.linalg.solve(root.T, rng.standard_normal((gap.size, count))).T)
    return np.concatenate(paths)


def _start(gap: Floats) -> NDArray[np.int64]:
    """Start of the final run of positive values per row; the length of the row where the last value is not positive."""
    below = gap <= 0
    return np.where(below.any(1), gap.shape[1] - np.argmax(below[:, ::-1], axis=1), 0)
