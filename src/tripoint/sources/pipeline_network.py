"""How does a pipeline tracker become a network? Rows become segments, their ends places, their countries rights."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from tripoint.core.network import (
    OPERATING,
    Access,
    Network,
    Place,
    Range,
    Segment,
    Source,
    checked_network,
)
from tripoint.errors import NetworkError
from tripoint.sources.corridors import Row, end_of, table_rows
from tripoint.sources.pipelines import Line, Lines, Stop, read_lines, slug, words

#: Beside the tracker: where flow begins and ends, and which names mean one place.
ENDS, JOINS = "ends.csv", "joins.csv"
ENDS_HEAD = "end,nodes,kind,commodity,state,low,best,high,unit,price_low,price_best,price_high,price_unit"
_EARTH_KM = 6371.0
#: Names that are shown in one note or message.
_SHOWN = 8

Side = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Where:
    """The place of every end of a line, and all places."""

    of: dict[Side, str]
    places: dict[str, Place]


def read_tracker(file: str | Path) -> Network:
    """A network from a pipeline tracker of Global Energy Monitor, with ``ends.csv`` beside it.

    Takes the tracker's spreadsheet, a sheet of it as CSV, or an export of its maps. A row is a segment from its start
    to its end. Every country that it lists can close it. Only what operates carries flow; what is idle, under
    construction or proposed waits for a scenario; what is shelved, cancelled or retired is left out.

    Parameters
    ----------
    file
        The tracker. ``ends.csv`` beside it names supplies and markets, which a tracker does not have, laid out as for
        `read_network`; its places are those of `tracked_network`, or an end of a row, such as ``P0737_start``.
        ``joins.csv`` may say which names are one place, in columns ``place`` and ``same_as``.

    Returns
    -------
    Network
        Its ``notes`` say what was left out, and which capacities are not known or doubtful.

    Raises
    ------
    ParseError
        The file is no tracker.
    NetworkError
        ``ends.csv`` is missing, a row is wrong, or the network is not sound; every fault is listed.
    """
    path = Path(file)
    bare, sides, faults = _tracked(path)
    beside = path.parent / ENDS
    if not beside.is_file():
        raise NetworkError(str(file), [*faults, _what_ends_are_needed(bare, beside)])
    ends = list(table_rows(beside, end_of, faults))
    known = {place.name for place in bare.places}
    made = []
    for end in ends:
        names = tuple(dict.fromkeys(sides.get(name, name) for name in end.places))
        faults += [
            f"{ENDS}: {end.kind} {end.name!r}: {_no_place(name, known)}"
            for name in names
            if name not in known
        ]
        made.append(replace(end, places=names))
    if faults:
        raise NetworkError(str(file), faults)
    return checked_network(replace(bare, ends=tuple(made)))


def tracked_network(file: str | Path) -> Network:
    """The same without supplies and markets: places and segments, to write ``ends.csv`` from.

    Raises
    ------
    ParseError
        The file is no tracker.
    NetworkError
        A row is wrong; every fault is listed.
    """
    bare, _, faults = _tracked(Path(file))
    if faults:
        raise NetworkError(str(file), faults)
    return checked_network(bare)


def _tracked(path: Path) -> tuple[Network, dict[str, str], list[str]]:
    """Places, segments and rights; the place of every end of a row; and what is wrong."""
    read = read_lines(path)
    faults = list(read.faults)
    joins = _joins(path.parent / JOINS, faults)
    lines = [line for line in read.lines if _has_ends(line, read)]
    where = _places(lines, joins, faults)
    lines = [line for line in lines if _leads_somewhere(line, where, read)]
    used = {where.of[line.handle, side] for line in lines for side in ("start", "end")}
    capacities, doubts = _capacities(lines, where)
    network = Network(
        tuple(place for place in where.places.values() if place.name in used),
        tuple(_segment(line, where, *capacities[line.handle]) for line in lines),
        tuple(
            Access(line.handle, state, "territory", 1.0, 1.0, cited=True, reason="the tracker lists it for the line")
            for line in lines
            for state in line.states
        ),
        (),
        sources=_sources(lines),
        notes=_notes(lines, capacities, doubts, read),
    )  # fmt: skip
    sides = {f"{handle}_{side}": name for (handle, side), name in where.of.items()}
    return network, sides, faults


def _has_ends(line: Line, read: Lines) -> bool:
    known = all(stop.name or stop.point for stop in (line.start, line.end))
    if not known:
        read.left_out["no start or no end given"] += 1
    return known


def _leads_somewhere(line: Line, where: _Where, read: Lines) -> bool:
    leads = where.of[line.handle, "start"] != where.of[line.handle, "end"]
    if not leads:
        read.left_out["starts and ends at one place"] += 1
    return leads


def _joins(file: Path, faults: list[str]) -> dict[str, str]:
    """Which names mean another place."""
    if not file.is_file():
        return {}

    def pair(row: Row) -> tuple[str, str]:
        return row["place"], row["same_as"]

    return dict(table_rows(file, pair, faults))


def _places(lines: list[Line], joins: dict[str, str], faults: list[str]) -> _Where:
    """Give every end of a line its place: by its name and state; by where it lies, if it has no name."""
    stops = [
        (line, side, stop) for line in lines for side, stop in (("start", line.start), ("end", line.end))
    ]
    # Rows that cross the fewest states come first: theirs is the surest word on where a place lies.
    stops.sort(key=lambda one: (not one[2].name, len(one[0].states), one[0].handle, one[1]))
    where = _Where({}, {})
    made: set[str] = set()
    points = np.empty((0, 3))
    owners: list[str] = []
    for line, side, stop in stops:
        other = where.of.get((line.handle, "end" if side == "start" else "start"))
        name = _named(stop) or _near(stop, points, owners, other) or f"{line.handle}_{side}"
        made.add(name)
        name = joins.get(name, joins.get(f"{line.handle}_{side}", name))
        where.of[line.handle, side] = name
        if name not in where.places:
            where.places[name] = _place(name, line, side, stop)
        if stop.point:
            points, owners = np.vstack([points, _unit_vector(stop.point)]), [*owners, name]
    handles = {f"{handle}_{side}" for handle, side in where.of}
    strange = {*joins, *joins.values()} - made - handles
    faults += [f"{JOINS}: {_no_place(name, made)}" for name in sorted(strange)]
    return where


def _named(stop: Stop) -> str:
    base = slug(stop.name)
    return f"{base}_{stop.state.lower()}" if base and stop.state else base


def _near(stop: Stop, points: np.ndarray, owners: list[str], other: str | None) -> str | None:
    """The nearest place within reach, but not the one where the line's other end is."""
    if stop.point is None or not owners:
        return None
    apart = _EARTH_KM * np.linalg.norm(points - _unit_vector(stop.point), axis=1)
    for nearest in np.argsort(apart, kind="stable"):
        if apart[nearest] > words().join_km:
            return None
        if owners[nearest] != other:
            return owners[nearest]
    return None


