"""What events say of two states: shares, scores and states by hand, free of coverage, with breaks between origins."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import beta
from tests.measures.events_building import (
    QUADS,
    SETTINGS,
    counted,
    measured,
    pairs_of,
    periods,
    quiet,
    table,
)

from tripoint.core.series import WHO
from tripoint.measures import cooperation
from tripoint.measures.records import declared, find_record
from tripoint.sources import codebook
from tripoint.store.checks import check_table
from tripoint.store.faults import errors
from tripoint.store.vintages import open_vintage

STATES = ("CHN", "KAZ", "RUS", "USA")
PAIRS = pairs_of(STATES)
NUMBERS = ["value", "lower", "upper"]


def walks(rng, n_pairs, n_periods, step=0.15):
    """Log-odds that start near .73 and walk."""
    return 1 + rng.normal(0, 0.4, (n_pairs, 1)) + rng.normal(0, step, (n_pairs, n_periods)).cumsum(1)


def pick(frame, source, target, origin=None):
    """Rows of one pair."""
    rows = frame.filter(source=source, target=target)
    return rows if origin is None else rows.filter(origin=origin)


def row(frame, **where):
    rows = frame.filter(*(pl.col(name) == value for name, value in where.items()))
    assert rows.height == 1
    return rows.row(0, named=True)


def many(name, **counts):
    """Rows of Russia and Kazakhstan in enough other years to be kept: 40 events in each of ten."""
    return [
        {"period": f"{year}", "source": "RUS", "target": "KAZ", "origin": name, "verbal_cooperation": 30,
         "verbal_conflict": 10, **counts}
        for year in range(2001, 2011)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def world():
    """Counts of three origins: yearly sums, ICEWS and GDELT by month."""
    rng = np.random.default_rng(1)
    years, months = periods("2005", "2014"), periods("2016-01", "2018-12")
    return (
        counted(rng, "icews_years", years, PAIRS, walks(rng, 12, 10), stories=40)
        + counted(rng, "icews", months[:30], PAIRS, walks(rng, 12, 30))
        + counted(rng, "gdelt", months, PAIRS, walks(rng, 12, 36))
    )


@pytest.fixture(scope="module")
def made(world):
    return measured(table(world))


@pytest.fixture(scope="module")
def two():
    """Monthly counts of one origin."""
    rng = np.random.default_rng(2)
    return counted(rng, "gdelt", periods("2016-01", "2017-12"), PAIRS, walks(rng, 12, 24), stories=20)


@pytest.fixture(scope="module")
def plain(two):
    return measured(table(two))


def test_every_measure_is_declared_for_years_quarters_and_months():
    names = [record.name for record in declared("cooperation").measures]
    assert len(names) == 18
    for name in names[:6]:
        grains = [find_record(name + suffix).grain for suffix in ("", "_quarter", "_month")]
        assert grains == ["event-dyad-year", "event-dyad-quarter", "event-dyad-month"]
        assert find_record(f"{name}_month").title == f"{find_record(name).title}, by month"


def test_made_counts_are_what_the_codebook_asks_for(world):
    assert errors(check_table(table(world), codebook("event_counts"))) == ()
    wrong = table(
        [*world[:3], {**world[0], "origin": "gdelt-raw"}, {**world[1], "period": "2016-13", "days": 367}]
    )
    found = {fault.kind for fault in errors(check_table(wrong, codebook("event_counts")))}
    assert {"allowed", "periods", "ranges"} <= found


def test_shares_and_scores_by_hand():
    rows = many("icews_years")
    rows[3] |= {
        "verbal_cooperation": 20,
        "material_cooperation": 6,
        "verbal_conflict": 10,
        "material_conflict": 4,
    }
    scored = [
        {
            **one,
            "period": f"2015-{month:02d}",
            "origin": "icews",
            "scored": 20,
            "hundredths": 5000,
            "squares": 1_800_000,
        }
        for month, one in enumerate(rows, 1)
    ]
    found = measured(table(rows + scored))
    where = {"source": "RUS", "target": "KAZ", "period": "2004", "origin": "icews_years"}
    shares = {"cooperation_share": 26 / 40, "material_share": 10 / 40, "material_conflict_share": 4 / 40}
    for name, value in shares.items():
        one = row(found[name], **where)
        assert one["value"] == pytest.approx(value)
        assert one["n"] == 40
    mean = row(found["goldstein_mean_month"], source="RUS", target="KAZ", period="2015-04", origin="icews")
    assert mean["value"] == pytest.approx(2.5), "5,000 hundredths over 20 scored events, not over 40"
    assert mean["n"] == 20
    assert "goldstein_mean" in found
    assert "icews_years" not in found["goldstein_mean"]["origin"].to_list(), "yearly sums hold no scores"


def test_without_overdispersion_the_interval_is_that_of_jeffreys():
    """The same share in every year: nothing is clustered, and each event counts."""
    found = measured(table(many("icews_years")))["cooperation_share"]
    one = row(found, period="2005")
    assert one["lower"] == pytest.approx(beta(30.5, 10.5).ppf(0.05), abs=0.02)
    assert one["upper"] == pytest.approx(beta(30.5, 10.5).ppf(0.95), abs=0.02)
    assert one["coverage"] == "B", "40 events, each worth nearly one"


def test_every_number_keeps_the_rules(made):
    for name, frame in made.items():
        record = find_record(name)
        assert frame.columns == [*WHO[record.grain], "period", *NUMBERS, "n", "coverage", "note"]
        assert frame.select(*WHO[record.grain], "period").is_unique().all()
        known = frame.filter(pl.col("coverage") != "D")
        withheld = frame.filter(pl.col("coverage") == "D")
        assert known.height > 20
        assert (known["lower"] <= known["value"]).all(), name
        assert (known["value"] <= known["upper"]).all(), name
        assert (known["upper"] - known["lower"]).min() > 0.001, "no number is certain"
        assert record.minimum <= known["lower"].min()
        assert known["upper"].max() <= record.maximum
        assert withheld.select(pl.col(NUMBERS).is_null().all()).row(0) == (True,) * 3
        assert withheld["note"].null_count() == 0
        assert set(frame["coverage"]) <= set("ABCD")


def test_grades_go_by_what_events_are_worth_not_by_their_number(made):
    """Stories have four events on average, so that B does not begin with 20 of them."""
    months = made["cooperation_share_month"].filter(origin="gdelt")
    few = months.filter(pl.col("n").is_between(20, 30))
    assert few.height > 20
    assert set(few["coverage"]) <= {"C", "D"}
    assert (
        months.group_by("coverage").agg(pl.col("n").mean()).sort("coverage")["n"].is_sorted(descending=True)
    )


def test_n_is_the_number_of_events(world, made):
    total = table(world).filter(origin="gdelt", period="2017-05").select(
        "source", "target", pl.sum_horizontal(QUADS).alias("events")
    )  # fmt: skip
    found = made["cooperation_share_month"].filter(origin="gdelt", period="2017-05")
    both = found.join(total, on=["source", "target"])
    assert both.height == found.height > 8
    assert (both["n"] == both["events"]).all()


def test_months_add_up_to_quarters_and_years(world, made):
    counts = table(world).filter(origin="gdelt")
    whole = pl.sum_horizontal(QUADS).sum()
    share = (pl.col("verbal_cooperation") + pl.col("material_cooperation")).sum() / whole
    mean = pl.col("hundredths").sum() / pl.col("scored").sum() / 100
    year = pl.col("period").str.slice(0, 4)
    quarter = pl.format("{}-Q{}", year, (pl.col("period").str.slice(5).cast(pl.Int8) + 2) // 3)
    for suffix, name in (("", year), ("_quarter", quarter)):
        expected = counts.group_by("source", "target", name.alias("period")).agg(
            share.alias("share"), mean.alias("mean"), whole.alias("events")
        )
        for measure, column in (("cooperation_share", "share"), ("goldstein_mean", "mean")):
            found = made[measure + suffix].filter(pl.col("value").is_not_null(), pl.col("origin") == "gdelt")
            both = found.join(expected, on=["source", "target", "period"])
            assert both.height == found.height == 12 * (3 if not suffix else 12)
            assert both["value"].to_numpy() == pytest.approx(both[column].to_numpy())
            assert (both["n"] == both["events"]).all()


def test_an_origin_by_year_is_not_seen_by_month(made):
    for name, frame in made.items():
        grain = find_record(name).grain
        assert ("icews_years" in frame["origin"].to_list()) == (
            grain == "event-dyad-year" and not name.startswith("goldstein")
        )


COUNTS = (*QUADS, "scored", "hundredths", "squares", "mentions")


def doubled(rows, source=None, target=None):
    """The same rows with twice the counts, of one pair or of all."""
    return [
        {**one, **{name: 2 * one[name] for name in COUNTS if one.get(name) is not None}}
        if source is None or (one["source"], one["target"]) == (source, target)
        else one
        for one in rows
    ]


def largest_changes(before, now):
    """Largest change of a number of each measure, over the rows that had a number before; all are there still."""
    found = {}
    for name, frame in before.items():
        key = [*WHO[find_record(name).grain], "period"]
        known = frame.filter(pl.col("value").is_not_null())
        both = known.join(now[name], on=key, suffix="_now")
        assert both.height == known.height
        assert both["value_now"].null_count() == 0
        changes = [(both[number] - both[f"{number}_now"]).abs().max() for number in NUMBERS]
        found[name] = max((change for change in changes if change is not None), default=0.0)
    return found


@pytest.fixture(scope="module")
def stories():
    """Two origins of which each tells a story in some eighty events: a thousand and more in a month."""
    rng = np.random.default_rng(8)
    pairs, months = PAIRS[:6], periods("2016-01", "2017-06")
    odds = walks(rng, 6, 18)
    return counted(rng, "icews", months[:14], pairs, odds[:, :14], stories=25, size=80) + counted(
        rng, "gdelt", months, pairs, odds + 0.3, stories=25, size=80
    )


def test_more_news_of_the_same_change_nothing(stories):
    """Twice the counts of one pair: values, bounds and grades stay, to the last digits, and so do those of others."""
    before, found = measured(table(stories)), measured(table(doubled(stories, *PAIRS[2])))
    changes = largest_changes(before, found)
    assert len(changes) == 18
    assert max(changes.values()) < 1e-9, changes
    for name, frame in before.items():
        assert (frame["coverage"] == found[name]["coverage"]).all()
        more, less = (one.filter(source=PAIRS[2][0], target=PAIRS[2][1])["n"] for one in (found[name], frame))
        assert (more == 2 * less).all()


def test_near_binomial_counts_more_news_change_little(two, plain):
    """Overdispersion is never below 1: where events are nearly independent, twice as many do tell a little more."""
    changes = largest_changes(plain, measured(table(doubled(two))))
    assert changes["cooperation_share_month"] < 0.05
    assert changes["goldstein_mean_quarter"] < 0.5
    shares = measured(table(doubled(two)))["cooperation_share_month"].join(
        plain["cooperation_share_month"], on=["source", "target", "period"], suffix="_before"
    )
    assert (shares["value"] - shares["value_before"]).abs().max() < 1e-12


def test_names_and_the_order_of_rows_carry_nothing(two, plain):
    """Two states with the same data under other names, in another order, are told the same."""
    other = {"CHN": "FRA", "KAZ": "MNG", "RUS": "GBR", "USA": "DEU"}
    mixed = list(np.random.default_rng(3).permutation(np.array(two, object)))
    renamed = [{**one, "source": other[one["source"]], "target": other[one["target"]]} for one in mixed]
    found = measured(table([*renamed, *mixed]))
    for name, frame in plain.items():
        mine = found[name].filter(pl.col("source").is_in(STATES))
        assert_frame_equal(mine, frame, abs_tol=1e-12)
        theirs = frame.with_columns(pl.col("source", "target").replace(other)).sort(
            "source", "target", "period"
        )
        kept = found[name].filter(~pl.col("source").is_in(STATES)).sort("source", "target", "period")
        assert_frame_equal(kept, theirs, abs_tol=1e-12)


def test_two_states_with_the_same_data_are_told_the_same():
    rng = np.random.default_rng(4)
    rows = counted(
        rng, "icews", periods("2016-01", "2016-12"), [("KAZ", "RUS"), ("RUS", "KAZ")], walks(rng, 2, 12)
    )
    renamed = {"KAZ": "UZB", "RUS": "RUS"}
    same = [{**one, "source": renamed[one["source"]], "target": renamed[one["target"]]} for one in rows]
    found = measured(table(rows + same))
    for frame in found.values():
        mine = frame.filter((pl.col("source") == "KAZ") | (pl.col("target") == "KAZ"))
        assert 2 * mine.height == frame.height
        theirs = mine.with_columns(pl.col("source", "target").replace(renamed))
        assert theirs.join(frame, on=frame.columns, nulls_equal=True).height == mine.height


def test_a_month_without_events_is_not_0(two):
    """No events: no share and no score. The state is carried, wider, for two months, and then not on record."""
    gone = ("2016-08", "2016-09", "2016-10", "2016-11")
    kept = [one for one in two if one["period"] not in gone or one["source"] != "RUS"]
    found = measured(table(kept))
    for name in ("cooperation_share_month", "material_conflict_share_month", "goldstein_mean_month"):
        mine = pick(found[name], "RUS", "KAZ")
        assert mine.filter(pl.col("period").is_in(gone)).is_empty()
        assert mine.filter(period="2016-12").height == 1
    state = pick(found["cooperation_now_month"], "RUS", "KAZ")
    carried = state.filter(pl.col("period").is_in(gone))
    assert carried["period"].to_list() == ["2016-08", "2016-09"]
    assert set(carried["note"]) == {"few events: carried from the period before"}
    assert set(carried["coverage"]) == {"C"}
    assert carried["n"].to_list() == [0, 0]
    width = (state["upper"] - state["lower"]).to_list()
    place = state["period"].to_list().index("2016-08")
    assert width[place - 1] < width[place] < width[place + 1]
    assert abs(state["value"][place] - state["value"][place - 1]) < 0.05


def test_too_few_events_are_withheld_or_left_out():
    rows = many("icews_years")
    rows[0] |= {"verbal_cooperation": 4, "verbal_conflict": 0}
    rows[1] |= {"verbal_cooperation": 3, "verbal_conflict": 3}
    small = [{**one, "target": "UZB", "verbal_cooperation": 4, "verbal_conflict": 0} for one in rows]
    found = measured(table(rows + small))["cooperation_share"]
    assert found.filter(target="UZB").is_empty(), "40 events in all are too few"
    assert found.filter(period="2001").is_empty(), "four events"
    assert row(found, period="2002")["n"] == 6


def test_an_event_dated_before_any_file_came_counts_nowhere(two, plain):
    early = [
        {**one, "period": "2009-03", "days": None, "verbal_cooperation": 500}
        for one in two
        if one["period"] == "2016-01"
    ]
    found = measured(table(two + early))
    for name, frame in plain.items():
        assert_frame_equal(found[name], frame)


def test_counts_of_which_no_days_are_known_are_read_all_the_same(two, plain):
    """Somebody's own table of GDELT need not say how many days its files cover."""
    found = measured(table([{**one, "days": None} for one in two]))
    assert_frame_equal(found["cooperation_share_month"], plain["cooperation_share_month"])


