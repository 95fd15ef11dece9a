"""Lines with their 90% intervals, broken where nothing is observed, with a name at the end of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from tripoint.faces.figures.axes import Domain, value_axis, year_of, years_axis, years_in
from tripoint.faces.figures.canvas import AXIS, LINE, NAMES, TYPE, WIDTH
from tripoint.faces.figures.theme import PAPER

PARTIAL = "partial-year"
PUBLISHED = "published share"
#: What notes say of a period of which days are missing.
DAYS = ("days on record", "% of the days")

Row = dict[str, Any]
Layer = alt.Chart | alt.LayerChart


@dataclass(frozen=True, slots=True)
class Line:
    """One series to draw: its name, its colour, its rows in time order (see `rows_of`)."""

    name: str
    colour: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Where lines are drawn: the domain of the values, the step of the grid, how values are written, the height."""

    domain: Domain
    step: float
    label: str
    height: int
    title: alt.TitleParams | None = None
    width: int = WIDTH - AXIS - NAMES
    names: bool = True
    years: tuple[float, float] | None = None

    def of(self, layers: Sequence[Layer], rows: Sequence[Row]) -> alt.LayerChart:
        """Layers over one set of rows, kept once beside the layers and not in each."""
        data = alt.Data(values=tuple(rows))
        chart = alt.LayerChart(data=data, layer=list(layers), width=self.width, height=self.height)
        return chart if self.title is None else chart.properties(title=self.title)


def rows_of(
    frame: pl.DataFrame, value: str = "value", lower: str = "lower", upper: str = "upper"
) -> tuple[Row, ...]:
    """Observed rows of a frame, cut into runs of consecutive years, quarters or months.

    A period that was not observed ends a run, so that no line bridges it. A year still under way stands alone.
    ``dot`` says how a row is marked: ``partial`` for a year under way, ``published`` for a published share and
    ``days`` for a period of which days are missing, all hollow; ``solid`` where a row stands alone; else ``none``.
    """
    found = [row for row in frame.sort("period").iter_rows(named=True) if row[value] is not None]
    rows: list[Row] = []
    run = 0
    for row in found:
        dot, year = _dot(row.get("note") or ""), year_of(row["period"])
        apart = rows and year - rows[-1]["year"] > 1.01 * years_in(row["period"])
        if rows and (apart or "partial" in (dot, rows[-1]["dot"])):
            run += 1
        made = {"year": year, "value": row[value], "lower": row[lower], "upper": row[upper]}
        rows.append({**made, "run": run, "dot": dot})
    runs = [row["run"] for row in rows]
    for row in rows:
        row["alone"] = runs.count(row["run"]) == 1
        if row["alone"] and row["dot"] == "none":
            row["dot"] = "solid"
    return tuple(rows)


def _dot(note: str) -> str:
    """How a row with this note is marked."""
    if any(words in note for words in DAYS):
        return "days"
    return "partial" if PARTIAL in note else "published" if PUBLISHED in note else "none"


def last_full(rows: Sequence[Row]) -> Row:
    """The last row that is not of a year under way; the last of all if there is no other."""
    return next((row for row in reversed(rows) if row["dot"] != "partial"), rows[-1])


def span_of(lines: Sequence[Line]) -> tuple[float, float]:
    """First and last year of any of the lines."""
    years = [row["year"] for line in lines for row in line.rows]
    return min(years), max(years)


