"""Corridors read: routes, shares, failures, scenarios; that names of states and order of segments do not matter."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tripoint.core.network import KINDS_OF, Range
from tripoint.core.scenario import EndChange, NewSegment, Scenario, SegmentChange, changed, load_scenario
from tripoint.errors import CoverageError, DeclarationError, NetworkError, UnknownNameError
from tripoint.measures.bargaining import can_open_without, commodity_of, exports_left
from tripoint.measures.corridor_game import commodities_of, corridor_game, length_km
from tripoint.measures.records import declared
from tripoint.models.games.coalitions import check_superadditive
from tripoint.models.games.nucleolus import is_nucleolus, nucleolus
from tripoint.readings.corridors import take_corridors
from tripoint.readings.what_if import find_scenario, what_if
from tripoint.sources.corridors import shipped_network, shipped_scenarios


def test_routes_have_what_is_on_record_and_who_can_close_them() -> None:
    found = take_corridors("KAZ", commodity="crude")
    routes = {route.segment: route for route in found.routes}
    assert (routes["cpc_kz"].year, routes["cpc_kz"].value) == (2024, 54.9)
    assert (routes["uas"].year, routes["uas"].value) == (2024, 8.8)
    assert (routes["kcp_aa"].year, routes["kcp_aa"].value) == (2024, 1.2)
    assert [right.state for right in routes["btc"].can_close] == ["AZE", "GEO", "TUR"]
    assert "espo" not in routes  # hangs together with nothing of Kazakhstan's


@pytest.mark.parametrize("commodity", ["crude", "gas", "uranium", "containers"])
def test_shares_are_efficient_within_their_intervals_and_certified(commodity: str) -> None:
    found = take_corridors("KAZ", commodity=commodity)
    assert sum(share.shapley for share in found.shares) == pytest.approx(1)
    assert sum(share.nucleolus for share in found.shares) == pytest.approx(1)
    assert all(share.lower <= share.shapley <= share.upper for share in found.shares)
    game = corridor_game(shipped_network(), commodity, "KAZ", draws=1, seed=0)
    values = game.values()
    check_superadditive(values)
    assert is_nucleolus(values, nucleolus(values))


def test_drawn_games_are_superadditive_and_start_from_nothing() -> None:
    game = corridor_game(shipped_network(), "gas", "KAZ", draws=6, seed=3)
    drawn = game.drawn_values()
    assert (drawn[:, 0] == 0).all()
    for values in drawn:
        check_superadditive(values)


def test_closing_the_widest_route_leaves_what_the_others_carry() -> None:
    found = take_corridors("KAZ", commodity="crude")
    left = {one.name: one.left for one in found.failures if one.kind == "segment"}
    shut = take_corridors("KAZ", commodity="crude", scenario=find_scenario("cpc-closed"))
    (compared,) = what_if("cpc-closed", "KAZ", pair=("RUS", "CHN"))
    assert left["cpc_ru"] == pytest.approx(compared.exports[1] / compared.exports[0])
    assert shut.worth["crude"] == pytest.approx(compared.worth_after)
    assert all(one.with_another <= one.left + 1e-12 for one in found.failures)
    assert 0 < found.mean_share_left["crude"] < 1


def test_without_russia_little_oil_is_left() -> None:
    found = take_corridors("KAZ", commodity="crude")
    (russia,) = [one for one in found.failures if one.kind == "state" and one.name == "RUS"]
    assert russia.left < 0.25


@pytest.mark.parametrize("commodity", ["crude", "gas"])
def test_what_can_go_around_a_state_is_what_its_failure_leaves(commodity: str) -> None:
    found = take_corridors("KAZ", commodity=commodity)
    left = exports_left(shipped_network(), commodity, "KAZ", draws=50, seed=1)
    assert left is not None
    failures = {one.name: one.left for one in found.failures if one.kind == "state"}
    for state, share in zip(left.states, left.left, strict=True):
        assert share == pytest.approx(failures.get(state, 1.0), abs=1e-9)
    assert left.drawn.shape == (50, len(left.states))
    assert left.drawn.min() >= 0
    assert left.drawn.max() <= 1


def test_a_ground_that_exports_nothing_has_nothing_to_go_around() -> None:
    assert exports_left(shipped_network(), "crude", "CHN", draws=5, seed=1) is None


def test_losses_rest_on_dated_outages() -> None:
    found = take_corridors("KAZ", commodity="crude")
    (cpc,) = [loss for loss in found.losses if loss.segment == "cpc_ru"]
    assert {"RUS", "UKR"} == set(cpc.actors)
    assert len(cpc.events) >= 10
    low, high = cpc.per_year[1:]
    assert low < cpc.per_year[0] < high
    assert 0 <= cpc.lower <= cpc.value <= cpc.upper < 1


def test_a_route_that_nothing_uses_still_moves_power() -> None:
    (found,) = what_if("caspian-oil", "KAZ", pair=("RUS", "CHN"))
    assert found.flows == {}
    effects = {effect.player: effect for effect in found.effects}
    assert effects["KAZ"].surely == 1
    assert effects["RUS"].surely == -1


def test_interests_oppose_where_one_gains_and_the_other_loses() -> None:
    (shut,) = what_if("cpc-closed", "KAZ", pair=("RUS", "CHN"))
    assert shut.opposed is True
    (siberia,) = what_if("power-of-siberia-2", "KAZ", pair=("RUS", "CHN"))
    assert siberia.opposed is False
    assert {e.player: e.surely for e in siberia.effects}["KAZ"] == -1
    (none,) = what_if("cpc-closed", "KAZ")
    assert none.opposed is None


def test_earnings_change_by_as_much_as_the_whole() -> None:
    for found in what_if("russia-closes", "KAZ"):
        change = sum(effect.earned for effect in found.effects)
        assert change == pytest.approx(found.worth_after - found.worth_before, abs=1e-6)


def test_swapping_two_states_swaps_their_shares() -> None:
    """Swap every right, supply and place of Russia and China."""
    network = shipped_network()
    turn = {"RUS": "CHN", "CHN": "RUS"}
    swapped = replace(
        network,
        places=tuple(replace(place, state=turn.get(place.state, place.state)) for place in network.places),
        access=tuple(replace(right, state=turn.get(right.state, right.state)) for right in network.access),
        ends=tuple(replace(end, state=turn.get(end.state or "", end.state)) for end in network.ends),
    )
    before = {share.player: share for share in take_corridors("KAZ", commodity="crude").shares}
    after = {
        share.player: share for share in take_corridors("KAZ", commodity="crude", network=swapped).shares
    }
    for player, share in before.items():
        assert after[turn.get(player, player)].shapley == pytest.approx(share.shapley)
        assert after[turn.get(player, player)].nucleolus == pytest.approx(share.nucleolus, abs=1e-7)


def test_order_of_segments_does_not_matter() -> None:
    network = shipped_network()
    turned = replace(
        network, segments=network.segments[::-1], ends=network.ends[::-1], access=network.access[::-1]
    )
    before = {share.player: share for share in take_corridors("TKM", commodity="gas").shares}
    after = {share.player: share for share in take_corridors("TKM", commodity="gas", network=turned).shares}
    for player, share in before.items():
        assert after[player].shapley == pytest.approx(share.shapley)
        assert after[player].lower == pytest.approx(share.lower)


def test_units_of_money_cancel_in_shares() -> None:
    network = shipped_network()
    game = corridor_game(network, "crude", "KAZ", draws=1, seed=0)
    doubled = replace(game.network, cost=2 * game.network.cost)
    from tripoint.models.flows.coalitions import coalition_values

    assert coalition_values(doubled) == pytest.approx(2 * game.values())


def test_what_grounds_have_corridors() -> None:
    network = shipped_network()
    assert commodities_of(network, "KAZ") == ("crude", "gas", "uranium", "containers")
    assert commodities_of(network, "TKM") == ("gas",)
    with pytest.raises(CoverageError, match="no segment is on record that FRA can close"):
        take_corridors("FRA")
    with pytest.raises(CoverageError, match="no segment of crude"):
        take_corridors("TKM", commodity="crude")
    with pytest.raises(UnknownNameError, match="no commodity is called 'tea'"):
        take_corridors("KAZ", commodity="tea")


def test_lengths_are_on_record_or_longer_than_the_great_circle() -> None:
    network = shipped_network()
    segments = {segment.name: segment for segment in network.segments}
    assert length_km(network, segments["btc"]) == 1768
    assert 250 < length_km(network, segments["omsk_pav"]) < 600
    assert length_km(network, segments["kash_atyrau"]) == 500  # no coordinates: as declared


def test_scenarios_are_of_one_commodity_and_say_whose_consent_they_need() -> None:
    network, known = shipped_network(), shipped_scenarios()
    assert commodity_of(network, known["trans-caspian"]) == "gas"
    assert commodity_of(network, known["russia-closes"]) is None
    assert can_open_without(network, known["caspian-oil"], "RUS")
    assert not can_open_without(network, known["cpc-expansion"], "RUS")
    assert can_open_without(network, known["trans-caspian"], "RUS")  # a shore state's say is not sure


def test_a_scenario_can_add_change_and_give_away(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        """
name = "mine"
title = "A pipe of my own"
close = ["uas"]

