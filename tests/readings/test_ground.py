"""The ground between two powers, and the fault lines of a pair, read from the vintage in the package."""

from datetime import date

import polars as pl
import pytest

from tripoint.core.triad import Triad
from tripoint.errors import CoverageError, TriadError, UnknownNameError
from tripoint.measures.records import declared
from tripoint.readings.explain import explain
from tripoint.readings.fault_lines import issue_areas, take_fault_lines
from tripoint.readings.ground import REST, take_ground
from tripoint.readings.reading import take_reading
from tripoint.store.vintages import open_vintage

HOME = Triad("RUS", "CHN", ground="KAZ")


@pytest.fixture(scope="module")
def vintage():
    return open_vintage("bundled")


@pytest.fixture(scope="module")
def ground(vintage):
    return take_ground(HOME, vintage=vintage)


@pytest.fixture(scope="module")
def lines(vintage):
    return take_fault_lines("RUS", "CHN", vintage=vintage)


def test_china_passed_russia_in_turnover_in_2023(ground):
    (turnover,) = [one for one in ground.crossovers if one.layer == "turnover"]
    assert (turnover.leader, turnover.reported) == ("CHN", 2023)
    assert turnover.lower <= turnover.year <= turnover.upper <= turnover.last == 2023
    # By one report against the other's usual disagreement, which lasts, it is a toss-up who is ahead.
    assert 0.3 < turnover.probability < 0.7
    assert (turnover.n, turnover.coverage) == (29, "C")


def test_who_is_ahead_by_a_hair_is_not_told_to_have_passed(vintage):
    """A crossover is told where reports have it, or the levels behind them probably do."""
    least = declared("displacement").settings["crossovers"]["least_probability"]
    for triad in (HOME, Triad("SAU", "IRN", ground="IRQ"), Triad("CHN", "DEU", ground="BRA")):
        for one in take_ground(triad, vintage=vintage).crossovers:
            assert one.reported is not None or one.probability >= least


def test_the_ledger_balances(ground):
    """Antisymmetric, and what one gained from all others is its change of share."""
    for layer in ("turnover", "arms"):
        rows = ground.ledger.filter(layer=layer)
        gains = {(row["gainer"], row["loser"]): row["value"] for row in rows.iter_rows(named=True)}
        assert all(gains[pair] == pytest.approx(-gains[pair[::-1]], abs=1e-12) for pair in gains)
        by_gainer = dict(rows.group_by("gainer").agg(pl.col("value").sum()).rows())
        assert sum(by_gainer.values()) == pytest.approx(0, abs=1e-12)
        assert REST in by_gainer
        start, end = (str(rows[name][0]) for name in ("start", "end"))
        measure = {"turnover": "presence_turnover", "arms": "presence_arms"}[layer]
        russia = ground.presence.filter(measure=measure, power="RUS")
        change = [russia.filter(period=year)["value"][0] for year in (start, end)]
        assert by_gainer["RUS"] == pytest.approx(change[1] - change[0], abs=1e-12)


def test_a_gain_is_as_well_observed_as_the_least_of_its_shares(ground):
    for layer, measure in (("turnover", "presence_turnover"), ("arms", "presence_arms")):
        rows = ground.ledger.filter(layer=layer)
        ends = [str(rows[name][0]) for name in ("start", "end")]
        shares = ground.presence.filter(
            pl.col("measure") == measure, pl.col("period").is_in(ends), pl.col("power").is_in(["RUS", "CHN"])
        )
        assert shares.height == 4
        (gain,) = rows.filter(gainer="RUS", loser="CHN").iter_rows(named=True)
        assert (gain["n"], gain["coverage"]) == (shares["n"].min(), shares["coverage"].max())
        (others,) = rows.filter(gainer="RUS", loser=REST).iter_rows(named=True)
        assert others["n"] <= gain["n"]
        assert others["coverage"] >= gain["coverage"]


def test_swapping_the_powers_turns_tilts_and_nothing_else(ground, vintage):
    swapped = take_ground(Triad("CHN", "RUS", ground="KAZ"), vintage=vintage)
    for measure in ("tilt_security", "tilt_economic"):
        one, other = ground.latest(measure), swapped.latest(measure)
        assert (one["value"], one["lower"], one["upper"]) == pytest.approx(
            (-other["value"], -other["upper"], -other["lower"])
        )
    for measure in ("balance", "dispersion", "hedging", "hedging_percentile", "third_vector"):
        assert ground.latest(measure)["value"] == swapped.latest(measure)["value"]


def test_presence_is_of_the_powers_and_the_outsider(ground):
    assert set(ground.presence["power"]) == {"RUS", "CHN", "USA"}
    assert ground.latest("presence_arms", "RUS")["value"] > 0.85
    assert ground.latest("treaty_tie", "RUS")["value"] == 1
    assert ground.latest("investment_gdp", "RUS") is None, (
        "Russia's investment is not on record, which is not zero"
    )


