"""How do raw event files get into a lake, each once? Read in batches of days, each written whole or not at all.

Run again, it takes in what is new. Killed, it goes on after the last batch that was written, with what it
remembered of the rows before: no event is lost, and none counts twice.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from tripoint.errors import UsageError
from tripoint.sources.events import DayScan, FileReport, scan_days
from tripoint.sources.events.layouts import Provider
from tripoint.sources.events.reading import Settings, provider_of
from tripoint.sources.events.scan import Reader, today
from tripoint.store import files
from tripoint.store.lake.ledger import (
    LAYOUT,
    PROVIDERS,
    Lake,
    commit,
    lake_folder,
    listed,
    open_lake,
    remembered,
    sweep,
    taken,
)

#: Rows read before they are written: less than a second of work, and what is held in memory.
BATCH = 1 << 19
#: How names end of what lies beside event files: what is noted about them, and what has not come whole.
_NO_EVENTS = (".json", ".new", ".part")
#: Seconds to wait for another process that takes files in.
PATIENCE = 2.0
#: Told the bytes done, the bytes in all and the rows read.
Progress = Callable[[int, int, int], None]


@dataclass(slots=True)
class Intake:
    """What one run took in.

    Attributes
    ----------
    known
        Files that had been taken in before.
    """

    provider: Provider
    files: int = 0
    known: int = 0
    rows: int = 0
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, report: FileReport) -> None:
        """Count one file."""
        if report.known:
            self.known += 1
        elif report.fault is not None:
            self.faults.append(report.fault)
        else:
            self.files += 1
            self.rows += report.rows
            self.kept += report.kept
            for reason, count in report.dropped.items():
                self.dropped[reason] = self.dropped.get(reason, 0) + count


def take_in(
    paths: Iterable[Path],
    home: Path | None = None,
    *,
    published_quad: bool = False,
    latest: date | None = None,
    read: Reader | None = None,
    batch: int = BATCH,
    progress: Progress = lambda done, whole, rows: None,
) -> tuple[Intake, ...]:
    """Take raw event files into the lakes of their providers.

    Parameters
    ----------
    paths
        Files of GDELT, ICEWS or POLECAT, in any order, also mixed; folders are searched through.
    published_quad
        Class events by GDELT's own QuadClass instead of the root code. A lake is of one kind.
    latest
        The last day that an event may have where the file's name gives none; today by default.
    read
        How files are read: by two threads of this machine, or by an engine with more machines.
    batch
        Rows read before they are written.

    Returns
    -------
    tuple[Intake, ...]
        One for each provider. Files and rows that cannot be read are counted there, and the rest is taken in.

    Raises
    ------
    UsageError
        There is no file, or a lake classes events otherwise.
    LockedError
        Another process takes files in.
    StoreError
        The disk is full, read-only or not ours. What was written before stays.
    """
    where = home or files.home()
    left = event_files(paths)
    settings = Settings(published_quad, latest or today(), hashed=True)
    sizes = {path: _size(path) for path in left}
    whole, done = sum(size for size, _ in sizes.values()), 0
    runs: list[Intake] = []
    for _ in PROVIDERS:
        if not left:
            break
        run = _Run(where, _whose(left), settings, read, batch, sizes)
        intake, left = run.through(left, lambda size, rows, before=done: progress(before + size, whole, rows))
        done = whole - sum(sizes[path][0] for path in left)
        runs.append(intake)
    for path in left:
        runs[-1].faults.append(f"{path.name} was written to while it was read; take it in when it is whole")
    return tuple(runs)


def event_files(paths: Iterable[Path]) -> list[Path]:
    """Files that are named or lie in folders that are named, there without hidden ones and the notes of a pull.

    Raises
    ------
    UsageError
        There is none.
    """
    found: dict[Path, None] = {}
    for path in paths:
        within = _within(path) if path.is_dir() else [path]
        found |= dict.fromkeys(within)
    if not found:
        raise UsageError(
            "no event file was given; name files of GDELT, ICEWS or POLECAT, or a folder of them"
        )
    return list(found)


def _whose(paths: list[Path]) -> Provider:
    """Provider of the first file that can be told."""
    for path in paths:
        provider = provider_of(path)
        if provider is not None:
            return provider
    return PROVIDERS[0]


def _within(folder: Path) -> list[Path]:
    """Event files of a folder, as far as names tell: a pull leaves lists, notes and parts of files beside them."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix not in _NO_EVENTS
        and not any(name.startswith(".") for name in path.relative_to(folder).parts)
        and not path.is_dir()
    )


def _size(path: Path) -> tuple[int, int]:
    """Bytes of a file and when it was last changed; nothing where it cannot be seen, which is said when it is read."""
    try:
        seen = path.stat()
    except OSError:
        return 0, 0
    return seen.st_size, seen.st_mtime_ns


