"""How do two states treat each other, as events of news tell: kinds of events, their mean score, and the state behind?

Everything is measured for every origin of counts on its own, so that two can be read side by side; states also for
all origins together, under the name ``fused``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.period import Frequency, Period, Span
from tripoint.core.series import EVENT_GRAINS, LEVEL, no_rows
from tripoint.measures.measure import (
    HALF_WIDTH,
    Floats,
    Frames,
    GradeRule,
    Measure,
    Progress,
    Settings,
    grade,
    series,
)
from tripoint.measures.records import by_frequency, declared
from tripoint.sources import codebook
from tripoint.store.corrections import usable

if TYPE_CHECKING:
    from tripoint.models.share_state.grid import ShareModel
    from tripoint.models.share_state.offsets import SourceOffsets
    from tripoint.models.share_state.state import ShareBand

FUSED = "fused"
#: Kinds of events whose share is measured, and the classes that belong to them.
SHARES = {
    "cooperation_share": ("verbal_cooperation", "material_cooperation"),
    "material_share": ("material_cooperation", "material_conflict"),
    "material_conflict_share": ("material_conflict",),
}
QUADS = ("verbal_cooperation", "material_cooperation", "verbal_conflict", "material_conflict")
SCORES = ("scored", "hundredths", "squares")

#: Origins that hold the same events as another one: where both count, only the other is read into ``fused``.
SAME_EVENTS = {"icews_years": "icews"}

#: Errors of a mean score below this are those of rounding: all events of the pair score alike, which tells nothing.
_NO_SPREAD = 1e-6
_WITHHELD = "too few events"
_WHO = ("source", "target", "origin")


@dataclass(frozen=True, slots=True)
class Panel:
    """Counts of one origin over periods without a gap.

    Attributes
    ----------
    pairs
        Source and target of each row, sorted.
    periods
        Names of the columns.
    counts
        Class of events, or part of the scores, to counts, shape ``(n_pairs, n_periods)``. No event is 0.
    covered
        Share of the days of each period that are on record of the origin, shape ``(n_periods,)``; NaN where unknown.
    """

    origin: str
    pairs: tuple[tuple[str, str], ...]
    periods: tuple[str, ...]
    counts: dict[str, Floats]
    covered: Floats

    @property
    def events(self) -> Floats:
        """All events, shape ``(n_pairs, n_periods)``."""
        return sum((self.counts[name] for name in QUADS), np.zeros((len(self.pairs), len(self.periods))))

    def of_kind(self, name: str) -> Floats:
        """Events of the kind whose share a measure is."""
        return sum((self.counts[quad] for quad in SHARES[name]), np.zeros_like(self.events))


def compute(frames: Frames, _settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Shares, scores and states by year, quarter and month, as far as the origins go."""
    rows = read_counts(frames["event_counts"])
    made: dict[str, list[pl.DataFrame]] = {}
    for place, frequency in enumerate(declared("cooperation").frequencies):
        panels = list(panels_of(rows, frequency))
        for number, panel in enumerate(panels):
            share = (place + number / (len(panels) + 1)) / len(declared("cooperation").frequencies)
            progress(share, f"events of {panel.origin} by {frequency}")
            for name, frame in _of_panel(panel).items():
                made.setdefault(_named(name, frequency), []).append(frame)
        if len(panels) > 1:
            for name, frame in _fused(panels).items():
                made.setdefault(_named(name, frequency), []).append(frame)
    return {
        record.name: series(record, pl.concat(made[record.name], how="vertical_relaxed"), _WITHHELD)
        for record in declared("cooperation").measures
        if record.name in made
    }


def _named(name: str, frequency: Frequency) -> str:
    return by_frequency(name, frequency, declared("cooperation").frequencies)


def read_counts(table: pl.DataFrame) -> pl.DataFrame:
    """Rows of ``event_counts`` that can be used: periods that are on record of an origin."""
    rows = usable(table, codebook("event_counts")).with_columns(
        pl.col("source", "target", "origin").cast(pl.String)
    )
    # An event may be dated long before the day on which it came: such a month is not covered by any file.
    covered = pl.col("days").is_not_null() | pl.col("days").is_null().all().over("origin")
    # An origin counts in periods of one length; longer ones beside them would count the same events again.
    length = pl.col("period").str.len_chars()
    return rows.filter(covered, length == length.max().over("origin"))


