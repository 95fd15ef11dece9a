"""All measures, in the order of a build. A new one adds a line here and a line in ``records``."""

from tripoint.measures import (
    agenda,
    alignment,
    arms,
    bargaining,
    dependence,
    displacement,
    exchange,
    exposure,
    fault_lines,
    glue,
    hedging,
    ideal_points,
    issue_areas,
    memberships,
    presence,
    siding,
    treaties,
    united_front,
)
from tripoint.measures.measure import Measure

MEASURES: tuple[Measure, ...] = (
    alignment.MEASURE,
    siding.MEASURE,
    united_front.MEASURE,
    glue.MEASURE,
    agenda.MEASURE,
    issue_areas.MEASURE,
    ideal_points.MEASURE,
    presence.MEASURE,
    displacement.MEASURE,
    arms.MEASURE,
    treaties.MEASURE,
    memberships.MEASURE,
    dependence.MEASURE,
    exposure.MEASURE,
    hedging.MEASURE,
    fault_lines.MEASURE,
    exchange.MEASURE,
    bargaining.MEASURE,
)
