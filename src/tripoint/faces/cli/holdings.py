"""What is at hand: stored tables, the vintage in use, and what is wrong with either."""

from typing import TYPE_CHECKING, Any

import polars as pl

from tripoint.errors import StoreError, VintageError
from tripoint.faces.tables import DASH, number, text_table
from tripoint.measures.records import DECLARATIONS, declared
from tripoint.sources import SOURCES, codebook
from tripoint.store import catalog, snapshot
from tripoint.store.vintages import Vintage, bundled_path, open_vintage

if TYPE_CHECKING:
    from rich.console import RenderableType


#: Said where no table is stored.
NOTHING_STORED = "Nothing yet: `tripoint data pull SOURCE` gets the tables of a source."


def holdings() -> dict[str, Any]:
    """Tables and the vintage in use, as plain data."""
    stored = {one.table: one for one in catalog.tables()}
    tables = []
    for source in SOURCES:
        for name in source.tables:
            found = stored.get(name)
            tables.append(
                {
                    "table": name,
                    "source": source.name,
                    "question": codebook(name).question,
                    "parts": list(found.parts) if found else [],
                    "rows": found.rows if found else 0,
                    "first": found.first if found else None,
                    "last": found.last if found else None,
                }
            )
    return {"tables": tables, "vintage": _vintage(open_vintage())}


def _vintage(vintage: Vintage) -> dict[str, Any]:
    manifest = vintage.manifest
    return {
        "name": manifest.name,
        "path": str(vintage.path),
        "bundled": vintage.path == bundled_path(),
        "code": manifest.code,
        "data_through": manifest.data_through,
        "last_full_year": manifest.last_full_year,
        "outsiders": list(manifest.outsiders),
        "powers": list(manifest.powers),
        "series": [_series(vintage, name) for name in DECLARATIONS],
    }


def _series(vintage: Vintage, declaration: str) -> dict[str, Any]:
    """How many series of a declaration there are, and which periods they cover."""
    names = [one.name for one in declared(declaration).measures if one.name in vintage.manifest.series]
    periods = [vintage.frame(name).select(pl.col("period").cast(pl.String))["period"] for name in names]
    found = [(str(one.min()), str(one.max())) for one in periods if len(one)]
    return {
        "measures": declaration,
        "series": names,
        "rows": sum(vintage.manifest.series[name].rows for name in names),
        "first": min((first for first, _ in found), default=None),
        "last": max((last for _, last in found), default=None),
    }


def holdings_text(held: dict[str, Any]) -> list["RenderableType"]:
    """Tables and the vintage in use, for people."""
    vintage = held["vintage"]
    tables = [
        [
            one["table"],
            one["source"],
            number(one["rows"], "count"),
            _span(one),
            ", ".join(one["parts"]) or DASH,
        ]
        for one in held["tables"]
    ]
    series = [
        [one["measures"], str(len(one["series"])), number(one["rows"], "count"), _span(one)]
        for one in vintage["series"]
    ]
    place = "in the package" if vintage["bundled"] else vintage["path"]
    words = ("Source", "Periods", "Parts")
    return [
        text_table(
            "Tables that are stored", ("Table", "Source", "Rows", "Periods", "Parts"), tables, words=words
        ),
        *(() if any(one["rows"] for one in held["tables"]) else (NOTHING_STORED,)),
        "",
        f"Vintage in use: {vintage['name']} ({place}), built by version {vintage['code']}",
        f"Data through {vintage['data_through']}, last full year {vintage['last_full_year']}",
        f"Outsiders: {', '.join(vintage['outsiders'])}",
        f"Triads of the pairs of: {', '.join(vintage['powers'])}",
        "",
        text_table("What the vintage covers", ("Measures", "Series", "Rows", "Periods"), series, words=words),
    ]


def _span(one: dict[str, Any]) -> str:
    return f"{one['first']} to {one['last']}" if one["first"] is not None else DASH


def all_faults() -> list[dict[str, Any]]:
    """Everything that is wrong with stored tables, pulled files, and the vintage in use."""
    found = [
        {
            "in": f"table {table}",
            "kind": one.kind,
            "message": one.message,
            "rows": one.rows,
            "severity": one.severity,
        }
        for table, faults in catalog.check().items()
        for one in faults
    ]
    for source in SOURCES:
        found += [_damage(f"files of {source.name}", message) for message in _pulled(source.name)]
    return found + [_damage("vintage", message) for message in _altered()]


def _damage(where: str, message: str) -> dict[str, Any]:
    return {"in": where, "kind": "damaged", "message": message, "rows": 0, "severity": "error"}


def _pulled(source: str) -> tuple[str, ...]:
    try:
        return snapshot.verify(source)
    except StoreError as error:
        return (str(error),)


def _altered() -> tuple[str, ...]:
    try:
        return open_vintage().verify()
    except VintageError as error:
        return (str(error),)
