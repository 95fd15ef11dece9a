"""Is a partnership the same in every issue? Similarity, outsiders and siding by issue, and how much issues differ."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import LEVEL, WHO, Grain
from tripoint.measures.ballots import Ballots, read_ballots
from tripoint.measures.glue import decompose, draws_of, explained_series, one_number, with_outsiders
from tripoint.measures.issue_list import all_issues
from tripoint.measures.issues import Membership, read_membership
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
    thresholds,
)
from tripoint.measures.records import declared, windowed
from tripoint.measures.siding import pairs_among
from tripoint.models.heterogeneity import between_deviation, covariance_of_draws, pooled_covariances
from tripoint.models.mixture import beta_interval, effective_number, expected_clusters, mixed_moments
from tripoint.models.similarity import bounds_of_draws, resample_pairs

_FEW = "too few roll calls on this issue"
_REASONS: dict[Grain, str] = {
    "dyad-issue-year": _FEW,
    "triad-issue-year": "too few independent splits on this issue",
    "dyad-year": "too few issues with enough roll calls",
}

#: Draws that differ by less than single precision tells apart.
_FLAT = 1e-5

_LINKED = {"issue_linked": "linked", "issue_own": "own", "issue_linked_share": "linked_share"}
_SIDES = ("issue_siding_first", "issue_siding_second")
_NUMBERS = {
    **dict.fromkeys(("value", "lower", "upper"), pl.Float64),
    "n": pl.Int32,
    **dict.fromkeys(("coverage", "note"), pl.String),
}


@dataclass(frozen=True, slots=True)
class Areas:
    """The roll calls of a window, and how far each belongs to each issue.

    Attributes
    ----------
    years
        First and last calendar year.
    votes, titles
        As in :class:`tripoint.measures.ballots.Ballots`, for the roll calls of the window.
    membership
        Columns are the roll calls of the window.
    members
        Draws of membership, shape ``(n_issues, n_items, n_draws)``.
    draws
        How often each roll call counts: once in the estimate, then in bootstrap draws of titles; shape
        ``(n_items, 1 + n_draws)``.
    """

    years: tuple[int, int]
    votes: NDArray[np.int8]
    titles: NDArray[np.int32]
    membership: Membership
    members: NDArray[np.uint8]
    draws: NDArray[np.float32]

    def weights(self, issue: int) -> NDArray[np.float32]:
        """Weights of roll calls in an issue: probabilities, then titles and membership drawn; shape of ``draws``."""
        probability = self.membership.probability[issue].astype(np.float32)
        return self.draws * np.column_stack([probability, self.members[issue]])


@dataclass(frozen=True, slots=True)
class _Kappas:
    """Similarity of pairs by issue: draws ``(n_pairs, n_issues, 3, 1 + n_draws)``; the rest ``(n_pairs, n_issues)``."""

    draws: NDArray[np.float32]
    n: NDArray[np.int32]
    titles: Floats
    effective: Floats
    coverage: NDArray[np.str_]


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Everything by issue, for windows that end with each full year."""
    ballots, membership = read_ballots(frames), read_membership(frames)
    members = membership.draw(np.random.default_rng(settings.seed), settings.draws)
    first_year = int(thresholds().first_year_of_triads)
    years = [
        int(year) for year in np.unique(ballots.years) if year >= first_year and year not in ballots.partial
    ]
    found: dict[str, list[pl.DataFrame]] = {
        record.name: [pl.DataFrame(schema=_schema(record.name, record.grain))]
        for record in declared("issue_areas").measures
    }
    for done, year in enumerate(years):
        progress(done / len(years), f"issues to {year}")
        for window in _declared("windows"):
            if year - window + 1 < first_year:
                continue
            areas = _areas(ballots, membership, members, (year - window + 1, year), settings)
            for name, frame in _window(areas, ballots, window, settings).items():
                found[name].append(frame)
    return {
        record.name: explained_series(record, pl.concat(found[record.name]), _FEW)
        if record.name in _LINKED
        else series(record, pl.concat(found[record.name]), _REASONS[record.grain])
        for record in declared("issue_areas").measures
    }


def _declared(name: str) -> Any:
    return declared("issue_areas").settings[name]


