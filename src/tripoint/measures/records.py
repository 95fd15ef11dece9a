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
class Declaration:
    """Records and citations of measures that are computed together.

    Attributes
    ----------
    windows
        Lengths in years, for measures over several years. The first gives the measures their names; every
        other adds the same measures under names that end in ``_<length>y``.
    frequencies
        Lengths of periods, for measures of events. The first gives the measures their names and grain; every other
        adds the same measures under names that end in it.
    """

    measures: tuple[MeasureRecord, ...] = ()
    citations: tuple[Citation, ...] = ()
    windows: tuple[int, ...] = ()
    frequencies: tuple[Frequency, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)


@cache
def declared(name: str) -> Declaration:
    """The declaration in ``measures/<name>.toml``, with a record for every window."""
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
    return replace(declaration, measures=declaration.measures + more + often)


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
        if any(record.name == name for record in declared(declaration).measures):
            return declared(declaration).settings
    return {}


def citations() -> dict[str, Citation]:
    """Works cited by measures, by key."""
    return {citation.key: citation for name in DECLARATIONS for citation in declared(name).citations}
