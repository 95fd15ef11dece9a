"""The table behind each figure: every number with its interval, its n, its coverage and its note."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from tripoint.core.states import find_state
from tripoint.core.units import unit
from tripoint.faces.figures.presence import FLOWS
from tripoint.faces.figures.votes import DYADS
from tripoint.measures.records import find_record
from tripoint.readings.claims import Verdict
from tripoint.readings.reading import Reading

Row = Mapping[str, Any]

NOT_OBSERVED = "not observed"


@dataclass(frozen=True, slots=True)
class Missing:
    """A cell without a number, and why."""

    reason: str = NOT_OBSERVED


Cell = str | Missing


@dataclass(frozen=True, slots=True)
class Table:
    """A table as text. The first ``headers`` columns name the row."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    headers: int = 1


def interval(
    row: Row, unit_name: str, value: str = "value", lower: str = "lower", upper: str = "upper"
) -> Cell:
    """A number with its 90% interval; where there is none, the reason in the row's note.

    Examples
    --------
    >>> interval({"value": 0.5, "lower": 0.25, "upper": 0.75}, "share")
    '50.0% (25.0% to 75.0%)'
    >>> interval({"value": 0.02, "lower": -0.01, "upper": 0.05}, "share_change")
    '2.0 pp (−1.0 to 5.0)'
    >>> interval({"value": None, "lower": None, "upper": None, "note": "too few"}, "share")
    Missing(reason='too few')
    """
    if row[value] is None:
        return Missing(row.get("note") or NOT_OBSERVED)
    if row[lower] is None or row[upper] is None:
        return f"{shown(row[value], unit_name)} (no interval)"
    low, high = (_true_minus(unit(unit_name).show_bound(row[bound])) for bound in (lower, upper))
    return f"{shown(row[value], unit_name)} ({low} to {high})"


def shown(value: float, unit_name: str) -> str:
    """A number in its unit, with a true minus sign."""
    return _true_minus(unit(unit_name).show(value))


def _true_minus(text: str) -> str:
    return text.replace("-", "−")


def _plain(value: Any) -> Cell:
    return Missing() if value is None else str(value)


def barometer_table(reading: Reading) -> Table:
    """The barometer per year, in hindsight and at the time, the latest first."""
    rows = [
        (
            row["period"],
            interval(row, "percentile"),
            interval(row, "percentile", "at_the_time", "at_the_time_lower", "at_the_time_upper"),
            row["coverage"],
            row["note"] or "",
        )
        for row in reading.barometer.frame.sort("period", descending=True).iter_rows(named=True)
    ]
    head = ("Year", "Barometer, with hindsight (90%)", "As it stood at the time (90%)", "Coverage", "Note")
    return Table("Barometer by year, 0 to 100, with 90% intervals", head, tuple(rows))


def needles_table(reading: Reading) -> Table:
    """Each needle per year, with the share of its weight that was observed in the year."""
    rows = []
    for name, needle in reading.needles.items():
        observed = dict(
            zip(needle.years.astype(str).tolist(), needle.needle.observed[0].tolist(), strict=True)
        )
        rows += [
            (
                row["period"],
                needle.declaration.title,
                interval(row, "percentile"),
                interval(row, "percentile", "at_the_time", "at_the_time_lower", "at_the_time_upper"),
                f"{observed[row['period']]:.0%} of {len(needle.declaration.families)} families",
                row["coverage"],
                row["note"] or "",
            )
            for row in reading.needles[name].frame.iter_rows(named=True)
        ]
    rows.sort(key=lambda row: row[0], reverse=True)
    head = ("Year", "Needle", "With hindsight (90%)", "At the time (90%)", "Observed (n)", "Coverage", "Note")
    return Table("Unity and strain by year, percentiles with 90% intervals", head, tuple(rows), 2)


def by_measure(
    frame: pl.DataFrame, measures: Iterable[str], who: Iterable[str] = ()
) -> dict[tuple[str, ...], dict[str, Row]]:
    """Period and states to the rows of each measure, the latest first."""
    if "value" not in frame.columns:
        return {}
    found: dict[tuple[str, ...], dict[str, Row]] = {}
    rows = frame.filter(pl.col("measure").is_in(list(measures)))
    for row in rows.sort("period", descending=True).iter_rows(named=True):
        key = (row["period"], *(row[column] for column in who))
        found.setdefault(key, {})[row["measure"]] = row
    return found


def cells_of(rows: Mapping[str, Row], measures: Iterable[str]) -> list[Cell]:
    """One cell a measure, then n, coverage and notes of the row as a whole."""
    cells: list[Cell] = [
        interval(rows[name], find_record(name).unit) if name in rows else Missing("outside coverage")
        for name in measures
    ]
    return [*cells, *about_rows(rows.values())]


