"""The arguments and options that several commands share, and the reading they ask for."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import date

    from tripoint.core.triad import Triad
    from tripoint.readings.reading import Reading

#: Read when no states are given.
HOME_CASE = ("RUS", "CHN", "KAZ")

States = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FIRST SECOND GROUND",
        help="Two powers and the country between them, by code or name. [default: RUS CHN KAZ]",
        show_default=False,
    ),
]
Outsider = Annotated[
    str, typer.Option("--outsider", metavar="STATE", help="The state that the two may be united against.")
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="Use only what was published by this day, such as 2023-12-31.",
        show_default=False,
    ),
]
VintageOption = Annotated[
    str | None,
    typer.Option(
        "--vintage",
        metavar="PATH|bundled",
        help="Vintage to read. [default: your own if you built one, else the one in the package]",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def triad_of(states: list[str] | None, outsider: str) -> "Triad":
    """The triad that the arguments name; the home case where they name none.

    Raises
    ------
    UsageError
        One, two, or more than three states.
    """
    from tripoint.core.triad import Triad
    from tripoint.errors import UsageError

    given = states or HOME_CASE
    if len(given) != 3:
        count = f"{len(given)} state{'s' if len(given) != 1 else ''}"
        raise UsageError(
            f"{count} given ({', '.join(given)}); give two powers and a ground such as {' '.join(HOME_CASE)}, "
            "or none for these. Put a name of several words in quotes"
        )
    first, second, ground = given
    return Triad(first, second, ground=ground, outsider=outsider)


def day_of(as_of: str | None) -> "date | None":
    """The day of the reading; None where none is asked for.

    Raises
    ------
    PeriodError
        The text is no date.
    """
    from tripoint.core.period import parse_date

    return None if as_of is None else parse_date(as_of)


def taken(triad: "Triad", as_of: str | None, vintage: str | None) -> "Reading":
    """The reading that the options ask for."""
    from tripoint.faces.cli.output import note

    day = day_of(as_of)
    from tripoint.readings.reading import take_reading

    reading = take_reading(triad, as_of=day, vintage=vintage)
    if day is not None and day.isoformat() > reading.manifest.data_through:
        note(f"the data of this vintage end on {reading.manifest.data_through}")
    if triad.outsider not in reading.manifest.outsiders:
        note(
            f"this vintage knows only {', '.join(reading.manifest.outsiders)} as outsider; for {triad.outsider} build "
            f"your own with `tripoint build --outsider {triad.outsider}`"
        )
    return reading
