"""Which state a name or a code means, and when.

Inside tripoint a state is its ISO 3166 alpha-3 code. Sources say it in many other ways, and some ways change
their meaning with time, so all of them are translated here, at the edge. The facts are in ``states.csv``
beside this module, read once and when first asked for: one row for each state that was in the state system
at some time since 1945 and for each territory in ISO 3166. A coalition as an outsider (the European Union,
NATO) would be a second noun beside `State`, a name with its members by date; nothing here stands in its way.

What the columns mean:

- ``spans`` are the days in the state system after Gleditsch and Ward, with their list of microstates. The
  Holy See and Palestine are neither there nor in the Correlates of War (COW): states without a span.
- ``cow`` and ``gw`` are the numbers of the COW State System (2016) and of Gleditsch and Ward.
- ``cameo`` is the code in GDELT's lookup table, which keeps TMP, ROM, MTN and IMY where ISO has TLS, ROU, MNE
  and IMN; ``labels`` add what other event data write, such as KSV for Kosovo.
- A state that only changed its name keeps one row: the Soviet Union is RUS, North Viet Nam is VNM, the Yemen
  Arab Republic is YEM, and their former ISO codes (SUN, VDR) are names of that row.
- Three codes are not from ISO: XKX (Kosovo, as the World Bank has it), EAZ (Zanzibar, as United Nations
  voting data have it) and RVN (the Republic of Viet-Nam, as COW abbreviates it).
- COW and Gleditsch-Ward count Yugoslavia and Serbia and Montenegro as one state. ISO has two, divided here on
  2003-02-04, when the name changed; `by_code` tells YUG, SCG and SRB apart by date.
- ``region`` is the finest UN M49 region; a past state has its successor's. ``un_since`` is the admission to
  the United Nations; it is empty for TWN, whose government held China's seat until 1971-10-24.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Literal

from tripoint.errors import UnknownNameError, UnknownStateError

POWERS: tuple[str, ...] = ("USA", "CHN", "RUS", "GBR", "FRA", "DEU", "JPN", "IND", "BRA", "TUR", "IRN", "SAU")
"""The twelve states whose pairs are read in every ground."""

CODE_SYSTEMS: tuple[str, ...] = ("cow", "gw", "cameo", "fips", "iso2", "numeric")
"""The code systems that `by_code` reads."""

_NUMBERED = ("cow", "gw", "numeric")
_EXPANDED = {"st": "saint", "rep": "republic", "dem": "democratic"}


@dataclass(frozen=True, slots=True)
class Label:
    """A further code or name of a state, perhaps for some time only.

    Parameters
    ----------
    system
        One of `CODE_SYSTEMS`, or ``"name"``.
    value
        The code or name, as text.
    start, end
        First and last day it meant this state; None where there is no bound.
    """

    system: str
    value: str
    start: date | None = None
    end: date | None = None

    @property
    def dated(self) -> bool:
        """Whether it has a first or a last day."""
        return self.start is not None or self.end is not None

    def held(self, on: date) -> bool:
        """Whether it meant this state on that day."""
        return (self.start is None or self.start <= on) and (self.end is None or on <= self.end)


@dataclass(frozen=True, slots=True)
class State:
    """A member of the state system, or a territory that statistics list beside the states.

    Parameters
    ----------
    iso3
        ISO 3166 alpha-3 code, the identity.
    name
        Short English name.
    kind
        ``"territory"`` for a dependent or special territory with its own ISO code, else ``"state"``.
    cow, gw, cameo, fips, iso2, numeric
        Its main code in each system, the latest one for a past state; None where the system has none.
    spans
        First and last day of each stay in the state system; the last day is None while it lasts.
    un_since
        Admission to the United Nations.
    successor
        The state that carries a past state on; None where no single one does (CSK, ANT).
    region
        The UN M49 region, in lower case with hyphens.
    aliases
        Further names that mean this state at any date.
    labels
        Further codes, names bound to a time, and names that several states share.

    Examples
    --------
    >>> kazakhstan = state("KAZ")
    >>> kazakhstan.name, kazakhstan.cow, kazakhstan.region
    ('Kazakhstan', 705, 'central-asia')
    """

    iso3: str
    name: str
    kind: Literal["state", "territory"]
    cow: int | None
    gw: int | None
    cameo: str | None
    fips: str | None
    iso2: str | None
    numeric: int | None
    spans: tuple[tuple[date, date | None], ...]
    un_since: date | None
    successor: str | None
    region: str
    aliases: tuple[str, ...]
    labels: tuple[Label, ...]

    def in_system(self, on: date) -> bool:
        """Whether it belonged to the state system on that day.

        Examples
        --------
        >>> state("KAZ").in_system(date(1990, 1, 1)), state("KAZ").in_system(date(1992, 1, 1))
        (False, True)
        """
        return any(start <= on and (end is None or on <= end) for start, end in self.spans)


def normalise_name(text: str) -> str:
    """Bring a name to a form in which spelling habits no longer differ.

    Lower case, no accents, words of letters and digits with one space between them, no "the", and "St",
    "Rep." and "Dem." written out. Two names with one form are the same name, so tables can be joined on it.

    Parameters
    ----------
    text
        A name as a source writes it.

    Returns
    -------
    str
        The form; empty when no Latin letter or digit is left.

    Examples
    --------
    >>> normalise_name("  CÔTE  D’IVOIRE ")
    'cote divoire'
    >>> normalise_name("Bahamas (the)") == normalise_name("The Bahamas")
    True
    >>> normalise_name("Korea, Rep.")
    'korea republic'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r"['’‘ʻ`]", "", plain.replace("&", " and "))
    words: list[str] = re.findall(r"[a-z0-9]+", plain)
    return " ".join(_EXPANDED.get(word, word) for word in words if word != "the")


