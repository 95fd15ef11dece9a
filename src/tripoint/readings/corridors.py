"""How does a ground export, who can stop it, what would be left, and who gains and loses by a change of routes?"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
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
    export_game,
    length_km,
    objective_of,
)
from tripoint.measures.records import declared
from tripoint.models.flows.optimum import best_flow
from tripoint.models.games.nucleolus import core_test, nucleolus
from tripoint.readings.blocs import BlocShare, bloc_shares, check_players, read_blocs
from tripoint.readings.closures import BOUNDS, ActorLoss, Failure, Loss, failures_of, losses_of
from tripoint.sources.corridors import shipped_network

Progress = Callable[[float, str], None]


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
class Corridors:
    """The corridors of a ground.

    Attributes
    ----------
    owen
        Shares where some act as a bloc; empty where no blocs were given.
    worth
        Commodity to what all around earn together in a year: million US dollars, or volume where there is no price.
    stable
        Commodity to whether a sharing out exists that no group of states can better on its own.
    mean_share_left
        Commodity to the share of exports left when one segment closes, on average over segments.
    notes
        What a reader of the file that the network comes from should know.
    """

    ground: str
    year: int
    scenario: Scenario | None
    routes: tuple[Route, ...]
    shares: tuple[Share, ...]
    failures: tuple[Failure, ...]
    losses: tuple[Loss, ...]
    actor_losses: tuple[ActorLoss, ...]
    owen: tuple[BlocShare, ...]
    worth: dict[str, float]
    stable: dict[str, bool]
    mean_share_left: dict[str, float]
    outages: tuple[Outage, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def take_corridors(
    ground: str,
    *,
    network: Network | None = None,
    scenario: Scenario | None = None,
    commodity: str | None = None,
    blocs: Sequence[Sequence[str]] = (),
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
    blocs
        States that act together, by code or name; ``owen`` has everyone's share then.
    seed
        Of the draws.

    Raises
    ------
    CoverageError
        The network has no segment that the ground can close.
    UnknownNameError
        No commodity has that name.
    UsageError
        A bloc has one member, a member that does not play, or one that is in another bloc.

    Examples
    --------
    >>> found = take_corridors("KAZ", commodity="uranium")
    >>> [route.segment for route in found.routes]
    ['u_spb', 'u_titr', 'u_china']
    """
    state, unions = find_state(ground).iso3, read_blocs(blocs)
    whole = shipped_network() if network is None else network
    used = changed(whole, scenario) if scenario else whole
    asked = commodities(used, state, commodity)
    constants = declared("bargaining").settings
    parts: list[tuple[CorridorGame, Power]] = []
    games: list[CorridorGame] = []
    for name in asked:
        places = connected(whole, name, state) | connected(used, name, state)
        games.append(corridor_game(used, name, state, places=places, draws=constants["draws"], seed=seed))
    check_players(unions, games)
    for done, game in enumerate(games):
        progress(done / len(games), f"bargaining over {game.commodity}")
        parts.append((game, power_of(game)))
    return _corridors(state, used, scenario, parts, unions, seed)


def _corridors(
    ground: str,
    network: Network,
    scenario: Scenario | None,
    parts: list[tuple[CorridorGame, Power]],
    blocs: tuple[tuple[str, ...], ...],
    seed: int,
) -> Corridors:
    """All that is said of games that were solved, and of the ground's exports alone."""
    draws = declared("bargaining").settings["draws"]
    exports = {
        game.commodity: export_game(network, game.commodity, ground, draws=draws, seed=seed)
        for game, _ in parts
    }
    closed = [failure for own in exports.values() for failure in failures_of(network, own, ground)]
    cost = [losses_of(network, own, seed) for own in exports.values()]
    lines = {arc for game, _ in parts for arc in game.arcs}
    return Corridors(
        ground=ground,
        year=declared("bargaining").settings["year"],
        scenario=scenario,
        routes=tuple(route for game, _ in parts for route in _routes(network, game)),
        shares=tuple(share for game, power in parts for share in _shares(game, power)),
        failures=tuple(closed),
        losses=tuple(loss for by_segment, _ in cost for loss in by_segment),
        actor_losses=tuple(loss for _, by_actor in cost for loss in by_actor),
        owen=tuple(share for game, power in parts for share in bloc_shares(game, power, blocs)),
        worth={game.commodity: power.worth for game, power in parts},
        stable={game.commodity: core_test(game.values()).stable for game, _ in parts},
        mean_share_left={
            name: float(
                np.mean([one.left for one in closed if one.commodity == name and one.kind == "segment"])
            )
            for name in exports
            if any(one.commodity == name for one in closed)
        },
        outages=tuple(outage for outage in network.outages if set(outage.segments) & lines),
        notes=network.notes,
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
