"""Declarations are read as they are meant: what a shape lacks is refused by name, at any depth."""

from dataclasses import dataclass
from typing import Any

import pytest

from tripoint.core.codebook import parse_declaration
from tripoint.errors import DeclarationError


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    size: float | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    title: str
    first: Part | None = None
    parts: tuple[Part, ...] = ()
    by_name: dict[str, Part] | None = None
    settings: dict[str, Any] | None = None


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(DeclarationError) as caught:
        parse_declaration(text, "whole.toml", Whole)
    return caught.value.faults


def test_what_fits_is_filled_in():
    text = """
title = "all"
settings = { anything = { goes = 1 } }

[[parts]]
name = "one"
size = 2

[by_name.two]
name = "two"
"""
    made = parse_declaration(text, "whole.toml", Whole)
    assert made == Whole("all", None, (Part("one", 2.0),), {"two": Part("two")}, {"anything": {"goes": 1}})


@pytest.mark.parametrize(
    ("text", "where", "near"),
    [
        ("titles = 1", "no field is called 'titles'", "title"),
        ("first = { name = 'a', sise = 1 }", "no field of first is called 'sise'", "size"),
        ("[[parts]]\nname = 'a'\n[[parts]]\nnam = 'b'", "no field of parts[1] is called 'nam'", "name"),
        ("[by_name.two]\nname = 'a'\nsice = 1", "no field of by_name.two is called 'sice'", "size"),
    ],
)
def test_a_misspelt_field_is_named_with_its_place_and_the_nearest(text, where, near):
    faults = faults_of(f"title = 'all'\n{text}")
    assert faults[0].startswith(f"{where}. Did you mean '{near}'? Known: ")


def test_every_fault_is_listed_at_once():
    faults = faults_of("titel = 'all'\n[[parts]]\nname = 'a'\nwidth = 1")
    assert [fault.split(".")[0] for fault in faults[:2]] == [
        "no field is called 'titel'",
        "no field of parts[0] is called 'width'",
    ]
    assert "missing required field `title`" in faults[2]


def test_text_that_is_no_toml_is_refused():
    assert len(faults_of("title = ")) == 1
