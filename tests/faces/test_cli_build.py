"""``tripoint build``: what it passes on and what it prints; the build itself is stubbed."""

import json
import re
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tripoint.build import Difference
from tripoint.errors import CoverageError
from tripoint.faces.cli import app
from tripoint.store.vintages import bundled_path, open_vintage, own_path

BUILDING = import_module("tripoint.build")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stub the build: the result is a copy of the bundled vintage."""
    said: dict[str, Any] = {}

    def build_vintage(
        tables: Any, settings: Any, *, progress: Callable[[float, str], None], base: Any
    ) -> Any:
        said.update(tables=tables, settings=settings)
        progress(0.5, "half")
        shutil.rmtree(own_path(), ignore_errors=True)
        shutil.copytree(bundled_path(), own_path())
        return open_vintage()

    monkeypatch.setattr(BUILDING, "read_tables", lambda extracts: extracts)
    monkeypatch.setattr(BUILDING, "build_vintage", build_vintage)
    return said


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["build", *arguments], env={"NO_COLOR": "1", "COLUMNS": "80"})


def test_build_says_what_was_made_and_what_changed(asked: dict[str, Any], home: Path) -> None:
    before = open_vintage()
    result = run("--json")
    assert (result.exit_code, result.stderr) == (0, "")
    data = json.loads(result.stdout)
    assert list(data) == ["name", "path", "rows", "seconds", "before", "before_thinned", "changes"]
    assert data["path"] == str(home / "vintages" / "current")
    assert data["rows"] == sum(trace.rows for trace in before.manifest.series.values())
    assert data["before"] == before.manifest.name
    assert {one["series"] for one in data["changes"]} == before.manifest.series.keys() - {"reference"}
    assert all(one["keys_lost"] == one["keys_new"] == one["largest_change"] == 0 for one in data["changes"])


def test_build_says_that_nothing_changed(asked: dict[str, Any]) -> None:
    result = run()
    assert result.exit_code == 0, result.stderr
    assert re.search(r"All \d+ series are as in ", result.stdout)


def test_build_prints_a_table_that_fits(asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    changed = Difference("kappa", 10, 12, 0, 2, 0.0), Difference("pi", 10, 10, 0, 0, 0.0)
    monkeypatch.setattr(BUILDING, "compare", lambda old, new: changed)
    result = run()
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.split("\n")
    assert lines[0].startswith("Vintage ")
    assert "1 other series are as before." in lines
    assert any(line.startswith("Rows against ") for line in lines)
    assert any(line.startswith("kappa") for line in lines)
    assert max(len(line) for line in lines[2:]) <= 80


def test_the_vintage_before_is_read_before_it_is_replaced(asked: dict[str, Any]) -> None:
    assert run().exit_code == 0
    second = run("--json")
    assert second.exit_code == 0, second.stderr
    assert json.loads(second.stdout)["changes"]


def test_a_damaged_vintage_before_does_not_stop_a_build(asked: dict[str, Any]) -> None:
    own = own_path()
    shutil.copytree(bundled_path(), own)
    (own / "kappa.parquet").write_bytes(b"cut")
    result = run("--json")
    assert result.exit_code == 0
    assert "nothing to compare with" in result.stderr
    assert json.loads(result.stdout)["before"] is None


def test_settings_are_passed_on(asked: dict[str, Any], tmp_path: Path) -> None:
    result = run(
        "--extracts",
        str(tmp_path),
        "--outsider",
        "USA",
        "--outsider",
        "Britain",
        "--seed",
        "0",
        "--draws",
        "9",
    )
    assert result.exit_code == 0, result.stderr
    assert asked["tables"] == tmp_path
    settings = asked["settings"]
    assert (settings.outsiders, settings.seed, settings.draws) == (("USA", "GBR"), 0, 9)


def test_settings_that_are_not_given_are_those_of_the_package(asked: dict[str, Any]) -> None:
    from tripoint.measures.measure import Settings

    assert run().exit_code == 0
    assert asked["settings"] == Settings()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--extracts", "nowhere"], "there is no folder 'nowhere'"),
        (["--outsider", "Atlantis"], "no state is called 'Atlantis'"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_wrong_settings_are_refused_at_once(asked: dict[str, Any], arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert not asked


def test_without_tables_it_says_how_to_get_some(home: Path) -> None:
    result = run()
    assert (result.exit_code, result.stdout) == (1, "")
    assert "tripoint data pull un_votes" in result.stderr
    assert not own_path().exists()


def test_a_build_that_fails_leaves_what_was_there(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    assert run().exit_code == 0
    name = open_vintage().manifest.name

    def fail(*given: Any, **named: Any) -> None:
        raise CoverageError("no measure can be built")

    monkeypatch.setattr(BUILDING, "build_vintage", fail)
    assert run().exit_code == 1
    assert open_vintage().manifest.name == name
