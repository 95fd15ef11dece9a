"""How do raw event files come onto a user's machine? What is listed and not here is fetched, several at a time.

A run may be ended at any moment and given again: files that are whole are not asked for, one that was cut off goes on
where it stopped, and no file has its name before its size and MD5 are as listed. One file that cannot be had does not
keep the others from coming; a server that answers none ends the run.

GDELT's list of version 2.0 is kept in ``.lists`` beside the files and asked for again each time, so that it is not sent
again within the 15 minutes in which it stays the same.
"""

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from tripoint.errors import FetchError, OutageError
from tripoint.sources.events.dataverse import covers, dataverse_list, plan_dataverse
from tripoint.sources.events.gaps import PullReport, gaps_of
from tripoint.sources.events.gdelt_lists import GDELT_1, GDELT_2, gdelt_lists, plan_gdelt
from tripoint.sources.events.listing import EventFile, Plan, Wanted, stamps_due
from tripoint.sources.events.received import Received, found_whole, is_as_noted, load, noting, save
from tripoint.sources.fetch import Base, Patience, Wire, connected, fetch_file
from tripoint.sources.source import Download
from tripoint.sources.un_votes import DATAVERSE

#: Told the share that is done, and what is being done.
Share = Callable[[float, str], None]

#: Bytes of the largest file that is taken: of GDELT 2.0, whose files have some hundred kB, and of the others.
LARGEST_SLOT, LARGEST = 2**28, 8 * 2**30
LARGEST_LIST = 2**31
#: So many outages one after the other end a run.
OUTAGES = 8
#: Files that are handed out to the connections at once, and seconds after which the record is written again.
TOGETHER, SAVED_EVERY = 256, 30.0


def pull_events(
    wanted: Wanted,
    folder: Path,
    *,
    connections: int = 4,
    progress: Share | None = None,
    base: Base | None = None,
    patience: Patience | None = None,
    sleep: Callable[[float], None] | None = None,
    rng: random.Random | None = None,
    now: datetime | None = None,
) -> PullReport:
    """Fetch the event files of a span into a folder, and say what is there and what is lacking.

    Parameters
    ----------
    connections
        Files that come at once.
    progress
        Told the share of all bytes that is here, and what is being done; called by several threads, never two at once.
    base
        Where addresses lead instead: beginnings and what to put in their place, or a function of the address.
    patience
        Time limits and number of attempts for each file.
    sleep, rng
        How to wait, and the chance in the waiting times.
    now
        The moment, in UTC and without a time zone, up to which files are expected.

    Raises
    ------
    FetchError
        The list of files cannot be had, or the disk has no room for what is listed.
    LockedError
        Another process fetches into that folder.
    ParseError
        The list does not have the form expected.
    """
    slots = wanted.provider == "gdelt" and wanted.version == 2
    patience = patience or Patience(read_seconds=60.0, largest=LARGEST_SLOT if slots else LARGEST)
    run = _Run(folder, progress or (lambda share, doing: None))
    pause = _pause(run, sleep)
    with connected(folder, progress=run.tell, base=base, patience=patience, sleep=pause, rng=rng) as wire:
        plan = _asked(wire, run, wanted, now or datetime.now(UTC).replace(tzinfo=None))
        run.total = sum(file.size or 0 for file in plan.files)
        _check_room(folder, plan, patience.largest)
        run.noted.update(load(folder))
        try:
            _fetch_all(wire, run, plan, connections)
        finally:
            run.ended.set()
            _save(run)
    return _report(wanted, run, plan)


def what_is_here(wanted: Wanted, folder: Path, now: datetime | None = None) -> PullReport:
    """Say what a folder holds of a span by its record, asking nobody."""
    due = dict.fromkeys(
        stamp for stamp, _ in stamps_due(wanted, now or datetime.now(UTC).replace(tzinfo=None))
    )
    origin = DATAVERSE if wanted.provider != "gdelt" else GDELT_2 if wanted.version == 2 else GDELT_1
    first, last = (day.isoformat() for day in wanted.bounds())
    noted: dict[str, Received] = {}
    for one in load(folder).values():
        if not one.url.startswith(origin) or not is_as_noted(folder, one):
            continue
        if wanted.provider != "gdelt":
            is_wanted = covers(one.name, wanted)
        else:
            is_wanted = first[: len(one.stamp)] <= one.stamp[:10] <= last[: len(one.stamp)]
        if is_wanted:
            noted[one.stamp] = one
    plan = Plan(tuple((stamp, None) for stamp in sorted(due | noted)), asked=False)
    gaps = gaps_of(plan, noted, {})
    expected = len(plan.periods) if wanted.provider == "gdelt" else None
    return PullReport(wanted, folder, False, expected, 0, len(noted), 0, 0, 0, 0, gaps)


class _EndedError(Exception):
    """The run was ended while this file was coming."""


