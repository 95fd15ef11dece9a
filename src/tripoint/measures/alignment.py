"""How alike do two states vote in the UN General Assembly, year by year, for every pair of states?"""

import numpy as np
import polars as pl

from tripoint.core.series import LEVEL
from tripoint.measures.ballots import Ballots, read_ballots
from tripoint.measures.measure import Frames, Measure, Progress, Settings, grade, series, thresholds
from tripoint.measures.records import declared
from tripoint.models.similarity import PAIR_MEASURES, bootstrap_pairs

_WITHHELD = "too few common votes"


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """All vote similarities of all pairs in all years."""
    ballots = read_ballots(frames)
    years = np.unique(ballots.years)
    parts = []
    for done, year in enumerate(years):
        progress(done / len(years), f"votes of {year}")
        parts.append(_year(ballots, int(year), settings))
    everything = pl.concat(parts)
    return {
        record.name: series(record, _one_measure(everything, record.name), _WITHHELD)
        for record in declared("alignment").measures
    }


def _year(ballots: Ballots, year: int, settings: Settings) -> pl.DataFrame:
    """One row per pair with at least the least number of common votes; three columns per measure."""
    rolls = ballots.of_years(year, year)
    votes = ballots.votes[:, rolls]
    members = np.flatnonzero((votes > 0).any(1))
    votes = votes[members]
    rng = np.random.default_rng([settings.seed, year])
    n, n_titles, numbers = bootstrap_pairs(votes, ballots.titles[rolls], settings.draws, LEVEL, rng)
    kept = n >= thresholds().least_common_votes
    rows, columns = (index[kept] for index in np.triu_indices(len(members), 1))
    states = np.array(ballots.states)[members]
    # Independent titles, not roll calls, are what the interval rests on; a year of repeats earns a lower grade.
    coverage = grade(thresholds().votes, n[kept], n[kept] / len(rolls))
    coverage[n_titles[kept] < thresholds().splits["C"].n] = "D"
    note = None
    if year in ballots.partial:
        note = "partial-year"
        coverage[coverage < "C"] = "C"
    columns_of = {
        f"{name}_{bound}": numbers[kept, k, b]
        for k, name in enumerate(PAIR_MEASURES)
        for b, bound in enumerate(("value", "lower", "upper"))
    }
    return pl.DataFrame(
        {
            "first": states[rows],
            "second": states[columns],
            "period": np.full(kept.sum(), str(year)),
            "n": n[kept],
            "coverage": coverage,
            **columns_of,
        }
    ).with_columns(pl.lit(note, pl.String).alias("note"))


def _one_measure(everything: pl.DataFrame, name: str) -> pl.DataFrame:
    """The columns of one measure; S with linear distances is twice Lijphart's agreement minus one."""
    bounds = ("value", "lower", "upper")
    if name == "s_score":
        numbers = [(2 * pl.col(f"agreement_{bound}") - 1).alias(bound) for bound in bounds]
    else:
        numbers = [pl.col(f"{name}_{bound}").alias(bound) for bound in bounds]
    return everything.select("first", "second", "period", "n", "coverage", "note", *numbers)


MEASURE = Measure("alignment", compute)
