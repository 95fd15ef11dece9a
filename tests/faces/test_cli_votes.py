"""``tripoint votes`` and ``ideal-points``: text and JSON agree, wrong use is said, and a refit on made-up votes."""

import json

import polars as pl
import pytest
from tests.measures.test_ideal_point_series import tables
from typer.testing import CliRunner

from tripoint.faces.cli import app
from tripoint.store.catalog import Tables


@pytest.fixture(autouse=True)
def bundled_only(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path / "home"))


def run(*words):
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "100", "NO_COLOR": "1"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_votes_as_text_and_as_json():
    found = json.loads(run("votes", "RUS", "CHN", "--json"))
    assert {
        "pair",
        "outsider",
        "period",
        "glue",
        "conditional",
        "placebos",
        "variants",
        "fault_lines",
        "issues",
    } <= set(found)
    text = run("votes", "RUS", "CHN")
    share = next(
        row for row in found["glue"] if row["measure"] == "linked_share" and row["period"] == found["period"]
    )
    assert f"{share['value']:.1%}" in text
    assert all(line["issue"] in text for line in found["fault_lines"])


def test_an_outsider_that_is_there_in_part_is_said():
    result = CliRunner().invoke(app, ["votes", "FRA", "GBR", "--outsider", "RUS"])
    assert result.exit_code == 0
    assert "tripoint build --outsider RUS" in " ".join(result.stderr.split())
    assert "votes yes" in result.stdout


def test_one_issue_as_text():
    text = run("votes", "Russia", "China", "--issue", "nuclear", "--ground", "KAZ")
    assert "Nuclear" in text
    assert "KAZ with" in text


def test_positions_as_rows():
    found = json.loads(run("ideal-points", "--states", "RUS,Kazakhstan", "--scheme", "published", "--json"))
    assert found["scheme"] == "published"
    assert list(found["rows"][0])[:6] == ["state", "year", "session", "value", "lower", "upper"]
    assert {row["state"] for row in found["rows"]} == {"RUS", "KAZ"}
    text = run("ideal-points", "--states", "RUS,Kazakhstan", "--scheme", "published")
    last = [row for row in found["rows"] if row["state"] == "RUS" and row["value"] is not None][-1]
    assert f"{last['value']:.2f}" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ideal-points", "--effort", "0.5"), "go with --refit"),
        (("ideal-points", "--refit", "--as-of", "2020-01-01"), "do not go with it"),
        (("ideal-points", "--states", " , "), "no state is given"),
        (("ideal-points", "--scheme", "best"), "scheme"),
        (("ideal-points", "--refit", "--scheme", "published", "--innovation", "0.1"), "positive variance"),
        (("ideal-points", "--refit", "--extracts", "nowhere"), "no folder 'nowhere'"),
        (("votes", "RUS", "CHN", "--issue", "trade"), "issue"),
    ],
)
def test_wrong_use_is_said(words, said):
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    assert result.exit_code in (1, 2)
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def test_a_refit_reads_the_votes_at_hand(monkeypatch):
    frames = tables()
    monkeypatch.setattr(
        "tripoint.build.read_tables",
        lambda extracts: Tables(frames, dict.fromkeys(frames, ()), dict.fromkeys(frames, "")),
    )
    found = json.loads(run("ideal-points", "--refit", "--effort", "0.2", "--innovation", "0.05", "--json"))
    assert found["vintage"] == "refit"
    assert found["fit"]["innovation variance"] == pytest.approx(0.05, rel=0.5)
    assert {row["state"] for row in found["rows"]} == {"RUS", "CHN", "KAZ", "USA"}
    means = {
        state: [row["value"] for row in found["rows"] if row["state"] == state] for state in ("RUS", "USA")
    }
    assert sum(means["USA"]) > sum(means["RUS"])


def test_a_refit_that_identifies_nothing_says_so(monkeypatch):
    frames = tables()
    frames["votes"] = frames["votes"].filter(pl.col("state") != "RUS")
    monkeypatch.setattr(
        "tripoint.build.read_tables",
        lambda extracts: Tables(frames, dict.fromkeys(frames, ()), dict.fromkeys(frames, "")),
    )
    result = CliRunner().invoke(app, ["ideal-points", "--refit"], env={"COLUMNS": "200"})
    assert result.exit_code == 1
    assert "nothing says which way is up" in result.stderr
