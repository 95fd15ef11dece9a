"""Where do states stand, and do two go together beyond that? Dynamic ideal points in two schemes, also by issue."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import LEVEL, WHO, MeasureRecord
from tripoint.errors import CoverageError, NotIdentifiedError
from tripoint.measures.ballots import partial_years, plain_title
from tripoint.measures.issue_list import Issue, all_issues
from tripoint.measures.measure import (
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
from tripoint.measures.schemes import FOUNDED, SCHEMES, Scheme, series_name
from tripoint.measures.siding import pairs_among
from tripoint.models.ideal_points.fit import IdealPoints, fit_ideal_points
from tripoint.models.ideal_points.panel import Panel, arrange
from tripoint.models.ideal_points.plan import Anchors, Plan
from tripoint.models.ideal_points.residuals import expected_residuals, residual_correlations
from tripoint.models.similarity import cluster_weights

_FEW = "too few votes in the session"


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Positions of all states in both schemes, overall and by issue, and residual association of pairs."""
    votes = read_votes(frames)
    jobs = list(_jobs(votes))
    total = sum(part.height * _work(plan_of(scheme, settings)) for scheme, _, part in jobs)
    records = {record.name: record for record in declared("ideal_points").measures}
    found = {name: [series(record, _no_rows(record), _FEW)] for name, record in records.items()}
    done = 0.0
    for scheme, issue, part in jobs:
        share = part.height * _work(plan_of(scheme, settings)) / total
        named = f"ideal points, {scheme}{', ' + issue if issue else ''}"
        name = series_name(scheme, issue)
        reason = _FEW
        try:
            points = fit(part, scheme, settings, _within(progress, done, share, named))
            rows = position_rows(points, part)
            if issue is None and scheme == "posterior":
                for pair, frame in residual_association(points, part, settings).items():
                    found[pair].append(frame)
        except NotIdentifiedError as error:
            rows, reason = _unidentified(part), f"not identified: {error}"
        rows = rows.with_columns(issue=pl.lit(issue))
        found[name].append(series(records[name], rows, reason))
        done += share
    return {name: pl.concat(parts) for name, parts in found.items()}


def _no_rows(record: MeasureRecord) -> pl.DataFrame:
    who = dict.fromkeys((*WHO[record.grain], "period", "coverage", "note"), pl.String())
    return pl.DataFrame(schema=who | dict.fromkeys(("value", "lower", "upper", "n"), pl.Float64()))


def _unidentified(votes: pl.DataFrame) -> pl.DataFrame:
    """Rows without a number, one per state and session."""
    return (
        votes.group_by("state", "session")
        .agg(pl.len().alias("n"))
        .select(
            "state",
            (pl.col("session") + FOUNDED).cast(pl.String).alias("period"),
            *(pl.lit(0.0).alias(name) for name in ("value", "lower", "upper")),
            "n",
            pl.lit("D").alias("coverage"),
            pl.lit(None, pl.String).alias("note"),
        )
    )


def _jobs(votes: pl.DataFrame) -> Iterator[tuple[Scheme, str | None, pl.DataFrame]]:
    """Scheme, issue and votes of every fit."""
    given = declared("ideal_points").settings
    for issue in (None, *(issue for issue in all_issues() if issue.code)):
        part = votes
        if issue is not None:
            part = votes_on(votes, issue)
            rolls = part.group_by("session").agg(pl.col("roll").n_unique())
            if rolls.filter(pl.col("roll") >= given["least_items"]).height < given["least_sessions"]:
                continue
        for scheme in SCHEMES:
            yield scheme, issue.name if issue else None, part


def votes_on(votes: pl.DataFrame, issue: Issue) -> pl.DataFrame:
    """The votes that Voeten's codes put in an issue.

    Raises
    ------
    CoverageError
        The issue has no such code.
    """
    if issue.code is None:
        coded = ", ".join(other.name for other in all_issues() if other.code)
        raise CoverageError(
            f"ideal points are by Voeten's codes, and {issue.name} has none; there are {coded}"
        )
    return votes.filter(pl.col(issue.code) == 1)


def _work(plan: Plan) -> int:
    """What a plan costs for every vote, in gradients."""
    return (plan.burn + plan.sweeps) * (plan.leaps if plan.scheme == "posterior" else 2)


def _within(progress: Progress, done: float, share: float, named: str) -> Progress:
    return lambda part, doing: progress(done + share * part, f"{named}: {doing}")


