"""Who answers whom, on made systems in which it is known: planted answers, none, too short a record, no direction."""

import numpy as np
import polars as pl
import pytest
from tests.measures.events_building import SETTINGS, answers, measured, periods, quiet, scored_rows, table

from tripoint.measures import triangle
from tripoint.measures.records import declared
from tripoint.measures.triangle import UNDIRECTED, directions, longest_run, runs_by_year, turned
from tripoint.models.autoregression.simulation import simulated_series

HOME = {"first": "CHN", "second": "RUS", "ground": "KAZ"}
LEAST = declared("triangle").settings["least_months"]
MONTHS = tuple(periods("2000-01", "2019-12"))


def computed(rows, **more):
    """Both measures from rows of counts."""
    return triangle.compute({**measured(table(rows)), **more}, SETTINGS, quiet)


def latest(frame):
    """The last row of the home case."""
    return frame.filter(**HOME).sort("period").row(-1, named=True)


@pytest.fixture(scope="module")
def playing_off():
    """Twenty years in which the ground turns to the other when one worsens."""
    return computed(scored_rows(answers(-0.3)))


def test_a_planted_inverse_response_comes_back(playing_off):
    for name in ("inverse_response_second", "inverse_response_first"):
        row = latest(playing_off[name])
        assert row["lower"] > 0, name
        assert row["lower"] <= row["value"] <= row["upper"]
        assert row["lower"] < 0.937 < row["upper"], "what the system does, in standard deviations over a year"
        assert (row["period"], row["n"], row["coverage"]) == ("2019", 240, "C")
        assert row["note"] == "2000-01 to 2019-12"


def test_every_year_with_a_record_long_enough_knows_of_no_later_month(playing_off):
    rows = playing_off["inverse_response_second"]
    assert rows["period"].to_list() == [str(year) for year in range(2007, 2020)]
    assert rows["n"].to_list() == list(range(LEAST, 241, 12))
    cut = computed(scored_rows(answers(-0.3)[:150]))["inverse_response_second"]
    assert cut["period"].to_list() == [str(year) for year in range(2007, 2012)], "2012 is not over"
    assert cut["value"].to_list() == rows["value"].head(5).to_list()


def test_going_along_is_negative():
    found = computed(scored_rows(answers(0.3)))
    for name in ("inverse_response_second", "inverse_response_first"):
        assert latest(found[name])["upper"] < 0


def test_one_sided_answers_are_told_apart():
    """Only the answer to the first power is planted: the ground turns to the second, and not to the first."""
    values = answers(-0.4, seed=2)
    alone = np.random.default_rng(3).permuted(values[:, 2])
    values[:, 2] = alone
    found = computed(scored_rows(values))
    assert latest(found["inverse_response_second"])["lower"] > 0
    mirror = latest(found["inverse_response_first"])
    assert mirror["lower"] < 0 < mirror["upper"]


def test_without_a_link_bands_seldom_exclude_0():
    """The prior expects no answers, so that 90% bands err in fewer than one in ten cases; but they can err."""
    wrong = []
    for seed in range(60):
        own = (0.0, 0.4, 0.8)[seed % 3]
        values = simulated_series(np.zeros(6), [own * np.eye(6)], np.eye(6), 240, np.random.default_rng(seed))
        for _, lower, upper in turned(longest_run(MONTHS, values), (12,), seed)[0]:
            wrong.append(lower > 0 or upper < 0)
    assert 0 < np.mean(wrong) < 0.1


def test_bands_hold_what_the_system_does():
    inside = [
        lower < 0.937 < upper
        for seed in range(30)
        for _, lower, upper in turned(longest_run(MONTHS, answers(-0.3, seed=seed)), (12,), seed)[0]
    ]
    assert np.mean(inside) > 0.85


def test_a_common_shock_looks_like_going_along():
    """What the threats warn of: something that moves all three at once is taken for an answer."""
    spread = np.full((6, 6), 0.6) + 0.4 * np.eye(6)
    values = simulated_series(np.zeros(6), [0.5 * np.eye(6)], spread, 240, np.random.default_rng(4))
    (both,) = turned(longest_run(MONTHS, values), (12,), 0)
    assert all(upper < 0 for _, _, upper in both)


def test_powers_swapped_swap_the_measures():
    values = answers(-0.3, seed=5)
    values[:, 0] = np.random.default_rng(6).permuted(values[:, 0])
    one = latest(computed(scored_rows(values))["inverse_response_second"])
    places = [directions("RUS", "CHN", "KAZ").index(pair) for pair in directions("CHN", "RUS", "KAZ")]
    assert places == [2, 3, 0, 1, 5, 4]
    other = latest(computed(scored_rows(values[:, places]))["inverse_response_first"])
    assert other["value"] == pytest.approx(one["value"], abs=1e-6)
    assert other["lower"] == pytest.approx(one["lower"], abs=0.15), "bands are drawn in another order"
    assert other["upper"] == pytest.approx(one["upper"], abs=0.15)


def test_every_ground_and_pair_of_powers_has_its_row():
    rows = scored_rows(answers(-0.3, 120)) + scored_rows(
        answers(0.3, 120, seed=1), triad=("RUS", "USA", "MNG")
    )
    found = computed(rows)["inverse_response_second"]
    told = found.filter(pl.col("value").is_not_null())
    assert set(told.select("first", "second", "ground").iter_rows()) == {
        ("CHN", "RUS", "KAZ"),
        ("RUS", "USA", "MNG"),
    }
    last = told.filter(period="2009")
    assert last.filter(ground="MNG")["value"].item() < 0 < last.filter(ground="KAZ")["value"].item()


