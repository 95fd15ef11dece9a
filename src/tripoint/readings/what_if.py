"""What if routes changed: who gains and who loses, what flows otherwise, and do the two powers' interests oppose?"""

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tripoint.core.network import PRICE_OF, UNIT_OF, Network
from tripoint.core.scenario import Scenario, changed
from tripoint.core.states import find_state
from tripoint.errors import CoverageError, UnknownNameError
from tripoint.measures.bargaining import Change, change_by, commodity_of
from tripoint.measures.corridor_game import connected, corridor_game
from tripoint.measures.records import declared
from tripoint.models.flows.optimum import best_flow
from tripoint.readings.closures import BOUNDS
from tripoint.readings.corridors import commodities
from tripoint.sources.corridors import shipped_network, shipped_scenarios

#: Share of the whole that counts as no change.
_HAIR = 1e-9


#: Changes of what a state earns below this in every draw are shown as none.
LEAST_EARNED = 0.5


@dataclass(frozen=True, slots=True)
class Effect:
    """What a scenario does to one state: change of its share and of what it earns in a year, with 90% intervals."""

    player: str
    share: float
    share_lower: float
    share_upper: float
    earned: float
    earned_lower: float
    earned_upper: float
    unit: str

    @property
    def surely(self) -> int:
        """1 where it surely earns more, -1 where it surely earns less, 0 where the interval holds no change."""
        return int(self.earned_lower > 0) - int(self.earned_upper < 0)

    @property
    def moves(self) -> bool:
        """Whether what it earns may change by half a unit or more, the least that is shown."""
        return max(self.earned_upper, -self.earned_lower) >= LEAST_EARNED


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A scenario compared with the corridors as they are.

    Attributes
    ----------
    effects
        Of every state with a say, those that gain most first.
    no_part
        Those of the ground and the two powers that have no say: they can close nothing of this commodity around the
        ground, before or after, and have no share.
    worth_before, worth_after
        What all earn together.
    flows
        Segment to what the best flow sends over it, before and after, where this differs.
    exports
        Of the ground, before and after, in the unit of the commodity.
    opposed
        Whether the two powers' interests oppose: one surely earns more, the other surely less. None: no two were asked
        about, or one of them has no say.
    """

    scenario: Scenario
    ground: str
    pair: tuple[str, str] | None
    commodity: str
    unit: str
    effects: tuple[Effect, ...]
    no_part: tuple[str, ...]
    worth_before: float
    worth_after: float
    flows: dict[str, tuple[float, float]]
    exports: tuple[float, float]
    opposed: bool | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def what_if(
    scenario: Scenario | str,
    ground: str,
    *,
    pair: tuple[str, str] | None = None,
    network: Network | None = None,
    seed: int = 20260101,
) -> tuple[WhatIf, ...]:
    """Compare a scenario with the corridors as they are, for every commodity around the ground that it changes.

    Parameters
    ----------
    scenario
        One of one's own, or the name of one that ships with the package.
    pair
        Two powers whose interests are compared.

    Raises
    ------
    UnknownNameError
        No scenario has that name.
    CoverageError
        The scenario changes nothing that hangs together with the ground's corridors.
    NetworkError
        The scenario does not fit the network; every fault is listed.
    """
    found = find_scenario(scenario) if isinstance(scenario, str) else scenario
    state, whole = find_state(ground).iso3, shipped_network() if network is None else network
    two = (find_state(pair[0]).iso3, find_state(pair[1]).iso3) if pair else None
    draws = declared("bargaining").settings["draws"]
    made = []
    changed(whole, found)  # refuses what does not fit, before anything is asked of it
    only = commodity_of(whole, found)
    for commodity in commodities(whole, state, None):
        if only not in (None, commodity):
            continue
        change = change_by(whole, found, commodity, state, draws=draws, seed=seed)
        seen = _compared(whole, change, commodity, state, two, seed)
        if seen.flows or any(abs(effect.earned) > _HAIR * seen.worth_before for effect in seen.effects):
            made.append(seen)
    if not made:
        raise CoverageError(
            f"the scenario {found.name!r} changes nothing around {state}: no segment that it names hangs together with "
            "the ground's corridors, or no flow would use it"
        )
    return tuple(made)


def every_what_if(ground: str, pair: tuple[str, str]) -> tuple[WhatIf, ...]:
    """All scenarios that ship with the package, where they change something around the ground."""
    found: list[WhatIf] = []
    for name in shipped_scenarios():
        with suppress(CoverageError):
            found += what_if(name, ground, pair=pair)
    return tuple(found)


def find_scenario(name: str) -> Scenario:
    """A scenario that ships with the package.

    Raises
    ------
    UnknownNameError
        None has that name.
    """
    scenarios = shipped_scenarios()
    if name not in scenarios:
        raise UnknownNameError.of("scenario", name, scenarios)
    return scenarios[name]


def _compared(
    network: Network, change: Change, commodity: str, ground: str, pair: tuple[str, str] | None, seed: int
) -> WhatIf:
    effects = sorted(
        (_effect(change, player) for player in change.players), key=lambda effect: -effect.earned
    )
    surely = {effect.player: effect.surely for effect in effects}
    no_part = tuple(state for state in (*(pair or ()), ground) if state not in surely)
    opposed = None
    if pair and set(pair) <= surely.keys():
        opposed = surely[pair[0]] * surely[pair[1]] < 0
    then = changed(network, change.scenario)
    before, after = _sent(network, then, commodity, ground, seed)
    flows = {
        name: (before.get(name, 0.0), after.get(name, 0.0))
        for name in dict.fromkeys([*before, *after])
        if not np.isclose(before.get(name, 0.0), after.get(name, 0.0))
        and name in {s.name for s in then.segments}
    }
    supplies = {end.name for end in network.ends if end.kind == "supply" and end.state == ground}
    exports = [sum(sent.get(name, 0.0) for name in supplies) for sent in (before, after)]
    unit = _money(commodity)
    return WhatIf(
        change.scenario, ground, pair, commodity, unit, tuple(effects), no_part, change.before.worth,
        change.after.worth, flows, (exports[0], exports[1]), opposed,
    )  # fmt: skip


def _sent(
    network: Network, then: Network, commodity: str, ground: str, seed: int
) -> tuple[dict[str, float], dict[str, float]]:
    places = connected(network, commodity, ground) | connected(then, commodity, ground)
    games = [
        corridor_game(made, commodity, ground, places=places, draws=1, seed=seed) for made in (network, then)
    ]
    before, after = (
        dict(zip(game.arcs, best_flow(game.network, game.objective).arcs.tolist(), strict=True))
        for game in games
    )
    return before, after


def _effect(change: Change, player: str) -> Effect:
    share, drawn_share = change.of(player)
    earned, drawn = change.earned_by(player)
    low, high = np.quantile(drawn_share, BOUNDS)
    lower, upper = np.quantile(drawn, BOUNDS)
    return Effect(
        player, share, float(min(low, share)), float(max(high, share)),
        earned, float(min(lower, earned)), float(max(upper, earned)), _money(change.before.commodity),
    )  # fmt: skip


def _money(commodity: str) -> str:
    return "million USD a year" if commodity in PRICE_OF else UNIT_OF[commodity]
