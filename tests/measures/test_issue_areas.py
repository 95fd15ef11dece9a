"""Issues: numbers counted by hand, probable membership, parts that add up, and fault lines found or not."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tests.conftest import votes_tables

from tripoint.measures import issue_areas
from tripoint.measures.ballots import read_ballots
from tripoint.measures.issues import read_membership
from tripoint.measures.measure import Settings
from tripoint.measures.records import declared
from tripoint.models.similarity import cohen_kappa, contingency, resample_pairs, same_share
from tripoint.models.splits import count_splits, jeffreys_interval
from tripoint.sources.un_votes import ISSUE_CODES

STATES = ["CHN", "FRA", "KAZ", "RUS", "USA"]
SETTINGS = Settings(draws=99, powers=("CHN", "FRA", "RUS", "USA"))
YEARS = [2012 + k // 60 for k in range(13 * 60)]
KEYWORDS = {
    "me": "Palestine",
    "nu": "Nuclear tests",
    "di": "Small arms",
    "hr": "Human rights",
    "co": "Decolonization",
    "ec": "Trade and development",
}


def quiet(share, doing):
    pass


def world(seed=0, states=STATES, years=YEARS, *, apart=0.0, last_coded=2019, wrong=0.1):
    """Roll calls on one issue each, in turn; coded to some year, with titles that tell the issue but for some.

    With ``apart`` the first state follows the fourth on the first three issues and leaves it on the others.
    """
    rng = np.random.default_rng(seed)
    place = rng.uniform(0.5, 1.5, (len(states), 1))
    scores = place * rng.normal(size=len(years)) + rng.normal(size=(len(states), len(years)))
    about = np.arange(len(years)) % 7
    if apart:
        sign = np.where(about < 3, 1, -1)
        scores[0] = (1 - apart) * scores[0] + apart * sign * scores[3]
    votes = (1 + (scores > 0) + (scores > 0.8)).astype(np.int8)
    said = np.where(rng.random(len(years)) < wrong, rng.integers(0, 7, len(years)), about)
    subjects = [*KEYWORDS.values(), "Ukraine"]
    letters = [f"{chr(97 + k % 26)}{chr(97 + k // 26 % 26)}{chr(97 + k // 676)}" for k in range(len(years))]
    titles = [f"{subjects[subject]} {letter}" for subject, letter in zip(said, letters, strict=True)]
    return with_codes(votes_tables(votes, states, years, titles), about, last_coded)


def with_codes(frames, about, last_coded):
    """The same roll calls, those to some year also in Voeten's collection with his codes."""
    symbol = pl.Series([f"A/RES/{k}/1" for k in range(len(about))])
    rolls = frames["roll_calls"].with_columns(symbol=symbol)
    codes = {code: pl.Series((about == k).astype(np.int64)) for k, code in enumerate(ISSUE_CODES)}
    coded = rolls.with_columns(
        pl.lit("voeten").alias("collection"), pl.col("resolution") + 100_000, **codes
    ).filter(pl.col("date").dt.year() <= last_coded)
    return {**frames, "roll_calls": pl.concat([rolls, coded.select(rolls.columns)])}


@pytest.fixture(scope="module")
def frames():
    return world()


@pytest.fixture(scope="module")
def found(frames):
    return issue_areas.compute(frames, SETTINGS, quiet)


def row(series, **about):
    rows = series.filter(**about)
    assert rows.height == 1
    return rows.row(0, named=True)


def items(frames, issue, first, last):
    """Votes, probabilities and titles of a window."""
    ballots, membership = read_ballots(frames), read_membership(frames)
    rolls = ballots.of_years(first, last)
    chance = membership.probability[membership.issues.index(issue)][rolls]
    return ballots, ballots.votes[:, rolls], chance, ballots.titles[rolls]


def test_every_record_has_its_series(found):
    assert found.keys() == {record.name for record in issue_areas.MEASURE.records}
    for record in issue_areas.MEASURE.records:
        frame = found[record.name]
        held = frame.filter(pl.col("value").is_not_null())
        assert held.height
        assert held.filter(
            (pl.col("lower") > pl.col("value")) | (pl.col("upper") < pl.col("value"))
        ).is_empty()
        assert frame["value"].is_nan().sum() == 0


@pytest.mark.parametrize(("issue", "last"), [("nuclear", 2019), ("human-rights", 2023), ("ukraine", 2024)])
def test_similarity_by_hand(frames, found, issue, last):
    ballots, votes, chance, _ = items(frames, issue, last - 4, last)
    table = contingency(votes[ballots.row("CHN")], votes[ballots.row("RUS")], [1, 2, 3], chance)
    about = {"first": "CHN", "second": "RUS", "issue": issue, "period": str(last)}
    assert row(found["issue_agreement"], **about)["value"] == pytest.approx(same_share(table), abs=1e-5)
    kappa = row(found["issue_kappa"], **about)
    assert kappa["value"] == pytest.approx(cohen_kappa(table)[2], abs=1e-5)
    assert kappa["n"] == round(chance.sum())


