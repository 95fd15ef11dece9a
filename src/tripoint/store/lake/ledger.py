"""What is in a lake: which raw files were taken in, what became of their rows, and in which files the sums lie.

A lake is a folder for each provider. ``lake.json`` names all that counts; it is replaced in one step, after the
files that it names are on the disk. So a lake is at every moment as it was after the last batch that was written
whole, whatever was under way when its writer died.
"""

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from tripoint.errors import StoreError
from tripoint.sources.events import REASONS, DayScan, FileReport
from tripoint.sources.events.drops import ROWS_SHOWN
from tripoint.sources.events.layouts import Provider
from tripoint.sources.events.tally import Window, new_window
from tripoint.store import files

MANIFEST = "lake.json"
PROVIDERS: tuple[Provider, ...] = ("gdelt", "icews", "polecat")
#: Changes when a lake of this code can no longer be read by older code.
LAYOUT = 1

#: Columns of the sums. A role or place that is not said is null, as are mentions where nobody counts them. Goldstein
#: scores are added up in hundredths, and their squares in hundredths of hundredths, as whole numbers: their sums are
#: the same in any order and any engine.
EVENTS = pl.Schema(
    {
        "added": pl.Date(), "day": pl.Date(), "source": pl.String(), "source_role": pl.String(),
        "target": pl.String(), "target_role": pl.String(), "quad": pl.UInt8(), "place": pl.String(),
        "events": pl.UInt32(), "scored": pl.UInt32(), "hundredths": pl.Int64(), "mentions": pl.Int64(),
        "squares": pl.Int64(),
    }
)  # fmt: skip
#: Columns of the list of raw files. ``fault`` says why a file was refused; then none of its rows count.
TAKEN = pl.Schema(
    {
        "name": pl.String(), "size": pl.Int64(), "changed": pl.Int64(), "sha256": pl.String(),
        "layout": pl.String(), "added": pl.Date(), "rows": pl.Int64(), "kept": pl.Int64(), "fault": pl.String(),
        "dropped": pl.List(
            pl.Struct({"reason": pl.String(), "rows": pl.Int64(), "first": pl.List(pl.Int64())})
        ),
    }
)  # fmt: skip
_RESTORE = "move the folder away and take the raw files in again"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a lake: its name, its rows, its SHA-256."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Lake:
    """What a lake holds, as its manifest says.

    Attributes
    ----------
    published_quad
        Whether events are classed by GDELT's own QuadClass, not by the root code.
    parts, lists
        Files with sums of events, and files with what became of raw files, in the order in which they were written.
    window
        File with what is remembered of the last rows, by which repeated ones are known; None before the first.
    """

    layout: int
    provider: Provider
    published_quad: bool
    parts: tuple[Part, ...] = ()
    lists: tuple[Part, ...] = ()
    window: Part | None = None

    @property
    def named(self) -> tuple[Part, ...]:
        """All files that the lake consists of."""
        return (*self.parts, *self.lists, *((self.window,) if self.window else ()))


def lake_folder(home: Path, provider: Provider) -> Path:
    """Where the lake of a provider lies."""
    return home / "events" / provider


def open_lake(home: Path, provider: Provider) -> Lake | None:
    """Give the lake of a provider; None where there is none.

    Raises
    ------
    StoreError
        Its manifest is damaged, or of another layout or provider.
    """
    path = lake_folder(home, provider) / MANIFEST
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read '{path}': {error.strerror}") from None
    try:
        lake = msgspec.json.decode(text, type=Lake)
    except msgspec.MsgspecError as error:
        raise StoreError(f"'{path}' is damaged ({error}); {_RESTORE}") from None
    if lake.provider != provider:
        raise StoreError(f"'{path}' is the list of a lake of {lake.provider}; {_RESTORE}")
    if lake.layout != LAYOUT:
        raise StoreError(f"'{path}' has layout {lake.layout}, this version reads layout {LAYOUT}; {_RESTORE}")
    return lake


