"""How much of what news score between two states and anyone goes between these two? For pairs without a direction."""

import numpy as np
import polars as pl

from tripoint.core.period import Period
from tripoint.measures.measure import HALF_WIDTH, Floats, Frames, Measure, Progress, Settings, series
from tripoint.measures.records import declared, find_record
from tripoint.sources import codebook
from tripoint.store.corrections import usable

#: Standard deviations of a normal error that the median of its absolute value is.
_MEDIAN_OF_NORMAL = 0.6744897501960817
_WITHHELD = "too few months to tell how much a month differs by"


def compute(frames: Frames, _settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Balance of every pair in every month on record."""
    progress(0.0, "scores of events by month")
    rows = usable(frames["event_scores"], codebook("event_scores")).with_columns(
        pl.col("first", "second").cast(pl.String)
    )
    both = rows.select("period", pl.col("first").alias("state"), pl.col("score").abs())
    other = rows.select("period", pl.col("second").alias("state"), pl.col("score").abs())
    volume = pl.concat([both, other]).group_by("period", "state").agg(pl.col("score").sum().alias("volume"))
    found = rows
    for role in ("first", "second"):
        mine = volume.rename({"state": role, "volume": f"volume_{role}"})
        found = found.join(mine, on=["period", role])
    value = 2 * pl.col("score") / (pl.col("volume_first") + pl.col("volume_second"))
    found = found.with_columns(value.alias("value")).sort("first", "second", "period")
    return {"score_balance": series(find_record("score_balance"), _with_intervals(found), _WITHHELD)}


def _with_intervals(rows: pl.DataFrame) -> pl.DataFrame:
    """Bounds by how much a month of the pair differs from its neighbours, as far as its days are on record."""
    least = declared("event_scores").settings["least_months"]
    starts = np.flatnonzero(
        np.diff(rows.select(pl.struct("first", "second").rle_id()).to_series(), prepend=-1)
    )
    ends = np.append(starts[1:], rows.height)
    value, error, months = (
        rows["value"].to_numpy(),
        np.full(rows.height, np.nan),
        np.zeros(rows.height, np.int32),
    )
    for start, end in zip(starts, ends, strict=True):
        months[start:end] = end - start
        if end - start >= least:
            error[start:end] = step_error(value[start:end])
    periods = {text: Period.parse(text) for text in rows["period"].unique()}
    length = {text: (period.end - period.start).days + 1 for text, period in periods.items()}
    missing = np.sqrt(rows["period"].replace_strict(length).to_numpy() / rows["days"].to_numpy())
    half = pl.Series(HALF_WIDTH * error * missing)
    partial = pl.Series(missing > 1.0)
    return rows.with_columns(
        (pl.col("value") - half).alias("lower"),
        (pl.col("value") + half).alias("upper"),
        pl.Series("n", rows["days"].cast(pl.Int32)),
        pl.when(pl.Series(months) < least)
        .then(pl.lit("D"))
        .otherwise(pl.when(partial).then(pl.lit("C")).otherwise(pl.lit("B")))
        .alias("coverage"),
        pl.when(pl.Series(months) < least)
        .then(pl.lit(_WITHHELD))
        .when(partial)
        .then(pl.format("{} days on record", "days"))
        .otherwise(pl.lit(None, pl.String))
        .alias("note"),
    )


def step_error(values: Floats) -> float:
    """Standard deviation of one month's error: robust, from steps between neighbours, of which each holds two.

    A month that is not defined is passed over; NaN where months do not differ, which tells nothing of their errors.
    """
    steps = np.abs(np.diff(values[np.isfinite(values)]))
    middle = float(np.median(steps)) if len(steps) else 0.0
    return middle / _MEDIAN_OF_NORMAL / np.sqrt(2) if middle > 0 else np.nan


MEASURE = Measure("event_scores", compute)
