"""The reading as one page: a file that opens offline, prints, and shows the table behind every figure."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from tripoint.errors import CoverageError, StoreError
from tripoint.faces.figures.canvas import unchecked
from tripoint.faces.figures.claim import claim_figure
from tripoint.faces.figures.map import NOTE
from tripoint.faces.report import events, exhibits, method
from tripoint.faces.report.exhibits import Exhibit, drawn
from tripoint.faces.report.tables import Missing, Table, evidence_table, interval
from tripoint.faces.report.wording import with_names
from tripoint.measures.index import index
from tripoint.measures.records import find_record
from tripoint.readings.claims import Verdict
from tripoint.readings.explain import cite, cited
from tripoint.readings.names import opened, spoken_roles
from tripoint.readings.reading import Reading
from tripoint.readings.words import sentences, triangle_words
from tripoint.store.files import write_atomically


@dataclass(frozen=True, slots=True)
class Dial:
    """One of the three large numbers; ``value`` is None where it does not apply or is not observed."""

    title: str
    value: float | None
    lower: float | None
    upper: float | None
    period: str | None
    coverage: str
    meaning: str
    reason: str


@dataclass(frozen=True, slots=True)
class Card:
    """One claim with its verdict, its picture and its evidence; ``shown`` is empty where there is no number."""

    verdict: Verdict
    shown: str
    estimand: str
    would_change: str
    picture: Markup | None
    robustness: str
    variants: tuple[tuple[str, str], ...]
    table: Table


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: heading, what it is about, its figures, what to beware of, and what it says first."""

    id: str
    title: str
    words: tuple[str, ...]
    exhibits: tuple[Exhibit, ...]
    threats: tuple[str, ...] = ()
    says: tuple[str, ...] = ()


def write_report(reading: Reading, path: str | Path) -> Path:
    """Write a reading as one HTML file that needs no network and runs no script.

    Parameters
    ----------
    reading
        Any reading, of any triad; what is not observed is said, never drawn as zero.
    path
        The file to write; one that exists is replaced, whole or not at all.

    Returns
    -------
    The path written to.

    Raises
    ------
    StoreError
        The path is a folder or cannot be written.
    """
    return write_page(lambda: render_report(reading), path, "report")


def write_page(render: Callable[[], str], path: str | Path, what: str) -> Path:
    """Write a page, whole or not at all; a path that is a folder is refused before anything is drawn.

    Raises
    ------
    StoreError
        The path is a folder or cannot be written.
    """
    target = Path(path).expanduser()
    if target.is_dir() or str(path).endswith(("/", os.sep)):
        raise StoreError(
            f"cannot write the {what}: '{path}' is a folder; name a file, such as '{target / f'{what}.html'}'"
        )
    try:
        write_atomically(target, render().encode())
    except StoreError as error:
        cause = error.__cause__
        why = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error)
        raise StoreError(f"cannot write the {what} to '{target}': {why}; choose another place") from error
    return target


def render_report(reading: Reading) -> str:
    """The page as text."""
    template = environment().get_template("report.html.j2")
    said = sentences(reading)
    findings = [sentence for sentence in said[3:] if not sentence.startswith("Claim: ")]
    name = spoken_roles(reading.triad)
    return template.render(
        title=opened(f"{name['first']} and {name['second']}, read through {name['ground']}"),
        name=name,
        style=Markup(resource("report.css")),  # noqa: S704 - our own file
        reading=reading,
        as_of=_day(reading.as_of),
        lead=said[:3],
        findings=findings,
        dials=dials(reading),
        tally=tally(reading.claims),
        sections=sections(reading),
        triad=exhibits.triad(reading),
        cards=[card(reading, verdict) for verdict in reading.claims],
        method=method,
        works=method.works(cited(reading)),
        bibtex=cite(reading),
        boundaries=NOTE,
        is_missing=lambda cell: isinstance(cell, Missing),
    )


