"""Public data sets, listed in ``SOURCES``: each is one .py and one .toml; raw file in, tidy tables out."""

from functools import cache

from tripoint.core.codebook import Codebook
from tripoint.core.provenance import Citation
from tripoint.errors import UnknownNameError
from tripoint.sources import (
    alliances,
    arms,
    event_counts,
    finance,
    geography,
    investment,
    memberships,
    state_year,
    trade,
    un_votes,
    visits,
)
from tripoint.sources.source import Declaration, Download, Format, Origin, Parsed, Source

SOURCES = (
    un_votes.SOURCE,
    trade.SOURCE,
    state_year.SOURCE,
    arms.SOURCE,
    alliances.SOURCE,
    memberships.SOURCE,
    investment.SOURCE,
    finance.SOURCE,
    visits.SOURCE,
    geography.SOURCE,
    event_counts.SOURCE,
)


def find_source(name: str) -> Source:
    """Find a source by its name.

    Raises
    ------
    UnknownNameError
        No source has that name.
    """
    for source in SOURCES:
        if source.name == name:
            return source
    raise UnknownNameError.of("source", name, (source.name for source in SOURCES))


@cache
def declarations() -> dict[str, Declaration]:
    """Source name to what it declares; read from disk on first use."""
    return {source.name: source.declaration for source in SOURCES}


def codebooks() -> dict[str, Codebook]:
    """Table name to codebook, for the tables of all sources."""
    return {book.table: book for declared in declarations().values() for book in declared.codebooks}


def codebook(table: str) -> Codebook:
    """Find the codebook of a table.

    Raises
    ------
    UnknownNameError
        No table has that name.
    """
    known = codebooks()
    if table not in known:
        raise UnknownNameError.of("table", table, known)
    return known[table]


def citations() -> dict[str, Citation]:
    """Key to citation, for all sources."""
    return {work.key: work for declared in declarations().values() for work in declared.citations}


__all__ = [
    "SOURCES",
    "Declaration",
    "Download",
    "Format",
    "Origin",
    "Parsed",
    "Source",
    "citations",
    "codebook",
    "codebooks",
    "declarations",
    "find_source",
]