def all_states() -> tuple[State, ...]:
    """Give every state and territory of the table, past ones included, by ISO code.

    Examples
    --------
    >>> sum(state.kind == "territory" for state in all_states()) > 40
    True
    """
    return tuple(_table().values())


def states_on(on: date) -> tuple[State, ...]:
    """Give the members of the state system on one day, by ISO code.

    Parameters
    ----------
    on
        The day.

    Examples
    --------
    >>> members = {member.iso3 for member in states_on(date(1990, 1, 1))}
    >>> "DDR" in members, "KAZ" in members
    (True, False)
    """
    return tuple(state for state in all_states() if state.in_system(on))


def state(iso3: str) -> State:
    """Look up one state by its exact ISO 3166 alpha-3 code.

    Parameters
    ----------
    iso3
        The code, in capitals.

    Raises
    ------
    UnknownStateError
        No row has this code. For names and other codes there are `find_state` and `by_code`.

    Examples
    --------
    >>> state("CHN").name
    'China'
    """
    try:
        return _table()[iso3]
    except KeyError:
        near = _nearest(iso3)
    raise UnknownStateError(
        f"no state has the ISO 3166 alpha-3 code {iso3!r}.{near} Give three capital letters such as 'KAZ', "
        "or look a name up with find_state"
    )


