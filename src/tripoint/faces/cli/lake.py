"""``tripoint events ingest``, ``status`` and ``counts``: raw event files taken in, and events added up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tripoint.faces.cli.options import Json
from tripoint.faces.cli.output import bar, note, show, write, write_json

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from tripoint.store.engines.question import Question
    from tripoint.store.lake.intake import Intake
    from tripoint.store.lake.ledger import Lake

#: Rows and faults that text shows; JSON has them all.
SHOWN = 20

Engine = Annotated[
    str, typer.Option("--engine", metavar="embedded|spark", help="This machine, or Spark (Java 17 or later).")
]
Master = Annotated[
    str | None,
    typer.Option(
        "--master",
        metavar="URL",
        help="With --engine spark: address of the cluster. [default: as Spark is configured, else this machine]",
        show_default=False,
    ),
]
PublishedQuad = Annotated[
    bool,
    typer.Option(
        "--published-quad",
        help="Class events of GDELT by its own QuadClass, not by the root code in CAMEO's order.",
    ),
]


def ingest(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            help="Files of GDELT, ICEWS or POLECAT, as they come (zip, gz, plain), or folders of them. "
            "[default: what `tripoint events pull` fetched]",
            show_default=False,
        ),
    ] = None,
    list_: Annotated[
        Path | None,
        typer.Option("--list", metavar="FILE", help="A file with one path on each line.", show_default=False),
    ] = None,
    published_quad: PublishedQuad = False,
    engine: Engine = "embedded",
    master: Master = None,
    json: Json = False,
) -> None:
    """Take raw event files into your own lake of events, each once.

    Run it again and only new files are read; stopped or killed, it goes on after the last batch that was written. What
    cannot be read is reported by file and row, and the rest is taken in. The exit code is 1 if a file was refused.
    """
    from tripoint.store.lake.intake import take_in

    named = _named(paths, list_)
    with _reader(engine, master) as read, _watched() as progress:
        runs = take_in(named, published_quad=published_quad, read=read, progress=progress)
    if json:
        write_json([_as_data(run) for run in runs])
    else:
        for run in runs:
            _tell(run)
        if any(run.files for run in runs):
            note("ask with `tripoint events counts`; `tripoint build` makes series of them for readings")
    if any(run.faults for run in runs):
        raise typer.Exit(1)


def _named(paths: list[Path] | None, list_: Path | None) -> list[Path]:
    from tripoint.errors import UsageError
    from tripoint.store import files

    named = list(paths or [])
    if list_ is not None:
        try:
            text = list_.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the list '{list_}' cannot be read: {error}") from None
        named += [Path(line.strip()) for line in text.splitlines() if line.strip()]
    if not named:
        fetched = files.home() / "events" / "raw"
        if not fetched.is_dir():
            raise UsageError(
                "no file was given and none was fetched: name files or folders, or fetch with `tripoint events pull`"
            )
        named = [fetched]
    return named


@contextmanager
def _reader(engine: str, master: str | None) -> Iterator[Any]:
    """How files are read: None for this machine."""
    if _checked(engine, ("embedded", "spark")) == "embedded":
        yield None
        return
    from tripoint.store.engines import spark

    note("starting Spark, which takes a while")
    with spark.session(master) as session:
        yield spark.reader(session)


def _checked(engine: str, known: tuple[str, ...] = ("embedded", "spark", "bigquery")) -> str:
    from tripoint.errors import UnknownNameError

    if engine not in known:
        raise UnknownNameError.of("engine", engine, known)
    return engine


@contextmanager
def _watched() -> Iterator[Callable[[int, int, int], None]]:
    """A bar with rows, rows a second and what is left to wait for."""
    start = monotonic()
    with bar() as progress:

        def tell(done: int, whole: int, rows: int) -> None:
            took = max(monotonic() - start, 1e-6)
            left = took * (whole - done) / done if done else 0
            wait = f"{left:.0f} s" if left < 120 else f"{left / 60:.0f} min"
            text = f"{rows:,} rows, {rows / took / 1e6:.2f} M rows/s, about {wait} left"
            progress(min(done / whole, 1.0) if whole else 1.0, text)

        yield tell


def _as_data(run: "Intake") -> dict[str, Any]:
    names = ("provider", "files", "known", "rows", "kept", "dropped", "faults")
    return {name: getattr(run, name) for name in names}


def _tell(run: "Intake") -> None:
    before = f", {run.known:,} had been taken in before" if run.known else ""
    if run.files or run.known:
        write(f"{run.provider}: {run.files:,} files taken in{before}")
    if run.files:
        write(f"  {run.kept:,} of {run.rows:,} rows are events between states")
    for reason, count in sorted(run.dropped.items(), key=lambda one: -one[1]):
        write(f"  dropped: {count:,} ({reason})")
    for fault in run.faults[:SHOWN]:
        note(f"refused: {fault}")
    if len(run.faults) > SHOWN:
        note(
            f"{len(run.faults) - SHOWN} more files were refused; see them with --json or `tripoint events status`"
        )


def status(
    check: Annotated[
        bool, typer.Option("--check", help="Compare every file of the lake with its hash.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what the lake of events holds: files, days, rows, and what became of the rest.

    The exit code is 1 if --check finds a fault.
    """
    from tripoint.store import files
    from tripoint.store.lake.ledger import faults, lakes

    home = files.home()
    found = [_status(home, lake) for lake in lakes(home)]
    damages = [fault for lake in lakes(home) for fault in faults(home, lake)] if check else []
    if json:
        write_json({"lakes": found, "faults": damages if check else None})
    else:
        from tripoint.faces.cli.events_sheet import status_sheet

        show(*status_sheet(found))
        for fault in damages:
            note(fault)
        if check and not damages:
            write("no faults")
    if damages:
        raise typer.Exit(1)


