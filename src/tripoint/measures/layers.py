"""The ground's ties layer by layer, as arrays: how present is each power in every ground and year?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import CARRIED
from tripoint.measures.carrying import carried, roots, squares
from tripoint.measures.index import index
from tripoint.measures.measure import Floats, Frames
from tripoint.measures.records import declared, find_record
from tripoint.models.hedging import Bounded, tilt


@dataclass(frozen=True, slots=True)
class Layers:
    """Presence of the powers in all grounds by layer.

    Attributes
    ----------
    presence
        Layer to presence, ``(n_powers, n_grounds, n_years)``; votes, which know pairs only, are not in it.
    seen
        Layer to the year in which the presence was observed, which is an earlier one where it is carried; 0 for never.
    n
        Layer to the observations behind a presence, carried with it.
    engagement
        Layer to the rank of presence among all powers in all grounds of the year, 0 to 1; 0 where there is none.
    """

    grounds: NDArray[np.str_]
    powers: tuple[str, ...]
    years: NDArray[np.int64]
    presence: dict[str, Bounded]
    seen: dict[str, NDArray[np.int64]]
    n: dict[str, NDArray[np.int64]]
    engagement: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class VoteTilts:
    """Tilts in votes between two powers, ``(n_grounds, n_years)``, and the roll calls on which a side was taken."""

    tilt: Bounded
    n: NDArray[np.int64]


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
    if "siding_tilt" in frames:
        known |= {*frames["siding_tilt"]["ground"].unique()}
    grounds = np.array(sorted(known))
    years = np.arange(declared("hedging").settings["first_year"], _last_year(frames) + 1)
    presence, seen, n = {}, {}, {}
    for layer, frame in oriented.items():
        found, when, count = _as_array(frame, powers, grounds, years)
        least = float(np.sqrt(index().presence.least))
        presence[layer] = squares(carried(roots(found), least), find_record(names[layer]).maximum)
        seen[layer], n[layer] = _with_it(when), _with_it(count)
    engagement = {layer: _engagement(found.value) for layer, found in presence.items()}
    return Layers(grounds, powers, years, presence, seen, n, engagement)


def _last_year(frames: Frames) -> int:
    """Last full year of the votes; of the trade where there are none."""
    name = "siding_tilt" if "siding_tilt" in frames else "presence_turnover"
    return int(frames[name].filter(pl.col("value").is_not_null())["period"].max())  # pyright: ignore[reportArgumentType]


def _oriented(series: pl.DataFrame) -> pl.DataFrame:
    """A series seen from the ground: what is mutual counts for either side."""
    columns = ("period", "value", "lower", "upper", "n", "note")
    if "power" in series.columns:
        return series.select("ground", "power", *columns)
    one = series.select(pl.col("first").alias("ground"), pl.col("second").alias("power"), *columns)
    other = series.select(pl.col("second").alias("ground"), pl.col("first").alias("power"), *columns)
    return pl.concat([one, other])


def _as_array(
    frame: pl.DataFrame, powers: tuple[str, ...], grounds: NDArray[np.str_], years: NDArray[np.int64]
) -> tuple[Bounded, NDArray[np.int64], NDArray[np.int64]]:
    """Presence as an array, the year in which each number was observed, and on how many observations it rests."""
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
    seen, n = np.zeros(bounds[0].shape, np.int64), np.zeros(bounds[0].shape, np.int64)
    seen[place], n[place] = observed.to_numpy(), rows["n"].to_numpy()
    return Bounded(*bounds), seen, n


def _with_it(known: NDArray[np.int64]) -> NDArray[np.int64]:
    """What is known of an observation, in the years for which it stands; 0 where nothing is carried."""
    made = known.copy()
    for age in range(1, index().presence.carried_years + 1):
        made[..., age:] = np.where(made[..., age:] == 0, known[..., :-age], made[..., age:])
    return made


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


def tilts_n(layers: Layers, one: int, two: int, votes: VoteTilts) -> NDArray[np.int64]:
    """The fewer of the observations behind each tilt's two presences, shaped as tilts; votes: roll calls."""
    none = np.zeros((len(layers.grounds), len(layers.years)), np.int64)
    return np.stack(
        [
            votes.n
            if layer == "votes"
            else np.minimum(layers.n[layer][one], layers.n[layer][two])
            if layer in layers.n
            else none
            for layer in declared_layers()
        ]
    )


def _of(presence: Bounded, power: int) -> Bounded:
    return Bounded(presence.value[power], presence.lower[power], presence.upper[power])


def read_vote_tilts(frames: Frames, layers: Layers) -> dict[tuple[str, str], VoteTilts]:
    """Tilts in votes of every ground between every pair of powers; pairs in the order of their names."""
    if "siding_tilt" not in frames:
        return {}
    rows = frames["siding_tilt"].with_columns(pl.col("period").cast(pl.Int64))
    here = pl.col("period").is_between(int(layers.years[0]), int(layers.years[-1]))
    found = {}
    for (first, second), mine in rows.filter(here, pl.col("value").is_not_null()).group_by("first", "second"):
        place = (
            np.searchsorted(layers.grounds, mine["ground"].to_numpy()),
            mine["period"].to_numpy() - layers.years[0],
        )
        made = unseen(layers)
        for array, name in (
            (made.tilt.value, "value"),
            (made.tilt.lower, "lower"),
            (made.tilt.upper, "upper"),
        ):
            array[place] = mine[name].to_numpy()
        made.n[place] = mine["n"].to_numpy()
        found[str(first), str(second)] = made
    return found


def unseen(layers: Layers) -> VoteTilts:
    """No tilt in votes anywhere."""
    shape = len(layers.grounds), len(layers.years)
    return VoteTilts(Bounded(*(np.full(shape, np.nan) for _ in range(3))), np.zeros(shape, np.int64))
