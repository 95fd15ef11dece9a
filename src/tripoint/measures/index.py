"""What the needles are made of: the declaration in ``index.toml``, as records."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

from tripoint.core.codebook import load_declaration
from tripoint.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Family:
    """Indicators that say the same thing in different ways; their mean is the family's score."""

    name: str
    title: str
    weight: float
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """Another defensible way to make a needle, for the spread that is shown beside it."""

    name: str
    replace: dict[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    weights: dict[str, float] = field(default_factory=dict)
    aggregation: Literal["arithmetic", "geometric"] = "arithmetic"


@dataclass(frozen=True, slots=True)
class NeedleDeclaration:
    """One needle: its families, its population, its variants. ``key`` names it in the reference tables.

    ``least_families`` is how many families must have been observed lately, or the needle is withheld.
    """

    name: str
    title: str
    question: str
    population: str
    direction: Literal["closer", "apart"]
    grain: Literal["pair", "triad"]
    families: tuple[Family, ...]
    least_families: int = 1
    variants: tuple[Variant, ...] = ()
    aggregation: Literal["arithmetic", "geometric"] = "arithmetic"
    variant: str | None = None

    @property
    def key(self) -> str:
        """Name of the needle, with its variant after a slash."""
        return self.name if self.variant is None else f"{self.name}/{self.variant}"

    @property
    def indicators(self) -> tuple[str, ...]:
        """All indicators of all families."""
        return tuple(indicator for family in self.families for indicator in family.indicators)

    def as_variant(self, variant: Variant) -> "NeedleDeclaration":
        """The needle made the other way."""
        families = tuple(
            replace(
                family,
                indicators=tuple(variant.replace.get(name, name) for name in family.indicators),
                weight=variant.weights.get(family.name, family.weight),
            )
            for family in self.families
            if family.name not in variant.drop
        )
        return replace(
            self, families=families, variants=(), aggregation=variant.aggregation, variant=variant.name
        )

    @property
    def with_variants(self) -> "tuple[NeedleDeclaration, ...]":
        """The needle itself, then each variant."""
        return (self, *(self.as_variant(variant) for variant in self.variants))


@dataclass(frozen=True, slots=True)
class ReferenceYears:
    """The fixed years that percentiles refer to."""

    first: str
    last: str
    quantiles: int


@dataclass(frozen=True, slots=True)
class PresenceRule:
    """When both powers count as present in a ground."""

    measure: str
    least: float
    carried_years: int


@dataclass(frozen=True, slots=True)
class StateSpaceRule:
    """Standard deviations, in percentile points, that the state space takes as given."""

    least_error: float
    missing_family: float


@dataclass(frozen=True, slots=True)
class BarometerRule:
    """How unity and strain become one number, in words."""

    formula: str
    interval: str


@dataclass(frozen=True, slots=True)
class Index:
    """All of ``index.toml``."""

    reference: ReferenceYears
    presence: PresenceRule
    state_space: StateSpaceRule
    barometer: BarometerRule
    needles: tuple[NeedleDeclaration, ...]

    def needle(self, name: str) -> NeedleDeclaration:
        """Find a needle by name.

        Raises
        ------
        UnknownNameError
            No needle has that name.
        """
        for needle in self.needles:
            if needle.name == name:
                return needle
        raise UnknownNameError.of("needle", name, (needle.name for needle in self.needles))

    def weights(self, needle: NeedleDeclaration) -> Mapping[str, float]:
        """Family to its share of the whole weight."""
        total = sum(family.weight for family in needle.families)
        return {family.name: family.weight / total for family in needle.families}


@cache
def index() -> Index:
    """The declaration that ships with the package."""
    return load_declaration("tripoint.measures", "index.toml", Index)
