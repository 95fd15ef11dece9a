"""Where cooperation stands between the three: the share of cooperative events in both directions, by who acts."""

from collections.abc import Sequence
from itertools import pairwise

import altair as alt
import polars as pl

from tripoint.core.triad import Triad
from tripoint.errors import CoverageError
from tripoint.faces.figures.axes import SHARE, domain_of, value_axis, years_axis
from tripoint.faces.figures.band import Layer, Line, Panel, lines_with_bands, rows_of, span_of
from tripoint.faces.figures.canvas import SPARE, TYPE, finished, panel_title, short
from tripoint.faces.figures.theme import FIRST, GROUND, INK, MUTED, SECOND
from tripoint.measures.cooperation import FUSED
from tripoint.readings.events import EventsReading
from tripoint.readings.names import opened, spoken
from tripoint.readings.reading import Reading

MEASURE = "cooperation_state"
#: Who counted, as a figure says it.
ORIGINS = {
    "icews_years": "yearly ICEWS", "icews": "ICEWS", "gdelt": "GDELT", "polecat": "POLECAT", FUSED: "all together",
}  # fmt: skip
#: The three pairs in the order shown, and the colour of each state that acts.
PAIRS = (("first", "ground"), ("second", "ground"), ("first", "second"))
COLOURS = {"first": FIRST, "second": SECOND, "ground": GROUND}
_DASHES = ([7, 4], [2, 3], [9, 3, 2, 3])
_HEIGHT = 124  # four lines of the grid: the renderer allows one in forty pixels


def cooperation_figure(reading: Reading) -> alt.VConcatChart | None:
    """The share of cooperation behind the events of the three, with 90% bands, a panel for each pair.

    The main line joins all origins where there are several; what each of them says is dashed beside it.

    Returns
    -------
    None where no pair has directed events.
    """
    found = reading.events
    if isinstance(found, CoverageError):
        return None
    order = origins_of(found)
    drawn = {pair: lines for pair in PAIRS if (lines := _lines(reading, found, pair, order))}
    if not drawn:
        return None
    every = [line for lines in drawn.values() for each in lines.values() for line in each]
    panels, said = ([_key(order)] if len(order) > 1 else []), []
    for number, (pair, lines) in enumerate(drawn.items()):
        lows = [row["lower"] for each in lines.values() for line in each for row in line.rows]
        domain, step = domain_of(lows, 0.9, 1.0)
        heading = panel_title(pair_name(reading.triad, *pair))
        panel = Panel(domain, max(step, 0.05), SHARE, _HEIGHT, heading, years=span_of(every))
        beside = [
            layer for k, name in enumerate(order[1:]) for layer in _dashed(lines.get(name, []), panel, k)
        ]
        ends = _ends(reading, lines, panel, named=number == 0)
        main = next(lines[name] for name in order if name in lines)
        panels.append(lines_with_bands(main, panel, below=[*ends, *beside]))
        said.append(f"{pair_name(reading.triad, *pair)}, {_said(main)}")
    chart = alt.vconcat(*panels, spacing=14).resolve_scale(color="independent")
    return finished(chart, f"Share of cooperation, latest: {'; '.join(said)}.", right=SPARE)


def pair_name(triad: Triad, *roles: str) -> str:
    """Two states of a triad, such as ``The United States and Poland``."""
    return opened(" and ".join(spoken(triad.states[role]) for role in roles))


def unseen_pairs(reading: Reading) -> tuple[str, ...]:
    """Names of the pairs without directed events that can be drawn."""
    found = reading.events
    if isinstance(found, CoverageError):
        return ()
    order = origins_of(found)
    return tuple(pair_name(reading.triad, *pair) for pair in PAIRS if not _lines(reading, found, pair, order))


def origins_of(found: EventsReading) -> list[str]:
    """Who counted what is drawn: all together first, else the longest record."""
    rows = found.directed.filter(pl.col("measure") == MEASURE, pl.col("value").is_not_null())
    first = dict(rows.group_by("origin").agg(pl.col("period").min()).sort("origin").iter_rows())
    return sorted(first, key=lambda name: (name != FUSED, first[name][:4], name))