[[segments]]
segment = "btc"
capacity = [30.0, 40.0, 50.0]
tariff = [10.0, 12.0, 20.0]
control = ["TUR"]

[[ends]]
end = "ceyhan_market"
price = [700.0, 710.0, 720.0]

[[add]]
segment = "direct"
title = "Straight to Baku"
commodity = "crude"
kind = "pipeline"
start = "atyrau"
end = "baku"
capacity = [20.0, 20.0, 20.0]
control = ["KAZ", "AZE"]
""",
        "utf-8",
    )
    scenario = load_scenario(file)
    assert scenario.segments == (SegmentChange("btc", (30.0, 40.0, 50.0), (10.0, 12.0, 20.0), ("TUR",)),)
    assert isinstance(scenario.ends[0], EndChange)
    assert isinstance(scenario.add[0], NewSegment)
    then = changed(shipped_network(), scenario)
    assert [right.state for right in then.who_can_close("btc")] == ["TUR"]
    (found,) = what_if(scenario, "KAZ")
    assert found.flows["direct"][1] > 0
    assert found.worth_after > found.worth_before


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (Scenario("x", "x", open=("tpc",)), "no segment is called 'tpc'"),
        (Scenario("x", "x", close_states=("FRA",)), "'FRA' can close no segment"),
        (Scenario("x", "x", ends=(EndChange("y", (1.0, 1.0, 1.0)),)), "no supply or market is called 'y'"),
        (Scenario("x", "x", segments=(SegmentChange("btc", (-1.0, 1.0, 1.0)),)), "capacity of 'btc' is negative"),
        (
            Scenario("x", "x", segments=(SegmentChange("btc", (float("nan"), 1.0, 1.0)),)),
            "capacity of 'btc' is nan, 1, 1: not finite",
        ),
        (
            Scenario(
                "x", "x",
                add=(NewSegment("btc", "b", "crude", "pipeline", "baku", "ceyhan", (1.0, 1.0, 1.0), ("TUR",)),),
            ),
            "segment 'btc' is there already",
        ),
        (
            Scenario(
                "x", "x", add=(NewSegment("n", "n", "gas", "pipe", "baku", "ceyhan", (1.0, 1.0, 1.0), ("TUR",)),),
            ),
            "segment 'n': kind 'pipe' without a tariff; known for gas: pipeline",
        ),
        (
            Scenario("x", "x", segments=(SegmentChange("btc", control=("Georgia",)),)),
            "control of 'btc': write 'GEO' for 'Georgia'",
        ),
        (
            Scenario("x", "x", segments=(SegmentChange("btc", control=("XYZ",)),)),
            "control of 'btc': no state is called 'XYZ'",
        ),
    ],
)  # fmt: skip
def test_what_a_scenario_may_not_ask(scenario: Scenario, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        what_if(scenario, "KAZ")


def test_every_kind_that_a_segment_may_be_of_has_a_declared_cost() -> None:
    rates = declared("bargaining").settings["rates"]
    assert {commodity: tuple(kinds) for commodity, kinds in rates.items()} == KINDS_OF


def test_states_asked_about_that_have_no_say_are_named() -> None:
    (found,) = what_if("tapi", "TKM", pair=("USA", "IRN"))
    assert found.no_part == ("USA",)
    assert found.as_dict()["no_part"] == ("USA",)
    assert "USA" not in {effect.player for effect in found.effects}
    assert found.opposed is None
    (all_play,) = what_if("trans-caspian", "KAZ", pair=("RUS", "CHN"))
    assert all_play.no_part == ()


def test_a_misspelt_field_of_a_scenario_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(
        'name = "x"\ntitle = "x"\nclos = ["uas"]\n[[segments]]\nsegment = "btc"\ncapcity = [1.0, 2.0, 3.0]\n',
        "utf-8",
    )
    with pytest.raises(DeclarationError) as caught:
        load_scenario(file)
    top, inner = caught.value.faults
    assert top.startswith("no field is called 'clos'. Did you mean 'close'? Known: add, citations, close, ")
    assert inner == (
        "no field of segments[0] is called 'capcity'. Did you mean 'capacity'? "
        "Known: capacity, control, segment, tariff"
    )


def test_a_scenario_file_that_is_wrong_names_the_place(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('name = "x"\ntitle = 3\n', "utf-8")
    with pytest.raises(DeclarationError, match="title"):
        load_scenario(file)
    with pytest.raises(DeclarationError, match="cannot be read"):
        load_scenario(tmp_path / "none.toml")
    with pytest.raises(UnknownNameError, match="no scenario is called 'tapy'"):
        find_scenario("tapy")


def test_a_scenario_without_effect_says_so() -> None:
    with pytest.raises(CoverageError, match="changes nothing around TKM"):
        what_if("baku-supsa", "TKM")


def test_opening_a_segment_without_a_capacity_is_refused() -> None:
    network = shipped_network()
    empty = Scenario("x", "x", open=("cku",))
    with pytest.raises(CoverageError):
        what_if(empty, "KAZ")
    assert all(isinstance(s.capacity, Range) or s.name in ("cku", "titr_kars") for s in network.segments)


def test_draws_of_an_arc_depend_on_its_name_alone() -> None:
    network = shipped_network()
    before = corridor_game(network, "gas", "KAZ", draws=20, seed=1)
    after = corridor_game(
        changed(network, find_scenario("turkmenistan-china-d")), "gas", "KAZ", draws=20, seed=1
    )
    for place, name in enumerate(before.arcs):
        other = after.arcs.index(name)
        assert np.array_equal(before.capacities[:, place], after.capacities[:, other])
        assert np.array_equal(before.costs[:, place], after.costs[:, other])
