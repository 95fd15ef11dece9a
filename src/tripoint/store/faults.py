"""What can be wrong with a table: one fault, and how its rows are named to a reader."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

Severity = Literal["error", "warning"]

#: Faulty rows that a message spells out; the rest is counted.
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a table: its kind, a sentence for people, the rows it touches, how grave it is."""

    kind: str
    message: str
    rows: int
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


def errors(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Those of the faults that forbid the use of the table."""
    return tuple(fault for fault in faults if fault.severity == "error")


def warnings(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Those of the faults that a person should look at."""
    return tuple(fault for fault in faults if fault.severity == "warning")


def examples(rows: pl.DataFrame, key: Sequence[str], value: str | None = None) -> str:
    """Name the first few rows by their key, with the value of one column if asked, and count the rest.

    Examples
    --------
    >>> rows = pl.DataFrame({"state": ["KAZ", "UZB"], "year": [2020, 2021], "share": [1.4, 1.2]})
    >>> examples(rows, ("state", "year"), "share")
    '1.4 at state=KAZ, year=2020; 1.2 at state=UZB, year=2021'
    """
    named = [name for name in key if name in rows.columns]
    shown = []
    for row in rows.head(SHOWN).iter_rows(named=True):
        place = ", ".join(f"{name}={row[name]}" for name in named)
        shown.append(place if value is None else f"{row[value]!r} at {place}" if place else repr(row[value]))
    more = f"; and {rows.height - SHOWN} more" if rows.height > SHOWN else ""
    return "; ".join(shown) + more
