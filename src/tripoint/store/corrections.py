"""Which rows of a table are known to be wrong, and what becomes of them.

A correction is declared in the codebook, never patched inline: the rows stay in the table and say in
``flag`` what is wrong with them, so that a reader can follow a number to the rows that were left out of it.
"""

from collections.abc import Iterable
from typing import Literal

import polars as pl

from tripoint.core.codebook import Codebook, Correction
from tripoint.errors import DeclarationError
from tripoint.sources import codebooks

FLAG = "flag"

#: Conditions on the period column rather than on a column of that name.
_BOUNDS = ("from", "to")


def apply(frame: pl.DataFrame, codebook: Codebook) -> pl.DataFrame:
    """Add the column ``flag``: names of the corrections that touch the row, joined by ``+``, or null.

    Where corrections of both actions touch a row, only the excluding ones are named. A ``flag`` column that
    is already there is written anew, so applying twice is applying once.

    Raises
    ------
    DeclarationError
        A correction asks for a column that the table lacks, or bounds a period that the table has not.
    """
    faults = [fault for correction in codebook.corrections for fault in _faults(frame, codebook, correction)]
    if faults:
        raise DeclarationError(f"corrections of table {codebook.table!r}", faults)
    excluding = _names(codebook, "exclude")
    noting = _names(codebook, "note")
    flag = pl.when(excluding != "").then(excluding).when(noting != "").then(noting)
    return frame.with_columns(flag.otherwise(None).cast(pl.String).alias(FLAG))


def excluded(frame: pl.DataFrame, codebook: Codebook | None = None) -> pl.DataFrame:
    """Rows that no measure reads, because an excluding correction touches them.

    Parameters
    ----------
    codebook
        Whose corrections count; all that are declared, if not given.
    """
    return frame.filter(_is_excluded(codebook))


def usable(frame: pl.DataFrame, codebook: Codebook | None = None) -> pl.DataFrame:
    """Rows that measures read: all that no excluding correction touches.

    Parameters
    ----------
    codebook
        Whose corrections count; all that are declared, if not given.
    """
    return frame.filter(~_is_excluded(codebook))


def _is_excluded(codebook: Codebook | None) -> pl.Expr:
    known: Iterable[Codebook] = codebooks().values() if codebook is None else (codebook,)
    names = [
        correction.name for book in known for correction in book.corrections if correction.action == "exclude"
    ]
    first = pl.col(FLAG).str.split("+").list.first()  # one excluding name means that all of them are
    return first.is_in(names).fill_null(value=False)


def _names(codebook: Codebook, action: Literal["exclude", "note"]) -> pl.Expr:
    """Names of the corrections of one action that touch each row, joined; empty where none does."""
    names = [
        pl.when(_touches(codebook, correction)).then(pl.lit(correction.name))
        for correction in codebook.corrections
        if correction.action == action
    ]
    return pl.concat_str(names, separator="+", ignore_nulls=True) if names else pl.lit("")


def _touches(codebook: Codebook, correction: Correction) -> pl.Expr:
    conditions = [_condition(codebook, name, values) for name, values in correction.where.items()]
    return pl.all_horizontal(pl.lit(value=True), *conditions)


def _condition(codebook: Codebook, name: str, values: tuple[str | int, ...]) -> pl.Expr:
    texts = [str(value) for value in values]
    if name not in _BOUNDS:
        return pl.col(name).cast(pl.String).is_in(texts).fill_null(value=False)
    bound = texts[0]
    # A bound of '2022' takes in all of 2022, whether the table has years, months or days.
    period = pl.col(codebook.period or "").cast(pl.String).str.slice(0, len(bound))
    return (period >= bound if name == "from" else period <= bound).fill_null(value=False)


def _faults(frame: pl.DataFrame, codebook: Codebook, correction: Correction) -> list[str]:
    """List what in a correction does not fit the table."""
    faults = []
    for name, values in correction.where.items():
        if name in _BOUNDS and codebook.period is None:
            faults.append(f"{correction.name!r} bounds the period with {name!r}, and the table has no period")
        elif name in _BOUNDS and len(values) != 1:
            faults.append(f"{correction.name!r} needs exactly one value for {name!r}, not {len(values)}")
        elif name not in _BOUNDS and name not in frame.columns:
            faults.append(f"{correction.name!r} looks at column {name!r}, which the table lacks")
    return faults