def about_rows(rows: Iterable[Row]) -> list[Cell]:
    """Number of observations, coverage and notes shared by the numbers of one row."""
    known = list(rows)
    n = list(dict.fromkeys(str(row["n"]) for row in known if row["n"] is not None))
    grades = list(dict.fromkeys(row["coverage"] for row in known))
    notes = list(dict.fromkeys(row["note"] for row in known if row["note"]))
    return [", ".join(n) if n else Missing(), ", ".join(grades), "; ".join(notes)]


def votes_table(reading: Reading) -> Table:
    """Same-vote share and kappa with its two halves, per year and dyad."""
    measures = ("same_vote", "kappa", "observed", "expected")
    names = {}
    for one, other, _ in DYADS:
        states = sorted(
            (reading.triad.states[one], reading.triad.states[other]), key=lambda state: state.iso3
        )
        text = f"{reading.triad.states[one].name} and {reading.triad.states[other].name}"
        names[states[0].iso3, states[1].iso3] = text
    found = by_measure(reading.alignment, measures, ("first", "second"))
    rows = [(key[0], names[key[1], key[2]], *cells_of(row, measures)) for key, row in found.items()]
    head = (
        "Year", "Dyad", "Same vote (90%)", "Kappa (90%)", "Po, observed (90%)", "Pe, by chance (90%)",
        "Roll calls (n)", "Coverage", "Note",
    )  # fmt: skip
    return Table("Voting in the General Assembly by year and dyad, with 90% intervals", head, tuple(rows), 2)


def positions_table(reading: Reading) -> Table:
    """Ideal points of the four, the latest session first."""
    states = list(reading.triad.states.values())
    cells: dict[int, dict[str, Row]] = {}
    if reading.positions is not None:
        for row in reading.positions.frame.sort("year", descending=True).iter_rows(named=True):
            cells.setdefault(row["year"], {})[row["state"]] = row
    rows = [
        (
            f"{year} (session {next(iter(row.values()))['session']})",
            *(
                interval(row[state.iso3], "deviations") if state.iso3 in row else Missing()
                for state in states
            ),
            *about_rows(row.values()),
        )
        for year, row in cells.items()
    ]
    head = ("Session", *(f"{state.name} (90%)" for state in states), "Votes (n)", "Coverage", "Note")
    return Table("Ideal points by session, with 90% intervals", head, tuple(rows))


def glue_table(reading: Reading) -> Table:
    """All estimands over five years, then other choices and placebos of the last five."""
    found = reading.votes
    head = ("What", "Five years to", "Value (90%)", "Roll calls (n)", "Coverage", "Note")
    caption = "What glues the two: estimands, other choices of the linked share, placebos, with 90% intervals"
    if found is None:
        return Table(caption, head, ())
    names = reading.triad.states
    titled = [
        (find_record(row["measure"]).title.format(outsider=names["outsider"].name), row)
        for frame in (found.glue, found.conditional)
        for row in frame.sort("period", descending=True).iter_rows(named=True)
        if row["period"] == found.period or row["measure"] in ("linked", "own", "linked_share")
    ]
    titled += [
        (f"Share through the outsider, {row['choice']}", row) for row in found.variants.iter_rows(named=True)
    ]
    titled += [
        (f"Placebo: {row['first']}-{row['second']} with {row['outsider']}", row)
        for row in found.placebos.iter_rows(named=True)
    ]
    rows = [
        (what, row["period"], interval(row, find_record(row["measure"]).unit), *about_rows([row]))
        for what, row in titled
    ]
    return Table(caption, head, tuple(rows), 2)


def fault_lines_table(reading: Reading) -> Table:
    """Issues ranked, with agreement, the two parts of glue, and whom the ground joins."""
    measures = ("issue_kappa", "issue_agreement", "issue_linked", "issue_own", "issue_siding_first")
    names = reading.triad.states
    head = (
        "Issue", "Rank (places the intervals allow)", "Kappa (90%)", "Same vote (90%)", "Through the outsider (90%)",
        "Their own (90%)", f"{names['ground'].name} with {names['first'].name} (90%)", "Roll calls (n)", "Coverage",
        "Note",
    )  # fmt: skip
    rows = []
    for line in reading.votes.fault_lines if reading.votes else ():
        kappa = line.numbers.get("issue_kappa")
        rank = Missing() if line.rank is None else f"{line.rank} ({line.best_rank} to {line.worst_rank})"
        about = about_rows([kappa]) if kappa else [Missing(), "", ""]
        rows.append((line.title, rank, *cells_of(line.numbers, measures)[: len(measures)], *about))
    period = f", five years to {reading.votes.period}" if reading.votes else ""
    kappas = "kappa weighs squared distances; the two parts add up to the kappa that counts equal votes only"
    return Table(f"The two by issue{period}, with 90% intervals: {kappas}", head, tuple(rows))


