"""How does the ground stand between two powers: tilt by layer, balance, hedging, for every pair and every ground?"""

from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import CARRIED, no_rows
from tripoint.measures.layers import (
    Layers,
    VoteTilts,
    declared_layers,
    pair_tilts,
    read_layers,
    read_vote_tilts,
    tilts_n,
    tilts_seen,
    unseen,
)
from tripoint.measures.measure import (
    HALF_WIDTH,
    Floats,
    Frames,
    Measure,
    Progress,
    Settings,
    grade,
    series,
    thresholds,
)
from tripoint.measures.records import declared, find_record, ways
from tripoint.models.hedging import Bounded, hedge, hedging_draws

_WITHHELD = "too few layers of ties are observed"
_PERCENTILE = "hedging_percentile"
#: Later than any year in which a tilt was observed.
_NEVER = 9999
_GROUPS = {"tilt_security": "security", "tilt_economic": "economic"}


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Everything about every ground between every pair of powers."""
    progress(0.0, "layers of ties")
    layers = read_layers(frames, settings.powers)
    votes = read_vote_tilts(frames, layers)
    pairs = list(combinations(range(len(layers.powers)), 2))
    parts: dict[str, list[pl.DataFrame]] = {record.name: [] for record in declared("hedging").measures}
    for done, (one, two) in enumerate(pairs):
        progress(
            0.1 + 0.9 * done / len(pairs), f"hedging between {layers.powers[one]} and {layers.powers[two]}"
        )
        for name, frame in _pair(layers, votes, one, two, settings).items():
            parts[name].append(series(find_record(name), frame, _WITHHELD))
    # Pairs come in the order of their names, so that the pieces put together are sorted.
    return {name: pl.concat([no_rows(find_record(name).grain), *some]) for name, some in parts.items()}


def _pair(
    layers: Layers, votes: dict[tuple[str, str], VoteTilts], one: int, two: int, settings: Settings
) -> dict[str, pl.DataFrame]:
    pair = layers.powers[one], layers.powers[two]
    in_votes = votes.get(pair, unseen(layers))
    tilts = pair_tilts(layers, one, two, in_votes.tilt)
    outside = ~np.isin(layers.grounds, pair)
    known = outside[:, None] & np.isfinite(tilts.lower) & np.isfinite(tilts.upper)
    tilts = Bounded(*(np.where(known, array, np.nan) for array in (tilts.value, tilts.lower, tilts.upper)))
    when = np.where(np.isfinite(tilts.value), tilts_seen(layers, one, two), _NEVER)
    made = {"tilt": _tilt_rows(layers, pair, tilts, when, tilts_n(layers, one, two, in_votes))}
    seen = np.sum(np.isfinite(tilts.value), axis=0)
    names = list(declared_layers())
    for name, group in _GROUPS.items():
        members = [k for k, layer in enumerate(names) if declared_layers()[layer]["group"] == group]
        part = Bounded(*(array[members] for array in (tilts.value, tilts.lower, tilts.upper)))
        count = np.isfinite(part.value).sum(0)
        coverage = np.where(count == len(members), "B", "C")
        made[name] = _rows(layers, pair, _mean(part), count, coverage, when[members].min(0))
    coverage, oldest = grade(thresholds().layers, seen), when.min(0)
    engaged = _engaged(list(layers.engagement.values()), one, two)
    for name, found in _hedging(tilts, engaged, settings.seed).items():
        made[name] = _rows(layers, pair, found, seen, coverage, oldest)
    made |= _without_layers(layers, (one, two), tilts, when, settings.seed)
    made["third_vector"] = _third_vector(layers, pair, one, two, outside)
    return made


def _without_layers(
    layers: Layers, pair: tuple[int, int], tilts: Bounded, when: NDArray[np.int64], seed: int
) -> dict[str, pl.DataFrame]:
    """Percentiles of hedging with one layer left out, in the years of which variants ship.

    Where that layer is not observed, nothing is left out, and the row is withheld for that reason.
    """
    last = layers.years >= int(declared("hedging").variants_since)
    if not last.any():
        return {}
    recent = replace(layers, years=layers.years[last])
    names = layers.powers[pair[0]], layers.powers[pair[1]]
    made = {}
    for name, constants in ways("hedging", _PERCENTILE).items():
        if name != _PERCENTILE:
            without = constants["without"]
            kept = [layer != without for layer in declared_layers()]
            some = Bounded(*(array[kept][..., last] for array in (tilts.value, tilts.lower, tilts.upper)))
            ranks = [found[..., last] for layer, found in layers.engagement.items() if layer != without]
            found = _hedging(some, _engaged(ranks, *pair), seed)[_PERCENTILE]
            seen = np.isfinite(some.value).sum(0)
            rows = _rows(
                recent, names, found, seen, grade(thresholds().layers, seen), when[kept][..., last].min(0)
            )
            gone = np.isfinite(tilts.value[list(declared_layers()).index(without)][:, last])
            made[name] = _unless_nothing_goes(rows, recent, gone)
    return made


def _unless_nothing_goes(rows: pl.DataFrame, layers: Layers, gone: NDArray[np.bool_]) -> pl.DataFrame:
    ground = np.searchsorted(layers.grounds, rows["ground"].to_numpy())
    left_out = pl.Series(gone[ground, rows["period"].cast(pl.Int64).to_numpy() - layers.years[0]])
    bounds = ("value", "lower", "upper")
    return rows.with_columns(
        *(pl.when(left_out).then(pl.col(bound)).alias(bound) for bound in bounds),
        pl.when(left_out).then("note").otherwise(pl.lit("no tie of that kind is on record")).alias("note"),
    )


def _mean(part: Bounded) -> Bounded:
    """Mean over the observed layers; distances to the bounds in quadrature."""
    count = np.isfinite(part.value).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, np.nansum(part.value, axis=0) / count, np.nan)
        down = np.sqrt(np.nansum((part.value - part.lower) ** 2, axis=0)) / count
        up = np.sqrt(np.nansum((part.upper - part.value) ** 2, axis=0)) / count
    return Bounded(mean, mean - down, mean + up)


def _engaged(ranks: list[Floats], one: int, two: int) -> Floats:
    """Geometric mean of both powers' mean engagement over the layers in which both are observed."""
    both = np.stack([np.stack([found[one], found[two]]) for found in ranks])
    known = np.all(np.isfinite(both), axis=1)
    count = np.sum(known, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.sum(np.where(known[:, None], both, 0.0), axis=0) / count
    return np.where(count > 0, np.sqrt(mean[0] * mean[1]), np.nan)


def _hedging(tilts: Bounded, engagement: Floats, seed: int) -> dict[str, Bounded]:
    """Hedging of all grounds, year by year."""
    constants = declared("hedging").settings
    n_layers, n_grounds, n_years = tilts.value.shape
    draws = hedging_draws(n_layers, n_grounds, constants["draws"], np.random.default_rng(seed))
    yearly = [
        hedge(
            Bounded(tilts.value[..., year], tilts.lower[..., year], tilts.upper[..., year]),
            engagement[:, year],
            constants["least_layers"],
            draws,
            HALF_WIDTH,
        )
        for year in range(n_years)
    ]
    parts = {
        "hedging": "hedging",
        _PERCENTILE: "percentile",
        "balance": "balance",
        "dispersion": "dispersion",
    }
    return {
        name: Bounded(
            *(
                np.stack([getattr(getattr(of, part), bound) for of in yearly], axis=1)
                for bound in ("value", "lower", "upper")
            )
        )
        for name, part in parts.items()
    }


def _third_vector(
    layers: Layers, pair: tuple[str, str], one: int, two: int, outside: NDArray[np.bool_]
) -> pl.DataFrame:
    parts = []
    oldest = np.full(outside.shape + layers.years.shape, _NEVER)
    for layer in ("trade", "arms"):
        if layer in layers.presence:
            known = np.isfinite(layers.presence[layer].value[[one, two]]).all(0)
            seen = layers.seen[layer][[one, two]].min(0)
            oldest = np.where(known, np.minimum(oldest, seen), oldest)
            found = layers.presence[layer]
            rest = 1 - found.value[one] - found.value[two]
            down = np.hypot(found.upper[one] - found.value[one], found.upper[two] - found.value[two])
            up = np.hypot(found.value[one] - found.lower[one], found.value[two] - found.lower[two])
            parts.append(Bounded(rest, rest - down, rest + up))
    stacked = Bounded(
        *(np.stack([getattr(part, bound) for part in parts]) for bound in ("value", "lower", "upper"))
    )
    count = np.isfinite(stacked.value).sum(0)
    mean = _mean(stacked)
    value = np.where(outside[:, None], mean.value, np.nan)
    coverage = np.where(count == 2, "B", "C")
    return _rows(layers, pair, Bounded(value, mean.lower, mean.upper), count, coverage, oldest)


def _rows(
    layers: Layers,
    pair: tuple[str, str],
    found: Bounded,
    n: NDArray[np.int64],
    coverage: NDArray[np.str_],
    oldest: NDArray[np.int64],
) -> pl.DataFrame:
    """Rows of a measure over layers, with grade C at best where a layer is carried from an earlier year."""
    ground, year = np.nonzero(np.isfinite(found.value) | (n > 0))
    old = (oldest < layers.years) & (coverage < "C")
    coverage = np.where(old, "C", coverage)
    return pl.DataFrame(
        {
            "first": pair[0],
            "second": pair[1],
            "ground": layers.grounds[ground],
            "period": layers.years[year].astype(str),
            "value": found.value[ground, year],
            "lower": found.lower[ground, year],
            "upper": found.upper[ground, year],
            "n": n[ground, year],
            "coverage": coverage[ground, year],
            "note": _note(oldest[ground, year], layers.years[year], "in part "),
        }
    )


def _note(seen: NDArray[np.int64], year: NDArray[np.int64], part: str = "") -> pl.Series:
    """Say from which year a number is carried, if from an earlier one."""
    since = pl.DataFrame({"seen": seen, "year": year})
    told = pl.when(pl.col("seen") < pl.col("year")).then(pl.format(f"{part}{CARRIED} {{}}", "seen"))
    return since.select(told.alias("note"))["note"]


def _tilt_rows(
    layers: Layers, pair: tuple[str, str], tilts: Bounded, when: NDArray[np.int64], n: NDArray[np.int64]
) -> pl.DataFrame:
    names = np.array(list(declared_layers()))
    layer, ground, year = np.nonzero(np.isfinite(tilts.value))
    return pl.DataFrame(
        {
            "first": pair[0],
            "second": pair[1],
            "ground": layers.grounds[ground],
            "issue": names[layer],
            "period": layers.years[year].astype(str),
            "value": tilts.value[layer, ground, year],
            "lower": tilts.lower[layer, ground, year],
            "upper": tilts.upper[layer, ground, year],
            "n": n[layer, ground, year],
            "coverage": np.full(len(layer), "C"),
            "note": _note(when[layer, ground, year], layers.years[year]),
        }
    )


MEASURE = Measure("hedging", compute, uses=("presence_turnover",), needs=())
