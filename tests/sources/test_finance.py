"""Chinese commitments and deals: the extract against the sums that are known, and what is empty in it."""

import zipfile
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from tripoint.errors import ParseError
from tripoint.sources.finance import is_cgit_file, is_gcdf_file, read_cgit_file, read_gcdf_file

GCDF = (
    "AidData Record ID", "Recommended For Aggregates", "Financier Country", "Recipient", "Recipient ISO-3",
    "Commitment Year", "Flow Class", "Amount (Constant USD 2021)",
)  # fmt: skip
PROJECTS = [
    (1, "Yes", "China", "Kazakhstan", "KAZ", 2009, "OOF-like", 1_500_000_000.5),
    (2, "Yes", "China", "Kazakhstan", "KAZ", 2009, "OOF-like", 500_000_000),
    (3, "Yes", "China", "Kazakhstan", "KAZ", 2009, "ODA-like", 2_000_000),
    (4, "Yes", "China", "Kazakhstan", "KAZ", 2009, "Vague (Official Finance)", 4_000_000),
    (5, "No", "China", "Kazakhstan", "KAZ", 2009, "OOF-like", 9_000_000_000),
    (6, "Yes", "China", "Africa, regional", None, 2010, "ODA-like", 1_000_000),
    (7, "Yes", "China", "Kosovo", "XKX", 2021, "ODA-like", 1_000_000),
    (8, "Yes", "China", "Kyrgyz Republic", "KGZ", 2012, "OOF-like", None),
]
CGIT = (
    None, "Year", "Month", "Investor", "Quantity in Millions", "Share Size", "Transaction Party", "Sector",
    "Subsector", "Country", "Region", "BRI", "Greenfield",
)  # fmt: skip
DEALS = [
    (None, 2013, "September", "CNPC", 5300, "8%", "KMG", "Energy", "Oil", "Kazakhstan", "West Asia", 1, None),
    (None, 2013, "March", "SAIC", "$1,740 ", None, None, "Transport", None, "Britain", "Europe", None, "G"),
    (None, 2011, "April", "CDB", 120, None, "MagIndustries", "Metals", None, "Congo", "Africa", None, None),
    (
        None,
        2012,
        4,
        "MCC",
        230,
        None,
        "X",
        "Metals",
        None,
        "Democratic Republic of the Congo",
        "",
        None,
        None,
    ),
]
TITLES = [("China Global Investment Tracker",), (), ("Source: AEI",), (), ()]


