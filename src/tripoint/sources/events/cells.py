"""What do the sums over events look like as a table? Cells handed out by compiled code, put together and named."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.sources.events import rows
from tripoint.sources.events.actors import role_letters, states
from tripoint.sources.events.layouts import Provider
from tripoint.sources.events.tally import (
    EVENTS,
    MENTIONS,
    SCORED,
    SCORES,
    SQUARES,
    Cells,
    Window,
    new_cells,
    new_window,
    tally,
)
from tripoint.sources.events.values import MOST_ROLES

Grain = Literal["month", "day"]
Part = tuple[NDArray[np.generic], ...]

#: Rows of parts that are put together before they are more.
_MANY = 1 << 20


@dataclass(slots=True)
class Sums:
    """Sums under way: the table that is being filled, and the parts that were full."""

    grain: Grain
    window: Window
    cells: Cells = field(default_factory=new_cells)
    parts: list[Part] = field(default_factory=list)

    def add(self, events: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Count the candidates of a file."""
        at, cells = 0, self.cells
        while at < len(events):
            at = tally(
                events, at, self.window.keys, self.window.state, counts, cells.cells, cells.periods, cells.sums,
                cells.used, self.grain == "day",
            )  # fmt: skip
            if at < len(events):
                self.hand_out()

    def hand_out(self) -> None:
        """Put the sums into a part of their own and begin others."""
        cells = self.cells
        used = np.flatnonzero(cells.cells)
        if len(used):
            sums = cells.sums[used]
            self.parts.append(
                (
                    cells.periods[used], cells.cells[used], sums[:, EVENTS].astype(np.int32),
                    sums[:, SCORED].astype(np.int32), sums[:, SCORES].copy(), sums[:, MENTIONS].copy(),
                    sums[:, SQUARES].copy(),
                )
            )  # fmt: skip
        cells.cells[used], cells.sums[used], cells.used[0] = 0, 0, 0
        if len(self.parts) > 1 and sum(len(part[0]) for part in self.parts[1:]) > _MANY:
            self.parts = [_together(self.parts)]

    def frame(self, provider: Provider | None, *, last: bool = False) -> pl.DataFrame:
        """Give what was counted as a table, and forget it; after the last one nothing can be counted."""
        self.hand_out()
        if last:
            self.cells, self.window = new_cells(1), new_window(1)
        parts, self.parts = self.parts, []
        return _named(_together(parts), self.grain, provider)


def _together(parts: list[Part]) -> Part:
    """Add up the cells of several parts, in the order of their periods and actors; the parts are used up."""
    if not parts:
        none = np.zeros(0, np.int64)
        return none.astype(np.int32), none, none, none, none, none, none
    waiting = [list(column) for column in zip(*parts, strict=True)]
    parts.clear()
    columns: list[NDArray[np.generic]] = []
    while waiting:
        columns.append(np.concatenate(waiting.pop(0)))
    order = np.lexsort((columns[1], columns[0]))
    columns[0], columns[1] = columns[0][order], columns[1][order]
    new = np.ones(len(order), bool)
    new[1:] = (columns[0][1:] != columns[0][:-1]) | (columns[1][1:] != columns[1][:-1])
    starts = np.flatnonzero(new)
    columns[0], columns[1] = columns[0][starts], columns[1][starts]
    for place in range(2, len(columns)):
        columns[place] = np.add.reduceat(columns[place][order], starts)
    return tuple(columns)


def _named(part: Part, grain: Grain, provider: Provider | None) -> pl.DataFrame:
    periods, cells, events, scored, scores, mentions, squares = part
    named = _actors(cells.astype(np.int64))
    period = _days(periods) if grain == "day" else _months(periods)
    return pl.DataFrame(
        {
            "day" if grain == "day" else "period": period,
            **named,
            "events": pl.Series(events).cast(pl.UInt32),
            "scored": pl.Series(scored).cast(pl.UInt32),
            "goldstein": pl.Series(scores).cast(pl.Float64) / 100,
            "mentions": pl.Series(mentions)
            if provider == "gdelt"
            else pl.Series([None] * len(mentions), dtype=pl.Int64),
            "squares": pl.Series(squares).cast(pl.Float64) / 10_000,
        }
    )


def _actors(cells: NDArray[np.int64]) -> dict[str, pl.Series]:
    """Take a cell apart: from its lowest bits on place, class, target's role, target, source's role, source."""
    codes = pl.Series([None, *states()], dtype=pl.Enum(states()))
    taken: dict[str, pl.Series] = {}
    shift = 0
    parts = (
        ("place", rows.STATE_BITS), ("quad", rows.QUAD_BITS), ("target_role", rows.ROLE_BITS),
        ("target", rows.STATE_BITS), ("source_role", rows.ROLE_BITS), ("source", rows.STATE_BITS),
    )  # fmt: skip
    for name, bits in parts:
        number = ((cells >> shift) & ((1 << bits) - 1)).astype(np.uint32)
        shift += bits
        if name == "quad":
            taken[name] = pl.Series((number + 1).astype(np.uint8))
        elif bits == rows.ROLE_BITS:
            taken[name] = _roles(number)
        else:
            taken[name] = codes.gather(number)
    order = ("source", "source_role", "target", "target_role", "quad", "place")
    return {name: taken[name] for name in order}


def _roles(numbers: NDArray[np.uint32]) -> pl.Series:
    used = np.flatnonzero(np.bincount(numbers, minlength=MOST_ROLES))
    letters = [role_letters(int(number)) or None for number in used]
    places = np.zeros(max(MOST_ROLES, int(used[-1]) + 1 if len(used) else 0), np.uint32)
    places[used] = np.arange(len(used))
    return pl.Series(letters, dtype=pl.String).gather(places[numbers])


def _months(months: NDArray[np.generic]) -> pl.Series:
    used, places = np.unique(months, return_inverse=True)
    texts = [f"{int(month) // 12:04d}-{int(month) % 12 + 1:02d}" for month in used]
    return pl.Series(texts, dtype=pl.Enum(texts)).gather(places.astype(np.uint32))


def _days(days: NDArray[np.generic]) -> pl.Series:
    return pl.Series(days.astype(np.int32)).cast(pl.Date)
