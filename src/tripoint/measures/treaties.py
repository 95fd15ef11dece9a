"""What do states owe each other by treaty, and where do two powers owe a ground different things?"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.series import CARRIED
from tripoint.core.states import all_states
from tripoint.measures.measure import Floats, Frames, Measure, Progress, Settings, series
from tripoint.measures.records import declared, find_record
from tripoint.models.hedging import Bounded
from tripoint.sources import codebook
from tripoint.store.corrections import usable

_WITHHELD = "not in the state system"


@dataclass(frozen=True, slots=True)
class _Obligations:
    """Strongest obligation between any two states, ``(n_states, n_states, n_years)``; NaN outside the state system."""

    states: NDArray[np.str_]
    years: NDArray[np.int64]
    coded: int
    level: Bounded


def compute(frames: Frames, settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Obligations of all pairs, and opposed obligations of all pairs of powers to all grounds."""
    progress(0.0, "obligations by treaty")
    found = _obligations(frames["alliances"])
    one, two = np.triu_indices(len(found.states), 1)
    pairs = Bounded(*(array[one, two] for array in (found.level.value, found.level.lower, found.level.upper)))
    who = {"first": found.states[one], "second": found.states[two]}
    made = {"treaty_tie": _rows(who, pairs, found)}
    progress(0.4, "opposed obligations")
    powers = [power for power in sorted(settings.powers) if power in found.states]
    made["treaty_opposition"] = pl.concat(_opposed(found, *pair) for pair in combinations(powers, 2))
    return {name: series(find_record(name), frame, _WITHHELD) for name, frame in made.items()}


def _obligations(table: pl.DataFrame) -> _Obligations:
    constants = declared("treaties").settings
    rows = usable(table, codebook("alliances")).with_columns(
        pl.col("state", "partner", "obligation").cast(pl.String)
    )
    coded = int(rows["year"].max())  # pyright: ignore[reportArgumentType]
    rows = rows.filter(pl.col("obligation").is_in(constants["levels"].keys()))
    years = np.arange(int(table["year"].min()), coded + constants["carried_years"] + 1)  # pyright: ignore[reportArgumentType]
    members = _members(years)
    states = np.array(sorted(members))
    level = np.zeros((len(states), len(states), len(years)))
    known = rows.filter(pl.col("state").is_in(states), pl.col("partner").is_in(states))
    place = (
        np.searchsorted(states, known["state"].to_numpy()),
        np.searchsorted(states, known["partner"].to_numpy()),
        known["year"].to_numpy().astype(np.int64) - years[0],
    )
    worth = known["obligation"].replace_strict(constants["levels"], return_dtype=pl.Float64).to_numpy()
    np.maximum.at(level, place, worth)
    level = np.maximum(level, level.transpose(1, 0, 2))
    sovereign = np.array([members[state] for state in states])
    level[~(sovereign[:, None] & sovereign[None, :])] = np.nan
    level[np.eye(len(states), dtype=bool)] = np.nan
    last = coded - years[0]
    return _Obligations(states, years, coded, _carried(level, int(last), sovereign))


def _members(years: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
    """States of the state system, and in which years they were in it at any time."""
    found = {}
    for state in all_states():
        here = np.zeros(len(years), bool)
        for start, end in state.spans:
            here |= (years >= start.year) & (years <= (end.year if end else years[-1]))
        if state.kind == "state" and here.any():
            found[state.iso3] = here
    return found


def _carried(level: Floats, last: int, sovereign: NDArray[np.bool_]) -> Bounded:
    """Levels after the last coded year as they were then, bounded by what such levels became over as many years."""
    lower, upper = level.copy(), level.copy()
    both = sovereign[:, None] & sovereign[None, :]
    for ahead in range(1, level.shape[2] - last):
        here = last + ahead
        level[:, :, here] = np.where(both[:, :, here], level[:, :, last], np.nan)
        lower[:, :, here], upper[:, :, here] = level[:, :, here], level[:, :, here]
        before = level[:, :, : max(0, last + 1 - ahead)]
        after = level[:, :, ahead : last + 1]
        known = np.isfinite(before) & np.isfinite(after)
        for worth in np.unique(level[:, :, last][np.isfinite(level[:, :, last])]):
            later = after[known & (before == worth)]
            low, high = np.quantile(later, [0.05, 0.95], method="nearest") if later.size else (0.0, 1.0)
            same = level[:, :, here] == worth
            lower[same, here], upper[same, here] = min(low, worth), max(high, worth)
    return Bounded(level, lower, upper)


def _opposed(found: _Obligations, first: str, second: str) -> pl.DataFrame:
    one, two = np.searchsorted(found.states, [first, second])
    outside = ~np.isin(found.states, [first, second])
    bounds = (found.level.value, found.level.lower, found.level.upper)
    a, a_low, a_high = (array[outside, one] for array in bounds)
    b, b_low, b_high = (array[outside, two] for array in bounds)
    c, c_low, c_high = (array[one, two][None] for array in bounds)
    least = np.maximum(0, np.maximum(a_low - b_high, b_low - a_high))
    most = np.maximum(a_high - b_low, b_high - a_low)
    opposed = Bounded(np.abs(a - b) * (1 - c), least * (1 - c_high), most * (1 - c_low))
    grounds = found.states[outside]
    who = {"first": np.full(len(grounds), first), "second": np.full(len(grounds), second), "ground": grounds}
    return _rows(who, opposed, found)


def _rows(who: dict[str, NDArray[np.str_]], numbers: Bounded, found: _Obligations) -> pl.DataFrame:
    subject, year = np.nonzero(np.isfinite(numbers.value))
    carried = found.years[year] > found.coded
    return pl.DataFrame(
        {
            **{column: values[subject] for column, values in who.items()},
            "period": found.years[year].astype(str),
            "value": numbers.value[subject, year],
            "lower": numbers.lower[subject, year],
            "upper": numbers.upper[subject, year],
            "n": np.ones(len(subject), int),
            "coverage": np.where(carried, "C", "A"),
            "note": np.where(carried, f"{CARRIED} {found.coded}, the last coded year", ""),
        }
    ).with_columns(pl.col("note").replace("", None))


MEASURE = Measure("treaties", compute)
