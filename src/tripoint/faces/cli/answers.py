"""``tripoint claims``, ``explain`` and ``cite``."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tripoint.faces.cli.options import AsOf, Json, Outsider, States, VintageOption, taken, triad_of
from tripoint.faces.cli.output import show, write, write_json

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tripoint.readings.claims import Verdict


def claims(
    states: States = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            help="Your own claims in TOML. [default: those in the package]",
            show_default=False,
        ),
    ] = None,
    outsider: Outsider = "USA",
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Judge claims about a partnership.

    Gives the verdict on each, its effect with an interval, its robustness, and what would change it.
    """
    triad = triad_of(states, outsider)
    from tripoint.readings.claims import judge_all, load_claims

    own = load_claims(file) if file is not None else None
    found = taken(triad, as_of, vintage)
    verdicts = judge_all(found, own)
    if json:
        head = {"triad": asdict(triad), "as_of": found.as_of, "vintage": found.manifest.name}
        write_json({**head, "claims": [verdict.as_dict() for verdict in verdicts]})
    else:
        show(*(part for verdict in verdicts for part in _verdict(verdict)))


def _verdict(verdict: "Verdict") -> list["RenderableType"]:
    from rich.padding import Padding
    from rich.text import Text

    from tripoint.core.units import unit
    from tripoint.faces.tables import interval
    from tripoint.readings.names import opened

    effect = interval(verdict.effect, verdict.lower, verdict.upper, verdict.unit)
    main = verdict.evidence[0]
    basis = "" if main.n is None else f", n {main.n:,}"
    when = f"{verdict.period}{basis}, grade {main.coverage}" if verdict.period else "no year"
    lines = [
        verdict.sentence,
        f"Effect: {effect}, {unit(verdict.unit).label}, {when}. {verdict.estimand}",
        f"Rule: {verdict.rule}.",
        f"Why: {verdict.reason}." if verdict.reason else "",
        "Variants: "
        + "; ".join(f"{name}: {word}" for name, word in verdict.variants.items())
        + f". {opened(verdict.shared)}."
        if verdict.variants
        else "Variants: none are declared.",
        f"What would change it: {verdict.would_change}",
        "",
    ]
    head = Text(f"{verdict.id}: {verdict.verdict}", style="bold")
    return [head, *(Padding(Text(line), (0, 0, 0, 2)) for line in lines if line), Text("")]


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="barometer, unity, strain, a measure such as kappa, or the id of a claim."
        ),
    ],
    rest: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PERIOD FIRST SECOND GROUND",
            help="A year, by default the latest with a value; then the triad. [default: RUS CHN KAZ]",
            show_default=False,
        ),
    ] = None,
    outsider: Outsider = "USA",
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Show how a number was made.

    Gives its formula, its weights, the rows behind it, the sources and their hashes.
    """
    period, states = _period_and_states(rest or [])
    triad = triad_of(states, outsider)
    from tripoint.readings.explain import explain as explained

    explanation = explained(taken(triad, as_of, vintage), what, period)
    if json:
        write_json(explanation.as_dict())
    else:
        write(explanation.text)


def _period_and_states(rest: list[str]) -> tuple[str | None, list[str]]:
    """Tell a period from states: it comes first, and begins with a digit or is one too many.

    Examples
    --------
    >>> _period_and_states(["2023", "RUS", "CHN", "KAZ"]), _period_and_states(["RUS", "CHN", "KAZ"])
    (('2023', ['RUS', 'CHN', 'KAZ']), (None, ['RUS', 'CHN', 'KAZ']))
    """
    if not rest or not (rest[0][:1].isdigit() or len(rest) in (1, 4)):
        return None, rest
    from tripoint.core.period import Period

    return str(Period.parse(rest[0])), rest[1:]


def cite(
    states: States = None,
    outsider: Outsider = "USA",
    as_of: AsOf = None,
    vintage: VintageOption = None,
    json: Json = False,
) -> None:
    """Print BibTeX of everything that a reading rests on."""
    triad = triad_of(states, outsider)
    from tripoint.readings.explain import cite as bibtex

    found = taken(triad, as_of, vintage)
    if json:
        write_json({"triad": asdict(triad), "vintage": found.manifest.name, "bibtex": bibtex(found)})
    else:
        write(bibtex(found))
