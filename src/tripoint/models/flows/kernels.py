"""Compiled loops: augmenting paths, and the value of every coalition on a walk over the lattice of coalitions.

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

_NONE = np.int64(-1)
_ROOT = np.int64(-2)
#: Shares of the largest capacity and cost below which a difference is rounding.
_HAIR = 1e-12


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
def _both_ways(tail, head, cost):  # pragma: no cover - compiled
    """Where every residual arc leads, and what a unit on it costs."""
    ends, prices = np.empty(2 * len(tail), np.int64), np.empty(2 * len(tail))
    for arc in range(len(tail)):
        ends[2 * arc], ends[2 * arc + 1] = head[arc], tail[arc]
        prices[2 * arc], prices[2 * arc + 1] = cost[arc], -cost[arc]
    return ends, prices


@njit(cache=True, nogil=True)
def _push(residual, parent, ends, source, sink):  # pragma: no cover - compiled
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
def _spread(residual, ends, first, arcs, sink, parent, queue, waiting, hair):  # pragma: no cover - compiled
    """Reach on from the first ``waiting`` nodes of the queue; whether the sink was reached."""
    start = 0
    while start < waiting:
        node = queue[start]
        start += 1
        for place in range(first[node], first[node + 1]):
            arc = arcs[place]
            if residual[arc] > hair:
                other = ends[arc]
                if parent[other] == _NONE:
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
        parent[:] = _NONE
        parent[source] = _ROOT
        queue[0] = source
        if not _spread(residual, ends, first, arcs, sink, parent, queue, 1, hair):
            return sent
        sent += _push(residual, parent, ends, source, sink)


@njit(cache=True, nogil=True)
def _cheapest_path(
    residual, prices, ends, first, arcs, source, distance, parent, queue, queued, hair, slack
):  # pragma: no cover - compiled
    """Cheapest paths from the source by label correction; distances and parents in place."""
    size = len(queue)
    distance[:] = np.inf
    queued[:] = False
    distance[source] = 0.0
    parent[source] = _ROOT
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
        amount = _push(residual, parent, ends, source, sink)
        sent += amount
        total -= amount * distance[sink]


@njit(cache=True, nogil=True)
def _by_last_player(access, n_players):  # pragma: no cover - compiled
    """Arcs grouped by the last player of their access mask; group 0 needs none. Their order, and where groups start.

    Counted by hand: numba's compiled sort, loaded from its cache, was seen to give a wrong order in a process that had
    run the compiled bootstrap of vote similarity before.
    """
    group = np.zeros(len(access), np.int64)
    starts = np.zeros(n_players + 2, np.int64)
    for arc in range(len(access)):
        for player in range(n_players):
            if (access[arc] >> np.uint64(player)) & np.uint64(1):
                group[arc] = player + 1
        starts[group[arc] + 1] += 1
    for player in range(n_players + 1):
        starts[player + 1] += starts[player]
    order, place = np.empty(len(access), np.int64), starts[:-1].copy()
    for arc in range(len(access)):
        order[place[group[arc]]] = arc
        place[group[arc]] += 1
    return order, starts


@njit(cache=True, nogil=True)
def all_maxima(
    tail, head, capacity, access, n_nodes, n_players, source, sink, values
):  # pragma: no cover - compiled
    """Maximum flow of every coalition: each child on the lattice augments its parent's residual network.

    A path is looked for only where a new arc leads out of what the parent could reach from the source.
    """
    first, arcs = adjacency(tail, head, n_nodes)
    hair = _HAIR * capacity.max()
    ends, _ = _both_ways(tail, head, capacity)
    order, starts = _by_last_player(access, n_players)
    residual = np.zeros((n_players + 1, 2 * len(tail)))
    parent = np.full((n_players + 1, n_nodes), _NONE)
    flow = np.zeros(n_players + 1)
    mask = np.zeros(n_players + 1, np.uint64)
    following = np.zeros(n_players + 1, np.int64)
    queue = np.empty(n_nodes, np.int64)
    for place in range(starts[0], starts[1]):
        residual[0, 2 * order[place]] = capacity[order[place]]
    flow[0] = augment(residual[0], ends, first, arcs, source, sink, parent[0], queue, hair)
    values[0] = flow[0]
    depth = 0
    while depth >= 0:
        player = following[depth]
        if player >= n_players:
            depth -= 1
            continue
        following[depth] += 1
        child = depth + 1
        mask[child] = mask[depth] | (np.uint64(1) << np.uint64(player))
        residual[child] = residual[depth]
        parent[child] = parent[depth]
        flow[child] = flow[depth]
        waiting = 0
        found = False
        for place in range(starts[player + 1], starts[player + 2]):
            arc = order[place]
            if (access[arc] & mask[child]) == access[arc] and capacity[arc] > hair:
                residual[child, 2 * arc] = capacity[arc]
                if parent[child, tail[arc]] != _NONE and parent[child, head[arc]] == _NONE:
                    parent[child, head[arc]] = 2 * arc
                    found |= head[arc] == sink
                    queue[waiting] = head[arc]
                    waiting += 1
        # New arcs between nodes that were out of reach are open when the search comes to them.
        if found or (
            waiting and _spread(residual[child], ends, first, arcs, sink, parent[child], queue, waiting, hair)
        ):
            flow[child] += _push(residual[child], parent[child], ends, source, sink)
            flow[child] += augment(
                residual[child], ends, first, arcs, source, sink, parent[child], queue, hair
            )
        values[mask[child]] = flow[child]
        following[child] = player + 1
        depth = child


@njit(cache=True, nogil=True, inline="always")
def _nearest(
    residual, prices, potential, ends, first, arcs, start, goal, bound, distance, parent, frontier, hair
):  # pragma: no cover - compiled
    """Cheapest path to a goal by reduced costs, none negative (Dijkstra); distances below its own are final.

    Nothing is looked for at ``bound`` or beyond. The frontier is a short list, searched for its nearest node.
    """
    distance[:] = np.inf
    distance[start] = 0.0
    frontier[0] = start
    size = 1
    while size > 0:
        nearest = 0
        for place in range(1, size):
            if distance[frontier[place]] < distance[frontier[nearest]]:
                nearest = place
        node = frontier[nearest]
        if node == goal:
            return
        size -= 1
        frontier[nearest] = frontier[size]
        so_far = distance[node] + potential[node]
        for place in range(first[node], first[node + 1]):
            arc = arcs[place]
            if residual[arc] > hair:
                other = ends[arc]
                reached = max(so_far + prices[arc] - potential[other], distance[node])
                if reached < distance[other] and reached < bound:
                    if distance[other] == np.inf:
                        frontier[size] = other
                        size += 1
                    distance[other] = reached
                    parent[other] = arc


@njit(cache=True, nogil=True, inline="always")
def _admit(
    arc, residual, prices, potential, ends, first, arcs, distance, parent, queue, hair, slack
):  # pragma: no cover - compiled
    """Make flow and potentials optimal again after one arc was opened; give what was gained.

    While the arc's reduced cost is negative, flow goes round through it along the cheapest way back; potentials rise
    by the distances, so that no other reduced cost becomes negative.
    """
    gained = 0.0
    u, v = ends[2 * arc + 1], ends[2 * arc]
    while residual[2 * arc] > hair:
        reduced = prices[2 * arc] + potential[u] - potential[v]
        if reduced >= -slack:
            break
        _nearest(
            residual, prices, potential, ends, first, arcs, v, u, -reduced, distance, parent, queue, hair
        )
        far = min(distance[u], -reduced)
        for node in range(len(potential)):
            potential[node] += min(distance[node], far)
        if distance[u] >= -reduced - slack:
            break
        amount = residual[2 * arc]
        node = u
        while node != v:
            back = parent[node]
            amount = min(amount, residual[back])
            node = ends[back ^ 1]
        node = u
        while node != v:
            back = parent[node]
            residual[back] -= amount
            residual[back ^ 1] += amount
            node = ends[back ^ 1]
        residual[2 * arc] -= amount
        residual[2 * arc + 1] += amount
        gained -= amount * (reduced + distance[u])
    return gained


@njit(cache=True, nogil=True)
def all_gains(
    tail, head, capacity, cost, access, n_nodes, n_players, source, sink, values
):  # pragma: no cover - compiled
    """Largest gain of every coalition: each child on the lattice admits the arcs that its last player opens.

    The network is closed to a circulation by an arc from the sink to the source; flow and potentials of the parent
    stay optimal unless a new arc has a negative reduced cost.
    """
    n_arcs = len(tail)
    tail, head = np.append(tail, sink), np.append(head, source)
    ends, prices = _both_ways(tail, head, np.append(cost, 0.0))
    first, arcs = adjacency(tail, head, n_nodes)
    hair = _HAIR * capacity.max()
    slack = _HAIR * max(1.0, np.abs(cost).max())
    order, starts = _by_last_player(access, n_players)
    residual = np.zeros((n_players + 1, 2 * n_arcs + 2))
    residual[0, 2 * n_arcs] = 2 * capacity.sum()
    potential = np.zeros((n_players + 1, n_nodes))
    worth = np.zeros(n_players + 1)
    mask = np.zeros(n_players + 1, np.uint64)
    following = np.zeros(n_players + 1, np.int64)
    distance, parent = np.empty(n_nodes), np.empty(n_nodes, np.int64)
    queue = np.empty(n_nodes, np.int64)
    depth, player, child = 0, -1, 0
    while True:
        changed = player < n_players - 1  # a coalition without children is carried on only if something moves
        if not changed:
            for place in range(starts[player + 1], starts[player + 2]):
                arc = order[place]
                reduced = cost[arc] + potential[depth, tail[arc]] - potential[depth, head[arc]]
                opens = (access[arc] & mask[child]) == access[arc] and capacity[arc] > hair
                changed |= opens and reduced < -slack
            if changed:
                residual[child] = residual[depth]
                potential[child] = potential[depth]
        if changed:
            for place in range(starts[player + 1], starts[player + 2]):
                arc = order[place]
                if (access[arc] & mask[child]) == access[arc] and capacity[arc] > hair:
                    residual[child, 2 * arc] = capacity[arc]
                    if cost[arc] + potential[child, tail[arc]] - potential[child, head[arc]] < -slack:
                        worth[child] += _admit(
                            arc, residual[child], prices, potential[child], ends, first, arcs, distance, parent,
                            queue, hair, slack,
                        )  # fmt: skip
        values[mask[child]] = worth[child]
        following[child] = player + 1
        depth = child
        while depth >= 0 and following[depth] >= n_players:
            depth -= 1
        if depth < 0:
            break
        player = following[depth]
        following[depth] += 1
        child = depth + 1
        mask[child] = mask[depth] | (np.uint64(1) << np.uint64(player))
        worth[child] = worth[depth]
        if player < n_players - 1:
            residual[child] = residual[depth]
            potential[child] = potential[depth]


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
        ends, prices = _both_ways(tail, head, cost[row if len(cost) > 1 else 0])
        hair = _HAIR * capacity[row].max()
        slack = _HAIR * max(1.0, np.abs(prices).max())
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
