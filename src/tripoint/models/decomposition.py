"""How much of two voters' agreement beyond chance does a third voter's vote carry? An exact identity, bootstrapped.

Let ``p(u)`` be the share of items on which the outsider voted ``u``, and let agreement be what is observed (``Po``),
what the two margins would give (``Pe``), and what the two margins *given the outsider's vote* would give (``Pc``). Then
``Po - Pe = (Pc - Pe) + (Po - Pc)``: a part that goes through the outsider's vote and a part that is the pair's own.
Divided by ``1 - Pe`` this is Cohen's nominal kappa, split without remainder. With scores 1, 2, 3 the law of total
covariance does the same for the covariance of the two votes. The identity accounts for agreement; it says
nothing of causes.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import ArrayLike, NDArray

from tripoint.models.similarity import _FLAT, _interval, _measures, _pair_bounds

Floats = NDArray[np.float64]

#: What :func:`bootstrap_decomposition` returns numbers of, in this order.
DECOMPOSITION = (
    "same_vote",
    "expected",
    "conditional_expected",
    "kappa",
    "linked",
    "own",
    "linked_share",
    "conditional_kappa",
    "covariance",
    "covariance_linked",
    "covariance_own",
    "linked_share_quadratic",
    "shared_opposition",
    "agreement_given_yes",
    "agreement_given_abstain",
    "agreement_given_no",
)

#: What :func:`bootstrap_decomposition` counts, in this order.
ITEM_COUNTS = ("all_three", "outsider_yes", "outsider_abstain", "outsider_no", "same_vote")

_N_NUMBERS, _N_COUNTS = len(DECOMPOSITION), len(ITEM_COUNTS)
_UNDEFINED = np.float32(np.nan)
_TINY = 1e-12

#: Plain shares among the numbers, each with the count of items that it is a share of.
_SHARES = np.array([(0, 0), (12, 4), (13, 1), (14, 2), (15, 3)])


def bootstrap_decomposition(
    votes: NDArray[np.int8],
    combinations: ArrayLike,
    clusters: ArrayLike,
    weights: NDArray[np.floating],
    level: float,
) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats]:
    """Decompose the agreement of many pairs by the vote of an outsider, with percentile intervals.

    Parameters
    ----------
    votes
        Shape ``(n_voters, n_items)``: 1 yes, 2 abstain, 3 no, 0 not voting. An item counts for a combination
        only when all three voted.
    combinations
        Rows of ``votes``: first, second, outsider; shape ``(n_combinations, 3)``.
    clusters
        Cluster of each item, shape ``(n_items,)``, any integers.
    weights
        Shape ``(n_items, 1 + n_draws)``: the weights of the estimate itself, then those of each bootstrap draw
        (:func:`tripoint.models.similarity.cluster_weights`). Any non-negative numbers; only their ratios
        matter. Without draws there are no bounds.
    level
        Central probability of the intervals.

    Returns
    -------
    n : ndarray
        Shape ``(n_combinations, 5)``: items behind the numbers, as in :data:`ITEM_COUNTS`.
    n_clusters : ndarray
        Shape ``(n_combinations, 5)``: clusters among those items.
    numbers : ndarray
        Shape ``(n_combinations, 16, 3)``: value, lower, upper, as in :data:`DECOMPOSITION`; NaN where undefined.

    Notes
    -----
    ``linked = (Pc - Pe) / (1 - Pe)``, ``own = (Po - Pc) / (1 - Pe)``, ``kappa = linked + own``,
    ``linked_share = linked / kappa``, ``conditional_kappa = (Po - Pc) / (1 - Pc)``. The covariances are of
    scores 1, 2, 3, divided by the sum of weights. ``shared_opposition`` is ``P(a = b != u) / P(a = b)``: high
    for any pair when the outsider is nearly always alone, hence only descriptive.

    A share of something that is not positive has no value. In a draw in which kappa is not positive the share counts as
    infinite with the sign of its numerator, which is where it goes as kappa falls to 0; left out, such draws would
    make the interval too short.

    Where all items are alike the draws collapse; shares then get the exact binomial bound for as many
    independent clusters, and kappas the bound that follows from it, as in
    :func:`tripoint.models.similarity.bootstrap_pairs`. The same departure, to both sides, is the interval of
    ``kappa`` where one of the two always votes the same, of ``linked`` and ``linked_share`` where the outsider does,
    and of ``own``, ``conditional_kappa`` and ``linked_share`` where one of the two follows from the outsider's vote.

    The partition is the law of total covariance applied to the indicators of each vote; a kappa within strata is
    that of Barlow, W., Lai, M.-Y. and Azen, S. P. (1991). A comparison of methods for calculating a stratified
    kappa. Statistics in Medicine 10(9):1465-1472. doi:10.1002/sim.4780100913
    """
    who = np.asarray(combinations, np.int64).reshape(-1, 3)
    return _decomposition_kernel(who, *_by_cluster(votes, clusters, weights), (1 - level) / 2)


def bootstrap_weighted_pairs(
    votes: NDArray[np.int8],
    pairs: ArrayLike,
    clusters: ArrayLike,
    weights: NDArray[np.floating],
    level: float,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Same-vote share and kappa with squared distances of chosen pairs, on items of unequal weight.

    Parameters
    ----------
    votes, clusters, weights, level
        As in :func:`bootstrap_decomposition`.
    pairs
        Rows of ``votes``, shape ``(n_pairs, 2)``.

    Returns
    -------
    n, n_clusters : ndarray
        Shape ``(n_pairs,)``: items on which both voted, and clusters among them.
    numbers : ndarray
        Shape ``(n_pairs, 2, 3)``: value, lower, upper of the share and of kappa. With equal weights they are those of
        :func:`tripoint.models.similarity.bootstrap_pairs`.
    """
    who = np.asarray(pairs, np.int64).reshape(-1, 2)
    return _pairs_kernel(who, *_by_cluster(votes, clusters, weights), (1 - level) / 2)


