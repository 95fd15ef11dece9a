"""Writers killed at any moment: what they leave is one whole version, and the next writer succeeds."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tripoint.store import catalog, files

_REWRITE_FILE = """
import sys
from pathlib import Path
from tripoint.store import files
print("ready", flush=True)
for turn in range(10**9):
    files.write_atomically(Path(sys.argv[1]), b"%d" % (turn % 10) * 200_000)
"""

_REWRITE_FOLDER = """
import sys
from pathlib import Path
from tripoint.store import files
if sys.argv[2] == "renames":
    files._swap = lambda first, second: False
print("ready", flush=True)
for turn in range(10**9):
    with files.replacing_directory(Path(sys.argv[1])) as partial:
        for name in ("a", "b", "c"):
            (partial / name).write_bytes(b"%d" % (turn % 10) * 20_000)
"""


def _kill_while(program: str, *arguments: str, delay: float) -> None:
    """Run a program that never ends and kill it ``delay`` seconds after it has begun to write."""
    child = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(delay)
        child.kill()


def _delays(count: int) -> list[float]:
    chance = random.Random(20231231)
    return [chance.uniform(0.0, 0.05) for _ in range(count)]


def test_a_killed_writer_leaves_a_whole_file(tmp_path):
    path = tmp_path / "file"
    files.write_atomically(path, b"x" * 200_000)
    for delay in _delays(8):
        _kill_while(_REWRITE_FILE, str(path), delay=delay)
        content = path.read_bytes()
        assert len(content) == 200_000
        assert len(set(content)) == 1
    files.write_atomically(path, b"next")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("way", ["swap", "renames"])
def test_a_killed_writer_leaves_a_whole_folder(tmp_path, way):
    folder = tmp_path / "folder"
    with files.replacing_directory(folder) as partial:
        for name in ("a", "b", "c"):
            (partial / name).write_bytes(b"x" * 20_000)
    for delay in _delays(8):
        _kill_while(_REWRITE_FOLDER, str(folder), way, delay=delay)
        assert len(_versions(files.settled_directory(folder))) == 1
    with files.replacing_directory(folder) as partial:
        (partial / "next").touch()
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def _versions(folder: Path) -> set[bytes]:
    """Contents of the three files in a folder; all the same if one writer wrote them."""
    assert sorted(entry.name for entry in folder.iterdir()) == ["a", "b", "c"]
    contents = {(folder / name).read_bytes() for name in ("a", "b", "c")}
    assert all(len(content) == 20_000 for content in contents)
    return contents


def test_a_killed_holder_frees_the_lock(tmp_path):
    program = """
import sys, time
from pathlib import Path
from tripoint.store import files
with files.locked(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(60)
"""
    _kill_while(program, str(tmp_path / "tables"), delay=0.0)
    with files.locked(tmp_path / "tables", timeout=1):
        holder = (tmp_path / ".tables.holder").read_text("utf-8")
    assert f"process {os.getpid()} " in holder


_ADD = """
import sys
from pathlib import Path
from tripoint.store import catalog
file, home, part = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
header = "year,reporter,partner,flow,share,origin\\n"
print("ready", flush=True)
for turn in range(int(sys.argv[4])):
    rows = [f"{year},KAZ,{part.upper()},export,0.{turn % 9},factbook\\n" for year in range(2000, 2020)]
    file.write_text(header + "".join(rows))
    catalog.add("trade_shares", file, part, replace=True, home=home)
"""


def test_a_killed_addition_leaves_the_old_rows_or_the_new_ones(tmp_path):
    home = tmp_path / "home"
    for delay in _delays(6):
        _kill_while(_ADD, str(tmp_path / "a.csv"), str(home), "chn", "1000000", delay=2 * delay)
        if catalog.tables(home):
            frame = catalog.read("trade_shares", home)
            assert frame.height == 20
            assert frame["share"].n_unique() == 1
            assert catalog.check(home) == {"trade_shares": ()}
    subprocess.run(
        [sys.executable, "-c", _ADD, str(tmp_path / "a.csv"), str(home), "chn", "1"], check=True, timeout=30
    )
    assert len(list((home / "tables").glob("*/*"))) == 1


def test_two_writers_at_once_lose_nothing(tmp_path):
    home = tmp_path / "home"
    writers = [
        subprocess.Popen([sys.executable, "-c", _ADD, str(tmp_path / part), str(home), part, "12"])
        for part in ("chn", "rus")
    ]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        if catalog.tables(home):
            seen.add(catalog.read("trade_shares", home).height)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= {20, 40}
    assert catalog.read("trade_shares", home).height == 40
    assert [part.name for part in catalog.parts("trade_shares", home)] == ["chn", "rus"]
    assert catalog.check(home) == {"trade_shares": ()}


def test_a_reader_sees_a_folder_at_every_moment_where_folders_can_be_swapped(tmp_path):
    folder = tmp_path / "folder"
    with files.replacing_directory(folder) as partial:
        (partial / "a").touch()
    probe = tmp_path / "probe"
    probe.mkdir()
    if not files._swap(folder, probe):
        pytest.skip("this system cannot swap folders")
    assert files._swap(folder, probe)
    program = [sys.executable, "-c", _REWRITE_FOLDER, str(folder), "swap"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        until = time.monotonic() + 0.5
        looks = [folder.is_dir() for _ in iter(lambda: time.monotonic() < until, False)]
        child.kill()
    assert len(looks) > 100
    assert all(looks)
