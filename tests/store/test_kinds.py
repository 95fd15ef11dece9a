from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.core.codebook import Column
from tripoint.store.kinds import MOST_UNKNOWN, conform, fits, misfits


def _column(kind):
    return Column("value", kind, "")


@pytest.mark.parametrize(
    ("kind", "texts", "values"),
    [
        ("integer", ["010", " 7 ", "", None], [10, 7, None, None]),
        ("number", ["0.5", "1e3", "-2", ""], [0.5, 1000.0, -2.0, None]),
        ("text", [" a ", "NA", "", "010"], ["a", "NA", None, "010"]),
        ("date", ["2023-12-31", ""], [date(2023, 12, 31), None]),
        ("flag", ["true", "FALSE", "1", "0", ""], [True, False, True, False, None]),
        ("state", ["Kazakhstan", "rus", "KAZ", ""], ["KAZ", "RUS", "KAZ", None]),
    ],
)
def test_text_becomes_what_the_codebook_says(book, kind, texts, values):
    one = book.__class__("t", "", "", (), (_column(kind),), "", 0, ())
    frame = conform(pl.DataFrame({"value": texts}), one)
    assert frame["value"].to_list() == values
    assert fits(frame["value"], _column(kind))


@pytest.mark.parametrize(
    ("kind", "values", "wrong"),
    [
        ("integer", pl.Series(["1", "1.5", "x", None]), [False, True, True, False]),
        ("integer", pl.Series([1.0, 1.5, None]), [False, True, False]),
        ("integer", pl.Series([2**63 + 1], dtype=pl.UInt64), [True]),
        ("integer", pl.Series([True]), [True]),
        ("number", pl.Series(["1,5", "n/a"]), [True, True]),
        ("number", pl.Series([date(2023, 1, 1)]), [True]),
        ("date", pl.Series(["31.12.2023", "2023-02-30"]), [True, True]),
        ("date", pl.Series([2023]), [True]),
        ("date", pl.Series(["2023-01-01", "2023-01-01 12:00"]).str.to_datetime(), [False, True]),
        ("flag", pl.Series(["yes"]), [True]),
        ("flag", pl.Series([2]), [True]),
        ("text", pl.Series([[1]]), [True]),
        ("state", pl.Series([398]), [True]),
    ],
)
def test_what_does_not_fit_is_named_and_kept(book, kind, values, wrong):
    assert misfits(values, _column(kind)).to_list() == wrong
    one = book.__class__("t", "", "", (), (_column(kind),), "", 0, ())
    kept = conform(pl.DataFrame({"value": values}), one)["value"]
    assert kept.to_list() == values.to_list()


def test_columns_come_in_the_declared_order_and_strays_last(book, rows):
    mixed = rows.with_columns(pl.lit(1).alias("stray")).select(sorted([*rows.columns, "stray"]))
    assert conform(mixed, book).columns == [*rows.columns, "stray"]


def test_conforming_twice_is_conforming_once(book, rows):
    assert conform(conform(rows, book), book).equals(conform(rows, book))


def test_a_column_of_other_things_is_not_looked_up_to_the_end(book):
    names = [f"no state {number}" for number in range(MOST_UNKNOWN)] + ["Kazakhstan"]
    frame = conform(pl.DataFrame({"state": names}), book)
    assert frame["state"].to_list() == names


@given(st.lists(st.none() | st.integers(-(2**62), 2**62)))
def test_written_as_text_and_read_back_whole_numbers_are_the_same(values):
    numbers = pl.Series("value", values, dtype=pl.Int64)
    column = _column("integer")
    assert not misfits(numbers.cast(pl.String), column).any()


@given(st.lists(st.text(max_size=8)))
def test_nothing_is_lost_whatever_the_text(texts):
    values = pl.Series("value", texts, dtype=pl.String)
    for kind in ("integer", "number", "date", "flag"):
        wrong = misfits(values, _column(kind))
        assert len(wrong) == len(values)
        assert wrong.null_count() == 0
