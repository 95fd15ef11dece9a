"""What is asked of a lake of events: one question, written once in SQL and translated for each engine.

The relation that is asked is called ``events`` and has the columns of `tripoint.store.lake.ledger.EVENTS`. All sums
are of whole numbers, so that every engine gives the same answer to the last count.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from tripoint.core.states import find_state
from tripoint.errors import UsageError

Grain = Literal["day", "month", "quarter", "year"]
Dialect = Literal["duckdb", "spark", "bigquery"]

GRAINS: tuple[Grain, ...] = ("day", "month", "quarter", "year")
#: Classes of events, in the order of their numbers from 1.
QUADS = ("verbal_cooperation", "material_cooperation", "verbal_conflict", "material_conflict")

#: Columns of an answer: one row for each period, source and target of which there are events. ``scored`` counts
#: events with a Goldstein score, ``hundredths`` adds the scores up and ``squares`` their squares; ``mentions`` is null
#: where nobody counts them.
ANSWER = pl.Schema(
    [
        *((name, pl.String()) for name in ("period", "source", "target")),
        *((name, pl.Int64()) for name in (*QUADS, "scored", "hundredths", "squares", "mentions")),
    ]
)

_PERIODS: dict[Grain, str] = {
    "day": "STRFTIME(day, '%Y-%m-%d')",
    "month": "STRFTIME(day, '%Y-%m')",
    "quarter": "STRFTIME(day, '%Y') || '-Q' || CAST(QUARTER(day) AS VARCHAR)",
    "year": "STRFTIME(day, '%Y')",
}


@dataclass(frozen=True, slots=True)
class Question:
    """How much did whom do to whom, period by period?

    Each state may be given by ISO code or by name; what is kept is the ISO 3166 alpha-3 code.

    Attributes
    ----------
    sources, targets
        The states that act and that are acted upon; none: all.
    first, last
        Days between which the events took place, both included; None: no bound.
    roles
        Only events between actors of these roles, such as GOV and MIL; none: all actors.
    places
        Only events that took place in these states; none: everywhere.

    Raises
    ------
    UnknownStateError
        A name that no state has.
    UsageError
        A grain or a role that there is none, or a span that ends before it begins.
    """

    grain: Grain = "month"
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    roles: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.grain not in GRAINS:
            raise UsageError(f"{self.grain!r} is no grain of events; known are {', '.join(GRAINS)}")
        for states in ("sources", "targets", "places"):
            object.__setattr__(self, states, tuple(find_state(one).iso3 for one in getattr(self, states)))
        if self.first and self.last and self.first > self.last:
            raise UsageError(
                f"the span begins on {self.first.isoformat()} and ends before, on {self.last.isoformat()}"
            )
        wrong = [role for role in self.roles if not re.fullmatch("[A-Z]{3}", role)]
        if wrong:
            raise UsageError(f"{wrong[0]!r} is no role; roles are three capital letters, such as GOV or MIL")


def sql(question: Question) -> str:
    """The question in DuckDB's dialect; the answer has the columns of `ANSWER`."""
    # Everything that goes into the text was checked in `Question`: codes of states, roles in capitals, dates.
    counts = ", ".join(
        f"CAST(SUM(CASE WHEN quad = {number} THEN events ELSE 0 END) AS BIGINT) AS {name}"
        for number, name in enumerate(QUADS, 1)
    )
    sums = ", ".join(
        f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in ("scored", "hundredths", "squares", "mentions")
    )
    conditions = _conditions(question)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return (
        f"SELECT {_PERIODS[question.grain]} AS period, source, target, {counts}, {sums} "  # noqa: S608
        f"FROM events{where} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )


def _conditions(question: Question) -> list[str]:
    found = []
    if question.first is not None:
        found.append(f"day >= CAST('{question.first.isoformat()}' AS DATE)")
    if question.last is not None:
        found.append(f"day <= CAST('{question.last.isoformat()}' AS DATE)")
    among = (
        ("source", question.sources), ("target", question.targets), ("place", question.places),
        ("source_role", question.roles), ("target_role", question.roles),
    )  # fmt: skip
    for column, values in among:
        if values:
            listed = ", ".join(f"'{value}'" for value in values)
            found.append(f"{column} IN ({listed})")
    return found


def in_order(found: pl.DataFrame) -> pl.DataFrame:
    """Bring what an engine gives into the types and the order of an answer."""
    return found.select(pl.col(name).cast(kind) for name, kind in ANSWER.items()).sort(
        "period", "source", "target"
    )


def compiled(text: str, dialect: Dialect, *, pretty: bool = False) -> str:
    """Translate SQL from DuckDB's dialect."""
    import sqlglot

    if dialect == "duckdb" and not pretty:
        return text
    (found,) = sqlglot.transpile(text, read="duckdb", write=dialect, pretty=pretty)
    return found
