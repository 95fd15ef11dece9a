"""What is a share when it is not sure which items count? Jeffreys posteriors, mixed over draws of the items that do."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Jeffreys' prior of a proportion.
_PRIOR = 0.5


def expected_clusters(present: NDArray[np.bool_], probability: Floats, clusters: ArrayLike) -> Floats:
    """How many clusters have at least one item that counts, on average.

    Parameters
    ----------
    present
        Items that are there at all, shape ``(n_rows, n_items)``.
    probability
        That an item counts, independently of the others, shape ``(n_items,)``.
    clusters
        Cluster of each item, shape ``(n_items,)``, any integers.

    Returns
    -------
    ndarray
        Shape ``(n_rows,)``.
    """
    left_out = _by_cluster(1 - present * probability, clusters, np.multiply)
    return (1 - left_out).sum(-1)


def effective_number(present: NDArray[np.bool_], probability: Floats, clusters: ArrayLike) -> Floats:
    """How many independent items the items that count are worth if those of a cluster always go the same way.

    Kish's ``(sum m)^2 / sum m^2`` over clusters of size ``m``, with the expected ``m`` above and the expected ``m^2``
    below: the number itself where it is sure which items count, and never more than the expected number of items.

    Parameters
    ----------
    present, probability, clusters
        As in :func:`expected_clusters`.

    Returns
    -------
    ndarray
        Shape ``(n_rows,)``; 0 where no item can count.

    References
    ----------
    Kish, L. (1965). Survey Sampling. Wiley.
    """
    sizes = _by_cluster(present * probability, clusters, np.add)
    squares = (sizes**2).sum(-1) + present @ (probability * (1 - probability))
    return np.divide(sizes.sum(-1) ** 2, squares, out=np.zeros(len(present)), where=squares > 0)


def mixed_moments(hits: Floats, trials: Floats, factor: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of Jeffreys posteriors of a proportion, mixed over draws.

    Parameters
    ----------
    hits, trials
        Successes and trials in each draw of the items that count, shape ``(n_rows, n_draws)``.
    factor
        What share of its trials each row is worth, shape ``(n_rows,)``: effective over expected trials.

    Returns
    -------
    mean, variance : ndarray
        Shape ``(n_rows,)``. A draw without a trial leaves the prior.
    """
    successes = hits * factor[:, None] + _PRIOR
    total = trials * factor[:, None] + 2 * _PRIOR
    means = successes / total
    mean = means.mean(-1)
    within = (means * (1 - means) / (total + 1)).mean(-1)
    return mean, within + means.var(-1)


def beta_interval(mean: Floats, variance: Floats, level: float) -> tuple[Floats, Floats]:
    """Central interval of beta distributions with given moments, such as those of a mixture.

    With the moments of one posterior it is exact.

    Parameters
    ----------
    mean, variance
        Any equal shape; the mean between 0 and 1, the variance positive and below ``mean (1 - mean)``.
    level
        Central probability.

    Returns
    -------
    lower, upper : ndarray
    """
    from scipy.special import betaincinv

    total = mean * (1 - mean) / variance - 1
    tail = (1 - level) / 2
    first, second = mean * total, (1 - mean) * total
    return betaincinv(first, second, tail), betaincinv(first, second, 1 - tail)


def _by_cluster(values: Floats, clusters: ArrayLike, operation: np.ufunc) -> Floats:
    """Combine columns of one cluster, shape ``(n_rows, n_clusters)``."""
    order = np.argsort(clusters, kind="stable")
    if not len(order):
        return np.zeros((len(values), 0))
    ordered = np.asarray(clusters)[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    return operation.reduceat(values[:, order], starts, axis=1)
