"""What have states promised each other by treaty? Obligations of alliances in force, as ATOP codes them."""

from pathlib import Path

import polars as pl

from tripoint.errors import ParseError
from tripoint.sources.naming import counted, known_codes, only_states, state_numbered, with_states
from tripoint.sources.rawfile import header, read_table, with_types
from tripoint.sources.source import Download, Format, Parsed, Source

OBLIGATIONS = ("defense", "offense", "neutral", "nonagg", "consul")
COLUMNS = ("year", "state", "partner", "obligation")


def read_extracts(folder: Path) -> Parsed:
    """Read obligations from the shared data folder."""
    rows = pl.read_parquet(folder / "ties" / "alliances_atop.parquet").select(
        pl.col("year").cast(pl.Int16),
        pl.col("reporter").alias("state"),
        "partner",
        pl.col("kind").str.strip_prefix("alliance_").alias("obligation"),
    )
    states = rows.filter(pl.all_horizontal(pl.col("state", "partner").is_in(known_codes())))
    return _parsed(states, {"not a state": rows.height - states.height})


def _parsed(rows: pl.DataFrame, dropped: dict[str, int]) -> Parsed:
    distinct = rows.filter(pl.col("state") != pl.col("partner")).unique().sort(COLUMNS)
    dropped = dropped | {"one state under two codes": rows.height - distinct.height}
    return Parsed({"alliances": distinct.with_columns(pl.lit("atop").alias("origin"))}, counted(dropped))


def is_atop_file(path: Path) -> bool:
    """Whether a file has the columns of ATOP's directed dyad-years."""
    return {"stateA", "stateB", "atopally", *OBLIGATIONS} <= set(header(path))


def read_atop_file(path: Path) -> Parsed:
    """Read obligations from ATOP's directed dyad-years.

    Raises
    ------
    ParseError
        The file is not one, or an obligation is neither 0 nor 1.
    """
    text = read_table(path, ("year", "stateA", "stateB", *OBLIGATIONS))
    kinds: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(("year", "stateA", "stateB"), pl.Int32)
    kinds |= dict.fromkeys(OBLIGATIONS, pl.Int8)
    rows = with_types(text, kinds, path.name, OBLIGATIONS)
    for name in OBLIGATIONS:
        wrong = rows.filter(~pl.col(name).is_in([0, 1]))
        if wrong.height:
            raise ParseError(
                f"{path.name}: row {wrong['row'][0]} has {wrong[name][0]} for {name}; 0 or 1 is allowed"
            )
    dated = rows.with_columns(pl.date(pl.col("year"), 7, 1).alias("day"))
    for column, name in (("stateA", "state"), ("stateB", "partner")):
        dated = with_states(dated, (column,), state_numbered, "day", name)
    named, unknown = only_states(dated, ("state", "partner"), ("stateA", "stateB"), path.name)
    long = named.unpivot(
        OBLIGATIONS, index=["year", "state", "partner"], variable_name="obligation", value_name="held"
    )
    held = long.filter(pl.col("held") == 1).select(
        pl.col("year").cast(pl.Int16), "state", "partner", "obligation"
    )
    parsed = _parsed(held, {"obligation not coded": long["held"].null_count()})
    return Parsed(parsed.tables, parsed.dropped | unknown)


SOURCE = Source(
    name="alliances",
    title="Alliance treaty obligations: ATOP 5.1",
    tables=("alliances",),
    formats=(
        Format("atop", "ATOP directed dyad-years, CSV", ("atop5_1ddyr.csv",), is_atop_file, read_atop_file),
    ),
    downloads=(
        Download(
            "atop",
            "https://www.atopdata.org/uploads/6/9/1/3/69134503/atop_5.1__.csv_.zip",
            "atop5_1ddyr.zip",
            "obligations of all allied pairs to 2018",
            "csv",
        ),
    ),
    extracts=read_extracts,
)
