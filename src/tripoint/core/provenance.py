"""Where a number comes from: the raw file with its hash, and the work to cite."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Citation:
    """A work to cite.

    ``key`` is the BibTeX key; ``kind`` the entry type (``article``, ``misc``, ``book``).
    """

    key: str
    author: str
    title: str
    year: int
    kind: str = "misc"
    container: str | None = None
    volume: str | None = None
    pages: str | None = None
    doi: str | None = None
    url: str | None = None
    note: str | None = None

    @property
    def bibtex(self) -> str:
        """The entry as BibTeX.

        Examples
        --------
        >>> print(Citation("a2020", "Ada, A.", "On ties", 2020, doi="10.1/2").bibtex)
        @misc{a2020,
          author = {Ada, A.},
          title = {{On ties}},
          year = {2020},
          doi = {10.1/2},
        }
        """
        container = {"article": "journal", "incollection": "booktitle"}.get(self.kind, "howpublished")
        fields = {
            "author": self.author,
            "title": f"{{{self.title}}}",
            container: self.container,
            "year": str(self.year),
            "volume": self.volume,
            "pages": self.pages,
            "doi": self.doi,
            "url": self.url,
            "note": self.note,
        }
        body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value is not None)
        return f"@{self.kind}{{{self.key},\n{body}}}"

    @property
    def text(self) -> str:
        """The entry as one line for people."""
        where = f" {self.container}" if self.container else ""
        volume = f" {self.volume}" if self.volume else ""
        pages = f":{self.pages}" if self.pages else ""
        link = f" https://doi.org/{self.doi}" if self.doi else f" {self.url}" if self.url else ""
        return f"{self.author} ({self.year}). {self.title}.{where}{volume}{pages}.{link}"


@dataclass(frozen=True, slots=True)
class RawFile:
    """One raw file that went into a table: its name, its SHA-256, its size in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """How one part of a table came to be: source, format, raw files, rows, and what was dropped and why."""

    source: str
    format: str
    files: tuple[RawFile, ...]
    rows: int
    dropped: dict[str, int]
