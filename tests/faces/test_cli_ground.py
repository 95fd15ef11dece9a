"""``tripoint ground`` and ``fault-lines``: text that fits, strict JSON, and words for what cannot be done."""

import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tripoint.faces.cli import app


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path / "home"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "80", "NO_COLOR": "1"})


@pytest.mark.parametrize(
    "arguments",
    [
        ("ground",),
        ("ground", "USA", "CHN", "Vietnam", "--outsider", "RUS"),
        ("fault-lines",),
        ("fault-lines", "USA", "FRA"),
        ("fault-lines", "SAU", "IRN"),
    ],
)
def test_the_text_fits_a_terminal(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.split("\n"))) <= 80
    assert not set(result.stdout) & set("│┃─━┌┐└┘")


def test_fault_lines_print_a_list() -> None:
    data = json.loads(run("fault-lines", "RUS", "CHN", "--json").stdout)
    assert isinstance(data, list)
    for one in data:
        assert {"ground", "issue", "value", "lower", "upper", "rank", "coverage"} <= one.keys()
    part = json.loads(
        run("fault-lines", "RUS", "CHN", "--region", "central-asia", "--issue", "arms", "--json").stdout
    )
    assert {one["issue"] for one in part} == {"arms"}
    assert {one["region"] for one in part} == {"central-asia"}
    assert part[0]["rank"] == 1


def test_the_ground_prints_json() -> None:
    data = json.loads(run("ground", "--json").stdout)
    assert data["triad"]["ground"] == "KAZ"
    assert {"presence", "tilt", "standing", "ledger", "crossovers"} <= data.keys()
    crossover = data["crossovers"][0]
    assert {name: crossover[name] for name in ("layer", "leader", "passed", "reported", "last", "n", "coverage")} == {
        "layer": "turnover", "leader": "CHN", "passed": "RUS", "reported": 2023, "last": 2023, "n": 29, "coverage": "C",
    }  # fmt: skip
    assert crossover["lower"] <= crossover["year"] <= crossover["upper"] <= crossover["last"]


def test_every_number_of_the_ground_has_its_n_and_grade() -> None:
    text, data = run("ground").stdout, json.loads(run("ground", "--json").stdout)
    for name in ("presence", "tilt", "standing", "ledger", "crossovers"):
        assert all({"n", "coverage"} <= row.keys() for row in data[name])
    presence, rest = text.split("\n\nTilt by layer\n")
    shown = re.findall(r"\d{4}, n \d+, [ABC]\b", presence)
    assert len(shown) == len(re.findall(r"\(.+?\)", presence))
    tables = rest.split("\n\n")
    for table in (tables[0], tables[1], tables[-2]):
        lines = [line for line in table.splitlines() if re.search(r"\d\)|\d%\)", line)]
        assert lines
        assert all(re.search(r"\s\d+ +[ABC]$", line) for line in lines), table
    assert "(29 years compared, grade C)" in " ".join(text.split())


def test_an_empty_region_says_so() -> None:
    result = run("fault-lines", "RUS", "CHN", "--region", "polynesia")
    assert result.exit_code == 0
    assert "present in no such ground" in result.stderr
    assert json.loads(run("fault-lines", "RUS", "CHN", "--region", "polynesia", "--json").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("fault-lines", "RUS", "CHN", "--issue", "weather"), 2, "issue area"),
        (("fault-lines", "RUS", "CHN", "--region", "asia"), 2, "region"),
        (("fault-lines", "KAZ", "UZB"), 1, "built for pairs of"),
        (("fault-lines", "RUS", "RUS"), 2, "the same state"),
        (("ground", "RUS", "CHN"), 2, "2 states given"),
    ],
)
def test_what_cannot_be_done_says_why(arguments: tuple[str, ...], code: int, said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert said in result.stderr
