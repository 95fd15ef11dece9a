"""The shared data, where a checkout has it."""

from pathlib import Path

import pytest

from tripoint.sources import SOURCES, Parsed

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="session")
def extracts() -> dict[str, Parsed]:
    """What each source reads from the shared data."""
    if not SHARED.is_dir():
        pytest.skip("the shared data are not beside this checkout")
    return {source.name: source.extracts(SHARED) for source in SOURCES if source.extracts}