def test_months_that_files_cover_in_part_are_noted(two):
    half = [{**one, "days": 15} if one["period"] == "2016-04" else one for one in two]
    found = measured(table(half))
    for measure in ("cooperation_share", "goldstein_mean", "cooperation_state"):
        month = pick(found[f"{measure}_month"], "CHN", "USA")
        assert row(month, period="2016-04")["note"] == "50% of the days are on record"
        assert row(month, period="2016-05")["note"] is None
        quarter = pick(found[f"{measure}_quarter"], "CHN", "USA")
        assert row(quarter, period="2016-Q2")["note"] == "83% of the days are on record"
    year = pick(found["cooperation_share"], "CHN", "USA")
    assert row(year, period="2016")["note"] is None, "96% of the year"
    last = [one for one in two if one["period"] <= "2017-03"]
    year = pick(measured(table(last))["cooperation_share"], "CHN", "USA")
    assert row(year, period="2017")["note"] == "24% of the days are on record"


def test_an_origin_that_counts_by_month_and_by_year_is_not_counted_twice(two, plain):
    by_year = [
        {"period": "2016", "source": one, "target": other, "origin": "gdelt", "verbal_cooperation": 900}
        for one, other in PAIRS
    ]
    found = measured(table(two + by_year))
    for name, frame in plain.items():
        assert_frame_equal(found[name], frame)


