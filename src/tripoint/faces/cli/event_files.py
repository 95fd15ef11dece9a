"""``tripoint events pull``: raw event files, and what is lacking between those expected and those received."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tripoint.faces.cli.edge import INTERRUPTED
from tripoint.faces.cli.options import Json
from tripoint.faces.cli.output import bar, note, write, write_json

if TYPE_CHECKING:
    from tripoint.sources.events.gaps import PullReport
    from tripoint.sources.events.listing import Wanted

#: Gaps that are printed; JSON has them all.
_GAPS_SHOWN = 20


def pull(
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="gdelt, icews or polecat.")],
    first: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="First day wanted, such as 2024-01-01.", show_default=False
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="DATE", help="Last day wanted. [default: today for GDELT]", show_default=False
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            metavar="DIR",
            help="Where the files go. [default: events/raw in your own data folder]",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        int, typer.Option("--version", metavar="1|2", help="GDELT 1.0, a file a day, or 2.0, four an hour.")
    ] = 2,
    json: Json = False,
) -> None:
    """Fetch raw event files, and say which are lacking and why.

    Files that are here and whole are not fetched again; give the same command to go on after a break. Where the
    provider cannot be reached, it says what is here. The exit code is 1 if anything that is listed is lacking.
    """
    wanted = _wanted(provider, first, last, version)
    from tripoint.store.files import home

    name = "gdelt-1" if wanted.provider == "gdelt" and wanted.version == 1 else wanted.provider
    report = _pulled(wanted, (folder or home() / "events" / "raw" / name).absolute())
    if json:
        write_json(_as_data(report))
    else:
        _tell(report)
    if not report.is_whole:
        raise typer.Exit(1)


def _wanted(provider: str, first: str | None, last: str | None, version: int) -> "Wanted":
    from datetime import UTC, datetime

    from tripoint.core.period import parse_date
    from tripoint.errors import PeriodError, UsageError
    from tripoint.sources.events.listing import Wanted

    chosen: dict[int, Literal[1, 2]] = {1: 1, 2: 2}
    if version not in chosen:
        raise UsageError(
            f"GDELT has no version {str(version)!r}; use --version 1 (since 1979) or 2 (since 2015)"
        )
    begins = None if first is None else parse_date(first)
    ends = None if last is None else parse_date(last)
    today = datetime.now(UTC).date()
    if begins and begins > today:
        raise PeriodError(f"'{begins}' is in the future; the span may begin on {today} at the latest")
    if provider == "gdelt" and begins and not ends:
        ends = today
    return Wanted(provider, begins, ends, chosen[version])


def _pulled(wanted: "Wanted", folder: Path) -> "PullReport":
    """Fetch what is wanted; where the provider cannot be reached, look at what is here."""
    from tripoint.errors import OutageError
    from tripoint.sources.events.pull import pull_events, what_is_here

    try:
        with bar() as progress:
            return pull_events(wanted, folder, progress=progress)
    except OutageError as error:
        note(f"{error}. This is what is here")
        return what_is_here(wanted, folder)
    except KeyboardInterrupt:
        note("interrupted; files that came are whole, and the same command goes on from there")
        raise typer.Exit(INTERRUPTED) from None


def _as_data(report: "PullReport") -> dict[str, Any]:
    wanted = report.wanted
    return {
        "provider": wanted.provider, "version": wanted.version if wanted.provider == "gdelt" else None,
        "from": wanted.first, "to": wanted.last, "folder": report.folder, "asked": report.asked,
        "expected": report.expected, "listed": report.listed if report.asked else None,
        "received": report.received, "fetched": report.fetched, "fetched_bytes": report.fetched_bytes,
        "resumed_bytes": report.resumed_bytes, "strange": report.strange, "stopped": report.stopped,
        "gaps": [
            {
                "reason": gap.reason, "first": gap.first, "last": gap.last, "files": gap.files,
                "detail": gap.detail or None,
            }
            for gap in report.gaps
        ],
    }  # fmt: skip


def _tell(report: "PullReport") -> None:
    listed = f"{report.listed:,} listed, " if report.asked else ""
    came = f" ({report.fetched:,} came now, {report.fetched_bytes:,} bytes)" if report.asked else ""
    if report.expected is None:
        expected = "the list of files could not be read, so it is not known how many there should be; "
    else:
        expected = f"{report.expected:,} files expected, "
    write(f"{expected}{listed}{report.received:,} here{came}: {report.folder}")
    for gap in report.gaps[:_GAPS_SHOWN]:
        write(f"  {gap}")
    if len(report.gaps) > _GAPS_SHOWN:
        write(f"  and {len(report.gaps) - _GAPS_SHOWN} more gaps; see them with --json")
    if report.strange:
        note(
            f"{report.strange:,} lines of the list could not be read or lead elsewhere; they were passed over"
        )
    if report.stopped:
        note(f"not all was done: {report.stopped}")