@cache
def environment() -> Environment:
    """Where templates come from: the package. What they are given is escaped."""
    return Environment(
        loader=FunctionLoader(resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def resource(name: str) -> str:
    """The text of a file of this folder."""
    return files("tripoint.faces.report").joinpath(name).read_text("utf-8")


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def dials(reading: Reading) -> tuple[Dial, ...]:
    """Barometer, unity and strain in their latest year, with what their scale means."""
    latest = reading.barometer.latest or {}
    notes = reading.barometer.frame["note"].drop_nulls()
    made = [
        _dial(
            "Barometer",
            latest,
            f"{index().barometer.formula}: 100 would be the closest of pairs and the least of collisions.",
            notes,
        )
    ]
    for needle in reading.needles.values():
        compared = "closer" if needle.declaration.direction == "closer" else "more collision"
        meaning = f"Percentile: {compared} than that share of {needle.declaration.population}."
        why = needle.frame["note"].drop_nulls()
        made.append(_dial(needle.declaration.title, needle.latest(), meaning, why))
    return tuple(made)


def _dial(title: str, row: dict[str, Any], meaning: str, notes: Any) -> Dial:
    reason = "" if row else notes[-1] if len(notes) else "not observed"
    return Dial(
        title, row.get("value"), row.get("lower"), row.get("upper"), row.get("period"),
        row.get("coverage", "D"), meaning, reason,
    )  # fmt: skip


def tally(verdicts: tuple[Verdict, ...]) -> str:
    """How many claims got which verdict, in a sentence."""
    words = [verdict.verdict for verdict in verdicts]
    counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
    return f"Of {len(words)} claims put to the data: {', '.join(counts)}."


def card(reading: Reading, verdict: Verdict) -> Card:
    """All that the page shows of one claim."""
    name = spoken_roles(reading.triad)
    with unchecked():
        chart = claim_figure(verdict)
    number = interval({"value": verdict.effect, "lower": verdict.lower, "upper": verdict.upper}, verdict.unit)
    return Card(
        verdict=verdict,
        shown="" if isinstance(number, Missing) else number,
        estimand=with_names(verdict.estimand, name),
        would_change=with_names(verdict.would_change, name),
        picture=drawn(chart, f"{verdict.sentence} The number against the line of the rule"),
        robustness=opened(verdict.shared),
        variants=tuple(verdict.variants.items()),
        table=evidence_table(reading, verdict),
    )


def sections(reading: Reading) -> tuple[Section, ...]:
    """The parts of the page that hold figures, in order."""
    name = spoken_roles(reading.triad)
    return (
        Section(
            "time",
            "How it moved",
            tuple(f"{each.title}: {with_names(each.question, name)}" for each in index().needles),
            (exhibits.barometer(reading), exhibits.needles(reading)),
        ),
        Section(
            "voting",
            "Votes",
            _questions(name, "same_vote", "kappa"),
            (exhibits.votes(reading),),
            _threats(name, "kappa", "same_vote"),
        ),
        Section(
            "standing",
            "Where they stand",
            _questions(name, "ideal_point"),
            (exhibits.positions(reading),),
            _threats(name, "ideal_point"),
        ),
        Section(
            "bond",
            "What glues them, and where they part",
            _questions(name, "linked", "own", "issue_kappa"),
            (exhibits.glue(reading), exhibits.fault_lines(reading)),
            _threats(name, "linked_share", "issue_kappa"),
        ),
        Section(
            "sides",
            f"Sides, and the front against {name['outsider']}",
            _questions(name, "siding_first", "united_front"),
            (exhibits.siding(reading), exhibits.front(reading)),
            _threats(name, "siding_first", "united_front"),
        ),
        Section(
            "trade",
            f"Presence in {name['ground']}",
            _questions(name, "presence_turnover", "displacement"),
            (exhibits.presence(reading), exhibits.displacement(reading)),
            _threats(name, "presence_turnover", "displacement"),
        ),
        Section(
            "between",
            f"{opened(name['ground'])} between the two",
            _questions(name, "tilt", "hedging"),
            (exhibits.tilts(reading),),
            _threats(name, "tilt", "hedging"),
        ),
        _events(reading, name),
        Section(
            "lines",
            "Fault lines: where they collide",
            _questions({**name, "ground": "each ground"}, "collision", "ground_strain"),
            (exhibits.collisions(reading), exhibits.world(reading)),
            _threats(name, "collision", "strain_gap"),
        ),
        _corridors(reading, name),
    )


def _events(reading: Reading, name: Mapping[str, str]) -> Section:
    triangle = reading.triangle
    return Section(
        "events",
        "Events: how they treat each other, and who answers whom",
        _questions(name, "cooperation_state", "score_balance", "inverse_response_second"),
        (events.cooperation(reading), events.balance(reading), events.responses(reading)),
        _threats(name, "cooperation_share", "cooperation_state", "score_balance", "inverse_response_second"),
        () if isinstance(triangle, CoverageError) else triangle_words(triangle),
    )


def _corridors(reading: Reading, name: Mapping[str, str]) -> Section:
    return Section(
        "corridors",
        "Corridors: who could close what",
        _questions(name, "bargaining_share_crude", "opposed_routes"),
        (
            exhibits.routes(reading, "crude"),
            exhibits.routes(reading, "gas"),
            exhibits.bargaining(reading),
            exhibits.what_ifs(reading),
        ),
        _threats(name, "bargaining_share_crude", "own_option_gain"),
    )


def _questions(names: Mapping[str, str], *measures: str) -> tuple[str, ...]:
    records = [find_record(measure) for measure in measures]
    return tuple(
        f"{with_names(record.title, names)}: {with_names(record.question, names)}" for record in records
    )


def _threats(names: Mapping[str, str], *measures: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(with_names(find_record(measure).threats, names) for measure in measures))
