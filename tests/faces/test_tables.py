"""Numbers and tables as plain text."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tripoint.core.units import UNITS
from tripoint.errors import UnknownNameError
from tripoint.faces.tables import DASH, interval, number, sparkline, text_table


def _printed(table: object, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, markup=False)
    with console.capture() as capture:
        console.print(table)
    return [line.rstrip() for line in capture.get().split("\n")][:-1]


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.234, "share", "23.4%"),
        (1.0, "share", "100.0%"),
        (0.0, "share", "0.0%"),
        (-0.0004, "share_change", "0.0 pp"),
        (-0.0006, "share_change", "-0.1 pp"),
        (-0.001, "similarity", "0.00"),
        (12345.6, "usd_million", "12,346"),
        (None, "count", DASH),
    ],
)
def test_a_number_is_written_in_its_unit(value: float | None, unit: str, shown: str) -> None:
    assert number(value, unit) == shown


@pytest.mark.parametrize(
    ("bounds", "unit", "shown"),
    [
        ((61.2, 52.4, 67.9), "percentile", "61 (52–68)"),
        ((0.4, 0.25, 0.585), "share", "40.0% (25.0–58.5%)"),
        ((-0.009, -0.034, -0.001), "share_change", "-0.9 pp (-3.4 to -0.1)"),
        ((0.4, None, None), "share", "40.0%"),
        ((None, None, None), "share", DASH),
        ((None, 0.1, 0.2), "share", DASH),
        ((0.0, 0.0, 0.0), "share", "0.0% (0.0–0.0%)"),
    ],
)
def test_an_interval_stands_in_parentheses(bounds: tuple, unit: str, shown: str) -> None:
    assert interval(*bounds, unit) == shown


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no unit is called 'shares'"):
        interval(0.1, 0.0, 0.2, "shares")


@given(st.sampled_from([unit.name for unit in UNITS]), st.floats(-1, 1))
def test_no_number_is_a_negative_zero(unit: str, value: float) -> None:
    text = number(value, unit)
    assert not text.startswith("-") or any(digit in text for digit in "123456789")


@given(st.lists(st.none() | st.floats(0, 100)))
def test_a_sparkline_has_one_bar_per_value_and_gaps_where_nothing_is_observed(
    values: list[float | None],
) -> None:
    drawn = sparkline(values)
    assert len(drawn) == len(values)
    assert [bar == " " for bar in drawn] == [value is None for value in values]


@given(st.lists(st.floats(0, 100), min_size=2, unique=True))
def test_bars_are_ordered_as_the_values_are(values: list[float]) -> None:
    bars = dict(zip(values, sparkline(values), strict=True))
    drawn = [bars[value] for value in sorted(values)]
    assert drawn == sorted(drawn)
    assert drawn[0] == "▁"
    assert drawn[-1] == "█"


def test_a_table_has_no_lines_and_takes_nothing_for_markup() -> None:
    table = text_table("Title [bold]", ("Name", "[red]"), [["[link]a[/link]", "1"], ["b", "10"]])
    assert _printed(table) == [
        "Title [bold]",
        "Name            [red]",
        "[link]a[/link]      1",
        "b                  10",
    ]


def test_columns_of_words_are_set_to_the_left() -> None:
    table = text_table(None, ("Name", "Word", "Number"), [["a", "x", "1"]], words=("Word",))
    assert _printed(table) == ["Name  Word  Number", "a     x          1"]


def test_long_cells_are_folded_within_the_width() -> None:
    table = text_table(None, ("Name", "Meaning"), [["a", "word " * 40]], words=("Meaning",))
    lines = _printed(table, width=40)
    assert len(lines) > 5
    assert max(map(len, lines)) <= 40
