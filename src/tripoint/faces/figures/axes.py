"""What the axes of the figures say: years below, shares, percentiles or points at the left."""

from collections.abc import Iterable
from math import ceil, floor

import altair as alt

from tripoint.core.period import Period
from tripoint.faces.figures.canvas import AXIS

Domain = tuple[float, float]

SHARE = "format(datum.value, '.0%')"
PERCENTILE = "format(datum.value, 'd')"
SIMILARITY = "replace(format(datum.value, '.2~f'), '-', '−')"
POINTS = "datum.value == 0 ? '0' : replace(format(100 * datum.value, '+.3~f'), '-', '−')"


def year_of(period: str) -> float:
    """Where a period stands on an axis of years.

    Examples
    --------
    >>> year_of("2023"), year_of("2023-07"), year_of("2023-Q3")
    (2023.0, 2023.5, 2023.5)
    """
    start = Period.parse(period).start
    return start.year + (start.month - 1) / 12


def years_in(period: str) -> float:
    """How much of a year a period is.

    Examples
    --------
    >>> years_in("2023"), years_in("2023-Q3")
    (1.0, 0.25)
    """
    return {"year": 1.0, "quarter": 0.25, "month": 1 / 12}[Period.parse(period).frequency]


def years_axis(years: Iterable[float], width: int) -> alt.X:
    """The axis of years, with as few labels as fit into its width."""
    known = list(years)
    first, last = min(known), max(known)
    step = next(step for step in (1, 2, 5, 10, 20, 50, 1000) if (last - first) / step <= width / 52)
    ticks = list(range(ceil(first / step) * step, floor(last) + 1, step))
    axis = alt.Axis(values=ticks, format="d", grid=False, title=None, labelOverlap=True)
    return alt.X(
        "year:Q", axis=axis, scale=alt.Scale(domain=[first - 0.6, last + 0.6], nice=False, zero=False)
    )


def value_axis(field: str, domain: Domain, label: str, step: float) -> alt.Y:
    """A vertical axis over a domain, a line at each step."""
    low, high = domain
    axis = alt.Axis(
        values=ticks_of(domain, step),
        labelExpr=label,
        title=None,
        ticks=False,
        domain=False,
        minExtent=AXIS,
        maxExtent=AXIS,
    )
    return alt.Y(field, axis=axis, scale=alt.Scale(domain=[low, high], nice=False, zero=False, clamp=True))


def ticks_of(domain: Domain, step: float) -> list[float]:
    """Multiples of the step inside the domain.

    Examples
    --------
    >>> ticks_of((-0.3, 1.0), 0.5)
    [0.0, 0.5, 1.0]
    """
    low, high = domain
    return [round(step * i, 6) for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def with_margin(domain: Domain, share: float) -> Domain:
    """The domain with a margin at both ends, for words that stand there."""
    low, high = domain
    return low - share * (high - low), high + share * (high - low)


def domain_of(values: Iterable[float | None], low: float, high: float) -> tuple[Domain, float]:
    """A domain that holds all values and reaches at least from ``low`` to ``high``, and a round step for its grid.

    Examples
    --------
    >>> domain_of([0.02, 0.31, None], 0.0, 0.1)
    ((0.0, 0.31), 0.1)
    """
    known = [value for value in values if value is not None]
    low, high = min([low, *known]), max([high, *known])
    steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 25, 50, 100, 1e9)
    return (round(low, 6), round(high, 6)), next(step for step in steps if (high - low) / step <= 5)
