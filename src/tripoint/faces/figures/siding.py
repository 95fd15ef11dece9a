"""Whom the ground votes with when the two powers part, and on how many roll calls they do."""

import altair as alt
import polars as pl

from tripoint.faces.figures.axes import SHARE, domain_of, value_axis, year_of, years_axis
from tripoint.faces.figures.band import Line, Panel, last_full, lines_with_bands, rows_of, span_of
from tripoint.faces.figures.canvas import AXIS, NAMES, SPARE, WIDTH, finished, panel_title, short
from tripoint.faces.figures.theme import FIRST, MUTED, SECOND
from tripoint.readings.reading import Reading


def siding_figure(reading: Reading) -> alt.VConcatChart | None:
    """Shares of split roll calls with the first power, the second and neither, and the number of splits below.

    Returns
    -------
    None where no year has a value.
    """
    names = {role: short(state.name, state.iso3) for role, state in reading.triad.states.items()}
    sides = (
        ("siding_first", f"with {names['first']}", FIRST),
        ("siding_second", f"with {names['second']}", SECOND),
        ("siding_neither", "with neither", MUTED),
    )
    lines = [
        Line(name, colour, rows)
        for measure, name, colour in sides
        if (rows := rows_of(reading.siding.filter(pl.col("measure") == measure)))
    ]
    if not lines:
        return None
    frame = reading.siding.filter(pl.col("measure") == "siding_first")
    splits = [{"year": year_of(period), "n": n} for period, n in frame.select("period", "n").iter_rows()]
    years = [*span_of(lines), *(row["year"] for row in splits)]
    panel = Panel(
        (0, 1), 0.25, SHARE, 240, panel_title("Share of split roll calls"), years=(min(years), max(years))
    )
    chart = alt.vconcat(lines_with_bands(lines, panel), _splits(splits, years), spacing=14)
    ends = ", ".join(f"{last_full(line.rows)['value']:.0%} {line.name}" for line in lines)
    said = f"In {last_full(lines[0].rows)['year']:.0f} {names['ground']} voted {ends}."
    return finished(chart, f"Three lines of shares per year. {said}", right=SPARE)


def _splits(rows: list[dict], years: list[float]) -> alt.Chart:
    """Bars of the number of split roll calls per year, years with too few for a share included."""
    domain, step = domain_of([row["n"] for row in rows], 0, 10)
    return (
        alt.Chart(alt.Data(values=tuple(rows)))
        .mark_bar(color=MUTED, size=7, opacity=0.75)
        .encode(x=years_axis(years, WIDTH - AXIS - NAMES), y=value_axis("n:Q", domain, "datum.label", step))
        .properties(width=WIDTH - AXIS - NAMES, height=70, title=panel_title("Split roll calls"))
    )
