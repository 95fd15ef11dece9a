"""How alike do two states vote: agreement, S, and chance-corrected coefficients, from one contingency table.

Everything starts from a contingency table ``O`` of two states' choices on the same items, with ``O[l, m]``
the weight of items on which the first chose level ``l`` and the second level ``m``. Functions take tables of
shape ``(..., L, L)`` and return arrays of shape ``(...)``, so one call serves one pair or all of them. Levels
are the *theoretical* ones: a level that nobody chose still counts for the distance scale (dropping it
silently changes kappa).

:func:`bootstrap_pairs` does the same for all pairs of states at once, with percentile intervals from
resampling clusters of items, in compiled code. :func:`resample_pairs` takes the weights of items as given and
keeps the draws; :func:`bounds_of_draws` turns these into intervals.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Columns of what :func:`bootstrap_pairs` returns.
PAIR_MEASURES = ("same_vote", "agreement", "kappa", "pi", "observed", "expected")

#: What :func:`resample_pairs` keeps of every draw.
RESAMPLED = ("same_vote", "kappa", "expected")

_LEVELS = 3  # yes, abstain, no
_UNDEFINED = np.float32(np.nan)
#: Draws that differ by less are all the same: in single precision, chance left to a few items blows errors up to this.
_FLAT = 1e-4


def contingency(
    first: ArrayLike, second: ArrayLike, levels: ArrayLike, weights: ArrayLike | None = None
) -> Floats:
    """Cross-tabulate two states' choices.

    Parameters
    ----------
    first, second
        Choices, shape ``(n_items,)``.
    levels
        All levels that the scale has, in order, observed or not.
    weights
        Weight of each item; equal weights when None.

    Returns
    -------
    ndarray
        Shape ``(n_levels, n_levels)``, summing to the sum of weights over items where both chose a known
        level.
    """
    levels = np.asarray(levels)
    first, second = np.asarray(first), np.asarray(second)
    weights = np.ones(first.shape) if weights is None else np.asarray(weights, float)
    row = (first[:, None] == levels).astype(float)
    column = (second[:, None] == levels).astype(float)
    return np.einsum("il,im,i->lm", row, column, weights)


def _distances(n_levels: int, power: float) -> Floats:
    """Distance between levels as a share of the largest possible one: ``|l - m|^p / (L - 1)^p``."""
    levels = np.arange(n_levels)
    return np.abs(levels[:, None] - levels[None, :]) ** power / (n_levels - 1) ** power


def _shares(table: ArrayLike) -> Floats:
    table = np.asarray(table, float)
    total = table.sum((-2, -1), keepdims=True)
    return np.divide(table, total, out=np.full(table.shape, np.nan), where=total > 0)


def same_share(table: ArrayLike) -> Floats:
    """Share of items on which both chose the same level; 0 to 1, NaN for an empty table."""
    return np.trace(_shares(table), axis1=-2, axis2=-1)


def lijphart_agreement(table: ArrayLike) -> Floats:
    """Lijphart's index of agreement: an abstention against a yes or a no counts half; 0 to 1.

    ``1 - sum_lm o_lm |l - m| / (L - 1)``, with ``o`` the table as shares.

    References
    ----------
    Lijphart, A. (1963). The analysis of bloc voting in the General Assembly. American Political Science
    Review 57(4):902-917.
    """
    shares = _shares(table)
    return 1 - (shares * _distances(shares.shape[-1], 1)).sum((-2, -1))


def s_score(table: ArrayLike, power: float = 1) -> Floats:
    """Signorino and Ritter's S: 1 for equal portfolios, -1 for opposite ones; not corrected for chance.

    ``S = 1 - 2 sum_lm o_lm |l - m|^p / (L - 1)^p``. The range is the theoretical one, not the observed one.
    With ``power=1`` S is twice Lijphart's agreement minus one.

    References
    ----------
    Signorino, C. S. and Ritter, J. M. (1999). Tau-b or not tau-b: measuring the similarity of foreign policy positions.
    International Studies Quarterly 43(1):115-144. doi:10.1111/0020-8833.00113
    """
    shares = _shares(table)
    return 1 - 2 * (shares * _distances(shares.shape[-1], power)).sum((-2, -1))


def cohen_kappa(table: ArrayLike, power: float = 2) -> tuple[Floats, Floats, Floats]:
    """Cohen's weighted kappa with its two halves: observed agreement, agreement expected from the margins, kappa.

    ``Po = 1 - sum o_lm d_lm``, ``Pe = 1 - sum r_l c_m d_lm``, ``kappa = (Po - Pe) / (1 - Pe)``, with ``r``
    and ``c`` each state's own margin. Kappa is NaN where both states always choose one and the same level,
    since chance then explains all.

    References
    ----------
    Cohen, J. (1968). Weighted kappa. Psychological Bulletin 70(4):213-220. doi:10.1037/h0026256.
    Haege, F. M. (2011). Choice or
    circumstance? Political Analysis 19(3):287-305. doi:10.1093/pan/mpr023
    """
    shares = _shares(table)
    rows, columns = shares.sum(-1), shares.sum(-2)
    return _chance_corrected(shares, rows, columns, power)


def scott_pi(table: ArrayLike, power: float = 2) -> tuple[Floats, Floats, Floats]:
    """Scott's pi with distances: as kappa, with chance drawn from the two states' pooled margin.

    ``power=0`` would be the nominal pi; this is the valued one of Haege (2011) for ``power=2``. The two
    differ.

    References
    ----------
    Scott, W. A. (1955). Reliability of content analysis. Public Opinion Quarterly 19(3):321-325.
    doi:10.1086/266577. Haege, F. M.
    (2011). Political Analysis 19(3):287-305. doi:10.1093/pan/mpr023
    """
    shares = _shares(table)
    pooled = (shares.sum(-1) + shares.sum(-2)) / 2
    return _chance_corrected(shares, pooled, pooled, power)


def _chance_corrected(
    shares: Floats, rows: Floats, columns: Floats, power: float
) -> tuple[Floats, Floats, Floats]:
    n_levels = shares.shape[-1]
    distances = 1 - np.eye(n_levels) if power == 0 else _distances(n_levels, power)
    observed = (shares * distances).sum((-2, -1))
    expected = (rows[..., :, None] * columns[..., None, :] * distances).sum((-2, -1))
    ratio = np.divide(observed, expected, out=np.full(observed.shape, np.nan), where=expected > 0)
    return 1 - observed, 1 - expected, 1 - ratio


def cluster_weights(clusters: ArrayLike, n_draws: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw bootstrap weights of items by resampling whole clusters with replacement.

    Parameters
    ----------
    clusters
        Cluster of each item, shape ``(n_items,)``, any integers.
    n_draws
        Number of bootstrap draws.
    rng
        Source of randomness.

    Returns
    -------
    ndarray
        Shape ``(n_items, n_draws)``: how often each item occurs in each draw.
    """
    _, membership = np.unique(np.asarray(clusters), return_inverse=True)
    n_clusters = int(membership.max()) + 1
    counts = rng.multinomial(n_clusters, np.full(n_clusters, 1 / n_clusters), size=n_draws)
    return np.ascontiguousarray(counts.T[membership], dtype=np.float32)


