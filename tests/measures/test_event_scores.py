"""The balance of events without a direction: by hand, within its bounds, and free of how much news there are."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measures.events_building import SETTINGS, periods, quiet

from tripoint.measures import event_scores
from tripoint.measures.measure import HALF_WIDTH
from tripoint.measures.records import declared
from tripoint.sources import codebook
from tripoint.store.checks import check_table
from tripoint.store.faults import errors
from tripoint.store.vintages import open_vintage

MONTHS = periods("2018-01", "2020-06")
LEAST = declared("event_scores").settings["least_months"]


def table(rows, days=None):
    """``event_scores`` from tuples (period, first, second, score); months of 2018 to 2020 are whole unless told."""
    known = {"period": pl.String, "first": pl.String, "second": pl.String, "score": pl.Float64}
    frame = pl.DataFrame(rows, schema=known, orient="row")
    whole = pl.col("period").str.to_date("%Y-%m").dt.month_end().dt.day().cast(pl.Int64)
    told = pl.col("period").replace_strict(days or {}, default=None, return_dtype=pl.Int64)
    return frame.with_columns(
        pl.coalesce(told, whole).alias("days"),
        pl.lit("gdelt_scores").alias("origin"),
        pl.lit(None, pl.String).alias("flag"),
    )


def balance(frame):
    return event_scores.compute({"event_scores": frame}, SETTINGS, quiet)["score_balance"]


def of(frame, first="KAZ", second="RUS"):
    return frame.filter(first=first, second=second).sort("period")


def steady(months=MONTHS, seed=0, states=("CHN", "KAZ", "RUS")):
    """Scores of three states with each other in every month."""
    rng = np.random.default_rng(seed)
    pairs = [(one, two) for one in states for two in states if one < two]
    return [
        (month, *pair, float(score))
        for pair in pairs
        for month, score in zip(months, rng.normal(20, 30, len(months)), strict=True)
    ]


def test_the_balance_by_hand():
    """Kazakhstan and Russia score 30; Kazakhstan has 10 with China, Russia -60: 2 * 30 / (40 + 90)."""
    rows = [
        (month, *pair, score)
        for place, month in enumerate(MONTHS)
        for pair, score in (
            (("KAZ", "RUS"), 30.0 if place % 2 else 50.0),
            (("CHN", "KAZ"), 10.0),
            (("CHN", "RUS"), -60.0),
        )
    ]
    found = balance(table(rows))
    assert of(found)["value"][5] == pytest.approx(60 / 130)
    assert of(found, "CHN", "RUS")["value"][5] == pytest.approx(-120 / 160)
    assert of(found, "CHN", "KAZ")["value"][5] == pytest.approx(20 / 110)


def test_the_interval_is_what_months_differ_by_from_their_neighbours():
    """Balances that go up and down by .2: an error of .2 / .6745 / sqrt(2), and wider where days are missing."""
    rows = []
    for place, month in enumerate(MONTHS):
        score = 30.0 if place % 2 else 50.0
        rows += [
            (month, "KAZ", "RUS", score),
            (month, "CHN", "KAZ", 100 - score),
            (month, "CHN", "RUS", 100 - score),
        ]
    found = of(balance(table(rows, days={"2019-02": 14})))
    half = HALF_WIDTH * 0.2 / 0.6744897501960817 / np.sqrt(2)
    month = found.filter(period="2019-03")
    assert month["value"].item() == pytest.approx(0.5)
    assert month["upper"].item() - month["value"].item() == pytest.approx(half)
    assert (month["coverage"].item(), month["note"].item(), month["n"].item()) == ("B", None, 31)
    partly = found.filter(period="2019-02")
    assert partly["value"].item() - partly["lower"].item() == pytest.approx(half * np.sqrt(2))
    assert (partly["coverage"].item(), partly["n"].item()) == ("C", 14)
    assert partly["note"].item() == "14 days on record"


def test_a_single_outlier_does_not_set_the_interval():
    values = np.tile([0.1, 0.14], 15)
    calm, shaken = event_scores.step_error(values), values.copy()
    shaken[9] = -0.9
    assert event_scores.step_error(shaken) == pytest.approx(calm)


def test_pairs_with_few_months_are_withheld_with_the_reason():
    rows = steady()
    short = [one for one in rows if one[1:3] != ("KAZ", "RUS") or one[0] in MONTHS[: LEAST - 1]]
    found = balance(table(short, days={MONTHS[3]: 20}))
    withheld = of(found)
    assert withheld.height == LEAST - 1
    assert set(withheld["coverage"]) == {"D"}
    assert withheld["value"].null_count() == withheld.height
    assert set(withheld["note"]) == {"too few months to tell how much a month differs by"}
    assert set(of(found, "CHN", "RUS")["coverage"]) == {"B", "C"}
    enough = [one for one in rows if one[1:3] != ("KAZ", "RUS") or one[0] in MONTHS[:LEAST]]
    assert of(balance(table(enough)))["value"].null_count() == 0


def test_a_month_that_is_not_on_record_is_not_0():
    rows = [one for one in steady() if one[:3] != ("2019-05", "KAZ", "RUS")]
    found = of(balance(table(rows)))
    assert "2019-05" not in found["period"].to_list()
    assert found.height == len(MONTHS) - 1


def test_a_month_in_which_nothing_scores_is_not_defined():
    """Nothing over nothing: withheld, and the other months of the pair are not touched."""
    rows = [(month, *pair, 0.0 if month == "2019-05" else score) for month, *pair, score in steady()]
    found = of(balance(table(rows)))
    nothing = found.filter(period="2019-05")
    assert nothing["value"].null_count() == 1
    assert nothing["coverage"].item() == "D"
    assert found.filter(pl.col("period") != "2019-05")["value"].null_count() == 0


def test_two_states_that_news_mention_with_each_other_only_have_no_interval():
    """The balance is 1 in every month, whatever happens: that tells nothing of how sure it is."""
    found = of(balance(table([(month, "KAZ", "RUS", 5.0 + place) for place, month in enumerate(MONTHS)])))
    assert set(found["coverage"]) == {"D"}
    assert set(found["note"]) == {"not defined, or no interval can be formed"}


scores = st.lists(
    st.floats(-500, 500).map(lambda value: round(value, 2)), min_size=len(MONTHS), max_size=len(MONTHS)
)


@settings(max_examples=15)
@given(scores, scores, scores)
def test_whatever_the_scores_numbers_keep_their_range_and_order(one, two, three):
    pairs = (("CHN", "KAZ"), ("CHN", "RUS"), ("KAZ", "RUS"))
    rows = [
        (month, *pair, value)
        for pair, values in zip(pairs, (one, two, three), strict=True)
        for month, value in zip(MONTHS, values, strict=True)
    ]
    found = balance(table(rows)).filter(pl.col("value").is_not_null())
    for number in ("value", "lower", "upper"):
        assert found[number].is_between(-1, 1).all()
        assert found[number].is_finite().all()
    assert (found["lower"] <= found["value"]).all()
    assert (found["value"] <= found["upper"]).all()
    assert (found["upper"] > found["lower"]).all(), "no number is certain"
    assert (found["coverage"] != "D").all()


@settings(max_examples=10)
@given(st.floats(0.01, 1000), st.integers(0, 20))
def test_more_coverage_of_everything_changes_nothing(factor, seed):
    before = balance(table(steady(seed=seed)))
    after = balance(table([(*one[:3], factor * one[3]) for one in steady(seed=seed)]))
    for number in ("value", "lower", "upper"):
        assert after[number].to_numpy() == pytest.approx(before[number].to_numpy(), abs=1e-9)


def scaled(rows, states):
    """Twice the scores of every pair of which one is among some states."""
    return [(*one[:3], one[3] * (2 if {one[1], one[2]} & set(states) else 1)) for one in rows]


def test_more_coverage_of_both_states_changes_nothing():
    """With others that news cover as before."""
    rows = steady(states=("CHN", "KAZ", "RUS", "USA", "UZB"))
    before, after = of(balance(table(rows))), of(balance(table(scaled(rows, ("KAZ", "RUS")))))
    for number in ("value", "lower", "upper"):
        assert after[number].to_numpy() == pytest.approx(before[number].to_numpy())


def test_more_coverage_of_one_state_moves_the_balance_by_less_than_itself():
    rows = steady(states=("CHN", "KAZ", "RUS", "USA", "UZB"))
    before, after = of(balance(table(rows))), of(balance(table(scaled(rows, ("RUS",)))))
    ratio = after["value"].to_numpy() / before["value"].to_numpy()
    assert (ratio >= 1 - 1e-12).all()
    assert (ratio < 2).all()
    assert ratio.mean() < 1.6


def test_the_order_of_rows_and_the_names_of_states_carry_nothing():
    rows = steady()
    before = balance(table(rows))
    mixed = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    assert balance(table(mixed)).equals(before)
    renamed = {"CHN": "AUT", "KAZ": "BEL", "RUS": "ZAF"}
    other = balance(table([(month, renamed[one], renamed[two], score) for month, one, two, score in rows]))
    assert other.with_columns(
        pl.col("first", "second").replace({new: old for old, new in renamed.items()})
    ).equals(before)


@pytest.mark.shared
def test_the_series_in_the_package_is_that_of_the_shared_scores(shared):
    raw = pl.read_parquet(shared / "events" / "gdelt2_dyad_month_score_2018_2024.parquet").with_columns(
        pl.col("a", "b").cast(pl.String),
        pl.format("{}-{}", "year", pl.col("month").cast(pl.String).str.zfill(2)).alias("period"),
    )
    size = pl.col("score_sum").abs().sum()
    volume = {
        code: dict(
            raw.filter((pl.col("a") == code) | (pl.col("b") == code)).group_by("period").agg(size).iter_rows()
        )
        for code in ("CHN", "KAZ", "RUS")
    }
    vintage = open_vintage("bundled")
    record = event_scores.MEASURE.records[0]
    for first, second in (("CHN", "KAZ"), ("CHN", "RUS"), ("KAZ", "RUS")):
        rows = vintage.rows(record, {"first": first, "second": second}).sort("period")
        mine = raw.filter(
            ((pl.col("a") == first) & (pl.col("b") == second))
            | ((pl.col("a") == second) & (pl.col("b") == first))
        )
        assert rows["period"].to_list() == sorted(mine["period"]) == periods("2018-01", "2024-02")
        for period, score, days in mine.select("period", "score_sum", "n_days").iter_rows():
            row = rows.filter(period=period).row(0, named=True)
            assert row["value"] == pytest.approx(
                2 * score / (volume[first][period] + volume[second][period]), abs=6e-5
            )
            assert row["n"] == days
            assert -1 <= row["lower"] <= row["value"] <= row["upper"] <= 1


@pytest.mark.shared
def test_the_shared_tables_are_what_their_codebooks_ask_for(shared):
    from tripoint.sources.event_counts import read_extracts

    parsed = read_extracts(shared)
    assert set(parsed.tables) == {"event_counts", "event_scores"}
    for name, frame in parsed.tables.items():
        assert errors(check_table(frame, codebook(name))) == ()
    half = (
        parsed.tables["event_scores"].group_by("period").agg(pl.col("days").max()).filter(pl.col("days") < 27)
    )
    noted = next(one for one in codebook("event_scores").corrections if one.name == "month-half-missing")
    assert set(half["period"]) <= {*noted.where["period"], "2024-02"}
