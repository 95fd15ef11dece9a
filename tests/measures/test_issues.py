"""Issues: codes joined by symbol, the coder against Voeten, and draws that carry the coder's errors."""

from dataclasses import fields
from datetime import date
from importlib.resources import files

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import votes_tables

from tripoint.errors import UnknownNameError
from tripoint.measures.ballots import counted_rolls, read_ballots
from tripoint.measures.issue_list import Issue, all_issues, find_issue
from tripoint.measures.issues import Membership, coder_quality, read_membership
from tripoint.sources import un_votes
from tripoint.sources.un_votes import ISSUE_CODES

NAMES = [issue.name for issue in all_issues()]
NUCLEAR = NAMES.index("nuclear")


def rolls(*calls: dict) -> dict[str, pl.DataFrame]:
    """A table ``roll_calls``; what is not said is a recorded vote of the Assembly, uncoded."""
    schema = {
        "collection": pl.String,
        "resolution": pl.Int64,
        "body": pl.String,
        "date": pl.Date,
        "session": pl.Int64,
        "symbol": pl.String,
        "title": pl.String,
        "stage": pl.String,
        "recorded": pl.Boolean,
        "agenda": pl.String,
        "important": pl.Boolean,
        **dict.fromkeys(ISSUE_CODES, pl.Int64),
        "flag": pl.String,
    }
    common = {"body": "GA", "stage": "resolution", "recorded": True}
    rows = [{**common, "resolution": number, **call} for number, call in enumerate(calls, 1)]
    return {"roll_calls": pl.DataFrame(rows, schema=schema)}


def undl(year: int, symbol: str, title: str | None, **more: object) -> dict:
    day = date(year, 12, 1)
    return {
        "collection": "undl",
        "date": day,
        "session": year - 1945,
        "symbol": symbol,
        "title": title,
        **more,
    }


def voeten(year: int, symbol: str | None, *codes: str, **more: object) -> dict:
    coded = {code: int(code in codes) for code in ISSUE_CODES}
    return undl(year, symbol or "", None, **coded) | {"collection": "voeten", "symbol": symbol, **more}


def judged(labelled: int, both: int, unlabelled: int, missed: int, year: int = 1987) -> list[dict]:
    """Roll calls of one session in both collections, with that many labelled and coded as nuclear."""
    calls = []
    for k in range(labelled + unlabelled):
        title = "Nuclear weapons" if k < labelled else "Law of the sea"
        belongs = k < both or labelled <= k < labelled + missed
        calls += [
            undl(year, f"A/RES/{year - 1945}/{k}", title),
            voeten(year, f"R/{year - 1945}/{k}", *["nu"] * belongs),
        ]
    return calls


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("middle-east", "middle-east"),
        ("nu", "nuclear"),
        ("CO", "colonialism"),
        ("Human Rights", "human-rights"),
        ("human_rights", "human-rights"),
        ("mid", "middle-east"),
        ("econ", "economic"),
        (" ukraine ", "ukraine"),
    ],
)
def test_names_of_issues(said, meant):
    assert find_issue(said).name == meant


@pytest.mark.parametrize("said", ["", "-", "nuke", "trade", "nuclear-war"])
def test_what_is_no_issue(said):
    with pytest.raises(UnknownNameError, match=r"no issue is called .* Known: colonialism, disarmament"):
        find_issue(said)


def test_issues_are_declared_once_and_without_misspelt_fields():
    assert len(set(NAMES)) == len(NAMES)
    assert tuple(issue.code for issue in all_issues() if issue.code) == un_votes.ISSUE_CODES
    text = files("tripoint.measures").joinpath("issues.toml").read_text("utf-8")
    given_fields = {name for one in msgspec.toml.decode(text)["issues"] for name in one}
    assert given_fields <= {field.name for field in fields(Issue)}


