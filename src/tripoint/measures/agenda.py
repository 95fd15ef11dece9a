"""How much does it matter what is put to a vote? Similarity, and what an outsider carries of it, with other agendas.

Three agendas beside the roll calls as they are: without the unanimous ones, with every title once, and with the
resolutions that were adopted without a vote.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import LEVEL
from tripoint.measures.ballots import Ballots, read_ballots
from tripoint.measures.glue import (
    decompose,
    draws_of,
    explained_series,
    observed_pairs,
    one_number,
    with_outsiders,
)
from tripoint.measures.measure import Frames, Measure, Progress, Settings, grade, thresholds
from tripoint.measures.records import declared
from tripoint.models.decomposition import bootstrap_weighted_pairs

_FEW = "too few common votes"
_UNKNOWN = "how many resolutions were adopted without a vote is not known"
_AGENDAS = ("contested", "titles_once", "consensus")


@dataclass(frozen=True, slots=True)
class Items:
    """What counts as an item, and for how much.

    Attributes
    ----------
    votes
        Shape ``(n_states, n_items)``, as in :class:`tripoint.measures.ballots.Ballots`.
    titles
        Number of each item's title, shape ``(n_items,)``.
    weights
        Shape ``(n_items, 1 + n_draws)``: of the estimate, then of the bootstrap draws.
    """

    votes: NDArray[np.int8]
    titles: NDArray[np.int32]
    weights: NDArray[np.float32]


def contested(items: Items) -> Items:
    """Only items on which not all who voted cast the same vote."""
    kinds = np.stack([(items.votes == vote).any(0) for vote in (1, 2, 3)]).sum(0)
    kept = np.flatnonzero(kinds > 1)
    return Items(items.votes[:, kept], items.titles[kept], items.weights[kept])


def titles_once(items: Items) -> Items:
    """Every title with the weight of one item, however often it was tabled."""
    _, membership, tablings = np.unique(items.titles, return_inverse=True, return_counts=True)
    return replace(items, weights=items.weights / tablings[membership].astype(np.float32)[:, None])


def with_consensus(items: Items, years: NDArray[np.int32], adopted: Mapping[int, int]) -> Items | None:
    """Items and, as yes of all who voted at all in the year, the resolutions adopted without a vote.

    How many there were is known and not sampled, so they have weight 1 in every draw. None where a year's
    number is not known.
    """
    numbers = {int(year): adopted.get(int(year)) for year in np.unique(years)}
    votes, n_more = [items.votes], 0
    for year, number in numbers.items():
        if number is None:
            return None
        present = items.votes[:, years == year].any(1)
        votes.append(np.tile(present.astype(np.int8), (number, 1)).T)
        n_more += number
    after = int(items.titles.max(initial=0)) + 1
    return Items(
        np.concatenate(votes, axis=1),
        np.concatenate([items.titles, np.arange(after, after + n_more, dtype=np.int32)]),
        np.concatenate([items.weights, np.ones((n_more, items.weights.shape[1]), np.float32)]),
    )


def adopted_without_vote(rolls: pl.DataFrame) -> dict[int, int]:
    """How many resolutions the General Assembly adopted without a recorded vote, by calendar year; at least.

    The highest number that any resolution of a regular session has, less the numbers put to a recorded vote; a
    session counts for the year in which it opened. Only since resolutions are numbered within sessions
    (A/RES/31/1). Tables without symbols tell nothing.
    """
    if "symbol" not in rolls.columns:
        return {}
    settings = declared("agenda").settings
    parts = pl.col("symbol").str.extract_groups(r"^A/RES/(?<session>\d+)/(?<number>\d+)")
    numbered = (
        rolls.filter(pl.col("body") == "GA")
        .select(parts.alias("parts"), "recorded")
        .unnest("parts")
        .with_columns(pl.col("session", "number").cast(pl.Int32))
        .filter(pl.col("session") >= settings["first_session"])
    )
    voted = pl.col("number").filter(pl.col("recorded")).n_unique()
    sessions = numbered.group_by("session").agg((pl.col("number").max() - voted).alias("adopted"))
    return {settings["year_before_sessions"] + session: adopted for session, adopted in sessions.rows()}


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Similarity of pairs with a power per year, and the outsider's share over windows, with every agenda."""
    ballots = read_ballots(frames)
    adopted = adopted_without_vote(frames["roll_calls"])
    adopted = {year: number for year, number in adopted.items() if year not in ballots.partial}
    window = declared("glue").windows[0]
    first_window = int(thresholds().first_year_of_triads) + window - 1
    years = [int(year) for year in np.unique(ballots.years)]
    dyads: list[pl.DataFrame] = []
    triads: dict[str, list[pl.DataFrame]] = {agenda: [] for agenda in _AGENDAS}
    for done, year in enumerate(years):
        progress(done / len(years), f"agendas of {year}")
        dyads.append(_dyads(ballots, year, settings, adopted))
        if year >= first_window and year not in ballots.partial:
            for agenda, numbers in _triads(ballots, year, window, settings, adopted).items():
                triads[agenda].append(numbers)
    everything = pl.concat(dyads)
    found = {}
    for record in declared("agenda").measures:
        if record.grain == "dyad-year":
            rows = everything.filter(measure=record.name).drop("measure")
            found[record.name] = explained_series(record, rows, _FEW)
        else:
            agenda = record.name.removeprefix("linked_share_")
            found[record.name] = explained_series(record, one_number(triads[agenda], "linked_share"))
    return found


