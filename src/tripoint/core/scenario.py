"""What a scenario is: a named change of corridors, in a file that an analyst can write."""

from dataclasses import dataclass, replace
from pathlib import Path

from tripoint.core.codebook import parse_declaration
from tripoint.core.network import OPERATING, Access, End, Network, Range, Segment, checked_network
from tripoint.core.states import find_state
from tripoint.errors import DeclarationError, NetworkError, UnknownNameError, UnknownStateError


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """New numbers for one segment: what is not given stays. Control: states that can close it, in place of before."""

    segment: str
    capacity: tuple[float, float, float] | None = None
    tariff: tuple[float, float, float] | None = None
    control: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class EndChange:
    """New numbers for one supply or market."""

    end: str
    volume: tuple[float, float, float] | None = None
    price: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class NewSegment:
    """A segment that the network does not have, between places that it has."""

    segment: str
    title: str
    commodity: str
    kind: str
    start: str
    end: str
    capacity: tuple[float, float, float]
    control: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A change of corridors.

    Attributes
    ----------
    planned
        Whether somebody plans it: such scenarios decide claims about new routes.
    open
        Segments that are idle, under construction or proposed, and carry flow now.
    close
        Segments that carry none.
    close_states
        States that close every segment that they can surely close.
    """

    name: str
    title: str
    note: str = ""
    planned: bool = False
    citations: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    close: tuple[str, ...] = ()
    close_states: tuple[str, ...] = ()
    segments: tuple[SegmentChange, ...] = ()
    ends: tuple[EndChange, ...] = ()
    add: tuple[NewSegment, ...] = ()


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario from a TOML file.

    Raises
    ------
    DeclarationError
        The file cannot be read, lacks a field, or has one that no scenario has; every fault is named by its place.
    """
    file = Path(path)
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError(str(file), [f"cannot be read: {error}"]) from None
    return parse_declaration(text, file.name, Scenario)


def changed(network: Network, scenario: Scenario) -> Network:
    """The network as the scenario has it, checked.

    Raises
    ------
    NetworkError
        The scenario names a segment, supply, market or state that is not there, or makes a network that is not sound;
        every fault is listed.
    """
    faults = _faults(network, scenario)
    if faults:
        raise NetworkError(f"scenario {scenario.name!r}", faults)
    added = tuple(_new(one) for one in scenario.add)
    segments = tuple(_changed_segment(segment, scenario, network) for segment in network.segments)
    access = tuple(
        right
        for right in network.access
        if not any(one.segment == right.segment and one.control is not None for one in scenario.segments)
    )
    given = [
        (one.segment, one.control) for one in (*scenario.segments, *scenario.add) if one.control is not None
    ]
    rights = tuple(
        Access(
            segment,
            state,
            "scenario",
            1.0,
            1.0,
            cited=False,
            reason=f"as the scenario {scenario.name} has it",
        )
        for segment, states in given
        for state in states
    )
    ends = tuple(_changed_end(end, scenario) for end in network.ends)
    return checked_network(replace(network, segments=segments + added, access=access + rights, ends=ends))


def touched(scenario: Scenario) -> frozenset[str]:
    """Segments that the scenario opens, changes or adds."""
    named = (
        *scenario.open,
        *(one.segment for one in scenario.segments),
        *(one.segment for one in scenario.add),
    )
    return frozenset(named)


def _faults(network: Network, scenario: Scenario) -> list[str]:
    segments = {segment.name for segment in network.segments}
    ends = {end.name for end in network.ends}
    states = {right.state for right in network.access}
    named = (*scenario.open, *scenario.close, *(one.segment for one in scenario.segments))
    faults = [str(UnknownNameError.of("segment", name, segments)) for name in named if name not in segments]
    faults += [
        str(UnknownNameError.of("supply or market", one.end, ends))
        for one in scenario.ends
        if one.end not in ends
    ]
    faults += [
        f"{state!r} can close no segment; known: {', '.join(sorted(states))}"
        for state in scenario.close_states
        if state not in states
    ]
    faults += [
        f"segment {one.segment!r} is there already; change it instead"
        for one in scenario.add
        if one.segment in segments
    ]
    given = [
        (one.segment, state) for one in (*scenario.segments, *scenario.add) for state in one.control or ()
    ]
    return faults + [fault for segment, state in given if (fault := _control_fault(segment, state))]


def _control_fault(segment: str, state: str) -> str | None:
    """What is wrong with a state that is given control: by another name than its code it would play twice."""
    try:
        code = find_state(state).iso3
    except UnknownStateError as error:
        return f"control of {segment!r}: {error}"
    return None if code == state else f"control of {segment!r}: write {code!r} for {state!r}"


def _changed_segment(segment: Segment, scenario: Scenario, network: Network) -> Segment:
    surely = {a.state for a in network.who_can_close(segment.name) if a.low >= 1}
    if segment.name in scenario.close or surely & set(scenario.close_states):
        return replace(segment, capacity=Range(0.0, 0.0, 0.0))
    found = replace(segment, status=OPERATING) if segment.name in scenario.open else segment
    for change in scenario.segments:
        if change.segment == segment.name:
            found = replace(
                found,
                capacity=Range(*change.capacity) if change.capacity else found.capacity,
                tariff=Range(*change.tariff) if change.tariff else found.tariff,
            )
    return found


def _changed_end(end: End, scenario: Scenario) -> End:
    found = end
    for change in scenario.ends:
        if change.end == end.name:
            found = replace(
                found,
                volume=Range(*change.volume) if change.volume else found.volume,
                price=Range(*change.price) if change.price else found.price,
            )
    return found


def _new(one: NewSegment) -> Segment:
    return Segment(
        one.segment, one.title, one.commodity, one.kind, one.start, one.end, (), Range(*one.capacity), "assumed",
        OPERATING, None, None, None, "", "", (), (), "added by a scenario",
    )  # fmt: skip
