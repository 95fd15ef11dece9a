from pathlib import Path

import polars as pl
import pytest

from tripoint.core.codebook import Codebook, Column, Correction


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home of tables."""
    return tmp_path / "home"


@pytest.fixture
def book() -> Codebook:
    """A small codebook with a column of every kind and two corrections."""
    return Codebook(
        table="lends",
        question="Who lends to whom?",
        grain="state-year and origin",
        key=("year", "state", "origin"),
        columns=(
            Column("year", "integer", "Calendar year.", minimum=1990, maximum=2100),
            Column("state", "state", "The borrower."),
            Column("origin", "text", "Who counted.", allowed=("bank", "fund")),
            Column("share", "number", "Share of the debt.", unit="share", minimum=0, maximum=1),
            Column("day", "date", "Day of publication.", nullable=True),
            Column("final", "flag", "Whether it is final.", nullable=True),
        ),
        licence="Public domain.",
        lag_days=30,
        cite=(),
        period="year",
        corrections=(
            Correction("halved", "exclude", {"origin": ("bank",), "from": ("2010",), "to": (2011,)}, "", ""),
            Correction("twice", "exclude", {"year": (2011,), "state": ("KAZ",)}, "", ""),
            Correction("rounded", "note", {"state": ("KAZ",)}, "", ""),
        ),
    )


@pytest.fixture
def rows() -> pl.DataFrame:
    """Rows without a fault for that codebook."""
    return pl.DataFrame(
        {
            "year": [2009, 2010, 2011, 2011],
            "state": ["KAZ", "UZB", "KAZ", "MNG"],
            "origin": ["bank", "bank", "bank", "fund"],
            "share": [0.0, 0.5, 1.0, 0.25],
            "day": [None, None, None, None],
            "final": [True, False, None, True],
        },
        schema_overrides={"day": pl.Date},
    )
