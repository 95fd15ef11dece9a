"""Events as text: what a lake holds, counts, series side by side, and who answers whom."""

from typing import TYPE_CHECKING, Any

import polars as pl

from tripoint.core.states import find_state
from tripoint.faces.tables import DASH, interval, number, sparkline, text_table
from tripoint.measures.records import find_record
from tripoint.readings.events import MEASURES
from tripoint.readings.words import triangle_words
from tripoint.store.engines.question import QUADS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tripoint.readings.events import EventsReading
    from tripoint.readings.triangle import Triangle

#: Periods that a table of a series shows.
PERIODS = 12


def status_sheet(found: list[dict[str, Any]]) -> "list[RenderableType]":
    """Lakes, one after the other."""
    if not found:
        return ["There is no lake of events yet: take raw files in with `tripoint events ingest FILE...`."]
    shown: list[RenderableType] = []
    for lake in found:
        shown += _lake(lake)
    return shown


def _lake(lake: dict[str, Any]) -> "list[RenderableType]":
    span = f"{lake['first_day']} to {lake['last_day']}" if lake["first_day"] else "days unknown"
    what = "a file" if lake["provider"] == "gdelt" else "an event"
    missing = f", {lake['days_missing']:,} days without {what}" if lake["days_missing"] else ""
    share = lake["kept"] / lake["rows"] if lake["rows"] else 0.0
    lines = [
        f"{lake['provider']}: {lake['files']:,} files, {span}{missing}; classed by {lake['classed_by']}",
        f"  {lake['kept']:,} of {lake['rows']:,} rows are events between states ({share:.1%}), "
        f"in {lake['cells']:,} sums, {lake['bytes'] / 1e6:,.1f} MB",
    ]
    lines += [f"  dropped: {count:,} ({reason})" for reason, count in lake["dropped"].items()]
    lines += [f"  refused: {one['fault']}" for one in lake["refused"][:PERIODS]]
    if len(lake["refused"]) > PERIODS:
        lines.append(f"  and {len(lake['refused']) - PERIODS} more files were refused: --json")
    return ["\n".join(lines), ""]


def counts_sheet(found: pl.DataFrame, most: int) -> "list[RenderableType]":
    """Counts by class, with the mean score."""
    rows = [
        (
            row["period"], row["source"], row["target"],
            *(f"{row[name]:,}" for name in QUADS),
            DASH if not row["scored"] else f"{row['hundredths'] / row['scored'] / 100:.2f}",
        )
        for row in found.tail(most).iter_rows(named=True)
    ]  # fmt: skip
    headers = (
        "Period",
        "Source",
        "Target",
        "Talk together",
        "Act together",
        "Clash in words",
        "Clash in deeds",
        "Mean score",
    )
    shown: list[RenderableType] = [text_table("Events", headers, rows, words=("Source", "Target"))]
    if found.height > most:
        shown.append(f"The last {most} of {found.height:,} rows; all with --json or --output.")
    return shown


def series_sheet(found: "EventsReading", most: int) -> "list[RenderableType]":
    """Both directions, origin by origin, then the balance without a direction."""
    names = [find_state(code).name for code in found.states]
    shown: list[RenderableType] = [
        f"Events between {' and '.join(names)}, by {found.frequency}",
        f"as of {found.as_of.isoformat()}, vintage {found.manifest.name}",
        "",
    ]
    for source in found.states:
        for target in found.states:
            if source != target:
                shown += _direction(found, source, target)
    shown += _balance(found, most)
    return [
        *shown,
        "90% intervals in parentheses; a dash is not observed. Machine-coded news: compare a pair with itself over "
        "time, not with others. With hindsight uses later periods; as known then does not.",
    ]


