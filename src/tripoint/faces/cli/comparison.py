"""One pair through several grounds: the latest numbers of each reading, side by side."""

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from tripoint.core.states import find_state
from tripoint.core.triad import Triad
from tripoint.errors import CoverageError
from tripoint.faces.tables import DASH, interval, number, text_table
from tripoint.readings.reading import take_reading
from tripoint.store.vintages import Vintage

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tripoint.readings.reading import Reading

_NUMBERS = ("period", "value", "lower", "upper", "coverage")
_NEEDLES = ("strain", "unity", "barometer")
#: How each ground stands between the two, and the unit in which it is shown.
_STANDING = {
    "tilt_security": "similarity",
    "tilt_economic": "similarity",
    "hedging_percentile": "percentile",
    "third_vector": "share",
}


def comparison(triads: tuple[Triad, ...], vintage: Vintage, as_of: date | None) -> dict[str, Any]:
    """The latest numbers of each ground, as plain data."""
    return {
        "pair": list(triads[0].pair),
        "outsider": triads[0].outsider,
        "as_of": (as_of or date.fromisoformat(vintage.manifest.data_through)).isoformat(),
        "vintage": vintage.manifest.name,
        "grounds": [_ground(triad, vintage, as_of) for triad in triads],
    }


def _ground(triad: Triad, vintage: Vintage, as_of: date | None) -> dict[str, Any]:
    who = {"ground": triad.ground, "name": triad.states["ground"].name}
    try:
        reading = take_reading(triad, as_of=as_of, vintage=vintage)
    except CoverageError as error:
        empty = dict.fromkeys((*_NEEDLES, "siding", "turnover_shares", *_STANDING))
        return {**who, **empty, "reason": str(error)}
    return {**who, **_numbers(reading)}


def _numbers(reading: "Reading") -> dict[str, Any]:
    frames = {"barometer": reading.barometer.frame}
    frames |= {name: needle.frame for name, needle in reading.needles.items()}
    found = {name: _latest(frames[name]) for name in _NEEDLES}
    strain = frames["strain"].row(-1, named=True)
    return {
        **found,
        "siding": {
            role: _latest(_of(reading.siding, measure=f"siding_{role}"))
            for role in ("first", "second", "neither")
        },
        "turnover_shares": {
            role: _latest(_of(reading.presence, measure="presence_turnover", power=power))
            for role, power in zip(("first", "second"), reading.triad.pair, strict=True)
        },
        **{name: _kept(reading.ground.latest(name)) if reading.ground else None for name in _STANDING},
        "reason": f"{strain['note']} ({strain['period']})" if strain["note"] else None,
    }


def _kept(row: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if row is None else {name: row[name] for name in _NUMBERS}


def _of(frame: pl.DataFrame, **where: str) -> pl.DataFrame:
    return frame.filter(*(pl.col(name) == value for name, value in where.items())) if frame.height else frame


def _latest(frame: pl.DataFrame) -> dict[str, Any] | None:
    """The last full year with a value."""
    if not frame.height:
        return None
    partial = pl.col("note").str.contains("partial-year").fill_null(value=False)
    rows = frame.filter(pl.col("value").is_not_null(), ~partial).sort("period")
    return {name: rows.row(-1, named=True)[name] for name in _NUMBERS} if rows.height else None


def comparison_text(made: dict[str, Any]) -> list["RenderableType"]:
    """The comparison as a table, with the reasons for what is missing below it."""
    first, second = made["pair"]
    names = [find_state(code).name for code in made["pair"]]
    headers = (
        "Ground", "Year", "Strain", "Unity", "Baro-\nmeter", "Gra-\nde",
        f"Sides\n{first}", f"Sides\n{second}", f"Share\n{first}", f"Share\n{second}",
    )  # fmt: skip
    parts: list[RenderableType] = [
        f"{names[0]} and {names[1]} through {_count(len(made['grounds']))}",
        f"as of {made['as_of']}, vintage {made['vintage']}",
        "",
        text_table(None, headers, [_cells(row) for row in made["grounds"]], gap=1),
        "",
        "Percentiles of the reference population, 90% intervals in parentheses. Sides: share of the roll calls on "
        "which the two part where the ground votes with each. Share: of the ground's trade turnover. Each number is "
        "the latest; a year below it is its own, where that is not the year of the row.",
    ]
    standing = [
        (row["name"], *(_shown(row[name], unit) for name, unit in _STANDING.items()))
        for row in made["grounds"]
    ]
    parts += [
        "",
        text_table(
            f"Between the two: tilt from -1, all {names[1]}, to 1, all {names[0]}",
            ("Ground", "Tilt in\nsecurity", "Tilt in the\neconomy", "Hedging\npercentile", "Third\nvector"),
            standing,
            gap=1,
        ),
    ]
    reasons = [f"{row['name']}: {row['reason']}" for row in made["grounds"] if row["reason"]]
    return parts + (["", *reasons] if reasons else [])


def _shown(row: dict[str, Any] | None, unit: str) -> str:
    return interval(row["value"], row["lower"], row["upper"], unit) if row else DASH


def _count(grounds: int) -> str:
    return "one ground" if grounds == 1 else f"{grounds} grounds"


def _cells(row: dict[str, Any]) -> list[str]:
    needles = [row[name] for name in _NEEDLES]
    shown = needles[2] or needles[0] or needles[1] or {}
    siding, shares = row["siding"] or {}, row["turnover_shares"] or {}
    parts = [siding.get("first"), siding.get("second"), shares.get("first"), shares.get("second")]
    return [
        row["name"],
        shown.get("period", DASH),
        *(_dated(_shown(one, "percentile"), one, shown) for one in needles),
        shown.get("coverage", DASH),
        *(_dated(number(part["value"] if part else None, "share"), part, shown) for part in parts),
    ]


def _dated(text: str, part: dict[str, Any] | None, row: dict[str, Any]) -> str:
    """A number with its own year below it where that is not the year of its row."""
    return text if part is None or part["period"] == row.get("period") else f"{text}\n{part['period']}"
