"""Rows of measures about some states, as they were out on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations

import polars as pl

from tripoint.core.series import EVENT_GRAINS, WHO, Grain
from tripoint.core.triad import Triad
from tripoint.measures.records import declared, find_record
from tripoint.readings.barometer import published_by
from tripoint.store.vintages import Vintage

Subject = Mapping[str, str]


def subjects(triad: Triad, grain: Grain) -> list[dict[str, str]]:
    """Whom a measure of this grain is about in a triad: every state, dyad, power in the ground, or the pair."""
    pair = {"first": triad.first, "second": triad.second}
    among = (triad.pair, (triad.first, triad.ground), (triad.second, triad.ground))
    dyads = [{"first": min(dyad), "second": max(dyad)} for dyad in among]
    states = [{"state": state} for state in (*triad.pair, triad.ground, triad.outsider)]
    acts = [
        {"source": source, "target": target}
        for source, target in permutations((*triad.pair, triad.ground), 2)
    ]
    of_grain: dict[Grain, list[dict[str, str]]] = {
        "state-year": states,
        "state-issue-year": states,
        "dyad-year": dyads,
        "dyad-issue-year": dyads,
        "directed-dyad-year": [
            {"ground": triad.ground, "power": power} for power in (*triad.pair, triad.outsider)
        ],
        "triad-year": [{**pair, "ground": triad.ground}],
        "triad-issue-year": [{**pair, "ground": triad.ground}],
        "pair-outsider-year": [{**pair, "outsider": triad.outsider}],
        "pair-outsider-issue-year": [{**pair, "outsider": triad.outsider}],
        "dyad-month": dyads,
        **dict.fromkeys(EVENT_GRAINS.values(), acts),
    }
    return of_grain[grain]


def behind(triad: Triad, grain: Grain, part: Grain) -> list[dict[str, str]]:
    """Whom a measure is about from which another, of some grain, is computed: those of the other's states alone."""
    who, ground = {*WHO[grain]}, {triad.ground}
    if "ground" not in who and {"first", "second"} <= who:
        if part == "directed-dyad-year":
            return [{"ground": one, "power": other} for one, other in permutations(triad.pair, 2)]
        return subjects(triad, part)[:1]
    found = subjects(triad, part)
    if "ground" in who:
        found = [whom for whom in found if "outsider" in whom or ground & {*whom.values()}]
    if "first" in who:
        found = [whom for whom in found if whom.get("power", triad.first) in triad.pair]
    return found


@dataclass(frozen=True, slots=True)
class Rows:
    """Takes rows of measures out of a vintage, cut at ``as_of``; columns that say who, ``measure``, the numbers."""

    vintage: Vintage
    as_of: date | None

    def of(self, measure: str, whom: Sequence[Subject]) -> pl.DataFrame:
        """One measure about some states; no rows where the vintage has no such series."""
        record = find_record(measure)
        who = WHO[record.grain]
        if measure not in self.vintage.manifest.series:
            numbers = dict.fromkeys(("value", "lower", "upper"), pl.Float64) | {"n": pl.Int32}
            texts = dict.fromkeys((*who, "measure", "period"), pl.String)
            return pl.DataFrame(schema=texts | numbers | dict.fromkeys(("coverage", "note"), pl.String))
        rows = published_by(self.vintage, measure, self.as_of, self.vintage.rows(record, *whom))
        numbers = [pl.col(name).cast(pl.Float64).round_sig_figs(6) for name in ("value", "lower", "upper")]
        return rows.select(
            *who, pl.lit(measure).alias("measure"), "period", *numbers, "n", "coverage", "note"
        )

    def family(self, declaration: str, triad: Triad) -> pl.DataFrame:
        """All measures of one declaration about a triad, one under the other; they have the same grain."""
        return pl.concat(
            self.of(record.name, subjects(triad, record.grain)) for record in declared(declaration).measures
        )
