"""Which parts every stored table has: one list for a whole home, and the Parquet files that it names.

The list is replaced in one step. Whatever it names is complete, whatever it does not name does not count:
so an addition that touches several tables and parts happens as a whole or not at all, and is safe to kill
at any moment.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from re import compile as pattern

import msgspec
import polars as pl

from tripoint.core.codebook import Codebook
from tripoint.core.provenance import Provenance
from tripoint.errors import StoreError
from tripoint.store.files import checked_name, explaining, write_atomically

_VERSION = 1
_PARQUET = pattern(r".+\.[0-9a-f]{12}\.parquet")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stored table: usually what one raw file or one source gave.

    Attributes
    ----------
    sha256, size
        Of the Parquet file.
    first, last
        First and last period; None for a table without periods.
    """

    table: str
    name: str
    sha256: str
    size: int
    first: str | None
    last: str | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class _Manifest:
    version: int
    parts: tuple[Part, ...]


def tables_folder(home: Path) -> Path:
    """Folder that holds the tables of a home."""
    return home / "tables"


def part_path(home: Path, part: Part) -> Path:
    """Path of the Parquet file of a part; its name carries its hash, so that versions never share a file."""
    table, name = checked_name("table", part.table), checked_name("part", part.name)
    return tables_folder(home) / table / f"{name}.{part.sha256[:12]}.parquet"


def load_parts(home: Path) -> tuple[Part, ...]:
    """All parts of all tables, by table and name; none if nothing was ever stored.

    Raises
    ------
    StoreError
        The list is damaged, or was written by a newer version of tripoint.
    """
    path = _manifest_path(home)
    if not path.exists():
        return ()
    with explaining(path, "read"):
        text = path.read_bytes()
    try:
        manifest = msgspec.json.decode(text, type=_Manifest)
    except msgspec.MsgspecError as error:
        raise StoreError(
            f"the list of stored tables, '{path}', is damaged ({error}): remove it and add the tables again"
        ) from None
    if manifest.version != _VERSION:
        raise StoreError(f"'{path}' was written by a newer version of tripoint; update, or set TRIPOINT_HOME")
    return manifest.parts


def save_parts(home: Path, parts: Iterable[Part]) -> None:
    """Replace the list of parts in one step, then remove the Parquet files that it no longer names.

    Raises
    ------
    StoreError
        The list cannot be written; the old one is still there.
    """
    kept = tuple(sorted(parts, key=lambda part: (part.table, part.name)))
    text = msgspec.json.format(msgspec.json.encode(_Manifest(_VERSION, kept)), indent=1)
    write_atomically(_manifest_path(home), text)
    named = {part_path(home, part) for part in kept}
    for path in tables_folder(home).glob("*/*.parquet"):
        if path not in named and _PARQUET.fullmatch(path.name):
            path.unlink(missing_ok=True)


def write_part(
    home: Path, name: str, frame: pl.DataFrame, codebook: Codebook, provenance: Provenance
) -> Part:
    """Write the rows of a part; they count once the list names the part.

    Raises
    ------
    StoreError
        The disk is full, read-only or not ours.
    """
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    data = buffer.getvalue()
    first, last = _span(frame, codebook)
    part = Part(codebook.table, name, sha256(data).hexdigest(), len(data), first, last, provenance)
    write_atomically(part_path(home, part), data)
    return part


def read_part(home: Path, part: Part) -> pl.DataFrame:
    """Read the rows of a part.

    Raises
    ------
    StoreError
        The file is missing, damaged or altered; the message says how to restore it.
    """
    path = part_path(home, part)
    if not path.is_file():
        raise _damaged(part, path, "is missing")
    with explaining(path, "read"):
        data = path.read_bytes()
    # Before anything is decoded: a Parquet file with a few wrong bytes can end the whole process.
    if sha256(data).hexdigest() != part.sha256:
        raise _damaged(part, path, f"is not what was written ({len(data)} bytes, {part.size} were written)")
    try:
        return pl.read_parquet(data)
    except pl.exceptions.PolarsError:
        raise _damaged(part, path, "is no Parquet file") from None


def _manifest_path(home: Path) -> Path:
    return tables_folder(home) / "parts.json"


def _damaged(part: Part, path: Path, what: str) -> StoreError:
    raw = ", ".join(file.name for file in part.provenance.files) or "its raw file"
    return StoreError(
        f"part {part.name!r} of table {part.table!r} is damaged: '{path}' {what}. Restore it from {raw}: "
        f"tripoint data add {part.table} FILE --part {part.name} --replace, or tripoint data pull"
    )


def _span(frame: pl.DataFrame, codebook: Codebook) -> tuple[str | None, str | None]:
    """First and last period of a table, as text."""
    if codebook.period is None or frame.is_empty():
        return None, None
    periods = frame.get_column(codebook.period)
    return str(periods.min()), str(periods.max())
