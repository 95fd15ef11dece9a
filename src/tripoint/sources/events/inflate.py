"""What is inside a packed event file? Its bytes, unpacked within bounds and checked, at once or piece by piece.

A file of up to `AT_ONCE` bytes is read once, hashed and unpacked from memory. A larger one is unpacked twice: first to
see that it is whole and what its checksum is, then again piece by piece to be read, so that memory does not grow with
it and no row of a damaged file is ever counted.
"""

import hashlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

from isal import igzip_lib, isal_zlib

from tripoint.errors import ParseError
from tripoint.sources.rawfile import MOST_BYTES, MOST_RATIO, RATIO_GRACE

#: Bytes held at once, packed or unpacked; larger files are read piece by piece.
AT_ONCE = 8 * 2**20
#: Bytes of a piece, and packed bytes read at a time.
PIECE = 2**20
SLICE = 2**17

_AGAIN = "fetch it again, or open it to see what it is"
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_END = struct.Struct("<4s4H2IH")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<26x2H")
_STORED, _DEFLATED = 0, 8
_DAMAGED = cast("tuple[type[Exception], ...]", (isal_zlib.error, igzip_lib.IsalError, zlib.error))


@dataclass(frozen=True, slots=True)
class Raw:
    """A file as it lies on disk.

    Attributes
    ----------
    held
        Its bytes; None where they are too many, so that they are read again when they are needed.
    """

    path: Path
    size: int
    held: bytes | None

    def opened(self) -> io.BufferedReader | io.BytesIO:
        """Open it to be read from its start."""
        return self.path.open("rb") if self.held is None else io.BytesIO(self.held)

    def sha256(self) -> str:
        """Give its hash.

        Raises
        ------
        ParseError
            It cannot be read.
        """
        if self.held is not None:
            return hashlib.sha256(self.held).hexdigest()
        with _read(self.path), self.opened() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Packed:
    """Where in a file the bytes of the one member are.

    Attributes
    ----------
    unpacked_size
        As the file declares it; None where it does not.
    checksum
        CRC-32 of the unpacked bytes, as the file declares it; gzip files are checked by the library.
    """

    raw: Raw
    kind: Literal["plain", "deflate", "gzip"]
    start: int
    size: int
    unpacked_size: int | None
    checksum: int | None

    @property
    def path(self) -> Path:
        """The file."""
        return self.raw.path


def raw_file(path: Path) -> Raw:
    """Read a file, or see that it is too large to be held.

    Raises
    ------
    ParseError
        It cannot be read.
    """
    with _read(path), path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        return Raw(path, size, file.read(size) if size <= AT_ONCE else None)


def look_into(raw: Raw) -> Packed:
    """Find the one member of a file.

    Raises
    ------
    ParseError
        The file cannot be read, is empty, is a damaged zip file, holds several files, or declares more than the
        bounds.
    """
    with _read(raw.path), raw.opened() as file:
        start = file.read(4)
        if start == _ZIP:
            return _bounded(_member(raw, file))
    if not raw.size:
        raise ParseError(f"{raw.path.name}: the file is empty; {_AGAIN}")
    if start.startswith(_GZIP):
        return Packed(raw, "gzip", 0, raw.size, None, None)
    return _bounded(Packed(raw, "plain", 0, raw.size, raw.size, None))


@contextmanager
def _read(path: Path) -> Iterator[None]:
    """Say which file cannot be read, and why."""
    try:
        yield
    except OSError as error:
        raise ParseError(f"'{path}' cannot be read: {error.strerror}") from None


def pieces(packed: Packed) -> Iterator[bytes]:
    """Unpack piece by piece; the last piece has been given only when the checksum was right.

    Raises
    ------
    ParseError
        The file is cut off or damaged, or unpacks to more than the bounds.
    """
    total, checksum = 0, 0
    try:
        with packed.raw.opened() as file:
            file.seek(packed.start)
            for piece in _inflated(packed, file):
                total += len(piece)
                checksum = isal_zlib.crc32(piece, checksum)
                _check_bounds(packed, total)
                yield piece
    except EOFError:
        raise ParseError(f"{packed.path.name}: the packed file is cut off; {_AGAIN}") from None
    except _DAMAGED as error:
        raise ParseError(f"{packed.path.name}: the packed file is damaged ({error}); {_AGAIN}") from None
    except OSError as error:
        raise ParseError(f"'{packed.path}' cannot be read: {error.strerror}") from None
    _check_end(packed, total, checksum)


def whole(packed: Packed) -> bytes | None:
    """Unpack a small file at once; None for one that is too large for that.

    Raises
    ------
    ParseError
        The file is cut off or damaged, or unpacks to more than the bounds.
    """
    if packed.unpacked_size is not None and packed.unpacked_size > AT_ONCE:
        return None
    held = packed.raw.held
    if packed.kind != "deflate" or packed.unpacked_size is None or held is None:
        return _collected(packed)
    member = memoryview(held)[packed.start : packed.start + packed.size]
    try:
        text = igzip_lib.decompress(member, igzip_lib.DECOMP_DEFLATE, 15, packed.unpacked_size + 1)
    except (*_DAMAGED, EOFError):
        raise ParseError(f"{packed.path.name}: the packed file is damaged or cut off; {_AGAIN}") from None
    _check_end(packed, len(text), isal_zlib.crc32(text))
    return text


