"""Which routes carry what, how much, and who can close them? Our own tables of corridors, or a user's, from CSV.

The tables are facts with citations, collected by us; every field that rests on general knowledge is named, every
conflict between sources is a range. They ship with the package, in ``sources/routes``.
"""

import csv
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from tripoint.core.codebook import parse_declaration
from tripoint.core.network import (
    PRICE_OF,
    UNIT_OF,
    Access,
    End,
    Flow,
    Network,
    Outage,
    Place,
    Range,
    Segment,
    Source,
    checked_network,
)
from tripoint.core.scenario import Scenario
from tripoint.core.states import find_state
from tripoint.errors import NetworkError, UnknownStateError

T = TypeVar("T")
Row = dict[str, str]

#: Tables that a network must have, and those that it may have.
NEEDED = ("nodes", "segments", "access", "ends")
OPTIONAL = ("flows", "outages", "citations")
#: A table of corridors is small; a larger one is something else.
MOST_BYTES = 5_000_000


@cache
def shipped_network() -> Network:
    """The corridors that ship with the package."""
    return _read(files("tripoint.sources") / "routes", "the package")


@cache
def shipped_scenarios() -> dict[str, Scenario]:
    """The scenarios that ship with the package, by name."""
    folder = files("tripoint.sources") / "routes" / "scenarios"
    found = [
        parse_declaration(file.read_text("utf-8"), file.name, Scenario)
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    ]
    return {scenario.name: scenario for scenario in found}


def read_network(folder: str | Path) -> Network:
    """A network of one's own: a folder with ``nodes.csv``, ``segments.csv``, ``access.csv`` and ``ends.csv``.

    They are laid out as those in the package; ``flows.csv``, ``outages.csv`` and ``citations.csv`` may
    stand beside them.

    Raises
    ------
    NetworkError
        A file is missing or is no such table, a field is no number, or the network is not sound; every fault is listed.
    """
    path = Path(folder)
    if not path.is_dir():
        raise NetworkError(
            str(folder), [f"no such folder; it must hold {', '.join(f'{n}.csv' for n in NEEDED)}"]
        )
    return _read(path, str(folder))


def _read(folder: Traversable, name: str) -> Network:
    faults: list[str] = []
    missing = [f"{table}.csv is missing" for table in NEEDED if not (folder / f"{table}.csv").is_file()]
    if missing:
        raise NetworkError(name, missing)

    def table(table_name: str, make: Callable[[Row], T]) -> tuple[T, ...]:
        file = folder / f"{table_name}.csv"
        return tuple(table_rows(file, make, faults)) if file.is_file() else ()

    network = Network(
        table("nodes", _place),
        table("segments", _segment),
        table("access", _access),
        table("ends", end_of),
        table("flows", _flow),
        table("outages", _outage),
        table("citations", _source),
    )
    if faults:
        raise NetworkError(name, faults)
    return checked_network(network)


def table_rows(file: Traversable, make: Callable[[Row], T], faults: list[str]) -> Iterator[T]:
    """Rows of one file as nouns; what cannot be read is named with its line."""
    raw = file.read_bytes()
    if len(raw) > MOST_BYTES:
        faults.append(f"{file.name} has {len(raw):,} bytes; a table of corridors has at most {MOST_BYTES:,}")
        return
    if 0 in raw:
        faults.append(f"{file.name} holds a NUL byte: it is no text")
        return
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.append(f"{file.name} is not UTF-8: {error}")
        return
    try:
        rows = list(csv.DictReader(text.splitlines()))
    except csv.Error as error:
        faults.append(f"{file.name} is no table: {error}")
        return
    for number, row in enumerate(rows, start=2):
        try:
            yield make({key: (value or "").strip() for key, value in row.items() if key})
        except KeyError as error:
            faults.append(f"{file.name}: column {error} is missing")
            return
        except (ValueError, UnknownStateError) as error:
            faults.append(f"{file.name}, line {number}: {error}")


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _number(text: str) -> float | None:
    return float(text) if text else None


