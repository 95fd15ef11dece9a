"""How much do firms of one economy own in another? The IMF's positions of direct investment by counterpart.

The IMF offers the positions as SDMX; save them as a table with the columns of the codebook and add it with
``tripoint data add``.
"""

from pathlib import Path

import polars as pl

from tripoint.sources.naming import counted, known_codes
from tripoint.sources.source import Parsed, Source

#: What the extract calls a report: (its origin here, whether the reporter is the host).
REPORTS = {
    "fdi_outward_stock": ("imf_dip_investor", False),
    "fdi_inward_stock": ("imf_dip_host", True),
    "fdi_outward_stock_mirror": ("imf_dip_investor_mirror", False),
    "fdi_inward_stock_mirror": ("imf_dip_host_mirror", True),
}


def read_extracts(folder: Path) -> Parsed:
    """Read positions from the shared data folder."""
    rows = pl.read_parquet(folder / "ties" / "fdi_stock_imf_dip.parquet")
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


SOURCE = Source(
    name="investment",
    title="Direct investment positions: IMF",
    tables=("fdi_stocks",),
    formats=(),
    downloads=(),
    extracts=read_extracts,
)
