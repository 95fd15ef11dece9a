"""Arms, treaties, memberships, investment, finance, visits: official layouts parse back, hostile files end in words."""

import csv
import io
import zipfile
from pathlib import Path

import polars as pl
import pytest

from tripoint.errors import ParseError
from tripoint.sources import Parsed
from tripoint.sources.alliances import is_atop_file, read_atop_file
from tripoint.sources.arms import is_register, read_register
from tripoint.sources.memberships import is_cow_file, read_cow_file

REGISTER = [
    "SIPRI AT Database ID", "Supplier", "Recipient", "Designation", "Description", "Armament category", "Order date",
    "Order date is estimate", "Numbers delivered", "Numbers delivered is estimate", "Delivery year",
    "Delivery year is estimate", "Status", "SIPRI estimate", "TIV deal unit", "TIV delivery values",
    "Local production",
]  # fmt: skip
PREAMBLE = "Trade register\r\nInformation generated: 3 January 2025\r\nSource: SIPRI\r\n\r\n"
DELIVERIES = [
    ("Russia", "Kazakhstan", 2016, 40.5),
    ("Russia", "Kazakhstan", 2016, 9.5),
    ("China", "Kazakhstan", 2016, 11.0),
    ("unknown supplier(s)", "Kazakhstan", 2016, 3.0),
    ("Russia", "Hezbollah (Lebanon)*", 2016, 2.0),
    ("Soviet Union", "India", 1985, 100.0),
]


def register(rows: list[tuple[str, str, int, float]], end: str = ";") -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for number, (supplier, recipient, year, value) in enumerate(rows):
        filled = dict.fromkeys(REGISTER, "No") | {
            "SIPRI AT Database ID": number,
            "Supplier": supplier,
            "Recipient": recipient,
            "Delivery year": year,
            "TIV delivery values": value,
        }
        writer.writerow(filled.values())
    return PREAMBLE + ",".join(REGISTER) + end + "\r\n" + out.getvalue()


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_the_register_parses_back_and_counts_what_is_no_state(tmp_path: Path) -> None:
    path = written(tmp_path, "trade-register.csv", register(DELIVERIES))
    assert is_register(path)
    parsed = read_register(path)
    assert parsed.tables["arms_transfers"].rows() == [
        (1985, "IND", "RUS", 100.0, "sipri"),
        (2016, "KAZ", "CHN", 11.0, "sipri"),
        (2016, "KAZ", "RUS", 50.0, "sipri"),
    ]
    assert parsed.dropped == {"a group, an alliance or an unknown party": 2}


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("<!DOCTYPE html><html><body>no</body></html>", "web page"),
        (PREAMBLE, "no header line"),
        (PREAMBLE + ",".join(REGISTER) + "\n", "no row under the header"),
        (register([("Russia", "Kazakhstan", 2016, -1.0)]), "negative"),
        (register([("Atlantis", "Mordor", 2016, 1.0)]), "no state that is known"),
        (register(DELIVERIES).replace("40.5", "much"), "must hold a number"),
        (register(DELIVERIES) + "\0", "NUL byte"),
    ],
)
def test_a_broken_register_says_what_is_wrong(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(ParseError, match=match):
        read_register(written(tmp_path, "register.csv", text))


ATOP = """atopid1,ddyad,year,atopally,defense,offense,neutral,nonagg,consul,stateA,stateB
1,365705,2018,1,1,0,1,1,1,365,705
1,705365,2018,1,1,0,1,1,1,705,365
2,710705,2018,1,0,0,0,1,1,710,705
"""


def test_atop_parses_back_from_its_archive(tmp_path: Path) -> None:
    archive = tmp_path / "atop_5.1__.csv_.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("ATOP 5.1 (.csv)/atop5_1ddyr.csv", ATOP)
        packed.writestr("ATOP 5.1 (.csv)/atop5_1m.csv", "other")
    assert is_atop_file(archive)
    found = read_atop_file(archive).tables["alliances"]
    assert found.filter(state="RUS", partner="KAZ")["obligation"].to_list() == [
        "consul",
        "defense",
        "neutral",
        "nonagg",
    ]
    assert found.filter(state="CHN")["obligation"].to_list() == ["consul", "nonagg"]
    assert found.filter(state="KAZ", partner="CHN").is_empty()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (ATOP.replace("consul", "council"), "columns are missing: consul"),
        (ATOP.replace("2,710705,2018,1,0", "2,710705,2018,1,7"), "0 or 1 is allowed"),
        (ATOP.replace("710,705\n", "999,998\n").replace("365", "997"), "no state that is known"),
        (ATOP.replace("2018", "year"), "must hold a whole number"),
    ],
)
def test_a_broken_atop_file_says_what_is_wrong(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(ParseError, match=match):
        read_atop_file(written(tmp_path, "atop5_1ddyr.csv", text))


COW = """ccode,year,state,UN,WTO,SCO,EAEU
365,2014,Russia,1,1,1,-1
705,2014,Kazakhstan,1,3,1,-1
710,2014,China,1,1,1,0
"""


def test_the_cow_list_parses_back(tmp_path: Path) -> None:
    path = written(tmp_path, "state_year_formatv3.csv", COW)
    assert is_cow_file(path)
    found = read_cow_file(path).tables["memberships"]
    assert found.height == 9
    assert found.filter(state="KAZ", organisation="WTO")["status"].to_list() == ["observer"]
    assert found.filter(organisation="EAEU").is_empty()


def test_a_broken_cow_list_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="columns are missing: year"):
        read_cow_file(written(tmp_path, "a.csv", COW.replace("year", "jahr")))
    with pytest.raises(ParseError, match="whole number"):
        read_cow_file(written(tmp_path, "b.csv", COW.replace("365,2014", "365,two")))


