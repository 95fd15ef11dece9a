"""Which events between states do raw files hold, and what became of every other row? The files read, added up.

Files are unpacked and walked by several threads, a few files ahead; what they find is counted in the order of the
files, by one thread. So the result does not depend on the number of threads, and memory does not on the input.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

import polars as pl

from tripoint.errors import UsageError
from tripoint.sources.events.cells import Grain, Sums
from tripoint.sources.events.drops import FileReport, added_up, report_of
from tripoint.sources.events.inflate import pieces
from tripoint.sources.events.layouts import Provider
from tripoint.sources.events.reading import (
    Found,
    Outcome,
    Refused,
    Settings,
    Walked,
    read_file,
    whole_lines,
)
from tripoint.sources.events.stamps import stamp_of
from tripoint.sources.events.tally import Window, new_window

#: Files that a thread reads before it hands them over, or fewer that have this many bytes; and such groups under way
#: beyond one for each thread: enough that threads do not wait while a batch is written.
TOGETHER, HEAVY = 8, 1 << 20
AHEAD = 24

#: Reads files in their order: their outcomes, one by one. Whoever has more machines than threads has another one.
Reader = Callable[[list[Path], Settings], Iterator[tuple[Path, Outcome]]]
#: Asked of each file that was read, by its hash, in turn: whether it was counted before, or why it must not be; else
#: it is counted.
Doorman = Callable[[Path, str], "bool | str"]


@dataclass(frozen=True, slots=True)
class Scan:
    """What raw event files hold.

    Attributes
    ----------
    provider
        Whose files they were; None where none could be read.
    frame
        One row for each period (month or day), source, source role, target, target role, quad class and place:
        ``events``, ``scored`` (events with a Goldstein score), ``goldstein`` (the sum of scores), ``mentions`` (null
        where the provider does not count them) and ``squares`` (the sum of squared scores). A role or place that is
        not said is null. Sorted.
    reports
        One for each file, in the order in which they were read.
    """

    provider: Provider | None
    frame: pl.DataFrame
    reports: tuple[FileReport, ...]

    @property
    def dropped(self) -> dict[str, int]:
        """Rows dropped in all files, by reason."""
        return added_up(self.reports)

    @property
    def faults(self) -> tuple[str, ...]:
        """Why files were refused as a whole."""
        return tuple(report.fault for report in self.reports if report.fault is not None)


@dataclass(frozen=True, slots=True)
class DayScan:
    """What the files of one day hold: the part of a table that is written, or written again, at once.

    Attributes
    ----------
    added
        The day in the names of the files, on which their events were added; None for files without one. Events may
        be of earlier days.
    scan
        The events by their own day.
    """

    added: date | None
    scan: Scan


def scan_files(
    paths: Iterable[Path],
    *,
    grain: Grain = "month",
    threads: int = 2,
    published_quad: bool = False,
    latest: date | None = None,
) -> Scan:
    """Read raw event files of one provider into one table of who did how much of what to whom.

    Parameters
    ----------
    paths
        GDELT 1.0 or 2.0 (57, 58 or 61 columns), ICEWS or POLECAT files, each plain, ``.gz`` or ``.zip``. They are
        read in the order of the days in their names; no path counts twice.
    grain
        Whether sums are over months or days of the events.
    threads
        Files read at once. The result is the same for any number.
    published_quad
        Take GDELT's own QuadClass instead of the class that the root code has in CAMEO's order.
    latest
        The last day that an event may have where the file's name gives none; today by default.

    Returns
    -------
    Scan
        The table, and for every file what became of its rows. A file that cannot be read as a whole, or is of
        another provider than those before it, is refused and reported, and the others are read.

    Raises
    ------
    UsageError
        There is no path.
    """
    ordered = _ordered(paths)
    settings = Settings(published_quad, latest or today())
    sums = Sums(grain, new_window())
    provider: Provider | None = None
    reports: list[FileReport] = []
    for path, outcome in read_ahead(ordered, settings, threads):
        provider, outcome = _of_one_provider(provider, path, outcome)
        reports.append(_counted(path, outcome, sums, settings))
    return Scan(provider, sums.frame(provider, last=True), tuple(reports))


def scan_days(
    paths: Iterable[Path],
    settings: Settings | None = None,
    *,
    provider: Provider | None = None,
    window: Window | None = None,
    read: Reader | None = None,
    doorman: Doorman = lambda path, sha256: False,
) -> Iterator[DayScan]:
    """Read raw event files day by day, as they were added, so that each day can be stored before the next is read.

    Sums are over the days of the events. Adding up the days gives the table of `scan_files` with ``grain="day"``:
    rows repeated on a later day are known there, too.

    Parameters
    ----------
    provider
        Whose files are read; that of the first one by default. Files of another are refused and reported.
    window
        What is remembered of rows read before; it is filled as days are read.
    read
        How files are read; by two threads by default.
    doorman
        Whether a file that was read is to be counted.

    Yields
    ------
    DayScan
        The days in order, files without a day in their names at the end. Memory is that of one day.
    """
    settings = settings or Settings(published=False, last=today())
    sums = Sums("day", window or new_window())
    outcomes = (read or read_ahead)(_ordered(paths), settings)
    for added, files in groupby(outcomes, key=lambda file: stamp_of(file[0])):
        reports: list[FileReport] = []
        for path, outcome in files:
            provider, outcome = _of_one_provider(provider, path, outcome)
            answer = False if isinstance(outcome, Refused) else doorman(path, outcome.sha256)
            if answer is True:
                reports.append(FileReport(path, None, sha256=outcome.sha256, known=True))
                continue
            if answer:
                outcome = Refused(str(answer), sha256=outcome.sha256)
            reports.append(_counted(path, outcome, sums, settings))
        yield DayScan(added, Scan(provider, sums.frame(provider), tuple(reports)))


def today() -> date:
    """The last day that an event may have where the file's name gives none."""
    return datetime.now(UTC).date()