def _collected(packed: Packed) -> bytes | None:
    found: list[bytes] = []
    size = 0
    for piece in pieces(packed):
        found.append(piece)
        size += len(piece)
        if size > AT_ONCE:
            return None
    return b"".join(found)


def _inflated(packed: Packed, file: IO[bytes]) -> Iterator[bytes]:
    if packed.kind == "plain":
        left = packed.size
        while left and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
        return
    bits = 31 if packed.kind == "gzip" else -15
    left = packed.size
    engine = isal_zlib.decompressobj(wbits=bits)
    waiting = b""
    while left or waiting:
        if not waiting:
            waiting = file.read(min(SLICE, left))
            left -= len(waiting)
            if not waiting:
                raise EOFError
        if piece := engine.decompress(waiting, PIECE):
            yield piece
        waiting = engine.unconsumed_tail
        if engine.eof:
            waiting = engine.unused_data
            if packed.kind != "gzip" or not waiting.lstrip(b"\0"):
                return
            engine = isal_zlib.decompressobj(wbits=bits)
    while piece := engine.decompress(b"", PIECE):
        yield piece
    if not engine.eof:
        raise EOFError


def _check_bounds(packed: Packed, total: int) -> None:
    declared = packed.unpacked_size if packed.kind == "deflate" else None
    too_much = total > MOST_BYTES or (total > RATIO_GRACE and total > MOST_RATIO * packed.size)
    if (too_much and packed.kind != "plain") or (declared is not None and total > declared):
        raise ParseError(
            f"{packed.path.name}: {packed.size} bytes unpack to {total} and more: not safe. "
            "If you trust the file, unpack it by hand"
        )


def _check_end(packed: Packed, total: int, checksum: int) -> None:
    if not total:
        raise ParseError(f"{packed.path.name}: the file inside is empty; {_AGAIN}")
    if packed.checksum is not None and (total != packed.unpacked_size or checksum != packed.checksum):
        raise ParseError(
            f"{packed.path.name}: the packed file is damaged (size or checksum are not what it declares); {_AGAIN}"
        )


def _bounded(packed: Packed) -> Packed:
    _check_bounds(packed, packed.unpacked_size or 0)
    return packed


def _member(raw: Raw, file: IO[bytes]) -> Packed:
    """Find the one member by the end of the file; whatever is unusual is left to the library."""
    file.seek(max(0, raw.size - _END.size - _ENTRY.size - 512))
    tail = file.read()
    found = _usual_entry(tail, raw.size)
    if found is None:
        found = _entry_by_library(raw)
    method, checksum, packed_size, unpacked_size, offset = found
    file.seek(offset)
    local = file.read(_LOCAL.size)
    if not local.startswith(_ZIP) or len(local) < _LOCAL.size:
        raise ParseError(
            f"{raw.path.name}: the packed file is damaged (no member where there should be); {_AGAIN}"
        )
    name, extra = _LOCAL.unpack(local)
    start = offset + _LOCAL.size + name + extra
    if start + packed_size > raw.size:
        raise ParseError(f"{raw.path.name}: the packed file is cut off; {_AGAIN}")
    kind: Literal["plain", "deflate"] = "plain" if method == _STORED else "deflate"
    return Packed(raw, kind, start, packed_size, unpacked_size, checksum)


def _usual_entry(tail: bytes, size: int) -> tuple[int, int, int, int, int] | None:
    """Read the directory of a zip file of one member without a comment; None for any other."""
    end = _END.unpack(tail[-_END.size :]) if len(tail) >= _END.size else None
    if end is None or end[0] != b"PK\x05\x06" or end[3] != 1 or end[4] != 1 or end[7] != 0:
        return None
    place = len(tail) - _END.size - end[5]
    if end[6] != size - _END.size - end[5] or place < 0 or end[5] < _ENTRY.size:
        return None
    entry = _ENTRY.unpack_from(tail, place)
    signature, _, _, flags, method, _, _, checksum, packed, unpacked, *_, offset = entry
    usual = signature == b"PK\x01\x02" and method in (_STORED, _DEFLATED) and not flags & 0x2041
    if not usual or 0xFFFFFFFF in (packed, unpacked, offset):
        return None
    return method, checksum, packed, unpacked, offset


def _entry_by_library(raw: Raw) -> tuple[int, int, int, int, int]:
    try:
        with raw.opened() as file, zipfile.ZipFile(file) as archive:
            members = [
                member
                for member in archive.infolist()
                if not member.is_dir() and not member.filename.startswith("__MACOSX/")
            ]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        raise ParseError(
            f"{raw.path.name}: the packed file is cut off or damaged ({error}); {_AGAIN}"
        ) from None
    if len(members) != 1:
        names = ", ".join(repr(member.filename) for member in members[:10]) or "none"
        raise ParseError(
            f"{raw.path.name}: a zip file must hold one file, this one has {names}; unpack the one meant"
        )
    one = members[0]
    if one.compress_type not in (_STORED, _DEFLATED) or one.flag_bits & 0x2041:
        raise ParseError(f"{raw.path.name}: packed with a password or an unusual method; unpack it by hand")
    return one.compress_type, one.CRC, one.compress_size, one.file_size, one.header_offset
