"""How fast are coalition values, Shapley values and the nucleolus, against OR-tools, HiGHS and networkx, in one run?

Run as ``python -m benchmarks.corridors``; the peers are in the dependency group ``bench``. HiGHS goes
through all coalitions, neighbours after each other; the other peers solve a random sample, and their time is scaled
to all. Values are compared with ours.
"""

import importlib.util
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tripoint.core.scenario import changed
from tripoint.measures.corridor_game import corridor_game
from tripoint.models.flows.coalitions import coalition_values, drawn_coalition_values
from tripoint.models.flows.network import FlowNetwork, flow_network
from tripoint.models.flows.optimum import opened
from tripoint.models.games.nucleolus import is_nucleolus, nucleolus
from tripoint.models.games.power import shapley_value
from tripoint.sources.corridors import shipped_network, shipped_scenarios

NODES, ARCS, PRICE = 18, 40, 60.0
SAMPLE = 512

Values = NDArray[np.float64]


def random_network(n_players: int, seed: int = 0, nodes: int = NODES, arcs: int = ARCS) -> FlowNetwork:
    """Arcs between random nodes in one direction, each of one player, with a market at the last node."""
    rng = np.random.default_rng(seed)
    pairs: set[tuple[int, int]] = set()
    while len(pairs) < arcs:
        one, other = sorted(int(node) for node in rng.integers(0, nodes, 2))
        if one < other:
            pairs.add((one, other))
    tail, head = np.array(sorted(pairs)).T
    capacity = rng.integers(5, 60, arcs).astype(float)
    owner = rng.integers(0, n_players, arcs)
    owner[:n_players] = np.arange(n_players)
    cost = rng.integers(1, 20, arcs) - PRICE * (head == nodes - 1)
    return flow_network(
        tail, head, capacity, source=0, sink=nodes - 1, n_nodes=nodes, cost=cost,
        access=np.uint64(1) << owner.astype(np.uint64), n_players=n_players,
    )  # fmt: skip


def ortools_gains(network: FlowNetwork, masks: NDArray[np.uint64]) -> Values:
    """OR-tools' minimum-cost flow with an arc back from the market, a solver for each coalition."""
    from ortools.graph.python import min_cost_flow

    values = np.empty(len(masks))
    tail = np.append(network.tail, network.sink).astype(np.int32)
    head = np.append(network.head, network.source).astype(np.int32)
    for row, capacity in enumerate(opened(network, masks)):
        solver = min_cost_flow.SimpleMinCostFlow()
        bound = np.append(capacity, network.capacity.sum()).astype(np.int64)
        used = bound > 0
        prices = np.append(network.cost, 0.0).astype(np.int64)
        solver.add_arcs_with_capacity_and_unit_cost(tail[used], head[used], bound[used], prices[used])
        solver.set_nodes_supplies(
            np.arange(network.n_nodes, dtype=np.int32), np.zeros(network.n_nodes, np.int64)
        )
        solver.solve()
        values[row] = -solver.optimal_cost()
    return values


def ortools_maxima(network: FlowNetwork, masks: NDArray[np.uint64]) -> Values:
    """OR-tools' maximum flow, a solver for each coalition."""
    from ortools.graph.python import max_flow

    values = np.empty(len(masks))
    for row, capacity in enumerate(opened(network, masks)):
        solver = max_flow.SimpleMaxFlow()
        used = capacity > 0
        solver.add_arcs_with_capacity(
            np.append(network.tail[used], network.source).astype(np.int32),
            np.append(network.head[used], network.sink).astype(np.int32),
            np.append(capacity[used], 0).astype(np.int64),
        )
        solver.solve(network.source, network.sink)
        values[row] = solver.optimal_flow()
    return values


def highs_gains(network: FlowNetwork, masks: NDArray[np.uint64]) -> Values:
    """HiGHS with one warm program, bounds changed from coalition to coalition."""
    return _highs(network, masks, network.cost)


def highs_maxima(network: FlowNetwork, masks: NDArray[np.uint64]) -> Values:
    """The same with every unit into the market worth 1."""
    return _highs(network, masks, -(network.head == network.sink).astype(float))


def _highs(network: FlowNetwork, masks: NDArray[np.uint64], cost: Values) -> Values:
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("presolve", "off")
    for arc in range(network.n_arcs):
        solver.addVar(0.0, float(network.capacity[arc]))
        solver.changeColCost(arc, float(cost[arc]))
    for node in set(range(network.n_nodes)) - {network.source, network.sink}:
        touching = np.flatnonzero((network.tail == node) | (network.head == node))
        if len(touching):
            signs = np.where(network.head[touching] == node, 1.0, -1.0)
            solver.addRow(0.0, 0.0, len(touching), touching.astype(np.int32), signs)
    arcs, zeros = np.arange(network.n_arcs, dtype=np.int32), np.zeros(network.n_arcs)
    values = np.empty(len(masks))
    for row, capacity in enumerate(opened(network, masks)):
        solver.changeColsBounds(network.n_arcs, arcs, zeros, capacity)
        solver.run()
        values[row] = -solver.getInfo().objective_function_value
    return values


