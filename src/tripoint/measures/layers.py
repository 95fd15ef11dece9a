"""The ground's ties layer by layer, as arrays: how present is each power in every ground and year?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import CARRIED, LEVEL
from tripoint.measures.index import index
from tripoint.measures.measure import Floats, Frames
from tripoint.measures.records import declared
from tripoint.models.hedging import Bounded, tilt
from tripoint.models.splits import jeffreys_interval


@dataclass(frozen=True, slots=True)
class Layers:
    """Presence of the powers in all grounds by layer.

    Attributes
    ----------
    presence
        Layer to presence, ``(n_powers, n_grounds, n_years)``; votes, which know pairs only, are not in it.
    seen
        Layer to the year in which the presence was observed, which is an earlier one where it is carried; 0 for never.
    engagement
        Layer to the rank of presence among all powers in all grounds of the year, 0 to 1; 0 where there is none.
    """

    grounds: NDArray[np.str_]
    powers: tuple[str, ...]
    years: NDArray[np.int64]
    presence: dict[str, Bounded]
    seen: dict[str, NDArray[np.int64]]
    engagement: dict[str, Floats]


def declared_layers() -> dict[str, dict[str, Any]]:
    """Layer to its group and measure, as declared."""
    return declared("hedging").settings["layers"]


def read_layers(frames: Frames, powers: tuple[str, ...]) -> Layers:
    """Arrange the layers whose series are there; a layer that is missing is left out."""
    powers = tuple(sorted(powers))
    names = {
        layer: told["measure"]
        for layer, told in declared_layers().items()
        if layer != "votes" and told["measure"] in frames
    }
    known: set[str] = set()
    oriented: dict[str, pl.DataFrame] = {}
    for layer, measure in names.items():
        every = _oriented(frames[measure])
        known |= {*every["ground"].unique()}
        oriented[layer] = every.filter(pl.col("power").is_in(powers), pl.col("value").is_not_null())
    if "siding_first" in frames:
        known |= {*frames["siding_first"]["ground"].unique()}
    grounds = np.array(sorted(known))
    years = np.arange(declared("hedging").settings["first_year"], _last_year(frames) + 1)
    presence, seen = {}, {}
    for layer, frame in oriented.items():
        presence[layer], seen[layer] = _carried(*_as_array(frame, powers, grounds, years))
    engagement = {layer: _engagement(found.value) for layer, found in presence.items()}
    return Layers(grounds, powers, years, presence, seen, engagement)


def _last_year(frames: Frames) -> int:
    """Last full year of the votes; of the trade where there are none."""
    if "siding_first" not in frames:
        return int(frames["presence_turnover"]["period"].max())  # pyright: ignore[reportArgumentType]
    partial = pl.col("note").str.contains("partial-year").fill_null(value=False)
    return int(frames["siding_first"].filter(~partial, pl.col("value").is_not_null())["period"].max())  # pyright: ignore[reportArgumentType]


def _oriented(series: pl.DataFrame) -> pl.DataFrame:
    """A series seen from the ground: what is mutual counts for either side."""
    columns = ("period", "value", "lower", "upper", "note")
    if "power" in series.columns:
        return series.select("ground", "power", *columns)
    one = series.select(pl.col("first").alias("ground"), pl.col("second").alias("power"), *columns)
    other = series.select(pl.col("second").alias("ground"), pl.col("first").alias("power"), *columns)
    return pl.concat([one, other])


def _as_array(
    frame: pl.DataFrame, powers: tuple[str, ...], grounds: NDArray[np.str_], years: NDArray[np.int64]
) -> tuple[Bounded, NDArray[np.int64]]:
    """Presence as an array, and the year in which each number was observed."""
    rows = frame.with_columns(pl.col("period").cast(pl.Int64)).filter(
        pl.col("period").is_between(int(years[0]), int(years[-1])),
    )
    place = (
        np.searchsorted(np.array(powers), rows["power"].to_numpy()),
        np.searchsorted(grounds, rows["ground"].to_numpy()),
        rows["period"].to_numpy() - years[0],
    )
    bounds = []
    for name in ("value", "lower", "upper"):
        array = np.full((len(powers), len(grounds), len(years)), np.nan)
        array[place] = rows[name].to_numpy()
        bounds.append(array)
    observed = rows["note"].str.extract(rf"^{CARRIED} (\d{{4}})").cast(pl.Int64).fill_null(rows["period"])
    seen = np.zeros(bounds[0].shape, np.int64)
    seen[place] = observed.to_numpy()
    return Bounded(*bounds), seen


def _carried(found: Bounded, seen: NDArray[np.int64]) -> tuple[Bounded, NDArray[np.int64]]:
    """What was last observed up to the declared number of years ago stands for a year without an observation."""
    made = [array.copy() for array in (found.value, found.lower, found.upper)]
    when = seen.copy()
    missing = np.isnan(found.value)
    for age in range(1, index().presence.carried_years + 1):
        unseen = missing[..., age:] & (when[..., age:] == 0)
        when[..., age:] = np.where(unseen, seen[..., :-age], when[..., age:])
        for array, source in zip(made, (found.value, found.lower, found.upper), strict=True):
            older = source[..., :-age]
            array[..., age:] = np.where(
                missing[..., age:] & np.isnan(array[..., age:]), older, array[..., age:]
            )
    return Bounded(*made), when


def _engagement(presence: Floats) -> Floats:
    """Rank of each presence among all of the year, 0 to 1, ties in the middle; none is 0."""
    from scipy.stats import rankdata

    ranks = rankdata(presence.reshape(-1, presence.shape[-1]), axis=0, nan_policy="omit").reshape(
        presence.shape
    )
    count = np.isfinite(presence).sum((0, 1))
    scaled = (ranks - 0.5) / np.maximum(count, 1)
    return np.where(presence == 0, 0.0, np.where(np.isnan(presence), np.nan, scaled))


def pair_tilts(layers: Layers, one: int, two: int, votes: Bounded) -> Bounded:
    """Tilts of all grounds between two powers, ``(n_layers, n_grounds, n_years)`` in the declared order."""
    empty = np.full((len(layers.grounds), len(layers.years)), np.nan)
    none = Bounded(empty, empty, empty)
    found = []
    for layer in declared_layers():
        if layer == "votes":
            found.append(votes)
        elif layer in layers.presence:
            presence = layers.presence[layer]
            found.append(tilt(*(_of(presence, power) for power in (one, two))))
        else:
            found.append(none)
    return Bounded(
        *(np.stack([getattr(each, bound) for each in found]) for bound in ("value", "lower", "upper"))
    )


def tilts_seen(layers: Layers, one: int, two: int) -> NDArray[np.int64]:
    """The year in which the older of the presences behind each tilt was observed, shaped as tilts; votes: always."""
    now = np.broadcast_to(layers.years, (len(layers.grounds), len(layers.years)))
    return np.stack(
        [
            np.minimum(layers.seen[layer][one], layers.seen[layer][two]) if layer in layers.seen else now
            for layer in declared_layers()
        ]
    )


def _of(presence: Bounded, power: int) -> Bounded:
    return Bounded(presence.value[power], presence.lower[power], presence.upper[power])


@dataclass(frozen=True, slots=True)
class Sides:
    """Split roll calls on which the ground took a side, pooled over years: counts for the first and for the second."""

    first: Floats
    second: Floats

    @property
    def tilt(self) -> Bounded:
        """Tilt of the votes, with Jeffreys' interval."""
        count = self.first + self.second
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(count > 0, self.first / count, np.nan)
        lower, upper = jeffreys_interval(self.first, count, count, LEVEL)
        return Bounded(
            *(2 * array - 1 for array in (share, np.minimum(lower, share), np.maximum(upper, share)))
        )