def panels_of(rows: pl.DataFrame, frequency: Frequency) -> Iterator[Panel]:
    """Counts of every origin that counts as often as that, with pairs that have enough events."""
    least = declared("cooperation").settings["least_total"]
    for origin in sorted(rows["origin"].unique()):
        mine = rows.filter(pl.col("origin") == origin)
        if mine["period"].str.len_chars().max() == len("2014"):
            if frequency != "year":
                continue
        else:
            mine = mine.with_columns(_period_of(frequency).alias("period"))
        summed = mine.group_by("period", "source", "target").agg(pl.col(*QUADS, *SCORES).sum())
        days = _days(mine, rows, origin, frequency)
        total = pl.sum_horizontal(QUADS)
        busy = (
            summed.group_by("source", "target").agg(total.sum().alias("all")).filter(pl.col("all") >= least)
        )
        kept = summed.join(busy.select("source", "target"), on=["source", "target"])
        if kept.height:
            yield _panel(origin, kept, days)


def _period_of(frequency: Frequency) -> pl.Expr:
    """Period of that length in which a month lies."""
    month, year = pl.col("period").str.slice(5, 2).cast(pl.Int64), pl.col("period").str.slice(0, 4)
    if frequency == "year":
        return year
    return pl.col("period") if frequency == "month" else pl.format("{}-Q{}", year, (month + 2) // 3)


def _days(mine: pl.DataFrame, rows: pl.DataFrame, origin: str, frequency: Frequency) -> dict[str, float]:
    """Days on record in each period."""
    months = rows.filter(pl.col("origin") == origin).group_by("period").agg(pl.col("days").max())
    if mine["days"].null_count() == mine.height:
        return {}
    named = months.with_columns(_period_of(frequency).alias("period"))
    return dict(named.group_by("period").agg(pl.col("days").sum()).iter_rows())


def _panel(origin: str, rows: pl.DataFrame, days: dict[str, float]) -> Panel:
    first, last = Period.parse(str(rows["period"].min())), Period.parse(str(rows["period"].max()))
    span = list(Span(first, last))
    periods = tuple(map(str, span))
    pairs = tuple(rows.select("source", "target").unique().sort("source", "target").iter_rows())
    places = {pair: place for place, pair in enumerate(pairs)}
    row = np.array([places[pair] for pair in rows.select("source", "target").iter_rows()])
    column = rows["period"].replace_strict({name: k for k, name in enumerate(periods)}).to_numpy()
    counts = {}
    for name in (*QUADS, *SCORES):
        counts[name] = np.zeros((len(pairs), len(periods)))
        counts[name][row, column] = rows[name].fill_null(0).to_numpy()
    length = np.array([(period.end - period.start).days + 1 for period in span])
    covered = np.array([days.get(name, np.nan) for name in periods]) / length
    return Panel(origin, pairs, periods, counts, covered if days else np.full(len(periods), np.nan))


def _of_panel(panel: Panel) -> dict[str, pl.DataFrame]:
    """Everything about the pairs of one origin."""
    from tripoint.models.share_state.state import share_state

    made, states = {}, {}
    for name in SHARES:
        states[name] = share_state(panel.of_kind(name), panel.events, _model())
        made[name] = _shares(panel, panel.of_kind(name), states[name].event_worth)
    worth = states["cooperation_share"].event_worth
    if panel.counts["scored"].any():
        made["goldstein_mean"] = _scores(panel, worth)
    for name, band in (("cooperation_state", "smoothed"), ("cooperation_now", "filtered")):
        made[name] = _states(panel, getattr(states["cooperation_share"], band), panel.events * worth[:, None])
    return made


def _model() -> "ShareModel":
    """What is declared of shares: the grid of overdispersion does not depend on how long a series is."""
    from tripoint.models.share_state.grid import ShareModel

    return ShareModel(per_octave=declared("cooperation").settings["per_octave"])


def _shares(panel: Panel, hits: Floats, worth: Floats) -> pl.DataFrame:
    """Share of a kind of events, with an interval from what they are worth in independent ones."""
    from scipy.special import betaincinv

    seen = panel.events >= declared("cooperation").settings["least_events"]
    each = np.broadcast_to(worth[:, None], seen.shape)[seen]
    good, all_events = hits[seen] * each, panel.events[seen] * each
    tails = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    lower, upper = (betaincinv(good + 0.5, all_events - good + 0.5, tail) for tail in tails)
    value = hits[seen] / panel.events[seen]
    return _rows(panel, seen, value, np.minimum(lower, value), np.maximum(upper, value), all_events)


def _scores(panel: Panel, worth: Floats) -> pl.DataFrame:
    """Mean Goldstein score, with the error that the spread of scores leaves."""
    from tripoint.models.share_state.scores import mean_score

    scored, total, squares = (panel.counts[name] for name in SCORES)
    seen = scored >= declared("cooperation").settings["least_events"]
    each = np.broadcast_to(worth[:, None], seen.shape)[seen]
    number = scored[seen] * each
    mean, error = mean_score(scored[seen], total[seen] / 100, squares[seen] / 10_000, 1 / each)
    # Few events can score alike by chance: one more is added that is as spread as all events of the pair.
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = squares.sum(1) / scored.sum(1) - (total.sum(1) / scored.sum(1)) ** 2
        spread = np.broadcast_to(np.maximum(whole, 0)[:, None] / 10_000, seen.shape)[seen]
        error = np.sqrt((number * error**2 + spread / (number - 1)) / (number + 1))
    error = np.where(error > _NO_SPREAD, error, np.nan)
    bounds = (mean - HALF_WIDTH * error, mean + HALF_WIDTH * error)
    return _rows(panel, seen, mean, *bounds, number, counted=scored)


def _states(panel: Panel, band: Any, worth: Floats) -> pl.DataFrame:
    """State of the share in every period; where there were too few events, as long as some were near."""
    settings = declared("cooperation").settings
    known = worth >= settings["grades"]["C"]
    near = known.copy()
    for step in range(1, settings["carried_periods"] + 1):
        near[:, step:] |= known[:, :-step]
    seen = np.isfinite(band.median) & near
    seen &= ((panel.events > 0).sum(1) >= settings["least_periods"])[:, None]
    found = _rows(panel, seen, band.median[seen], band.lower[seen], band.upper[seen], worth[seen])
    carried = pl.Series(~known[seen])
    return found.with_columns(
        pl.when(carried).then(pl.lit("C")).otherwise("coverage").alias("coverage"),
        pl.when(carried)
        .then(pl.lit("few events: carried from the period before"))
        .otherwise("note")
        .alias("note"),
    )


def _rows(
    panel: Panel,
    seen: NDArray[np.bool_],
    value: Floats,
    lower: Floats,
    upper: Floats,
    worth: Floats,
    counted: Floats | None = None,
) -> pl.DataFrame:
    """Rows of a series for the pairs and periods that are seen; of all events if not told which were counted."""
    row, column = np.nonzero(seen)
    settings = declared("cooperation").settings
    rules = {letter: GradeRule(n) for letter, n in settings["grades"].items()}
    sources, targets = zip(*panel.pairs, strict=True)
    covered = panel.covered[column]
    missing = pl.Series(covered) < settings["least_covered"]
    return (
        pl.DataFrame(
            {
                "source": pl.Series(sources).gather(row),
                "target": pl.Series(targets).gather(row),
                "period": pl.Series(panel.periods).gather(column),
                "value": value,
                "lower": lower,
                "upper": upper,
                "n": (panel.events if counted is None else counted)[seen].astype(np.int32),
                "coverage": grade(rules, worth),
            }
        )
        .with_columns(
            pl.lit(panel.origin).alias("origin"),
            pl.when(missing)
            .then(
                pl.format(
                    "{}% of the days are on record", pl.Series((100 * np.nan_to_num(covered)).astype(int))
                )
            )
            .otherwise(pl.lit(None, pl.String))
            .alias("note"),
        )
        .select(*no_rows(EVENT_GRAINS["year"]).columns)
    )


def _fused(panels: list[Panel]) -> dict[str, pl.DataFrame]:
    """States of all pairs from all origins together, on the scale of the declared one."""
    from tripoint.models.share_state.fusion import fused_share_state

    whole = _joined(panels)
    twice = _stacked(whole)
    _count_once(whole)
    hits, events = _stacked(whole)
    offsets = _offsets(panels, *twice)
    state = fused_share_state(hits, events, offsets, _model())
    together = Panel(
        FUSED,
        whole[0].pairs,
        whole[0].periods,
        {name: sum((panel.counts[name] for panel in whole), np.zeros(events.shape[:2])) for name in QUADS},
        np.full(events.shape[1], np.nan),
    )
    worth = (events / offsets.noise).sum(-1) * state.event_worth[:, None]
    now = _as_it_came(panels, twice, (hits, events), whole[0].periods)
    return {
        "cooperation_state": _states(together, state.smoothed, worth),
        "cooperation_now": _states(together, now, worth),
    }


def _offsets(panels: list[Panel], hits: Floats, events: Floats) -> "SourceOffsets":
    from tripoint.models.share_state.offsets import source_offsets

    settings = declared("cooperation").settings
    origins = [panel.origin for panel in panels]
    reference = origins.index(settings["reference"]) if settings["reference"] in origins else 0
    return source_offsets(hits, events, reference, settings["unknown_deviation"], _model())


def _as_it_came(
    panels: list[Panel],
    twice: tuple[Floats, Floats],
    once: tuple[Floats, Floats],
    periods: tuple[str, ...],
) -> "ShareBand":
    """States that use no later counts, with the offsets between origins that were known when each year began.

    ``twice`` has the counts by which origins are compared, ``once`` those in which no event counts for two of them.
    """
    from tripoint.models.share_state.fusion import fused_share_state
    from tripoint.models.share_state.state import ShareBand

    years = np.array([int(period[:4]) for period in periods])
    met = (twice[1] > 0).sum(-1).max(0) > 1
    # Offsets are learnt where two origins meet: from the year after that on, they are known better.
    learnt = [year for year in np.unique(years) if year == years[0] or met[years == year - 1].any()]
    found = np.full((3, *once[1].shape[:2]), np.nan)
    for start, end in zip(learnt, [*learnt[1:], years[-1] + 1], strict=True):
        past = (years < start)[:, None]
        offsets = _offsets(panels, *(np.where(past, counts, 0.0) for counts in twice))
        band = fused_share_state(*once, offsets, _model()).filtered
        here = (years >= start) & (years < end)
        found[:, :, here] = np.stack([band.median, band.lower, band.upper])[:, :, here]
    return ShareBand(*found)


def _stacked(panels: list[Panel]) -> tuple[Floats, Floats]:
    """Cooperative events and all events, shape ``(n_pairs, n_periods, n_origins)``."""
    hits = [panel.of_kind("cooperation_share") for panel in panels]
    return np.stack(hits, -1), np.stack([panel.events for panel in panels], -1)


def _count_once(panels: list[Panel]) -> None:
    """Leave out of each origin the periods in which another one has the same events."""
    by_origin = {panel.origin: panel for panel in panels}
    for copy, original in SAME_EVENTS.items():
        if copy in by_origin and original in by_origin:
            twice = by_origin[original].events.any(0)
            for values in by_origin[copy].counts.values():
                values[:, twice] = 0


def _joined(panels: list[Panel]) -> list[Panel]:
    """The same panels over all pairs and periods of any of them; what an origin does not cover has no events."""
    pairs = tuple(sorted({pair for panel in panels for pair in panel.pairs}))
    first = min(Period.parse(panel.periods[0]) for panel in panels)
    last = max(Period.parse(panel.periods[-1]) for panel in panels)
    periods = tuple(map(str, Span(first, last)))
    rows = {pair: place for place, pair in enumerate(pairs)}
    wide = []
    for panel in panels:
        row = np.array([rows[pair] for pair in panel.pairs])
        start = periods.index(panel.periods[0])
        counts = {name: np.zeros((len(pairs), len(periods))) for name in panel.counts}
        for name, values in panel.counts.items():
            counts[name][row, start : start + len(panel.periods)] = values
        wide.append(Panel(panel.origin, pairs, periods, counts, np.full(len(periods), np.nan)))
    return wide


MEASURE = Measure("cooperation", compute)
