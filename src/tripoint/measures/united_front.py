"""Do two powers stand together when an outsider says no, and less so otherwise? Over windows of five years."""

from itertools import product

import numpy as np
import polars as pl

from tripoint.core.series import LEVEL
from tripoint.measures.ballots import Ballots, read_ballots
from tripoint.measures.measure import Frames, Measure, Progress, Settings, grade, series, thresholds
from tripoint.measures.records import declared, windowed
from tripoint.measures.siding import pairs_among
from tripoint.models.similarity import cluster_weights
from tripoint.models.splits import bootstrap_united_front

_NAMES = ("agreement_given_no", "agreement_given_other", "united_front")
_WITHHELD = "too few roll calls on one side of the comparison"


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """The united front of every pair of powers against every outsider, per window."""
    ballots = read_ballots(frames)
    windows = declared("united_front").windows
    first_year = int(thresholds().first_year_of_triads)
    years = [
        int(year) for year in np.unique(ballots.years) if year >= first_year and year not in ballots.partial
    ]
    rows: list[tuple] = []
    for done, year in enumerate(years):
        progress(done / len(years), f"united fronts to {year}")
        for window, outsider in product(windows, settings.outsiders):
            if year - window + 1 >= first_year:
                rows += _window(ballots, year, window, outsider, settings)
    names = ("first", "second", "outsider", "period", "measure", "value", "lower", "upper", "n")
    everything = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    coverage = grade(thresholds().votes, everything["n"].to_numpy(), 1.0)
    everything = everything.with_columns(
        pl.Series("coverage", coverage), pl.lit(None, pl.String).alias("note")
    )
    return {
        record.name: series(record, everything.filter(measure=record.name).drop("measure"), _WITHHELD)
        for record in declared("united_front").measures
    }


def _window(ballots: Ballots, year: int, window: int, outsider: str, settings: Settings) -> list[tuple]:
    """Rows of all pairs without the outsider, for the window that ends with ``year``."""
    if outsider not in ballots.states:
        return []
    rolls = ballots.of_years(year - window + 1, year)
    votes = ballots.votes[:, rolls]
    pairs = pairs_among(settings.powers, ballots.states)
    pairs = pairs[(pairs != ballots.row(outsider)).all(1)]
    weights = cluster_weights(
        ballots.titles[rolls], settings.draws, np.random.default_rng([settings.seed, year])
    )
    first, second = votes[pairs[:, 0]], votes[pairs[:, 1]]
    numbers, n = bootstrap_united_front(
        first, second, votes[ballots.row(outsider)], ballots.titles[rolls], weights, LEVEL
    )
    rows: list[tuple] = []
    for pair, k in zip(*np.nonzero(n >= thresholds().least_common_votes), strict=True):
        measure = windowed(_NAMES[k], window, declared("united_front").windows)
        who = (ballots.states[pairs[pair, 0]], ballots.states[pairs[pair, 1]], outsider, str(year), measure)
        rows.append((*who, *(float(number) for number in numbers[pair, k]), int(n[pair, k])))
    return rows


MEASURE = Measure("united_front", compute)
