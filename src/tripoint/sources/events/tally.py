"""How many events of each kind were there, and which rows say again what a row said before? Compiled, in fixed memory.

Repetition is asked of a window of 64-bit keys: of the event id, and of day, source, target, root code and address
together. The window has two halves. Keys go into one; when it holds `WINDOW` of them, the other is emptied and
filled in turn. So a row is known again if it comes within the next `WINDOW` keys, which are half as many rows kept
or more: weeks of GDELT at its fullest, whatever the days of the events. Memory is fixed, whatever comes in. Two
different rows may have the same key by chance: for the million or two keys in the window with a probability of
about 1e-13 a row.

Rows are taken in the order of their files, so that which of two is kept does not depend on the number of threads.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tripoint.sources.events import rows, values
from tripoint.sources.events.drops import PLACE
from tripoint.sources.events.lines import borrowed

#: Keys that a half of the window holds.
WINDOW = 1 << 19
#: Cells that are added up at once; when there are more, those are handed out and others begin.
MOST_CELLS = 1 << 16
#: What is added up: events, events with a score, scores in hundredths, mentions, squares of the scores.
EVENTS, SCORED, SCORES, MENTIONS, SQUARES, SUMS = 0, 1, 2, 3, 4, 5

_AGAIN, _SAID_BEFORE = PLACE["repeated event id"], PLACE["duplicate"]
_MISSING = values.MISSING
_SALT = np.uint64(0x5851F42D4C957F2D)


@dataclass(frozen=True, slots=True)
class Window:
    """Keys of the rows kept last: two open tables, and which of them is filled, up to where."""

    keys: NDArray[np.uint64]
    state: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums for each period and cell: an open table, and how much of it is used."""

    cells: NDArray[np.int64]
    periods: NDArray[np.int32]
    sums: NDArray[np.int64]
    used: NDArray[np.int64]


def new_window(most: int = WINDOW) -> Window:
    """Give an empty window, of which each half holds ``most`` keys, a power of two."""
    return Window(np.zeros((2, 2 * most), np.uint64), np.zeros(2, np.int64))


def new_cells(most: int = MOST_CELLS) -> Cells:
    """Give an empty table for ``most`` cells, a power of two."""
    size = 2 * most
    return Cells(
        np.zeros(size, np.int64),
        np.zeros(size, np.int32),
        np.zeros((size, SUMS), np.int64),
        np.zeros(1, np.int64),
    )


@njit(cache=True, nogil=True, forceinline=True)
def _find(table, key):  # pragma: no cover - compiled
    """Place of a key in an open table, or the free place where it belongs."""
    last = len(table) - 1
    place = np.int64(key & np.uint64(last))
    while table[place] != 0 and table[place] != key:
        place = (place + 1) & last
    return place


@njit(cache=True, nogil=True, forceinline=True)
def _seen(window, key):  # pragma: no cover - compiled
    """Whether a key is in either half."""
    for half in range(2):  # noqa: SIM110 - compiled code has no any()
        if window[half, _find(window[half], key)] == key:
            return True
    return False


@njit(cache=True, nogil=True, forceinline=True)
def _remember(window, state, key):  # pragma: no cover - compiled
    """Put a key into the half that is filled, and turn to the other when it is full."""
    half = state[0]
    place = _find(window[half], key)
    if window[half, place] == 0:
        window[half, place] = key
        state[1] += 1
    if 2 * state[1] >= window.shape[1]:
        state[0], state[1] = 1 - half, 0
        window[1 - half, :] = 0


@njit(cache=True, nogil=True, forceinline=True)
def _verdict(window, state, event):  # pragma: no cover - compiled
    """Say why a row is not counted, or 0, and remember it then."""
    known = values.mixed(np.uint64(event[rows.ID]) ^ _SALT) | np.uint64(1)
    said = values.mixed(np.uint64(event[rows.SAID]))
    if _seen(window, known):
        return _AGAIN
    if event[rows.SAID] != 0:
        if _seen(window, said):
            return _SAID_BEFORE
        _remember(window, state, said)
    _remember(window, state, known)
    return 0


@njit(cache=True, nogil=True, forceinline=True)
def _month(day):  # pragma: no cover - compiled
    """Months since the year 0 of a day since 1970."""
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    return 12 * (year + 400 * era) + (5 * of_year + 2) // 153 + 2


@njit(cache=True, nogil=True, forceinline=True)
def _add(cells, periods, sums, used, cell, period, event):  # pragma: no cover - compiled
    """Add an event to the sums of its period and cell."""
    last = len(cells) - 1
    key = values.mixed(np.uint64(cell) ^ (np.uint64(period) * np.uint64(0x9E3779B97F4A7C15)))
    place = np.int64(key & np.uint64(last))
    while cells[place] != 0 and (cells[place] != cell or periods[place] != period):
        place = (place + 1) & last
    if cells[place] == 0:
        cells[place], periods[place] = cell, period
        used[0] += 1
    sums[place, EVENTS] += 1
    if event[rows.SCORE] != _MISSING:
        sums[place, SCORED] += 1
        sums[place, SCORES] += event[rows.SCORE]
        sums[place, SQUARES] += event[rows.SCORE] * event[rows.SCORE]
    sums[place, MENTIONS] += event[rows.MENTIONS]


@njit(cache=True, nogil=True)
def tally(
    events, start, window, state, counts, cells, periods, sums, used, by_day
):  # pragma: no cover - compiled
    """Count the candidates of one file from one on, until the table of cells is half full.

    Returns
    -------
    int
        The candidate to go on from; their number when all were counted.
    """
    events, window, state, counts = borrowed(events), borrowed(window), borrowed(state), borrowed(counts)
    cells, periods, sums, used = borrowed(cells), borrowed(periods), borrowed(sums), borrowed(used)
    row, reason = np.int64(-1), 0
    for one in range(start, len(events)):
        event = events[one]
        if event[rows.ROW] != row:
            if 2 * used[0] + 2 * rows.ROOM > len(cells):
                return one
            row = event[rows.ROW]
            reason = _verdict(window, state, event)
            rows.count(counts, reason, row)
        if reason == 0:
            period = event[rows.DAY] if by_day else _month(event[rows.DAY])
            _add(cells, periods, sums, used, event[rows.CELL], period, event)
    return len(events)