def _unit_vector(point: tuple[float, float]) -> np.ndarray:
    longitude, latitude = np.radians(point)
    return np.array(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )


def _place(name: str, line: Line, side: str, stop: Stop) -> Place:
    state = stop.state or line.states[0 if side == "start" else -1]
    title = stop.name or f"{side} of {line.pipeline}"
    longitude, latitude = stop.point or (None, None)
    return Place(name, title, state, latitude, longitude, "hub")


def _capacities(lines: list[Line], where: _Where) -> tuple[dict[str, tuple[Range | None, str]], list[str]]:
    """Capacity of each line, with what is to be said about it.

    Lines of one pipeline between the same places with the same capacity may each have it, or have it together.
    """
    found = {line.handle: (line.capacity, "") for line in lines}
    doubts, unsure = [], []
    alike: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in lines:
        if line.capacity and line.capacity.best > 0:
            ends = where.of[line.handle, "start"], where.of[line.handle, "end"]
            alike[line.pipeline, line.commodity, line.status, ends, line.capacity].append(line)
    for group in alike.values():
        whole, handles = group[0].capacity, {line.handle for line in group}
        if len(group) < 2 or whole is None:
            continue
        total = next((one.reason for one in words().totals if handles == set(one.rows)), "")
        best = whole.best / len(group) if total else whole.best
        note = total or f"{len(group)} lines have this capacity each, or all together"
        found |= {handle: (Range(whole.low / len(group), best, whole.high), note) for handle in handles}
        if total:
            doubts.append(f"{_some(handles)}: {total}; each gets its part, and the whole is its upper bound")
        else:
            unsure += sorted(handles)
    if unsure:
        doubts.append(
            f"{len(unsure)} lines have the capacity of a parallel one, and may have it together: the range of each "
            f"begins at its part: {_some(unsure)}"
        )
    return found, doubts


