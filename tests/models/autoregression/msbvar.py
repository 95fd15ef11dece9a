"""Numbers of the R package MSBVAR, and its series, which are not ours to pass on.

Who has the package writes its series as ``{"weekly": {"i2p": [...], "p2i": [...]}, "monthly": {..., "jpi": [...]}}``
into a JSON file and names it in ``TRIPOINT_MSBVAR_SERIES``; elsewhere the tests on them are skipped.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "var_bvar_msbvar.json").read_text())
EXPECTED = REFERENCE["expected"]


def msbvar_series(name: str) -> np.ndarray:
    """The weekly or monthly series, one column for each."""
    path = os.environ.get("TRIPOINT_MSBVAR_SERIES")
    if not path:
        pytest.skip(
            "the series of MSBVAR are not passed on; TRIPOINT_MSBVAR_SERIES names them where they are"
        )
    given = json.loads(Path(path).read_text())[name]
    declared = REFERENCE["inputs"][name]
    series = np.column_stack([given[column] for column in declared["columns"]])
    assert len(series) == declared["periods"]
    return series
