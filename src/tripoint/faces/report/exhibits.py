"""What the report shows: each figure with its title, how to read it, and the table behind it, or why it is empty."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import altair as alt
import polars as pl
from markupsafe import Markup

from tripoint.core.states import find_state
from tripoint.faces.figures import theme
from tripoint.faces.figures.barometer import barometer_figure
from tripoint.faces.figures.canvas import themed, unchecked
from tripoint.faces.figures.collisions import collisions_figure
from tripoint.faces.figures.corridor_map import corridor_map
from tripoint.faces.figures.displacement import displacement_figure
from tripoint.faces.figures.fault_lines import fault_lines_figure
from tripoint.faces.figures.front import front_figure
from tripoint.faces.figures.glue import glue_figure
from tripoint.faces.figures.map import Flow, areas, triad_map
from tripoint.faces.figures.needles import needles_figure
from tripoint.faces.figures.positions import positions_figure
from tripoint.faces.figures.presence import presence_figure
from tripoint.faces.figures.shares import shares_figure
from tripoint.faces.figures.siding import siding_figure
from tripoint.faces.figures.tilts import tilts_figure
from tripoint.faces.figures.votes import votes_figure
from tripoint.faces.figures.what_ifs import what_if_figure
from tripoint.faces.figures.world import world_figure
from tripoint.faces.report import tables
from tripoint.faces.report.tables import Table
from tripoint.measures.index import index
from tripoint.readings.names import opened, spoken, spoken_roles
from tripoint.readings.reading import Reading


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One figure with all that belongs to it.

    Attributes
    ----------
    picture
        The drawing; None where there is nothing to draw, and then ``reason`` says why.
    """

    id: str
    title: str
    caption: str
    picture: Markup | None
    reason: str
    table: Table


def drawn(chart: alt.TopLevelMixin | None, title: str, description: str = "") -> Markup | None:
    """A chart as an SVG element; safe to place, since the renderer escapes every text in it."""
    if chart is None:
        return None
    said = description or getattr(chart, "description", title)
    return Markup(theme.svg(chart, title, said))  # noqa: S704 - the renderer's own markup, its texts escaped


def exhibit(
    reading: Reading,
    made: tuple[str, str, Callable[[Reading], alt.TopLevelMixin | None], Callable[[Reading], Table]],
    caption: str,
    reason: str,
) -> Exhibit:
    """A figure with its table: id, title, and the functions that draw and tabulate; ``reason`` if it is empty."""
    name, title, figure, table = made
    with unchecked():
        chart = figure(reading)
    return Exhibit(name, title, caption, drawn(chart, title), reason, table(reading))


def barometer(reading: Reading) -> Exhibit:
    """The barometer over time."""
    return exhibit(
        reading,
        ("barometer", "The barometer over time", barometer_figure, tables.barometer_table),
        "Solid: what all data up to today say about each year, with the 90% band. Dashed: what could "
        "have been said at the end of that year. Where the two part, later data changed the picture.",
        f"There is no barometer in any year: {_why_no_strain(reading)}",
    )


def needles(reading: Reading) -> Exhibit:
    """Unity and strain."""
    name = spoken_roles(reading.triad)
    missing = "" if reading.needles["strain"].latest() else f" Strain is not drawn: {_why_no_strain(reading)}"
    return exhibit(
        reading,
        ("needles", "Unity and strain", needles_figure, tables.needles_table),
        f"Unity: how close {name['first']} and {name['second']} are. Strain: how hard they collide in "
        f"{name['ground']}. Both are percentiles with 90% bands; higher strain is worse.{missing}",
        "Neither unity nor strain has a value in any year.",
    )


def _why_no_strain(reading: Reading) -> str:
    notes = reading.needles["strain"].frame["note"].drop_nulls()
    reason = notes[-1] if len(notes) else "no year is observed"
    rule = f" (each must hold at least {index().presence.least:.0%} of its trade turnover)"
    return f"{reason}{rule if 'present' in reason else ''}."


def triad(reading: Reading) -> Exhibit:
    """The map of the triad."""
    name, ground = spoken_roles(reading.triad), reading.triad.states["ground"]
    latest = latest_shares(reading)
    chart, reason = None, ""
    absent = [state.name for state in reading.triad.states.values() if state.iso3 not in areas()]
    if absent:
        reason = f"The map has no shape for {', '.join(absent)}."
    else:
        flows = [
            Flow(power=code, value=row["value"], label=_flow_label(reading, code, row))
            for code, row in latest.items()
        ]
        states = (reading.triad.first, reading.triad.second, reading.triad.ground, reading.triad.outsider)
        with unchecked():
            chart = themed(triad_map(*states, flows, width=380, height=310))
    said = "; ".join(_flow_label(reading, code, row) for code, row in latest.items())
    description = (
        f"Map of {name['first']}, {name['second']} and {name['ground']} between them. {said}".strip()
    )
    caption = (
        f"Arrows: the share of each power in the trade turnover of {name['ground']}, latest year observed."
        if latest
        else f"No arrows: no share of either power in the trade turnover of {name['ground']} is observed."
    )
    title = f"Where {ground.name} lies between the two"
    return Exhibit(
        "map", title, caption, drawn(chart, title, description), reason, tables.map_table(reading, latest)
    )


