"""Answers and raw files on a cluster: Spark runs the same readers and the same SQL on many machines.

Spark and Java are asked for only here: ``pip install 'tripoint[spark]'`` and Java 17 or later. The machines of the
cluster need tripoint, too, and must see the raw files and the lake under the same paths. Files are read on them;
what they find comes back in the order of the files and is counted here, by the code that counts on one machine. So
the lake that comes out is the same, row for row.
"""

import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tripoint.errors import StoreError, UsageError
from tripoint.sources.events.reading import Outcome, Settings, read_file
from tripoint.sources.events.scan import Reader, until
from tripoint.store.engines.question import ANSWER, Question, compiled, in_order, sql

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: What Spark may say on stderr.
_LOG = Path(__file__).with_name("spark_log.properties")
#: Files in one task, and tasks for each core of the cluster that are asked for at once.
FILES, TASKS = 64, 2


@contextmanager
def session(master: str | None = None) -> "Iterator[SparkSession]":
    """Start Spark, or join the session that runs.

    Parameters
    ----------
    master
        Address of the cluster, such as ``spark://host:7077`` or ``local[4]``; None: what Spark is configured for,
        all cores of this machine if nothing is.

    Raises
    ------
    UsageError
        Spark or Java is not there, or no cluster answers.
    """
    try:
        with _quiet():
            from py4j.protocol import Py4JError
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError("Spark is not installed; install it with `pip install 'tripoint[spark]'`") from None
    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    os.environ.setdefault("SPARK_SUBMIT_OPTS", f'"-Dlog4j2.configurationFile={_LOG.as_uri()}"')
    builder = (
        SparkSession.builder.appName("tripoint")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
    )
    if master is None or master.startswith("local"):
        # On one machine nothing listens to others, this Python reads, and the answer is small: few pieces are enough.
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.master(master or "local[*]")
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config(
            "spark.driver.host", "127.0.0.1"
        )
        builder = builder.config("spark.sql.shuffle.partitions", "4")
    else:
        builder = builder.master(master)
    try:
        with _quiet():
            started = builder.getOrCreate()
    except (PySparkException, Py4JError, RuntimeError, OSError) as error:
        cluster = f"; and that a cluster answers at {master!r}" if master else ""
        raise UsageError(
            f"Spark did not start ({_said(error)}); it needs Java 17 or later: see that `java -version` answers, or "
            f"set JAVA_HOME{cluster}"
        ) from None
    try:
        yield started
    finally:
        started.stop()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Spark from warning of versions of pandas, which is not used here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def answer(question: Question, paths: Sequence[Path], spark: "SparkSession") -> pl.DataFrame:
    """Add up the events in the files of a lake; columns of `ANSWER`.

    Raises
    ------
    StoreError
        A file is missing or damaged.
    """
    if not paths:
        return ANSWER.to_frame()
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    own = spark.newSession()  # whoever shares the cluster may have another table of this name
    try:
        own.read.parquet(*map(_address, paths)).createOrReplaceTempView("events")
        rows = own.sql(compiled(sql(question), "spark")).collect()
    except (PySparkException, Py4JError) as error:
        raise StoreError(
            f"the lake cannot be read ({_said(error)}); check it with `tripoint events status --check`"
        ) from None
    return in_order(pl.DataFrame([tuple(row) for row in rows], schema=ANSWER, orient="row"))


def _address(path: Path) -> str:
    """Address of a file as Spark takes it: nothing in it means other files."""
    text = path.absolute().as_posix().lstrip("/")
    return "file:///" + re.sub(r"[][{}*?\\]", r"\\\g<0>", text)


def _said(error: Exception) -> str:
    """What went wrong, in one line: where Java says it, below the call that failed."""
    lines = [*str(error).splitlines(), ""]
    return (lines[1] if lines[1].startswith(": ") else lines[0]).removeprefix(": ")


def reader(spark: "SparkSession") -> Reader:
    """Give a reader of raw files that has Spark read them; a group of files is held in memory at a time.

    A file that unpacks to more than a few megabytes is only checked there, and read again where it is counted.
    """
    cores = spark.sparkContext.defaultParallelism
    together = FILES * TASKS * cores

    def read(paths: list[Path], settings: Settings) -> Iterator[tuple[Path, Outcome]]:
        for at in range(0, len(paths), together):
            group = [path.absolute() for path in paths[at : at + together]]
            tasks = spark.sparkContext.parallelize(group, -(-len(group) // FILES))
            outcomes = tasks.map(lambda path: read_file(path, until(settings, path))).collect()
            yield from zip(paths[at : at + together], outcomes, strict=True)

    return read