def _ordered(paths: Iterable[Path]) -> list[Path]:
    found = sorted(set(paths), key=lambda path: (stamp_of(path) or date.max, path.name, str(path)))
    if not found:
        raise UsageError("no event file was given; name at least one GDELT, ICEWS or POLECAT file")
    return found


def read_ahead(paths: list[Path], settings: Settings, threads: int = 2) -> Iterator[tuple[Path, Outcome]]:
    """Read files by several threads, no more than a few ahead, and give them in their order."""
    groups = _groups(paths)
    waiting: deque[Future[list[tuple[Path, Outcome]]]] = deque()
    with ThreadPoolExecutor(max(1, threads), thread_name_prefix="events") as pool:
        try:
            while True:
                while len(waiting) < threads + AHEAD and (group := next(groups, None)):
                    waiting.append(pool.submit(_read_group, group, settings))
                if not waiting:
                    return
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _groups(paths: list[Path]) -> Iterator[list[Path]]:
    group: list[Path] = []
    size = 0
    for path in paths:
        group.append(path)
        size += _size(path)
        if len(group) == TOGETHER or size >= HEAVY:
            yield group
            group, size = [], 0
    if group:
        yield group


def _size(path: Path) -> int:
    """Bytes of a file; none where it cannot be seen, which is said when it is read."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read_group(paths: list[Path], settings: Settings) -> list[tuple[Path, Outcome]]:
    return [(path, read_file(path, until(settings, path))) for path in paths]


def until(settings: Settings, path: Path) -> Settings:
    """Bound the days of events by the one in the file's name."""
    return replace(settings, last=stamp_of(path) or settings.last)


def _of_one_provider(
    provider: Provider | None, path: Path, outcome: Outcome
) -> tuple[Provider | None, Outcome]:
    """Refuse what is of another provider than the files before."""
    if isinstance(outcome, Refused) or provider in (None, outcome.layout.provider):
        return (provider or (outcome.layout and outcome.layout.provider)), outcome
    fault = (
        f"{path.name} is a file of {outcome.layout.name}, those before it are of {provider}: their codes and "
        "scores are not the same. Read the files of each provider on their own"
    )
    return provider, Refused(fault, outcome.layout, outcome.sha256)


def _counted(path: Path, outcome: Outcome, sums: Sums, settings: Settings) -> FileReport:
    """Count the candidates of one file, and report what became of its rows."""
    if isinstance(outcome, Refused):
        layout = outcome.layout.name if outcome.layout else None
        return FileReport(path, layout, fault=outcome.fault, sha256=outcome.sha256)
    if isinstance(outcome, Found):
        for events in outcome.events:
            sums.add(events, outcome.counts)
        return report_of(path, outcome.layout.name, outcome.rows, outcome.counts, outcome.sha256)
    walked = Walked(outcome.layout, until(settings, path))
    for events in walked.events(whole_lines(pieces(outcome.packed))):
        sums.add(events, walked.counts)
    return report_of(path, outcome.layout.name, walked.rows, walked.counts, outcome.sha256)