def overlapping(rng, offset, last="2023-04", first="2022-05"):
    """Log-odds of thirty pairs, and rows of ICEWS up to a month and of POLECAT from one on, with an offset."""
    names = periods("2021-01", "2024-06")
    pairs = pairs_of(("CHN", "DEU", "IND", "KAZ", "RUS", "USA"))
    truth = walks(rng, len(pairs), len(names), 0.08)
    end, begin = names.index(last) + 1, names.index(first)
    rows = counted(rng, "icews", names[:end], pairs, truth[:, :end], stories=30, size=2)
    rows += counted(rng, "polecat", names[begin:], pairs, truth[:, begin:] + offset, stories=30, size=2)
    share = 1 / (1 + np.exp(-truth))
    known = [
        (*pair, name, float(share[i, k])) for i, pair in enumerate(pairs) for k, name in enumerate(names)
    ]
    return rows, pl.DataFrame(known, schema=["source", "target", "period", "truth"], orient="row")


def test_origins_that_overlap_are_joined_on_one_scale():
    """POLECAT sees .9 more in log-odds: the fused share stays that of ICEWS, POLECAT's own does not."""
    rows, truth = overlapping(np.random.default_rng(5), 0.9)
    state = measured(table(rows))["cooperation_state_month"].join(truth, on=["source", "target", "period"])
    late = state.filter(pl.col("period") > "2023-06")
    error = {origin: late.filter(origin=origin) for origin in ("fused", "polecat")}
    bias = {origin: float((frame["value"] - frame["truth"]).mean()) for origin, frame in error.items()}
    assert abs(bias["fused"]) < 0.02
    assert bias["polecat"] > 0.1
    fused = state.filter(origin="fused")
    inside = ((fused["lower"] <= fused["truth"]) & (fused["truth"] <= fused["upper"])).mean()
    assert 0.85 < inside < 0.98
    assert set(state["origin"]) == {"fused", "icews", "polecat"}


