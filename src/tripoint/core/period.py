"""When: a period names a calendar year, quarter or month, a span a run of them.

A time stamp names the whole period, never an instant in it: ``"2023"`` is the year 2023, ``"2023-Q2"`` its second
quarter and ``"2023-05"`` that May. The text form sorts in time order, so tables and series keep it as it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from tripoint.errors import PeriodError

Frequency = Literal["year", "quarter", "month"]

_FORM = re.compile(r"(?P<year>\d{4})(?:-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4])))?")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar year, a quarter, or a month; all but the year may be None, and not both are given.

    Examples
    --------
    >>> Period.parse("2023").end
    datetime.date(2023, 12, 31)
    >>> str(Period.parse("2024-02") + 1), str(Period.parse("2024-Q4") + 1)
    ('2024-03', '2025-Q1')
    """

    year: int
    month: int | None = None
    quarter: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read ``"2023"``, ``"2023-Q2"`` or ``"2023-05"``.

        Raises
        ------
        PeriodError
            The text has another form.
        """
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise PeriodError(
                f"{text!r} is no period; write a year such as '2023', a quarter such as '2023-Q2' or a month such as "
                "'2023-05'"
            )
        month, quarter = (int(match[part]) if match[part] else None for part in ("month", "quarter"))
        return cls(int(match["year"]), month, quarter)

    @property
    def frequency(self) -> Frequency:
        """Whether this names a year, a quarter or a month."""
        if self.month is not None:
            return "month"
        return "year" if self.quarter is None else "quarter"

    @property
    def start(self) -> date:
        """First day of the period."""
        return date(self.year, self.month or 3 * (self.quarter or 1) - 2, 1)

    @property
    def end(self) -> date:
        """Last day of the period."""
        return (self + 1).start - timedelta(days=1)

    def __add__(self, steps: int) -> "Period":
        if self.month is not None:
            months = self.year * 12 + self.month - 1 + steps
            return Period(months // 12, months % 12 + 1)
        if self.quarter is not None:
            quarters = self.year * 4 + self.quarter - 1 + steps
            return Period(quarters // 4, None, quarters % 4 + 1)
        return Period(self.year + steps)

    def __str__(self) -> str:
        if self.quarter is not None:
            return f"{self.year:04d}-Q{self.quarter}"
        return f"{self.year:04d}" if self.month is None else f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True)
class Span:
    """All periods from ``first`` to ``last``, both included and of one frequency.

    Examples
    --------
    >>> [str(period) for period in Span.years(2022, 2024)]
    ['2022', '2023', '2024']
    """

    first: Period
    last: Period

    def __post_init__(self) -> None:
        if self.first.frequency != self.last.frequency:
            raise PeriodError(
                f"a span cannot run from '{self.first}' to '{self.last}': "
                f"a {self.first.frequency} and a {self.last.frequency}"
            )
        if self.last < self.first:
            raise PeriodError(f"a span cannot run backwards, from '{self.first}' to '{self.last}'")

    @classmethod
    def years(cls, first: int, last: int) -> "Span":
        """Calendar years, both ends included."""
        return cls(Period(first), Period(last))

    def __iter__(self) -> Iterator[Period]:
        period = self.first
        while period <= self.last:
            yield period
            period += 1

    def __contains__(self, period: object) -> bool:
        return isinstance(period, Period) and self.first <= period <= self.last

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def parse_date(text: str) -> date:
    """Read an ISO date such as ``2023-12-31``.

    Raises
    ------
    PeriodError
        The text is not an ISO date.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PeriodError(f"{text!r} is no date; write it as 2023-12-31") from None