def test_what_rests_on_the_coder_says_so(frames, found):
    about = {"first": "CHN", "second": "RUS", "issue": "nuclear"}
    _, _, chance, _ = items(frames, "nuclear", 2018, 2022)
    _, _, unsure, _ = items(frames, "nuclear", 2020, 2022)
    assert row(found["issue_kappa"], **about, period="2022")["note"] == (
        f"coded by keywords: {unsure.sum():.0f} of {chance.sum():.0f} roll calls"
    )
    assert row(found["issue_kappa"], **about, period="2019")["note"] is None
    assert found["issue_kappa"].filter(issue="ukraine")["note"].null_count() > 0
    assert row(found["issue_dispersion"], first="CHN", second="RUS", period="2022")["note"].startswith(
        "coded"
    )


def test_draws_carry_titles_and_membership(frames):
    ballots, membership = read_ballots(frames), read_membership(frames)
    members = membership.draw(np.random.default_rng(0), 99)
    areas = issue_areas._areas(ballots, membership, members, (2018, 2022), SETTINGS)
    nuclear = membership.issues.index("nuclear")
    weights, coded = areas.weights(nuclear), areas.membership.coded[nuclear]
    belongs = areas.membership.probability[nuclear]
    assert weights[:, 0] == pytest.approx(belongs, abs=1e-6)
    assert (weights[coded] == areas.draws[coded] * belongs[coded, None]).all()
    labelled = ~coded & areas.membership.labels[nuclear]
    drawn = (areas.members[nuclear, labelled] == 1).mean()
    assert 0 < drawn < 1
    assert drawn == pytest.approx(belongs[labelled].mean(), abs=0.05)
    assert (weights[:, 1:] == areas.draws[:, 1:] * areas.members[nuclear]).all()


def test_doubt_about_membership_widens():
    """Drawing who belongs spreads the draws more than holding everyone at the probability would."""
    tables = world(wrong=0.5)
    ballots, membership = read_ballots(tables), read_membership(tables)
    members = membership.draw(np.random.default_rng(0), 399)
    areas = issue_areas._areas(ballots, membership, members, (2020, 2024), replace(SETTINGS, draws=399))
    nuclear = membership.issues.index("nuclear")
    held = areas.draws * areas.membership.probability[nuclear].astype(np.float32)[:, None]
    pair = [[ballots.row("CHN"), ballots.row("RUS")]]
    spread = [
        resample_pairs(areas.votes, pair, weights)[0, 1, 1:].std()
        for weights in (held, areas.weights(nuclear))
    ]
    assert spread[1] > 1.2 * spread[0]


def test_the_two_parts_are_kappa(found):
    key = ["first", "second", "outsider", "issue", "period"]
    both = found["issue_linked"].join(found["issue_own"], on=key, suffix="_own")
    shares = both.join(found["issue_linked_share"], on=key, suffix="_share").drop_nulls("value_share")
    assert shares.height
    whole = shares["value"] + shares["value_own"]
    assert shares["value_share"].to_numpy() == pytest.approx((shares["value"] / whole).to_numpy(), abs=1e-6)
    withheld = found["issue_linked_share"].filter(pl.col("value").is_null())
    assert "the pair's agreement is not clearly above chance" in " ".join(withheld["note"].unique())
    assert set(found["issue_linked"]["outsider"]) == {"USA"}
    assert found["issue_linked"].filter(pl.col("second") == "USA").is_empty()


def test_siding_by_hand(frames, found):
    ballots, votes, chance, titles = items(frames, "human-rights", 2014, 2018)
    rows = [ballots.row(state) for state in ("CHN", "RUS")]
    held = chance == 1
    counts = count_splits(votes[:, held], titles[held], np.array([rows]))[0, ballots.row("KAZ")]
    about = {"first": "CHN", "second": "RUS", "ground": "KAZ", "issue": "human-rights", "period": "2018"}
    for k, name in enumerate(("issue_siding_first", "issue_siding_second")):
        one, splits, effective = (np.array([n]) for n in (counts[k], counts[:3].sum(), counts[4]))
        line = row(found[name], **about)
        assert line["n"] == splits[0]
        assert line["value"] == pytest.approx(counts[k] / splits[0])
        expected = np.ravel(jeffreys_interval(one, splits, effective, 0.9))
        assert [line["lower"], line["upper"]] == pytest.approx(expected)


def test_siding_with_probable_members(frames, found):
    ballots, votes, chance, _ = items(frames, "human-rights", 2020, 2024)
    first, second, ground = (votes[ballots.row(state)] for state in ("CHN", "RUS", "KAZ"))
    split = first != second
    line = row(
        found["issue_siding_first"],
        first="CHN",
        second="RUS",
        ground="KAZ",
        issue="human-rights",
        period="2024",
    )
    assert line["n"] == round(chance[split].sum())
    assert line["value"] == pytest.approx(chance[split & (ground == first)].sum() / chance[split].sum())


