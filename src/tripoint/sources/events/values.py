"""What does a field of an event say? Days, codes, roles and numbers out of bytes, in compiled code.

No value is taken on trust: what cannot be read gives a value that the caller knows for a fault. Codes stay text:
they are compared as bytes, and ``010`` is not ``10``.
"""

import numpy as np
from numba import njit

#: What reading a number gives where there is none, and where there is something else.
MISSING = -(1 << 40)
UNREADABLE = -(1 << 41)
#: What looking up an actor gives where no state is: nothing said, a region, an unknown code.
NOBODY, REGION, UNKNOWN = 0, -1, -2
#: A role is three capital letters as a number in base 27; 0 is none.
MOST_ROLES = 27**3
#: A whole number may have this many digits.
MOST_DIGITS = 12

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_SEED = np.uint64(0x2545F4914F6CDD1D)
_LONG = np.uint64(0xFF00000000000000)


@njit(cache=True, nogil=True, forceinline=True)
def mixed(value):  # pragma: no cover - compiled
    """Spread the bits of a number over all 64 (the finaliser of SplitMix64)."""
    value ^= value >> np.uint64(30)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    value *= np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(cache=True, nogil=True, forceinline=True)
def text_key(buffer, low, high):  # pragma: no cover - compiled
    """Give 64 bits for a text: the bytes themselves and their number up to seven, a hash of longer ones."""
    size = high - low
    word, key = np.uint64(0), _SEED
    for place in range(low, high):
        shift = np.uint64(8 * ((place - low) & 7))
        word |= np.uint64(buffer[place]) << shift
        if shift == np.uint64(56):
            key = (key ^ mixed(word)) * _PRIME
            word = np.uint64(0)
    if size <= 7:
        return word | (np.uint64(size) << np.uint64(56))
    key = mixed(key ^ mixed(word ^ np.uint64(size)))
    return key | _LONG


@njit(cache=True, nogil=True, forceinline=True)
def looked_up(keys, values, key, absent):  # pragma: no cover - compiled
    """Value of a key in an open table whose size is a power of two and which is never full; 0 is no key."""
    last = len(keys) - 1
    place = np.int64(mixed(key) & np.uint64(last))
    while keys[place] != 0:
        if keys[place] == key:
            return np.int64(values[place])
        place = (place + 1) & last
    return np.int64(absent)


@njit(cache=True, nogil=True, forceinline=True)
def _digits(buffer, low, high):  # pragma: no cover - compiled
    """Read a whole number of digits alone; -1 where something else is there."""
    if high <= low or high - low > MOST_DIGITS:
        return np.int64(-1)
    number = np.int64(0)
    for place in range(low, high):
        digit = np.int64(buffer[place]) - 48
        if digit < 0 or digit > 9:
            return np.int64(-1)
        number = number * 10 + digit
    return number


@njit(cache=True, nogil=True, forceinline=True)
def all_digits(buffer, low, high):  # pragma: no cover - compiled
    """Whether a field is digits alone, up to 20 of them."""
    if high <= low or high - low > 20:
        return False
    for place in range(low, high):  # noqa: SIM110 - compiled code has no all()
        if buffer[place] < 48 or buffer[place] > 57:
            return False
    return True


@njit(cache=True, nogil=True, forceinline=True)
def day_number(year, month, day):  # pragma: no cover - compiled
    """Days since 1970-01-01 in the Gregorian calendar; -1 for no day after it."""
    if year < 1 or year > 9999 or month < 1 or month > 12 or day < 1:
        return np.int64(-1)
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    longest = 31
    if month in (4, 6, 9, 11):
        longest = 30
    elif month == 2:
        longest = 29 if leap else 28
    if day > longest:
        return np.int64(-1)
    # Years begin in March, so that the day that is sometimes there comes last.
    late = year - 1 if month <= 2 else year
    from_march = (month + 9) % 12
    return np.int64(
        365 * late + late // 4 - late // 100 + late // 400 + (153 * from_march + 2) // 5 + day - 1 - 719468
    )


#: What reading a day gives where there is one, but before 1970, and where there is none.
LONG_AGO, NO_DAY = -1, -2


