"""The map of corridors as a page: what its policy allows, what it holds, and what it says where nothing is drawn."""

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from altair.utils.schemapi import debug_mode

from tripoint.errors import StoreError
from tripoint.faces.figures.corridor_atlas import COLOURS, corridor_atlas, drawable
from tripoint.faces.report.corridor_page import render_corridor_map, write_corridor_map
from tripoint.readings.corridors import take_corridors
from tripoint.readings.what_if import find_scenario
from tripoint.sources.corridors import shipped_network


@pytest.fixture(scope="module")
def found():
    return take_corridors("KAZ")


@pytest.fixture(scope="module")
def page(found) -> str:
    return render_corridor_map(found, shipped_network())


def elements(page: str, name: str) -> list[tuple[str, str]]:
    return re.findall(rf"<{name}([^>]*)>(.*?)</{name}>", page, re.DOTALL)


def test_the_policy_names_every_script_and_style_and_nothing_else(page: str) -> None:
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    policy = policy.replace("&#39;", "'")
    run = [text for attributes, text in elements(page, "script") if "json" not in attributes]
    style = [text for _, text in elements(page, "style")]
    assert len(run) == 2
    assert len(style) == 1
    for text in (*run, *style):
        assert f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy
    assert policy.count("sha256-") == 3
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_nothing_is_asked_of_the_network(page: str) -> None:
    bare = page
    for _, text in elements(page, "script"):
        bare = bare.replace(text, "")
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?![#"'])""", bare)
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#)""", bare)
    assert " style=" not in bare
    assert not re.findall(r"\son\w+\s*=", bare)


def test_the_tables_have_the_numbers_of_the_map(page: str, found) -> None:
    (data,) = [json.loads(text) for attributes, text in elements(page, "script") if "json" in attributes]
    rows = [row for layer in data["layer"] for row in layer.get("data", {}).get("values", []) if "who" in row]
    rows += [row for rows in data.get("datasets", {}).values() for row in rows if "who" in row]
    assert {row["name"] for row in rows} == {route.title for route in drawable(found, shipped_network())}
    bare = page.replace("&#39;", "'").replace("&amp;", "&")
    for row in rows:
        for cell in (row["name"], row["capacity"], row["model"], row["record"], row["who"]):
            assert f">{cell}</t" in bare, cell
    for route in found.routes:
        assert f">{route.title}</th>" in bare
    assert "6 of 44 segments are not drawn" in page


def test_the_chart_is_valid_and_describes_itself(found) -> None:
    with debug_mode(True):
        chart = corridor_atlas(found, shipped_network())
    assert chart is not None
    assert chart.to_dict()["description"].startswith("Map of the corridors of Kazakhstan")
    assert len(set(COLOURS.values())) == len(COLOURS) == 4


def test_parallel_lines_do_not_cover_one_another(found) -> None:
    network = shipped_network()
    twin = replace(next(s for s in network.segments if s.name == "cpc_kz"), name="cpc_kz_2", title="Twin")
    rights = tuple(replace(a, segment="cpc_kz_2") for a in network.access if a.segment == "cpc_kz")
    doubled = replace(network, segments=(*network.segments, twin), access=network.access + rights)
    chart = corridor_atlas(take_corridors("KAZ", network=doubled, commodity="crude"), doubled)
    assert chart is not None
    rows = {
        row["name"]: row
        for layer in chart.to_dict(validate=False)["layer"]
        for row in layer.get("data", {}).get("values", [])
        if "who" in row
    }
    one, other = rows["CPC, Kazakh section"], rows["Twin"]
    apart = ((one["x"] - other["x"]) ** 2 + (one["y"] - other["y"]) ** 2) ** 0.5
    assert apart > (one["width"] + other["width"]) / 2


def test_a_scenario_is_named_and_what_it_closes_is_dashed() -> None:
    shut = take_corridors("KAZ", scenario=find_scenario("cpc-closed"), commodity="crude")
    page = render_corridor_map(shut, shipped_network())
    assert f"As if: {find_scenario('cpc-closed').title}" in page
    assert "Dashed lines are closed." in page


def test_where_nothing_can_be_drawn_the_tables_stand_alone_and_nothing_runs(found) -> None:
    network = shipped_network()
    bare = replace(network, places=tuple(replace(place, latitude=None) for place in network.places))
    page = render_corridor_map(found, bare)
    assert "No segment has coordinates at both ends" in page
    assert "<script" not in page
    assert "script-src &#39;none&#39;" in page
    assert "CPC, Kazakh section" in page


def test_what_a_file_says_is_escaped(found) -> None:
    network = shipped_network()
    evil = "</script><img src=x onerror=alert(1)>\u2028"
    renamed = replace(
        network, segments=tuple(replace(s, title=evil) for s in network.segments), notes=(evil,)
    )
    page = render_corridor_map(take_corridors("KAZ", network=renamed, commodity="crude"), renamed)
    assert "<img" not in page[: page.index("<script")]
    assert next(text.count("<") for _, text in elements(page, "script")) == 0
    assert len(elements(page, "script")) == 3
    assert "\\u003c/script\\u003e\\u003cimg" in page


def test_where_it_cannot_be_written(found, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder; name a file"):
        write_corridor_map(found, shipped_network(), tmp_path)
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(StoreError, match="cannot write the map to"):
        write_corridor_map(found, shipped_network(), tmp_path / "file" / "map.html")
