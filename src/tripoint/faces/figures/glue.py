"""What holds the two together: the part of their agreement that goes through the outsider's vote, and their own."""

import altair as alt
import polars as pl

from tripoint.faces.figures.axes import SIMILARITY, domain_of
from tripoint.faces.figures.band import Line, Panel, last_full, lines_with_bands, rows_of
from tripoint.faces.figures.canvas import SPARE, finished, panel_title, short
from tripoint.faces.figures.theme import INK, OUTSIDER
from tripoint.readings.reading import Reading


def glue_figure(reading: Reading) -> alt.LayerChart | None:
    """The two parts of agreement beyond chance over five-year windows, with 90% bands.

    Returns
    -------
    None where no window has a value.
    """
    if reading.votes is None:
        return None
    state = reading.triad.states["outsider"]
    parts = (("linked", f"through\n{short(state.name, state.iso3)}", OUTSIDER), ("own", "their own", INK))
    lines = [
        Line(name, colour, rows)
        for measure, name, colour in parts
        if (rows := rows_of(reading.votes.glue.filter(pl.col("measure") == measure)))
    ]
    if not lines:
        return None
    ends = [row[bound] for line in lines for row in line.rows for bound in ("lower", "upper")]
    domain, step = domain_of(ends, 0.0, 0.5)
    heading = panel_title("Parts of agreement beyond chance, five years to date")
    chart = lines_with_bands(lines, Panel(domain, step, SIMILARITY, 230, heading))
    last = [(line.name.replace("\n", " "), last_full(line.rows)) for line in lines]
    said = "; ".join(f"{name}: {row['value']:.2f}" for name, row in last)
    return finished(chart, f"Two lines. In the five years to {last[0][1]['year']:.0f}, {said}.", right=SPARE)