def test_what_all_origins_say_together_in_real_time_knows_no_later_month():
    """Offsets too are those that were known then: months in which the origins meet later change nothing before."""
    rows, _ = overlapping(np.random.default_rng(8), 0.9)
    early = [one for one in rows if one["period"] <= "2022-12"]
    key = ["source", "target", "period", "origin"]
    whole, cut = (measured(table(some))["cooperation_now_month"] for some in (rows, early))
    both = cut.join(whole, on=key, suffix="_later").filter(origin="fused")
    assert both.height == 30 * 24
    for bound in ("value", "lower", "upper"):
        assert (both[bound] - both[f"{bound}_later"]).abs().max() < 1e-9
    with_hindsight = measured(table(rows))["cooperation_state_month"].filter(pl.col("period") > "2023-12")
    now = whole.filter(pl.col("period") > "2023-12").join(with_hindsight, on=key, suffix="_state")
    assert (now["value"] - now["value_state"]).abs().mean() < 0.02, "known by then, the offset is the same"


def test_a_break_between_origins_widens_the_interval_and_is_no_change():
    """ICEWS ends in April 2023 and POLECAT begins in May: what they differ by is unknown, and the interval says so."""
    rows, _ = overlapping(np.random.default_rng(6), 0.5, first="2023-05")
    now = measured(table(rows))["cooperation_now_month"].filter(origin="fused")
    before, after = (
        now.filter(period=month).select("source", "target", *NUMBERS) for month in ("2023-04", "2023-05")
    )
    both = before.join(after, on=["source", "target"], suffix="_after")
    assert both.height == 30
    width = (both["upper"] - both["lower"], both["upper_after"] - both["lower_after"])
    assert (width[1] > 1.5 * width[0]).mean() > 0.9
    inside = (both["lower_after"] <= both["value"]) & (both["value"] <= both["upper_after"])
    assert inside.mean() > 0.9, "an offset of half a unit is no change"


