"""Which day does the name of an event file give? Fifteen minutes, days, months and years, as the providers stamp them.

The day bounds what may be in the file: an event after it is in the future. It is also the day by which files are
put together and written, so that the files of a day can be read again without touching those of another.
"""

import re
from calendar import monthrange
from datetime import date
from pathlib import Path

_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?:\d{6}|\d{4})?(?!\d)")
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)-?(\d\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")


def stamp_of(path: Path) -> date | None:
    """Give the last day of what a file's name is stamped with; None for no stamp.

    Examples
    --------
    >>> stamp_of(Path("20151027220000.export.CSV.zip")), stamp_of(Path("2005.zip"))
    (datetime.date(2015, 10, 27), datetime.date(2005, 12, 31))
    >>> stamp_of(Path("events.2018.20200427084805.tab")), stamp_of(Path("200608.zip"))
    (datetime.date(2020, 4, 27), datetime.date(2006, 8, 31))
    """
    days = [found for match in _DAY.finditer(path.name) if (found := _day(*match.groups()))]
    if days:
        return max(days)
    for year, month in _MONTH.findall(path.name):
        if 1 <= int(month) <= 12:
            return date(int(year), int(month), monthrange(int(year), int(month))[1])
    years = _YEAR.findall(path.name)
    return date(int(max(years)), 12, 31) if years else None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