def find_state(name: str, on: date | None = None) -> State:
    """Find the state that a name or an ISO code means.

    Case, accents, punctuation, spacing and the order of the words do not matter: "Korea, Republic of" is
    "REPUBLIC OF KOREA".

    Parameters
    ----------
    name
        ISO 3166 alpha-3 or alpha-2 code, English name, or a name that a source uses, past names included.
    on
        The day the name was used. It decides where a name changed hands: "China" in the United Nations is TWN
        before 1971-10-25 and CHN since. Without it today's holder is meant.

    Returns
    -------
    State
        The state; a past one as itself (see `resolve_successor`).

    Raises
    ------
    UnknownStateError
        Nothing has this name, or several states do and neither it nor the date tells which.

    Examples
    --------
    >>> find_state("Türkiye (Turkey)").iso3
    'TUR'
    >>> find_state("USSR").iso3
    'RUS'
    >>> find_state("CHINA", on=date(1960, 1, 1)).iso3
    'TWN'
    >>> find_state("Korea")
    Traceback (most recent call last):
        ...
    tripoint.errors.UnknownStateError: 'Korea' may mean South Korea (KOR) or North Korea (PRK): say which
    """
    index = _name_index()
    for key in _name_keys(name):
        if key in index:
            return _choose(repr(name), index[key], on)
    raise UnknownStateError(
        f"no state is called {name!r}.{_nearest(name)} Accepted are ISO 3166 codes ('KAZ', 'KZ'), "
        "English names ('Kazakhstan'), and the names that the sources use, past names included ('USSR')"
    )


def by_code(system: str, code: str | int, on: date | None = None) -> State:
    """Find the state that a code of another system means.

    Parameters
    ----------
    system
        One of `CODE_SYSTEMS`: ``"cow"``, ``"gw"``, ``"cameo"``, ``"fips"``, ``"iso2"``, ``"numeric"``.
    code
        The code; a number may be given as text, with or without leading zeros.
    on
        The day the code was used. It decides where a code passed from one state to another (COW 345: YUG,
        SCG, SRB). Without it today's holder is meant.

    Raises
    ------
    UnknownNameError
        There is no such system.
    UnknownStateError
        No state has this code, or several had it and the date does not tell which.

    Examples
    --------
    >>> by_code("cow", 345).iso3, by_code("cow", 345, on=date(1985, 1, 1)).iso3
    ('SRB', 'YUG')
    >>> by_code("numeric", "036").iso3
    'AUS'
    """
    if system not in CODE_SYSTEMS:
        raise UnknownNameError.of("code system", system, CODE_SYSTEMS)
    text = str(code).strip().upper()
    key = text.lstrip("0") if system in _NUMBERED else text
    holders = _code_index(system).get(key)
    if holders is None:
        near = get_close_matches(key, _code_index(system), n=3, cutoff=0.5)
        known = ", ".join(f"{one} ({_code_index(system)[one][0][0].iso3})" for one in near)
        wanted = "a number" if system in _NUMBERED else "letters"
        raise UnknownStateError(
            f"no state has the {system} code {code!r}.{f' Near: {known}.' if known else ''} "
            f"A {system} code is {wanted}, such as {getattr(state('KAZ'), system)!r} for KAZ"
        )
    return _choose(f"{system} code {code!r}", holders, on)


def resolve_successor(iso3: str) -> State:
    """Follow the successors of a state to the one that exists today.

    Parameters
    ----------
    iso3
        Any code or name that `find_state` knows.

    Returns
    -------
    State
        The last successor; the state itself when it has none.

    Examples
    --------
    >>> resolve_successor("SUN").iso3, resolve_successor("YUG").iso3, resolve_successor("KAZ").iso3
    ('RUS', 'SRB', 'KAZ')
    """
    found = find_state(iso3)
    while found.successor is not None:
        found = state(found.successor)
    return found


_Holder = tuple[State, Label]


@cache
def _table() -> dict[str, State]:
    text = files("tripoint.core").joinpath("states.csv").read_text(encoding="utf-8")
    return {row["iso3"]: _state_of(row) for row in csv.DictReader(text.splitlines())}


def _state_of(row: dict[str, str]) -> State:
    return State(
        iso3=row["iso3"],
        name=row["name"],
        kind="territory" if row["kind"] == "territory" else "state",
        cow=_number(row["cow"]),
        gw=_number(row["gw"]),
        cameo=row["cameo"] or None,
        fips=row["fips"] or None,
        iso2=row["iso2"] or None,
        numeric=_number(row["numeric"]),
        spans=tuple(_span(text) for text in _several(row["spans"])),
        un_since=_day(row["un_since"]),
        successor=row["successor"] or None,
        region=row["region"],
        aliases=tuple(_several(row["aliases"])),
        labels=tuple(_label(text) for text in _several(row["labels"])),
    )