def lakes(home: Path) -> tuple[Lake, ...]:
    """All lakes of a home."""
    found = (open_lake(home, provider) for provider in PROVIDERS)
    return tuple(lake for lake in found if lake is not None)


def paths_of(home: Path, lake: Lake) -> list[Path]:
    """Files with the sums of events."""
    folder = lake_folder(home, lake.provider)
    return [folder / part.name for part in lake.parts]


def taken(home: Path, lake: Lake) -> pl.DataFrame:
    """What became of every raw file, the last word on each; columns of `TAKEN`."""
    folder = lake_folder(home, lake.provider)
    lists = [_read(folder, part) for part in lake.lists]
    return pl.concat([TAKEN.to_frame(), *lists]).unique("name", keep="last", maintain_order=True)


def remembered(home: Path, lake: Lake) -> Window:
    """What is remembered of the rows taken in last."""
    if lake.window is None:
        return new_window()
    path = lake_folder(home, lake.provider) / lake.window.name
    window = new_window()
    arrays = (window.state, window.keys)
    size = sum(array.nbytes for array in arrays)
    if _is_altered(path, lake.window) or path.stat().st_size != size:
        raise StoreError(f"'{path}' is missing or damaged; {_RESTORE}")
    with path.open("rb") as file:
        for array in arrays:
            file.readinto(array.data.cast("B"))
    return window


def commit(
    home: Path, lake: Lake, days: Sequence[DayScan], found: pl.DataFrame, window: Window | None
) -> Lake:
    """Write what a batch of days holds, then the manifest that names it, and sweep what nothing names.

    Parameters
    ----------
    found
        What became of the raw files of the batch, from `listed`.
    window
        What is remembered after the batch; None where it remembers nothing new.

    Raises
    ------
    StoreError
        The disk is full, read-only or not ours; the lake is as it was before.
    """
    folder = lake_folder(home, lake.provider)
    number = len(lake.lists) + 1
    parts = [
        _write(folder, f"added/{month}/{number:06d}.parquet", frame)
        for month, frame in _by_month(days).items()
    ]
    lists = [_write(folder, f"files/{number:06d}.parquet", found)]
    kept = lake.window if window is None else _write_window(folder, number, window)
    now = replace(lake, parts=(*lake.parts, *parts), lists=(*lake.lists, *lists), window=kept)
    files.write_atomically(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(now), indent=1))
    sweep(home, now)
    return now


def sweep(home: Path, lake: Lake) -> None:
    """Remove the files that an unfinished batch left, and what is no longer remembered."""
    folder = lake_folder(home, lake.provider)
    known = {folder / part.name for part in lake.named}
    # What a killed process was writing has another name beside the final one; nobody else writes here meanwhile.
    for pattern in ("added/*/*", "files/*", "window/*", f".{MANIFEST}.partial-*"):
        for path in folder.glob(pattern):
            if path not in known and path.is_file():
                path.unlink(missing_ok=True)


def faults(home: Path, lake: Lake) -> tuple[str, ...]:
    """Files of a lake that are missing or not as they were written."""
    folder = lake_folder(home, lake.provider)
    return tuple(
        f"'{folder / part.name}' is missing or damaged; {_RESTORE}"
        for part in lake.named
        if _is_altered(folder / part.name, part)
    )


def listed(
    reports: Sequence[tuple[FileReport, date | None]], sizes: dict[Path, tuple[int, int]]
) -> pl.DataFrame:
    """Put reports of files, each with the day on which its events were added, into a table.

    ``sizes`` has the bytes of each file and when it was last changed.
    """
    seen = [sizes.get(report.path, (0, 0)) for report, _ in reports]
    columns = {
        "name": [report.path.name for report, _ in reports],
        "size": [size for size, _ in seen],
        "changed": [changed for _, changed in seen],
        **{name: [getattr(report, name) for report, _ in reports] for name in ("sha256", "layout")},
        "added": [added for _, added in reports],
        **{name: [getattr(report, name) for report, _ in reports] for name in ("rows", "kept", "fault")},
    }
    known = pl.Schema({name: kind for name, kind in TAKEN.items() if name != "dropped"})
    files_ = pl.DataFrame(columns, schema=known).with_row_index("file")
    dropped = _dropped([report for report, _ in reports])
    whole = files_.join(dropped, on="file", how="left", maintain_order="left")
    return whole.with_columns(pl.col("dropped").fill_null(pl.lit([], TAKEN["dropped"]))).select(TAKEN.names())


