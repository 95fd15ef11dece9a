"""Where a number comes from: formula, weights, rows, sources and hashes; and whom to cite for a reading."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from tripoint.core.period import Period
from tripoint.core.provenance import Citation
from tripoint.core.series import WHO, MeasureRecord
from tripoint.errors import CoverageError, UnknownNameError
from tripoint.measures import records
from tripoint.measures.index import index
from tripoint.measures.needle import Panel, to_percentiles
from tripoint.readings.barometer import NeedleReading
from tripoint.readings.claims import LEAST_ROBUSTNESS, OLDEST, judge, shipped_claims
from tripoint.readings.reading import Reading
from tripoint.readings.rows import Rows, behind
from tripoint.sources import citations as source_citations
from tripoint.sources import codebook

#: Said of measures that no stored table is behind: the network of corridors.
NO_TABLE = (
    "none: made of the corridors that ship with the package (tripoint/sources/routes), each fact with its citation "
    "in citations.csv"
)


@dataclass(frozen=True, slots=True)
class TableUsed:
    """One table behind a number: what it is, its licence, its hash, the flags that its codebook declares."""

    name: str
    question: str
    licence: str
    sha256: str
    rows: int
    origins: tuple[str, ...]
    corrections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a number was made.

    Attributes
    ----------
    what, period
        What is explained.
    value, lower, upper
        The number; None where it is not observed, with the reason in ``note``.
    formula
        In words and symbols, as declared.
    settings
        Weights, windows, variances, thresholds: everything the number was made with.
    rows
        The numbers it was made from, as they stand in the vintage.
    tables
        The tables behind those rows, with hashes.
    cite
        Keys of the works to cite.
    """

    what: str
    title: str
    triad: str
    period: str | None
    value: float | None
    lower: float | None
    upper: float | None
    coverage: str | None
    note: str | None
    formula: str
    interval: str
    settings: dict[str, Any]
    rows: tuple[dict[str, Any], ...]
    tables: tuple[TableUsed, ...]
    vintage: str
    cite: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    @property
    def text(self) -> str:
        """The explanation for people, as plain text."""
        number = (
            "not observed" if self.value is None else f"{self.value:.4g} [{self.lower:.4g}, {self.upper:.4g}]"
        )
        lines = [
            f"{self.title}, {self.period or 'no period'}, {self.triad}",
            f"  = {number}   coverage {self.coverage or '–'}{f'   ({self.note})' if self.note else ''}",
            f"formula   {self.formula}",
            f"interval  {self.interval}",
            "made with",
            *(f"  {name}: {_plain(value)}" for name, value in self.settings.items()),
            "from",
            *(f"  {_plain(row)}" for row in self.rows),
            "tables",
        ]
        if not self.tables:
            lines.append(f"  {NO_TABLE}")
        for table in self.tables:
            lines.append(f"  {table.name}: {table.rows:,} rows, sha256 {table.sha256}")
            lines.append(f"    from {', '.join(table.origins)}; {table.licence}")
            lines += [f"    flagged: {flag}" for flag in table.corrections]
        return "\n".join([*lines, f"vintage   {self.vintage}", f"cite      {', '.join(self.cite)}"])


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items() if item is not None)
    return str(value)


