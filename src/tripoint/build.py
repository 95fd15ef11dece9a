"""Run every measure for everyone and write a vintage.

Tables in, vintage out. A reading never imports this module: it opens what was built.
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import cast

import polars as pl

from tripoint.core.period import Period
from tripoint.core.series import WHO, MeasureRecord, no_rows
from tripoint.errors import CoverageError
from tripoint.measures import ideal_points
from tripoint.measures.index import index
from tripoint.measures.issue_list import find_issue
from tripoint.measures.measure import Measure, Progress, Settings, series
from tripoint.measures.packed import Packed
from tripoint.measures.records import records
from tripoint.measures.reference import build_reference
from tripoint.measures.registry import MEASURES
from tripoint.measures.schemes import Scheme, series_name
from tripoint.store.catalog import Tables, read_extracts, read_home
from tripoint.store.vintages import (
    LAYOUT,
    REFERENCE,
    Manifest,
    TableTrace,
    Vintage,
    open_vintage,
    own_path,
    thin,
    write_vintage,
)

#: Share of the work that each part of a build takes, measured once; only the progress bar reads it.
_PARTS = {
    "alignment": 0.07,
    "siding": 0.015,
    "united_front": 0.005,
    "glue": 0.015,
    "agenda": 0.02,
    "issue_areas": 0.025,
    "ideal_points": 0.67,
    "presence": 0.003,
    "displacement": 0.003,
    "arms": 0.002,
    "treaties": 0.003,
    "memberships": 0.004,
    "dependence": 0.001,
    "exposure": 0.001,
    "hedging": 0.05,
    REFERENCE: 0.01,
    "fault_lines": 0.01,
    "exchange": 0.001,
    "bargaining": 0.02,
    "cooperation": 0.05,
    "event_scores": 0.001,
    "triangle": 0.01,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """How one series of a new vintage differs from the same series of an old one."""

    series: str
    rows_before: int
    rows_now: int
    keys_lost: int
    keys_new: int
    largest_change: float


def compute_series(
    tables: Tables,
    settings: Settings | None = None,
    *,
    progress: Progress = lambda share, doing: None,
    base: Vintage | None = None,
) -> tuple[Manifest, Mapping[str, pl.DataFrame]]:
    """Compute all series of all measures for all dyads, pairs and grounds.

    Parameters
    ----------
    tables
        Rows with their corrections, from :func:`tripoint.store.catalog.read_home` or ``read_extracts``.
    settings
        Seed, bootstrap draws, outsiders, powers.
    progress
        Called with the share done and what is being done.
    base
        Where the tables cannot make what a reading needs: the vintage from which all other rows are taken.

    Returns
    -------
    manifest, frames
        What was built, and series by name with the reference population.

    Raises
    ------
    CoverageError
        No measure has the tables it needs.
    """
    settings = settings or Settings()
    able = [measure for measure in MEASURES if set(measure.tables) <= tables.frames.keys()]
    if not any(measure.tables for measure in able):
        needed = sorted({table for measure in MEASURES for table in measure.tables})
        raise CoverageError(
            f"no measure can be built: of the tables {', '.join(needed)} the store has "
            f"{', '.join(sorted(tables.frames)) or 'none'}. Fetch them with `tripoint data pull un_votes` and "
            "`tripoint data pull trade`, or add files with `tripoint data add`"
        )
    frames = Packed()
    done = 0.0
    for measure in (one for one in able if REFERENCE not in one.uses):
        done = _add(measure, frames, tables, settings, progress, done)
    if index().presence.measure in frames:
        here = _within(progress, done, _PARTS[REFERENCE])
        frames[REFERENCE] = build_reference(partial(_series_of, frames), settings, index(), here)
        done += _PARTS[REFERENCE]
    for measure in (one for one in able if REFERENCE in one.uses):
        done = _add(measure, frames, tables, settings, progress, done)
    progress(1.0, "series computed")
    if base is not None and REFERENCE not in frames:
        return _laid_over(tables, frames, base)
    return _manifest(tables, frames, settings), frames


def _laid_over(
    tables: Tables, frames: Mapping[str, pl.DataFrame], base: Vintage
) -> tuple[Manifest, dict[str, pl.DataFrame]]:
    """Lay series over those of another vintage: one's own stands in the place of the one about the same states."""
    if not any(frame.height for name, frame in frames.items() if records()[name].tables):
        raise CoverageError("the tables hold too little: no series can be made of them")
    whole = {name: base.frame(name) for name in base.manifest.series}
    for name, mine in frames.items():
        who = WHO[records()[name].grain]
        others = whole[name].join(mine, on=who, how="anti") if name in whole else mine.clear()
        whole[name] = pl.concat([mine, others], how="vertical_relaxed").sort(*who, "period")
    through = max(base.manifest.data_through, _data_through(tables.frames))
    known = {**base.manifest.tables, **_traces(tables)}
    return replace(
        base.manifest, name="", data_through=through, tables=known, series={}, base=base.manifest.name
    ), whole


