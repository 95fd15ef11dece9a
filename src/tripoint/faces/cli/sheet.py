"""A reading on a terminal: the needles, the latest years, the claims, the sentences."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.table import Table
from rich.text import Text

from tripoint.core.units import unit
from tripoint.faces.tables import DASH, interval, number, sparkline, text_table
from tripoint.measures.index import index
from tripoint.measures.records import find_record
from tripoint.readings.names import opened, spoken_roles
from tripoint.readings.reading import Reading
from tripoint.store.vintages import bundled_path

if TYPE_CHECKING:
    from rich.console import RenderableType

#: Years that the tables show.
YEARS = 5
#: The measure of votes that the tables show; the index ranks it too.
VOTES = "kappa"


def sheet(reading: Reading) -> list["RenderableType"]:
    """All of a reading that fits on one sheet of 80 columns."""
    parts: list[RenderableType] = [*_title(reading), "", _needles(reading), *_line(reading), ""]
    for table in (_alignment(reading), _siding(reading), _presence(reading), _displacement(reading)):
        parts += [table, ""] if table is not None else []
    parts += [
        "90% intervals in parentheses. Grade: coverage from A to C, the poorest in the row; D is withheld.",
        "* part of a year",
        "",
        _claims(reading),
        "",
        Text("In words", style="bold"),
        _list(reading.sentences),
    ]
    return parts


def _list(sentences: Sequence[str]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        table.add_row("-", Text(sentence))
    return table


def _title(reading: Reading) -> list[Text]:
    name = spoken_roles(reading.triad)
    kind = "in the package" if reading.vintage.path == bundled_path() else str(reading.vintage.path)
    title = f"{name['first']} and {name['second']} through {name['ground']}, against {name['outsider']}"
    return [
        Text(opened(title), style="bold"),
        Text(f"as of {reading.as_of.isoformat()}, vintage {reading.manifest.name} ({kind})"),
    ]


def _needles(reading: Reading) -> Table:
    shown = [("Barometer", reading.barometer.frame, index().barometer.formula)]
    shown += [
        (
            needle.declaration.title,
            needle.frame,
            f"among {needle.declaration.population}{_silence(needle.frame)}",
        )
        for needle in reading.needles.values()
    ]
    rows = [[title, *_latest(frame), meaning] for title, frame, meaning in shown]
    return text_table(None, ("", "Percentile", "Grade", "Year", "Meaning"), rows, words=("Meaning",))


def _latest(frame: pl.DataFrame) -> tuple[str, str, str]:
    rows = frame.filter(pl.col("value").is_not_null())
    if not rows.height:
        return DASH, "D", DASH
    row = rows.row(-1, named=True)
    return interval(row["value"], row["lower"], row["upper"], "percentile"), row["coverage"], row["period"]


def _silence(frame: pl.DataFrame) -> str:
    """Why the last years have no value, if they have none."""
    if not frame.height or frame["value"][-1] is not None:
        return ""
    return f"; {frame['period'][-1]}: {frame['note'][-1] or 'not observed'}"


def _line(reading: Reading) -> list[Text]:
    """The barometer over the years as a line of bars."""
    frame = reading.barometer.frame
    known = frame.with_row_index("place").filter(pl.col("value").is_not_null())
    if known.height < 2:
        return []
    first, last = known["place"][0], known["place"][-1]
    run = frame[first : last + 1]
    shown = unit("percentile")
    values = known["value"].to_list()
    return [
        Text(""),
        Text(
            f"Barometer {run['period'][0]} {sparkline(run['value'].to_list())} {run['period'][-1]}, "
            f"from {shown.show(min(values))} to {shown.show(max(values))}"
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Column:
    """One column: its header, its rows, their measure, and whether it shows ``n`` in place of the value."""

    header: str
    frame: pl.DataFrame
    measure: str
    counts: bool = False

    def cells(self) -> dict[str, dict[str, Any]]:
        """Rows by period."""
        if not self.frame.height:
            return {}
        return {row["period"]: row for row in self.frame.filter(pl.col("measure") == self.measure).to_dicts()}

    def shown(self, row: dict[str, Any] | None) -> str:
        """The cell of a year."""
        if row is None:
            return DASH
        if self.counts:
            return number(row["n"], "count")
        return interval(row["value"], row["lower"], row["upper"], find_record(self.measure).unit)


def _years(title: str, columns: Sequence[_Column], full: str = "9999", gap: int = 2) -> Table | None:
    """The latest years, one a row, with a star after the last full one; None where nothing is known."""
    cells = [column.cells() for column in columns]
    periods = sorted({period for known in cells for period in known})[-YEARS:]
    if not periods:
        return None
    rows = []
    for period in periods:
        row = [known.get(period) for known in cells]
        found = [one for one in row if one is not None]
        grade = max(one["coverage"] for one in found)
        shown = [column.shown(one) for column, one in zip(columns, row, strict=True)]
        rows.append([period + "*" * (period > full), *shown, grade])
    return text_table(title, ("Year", *(column.header for column in columns), "Grade"), rows, gap=gap)


def _alignment(reading: Reading) -> Table | None:
    triad, states = reading.triad, reading.triad.states
    columns = []
    for one, two in (("first", "second"), ("first", "ground"), ("second", "ground")):
        low, high = sorted((getattr(triad, one), getattr(triad, two)))
        frame = reading.alignment
        if frame.height:
            frame = frame.filter(pl.col("first") == low, pl.col("second") == high)
        columns.append(_Column(f"{states[one].name} and {states[two].name}", frame, VOTES))
    title = f"Votes in the General Assembly ({find_record(VOTES).title})"
    return _years(title, columns, str(reading.manifest.last_full_year), gap=1)


def _siding(reading: Reading) -> Table | None:
    states, frame = reading.triad.states, reading.siding
    columns = [
        _Column(f"with {states['first'].name}", frame, "siding_first"),
        _Column(f"with {states['second'].name}", frame, "siding_second"),
        _Column("with neither", frame, "siding_neither"),
        _Column("Calls", frame, "siding_first", counts=True),
    ]
    title = f"Where the two part, {states['ground'].name} votes"
    return _years(title, columns, str(reading.manifest.last_full_year))


def _presence(reading: Reading) -> Table | None:
    states = reading.triad.states
    columns = []
    for role in ("first", "second", "outsider"):
        frame = reading.presence
        if frame.height:
            frame = frame.filter(pl.col("power") == states[role].iso3)
        columns.append(_Column(states[role].name, frame, "presence_turnover"))
    return _years(f"Presence: share in the trade turnover of {states['ground'].name}", columns)


def _displacement(reading: Reading) -> Table | None:
    states, frame = reading.triad.states, reading.displacement
    columns = [
        _Column("year on year", frame, "displacement"),
        _Column("over ten years", frame, "displacement_10y"),
        _Column("contest", frame, "contest"),
    ]
    return _years(
        f"Displacement: turnover that {states['first'].name} took from {states['second'].name}", columns
    )


def _claims(reading: Reading) -> Table:
    rows = [
        [
            verdict.id,
            verdict.verdict,
            interval(verdict.effect, verdict.lower, verdict.upper, verdict.unit),
            number(verdict.robustness, "share"),
        ]
        for verdict in reading.claims
    ]
    return text_table("Claims", ("Claim", "Verdict", "Effect", "Variants"), rows, words=("Verdict",))