def explain(reading: Reading, what: str, period: str | None = None) -> Explanation:
    """Explain any number of a reading.

    Parameters
    ----------
    what
        ``"barometer"``, a needle, a measure, or the id of a claim.
    period
        Such as ``"2023"``; the latest with a value if None. Claims have none: with a period, a measure of the same name
        is meant.

    Raises
    ------
    UnknownNameError
        There is no such number.
    CoverageError
        The reading has no row for that period.

    Examples
    --------
    >>> from tripoint.core.triad import Triad
    >>> from tripoint.readings.reading import take_reading
    >>> reading = take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled")
    >>> explain(reading, "barometer", "2023").settings["formula of the index"]
    '(unity + 100 - strain) / 2'
    """
    if period is not None:
        period = str(Period.parse(period))
    if what == "barometer":
        return _barometer(reading, period)
    if what in reading.needles:
        return _needle(reading, reading.needles[what], period)
    claims = {claim.id: claim for claim in shipped_claims()}
    if what in claims and (period is None or what not in records.records()):
        return _claim(reading, what)
    if what not in records.records():
        known = ["barometer", *reading.needles, *claims, *records.records()]
        unknown = UnknownNameError.of("number of a reading", what, known)
        raise UnknownNameError(
            f"{unknown}: the barometer, its needles, claims (`tripoint claims`), measures (docs/measures)"
        )
    return _measure(reading, what, period)


def _full() -> pl.Expr:
    return ~pl.col("note").str.contains("partial-year").fill_null(value=False)


def _row(frame: pl.DataFrame, period: str | None, what: str) -> dict[str, Any]:
    latest = pl.col("value").is_not_null() & _full()
    rows = frame.filter(latest if period is None else pl.col("period") == period)
    if period is None and not rows.height:
        rows = frame  # all that is on record was withheld: the last row says why
    if not rows.height:
        covered = frame.filter(pl.col("value").is_not_null())["period"]
        span = f"it covers {covered.min()} to {covered.max()}" if len(covered) else "it has no value at all"
        raise CoverageError(f"{what} has no row for {period or 'any period'} in this reading; {span}")
    return rows.row(-1, named=True)


def _made(
    reading: Reading, what: str, title: str, row: dict[str, Any], formula: str, interval: str,
    settings: dict[str, Any], rows: list[dict[str, Any]], measures: list[str],
) -> Explanation:  # fmt: skip
    """Put an explanation together; tables and citations follow from the measures."""
    tables = sorted({table for name in measures for table in records.find_record(name).tables})
    cite = sorted({key for name in measures for key in records.find_record(name).cite})
    return Explanation(
        what, title, str(reading.triad), row.get("period"), row.get("value"), row.get("lower"), row.get("upper"),
        row.get("coverage"), row.get("note"), formula, interval, settings, tuple(rows),
        tuple(_table(reading, table) for table in tables), reading.manifest.name, tuple(cite),
    )  # fmt: skip


def _table(reading: Reading, name: str) -> TableUsed:
    book, trace = codebook(name), reading.manifest.tables[name]
    flags = tuple(
        f"{correction.name} ({correction.action}): {correction.reason}" for correction in book.corrections
    )
    return TableUsed(name, book.question, book.licence, trace.sha256, trace.rows, trace.origins, flags)


def _barometer(reading: Reading, period: str | None) -> Explanation:
    rule = index().barometer
    row = _row(reading.barometer.frame, period, "the barometer")
    parts = [explain(reading, name, row["period"]) for name in reading.needles]
    rows = [
        {
            "needle": part.what,
            "value": part.value,
            "lower": part.lower,
            "upper": part.upper,
            "note": part.note,
        }
        for part in parts
    ]
    rows += [{"needle": part.what, **made} for part in parts for made in part.rows]
    measures = sorted({name for needle in reading.needles.values() for name in needle.declaration.indicators})
    settings = {"formula of the index": rule.formula}
    settings |= {f"{part.what}: {name}": value for part in parts for name, value in part.settings.items()}
    return _made(
        reading, "barometer", "Barometer", row, rule.formula, rule.interval, settings, rows, measures
    )


