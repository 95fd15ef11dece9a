"""Who took whose share over a window of many steps, with the variance of the sum, for many series at once."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cumulated_gain(
    first: Floats, second: Floats, first_variance: Floats, second_variance: Floats, window: int, slack: int
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """What the first gained from the second, summed over the steps of every window, with its variance.

    Steps run between consecutive periods in which both shares are observed. A window of ``w`` periods that
    ends at ``t`` sums the steps that end after ``t - w``; its base is the last observation at ``t - w`` or up
    to ``slack`` periods earlier, or failing that the first one inside the window. Errors of shares are taken
    as independent between periods and participants; the variance is the first-order one of the whole sum, in
    which the error of a share that lies inside the window enters two steps with opposite signs and so nearly
    cancels.

    Parameters
    ----------
    first, second
        Shares, shape ``(n_series, n_periods)``, NaN where not observed.
    first_variance, second_variance
        Variance of their errors, same shape.
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
    one, two, one_variance, two_variance = (
        np.ascontiguousarray(array, float) for array in (first, second, first_variance, second_variance)
    )
    return _cumulate(one, two, one_variance, two_variance, window, slack)


@njit(cache=True)
def _cumulate(first, second, first_variance, second_variance, window, slack):  # pragma: no cover - compiled
    n_series, n_periods = first.shape
    gain = np.full((n_series, n_periods), np.nan)
    variance = np.full((n_series, n_periods), np.nan)
    steps = np.zeros((n_series, n_periods), np.int64)
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
            total, spread = 0.0, 0.0
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
                spread += (
                    by_a * by_a * first_variance[row, seen[k]] + by_b * by_b * second_variance[row, seen[k]]
                )
            gain[row, seen[last]] = total
            variance[row, seen[last]] = spread
            steps[row, seen[last]] = last - start
    return gain, variance, steps
