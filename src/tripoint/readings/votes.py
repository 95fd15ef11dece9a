"""What the votes of a pair say: what glues the two, how sure that is over choices, and where they part by issue."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from tripoint.core.states import find_state
from tripoint.errors import CoverageError, TriadError
from tripoint.measures.issue_list import all_issues, find_issue
from tripoint.measures.records import declared
from tripoint.readings.rows import Rows
from tripoint.store.vintages import Manifest, Vintage, open_vintage

#: The estimands side by side; the first three are one exact split, the last is descriptive.
GLUE = (
    "linked", "own", "linked_share", "linked_share_quadratic", "conditional_kappa", "residual_association",
    "shared_opposition_naive",
)  # fmt: skip
#: Agreement given what the outsider voted.
CONDITIONAL = ("agreement_given_yes", "agreement_given_abstain", "agreement_given_no")
#: What the linked share is under other choices, in words.
VARIANTS = {
    "linked_share": "as it is",
    "linked_share_3y": "three years",
    "linked_share_10y": "ten years",
    "linked_share_quadratic": "votes on a scale",
    "linked_share_contested": "unanimous roll calls dropped",
    "linked_share_titles_once": "each title once",
    "linked_share_consensus": "adoptions without a vote counted",
}
_DYAD_ISSUE = ("issue_kappa", "issue_agreement")
_GROUND_ISSUE = ("issue_siding_first", "issue_siding_second")
_OUTSIDER_ISSUE = ("issue_linked", "issue_own", "issue_linked_share")


@dataclass(frozen=True, slots=True)
class FaultLine:
    """How the two stand on one issue, over five years.

    Attributes
    ----------
    rank, best_rank, worst_rank
        Place by kappa among the issues, 1 where the two are least alike; and the places that the intervals allow:
        issues are told apart where their intervals do not meet, which is cautious. None where kappa is withheld.
    numbers
        Measure to its row.
    """

    issue: str
    title: str
    rank: int | None
    best_rank: int | None
    worst_rank: int | None
    numbers: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class VotesReading:
    """What the votes of a pair say.

    Attributes
    ----------
    glue, conditional
        Series of the estimands in `GLUE` and `CONDITIONAL`: who, ``measure``, ``period``, the numbers.
    placebos
        The linked share of the last period with every outsider for the pair, and of the placebo pairs with the
        outsider: ``first``, ``second``, ``outsider``, the numbers.
    variants
        The linked share of the last period under the choices in `VARIANTS`; ``choice`` says which.
    issues
        Series by issue.
    period
        Last year of the last window.
    """

    first: str
    second: str
    outsider: str
    ground: str | None
    as_of: date
    vintage: Vintage
    period: str
    glue: pl.DataFrame
    conditional: pl.DataFrame
    placebos: pl.DataFrame
    variants: pl.DataFrame
    issues: pl.DataFrame
    dispersion: pl.DataFrame

    @property
    def manifest(self) -> Manifest:
        """What the vintage was built from."""
        return self.vintage.manifest

    def latest(self, frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
        """Measure to its row of the last period, in the frame's order."""
        rows = frame.filter(pl.col("period") == self.period)
        return {row["measure"]: row for row in rows.iter_rows(named=True)}

    @property
    def fault_lines(self) -> tuple[FaultLine, ...]:
        """Issues of the last period by kappa, the least alike first; withheld ones last."""
        rows = self.issues.filter(pl.col("period") == self.period)
        titles = {issue.name: issue.title for issue in all_issues()}
        by_issue: dict[str, dict[str, dict[str, Any]]] = {}
        for row in rows.iter_rows(named=True):
            by_issue.setdefault(row["issue"], {})[row["measure"]] = row
        kappas = {
            issue: numbers["issue_kappa"]
            for issue, numbers in by_issue.items()
            if "issue_kappa" in numbers and numbers["issue_kappa"]["value"] is not None
        }
        order = sorted(by_issue, key=lambda issue: kappas[issue]["value"] if issue in kappas else 2.0)
        found = []
        for issue in order:
            rank, best, worst = _ranks(issue, kappas, order) if issue in kappas else (None, None, None)
            found.append(FaultLine(issue, titles[issue], rank, best, worst, by_issue[issue]))
        return tuple(found)

    @property
    def spread(self) -> tuple[float, float] | None:
        """Lowest and highest linked share over the choices."""
        values = self.variants["value"].drop_nulls()
        return (float(values.min()), float(values.max())) if len(values) else None  # pyright: ignore[reportArgumentType]

    def as_dict(self) -> dict[str, Any]:
        """The reading as plain data for JSON; what is not observed is None."""
        return {
            "pair": [self.first, self.second],
            "outsider": self.outsider,
            "ground": self.ground,
            "as_of": self.as_of.isoformat(),
            "vintage": self.manifest.name,
            "period": self.period,
            "glue": self.glue.to_dicts(),
            "conditional": self.conditional.to_dicts(),
            "placebos": self.placebos.to_dicts(),
            "variants": self.variants.to_dicts(),
            "spread": self.spread,
            "fault_lines": [asdict(line) for line in self.fault_lines],
            "dispersion": self.dispersion.to_dicts(),
            "issues": self.issues.to_dicts(),
        }


