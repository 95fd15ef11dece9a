"""Counts of events made for tests: stories of many events each, so that counts are as clustered as news are."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import polars as pl

from tripoint.core.period import Period, Span
from tripoint.measures import cooperation, triangle
from tripoint.measures.measure import Settings
from tripoint.models.autoregression.simulation import simulated_series
from tripoint.sources import codebook
from tripoint.store.vintages import SeriesTrace, Vintage, open_vintage

COLUMNS = [column.name for column in codebook("event_counts").columns]
QUADS = COLUMNS[3:7]
WHOLE = pl.Schema(
    dict.fromkeys(COLUMNS[:3], pl.String())
    | dict.fromkeys(COLUMNS[3:12], pl.Int64())
    | {"origin": pl.String()}
)
SETTINGS = Settings(draws=19, powers=("CHN", "RUS", "USA"))


def quiet(share, doing):
    """No progress."""


def periods(first, last):
    """Names of all periods between two, both included."""
    return [str(period) for period in Span(Period.parse(first), Period.parse(last))]


def pairs_of(states):
    """All directed pairs of some states."""
    return [(one, two) for one in states for two in states if one != two]


def table(rows):
    """``event_counts`` from rows as dictionaries; what they do not say is null, no event is 0."""
    sound = dict.fromkeys(COLUMNS) | dict.fromkeys(QUADS, 0)
    return pl.DataFrame([{**sound, **row} for row in rows], schema=WHOLE).with_columns(
        pl.lit(None, pl.String).alias("flag")
    )


def counted(rng, origin, names, pairs, log_odds, stories=12, size=4):
    """Rows of an origin whose share of cooperation has the log-odds given, shape ``(n_pairs, n_periods)``.

    Every story is told by one to ``2 size - 1`` events of one kind. Scores are on record but for yearly sums.
    """
    rows = []
    for pair, odds in zip(pairs, log_odds, strict=True):
        for name, chance in zip(names, 1 / (1 + np.exp(-odds)), strict=True):
            told = rng.integers(1, 2 * size, rng.poisson(stories))
            kinds = np.where(rng.random(len(told)) < chance, 0, 2) + (rng.random(len(told)) < 0.2)
            counts = [int(told[kinds == kind].sum()) for kind in range(4)]
            if not sum(counts):
                continue
            row = {"period": name, "source": pair[0], "target": pair[1], "origin": origin}
            row |= dict(zip(QUADS, counts, strict=True))
            if origin != "icews_years":
                points = np.array([250, 700, -300, -900])
                row |= {
                    "scored": sum(counts),
                    "hundredths": int(points @ counts),
                    "squares": int(points**2 @ counts),
                }
            if origin == "gdelt":
                period = Period.parse(name)
                row |= {"mentions": 7 * sum(counts), "days": (period.end - period.start).days + 1}
            rows.append(row)
    return rows


def measured(frame):
    """All series of `cooperation` from a table."""
    return cooperation.compute({"event_counts": frame}, SETTINGS, quiet)


def scored_rows(values, first="2000-01", triad=("CHN", "RUS", "KAZ"), origin="gdelt"):
    """Rows whose mean scores follow six series, shape ``(n_months, 6)``, in the order of the triangle's directions.

    Series are in standard deviations about zero; a month has 60 events, all with a score.
    """
    start = Period.parse(first)
    names = periods(first, str(start + (len(values) - 1)))
    rows = []
    for column, (source, target) in enumerate(triangle.directions(*triad)):
        for name, value in zip(names, values[:, column], strict=True):
            period = Period.parse(name)
            mean = round(100 * value)
            rows.append(
                {
                    "period": name, "source": source, "target": target, "origin": origin, "verbal_cooperation": 40,
                    "verbal_conflict": 20, "scored": 60, "hundredths": 60 * mean,
                    "squares": 60 * (mean**2 + 10_000), "days": (period.end - period.start).days + 1,
                }
            )  # fmt: skip
    return rows


def answering(effect, *, own=0.5, in_kind=0.1):
    """Coefficients of a system in which a tie of the ground follows the other power's last move by ``effect``."""
    slopes = own * np.eye(6)
    to_first, to_second = (1, 2), (3, 0)
    slopes[to_first], slopes[to_second] = effect, effect
    slopes[1, 0] = slopes[3, 2] = in_kind
    return slopes[None]


def answers(effect, n_months=240, seed=0, **system):
    """Six monthly series of such a system, as mean scores: within two points of zero, mostly."""
    rng = np.random.default_rng(seed)
    return simulated_series(np.zeros(6), answering(effect, **system), np.eye(6), n_months, rng) / 2


def vintage_with(frames, *, without=()):
    """The vintage in the package with other series in it, in memory."""
    packed = open_vintage("bundled")
    kept = {name: trace for name, trace in packed.manifest.series.items() if name not in without}
    traces = {name: SeriesTrace("", frame.height, thinned=False) for name, frame in frames.items()}
    made = Vintage(packed.path, replace(packed.manifest, series=kept | traces))
    for name, frame in frames.items():
        packed_rows = BytesIO()
        frame.write_parquet(packed_rows)
        made._files[name] = packed_rows.getvalue()
    return made