def latest_shares(reading: Reading) -> dict[str, dict[str, Any]]:
    """Power to the row of its latest observed share in the ground's turnover."""
    found = {}
    if "value" not in reading.presence.columns:
        return {}
    rows = reading.presence.filter(
        pl.col("measure") == index().presence.measure, pl.col("value").is_not_null()
    ).sort("period")
    for row in rows.iter_rows(named=True):
        if row["power"] in reading.triad.pair:
            found[row["power"]] = row
    return found


def _flow_label(reading: Reading, code: str, row: dict[str, Any]) -> str:
    name = next(state.name for state in reading.triad.states.values() if state.iso3 == code)
    return f"{name} {tables.shown(row['value'], 'share')} in {row['period']}"


def votes(reading: Reading) -> Exhibit:
    """How alike the three vote."""
    name = spoken_roles(reading.triad)
    return exhibit(
        reading,
        ("votes", "How alike they vote", votes_figure, tables.votes_table),
        "Lines with 90% bands; a hollow mark is a year still under way. Kappa is 0 where two states "
        "agree no more than their own habits of voting would produce, and 1 where they always agree.",
        f"No year has enough roll calls on which two of {name['first']}, {name['second']} and "
        f"{name['ground']} voted.",
    )


def positions(reading: Reading) -> Exhibit:
    """Where the four stand."""
    return exhibit(
        reading,
        ("positions", "Ideal points, session by session", positions_figure, tables.positions_table),
        "Dynamic ideal points with 90% bands: one line fitted to all votes of all states, session by session. Compare "
        "states within a session; a common move of all may be a change of what is put to a vote.",
        "The vintage has no ideal point of any of the four states.",
    )


def glue(reading: Reading) -> Exhibit:
    """What glues the two."""
    name = spoken_roles(reading.triad)
    return exhibit(
        reading,
        ("glue", "What glues them", glue_figure, tables.glue_table),
        f"Agreement beyond chance is the sum of the two lines: what goes through the vote of {name['outsider']}, and "
        "what is left when that vote is known. An account, not a cause. The table has the other estimands, the "
        "spread over choices and the placebos.",
        f"The vintage has no votes in depth of {name['first']} and {name['second']} against {name['outsider']}: it "
        f"holds pairs of its {len(reading.manifest.powers)} powers.",
    )


def fault_lines(reading: Reading) -> Exhibit:
    """Where the two part, by issue."""
    name = spoken_roles(reading.triad)
    return exhibit(
        reading,
        ("faults", "Fault lines by issue", fault_lines_figure, tables.fault_lines_table),
        "The least alike first. Where intervals overlap, the order may be chance: the table gives the places that "
        "they allow. From 2020 a keyword coder assigns issues, and its errors widen the intervals.",
        f"No issue has enough roll calls on which {name['first']} and {name['second']} voted, for a pair of the "
        "powers of this vintage.",
    )


def siding(reading: Reading) -> Exhibit:
    """Whom the ground joins."""
    name = spoken_roles(reading.triad)
    powers = len(reading.manifest.powers)
    return exhibit(
        reading,
        ("siding", opened(f"whom {name['ground']} sides with"), siding_figure, tables.siding_table),
        "Only roll calls on which the two powers cast different votes. They are few, so the bands are "
        "wide: read the run of years, not one year. Years with too few splits for a share have a bar and "
        "no line.",
        f"The vintage has no year in which {name['first']} and {name['second']} parted often enough while "
        f"{name['ground']} voted. Votes in the ground are read for pairs of its {powers} powers only.",
    )


def front(reading: Reading) -> Exhibit:
    """The united front."""
    name = spoken_roles(reading.triad)
    known = ", ".join(spoken(find_state(code)) for code in reading.manifest.outsiders)
    return exhibit(
        reading,
        ("front", f"A united front against {name['outsider']}?", front_figure, tables.front_table),
        "Each point covers five years. A united front shows as 'votes no' staying above the other line: "
        f"the two vote alike when {name['outsider']} votes no, and less so otherwise. The subjects differ "
        "too; this describes and proves no cause.",
        f"The vintage has no series of {name['first']} and {name['second']} against {name['outsider']}: "
        f"it holds pairs of its {len(reading.manifest.powers)} powers against {known}.",
    )


