"""Where the four states stand in the General Assembly: ideal points, with and without the outsider."""

import altair as alt

from tripoint.faces.figures.axes import SIMILARITY, domain_of
from tripoint.faces.figures.band import Line, Panel, last_full, lines_with_bands, rows_of
from tripoint.faces.figures.canvas import SPARE, finished, panel_title, short
from tripoint.faces.figures.theme import FIRST, GROUND, OUTSIDER, SECOND
from tripoint.readings.reading import Reading

ROLES = (("first", FIRST), ("second", SECOND), ("ground", GROUND), ("outsider", OUTSIDER))


def positions_figure(reading: Reading) -> alt.VConcatChart | None:
    """Ideal points by session since the ground's own record begins, with 90% bands.

    Returns
    -------
    None where no state has a position.
    """
    positions = reading.positions
    if positions is None:
        return None
    own = positions.of(reading.triad.ground).drop_nulls("value")["period"]
    since = str(own.min()) if len(own) else ""
    lines = []
    for role, colour in ROLES:
        state = reading.triad.states[role]
        rows = positions.of(state.iso3)
        if seen := rows_of(rows.filter(rows["period"] >= since)):
            lines.append(Line(short(state.name, state.iso3), colour, seen))
    if not lines:
        return None
    outsider = short(reading.triad.states["outsider"].name, reading.triad.outsider)
    inner = [line for line in lines if line.name != outsider]
    groups = [("Positions (standard deviations)", lines), ("The same without the outsider", inner)]
    panels = []
    for heading, group in groups if len(inner) < len(lines) and inner else groups[:1]:
        ends = [row[bound] for line in group for row in line.rows for bound in ("lower", "upper")]
        domain, step = domain_of(ends, -0.5, 0.5)
        panels.append(lines_with_bands(group, Panel(domain, step, SIMILARITY, 210, panel_title(heading))))
    last = [(line.name, last_full(line.rows)) for line in lines]
    said = ", ".join(f"{name} {row['value']:.2f} in {row['year']:.0f}" for name, row in last)
    return finished(alt.vconcat(*panels, spacing=16), f"Ideal points, last session: {said}.", right=SPARE)
