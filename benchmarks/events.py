"""How fast do raw event files become a table of dyads and months, in how much memory, against the usual readers?

Run as ``python -m benchmarks.events ../shared/data [ROWS]``. Files of GDELT 2.0 are made of the rows of two real ones:
runs of their rows, so that lines are as wide and addresses repeat as often as they do, with event ids, days and
addresses of their own, and other pairs of countries, drawn as often as they occur; zipped as the provider does. Each
reader is a process of its own, so that its peak memory is its own; what it compiles or imports is ready before the
clock starts. Peers that are not installed are left out with a word. They add up fewer columns, drop nothing and look
for no duplicates.
"""

import argparse
import gzip
import importlib.util
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

# Heavy modules are imported where they are used: the peak memory of a child counts from the size of its parent.

SAMPLES = ("raw_gdelt2_20151027220000.export.CSV.gz", "raw_gdelt2_20191024143000.export.CSV.gz")
#: Rows in a file of fifteen minutes, as a public guide to GDELT has it.
ROWS_A_FILE = 1131
FIRST = datetime(2016, 1, 1)  # noqa: DTZ001 - the files' names have no zone
KEPT = (2, 7, 17, 29, 30, 31)
#: What a reader keeps open until its process ends.
STACK = ExitStack()
#: Where the lake lies between taking in and adding up, as the two commands do it.
LAKE = Path(os.environ.get("TRIPOINT_BENCH_LAKE", ""))