def test_arms_of_the_extract_have_the_known_shares(extracts: dict[str, Parsed]) -> None:
    rows = extracts["arms"].tables["arms_transfers"].filter(recipient="KAZ")
    for first, last, share in (
        (2000, 2003, 0.99),
        (2004, 2009, 0.68),
        (2010, 2015, 0.79),
        (2016, 2021, 0.90),
        (2022, 2023, 0.87),
    ):
        period = rows.filter(pl.col("year").is_between(first, last))
        found = period.filter(supplier="RUS")["value"].sum() / period["value"].sum()
        assert found == pytest.approx(share, abs=0.005), (first, last)
    assert rows.filter(supplier="CHN").select("year", "value").rows() == [(2016, 11.0)]


def test_obligations_of_the_extract_are_the_known_ones(extracts: dict[str, Parsed]) -> None:
    rows = extracts["alliances"].tables["alliances"]

    def held(state: str, partner: str, year: int) -> set[str]:
        return set(rows.filter(state=state, partner=partner, year=year)["obligation"])

    assert held("RUS", "CHN", 2000) == {"nonagg"}
    assert held("RUS", "CHN", 2018) == {"nonagg", "consul"}
    assert held("RUS", "KAZ", 2012) == {"defense", "consul", "nonagg"}
    assert held("RUS", "KAZ", 2018) == {"defense", "consul", "nonagg", "neutral"}
    assert held("CHN", "KAZ", 2018) == {"nonagg", "consul"}
    assert "defense" in held("CHN", "PRK", 2018)
    assert rows["year"].max() == 2018


def test_memberships_of_the_extract_give_the_known_counts(extracts: dict[str, Parsed]) -> None:
    rows = extracts["memberships"].tables["memberships"].filter(origin="cow_igo", year=2014, status="full")
    sits = {state: set(rows.filter(state=state)["organisation"]) for state in ("RUS", "CHN", "KAZ")}
    assert len(sits["RUS"] & sits["KAZ"]) == 47
    assert len(sits["CHN"] & sits["KAZ"]) == 36
    assert len(sits["RUS"] & sits["CHN"]) == 55


def test_investment_of_the_extract_is_the_right_way_round(extracts: dict[str, Parsed]) -> None:
    rows = extracts["investment"].tables["fdi_stocks"].filter(host="KAZ", year=2024)
    assert rows.filter(investor="USA")["value"].to_list() == pytest.approx([39_757], abs=1)
    assert rows.filter(investor="CHN")["value"].min() > 6_000


def test_finance_and_visits_of_the_extract_have_the_known_sums(extracts: dict[str, Parsed]) -> None:
    commitments = extracts["finance"].tables["development_finance"].filter(recipient="KAZ")
    by_kind = dict(commitments.group_by("kind").agg(pl.col("value").sum() / 1000).rows())
    assert by_kind == pytest.approx({"oof": 61.4, "vague": 2.1, "oda": 0.6}, abs=0.05)
    assert extracts["finance"].tables["investment_deals"].filter(host="KAZ").height == 29
    visits = extracts["visits"].tables["leader_visits"].filter(pl.col("year") >= 2000)
    assert visits.filter(host="RUS").height == 26
    assert sorted(set(visits.filter(host="KAZ")["year"])) == [
        2000,
        2003,
        2008,
        2010,
        *range(2013, 2018),
        *range(2022, 2026),
    ]


def test_geography_of_the_extract_has_the_borders_of_kazakhstan(extracts: dict[str, Parsed]) -> None:
    rows = (
        extracts["geography"].tables["geography"].filter(state="KAZ", indicator="contiguity_type", value=1.0)
    )
    assert {"RUS", "CHN", "UZB", "KGZ", "TKM"} <= set(rows["partner"])
