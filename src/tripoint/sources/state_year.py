"""How large, rich, strong and democratic is a state? World Bank, COW, V-Dem and Polity figures by year."""

from functools import partial
from pathlib import Path

import msgspec
import polars as pl

from tripoint.errors import ParseError
from tripoint.sources.naming import counted, known_codes
from tripoint.sources.rawfile import check_text, first_line, unpacked, with_types
from tripoint.sources.source import Download, Format, Parsed, Source

KEY = ("year", "state", "indicator")
COLUMNS = (*KEY, "value", "unit", "origin")

WORLD_BANK_DATA = "https://api.worldbank.org/v2"
#: Indicator of the World Bank to its name and unit here.
WORLD_BANK = {"NY.GDP.MKTP.CD": ("gdp_current_usd", "usd"), "SP.POP.TOTL": ("population", "persons")}
#: Rows of a page: the most that the World Bank gives at once.
PAGE = 20_000

#: Unit in the extract to (unit in the table, factor): thousands are multiplied out.
EXTRACT_UNITS = {
    "USD": ("usd", 1.0),
    "thousand USD": ("usd", 1000.0),
    "persons": ("persons", 1.0),
    "thousand": ("persons", 1000.0),
    "index": ("index", 1.0),
    "thousand t": ("tonnes", 1000.0),
    "thousand tce": ("tonnes_coal_equivalent", 1000.0),
}


def read_extracts(folder: Path) -> Parsed:
    """Read the indicators from the shared data folder."""
    rows = pl.read_parquet(folder / "ties" / "state_year.parquet").rename(
        {"reporter": "state", "kind": "indicator"}
    )
    states = rows.filter(pl.col("state").is_in(known_codes()))
    agreed = without_contradictions(states)
    observed = agreed.filter(pl.col("value").is_not_nan() & pl.col("value").is_not_null())
    dropped = {
        "a group of states, not a state": rows.height - states.height,
        "two different values for one state, year and indicator": states.height - agreed.height,
        "not observed": agreed.height - observed.height,
    }
    return Parsed({"state_year": _tidy(observed)}, counted(dropped))


def without_contradictions(rows: pl.DataFrame) -> pl.DataFrame:
    """Keep one of several equal rows of a key, and none where they differ.

    In the year of a unification two states of the data share one code (Germany, Yemen in 1990): which of
    the two a value belongs to cannot be told, so neither is kept.
    """
    distinct = rows.unique(maintain_order=True)
    return distinct.filter(~distinct.select(KEY).is_duplicated())


def _tidy(rows: pl.DataFrame) -> pl.DataFrame:
    factors = {name: factor for name, (_, factor) in EXTRACT_UNITS.items()}
    units = {name: unit for name, (unit, _) in EXTRACT_UNITS.items()}
    indicator = pl.col("indicator")
    return rows.with_columns(
        pl.col("year").cast(pl.Int16),
        pl.col("value") * pl.col("unit").replace_strict(factors, return_dtype=pl.Float64),
        pl.col("unit").replace_strict(units),
        pl.when(indicator.str.starts_with("nmc_"))
        .then(pl.lit("cow_nmc"))
        .when(indicator == "v2x_polyarchy")
        .then(pl.lit("vdem"))
        .when(indicator == "polity2")
        .then(pl.lit("polity"))
        .otherwise(pl.lit("world_bank"))
        .alias("origin"),
    ).select(COLUMNS)


def is_world_bank_file(path: Path) -> bool:
    """Whether a file is an answer of the World Bank's interface, in JSON."""
    return first_line(path).replace(" ", "").startswith('[{"page":')


def read_world_bank_file(path: Path) -> Parsed:
    """Read one page of an indicator from the World Bank.

    Raises
    ------
    ParseError
        The file is not one, is cut off, or is an error message of the World Bank.
    """
    meta, observations = _answer(path)
    rows = pl.DataFrame(
        [(one.indicator.id, one.countryiso3code, one.date, one.value) for one in observations],
        schema={"code": pl.String, "state": pl.String, "date": pl.String, "value": pl.Float64},
        orient="row",
    ).with_row_index("row", offset=1)
    if meta.pages == 1 and rows.height != meta.total:
        raise ParseError(f"{path.name}: has {rows.height} of {meta.total} observations; fetch it again")
    wanted = rows.filter(pl.col("code").is_in(WORLD_BANK.keys()))
    states = wanted.filter(pl.col("state").is_in(known_codes()))
    observed = states.filter(pl.col("value").is_not_null())
    if rows.height and states.is_empty():
        raise ParseError(f"{path.name}: no row has one of {', '.join(WORLD_BANK)} and a state that is known")
    tidy = with_types(observed, {"date": pl.Int16}, path.name).select(
        pl.col("date").alias("year"),
        "state",
        pl.col("code")
        .replace_strict({code: name for code, (name, _) in WORLD_BANK.items()})
        .alias("indicator"),
        "value",
        pl.col("code").replace_strict({code: unit for code, (_, unit) in WORLD_BANK.items()}).alias("unit"),
        pl.lit("world_bank").alias("origin"),
    )
    dropped = {
        "another indicator": rows.height - wanted.height,
        "a group of states, not a state": wanted.height - states.height,
        "not observed": states.height - observed.height,
    }
    return Parsed({"state_year": tidy}, counted(dropped))


def _answer(path: Path) -> "tuple[_Meta, list[_Observation]]":
    with unpacked(path) as plain:
        check_text(plain, path.name)
        data = plain.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        meta, observations = msgspec.json.decode(data, type=tuple[_Meta, list[_Observation] | None])
    except msgspec.ValidationError as error:
        complaint = data[:200].decode("utf-8", "replace")
        raise ParseError(
            f"{path.name}: not an answer with observations ({error}), but {complaint!r}"
        ) from None
    except msgspec.DecodeError as error:
        raise ParseError(f"{path.name}: the JSON is damaged or cut off ({error}); fetch it again") from None
    return meta, observations or []


class _Meta(msgspec.Struct):
    page: int
    pages: int
    total: int


class _Indicator(msgspec.Struct):
    id: str


class _Observation(msgspec.Struct):
    indicator: _Indicator
    countryiso3code: str
    date: str
    value: float | None


def choose_pages(count: str, indicator: str) -> tuple[Download, ...]:
    """Give a download for each page that an indicator fills, from an answer that says how many rows it has.

    Raises
    ------
    ParseError
        The answer does not say.
    """
    try:
        (meta, _) = msgspec.json.decode(count, type=tuple[_Meta, list[_Observation] | None])
    except msgspec.DecodeError:
        raise ParseError(
            f"the World Bank sent no count of rows for {indicator}, but {count[:200]!r}"
        ) from None
    name, _ = WORLD_BANK[indicator]
    return tuple(
        Download(
            name,
            f"{_address(indicator)}&per_page={PAGE}&page={page}",
            f"{name}-{page}.json",
            f"{name} of all states and years, page {page}",
            "json",
        )
        for page in range(1, max(1, -(-meta.total // PAGE)) + 1)
    )


def _address(indicator: str) -> str:
    return f"{WORLD_BANK_DATA}/country/all/indicator/{indicator}?format=json"


SOURCE = Source(
    name="state_year",
    title="Size and regime of states: World Bank, COW, V-Dem, Polity",
    tables=("state_year",),
    formats=(
        Format(
            "world_bank",
            "World Bank indicators, JSON",
            tuple(f"{name}-1.json" for name, _ in WORLD_BANK.values()),
            is_world_bank_file,
            read_world_bank_file,
        ),
    ),
    downloads=tuple(
        Download(
            name,
            f"{_address(indicator)}&per_page=1",
            f"{name}.json",
            "number of rows, to know the pages",
            "json",
            resolve=partial(choose_pages, indicator=indicator),
        )
        for indicator, (name, _) in WORLD_BANK.items()
    ),
    extracts=read_extracts,
)