def _needle(reading: Reading, needle: NeedleReading, period: str | None) -> Explanation:
    declaration, definition = needle.declaration, index()
    row = _row(needle.frame, period, declaration.name)
    column = int(np.flatnonzero(needle.years == int(row["period"]))[0])
    scales = needle.scales
    rows: list[dict[str, Any]] = []
    for family in declaration.families:
        score = _at(needle.needle.scores[family.name], column)
        rows.append({"family": family.name, "weight": definition.weights(declaration)[family.name], **score})
        for name in family.indicators:
            measured, ranked = needle.panels[name], to_percentiles(needle.panels[name], scales[name])
            said = "not observed in this year" if np.isnan(measured.value[0, column]) else None
            rows.append({"indicator": name, **_at(measured, column), "note": said})
            rows.append({"indicator": f"{name}, percentile", **_at(ranked, column)})
    rows.append({"step": "weighted mean of the families, before ranking", **_at(needle.needle.mean, column)})
    settings: dict[str, Any] = {
        "ranked among": f"{scales[declaration.key].n} needles of the population",
        "reference years": f"{definition.reference.first}-{definition.reference.last}",
        "families": {family.name: ", ".join(family.indicators) for family in declaration.families},
        "population": declaration.population,
        "aggregation": declaration.aggregation,
        "least error (sd, percentile points)": definition.state_space.least_error,
        "family never observed (sd)": definition.state_space.missing_family,
    }
    for name in declaration.indicators:
        scale = scales[name]
        settings[f"reference of {name}"] = {
            "n": scale.n,
            "variance of a yearly step": None if scale.variances is None else scale.variances.step,
            "variance of the irregular": None if scale.variances is None else scale.variances.irregular,
            "share of errors that passes": None if scale.variances is None else scale.variances.passing,
        }
    if declaration.grain == "triad":
        settings["applies where"] = asdict(definition.presence)
    settings["seen at the time"] = {
        name: row[column]
        for name, column in (
            ("value", "at_the_time"),
            ("lower", "at_the_time_lower"),
            ("upper", "at_the_time_upper"),
        )
    }
    return _made(
        reading, declaration.name, declaration.title, row,
        "percentile, in the needle's population, of the weighted mean over families of smoothed indicator percentiles",
        "from each indicator's state space and measurement error; a family never observed adds its spread",
        settings, rows, list(declaration.indicators),
    )  # fmt: skip


def _at(panel: Panel, column: int) -> dict[str, float | None]:
    numbers = {name: float(getattr(panel, name)[0, column]) for name in ("value", "lower", "upper")}
    return {name: None if np.isnan(number) else number for name, number in numbers.items()}


def _measure(reading: Reading, what: str, period: str | None) -> Explanation:
    record = records.find_record(what)
    rows = reading.rows(what)
    if not rows.height:
        raise CoverageError(
            f"{what!r} is not in this reading: the vintage has no row of it about {reading.triad}"
        )
    about = [column for column in WHO[record.grain] if column in rows.columns]
    subject = rows.filter(*(pl.col(column) == rows[column][0] for column in about))
    row = _row(subject, period, what)
    rows = rows.filter(pl.col("period") == row["period"])
    settings: dict[str, Any] = {
        "question": record.question,
        "the number above is about": {column: row[column] for column in about},
        "grain": record.grain,
        "unit": record.unit,
        "range": f"{record.minimum:g} to {record.maximum:g}",
        "threats to validity": record.threats,
    }
    settings |= {f"declared {name}": value for name, value in records.settings_of(what).items()}
    if "bootstrap" in record.interval:
        settings["bootstrap draws and seed"] = f"{reading.manifest.draws}, {reading.manifest.seed}"
    if what in {sampled.name for sampled in records.declared("ideal_points").measures}:
        settings["share of the declared sweeps, and seed"] = (
            f"{reading.manifest.effort}, {reading.manifest.seed}"
        )
    return _made(
        reading,
        what,
        record.title,
        row,
        record.formula,
        record.interval,
        settings,
        [*rows.to_dicts(), *_made_of(reading, record, int(str(row["period"])[:4]))],
        [what],
    )


