"""The unit of analysis: two powers, the ground between them, and the outsider they may be united against."""

from dataclasses import dataclass

from tripoint.core.states import State, find_state
from tripoint.errors import TriadError


@dataclass(frozen=True, slots=True)
class Triad:
    """Two powers read through a third country, against an outsider.

    Each state may be given by ISO code or by name; what is kept is the ISO 3166 alpha-3 code.

    Parameters
    ----------
    first, second
        The pair whose partnership is read. Their order says whose gain counts as positive, nothing else.
    ground
        The third country in which both want influence.
    outsider
        The state they may be united against.

    Raises
    ------
    UnknownStateError
        A name that no state has.
    TriadError
        Two of the four are the same state.

    Examples
    --------
    >>> Triad("Russia", "China", ground="Kazakhstan", outsider="USA")
    Triad(first='RUS', second='CHN', ground='KAZ', outsider='USA')
    """

    first: str
    second: str
    ground: str
    outsider: str = "USA"

    def __post_init__(self) -> None:
        for role in ("first", "second", "ground", "outsider"):
            object.__setattr__(self, role, find_state(getattr(self, role)).iso3)
        if self.first == self.second:
            raise TriadError(f"the two powers are the same state, {self.first!r}; a pair needs two")
        if self.ground in self.pair:
            raise TriadError(f"the ground {self.ground!r} is one of the two powers; choose a third country")
        if self.outsider in (*self.pair, self.ground):
            raise TriadError(
                f"the outsider {self.outsider!r} is already part of the triad; choose a fourth state, "
                "for example with --outsider GBR"
            )

    @property
    def pair(self) -> tuple[str, str]:
        """The two powers, in the order given."""
        return (self.first, self.second)

    @property
    def states(self) -> dict[str, State]:
        """Role to state, for all four roles."""
        return {role: find_state(getattr(self, role)) for role in ("first", "second", "ground", "outsider")}

    def __str__(self) -> str:
        return f"{self.first}-{self.second} through {self.ground}, outsider {self.outsider}"
