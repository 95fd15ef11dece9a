"""Who answers whom: does the ground turn to one power when the other worsens, or go along, and how sure is that?

Six directed series where they are on record, three without a direction elsewhere; a vector autoregression over them,
with what a surprise in one is followed by in the others. A response is no cause: what moves all three at once looks
like an answer.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.period import Frequency, Period, Span
from tripoint.core.triad import Triad
from tripoint.errors import CoverageError, TripointError, UnknownNameError
from tripoint.measures.records import declared
from tripoint.measures.triangle import Run, directions, longest_run, prior
from tripoint.models.autoregression.systems import SystemDraws
from tripoint.readings.events import UNDIRECTED, directed_rows
from tripoint.readings.rows import Rows
from tripoint.store.vintages import Manifest, Vintage, open_vintage

#: What is modelled: directed measures in the order tried, by month before by quarter.
MEASURES = ("goldstein_mean", "cooperation_share")
FREQUENCIES: tuple[Frequency, ...] = ("month", "quarter")
LEVELS = (0.68, 0.9)
SEED = 20260101

Pattern = Literal["turns to the other", "goes along", "cannot be told"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worsening in one series is followed by in another, added up over the horizon.

    Attributes
    ----------
    cause, effect
        Names of the series, such as ``RUS>KAZ``; ``KAZ-RUS`` where who acted is not known.
    kind
        ``reciprocity``: the ground toward the same power; ``triangle``: the ground toward the other.
    value, lower, upper
        In standard deviations of the effect, after a surprise of minus one standard deviation; 90% band.
    inner
        The 68% band.
    pattern
        What the 90% band allows to say of a triangle; None of reciprocity.
    """

    cause: str
    effect: str
    kind: Literal["reciprocity", "triangle"]
    value: float
    lower: float
    upper: float
    inner: tuple[float, float]
    pattern: Pattern | None


@dataclass(frozen=True, slots=True)
class Leads:
    """Whether the past of some series helps to explain others, with the p-value adjusted for all tests (Holm)."""

    causes: tuple[str, ...]
    effects: tuple[str, ...]
    statistic: float
    freedom: tuple[float, float]
    p_value: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class Triangle:
    """Who answers whom in a triad.

    Attributes
    ----------
    directed
        Whether who acted is on record.
    measure, origin, frequency
        What the series are, who counted, and how long a period is.
    first, last, n
        The run of periods without a gap.
    lags
        Chosen by BIC.
    lag_table
        ``lags``, ``aic``, ``bic``, ``hq``, ``largest_root`` (1 or more explodes).
    responses
        ``cause``, ``effect``, ``horizon``, ``value``, ``lower68``, ``upper68``, ``lower90``, ``upper90``: after a
        surprise of minus one standard deviation, in standard deviations, period by period.
    answers
        The same added up over the horizon, for the ground's answers.
    sensitivity
        The triangle's answers under other choices: ``choice``, ``cause``, ``effect``, the numbers.
    leads
        Tests of block exogeneity.
    explosive_share
        Share of drawn systems that explode; they are kept.
    """

    triad: Triad
    as_of: date
    manifest: Manifest
    directed: bool
    measure: str
    origin: str
    frequency: Frequency
    first: str
    last: str
    n: int
    lags: int
    horizon: int
    lag_table: pl.DataFrame
    responses: pl.DataFrame
    answers: tuple[Answer, ...]
    sensitivity: pl.DataFrame
    leads: tuple[Leads, ...]
    explosive_share: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = (
            "directed", "measure", "origin", "frequency", "first", "last", "n", "lags", "horizon", "explosive_share",
        )  # fmt: skip
        return {
            "triad": asdict(self.triad),
            "as_of": self.as_of.isoformat(),
            "vintage": self.manifest.name,
            **{name: getattr(self, name) for name in plain},
            "answers": [asdict(answer) for answer in self.answers],
            "leads": [asdict(one) for one in self.leads],
            **{name: getattr(self, name).to_dicts() for name in ("lag_table", "sensitivity", "responses")},
        }


@dataclass(frozen=True, slots=True)
class _Series:
    """The series of a triangle: their names, and where they come from."""

    names: tuple[str, ...]
    run: Run
    directed: bool
    measure: str
    origin: str
    frequency: Frequency


def take_triangle(
    triad: Triad,
    *,
    measure: str | None = None,
    as_of: date | None = None,
    vintage: Vintage | str | Path | None = None,
    horizon: int | None = None,
    seed: int = SEED,
) -> Triangle:
    """Read who answers whom in a triad.

    Parameters
    ----------
    measure
        ``goldstein_mean`` or ``cooperation_share``; the first that has all six series if not given. Where none has,
        the balance of events without a direction.
    horizon
        Periods after a surprise; twelve months or four quarters if not given.

    Raises
    ------
    CoverageError
        Neither six directed series nor three without a direction are on record over enough periods.
    UnknownNameError
        No such measure.
    """
    if measure is not None and measure not in MEASURES:
        raise UnknownNameError.of("measure of a triangle", measure, MEASURES)
    opened = vintage if isinstance(vintage, Vintage) else open_vintage(vintage)
    found = _series(Rows(opened, as_of), triad, (measure,) if measure else MEASURES)
    if found is None:
        least = declared("triangle").settings["least_months_read"]
        raise CoverageError(
            f"no {least} months in a row are on record for all three sides of {', '.join(triad.pair)} and "
            f"{triad.ground}; take raw files in with `tripoint events ingest` and build with `tripoint build`"
        )
    periods = (12 if found.frequency == "month" else 4) if horizon is None else horizon
    return _read(triad, as_of, opened.manifest, found, periods, seed)