def test_the_same_events_are_not_fused_twice():
    """Yearly sums of ICEWS and ICEWS itself are one source: where both count, knowing one adds nothing."""
    rng = np.random.default_rng(7)
    months = counted(rng, "icews", periods("2006-01", "2016-12"), PAIRS, walks(rng, 12, 132, 0.05), stories=8)
    frame = table(months)
    sums = (
        frame.filter(pl.col("period") < "2013")
        .group_by("source", "target", pl.col("period").str.slice(0, 4))
        .agg(pl.col(QUADS).sum())
        .with_columns(pl.lit("icews_years").alias("origin"))
    )
    found = measured(table([*months, *sums.to_dicts()]))
    state = found["cooperation_state"].filter(pl.col("period").is_between(pl.lit("2007"), pl.lit("2011")))
    fused, alone = (
        state.filter(origin=origin).sort("source", "target", "period") for origin in ("fused", "icews")
    )
    assert fused.height == alone.height == 60
    assert (fused["value"] - alone["value"]).abs().max() < 0.01
    narrower = (fused["upper"] - fused["lower"]).mean() / (alone["upper"] - alone["lower"]).mean()
    assert narrower > 0.97, "counted twice, it would be nearer to .7"
    assert fused["n"].to_list() == alone["n"].to_list()


