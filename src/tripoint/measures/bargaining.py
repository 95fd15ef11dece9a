"""How much of what corridors earn is each state's to bargain for, and who gains and who loses by a new route?"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.network import Network
from tripoint.core.scenario import Scenario, changed, touched
from tripoint.core.series import no_rows
from tripoint.measures.corridor_game import (
    CorridorGame,
    commodities_of,
    connected,
    corridor_game,
    export_game,
    used_segments,
)
from tripoint.measures.measure import Floats, Frames, GradeRule, Measure, Progress, Settings, grade, series
from tripoint.measures.records import declared, ways
from tripoint.models.flows.optimum import values_of
from tripoint.models.games.power import banzhaf_value, shapley_value
from tripoint.sources.corridors import shipped_network, shipped_scenarios

#: Values of a game by which bargaining power can be told, by the names that declarations know them by.
_VALUES: dict[str, Callable[[Floats], Floats]] = {"shapley": shapley_value, "banzhaf": banzhaf_value}

_WITHHELD = "fewer planned routes in the network than a number needs"


@dataclass(frozen=True, slots=True)
class Power:
    """Bargaining power over one commodity.

    Attributes
    ----------
    players
        States, in the order of the columns.
    worth
        What all earn together in a year: million US dollars, or volume; best guess.
    shares
        Shapley values as shares of the whole: best guess, shape ``(n_players,)``, and draws, ``(n_draws, n_players)``.
    drawn_worth
        The whole in every draw, shape ``(n_draws,)``.
    """

    commodity: str
    players: tuple[str, ...]
    worth: float
    shares: Floats
    drawn: Floats
    drawn_worth: Floats

    def of(self, state: str) -> tuple[float, Floats]:
        """Best guess and draws of one state; 0 for a state that can close nothing."""
        if state not in self.players:
            return 0.0, np.zeros(len(self.drawn))
        place = self.players.index(state)
        return float(self.shares[place]), self.drawn[:, place]

    def earned_by(self, state: str) -> tuple[float, Floats]:
        """Shapley value of one state, in the unit of the whole: best guess and draws."""
        share, drawn = self.of(state)
        return share * self.worth, drawn * self.drawn_worth


@dataclass(frozen=True, slots=True)
class Change:
    """Bargaining power before and after a scenario, over the same whole and with the same draws."""

    scenario: Scenario
    before: Power
    after: Power

    def of(self, state: str) -> tuple[float, Floats]:
        """Change of a state's share: best guess and draws."""
        (was, drawn_was), (now, drawn_now) = self.before.of(state), self.after.of(state)
        return now - was, drawn_now - drawn_was

    def earned_by(self, state: str) -> tuple[float, Floats]:
        """Change of what a state earns: best guess and draws."""
        (was, drawn_was), (now, drawn_now) = self.before.earned_by(state), self.after.earned_by(state)
        return now - was, drawn_now - drawn_was

    @property
    def players(self) -> tuple[str, ...]:
        """Everyone who plays before or after."""
        return tuple(sorted({*self.before.players, *self.after.players}))


def power_of(game: CorridorGame) -> Power:
    """Shapley values of a game and of its draws, as shares of their sum."""
    return _powers_of(game, ("shapley",))["shapley"]


def _powers_of(game: CorridorGame, names: Collection[str]) -> dict[str, Power]:
    """Values of a game and of its draws, each kind as shares of its sum; coalitions are worked out once for all."""
    values, drawn = game.values(), game.drawn_values()
    return {
        name: Power(
            game.commodity,
            game.players,
            float(values[-1]),
            _shares(_VALUES[name](values)[None])[0],
            _shares(_VALUES[name](drawn)),
            drawn[:, -1],
        )
        for name in names
    }


def _shares(power: Floats) -> Floats:
    """Values as shares of their sum; equal to 0 for everyone where nothing can be earned."""
    whole = power.sum(1, keepdims=True)
    return np.divide(power, whole, out=np.zeros_like(power), where=whole > 0)


def change_by(
    network: Network, scenario: Scenario, commodity: str, ground: str, *, draws: int, seed: int
) -> Change:
    """Bargaining power of everyone around a ground before and after a scenario."""
    return _changes_by(network, scenario, commodity, ground, ("shapley",), draws, seed)["shapley"]


def _changes_by(
    network: Network,
    scenario: Scenario,
    commodity: str,
    ground: str,
    names: Collection[str],
    draws: int,
    seed: int,
) -> dict[str, Change]:
    then = changed(network, scenario)
    places = connected(network, commodity, ground) | connected(then, commodity, ground)
    before, after = (
        _powers_of(corridor_game(made, commodity, ground, places=places, draws=draws, seed=seed), names)
        for made in (network, then)
    )
    return {name: Change(scenario, before[name], after[name]) for name in names}


