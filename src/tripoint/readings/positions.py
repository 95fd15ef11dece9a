"""Where states stand in the General Assembly: ideal points of some states, session by session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from tripoint.core.states import find_state
from tripoint.errors import CoverageError, UnknownNameError
from tripoint.measures.issue_list import find_issue
from tripoint.measures.schemes import FOUNDED, SCHEMES, series_name
from tripoint.readings.rows import Rows
from tripoint.store.vintages import Vintage, open_vintage


@dataclass(frozen=True)
class Positions:
    """Ideal points of some states.

    Attributes
    ----------
    frame
        One row per state and session: ``state``, ``year`` in which the session opens, ``session``, ``value``,
        ``lower``, ``upper``, ``n`` votes, ``coverage``, ``note``. Rows that are withheld have no numbers.
    source
        The vintage's name, or what the positions were fitted to.
    """

    states: tuple[str, ...]
    scheme: str
    issue: str | None
    as_of: date
    source: str
    frame: pl.DataFrame

    def of(self, state: str) -> pl.DataFrame:
        """One state's rows, with ``period``, as figures take them."""
        rows = self.frame.filter(pl.col("state") == state)
        return rows.with_columns(pl.col("year").cast(pl.String).alias("period"))

    def as_dict(self) -> dict[str, Any]:
        """The positions as plain data for JSON."""
        return {
            "states": list(self.states),
            "scheme": self.scheme,
            "issue": self.issue,
            "as_of": self.as_of.isoformat(),
            "vintage": self.source,
            "rows": self.frame.to_dicts(),
        }


def take_positions(
    states: Sequence[str],
    *,
    scheme: str = "posterior",
    issue: str | None = None,
    as_of: date | None = None,
    vintage: Vintage | str | Path | None = None,
) -> Positions:
    """Read where states stand.

    Parameters
    ----------
    states
        By code or name.
    scheme
        ``"posterior"`` or ``"published"``.
    issue
        Roll calls of one issue only, such as ``"nuclear"``.
    as_of, vintage
        As for :func:`tripoint.readings.reading.take_reading`.

    Raises
    ------
    UnknownNameError
        There is no such scheme or issue.
    CoverageError
        The vintage has no position of any of the states.

    Examples
    --------
    >>> positions = take_positions(["RUS", "CHN"], vintage="bundled")
    >>> positions.frame.columns[:6]
    ['state', 'year', 'session', 'value', 'lower', 'upper']
    """
    codes = tuple(dict.fromkeys(find_state(name).iso3 for name in states))
    if scheme not in SCHEMES:
        raise UnknownNameError.of("scheme", scheme, SCHEMES)
    about = find_issue(issue).name if issue else None
    opened = vintage if isinstance(vintage, Vintage) else open_vintage(vintage)
    rows = Rows(opened, as_of).of(series_name(scheme, about), [{"state": code} for code in codes])
    if about is not None:
        rows = rows.filter(pl.col("issue") == about)
    if not rows["value"].count():
        when = f" by {as_of}" if as_of else ""
        on = f" on {about}" if about else ""
        raise CoverageError(
            f"the vintage {opened.manifest.name} has no ideal point{on} of {', '.join(codes)}{when}"
        )
    through = as_of or date.fromisoformat(opened.manifest.data_through)
    return Positions(codes, scheme, about, through, opened.manifest.name, by_session(rows))


def by_session(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a series as they are given to readers: year and session in place of a period."""
    year = pl.col("period").cast(pl.Int64)
    return rows.select(
        "state",
        year.alias("year"),
        (year - FOUNDED).alias("session"),
        "value",
        "lower",
        "upper",
        "n",
        "coverage",
        "note",
    )
