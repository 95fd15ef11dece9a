"""Who answers whom, read from a vintage: planted answers in words and as JSON, the claim, and what is not known."""

import json
import math
from datetime import date

import numpy as np
import pytest
from tests.measures.events_building import (
    SETTINGS,
    answers,
    measured,
    quiet,
    scored_rows,
    table,
    vintage_with,
)

from tripoint.core.triad import Triad
from tripoint.errors import CoverageError, UnknownNameError, UsageError
from tripoint.measures import triangle
from tripoint.measures.triangle import UNDIRECTED
from tripoint.readings.reading import take_reading
from tripoint.readings.triangle import take_triangle
from tripoint.readings.words import triangle_words
from tripoint.store.vintages import open_vintage

HOME = Triad("RUS", "CHN", ground="KAZ")
JSON_KEYS = {
    "triad", "as_of", "vintage", "directed", "measure", "origin", "frequency", "first", "last", "n", "lags", "horizon",
    "explosive_share", "answers", "leads", "lag_table", "sensitivity", "responses",
}  # fmt: skip


def built(values, first="2005-01"):
    """The vintage in the package with six series that go on to December 2024, say, and what is measured of them."""
    series = measured(table(scored_rows(values, first)))
    return vintage_with({**series, **triangle.compute(series, SETTINGS, quiet)})


def of_triangle(found):
    """Answers toward the other power, by cause."""
    return {answer.cause: answer for answer in found.answers if answer.kind == "triangle"}


def claim(vintage, **more):
    verdicts = take_reading(HOME, vintage=vintage, **more).claims
    return next(verdict for verdict in verdicts if verdict.id == "one-against-the-other")


@pytest.fixture(scope="module")
def vintage():
    return built(answers(-0.3))


@pytest.fixture(scope="module")
def read(vintage):
    return take_triangle(HOME, vintage=vintage)


@pytest.fixture(scope="module")
def packed():
    return take_triangle(HOME, vintage="bundled")


def test_playing_one_off_against_the_other_is_read(read):
    assert (read.directed, read.measure, read.origin, read.frequency) == (
        True,
        "goldstein_mean",
        "gdelt",
        "month",
    )
    assert (read.first, read.last, read.n, read.lags, read.horizon) == ("2005-01", "2024-12", 240, 1, 12)
    assert [(one.kind, one.cause, one.effect) for one in read.answers] == [
        ("reciprocity", "RUS>KAZ", "KAZ>RUS"),
        ("triangle", "RUS>KAZ", "KAZ>CHN"),
        ("reciprocity", "CHN>KAZ", "KAZ>CHN"),
        ("triangle", "CHN>KAZ", "KAZ>RUS"),
    ]
    for answer in of_triangle(read).values():
        assert answer.lower > 0
        assert answer.lower < answer.inner[0] < answer.value < answer.inner[1] < answer.upper
        assert answer.pattern == "turns to the other"
    assert [answer.pattern for answer in read.answers][::2] == [None, None]


def test_the_words_say_what_the_bands_allow(read, vintage):
    said = triangle_words(read)
    assert len(said) == 5
    assert "Kazakhstan toward China changes by" in said[1]
    assert "playing one off against the other" in said[1]
    assert "standard deviations over 12 months" in said[1]
    assert not any("direction" in sentence for sentence in said)
    assert said[-1].startswith("Of 6 tests of who leads whom, ")
    along = triangle_words(take_triangle(HOME, vintage=built(answers(0.3))))
    assert "the ground goes along" in along[1]
    assert "the ground goes along" in along[3]
    alone = triangle_words(take_triangle(HOME, vintage=built(answers(0.0, seed=1, in_kind=0.0))))
    assert "neither playing one off against the other nor going along" in alone[1]
    assert "no answer in kind can be told from none" in alone[0]


def test_powers_swapped_swap_the_answers(read, vintage):
    other = of_triangle(take_triangle(Triad("CHN", "RUS", ground="KAZ"), vintage=vintage))
    for cause, answer in of_triangle(read).items():
        assert other[cause].effect == answer.effect
        assert other[cause].value == pytest.approx(answer.value, abs=1e-6)
        assert other[cause].lower == pytest.approx(answer.lower, abs=0.15), "bands are drawn in another order"


