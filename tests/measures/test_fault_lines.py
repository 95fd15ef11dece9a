"""Collisions and strain of all grounds in the vintage of the package: grades, carrying, comparison, hindsight."""

from datetime import date

import polars as pl
import pytest

from tripoint.core.series import CARRIED
from tripoint.core.triad import Triad
from tripoint.measures.records import records
from tripoint.readings.claims import judge_all
from tripoint.readings.explain import explain
from tripoint.readings.reading import take_reading
from tripoint.store.vintages import open_vintage

HINDSIGHT = ("ground_strain", "strain_gap", "strained_grounds", "strained_regions", "strained_areas")


@pytest.fixture(scope="module")
def vintage():
    return open_vintage("bundled")


def text(vintage, name):
    return vintage.frame(name).with_columns(pl.col("period", "coverage", "note").cast(pl.String))


def test_what_is_carried_is_graded_c_at_best_and_is_less_sure(vintage):
    rows = text(vintage, "collision").with_columns(
        pl.col("note").str.starts_with(CARRIED).fill_null(value=False).alias("old")
    )
    assert set(rows.filter("old")["coverage"]) <= {"C", "D"}
    assert rows.filter(~pl.col("old"))["coverage"].is_in(["A", "B"]).any()
    width = pl.col("upper") - pl.col("lower")
    widths = rows.filter(issue="trade").group_by("old").agg(width.mean()).sort("old")
    assert widths["upper"][1] > widths["upper"][0]


def test_a_pair_is_compared_with_pairs_that_are_known_as_well(vintage):
    strain = text(vintage, "ground_strain").filter(pl.col("value").is_not_null())
    means = strain.group_by("first", "second", "period").agg(pl.col("value").mean().alias("mean"))
    gaps = (
        text(vintage, "strain_gap")
        .filter(pl.col("coverage") != "D")
        .join(means, on=["first", "second", "period"])
    )
    for (period,), rows in gaps.group_by("period"):
        total, others = rows["mean"].sum(), rows.height - 1
        expected = rows["mean"] - (total - rows["mean"]) / others
        assert (rows["value"] - expected).abs().max() < 0.3, period
        assert set(rows["note"]) == {f"against {others} other pairs"}


def test_among_few_pairs_none_stands_out(vintage):
    gaps = text(vintage, "strain_gap").filter(pl.col("coverage") != "D")
    few = gaps.filter(pl.len().over("period") < 20)
    assert few.height
    assert (few["lower"] <= 0.1).all()


@pytest.mark.parametrize("name", HINDSIGHT)
def test_what_was_made_with_hindsight_is_withheld_as_of_a_day(name, vintage):
    assert records()[name].hindsight
    then = take_reading(Triad("RUS", "CHN", ground="KAZ"), as_of=date(2024, 6, 30), vintage=vintage)
    rows = then.rows(name)
    assert rows["value"].null_count() == rows.height > 0
    told = explain(then, name)
    assert told.value is None
    assert "hindsight" in (told.note or "")


def test_after_the_data_end_nothing_later_is_in_a_number(vintage):
    now = take_reading(Triad("RUS", "CHN", ground="KAZ"), as_of=date(2030, 1, 1), vintage=vintage)
    assert now.rows("strain_gap")["value"].is_not_null().any()


def test_claims_on_numbers_made_with_hindsight_cannot_be_tested_as_of_a_day(vintage):
    then = take_reading(Triad("RUS", "CHN", ground="KAZ"), as_of=date(2016, 6, 30), vintage=vintage)
    by_id = {verdict.id: verdict for verdict in judge_all(then)}
    for claim in ("collide-in-third-countries", "wider-weaknesses"):
        assert by_id[claim].verdict == "not testable"
    assert by_id["fractures-through-ground"].verdict != "not testable"
