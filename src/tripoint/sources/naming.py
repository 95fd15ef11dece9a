"""Which state does a raw file mean? Codes and names become ISO codes; what no state is called is listed."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import cache

import polars as pl

from tripoint.core.states import all_states, by_code, find_state
from tripoint.errors import ParseError, UnknownStateError

#: More rows than this of unknown states mean that the file is not what it seems.
MOST_UNKNOWN = 0.20


@cache
def known_codes() -> frozenset[str]:
    """ISO codes of every state and territory."""
    return frozenset(one.iso3 for one in all_states())


def state_named(on: date | None, *words: str | None) -> str | None:
    """Find the state that the first of several names and codes means on a day; None if none does."""
    for word in words:
        if word:
            with suppress(UnknownStateError):
                return find_state(word, on).iso3
    return None


def state_numbered(on: date | None, number: int | None, *names: str | None) -> str | None:
    """Find the state with a Correlates of War number on a day, or with the first name that is known."""
    if number is not None:
        with suppress(UnknownStateError):
            return by_code("cow", number, on).iso3
    return state_named(on, *names)


def with_states(
    rows: pl.DataFrame, columns: tuple[str, ...], find: Callable[..., str | None], day: str, name: str
) -> pl.DataFrame:
    """Add the state that names and codes mean on the day of each row.

    A file has a million rows and some hundred combinations, of which few change their meaning with time: each
    is looked up on its first and last day, and only where the two differ day by day.

    Parameters
    ----------
    columns
        What the file says about the state.
    find
        Takes a day and the values of ``columns``; gives the state or None.
    day
        Column with the day.
    name
        Column to add; null where no state was found.
    """
    spans = rows.group_by(columns, maintain_order=True).agg(
        pl.col(day).min().alias("first"), pl.col(day).max().alias("last")
    )
    first = [find(on, *words) for *words, on, _ in spans.iter_rows()]
    last = [find(on, *words) for *words, _, on in spans.iter_rows()]
    spans = spans.with_columns(
        pl.Series(name, first, dtype=pl.String),
        pl.Series("changes", [a != b for a, b in zip(first, last, strict=True)], dtype=pl.Boolean),
    ).drop("first", "last")
    joined = rows.join(spans, on=columns, how="left", nulls_equal=True, maintain_order="left")
    changing = joined.filter(pl.col("changes")).select(*columns, day).unique()
    by_day = [find(on, *words) for *words, on in changing.iter_rows()]
    dated = changing.with_columns(pl.Series("that_day", by_day, dtype=pl.String))
    return (
        joined.join(dated, on=[*columns, day], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(pl.when(pl.col("changes")).then("that_day").otherwise(name).alias(name))
        .drop("changes", "that_day")
    )


def only_states(
    rows: pl.DataFrame, found: tuple[str, ...], written: tuple[str, ...], file: str
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Keep the rows whose states were all found.

    Parameters
    ----------
    found, written
        Columns with the states, null where none was found, and for each the column that the file has.

    Returns
    -------
    tuple
        The rows kept, and how many were dropped, under a reason that lists the first ten unknown names.

    Raises
    ------
    ParseError
        More than a fifth of the rows name no known state.
    """
    lost = rows.filter(pl.any_horizontal(pl.col(found).is_null()))
    if lost.is_empty():
        return rows, {}
    names = sorted(
        {
            str(name)
            for state, text in zip(found, written, strict=True)
            for name in lost.filter(pl.col(state).is_null()).get_column(text).unique()
        }
    )
    shown = ", ".join(repr(name) for name in names[:10]) + (", ..." if len(names) > 10 else "")
    if lost.height > MOST_UNKNOWN * rows.height:
        raise ParseError(
            f"{file}: {lost.height} of {rows.height} rows name no state that is known: {shown}. "
            "Check that the columns of names and codes are the right ones"
        )
    return rows.filter(pl.all_horizontal(pl.col(found).is_not_null())), {
        f"unknown state: {shown}": lost.height
    }


def counted(dropped: dict[str, int]) -> dict[str, int]:
    """Keep the reasons that dropped anything."""
    return {reason: count for reason, count in dropped.items() if count}
