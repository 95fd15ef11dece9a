"""How solid the partnership is over time: the barometer with its band, and as it stood at the time."""

import altair as alt
import polars as pl

from tripoint.faces.figures.axes import PERCENTILE, value_axis, year_of, years_axis
from tripoint.faces.figures.band import Layer, Line, Panel, lines_with_bands, rows_of
from tripoint.faces.figures.canvas import AXIS, TYPE, WIDTH, finished
from tripoint.faces.figures.theme import INK, MUTED, PAPER
from tripoint.readings.reading import Reading

_VIEWS = ("in hindsight, 90% band", "seen at the time")
_END = 40  # room for the last value at the right


def barometer_figure(reading: Reading) -> alt.LayerChart | None:
    """The barometer per year: smoothed with its 90% band, and dashed the filtered value that could be said then.

    Returns
    -------
    None where no year has a value.
    """
    frame = reading.barometer.frame
    rows = rows_of(frame)
    latest = reading.barometer.latest
    if not rows or latest is None:
        return None
    panel = Panel((0, 100), 25, PERCENTILE, 260, width=WIDTH - AXIS - _END, names=False)
    above = [_at_the_time(frame, panel.width), *_key(), *_end(latest)]
    chart = lines_with_bands([Line("barometer", INK, rows)], panel, above=above)
    return finished(
        chart,
        f"Line of the barometer, {rows[0]['year']:.0f} to {rows[-1]['year']:.0f}, on a scale from 0 to "
        f"100: {rows[0]['value']:.0f} in the first year and {rows[-1]['value']:.0f} in the last, 90% "
        f"interval {rows[-1]['lower']:.0f} to {rows[-1]['upper']:.0f}.",
    )


def _at_the_time(frame: pl.DataFrame, width: int) -> alt.Chart:
    """The dashed line of what could have been said then."""
    rows = rows_of(frame, "at_the_time", "at_the_time_lower", "at_the_time_upper")
    kept = [{key: row[key] for key in ("year", "value", "run")} for row in rows]
    return (
        alt.Chart(alt.Data(values=tuple(kept)))
        .mark_line(color=MUTED, strokeWidth=1.8, strokeDash=[5, 4])
        .encode(
            x=years_axis([row["year"] for row in rows], width),
            y=value_axis("value:Q", (0, 100), PERCENTILE, 25),
            detail="run:O",
        )
    )


def _key() -> list[Layer]:
    """Which line is which, written above the chart."""
    layers: list[Layer] = []
    for left, text, colour, width, dash in (
        (2, _VIEWS[0], INK, 2.4, [1, 0]),
        (206, _VIEWS[1], MUTED, 1.8, [5, 4]),
    ):
        base = alt.Chart(alt.Data(values=({"text": text},))).encode(y=alt.value(-16))
        stroke = base.mark_rule(color=colour, strokeWidth=width, strokeDash=dash)
        words = base.mark_text(align="left", baseline="middle", color=INK, fontSize=TYPE - 1)
        layers += [
            stroke.encode(x=alt.value(left), x2=alt.value(left + 26)),
            words.encode(x=alt.value(left + 32), text="text:N"),
        ]
    return layers


def _end(latest: dict) -> list[Layer]:
    """The last value, as a mark and a number."""
    data = alt.Data(values=({"year": year_of(latest["period"]), "value": latest["value"]},))
    base = alt.Chart(data).encode(x="year:Q", y="value:Q")
    number = base.mark_text(align="left", dx=9, fontSize=TYPE + 4, fontWeight=700, color=INK)
    return [
        base.mark_point(filled=True, size=90, color=INK, stroke=PAPER, strokeWidth=1.5, opacity=1),
        number.encode(text=alt.Text("value:Q", format=".0f")),
    ]