def spreadsheet(path: Path, sheet: str, rows: list[tuple]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Cover").write(0, 0, "About")
        page = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return path


def gcdf(folder: Path, *projects: tuple) -> Path:
    return spreadsheet(folder / "GCDF.xlsx", "GCDF_3.0", [GCDF, *projects])


def cgit(folder: Path, *deals: tuple) -> Path:
    return spreadsheet(folder / "CGIT.xlsx", "Dataset 1", [*TITLES, CGIT, *deals])


def test_commitments_are_summed_where_aiddata_recommends_it(tmp_path: Path) -> None:
    path = gcdf(tmp_path, *PROJECTS)
    assert is_gcdf_file(path)
    assert not is_cgit_file(path)
    parsed = read_gcdf_file(path)
    assert parsed.tables["development_finance"].rows() == [
        (2009, "KAZ", "CHN", "oda", 2.0, "aiddata_gcdf"),
        (2009, "KAZ", "CHN", "oof", pytest.approx(2000.0000005), "aiddata_gcdf"),
        (2009, "KAZ", "CHN", "vague", 4.0, "aiddata_gcdf"),
        (2021, "XKX", "CHN", "oda", 1.0, "aiddata_gcdf"),
    ]
    assert parsed.dropped == {
        "project not recommended for sums (pledge, cancelled, umbrella)": 1,
        "commitment to a region, not a state": 1,
        "no amount is known": 1,
    }


def test_the_archive_of_aiddata_is_read_as_it_comes(tmp_path: Path) -> None:
    folder = "AidDatas_Global_Chinese_Development_Finance_Dataset_Version_3_0"
    path = tmp_path / f"{folder}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        name = f"{folder}/AidDatasGlobalChineseDevelopmentFinanceDataset_v3.0.xlsx"
        archive.write(gcdf(tmp_path, *PROJECTS), name)
        archive.writestr(f"{folder}/ADM Location Data/GCDF_3.0_ADM1_Locations.csv", "id,shapeID")
        archive.write(cgit(tmp_path, *DEALS), f"{folder}/Another.xlsx")
    assert is_gcdf_file(path)
    assert read_gcdf_file(path).tables["development_finance"].height == 4


@pytest.mark.parametrize(
    ("project", "complaint"),
    [
        ((1, "Yes", "China", "Kazakhstan", "KAZ", 2009, "OOF-like", -1), "cannot be negative"),
        ((1, "Yes", "China", "Kazakhstan", "KAZ", "soon", "OOF-like", 1), "'soon' in row 2"),
        ((1, "Yes", "China", "Kazakhstan", "KAZ", 2009, "OOF-like", "much"), "'much' in row 2"),
        ((1, "Yes", "China", "Atlantis", "QQQ", 2009, "OOF-like", 1), "no state that is known: 'Atlantis'"),
    ],
)
def test_a_faulty_project_is_named(tmp_path: Path, project: tuple, complaint: str) -> None:
    with pytest.raises(ParseError, match=complaint):
        read_gcdf_file(gcdf(tmp_path, project))


def test_deals_are_read_below_the_titles(tmp_path: Path) -> None:
    path = cgit(tmp_path, *DEALS, ("Note", "Deals below $95 million are left out."))
    assert is_cgit_file(path)
    assert not is_gcdf_file(path)
    parsed = read_cgit_file(path)
    assert parsed.tables["investment_deals"].rows() == [
        (1, 2011, 4, "COG", "CHN", "CDB", "MagIndustries", "Metals", 120.0, "aei_cgit"),
        (2, 2012, 4, "COD", "CHN", "MCC", "X", "Metals", 230.0, "aei_cgit"),
        (3, 2013, 3, "GBR", "CHN", "SAIC", None, "Transport", 1740.0, "aei_cgit"),
        (4, 2013, 9, "KAZ", "CHN", "CNPC", "KMG", "Energy", 5300.0, "aei_cgit"),
    ]
    assert parsed.dropped == {"no deal": 1}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({2: "Septembre"}, "'Septembre' in row 7"),
        ({2: 13}, "a month must be 1 to 12"),
        ({4: -5}, "no deal may be negative"),
        ({4: None}, "nothing in row 7"),
        ({9: "Atlantis"}, "no state that is known: 'Atlantis'"),
    ],
)
def test_a_faulty_deal_is_named(tmp_path: Path, change: dict, complaint: str) -> None:
    deal = tuple(change.get(place, value) for place, value in enumerate(DEALS[0]))
    with pytest.raises(ParseError, match=complaint):
        read_cgit_file(cgit(tmp_path, deal))


def test_another_spreadsheet_is_told_which_sheet_is_missing(tmp_path: Path) -> None:
    path = spreadsheet(tmp_path / "other.xlsx", "Prices", [("Year", "Price")])
    assert is_cgit_file(path)
    with pytest.raises(ParseError, match="no sheet 'Dataset 1'; the file has 'Cover', 'Prices'"):
        read_cgit_file(path)
    renamed = spreadsheet(tmp_path / "renamed.xlsx", "GCDF_3.0", [tuple(n.lower() for n in GCDF), (1,)])
    with pytest.raises(ParseError, match="columns are missing: Recommended For Aggregates"):
        read_gcdf_file(renamed)


def test_a_page_served_as_a_spreadsheet_is_neither(tmp_path: Path) -> None:
    path = tmp_path / "China-Global-Investment-Tracker.xlsx"
    path.write_text("<!DOCTYPE html><html>Please sign in</html>")
    assert not is_cgit_file(path)
    assert not is_gcdf_file(path)
    with pytest.raises(ParseError, match="web page, not data"):
        read_cgit_file(path)


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
