"""What is carried over years without an observation gets wider by what such values change by."""

import numpy as np
import polars as pl
import pytest

from tripoint.core.series import LEVEL
from tripoint.measures.carrying import carried, drift, root_drift, roots, squares, widened_roots
from tripoint.measures.index import index
from tripoint.models.hedging import Bounded

YEARS = index().presence.carried_years


def walks(n=2000, length=20):
    return np.cumsum(np.random.default_rng(3).normal(0, 1, (n, length)), axis=1)


def test_nine_in_ten_later_values_lie_in_what_is_carried():
    truth = walks()
    known = truth.copy()
    known[:, -YEARS:] = np.nan
    made = carried(Bounded(known, known.copy(), known.copy()))
    for year in range(-YEARS, 0):
        covered = (made.lower[:, year] <= truth[:, year]) & (truth[:, year] <= made.upper[:, year])
        assert covered.mean() == pytest.approx(LEVEL, abs=0.03)
        assert made.value[:, year] == pytest.approx(known[:, -YEARS - 1])


def test_what_is_observed_stays_as_it_is_and_nothing_is_carried_for_longer():
    values = np.array(
        [[1.0, np.nan, np.nan, np.nan, np.nan, np.nan, 2.0], [3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]]
    )
    made = carried(Bounded(values, values - 0.5, values + 0.5))
    seen = np.isfinite(values)
    assert made.lower[seen] == pytest.approx(values[seen] - 0.5)
    assert np.isfinite(made.value[0]).tolist() == [age <= YEARS for age in range(6)] + [True]
    width = (made.upper - made.lower)[0, : YEARS + 1]
    assert (np.diff(width) > 0).all()


def test_what_is_nothing_and_stays_it_says_nothing_of_what_changes():
    values = np.zeros((100, 6))
    values[:20] = 0.1 + 0.05 * (np.arange(6) % 2)
    assert drift(values)[0] == pytest.approx(0.05)
    assert drift(values, least=0.5) == [0.0] * YEARS


def test_drift_is_the_same_in_arrays_and_in_rows():
    values = walks(40, 12) ** 2
    rows = pl.DataFrame(
        {
            "who": np.repeat(np.arange(40), 12),
            "year": np.tile(np.arange(12), 40),
            "value": values.ravel(),
        }
    )
    assert list(root_drift(rows, ("who",), "year").values()) == pytest.approx(
        [0.0, *drift(np.sqrt(values))], rel=0.02
    )


def test_bounds_in_rows_widen_as_in_arrays_and_stay_in_range():
    share = Bounded(np.array([0.0, 0.04, 0.9]), np.array([0.0, 0.01, 0.8]), np.array([0.1, 0.09, 1.0]))
    root = roots(share)
    change = 0.2
    there = squares(
        Bounded(
            root.value,
            root.value - np.hypot(root.value - root.lower, change),
            root.value + np.hypot(root.upper - root.value, change),
        ),
        1.0,
    )
    rows = pl.DataFrame({"value": share.value, "lower": share.lower, "upper": share.upper})
    here = rows.select(*widened_roots(pl.lit(change), 1.0))
    assert here["lower"].to_numpy() == pytest.approx(there.lower)
    assert here["upper"].to_numpy() == pytest.approx(there.upper)
    assert here["lower"].min() == 0
    assert here["upper"].max() == 1
