"""How large a figure is, and how large its type, so that it reads on a telephone as well as on a wide screen.

A figure is drawn `WIDTH` pixels wide and scaled by the page. On a telephone that is to about seven tenths, so
type is set larger than a screen alone would ask for.
"""

from contextlib import AbstractContextManager
from functools import cache
from typing import TypeVar

import altair as alt
from altair.utils.schemapi import debug_mode

from tripoint.faces.figures.theme import INK, MUTED, configured

Figure = TypeVar("Figure", alt.LayerChart, alt.VConcatChart)

WIDTH = 460
#: Room for the labels of the vertical axis, the same in every panel so that panels stand under one another.
AXIS = 46
#: Room for the names at the right end of lines.
NAMES = 134
TYPE = 15.0
LINE = 17.0
#: Free pixels beside the names.
SPARE = 26
#: Characters that fit into the room for names.
NAME_LENGTH = 14


def finished(chart: Figure, description: str, *, right: int = 4) -> Figure:
    """Give a whole figure its type and its description in words.

    Parameters
    ----------
    chart
        The outermost chart.
    description
        What a reader who cannot see the figure should know; kept in the specification.
    right
        Free pixels at the right: with names there, a reader's font may be wider than the renderer's.
    """
    themed(chart)
    chart.description = description
    chart.padding = {"left": 2, "right": right, "top": 4, "bottom": 2}
    return chart


def themed(chart: Figure) -> Figure:
    """Give a chart that was just made the theme's configuration, in place.

    The theme copies a chart, with its data, for each part of the configuration; a page of figures has no time for that.
    """
    chart.config = _configuration().copy()
    return chart


@cache
def _configuration() -> alt.Config:
    """The theme's configuration with the larger type of these figures."""
    config = configured(alt.Chart()).config
    config.aria = False  # the figure is announced as one picture; its numbers are in the table behind it
    config.axis.labelFontSize = config.axis.titleFontSize = TYPE
    config.axis.labelFlush = False
    config.legend.labelFontSize = config.legend.titleFontSize = TYPE
    config.title.fontSize = TYPE + 1
    config.title.color = INK
    return config


def unchecked() -> AbstractContextManager[None]:
    """Build charts without checking each piece against the schema: a chart is checked whole when it is drawn."""
    return debug_mode(False)


def panel_title(*lines: str) -> alt.TitleParams:
    """The heading of one panel, above its left edge."""
    text = lines[0] if len(lines) == 1 else list(lines)
    return alt.TitleParams(
        text, anchor="start", frame="bounds", offset=8, fontSize=TYPE, fontWeight="normal", color=MUTED
    )


def short(name: str, code: str) -> str:
    """A state's name if there is room for it at the end of a line, else its code.

    Examples
    --------
    >>> short("Kazakhstan", "KAZ"), short("Dominican Republic", "DOM")
    ('Kazakhstan', 'DOM')
    """
    return name if len(name) <= NAME_LENGTH else code
