"""Whom does a third voter join when two others part, and do the two stand together when an outsider says no?"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: What :func:`count_splits` counts, in its last axis.
SPLIT_COUNTS = (
    "with_first",
    "with_second",
    "neither",
    "all_three_voted",
    "effective_splits",
    "effective_all",
)


def count_splits(
    votes: NDArray[np.int8], clusters: NDArray[np.integer], pairs: NDArray[np.integer]
) -> Floats:
    """Count, for pairs of voters and every third voter, whom the third joins when the two part.

    Parameters
    ----------
    votes
        Shape ``(n_voters, n_items)``: 1 yes, 2 abstain, 3 no, 0 not voting.
    clusters
        Cluster of each item, shape ``(n_items,)``.
    pairs
        Rows of ``votes`` that form the pairs, shape ``(n_pairs, 2)``.

    Returns
    -------
    ndarray
        Shape ``(n_pairs, n_voters, 6)``, last axis as in :data:`SPLIT_COUNTS`. The effective numbers are
        Kish's ``(sum m)^2 / sum m^2`` over clusters of size ``m``: how many independent items the clustered
        ones are worth if items of a cluster always go the same way.
    """
    order = np.argsort(clusters, kind="stable")
    votes = np.ascontiguousarray(votes[:, order], np.int8)
    return _count_kernel(votes, np.asarray(clusters)[order].astype(np.int64), np.asarray(pairs, np.int64))


@njit(cache=True, parallel=True)
def _count_kernel(votes, clusters, pairs):  # pragma: no cover - compiled
    n_pairs, n_voters, n_items = pairs.shape[0], votes.shape[0], votes.shape[1]
    counts = np.zeros((n_pairs, n_voters, 6))
    for pair in prange(n_pairs):
        first, second = votes[pairs[pair, 0]], votes[pairs[pair, 1]]
        for voter in range(n_voters):
            third = votes[voter]
            out = counts[pair, voter]
            split_run, all_run, split_squares, all_squares = 0.0, 0.0, 0.0, 0.0
            for item in range(n_items):
                if item > 0 and clusters[item] != clusters[item - 1]:
                    split_squares += split_run * split_run
                    all_squares += all_run * all_run
                    split_run, all_run = 0.0, 0.0
                if first[item] == 0 or second[item] == 0 or third[item] == 0:
                    continue
                all_run += 1
                out[3] += 1
                if first[item] == second[item]:
                    continue
                split_run += 1
                if third[item] == first[item]:
                    out[0] += 1
                elif third[item] == second[item]:
                    out[1] += 1
                else:
                    out[2] += 1
            split_squares += split_run * split_run
            all_squares += all_run * all_run
            splits = out[0] + out[1] + out[2]
            out[4] = splits * splits / split_squares if split_squares > 0 else 0.0
            out[5] = out[3] * out[3] / all_squares if all_squares > 0 else 0.0
    return counts


def jeffreys_interval(
    successes: Floats, trials: Floats, effective: Floats, level: float
) -> tuple[Floats, Floats]:
    """Jeffreys interval of a proportion, with trials shrunk to their effective number.

    At 0 of n the lower end is 0 and at n of n the upper end is 1, so that the interval always holds the
    estimate.

    Parameters
    ----------
    successes, trials
        Counts, any equal shape.
    effective
        Effective number of independent trials, at most ``trials``.
    level
        Central probability.

    Returns
    -------
    lower, upper : ndarray
        NaN where there was no trial.

    References
    ----------
    Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval estimation for a binomial proportion. Statistical Science
    16(2):101-133. doi:10.1214/ss/1009213286
    """
    from scipy.special import betaincinv

    with np.errstate(invalid="ignore", divide="ignore"):
        factor = effective / trials
        hits, misses = successes * factor, (trials - successes) * factor
    tail = (1 - level) / 2
    seen = trials > 0
    lower, upper = np.full(trials.shape, np.nan), np.full(trials.shape, np.nan)
    lower[seen] = betaincinv(hits[seen] + 0.5, misses[seen] + 0.5, tail)
    upper[seen] = betaincinv(hits[seen] + 0.5, misses[seen] + 0.5, 1 - tail)
    lower[seen & (successes == 0)] = 0
    upper[seen & (successes == trials)] = 1
    return lower, upper


def bootstrap_united_front(
    first: NDArray[np.int8],
    second: NDArray[np.int8],
    outsider: NDArray[np.int8],
    clusters: NDArray[np.integer],
    weights: NDArray[np.float32],
    level: float,
) -> tuple[Floats, NDArray[np.int64]]:
    """Agreement of pairs of voters when an outsider votes no, otherwise, and the gap between the two.

    Parameters
    ----------
    first, second
        Votes of the two voters of each pair, shape ``(n_pairs, n_items)``: 1 yes, 2 abstain, 3 no, 0 not
        voting.
    outsider
        The outsider's votes, shape ``(n_items,)``.
    clusters
        Cluster of each item, shape ``(n_items,)``.
    weights
        Bootstrap weights from :func:`tripoint.models.similarity.cluster_weights`, shape ``(n_items,
        n_draws)``.
    level
        Central probability of the percentile intervals.

    Returns
    -------
    numbers : ndarray
        Shape ``(n_pairs, 3, 3)``: value, lower, upper of P(equal | no), P(equal | yes or abstains), and their
        difference. NaN where the condition never occurred, or in most draws did not.
    n : ndarray
        Shape ``(n_pairs, 3)``: items behind each; for the gap the smaller of the two.

    Notes
    -----
    Where a share is 0 or 1 all draws agree on it. It then gets the exact binomial bound for as many independent
    clusters, and the gap a bound at least that far from its value on the same side.
    """
    kept = (first > 0) & (second > 0) & (outsider > 0)
    equal = kept & (first == second)
    refused = outsider == 3
    columns = np.column_stack([np.ones(len(outsider), np.float32), weights])
    inside = np.asarray(clusters)[:, None] == np.unique(clusters)
    rates, counts, unseen = [], [], []
    tail = (1 - level) / 2
    for condition in (refused, ~refused):
        hits = (equal & condition).astype(np.float32) @ columns
        trials = (kept & condition).astype(np.float32) @ columns
        rates.append(np.divide(hits, trials, out=np.full(hits.shape, np.nan, np.float32), where=trials > 0))
        counts.append((kept & condition).sum(1))
        n_clusters = ((kept & condition).astype(np.float32) @ inside.astype(np.float32) > 0).sum(1)
        unseen.append(1 - tail ** (1 / np.maximum(n_clusters, 1)))
    draws = np.stack([*rates, rates[0] - rates[1]], axis=1).astype(float)
    numbers = np.full((len(first), 3, 3), np.nan)
    numbers[..., 0] = draws[..., 0]
    defined = np.isfinite(draws[..., 1:]).sum(-1) * 2 >= weights.shape[1]
    usable = defined & np.isfinite(draws[..., 0])
    numbers[usable, 1:] = np.nanquantile(draws[usable][:, 1:], [tail, 1 - tail], axis=-1).T
    for k, far in enumerate(unseen):
        share = numbers[:, k, 0]
        # A higher share when the outsider refuses widens the gap, a higher share otherwise narrows it.
        for measure, lower, upper in ((k, share == 1, share == 0), (2, share == 1 - k, share == k)):
            value, low, high = numbers[:, measure].T
            low[lower] = np.minimum(low, value - far)[lower]
            high[upper] = np.maximum(high, value + far)[upper]
    return numbers, np.stack([*counts, np.minimum(*counts)], axis=1).astype(np.int64)
