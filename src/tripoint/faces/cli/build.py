"""``tripoint build``: a vintage of one's own, and what it changes."""

from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tripoint.faces.cli.options import Json
from tripoint.faces.cli.output import bar, note, show, write_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tripoint.measures.measure import Settings
    from tripoint.store.vintages import Vintage

#: Said where the vintage before was made small.
THINNED = ("", "The one before leaves rows out and is rounded, to keep the package small.")


Extracts = Annotated[
    Path | None,
    typer.Option(
        "--extracts",
        metavar="DIR",
        help="Build from extracts in this folder. [default: the stored tables]",
        show_default=False,
    ),
]
Outsiders = Annotated[
    list[str] | None,
    typer.Option(
        "--outsider",
        metavar="STATE",
        help="An outsider; may be given again. [default: USA]",
        show_default=False,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, metavar="NUMBER", help="Seed of the bootstrap.", show_default=False),
]
Draws = Annotated[
    int | None,
    typer.Option("--draws", min=1, metavar="NUMBER", help="Draws of the bootstrap.", show_default=False),
]
Effort = Annotated[
    float,
    typer.Option(
        "--effort",
        min=0.01,
        max=1,
        metavar="SHARE",
        help="Share of the sweeps of ideal-point samplers; less than 1 for a quick look.",
    ),
]


def build(
    extracts: Extracts = None,
    outsider: Outsiders = None,
    seed: Seed = None,
    draws: Draws = None,
    effort: Effort = 1.0,
    json: Json = False,
) -> None:
    """Build a vintage of your own from the tables at hand.

    Computes all series of all measures, and says what changed. Takes a quarter of an hour, most of
    it for ideal points; with --effort 0.1 some three minutes. Until the end the vintage that was in
    use stays in use.
    """
    check_folder(extracts)
    from tripoint.build import build_vintage, read_tables
    from tripoint.store.vintages import open_vintage

    settings = replace(_settings(outsider, seed, draws), effort=effort)
    before = _in_use()
    start = perf_counter()
    with bar() as progress:
        progress(0.0, "reading tables")
        base = open_vintage("bundled")
        made = build_vintage(read_tables(extracts), settings, progress=progress, base=base)
    if made.manifest.base is not None:
        note(
            "your tables cannot make all that a reading needs (votes and trade): what they lack is taken from the "
            f"vintage in the package, {made.manifest.base}; see what you have with `tripoint data list`"
        )
    result = _result(before, made, perf_counter() - start)
    if json:
        write_json(result)
    else:
        show(*_text(result))


def _result(before: "Vintage | None", made: "Vintage", seconds: float) -> dict[str, Any]:
    """What was made, and how it differs from the vintage before."""
    from tripoint.build import compare

    series = made.manifest.series
    result = {
        "name": made.manifest.name,
        "path": str(made.path),
        "rows": sum(trace.rows for trace in series.values()),
        "seconds": round(seconds, 1),
        "before": None,
        "before_thinned": False,
        "changes": [],
    }
    if before is None:
        return result
    return result | {
        "before": before.manifest.name,
        "before_thinned": any(trace.thinned for trace in before.manifest.series.values()),
        "changes": [asdict(one) for one in compare(before, {name: made.frame(name) for name in series})],
    }


def check_folder(extracts: Path | None) -> None:
    """Refuse extracts that lie in no folder."""
    if extracts is not None and not extracts.is_dir():
        from tripoint.errors import UsageError

        raise UsageError(
            f"there is no folder '{extracts}'; --extracts takes the folder that holds the extracts"
        )


def _settings(outsiders: list[str] | None, seed: int | None, draws: int | None) -> "Settings":
    from tripoint.core.states import find_state
    from tripoint.measures.measure import Settings

    chosen: dict[str, Any] = {}
    if outsiders:
        chosen["outsiders"] = tuple(dict.fromkeys(find_state(name).iso3 for name in outsiders))
    if seed is not None:
        chosen["seed"] = seed
    if draws is not None:
        chosen["draws"] = draws
    return replace(Settings(), **chosen)


def _in_use() -> "Vintage | None":
    """The vintage in use, read whole before its folder is replaced; None if it is damaged."""
    from tripoint.errors import VintageError
    from tripoint.store.vintages import open_vintage

    try:
        vintage = open_vintage()
        for name in vintage.manifest.series:
            vintage.frame(name)
    except VintageError as error:
        note(f"nothing to compare with: {error}")
        return None
    return vintage


def _text(result: dict[str, Any]) -> list["RenderableType"]:
    from tripoint.faces.tables import number, text_table

    parts: list[RenderableType] = [
        f"Vintage {result['name']}: {result['rows']:,} rows in {result['seconds']:,} s",
        f"in {result['path']}",
    ]
    if result["before"] is None:
        return parts
    rows = [
        [
            one["series"],
            *(number(one[name], "count") for name in ("rows_before", "rows_now", "keys_lost", "keys_new")),
            f"{one['largest_change']:.4f}",
        ]
        for one in result["changes"]
        if one["keys_lost"] or one["keys_new"] or one["largest_change"]
    ]
    same = len(result["changes"]) - len(rows)
    if not rows:
        return [*parts, "", f"All {same} series are as in {result['before']}, in use before."]
    headers = ("Series", "Before", "Now", "Lost", "New", "Largest change")
    title = f"Rows against {result['before']}, in use before"
    others = (f"{same} other series are as before.",) if same else ()
    return [
        *parts, "", text_table(title, headers, rows), *others, *(THINNED if result["before_thinned"] else ()),
    ]  # fmt: skip
