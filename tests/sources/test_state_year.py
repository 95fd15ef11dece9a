"""Indicators from the World Bank's files and from the shared data."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tripoint.errors import ParseError
from tripoint.sources.state_year import choose_pages, is_world_bank_file, read_world_bank_file

GDP, POPULATION = "NY.GDP.MKTP.CD", "SP.POP.TOTL"


def observation(iso3: str, year: object, value: float | None, code: str = GDP) -> dict:
    return {
        "indicator": {"id": code, "value": "GDP (current US$)"},
        "country": {"id": iso3[:2], "value": iso3},
        "countryiso3code": iso3,
        "date": str(year),
        "value": value,
        "unit": "",
        "obs_status": "",
        "decimal": 0,
    }


def build(folder: Path, *rows: dict, pages: int = 1, total: int | None = None) -> Path:
    meta = {
        "page": 1,
        "pages": pages,
        "per_page": 20000,
        "total": len(rows) if total is None else total,
        "sourceid": "2",
        "lastupdated": "2026-02-24",
    }
    path = folder / "gdp_current_usd-1.json"
    path.write_text(json.dumps([meta, list(rows)]))
    return path


def test_a_page_of_the_world_bank(tmp_path: Path) -> None:
    path = build(
        tmp_path,
        observation("KAZ", 2023, 2.6e11),
        observation("KAZ", 2024, None),
        observation("WLD", 2023, 1e14),
        observation("", 2023, 1e14),
        observation("HKG", 2023, 3.8e11),
        observation("KAZ", 2023, 20e6, POPULATION),
        observation("KAZ", 2023, 5.0, "FP.CPI.TOTL.ZG"),
    )
    assert is_world_bank_file(path)
    parsed = read_world_bank_file(path)
    assert parsed.tables["state_year"].rows() == [
        (2023, "KAZ", "gdp_current_usd", 2.6e11, "usd", "world_bank"),
        (2023, "HKG", "gdp_current_usd", 3.8e11, "usd", "world_bank"),
        (2023, "KAZ", "population", 20e6, "persons", "world_bank"),
    ]
    assert parsed.dropped == {
        "another indicator": 1,
        "a group of states, not a state": 2,
        "not observed": 1,
    }


def test_one_of_several_pages_is_complete_by_itself(tmp_path: Path) -> None:
    path = build(tmp_path, observation("KAZ", 2023, 1.0), pages=2, total=2)
    assert read_world_bank_file(path).tables["state_year"].height == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            '[{"message":[{"id":"120","key":"Invalid value","value":"not valid"}]}]',
            "not an answer .*Invalid value",
        ),
        ('[{"page":1,"pages":1,"total":1},[{"indicator":{"id":', "damaged or cut off"),
        ('{"a": 1}', "not an answer with observations"),
        ("<!DOCTYPE html><html>", "web page"),
        ("", "file is empty"),
    ],
)
def test_what_is_no_answer_is_explained(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "gdp.json"
    path.write_text(text)
    with pytest.raises(ParseError, match=complaint):
        read_world_bank_file(path)


@pytest.mark.parametrize(
    ("rows", "total", "complaint"),
    [
        ([observation("KAZ", 2023, 1.0)], 2, "has 1 of 2 observations"),
        ([observation("WLD", 2023, 1.0)], 1, "no row has one of NY.GDP.MKTP.CD, SP.POP.TOTL and a state"),
        ([observation("KAZ", "2023Q1", 1.0)], 1, "'2023Q1' in row 1"),
    ],
)
def test_faults_are_named(tmp_path: Path, rows: list[dict], total: int, complaint: str) -> None:
    with pytest.raises(ParseError, match=complaint):
        read_world_bank_file(build(tmp_path, *rows, total=total))


def test_pages_are_counted() -> None:
    answer = '[{"page":1,"pages":9,"per_page":1,"total":%d},null]'
    assert [len(choose_pages(answer % total, GDP)) for total in (0, 1, 20_000, 20_001)] == [1, 1, 1, 2]
    with pytest.raises(ParseError, match=r"sent no count of rows for NY\.GDP\.MKTP\.CD"):
        choose_pages("[]", GDP)


ROWS = st.dictionaries(
    st.tuples(
        st.integers(1960, 2030), st.sampled_from(["KAZ", "RUS", "CHN"]), st.sampled_from([GDP, POPULATION])
    ),
    st.none() | st.floats(0, 1e15),
    min_size=1,
)


@given(ROWS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_as_the_world_bank_does_is_read(tmp_path: Path, rows: dict) -> None:
    path = build(
        tmp_path, *(observation(state, year, value, code) for (year, state, code), value in rows.items())
    )
    table = read_world_bank_file(path).tables["state_year"]
    codes = {"gdp_current_usd": GDP, "population": POPULATION}
    read = {(year, state, codes[name]): value for year, state, name, value, *_ in table.rows()}
    assert read == {key: value for key, value in rows.items() if value is not None}


@pytest.mark.shared
def test_the_extract(extracts) -> None:
    parsed = extracts["state_year"]
    table = parsed.tables["state_year"]
    assert parsed.dropped == {
        "a group of states, not a state": 6167,
        "two different values for one state, year and indicator": 24,
        "not observed": 783,
    }
    assert table.height + sum(parsed.dropped.values()) == 79_369
    people = table.filter(year=2022, state="KAZ", indicator="population")["value"].item()
    census = table.filter(year=2022, state="KAZ", indicator="nmc_tpop")["value"].item()
    assert people == pytest.approx(census, rel=0.1)
