"""Which rows of a buffer are events between states? A compiled walk over its lines, with a reason for every other row.

A row that is an event becomes a candidate, or several where its actors are of several states: what it counts
towards, and the keys by which it is known again. Whether it was there before is asked in `tally`.
"""

import numpy as np
from numba import njit

from tripoint.sources.events import values
from tripoint.sources.events.drops import PLACE, ROWS_SHOWN
from tripoint.sources.events.layouts import PARTS
from tripoint.sources.events.lines import LONGEST_LINE, MOST_FIELDS, has_nul, is_utf8

#: Columns of a candidate: keys of its id and of what it says (0: none), day, what it counts towards, score in
#: hundredths, mentions, row in its file.
ID, SAID, DAY, CELL, SCORE, MENTIONS, ROW, WIDTH = 0, 1, 2, 3, 4, 5, 6, 7
#: A row may name this many states as source, and as target.
MOST_STATES = 32
#: Candidates that one row may become.
ROOM = MOST_STATES * MOST_STATES
#: Bits of a cell for a state or place, for a role, for a class.
STATE_BITS, ROLE_BITS, QUAD_BITS = 9, 15, 2
#: Days since 1970 of the first that any provider has events for.
FIRST_DAY = 3287

#: What `options` hold: how codes are read, whether the class is the published one, the last day that may be, and
#: the keys of the two ways in which a repeated header begins.
GDELT, ICEWS, POLECAT = 0, 1, 2
KIND, PUBLISHED, LAST_DAY, HEADER, OTHER_HEADER = 0, 1, 2, 3, 4

_PART = {part: place for place, part in enumerate(PARTS)}
_ID, _DAY, _CODE, _QUAD = _PART["id"], _PART["day"], _PART["code"], _PART["quad"]
_SOURCE, _SOURCE_ROLE = _PART["source"], _PART["source_role"]
_TARGET, _TARGET_ROLE = _PART["target"], _PART["target_role"]
_SCORE, _COUNT, _PLACE = _PART["goldstein"], _PART["mentions"], _PART["place"]
_ADDRESS, _ADDED, _LEAST, _MOST = _PART["address"], _PART["added"], len(PARTS), len(PARTS) + 1

_LONG, _NUL, _TEXT = PLACE["line too long"], PLACE["NUL byte"], PLACE["bad encoding"]
_AGAIN, _COLUMNS, _BAD_ID = PLACE["repeated header"], PLACE["bad column count"], PLACE["bad event id"]
_BAD_DAY, _EARLY, _FUTURE = PLACE["bad date"], PLACE["before 1979"], PLACE["in the future"]
_BAD_CODE, _BAD_SCORE = PLACE["bad code"], PLACE["bad Goldstein"]
_BAD_COUNT, _NEGATIVE, _BAD_ROLE = PLACE["bad mentions"], PLACE["negative mentions"], PLACE["bad role"]
_NO_SOURCE, _NO_TARGET = PLACE["no source"], PLACE["no target"]
_ODD_SOURCE, _ODD_TARGET = PLACE["unknown source"], PLACE["unknown target"]
_REGION, _SAME = PLACE["region, not state"], PLACE["same state"]

_NOBODY, _IS_REGION, _UNKNOWN = values.NOBODY, values.REGION, values.UNKNOWN
_MISSING, _UNREADABLE, _MOST_ROLES = values.MISSING, values.UNREADABLE, values.MOST_ROLES
_LONG_AGO, _NO_DAY = values.LONG_AGO, values.NO_DAY


@njit(cache=True, nogil=True, forceinline=True)
def count(counts, reason, row):  # pragma: no cover - compiled
    """Count a row under a reason, and keep its number if it is among the first."""
    seen = counts[reason, 0]
    if seen < ROWS_SHOWN:
        counts[reason, 1 + seen] = row
    counts[reason, 0] = seen + 1


@njit(cache=True, nogil=True, forceinline=True)
def field(buffer, low, ends, column, kind):  # pragma: no cover - compiled
    """Where a field begins and ends; the caller knows that the line has it."""
    start = low if column == 0 else ends[column - 1] + 1
    if kind == GDELT:
        return start, ends[column]
    return values.trimmed(buffer, start, ends[column])


