"""How do raw files come from a provider? Resumed where cut off, retried with patience, whole or not at all.

The only module that touches the network. Where files lie meanwhile is told in ``landing``.
"""

import os
import random
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import msgspec

from tripoint.errors import FetchError, OutageError
from tripoint.sources.landing import (
    Place,
    Remote,
    Status,
    alone,
    begun_from,
    conditions,
    read_remote,
    refusal,
    settle,
    sha256_of,
    status_of,
)
from tripoint.sources.source import Download, Source

Progress = Callable[[str, int, int | None], None]
Base = Mapping[str, str] | Callable[[str], str]

_CONTENT_RANGE = re.compile(r"bytes (?P<start>\d+)-(?P<end>\d+)/(?P<total>\d+)")
_BY_HAND = "Or get the file in another way and add it with 'tripoint data add {table} FILE'"


@dataclass(frozen=True, slots=True)
class Fetched:
    """One file that was fetched.

    Attributes
    ----------
    status
        ``new``: was not there. ``changed``: another content than last time. ``unchanged``: the same.
    attempts
        Requests that it took.
    resumed_bytes
        Bytes that were there from an attempt that was cut off, and were not sent again.
    """

    name: str
    path: Path
    sha256: str
    size: int
    status: Status
    url: str
    attempts: int
    resumed_bytes: int


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait and how often to try.

    Attributes
    ----------
    attempts
        Requests per file.
    unanswered_attempts
        Requests per file as long as no name was found and no connection made since the run began: a machine that is
        offline need not wait, and a network that breaks off later is worth waiting for.
    connect_seconds, read_seconds
        Time for the connection, and for the next bytes. The IMF takes minutes before the first.
    first_wait, longest_wait
        Seconds before the second attempt, doubled each time, and the most, whatever the server asks for.
    largest
        Bytes of the largest file that is taken.
    """

    attempts: int = 6
    unanswered_attempts: int = 3
    connect_seconds: float = 20.0
    read_seconds: float = 300.0
    first_wait: float = 1.0
    longest_wait: float = 120.0
    largest: int = 4 * 2**30


def pull(
    source: Source,
    into: Path,
    *,
    progress: Progress | None = None,
    base: Base | None = None,
    patience: Patience | None = None,
    sleep: Callable[[float], None] = time.sleep,
    rng: random.Random | None = None,
) -> tuple[Fetched, ...]:
    """Fetch the files of a source into a folder.

    Parameters
    ----------
    progress
        Told the name of the download, the bytes so far, and the total if it is known.
    base
        Where addresses lead instead: beginnings and what to put in their place, or a function of the address.
    patience
        Time limits and number of attempts; the defaults if not given.
    sleep, rng
        How to wait, and the chance in the waiting times.

    Raises
    ------
    FetchError
        A file could not be had; files that came before it are there, whole.
    LockedError
        Another process fetches into that folder.
    ParseError
        A listing that must be asked first does not have the form expected.
    """
    fetched: list[Fetched] = []
    with connected(into, progress=progress, base=base, patience=patience, sleep=sleep, rng=rng) as wire:
        for download in source.downloads:
            for one in _resolved(wire, download, source):
                fetched.append(_fetch(wire, one, into, source))  # noqa: PERF401, a fault leaves those before it
    return tuple(fetched)


@contextmanager
def connected(
    into: Path,
    *,
    progress: Progress | None = None,
    base: Base | None = None,
    patience: Patience | None = None,
    sleep: Callable[[float], None] = time.sleep,
    rng: random.Random | None = None,
) -> "Iterator[Wire]":
    """Hold a folder and the connections over which files come into it; the parameters are those of `pull`.

    What it gives may be used by several threads at once, each for another file.

    Raises
    ------
    FetchError
        The folder cannot be made.
    LockedError
        Another process fetches into that folder.
    """
    patience = patience or Patience()
    timeout = httpx.Timeout(patience.read_seconds, connect=patience.connect_seconds)
    with alone(into), httpx.Client(timeout=timeout, follow_redirects=True) as client:
        yield Wire(client, _rewriter(base), patience, progress, sleep, rng or random.Random())  # noqa: S311


@dataclass(frozen=True, slots=True)
class Wire:
    """What every request needs; ``answered`` is set once a server has answered."""

    client: httpx.Client
    rewrite: Callable[[str], str]
    patience: Patience
    progress: Progress | None
    sleep: Callable[[float], None]
    rng: random.Random
    answered: threading.Event = field(default_factory=threading.Event)

    def attempts_after(self, error: "_RetryError") -> int:
        """Requests that a file is worth, after one of them failed."""
        if isinstance(error, _UnreachedError) and not self.answered.is_set():
            return min(self.patience.attempts, self.patience.unanswered_attempts)
        return self.patience.attempts

    def backoff(self, attempt: int) -> float:
        """Seconds to wait after an attempt: doubling, with chance, lest many clients come back at once."""
        longest = min(self.patience.first_wait * 2 ** (attempt - 1), self.patience.longest_wait)
        return longest * self.rng.uniform(0.5, 1.0)


class _RetryError(Exception):
    """An attempt that failed in a way that may pass; ``wait`` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class _UnreachedError(_RetryError):
    """An attempt for which no connection was made: the name is not known, or nobody listens."""