def test_shares_lie_between_zero_and_one(vintage):
    for name in ("presence_arms", "membership_share", "treaty_tie", "third_vector", "balance", "hedging"):
        frame = vintage.frame(name).drop_nulls("value")
        assert frame["lower"].min() >= 0
        assert frame["upper"].max() <= 1 + 1e-6
        assert (frame["lower"] <= frame["value"]).all()
        assert (frame["value"] <= frame["upper"]).all()


def test_a_ground_without_any_tie_says_so(vintage):
    with pytest.raises(CoverageError, match="has no tie"):
        take_ground(Triad("MLT", "FJI", ground="TUV", outsider="NRU"), vintage=vintage)


def test_fault_lines_are_ranked_with_the_ranks_that_intervals_allow(lines):
    known = [one for one in lines.collisions if one.rank is not None]
    assert known[0].rank == 1
    assert [one.value for one in known] == sorted((one.value for one in known), reverse=True)
    for one in known:
        assert one.best_rank <= one.rank <= one.worst_rank
        assert 0 <= one.lower <= one.value <= one.upper <= 100
        assert one.coverage in "ABC"
    assert {one.issue for one in known} == set(issue_areas())
    assert "KAZ" in {one.ground for one in known}


def test_what_is_withheld_has_neither_value_nor_rank(vintage):
    frame = vintage.frame("collision").filter(pl.col("coverage").cast(pl.String) == "D")
    assert frame.height
    assert frame["value"].null_count() == frame.height
    first, second, period = frame.select("first", "second", "period").row(-1)
    found = take_fault_lines(str(first), str(second), vintage=vintage)
    if found.period == str(period):
        withheld = [one for one in found.collisions if one.coverage == "D"]
        assert all(one.rank is None and one.value is None for one in withheld)


def test_one_region_and_one_area(lines, vintage):
    part = take_fault_lines("RUS", "CHN", region="central-asia", issue="arms", vintage=vintage)
    assert {one.issue for one in part.collisions} == {"arms"}
    assert {one.ground for one in part.collisions} <= {"KAZ", "KGZ", "TJK", "TKM", "UZB"}
    whole = {(one.ground, one.issue): one.value for one in lines.collisions}
    assert all(whole[one.ground, one.issue] == one.value for one in part.collisions)


def test_the_order_of_the_pair_changes_nothing(lines, vintage):
    swapped = take_fault_lines("CHN", "RUS", vintage=vintage)
    assert [one.value for one in swapped.collisions] == [one.value for one in lines.collisions]


def test_every_pair_of_the_powers_has_fault_lines(vintage):
    powers = sorted(vintage.manifest.powers)
    pairs = {(one, two) for place, one in enumerate(powers) for two in powers[place + 1 :]}
    found = vintage.frame("collision").select(pl.col("first", "second").cast(pl.String)).unique().rows()
    assert len(pairs) == 66
    assert pairs - set(found) == {("BRA", "IRN")}
    with pytest.raises(CoverageError, match="no ground is on record in which both BRA and IRN"):
        take_fault_lines("BRA", "IRN", vintage=vintage)


def test_wrong_names_say_what_is_known(vintage):
    with pytest.raises(UnknownNameError, match="Did you mean 'central-asia'"):
        take_fault_lines("RUS", "CHN", region="centralasia", vintage=vintage)
    with pytest.raises(UnknownNameError, match=r"Known: .*arms"):
        take_fault_lines("RUS", "CHN", issue="weather", vintage=vintage)
    with pytest.raises(TriadError, match="the same state"):
        take_fault_lines("RUS", "Russia", vintage=vintage)
    with pytest.raises(CoverageError, match="built for pairs of"):
        take_fault_lines("KAZ", "UZB", vintage=vintage)


@pytest.mark.parametrize("as_of", [None, date(2016, 6, 30)])
def test_strain_in_the_list_of_grounds_is_that_of_a_reading_through_each(as_of, vintage):
    found = take_fault_lines("RUS", "CHN", as_of=as_of, vintage=vintage)
    assert found.grounds.height > 5
    for listed in found.grounds.head(12).iter_rows(named=True):
        reading = take_reading(Triad("RUS", "CHN", ground=listed["ground"]), as_of=as_of, vintage=vintage)
        needle = reading.needles["strain"].frame.filter(period=found.period).row(0, named=True)
        for number in ("value", "lower", "upper", "coverage", "note"):
            assert listed[number] == needle[number]


@pytest.mark.parametrize(
    "what", ["presence_arms", "treaty_tie", "hedging", "collision", "strain_gap", "dependence"]
)
def test_every_number_of_the_ground_can_be_explained(what, vintage):
    told = explain(take_reading(HOME, vintage=vintage), what)
    assert told.formula in told.text
    assert told.tables
    assert told.cite