def _schema(name: str, grain: Grain) -> dict[str, Any]:
    """Columns of a measure's rows; ``why`` says why a share of a doubtful agreement is withheld."""
    why = {"why": pl.String} if name in _LINKED else {}
    return {**dict.fromkeys((*WHO[grain], "period"), pl.String), **_NUMBERS, **why}


def _areas(
    ballots: Ballots,
    membership: Membership,
    members: NDArray[np.uint8],
    years: tuple[int, int],
    settings: Settings,
) -> Areas:
    rolls = ballots.of_years(*years)
    window = years[1] - years[0] + 1
    return Areas(
        years=years,
        votes=ballots.votes[:, rolls],
        titles=ballots.titles[rolls],
        membership=Membership(
            membership.issues,
            membership.probability[:, rolls],
            membership.coded[:, rolls],
            membership.labels[:, rolls],
            membership.counts,
        ),
        members=members[:, rolls],
        draws=draws_of(ballots, rolls, settings, (years[1], window)),
    )


def _window(areas: Areas, ballots: Ballots, window: int, settings: Settings) -> dict[str, pl.DataFrame]:
    """Rows of one window for each measure; all but the dispersion in the first window only."""
    year, first_window = areas.years[1], window == _declared("windows")[0]
    pairs = observed = pairs_among(settings.powers, ballots.states)
    if first_window and year >= _declared("others_since"):
        observed = np.concatenate([pairs, _pairs_with_one_power(ballots, settings)])
    kappas = _kappas(areas, observed)
    apart = windowed("issue_dispersion", window, tuple(_declared("windows")))
    six = [k for k, issue in enumerate(all_issues()) if issue.code is not None]
    found = {apart: _dispersion(areas, ballots, pairs, kappas, six)}
    if first_window:
        every = list(range(len(all_issues())))
        found["issue_dispersion_with_ukraine"] = _dispersion(areas, ballots, pairs, kappas, every)
        found |= _similarity(areas, ballots, observed, kappas)
        found |= _outsiders(areas, ballots, pairs, settings)
        found["issue_side_taking"] = _side_taking(areas, ballots, pairs)
        if year >= _declared("siding_since"):
            found |= _siding(areas, ballots, pairs)
    return found


def _pairs_with_one_power(ballots: Ballots, settings: Settings) -> NDArray[np.intp]:
    first, second = np.triu_indices(len(ballots.states), 1)
    power = np.isin(ballots.states, settings.powers)
    kept = power[first] ^ power[second]
    return np.column_stack([first[kept], second[kept]])


def _kappas(areas: Areas, pairs: NDArray[np.intp]) -> _Kappas:
    """Similarity of pairs in each issue, graded by the expected number of common votes."""
    probability = areas.membership.probability
    common = (areas.votes[pairs[:, 0]] > 0) & (areas.votes[pairs[:, 1]] > 0)
    n = np.rint(common @ probability.T).astype(np.int32)
    held = np.maximum(np.rint(probability.sum(1)), 1)
    titles = np.stack([expected_clusters(common, chance, areas.titles) for chance in probability], axis=1)
    effective = np.stack([effective_number(common, chance, areas.titles) for chance in probability], axis=1)
    coverage = grade(thresholds().votes, n, n / held)
    # Independent titles, not roll calls, are what the interval rests on.
    coverage[titles < thresholds().splits["C"].n] = "D"
    draws = [resample_pairs(areas.votes, pairs, areas.weights(issue)) for issue in range(len(probability))]
    return _Kappas(np.stack(draws, axis=1), n, titles, effective, coverage)


def _similarity(
    areas: Areas, ballots: Ballots, pairs: NDArray[np.intp], kappas: _Kappas
) -> dict[str, pl.DataFrame]:
    pair, issue = np.nonzero(kappas.n >= thresholds().least_common_votes)
    numbers = bounds_of_draws(kappas.draws[pair, issue], kappas.titles[pair, issue], LEVEL)
    about = {
        "first": _gather(ballots.states, pairs[pair, 0]),
        "second": _gather(ballots.states, pairs[pair, 1]),
        **_issue_and_period(areas, issue),
    }
    rest = {"n": kappas.n[pair, issue], "coverage": kappas.coverage[pair, issue]}
    return {
        name: pl.DataFrame(
            {**about, **_bounds(*numbers[:, k].T), **rest, "note": _gather(_notes(areas), issue)}
        )
        for k, name in enumerate(("issue_agreement", "issue_kappa"))
    }


