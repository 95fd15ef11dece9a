"""Every field of a scenario's file is explained where `tripoint what-if --help` says, and the example there runs."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tripoint.core.network import UNIT_OF
from tripoint.core.scenario import EndChange, NewSegment, Scenario, SegmentChange, load_scenario
from tripoint.faces.cli import app
from tripoint.readings.what_if import what_if

PAGE = "docs/measures/bargaining.md"
TITLE = "A scenario of one's own"


@pytest.fixture(scope="module")
def section() -> str:
    text = (Path(__file__).parents[2] / PAGE).read_text("utf-8")
    return text.split(f"\n### {TITLE}\n")[1].split("\n### ")[0]


def explained(section: str, head: str) -> set[str]:
    """Names in the first column of the table with this head."""
    table = section.split(f"\n| {head}")[1].split("\n\n")[0]
    first = [row.split("|")[1] for row in table.split("\n")[2:]]
    return {name.strip("[]") for cell in first for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize(
    ("head", "shape"),
    [
        ("field |", Scenario),
        ("field of `[[segments]]`", SegmentChange),
        ("field of `[[ends]]`", EndChange),
        ("field of `[[add]]`", NewSegment),
    ],
)
def test_every_field_is_explained_and_no_other(section: str, head: str, shape: type) -> None:
    assert explained(section, head) == {field.name for field in fields(shape)}


def test_units_are_those_of_the_network(section: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\w/]+) \|", section, re.M)
    assert dict(rows) == UNIT_OF


def test_the_example_changes_something(section: str, tmp_path: Path) -> None:
    file = tmp_path / "my-pipe.toml"
    file.write_text(section.split("```toml\n")[1].split("```")[0], "utf-8")
    (found,) = what_if(load_scenario(file), "KAZ")
    assert {effect.player: effect.surely for effect in found.effects}["RUS"] == -1


def test_the_help_says_where() -> None:
    said = " ".join(CliRunner().invoke(app, ["what-if", "--help"]).stdout.split())
    assert PAGE in said
    assert TITLE in said
