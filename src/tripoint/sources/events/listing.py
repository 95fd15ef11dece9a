"""Which raw event files are wanted, which should be there, and which does their provider list?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from tripoint.errors import UnknownNameError, UsageError

PROVIDERS = ("gdelt", "icews", "polecat")

#: The first slot of GDELT 2.0, and the first days of the yearly, monthly and daily files of GDELT 1.0.
GDELT_2_BEGINS = datetime(2015, 2, 18, 23, 0)  # noqa: DTZ001, stamps have no time zone; all are UTC
YEARLY, MONTHLY, DAILY = date(1979, 1, 1), date(2006, 1, 1), date(2013, 4, 1)
SLOT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class EventFile:
    """One file that a provider lists.

    Attributes
    ----------
    size, md5
        As listed; None where the list does not say.
    stamp
        What the file covers: ``2024-01-01 00:15`` for a quarter of an hour, ``2024-01-01`` for a day, ``2006-08``
        for a month, ``1990`` for a year. For other files their name.
    """

    name: str
    url: str
    size: int | None
    md5: str | None
    stamp: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What should be there.

    Attributes
    ----------
    periods
        Stamp by stamp in order, the file that is listed for it; None where none is.
    strange
        Lines or entries of the list that are none, or would lead elsewhere. They are passed over.
    asked
        False where the list could not be had: that a file is not listed then means nothing.
    """

    periods: tuple[tuple[str, EventFile | None], ...]
    strange: int = 0
    asked: bool = True

    @property
    def files(self) -> Iterator[EventFile]:
        """The files that are listed, in order."""
        return (file for _, file in self.periods if file is not None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose files are wanted, and of which days: both included, None for no bound.

    Attributes
    ----------
    version
        1 or 2, of GDELT; nothing to the others.

    Raises
    ------
    UnknownNameError
        No provider has that name.
    UsageError
        There is no such version, the span is the wrong way round, or GDELT has no such days or needs a span.
    """

    provider: str
    first: date | None = None
    last: date | None = None
    version: Literal[1, 2] = 2

    def __post_init__(self) -> None:
        if self.provider not in PROVIDERS:
            raise UnknownNameError.of("provider of event files", self.provider, PROVIDERS)
        if self.first and self.last and self.last < self.first:
            raise UsageError(
                f"the span ends on '{self.last}', before it begins on '{self.first}'; swap the two"
            )
        if self.provider != "gdelt":
            return
        if self.version not in (1, 2):
            raise UsageError(
                f"GDELT has no version {str(self.version)!r}; use 1 (since 1979) or 2 (since 2015)"
            )
        if self.first is None or self.last is None:
            raise UsageError("give the first and the last day wanted: all of GDELT is hundreds of gigabytes")
        begins = YEARLY if self.version == 1 else GDELT_2_BEGINS.date()
        if self.first < begins:
            other = "" if self.version == 1 else ", or take version 1"
            raise UsageError(
                f"'{self.first}' is before GDELT {self.version}.0, which begins on {begins}{other}"
            )

    def bounds(self) -> tuple[date, date]:
        """Give the first and the last day, however far apart where there is no bound."""
        return self.first or date.min, self.last or date.max


def stamps_due(wanted: Wanted, now: datetime) -> Iterator[tuple[str, bool]]:
    """Give the stamps of GDELT's files in a span up to now, and whether each is due.

    A slot is due an hour after its stamp, a day on the second day after it. Nothing is known beforehand of the others.

    Parameters
    ----------
    now
        In UTC, without a time zone.

    Examples
    --------
    >>> january = Wanted("gdelt", date(2013, 2, 27), date(2013, 4, 2), version=1)
    >>> list(stamps_due(january, datetime(2013, 4, 2, 9)))
    [('2013-02', True), ('2013-03', True), ('2013-04-01', False), ('2013-04-02', False)]
    """
    if wanted.provider != "gdelt":
        return
    first, last = wanted.bounds()
    if wanted.version == 1:
        yield from _periods_due(first, min(last, now.date()), now.date())
        return
    slot = max(datetime.combine(first, datetime.min.time()), GDELT_2_BEGINS)
    while slot.date() <= last and slot <= now:
        yield f"{slot:%Y-%m-%d %H:%M}", slot <= now - timedelta(hours=1)
        slot += SLOT


def _periods_due(first: date, last: date, today: date) -> Iterator[tuple[str, bool]]:
    day = first
    while day <= last:
        yield period_of(day), day < DAILY or day <= today - timedelta(days=2)
        if day < MONTHLY:
            day = date(day.year + 1, 1, 1)
        elif day < DAILY:
            day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        else:
            day += timedelta(days=1)


def period_of(day: date) -> str:
    """Stamp of the file of GDELT 1.0 that a day belongs to: a year, a month, or the day.

    Examples
    --------
    >>> [period_of(date(year, 8, 3)) for year in (1990, 2006, 2024)]
    ['1990', '2006-08', '2024-08-03']
    """
    if day >= DAILY:
        return day.isoformat()
    return f"{day:%Y-%m}" if day >= MONTHLY else f"{day:%Y}"


def planned(wanted: Wanted, listed: dict[str, EventFile], strange: int, now: datetime) -> Plan:
    """Put what is due beside what is listed; what is listed and not due, or off the beat, is there too."""
    due = {stamp: None for stamp, is_due in stamps_due(wanted, now) if is_due}
    return Plan(tuple(sorted({**due, **listed}.items())), strange)
