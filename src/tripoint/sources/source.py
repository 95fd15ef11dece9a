"""What a source is: one public data set, the raw formats it comes in, its downloads, and what it declares.

A source knows its raw files and nothing of tables on disk: readers take a path and give tidy tables back,
with a count of every row that was dropped and why.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import polars as pl

from tripoint.core.codebook import Codebook, load_declaration
from tripoint.core.provenance import Citation


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reader gives back.

    Attributes
    ----------
    tables
        Table name to tidy rows, as declared in the codebook of that table.
    dropped
        Reason to number of raw rows that went into no table. A reason with a count of 0 is left out.
    """

    tables: dict[str, pl.DataFrame]
    dropped: dict[str, int]


@dataclass(frozen=True, slots=True)
class Format:
    """One layout in which a raw file comes.

    Attributes
    ----------
    files
        File names as the provider gives them, for messages. Each is read on its own.
    recognise
        Whether a file has this layout; looks at the first lines and never raises for a file that has another.
    read
        Reads one file.
    """

    name: str
    title: str
    files: tuple[str, ...]
    recognise: Callable[[Path], bool]
    read: Callable[[Path], Parsed]


@dataclass(frozen=True, slots=True)
class Download:
    """One file that the provider offers, and the name it gets on disk.

    Attributes
    ----------
    content
        What the file must hold; a web page served in its place is refused.
    size, md5
        Bytes and MD5 of the file, in small letters, where its provider lists them: another one is refused.
    resolve
        For an address that must be asked first, such as a data set listing: takes the text found at ``url``
        and gives the downloads meant. None: ``url`` is the file.
    """

    name: str
    url: str
    filename: str
    note: str
    content: Literal["csv", "json", "zip"]
    headers: dict[str, str] = field(default_factory=dict)
    resolve: "Callable[[str], tuple[Download, ...]] | None" = None
    size: int | None = None
    md5: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One public data set.

    Attributes
    ----------
    extracts
        Reads what is kept of the data set in a shared data folder, given that folder; None if nothing is.
    """

    name: str
    title: str
    tables: tuple[str, ...]
    formats: tuple[Format, ...]
    downloads: tuple[Download, ...]
    extracts: Callable[[Path], Parsed] | None

    @property
    def declaration(self) -> "Declaration":
        """The codebooks and citations in the TOML file beside the code."""
        return load_declaration("tripoint.sources", f"{self.name}.toml", Declaration)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who counted: one of several publishers whose figures stand side by side in a table.

    Attributes
    ----------
    kind
        ``national``: the reporter's own statistics. ``compiled``: collected from the reporters.
        ``mirror``: derived from the partner's figures. ``shares``: rounded shares of a total, no values.
    partners
        ``all``: every partner is listed, so that the sum over partners is the total. ``some``: it is not.
    preference
        Which origin to read where several cover a flow; lower first.
    complete_grounds, complete_until
        States whose trade every reporter of this origin lists, so that the mirrors add up to the state's
        total, and the last year for which that holds.
    """

    name: str
    title: str
    kind: Literal["national", "compiled", "mirror", "shares"]
    partners: Literal["all", "some"]
    preference: int
    licence: str
    cite: tuple[str, ...]
    complete_grounds: tuple[str, ...] = ()
    complete_until: int = 0


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that one source declares in its TOML file."""

    codebooks: tuple[Codebook, ...]
    citations: tuple[Citation, ...]
    origins: tuple[Origin, ...] = ()
