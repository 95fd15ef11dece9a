"""Which raw event files are here and whole? A record of them beside them, and a look at the disk.

``received.json`` says of each file where it came from, when, and what it was. It spares reading files again: one of the
same size and time of change as noted is taken for the same. Without the record, or with a damaged one, files are
compared with the MD5 that their provider lists, and noted anew; it is never needed to know what is whole.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from tripoint.sources.events.listing import EventFile

RECORD = "received.json"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """One raw file that is whole.

    Attributes
    ----------
    changed
        When the file on disk was last changed, in nanoseconds.
    day
        The day on which this content came, or was found here.
    """

    name: str
    stamp: str
    url: str
    size: int
    md5: str | None
    sha256: str
    changed: int
    day: date


def load(folder: Path) -> dict[str, Received]:
    """Read which files of a folder are noted, by name; none where there is no record that can be read."""
    try:
        noted = msgspec.json.decode((folder / RECORD).read_bytes(), type=tuple[Received, ...])
    except (OSError, msgspec.MsgspecError):
        return {}
    return {one.name: one for one in noted if Path(one.name).name == one.name and "\0" not in one.name}


def save(folder: Path, noted: dict[str, Received]) -> None:
    """Write the record so that the old one or the new one is there, whenever the process ends."""
    beside = folder / f"{RECORD}.new"
    with beside.open("wb") as file:
        file.write(
            msgspec.json.format(msgspec.json.encode([noted[name] for name in sorted(noted)]), indent=0)
        )
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / RECORD)


def is_as_noted(folder: Path, one: Received) -> bool:
    """Whether a file has the size and the time of change that were noted."""
    try:
        found = (folder / one.name).stat()
    except OSError:
        return False
    return (found.st_size, found.st_mtime_ns) == (one.size, one.changed)


def found_whole(folder: Path, file: EventFile, noted: Received | None) -> Received | None:
    """Say what is here of a file that is listed, if it is whole: of the size and the MD5 listed.

    Where a size or a hash is not listed, what was noted when the file came stands for it.
    """
    path = folder / file.name
    if not path.is_file() or file.size not in (None, path.stat().st_size):
        return None
    same = noted is not None and file.md5 in (None, noted.md5) and file.url == noted.url
    if noted is not None and same and is_as_noted(folder, noted):
        return noted
    if file.md5 is None and noted is None:
        return None
    md5, sha256 = _hashes(path)
    if md5 == file.md5 or (noted is not None and same and sha256 == noted.sha256):
        day = noted.day if noted is not None and sha256 == noted.sha256 else datetime.now(UTC).date()
        return noting(folder, file, sha256, day)
    return None


def noting(folder: Path, file: EventFile, sha256: str, day: date) -> Received:
    """Note a file that is here and whole."""
    found = (folder / file.name).stat()
    return Received(file.name, file.stamp, file.url, found.st_size, file.md5, sha256, found.st_mtime_ns, day)


def _hashes(path: Path) -> tuple[str, str]:
    """MD5 and SHA-256 of a file, read once."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            md5.update(chunk)
            sha256.update(chunk)
    return md5.hexdigest(), sha256.hexdigest()
