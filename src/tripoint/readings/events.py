"""How do states treat each other, as events tell: every origin of counts side by side, and where cooperation stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import polars as pl

from tripoint.core.period import Frequency
from tripoint.core.series import EVENT_GRAINS, WHO
from tripoint.core.states import find_state
from tripoint.errors import CoverageError, UnknownNameError, UsageError
from tripoint.measures.records import by_frequency, declared
from tripoint.readings.rows import Rows
from tripoint.store.vintages import Manifest, Vintage, open_vintage

#: Measures of events, in the order shown; and the one of pairs without a direction.
MEASURES = (
    "cooperation_state", "cooperation_now", "cooperation_share", "material_share", "material_conflict_share",
    "goldstein_mean",
)  # fmt: skip
UNDIRECTED = "score_balance"
FREQUENCIES: tuple[Frequency, ...] = ("year", "quarter", "month")


@dataclass(frozen=True, slots=True)
class EventsReading:
    """What events say about some states.

    Attributes
    ----------
    frequency
        Length of the periods of `directed`.
    directed
        Rows by source, target and origin: ``measure`` (as in `MEASURES`), ``period``, the numbers.
    undirected
        Rows of the balance of pairs by month, of which it is not known who acted.
    """

    states: tuple[str, ...]
    frequency: Frequency
    as_of: date
    manifest: Manifest
    directed: pl.DataFrame
    undirected: pl.DataFrame

    @property
    def origins(self) -> tuple[str, ...]:
        """Who counted: origins of directed rows."""
        return tuple(sorted(self.directed["origin"].unique()))

    def series(
        self, source: str, target: str, measure: str = "cooperation_state", origin: str | None = None
    ) -> pl.DataFrame:
        """One series of a directed pair in time order; of the first origin that has it if none is named."""
        mine = self.directed.filter(
            pl.col("source") == source, pl.col("target") == target, pl.col("measure") == measure
        )
        names = [origin] if origin else sorted(mine["origin"].unique())
        return mine.filter(pl.col("origin").is_in(names[:1])).sort("period")

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "states": self.states,
            "frequency": self.frequency,
            "as_of": self.as_of.isoformat(),
            "vintage": self.manifest.name,
            "effort": self.manifest.effort,
            "origins": self.origins,
            "directed": self.directed.to_dicts(),
            "undirected": self.undirected.to_dicts(),
        }


def take_events(
    states: Sequence[str],
    *,
    frequency: Frequency | None = None,
    as_of: date | None = None,
    vintage: Vintage | str | Path | None = None,
) -> EventsReading:
    """Read the events between some states, in both directions.

    Parameters
    ----------
    states
        Two or more states, by code or name.
    frequency
        ``"year"``, ``"quarter"`` or ``"month"``; the shortest that the vintage has if not given.

    Raises
    ------
    CoverageError
        The vintage has no event between them.

    Examples
    --------
    >>> found = take_events(["Russia", "KAZ"], vintage="bundled")
    >>> found.series("RUS", "KAZ").height
    13
    """
    codes = tuple(dict.fromkeys(find_state(state).iso3 for state in states))
    if len(codes) < 2:
        raise UsageError(f"events are between states: give two or more, not {', '.join(states) or 'none'}")
    if frequency is not None and frequency not in FREQUENCIES:
        raise UnknownNameError.of("length of periods", frequency, FREQUENCIES)
    opened = vintage if isinstance(vintage, Vintage) else open_vintage(vintage)
    rows = Rows(opened, as_of)
    chosen = (frequency,) if frequency else FREQUENCIES[::-1]
    pairs = [{"source": source, "target": target} for source, target in permutations(codes, 2)]
    directed, found = pl.DataFrame(), chosen[-1]
    for found in chosen:
        directed = pl.concat([directed_rows(rows, name, found, pairs) for name in MEASURES])
        if directed.height:
            break
    dyads = [{"first": one, "second": two} for one, two in permutations(codes, 2) if one < two]
    undirected = rows.of(UNDIRECTED, dyads)
    if directed.is_empty() and undirected.is_empty():
        every = "" if frequency is None else f" by {frequency}"
        raise CoverageError(
            f"the vintage {opened.manifest.name} has no events between {', '.join(codes)}{every}; take raw files in "
            "with `tripoint events ingest` and build with `tripoint build`"
        )
    day = as_of or date.fromisoformat(opened.manifest.data_through)
    return EventsReading(codes, found, day, opened.manifest, directed, undirected)


def directed_rows(
    rows: Rows, measure: str, frequency: Frequency, pairs: Sequence[dict[str, str]]
) -> pl.DataFrame:
    """Rows of a measure of events under its plain name, whatever the length of periods."""
    name = by_frequency(measure, frequency, declared("cooperation").frequencies)
    who = WHO[EVENT_GRAINS[frequency]]
    return rows.of(name, pairs).with_columns(pl.lit(measure).alias("measure")).select(*who, pl.exclude(*who))
