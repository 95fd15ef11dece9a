"""Where in the world the two collide: strain of every ground on a map, and how much of the world is dark."""

from math import pi

import altair as alt

from tripoint.faces.figures.canvas import WIDTH, finished
from tripoint.faces.figures.collisions import CLASSES, class_of
from tripoint.faces.figures.map import NOTE_HEIGHT, View, hatching, land, pixels, texts
from tripoint.faces.figures.theme import FIRST, GRID, INK, MUTED, SECOND
from tripoint.readings.reading import Reading

#: Half the width of the whole world under the projection, in its own units; degrees of its middle meridian.
_HALF, _MIDDLE = pi * 0.8707, 12.0
_HEIGHT = 272


def world_figure(reading: Reading) -> alt.LayerChart | None:
    """Strain of every ground between the two; None where the pair has no fault lines."""
    lines = reading.fault_lines
    if lines is None:
        return None
    known = lines.grounds.drop_nulls("value")
    if known.is_empty():
        return None
    colours = {row["ground"]: class_of(row["value"]) for row in known.iter_rows(named=True)}
    colours |= {reading.triad.first: FIRST, reading.triad.second: SECOND}
    scale = (WIDTH - 8) / (2 * _HALF)
    view = View("naturalEarth1", (_MIDDLE, 0.0), scale, (WIDTH / 2, 128.0), WIDTH, _HEIGHT)
    layers = [*land(colours, view, 1.0), hatching(colours, view), *_legend(view), *texts([], [], view)]
    background = alt.ViewBackground(fill=GRID, fillOpacity=0.3, stroke=None)
    chart = alt.LayerChart(layer=layers, width=WIDTH, height=_HEIGHT, view=background)
    chart.projection = alt.Projection(
        type=view.projection,
        rotate=[-_MIDDLE, 0, 0],
        scale=view.scale,
        translate=list(view.translate),
        clipExtent=[[0, 0], [WIDTH, _HEIGHT]],
    )
    most = ", ".join(f"{row['name']} {row['value']:.0f}" for row in known.head(8).iter_rows(named=True))
    return finished(chart, f"World map of strain, the highest: {most}. {known.height} grounds are on record.")


def _legend(view: View) -> list[alt.Chart]:
    """Swatches of the four classes, above the note."""
    across = [6 + 62 * place for place in range(len(CLASSES))]
    names = ("0–25", "25–50", "50–75", "75–100")
    down = view.height - NOTE_HEIGHT - 10
    rows = [
        {"x": x, "y": down, "colour": colour, "text": name, "beside": x + 10}
        for x, colour, name in zip(across, CLASSES, names, strict=True)
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(**pixels(view))
    swatches = base.mark_square(size=120, opacity=1, stroke=MUTED, strokeWidth=0.5, xOffset=4, aria=False)
    words = base.mark_text(align="left", baseline="middle", dx=14, fontSize=12, color=INK, aria=False)
    return [swatches.encode(color=alt.Color("colour:N", scale=None)), words.encode(text="text:N")]
