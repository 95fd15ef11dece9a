"""Declared texts speak of the two powers, the ground and the outsider; a report says who they are."""

import re
from collections.abc import Mapping

from tripoint.readings.names import opened

_ROLE = re.compile(
    r"\b[Tt]he (first|second|ground|outsider)\b(?! (?:probability|condition|year))(?: power\b)?('s\b)?"
)
_PAIR = re.compile(r"\b[Tt]he two powers\b('s?(?= ))?")


def with_names(text: str, names: Mapping[str, str]) -> str:
    """Put the names of the states in the places of their roles.

    Parameters
    ----------
    text
        As declared, such as the question of a measure.
    names
        Role to name as it stands inside a sentence.

    Examples
    --------
    >>> roles = {"first": "Russia", "second": "China", "ground": "Kazakhstan", "outsider": "the United States"}
    >>> with_names("The ground's vote equals the first power's.", roles)
    "Kazakhstan's vote equals Russia's."
    """

    def name(found: re.Match[str]) -> str:
        return names[found[1]] + (_possessive(names[found[1]]) if found[2] else "")

    def pair(found: re.Match[str]) -> str:
        both = f"{names['first']} and {names['second']}"
        return both + (_possessive(both) if found[1] else "")

    return opened(_ROLE.sub(name, _PAIR.sub(pair, text)))


def _possessive(name: str) -> str:
    return "'" if name.endswith("s") else "'s"
