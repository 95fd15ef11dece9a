"""Where the numbers of a claim stand against the lines of its rule."""

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
from tripoint.faces.figures.canvas import TYPE, WIDTH, finished, panel_title
from tripoint.faces.figures.theme import GRID, INK, MUTED, PAPER
from tripoint.measures.records import find_record, records
from tripoint.readings.claims import Evidence, Verdict

_LABELS = {"percentile": PERCENTILE, "share": SHARE, "share_change": POINTS, "similarity": SIMILARITY}
_HEIGHT = 44


def claim_figure(verdict: Verdict) -> alt.LayerChart | alt.VConcatChart | None:
    """Every number that a claim rests on with its 90% interval, the line of the rule, and the side that supports it.

    Returns
    -------
    None where there is no number.
    """
    seen = [found for found in verdict.evidence if found.value is not None]
    if not seen:
        return None
    if len(verdict.evidence) == 1:
        return finished(_panel(seen[0]), f"{_in_words(seen[0])}.")
    alike = len({found.of for found in verdict.evidence}) == 1
    names = [_title(found) if alike else f"{_title(found)} ({', '.join(found.of)})" for found in seen]
    told = "; ".join(f"{name}: {_in_words(found)}" for name, found in zip(names, seen, strict=True))
    panels = [
        _panel(found).properties(title=panel_title(name)) for name, found in zip(names, seen, strict=True)
    ]
    return finished(alt.VConcatChart(vconcat=panels, spacing=14), told + ".")


def _title(found: Evidence) -> str:
    return find_record(found.quantity).title if found.quantity in records() else found.quantity


def _in_words(found: Evidence) -> str:
    shown = unit(found.unit)
    return (
        f"{shown.show(found.value)} with a 90% interval from {shown.show(found.lower)} to "
        f"{shown.show(found.upper)}, against the line of the rule at {shown.show(found.line)}"
    )


def _panel(found: Evidence) -> alt.LayerChart:
    """One number against its line."""
    line = found.line
    if found.unit == "percentile":
        domain, step = (0.0, 100.0), 25.0
    else:
        domain, step = domain_of([found.lower, found.upper, line], line, line + 0.02)
        domain = with_margin(domain, 0.04)
    row = {"effect": found.value, "lower": found.lower, "upper": found.upper}
    scale = alt.Scale(domain=list(domain), nice=False, zero=False)
    axis = alt.Axis(
        values=ticks_of(domain, step),
        labelExpr=_LABELS.get(found.unit, "datum.label"),
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
    return alt.LayerChart(layer=layers, width=WIDTH - 40, height=_HEIGHT)


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
