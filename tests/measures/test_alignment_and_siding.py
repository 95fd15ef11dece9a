"""Alignment, siding and united fronts on made-up votes with known answers."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.conftest import votes_tables

from tripoint.measures import alignment, siding, united_front
from tripoint.measures.ballots import read_ballots
from tripoint.measures.measure import Settings
from tripoint.measures.records import declared

SETTINGS = Settings(draws=99, powers=("CHN", "RUS", "USA"))


def quiet(share, doing):
    """No progress."""


def made_up(seed=0, n_items=60, years=None):
    rng = np.random.default_rng(seed)
    states = ["CHN", "KAZ", "RUS", "USA"]
    years = years or [2000 + k // 30 for k in range(n_items)]
    return votes_tables(rng.integers(1, 4, (4, len(years))).astype(np.int8), states, years)


def row(frame, **where):
    rows = frame.filter(*(pl.col(name) == value for name, value in where.items()))
    assert rows.height == 1
    return rows.row(0, named=True)


def test_every_record_has_a_series_of_the_declared_shape():
    frames = made_up()
    for measure in (alignment.MEASURE, siding.MEASURE, united_front.MEASURE):
        series = measure.compute(frames, SETTINGS, quiet)
        assert series.keys() == {record.name for record in measure.records}
        for record in measure.records:
            frame = series[record.name]
            held = frame.filter(pl.col("value").is_not_null())
            assert held.filter(
                (pl.col("lower") > pl.col("value")) | (pl.col("upper") < pl.col("value"))
            ).is_empty()
            assert held.filter(~pl.col("value").is_between(record.minimum, record.maximum)).is_empty()
            assert frame["value"].is_nan().sum() == 0


def test_same_vote_by_hand():
    votes = np.ones((2, 20), np.int8)
    votes[1, :5] = 3
    votes[1, 5:7] = 2
    votes[1, 19] = 0
    frames = votes_tables(votes, ["KAZ", "RUS"], [2010] * 20)
    series = alignment.compute(frames, SETTINGS, quiet)
    found = row(series["same_vote"], first="KAZ", second="RUS", period="2010")
    assert found["n"] == 19
    assert found["value"] == pytest.approx(12 / 19)
    assert row(series["agreement"], first="KAZ")["value"] == pytest.approx(1 - (5 + 1) / 19)
    assert row(series["s_score"], first="KAZ")["value"] == pytest.approx(1 - 2 * 6 / 19)


def test_absence_is_no_vote_and_few_votes_give_no_row():
    votes = np.zeros((3, 20), np.int8)
    votes[:2] = 1
    votes[2, :4] = 1
    series = alignment.compute(votes_tables(votes, ["CHN", "KAZ", "RUS"], [2010] * 20), SETTINGS, quiet)
    assert series["same_vote"].select("first", "second").rows() == [("CHN", "KAZ")]


def test_thin_years_are_withheld_with_a_reason():
    votes = np.ones((2, 8), np.int8)
    series = alignment.compute(votes_tables(votes, ["CHN", "KAZ"], [2010] * 8), SETTINGS, quiet)
    found = row(series["same_vote"])
    assert (found["value"], found["lower"], found["coverage"]) == (None, None, "D")
    assert found["note"] == "too few common votes"
    assert found["n"] == 8


def test_relabelling_states_changes_nothing():
    frames = made_up(3)
    renamed = {"CHN": "USA", "USA": "CHN", "KAZ": "RUS", "RUS": "KAZ"}
    other = {**frames, "votes": frames["votes"].with_columns(pl.col("state").replace(renamed))}
    one, two = (alignment.compute(tables, SETTINGS, quiet)["kappa"] for tables in (frames, other))
    for first, second, *_ in one.select("first", "second").unique().rows():
        there = sorted((renamed[first], renamed[second]))
        left = one.filter(first=first, second=second).select("period", "value", "lower", "upper", "n")
        right = two.filter(first=there[0], second=there[1]).select("period", "value", "lower", "upper", "n")
        assert left.equals(right)


def test_a_year_that_is_cut_short_is_marked():
    frames = made_up(1, years=[2024] * 40 + [2025] * 40)
    rolls = frames["roll_calls"]
    cut = pl.col("date").dt.year() == 2025
    frames["roll_calls"] = rolls.with_columns(
        pl.when(cut).then(pl.col("date").dt.replace(month=9)).otherwise("date").alias("date"),
        pl.when(cut).then(pl.lit("partial-year")).alias("flag"),
    )
    assert read_ballots(frames).partial == {2025}
    same = alignment.compute(frames, SETTINGS, quiet)["same_vote"]
    assert set(same.filter(period="2025")["note"]) == {"partial-year"}
    assert set(same.filter(period="2025")["coverage"]) == {"C"}
    assert set(same.filter(period="2024")["note"]) == {None}
    assert "2025" not in united_front.compute(frames, SETTINGS, quiet)["united_front"]["period"].to_list()


def test_a_flagged_year_that_has_been_completed_counts_in_full():
    frames = made_up(1, years=[2025] * 40)
    frames["roll_calls"] = frames["roll_calls"].with_columns(pl.lit("partial-year").alias("flag"))
    assert read_ballots(frames).partial == frozenset()


def test_titles_of_one_resolution_are_one_cluster():
    frames = made_up(1, years=[2020, 2021, 2021, 2021])
    titles = [
        "Nuclear disarmament : resolution / adopted by the General Assembly",
        "Nuclear  disarmament: resolution/ adopted by the GA at its 75th session",
        "NUCLEAR DISARMAMENT",
        "The right to food : resolution / adopted",
    ]
    frames["roll_calls"] = frames["roll_calls"].with_columns(pl.Series("title", titles))
    numbers = read_ballots(frames).titles
    assert len(set(numbers[:3].tolist())) == 1
    assert numbers[3] != numbers[0]


def test_siding_by_hand():
    votes = np.ones((3, 40), np.int8)  # CHN, KAZ, RUS
    votes[2, :20] = 3
    votes[1, :5] = 3
    votes[1, 5:9] = 2
    series = siding.compute(votes_tables(votes, ["CHN", "KAZ", "RUS"], [2022] * 40), SETTINGS, quiet)
    about = {"first": "CHN", "second": "RUS", "ground": "KAZ"}
    values = {name: row(frame, **about)["value"] for name, frame in series.items()}
    assert values == pytest.approx(
        {
            "siding_first": 11 / 20,
            "siding_second": 5 / 20,
            "siding_neither": 4 / 20,
            "side_taking": 16 / 40,
            "siding_tilt": (11 - 5) / 16,
            **dict.fromkeys(("lesser_siding", "lesser_siding_3y", "lesser_siding_10y"), 5 / 20),
        }
    )
    assert row(series["siding_first"], **about)["n"] == 20


def test_no_pair_sides_with_itself():
    series = siding.compute(made_up(2), SETTINGS, quiet)["side_taking"]
    assert series.filter(
        (pl.col("ground") == pl.col("first")) | (pl.col("ground") == pl.col("second"))
    ).is_empty()
    assert series.filter(pl.col("first") >= pl.col("second")).is_empty()


def test_any_outsider_and_its_windows():
    frames = made_up(4, years=[1990 + k // 12 for k in range(120)])
    settings = replace(SETTINGS, outsiders=("KAZ",))
    series = united_front.compute(frames, settings, quiet)
    assert set(series["united_front"]["outsider"]) == {"KAZ"}
    assert {record.name for record in declared("united_front").measures} == series.keys()
    gap, no, other = (
        row(series[name], first="CHN", second="RUS", period="1999")["value"]
        for name in ("united_front", "agreement_given_no", "agreement_given_other")
    )
    assert gap == pytest.approx(no - other, abs=1e-6)


@pytest.mark.shared
def test_published_vote_shares(shared):
    """The same-vote shares printed in the data notes, per calendar year."""
    from tripoint.store.catalog import read_extracts

    ballots = read_ballots(read_extracts(shared).frames)
    printed = {
        2006: (0.85, 0.88, 0.87, 0.08, 0.08),
        2014: (0.70, 0.67, 0.86, 0.23, 0.14),
        2020: (0.80, 0.69, 0.80, 0.17, 0.10),
        2023: (0.67, 0.52, 0.73, 0.16, 0.16),
        2024: (0.67, 0.57, 0.75, 0.18, 0.18),
    }
    pairs = (("RUS", "CHN"), ("RUS", "KAZ"), ("CHN", "KAZ"), ("RUS", "USA"), ("CHN", "USA"))
    for year, expected in printed.items():
        rolls = ballots.of_years(year, year)
        for (one, two), share in zip(pairs, expected, strict=True):
            first, second = ballots.votes[ballots.row(one), rolls], ballots.votes[ballots.row(two), rolls]
            both = (first > 0) & (second > 0)
            assert (first == second)[both].mean() == pytest.approx(share, abs=0.0051)