def commodity_of(network: Network, scenario: Scenario) -> str | None:
    """The commodity whose segments a scenario touches; None where it touches several or none."""
    kinds = {s.name: s.commodity for s in network.segments} | {s.segment: s.commodity for s in scenario.add}
    ends = {end.name: end.commodity for end in network.ends}
    named = {kinds[name] for name in (*touched(scenario), *scenario.close)}
    found = named | {ends[one.end] for one in scenario.ends}
    return found.pop() if len(found) == 1 else None


def can_open_without(network: Network, scenario: Scenario, state: str) -> bool:
    """Whether a state's refusal cannot surely stop any segment that the scenario opens or changes."""
    rights = changed(network, scenario)
    return not any(
        right.state == state and right.low >= 1
        for segment in touched(scenario)
        for right in rights.who_can_close(segment)
    )


def compute(
    frames: Frames,  # noqa: ARG001 - as every measure
    settings: Settings,
    progress: Progress,
) -> dict[str, pl.DataFrame]:
    """Shares, gains by the best option of one's own, and opposed interests, for every ground on a corridor."""
    network, constants = shipped_network(), declared("bargaining").settings
    planned = [scenario for scenario in shipped_scenarios().values() if scenario.planned]
    grounds = sorted({right.state for right in network.access})
    rows: dict[str, list[dict[str, object]]] = {record.name: [] for record in declared("bargaining").measures}
    for done, ground in enumerate(grounds):
        progress(done / len(grounds), f"bargaining over the corridors of {ground}")
        each = [
            _changes_by(network, scenario, commodity, ground, _VALUES, constants["draws"], settings.seed)
            for scenario in planned
            for commodity in constants["energy"]
            if commodity == commodity_of(network, scenario)
            and _has_part(network, scenario, commodity, ground)
        ]
        changes = {name: [made[name] for made in each] for name in _VALUES}
        for name, found in _of_ground(network, ground, changes, settings).items():
            rows[name] += found
    period = str(constants["year"])
    made = {}
    for record in declared("bargaining").measures:
        frame = no_rows(record.grain)
        if rows[record.name]:
            frame = pl.DataFrame(rows[record.name], infer_schema_length=None).with_columns(
                pl.lit(period).alias("period"), pl.lit(None, pl.String).alias("note")
            )
        made[record.name] = series(record, frame, _WITHHELD)
    return made


def _has_part(network: Network, scenario: Scenario, commodity: str, ground: str) -> bool:
    """Whether the ground has a say over the commodity, and the scenario touches what hangs together with it."""
    if commodity not in commodities_of(network, ground):
        return False
    then = changed(network, scenario)
    places = connected(then, commodity, ground)
    segments = {segment.name: segment for segment in then.segments}
    return any(segments[name].start in places for name in touched(scenario) if name in used_segments(then))


def _of_ground(
    network: Network, ground: str, changes_by: dict[str, list[Change]], settings: Settings
) -> dict[str, list[dict[str, object]]]:
    """Rows of all measures about one ground."""
    constants = declared("bargaining").settings
    rows: dict[str, list[dict[str, object]]] = {record.name: [] for record in declared("bargaining").measures}
    for commodity in constants["energy"]:
        if commodity in commodities_of(network, ground):
            game = corridor_game(network, commodity, ground, draws=constants["draws"], seed=settings.seed)
            power = power_of(game)
            rows[f"bargaining_share_{commodity}"] += [
                {
                    "ground": ground,
                    "power": player,
                    **_numbers(*power.of(player), n=len(game.arcs), sure=False),
                }
                for player in power.players
            ]
            for name, found in _export_rows(network, ground, commodity, settings.seed).items():
                rows[name] += found
    pairs = list(combinations([player for player in sorted(settings.powers) if player != ground], 2))
    for name, changes in _by_way("loss_by_new_routes", changes_by).items():
        rows[name] += _losses(ground, changes)
    for name, changes in _by_way("own_option_gain", changes_by).items():
        rows[name] += _own_gains(network, ground, changes, pairs)
    for first, second in pairs:
        staked = [c for c in changes_by[constants["value"]] if {first, second} <= set(c.players)]
        if staked:
            opposed = np.mean([_opposed(c, first, second) for c in staked], axis=0)
            pair = {"first": first, "second": second, "ground": ground}
            rows["opposed_routes"].append({**pair, **_numbers(opposed.mean(), opposed, n=len(staked))})
    return rows


def _by_way(measure: str, changes_by: dict[str, list[Change]]) -> dict[str, list[Change]]:
    """Name of a measure, and of each of its variants, to the changes that it reads."""
    return {
        name: [change for change in changes_by[how["value"]] if change.before.commodity in how["energy"]]
        for name, how in ways("bargaining", measure).items()
    }


