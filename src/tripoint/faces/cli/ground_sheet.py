"""A ground between two powers as text: presence by layer, tilt, standing, crossovers, the ledger."""

from typing import TYPE_CHECKING, Any

import polars as pl

from tripoint.core.states import find_state
from tripoint.faces.tables import DASH, interval, number, text_table
from tripoint.measures.records import find_record
from tripoint.readings.ground import OWN, PRESENCE, STANDING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tripoint.readings.ground import GroundReading

#: Gains of less than this share of the ground's total are left out of the text.
LEAST_GAIN = 0.005


def ground_sheet(found: "GroundReading") -> "list[RenderableType]":
    """The latest numbers, with what they mean below."""
    triad = found.triad
    first, second = (triad.states[role].name for role in ("first", "second"))
    here = triad.states["ground"].name
    return [
        f"{here} between {first} and {second}",
        f"as of {found.as_of.isoformat()}, vintage {found.manifest.name}",
        "",
        _presence(found),
        "",
        *_tilts(found),
        _standing(found),
        "",
        *_crossovers(found),
        *_ledger(found),
        "90% intervals in parentheses; n: observations, of a gain those behind the least observed of its shares. A "
        "dash is not observed, which is not zero. Presence of goods, arms and treaties is not influence.",
    ]


def _cell(row: dict[str, Any] | None, unit: str) -> str:
    if row is None:
        return DASH
    shown = interval(row["value"], row["lower"], row["upper"], unit)
    return f"{shown}\n{row['period']}, n {number(row['n'], 'count')}, {row['coverage']}"


def _about(row: dict[str, Any]) -> tuple[str, str]:
    """Number of observations and grade."""
    return number(row["n"], "count"), row["coverage"]


def _presence(found: "GroundReading") -> "RenderableType":
    triad = found.triad
    powers = [power for power in (*triad.pair, triad.outsider) if power != triad.ground]
    rows = []
    for name in PRESENCE:
        record = find_record(name)
        cells = [_cell(found.latest(name, power), record.unit) for power in powers]
        if any(cell != DASH for cell in cells):
            rows.append((record.title, *cells))
    return text_table(
        "Presence, with latest year, n and grade",
        ("Layer", *(find_state(code).name for code in powers)),
        rows,
    )


def _tilts(found: "GroundReading") -> "list[RenderableType]":
    first, second = (found.triad.states[role].name for role in ("first", "second"))
    seen = found.tilt.filter(pl.col("value").is_not_null()).sort("period")
    last = seen.group_by("issue", maintain_order=True).last()
    rows = [
        (
            row["issue"],
            interval(row["value"], row["lower"], row["upper"], "similarity"),
            row["period"],
            *_about(row),
        )
        for row in last.sort("value", descending=True).iter_rows(named=True)
    ]
    if not rows:
        return []
    table = text_table("Tilt by layer", ("Layer", "Tilt", "Year", "n", "Grade"), rows)
    return [table, f"Tilt: -1 all {second}, 1 all {first}.", ""]


def _standing(found: "GroundReading") -> "RenderableType":
    rows = []
    for name in (*STANDING, *OWN):
        record, row = find_record(name), found.latest(name)
        if row is not None:
            shown = interval(row["value"], row["lower"], row["upper"], record.unit)
            rows.append((record.title, shown, row["period"], *_about(row)))
    return text_table("Between the two", ("", "", "Year", "n", "Grade"), rows)


def _crossovers(found: "GroundReading") -> "list[RenderableType]":
    said = []
    for one in found.crossovers:
        leader, passed = find_state(one.leader).name, find_state(one.passed).name
        span = f"{one.lower}{DASH}{one.upper}" if one.lower != one.upper else str(one.year)
        behind = f"by the levels behind the shares in {one.year} (90% interval {span})"
        if one.year is None:
            behind = "though by the levels behind the shares it was ahead all along or never"
        when = behind if one.reported is None else f"in {one.reported} as reported, {behind}"
        said.append(
            f"{leader} passed {passed} in {one.layer} {when}; in {one.last} it is ahead with probability "
            f"{one.probability:.2f} ({one.n} years compared, grade {one.coverage})."
        )
    return [*said, ""] if said else []


def _ledger(found: "GroundReading") -> "list[RenderableType]":
    """What the two powers gained and lost, the largest first."""
    pair = found.triad.pair
    rows = found.ledger.filter(
        pl.col("gainer").is_in(pair),
        pl.col("value").abs() >= LEAST_GAIN,
        ~(pl.col("loser").is_in(pair) & (pl.col("gainer") == pair[1])),
    ).sort("layer", pl.col("value").abs(), descending=[False, True])
    if rows.is_empty():
        return []
    shown = [
        (
            row["layer"],
            f"{row['start']}{DASH}{row['end']}",
            f"{_name(row['gainer'])} from {_name(row['loser'])}",
            interval(row["value"], row["lower"], row["upper"], "share_change"),
            *_about(row),
        )
        for row in rows.iter_rows(named=True)
    ]
    return [
        text_table(
            "Who took whose share (minus: lost to)",
            ("Layer", "Years", "Who", "Share", "n", "Grade"),
            shown,
            gap=1,
        ),
        "",
    ]


def _name(code: str) -> str:
    return find_state(code).name if code.isupper() else code
