"""Which international organisations do states share, for every pair and year, from two lists that differ?"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import LEVEL
from tripoint.measures.measure import HALF_WIDTH, Floats, Frames, Measure, Progress, Settings, series
from tripoint.measures.records import declared, find_record
from tripoint.models.hedging import Bounded
from tripoint.sources import codebook
from tripoint.store.corrections import usable

_WITHHELD = "in too few organisations"


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Shares of each power in the organisations of all grounds, and organisations in common of all pairs."""
    rows = usable(frames["memberships"], codebook("memberships")).with_columns(
        pl.col("state", "organisation", "status", "origin").cast(pl.String)
    )
    lists = rows.select("year", "origin").unique().sort("year", "origin").rows()
    states = np.unique(rows["state"].to_numpy())
    counted = {}
    for done, (year, origin) in enumerate(lists):
        progress(done / len(lists), f"organisations in {year}")
        here = rows.filter(pl.col("year") == year, pl.col("origin") == origin)
        counted[year, origin] = _common(here, states)
    made = {
        name: _rows(
            name, {key: _share(name, *tables) for key, tables in counted.items()}, states, settings.powers
        )
        for name in ("membership_share", "membership_tie")
    }
    return {name: series(find_record(name), frame, _WITHHELD) for name, frame in made.items()}


def _common(rows: pl.DataFrame, states: NDArray[np.str_]) -> tuple[Floats, Floats]:
    """Number of organisations that each two states share, full members only and with associates and observers."""
    organisations = np.unique(rows["organisation"].to_numpy())
    found = []
    for statuses in (["full"], ["full", "associate", "observer"]):
        kept = rows.filter(pl.col("status").is_in(statuses))
        sits = np.zeros((len(states), len(organisations)), np.float32)
        seats = np.searchsorted(organisations, kept["organisation"].to_numpy())
        sits[np.searchsorted(states, kept["state"].to_numpy()), seats] = 1
        sits[np.diag(sits @ sits.T) < declared("memberships").settings["organisations"]] = np.nan
        found.append((sits @ sits.T).astype(float))
    return found[0], found[1]


def _share(name: str, full: Floats, wide: Floats) -> Bounded:
    """Share of organisations in common: of the ground's (rows), or of both states' together."""
    narrow, broad = (_divided(name, counts) for counts in (full, wide))
    return Bounded(narrow, np.minimum(narrow, broad), np.maximum(narrow, broad))


def _divided(name: str, counts: Floats) -> Floats:
    own = np.diag(counts)
    of = own[:, None] if name == "membership_share" else own[:, None] + own[None, :] - counts
    return counts / of


def _rows(
    name: str, shares: dict[tuple[int, str], Bounded], states: NDArray[np.str_], powers: tuple[str, ...]
) -> pl.DataFrame:
    """One row per pair and year; lists of the later origin get the error that the change of origin shows."""
    first, second = np.triu_indices(len(states), 1)
    if name == "membership_share":
        first, second = np.nonzero(~np.eye(len(states), dtype=bool) & np.isin(states, powers))
    columns = ("ground", "power") if name == "membership_share" else ("first", "second")
    error = _error_of_change(shares)
    parts = []
    for (year, origin), share in shares.items():
        own = HALF_WIDTH * error if origin != "cow_igo" else 0.0
        value, lower, upper = (array[first, second] for array in (share.value, share.lower, share.upper))
        seen = np.flatnonzero(np.isfinite(value))
        note = "" if origin == "cow_igo" else "organisations as the World Factbook lists them"
        parts.append(
            pl.DataFrame(
                {
                    columns[0]: states[first[seen]],
                    columns[1]: states[second[seen]],
                    "period": np.full(len(seen), str(year)),
                    "value": value[seen],
                    "lower": np.maximum(0, lower[seen] - own),
                    "upper": np.minimum(1, upper[seen] + own),
                    "n": np.ones(len(seen), int),
                    "coverage": np.full(len(seen), "A" if origin == "cow_igo" else "B"),
                    "note": np.full(len(seen), note),
                }
            )
        )
    return pl.concat(parts).with_columns(pl.col("note").replace("", None))


def _error_of_change(shares: dict[tuple[int, str], Bounded]) -> float:
    """Standard deviation of the normal that holds nine in ten changes from the last COW list to the first other one."""
    cow = [key for key in shares if key[1] == "cow_igo"]
    other = [key for key in shares if key[1] != "cow_igo"]
    if not cow or not other:
        return 0.0
    gap = np.abs(shares[min(other)].value - shares[max(cow)].value)
    np.fill_diagonal(gap, np.nan)
    return float(np.nanquantile(gap, LEVEL) / HALF_WIDTH) if np.isfinite(gap).any() else 0.0


MEASURE = Measure("memberships", compute)
