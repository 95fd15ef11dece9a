"""Where the two collide: a heat map of grounds by issue area, the grounds under most strain first."""

import altair as alt

from tripoint.faces.figures.canvas import TYPE, WIDTH, finished
from tripoint.faces.figures.theme import GRID, INK, MUTED, PAPER
from tripoint.readings.fault_lines import issue_areas
from tripoint.readings.reading import Reading

#: Light to dark, told apart with the common kinds of colour blindness: up to 25, 50, 75, 100.
CLASSES = ("#EFEDF5", "#BCBDDC", "#807DBA", "#4A1486")
#: Grounds drawn, height of a line, room for names.
_MOST, _LINE, _NAMES = 24, 26, 150


def class_of(percentile: float) -> str:
    """Colour of a percentile."""
    return CLASSES[min(int(percentile // 25), 3)]


def collisions_figure(reading: Reading) -> alt.LayerChart | None:
    """Percentile of the collision in every ground and area; None where the pair has no fault lines."""
    lines = reading.fault_lines
    if lines is None or lines.grounds.is_empty():
        return None
    order = [row["ground"] for row in lines.grounds.iter_rows(named=True) if row["value"] is not None][:_MOST]
    if not order:
        return None
    names = {one.ground: one.name for one in lines.collisions}
    rows = [
        {
            "ground": names[one.ground],
            "area": one.issue,
            "colour": class_of(one.value),
            "ink": PAPER if one.value >= 50 else INK,
            "text": f"{one.value:.0f}",
        }
        for one in lines.collisions
        if one.value is not None and one.ground in order
    ]
    seen = {row["area"] for row in rows}
    areas = [area for area in issue_areas() if area in seen]
    labels = alt.Axis(title=None, ticks=False, domain=False, labelLimit=_NAMES, labelPadding=8)
    top = alt.Axis(orient="top", title=None, ticks=False, domain=False, labelAngle=-35, labelPadding=6)
    base = alt.Chart().encode(
        y=alt.Y("ground:N", sort=[names[code] for code in order if code in names], axis=labels),
        x=alt.X("area:N", sort=areas, axis=top),
    )
    layers = [
        base.mark_rect(stroke=GRID, strokeWidth=1).encode(color=alt.Color("colour:N", scale=None)),
        base.mark_text(fontSize=TYPE).encode(text="text:N", color=alt.Color("ink:N", scale=None)),
    ]
    chart = alt.LayerChart(
        data=alt.Data(values=tuple(rows)), layer=layers, width=WIDTH - _NAMES, height=_LINE * len(order)
    ).properties(view=alt.ViewBackground(fill=None, stroke=MUTED, strokeWidth=0.5))
    said = "; ".join(f"{row['ground']} {row['area']} {row['text']}" for row in rows[:12])
    figure = finished(chart, f"Percentile of collision by ground and area, among them: {said}.")
    figure.padding = {"left": 16, "right": 4, "top": 4, "bottom": 2}  # a reader's font may be wider
    return figure
