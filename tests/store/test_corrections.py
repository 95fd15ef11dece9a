from dataclasses import replace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tripoint.core.codebook import Correction
from tripoint.errors import DeclarationError
from tripoint.sources import codebooks
from tripoint.store.corrections import FLAG, apply, excluded, usable


def test_each_row_names_the_corrections_that_touch_it(rows, book):
    flagged = apply(rows, book)
    assert flagged[FLAG].to_list() == ["rounded", "halved", "halved+twice", None]
    assert flagged.drop(FLAG).equals(rows)


def test_no_measure_reads_excluded_rows_and_all_read_noted_ones(rows, book):
    flagged = apply(rows, book)
    assert usable(flagged, book)["year"].to_list() == [2009, 2011]
    assert excluded(flagged, book)["state"].to_list() == ["UZB", "KAZ"]


def test_a_row_without_flag_is_usable_and_a_table_without_corrections_too(rows, book):
    plain = replace(book, corrections=())
    flagged = apply(rows, plain)
    assert flagged[FLAG].dtype == pl.String
    assert flagged[FLAG].null_count() == usable(flagged, plain).height == rows.height
    assert excluded(flagged, plain).is_empty()
    assert apply(rows.clear(), book).columns == [*rows.columns, FLAG]


@pytest.mark.parametrize("periods", [["2009-12", "2010-01", "2011-12", "2012-01"], [2009, 2010, 2011, 2012]])
def test_bounds_take_in_whole_years(book, periods):
    frame = pl.DataFrame({"year": periods, "origin": "bank", "state": "UZB"})
    assert apply(frame, book)[FLAG].to_list() == [None, "halved", "halved", None]


def test_null_is_touched_by_nothing(rows, book):
    flagged = apply(rows.with_columns(pl.lit(None, pl.String).alias("state")), book)
    assert flagged[FLAG].to_list() == [None, "halved", "halved", None]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(2008, 2013), st.sampled_from(["KAZ", "UZB", None]), st.sampled_from(["bank", "fund"])
        ),
        max_size=12,
    )
)
def test_applying_twice_is_applying_once(book, values):
    schema = {"year": pl.Int64, "state": pl.String, "origin": pl.String}
    frame = pl.DataFrame(values, schema=schema, orient="row")
    once = apply(frame, book)
    assert apply(once, book).equals(once)
    assert usable(once, book).height + excluded(once, book).height == frame.height
    assert set(usable(once, book)[FLAG].drop_nulls()) <= {"rounded"}


def test_a_correction_that_does_not_fit_is_refused_with_all_faults(rows, book):
    wrong = replace(
        book,
        period=None,
        corrections=(
            Correction("one", "note", {"lender": ("CHN",)}, "", ""),
            Correction("two", "note", {"from": (2010,)}, "", ""),
        ),
    )
    with pytest.raises(DeclarationError) as caught:
        apply(rows, wrong)
    assert "'lender'" in caught.value.faults[0]
    assert "no period" in caught.value.faults[1]
    two = replace(book, corrections=(Correction("one", "note", {"to": (2010, 2011)}, "", ""),))
    with pytest.raises(DeclarationError, match="exactly one value"):
        apply(rows, two)


def test_declared_corrections_fit_their_tables_and_can_be_told_apart():
    actions: dict[str, str] = {}
    for declared in codebooks().values():
        columns = {column.name for column in declared.columns} | {"from", "to"}
        assert FLAG not in columns
        for correction in declared.corrections:
            assert set(correction.where) <= columns
            assert "+" not in correction.name
            assert actions.setdefault(correction.name, correction.action) == correction.action


def test_without_a_codebook_all_declared_corrections_count():
    names = [one.name for book in codebooks().values() for one in book.corrections if one.action == "exclude"]
    frame = pl.DataFrame({FLAG: [*names, "rounded", None]}, schema={FLAG: pl.String})
    assert excluded(frame)[FLAG].to_list() == names
    assert usable(frame).height == 2
