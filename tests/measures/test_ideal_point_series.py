"""Ideal points as series: the published panel, both collections, what is withheld, and pairs beyond their positions."""

import json

import numpy as np
import polars as pl
import pytest
from tests.conftest import votes_tables

from tripoint.measures import ideal_points
from tripoint.measures.measure import Settings
from tripoint.models.ideal_points.residuals import residual_correlations
from tripoint.store.catalog import read_extracts

STATES = ["BRA", "CAN", "CHN", "CUB", "DEU", "FRA", "GBR", "IND", "JPN", "KAZ", "POL", "RUS", "USA"]
PLACES = np.array([-0.6, 1.2, -0.9, -1.5, 0.8, 1.0, 1.3, -0.4, 0.9, -0.5, 0.7, -1.0, 2.0])
SETTINGS = Settings(powers=("CHN", "RUS", "USA"), effort=0.3)


def quiet(share, doing):
    pass


def tables(seed=3, years=range(2008, 2016), rolls=25, together=0.0):
    """Votes along one line; in ``together``, the share of the noise that China and Russia have in common."""
    rng = np.random.default_rng(seed)
    n = len(years) * rolls
    noise = rng.normal(0, 1, (len(STATES), n))
    china, russia = STATES.index("CHN"), STATES.index("RUS")
    noise[russia] = np.sqrt(together) * noise[china] + np.sqrt(1 - together) * noise[russia]
    slope, middle = rng.choice([-1.5, 1.5], n), rng.normal(0, 0.6, n)
    utility = PLACES[:, None] * slope + noise
    votes = (1 + (utility > middle - 0.4) + (utility > middle + 0.4)).astype(np.int8)
    made = votes_tables(votes, STATES, [year for year in years for _ in range(rolls)])
    return made | {"bridges": pl.DataFrame(schema={"resolution": pl.Int32, "same_as": pl.Int32})}


@pytest.fixture(scope="module")
def series():
    return ideal_points.compute(tables(together=0.8), SETTINGS, quiet)


@pytest.mark.parametrize("name", ["ideal_point", "ideal_point_published"])
def test_states_lie_where_they_were_put(series, name):
    found = series[name].group_by("state").agg(pl.col("value").mean()).sort("state")["value"].to_numpy()
    assert np.corrcoef(found, PLACES)[0, 1] > 0.97
    assert set(series[name]["period"]) == {str(year) for year in range(2008, 2016)}
    assert (series[name]["lower"] <= series[name]["value"]).all()
    assert (series[name]["value"] <= series[name]["upper"]).all()


def test_a_pair_with_common_noise_goes_together_beyond_its_positions(series):
    rows = series["residual_association"].filter(first="CHN", second="RUS")
    others = series["residual_association"].filter((pl.col("first") != "CHN") | (pl.col("second") != "RUS"))
    assert rows["lower"].min() > 0.2
    assert others["value"].abs().median() < 0.15
    apart = ideal_points.compute(tables(together=0.0), SETTINGS, quiet)["residual_association"]
    assert apart.filter(first="CHN", second="RUS")["lower"].max() < 0.1


def test_windows_are_whole(series):
    periods = {name: frame["period"].min() for name, frame in series.items() if name.startswith("residual")}
    assert periods["residual_association"] == "2012"
    assert periods["residual_association_3y"] == "2010"
    assert periods["residual_association_10y"] is None


def test_votes_that_fix_no_direction_are_withheld_with_the_reason():
    some = tables()
    some["votes"] = some["votes"].filter(pl.col("state") != "RUS")
    found = ideal_points.compute(some, SETTINGS, quiet)
    assert set(found["ideal_point"]["coverage"]) == {"D"}
    assert found["ideal_point"]["value"].null_count() == found["ideal_point"].height > 0
    assert "which way is up" in found["ideal_point"]["note"][0]
    assert found["residual_association"].is_empty()


def test_few_votes_are_withheld():
    some = tables()
    absent = (pl.col("state") == "JPN") & (pl.col("resolution") >= 100) & (pl.col("resolution") < 122)
    some["votes"] = some["votes"].filter(~absent)
    found = ideal_points.compute(some, SETTINGS, quiet)["ideal_point"].filter(state="JPN", period="2012")
    assert found["coverage"].item() == "D"
    assert found["n"].item() == 3


def test_identical_resolutions_are_one_item():
    made = tables()
    made["roll_calls"] = made["roll_calls"].with_columns(collection=pl.lit("voeten"))
    made["votes"] = made["votes"].with_columns(collection=pl.lit("voeten"))
    made["bridges"] = pl.DataFrame(
        {"resolution": [0, 1], "same_as": [1, 150]},
        schema_overrides={"same_as": pl.Int32, "resolution": pl.Int32},
    )
    votes = ideal_points.read_votes(made)
    rolls = votes.unique("roll")
    assert rolls["item"].n_unique() == rolls.height - 2


@pytest.mark.shared
def test_the_published_panel_is_rebuilt_exactly(shared):
    votes = ideal_points.read_votes(read_extracts(shared).frames).filter(pl.col("session") <= 74)
    votes = votes.filter(pl.col("vote").n_unique().over("item") > 1)
    assert votes.height == 797_473
    assert votes.select("path", "session").n_unique() == 10_469
    assert votes["path"].n_unique() == 199
    assert votes["item"].n_unique() == 4_784


@pytest.mark.shared
def test_residual_associations_are_those_of_another_sampler(shared):
    """Yen's Q3 of known pairs, sessions 47 to 74, against a Gibbs sampler written apart, without bridges.

    Where the United States stand, at the edge, is up to the priors, and so are the residuals of their pairs.
    """
    path = shared.parent / "oracles" / "q3_residual_unga.json"
    oracle = json.loads(path.read_text("utf-8"))
    codes = {
        "RU": "RUS",
        "CN": "CHN",
        "KZ": "KAZ",
        "US": "USA",
        "GB": "GBR",
        "FR": "FRA",
        "BY": "BLR",
        "CU": "CUB",
    }
    states = sorted(codes.values())
    pairs = np.array([[states.index(codes[one]) for one in pair.split("-")] for pair in oracle["columns"]])
    votes = ideal_points.read_votes(read_extracts(shared).frames).filter(pl.col("session").is_between(47, 74))
    votes = votes.with_columns(item="roll")
    points = ideal_points.fit(votes, "posterior", Settings(effort=0.25))
    found = ideal_points.ballots_residuals(points, votes, states, 60)
    sessions = (
        votes.filter(pl.col("state").is_in(states), pl.col("item").is_in(points.panel.items.tolist()))
        .unique("roll")
        .sort("roll")["session"]
        .to_numpy()
    )
    for window, expected in oracle["expected"].items():
        first, last = map(int, window.split("-"))
        inside = (sessions >= first) & (sessions <= last)
        values = found.values[:, :, inside].astype(float)
        q3 = residual_correlations(values, np.ones((len(values), inside.sum())), pairs).mean(0)
        off = np.abs(q3 - expected)
        edge = (pairs == states.index("USA")).any(1)
        assert off[~edge].max() < oracle["tolerance"], window
        assert off[edge].max() < 0.1, window
