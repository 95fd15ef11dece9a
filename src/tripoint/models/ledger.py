"""Who took whose share between two times: the bilateral split of a change in shares, for all participants at once.

``G_ij = s1_i s0_j - s0_i s1_j`` is what ``i`` gained from ``j`` between two times. It is antisymmetric, it is
zero if and only if the two shares kept their ratio, and when shares sum to one its rows sum to each
participant's change of share. The split among rivals follows the spirit of Chami Batista (2008), Applied
Economics; the formula is our own. It is compositional: it says whose share grew relative to whose, not what
caused it.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def gain_matrix(before: ArrayLike, after: ArrayLike) -> Floats:
    """What each participant gained from each other, between two times.

    Parameters
    ----------
    before, after
        Shares, shape ``(..., n)``.

    Returns
    -------
    ndarray
        Shape ``(..., n, n)``; entry ``[i, j]`` is what ``i`` gained from ``j``.
    """
    before, after = np.asarray(before, float), np.asarray(after, float)
    return after[..., :, None] * before[..., None, :] - before[..., :, None] * after[..., None, :]


def gain_variance(
    before: ArrayLike, after: ArrayLike, before_variance: ArrayLike, after_variance: ArrayLike
) -> Floats:
    """First-order variance of each gain, from the variances of the shares; errors independent.

    Parameters
    ----------
    before, after, before_variance, after_variance
        Shares and the variances of their errors, shape ``(..., n)``.

    Returns
    -------
    ndarray
        Shape ``(..., n, n)``, symmetric, 0 on the diagonal.
    """
    s0, s1, v0, v1 = (np.asarray(array, float) for array in (before, after, before_variance, after_variance))
    found = (
        s0[..., None, :] ** 2 * v1[..., :, None]
        + s1[..., :, None] ** 2 * v0[..., None, :]
        + s1[..., None, :] ** 2 * v0[..., :, None]
        + s0[..., :, None] ** 2 * v1[..., None, :]
    )
    return np.where(np.eye(s0.shape[-1], dtype=bool), 0.0, found)


def rest_variance(
    before: ArrayLike, after: ArrayLike, before_variance: ArrayLike, after_variance: ArrayLike
) -> Floats:
    """First-order variance of what each participant gained from all that are not named.

    The rest is what the named leave of one, so that its error is the sum of theirs with the sign turned.

    Parameters
    ----------
    before, after, before_variance, after_variance
        Shares of the named participants and the variances of their errors, shape ``(..., n)``.

    Returns
    -------
    ndarray
        Shape ``(..., n)``.
    """
    s0, s1, v0, v1 = (np.asarray(array, float) for array in (before, after, before_variance, after_variance))
    found = np.zeros(s0.shape)
    # The error of a share weighs as much as the shares at the other time.
    for share, variance in ((s0, v1), (s1, v0)):
        rest = 1 - share.sum(-1, keepdims=True)
        others = variance.sum(-1, keepdims=True) - variance
        found = found + (rest + share) ** 2 * variance + share**2 * others
    return found