@njit(cache=True, nogil=True, forceinline=True)
def line_fault(buffer, low, ends, n_fields, odd, layout, options):  # pragma: no cover - compiled
    """Say what is wrong with a line as a line; 0 for nothing."""
    high = ends[min(n_fields, MOST_FIELDS) - 1]
    if high - low > LONGEST_LINE:
        return _LONG
    if odd and has_nul(buffer, low, high):
        return _NUL
    if odd and not is_utf8(buffer, low, high):
        return _TEXT
    kind = options[KIND]
    if kind != GDELT and layout[_ID] < n_fields and layout[_ID] < MOST_FIELDS:
        start, end = field(buffer, low, ends, layout[_ID], kind)
        key = np.int64(values.text_key(buffer, start, end))
        if key in (options[HEADER], options[OTHER_HEADER]):
            return _AGAIN
    if n_fields < layout[_LEAST] or n_fields > MOST_FIELDS:
        return _COLUMNS
    if n_fields > layout[_MOST]:
        empty = kind != GDELT and high - ends[layout[_MOST] - 1] == n_fields - layout[_MOST]
        return 0 if empty else _COLUMNS
    return 0


@njit(cache=True, nogil=True, forceinline=True)
def read_day(buffer, low, ends, layout, options, event):  # pragma: no cover - compiled
    """Read the day of an event; give what is wrong with it, or 0."""
    kind = options[KIND]
    start, end = field(buffer, low, ends, layout[_DAY], kind)
    if kind == GDELT and end - start != 8:
        return _BAD_DAY
    day = values.read_day(buffer, start, end, kind != GDELT)
    if day == _NO_DAY:
        return _BAD_DAY
    last = options[LAST_DAY]
    if layout[_ADDED] >= 0:
        start, end = field(buffer, low, ends, layout[_ADDED], kind)
        added = values.read_day(buffer, start, end, False)
        if added == _NO_DAY:
            return _BAD_DAY
        last = min(last, added)
    if day < FIRST_DAY:
        return _EARLY
    event[DAY] = day
    return _FUTURE if day > last else 0


@njit(cache=True, nogil=True, forceinline=True)
def _class_of(root):  # pragma: no cover - compiled
    """Quad class of a root code in CAMEO's order: 1 and 2 cooperate in words and deeds, 3 and 4 clash in them."""
    if root <= 5:
        return 1
    if root <= 8:
        return 2
    return 3 if root <= 13 else 4


@njit(cache=True, nogil=True, forceinline=True)
def read_class(buffer, low, ends, layout, options, tables):  # pragma: no cover - compiled
    """Read the root code and the quad class of an event; both 0 where one of them is none."""
    kind = options[KIND]
    quad = 0
    if layout[_QUAD] >= 0:
        start, end = field(buffer, low, ends, layout[_QUAD], kind)
        if kind == POLECAT:
            quad = values.looked_up(tables[6], tables[7], values.text_key(buffer, start, end), 0)
            return quad, quad
        quad = np.int64(buffer[start]) - 48 if end - start == 1 else 0
        if quad < 1 or quad > 4:
            return 0, 0
    start, end = field(buffer, low, ends, layout[_CODE], kind)
    least, most = (2, 2) if kind == GDELT else (3, 4)
    if end - start < least or end - start > most:
        return 0, 0
    root = values.read_root(buffer, start, end)
    if root == 0:
        return 0, 0
    return root, quad if options[PUBLISHED] and quad else _class_of(root)


@njit(cache=True, nogil=True, forceinline=True)
def read_numbers(buffer, low, ends, layout, options, event):  # pragma: no cover - compiled
    """Read score and mentions; give what is wrong with them, or 0."""
    kind = options[KIND]
    start, end = field(buffer, low, ends, layout[_SCORE], kind)
    score = values.read_hundredths(buffer, start, end)
    if kind != GDELT and end - start == 2 and buffer[start] == 78:  # NA
        score = _MISSING
    if score != _MISSING and (score < -1000 or score > 1000):
        return _BAD_SCORE
    event[SCORE] = score
    event[MENTIONS] = 0
    if layout[_COUNT] >= 0:
        start, end = field(buffer, low, ends, layout[_COUNT], kind)
        mentions = values.read_count(buffer, start, end)
        if mentions == _UNREADABLE:
            return _BAD_COUNT
        if mentions < 0:
            return _NEGATIVE
        event[MENTIONS] = mentions
    return 0


