"""Which sharing out leaves the worst-off coalitions as well off as can be, and is there one that nobody can better?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import GameError
from tripoint.models.games.coalitions import checked_game, player_matrix, sums_of

Floats = NDArray[np.float64]

#: Share of the largest value below which two excesses are the same.
LEVEL_HAIR = 1e-7
#: Share of it by which a row may be broken before it is added to a program.
_ROW_HAIR = 1e-10
#: Rows added at a time.
_ROWS = 40
#: Bound of shares and complaints in a program, in units of the largest value.
_FAR = 1e4
#: A dual above this is positive: its coalition binds in every optimum.
_DUAL = 1e-7


@dataclass(frozen=True, slots=True)
class CoreTest:
    """Whether every coalition can be given at least what it is worth.

    Attributes
    ----------
    stable
        Whether the core has a point.
    shortfall
        How much more than the whole would be needed; 0 where the core has a point.
    shares
        A sharing out in the core, or of the larger sum that would be needed; shape ``(n,)``.
    """

    stable: bool
    shortfall: float
    shares: Floats


def core_test(values: ArrayLike) -> CoreTest:
    """Look for a sharing out that no coalition can better on its own.

    References
    ----------
    Gillies, D. B. (1959). Solutions to general non-zero-sum games. Contributions to the Theory of Games IV, 47-85.
    doi:10.1515/9781400882168-005
    """
    game, scale, n_players = _scaled(values)
    least, _ = _program(np.ones(n_players), player_matrix(n_players)[1:], game[1:])
    shortfall = max(float(least.sum() - game[-1]), 0.0)
    stable = shortfall <= LEVEL_HAIR
    return CoreTest(stable, 0.0 if stable else shortfall * scale, least * scale)


def nucleolus(values: ArrayLike) -> Floats:
    """The sharing out, none below what it has alone, whose ordered complaints of coalitions are smallest.

    A complaint is what a coalition is worth less what it gets. Sequential linear programs; coalitions enter as they are
    needed.

    Returns
    -------
    ndarray
        Shape ``(n,)``; sums to the value of all together.

    Raises
    ------
    GameError
        The players are worth more alone than together, so that no sharing out gives each his own; take
        :func:`prenucleolus`.

    References
    ----------
    Schmeidler, D. (1969). The nucleolus of a characteristic function game. SIAM Journal on Applied Mathematics
    17(6):1163-1170. doi:10.1137/0117107
    Maschler, M., Peleg, B. and Shapley, L. S. (1979). Geometric properties of the kernel, nucleolus, and related
    solution concepts. Mathematics of Operations Research 4(4):303-338. doi:10.1287/moor.4.4.303
    """
    game, scale, n_players = _scaled(values)
    alone = game[1 << np.arange(n_players)]
    if alone.sum() > game[-1] + LEVEL_HAIR:
        raise GameError(
            f"the players are worth {alone.sum() * scale:g} alone and {game[-1] * scale:g} together: no sharing out "
            "gives each his own. Take the prenucleolus, or the superadditive cover of the game"
        )
    return _lexicographic(game, n_players, alone) * scale


def prenucleolus(values: ArrayLike) -> Floats:
    """As the nucleolus, when a player may also get less than he has alone.

    References
    ----------
    Sobolev, A. I. (1975). The characterization of optimality principles in cooperative games by functional equations.
    Mathematical Methods in the Social Sciences 6:94-151.
    """
    game, scale, n_players = _scaled(values)
    return _lexicographic(game, n_players, None) * scale


def is_nucleolus(values: ArrayLike, shares: ArrayLike, *, individually_rational: bool = True) -> bool:
    """Kohlberg's certificate: whether a sharing out is the nucleolus (or the prenucleolus).

    At every level of complaint, whatever moves shares between players without giving less to the coalitions that
    complain as much or more must leave all of these as they are. Computed apart from the sequence of programs.

    References
    ----------
    Kohlberg, E. (1971). On the nucleolus of a characteristic function game. SIAM Journal on Applied Mathematics
    20(1):62-66. doi:10.1137/0120009
    """
    game, scale, n_players = _scaled(values)
    given = np.asarray(shares, np.float64) / scale
    alone = game[1 << np.arange(n_players)]
    if abs(given.sum() - game[-1]) > LEVEL_HAIR:
        return False
    at_least = np.zeros(n_players, bool)
    if individually_rational:
        if (given < alone - LEVEL_HAIR).any():
            return False
        at_least = given <= alone + LEVEL_HAIR
    proper = slice(1, len(game) - 1)
    members = player_matrix(n_players)[proper]
    complaint = (game - sums_of(given))[proper]
    free = _null_space(np.ones((1, n_players)))
    while free.shape[1] and len(members):
        moved = members @ free
        open_ = np.abs(moved).max(1) > LEVEL_HAIR  # the others stay as they are whatever moves
        members, complaint, moved = members[open_], complaint[open_], moved[open_]
        if not len(members):
            break
        level = complaint >= complaint.max() - LEVEL_HAIR
        if not _balanced(moved[level], free[at_least]):
            return False
        free = free @ _null_space(moved[level])
    return True


def _balanced(moved: Floats, kept: Floats) -> bool:
    """Whether no move gives more to a coalition and less to none, for moves in the columns' space."""
    rows = np.concatenate([moved, kept])
    gained = moved.sum(0)
    best, _ = _program(-gained, rows, np.zeros(len(rows)), bounds=(-1, 1))
    return bool(gained @ best <= LEVEL_HAIR * len(moved))


