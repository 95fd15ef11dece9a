"""Whom does the ground join when the two powers part, for every pair of powers and every ground?"""

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
    yearly = [record for record in declared("siding").measures if record.name not in pooled]
    found = {
        record.name: series(record, _one_measure(everything, record.name), _WITHHELD) for record in yearly
    }
    full = [year for year in years if year not in ballots.partial]
    for name, constants in pooled.items():
        since = first_year if name == _LESSER else int(declared("siding").variants_since)
        spans = [(year - constants["lesser_years"] + 1, year) for year in full if year >= since]
        parts = [_lesser(ballots, *span, settings.powers) for span in spans if span[0] >= first_year]
        pooled_rows = pl.concat(parts) if parts else no_rows("triad-year")
        found[name] = series(find_record(name), pooled_rows, _WITHHELD)
    return found


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
        columns |= _share(name, counts[:, k], splits, counts[:, 4])
    columns |= _share("side_taking", counts[:, 0] + counts[:, 1], counts[:, 3], counts[:, 5])
    note = "partial-year" if year in ballots.partial else None
    return pl.DataFrame(columns).with_columns(pl.lit(note, pl.String).alias("note"))


def _lesser(ballots: Ballots, first: int, last: int, powers: tuple[str, ...]) -> pl.DataFrame:
    """How often the ground joined the power that it joins less, over some years."""
    rolls = ballots.of_years(first, last)
    pairs = pairs_among(powers, ballots.states)
    counts = count_splits(ballots.votes[:, rolls], ballots.titles[rolls], pairs)
    splits = counts[..., :3].sum(-1)
    pair, ground = np.nonzero(splits >= thresholds().least_splits)
    outside = (ground != pairs[pair, 0]) & (ground != pairs[pair, 1])
    pair, ground = pair[outside], ground[outside]
    counts, splits = counts[pair, ground], splits[pair, ground]
    states = np.array(ballots.states)
    numbers = _share("lesser", np.minimum(counts[:, 0], counts[:, 1]), splits, counts[:, 4])
    about = {"first": states[pairs[pair, 0]], "second": states[pairs[pair, 1]], "ground": states[ground]}
    return pl.DataFrame(
        {**about, **{name.removeprefix("lesser_"): column for name, column in numbers.items()}}
    ).with_columns(pl.lit(str(last)).alias("period"), pl.lit(None, pl.String).alias("note"))


def _share(name: str, successes: NDArray, trials: NDArray, effective: NDArray) -> dict[str, object]:
    """Value, interval, n and grade of one share, as columns."""
    lower, upper = jeffreys_interval(successes, trials, effective, LEVEL)
    value = np.divide(successes, trials, out=np.full(trials.shape, np.nan), where=trials > 0)
    return {
        f"{name}_value": value,
        f"{name}_lower": lower,
        f"{name}_upper": upper,
        f"{name}_n": trials,
        f"{name}_coverage": grade(thresholds().splits, effective),
    }


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
