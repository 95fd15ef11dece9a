"""Build the vintage that ships in the package: ``python -m benchmarks.bundle ../shared/data``."""

import sys
import time
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tripoint.build import read_tables, write_bundle
from tripoint.store.vintages import bundled_path


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
    size = sum(file.stat().st_size for file in vintage.path.iterdir())
    print(f"{vintage.manifest.name}: {size / 1e6:.1f} MB in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