def ground_table(reading: Reading) -> Table:
    """How the ground stands between the two: presence by layer and power, tilts, hedging, the latest of each."""
    head = ("What", "Of", "Year", "Value (90%)", "n", "Coverage", "Note")
    found = reading.ground
    if found is None:
        return Table("Ties by layer", head, ())
    rows = []
    for frame, who in ((found.presence, "power"), (found.tilt, "issue"), (found.standing, "ground")):
        seen = frame.filter(pl.col("value").is_not_null()).sort("period")
        last = seen.group_by("measure", who, maintain_order=True).last()
        for row in last.iter_rows(named=True):
            record = find_record(row["measure"])
            about = find_state(row[who]).name if who != "issue" else row[who]
            cells = (str(row["n"]), row["coverage"], row["note"] or "")
            rows.append((record.title, about, row["period"], interval(row, record.unit), *cells))
    return Table("Ties by layer, the latest of each, with 90% intervals", head, tuple(rows), 2)


def collisions_table(reading: Reading) -> Table:
    """Every ground and issue area, ranked."""
    head = ("Ground", "Area", "Rank (places the intervals allow)", "Percentile (90%)", "Coverage", "Note")
    lines = reading.fault_lines
    rows = [
        (
            one.name,
            one.issue,
            Missing() if one.rank is None else f"{one.rank} ({one.best_rank} to {one.worst_rank})",
            interval(
                {"value": one.value, "lower": one.lower, "upper": one.upper, "note": one.note}, "percentile"
            ),
            one.coverage,
            one.note or "",
        )
        for one in (lines.collisions if lines else ())
    ]
    return Table(
        f"Collisions{f' in {lines.period}' if lines else ''}, with 90% intervals", head, tuple(rows), 2
    )


def strain_table(reading: Reading) -> Table:
    """Strain of every ground."""
    head = ("Ground", "Region", "Strain (90%)", "Coverage", "Note")
    lines = reading.fault_lines
    frame = lines.grounds.iter_rows(named=True) if lines else ()
    rows = [
        (row["name"], row["region"], interval(row, "percentile"), row["coverage"], row["note"] or "")
        for row in frame
    ]
    return Table(
        f"Strain by ground{f' in {lines.period}' if lines else ''}, with 90% intervals", head, tuple(rows)
    )


def siding_table(reading: Reading) -> Table:
    """Whom the ground joined on split roll calls, per year."""
    measures = ("siding_first", "siding_second", "siding_neither")
    names = reading.triad.states
    rows = [(key[0], *cells_of(row, measures)) for key, row in by_measure(reading.siding, measures).items()]
    head = (
        "Year", f"With {names['first'].name} (90%)", f"With {names['second'].name} (90%)", "With neither (90%)",
        "Split roll calls (n)", "Coverage", "Note",
    )  # fmt: skip
    return Table(f"Whom {names['ground'].name} voted with when the two parted", head, tuple(rows))


def front_table(reading: Reading) -> Table:
    """Equal votes by what the outsider voted, five years to date."""
    measures = ("agreement_given_no", "agreement_given_other", "united_front")
    found = by_measure(reading.front, measures)
    rows = []
    for (period,), row in found.items():
        counts = [_plain(row[name]["n"]) if name in row else Missing() for name in measures[:2]]
        rows.append((period, *cells_of(row, measures)[:3], *counts, *about_rows(row.values())[1:]))
    outsider = reading.triad.states["outsider"].name
    head = (
        "Five years to", f"Same vote, {outsider} votes no (90%)", "Same vote otherwise (90%)", "Difference (90%)",
        "n, votes no", "n, otherwise", "Coverage", "Note",
    )  # fmt: skip
    return Table("Equal votes of the two powers over five years, by the outsider's vote", head, tuple(rows))


def presence_table(reading: Reading) -> Table:
    """Shares in the ground's trade, per year and state."""
    measures = [measure for measure, _ in FLOWS]
    names = {state.iso3: state.name for state in reading.triad.states.values()}
    found = by_measure(reading.presence, measures, ("power",))
    rows = []
    for (period, power), row in found.items():
        basis = "; ".join(dict.fromkeys(each["note"] for each in row.values() if each["note"]))
        cells = cells_of(row, measures)
        rows.append((period, names[power], *cells[:-1], basis or "from statistics"))
    head = (
        "Year", "State", *(f"Share in {flow} (90%)" for _, flow in FLOWS), "Reports (n)", "Coverage", "Rests on",
    )  # fmt: skip
    caption = (
        f"Shares in the trade of {reading.triad.states['ground'].name} by year and state, with 90% intervals"
    )
    return Table(caption, head, tuple(rows), 2)


