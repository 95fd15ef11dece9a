"""What a flow network is: arcs with capacities, costs and access rights, between a source and a sink."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import NetworkError

Floats = NDArray[np.float64]

#: Players are bits of a mask.
MOST_PLAYERS = 62
#: Faulty arcs that a message spells out.
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class FlowNetwork:
    """Arcs from a source to a sink.

    An arc is open to a coalition that holds *all* players of its access mask: each of them can close it. Several
    fields or markets hang on one source or sink by arcs of their own, whose capacity is what they can supply or
    take; a market's price is a negative cost on its arc. Convex costs are parallel arcs, see :func:`convex_arcs`.

    Attributes
    ----------
    tail, head
        Nodes that each arc leaves and enters, numbers from 0, shape ``(n_arcs,)``.
    capacity
        Most that an arc carries per period, finite and not negative, shape ``(n_arcs,)``.
    cost
        Of a unit of flow, of any sign, shape ``(n_arcs,)``.
    access
        Bit ``p`` is set where player ``p`` can close the arc, shape ``(n_arcs,)``; 0: open to everyone.
    n_players, n_nodes, source, sink
        Counts, and the two ends.
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    capacity: Floats
    cost: Floats
    access: NDArray[np.uint64]
    n_players: int
    n_nodes: int
    source: int
    sink: int

    @property
    def n_arcs(self) -> int:
        """Number of arcs."""
        return len(self.tail)

    def with_capacity(self, capacity: ArrayLike) -> "FlowNetwork":
        """The same arcs with other capacities, checked."""
        return checked(replace(self, capacity=np.asarray(capacity, np.float64)))

    def without_arcs(self, closed: NDArray[np.bool_]) -> "FlowNetwork":
        """The same arcs with those marked carrying nothing."""
        return replace(self, capacity=np.where(closed, 0.0, self.capacity))


def flow_network(
    tail: ArrayLike,
    head: ArrayLike,
    capacity: ArrayLike,
    *,
    source: int,
    sink: int,
    n_nodes: int,
    cost: ArrayLike | None = None,
    access: ArrayLike | None = None,
    n_players: int = 0,
) -> FlowNetwork:
    """Make a network from array-likes, checked; without costs they are 0, without access everything is open.

    Raises
    ------
    NetworkError
        A node or player that is not there, a capacity that is negative or not finite, a cost that is not a number,
        or costs that pay for going round in a circle.

    Examples
    --------
    >>> two = flow_network([0, 0, 1], [1, 2, 2], [3, 2, 2], source=0, sink=2, n_nodes=3)
    >>> two.n_arcs
    3
    """
    arcs = np.asarray(tail, np.int64)
    return checked(
        FlowNetwork(
            arcs,
            np.asarray(head, np.int64),
            np.asarray(capacity, np.float64),
            np.zeros(len(arcs)) if cost is None else np.asarray(cost, np.float64),
            np.zeros(len(arcs), np.uint64) if access is None else np.asarray(access, np.uint64),
            n_players,
            n_nodes,
            source,
            sink,
        )
    )


def checked(network: FlowNetwork) -> FlowNetwork:
    """Give the network back if it is sound.

    Raises
    ------
    NetworkError
        As in :func:`flow_network`.
    """
    faults = _shape_faults(network) or _value_faults(network)
    if faults:
        raise NetworkError("network", faults)
    return network


def _shape_faults(network: FlowNetwork) -> list[str]:
    sizes = {
        len(array) for array in (network.tail, network.head, network.capacity, network.cost, network.access)
    }
    if len(sizes) > 1:
        return [f"arrays of arcs differ in length: {sorted(sizes)}"]
    faults = []
    if not network.n_arcs:
        faults.append("no arc: nothing can flow")
    if not 0 <= network.n_players <= MOST_PLAYERS:
        faults.append(f"{network.n_players} players; from 0 to {MOST_PLAYERS} are possible")
    ends = {"source": network.source, "sink": network.sink}
    faults += [
        f"{name} {node} is none of the nodes 0 to {network.n_nodes - 1}"
        for name, node in ends.items()
        if not 0 <= node < network.n_nodes
    ]
    if network.source == network.sink:
        faults.append(f"source and sink are the same node, {network.source}")
    return faults


def _value_faults(network: FlowNetwork) -> list[str]:
    nodes = np.concatenate([network.tail, network.head])
    players = np.uint64((1 << network.n_players) - 1)
    kinds = {
        f"a node outside 0 to {network.n_nodes - 1}": ((nodes < 0) | (nodes >= network.n_nodes))
        .reshape(2, -1)
        .any(0),
        "an arc from a node to itself": network.tail == network.head,
        "a capacity that is not finite; give the largest flow that could be asked of it": ~np.isfinite(
            network.capacity
        ),
        "a negative capacity": network.capacity < 0,
        "a cost that is not finite": ~np.isfinite(network.cost),
        f"a player beyond the {network.n_players} of the network": (network.access & ~players) > 0,
    }
    faults = []
    for kind, wrong in kinds.items():
        if wrong.any():
            places = np.flatnonzero(wrong)
            shown = ", ".join(str(place) for place in places[:_SHOWN])
            more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            faults.append(f"{kind}: arc {shown}{more}")
    if not faults and _has_paying_circle(network):
        faults.append(
            "costs pay for going round in a circle; a market's price belongs on its arc into the sink"
        )
    return faults


def _has_paying_circle(network: FlowNetwork) -> bool:
    """Whether arcs that can carry anything form a circle of negative cost (Bellman and Ford)."""
    able = network.capacity > 0
    tail, head, cost = network.tail[able], network.head[able], network.cost[able]
    if not (cost < 0).any():
        return False
    least = np.zeros(network.n_nodes)
    slack = 1e-9 * max(1.0, float(np.abs(cost).max(initial=0.0)))
    for _ in range(network.n_nodes):
        better = least.copy()
        np.minimum.at(better, head, least[tail] + cost)
        if (least - better <= slack).all():
            return False
        least = better
    return True


def convex_arcs(capacities: ArrayLike, costs: ArrayLike) -> tuple[Floats, Floats]:
    """Steps of a cost that rises with the flow, as parallel arcs: their capacities and costs.

    Parameters
    ----------
    capacities
        Upper ends of the steps, rising.
    costs
        Cost of a unit within each step, not falling: only then is the cheapest step filled first.

    Raises
    ------
    NetworkError
        The ends do not rise, or the costs fall.

    Examples
    --------
    >>> convex_arcs([10, 15], [1.0, 4.0])
    (array([10.,  5.]), array([1., 4.]))
    """
    ends, steps = np.asarray(capacities, np.float64), np.asarray(costs, np.float64)
    faults = []
    if ends.shape != steps.shape or ends.ndim != 1:
        faults.append(f"{ends.size} ends of steps and {steps.size} costs; one cost for each step is needed")
    elif not (np.diff(ends, prepend=0.0) > 0).all():
        faults.append("ends of steps must rise from above 0")
    elif (np.diff(steps) < 0).any():
        faults.append("costs fall with the flow: the cheapest step would not be filled first")
    if faults:
        raise NetworkError("convex cost", faults)
    return np.diff(ends, prepend=0.0), steps
