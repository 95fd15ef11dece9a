"""Glue and agenda: parts that add up, placebos, what is withheld and why, and agendas counted by hand."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.conftest import votes_tables

from tripoint.measures import agenda, alignment, glue, united_front
from tripoint.measures.agenda import Items, adopted_without_vote, contested, titles_once, with_consensus
from tripoint.measures.measure import Settings
from tripoint.measures.records import declared

STATES = ["BLR", "BRA", "CHN", "CUB", "RUS", "USA"]
SETTINGS = Settings(draws=99, powers=("BRA", "CHN", "RUS", "USA"))
YEARS = [1990 + k // 30 for k in range(360)]


def quiet(share, doing):
    pass


def made_up(seed=0, years=YEARS, states=STATES):
    """Votes that lean on one thing per item; the first state and the fourth follow it closely."""
    rng = np.random.default_rng(seed)
    place = np.array([2.0, 0.5, 1.0, 2.0, 1.0, -1.5])[: len(states), None]
    scores = place * rng.normal(size=len(years)) + rng.normal(size=(len(states), len(years)))
    return votes_tables((1 + (scores > 0) + (scores > 0.8)).astype(np.int8), states, years)


def numbered(frames, symbols, recorded=True):
    """The same tables with document symbols."""
    return {
        **frames,
        "roll_calls": frames["roll_calls"].with_columns(
            pl.Series("symbol", symbols), recorded=pl.lit(recorded)
        ),
    }


@pytest.fixture(scope="module")
def found():
    return glue.compute(made_up(), SETTINGS, quiet)


def row(series, **about):
    rows = series.filter(**about)
    assert rows.height == 1
    return rows.row(0, named=True)


def test_every_record_has_its_series(found):
    assert found.keys() == {record.name for record in declared("glue").measures}
    assert all(series.height for series in found.values())
    assert all(series["value"].is_nan().sum() == 0 for series in found.values())


def test_the_two_parts_are_kappa_of_the_window(found):
    key = ["first", "second", "outsider", "period"]
    for window in ("", "_3y", "_10y"):
        both = found[f"linked{window}"].join(found[f"own{window}"], on=key, suffix="_own")
        shares = both.join(found[f"linked_share{window}"], on=key, suffix="_share").drop_nulls("value_share")
        assert shares.height
        whole = shares["value"] + shares["value_own"]
        assert shares["value_share"].to_numpy() == pytest.approx((shares["value"] / whole).to_numpy())


def test_placebos_are_in_the_first_window_only(found):
    assert set(found["linked"]["outsider"]) == {"BRA", "CHN", "RUS", "USA"}
    assert set(found["linked_3y"]["outsider"]) == {"USA"}
    pairs = set(found["linked"].select("first", "second").unique().rows())
    assert {("BLR", "RUS"), ("CHN", "CUB"), ("CHN", "RUS")} <= pairs
    assert len(pairs) == 6 + 2
    for series in found.values():
        clash = (pl.col("outsider") == pl.col("first")) | (pl.col("outsider") == pl.col("second"))
        assert series.filter(clash | (pl.col("first") >= pl.col("second"))).is_empty()


def test_any_outsider_can_be_asked_for():
    series = glue.compute(made_up(), replace(SETTINGS, outsiders=("CUB",)), quiet)
    assert set(series["linked_10y"]["outsider"]) == {"CUB"}
    assert "CUB" in series["linked"]["outsider"]
    asked = series["linked"].filter(outsider="CUB")
    assert asked.filter((pl.col("first") == "CUB") | (pl.col("second") == "CUB")).is_empty()


def test_windows_are_full_and_years_whole(found):
    for window, first in (("", "1994"), ("_3y", "1992"), ("_10y", "1999")):
        # Years before the first of the tables are not missing from a window: the tables say nothing of them.
        assert found[f"own{window}"]["period"].max() == "2001"
        counts = found[f"own{window}"].filter(first="CHN", second="RUS", outsider="USA", period=first)
        assert counts["n"].to_list() == [30 * {"": 5, "_3y": 3, "_10y": 10}[window]]
    cut = made_up()
    late = pl.col("date").dt.year() == 2001
    cut["roll_calls"] = cut["roll_calls"].with_columns(
        pl.when(late).then(pl.col("date").dt.replace(month=9)).otherwise("date").alias("date"),
        pl.when(late).then(pl.lit("partial-year")).alias("flag"),
    )
    assert glue.compute(cut, SETTINGS, quiet)["own"]["period"].max() == "2000"


def test_a_share_of_a_doubtful_agreement_is_withheld():
    rng = np.random.default_rng(1)
    votes = rng.integers(1, 4, (len(STATES), len(YEARS))).astype(np.int8)
    series = glue.compute(votes_tables(votes, STATES, YEARS), SETTINGS, quiet)
    shares = series["linked_share"]
    doubtful = shares.filter(pl.col("note").str.contains("not clearly above chance"))
    assert doubtful.height > shares.height / 2
    assert set(doubtful["coverage"]) == {"D"}
    assert doubtful["value"].null_count() == doubtful.height
    assert doubtful["n"].min() >= 30
    assert series["linked"]["value"].null_count() == 0
    assert series["own"]["value"].null_count() == 0


def test_few_roll_calls_are_the_first_reason():
    years = [1990 + k // 2 for k in range(24)]
    series = glue.compute(made_up(years=years), SETTINGS, quiet)
    few = series["linked_share"]
    assert set(few["coverage"]) == {"D"}
    assert set(few["note"]) <= {
        "too few roll calls on which all three voted",
        "not defined, or no interval can be formed",
    }
    assert set(few["n"]) == {6, 8, 10}


def test_agreement_by_the_outsiders_vote_meets_the_united_front(found):
    """Given yes and abstain, weighted by how often, is given anything but no."""
    front = united_front.compute(made_up(), SETTINGS, quiet)["agreement_given_other"]
    about = {"first": "CHN", "second": "RUS", "outsider": "USA", "period": "2001"}
    yes, abstain = (row(found[f"agreement_given_{vote}"], **about) for vote in ("yes", "abstain"))
    pooled = (yes["value"] * yes["n"] + abstain["value"] * abstain["n"]) / (yes["n"] + abstain["n"])
    assert pooled == pytest.approx(row(front, **about)["value"], abs=1e-6)
    assert row(front, **about)["n"] == yes["n"] + abstain["n"]


def test_exchanging_two_states_changes_nothing(found):
    renamed = {"CHN": "USA", "USA": "CHN"}
    frames = made_up()
    frames["votes"] = frames["votes"].with_columns(pl.col("state").replace(renamed))
    settings = replace(SETTINGS, outsiders=("CHN",))
    there = glue.compute(frames, settings, quiet)
    numbers = ("value", "lower", "upper", "n")
    for name in ("linked", "linked_share_quadratic", "own_3y"):
        one = found[name].filter(first="RUS", second="USA", outsider="BRA").select("period", *numbers)
        two = there[name].filter(first="CHN", second="RUS", outsider="BRA").select("period", *numbers)
        assert one.equals(two)
        one = found[name].filter(first="BRA", second="RUS", outsider="USA").select("period", *numbers)
        two = there[name].filter(first="BRA", second="RUS", outsider="CHN").select("period", *numbers)
        assert one.height
        assert one.equals(two)


def items(votes, titles):
    weights = np.ones((len(titles), 3), np.float32)
    return Items(np.array(votes, np.int8), np.array(titles, np.int32), weights)


def test_agendas_by_hand():
    whole = items([[1, 1, 0, 3, 0], [1, 2, 1, 3, 0], [0, 1, 1, 3, 0]], [4, 4, 5, 6, 6])
    assert contested(whole).votes.tolist() == [[1], [2], [1]]
    assert contested(whole).titles.tolist() == [4]
    assert titles_once(whole).weights[:, 0].tolist() == [0.5, 0.5, 1, 0.5, 0.5]
    years = np.array([2000, 2000, 2001, 2001, 2001])
    more = with_consensus(whole, years, {2000: 2, 2001: 1})
    assert more.votes[:, 5:].tolist() == [[1, 1, 1], [1, 1, 1], [1, 1, 1]]
    assert len(set(more.titles.tolist())) == 3 + 3
    assert (more.weights[5:] == 1).all()
    absent = items([[0, 0, 1], [1, 1, 1]], [1, 2, 3])
    more = with_consensus(absent, np.array([2000, 2000, 2001]), {2000: 1, 2001: 1})
    assert more.votes[:, 3:].tolist() == [[0, 1], [1, 1]]
    assert with_consensus(whole, years, {2000: 2}) is None


def test_adoptions_without_a_vote_are_what_is_left_of_the_numbers():
    frames = made_up(years=[1985] * 8)
    symbols = ["A/RES/40/3", "A/RES/40/9[A]", "A/RES/40/9B", "A/RES/41/5", "A/RES/41/2", "A/RES/41/20"]
    rolls = numbered(frames, [*symbols, "A/RES/3382(XXX)", "A/RES/ES-10/4"])["roll_calls"]
    assert adopted_without_vote(rolls) == {1985: 9 - 2, 1986: 20 - 3}
    unrecorded = pl.col("symbol") == "A/RES/41/20"
    partly = rolls.with_columns(
        pl.when(unrecorded).then(pl.lit(value=False)).otherwise("recorded").alias("recorded")
    )
    assert adopted_without_vote(partly) == {1985: 9 - 2, 1986: 20 - 2}
    assert adopted_without_vote(rolls.with_columns(symbol=pl.lit(None, pl.String))) == {}
    assert adopted_without_vote(rolls.drop("symbol")) == {}


@pytest.fixture(scope="module")
def agendas():
    frames = made_up()
    symbols = [f"A/RES/{year - 1945}/{2 * (k % 30) + 1}" for k, year in enumerate(YEARS)]
    return agenda.compute(numbered(frames, symbols), SETTINGS, quiet)


def test_agenda_has_every_record(agendas):
    assert agendas.keys() == {record.name for record in declared("agenda").measures}
    assert all(series["value"].is_not_null().any() for series in agendas.values())
    powers = pl.col("first").is_in(SETTINGS.powers) | pl.col("second").is_in(SETTINGS.powers)
    assert agendas["kappa_contested"].filter(~powers).is_empty()
    assert set(agendas["linked_share_consensus"]["outsider"]) == {"USA"}
    assert agendas["linked_share_contested"]["period"].min() == "1990"


def test_titles_tabled_once_give_the_plain_kappa(agendas):
    frames = made_up()
    rolls = frames["roll_calls"].with_columns(title=pl.Series([_title(k) for k in range(len(YEARS))]))
    once = agenda.compute({**frames, "roll_calls": rolls}, SETTINGS, quiet)
    plain = alignment.compute({**frames, "roll_calls": rolls}, SETTINGS, quiet)["kappa"]
    both = once["kappa_titles_once"].join(plain, on=["first", "second", "period"], suffix="_plain")
    assert both.height == once["kappa_titles_once"].height > 0
    for bound in ("value", "lower", "upper"):
        assert both[bound].to_numpy() == pytest.approx(both[f"{bound}_plain"].to_numpy(), abs=1e-6)
    shares = glue.compute({**frames, "roll_calls": rolls}, SETTINGS, quiet)["linked_share"].filter(
        outsider="USA"
    )
    key = ["first", "second", "outsider", "period"]
    both = once["linked_share_titles_once"].join(shares, on=key, suffix="_plain").drop_nulls()
    assert both["value"].to_numpy() == pytest.approx(both["value_plain"].to_numpy(), abs=1e-6)


def _title(k):
    """A title of its own for every roll call, without figures."""
    return "Question " + "".join(chr(97 + int(digit)) for digit in str(k))


def test_consensus_by_hand(agendas):
    """Thirty recorded votes with odd numbers to 59: twenty-nine adoptions without a vote, agreement for all."""
    plain = alignment.compute(made_up(), SETTINGS, quiet)["same_vote"]
    about = {"first": "CHN", "second": "RUS", "period": "1995"}
    share = row(plain, **about)["value"]
    found = row(agendas["same_vote_consensus"], **about)
    assert found["n"] == 30 + 29
    assert found["value"] == pytest.approx((30 * share + 29) / 59, abs=1e-6)
    assert found["coverage"] == row(plain, **about)["coverage"]
    assert row(agendas["linked_share_consensus"], outsider="USA", **about)["n"] == 5 * 59


def test_without_numbers_consensus_is_withheld_with_its_reason():
    series = agenda.compute(made_up(), SETTINGS, quiet)
    for name in ("kappa_consensus", "same_vote_consensus", "linked_share_consensus"):
        assert series[name].height
        assert series[name]["value"].null_count() == series[name].height
        assert (
            "how many resolutions were adopted without a vote is not known" in series[name]["note"].to_list()
        )
    assert series["kappa_contested"]["value"].is_not_null().any()


def test_unanimous_roll_calls_are_left_out():
    frames = made_up(years=[2010] * 60)
    same = pl.col("resolution") < 20
    frames["votes"] = frames["votes"].with_columns(
        pl.when(same).then(pl.lit(1)).otherwise("vote").cast(pl.Int8).alias("vote")
    )
    kinds = pl.col("vote").n_unique().over("resolution")
    kept = {**frames, "votes": frames["votes"].filter(kinds > 1)}
    n = kept["votes"]["resolution"].n_unique()
    assert 20 < n <= 40
    about = {"first": "CHN", "second": "RUS", "period": "2010"}
    found = row(agenda.compute(frames, SETTINGS, quiet)["kappa_contested"], **about)
    assert found["n"] == n
    plain = row(alignment.compute(kept, SETTINGS, quiet)["kappa"], **about)
    assert found["value"] == pytest.approx(plain["value"], abs=1e-6)


@pytest.mark.shared
def test_most_resolutions_need_no_vote(shared):
    """More than a hundred a year, in every year since numbers start anew with each session."""
    from tripoint.store.catalog import read_extracts

    adopted = adopted_without_vote(read_extracts(shared).frames["roll_calls"])
    whole = {year: number for year, number in adopted.items() if year < 2025}
    assert sorted(whole) == list(range(1976, 2025))
    assert all(100 < number < 300 for number in whole.values())
