"""All commands, each with the examples that its help shows."""

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from tripoint.faces.cli import (
    answers,
    build,
    corridors,
    data,
    event_files,
    events,
    ground,
    lake,
    reading,
    votes,
)
from tripoint.faces.cli.edge import FAILED, INTERRUPTED, Command, complain, leave_stdout, said

#: Name, function, examples; in the order in which help lists them.
COMMANDS: tuple[tuple[str, Callable[..., None], tuple[str, ...]], ...] = (
    (
        "reading",
        reading.reading,
        ("tripoint reading RUS CHN KAZ --as-of 2021-12-31", "tripoint reading RUS CHN UZB --json"),
    ),
    ("report", reading.report, ("tripoint report RUS CHN KAZ -o kazakhstan.html",)),
    ("compare", reading.compare, ("tripoint compare RUS CHN --grounds KAZ,UZB,MNG",)),
    ("ground", ground.ground, ("tripoint ground RUS CHN KAZ", "tripoint ground IND CHN LKA --json")),
    (
        "fault-lines",
        ground.fault_lines,
        (
            "tripoint fault-lines RUS CHN",
            "tripoint fault-lines RUS CHN --region central-asia --issue arms",
            "tripoint fault-lines USA FRA --json",
        ),
    ),
    (
        "votes",
        votes.votes,
        (
            "tripoint votes RUS CHN --outsider USA",
            "tripoint votes RUS CHN --issue nuclear",
            "tripoint votes IND RUS --ground KAZ --json",
        ),
    ),
    (
        "ideal-points",
        votes.ideal_points,
        (
            "tripoint ideal-points --states RUS,CHN,KAZ,USA",
            "tripoint ideal-points --states RUS,CHN --scheme published --issue nuclear --json",
            "tripoint ideal-points --refit --effort 0.1",
        ),
    ),
    (
        "corridors",
        corridors.corridors,
        (
            "tripoint corridors KAZ",
            "tripoint corridors KAZ --close cpc_ru --commodity crude",
            "tripoint corridors KAZ --map corridors.html",
            "tripoint corridors KAZ --bloc RUS,BLR --bloc AZE,GEO,TUR",
            "tripoint corridors TKM --network trackers/GEM-GGIT-Gas-Pipelines.xlsx",
            "tripoint corridors TKM --close RUS --json",
        ),
    ),
    (
        "what-if",
        corridors.what_if,
        (
            "tripoint what-if",
            "tripoint what-if trans-caspian RUS CHN KAZ",
            "tripoint what-if my-pipe.toml --json",
        ),
    ),
    (
        "claims",
        answers.claims,
        ("tripoint claims RUS CHN KAZ", "tripoint claims --file my-claims.toml --json"),
    ),
    (
        "explain",
        answers.explain,
        (
            "tripoint explain barometer 2023 RUS CHN KAZ",
            "tripoint explain siding_first",
            "tripoint explain united-front",
        ),
    ),
    ("cite", answers.cite, ("tripoint cite RUS CHN KAZ > sources.bib",)),
    ("build", build.build, ("tripoint build --outsider USA --outsider GBR",)),
)
DATA_COMMANDS: tuple[tuple[str, Callable[..., None], tuple[str, ...]], ...] = (
    ("list", data.list_, ("tripoint data list",)),
    (
        "show",
        data.show_,
        ("tripoint data show votes --where state=KAZ --limit 50",),
    ),
    ("pull", data.pull, ("tripoint data pull un_votes",)),
    ("add", data.add, ("tripoint data add trade_flows my-trade.csv --part mine-2024",)),
    ("check", data.check, ("tripoint data check",)),
)
EVENT_COMMANDS: tuple[tuple[str, Callable[..., None], tuple[str, ...]], ...] = (
    (
        "pull",
        event_files.pull,
        ("tripoint events pull gdelt --from 2024-01-01 --to 2024-01-31", "tripoint events pull icews"),
    ),
    (
        "ingest",
        lake.ingest,
        ("tripoint events ingest", "tripoint events ingest raw/gdelt events.2018.tab --engine spark"),
    ),
    ("status", lake.status, ("tripoint events status --check",)),
    (
        "counts",
        lake.counts,
        (
            "tripoint events counts RUS KAZ --grain quarter --roles GOV",
            "tripoint events counts -o months",
            "tripoint events counts RUS KAZ --from 2024-01-01 --to 2024-12-31 --engine bigquery --dry-run",
        ),
    ),
    (
        "series",
        events.series,
        ("tripoint events series RUS KAZ", "tripoint events series CHN KAZ --by month --json"),
    ),
    ("triangle", events.triangle, ("tripoint events triangle RUS CHN KAZ",)),
)

_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"tripoint {version('tripoint')}")
        raise typer.Exit


def _tripoint(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """A partnership barometer: how solid is the bond of two powers, read through the country between them.

    Results go to stdout, progress and notes to stderr. Exit codes: 0 all is well, 1 the data cannot answer,
    2 wrong use.
    """


def _epilog(examples: tuple[str, ...]) -> str:
    """Examples as a block that help does not rewrap."""
    return "\n".join(
        ["\b", "Examples:" if len(examples) > 1 else "Example:", *(f"  {line}" for line in examples)]
    )


def _made() -> typer.Typer:
    made = typer.Typer(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        no_args_is_help=True,
        context_settings=_SETTINGS,
        callback=_tripoint,
        epilog=_epilog(("tripoint reading RUS CHN KAZ",)),
    )
    tables = typer.Typer(
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings=_SETTINGS,
        help="See, fetch, add and check the tables behind a vintage.",
        epilog=_epilog(("tripoint data list",)),
    )
    raw = typer.Typer(
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings=_SETTINGS,
        help="Fetch and take in raw event files, add them up, and read what they say.",
        epilog=_epilog(("tripoint events series RUS KAZ",)),
    )
    for group, commands in ((made, COMMANDS), (tables, DATA_COMMANDS), (raw, EVENT_COMMANDS)):
        for name, function, examples in commands:
            group.command(name, cls=Command, context_settings=_SETTINGS, epilog=_epilog(examples))(function)
    made.add_typer(tables, name="data")
    made.add_typer(raw, name="events")
    return made


app = _made()


def main() -> None:
    """Run the command line."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")  # bars and dashes on a terminal that has none
    try:
        app(prog_name="tripoint")
    except OSError as error:  # help that cannot be written
        leave_stdout()
        complain(said(error))
        sys.exit(FAILED)
    except KeyboardInterrupt:
        complain("interrupted; nothing was changed", prefix="")
        sys.exit(INTERRUPTED)
