"""Where does a pair of powers collide: in which ground, over what, and how does that compare with other pairs?"""

from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import CARRIED, LEVEL, no_rows
from tripoint.core.states import find_state
from tripoint.measures.carrying import root_drift, widened_roots
from tripoint.measures.index import Index, NeedleDeclaration, index
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
from tripoint.measures.needle import Needle, Panel, Scale, compose, coverage, percentile, quantiles_of, ranked
from tripoint.measures.panels import needle_panels
from tripoint.measures.records import declared, find_record, records, varied
from tripoint.measures.reference import population, read_scales
from tripoint.store.vintages import REFERENCE

_WITHHELD = "too few issue areas are observed in the ground"
_FEW_GROUNDS = "too few grounds are on record in which both are present"
_TRIAD = ("first", "second", "ground")


@dataclass(frozen=True, slots=True)
class _World:
    """All pairs of powers in all grounds: where strain applies, its indicators, and the needle there.

    ``dark`` marks where the presence of both is not observed, and both were present when last it was.
    """

    triads: pl.DataFrame
    years: NDArray[np.int64]
    applies: NDArray[np.bool_]
    dark: NDArray[np.bool_]
    panels: dict[str, Panel]
    strain_as: NeedleDeclaration
    needle: Needle
    scales: dict[str, Scale]

    @property
    def grades(self) -> NDArray[np.str_]:
        """Coverage grade of strain."""
        return coverage(self.needle, self.strain_as)

    @property
    def strain(self) -> Panel:
        """Strain in hindsight; NaN where it does not apply or rests on too little."""
        shown = self.applies & (self.grades != "D")
        band = self.needle.smoothed
        return Panel(*(np.where(shown, array, np.nan) for array in (band.value, band.lower, band.upper)))


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Collisions by area, strain in every ground, and what both say of a pair."""
    progress(0.0, "strain in every ground")
    world = _world(frames, settings, index())
    progress(0.5, "collisions by issue area")
    collisions = _collisions(frames, world)
    made = {"collision": collisions, "ground_strain": _strain_rows(world)}
    variants = declared("fault_lines").variants
    for done, variant in enumerate((None, *variants)):
        progress(0.7 + 0.3 * done / (1 + len(variants)), "pairs compared")
        here, since = world, int(world.years[0])
        if variant is not None:
            here = _made_otherwise(world, variant.settings["strain"])
            since = int(declared("fault_lines").variants_since)
        found = {"strain_gap": _gaps(here, since), **_counts(here, collisions, since, settings.seed)}
        made |= {varied(name, variant.name) if variant else name: frame for name, frame in found.items()}
    return {
        record.name: series(
            record,
            made.get(record.name, no_rows(record.grain)),
            _WITHHELD if record.name in ("collision", "ground_strain") else _FEW_GROUNDS,
        )
        for record in declared("fault_lines").measures
    }


def _read(frames: Frames, name: str) -> pl.DataFrame:
    return frames[name] if name in frames else no_rows(records()[name].grain)


def _world(frames: Frames, settings: Settings, definition: Index) -> _World:
    strain = definition.needle("strain")
    read = partial(_read, frames)
    triads = population(strain, read, settings)
    last = max(int(frames[name]["period"].max()) for name in strain.indicators if name in frames)  # pyright: ignore[reportArgumentType]
    if "side_taking" in frames:
        partial_year = pl.col("note").str.contains("partial-year").fill_null(value=False)
        last = int(frames["side_taking"].filter(~partial_year, pl.col("value").is_not_null())["period"].max())  # pyright: ignore[reportArgumentType]
    years = np.arange(int(definition.reference.first), last + 1)
    panels, applies = needle_panels(strain, read, triads, years, definition)
    scales = read_scales(frames[REFERENCE])
    used = {name: panels[name] for name in strain.indicators}
    needle = ranked(compose(strain, used, scales, definition), scales[strain.key])
    return _World(triads, years, applies == 1, _dark(applies), used, strain, needle, scales)


def _made_otherwise(world: _World, variant: str) -> _World:
    """The same world with strain made in another declared way."""
    strain = next(made for made in index().needle("strain").with_variants if made.variant == variant)
    panels = {name: world.panels[name] for name in strain.indicators}
    needle = ranked(compose(strain, panels, world.scales, index()), world.scales[strain.key])
    return replace(world, strain_as=strain, needle=needle)


def _dark(applies: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Where it is unknown whether a needle applies, and it did when that was last known."""
    known = np.maximum.accumulate(np.where(applies >= 0, np.arange(applies.shape[1]), -1), axis=1)
    last = np.take_along_axis(applies, np.maximum(known, 0), axis=1)
    return (applies == -1) & (known >= 0) & (last == 1)


