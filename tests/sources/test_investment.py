"""The IMF's direct investment positions: both layouts parse back, hostile files end in words."""

import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tripoint.errors import ParseError
from tripoint.sources import investment
from tripoint.sources.investment import is_dip_file, read_dip_file

SERVICE = [
    "STRUCTURE[;]",
    "STRUCTURE_ID",
    "ACTION",
    "COUNTRY",
    "DV_TYPE",
    "INDICATOR",
    "COUNTERPART_COUNTRY",
    "FREQUENCY",
    "TIME_PERIOD",
    "OBS_VALUE",
    "SCALE",
    "STATUS",
]
SITE = [
    "COUNTRY.ID",
    "COUNTRY",
    "DV_TYPE.ID",
    "DV_TYPE",
    "INDICATOR.ID",
    "INDICATOR",
    "COUNTERPART_COUNTRY.ID",
    "COUNTERPART_COUNTRY",
    "FREQUENCY.ID",
    "FREQUENCY",
    "TIME_PERIOD",
    "OBS_VALUE",
]
DESCRIPTION = {"STRUCTURE[;]": "dataflow", "STRUCTURE_ID": "IMF.STA:DIP(12.0.1)", "ACTION": "R"}
INWARD, OUTWARD = "INWD_D_NETLA_FALL_ALL", "OTWD_D_NETAL_FALL_ALL"


def position(
    country: str, partner: str, year: object, value: object, indicator: str = INWARD, **more: object
) -> dict:
    return {
        **DESCRIPTION,
        "COUNTRY": country,
        "DV_TYPE": "O",
        "INDICATOR": indicator,
        "COUNTERPART_COUNTRY": partner,
        "FREQUENCY": "A",
        "TIME_PERIOD": year,
        "OBS_VALUE": value,
        "SCALE": 6,
        **more,
    }


def as_service(folder: Path, *rows: dict) -> Path:
    return written(folder / "dip_hosts.csv", SERVICE, [DESCRIPTION, *rows])


def as_site(folder: Path, *rows: dict) -> Path:
    named = [{f"{name}.ID": value for name, value in row.items()} | row for row in rows]
    return written(folder / "dataset_DIP.csv", SITE, named)


def written(path: Path, columns: list[str], rows: list[dict]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_file_of_the_service_is_in_dollars_and_says_who_is_host(tmp_path: Path) -> None:
    path = as_service(
        tmp_path,
        position("KAZ", "USA", 2024, 39_756_654_360),
        position("KAZ", "KOS", 2024, -2_500_000, DV_TYPE="SCC"),
        position("CHN", "KAZ", 2024, 6_183_670_726, OUTWARD),
        position("CHN", "KAZ", 2023, 6_754_748_660, OUTWARD, DV_TYPE="SCC"),
    )
    assert is_dip_file(path)
    parsed = read_dip_file(path)
    assert parsed.tables["fdi_stocks"].rows() == [
        (2023, "KAZ", "CHN", pytest.approx(6754.74866), "imf_dip_investor_mirror"),
        (2024, "KAZ", "CHN", pytest.approx(6183.670726), "imf_dip_investor"),
        (2024, "KAZ", "USA", pytest.approx(39756.65436), "imf_dip_host"),
        (2024, "KAZ", "XKX", -2.5, "imf_dip_host_mirror"),
    ]
    assert parsed.dropped == {"no key": 1}


def test_an_export_of_the_site_is_in_millions(tmp_path: Path) -> None:
    path = as_site(
        tmp_path,
        position("KAZ", "USA", 2024, "39756.65436", COUNTRY="KAZ"),
        position("CHN", "KAZ", 2024, "6183.670726", OUTWARD),
    )
    assert is_dip_file(path)
    assert read_dip_file(path).tables["fdi_stocks"].rows() == [
        (2024, "KAZ", "CHN", 6183.670726, "imf_dip_investor"),
        (2024, "KAZ", "USA", 39756.65436, "imf_dip_host"),
    ]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    kept = [position("KAZ", other, 2020, 1e9) for other in ("RUS", "CHN", "NLD", "USA", "FRA", "DEU")]
    parsed = read_dip_file(
        as_service(
            tmp_path,
            *kept,
            position("KAZ", "G001", 2020, 5e10),
            position("KAZ", "TX983", 2020, 5e9),
            position("KAZ", "RUS", "2020-Q1", 1e8, FREQUENCY="Q"),
            position("KAZ", "RUS", 2020, 1e9, "INWD_D_NETLA_F51_ALL"),
            position("KAZ", "RUS", 2021, "", STATUS="C"),
            position("KAZ", "CHN", "", ""),
            position("KAZ", "CHN", 2021, "NaN"),
            position("KAZ", "KAZ", 2020, 1e6),
            position("KAZ", "ZZZ", 2020, 1e6),
            position("KAZ", "RUS", 2019, 1e6, ACTION="D"),
            kept[0],
            position("KAZ", "POL", 2020, 1e6),
            position("KAZ", "POL", 2020, 2e6),
        )
    )
    assert parsed.dropped == {
        "no key": 1,
        "deleted by the IMF": 1,
        "not yearly": 1,
        "another indicator": 1,
        "not observed or confidential": 3,
        "a group, not a state": 2,
        "in itself": 1,
        "repeated row": 1,
        "two different values of one position": 2,
        "unknown state: 'ZZZ'": 1,
    }
    assert parsed.tables["fdi_stocks"].height == len(kept)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        ("", "empty"),
        (",".join(SERVICE) + "\n", "no row under the header"),
        ("COUNTRY,OBS_VALUE\nKAZ,1\n", "columns are missing: COUNTERPART_COUNTRY, DV_TYPE, INDICATOR"),
        ("COUNTRY.ID,OBS_VALUE\nKAZ,1\n", r"columns are missing: COUNTERPART_COUNTRY\.ID"),
        (",".join(SERVICE) + "\n,,R,KAZ,O,INWD_D_NETLA_FALL_ALL,USA,A,2024,1e9,6,\0", "NUL byte in line 2"),
    ],
)
def test_a_hostile_file_says_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "dip.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ParseError, match=complaint):
        read_dip_file(path)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (position("KAZ", "USA", "last", "much"), "'last' in row 3 .*; column 'OBS_VALUE' .* 'much' in row 3"),
        (position("QQQ", "USA", 2020, 1), "1 of 1 rows name no state that is known: 'QQQ'"),
        (position("KAZ", "USA", 2020, "inf"), "must hold a number"),
    ],
)
def test_faults_are_named(tmp_path: Path, row: dict, complaint: str) -> None:
    with pytest.raises(ParseError, match=complaint):
        read_dip_file(as_service(tmp_path, row))


