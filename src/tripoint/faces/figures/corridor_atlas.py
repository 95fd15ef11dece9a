"""Where all corridors of a ground run, to be looked at one by one: hover for numbers, choose a commodity."""

from collections import defaultdict
from math import hypot

import altair as alt

from tripoint.core.network import Network
from tripoint.core.states import find_state
from tripoint.faces.figures.canvas import TYPE, finished
from tripoint.faces.figures.corridor_map import coordinates, fitted_to
from tripoint.faces.figures.map import (
    NOTE_HEIGHT,
    Label,
    Point,
    View,
    hatching,
    land,
    pixels,
    texts,
    to_pixel,
)
from tripoint.faces.figures.theme import FIRST, GRID, GROUND, INK, OUTSIDER, PAPER, SECOND
from tripoint.readings.corridors import Corridors, Route

WIDTH, HEIGHT, _MARGIN = 1060.0, 600.0, 44.0
#: Each commodity has its colour in every map; the four are told apart by readers with common colour blindness.
COLOURS = {"crude": SECOND, "gas": FIRST, "uranium": OUTSIDER, "containers": GROUND}
#: The name of the choice in the specification, and what stands for all commodities.
CHOICE, ALL = "shown", "all"
#: Widest and thinnest line; how wide a line is to the pointer.
_WIDEST, _THINNEST, _REACH = 10.0, 1.6, 14.0
#: Places that are named for each commodity: the ends of its widest lines.
_NAMED = 5


def corridor_atlas(found: Corridors, network: Network) -> alt.LayerChart | None:
    """All segments with coordinates, in the colour of their commodity, as wide as the model's flow; None without any.

    A line is dashed where a scenario leaves it no capacity. Parallel lines lie side by side. The parameter ``shown``
    holds the commodity that is shown, or ``all``.
    """
    points = coordinates(network)
    drawn = drawable(found, network)
    if not drawn:
        return None
    ends = [points[name] for route in drawn for name in (route.start, route.end)]
    view = fitted_to(ends, WIDTH, HEIGHT, HEIGHT - NOTE_HEIGHT, _MARGIN)
    rows = _rows(drawn, points, view, _titles(network))
    roles = {found.ground: GROUND}
    layers = [
        *land(roles, view, 0.18), hatching(roles, view), *_lines(rows, view),
        *texts(_labels(drawn, points, view, _titles(network)), [], view), _targets(rows, view),
    ]  # fmt: skip
    chart = alt.LayerChart(
        layer=layers, width=WIDTH, height=HEIGHT,
        view=alt.ViewBackground(fill=GRID, fillOpacity=0.3, stroke=None),
    ).add_params(alt.param(name=CHOICE, value=ALL))  # fmt: skip
    chart.projection = alt.Projection(
        type=view.projection, rotate=[-view.centre[0], -view.centre[1], 0], scale=view.scale,
        translate=list(view.translate), clipExtent=[[0, 0], [WIDTH, HEIGHT]],
    )  # fmt: skip
    name = find_state(found.ground).name
    return finished(chart, f"Map of the corridors of {name}; the table below has the same numbers.")


def drawable(found: Corridors, network: Network) -> list[Route]:
    """Routes between places with coordinates."""
    points = coordinates(network)
    return [route for route in found.routes if route.start in points and route.end in points]


def is_shut(route: Route) -> bool:
    """Whether nothing can flow over it, as where a scenario closes it."""
    return route.capacity is not None and route.capacity.high <= 0


def who(route: Route) -> str:
    """Who can close a segment, the surest first, with the range of the probability where it is not sure."""
    said = [
        find_state(right.state).name
        + ("" if right.low >= 1 else f" ({right.low:.0%} to {right.high:.0%} sure)")
        for right in route.can_close
    ]
    return ", ".join(said) or "nobody on record"


def capacity(route: Route) -> str:
    """Capacity with its range and unit."""
    found = route.capacity
    if found is None:
        return "not on record"
    between = "" if found.low == found.high else f" ({found.low:,.1f} to {found.high:,.1f})"
    return f"{found.best:,.1f}{between} {route.unit}"


def moved(route: Route) -> str:
    """What moved in the latest year on record."""
    return "not on record" if route.value is None else f"{route.value:,.1f} {route.unit} ({route.year})"


def modelled(route: Route) -> str:
    """What the best flow of the model sends over it."""
    return "not on record" if route.modelled is None else f"{route.modelled:,.1f} {route.unit}"


def _titles(network: Network) -> dict[str, str]:
    return {place.name: place.title.split(" (")[0].split(" / ")[0] for place in network.places}


