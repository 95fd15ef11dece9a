"""SIPRI's register as it really comes: eleven lines of description, names of its own, no state among the parties."""

from pathlib import Path

import polars as pl
import pytest

from tripoint.errors import ParseError
from tripoint.sources import codebook
from tripoint.sources.arms import is_register, read_register
from tripoint.store.corrections import FLAG, apply, excluded, usable

HEADER = (
    "SIPRI AT Database ID,Supplier,Recipient,Designation,Description,Armament category,Order date,"
    "Order date is estimate,Numbers delivered,Numbers delivered is estimate,Delivery year,"
    "Delivery year is estimate,Status,SIPRI estimate,TIV deal unit,TIV delivery values,Local production"
)
ROW = "60320,{},{},EMB-314 -,trainer/combat aircraft,Aircraft,2017,No,6,Yes,{},No,New,4.5,4.5,{},No"


def register(*rows: tuple[str, str, int, object], description: int = 11, end: str = "\r\n") -> str:
    lines = [f"Line {number} of the description, with commas." for number in range(description)]
    return end.join([*lines, HEADER, *(ROW.format(*row) for row in rows), ""])


def written(folder: Path, text: str) -> Path:
    path = folder / "trade-register.csv"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("description", [0, 4, 11, 20])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_header_is_found_by_what_it_says(tmp_path: Path, description: int, end: str) -> None:
    path = written(tmp_path, register(("Russia", "Kazakhstan", 2018, 27), description=description, end=end))
    assert is_register(path)
    assert read_register(path).tables["arms_transfers"].rows() == [(2018, "KAZ", "RUS", 27.0, "sipri")]


@pytest.mark.parametrize(
    ("name", "year", "state"),
    [
        ("Congo", 2014, "COG"),
        ("DR Congo", 2014, "COD"),
        ("Libya GNC", 2019, "LBY"),
        ("East Germany (GDR)", 1985, "DDR"),
        ("Taiwan (ROC)", 1990, "TWN"),
        ("Turkiye", 2018, "TUR"),
        ("UAE", 2018, "ARE"),
        ("Bosnia-Herzegovina", 2011, "BIH"),
        ("Viet Nam", 2011, "VNM"),
    ],
)
def test_names_that_sipri_uses_are_known(tmp_path: Path, name: str, year: int, state: str) -> None:
    table = read_register(written(tmp_path, register(("Russia", name, year, 1)))).tables["arms_transfers"]
    assert table["recipient"].to_list() == [state]


def test_armed_groups_are_not_the_state_they_fight_in(tmp_path: Path) -> None:
    groups = [
        ("Russia", "Ukraine Rebels*", 2014, 23.83),
        ("Iran", "Hezbollah (Lebanon)*", 2006, 5),
        ("Russia", "Northern Alliance (Afghanistan)*", 2000, 100),
        ("Iran", "Houthi rebels (Yemen)*", 2019, 10),
        ("France", "NATO**", 2014, 600),
        ("South Africa", "African Union**", 2014, 8),
        ("UAE", "unknown recipient(s)", 2014, 8),
        ("unknown supplier(s)", "Ukraine", 2014, 8),
    ]
    parsed = read_register(written(tmp_path, register(*groups, ("Poland", "Ukraine", 2014, 2))))
    assert parsed.tables["arms_transfers"].rows() == [(2014, "UKR", "POL", 2.0, "sipri")]
    assert parsed.dropped == {"a group, an alliance or an unknown party": len(groups)}


def test_a_line_separator_within_a_name_does_not_cut_a_row(tmp_path: Path) -> None:
    text = register(("Russia", "Kazakhstan", 2018, 27)).replace("EMB-314 -", "EMB\u2028314")
    assert read_register(written(tmp_path, text)).tables["arms_transfers"].height == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (register(("Russia", "Kazakhstan", 2018, "")), "nothing in row"),
        (
            register(("Russia", "Kazakhstan", 2018, 1)).replace("Delivery year,", "Year,"),
            "columns are missing: Delivery year",
        ),
        (
            register(("Russia", "Kazakhstan", 2018, 1)) + '1,"Russia,Kazakhstan',
            "shape|quotation|nothing in row",
        ),
    ],
)
def test_a_damaged_register_says_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ParseError, match=complaint):
        read_register(written(tmp_path, text))


#: Yearly deliveries of the extract whose recipient in the register of 3 January 2025 is a group: supplier, the
#: state that is credited, years.
TO_GROUPS = [
    ("RUS", "AFG", (2000, 2001)),
    ("IRN", "LBN", (2000, 2001, 2002, 2003, 2004, 2005, 2006)),
    ("SYR", "LBN", (2006, 2009, 2010)),
    ("IRN", "YEM", (2017, 2022, 2023)),
    ("RUS", "UKR", (2014,)),
    ("QAT", "LBY", (2011,)),
    ("BLR", "LBY", (2015,)),
    ("EGY", "LBY", (2014, 2015, 2019)),
    ("JOR", "LBY", (2018, 2019)),
    ("NLD", "LBY", (2018,)),
    ("RUS", "LBY", (2020, 2021, 2022)),
    ("ARE", "LBY", (2014, 2015, 2016, 2017, 2019)),
    ("USA", "LBY", (2014, 2018)),
    ("LBY", "SDN", (2016, 2018)),
    ("ARE", "SYR", (2017,)),
    ("TUR", "SYR", (2017, 2019)),
    ("USA", "SYR", (2017,)),
    ("ERI", "SOM", (2006,)),
    ("KHM", "LKA", (2000,)),
    ("PRK", "PSE", (2014,)),
]


def test_the_extract_credits_no_state_with_what_a_group_received(extracts) -> None:
    book = codebook("arms_transfers")
    rows = apply(extracts["arms"].tables["arms_transfers"], book)
    left_out = excluded(rows, book)
    expected = {(year, recipient, supplier) for supplier, recipient, years in TO_GROUPS for year in years}
    assert set(left_out.select("year", "recipient", "supplier").rows()) == expected
    assert left_out.height == len(expected) == 43
    kept = usable(rows, book)
    assert kept.filter(recipient="UKR", supplier="RUS").is_empty()
    assert kept.filter(recipient="LBY", supplier="TUR")["year"].to_list() == [2019, 2020]
    assert kept.filter(recipient="LBY", supplier="RUS")["year"].max() == 2013


def test_a_delivery_that_went_to_a_group_in_part_is_kept_and_says_so(extracts) -> None:
    book = codebook("arms_transfers")
    rows = usable(apply(extracts["arms"].tables["arms_transfers"], book), book)
    noted = rows.filter(pl.col(FLAG).is_not_null())
    assert noted.select("year", "recipient", "supplier", FLAG).rows() == [
        (2014, "MMR", "CHN", "armed-group-in-part")
    ]