def presence(reading: Reading) -> Exhibit:
    """Presence in the ground's trade."""
    name = spoken_roles(reading.triad)
    return exhibit(
        reading,
        ("presence", opened(f"who trades with {name['ground']}"), presence_figure, tables.presence_table),
        "Shares with 90% bands. A hollow mark rests on rounded shares that were published without "
        "values; the others rest on trade statistics. A line breaks where a year is not observed.",
        f"No report of trade between {name['ground']} and {name['first']}, {name['second']} or "
        f"{name['outsider']} in this vintage can be read as a share.",
    )


def displacement(reading: Reading) -> Exhibit:
    """Who took whose share."""
    name = spoken_roles(reading.triad)
    return exhibit(
        reading,
        ("displacement", "Who took whose share", displacement_figure, tables.displacement_table),
        f"How much of the turnover of {name['ground']} moved from one power to the other, with 90% "
        "intervals. Ten years end with the year shown. A jump across a gap may be a change of source and "
        "not of trade.",
        f"Displacement needs the shares of both {name['first']} and {name['second']} in {name['ground']} "
        "in two observed years, for a pair of the powers of this vintage; there is none.",
    )


def tilts(reading: Reading) -> Exhibit:
    """How the ground leans."""
    name = spoken_roles(reading.triad)
    return exhibit(
        reading,
        ("tilts", opened(f"how {name['ground']} leans between the two"), tilts_figure, tables.ground_table),
        f"In each layer, from all {name['second']} (left) to all {name['first']} (right), with 90% intervals and the "
        "year. Opposite tilts with both engaged are what hedging means here. A layer that is not on record for both "
        "is not drawn.",
        f"No layer of ties is on record for both {name['first']} and {name['second']} in {name['ground']}.",
    )


def collisions(reading: Reading) -> Exhibit:
    """Grounds by issue area."""
    name = spoken_roles(reading.triad)
    return exhibit(
        reading,
        ("collisions", "Fault lines by ground and area", collisions_figure, tables.collisions_table),
        "Percentiles among all pairs of the twelve powers in all grounds where both are present, the grounds under "
        "most strain first. An empty cell is not observed. The table has intervals, and the ranks that they allow.",
        f"The vintage has no ground in which {name['first']} and {name['second']} are both on record as present.",
    )


def world(reading: Reading) -> Exhibit:
    """The pair in the world."""
    name = spoken_roles(reading.triad)
    return exhibit(
        reading,
        ("world", "Strain in the world", world_figure, tables.strain_table),
        f"Strain between {name['first']} and {name['second']} over all areas, as a percentile. Grey is not calm: one "
        "of the two holds less than 2% of turnover there, or trade with it is not on record.",
        f"The vintage has no ground in which {name['first']} and {name['second']} are both on record as present.",
    )


def routes(reading: Reading, commodity: str) -> Exhibit:
    """Corridors of one commodity on a map."""
    name = spoken_roles(reading.triad)
    titles = {"crude": "Oil routes", "gas": "Gas routes"}
    figure = partial(corridor_map, commodity=commodity)
    table = partial(tables.routes_table, commodity=commodity)
    return exhibit(
        reading,
        (f"routes-{commodity}", titles[commodity], figure, table),
        "As wide as what the cheapest flow of the model sends over each segment, in the colour of whoever of the two "
        "can surely close it. Segments are drawn straight. Real flows also follow contracts and blends: the table has "
        "those on record.",
        f"No {commodity} corridor of {name['ground']} is on record.",
    )


def bargaining(reading: Reading) -> Exhibit:
    """Bargaining power by commodity."""
    name = spoken_roles(reading.triad)
    return exhibit(
        reading,
        ("bargaining", "Bargaining power over corridors", shares_figure, tables.bargaining_table),
        "What each state adds on average to what all earn together (Shapley value), as a share of it; the line spans "
        "90% of draws of capacities, prices, costs and rights of closure from their ranges.",
        f"No corridor of {name['ground']} is on record.",
    )


def what_ifs(reading: Reading) -> Exhibit:
    """Scenarios by states."""
    name = spoken_roles(reading.triad)
    return exhibit(
        reading,
        ("what-ifs", "Who gains and who loses by a change of routes", what_if_figure, tables.what_if_table),
        "+ surely earns more, \u2013 surely earns less, ? not sure, 0 no change; an empty cell has no say. Sure: in "
        f"nineteen of twenty draws. The interests of {name['first']} and {name['second']} oppose where their signs do.",
        f"No scenario that ships here changes the corridors of {name['ground']}.",
    )
