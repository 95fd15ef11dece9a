"""How much do governments lend and firms invest abroad, deal by deal? Chinese finance, as AidData and AEI record it.

Both providers offer spreadsheets on their sites: add AidData's archive or the .xlsx file in it, and AEI's .xlsx
file, with ``tripoint data add``.
"""

from datetime import date
from pathlib import Path

import polars as pl

from tripoint.errors import ParseError
from tripoint.sources.naming import counted, known_codes, only_states, state_named, with_states
from tripoint.sources.rawfile import with_types
from tripoint.sources.source import Format, Parsed, Source
from tripoint.sources.spreadsheet import read_sheet, sheet_names

KINDS = {"chn_oda_commitment": "oda", "chn_oof_commitment": "oof", "chn_vague_commitment": "vague"}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

GCDF_SHEET = "GCDF_3.0"
#: Columns of AidData's sheet that are read.
RECOMMENDED, COMMITTED, CLASS = "Recommended For Aggregates", "Commitment Year", "Flow Class"
RECIPIENT, RECIPIENT_CODE, AMOUNT = "Recipient", "Recipient ISO-3", "Amount (Constant USD 2021)"
CLASSES = {"ODA-like": "oda", "OOF-like": "oof", "Vague (Official Finance)": "vague"}
#: How AidData calls recipients that are several states.
SEVERAL = r"(?i)\bregional\b|^multi-"

#: Investments; the sheets beside it have construction contracts, troubled deals, and all together.
CGIT_SHEET = "Dataset 1"
CGIT = (
    "Year", "Month", "Investor", "Quantity in Millions", "Transaction Party", "Sector", "Country",
)  # fmt: skip
#: What AEI calls states that bear another name here.
AEI_NAMES = {"Congo": "COG"}


def read_extracts(folder: Path) -> Parsed:
    """Read commitments and deals from the shared data folder."""
    commitments = pl.read_parquet(folder / "ties" / "china_finance_gcdf3.parquet").select(
        pl.col("year").cast(pl.Int16),
        pl.col("partner").alias("recipient"),
        pl.col("reporter").alias("lender"),
        pl.col("kind").replace_strict(KINDS, return_dtype=pl.String),
        "value",
        pl.lit("aiddata_gcdf").alias("origin"),
    )
    known = commitments.filter(pl.col("recipient").is_in(known_codes()))
    deals = _deals(pl.read_parquet(folder / "ties" / "china_investment_cgit_deals.parquet"))
    placed = deals.filter(pl.col("host").is_in(known_codes()))
    dropped = {
        "commitment to a region, not a state": commitments.height - known.height,
        "deal in no known state": deals.height - placed.height,
    }
    return Parsed({"development_finance": known, "investment_deals": placed}, counted(dropped))


def _deals(rows: pl.DataFrame) -> pl.DataFrame:
    months = {name: number for number, name in enumerate(MONTHS, start=1)}
    said = [
        pl.when(pl.col(name) != "nan").then(pl.col(name)).alias(name)
        for name in ("investor", "target", "sector")
    ]
    tidy = rows.with_columns(said).select(
        pl.col("year").cast(pl.Int16),
        pl.col("month").replace_strict(months, return_dtype=pl.Int8),
        pl.col("partner").alias("host"),
        pl.col("reporter").alias("investor"),
        pl.col("investor").alias("company"),
        "target",
        "sector",
        pl.col("value").cast(pl.Float64),
        pl.lit("aei_cgit").alias("origin"),
    )
    return _numbered(tidy)


def _numbered(deals: pl.DataFrame) -> pl.DataFrame:
    ordered = deals.sort("year", "month", maintain_order=True)
    return ordered.with_row_index("deal", offset=1).with_columns(pl.col("deal").cast(pl.Int32))


def is_gcdf_file(path: Path) -> bool:
    """Whether a file is AidData's spreadsheet of version 3.0, or the archive that it comes in."""
    return GCDF_SHEET in sheet_names(path)


