"""What tests share: small made-up tables with known answers, and the shared data where it lies beside the checkout."""

from datetime import date
from pathlib import Path

import hypothesis
import numpy as np
import polars as pl
import pytest

# How long an example takes depends on what else the machine does; no test is about that.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared():
    if not SHARED.is_dir():
        pytest.skip("the shared data are not beside this checkout")
    return SHARED


def votes_tables(votes, states, years, titles=None):
    """Tables ``roll_calls`` and ``votes`` from a matrix of votes, one roll call per column."""
    titles = titles or [f"Question {chr(97 + k // 26)}{chr(97 + k % 26)}" for k in range(votes.shape[1])]
    rolls = pl.DataFrame(
        {
            "collection": ["undl" if year >= 1980 else "voeten" for year in years],
            "resolution": np.arange(len(years), dtype=np.int32),
            "body": "GA",
            "date": [date(year, 12, 1 + k % 28) for k, year in enumerate(years)],
            "title": titles,
            "stage": "resolution",
            "recorded": True,
            "session": pl.Series([year - 1945 for year in years], dtype=pl.Int64),
            "symbol": pl.Series([None] * len(years), dtype=pl.String),
            "agenda": pl.Series([None] * len(years), dtype=pl.String),
            "important": pl.Series([None] * len(years), dtype=pl.Boolean),
            **{
                code: pl.Series([None] * len(years), dtype=pl.Int64)
                for code in ["me", "nu", "di", "hr", "co", "ec"]
            },
            "flag": pl.Series([None] * len(years), dtype=pl.String),
        }
    )
    state, column = np.nonzero(votes)
    cast = pl.DataFrame(
        {
            "collection": rolls["collection"].gather(column),
            "resolution": rolls["resolution"].gather(column),
            "state": np.array(states)[state],
            "vote": votes[state, column].astype(np.int8),
        }
    )
    return {"roll_calls": rolls, "votes": cast}


def trade_tables(flows, shares=()):
    """Tables of trade from tuples (year, reporter, partner, flow, value or share, origin)."""
    names = {"year": pl.Int16, "reporter": pl.String, "partner": pl.String, "flow": pl.String}
    tables = {}
    for table, column, rows in (("trade_flows", "value", flows), ("trade_shares", "share", shares)):
        schema = {**names, column: pl.Float64, "origin": pl.String}
        frame = pl.DataFrame(list(rows), schema=schema, orient="row")
        tables[table] = frame.with_columns(pl.lit(None, pl.String).alias("flag"))
    return tables