def _outsiders(
    areas: Areas, ballots: Ballots, pairs: NDArray[np.intp], settings: Settings
) -> dict[str, pl.DataFrame]:
    """The decomposition by outsiders in each issue, withheld as in the glue of all votes."""
    combinations = with_outsiders(ballots, pairs, set(settings.outsiders))
    voted = (areas.votes[combinations] > 0).all(1)
    found: dict[str, list[pl.DataFrame]] = {name: [] for name in _LINKED}
    for issue, name in enumerate(areas.membership.issues):
        numbers = decompose(areas.votes, combinations, areas.titles, areas.weights(issue), ballots.states)
        expected = np.rint(voted @ areas.membership.probability[issue]).astype(np.int32)
        numbers = numbers.with_columns(
            pl.Series("n_all_three", expected), pl.lit(str(areas.years[1])).alias("period")
        )
        for measure, number in _LINKED.items():
            found[measure].append(
                one_number([numbers], number).with_columns(
                    pl.lit(name).alias("issue"), pl.lit(_notes(areas)[issue], pl.String).alias("note")
                )
            )
    return {
        measure: pl.concat(parts).select(*_schema(measure, "pair-outsider-issue-year"))
        for measure, parts in found.items()
    }


def _siding(areas: Areas, ballots: Ballots, pairs: NDArray[np.intp]) -> dict[str, pl.DataFrame]:
    """Siding of every ground between every pair in each issue."""
    parts = [_sides_of_pair(areas, pair) for pair in pairs]
    trials, effective = (np.stack([part[k] for part in parts]) for k in ("trials", "effective"))
    n = np.rint(trials).astype(np.int32)
    common = np.rint(np.stack([part["common"] for part in parts]))
    kept = (common >= thresholds().least_common_votes) & (n >= thresholds().least_splits)
    rows = np.arange(len(pairs))
    kept[rows, :, pairs[:, 0]] = kept[rows, :, pairs[:, 1]] = False
    pair, issue, ground = np.nonzero(kept)
    coverage = grade(thresholds().splits, effective[kept])
    about = {
        "first": _gather(ballots.states, pairs[pair, 0]),
        "second": _gather(ballots.states, pairs[pair, 1]),
        "ground": _gather(ballots.states, ground),
        **_issue_and_period(areas, issue),
    }
    found = {}
    for name in _SIDES:
        hits, mean, variance = (
            np.stack([part[f"{name}_{k}"] for part in parts])[kept] for k in ("hits", "mean", "variance")
        )
        value = np.clip(hits / trials[kept], 0, 1)
        lower, upper = value.copy(), value.copy()
        shown = coverage < "D"  # the others are withheld, and their bounds cost time
        lower[shown], upper[shown] = beta_interval(mean[shown], variance[shown], LEVEL)
        bounds = _bounds(value, np.minimum(lower, value), np.maximum(upper, value))
        rest = {"n": n[kept], "coverage": coverage, "note": _gather(_notes(areas), issue)}
        found[name] = pl.DataFrame({**about, **bounds, **rest})
    return found


def _sides_of_pair(areas: Areas, pair: NDArray[np.intp]) -> dict[str, Floats]:
    """What every ground did where a pair parted: arrays of shape ``(n_issues, n_states)``."""
    first, second = areas.votes[pair]
    both = (first > 0) & (second > 0)
    probability = areas.membership.probability
    shape = (len(probability), len(areas.votes))
    found = {name: np.zeros(shape) for name in ("common", "trials", "effective")}
    found |= {f"{name}_{k}": np.zeros(shape) for name in _SIDES for k in ("hits", "mean", "variance")}
    for issue, chances in enumerate(probability):
        found["common"][issue] = (areas.votes[:, both] > 0) @ chances[both]
        items = np.flatnonzero(both & (first != second) & (chances > 0))
        chance, votes = chances[items], areas.votes[:, items]
        voted = votes > 0
        found["trials"][issue] = trials = voted @ chance
        found["effective"][issue] = effective = effective_number(voted, chance, areas.titles[items])
        drawn = _few_draws(areas, issue, items)
        drawn_trials = (voted.astype(np.float32) @ drawn).astype(float)
        factor = np.divide(effective, trials, out=np.ones_like(trials), where=trials > 0)
        for name, power in zip(_SIDES, (first, second), strict=True):
            sided = votes == power[items]
            found[f"{name}_hits"][issue] = sided @ chance
            drawn_hits = (sided.astype(np.float32) @ drawn).astype(float)
            mean, variance = mixed_moments(drawn_hits, drawn_trials, factor)
            found[f"{name}_mean"][issue], found[f"{name}_variance"][issue] = mean, variance
    return found


