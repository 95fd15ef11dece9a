"""How much of two powers' agreement beyond chance does an outsider's vote carry? Over windows, with placebos."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import LEVEL, WHO, MeasureRecord
from tripoint.measures.ballots import Ballots, read_ballots
from tripoint.measures.measure import Frames, Measure, Progress, Settings, grade, series, thresholds
from tripoint.measures.records import declared
from tripoint.measures.siding import pairs_among
from tripoint.models.decomposition import DECOMPOSITION, ITEM_COUNTS, bootstrap_decomposition
from tripoint.models.similarity import cluster_weights

_FEW = "too few roll calls on which all three voted"
_UNCLEAR = "the pair's agreement is not clearly above chance, so a share of it means nothing"

#: What the model calls a number that is published under another name.
_MODEL_NAMES = {"shared_opposition_naive": "shared_opposition"}

#: The items that a number rests on, where they are not all on which the three voted.
_COUNTS = {
    "shared_opposition": "same_vote",
    "agreement_given_yes": "outsider_yes",
    "agreement_given_abstain": "outsider_abstain",
}

#: The agreement that a share is a share of.
_WHOLES = {"linked_share": "kappa", "linked_share_quadratic": "covariance"}

_SCHEMA = {
    **dict.fromkeys((*WHO["pair-outsider-year"], "period"), pl.String),
    **dict.fromkeys(("value", "lower", "upper"), pl.Float64),
    **dict.fromkeys(("n", "n_graded"), pl.Int32),
    "why": pl.String,
}


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """The decomposition of every pair by every outsider, per window."""
    ballots = read_ballots(frames)
    windows = declared("glue").windows
    first_year = int(thresholds().first_year_of_triads)
    years = [
        int(year) for year in np.unique(ballots.years) if year >= first_year and year not in ballots.partial
    ]
    parts: dict[int, list[pl.DataFrame]] = {window: [] for window in windows}
    for done, year in enumerate(years):
        progress(done / len(years), f"what binds pairs, to {year}")
        for window in windows:
            if year - window + 1 >= first_year:
                parts[window].append(_window(ballots, year, window, settings))
    measures = declared("glue").measures
    n_names = len(measures) // len(windows)
    found = {}
    for k, record in enumerate(measures):
        name = measures[k % n_names].name
        numbers = one_number(parts[windows[k // n_names]], _MODEL_NAMES.get(name, name))
        found[record.name] = explained_series(record, numbers)
    return found


def _window(ballots: Ballots, year: int, window: int, settings: Settings) -> pl.DataFrame:
    """All combinations of the window that ends with ``year``; placebo outsiders in the first window only."""
    rolls = ballots.of_years(year - window + 1, year)
    outsiders = set(settings.outsiders)
    if window == declared("glue").windows[0]:
        outsiders |= {*settings.powers, *declared("glue").settings["placebo_outsiders"]}
    combinations = with_outsiders(ballots, observed_pairs(ballots, settings), outsiders)
    weights = draws_of(ballots, rolls, settings, (year, window))
    found = decompose(ballots.votes[:, rolls], combinations, ballots.titles[rolls], weights, ballots.states)
    return found.with_columns(period=pl.lit(str(year)))


def observed_pairs(ballots: Ballots, settings: Settings) -> NDArray[np.intp]:
    """Rows of all pairs of powers and of the placebo pairs, shape ``(n_pairs, 2)``, in alphabetical order."""
    pairs = {(int(first), int(second)) for first, second in pairs_among(settings.powers, ballots.states)}
    for placebo in declared("glue").settings["placebo_pairs"]:
        if set(placebo) <= set(ballots.states):
            first, second = sorted(ballots.row(state) for state in placebo)
            pairs.add((first, second))
    return np.array(sorted(pairs), np.intp).reshape(-1, 2)


def with_outsiders(ballots: Ballots, pairs: NDArray[np.intp], outsiders: set[str]) -> NDArray[np.intp]:
    """Every pair with every outsider that is neither of the two, as rows, shape ``(n, 3)``."""
    rows = sorted(ballots.row(state) for state in outsiders if state in ballots.states)
    found = [(*pair, row) for pair in pairs.tolist() for row in rows if row not in pair]
    return np.array(found, np.intp).reshape(-1, 3)


def draws_of(
    ballots: Ballots, rolls: NDArray[np.intp], settings: Settings, key: tuple[int, ...]
) -> NDArray[np.float32]:
    """Weights of roll calls: ones for the estimate, then bootstrap draws of titles; the same for everyone."""
    rng = np.random.default_rng([settings.seed, *key])
    draws = cluster_weights(ballots.titles[rolls], settings.draws, rng)
    return np.column_stack([np.ones(len(rolls), np.float32), draws])


def decompose(
    votes: NDArray[np.int8],
    combinations: NDArray[np.intp],
    titles: NDArray[np.integer],
    weights: NDArray[np.floating],
    states: tuple[str, ...],
) -> pl.DataFrame:
    """One row per combination: who, ``n_<count>`` for every count, three columns for every number of the model."""
    n, _, numbers = bootstrap_decomposition(votes, combinations, titles, weights, LEVEL)
    names = np.array(states)
    columns = {who: names[combinations[:, k]] for k, who in enumerate(WHO["pair-outsider-year"])}
    columns |= {f"n_{count}": n[:, k] for k, count in enumerate(ITEM_COUNTS)}
    columns |= {
        f"{name}_{bound}": numbers[:, k, b]
        for k, name in enumerate(DECOMPOSITION)
        for b, bound in enumerate(("value", "lower", "upper"))
    }
    return pl.DataFrame(columns)


def one_number(parts: list[pl.DataFrame], name: str) -> pl.DataFrame:
    """One number of the model with its grade; ``why`` says why a share of a doubtful agreement is withheld.

    Where there are such columns, ``n_graded`` holds the observations that the grade rests on instead of ``n``, and
    ``unknown`` why a number is not known.
    """
    n = f"n_{_COUNTS.get(name, 'all_three')}"
    bounds = [pl.col(f"{name}_{bound}").alias(bound) for bound in ("value", "lower", "upper")]
    who = [pl.col(column).cast(pl.String) for column in WHO["pair-outsider-year"]]
    doubtful = pl.lit(value=False)
    if name in _WHOLES:
        doubtful = ~(pl.col(f"{_WHOLES[name]}_lower").fill_nan(None) > 0).fill_null(value=False)
    selected = [
        part.select(
            *who,
            "period",
            *bounds,
            pl.col(n).alias("n"),
            pl.col("n_graded" if "n_graded" in part.columns else n).alias("n_graded"),
            (pl.col("unknown") if "unknown" in part.columns else pl.lit(None, pl.String))
            .fill_null(pl.when(doubtful).then(pl.lit(_UNCLEAR)))
            .alias("why"),
        )
        for part in parts
    ]
    enough = pl.col("n_graded") >= thresholds().least_common_votes
    frame = pl.concat([pl.DataFrame(schema=_SCHEMA), *selected]).filter(enough)
    coverage = grade(thresholds().votes, frame["n_graded"].to_numpy(), 1.0)
    return frame.with_columns(
        pl.Series("coverage", coverage, pl.String), pl.lit(None, pl.String).alias("note")
    )


def explained_series(record: MeasureRecord, frame: pl.DataFrame, few: str = _FEW) -> pl.DataFrame:
    """A series in which rows with a text in ``why`` are withheld for that reason, and thin rows as too few."""
    explained = pl.col("why").is_not_null() & (pl.col("coverage") != "D")
    parts = [series(record, frame.filter(~explained), few)]
    # The numbers of these rows may be undefined; what is said is why they are not wanted.
    blank = [pl.lit(0.0).alias(name) for name in ("value", "lower", "upper")]
    for (why,), rows in frame.filter(explained).group_by("why", maintain_order=True):
        withheld = rows.with_columns(*blank, pl.lit("D").alias("coverage"))
        parts.append(series(record, withheld, str(why)))
    return pl.concat(parts).sort(*WHO[record.grain], "period")


MEASURE = Measure("glue", compute)
