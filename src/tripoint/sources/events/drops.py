"""What became of the rows of a raw event file: read, kept, or dropped, and for which reason?

Every row that is read is kept or dropped for one reason, the first that applies in the order of `REASONS`. A file
that cannot be unpacked or has no known layout is refused whole: its fault is said, and none of its rows count.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Why a row is dropped, in the order in which rows are looked at: what is wrong with a row goes before what it says.
REASONS: dict[str, str] = {
    "line too long": "the line has more than a million bytes: a field that is no field",
    "NUL byte": "a NUL byte is in the line: no text, or damaged",
    "bad encoding": "the line is not UTF-8",
    "repeated header": "the line names the columns again",
    "bad column count": "the line has more or fewer columns than the layout of its file",
    "bad event id": "no event id, or one that this provider does not write",
    "bad date": "no day of the calendar",
    "before 1979": "a day before 1979, when no provider has events",
    "in the future": "a day after the one on which the event was added, or after the day in the file's name",
    "bad code": "no root code from 01 to 20, or no quad class from 1 to 4",
    "bad Goldstein": "a score that is no number from -10 to 10",
    "bad mentions": "mentions that are no whole number",
    "negative mentions": "fewer mentions than none",
    "bad role": "a role that is not three capital letters",
    "no source": "the source has no country",
    "no target": "the target has no country",
    "unknown source": "the code of the source's country is in no list of states or regions",
    "unknown target": "the code of the target's country is in no list of states or regions",
    "region, not state": "the source or the target is a part of the world such as Africa or the West",
    "same state": "source and target are of one state",
    "repeated event id": "a row with this event id was kept before",
    "duplicate": "a row with the same day, source, target, root code and address was kept before",
}
#: Row numbers kept for each reason and file.
ROWS_SHOWN = 5
#: Place of each reason, for compiled code; 0 is a row that is kept.
PLACE = {reason: place for place, reason in enumerate(REASONS, 1)}
_NAMES = dict(enumerate(REASONS, 1))


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file.

    Attributes
    ----------
    layout
        Name of the layout that was recognised; None where there is none. A file that has one and was refused is of
        another provider than those before it.
    rows
        Rows read: lines with something in them or before them, without the header.
    kept
        Rows that went into the table.
    found
        What `dropped` and `shown` say, as bytes: a run may have a hundred thousand files.
    fault
        Why the whole file was refused; None where it was read.
    sha256
        Of the file as it lies on disk; empty where nobody asked for it or it cannot be read.
    known
        Whether the file was read before and is left out for that.
    """

    path: Path
    layout: str | None
    rows: int = 0
    kept: int = 0
    found: bytes = b""
    fault: str | None = None
    sha256: str = ""
    known: bool = False

    @property
    def dropped(self) -> dict[str, int]:
        """Reason to number of rows; reasons that dropped nothing are left out."""
        return {_NAMES[place]: count for place, count, *_ in self._counts()}

    @property
    def shown(self) -> dict[str, tuple[int, ...]]:
        """Reason to the first row numbers, counted from 1 with the header as row 1."""
        return {_NAMES[place]: tuple(rows[:count]) for place, count, *rows in self._counts()}

    def _counts(self) -> list[list[int]]:
        return np.frombuffer(self.found, np.int64).reshape(-1, 2 + ROWS_SHOWN).tolist()

    def __str__(self) -> str:
        """Say it in one line for each reason."""
        if self.fault is not None:
            return self.fault
        if self.known:
            return f"{self.path.name}: read before"
        lines = [f"{self.path.name}: {self.kept} of {self.rows} rows kept"]
        for reason, count in self.dropped.items():
            rows = ", ".join(str(row) for row in self.shown[reason])
            more = ", ..." if count > len(self.shown[reason]) else ""
            lines.append(f"  {reason}: {count} (row {rows}{more})")
        return "\n".join(lines)


def new_counts() -> NDArray[np.int64]:
    """Counts for compiled code: a row for each reason, kept rows first, with the count and the first row numbers."""
    return np.zeros((len(REASONS) + 1, 1 + ROWS_SHOWN), np.int64)


def report_of(path: Path, layout: str, rows: int, counts: NDArray[np.int64], sha256: str = "") -> FileReport:
    """Turn counts into words."""
    used = np.flatnonzero(counts[1:, 0]) + 1
    found = np.column_stack([used, counts[used]]).astype(np.int64)
    return FileReport(path, layout, rows, int(counts[0, 0]), found.tobytes(), sha256=sha256)


def added_up(reports: tuple[FileReport, ...]) -> dict[str, int]:
    """Add up what was dropped in several files, in the order of `REASONS`."""
    total = Counter[str]()
    for report in reports:
        total.update(report.dropped)
    return {reason: total[reason] for reason in REASONS if total[reason]}
