"""The corridors of a ground as one page: a map to hover over, and a table with the same numbers, offline."""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from markupsafe import Markup

from tripoint.core.network import Network
from tripoint.core.states import find_state
from tripoint.faces.figures.canvas import unchecked
from tripoint.faces.figures.corridor_atlas import (
    ALL,
    COLOURS,
    capacity,
    corridor_atlas,
    drawable,
    is_shut,
    modelled,
    moved,
    who,
)
from tripoint.faces.figures.map import NOTE
from tripoint.faces.report.page import environment, resource, write_page
from tripoint.readings.corridors import Corridors, Route


def write_corridor_map(found: Corridors, network: Network, path: str | Path) -> Path:
    """Write the corridors of a ground as one HTML file that needs no network.

    It runs its own script, named by its hash, and no other: the policy in the page forbids everything else.

    Parameters
    ----------
    found
        What was read of the network.
    network
        The network with the places, as for `take_corridors`.
    path
        The file to write; one that exists is replaced, whole or not at all.

    Raises
    ------
    StoreError
        The path is a folder or cannot be written.
    """
    return write_page(lambda: render_corridor_map(found, network), path, "map")


def render_corridor_map(found: Corridors, network: Network) -> str:
    """The page as text."""
    with unchecked():
        chart = corridor_atlas(found, network)
    scripts = () if chart is None else (_vega(), resource("corridors.js"))
    style = resource("report.css") + resource("corridors.css") + _colours()
    titles = {place.name: place.title for place in network.places}
    commodities = tuple(dict.fromkeys(route.commodity for route in found.routes))
    return (
        environment()
        .get_template("corridors.html.j2")
        .render(
            title=f"Corridors of {find_state(found.ground).name}, {found.year}",
            found=found,
            policy=_policy(style, scripts),
            style=Markup(style),  # noqa: S704 - our own files
            scripts=[Markup(script) for script in scripts],  # noqa: S704 - our own file, and the renderer's
            specification="" if chart is None else _as_data(chart.to_dict(validate=False)),
            commodities=commodities,
            all=ALL,
            rows={
                name: [_row(route, titles) for route in found.routes if route.commodity == name]
                for name in commodities
            },
            shut=any(is_shut(route) for route in found.routes),
            hidden=len(found.routes) - len(drawable(found, network)),
            summary=_summary(found),
            boundaries=NOTE,
        )
    )


def _row(route: Route, titles: dict[str, str]) -> tuple[str, ...]:
    way = f"{titles[route.start]} to {titles[route.end]}"
    return route.title, way, capacity(route), modelled(route), moved(route), who(route)


def _summary(found: Corridors) -> str:
    """What the map shows, in words: the widest line of each commodity."""
    said = []
    for commodity in dict.fromkeys(route.commodity for route in found.routes):
        mine = [route for route in found.routes if route.commodity == commodity]
        widest = max(mine, key=lambda route: route.modelled or 0.0)
        flow = f"{widest.title}: {modelled(widest)}"
        said.append(f"Most {commodity} in the model goes by {flow}. It can be closed by {who(widest)}.")
    return " ".join(said)


def _colours() -> str:
    """What each commodity looks like beside its name."""
    return "".join(f".swatch.{name}{{background:{colour}}}" for name, colour in COLOURS.items())


def _as_data(specification: object) -> Markup:
    """JSON that can stand inside a script element: nothing in it ends the element or opens a comment."""
    text = json.dumps(specification, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - no sign is left that means anything in HTML


def _policy(style: str, scripts: tuple[str, ...]) -> str:
    """A content security policy that allows this style and these scripts, and nothing from anywhere."""
    allowed = " ".join(_hash(script) for script in scripts) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _vega() -> str:
    """The renderer as one script; what would end the script element is written otherwise, with the same meaning."""
    import altair
    import vl_convert

    version = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", version)
    return (
        bundle.replace("</script", "<\\/script")
        .replace("<!--", "<\\!--")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
    )
