"""What is each coalition of players worth on a network: all of them at once, and over draws of uncertain inputs?"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

import numpy as np
from numpy.typing import NDArray

from tripoint.errors import GameError
from tripoint.models.flows.lattice import all_values
from tripoint.models.flows.network import FlowNetwork
from tripoint.models.flows.optimum import Objective, opened, values_of
from tripoint.models.flows.reduction import Reduction, reduction

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]

#: Beyond as many players a table of all coalitions does not fit; sample permutations instead.
MOST_EXACT = 24
#: Draws that one task of a thread takes.
_CHUNK = 25


def coalition_values(network: FlowNetwork, objective: Objective = "gain") -> Floats:
    """Value of every coalition, shape ``(2**n_players,)``; the place of a coalition is the mask of its players.

    A coalition may use the arcs for which it holds every right. The empty one is worth what flows without any.

    Raises
    ------
    GameError
        There is no player, or there are too many to list every coalition.

    Examples
    --------
    >>> from tripoint.models.flows.network import flow_network
    >>> chain = flow_network([0, 1], [1, 2], [3, 2], source=0, sink=2, n_nodes=3, access=[1, 2], n_players=2)
    >>> coalition_values(chain, "volume")
    array([0., 0., 0., 2.])
    """
    _check_players(network.n_players)
    values = np.empty(1 << network.n_players)
    arcs = reduction(network)
    joined = arcs.joined(network.capacity, network.cost, network.access)
    _fill(arcs, network.n_players, *joined, objective, values)
    return values


def drawn_coalition_values(
    network: FlowNetwork,
    capacities: Floats,
    costs: Floats,
    access: NDArray[np.uint64],
    objective: Objective = "gain",
    *,
    progress: Progress = lambda share, doing: None,
) -> Floats:
    """Value of every coalition in each draw of capacities, costs and access rights.

    Parameters
    ----------
    capacities, costs, access
        Shape ``(n_draws, n_arcs)``.
    progress
        Called as draws are done.

    Returns
    -------
    ndarray
        Shape ``(n_draws, 2**n_players)``.
    """
    _check_players(network.n_players)
    values = np.empty((len(capacities), 1 << network.n_players))
    arcs = reduction(network)

    def fill(start: int) -> None:
        for draw in range(start, min(start + _CHUNK, len(capacities))):
            joined = arcs.joined(capacities[draw], costs[draw], access[draw])
            _fill(arcs, network.n_players, *joined, objective, values[draw])

    starts = range(0, len(capacities), _CHUNK)
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        tasks = [pool.submit(fill, start) for start in starts]
        for done, task in enumerate(as_completed(tasks), start=1):
            task.result()
            progress(done / len(tasks), "coalitions")
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return values


def value_function(
    network: FlowNetwork, objective: Objective = "gain"
) -> Callable[[NDArray[np.uint64]], Floats]:
    """Value of chosen coalitions only, for games too large to list: masks in, values out."""

    def value(coalitions: NDArray[np.uint64]) -> Floats:
        return values_of(network, opened(network, coalitions), objective)

    return value


def _fill(
    arcs: Reduction,
    n_players: int,
    capacity: Floats,
    cost: Floats,
    access: NDArray[np.uint64],
    objective: Objective,
    values: Floats,
) -> None:
    if len(capacity):
        all_values(
            arcs.tail, arcs.head, capacity, cost, access, arcs.n_nodes, n_players, arcs.source, arcs.sink,
            objective == "gain", values,
        )  # fmt: skip
    else:
        values[:] = 0.0


def _check_players(n_players: int) -> None:
    if n_players < 1:
        raise GameError("no player: give at least one arc to one player")
    if n_players > MOST_EXACT:
        raise GameError(
            f"{n_players} players make {2**n_players:,} coalitions; up to {MOST_EXACT} can be listed. Join players "
            "into blocs, or sample permutations (models.games.sampling)"
        )
