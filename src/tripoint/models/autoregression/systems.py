"""How sure is a fitted system: many systems that the series allow, and which of them explode."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tripoint.models.autoregression.fit import companion, largest_root

Floats = NDArray[np.float64]

#: Draws that one task of a thread takes.
CHUNK = 64
#: Squarings of a system before its roots are computed: decides roots up to about .99 for less than their cost.
_SQUARINGS = 9


@dataclass(frozen=True, slots=True)
class SystemDraws:
    """Systems that the series allow, and the estimate they scatter around.

    Attributes
    ----------
    estimate, estimate_covariance
        Coefficients ``(lags, n_series, n_series)`` and covariance of errors: of least squares, or means of what is
        believed.
    intercepts
        Shape ``(n_draws, n_series)``.
    coefficients
        Shape ``(n_draws, lags, n_series, n_series)``.
    factors
        Lower triangular factors of the covariances of errors, shape ``(n_draws, n_series, n_series)``.
    explosive
        Shape ``(n_draws,)``: whether the largest root of a draw is 1 or more, so that its responses do not die out.
    """

    estimate: Floats
    estimate_covariance: Floats
    intercepts: Floats
    coefficients: Floats
    factors: Floats
    explosive: NDArray[np.bool_]

    @property
    def n_draws(self) -> int:
        """How many systems were drawn."""
        return len(self.coefficients)

    @property
    def explosive_share(self) -> float:
        """Share of draws whose largest root is 1 or more."""
        return float(self.explosive.mean())


def explosive_systems(coefficients: Floats, threads: int | None) -> NDArray[np.bool_]:
    """Which systems have a root of 1 or more; coefficients of series in units of alike size decide soonest."""
    from tripoint.models.autoregression.kernels import surely_stable

    stable = np.zeros(len(coefficients), np.bool_)
    systems = companion(coefficients)
    in_chunks(lambda part: surely_stable(systems[part], _SQUARINGS, stable[part]), len(coefficients), threads)
    explosive = ~stable
    explosive[~stable] = largest_root(coefficients[~stable]) >= 1
    return explosive


def in_chunks(work: Callable[[slice], object], total: int, threads: int | None) -> None:
    """Do parts of a whole on threads; parts touch nothing in common."""
    parts = [slice(start, min(start + CHUNK, total)) for start in range(0, total, CHUNK)]
    pool = ThreadPoolExecutor(threads or os.cpu_count())
    try:
        for task in [pool.submit(work, part) for part in parts]:
            task.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
