"""Whom does the ground join when the two powers part, for every pair of powers and every ground?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import LEVEL, no_rows
from tripoint.measures.ballots import Ballots, read_ballots
from tripoint.measures.measure import Frames, Measure, Progress, Settings, grade, series, thresholds
from tripoint.measures.records import declared, find_record, ways
from tripoint.models.splits import count_splits, jeffreys_interval

_WITHHELD = "too few independent splits"
_LESSER = "lesser_siding"
_TILT = "siding_tilt"


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Siding of every ground between every pair of powers, per year."""
    ballots = read_ballots(frames)
    first_year = int(thresholds().first_year_of_triads)
    years = [int(year) for year in np.unique(ballots.years) if year >= first_year]
    parts = []
    for done, year in enumerate(years):
        progress(done / len(years), f"sides taken in {year}")
        parts.append(_year(ballots, year, settings.powers))
    everything = pl.concat(parts)
    pooled = ways("siding", _LESSER)
    yearly = [record for record in declared("siding").measures if record.name not in (*pooled, _TILT)]
    found = {
        record.name: series(record, _one_measure(everything, record.name), _WITHHELD) for record in yearly
    }
    full = [year for year in years if year not in ballots.partial]
    since = int(declared("siding").variants_since)
    jobs = [
        _Job(name, _lesser, how["lesser_years"], first_year if name == _LESSER else since)
        for name, how in pooled.items()
    ]
    jobs.append(_Job(_TILT, _tilt, declared("siding").settings["tilt_years"], first_year))
    for window in sorted({job.window for job in jobs}):
        same = [job for job in jobs if job.window == window]
        found |= _pooled(same, window, full, ballots, settings.powers)
    return found


@dataclass(frozen=True, slots=True)
class _Job:
    """A measure of all split roll calls of some years, from the first year in which such a window may end."""

    name: str
    measured: Callable[[NDArray[np.float64]], dict[str, NDArray]]
    window: int
    since: int


def pairs_among(powers: tuple[str, ...], states: tuple[str, ...]) -> NDArray[np.intp]:
    """Rows of ``states`` that form the pairs of powers, each pair once and in alphabetical order."""
    rows = np.array(sorted(states.index(power) for power in powers if power in states), dtype=np.intp)
    first, second = np.triu_indices(len(rows), 1)
    return np.column_stack([rows[first], rows[second]])


def _year(ballots: Ballots, year: int, powers: tuple[str, ...]) -> pl.DataFrame:
    rolls = ballots.of_years(year, year)
    pairs = pairs_among(powers, ballots.states)
    counts = count_splits(ballots.votes[:, rolls], ballots.titles[rolls], pairs)
    splits = counts[..., :3].sum(-1)
    pair, ground = np.nonzero(counts[..., 3] >= thresholds().least_common_votes)
    outside = (ground != pairs[pair, 0]) & (ground != pairs[pair, 1])
    pair, ground = pair[outside], ground[outside]
    states = np.array(ballots.states)
    counts, splits = counts[pair, ground], splits[pair, ground]
    columns: dict[str, object] = {
        "first": states[pairs[pair, 0]],
        "second": states[pairs[pair, 1]],
        "ground": states[ground],
        "period": np.full(len(pair), str(year)),
    }
    for k, name in enumerate(("siding_first", "siding_second", "siding_neither")):
        columns |= _named(name, _share(counts[:, k], splits, counts[:, 4]))
    taken = counts[:, 0] + counts[:, 1]
    columns |= _named("side_taking", _share(taken, counts[:, 3], counts[:, 5]))
    note = "partial-year" if year in ballots.partial else None
    return pl.DataFrame(columns).with_columns(pl.lit(note, pl.String).alias("note"))


def _pooled(
    jobs: list[_Job], window: int, full: list[int], ballots: Ballots, powers: tuple[str, ...]
) -> dict[str, pl.DataFrame]:
    """Measures of all split roll calls of some years, for every full year that ends such a window."""
    parts = {job.name: [no_rows("triad-year")] for job in jobs}
    first_year = int(thresholds().first_year_of_triads)
    states = np.array(ballots.states)
    pairs = pairs_among(powers, ballots.states)
    for last in full:
        wanted = [job for job in jobs if last >= job.since and last - window + 1 >= first_year]
        if not wanted:
            continue
        rolls = ballots.of_years(last - window + 1, last)
        counts = count_splits(ballots.votes[:, rolls], ballots.titles[rolls], pairs)
        pair, ground = np.nonzero(counts[..., :3].sum(-1) >= thresholds().least_splits)
        outside = (ground != pairs[pair, 0]) & (ground != pairs[pair, 1])
        pair, ground = pair[outside], ground[outside]
        about = {"first": states[pairs[pair, 0]], "second": states[pairs[pair, 1]], "ground": states[ground]}
        for job in wanted:
            rows = pl.DataFrame({**about, **job.measured(counts[pair, ground])}).with_columns(
                pl.lit(str(last)).alias("period"), pl.lit(None, pl.String).alias("note")
            )
            parts[job.name].append(rows.select(parts[job.name][0].columns))
    return {
        name: series(find_record(name), pl.concat(some, how="vertical_relaxed"), _WITHHELD)
        for name, some in parts.items()
    }


def _lesser(counts: NDArray[np.float64]) -> dict[str, NDArray]:
    """How often the ground joined the power that it joins less."""
    return _share(np.minimum(counts[:, 0], counts[:, 1]), counts[:, :3].sum(-1), counts[:, 4])


def _tilt(counts: NDArray[np.float64]) -> dict[str, NDArray]:
    """Which of the two the ground joined where it joined one, from -1 (always the second) to 1."""
    sides, splits = counts[:, 0] + counts[:, 1], counts[:, :3].sum(-1)
    found = _share(counts[:, 0], sides, counts[:, 4] * sides / splits)
    return found | {bound: 2 * found[bound] - 1 for bound in ("value", "lower", "upper")}


def _share(successes: NDArray, trials: NDArray, effective: NDArray) -> dict[str, NDArray]:
    """Value, interval, n and grade of one share, as columns."""
    lower, upper = jeffreys_interval(successes, trials, effective, LEVEL)
    value = np.divide(successes, trials, out=np.full(trials.shape, np.nan), where=trials > 0)
    coverage = grade(thresholds().splits, effective)
    return {"value": value, "lower": lower, "upper": upper, "n": trials, "coverage": coverage}


def _named(name: str, columns: dict[str, NDArray]) -> dict[str, NDArray]:
    return {f"{name}_{part}": column for part, column in columns.items()}


def _one_measure(everything: pl.DataFrame, name: str) -> pl.DataFrame:
    numbers = [pl.col(f"{name}_{part}").alias(part) for part in ("value", "lower", "upper", "n", "coverage")]
    least = thresholds().least_splits
    frame = everything.select("first", "second", "ground", "period", "note", *numbers).filter(
        pl.col("n") >= least
    )
    partial = pl.col("note") == "partial-year"
    capped = pl.when(partial & (pl.col("coverage") < "C")).then(pl.lit("C")).otherwise("coverage")
    return frame.with_columns(capped.alias("coverage"))


MEASURE = Measure("siding", compute)