def _direction(found: "EventsReading", source: str, target: str) -> "list[RenderableType]":
    shown: list[RenderableType] = []
    for origin in found.origins:
        series = {name: found.series(source, target, name, origin) for name in MEASURES}
        kept = {name: frame for name, frame in series.items() if frame.height}
        if not kept:
            continue
        periods = sorted({period for frame in kept.values() for period in frame["period"]})[-PERIODS:]
        rows = []
        for name, frame in kept.items():
            record = find_record(name)
            by_period = {row["period"]: row for row in frame.iter_rows(named=True)}
            last = next(
                (
                    by_period[p]
                    for p in reversed(periods)
                    if p in by_period and by_period[p]["value"] is not None
                ),
                None,
            )
            drawn = sparkline([by_period[p]["value"] if p in by_period else None for p in periods])
            cell = (
                DASH if last is None else interval(last["value"], last["lower"], last["upper"], record.unit)
            )
            rows.append(
                (
                    record.title,
                    drawn,
                    cell,
                    last["period"] if last else DASH,
                    number(last["n"], "count") if last else DASH,
                    last["coverage"] if last else "D",
                )
            )
        span = f"{periods[0]}{DASH}{periods[-1]}"
        title = f"{find_state(source).name} toward {find_state(target).name}, {origin} ({span})"
        head = ("", "Course", "Latest", "", "n", "Grade")
        shown += [text_table(title, head, rows, words=("Course",), gap=1), ""]
    return shown


def _balance(found: "EventsReading", most: int) -> "list[RenderableType]":
    if found.undirected.is_empty():
        return []
    rows = []
    for (first, second), frame in found.undirected.group_by("first", "second", maintain_order=True):
        known = frame.filter(pl.col("value").is_not_null()).sort("period")
        if known.height:
            last = known.row(-1, named=True)
            rows.append(
                (
                    f"{first}-{second}", sparkline(known["value"].to_list()[-most:]),
                    interval(last["value"], last["lower"], last["upper"], "share_change"), last["period"],
                    number(last["n"], "count"), last["coverage"],
                )
            )  # fmt: skip
    record = find_record("score_balance")
    return [
        text_table(
            f"{record.title}, by month; who acted is not on record",
            ("", "Course", "Latest", "", "n", "Grade"),
            rows,
            words=("Course",),
        ),
        "",
    ]


def _chance(p: float) -> str:
    """A p-value; no chance is 0."""
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def triangle_sheet(found: "Triangle") -> "list[RenderableType]":
    """The answers, the tests, and the spread over choices."""
    triad = found.triad
    first, second, ground = (triad.states[role].name for role in ("first", "second", "ground"))
    answers = [
        (
            one.kind, one.cause, one.effect, interval(one.value, one.lower, one.upper, "shock"),
            interval(one.value, *one.inner, "shock").partition(" ")[2],
        )
        for one in found.answers
    ]  # fmt: skip
    tests = [
        (
            ", ".join(one.causes),
            ", ".join(one.effects),
            f"{one.statistic:.2f}",
            _chance(one.p_value),
            _chance(one.p_holm),
        )
        for one in found.leads
    ]
    spread = [
        (
            row["choice"],
            row["cause"],
            row["effect"],
            interval(row["value"], row["lower"], row["upper"], "shock"),
        )
        for row in found.sensitivity.iter_rows(named=True)
    ]
    words = ("Worsens", "Answers", "By", "Led")
    title = find_record(found.measure).title
    return [
        f"Who answers whom: {first}, {second} and {ground}",
        f"as of {found.as_of.isoformat()}, vintage {found.manifest.name}",
        f"{title} of {found.origin}: {found.n} {found.frequency}s from {found.first} to {found.last}, {found.lags} "
        f"lag{'s' if found.lags > 1 else ''} (BIC)",
        "",
        *triangle_words(found),
        "",
        text_table(
            f"After one standard deviation worse, added up over {found.horizon} {found.frequency}s",
            ("Kind", "Worsens", "Answers", "90% band", "68% band"), answers, words=words,
        ),
        "",
        text_table("Who leads whom (block exogeneity)", ("By", "Led", "F", "p", "p (Holm)"), tests, words=words),
        "",
        text_table(
            "The triangle under other choices", ("Choice", "Worsens", "Answers", "90% band"), spread, words=words
        ),
        "",
        "In standard deviations of the series. A response is no cause: what moves all three looks like an answer. Of "
        f"the drawn systems {found.explosive_share:.0%} explode; they are kept.",
    ]  # fmt: skip
