"""Arms, treaties, memberships, dependence and exposure on made-up ties with known answers."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import trade_tables

from tripoint.measures import arms, dependence, exposure, memberships, presence, treaties
from tripoint.measures.measure import Settings
from tripoint.measures.windows import window_shares, window_sums
from tripoint.sources import codebook

SETTINGS = Settings(powers=("CHN", "RUS", "USA"))


def quiet(share, doing):
    """No progress."""


def table(name, rows):
    columns = [column.name for column in codebook(name).columns]
    return {
        name: pl.DataFrame(rows, schema=columns, orient="row").with_columns(
            pl.lit(None, pl.String).alias("flag")
        )
    }


def row(frame, **where):
    rows = frame.filter(*(pl.col(name) == value for name, value in where.items()))
    assert rows.height == 1
    return rows.row(0, named=True)


def deliveries(*rows):
    return table("arms_transfers", [(year, to, by, value, "sipri") for year, to, by, value in rows])


def test_arms_are_shared_over_five_years():
    made = arms.compute(
        deliveries(
            (2000, "KAZ", "RUS", 60.0),
            (2003, "KAZ", "CHN", 20.0),
            (2004, "KAZ", "RUS", 20.0),
            (2005, "UZB", "USA", 1.0),
        ),
        SETTINGS,
        quiet,
    )["presence_arms"]
    first = made.filter(ground="KAZ", period="2004")
    assert dict(first.select("power", "value").rows()) == pytest.approx({"RUS": 0.8, "CHN": 0.2, "USA": 0.0})
    assert row(made, ground="KAZ", power="RUS", period="2005")["value"] == pytest.approx(0.5)
    assert made.filter(period="2003").is_empty(), "no window is whole before five years"
    nothing = row(made, ground="KAZ", power="USA", period="2004")
    assert nothing["lower"] == 0
    assert nothing["upper"] > 0.2, "three deliveries do not rule the fourth out"


def test_a_ground_without_deliveries_has_no_row_and_one_delivery_says_little():
    made = arms.compute(deliveries((2000, "KAZ", "RUS", 5.0), (2009, "UZB", "RUS", 5.0)), SETTINGS, quiet)[
        "presence_arms"
    ]
    assert made.filter(ground="KAZ", period="2009").is_empty()
    one = row(made, ground="KAZ", power="RUS", period="2004")
    assert (one["value"], one["n"], one["coverage"]) == (1.0, 1, "C")
    assert one["lower"] < 0.3


def test_who_took_whose_place_as_a_supplier():
    rows = [(year, "KAZ", "RUS", 10.0) for year in range(2000, 2005)]
    rows += [(year, "KAZ", "CHN", 10.0) for year in range(2005, 2010)]
    made = arms.compute(deliveries(*rows), SETTINGS, quiet)
    gain = row(made["displacement_arms"], first="CHN", second="RUS", ground="KAZ", period="2009")
    assert gain["value"] == pytest.approx(1.0)
    assert row(made["arms_contest"], first="CHN", second="RUS", ground="KAZ", period="2009")[
        "value"
    ] == pytest.approx(1)
    assert (
        row(made["displacement_arms"], first="RUS", second="USA", ground="KAZ", period="2009")["value"] == 0
    )


def test_two_that_delivered_nothing_may_still_have_changed_places():
    """Their shares are 0, and could have been more: the interval of what one took from the other is no point."""
    rows = [(year, "KAZ", "RUS", 10.0) for year in (2000, 2004, 2006, 2009)]
    made = arms.compute(deliveries(*rows), SETTINGS, quiet)
    about = {"first": "CHN", "second": "USA", "ground": "KAZ", "period": "2009"}
    gain, contest = row(made["displacement_arms"], **about), row(made["arms_contest"], **about)
    assert gain["value"] == contest["value"] == contest["lower"] == 0
    assert gain["lower"] < -0.05 < 0.05 < gain["upper"] == contest["upper"]


def test_arms_between_two_count_both_ways():
    rows = [
        (2004, "CHN", "RUS", 30.0),
        (2004, "CHN", "USA", 10.0),
        (2004, "RUS", "CHN", 10.0),
        (2000, "KAZ", "USA", 1.0),
    ]
    made = arms.compute(deliveries(*rows), SETTINGS, quiet)["arms_tie"]
    assert row(made, first="CHN", second="RUS", period="2004")["value"] == pytest.approx(40 / 50)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0, 100), min_size=24, max_size=24), st.floats(0.01, 100))
def test_window_shares_add_up_and_units_cancel(values, unit):
    amounts = np.array(values).reshape(2, 3, 4)
    shares = window_shares(amounts, 2)
    total = window_sums(amounts.sum(1), 2)
    known = total > 1e-6
    assert np.nansum(shares.value, axis=1)[known] == pytest.approx(1)
    assert (shares.lower[np.isfinite(shares.value)] <= shares.value[np.isfinite(shares.value)] + 1e-12).all()
    scaled = window_shares(unit * amounts, 2).value
    assert np.moveaxis(scaled, 1, 2)[known] == pytest.approx(np.moveaxis(shares.value, 1, 2)[known], abs=1e-6)
    empty = np.concatenate([amounts, np.zeros((2, 1, 4))], axis=1)
    more = window_shares(empty, 2)
    assert np.moveaxis(more.value[:, :3], 1, 2)[known] == pytest.approx(
        np.moveaxis(shares.value, 1, 2)[known]
    )


def obligations(*rows):
    return table("alliances", [(*one, "atop") for one in rows])


def test_the_strongest_obligation_of_either_direction_counts():
    made = treaties.compute(
        obligations(
            (2017, "KAZ", "RUS", "consul"), (2017, "RUS", "KAZ", "defense"), (2017, "CHN", "KAZ", "consul"),
            (2017, "USA", "KAZ", "nonagg"), (2018, "RUS", "KAZ", "neutral"),
        ),
        SETTINGS,
        quiet,
    )  # fmt: skip
    tie = made["treaty_tie"]
    assert row(tie, first="KAZ", second="RUS", period="2017")["value"] == 1
    assert row(tie, first="KAZ", second="RUS", period="2018")["value"] == pytest.approx(2 / 3)
    assert row(tie, first="KAZ", second="USA", period="2017")["value"] == 0, "nonaggression is no alignment"
    assert row(tie, first="CHN", second="RUS", period="2017")["value"] == 0, "coded as none, not missing"
    opposed = row(made["treaty_opposition"], first="CHN", second="RUS", ground="KAZ", period="2017")
    assert opposed["value"] == pytest.approx((1 - 1 / 3) * 1)


def test_after_the_last_coded_year_treaties_are_carried_and_say_so():
    made = treaties.compute(
        obligations((2000, "RUS", "KAZ", "defense"), (2018, "RUS", "KAZ", "defense")), SETTINGS, quiet
    )
    later = row(made["treaty_tie"], first="KAZ", second="RUS", period="2020")
    assert (later["value"], later["coverage"]) == (1, "C")
    assert later["note"].startswith("carried from 2018")
    assert row(made["treaty_tie"], first="KAZ", second="RUS", period="2018")["coverage"] == "A"


def lists(year, origin, **sits):
    return [
        (year, state, name, status, origin) for state, held in sits.items() for name, status in held.items()
    ]


def test_organisations_in_common_are_directed():
    many = {f"O{number}": "full" for number in range(20)}
    china = {"O0": "full"} | {f"P{number}": "full" for number in range(12)}
    few = {f"O{number}": "full" for number in range(10)} | {"O30": "full", "O19": "observer"}
    made = memberships.compute(
        table("memberships", lists(2014, "cow_igo", KAZ=few, RUS=many, CHN=china, FJI={"O1": "full"})),
        SETTINGS,
        quiet,
    )
    share = made["membership_share"]
    here = row(share, ground="KAZ", power="RUS", period="2014")
    assert here["value"] == pytest.approx(10 / 11)
    assert here["upper"] == pytest.approx(11 / 12), "with the observer"
    assert row(share, ground="KAZ", power="CHN", period="2014")["value"] == pytest.approx(1 / 11)
    assert share.filter(power="KAZ").is_empty(), "presence is that of the powers"
    assert row(made["membership_tie"], first="KAZ", second="RUS", period="2014")["value"] == pytest.approx(
        10 / 21
    )
    assert share.filter(ground="FJI").is_empty(), "one organisation describes nobody"


def test_the_later_list_gets_the_error_of_the_change():
    many = {f"O{number}": "full" for number in range(20)}
    rows = lists(2014, "cow_igo", KAZ=many, RUS=many) + lists(
        2015, "factbook", KAZ=many, RUS={f"O{number}": "full" for number in range(10)}
    )
    made = memberships.compute(table("memberships", rows), SETTINGS, quiet)["membership_share"]
    cow, other = (row(made, ground="KAZ", power="RUS", period=year) for year in ("2014", "2015"))
    assert cow["lower"] == cow["upper"] == 1
    assert other["upper"] - other["lower"] > 0.5
    assert (cow["coverage"], other["coverage"]) == ("A", "B")


def traded(year, **partners):
    return [
        (year, "KAZ", partner, flow, value, "kaz_bns")
        for partner, value in partners.items()
        for flow in ("export", "import")
    ]


def test_dependence_is_share_times_openness():
    tables = trade_tables(traded(2020, RUS=30.0, CHN=20.0, USA=50.0)) | table(
        "state_year", [(2020, "KAZ", "gdp_current_usd", 400e6, "usd", "world_bank")]
    )
    tables |= presence.compute(tables, SETTINGS, quiet)
    made = dependence.compute(tables, SETTINGS, quiet)
    openness = row(made["openness"], state="KAZ", period="2020")
    assert openness["value"] == pytest.approx(200 / 400)
    found = row(made["dependence"], ground="KAZ", power="RUS", period="2020")
    assert found["value"] == pytest.approx(0.3 * 0.5)
    concentration = row(made["concentration"], state="KAZ", period="2020")
    assert concentration["value"] == pytest.approx(0.3**2 + 0.2**2 + 0.5**2)
    partners = row(made["effective_partners"], state="KAZ", period="2020")
    assert partners["value"] == pytest.approx(1 / 0.38)
    assert partners["lower"] < partners["value"] < partners["upper"]


def test_where_only_main_partners_are_listed_concentration_spans_what_the_rest_could_be():
    shares = [
        (2022, "KAZ", partner, flow, 0.3, "factbook")
        for partner in ("RUS", "CHN")
        for flow in ("export", "import")
    ]
    tables = trade_tables([], shares) | table(
        "state_year", [(2022, "KAZ", "gdp_current_usd", 1e9, "usd", "world_bank")]
    )
    tables |= presence.compute(tables, SETTINGS, quiet)
    made = row(dependence.compute(tables, SETTINGS, quiet)["concentration"], state="KAZ", period="2022")
    assert made["lower"] <= 0.18
    assert made["upper"] >= 0.18 + 0.3**2 + 0.1**2
    assert made["coverage"] == "C"


def test_partners_on_one_list_only_count_in_concentration():
    """Half of all is sold to one partner of whom nothing is known in imports."""
    shares = [
        (2022, "KAZ", "RUS", "export", 0.2, "factbook"), (2022, "KAZ", "RUS", "import", 0.2, "factbook"),
        (2022, "KAZ", "CHN", "export", 0.1, "factbook"), (2022, "KAZ", "CHN", "import", 0.1, "factbook"),
        (2022, "KAZ", "ITA", "export", 0.5, "factbook"),
    ]  # fmt: skip
    tables = trade_tables([], shares) | table(
        "state_year", [(2022, "KAZ", "gdp_current_usd", 1e9, "usd", "world_bank")]
    )
    tables |= presence.compute(tables, SETTINGS, quiet)
    made = row(dependence.compute(tables, SETTINGS, quiet)["concentration"], state="KAZ", period="2022")
    least = 0.2**2 + 0.1**2 + 0.25**2
    assert made["value"] > least
    assert made["upper"] > 0.2**2 + 0.1**2 + 0.3**2


def test_exposure_is_built_from_what_is_there():
    income = table(
        "state_year",
        [(year, "KAZ", "gdp_current_usd", 100e6, "usd", "world_bank") for year in range(2000, 2010)],
    )
    assert exposure.compute(income, SETTINGS, quiet) == {}
    tables = income | table(
        "development_finance",
        [
            (2000, "KAZ", "CHN", "oof", 10.0, "aiddata_gcdf"),
            (2004, "KAZ", "CHN", "vague", 4.0, "aiddata_gcdf"),
        ],
    )
    tables |= table(
        "fdi_stocks",
        [(2005, "KAZ", "CHN", 8.0, "imf_dip_investor"), (2005, "KAZ", "CHN", 12.0, "imf_dip_host")],
    )
    tables |= table(
        "leader_visits",
        [
            (2000, "CHN", "KAZ", "one", 1, "President", "ceias"),
            (2004, "CHN", "UZB", "one", 1, "President", "ceias"),
        ],
    )
    made = exposure.compute(tables, SETTINGS, quiet)
    finance = row(made["finance_gdp"], ground="KAZ", power="CHN", period="2004")
    assert (finance["lower"], finance["value"], finance["upper"]) == pytest.approx((0.10, 0.12, 0.14))
    stock = row(made["investment_gdp"], ground="KAZ", power="CHN", period="2005")
    assert stock["value"] == pytest.approx(0.08)
    assert stock["upper"] >= 0.12
    assert (stock["n"], stock["coverage"]) == (2, "B")
    # What is derived from the host's report is the host's report.
    again = table(
        "fdi_stocks",
        [(2005, "KAZ", "CHN", 12.0, "imf_dip_host"), (2005, "KAZ", "CHN", 12.0, "imf_dip_investor_mirror")],
    )
    alone = row(
        exposure.compute(income | again, SETTINGS, quiet)["investment_gdp"], ground="KAZ", power="CHN"
    )
    assert (alone["n"], alone["coverage"]) == (1, "C")
    visits = row(made["visit_count"], ground="KAZ", power="CHN", period="2004")
    assert (visits["value"], visits["lower"], visits["upper"]) == pytest.approx((1, 0.0513, 4.744), abs=1e-3)


def test_a_power_is_counted_only_while_its_record_lasts():
    """A source of other powers' travel that begins later must not make zeros before."""
    tables = table(
        "leader_visits",
        [
            *((year, "CHN", "UZB", "one", 1, "President", "ceias") for year in (1980, 2004)),
            *((year, "RUS", "UZB", "two", 1, "President", "colt") for year in (1992, 2000)),
        ],
    ) | table(
        "state_year",
        [(year, "UZB", "gdp_current_usd", 1e8, "usd", "world_bank") for year in range(1975, 2006)],
    )
    made = exposure.compute(tables, SETTINGS, quiet)["visit_count"].filter(ground="UZB")
    assert made.filter(power="CHN")["period"].to_list() == [str(year) for year in range(1984, 2005)]
    assert made.filter(power="RUS")["period"].to_list() == [str(year) for year in range(1996, 2001)]
    assert row(made, power="RUS", period="1999")["value"] == 0


@pytest.mark.shared
def test_kazakhstans_arms_and_trade_are_the_printed_ones(shared):
    from tripoint.store.catalog import read_extracts

    frames = read_extracts(shared).frames
    made = arms.compute({"arms_transfers": frames["arms_transfers"]}, Settings(), quiet)["presence_arms"]
    assert row(made, ground="KAZ", power="RUS", period="2021")["value"] > 0.9
    shares = presence.compute(frames, Settings(), quiet)["presence_import"].filter(ground="KAZ")
    for year, ratio in (("2020", 0.46), ("2023", 0.91)):
        china, russia = (row(shares, power=power, period=year)["value"] for power in ("CHN", "RUS"))
        assert china / russia == pytest.approx(ratio, abs=0.005)