def _dropped(reports: Sequence[FileReport]) -> pl.DataFrame:
    """Reasons of each file that has any, by its number: many files at once, since a run may have many."""
    found = np.frombuffer(b"".join(report.found for report in reports), np.int64).reshape(-1, 2 + ROWS_SHOWN)
    number = np.repeat(
        np.arange(len(reports)),
        [len(report.found) // found[:1].nbytes if len(found) else 0 for report in reports],
    )
    shown = np.minimum(found[:, 1], ROWS_SHOWN)
    first = pl.Series(found[:, 2:].ravel()[(np.arange(ROWS_SHOWN) < shown[:, None]).ravel()])
    reason = pl.Series(list(REASONS)).gather(found[:, 0] - 1)
    place = pl.Series(np.repeat(np.arange(len(found)), shown))
    rows = pl.DataFrame({"file": pl.Series(number, dtype=pl.UInt32), "reason": reason, "rows": found[:, 1]})
    firsts = (
        pl.DataFrame({"place": place, "first": first}).group_by("place", maintain_order=True).agg("first")
    )
    each = pl.concat([rows, firsts.select("first")], how="horizontal")
    return each.group_by("file", maintain_order=True).agg(
        pl.struct("reason", "rows", "first").alias("dropped")
    )


def _by_month(days: Sequence[DayScan]) -> dict[str, pl.DataFrame]:
    """Sums of a batch by the month in which they were added, one table each, in the order of their days."""
    months: dict[str, list[pl.DataFrame]] = {}
    for one in days:
        if one.scan.frame.height:
            month = "unknown" if one.added is None else one.added.strftime("%Y-%m")
            added = pl.Series("added", [one.added], dtype=pl.Date).new_from_index(0, one.scan.frame.height)
            months.setdefault(month, []).append(one.scan.frame.with_columns(added))
    return {month: _as_written(pl.concat(frames)) for month, frames in months.items()}


def _as_written(sums: pl.DataFrame) -> pl.DataFrame:
    return sums.with_columns(
        pl.col(pl.Enum).cast(pl.String),
        (100 * pl.col("goldstein")).round().cast(pl.Int64).alias("hundredths"),
        (10_000 * pl.col("squares")).round().cast(pl.Int64).alias("squares"),
    ).select(EVENTS.names())


def _write(folder: Path, name: str, frame: pl.DataFrame) -> Part:
    packed = io.BytesIO()
    frame.write_parquet(packed, compression="zstd", compression_level=1)
    return _put(folder, name, (packed.getbuffer(),), frame.height)


def _write_window(folder: Path, number: int, window: Window) -> Part:
    whole = (array.data.cast("B") for array in (window.state, window.keys))
    return _put(folder, f"window/{number:06d}.bin", whole, 0)


def _put(folder: Path, name: str, pieces: Iterable[memoryview], rows: int) -> Part:
    """Write a file of a lake. Pieces come packed: the packers do not say that a disk is full, Python does."""
    digest = hashlib.sha256()
    with files.replacing(folder / name) as partial, partial.open("wb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
    return Part(name, rows, digest.hexdigest())


def _read(folder: Path, part: Part) -> pl.DataFrame:
    path = folder / part.name
    if _is_altered(path, part):
        raise StoreError(f"'{path}' is missing or damaged; {_RESTORE}")
    return pl.read_parquet(path)


def _is_altered(path: Path, part: Part) -> bool:
    return not path.is_file() or files.sha256_of(path) != part.sha256
