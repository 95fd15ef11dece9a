"""Claims: the rules decide, variants show robustness, faults of a user's file are all listed."""

from dataclasses import replace

import polars as pl
import pytest

from tripoint.core.triad import Triad
from tripoint.errors import DeclarationError
from tripoint.readings.claims import (
    Claim,
    ClaimVariant,
    Condition,
    Evidence,
    _word,
    judge,
    judge_all,
    load_claims,
    shipped_claims,
)
from tripoint.readings.reading import take_reading

CLAIM = Claim(
    "c", "s", "e", "r", "percentile", "c", (Condition("unity", ("first", "second"), "lower", 90.0),)
)


@pytest.fixture(scope="module")
def reading():
    return take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled")


def evidence(value, lower, upper, coverage="A"):
    return (Evidence("unity", ("RUS", "CHN"), "2024", value, lower, upper, coverage, 90.0),)


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (evidence(95, 91, 98), "supported"),
        (evidence(95, 89, 98), "mixed"),
        (evidence(80, 70, 89), "not supported"),
        (evidence(90, 90, 95), "mixed"),
        (evidence(None, None, None, "D"), "not testable"),
        (evidence(95, 91, 98, "D"), "not testable"),
    ],
)
def test_the_rule_decides(found, word):
    assert _word(CLAIM, found)[0] == word


def test_the_rules_are_those_fixed_in_advance():
    rules = {
        claim.id: [(c.quantity, c.of, c.bound, c.above) for c in claim.conditions]
        for claim in shipped_claims()
    }
    assert rules == {
        "inseparable-duo": [("unity", ("first", "second"), "lower", 90.0)],
        "fractures-through-ground": [("strain", ("first", "second", "ground"), "lower", 75.0)],
        "united-front": [
            ("united_front", ("first", "second", "outsider"), "lower", 0.0),
            ("agreement_given_no", ("first", "second", "outsider"), "value", 0.75),
        ],
        "opposition-not-vision": [("linked_share", ("first", "second", "outsider"), "lower", 0.5)],
        "displacement": [("displacement_10y", ("second", "first", "ground"), "lower", 0.0)],
        "not-a-monolith": [("issue_dispersion", ("first", "second"), "lower", 0.1)],
        "transactional": [("exchange_lead", ("first", "second", "outsider"), "lower", 0.0)],
        "rival-visions": [
            ("tilt_security", ("first", "second", "ground"), "lower", 0.0),
            ("tilt_economic", ("second", "first", "ground"), "lower", 0.0),
        ],
        "collide-in-third-countries": [("strain_gap", ("first", "second"), "lower", 0.0)],
        "balancing": [("hedging_percentile", ("first", "second", "ground"), "lower", 75.0)],
        "one-against-the-other": [
            ("inverse_response_second", ("first", "second", "ground"), "lower", 0.0),
            ("inverse_response_first", ("first", "second", "ground"), "lower", 0.0),
        ],
        "wider-weaknesses": [
            ("strained_grounds", ("first", "second", "ground"), "value", 4.0),
            ("strained_regions", ("first", "second", "ground"), "value", 1.0),
            ("strained_areas", ("first", "second", "ground"), "value", 1.0),
        ],
        "diversification-against-control": [("loss_by_new_routes", ("ground", "first"), "lower", 0.8)],
        "middle-power-agency": [
            ("own_option_gain", ("first", "second", "ground"), "lower", 0.05),
            ("lesser_siding", ("first", "second", "ground"), "lower", 0.1),
        ],
    }


def test_verdicts_carry_their_evidence(reading):
    verdicts = judge_all(reading)
    assert [verdict.id for verdict in verdicts] == [claim.id for claim in shipped_claims()]
    for verdict in verdicts:
        assert verdict.evidence[0].value == verdict.effect
        assert verdict.would_change
        if verdict.id == "one-against-the-other":  # the package has no directed months of events
            assert (verdict.verdict, verdict.effect) == ("not testable", None)
            assert "without a direction" in verdict.reason
            continue
        assert verdict.lower <= verdict.effect <= verdict.upper
        assert (verdict.robustness is None) == (not verdict.variants)
        assert verdict.robustness is None or 0 <= verdict.robustness <= 1
        assert "{" not in verdict.sentence
        for found in verdict.evidence:
            assert (found.n is None) == (found.quantity in reading.needles)
            assert not found.missing


@pytest.mark.parametrize(
    ("triad", "claim", "said"),
    [
        (("RUS", "CHN", "KAZ", "CAN"), "opposition-not-vision", "`tripoint build --outsider CAN` makes it"),
        (("FRA", "KEN", "KAZ", "USA"), "not-a-monolith", "issue_dispersion is built for pairs of the powers"),
        (
            ("SAU", "USA", "KAZ", "RUS"),
            "opposition-not-vision",
            "linked_share of 2024 is withheld (the pair's",
        ),
        (("USA", "GBR", "KAZ", "RUS"), "fractures-through-ground", "strain of 2024 is withheld (not applic"),
    ],
)
def test_what_cannot_be_tested_says_why(triad, claim, said):
    first, second, ground, outsider = triad
    taken = take_reading(Triad(first, second, ground=ground, outsider=outsider), vintage="bundled")
    verdict = next(verdict for verdict in taken.claims if verdict.id == claim)
    assert verdict.verdict == "not testable"
    assert said in verdict.reason
    assert verdict.evidence[0].missing == verdict.reason
    assert verdict.evidence[0].n is None


