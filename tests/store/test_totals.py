import polars as pl

from tripoint.sources import codebook, codebooks
from tripoint.store.checks import check_table
from tripoint.store.totals import LIMITS, REFERENCES, reference_faults


def _shares(year: int, reporter: str, shares: list[float]) -> pl.DataFrame:
    partners = ["CHN", "RUS", "USA", "DEU"][: len(shares)]
    columns = {"year": year, "reporter": reporter, "partner": partners, "flow": "export", "share": shares}
    return pl.DataFrame(columns).with_columns(origin=pl.lit("factbook"))


def test_shares_add_up_to_one_or_a_little_more():
    book = codebook("trade_shares")
    assert check_table(_shares(2019, "KAZ", [0.5, 0.4, 0.12]), book) == ()
    assert check_table(_shares(2019, "KAZ", [0.5, 0.1]), book) == ()
    (fault,) = check_table(_shares(2019, "KAZ", [0.5, 0.4, 0.2]), book)
    assert fault.kind == "totals"
    assert "1.1 at year=2019, reporter=KAZ, flow=export, origin=factbook" in fault.message


def test_rows_known_to_be_wrong_need_not_add_up():
    book = codebook("trade_shares")
    excluding = next(one for one in book.corrections if one.name == "two-lists-in-one")
    assert excluding.action == "exclude"
    assert check_table(_shares(2017, "GMB", [0.8, 0.6]), book) == ()


def test_every_vote_needs_its_roll_call():
    votes = pl.DataFrame({"collection": "undl", "resolution": [1, 1, 2], "state": ["KAZ", "RUS", "KAZ"]})
    calls = pl.DataFrame({"collection": ["undl", "voeten"], "resolution": [1, 2]})
    (fault,) = reference_faults({"votes": votes, "roll_calls": calls})["votes"]
    assert (fault.kind, fault.rows) == ("totals", 1)
    assert "1 rows of 'votes' have no counterpart in table 'roll_calls'" in fault.message
    assert "collection=undl, resolution=2" in fault.message
    (fault,) = reference_faults({"votes": votes})["votes"]
    assert fault.rows == 3
    assert reference_faults({"roll_calls": calls}) == {}


def test_totals_name_columns_that_codebooks_have():
    known = {table: {column.name for column in book.columns} for table, book in codebooks().items()}
    for limit in LIMITS:
        assert {limit.column, *limit.group} <= known[limit.table]
    for reference in REFERENCES:
        assert set(reference.columns) <= known[reference.table] & known[reference.target]
