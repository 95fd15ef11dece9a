"""Compiled loops over the lattice of coalitions: the value of every one, each from the flow of one without a player.

A coalition is the mask of its players, and masks are taken in rising order: coalition ``mask`` follows from the one
without its lowest player, the *parent*, and is followed by all that add lower players, its *block*. Rows ``depth`` of
the state belong to the coalition of as many players on the way to the current one.

A player whose rights bear on no way from the source to the sink, with all that the block could open, adds nothing
anywhere in the block: its values are those of the parent's block and are copied. On networks of corridors, where most
lines need several states, few coalitions are left to solve.

References
----------
Ahuja, R. K., Magnanti, T. L. and Orlin, J. B. (1993). Network Flows. Prentice Hall (reduced costs, potentials).
"""

import numpy as np
from numba import njit

from tripoint.models.flows.kernels import HAIR, NONE, ROOT, adjacency, augment, both_ways, push, spread

#: Below this player a block is too small for a look at who matters in it.
_LOOK = 3


@njit(cache=True, nogil=True)
def _rights(access, capacity, n_players, hair):  # pragma: no cover - compiled
    """Access as signed masks; an arc that carries nothing needs a player who is not there."""
    rights = np.empty(len(access), np.int64)
    for arc in range(len(access)):
        rights[arc] = access[arc] if capacity[arc] > hair else 1 << n_players
    return rights


@njit(cache=True, nogil=True)
def _by_lowest_player(access, n_players):  # pragma: no cover - compiled
    """Arcs grouped by the lowest player of their access mask; the last group needs none. Order, and starts of groups.

    Counted by hand: numba's compiled sort, loaded from its cache, was seen to give a wrong order in a process that had
    run the compiled bootstrap of vote similarity before.
    """
    group = np.full(len(access), n_players)
    starts = np.zeros(n_players + 2, np.int64)
    for arc in range(len(access)):
        for player in range(n_players - 1, -1, -1):
            if access[arc] >> player & 1:
                group[arc] = player
        starts[group[arc] + 1] += 1
    for player in range(n_players + 1):
        starts[player + 1] += starts[player]
    order, place = np.empty(len(access), np.int64), starts[:-1].copy()
    for arc in range(len(access)):
        order[place[group[arc]]] = arc
        place[group[arc]] += 1
    return order, starts


@njit(cache=True, nogil=True)
def _mark(origin, way, possible, access, ends, first, arcs, marked, queue):  # pragma: no cover - compiled
    """Mark all nodes ahead of a node (``way`` 0) or behind it (1) over the arcs that some players could open."""
    marked[:] = False
    marked[origin] = True
    queue[0] = origin
    start, waiting = 0, 1
    while start < waiting:
        node = queue[start]
        start += 1
        for place in range(first[node], first[node + 1]):
            arc = arcs[place]
            if arc & 1 == way and not marked[ends[arc]] and access[arc >> 1] & possible == access[arc >> 1]:
                marked[ends[arc]] = True
                queue[waiting] = ends[arc]
                waiting += 1


@njit(cache=True, nogil=True)
def _who_matters(
    possible, access, ends, first, arcs, source, sink, ahead, behind, queue
):  # pragma: no cover - compiled
    """Players with a right over an arc on some way from the source to the sink that ``possible`` players could open."""
    _mark(source, 0, possible, access, ends, first, arcs, ahead, queue)
    if not ahead[sink]:
        return 0
    _mark(sink, 1, possible, access, ends, first, arcs, behind, queue)
    matter = 0
    for arc in range(len(access)):
        if ahead[ends[2 * arc + 1]] and behind[ends[2 * arc]] and access[arc] & possible == access[arc]:
            matter |= access[arc]
    return matter


@njit(cache=True, nogil=True)
def _following(mask, depth, player):  # pragma: no cover - compiled
    """Coalition after those that differ from ``mask`` in players below ``player``; its depth and its lowest player."""
    while mask >> player & 1:
        mask ^= 1 << player
        depth -= 1
        player += 1
    return mask | 1 << player, depth + 1, player


