"""What help says, and what it costs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from typer.testing import CliRunner

from tripoint.faces.cli import app
from tripoint.faces.cli.app import COMMANDS, DATA_COMMANDS, EVENT_COMMANDS

PAGES = [
    (),
    *((name,) for name, _, _ in COMMANDS),
    ("data",),
    *(("data", name) for name, _, _ in DATA_COMMANDS),
    ("events",),
    *(("events", name) for name, _, _ in EVENT_COMMANDS),
]
HEAVY = (
    "numpy",
    "polars",
    "scipy",
    "numba",
    "altair",
    "pandas",
    "statsmodels",
    "rich",
    "httpx",
    "msgspec",
    "jinja2",
    "duckdb",
    "sqlglot",
    "pyspark",
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: " ".join(page) or "tripoint")
def test_help_is_as_it_was(page: tuple[str, ...], snapshot: SnapshotAssertion) -> None:
    result = CliRunner().invoke(app, [*page, "--help"], prog_name="tripoint", env={"COLUMNS": "80"})
    assert result.exit_code == 0
    assert result.stdout == snapshot


@pytest.mark.parametrize("page", PAGES, ids=lambda page: " ".join(page) or "tripoint")
def test_help_has_an_example_that_names_the_command(page: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*page, "-h"], prog_name="tripoint")
    _, _, examples = result.stdout.partition("Example")
    assert " ".join(["tripoint", *page]) in examples


def test_every_example_is_a_command_that_can_be_parsed() -> None:
    of_groups = (("data", DATA_COMMANDS), ("events", EVENT_COMMANDS))
    grouped = [(group, None, lines) for group, commands in of_groups for _, _, lines in commands]
    for name, _, examples in (*COMMANDS, *grouped):
        assert examples
        for line in examples:
            words = line.split(" > ")[0].split()
            assert words[:2] == ["tripoint", name]
            result = CliRunner().invoke(app, [*words[1:], "--help"])
            assert result.exit_code == 0, line


@pytest.mark.parametrize(
    "words", [["-h"], ["--help"], ["--version"], ["events", "--help"], ["events", "counts", "-h"]]
)
def test_asking_costs_no_heavy_import(words: list[str]) -> None:
    program = (
        "import sys\n"
        "from tripoint.faces.cli import app\n"
        f"try: app({words!r}, prog_name='tripoint')\n"
        "except SystemExit as end: assert end.code in (0, None)\n"
        f"loaded = [one for one in {HEAVY!r} if one in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "tripoint" in done.stdout


def test_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"tripoint {version('tripoint')}\n")


def test_the_module_runs_as_the_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tripoint", "--version"],
        capture_output=True, text=True, timeout=60, env={**os.environ, "TRIPOINT_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.startswith("tripoint ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["readng"], "Did you mean 'reading'"),
        (["data", "lst"], "Did you mean 'list'"),
        (["events", "count"], "Did you mean 'counts'"),
        (["reading", "--nosuch"], "No such option"),
        (["compare", "RUS", "CHN"], "Missing option '--grounds'"),
        (["compare", "RUS"], "Missing argument"),
        (["data", "show", "votes", "--limit", "0"], "--limit"),
        (["build", "--draws", "many"], "--draws"),
    ],
)
def test_wrong_use_exits_with_2_and_says_how_to_go_on(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr
