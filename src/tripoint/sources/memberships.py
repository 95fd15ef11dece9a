"""Which international organisations does a state belong to? Lists of the Correlates of War and the World Factbook."""

from functools import cache
from pathlib import Path

import polars as pl

from tripoint.core.codebook import load_declaration
from tripoint.sources.naming import counted, known_codes, only_states, state_numbered, with_states
from tripoint.sources.rawfile import header, read_table, with_types
from tripoint.sources.source import Declaration, Download, Format, Origin, Parsed, Source

COLUMNS = ("year", "state", "organisation", "status", "origin")
#: Code of the COW file for a membership of which nothing is known; -1 stands for years without the organisation.
COW_UNKNOWN = -9
COW_STATUS = {1: "full", 2: "associate", 3: "observer"}
#: What the World Factbook writes behind an organisation, and what it means: banks have members from outside
#: their region; Taipei is the name under which Taiwan sits; a year is left over from a note; the two states
#: that did not ratify the charter of the CIS take part in it without being full members.
FACTBOOK_STATUS = {
    "member": "full",
    "nonregional member": "full",
    "nonregional members": "full",
    "regional": "full",
    "Chinese Taipei": "full",
    "Taipei, China": "full",
    "2024": "full",
    "associate": "associate",
    "associate member": "associate",
    "associated member": "associate",
    "correspondent": "associate",
    "subscriber": "associate",
    "observer": "observer",
    "associate observer": "observer",
}
#: Longer remarks, by their first words.
FACTBOOK_REMARKS = {"associate member, ": "associate", "participating member, ": "associate"}
#: What is no membership, or not one that is exercised; anything else counts as another tie.
FACTBOOK_SUSPENDED = "suspended|excluded from formal participation"
FACTBOOK_COUNCIL = "^(permanent|non-permanent|temporary)$"
#: Names of organisations in the Factbook; 'none' and pieces of notes ('before 15 August', '2021') are none.
FACTBOOK_NAME = "^[A-Z]"
#: Columns of the COW file that are no organisation.
COW_OTHER = ("ccode", "year", "state")


@cache
def origins() -> tuple[Origin, ...]:
    """Whose lists are in the table, the preferred first."""
    return load_declaration("tripoint.sources", "memberships.toml", Declaration).origins


def read_extracts(folder: Path) -> Parsed:
    """Read memberships from the shared data folder."""
    ties = folder / "ties"
    cow = pl.read_parquet(ties / "igo_membership_cow.parquet").select(
        pl.col("year").cast(pl.Int16),
        pl.col("reporter").alias("state"),
        pl.col("igo").alias("organisation"),
        pl.col("status").replace_strict(COW_STATUS, return_dtype=pl.String),
        pl.lit("cow_igo").alias("origin"),
    )
    factbook, dropped = _factbook(pl.read_parquet(ties / "igo_membership_factbook.parquet"))
    sitting = pl.concat([cow, factbook])
    states = sitting.filter(pl.col("state").is_in(known_codes()))
    distinct = _one_status_each(states)
    dropped |= {
        "not a state": sitting.height - states.height,
        "listed twice": states.height - distinct.height,
    }
    return Parsed({"memberships": distinct}, counted(dropped))


def _factbook(rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Keep what the World Factbook lists as a membership, and count the rest by what it is."""
    written = pl.col("status")
    meant = written.replace_strict(FACTBOOK_STATUS, default=None, return_dtype=pl.String)
    for opening, status in FACTBOOK_REMARKS.items():
        meant = pl.when(written.str.starts_with(opening)).then(pl.lit(status)).otherwise(meant)
    named = rows.filter(pl.col("igo").str.contains(FACTBOOK_NAME))
    exercised = named.filter(~written.str.contains(FACTBOOK_SUSPENDED))
    lasting = exercised.filter(~written.str.contains(FACTBOOK_COUNCIL))
    sitting = lasting.filter(meant.is_not_null())
    tidy = sitting.select(
        pl.col("year").cast(pl.Int16),
        pl.col("reporter").alias("state"),
        pl.col("igo").alias("organisation"),
        meant.alias("status"),
        pl.lit("factbook").alias("origin"),
    )
    return tidy, {
        "not an organisation": rows.height - named.height,
        "membership suspended": named.height - exercised.height,
        "a seat in the UN Security Council, not an organisation": exercised.height - lasting.height,
        "another tie than membership (partner, candidate, national committee)": lasting.height
        - sitting.height,
    }


def _one_status_each(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep the closest status of a state in an organisation."""
    closeness = pl.col("status").replace_strict({"full": 0, "associate": 1, "observer": 2})
    kept = rows.sort(closeness).unique(
        ["year", "state", "organisation", "origin"], keep="first", maintain_order=True
    )
    return kept.select(COLUMNS).sort("origin", "year", "state", "organisation")


def is_cow_file(path: Path) -> bool:
    """Whether a file has the first columns of the COW list by state and year, and organisations beside them."""
    names = header(path)
    return set(COW_OTHER) <= set(names) and {"UN", "WTO"} <= set(names)


def read_cow_file(path: Path) -> Parsed:
    """Read memberships from the COW list by state and year, one column per organisation.

    Negative values say that the organisation did not exist or that nothing is known: no row is made of them.

    Raises
    ------
    ParseError
        The file is not one.
    """
    organisations = tuple(name for name in header(path) if name not in COW_OTHER)
    text = read_table(path, (*COW_OTHER, *organisations))
    kinds: dict[str, pl.DataType | type[pl.DataType]] = {"ccode": pl.Int32, "year": pl.Int32}
    kinds |= dict.fromkeys(organisations, pl.Int8)
    rows = with_types(text, kinds, path.name, organisations)
    dated = rows.with_columns(pl.date(pl.col("year"), 7, 1).alias("day"))
    found = with_states(dated, ("ccode", "state"), state_numbered, "day", "member")
    named, unknown = only_states(found, ("member",), ("state",), path.name)
    long = named.unpivot(
        organisations, index=["year", "member"], variable_name="organisation", value_name="code"
    )
    sitting = long.filter(pl.col("code").is_in(list(COW_STATUS)))
    tidy = sitting.select(
        pl.col("year").cast(pl.Int16),
        pl.col("member").alias("state"),
        "organisation",
        pl.col("code").replace_strict(COW_STATUS, return_dtype=pl.String).alias("status"),
        pl.lit("cow_igo").alias("origin"),
    )
    distinct = _one_status_each(tidy)
    dropped = {
        "not known whether a member": long.filter(
            pl.col("code").is_null() | (pl.col("code") == COW_UNKNOWN)
        ).height,
        "listed twice": tidy.height - distinct.height,
    }
    return Parsed({"memberships": distinct}, counted(dropped) | unknown)


SOURCE = Source(
    name="memberships",
    title="Membership in international organisations: COW IGO, World Factbook",
    tables=("memberships",),
    formats=(
        Format(
            "cow_igo",
            "COW intergovernmental organisations by state and year, CSV",
            ("state_year_formatv3.csv",),
            is_cow_file,
            read_cow_file,
        ),
    ),
    downloads=(
        Download(
            "cow_igo",
            "https://correlatesofwar.org/wp-content/uploads/state_year_formatv3.zip",
            "state_year_formatv3.zip",
            "memberships of all states to 2014",
            "csv",
        ),
    ),
    extracts=read_extracts,
)
