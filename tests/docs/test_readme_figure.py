"""The figure in the README says what the vintage in the package says."""

from pathlib import Path

from tripoint.core.triad import Triad
from tripoint.faces.figures.barometer import barometer_figure
from tripoint.readings.reading import take_reading

FIGURE = Path(__file__).parents[2] / "docs" / "figures" / "barometer.svg"


def test_the_figure_in_the_readme_is_of_the_vintage_in_the_package():
    chart = barometer_figure(take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled"))
    assert chart is not None
    assert f"<desc>{chart.description}</desc>" in FIGURE.read_text("utf-8")
