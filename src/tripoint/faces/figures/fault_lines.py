"""Where the two part: agreement beyond chance by issue, the least first, with intervals."""

import altair as alt

from tripoint.faces.figures.axes import SIMILARITY, ticks_of
from tripoint.faces.figures.canvas import WIDTH, finished, panel_title
from tripoint.faces.figures.theme import GRID, INK, PAPER
from tripoint.readings.reading import Reading

#: Height of an issue's line, and room for its name.
_LINE, _NAMES = 30, 132


def fault_lines_figure(reading: Reading) -> alt.LayerChart | None:
    """Kappa of the two by issue over the last five full years, with 90% intervals.

    Returns
    -------
    None where no issue has a value.
    """
    lines = [line for line in reading.votes.fault_lines if line.rank is not None] if reading.votes else []
    if not lines:
        return None
    rows = [
        {
            "issue": line.issue.replace("-", " "),
            **{key: line.numbers["issue_kappa"][key] for key in ("value", "lower", "upper")},
        }
        for line in lines
    ]
    low = min(0.0, *(row["lower"] for row in rows))
    scale = alt.Scale(domain=[low, 1.0], nice=False, zero=False)
    ticks = ticks_of((low, 1.0), 0.25 if low > -0.3 else 0.5)
    across = alt.Axis(values=ticks, labelExpr=SIMILARITY, title=None, grid=True)
    names = alt.Axis(title=None, ticks=False, domain=False, labelLimit=_NAMES, labelPadding=8)
    y = alt.Y("issue:N", sort=[row["issue"] for row in rows], axis=names)
    base = alt.Chart().encode(y=y)
    layers = [
        base.mark_rule(color=INK, strokeWidth=5, strokeCap="round", opacity=0.35).encode(
            x=alt.X("lower:Q", scale=scale, axis=across), x2="upper:Q"
        ),
        base.mark_point(filled=True, size=110, color=INK, stroke=PAPER, strokeWidth=2, opacity=1).encode(
            x=alt.X("value:Q", scale=scale, axis=across)
        ),
        alt.Chart(alt.Data(values=({"zero": 0.0},)))
        .mark_rule(color=GRID, strokeWidth=2)
        .encode(x=alt.X("zero:Q", scale=scale, axis=across)),
    ]
    chart = alt.LayerChart(
        data=alt.Data(values=tuple(rows)), layer=layers, width=WIDTH - _NAMES, height=_LINE * len(rows)
    ).properties(
        title=panel_title(f"Kappa by issue, five years to {reading.votes.period if reading.votes else ''}")
    )
    said = ", ".join(f"{row['issue']} {row['value']:.2f}" for row in rows)
    return finished(chart, f"Issues, the least alike first: {said}.")
