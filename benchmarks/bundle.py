"""Build the vintage that ships in the package, and the figure in the README: ``python -m benchmarks.bundle DATA``."""

import sys
import time
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tripoint.build import read_tables, write_bundle
from tripoint.core.triad import Triad
from tripoint.faces.figures import theme
from tripoint.faces.figures.barometer import barometer_figure
from tripoint.readings.reading import take_reading
from tripoint.store.vintages import Vintage, bundled_path


def main(extracts: Path) -> None:
    """Build, write, and say what was written."""
    start = time.perf_counter()
    columns = (TextColumn("{task.description:<40}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("reading tables", total=1.0)
        tables = read_tables(extracts)
        vintage = write_bundle(
            bundled_path(),
            tables,
            progress=lambda share, doing: bar.update(task, completed=share, description=doing),
        )
    draw_figure(vintage)
    size = sum(file.stat().st_size for file in vintage.path.iterdir())
    print(f"{vintage.manifest.name}: {size / 1e6:.1f} MB in {time.perf_counter() - start:.0f} s")


def draw_figure(vintage: Vintage) -> None:
    """The home case's barometer as the README shows it."""
    reading = take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage=vintage)
    title = "The barometer of Russia and China read through Kazakhstan"
    picture = theme.svg(
        barometer_figure(reading), title=title, description="0 to 100 by year, with a 90% band"
    )
    Path("docs/figures/barometer.svg").write_text(picture, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
