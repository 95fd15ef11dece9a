"""Measures made in other ways, for the robustness of claims: each is what it says, and nothing else is moved by it."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.conftest import votes_tables
from tests.measures.events_building import answers, periods

from tripoint.core.triad import Triad
from tripoint.measures import bargaining, exchange, fault_lines, hedging, siding
from tripoint.measures.index import index
from tripoint.measures.measure import Settings
from tripoint.measures.records import DECLARATIONS, declared, find_record, records, settings_of, varied, ways
from tripoint.measures.triangle import longest_run, turned
from tripoint.models.games.power import banzhaf_value, shapley_value
from tripoint.readings.barometer import read_variant
from tripoint.readings.reading import take_reading
from tripoint.store.vintages import REFERENCE, open_vintage

SETTINGS = Settings(powers=("CHN", "RUS", "USA"), outsiders=("USA",))
HOME = {"first": "CHN", "second": "RUS", "ground": "KAZ"}
VARIANTS = [(family, variant) for family in DECLARATIONS for variant in declared(family).variants]


def quiet(share, doing):
    """No progress."""


@pytest.fixture(scope="module")
def vintage():
    return open_vintage("bundled")


def frames_of(vintage, *names):
    return {name: vintage.frame(name) for name in names}


@pytest.mark.parametrize(("family", "variant"), VARIANTS, ids=lambda one: getattr(one, "name", one))
def test_a_variant_is_declared_as_the_measure_with_one_thing_otherwise(family, variant):
    known = {record.name for record in declared(family).measures}
    assert {*variant.of} <= known
    for name in variant.of:
        made, plain = find_record(varied(name, variant.name)), find_record(name)
        assert made.title == f"{plain.title}, {variant.title}"
        assert made.formula.endswith(f"; {variant.title}")
        alike = ("question", "grain", "unit", "minimum", "maximum", "direction", "tables", "cite")
        assert all(getattr(made, part) == getattr(plain, part) for part in alike)
        assert made.swap is None or made.swap in records()
        assert settings_of(made.name) == {**settings_of(name), **variant.settings} != settings_of(name)


@pytest.mark.parametrize(("family", "variant"), VARIANTS, ids=lambda one: getattr(one, "name", one))
def test_every_variant_ships(family, variant, vintage):
    since = declared(family).variants_since
    for name in variant.of:
        frame = vintage.frame(varied(name, variant.name))
        assert frame.height
        if find_record(name).bundle.all_since is None:
            assert frame["period"].min() >= since


def test_exchange_without_a_kind_is_exchange_where_that_kind_is_not_on_record(vintage):
    kinds = {
        name: how["without"] for name, how in ways("exchange", "exchange_lead").items() if "without" in how
    }
    frames = frames_of(
        vintage, *declared("exchange").settings["exchange"], "treaty_tie", "membership_tie", "own"
    )
    frames[REFERENCE] = vintage.frame(REFERENCE)
    found = exchange.compute(frames, SETTINGS, quiet)
    assert set(kinds.values()) == {
        *declared("exchange").settings["exchange"],
        "treaty_tie",
        "membership_tie",
        "own",
    }
    for name, kind in kinds.items():
        if kind != "own":  # it tells how far the years go
            less = {key: frame for key, frame in frames.items() if key != kind}
            plain = exchange.compute(less, SETTINGS, quiet)["exchange_lead"]
            told = found[name].filter(pl.col("value").is_not_null())
            keys = ["first", "second", "outsider", "period"]
            assert told.equals(plain.join(told.select(keys), on=keys, how="semi")), name
            assert told.height > 10
            nothing = found[name].filter(pl.col("note") == "no tie of that kind is on record")
            assert nothing["value"].null_count() == nothing.height
    assert not found["exchange_lead"].equals(found["exchange_lead_without_votes"])


def test_hedging_without_a_layer_is_hedging_where_that_layer_is_not_on_record(vintage):
    layers = {layer: told["measure"] for layer, told in declared("hedging").settings["layers"].items()}
    frames = frames_of(vintage, *layers.values(), "siding_second", "siding_neither")
    found = hedging.compute(frames, SETTINGS, quiet)
    since = declared("hedging").variants_since
    for layer in ("investment", "arms", "treaties", "memberships"):
        less = {name: frame for name, frame in frames.items() if name != layers[layer]}
        plain = hedging.compute(less, SETTINGS, quiet)["hedging_percentile"].filter(pl.col("period") >= since)
        both = found[f"hedging_percentile_without_{layer}"].join(
            plain, on=["first", "second", "ground", "period"], suffix="_less"
        )
        assert both.height == plain.height > 100
        assert (both["n"] == both["n_less"]).all()
        gone = pl.col("note") == "no tie of that kind is on record"
        assert both.filter(gone)["value"].null_count() == both.filter(gone).height > 0
        both = both.filter(pl.col("value").is_not_null())
        assert both["value"].to_list() == pytest.approx(both["value_less"].to_list())
        assert both.height > 100
        for bound in ("lower", "upper"):  # weights are drawn for five layers there, for six here
            assert (both[bound] - both[f"{bound}_less"]).drop_nulls().abs().mean() < 3
    plain = found["hedging_percentile"].filter(pl.col("period") >= since)
    assert plain["value"].to_list() != found["hedging_percentile_without_arms"]["value"].to_list()


@pytest.fixture(scope="module")
def indicators(vintage):
    return frames_of(vintage, *{name for needle in index().needles for name in needle.indicators}, REFERENCE)


def test_strain_made_otherwise_is_the_needle_that_a_reading_makes(vintage, indicators):
    reading = take_reading(Triad("CHN", "RUS", ground="KAZ"), vintage=vintage)
    world = fault_lines._world(indicators, SETTINGS, index())
    (place,) = world.triads.with_row_index().filter(**HOME)["index"]
    keys = {made.key for made in index().needle("strain").with_variants[1:]}
    assert {f"strain/{variant.settings['strain']}" for variant in declared("fault_lines").variants} == keys
    for variant in declared("fault_lines").variants:
        strain = fault_lines._made_otherwise(world, variant.settings["strain"]).strain
        read = read_variant(reading.needles["strain"], f"strain/{variant.settings['strain']}").frame
        for bound in ("value", "lower", "upper"):
            told = dict(read.filter(pl.col("value").is_not_null()).select("period", bound).iter_rows())
            made = {
                str(y): v for y, v in zip(world.years, getattr(strain, bound)[place], strict=True) if v == v
            }
            assert told.keys() & made.keys()
            assert all(
                made[year] == pytest.approx(told[year], abs=1e-6) for year in told.keys() & made.keys()
            )


def test_what_ships_gives_the_strain_of_the_full_series(vintage, indicators):
    """Strain ships as made before its indicators were rounded for the package: it can be made again from these."""
    powers = vintage.manifest.powers
    again = fault_lines.compute(indicators, replace(SETTINGS, powers=powers), quiet)["ground_strain"]
    both = vintage.frame("ground_strain").join(
        again, on=["first", "second", "ground", "period"], suffix="_again"
    )
    assert both.height == vintage.frame("ground_strain").height > 10_000
    assert both["coverage"].equals(both["coverage_again"])
    assert (both["value"] - both["value_again"]).abs().max() < 1


def test_strain_made_otherwise_moves_no_collision_and_no_strain(indicators):
    found = fault_lines.compute(indicators, SETTINGS, quiet)
    assert set(found) == {record.name for record in declared("fault_lines").measures}
    gaps = {tuple(frame["value"].to_list()) for name, frame in found.items() if name.startswith("strain_gap")}
    assert len(gaps) == 1 + len(declared("fault_lines").variants)


def test_variants_of_routes_read_other_routes_or_other_values():
    made = {value: [_over("crude"), _over("gas")] for value in ("shapley", "banzhaf")}
    (crude, gas), both = made["shapley"], made["banzhaf"]
    read = bargaining._by_way("loss_by_new_routes", made)
    assert read == {
        "loss_by_new_routes": [crude, gas],
        "loss_by_new_routes_by_banzhaf": both,
        "loss_by_new_routes_crude_only": [crude],
        "loss_by_new_routes_gas_only": [gas],
    }


def _over(commodity):
    power = bargaining.Power(commodity, (), 0.0, np.zeros(0), np.zeros((0, 0)), np.zeros(0))
    return bargaining.Change(object(), power, power)


def test_the_best_route_of_all_is_the_best_of_one_commodity(vintage):
    who = ["first", "second", "ground"]
    every = vintage.frame("own_option_gain").select(*who, "value", "n")
    ends = ("crude", "gas")
    found = every
    for end in ends:
        part = vintage.frame(f"own_option_gain_{end}_only")
        found = found.join(
            part.select(*who, pl.col("value").alias(end), pl.col("n").alias(f"n_{end}")), on=who, how="left"
        )
    assert (found["n"] == found["n_crude"].fill_null(0) + found["n_gas"].fill_null(0)).all()
    assert ((found["value"] == found["crude"]) | (found["value"] == found["gas"])).fill_null(value=True).all()


def test_values_of_a_game_become_shares_of_their_sum():
    game = np.array([[0.0, 0, 0, 1, 0, 1, 0, 1]])  # the first with either of the others
    assert bargaining._shares(shapley_value(game))[0] == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert bargaining._shares(banzhaf_value(game))[0] == pytest.approx([3 / 5, 1 / 5, 1 / 5])
    assert bargaining._shares(np.zeros((1, 3))).tolist() == [[0, 0, 0]]


def test_sides_are_pooled_over_other_years():
    """Ten years with ten splits each; the ground joins the second once in the years before the last three."""
    years = [2015 + k // 20 for k in range(200)]
    votes = np.ones((3, 200), np.int8)  # CHN, KAZ, RUS
    splits = np.arange(200) % 20 < 10
    votes[2, splits] = 3
    votes[1, splits & (np.array(years) <= 2021) & (np.arange(200) % 20 == 0)] = 3
    found = siding.compute(votes_tables(votes, ["CHN", "KAZ", "RUS"], years), SETTINGS, quiet)
    last = {
        name: found[name].filter(period="2024", **HOME)["value"].item()
        for name in ("lesser_siding", "lesser_siding_3y", "lesser_siding_10y")
    }
    assert last == pytest.approx(
        {"lesser_siding": 2 / 50, "lesser_siding_3y": 0, "lesser_siding_10y": 7 / 100}
    )


def test_responses_are_added_up_over_other_months():
    run = longest_run(tuple(periods("2000-01", "2019-12")), answers(-0.3, seed=8))
    assert run is not None
    together = turned(run, (12, 6, 24), 3)
    assert together == [turned(run, (months,), 3)[0] for months in (12, 6, 24)]
    assert len(set(together)) == 3