def _range(row: Row, prefix: str = "") -> Range | None:
    """Three numbers; None where none is given. One may stand for all."""
    given = [_number(row[f"{prefix}{name}"]) for name in ("low", "best", "high") if f"{prefix}{name}" in row]
    known = [number for number in given if number is not None]
    if not known:
        return None
    if len(known) != len(given):
        raise ValueError(
            f"a range needs all of its numbers: {', '.join('' if x is None else f'{x:g}' for x in given)}"
        )
    return Range(known[0], known[1] if len(known) == 3 else sum(known) / len(known), known[-1])


def _state(text: str) -> str:
    return find_state(text).iso3


def _place(row: Row) -> Place:
    return Place(
        row["node"], row["name"], _state(row["state"]), _number(row["latitude"]), _number(row["longitude"]),
        row["kind"], _list(row.get("citations", "")),
    )  # fmt: skip


def _segment(row: Row) -> Segment:
    expected = UNIT_OF.get(row["commodity"])
    if expected is not None and row["unit"] != expected:
        raise ValueError(f"{row['commodity']} is counted in {expected}, not in {row['unit']!r}")
    year = _number(row.get("start_year", ""))
    return Segment(
        row["segment"], row["name"], row["commodity"], row["kind"], row["from_node"], row["to_node"],
        _list(row.get("via", "")), _range(row), row.get("basis") or "assumed",  # pyright: ignore[reportArgumentType]
        row["status"], None if year is None else int(year), _number(row.get("length_km", "")),
        _range(row, "tariff_"), row.get("owners", ""), row.get("operator", ""), _list(row.get("citations", "")),
        _list(row.get("uncited", "")), row.get("note", ""),
    )  # fmt: skip


def _access(row: Row) -> Access:
    return Access(
        row["segment"], _state(row["state"]), row["basis"], float(row["low"]), float(row["high"]),
        row.get("cited") == "yes", row.get("reason", ""),
    )  # fmt: skip


def end_of(row: Row) -> End:
    """A supply or market from one row of ``ends.csv``."""
    if row["kind"] not in ("supply", "market"):
        raise ValueError(f"{row['kind']!r} is neither supply nor market")
    expected = UNIT_OF.get(row["commodity"])
    if row["unit"] != expected:
        raise ValueError(f"{row['commodity']} is counted in {expected}, not in {row['unit']!r}")
    price_unit = PRICE_OF.get(row["commodity"], "")
    if row["price_unit"] != price_unit:
        raise ValueError(
            f"the price of {row['commodity']} is in {price_unit or 'none'}, not in {row['price_unit']!r}"
        )
    volume = _range(row)
    if volume is None:
        raise ValueError("a supply or market needs a volume")
    return End(
        row["end"], _list(row["nodes"]), row["kind"], row["commodity"],  # pyright: ignore[reportArgumentType]
        _state(row["state"]) if row["state"] else None, volume, _range(row, "price_"),
        row.get("basis") or "assumed", _list(row.get("citations", "")), row.get("note", ""),  # pyright: ignore[reportArgumentType]
    )  # fmt: skip


def _flow(row: Row) -> Flow:
    kind = "segment" if row["kind"] == "segment" else "total"
    return Flow(
        row["series"], kind, int(row["year"]), row["period"], float(row["value"]), row["unit"], row["scope"],
        _list(row["citations"]), row["note"],
    )  # fmt: skip


def _pair(row: Row, name: str) -> tuple[float, float] | None:
    low, high = _number(row[f"{name}_low"]), _number(row[f"{name}_high"])
    return None if low is None or high is None else (low, high)


def _outage(row: Row) -> Outage:
    return Outage(
        row["event"], row["from"], row["to"] or None, _list(row["segments"]), row["kind"], _list(row["actor"]),
        _pair(row, "lost"), _pair(row, "days"), _list(row["citations"]), row["note"],
    )  # fmt: skip


def _source(row: Row) -> Source:
    return Source(row["citation"], row["url"], row["publisher"], row["date"], row["quote"])
