"""Blocs of states: Owen values beside Shapley values, in a small network with known answers and in the shipped one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tripoint.core.network import Access, End, Network, Place, Range, Segment
from tripoint.errors import GameError, UsageError
from tripoint.models.games.power import owen_value, shapley_value
from tripoint.readings.blocs import read_blocs
from tripoint.readings.corridors import take_corridors


def sure(number: float) -> Range:
    return Range(number, number, number)


def two_ways() -> Network:
    """Kazakh gas to a world market, over Russia or over Georgia: two ways of the same width, and of the same cost."""
    places = tuple(Place(name, name, "KAZ", None, None, "hub") for name in ("field", "north", "south"))

    def way(name: str) -> Segment:
        return Segment(
            name, name, "gas", "pipeline", "field", name, (), sure(10), "cited", "operating", None, 100.0, sure(0.0),
            "", "", (), (), "",
        )  # fmt: skip

    rights = (("north", "RUS"), ("south", "GEO"), ("north", "KAZ"), ("south", "KAZ"))
    access = tuple(
        Access(line, state, "territory", 1, 1, cited=False, reason="made") for line, state in rights
    )
    ends = (
        End("supply", ("field",), "supply", "gas", "KAZ", sure(10), sure(0), "cited", (), ""),
        End("world", ("north", "south"), "market", "gas", None, sure(10), sure(100), "cited", (), ""),
    )
    return Network(places, (way("north"), way("south")), access, ends)


def test_two_who_compete_gain_by_acting_together() -> None:
    """Each alone is dispensable: 1/6. Together they are as needed as the ground: half, divided equally."""
    found = take_corridors("KAZ", network=two_ways(), blocs=[("Russia", "GEO")])
    shares = {share.player: share for share in found.owen}
    assert shares["RUS"].shapley == pytest.approx(1 / 6)
    assert shares["RUS"].owen == pytest.approx(1 / 4)
    assert shares["GEO"].owen == pytest.approx(1 / 4)
    assert shares["KAZ"].owen == pytest.approx(1 / 2)
    assert shares["RUS"].bloc == ("RUS", "GEO")
    assert shares["KAZ"].bloc == ("KAZ",)


def test_too_many_players_are_refused_before_memory_runs_out() -> None:
    network = two_ways()
    states = (
        "AZE",
        "BLR",
        "CHN",
        "DEU",
        "FRA",
        "GBR",
        "IND",
        "IRN",
        "ITA",
        "JPN",
        "KGZ",
        "MNG",
        "POL",
        "TKM",
        "TUR",
    )
    more = tuple(Access("north", state, "territory", 1, 1, cited=False, reason="made") for state in states)
    crowded = Network(network.places, network.segments, network.access + more, network.ends)
    with pytest.raises(
        GameError, match=r"18 states can close something over gas here: AZE, .*; up to 17 can be drawn"
    ):
        take_corridors("KAZ", network=crowded)


def test_owen_values_are_efficient_and_within_their_intervals() -> None:
    found = take_corridors("KAZ", commodity="crude", blocs=[("RUS", "BLR"), ("AZE", "GEO", "TUR")])
    assert sum(share.owen for share in found.owen) == pytest.approx(1)
    assert all(share.lower <= share.owen <= share.upper for share in found.owen)
    shapley = {share.player: share.shapley for share in found.shares}
    assert {share.player: share.shapley for share in found.owen} == pytest.approx(shapley)


def test_a_bloc_counts_only_where_two_of_it_play() -> None:
    found = take_corridors("KAZ", blocs=[("RUS", "BLR")])
    assert {share.commodity for share in found.owen} >= {"crude"}
    assert "uranium" not in {share.commodity for share in found.owen}
    assert take_corridors("KAZ", commodity="crude").owen == ()


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), n_players=st.integers(2, 6))
def test_draws_are_valued_one_by_one_and_blocs_of_one_or_of_all_change_nothing(
    seed: int, n_players: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random((3, 2**n_players))
    values[:, 0] = 0
    blocs = [[player for player in range(n_players) if player % 2 == k] for k in (0, 1)]
    together = owen_value(values, blocs)
    assert np.allclose(together, [owen_value(row, blocs) for row in values])
    assert np.allclose(together.sum(1), values[:, -1])
    alone = [[player] for player in range(n_players)]
    assert np.allclose(owen_value(values, alone), shapley_value(values))
    assert np.allclose(owen_value(values, [list(range(n_players))]), shapley_value(values))


@pytest.mark.parametrize(
    ("blocs", "message"),
    [
        ([("RUS",)], "bloc 'RUS' has 1 member: name two or more"),
        ([()], "bloc '' has no member"),
        ([("RUS", "Atlantis")], "no state is called 'Atlantis'"),
        ([("RUS", "BLR"), ("BLR", "CHN")], "'BLR' is in blocs 2 times"),
        ([("RUS", "Russia")], "'RUS' is in blocs 2 times"),
        ([("RUS", "FRA")], "'FRA' of bloc 'RUS,FRA' can close nothing here"),
    ],
)
def test_a_bloc_that_cannot_be(blocs: list[tuple[str, ...]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        take_corridors("KAZ", commodity="crude", blocs=blocs)


def test_a_bloc_that_never_meets() -> None:
    with pytest.raises(UsageError, match="no two of bloc 'BLR,TKM' play over the same commodity"):
        take_corridors("KAZ", blocs=[("BLR", "TKM")])


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        read_blocs([("RUS",), ("Atlantis", "CHN")])
    assert "has 1 member" in str(caught.value)
    assert "'Atlantis'" in str(caught.value)
