"""What the sources declare, and what they read from the shared data against it."""

from dataclasses import fields
from importlib.resources import files
from typing import get_type_hints

import msgspec
import polars as pl
import pytest

from tripoint.core.codebook import Codebook, Column, Correction
from tripoint.core.provenance import Citation
from tripoint.core.states import all_states
from tripoint.core.units import unit
from tripoint.errors import UnknownNameError
from tripoint.sources import SOURCES, Origin, citations, codebook, codebooks, declarations, find_source
from tripoint.sources.source import Declaration


def test_sources_and_tables_are_found_by_name() -> None:
    assert find_source("trade").tables == ("trade_flows", "trade_shares", "trade_monthly")
    assert codebook("votes").key == ("collection", "resolution", "state")
    with pytest.raises(UnknownNameError, match=r"no source is called 'trad'\. Did you mean 'trade'"):
        find_source("trad")
    with pytest.raises(UnknownNameError, match="Did you mean 'votes'"):
        codebook("vote")


def test_every_table_of_a_source_has_a_codebook() -> None:
    for source in SOURCES:
        declared = declarations()[source.name]
        assert tuple(book.table for book in declared.codebooks) == source.tables
    tables = [table for source in SOURCES for table in source.tables]
    assert len(set(tables)) == len(tables) == len(codebooks())


@pytest.mark.parametrize("book", codebooks().values(), ids=codebooks())
def test_a_codebook_is_coherent(book: Codebook) -> None:
    names = {column.name for column in book.columns}
    assert set(book.key) <= names
    assert book.period is None or book.period in names
    assert set(book.cite) <= citations().keys()
    for column in book.columns:
        assert column.meaning.endswith(".")
        assert column.unit is None or unit(column.unit)
    for correction in book.corrections:
        assert set(correction.where) <= names | {"from", "to"}
        for name, values in correction.where.items():
            allowed = (
                []
                if name in ("from", "to")
                else next(one for one in book.columns if one.name == name).allowed
            )
            assert not allowed or set(values) <= set(allowed)


def test_every_work_is_cited_somewhere() -> None:
    cited = {key for book in codebooks().values() for key in book.cite}
    cited |= {
        key for declared in declarations().values() for origin in declared.origins for key in origin.cite
    }
    assert cited == citations().keys()


SHAPES = {
    "codebooks": Codebook,
    "columns": Column,
    "corrections": Correction,
    "citations": Citation,
    "origins": Origin,
}


@pytest.mark.parametrize("name", [source.name for source in SOURCES])
def test_no_field_of_a_declaration_is_misspelt(name: str) -> None:
    """A field that no record has would be passed over in silence."""
    text = files("tripoint.sources").joinpath(f"{name}.toml").read_text("utf-8")
    assert unknown_fields(msgspec.toml.decode(text), Declaration) == []


def unknown_fields(given: dict, shape: type) -> list[str]:
    known = {field.name for field in fields(shape)}
    found = [key for key in given if key not in known]
    for key, inner in SHAPES.items():
        for one in given.get(key, []) if key in get_type_hints(shape) else []:
            found += unknown_fields(one, inner)
    return found


@pytest.mark.shared
@pytest.mark.parametrize("source", [source.name for source in SOURCES])
def test_the_extracts_are_what_the_codebooks_say(extracts, source: str) -> None:
    codes = [one.iso3 for one in all_states()]
    for name, frame in extracts[source].tables.items():
        book = codebook(name)
        assert frame.columns == [column.name for column in book.columns]
        assert not frame.select(book.key).is_duplicated().any()
        for column in book.columns:
            values = frame[column.name]
            assert column.nullable or values.null_count() == 0
            assert not column.allowed or set(values.drop_nulls().unique()) <= set(column.allowed)
            if values.null_count() == len(values):  # the extract has no such number
                continue
            assert column.minimum is None or values.min() >= column.minimum
            assert column.maximum is None or values.max() <= column.maximum
            assert column.kind != "state" or values.is_in(codes).all()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("year", "shares"),
    [
        (2006, (0.85, 0.88, 0.87, 0.08, 0.08)),
        (2014, (0.70, 0.67, 0.86, 0.23, 0.14)),
        (2020, (0.80, 0.69, 0.80, 0.17, 0.10)),
        (2023, (0.67, 0.52, 0.73, 0.16, 0.16)),
        (2024, (0.67, 0.57, 0.75, 0.18, 0.18)),
    ],
)
def test_who_votes_with_whom(extracts, year: int, shares: tuple[float, ...]) -> None:
    """The shares of equal votes printed in the description of the data."""
    tables = extracts["un_votes"].tables
    calls = tables["roll_calls"].filter(pl.col("date").dt.year() == year, collection="undl", body="GA")
    votes = (
        tables["votes"]
        .filter(pl.col("collection") == "undl", pl.col("vote") <= 3)
        .join(calls, on="resolution", how="semi")
    )
    pairs = (("RUS", "CHN"), ("RUS", "KAZ"), ("CHN", "KAZ"), ("RUS", "USA"), ("CHN", "USA"))
    for (one, other), share in zip(pairs, shares, strict=True):
        both = votes.filter(state=one).join(votes.filter(state=other), on="resolution")
        assert (both["vote"] == both["vote_right"]).mean() == pytest.approx(share, abs=0.006), (one, other)


@pytest.mark.shared
def test_the_collections_of_votes(extracts) -> None:
    parsed = extracts["un_votes"]
    calls, votes = parsed.tables["roll_calls"], parsed.tables["votes"]
    assert dict(calls.group_by("collection").len().iter_rows()) == {"undl": 9_996, "voeten": 6_203}
    assert dict(votes.group_by("collection").len().iter_rows()) == {
        "undl": 958_459 - 1_107,
        "voeten": 870_109,
    }
    orphans = votes.join(calls.filter("recorded"), on=["collection", "resolution"], how="anti")
    assert orphans.is_empty()
    assert parsed.dropped == {"adopted without a recorded vote": 1_107}
    assert calls.filter("recorded").join(votes, on=["collection", "resolution"], how="anti").is_empty()


@pytest.mark.shared
def test_serbia_is_not_yugoslavia(extracts) -> None:
    tables = extracts["un_votes"].tables
    votes = tables["votes"].join(tables["roll_calls"], on=["collection", "resolution"])
    for collection in ("undl", "voeten"):
        years = votes.filter(collection=collection).group_by("state").agg(pl.col("date").min().dt.year())
        first = dict(years.iter_rows())
        assert (first["SCG"], first["SRB"]) == (2003, 2006)
