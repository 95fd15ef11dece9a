"""Trade from the IMF's files and from the shared data."""

import csv
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tripoint.errors import ParseError, UnknownNameError
from tripoint.sources import trade
from tripoint.sources.trade import find_origin, is_imts_file, origins, read_imts_file

HEADER = (
    "STRUCTURE[;],STRUCTURE_ID,ACTION,COUNTRY,INDICATOR,COUNTERPART_COUNTRY,FREQUENCY,TIME_PERIOD,OBS_VALUE,SCALE,"
    "PRECISION,DECIMALS_DISPLAYED,TRADE_FLOW,VALUATION,UNIT,DERIVATION_TYPE,OVERLAP,STATUS"
)
#: The first row of the IMF's answers describes the data set.
DESCRIPTION = {"STRUCTURE[;]": "dataflow", "STRUCTURE_ID": "IMF.STA:IMTS(1.0.0)", "ACTION": "R"}


def flow(
    country: str, partner: str, year: object, value: object, indicator: str = "XG_FOB_USD", **more: object
) -> dict:
    return {
        **DESCRIPTION,
        "COUNTRY": country,
        "INDICATOR": indicator,
        "COUNTERPART_COUNTRY": partner,
        "FREQUENCY": "A",
        "TIME_PERIOD": year,
        "OBS_VALUE": value,
        "SCALE": 6,
        "UNIT": "USD",
        **more,
    }


def build(folder: Path, *rows: dict, header: str = HEADER) -> Path:
    path = folder / "imts_exports.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header.split(","), lineterminator="\n")
        writer.writeheader()
        writer.writerows([DESCRIPTION, *rows])
    return path


def test_an_imts_file(tmp_path: Path) -> None:
    path = build(
        tmp_path,
        flow("KOR", "CHN", 2024, 132902972288),
        flow("FRA", "USA", 2022, "56004917567", "MG_CIF_USD"),
        flow("KOR", "KOS", 2020, 0),
    )
    assert is_imts_file(path)
    parsed = read_imts_file(path)
    assert parsed.tables["trade_flows"].rows() == [
        (2024, "KOR", "CHN", "export", 132902.972288, "imf_imts"),
        (2022, "FRA", "USA", "import", 56004.917567, "imf_imts"),
        (2020, "KOR", "XKX", "export", 0.0, "imf_imts"),
    ]
    assert parsed.dropped == {"no key": 1}


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    kept = [
        flow("KAZ", partner, 2020, 1e9)
        for partner in ("RUS", "CHN", "UZB", "KGZ", "DEU", "ITA", "FRA", "TUR", "USA")
    ]
    parsed = read_imts_file(
        build(
            tmp_path,
            *kept,
            flow("KAZ", "G001", 2020, 5e10),
            flow("KAZ", "1C_080", 2020, 5e9),
            flow("GX123", "KAZ", 2020, 5e9),
            flow("KAZ", "RUS", "2020-M01", 1e8, FREQUENCY="M"),
            flow("KAZ", "RUS", 2020, 1e9, "TBG_USD"),
            flow("KAZ", "RUS", 2021, ""),
            flow("KAZ", "CHN", 2021, "NaN"),
            flow("KAZ", "KAZ", 2020, 1e6),
            flow("KAZ", "ZZZ", 2020, 1e6),
            flow("KAZ", "RUS", 2019, 1e6, ACTION="D"),
            kept[0],
            flow("KAZ", "POL", 2020, 1e6),
            flow("KAZ", "POL", 2020, 2e6),
        )
    )
    assert parsed.dropped == {
        "no key": 1,
        "a group of states, not a state": 3,
        "not yearly": 1,
        "another indicator": 1,
        "not observed": 2,
        "trade with itself": 1,
        "unknown state: 'ZZZ'": 1,
        "deleted by the IMF": 1,
        "repeated row": 1,
        "two different values of one flow": 2,
    }
    assert parsed.tables["trade_flows"].height == len(kept)


def test_a_declared_factor_is_applied(tmp_path: Path) -> None:
    header = "COUNTRY,INDICATOR,COUNTERPART_COUNTRY,FREQUENCY,TIME_PERIOD,OBS_VALUE,UNIT_MULT"
    row = {"COUNTRY": "KAZ", "INDICATOR": "XG_FOB_USD", "COUNTERPART_COUNTRY": "RUS", "FREQUENCY": "A"}
    path = tmp_path / "imts.csv"
    path.write_text(f"{header}\n" + ",".join(row.values()) + ",2020,5010.5,6\n")
    assert read_imts_file(path).tables["trade_flows"]["value"].to_list() == [5010.5]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([flow("KAZ", "RUS", 2020, 1e13)], "no two states trade"),
        ([flow("KAZ", "RUS", 2020, 1e9, UNIT="EUR")], "row 3 is in 'EUR'; only US dollars"),
        ([flow("KAZ", "RUS", 2020, -1)], "cannot be negative"),
        ([flow("KAZ", "RUS", "last", "much")], "'last' in row 3 .*; column 'OBS_VALUE' .* 'much' in row 3"),
        ([flow("QQQ", "RUS", 2020, 1)], "1 of 1 rows name no state that is known: 'QQQ'"),
    ],
)
def test_faults_are_named(tmp_path: Path, rows: list[dict], complaint: str) -> None:
    with pytest.raises(ParseError, match=complaint):
        read_imts_file(build(tmp_path, *rows))


