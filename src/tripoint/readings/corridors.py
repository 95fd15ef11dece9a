"""How does a ground export, who can stop it, what would be left, and who gains and loses by a change of routes?"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from tripoint.core.network import UNIT_OF, Access, Network, Outage, Range, Segment
from tripoint.core.scenario import Scenario, changed
from tripoint.core.states import find_state
from tripoint.errors import CoverageError, UnknownNameError
from tripoint.measures.bargaining import Power, power_of
from tripoint.measures.corridor_game import (
    CorridorGame,
    commodities_of,
    connected,
    corridor_game,
    length_km,
    objective_of,
)
from tripoint.measures.records import declared
from tripoint.models.flows.failures import DAYS_OF_YEAR, expected_loss, failures
from tripoint.models.flows.optimum import best_flow
from tripoint.models.games.nucleolus import core_test, nucleolus
from tripoint.sources.corridors import shipped_network

Progress = Callable[[float, str], None]

#: Of draws: the bounds of a 90% interval.
BOUNDS = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Route:
    """One segment around the ground.

    Attributes
    ----------
    year, value
        What moved in the latest full year on record, in ``unit``; None where nothing is on record.
    modelled
        What the best flow of the model sends over it.
    can_close
        States whose refusal closes it, the surest first.
    """

    segment: str
    title: str
    commodity: str
    start: str
    end: str
    status: str
    capacity: Range | None
    basis: str
    unit: str
    length_km: float
    year: int | None
    value: float | None
    scope: str
    modelled: float | None
    can_close: tuple[Access, ...]
    citations: tuple[str, ...]
    uncited: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Share:
    """One state's bargaining power over one commodity: Shapley value and nucleolus as shares of the whole."""

    commodity: str
    player: str
    shapley: float
    lower: float
    upper: float
    nucleolus: float


@dataclass(frozen=True, slots=True)
class Failure:
    """What is left of the ground's exports when something closes.

    Attributes
    ----------
    kind
        ``segment``, ``place`` or ``state``.
    left
        Share of the exports that still flow; spare capacity elsewhere is used.
    with_another
        Share left when the worst second one of the same kind closes too, and its name.
    """

    commodity: str
    kind: str
    name: str
    left: float
    with_another: float
    another: str


