"""What a measure is to the code: records declared in TOML, and one function that computes them for everyone at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.codebook import load_declaration
from tripoint.core.series import GRADES, LEVEL, WHO, MeasureRecord
from tripoint.core.states import POWERS
from tripoint.measures.records import declared

Frames = Mapping[str, pl.DataFrame]
Progress = Callable[[float, str], None]
Floats = NDArray[np.float64]

#: Half-width of a 90% interval in standard deviations of a normal error.
HALF_WIDTH = NormalDist().inv_cdf((1 + LEVEL) / 2)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a build may choose: randomness, bootstrap draws, outsiders, and whose pairs get triadic series.

    ``effort`` is the share of the declared sweeps that samplers run: less than 1 for a quick look.
    """

    seed: int = 20260101
    draws: int = 399
    outsiders: tuple[str, ...] = ("USA",)
    powers: tuple[str, ...] = POWERS
    effort: float = 1.0


@dataclass(frozen=True, slots=True)
class Measure:
    """Records that are computed together, and the function that computes them.

    ``compute`` takes the tables and the series computed before, the settings and a progress callback (share done,
    what is being done) and returns one series per record, keyed by the record's name, for every state, pair and
    ground that the tables cover. ``uses`` names the series without which it cannot be computed, ``needs`` the
    tables; all that its records name, if not given.
    """

    name: str
    compute: Callable[[Frames, Settings, Progress], dict[str, pl.DataFrame]]
    uses: tuple[str, ...] = ()
    needs: tuple[str, ...] | None = None

    @property
    def records(self) -> tuple[MeasureRecord, ...]:
        """The records declared in ``measures/<name>.toml``."""
        return declared(self.name).measures

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables without which it cannot be computed."""
        if self.needs is not None:
            return self.needs
        return tuple(sorted({table for record in self.records for table in record.tables}))


@dataclass(frozen=True, slots=True)
class GradeRule:
    """Least number of observations, and least share of what could have been observed, for a grade."""

    n: float
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class _Grades:
    votes: dict[str, GradeRule]
    splits: dict[str, GradeRule]
    windows: dict[str, GradeRule]
    deliveries: dict[str, GradeRule]
    layers: dict[str, GradeRule]
    grounds: dict[str, GradeRule]
    needles: dict[str, GradeRule]
    least_common_votes: int
    least_splits: int
    first_year_of_triads: str


@cache
def thresholds() -> _Grades:
    """The coverage grades declared in ``grades.toml``."""
    return load_declaration(__package__ or "tripoint.measures", "grades.toml", _Grades)


def grade(
    rules: Mapping[str, GradeRule], n: NDArray[np.number], share: NDArray[np.number] | float = 1.0
) -> NDArray[np.str_]:
    """Coverage grade of each observation: the best grade whose rule it meets, D where it meets none."""
    n, share = np.broadcast_arrays(np.asarray(n, float), np.asarray(share, float))
    grades = np.full(n.shape, "D", dtype="U1")
    for letter in reversed(GRADES[:-1]):
        rule = rules[letter]
        grades[(n >= rule.n) & (share >= rule.share)] = letter
    return grades


_BOUNDS = ("value", "lower", "upper")


def series(record: MeasureRecord, frame: pl.DataFrame, reason: str) -> pl.DataFrame:
    """Bring a frame into the shape of a series: columns, types, order; grade D withheld with its reason.

    Parameters
    ----------
    record
        The measure; its range clips what rounding pushed outside.
    frame
        Columns of the grain, ``period``, ``value``, ``lower``, ``upper``, ``n``, ``coverage``, ``note``.
    reason
        Note of the rows that are withheld; one that has no number keeps a note of its own.
    """
    who = WHO[record.grain]
    # A number without an interval is not published either: it counts as not observed.
    known = pl.all_horizontal(pl.col(name).is_not_null() & pl.col(name).is_not_nan() for name in _BOUNDS)
    frame = frame.with_columns(pl.when(known).then("coverage").otherwise(pl.lit("D")).alias("coverage"))
    withheld = pl.col("coverage") == "D"
    numbers = [
        pl.when(~withheld)
        .then(pl.col(name).cast(pl.Float64).clip(record.minimum, record.maximum))
        .alias(name)
        for name in _BOUNDS
    ]
    unknown = pl.coalesce(pl.col("note").cast(pl.String), pl.lit("not defined, or no interval can be formed"))
    why = pl.when(known).then(pl.lit(reason)).otherwise(unknown)
    note = pl.when(withheld).then(why).otherwise(pl.col("note")).alias("note")
    return (
        frame.with_columns(*numbers, note)
        .select(
            *(pl.col(name).cast(pl.String) for name in who),
            pl.col("period").cast(pl.String),
            "value",
            "lower",
            "upper",
            pl.col("n").cast(pl.Int32),
            pl.col("coverage").cast(pl.String),
            pl.col("note").cast(pl.String),
        )
        .sort(*who, "period")
    )
