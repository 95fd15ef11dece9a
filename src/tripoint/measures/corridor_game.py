"""How does a network of corridors become a flow network and a game, with every uncertain input drawn?"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tripoint.core.network import OPERATING, PRICE_OF, End, Network, Range, Segment
from tripoint.errors import GameError, NetworkError
from tripoint.measures.records import declared
from tripoint.models.flows.coalitions import Progress, coalition_values, drawn_coalition_values
from tripoint.models.flows.network import FlowNetwork, flow_network
from tripoint.models.flows.optimum import Objective

Floats = NDArray[np.float64]

#: Players of whom every coalition is valued in every draw.
MOST_DRAWN = 17
_EARTH_KM = 6371.0


@dataclass(frozen=True, slots=True)
class CorridorGame:
    """The flow network of one commodity around one ground, with draws of all that is uncertain.

    Attributes
    ----------
    network
        Best guesses; access as it is more likely than not.
    arcs
        What each arc stands for: a segment, supply or market; joints between these have no name.
    players
        States that can close an arc, in the order of their bits.
    capacities, costs, access
        Draws, shape ``(n_draws, n_arcs)``.
    """

    commodity: str
    objective: Objective
    network: FlowNetwork
    arcs: tuple[str, ...]
    players: tuple[str, ...]
    capacities: Floats
    costs: Floats
    access: NDArray[np.uint64]

    def values(self) -> Floats:
        """Value of every coalition with best guesses, shape ``(2**n_players,)``: million US dollars, or volume."""
        return coalition_values(self.network, self.objective)

    def drawn_values(self, progress: Progress = lambda share, doing: None) -> Floats:
        """The same in every draw, shape ``(n_draws, 2**n_players)``.

        Raises
        ------
        GameError
            There are more players than draws of all of their coalitions fit into memory.
        """
        if len(self.players) > MOST_DRAWN:
            raise GameError(
                f"{len(self.players)} states can close something over {self.commodity} here: "
                f"{', '.join(self.players)}; up to {MOST_DRAWN} can be drawn. Leave out segments far from the ground"
            )
        return drawn_coalition_values(
            self.network, self.capacities, self.costs, self.access, self.objective, progress=progress
        )


@dataclass(frozen=True, slots=True)
class _Arc:
    name: str
    tail: str
    head: str
    capacity: Range
    cost: Range
    access: tuple[tuple[str, float, float], ...]


def objective_of(commodity: str) -> Objective:
    """Gain where the commodity has prices, volume elsewhere."""
    return "gain" if commodity in PRICE_OF else "volume"


def commodities_of(network: Network, ground: str) -> tuple[str, ...]:
    """What the ground supplies or lets through, by the segments that it can close."""
    mine = {right.segment for right in network.access if right.state == ground}
    used = {
        segment.commodity for segment in network.segments if segment.name in mine & used_segments(network)
    }
    return tuple(
        commodity for commodity in declared("bargaining").settings["commodities"] if commodity in used
    )


def used_segments(network: Network) -> frozenset[str]:
    """Names of the segments that carry flow: those that operate and have a capacity on record."""
    return frozenset(s.name for s in network.segments if s.status == OPERATING and s.capacity is not None)


def corridor_game(
    network: Network,
    commodity: str,
    ground: str,
    *,
    places: frozenset[str] | None = None,
    draws: int,
    seed: int,
) -> CorridorGame:
    """Arrange what hangs together with the ground as one game, and draw what is uncertain.

    Capacities, volumes, prices, tariffs and rates are drawn from triangular distributions, rights that are not sure
    from their probability, itself uniform over its range. The draws of an arc depend on its name and the seed alone, so
    that two networks that share arcs share their draws.

    Parameters
    ----------
    places
        What hangs together with the ground, from :func:`connected`; found in the network itself, if not given. A
        network before and after a change is compared over the places of both.

    Raises
    ------
    NetworkError
        The ground has no part in any segment of the commodity.
    """
    used = used_segments(network)
    places = connected(network, commodity, ground) if places is None else places
    if not places:
        raise NetworkError(
            f"corridors of {ground}", [f"no segment of {commodity} touches {ground} or can be closed by it"]
        )
    arcs = _arcs(network, commodity, places, used)
    players = tuple(sorted({state for arc in arcs for state, _, _ in arc.access}))
    bit = {player: np.uint64(1 << place) for place, player in enumerate(players)}
    named = dict.fromkeys(["<source>", "<sink>", *(name for arc in arcs for name in (arc.tail, arc.head))])
    nodes = {name: number for number, name in enumerate(named)}
    likely = [
        sum((bit[s] for s, low, high in arc.access if low + high >= 1), start=np.uint64(0)) for arc in arcs
    ]
    flows = flow_network(
        [nodes[arc.tail] for arc in arcs],
        [nodes[arc.head] for arc in arcs],
        [arc.capacity.best for arc in arcs],
        source=0, sink=1, n_nodes=len(nodes), cost=[arc.cost.best for arc in arcs], access=likely,
        n_players=len(players),
    )  # fmt: skip
    capacities, costs = np.empty((draws, len(arcs))), np.empty((draws, len(arcs)))
    access = np.zeros((draws, len(arcs)), np.uint64)
    for place, arc in enumerate(arcs):
        rng = np.random.default_rng([seed, *arc.name.encode()])
        capacities[:, place], costs[:, place] = _drawn(arc.capacity, draws, rng), _drawn(arc.cost, draws, rng)
        for state, low, high in sorted(arc.access):
            closes = rng.random(draws) < rng.uniform(low, high, draws)
            access[:, place] |= np.where(closes, bit[state], np.uint64(0))
    return CorridorGame(
        commodity,
        objective_of(commodity),
        flows,
        tuple(arc.name for arc in arcs),
        players,
        capacities,
        costs,
        access,
    )


def export_game(network: Network, commodity: str, ground: str, *, draws: int, seed: int) -> CorridorGame:
    """Arrange the same corridors with the ground's own supply alone: what flows is what it exports."""
    mine = tuple(
        end
        for end in network.ends
        if end.kind == "market" or end.state == ground or end.commodity != commodity
    )
    own = Network(network.places, network.segments, network.access, mine)
    return corridor_game(own, commodity, ground, draws=draws, seed=seed)


