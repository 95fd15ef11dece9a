"""The tables behind the figures of events: every period, every response, with intervals, n, coverage and notes."""

from collections.abc import Iterator

import polars as pl

from tripoint.core.states import find_state
from tripoint.core.units import unit
from tripoint.errors import CoverageError
from tripoint.faces.figures.cooperation import ORIGINS
from tripoint.faces.figures.responses import tie
from tripoint.faces.report.tables import Cell, Missing, Table, by_measure, cells_of, interval
from tripoint.measures.records import declared
from tripoint.readings.names import opened
from tripoint.readings.reading import Reading
from tripoint.readings.triangle import Answer, Triangle


def cooperation_table(reading: Reading) -> Table:
    """Where cooperation stands, with hindsight and as known then, and the share of the period, the latest first."""
    measures = ("cooperation_state", "cooperation_now", "cooperation_share")
    found = reading.events
    rows = []
    if not isinstance(found, CoverageError):
        for key, row in by_measure(found.directed, measures, ("source", "target", "origin")).items():
            period, source, target, origin = key
            who = f"{find_state(source).name} toward {find_state(target).name}"
            rows.append((period, who, ORIGINS.get(origin, origin), *cells_of(row, measures)))
    head = (
        "Period", "Who toward whom", "Counted by", "With hindsight (90%)", "As could be known then (90%)",
        "Share of the period (90%)", "Events (n)", "Coverage", "Note",
    )  # fmt: skip
    return Table("Share of cooperation by period and direction, with 90% intervals", head, tuple(rows), 2)


def balance_table(reading: Reading) -> Table:
    """The balance of each pair by month, the latest first."""
    found = reading.events
    rows = []
    if not isinstance(found, CoverageError):
        latest = found.undirected.sort("period", descending=True, maintain_order=True)
        for row in latest.iter_rows(named=True):
            pair = f"{find_state(row['first']).name} and {find_state(row['second']).name}"
            cell = interval(row, "share_change")
            rows.append((row["period"], pair, cell, str(row["n"]), row["coverage"], row["note"] or ""))
    head = ("Month", "Pair", "Balance (90%)", "Days on record (n)", "Coverage", "Note")
    return Table("Balance of events by month and pair, with 90% intervals", head, tuple(rows), 2)


def responses_table(reading: Reading) -> Table:
    """Each answer added up, the same under other choices, and period by period."""
    found = reading.triangle
    head = (
        "What worsens", "What answers", "When", "Change (90%)", "68% band", "Periods (n)", "Coverage", "Note",
    )  # fmt: skip
    caption = (
        "What follows a worsening by one standard deviation, in standard deviations, with 90% and 68% bands"
    )
    if isinstance(found, CoverageError):
        return Table(caption, head, ())
    told = (str(found.n), declared("triangle").settings["grade"])
    rows = [
        (*_ties(reading, *answer), when, outer, inner, *told, note)
        for answer, when, outer, inner, note in (
            *_added_up(found),
            *_other_choices(found),
            *_by_period(found),
        )
    ]
    return Table(caption, head, tuple(rows), 2)


#: Cause and effect, when, both bands, a note.
_Row = tuple[tuple[str, str], str, Cell, Cell, str]


def _ties(reading: Reading, cause: str, effect: str) -> tuple[str, str]:
    return opened(tie(reading, cause)), opened(tie(reading, effect))


def _added_up(found: Triangle) -> Iterator[_Row]:
    """The answers over the whole horizon."""
    for one in found.answers:
        outer = interval({"value": one.value, "lower": one.lower, "upper": one.upper}, "shock")
        yield (one.cause, one.effect), _whole(found), outer, _band(*one.inner), _pattern(one)


def _pattern(answer: Answer) -> str:
    return answer.pattern or ("answers in kind" if answer.upper < 0 else "no answer in kind can be told")


def _other_choices(found: Triangle) -> Iterator[_Row]:
    """The answers of the triangle under other choices."""
    for row in found.sensitivity.iter_rows(named=True):
        outer = interval({**row, "note": "the series do not allow that choice"}, "shock")
        inner = Missing("not computed for other choices")
        yield (row["cause"], row["effect"]), _whole(found), outer, inner, f"other choice: {row['choice']}"


def _by_period(found: Triangle) -> Iterator[_Row]:
    """The responses that are drawn."""
    drawn = {(one.cause, one.effect): place for place, one in enumerate(found.answers)}
    kept = found.responses.filter(
        pl.struct("cause", "effect").is_in([{"cause": c, "effect": e} for c, e in drawn])
    )
    for row in sorted(kept.iter_rows(named=True), key=lambda row: drawn[row["cause"], row["effect"]]):
        outer = interval(row, "shock", "value", "lower90", "upper90")
        inner = _band(row["lower68"], row["upper68"])
        yield (row["cause"], row["effect"]), f"{found.frequency} {row['horizon']}", outer, inner, ""


def _whole(found: Triangle) -> str:
    return f"added up over {found.horizon} {found.frequency}s"


def _band(lower: float, upper: float) -> str:
    shown = unit("shock")
    return f"{shown.show(lower)} to {shown.show(upper)}".replace("-", "−")
