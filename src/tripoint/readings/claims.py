"""Sentences made testable: declared before they are computed, judged by a rule, with what would change the verdict.

A claim is declared in TOML: its sentence, its deciding estimand, its rule. Other defensible estimands are
variants: they show robustness and cannot change a verdict, except that a verdict shared by fewer than 60% of
them is mixed.
"""

from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import polars as pl

from tripoint.core.codebook import load_declaration, parse_declaration
from tripoint.core.series import WHO
from tripoint.core.units import unit
from tripoint.errors import DeclarationError, UnknownNameError
from tripoint.measures.index import index
from tripoint.measures.records import DECLARATIONS, declared, find_record, records, varied
from tripoint.readings.barometer import published_by, read_variant
from tripoint.readings.names import opened, spoken_roles
from tripoint.readings.reading import Reading

Word = Literal["supported", "not supported", "mixed", "not testable"]

#: A verdict that a smaller share of the variants shares is mixed.
LEAST_ROBUSTNESS = 0.6
#: A quantity that was last observed longer ago than this many years cannot be judged.
OLDEST = 3


@dataclass(frozen=True, slots=True)
class Condition:
    """One bound of a quantity compared with a line, above which the condition holds."""

    quantity: str
    of: tuple[Literal["first", "second", "ground", "outsider"], ...]
    bound: Literal["value", "lower", "upper"]
    above: float


