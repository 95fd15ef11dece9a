"""Who answers whom: does a ground turn to one power when the other worsens? For all pairs of powers and all grounds."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.period import Period, Span
from tripoint.core.series import no_rows
from tripoint.errors import TripointError
from tripoint.measures.measure import Floats, Frames, Measure, Progress, Settings, series
from tripoint.measures.records import declared, find_record, ways
from tripoint.models.autoregression.bayes import SimsZhaPrior

UNDIRECTED = "only events without a direction are on record between the three: who acted cannot be told"
_WITHHELD = "too short or too uneven a record"
_SECOND, _FIRST = "inverse_response_second", "inverse_response_first"


Triad = tuple[str, str, str]
Numbers = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Run:
    """Series over periods without a gap, shape ``(n_periods, n_series)``, in standard deviations about their means."""

    periods: tuple[str, ...]
    values: Floats


def directions(first: str, second: str, ground: str) -> tuple[tuple[str, str], ...]:
    """Source and target of the six series of a triangle, in the order in which models take them."""
    return (
        (first, ground), (ground, first), (second, ground), (ground, second), (first, second), (second, first),
    )  # fmt: skip


def prior() -> SimsZhaPrior:
    """The prior as it is declared."""
    return SimsZhaPrior(**declared("triangle").settings["prior"])


def longest_run(periods: tuple[str, ...], values: Floats) -> Run | None:
    """The longest run of periods in which all series are observed; None where one of them never moves in it."""
    seen = np.isfinite(values).all(1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(np.int8), [0]])))
    if not len(edges):
        return None
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    start, end = int(starts[best]), int(ends[best])
    kept = values[start:end]
    # The deviation of equal numbers need not be 0 to the last digit.
    if (np.ptp(kept, axis=0) <= 0).any():
        return None
    return Run(periods[start:end], (kept - kept.mean(0)) / kept.std(0))


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Responses wherever the six series are on record for long enough, and elsewhere the reason why there are none."""
    found: dict[str, list[pl.DataFrame]] = {name: [] for both in _horizons() for name in both}
    looked_at, unfit = _directed(frames, settings, progress, found)
    undirected = _undirected(frames, settings, looked_at)
    for name, parts in found.items():
        found[name] = [*parts, unfit, undirected]
    return {
        name: series(
            find_record(name), pl.concat([no_rows("triad-year"), *parts], how="vertical_relaxed"), _WITHHELD
        )
        for name, parts in found.items()
    }


def _directed(
    frames: Frames, settings: Settings, progress: Progress, found: dict[str, list[pl.DataFrame]]
) -> tuple[set[Triad], pl.DataFrame]:
    """Fit the triads that can be fitted; give all that have six series, and rows without a number for the rest."""
    constants = declared("triangle").settings
    told: set[tuple[Triad, str]] = set()
    unfit: dict[Triad, tuple[str, str]] = {}
    rows = frames.get(constants["measure"], no_rows("event-dyad-month")).filter(pl.col("value").is_not_null())
    for origin in constants["origins"]:
        mine = rows.filter(pl.col("origin") == origin)
        if mine.is_empty():
            continue
        periods, wide = _wide(mine)
        triads = _triads(wide, settings.powers)
        for number, triad in enumerate(triads):
            progress(number / len(triads), f"who answers whom, by {origin}")
            values = np.column_stack([wide[pair] for pair in directions(*triad)])
            reason = _too_short(longest_run(periods, values))
            for run in runs_by_year(periods, values):
                year = run.periods[-1][:4]
                if (triad, year) in told:
                    continue
                try:
                    made = turned(run, tuple(_horizons().values()), settings.seed)
                except TripointError:
                    reason = "the six series hang together too closely, or blow up"
                    continue
                told.add((triad, year))
                for names, both in zip(_horizons(), made, strict=True):
                    for name, numbers in zip(names, both, strict=True):
                        found[name].append(_row(triad, run, numbers))
            unfit.setdefault(triad, (periods[-1][:4], f"{origin}: {reason}"))
    fitted = {triad for triad, _ in told}
    why = [(triad, *reason) for triad, reason in unfit.items() if triad not in fitted]
    return set(unfit), _without_number(why)


def runs_by_year(periods: tuple[str, ...], values: Floats) -> list[Run]:
    """Runs that are long enough, up to the end of each year: none knows of a later month."""
    least, found = declared("triangle").settings["least_months"], []
    for end in range(least, len(periods) + 1):
        if periods[end - 1].endswith("-12"):
            run = longest_run(periods[:end], values[:end])
            if run is not None and len(run.periods) >= least and run.periods[-1] == periods[end - 1]:
                found.append(run)
    return found


def _too_short(run: Run | None) -> str:
    if run is None:
        return "no month has all six series, or one of them never moves"
    least = declared("triangle").settings["least_months"]
    return (
        f"{len(run.periods)} months in a row have all six series; {least} up to the end of a year are needed"
    )


