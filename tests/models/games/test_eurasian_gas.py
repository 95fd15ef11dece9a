"""A stylised gas network: the signs that Hubert and Ikonnikova and Hubert and Cobanli report, and no more.

One supplier in the east with two transit states, options to build around them, a small producer in the south-east, and
a market whose price falls with the volume. Numbers are made up; only abstracts of the papers were read.
"""

import numpy as np
import pytest

from tripoint.models.flows.coalitions import coalition_values
from tripoint.models.flows.network import convex_arcs, flow_network
from tripoint.models.games.nucleolus import nucleolus
from tripoint.models.games.power import shapley_value

RUSSIA, UKRAINE, BELARUS, CASPIAN, TURKEY = range(5)
PLAYERS = 5
#: Name to (players that it needs, capacity, cost a unit). The first two stand; for the others building is paid.
ROUTES = {
    "ukraine": ((RUSSIA, UKRAINE), 110, 1.0),
    "belarus": ((RUSSIA, BELARUS), 35, 1.0),
    "yamal-2": ((RUSSIA, BELARUS), 60, 1.5),
    "nord": ((RUSSIA,), 55, 1.8),
    "south": ((RUSSIA,), 45, 3.2),
    "nabucco": ((CASPIAN, TURKEY), 8, 3.4),
    "to-china": ((CASPIAN,), 30, 1.0),
}
STANDING = ("ukraine", "belarus")
#: Upper ends of the demand, and prices there.
DEMAND = ([60, 100, 130, 150], [10.0, 7.0, 5.0, 4.0])


def game(*built: str) -> np.ndarray:
    """Values of all coalitions with the standing routes and those built; nodes: source, east, south-east, market."""
    tail, head, capacity, cost, access = (
        [0, 0],
        [1, 2],
        [150.0, 40.0],
        [0.0, 0.0],
        [1 << RUSSIA, 1 << CASPIAN],
    )
    for name in (*STANDING, *built):
        needs, volume, price = ROUTES[name]
        tail.append(2 if CASPIAN in needs else 1)
        head.append(4 if name == "to-china" else 3)
        capacity.append(float(volume))
        # China buys at a price of its own, apart from the western market.
        cost.append(price - (4.0 if name == "to-china" else 0.0))
        access.append(sum(1 << player for player in needs))
    steps, prices = convex_arcs(DEMAND[0], [-price for price in DEMAND[1]])
    for step, price in zip(steps, prices, strict=True):
        tail.append(3)
        head.append(4)
        capacity.append(step)
        cost.append(price)
        access.append(0)
    network = flow_network(
        tail, head, capacity, source=0, sink=4, n_nodes=5, cost=cost, access=access, n_players=PLAYERS
    )
    return coalition_values(network)


def shares(solution, *built: str) -> np.ndarray:
    values = game(*built)
    return solution(values) / values[-1]


def test_transit_is_strong_without_options_and_russia_dominates_with_them() -> None:
    bare = shares(shapley_value)
    free = shares(shapley_value, "yamal-2", "nord", "south")
    assert bare[[UKRAINE, BELARUS]].sum() > 0.4
    assert free[RUSSIA] > bare[RUSSIA] + 0.1
    assert free[RUSSIA] > 2 * free[[UKRAINE, BELARUS]].sum()


def test_direct_access_matters_more_than_competition_in_transit() -> None:
    bare = shares(shapley_value)[RUSSIA]
    assert shares(shapley_value, "nord")[RUSSIA] - bare > shares(shapley_value, "yamal-2")[RUSSIA] - bare > 0


def test_nord_matters_much_south_less_and_nabucco_hardly() -> None:
    base = shapley_value(game("yamal-2"))[RUSSIA]
    nord = shapley_value(game("yamal-2", "nord"))[RUSSIA]
    south = shapley_value(game("yamal-2", "nord", "south"))[RUSSIA]
    nabucco = shapley_value(game("yamal-2", "nord", "south", "nabucco"))[RUSSIA]
    assert nord - base > 2 * (south - nord) > 0
    assert abs(nabucco - south) < 0.1 * (nord - base)


def test_the_nucleolus_moves_less_than_the_shapley_value() -> None:
    moved = {
        solution: shares(solution, "yamal-2", "nord")[RUSSIA] - shares(solution, "yamal-2")[RUSSIA]
        for solution in (shapley_value, nucleolus)
    }
    assert abs(moved[nucleolus]) < moved[shapley_value]


def test_a_line_to_china_changes_nothing_in_the_west() -> None:
    without, with_line = (
        shapley_value(game("yamal-2", "nord")),
        shapley_value(game("yamal-2", "nord", "to-china")),
    )
    west = [RUSSIA, UKRAINE, BELARUS]
    assert with_line[west] == pytest.approx(without[west])