def read_gcdf_file(path: Path) -> Parsed:
    """Read commitments from AidData's Global Chinese Development Finance Dataset, version 3.0.

    Only projects that AidData recommends for sums are read: the others are pledges, cancelled, or umbrellas of
    projects that are listed too. Amounts become millions, summed by year, recipient and class of flow.

    Raises
    ------
    ParseError
        The file is not one.
    """
    text = read_sheet(path, GCDF_SHEET, (RECOMMENDED, COMMITTED, RECIPIENT, RECIPIENT_CODE, CLASS, AMOUNT))
    counting = text.filter(pl.col(RECOMMENDED) == "Yes")
    states = counting.filter(~pl.col(RECIPIENT).fill_null("").str.contains(SEVERAL))
    official = states.filter(pl.col(CLASS).is_in(CLASSES.keys()))
    typed = with_types(official, {COMMITTED: pl.Int16, AMOUNT: pl.Float64}, path.name, (AMOUNT,))
    valued = typed.filter(pl.col(AMOUNT).is_not_null())
    if (valued[AMOUNT] < 0).any():
        raise ParseError(f"{path.name}: a commitment cannot be negative")
    dated = valued.with_columns(pl.date(pl.col(COMMITTED).cast(pl.Int32), 7, 1).alias("day"))
    found = with_states(dated, (RECIPIENT_CODE, RECIPIENT), state_named, "day", "recipient")
    named, unknown = only_states(found, ("recipient",), (RECIPIENT,), path.name)
    dropped = {
        "project not recommended for sums (pledge, cancelled, umbrella)": text.height - counting.height,
        "commitment to a region, not a state": counting.height - states.height,
        "another class of flow": states.height - official.height,
        "no amount is known": typed.height - valued.height,
    }
    return Parsed({"development_finance": _by_year(named)}, counted(dropped) | unknown)


def _by_year(projects: pl.DataFrame) -> pl.DataFrame:
    """Sum projects in dollars by year, recipient and class of flow, in millions."""
    key = (
        pl.col(COMMITTED).alias("year"),
        "recipient",
        pl.lit("CHN").alias("lender"),
        pl.col(CLASS).replace_strict(CLASSES, return_dtype=pl.String).alias("kind"),
    )
    summed = projects.group_by(*key, maintain_order=True).agg((pl.col(AMOUNT).sum() / 1e6).alias("value"))
    return summed.with_columns(pl.lit("aiddata_gcdf").alias("origin")).sort("year", "recipient", "kind")


def is_cgit_file(path: Path) -> bool:
    """Whether a file is a spreadsheet, and not AidData's; whether it is AEI's is said in words when it is read."""
    names = sheet_names(path)
    return bool(names) and GCDF_SHEET not in names


def read_cgit_file(path: Path) -> Parsed:
    """Read investments from AEI's China Global Investment Tracker.

    Raises
    ------
    ParseError
        The file is not one.
    """
    text = read_sheet(path, CGIT_SHEET, CGIT)
    # Notes stand below the table, in the first column or two.
    deals = text.filter(pl.any_horizontal(pl.col("Month", "Country", "Quantity in Millions").is_not_null()))
    value = pl.col("Quantity in Millions").str.replace_all(r"[$,\s]", "")
    plain = deals.with_columns(value, pl.col("Month").replace(dict(zip(MONTHS, _numbers(), strict=True))))
    kinds = {"Year": pl.Int16, "Month": pl.Int8, "Quantity in Millions": pl.Float64}
    typed = with_types(plain, kinds, path.name)
    if not typed["Month"].is_between(1, 12).all() or (typed["Quantity in Millions"] < 0).any():
        raise ParseError(f"{path.name}: a month must be 1 to 12 or its name, and no deal may be negative")
    dated = typed.with_columns(pl.date(pl.col("Year").cast(pl.Int32), pl.col("Month"), 1).alias("day"))
    found = with_states(dated, ("Country",), _host, "day", "host")
    named, unknown = only_states(found, ("host",), ("Country",), path.name)
    tidy = named.select(
        pl.col("Year").alias("year"),
        pl.col("Month").alias("month"),
        "host",
        pl.lit("CHN").alias("investor"),
        pl.col("Investor").alias("company"),
        pl.col("Transaction Party").alias("target"),
        pl.col("Sector").alias("sector"),
        pl.col("Quantity in Millions").alias("value"),
        pl.lit("aei_cgit").alias("origin"),
    )
    dropped = {"no deal": text.height - deals.height}
    return Parsed({"investment_deals": _numbered(tidy)}, counted(dropped) | unknown)


def _numbers() -> tuple[str, ...]:
    return tuple(str(number) for number in range(1, len(MONTHS) + 1))


def _host(on: date | None, name: str | None) -> str | None:
    return state_named(on, AEI_NAMES.get(name or "", name))


SOURCE = Source(
    name="finance",
    title="Chinese official finance and investment deals: AidData GCDF 3.0, AEI China Global Investment Tracker",
    tables=("development_finance", "investment_deals"),
    formats=(
        Format(
            "aiddata_gcdf",
            "AidData Global Chinese Development Finance Dataset 3.0, spreadsheet",
            ("AidDatasGlobalChineseDevelopmentFinanceDataset_v3.0.xlsx",),
            is_gcdf_file,
            read_gcdf_file,
        ),
        Format(
            "aei_cgit",
            "AEI China Global Investment Tracker, spreadsheet",
            ("China-Global-Investment-Tracker.xlsx",),
            is_cgit_file,
            read_cgit_file,
        ),
    ),
    downloads=(),
    extracts=read_extracts,
)
