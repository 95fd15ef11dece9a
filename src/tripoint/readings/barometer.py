"""How solid is the partnership, at home and in the ground: unity, strain, and the barometer made of both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.period import Period
from tripoint.core.series import WHO, no_rows
from tripoint.core.triad import Triad
from tripoint.errors import CoverageError
from tripoint.measures.index import Index, NeedleDeclaration, index
from tripoint.measures.needle import NEVER, Needle, Panel, Scale, ages, compose, coverage, ranked
from tripoint.measures.panels import Reader, needle_panels
from tripoint.measures.records import find_record, records
from tripoint.measures.reference import read_scales
from tripoint.sources import codebook
from tripoint.store.vintages import REFERENCE, Vintage

#: Days after the end of a period at which measures of our own tables, such as corridors, count as out.
OWN_LAG = 365
#: Said of years in which it is not known whether strain applies.
_ABSENT = "presence of both in the ground is not observed"


@dataclass(frozen=True, slots=True)
class NeedleReading:
    """One needle of one triad.

    Attributes
    ----------
    frame
        Columns ``period``; ``value``, ``lower``, ``upper`` in hindsight (smoothed); ``at_the_time``,
        ``at_the_time_lower``, ``at_the_time_upper`` from past years only (filtered); ``coverage``;
        ``note``.
    needle, panels, scales, applies, years, absent
        What it was made from, for explanations and variants; ``absent`` is the note where it is unknown
        whether it applies.
    """

    declaration: NeedleDeclaration
    frame: pl.DataFrame
    needle: Needle
    panels: dict[str, Panel]
    scales: dict[str, Scale]
    applies: NDArray[np.int8]
    years: NDArray[np.int64]
    absent: str

    def latest(self) -> dict:
        """The last row with a value."""
        rows = self.frame.filter(pl.col("value").is_not_null())
        return rows.row(-1, named=True) if rows.height else {}


_WITHHELD_NUMBERS = (
    *(pl.lit(None, pl.Float64).alias(name) for name in ("value", "lower", "upper")),
    pl.lit("D").alias("coverage"),
    pl.lit("made with hindsight: later years are in it").alias("note"),
)


def published_by(vintage: Vintage, name: str, as_of: date | None, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of a measure that were out on a day, by its tables' publication lag; all if ``as_of`` is None.

    Numbers that later periods are in are withheld on a day before the data end: they were not known then, whatever
    their period.
    """
    if as_of is None:
        return frame
    record = find_record(name)
    lag = max((codebook(table).lag_days for table in record.tables), default=OWN_LAG)
    periods = frame["period"].unique().to_list()
    out = [text for text in periods if (as_of - Period.parse(text).end).days >= lag]
    shown = frame.filter(pl.col("period").is_in(out))
    late = record.hindsight and as_of.isoformat() < vintage.manifest.data_through
    return shown.with_columns(*_WITHHELD_NUMBERS) if late else shown


def reader(vintage: Vintage, states: Sequence[str], as_of: date | None) -> Reader:
    """Gives a measure's series, cut at ``as_of``, with those rows in which only these states take part."""

    def read(name: str) -> pl.DataFrame:
        who = WHO[find_record(name).grain]
        if name not in vintage.manifest.series:
            return no_rows(find_record(name).grain)
        return published_by(
            vintage, name, as_of, vintage.frame(name, *(pl.col(column).is_in(states) for column in who))
        )

    return read


def read_needle(
    made: NeedleDeclaration, triad: Triad, vintage: Vintage, as_of: date | None = None
) -> NeedleReading:
    """One needle for a triad."""
    scales, years = _scales(vintage), _years(vintage, as_of)
    pair = sorted(triad.pair)
    subject = pl.DataFrame({"first": [pair[0]], "second": [pair[1]]})
    if made.grain == "triad":
        subject = subject.with_columns(pl.lit(triad.ground).alias("ground"))
    read = reader(vintage, (*pair, triad.ground), as_of)
    panels, applies = needle_panels(made, read, subject, years, index())
    absent = _ABSENT
    if made.grain == "triad" and not set(pair) <= set(vintage.manifest.powers):
        absent = "not built: series of triads exist for pairs of the powers only"
    return _compose(made, panels, scales, applies, years, absent)


def strain_by_ground(
    pair: tuple[str, str], grounds: Sequence[str], vintage: Vintage, as_of: date | None = None
) -> pl.DataFrame:
    """Strain of a pair in several grounds, by year: for each ground the rows that a reading through it has.

    Columns ``ground`` and those of :attr:`NeedleReading.frame`.
    """
    made, scales, years = index().needle("strain"), _scales(vintage), _years(vintage, as_of)
    first, second = sorted(pair)
    subjects = pl.DataFrame({"first": first, "second": second, "ground": grounds})
    read = reader(vintage, (first, second, *grounds), as_of)
    panels, applies = needle_panels(made, read, subjects, years, index())
    needle = ranked(compose(made, panels, scales, index()), scales[made.key])
    return pl.concat(
        _needle_frame(made, needle, applies, years, _ABSENT, place).select(
            pl.lit(ground).alias("ground"), pl.all()
        )
        for place, ground in enumerate(grounds)
    )


def _scales(vintage: Vintage) -> dict[str, Scale]:
    if REFERENCE not in vintage.manifest.series:
        raise CoverageError(
            f"the vintage {vintage.manifest.name} has no reference population, because it was built without trade: "
            "`tripoint data pull trade` and build it again, or read the one in the package with --vintage bundled"
        )
    return read_scales(vintage.frame(REFERENCE))


