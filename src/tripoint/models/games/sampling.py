"""What is each player's Shapley value where there are too many coalitions to list? Sampled orders, with their error."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tripoint.errors import GameError

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]

#: Orders and their reverses that are valued at a time.
_BATCH = 64
#: How often the bound holds at least.
LEVEL = 0.9
#: Sampled games may have at most as many players: bits of a mask.
MOST_SAMPLED = 62


@dataclass(frozen=True, slots=True)
class SampledValue:
    """A sampled Shapley value.

    Attributes
    ----------
    value
        Mean over pairs of orders, shape ``(n,)``; sums to the value of all together.
    standard_error
        Of the mean, from the spread between pairs, shape ``(n,)``.
    bound
        Half width that the error passes at most once in ten times whatever the game, where nothing that a player adds
        lies outside what was seen (Hoeffding); wide, but not fooled by additions that are rare.
    n_pairs
        Pairs of an order and its reverse.
    """

    value: Floats
    standard_error: Floats
    bound: Floats
    n_pairs: int


def sampled_shapley_value(
    value: Callable[[NDArray[np.uint64]], Floats],
    n_players: int,
    n_pairs: int,
    rng: np.random.Generator,
    *,
    progress: Progress = lambda share, doing: None,
) -> SampledValue:
    """Average what each player adds over random orders of joining, each with its reverse (antithetic).

    Parameters
    ----------
    value
        Masks of coalitions to their values, shape ``(n_masks,)`` both; the empty coalition is worth 0.
    n_pairs
        At least 2, so that an error can be stated.

    Raises
    ------
    GameError
        No player, too many, fewer than two pairs, or a value that is not finite.

    References
    ----------
    Castro, J., Gómez, D. and Tejada, J. (2009). Polynomial calculation of the Shapley value based on sampling.
    Computers & Operations Research 36(5):1726-1730. doi:10.1016/j.cor.2008.04.004
    Maleki, S., Tran-Thanh, L., Hines, G., Rahwan, T. and Rogers, A. (2013). Bounding the estimation error of
    sampling-based Shapley value approximation. arXiv:1306.4265
    Mitchell, R., Cooper, J., Frank, E. and Holmes, G. (2022). Sampling permutations for Shapley value estimation.
    Journal of Machine Learning Research 23(43):1-46 (antithetic orders).
    """
    if not 1 <= n_players <= MOST_SAMPLED:
        raise GameError(f"{n_players} players; from 1 to {MOST_SAMPLED} can be sampled")
    if n_pairs < 2:
        raise GameError(f"{n_pairs} pairs of orders; at least 2 are needed to state an error")
    means = np.empty((n_pairs, n_players))
    span = 0.0
    for start in range(0, n_pairs, _BATCH):
        size = min(_BATCH, n_pairs - start)
        orders = rng.permuted(np.tile(np.arange(n_players), (size, 1)), axis=1)
        one, other = _additions(value, orders), _additions(value, orders[:, ::-1])
        means[start : start + size] = (one + other) / 2
        span = max(span, float(np.ptp(np.concatenate([one, other]))))
        progress((start + size) / n_pairs, "orders of joining")
    error = means.std(0, ddof=1) / np.sqrt(n_pairs)
    bound = np.full(n_players, span * np.sqrt(np.log(2 / (1 - LEVEL)) / (2 * n_pairs)))
    return SampledValue(means.mean(0), error, bound, n_pairs)


def _additions(value: Callable[[NDArray[np.uint64]], Floats], orders: NDArray[np.int64]) -> Floats:
    """What each player adds in each order, shape ``(n_orders, n)``."""
    steps = np.uint64(1) << orders.astype(np.uint64)
    masks = np.bitwise_or.accumulate(steps, axis=1)
    distinct, places = np.unique(masks, return_inverse=True)
    worth = value(distinct)
    if not np.isfinite(worth).all():
        raise GameError(
            f"{(~np.isfinite(worth)).sum()} coalitions have no finite value; every coalition needs one"
        )
    added = np.diff(worth[places.reshape(masks.shape)], axis=1, prepend=0.0)
    found = np.empty(orders.shape)
    np.put_along_axis(found, orders, added, axis=1)
    return found
