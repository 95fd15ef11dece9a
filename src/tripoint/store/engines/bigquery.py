"""The question for Google's public copy of GDELT: raw columns cleaned in SQL, then asked as a lake is.

The text is compiled and shown, never sent: whoever has an account runs it there. The cleaning is held against the
readers of raw files on real ones. Two things differ: repeated rows are known over the whole span, not within the
last half a million; and a row is dropped without saying why. Tables and columns are named as in public queries of
others; the text was never run on BigQuery itself.
"""

from dataclasses import replace
from datetime import date

from tripoint.errors import UsageError
from tripoint.sources.events.actors import codes_of
from tripoint.store.engines.question import Question, compiled, sql

TABLE = "gdelt-bq.gdeltv2.events_partitioned"
#: The first day of GDELT 2.0.
FIRST = date(2015, 2, 18)

#: A number such as 20150218 as a day; nothing, not an error that ends the query, where the calendar has none.
_DAY = "TRY_CAST({} || '-' || {} || '-' || {} AS DATE)".format(
    *(f"SUBSTR(CAST(SQLDATE AS VARCHAR), {place}, {size})" for place, size in ((1, 4), (5, 2), (7, 2)))
)


def dry_run(question: Question, *, published_quad: bool = False) -> str:
    """Give the query that would be sent, in BigQuery's dialect.

    Raises
    ------
    UsageError
        The span has no first and last day: a query over all of GDELT would be billed for all of it.
    """
    if question.first is None or question.last is None:
        raise UsageError(
            "a query on BigQuery is billed by what it reads: give the first and the last day with --from and --to"
        )
    if question.last < FIRST:
        raise UsageError(f"the public table begins on {FIRST.isoformat()}; the span ends before")
    # The table is partitioned by the day on which a row was added; events are added on their day or later.
    partitions = f"_PARTITIONDATE >= CAST('{question.first.isoformat()}' AS DATE)"
    return compiled(
        cleaned(question, TABLE, partitions, published_quad=published_quad), "bigquery", pretty=True
    )


def cleaned(question: Question, table: str, partitions: str = "TRUE", *, published_quad: bool = False) -> str:
    """Ask the question of a table with GDELT's raw columns, in DuckDB's dialect."""
    quad = "QuadClass" if published_quad else (
        "CASE WHEN root <= 5 THEN 1 WHEN root <= 8 THEN 2 WHEN root <= 13 THEN 3 ELSE 4 END"
    )  # fmt: skip
    inner = sql(replace(question, first=None, last=None))
    return f"""
WITH actor_codes AS ({_listed(codes_of("cameo"))}),
place_codes AS ({_listed(codes_of("fips"))}),
sound AS (
  SELECT GLOBALEVENTID AS id, DATEADDED AS added, {_DAY} AS day, SOURCEURL AS address,
    TRY_CAST(EventRootCode AS BIGINT) AS root, QuadClass, GoldsteinScale AS score, NumMentions AS mentions,
    Actor1CountryCode, NULLIF(Actor1Type1Code, '') AS source_role,
    Actor2CountryCode, NULLIF(Actor2Type1Code, '') AS target_role, ActionGeo_CountryCode
  FROM {_quoted(table)}
  WHERE {partitions} AND {_span(question)}
    AND NumMentions >= 0 AND (GoldsteinScale IS NULL OR GoldsteinScale BETWEEN -10 AND 10)
    AND QuadClass BETWEEN 1 AND 4 AND SQLDATE >= 19790101
    AND SQLDATE <= CAST(SUBSTR(CAST(DATEADDED AS VARCHAR), 1, 8) AS BIGINT)
),
dyads AS (
  SELECT sound.*, one.state AS source, two.state AS target, there.state AS place
  FROM sound
  JOIN actor_codes AS one ON one.code = Actor1CountryCode
  JOIN actor_codes AS two ON two.code = Actor2CountryCode
  LEFT JOIN place_codes AS there ON there.code = ActionGeo_CountryCode
  WHERE one.state <> two.state AND root BETWEEN 1 AND 20 AND day IS NOT NULL
),
first_of_id AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY added, address) AS nth_of_id FROM dyads
),
first_of_story AS (
  SELECT *, CASE WHEN address IS NULL OR address = '' THEN 1 ELSE ROW_NUMBER() OVER (
    PARTITION BY day, source, source_role, target, target_role, root, address ORDER BY added, id
  ) END AS nth_of_story
  FROM first_of_id WHERE nth_of_id = 1
),
events AS (
  SELECT day, source, source_role, target, target_role, place, {quad} AS quad, 1 AS events,
    CASE WHEN score IS NULL THEN 0 ELSE 1 END AS scored,
    COALESCE(CAST(ROUND(100 * score) AS BIGINT), 0) AS hundredths,
    COALESCE(CAST(ROUND(100 * score) * ROUND(100 * score) AS BIGINT), 0) AS squares, mentions
  FROM first_of_story WHERE nth_of_story = 1
)
{inner}"""  # noqa: S608 - states, dates and roles were checked in `Question`


def _listed(codes: dict[str, str]) -> str:
    """Codes and the states that they mean, as a query."""
    first, *others = [f"SELECT '{code}' AS code, '{state}' AS state" for code, state in sorted(codes.items())]
    return " UNION ALL ".join(
        [first, *(other.replace(" AS code", "").replace(" AS state", "") for other in others)]
    )


def _span(question: Question) -> str:
    bounds = (("SQLDATE >= ", question.first), ("SQLDATE <= ", question.last))
    return " AND ".join(f"{text}{day:%Y%m%d}" for text, day in bounds if day is not None) or "TRUE"


def _quoted(table: str) -> str:
    return ".".join(f'"{part}"' for part in table.split("."))