def _made_of(reading: Reading, record: MeasureRecord, year: int) -> list[dict[str, Any]]:
    """The rows of other series from which the number of a year was computed; not of what a variant leaves out."""
    found: list[dict[str, Any]] = []
    without = records.settings_of(record.name).get("without")
    for quantity, before in record.made_of.items():
        name, _, issue = quantity.partition("/")
        if name == without:
            continue
        grain = records.find_record(name).grain
        rows = Rows(reading.vintage, reading.cut).of(name, behind(reading.triad, record.grain, grain))
        if issue:
            rows = rows.filter(issue=issue)
        elif without and "issue" in rows.columns:
            rows = rows.filter(pl.col("issue") != without)
        found += (_over(rows, year, before) if before else _latest(rows, WHO[grain], year)).to_dicts()
    return found


def _latest(rows: pl.DataFrame, who: tuple[str, ...], year: int) -> pl.DataFrame:
    """The last row of each by a year, not older than the declared years."""
    over = (pl.col("period") >= str(year - index().presence.carried_years)) & (pl.col("period") <= str(year))
    rows = rows.filter(pl.col("value").is_not_null(), _full(), over)
    return rows.filter(pl.col("period") == pl.col("period").max().over(who))


def _over(rows: pl.DataFrame, year: int, before: int) -> pl.DataFrame:
    """Rows of the years that end with one, from the base on: the last year by then in which all were observed."""
    slack = records.declared("displacement").settings["slack"]
    known = rows.filter(pl.col("value").is_not_null(), _full(), pl.col("period") <= str(year))
    together = known.filter(pl.len().over("period") == pl.len().over("period").max())
    base = together.filter(pl.col("period") <= str(year - before))["period"].max()
    since = base if isinstance(base, str) and base >= str(year - before - slack) else str(year - before)
    return together.filter(pl.col("period") >= since)


def _claim(reading: Reading, what: str) -> Explanation:
    claim = next(claim for claim in shipped_claims() if claim.id == what)
    verdict = judge(reading, claim)
    row = {
        "period": verdict.period, "value": verdict.effect, "lower": verdict.lower, "upper": verdict.upper,
        "coverage": verdict.evidence[0].coverage, "note": verdict.verdict,
    }  # fmt: skip
    settings = {
        "estimand": claim.estimand,
        "verdict": verdict.verdict,
        "reason": verdict.reason or None,
        "robustness": verdict.robustness,
        "least robustness": LEAST_ROBUSTNESS,
        "oldest number that is judged (years)": OLDEST,
        "variants": dict(verdict.variants),
        "what would change it": verdict.would_change,
    }
    measures: list[str] = []
    for condition in claim.conditions:
        if condition.quantity in reading.needles:
            measures += reading.needles[condition.quantity].declaration.indicators
        else:
            measures.append(condition.quantity)
    rows = [asdict(found) for found in verdict.evidence]
    return _made(
        reading, what, verdict.sentence, row, claim.rule, "that of the quantity", settings, rows, measures
    )


def cited(reading: Reading) -> tuple[Citation, ...]:
    """The works behind a reading: data sets and methods, by key."""
    known = source_citations() | records.citations()
    used = [name for name in records.records() if name in reading.manifest.series]
    keys = {key for name in used for key in records.find_record(name).cite}
    keys |= {key for table in reading.manifest.tables for key in codebook(table).cite}
    return tuple(known[key] for key in sorted(keys) if key in known)


def cite(reading: Reading) -> str:
    """BibTeX of everything that a reading used, and of tripoint itself.

    Examples
    --------
    >>> from tripoint.core.triad import Triad
    >>> from tripoint.readings.reading import take_reading
    >>> "{voeten2013," in cite(take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled"))
    True
    """
    own = Citation(
        "tripoint", "{The tripoint authors}", "tripoint: a partnership barometer", int(reading.manifest.name[:4]),
        note=f"version {reading.manifest.code}, vintage {reading.manifest.name}",
    )  # fmt: skip
    return "\n\n".join(citation.bibtex for citation in (own, *cited(reading)))