def _said(lines: Sequence[Line]) -> str:
    return ", ".join(
        f"{line.name} {line.rows[-1]['value']:.1%} in {int(line.rows[-1]['year'])}" for line in lines
    )


def _lines(
    reading: Reading, found: EventsReading, pair: tuple[str, str], order: Sequence[str]
) -> dict[str, list[Line]]:
    """Origin to the lines of both directions of a pair."""
    triad, lines = reading.triad, {}
    for name in order:
        for source, target in (pair, pair[::-1]):
            frame = found.series(getattr(triad, source), getattr(triad, target), MEASURE, name)
            if rows := rows_of(frame):
                state = triad.states[source]
                shown = short(state.name, state.iso3)
                lines.setdefault(name, []).append(Line(f"by {shown}", COLOURS[source], rows))
    return lines


def _dashed(lines: Sequence[Line], panel: Panel, place: int) -> list[Layer]:
    """What one origin says on its own: dashed, with a fainter band."""
    layers: list[Layer] = []
    for line in lines:
        base = alt.Chart(alt.Data(values=line.rows)).encode(
            x=years_axis(panel.years or span_of(lines), panel.width), detail="run:O"
        )
        value, low = (
            value_axis(field, panel.domain, panel.label, panel.step) for field in ("value:Q", "lower:Q")
        )
        layers += [
            base.mark_area(opacity=0.08, color=line.colour).encode(y=low, y2=alt.Y2("upper:Q")),
            base.mark_line(
                color=line.colour, strokeWidth=1.6, strokeDash=_DASHES[place % len(_DASHES)]
            ).encode(y=value),
        ]
    return layers


def _ends(reading: Reading, lines: dict[str, list[Line]], panel: Panel, *, named: bool) -> list[Layer]:
    """A line down the panel where the record of an origin ends before the reading does."""
    layers: list[Layer] = []
    for name, mine in lines.items():
        last = span_of(mine)[1]
        if name == FUSED or int(last) >= reading.last_year:
            continue
        said = {"text": f"end of {ORIGINS.get(name, name)}, {int(last)}"} if named else {}
        data = alt.Data(values=({"year": last, **said},))
        base = alt.Chart(data).encode(x=years_axis(panel.years or (last, last), panel.width))
        layers.append(base.mark_rule(color=MUTED, strokeDash=[3, 3], strokeWidth=1.4))
        if named:
            first, final = panel.years or (last, last)
            right = last - first > 0.6 * (final - first)
            words = base.mark_text(
                align="right" if right else "left", dx=-6 if right else 6, color=MUTED, fontSize=TYPE - 1,
                baseline="bottom",
            )  # fmt: skip
            layers.append(words.encode(y=alt.value(panel.height - 4), text="text:N"))
    return layers


def _key(order: Sequence[str]) -> alt.LayerChart:
    """Which stroke is whose count."""
    texts = [ORIGINS.get(name, name) for name in order]
    lefts = [0.0]
    for text, _ in pairwise([*texts, ""]):
        lefts.append(lefts[-1] + 48 + 8.2 * len(text))
    layers: list[Layer] = []
    for text, left, dash in zip(texts, lefts, ([1, 0], *_DASHES), strict=False):
        base = alt.Chart(alt.Data(values=({"text": text},))).encode(y=alt.value(8))
        stroke = base.mark_rule(color=INK, strokeWidth=2, strokeDash=dash)
        layers += [
            stroke.encode(x=alt.value(left), x2=alt.value(left + 26)),
            base.mark_text(align="left", baseline="middle", color=INK, fontSize=TYPE - 1).encode(
                x=alt.value(left + 32), text="text:N"
            ),
        ]
    return alt.LayerChart(layer=layers, width=int(lefts[-1]), height=16)
