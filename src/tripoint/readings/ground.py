"""How does a ground stand between two powers: presence and tilt by layer, hedging, crossovers, and the ledger."""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tripoint.core.series import LEVEL
from tripoint.core.triad import Triad
from tripoint.errors import CoverageError
from tripoint.measures.index import index
from tripoint.measures.measure import HALF_WIDTH
from tripoint.measures.records import declared
from tripoint.models.crossings import last_crossing, seen_crossing
from tripoint.models.ledger import gain_matrix, gain_variance, rest_variance
from tripoint.readings.rows import Rows
from tripoint.store.vintages import Manifest, Vintage, open_vintage

#: Presence by layer: what is shown of each power, in the order shown.
PRESENCE = (
    "presence_turnover", "presence_export", "presence_import", "presence_arms", "treaty_tie", "membership_share",
    "investment_gdp", "finance_gdp", "visit_count", "dependence", "replaceability", "rerouting_crude", "rerouting_gas",
)  # fmt: skip
#: How the ground stands between the two.
STANDING = (
    "tilt_security", "tilt_economic", "balance", "dispersion", "hedging", "hedging_percentile", "third_vector",
)  # fmt: skip
#: What the ground has whoever the two powers are.
OWN = ("survivability_crude", "survivability_gas")
#: Layers in which a crossover is dated.
CROSSED = {
    "presence_turnover": "turnover",
    "presence_export": "exports",
    "presence_import": "imports",
    "presence_arms": "arms",
}
REST = "others"
LEDGER = pl.Schema(
    {
        **dict.fromkeys(("layer", "gainer", "loser"), pl.String()),
        **dict.fromkeys(("start", "end"), pl.Int64()),
        **dict.fromkeys(("value", "lower", "upper"), pl.Float64()),
        "n": pl.Int64(),
        "coverage": pl.String(),
    }
)


@dataclass(frozen=True, slots=True)
class Crossover:
    """The year in which one power passed the other in a layer.

    Attributes
    ----------
    reported
        The year since which the shares, as they stand, have the leader ahead; None where they do not.
    year, lower, upper
        The same by the levels behind the shares, seen through their errors: median and 90% interval; None where by
        these the leader was probably ahead all along, or never.
    probability
        That the leader is ahead in the last year observed, ``last``.
    n, coverage
        Years compared, and the poorest grade among them.
    """

    layer: str
    leader: str
    passed: str
    reported: int | None
    year: int | None
    lower: int | None
    upper: int | None
    probability: float
    last: int
    n: int
    coverage: str


@dataclass(frozen=True, slots=True)
class GroundReading:
    """A ground between two powers.

    Attributes
    ----------
    presence
        Rows about each power in the ground: ``power``, ``measure``, ``period``, the numbers.
    tilt
        Rows by layer: ``issue`` (the layer), ``period``, the numbers; positive toward the first.
    standing
        Rows of tilts in security and the economy, balance, dispersion, hedging, third vector; and of how much of
        its exports survives the worst closure, which is the ground's own and the same for every pair.
    crossovers
        When one of the two passed the other, by layer.
    ledger
        Who took whose share: ``layer``, ``gainer``, ``loser``, ``start``, ``end``, ``value``, ``lower``, ``upper``;
        ``n``, the fewest observations behind a share that it rests on, and ``coverage``, the poorest grade of such a
        share: those of both in the two years, or of all powers where others are one of the two.
    """

    triad: Triad
    as_of: date
    manifest: Manifest
    presence: pl.DataFrame
    tilt: pl.DataFrame
    standing: pl.DataFrame
    crossovers: tuple[Crossover, ...]
    ledger: pl.DataFrame

    def latest(self, measure: str, power: str | None = None) -> dict[str, Any] | None:
        """The last row with a value of a measure, of a power where it is about one."""
        frame = self.standing if power is None else self.presence.filter(pl.col("power") == power)
        rows = frame.filter(pl.col("measure") == measure, pl.col("value").is_not_null()).sort("period")
        return rows.row(-1, named=True) if rows.height else None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "triad": asdict(self.triad),
            "as_of": self.as_of.isoformat(),
            "vintage": self.manifest.name,
            **{name: getattr(self, name).to_dicts() for name in ("presence", "tilt", "standing", "ledger")},
            "crossovers": [asdict(one) for one in self.crossovers],
        }


