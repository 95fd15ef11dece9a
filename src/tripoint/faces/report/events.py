"""Events in the report: where cooperation stands, how ties balance month by month, and what follows a worsening."""

from collections.abc import Sequence

from tripoint.errors import CoverageError
from tripoint.faces.figures.balance import balance_figure, unseen_dyads
from tripoint.faces.figures.cooperation import ORIGINS, cooperation_figure, origins_of, unseen_pairs
from tripoint.faces.figures.responses import responses_figure
from tripoint.faces.report import event_tables
from tripoint.faces.report.exhibits import Exhibit, exhibit
from tripoint.measures.cooperation import FUSED
from tripoint.readings.names import opened, spoken_roles
from tripoint.readings.reading import Reading


def cooperation(reading: Reading) -> Exhibit:
    """Where cooperation stands between the three."""
    return exhibit(
        reading,
        ("cooperation", "Where cooperation stands", cooperation_figure, event_tables.cooperation_table),
        "The share of cooperation, in word or deed, behind what each does toward the other, seen with hindsight, with "
        "90% bands. News report much more cooperation than conflict: read the dips, and one pair against itself."
        f"{_origins(reading)}{_unseen(unseen_pairs(reading))}",
        _why(reading, "who acts toward whom"),
    )


def balance(reading: Reading) -> Exhibit:
    """How the ties of the three balance by month."""
    return exhibit(
        reading,
        ("balance", "The balance of events, month by month", balance_figure, event_tables.balance_table),
        "Of all that news score between each of the two and anyone, how much goes between these two: above 0 more "
        "cooperation than conflict, with 90% bands. Each pair has its own scale. A hollow mark is a month of which "
        f"days are missing; a month that is not on record breaks the line.{_unseen(unseen_dyads(reading))}",
        _why(reading, "events between them by month"),
    )


def responses(reading: Reading) -> Exhibit:
    """What follows a worsening."""
    found = reading.triangle
    missing = f"{opened(str(found))}." if isinstance(found, CoverageError) else ""
    directed = not isinstance(found, CoverageError) and found.directed
    name = spoken_roles(reading.triad)
    sides = (
        f"A line above 0 toward the other power says that {name['ground']} turns to it when the first one worsens; a "
        "line below 0 toward the same power is an answer in kind"
        if directed
        else "A line above 0 says that one tie grows when the other fades, a line below 0 that both fade"
    )
    return exhibit(
        reading,
        ("responses", "What follows a worsening", responses_figure, event_tables.responses_table),
        "After a surprise by which a tie worsens by one standard deviation: how another moves, in standard deviations, "
        f"with 68% (dark) and 90% (light) bands. {sides}; where the bands hold 0, neither can be told from nothing. At "
        "0, when both happen at once, it cannot be told which came first.",
        missing,
    )


def _origins(reading: Reading) -> str:
    """Whose counts they are, and what the strokes mean where there are several."""
    found = reading.events
    names = [] if isinstance(found, CoverageError) else origins_of(found)
    if len(names) < 2:
        return f" Counts: {ORIGINS.get(names[0], names[0])}." if names else ""
    joined = (
        " The main line joins all who counted"
        if names[0] == FUSED
        else f" The main line: {ORIGINS[names[0]]}"
    )
    return f"{joined}; dashed is what the others say."


def _unseen(pairs: Sequence[str]) -> str:
    """Which pairs have no panel."""
    return f" Too few events are on record to draw: {'; '.join(pairs)}." if pairs else ""


def _why(reading: Reading, what: str) -> str:
    """Why a figure of events is empty."""
    if isinstance(reading.events, CoverageError):
        return f"{opened(str(reading.events))}."
    names = spoken_roles(reading.triad)
    three = f"{names['first']}, {names['second']} and {names['ground']}"
    return f"The vintage does not have {what} for any two of {three} often enough."
