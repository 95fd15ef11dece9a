"""``tripoint corridors`` and ``what-if``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tripoint.faces.cli.options import Json
from tripoint.faces.cli.output import bar, note, show, write, write_json

if TYPE_CHECKING:
    from tripoint.core.network import Network
    from tripoint.core.scenario import Scenario

NetworkOption = Annotated[
    Path | None,
    typer.Option(
        "--network",
        metavar="FOLDER|FILE",
        help="Corridors of your own: a folder with nodes.csv, segments.csv, access.csv and ends.csv; or a pipeline "
        "tracker of Global Energy Monitor, .xlsx or .csv, with ends.csv beside it. [default: those in the package]",
        show_default=False,
    ),
]


def corridors(
    ground: Annotated[
        str, typer.Argument(metavar="GROUND", help="The country whose corridors are read.")
    ] = "KAZ",
    close: Annotated[
        list[str] | None,
        typer.Option(
            "--close", metavar="SEGMENT|STATE", help="Close a segment, or all that a state can close; repeat."
        ),
    ] = None,
    open_: Annotated[
        list[str] | None,
        typer.Option("--open", metavar="SEGMENT", help="Open a segment that is idle or planned; repeat."),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario",
            metavar="NAME|FILE",
            help="Corridors as a scenario has them. [default: as they are]",
            show_default=False,
        ),
    ] = None,
    commodity: Annotated[
        str | None,
        typer.Option(
            "--commodity",
            metavar="NAME",
            help="crude, gas, uranium or containers. [default: all]",
            show_default=False,
        ),
    ] = None,
    bloc: Annotated[
        list[str] | None,
        typer.Option(
            "--bloc",
            metavar="STATE,STATE",
            help="States that act together, as RUS,BLR; repeat for other blocs.",
        ),
    ] = None,
    network: NetworkOption = None,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="Write an interactive map to an HTML file that opens offline, too.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show routes, who can close them, bargaining power, and what is left when something closes.

    Bargaining power is the Shapley value: what a state adds on average to what all earn together, as a share of it.
    With blocs, the Owen value stands beside it: the same where the members of a bloc join together.
    """
    from tripoint.readings.corridors import take_corridors

    whole = _network(network)
    asked = _asked(whole, scenario, close, open_)
    blocs = [[name.strip() for name in one.split(",") if name.strip()] for one in bloc or ()]
    with bar() as progress:
        found = take_corridors(
            ground, network=whole, scenario=asked, commodity=commodity, blocs=blocs, progress=progress
        )
    if map_ is not None:
        from tripoint.core.scenario import changed
        from tripoint.faces.report.corridor_page import write_corridor_map

        write_corridor_map(found, changed(whole, asked) if asked else whole, map_)
        note(f"wrote {map_}")
    if json:
        write_json(found.as_dict())
        return
    from tripoint.faces.cli.corridor_sheet import corridor_sheet

    show(*corridor_sheet(found))


def what_if(
    scenario: Annotated[
        str | None, typer.Argument(metavar="SCENARIO", help="Name of a scenario, or a TOML file of your own.")
    ] = None,
    states: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FIRST SECOND GROUND",
            help="Two powers and a ground. [default: RUS CHN KAZ]",
            show_default=False,
        ),
    ] = None,
    network: NetworkOption = None,
    json: Json = False,
) -> None:
    """Compare a change of corridors with the corridors as they are: who gains, who loses, whose interests oppose.

    Without a scenario, those that ship with the package are listed. The fields of a file of your own are explained in
    docs/measures/bargaining.md, under "A scenario of one's own".
    """
    from tripoint.faces.cli.options import triad_of
    from tripoint.sources.corridors import shipped_scenarios

    if scenario is None:
        listed = shipped_scenarios().values()
        if json:
            write_json([{"name": one.name, "title": one.title, "planned": one.planned} for one in listed])
        else:
            write("\n".join(f"{one.name:<26}{one.title}" for one in listed))
        return
    triad = triad_of(states, "USA" if not states or "USA" not in states else "GBR")
    from tripoint.readings.what_if import what_if as compared

    found = compared(_scenario(scenario), triad.ground, pair=triad.pair, network=_network(network))
    if json:
        write_json([one.as_dict() for one in found])
        return
    from tripoint.faces.cli.corridor_sheet import what_if_sheet

    for one in found:
        show(*what_if_sheet(one))


def _network(path: Path | None) -> "Network":
    """The corridors asked for; what a reader should know about them is told on stderr."""
    from tripoint.sources.corridors import read_network, shipped_network

    if path is None:
        return shipped_network()
    if not path.is_file():
        return read_network(path)
    from tripoint.sources.pipeline_network import read_tracker

    network = read_tracker(path)
    for line in network.notes:
        note(line)
    return network


def _scenario(name: str) -> "Scenario":
    """A shipped scenario by name, or one from a file."""
    from tripoint.core.scenario import load_scenario
    from tripoint.readings.what_if import find_scenario

    return load_scenario(name) if name.endswith(".toml") else find_scenario(name)


def _asked(
    network: "Network", scenario: str | None, close: list[str] | None, open_: list[str] | None
) -> "Scenario | None":
    """The scenario that the options ask for; None where they ask for none."""
    from dataclasses import replace

    from tripoint.core.scenario import Scenario
    from tripoint.core.states import find_state
    from tripoint.errors import UnknownNameError, UnknownStateError

    if not (scenario or close or open_):
        return None
    base = _scenario(scenario) if scenario else Scenario("asked", "As asked on the command line")
    known = {segment.name for segment in network.segments}
    for name in open_ or ():
        if name not in known:
            raise UnknownNameError.of("segment", name, known)
    segments = [name for name in close or () if name in known]
    states = [name for name in close or () if name not in known]
    try:
        states = [find_state(name).iso3 for name in states]
    except UnknownStateError as error:
        raise UnknownNameError(f"{error}. Segments that can be closed: {', '.join(sorted(known))}") from None
    return replace(
        base,
        close=(*base.close, *segments),
        close_states=(*base.close_states, *states),
        open=(*base.open, *(open_ or ())),
    )