def take_ground(
    triad: Triad, *, as_of: date | None = None, vintage: Vintage | str | Path | None = None
) -> GroundReading:
    """Read how a ground stands between two powers.

    Raises
    ------
    CoverageError
        The vintage has nothing about the two in this ground.

    Examples
    --------
    >>> found = take_ground(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled")
    >>> [one.reported for one in found.crossovers if one.layer == "turnover"]
    [2023]
    """
    opened = vintage if isinstance(vintage, Vintage) else open_vintage(vintage)
    rows, last = Rows(opened, as_of), str(opened.manifest.last_full_year)
    powers = [power for power in (*triad.pair, triad.outsider) if power != triad.ground]
    presence = pl.concat(_about_powers(rows, name, triad.ground, powers) for name in PRESENCE)
    presence = presence.filter(pl.col("period") <= last)
    pair = [{"first": triad.first, "second": triad.second, "ground": triad.ground}]
    standing = pl.concat(
        [*(rows.of(name, pair) for name in STANDING), *(_own(rows, name, triad) for name in OWN)]
    )
    if presence.is_empty() and standing.is_empty():
        raise CoverageError(
            f"the vintage {opened.manifest.name} has no tie of {' or '.join(triad.pair)} to {triad.ground}; "
            "`tripoint data list` shows what it covers"
        )
    return GroundReading(
        triad,
        as_of or date.fromisoformat(opened.manifest.data_through),
        opened.manifest,
        presence,
        rows.of("tilt", pair),
        standing,
        tuple(_crossovers(presence, triad)),
        _ledgers(rows, triad),
    )


def _own(rows: Rows, name: str, triad: Triad) -> pl.DataFrame:
    """Rows of one measure about the ground alone, beside those about the pair in it."""
    found = rows.of(name, [{"state": triad.ground}]).rename({"state": "ground"})
    pair = (pl.lit(triad.first).alias("first"), pl.lit(triad.second).alias("second"))
    return found.select(*pair, "ground", pl.exclude("ground"))


def _about_powers(rows: Rows, name: str, ground: str, powers: list[str]) -> pl.DataFrame:
    """Rows of one measure about some powers in a ground; what is mutual is read for the pair of both."""
    columns = ("ground", "power", "measure", "period", "value", "lower", "upper", "n", "coverage", "note")
    if name != "treaty_tie":
        return rows.of(name, [{"ground": ground, "power": power} for power in powers]).select(columns)
    found = rows.of(name, [{"first": min(ground, power), "second": max(ground, power)} for power in powers])
    power = pl.when(pl.col("first") == ground).then("second").otherwise("first")
    return found.with_columns(pl.lit(ground).alias("ground"), power.alias("power")).select(columns)