def _wide(rows: pl.DataFrame) -> tuple[tuple[str, ...], dict[tuple[str, str], NDArray[np.float64]]]:
    """Every directed pair's values over all periods, NaN where there is none."""
    first, last = Period.parse(str(rows["period"].min())), Period.parse(str(rows["period"].max()))
    periods = tuple(map(str, Span(first, last)))
    places = {name: place for place, name in enumerate(periods)}
    wide: dict[tuple[str, str], NDArray[np.float64]] = {}
    for source, target, period, value in rows.select("source", "target", "period", "value").iter_rows():
        wide.setdefault((source, target), np.full(len(periods), np.nan))[places[period]] = value
    return periods, wide


def _triads(wide: dict[tuple[str, str], NDArray[np.float64]], powers: tuple[str, ...]) -> list[Triad]:
    states = sorted({state for pair in wide for state in pair})
    return [
        (first, second, ground)
        for first, second in combinations(sorted(powers), 2)
        for ground in states
        if ground not in (first, second) and all(pair in wide for pair in directions(first, second, ground))
    ]


def _horizons() -> dict[tuple[str, str], int]:
    """Names of both responses, as they are and in every variant, to the months over which they are added up."""
    names = zip(ways("triangle", _SECOND).items(), ways("triangle", _FIRST), strict=True)
    return {(second, first): constants["horizon"] for (second, constants), first in names}


def turned(run: Run, horizons: tuple[int, ...], seed: int) -> list[tuple[Numbers, Numbers]]:
    """How far the ground turns to the second when the first worsens, and the mirror: value and 90% bounds."""
    from tripoint.models.autoregression.bayes import fit_bayesian, posterior_systems
    from tripoint.models.autoregression.lag_order import lag_choices
    from tripoint.models.autoregression.responses import response_bands

    constants = declared("triangle").settings
    lags = lag_choices(run.values, constants["most_lags"]).best("bic")
    posterior = fit_bayesian(run.values, lags, prior())
    systems = posterior_systems(posterior, constants["draws"], np.random.default_rng(seed))
    bands = response_bands(systems, max(horizons), shock="generalised", cumulative=True, levels=(0.9,))

    def at(months: int, cell: tuple[int, int]) -> Numbers:
        # A worsening is a surprise downwards: signs turn, and so do bounds.
        numbers = bands.value[months], bands.upper[0, months], bands.lower[0, months]
        return tuple(-float(number[cell]) for number in numbers)  # pyright: ignore[reportReturnType]

    to_second, to_first = (3, 0), (1, 2)
    return [(at(months, to_second), at(months, to_first)) for months in horizons]


def _row(triad: Triad, run: Run, numbers: Numbers) -> pl.DataFrame:
    first, second, ground = triad
    value, lower, upper = numbers
    return pl.DataFrame(
        {
            "first": first, "second": second, "ground": ground, "period": run.periods[-1][:4],
            "value": value, "lower": min(lower, value), "upper": max(upper, value), "n": len(run.periods),
            "coverage": declared("triangle").settings["grade"],
            "note": f"{run.periods[0]} to {run.periods[-1]}",
        }
    ).cast({"n": pl.Int32})  # fmt: skip


def _undirected(frames: Frames, settings: Settings, looked_at: set[Triad]) -> pl.DataFrame:
    """Rows without a number for triads of which only undirected events are on record, with that reason."""
    rows = frames.get("score_balance", no_rows("dyad-month")).filter(pl.col("value").is_not_null())
    if rows.is_empty():
        return _without_number([])
    year = str(rows["period"].max())[:4]
    pairs = set(
        rows.filter(pl.col("period").str.starts_with(year)).select("first", "second").unique().iter_rows()
    )
    states = sorted({state for pair in pairs for state in pair})
    triads = [
        (first, second, ground)
        for first, second in combinations(sorted(settings.powers), 2)
        for ground in states
        if ground not in (first, second)
        and (first, second, ground) not in looked_at
        and all(tuple(sorted(pair)) in pairs for pair in ((first, second), (first, ground), (second, ground)))
    ]
    return _without_number([(triad, year, UNDIRECTED) for triad in triads])


def _without_number(why: list[tuple[Triad, str, str]]) -> pl.DataFrame:
    """Rows that are withheld: triad, period, reason."""
    names = ("first", "second", "ground", "period", "note")
    rows = [(*triad, period, note) for triad, period, note in why]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row").select(
        "first", "second", "ground", "period",
        *(pl.lit(None, pl.Float64).alias(name) for name in ("value", "lower", "upper")),
        pl.lit(0, pl.Int32).alias("n"), pl.lit("D").alias("coverage"), "note",
    )  # fmt: skip


MEASURE = Measure("triangle", compute, needs=())
