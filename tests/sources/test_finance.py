"""Chinese commitments and deals: the extract against the sums that are known, and what is empty in it."""

import polars as pl
import pytest


def test_commitments_to_kazakhstan_have_the_known_sum_and_peaks(extracts) -> None:
    table = extracts["finance"].tables["development_finance"].filter(recipient="KAZ")
    assert table["value"].sum() / 1000 == pytest.approx(64.1, abs=0.05)
    assert table["year"].is_between(2000, 2021).all()
    peak = table.filter(pl.col("year").is_in([2008, 2009]))["value"].sum() / 1000
    assert peak == pytest.approx(24.6, abs=0.05)
    assert table.filter(year=2012)["value"].sum() / 1000 == pytest.approx(10.9, abs=0.05)


def test_deals_in_kazakhstan_have_the_known_sums(extracts) -> None:
    deals = extracts["finance"].tables["investment_deals"].filter(host="KAZ")
    billions = dict(deals.group_by("year").agg(pl.col("value").sum() / 1000).iter_rows())
    assert (billions[2013], billions[2024], billions[2025]) == pytest.approx((5.3, 2.41, 1.94))


def test_deals_are_numbered_once_and_empty_where_nothing_is_said(extracts) -> None:
    deals = extracts["finance"].tables["investment_deals"]
    assert deals.height == 2396
    assert deals["deal"].is_unique().all()
    assert deals["target"].null_count() == 898
    for name in ("company", "target", "sector"):
        assert not deals[name].is_in(["nan", ""]).any()
    assert deals["value"].min() >= 95