@njit(cache=True, nogil=True, forceinline=True)
def read_day(buffer, low, high, dashed):  # pragma: no cover - compiled
    """Read 20231231, or 2023-12-31 with or without a time; as days since 1970, `LONG_AGO` or `NO_DAY`."""
    if dashed:
        if high - low < 10 or buffer[low + 4] != 45 or buffer[low + 7] != 45:
            return np.int64(NO_DAY)
        if high - low > 10 and buffer[low + 10] != 32 and buffer[low + 10] != 84:
            return np.int64(NO_DAY)
        year, month = _digits(buffer, low, low + 4), _digits(buffer, low + 5, low + 7)
        day = _digits(buffer, low + 8, low + 10)
    else:
        if high - low < 8:
            return np.int64(NO_DAY)
        year, month = _digits(buffer, low, low + 4), _digits(buffer, low + 4, low + 6)
        day = _digits(buffer, low + 6, low + 8)
    if year < 1970:
        exists = year > 0 and day_number(np.int64(2000), month, day) >= 0
        return np.int64(LONG_AGO) if exists else np.int64(NO_DAY)
    number = day_number(year, month, day)
    return number if number >= 0 else np.int64(NO_DAY)


@njit(cache=True, nogil=True, forceinline=True)
def read_hundredths(buffer, low, high):  # pragma: no cover - compiled
    """Read a decimal number as hundredths; `MISSING` where the field is empty, `UNREADABLE` where it is none."""
    if high == low:
        return np.int64(MISSING)
    negative = buffer[low] == 45
    if negative:
        low += 1
    point = low
    while point < high and buffer[point] != 46:
        point += 1
    whole = _digits(buffer, low, point)
    if whole < 0 or whole > 1_000_000 or point + 1 == high:
        return np.int64(UNREADABLE)
    number = 100 * whole
    if point < high:
        last = high
        while last > point + 2 and buffer[last - 1] == 48:
            last -= 1
        decimals = _digits(buffer, point + 1, last)
        if decimals < 0 or last - point > 3:
            return np.int64(UNREADABLE)
        number += decimals if last - point == 3 else 10 * decimals
    return -number if negative else number


@njit(cache=True, nogil=True, forceinline=True)
def read_count(buffer, low, high):  # pragma: no cover - compiled
    """Read a whole number; `UNREADABLE` where it is none. Negative ones are read, too: they are a fault with a name."""
    negative = high > low and buffer[low] == 45
    number = _digits(buffer, low + 1 if negative else low, high)
    if number < 0:
        return np.int64(UNREADABLE)
    return -number if negative else number


@njit(cache=True, nogil=True, forceinline=True)
def read_role(buffer, low, high):  # pragma: no cover - compiled
    """Read three capital letters as a number in base 27: 0 where the field is empty, -1 where it is no role."""
    if high == low:
        return np.int64(0)
    if high - low != 3:
        return np.int64(-1)
    role = np.int64(0)
    for place in range(low, high):
        letter = np.int64(buffer[place]) - 64
        if letter < 1 or letter > 26:
            return np.int64(-1)
        role = 27 * role + letter
    return role


@njit(cache=True, nogil=True, forceinline=True)
def read_root(buffer, low, high):  # pragma: no cover - compiled
    """Read a root code from 01 to 20 off the first two digits of a code; 0 where there is none.

    A code of one digit, or of two where three are meant, has lost its zero in a spreadsheet: it is none.
    """
    if high - low < 2:
        return np.int64(0)
    root = _digits(buffer, low, low + 2)
    if root < 1 or root > 20 or not all_digits(buffer, low, high):
        return np.int64(0)
    return root


@njit(cache=True, nogil=True, forceinline=True)
def trimmed(buffer, low, high):  # pragma: no cover - compiled
    """Leave outer spaces and one pair of quotation marks out of a field."""
    while low < high and buffer[low] == 32:
        low += 1
    while low < high and buffer[high - 1] == 32:
        high -= 1
    if high - low >= 2 and buffer[low] == 34 and buffer[high - 1] == 34:
        return low + 1, high - 1
    return low, high
