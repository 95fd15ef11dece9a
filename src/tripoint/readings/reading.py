"""Everything said about one triad at one date."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from tripoint.core.triad import Triad
from tripoint.errors import CoverageError
from tripoint.measures.records import find_record
from tripoint.readings.barometer import NeedleReading, barometer_frame, needles
from tripoint.readings.rows import Rows, subjects
from tripoint.store.vintages import Manifest, Vintage, open_vintage

if TYPE_CHECKING:
    from tripoint.readings.claims import Verdict
    from tripoint.readings.corridors import Corridors
    from tripoint.readings.events import EventsReading
    from tripoint.readings.fault_lines import FaultLines
    from tripoint.readings.ground import GroundReading
    from tripoint.readings.positions import Positions
    from tripoint.readings.triangle import Triangle
    from tripoint.readings.votes import VotesReading
    from tripoint.readings.what_if import WhatIf


@dataclass(frozen=True, slots=True)
class Barometer:
    """The barometer of a triad.

    Attributes
    ----------
    frame
        One row per year: ``period``, ``value``, ``lower``, ``upper`` (hindsight), ``unity``, ``strain`` with
        their bounds, ``at_the_time`` with its bounds (from no later year; publication lags need ``as_of``),
        ``coverage``, ``note``.
    """

    frame: pl.DataFrame

    @property
    def latest(self) -> dict[str, Any] | None:
        """The last year with a value."""
        rows = self.frame.filter(pl.col("value").is_not_null())
        return rows.row(-1, named=True) if rows.height else None


@dataclass(frozen=True)
class Reading:
    """What public data say about a triad.

    Attributes
    ----------
    triad
        The two powers, the ground, the outsider.
    as_of
        Day of the reading: only what was published by then is used. None asked for: the last day of the data.
    barometer
        Unity, strain and the barometer per year.
    needles
        Unity and strain with what they were made from.
    alignment, siding, front, presence, displacement
        Rows of the measures: columns that say who, ``measure``, ``period``, ``value``, ``lower``, ``upper``,
        ``n``, ``coverage``, ``note``.
    """

    triad: Triad
    as_of: date
    vintage: Vintage
    cut: date | None
    barometer: Barometer
    needles: dict[str, NeedleReading]
    alignment: pl.DataFrame
    siding: pl.DataFrame
    front: pl.DataFrame
    presence: pl.DataFrame
    displacement: pl.DataFrame

    @property
    def manifest(self) -> Manifest:
        """What the vintage was built from."""
        return self.vintage.manifest

    @property
    def last_year(self) -> int:
        """The last full year that the reading covers: of the vintage, or before ``as_of``."""
        return int(self.barometer.frame["period"].max())  # pyright: ignore[reportArgumentType]

    def rows(self, measure: str) -> pl.DataFrame:
        """Rows of any measure about the triad's states, with ``measure`` in a column."""
        return Rows(self.vintage, self.cut).of(measure, subjects(self.triad, find_record(measure).grain))

    @cached_property
    def votes(self) -> "VotesReading | None":
        """What the votes of the two say in depth; None where the vintage has nothing of them."""
        from tripoint.readings.votes import take_votes

        first, second, ground, outsider = (
            self.triad.first,
            self.triad.second,
            self.triad.ground,
            self.triad.outsider,
        )
        try:
            return take_votes(first, second, outsider, ground=ground, as_of=self.cut, vintage=self.vintage)
        except CoverageError:
            return None

    @cached_property
    def positions(self) -> "Positions | None":
        """Ideal points of the four states; None where the vintage has none."""
        from tripoint.readings.positions import take_positions

        states = (*self.triad.pair, self.triad.ground, self.triad.outsider)
        try:
            return take_positions(states, as_of=self.cut, vintage=self.vintage)
        except CoverageError:
            return None

    @cached_property
    def ground(self) -> "GroundReading | None":
        """How the ground stands between the two, layer by layer; None where the vintage has nothing of it."""
        from tripoint.readings.ground import take_ground

        try:
            return take_ground(self.triad, as_of=self.cut, vintage=self.vintage)
        except CoverageError:
            return None

    @cached_property
    def fault_lines(self) -> "FaultLines | None":
        """Where the two collide, in every ground; None for pairs that the vintage was not built for."""
        from tripoint.readings.fault_lines import take_fault_lines

        try:
            return take_fault_lines(*self.triad.pair, as_of=self.cut, vintage=self.vintage)
        except CoverageError:
            return None

    @cached_property
    def corridors(self) -> "Corridors | None":
        """The ground's corridors, who can close them, and bargaining power; None where none is on record."""
        from tripoint.readings.corridors import take_corridors

        try:
            return take_corridors(self.triad.ground)
        except CoverageError:
            return None

    @cached_property
    def what_ifs(self) -> "tuple[WhatIf, ...]":
        """Every scenario that ships with the package and changes something around the ground."""
        from tripoint.readings.what_if import every_what_if

        return every_what_if(self.triad.ground, self.triad.pair)

    @cached_property
    def events(self) -> "EventsReading | CoverageError":
        """How the three treat each other, as events tell; the error that says why where nothing is on record.

        In the shortest periods on record; origins that count by year only stand beside them.
        """
        from tripoint.readings.events import take_events

        states = (*self.triad.pair, self.triad.ground)
        try:
            found = take_events(states, as_of=self.cut, vintage=self.vintage)
            if found.frequency == "year":
                return found
            years = take_events(states, frequency="year", as_of=self.cut, vintage=self.vintage).directed
        except CoverageError as error:
            return error
        others = years.filter(~pl.col("origin").is_in(found.origins))
        return replace(found, directed=pl.concat([found.directed, others]))

    @cached_property
    def triangle(self) -> "Triangle | CoverageError":
        """Who answers whom among the three; the error that says why where the record is too short."""
        from tripoint.readings.triangle import take_triangle

        try:
            return take_triangle(self.triad, as_of=self.cut, vintage=self.vintage)
        except CoverageError as error:
            return error

    @cached_property
    def claims(self) -> "tuple[Verdict, ...]":
        """The verdicts on the claims that ship with the package."""
        from tripoint.readings.claims import judge_all

        return judge_all(self)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for every result."""
        from tripoint.readings.words import sentences

        return sentences(self)

    def as_dict(self) -> dict[str, Any]:
        """The reading as plain data for JSON; what is not observed is None."""
        from dataclasses import asdict

        return {
            "triad": asdict(self.triad),
            "as_of": self.as_of.isoformat(),
            "vintage": self.manifest.name,
            "barometer": self.barometer.frame.to_dicts(),
            "alignment": self.alignment.to_dicts(),
            "siding": self.siding.to_dicts(),
            "united_front": self.front.to_dicts(),
            "presence": self.presence.to_dicts(),
            "displacement": self.displacement.to_dicts(),
            "ground": self.ground.as_dict() if self.ground else None,
            "fault_lines": self.fault_lines.as_list() if self.fault_lines else None,
            "claims": [verdict.as_dict() for verdict in self.claims],
            "sentences": list(self.sentences),
        }


def take_reading(
    triad: Triad, *, as_of: date | None = None, vintage: Vintage | str | Path | None = None
) -> Reading:
    """Read a partnership through a ground.

    Parameters
    ----------
    triad
        The two powers, the ground between them, the outsider.
    as_of
        Use only what was published by this day. Percentiles still refer to the fixed population, whose years
        may lie later; figures are as revised since. None: all there is.
    vintage
        An opened vintage, ``"bundled"``, or a folder; None: the user's own if there is one, else the one in
        the package.

    Raises
    ------
    CoverageError
        The vintage knows nothing of the pair, or nothing by ``as_of``.
    VintageError
        The vintage is missing or damaged.

    Examples
    --------
    >>> reading = take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled")
    >>> reading.barometer.latest["period"]
    '2024'
    """
    opened = vintage if isinstance(vintage, Vintage) else open_vintage(vintage)
    first, second = triad.pair
    rows = Rows(opened, as_of)
    alignment = rows.family("alignment", triad)
    if not alignment.filter(
        pl.col("first") == min(first, second), pl.col("second") == max(first, second)
    ).height:
        when = f" by {as_of}" if as_of else ""
        thinned = opened.manifest.series["kappa"].thinned if "kappa" in opened.manifest.series else False
        remedy = (
            "it is thinned for the package, and `tripoint build` makes a full one"
            if thinned
            else "`tripoint data list` shows what it covers"
        )
        raise CoverageError(
            f"the vintage {opened.manifest.name} has no votes of both {first} and {second}{when}; {remedy}"
        )
    made = needles(triad, opened, as_of)
    return Reading(
        triad=triad,
        as_of=as_of or date.fromisoformat(opened.manifest.data_through),
        vintage=opened,
        cut=as_of,
        barometer=Barometer(barometer_frame(made["unity"].frame, made["strain"].frame)),
        needles=made,
        alignment=alignment,
        siding=rows.family("siding", triad),
        front=rows.family("united_front", triad),
        presence=rows.family("presence", triad),
        displacement=rows.family("displacement", triad),
    )
