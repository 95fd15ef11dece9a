"""Which leaders travel where? Visits of Chinese leaders abroad since 1949, and of others since 1990, by year.

Both providers offer spreadsheets: add the one of CEIAS (who-where-when.ceias.eu) or of Diplometrics (COLT, at
Harvard Dataverse) with ``tripoint data add``.
"""

from pathlib import Path

import polars as pl

from tripoint.sources.naming import counted, known_codes, only_states, state_named, with_states
from tripoint.sources.rawfile import with_types
from tripoint.sources.source import Format, Parsed, Source
from tripoint.sources.spreadsheet import read_sheet, sheet_names

_VISIT = ("year", "visitor", "host", "leader")

CEIAS_SHEET = "Dataset"
CEIAS = ("Year", "Name", "Level", "Country")

COLT_SHEET = "Master"
COLT = (
    "TripYear", "LeaderCountryISO", "LeaderCountryOrIGO", "LeaderRole", "LeaderFullName", "CountryVisitedISO",
    "CountryVisited",
)  # fmt: skip
#: Offices in COLT that are read: who leads a state or its government. Ministers, crown princes and heads of
#: organisations travel for others.
COLT_OFFICES = {
    "GS": "Head of state and government",
    "S": "Head of state",
    "G": "Head of government",
    "De Facto": "De facto leader",
}
#: Whose travel CEIAS records in full; read from COLT as well, each of these visits would count twice.
CEIAS_VISITOR = "CHN"


def read_extracts(folder: Path) -> Parsed:
    """Read visits from the shared data folder."""
    rows = pl.read_parquet(folder / "ties" / "china_leader_visits_1949_2025.parquet").select(
        pl.col("year").cast(pl.Int16),
        pl.col("reporter").alias("visitor"),
        pl.col("partner").alias("host"),
        pl.col("leader").str.strip_chars(),
        pl.col("level").str.strip_chars(),
        pl.lit("ceias").alias("origin"),
    )
    states = rows.filter(pl.col("host").is_in(known_codes()))
    return Parsed({"leader_visits": _numbered(states)}, counted({"not a state": rows.height - states.height}))


def _numbered(visits: pl.DataFrame) -> pl.DataFrame:
    """Number the visits of a leader to a state within a year."""
    numbered = visits.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int16).over(_VISIT).alias("visit"))
    return numbered.select(*_VISIT, "visit", "level", "origin").sort(*_VISIT, "visit")


def is_ceias_file(path: Path) -> bool:
    """Whether a file is a spreadsheet, and not COLT; whether it is that of CEIAS is said when it is read."""
    names = sheet_names(path)
    return bool(names) and COLT_SHEET not in names


def read_ceias_file(path: Path) -> Parsed:
    """Read visits of Chinese leaders from 'Who, Where, When' of CEIAS, one row per visit.

    Raises
    ------
    ParseError
        The file is not one.
    """
    text = read_sheet(path, CEIAS_SHEET, CEIAS)
    visits = text.filter(pl.col("Name").is_not_null())
    typed = with_types(visits, {"Year": pl.Int16}, path.name)
    dated = typed.with_columns(pl.date(pl.col("Year").cast(pl.Int32), 7, 1).alias("day"))
    found = with_states(dated, ("Country",), state_named, "day", "host")
    named, unknown = only_states(found, ("host",), ("Country",), path.name)
    tidy = named.select(
        pl.col("Year").alias("year"),
        pl.lit("CHN").alias("visitor"),
        "host",
        pl.col("Name").alias("leader"),
        pl.col("Level").alias("level"),
        pl.lit("ceias").alias("origin"),
    )
    dropped = {"no leader is named": text.height - visits.height}
    return Parsed({"leader_visits": _numbered(tidy)}, counted(dropped) | unknown)


def is_colt_file(path: Path) -> bool:
    """Whether a file is the spreadsheet of COLT."""
    return COLT_SHEET in sheet_names(path)


def read_colt_file(path: Path) -> Parsed:
    """Read visits of heads of state and government from COLT of Diplometrics, one row per trip and state visited.

    China's are left out: CEIAS records them, and in both lists they would count twice.

    Raises
    ------
    ParseError
        The file is not one.
    """
    text = read_sheet(path, COLT_SHEET, COLT)
    leading = text.filter(pl.col("LeaderRole").is_in(COLT_OFFICES.keys()))
    leaders = leading.filter(pl.col("LeaderFullName").is_not_null())
    typed = with_types(leaders, {"TripYear": pl.Int16}, path.name)
    dated = typed.with_columns(pl.date(pl.col("TripYear").cast(pl.Int32), 7, 1).alias("day"))
    for columns, name in ((COLT[1:3], "visitor"), (COLT[5:7], "host")):
        dated = with_states(dated, columns, state_named, "day", name)
    written = ("LeaderCountryOrIGO", "CountryVisited")
    named, unknown = only_states(dated, ("visitor", "host"), written, path.name)
    abroad = named.filter(pl.col("visitor") != pl.col("host"))
    others = abroad.filter(pl.col("visitor") != CEIAS_VISITOR)
    tidy = others.select(
        pl.col("TripYear").alias("year"),
        "visitor",
        "host",
        pl.col("LeaderFullName").alias("leader"),
        pl.col("LeaderRole").replace_strict(COLT_OFFICES, return_dtype=pl.String).alias("level"),
        pl.lit("colt").alias("origin"),
    )
    dropped = {
        "leads no state or government (minister, crown prince, organisation)": text.height - leading.height,
        "no leader is named": leading.height - leaders.height,
        "travel within the own state": named.height - abroad.height,
        "of Chinese leaders, whom CEIAS records": abroad.height - others.height,
    }
    return Parsed({"leader_visits": _numbered(tidy)}, counted(dropped) | unknown)


SOURCE = Source(
    name="visits",
    title="Travel of leaders: CEIAS (China), Diplometrics COLT (others)",
    tables=("leader_visits",),
    formats=(
        Format(
            "colt",
            "Diplometrics COLT travel of heads of government and state, spreadsheet",
            ("Diplometrics_COLT_Travel_Dataset_Primary-HOGS-1990-2024_20250317.xlsx",),
            is_colt_file,
            read_colt_file,
        ),
        Format(
            "ceias",
            "CEIAS Who, Where, When: travel of Chinese leaders, spreadsheet",
            ("WhoWhenWhereDataset.xlsx",),
            is_ceias_file,
            read_ceias_file,
        ),
    ),
    downloads=(),
    extracts=read_extracts,
)
