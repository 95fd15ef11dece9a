"""``tripoint votes`` and ``ideal-points``."""

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tripoint.faces.cli.options import AsOf, Json, Outsider, VintageOption, day_of
from tripoint.faces.cli.output import bar, note, show, write_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tripoint.build import Refit
    from tripoint.measures.schemes import Scheme
    from tripoint.readings.positions import Positions

#: Years that a table of text shows; JSON has them all.
SHOWN = 12

Issue = Annotated[
    str | None,
    typer.Option(
        "--issue",
        metavar="ISSUE",
        help="One issue, such as nuclear, human-rights or ukraine. [default: all]",
        show_default=False,
    ),
]


def votes(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="A power.")] = "RUS",
    second: Annotated[str, typer.Argument(metavar="SECOND", help="The other power.")] = "CHN",
    outsider: Outsider = "USA",
    ground: Annotated[
        str | None,
        typer.Option(
            "--ground",
            metavar="STATE",
            help="Also whom this state joins when the two part, by issue.",
            show_default=False,
        ),
    ] = None,
    issue: Issue = None,
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Read the votes of two powers: what glues them, and where they part.

    Splits their agreement beyond chance into what goes through the outsider's vote and what is their own, with
    placebos and the spread over other choices, and ranks issues by how far the two are apart.
    """
    day = day_of(as_of)
    from tripoint.readings.votes import take_votes

    found = take_votes(first, second, outsider, ground=ground, issue=issue, as_of=day, vintage=vintage)
    if found.outsider not in found.manifest.outsiders:
        note(
            f"with {found.outsider} as outsider this vintage has the five years as they are; for other choices, issues "
            f"and its no votes build your own with `tripoint build --outsider {found.outsider}`"
        )
    if json:
        write_json(found.as_dict())
        return
    from tripoint.faces.cli.votes_sheet import issue_sheet, votes_sheet

    show(*(issue_sheet(found) if issue else votes_sheet(found)))


def ideal_points(
    states: Annotated[
        str, typer.Option("--states", metavar="A,B,...", help="States, with commas between them.")
    ] = "RUS,CHN,KAZ,USA",
    scheme: Annotated[
        str,
        typer.Option(
            "--scheme",
            metavar="posterior|published",
            help="The proper posterior, or the conditionals behind the published estimates.",
        ),
    ] = "posterior",
    issue: Issue = None,
    as_of: AsOf = None,
    vintage: VintageOption = None,
    refit: Annotated[
        bool,
        typer.Option("--refit", help="Fit to the votes at hand instead of reading a vintage; takes minutes."),
    ] = False,
    extracts: Annotated[
        Path | None,
        typer.Option(
            "--extracts",
            metavar="DIR",
            help="With --refit: votes from extracts in this folder. [default: the stored tables]",
            show_default=False,
        ),
    ] = None,
    innovation: Annotated[
        float | None,
        typer.Option(
            "--innovation",
            metavar="VARIANCE",
            help="With --refit: innovation variance per session of the posterior scheme. [default: estimated]",
            show_default=False,
        ),
    ] = None,
    effort: Annotated[
        float,
        typer.Option(
            "--effort", min=0.01, max=10, metavar="SHARE", help="With --refit: share of the sweeps."
        ),
    ] = 1.0,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, metavar="NUMBER", help="With --refit: seed.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Show where states stand in the General Assembly, session by session.

    Dynamic ordinal ideal points with 90% intervals: standard deviations of all states' positions, the United States
    at the upper end.
    """
    from tripoint.errors import UsageError

    day = day_of(as_of)
    names = [name.strip() for name in states.split(",") if name.strip()]
    if not names:
        raise UsageError("no state is given; name some after --states, such as RUS,CHN,KAZ,USA")
    if not refit and (extracts is not None or innovation is not None or effort != 1.0 or seed is not None):
        raise UsageError("--extracts, --innovation, --effort and --seed go with --refit")
    if refit and (day is not None or vintage is not None):
        raise UsageError("--refit uses all votes at hand; --as-of and --vintage do not go with it")
    made: dict[str, Any] = {}
    if refit:
        found, fitted = _refitted(names, scheme, issue, extracts, innovation, effort, seed)
        made = {"fit": _about(fitted)}
    else:
        from tripoint.readings.positions import take_positions

        found = take_positions(names, scheme=scheme, issue=issue, as_of=day, vintage=vintage)
    absent = [state for state in found.states if not found.of(state)["value"].count()]
    if absent:
        note(f"no ideal point of {', '.join(absent)}")
    if json:
        write_json(found.as_dict() | made)
    else:
        show(*_table(found), *(f"{name}: {said}" for name, said in made.get("fit", {}).items()))


