"""What is declared about every measure, without the code that computes it.

Readings look measures up here: no measure code, and nothing compiled, is loaded for that.
"""

from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from tripoint.core.codebook import load_declaration
from tripoint.core.period import Frequency
from tripoint.core.provenance import Citation
from tripoint.core.series import EVENT_GRAINS, MeasureRecord
from tripoint.errors import UnknownNameError

#: The declarations, in the order in which they are built: ``measures/<name>.toml`` beside ``measures/<name>.py``.
DECLARATIONS = (
    "alignment",
    "siding",
    "united_front",
    "glue",
    "agenda",
    "issue_areas",
    "ideal_points",
    "presence",
    "displacement",
    "arms",
    "treaties",
    "memberships",
    "dependence",
    "exposure",
    "hedging",
    "fault_lines",
    "exchange",
    "bargaining",
    "cooperation",
    "event_scores",
    "triangle",
)


@dataclass(frozen=True, slots=True)
class MeasureVariant:
    """Another defensible way to compute some measures, by which the robustness of claims is judged.

    Attributes
    ----------
    name
        What the names of the measures end in, made that way.
    title
        The same in words.
    of
        The measures.
    settings
        What they are computed with in place of, or beside, the settings of their declaration.
    """

    name: str
    title: str
    of: tuple[str, ...]
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Declaration:
    """Records and citations of measures that are computed together.

    Attributes
    ----------
    windows
        Lengths in years, for measures over several years. The first gives the measures their names; every
        other adds the same measures under names that end in ``_<length>y``.
    variants, variants_since
        Other ways to compute some of the measures, and the first period that ships of them.
    frequencies
        Lengths of periods, for measures of events. The first gives the measures their names and grain; every other
        adds the same measures under names that end in it.
    """

    measures: tuple[MeasureRecord, ...] = ()
    citations: tuple[Citation, ...] = ()
    windows: tuple[int, ...] = ()
    frequencies: tuple[Frequency, ...] = ()
    variants: tuple[MeasureVariant, ...] = ()
    variants_since: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


@cache
def declared(name: str) -> Declaration:
    """The declaration in ``measures/<name>.toml``, with a record for every window, frequency and variant."""
    declaration = load_declaration("tripoint.measures", f"{name}.toml", Declaration)
    more = tuple(
        replace(
            record,
            name=windowed(record.name, window, declaration.windows),
            title=f"{record.title}, over {window} years",
            formula=record.formula.replace(f"of {declaration.windows[0]} years", f"of {window} years"),
        )
        for window in declaration.windows[1:]
        for record in declaration.measures
    )
    often = tuple(
        replace(
            record,
            name=by_frequency(record.name, frequency, declaration.frequencies),
            title=f"{record.title}, by {frequency}",
            grain=EVENT_GRAINS[frequency],
        )
        for frequency in declaration.frequencies[1:]
        for record in declaration.measures
    )
    others = tuple(
        _varied(record, variant, declaration.variants_since)
        for variant in declaration.variants
        for record in declaration.measures
        if record.name in variant.of
    )
    return replace(declaration, measures=declaration.measures + more + often + others)


def _varied(record: MeasureRecord, variant: MeasureVariant, since: str) -> MeasureRecord:
    return replace(
        record,
        name=varied(record.name, variant.name),
        title=f"{record.title}, {variant.title}",
        formula=f"{record.formula}; {variant.title}",
        swap=record.swap and varied(record.swap, variant.name),
        bundle=replace(record.bundle, powers_since=since),
    )


def varied(name: str, variant: str) -> str:
    """Name of a measure computed another way.

    Examples
    --------
    >>> varied("exchange_lead", "without_trade")
    'exchange_lead_without_trade'
    """
    return f"{name}_{variant}"


def ways(declaration: str, measure: str) -> dict[str, dict[str, Any]]:
    """Name of a measure, and of each of its variants, to the settings it is computed with."""
    known = declared(declaration)
    others = {varied(measure, v.name): v.settings for v in known.variants if measure in v.of}
    return {measure: known.settings} | {name: known.settings | more for name, more in others.items()}


def windowed(name: str, window: int, windows: tuple[int, ...]) -> str:
    """Name of a measure over a window.

    Examples
    --------
    >>> windowed("united_front", 5, (5, 3)), windowed("united_front", 3, (5, 3))
    ('united_front', 'united_front_3y')
    """
    return name if window == windows[0] else f"{name}_{window}y"


def by_frequency(name: str, frequency: Frequency, frequencies: tuple[Frequency, ...]) -> str:
    """Name of a measure over periods of a length.

    Examples
    --------
    >>> by_frequency("cooperation_share", "month", ("year", "quarter", "month"))
    'cooperation_share_month'
    """
    return name if frequency == frequencies[0] else f"{name}_{frequency}"


@cache
def records() -> dict[str, MeasureRecord]:
    """Every measure's record, by name."""
    return {record.name: record for name in DECLARATIONS for record in declared(name).measures}


def find_record(name: str) -> MeasureRecord:
    """Find a measure's record.

    Raises
    ------
    UnknownNameError
        No measure has that name.
    """
    if name not in records():
        raise UnknownNameError.of("measure", name, records())
    return records()[name]


def settings_of(name: str) -> dict[str, Any]:
    """Constants that a measure was computed with, as declared beside it."""
    for declaration in DECLARATIONS:
        for record in declared(declaration).measures:
            found = ways(declaration, record.name)
            if name in found:
                return found[name]
    return {}


def citations() -> dict[str, Citation]:
    """Works cited by measures, by key."""
    return {citation.key: citation for name in DECLARATIONS for citation in declared(name).citations}
