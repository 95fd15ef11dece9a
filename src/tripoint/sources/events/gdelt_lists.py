"""Which files does GDELT list? Its master list of version 2.0, and its lists of sizes and hashes of version 1.0.

What is known of these lists comes from public client code and documentation, and was not verified against GDELT itself:

- Version 2.0: a line for each file with its size, MD5 and address. Three files come every 15 minutes, of which the
  ``.export.CSV.zip`` holds the events; mentions and the knowledge graph are passed over. The first slot is 23:00 on
  18 February 2015. The list has more than 100 MB, and lacks slots that were never published. There is another list of
  events from translated news, which is left out.
- Version 1.0: ``filesizes`` with a size and a name a line, ``md5sums`` with an MD5 and a name. One file a year from
  1979, one a month from January 2006, one a day from April 2013. A file of a day holds the events that were added on
  it; 23 to 25 January 2014 do not exist. ``GDELT.MASTERREDUCEDV2.1979-2013.zip`` has another layout and is left out.

A list says which files there are and never where they lie: addresses are made here from the stamp in the name, so that
no line can lead to another server or out of the folder. All of it comes without encryption, the hashes too: they tell
that a file came as GDELT sent it, not that nobody changed both on the way.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO

from tripoint.errors import ParseError
from tripoint.sources.events.listing import EventFile, Plan, Wanted, period_of, planned
from tripoint.sources.source import Download

GDELT_2 = "http://data.gdeltproject.org/gdeltv2/"
GDELT_1 = "http://data.gdeltproject.org/events/"

#: Bytes of a line; the rest of a longer one is passed over.
_LINE = 1024
_MASTER = re.compile(
    rb"(\d{1,15}) ([0-9A-Fa-f]{32}) https?://data\.gdeltproject\.org/gdeltv2/(\d{14})\.export\.CSV\.zip"
)
_OTHERS = (b".mentions.CSV.zip", b".gkg.csv.zip")
_SIZES = re.compile(rb"(\d{1,15}) +([\w.-]{1,99})")
_HASHES = re.compile(rb"([0-9A-Fa-f]{32}) [ *]([\w.-]{1,99})")
_NAME = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d)\.export\.CSV)?)?\.zip")
_REDUCED = "GDELT.MASTERREDUCEDV2.1979-2013.zip"


def gdelt_lists(version: int) -> tuple[Download, ...]:
    """Give the lists that must be asked for: one of version 2.0; of version 1.0 sizes, then hashes."""
    if version == 2:
        master = "masterfilelist.txt"
        return (Download(master, GDELT_2 + master, master, "files of GDELT 2.0", "csv"),)
    return tuple(
        Download(name, GDELT_1 + name, f"{name}.txt", f"{name} of GDELT 1.0", "csv")
        for name in ("filesizes", "md5sums")
    )


def plan_gdelt(wanted: Wanted, lists: tuple[Path, ...], now: datetime) -> Plan:
    """Read which of the files wanted GDELT lists.

    Line by line: of a list of any length, only the files of the span are held.

    Raises
    ------
    ParseError
        There is no line of such a list in it.
    """
    if wanted.version == 2:
        return _plan_2(wanted, lists[0], now)
    return _plan_1(wanted, lists, now)


def _plan_2(wanted: Wanted, path: Path, now: datetime) -> Plan:
    first, last = (f"{day:%Y%m%d}".encode() for day in wanted.bounds())
    listed: dict[str, EventFile] = {}
    strange, sound = 0, 0
    for line in _lines(path):
        if line.endswith(_OTHERS):
            sound += 1
            continue
        found = _MASTER.fullmatch(line)
        if found is None:
            strange += 1
            continue
        sound += 1
        if first <= found[3][:8] <= last:
            size, md5, digits = (part.decode() for part in found.groups())
            stamp, name = _slot(digits), f"{digits}.export.CSV.zip"
            if stamp is None:
                strange += 1
            else:
                listed[stamp] = EventFile(name, GDELT_2 + name, int(size), md5.lower(), stamp)
    _refuse_unlike(path, sound)
    return planned(wanted, listed, strange, now)


def _plan_1(wanted: Wanted, lists: tuple[Path, ...], now: datetime) -> Plan:
    sizes, strange = _named(lists[0], _SIZES)
    hashes, stranger = _named(lists[1], _HASHES)
    first, last = (day.isoformat() for day in wanted.bounds())
    listed: dict[str, EventFile] = {}
    for name in sizes.keys() | hashes.keys():
        stamp = _period(name)
        if stamp is None:
            strange += name != _REDUCED
        elif first[: len(stamp)] <= stamp <= last[: len(stamp)]:
            size, md5 = sizes.get(name), hashes.get(name)
            listed[stamp] = EventFile(
                name, GDELT_1 + name, size if size is None else int(size), md5 and md5.lower(), stamp
            )
    return planned(wanted, listed, strange + stranger, now)


def _named(path: Path, form: re.Pattern[bytes]) -> tuple[dict[str, str], int]:
    """Read what a list says of each name, and count the lines that are none."""
    said: dict[str, str] = {}
    strange = 0
    for line in _lines(path):
        found = form.fullmatch(line)
        if found:
            said[found[2].decode()] = found[1].decode()
        else:
            strange += 1
    _refuse_unlike(path, len(said))
    return said, strange


def _lines(path: Path) -> Iterator[bytes]:
    """Give the lines of a list that are not empty, each without its end and cut where it is too long to be one."""
    with path.open("rb") as file:
        while line := file.readline(_LINE):
            if not line.endswith(b"\n") and len(line) == _LINE:
                _skip_line(file)
            line = line.strip()
            if line:
                yield line


def _skip_line(file: IO[bytes]) -> None:
    while (rest := file.readline(1 << 20)) and not rest.endswith(b"\n"):
        pass


def _refuse_unlike(path: Path, sound: int) -> None:
    if not sound:
        with path.open("rb") as file:
            start = file.read(80)
        raise ParseError(
            f"GDELT sent no list of files as '{path.name}', but {start!r}. Try again later, or look at the address"
        )


def _slot(text: str) -> str | None:
    """Say a stamp of 14 digits as a quarter of an hour; None if it is no time."""
    try:
        return f"{datetime.strptime(text, '%Y%m%d%H%M%S'):%Y-%m-%d %H:%M}"  # noqa: DTZ007
    except ValueError:
        return None


def _period(name: str) -> str | None:
    """Say what a file of version 1.0 covers; None if no such file belongs there: a year's where there are days."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    parts = [part for part in found.groups() if part]
    year, month, day = (int(part) for part in (*parts, "1", "1")[:3])
    try:
        due = period_of(date(year, month, day))
    except ValueError:
        return None
    return due if due == "-".join(parts) else None
