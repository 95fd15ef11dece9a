"""Where do the fields of a line begin and end? Tabs and line ends found 64 bytes at a time, in compiled code.

Python and numpy see no single row here: a buffer of bytes goes in, and for every line the ends of its fields come
out, with whether the line is text. Sixty-four bytes are compared at once; the compiler turns that into the vector
instructions of the machine, whichever these are.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

#: A line with more fields than this has a bad column count, whatever the layout; the rest is counted, not stored.
MOST_FIELDS = 128
#: A line longer than this many bytes is dropped: no event has that much to say.
LONGEST_LINE = 1 << 20
#: Bytes compared at once.
BLOCK = 64

#: An intrinsic is called without the context that its definition has.
_compiled_in: Any = intrinsic

_TAB, _END = np.uint8(9), np.uint8(10)
_HIGH = np.uint8(0x80)
_ONE = np.uint64(1)
_BYTES = ir.VectorType(ir.IntType(8), BLOCK)
_BITS = ir.IntType(64)


def _loaded(context, builder, signature, args):
    """The 64 bytes of an array of bytes from an offset on, which the caller knows to be within it."""
    array = cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0])
    place = builder.gep(array.data, [args[1]])
    return builder.load(builder.bitcast(place, _BYTES.as_pointer()), align=1)


def _splat(byte):
    return ir.Constant(_BYTES, [byte] * BLOCK)


@_compiled_in
def _tabs(typingctx, buffer, offset):  # noqa: ARG001 - the signature that numba asks for
    def generate(context, builder, signature, args):
        block = _loaded(context, builder, signature, args)
        return builder.bitcast(builder.icmp_unsigned("==", block, _splat(9)), _BITS)

    return types.uint64(buffer, types.int64), generate


@_compiled_in
def _line_ends(typingctx, buffer, offset):  # noqa: ARG001
    def generate(context, builder, signature, args):
        block = _loaded(context, builder, signature, args)
        return builder.bitcast(builder.icmp_unsigned("==", block, _splat(10)), _BITS)

    return types.uint64(buffer, types.int64), generate


@_compiled_in
def _odd(typingctx, buffer, offset):  # noqa: ARG001
    """NUL bytes and bytes beyond ASCII: as signed numbers, those below 1."""

    def generate(context, builder, signature, args):
        block = _loaded(context, builder, signature, args)
        return builder.bitcast(builder.icmp_signed("<", block, _splat(1)), _BITS)

    return types.uint64(buffer, types.int64), generate


@_compiled_in
def _lowest(typingctx, bits):  # noqa: ARG001
    """Place of the lowest bit that is set; the caller knows that there is one."""

    def generate(context, builder, signature, args):  # noqa: ARG001
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@_compiled_in
def borrowed(typingctx, array):  # noqa: ARG001
    """Give the same array without its count of references.

    Every function that an array is handed to would count it up and down again, by instructions that lock memory: more
    than half the time of a walk. Whoever borrows holds the array itself for as long.
    """

    def generate(context, builder, signature, args):
        proxy = cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0])
        proxy.meminfo = cgutils.get_null_value(proxy.meminfo.type)
        proxy.parent = cgutils.get_null_value(proxy.parent.type)
        return proxy._getvalue()

    return array(array), generate


@njit(cache=True, nogil=True, forceinline=True)
def _masks_at_end(buffer, offset, size):  # pragma: no cover - compiled
    """Give the three masks of the last bytes, of which there are fewer than a block."""
    tabs, ends, odd = np.uint64(0), np.uint64(0), np.uint64(0)
    for place in range(size - offset):
        byte = buffer[offset + place]
        bit = _ONE << np.uint64(place)
        if byte == _TAB:
            tabs |= bit
        elif byte == _END:
            ends |= bit
        elif byte == 0 or byte >= _HIGH:
            odd |= bit
    return tabs, ends, odd


@njit(cache=True, nogil=True, forceinline=True)
def masks(buffer, offset, size):  # pragma: no cover - compiled
    """Give one bit for each of up to 64 bytes: is it a tab, a line end, or neither ASCII text nor space."""
    if offset + BLOCK <= size:
        return _tabs(buffer, offset), _line_ends(buffer, offset), _odd(buffer, offset)
    return _masks_at_end(buffer, offset, size)


@njit(cache=True, nogil=True, forceinline=True)
def lowest(bits):  # pragma: no cover - compiled
    """Place of the lowest bit that is set."""
    return _lowest(bits)


@njit(cache=True, nogil=True, forceinline=True)
def has_nul(buffer, low, high):  # pragma: no cover - compiled
    """Whether a NUL byte is in a stretch of bytes."""
    for place in range(low, high):  # noqa: SIM110 - compiled code has no any()
        if buffer[place] == 0:
            return True
    return False


@njit(cache=True, nogil=True, forceinline=True)
def _tail_bounds(lead):  # pragma: no cover - compiled
    """How many bytes follow a leading byte of UTF-8, and between which the first of them must lie; -1: no such."""
    if 0xC2 <= lead <= 0xDF:
        return 1, 0x80, 0xBF
    if lead == 0xE0:
        return 2, 0xA0, 0xBF
    if lead == 0xED:
        return 2, 0x80, 0x9F
    if 0xE1 <= lead <= 0xEF:
        return 2, 0x80, 0xBF
    if lead == 0xF0:
        return 3, 0x90, 0xBF
    if 0xF1 <= lead <= 0xF3:
        return 3, 0x80, 0xBF
    if lead == 0xF4:
        return 3, 0x80, 0x8F
    return -1, 0, 0


@njit(cache=True, nogil=True, forceinline=True)
def is_utf8(buffer, low, high):  # pragma: no cover - compiled
    """Whether a stretch of bytes is UTF-8, as RFC 3629 has it: no surrogates, nothing longer than it must be."""
    place = low
    while place < high:
        lead = np.int64(buffer[place])
        place += 1
        if lead < 0x80:
            continue
        tail, least, most = _tail_bounds(lead)
        if tail < 0 or place + tail > high:
            return False
        if not least <= np.int64(buffer[place]) <= most:
            return False
        for later in range(place + 1, place + tail):
            if not 0x80 <= np.int64(buffer[later]) <= 0xBF:
                return False
        place += tail
    return True