def _several(cell: str) -> list[str]:
    return cell.split("|") if cell else []


def _number(cell: str) -> int | None:
    return int(cell) if cell else None


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell) if cell else None


def _span(cell: str) -> tuple[date, date | None]:
    start, _, end = cell.partition("..")
    return date.fromisoformat(start), _day(end)


def _label(cell: str) -> Label:
    """Read ``system:value`` or ``system:value@first..last``; either day may be missing."""
    system, _, rest = cell.partition(":")
    value, _, days = rest.partition("@")
    start, _, end = days.partition("..")
    return Label(system, value, _day(start), _day(end))


def _name_keys(name: str) -> tuple[str, ...]:
    """Give the form without spaces, then its words in alphabetical order: sources turn names round."""
    form = normalise_name(name)
    if not form:
        return ()
    words = sorted(word for word in form.split() if word not in ("of", "and"))
    return (form.replace(" ", ""), " ".join(words))


def _names_of(one: State) -> Iterator[Label]:
    for value in (one.iso3, one.name, *one.aliases):
        yield Label("name", value)
    yield from (label for label in one.labels if label.system == "name")
    yield from _codes_of(one, "iso2")


def _codes_of(one: State, system: str) -> Iterator[Label]:
    """Its codes in a system. The main one is held during its last stay in the state system."""
    main: str | int | None = getattr(one, system)
    if main is not None:
        start, end = one.spans[-1] if one.spans else (None, None)
        yield Label(system, str(main), start, end)
    yield from (label for label in one.labels if label.system == system)


@cache
def _name_index() -> dict[str, list[_Holder]]:
    pairs = (
        (key, one, label)
        for one in all_states()
        for label in _names_of(one)
        for key in _name_keys(label.value)
    )
    return _indexed(pairs)


@cache
def _code_index(system: str) -> dict[str, list[_Holder]]:
    return _indexed((label.value, one, label) for one in all_states() for label in _codes_of(one, system))


def _indexed(pairs: Iterable[tuple[str, State, Label]]) -> dict[str, list[_Holder]]:
    index: dict[str, list[_Holder]] = {}
    for key, one, label in pairs:
        index.setdefault(key, []).append((one, label))
    return index


def _choose(asked: str, holders: list[_Holder], on: date | None) -> State:
    """Take the holder that the date tells; a label bound to a time goes before one that always holds."""
    fitting = holders
    if len({one.iso3 for one, _ in holders}) > 1:
        if on is None:
            fitting = [holder for holder in holders if holder[1].end is None]
        else:
            held = [holder for holder in holders if holder[1].held(on)]
            fitting = [holder for holder in held if holder[1].dated] or held
    found = {one.iso3: one for one, _ in fitting}
    if len(found) == 1:
        return next(iter(found.values()))
    candidates = {one.iso3: f"{one.name} ({one.iso3})" for one, _ in holders}
    day = f" on {on.isoformat()}" if on else ""
    advice = "say which" + ("" if len(found) > 1 else ", or give the day it was used")
    raise UnknownStateError(f"{asked}{day} may mean {' or '.join(candidates.values())}: {advice}")


def _nearest(name: str) -> str:
    """Hint at names near an unknown one; empty when nothing is near."""
    shown = {
        normalise_name(label.value).replace(" ", ""): f"{label.value!r} ({one.iso3})"
        for one in all_states()
        for label in _names_of(one)
    }
    near = get_close_matches(normalise_name(name).replace(" ", ""), shown, n=3, cutoff=0.7)
    return f" Did you mean {' or '.join(shown[key] for key in near)}?" if near else ""
