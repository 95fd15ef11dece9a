"""When did one series pass another for good? The date of the last crossing, with an interval from their errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crossing:
    """The first period of the run, up to the last observation, in which the second lies above the first.

    Attributes
    ----------
    period, lower, upper
        Positions in the series: of the value, and of the ends of the central interval over the draws in which the
        second ends above.
    probability
        Share of the draws in which the second ends above the first.
    """

    period: int
    lower: int
    upper: int
    probability: float


def last_crossing(
    first: Floats,
    second: Floats,
    first_error: Floats,
    second_error: Floats,
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
        Standard deviations of their errors, taken as independent between periods.
    draws, level
        Number of draws; central probability of the interval.

    Returns
    -------
    Crossing or None
        None where the second does not end above the first, or was above it from the start.
    """
    seen = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    if seen.size < 2:
        return None
    gap = second[seen] - first[seen]
    start = _start(gap[None])[0]
    if start >= seen.size or start == 0:
        return None
    error = np.hypot(first_error[seen], second_error[seen])
    starts = _start(gap + error * rng.standard_normal((draws, seen.size)))
    above = starts < seen.size
    ends = (
        np.quantile(starts[above], [(1 - level) / 2, (1 + level) / 2], method="nearest")
        if above.any()
        else (start, start)
    )
    low, high = min(int(ends[0]), start), max(int(ends[1]), start)
    return Crossing(int(seen[start]), int(seen[low]), int(seen[high]), float(above.mean()))


def _start(gap: Floats) -> NDArray[np.int64]:
    """Start of the final run of positive values per row; the length of the row where the last value is not positive."""
    below = gap <= 0
    return np.where(below.any(1), gap.shape[1] - np.argmax(below[:, ::-1], axis=1), 0)
