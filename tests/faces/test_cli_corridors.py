"""``tripoint corridors`` and ``what-if`` as a user meets them."""

import json
import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tripoint.faces.cli import app


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


def test_routes_and_shares_as_json() -> None:
    result = run("corridors", "KAZ", "--commodity", "crude", "--json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    route = next(one for one in data["routes"] if one["segment"] == "cpc_kz")
    assert (route["year"], route["value"], route["unit"]) == (2024, 54.9, "Mt/y")
    share = next(one for one in data["shares"] if one["player"] == "KAZ")
    assert share["lower"] <= share["shapley"] <= share["upper"]
    assert 0 < share["nucleolus"] < 1
    assert 0 < data["mean_share_left"]["crude"] < 1
    assert "survivability" not in result.stdout


def test_the_sheet_names_states_and_routes() -> None:
    result = run("corridors")
    assert result.exit_code == 0, result.output
    for word in (
        "Corridors of Kazakhstan, 2024",
        "cpc_ru",
        "Bargaining power over",
        "Outages on record",
        "uranium".title(),
    ):
        assert word in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


def test_every_segment_of_the_sheet_has_its_name() -> None:
    text = run("corridors").stdout
    data = json.loads(run("corridors", "--json").stdout)
    for route in data["routes"]:
        assert re.search(rf"(?m)^{route['segment']} +{re.escape(route['title'])}$", text), route["segment"]


def test_closing_a_segment_or_a_state() -> None:
    whole = json.loads(run("corridors", "KAZ", "--commodity", "crude", "--json").stdout)
    for what in ("cpc_ru", "RUS", "Russia"):
        shut = json.loads(run("corridors", "KAZ", "--close", what, "--commodity", "crude", "--json").stdout)
        assert shut["worth"]["crude"] < whole["worth"]["crude"]
    text = run("corridors", "KAZ", "--close", "cpc_ru", "--commodity", "crude").stdout
    assert "closed: cpc_ru" in text


def test_what_if_says_who_gains_and_whether_interests_oppose() -> None:
    result = run("what-if", "cpc-closed", "RUS", "CHN", "KAZ")
    assert result.exit_code == 0, result.output
    assert "The interests of Russia and China oppose: one gains, the other loses." in result.stdout
    (found,) = json.loads(run("what-if", "cpc-closed", "RUS", "CHN", "KAZ", "--json").stdout)
    assert found["opposed"] is True
    assert {effect["player"] for effect in found["effects"]} >= {"RUS", "CHN", "KAZ"}


def test_what_if_leaves_out_no_state_that_was_asked_about() -> None:
    text = run("what-if", "trans-caspian", "RUS", "CHN", "KAZ").stdout
    table = text.split("Change of share")[1].split("All together")[0]
    for name in ("Russia", "China", "Kazakhstan"):
        assert name in table
    assert "-0 " not in table
    assert "plays no part" not in text
    other = " ".join(run("what-if", "tapi", "USA", "IRN", "TKM").stdout.split())
    assert "The United States plays no part here: it can close nothing of the gas, and has no share." in other
    (found,) = json.loads(run("what-if", "tapi", "USA", "IRN", "TKM", "--json").stdout)
    assert found["no_part"] == ["USA"]


def test_a_misspelt_field_of_a_scenario_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\ntitle = "mine"\nclos = ["cpc_ru"]\n', "utf-8")
    result = run("what-if", str(file))
    assert result.exit_code == 1
    assert "no field is called 'clos'. Did you mean 'close'?" in result.stderr


def test_without_a_scenario_all_are_listed() -> None:
    assert "trans-caspian" in run("what-if").stdout
    assert {one["name"] for one in json.loads(run("what-if", "--json").stdout)} >= {"tapi", "cpc-closed"}


def test_a_network_and_a_scenario_of_ones_own(tmp_path: Path) -> None:
    source = files("tripoint.sources") / "routes"
    shutil.copytree(str(source), tmp_path / "mine")
    scenario = tmp_path / "shut.toml"
    scenario.write_text(
        'name = "shut"\ntitle = "The line to the Black Sea shut"\nclose = ["cpc_ru"]\n', "utf-8"
    )
    arguments = ("--network", str(tmp_path / "mine"), "--json")
    found = json.loads(run("what-if", str(scenario), *arguments).stdout)
    assert [one["commodity"] for one in found] == ["crude"]
    same = json.loads(
        run("corridors", "KAZ", "--scenario", str(scenario), "--commodity", "crude", *arguments).stdout
    )
    assert next(one for one in same["routes"] if one["segment"] == "cpc_ru")["modelled"] == 0


def test_a_bloc_stands_beside_the_shapley_values() -> None:
    arguments = ("corridors", "KAZ", "--commodity", "crude", "--bloc", "Russia,BLR", "--bloc", "AZE, GEO,TUR")
    data = json.loads(run(*arguments, "--json").stdout)
    russia = next(one for one in data["owen"] if one["player"] == "RUS")
    assert russia["bloc"] == ["RUS", "BLR"]
    assert russia["lower"] <= russia["owen"] <= russia["upper"]
    text = run(*arguments).stdout
    assert "acting together: RUS, BLR; AZE, GEO, TUR" in " ".join(text.split())
    assert "Owen value" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "Owen value" not in run("corridors", "KAZ", "--commodity", "crude").stdout


def test_actors_and_operators_are_shown() -> None:
    data = json.loads(run("corridors", "KAZ", "--commodity", "crude", "--json").stdout)
    assert {one["kind"] for one in data["failures"]} == {"segment", "place", "state", "actor", "operator"}
    assert {one["actor"] for one in data["actor_losses"]} == {"RUS", "UKR", "none named"}
    text = run("corridors", "KAZ", "--commodity", "crude").stdout
    for part in ("The same by actor", "none named", "Transneft", "operator"):
        assert part in text


def test_a_tracker_of_pipelines_is_a_network(tmp_path: Path) -> None:
    rows = (
        "ProjectID,Fuel,Countries,PipelineName,Status,Capacity,CapacityUnits,StartLocation,StartCountry,EndLocation,"
        "EndCountry,WKTFormat",
        'P1,Gas,"Turkmenistan, Kazakhstan",East,operating,30,bcm/y,Field,Turkmenistan,Beyneu,Kazakhstan,'
        '"LINESTRING (61 37, 55 45)"',
        'P2,Gas,"Kazakhstan, Russia",West,proposed,10,bcm/y,Beyneu,Kazakhstan,Border,Russia,'
        '"LINESTRING (55 45, 48 50)"',
        "P3,Gas,Kazakhstan,Old,retired,10,bcm/y,Beyneu,Kazakhstan,Border,Russia,",
    )
    file = tmp_path / "tracker.csv"
    file.write_text("\n".join(rows), "utf-8")
    result = run("corridors", "KAZ", "--network", str(file))
    assert result.exit_code == 1
    assert "a tracker has no supplies and no markets" in result.output
    (tmp_path / "ends.csv").write_text(
        "end,nodes,kind,commodity,state,low,best,high,unit,price_low,price_best,price_high,price_unit\n"
        "field,P1_start,supply,gas,TKM,10,20,30,bcm/y,20,30,40,USD/1000m3\n"
        "buyer,border_rus,market,gas,RUS,10,20,30,bcm/y,150,200,250,USD/1000m3\n",
        "utf-8",
    )
    shut = json.loads(run("corridors", "KAZ", "--network", str(file), "--json").stdout)
    assert shut["worth"] == {"gas": 0.0}
    assert any("1 rows left out: 1 retired" in note for note in shut["notes"])
    page = tmp_path / "map.html"
    arguments = ("--network", str(file), "--open", "P2", "--map", str(page))
    result = run("corridors", "KAZ", *arguments)
    assert result.exit_code == 0, result.output
    assert "note: 2 segments from the tracker: 1 operating, 1 proposed" in result.stderr
    assert f"wrote {page}" in result.stderr
    assert "Turkmenistan" in result.stdout
    assert "West" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("corridors", "KAZ", "--bloc", "RUS"), 2, "bloc 'RUS' has 1 member"),
        (("corridors", "KAZ", "--bloc", "RUS,FRA"), 2, "'FRA' of bloc 'RUS,FRA' can close nothing here"),
        (("corridors", "KAZ", "--bloc", "RUS,BLR", "--bloc", "BLR,CHN"), 2, "'BLR' is in blocs 2 times"),
        (("corridors", "TKM", "--map", "."), 1, "cannot write the map: '.' is a folder"),
        (("corridors", "FRA"), 1, "no segment is on record that FRA can close"),
        (("corridors", "Atlantis"), 2, "no state is called 'Atlantis'"),
        (("corridors", "KAZ", "--commodity", "tea"), 2, "no commodity is called 'tea'"),
        (("corridors", "KAZ", "--close", "cpc"), 2, "Segments that can be closed"),
        (("corridors", "KAZ", "--open", "tpc"), 2, "no segment is called 'tpc'"),
        (("what-if", "cpc-open"), 2, "no scenario is called 'cpc-open'"),
        (("what-if", "none.toml"), 1, "cannot be read"),
        (("what-if", "tapi", "RUS", "CHN"), 2, "2 states given"),
        (("corridors", "KAZ", "--network", "nowhere"), 1, "no such folder"),
    ],
)
def test_what_cannot_be_done_says_why(arguments: tuple[str, ...], code: int, message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    assert message in " ".join(result.output.split())
