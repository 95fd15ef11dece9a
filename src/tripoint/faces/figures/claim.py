"""Where the deciding number of a claim stands against the line of its rule."""

import altair as alt

from tripoint.core.units import unit
from tripoint.faces.figures.axes import (
    PERCENTILE,
    POINTS,
    SHARE,
    SIMILARITY,
    domain_of,
    ticks_of,
    with_margin,
)
from tripoint.faces.figures.canvas import TYPE, WIDTH, finished
from tripoint.faces.figures.theme import GRID, INK, MUTED, PAPER
from tripoint.readings.claims import Verdict

_LABELS = {"percentile": PERCENTILE, "share": SHARE, "share_change": POINTS, "similarity": SIMILARITY}
_HEIGHT = 44


def claim_figure(verdict: Verdict) -> alt.LayerChart | None:
    """The number of a claim with its 90% interval, the line of the rule, and the side that supports the claim.

    Returns
    -------
    None for a claim that cannot be tested.
    """
    if verdict.effect is None or verdict.lower is None or verdict.upper is None:
        return None
    line = verdict.evidence[0].line
    if verdict.unit == "percentile":
        domain, step = (0.0, 100.0), 25.0
    else:
        domain, step = domain_of([verdict.lower, verdict.upper, line], line, line + 0.02)
        domain = with_margin(domain, 0.04)
    row = {"effect": verdict.effect, "lower": verdict.lower, "upper": verdict.upper}
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    axis = alt.Axis(
        values=ticks_of(domain, step),
        labelExpr=_LABELS.get(verdict.unit, "datum.label"),
        title=None,
        grid=False,
    )
    base = alt.Chart(alt.Data(values=(row,))).encode(y=alt.value(_HEIGHT / 2 + 8))
    layers = [
        *_rule(line, domain, scale, axis),
        base.mark_rule(color=INK, strokeWidth=5, strokeCap="round", opacity=0.45).encode(
            x=alt.X("lower:Q", scale=scale, axis=axis), x2="upper:Q"
        ),
        base.mark_point(filled=True, size=130, color=INK, stroke=PAPER, strokeWidth=2, opacity=1).encode(
            x=alt.X("effect:Q", scale=scale, axis=axis)
        ),
    ]
    shown = unit(verdict.unit)
    return finished(
        alt.LayerChart(layer=layers, width=WIDTH - 40, height=_HEIGHT),
        f"{shown.show(verdict.effect)} with a 90% interval from {shown.show(verdict.lower)} to "
        f"{shown.show(verdict.upper)}, against the line of the rule at {shown.show(line)}.",
    )


def _rule(line: float, domain: tuple[float, float], scale: alt.Scale, axis: alt.Axis) -> list[alt.Chart]:
    """The line, and a shade over the side on which a bound supports the claim."""
    right = line <= (domain[0] + domain[1]) / 2
    data = alt.Chart(alt.Data(values=({"line": line, "end": domain[1], "text": "the line of the rule"},)))
    place = alt.X("line:Q", scale=scale, axis=axis)
    words = data.mark_text(
        align="left" if right else "right", dx=6 if right else -6, color=MUTED, fontSize=TYPE - 1
    )
    return [
        data.mark_rect(color=GRID, opacity=0.5).encode(
            x=place, x2="end:Q", y=alt.value(0), y2=alt.value(_HEIGHT)
        ),
        data.mark_rule(color=INK, strokeWidth=1.6, strokeDash=[4, 3]).encode(
            x=place, y=alt.value(0), y2=alt.value(_HEIGHT)
        ),
        words.encode(x=place, y=alt.value(9), text="text:N"),
    ]
