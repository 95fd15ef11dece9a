"""``tripoint ground`` and ``fault-lines``."""

from typing import TYPE_CHECKING, Annotated

import typer

from tripoint.faces.cli.options import AsOf, Json, Outsider, States, VintageOption, day_of, triad_of
from tripoint.faces.cli.output import note, show, write_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tripoint.readings.fault_lines import FaultLines

#: Rows that a table of text shows; JSON has them all.
SHOWN = 25


def ground(
    states: States = None,
    outsider: Outsider = "USA",
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Show how a ground stands between two powers.

    Presence of each power layer by layer, tilt, hedging, when one passed the other, and who took whose share.
    """
    triad = triad_of(states, outsider)
    day = day_of(as_of)
    from tripoint.readings.ground import take_ground

    found = take_ground(triad, as_of=day, vintage=vintage)
    strange = [code for code in triad.pair if code not in found.manifest.powers]
    if strange:
        names = " and ".join(strange)
        note(f"{names}: not among the twelve powers, so little is on record of what stands between the two")
    if json:
        write_json(found.as_dict())
        return
    from tripoint.faces.cli.ground_sheet import ground_sheet

    show(*ground_sheet(found))


def fault_lines(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A power.")] = "RUS",
    second: Annotated[str, typer.Argument(metavar="SECOND", help="The other power.")] = "CHN",
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            metavar="REGION",
            help="Grounds of one UN region, such as central-asia. [default: all]",
            show_default=False,
        ),
    ] = None,
    issue: Annotated[
        str | None,
        typer.Option(
            "--issue",
            metavar="AREA",
            help="One issue area: trade, votes, arms, treaties, or a UN issue such as nuclear. [default: all]",
            show_default=False,
        ),
    ] = None,
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Rank every ground and issue area in which two powers collide.

    Percentiles among all pairs of the twelve powers in all grounds where both are present, with the ranks that the
    intervals allow. Grounds where one of the two is hardly present are not listed.
    """
    day = day_of(as_of)
    from tripoint.readings.fault_lines import take_fault_lines

    found = take_fault_lines(first, second, region=region, issue=issue, as_of=day, vintage=vintage)
    if json:
        write_json(found.as_list())
        return
    if found.period != str(found.manifest.last_full_year) and as_of is None:
        note(f"no ground is on record with both present after {found.period}")
    brightest = max(found.lit, key=lambda year: found.lit[year], default=found.period)
    if found.lit.get(brightest, 0) > 2 * found.lit.get(found.period, 0):
        note(
            f"grounds on record: {found.lit.get(found.period, 0)} in {found.period}, {found.lit[brightest]} in "
            f"{brightest}; --as-of {int(brightest) + 2}-06-30 reads them as they were"
        )
    if not found.collisions:
        note("both powers are present in no such ground in that year, as far as trade is on record")
    show(*_sheet(found, region, issue))


def _sheet(found: "FaultLines", region: str | None, issue: str | None) -> "list[RenderableType]":
    from tripoint.core.states import find_state
    from tripoint.faces.tables import DASH, interval, text_table

    pair = " and ".join(find_state(code).name for code in (found.first, found.second))
    where = f" in {region}" if region else ""
    rows = [
        (
            DASH if one.rank is None else f"{one.rank} ({one.best_rank}{DASH}{one.worst_rank})",
            one.name,
            one.issue,
            interval(one.value, one.lower, one.upper, "percentile"),
            str(one.n),
            one.coverage,
            one.note or "",
        )
        for one in found.collisions[:SHOWN]
    ]
    shown: list[RenderableType] = [
        f"Where {pair} collide{where}{f' over {issue}' if issue else ''}, {found.period}",
        f"as of {found.as_of.isoformat()}, vintage {found.manifest.name}",
        "",
        text_table(None, ("Rank", "Ground", "Area", "Percentile", "n", "Grade", "Note"), rows, gap=1),
    ]
    left = len(found.collisions) - len(rows)
    if left > 0:
        shown.append(f"{left} more: --json.")
    if issue is None:
        strain = [
            (
                row["name"],
                row["region"],
                interval(row["value"], row["lower"], row["upper"], "percentile"),
                row["coverage"],
            )
            for row in found.grounds.iter_rows(named=True)
        ]
        shown += [
            "",
            text_table("Strain over all areas", ("Ground", "Region", "Percentile", "Grade"), strain[:SHOWN]),
        ]
    return [
        *shown,
        "",
        "Percentiles of all pairs of the twelve powers in all grounds where both are present, 90% intervals in "
        "parentheses; beside a rank, the ranks that the intervals allow. Only grounds where both hold at least 2% of "
        "turnover: after 2014 most grounds have shares of main partners on record, so many are dark and not calm.",
    ]
