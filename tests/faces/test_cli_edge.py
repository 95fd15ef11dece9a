"""Failures at the edge: one message, an exit code, never a traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tripoint.errors import TableError
from tripoint.faces.cli import app
from tripoint.faces.cli.output import plain, write_json

TRIPOINT = [sys.executable, "-m", "tripoint"]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    # Unbuffered, Python drops the rest of a write that the reader cut short, and says nothing.
    unwanted = ("COLUMNS", "PYTHONIOENCODING", "PYTHONUNBUFFERED")
    known = {name: value for name, value in os.environ.items() if name not in unwanted}
    return known | {"TRIPOINT_HOME": str(tmp_path)}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path))
    monkeypatch.delenv("TRIPOINT_DEBUG", raising=False)


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*given: object, **named: object) -> None:
        raise error

    monkeypatch.setattr("tripoint.readings.reading.take_reading", fail)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ValueError("odd"), 1, "tripoint: something went wrong that should not have: ValueError: odd"),
        (AssertionError(), 1, "AssertionError\n"),
        (MemoryError(), 1, "MemoryError"),
        (OSError(28, "No space left on device", "/x/y"), 1, "tripoint: No space left on device: '/x/y'\n"),
        (PermissionError(13, "Permission denied"), 1, "tripoint: Permission denied\n"),
        (TableError("votes", ["one", "two"]), 1, "tripoint: votes: 2 faults\n  - one\n  - two\n"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was changed\n"),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_every_failure_is_one_message(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    failing(monkeypatch, error)
    result = CliRunner().invoke(app, ["reading", "--json"])
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert (result.stderr == "") == (said == "")
    assert "Traceback" not in result.stderr


def test_a_fault_of_ours_says_how_to_report_it_and_shows_where_on_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failing(monkeypatch, ValueError("odd"))
    assert "TRIPOINT_DEBUG=1" in CliRunner().invoke(app, ["cite"]).stderr
    result = CliRunner().invoke(app, ["cite"], env={"TRIPOINT_DEBUG": "1"})
    assert result.exit_code == 1
    assert "Traceback" in result.stderr


def test_a_reader_that_leaves_ends_it_quietly(env: dict[str, str]) -> None:
    with subprocess.Popen(
        [*TRIPOINT, "reading", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.read(1)
        child.stdout.close()
        said = child.stderr.read()
    assert (child.returncode, said) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("command", [["cite"], ["--help"], ["data", "list", "--json"]])
def test_a_full_disk_is_one_message(env: dict[str, str], command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*TRIPOINT, *command], stdout=full, stderr=subprocess.PIPE, text=True, env=env, timeout=120
        )
    assert (done.returncode, done.stderr) == (1, "tripoint: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are not sent there")
def test_ctrl_c_changes_nothing_and_says_so(env: dict[str, str], tmp_path: Path) -> None:
    wait = "import time, tripoint.readings.reading as r\ndef f(*a, **k):\n print('go', flush=True); time.sleep(60)\n"
    program = f"{wait}r.take_reading = f\nfrom tripoint.faces.cli import main\nmain()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "reading"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == "go\n"
        child.send_signal(signal.SIGINT)
        said = child.stderr.read()
    assert (child.returncode, said) == (130, "interrupted; nothing was changed\n")
    assert list(tmp_path.iterdir()) == []


def test_a_real_run_prints_results_to_stdout_and_nothing_else(env: dict[str, str]) -> None:
    done = subprocess.run([*TRIPOINT, "reading"], capture_output=True, text=True, env=env, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Russia and China through Kazakhstan")
    assert "\x1b" not in done.stdout


def test_a_terminal_without_unicode_gets_dashes_and_marks_it_has(env: dict[str, str]) -> None:
    done = subprocess.run(
        [*TRIPOINT, "reading"], capture_output=True, env=env | {"PYTHONIOENCODING": "ascii"}, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "?" not in done.stdout.decode("ascii")


def test_json_is_ascii_where_stdout_is(env: dict[str, str]) -> None:
    done = subprocess.run(
        [*TRIPOINT, "explain", "barometer", "--json"],
        capture_output=True, env=env | {"PYTHONIOENCODING": "ascii"}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0
    assert b"?" not in done.stdout.replace(b'?"', b"")


def test_a_closed_stdout_is_no_failure(env: dict[str, str]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{sys.executable}' -m tripoint cite >&-"],
        stderr=subprocess.PIPE,
        text=True,
        env=env,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_json_cannot_say_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    write_json({"a": float("nan"), "b": [float("inf"), 1.5], "c": (True, None, 2)})
    assert "".join(capsys.readouterr().out.split()) == '{"a":null,"b":[null,1.5],"c":[true,null,2]}'


def test_numbers_of_numpy_become_plain_ones() -> None:
    import numpy as np

    assert plain({"a": np.float64("nan"), "b": np.int64(3), "c": np.array([1.0, np.nan]).tolist()}) == {
        "a": None,
        "b": 3,
        "c": [1.0, None],
    }
