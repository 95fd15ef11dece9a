"""Which values a column may hold by its declared kind, and how other values are brought into that form.

A value that does not fit is left as it is, never turned into null: null means not observed, and the check
that follows names the value.
"""

import polars as pl

from tripoint.core.codebook import Codebook, Column, Kind
from tripoint.core.states import find_state
from tripoint.errors import UnknownStateError

#: How tables on disk hold each kind.
DTYPES: dict[Kind, pl.DataType] = {
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "text": pl.String(),
    "date": pl.Date(),
    "state": pl.String(),
    "flag": pl.Boolean(),
}

#: The kinds in messages.
WORDS: dict[Kind, str] = {
    "integer": "whole numbers",
    "number": "numbers",
    "text": "text",
    "date": "dates such as 2023-12-31",
    "state": "ISO 3166 alpha-3 codes",
    "flag": "true or false",
}

#: A column with that many names of no state holds something else; the rest is not looked up.
MOST_UNKNOWN = 20

_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def has_kind(dtype: pl.DataType, kind: Kind) -> bool:
    """Whether a column of that type can hold values of that kind."""
    match kind:
        case "integer":
            return dtype.is_integer()
        case "number":
            return dtype.is_numeric()
        case "date":
            return dtype == pl.Date
        case "flag":
            return dtype == pl.Boolean
        case "text" | "state":
            return dtype in (pl.String, pl.Categorical, pl.Enum)


def conform(frame: pl.DataFrame, codebook: Codebook) -> pl.DataFrame:
    """Bring the declared columns into the types and the order that tables on disk have.

    A column that is missing or that holds a value of another kind stays as it is; columns that are not
    declared come last. Names of states become codes where a state has that name.
    """
    declared = [column for column in codebook.columns if column.name in frame.columns]
    columns = [_conformed(frame.get_column(column.name), column) for column in declared]
    stray = [column for column in frame.get_columns() if codebook.column(column.name) is None]
    return pl.DataFrame([*columns, *stray])


def fits(values: pl.Series, column: Column) -> bool:
    """Whether a column is stored as its kind and every value can be."""
    return has_kind(values.dtype, column.kind) and not misfits(values, column).any()


def misfits(values: pl.Series, column: Column) -> pl.Series:
    """Tell for each value whether it cannot be brought into the kind of the column."""
    return values.is_not_null() & _cast(values, column.kind).is_null()


def _conformed(values: pl.Series, column: Column) -> pl.Series:
    if values.dtype == pl.String:
        values = values.str.strip_chars().replace("", None)
    fitting = _cast(values, column.kind)
    if fitting.null_count() > values.null_count():
        return values
    return _state_codes(fitting) if column.kind == "state" else fitting


def _cast(values: pl.Series, kind: Kind) -> pl.Series:
    """Convert to the kind; null where a value does not fit it exactly."""
    target = DTYPES[kind]
    if has_kind(values.dtype, kind) or values.dtype == pl.Null:
        return values.cast(target, strict=False)
    if values.dtype == pl.String:
        return _from_text(values, kind)
    same_nature = values.dtype.is_numeric() if kind == "integer" else values.dtype == pl.Datetime
    if not same_nature or kind not in ("integer", "date"):
        return pl.repeat(None, len(values), dtype=target, eager=True)
    converted = values.cast(target, strict=False)
    inexact = (converted.cast(values.dtype, strict=False) != values).fill_null(value=False)
    return converted.set(inexact, None)


def _from_text(values: pl.Series, kind: Kind) -> pl.Series:
    if kind == "date":
        return values.str.to_date("%Y-%m-%d", strict=False)
    if kind == "flag":
        return values.str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
    return values.cast(DTYPES[kind], strict=False)


def _state_codes(values: pl.Series) -> pl.Series:
    """Write states as their codes; what no state is called stays, for the check to name."""
    codes, unknown = {}, 0
    for name in values.drop_nulls().unique(maintain_order=True):
        try:
            codes[name] = find_state(name).iso3
        except UnknownStateError:
            unknown += 1
            if unknown == MOST_UNKNOWN:
                break
    return values.replace(codes)
