"""How results and progress leave the process: text or JSON on stdout, bars and notes on stderr."""

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tripoint.faces.cli.edge import complain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: Columns where stdout is no terminal, and the most that text is spread over in one.
NARROW, WIDEST = 80, 110
#: What stands for dashes and bars where stdout has none.
_POOR = str.maketrans("–▁▂▃▄▅▆▇█", "-_.,:;+*#")


def write(text: str) -> None:
    """Write text to stdout at once, with a line end."""
    if sys.stdout is not None:
        text = text if _is_unicode() else text.translate(_POOR)
        sys.stdout.write(text.rstrip("\n") + "\n")
        sys.stdout.flush()


def write_json(data: Any) -> None:
    """Write strict JSON: what is not observed is null, never NaN."""
    write(json.dumps(plain(data), allow_nan=False, ensure_ascii=not _is_unicode(), indent=1))


def _is_unicode() -> bool:
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"


def plain(data: Any) -> Any:
    """Turn results into what JSON can say.

    Examples
    --------
    >>> plain({"value": float("nan"), "day": date(2023, 12, 31), "pair": ("RUS", "CHN")})
    {'value': None, 'day': '2023-12-31', 'pair': ['RUS', 'CHN']}
    """
    if data is None or isinstance(data, str | bool | int):
        return data
    if isinstance(data, dict):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, date):
        return data.isoformat()
    if isinstance(data, Path):
        return str(data)
    if hasattr(data, "item"):  # a number of numpy
        return plain(data.item())
    return [plain(value) for value in data]


def show(*parts: "RenderableType", wide: bool = False) -> None:
    """Write tables and paragraphs to stdout, plain where it is no terminal.

    Parameters
    ----------
    wide
        Let lines be as long as they are where stdout is no terminal, for rows that another program reads.
    """
    from rich.console import Console

    console = Console(file=sys.stdout, markup=False, highlight=False, emoji=False, soft_wrap=False)
    console.width = _columns(console, wide=wide)
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    write("\n".join(line.rstrip() for line in capture.get().split("\n")))


def _columns(console: "Console", *, wide: bool) -> int:
    asked = os.environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    if console.is_terminal:
        return console.width if wide else min(console.width, WIDEST)
    return 10_000 if wide else NARROW


def note(message: str) -> None:
    """Tell something beside the result, on stderr."""
    complain(message, prefix="note: ")


def _is_watched() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def bar() -> Iterator[Callable[[float, str], None]]:
    """One progress bar on stderr; gives a function that takes the share done and what is being done."""
    if not _is_watched():
        yield lambda share, doing: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=1.0)
        yield lambda share, doing: progress.update(task, completed=share, description=doing)


@contextmanager
def bars() -> Iterator[Callable[[str, int, int | None], None]]:
    """One progress bar per file on stderr; gives a function that takes its name, the bytes so far and the total."""
    if not _is_watched():
        yield lambda name, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks: dict[str, Any] = {}

        def tell(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)

        yield tell
