"""What stands behind a number is listed with it, and gives the number again."""

from itertools import pairwise

import pytest

from tripoint.core.triad import Triad
from tripoint.measures.layers import declared_layers
from tripoint.measures.records import records
from tripoint.readings.explain import explain
from tripoint.readings.reading import take_reading
from tripoint.store.vintages import open_vintage

TRIADS = (("RUS", "CHN", "KAZ"), ("CHN", "USA", "VNM"), ("TUR", "RUS", "AZE"))


@pytest.fixture(scope="module", params=TRIADS, ids="-".join)
def reading(request):
    first, second, ground = request.param
    outsider = "USA" if "USA" not in request.param else "RUS"
    return take_reading(
        Triad(first, second, ground=ground, outsider=outsider), vintage=open_vintage("bundled")
    )


def behind(told, measure, column="power"):
    """The rows of one measure, by one of the columns that say who."""
    return {row[column]: row["value"] for row in told.rows if row.get("measure") == measure}


def test_all_that_a_series_is_made_of_is_a_series():
    made = {part.partition("/")[0] for record in records().values() for part in record.made_of}
    assert made
    assert made <= records().keys()


def test_a_tilt_is_made_of_the_declared_layers():
    assert [*records()["tilt"].made_of] == [told["measure"] for told in declared_layers().values()]


def test_a_tilt_in_trade_follows_from_both_presences(reading):
    told = explain(reading, "tilt", "2023")
    presence = behind(told, "presence_turnover")
    a, b = (presence.get(power) for power in reading.triad.pair)
    expected = pytest.approx((a - b) / (a + b), abs=0.002) if a is not None and b is not None else None
    assert behind(told, "tilt", "issue").get("trade") == expected


def test_a_tilt_in_votes_is_that_of_the_sidings(reading):
    told = explain(reading, "tilt", "2023")
    (tilt,) = (row for row in told.rows if row.get("issue") == "votes")
    (sidings,) = (row for row in told.rows if row.get("measure") == "siding_tilt")
    assert tilt["value"] == pytest.approx(sidings["value"], abs=0.006)
    assert tilt["n"] == sidings["n"]


def test_the_tilt_in_security_is_the_mean_of_its_two(reading):
    told = explain(reading, "tilt_security", "2023")
    tilts = behind(told, "tilt", "issue")
    assert tilts.keys() <= {"arms", "treaties"}
    assert told.value == pytest.approx(sum(tilts.values()) / len(tilts), abs=0.002)


def test_displacement_over_years_is_the_sum_of_steps_between_the_shares(reading):
    told = explain(reading, "displacement_5y", "2014")
    first, second = (
        {
            row["period"]: row["value"]
            for row in told.rows
            if row.get("power") == power and row["measure"] == "presence_turnover"
        }
        for power in reading.triad.pair
    )
    years = sorted(first.keys() & second.keys())
    steps = pairwise(years)
    total = sum(first[now] * second[before] - first[before] * second[now] for before, now in steps)
    assert told.value == pytest.approx(total, abs=0.002)


def test_what_a_variant_leaves_out_is_not_listed(reading):
    told = explain(reading, "hedging_percentile_without_trade", "2023")
    assert "trade" not in behind(told, "tilt", "issue")
    if "USA" not in reading.triad.pair:
        told = explain(reading, "exchange_lead_without_memberships", "2023")
        assert not behind(told, "membership_tie", "first")
        assert behind(told, "treaty_tie", "first")


def test_a_window_starts_from_a_year_in_which_both_were_observed():
    """Russia's share in Tajikistan is on record in 2000, India's is not: the base is 1999 for both."""
    told = explain(
        take_reading(Triad("RUS", "IND", ground="TJK"), vintage="bundled"), "displacement_10y", "2010"
    )
    shares = {(row["power"], row["period"]): row["value"] for row in told.rows if row.get("power")}
    years = sorted({period for _, period in shares})
    assert all((power, year) in shares for power in ("RUS", "IND") for year in years)
    one, two = ([shares[power, year] for year in years] for power in ("RUS", "IND"))
    steps = pairwise(range(len(years)))
    total = sum(one[now] * two[before] - one[before] * two[now] for before, now in steps)
    assert told.value == pytest.approx(total, abs=0.001)


def test_only_states_that_count_are_listed(reading):
    told = explain(reading, "tilt", "2023")
    assert reading.triad.outsider not in behind(told, "presence_turnover")
    first, second = reading.triad.pair
    pairs = {(row["first"], row["second"]) for row in told.rows if row.get("measure") == "treaty_tie"}
    assert (first, second) not in pairs
    assert (second, first) not in pairs


def test_a_measure_that_shares_its_name_with_a_claim_is_explained_for_a_period(reading):
    assert explain(reading, "displacement").formula == "supported when the lower bound is above 0"
    assert explain(reading, "displacement", "2014").formula == records()["displacement"].formula
