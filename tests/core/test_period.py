"""Years, quarters and months: what they are called, when they begin and end, and what comes next."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.core.period import Period, Span
from tripoint.errors import PeriodError

years = st.integers(1000, 9000)
any_period = st.one_of(
    st.builds(Period, years),
    st.builds(lambda year, month: Period(year, month), years, st.integers(1, 12)),
    st.builds(lambda year, quarter: Period(year, None, quarter), years, st.integers(1, 4)),
)


@given(any_period)
def test_what_is_written_is_read(period):
    assert Period.parse(str(period)) == period
    assert Period.parse(str(period)).frequency == period.frequency


@given(any_period, st.integers(-300, 300), st.integers(-300, 300))
def test_steps_add_up_and_text_sorts_in_time(period, one, other):
    assert period + one + other == period + (one + other)
    later = period + abs(one)
    assert (str(period) < str(later)) == (period < later) == (one != 0)


@given(any_period)
def test_the_next_period_begins_when_one_ends(period):
    assert (period + 1).start - period.end == timedelta(days=1)
    days = {"year": (365, 366), "quarter": (90, 92), "month": (28, 31)}[period.frequency]
    assert days[0] <= (period.end - period.start).days + 1 <= days[1]


def test_quarters_by_hand():
    second = Period.parse("2024-Q2")
    assert (second.start, second.end, second.frequency) == (date(2024, 4, 1), date(2024, 6, 30), "quarter")
    assert [str(one) for one in Span(Period.parse("2023-Q4"), second)] == ["2023-Q4", "2024-Q1", "2024-Q2"]
    assert Period.parse("2023-Q4") in Span(Period.parse("2023-Q4"), second)


@pytest.mark.parametrize("text", ["2024-Q0", "2024-Q5", "2024Q1", "2024-q1", "2024-13", "2024-1", "24", ""])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(PeriodError, match="is no period"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2023", "2023-Q1", "a year and a quarter"),
        ("2023-Q1", "2023-05", "a quarter and a month"),
        ("2023-Q3", "2023-Q1", "cannot run backwards"),
    ],
)
def test_spans_that_make_no_sense_are_refused(first, last, said):
    with pytest.raises(PeriodError, match=said):
        Span(Period.parse(first), Period.parse(last))
