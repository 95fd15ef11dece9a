"""What is lacking between the event files that should be there and those that are, and why? Collapsed into ranges."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from tripoint.sources.events.listing import Plan, Wanted

Reason = Literal["not listed", "not received", "failed"]

#: What the reasons mean to a reader.
REASONS: dict[Reason, str] = {
    "not listed": "the provider's list has no such file: it was never published, or withdrawn",
    "not received": "not here, and not tried yet",
    "failed": "the provider lists it, and it could not be had",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of neighbouring files that are lacking for one reason.

    Attributes
    ----------
    first, last
        Stamps of the first and the last of them.
    files
        How many they are.
    detail
        What exactly went wrong, for those that failed.
    """

    reason: Reason
    first: str
    last: str
    files: int
    detail: str = ""

    def __str__(self) -> str:
        span = self.first if self.files == 1 else f"{self.first} to {self.last}"
        return f"{self.reason}: {self.files:,} ({span})" + (f", {self.detail}" if self.detail else "")


@dataclass(frozen=True, slots=True)
class PullReport:
    """What was expected of a provider, and what is here.

    Attributes
    ----------
    wanted, folder
        What was asked for, and where the files lie.
    asked
        Whether the provider's list could be had. If not, what is noted in the folder is all that is known: nothing
        is listed, and what is not here may exist or not.
    expected
        Files that the span should have, or, where nothing says so, that are listed; None where these are not known,
        since the list could not be had.
    listed
        Those of them that the provider lists.
    received
        Those of them that are here and whole.
    fetched, fetched_bytes, resumed_bytes
        Files that came in this run, the bytes that were sent for them, and bytes that were here from a file that
        had been cut off and were not sent again.
    strange
        Lines or entries of the list that are none, or would lead elsewhere, and were passed over.
    gaps
        What is lacking, in order.
    stopped
        Why files were left that were not tried, or why the record could not be written; None where all went well.
    """

    wanted: Wanted
    folder: Path
    asked: bool
    expected: int | None
    listed: int
    received: int
    fetched: int
    fetched_bytes: int
    resumed_bytes: int
    strange: int
    gaps: tuple[Gap, ...]
    stopped: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all that is listed is here."""
        return self.asked and all(gap.reason == "not listed" for gap in self.gaps)

    def lacking(self, reason: Reason) -> int:
        """Files that are lacking for a reason."""
        return sum(gap.files for gap in self.gaps if gap.reason == reason)


def gaps_of(plan: Plan, here: Mapping[str, object], failed: Mapping[str, str]) -> tuple[Gap, ...]:
    """Collapse what is lacking into ranges.

    Parameters
    ----------
    here
        By stamp, what is whole; its values are not looked at.
    failed
        By stamp, why a file could not be had.
    """
    gaps = []
    states = ((stamp, _state(plan, stamp, file is not None, failed)) for stamp, file in plan.periods)
    lacking = ((stamp, None if stamp in here else state) for stamp, state in states)
    for state, run in groupby(lacking, key=lambda pair: pair[1]):
        stamps = [stamp for stamp, _ in run]
        if state is not None:
            gaps.append(Gap(state[0], stamps[0], stamps[-1], len(stamps), state[1]))
    return tuple(gaps)


def _state(plan: Plan, stamp: str, is_listed: bool, failed: Mapping[str, str]) -> tuple[Reason, str]:
    if stamp in failed:
        return "failed", failed[stamp]
    return ("not received", "") if is_listed or not plan.asked else ("not listed", "")
