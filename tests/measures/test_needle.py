"""Needles: percentiles, composition, what missing families do, and the declaration they are read from."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.measures.index import index
from tripoint.measures.needle import (
    Panel,
    Scale,
    compose,
    error_of,
    mutual,
    percentile,
    present,
    quantiles_of,
)
from tripoint.measures.records import declared, find_record, records
from tripoint.measures.reference import SCHEMA, read_scales
from tripoint.models.state_space import Variances, local_level

UNIFORM = Scale(np.linspace(0, 1, 101), Variances(4.0, 0.0), 1000)
DECLARED = index().needle("unity")
#: Two families, to be worked by hand.
UNITY = replace(DECLARED, families=DECLARED.families[:2])
SCALES = dict.fromkeys(DECLARED.indicators, UNIFORM)


def panel(values, half=0.01):
    values = np.atleast_2d(np.array(values, float))
    return Panel(values, values - half, values + half)


def test_percentiles_of_a_known_population():
    quantiles = quantiles_of(np.arange(0, 101, dtype=float), 100)
    assert percentile(np.array([0.0, 25.0, 99.5, 200.0, -5.0]), quantiles) == pytest.approx(
        [0, 25, 99.5, 100, 0]
    )
    assert np.isnan(percentile(np.array([np.nan]), quantiles))[0]


def test_ties_take_the_middle_of_their_rank():
    quantiles = quantiles_of(np.r_[np.zeros(50), np.ones(50)], 100)
    assert percentile(np.array([0.0]), quantiles)[0] == pytest.approx(25, abs=1)
    assert percentile(np.array([1.0]), quantiles)[0] == pytest.approx(75, abs=1)


def test_values_that_are_tied_but_for_rounding_share_the_middle_of_their_rank():
    thirds = np.concatenate([np.full(50, 1 / 3), np.linspace(0.5, 1, 50)])
    for value in (1 / 3, 0.3333333, 0.33333333):
        assert percentile(np.array([value]), quantiles_of(thirds, 100))[0] == pytest.approx(25, abs=1)


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=50), st.floats(-6, 6), st.floats(0, 3))
def test_percentiles_never_turn_an_interval_round(population, value, width):
    quantiles = quantiles_of(np.array(population), 50)
    low, high = percentile(np.array([value, value + width]), quantiles)
    assert 0 <= low <= high + 1e-9 <= 100 + 1e-6


def test_needle_is_the_weighted_mean_of_families():
    panels = {"kappa": panel([0.8] * 5), "presence_turnover": panel([0.4] * 5)}
    needle = compose(UNITY, panels, SCALES, index())
    assert needle.smoothed.value[0] == pytest.approx([60] * 5, abs=0.01)
    assert needle.observed[0] == pytest.approx([1] * 5)


def test_a_family_never_observed_widens_the_band_and_does_not_move_the_needle():
    both = compose(UNITY, {"kappa": panel([0.8] * 5), "presence_turnover": panel([0.8] * 5)}, SCALES, index())
    gone = {"kappa": panel([0.8] * 5), "presence_turnover": panel([np.nan] * 5)}
    one = compose(UNITY, gone, SCALES, index())
    assert one.smoothed.value == pytest.approx(both.smoothed.value)
    width, narrow = (needle.smoothed.upper - needle.smoothed.lower for needle in (one, both))
    assert (width > narrow + 20).all()
    assert one.observed[0] == pytest.approx([0.5] * 5)


def test_a_family_that_stops_is_carried_and_not_dropped():
    """When trade is no longer observed the needle must not jump to what votes alone say."""
    stops = {"kappa": panel([0.9] * 6), "presence_turnover": panel([0.1, 0.1, 0.1, np.nan, np.nan, np.nan])}
    needle = compose(UNITY, stops, SCALES, index())
    assert needle.filtered.value[0] == pytest.approx([50] * 6, abs=0.01)
    widths = (needle.filtered.upper - needle.filtered.lower)[0]
    assert (np.diff(widths[2:]) > 0).all()


def test_a_family_that_starts_late_does_not_make_hindsight_jump():
    late = {"kappa": panel([0.9] * 6), "presence_turnover": panel([np.nan, np.nan, np.nan, 0.1, 0.1, 0.1])}
    needle = compose(UNITY, late, SCALES, index())
    assert needle.smoothed.value[0] == pytest.approx([50] * 6, abs=0.01)
    assert needle.filtered.value[0, :3] == pytest.approx([90] * 3, abs=0.01), (
        "at the time it could not be known"
    )
    assert needle.observed[0, 0] == pytest.approx(0.5)


def test_no_family_outweighs_its_declared_weight():
    """A family with two indicators weighs as much as one with one."""
    family = replace(UNITY.families[0], indicators=("kappa", "agreement"))
    doubled = replace(UNITY, families=(family, UNITY.families[1]))
    panels = {"kappa": panel([1.0] * 4), "agreement": panel([1.0] * 4), "presence_turnover": panel([0.0] * 4)}
    needle = compose(doubled, panels, {**SCALES, "agreement": UNIFORM}, index())
    assert needle.smoothed.value[0] == pytest.approx([50] * 4, abs=0.5)


def test_mutual_presence_is_symmetric():
    one, other = panel([0.2, np.nan], 0.05), panel([0.4, 0.3], 0.01)
    there, back = mutual(one, other), mutual(other, one)
    assert there.value == pytest.approx(back.value, nan_ok=True)
    assert there.value[0, 0] == pytest.approx(0.3)
    assert np.isnan(there.value[0, 1]), "one direction alone is not the mutual weight"


def test_presence_is_carried_for_the_declared_years_only():
    years = index().presence.carried_years
    shares = panel([0.1] + [np.nan] * (years + 2))
    found = present(shares, shares, index())[0]
    assert found.tolist() == [1] * (years + 1) + [-1] * 2, (
        "what is not observed is neither present nor absent"
    )
    small, unknown = panel([index().presence.least / 2]), panel([np.nan])
    assert present(small, small, index()).tolist() == [[0]]
    assert present(small, unknown, index()).tolist() == [[0]], "one known to hold little is enough"
    assert present(panel([0.5]), unknown, index()).tolist() == [[-1]]


def test_every_declared_indicator_is_a_measure_with_a_direction():
    for needle in index().needles:
        for made in needle.with_variants:
            for name in made.indicators:
                record = find_record(name)
                if needle.name == "strain":
                    assert record.direction == "apart"
                else:
                    assert record.direction in ("closer", "none")
            assert sum(index().weights(made).values()) == pytest.approx(1)


def test_every_record_says_what_a_reader_needs():
    for record in records().values():
        for text in (record.title, record.question, record.formula, record.interval, record.threats):
            assert len(text) > 8, record.name
        assert record.minimum < record.maximum
        assert record.tables or record in declared("bargaining").measures  # of corridors, which are no table
        assert record.cite


def test_scales_survive_the_table():
    rows = [("kappa", "quantile", rank, rank / 10) for rank in range(11)]
    rows += [
        ("kappa", "n", 0, 99.0),
        ("kappa", "step_variance", 0, 2.0),
        ("kappa", "irregular_variance", 0, 1.0),
        ("kappa", "passing_share", 0, 0.25),
    ]
    scale = read_scales(pl.DataFrame(rows, schema=SCHEMA, orient="row"))["kappa"]
    assert scale.quantiles == pytest.approx(np.linspace(0, 1, 11))
    assert scale.variances == Variances(2.0, 1.0, 0.25)
    assert scale.n == 99


def test_before_the_first_observation_its_error_stands_and_the_band_does_not_narrow():
    """In hindsight levels reach back; what lasts of the first error reaches back with them."""
    value = np.full((1, 8), np.nan)
    value[0, 3:] = [50.0, 52.0, 51.0, 53.0, 52.0]
    panel = Panel(value, value - 20, value + 20)
    error = error_of(panel, index())
    assert error[0] == pytest.approx(np.full(8, error[0, 3]))
    level = local_level(value, error, Variances(4.0, 0.0, 0.3))
    assert (np.diff(level.smoothed_variance[0, :4]) < 0).all()