def _add(
    measure: Measure,
    frames: Packed,
    tables: Tables,
    settings: Settings,
    progress: Progress,
    done: float,
) -> float:
    """Add the series of one measure to those computed before, if it has what it uses; give the share done."""
    part = _PARTS[measure.name]
    if set(measure.uses) <= frames.keys():
        at_hand = ChainMap(frames, tables.frames)
        frames.update(measure.compute(at_hand, settings, _within(progress, done, part)))
    return done + part


def _series_of(frames: Mapping[str, pl.DataFrame], name: str) -> pl.DataFrame:
    return frames[name] if name in frames else no_rows(records()[name].grain)


def _within(progress: Progress, done: float, part: float) -> Progress:
    return lambda share, doing: progress(done + part * share, doing)


def _manifest(tables: Tables, frames: Mapping[str, pl.DataFrame], settings: Settings) -> Manifest:
    return Manifest(
        layout=LAYOUT,
        name="",
        code=version("tripoint"),
        data_through=_data_through(tables.frames),
        last_full_year=_last_full_year(frames),
        seed=settings.seed,
        draws=settings.draws,
        outsiders=settings.outsiders,
        powers=settings.powers,
        tables=_traces(tables),
        series={},
        effort=settings.effort if "ideal_point" in frames else None,
    )


def _traces(tables: Tables) -> dict[str, TableTrace]:
    return {
        name: TableTrace(
            tables.hashes[name],
            frame.height,
            tuple(f"{origin.source}: {origin.format}" for origin in tables.provenance[name]),
            {reason: n for origin in tables.provenance[name] for reason, n in origin.dropped.items()},
        )
        for name, frame in tables.frames.items()
    }


def _data_through(frames: Mapping[str, pl.DataFrame]) -> str:
    """Last day that any table knows of: a date column, or the end of the last year or month."""
    days = [str(frame["date"].max()) for frame in frames.values() if "date" in frame.columns]
    years = [
        f"{frame['year'].max()}-12-31"
        for frame in frames.values()
        if "date" not in frame.columns and "year" in frame.columns
    ]
    ends = [
        Period.parse(str(frame["period"].max())).end.isoformat()
        for frame in frames.values()
        if "period" in frame.columns and frame.height
    ]
    return max(days) if days else max(years + ends)


def _last_full_year(frames: Mapping[str, pl.DataFrame]) -> int:
    """Last year of the votes that is not marked partial; without votes, of any series that is made of tables."""
    from_tables = [name for name in frames if name in records() and records()[name].tables]
    names = ["kappa"] if "kappa" in frames else from_tables
    partial = pl.col("note").str.contains("partial-year|^files for").fill_null(value=False)
    periods = {
        Period.parse(str(text))
        for name in names
        for text in frames[name].filter(pl.col("value").is_not_null(), ~partial)["period"].unique()
    }
    full = [period.year for period in periods if period.end == date(period.year, 12, 31)]
    if not full:
        raise CoverageError("the tables hold too little: no series has a number for a full year")
    return max(full)


