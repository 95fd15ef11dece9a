"""Who has how much bargaining power over what: bars of Shapley values with their intervals, commodity by commodity."""

import altair as alt

from tripoint.core.states import find_state
from tripoint.faces.figures.canvas import TYPE, WIDTH, finished, panel_title, short
from tripoint.faces.figures.theme import FIRST, GROUND, INK, MUTED, SECOND
from tripoint.readings.reading import Reading

_NAMES, _LINE, _MOST = 112, 22, 5


def shares_figure(reading: Reading) -> alt.VConcatChart | None:
    """Bars of the largest shares; None where the ground has no corridor on record."""
    found = reading.corridors
    if found is None:
        return None
    triad = reading.triad
    colours = {triad.first: FIRST, triad.second: SECOND, triad.ground: GROUND}
    panels, said = [], []
    for commodity in found.worth:
        largest = [share for share in found.shares if share.commodity == commodity][:_MOST]
        rows = [
            {
                "state": short(find_state(share.player).name, share.player),
                "value": 100 * share.shapley,
                "lower": 100 * share.lower,
                "upper": 100 * share.upper,
                "colour": colours.get(share.player, MUTED),
            }
            for share in largest
        ]
        said.append(f"{commodity}: " + ", ".join(f"{row['state']} {row['value']:.0f}%" for row in rows[:3]))
        panels.append(_panel(commodity, rows))
    return finished(alt.VConcatChart(vconcat=panels, spacing=18), f"Bargaining shares. {'; '.join(said)}.")


def _panel(commodity: str, rows: list[dict[str, object]]) -> alt.LayerChart:
    names = alt.Axis(
        title=None, ticks=False, domain=False, labelPadding=6, labelFontSize=TYPE - 2, minExtent=_NAMES
    )
    percent = alt.Axis(title=None, format=".0f", labelExpr="datum.label + '%'", tickCount=4)
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("state:N", sort=[str(row["state"]) for row in rows], axis=names)
    )
    across = alt.X("value:Q", axis=percent, scale=alt.Scale(domain=[0, 60], nice=False, clamp=True))
    bars = base.mark_bar(height=12, aria=False).encode(x=across, color=alt.Color("colour:N", scale=None))
    ranges = base.mark_rule(strokeWidth=1.5, color=INK, aria=False).encode(
        x=alt.X("lower:Q"), x2=alt.X2("upper:Q")
    )
    return alt.LayerChart(
        layer=[bars, ranges],
        width=WIDTH - _NAMES - 10,
        height=_LINE * len(rows),
        title=panel_title(commodity),
    )
