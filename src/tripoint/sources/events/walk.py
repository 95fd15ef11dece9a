"""Which events does a buffer of lines hold? The walk over it, line by line, on from where it stopped before.

Compiled code is kept on disk beside this file and made anew when this file changes, not when `lines`, `values` or
`rows` do, whose functions are compiled into it: who changes those, deletes ``__pycache__`` here.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from tripoint.sources.events import rows, values
from tripoint.sources.events.drops import PLACE
from tripoint.sources.events.layouts import PARTS
from tripoint.sources.events.lines import BLOCK, MOST_FIELDS, borrowed, lowest, masks

_ID, _PLACE = PARTS.index("id"), PARTS.index("place")
_SOURCE, _SOURCE_ROLE = PARTS.index("source"), PARTS.index("source_role")
_TARGET, _TARGET_ROLE = PARTS.index("target"), PARTS.index("target_role")
_BAD_ID, _BAD_CODE, _BAD_ROLE = PLACE["bad event id"], PLACE["bad code"], PLACE["bad role"]
_SAME = PLACE["same state"]
_STATE, _ROLE, _QUAD = rows.STATE_BITS, rows.ROLE_BITS, rows.QUAD_BITS
_NO_BITS, _ONE_BIT = np.uint64(0), np.uint64(1)

#: Candidates that one call gives at most; it stops early enough that those of one more row would fit.
CANDIDATES = 16384


def new_scratch() -> tuple[NDArray[np.int64], ...]:
    """Give the room that one walk at a time needs: an event, its sources, its targets, the ends of its fields."""
    sizes = (rows.WIDTH, rows.MOST_STATES, rows.MOST_STATES, MOST_FIELDS + 1)
    return tuple(np.zeros(size, np.int64) for size in sizes)


@njit(cache=True, nogil=True, forceinline=True)
def _put(out, n_out, event, sources, targets, cell):  # pragma: no cover - compiled
    """Write a candidate for every pair of states; give how many there are then."""
    for source in sources:
        for target in targets:
            if source != target:
                out[n_out, :] = event
                out[n_out, rows.CELL] = (
                    cell
                    | source << (_STATE + _QUAD + 2 * _ROLE + _STATE)
                    | target << (_STATE + _QUAD + _ROLE)
                )
                n_out += 1
    return n_out


@njit(cache=True, nogil=True, forceinline=True)
def _read_row(
    buffer, low, ends, n_fields, layout, options, tables, out, n_out, scratch
):  # pragma: no cover - compiled
    """Turn a sound line into candidates; give the reason why not, or 0, and how many candidates there are then."""
    kind = options[rows.KIND]
    event, sources, targets = scratch
    start, end = rows.field(buffer, low, ends, layout[_ID], kind)
    if start == end or (kind != rows.POLECAT and not values.all_digits(buffer, start, end)):
        return _BAD_ID, n_out
    event[rows.ID] = np.int64(values.text_key(buffer, start, end))
    fault = rows.read_day(buffer, low, ends, layout, options, event)
    if fault:
        return fault, n_out
    root, quad = rows.read_class(buffer, low, ends, layout, options, tables)
    if root == 0:
        return _BAD_CODE, n_out
    fault = rows.read_numbers(buffer, low, ends, layout, options, event)
    if fault:
        return fault, n_out
    source_role = rows.read_role(buffer, low, ends, layout[_SOURCE_ROLE], kind, tables)
    target_role = rows.read_role(buffer, low, ends, layout[_TARGET_ROLE], kind, tables)
    if source_role < 0 or target_role < 0:
        return _BAD_ROLE, n_out
    n_sources = rows.read_states(buffer, low, ends, layout[_SOURCE], kind, tables, sources)
    n_targets = rows.read_states(buffer, low, ends, layout[_TARGET], kind, tables, targets)
    fault = rows.no_dyad(n_sources, n_targets)
    if fault:
        return fault, n_out
    place = rows.read_place(buffer, low, ends, layout[_PLACE], kind, tables)
    cell = (
        source_role << (_STATE + _QUAD + _ROLE + _STATE)
        | target_role << (_STATE + _QUAD)
        | (quad - 1) << _STATE
        | place
    )
    last = _put(out, n_out, event, sources[:n_sources], targets[:n_targets], cell)
    for one in range(n_out, last):
        out[one, rows.SAID] = rows.said(buffer, low, ends, n_fields, layout, options, out[one], root)
    return (0 if last > n_out else _SAME), last


@njit(cache=True, nogil=True, forceinline=True)
def _one_line(
    buffer, low, ends, n_fields, odd, layout, options, tables, counts, out, n_out, row, scratch
):  # pragma: no cover - compiled
    """Read one line; give how many candidates there are then."""
    last = min(n_fields, MOST_FIELDS) - 1
    start = low if last == 0 else ends[last - 1] + 1
    if ends[last] > start and buffer[ends[last] - 1] == 13:
        ends[last] -= 1
    fault = rows.line_fault(buffer, low, ends, n_fields, odd, layout, options)
    if fault == 0:
        scratch[0][rows.ROW] = row
        fault, n_out = _read_row(buffer, low, ends, n_fields, layout, options, tables, out, n_out, scratch)
    if fault:
        rows.count(counts, fault, row)
    return n_out


@njit(cache=True, nogil=True)
def walk(
    buffer, start, final, row, layout, options, tables, counts, out, scratch
):  # pragma: no cover - compiled
    """Read the lines of a buffer from an offset on.

    Stops where the candidates are nearly full. What follows the last line end is a line where ``final`` says that
    the file ends there, else it is left for the next call.

    Returns
    -------
    tuple
        The offset to go on from, the number of the last row read, and how many candidates were written.
    """
    event, sources, targets, ends = scratch
    scratch = (borrowed(event), borrowed(sources), borrowed(targets))
    buffer, layout, options, ends = borrowed(buffer), borrowed(layout), borrowed(options), borrowed(ends)
    counts, out = borrowed(counts), borrowed(out)
    tables = (
        borrowed(tables[0]), borrowed(tables[1]), borrowed(tables[2]), borrowed(tables[3]), borrowed(tables[4]),
        borrowed(tables[5]), borrowed(tables[6]), borrowed(tables[7]),
    )  # fmt: skip
    size, low, offset, n_fields, n_out = len(buffer), start, start, 0, 0
    odd = False
    while offset < size:
        tabs, stops, strange = masks(buffer, offset, size)
        odd = odd or strange != _NO_BITS
        both = tabs | stops
        while both != _NO_BITS:
            bit = lowest(both)
            both &= both - _ONE_BIT
            # The last place is overwritten by every further field, so that it ends where the line does.
            ends[min(n_fields, MOST_FIELDS)] = offset + bit
            n_fields += 1
            if (stops >> np.uint64(bit)) & _ONE_BIT:
                row += 1
                ends[min(n_fields, MOST_FIELDS) - 1] = offset + bit
                n_out = _one_line(
                    buffer,
                    low,
                    ends,
                    n_fields,
                    odd,
                    layout,
                    options,
                    tables,
                    counts,
                    out,
                    n_out,
                    row,
                    scratch,
                )
                low, n_fields, odd = offset + bit + 1, 0, strange != _NO_BITS
                if n_out > len(out) - rows.ROOM:
                    return low, row, n_out
        offset += BLOCK
    if final and low < size:
        row += 1
        n_fields += 1
        ends[min(n_fields, MOST_FIELDS) - 1] = size
        n_out = _one_line(
            buffer, low, ends, n_fields, odd, layout, options, tables, counts, out, n_out, row, scratch
        )
        low = size
    return low, row, n_out
