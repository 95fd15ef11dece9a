"""Which raw files were pulled from a source, when and from where, and whether they are still as they came.

``snapshots/<source>/`` holds the files as the provider gave them, and ``snapshot.json`` beside them their
hashes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tripoint.errors import StoreError, UsageError
from tripoint.sources import find_source
from tripoint.store.files import checked_name, explaining, home, locked, sha256_of, write_atomically

if TYPE_CHECKING:
    from tripoint.sources.fetch import Fetched, Progress

_RECORD = "snapshot.json"


@dataclass(frozen=True, slots=True)
class PulledFile:
    """One raw file: its name, SHA-256, size in bytes, address, and the day this content came."""

    name: str
    sha256: str
    size: int
    url: str
    retrieved: date


def folder(source: str, where: Path | None = None) -> Path:
    """Folder of the raw files of a source.

    Raises
    ------
    UsageError
        The name could leave the folder of snapshots.
    """
    return (where or home()) / "snapshots" / checked_name("source", source)


def pull(
    source: str,
    where: Path | None = None,
    *,
    progress: "Progress | None" = None,
    base: Mapping[str, str] | None = None,
) -> "tuple[Fetched, ...]":
    """Fetch the files of a source into its snapshot and write down what came.

    Parameters
    ----------
    progress
        Told the name of the download, the bytes so far, and the total if it is known.
    base
        Beginnings of addresses and what to put in their place, for a mirror.

    Raises
    ------
    UnknownNameError
        No source has that name.
    FetchError
        A file could not be had; the record is as it was, and what came is kept for the next attempt.
    LockedError
        Another process fetches from that source.
    """
    from tripoint.sources import fetch  # here, lest reading tables wait for the network library

    found = find_source(source)
    fetched = fetch.pull(found, folder(source, where), progress=progress, base=base)
    known = {(one.name, one.sha256): one.retrieved for one in load(source, where)}
    today = datetime.now(UTC).date()
    pulled = []
    for one in fetched:
        name = one.path.name
        retrieved = known.get((name, one.sha256), today)
        pulled.append(PulledFile(name, one.sha256, one.size, one.url, retrieved))
    record(source, pulled, where)
    return fetched


def record(source: str, pulled: Iterable[PulledFile], where: Path | None = None) -> None:
    """Write down which files make up the snapshot of a source, in place of those recorded before.

    Raises
    ------
    UsageError
        The name of a file could leave the folder.
    StoreError
        A file is not there or differs from what is to be recorded, or the disk refuses.
    """
    target = folder(source, where)
    files = tuple(pulled)
    with locked(target):
        faults = [fault for one in files for fault in _faults(target, one)]
        if faults:
            raise StoreError(f"the snapshot of {source!r} cannot be recorded: {'; '.join(faults)}")
        write_atomically(target / _RECORD, msgspec.json.format(msgspec.json.encode(files), indent=1))


def load(source: str, where: Path | None = None) -> tuple[PulledFile, ...]:
    """Read which files make up the snapshot of a source; none if nothing was pulled.

    Raises
    ------
    StoreError
        The record is damaged.
    """
    path = folder(source, where) / _RECORD
    if not path.exists():
        return ()
    with explaining(path, "read"):
        text = path.read_bytes()
    try:
        return msgspec.json.decode(text, type=tuple[PulledFile, ...])
    except msgspec.MsgspecError as error:
        raise StoreError(f"'{path}' is damaged ({error}): tripoint data pull {source}") from None


def paths(source: str, where: Path | None = None) -> tuple[Path, ...]:
    """Paths of the raw files of a source.

    Raises
    ------
    StoreError
        Nothing was pulled, or the record is damaged.
    """
    files = load(source, where)
    if not files:
        raise StoreError(f"nothing was pulled from {source!r}: tripoint data pull {source}")
    return tuple(_path(folder(source, where), one) for one in files)


def verify(source: str, where: Path | None = None) -> tuple[str, ...]:
    """List the files of a snapshot that are missing or altered, one sentence each.

    Raises
    ------
    StoreError
        The record is damaged, or a file cannot be read.
    """
    target = folder(source, where)
    return tuple(fault for one in load(source, where) for fault in _faults(target, one))


def _faults(target: Path, file: PulledFile) -> list[str]:
    path = _path(target, file)
    if not path.is_file():
        return [f"'{path}' is missing"]
    size = path.stat().st_size
    if size != file.size:
        return [f"'{path}' has {size} bytes instead of {file.size}"]
    return [] if sha256_of(path) == file.sha256 else [f"'{path}' was altered: its SHA-256 differs"]


def _path(target: Path, file: PulledFile) -> Path:
    """Path of a raw file, which keeps the name that its provider gave it but not a path."""
    if file.name in ("", ".", "..", _RECORD) or set(file.name) & set("/\\:\0"):
        raise UsageError(f"{file.name!r} cannot name a raw file: it may not hold '/', '\\', ':' or be a path")
    return target / file.name
