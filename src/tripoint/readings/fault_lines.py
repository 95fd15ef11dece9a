"""Where do two powers collide: every ground and issue area, ranked, with the ranks that the intervals allow."""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tripoint.core.series import WHO
from tripoint.core.states import all_states, find_state
from tripoint.errors import CoverageError, TriadError, UnknownNameError
from tripoint.measures.index import index
from tripoint.measures.records import declared, find_record
from tripoint.readings.barometer import published_by, strain_by_ground
from tripoint.store.vintages import Manifest, Vintage, open_vintage


@dataclass(frozen=True, slots=True)
class Collision:
    """How hard the two collide in one ground over one issue area.

    Attributes
    ----------
    value, lower, upper
        Percentile among all pairs of the twelve powers in all grounds where both are present, with its 90% interval;
        None where too little is observed.
    n
        Observations that the area's indicator rests on.
    rank, best_rank, worst_rank
        Place among the ground and issue areas asked for, 1 the hardest; and the places that the intervals allow: two
        are told apart where their intervals do not meet. None where the value is withheld.
    """

    ground: str
    name: str
    region: str
    issue: str
    period: str
    value: float | None
    lower: float | None
    upper: float | None
    rank: int | None
    best_rank: int | None
    worst_rank: int | None
    n: int
    coverage: str
    note: str | None


@dataclass(frozen=True, slots=True)
class FaultLines:
    """The fault lines of a pair.

    Attributes
    ----------
    collisions
        Every ground and issue area, the hardest first; those that are withheld last.
    grounds
        Strain of each of these grounds over all areas, as a reading through it has it: columns ``ground``, ``name``,
        ``region``, ``value``, ``lower``, ``upper``, ``coverage``, ``note``; the highest first.
    lit
        Number of grounds with a collision on record, by year: the others are dark, not calm.
    """

    first: str
    second: str
    period: str
    as_of: date
    manifest: Manifest
    collisions: tuple[Collision, ...]
    grounds: pl.DataFrame
    lit: dict[str, int]

    def as_list(self) -> list[dict[str, Any]]:
        """The collisions as plain data for JSON."""
        return [asdict(one) for one in self.collisions]


def issue_areas() -> tuple[str, ...]:
    """Names of the issue areas: the families of strain, corridors, then the issues of UN votes."""
    settings = declared("fault_lines").settings
    return (*settings["areas"].values(), settings["routes"], *settings["issues"])


def regions() -> tuple[str, ...]:
    """Names of the regions of the world."""
    return tuple(sorted({one.region for one in all_states() if one.region}))


def take_fault_lines(
    first: str,
    second: str,
    *,
    region: str | None = None,
    issue: str | None = None,
    as_of: date | None = None,
    vintage: Vintage | str | Path | None = None,
) -> FaultLines:
    """Rank the grounds and issue areas in which two powers collide, in the latest full year with any.

    Parameters
    ----------
    first, second
        Two of the powers that the vintage was built for, by code or name.
    region
        Only grounds of this UN M49 region, such as ``central-asia``.
    issue
        Only this issue area: trade, votes, arms, treaties, or an issue of UN votes such as ``nuclear``.
    as_of
        Use only what was published by this day.
    vintage
        As in :func:`tripoint.take_reading`.

    Raises
    ------
    UnknownNameError
        No region or issue area has that name.
    TriadError
        The two are the same state.
    CoverageError
        The vintage has no fault lines, or none of this pair.

    Examples
    --------
    >>> lines = take_fault_lines("RUS", "CHN", region="central-asia", issue="trade", vintage="bundled")
    >>> lines.collisions[0].issue, lines.collisions[0].rank
    ('trade', 1)
    """
    one, two = find_state(first).iso3, find_state(second).iso3
    if one == two:
        raise TriadError(f"{first!r} and {second!r} are the same state; a pair needs two")
    if region is not None and region not in regions():
        raise UnknownNameError.of("region", region, regions())
    if issue is not None and issue not in issue_areas():
        raise UnknownNameError.of("issue area", issue, issue_areas())
    opened = vintage if isinstance(vintage, Vintage) else open_vintage(vintage)
    rows = _rows("collision", one, two, opened, as_of)
    if rows.is_empty():
        raise CoverageError(_why_none(one, two, opened, as_of))
    period = str(rows["period"].max())
    now = rows.filter(pl.col("period") == period)
    strain = strain_by_ground((one, two), now["ground"].unique().sort().to_list(), opened, as_of)
    here = _placed(now, region)
    if issue is not None:
        here = here.filter(pl.col("issue") == issue)
    return FaultLines(
        one,
        two,
        period,
        as_of or date.fromisoformat(opened.manifest.data_through),
        opened.manifest,
        _ranked(here),
        _placed(strain.filter(pl.col("period") == period), region).sort(
            "value", descending=True, nulls_last=True
        ),
        dict(_placed(rows, region).group_by("period").agg(pl.col("ground").n_unique()).sort("period").rows()),
    )


