"""Spark: the same answers as DuckDB to the last count, and the same lakes as two threads make, byte for byte."""

import importlib.util
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from benchmarks.events import synthesise
from tests.sources.event_building import gdelt_row, lined, zipped
from tests.store.lake_building import days_of_files

from tripoint.errors import StoreError, UsageError
from tripoint.sources.events import inflate
from tripoint.store.engines import embedded, spark
from tripoint.store.engines.question import ANSWER, GRAINS, Question
from tripoint.store.lake import ledger
from tripoint.store.lake.intake import take_in

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
JAVA = shutil.which("java") or os.environ.get("JAVA_HOME")
pytestmark = [
    pytest.mark.skipif(JAVA is None, reason="there is no Java on this machine"),
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="Spark is not installed"),
]
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not beside this checkout")

QUESTIONS = (
    *map(Question, GRAINS),
    Question("month", sources=("USA", "RUS"), targets=("CHN", "KAZ", "GBR")),
    Question("day", roles=("GOV", "MIL")),
    Question("quarter", places=("USA", "SYR", "KAZ"), first=date(2015, 6, 1), last=date(2016, 2, 1)),
)


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What Spark and Java say on stderr, as a file that grows."""
    return tmp_path_factory.mktemp("spark") / "stderr"


@pytest.fixture(scope="module")
def cluster(said):
    """Spark with two workers on this machine."""
    kept = os.dup(2)
    with said.open("wb") as file:
        os.dup2(file.fileno(), 2)
        try:
            entered = spark.session("local[2]")
            started = entered.__enter__()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    yield started
    entered.__exit__(None, None, None)


def test_a_start_says_nothing_but_what_java_does(cluster, said):
    lines = said.read_text().splitlines()
    assert [line for line in lines if "incubator modules" not in line] == []


def paths_of(home, provider):
    return ledger.paths_of(home, ledger.open_lake(home, provider))


def check_answers(paths, cluster, questions=QUESTIONS):
    for question in questions:
        found = spark.answer(question, paths, cluster)
        assert found.schema == ANSWER
        assert found.equals(embedded.answer(question, paths))


def check_lakes(raw, tmp_path, cluster, **settings):
    """Take the same files in twice; the lakes must be the same part for part."""
    here, there = tmp_path / "here", tmp_path / "there"
    by_threads = take_in(raw, here, **settings)
    by_spark = take_in(raw, there, read=spark.reader(cluster), **settings)
    assert by_spark == by_threads
    assert ledger.lakes(there) == ledger.lakes(here)
    assert ledger.lakes(here)
    return by_threads


@pytest.mark.shared
@real
def test_real_files_give_the_same_lakes_and_the_same_answers(tmp_path, cluster):
    raw = sorted((SHARED / "events").glob("raw_*"))
    found = check_lakes(raw, tmp_path, cluster, latest=date(2030, 1, 1))
    assert [(intake.provider, intake.kept > 100) for intake in found] == [("gdelt", True), ("icews", True)]
    check_answers(paths_of(tmp_path / "here", "gdelt"), cluster)
    check_answers(paths_of(tmp_path / "here", "icews"), cluster, QUESTIONS[1:2])


@pytest.mark.shared
@real
def test_fifty_thousand_rows_give_the_same_lake_and_the_same_answers(tmp_path, cluster):
    raw = tmp_path / "raw"
    raw.mkdir()
    synthesise(SHARED, raw, 50_000)
    (found,) = check_lakes([raw], tmp_path, cluster, batch=20_000)
    assert (found.rows, found.faults) == (50_000, [])
    paths = paths_of(tmp_path / "here", "gdelt")
    assert embedded.answer(Question("day"), paths).height > 1000
    check_answers(paths, cluster, QUESTIONS[:2] + QUESTIONS[5:])


def test_whatever_is_wrong_with_files_is_said_alike(tmp_path, cluster):
    raw = tmp_path / "raw"
    days_of_files(raw, 3, a_day=3)
    (raw / "20160129.zip").write_bytes(zipped(lined(gdelt_row()))[:-20])
    (raw / "20160130.zip").write_bytes(b"<html></html>")
    many = [gdelt_row(id=str(one), address=f"{one}") for one in range(80_000)]
    (raw / "20160128.zip").write_bytes(zipped(lined(*many)))
    assert len(lined(*many)) > inflate.AT_ONCE  # read piece by piece, on the machine that counts
    (found,) = check_lakes([raw], tmp_path, cluster, batch=10)
    assert (found.files, len(found.faults)) == (10, 2)
    assert found.kept > 30_000


def test_a_second_run_takes_in_what_is_new_with_either_reader(tmp_path, cluster):
    paths = days_of_files(tmp_path / "raw", 4)
    take_in(paths, tmp_path / "whole", batch=1)
    take_in(paths[:4], tmp_path / "parts", read=spark.reader(cluster), batch=1)
    (found,) = take_in(paths, tmp_path / "parts", batch=1)
    assert (found.known, found.files) == (4, 4)
    assert ledger.lakes(tmp_path / "parts") == ledger.lakes(tmp_path / "whole")


@pytest.mark.parametrize("name", ["a b", "a[b]*{c,d}", "día %20", "a'b"])
def test_a_path_is_taken_as_it_is(tmp_path, cluster, name):
    days_of_files(tmp_path / "raw", 1)
    take_in([tmp_path / "raw"], tmp_path / name)
    paths = paths_of(tmp_path / name, "gdelt")
    assert spark.answer(Question(), paths, cluster).equals(embedded.answer(Question(), paths))


def test_a_running_session_is_joined_and_left_as_it_was(tmp_path, cluster):
    days_of_files(tmp_path / "raw", 1)
    take_in([tmp_path / "raw"], tmp_path)
    cluster.range(7).createOrReplaceTempView("events")
    with spark.session() as joined:
        assert joined is cluster
        assert spark.answer(Question(), paths_of(tmp_path, "gdelt"), joined).height
    assert cluster.sql("SELECT COUNT(*) FROM events").collect()[0][0] == 7


def test_a_lake_without_sums_has_an_empty_answer(tmp_path, cluster):
    assert spark.answer(Question(), [], cluster).equals(ANSWER.to_frame())
    path = tmp_path / "none.parquet"
    pl.DataFrame(schema=ledger.EVENTS).write_parquet(path)
    assert spark.answer(Question(), [path], cluster).equals(ANSWER.to_frame())


def test_what_cannot_be_read_is_said_in_one_line_with_a_remedy(tmp_path, cluster):
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1, or so it says")
    for path in (bad, tmp_path / "none.parquet"):
        with pytest.raises(StoreError, match=r"the lake cannot be read .*check it with `tripoint") as caught:
            spark.answer(Question(), [path], cluster)
        assert path.name in str(caught.value)
        assert "\n" not in str(caught.value)


def test_without_spark_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(UsageError, match=r"pip install 'tripoint\[spark\]'"), spark.session():
        pass


_START = """
import sys
from tripoint.errors import UsageError
from tripoint.store.engines import spark
try:
    with spark.session(*sys.argv[1:]):
        print("it started")
except UsageError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("master", "changed", "words"),
    [
        ((), {"JAVA_HOME": "/nonexistent", "PATH": "/nonexistent"}, "set JAVA_HOME"),
        (("nowhere://x",), {}, "that a cluster answers at 'nowhere://x'"),
    ],
    ids=["no-java", "no-cluster"],
)
def test_what_keeps_it_from_starting_is_said_in_one_line_with_a_remedy(master, changed, words):
    done = subprocess.run(
        [sys.executable, "-c", _START, *master],
        env=os.environ | changed,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("Spark did not start (")
    assert words in done.stdout
    assert done.stdout.count("\n") == 1
