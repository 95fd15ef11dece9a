from dataclasses import replace

import polars as pl
import pytest

from tripoint.core.codebook import Column
from tripoint.store.checks import check_table
from tripoint.store.faults import Fault, errors, examples, warnings


def _only(faults: tuple[Fault, ...], kind: str) -> Fault:
    assert [fault.kind for fault in faults] == [kind]
    assert faults[0].severity == "error"
    return faults[0]


def _with(rows: pl.DataFrame, column: str, values: list[object]) -> pl.DataFrame:
    return rows.with_columns(pl.Series(column, values, strict=False))


def test_sound_rows_have_no_faults(rows, book):
    assert check_table(rows, book) == ()
    assert check_table(rows, book, rows) == ()
    assert check_table(rows.clear(), book) == ()


def test_missing_columns_say_what_they_mean(rows, book):
    fault = _only(check_table(rows.drop("share"), book), "columns")
    assert fault.message == "column 'share' is missing: Share of the debt."


def test_columns_that_are_not_declared_are_listed(rows, book):
    more = rows.with_columns(pl.lit(1).alias("lender"), pl.lit(2).alias("note"), pl.lit("x").alias("flag"))
    fault = _only(check_table(more, book), "columns")
    assert "lender, note. Declared: year, state," in fault.message


def test_values_of_another_kind_are_shown_with_their_row(rows, book):
    fault = _only(check_table(_with(rows, "share", ["0", "0.5", "half", "0.2"]), book), "kinds")
    assert fault.message == "'share' must hold numbers; 'half' at year=2011, state=KAZ, origin=bank"
    assert fault.rows == 1


def test_a_column_stored_as_another_type_is_a_fault_even_if_every_value_could_be_read(rows, book):
    fault = _only(check_table(rows.with_columns(pl.col("year").cast(pl.String)), book), "kinds")
    assert "stored as String" in fault.message


def test_numbers_too_large_for_the_disk_format_are_a_fault(rows, book):
    large = rows.with_columns(pl.Series("year", [2009, 2010, 2011, 2**63 + 5], dtype=pl.UInt64))
    assert "9223372036854775813" in _only(check_table(large, book), "kinds").message


def test_a_share_of_140_percent_is_shown_with_its_row(rows, book):
    fault = _only(check_table(_with(rows, "share", [0.0, 1.4, -0.1, 0.2]), book), "ranges")
    assert fault.message == (
        "'share' must be a number from 0 to 1; 1.4 at year=2010, state=UZB, origin=bank; "
        "-0.1 at year=2011, state=KAZ, origin=bank"
    )
    assert fault.rows == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_finite_number_is_out_of_any_range(rows, book, value):
    open_ended = replace(book, columns=(*book.columns[:3], Column("share", "number", ""), *book.columns[4:]))
    faults = check_table(_with(rows, "share", [0.0, value, 0.5, 0.2]), open_ended)
    assert _only(faults, "ranges").rows == 1


def test_values_outside_the_list_are_shown(rows, book):
    fault = _only(check_table(_with(rows, "origin", ["bank", "purse", "bank", "fund"]), book), "allowed")
    assert fault.message == (
        "'origin' must be one of 'bank', 'fund'; 'purse' at year=2010, state=UZB, origin=purse"
    )


def test_nulls_only_where_they_may_be(rows, book):
    fault = _only(check_table(_with(rows, "share", [0.0, None, 0.5, None]), book), "nulls")
    assert fault.message.startswith("'share' is empty in 2 rows: year=2010, state=UZB, origin=bank; ")


def test_repeated_keys_are_counted_and_shown(rows, book):
    fault = _only(check_table(pl.concat([rows, rows.head(1), rows.head(2)]), book), "keys")
    assert fault.message == (
        "2 keys stand in more than one row: year=2009, state=KAZ, origin=bank; year=2010, state=UZB, origin=bank"
    )
    assert fault.rows == 5


def test_unknown_states_come_with_the_nearest_names(rows, book):
    faults = check_table(_with(rows, "state", ["KAZ", "Kazahkstan", "KAZ", "Kazakhstan"]), book)
    assert [fault.kind for fault in faults] == ["states", "states"]
    assert any("'Kazahkstan'" in fault.message and "KAZ" in fault.message for fault in faults)
    assert any(fault.message == "'state': write 'KAZ' for 'Kazakhstan'" for fault in faults)


def test_a_column_of_other_things_gives_a_bounded_list(rows, book):
    many = pl.concat([rows.head(1).with_columns(state=pl.lit(f"x{number}")) for number in range(200)])
    faults = check_table(many, book)
    assert len(faults) == 21
    assert "180 more values" in faults[-1].message


def test_periods_as_text_must_be_years_or_months(rows, book):
    monthly = replace(book, columns=(Column("year", "text", ""), *book.columns[1:]), corrections=())
    frame = _with(rows, "year", ["2009", "2009-12", "2009-13", "soon"])
    fault = _only(check_table(frame, monthly), "periods")
    assert fault.rows == 2


def test_all_faults_are_listed_at_once(rows, book):
    wrong = pl.concat([rows, rows.head(1)]).with_columns(
        pl.Series("share", [1.4, 0.5, None, 0.2, 1.4]),
        pl.Series("origin", ["bank", "x", "bank", "bank", "bank"]),
    )
    kinds = {fault.kind for fault in check_table(wrong.drop("final"), book)}
    assert kinds == {"columns", "ranges", "nulls", "allowed", "keys"}


def test_shrunken_coverage_is_a_warning_and_an_error_if_strict(rows, book):
    shrunk = rows.filter(pl.col("year") != 2009)
    (fault,) = check_table(shrunk, book, rows)
    assert (fault.kind, fault.severity, fault.rows) == ("coverage", "warning", 1)
    assert "'year' no longer has 2009" in fault.message
    assert [one.severity for one in check_table(shrunk, book, rows, strict=True)] == ["error"]
    assert check_table(rows, book, shrunk) == ()
    gone = check_table(rows.filter(pl.col("state") == "KAZ"), book, rows)
    assert "'state' no longer has MNG, UZB" in gone[0].message


def test_another_magnitude_is_a_warning_for_the_publisher_it_concerns(rows, book):
    smaller = rows.with_columns(
        share=pl.when(pl.col("origin") == "bank").then(pl.col("share") / 1000).otherwise(pl.col("share"))
    )
    (fault,) = check_table(smaller, book, rows)
    assert (fault.kind, fault.severity) == ("magnitude", "warning")
    assert fault.message == "'share' is 0.001 times the version before (bank)"
    assert check_table(rows.with_columns(pl.col("share") * 0.6), book, rows) == ()


def test_faults_are_told_apart_by_severity():
    grave, light = Fault("keys", "", 1), Fault("coverage", "", 1, "warning")
    assert errors((grave, light)) == (grave,)
    assert warnings((grave, light)) == (light,)
    assert str(Fault("keys", "two", 2)) == "keys: two"


def test_examples_count_what_they_do_not_show():
    rows = pl.DataFrame({"a": [1, 2, 3, 4, 5]})
    assert examples(rows, ("a", "absent")) == "a=1; a=2; a=3; and 2 more"
