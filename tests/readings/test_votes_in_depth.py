"""The votes of a pair and the positions of states, read from the vintage in the package."""

from datetime import date

import pytest

from tripoint.core.triad import Triad
from tripoint.errors import CoverageError, TriadError, UnknownNameError
from tripoint.measures.issue_list import all_issues
from tripoint.readings.explain import explain
from tripoint.readings.positions import take_positions
from tripoint.readings.reading import take_reading
from tripoint.readings.votes import GLUE, VARIANTS, take_votes
from tripoint.store.vintages import open_vintage


@pytest.fixture(scope="module")
def votes():
    return take_votes("RUS", "CHN", vintage="bundled")


def test_the_two_parts_add_up_and_make_the_share(votes):
    rows = votes.latest(votes.glue)
    assert tuple(rows) == GLUE
    whole = rows["linked"]["value"] + rows["own"]["value"]
    assert rows["linked_share"]["value"] == pytest.approx(rows["linked"]["value"] / whole, abs=0.03)


def test_every_choice_is_there_and_the_spread_spans_them(votes):
    assert set(votes.variants["choice"]) == set(VARIANTS.values())
    low, high = votes.spread
    assert low == votes.variants["value"].min()
    assert high == votes.variants["value"].max()


def test_placebos_are_other_outsiders_and_other_pairs(votes):
    found = {(row["first"], row["second"], row["outsider"]) for row in votes.placebos.iter_rows(named=True)}
    assert {
        ("RUS", "CHN", "IND"),
        ("RUS", "CHN", "BRA"),
        ("FRA", "GBR", "USA"),
        ("CHN", "CUB", "USA"),
    } <= found
    assert not any(outsider in (one, two) for one, two, outsider in found)


def test_issues_are_ranked_with_the_places_that_their_intervals_allow(votes):
    lines = votes.fault_lines
    assert {line.issue for line in lines} == {issue.name for issue in all_issues()}
    ranked = [line for line in lines if line.rank is not None]
    assert [line.rank for line in ranked] == list(range(1, len(ranked) + 1))
    values = [line.numbers["issue_kappa"]["value"] for line in ranked]
    assert values == sorted(values)
    assert all(line.best_rank <= line.rank <= line.worst_rank for line in ranked)


def test_the_order_of_the_pair_changes_nothing_but_the_names(votes):
    turned = take_votes("China", "Russia", vintage="bundled")
    assert (turned.first, turned.second) == ("CHN", "RUS")
    assert turned.latest(turned.glue)["own"]["value"] == votes.latest(votes.glue)["own"]["value"]
    assert [line.issue for line in turned.fault_lines] == [line.issue for line in votes.fault_lines]


def test_one_issue_and_a_ground():
    found = take_votes("RUS", "CHN", ground="KAZ", issue="nu", vintage="bundled")
    assert set(found.issues["issue"]) == {"nuclear"}
    assert "issue_siding_first" in found.issues["measure"].to_list()


def test_a_reading_of_the_past_ends_in_the_past():
    found = take_votes("RUS", "CHN", as_of=date(2015, 6, 30), vintage="bundled")
    assert found.period == "2014"
    assert found.issues["period"].max() <= "2014"
    assert take_positions(["RUS"], as_of=date(2015, 6, 30), vintage="bundled").frame["year"].max() <= 2014


@pytest.mark.parametrize(
    ("states", "error", "said"),
    [
        (("RUS", "RUS", "USA"), TriadError, "must be different"),
        (("RUS", "CHN", "CHN"), TriadError, "must be different"),
        (("KAZ", "UZB", "USA"), CoverageError, "pairs of the powers"),
        (("RUS", "CHN", "MNG"), CoverageError, "tripoint build --outsider MNG"),
    ],
)
def test_what_cannot_be_read_is_said(states, error, said):
    with pytest.raises(error, match=said):
        take_votes(*states, vintage="bundled")


def test_positions_have_a_session_for_every_year_and_both_schemes_differ():
    states = ["RUS", "CHN", "KAZ", "USA"]
    one, two = (
        take_positions(states, scheme=scheme, vintage="bundled") for scheme in ("posterior", "published")
    )
    assert (one.frame["year"] - one.frame["session"] == 1945).all()
    assert list(dict.fromkeys(one.frame["state"])) == states
    assert one.frame["value"].to_list() != two.frame["value"].to_list()
    known = one.frame.drop_nulls("value")
    assert ((known["lower"] <= known["value"]) & (known["value"] <= known["upper"])).all()


def test_positions_that_are_not_there_are_said():
    with pytest.raises(UnknownNameError, match="scheme"):
        take_positions(["RUS"], scheme="posterio", vintage="bundled")
    with pytest.raises(CoverageError, match="no ideal point on ukraine"):
        take_positions(["RUS"], issue="ukraine", vintage="bundled")


def test_every_series_of_the_vintage_about_a_triad_can_be_explained():
    reading = take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled")
    names = [
        name for name in open_vintage("bundled").manifest.series if name not in ("reference", "displacement")
    ]
    without = [name for name in names if not explain(reading, name).rows]
    assert without == []


def test_the_reading_says_what_glues_the_two_and_where_they_part():
    reading = take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled")
    said = " ".join(reading.sentences)
    share = reading.votes.latest(reading.votes.glue)["linked_share"]["value"]
    assert f"{share:.1%}" in said
    assert "furthest apart on Nuclear" in said
    first = reading.votes.fault_lines[0]
    assert (first.issue, first.numbers["issue_kappa"]["coverage"]) == ("ukraine", "C")
    assert "Not compared, with too few roll calls for more than grade C: Ukraine, since 2014." in said
    assert "session 79, opened in 2024" in said
    other = " ".join(take_reading(Triad("KAZ", "UZB", ground="RUS"), vintage="bundled").sentences)
    assert "furthest apart" not in other
