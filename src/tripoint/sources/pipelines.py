"""What does a pipeline tracker say, row by row? Spreadsheets and map exports of Global Energy Monitor as one record."""

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import polars as pl

from tripoint.core.codebook import parse_declaration
from tripoint.core.network import Basis, Range
from tripoint.errors import ParseError
from tripoint.sources.naming import state_named
from tripoint.sources.rawfile import read_table
from tripoint.sources.spreadsheet import read_sheet, sheet_names

Point = tuple[float, float]
Row = dict[str, str | None]

#: What a row says, and the columns that may say it: of the tracker's spreadsheets, then of exports of its maps.
COLUMNS = {
    "id": ("ProjectID", "id"),
    "pipeline": ("PipelineName", "name", "project"),
    "line": ("SegmentName", "unit-name", "unit"),
    "fuel": ("Fuel", "tracker-acro", "type"),
    "status": ("Status", "status"),
    "countries": ("CountriesOrAreas", "Countries", "areas", "countries"),
    "start": ("StartLocation",),
    "start_country": ("StartCountryOrArea", "StartCountry"),
    "end": ("EndLocation",),
    "end_country": ("EndCountryOrArea", "EndCountry"),
    "figure": ("Capacity",),
    "unit": ("CapacityUnits",),
    "gas": ("CapacityBcm/y",),
    "crude": ("CapacityBOEd",),
    "bare": ("capacity",),
    "bare_unit": ("capacity-table",),
    "length": ("LengthMergedKm", "LengthKnownKm", "LengthEstimateKm"),
    "year": ("StartYear1", "start-year", "start_year"),
    "owners": ("Owner", "owner", "Parent", "parent"),
    "operator": ("Operator",),
    "route": ("WKTFormat", "geometry", "Route", "route"),
    "url": ("Wiki", "url"),
}
NEEDED = ("pipeline", "fuel", "status", "countries")
#: Units of converted figures.
UNIT = {"crude": "bpd", "gas": "bcm/y"}

