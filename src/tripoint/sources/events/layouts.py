"""Which field of a line holds what? The layout of an event file, told from its header or its number of columns."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Provider = Literal["gdelt", "icews", "polecat"]

#: What a row is made of, in the order in which compiled code knows it.
PARTS = (
    "id", "day", "source", "source_role", "target", "target_role", "code", "quad", "goldstein", "mentions",
    "place", "address", "added",
)  # fmt: skip
#: Lines looked at to tell a layout.
LINES_SEEN = 32


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of an event lie in a line.

    Attributes
    ----------
    provider
        Whose layout this is; it decides how codes and roles are read.
    widths
        Numbers of columns that a line may have, in ascending order.
    columns
        Part to column, counted from 0. Parts that the layout does not have are left out.
    header
        Whether the first line names the columns.
    """

    name: str
    provider: Provider
    widths: tuple[int, ...]
    columns: dict[str, int]
    header: bool

    def places(self) -> NDArray[np.int64]:
        """Columns of `PARTS` for compiled code, -1 where there is none; then the least and the most columns."""
        return np.array(
            [*(self.columns.get(part, -1) for part in PARTS), self.widths[0], self.widths[-1]], np.int64
        )


@dataclass(frozen=True, slots=True)
class HeaderLayout:
    """How a provider names its columns, whatever their order.

    Attributes
    ----------
    names
        Part to the names that it goes by, in lower case; parts in ``optional`` may be absent.
    """

    name: str
    provider: Provider
    names: dict[str, tuple[str, ...]]
    optional: tuple[str, ...]

    def of(self, header: tuple[str, ...]) -> Layout | None:
        """Give the layout of a file with this header; None where a column is missing."""
        found: dict[str, int] = {}
        for part, names in self.names.items():
            columns = [header.index(name) for name in names if name in header]
            if columns:
                found[part] = columns[-1]
            elif part not in self.optional:
                return None  # most headers end here, with the first part
        return Layout(self.name, self.provider, (len(header),), found, header=True)

    def missing(self, header: tuple[str, ...]) -> tuple[str, ...]:
        """Name the columns that a header lacks."""
        return tuple(
            names[0]
            for part, names in self.names.items()
            if part not in self.optional and not any(name in header for name in names)
        )


def header_names(line: bytes) -> tuple[str, ...]:
    """Give the column names in a first line, in lower case, without quotation marks and empty names at the end."""
    text = line.decode("utf-8", "replace").removeprefix("﻿").rstrip("\r\n")
    names = [name.strip().strip('"').strip().lower() for name in text.split("\t")]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def width_seen(start: bytes) -> int:
    """Number of columns that most of the first lines have."""
    lines = start.split(b"\n", LINES_SEEN)
    if len(lines) > 1:
        lines = lines[:-1]  # what follows the last line end may be cut off, or be all the rest
    widths = Counter(line.count(b"\t") + 1 for line in lines if line.strip())
    return max(widths, key=lambda width: (widths[width], width), default=0)