def synthesise(extracts: Path, folder: Path, n_rows: int) -> None:
    """Write zipped files of GDELT 2.0 made of real rows."""
    real = [row for name in SAMPLES for row in _real_rows(extracts / "events" / name)]
    codes = [code for row in real for code in row[1][1::2] if len(code) == 3]
    rng = random.Random(0)
    event_id = 500_000_000
    for place in range(-(-n_rows // ROWS_A_FILE)):
        added = FIRST + timedelta(minutes=15 * place)
        stamp = added.strftime("%Y%m%d%H%M%S").encode()
        start = rng.randrange(len(real))
        count = min(ROWS_A_FILE, n_rows - place * ROWS_A_FILE)
        shift = rng.randrange(len(codes))
        lines = []
        for one in range(count):
            lag, parts, address = real[(start + one) % len(real)]
            if len(parts[1]) == len(parts[3]) == 3 and parts[1] != parts[3]:
                shift += 7
                source, target = codes[shift % len(codes)], codes[(3 * shift + place) % len(codes)]
                parts = (parts[0], source, parts[2], target, parts[4])
            day = (added - timedelta(days=lag)).strftime("%Y%m%d\t%Y%m\t%Y\t%Y.%j").encode()
            middle = b"\t".join(parts)
            lines.append(b"%d\t%s\t%s\t%s\t%s-%d\n" % (event_id + one, day, middle, stamp, address, place))
        event_id += count
        name = f"{stamp.decode()}.export.CSV"
        with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.writestr(name, b"".join(lines))


def _real_rows(path: Path) -> list[tuple[int, tuple[bytes, ...], bytes]]:
    """Days between event and file, the fields that stay, with those of the two countries apart, and the address."""
    found = []
    for line in gzip.decompress(path.read_bytes()).splitlines():
        fields = line.split(b"\t")
        added, day = (date.fromisoformat(fields[column][:8].decode()) for column in (59, 1))
        cut = (fields[5:7], fields[7:8], fields[8:17], fields[17:18], fields[18:59])
        found.append(((added - day).days, tuple(b"\t".join(part) for part in cut), fields[60]))
    return found


def ours(files: list[Path], out: Path) -> Callable[[], int]:
    """Take files into a lake: hashes, duplicates, every dropped row. `months` follows in a process of its own."""
    from tripoint.store.lake.intake import take_in

    take_in(files[:1], out.parent / "first")

    def work() -> int:
        (run,) = take_in(files, LAKE)
        return run.rows

    return work


def months(_files: list[Path], out: Path) -> Callable[[], int]:
    """Add up the lake that `ours` left by pair of states and month."""
    import duckdb  # noqa: F401 - ready before the clock starts, as what the peers import

    from tripoint.store.engines import embedded
    from tripoint.store.engines.question import Question
    from tripoint.store.lake.ledger import open_lake, paths_of

    paths = paths_of(LAKE, open_lake(LAKE, "gdelt"))
    embedded.answer(Question("month"), paths[:0])

    def work() -> int:
        embedded.answer(Question("month"), paths).write_parquet(out)
        return 0

    return work


def spark(files: list[Path], out: Path) -> Callable[[], int]:
    """The same with Spark, on two cores of this machine; its start is not counted."""
    from tripoint.store.engines import spark as engine
    from tripoint.store.engines.question import Question
    from tripoint.store.lake.intake import take_in
    from tripoint.store.lake.ledger import open_lake, paths_of

    def taken(some: list[Path], home: Path, session: Any) -> int:
        (run,) = take_in(some, home, read=engine.reader(session))
        lake = open_lake(home, "gdelt")
        engine.answer(Question("month"), paths_of(home, lake), session).write_parquet(out)
        return run.rows

    session = STACK.enter_context(engine.session("local[2]"))
    taken(files[:1], out.parent / "first", session)

    def work() -> int:
        return taken(files, out.parent / "home", session)

    return work


def polars(files: list[Path], out: Path) -> Callable[[], int]:
    """Unzip each file and read the columns needed with polars."""
    import polars as pl

    names = [f"column_{column}" for column in KEPT]
    types = {"column_7": pl.String, "column_17": pl.String, "column_30": pl.Float64}

    def work() -> int:
        parts = [
            pl.read_csv(
                _unzipped(file), columns=list(KEPT), separator="\t", has_header=False, quote_char=None,
                schema_overrides=types,
            )
            for file in files
        ]  # fmt: skip
        rows = pl.concat(parts)
        month, source, target, quad, score, mentions = names
        rows.filter(pl.col(source).is_not_null() & pl.col(target).is_not_null()).group_by(
            source, target, month, quad
        ).agg(pl.len(), pl.col(score).sum(), pl.col(mentions).sum()).write_parquet(out)
        return rows.height

    return work


def pandas(files: list[Path], out: Path) -> Callable[[], int]:
    """Read the columns needed with pandas."""
    import pandas as pd

    def work() -> int:
        rows = pd.concat(
            pd.read_csv(file, compression="zip", sep="\t", header=None, usecols=list(KEPT), quoting=3)
            for file in files
        )
        grouped = rows.dropna(subset=[7, 17]).groupby([7, 17, 2, 29], observed=True)
        table = grouped.agg(n=(30, "size"), score=(30, "sum"), mentions=(31, "sum")).reset_index()
        table.columns = [str(name) for name in table.columns]
        table.to_csv(out) if importlib.util.find_spec("pyarrow") is None else table.to_parquet(out)
        return len(rows)

    return work


def gdelt(files: list[Path], out: Path) -> Callable[[], int]:
    """Let gdeltPyR's workers fetch the files from the disk where they would ask the network; its processes wait."""
    import multiprocessing
    from functools import partial
    from types import SimpleNamespace

    import pandas as pd
    import requests

    def fetched(address: str, **_: Any) -> Any:
        if not address.startswith("/"):
            return SimpleNamespace(
                content=b"{}", status_code=200
            )  # a list of codes, asked for when it is imported
        return SimpleNamespace(content=Path(address).read_bytes(), status_code=200)

    requests.get = fetched
    with redirect_stdout(sys.stderr):
        worker = importlib.import_module("gdelt.parallel")._mp_worker

    read = partial(worker, table="events")
    pool = STACK.enter_context(multiprocessing.get_context("fork").Pool(os.cpu_count()))
    pool.map(read, [str(file) for file in files[:2]])

    def work() -> int:
        rows = pd.concat(pool.imap_unordered(read, [str(file) for file in files]))
        grouped = rows.dropna(subset=[7, 17]).groupby([7, 17, 2, 29], observed=True)
        table = grouped.agg(n=(30, "size"), score=(30, "sum"), mentions=(31, "sum")).reset_index()
        table.set_axis([str(name) for name in table.columns], axis=1).to_parquet(out)
        return len(rows)

    return work


def duckdb(files: list[Path], out: Path) -> Callable[[], int]:
    """Unzip into a folder and read that with DuckDB."""
    import duckdb as engine

    special = {2: "INTEGER", 29: "TINYINT", 30: "DOUBLE", 31: "INTEGER"}
    columns = ", ".join(f"'c{column}': '{special.get(column, 'VARCHAR')}'" for column in range(61))

    def work() -> int:
        with tempfile.TemporaryDirectory() as plain:
            for file in files:
                with zipfile.ZipFile(file) as archive:
                    archive.extractall(plain)
            connection = engine.connect()
            connection.execute(f"SET threads = {os.cpu_count()}")
            raw = (
                f"read_csv('{plain}/*.CSV', delim = '\t', header = false, quote = '', escape = '', "
                f"columns = {{{columns}}}, auto_detect = false)"
            )
            connection.execute(
                f"COPY (SELECT c7, c17, c2, c29, count(*), sum(c30), sum(c31) FROM {raw} "
                f"WHERE c7 <> '' AND c17 <> '' GROUP BY ALL) TO '{out}' (FORMAT parquet)"
            )
        return 0

    return work


READERS = {
    "ours": ours,
    "months": months,
    "spark": spark,
    "polars": polars,
    "pandas": pandas,
    "duckdb": duckdb,
    "gdelt": gdelt,
}


def _unzipped(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.namelist()[0])


def child(reader: str, folder: Path) -> None:
    """Time one reader on all files of a folder, and print what it took."""
    files = sorted(folder.glob("*.zip"))
    with tempfile.TemporaryDirectory() as home, STACK:
        work = READERS[reader](files, Path(home) / "out.parquet")
        start, cpu = time.perf_counter(), time.process_time()
        n_rows = work()
        took = {"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**took, "peak": peak, "rows": n_rows}))


def measured(reader: str, folder: Path, n_rows: int, times: int) -> float:
    """Rows a second of a reader, the best of some runs; printed with its memory and the load of the machine."""
    best = 0.0
    for _ in range(times):
        load = os.getloadavg()[0]
        with tempfile.TemporaryDirectory() as lake:
            took = _timed(reader, folder, lake)
            if reader == "ours":
                after = _timed("months", folder, lake)
                took = {"peak": max(took["peak"], after["peak"])} | {
                    name: took[name] + after[name] for name in ("wall", "cpu")
                }
        speed = n_rows / took["wall"] / 1e6
        print(
            f"  {reader:<8}{speed:6.2f} M rows/s, {took['cpu'] / n_rows * 1e6:5.2f} us of CPU a row, "
            f"peak {took['peak']:5.0f} MB  (load {load:.1f} before)",
            flush=True,
        )
        best = max(best, speed)
    return best


def _timed(reader: str, folder: Path, lake: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.events", "--child", reader, str(folder)]
    environment = {**os.environ, "TRIPOINT_BENCH_LAKE": lake}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Make files, read them with every reader, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extracts", type=Path, nargs="?", help="folder of the shared data")
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the files here, or use those that are here")
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--peers", default="spark,polars,pandas,duckdb,gdelt")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child[0], Path(asked.child[1]))
        return
    with tempfile.TemporaryDirectory() as home:
        folder = asked.folder or Path(home)
        folder.mkdir(exist_ok=True)
        if not any(folder.glob("*.zip")):
            synthesise(asked.extracts, folder, asked.rows)
        files = list(folder.glob("*.zip"))
        size = sum(file.stat().st_size for file in files) / 2**20
        print(f"{asked.rows:,} rows in {len(files):,} files of {size:,.0f} MB, {os.cpu_count()} cores")
        speed = measured("ours", folder, asked.rows, asked.times)
        for peer in filter(None, asked.peers.split(",")):
            if importlib.util.find_spec("pyspark" if peer == "spark" else peer) is None:
                print(f"  {peer:<8}not installed")
                continue
            print(
                f"  {'':<8}{speed / measured(peer, folder, asked.rows, asked.times):6.1f} times as fast as {peer}"
            )


if __name__ == "__main__":
    main()
