"""``tripoint data``: what is stored, and how rows get in."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tripoint.faces.cli.options import Json
from tripoint.faces.cli.output import bars, note, show, write, write_json

if TYPE_CHECKING:
    from polars import Schema
    from rich.table import Table

    from tripoint.sources.fetch import Fetched
    from tripoint.store.additions import Added

TableName = Annotated[
    str, typer.Argument(metavar="TABLE", help="Name of a table; `tripoint data list` knows them all.")
]


def list_(json: Json = False) -> None:
    """List what is stored, and the vintage in use.

    Shows every table and source that is known, and what the vintage covers.
    """
    from tripoint.faces.cli.holdings import holdings, holdings_text

    held = holdings()
    if json:
        write_json(held)
    else:
        show(*holdings_text(held))


def show_(
    table: TableName,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="COLUMN=VALUE",
            help="Only rows with this value; may be given again.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="ROWS", help="Print at most so many rows.")
    ] = 20,
    json: Json = False,
) -> None:
    """Print rows of a stored table."""
    conditions = _conditions(where or [])
    from tripoint.store import catalog

    frame = catalog.show(table, conditions, limit + 1)
    rows = frame.head(limit).to_dicts()
    if json:
        write_json({"table": table, "where": conditions, "rows": rows, "more": frame.height > limit})
        return
    show(_rows(frame.schema, rows), wide=True)
    if not rows:
        note("no row fits")
    if frame.height > limit:
        note(f"there are more than {limit} rows; see them with --limit")


def _rows(schema: "Schema", rows: list[dict[str, Any]]) -> "Table":
    from tripoint.faces.tables import DASH, text_table

    cells = [[DASH if value is None else str(value) for value in row.values()] for row in rows]
    words = [name for name, kind in schema.items() if not kind.is_numeric()]
    return text_table(None, list(schema), cells, words=words)


def _conditions(where: Iterable[str]) -> dict[str, str | int]:
    from tripoint.errors import UsageError

    conditions: dict[str, str | int] = {}
    for text in where:
        column, sign, value = text.partition("=")
        if not sign or not column:
            raise UsageError(
                f"{text!r} is no condition; write --where COLUMN=VALUE, such as --where reporter=KAZ"
            )
        conditions[column.strip()] = value.strip()
    return conditions


def pull(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name of a source, such as un_votes.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Let the new rows win over rows with the same key in other parts."),
    ] = False,
    json: Json = False,
) -> None:
    """Fetch a source from its publisher, check it and store it."""
    from tripoint.sources import find_source

    found = find_source(source)
    from tripoint.sources.fetch import pull as fetch
    from tripoint.store import catalog, snapshot

    with bars() as progress:
        fetched = fetch(found, snapshot.folder(found.name), progress=progress)
    snapshot.record(found.name, _records(fetched))
    added = catalog.add_pulled(found.name, replace=replace)
    files = [
        {"name": one.name, "status": one.status, "bytes": one.size, "sha256": one.sha256} for one in fetched
    ]
    for one in files:
        note(f"{one['name']}: {one['status']}, {one['bytes']:,} bytes")
    _tell(added, json=json, beside={"files": files})


def _records(fetched: Iterable["Fetched"]) -> list[Any]:
    from datetime import UTC, datetime

    from tripoint.store.snapshot import PulledFile

    today = datetime.now(UTC).date()
    return [PulledFile(one.path.name, one.sha256, one.size, one.url, today) for one in fetched]


def add(
    table: TableName,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV, Parquet, or a file as its publisher gives it.")
    ],
    part: Annotated[
        str | None,
        typer.Option(
            "--part",
            metavar="NAME",
            help="Name of the part. [default: from the name of the file]",
            show_default=False,
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Replace a part of that name, and rows with the same key in other parts."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Check a file of your own against the codebook and store it."""
    from tripoint.store import catalog

    _tell(catalog.add(table, file, part, replace=replace), json=json)


def _tell(added: "Added", *, json: bool, beside: dict[str, Any] | None = None) -> None:
    """Say what was stored."""
    for fault in added.warnings:
        note(f"look at this: {fault}")
    if json:
        parts = [
            {
                "table": part.table, "part": part.name, "rows": part.provenance.rows, "first": part.first,
                "last": part.last, "dropped": part.provenance.dropped,
            }
            for part in added.parts
        ]  # fmt: skip
        warnings = [str(fault) for fault in added.warnings]
        write_json({**(beside or {}), "parts": parts, "warnings": warnings, "unchanged": added.unchanged})
        return
    for part in added.parts:
        span = f", {part.first} to {part.last}" if part.first is not None else ""
        verb = "is stored already" if added.unchanged else "stored"
        write(f"{part.table}: part {part.name!r} {verb}, {part.provenance.rows:,} rows{span}")
        for reason, count in part.provenance.dropped.items():
            write(f"  left out: {count:,} ({reason})")


def check(json: Json = False) -> None:
    """Check what is stored for damage and errors.

    Compares stored tables, pulled files and the vintage in use with their hashes, and tables with their
    codebooks. Lists all faults; the exit code is 1 if there are any. A warning alone is none.
    """
    from tripoint.faces.cli.holdings import all_faults

    faults = all_faults()
    grave = [one for one in faults if one["severity"] == "error"]
    if json:
        write_json({"faults": faults})
    else:
        for one in faults:
            write(f"{one['in']}: {one['message']}" + ("" if one in grave else " (warning)"))
        if not faults:
            write("no faults")
    if grave:
        raise typer.Exit(1)