def test_first_periods_are_those_declared(found):
    settings = declared("issue_areas").settings
    assert found["issue_siding_first"]["period"].min() == str(settings["siding_since"])
    assert found["issue_kappa"].filter(second="KAZ")["period"].unique().to_list() == [
        str(year) for year in range(settings["others_since"], 2025)
    ]
    assert set(found["issue_dispersion_10y"]["period"]) <= set(found["issue_dispersion"]["period"])


def test_relabelling_states_changes_nothing(frames, found):
    renamed = {"CHN": "USA", "USA": "CHN"}
    other = {**frames, "votes": frames["votes"].with_columns(pl.col("state").replace(renamed))}
    turned = issue_areas.compute(other, replace(SETTINGS, outsiders=("CHN",)), quiet)
    numbers = ["value", "lower", "upper", "n", "coverage"]
    for name in ("issue_kappa", "issue_dispersion", "issue_own"):
        one = found[name].filter(first="FRA", second="RUS")
        assert one.height
        assert one.select(numbers).equals(turned[name].filter(first="FRA", second="RUS").select(numbers))
    was = found["issue_siding_first"].filter(first="CHN", second="FRA", ground="KAZ")
    now = turned["issue_siding_second"].filter(first="FRA", second="USA", ground="KAZ")
    assert was.select(numbers).equals(now.select(numbers))


def test_too_few_roll_calls():
    """Ten roll calls on an issue are withheld with a reason, four give no row."""
    frames = world(years=[2012 + k // 14 for k in range(70)])
    found = issue_areas.compute(frames, SETTINGS, quiet)
    kappa = found["issue_kappa"].filter(period="2016")
    assert kappa.height
    assert set(kappa["coverage"]) == {"D"}
    assert set(kappa["note"]) == {"too few roll calls on this issue"}
    assert set(found["issue_dispersion"]["note"]) == {"too few issues with enough roll calls"}
    fewer = world(years=[2012 + k // 5 for k in range(25)])
    assert issue_areas.compute(fewer, SETTINGS, quiet)["issue_kappa"].is_empty()


def test_without_issues_there_is_nothing():
    votes = np.random.default_rng(0).integers(1, 4, (5, 300)).astype(np.int8)
    tables = votes_tables(votes, STATES, [2010 + k // 30 for k in range(300)])
    assert all(frame.is_empty() for frame in issue_areas.compute(tables, SETTINGS, quiet).values())


def test_fault_lines_are_found():
    found = issue_areas.compute(world(apart=0.9), SETTINGS, quiet)["issue_dispersion"]
    line = row(found, first="CHN", second="RUS", period="2019")
    assert line["lower"] > 0.3
    assert line["coverage"] == "A"


def test_no_fault_lines_are_found_where_there_are_none():
    """Of sixty-six pairs that are alike in all issues, few have a lower end above 0."""
    states = [f"S{k:02}" for k in range(12)]
    tables = world(3, states, [2012 + k // 120 for k in range(8 * 120)])
    settings = replace(SETTINGS, draws=199, powers=tuple(states), outsiders=("S00",))
    found = issue_areas.compute(tables, settings, quiet)["issue_dispersion"].filter(period="2019")
    assert found.height == 66
    assert (found["lower"] > 0).mean() < 0.15
    assert (found["lower"] > 0.1).mean() < 0.05


def test_ukraine_counts_in_the_variant_only(found):
    """The variant has no row before there were resolutions, and its own number afterwards."""
    with_it, without = found["issue_dispersion_with_ukraine"], found["issue_dispersion"]
    assert int(with_it["period"].min()) >= 2014
    both = with_it.join(without, on=["first", "second", "period"], suffix="_six").drop_nulls("value")
    assert both.height
    assert (both["value"] - both["value_six"]).abs().max() > 0.001
    assert (both["n"] > both["n_six"]).all()


def test_an_issue_on_which_one_never_varies_does_not_blur_the_others():
    """A kappa that is 0 by construction is itself uncertain; the errors of the other issues stay as they are."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(0.5, 0.1, (1, 4, 399))
    drawn[:, 3] = 0
    full = (np.full((1, 4), 0.6), np.full((1, 4), 20.0), np.full((1, 4), 15.0))
    found = issue_areas._errors(drawn, *full)
    alone = issue_areas._errors(drawn[:, :3], *(part[:, :3] for part in full))
    assert found[:, :3, :3] == pytest.approx(alone)
    assert found[0, 3, :3].tolist() == [0, 0, 0]
    assert found[0, 3, 3] == pytest.approx(((1 - 0.05 ** (1 / 20)) / 0.4 / 1.6449) ** 2, rel=1e-4)
