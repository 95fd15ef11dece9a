"""Which smaller network is worth the same to every coalition: without dead ends, and with lines in a row as one arc?

Two arcs that meet where nothing else begins or ends carry the same flow: together they cost the sum, carry the smaller
of both capacities, and need the consent of all who can close either.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tripoint.models.flows.network import FlowNetwork

Floats = NDArray[np.float64]

_GONE = np.int64(-1)


@dataclass(frozen=True, slots=True)
class Reduction:
    """A smaller network, and which arcs of the whole one each of its arcs stands for.

    Attributes
    ----------
    tail, head
        Nodes that each arc leaves and enters, shape ``(n_arcs,)``.
    part_of
        Arc that each arc of the whole network is part of, shape of the whole; -1: nothing can flow there.
    n_nodes, source, sink
        Count, and the two ends.
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    part_of: NDArray[np.int64]
    n_nodes: int
    source: int
    sink: int

    def joined(
        self, capacity: Floats, cost: Floats, access: NDArray[np.uint64]
    ) -> tuple[Floats, Floats, NDArray[np.uint64]]:
        """Capacity, cost and access of the arcs, from those of the whole network."""
        return _joined(self.part_of, len(self.tail), capacity, cost, access)


def reduction(network: FlowNetwork) -> Reduction:
    """Leave out what lies on no way from the source to the sink, and join arcs in a row.

    Examples
    --------
    >>> from tripoint.models.flows.network import flow_network
    >>> line = flow_network([0, 1, 1], [1, 2, 3], [5, 3, 9], source=0, sink=2, n_nodes=4, cost=[1, 2, 0])
    >>> smaller = reduction(line)
    >>> smaller.part_of
    array([ 0,  0, -1])
    >>> smaller.joined(line.capacity, line.cost, line.access)[:2]
    (array([3.]), array([3.]))
    """
    tail, head = network.tail.copy(), network.head.copy()
    part_of = _joints(tail, head, network.n_nodes, network.source, network.sink)
    kept = np.flatnonzero(part_of == np.arange(len(part_of)))
    arc_number = np.full(len(part_of) + 1, _GONE)  # the last one is that of no arc, -1
    arc_number[kept] = np.arange(len(kept))
    node_number = np.full(network.n_nodes, _GONE)
    node_number[[network.source, network.sink]] = 0
    node_number[tail[kept]] = node_number[head[kept]] = 0
    nodes = np.flatnonzero(node_number == 0)
    node_number[nodes] = np.arange(len(nodes))
    return Reduction(
        node_number[tail[kept]], node_number[head[kept]], arc_number[part_of], len(nodes),
        int(node_number[network.source]), int(node_number[network.sink]),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _joints(tail, head, n_nodes, source, sink):  # pragma: no cover - compiled
    """First arc of the row that each arc is part of, -1 where nothing can flow; rows get their ends in place."""
    part_of = np.arange(len(tail))
    ahead, behind = np.zeros(n_nodes, np.bool_), np.zeros(n_nodes, np.bool_)
    ahead[source], behind[sink] = True, True
    for _ in range(n_nodes):
        for arc in range(len(tail)):
            ahead[head[arc]] |= ahead[tail[arc]]
            behind[tail[arc]] |= behind[head[arc]]
    entering, leaving = np.zeros(n_nodes, np.int64), np.zeros(n_nodes, np.int64)
    out = np.empty(n_nodes, np.int64)
    for arc in range(len(tail)):
        if ahead[tail[arc]] and behind[head[arc]]:
            entering[head[arc]] += 1
            leaving[tail[arc]] += 1
            out[tail[arc]] = arc
        else:
            part_of[arc] = _GONE
    inner = (entering == 1) & (leaving == 1)
    inner[source] = inner[sink] = False
    for arc in range(len(tail)):
        if part_of[arc] == arc and not inner[tail[arc]]:
            while inner[head[arc]] and head[out[head[arc]]] != tail[arc]:
                following = out[head[arc]]
                part_of[following] = arc
                head[arc] = head[following]
    return part_of


@njit(cache=True, nogil=True)
def _joined(part_of, n_arcs, capacity, cost, access):  # pragma: no cover - compiled
    """The least of capacities, the sum of costs and all rights over the arcs in each row."""
    least, total, rights = np.full(n_arcs, np.inf), np.zeros(n_arcs), np.zeros(n_arcs, np.uint64)
    for arc in range(len(part_of)):
        row = part_of[arc]
        if row >= 0:
            least[row] = min(least[row], capacity[arc])
            total[row] += cost[arc]
            rights[row] |= access[arc]
    return least, total, rights