@dataclass(frozen=True, slots=True)
class Loss:
    """What outages of a segment cost in a year on average, as a share of the exports, from dated events.

    ``per_year`` is the rate with its 90% interval; ``events`` those it rests on.
    """

    commodity: str
    segment: str
    events: tuple[str, ...]
    actors: tuple[str, ...]
    per_year: tuple[float, float, float]
    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Corridors:
    """The corridors of a ground.

    Attributes
    ----------
    worth
        Commodity to what all around earn together in a year: million US dollars, or volume where there is no price.
    stable
        Commodity to whether a sharing out exists that no group of states can better on its own.
    survivability
        Commodity to the mean share of exports left when one segment closes.
    """

    ground: str
    year: int
    scenario: Scenario | None
    routes: tuple[Route, ...]
    shares: tuple[Share, ...]
    failures: tuple[Failure, ...]
    losses: tuple[Loss, ...]
    worth: dict[str, float]
    stable: dict[str, bool]
    survivability: dict[str, float]
    outages: tuple[Outage, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def take_corridors(
    ground: str,
    *,
    network: Network | None = None,
    scenario: Scenario | None = None,
    commodity: str | None = None,
    seed: int = 20260101,
    progress: Progress = lambda share, doing: None,
) -> Corridors:
    """Routes, bargaining power, and what is left when something closes.

    Parameters
    ----------
    ground
        The state whose corridors are read, by code or name.
    network
        The corridors that ship with the package, if not given.
    scenario
        The corridors as a scenario has them.
    commodity
        Only this one: crude, gas, uranium, containers.
    seed
        Of the draws.

    Raises
    ------
    CoverageError
        The network has no segment that the ground can close.
    UnknownNameError
        No commodity has that name.

    Examples
    --------
    >>> found = take_corridors("KAZ", commodity="uranium")
    >>> [route.segment for route in found.routes]
    ['u_spb', 'u_titr', 'u_china']
    """
    state = find_state(ground).iso3
    whole = shipped_network() if network is None else network
    used = changed(whole, scenario) if scenario else whole
    asked = commodities(used, state, commodity)
    constants = declared("bargaining").settings
    parts: list[tuple[CorridorGame, Power]] = []
    for done, name in enumerate(asked):
        progress(done / len(asked), f"bargaining over {name}")
        places = connected(whole, name, state) | connected(used, name, state)
        game = corridor_game(used, name, state, places=places, draws=constants["draws"], seed=seed)
        parts.append((game, power_of(game)))
    return _corridors(state, used, scenario, parts, seed)


def _corridors(
    ground: str,
    network: Network,
    scenario: Scenario | None,
    parts: list[tuple[CorridorGame, Power]],
    seed: int,
) -> Corridors:
    """All that is said of games that were solved, and of the ground's exports alone."""
    exports = {game.commodity: _exports(network, game.commodity, ground, seed) for game, _ in parts}
    closed = [failure for own in exports.values() for failure in _failures(network, own, ground)]
    lines = {arc for game, _ in parts for arc in game.arcs}
    return Corridors(
        ground=ground,
        year=declared("bargaining").settings["year"],
        scenario=scenario,
        routes=tuple(route for game, _ in parts for route in _routes(network, game)),
        shares=tuple(share for game, power in parts for share in _shares(game, power)),
        failures=tuple(closed),
        losses=tuple(loss for own in exports.values() for loss in _losses(network, own, seed)),
        worth={game.commodity: power.worth for game, power in parts},
        stable={game.commodity: core_test(game.values()).stable for game, _ in parts},
        survivability={
            name: float(
                np.mean([one.left for one in closed if one.commodity == name and one.kind == "segment"])
            )
            for name in exports
            if any(one.commodity == name for one in closed)
        },
        outages=tuple(outage for outage in network.outages if set(outage.segments) & lines),
    )


def commodities(network: Network, ground: str, asked: str | None) -> tuple[str, ...]:
    """What is on record of the ground, or the one commodity asked for.

    Raises
    ------
    CoverageError
        The ground can close no segment, or none of that commodity.
    UnknownNameError
        No commodity has that name.
    """
    if asked is not None and asked not in UNIT_OF:
        raise UnknownNameError.of("commodity", asked, UNIT_OF)
    found = commodities_of(network, ground)
    kept = tuple(name for name in found if asked in (None, name))
    if not kept:
        known = ", ".join(sorted({right.state for right in network.access}))
        what = f"of {asked} " if asked else ""
        raise CoverageError(
            f"no segment {what}is on record that {ground} can close; there are segments of {known}"
        )
    return kept


def _exports(network: Network, commodity: str, ground: str, seed: int) -> CorridorGame:
    """The same corridors with the ground's own supply alone, by volume."""
    mine = tuple(
        end
        for end in network.ends
        if end.kind == "market" or end.state == ground or end.commodity != commodity
    )
    own = Network(network.places, network.segments, network.access, mine)
    return corridor_game(own, commodity, ground, draws=declared("bargaining").settings["draws"], seed=seed)


def _routes(network: Network, game: CorridorGame) -> list[Route]:
    sent = dict(zip(game.arcs, best_flow(game.network, objective_of(game.commodity)).arcs, strict=True))
    return [_route(network, segment, sent) for segment in network.segments if segment.name in sent]


def _route(network: Network, segment: Segment, sent: dict[str, float]) -> Route:
    yearly = [
        flow
        for flow in network.flows
        if flow.kind == "segment" and flow.series == segment.name and flow.period == "year"
        and UNIT_OF[segment.commodity].startswith(flow.unit)
    ]  # fmt: skip
    year = declared("bargaining").settings["year"]
    upto = [flow for flow in yearly if flow.year <= year]
    latest = [flow for flow in upto if flow.year == max(one.year for one in upto)]
    first = latest[0] if latest else None
    return Route(
        segment.name, segment.title, segment.commodity, segment.start, segment.end, segment.status, segment.capacity,
        segment.basis, UNIT_OF[segment.commodity], length_km(network, segment),
        first.year if first else None, first.value if first else None, first.scope if first else "",
        float(sent[segment.name]), network.who_can_close(segment.name), segment.citations,
        segment.uncited, segment.note,
    )  # fmt: skip


def _shares(game: CorridorGame, power: Power) -> list[Share]:
    if power.worth <= 0:
        return [Share(game.commodity, player, 0.0, 0.0, 0.0, 0.0) for player in power.players]
    kernel = nucleolus(game.values()) / power.worth
    made = []
    for place, player in enumerate(power.players):
        value, drawn = power.of(player)
        lower, upper = np.quantile(drawn, BOUNDS)
        made.append(
            Share(
                game.commodity,
                player,
                value,
                float(min(lower, value)),
                float(max(upper, value)),
                float(kernel[place]),
            )
        )
    return sorted(made, key=lambda share: -share.shapley)


def _failures(network: Network, game: CorridorGame, ground: str) -> list[Failure]:
    """Close each segment, each place and each other state, and every two of a kind."""
    segments = {segment.name: segment for segment in network.segments}
    lines = [name for name in game.arcs if name in segments]
    places = sorted({place for name in lines for place in (segments[name].start, segments[name].end)})
    states = sorted(
        {right.state for name in lines for right in network.who_can_close(name) if right.low >= 1} - {ground}
    )
    found = []
    for kind, names in (("segment", lines), ("place", places), ("state", states)):
        groups = np.array(
            [[_closes(network, segments, kind, name, arc) for arc in game.arcs] for name in names]
        )
        if not len(names):
            continue
        left = failures(game.network, groups)
        if left.whole <= 0:
            return []
        for place, name in enumerate(names):
            others = left.double[place].copy()
            others[place] = np.inf
            worst = int(np.argmin(others)) if len(names) > 1 else place
            both = float(left.double[place, worst])
            found.append(Failure(game.commodity, kind, name, float(left.single[place]), both, names[worst]))
    return found


def _closes(network: Network, segments: dict[str, Segment], kind: str, name: str, arc: str) -> bool:
    if arc not in segments:
        return False
    if kind == "segment":
        return arc == name
    if kind == "place":
        return name in (segments[arc].start, segments[arc].end)
    return any(right.state == name and right.low >= 1 for right in network.who_can_close(arc))


def _losses(network: Network, game: CorridorGame, seed: int) -> list[Loss]:
    """Expected yearly losses from dated outages whose length and size are on record, with Jeffreys' prior for rates."""
    constants = declared("bargaining").settings
    start, end = (date.fromisoformat(constants[name]) for name in ("outages_from", "outages_to"))
    years = (end - start).days / DAYS_OF_YEAR
    hit = {
        name: [o for o in network.outages if name in o.segments and o.lost is not None and o.days is not None]
        for name in game.arcs
    }
    names = [name for name, events in hit.items() if events]
    if not names:
        return []
    rng, draws = np.random.default_rng(seed), constants["draws"]
    rates = np.column_stack([rng.gamma(len(hit[name]) + 0.5, 1 / years, draws) for name in names])
    chosen = [rng.integers(0, len(hit[name]), draws) for name in names]
    days, lost = (
        np.column_stack(
            [
                rng.uniform(*np.array([getattr(o, what) for o in hit[name]], float)[pick].T)
                for name, pick in zip(names, chosen, strict=True)
            ]
        )
        for what in ("days", "lost")
    )
    groups = np.array([[arc == name for arc in game.arcs] for name in names])
    cost = expected_loss(game.network, groups, rates, days, lost)
    made = []
    for place, name in enumerate(names):
        low, high = np.quantile(rates[:, place], BOUNDS)
        lower, upper = np.nanquantile(cost[:, place], BOUNDS)
        actors = sorted({actor for outage in hit[name] for actor in outage.actors})
        made.append(
            Loss(
                game.commodity, name, tuple(outage.name for outage in hit[name]), tuple(actors),
                (float(rates[:, place].mean()), float(low), float(high)),
                float(np.nanmean(cost[:, place])), float(lower), float(upper),
            )
        )  # fmt: skip
    return made
