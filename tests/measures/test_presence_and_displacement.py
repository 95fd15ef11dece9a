"""Presence and displacement on made-up trade with known answers."""

import polars as pl
import pytest
from tests.conftest import trade_tables

from tripoint.measures import displacement, presence
from tripoint.measures.measure import Settings

SETTINGS = Settings(powers=("CHN", "RUS", "USA"))
OWN = "kaz_bns"


def quiet(share, doing):
    """No progress."""


def row(frame, **where):
    rows = frame.filter(*(pl.col(name) == value for name, value in where.items()))
    assert rows.height == 1
    return rows.row(0, named=True)


def whole_year(year, exports, imports):
    """Kazakhstan's own figures for a year, all partners."""
    flows = [(year, "KAZ", partner, "export", value, OWN) for partner, value in exports.items()]
    return flows + [(year, "KAZ", partner, "import", value, OWN) for partner, value in imports.items()]


def test_shares_of_own_statistics():
    flows = whole_year(
        2020, {"RUS": 200.0, "CHN": 300.0, "USA": 500.0}, {"RUS": 600.0, "CHN": 300.0, "USA": 100.0}
    )
    series = presence.compute(trade_tables(flows), SETTINGS, quiet)
    about = {"ground": "KAZ", "power": "RUS", "period": "2020"}
    assert row(series["presence_export"], **about)["value"] == pytest.approx(0.2)
    assert row(series["presence_import"], **about)["value"] == pytest.approx(0.6)
    assert row(series["presence_turnover"], **about)["value"] == pytest.approx(0.4)
    assert row(series["presence_turnover"], **about)["coverage"] == "B"


def test_units_of_money_cancel():
    flows = whole_year(2020, {"RUS": 200.0, "CHN": 300.0}, {"RUS": 600.0, "CHN": 300.0})
    scaled = [(*flow[:4], flow[4] * 470, flow[5]) for flow in flows]
    one, two = (
        presence.compute(trade_tables(some), SETTINGS, quiet)["presence_turnover"] for some in (flows, scaled)
    )
    key = ["ground", "power", "period"]
    both = one.join(two, on=key, suffix="_scaled")
    assert both["value"].to_list() == pytest.approx(both["value_scaled"].to_list())


def test_an_empty_partner_changes_nothing():
    flows = whole_year(2020, {"RUS": 200.0, "CHN": 300.0}, {"RUS": 600.0, "CHN": 300.0})
    more = [*flows, (2020, "KAZ", "USA", "export", 0.0, OWN), (2020, "KAZ", "USA", "import", 0.0, OWN)]
    one, two = (
        presence.compute(trade_tables(some), SETTINGS, quiet)["presence_turnover"] for some in (flows, more)
    )
    assert one.equals(two.filter(pl.col("power") != "USA"))
    assert two.filter(power="USA", ground="KAZ")["value"].to_list() == [0.0]


def test_disagreement_between_reporters_is_the_interval():
    flows = whole_year(2020, {"RUS": 2000.0, "CHN": 8000.0}, {"RUS": 5000.0, "CHN": 5000.0})
    mirror = [(2020, "RUS", "KAZ", "import", 4000.0, "rus_fts")]
    found = row(
        presence.compute(trade_tables(flows + mirror), SETTINGS, quiet)["presence_export"],
        ground="KAZ", power="RUS", period="2020",
    )  # fmt: skip
    assert found["value"] == pytest.approx(0.2)
    assert found["upper"] >= 4000 / 12000 - 1e-9
    assert found["n"] == 2
    assert found["coverage"] == "A"


def test_a_total_that_is_not_known_gives_no_share():
    flows = [
        (2016, "KAZ", "CHN", "export", 4000.0, "comtrade"),
        (2016, "KAZ", "CHN", "import", 3000.0, "comtrade"),
    ]
    series = presence.compute(trade_tables(flows), SETTINGS, quiet)
    assert all(frame.filter(ground="KAZ").is_empty() for frame in series.values())


