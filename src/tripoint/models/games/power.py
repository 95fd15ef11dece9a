"""How much does each player, or each two of them, add to a game: Shapley, Owen and Banzhaf values, interactions."""

import math
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import GameError
from tripoint.models.games.coalitions import checked_game

Floats = NDArray[np.float64]


def shapley_value(values: ArrayLike) -> Floats:
    """What each player adds on average over all orders of joining.

    Parameters
    ----------
    values
        Of every coalition, shape ``(2**n,)`` or ``(n_draws, 2**n)``.

    Returns
    -------
    ndarray
        Shape ``(n,)`` or ``(n_draws, n)``; sums to the value of all together.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games II, 307-317.
    doi:10.1515/9781400881970-018

    Examples
    --------
    >>> shapley_value([0, 0, 0, 1])
    array([0.5, 0.5])
    """
    game, n_players = checked_game(values)
    weights = np.array(
        [1 / (n_players * math.comb(n_players - 1, size)) for size in range(n_players)] + [0.0]
    )
    return _of_draws(game, n_players, weights)


def banzhaf_value(values: ArrayLike) -> Floats:
    """What each player adds on average over all coalitions of the others; does not sum to the whole.

    References
    ----------
    Banzhaf, J. F. (1965). Weighted voting doesn't work: a mathematical analysis. Rutgers Law Review 19:317-343.
    """
    game, n_players = checked_game(values)
    weights = np.append(np.full(n_players, 0.5 ** (n_players - 1)), 0.0)
    return _of_draws(game, n_players, weights)


def owen_value(values: ArrayLike, blocs: Sequence[Sequence[int]]) -> Floats:
    """Shapley value when players join bloc by bloc: of the game among blocs, and within each of what it could get.

    Parameters
    ----------
    values
        Of every coalition, shape ``(2**n,)`` or ``(n_draws, 2**n)``.
    blocs
        Players of each bloc, numbers from 0; every player in exactly one.

    Returns
    -------
    ndarray
        Shape ``(n,)`` or ``(n_draws, n)``; sums to the value of all together.

    Raises
    ------
    GameError
        A player is in no bloc, or in two.

    References
    ----------
    Owen, G. (1977). Values of games with a priori unions. Mathematical Economics and Game Theory, 76-88.
    doi:10.1007/978-3-642-45494-3_7
    """
    game, n_players = checked_game(values)
    if sorted(player for bloc in blocs for player in bloc) != list(range(n_players)) or not all(blocs):
        raise GameError(
            f"blocs must hold each of the players 0 to {n_players - 1} once; they are {list(blocs)}"
        )
    masks = [sum(1 << player for player in bloc) for bloc in blocs]
    found = np.zeros((*game.shape[:-1], n_players))
    for place, bloc in enumerate(blocs):
        others = np.zeros(1, np.int64)  # unions of the other blocs
        sizes = np.zeros(1, np.int64)
        for mask in masks[:place] + masks[place + 1 :]:
            others, sizes = np.concatenate([others, others | mask]), np.concatenate([sizes, sizes + 1])
        orders = np.array([1 / (len(blocs) * math.comb(len(blocs) - 1, size)) for size in sizes])
        inside = np.zeros(1, np.int64)  # parts of the bloc itself, in the order of its own masks
        for player in bloc:
            inside = np.concatenate([inside, inside | 1 << player])
        worth = np.zeros((*game.shape[:-1], len(inside)))
        for union, weight in zip(others, orders, strict=True):
            worth += weight * (game[..., union | inside] - game[..., union, None])
        found[..., list(bloc)] = shapley_value(worth)
    return found


def shapley_interaction(values: ArrayLike) -> Floats:
    """How much more each two players add together than apart, shape ``(n, n)``, symmetric, diagonal NaN.

    Positive: complements, such as two sections of one pipe. Negative: substitutes, such as two pipes.

    References
    ----------
    Grabisch, M. and Roubens, M. (1999). An axiomatic approach to the concept of interaction among players in
    cooperative games. International Journal of Game Theory 28:547-565. doi:10.1007/s001820050125
    """
    game, n_players = checked_game(values)
    if game.ndim != 1:
        raise GameError("interactions are of one game; give values of shape (2**n,)")
    weights = np.array(
        [1 / ((n_players - 1) * math.comb(n_players - 2, size)) for size in range(max(n_players - 1, 0))]
        or [0.0]
    )
    found = np.full((n_players, n_players), np.nan)
    _interactions(game, n_players, weights, found)
    return found


def _of_draws(game: Floats, n_players: int, weights: Floats) -> Floats:
    rows = np.ascontiguousarray(np.atleast_2d(game))
    found = np.zeros((len(rows), n_players))
    _weighted_additions(rows, n_players, weights, found)
    return found if game.ndim == 2 else found[0]


@njit(cache=True, nogil=True)
def _size(mask):  # pragma: no cover - compiled
    size = 0
    while mask:
        mask &= mask - 1
        size += 1
    return size


@njit(cache=True, nogil=True)
def _weighted_additions(games, n_players, weights, found):  # pragma: no cover - compiled
    """Weighted sum of what each player adds to each coalition without him; weights by its size."""
    for draw in range(len(games)):
        for mask in range(1 << n_players):
            size = _size(mask)
            with_one, without = weights[size - 1], weights[size]
            value = games[draw, mask]
            for player in range(n_players):
                if mask >> player & 1:
                    found[draw, player] += with_one * value
                else:
                    found[draw, player] -= without * value


@njit(cache=True, nogil=True)
def _interactions(game, n_players, weights, found):  # pragma: no cover - compiled
    for one in range(n_players):
        for other in range(one):
            both = 1 << one | 1 << other
            total = 0.0
            for mask in range(1 << n_players):
                if not mask & both:
                    total += weights[_size(mask)] * (
                        game[mask | both] - game[mask | 1 << one] - game[mask | 1 << other] + game[mask]
                    )
            found[one, other] = found[other, one] = total
