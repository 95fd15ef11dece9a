"""Which colours and type the figures share, and how a chart becomes a picture that a page can hold."""

import re
from html import escape
from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

if TYPE_CHECKING:  # the constants must be there for a caller who never draws a chart
    import altair as alt

    Figure = TypeVar("Figure", bound=alt.TopLevelMixin)

# The roles keep their colours in every figure. The first three come from the palette of Okabe and Ito, which
# readers with the common kinds of colour blindness tell apart.
FIRST = "#0072B2"
SECOND = "#D55E00"
GROUND = "#009E73"
OUTSIDER = "#8C7AA6"
INK = "#1F2A33"
MUTED = "#66727D"
GRID = "#D3DAE0"
PAPER = "#FDFDFC"
LAND = "#E3E5E3"

FONT = "system-ui, sans-serif"

# What a page sets to repaint the figures, for instance in its dark colour scheme.
VARIABLES = {
    "--tp-first": FIRST,
    "--tp-second": SECOND,
    "--tp-ground": GROUND,
    "--tp-outsider": OUTSIDER,
    "--tp-ink": INK,
    "--tp-muted": MUTED,
    "--tp-grid": GRID,
    "--tp-paper": PAPER,
    "--tp-land": LAND,
}

_VARIABLE_OF = {colour.lower(): variable for variable, colour in VARIABLES.items()}


def configured(chart: "Figure") -> "Figure":
    """Give a finished chart the project's type, axes and background.

    Parameters
    ----------
    chart
        Any Altair chart. Configuration does not nest: configure the outermost chart only.

    Returns
    -------
    The same kind of chart, configured; the chart passed in is not changed.
    """
    return (
        chart.configure(font=FONT, background=PAPER)
        .configure_view(stroke=None)
        .configure_axis(
            domainColor=GRID,
            gridColor=GRID,
            gridOpacity=0.6,
            labelColor=MUTED,
            labelFontSize=12,
            tickColor=GRID,
            titleColor=INK,
            titleFontSize=12,
            titleFontWeight="normal",
        )
        .configure_legend(
            labelColor=INK, labelFontSize=12, titleColor=MUTED, titleFontSize=12, titleFontWeight="normal"
        )
        .configure_title(color=INK, fontSize=15, fontWeight=600, anchor="start", subtitleColor=MUTED)
    )


def svg(chart: "alt.TopLevelMixin", title: str, description: str) -> str:
    """Render a chart as an SVG element that takes its width and its colours from the page around it.

    Parameters
    ----------
    chart
        Any Altair chart.
    title
        What the figure is called; a screen reader announces it.
    description
        What the figure shows, in a sentence or two, for a reader who cannot see it.

    Returns
    -------
    One ``<svg>`` element: a view box and no fixed size, the theme's colours as custom properties with the
    light palette as fallback (see `VARIABLES`), identifiers that do not clash with another figure's.
    """
    import altair
    import vl_convert

    specification = chart.to_dict(validate=False)  # the specifications are validated in tests
    specification.setdefault("background", PAPER)
    version = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    drawn = vl_convert.vegalite_to_svg(specification, vl_version=version)
    end_of_tag = drawn.index(">") + 1
    opening = re.sub(r' (?:width|height)="[^"]*"', "", drawn[: end_of_tag - 1])
    return (
        f'{opening} style="width:100%;height:auto" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
        f"{_in_page_style(_with_own_identifiers(drawn[end_of_tag:]))}"
    )


def _with_own_identifiers(body: str) -> str:
    """Name the identifiers after the drawing: a page may hold several, and the renderer counts on."""
    numbers = {name: i for i, name in enumerate(re.findall(r' id="([^"]*)"', body))}

    def renamed(prefix: str) -> str:
        def name(found: re.Match[str]) -> str:
            return f"{found[1]}{prefix}{numbers.get(found[2], found[2])}"

        return re.sub(r'( id="|="url\(#|href="#)([^")]*)', name, body)

    return renamed(f"tp{crc32(renamed('').encode()):08x}-")


def _in_page_style(body: str) -> str:
    """Let the page decide the type and what the theme's colours look like."""

    def as_variable(found: re.Match[str]) -> str:
        attribute, colour = found.groups()
        variable = _VARIABLE_OF.get(colour.lower())
        return f'{attribute}="var({variable}, {colour})"' if variable else found.group()

    repainted = re.sub(r'\b(fill|stroke|stop-color)="(#[0-9A-Fa-f]{6})"', as_variable, body)
    typeset = re.sub(r'font-family="[^"]*"', f'font-family="{FONT}"', repainted)
    # A hundredth of a pixel is beyond any screen, and the digits after it are half the size of a map.
    return re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path.group()), typeset)
