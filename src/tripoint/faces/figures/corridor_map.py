"""Where the corridors of a ground run, what flows on them in the model, and which of the two powers can close them."""

import altair as alt

from tripoint.core.network import OPERATING, Network
from tripoint.faces.figures.canvas import TYPE, WIDTH, finished
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
from tripoint.faces.figures.theme import FIRST, GRID, GROUND, INK, MUTED, PAPER, SECOND
from tripoint.readings.corridors import Route
from tripoint.readings.reading import Reading
from tripoint.sources.corridors import shipped_network

_HEIGHT, _LEGEND, _MARGIN = 340.0, 24.0, 26.0
#: Widest and thinnest line, in pixels.
_WIDEST, _THINNEST = 9.0, 1.2
#: Places that are named: the ends of the widest lines.
_NAMED = 7


def corridor_map(reading: Reading, commodity: str) -> alt.LayerChart | None:
    """The segments of one commodity; None where the ground has none, or none with coordinates."""
    found = reading.corridors
    routes = [route for route in found.routes if route.commodity == commodity] if found else []
    points = coordinates(shipped_network())
    drawn = [route for route in routes if route.start in points and route.end in points]
    if not drawn:
        return None
    ends = [points[name] for route in drawn for name in (route.start, route.end)]
    view = fitted_to(ends, WIDTH, _HEIGHT, _HEIGHT - NOTE_HEIGHT - _LEGEND, _MARGIN)
    triad = reading.triad
    roles = {triad.first: FIRST, triad.second: SECOND, triad.ground: GROUND}
    rows = [row for route in drawn if (row := _line(route, points, view, reading, routes))]
    base = alt.Chart(alt.Data(values=rows)).encode(
        **pixels(view),
        x2=alt.X2("x2:Q"),
        y2=alt.Y2("y2:Q"),
        strokeWidth=alt.StrokeWidth("width:Q", scale=None),
    )
    lines = base.mark_rule(strokeCap="round", aria=False).encode(
        color=alt.Color("colour:N", scale=None), strokeDash=alt.StrokeDash("dash:N", scale=None)
    )
    halo = base.mark_rule(strokeCap="round", color=PAPER, aria=False).encode(
        strokeWidth=alt.StrokeWidth("halo:Q", scale=None)
    )
    layers = [*land(roles, view, 0.25), hatching(roles, view), halo, lines, *_legend(reading, view)]
    layers += texts(_labels(drawn, points, view), [], view)
    chart = alt.LayerChart(
        layer=layers,
        width=WIDTH,
        height=_HEIGHT,
        view=alt.ViewBackground(fill=GRID, fillOpacity=0.3, stroke=None),
    )
    chart.projection = alt.Projection(
        type=view.projection,
        rotate=[-view.centre[0], -view.centre[1], 0],
        scale=view.scale,
        translate=list(view.translate),
        clipExtent=[[0, 0], [WIDTH, _HEIGHT]],
    )
    widest = sorted(routes, key=lambda route: -(route.modelled or 0.0))[:5]
    said = "; ".join(f"{route.title} {route.modelled:,.1f} {route.unit}" for route in widest)
    return finished(chart, f"Map of {commodity} corridors. The most in the model: {said}.")


def coordinates(network: Network) -> dict[str, Point]:
    """Places with coordinates: longitude and latitude."""
    return {
        place.name: (place.longitude, place.latitude)
        for place in network.places
        if place.longitude is not None and place.latitude is not None
    }


def fitted_to(points: list[Point], width: float, height: float, room: float, margin: float) -> View:
    """A projection that shows all points within the upper ``room`` of a frame, turned so that its middle is theirs."""
    centre = (
        (min(x for x, _ in points) + max(x for x, _ in points)) / 2,
        (min(y for _, y in points) + max(y for _, y in points)) / 2,
    )
    bare = View("azimuthalEqualArea", centre, 1.0, (0.0, 0.0), width, height)
    flat = [pixel for point in points if (pixel := to_pixel(bare, point))]
    left, right = min(x for x, _ in flat), max(x for x, _ in flat)
    top, bottom = min(y for _, y in flat), max(y for _, y in flat)
    scale = min((width - 2 * margin) / max(right - left, 0.2), (room - 2 * margin) / max(bottom - top, 0.1))
    across, down = width / 2 - scale * (left + right) / 2, room / 2 - scale * (top + bottom) / 2
    return View("azimuthalEqualArea", centre, scale, (across, down), width, height)


def _line(
    route: Route, points: dict[str, Point], view: View, reading: Reading, routes: list[Route]
) -> dict[str, object] | None:
    start, end = to_pixel(view, points[route.start]), to_pixel(view, points[route.end])
    if start is None or end is None:
        return None
    most = max((other.modelled or 0.0 for other in routes), default=0.0) or 1.0
    width = _THINNEST + (_WIDEST - _THINNEST) * (route.modelled or 0.0) / most
    return {
        "x": start[0], "y": start[1], "x2": end[0], "y2": end[1], "width": width, "halo": width + 1.6,
        "colour": _colour(route, reading), "dash": [1, 0] if route.status == OPERATING else [4, 3],
    }  # fmt: skip


def _colour(route: Route, reading: Reading) -> str:
    """Of the power that can surely close the segment; ink where both can, grey where only others can."""
    surely = {right.state for right in route.can_close if right.low >= 1}
    both = {reading.triad.first: FIRST, reading.triad.second: SECOND}
    hit = [colour for code, colour in both.items() if code in surely]
    if len(hit) == 2:
        return INK
    if hit:
        return hit[0]
    return GROUND if surely <= {reading.triad.ground} else MUTED


def _legend(reading: Reading, view: View) -> list[alt.Chart]:
    names = reading.triad.states
    entries = [
        (names["first"].iso3, FIRST), (names["second"].iso3, SECOND), ("both", INK),
        (f"{names['ground'].iso3} alone", GROUND), ("others", MUTED),
    ]  # fmt: skip
    down, rows, across = view.height - NOTE_HEIGHT - 10, [], 6.0
    for text, colour in entries:
        rows.append({"x": across, "y": down, "x2": across + 16, "y2": down, "colour": colour, "text": text})
        across += 40 + 8.2 * len(text)
    base = alt.Chart(alt.Data(values=rows)).encode(**pixels(view))
    swatches = base.mark_rule(strokeWidth=4, aria=False).encode(
        x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), color=alt.Color("colour:N", scale=None)
    )
    words = base.mark_text(align="left", baseline="middle", dx=20, fontSize=12, color=INK, aria=False)
    return [swatches, words.encode(text="text:N")]


def _labels(drawn: list[Route], points: dict[str, Point], view: View) -> list[Label]:
    """Names of the ends of the widest lines."""
    titles = {place.name: place.title.split(" (")[0].split(" / ")[0] for place in shipped_network().places}
    widest = sorted(drawn, key=lambda route: -(route.modelled or 0.0))
    names = list(dict.fromkeys(name for route in widest for name in (route.end, route.start)))[:_NAMED]
    placed = [(name, pixel) for name in names if (pixel := to_pixel(view, points[name]))]
    return [Label((titles[name],), TYPE - 3, bold=False, near=((x, y - 10),)) for name, (x, y) in placed]