def read_sides(frames: Frames, layers: Layers) -> dict[tuple[str, str], Sides]:
    """Sides taken by every ground between every pair of powers, pooled over the declared years."""
    if "siding_first" not in frames:
        return {}
    window = declared("hedging").settings["siding_years"]
    who = ["first", "second", "ground", "period"]
    columns = [
        frames[name].select(*who, (pl.col("value") * pl.col("n")).alias(name))
        for name in ("siding_first", "siding_second")
    ]
    both = columns[0].join(columns[1], on=who).drop_nulls().with_columns(pl.col("period").cast(pl.Int64))
    found = {}
    start = int(layers.years[0]) - window + 1
    for (first, second), rows in both.group_by("first", "second"):
        place = np.searchsorted(layers.grounds, rows["ground"].to_numpy()), rows["period"].to_numpy() - start
        kept = (place[1] >= 0) & (place[1] < len(layers.years) + window - 1)
        pooled = []
        for name in ("siding_first", "siding_second"):
            counts = np.zeros((len(layers.grounds), len(layers.years) + window - 1))
            counts[place[0][kept], place[1][kept]] = rows[name].to_numpy()[kept]
            pooled.append(np.lib.stride_tricks.sliding_window_view(counts, window, axis=1).sum(-1))
        found[str(first), str(second)] = Sides(*pooled)
    return found