def _rows(
    drawn: list[Route], points: dict[str, Point], view: View, titles: dict[str, str]
) -> list[dict[str, object]]:
    """Each route as a line in pixels, with all that is said of it; parallel ones beside one another."""
    most: dict[str, float] = defaultdict(float)
    for route in drawn:
        most[route.commodity] = max(most[route.commodity], route.modelled or 0.0)
    beside: dict[frozenset[str], float] = defaultdict(float)
    rows = []
    for route in drawn:
        start, end = to_pixel(view, points[route.start]), to_pixel(view, points[route.end])
        if start is None or end is None:
            continue
        width = _THINNEST + (_WIDEST - _THINNEST) * (route.modelled or 0.0) / (most[route.commodity] or 1.0)
        pair = frozenset((route.start, route.end))
        shift = beside[pair] + width / 2 if beside[pair] else 0.0
        beside[pair] = shift + width / 2 + 2.0
        (x1, y1), (x2, y2) = _shifted(start, end, shift, forward=route.start <= route.end)
        rows.append(
            {
                "x": round(x1, 1), "y": round(y1, 1), "x2": round(x2, 1), "y2": round(y2, 1),
                "width": round(width, 2), "halo": round(width + 2.4, 2), "colour": COLOURS[route.commodity],
                "dash": [5, 4] if is_shut(route) else [1, 0], "commodity": route.commodity,
                "name": route.title, "way": f"{titles[route.start]} to {titles[route.end]}",
                "capacity": capacity(route), "model": modelled(route), "record": moved(route), "who": who(route),
            }
        )  # fmt: skip
    return rows


def _shifted(start: Point, end: Point, by: float, *, forward: bool) -> tuple[Point, Point]:
    """A line moved to its side; to the same side, whichever way it runs."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = hypot(across, down) or 1.0
    side = by if forward else -by
    step = (-down / length * side, across / length * side)
    return (start[0] + step[0], start[1] + step[1]), (end[0] + step[0], end[1] + step[1])


def _base(rows: list[dict[str, object]], view: View) -> alt.Chart:
    return (
        alt.Chart(alt.Data(values=rows))
        .transform_filter(f"{CHOICE} == '{ALL}' || datum.commodity == {CHOICE}")
        .encode(**pixels(view), x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"))
    )


def _lines(rows: list[dict[str, object]], view: View) -> list[alt.Chart]:
    base = _base(rows, view)
    halo = base.mark_rule(strokeCap="round", color=PAPER, aria=False, clip=True).encode(
        strokeWidth=alt.StrokeWidth("halo:Q", scale=None)
    )
    lines = base.mark_rule(strokeCap="round", aria=False, clip=True).encode(
        color=alt.Color("colour:N", scale=None),
        strokeDash=alt.StrokeDash("dash:N", scale=None),
        strokeWidth=alt.StrokeWidth("width:Q", scale=None),
    )
    return [halo, lines]


def _targets(rows: list[dict[str, object]], view: View) -> alt.Chart:
    """What the pointer meets: lines wide enough to hit, seen only under it."""
    hover = alt.selection_point(name="under", on="pointerover", clear="pointerout", empty=False)
    said = [
        alt.Tooltip(f"{name}:N", title=title)
        for name, title in (
            ("name", "Segment"), ("way", "From, to"), ("commodity", "Commodity"),
            ("capacity", "Capacity"), ("model", "Flow in the model"), ("record", "Flow on record"),
            ("who", "Can close it"),
        )
    ]  # fmt: skip
    return (
        _base(rows, view)
        .mark_rule(strokeCap="round", strokeWidth=_REACH, color=INK, aria=False, clip=True)
        .encode(opacity=alt.condition(hover, alt.value(0.35), alt.value(0.0)), tooltip=said)
        .add_params(hover)
    )


def _labels(drawn: list[Route], points: dict[str, Point], view: View, titles: dict[str, str]) -> list[Label]:
    """Names of the ends of the widest lines of each commodity."""
    names: dict[str, None] = {}
    for commodity in dict.fromkeys(route.commodity for route in drawn):
        mine = [route for route in drawn if route.commodity == commodity]
        widest = sorted(mine, key=lambda route: -(route.modelled or 0.0))
        names |= dict.fromkeys([name for route in widest for name in (route.end, route.start)][:_NAMED])
    seen: dict[str, Point] = {}
    for name in names:
        pixel = to_pixel(view, points[name])
        if pixel:
            seen.setdefault(titles[name], pixel)
    return [
        Label((title,), TYPE - 2, bold=False, near=((x, y - 12), (x, y + 12)))
        for title, (x, y) in seen.items()
    ]
