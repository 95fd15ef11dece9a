"""How the ties of the three balance month by month, as events tell of which it is not known who acted."""

import altair as alt
import polars as pl

from tripoint.core.units import unit
from tripoint.errors import CoverageError
from tripoint.faces.figures.axes import POINTS, domain_of, value_axis
from tripoint.faces.figures.band import Layer, Line, Panel, lines_with_bands, rows_of, span_of
from tripoint.faces.figures.canvas import AXIS, WIDTH, finished, panel_title
from tripoint.faces.figures.cooperation import PAIRS, pair_name
from tripoint.faces.figures.theme import FIRST, INK, MUTED, SECOND
from tripoint.readings.reading import Reading

#: A tie with the ground has the colour of the power, as in the other figures of pairs.
_COLOURS = (FIRST, SECOND, INK)
_HEIGHT, _RIGHT = 100, 18


def balance_figure(reading: Reading) -> alt.VConcatChart | None:
    """The balance of events of each pair by month, with 90% bands; hollow where days of a month are missing.

    Returns
    -------
    None where no pair has a value.
    """
    lines = {
        name: line
        for (one, other), colour in zip(PAIRS, _COLOURS, strict=True)
        for name, line in _line(reading, one, other, colour)
    }
    if not lines:
        return None
    panels = []
    for name, line in lines.items():
        bounds = [row[end] for row in line.rows for end in ("lower", "upper")]
        domain, step = domain_of(bounds, 0.0, 0.05)
        panel = Panel(
            domain, step, POINTS, _HEIGHT, panel_title(name), WIDTH - AXIS - _RIGHT, names=False,
            years=span_of(list(lines.values())),
        )  # fmt: skip
        panels.append(lines_with_bands([line], panel, below=[_zero(panel)]))
    said = ", ".join(
        f"{name} {unit('share_change').show(line.rows[-1]['value'])}" for name, line in lines.items()
    )
    first, last = span_of(list(lines.values()))
    return finished(
        alt.vconcat(*panels, spacing=14).resolve_scale(color="independent"),
        f"Balance of events by month, {first:.0f} to {int(last)}, above 0 more cooperation than conflict. "
        f"In the last month: {said}.",
    )


def unseen_dyads(reading: Reading) -> tuple[str, ...]:
    """Names of the pairs without a month that can be drawn."""
    return tuple(
        pair_name(reading.triad, one, other)
        for (one, other), colour in zip(PAIRS, _COLOURS, strict=True)
        if not _line(reading, one, other, colour)
    )


def _line(reading: Reading, one: str, other: str, colour: str) -> list[tuple[str, Line]]:
    """Name and line of a pair; none where it has no value."""
    if isinstance(reading.events, CoverageError):
        return []
    first, second = sorted((getattr(reading.triad, one), getattr(reading.triad, other)))
    rows = rows_of(reading.events.undirected.filter(pl.col("first") == first, pl.col("second") == second))
    name = pair_name(reading.triad, one, other)
    return [(name, Line(name, colour, rows))] if rows else []


def _zero(panel: Panel) -> Layer:
    """Where cooperation and conflict weigh the same."""
    rule = alt.Chart(alt.Data(values=({"zero": 0.0},))).mark_rule(color=MUTED, strokeWidth=1.4)
    return rule.encode(y=value_axis("zero:Q", panel.domain, panel.label, panel.step))