def test_the_longest_run_without_a_gap_is_used():
    values = answers(-0.3)
    values[70, 4] = np.nan
    run = longest_run(MONTHS, values)
    assert (run.periods[0], run.periods[-1], len(run.periods)) == ("2005-12", "2019-12", 169)
    assert run.values.mean(0) == pytest.approx(np.zeros(6), abs=1e-12)
    assert run.values.std(0) == pytest.approx(np.ones(6))
    rows = [
        one
        for one in scored_rows(answers(-0.3))
        if not (one["period"] == "2005-11" and one["source"] == "CHN")
    ]
    row = latest(computed(rows)["inverse_response_second"])
    assert (row["n"], row["note"]) == (169, "2005-12 to 2019-12")


@pytest.mark.parametrize("still", [0, 5])
def test_a_series_that_never_moves_makes_no_run(still):
    values = answers(-0.3)
    values[:, still] = 0.4
    assert longest_run(MONTHS, values) is None
    assert runs_by_year(MONTHS, values) == []
    assert longest_run(MONTHS, np.full((240, 6), np.nan)) is None


def test_too_short_a_record_is_withheld_with_its_reason():
    rows = scored_rows(answers(-0.3, LEAST - 12))
    row = latest(computed(rows)["inverse_response_first"])
    assert (row["value"], row["coverage"], row["n"], row["period"]) == (None, "D", 0, "2006")
    assert (
        row["note"] == "gdelt: 84 months in a row have all six series; 96 up to the end of a year are needed"
    )


def test_an_origin_that_is_too_short_gives_way_to_the_next():
    short, whole = answers(0.3, 60, seed=1), answers(-0.3, 120)
    rows = scored_rows(short, origin="icews") + scored_rows(whole, origin="gdelt")
    found = computed(rows)["inverse_response_second"]
    assert found["period"].to_list() == ["2007", "2008", "2009"]
    assert (found["value"] > 0).all()
    both = scored_rows(answers(0.3, 108, seed=1), origin="icews") + scored_rows(whole, origin="gdelt")
    found = computed(both)["inverse_response_second"]
    assert found["period"].to_list() == ["2007", "2008", "2009"], (
        "one row a year, of the first origin that has it"
    )
    assert (found["value"] > 0).to_list() == [False, False, True]


def test_series_that_are_made_of_each_other_tell_nothing():
    values = answers(-0.3, 120)
    values[:, 3] = values[:, 1]
    row = latest(computed(scored_rows(values))["inverse_response_second"])
    assert row["value"] is None
    assert row["coverage"] == "D"
    assert "hang together too closely" in row["note"]


def balances(pairs, months=("2023-12", "2024-01", "2024-02")):
    """``score_balance`` of some pairs."""
    rows = [(*pair, month, 0.1, 0.0, 0.2, 31, "B", None) for pair in pairs for month in months]
    names = ("first", "second", "period", "value", "lower", "upper", "n", "coverage", "note")
    texts = dict.fromkeys(names, pl.String)
    schema = texts | dict.fromkeys(("value", "lower", "upper"), pl.Float64) | {"n": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


ALL = (("CHN", "KAZ"), ("CHN", "RUS"), ("KAZ", "RUS"))


def test_where_only_undirected_events_are_on_record_that_is_the_reason():
    for name, frame in triangle.compute({"score_balance": balances(ALL)}, SETTINGS, quiet).items():
        assert frame.height == 1, name
        row = latest(frame)
        assert (row["value"], row["lower"], row["upper"], row["n"]) == (None, None, None, 0)
        assert (row["period"], row["coverage"], row["note"]) == ("2024", "D", UNDIRECTED)


def test_two_sides_of_a_triangle_are_not_three():
    found = triangle.compute({"score_balance": balances(ALL[:2])}, SETTINGS, quiet)
    assert all(frame.is_empty() for frame in found.values())
    late = pl.concat([balances(ALL[:2]), balances(ALL[2:], ("2023-12",))])
    found = triangle.compute({"score_balance": late}, SETTINGS, quiet)
    assert all(frame.is_empty() for frame in found.values()), "the third ends the year before"


def test_what_is_known_with_a_direction_is_not_said_to_have_none():
    short = computed(scored_rows(answers(-0.3, 60)), score_balance=balances(ALL))["inverse_response_first"]
    assert short.height == 1
    assert "60 months in a row" in short["note"].item()
    told = computed(scored_rows(answers(-0.3, 108)), score_balance=balances(ALL))["inverse_response_first"]
    assert told["value"].null_count() == 0


def test_nothing_on_record_gives_empty_series():
    found = triangle.compute({}, SETTINGS, quiet)
    assert set(found) == {record.name for record in declared("triangle").measures}
    assert all(frame.is_empty() for frame in found.values())


def test_the_same_rows_give_the_same_numbers():
    rows = scored_rows(answers(-0.2, 108))
    one, two = computed(rows), computed(rows[::-1])
    assert all(one[name].equals(two[name]) for name in one)