def _status(home: Path, lake: "Lake") -> dict[str, Any]:
    from tripoint.errors import StoreError
    from tripoint.store.lake.ledger import taken
    from tripoint.store.lake.table import dropped_rows, lake_days

    every = taken(home, lake)
    good = every.filter(every["fault"].is_null())
    days: list[date] = []
    with suppress(StoreError):  # a damaged file is what --check is for
        days = lake_days(home, lake).to_list()
    refused = every.filter(every["fault"].is_not_null())
    paths = [home / "events" / lake.provider / part.name for part in lake.parts]
    return {
        "provider": lake.provider,
        "classed_by": "QuadClass as published" if lake.published_quad else "root code",
        "files": good.height,
        "first_day": days[0] if days else None,
        "last_day": days[-1] if days else None,
        "days": len(days) or None,
        "days_missing": (days[-1] - days[0]).days + 1 - len(days) if days else None,
        "rows": int(good["rows"].sum()),
        "kept": int(good["kept"].sum()),
        "dropped": dropped_rows(good),
        "cells": sum(part.rows for part in lake.parts),
        "bytes": sum(path.stat().st_size for path in paths if path.is_file()),
        "refused": [
            {"file": name, "fault": fault} for name, fault in refused.select("name", "fault").iter_rows()
        ],
    }