def test_the_spread_over_choices(read):
    rows = read.sensitivity
    assert rows["choice"].unique(maintain_order=True).to_list() == [
        "1 lag", "2 lags", "3 lags", "4 lags", "5 lags", "6 lags", "surprises in the order given",
        "surprises in reverse order", "bands by resampling",
    ]  # fmt: skip
    assert rows.height == 18
    assert (rows["lower"] <= rows["value"]).all()
    assert (rows["value"] > 0).all(), "the answer does not hang on a choice"
    one = rows.filter(choice="1 lag", cause="RUS>KAZ").row(0, named=True)
    assert (one["value"], one["lower"]) == (
        of_triangle(read)["RUS>KAZ"].value,
        of_triangle(read)["RUS>KAZ"].lower,
    )


def test_paths_add_up_to_the_answers(read):
    for answer in read.answers:
        path = read.responses.filter(cause=answer.cause, effect=answer.effect)
        assert path["horizon"].to_list() == list(range(13))
        assert path["value"].sum() == pytest.approx(answer.value)
        assert (path["lower90"] <= path["lower68"]).all()
        assert (path["lower68"] <= path["upper68"]).all()
        assert (path["upper68"] <= path["upper90"]).all()
    own = read.responses.filter(cause="RUS>KAZ", effect="RUS>KAZ", horizon=0)
    assert own["value"].item() < 0, "a worsening is a fall"


def test_who_leads_whom_is_told(read):
    surely = {one.causes for one in read.leads if one.p_holm < 0.1}
    assert {("RUS>KAZ",), ("CHN>KAZ",), ("RUS>KAZ", "CHN>KAZ")} <= surely
    assert all(one.p_value <= one.p_holm for one in read.leads)


@pytest.mark.parametrize("which", ["read", "packed"])
def test_everything_is_plain_data(which, request):
    found = request.getfixturevalue(which).as_dict()
    assert set(found) == JSON_KEYS
    assert json.loads(json.dumps(found, allow_nan=False))["n"] == found["n"]
    n_series = 6 if which == "read" else 3
    assert len(found["responses"]) == n_series**2 * 13
    assert len(found["lag_table"]) == 6
    assert all(math.isfinite(answer["value"]) for answer in found["answers"])


def test_the_horizon_can_be_chosen(vintage, read):
    now = take_triangle(HOME, vintage=vintage, horizon=0)
    assert now.horizon == 0
    assert now.responses["horizon"].unique().to_list() == [0]
    assert abs(of_triangle(now)["RUS>KAZ"].value) < 0.3, "what comes later is not in it"
    assert take_triangle(HOME, vintage=vintage, horizon=24).horizon == 24
    with pytest.raises(UsageError, match="horizon is -1"):
        take_triangle(HOME, vintage=vintage, horizon=-1)


def test_as_of_cuts_by_publication(vintage):
    found = take_triangle(HOME, vintage=vintage, as_of=date(2015, 7, 1))
    assert (found.last, found.n) == ("2015-05", 125), "June is out a month after its end"
    with pytest.raises(CoverageError, match="no 60 months in a row"):
        take_triangle(HOME, vintage=vintage, as_of=date(2009, 1, 1))


def test_shares_are_modelled_where_asked_for():
    """Shares of cooperation that follow the planted system; mean scores are on record too."""
    values = answers(-0.3, 120)
    rows = scored_rows(values, "2015-01")
    for row, value in zip(rows, values.T.ravel(), strict=True):
        row["verbal_cooperation"] = round(60 / (1 + math.exp(-value)))
        row["verbal_conflict"] = 60 - row["verbal_cooperation"]
    vintage = vintage_with(measured(table(rows)))
    found = take_triangle(HOME, vintage=vintage, measure="cooperation_share")
    assert (found.measure, found.directed, found.n) == ("cooperation_share", True, 120)
    assert of_triangle(found)["RUS>KAZ"].value > 0.2
    assert take_triangle(HOME, vintage=vintage).measure == "goldstein_mean"
    with pytest.raises(UnknownNameError, match="Did you mean 'goldstein_mean'"):
        take_triangle(HOME, vintage=vintage, measure="goldstein")


