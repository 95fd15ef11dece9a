"""Which event files do ICEWS and POLECAT list? The files of their data sets on the Harvard Dataverse.

What is known of the listing comes from public client code and the Dataverse's documentation, and was not verified
against the two data sets:

- A table that the Dataverse took in is kept beside the file that was handed in. The MD5 is that of the latter, so that
  one is asked for; its name and size are listed as those of the original.
- ICEWS: ``events.2018.20200427084805.tab`` is a year and the moment of its version, also packed as ``.tab.zip`` or
  ``.zip``; ``202201-icews-events.tab`` is a month, ``20190309-icews-events.zip`` what was put out on a day, and two
  different files have been listed under one name.
- POLECAT: ``ngecEventsDV-2022.txt.zip`` is a year, ``ngecEvents.20230103111842.Release603.DV.txt`` what was put out on
  a day, of about the week before.

Whether the data sets ask for terms to be accepted before a download is not known here: their answer is reported then.
"""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from tripoint.errors import ParseError
from tripoint.sources.events.listing import EventFile, Plan, Wanted
from tripoint.sources.events.stamps import stamp_of
from tripoint.sources.source import Download
from tripoint.sources.un_votes import DATAVERSE

DATASETS = {"icews": "doi:10.7910/DVN/28075", "polecat": "doi:10.7910/DVN/AJGVIT"}

#: What was put out on a day may hold the events of so many days before it.
RELEASE_DAYS = 14

_FILE_NAME = re.compile(r"(?ai)[a-z0-9][a-z0-9._-]{0,120}\.(tab|tsv|txt|csv|zip|gz)")
_ENDING = re.compile(r"(?i)((?:\.(?:tab|tsv|txt|csv|zip|gz))+)$")
_EVENTS = re.compile(r"(?i)events")
_YEAR = re.compile(r"(?i)events\.((?:19|20)\d\d)\.")
_DAY = re.compile(r"(?<!\d)(?:19|20)\d{6}(?:\d{6}|\d{4})?(?!\d)")
_MONTH = re.compile(r"(?<!\d)(?:19|20)\d\d-?\d\d(?!\d)")
_MD5 = re.compile(r"[0-9A-Fa-f]{32}")


def dataverse_list(provider: str) -> Download:
    """Give the listing of a provider's data set."""
    url = f"{DATAVERSE}/api/datasets/:persistentId/?persistentId={DATASETS[provider]}"
    return Download(f"{provider}.json", url, f"{provider}.json", f"files of {DATASETS[provider]}", "json")


def plan_dataverse(wanted: Wanted, listing: bytes) -> Plan:
    """Read which files of a data set hold events of the span wanted.

    Nothing says which files there should be: those are expected that are listed.

    Raises
    ------
    ParseError
        It is no listing of a data set.
    """
    try:
        entries = msgspec.json.decode(listing)["data"]["latestVersion"]["files"]
        told = [entry["dataFile"] for entry in entries]
    except (msgspec.DecodeError, KeyError, TypeError, UnicodeDecodeError):
        raise ParseError(
            f"the Dataverse sent no listing of {DATASETS[wanted.provider]}, but {listing[:80]!r}. Try again later"
        ) from None
    files: dict[int, EventFile] = {}
    strange = 0
    for one in told:
        name = _name(one)
        if name is not None and not _EVENTS.search(name):
            continue  # documentation
        file = None if name is None else _file(one, name)
        if file is None:
            strange += 1
        elif covers(file.name, wanted):
            files[one["id"]] = file
    named = _told_apart([file for _, file in sorted(files.items())])
    return Plan(tuple((file.stamp, file) for file in sorted(named, key=_order)), strange)


def covers(name: str, wanted: Wanted) -> bool:
    """Whether a file may hold events of the span wanted, by its name; one without a date may.

    Examples
    --------
    >>> in_2018 = Wanted("icews", date(2018, 6, 1), date(2018, 6, 30))
    >>> covers("events.2018.20200427084805.tab", in_2018), covers("events.2019.20200427085336.tab", in_2018)
    (True, False)
    """
    span = _span(name)
    first, last = wanted.bounds()
    return span is None or (span[0] <= last and first <= span[1])


def _span(name: str) -> tuple[date, date] | None:
    """Give the first and the last day that a file covers by its name; None where that is not known."""
    year = _YEAR.search(name)
    if year:
        return date(int(year[1]), 1, 1), date(int(year[1]), 12, 31)
    last = stamp_of(Path(name))
    if last is None:
        return None
    if _DAY.search(name):
        return last - timedelta(days=RELEASE_DAYS - 1), last
    if _MONTH.search(name):
        return last.replace(day=1), last
    return date(last.year, 1, 1), last


def _order(file: EventFile) -> tuple[date, str]:
    span = _span(file.name)
    return (span[0] if span else date.min), file.name


def _name(one: Any) -> str | None:
    """Name of the file that an entry of the listing stands for; None if it is no entry."""
    if not isinstance(one, dict):
        return None
    name = (one.get("originalFileName") if one.get("originalFileFormat") else None) or one.get("filename")
    return name if isinstance(name, str) else None


def _file(one: dict[str, Any], name: str) -> EventFile | None:
    """Read an entry of the listing; None if it is none, or its name could lead out of a folder."""
    original = bool(one.get("originalFileFormat"))
    size, identity = one.get("originalFileSize" if original else "filesize"), one.get("id")
    checksum = one.get("checksum")
    md5 = one.get("md5")
    if md5 is None and isinstance(checksum, dict) and checksum.get("type") == "MD5":
        md5 = checksum.get("value")
    if type(identity) is not int or identity < 1 or not (size is None or (type(size) is int and size >= 0)):
        return None
    if not _FILE_NAME.fullmatch(name) or not (md5 is None or _MD5.fullmatch(str(md5))):
        return None
    url = f"{DATAVERSE}/api/access/datafile/{identity}{'?format=original' if original else ''}"
    return EventFile(name, url, size, None if md5 is None else str(md5).lower(), name)


def _told_apart(files: list[EventFile]) -> list[EventFile]:
    """Give each file a name of its own, also on disks that do not tell capitals from small letters."""
    seen: set[str] = set()
    apart = []
    for file in files:
        stem, ending = _ENDING.split(file.name, maxsplit=1)[:2]
        name, part = file.name, 1
        while name.lower() in seen:
            part += 1
            name = f"{stem}_part{part}{ending}"
        seen.add(name.lower())
        apart.append(replace(file, name=name, stamp=name))
    return apart
