"""Where does a file lie while it comes, and afterwards? Its parts, what the server said about it, its name.

While a file is on its way it lies in ``<filename>.part``, with what the server said about it in
``<filename>.part.json``; a later call goes on from there, and starts over when the server's file is another
one by then. What a finished file was is kept in ``<filename>.fetched.json``, so that one that did not change
is not sent again; of a file whose MD5 was listed beforehand, nothing is kept. Nothing that is not whole ever has the
final name.
"""

import codecs
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from filelock import FileLock, Timeout

from tripoint.errors import FetchError, LockedError
from tripoint.sources.rawfile import is_page
from tripoint.sources.source import Download

Status = Literal["new", "unchanged", "changed"]

_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Remote:
    """What the server said about a file; kept beside it on disk."""

    url: str
    etag: str | None
    last_modified: str | None
    total: int | None
    sha256: str | None = None

    @property
    def validator(self) -> str | None:
        """What ties a rest of the file to its beginning; a weak ETag does not promise the same bytes."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


@dataclass(frozen=True, slots=True)
class Place:
    """Where a download lies on disk."""

    final: Path

    @property
    def part(self) -> Path:
        """The file as far as it came."""
        return self.final.with_name(self.final.name + ".part")

    @property
    def part_said(self) -> Path:
        """What the server said about the part."""
        return self.final.with_name(self.final.name + ".part.json")

    @property
    def said(self) -> Path:
        """What the server said about the finished file."""
        return self.final.with_name(self.final.name + ".fetched.json")

    def discard(self) -> None:
        """Forget what was begun."""
        self.part.unlink(missing_ok=True)
        self.part_said.unlink(missing_ok=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Make a folder and let no other process fetch into it meanwhile.

    Raises
    ------
    FetchError
        The folder cannot be made.
    LockedError
        Another process fetches into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(f"cannot write to '{folder}': {error.strerror}; choose another folder") from None
    lock = FileLock(folder / ".pull.lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise LockedError(f"another process fetches into '{folder}'; wait until it is done") from None


def status_of(place: Place, sha256: str) -> Status:
    """Compare a file that just came with the one that has its name."""
    if not place.final.exists():
        return "new"
    return "unchanged" if sha256_of(place.final) == sha256 else "changed"


def refusal(path: Path, download: Download) -> str | None:
    """Say why a file that came is not what was asked for; None if it is."""
    with path.open("rb") as file:
        start = file.read(512)
    if not start:
        return "sent an empty file"
    if is_page(start):
        return "sent a web page, not data"
    if download.content == "json" and not start.removeprefix(codecs.BOM_UTF8).lstrip().startswith(
        (b"{", b"[")
    ):
        return f"sent no JSON, but {start[:40]!r}"
    if download.content == "zip" and not start.startswith(_ZIP):
        return f"sent no zip file, but {start[:40]!r}"
    size = path.stat().st_size
    if download.size not in (None, size):
        return f"sent {size} bytes, where {download.size} are listed"
    md5 = None if download.md5 is None else md5_of(path)
    if md5 != download.md5:
        return f"sent a file with the MD5 '{md5}', where '{download.md5}' is listed"
    return None


def settle(place: Place, remote: Remote, *, keep: bool = True) -> None:
    """Give a whole part its final name, keep what it was if that is asked for, and make that last."""
    beside = place.said.with_name(place.said.name + ".new")
    if keep:
        beside.write_bytes(msgspec.json.encode(remote))
    place.part.replace(place.final)
    if keep:
        beside.replace(place.said)
    place.part_said.unlink(missing_ok=True)
    with suppress(OSError):  # folders cannot be synced on every system
        folder = os.open(place.final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def begun_from(place: Place, url: str) -> Remote | None:
    """Tell what was begun earlier from the same address; forget it if it cannot be continued."""
    begun = read_remote(place.part_said)
    if begun and begun.url == url and begun.validator and place.part.exists() and place.part.stat().st_size:
        return begun
    place.discard()
    return None


def conditions(place: Place, url: str) -> dict[str, str]:
    """Ask only for another content than that of the finished file, if that is still what was fetched."""
    done = read_remote(place.said)
    if done is None or done.url != url or not place.final.exists() or sha256_of(place.final) != done.sha256:
        return {}
    asked = {"If-None-Match": done.etag, "If-Modified-Since": done.last_modified}
    return {name: value for name, value in asked.items() if value}


def read_remote(path: Path) -> Remote | None:
    """Read what a server said, if it was kept and can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Remote)
    except (OSError, msgspec.DecodeError):
        return None


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def md5_of(path: Path) -> str:
    """MD5 of a file, in hexadecimal: whether it came as listed, no proof of who made it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
