"""What a network of corridors is: places, segments with a capacity and those who can close them, supply and markets.

Numbers that are not certain are ranges with a best guess; what is not known is None, never 0.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tripoint.errors import NetworkError

#: Commodity to its unit of flow in a year.
UNIT_OF = {"crude": "Mt/y", "gas": "bcm/y", "uranium": "tU/y", "containers": "kTEU/y"}
#: Commodities with prices and costs, and the unit of these: so that a year's flow times a price is million US dollars.
PRICE_OF = {"crude": "USD/t", "gas": "USD/1000m3"}
#: Kinds of segment whose cost is known where no tariff is on record, by commodity with prices.
KINDS_OF = {"crude": ("pipeline", "rail", "tanker", "port"), "gas": ("pipeline",)}
#: A segment is used if it operates; the others stand there to be opened.
OPERATING = "operating"
STATUSES = (OPERATING, "idle", "construction", "proposed")

Basis = Literal["cited", "derived", "assumed", "unknown"]


@dataclass(frozen=True, slots=True)
class Range:
    """A number that is not certain: its best guess, and how low and high it may be."""

    low: float
    best: float
    high: float

    @property
    def is_sound(self) -> bool:
        """Whether the three are finite and in order."""
        return (
            all(math.isfinite(x) for x in (self.low, self.best, self.high))
            and self.low <= self.best <= self.high
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A node: field, hub, border, port, market or mine; where it lies, if that is known."""

    name: str
    title: str
    state: str
    latitude: float | None
    longitude: float | None
    kind: str
    citations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Who can close a segment, and how surely: the probability that the state's refusal does close it."""

    segment: str
    state: str
    basis: str
    low: float
    high: float
    cited: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a corridor, in the direction of its flow.

    Attributes
    ----------
    capacity
        In the unit of its commodity; None where nothing is on record: the segment is shown and not used.
    basis
        Where the capacity is from. ``derived``: from flows on record; ``assumed``: a guess, with a wide range.
    tariff
        Of one unit of flow, in the price unit of the commodity; None: from length and kind.
    uncited
        Names of the fields that rest on general knowledge.
    """

    name: str
    title: str
    commodity: str
    kind: str
    start: str
    end: str
    via: tuple[str, ...]
    capacity: Range | None
    basis: Basis
    status: str
    start_year: int | None
    length_km: float | None
    tariff: Range | None
    owners: str
    operator: str
    citations: tuple[str, ...]
    uncited: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class End:
    """Where flow begins or ends: a supply, or a market with its price; at one or several places.

    ``state`` is whose consent it takes (the producer, the buyer); None where nobody's does, as on the world market.
    """

    name: str
    places: tuple[str, ...]
    kind: Literal["supply", "market"]
    commodity: str
    state: str | None
    volume: Range
    price: Range | None
    basis: Basis
    citations: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Flow:
    """What moved on a segment, or in a total, in a period."""

    series: str
    kind: Literal["segment", "total"]
    year: int
    period: str
    value: float
    unit: str
    scope: str
    citations: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A dated event; with the share of capacity and the days that it took, if it was an outage and these are known."""

    name: str
    start: str
    end: str | None
    segments: tuple[str, ...]
    kind: str
    actors: tuple[str, ...]
    lost: tuple[float, float] | None
    days: tuple[float, float] | None
    citations: tuple[str, ...]
    note: str

    @property
    def stops_flow(self) -> bool:
        """Whether it took capacity, or was an attack, of which the size may not be on record."""
        return self.lost is not None or self.kind == "attack"


@dataclass(frozen=True, slots=True)
class Source:
    """What a citation points to; the quotation is condensed or translated, not verbatim."""

    name: str
    url: str
    publisher: str
    date: str
    quote: str


@dataclass(frozen=True, slots=True)
class Network:
    """All corridors at hand; ``notes`` say what a reader of the file that they come from should know."""

    places: tuple[Place, ...]
    segments: tuple[Segment, ...]
    access: tuple[Access, ...]
    ends: tuple[End, ...]
    flows: tuple[Flow, ...] = ()
    outages: tuple[Outage, ...] = ()
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()

    def who_can_close(self, segment: str) -> tuple[Access, ...]:
        """Rights over a segment, the surest first."""
        return tuple(
            sorted((a for a in self.access if a.segment == segment), key=lambda a: (-a.high, a.state))
        )