@dataclass(slots=True)
class _Run:
    """What a run has come to so far: the one thing here that changes, and several threads write to it."""

    folder: Path
    progress: Share
    total: int = 0
    noted: dict[str, Received] = field(default_factory=dict)
    here: dict[str, Received] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    fetched: int = 0
    fetched_bytes: int = 0
    resumed_bytes: int = 0
    stopped: str | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _done: int = 0
    _so_far: dict[str, int] = field(default_factory=dict)

    def tell(self, name: str, size: int, _: int | None) -> None:
        """Pass on how far a file has come; end it here if the run was ended."""
        if self.ended.is_set():
            raise _EndedError
        with self._lock:
            if not self.total:  # the list, before it says how much there is
                self.progress(0.0, f"{name}: {size:,} bytes")
                return
            self._done += size - self._so_far.get(name, 0)
            self._so_far[name] = size
            self.progress(min(1.0, self._done / self.total), name)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one file."""

    file: EventFile
    received: Received | None = None
    fault: str = ""
    is_outage: bool = False
    came: bool = False
    resumed_bytes: int = 0


def _pause(run: _Run, sleep: Callable[[float], None] | None) -> Callable[[float], None]:
    """Give a way to wait that the end of the run cuts short."""

    def pause(seconds: float) -> None:
        if sleep is None:
            run.ended.wait(seconds)
        else:
            sleep(seconds)
        if run.ended.is_set():
            raise _EndedError

    return pause


def _asked(wire: Wire, run: _Run, wanted: Wanted, now: datetime) -> Plan:
    """Ask the provider which files there are."""
    lists = run.folder / ".lists"
    asked = gdelt_lists(wanted.version) if wanted.provider == "gdelt" else (dataverse_list(wanted.provider),)
    wire = replace(wire, patience=replace(wire.patience, largest=LARGEST_LIST))
    paths = []
    for one in asked:
        try:
            lists.mkdir(exist_ok=True)
            paths.append(fetch_file(wire, one, lists).path)
        except FetchError as error:
            raise type(error)(f"the list of {one.note}: {wire.rewrite(one.url)} {error}") from None
        except OSError as error:
            raise FetchError(f"cannot write to '{lists}': {error.strerror}; choose another folder") from None
    if wanted.provider == "gdelt":
        return plan_gdelt(wanted, tuple(paths), now)
    return plan_dataverse(wanted, paths[0].read_bytes())


def _check_room(folder: Path, plan: Plan, largest: int) -> None:
    """Refuse to begin what the disk has no room for."""
    needed = 0
    for file in plan.files:
        path = folder / file.name
        if file.size and file.size <= largest and not (path.exists() and path.stat().st_size == file.size):
            needed += file.size
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise FetchError(
            f"'{folder}' has room for {free:,} bytes, and {needed:,} are still to come; choose another folder or a "
            "shorter span"
        )


def _fetch_all(wire: Wire, run: _Run, plan: Plan, connections: int) -> None:
    """Fetch what is listed and not here, until all was tried or nothing answers any more."""
    outages, saved = 0, time.monotonic()
    with ThreadPoolExecutor(connections, thread_name_prefix="tripoint-pull") as pool:
        try:
            for outcome in _outcomes(wire, run, plan, pool):
                _take(run, outcome)
                outages = outages + 1 if outcome.is_outage else 0
                if outages == OUTAGES:
                    run.stopped = f"{OUTAGES} files one after the other failed: {outcome.fault}"
                    break
                if time.monotonic() - saved > SAVED_EVERY:
                    _save(run)
                    saved = time.monotonic()
        finally:
            run.ended.set()


def _outcomes(wire: Wire, run: _Run, plan: Plan, pool: ThreadPoolExecutor) -> Iterator[_Outcome]:
    files = plan.files
    while batch := list(islice(files, TOGETHER)):
        yield from pool.map(lambda file: _one(wire, run, file), batch)


def _one(wire: Wire, run: _Run, file: EventFile) -> _Outcome:
    """Have one file: it is here, or it is fetched, or it cannot be had."""
    if run.ended.is_set():
        raise _EndedError
    try:
        whole = found_whole(run.folder, file, run.noted.get(file.name))
        if whole is not None:
            run.tell(file.name, whole.size, whole.size)
            return _Outcome(file, whole)
        if file.size is not None and file.size > wire.patience.largest:
            fault = f"is listed with {file.size} bytes, more than the {wire.patience.largest} that are taken"
            return _Outcome(file, fault=fault)
        content = "zip" if file.name.lower().endswith(".zip") else "csv"
        download = Download(file.name, file.url, file.name, file.stamp, content, size=file.size, md5=file.md5)
        fetched = fetch_file(wire, download, run.folder)
        noted = noting(run.folder, file, fetched.sha256, datetime.now(UTC).date())
        return _Outcome(file, noted, came=True, resumed_bytes=fetched.resumed_bytes)
    except FetchError as error:
        return _Outcome(file, fault=str(error), is_outage=isinstance(error, OutageError))
    except OSError as error:
        return _Outcome(file, fault=f"cannot be read here: {error.strerror}", is_outage=True)


def _take(run: _Run, outcome: _Outcome) -> None:
    """Write down what became of a file."""
    stamp, received = outcome.file.stamp, outcome.received
    if received is None:
        run.failed[stamp] = outcome.fault
        return
    run.here[stamp] = run.noted[outcome.file.name] = received
    if outcome.came:
        run.fetched += 1
        run.fetched_bytes += received.size - outcome.resumed_bytes
        run.resumed_bytes += outcome.resumed_bytes


def _save(run: _Run) -> None:
    """Write the record; a disk that refuses it keeps nobody from what came, which is known by its hashes."""
    try:
        save(run.folder, run.noted)
    except OSError as error:
        run.stopped = run.stopped or f"the record of '{run.folder}' cannot be written: {error.strerror}"


def _report(wanted: Wanted, run: _Run, plan: Plan) -> PullReport:
    return PullReport(
        wanted,
        run.folder,
        plan.asked,
        len(plan.periods),
        sum(1 for _ in plan.files),
        len(run.here),
        run.fetched,
        run.fetched_bytes,
        run.resumed_bytes,
        plan.strange,
        gaps_of(plan, run.here, run.failed),
        run.stopped,
    )