def displacement_table(reading: Reading) -> Table:
    """Displacement year on year and over ten years; positive where the first power gained."""
    measures = ("displacement", "displacement_10y")
    rows = [
        (key[0], *cells_of(row, measures)[:2], *about_rows(row.values()))
        for key, row in by_measure(reading.displacement, measures).items()
    ]
    first, second = (reading.triad.states[role].name for role in ("first", "second"))
    head = ("Year", "Year on year (90%)", "Over ten years (90%)", "Shares, steps (n)", "Coverage", "Note")
    return Table(f"Turnover that {first} gained from {second} (negative: lost to it)", head, tuple(rows))


def map_table(reading: Reading, latest: Mapping[str, Row]) -> Table:
    """The flows on the map: the latest observed share of each power in the ground's turnover."""
    rows = []
    for role in ("first", "second"):
        state = reading.triad.states[role]
        row = latest.get(state.iso3)
        if row is None:
            rows.append((state.name, Missing(), Missing(), Missing(), Missing(), "no year is observed"))
        else:
            rows.append((state.name, row["period"], interval(row, "share"), *about_rows([row])))
    head = ("State", "Year", "Share in turnover (90%)", "Reports (n)", "Coverage", "Note")
    return Table(
        f"Latest shares in the trade turnover of {reading.triad.states['ground'].name}", head, tuple(rows)
    )


def evidence_table(reading: Reading, verdict: Verdict) -> Table:
    """The numbers behind a verdict, each against the line of its condition."""
    names = {state.iso3: state.name for state in reading.triad.states.values()}
    rows = []
    for found in verdict.evidence:
        needle = reading.needles.get(found.quantity)
        title = needle.declaration.title if needle else find_record(found.quantity).title
        unit_name = "percentile" if needle else find_record(found.quantity).unit
        row = {"value": found.value, "lower": found.lower, "upper": found.upper, "note": verdict.reason}
        rows.append(
            (
                title,
                ", ".join(names[code] for code in found.of),
                found.period or Missing(),
                interval(row, unit_name),
                f"above {shown(found.line, unit_name)}",
                _plain(found.n) if needle is None else Missing("made of indicators"),
                found.coverage,
            )
        )
    head = ("Quantity", "Of", "Year", "Value (90%)", "Line", "n", "Coverage")
    return Table("The evidence", head, tuple(rows))


def routes_table(reading: Reading, commodity: str) -> Table:
    """Every segment of one commodity."""
    head = ("Segment", "From, to", "Capacity", "On record", "Model", "Can close it", "Source", "Note")
    found = reading.corridors
    routes = [route for route in found.routes if route.commodity == commodity] if found else []
    rows = [
        (
            route.title,
            f"{route.start}, {route.end}",
            Missing("not on record")
            if route.capacity is None
            else f"{route.capacity.best:,.1f} ({route.capacity.low:,.1f} to {route.capacity.high:,.1f}), {route.basis}",
            Missing("not on record") if route.value is None else f"{route.value:,.1f} ({route.year})",
            f"{route.modelled or 0:,.1f}",
            ", ".join(
                right.state if right.low >= 1 else f"perhaps {right.state}" for right in route.can_close
            ),
            ", ".join(route.citations) or Missing("from general knowledge"),
            route.note,
        )
        for route in routes
    ]
    unit_ = routes[0].unit if routes else ""
    return Table(f"Segments, {unit_}; ranges are low to high, not intervals", head, tuple(rows))


def bargaining_table(reading: Reading) -> Table:
    """Bargaining shares of every state."""
    head = ("Commodity", "State", "Shapley value (90%)", "Nucleolus")
    found = reading.corridors
    rows = [
        (
            share.commodity,
            find_state(share.player).name,
            f"{share.shapley:.1%} ({share.lower:.1%} to {share.upper:.1%})",
            f"{share.nucleolus:.1%}",
        )
        for share in (found.shares if found else ())
    ]
    return Table("Bargaining power as shares of what all earn together", head, tuple(rows), 2)


def what_if_table(reading: Reading) -> Table:
    """What every scenario does to every state."""
    head = ("Scenario", "State", "Change of earnings (90%)", "Change of share (90%)")
    rows = [
        (
            f"{one.scenario.title}, {one.commodity}",
            find_state(effect.player).name,
            f"{effect.earned:+,.0f} ({effect.earned_lower:+,.0f} to {effect.earned_upper:+,.0f}) {effect.unit}",
            f"{effect.share:+.1%} ({effect.share_lower:+.1%} to {effect.share_upper:+.1%})",
        )
        for one in reading.what_ifs
        for effect in one.effects
        if effect.moves
    ]
    return Table("Changes by scenario", head, tuple(rows), 2)