def networkx_gains(network: FlowNetwork, masks: NDArray[np.uint64]) -> Values:
    """Networkx' network simplex."""
    import networkx as nx

    values = np.empty(len(masks))
    for row, capacity in enumerate(opened(network, masks)):
        graph = nx.DiGraph()
        graph.add_nodes_from(range(network.n_nodes))
        graph.add_edge(network.sink, network.source, capacity=int(network.capacity.sum()), weight=0)
        for arc in np.flatnonzero(capacity > 0):
            graph.add_edge(
                int(network.tail[arc]), int(network.head[arc]), capacity=int(capacity[arc]),
                weight=int(network.cost[arc]),
            )  # fmt: skip
        values[row] = -nx.cost_of_flow(graph, nx.min_cost_flow(graph))
    return values


PEERS: dict[str, tuple[tuple[str, str, Callable[[FlowNetwork, NDArray[np.uint64]], Values]], ...]] = {
    "volume": (("ortools", "OR-tools", ortools_maxima), ("highspy", "HiGHS, warm", highs_maxima)),
    "gain": (
        ("ortools", "OR-tools", ortools_gains),
        ("highspy", "HiGHS, warm", highs_gains),
        ("networkx", "networkx", networkx_gains),
    ),
}


def against_peers(name: str, network: FlowNetwork) -> None:
    """All coalitions of one network, ours and the peers', with the largest difference of values."""
    everyone = 1 << network.n_players
    masks = np.arange(everyone, dtype=np.uint64)
    gray = masks ^ (masks >> np.uint64(1))  # neighbours differ by one player, which is kind to a warm solver
    for objective, peers in PEERS.items():
        ours, values = _fastest(lambda: coalition_values(network, objective), 5)  # noqa: B023
        print(f"{name}, {objective}: {everyone:,} coalitions in {ours * 1e3:.2f} ms")
        for module, title, solve in peers:
            if importlib.util.find_spec(module) is None:
                print(f"  {title:<12} not installed")
                continue
            sample = (
                gray if title.startswith("HiGHS") else np.random.default_rng(1).permutation(masks)[:SAMPLE]
            )
            taken, found = _fastest(lambda: solve(network, sample), 3)  # noqa: B023
            whole = taken * everyone / len(sample)
            gap = np.abs(found - values[sample.astype(np.int64)]).max() / max(np.abs(values).max(), 1.0)
            print(
                f"  {title:<12} {whole * 1e3:10.1f} ms, {whole / ours:7.0f} times; largest difference {gap:.0e}"
            )


def alone() -> None:
    """Exact Shapley values, the nucleolus with its certificate, and bands over draws."""
    for n_players in (14, 20):
        network = random_network(n_players)
        taken, _ = _fastest(lambda: shapley_value(coalition_values(network)), 3)  # noqa: B023
        print(f"exact Shapley value, {n_players} players: {taken:.3f} s")
    game = coalition_values(random_network(16))
    taken, shares = _fastest(lambda: nucleolus(game), 3)
    checked, right = _fastest(lambda: is_nucleolus(game, shares), 3)
    print(f"nucleolus, 16 players: {taken:.2f} s, certificate {checked:.2f} s ({right})")
    for n_players in (8, 12):
        network, rng = random_network(n_players), np.random.default_rng(0)
        capacities = network.capacity * rng.uniform(0.7, 1.3, (1000, network.n_arcs))
        costs = network.cost + rng.uniform(-1, 1, (1000, network.n_arcs))
        access = np.tile(network.access, (1000, 1))
        taken, _ = _fastest(
            lambda: shapley_value(drawn_coalition_values(network, capacities, costs, access)),  # noqa: B023
            3,
        )
        print(f"bands of 1,000 draws, {n_players} players: {taken:.2f} s")


def _fastest(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    best, found = float("inf"), work()
    for _ in range(times):
        start = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - start)
    return best, found


def real_network(commodity: str, scenarios: tuple[str, ...]) -> FlowNetwork:
    """Kazakhstan's corridors with scenarios opened, numbers rounded so that integer solvers can be compared."""
    network = shipped_network()
    for name in scenarios:
        network = changed(network, shipped_scenarios()[name])
    found = corridor_game(network, commodity, "KAZ", draws=1, seed=0).network
    return replace(found, capacity=np.round(found.capacity * 10), cost=np.round(found.cost))


def main() -> None:
    """Random networks, then the real ones."""
    for n_players in (8, 14):
        against_peers(f"random network, {n_players} players", random_network(n_players))
    dense = random_network(14, nodes=12, arcs=60)
    against_peers("dense random network, 14 players, where each matters nearly always", dense)
    against_peers("oil around Kazakhstan", real_network("crude", ()))
    gas = ("trans-caspian", "tapi", "turkmenistan-china-d", "power-of-siberia-2")
    against_peers("gas around Kazakhstan with four lines opened", real_network("gas", gas))
    alone()


if __name__ == "__main__":
    main()
