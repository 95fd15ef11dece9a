"""Which issue is a roll call about: Voeten's codes where it has them, a keyword coder and its errors elsewhere."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import LEVEL
from tripoint.measures.ballots import counted_rolls
from tripoint.measures.issue_list import Issue, all_issues, judged_sessions
from tripoint.measures.measure import Floats, Frames
from tripoint.models.splits import jeffreys_interval

#: Jeffreys' prior of a proportion.
_PRIOR = 0.5


@dataclass(frozen=True, slots=True)
class Membership:
    """Which roll calls belong to which issue, and how surely.

    Attributes
    ----------
    issues
        Names of the issues, as declared.
    probability
        That a roll call belongs to an issue, shape ``(n_issues, n_rolls)``, columns as in `Ballots.votes`. 0 or 1
        where ``coded``; else the share that Voeten put there among the judged roll calls with the same label.
    coded
        Whether membership is known, from Voeten's codes or (Ukraine) from the title; same shape.
    labels
        What the coder says of every roll call, coded or not; same shape.
    counts
        Judged roll calls, shape ``(n_issues, 2, 2)``: not labelled and labelled, by not belonging and belonging.
        Where no roll call with a label was judged, the probability is the label itself, taken as certain in draws.
    """

    issues: tuple[str, ...]
    probability: Floats
    coded: NDArray[np.bool_]
    labels: NDArray[np.bool_]
    counts: NDArray[np.int64]

    def draw(self, rng: np.random.Generator, n_draws: int) -> NDArray[np.uint8]:
        """Draw who belongs, shape ``(n_issues, n_rolls, n_draws)``.

        Each draw first draws, for every issue, the two probabilities of belonging given the label from their
        Jeffreys posteriors (independent judged roll calls), and then every uncoded roll call on its own. Coded
        ones are the same in all draws.
        """
        drawn = np.repeat((self.probability == 1).astype(np.uint8)[:, :, None], n_draws, axis=2)
        for issue, counts in enumerate(self.counts):
            chance = rng.beta(counts[:, 1, None] + _PRIOR, counts[:, 0, None] + _PRIOR, (2, n_draws))
            for label in np.flatnonzero(counts.sum(1)):
                unsure = ~self.coded[issue] & (self.labels[issue] == label)
                dice = rng.random((int(unsure.sum()), n_draws))
                drawn[issue, unsure] = dice < chance[label]
        return drawn


def read_membership(frames: Frames) -> Membership:
    """Say of every counted roll call whether it belongs to each issue, or how probably.

    Voeten's roll calls have his codes; one of the UN Digital Library has those of his roll calls on a whole
    resolution with the same symbol, where these agree. A roll call whose codes are all 0 belongs to none of the
    six issues. What has no code is labelled by the coder; one without title and agenda item gets no label.
    """
    rolls = _with_codes(frames)
    labels = _labels(rolls)
    issues = all_issues()
    truth = np.stack([_truth(rolls, issue, label) for issue, label in zip(issues, labels, strict=True)])
    coded = ~np.isnan(truth)
    counts = _judged_counts(rolls, truth, labels)
    judged = counts.sum(2)
    with np.errstate(invalid="ignore"):
        share = np.where(judged > 0, counts[:, :, 1] / judged, [0.0, 1.0])
    estimate = np.take_along_axis(share, labels.astype(np.int64), axis=1)
    return Membership(
        issues=tuple(issue.name for issue in issues),
        probability=np.where(coded, truth, estimate),
        coded=coded,
        labels=labels,
        counts=counts,
    )


def coder_quality(frames: Frames) -> pl.DataFrame:
    """Judge the keyword coder on the even sessions that Voeten coded.

    Returns
    -------
    polars.DataFrame
        One row for every issue with a code: ``issue``, the numbers ``n_judged``, ``n_labelled``, ``n_true`` and
        ``both``, and ``precision`` (share of the labelled that belong) and ``recall`` (share of those that belong
        that are labelled), each with its 90% Jeffreys interval in ``*_lower`` and ``*_upper``; null where nothing
        was judged.
    """
    known = [place for place, issue in enumerate(all_issues()) if issue.code is not None]
    counts = read_membership(frames).counts[known]
    both, labelled, true = counts[:, 1, 1], counts[:, 1].sum(1), counts[:, :, 1].sum(1)
    columns: dict[str, object] = {
        "issue": [all_issues()[place].name for place in known],
        "n_judged": counts.sum((1, 2)),
        "n_labelled": labelled,
        "n_true": true,
        "both": both,
    }
    for name, trials in (("precision", labelled), ("recall", true)):
        some = np.where(trials > 0, trials, np.nan)
        lower, upper = jeffreys_interval(both.astype(float), some, some, LEVEL)
        columns |= {name: both / some, f"{name}_lower": lower, f"{name}_upper": upper}
    return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


def _with_codes(frames: Frames) -> pl.DataFrame:
    """Counted roll calls in column order, with Voeten's codes wherever they can be had."""
    codes = [issue.code for issue in all_issues() if issue.code is not None]
    rolls = counted_rolls(frames["roll_calls"]).with_columns(_plain_symbol().alias("key"))
    by_symbol = (
        frames["roll_calls"]
        .filter(pl.col("collection").cast(pl.String) == "voeten", pl.col("stage") == "resolution")
        .with_columns(_plain_symbol().alias("key"))
        .drop_nulls("key")
        .group_by("key")
        .agg(pl.when(pl.col(code).n_unique() == 1).then(pl.col(code).first()).alias(code) for code in codes)
    )
    joined = rolls.join(by_symbol, on="key", how="left", suffix="_joined", maintain_order="left")
    own = pl.col("collection") == "voeten"
    return joined.with_columns(
        pl.when(own).then(pl.col(code)).otherwise(pl.col(f"{code}_joined")).alias(code) for code in codes
    )


