"""The values of a measure: who, period, value, lower, upper, n, coverage.

Null means not observed, 0 means observed none, and an absent row lies outside coverage. A value with grade D
is withheld: the row stays, with the reason in ``note`` and nulls for the numbers.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tripoint.core.period import Frequency

if TYPE_CHECKING:
    import polars as pl

Grain = Literal[
    "state-year",
    "state-issue-year",
    "dyad-year",
    "dyad-issue-year",
    "directed-dyad-year",
    "triad-year",
    "triad-issue-year",
    "pair-outsider-year",
    "pair-outsider-issue-year",
    "dyad-month",
    "event-dyad-year",
    "event-dyad-quarter",
    "event-dyad-month",
]
Grade = Literal["A", "B", "C", "D"]

GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")

#: Columns that say who a row is about, on which issue, and who counted its events, by grain.
WHO: dict[Grain, tuple[str, ...]] = {
    "state-year": ("state",),
    "state-issue-year": ("state", "issue"),
    "dyad-year": ("first", "second"),
    "dyad-issue-year": ("first", "second", "issue"),
    "directed-dyad-year": ("ground", "power"),
    "triad-year": ("first", "second", "ground"),
    "triad-issue-year": ("first", "second", "ground", "issue"),
    "pair-outsider-year": ("first", "second", "outsider"),
    "pair-outsider-issue-year": ("first", "second", "outsider", "issue"),
    "dyad-month": ("first", "second"),
    "event-dyad-year": ("source", "target", "origin"),
    "event-dyad-quarter": ("source", "target", "origin"),
    "event-dyad-month": ("source", "target", "origin"),
}

#: Grains of events by the length of their periods.
EVENT_GRAINS: dict[Frequency, Grain] = {
    "year": "event-dyad-year",
    "quarter": "event-dyad-quarter",
    "month": "event-dyad-month",
}

#: Columns that every series has after those that say who.
NUMBERS = ("period", "value", "lower", "upper", "n", "coverage", "note")

#: How the note of a row begins that stands for a year in which nothing was observed.
CARRIED = "carried from"

#: Central probability of every interval that is published.
LEVEL = 0.90


def no_rows(grain: Grain) -> "pl.DataFrame":
    """A series without rows."""
    import polars as pl

    numbers = dict.fromkeys(("value", "lower", "upper"), pl.Float64) | {"n": pl.Int32}
    texts = dict.fromkeys((*WHO[grain], "period"), pl.String)
    return pl.DataFrame(schema=texts | numbers | dict.fromkeys(("coverage", "note"), pl.String))


@dataclass(frozen=True, slots=True)
class Bundle:
    """Which rows of a measure ship inside the package, and how finely.

    Attributes
    ----------
    all_since, powers_since
        First period that ships for rows about any states, and for rows in which one of the twelve powers
        takes part. None: no such row; an empty text: all periods.
    value_step, bound_step
        Grid of what ships; lower bounds are rounded down and upper bounds up, so that rounding never narrows
        an interval.
    """

    all_since: str | None = None
    powers_since: str = ""
    value_step: float = 0.001
    bound_step: float = 0.005


@dataclass(frozen=True, slots=True)
class MeasureRecord:
    """What a measure is: formula, unit, range, direction, citations; code, docs and ``explain`` read it.

    Attributes
    ----------
    direction
        ``closer``: higher is closer. ``apart``: higher is further apart. ``none``: no such reading.
    tables
        The tables it is computed from.
    antisymmetric
        For measures of an unordered pair: whether swapping the two flips the sign.
    made_of
        The series that it is computed from, where there are such (one issue of a series after a slash), each with the
        number of years before the period that count too.
    hindsight
        Whether later periods are in a number: no such number could be known at the time.
    """

    name: str
    title: str
    question: str
    formula: str
    grain: Grain
    unit: str
    minimum: float
    maximum: float
    direction: Literal["closer", "apart", "none"]
    interval: str
    tables: tuple[str, ...]
    cite: tuple[str, ...]
    threats: str
    antisymmetric: bool = False
    swap: str | None = None
    made_of: dict[str, int] = field(default_factory=dict)
    hindsight: bool = False
    bundle: Bundle = Bundle()