def counts(
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="Who acts.", show_default=False)
    ] = None,
    target: Annotated[
        str | None, typer.Argument(metavar="TARGET", help="Toward whom.", show_default=False)
    ] = None,
    grain: Annotated[
        str, typer.Option("--grain", metavar="day|month|quarter|year", help="Length of periods.")
    ] = "month",
    first: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day.", show_default=False)
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last day.", show_default=False)
    ] = None,
    roles: Annotated[
        str | None,
        typer.Option(
            "--roles", metavar="GOV,MIL", help="Only between actors of these roles.", show_default=False
        ),
    ] = None,
    places: Annotated[
        str | None,
        typer.Option(
            "--places", metavar="KAZ,UZB", help="Only events that took place there.", show_default=False
        ),
    ] = None,
    provider: Annotated[
        str, typer.Option("--provider", metavar="gdelt|icews|polecat", help="Whose lake is asked.")
    ] = "gdelt",
    engine: Annotated[
        str,
        typer.Option(
            "--engine", metavar="embedded|spark|bigquery", help="Who adds up; bigquery with --dry-run only."
        ),
    ] = "embedded",
    master: Master = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the query and run nothing.")] = False,
    published_quad: Annotated[
        bool, typer.Option("--published-quad", help="With --engine bigquery: class events by QuadClass.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Write Parquet files there, one for each year.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Add up the events in your lake: who did how much of what to whom, period by period.

    Both states may be left out: then for all. The same query runs here and on Spark, and gives the same counts;
    --engine bigquery --dry-run prints it for Google's public copy of GDELT.
    """
    question = _question(source, target, grain, first, last, roles, places)
    if published_quad and _checked(engine) != "bigquery":
        from tripoint.errors import UsageError

        raise UsageError(
            "--published-quad goes with --engine bigquery; a lake keeps the classes with which it was taken in"
        )
    if dry_run:
        write(_compiled(question, _checked(engine), published_quad))
        return
    found = _answered(question, provider, _checked(engine), master)
    if output is not None:
        _write_years(found, output)
    elif json:
        write_json(found.to_dicts())
    else:
        from tripoint.faces.cli.events_sheet import counts_sheet

        show(*counts_sheet(found, SHOWN))
        if found.is_empty():
            note("no event in the lake fits: ask for fewer roles or places, other states, or a longer span")


def _question(
    source: str | None,
    target: str | None,
    grain: str,
    first: str | None,
    last: str | None,
    roles: str | None,
    places: str | None,
) -> "Question":
    from typing import cast

    from tripoint.core.states import find_state
    from tripoint.store.engines.question import Grain, Question

    def codes(text: str | None) -> tuple[str, ...]:
        return tuple(find_state(name.strip()).iso3 for name in (text or "").split(",") if name.strip())

    return Question(
        cast("Grain", grain),
        codes(source),
        codes(target),
        _day(first),
        _day(last),
        tuple(role.strip() for role in (roles or "").split(",") if role.strip()),
        codes(places),
    )


def _day(text: str | None) -> "date | None":
    from tripoint.core.period import parse_date

    return None if text is None else parse_date(text)


def _compiled(question: "Question", engine: str, published_quad: bool) -> str:
    from tripoint.store.engines import bigquery
    from tripoint.store.engines.question import compiled, sql

    if engine == "bigquery":
        return bigquery.dry_run(question, published_quad=published_quad)
    return compiled(sql(question), "spark" if engine == "spark" else "duckdb", pretty=True)


def _answered(question: "Question", provider: str, engine: str, master: str | None) -> "pl.DataFrame":
    from tripoint.errors import CoverageError, UnknownNameError, UsageError
    from tripoint.store import files
    from tripoint.store.lake.ledger import PROVIDERS, open_lake, paths_of

    if provider not in PROVIDERS:
        raise UnknownNameError.of("provider of events", provider, PROVIDERS)
    if engine == "bigquery":
        raise UsageError(
            "nothing is sent to BigQuery: print the query with --dry-run and run it there yourself"
        )
    lake = open_lake(files.home(), provider)
    if lake is None:
        raise CoverageError(
            f"there is no lake of {provider}; take raw files in with `tripoint events ingest`"
        )
    paths = paths_of(files.home(), lake)
    if engine == "embedded":
        from tripoint.store.engines.embedded import answer

        return answer(question, paths)
    from tripoint.store.engines import spark

    note("starting Spark, which takes a while")
    with spark.session(master) as session:
        return spark.answer(question, paths, session)


def _write_years(found: "pl.DataFrame", output: Path) -> None:
    """Write one Parquet file for each year, all of them or none."""
    from tripoint.errors import UsageError
    from tripoint.store.files import replacing_directory

    # The folder is replaced as a whole: what somebody else keeps in it must not go with it.
    strange = sorted(path.name for path in output.glob("*") if not path.match("year=[0-9][0-9][0-9][0-9]"))
    if strange:
        raise UsageError(
            f"'{output}' holds other files, such as '{strange[0]}', and would be replaced; name a new folder"
        )
    years = found.with_columns(found["period"].str.slice(0, 4).alias("year")).partition_by(
        "year", as_dict=True, include_key=False
    )
    with replacing_directory(output.absolute()) as partial:
        for (year,), rows in years.items():
            folder = partial / f"year={year}"
            folder.mkdir()
            rows.write_parquet(folder / "events.parquet")
    write(f"{found.height:,} rows in {len(years)} files: {output}")