def _scaled(values: ArrayLike) -> tuple[Floats, float, int]:
    """The game with its largest value at 1, the scale, the number of players."""
    game, n_players = checked_game(values)
    if game.ndim != 1:
        raise GameError("one game at a time; give values of shape (2**n,)")
    scale = float(np.abs(game).max()) or 1.0
    return game / scale, scale, n_players


def _lexicographic(game: Floats, n_players: int, alone: Floats | None) -> Floats:
    """Minimise the largest complaint, fix the coalitions that cannot do better, and go on with the others."""
    if n_players == 1:
        return game[-1:].copy()
    proper = slice(1, len(game) - 1)
    members, worth = player_matrix(n_players)[proper], game[proper]
    fixed, total = np.ones((1, n_players)), game[-1:]
    while len(fixed) < n_players:
        open_ = np.flatnonzero(np.abs(members @ _null_space(fixed)).max(1) > LEVEL_HAIR)
        level, tight = _least_complaint(members[open_], worth[open_], fixed, total, alone)
        for row in open_[tight]:
            wider = np.vstack([fixed, members[row]])
            if np.linalg.matrix_rank(wider, tol=1e-8) > len(fixed):
                fixed, total = wider, np.append(total, worth[row] - level)
    return np.asarray(np.linalg.solve(fixed, total), np.float64)


def _least_complaint(
    members: Floats, worth: Floats, fixed: Floats, total: Floats, alone: Floats | None
) -> tuple[float, NDArray[np.intp]]:
    """Smallest possible largest complaint, and coalitions that have it in every optimum."""
    n_players = members.shape[1]
    rows = np.column_stack([members, np.ones(len(members))])
    same = np.column_stack([fixed, np.zeros(len(fixed))])
    floors = np.full(n_players, -np.inf) if alone is None else alone
    bounds = np.column_stack([np.append(floors, -_FAR), np.full(n_players + 1, np.inf)])
    cost = np.append(np.zeros(n_players), 1.0)
    best, duals = _program(cost, rows, worth, bounds=bounds, same=(same, total))
    return float(best[-1]), np.flatnonzero(duals > _DUAL)


def _program(
    cost: Floats,
    rows: Floats,
    least: Floats,
    *,
    bounds: ArrayLike = (-np.inf, np.inf),
    same: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, Floats]:
    """Minimise ``cost @ x`` with ``rows @ x >= least``, rows entering as they are broken; the optimum and the duals."""
    from scipy.optimize import linprog

    used = np.argsort(-least, kind="stable")[:_ROWS]
    equal, equal_to = same or (None, None)
    while True:
        found = linprog(
            cost, -rows[used], -least[used], equal, equal_to, _boxed(bounds, len(cost)), method="highs"
        )
        if found.status != 0:
            raise GameError(f"the linear program of the game was not solved: {found.message}")
        short = least - rows @ found.x
        broken = np.flatnonzero(short > _ROW_HAIR)
        broken = broken[~np.isin(broken, used)]
        if not len(broken):
            duals = np.zeros(len(rows))
            duals[used] = -found.ineqlin.marginals
            return found.x, duals
        used = np.concatenate([used, broken[np.argsort(-short[broken], kind="stable")[:_ROWS]]])


def _boxed(bounds: ArrayLike, size: int) -> ArrayLike:
    """Bounds of every variable, far away where there are none: programs with few rows must not run off."""
    given = np.array(bounds, np.float64)
    box = np.tile(given, (size, 1)) if given.ndim == 1 else given
    box[:, 0] = np.where(np.isfinite(box[:, 0]), box[:, 0], -_FAR)
    box[:, 1] = np.where(np.isfinite(box[:, 1]), box[:, 1], _FAR)
    return box


def _null_space(rows: Floats) -> Floats:
    """Orthonormal columns that every row is orthogonal to."""
    _, sizes, axes = np.linalg.svd(rows, full_matrices=True)
    rank = int((sizes > 1e-8 * max(sizes.max(initial=0.0), 1.0)).sum())
    return axes[rank:].T
