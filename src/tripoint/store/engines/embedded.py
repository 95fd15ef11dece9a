"""Answers on this machine: DuckDB over the files of a lake, in bounded memory."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from tripoint.errors import StoreError
from tripoint.store.engines.question import ANSWER, Question, in_order, sql

#: Memory that DuckDB may use before it turns to the disk, and its threads.
MEMORY, THREADS = "128MB", 2


def answer(question: Question, paths: Sequence[Path]) -> pl.DataFrame:
    """Add up the events in the files of a lake; columns of `ANSWER`.

    Raises
    ------
    StoreError
        A file is missing or damaged.
    """
    return in_order(_asked(sql(question), paths)) if paths else ANSWER.to_frame()


def days_with_events(paths: Sequence[Path]) -> pl.Series:
    """Days on which any event took place, in order.

    Raises
    ------
    StoreError
        A file is missing or damaged.
    """
    text = "SELECT DISTINCT day FROM events ORDER BY day"
    return _asked(text, paths)["day"] if paths else pl.Series("day", dtype=pl.Date)


def _asked(text: str, paths: Sequence[Path]) -> pl.DataFrame:
    import duckdb

    # What does not fit into memory goes to a folder of its own, not to one that other processes may use, too.
    with tempfile.TemporaryDirectory(prefix="tripoint-") as spill:
        settings = {
            "memory_limit": MEMORY, "threads": THREADS, "preserve_insertion_order": False, "temp_directory": spill,
        }  # fmt: skip
        connection = duckdb.connect(config=settings)
        try:
            # A path is handed over as a value here, never as a part of the text.
            files = connection.read_parquet([str(path) for path in paths], hive_partitioning=False)
            files.create_view("events")
            return pl.DataFrame(connection.sql(text))
        except duckdb.Error as error:
            raise StoreError(
                f"the lake cannot be read ({error}); check it with `tripoint events status --check`"
            ) from None
        finally:
            connection.close()
