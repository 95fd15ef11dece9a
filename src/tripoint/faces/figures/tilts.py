"""Toward which of the two the ground leans, layer by layer, with intervals."""

import altair as alt
import polars as pl

from tripoint.faces.figures.axes import SIMILARITY
from tripoint.faces.figures.canvas import WIDTH, finished, panel_title
from tripoint.faces.figures.theme import FIRST, GRID, PAPER, SECOND
from tripoint.readings.reading import Reading

#: Height of a layer's line, and room for its name.
_LINE, _NAMES = 34, 168


def tilts_figure(reading: Reading) -> alt.LayerChart | None:
    """Tilt of the ground in each layer, latest year observed; None where no layer is."""
    if reading.ground is None:
        return None
    seen = reading.ground.tilt.filter(pl.col("value").is_not_null()).sort("period")
    last = seen.group_by("issue", maintain_order=True).last().sort("value", descending=True)
    if last.is_empty():
        return None
    newest = max(last["period"])
    rows = [
        {
            "layer": row["issue"] if row["period"] == newest else f"{row['issue']}, {row['period']}",
            "side": FIRST if row["value"] > 0 else SECOND,
            **{key: row[key] for key in ("value", "lower", "upper")},
        }
        for row in last.iter_rows(named=True)
    ]
    names = reading.triad.states
    scale = alt.Scale(domain=[-1, 1], nice=False, zero=False)
    across = alt.Axis(values=[-1, -0.5, 0, 0.5, 1], labelExpr=SIMILARITY, title=None, grid=True)
    lines = alt.Axis(title=None, ticks=False, domain=False, labelLimit=_NAMES, labelPadding=8)
    base = alt.Chart().encode(
        y=alt.Y("layer:N", sort=[row["layer"] for row in rows], axis=lines),
        color=alt.Color("side:N", scale=None),
    )
    layers = [
        alt.Chart(alt.Data(values=({"zero": 0.0},)))
        .mark_rule(color=GRID, strokeWidth=2)
        .encode(x=alt.X("zero:Q", scale=scale, axis=across)),
        base.mark_rule(strokeWidth=5, strokeCap="round", opacity=0.4).encode(
            x=alt.X("lower:Q", scale=scale, axis=across), x2="upper:Q"
        ),
        base.mark_point(filled=True, size=110, stroke=PAPER, strokeWidth=2, opacity=1).encode(
            x=alt.X("value:Q", scale=scale, axis=across)
        ),
    ]
    chart = alt.LayerChart(
        data=alt.Data(values=tuple(rows)), layer=layers, width=WIDTH - _NAMES, height=_LINE * len(rows)
    ).properties(title=panel_title(f"{newest}. Left: {names['second'].name}. Right: {names['first'].name}"))
    said = ", ".join(f"{row['layer']} {row['value']:.2f}" for row in rows)
    return finished(
        chart, f"Tilt by layer, 1 all {names['first'].name}, -1 all {names['second'].name}: {said}."
    )