class _Run:
    """One pass over files of one provider."""

    def __init__(
        self,
        home: Path,
        provider: Provider,
        settings: Settings,
        read: Reader | None,
        batch: int,
        sizes: dict[Path, tuple[int, int]],
    ) -> None:
        self.home, self.settings, self.read, self.batch, self.sizes = home, settings, read, batch, sizes
        self.intake = Intake(provider)
        self.elsewhere: list[Path] = []
        self.hashes: set[str] = set()
        self.names: dict[str, str] = {}
        self.refused: dict[str, tuple[int, int, str]] = {}
        self.done = 0

    def through(self, paths: list[Path], progress: Callable[[int, int], None]) -> tuple[Intake, list[Path]]:
        """Take in the files of this provider; give what was found, and the files of other providers."""
        provider = self.intake.provider
        folder = lake_folder(self.home, provider)
        with files.locked(folder, PATIENCE):
            lake = self._lake(provider)
            sweep(self.home, lake)
            fresh = self._unknown(paths, lake)
            if fresh:
                window = remembered(self.home, lake)
                days = scan_days(
                    fresh,
                    self.settings,
                    provider=provider,
                    window=window,
                    read=self.read,
                    doorman=self._doorman,
                )
                for together in self._batches(days, progress):
                    found = self._found(together)
                    if found.height:
                        grown = any(one.scan.frame.height for one in together)
                        lake = commit(self.home, lake, together, found, window if grown else None)
        return self.intake, self.elsewhere

    def _lake(self, provider: Provider) -> Lake:
        lake = open_lake(self.home, provider)
        asked = self.settings.published
        if lake is None:
            return Lake(LAYOUT, provider, asked)
        if provider == "gdelt" and lake.published_quad != asked:
            kind = "its own QuadClass" if lake.published_quad else "the root code"
            raise UsageError(
                f"the lake of GDELT classes events by {kind}: one lake cannot do both. "
                "Ask for the same, or set TRIPOINT_HOME to another folder"
            )
        return lake

    def _unknown(self, paths: list[Path], lake: Lake) -> list[Path]:
        """Leave out files that lie there as they were taken in; remember what else was."""
        listed = taken(self.home, lake)
        known = listed.filter(pl.col("fault").is_null())
        refused = listed.filter(pl.col("fault").is_not_null()).select("name", "size", "changed", "fault")
        self.refused = {name: tuple(said) for name, *said in refused.rows()}
        self.hashes = set(known["sha256"])
        self.names = dict(zip(known["name"], known["sha256"], strict=True))
        seen = dict(zip(known["name"], known.select("size", "changed").rows(), strict=True))
        fresh = [path for path in paths if seen.get(path.name) != self.sizes[path]]
        self.intake.known += len(paths) - len(fresh)
        self.done = sum(self.sizes[path][0] for path in paths) - sum(self.sizes[path][0] for path in fresh)
        return fresh

    def _doorman(self, path: Path, sha256: str) -> bool | str:
        if sha256 in self.hashes:
            return True
        if path.name in self.names:
            return (
                f"{path.name} was taken in before with other content (SHA-256 {self.names[path.name][:12]}, this one "
                f"{sha256[:12]}): which of the two is right cannot be told. Rename this one to take it in beside it"
            )
        self.hashes.add(sha256)
        self.names[path.name] = sha256
        return False

    def _batches(
        self, days: Iterator[DayScan], progress: Callable[[int, int], None]
    ) -> Iterator[list[DayScan]]:
        together: list[DayScan] = []
        rows = 0
        for day in days:
            for report in day.scan.reports:
                self._note(report)
                rows += report.rows
            together.append(day)
            progress(self.done, self.intake.rows)
            if rows >= self.batch:
                yield together
                together, rows = [], 0
        if together:
            yield together

    def _note(self, report: FileReport) -> None:
        """Count a file; put one of another provider aside."""
        if report.fault is not None and report.layout is not None:
            self.elsewhere.append(report.path)
        else:
            self.intake.add(report)
            self.done += self.sizes[report.path][0]

    def _found(self, days: list[DayScan]) -> pl.DataFrame:
        """What became of the files of a batch, as far as the lake must be told."""
        every = [(report, day.added) for day in days for report in day.scan.reports]
        return listed([(report, added) for report, added in every if self._is_new(report)], self.sizes)

    def _is_new(self, report: FileReport) -> bool:
        """Whether a file is this provider's, or nobody's, and the lake does not say the same of it already."""
        if report.fault is None:
            return not report.known
        if report.layout is not None or report.path.name in self.names:
            return False
        return self.refused.get(report.path.name) != (*self.sizes[report.path], report.fault)
