"""How much do firms of one economy own in another? The IMF's positions of direct investment by counterpart.

The IMF gives them in two layouts: its service in US dollars in full, the export of its site in millions.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tripoint.errors import ParseError
from tripoint.sources.naming import counted, known_codes, only_states, state_named, with_states
from tripoint.sources.rawfile import header, read_table, with_types
from tripoint.sources.source import Download, Format, Parsed, Source

KEY = ("year", "host", "investor", "origin")

#: What the extract calls a report: (its origin here, whether the reporter is the host).
REPORTS = {
    "fdi_outward_stock": ("imf_dip_investor", False),
    "fdi_inward_stock": ("imf_dip_host", True),
    "fdi_outward_stock_mirror": ("imf_dip_investor_mirror", False),
    "fdi_inward_stock_mirror": ("imf_dip_host_mirror", True),
}

#: Codes of the IMF in the extract that are not of ISO: Kosovo, and the West Bank and Gaza.
EXTRACT_CODES = {"KOS": "XKX", "WBG": "PSE"}

DIP = "https://api.imf.org/external/sdmx/3.0/data/dataflow/IMF.STA/DIP/+"
#: Net positions in all instruments of all entities, and whose report they are.
INDICATORS = {"INWD_D_NETLA_FALL_ALL": "host", "OTWD_D_NETAL_FALL_ALL": "investor"}
#: Whether an economy reported a position, or the IMF derived it from what the counterpart reported.
REPORTED = {"O": "", "SCC": "_mirror"}
#: Codes of economies; groups of them have other lengths or figures (G001, TX983).
ECONOMY = "^[A-Z]{3}$"
#: Among so many positions the largest is never smaller than this many dollars.
FEWEST_DOLLARS, MANY_POSITIONS = 1e8, 10_000


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the columns are called, and how many of the unit of a value make a million dollars."""

    reporter: str
    partner: str
    derived: str
    indicator: str
    frequency: str
    per_million: float

    @property
    def key(self) -> tuple[str, ...]:
        return (self.reporter, self.partner, self.derived, self.indicator, self.frequency, "TIME_PERIOD")


_SERVICE = _Layout("COUNTRY", "COUNTERPART_COUNTRY", "DV_TYPE", "INDICATOR", "FREQUENCY", 1e6)
_SITE = _Layout(
    "COUNTRY.ID", "COUNTERPART_COUNTRY.ID", "DV_TYPE.ID", "INDICATOR.ID", "FREQUENCY.ID", per_million=1.0
)


def read_extracts(folder: Path) -> Parsed:
    """Read positions from the shared data folder."""
    rows = pl.read_parquet(folder / "ties" / "fdi_stock_imf_dip.parquet").with_columns(
        pl.col("reporter", "partner").replace(EXTRACT_CODES)
    )
    host = pl.col("kind").replace_strict(
        {kind: host for kind, (_, host) in REPORTS.items()}, return_dtype=pl.Boolean
    )
    origin = pl.col("kind").replace_strict({kind: name for kind, (name, _) in REPORTS.items()})
    oriented = rows.select(
        pl.col("year").cast(pl.Int16),
        pl.when(host).then("reporter").otherwise("partner").alias("host"),
        pl.when(host).then("partner").otherwise("reporter").alias("investor"),
        "value",
        origin.alias("origin"),
    )
    states = oriented.filter(pl.all_horizontal(pl.col("host", "investor").is_in(known_codes())))
    other = states.filter(pl.col("host") != pl.col("investor"))
    dropped = {
        "a group, not a state": oriented.height - states.height,
        "in itself": states.height - other.height,
    }
    return Parsed({"fdi_stocks": other.sort("year", "host", "investor", "origin")}, counted(dropped))


def is_dip_file(path: Path) -> bool:
    """Whether a file has the columns of the IMF's direct investment positions, from its service or its site."""
    names = set(header(path))
    return any({*layout.key, "OBS_VALUE"} <= names for layout in (_SERVICE, _SITE))


