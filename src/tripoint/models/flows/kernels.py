"""Compiled loops: augmenting paths in a residual network, shortest and cheapest.

Arc ``a`` of the network is the residual arc ``2a``, its reverse ``2a + 1``. Residuals below a hair of the largest
capacity count as none, so that rounding cannot make a path.

References
----------
Edmonds, J. and Karp, R. M. (1972). Theoretical improvements in algorithmic efficiency for network flow problems.
Journal of the ACM 19(2):248-264. doi:10.1145/321694.321699
Ahuja, R. K., Magnanti, T. L. and Orlin, J. B. (1993). Network Flows. Prentice Hall (successive shortest paths).
"""

import numpy as np
from numba import njit

NONE = np.int64(-1)
ROOT = np.int64(-2)
#: Shares of the largest capacity and cost below which a difference is rounding.
HAIR = 1e-12


@njit(cache=True, nogil=True)
def adjacency(tail, head, n_nodes):  # pragma: no cover - compiled
    """Residual arcs that leave each node: places of the first, and the arcs."""
    first = np.zeros(n_nodes + 1, np.int64)
    for arc in range(len(tail)):
        first[tail[arc] + 1] += 1
        first[head[arc] + 1] += 1
    for node in range(n_nodes):
        first[node + 1] += first[node]
    place = first[:-1].copy()
    arcs = np.empty(2 * len(tail), np.int64)
    for arc in range(len(tail)):
        arcs[place[tail[arc]]] = 2 * arc
        place[tail[arc]] += 1
        arcs[place[head[arc]]] = 2 * arc + 1
        place[head[arc]] += 1
    return first, arcs


@njit(cache=True, nogil=True)
def both_ways(tail, head, cost):  # pragma: no cover - compiled
    """Where every residual arc leads, and what a unit on it costs."""
    ends, prices = np.empty(2 * len(tail), np.int64), np.empty(2 * len(tail))
    for arc in range(len(tail)):
        ends[2 * arc], ends[2 * arc + 1] = head[arc], tail[arc]
        prices[2 * arc], prices[2 * arc + 1] = cost[arc], -cost[arc]
    return ends, prices


@njit(cache=True, nogil=True)
def push(residual, parent, ends, source, sink):  # pragma: no cover - compiled
    """Send as much as fits along the path that ``parent`` holds; give the amount."""
    amount = np.inf
    node = sink
    while node != source:
        arc = parent[node]
        amount = min(amount, residual[arc])
        node = ends[arc ^ 1]
    node = sink
    while node != source:
        arc = parent[node]
        residual[arc] -= amount
        residual[arc ^ 1] += amount
        node = ends[arc ^ 1]
    return amount


@njit(cache=True, nogil=True)
def spread(residual, ends, first, arcs, sink, parent, queue, waiting, hair):  # pragma: no cover - compiled
    """Reach on from the first ``waiting`` nodes of the queue; whether the sink was reached."""
    start = 0
    while start < waiting:
        node = queue[start]
        start += 1
        for place in range(first[node], first[node + 1]):
            arc = arcs[place]
            if residual[arc] > hair:
                other = ends[arc]
                if parent[other] == NONE:
                    parent[other] = arc
                    if other == sink:
                        return True
                    queue[waiting] = other
                    waiting += 1
    return False


@njit(cache=True, nogil=True)
def augment(residual, ends, first, arcs, source, sink, parent, queue, hair):  # pragma: no cover - compiled
    """Send flow along shortest augmenting paths until there is none; give how much was sent.

    Afterwards ``parent`` marks the nodes that can be reached from the source.
    """
    sent = 0.0
    while True:
        parent[:] = NONE
        parent[source] = ROOT
        queue[0] = source
        if not spread(residual, ends, first, arcs, sink, parent, queue, 1, hair):
            return sent
        sent += push(residual, parent, ends, source, sink)


@njit(cache=True, nogil=True)
def _cheapest_path(
    residual, prices, ends, first, arcs, source, distance, parent, queue, queued, hair, slack
):  # pragma: no cover - compiled
    """Cheapest paths from the source by label correction; distances and parents in place."""
    size = len(queue)
    distance[:] = np.inf
    queued[:] = False
    distance[source] = 0.0
    parent[source] = ROOT
    queue[0] = source
    start, waiting = 0, 1
    while waiting > 0:
        node = queue[start]
        start = (start + 1) % size
        waiting -= 1
        queued[node] = False
        for place in range(first[node], first[node + 1]):
            arc = arcs[place]
            if residual[arc] > hair:
                other = ends[arc]
                reached = distance[node] + prices[arc]
                if reached < distance[other] - slack:
                    distance[other] = reached
                    parent[other] = arc
                    if not queued[other]:
                        queue[(start + waiting) % size] = other
                        waiting += 1
                        queued[other] = True


@njit(cache=True, nogil=True)
def gain(
    residual, prices, ends, first, arcs, source, sink, distance, parent, queue, queued, hair, slack
):  # pragma: no cover - compiled
    """Send flow along cheapest paths while each unit gains; give flow sent and total gain (minus cost)."""
    sent, total = 0.0, 0.0
    while True:
        _cheapest_path(
            residual, prices, ends, first, arcs, source, distance, parent, queue, queued, hair, slack
        )
        if not distance[sink] < -slack:
            return sent, total
        amount = push(residual, parent, ends, source, sink)
        sent += amount
        total -= amount * distance[sink]


@njit(cache=True, nogil=True)
def row_values(
    tail, head, capacity, cost, n_nodes, source, sink, by_gain, values, flows
):  # pragma: no cover - compiled
    """Value and arc flows of networks that differ in capacities and costs, a row for each."""
    first, arcs = adjacency(tail, head, n_nodes)
    residual = np.empty(2 * len(tail))
    distance, parent = np.empty(n_nodes), np.empty(n_nodes, np.int64)
    queue, queued = np.empty(n_nodes + 1, np.int64), np.empty(n_nodes, np.bool_)
    for row in range(len(capacity)):
        ends, prices = both_ways(tail, head, cost[row if len(cost) > 1 else 0])
        hair = HAIR * capacity[row].max()
        slack = HAIR * max(1.0, np.abs(prices).max())
        for arc in range(len(tail)):
            residual[2 * arc] = capacity[row, arc]
            residual[2 * arc + 1] = 0.0
        if by_gain:
            values[row] = gain(
                residual,
                prices,
                ends,
                first,
                arcs,
                source,
                sink,
                distance,
                parent,
                queue,
                queued,
                hair,
                slack,
            )[1]
        else:
            values[row] = augment(residual, ends, first, arcs, source, sink, parent, queue, hair)
        if len(flows):
            for arc in range(len(tail)):
                flows[row, arc] = residual[2 * arc + 1]