def _series(rows: Rows, triad: Triad, measures: Sequence[str]) -> _Series | None:
    """The first series that are long enough: directed ones, or those without a direction."""
    least = declared("triangle").settings["least_months_read"]
    pairs = directions(triad.first, triad.second, triad.ground)
    names = tuple(f"{source}>{target}" for source, target in pairs)
    for frequency in FREQUENCIES:
        needed = least if frequency == "month" else -(-least // 3)
        for measure in measures:
            whom = [{"source": source, "target": target} for source, target in pairs]
            frame = directed_rows(rows, measure, frequency, whom)
            for origin in declared("triangle").settings["origins"]:
                mine = frame.filter(pl.col("origin") == origin)
                run = _run([mine.filter(source=source, target=target) for source, target in pairs])
                if run is not None and len(run.periods) >= needed:
                    return _Series(names, run, True, measure, origin, frequency)
    sides = [tuple(sorted(pair)) for pair in pairs[::2]]
    parts = [rows.of(UNDIRECTED, [{"first": one, "second": two}]) for one, two in sides]
    run = _run(parts)
    if run is None or len(run.periods) < least:
        return None
    return _Series(tuple("-".join(side) for side in sides), run, False, UNDIRECTED, "gdelt_scores", "month")


def _run(parts: Sequence[pl.DataFrame]) -> Run | None:
    """The longest run of periods that all parts have."""
    seen = [part.filter(pl.col("value").is_not_null()) for part in parts]
    if any(part.is_empty() for part in seen):
        return None
    ends = [(part["period"].min(), part["period"].max()) for part in seen]
    first, last = max(str(end[0]) for end in ends), min(str(end[1]) for end in ends)
    if last < first:
        return None
    periods = tuple(map(str, Span(Period.parse(first), Period.parse(last))))
    places = {name: place for place, name in enumerate(periods)}
    values = np.full((len(periods), len(parts)), np.nan)
    for column, part in enumerate(seen):
        for period, value in part.select("period", "value").iter_rows():
            if period in places:
                values[places[period], column] = value
    return longest_run(periods, values)


def _read(
    triad: Triad, as_of: date | None, manifest: Manifest, found: _Series, horizon: int, seed: int
) -> Triangle:
    from tripoint.models.autoregression.lag_order import lag_choices

    values = found.run.values
    choices = lag_choices(values, declared("triangle").settings["most_lags"])
    lags = choices.best("bic")
    systems = _systems(values, lags, seed)
    pairs = _asked(found)
    table = {name: getattr(choices, name) for name in ("lags", "aic", "bic", "hq", "largest_root")}
    return Triangle(
        triad, as_of or date.fromisoformat(manifest.data_through), manifest, found.directed, found.measure,
        found.origin, found.frequency, found.run.periods[0], found.run.periods[-1], len(found.run.periods), lags,
        horizon, pl.DataFrame(table), _responses(found.names, systems, horizon),
        tuple(_answer(found.names, kind, cell, systems, horizon) for kind, cell in pairs),
        _sensitivity(found, [cell for kind, cell in pairs if kind == "triangle"], lags, horizon, seed),
        _leads(found, lags), systems.explosive_share,
    )  # fmt: skip


def _asked(found: _Series) -> list[tuple[Literal["reciprocity", "triangle"], tuple[int, int]]]:
    """Places of effect and cause of the ground's answers, first for the first power."""
    if found.directed:
        return [("reciprocity", (1, 0)), ("triangle", (3, 0)), ("reciprocity", (3, 2)), ("triangle", (1, 2))]
    return [("triangle", (1, 0)), ("triangle", (0, 1))]


def _systems(values: NDArray[np.float64], lags: int, seed: int) -> SystemDraws:
    from tripoint.models.autoregression.bayes import fit_bayesian, posterior_systems

    posterior = fit_bayesian(values, lags, prior())
    return posterior_systems(
        posterior, declared("triangle").settings["draws_read"], np.random.default_rng(seed)
    )


def _responses(names: tuple[str, ...], systems: SystemDraws, horizon: int) -> pl.DataFrame:
    """Every series after a worsening in every other, period by period."""
    from tripoint.models.autoregression.responses import response_bands

    bands = response_bands(systems, horizon, shock="generalised", levels=LEVELS)
    rows = [
        (
            cause, effect, step, -float(bands.value[step, k, j]),
            *(-float(bound[level, step, k, j]) for level in (0, 1) for bound in (bands.upper, bands.lower)),
        )
        for j, cause in enumerate(names)
        for k, effect in enumerate(names)
        for step in range(horizon + 1)
    ]  # fmt: skip
    columns = ("value", "lower68", "upper68", "lower90", "upper90")
    return pl.DataFrame(rows, schema=["cause", "effect", "horizon", *columns], orient="row")


def _added_up(
    systems: SystemDraws,
    cell: tuple[int, int],
    horizon: int,
    shock: Literal["generalised", "orthogonalised"] = "generalised",
) -> tuple[float, tuple[float, float], tuple[float, float]]:
    """A response to a worsening, added up: value, 68% band, 90% band."""
    from tripoint.models.autoregression.responses import response_bands

    bands = response_bands(systems, horizon, shock=shock, cumulative=True, levels=LEVELS)
    place = (-1, *cell)
    inner, outer = ((-float(bands.upper[k][place]), -float(bands.lower[k][place])) for k in (0, 1))
    return -float(bands.value[place]), inner, outer


def _answer(
    names: tuple[str, ...],
    kind: Literal["reciprocity", "triangle"],
    cell: tuple[int, int],
    systems: SystemDraws,
    horizon: int,
) -> Answer:
    value, inner, (lower, upper) = _added_up(systems, cell, horizon)
    pattern: Pattern = "cannot be told"
    if lower > 0 or upper < 0:
        pattern = "turns to the other" if lower > 0 else "goes along"
    effect, cause = (names[place] for place in cell)
    return Answer(cause, effect, kind, value, lower, upper, inner, pattern if kind == "triangle" else None)


def _sensitivity(
    found: _Series, cells: list[tuple[int, int]], lags: int, horizon: int, seed: int
) -> pl.DataFrame:
    """The triangle's answers with other lags, other orders of the series, and bands by resampling."""
    rows = []
    for other in range(1, declared("triangle").settings["most_lags"] + 1):
        systems = _try(lambda lag=other: _systems(found.run.values, lag, seed))
        rows += _rows_of(
            f"{other} lag{'s' if other > 1 else ''}", found, cells, systems, horizon, "generalised"
        )
    n_series = len(found.names)
    for name, order in (("in the order given", range(n_series)), ("in reverse order", range(n_series)[::-1])):
        places = list(order)
        systems = _try(lambda at=places: _systems(found.run.values[:, at], lags, seed))
        moved = [(places.index(effect), places.index(cause)) for effect, cause in cells]
        rows += _rows_of(f"surprises {name}", found, moved, systems, horizon, "orthogonalised", cells)
    rows += _rows_of(
        "bands by resampling",
        found,
        cells,
        _try(lambda: _resampled(found, lags, seed)),
        horizon,
        "generalised",
    )
    texts = {"choice": pl.String(), "cause": pl.String(), "effect": pl.String()}
    schema = pl.Schema(texts | dict.fromkeys(("value", "lower", "upper"), pl.Float64()))
    return pl.DataFrame(rows, schema=schema, orient="row")


def _resampled(found: _Series, lags: int, seed: int) -> SystemDraws:
    from tripoint.models.autoregression.bootstrap import bootstrap_systems
    from tripoint.models.autoregression.fit import fit_autoregression

    model = fit_autoregression(found.run.values, lags)
    return bootstrap_systems(model, declared("triangle").settings["draws_read"], np.random.default_rng(seed))


def _try(make: Any) -> SystemDraws | None:
    """Systems, or None where the series do not allow that choice."""
    try:
        return make()
    except TripointError:
        return None


def _rows_of(
    choice: str,
    found: _Series,
    cells: list[tuple[int, int]],
    systems: SystemDraws | None,
    horizon: int,
    shock: Literal["generalised", "orthogonalised"],
    named: list[tuple[int, int]] | None = None,
) -> list[tuple[str | float | None, ...]]:
    rows: list[tuple[str | float | None, ...]] = []
    for cell, (effect, cause) in zip(cells, named or cells, strict=True):
        who = (choice, found.names[cause], found.names[effect])
        if systems is None:
            rows.append((*who, None, None, None))
        else:
            value, _, (lower, upper) = _added_up(systems, cell, horizon, shock)
            rows.append((*who, value, lower, upper))
    return rows


def _leads(found: _Series, lags: int) -> tuple[Leads, ...]:
    """Who leads whom: each power the ground's way with the other, and the two the ground and the other way round."""
    from tripoint.models.autoregression.exogeneity import exclusion_family
    from tripoint.models.autoregression.fit import fit_autoregression

    directed = [
        ([0], [3]),
        ([2], [1]),
        ([0, 2], [1, 3]),
        ([1, 3], [0, 2]),
        ([4, 5], [1, 3]),
        ([1, 3], [4, 5]),
    ]
    family = directed if found.directed else [([0], [1]), ([1], [0]), ([2], [0, 1]), ([0, 1], [2])]
    model = fit_autoregression(found.run.values, lags)
    return tuple(
        Leads(
            tuple(found.names[k] for k in test.causes), tuple(found.names[k] for k in test.effects), test.statistic,
            test.freedom, test.p_value, test.p_holm,
        )
        for test in exclusion_family(model, family)
    )  # fmt: skip
