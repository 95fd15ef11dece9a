"""Whether the two stand together when the outsider says no: equal votes then, and otherwise."""

import altair as alt
import polars as pl

from tripoint.faces.figures.axes import SHARE, domain_of
from tripoint.faces.figures.band import Line, Panel, lines_with_bands, rows_of
from tripoint.faces.figures.canvas import SPARE, finished, panel_title, short
from tripoint.faces.figures.theme import INK, OUTSIDER
from tripoint.readings.reading import Reading


def front_figure(reading: Reading) -> alt.LayerChart | None:
    """Share of equal votes of the two over five-year windows, by what the outsider voted.

    Returns
    -------
    None where no window has a value.
    """
    state = reading.triad.states["outsider"]
    outsider = short(state.name, state.iso3)
    sides = (
        ("agreement_given_no", f"{outsider}\nvotes no", OUTSIDER),
        ("agreement_given_other", "yes or\nabstains", INK),
    )
    lines = [
        Line(name, colour, rows)
        for measure, name, colour in sides
        if "value" in reading.front.columns
        and (rows := rows_of(reading.front.filter(pl.col("measure") == measure)))
    ]
    if not lines:
        return None
    domain, step = domain_of([row["lower"] for line in lines for row in line.rows], 0.5, 1.0)
    panel = Panel(domain, step, SHARE, 230, panel_title("Same-vote share of the two, five years to date"))
    chart = lines_with_bands(lines, panel)
    last = lines[0].rows[-1]["year"]
    ends = "; ".join(f"{line.name}: {line.rows[-1]['value']:.0%}" for line in lines).replace("\n", " ")
    return finished(chart, f"Two lines. In the five years to {last:.0f}, {ends}.", right=SPARE)
