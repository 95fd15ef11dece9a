"""What a cooperative game is: the value of every coalition, checked; and what it must satisfy to be shared out."""

from collections.abc import Mapping

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import GameError

Floats = NDArray[np.float64]

#: Beyond as many players not every two disjoint coalitions are compared: 3**n of them.
MOST_COMPARED = 16
#: Share of the largest value below which a difference is rounding.
HAIR = 1e-9


def checked_game(values: ArrayLike) -> tuple[Floats, int]:
    """Values of all coalitions as an array, and the number of players.

    Parameters
    ----------
    values
        Shape ``(2**n,)`` or ``(n_draws, 2**n)``; the place of a coalition is the mask of its players, so the empty
        coalition comes first, worth 0, and all together last.

    Raises
    ------
    GameError
        The length is no power of two, a value is not finite, the empty coalition is worth something, or there is no
        player.
    """
    game = np.asarray(values, np.float64)
    length = game.shape[-1] if game.ndim else 0
    n_players = length.bit_length() - 1
    if game.ndim not in (1, 2) or length != 1 << max(n_players, 0):
        raise GameError(f"{length} values are not those of all coalitions; 2, 4, 8, 16 … are")
    if n_players == 0:
        raise GameError("no player: a game needs at least one")
    if not np.isfinite(game).all():
        raise GameError(
            f"{(~np.isfinite(game)).sum()} coalitions have no finite value; every coalition needs one"
        )
    if (game[..., 0] != 0).any():
        raise GameError(
            f"the empty coalition is worth {np.abs(game[..., 0]).max():g}, not 0: something flows that no player "
            "can close. Subtract it from every coalition, or give its arcs to a player"
        )
    return game, n_players


def game_of(players: int, worth: Mapping[tuple[int, ...], float]) -> Floats:
    """A game from the coalitions that are worth something, players numbered from 1; the others are worth 0.

    Examples
    --------
    >>> game_of(2, {(1, 2): 3.0})
    array([0., 0., 0., 3.])
    """
    values = np.zeros(1 << players)
    for members, value in worth.items():
        values[sum(1 << (player - 1) for player in members)] = value
    return values


def check_superadditive(values: ArrayLike) -> None:
    """Refuse a game in which two groups are worth less together than apart.

    Up to `MOST_COMPARED` players every two disjoint coalitions are compared; beyond, every coalition with every single
    player.

    Raises
    ------
    GameError
        Names the two groups that lose most by joining, and what to do.
    """
    game, n_players = checked_game(values)
    if game.ndim != 1:
        raise GameError("one game at a time can be checked; give values of shape (2**n,)")
    loss, one, other = (_worst_pair if n_players <= MOST_COMPARED else _worst_single)(game, n_players)
    if loss > HAIR * max(np.abs(game).max(), 1e-300):
        raise GameError(
            f"the game is not superadditive: players {_members(one)} are worth {game[one]:g} and players "
            f"{_members(other)} {game[other]:g}, together only {game[one | other]:g}. Take its superadditive cover, or "
            "give the arcs that both use to a player"
        )


def superadditive_cover(values: ArrayLike) -> Floats:
    """The smallest superadditive game above: every coalition is worth its best split into parts.

    Raises
    ------
    GameError
        More than `MOST_COMPARED` players.
    """
    game, n_players = checked_game(values)
    if n_players > MOST_COMPARED or game.ndim != 1:
        raise GameError(f"a cover is made of one game of up to {MOST_COMPARED} players; this has {n_players}")
    return _cover(game)


def player_matrix(n_players: int) -> NDArray[np.float64]:
    """Who is in each coalition, 0 or 1, shape ``(2**n, n)``."""
    masks = np.arange(1 << n_players)
    return ((masks[:, None] >> np.arange(n_players)) & 1).astype(np.float64)


def sums_of(shares: ArrayLike) -> Floats:
    """What each coalition gets of a sharing out, shape ``(2**n,)``."""
    sums = np.zeros(1)
    for share in np.asarray(shares, np.float64):
        sums = np.concatenate([sums, sums + share])
    return sums


def _members(mask: int) -> str:
    return ", ".join(str(player) for player in range(int(mask).bit_length()) if mask >> player & 1)


@njit(cache=True, nogil=True)
def _worst_pair(game, n_players):  # pragma: no cover - compiled
    """Largest loss by joining over all two disjoint coalitions, and the two."""
    worst, one, other = -np.inf, 0, 0
    for whole in range(1, 1 << n_players):
        part = (whole - 1) & whole
        while part > whole ^ part:
            loss = game[part] + game[whole ^ part] - game[whole]
            if loss > worst:
                worst, one, other = loss, part, whole ^ part
            part = (part - 1) & whole
    return worst, one, other


@njit(cache=True, nogil=True)
def _worst_single(game, n_players):  # pragma: no cover - compiled
    """The same over coalitions and single players."""
    worst, one, other = -np.inf, 0, 0
    for mask in range(1, 1 << n_players):
        for player in range(n_players):
            if not mask >> player & 1:
                loss = game[mask] + game[1 << player] - game[mask | 1 << player]
                if loss > worst:
                    worst, one, other = loss, mask, 1 << player
    return worst, one, other


@njit(cache=True, nogil=True)
def _cover(game):  # pragma: no cover - compiled
    best = game.copy()
    for whole in range(1, len(game)):
        part = (whole - 1) & whole
        while part > whole ^ part:
            best[whole] = max(best[whole], best[part] + best[whole ^ part])
            part = (part - 1) & whole
    return best
