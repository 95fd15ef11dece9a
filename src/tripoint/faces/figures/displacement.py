"""Who took whose share in the ground's turnover: year by year, and over ten years."""

from collections.abc import Sequence

import altair as alt
import polars as pl

from tripoint.faces.figures.axes import POINTS, domain_of, value_axis, with_margin, years_axis
from tripoint.faces.figures.band import Layer, Line, Panel, Row, lines_with_bands, rows_of
from tripoint.faces.figures.canvas import AXIS, TYPE, WIDTH, finished, panel_title, short
from tripoint.faces.figures.theme import FIRST, INK, MUTED, SECOND
from tripoint.readings.reading import Reading

_SHOWN = (("displacement", "Year on year"), ("displacement_10y", "Over ten years"))


def displacement_figure(reading: Reading) -> alt.VConcatChart | None:
    """Displacement per year as bars and cumulated over ten years as a line, both with 90% intervals.

    Above zero the first power gained from the second, below zero the second from the first.

    Returns
    -------
    None where no year has a value.
    """
    names = [short(state.name, state.iso3) for state in list(reading.triad.states.values())[:2]]
    panels, said = [], []
    frames = {shown: reading.displacement.filter(pl.col("measure") == shown[0]) for shown in _SHOWN}
    drawn = {shown: rows for shown, frame in frames.items() if (rows := rows_of(frame))}
    years = [row["year"] for rows in drawn.values() for row in rows]
    for (measure, heading), rows in drawn.items():
        panel = _panel(rows, heading, (min(years), max(years)))
        below, above = [_zero()], _sides(names, panel.height)
        panels.append(
            panel.of([*below, *_bars(rows, panel), *above], rows)
            if measure == "displacement"
            else lines_with_bands([Line(measure, INK, rows)], panel, below, above)
        )
        last = rows[-1]
        said.append(
            f"{heading}, {last['year']:.0f}: {100 * last['value']:+.1f} percentage points, 90% interval "
            f"{100 * last['lower']:+.1f} to {100 * last['upper']:+.1f}."
        )
    if not panels:
        return None
    chart = alt.vconcat(*panels, spacing=16).resolve_scale(color="independent")
    return finished(chart, f"Above zero {names[0]} gains, below zero {names[1]}. {' '.join(said)}")


def _panel(rows: Sequence[Row], heading: str, years: tuple[float, float]) -> Panel:
    """A panel with a margin above and below, for the words that stand there."""
    domain, step = domain_of([row[bound] for row in rows for bound in ("lower", "upper")], -0.01, 0.01)
    title = panel_title(f"{heading}, percentage points")
    return Panel(with_margin(domain, 0.1), step, POINTS, 190, title, WIDTH - AXIS, names=False, years=years)


def _bars(rows: Sequence[Row], panel: Panel) -> list[Layer]:
    """One bar a year in the colour of who gained, with its interval."""
    base = alt.Chart().encode(x=years_axis(panel.years or [row["year"] for row in rows], panel.width))
    value, low = (
        value_axis(field, panel.domain, panel.label, panel.step) for field in ("value:Q", "lower:Q")
    )
    gains = alt.when("datum.value >= 0").then(alt.value(FIRST)).otherwise(alt.value(SECOND))
    return [
        base.mark_bar(size=8, opacity=0.85).encode(y=value, color=gains),
        base.mark_rule(color=INK, strokeWidth=1.4, opacity=0.75).encode(y=low, y2="upper:Q"),
    ]


def _zero() -> alt.Chart:
    """The line of no change."""
    return (
        alt.Chart(alt.Data(values=({"zero": 0},))).mark_rule(color=MUTED, strokeWidth=1.2).encode(y="zero:Q")
    )


def _sides(names: list[str], height: int) -> list[Layer]:
    """Whose gain each side is, in words at its end."""
    words = ((8, f"▲ {names[0]} gains", FIRST), (height - 8, f"▼ {names[1]} gains", SECOND))
    return [
        alt.Chart(alt.Data(values=({"text": text},)))
        .mark_text(align="left", baseline="middle", fontSize=TYPE - 1, fontWeight=600, color=colour)
        .encode(x=alt.value(6), y=alt.value(y), text="text:N")
        for y, text, colour in words
    ]
