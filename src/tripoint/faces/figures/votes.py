"""How alike the three states vote: agreement beyond chance, and the plain share of equal votes."""

import altair as alt
import polars as pl

from tripoint.core.triad import Triad
from tripoint.core.units import unit
from tripoint.faces.figures.axes import SHARE, SIMILARITY, domain_of
from tripoint.faces.figures.band import Line, Panel, last_full, lines_with_bands, rows_of
from tripoint.faces.figures.canvas import SPARE, finished, panel_title, short
from tripoint.faces.figures.theme import FIRST, INK, SECOND
from tripoint.readings.reading import Reading

#: The three dyads, and the colour of the power that the ground is compared with.
DYADS = (("first", "second", INK), ("first", "ground", FIRST), ("second", "ground", SECOND))


def votes_figure(reading: Reading) -> alt.VConcatChart | None:
    """Cohen's kappa and the same-vote share of the three dyads per year, with 90% bands.

    Returns
    -------
    None where no dyad has a value.
    """
    panels, said = [], []
    for measure, heading, label, low in (
        ("kappa", "Agreement beyond chance (kappa)", SIMILARITY, 0.0),
        ("same_vote", "Same-vote share", SHARE, 0.5),
    ):
        lines = _lines(reading, measure)
        if not lines:
            continue
        domain, step = domain_of([row["lower"] for line in lines for row in line.rows], low, 1.0)
        panel = Panel(domain, step, label, 220, panel_title(heading))
        panels.append(lines_with_bands(lines, panel))
        ends = ", ".join(_said(line, measure) for line in lines)
        said.append(f"{heading}, last full year: {ends}.")
    if not panels:
        return None
    return finished(alt.vconcat(*panels, spacing=16), " ".join(said), right=SPARE)


def dyad_name(triad: Triad, one: str, other: str) -> str:
    """Name of a dyad for the end of a line; a long one takes two lines."""
    names = [short(triad.states[role].name, getattr(triad, role)) for role in (one, other)]
    whole = "–".join(names)
    return whole if len(whole) <= 13 else f"{names[0]}–\n{names[1]}"


def _said(line: Line, measure: str) -> str:
    row = last_full(line.rows)
    shown = unit("share" if measure == "same_vote" else "similarity").show(row["value"])
    return f"{line.name} {shown} in {row['year']:.0f}".replace("\n", "")


def _lines(reading: Reading, measure: str) -> list[Line]:
    """The dyads that have values of a measure, since the ground's own record begins; all years if it has none."""
    rows = reading.alignment.filter(pl.col("measure") == measure)
    own = rows.filter(pl.col("first").eq(reading.triad.ground) | pl.col("second").eq(reading.triad.ground))
    since = own["period"].min() or ""
    found = []
    for one, other, colour in DYADS:
        pair = sorted((getattr(reading.triad, one), getattr(reading.triad, other)))
        seen = rows_of(
            rows.filter(pl.col("first") == pair[0], pl.col("second") == pair[1], pl.col("period") >= since)
        )
        if seen:
            found.append(Line(dyad_name(reading.triad, one, other), colour, seen))
    return found