def bootstrap_pairs(
    votes: NDArray[np.int8], clusters: ArrayLike, n_draws: int, level: float, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Vote similarity of all pairs of states on one set of roll calls, with percentile intervals.

    Parameters
    ----------
    votes
        Shape ``(n_states, n_items)``: 1 yes, 2 abstain, 3 no, 0 not voting. A roll call counts for a pair
        only when both voted; absence is neither agreement nor disagreement.
    clusters
        Cluster of each item, shape ``(n_items,)``; whole clusters are resampled, since near-identical
        resolutions are not independent.
    n_draws
        Bootstrap draws; 399 puts the 5% and 95% points on order statistics.
    level
        Central probability of the intervals.
    rng
        Source of randomness; the same draws serve all pairs, so relabelling states changes nothing.

    Returns
    -------
    n : ndarray
        Shape ``(n_pairs,)``: items on which both voted; pairs in the order of ``np.triu_indices(n_states,
        1)``.
    n_clusters : ndarray
        Shape ``(n_pairs,)``: clusters among those items.
    numbers : ndarray
        Shape ``(n_pairs, 6, 3)``: value, lower, upper of each of :data:`PAIR_MEASURES`; NaN where undefined.
        Squared distances are used for kappa, pi and their observed and expected agreement.

    Notes
    -----
    Where two states never differed, where they always did, or where one of them always voted the same (kappa is then
    0), every draw repeats the estimate and the percentile interval collapses. The bounds are then what the measure
    would be, at most, if a share ``1 - ((1 - level) / 2) ** (1 / n_clusters)`` of the items were otherwise: the largest
    one that would still leave all clusters alike with probability ``(1 - level) / 2`` (the exact binomial bound).
    """
    votes = np.ascontiguousarray(votes, np.int8)
    _, membership = np.unique(np.asarray(clusters), return_inverse=True)
    order = np.argsort(membership, kind="stable")
    votes = np.ascontiguousarray(votes[:, order])
    weights = cluster_weights(membership[order], n_draws, rng)
    rows, columns = np.triu_indices(votes.shape[0], 1)
    tail = (1 - level) / 2
    return _bootstrap_kernel(
        votes,
        membership[order].astype(np.int32),
        weights,
        rows.astype(np.int32),
        columns.astype(np.int32),
        tail,
    )


def resample_pairs(
    votes: NDArray[np.int8], pairs: ArrayLike, weights: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Vote similarity of chosen pairs under many weightings of the items.

    Parameters
    ----------
    votes
        Shape ``(n_states, n_items)``: 1 yes, 2 abstain, 3 no, 0 not voting; as in :func:`bootstrap_pairs`.
    pairs
        Rows of ``votes``, shape ``(n_pairs, 2)``.
    weights
        Shape ``(n_items, n_columns)``: any non-negative numbers, such as the probability that an item counts, in
        bootstrap draws times how often it was drawn. Only their ratios within a column matter.

    Returns
    -------
    ndarray
        Shape ``(n_pairs, 3, n_columns)``: the numbers of :data:`RESAMPLED`, with squared distances for kappa and
        its expected agreement; NaN where undefined.
    """
    counted = np.asarray(weights).any(1)
    return _resample_kernel(
        np.ascontiguousarray(votes[:, counted], np.int8),
        np.asarray(pairs, np.int64).reshape(-1, 2),
        np.ascontiguousarray(weights[counted], np.float32),
    )


def bounds_of_draws(draws: NDArray[np.float32], n_clusters: ArrayLike, level: float) -> NDArray[np.float32]:
    """Percentile intervals of same-vote share and kappa.

    Parameters
    ----------
    draws
        From :func:`resample_pairs`, shape ``(n_pairs, 3, 1 + n_draws)``; the first column is the estimate.
    n_clusters
        Number of clusters that each pair's items come from, shape ``(n_pairs,)``, not necessarily whole. Where all
        draws are the same it bounds how far the truth may be, as in :func:`bootstrap_pairs`.
    level
        Central probability of the intervals.

    Returns
    -------
    ndarray
        Shape ``(n_pairs, 2, 3)``: value, lower and upper of the share and of kappa; NaN where undefined, or
        undefined in more than half of the draws.
    """
    return _bounds_kernel(draws, np.asarray(n_clusters, np.float64), (1 - level) / 2)


@njit(cache=True, fastmath=False)
def _measures(cells, out):  # pragma: no cover - compiled
    """Fill ``out`` with the six measures of a 3x3 table given as nine cells."""
    n = 0.0
    for cell in range(9):
        n += cells[cell]
    if n <= 0:
        for k in range(6):
            out[k] = _UNDEFINED
        return
    opposed = cells[2] + cells[6]
    adjacent = cells[1] + cells[3] + cells[5] + cells[7]
    first_yes, first_no = (cells[0] + cells[1] + cells[2]) / n, (cells[6] + cells[7] + cells[8]) / n
    second_yes, second_no = (cells[0] + cells[3] + cells[6]) / n, (cells[2] + cells[5] + cells[8]) / n
    out[0] = 1 - (adjacent + opposed) / n
    out[1] = 1 - (adjacent / 2 + opposed) / n
    # With levels -1, 0, 1 the expected squared distance is a function of the first two moments of each margin.
    mean_first, mean_second = first_no - first_yes, second_no - second_yes
    square_first, square_second = first_no + first_yes, second_no + second_yes
    observed = (adjacent + 4 * opposed) / (4 * n)
    expected = (square_first + square_second - 2 * mean_first * mean_second) / 4
    pooled_mean = (mean_first + mean_second) / 2
    pooled = (square_first + square_second - 2 * pooled_mean * pooled_mean) / 4
    out[2] = 1 - observed / expected if expected > 1e-12 else _UNDEFINED
    out[3] = 1 - observed / pooled if pooled > 1e-12 else _UNDEFINED
    out[4] = 1 - observed
    out[5] = 1 - expected


@njit(cache=True)
def _interval(draws, tail):  # pragma: no cover - compiled
    """Percentile interval over the defined draws; NaN when fewer than half are defined."""
    kept = np.empty(draws.size, np.float32)
    count = 0
    for value in draws:
        if value == value:
            kept[count] = value
            count += 1
    if count * 2 < draws.size:
        return _UNDEFINED, _UNDEFINED
    # Order statistics (B + 1) p and (B + 1) (1 - p), counted from one.
    low = max(int(np.floor((count + 1) * tail + 0.5)) - 1, 0)
    high = min(int(np.ceil((count + 1) * (1 - tail) - 0.5)) - 1, count - 1)
    chosen = np.partition(kept[:count], low)
    lower = chosen[low]
    upper = np.partition(chosen[low:], high - low)[high - low]
    return lower, upper


@njit(cache=True)
def _pair_bounds(values, k, draws, unseen, tail):  # pragma: no cover - compiled
    """Bounds of the measure ``k``; where draws leave no doubt, how far ``unseen``, a share of items, might move it."""
    value, expected = values[k], 1 - values[5]
    lower, upper = _interval(draws, tail)
    if (values[0] == 1 and k != 5) or upper - lower < _FLAT:
        least, reach = 0.0, unseen
        if k == 2 or k == 3:
            pooled = expected if k == 2 or value == 1 else (1 - values[4]) / (1 - value)
            least, reach = -1.0, unseen / pooled if pooled > 1e-12 else np.nan
        elif k == 5:
            reach = 2 * unseen  # both margins may be otherwise
        lower, upper = max(value - reach, least), min(value + reach, 1.0)
    return min(lower, value), max(upper, value)


@njit(cache=True, parallel=True)
def _bootstrap_kernel(votes, clusters, weights, rows, columns, tail):  # pragma: no cover - compiled
    n_pairs, n_items, n_draws = rows.size, votes.shape[1], weights.shape[1]
    n = np.zeros(n_pairs, np.int32)
    n_clusters = np.zeros(n_pairs, np.int32)
    numbers = np.full((n_pairs, 6, 3), _UNDEFINED, np.float32)
    for pair in prange(n_pairs):
        cells = np.zeros(9, np.float64)
        tables = np.zeros((9, n_draws), np.float32)
        first, second = votes[rows[pair]], votes[columns[pair]]
        previous = -1
        for item in range(n_items):
            if first[item] > 0 and second[item] > 0:
                cell = 3 * (first[item] - 1) + second[item] - 1
                cells[cell] += 1
                n[pair] += 1
                for draw in range(n_draws):
                    tables[cell, draw] += weights[item, draw]
                if clusters[item] != previous:
                    n_clusters[pair] += 1
                    previous = clusters[item]
        if n[pair] == 0:
            continue
        values = np.empty(6, np.float32)
        _measures(cells, values)
        draws = np.empty((6, n_draws), np.float32)
        resampled = np.empty(6, np.float32)
        for draw in range(n_draws):
            _measures(tables[:, draw], resampled)
            for k in range(6):
                draws[k, draw] = resampled[k]
        unseen = 1 - tail ** (1 / n_clusters[pair])
        for k in range(6):
            numbers[pair, k, 0] = values[k]
            numbers[pair, k, 1:] = _pair_bounds(values, k, draws[k], unseen, tail)
    return n, n_clusters, numbers


@njit(cache=True, parallel=True)
def _resample_kernel(votes, pairs, weights):  # pragma: no cover - compiled
    n_pairs, (n_items, n_columns) = pairs.shape[0], weights.shape
    found = np.full((n_pairs, 3, n_columns), _UNDEFINED, np.float32)
    for pair in prange(n_pairs):
        first, second = votes[pairs[pair, 0]], votes[pairs[pair, 1]]
        tables = np.zeros((9, n_columns), np.float32)
        for item in range(n_items):
            if first[item] > 0 and second[item] > 0:
                cell = 3 * (first[item] - 1) + second[item] - 1
                for column in range(n_columns):
                    tables[cell, column] += weights[item, column]
        values = np.empty(6, np.float32)
        for column in range(n_columns):
            _measures(tables[:, column], values)
            found[pair, 0, column] = values[0]
            found[pair, 1, column] = values[2]
            found[pair, 2, column] = values[5]
    return found


@njit(cache=True, parallel=True)
def _bounds_kernel(draws, n_clusters, tail):  # pragma: no cover - compiled
    n_pairs = draws.shape[0]
    numbers = np.full((n_pairs, 2, 3), _UNDEFINED, np.float32)
    for pair in prange(n_pairs):
        same, kappa, expected = draws[pair, 0, 0], draws[pair, 1, 0], draws[pair, 2, 0]
        if n_clusters[pair] <= 0 or np.isnan(same):
            continue
        unseen = 1 - tail ** (1 / n_clusters[pair])
        values = np.array([same, same, kappa, kappa, same, expected])
        for number, k in enumerate((0, 2)):
            numbers[pair, number, 0] = values[k]
            numbers[pair, number, 1:] = _pair_bounds(values, k, draws[pair, number, 1:], unseen, tail)
    return numbers
