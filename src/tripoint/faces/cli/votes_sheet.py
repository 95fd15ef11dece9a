"""The votes of a pair as text: what glues the two, the spread over choices, placebos, and fault lines by issue."""

from typing import TYPE_CHECKING, Any

from tripoint.core.states import find_state
from tripoint.faces.tables import DASH, interval, number, stacked, text_table
from tripoint.measures.issue_list import all_issues
from tripoint.measures.records import find_record
from tripoint.readings.names import spoken

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tripoint.readings.votes import VotesReading

#: Windows that a table of one issue shows; JSON has them all.
SHOWN = 12

Row = dict[str, Any]


def shown(row: Row | None) -> str:
    """A row's number with its interval; a dash where there is no row."""
    if row is None:
        return DASH
    return interval(row["value"], row["lower"], row["upper"], find_record(row["measure"]).unit)


def _narrow(row: Row | None) -> str:
    """As `shown`, on two lines."""
    if row is None:
        return DASH
    return stacked(row["value"], row["lower"], row["upper"], find_record(row["measure"]).unit)


def _about(row: Row | None) -> tuple[str, str]:
    return (DASH, DASH) if row is None else (number(row["n"], "count"), row["coverage"])


def labels(found: "VotesReading") -> dict[str, str]:
    """Measure to what it is called beside its number."""
    outsider = spoken(find_state(found.outsider))
    return {
        "linked": f"through the vote of {outsider}",
        "own": "their own",
        "linked_share": "share that goes through it",
        "linked_share_quadratic": "the same, votes on a scale",
        "conditional_kappa": "kappa once that vote is known",
        "residual_association": "beyond their ideal points",
        "shared_opposition_naive": "naive share (descriptive)",
        "agreement_given_yes": "votes yes",
        "agreement_given_abstain": "abstains",
        "agreement_given_no": "votes no",
    }


def votes_sheet(found: "VotesReading") -> list["RenderableType"]:
    """All sections, under one another."""
    one, two, outsider = (spoken(find_state(code)) for code in (found.first, found.second, found.outsider))
    window = f"five years to {found.period}"
    parts: list[RenderableType] = [
        f"{one[:1].upper()}{one[1:]} and {two} in the General Assembly, {window}; outsider {outsider}",
        f"vintage {found.manifest.name}, data to {found.as_of}; 90% intervals",
        "",
        _block("What glues them: agreement beyond chance", found, found.glue, "Part"),
        "",
        _block(f"How often they vote alike when {outsider}", found, found.conditional, "Vote"),
        "",
        *_variants(found),
        "",
        *_placebos(found),
        "",
        *_fault_lines(found),
    ]
    return parts


def _block(title: str, found: "VotesReading", frame: Any, head: str) -> "RenderableType":
    names = labels(found)
    rows = [[names[name], shown(row), *_about(row)] for name, row in found.latest(frame).items()]
    return text_table(title, (head, "Value", "n", "Grade"), rows)


def _variants(found: "VotesReading") -> list["RenderableType"]:
    rows = [[row["choice"], shown(row), *_about(row)] for row in found.variants.iter_rows(named=True)]
    table = text_table(
        "Share through the outsider under other choices", ("Choice", "Value", "n", "Grade"), rows
    )
    if found.spread is None:
        return [table]
    low, high = (number(value, "share") for value in found.spread)
    return [table, f"From {low} to {high} over the choices."]


def _placebos(found: "VotesReading") -> list["RenderableType"]:
    rows = [
        [f"{row['first']}-{row['second']}", row["outsider"], shown(row), *_about(row)]
        for row in found.placebos.iter_rows(named=True)
    ]
    title = "The same share with other outsiders, and of other pairs"
    return [text_table(title, ("Pair", "Outsider", "Value", "n", "Grade"), rows, words=("Outsider",))]


def _fault_lines(found: "VotesReading") -> list["RenderableType"]:
    sided = found.ground is not None
    rows = []
    for line in found.fault_lines:
        numbers = line.numbers
        places = DASH if line.rank is None else f"{line.rank}\n{line.best_rank}–{line.worst_rank}"
        cells = [
            line.issue,
            places,
            *(_narrow(numbers.get(name)) for name in ("issue_kappa", "issue_linked", "issue_own")),
            *([_narrow(numbers.get("issue_siding_first"))] if sided else []),
            *_about(numbers.get("issue_kappa")),
        ]
        rows.append(cells)
    heads = ["Issue", "Rank", "Kappa", "Through outsider", "Own"]
    if sided:
        heads.append(f"{found.ground} with {found.first}")
    table = text_table("Fault lines: issues, the two furthest apart first", [*heads, "n", "Grade"], rows)
    row = found.latest(found.dispersion).get("issue_dispersion")
    said = (
        f"Standard deviation of kappa between issues: {shown(row)}."
        if row and row["value"] is not None
        else ""
    )
    return [
        table,
        "Below a rank: the places that the intervals allow. Kappa weighs squared distances between votes; what goes "
        "through the outsider and their own add up to the kappa that counts equal votes only.",
        *([said] if said else []),
    ]


def issue_sheet(found: "VotesReading") -> list["RenderableType"]:
    """One issue over time."""
    names = found.issues["issue"].unique().to_list()
    title = next((issue.title for issue in all_issues() if issue.name in names), "")
    measures = ["issue_kappa", "issue_linked", "issue_own", "issue_linked_share"]
    heads = ["Five years to", "Kappa", "Through outsider", "Own", "Share through"]
    if found.ground is not None:
        measures.append("issue_siding_first")
        heads.append(f"{found.ground} with {found.first}")
    periods: dict[str, dict[str, Row]] = {}
    for row in found.issues.iter_rows(named=True):
        periods.setdefault(row["period"], {})[row["measure"]] = row
    rows = [
        [
            period,
            *(_narrow(periods[period].get(name)) for name in measures),
            *_about(periods[period].get("issue_kappa")),
        ]
        for period in sorted(periods)[-SHOWN:]
    ]
    if not rows:
        return ["The vintage has no row of these states on this issue."]
    heading = f"{found.first}-{found.second} on {title}, outsider {found.outsider}, with 90% intervals"
    return [
        text_table(heading, [*heads, "n", "Grade"], rows),
        "",
        f"vintage {found.manifest.name}, data to {found.as_of}",
    ]