def test_a_score_that_is_always_the_same_has_no_interval():
    """All events of a pair score 2.8: nothing tells how far the mean may be off."""
    rows = [
        {
            "period": month, "source": "RUS", "target": "KAZ", "origin": "gdelt", "verbal_cooperation": 20 + place,
            "verbal_conflict": 5, "scored": 25 + place, "hundredths": 280 * (25 + place),
            "squares": 280**2 * (25 + place),
        }
        for place, month in enumerate(periods("2016-01", "2016-12"))
    ]  # fmt: skip
    found = measured(table(rows))["goldstein_mean_month"]
    assert set(found["coverage"]) == {"D"}
    rows[3] |= {"hundredths": 280 * 28 - 500, "squares": 280**2 * 27 + 220**2}
    found = measured(table(rows))["goldstein_mean_month"]
    assert set(found["coverage"]) <= {"A", "B", "C"}
    assert ((found["upper"] - found["lower"]) > 0.01).all(), "a month in which all score alike is not certain"


def test_hindsight_knows_more_and_real_time_knows_no_later_month(two, plain):
    cut = measured(table([one for one in two if one["period"] <= "2017-06"]))
    key = ["source", "target", "origin", "period"]
    now = cut["cooperation_now_month"].join(plain["cooperation_now_month"], on=key, suffix="_later")
    assert now.height > 180
    assert (now["value"] - now["value_later"]).abs().max() < 1e-6
    later = plain["cooperation_state_month"].join(plain["cooperation_now_month"], on=key, suffix="_now")
    narrower = (later["upper"] - later["lower"]).mean() / (later["upper_now"] - later["lower_now"]).mean()
    assert narrower < 0.95


def test_too_little_is_nothing():
    few = many("icews_years", verbal_cooperation=2, verbal_conflict=0)
    assert cooperation.compute({"event_counts": table(few)}, SETTINGS, quiet) == {}


@pytest.mark.shared
def test_the_series_in_the_package_are_those_of_the_shared_counts(shared):
    vintage = open_vintage("bundled")
    raw = pl.read_parquet(shared / "events" / "icews_dyad_year_quad_2002_2014.parquet").with_columns(
        pl.col("source", "target").cast(pl.String)
    )
    total = pl.sum_horizontal("verbCoop", "matlCoop", "verbConf", "matlConf")
    parts = {
        "cooperation_share": pl.col("verbCoop") + pl.col("matlCoop"),
        "material_share": pl.col("matlCoop") + pl.col("matlConf"),
        "material_conflict_share": pl.col("matlConf"),
    }
    for source, target in (
        ("RUS", "KAZ"),
        ("KAZ", "RUS"),
        ("CHN", "KAZ"),
        ("KAZ", "CHN"),
        ("RUS", "CHN"),
        ("CHN", "RUS"),
    ):
        mine = raw.filter(source=source, target=target).select(
            pl.col("year").cast(pl.String).alias("period"), total.alias("events"),
            *((part / total).alias(name) for name, part in parts.items()),
        )  # fmt: skip
        for name in parts:
            rows = vintage.rows(find_record(name), {"source": source, "target": target})
            both = rows.filter(pl.col("value").is_not_null()).join(mine, on="period")
            assert both.height >= 3
            assert (both["value"] - both[name]).abs().max() <= 0.0005 + 1e-6, "rounded to a thousandth"
            assert (both["n"] == both["events"]).all()
            assert (both["lower"] <= both["value"]).all()
            assert (both["value"] <= both["upper"]).all()
