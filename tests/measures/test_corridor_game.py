"""Games on the corridors that ship with the package: values of coalitions against linear programs."""

import numpy as np
import pytest
from scipy.optimize import linprog

from tripoint.core.scenario import changed
from tripoint.measures.corridor_game import CorridorGame, corridor_game
from tripoint.models.flows.coalitions import drawn_coalition_values
from tripoint.models.flows.network import FlowNetwork
from tripoint.sources.corridors import shipped_network, shipped_scenarios

LINES = ("trans-caspian", "tapi", "turkmenistan-china-d", "power-of-siberia-2")


def real_game(commodity: str, lines: tuple[str, ...] = ()) -> CorridorGame:
    network = shipped_network()
    for name in lines:
        network = changed(network, shipped_scenarios()[name])
    return corridor_game(network, commodity, "KAZ", draws=3, seed=0)


def program_value(network: FlowNetwork, capacity: np.ndarray, cost: np.ndarray) -> float:
    inner = np.delete(np.arange(network.n_nodes), [network.source, network.sink])
    balance = (network.head == inner[:, None]) * 1.0 - (network.tail == inner[:, None])
    bounds = np.column_stack([np.zeros_like(capacity), capacity])
    return -linprog(cost, A_eq=balance, b_eq=np.zeros(len(inner)), bounds=bounds).fun


@pytest.mark.parametrize(("commodity", "lines"), [("crude", ()), ("gas", ()), ("gas", LINES)])
def test_coalitions_on_real_networks_are_worth_what_linear_programs_say(
    commodity: str, lines: tuple[str, ...]
) -> None:
    game = real_game(commodity, lines)
    flows, n = game.network, len(game.players)
    rng = np.random.default_rng(0)
    drawn = drawn_coalition_values(flows, game.capacities, game.costs, game.access)
    for draw, values in [(None, game.values()), *enumerate(drawn)]:
        capacity, cost, access = (
            (flows.capacity, flows.cost, flows.access)
            if draw is None
            else (game.capacities[draw], game.costs[draw], game.access[draw])
        )
        # Large coalitions are worth something; among all of them most are not.
        absent = np.bitwise_or.reduce(1 << rng.integers(0, n, (40, 2)), axis=1)
        masks = np.concatenate([[(1 << n) - 1], rng.integers(0, 1 << n, 20), ((1 << n) - 1) & ~absent])
        said = [
            program_value(flows, np.where(access & np.uint64(mask) == access, capacity, 0.0), cost)
            for mask in masks
        ]
        assert values[masks] / values[-1] == pytest.approx(np.array(said) / values[-1], abs=1e-9)
        assert len(np.unique(said)) > 3
