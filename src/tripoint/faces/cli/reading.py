"""``tripoint reading``, ``report`` and ``compare``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tripoint.faces.cli.options import AsOf, Json, Outsider, States, VintageOption, day_of, taken, triad_of
from tripoint.faces.cli.output import show, write, write_json


def reading(
    states: States = None,
    outsider: Outsider = "USA",
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Read a partnership through a ground.

    Says how solid the bond of two powers is, at home and in the country between them, with intervals and coverage.
    """
    found = taken(triad_of(states, outsider), as_of, vintage)
    if json:
        write_json(found.as_dict())
        return
    from tripoint.faces.cli.sheet import sheet

    show(*sheet(found))


def report(
    states: States = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write it; a folder is fine. [default: the ground's name, such as kazakhstan.html]",
            show_default=False,
        ),
    ] = None,
    outsider: Outsider = "USA",
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Write a reading as one HTML file that opens offline.

    Prints the path of the file. A file of that name is replaced.
    """
    triad = triad_of(states, outsider)
    found = taken(triad, as_of, vintage)
    name = report_name(triad.states["ground"].name)
    path = Path(name) if output is None else output / name if output.is_dir() else output
    from tripoint.faces.report import write_report

    written = write_report(found, path)
    if json:
        write_json({"triad": str(triad), "vintage": found.manifest.name, "path": written})
    else:
        write(str(written))


def report_name(ground: str) -> str:
    """File name of the report on a ground.

    Examples
    --------
    >>> report_name("Côte d'Ivoire"), report_name("United Arab Emirates")
    ('cote-divoire.html', 'united-arab-emirates.html')
    """
    from tripoint.core.states import normalise_name

    return normalise_name(ground).replace(" ", "-") + ".html"


def compare(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A power.")],
    second: Annotated[str, typer.Argument(metavar="SECOND", help="The other power.")],
    grounds: Annotated[
        str, typer.Option("--grounds", metavar="A,B,...", help="The grounds, with commas between them.")
    ],
    outsider: Outsider = "USA",
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Read the same pair through several grounds.

    A ground that cannot be read shows the reason in place of numbers.
    """
    from tripoint.core.triad import Triad
    from tripoint.errors import CoverageError, UsageError

    names = list(dict.fromkeys(name.strip() for name in grounds.split(",") if name.strip()))
    if not names:
        raise UsageError("no ground is given; name some after --grounds, such as KAZ,UZB,MNG")
    triads = {triad.ground: triad for triad in (Triad(first, second, ground, outsider) for ground in names)}
    day = day_of(as_of)
    from tripoint.faces.cli.comparison import comparison, comparison_text
    from tripoint.store.vintages import open_vintage

    made: dict[str, Any] = comparison(tuple(triads.values()), open_vintage(vintage), day)
    if json:
        write_json(made)
    else:
        show(*comparison_text(made))
    if all(row["barometer"] is None and row["unity"] is None for row in made["grounds"]):
        raise CoverageError("none of the grounds could be read; the reasons are above")