_EMPTY = ("--", "n/a", "unknown")
_THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_AMOUNT = re.compile(r"^\s*[-\d.,]+\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Total:
    """Rows that all carry the capacity of the system they belong to, and why that is thought."""

    rows: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Words:
    """What a tracker's words mean, as ``routes/pipelines.toml`` declares it."""

    barrels_of_ton: tuple[float, float, float]
    same_figure: float
    rounding: float
    join_km: float
    statuses: dict[str, str]
    left_out: dict[str, str]
    commodities: dict[str, str]
    units: dict[str, dict[str, float]]
    totals: tuple[Total, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """One end of a line: its name in the file, its state, and where it lies (longitude, latitude), each if given."""

    name: str
    state: str | None
    point: Point | None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a tracker.

    Attributes
    ----------
    place
        Where the row stands in the file, for messages.
    handle
        Its number in the tracker, or a name made of what it is called.
    states
        Those that it crosses, in the order of the file.
    capacity
        In the project's unit; None where the file has none that can be used.
    """

    place: str
    handle: str
    pipeline: str
    line: str
    commodity: str
    status: str
    states: tuple[str, ...]
    start: Stop
    end: Stop
    capacity: Range | None
    basis: Basis
    length_km: float | None
    year: int | None
    owners: str
    operator: str
    url: str


@dataclass(slots=True)
class Lines:
    """Rows that can be used, what is wrong with others, what was not understood, and how many were left out and why."""

    lines: list[Line] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Said:
    """What is to be said about one row."""

    faults: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


@cache
def words() -> Words:
    """The declaration that ships with the package."""
    file = files("tripoint.sources") / "routes" / "pipelines.toml"
    return parse_declaration(file.read_text("utf-8"), file.name, Words)


def read_lines(path: Path) -> Lines:
    """Read every row of a tracker.

    Raises
    ------
    ParseError
        The file is no table, or lacks the columns of a tracker.
    """
    found = Lines()
    taken: Counter[str] = Counter()
    for place, frame in _tables(path):
        for row in frame.iter_rows(named=True):
            line = _line(row, f"{place}row {row['row']}", found)
            if line:
                found.lines.append(_with_own_handle(line, taken))
    return found


def _tables(path: Path) -> list[tuple[str, pl.DataFrame]]:
    """The tables of a file with the same columns, each with what its rows are called in messages."""
    every = tuple(dict.fromkeys(name for names in COLUMNS.values() for name in names))
    sheets = sheet_names(path)
    if not sheets and path.suffix.lower() != ".xlsx":
        return [("", _renamed(read_table(path, (), every), path.name))]
    named = [s for s in sheets if "pipeline" in s.lower() and not s.lower().startswith("about")]
    return [
        (f"sheet {sheet!r}, ", _renamed(read_sheet(path, sheet, (), every), f"{path.name}, sheet {sheet!r}"))
        for sheet in named or sheets[:1] or ("Pipelines",)
    ]


def _renamed(frame: pl.DataFrame, place: str) -> pl.DataFrame:
    """One column for each thing that a row says; what stands for nothing is null."""
    missing = [
        f"{what} ({' or '.join(COLUMNS[what])})"
        for what in NEEDED
        if frame.select(pl.all_horizontal(pl.col(COLUMNS[what]).is_null().all())).item()
    ]
    if missing:
        raise ParseError(
            f"{place}: no pipeline tracker of Global Energy Monitor: columns are missing or empty: "
            f"{', '.join(missing)}. Give its spreadsheet, a sheet of it as CSV, or a folder with tables of your own"
        )
    said = [
        pl.when(~pl.col(name).str.to_lowercase().is_in(_EMPTY)).then(pl.col(name)).alias(name)
        for names in COLUMNS.values()
        for name in names
    ]
    return frame.with_columns(said).select("row", **{what: pl.coalesce(n) for what, n in COLUMNS.items()})


def _line(row: Row, place: str, found: Lines) -> Line | None:
    """One row as a line; None where it is left out or wrong, which is noted."""
    commodity = words().commodities.get((row["fuel"] or "").lower())
    status = (row["status"] or "").lower()
    name = row["pipeline"] or "a pipeline without a name"
    if commodity is None:
        found.left_out[f"of fuel {row['fuel'] or ''!r}"] += 1
        return None
    if status in words().left_out:
        found.left_out[words().left_out[status]] += 1
        return None
    said = _Said()
    if status not in words().statuses:
        known = ", ".join([*words().statuses, *words().left_out])
        said.faults.append(f"status {row['status'] or ''!r}; known: {known}")
    states, strange = _states(row)
    ends = _ends(row["route"], said)
    capacity, basis = _capacity(row, commodity, said)
    found.faults += [f"{place}, {name!r}: {fault}" for fault in said.faults]
    found.doubts += [f"{place}, {name!r}: {doubt}" for doubt in said.doubts]
    if said.faults:
        return None
    if strange or not states:
        found.left_out[f"{strange} is no state on record" if strange else "no country given"] += 1
        return None
    return Line(
        place, row["id"] or slug(f"{name} {row['line'] or ''}"), name, row["line"] or "", commodity,
        words().statuses[status], states,
        Stop(row["start"] or "", state_named(None, row["start_country"]), ends[0] if ends else None),
        Stop(row["end"] or "", state_named(None, row["end_country"]), ends[1] if ends else None),
        capacity, basis, _positive(row["length"]), _year(row["year"]), row["owners"] or "", row["operator"] or "",
        row["url"] or "",
    )  # fmt: skip


def _with_own_handle(line: Line, taken: Counter[str]) -> Line:
    taken[line.handle] += 1
    return line if taken[line.handle] == 1 else replace(line, handle=f"{line.handle}_{taken[line.handle]}")


def _states(row: Row) -> tuple[tuple[str, ...], str]:
    """The states that a line crosses; and the first name that no state has."""
    named = re.split(r"[,;]", row["countries"] or "")
    if not any(name.strip() for name in named):
        named = [row["start_country"] or "", row["end_country"] or ""]
    found = {name.strip(): state_named(None, name.strip()) for name in named if name.strip()}
    strange = next((repr(name) for name, state in found.items() if state is None), "")
    return tuple(dict.fromkeys(state for state in found.values() if state)), strange


def _capacity(row: Row, commodity: str, said: _Said) -> tuple[Range | None, Basis]:
    """Capacity in the project's unit."""
    figure = _number(row["figure"], "Capacity", said)
    unit = (row["unit"] or "").lower()
    column = {"gas": "CapacityBcm/y", "crude": "CapacityBOEd"}[commodity]
    converted = _number(row[commodity], column, said)
    if converted is None and row["bare"]:
        written = _AMOUNT.match(row["bare_unit"] or "")
        figure, unit = _number(row["bare"], "capacity", said), (written[1] if written else UNIT[commodity])
    elif figure is None:
        figure, unit = converted, UNIT[commodity]
    units = words().units
    if commodity == "crude" and unit in units["crude_mass"] and figure is not None:
        tons = figure * units["crude_mass"][unit]
        return Range(tons, tons, tons), "cited"
    others = {"crude": units["gas"], "gas": {**units["crude"], **units["crude_mass"]}}[commodity]
    if figure is not None and unit in others and unit not in units[commodity]:
        said.faults.append(
            f"capacity is in {unit!r}; {commodity} is counted in {', '.join(units[commodity])}"
        )
        return None, "unknown"
    factor = units[commodity].get(unit)
    stated = None if figure is None or factor is None else figure * factor
    if stated is not None and converted is not None and not _same(stated, converted, commodity):
        said.faults.append(
            f"capacity is {figure:g} {unit}, which is {stated:.4g} {UNIT[commodity]}, but {column} says {converted:g}"
        )
    amount = converted if stated is None else stated
    if amount is None or (amount == 0 and figure):
        return None, "unknown"
    return _in_project_unit(amount, commodity)


def _in_project_unit(amount: float, commodity: str) -> tuple[Range, Basis]:
    if commodity == "gas":
        return Range(amount, amount, amount), "cited"
    light, usual, heavy = sorted(words().barrels_of_ton, reverse=True)
    yearly = amount * 365 / 1e6
    return Range(yearly / light, yearly / usual, yearly / heavy), "derived"


def _same(stated: float, converted: float, commodity: str) -> bool:
    apart = abs(stated - converted)
    rounded = words().rounding if commodity == "gas" else 1.0
    return apart <= rounded or apart <= words().same_figure * max(stated, converted)


def _number(text: str | None, column: str, said: _Said) -> float | None:
    """A number that is none of the impossible ones; None where nothing is said, or something else than a number."""
    if text is None:
        return None
    try:
        number = float(text.replace(",", "") if _THOUSANDS.fullmatch(text) else text)
    except ValueError:
        said.doubts.append(f"{column} is {text[:30]!r}, which is no number: taken as not known")
        return None
    if not math.isfinite(number) or number < 0:
        what = "negative" if number < 0 else "not finite"
        said.faults.append(
            f"{column} is {text!r}: a capacity cannot be {what}; leave it empty if it is not known"
        )
        return None
    return number


def _ends(route: str | None, said: _Said) -> tuple[Point, Point] | None:
    """First and last point of a route: a line in well-known text, or pairs of latitude and longitude."""
    if not route or "EMPTY" in route.upper():
        return None
    known_text = "(" in route
    pairs = re.split(r"[,()]+" if known_text else r"[:;]+", re.sub(r"[A-Za-z]+\s*\(", "(", route))
    points = [part.split() if known_text else part.split(",") for part in pairs if part.strip()]
    try:
        found = [(float(a), float(b)) for a, b in (points[0][:2], points[-1][:2])]
    except (ValueError, IndexError):
        said.doubts.append(
            f"the route {route[:30]!r} is neither well-known text nor latitude,longitude: not used"
        )
        return None
    first, last = found if known_text else [(b, a) for a, b in found]
    for longitude, latitude in (first, last):
        if not (abs(longitude) <= 180 and abs(latitude) <= 90):
            said.faults.append(
                f"the route passes longitude {longitude:g}, latitude {latitude:g}: no place on Earth"
            )
            return None
    return first, last


def _positive(text: str | None) -> float | None:
    number = _number(text, "", _Said())
    return number or None


def _year(text: str | None) -> int | None:
    number = _number(text, "", _Said())
    return int(number) if number and 1800 <= number <= 2200 else None


def slug(text: str) -> str:
    """A name that can be typed: small letters, digits and underscores.

    Examples
    --------
    >>> slug("Bagtyýarlyk gas field")
    'bagtyyarlyk_gas_field'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
