"""What a table or a measure means: its grain, key, columns, units, licence, citation and publication lag.

Codebooks are declared in TOML beside the code that uses them and filled into the frozen records below, so
that code, documentation, checks and ``explain`` read the same words.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import inspect

from tripoint.core.provenance import Citation
from tripoint.errors import DeclarationError, UnknownNameError

Kind = Literal["integer", "number", "text", "date", "state", "flag"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its kind, unit, range, allowed values, and what a reader should understand by it."""

    name: str
    kind: Kind
    meaning: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str | int, ...] = ()
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """A known fault of a source, declared and not patched inline.

    Attributes
    ----------
    name
        Short name, written into the ``flag`` column of the rows it touches.
    action
        ``exclude``: the rows stay in the table, flagged, and no measure reads them. ``note``: measures read
        them and carry the flag along as a note.
    where
        Column to allowed values; a row is touched when every column matches. ``from`` and ``to`` bound
        ``period``.
    reason, evidence
        What is wrong, and how we know.
    """

    name: str
    action: Literal["exclude", "note"]
    where: dict[str, tuple[str | int, ...]]
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Codebook:
    """All that is declared about one table."""

    table: str
    question: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    licence: str
    lag_days: int
    cite: tuple[str, ...]
    period: str | None = None
    corrections: tuple[Correction, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of that name, if the codebook has it."""
        return next((column for column in self.columns if column.name == name), None)


def load_declaration(package: str, filename: str, shape: type[T]) -> T:
    """Fill a declaration from the TOML file that ships beside the code.

    Raises
    ------
    DeclarationError
        The file does not have the declared shape; the message names the field.
    """
    return parse_declaration(files(package).joinpath(filename).read_text("utf-8"), filename, shape)


def parse_declaration(text: str, name: str, shape: type[T]) -> T:
    """Fill a declaration from TOML text; ``name`` says in errors whose text it is.

    Raises
    ------
    DeclarationError
        The text is not TOML, does not have the declared shape, or has a field that the shape lacks. Every such field is
        named with its place and the nearest one that there is, since a misspelt one would else be passed over.
    """
    try:
        raw = msgspec.toml.decode(text)
    except msgspec.MsgspecError as error:
        raise DeclarationError(name, [str(error)]) from None
    faults = _unknown_fields(raw, _shape_of(shape), "")
    try:
        made = msgspec.convert(raw, shape)
    except msgspec.MsgspecError as error:
        raise DeclarationError(name, [*faults, str(error)]) from None
    if faults:
        raise DeclarationError(name, faults)
    return made


@cache
def _shape_of(shape: type) -> inspect.Type:
    return inspect.type_info(shape)


def _unknown_fields(value: Any, kind: inspect.Type, place: str) -> list[str]:
    """What is wrong with each field that the declared shape lacks, at any depth; places as msgspec writes them."""
    inner: list[tuple[Any, inspect.Type, str]] = []
    faults: list[str] = []
    match kind, value:
        case inspect.DataclassType(fields=fields), dict():
            known = {field.encode_name: field.type for field in fields}
            what = f"field of {place}" if place else "field"
            faults = [str(UnknownNameError.of(what, key, known)) for key in value if key not in known]
            inner = [
                (part, known[key], f"{place}.{key}".lstrip("."))
                for key, part in value.items()
                if key in known
            ]
        case inspect.DictType(value_type=of), dict():
            inner = [(part, of, f"{place}.{key}") for key, part in value.items()]
        case inspect.VarTupleType(item_type=of), list():
            inner = [(part, of, f"{place}[{number}]") for number, part in enumerate(value)]
        case inspect.UnionType(types=types), _:
            inner = [(value, one, place) for one in types]
        case _:
            pass
    return faults + [fault for part in inner for fault in _unknown_fields(*part)]


__all__ = ["Citation", "Codebook", "Column", "Correction", "Kind", "load_declaration", "parse_declaration"]
