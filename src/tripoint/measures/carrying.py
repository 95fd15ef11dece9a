"""What stands for a year without an observation: the last one, its interval wider by what may have changed since."""

import numpy as np
import polars as pl

from tripoint.core.series import LEVEL
from tripoint.measures.index import index
from tripoint.measures.measure import Floats
from tripoint.models.hedging import Bounded


def carried(found: Bounded, least: float = 0.0) -> Bounded:
    """Fill gaps with the last observation of up to the declared number of years ago.

    Distances to the bounds grow, in quadrature, by what values changed by over as many years, nine times in ten.

    Parameters
    ----------
    found
        Values and bounds on a scale on which changes are alike at all levels, shape ``(..., n_years)``, NaN where not
        observed.
    least
        As in `drift`.
    """
    value, lower, upper = (array.copy() for array in (found.value, found.lower, found.upper))
    for age, change in enumerate(drift(found.value, least), 1):
        gap = np.isnan(value[..., age:]) & np.isfinite(found.value[..., :-age])
        last, low, high = (array[..., :-age] for array in (found.value, found.lower, found.upper))
        value[..., age:] = np.where(gap, last, value[..., age:])
        lower[..., age:] = np.where(gap, last - np.hypot(last - low, change), lower[..., age:])
        upper[..., age:] = np.where(gap, last + np.hypot(high - last, change), upper[..., age:])
    return Bounded(value, lower, upper)


def drift(values: Floats, least: float = 0.0) -> list[float]:
    """What nine in ten values changed by, at most, over one year, two, and so on to the declared number.

    Parameters
    ----------
    values
        Shape ``(..., n_years)``, NaN where not observed.
    least
        Only changes from or to a value above it count: what is nothing, and stays it, says little of what is something.
    """
    found = []
    for age in range(1, index().presence.carried_years + 1):
        now, before = values[..., age:], values[..., :-age]
        known = np.abs(now - before)[np.isfinite(now - before) & (np.maximum(now, before) > least)]
        found.append(float(np.quantile(known, LEVEL)) if known.size else 0.0)
    return found


def roots(found: Bounded) -> Bounded:
    """Shares on the scale on which their errors are alike at all levels."""
    return Bounded(*(np.sqrt(np.maximum(array, 0.0)) for array in (found.value, found.lower, found.upper)))


def squares(found: Bounded, most: float) -> Bounded:
    """The inverse of `roots`, not above a highest value."""
    return Bounded(
        *(np.minimum(np.maximum(array, 0.0) ** 2, most) for array in (found.value, found.lower, found.upper))
    )


def root_drift(rows: pl.DataFrame, who: tuple[str, ...], year: str) -> dict[int, float]:
    """As `drift`, of the roots of values in rows, by age; 0 for what is not carried."""
    root = rows.select(*who, pl.col(year), pl.col("value").sqrt().alias("root"))
    found = {0: 0.0}
    for age in range(1, index().presence.carried_years + 1):
        both = root.join(root.with_columns(pl.col(year) + age), on=[*who, year], suffix="_before")
        some = both.filter(pl.max_horizontal("root", "root_before") > 0)
        change = (some["root"] - some["root_before"]).abs().quantile(LEVEL)
        found[age] = float(change) if change is not None else 0.0
    return found


def widened_roots(change: pl.Expr, most: float) -> tuple[pl.Expr, pl.Expr]:
    """Bounds of a value in rows, wider by a change of its root, in quadrature."""
    value, lower, upper = (pl.col(name).clip(0.0).sqrt() for name in ("value", "lower", "upper"))
    down, up = (((value - bound) ** 2 + change**2).sqrt() for bound in (lower, upper))
    return ((value - down).clip(0.0) ** 2).alias("lower"), ((value + up) ** 2).clip(None, most).alias("upper")