def _why_none(one: str, two: str, vintage: Vintage, as_of: date | None) -> str:
    """Why a pair has no fault lines: it is not built for, or nowhere are both on record as present."""
    if {one, two} <= set(vintage.manifest.powers) and "collision" in vintage.manifest.series:
        when = f" by {as_of}" if as_of else ""
        least = index().presence.least
        return f"no ground is on record in which both {one} and {two} hold {least:.0%} of turnover{when}"
    powers = ", ".join(vintage.manifest.powers)
    return (
        f"the vintage {vintage.manifest.name} has no fault lines of {one} and {two}: they are built for pairs of "
        f"{powers}. `tripoint build` makes them for the pairs you choose"
    )


def _rows(name: str, one: str, two: str, vintage: Vintage, as_of: date | None) -> pl.DataFrame:
    """Rows of all grounds of a pair, up to the last full year."""
    record = find_record(name)
    if name not in vintage.manifest.series:
        return pl.DataFrame(schema=dict.fromkeys((*WHO[record.grain], "period"), pl.String))
    first, second = sorted((one, two))
    rows = vintage.frame(name, pl.col("first") == first, pl.col("second") == second)
    rows = rows.filter(pl.col("period") <= str(vintage.manifest.last_full_year))
    numbers = [pl.col(bound).cast(pl.Float64).round_sig_figs(6) for bound in ("value", "lower", "upper")]
    texts = pl.col("ground", "period", "coverage", "note").cast(pl.String)
    return published_by(vintage, name, as_of, rows.with_columns(texts)).with_columns(numbers)


def _placed(rows: pl.DataFrame, region: str | None) -> pl.DataFrame:
    """Add name and region of each ground, and keep those of the region asked for."""
    known = {code: find_state(code) for code in rows["ground"].unique()}
    named = rows.with_columns(
        pl.col("ground").replace_strict({code: one.name for code, one in known.items()}, return_dtype=pl.String)
        .alias("name"),
        pl.col("ground").replace_strict({code: one.region for code, one in known.items()}, return_dtype=pl.String)
        .alias("region"),
    )  # fmt: skip
    return named if region is None else named.filter(pl.col("region") == region)


def _ranked(rows: pl.DataFrame) -> tuple[Collision, ...]:
    """Collisions, the hardest first, with the ranks that their intervals allow."""
    ordered = rows.sort("value", "ground", "issue", descending=[True, False, False], nulls_last=True)
    seen = ordered.filter(pl.col("value").is_not_null())
    lower, upper = seen["lower"].to_numpy(), seen["upper"].to_numpy()
    best = 1 + seen.height - np.searchsorted(np.sort(lower), upper, side="right")
    worst = seen.height - np.searchsorted(np.sort(upper), lower, side="left")
    rank = seen["value"].rank("min", descending=True).to_list()
    made = []
    for place, row in enumerate(ordered.iter_rows(named=True)):
        known = place < seen.height
        ranks = (int(rank[place]), int(best[place]), int(worst[place])) if known else (None, None, None)
        numbers = (row["value"], row["lower"], row["upper"])
        made.append(
            Collision(
                row["ground"], row["name"], row["region"], row["issue"], row["period"], *numbers, *ranks,
                row["n"], row["coverage"], row["note"],
            )
        )  # fmt: skip
    return tuple(made)
