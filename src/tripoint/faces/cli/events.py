"""``tripoint events series`` and ``triangle``: how states treat each other, and who answers whom."""

from typing import Annotated

import typer

from tripoint.faces.cli.options import AsOf, Json, Outsider, States, VintageOption, day_of, triad_of
from tripoint.faces.cli.output import show, write_json

#: Months of the balance that text draws; JSON has them all.
SHOWN = 20


def series(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Who acts.")] = "RUS",
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Toward whom.")] = "KAZ",
    frequency: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="year|quarter|month",
            help="Length of periods. [default: the shortest there is]",
            show_default=False,
        ),
    ] = None,
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Show how two states treat each other over time, every origin of counts side by side.

    Shares of kinds of events, their mean score where scores are on record, and where cooperation really stands, with
    90% intervals; both directions. Of events without a direction, their balance by month.
    """
    from typing import cast

    from tripoint.core.period import Frequency

    day = day_of(as_of)
    from tripoint.readings.events import take_events

    asked = cast("Frequency | None", frequency)
    found = take_events((source, target), frequency=asked, as_of=day, vintage=vintage)
    if json:
        write_json(found.as_dict())
        return
    from tripoint.faces.cli.events_sheet import series_sheet

    show(*series_sheet(found, SHOWN))


def triangle(
    states: States = None,
    outsider: Outsider = "USA",
    measure: Annotated[
        str | None,
        typer.Option(
            "--measure",
            metavar="goldstein_mean|cooperation_share",
            help="What is modelled. [default: the first that has all six series]",
            show_default=False,
        ),
    ] = None,
    horizon: Annotated[
        int | None,
        typer.Option(
            "--horizon",
            min=1,
            max=60,
            metavar="PERIODS",
            help="Periods after a surprise. [default: a year]",
            show_default=False,
        ),
    ] = None,
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Who answers whom: does the ground turn to one power when the other worsens?

    A vector autoregression over six directed series, or over three without a direction where only these are on
    record: responses with 68% and 90% bands, tests of who leads whom, and the spread over lags and orderings.
    """
    triad, day = triad_of(states, outsider), day_of(as_of)
    from tripoint.readings.triangle import take_triangle

    found = take_triangle(triad, measure=measure, as_of=day, vintage=vintage, horizon=horizon)
    if json:
        write_json(found.as_dict())
        return
    from tripoint.faces.cli.events_sheet import triangle_sheet

    show(*triangle_sheet(found))
