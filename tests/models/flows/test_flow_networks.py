"""Flows: optima against HiGHS, coalitions against solving each apart, failures, and what is refused."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from tripoint.errors import GameError, NetworkError
from tripoint.models.flows.coalitions import coalition_values, drawn_coalition_values, value_function
from tripoint.models.flows.failures import expected_loss, failures
from tripoint.models.flows.network import FlowNetwork, convex_arcs, flow_network
from tripoint.models.flows.optimum import best_flow, demanded_flow, minimum_cut, opened


def random_network(seed: int, n_players: int = 5, vetoes: bool = True) -> FlowNetwork:
    """Arcs in any direction with fractions for capacities and costs, some needing several players."""
    rng = np.random.default_rng(seed)
    n_nodes, n_arcs = int(rng.integers(3, 9)), int(rng.integers(3, 22))
    tail = rng.integers(0, n_nodes - 1, n_arcs)
    head = (tail + rng.integers(1, n_nodes, n_arcs)) % n_nodes
    cost = rng.uniform(0, 5, n_arcs) - 12 * (head == n_nodes - 1)
    access = np.uint64(1) << rng.integers(0, n_players, n_arcs).astype(np.uint64)
    if vetoes:
        more = np.uint64(1) << rng.integers(0, n_players, n_arcs).astype(np.uint64)
        access = np.where(rng.random(n_arcs) < 0.4, access | more, access)
        access[rng.random(n_arcs) < 0.1] = 0
    return flow_network(
        tail, head, rng.exponential(3, n_arcs) * (rng.random(n_arcs) < 0.9), source=0, sink=n_nodes - 1,
        n_nodes=n_nodes, cost=cost, access=access, n_players=n_players,
    )  # fmt: skip


def program_value(network: FlowNetwork, capacity: np.ndarray, objective: str) -> float:
    """The same by HiGHS as one linear program."""
    cost = network.cost
    if objective == "volume":
        cost = (network.tail == network.sink) * 1.0 - (network.head == network.sink)
    inner = [node for node in range(network.n_nodes) if node not in (network.source, network.sink)]
    balance = np.array([(network.head == node) * 1.0 - (network.tail == node) for node in inner])
    found = linprog(
        cost, A_eq=balance if inner else None, b_eq=np.zeros(len(inner)) if inner else None,
        bounds=np.column_stack([np.zeros_like(capacity), capacity]),
    )  # fmt: skip
    return -found.fun


@pytest.mark.parametrize("objective", ["volume", "gain"])
@given(seed=st.integers(0, 10_000))
def test_every_coalition_is_worth_what_a_linear_program_says(objective: str, seed: int) -> None:
    network = random_network(seed)
    masks = np.arange(1 << network.n_players, dtype=np.uint64)
    said = [program_value(network, capacity, objective) for capacity in opened(network, masks)]
    assert coalition_values(network, objective) == pytest.approx(said, abs=1e-9)
    assert value_function(network, objective)(masks) == pytest.approx(said, abs=1e-9)


@given(seed=st.integers(0, 10_000), arc=st.integers(0, 100))
def test_more_capacity_and_more_players_are_never_worth_less(seed: int, arc: int) -> None:
    network = random_network(seed)
    values = coalition_values(network)
    masks = np.arange(len(values))
    for player in range(network.n_players):
        assert (values[masks | 1 << player] >= values - 1e-9).all()
    wider = network.capacity.copy()
    wider[arc % network.n_arcs] += 1
    assert (coalition_values(network.with_capacity(wider)) >= values - 1e-9).all()


@given(seed=st.integers(0, 10_000))
def test_names_of_players_do_not_matter(seed: int) -> None:
    network = random_network(seed)
    n = network.n_players
    mirrored = sum(
        ((network.access >> np.uint64(player)) & np.uint64(1)) << np.uint64(n - 1 - player)
        for player in range(n)
    )
    turned = flow_network(
        network.tail, network.head, network.capacity, source=network.source, sink=network.sink,
        n_nodes=network.n_nodes, cost=network.cost, access=mirrored, n_players=n,
    )  # fmt: skip
    masks = np.arange(1 << n)
    reverse = sum(((masks >> player) & 1) << (n - 1 - player) for player in range(n))
    assert coalition_values(turned)[reverse] == pytest.approx(coalition_values(network), abs=1e-9)


@given(seed=st.integers(0, 10_000))
def test_a_cut_holds_what_flows_and_flows_are_kept_at_nodes(seed: int) -> None:
    network = random_network(seed)
    flow = best_flow(network)
    assert network.capacity[minimum_cut(network)].sum() == pytest.approx(flow.value, abs=1e-9)
    assert (flow.arcs >= 0).all()
    assert (flow.arcs <= network.capacity + 1e-12).all()
    kept = np.bincount(network.head, flow.arcs, network.n_nodes) - np.bincount(
        network.tail, flow.arcs, network.n_nodes
    )
    assert kept[1:-1] == pytest.approx(0, abs=1e-9)
    best = best_flow(network, "gain")
    assert best.value == pytest.approx(-best.arcs @ network.cost, abs=1e-9)


def test_draws_are_each_solved_as_if_alone() -> None:
    network = random_network(3)
    rng = np.random.default_rng(0)
    capacities = network.capacity * rng.uniform(0.5, 2, (60, network.n_arcs))
    costs = network.cost + rng.uniform(0, 1, (60, network.n_arcs))
    access = np.tile(network.access, (60, 1))
    access[30:, 0] = 0
    told: list[float] = []
    found = drawn_coalition_values(
        network, capacities, costs, access, progress=lambda share, doing: told.append(share)
    )
    for draw in (0, 29, 30, 59):
        alone = flow_network(
            network.tail, network.head, capacities[draw], source=network.source, sink=network.sink,
            n_nodes=network.n_nodes, cost=costs[draw], access=access[draw], n_players=network.n_players,
        )  # fmt: skip
        assert (coalition_values(alone) == found[draw]).all()
    assert told[-1] == 1.0


def test_a_demand_is_met_at_least_cost_or_refused() -> None:
    two_pipes = flow_network([0, 0, 1], [1, 1, 2], [3, 5, 6], source=0, sink=2, n_nodes=3, cost=[1, 4, 0])
    met = demanded_flow(two_pipes, 5)
    assert met.arcs == pytest.approx([3, 2, 5])
    assert met.value == pytest.approx(-11)
    with pytest.raises(NetworkError, match="7 is asked for, and the network carries at most 6"):
        demanded_flow(two_pipes, 7)


def test_convex_costs_are_filled_from_the_cheapest_step() -> None:
    capacity, cost = convex_arcs([10, 15, 30], [1.0, 4.0, 9.0])
    network = flow_network(
        [0, 0, 0, 1], [1, 1, 1, 2], [*capacity, 100], source=0, sink=2, n_nodes=3, cost=[*cost, -5.0]
    )
    best = best_flow(network, "gain")
    assert best.arcs == pytest.approx([10, 5, 0, 15])
    assert best.value == pytest.approx(10 * 4 + 5 * 1)
    with pytest.raises(NetworkError, match="costs fall"):
        convex_arcs([10, 15], [4.0, 1.0])


def test_failures_of_one_and_two() -> None:
    # Two routes of 3 and 2 into a port of 4.
    network = flow_network([0, 0, 1], [1, 1, 2], [3, 2, 4], source=0, sink=2, n_nodes=3)
    groups = np.eye(3, dtype=bool)
    found = failures(network, groups)
    assert found.single == pytest.approx([2 / 4, 3 / 4, 0])
    assert found.double[0, 1] == 0
    half = expected_loss(network, groups, np.full((1, 3), 2.0), np.full((1, 3), 36.525), np.full((1, 3), 0.5))
    # 3.5 can still pass where half of the first route is gone, nothing less where half of the second is.
    assert half[0] == pytest.approx([0.2 * 0.5 / 4, 0.0, 0.2 * 0.5])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"capacity": [1, np.nan]}, "a capacity that is not finite"),
        ({"capacity": [1, np.inf]}, "a capacity that is not finite"),
        ({"capacity": [1, -2]}, "a negative capacity: arc 1"),
        ({"cost": [0, np.nan]}, "a cost that is not finite"),
        ({"head": [1, 7]}, "a node outside 0 to 2"),
        ({"head": [0, 2]}, "an arc from a node to itself"),
        ({"access": [1, 4]}, "a player beyond the 2"),
        ({"tail": [0]}, "differ in length"),
        ({"sink": 0}, "the same node"),
        ({"sink": 9}, "sink 9 is none of the nodes"),
        ({"n_players": 63}, "63 players"),
    ],
)
def test_what_a_network_refuses(change: dict, message: str) -> None:
    sound = {
        "tail": [0, 1], "head": [1, 2], "capacity": [1, 1], "cost": [0, 0], "access": [1, 2], "n_players": 2,
        "source": 0, "sink": 2, "n_nodes": 3,
    }  # fmt: skip
    with pytest.raises(NetworkError, match=message):
        flow_network(**{**sound, **change})


def test_a_circle_that_pays_is_refused() -> None:
    with pytest.raises(NetworkError, match="round in a circle"):
        flow_network(
            [0, 1, 2, 1], [1, 2, 1, 3], [1, 1, 1, 1], source=0, sink=3, n_nodes=4, cost=[0, -2, 1, 0]
        )


def test_games_without_players_or_with_too_many_are_refused() -> None:
    plain = flow_network([0], [1], [1], source=0, sink=1, n_nodes=2)
    with pytest.raises(GameError, match="no player"):
        coalition_values(plain)
    many = flow_network([0], [1], [1], source=0, sink=1, n_nodes=2, access=[1], n_players=30)
    with pytest.raises(GameError, match="1,073,741,824 coalitions"):
        coalition_values(many)


def test_a_player_that_controls_nothing_adds_nothing() -> None:
    network = flow_network([0], [1], [1], source=0, sink=1, n_nodes=2, access=[1], n_players=2)
    assert (coalition_values(network, "volume") == [0, 1, 0, 1]).all()


AFTER_ANOTHER = """
import subprocess
import sys

import numpy as np
from tripoint.models.flows.coalitions import coalition_values
from tripoint.models.flows.network import flow_network
from tripoint.models.flows.optimum import opened, values_of
from tripoint.models.similarity import bootstrap_pairs

rng = np.random.default_rng(0)
bootstrap_pairs(rng.integers(1, 4, (4, 30)).astype(np.int8), np.arange(30, dtype=np.int32), 9, 0.9, rng)
network = flow_network(
    [0, 1, 0, 3], [1, 2, 3, 2], [3.0, 2.0, 5.0, 4.0], source=0, sink=2, n_nodes=4, cost=[0.0, -4.0, 1.0, -4.0],
    access=[1, 2, 4, 1], n_players=3,
)
apart = values_of(network, opened(network, np.arange(8)), "gain")
assert np.allclose(coalition_values(network), apart), (coalition_values(network), apart)
"""


def test_values_are_right_in_a_process_that_ran_other_compiled_code_before() -> None:
    """Compiled code from a cache gave zeros there once."""
    coalition_values(random_network(0))  # so that there is a cache
    done = subprocess.run([sys.executable, "-c", AFTER_ANOTHER], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