def test_values_in_millions_are_noticed_in_a_large_file(tmp_path: Path) -> None:
    states = ("KAZ", "RUS", "CHN", "USA", "DEU", "FRA", "GBR", "JPN", "IND", "BRA", "TUR", "IRN")
    rows = [flow(a, b, year, 5e5) for a in states for b in states if a != b for year in range(1940, 2020)]
    with pytest.raises(ParseError, match=r"largest flow is 5e\+05 dollars"):
        read_imts_file(build(tmp_path, *rows))


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    path = tmp_path / "imts.csv"
    path.write_text("COUNTRY,INDICATOR\nKAZ,XG_FOB_USD\n")
    assert not is_imts_file(path)
    with pytest.raises(ParseError, match="COUNTERPART_COUNTRY, FREQUENCY, TIME_PERIOD, OBS_VALUE"):
        read_imts_file(path)


def test_the_preferred_origin_comes_first() -> None:
    names = [origin.name for origin in origins()]
    assert names.index("kaz_bns") < names.index("rus_fts") < names.index("rus_itog94")
    assert (
        names.index("rus_itog94")
        < names.index("comtrade")
        < names.index("imf_imts")
        < names.index("cow_trade")
    )
    assert find_origin("cow_trade").partners == "all"
    assert find_origin("rus_fts").partners == "some"
    with pytest.raises(UnknownNameError, match="no origin is called 'cow'"):
        find_origin("cow")


STATES = st.sampled_from(["KAZ", "RUS", "CHN", "USA", "UZB"])
FLOWS = st.dictionaries(
    st.tuples(st.integers(1992, 2030), STATES, STATES, st.sampled_from(["export", "import"])).filter(
        lambda key: key[1] != key[2]
    ),
    st.integers(0, 10**12),
    min_size=1,
    max_size=20,
)


@given(FLOWS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_as_the_imf_does_is_read(tmp_path: Path, flows: dict) -> None:
    indicators = {flow: indicator for indicator, flow in trade.IMTS_FLOWS.items()}
    path = build(
        tmp_path,
        *(flow(one, other, year, value, indicators[way]) for (year, one, other, way), value in flows.items()),
    )
    table = read_imts_file(path).tables["trade_flows"]
    read = {(year, one, other, way): value for year, one, other, way, value, _ in table.rows()}
    assert read.keys() == flows.keys()
    assert all(read[key] == pytest.approx(value / 1e6) for key, value in flows.items())


@pytest.mark.shared
def test_kazakhstan_by_its_own_figures(extracts) -> None:
    """The table printed in the description of the data, billion dollars."""
    printed = {
        2018: (5.28, 13.24, 6.31, 5.38),
        2020: (5.01, 13.77, 9.42, 6.38),
        2021: (7.02, 17.61, 9.77, 8.23),
        2022: (9.09, 17.88, 13.06, 11.14),
        2023: (10.21, 16.85, 14.67, 15.39),
    }
    flows = extracts["trade"].tables["trade_flows"]
    own = flows.filter(origin="kaz_bns", reporter="KAZ")
    for year, values in printed.items():
        ways = [(power, way) for power in ("RUS", "CHN") for way in ("export", "import")]
        for (power, way), value in zip(ways, values, strict=True):
            found = own.filter(year=year, partner=power, flow=way)["value"].item() / 1000
            assert found == pytest.approx(value, abs=0.006), (year, power, way)
    turnover = {p: own.filter(year=2023, partner=p)["value"].sum() / 1000 for p in ("RUS", "CHN")}
    assert turnover["CHN"] == pytest.approx(30.1, abs=0.06)
    assert turnover["RUS"] == pytest.approx(27.1, abs=0.06)


@pytest.mark.shared
def test_the_corrections_touch_what_they_mean(extracts) -> None:
    flows = extracts["trade"].tables["trade_flows"]
    halved = flows.filter(origin="cow_trade", reporter="RUS", partner="KAZ").filter(
        pl.col("year").is_in([2010, 2011])
    )
    customs = flows.filter(origin="rus_itog94", reporter="RUS", partner="KAZ", flow="import")
    for year, ratio in ((2010, 0.58), (2011, 0.54)):
        found = halved.filter(year=year)["value"].item() / customs.filter(year=year)["value"].item()
        assert found == pytest.approx(ratio, abs=0.006)
    shares = extracts["trade"].tables["trade_shares"]
    assert shares.filter(year=2017, reporter="GMB", flow="export")["share"].sum() == pytest.approx(1.473)
    assert shares["share"].is_between(0, 1).all()