def _strain_rows(world: _World) -> pl.DataFrame:
    """Strain of every ground where both are present; withheld where it rests on fewer than the least families."""
    band, grades = world.needle.smoothed, world.grades
    row, year = np.nonzero(world.applies)
    seen = np.sum(list(world.needle.seen.values()), axis=0)
    return world.triads[row].with_columns(
        pl.Series("period", world.years[year].astype(str)),
        pl.Series("value", band.value[row, year]),
        pl.Series("lower", band.lower[row, year]),
        pl.Series("upper", band.upper[row, year]),
        pl.Series("n", seen[row, year]),
        pl.Series("coverage", grades[row, year]),
        pl.lit(None, pl.String).alias("note"),
    )


def _collisions(frames: Frames, world: _World) -> pl.DataFrame:
    """Every area's indicator as a percentile, where both powers are present, carried for the declared years."""
    row, year = np.nonzero(world.applies)
    where = world.triads[row].with_columns(pl.Series("year", world.years[year].astype(np.int64)))
    parts = []
    areas = declared("fault_lines").settings["areas"]
    for family in index().needle("strain").families:
        (name,) = family.indicators
        if name in frames:
            found = _latest(name, _usable(frames[name]), where)
            parts.append(_as_percentiles(found, areas[family.name], world.scales[name].quantiles))
    stacked = pl.concat(parts)
    observed, fresh = pl.len().over(*_TRIAD, "period"), (~_is_carried()).sum().over(*_TRIAD, "period")
    most = len(index().needle("strain").families)
    least = index().needle("strain").least_families
    by_areas = (
        pl.when(fresh >= most).then(pl.lit("A"))
        .when(fresh == most - 1).then(pl.lit("B"))
        .when(observed >= least).then(pl.lit("C"))
        .otherwise(pl.lit("D"))
    )  # fmt: skip
    graded = stacked.with_columns(by_areas.alias("by_areas"))
    more = pl.concat([_votes_by_issue(frames, where), _contested_routes(frames, where)]).join(
        graded.select(*_TRIAD, "period", "by_areas").unique(), on=[*_TRIAD, "period"]
    )
    every = pl.concat([graded, more.select(graded.columns)])
    at_best = pl.when(_is_carried()).then(pl.lit("C")).otherwise(pl.lit("A"))
    return every.with_columns(pl.max_horizontal("by_areas", "coverage", at_best).alias("coverage")).drop(
        "by_areas"
    )


def _is_carried() -> pl.Expr:
    return pl.col("note").str.starts_with(CARRIED).fill_null(value=False)


def _as_percentiles(found: pl.DataFrame, issue: str, quantiles: Floats) -> pl.DataFrame:
    ends = {bound: percentile(found[bound].to_numpy(), quantiles) for bound in ("value", "lower", "upper")}
    columns = [pl.Series(bound, values) for bound, values in ends.items()]
    return found.with_columns(*columns, pl.lit(issue).alias("issue"))


def _votes_by_issue(frames: Frames, where: pl.DataFrame) -> pl.DataFrame:
    """Sides taken in each UN issue, as percentiles of the same issue in the years of the reference population."""
    name, since = "issue_side_taking", index().reference
    rows = _usable(_read(frames, name))
    parts = [_latest(name, rows.clear(), where).with_columns(pl.lit(None, pl.String).alias("issue"))]
    for issue in declared("fault_lines").settings["issues"]:
        found = _latest(name, rows.filter(pl.col("issue") == issue), where)
        fixed = found.filter(pl.col("period").is_between(pl.lit(since.first), pl.lit(since.last)))
        quantiles = quantiles_of(fixed["value"].to_numpy(), since.quantiles)
        parts.append(_as_percentiles(found, issue, quantiles))
    return pl.concat(parts)


def _contested_routes(frames: Frames, where: pl.DataFrame) -> pl.DataFrame:
    """Opposed interests in planned routes, as percentiles of all pairs with a stake in all grounds on a corridor."""
    name = "opposed_routes"
    rows = _usable(_read(frames, name))
    found = _latest(name, rows, where)
    quantiles = quantiles_of(rows["value"].to_numpy().astype(float), index().reference.quantiles)
    return _as_percentiles(found, declared("fault_lines").settings["routes"], quantiles)