def read_dip_file(path: Path) -> Parsed:
    """Read positions from a file of the IMF's direct investment positions by counterpart (DIP).

    Files of the service (column COUNTRY has codes) are in US dollars in full; a column SCALE says how the IMF
    shows them and is no factor. Exports of the site (columns COUNTRY.ID and COUNTRY) are in millions. Positions
    between economies may be negative.

    Raises
    ------
    ParseError
        The file is not one, or its values are not in the unit of its layout.
    """
    layout = _SITE if _SITE.reporter in header(path) else _SERVICE
    text = read_table(path, (*layout.key, "OBS_VALUE"), ("ACTION",))
    # The service's first row describes the data set and has no key.
    described = text.filter(pl.any_horizontal(pl.col(layout.key).is_not_null()))
    standing = described.filter(pl.col("ACTION").fill_null("R") != "D")
    yearly = standing.filter(pl.col(layout.frequency) == "A")
    total = yearly.filter(
        pl.col(layout.indicator).is_in(INDICATORS.keys()), pl.col(layout.derived).is_in(REPORTED.keys())
    )
    said = pl.col("TIME_PERIOD").is_not_null() & ~pl.col("OBS_VALUE").is_in(["NaN", "NA"])
    observed = total.filter(said)  # null is not observed either
    between = observed.filter(
        pl.all_horizontal(pl.col(layout.reporter, layout.partner).str.contains(ECONOMY))
    )
    typed = with_types(between, {"TIME_PERIOD": pl.Int16, "OBS_VALUE": pl.Float64}, path.name)
    _check_unit(typed, layout, path.name)
    named, unknown = _with_economies(typed, layout, path.name)
    rows = _oriented(named, layout)
    other = rows.filter(pl.col("host") != pl.col("investor"))
    distinct = other.unique(maintain_order=True)
    agreed = distinct.filter(~distinct.select(KEY).is_duplicated())
    dropped = {
        "no key": text.height - described.height,
        "deleted by the IMF": described.height - standing.height,
        "not yearly": standing.height - yearly.height,
        "another indicator": yearly.height - total.height,
        "not observed or confidential": total.height - observed.height,
        "a group, not a state": observed.height - between.height,
        "in itself": rows.height - other.height,
        "repeated row": other.height - distinct.height,
        "two different values of one position": distinct.height - agreed.height,
    }
    return Parsed({"fdi_stocks": agreed.sort(KEY)}, counted(dropped) | unknown)


def _check_unit(rows: pl.DataFrame, layout: _Layout, file: str) -> None:
    largest = float(rows["OBS_VALUE"].abs().max() or 0)  # pyright: ignore[reportArgumentType]
    if layout is _SERVICE and rows.height > MANY_POSITIONS and 0 < largest < FEWEST_DOLLARS:
        raise ParseError(
            f"{file}: the largest of {rows.height} positions is {largest:.3g}: the values are not in dollars "
            "in full. Fetch the file again as the IMF's service gives it"
        )


def _with_economies(rows: pl.DataFrame, layout: _Layout, file: str) -> tuple[pl.DataFrame, dict[str, int]]:
    named = rows.with_columns(pl.date(pl.col("TIME_PERIOD").cast(pl.Int32), 12, 31).alias("day"))
    for column, name in ((layout.reporter, "reporter"), (layout.partner, "partner")):
        named = with_states(named, (column,), state_named, "day", name)
    return only_states(named, ("reporter", "partner"), (layout.reporter, layout.partner), file)


def _oriented(rows: pl.DataFrame, layout: _Layout) -> pl.DataFrame:
    side = pl.col(layout.indicator).replace_strict(INDICATORS, return_dtype=pl.String)
    inward = side == "host"
    return rows.select(
        pl.col("TIME_PERIOD").alias("year"),
        pl.when(inward).then("reporter").otherwise("partner").alias("host"),
        pl.when(inward).then("partner").otherwise("reporter").alias("investor"),
        (pl.col("OBS_VALUE") / layout.per_million).alias("value"),
        pl.concat_str(
            pl.lit("imf_dip_"), side, pl.col(layout.derived).replace_strict(REPORTED, return_dtype=pl.String)
        ).alias("origin"),
    )


SOURCE = Source(
    name="investment",
    title="Direct investment positions: IMF",
    tables=("fdi_stocks",),
    formats=(
        Format(
            "imf_dip",
            "IMF Direct Investment Positions by counterpart economy, CSV",
            tuple(f"dip_{side}s.csv" for side in INDICATORS.values()),
            is_dip_file,
            read_dip_file,
        ),
    ),
    downloads=tuple(
        Download(
            f"dip_{side}s",
            f"{DIP}/*.*.{indicator}.*.A",
            f"dip_{side}s.csv",
            f"yearly positions as {side}s see them, all economies; the IMF takes minutes to answer",
            "csv",
            headers={
                "Accept": "application/vnd.sdmx.data+csv;version=2.0.0",
                "User-Agent": "Mozilla/5.0 (compatible; tripoint)",
            },
        )
        for indicator, side in INDICATORS.items()
    ),
    extracts=read_extracts,
)