def build_vintage(
    tables: Tables,
    settings: Settings | None = None,
    *,
    home: Path | None = None,
    progress: Progress = lambda share, doing: None,
    base: Vintage | None = None,
) -> Vintage:
    """Build from tables and make the result the user's vintage; ``base`` as in `compute_series`."""
    manifest, frames = compute_series(tables, settings, progress=progress, base=base)
    path = own_path(home)
    traces = base.manifest.series if base is not None and manifest.base else {}
    thinned = frozenset(name for name, trace in traces.items() if trace.thinned)
    write_vintage(path, manifest, frames, thinned=thinned)
    return open_vintage(path)


def write_bundle(
    path: Path,
    tables: Tables,
    settings: Settings | None = None,
    *,
    progress: Progress = lambda share, doing: None,
) -> Vintage:
    """Build from tables and write the rows that ship in the package."""
    settings = settings or Settings()
    manifest, frames = compute_series(tables, settings, progress=progress)
    kept = {
        name: thin(records()[name], frame, settings.powers) if name in records() else frame
        for name, frame in frames.items()
    }
    thinned = frozenset(name for name, frame in kept.items() if frame.height < frames[name].height)
    write_vintage(path, manifest, kept, thinned=thinned)
    return open_vintage(path)


def compare(old: Vintage, new: Mapping[str, pl.DataFrame]) -> tuple[Difference, ...]:
    """How series differ from those of an old vintage, over the keys that both have."""
    names = sorted(old.manifest.series.keys() & new.keys() & records().keys())
    return tuple(_difference(records()[name], old.frame(name), new[name]) for name in names)


def _difference(record: MeasureRecord, before: pl.DataFrame, now: pl.DataFrame) -> Difference:
    key = [*WHO[record.grain], "period"]
    both = before.join(now, on=key, suffix="_now")
    change = (both["value"].cast(pl.Float64) - both["value_now"].cast(pl.Float64)).abs().max()
    return Difference(
        record.name,
        before.height,
        now.height,
        before.height - both.height,
        now.height - both.height,
        float(change) if isinstance(change, float) else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Refit:
    """Positions of all states from a fit of one's own: rows as in the series, and how well the chains mixed."""

    rows: pl.DataFrame
    through: date
    identification: str
    innovation: float
    worst_r_hat: float
    least_effective: float
    dropped: dict[str, int]


def refit(
    tables: Tables,
    scheme: Scheme = "posterior",
    issue: str | None = None,
    settings: Settings | None = None,
    *,
    innovation: float | None = None,
    progress: Progress = lambda share, doing: None,
) -> Refit:
    """Fit ideal points to the votes at hand.

    Parameters
    ----------
    issue
        Roll calls of one issue only.
    innovation
        Variance of a step from session to session, posterior scheme only; None estimates it.

    Raises
    ------
    CoverageError
        Tables are missing, or no roll call is coded for the issue.
    NotIdentifiedError
        The votes do not fix the positions, or which way is up.
    """
    missing = sorted({"bridges", "roll_calls", "votes"} - tables.frames.keys())
    if missing:
        raise CoverageError(
            f"ideal points need the tables {', '.join(missing)}; fetch them with `tripoint data pull un_votes`"
        )
    votes = ideal_points.read_votes(tables.frames)
    if issue is not None:
        votes = ideal_points.votes_on(votes, find_issue(issue))
    settings = settings or Settings()
    points = ideal_points.fit(votes, scheme, settings, progress, innovation)
    record = records()[series_name(scheme)]
    return Refit(
        series(record, ideal_points.position_rows(points, votes), "too few votes in the session"),
        cast("date", tables.frames["roll_calls"]["date"].max()),
        points.identification,
        float(points.innovation.mean()),
        float(points.r_hat.max()),
        float(points.effective.min()),
        points.panel.dropped,
    )


def read_tables(extracts: Path | None = None, home: Path | None = None) -> Tables:
    """The tables to build from: extracts in a folder, or the user's store."""
    return read_extracts(extracts) if extracts is not None else read_home(home)