def _usable(series_: pl.DataFrame) -> pl.DataFrame:
    partial_year = pl.col("note").str.contains("partial-year").fill_null(value=False)
    return series_.filter(pl.col("value").is_not_null(), ~partial_year).with_columns(
        pl.col("period").cast(pl.Int64).alias("seen")
    )


def _latest(name: str, found: pl.DataFrame, where: pl.DataFrame) -> pl.DataFrame:
    """The last observation of each triad by each year, not older than the declared years, its interval as old."""
    joined = where.sort("year").join_asof(
        found.drop("period").sort("seen"),
        left_on="year",
        right_on="seen",
        by=list(_TRIAD),
        tolerance=index().presence.carried_years,
        check_sortedness=False,
    )
    old = pl.col("seen") < pl.col("year")
    note = pl.when(old).then(pl.format(f"{CARRIED} {{}}", "seen")).otherwise("note")
    here = found.join(where.select(_TRIAD).unique(), on=_TRIAD, how="semi")
    drift = root_drift(here, _TRIAD, "seen")
    change = (pl.col("year") - pl.col("seen")).replace_strict(drift, return_dtype=pl.Float64)
    wider = widened_roots(change, find_record(name).maximum)
    bounds = [pl.when(old).then(bound).otherwise(bound.meta.output_name()) for bound in wider]
    return joined.filter(pl.col("value").is_not_null()).select(
        *_TRIAD, pl.col("year").cast(pl.String).alias("period"),
        "value", *bounds, "n", "coverage", note.alias("note"),
    )  # fmt: skip


def _pair_means(world: _World) -> tuple[list[tuple[str, str]], Floats, NDArray[np.int64], Floats]:
    """Mean strain of each pair over its grounds, their number, and their share with the dark ones, pairs by years."""
    powers = sorted(set(world.triads["first"]) | set(world.triads["second"]))
    pairs = list(combinations(powers, 2))
    number = {pair: k for k, pair in enumerate(pairs)}
    of = np.array([number[pair] for pair in world.triads.select("first", "second").iter_rows()])
    strain = world.strain.value
    count = np.zeros((len(pairs), len(world.years)), int)
    total = np.zeros((len(pairs), len(world.years)))
    np.add.at(count, of, np.isfinite(strain))
    np.add.at(total, of, np.nan_to_num(strain))
    dark = np.zeros_like(count)
    np.add.at(dark, of, world.dark)
    with np.errstate(invalid="ignore", divide="ignore"):
        return pairs, np.where(count > 0, total / count, np.nan), count, count / (count + dark)


def _gaps(world: _World, since: int) -> pl.DataFrame:
    """How much more strain a pair has than the others; the interval inverts the distribution over pairs.

    Compared are pairs that are known well enough to be published. The ends of the distribution are pairs, not points
    between them, so that where there are few no pair stands out.
    """
    pairs, mean, count, lit = _pair_means(world)
    grades = grade(thresholds().grounds, count, lit)
    parts = [no_rows("dyad-year")]
    for year in np.flatnonzero(world.years >= since):
        known = np.isfinite(mean[:, year])
        here, compared = np.flatnonzero(known), np.flatnonzero(known & (grades[:, year] != "D"))
        others = np.array(
            [mean[compared[compared != k], year].mean() if compared.size > 1 else np.nan for k in here]
        )
        gap = mean[here, year] - others
        among = gap[np.isin(here, compared)]
        if among.size < 2:
            continue
        low = np.quantile(among, (1 - LEVEL) / 2, method="lower")
        high = np.quantile(among, (1 + LEVEL) / 2, method="higher")
        parts.append(
            pl.DataFrame(
                {
                    "first": [pairs[k][0] for k in here],
                    "second": [pairs[k][1] for k in here],
                    "period": str(world.years[year]),
                    "value": gap,
                    "lower": gap - high,
                    "upper": gap - low,
                    "n": count[here, year].astype(np.int32),
                    "coverage": grades[here, year],
                    "note": pl.Series(
                        [f"against {compared.size - 1} other pairs"] * len(here), dtype=pl.String
                    ),
                }
            )
        )
    return pl.concat(parts)