@njit(cache=True, nogil=True)
def _widen(
    mask, depth, player, order, starts, access, capacity, residual, reached, flow, ends, first, arcs, source, sink,
    queue, hair,
):  # fmt: skip  # pragma: no cover - compiled
    """Flow of a coalition from that of its parent, with the arcs that its lowest player opens.

    A path is looked for only where a new arc leads out of what the parent could reach from the source.
    """
    before = max(depth - 1, 0)
    flow[depth] = flow[before]
    carried = player > 0  # a coalition that none follows is carried on only if something moves
    for place in range(starts[player], starts[player + 1]):
        u, v = ends[2 * order[place] + 1], ends[2 * order[place]]
        if access[order[place]] & mask == access[order[place]]:
            carried |= reached[before, u] != NONE and reached[before, v] == NONE
    if not carried:
        return
    residual[depth] = residual[before]
    reached[depth] = reached[before]
    waiting = 0
    for place in range(starts[player], starts[player + 1]):
        arc = order[place]
        if access[arc] & mask == access[arc]:
            residual[depth, 2 * arc] = capacity[arc]
            u, v = ends[2 * arc + 1], ends[2 * arc]
            if reached[depth, u] != NONE and reached[depth, v] == NONE:
                reached[depth, v] = 2 * arc
                queue[waiting] = v
                waiting += 1
    # New arcs between nodes that were out of reach are open when the search comes to them.
    if waiting and (
        reached[depth, sink] != NONE
        or spread(residual[depth], ends, first, arcs, sink, reached[depth], queue, waiting, hair)
    ):
        flow[depth] += push(residual[depth], reached[depth], ends, source, sink)
        flow[depth] += augment(residual[depth], ends, first, arcs, source, sink, reached[depth], queue, hair)


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
def _enrich(
    mask, depth, player, order, starts, access, capacity, residual, prices, potential, worth, ends, first, arcs,
    distance, parent, queue, hair, slack,
):  # fmt: skip  # pragma: no cover - compiled
    """Gain of a coalition from that of its parent, with the arcs that its lowest player opens.

    Flow and potentials of the parent stay optimal unless a new arc has a negative reduced cost.
    """
    before = max(depth - 1, 0)
    worth[depth] = worth[before]
    carried = player > 0  # a coalition that none follows is carried on only if something moves
    for place in range(starts[player], starts[player + 1]):
        arc = order[place]
        if access[arc] & mask == access[arc]:
            u, v = ends[2 * arc + 1], ends[2 * arc]
            carried |= prices[2 * arc] + potential[before, u] - potential[before, v] < -slack
    if not carried:
        return
    residual[depth] = residual[before]
    potential[depth] = potential[before]
    for place in range(starts[player], starts[player + 1]):
        arc = order[place]
        if access[arc] & mask == access[arc]:
            residual[depth, 2 * arc] = capacity[arc]
            worth[depth] += _admit(
                arc, residual[depth], prices, potential[depth], ends, first, arcs, distance, parent, queue, hair,
                slack,
            )  # fmt: skip


@njit(cache=True, nogil=True)
def _as_circulation(tail, head, capacity, cost, n_nodes, source, sink):  # pragma: no cover - compiled
    """Ends, prices and neighbours of residual arcs, with an arc from the sink to the source that never fills."""
    tail, head = np.append(tail, sink), np.append(head, source)
    ends, prices = both_ways(tail, head, np.append(cost, 0.0))
    first, arcs = adjacency(tail, head, n_nodes)
    residual = np.zeros(len(ends))
    residual[-2] = 2 * capacity.sum()
    return ends, prices, first, arcs, residual


@njit(cache=True, nogil=True)
def all_values(
    tail, head, capacity, cost, access, n_nodes, n_players, source, sink, by_gain, values
):  # pragma: no cover - compiled
    """Value of every coalition, by gain or by volume; a coalition is solved only if its lowest player may matter."""
    hair, slack = HAIR * capacity.max(), HAIR * max(1.0, np.abs(cost).max())
    access = _rights(access, capacity, n_players, hair)
    order, starts = _by_lowest_player(access, n_players)
    ends, prices, first, arcs, start = _as_circulation(tail, head, capacity, cost, n_nodes, source, sink)
    residual = np.empty((n_players + 1, len(start)))
    residual[0] = start
    potential, reached = np.zeros((n_players + 1, n_nodes)), np.full((n_players + 1, n_nodes), NONE)
    reached[0, source] = ROOT
    worth, matter = np.zeros(n_players + 1), np.full(n_players + 1, -1)
    distance, parent, queue = np.empty(n_nodes), np.empty(n_nodes, np.int64), np.empty(n_nodes, np.int64)
    ahead, behind = np.empty(n_nodes, np.bool_), np.empty(n_nodes, np.bool_)
    mask, depth, player = 0, 0, n_players
    while True:
        if by_gain:
            _enrich(
                mask, depth, player, order, starts, access, capacity, residual, prices, potential, worth, ends,
                first, arcs, distance, parent, queue, hair, slack,
            )  # fmt: skip
        else:
            _widen(
                mask, depth, player, order, starts, access, capacity, residual, reached, worth, ends, first, arcs,
                source, sink, queue, hair,
            )  # fmt: skip
        values[mask] = worth[depth]
        mask, depth, player = _following(mask, depth, 0)
        while player < n_players:
            matter[depth] = matter[depth - 1]
            # A block could open less than its parent's only if the player above its lowest is left out.
            if player >= _LOOK and matter[depth] >> player & 1 and not mask >> (player + 1) & 1:
                able = mask | ((1 << player) - 1)
                matter[depth] = _who_matters(
                    able, access, ends, first, arcs, source, sink, ahead, behind, queue
                )
            if matter[depth] >> player & 1:
                break
            for coalition in range(mask, mask + (1 << player)):
                values[coalition] = values[coalition ^ (1 << player)]
            mask, depth, player = _following(mask, depth, player)
        if player == n_players:
            return
