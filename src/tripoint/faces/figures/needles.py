"""Unity and strain, the two needles, one above the other on the same years."""

import altair as alt

from tripoint.faces.figures.axes import PERCENTILE
from tripoint.faces.figures.band import Line, Panel, lines_with_bands, rows_of, span_of
from tripoint.faces.figures.canvas import AXIS, WIDTH, finished, panel_title
from tripoint.faces.figures.theme import GROUND, INK
from tripoint.readings.reading import Reading

_COLOURS = {"unity": INK, "strain": GROUND}


def needles_figure(reading: Reading) -> alt.VConcatChart | None:
    """Unity and strain per year with their 90% bands; a needle that never applies has no panel.

    Returns
    -------
    None where neither has a value.
    """
    panels, said = [], []
    lines = {
        name: Line(name, _COLOURS.get(name, INK), rows_of(each.frame))
        for name, each in reading.needles.items()
    }
    drawn = {name: line for name, line in lines.items() if line.rows}
    for name, line in drawn.items():
        needle, rows = reading.needles[name], line.rows
        title = panel_title(f"{needle.declaration.title}, percentile")
        panel = Panel(
            (0, 100),
            25,
            PERCENTILE,
            150,
            title,
            width=WIDTH - AXIS,
            names=False,
            years=span_of([*drawn.values()]),
        )
        panels.append(lines_with_bands([line], panel))
        said.append(
            f"{needle.declaration.title} went from {rows[0]['value']:.0f} in {rows[0]['year']:.0f} to "
            f"{rows[-1]['value']:.0f} in {rows[-1]['year']:.0f}, 90% interval {rows[-1]['lower']:.0f} to "
            f"{rows[-1]['upper']:.0f}."
        )
    if not panels:
        return None
    chart = alt.vconcat(*panels, spacing=14).resolve_scale(color="independent")
    return finished(chart, " ".join(said))
