"""Whom does a code or a name in an event file mean? Tables for compiled code: text to state, region, role or class.

A state is its place in `STATES`, the ISO codes in alphabetical order, counted from 1; 0 is nobody. Event data begin
in 1979, so that a name which changed hands before then means its later holder.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tripoint.core.states import State, all_states
from tripoint.sources.events import gdelt, icews, polecat
from tripoint.sources.events.layouts import Provider
from tripoint.sources.events.values import MOST_ROLES, NOBODY, REGION, mixed, text_key

_FIRST_DAY = date(1979, 1, 1)
_NOTHING = ("NA", "NULL", "None", "none", "NONE")

Keys = NDArray[np.uint64]
Values = NDArray[np.int64]
Table = tuple[Keys, Values]


@dataclass(frozen=True, slots=True)
class Names:
    """The tables with which one provider's files are read.

    Attributes
    ----------
    states
        Text of a country to its place among the states, 0 where it says that there is none, or `REGION`.
    places
        The same for the country in which the event took place.
    roles
        Sector to its rank times 27 cubed plus its role; empty where roles are written as letters.
    quads
        Words for a quad class to the class; empty where it is a digit.
    """

    states: Table
    places: Table
    roles: Table
    quads: Table


@cache
def states() -> tuple[str, ...]:
    """ISO codes of all states and territories, in alphabetical order."""
    return tuple(sorted(one.iso3 for one in all_states()))


def role_number(letters: str) -> int:
    """Give a role as a number in base 27, as `read_role` does.

    Examples
    --------
    >>> role_letters(role_number("GOV"))
    'GOV'
    """
    number = 0
    for letter in letters:
        number = 27 * number + ord(letter) - 64
    return number


def role_letters(number: int) -> str:
    """Give the letters of a role that is a number; none for 0."""
    letters = ""
    while number:
        letters = chr(number % 27 + 64) + letters
        number //= 27
    return letters


@cache
def names_of(provider: Provider) -> Names:
    """Give the tables for a provider."""
    nothing = [(text, NOBODY) for text in _NOTHING]
    empty = _table(())
    if provider == "gdelt":
        known = [*_codes("cameo"), *((region, REGION) for region in gdelt.REGIONS)]
        return Names(_table(known), _table(_codes("fips")), empty, empty)
    if provider == "icews":
        places = {iso3: place for place, iso3 in enumerate(states(), 1)}
        spelled = [(text, places[iso3]) for text, iso3 in icews.SPELLINGS.items()]
        table = _table([*nothing, *_spellings(), *spelled])
        return Names(table, table, _table(_sectors()), empty)
    table = _table([*nothing, *_spellings(), *_iso_codes()])
    return Names(table, table, empty, _table(polecat.QUADS.items()))


def codes_of(system: str) -> dict[str, str]:
    """Give the codes of a system (``cameo``, ``fips``) that mean a state, with its ISO code."""
    return {code: states()[place - 1] for code, place in _codes(system)}


def _codes(system: str) -> Iterator[tuple[str, int]]:
    places = {iso3: place for place, iso3 in enumerate(states(), 1)}
    for one in all_states():
        for label in one.labels:
            if label.system == system and _still_held(label.end):
                yield label.value, places[one.iso3]
    for one in all_states():
        main = getattr(one, system)
        if main:
            yield str(main), places[one.iso3]


def _iso_codes() -> Iterator[tuple[str, int]]:
    return ((iso3, place) for place, iso3 in enumerate(states(), 1))


def _spellings() -> Iterator[tuple[str, int]]:
    """All names of states as they are spelled; one that two states go by means neither."""
    places = {iso3: place for place, iso3 in enumerate(states(), 1)}
    holders: dict[str, set[str]] = {}
    for one in all_states():
        for text in _texts(one):
            holders.setdefault(text, set()).add(one.iso3)
    return ((text, places[next(iter(whose))]) for text, whose in holders.items() if len(whose) == 1)


def _texts(one: State) -> Iterator[str]:
    yield one.name
    yield from one.aliases
    for label in one.labels:
        if label.system == "name" and _still_held(label.end):
            yield label.value


def _still_held(end: date | None) -> bool:
    return end is None or end >= _FIRST_DAY


def _sectors() -> Iterator[tuple[str, int]]:
    """Sector to its rank and its role in one number; a lower rank decides."""
    for rank, (letters, sectors) in enumerate(icews.ROLES.items()):
        for sector in sectors:
            yield sector, rank * MOST_ROLES + role_number(letters)


def _table(pairs: Iterable[tuple[str, int]]) -> Table:
    """Give an open table of keys and values, at most half full; a later pair replaces an earlier one."""
    wanted = {_key(text): value for text, value in pairs}
    size = 16
    while size < 2 * len(wanted):
        size *= 2
    keys, values = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    for key, value in wanted.items():
        place = int(mixed(key)) & (size - 1)
        while keys[place]:
            place = (place + 1) & (size - 1)
        keys[place], values[place] = key, value
    return keys, values


def _key(text: str) -> np.uint64:
    raw = np.frombuffer(text.encode(), np.uint8)
    return np.uint64(text_key(raw, 0, len(raw)))


def key_of(text: str) -> np.int64:
    """Key of a text as compiled code compares it, as a signed number."""
    return _key(text).astype(np.int64)
