"""What closes together, and what outages cost: by actor and by operator."""

from dataclasses import replace

import pytest

from tripoint.core.network import Outage
from tripoint.readings.closures import NOBODY, operators
from tripoint.readings.corridors import take_corridors
from tripoint.sources.corridors import shipped_network


def attack(name: str, segments: tuple[str, ...], *actors: str, kind: str = "attack") -> Outage:
    return Outage(name, "2025-01-01", None, segments, kind, actors, None, None, (), "made")


def test_an_actor_closes_what_its_outages_have_hit() -> None:
    network = shipped_network()
    more = (attack("X1", ("uas",), "Some group"), attack("X2", ("aktau_baku",), "KAZ", kind="policy"))
    found = take_corridors("KAZ", network=replace(network, outages=network.outages + more), commodity="crude")
    actors = {one.name: one for one in found.failures if one.kind == "actor"}
    assert set(actors) == {"RUS", "UKR", "Some group"}  # a policy and a treaty close nothing
    assert actors["UKR"].segments == ("cpc_ru",)
    assert actors["Some group"].segments == ("uas",)
    segments = {one.name: one for one in found.failures if one.kind == "segment"}
    assert actors["UKR"].left == pytest.approx(segments["cpc_ru"].left)
    both = actors["UKR"]
    assert both.another == "Some group"
    assert both.with_another == pytest.approx(segments["cpc_ru"].with_another)  # the worst second one is uas


def test_an_attack_counts_even_if_its_size_is_not_on_record() -> None:
    found = take_corridors("KAZ", commodity="gas")
    (ukraine,) = [one for one in found.failures if (one.kind, one.name) == ("actor", "UKR")]
    assert set(ukraine.segments) == {"cac_n", "karach_orenb"}


def test_an_operator_closes_all_that_it_runs() -> None:
    found = take_corridors("KAZ", commodity="crude")
    run = {one.name: one for one in found.failures if one.kind == "operator"}
    assert run["CPC"].segments == ("cpc_kz", "cpc_ru")
    assert {"uas", "druzhba_n", "omsk_pav", "makh_nov"} <= set(run["Transneft"].segments)
    left = {one.name: one.left for one in found.failures if one.kind == "segment"}
    assert all(one.left <= min(left[name] for name in one.segments) + 1e-12 for one in run.values())


def test_operators_are_told_apart() -> None:
    segments = {segment.name: segment for segment in shipped_network().segments}
    assert operators(segments["uas"]) == ("KazTransOil", "Transneft")
    assert operators(segments["btc"]) == ("bp", "BIL")
    assert operators(replace(segments["btc"], operator="Gazprom [100.00%]; QazaqGaz [unknown %]")) == (
        "Gazprom",
        "QazaqGaz",
    )
    assert operators(segments["kara_atyrau"]) == ()


def test_losses_by_actor_add_up_to_those_by_segment() -> None:
    found = take_corridors("KAZ", commodity="crude")
    rates = {loss.segment: loss.per_year[0] for loss in found.losses}
    by_actor = {loss.actor: loss for loss in found.actor_losses}
    assert set(by_actor) == {"RUS", "UKR", NOBODY}
    assert sum(loss.per_year[0] for loss in by_actor.values()) == pytest.approx(sum(rates.values()), rel=0.1)
    assert sum(len(loss.events) for loss in by_actor.values()) == 13
    assert by_actor["UKR"].events == ("E20", "E21", "E28", "E29")
    for loss in by_actor.values():
        assert 0 <= loss.lower <= loss.value <= loss.upper < 1
    total = sum(loss.value for loss in found.losses)
    assert sum(loss.value for loss in by_actor.values()) == pytest.approx(total, abs=0.005)


def test_without_outages_nothing_is_lost() -> None:
    found = take_corridors("KAZ", network=replace(shipped_network(), outages=()), commodity="crude")
    assert found.losses == found.actor_losses == ()
    assert not [one for one in found.failures if one.kind == "actor"]


def test_a_ground_of_transit_that_exports_nothing_has_nothing_to_lose() -> None:
    found = take_corridors("POL")
    assert found.losses == ()
    assert found.actor_losses == ()