def checked_network(network: Network) -> Network:
    """Give the network back if it is sound.

    Raises
    ------
    NetworkError
        A place, segment or state that is not there, a capacity that is negative or not finite, a range that is out of
        order, a market that no supply can reach, or a unit that is not the commodity's; every fault is listed.
    """
    faults = [*_name_faults(network), *_number_faults(network)]
    faults = faults or _reach_faults(network)
    if faults:
        raise NetworkError("corridors", faults)
    return network


def _name_faults(network: Network) -> list[str]:
    places = {place.name for place in network.places}
    segments = {segment.name for segment in network.segments}
    faults = [
        *(f"two places are called {name!r}" for name in _twice(place.name for place in network.places)),
        *(
            f"two segments are called {name!r}"
            for name in _twice(segment.name for segment in network.segments)
        ),
    ]
    for segment in network.segments:
        named = (segment.start, segment.end, *segment.via)
        faults += [
            f"segment {segment.name!r}: no place is called {name!r}" for name in named if name not in places
        ]
        if segment.start == segment.end:
            faults.append(f"segment {segment.name!r} leads from {segment.start!r} to itself")
        if segment.commodity not in UNIT_OF:
            faults.append(
                f"segment {segment.name!r}: commodity {segment.commodity!r}; known: {', '.join(UNIT_OF)}"
            )
        kinds = KINDS_OF.get(segment.commodity)
        if kinds and segment.tariff is None and segment.kind not in kinds:
            faults.append(
                f"segment {segment.name!r}: kind {segment.kind!r} without a tariff; known for "
                f"{segment.commodity}: {', '.join(kinds)}"
            )
        if segment.status not in STATUSES:
            faults.append(
                f"segment {segment.name!r}: status {segment.status!r}; known: {', '.join(STATUSES)}"
            )
    for end in network.ends:
        faults += [
            f"{end.kind} {end.name!r}: no place is called {name!r}"
            for name in end.places
            if name not in places
        ]
    faults += [
        f"access of {right.state}: no segment is called {right.segment!r}"
        for right in network.access
        if right.segment not in segments
    ]
    return faults


def _number_faults(network: Network) -> list[str]:
    faults = []
    ranges = [(f"capacity of {s.name!r}", s.capacity) for s in network.segments]
    ranges += [(f"tariff of {s.name!r}", s.tariff) for s in network.segments]
    ranges += [(f"volume of {e.name!r}", e.volume) for e in network.ends]
    for what, found in ranges:
        if found is not None and not found.is_sound:
            faults.append(
                f"{what} is {found.low:g}, {found.best:g}, {found.high:g}: not finite, or not in order"
            )
        elif found is not None and found.low < 0:
            faults.append(f"{what} is negative: {found.low:g}")
    for end in network.ends:
        if end.price is not None and not end.price.is_sound:
            faults.append(f"price of {end.name!r} is not finite, or not in order")
        if (end.price is not None) != (end.commodity in PRICE_OF):
            needed = PRICE_OF.get(end.commodity, "none")
            faults.append(f"{end.kind} {end.name!r}: the price of {end.commodity} is in {needed}")
    faults += [
        f"access of {right.state} to {right.segment!r}: {right.low:g} to {right.high:g} is no range of probability"
        for right in network.access
        if not 0 <= right.low <= right.high <= 1
    ]
    return faults


def _reach_faults(network: Network) -> list[str]:
    """Markets that nothing could reach even if every segment were open."""
    faults = []
    for commodity in {end.commodity for end in network.ends}:
        reached = {
            place
            for end in network.ends
            if end.kind == "supply" and end.commodity == commodity
            for place in end.places
        }
        arcs = [
            (s.start, s.end) for s in network.segments if s.commodity == commodity and s.capacity is not None
        ]
        while True:
            more = {end for start, end in arcs if start in reached} - reached
            if not more:
                break
            reached |= more
        faults += [
            f"market {end.name!r}: no supply of {commodity} can reach {' or '.join(end.places)}"
            for end in network.ends
            if end.kind == "market" and end.commodity == commodity and not reached & set(end.places)
        ]
    return sorted(faults)


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return sorted({name for name in names if name in seen or seen.add(name)})
