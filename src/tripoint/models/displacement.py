"""Who took whose share over a window of many steps, with the variance of the sum, for many series at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Errors:
    """Standard deviations of the errors of shares, numbers of the kinds of report behind them, and classes of size."""

    deviation: Floats
    kind: NDArray[np.int64]
    size: NDArray[np.int64]


def cumulated_gain(
    first: Floats,
    second: Floats,
    first_error: Errors,
    second_error: Errors,
    persistence: Sequence[Sequence[float]],
    window: int,
    slack: int,
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """What the first gained from the second, summed over the steps of every window, with its variance.

    Steps run between consecutive periods in which both shares are observed. A window of ``w`` periods that
    ends at ``t`` sums the steps that end after ``t - w``; its base is the last observation at ``t - w`` or up
    to ``slack`` periods earlier, or failing that the first one inside the window. Errors of shares are taken as
    independent between participants, and between periods as correlated where the same kind of report is behind both:
    who counts high this year counts high the next. The variance is the first-order one of the whole sum, in which the
    error of a share that lies inside the window enters two steps with opposite signs and so nearly cancels.

    Parameters
    ----------
    first, second
        Shares, shape ``(n_series, n_periods)``, NaN where not observed.
    first_error, second_error
        Standard deviations of their errors, kinds of report and classes of size, same shape.
    persistence
        Correlation of errors of one kind by class of size and number of periods between them, from 0 on; the last one
        holds beyond, and of two classes the lower correlation counts.
    window
        Number of periods.
    slack
        How many periods before the window its base may lie.

    Returns
    -------
    gain, variance : ndarray
        Shape ``(n_series, n_periods)``; NaN where the last period of the window or any base is missing.
    steps : ndarray
        Number of steps behind each sum.
    """
    one, two = (np.ascontiguousarray(array, float) for array in (first, second))
    deviations = np.stack([np.asarray(each.deviation, float) for each in (first_error, second_error)])
    kinds = np.stack([np.asarray(each.kind, np.int64) for each in (first_error, second_error)])
    sizes = np.stack([np.asarray(each.size, np.int64) for each in (first_error, second_error)])
    return _cumulate(one, two, deviations, kinds, sizes, np.asarray(persistence, float), window, slack)


@njit(cache=True)
def _cumulate(
    first, second, deviations, kinds, sizes, persistence, window, slack
):  # pragma: no cover - compiled
    n_series, n_periods = first.shape
    gain = np.full((n_series, n_periods), np.nan)
    variance = np.full((n_series, n_periods), np.nan)
    steps = np.zeros((n_series, n_periods), np.int64)
    weights = np.zeros((2, n_periods))
    for row in range(n_series):
        seen = np.flatnonzero(~np.isnan(first[row]) & ~np.isnan(second[row]))
        for last in range(1, seen.size):
            start = last
            while start > 0 and seen[start] > seen[last] - window:
                start -= 1
            if seen[start] < seen[last] - window - slack:
                start += 1
            if start >= last:
                continue
            total = 0.0
            for k in range(start, last + 1):
                a, b = first[row, seen[k]], second[row, seen[k]]
                by_a, by_b = 0.0, 0.0
                if k > start:
                    a0, b0 = first[row, seen[k - 1]], second[row, seen[k - 1]]
                    total += a * b0 - a0 * b
                    by_a += b0
                    by_b -= a0
                if k < last:
                    by_a -= second[row, seen[k + 1]]
                    by_b += first[row, seen[k + 1]]
                weights[0, k] = by_a * deviations[0, row, seen[k]]
                weights[1, k] = by_b * deviations[1, row, seen[k]]
            span = seen[start : last + 1]
            gain[row, seen[last]] = total
            variance[row, seen[last]] = 0.0
            for one in range(2):
                variance[row, seen[last]] += _correlated(
                    weights[one, start : last + 1], kinds[one, row], sizes[one, row], span, persistence
                )
            steps[row, seen[last]] = last - start
    return gain, variance, steps


@njit(cache=True)
def _correlated(weights, kinds, sizes, periods, persistence):  # pragma: no cover - compiled
    """Variance of a weighted sum of errors of which those of one kind go together over time."""
    spread = 0.0
    for k in range(periods.size):
        for m in range(periods.size):
            one, other = periods[k], periods[m]
            if kinds[one] == kinds[other]:
                apart = min(abs(one - other), persistence.shape[1] - 1)
                together = min(persistence[sizes[one], apart], persistence[sizes[other], apart])
                spread += weights[k] * weights[m] * together
    return max(spread, 0.0)