def _side_taking(areas: Areas, ballots: Ballots, pairs: NDArray[np.intp]) -> pl.DataFrame:
    """How often the two part and every ground joins one of them, in each issue."""
    parts = []
    for issue, chances in enumerate(areas.membership.probability):
        items = np.flatnonzero(chances > 0)
        drawn, votes = _few_draws(areas, issue, items), areas.votes[:, items]
        for pair in pairs:
            found = _sides_taken(votes, votes[pair], chances[items], areas.titles[items], drawn)
            ground = np.flatnonzero(found["n"] >= thresholds().least_common_votes)
            ground = ground[~np.isin(ground, pair)]
            about = {
                "first": _gather(ballots.states, np.full(len(ground), pair[0])),
                "second": _gather(ballots.states, np.full(len(ground), pair[1])),
                "ground": _gather(ballots.states, ground),
                **_issue_and_period(areas, np.full(len(ground), issue)),
            }
            numbers = {name: values[ground] for name, values in found.items()}
            note = _gather(_notes(areas), np.full(len(ground), issue))
            parts.append(pl.DataFrame({**about, **numbers, "note": note}))
    return pl.concat(parts)


def _sides_taken(
    votes: NDArray[np.int8],
    of_pair: NDArray[np.int8],
    chance: Floats,
    titles: NDArray[np.int32],
    drawn: NDArray[np.float32],
) -> dict[str, NDArray[Any]]:
    """Share of common roll calls on which the two part and a state votes with one of them, for all states."""
    first, second = of_pair
    common = (votes > 0) & (first > 0) & (second > 0)
    sided = common & (first != second) & ((votes == first) | (votes == second))
    trials = common @ chance
    effective = effective_number(common, chance, titles)
    factor = np.divide(effective, trials, out=np.ones_like(trials), where=trials > 0)
    hits = (sided.astype(np.float32) @ drawn).astype(float)
    mean, variance = mixed_moments(hits, (common.astype(np.float32) @ drawn).astype(float), factor)
    value = np.divide(sided @ chance, trials, out=np.zeros_like(trials), where=trials > 0)
    lower, upper = beta_interval(mean, variance, LEVEL)
    return {
        **_bounds(value, np.minimum(lower, value), np.maximum(upper, value)),
        "n": np.rint(trials).astype(np.int32),
        "coverage": grade(thresholds().splits, effective),
    }


def _few_draws(areas: Areas, issue: int, items: NDArray[np.intp]) -> NDArray[np.float32]:
    """Draws of membership: one where it is certain, a declared number elsewhere."""
    certain = areas.membership.coded[issue, items].all()
    return areas.members[issue, items][:, : 1 if certain else _declared("siding_draws")].astype(np.float32)