def _by_cluster(
    votes: NDArray[np.int8], clusters: ArrayLike, weights: NDArray[np.floating]
) -> tuple[NDArray[np.int8], NDArray[np.int64], Floats, NDArray[np.float32]]:
    """Votes, clusters, weights of the estimate and of the draws, in an order in which clusters stand together."""
    _, membership = np.unique(np.asarray(clusters), return_inverse=True)
    order = np.argsort(membership, kind="stable")
    return (
        np.ascontiguousarray(votes[:, order], np.int8),
        membership[order].astype(np.int64),
        np.ascontiguousarray(weights[order, 0], np.float64),
        np.ascontiguousarray(weights[order, 1:], np.float32),
    )


@njit(cache=True)
def _part_of(part, whole):  # pragma: no cover - compiled
    """A part as a share of a whole; infinite, with the sign of the part, where the whole is not positive."""
    if whole > _TINY:
        return part / whole
    if part > _TINY:
        return np.inf
    if part < -_TINY:
        return -np.inf
    return np.nan


@njit(cache=True)
def _decompose(cells, out):  # pragma: no cover - compiled
    """Fill ``out`` with the numbers of a table given as cells ``[9 (u - 1) + 3 (a - 1) + b - 1]``."""
    out[:] = np.nan
    total, same, opposed_same, conditional, product, linked_product = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    first, second = np.zeros(3), np.zeros(3)
    for u in range(3):
        t = cells[9 * u : 9 * u + 9]
        a0, a1, a2 = t[0] + t[1] + t[2], t[3] + t[4] + t[5], t[6] + t[7] + t[8]
        b0, b1, b2 = t[0] + t[3] + t[6], t[1] + t[4] + t[7], t[2] + t[5] + t[8]
        n, equal = a0 + a1 + a2, t[0] + t[4] + t[8]
        first[0] += a0
        first[1] += a1
        first[2] += a2
        second[0] += b0
        second[1] += b1
        second[2] += b2
        product += t[0] + t[8] - t[2] - t[6]
        total += n
        same += equal
        opposed_same += equal - t[4 * u]
        if n > 0:
            conditional += (a0 * b0 + a1 * b1 + a2 * b2) / n
            linked_product += (a2 - a0) * (b2 - b0) / n
            out[13 + u] = equal / n
    if total <= 0:
        return
    observed, conditional = same / total, conditional / total
    expected = 0.0
    for k in range(3):
        expected += first[k] * second[k]
    expected /= total * total
    out[0], out[1], out[2] = observed, expected, conditional
    if 1 - expected > _TINY:
        out[3] = (observed - expected) / (1 - expected)
        out[4] = (conditional - expected) / (1 - expected)
        out[5] = (observed - conditional) / (1 - expected)
        out[6] = _part_of(out[4], out[3])
    if 1 - conditional > _TINY:
        out[7] = (observed - conditional) / (1 - conditional)
    # Scores -1, 0, 1: a covariance does not depend on where the scale starts.
    means = (first[2] - first[0]) * (second[2] - second[0]) / (total * total)
    out[8] = product / total - means
    out[9] = linked_product / total - means
    out[10] = (product - linked_product) / total
    out[11] = _part_of(out[9], out[8])
    if same > 0:
        out[12] = opposed_same / same


