"""Shares of what was delivered over several years, from few large lumps: sums, shares, intervals, who took whose."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tripoint.core.series import LEVEL
from tripoint.measures.measure import HALF_WIDTH
from tripoint.models.splits import jeffreys_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WindowShares:
    """Shares over windows that end in each year; NaN where nothing was delivered or the window is not whole.

    ``value``, ``lower``, ``upper`` have the shape of the amounts; ``effective``, the number of equal lumps that would
    be as uneven (Kish), lacks the axis of suppliers.
    """

    value: Floats
    lower: Floats
    upper: Floats
    effective: Floats

    @property
    def variance(self) -> Floats:
        """Variance of each share, from its interval."""
        return ((self.upper - self.lower) / (2 * HALF_WIDTH)) ** 2


def window_sums(amounts: Floats, years: int) -> Floats:
    """Sums over the last ``years`` years along the last axis; NaN where the window reaches before the first."""
    padded = np.concatenate([np.zeros((*amounts.shape[:-1], 1)), np.cumsum(amounts, axis=-1)], axis=-1)
    sums = np.full(amounts.shape, np.nan)
    sums[..., years - 1 :] = padded[..., years:] - padded[..., :-years]
    return np.where(np.abs(sums) < 1e-9, 0.0, sums)


def window_shares(amounts: Floats, years: int) -> WindowShares:
    """Share of each supplier in each receiver's total over windows.

    What a supplier delivers in a year is one lump. The interval is Jeffreys' for a proportion of as many trials
    as there are effective lumps: three deliveries tell little about where the next one comes from.

    Parameters
    ----------
    amounts
        Shape ``(n_receivers, n_suppliers, n_years)``, zero where none.
    years
        Length of the window.
    """
    total = window_sums(amounts.sum(1), years)
    squares = window_sums(np.square(amounts).sum(1), years)
    supplied = window_sums(amounts, years)
    with np.errstate(invalid="ignore", divide="ignore"):
        effective = np.where(total > 0, np.maximum(total**2 / squares, 1.0), np.nan)
        value = np.where(total[:, None] > 0, supplied / total[:, None], np.nan)
    value = np.clip(value, 0, 1)
    trials = np.broadcast_to(effective[:, None], value.shape)
    lower, upper = jeffreys_interval(value * trials, trials, trials, LEVEL)
    return WindowShares(value, np.minimum(lower, value), np.maximum(upper, value), effective)
