"""tripoint: how solid is the partnership of two powers, read through a third country, from public data.

>>> import tripoint as tp
>>> reading = tp.take_reading(tp.Triad("RUS", "CHN", ground="KAZ", outsider="USA"), vintage="bundled")
>>> reading.barometer.frame.columns[:4]
['period', 'value', 'lower', 'upper']
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tripoint.build import build_vintage, read_tables, refit
    from tripoint.core.period import Period, Span
    from tripoint.core.states import POWERS, State, all_states, find_state
    from tripoint.core.triad import Triad
    from tripoint.errors import TripointError
    from tripoint.faces.report import write_report
    from tripoint.readings.claims import Claim, Verdict, judge_all, load_claims
    from tripoint.readings.explain import Explanation, cite, explain
    from tripoint.readings.fault_lines import take_fault_lines
    from tripoint.readings.ground import take_ground
    from tripoint.readings.positions import Positions, take_positions
    from tripoint.readings.reading import Barometer, Reading, take_reading
    from tripoint.readings.votes import VotesReading, take_votes
    from tripoint.store.vintages import Vintage, open_vintage

#: Public name to the module that defines it. Modules are loaded when a name is first used, so that importing is cheap.
_PUBLIC = {
    "Barometer": "tripoint.readings.reading",
    "Claim": "tripoint.readings.claims",
    "Explanation": "tripoint.readings.explain",
    "POWERS": "tripoint.core.states",
    "Period": "tripoint.core.period",
    "Positions": "tripoint.readings.positions",
    "Reading": "tripoint.readings.reading",
    "Span": "tripoint.core.period",
    "State": "tripoint.core.states",
    "Triad": "tripoint.core.triad",
    "TripointError": "tripoint.errors",
    "Verdict": "tripoint.readings.claims",
    "Vintage": "tripoint.store.vintages",
    "VotesReading": "tripoint.readings.votes",
    "all_states": "tripoint.core.states",
    "build_vintage": "tripoint.build",
    "cite": "tripoint.readings.explain",
    "explain": "tripoint.readings.explain",
    "find_state": "tripoint.core.states",
    "judge_all": "tripoint.readings.claims",
    "load_claims": "tripoint.readings.claims",
    "open_vintage": "tripoint.store.vintages",
    "read_tables": "tripoint.build",
    "refit": "tripoint.build",
    "take_fault_lines": "tripoint.readings.fault_lines",
    "take_ground": "tripoint.readings.ground",
    "take_positions": "tripoint.readings.positions",
    "take_reading": "tripoint.readings.reading",
    "take_votes": "tripoint.readings.votes",
    "write_report": "tripoint.faces.report",
}

__all__ = [
    "POWERS",
    "Barometer",
    "Claim",
    "Explanation",
    "Period",
    "Positions",
    "Reading",
    "Span",
    "State",
    "Triad",
    "TripointError",
    "Verdict",
    "Vintage",
    "VotesReading",
    "all_states",
    "build_vintage",
    "cite",
    "explain",
    "find_state",
    "judge_all",
    "load_claims",
    "open_vintage",
    "read_tables",
    "refit",
    "take_fault_lines",
    "take_ground",
    "take_positions",
    "take_reading",
    "take_votes",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'tripoint' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