def _drawn(found: Range, draws: int, rng: np.random.Generator) -> Floats:
    return (
        rng.triangular(found.low, found.best, found.high, draws)
        if found.high > found.low
        else np.full(draws, found.best)
    )


def connected(network: Network, commodity: str, ground: str) -> frozenset[str]:
    """Places that hang together with the ground's, through segments and through buyers with several places."""
    used = used_segments(network)
    lines = [(s.start, s.end) for s in network.segments if s.name in used and s.commodity == commodity]
    shared = [end.places for end in network.ends if end.commodity == commodity and end.state is not None]
    closed_by = {right.segment for right in network.access if right.state == ground}
    mine = {s.name for s in network.segments if s.name in used and s.commodity == commodity} & closed_by
    reached = {place for s in network.segments if s.name in mine for place in (s.start, s.end)}
    touched = {place for line in lines for place in line}
    while True:
        before = len(reached)
        for group in [*lines, *([p for p in places if p in touched] for places in shared)]:
            if reached & set(group):
                reached |= set(group)
        if len(reached) == before:
            return frozenset(reached)


def _arcs(network: Network, commodity: str, places: frozenset[str], used: frozenset[str]) -> list[_Arc]:
    found = []
    for segment in network.segments:
        if segment.name in used and segment.commodity == commodity and {segment.start, segment.end} & places:
            if segment.capacity is None:
                raise NetworkError(
                    "corridors", [f"segment {segment.name!r} has no capacity on record: give it one"]
                )
            rights = tuple(
                (right.state, right.low, right.high) for right in network.who_can_close(segment.name)
            )
            found.append(
                _Arc(
                    segment.name,
                    segment.start,
                    segment.end,
                    segment.capacity,
                    _cost(network, segment),
                    rights,
                )
            )
    touched = {name for arc in found for name in (arc.tail, arc.head)}
    for end in network.ends:
        here = [place for place in end.places if place in touched]
        if end.commodity == commodity and here:
            found += _end_arcs(end, here)
    return found


def _end_arcs(end: End, here: list[str]) -> list[_Arc]:
    """A supply or market as one arc that bounds its volume, and joints to its places."""
    consent = ((end.state, 1.0, 1.0),) if end.state else ()
    free, price = Range(0.0, 0.0, 0.0), end.price or Range(0.0, 0.0, 0.0)
    wide = Range(end.volume.high, end.volume.high, end.volume.high)
    if end.kind == "supply":
        joint = f"<{end.name}>"
        first = _Arc(end.name, "<source>", joint, end.volume, price, consent)
        return [first, *(_Arc(f"{end.name}/{place}", joint, place, wide, free, consent) for place in here)]
    joint = f"<{end.name}>"
    income = Range(-price.high, -price.best, -price.low)
    last = _Arc(end.name, joint, "<sink>", end.volume, income, consent)
    return [*(_Arc(f"{place}/{end.name}", place, joint, wide, free, consent) for place in here), last]


def _cost(network: Network, segment: Segment) -> Range:
    """Cost of a unit: the tariff on record, or a declared rate times the length."""
    settings = declared("bargaining").settings
    if segment.commodity not in PRICE_OF:
        return Range(0.0, 0.0, 0.0)
    if segment.tariff is not None:
        return segment.tariff
    low, best, high = settings["rates"][segment.commodity][segment.kind]
    if segment.kind == "port":
        return Range(low, best, high)
    thousand_km = length_km(network, segment) / 1000
    return Range(low * thousand_km, best * thousand_km, high * thousand_km)


def length_km(network: Network, segment: Segment) -> float:
    """Length on record; else the way between the places, longer than the great circle by a declared factor."""
    settings = declared("bargaining").settings
    if segment.length_km is not None:
        return segment.length_km
    place = {one.name: one for one in network.places}
    stops = [place[name] for name in (segment.start, *segment.via, segment.end)]
    known = [
        (stop.latitude, stop.longitude)
        for stop in stops
        if stop.latitude is not None and stop.longitude is not None
    ]
    if len(known) < 2:
        return float(settings["unknown_km"])
    return float(settings["detour"]) * sum(_great_circle(one, other) for one, other in pairwise(known))


def _great_circle(one: tuple[float, float], other: tuple[float, float]) -> float:
    (lat1, lon1), (lat2, lon2) = (tuple(math.radians(x) for x in point) for point in (one, other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(half))
