"""What is the best flow through a network, arc by arc, and where is its bottleneck?"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import NetworkError
from tripoint.models.flows.kernels import row_values
from tripoint.models.flows.network import FlowNetwork

Floats = NDArray[np.float64]

#: ``volume``: the most that can flow, whatever it costs. ``gain``: prices less costs of what is worth sending.
Objective = Literal["volume", "gain"]

#: Share of the largest capacity below which an arc counts as full or empty.
_HAIR = 1e-9


@dataclass(frozen=True, slots=True)
class Flow:
    """The best flow.

    Attributes
    ----------
    value
        The objective: volume, or gain.
    volume
        What reaches the sink.
    arcs
        Flow on each arc, shape ``(n_arcs,)``.
    """

    value: float
    volume: float
    arcs: Floats


def opened(network: FlowNetwork, coalitions: ArrayLike) -> Floats:
    """Capacities that coalitions may use, shape ``(n_coalitions, n_arcs)``: 0 on arcs they lack a right to."""
    held = np.asarray(coalitions, np.uint64)[:, None]
    return np.where((network.access & held) == network.access, network.capacity, 0.0)


def values_of(
    network: FlowNetwork, capacities: Floats, objective: Objective, costs: Floats | None = None
) -> Floats:
    """Value of the network with each row of capacities in place of its own, shape ``(n_rows,)``.

    Parameters
    ----------
    capacities
        Shape ``(n_rows, n_arcs)``; finite and not negative.
    costs
        The same shape, or one row; the network's own, if not given.
    """
    values = np.empty(len(capacities))
    _solve(network, capacities, objective, costs, values, np.empty((0, 0)))
    return values


def best_flow(network: FlowNetwork, objective: Objective = "volume", coalition: int | None = None) -> Flow:
    """Solve the network for everyone together, or for one coalition.

    Parameters
    ----------
    coalition
        Mask of the players whose arcs may be used.

    Examples
    --------
    >>> from tripoint.models.flows.network import flow_network
    >>> two = flow_network([0, 0, 1], [1, 2, 2], [3, 2, 2], source=0, sink=2, n_nodes=3)
    >>> best_flow(two).value
    4.0
    """
    everyone = (1 << network.n_players) - 1
    capacity = opened(network, [everyone if coalition is None else coalition])
    value, flows = np.empty(1), np.empty((1, network.n_arcs))
    _solve(network, capacity, objective, None, value, flows)
    arcs = flows[0]
    volume = arcs[network.head == network.sink].sum() - arcs[network.tail == network.sink].sum()
    return Flow(float(value[0]), float(volume), arcs)


def demanded_flow(network: FlowNetwork, volume: float) -> Flow:
    """The cheapest flow of a given volume.

    Raises
    ------
    NetworkError
        The network cannot carry as much; the message says how much it can.
    """
    most = best_flow(network).value
    if not volume <= most * (1 + _HAIR):
        raise NetworkError(
            "demand",
            [
                f"{volume:g} is asked for, and the network carries at most {most:g}. Lower the demand or open arcs"
            ],
        )
    # An arc of its own into a new sink bounds the volume; a price above all costs makes every unit worth sending.
    price = 1.0 + 2.0 * float(np.abs(network.cost).sum())
    bounded = FlowNetwork(
        np.append(network.tail, network.sink),
        np.append(network.head, network.n_nodes),
        np.append(network.capacity, volume),
        np.append(network.cost, -price),
        np.append(network.access, np.uint64(0)),
        network.n_players,
        network.n_nodes + 1,
        network.source,
        network.n_nodes,
    )
    found = best_flow(bounded, "gain")
    arcs = found.arcs[:-1]
    return Flow(-float(arcs @ network.cost), found.volume, arcs)


def minimum_cut(network: FlowNetwork) -> NDArray[np.intp]:
    """Arcs that together bound the flow: the minimum cut nearest to the source.

    References
    ----------
    Ford, L. R. and Fulkerson, D. R. (1956). Maximal flow through a network. Canadian Journal of Mathematics
    8:399-404. doi:10.4153/CJM-1956-045-5
    """
    flow, hair = best_flow(network).arcs, _HAIR * float(network.capacity.max(initial=0.0))
    forward, backward = network.capacity - flow > hair, flow > hair
    reached = np.zeros(network.n_nodes, bool)
    reached[network.source] = True
    for _ in range(network.n_nodes):
        before = reached.sum()
        reached[network.head[forward & reached[network.tail]]] = True
        reached[network.tail[backward & reached[network.head]]] = True
        if reached.sum() == before:
            break
    across = reached[network.tail] & ~reached[network.head] & (network.capacity > 0)
    return np.flatnonzero(across)


def _solve(
    network: FlowNetwork,
    capacities: Floats,
    objective: Objective,
    costs: Floats | None,
    values: Floats,
    flows: Floats,
) -> None:
    prices = network.cost[None] if costs is None else np.atleast_2d(costs)
    row_values(
        network.tail, network.head, np.ascontiguousarray(capacities), np.ascontiguousarray(prices),
        network.n_nodes, network.source, network.sink, objective == "gain", values, flows,
    )  # fmt: skip
