"""Coalitions on networks where few players matter at a time: arcs in a row, dead ends, lines that need many states."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from tripoint.models.flows.coalitions import coalition_values
from tripoint.models.flows.network import FlowNetwork, flow_network
from tripoint.models.flows.optimum import Objective, best_flow, opened, values_of
from tripoint.models.flows.reduction import reduction


def lines_between_hubs(seed: int, n_players: int = 7) -> FlowNetwork:
    """A few hubs, and lines of several arcs between them, each arc with up to three states; some lines end nowhere."""
    rng = np.random.default_rng(seed)
    n_hubs = int(rng.integers(2, 6))
    tail, head, cost, access = [], [], [], []
    n_nodes = n_hubs
    for _ in range(int(rng.integers(2, 11))):
        length = int(rng.integers(1, 5))
        start = int(rng.integers(0, n_hubs - 1))  # never the sink: its price would pay for going round
        end = (start + int(rng.integers(1, n_hubs))) % n_hubs
        inner = list(range(n_nodes, n_nodes + length - 1))
        n_nodes += len(inner)
        stops = [start, *inner, end]
        if inner and rng.random() < 0.2:
            stops.pop()  # a dead end
        for place in range(len(stops) - 1):
            tail.append(stops[place])
            head.append(stops[place + 1])
            cost.append(rng.uniform(0, 3) - 10 * (stops[place + 1] == n_hubs - 1))
            states = rng.choice(n_players, int(rng.integers(0, 4)), replace=False)
            access.append(sum(1 << int(state) for state in states))
    capacity = rng.exponential(3, len(tail)) * (rng.random(len(tail)) < 0.95)
    return flow_network(
        tail, head, capacity, source=0, sink=n_hubs - 1, n_nodes=n_nodes, cost=cost,
        access=np.array(access, np.uint64), n_players=n_players,
    )  # fmt: skip


def program_gain(network: FlowNetwork, capacity: np.ndarray) -> float:
    """Largest gain by HiGHS as one linear program."""
    inner = [node for node in range(network.n_nodes) if node not in (network.source, network.sink)]
    balance = np.array([(network.head == node) * 1.0 - (network.tail == node) for node in inner])
    found = linprog(
        network.cost, A_eq=balance if inner else None, b_eq=np.zeros(len(inner)) if inner else None,
        bounds=np.column_stack([np.zeros_like(capacity), capacity]),
    )  # fmt: skip
    return -found.fun


@pytest.mark.parametrize("objective", ["volume", "gain"])
@given(seed=st.integers(0, 100_000))
def test_every_coalition_is_worth_what_it_is_when_solved_alone(objective: Objective, seed: int) -> None:
    network = lines_between_hubs(seed)
    alone = values_of(network, opened(network, np.arange(1 << network.n_players)), objective)
    assert coalition_values(network, objective) == pytest.approx(alone, abs=1e-9)


@given(seed=st.integers(0, 100_000))
def test_some_coalitions_against_linear_programs(seed: int) -> None:
    network = lines_between_hubs(seed)
    masks = np.random.default_rng(seed).integers(0, 1 << network.n_players, 6)
    masks[0] = (1 << network.n_players) - 1
    said = [program_gain(network, capacity) for capacity in opened(network, masks)]
    assert coalition_values(network)[masks] == pytest.approx(said, abs=1e-9)


@given(seed=st.integers(0, 100_000))
def test_a_reduced_network_is_worth_the_same_and_cannot_be_reduced_again(seed: int) -> None:
    network = lines_between_hubs(seed)
    smaller = reduction(network)
    if not len(smaller.tail):
        assert best_flow(network).value == 0
        return
    capacity, cost, access = smaller.joined(network.capacity, network.cost, network.access)
    alike = flow_network(
        smaller.tail, smaller.head, capacity, source=smaller.source, sink=smaller.sink,
        n_nodes=smaller.n_nodes, cost=cost, access=access, n_players=network.n_players,
    )  # fmt: skip
    assert best_flow(alike).value == pytest.approx(best_flow(network).value, abs=1e-9)
    assert best_flow(alike, "gain").value == pytest.approx(best_flow(network, "gain").value, abs=1e-9)
    again = reduction(alike)
    assert len(again.tail) == len(smaller.tail)


def test_lines_in_a_row_are_one_arc_and_dead_ends_none() -> None:
    # 0 - 1 - 2 - 5 with a second way from 2, a spur to 3 that leads nowhere, and a well at 4 that nothing reaches.
    network = flow_network(
        [0, 1, 2, 2, 2, 4], [1, 2, 5, 5, 3, 2], [5, 3, 9, 9, 9, 9], source=0, sink=5, n_nodes=6,
        cost=[1, 2, 4, 5, 0, 0], access=[1, 2, 4, 0, 1, 1], n_players=3,
    )  # fmt: skip
    smaller = reduction(network)
    assert smaller.part_of.tolist() == [0, 0, 1, 2, -1, -1]
    assert smaller.n_nodes == 3
    capacity, cost, access = smaller.joined(network.capacity, network.cost, network.access)
    assert capacity.tolist() == [3, 9, 9]
    assert cost.tolist() == [3, 4, 5]
    assert access.tolist() == [3, 4, 0]


def test_a_row_that_comes_back_to_where_it_began_does_not_become_an_arc_to_itself() -> None:
    network = flow_network(
        [0, 1, 2, 3, 1],
        [1, 2, 3, 1, 4],
        [2, 1, 1, 1, 2],
        source=0,
        sink=4,
        n_nodes=5,
        access=[1] * 5,
        n_players=1,
    )
    smaller = reduction(network)
    assert (smaller.tail != smaller.head).all()
    assert coalition_values(network, "volume").tolist() == [0, 2]


def test_where_nothing_can_flow_every_coalition_is_worth_nothing() -> None:
    broken = flow_network([0, 2], [1, 3], [1, 1], source=0, sink=3, n_nodes=4, access=[1, 2], n_players=2)
    assert coalition_values(broken).tolist() == [0, 0, 0, 0]
    assert coalition_values(broken, "volume").tolist() == [0, 0, 0, 0]


def test_a_line_that_needs_everybody_is_worth_something_to_all_together_only() -> None:
    n_players = 12
    line = flow_network(
        [0], [1], [7], source=0, sink=1, n_nodes=2, cost=[-2], access=[4095], n_players=n_players
    )
    values = coalition_values(line)
    assert values[-1] == 14
    assert (values[:-1] == 0).all()