@dataclass(frozen=True, slots=True)
class ClaimVariant:
    """The same claim with other quantities in place of some."""

    name: str
    replace: dict[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, the estimand that decides it, and the rule, as declared."""

    id: str
    sentence: str
    estimand: str
    rule: str
    unit: str
    changes: str
    conditions: tuple[Condition, ...]
    variants: tuple[ClaimVariant, ...] = ()

    @property
    def all_variants(self) -> tuple[ClaimVariant, ...]:
        """The declared variants, and those of every needle and measure that the claim reads."""
        read = {condition.quantity for condition in self.conditions}
        of_measures = tuple(
            ClaimVariant(
                variant.title, {name: varied(name, variant.name) for name in sorted(read & {*variant.of})}
            )
            for declaration in DECLARATIONS
            for variant in declared(declaration).variants
            if read & {*variant.of}
        )
        of_needles = tuple(
            ClaimVariant(variant.name, {needle.name: made.key})
            for needle in index().needles
            if needle.name in read
            for variant, made in zip(needle.variants, needle.with_variants[1:], strict=True)
        )
        return self.variants + of_measures + of_needles


@dataclass(frozen=True, slots=True)
class Claims:
    """A file of claims."""

    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The number behind one condition.

    Attributes
    ----------
    n
        Observations that a measure's number rests on; None for a needle, which has none.
    missing
        Why there is no number; None where there is one.
    """

    quantity: str
    of: tuple[str, ...]
    period: str | None
    value: float | None
    lower: float | None
    upper: float | None
    coverage: str
    line: float
    n: int | None = None
    missing: str | None = None

    @property
    def unit(self) -> str:
        """The unit of the number and of the line."""
        name = self.quantity.partition("/")[0]
        return find_record(name).unit if name in records() else "percentile"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the data say about a claim.

    Attributes
    ----------
    by_rule
        What the rule alone says; the verdict is mixed where too few of the variants say the same.
    robustness
        Share of the variants that say what the rule says; None without variants that could be judged.
    variants
        Variant to its own verdict. One that changes no number here is not testable.
    would_change
        How far the deciding number is from turning the verdict, and what moves it.
    """

    id: str
    sentence: str
    verdict: Word
    effect: float | None
    lower: float | None
    upper: float | None
    unit: str
    period: str | None
    estimand: str
    rule: str
    evidence: tuple[Evidence, ...]
    by_rule: Word
    robustness: float | None
    variants: dict[str, Word] = field(default_factory=dict)
    reason: str = ""
    would_change: str = ""

    @property
    def shared(self) -> str:
        """The robustness in words: how many variants say what the rule says, of how many that could be judged."""
        every = len(self.variants)
        judged = sum(word != "not testable" for word in self.variants.values())
        if self.robustness is None:
            return f"no variant could be judged, of {every}" if every else "no variants are declared"
        of = "" if judged == every else f", of {every}"
        same = sum(word == self.by_rule for word in self.variants.values())
        return f"as by the rule, {self.by_rule} in {same} of {judged} variants that could be judged{of}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


@cache
def shipped_claims() -> tuple[Claim, ...]:
    """The claims that ship with the package."""
    return _checked(load_declaration("tripoint.readings", "claims.toml", Claims), "claims.toml")


def load_claims(path: str | Path) -> tuple[Claim, ...]:
    """Claims from a user's own TOML file, laid out as the one in the package.

    Raises
    ------
    DeclarationError
        The file cannot be read, or names a quantity or role that does not exist; every fault is listed.
    """
    file = Path(path)
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeclarationError(str(file), [f"cannot be read: {error}"]) from None
    return _checked(parse_declaration(text, file.name, Claims), file.name)


def _checked(declared: Claims, name: str) -> tuple[Claim, ...]:
    faults = []
    for claim in declared.claims:
        if not claim.conditions:
            faults.append(f"claim {claim.id!r} has no condition")
        for condition in claim.conditions:
            faults += [f"claim {claim.id!r}: {fault}" for fault in _faults(claim, condition)]
        try:
            unit(claim.unit)
        except UnknownNameError as error:
            faults.append(f"claim {claim.id!r}: {error}")
    if faults:
        raise DeclarationError(name, faults)
    return declared.claims


def _faults(claim: Claim, condition: Condition) -> list[str]:
    needles = {needle.name: needle for needle in index().needles}
    names = [variant.replace.get(condition.quantity, condition.quantity) for variant in claim.variants]
    faults = []
    for name in dict.fromkeys([condition.quantity, *names]):
        measure, _, issue = name.partition("/")
        if name in needles:
            roles = 2 if needles[name].grain == "pair" else 3
        elif measure in records() and bool(issue) == ("issue" in WHO[find_record(measure).grain]):
            roles = len(WHO[find_record(measure).grain]) - bool(issue)
        else:
            faults.append(str(UnknownNameError.of("needle or measure", name, [*needles, *records()])))
            continue
        if len(condition.of) != roles:
            faults.append(f"{name!r} is about {roles} states, and 'of' names {len(condition.of)}")
    return faults


def judge_all(reading: Reading, claims: tuple[Claim, ...] | None = None) -> tuple[Verdict, ...]:
    """Verdicts on claims; those that ship with the package if none are given."""
    return tuple(judge(reading, claim) for claim in (shipped_claims() if claims is None else claims))


def judge(reading: Reading, claim: Claim) -> Verdict:
    """The verdict on one claim, with its evidence and robustness."""
    evidence = tuple(_evidence(reading, condition, {}) for condition in claim.conditions)
    word, reason = _word(claim, evidence)
    variants: dict[str, Word] = {}
    for variant in claim.all_variants:
        otherwise = (
            _evidence(reading, condition, variant.replace) if condition.quantity in variant.replace else found
            for condition, found in zip(claim.conditions, evidence, strict=True)
        )
        made = tuple(otherwise)
        variants[variant.name] = "not testable" if _is_the_same(made, evidence) else _word(claim, made)[0]
    would_change, by_rule = _would_change(claim, evidence, word), word
    judged = [verdict for verdict in variants.values() if verdict != "not testable"]
    robustness = sum(verdict == word for verdict in judged) / len(judged) if judged else None
    if robustness is not None and word in ("supported", "not supported") and robustness < LEAST_ROBUSTNESS:
        reason = f"by the rule it is {word}, but only {robustness:.0%} of the variants say so"
        needed = (
            f"It would be {word} if at least {LEAST_ROBUSTNESS:.0%} of the variants said so. {claim.changes}"
        )
        word, would_change = "mixed", needed
    main = evidence[0]
    return Verdict(
        id=claim.id,
        sentence=opened(claim.sentence.format(**spoken_roles(reading.triad))),
        verdict=word,
        effect=main.value,
        lower=main.lower,
        upper=main.upper,
        unit=claim.unit,
        period=main.period,
        estimand=claim.estimand,
        rule=claim.rule,
        evidence=evidence,
        by_rule=by_rule,
        robustness=robustness,
        variants=variants,
        reason=reason,
        would_change=would_change,
    )


def _is_the_same(made: tuple[Evidence, ...], main: tuple[Evidence, ...]) -> bool:
    """Whether a variant reads one layer, or a needle made otherwise, and finds the number that is judged already."""
    pairs = [(one, other) for one, other in zip(made, main, strict=True) if one.quantity != other.quantity]
    return all(
        "/" in one.quantity and (one.value, one.lower, one.upper) == (other.value, other.lower, other.upper)
        for one, other in pairs
    )


def _evidence(reading: Reading, condition: Condition, replaced: dict[str, str]) -> Evidence:
    """The latest number of a condition's quantity that can be judged.

    A measure's number that was withheld is a finding about its year: an older one does not stand in for it.
    """
    name = replaced.get(condition.quantity, condition.quantity)
    states = tuple(getattr(reading.triad, role) for role in condition.of)
    rows = _quantity(reading, name, states)
    recent = rows.filter(pl.col("period") >= str(reading.last_year - OLDEST))
    found = recent if "n" in rows.columns else recent.filter(pl.col("value").is_not_null())
    row = found.row(-1, named=True) if found.height else {}
    if row.get("value") is None:
        missing = _missing(reading, name, rows)
        return Evidence(name, states, None, None, None, None, "D", condition.above, missing=missing)
    value, lower, upper = (round(float(row[bound]), 6) for bound in ("value", "lower", "upper"))
    n = row.get("n")
    return Evidence(name, states, row["period"], value, lower, upper, row["coverage"], condition.above, n)


def _missing(reading: Reading, name: str, rows: pl.DataFrame) -> str:
    """Why a quantity has no recent number: what its last row says, or how the rows can be had."""
    if rows.height:
        row = rows.row(-1, named=True)
        recent = row["value"] is None and row["period"] >= str(reading.last_year - OLDEST)
        why = row["note"] or "no reason is given"
        return (
            f"{name} of {row['period']} is withheld ({why})" if recent else f"{name} ends in {row['period']}"
        )
    measure = name.partition("/")[0]
    if measure not in reading.manifest.series:
        return f"{measure} is not in this vintage; `tripoint build` makes it"
    who = WHO[find_record(measure).grain]
    outsider = reading.triad.outsider
    if "second" in who and not set(reading.triad.pair) <= set(reading.manifest.powers):
        return f"{name} is built for pairs of the powers only"
    if "outsider" in who and outsider not in reading.manifest.outsiders:
        remedy = f"`tripoint build --outsider {outsider}` makes it"
        return f"{name} with {outsider} as the outsider is not in this vintage; {remedy}"
    return f"{name} has no row about these states"


def _quantity(reading: Reading, name: str, states: tuple[str, ...]) -> pl.DataFrame:
    """Rows of a needle, of a variant of one, or of a measure; of one issue, if the name has it after a slash."""
    measure, _, issue = name.partition("/")
    if measure in reading.needles:
        known = reading.needles[measure]
        if name == known.declaration.key:
            return known.frame
        return read_variant(known, name).frame
    record = find_record(measure)
    if measure not in reading.manifest.series:
        return pl.DataFrame(schema={"period": pl.String, "value": pl.Float64})
    of = (*states, issue) if issue else states
    rows = reading.vintage.rows(record, dict(zip(WHO[record.grain], of, strict=True)))
    rows = published_by(
        reading.vintage,
        measure,
        reading.cut,
        rows.with_columns(pl.col("period", "coverage", "note").cast(pl.String)),
    )
    partial = pl.col("note").str.contains("partial-year").fill_null(value=False)
    over = pl.col("period").str.slice(0, 4) <= str(reading.last_year)
    return rows.filter(over, ~partial)


def _word(claim: Claim, evidence: tuple[Evidence, ...]) -> tuple[Word, str]:
    """Verdict by the rule alone, with the reason where it is not plain."""
    for found in evidence:
        if found.value is None or found.coverage == "D":
            low = f"{found.quantity} is not observed with grade C or better in the last years"
            return "not testable", found.missing or low
    if len({found.period for found in evidence}) > 1:
        return "not testable", "its quantities were not observed in the same year"
    condition, found = _deciding(claim, evidence)
    if getattr(found, condition.bound) > condition.above:
        return "supported", ""
    against = found.upper is not None and found.upper < found.line
    reason = "the interval crosses the line" if not against else ""
    if found is not evidence[0]:
        shown = f"{found.value:.2f} (90% interval {found.lower:.2f} to {found.upper:.2f})"
        reason = f"what decides is {found.quantity}, {shown}, against a line of {found.line:g}"
    return ("not supported" if against else "mixed"), reason


def _deciding(claim: Claim, evidence: tuple[Evidence, ...]) -> tuple[Condition, Evidence]:
    """The condition that decides: one that the data speak against, else one that does not hold, else the first."""
    both = list(zip(claim.conditions, evidence, strict=True))
    against = [pair for pair in both if pair[1].upper is not None and pair[1].upper < pair[1].line]
    failing = [pair for pair in both if (getattr(pair[1], pair[0].bound) or 0.0) <= pair[0].above]
    return (against or failing or both)[0]


def _would_change(claim: Claim, evidence: tuple[Evidence, ...], word: Word) -> str:
    """Distance of the deciding bound from its line, in words, and what moves it."""
    if word == "not testable":
        lacking = next((found for found in evidence if found.value is None), evidence[0])
        needed = f"A number of {lacking.quantity} within the last {OLDEST} years, not withheld, would make it testable."
        return f"{needed} {claim.changes}"
    decides, _ = _deciding(claim, evidence)
    both = list(zip(claim.conditions, evidence, strict=True))
    # Where several conditions do not hold, all of them must turn.
    failing = [pair for pair in both if getattr(pair[1], pair[0].bound) <= pair[0].above]
    told = failing if word == "mixed" and failing else [pair for pair in both if pair[0] is decides]
    stands = " ".join(_stands(condition, found) for condition, found in told)
    that, line = ("that", "the line") if len(told) == 1 else ("all of these", "their lines")
    turn = {
        "supported": "It would fall if that dropped to the line.",
        "mixed": f"It would be supported if {that} rose above {line}, not supported if an upper bound fell below.",
        "not supported": "It would be open again if the upper bound rose above the line.",
    }[word]
    return f"{stands} {turn} {claim.changes}"


def _stands(condition: Condition, found: Evidence) -> str:
    """Where the bound that a condition asks of stands."""
    shown = unit(found.unit)
    which = "value" if condition.bound == "value" else f"{condition.bound} bound"
    bound, line = shown.show(getattr(found, condition.bound)), shown.show(condition.above)
    if condition.bound == "value":  # counts, which are whole
        least = shown.show(condition.above + 1)
        return f"The value of {found.quantity} stands at {bound}, and at least {least} are needed."
    return f"The {which} of {found.quantity} stands at {bound}, the line at {line}."
