"""What is left of exports when something closes, by segment, place, state, actor or operator; and what outages cost."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tripoint.core.network import Network, Outage, Segment
from tripoint.measures.corridor_game import CorridorGame
from tripoint.measures.records import declared
from tripoint.models.flows.failures import DAYS_OF_YEAR, expected_loss, failures

Floats = NDArray[np.float64]

#: Of draws: the bounds of a 90% interval.
BOUNDS = (0.05, 0.95)
#: What closes together, in the order in which it is read.
KINDS = ("segment", "place", "state", "actor", "operator")
#: Outages for which nobody is named.
NOBODY = "none named"

_BRACKETS = re.compile(r"\([^)]*\)|\[[^]]*\]")


@dataclass(frozen=True, slots=True)
class Failure:
    """What is left of the ground's exports when something closes.

    Attributes
    ----------
    kind
        ``segment``; ``place``; ``state``: all that it can surely close; ``actor``: all that outages of its making, on
        record, have hit; ``operator``: all that a company runs, alone or with others.
    segments
        What closes.
    left
        Share of the exports that still flow; spare capacity elsewhere is used.
    with_another
        Share left when the worst second one of the same kind closes too, and its name.
    """

    commodity: str
    kind: str
    name: str
    segments: tuple[str, ...]
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
class ActorLoss:
    """What outages of one actor's making cost in a year on average, over all segments that they hit.

    ``actor`` is as the record names it, several joined; ``none named`` where it names nobody: weather, wear.
    """

    commodity: str
    actor: str
    segments: tuple[str, ...]
    events: tuple[str, ...]
    per_year: tuple[float, float, float]
    value: float
    lower: float
    upper: float


def failures_of(network: Network, game: CorridorGame, ground: str) -> list[Failure]:
    """Close each segment, place, other state, actor and operator, and every two of a kind."""
    found = []
    for kind, closing in _closing(network, game, ground).items():
        if not closing:
            continue
        names = list(closing)
        left = failures(
            game.network, np.array([[arc in closing[name] for arc in game.arcs] for name in names])
        )
        if left.whole <= 0:
            return []
        for place, name in enumerate(names):
            others = left.double[place].copy()
            others[place] = np.inf
            worst = int(np.argmin(others)) if len(names) > 1 else place
            both = float(left.double[place, worst])
            hit = tuple(arc for arc in game.arcs if arc in closing[name])
            found.append(
                Failure(game.commodity, kind, name, hit, float(left.single[place]), both, names[worst])
            )
    return found


def _closing(network: Network, game: CorridorGame, ground: str) -> dict[str, dict[str, set[str]]]:
    """Kind to name to the segments of the game that close with it."""
    lines = [segment for segment in network.segments if segment.name in set(game.arcs)]
    here = {line.name for line in lines}
    rights = [right for right in network.access if right.segment in here and right.low >= 1]
    hits = [outage for outage in network.outages if outage.stops_flow]
    return {
        "segment": _sets((line.name, line.name) for line in lines),
        "place": _sorted(_sets((place, line.name) for line in lines for place in (line.start, line.end))),
        "state": _sorted(_sets((right.state, right.segment) for right in rights if right.state != ground)),
        "actor": _sorted(
            _sets((a, name) for outage in hits for a in outage.actors for name in {*outage.segments} & here)
        ),
        "operator": _sorted(_sets((name, line.name) for line in lines for name in operators(line))),
    }


def _sets(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, segment in pairs:
        found.setdefault(name, set()).add(segment)
    return found


def _sorted(found: Mapping[str, set[str]]) -> dict[str, set[str]]:
    return {name: found[name] for name in sorted(found)}


def operators(segment: Segment) -> tuple[str, ...]:
    """The companies that run a segment, as its record names them.

    Examples
    --------
    >>> from tripoint.sources.corridors import shipped_network
    >>> operators(next(one for one in shipped_network().segments if one.name == "cac_n"))
    ('Gazprom', 'Intergas Central Asia', 'Uztransgaz')
    """
    named = re.split(r"[/;,+]", _BRACKETS.sub("", segment.operator))
    return tuple(dict.fromkeys(name.strip() for name in named if name.strip()))


def losses_of(network: Network, game: CorridorGame, seed: int) -> tuple[list[Loss], list[ActorLoss]]:
    """Expected yearly losses from dated outages whose length and size are on record, by segment and by actor.

    Rates have Jeffreys' prior. By actor, the outages of a segment are told apart by whose they are, and the prior is
    divided among them, so that the losses by actor add up to those by segment.
    """
    by_segment: dict[tuple[str, str], list[Outage]] = {}
    by_actor: dict[tuple[str, str], list[Outage]] = {}
    for name in game.arcs:
        for outage in network.outages:
            if name in outage.segments and outage.lost is not None and outage.days is not None:
                actor = ", ".join(outage.actors) or NOBODY
                by_segment.setdefault((name, ""), []).append(outage)
                by_actor.setdefault((name, actor), []).append(outage)
    if not by_segment:
        return [], []
    prior = {key: 0.5 / sum(key[0] == other[0] for other in by_actor) for key in by_actor}
    return _segment_losses(game, by_segment, seed), _actor_losses(game, by_actor, prior, seed)


def _segment_losses(game: CorridorGame, hit: dict[tuple[str, str], list[Outage]], seed: int) -> list[Loss]:
    rates, cost = _drawn(game, hit, dict.fromkeys(hit, 0.5), seed)
    if np.isnan(cost).all():  # the ground exports nothing over these segments, and has nothing to lose
        return []
    made = []
    for place, ((name, _), events) in enumerate(hit.items()):
        actors = sorted({actor for outage in events for actor in outage.actors})
        made.append(
            Loss(
                game.commodity, name, tuple(outage.name for outage in events), tuple(actors),
                _rate(rates[:, place]), *_value(cost[:, place]),
            )
        )  # fmt: skip
    return made


def _actor_losses(
    game: CorridorGame,
    hit: dict[tuple[str, str], list[Outage]],
    prior: dict[tuple[str, str], float],
    seed: int,
) -> list[ActorLoss]:
    rates, cost = _drawn(game, hit, prior, seed)
    if np.isnan(cost).all():
        return []
    made = []
    for actor in dict.fromkeys(actor for _, actor in hit):
        mine = [place for place, (_, whose) in enumerate(hit) if whose == actor]
        keys = [key for key in hit if key[1] == actor]
        events = dict.fromkeys(outage.name for key in keys for outage in hit[key])
        made.append(
            ActorLoss(
                game.commodity, actor, tuple(name for name, _ in keys), tuple(events),
                _rate(rates[:, mine].sum(1)), *_value(cost[:, mine].sum(1)),
            )
        )  # fmt: skip
    return sorted(made, key=lambda loss: -loss.value)


def _drawn(
    game: CorridorGame,
    hit: dict[tuple[str, str], list[Outage]],
    prior: dict[tuple[str, str], float],
    seed: int,
) -> tuple[Floats, Floats]:
    """Draws of the number of outages in a year, and of the share of exports that they cost; one column a key."""
    constants = declared("bargaining").settings
    start, end = (date.fromisoformat(constants[name]) for name in ("outages_from", "outages_to"))
    years = (end - start).days / DAYS_OF_YEAR
    rng, draws = np.random.default_rng(seed), constants["draws"]
    rates = np.column_stack(
        [rng.gamma(len(events) + prior[key], 1 / years, draws) for key, events in hit.items()]
    )
    chosen = [rng.integers(0, len(events), draws) for events in hit.values()]
    days, lost = (
        np.column_stack(
            [
                rng.uniform(*np.array([getattr(o, what) for o in events], float)[pick].T)
                for events, pick in zip(hit.values(), chosen, strict=True)
            ]
        )
        for what in ("days", "lost")
    )
    groups = np.array([[arc == name for arc in game.arcs] for name, _ in hit])
    return rates, expected_loss(game.network, groups, rates, days, lost)


def _rate(drawn: Floats) -> tuple[float, float, float]:
    low, high = np.quantile(drawn, BOUNDS)
    return float(drawn.mean()), float(low), float(high)


def _value(drawn: Floats) -> tuple[float, float, float]:
    lower, upper = np.nanquantile(drawn, BOUNDS)
    return float(np.nanmean(drawn)), float(lower), float(upper)
