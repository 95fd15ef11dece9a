import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.errors import LockedError, StoreError, TripointError, UsageError
from tripoint.store import files


def _names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def _raising(number: int):
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def _fail_after(_: object) -> None:
    raise ZeroDivisionError


def _dead_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_home_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path))
    assert files.home() == tmp_path
    monkeypatch.setenv("TRIPOINT_HOME", "")
    assert files.home().name == "tripoint"
    monkeypatch.setenv("TRIPOINT_HOME", "relative")
    assert files.home().is_absolute()
    monkeypatch.setenv("TRIPOINT_HOME", "~no-such-user-here/data")
    with pytest.raises(UsageError, match="no such user"):
        files.home()


@pytest.mark.parametrize("name", ["votes", "trade_flows", "kaz-2024.v2", "0"])
def test_safe_names_pass(name):
    assert files.checked_name("part", name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "a\\b", "/etc", "a\0b", ".hidden", "-x", "A", "ä", "a b", "a\n", "c:x"],
)
def test_names_that_leave_the_folder_are_refused(name):
    with pytest.raises(UsageError, match="cannot name a part"):
        files.checked_name("part", name)


@given(st.text(max_size=20))
def test_an_accepted_name_stays_in_its_folder(name):
    try:
        files.checked_name("part", name)
    except TripointError:
        return
    assert Path("/somewhere", name).resolve().parent == Path("/somewhere")


def test_hash_is_sha256(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert files.sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(StoreError, match=r"cannot read .*missing"):
        files.sha256_of(tmp_path / "missing")


def test_write_makes_folders_and_replaces(tmp_path):
    path = tmp_path / "deep" / "er" / "file"
    files.write_atomically(path, b"old")
    files.write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert _names_in(path.parent) == ["file"]


def test_an_error_in_the_body_keeps_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), files.replacing(path) as partial:
        _fail_after(partial.write_bytes(b"half"))
    assert path.read_bytes() == b"old"
    assert _names_in(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_what_the_disk_refuses_is_said_once_and_clearly(monkeypatch, tmp_path, number, words):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(files.os, "fsync", _raising(number))
    with pytest.raises(StoreError, match=words) as caught:
        files.write_atomically(path, b"new")
    monkeypatch.undo()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"old"
    assert _names_in(tmp_path) == ["file"]


def test_a_file_where_a_folder_should_be(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="a file stands where a folder is needed"):
        files.write_atomically(tmp_path / "file" / "inner", b"")
    with (
        pytest.raises(StoreError, match="a file stands where a folder is needed"),
        files.replacing_directory(tmp_path / "file"),
    ):
        pass
    with pytest.raises(StoreError, match="a folder stands where a file is needed"):
        files.write_atomically(tmp_path, b"")


def test_a_full_disk_keeps_the_old_content(tmp_path):
    mount = shutil.which("mount")
    small = tmp_path / "small"
    small.mkdir()
    if mount is None or os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", small], check=False).returncode:
        pytest.skip("this system mounts no tmpfs")
    try:
        files.write_atomically(small / "file", b"old")
        with files.replacing_directory(small / "folder") as partial:
            (partial / "part").write_bytes(b"old")
        with pytest.raises(StoreError, match="the disk is full"):
            files.write_atomically(small / "file", bytes(1_000_000))
        with (
            pytest.raises(StoreError, match="the disk is full"),
            files.replacing_directory(small / "folder") as partial,
        ):
            (partial / "part").write_bytes(bytes(1_000_000))
        assert (small / "file").read_bytes() == (small / "folder" / "part").read_bytes() == b"old"
        assert _names_in(small) == ["file", "folder"]
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("can_swap", [True, False])
def test_a_folder_is_replaced_as_a_whole(monkeypatch, tmp_path, can_swap):
    if not can_swap:
        monkeypatch.setattr(files, "_swap", lambda first, second: False)
    folder = tmp_path / "vintage"
    for version in ("one", "two"):
        with files.replacing_directory(folder) as partial:
            (partial / "inner").mkdir()
            (partial / "inner" / version).write_text(version)
    assert _names_in(folder / "inner") == ["two"]
    assert _names_in(tmp_path) == ["vintage"]


@pytest.mark.parametrize("can_swap", [True, False])
def test_an_error_in_the_body_keeps_the_old_folder(monkeypatch, tmp_path, can_swap):
    if not can_swap:
        monkeypatch.setattr(files, "_swap", lambda first, second: False)
    folder = tmp_path / "vintage"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(ZeroDivisionError), files.replacing_directory(folder) as partial:
        _fail_after((partial / "new").touch())
    assert _names_in(folder) == ["old"]
    assert _names_in(tmp_path) == ["vintage"]


def test_a_failed_second_rename_puts_the_old_folder_back(monkeypatch, tmp_path):
    folder = tmp_path / "vintage"
    folder.mkdir()
    (folder / "old").touch()
    rename = Path.rename

    def refuse_new(path: Path, target: Path) -> Path:
        if ".partial-" in path.name:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(path, target)

    monkeypatch.setattr(files, "_swap", lambda first, second: False)
    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(StoreError), files.replacing_directory(folder):
        pass
    assert _names_in(folder) == ["old"]
    assert _names_in(tmp_path) == ["vintage"]


def test_leftovers_of_the_dead_are_swept_and_of_the_living_kept(tmp_path):
    dead = _dead_process()
    (tmp_path / f".file.partial-{dead}-0a").touch()
    (tmp_path / f".file.partial-{os.getpid()}-0b").touch()
    (tmp_path / f".other.partial-{dead}-0c").touch()
    (tmp_path / f".other.aside-{dead}-0e").mkdir()
    (tmp_path / f".folder.partial-{dead}-0d").mkdir()
    (tmp_path / f".folder.partial-{dead}-0d" / "inner").touch()
    files.write_atomically(tmp_path / "file", b"")
    with files.replacing_directory(tmp_path / "folder"):
        pass
    kept = [f".file.partial-{os.getpid()}-0b", f".other.aside-{dead}-0e", "file", "folder"]
    assert _names_in(tmp_path) == sorted(kept)


def test_a_reader_puts_back_what_a_dead_writer_moved_aside(tmp_path):
    aside = tmp_path / f".vintage.aside-{_dead_process()}-0a"
    aside.mkdir()
    (aside / "old").touch()
    folder = files.settled_directory(tmp_path / "vintage")
    assert _names_in(folder) == ["old"]
    assert _names_in(tmp_path) == ["vintage"]


def test_a_reader_waits_for_a_living_writer_but_not_forever(tmp_path):
    (tmp_path / f".vintage.aside-{os.getpid()}-0a").mkdir()
    assert not files.settled_directory(tmp_path / "vintage", patience=0.05).exists()
    assert not files.settled_directory(tmp_path / "never-written").exists()


def test_the_second_writer_is_told_who_holds_the_lock(tmp_path):
    with (
        files.locked(tmp_path / "tables"),
        pytest.raises(LockedError, match=rf"process {os.getpid()} on .*since 2"),
        files.locked(tmp_path / "tables", timeout=0.05),
    ):
        pass
    with files.locked(tmp_path / "tables", timeout=0):
        pass


def test_the_lock_survives_the_replacement_of_what_it_guards(tmp_path):
    folder = tmp_path / "vintage"
    with files.locked(folder):
        with files.replacing_directory(folder):
            pass
        with pytest.raises(LockedError), files.locked(folder, timeout=0):
            pass


def test_a_lock_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot lock"), files.locked(tmp_path / "file" / "tables"):
        pass