def test_millions_in_a_file_of_the_service_are_noticed(tmp_path: Path) -> None:
    states = ("KAZ", "RUS", "CHN", "USA", "DEU", "FRA", "GBR", "JPN", "IND", "BRA", "TUR", "IRN")
    rows = [position(a, b, year, 5e5) for a in states for b in states if a != b for year in range(1940, 2020)]
    with pytest.raises(ParseError, match="not in dollars in full"):
        read_dip_file(as_service(tmp_path, *rows))


STATES = st.sampled_from(["KAZ", "RUS", "CHN", "USA", "UZB"])
POSITIONS = st.dictionaries(
    st.tuples(
        st.integers(2009, 2030),
        STATES,
        STATES,
        st.sampled_from([INWARD, OUTWARD]),
        st.sampled_from(["O", "SCC"]),
    ).filter(lambda key: key[1] != key[2]),
    st.integers(-(10**11), 10**13),
    min_size=1,
    max_size=20,
)


@given(POSITIONS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_as_the_imf_does_is_read(tmp_path: Path, positions: dict) -> None:
    path = as_service(
        tmp_path,
        *(
            position(reporter, partner, year, value, indicator, DV_TYPE=derived)
            for (year, reporter, partner, indicator, derived), value in positions.items()
        ),
    )
    expected = {}
    for (year, reporter, partner, indicator, derived), value in positions.items():
        host, investor = (reporter, partner) if indicator == INWARD else (partner, reporter)
        origin = f"imf_dip_{investment.INDICATORS[indicator]}{investment.REPORTED[derived]}"
        expected[year, host, investor, origin] = pytest.approx(value / 1e6)
    table = read_dip_file(path).tables["fdi_stocks"]
    assert {(*key, origin): value for *key, value, origin in table.rows()} == expected


def test_the_extract_is_positions_between_known_economies(extracts) -> None:
    table = extracts["investment"].tables["fdi_stocks"]
    direct = table.filter(host="KAZ", investor="CHN", origin="imf_dip_investor")
    billions = dict(direct.select("year", pl.col("value") / 1000).iter_rows())
    assert {year: round(value, 1) for year, value in billions.items() if year > 2022} == {
        2023: 7.9,
        2024: 6.2,
    }


def test_the_excluded_positions_are_those_in_dollars(extracts) -> None:
    """What the corrections leave is smaller than any economy; what they take is a million times too large."""
    table = extracts["investment"].tables["fdi_stocks"]
    pairs = (("CHN", ("KOR", "KWT", "XKX"), "host"), (("KOR", "KWT", "XKX"), "CHN", "investor"))
    wrong = pl.any_horizontal(
        pl.col("host").is_in([hosts] if isinstance(hosts, str) else hosts)
        & pl.col("investor").is_in([investors] if isinstance(investors, str) else investors)
        & (pl.col("origin") == f"imf_dip_{side}")
        for hosts, investors, side in pairs
    )
    assert table.filter(wrong)["value"].max() == pytest.approx(96_878_969_765.89)
    # The least is a million dollars, of Kosovo in China; nothing is nothing in any unit.
    assert table.filter(wrong, pl.col("value") != 0)["value"].min() == 1e6
    assert table.filter(~wrong)["value"].max() < 2.2e6


def test_codes_of_the_imf_that_are_not_of_iso_are_states_and_no_groups(extracts) -> None:
    parsed = extracts["investment"]
    table = parsed.tables["fdi_stocks"]
    found = {
        code: table.filter((pl.col("host") == code) | (pl.col("investor") == code)).height
        for code in ("XKX", "PSE", "KOS", "WBG")
    }
    assert found == {"XKX": 146, "PSE": 49, "KOS": 0, "WBG": 0}
    assert parsed.dropped == {}
