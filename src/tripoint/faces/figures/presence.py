"""How present both powers and the outsider are in the ground's trade: turnover, exports, imports."""

import altair as alt
import polars as pl

from tripoint.faces.figures.axes import SHARE, domain_of
from tripoint.faces.figures.band import Line, Panel, lines_with_bands, rows_of, span_of
from tripoint.faces.figures.canvas import SPARE, finished, panel_title, short
from tripoint.faces.figures.theme import FIRST, OUTSIDER, SECOND
from tripoint.readings.reading import Reading

FLOWS = (("presence_turnover", "turnover"), ("presence_export", "exports"), ("presence_import", "imports"))


def presence_figure(reading: Reading) -> alt.VConcatChart | None:
    """Shares in the ground's trade per year with 90% bands; hollow where they rest on published shares.

    Returns
    -------
    None where no share is observed.
    """
    ground = reading.triad.states["ground"]
    panels, said = [], []
    drawn = {flow: lines for measure, flow in FLOWS if (lines := _lines(reading, measure))}
    for flow, lines in drawn.items():
        domain, step = domain_of([row["upper"] for line in lines for row in line.rows], 0.0, 0.1)
        span = span_of([line for each in drawn.values() for line in each])
        title = panel_title(f"Share in the {flow} of {short(ground.name, ground.iso3)}")
        panels.append(lines_with_bands(lines, Panel(domain, step, SHARE, 190, title, years=span)))
        ends = ", ".join(f"{x.name} {x.rows[-1]['value']:.0%} in {x.rows[-1]['year']:.0f}" for x in lines)
        said.append(f"Last observed shares in {flow}: {ends}.")
    if not panels:
        return None
    return finished(alt.vconcat(*panels, spacing=16), " ".join(said), right=SPARE)


def _lines(reading: Reading, measure: str) -> list[Line]:
    """The powers and the outsider, as far as their shares are observed."""
    colours = {"first": FIRST, "second": SECOND, "outsider": OUTSIDER}
    found = []
    for role, colour in colours.items():
        state = reading.triad.states[role]
        frame = reading.presence.filter(pl.col("measure") == measure, pl.col("power") == state.iso3)
        if rows := rows_of(frame):
            found.append(Line(short(state.name, state.iso3), colour, rows))
    return found
