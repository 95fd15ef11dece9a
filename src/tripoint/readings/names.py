"""Names of states as they are said in a sentence."""

from tripoint.core.states import State
from tripoint.core.triad import Triad

#: States whose English name takes the article.
_WITH_ARTICLE = frozenset(
    "ARE BHS CAF COD COG COM DOM GBR GMB MDV MHL NLD PHL SLB SYC USA".split()  # noqa: SIM905 - a list reads worse
)


def spoken(state: State) -> str:
    """The name as it stands inside a sentence.

    Examples
    --------
    >>> from tripoint.core.states import find_state
    >>> spoken(find_state("USA")), spoken(find_state("KAZ"))
    ('the United States', 'Kazakhstan')
    """
    return f"the {state.name}" if state.iso3 in _WITH_ARTICLE else state.name


def spoken_roles(triad: Triad) -> dict[str, str]:
    """Role to spoken name, for filling sentences."""
    return {role: spoken(state) for role, state in triad.states.items()}


def opened(sentence: str) -> str:
    """A sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]
