"""Every error that tripoint raises, in one tree.

::

    TripointError                  anything we raise on purpose; exit code 1
    ├── UsageError                 the question itself is wrong; exit code 2
    │   ├── UnknownStateError      a name or code that no state has
    │   ├── TriadError             identical powers, or a ground that is one of them
    │   ├── PeriodError            a period or date that cannot be read
    │   └── UnknownNameError       no table, measure, source or claim of that name
    ├── CoverageError              a good question that the data at hand cannot answer
    ├── NotIdentifiedError         a model that these data cannot pin down
    ├── DeclarationError           a codebook, index or claim file that is wrong; lists every fault
    ├── NetworkError               a network on which nothing can flow as asked; lists every fault
    ├── GameError                  a cooperative game that has no such solution, or none that can be computed exactly
    ├── TableError                 a table that breaks its codebook; lists every fault
    ├── ParseError                 a raw file that is not what its name promises
    ├── FetchError                 a download that failed for good
    │   └── OutageError            a download that failed for a reason that others share
    └── StoreError                 disk, lock, or a damaged table or vintage
        ├── VintageError           a vintage that is missing, half-written or altered
        └── LockedError            another process is writing

Messages say what is wrong with the value in quotes, what is allowed, and what to do next.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

#: More known names than this are counted, not listed.
_MOST_NAMES = 60


class TripointError(Exception):
    """Base of every error that tripoint raises on purpose."""

    exit_code = 1


class UsageError(TripointError):
    """The question itself is wrong: a name, a combination, a date."""

    exit_code = 2


class UnknownStateError(UsageError):
    """A name or code that no state has."""


class TriadError(UsageError):
    """A triad that cannot be read: identical powers, or a ground that is one of them."""


class PeriodError(UsageError):
    """A period or date that cannot be read."""


class UnknownNameError(UsageError):
    """No table, measure, source, format or claim has this name."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> "UnknownNameError":
        """Say what is unknown, the nearest known names, and all that is known unless that is too much to read."""
        names = sorted({*known})
        few = len(names) <= _MOST_NAMES
        near = get_close_matches(name, names, n=1 if few else 5)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        told = f"Known: {', '.join(names) or 'none'}" if few else f"{len(names)} are known"
        return cls(f"no {kind} is called {name!r}.{hint} {told}")


class CoverageError(TripointError):
    """A good question that the data at hand cannot answer."""


class NotIdentifiedError(TripointError):
    """A model that these data cannot pin down: no estimate is better than a silent guess."""


class GameError(TripointError):
    """A cooperative game that has no such solution, or none that can be computed exactly."""


class ParseError(TripointError):
    """A raw file that is not what its name promises."""


class FetchError(TripointError):
    """A download that failed for good."""


class OutageError(FetchError):
    """A download that failed for a reason that others share: a server that does not answer, a disk that is full."""


class StoreError(TripointError):
    """Disk, lock, or a damaged table or vintage."""


class VintageError(StoreError):
    """A vintage that is missing, half-written or altered."""


class LockedError(StoreError):
    """Another process is writing."""


class _FaultsError(TripointError):
    """Several faults, collected and raised once."""

    def __init__(self, subject: str, faults: Sequence[str]) -> None:
        self.subject = subject
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}"
        super().__init__("\n".join([f"{subject}: {count}", *(f"  - {fault}" for fault in self.faults)]))


class TableError(_FaultsError):
    """A table that breaks its codebook; ``faults`` holds every one of them."""


class NetworkError(_FaultsError):
    """A network on which nothing can flow as asked; ``faults`` holds every reason."""


class DeclarationError(_FaultsError):
    """A codebook, index or claim file that is wrong; ``faults`` holds every one of them."""