@njit(cache=True, nogil=True, forceinline=True)
def read_role(buffer, low, ends, column, kind, tables):  # pragma: no cover - compiled
    """Read a role: letters, or the sector that decides; 0 for none, -1 for letters that are no role."""
    if column < 0:
        return np.int64(0)
    start, end = field(buffer, low, ends, column, kind)
    if kind == GDELT:
        return values.read_role(buffer, start, end)
    if kind == POLECAT:
        stop = start
        while stop < end and buffer[stop] != 59:
            stop += 1
        start, stop = values.trimmed(buffer, start, stop)
        return max(values.read_role(buffer, start, stop), np.int64(0))
    best = np.int64(1 << 40)
    while start < end:
        stop = start
        while stop < end and buffer[stop] != 44:
            stop += 1
        first, last = values.trimmed(buffer, start, stop)
        key = values.text_key(buffer, first, last)
        best = min(best, values.looked_up(tables[4], tables[5], key, 1 << 40))
        start = stop + 1
    return best % _MOST_ROLES if best < (1 << 40) else np.int64(0)


@njit(cache=True, nogil=True, forceinline=True)
def read_states(buffer, low, ends, column, kind, tables, found):  # pragma: no cover - compiled
    """Put the states of an actor into ``found``; give their number, or why there are none."""
    start, end = field(buffer, low, ends, column, kind)
    n_found, worst = 0, _NOBODY
    while start < end:
        stop = start
        while stop < end and (kind != POLECAT or buffer[stop] != 59):
            stop += 1
        first, last = values.trimmed(buffer, start, stop)
        start = stop + 1
        if first == last:
            continue
        state = values.looked_up(tables[0], tables[1], values.text_key(buffer, first, last), _UNKNOWN)
        if state < 0:
            worst = min(worst, state)
        known = state <= 0
        for place in range(n_found):
            known = known or found[place] == state
        if not known:
            if n_found == MOST_STATES:
                return _UNKNOWN
            found[n_found] = state
            n_found += 1
    return n_found if n_found else worst


@njit(cache=True, nogil=True, forceinline=True)
def read_place(buffer, low, ends, column, kind, tables):  # pragma: no cover - compiled
    """Give the state in which an event took place; 0 where none is said or it is no state."""
    if column < 0:
        return np.int64(0)
    start, end = field(buffer, low, ends, column, kind)
    if start == end:
        return np.int64(0)
    place = values.looked_up(tables[2], tables[3], values.text_key(buffer, start, end), 0)
    return max(place, np.int64(0))


@njit(cache=True, nogil=True, forceinline=True)
def no_dyad(sources, targets):  # pragma: no cover - compiled
    """Say why two actors make no pair of states; 0 where they may."""
    if sources == _NOBODY:
        return _NO_SOURCE
    if targets == _NOBODY:
        return _NO_TARGET
    if sources == _UNKNOWN:
        return _ODD_SOURCE
    if targets == _UNKNOWN:
        return _ODD_TARGET
    return _REGION if sources == _IS_REGION or targets == _IS_REGION else 0


@njit(cache=True, nogil=True, forceinline=True)
def said(buffer, low, ends, n_fields, layout, options, event, root):  # pragma: no cover - compiled
    """Key of what an event says: its day, actors, root code and address; 0 where it has no address."""
    if layout[_ADDRESS] < 0 or layout[_ADDRESS] >= n_fields:
        return np.int64(0)
    start, end = field(buffer, low, ends, layout[_ADDRESS], options[KIND])
    if start == end:
        return np.int64(0)
    # The place is no part of it: the lowest bits of the cell are left out, and so is the class.
    actors = np.uint64(event[CELL] >> (STATE_BITS + QUAD_BITS))
    when = np.uint64(event[DAY]) * np.uint64(32) + np.uint64(root)
    key = values.mixed(values.text_key(buffer, start, end) ^ values.mixed(actors ^ values.mixed(when)))
    return np.int64(key | np.uint64(1))
