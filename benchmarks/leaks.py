"""How wrong is it to count gas lost on the way as a cost rather than as a leak? Shapley shares either way, compared.

Run as ``python -m benchmarks.leaks``; it needs nothing but what tripoint itself needs. Every pipeline loses a share of
what enters it, by its length: fuel of compressors, and what escapes. *Leaks* are exact: a generalised flow, one linear
program (HiGHS) for each coalition that can open something else. Against them stand games without leaks: losses left
out, or bought on the way, at the mean price of the markets or at what one more unit is worth there. The width of the
package's own 90% intervals is the yardstick.

References
----------
Ahuja, R. K., Magnanti, T. L. and Orlin, J. B. (1993). Network Flows. Prentice Hall (chapter 15, generalised flows).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csr_array

from tripoint.core.network import Network
from tripoint.core.scenario import changed
from tripoint.measures.corridor_game import CorridorGame, corridor_game, length_km
from tripoint.models.flows.coalitions import coalition_values, drawn_coalition_values
from tripoint.models.flows.network import FlowNetwork
from tripoint.models.flows.optimum import opened
from tripoint.models.games.power import shapley_value
from tripoint.sources.corridors import shipped_network, shipped_scenarios

#: Share lost over 500 km.
LOSSES = (0.01, 0.02)
STRETCH_KM = 500.0
GROUNDS = ("KAZ", "UZB", "TKM", "AZE", "RUS")
LINES = ("trans-caspian", "tapi", "turkmenistan-china-d", "power-of-siberia-2")
DRAWS = 400

Floats = NDArray[np.float64]


def lost_shares(network: Network, game: CorridorGame, per_stretch: float) -> Floats:
    """Share of what enters each arc that does not come out of it; only pipelines lose."""
    lines = {s.name: length_km(network, s) for s in network.segments if s.kind == "pipeline"}
    return np.array([1 - (1 - per_stretch) ** (lines.get(name, 0.0) / STRETCH_KM) for name in game.arcs])


def leaking_values(network: FlowNetwork, lost: Floats) -> Floats:
    """Value of every coalition where arcs leak, shape ``(2**n_players,)``; equal linear programs are solved once."""
    masks = np.arange(1 << network.n_players, dtype=np.uint64)
    values = np.empty(len(masks))
    known: dict[bytes, float] = {}
    for part in np.array_split(masks, max(1, len(masks) >> 10)):
        for mask, capacity in zip(part, opened(network, part), strict=True):
            useful = np.where(_on_a_way(network, capacity > 0), capacity, 0.0)
            if useful.tobytes() not in known:
                known[useful.tobytes()] = _leaking_value(network, useful, lost)
            values[mask] = known[useful.tobytes()]
    return values


def _leaking_value(network: FlowNetwork, capacity: Floats, lost: Floats) -> float:
    return -_program(network, capacity, lost).fun if capacity.any() else 0.0


def _program(network: FlowNetwork, capacity: Floats, lost: Floats) -> OptimizeResult:
    """Least cost where each node passes on what reaches it; all nodes but the source and the sink have a row."""
    arcs = np.arange(network.n_arcs)
    shape = (network.n_nodes, network.n_arcs)
    balance = csr_array((1 - lost, (network.head, arcs)), shape) - csr_array(
        (np.ones(network.n_arcs), (network.tail, arcs)), shape
    )
    inner = np.delete(np.arange(network.n_nodes), [network.source, network.sink])
    return linprog(
        network.cost, A_eq=balance[inner], b_eq=np.zeros(len(inner)),
        bounds=np.column_stack([np.zeros(network.n_arcs), capacity]),
    )  # fmt: skip


def _on_a_way(network: FlowNetwork, able: NDArray[np.bool_]) -> NDArray[np.bool_]:
    ahead, behind = np.zeros((2, network.n_nodes), bool)
    ahead[network.source] = behind[network.sink] = True
    while True:
        before = ahead.sum() + behind.sum()
        ahead[network.head[able & ahead[network.tail]]] = True
        behind[network.tail[able & behind[network.head]]] = True
        if ahead.sum() + behind.sum() == before:
            return able & ahead[network.tail] & behind[network.head]


def at_market(network: FlowNetwork) -> Floats:
    """What a unit is worth at the end of each arc if it would have been sold: the mean price of the markets."""
    markets = network.head == network.sink
    return np.full(network.n_arcs, -np.average(network.cost[markets], weights=network.capacity[markets]))


def at_margin(network: FlowNetwork) -> Floats:
    """What one more unit is worth at the end of each arc: the dual price there when all act together."""
    inner = np.delete(np.arange(network.n_nodes), [network.source, network.sink])
    worth = np.zeros(network.n_nodes)
    worth[inner] = _program(network, network.capacity, np.zeros(network.n_arcs)).eqlin.marginals
    return worth[network.head]


def shares_of(values: Floats) -> Floats:
    """Shapley values as percentages of what all together are worth."""
    return 100 * shapley_value(values) / values[..., -1:]


def compare(network: Network, ground: str, per_stretch: float, draws: int) -> None:
    """Print how far values and shares without leaks are from those with, and how wide the intervals of shares are."""
    game = corridor_game(network, "gas", ground, draws=draws, seed=0)
    flows, lost = game.network, lost_shares(network, game, per_stretch)
    drawn = drawn_coalition_values(flows, game.capacities, game.costs, game.access)
    width = np.ptp(np.quantile(shares_of(drawn), [0.05, 0.95], axis=0), axis=0)
    exact = leaking_values(flows, lost)
    print(
        f"{ground}, {per_stretch:.0%} in {STRETCH_KM:.0f} km, {width.size} players: 90% intervals of shares "
        f"{width.min():.1f} to {width.max():.1f} points wide, median {np.median(width):.1f}"
    )
    prices = {
        "left out": np.zeros(flows.n_arcs), "at market": at_market(flows), "at margin": at_margin(flows)
    }  # fmt: skip
    for name, price in prices.items():
        values = coalition_values(replace(flows, cost=flows.cost + lost * price))
        off = np.abs(shares_of(values) - shares_of(exact))
        print(
            f"  {name:<10} values off by up to {np.abs(values - exact).max() / exact[-1]:6.2%} of the largest, "
            f"shares by {off.max():.2f} points, {(off / width).max():.0%} of the player's interval at most"
        )


def main() -> None:
    """The shipped gas networks around several grounds, then Kazakhstan's with four lines opened."""
    shipped = shipped_network()
    wider = shipped
    for name in LINES:
        wider = changed(wider, shipped_scenarios()[name])
    for per_stretch in LOSSES:
        for ground in GROUNDS:
            compare(shipped, ground, per_stretch, DRAWS)
        compare(wider, "KAZ", per_stretch, DRAWS // 4)


if __name__ == "__main__":
    main()