def _ranks(issue: str, kappas: dict[str, dict[str, Any]], order: list[str]) -> tuple[int, int, int]:
    own = kappas[issue]
    surely_below = sum(other["upper"] < own["lower"] for other in kappas.values())
    surely_above = sum(other["lower"] > own["upper"] for other in kappas.values())
    return order.index(issue) + 1, surely_below + 1, len(kappas) - surely_above


def take_votes(
    first: str,
    second: str,
    outsider: str = "USA",
    *,
    ground: str | None = None,
    issue: str | None = None,
    as_of: date | None = None,
    vintage: Vintage | str | Path | None = None,
) -> VotesReading:
    """Read a pair's votes in the General Assembly.

    Parameters
    ----------
    first, second
        Two powers, by code or name.
    outsider
        The state whose vote may carry their agreement.
    ground
        A third state: whom it joins when the two part, by issue. None leaves that out.
    issue
        One issue only, such as ``"nuclear"``, in what is said by issue. None: all.
    as_of
        Use only what was published by this day.
    vintage
        As for :func:`tripoint.readings.reading.take_reading`.

    Raises
    ------
    TriadError
        Two of the states are the same.
    UnknownNameError
        There is no such issue.
    CoverageError
        The vintage knows nothing of the pair and the outsider.

    Examples
    --------
    >>> reading = take_votes("RUS", "CHN", vintage="bundled")
    >>> reading.period, reading.latest(reading.glue)["linked_share"]["n"]
    ('2024', 451)
    """
    first, second, outsider, ground = _who(first, second, outsider, ground)
    named = find_issue(issue).name if issue else None
    opened = vintage if isinstance(vintage, Vintage) else open_vintage(vintage)
    rows, pair = Rows(opened, as_of), {"first": first, "second": second}
    against = [{**pair, "outsider": outsider}]
    glue = _stacked(rows.of(name, [pair] if name == "residual_association" else against) for name in GLUE)
    known = glue.filter(pl.col("measure") == "linked", pl.col("value").is_not_null())
    if not known.height:
        raise CoverageError(_nothing(opened.manifest, first, second, outsider, as_of))
    period = str(known["period"].max())
    issues = _by_issue(rows, pair, outsider, ground)
    return VotesReading(
        first=first,
        second=second,
        outsider=outsider,
        ground=ground,
        as_of=as_of or date.fromisoformat(opened.manifest.data_through),
        vintage=opened,
        period=period,
        glue=glue,
        conditional=_stacked(rows.of(name, against) for name in CONDITIONAL),
        placebos=_placebos(rows, pair, outsider, period),
        variants=_variants(rows, against, period),
        issues=issues if named is None else issues.filter(pl.col("issue") == named),
        dispersion=rows.of("issue_dispersion", [pair]),
    )  # fmt: skip


def _who(first: str, second: str, outsider: str, ground: str | None) -> tuple[str, str, str, str | None]:
    names = (first, second, outsider, *([ground] if ground else []))
    states = [find_state(name).iso3 for name in names]
    if len(set(states)) < len(states):
        raise TriadError(f"the states {', '.join(states)} must be different")
    return states[0], states[1], states[2], states[3] if ground else None


def _by_issue(rows: Rows, pair: dict[str, str], outsider: str, ground: str | None) -> pl.DataFrame:
    parts = [rows.of(name, [pair]) for name in _DYAD_ISSUE]
    parts += [rows.of(name, [{**pair, "outsider": outsider}]) for name in _OUTSIDER_ISSUE]
    if ground:
        parts += [rows.of(name, [{**pair, "ground": ground}]) for name in _GROUND_ISSUE]
    return _stacked(parts)


def _stacked(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(parts, how="diagonal")


def _placebos(rows: Rows, pair: dict[str, str], outsider: str, period: str) -> pl.DataFrame:
    """The linked share with other outsiders, and of other pairs."""
    settings = declared("glue").settings
    others = [*rows.vintage.manifest.powers, *settings["placebo_outsiders"], outsider]
    seats = [{**pair, "outsider": other} for other in dict.fromkeys(others) if other not in pair.values()]
    pairs = [tuple(sorted(placebo)) for placebo in (*settings["placebo_pairs"], ["FRA", "GBR"])]
    asked = [
        {"first": one, "second": two, "outsider": outsider}
        for one, two in pairs
        if outsider not in (one, two) and {one, two} != set(pair.values())
    ]
    found = pl.concat(
        [rows.of("linked_share", seats), rows.of("linked_share", asked)]
        if asked
        else [rows.of("linked_share", seats)]
    )
    return found.filter(pl.col("period") == period).sort("value", descending=True, nulls_last=True)


def _variants(rows: Rows, against: list[dict[str, str]], period: str) -> pl.DataFrame:
    found = _stacked(rows.of(name, against) for name in VARIANTS).filter(pl.col("period") == period)
    return found.with_columns(
        pl.col("measure").replace_strict(VARIANTS, return_dtype=pl.String).alias("choice")
    )


def _nothing(manifest: Manifest, first: str, second: str, outsider: str, as_of: date | None) -> str:
    when = f" by {as_of}" if as_of else ""
    if {first, second} <= set(manifest.powers) and outsider not in (*manifest.outsiders, *manifest.powers):
        return (
            f"the vintage {manifest.name} has no votes of {first} and {second} against {outsider}; build your own with "
            f"`tripoint build --outsider {outsider}`"
        )
    return (
        f"the vintage {manifest.name} has no votes in depth of {first} and {second} against {outsider}{when}; "
        f"it holds pairs of the powers {', '.join(manifest.powers)}"
    )
