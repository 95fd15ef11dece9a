"""Who gains and who loses by which change of corridors: a matrix of scenarios by states."""

import altair as alt

from tripoint.faces.figures.canvas import WIDTH, finished
from tripoint.faces.figures.theme import GRID, INK, MUTED, PAPER
from tripoint.readings.reading import Reading
from tripoint.readings.what_if import Effect, WhatIf

#: Room for names of scenarios, height of a line, states drawn.
_NAMES, _LINE, _MOST = 176, 26, 8
#: Colours of a sure gain, of a sure loss, and of neither: told apart with the common kinds of colour blindness.
GAIN, LOSS, NEITHER = "#4A1486", "#B35806", "#F2F2F2"


def what_if_figure(reading: Reading) -> alt.LayerChart | None:
    """Change of what each state earns; None where no scenario changes the ground's corridors."""
    found = reading.what_ifs
    if not found:
        return None
    states = _states(reading, found)
    rows = [row for one in found for row in _rows(one, states)]
    order = [_name(one) for one in found]
    labels = alt.Axis(
        title=None, ticks=False, domain=False, labelLimit=_NAMES, labelPadding=8, labelFontSize=12
    )
    top = alt.Axis(orient="top", title=None, ticks=False, domain=False, labelAngle=0, labelPadding=6)
    base = alt.Chart().encode(
        y=alt.Y("scenario:N", sort=order, axis=labels), x=alt.X("state:N", sort=states, axis=top)
    )
    layers = [
        base.mark_rect(stroke=GRID, strokeWidth=1).encode(color=alt.Color("colour:N", scale=None)),
        base.mark_text(fontSize=12).encode(text="text:N", color=alt.Color("ink:N", scale=None)),
    ]
    chart = alt.LayerChart(
        data=alt.Data(values=rows), layer=layers, width=WIDTH - _NAMES, height=_LINE * len(order)
    ).properties(view=alt.ViewBackground(fill=None, stroke=MUTED, strokeWidth=0.5))
    opposed = ", ".join(_name(one) for one in found if one.opposed) or "none"
    figure = finished(
        chart, f"Gains and losses by scenario and state. The interests of the two oppose in: {opposed}."
    )
    figure.padding = {"left": 16, "right": 4, "top": 4, "bottom": 2}
    return figure


def _states(reading: Reading, found: tuple[WhatIf, ...]) -> list[str]:
    """The triad first, then those that are touched most often."""
    triad = [reading.triad.first, reading.triad.second, reading.triad.ground]
    counts: dict[str, int] = {}
    for one in found:
        for effect in one.effects:
            counts[effect.player] = counts.get(effect.player, 0) + abs(effect.surely)
    others = sorted(counts.keys() - set(triad), key=lambda code: (-counts[code], code))
    return [*triad, *others][:_MOST]


def _name(one: WhatIf) -> str:
    return f"{one.scenario.name}, {one.commodity}"


def _rows(one: WhatIf, states: list[str]) -> list[dict[str, str]]:
    known = {effect.player: effect for effect in one.effects}
    return [_cell(_name(one), known[state]) for state in states if state in known]


def _cell(scenario: str, effect: Effect) -> dict[str, str]:
    colour = {1: GAIN, -1: LOSS, 0: NEITHER}[effect.surely]
    text = {1: "+", -1: "–", 0: "?" if effect.moves else "0"}[effect.surely]
    return {
        "scenario": scenario, "state": effect.player, "colour": colour, "text": text,
        "ink": PAPER if effect.surely else INK,
    }  # fmt: skip
