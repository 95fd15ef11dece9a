"""What are the candidates in one file? Its layout told, its lines walked, or the reason why it is refused whole."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tripoint.errors import ParseError
from tripoint.sources.events import gdelt, icews, polecat, rows
from tripoint.sources.events.actors import key_of, names_of
from tripoint.sources.events.drops import new_counts
from tripoint.sources.events.inflate import Packed, look_into, pieces, raw_file, whole
from tripoint.sources.events.layouts import Layout, Provider, header_names, width_seen
from tripoint.sources.events.lines import LONGEST_LINE
from tripoint.sources.events.walk import CANDIDATES, new_scratch, walk
from tripoint.sources.rawfile import refuse_page

_KINDS = {"gdelt": rows.GDELT, "icews": rows.ICEWS, "polecat": rows.POLECAT}
#: Bytes looked at to tell a layout.
START = 1 << 16

_EPOCH = date(1970, 1, 1)
_OWN = threading.local()

Events = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was read: its layout, how many rows it has, what became of them so far, and its candidates."""

    layout: Layout
    rows: int
    counts: NDArray[np.int64]
    events: tuple[Events, ...]
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Large:
    """A file that is whole and sound, but too large to be held: its candidates come piece by piece."""

    layout: Layout
    packed: Packed
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file of which no row is read, and why; its layout where that is the reason."""

    fault: str
    layout: Layout | None = None
    sha256: str = ""


Outcome = Found | Large | Refused


@dataclass(frozen=True, slots=True)
class Settings:
    """How files are read: by the published quad class or the root code's, up to which day, and hashed or not."""

    published: bool
    last: date
    hashed: bool = False


class Walked:
    """A walk through a file: where it stands, and what it has dropped."""

    def __init__(self, layout: Layout, settings: Settings) -> None:
        names = names_of(layout.provider)
        self.tables: Any = (*names.states, *names.places, *names.roles, *names.quads)
        self.layout = layout
        self.places = layout.places()
        self.options = np.array(
            [
                _KINDS[layout.provider], settings.published, (settings.last - _EPOCH).days,
                key_of("Event ID"), key_of("event_id"),
            ],
            np.int64,
        )  # fmt: skip
        self.counts = new_counts()
        self.row = 0

    def events(self, buffers: Iterable[tuple[bytes, bool]]) -> Iterator[Events]:
        """Give the candidates in buffers of whole lines, of which the last may end without a line end."""
        out, scratch = _room()
        for text, final in buffers:
            buffer = np.frombuffer(text, np.uint8)
            at = 0
            if self.layout.header and self.row == 0:
                at = text.find(b"\n") + 1 or len(text)
                self.row = 1
            while at < len(buffer):
                at, self.row, n_out = walk(
                    buffer,
                    at,
                    final,
                    self.row,
                    self.places,
                    self.options,
                    self.tables,
                    self.counts,
                    out,
                    scratch,
                )
                if n_out:
                    yield out[:n_out].copy()

    @property
    def rows(self) -> int:
        """Rows read, without the header."""
        return self.row - self.layout.header


def read_file(path: Path, settings: Settings) -> Outcome:
    """Read one file, or see that it can be read."""
    sha256 = ""
    try:
        raw = raw_file(path)
        sha256 = raw.sha256() if settings.hashed else ""
        packed = look_into(raw)
        text = whole(packed)
        if text is None:
            return _checked(packed, sha256)
        layout = recognised(path, text[:START])
    except ParseError as error:
        return Refused(str(error), sha256=sha256)
    walked = Walked(layout, settings)
    events = tuple(walked.events([(text, True)]))
    return Found(layout, walked.rows, walked.counts, events, sha256)


def provider_of(path: Path) -> Provider | None:
    """Whose layout a file has; None where it cannot be told."""
    try:
        start = b""
        for piece in pieces(look_into(raw_file(path))):
            start += piece
            if len(start) >= START:
                break
        return recognised(path, start[:START]).provider
    except ParseError:
        return None


def _checked(packed: Packed, sha256: str) -> Large:
    """Unpack a large file to its end, so that nothing of a damaged one is counted; its start tells the layout."""
    start = b""
    for piece in pieces(packed):
        if len(start) < START:
            start += piece
    unheld = replace(packed, raw=replace(packed.raw, held=None))
    return Large(recognised(packed.path, start[:START]), unheld, sha256)


def whole_lines(parts: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Put pieces together so that each ends with a line, and say which is the last.

    Of a line that is longer than `LONGEST_LINE`, only so much is kept that it is seen to be.
    """
    carry = b""
    for part in parts:
        end = part.rfind(b"\n") + 1
        if end:
            yield carry + part[:end], False
            carry = part[end:]
        elif len(carry) <= LONGEST_LINE:
            carry += part
    if carry:
        yield carry, True


def recognised(path: Path, start: bytes) -> Layout:
    """Tell the layout of a file by its first lines.

    Raises
    ------
    ParseError
        It is a web page, or has no layout that is known.
    """
    refuse_page(start[:512], path.name)
    names = header_names(start[: start.find(b"\n") + 1 or len(start)])
    for known in (icews.ICEWS, polecat.POLECAT):
        layout = known.of(names)
        if layout is not None:
            return layout
    width = width_seen(start)
    for layout in gdelt.LAYOUTS:
        if width in layout.widths:
            return layout
    lacking = min((one.missing(names) for one in (icews.ICEWS, polecat.POLECAT)), key=len)
    close = f" As ICEWS or POLECAT it lacks the columns {', '.join(lacking)}." if len(lacking) < 5 else ""
    raise ParseError(
        f"{path.name}: no layout of event data has {width} columns.{close} Known are GDELT 1.0 with 57 or 58 "
        "tab-separated columns, GDELT 2.0 with 61, and ICEWS and POLECAT by the names in their first line"
    )


def _room() -> tuple[Events, tuple[Events, ...]]:
    """Room for candidates and scratch, one for each thread."""
    if not hasattr(_OWN, "room"):
        _OWN.room = np.zeros((CANDIDATES, rows.WIDTH), np.int64), new_scratch()
    return _OWN.room