def _years(vintage: Vintage, as_of: date | None) -> NDArray[np.int64]:
    first, last = int(index().reference.first), _last_year(vintage, as_of)
    if last < first:
        raise CoverageError(f"nothing can be read as of {as_of}: readings start with {first}")
    return np.arange(first, last + 1)


def _last_year(vintage: Vintage, as_of: date | None) -> int:
    """Last full year of the vintage, or the last one that is over and whose votes are out by ``as_of``."""
    if as_of is None:
        return vintage.manifest.last_full_year
    lag = min(codebook(table).lag_days for name in records() for table in find_record(name).tables)
    return min(vintage.manifest.last_full_year, (as_of - timedelta(days=lag - 1)).year - 1)


def read_variant(reading: NeedleReading, key: str) -> NeedleReading:
    """The same needle made another defensible way."""
    made = next(made for made in reading.declaration.with_variants if made.key == key)
    return _compose(made, reading.panels, reading.scales, reading.applies, reading.years, reading.absent)


def _compose(
    made: NeedleDeclaration,
    panels: dict[str, Panel],
    scales: dict[str, Scale],
    applies: NDArray[np.int8],
    years: NDArray[np.int64],
    absent: str,
) -> NeedleReading:
    needle = ranked(compose(made, panels, scales, index()), scales[made.key])
    frame = _needle_frame(made, needle, applies, years, absent, 0)
    return NeedleReading(made, frame, needle, panels, scales, applies, years, absent)


def _needle_frame(
    made: NeedleDeclaration,
    needle: Needle,
    applies: NDArray[np.int8],
    years: NDArray[np.int64],
    absent: str,
    subject: int,
) -> pl.DataFrame:
    """The needle of one subject as rows, withheld where it does not apply or rests on nothing recent."""
    since = {name: ages(seen[subject]) for name, seen in needle.seen.items()}
    grades = coverage(needle, made)[subject]
    shown = (applies[subject] == 1) & (grades != "D")
    numbers = {
        name: np.where(shown, array[subject], np.nan).tolist()
        for name, array in (
            ("value", needle.smoothed.value),
            ("lower", needle.smoothed.lower),
            ("upper", needle.smoothed.upper),
            ("at_the_time", needle.filtered.value),
            ("at_the_time_lower", needle.filtered.lower),
            ("at_the_time_upper", needle.filtered.upper),
        )
    }
    note = [
        _note(good, here, absent, {name: int(age[k]) for name, age in since.items()}, int(year))
        for k, (good, here, year) in enumerate(zip(shown, applies[subject], years, strict=True))
    ]
    frame = pl.DataFrame({"period": [str(year) for year in years], **numbers}).with_columns(
        pl.Series("coverage", np.where(shown, grades, "D")), pl.Series("note", note, pl.String)
    )
    return frame.with_columns(pl.col(pl.Float64).fill_nan(None))


def _note(good: bool, here: int, absent: str, ages: dict[str, int], year: int) -> str | None:
    """Why a year has no needle, or which families it carries from an earlier year or never had."""
    if not good:
        little = f"not applicable: one of the two holds less than {index().presence.least:.0%} of the ground's turnover"
        return {0: little, -1: absent}.get(here, "nothing recent is observed")
    stale = [
        f"{name} never observed" if age >= NEVER else f"{name} last observed in {year - age}"
        for name, age in ages.items()
        if age > 0
    ]
    return "; ".join(stale) or None


def barometer_frame(unity: pl.DataFrame, strain: pl.DataFrame) -> pl.DataFrame:
    """Unity and strain side by side and the barometer, per period.

    The barometer is ``(unity + 100 - strain) / 2``. Its half-widths are the means of the two needles'
    half-widths, as if their errors went together: both read the same votes, and a shared error would push
    unity and strain apart.
    """
    columns = (
        "value",
        "lower",
        "upper",
        "at_the_time",
        "at_the_time_lower",
        "at_the_time_upper",
        "coverage",
        "note",
    )
    left = unity.rename({name: f"unity_{name}" for name in columns})
    right = strain.rename({name: f"strain_{name}" for name in columns})
    both = left.join(right, on="period", how="full", coalesce=True).sort("period")
    made = []
    for view in ("value", "at_the_time"):
        low, high = ("lower", "upper") if view == "value" else (f"{view}_lower", f"{view}_upper")
        value = (pl.col(f"unity_{view}") + 100 - pl.col(f"strain_{view}")) / 2
        down = (
            pl.col(f"unity_{view}")
            - pl.col(f"unity_{low}")
            + pl.col(f"strain_{high}")
            - pl.col(f"strain_{view}")
        ) / 2
        up = (
            pl.col(f"unity_{high}")
            - pl.col(f"unity_{view}")
            + pl.col(f"strain_{view}")
            - pl.col(f"strain_{low}")
        ) / 2
        made += [
            value.alias(view),
            (value - down).clip(0, 100).alias(low),
            (value + up).clip(0, 100).alias(high),
        ]
    both = both.with_columns(made)
    return both.select(
        "period", "value", "lower", "upper",
        pl.col("unity_value").alias("unity"), "unity_lower", "unity_upper",
        pl.col("strain_value").alias("strain"), "strain_lower", "strain_upper",
        "at_the_time", "at_the_time_lower", "at_the_time_upper",
        pl.max_horizontal("unity_coverage", "strain_coverage").alias("coverage"),
        pl.coalesce("unity_note", "strain_note").alias("note"),
    )  # fmt: skip


def needles(triad: Triad, vintage: Vintage, as_of: date | None = None) -> dict[str, NeedleReading]:
    """Every needle of the index, for a triad."""
    definition: Index = index()
    return {needle.name: read_needle(needle, triad, vintage, as_of) for needle in definition.needles}