def _losses(ground: str, changes: list[Change]) -> list[dict[str, object]]:
    """How surely each state's share falls when the ground's rises."""
    raising = [change for change in changes if change.of(ground)[1].mean() > 0]
    hair, rows = declared("bargaining").settings["hair"], []
    for player in sorted({player for change in changes for player in change.players} - {ground}):
        falls = [(change.of(player)[1] < -hair).astype(float) for change in raising]
        if falls:
            share = np.mean(falls, axis=0)
            rows.append({"ground": ground, "power": player, **_numbers(share.mean(), share, n=len(raising))})
    return rows


def _own_gains(
    network: Network, ground: str, changes: list[Change], pairs: list[tuple[str, str]]
) -> list[dict[str, object]]:
    """What the ground gains by the best route that it can open without one of two powers."""
    rows = []
    for first, second in pairs:
        own = [change for change in changes if _is_own(network, change, first, second)]
        if own:
            best = max(own, key=lambda change: change.of(ground)[1].mean())
            pair = {"first": first, "second": second, "ground": ground}
            rows.append({**pair, **_numbers(*best.of(ground), n=len(own))})
    return rows


@dataclass(frozen=True, slots=True)
class Exports:
    """What is left of a ground's exports when a state closes all that it can.

    Attributes
    ----------
    states
        Foreign states with a right of closure that the exports may meet.
    left
        Share of the volume that still flows, best guess, shape ``(n_states,)``.
    drawn
        The same in every draw, shape ``(n_draws, n_states)``.
    arcs
        Number of arcs in the network of the exports.
    """

    states: tuple[str, ...]
    left: Floats
    drawn: Floats
    arcs: int


def exports_left(network: Network, commodity: str, ground: str, *, draws: int, seed: int) -> Exports | None:
    """Close the lines of one foreign state after the other (Wollmer 1964, doi:10.1287/opre.12.6.934).

    None where the ground exports nothing over the network, or no foreign state stands in the way.
    """
    game = export_game(network, commodity, ground, draws=draws, seed=seed)
    capacities = np.vstack([game.network.capacity, game.capacities])
    access = np.vstack([game.network.access, game.access])
    whole = values_of(game.network, capacities, "volume")
    states = tuple(player for player in game.players if player != ground)
    if whole[0] <= 0 or not states:
        return None
    bits = [np.uint64(1 << game.players.index(state)) for state in states]
    closed = np.vstack([np.where(access & bit, 0.0, capacities) for bit in bits])
    flow = values_of(game.network, closed, "volume").reshape(len(states), -1)
    left = np.divide(flow, whole, out=np.zeros_like(flow), where=whole > 0).clip(0.0, 1.0).T
    return Exports(states, left[0], left[1:], game.network.n_arcs)


def _export_rows(
    network: Network, ground: str, commodity: str, seed: int
) -> dict[str, list[dict[str, object]]]:
    constants = declared("bargaining").settings
    if ground not in constants["exporters"]:
        return {}
    found = exports_left(network, commodity, ground, draws=constants["draws"], seed=seed)
    if found is None:
        return {}
    directed = [
        {"ground": ground, "power": state, **_numbers(value, drawn, n=found.arcs, sure=False)}
        for state, value, drawn in zip(found.states, found.left, found.drawn.T, strict=True)
    ]
    worst = _numbers(float(found.left.min()), found.drawn.min(axis=1), n=found.arcs, sure=False)
    return {
        f"rerouting_{commodity}": directed,
        f"survivability_{commodity}": [{"state": ground, **worst}],
    }


def _is_own(network: Network, change: Change, first: str, second: str) -> bool:
    return any(can_open_without(network, change.scenario, power) for power in (first, second))


def _opposed(change: Change, first: str, second: str) -> Floats:
    """In which draws one earns more and the other less."""
    one, other = change.earned_by(first)[1], change.earned_by(second)[1]
    hair = declared("bargaining").settings["hair"] * max(change.before.worth, change.after.worth)
    return ((one > hair) & (other < -hair) | (one < -hair) & (other > hair)).astype(float)


def _numbers(value: float, drawn: NDArray[np.float64], *, n: int, sure: bool = True) -> dict[str, object]:
    lower, upper = np.quantile(drawn, [0.05, 0.95])
    rules = {letter: GradeRule(rule) for letter, rule in declared("bargaining").settings["grades"].items()}
    # A share rests on one network in which a third of the capacities are guesses: no better than the declared grade.
    coverage = str(grade(rules, np.array([n]))[0]) if sure else declared("bargaining").settings["share_grade"]
    return {
        "value": float(value),
        "lower": float(min(lower, value)),
        "upper": float(max(upper, value)),
        "n": n,
        "coverage": coverage,
    }


MEASURE = Measure("bargaining", compute, needs=())
