"""Is the bond of two powers exchange more than commitment? Percentiles of both kinds of tie, compared."""

from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import CARRIED, no_rows
from tripoint.measures.carrying import carried
from tripoint.measures.index import index
from tripoint.measures.measure import Frames, Measure, Progress, Settings, grade, series, thresholds
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
            rows = _lead(ties, constants.get("without"), subjects, years)
            parts.setdefault(name, []).append(rows.with_columns(pl.lit(outsider).alias("outsider")))
    return {name: series(find_record(name), pl.concat(rows), _WITHHELD) for name, rows in parts.items()}


def _kinds() -> tuple[str, ...]:
    """Kinds of tie, by the measures that tell of them."""
    constants = declared("exchange").settings
    return (*constants["exchange"], *constants["commitment"])


def _partial() -> pl.Expr:
    return pl.col("note").str.contains("partial-year").fill_null(value=False)


@dataclass(frozen=True, slots=True)
class _Tie:
    """One kind of tie as percentiles, and where it was observed in the very year."""

    panel: Panel
    fresh: NDArray[np.bool_]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where there is a number, also a carried one."""
        return np.isfinite(self.panel.value)


def _lead(ties: dict[str, _Tie], without: str | None, pairs: pl.DataFrame, years: np.ndarray) -> pl.DataFrame:
    """Exchange over commitment, one kind of tie left out; withheld where that kind is not on record."""
    constants = declared("exchange").settings
    kept = {kind: tie for kind, tie in ties.items() if kind != without}
    one, two = (
        _mean([kept[kind].panel for kind in constants[side] if kind in kept])
        for side in ("exchange", "commitment")
    )
    value = one.value - two.value
    down = np.hypot(one.value - one.lower, two.upper - two.value)
    up = np.hypot(one.upper - one.value, two.value - two.lower)
    count = np.sum([tie.known for tie in kept.values()], axis=0)
    old = np.any([tie.known & ~tie.fresh for tie in kept.values()], axis=0)
    grades = grade(thresholds().layers, count)
    grades = np.where(old & (grades < "C"), "C", grades)
    gone = ties[without].known if without else np.ones_like(old)
    row, year = np.nonzero(np.isfinite(value))
    value = np.where(gone, value, np.nan)
    note = np.where(old, "in part carried from earlier years", "")
    note = np.where(gone, note, "no tie of that kind is on record")
    return (
        pairs[row]
        .with_columns(
            pl.Series("period", years[year].astype(str)),
            pl.Series("value", value[row, year]),
            pl.Series("lower", (value - down)[row, year]),
            pl.Series("upper", (value + up)[row, year]),
            pl.Series("n", count[row, year]),
            pl.Series("coverage", grades[row, year]),
            pl.Series("note", note[row, year].astype(str)),
        )
        .with_columns(pl.when(pl.col("note") != "").then("note").alias("note"))
    )


def _percentiles(frames: Frames, name: str, pairs: pl.DataFrame, outsider: str, years: np.ndarray) -> _Tie:
    """One kind of tie as percentiles of all pairs in the reference years, carried for the declared years."""
    source = frames.get(name, no_rows(records()[name].grain))
    if name == "own":
        panel = panel_of(source.filter(pl.col("outsider") == outsider), pairs, years)
        fresh = np.isfinite(panel.value)
    else:
        panel = indicator_panel(name, partial(_without_marks, {name: source}), pairs, years)
        fresh = np.isfinite(indicator_panel(name, partial(_observed, {name: source}), pairs, years).value)
    inside = (years >= int(index().reference.first)) & (years <= int(index().reference.last))
    quantiles = quantiles_of(panel.value[:, inside], index().reference.quantiles)
    found = to_percentiles(panel, Population(quantiles, None, 0))
    made = carried(Bounded(found.value, found.lower, found.upper))
    return _Tie(Panel(*(np.clip(bound, 0, 100) for bound in (made.value, made.lower, made.upper))), fresh)


def _without_marks(frames: Frames, name: str) -> pl.DataFrame:
    """A series in which rows carried by declaration count as observed: treaties last."""
    return (
        frames[name].with_columns(pl.lit(None, pl.String).alias("note")).filter(pl.col("value").is_not_null())
    )


def _observed(frames: Frames, name: str) -> pl.DataFrame:
    """Rows of a series that were observed in their year."""
    carried = pl.col("note").str.starts_with(CARRIED).fill_null(value=False)
    return frames[name].filter(~carried, pl.col("value").is_not_null())


def _mean(panels: list[Panel]) -> Bounded:
    value = np.stack([panel.value for panel in panels])
    count = np.sum(np.isfinite(value), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, np.nansum(value, axis=0) / count, np.nan)
        down = np.sqrt(np.nansum([(panel.value - panel.lower) ** 2 for panel in panels], axis=0)) / count
        up = np.sqrt(np.nansum([(panel.upper - panel.value) ** 2 for panel in panels], axis=0)) / count
    return Bounded(mean, mean - down, mean + up)


MEASURE = Measure("exchange", compute, uses=("own", REFERENCE), needs=())
