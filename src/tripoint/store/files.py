"""How a file or folder gets onto the disk whole: written beside, synced, then renamed, one writer at a time.

A process may be killed at any moment and the disk may fill up: a reader sees the old content or the new one
and never a piece of either. What a killed writer leaves behind is swept by the next one.
"""

import ctypes
import errno
import hashlib
import os
import re
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_data_path

from tripoint.errors import LockedError, StoreError, UsageError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_LEFTOVER = re.compile(r"\.(?P<name>.+)\.(?P<role>partial|aside)-(?P<process>\d+)-[0-9a-f]+")

_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or set TRIPOINT_HOME to another disk",
    errno.EDQUOT: "your disk quota is used up; free some space or set TRIPOINT_HOME to another disk",
    errno.EROFS: "the file system is read-only; set TRIPOINT_HOME to a folder that you can write to",
    errno.EACCES: "permission denied; change the permissions or set TRIPOINT_HOME to a folder of yours",
    errno.EPERM: "permission denied; change the permissions or set TRIPOINT_HOME to a folder of yours",
    errno.ENOTDIR: "a file stands where a folder is needed; move it away",
    errno.EEXIST: "a file stands where a folder is needed; move it away",
    errno.EISDIR: "a folder stands where a file is needed; move it away",
    errno.ENOENT: "it does not exist, or was removed meanwhile; try again",
    errno.ENAMETOOLONG: "the name is too long for this disk; choose a shorter one",
}


@dataclass(frozen=True, slots=True)
class _Leftover:
    """What a write of ``name`` left: unfinished (``partial``) or moved out of the way (``aside``)."""

    path: Path
    name: str
    role: str
    process: int


def home() -> Path:
    """Folder of a user's own tables, snapshots and vintages: ``$TRIPOINT_HOME``, or the system's data folder.

    Raises
    ------
    UsageError
        ``$TRIPOINT_HOME`` starts with the ``~`` of a user who does not exist.
    """
    chosen = os.environ.get("TRIPOINT_HOME")
    if not chosen:
        return user_data_path("tripoint", appauthor=False)
    try:
        return Path(chosen).expanduser().absolute()
    except RuntimeError:
        raise UsageError(
            f"TRIPOINT_HOME is {chosen!r}, and no such user exists; write the path in full"
        ) from None