def plan_of(scheme: Scheme, settings: Settings, innovation: float | None = None) -> Plan:
    """The declared plan of a scheme, with the build's seed and effort; an innovation variance fixes it."""
    given = dict(declared("ideal_points").settings[scheme])
    for name in ("burn", "sweeps"):
        given[name] = max(8, round(given[name] * settings.effort))
    given["thin"] = max(1, min(given["thin"], given["sweeps"] // 8))
    return Plan(scheme=scheme, seed=settings.seed, innovation=innovation, **given)


def read_votes(frames: Frames) -> pl.DataFrame:
    """The votes that count, one row each.

    Returns
    -------
    polars.DataFrame
        ``state``; ``path``, the name under which a state's positions follow each other; ``session``; ``year``,
        the calendar year; ``partial``, whether the record ends inside that year; ``roll``, ``item`` (the same for
        bridged resolutions) and ``title``, numbers; ``vote`` (1 yes, 2 abstain, 3 no); Voeten's issue codes.
    """
    given = declared("ideal_points").settings
    codes = [issue.code for issue in all_issues() if issue.code]
    calls = _calls(frames["roll_calls"], given)
    roots = _roots(frames["bridges"], calls)
    paths = {state: group[0] for group in given["one_path"] for state in group}
    votes = (
        frames["votes"]
        .filter(pl.col("vote").is_in([1, 2, 3]))
        .with_columns(pl.col("state", "collection").cast(pl.String))
        .join(calls.join(roots, on="roll"), on=["collection", "resolution"])
        .filter(~pl.col("state").is_in(given["states_left_out"]))
    )
    for state, session in given["rows_left_out"]:
        votes = votes.filter((pl.col("state") != state) | (pl.col("session") != session))
    path = pl.col("state").replace(paths)
    for state, session in given["new_path"].items():
        later = (pl.col("state") == state) & (pl.col("session") >= session)
        path = pl.when(later).then(pl.lit(f"{state} since {session}")).otherwise(path)
    return votes.with_columns(
        path=path, partial=pl.col("year").is_in(partial_years(calls)), vote=pl.col("vote").cast(pl.Int8)
    ).select("state", "path", "session", "year", "partial", "roll", "item", "title", "vote", *codes)


def _calls(rolls: pl.DataFrame, given: dict[str, Any]) -> pl.DataFrame:
    """Roll calls that count, with their session."""
    date, voeten = pl.col("date"), pl.col("collection") == "voeten"
    # Without Voeten's record all sessions are the library's.
    held = rolls.filter(pl.col("collection").cast(pl.String) == "voeten")["session"].max()
    last = min(given["last_session_of_voeten"], cast("int", held) if held is not None else 0)
    month, day = given["opening"]
    new = (date.dt.month() > month) | ((date.dt.month() == month) & (date.dt.day() >= day))
    # Votes of emergency sessions carry the number of no regular session.
    by_date = (date.dt.year().cast(pl.Int64) - FOUNDED - pl.when(new).then(0).otherwise(1)).clip(1)
    part = (date.dt.year() > given["last_year_of_parts"]) & (pl.col("stage") != "resolution")
    ours = voeten | ((pl.col("body") == "GA") & pl.col("recorded"))
    return (
        rolls.with_columns(pl.col("collection").cast(pl.String))
        .with_columns(pl.when(voeten).then("session").otherwise(by_date).alias("session"))
        .filter(
            ours & ~part & (voeten == (pl.col("session") <= last)),
            ~pl.col("session").is_in(given["sessions_left_out"]),
        )
        .sort("date", "collection", "resolution")
        .with_row_index("roll")
        .with_columns(
            pl.col("roll").cast(pl.Int64),
            date.dt.year().alias("year"),
            plain_title(pl.col("title").fill_null(pl.col("roll").cast(pl.String)))
            .rank("dense")
            .alias("title"),
        )
    )


def _roots(bridges: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    """The item of every roll call: a chain of bridges leads to its first resolution."""
    earlier = dict(bridges.group_by("same_as").agg(pl.col("resolution").min()).iter_rows())
    known = calls.select("collection", "resolution", "roll")
    numbers = dict(known.filter(pl.col("collection") == "voeten").select("resolution", "roll").iter_rows())
    items = []
    for collection, resolution, roll in known.iter_rows():
        root = resolution
        while collection == "voeten" and root in earlier:
            root = earlier[root]
        items.append(roll if root == resolution else numbers.get(root, -root - 1))
    return known.select("roll").with_columns(pl.Series("item", items, pl.Int64))


def fit(
    votes: pl.DataFrame,
    scheme: Scheme,
    settings: Settings,
    progress: Progress = lambda share, doing: None,
    innovation: float | None = None,
) -> IdealPoints:
    """Sample positions from votes as :func:`read_votes` gives them.

    Raises
    ------
    NotIdentifiedError
        The votes do not fix the positions, or which way is up.
    """
    given = declared("ideal_points").settings
    paths = votes["path"].unique().sort().to_list()
    number = pl.Series(range(len(paths)), dtype=pl.Int64)
    columns = votes.select(
        pl.col("path").replace_strict(paths, number).alias("path"), "session", "roll", "vote", "item"
    )
    path, session, roll, vote, item = (columns[name].to_numpy() for name in columns.columns)
    panel = arrange(paths, path, session, roll, vote, item)
    anchors = Anchors(above=tuple(given["above"]), below=tuple(given["below"]))
    return fit_ideal_points(panel, anchors, plan_of(scheme, settings, innovation), progress=progress)


@cache
def _grades() -> dict[str, GradeRule]:
    return {letter: GradeRule(**rule) for letter, rule in declared("ideal_points").settings["grades"].items()}


def position_rows(points: IdealPoints, votes: pl.DataFrame) -> pl.DataFrame:
    """One row per state and session: ``state``, ``period``, the numbers, ``n`` votes, grade, note."""
    given = declared("ideal_points").settings
    value, lower, upper = points.summary(LEVEL)[:, 0].T
    panel = points.panel
    rows = pl.DataFrame(
        {
            "path": np.array(panel.states)[panel.unit_state],
            "session": panel.unit_period.astype(np.int64),
            "value": value,
            "lower": lower,
            "upper": upper,
            "r_hat": points.r_hat[:, 0],
        }
    )
    cast_votes = votes.group_by("path", "session").agg(
        pl.len().alias("n"), pl.col("state").sort_by("roll").last()
    )
    # A session opens in a year and goes on in the next: it is cut off where the record ends in the first of the two.
    ends = (pl.col("partial") & (pl.col("year") == pl.col("session") + FOUNDED)).any()
    held = votes.group_by("session").agg(pl.col("roll").n_unique().alias("held"), ends.alias("ends"))
    partial = pl.when("ends").then(pl.lit("partial-year: the record ends in this session"))
    apart = pl.col("r_hat") > given["most_r_hat"]
    doubt = pl.when(apart).then(
        pl.format("chains differ: R-hat {}", pl.col("r_hat").round(2).cast(pl.String))
    )
    rows = rows.join(cast_votes, on=["path", "session"]).join(held, on="session")
    graded = grade(_grades(), rows["n"].to_numpy(), rows["n"].to_numpy() / rows["held"].to_numpy())
    return rows.with_columns(pl.Series("coverage", graded, pl.String)).select(
        "state",
        (pl.col("session") + FOUNDED).cast(pl.String).alias("period"),
        "value",
        "lower",
        "upper",
        "n",
        pl.when(apart & pl.col("coverage").is_in(["A", "B"]))
        .then(pl.lit("C"))
        .otherwise("coverage")
        .alias("coverage"),
        pl.concat_str(partial, doubt, separator="; ", ignore_nulls=True).replace("", None).alias("note"),
    )


def residual_association(
    points: IdealPoints, votes: pl.DataFrame, settings: Settings
) -> dict[str, pl.DataFrame]:
    """Yen's Q3 of pairs of powers and placebo pairs over windows, with posterior and resampling error together."""
    given = declared("ideal_points").settings
    states = sorted({*settings.powers, *given["residual_states"]} & set(votes["state"].unique()))
    pairs = _pairs(states, settings)
    found = ballots_residuals(points, votes, states, given["residual_draws"])
    full = votes.filter(~pl.col("partial"), pl.col("year") >= int(thresholds().first_year_of_triads))
    years = full["year"].unique().sort().to_list()
    records = {record.name: record for record in declared("ideal_points").measures}
    frames = {}
    for window in given["windows"]:
        record = records[windowed("residual_association", window, given["windows"])]
        parts = [
            _association(found, (year - window + 1, year), pairs, settings)
            for year in years
            if year - window + 1 >= years[0]
        ]
        frames[record.name] = _pair_series(record, parts, states)
    return frames


def _pairs(states: list[str], settings: Settings) -> NDArray[np.intp]:
    pairs = {(int(one), int(two)) for one, two in pairs_among(settings.powers, tuple(states))}
    for placebo in declared("glue").settings["placebo_pairs"]:
        if set(placebo) <= set(states):
            one, two = sorted(states.index(state) for state in placebo)
            pairs.add((one, two))
    return np.array(sorted(pairs), np.intp).reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class Residuals:
    """Residuals of some states' votes: ``(n_draws, n_states, n_rolls)``, with year and title of every roll call."""

    values: NDArray[np.float32]
    years: NDArray[np.int64]
    titles: NDArray[np.int64]


def ballots_residuals(points: IdealPoints, votes: pl.DataFrame, states: list[str], n_draws: int) -> Residuals:
    """Residuals of the votes of some states, in draws spread evenly over all chains."""
    panel = points.panel
    kept = votes.filter(pl.col("state").is_in(states), pl.col("item").is_in(panel.items.tolist()))
    rolls = kept.select("roll", "item", "year", "title").unique("roll").sort("roll")
    row = kept["state"].replace_strict(states, list(range(len(states)))).to_numpy()
    column = np.searchsorted(rolls["roll"].to_numpy(), kept["roll"].to_numpy())
    choice = np.zeros((len(states), rolls.height), np.int8)
    choice[row, column] = kept["vote"].to_numpy()
    unit = np.zeros(choice.shape, np.int64)
    unit[row, column] = _units(panel, kept)
    item = np.searchsorted(panel.items, rolls["item"].to_numpy())
    chains, draws = points.positions.shape[:2]
    chosen = np.unique(np.linspace(0, chains * draws - 1, n_draws).astype(int))
    values = np.empty((len(chosen), *choice.shape), np.float32)
    for k, (chain, draw) in enumerate(zip(*np.divmod(chosen, draws), strict=True)):
        theta = points.positions[chain, draw].astype(float)
        means = np.einsum("srd,rd->sr", theta[unit], points.discriminations[chain, draw][item].astype(float))
        values[k] = expected_residuals(choice, means, points.cutpoints[chain, draw][item])
    return Residuals(values, rolls["year"].to_numpy().astype(np.int64), rolls["title"].to_numpy())


def _units(panel: Panel, votes: pl.DataFrame) -> NDArray[np.int64]:
    """The panel's unit of every vote."""
    units = pl.DataFrame(
        {
            "path": np.array(panel.states)[panel.unit_state],
            "session": panel.unit_period.astype(np.int64),
            "unit": np.arange(len(panel.unit_period)),
        }
    )
    joined = votes.select("path", "session").join(
        units, on=["path", "session"], how="left", maintain_order="left"
    )
    return joined["unit"].to_numpy()


def _association(
    found: Residuals, years: tuple[int, int], pairs: NDArray[np.intp], settings: Settings
) -> pl.DataFrame:
    """Rows of all pairs over calendar years: estimate over all draws, bounds over draws with titles resampled."""
    inside = np.flatnonzero((found.years >= years[0]) & (found.years <= years[1]))
    values = found.values[:, :, inside].astype(float)
    rng = np.random.default_rng([settings.seed, years[1], years[1] - years[0]])
    weights = cluster_weights(found.titles[inside], len(values), rng).T.astype(float)
    estimate = residual_correlations(values, np.ones_like(weights), pairs)
    drawn = residual_correlations(values, weights, pairs)
    tail = (1 - LEVEL) / 2
    common = (~np.isnan(values[0][pairs[:, 0]]) & ~np.isnan(values[0][pairs[:, 1]])).sum(1)
    lower, upper = np.quantile(drawn, [tail, 1 - tail], axis=0)
    value = estimate.mean(0)
    return pl.DataFrame(
        {
            "one": pairs[:, 0],
            "two": pairs[:, 1],
            "period": str(years[1]),
            "value": value,
            "lower": np.minimum(lower, value),
            "upper": np.maximum(upper, value),
            "n": common,
        }
    )


def _pair_series(record: MeasureRecord, parts: list[pl.DataFrame], states: list[str]) -> pl.DataFrame:
    if not parts:
        return series(record, _no_rows(record), _FEW)
    frame = pl.concat(parts).filter(pl.col("n") >= thresholds().least_common_votes)
    names = pl.Series(states)
    who = WHO["dyad-year"]
    frame = frame.with_columns(
        names.gather(frame["one"].cast(pl.Int64)).alias(who[0]),
        names.gather(frame["two"].cast(pl.Int64)).alias(who[1]),
        pl.Series("coverage", grade(thresholds().votes, frame["n"].to_numpy()), pl.String),
        pl.lit(None, pl.String).alias("note"),
    )
    return series(record, frame, "too few common roll calls")


MEASURE = Measure("ideal_points", compute)
