"""How concentrated are a state's ties, and how much does it depend on one partner? Indices of shares.

References
----------
Hirschman, A. O. (1945). National Power and the Structure of Foreign Trade. University of California Press.
Barbieri, K. (1996). Economic interdependence: a path to peace or a source of interstate conflict? Journal of Peace
Research 33(1):29-49. doi:10.1177/0022343396033001003
Gartzke, E. and Li, Q. (2003). Measure for measure: concept operationalization and the trade interdependence-conflict
debate. Journal of Peace Research 40(5):553-571. doi:10.1177/00223433030405004
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def herfindahl(shares: ArrayLike) -> Floats:
    """Sum of squared shares: 1 where one partner has all, 1/n where n partners have the same.

    Parameters
    ----------
    shares
        Shape ``(..., n)``; each last axis sums to at most 1. NaN counts as no share.
    """
    return np.nansum(np.square(np.asarray(shares, float)), axis=-1)


def normalised_herfindahl(shares: ArrayLike) -> Floats:
    """The same between 0 (n equal partners) and 1 (one partner): ``(H - 1/n) / (1 - 1/n)``; NaN for one partner."""
    shares = np.asarray(shares, float)
    least = 1 / np.maximum((~np.isnan(shares)).sum(-1), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (herfindahl(shares) - least) / (1 - least)


def hirschman(shares: ArrayLike) -> Floats:
    """Hirschman's own index, ``100 sqrt(sum of squared shares)``."""
    return 100 * np.sqrt(herfindahl(shares))


def effective_partners(shares: ArrayLike) -> Floats:
    """How many equal partners would be as concentrated: ``1 / H``; NaN where there is no share."""
    found = herfindahl(shares)
    return np.divide(1.0, found, out=np.full(found.shape, np.nan), where=found > 0)


def entropy(shares: ArrayLike) -> Floats:
    """Shannon entropy of the shares, in nats; no share counts for nothing."""
    shares = np.nan_to_num(np.asarray(shares, float))
    return -np.sum(shares * np.log(np.where(shares > 0, shares, 1.0)), axis=-1)


def herfindahl_most(listed: Floats, lump: Floats, rest: Floats) -> Floats:
    """Greatest sum of squares where only the largest shares are listed: all else lies in lumps as large as can be.

    Parameters
    ----------
    listed
        Sum of squares of the listed shares.
    lump
        The most that one who is not listed can hold.
    rest
        What the listed leave of one, not below 0.
    """
    whole = np.floor(np.divide(rest, lump, out=np.zeros_like(rest), where=lump > 0))
    left = rest - whole * lump
    return np.minimum(listed + whole * lump**2 + left**2, 1.0)


@dataclass(frozen=True, slots=True)
class Interdependence:
    """Barbieri's three: how much the tie matters to both, how evenly, and their product; and its weight in income."""

    salience: Floats
    symmetry: Floats
    interdependence: Floats
    dependence: Floats


def interdependence(
    trade: ArrayLike, total_one: ArrayLike, total_two: ArrayLike, income_one: ArrayLike
) -> Interdependence:
    """Interdependence of a pair from its trade, both totals, and the income of the first.

    ``dependence = trade / income`` is share times openness (Gartzke and Li).

    Parameters
    ----------
    trade, total_one, total_two, income_one
        In one currency, any equal shape; the currency cancels.
    """
    trade, income = np.asarray(trade, float), np.asarray(income_one, float)
    one, two = trade / np.asarray(total_one, float), trade / np.asarray(total_two, float)
    salience, symmetry = np.sqrt(one * two), 1 - np.abs(one - two)
    return Interdependence(salience, symmetry, salience * symmetry, trade / income)


def replaceable(share: ArrayLike, growth: float) -> Floats:
    """Part of a partner's trade that the others could take over if theirs grew by a factor of ``1 + growth``.

    ``min(1, growth (1 - s) / s)``; 1 for a partner without a share. A bound on volume, blind to what is traded.
    """
    share = np.asarray(share, float)
    room = np.divide(growth * (1 - share), share, out=np.full(share.shape, np.inf), where=share > 0)
    return np.where(np.isnan(share), np.nan, np.minimum(room, 1.0))