def lines_with_bands(
    lines: Sequence[Line], panel: Panel, below: Sequence[Layer] = (), above: Sequence[Layer] = ()
) -> alt.LayerChart:
    """Draw lines over their intervals in one panel, with other layers below and above them."""
    rows = [{**row, "series": line.name} for line in lines for row in line.rows]
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=[line.name for line in lines], range=[line.colour for line in lines]),
        legend=None,
    )
    base = alt.Chart().encode(x=years_axis(panel.years or span_of(lines), panel.width), color=colour)
    value, low = (
        value_axis(field, panel.domain, panel.label, panel.step) for field in ("value:Q", "lower:Q")
    )
    high = alt.Y2("upper:Q")
    layers: list[Layer] = [
        base.mark_area(opacity=0.16).encode(y=low, y2=high, detail="run:O").transform_filter("!datum.alone"),
        base.mark_line(strokeWidth=2.4, strokeJoin="round", strokeCap="round").encode(
            y=value, detail="run:O"
        ),
    ]
    if any(row["alone"] for row in rows):
        bars = base.mark_rule(strokeWidth=2, opacity=0.4).encode(y=low, y2=high)
        layers.append(bars.transform_filter("datum.alone"))
    layers += _dots(base.encode(y=value), {row["dot"] for row in rows})
    if panel.names:
        layers.append(_names(lines, panel))
    return panel.of([*below, *layers, *above], rows)


def _dots(base: alt.Chart, kinds: set[str]) -> list[alt.Chart]:
    """Solid and hollow marks, as far as any row asks for them."""
    layers = []
    if "solid" in kinds:
        solid = base.mark_point(filled=True, size=40, opacity=1)
        layers.append(solid.transform_filter("datum.dot == 'solid'"))
    if kinds & {"partial", "published"}:
        hollow = base.mark_point(filled=False, fill=PAPER, size=44, strokeWidth=1.8, opacity=1)
        layers.append(hollow.transform_filter("datum.dot == 'partial' || datum.dot == 'published'"))
    if "days" in kinds:
        small = base.mark_point(filled=False, fill=PAPER, size=18, strokeWidth=1.4, opacity=1)
        layers.append(small.transform_filter("datum.dot == 'days'"))
    return layers


def _names(lines: Sequence[Line], panel: Panel) -> alt.Chart:
    """Names at the right edge, each at the height where its line ends, moved apart where they would touch."""
    ends = [line for line in lines if line.rows]
    low, high = panel.domain
    per_pixel = (high - low) / panel.height
    sizes = [(LINE * (1 + line.name.count("\n")) + 5) * per_pixel for line in ends]
    places = spread([line.rows[-1]["value"] for line in ends], sizes, panel.domain)
    names = [
        # The renderer centres the first line of a name at its place, and the rest hangs below.
        {"series": line.name, "text": line.name, "at": at + line.name.count("\n") * LINE / 2 * per_pixel}
        for line, at in zip(ends, places, strict=True)
    ]
    return (
        alt.Chart(alt.Data(values=tuple(names)))
        .mark_text(
            align="left",
            baseline="middle",
            dx=8,
            fontSize=TYPE,
            fontWeight=600,
            lineBreak="\n",
            lineHeight=LINE,
        )
        .encode(
            x=alt.value(panel.width),
            y="at:Q",
            text="text:N",
            color=alt.Color("series:N", legend=None),
        )
    )


def spread(values: Sequence[float], sizes: Sequence[float], within: Domain) -> list[float]:
    """Middles for boxes of these sizes: near the values, in their order, without overlap, inside the bounds.

    Examples
    --------
    >>> spread([5.0, 5.2, 1.0], [1.0, 1.0, 1.0], (0.0, 10.0))
    [4.6, 5.6, 1.0]
    """
    groups: list[tuple[float, list[int]]] = []
    for i in sorted(range(len(values)), key=lambda i: values[i]):
        middle, members = values[i], [i]
        while groups and middle - groups[-1][0] < _half(sizes, members) + _half(sizes, groups[-1][1]):
            other, others = groups.pop()
            middle = (other * len(others) + middle * len(members)) / (len(others) + len(members))
            members = others + members
        half = _half(sizes, members)
        groups.append((min(max(middle, within[0] + half), max(within[1] - half, within[0] + half)), members))
    places = [0.0] * len(values)
    for middle, members in groups:
        at = middle - _half(sizes, members)
        for i in members:
            places[i] = round(at + sizes[i] / 2, 6)
            at += sizes[i]
    return places


def _half(sizes: Sequence[float], members: Sequence[int]) -> float:
    return sum(sizes[i] for i in members) / 2