def checked_name(kind: str, name: str) -> str:
    """Give back the name of a table, part, source or file if it is safe as a file name.

    Raises
    ------
    UsageError
        The name could leave its folder or break on some disk.

    Examples
    --------
    >>> checked_name("part", "kaz-2024")
    'kaz-2024'
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} cannot name a {kind}: use small letters, digits, '.', '_' and '-', with a letter or digit first"
        )
    return name


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal.

    Raises
    ------
    StoreError
        The file cannot be read.
    """
    with explaining(path, "read"), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def explaining(path: Path, doing: str) -> Iterator[None]:
    """Turn what the operating system says about ``path`` into one sentence with a remedy.

    Raises
    ------
    StoreError
        The body raised an OSError.
    """
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, error.strerror or str(error))
        raise StoreError(f"cannot {doing} '{path}': {remedy}") from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash, finds the old content or the new one.

    Raises
    ------
    StoreError
        The disk is full, read-only or not ours; the old content is still there.
    """
    with replacing(path) as partial:
        partial.write_bytes(data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; when the body ends well, what it wrote there becomes ``path``.

    Raises
    ------
    StoreError
        The disk is full, read-only or not ours; the old content is still there, the temporary file is gone.
    """
    with explaining(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
    partial = _sibling(path, "partial")
    try:
        with explaining(path, "write"):
            yield partial
            _sync_file(partial)
            partial.replace(path)
            _sync_folder(path.parent)
    finally:
        with suppress(OSError):
            partial.unlink()


@contextmanager
def replacing_directory(path: Path) -> Iterator[Path]:
    """Give an empty folder beside ``path``; when the body ends well, it becomes ``path``.

    Where the system can swap two folders in one step (Linux), ``path`` is there at every moment. Elsewhere
    it is away between two renames; readers pass it through `settled_directory`, which bridges that gap,
    also after a crash.

    Raises
    ------
    StoreError
        The disk is full, read-only or not ours, or ``path`` is a file; the old folder is still there.
    """
    with explaining(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        settled_directory(path)
        _sweep(path)
        if path.exists() and not path.is_dir():
            raise StoreError(f"cannot write '{path}': {_REMEDIES[errno.ENOTDIR]}")
        partial = _sibling(path, "partial")
        partial.mkdir()
    try:
        with explaining(path, "write"):
            yield partial
            _sync_tree(partial)
            _put_in_place(partial, path)
            _sync_folder(path.parent)
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # the unfinished folder, or after a swap the old one


def settled_directory(path: Path, patience: float = 1.0) -> Path:
    """Give back ``path`` once no replacement is half-way; put the old folder back if its writer died there.

    Parameters
    ----------
    patience
        Seconds to wait for a writer that is alive and between its two renames.

    Raises
    ------
    StoreError
        The old folder cannot be put back.
    """
    deadline = time.monotonic() + patience
    while not path.exists():
        aside = [left for left in _leftovers(path.parent) if (left.role, left.name) == ("aside", path.name)]
        orphans = [left.path for left in aside if not _is_alive(left.process)]
        if orphans:
            with explaining(path, "restore"), suppress(FileNotFoundError):  # another reader was faster
                orphans[0].rename(path)
        elif not aside or time.monotonic() > deadline:
            break
        else:
            time.sleep(0.01)
    return path


@contextmanager
def locked(path: Path, timeout: float = 30.0) -> Iterator[None]:
    """Hold the lock on ``path``, a file or folder that is about to be written.

    The lock file lies beside ``path``, so that ``path`` itself may be replaced under it. The system releases
    the lock when its process ends, however it ends.

    Parameters
    ----------
    timeout
        Seconds to wait for another writer.

    Raises
    ------
    LockedError
        Another process still writes after that time; the message names it.
    StoreError
        The lock file cannot be written.
    """
    from filelock import FileLock, Timeout  # readers never lock, and need not load it

    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=timeout, poll_interval=0.02)
    note = path.with_name(f".{path.name}.holder")
    with explaining(path, "lock"):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout:
            raise LockedError(
                f"'{path}' is being written by {_holder(note)}; waited {timeout:g} s. Try again later"
            ) from None
    try:
        with explaining(path, "lock"):
            since = datetime.now(UTC).isoformat(timespec="seconds")
            note.write_text(f"process {os.getpid()} on {socket.gethostname()}, since {since}", "utf-8")
        yield
    finally:
        with suppress(OSError):
            note.unlink()
        lock.release()


def _holder(note: Path) -> str:
    """Who wrote the note beside a lock, or words for not knowing."""
    try:
        return note.read_text("utf-8") or "another process"
    except OSError:
        return "another process"


def _sibling(path: Path, role: str) -> Path:
    """Unused name beside ``path`` that says whose process it belongs to."""
    return path.with_name(f".{path.name}.{role}-{os.getpid()}-{secrets.token_hex(4)}")


def _leftovers(folder: Path) -> list[_Leftover]:
    """List what unfinished writes left in a folder."""
    found = []
    for entry in folder.glob(".*.*-*-*"):
        match = _LEFTOVER.fullmatch(entry.name)
        if match is not None:
            found.append(_Leftover(entry, match["name"], match["role"], int(match["process"])))
    return found


def _sweep(path: Path) -> None:
    """Remove what dead processes left of earlier writes beside ``path``."""
    for left in _leftovers(path.parent):
        # A folder that was moved aside from another path may be all there is of it: its own readers put it back.
        if _is_alive(left.process) or (left.role == "aside" and left.name != path.name):
            continue
        if left.path.is_dir():
            shutil.rmtree(left.path, ignore_errors=True)
        else:
            left.path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    """Whether a process with that number runs on this machine."""
    if sys.platform == "win32":  # there, asking with signal 0 would end the process
        limited_information = 0x1000
        handle = ctypes.windll.kernel32.OpenProcess(limited_information, False, process)
        return bool(handle) and bool(ctypes.windll.kernel32.CloseHandle(handle))
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _put_in_place(new: Path, path: Path) -> None:
    """Make the folder ``new`` become ``path``; afterwards ``new`` is the old folder, or gone."""
    if not path.exists():
        new.rename(path)
        return
    if _swap(new, path):
        return
    aside = _sibling(path, "aside")
    path.rename(aside)
    try:
        new.rename(path)
    except OSError:
        aside.rename(path)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _swap(first: Path, second: Path) -> bool:
    """Exchange two folders in one step; False where the system or its disk cannot."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)
    return renameat2(here, os.fsencode(first), here, os.fsencode(second), exchange) == 0


def _sync_tree(folder: Path) -> None:
    """Bring every file and folder below ``folder`` onto the disk."""
    for parent, _, names in os.walk(folder):
        for name in names:
            _sync_file(Path(parent, name))
        _sync_folder(Path(parent))


def _sync_file(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return  # folders cannot be opened there, and renames are logged
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