def _series(
    presence: pl.DataFrame, measure: str, power: str, years: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Values and standard errors of one power over years, NaN where not observed."""
    value, error = np.full(len(years), np.nan), np.full(len(years), np.nan)
    rows = presence.filter(
        pl.col("measure") == measure, pl.col("power") == power, pl.col("value").is_not_null()
    )
    place = rows["period"].cast(pl.Int64).to_numpy() - years[0]
    value[place] = rows["value"].to_numpy()
    error[place] = (rows["upper"] - rows["lower"]).to_numpy() / (2 * HALF_WIDTH)
    return value, error


def _crossovers(presence: pl.DataFrame, triad: Triad) -> "list[Crossover]":
    """Crossovers of the pair in either direction; years after the last change of the leader only."""
    found = []
    if presence.is_empty():
        return []
    periods = presence["period"].cast(pl.Int64).to_numpy()
    years = np.arange(periods.min(), periods.max() + 1)
    rule = declared("displacement").settings["crossovers"]
    for measure, layer in CROSSED.items():
        series = {power: _series(presence, measure, power, years) for power in triad.pair}
        for passed, leader in (triad.pair, triad.pair[::-1]):
            (one, one_error), (two, two_error) = series[passed], series[leader]
            rng = np.random.default_rng(0)
            wide, lasting = _errors_over_time(measure)
            crossing = last_crossing(
                one, two, wide * one_error, wide * two_error, lasting, rule["draws"], rng, LEVEL
            )
            reported = seen_crossing(one, two)
            if crossing is None:
                continue
            likely = crossing.period is not None and crossing.probability >= rule["least_probability"]
            if reported is None and not likely:
                continue
            both = years[np.isfinite(one) & np.isfinite(two)]
            found.append(
                Crossover(
                    layer,
                    leader,
                    passed,
                    _year(years, reported),
                    _year(years, crossing.period),
                    _year(years, crossing.lower),
                    _year(years, crossing.upper),
                    round(crossing.probability, 3),
                    int(both[-1]),
                    len(both),
                    _poorest(presence, measure, triad.pair, both),
                )
            )
    return found


def _year(years: np.ndarray, place: int | None) -> int | None:
    return None if place is None else int(years[place])


def _errors_over_time(measure: str) -> tuple[float, float]:
    """Factor of errors, and the share of their variance that lasts.

    A delivery of arms stands in every window of some years: as many shares count once. Reports of trade err the same
    way for years, as large flows do over the longest span that is measured.
    """
    if measure == "presence_arms":
        return float(np.sqrt(declared("arms").settings["window"])), 0.0
    return 1.0, declared("presence").settings["persistence"][-1][-1]


def _poorest(presence: pl.DataFrame, measure: str, powers: tuple[str, str], years: np.ndarray) -> str:
    """The poorest grade of some powers' shares in some years."""
    periods = [str(year) for year in years]
    seen = pl.col("power").is_in(powers) & pl.col("period").is_in(periods) & (pl.col("measure") == measure)
    return max(presence.filter(seen)["coverage"])


def _ledgers(rows: Rows, triad: Triad) -> pl.DataFrame:
    """Who took whose share over the declared years, among the powers and all others together, in trade and arms."""
    powers = [power for power in sorted(rows.vintage.manifest.powers) if power != triad.ground]
    whom = [{"ground": triad.ground, "power": power} for power in powers]
    parts = [_ledger(rows.of(measure, whom), layer, powers) for measure, layer in CROSSED.items()]
    return pl.concat(parts)


def _ledger(presence: pl.DataFrame, layer: str, powers: list[str]) -> pl.DataFrame:
    seen = presence.filter(pl.col("value").is_not_null()).with_columns(pl.col("period").cast(pl.Int64))
    if seen["period"].n_unique() < 2:
        return pl.DataFrame(schema=LEDGER)
    end = int(seen["period"].max())  # pyright: ignore[reportArgumentType]
    years = np.sort(seen["period"].unique().to_numpy())
    wanted = end - declared("displacement").settings["ledger"]["years"]
    start = int(years[np.argmin(np.abs(years - wanted))])
    if abs(start - wanted) > index().presence.carried_years:
        return pl.DataFrame(schema=LEDGER)
    who = [power for power in powers if {start, end} <= set(seen.filter(pl.col("power") == power)["period"])]
    (s0, v0), (s1, v1) = (_shares(seen, who, year) for year in (start, end))
    gains = gain_matrix(np.append(s0, 1 - s0.sum()), np.append(s1, 1 - s1.sum()))
    variance = np.zeros(gains.shape)
    variance[:-1, :-1] = gain_variance(s0, s1, v0, v1)
    variance[:-1, -1] = variance[-1, :-1] = rest_variance(s0, s1, v0, v1)
    half = HALF_WIDTH * np.sqrt(variance)
    names = [*who, REST]
    ends = seen.filter(pl.col("power").is_in(who), pl.col("period").is_in([start, end]))
    return pl.DataFrame(
        [
            (
                layer,
                names[i],
                names[j],
                start,
                end,
                gains[i, j],
                gains[i, j] - half[i, j],
                gains[i, j] + half[i, j],
                *_basis(ends, names[i], names[j]),
            )
            for i in range(len(names))
            for j in range(len(names))
            if i != j
        ],
        schema=LEDGER,
        orient="row",
    )


def _basis(ends: pl.DataFrame, gainer: str, loser: str) -> tuple[int, str]:
    """The fewest observations and the poorest grade of the shares that a gain rests on."""
    rows = ends if REST in (gainer, loser) else ends.filter(pl.col("power").is_in([gainer, loser]))
    return min(rows["n"]), max(rows["coverage"])


def _shares(seen: pl.DataFrame, powers: list[str], year: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the powers in a year, with the variances of their errors."""
    here = {row["power"]: row for row in seen.filter(pl.col("period") == year).iter_rows(named=True)}
    share = np.array([here[power]["value"] for power in powers])
    error = np.array([(here[power]["upper"] - here[power]["lower"]) / (2 * HALF_WIDTH) for power in powers])
    return share, error**2