def test_codes_come_by_symbol_however_it_is_written():
    tables = rolls(
        voeten(1950, "R/5/1", "hr", "co"),
        undl(1995, "A/RES/50/38[B-II]", "Atoms"),
        voeten(1995, "R/50/38B/II", "nu"),
        undl(2016, "A/RES/71/5", "Nuclear weapons"),
        voeten(2016, "A/RES/71/5"),
        undl(2017, "A/RES/72/1", "Human rights"),
        voeten(2017, "R/72/1", "hr", stage="paragraph"),
        undl(2023, "A/RES/ES-11/6", "Ukraine", session=None),
    )
    membership = read_membership(tables)
    codes = membership.probability[:6].T.tolist()
    assert membership.coded[:6].all(0).tolist() == [True, True, True, False, False]
    assert codes[:3] == [[0, 0, 0, 1, 1, 0], [0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]
    assert membership.issues == tuple(NAMES)


def test_codes_that_contradict_each_other_are_no_codes():
    membership = read_membership(
        rolls(
            undl(2001, "A/RES/56/1", "Peace"),
            voeten(2001, "R/56/1", "nu", "di"),
            voeten(2001, "R/56/1", "di"),
        )
    )
    known = dict(zip(NAMES, membership.coded[:, 0], strict=True))
    assert not known.pop("nuclear")
    assert all(known.values())
    assert membership.probability[NAMES.index("disarmament"), 0] == 1


def test_ukraine_is_found_by_title_since_2014():
    titles = [
        (2005, "Chernobyl and Ukraine"),
        (2014, "Territorial integrity of UKRAINE"),
        (2018, "Problem of the militarization of the Autonomous Republic of Crimea"),
        (2019, "Black Sea"),
        (
            2022,
            "Suspension of the rights of membership of the Russian Federation in the Human Rights Council",
        ),
        (
            2022,
            "Suspension of the rights of membership of the Libyan Arab Jamahiriya in the Human Rights Council",
        ),
    ]
    tables = rolls(*(undl(year, f"A/RES/{k}/1", title) for k, (year, title) in enumerate(titles)))
    membership = read_membership(tables)
    assert membership.probability[-1].tolist() == [0, 1, 1, 0, 1, 0]
    assert membership.coded[-1].all()
    assert not membership.coded[:-1].any()


def test_an_agenda_item_tells_what_the_title_does_not():
    agenda = "A/61/251 90 General and complete disarmament."
    tables = rolls(
        undl(2021, "A/RES/76/1", "Small steps", agenda=agenda), undl(2021, "A/RES/76/2", "Small steps")
    )
    labels = read_membership(tables).labels
    assert labels[NAMES.index("disarmament")].tolist() == [True, False]


def test_probabilities_and_quality_by_hand():
    """Of 10 labelled 8 belong, of 30 unlabelled 3; the odd session would say the opposite and does not count."""
    tables = rolls(
        *judged(10, 8, 30, 3),
        *judged(10, 0, 10, 10, year=1988),
        undl(2021, "A/RES/76/1", "Nuclear weapons"),
        undl(2021, "A/RES/76/2", "Fishing"),
        undl(2021, "A/RES/76/3", None),
    )
    membership = read_membership(tables)
    assert membership.counts[NUCLEAR].tolist() == [[27, 3], [2, 8]]
    assert membership.probability[NUCLEAR, -3:].tolist() == [0.8, 0.1, 0.1]
    assert not membership.coded[NUCLEAR, -3:].any()
    row = coder_quality(tables).row(by_predicate=pl.col("issue") == "nuclear", named=True)
    assert (row["n_judged"], row["n_labelled"], row["n_true"], row["both"]) == (40, 10, 11, 8)
    assert (row["precision"], row["recall"]) == (0.8, pytest.approx(8 / 11))
    # 5% and 95% points of Beta(8.5, 2.5), by numerical integration.
    assert (row["precision_lower"], row["precision_upper"]) == pytest.approx(
        beta_interval(8.5, 2.5), abs=1e-4
    )
    assert row["recall_lower"] < row["recall"] < row["recall_upper"]


def beta_interval(a: float, b: float) -> tuple[float, float]:
    grid = (np.arange(2_000_000) + 0.5) / 2_000_000
    mass = np.cumsum(grid ** (a - 1) * (1 - grid) ** (b - 1))
    return tuple(grid[np.searchsorted(mass / mass[-1], [0.05, 0.95])])


def test_where_nothing_was_judged_there_is_no_quality():
    row = coder_quality(rolls(undl(2021, "A/RES/76/1", "Nuclear weapons"))).row(0, named=True)
    assert (row["n_judged"], row["precision"], row["recall_upper"]) == (0, None, None)


def test_without_codes_membership_is_the_label_and_draws_do_not_vary():
    tables = votes_tables(
        np.ones((2, 3), np.int8),
        ["KAZ", "RUS"],
        [1970, 2020, 2021],
        ["Nuclear weapons", "Nuclear", "Fishing"],
    )
    membership = read_membership(tables)
    assert membership.probability[NUCLEAR].tolist() == [1, 1, 0]
    assert not membership.coded[NUCLEAR].any()
    drawn = membership.draw(np.random.default_rng(1), 50)
    assert drawn.dtype == np.uint8
    assert (drawn == membership.labels[:, :, None]).all()


def simple(counts: list[list[int]], label: list[bool], coded: list[bool]) -> Membership:
    """One issue; coded roll calls are what their label says."""
    table, labels, known = np.array(counts), np.array([label]), np.array([coded])
    share = table[:, 1] / table.sum(1)
    probability = np.where(known, labels.astype(float), share[labels.astype(int)])
    return Membership(("x",), probability, known, labels, table[None])


def test_draws_have_the_mean_and_spread_of_the_posterior():
    """Two roll calls with one label share the error of the coder: their covariance is the variance of the Beta."""
    membership = simple(
        [[27, 3], [2, 8]], [True, True, False, True, False], [False, False, False, True, True]
    )
    drawn = membership.draw(np.random.default_rng(7), 200_000)[0].astype(float)
    assert drawn[:2].mean(1) == pytest.approx(8.5 / 11, abs=0.005)
    assert drawn[2].mean() == pytest.approx(3.5 / 31, abs=0.005)
    assert (drawn[3] == 1).all()
    assert (drawn[4] == 0).all()
    covariance = np.cov(drawn[:3])
    assert covariance[0, 1] == pytest.approx(8.5 * 2.5 / (11**2 * 12), abs=0.001)
    assert covariance[0, 2] == pytest.approx(0, abs=0.001)


def test_draws_follow_the_seed():
    membership = simple([[5, 5], [5, 5]], [True, False] * 20, [False] * 40)
    one, again, other = (membership.draw(np.random.default_rng(seed), 10) for seed in (3, 3, 4))
    assert (one == again).all()
    assert (one != other).any()


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_changes_nothing(shuffler):
    calls = [
        *judged(4, 3, 6, 1),
        voeten(1960, "R/15/2", "co"),
        undl(2022, "A/RES/77/9", "Palestine"),
    ]
    table = rolls(*calls)["roll_calls"]
    order = list(range(table.height))
    shuffler.shuffle(order)
    one, other = read_membership({"roll_calls": table}), read_membership({"roll_calls": table[order]})
    for field in fields(Membership):
        assert np.array_equal(getattr(one, field.name), getattr(other, field.name))


@pytest.fixture(scope="module")
def tables(shared):
    return un_votes.read_extracts(shared).tables


@pytest.fixture(scope="module")
def votes(tables):
    return {**tables, "roll_calls": tables["roll_calls"].with_columns(flag=pl.lit(None, pl.String))}


@pytest.mark.shared
def test_columns_are_those_of_the_ballots(votes):
    ballots, membership = read_ballots(votes), read_membership(votes)
    assert membership.probability.shape == (7, ballots.votes.shape[1])
    assert (counted_rolls(votes["roll_calls"])["year"].to_numpy() == ballots.years).all()
    assert membership.coded[:6, ballots.years < 1980].all()
    assert membership.coded[:6, ballots.years > 2020].sum() == 0


@pytest.mark.shared
def test_nine_in_ten_roll_calls_find_their_codes(votes):
    years = counted_rolls(votes["roll_calls"])["year"].to_numpy()
    coded = read_membership(votes).coded[:6].mean(0)
    for first in range(1980, 2020, 5):
        assert coded[(years >= first) & (years < first + 5)].mean() > 0.9, first


@pytest.mark.shared
@pytest.mark.parametrize(
    ("issue", "precision", "recall"),
    [
        ("middle-east", 0.96, 0.97),
        ("nuclear", 0.99, 0.96),
        ("disarmament", 0.95, 0.92),
        ("human-rights", 0.91, 0.91),
        ("colonialism", 0.87, 0.69),
        ("economic", 0.87, 0.78),
    ],
)
def test_the_coder_on_sessions_that_did_not_make_it(votes, issue, precision, recall):
    row = coder_quality(votes).row(by_predicate=pl.col("issue") == issue, named=True)
    assert row["n_judged"] > 1500
    assert row["precision"] == pytest.approx(precision, abs=0.015)
    assert row["recall"] == pytest.approx(recall, abs=0.015)
    assert row["precision_lower"] < row["precision"] < row["precision_upper"]


@pytest.mark.shared
def test_no_pattern_is_idle(votes):
    """Every pattern fits a roll call: one that never does is a slip of the pen."""
    calls = counted_rolls(votes["roll_calls"]).filter(collection="undl")
    text = (calls["title"] + " | " + calls["agenda"]).str.to_lowercase()
    for issue in all_issues():
        for pattern in (*issue.include, *issue.exclude):
            assert text.str.contains(pattern).any(), pattern