def test_an_older_number_does_not_stand_in_for_a_withheld_one(reading):
    """Where the latest agreement is in doubt, the share of an earlier one says nothing about it."""
    rows = (
        reading.vintage.frame("linked_share")
        .with_columns(pl.col("period").cast(pl.String))
        .filter(pl.col("period") >= "2021")
    )
    latest = rows.filter(pl.col("period") == "2024", pl.col("value").is_null())
    earlier = rows.filter(pl.col("period") == "2023", pl.col("value").is_not_null())
    pair = ["first", "second", "outsider"]
    first, second, outsider = latest.join(earlier, on=pair, how="semi").select(pair).row(0)
    taken = take_reading(Triad(first, second, ground="KAZ", outsider=outsider), vintage="bundled")
    verdict = next(verdict for verdict in taken.claims if verdict.id == "opposition-not-vision")
    assert verdict.verdict == "not testable"


def test_a_verdict_that_few_variants_share_is_mixed(reading):
    """By the rule over five years it is supported; the two variants over ten years say otherwise."""
    condition = Condition("displacement_5y", ("second", "first", "ground"), "value", 0.0)
    bare = Claim("mine", "{second} gains in {ground}.", "e", "r", "share_change", "c", (condition,))
    assert judge(reading, bare).verdict == "supported"
    variants = tuple(
        ClaimVariant(name, {"displacement_5y": name})
        for name in ("displacement_10y", "displacement_export_10y")
    )
    verdict = judge(reading, replace(bare, variants=variants))
    assert verdict.robustness == 0
    assert (verdict.verdict, verdict.by_rule) == ("mixed", "supported")
    assert verdict.shared == "as by the rule, supported in 0 of 2 variants that could be judged"
    assert "only 0% of the variants" in verdict.reason


def test_a_layer_that_is_all_there_is_tells_nothing_new(reading):
    """Russia's direct investment is not on record: the tilt in the economy is that in trade, no second look."""
    verdict = next(verdict for verdict in reading.claims if verdict.id == "rival-visions")
    assert verdict.variants["trade alone"] == "not testable"
    assert verdict.variants["arms alone"] == "mixed"


def test_counts_say_how_many_are_needed_and_every_condition_that_fails(reading):
    verdict = next(verdict for verdict in reading.claims if verdict.id == "wider-weaknesses")
    failing = [found for found in verdict.evidence if found.value <= found.line]
    assert len(failing) > 1
    assert all(f"The value of {found.quantity} stands at" in verdict.would_change for found in failing)
    assert "and at least 5 are needed" in verdict.would_change
    assert "if all of these rose" in verdict.would_change


@pytest.mark.parametrize(
    ("words", "robustness", "said"),
    [
        (
            ["mixed", "mixed", "not testable", "supported"],
            2 / 3,
            "as by the rule, mixed in 2 of 3 variants that could be judged, of 4",
        ),
        (["mixed", "supported"], 0.5, "as by the rule, mixed in 1 of 2 variants that could be judged"),
        (
            ["not testable", "mixed"],
            1.0,
            "as by the rule, mixed in 1 of 1 variants that could be judged, of 2",
        ),
        (["not testable"], None, "no variant could be judged, of 1"),
        ([], None, "no variants are declared"),
    ],
)
def test_robustness_says_how_many_variants_it_rests_on(reading, words, robustness, said):
    variants = {f"variant {k}": word for k, word in enumerate(words)}
    verdict = replace(judge(reading, CLAIM), by_rule="mixed", robustness=robustness, variants=variants)
    assert verdict.shared == said


def test_a_users_claim_is_judged(tmp_path, reading):
    file = tmp_path / "mine.toml"
    file.write_text(
        """
[[claims]]
id = "kazakhstan-sides-with-china"
sentence = "When the two part, {ground} sides with {second}."
estimand = "share of splits on which the ground votes with the second power, latest year"
rule = "supported when the lower bound is above one half"
unit = "share"
changes = "votes"

[[claims.conditions]]
quantity = "siding_second"
of = ["first", "second", "ground"]
bound = "lower"
above = 0.5
""",
        "utf-8",
    )
    verdict = judge_all(reading, load_claims(file))[0]
    assert verdict.sentence == "When the two part, Kazakhstan sides with China."
    assert verdict.period == "2024"
    assert verdict.robustness is None


def test_all_faults_of_a_file_are_listed(tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(
        """
[[claims]]
id = "one"
sentence = "s"
estimand = "e"
rule = "r"
unit = "furlong"
changes = "c"
[[claims.conditions]]
quantity = "untiy"
of = ["first", "second"]
bound = "lower"
above = 1.0

[[claims]]
id = "two"
sentence = "s"
estimand = "e"
rule = "r"
unit = "share"
changes = "c"
[[claims.conditions]]
quantity = "strain"
of = ["first"]
bound = "lower"
above = 1.0
""",
        "utf-8",
    )
    with pytest.raises(DeclarationError) as caught:
        load_claims(file)
    text = str(caught.value)
    assert "Did you mean 'unity'" in text
    assert "'furlong'" in text
    assert "about 3 states, and 'of' names 1" in text


@pytest.mark.parametrize("text", ["", "claims = 3", "[[claims]]\nid = 3", "\x00"])
def test_files_of_another_shape_are_refused(tmp_path, text):
    file = tmp_path / "odd.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(DeclarationError, match=r"odd\.toml"):
        load_claims(file)


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(DeclarationError, match="cannot be read"):
        load_claims(tmp_path / "none.toml")
