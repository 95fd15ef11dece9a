"""Who delivers major arms to whom? SIPRI's trend-indicator values by year of delivery.

SIPRI offers the register as a CSV file on its site, behind a form: save "Trade register" as CSV and add it with
``tripoint data add``.
"""

import tempfile
from datetime import date
from pathlib import Path

import polars as pl

from tripoint.errors import ParseError
from tripoint.sources.naming import counted, known_codes, only_states, state_named, with_states
from tripoint.sources.rawfile import check_text, read_table, unpacked, with_types
from tripoint.sources.source import Format, Parsed, Source

KEY = ("year", "recipient", "supplier")
REGISTER = ("Supplier", "Recipient", "Delivery year", "TIV delivery values")
#: Lines of description that may stand above the header of the register.
MOST_PREAMBLE = 40
#: What SIPRI calls states that bear another name here.
SIPRI_NAMES = {"Congo": "COG", "East Germany (GDR)": "DDR", "Libya GNC": "LBY", "Taiwan (ROC)": "TWN"}
#: How SIPRI marks what is no state: armed groups, alliances, unknown parties.
NO_STATE = r"\*|†|(?i)unknown|^NATO$|^United Nations|^African Union|^OSCE"


def read_extracts(folder: Path) -> Parsed:
    """Read yearly deliveries from the shared data folder."""
    rows = pl.read_parquet(folder / "ties" / "arms_sipri_dyad_year.parquet").rename(
        {"reporter": "recipient", "partner": "supplier"}
    )
    states = rows.filter(pl.all_horizontal(pl.col("recipient", "supplier").is_in(known_codes())))
    other = states.filter(pl.col("recipient") != pl.col("supplier"))
    dropped = {
        "not a state": rows.height - states.height,
        "delivered to itself": states.height - other.height,
    }
    return Parsed({"arms_transfers": _summed(other)}, counted(dropped))


def _summed(rows: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.group_by(pl.col("year").cast(pl.Int16), "recipient", "supplier", maintain_order=True)
        .agg(pl.col("value").sum())
        .sort(KEY)
        .with_columns(pl.lit("sipri").alias("origin"))
    )


def is_register(path: Path) -> bool:
    """Whether a file is SIPRI's trade register with one row per year of delivery."""
    try:
        with unpacked(path) as plain, plain.open(encoding="utf-8", errors="replace") as lines:
            return any(_is_header(line) for _, line in zip(range(MOST_PREAMBLE), lines, strict=False))
    except ParseError:
        return False


def _party(on: date | None, name: str | None) -> str | None:
    return state_named(on, SIPRI_NAMES.get(name or "", name))


def _is_header(line: str) -> bool:
    return all(name in line for name in REGISTER)


def read_register(path: Path) -> Parsed:
    """Read deliveries from SIPRI's trade register, one row per weapon, deal and year of delivery.

    Raises
    ------
    ParseError
        The file is not one.
    """
    with tempfile.TemporaryDirectory(prefix="tripoint-") as folder:
        bare = Path(folder) / path.name
        with unpacked(path) as plain:
            check_text(plain, path.name)
            lines = plain.read_text("utf-8-sig").split("\n")
        start = next((k for k, line in enumerate(lines[:MOST_PREAMBLE]) if _is_header(line)), None)
        if start is None:
            raise ParseError(
                f"{path.name}: no header line with {', '.join(REGISTER)}; save SIPRI's trade register as CSV again"
            )
        bare.write_text("\n".join(line.rstrip("\r").rstrip(";") for line in lines[start:]), "utf-8")
        text = read_table(bare, REGISTER)
    parties = text.filter(~pl.any_horizontal(pl.col("Supplier", "Recipient").str.contains(NO_STATE)))
    typed = with_types(parties, {"Delivery year": pl.Int16, "TIV delivery values": pl.Float64}, path.name)
    if (typed["TIV delivery values"] < 0).any():
        raise ParseError(f"{path.name}: a delivery cannot have a negative value")
    dated = typed.with_columns(pl.date(pl.col("Delivery year").cast(pl.Int32), 7, 1).alias("day"))
    for column, name in (("Supplier", "supplier"), ("Recipient", "recipient")):
        dated = with_states(dated, (column,), _party, "day", name)
    named, unknown = only_states(dated, ("supplier", "recipient"), ("Supplier", "Recipient"), path.name)
    other = named.filter(pl.col("supplier") != pl.col("recipient"))
    dropped = {
        "a group, an alliance or an unknown party": text.height - parties.height,
        "delivered to itself": named.height - other.height,
    }
    rows = other.rename({"Delivery year": "year", "TIV delivery values": "value"})
    return Parsed({"arms_transfers": _summed(rows)}, counted(dropped) | unknown)


SOURCE = Source(
    name="arms",
    title="Deliveries of major arms: SIPRI Arms Transfers Database",
    tables=("arms_transfers",),
    formats=(
        Format(
            "sipri_register",
            "SIPRI trade register, CSV",
            ("trade-register.csv",),
            is_register,
            read_register,
        ),
    ),
    downloads=(),
    extracts=read_extracts,
)