def test_quarters_stand_in_where_months_have_gaps():
    """One month of every quarter is without events of one direction: its quarters are on record."""
    rows = [
        row
        for row in scored_rows(answers(-0.3, 240))
        if row["source"] != "RUS"
        or row["target"] != "CHN"
        or row["period"][-2:] not in ("02", "05", "08", "11")
    ]
    found = take_triangle(HOME, vintage=vintage_with(measured(table(rows))))
    assert (found.frequency, found.first, found.n, found.horizon) == ("quarter", "2000-Q1", 80, 4)
    assert "over 4 quarters" in triangle_words(found)[0]


def test_the_package_has_no_direction_and_says_so(packed):
    assert (packed.directed, packed.measure, packed.origin, packed.frequency) == (
        False,
        "score_balance",
        "gdelt_scores",
        "month",
    )
    assert (packed.first, packed.last, packed.n) == ("2018-01", "2024-02", 74)
    assert [(one.kind, one.cause, one.effect) for one in packed.answers] == [
        ("triangle", "KAZ-RUS", "CHN-KAZ"),
        ("triangle", "CHN-KAZ", "KAZ-RUS"),
    ]
    said = triangle_words(packed)
    assert said[0].startswith("Only events without a direction are on record here: who acted is not known")
    assert "Kazakhstan with Russia worsens" in said[1]
    assert not any("toward" in sentence for sentence in said)


def test_without_any_record_the_remedy_is_said():
    with pytest.raises(CoverageError, match="tripoint events ingest") as failure:
        take_triangle(Triad("RUS", "CHN", ground="TUV"), vintage=vintage_with({}, without=("score_balance",)))
    assert "RUS, CHN and TUV" in str(failure.value)


def test_the_claim_is_supported_where_both_answers_are_sure(vintage):
    verdict = claim(vintage)
    assert verdict.verdict == "supported"
    assert verdict.lower > 0
    assert [one.quantity for one in verdict.evidence] == ["inverse_response_second", "inverse_response_first"]
    swapped = next(
        one
        for one in take_reading(Triad("CHN", "RUS", ground="KAZ"), vintage=vintage).claims
        if one.id == "one-against-the-other"
    )
    assert swapped.verdict == "supported"
    assert [one.value for one in swapped.evidence] == [one.value for one in verdict.evidence][::-1]


def test_the_claim_is_not_supported_where_the_ground_goes_along():
    assert claim(built(answers(0.3))).verdict == "not supported"


def test_the_claim_is_mixed_where_one_answer_is_not_sure():
    values = answers(-0.3)
    values[:, 2] = np.random.default_rng(3).permuted(values[:, 2])
    assert claim(built(values)).verdict == "mixed"


def test_the_claim_can_be_judged_while_a_year_is_under_way():
    """Months of a year that is not over, and of years after the last one that a reading covers, take nothing away."""
    verdict = claim(built(answers(-0.3), first="2006-08"))
    assert (verdict.verdict, verdict.period) == ("supported", "2024")


def test_the_claim_as_of_a_day_uses_no_later_month(vintage):
    early = claim(vintage, as_of=date(2015, 6, 30))
    assert early.period == "2014"
    known = vintage.frame("inverse_response_second").filter(period="2014", ground="KAZ")
    assert early.evidence[1].value == pytest.approx(known["value"].item(), abs=1e-6)


def test_the_claim_is_not_testable_without_a_direction_or_enough_months():
    verdict = claim("bundled")
    assert verdict.verdict == "not testable"
    assert UNDIRECTED in verdict.reason
    short = claim(built(answers(-0.3, 60), first="2020-01"))
    assert short.verdict == "not testable"
    assert "60 months in a row have all six series; 96 up to the end of a year are needed" in short.reason


def test_the_package_has_a_reason_for_every_triad_of_its_powers():
    frame = open_vintage("bundled").frame("inverse_response_first")
    assert frame["value"].null_count() == frame.height > 1000
    assert set(frame["note"]) == {UNDIRECTED}