def _items(ballots: Ballots, rolls: NDArray[np.intp], settings: Settings, *key: int) -> Items:
    return Items(ballots.votes[:, rolls], ballots.titles[rolls], draws_of(ballots, rolls, settings, key))


def _dyads(ballots: Ballots, year: int, settings: Settings, adopted: Mapping[int, int]) -> pl.DataFrame:
    """Similarity of all pairs with a power in one year: one row per pair and measure."""
    rolls = ballots.of_years(year, year)
    items = _items(ballots, rolls, settings, year)
    pairs = _pairs_with_a_power(ballots, settings)
    once = bootstrap_weighted_pairs(items.votes, pairs, items.titles, titles_once(items).weights, LEVEL)
    common, n_titles, _ = once
    graded = (common, n_titles, len(rolls))
    parts = [_rows(ballots, year, pairs, "kappa_titles_once", once[0], once[2][:, 1], graded)]
    fewer = contested(items)
    n, n_titles, numbers = bootstrap_weighted_pairs(fewer.votes, pairs, fewer.titles, fewer.weights, LEVEL)
    rested = (n, n_titles, max(len(fewer.titles), 1))
    parts.append(_rows(ballots, year, pairs, "kappa_contested", n, numbers[:, 1], rested))
    more = with_consensus(items, ballots.years[rolls], adopted)
    n, numbers = common, np.full((len(pairs), 2, 3), np.nan, np.float32)
    if more is not None:
        n, _, numbers = bootstrap_weighted_pairs(more.votes, pairs, more.titles, more.weights, LEVEL)
    for k, name in enumerate(("same_vote_consensus", "kappa_consensus")):
        why = _UNKNOWN if more is None else None
        parts.append(_rows(ballots, year, pairs, name, n, numbers[:, k], graded, why))
    return pl.concat(parts)


def _pairs_with_a_power(ballots: Ballots, settings: Settings) -> NDArray[np.intp]:
    first, second = np.triu_indices(len(ballots.states), 1)
    power = np.isin(ballots.states, settings.powers)
    kept = power[first] | power[second]
    return np.column_stack([first[kept], second[kept]])


def _rows(
    ballots: Ballots,
    year: int,
    pairs: NDArray[np.intp],
    measure: str,
    n: NDArray[np.int32],
    numbers: NDArray[np.float32],
    graded: tuple[NDArray[np.int32], NDArray[np.int32], int],
    why: str | None = None,
) -> pl.DataFrame:
    """Rows of one measure; ``graded`` holds the roll calls and titles that the grade rests on, and all roll calls."""
    rested, n_titles, n_rolls = graded
    coverage = grade(thresholds().votes, rested, rested / n_rolls)
    coverage[n_titles < thresholds().splits["C"].n] = "D"
    partial = year in ballots.partial
    if partial:
        coverage[coverage < "C"] = "C"
    kept = rested >= thresholds().least_common_votes
    states = np.array(ballots.states)
    return pl.DataFrame(
        {
            "first": states[pairs[kept, 0]],
            "second": states[pairs[kept, 1]],
            "period": np.full(kept.sum(), str(year)),
            **{bound: numbers[kept, k] for k, bound in enumerate(("value", "lower", "upper"))},
            "n": n[kept],
            "coverage": coverage[kept],
        }
    ).with_columns(
        pl.lit(measure).alias("measure"),
        pl.lit("partial-year" if partial else None, pl.String).alias("note"),
        pl.lit(why, pl.String).alias("why"),
    )


def _triads(
    ballots: Ballots, year: int, window: int, settings: Settings, adopted: Mapping[int, int]
) -> dict[str, pl.DataFrame]:
    """The decomposition by the settings' outsiders in the window that ends with ``year``, with every agenda."""
    rolls = ballots.of_years(year - window + 1, year)
    items = _items(ballots, rolls, settings, year, window)
    combinations = with_outsiders(ballots, observed_pairs(ballots, settings), set(settings.outsiders))

    def by(found: Items) -> pl.DataFrame:
        numbers = decompose(found.votes, combinations, found.titles, found.weights, ballots.states)
        return numbers.with_columns(
            pl.lit(str(year)).alias("period"), pl.lit(None, pl.String).alias("unknown")
        )

    once = by(titles_once(items))
    more = with_consensus(items, ballots.years[rolls], adopted)
    consensus = once.with_columns(pl.lit(_UNKNOWN).alias("unknown")) if more is None else by(more)
    return {
        "contested": by(contested(items)),
        "titles_once": once,
        "consensus": consensus.with_columns(once["n_all_three"].alias("n_graded")),
    }


MEASURE = Measure("agenda", compute)