def test_published_shares_are_read_where_no_total_is_known():
    shares = [
        (2015, "KAZ", "RUS", "export", 0.12, "factbook"),
        (2015, "KAZ", "RUS", "import", 0.33, "factbook"),
    ]
    series = presence.compute(trade_tables([], shares), SETTINGS, quiet)
    found = row(series["presence_turnover"], ground="KAZ", power="RUS", period="2015")
    assert found["value"] == pytest.approx(0.225)
    assert found["lower"] <= 0.12
    assert found["upper"] >= 0.33
    assert (found["coverage"], found["note"]) == ("C", "published share")


def test_excluded_rows_are_not_read():
    flows = whole_year(2020, {"RUS": 200.0, "CHN": 300.0}, {"RUS": 600.0, "CHN": 300.0})
    tables = trade_tables([*flows, (2020, "KAZ", "CHN", "export", 9e9, "comtrade")])
    flagged = pl.when(pl.col("origin") == "comtrade").then(pl.lit("half-of-national-figure"))
    tables["trade_flows"] = tables["trade_flows"].with_columns(flagged.alias("flag"))
    found = presence.compute(tables, SETTINGS, quiet)["presence_export"]
    assert row(found, ground="KAZ", power="CHN", period="2020")["upper"] < 0.99


def test_displacement_by_hand_and_over_gaps():
    flows = []
    for year, russia, china in ((2010, 500.0, 100.0), (2011, 400.0, 200.0), (2014, 300.0, 300.0)):
        partners = {"RUS": russia, "CHN": china, "USA": 1000.0 - russia - china}
        flows += whole_year(year, partners, partners)
    tables = trade_tables(flows)
    series = displacement.compute({**tables, **presence.compute(tables, SETTINGS, quiet)}, SETTINGS, quiet)
    about = {"first": "CHN", "second": "RUS", "ground": "KAZ"}
    assert row(series["displacement"], **about, period="2011")["value"] == pytest.approx(
        0.2 * 0.5 - 0.1 * 0.4
    )
    assert row(series["displacement"], **about, period="2014")["value"] == pytest.approx(
        0.3 * 0.4 - 0.2 * 0.3
    )
    total = (0.2 * 0.5 - 0.1 * 0.4) + (0.3 * 0.4 - 0.2 * 0.3)
    cumulated = series["displacement_5y"].filter(**about, period="2014")
    assert cumulated["n"].to_list() == [2]
    assert cumulated["coverage"].to_list() == ["D"], "two steps in five years are too few to publish"
    ledger = series["displacement"].filter(first="CHN", second="RUS", ground="KAZ")["value"].sum()
    assert ledger == pytest.approx(total)


@pytest.mark.shared
def test_figures_of_kazakhstan(shared):
    """Kazakhstan's trade with the two powers as printed in the data notes, and the crossover of 2023."""
    from tripoint.store.catalog import read_extracts

    frames = read_extracts(shared).frames
    own = frames["trade_flows"].filter(origin="kaz_bns", reporter="KAZ")
    printed = {
        2018: (5.28, 13.24, 6.31, 5.38),
        2020: (5.01, 13.77, 9.42, 6.38),
        2021: (7.02, 17.61, 9.77, 8.23),
        2022: (9.09, 17.88, 13.06, 11.14),
        2023: (10.21, 16.85, 14.67, 15.39),
    }
    columns = (("RUS", "export"), ("RUS", "import"), ("CHN", "export"), ("CHN", "import"))
    for year, values in printed.items():
        for (partner, flow), value in zip(columns, values, strict=True):
            found = row(own, year=year, partner=partner, flow=flow)["value"] / 1000
            assert found == pytest.approx(value, abs=0.0051)
    turnover = presence.compute(frames, SETTINGS, quiet)["presence_turnover"].filter(ground="KAZ")
    lead = {}
    for year in range(2018, 2024):
        russia, china = (row(turnover, power=power, period=str(year))["value"] for power in ("RUS", "CHN"))
        lead[year] = china > russia
    assert lead == {**dict.fromkeys(range(2018, 2023), False), 2023: True}
