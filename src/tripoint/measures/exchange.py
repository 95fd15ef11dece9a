"""Is the bond of two powers exchange more than commitment? Percentiles of both kinds of tie, compared."""

from functools import partial
from itertools import combinations

import numpy as np
import polars as pl

from tripoint.core.series import no_rows
from tripoint.measures.index import index
from tripoint.measures.measure import Floats, Frames, Measure, Progress, Settings, grade, series, thresholds
from tripoint.measures.needle import Panel, panel_of, quantiles_of, to_percentiles
from tripoint.measures.needle import Scale as Population
from tripoint.measures.panels import indicator_panel
from tripoint.measures.records import declared, find_record, records, ways
from tripoint.models.hedging import Bounded
from tripoint.store.vintages import REFERENCE

_WITHHELD = "too few kinds of tie are observed"


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Exchange over commitment of all pairs of powers, for each outsider."""
    progress(0.0, "exchange and commitment")
    pairs = pl.DataFrame(
        list(combinations(sorted(settings.powers), 2)), schema=["first", "second"], orient="row"
    )
    last = int(frames["own"].filter(~_partial(), pl.col("value").is_not_null())["period"].max())  # pyright: ignore[reportArgumentType]
    years = np.arange(int(index().reference.first), last + 1)
    parts: dict[str, list[pl.DataFrame]] = {}
    for outsider in settings.outsiders:
        subjects = pairs.filter(pl.col("first") != outsider, pl.col("second") != outsider)
        ties = {name: _percentiles(frames, name, subjects, outsider, years) for name in _kinds()}
        for name, constants in ways("exchange", "exchange_lead").items():
            kept = {kind: panel for kind, panel in ties.items() if kind != constants.get("without")}
            rows = _lead(kept, subjects, years).with_columns(pl.lit(outsider).alias("outsider"))
            parts.setdefault(name, []).append(rows)
    return {name: series(find_record(name), pl.concat(rows), _WITHHELD) for name, rows in parts.items()}


def _kinds() -> tuple[str, ...]:
    """Kinds of tie, by the measures that tell of them."""
    constants = declared("exchange").settings
    return (*constants["exchange"], *constants["commitment"])


def _partial() -> pl.Expr:
    return pl.col("note").str.contains("partial-year").fill_null(value=False)


def _lead(ties: dict[str, Panel], pairs: pl.DataFrame, years: np.ndarray) -> pl.DataFrame:
    constants = declared("exchange").settings
    one, two = (
        _mean([ties[kind] for kind in constants[side] if kind in ties]) for side in ("exchange", "commitment")
    )
    value = one.value - two.value
    down = np.hypot(one.value - one.lower, two.upper - two.value)
    up = np.hypot(one.upper - one.value, two.value - two.lower)
    count = np.sum([np.isfinite(panel.value) for panel in ties.values()], axis=0)
    row, year = np.nonzero(np.isfinite(value))
    return pairs[row].with_columns(
        pl.Series("period", years[year].astype(str)),
        pl.Series("value", value[row, year]),
        pl.Series("lower", (value - down)[row, year]),
        pl.Series("upper", (value + up)[row, year]),
        pl.Series("n", count[row, year]),
        pl.Series("coverage", grade(thresholds().layers, count[row, year])),
        pl.lit(None, pl.String).alias("note"),
    )


def _percentiles(frames: Frames, name: str, pairs: pl.DataFrame, outsider: str, years: np.ndarray) -> Panel:
    """One kind of tie as percentiles of all pairs in the reference years, carried for the declared years."""
    source = frames.get(name, no_rows(records()[name].grain))
    if name == "own":
        panel = panel_of(source.filter(pl.col("outsider") == outsider), pairs, years)
    else:
        panel = indicator_panel(name, partial(_without_marks, {name: source}), pairs, years)
    inside = (years >= int(index().reference.first)) & (years <= int(index().reference.last))
    quantiles = quantiles_of(panel.value[:, inside], index().reference.quantiles)
    found = to_percentiles(panel, Population(quantiles, None, 0))
    return Panel(
        *(_carried(bound, np.isfinite(found.value)) for bound in (found.value, found.lower, found.upper))
    )


def _without_marks(frames: Frames, name: str) -> pl.DataFrame:
    """A series in which rows carried by declaration count as observed: treaties last."""
    return (
        frames[name].with_columns(pl.lit(None, pl.String).alias("note")).filter(pl.col("value").is_not_null())
    )


def _carried(array: Floats, seen: np.ndarray) -> Floats:
    made = array.copy()
    for age in range(1, index().presence.carried_years + 1):
        made[:, age:] = np.where(np.isnan(made[:, age:]) & ~seen[:, age:], array[:, :-age], made[:, age:])
    return made


def _mean(panels: list[Panel]) -> Bounded:
    value = np.stack([panel.value for panel in panels])
    count = np.sum(np.isfinite(value), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, np.nansum(value, axis=0) / count, np.nan)
        down = np.sqrt(np.nansum([(panel.value - panel.lower) ** 2 for panel in panels], axis=0)) / count
        up = np.sqrt(np.nansum([(panel.upper - panel.value) ** 2 for panel in panels], axis=0)) / count
    return Bounded(mean, mean - down, mean + up)


MEASURE = Measure("exchange", compute, uses=("own", REFERENCE), needs=())