@njit(cache=True)
def _bounds(values, draws, n_clusters, tail, out):  # pragma: no cover - compiled
    """Fill ``out`` with value, lower and upper of each number."""
    for k in range(_N_NUMBERS):
        if not np.isfinite(values[k]):
            continue
        lower, upper = _interval(draws[k], tail)
        out[k, 0], out[k, 1], out[k, 2] = values[k], min(lower, values[k]), max(upper, values[k])
    for k, count in _SHARES:
        if n_clusters[count] == 0:
            continue
        unseen = 1 - tail ** (1 / n_clusters[count])
        if values[k] > 1 - _TINY:
            out[k, 1] = min(out[k, 1], 1 - unseen)
        elif values[k] < _TINY:
            out[k, 2] = max(out[k, 2], unseen)
    unseen = 1 - tail ** (1 / n_clusters[0])
    chance = 1 - values[1]
    for k, reach in ((3, chance), (4, chance), (5, chance), (6, values[0] - values[1]), (7, 1 - values[2])):
        if reach <= _TINY or not np.isfinite(values[k]):
            continue
        if out[k, 2] - out[k, 1] < _FLAT:
            out[k, 1], out[k, 2] = values[k] - unseen / reach, values[k] + unseen / reach
        elif values[0] > 1 - _TINY and k not in (4, 6):
            out[k, 1] = min(out[k, 1], values[k] - unseen / reach)
        if k in (3, 7):
            out[k, 2] = min(out[k, 2], 1.0)


@njit(cache=True)
def _tabulate(
    voters, clusters, estimate, weights, cells, tables, n, n_clusters
):  # pragma: no cover - compiled
    """Fill the table of the estimate, the tables of all draws, and the counts of items and clusters."""
    first, second, outsider = voters
    last = np.full(_N_COUNTS, -1)
    for item in range(clusters.size):
        a, b, u = first[item], second[item], outsider[item]
        if a == 0 or b == 0 or u == 0 or estimate[item] <= 0:
            continue
        cell = 9 * (u - 1) + 3 * (a - 1) + b - 1
        cells[cell] += estimate[item]
        for draw in range(weights.shape[1]):
            tables[cell, draw] += weights[item, draw]
        for count in range(_N_COUNTS):
            if count == 0 or count == u or (count == 4 and a == b):
                n[count] += 1
                if last[count] != clusters[item]:
                    n_clusters[count] += 1
                    last[count] = clusters[item]


@njit(cache=True, parallel=True)
def _decomposition_kernel(
    combinations, votes, clusters, estimate, weights, tail
):  # pragma: no cover - compiled
    n_combinations, n_draws = combinations.shape[0], weights.shape[1]
    n = np.zeros((n_combinations, _N_COUNTS), np.int32)
    n_clusters = np.zeros((n_combinations, _N_COUNTS), np.int32)
    numbers = np.full((n_combinations, _N_NUMBERS, 3), np.nan)
    for k in prange(n_combinations):
        first, second, outsider = combinations[k]
        voters = (votes[first], votes[second], votes[outsider])
        cells, tables = np.zeros(27), np.zeros((27, n_draws), np.float32)
        _tabulate(voters, clusters, estimate, weights, cells, tables, n[k], n_clusters[k])
        if n[k, 0] == 0:
            continue
        values, resampled, drawn = np.empty(_N_NUMBERS), np.empty(_N_NUMBERS), np.empty(27)
        draws = np.empty((_N_NUMBERS, n_draws), np.float32)
        _decompose(cells, values)
        for draw in range(n_draws):
            for cell in range(27):
                drawn[cell] = tables[cell, draw]
            _decompose(drawn, resampled)
            for number in range(_N_NUMBERS):
                draws[number, draw] = resampled[number]
        if n_draws > 0:
            _bounds(values, draws, n_clusters[k], tail, numbers[k])
        else:
            numbers[k, :, 0] = np.where(np.isfinite(values), values, np.nan)
    return n, n_clusters, numbers


@njit(cache=True, parallel=True)
def _pairs_kernel(pairs, votes, clusters, estimate, weights, tail):  # pragma: no cover - compiled
    n_pairs, n_items, n_draws = pairs.shape[0], votes.shape[1], weights.shape[1]
    n, n_clusters = np.zeros(n_pairs, np.int32), np.zeros(n_pairs, np.int32)
    numbers = np.full((n_pairs, 2, 3), _UNDEFINED, np.float32)
    for pair in prange(n_pairs):
        first, second = votes[pairs[pair, 0]], votes[pairs[pair, 1]]
        cells, tables = np.zeros(9), np.zeros((9, n_draws), np.float32)
        last = -1
        for item in range(n_items):
            if first[item] == 0 or second[item] == 0 or estimate[item] <= 0:
                continue
            cell = 3 * (first[item] - 1) + second[item] - 1
            cells[cell] += estimate[item]
            for draw in range(n_draws):
                tables[cell, draw] += weights[item, draw]
            n[pair] += 1
            if last != clusters[item]:
                n_clusters[pair] += 1
                last = clusters[item]
        if n[pair] == 0:
            continue
        values, resampled = np.empty(6, np.float32), np.empty(6, np.float32)
        draws = np.empty((2, n_draws), np.float32)
        _measures(cells, values)
        for draw in range(n_draws):
            _measures(tables[:, draw], resampled)
            draws[0, draw], draws[1, draw] = resampled[0], resampled[2]
        unseen = 1 - tail ** (1 / n_clusters[pair])
        for k, number in enumerate((0, 2)):
            numbers[pair, k, 0] = values[number]
            numbers[pair, k, 1:] = _pair_bounds(values, number, draws[k], unseen, tail)
    return n, n_clusters, numbers
