"""Readings of the bundled vintage: shape, honesty about what is missing, order of names, hindsight."""

import json
import math
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tripoint.core.states import POWERS
from tripoint.core.triad import Triad
from tripoint.errors import CoverageError, TriadError, UnknownNameError
from tripoint.readings.explain import cite, explain
from tripoint.readings.reading import take_reading
from tripoint.store.vintages import open_vintage

HOME = Triad("RUS", "CHN", ground="KAZ")


@pytest.fixture(scope="module")
def vintage():
    return open_vintage("bundled")


@pytest.fixture(scope="module")
def reading(vintage):
    return take_reading(HOME, vintage=vintage)


def numbers(value):
    """All numbers anywhere in plain data."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, float) else []


def test_the_home_reading_is_whole(reading):
    found = reading.as_dict()
    assert {
        "triad",
        "as_of",
        "vintage",
        "barometer",
        "alignment",
        "siding",
        "presence",
        "displacement",
        "claims",
    } <= set(found)
    assert json.loads(json.dumps(found, allow_nan=False)) == json.loads(json.dumps(found))
    assert all(math.isfinite(number) for number in numbers(found))
    for part in ("alignment", "siding", "presence", "displacement"):
        assert {"measure", "period", "value", "lower", "upper", "n", "coverage"} <= set(found[part][0])
        for row in found[part]:
            if row["value"] is not None:
                assert row["lower"] - 1e-6 <= row["value"] <= row["upper"] + 1e-6
    for row in found["barometer"]:
        if row["value"] is not None:
            assert 0 <= row["lower"] <= row["value"] <= row["upper"] <= 100
            assert row["value"] == pytest.approx((row["unity"] + 100 - row["strain"]) / 2)


def test_the_crossover_of_2023_is_said(reading):
    assert any(
        "China passed Russia in Kazakhstan's turnover in 2023" in sentence for sentence in reading.sentences
    )


def test_every_sentence_is_a_sentence(reading):
    assert len(reading.sentences) >= 12
    for sentence in reading.sentences:
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "None" not in sentence
        assert "nan" not in sentence.lower().split()


def test_swapping_the_two_powers_changes_nothing_but_sides(vintage, reading):
    turned = take_reading(Triad("CHN", "RUS", ground="KAZ"), vintage=vintage)
    assert turned.barometer.frame.equals(reading.barometer.frame)
    one = reading.displacement.filter(measure="displacement")["value"]
    other = turned.displacement.filter(measure="displacement")["value"]
    assert (one + other).abs().max() < 1e-6
    first = reading.siding.filter(measure="siding_first").drop("measure", "first", "second")
    second = turned.siding.filter(measure="siding_second").drop("measure", "first", "second")
    assert first.equals(second)


def test_hindsight_does_not_leak(vintage, reading):
    """A reading as of a day equals the filtered values of the full reading up to that day."""
    early = take_reading(HOME, as_of=date(2015, 12, 31), vintage=vintage)
    assert early.alignment["period"].max() == "2014"
    assert early.presence["period"].max() <= "2014"
    row = early.barometer.frame.filter(period="2010").row(0, named=True)
    full = reading.barometer.frame.filter(period="2010").row(0, named=True)
    assert row["at_the_time"] == pytest.approx(full["at_the_time"])
    latest = early.needles["unity"].latest()
    assert latest["value"] == pytest.approx(latest["at_the_time"])


def test_claims_are_judged_as_of_the_day(vintage):
    early = take_reading(HOME, as_of=date(2015, 6, 30), vintage=vintage)
    assert early.last_year == 2014
    found = {verdict.id: verdict for verdict in early.claims}
    assert found["united-front"].verdict != "not testable"
    assert found["united-front"].period == "2014"
    assert found["displacement"].period <= "2014"


def test_pairs_beyond_the_powers_have_unity_and_say_why_there_is_no_strain(vintage):
    reading = take_reading(Triad("KAZ", "UZB", ground="KGZ"), vintage=vintage)
    assert reading.needles["unity"].latest()
    assert set(reading.needles["strain"].frame["note"]) == {
        "not built: series of triads exist for pairs of the powers only"
    }
    assert any("No strain in Kyrgyzstan can be read; not built" in sentence for sentence in reading.sentences)
    with pytest.raises(CoverageError, match="tripoint build"):
        take_reading(Triad("CSK", "YUG", ground="POL"), vintage=vintage)


def test_a_day_before_all_data_is_refused(vintage):
    with pytest.raises(CoverageError, match="no votes of both"):
        take_reading(HOME, as_of=date(1940, 1, 1), vintage=vintage)


def test_strain_does_not_apply_where_the_two_are_not_present(vintage):
    reading = take_reading(Triad("IND", "IRN", ground="PRY"), vintage=vintage)
    frame = reading.barometer.frame
    assert frame["strain"].null_count() == frame.height
    assert frame["value"].null_count() == frame.height
    assert frame["unity"].null_count() < frame.height
    assert reading.barometer.latest is None
    assert any("holds less than 2% of the ground's turnover" in note for note in frame["note"].drop_nulls())
    assert any(sentence.startswith("No barometer") for sentence in reading.sentences)
    verdicts = {verdict.id: verdict.verdict for verdict in reading.claims}
    assert verdicts["fractures-through-ground"] == "not testable"


@given(
    st.permutations(POWERS), st.sampled_from(["KAZ", "MNG", "SRB", "VNM", "TKM", "NRU", "XKX", "HKG", "AFG"])
)
@settings(max_examples=8, deadline=None)
def test_any_pair_and_ground_can_be_read_or_says_why(powers, ground):
    triad = Triad(powers[0], powers[1], ground=ground, outsider=powers[2])
    reading = take_reading(triad, vintage="bundled")
    json.dumps(reading.as_dict(), allow_nan=False)
    assert len(reading.sentences) >= 4


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (("RUS", "RUS", "KAZ", "USA"), "same state"),
        (("RUS", "CHN", "RUS", "USA"), "one of the two powers"),
        (("RUS", "CHN", "KAZ", "CHN"), "fourth state"),
    ],
)
def test_impossible_triads_are_refused(states, words):
    with pytest.raises(TriadError, match=words):
        Triad(*states)


def test_explain_prints_what_the_code_read(reading):
    told = explain(reading, "barometer", "2023")
    row = reading.barometer.frame.filter(period="2023").row(0, named=True)
    assert told.value == row["value"]
    needles = {
        part["needle"]: part["value"]
        for part in told.rows
        if not part.keys() & {"family", "indicator", "step"}
    }
    assert told.value == pytest.approx((needles["unity"] + 100 - needles["strain"]) / 2)
    assert {table.name for table in told.tables} == {
        "votes", "roll_calls", "trade_flows", "trade_shares", "arms_transfers", "alliances", "memberships",
    }  # fmt: skip
    assert all(len(table.sha256) == 64 for table in told.tables)
    assert reading.manifest.name in told.text


@pytest.mark.parametrize(
    "what", ["unity", "strain", "kappa", "presence_turnover", "siding_first", "united-front", "contest"]
)
def test_everything_can_be_explained(reading, what):
    told = explain(reading, what)
    json.dumps(told.as_dict(), allow_nan=False)
    assert told.formula in told.text
    assert told.tables
    assert told.cite


def test_what_cannot_be_explained_says_so(reading):
    with pytest.raises(UnknownNameError, match="Did you mean 'barometer'"):
        explain(reading, "barometre")
    with pytest.raises(CoverageError, match="covers 19"):
        explain(reading, "kappa", "1901")


def test_citations_are_bibtex_of_known_works(reading):
    text = cite(reading)
    assert text.count("@") >= 10
    assert text.count("{") == text.count("}")
    for key in ("tripoint", "voeten2013", "undl", "cow_trade", "haege2011"):
        assert f"{{{key}," in text


def test_presence_of_kazakhstan_in_the_bundle(reading):
    """Imports from China were 46% of those from Russia in 2020 and 91% in 2023."""
    imports = reading.presence.filter(measure="presence_import")
    ratio = {}
    for year in ("2020", "2023"):
        china, russia = (
            imports.filter(pl.col("power") == power, pl.col("period") == year)["value"].item()
            for power in ("CHN", "RUS")
        )
        ratio[year] = china / russia
    assert ratio == pytest.approx({"2020": 0.46, "2023": 0.91}, abs=0.006)