def _refitted(
    names: list[str], scheme: str, issue: str | None, extracts: Path | None, innovation: float | None,
    effort: float, seed: int | None,
) -> "tuple[Positions, Refit]":  # fmt: skip
    from tripoint.build import read_tables, refit
    from tripoint.core.states import find_state
    from tripoint.errors import CoverageError, UnknownNameError, UsageError
    from tripoint.faces.cli.build import check_folder
    from tripoint.measures.issue_list import find_issue
    from tripoint.measures.measure import Settings
    from tripoint.measures.schemes import SCHEMES
    from tripoint.readings.positions import Positions, by_session

    codes = tuple(dict.fromkeys(find_state(name).iso3 for name in names))
    if scheme not in SCHEMES:
        raise UnknownNameError.of("scheme", scheme, SCHEMES)
    chosen = cast("Scheme", scheme)
    if innovation is not None and (chosen == "published" or innovation <= 0):
        raise UsageError("--innovation is a positive variance of the posterior scheme")
    about = find_issue(issue).name if issue else None
    check_folder(extracts)
    settings = Settings(effort=effort)
    if seed is not None:
        settings = replace(settings, seed=seed)
    with bar() as progress:
        progress(0.0, "reading tables")
        tables = read_tables(extracts)
        fitted = refit(tables, chosen, about, settings, innovation=innovation, progress=progress)
    import polars as pl

    rows = fitted.rows.filter(pl.col("state").is_in(codes))
    order = pl.Enum(codes)
    rows = rows.sort(pl.col("state").cast(order), "period")
    if not rows["value"].count():
        raise CoverageError(f"the votes at hand give no ideal point of {', '.join(codes)}")
    return Positions(codes, chosen, about, fitted.through, "refit", by_session(rows)), fitted


def _about(fitted: "Refit") -> dict[str, Any]:
    """What a reader should know of a fit."""
    return {
        "identification": fitted.identification,
        "innovation variance": None if math.isnan(fitted.innovation) else round(fitted.innovation, 4),
        "worst R-hat": round(fitted.worst_r_hat, 3),
        "least effective draws": round(fitted.least_effective),
        "left out": fitted.dropped,
    }


def _table(found: "Positions") -> list["RenderableType"]:
    from tripoint.faces.tables import DASH, stacked, text_table

    cells: dict[tuple[int, int], dict[str, str]] = {}
    for row in found.frame.iter_rows(named=True):
        shown = stacked(row["value"], row["lower"], row["upper"], "deviations")
        cells.setdefault((row["year"], row["session"]), {})[row["state"]] = shown
    kept = sorted(cells)[-SHOWN:]
    rows = [[*map(str, key), *(cells[key].get(state, DASH) for state in found.states)] for key in kept]
    title = (
        f"Ideal points, {found.scheme} scheme{f', {found.issue}' if found.issue else ''}, with 90% intervals"
    )
    earlier = len(cells) - len(kept)
    return [
        text_table(title, ("Year", "Session", *found.states), rows),
        "",
        f"Standard deviations of all states' positions; {found.source}, data to {found.as_of}."
        + (f" {earlier} earlier sessions: --json." if earlier else ""),
    ]
