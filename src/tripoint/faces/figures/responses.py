"""What follows a worsening in one tie of the triad: how another one changes in the periods after, with its bands."""

import altair as alt
import polars as pl

from tripoint.errors import CoverageError
from tripoint.faces.figures.axes import SIMILARITY, domain_of, value_axis, with_margin
from tripoint.faces.figures.canvas import AXIS, TYPE, WIDTH, finished, panel_title
from tripoint.faces.figures.theme import FIRST, MUTED, SECOND
from tripoint.readings.names import spoken
from tripoint.readings.reading import Reading
from tripoint.readings.triangle import Answer, Triangle

_HEIGHT, _RIGHT = 104, 18


def responses_figure(reading: Reading) -> alt.VConcatChart | None:
    """Responses of the ground's ties to a worsening in another tie, period by period, with 68% and 90% bands.

    Returns
    -------
    None where the record is too short for a model.
    """
    found = reading.triangle
    if isinstance(found, CoverageError):
        return None
    shown = [(answer, _rows(found, answer)) for answer in found.answers]
    bounds = [row[end] for _, rows in shown for row in rows for end in ("lower90", "upper90")]
    domain, step = domain_of(bounds, -0.1, 0.1)
    domain = with_margin(domain, 0.14)  # room for the words
    panels = [
        _panel(reading, found, answer, rows, (domain, step), last=number == len(shown))
        for number, (answer, rows) in enumerate(shown, 1)
    ]
    said = "; ".join(
        f"after {tie(reading, answer.cause)} worsens, {tie(reading, answer.effect)} {_said(answer)}"
        for answer in found.answers
    )
    return finished(alt.vconcat(*panels, spacing=14), f"Over {found.horizon} {found.frequency}s {said}.")


def tie(reading: Reading, series: str) -> str:
    """A series of the triangle as words: who acts toward whom, or the tie of two, the powers before the ground."""
    states = {state.iso3: state for state in reading.triad.states.values()}
    if ">" in series:
        return " toward ".join(spoken(states[code]) for code in series.split(">"))
    return "–".join(states[code].name for code in sorted(series.split("-"), key=list(states).index))


def _said(answer: Answer) -> str:
    return f"changes by {answer.value:.2f} (90% {answer.lower:.2f} to {answer.upper:.2f}) standard deviations"


def _rows(found: Triangle, answer: Answer) -> tuple[dict, ...]:
    """The response behind an answer, by horizon."""
    mine = found.responses.filter(pl.col("cause") == answer.cause, pl.col("effect") == answer.effect)
    return tuple(mine.drop("cause", "effect").sort("horizon").to_dicts())


def _panel(
    reading: Reading,
    found: Triangle,
    answer: Answer,
    rows: tuple[dict, ...],
    scale: tuple[tuple[float, float], float],
    *,
    last: bool,
) -> alt.LayerChart:
    """Both bands, the line and the zero line of one answer."""
    (low, high), step = scale
    axis = alt.Axis(
        values=list(range(0, found.horizon + 1, 1 if found.horizon <= 6 else 2)),
        format="d",
        grid=False,
        title=f"{found.frequency}s after the worsening" if last else None,
    )
    across = alt.X("horizon:Q", axis=axis, scale=alt.Scale(domain=[0, found.horizon], nice=False))
    colour = FIRST if reading.triad.first in answer.effect else SECOND
    base = alt.Chart().encode(x=across)

    def up(field: str) -> alt.Y:
        return value_axis(f"{field}:Q", (low, high), SIMILARITY, step)

    zero = alt.Chart(alt.Data(values=({"zero": 0.0},))).mark_rule(color=MUTED, strokeWidth=1.4)
    layers = [
        zero.encode(y=up("zero")),
        base.mark_area(opacity=0.16, color=colour).encode(y=up("lower90"), y2="upper90:Q"),
        base.mark_area(opacity=0.28, color=colour).encode(y=up("lower68"), y2="upper68:Q"),
        base.mark_line(color=colour, strokeWidth=2.4, strokeJoin="round").encode(y=up("value")),
        *_sides(),
    ]
    title = panel_title(f"When {tie(reading, answer.cause)} worsens,", f"{tie(reading, answer.effect)} …")
    return alt.LayerChart(
        data=alt.Data(values=rows), layer=layers, width=WIDTH - AXIS - _RIGHT, height=_HEIGHT
    ).properties(title=title)


def _sides() -> list[alt.Chart]:
    """What lies above and below zero, in words at the right edge."""
    edge = alt.value(WIDTH - AXIS - _RIGHT - 4)
    base = alt.Chart().encode(x=edge, text="text:N")
    better, worse = (alt.Data(values=({"text": f"… gets {how}"},)) for how in ("better", "worse"))
    above = base.mark_text(align="right", baseline="top", color=MUTED, fontSize=TYPE - 1)
    below = base.mark_text(align="right", baseline="bottom", color=MUTED, fontSize=TYPE - 1)
    return [
        above.properties(data=better).encode(y=alt.value(1)),
        below.properties(data=worse).encode(y=alt.value(_HEIGHT - 1)),
    ]