def _plain_symbol() -> pl.Expr:
    """A symbol in one spelling for both collections: R/50/38B/II and A/RES/50/38[B-II] are 50:38BII."""
    return (
        pl.col("symbol")
        .str.to_uppercase()
        .str.replace(r"^(A/RES|R)/", "")
        .str.replace("SECTION", "", literal=True)
        .str.replace(r"^([A-Z0-9-]+)/+", "${1}:")
        .str.replace_all(r"[^A-Z0-9:]", "")
    )


def _labels(rolls: pl.DataFrame) -> NDArray[np.bool_]:
    """What the coder says, shape ``(n_issues, n_rolls)``."""
    text = pl.concat_str(pl.col("title").fill_null(""), pl.lit(" | "), pl.col("agenda").fill_null(""))
    found = rolls.with_columns(text.str.to_lowercase().alias("text")).select(
        _labelled(issue).alias(issue.name) for issue in all_issues()
    )
    return found.to_numpy().T.astype(bool)


def _labelled(issue: Issue) -> pl.Expr:
    text = pl.col("text")
    found = pl.any_horizontal(text.str.contains(pattern) for pattern in issue.include)
    barred = [text.str.contains(pattern) for pattern in issue.exclude]
    return found & ~pl.any_horizontal(pl.lit(value=False), *barred) & (pl.col("year") >= issue.first_year)


def _truth(rolls: pl.DataFrame, issue: Issue, label: NDArray[np.bool_]) -> Floats:
    """1 and 0 where membership is known, NaN where not."""
    if issue.code is None:
        return label.astype(float)
    return rolls[issue.code].cast(pl.Float64).fill_null(np.nan).to_numpy()


def _judged_counts(rolls: pl.DataFrame, truth: Floats, labels: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Count the roll calls of even sessions by label and truth, shape ``(n_issues, 2, 2)``."""
    coder, session = judged_sessions(), pl.col("session")
    within = session.is_between(coder.first_session, coder.last_session) & (session % 2 == 0)
    judged = rolls.select((within & (pl.col("collection") == "undl")).fill_null(value=False)).to_series()
    counts = np.zeros((len(labels), 2, 2), np.int64)
    for issue in range(len(labels)):
        known = judged.to_numpy() & ~np.isnan(truth[issue])
        np.add.at(counts[issue], (labels[issue, known].astype(int), truth[issue, known].astype(int)), 1)
    return counts