def _segment(line: Line, where: _Where, capacity: Range | None, note: str) -> Segment:
    title = f"{line.pipeline}, {line.line}" if line.line else line.pipeline
    return Segment(
        line.handle, title, line.commodity, "pipeline", where.of[line.handle, "start"], where.of[line.handle, "end"],
        (), capacity, "derived" if note else line.basis, line.status, line.year, line.length_km, None, line.owners,
        line.operator, (line.handle,) if line.url else (), () if line.url else ("all",), note,
    )  # fmt: skip


def _sources(lines: list[Line]) -> tuple[Source, ...]:
    return tuple(Source(line.handle, line.url, "Global Energy Monitor", "", "") for line in lines if line.url)


def _notes(
    lines: list[Line], capacities: dict[str, tuple[Range | None, str]], doubts: list[str], read: Lines
) -> tuple[str, ...]:
    statuses = Counter(line.status for line in lines)
    counted = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    notes = [f"{len(lines)} segments from the tracker: {counted}. Only those that operate carry flow"]
    if read.left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in read.left_out.most_common())
        notes.append(f"{read.left_out.total()} rows left out: {reasons}")
    unknown = [
        line.handle for line in lines if line.status == OPERATING and capacities[line.handle][0] is None
    ]
    if unknown:
        notes.append(
            f"{len(unknown)} that operate have no capacity on record and carry none: {_some(unknown)}"
        )
    more = len(read.doubts) - _SHOWN
    rest = [f"and {more} more rows that were not understood"] if more > 0 else []
    return (*notes, *doubts, *read.doubts[:_SHOWN], *rest)


def _some(names: Iterable[str]) -> str:
    every = sorted(names)
    more = len(every) - _SHOWN
    return ", ".join(every[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _no_place(name: str, known: set[str]) -> str:
    near = get_close_matches(name, known, n=3)
    hint = f"Did you mean {' or '.join(repr(one) for one in near)}? " if near else ""
    return (
        f"no place is called {name!r}. {hint}A place is called as its location and state, such as 'beyneu_kaz', or as "
        "an end of a row, such as 'P0737_start'"
    )


def _what_ends_are_needed(network: Network, beside: Path) -> str:
    """What is missing where a tracker stands alone, and which places could begin and end a flow."""
    starts = {segment.start for segment in network.segments if segment.status == OPERATING}
    ends = {segment.end for segment in network.segments if segment.status == OPERATING}
    return (
        "a tracker has no supplies and no markets, and without them nothing flows. Write them to "
        f"'{beside}', with the columns {ENDS_HEAD} (see docs/measures/bargaining.md). Places that lines only leave: "
        f"{_some(starts - ends) or 'none'}. Places that lines only reach: {_some(ends - starts) or 'none'}"
    )