def _rewriter(base: Base | None) -> Callable[[str], str]:
    if base is None:
        return lambda url: url
    if callable(base):
        return base
    places = dict(base)

    def rewrite(url: str) -> str:
        for start, instead in places.items():
            if url.startswith(start):
                return instead + url.removeprefix(start)
        return url

    return rewrite


def _resolved(wire: Wire, download: Download, source: Source) -> tuple[Download, ...]:
    """Give the files that a download stands for: itself, or what a listing at its address names."""
    if download.resolve is None:
        return (download,)
    with tempfile.TemporaryDirectory(prefix="tripoint-") as folder:
        listing = _fetch(wire, download, Path(folder), source)
        return download.resolve(listing.path.read_text("utf-8", errors="replace"))


def _fetch(wire: Wire, download: Download, into: Path, source: Source) -> Fetched:
    """Fetch one file of a source; a fault says which it was and what else can be done."""
    try:
        return fetch_file(wire, download, into)
    except FetchError as error:
        by_hand = _BY_HAND.format(table=source.tables[0])
        raise type(error)(f"{download.name}: {wire.rewrite(download.url)} {error}. {by_hand}") from None


def fetch_file(wire: Wire, download: Download, into: Path) -> Fetched:
    """Fetch one file, with as many attempts as patience allows.

    Raises
    ------
    FetchError
        The file cannot be had; the message says why, not which file it is.
    OutageError
        The same, and other files are no better off.
    """
    place = Place(into / download.filename)
    url = wire.rewrite(download.url)
    for attempt in range(1, wire.patience.attempts + 1):
        try:
            remote, resumed = _request(wire, download, url, place)
            return _finish(place, remote, download, attempt, resumed)
        except _RetryError as error:
            if attempt >= wire.attempts_after(error):
                raise OutageError(
                    f"failed {attempt} times, at last: {error}. Try again later; what has come so far is kept"
                ) from None
            wire.sleep(wire.backoff(attempt) if error.wait is None else error.wait)
        except OSError as error:
            raise OutageError(f"cannot be written to '{place.part}': {error.strerror}") from None
    raise FetchError("was not asked for: no attempt was allowed; set attempts to 1 or more")


def _request(wire: Wire, download: Download, url: str, place: Place) -> tuple[Remote | None, int]:
    """Ask once and write what comes; gives None when the finished file is still the server's."""
    begun = begun_from(place, url)
    offset = place.part.stat().st_size if begun else 0
    headers = {"User-Agent": "tripoint", **download.headers, "Accept-Encoding": "identity"}
    if begun and begun.validator:
        headers |= {"Range": f"bytes={offset}-", "If-Range": begun.validator}
    else:
        headers |= conditions(place, url)
    try:
        with wire.client.stream("GET", url, headers=headers) as response:
            wire.answered.set()
            if response.status_code == httpx.codes.NOT_MODIFIED:
                return None, 0
            _judge(response, place, wire.patience)
            if response.status_code == httpx.codes.PARTIAL_CONTENT:
                remote = _continued(response, begun, offset, place)
            else:
                remote, offset = _started(response, url, place), 0
            _receive(wire, download, response, remote, place, offset)
            return remote, offset
    except httpx.TimeoutException:
        raise _RetryError("nothing came for too long") from None
    except httpx.ConnectError as error:
        raise _UnreachedError(f"no connection was made ({error})") from None
    except httpx.TransportError as error:
        raise _RetryError(f"the connection broke ({error})") from None
    except (httpx.TooManyRedirects, httpx.InvalidURL, httpx.DecodingError) as error:
        raise FetchError(f"cannot be fetched: {error}") from None


