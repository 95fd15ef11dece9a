"""Indicators arranged for needles: every pair, or every pair in every ground, over the same years."""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.measures.index import Index, NeedleDeclaration
from tripoint.measures.needle import Panel, mutual, panel_of, present
from tripoint.measures.records import find_record

#: Gives a measure's series by name; no rows where there is none.
Reader = Callable[[str], pl.DataFrame]


def indicator_panel(name: str, read: Reader, subjects: pl.DataFrame, years: NDArray[np.int64]) -> Panel:
    """One indicator for all subjects.

    Parameters
    ----------
    name
        A measure. Dyadic measures are read for the pair, directed ones as the mean of both directions,
        triadic ones for the pair in its ground.
    read
        Gives a measure's series by name.
    subjects
        Columns ``first``, ``second`` (in alphabetical order) and, for triads, ``ground``.
    years
        Years of the panel.
    """
    series = read(name)
    if find_record(name).grain != "directed-dyad-year":
        return panel_of(series, subjects, years)
    one = subjects.rename({"first": "ground", "second": "power"})
    other = subjects.rename({"second": "ground", "first": "power"})
    return mutual(panel_of(series, one, years), panel_of(series, other, years))


def needle_panels(
    declaration: NeedleDeclaration,
    read: Reader,
    subjects: pl.DataFrame,
    years: NDArray[np.int64],
    index: Index,
) -> tuple[dict[str, Panel], NDArray[np.int8]]:
    """All indicators of a needle, and where the needle applies: 1 where it does, 0 where not, -1 unknown.

    A needle of pairs applies everywhere; one of triads only where both powers are present in the ground, and
    what was measured elsewhere is left out.
    """
    names = {name for made in declaration.with_variants for name in made.indicators}
    panels = {name: indicator_panel(name, read, subjects, years) for name in sorted(names)}
    if declaration.grain == "pair":
        return panels, np.ones((subjects.height, len(years)), np.int8)
    applies = both_present(read, subjects, years, index)
    return {name: _only(panel, applies == 1) for name, panel in panels.items()}, applies


def both_present(
    read: Reader, subjects: pl.DataFrame, years: NDArray[np.int64], index: Index
) -> NDArray[np.int8]:
    """Whether both powers hold the least share of the ground's turnover, as in :func:`present`."""
    series = read(index.presence.measure)
    first, second = (
        panel_of(series, subjects.select("ground", pl.col(power).alias("power")), years)
        for power in ("first", "second")
    )
    return present(first, second, index)


def _only(panel: Panel, applies: NDArray[np.bool_]) -> Panel:
    return Panel(*(np.where(applies, array, np.nan) for array in (panel.value, panel.lower, panel.upper)))