def _counts(world: _World, collisions: pl.DataFrame, since: int, seed: int) -> dict[str, pl.DataFrame]:
    """Grounds, regions and areas under strain apart from each ground's own, with draws of every ground's strain."""
    constants, rng = declared("fault_lines").settings, np.random.default_rng(seed)
    region = np.array([find_state(code).region or code for code in world.triads["ground"]])
    hot = _hot_areas(world, collisions, constants["strained"])
    strain = world.strain
    pair_of = world.triads.select(pl.concat_str("first", "second")).to_series().to_numpy()
    parts: dict[str, list[pl.DataFrame]] = {}
    last = np.arange(len(world.years))[-constants["years"] :]
    for year in last[world.years[last] >= since]:
        for pair in np.unique(pair_of):
            of_pair = pair_of == pair
            rows = np.flatnonzero(of_pair & np.isfinite(strain.value[:, year]))
            if not rows.size:
                continue
            dark = np.flatnonzero(of_pair & world.dark[:, year])
            band = Panel(*(array[rows, year] for array in (strain.value, strain.lower, strain.upper)))
            passed = _passed(band, constants["strained"], constants["draws"], rng)
            here, there = region[rows], np.unique(region[dark])
            regions = np.union1d(here, there)
            # The classes that a ground counts in, and those that dark grounds would add if all were under strain.
            found = {
                "strained_grounds": (np.eye(rows.size, dtype=bool), len(dark)),
                "strained_regions": (here[:, None] == regions, np.isin(regions, there)),
                "strained_areas": (hot[rows, :, year], np.full(hot.shape[1], dark.size > 0)),
            }
            for name, (belongs, unseen) in found.items():
                counts = _others(passed, belongs)
                most = counts + unseen if isinstance(unseen, int) else _others(passed, belongs, unseen)
                rows_of = _count_rows(world.triads[rows], counts, most, len(dark))
                parts.setdefault(name, []).append(
                    rows_of.with_columns(pl.lit(str(world.years[year])).alias("period"))
                )
    return {name: pl.concat(frames) for name, frames in parts.items()}


def _count_rows(
    triads: pl.DataFrame, counts: NDArray[np.int64], most: NDArray[np.int64], dark: int
) -> pl.DataFrame:
    """Counts with the interval of the draws; above, as if all that is dark were under strain."""
    low = np.quantile(counts[1:], (1 - LEVEL) / 2, axis=0)
    high = np.quantile(most[1:], (1 + LEVEL) / 2, axis=0)
    others = triads.height - 1
    share = others / max(others + dark, 1)
    return triads.with_columns(
        pl.Series("value", counts[0].astype(float)),
        pl.Series("lower", np.minimum(low, counts[0])),
        pl.Series("upper", np.maximum(high, most[0])),
        pl.lit(others).alias("n"),
        pl.lit(str(grade(thresholds().grounds, np.array([others]), share)[0])).alias("coverage"),
        pl.lit(f"{dark} further grounds are dark" if dark else None, pl.String).alias("note"),
    )


def _passed(band: Panel, line: float, draws: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether each ground's lower bound passes the line: as it is in the first row, then with the strain drawn anew."""
    half = band.value - band.lower
    drawn = band.value + (band.upper - band.lower) / (2 * HALF_WIDTH) * rng.standard_normal(
        (draws, band.value.size)
    )
    return np.concatenate([band.lower[None] > line, drawn - half > line])


def _others(
    passed: NDArray[np.bool_], belongs: NDArray[np.bool_], unseen: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Number of classes with a ground that passed, leaving out one ground in turn, ``(1 + draws, n_grounds)``.

    Classes that are ``unseen`` count in any case.
    """
    held = passed.astype(np.float32) @ belongs.astype(np.float32)
    own = passed[:, :, None] & belongs[None]
    if unseen is None and passed.shape[1] == belongs.shape[1] and belongs.diagonal().all():
        return (held > 0).sum(1, keepdims=True) - passed  # each ground is its own class
    in_any_case = np.zeros(belongs.shape[1], bool) if unseen is None else unseen
    return ((held[:, None, :] - own > 0.5) | in_any_case).sum(2)


def _hot_areas(world: _World, collisions: pl.DataFrame, line: float) -> NDArray[np.bool_]:
    """Whether an area's collision surely passes the line, ``(n_triads, n_areas, n_years)``."""
    areas = list(declared("fault_lines").settings["areas"].values())  # votes as a whole, not issue by issue
    hot = np.zeros((world.triads.height, len(areas), len(world.years)), bool)
    rows = collisions.filter(
        pl.col("issue").is_in(areas), pl.col("coverage") != "D", pl.col("lower") > line
    ).join(world.triads.with_row_index("row"), on=list(_TRIAD))
    area = np.array([areas.index(name) for name in rows["issue"]], int)
    hot[rows["row"].to_numpy(), area, rows["period"].cast(pl.Int64).to_numpy() - world.years[0]] = True
    return hot


MEASURE = Measure("fault_lines", compute, uses=("presence_turnover", REFERENCE), needs=())