def _dispersion(
    areas: Areas, ballots: Ballots, pairs: NDArray[np.intp], kappas: _Kappas, issues: list[int]
) -> pl.DataFrame:
    """How much kappa differs between issues, for the first pairs of ``kappas``.

    With the issue that has no code of Voeten's among ``issues``, only pairs with enough roll calls on it are graded.
    """
    rows = slice(len(pairs))
    draws, titles = kappas.draws[rows, issues], kappas.titles[rows, issues]
    seen = np.isfinite(draws[:, :, 1, 1:]).mean(-1) >= 0.5
    used = (kappas.coverage[rows, issues] < "D") & np.isfinite(draws[:, :, 1, 0]) & seen
    kappa = np.where(used, draws[:, :, 1, 0], np.nan).astype(float)
    drawn = np.where(used[..., None], draws[:, :, 1, 1:], np.nan)
    errors = _errors(drawn, draws[:, :, 2, 0].astype(float), titles, kappas.effective[rows, issues])
    value, lower, upper = between_deviation(kappa, errors, LEVEL)

    union = 1 - (1 - areas.membership.probability[issues]).prod(0)
    common = (areas.votes[pairs[:, 0]] > 0) & (areas.votes[pairs[:, 1]] > 0)
    n = np.rint(common @ union).astype(np.int32)
    coded = np.array([all_issues()[issue].code is not None for issue in issues])
    rules = _declared("dispersion_grades")
    by_issues = grade({k: GradeRule(rule["issues"]) for k, rule in rules.items()}, used[:, coded].sum(1))
    by_votes = grade({k: GradeRule(rule["n"]) for k, rule in rules.items()}, n)
    coverage = np.where(by_issues > by_votes, by_issues, by_votes)
    coverage[~used[:, ~coded].all(1)] = "D"
    # Withheld rows need a number for their reason to be said: without one they count as undefined.
    value, lower, upper = (np.where(coverage == "D", 0.0, number) for number in (value, lower, upper))
    unsure = ~areas.membership.coded[issues].all(0)
    about = {"first": _gather(ballots.states, pairs[:, 0]), "second": _gather(ballots.states, pairs[:, 1])}
    rest = {"n": n, "coverage": coverage, "note": _note(union[unsure].sum(), union.sum())}
    period = pl.lit(str(areas.years[1])).alias("period")
    frame = pl.DataFrame({**about, **_bounds(value, lower, upper), **rest}, schema_overrides=_NUMBERS)
    enough = kappas.n[rows, issues][:, ~coded] >= thresholds().least_common_votes
    kept = (n >= thresholds().least_common_votes) & enough.all(1)
    return frame.filter(kept).select("first", "second", period, *_NUMBERS)


def _errors(drawn: Floats, expected: Floats, titles: Floats, effective: Floats) -> Floats:
    """Covariances of kappas, with one variance per independent title.

    A kappa that is the same in all draws tells nothing of its error: it has no part in the pooled variance, and its own
    comes from the exact binomial bound for as many titles, as in :func:`tripoint.models.similarity.bounds_of_draws`.
    """
    errors = covariance_of_draws(drawn)
    places = np.arange(errors.shape[1])
    variances = errors[:, places, places]
    flat = variances <= _FLAT**2
    errors[:, places, places] = np.where(flat, np.nan, variances)
    errors = np.where(flat[:, :, None] | flat[:, None, :], 0.0, pooled_covariances(errors, effective))
    unseen = 1 - ((1 - LEVEL) / 2) ** (1 / np.maximum(titles, 1))
    doubt = unseen / np.maximum(1 - expected, _FLAT) / HALF_WIDTH
    errors[:, places, places] = np.where(flat, doubt**2, errors[:, places, places])
    return errors


def _bounds(value: Floats, lower: Floats, upper: Floats) -> dict[str, Floats]:
    return {"value": value.astype(float), "lower": lower.astype(float), "upper": upper.astype(float)}


def _gather(names: tuple[str | None, ...], places: NDArray[np.intp]) -> pl.Series:
    return pl.Series(names, dtype=pl.String).gather(places)


def _issue_and_period(areas: Areas, issue: NDArray[np.intp]) -> dict[str, pl.Series]:
    periods = pl.Series([str(areas.years[1])]).new_from_index(0, len(issue))
    return {"issue": _gather(areas.membership.issues, issue), "period": periods}


def _notes(areas: Areas) -> tuple[str | None, ...]:
    """For each issue, how many of its roll calls only the coder put there."""
    found = areas.membership
    return tuple(
        _note(chance[~coded].sum(), chance.sum())
        for chance, coded in zip(found.probability, found.coded, strict=True)
    )


def _note(uncoded: float, every: float) -> str | None:
    return f"coded by keywords: {uncoded:.0f} of {every:.0f} roll calls" if round(uncoded) else None


MEASURE = Measure("issue_areas", compute)