def _judge(response: httpx.Response, place: Place, patience: Patience) -> None:
    """Let an answer with data pass; tell the failures that may pass from those that will not."""
    status = response.status_code
    said = f"answered {status} {response.reason_phrase}"
    if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        place.discard()
        raise _RetryError("the file became shorter", wait=0)
    if status in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        asked = _retry_after(response.headers.get("retry-after"))
        raise _RetryError(said, None if asked is None else min(asked, patience.longest_wait))
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
        raise _RetryError(said)
    if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        raise FetchError(f"{said}: the file moved or is not public. Open the address in a browser")
    if response.history and response.history[0].url.scheme == "https" != response.url.scheme:
        raise FetchError("was redirected to an address that is not encrypted")
    if response.headers.get("content-type", "").lower().startswith("text/html"):
        place.discard()
        raise FetchError(
            "sent a web page, not data: a form, a login or an error. Open the address in a browser"
        )


def _started(response: httpx.Response, url: str, place: Place) -> Remote:
    """Begin a file anew, and note whose beginning it is."""
    place.discard()
    headers, encoded = response.headers, not _is_plain(response)
    # Of a file that the server packs although it was asked not to, a rest cannot be asked for.
    remote = (
        Remote(url, None, None, None)
        if encoded
        else Remote(url, headers.get("etag"), headers.get("last-modified"), _length(response))
    )
    place.part_said.write_bytes(msgspec.json.encode(remote))
    place.part.write_bytes(b"")
    return remote


def _continued(response: httpx.Response, begun: Remote | None, offset: int, place: Place) -> Remote:
    """Check that a rest belongs to the beginning that is here; start over if it does not."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    etag = response.headers.get("etag")
    if (
        begun is None
        or found is None
        or int(found["start"]) != offset
        or (begun.total is not None and int(found["total"]) != begun.total)
        or (etag is not None and begun.etag is not None and etag != begun.etag)
    ):
        place.discard()
        raise _RetryError("the file changed while it was fetched", wait=0)
    return Remote(begun.url, begun.etag, begun.last_modified, int(found["total"]))


def _receive(
    wire: Wire, download: Download, response: httpx.Response, remote: Remote, place: Place, offset: int
) -> None:
    size, most = offset, wire.patience.largest
    if (remote.total or 0) > most:
        place.discard()
        raise FetchError(f"would send {remote.total} bytes, more than the {most} that are taken")
    if download.size is not None and remote.total not in (None, download.size):
        place.discard()
        raise FetchError(f"would send {remote.total} bytes, where {download.size} are listed")
    most = most if download.size is None else min(most, download.size)
    with place.part.open("ab") as file:
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > most:
                place.discard()
                raise FetchError(f"sends more than the {most} bytes that are taken")
            file.write(chunk)
            if wire.progress:
                wire.progress(download.name, size, remote.total)
        file.flush()
        os.fsync(file.fileno())
    if remote.total is not None and size != remote.total:
        if size > remote.total:
            place.discard()
        raise _RetryError(f"{size} of {remote.total} bytes came")


def _finish(place: Place, remote: Remote | None, download: Download, attempts: int, resumed: int) -> Fetched:
    """Give the file its name, if it is data, and say whether it is another one than before."""
    before = read_remote(place.said)
    if remote is None and before is not None:
        size = place.final.stat().st_size
        return Fetched(
            download.name, place.final, before.sha256 or "", size, "unchanged", before.url, attempts, 0
        )
    if remote is None:
        raise _RetryError("the server said that nothing changed, but there is no file here", wait=0)
    fault = refusal(place.part, download)
    if fault is not None:
        place.discard()
        if resumed:  # the beginning that was here may be at fault
            raise _RetryError(fault, wait=0)
        raise FetchError(fault)
    sha256 = sha256_of(place.part)
    size = place.part.stat().st_size
    status = status_of(place, sha256)
    noted = Remote(remote.url, remote.etag, remote.last_modified, size, sha256)
    settle(place, noted, keep=download.md5 is None)
    return Fetched(download.name, place.final, sha256, size, status, remote.url, attempts, resumed)


def _is_plain(response: httpx.Response) -> bool:
    return response.headers.get("content-encoding", "identity") in ("identity", "")


def _length(response: httpx.Response) -> int | None:
    """Bytes that the server announced."""
    announced = response.headers.get("content-length", "")
    return int(announced) if announced.isdigit() else None


def _retry_after(value: str | None) -> float | None:
    """Seconds that a server asks to wait, given in seconds or as a date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return None
