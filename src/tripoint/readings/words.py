"""What a reading says, in sentences: one for every result, each with its interval, its year and its limits."""

from typing import TYPE_CHECKING, Any

import polars as pl

from tripoint.core.series import LEVEL
from tripoint.core.units import unit
from tripoint.readings.claims import Verdict
from tripoint.readings.names import opened, spoken_roles
from tripoint.readings.reading import Reading

if TYPE_CHECKING:  # a reading says its sentences without the models of a triangle
    from tripoint.readings.triangle import Answer, Triangle

_SAYS = {
    "supported": "The data support it",
    "not supported": "The data speak against it",
    "mixed": "The data do not decide",
    "not testable": "The data cannot test it",
}


def sentences(reading: Reading) -> tuple[str, ...]:
    """One sentence for every result of a reading, the barometer first."""
    said = [
        _barometer(reading),
        _unity(reading),
        _strain(reading),
        *_alignment(reading),
        _siding(reading),
        _front(reading),
        _glue(reading),
        _fault_lines(reading),
        _standing(reading),
        *_presence(reading),
        _crossover(reading),
        _displacement(reading),
        _between(reading),
        _ranked(reading),
        *(claim_sentence(verdict) for verdict in reading.claims),
    ]
    return tuple(opened(sentence) for sentence in said if sentence)


def _interval(row: dict[str, Any], unit_name: str) -> str:
    shown = unit(unit_name)
    low, high = (shown.show_bound(row[bound]) for bound in ("lower", "upper"))
    return f"{shown.show(row['value'])} (90% interval {low} to {high})"


def _latest(frame: pl.DataFrame, **where: str) -> dict[str, Any] | None:
    """The last row with a value, among full years."""
    partial = pl.col("note").str.contains("partial-year").fill_null(value=False)
    rows = frame.filter(
        *(pl.col(name) == value for name, value in where.items()), pl.col("value").is_not_null(), ~partial
    ).sort("period")
    return rows.row(-1, named=True) if rows.height else None


def _barometer(reading: Reading) -> str:
    row, name = reading.barometer.latest, spoken_roles(reading.triad)
    pair = f"{name['first']} and {name['second']}, read through {name['ground']}"
    if row is None:
        return f"No barometer of {pair}: strain or unity does not apply or is not observed."
    return (
        f"The barometer of {pair}, stands at {_interval(row, 'percentile')} in {row['period']}, on a scale on "
        "which 100 is the closest pair without collisions in the ground."
    )


def _unity(reading: Reading) -> str:
    row, name = reading.needles["unity"].latest(), spoken_roles(reading.triad)
    if not row:
        return f"Unity of {name['first']} and {name['second']} is not observed."
    population = reading.needles["unity"].declaration.population
    return (
        f"Unity in {row['period']}: {name['first']} and {name['second']} were closer than {row['value']:.0f}% of "
        f"{population} (90% interval {row['lower']:.0f} to {row['upper']:.0f}{_carried(row)})."
    )


def _strain(reading: Reading) -> str:
    row, name = reading.needles["strain"].latest(), spoken_roles(reading.triad)
    if not row:
        reason = reading.needles["strain"].frame["note"].drop_nulls().last()
        return f"No strain in {name['ground']} can be read; {reason}."
    population = reading.needles["strain"].declaration.population
    return (
        f"Strain in {row['period']}: {name['first']} and {name['second']} collided in {name['ground']} more than "
        f"{row['value']:.0f}% of {population} (90% interval {row['lower']:.0f} to {row['upper']:.0f}{_carried(row)})."
    )


def _carried(row: dict[str, Any]) -> str:
    """What a needle carries from earlier years, for the end of a bracket."""
    return f"; {row['note']}" if row["note"] else ""


def _alignment(reading: Reading) -> list[str]:
    name, triad, said = spoken_roles(reading.triad), reading.triad, []
    for one, two in (("first", "second"), ("first", "ground"), ("second", "ground")):
        pair = sorted((getattr(triad, one), getattr(triad, two)))
        same = _latest(reading.alignment, measure="same_vote", first=pair[0], second=pair[1])
        kappa = _latest(reading.alignment, measure="kappa", first=pair[0], second=pair[1])
        if same and kappa:
            said.append(
                f"{name[one]} and {name[two]} cast the same vote in {_interval(same, 'share')} of "
                f"{same['n']} roll calls of {same['period']}; "
                f"corrected for chance, their agreement is {_interval(kappa, 'similarity')}."
            )
        elif kappa:
            said.append(
                f"{name[one]} and {name[two]}: agreement corrected for chance of {_interval(kappa, 'similarity')} over "
                f"{kappa['n']} roll calls of {kappa['period']}."
            )
    return said


def _siding(reading: Reading) -> str:
    name = spoken_roles(reading.triad)
    sides = {
        side: _latest(reading.siding, measure=f"siding_{side}") for side in ("first", "second", "neither")
    }
    first, second, neither = sides["first"], sides["second"], sides["neither"]
    if not (first and second and neither):
        return f"When the two parted, whom {name['ground']} joined is not observed on enough roll calls."
    return (
        f"When {name['first']} and {name['second']} parted in {first['period']} ({first['n']} roll calls), "
        f"{name['ground']} voted with {name['first']} {_interval(first, 'share')} of the time, "
        f"with {name['second']} {_interval(second, 'share')}, with neither {_interval(neither, 'share')}."
    )


def _front(reading: Reading) -> str:
    name = spoken_roles(reading.triad)
    no, other = (
        _latest(reading.front, measure=measure) for measure in ("agreement_given_no", "agreement_given_other")
    )
    if not (no and other):
        remedy = f"`tripoint build --outsider {reading.triad.outsider}` makes it"
        if reading.triad.outsider in reading.manifest.outsiders:
            remedy = "it is built for pairs of the powers only"
        return f"A united front against {name['outsider']} is not in this vintage; {remedy}."
    return (
        f"Over the five years to {no['period']}, the two cast the same vote in {_interval(no, 'share')} of roll calls "
        f"on which {name['outsider']} voted no, and in {_interval(other, 'share')} of the others."
    )


def _glue(reading: Reading) -> str:
    found, name = reading.votes, spoken_roles(reading.triad)
    row = found.latest(found.glue).get("linked_share") if found else None
    if found is None or row is None:
        return ""
    over = f"Over the five years to {found.period}"
    if row["value"] is None or found.spread is None:
        share = f"what share of their agreement goes through the vote of {name['outsider']}"
        return f"{over}, {share} is not said: {row['note']}."
    low, high = (unit("share").show(end) for end in found.spread)
    return (
        f"{over}, {_interval(row, 'share')} of the two's agreement beyond chance went through the vote of "
        f"{name['outsider']}; {low} to {high} under other choices of votes and windows."
    )


def _fault_lines(reading: Reading) -> str:
    """The two ends of the ranking, among issues with enough roll calls for grade A or B."""
    lines = reading.votes.fault_lines if reading.votes else ()
    rows = [(line, line.numbers["issue_kappa"]) for line in lines if line.rank is not None]
    sure = [(line, row) for line, row in rows if row["coverage"] in ("A", "B")]
    if len(sure) < 2:
        return ""
    unsure = "; ".join(line.title for line, row in rows if row["coverage"] not in ("A", "B"))
    aside = f" Not compared, with too few roll calls for more than grade C: {unsure}." if unsure else ""
    (far, low), (near, high) = sure[0], sure[-1]
    certain = "their order is beyond doubt" if low["upper"] < high["lower"] else "their order may be chance"
    return (
        f"By issue, over the five years to {low['period']}, the two are furthest apart on {far.title}, with a kappa of "
        f"{_interval(low, 'similarity')}, and closest on {near.title}, with {_interval(high, 'similarity')}; {certain}."
        f"{aside}"
    )


def _standing(reading: Reading) -> str:
    positions, name, triad = reading.positions, spoken_roles(reading.triad), reading.triad
    if positions is None:
        return ""
    rows = {role: _latest(positions.of(getattr(triad, role))) for role in ("first", "second", "ground")}
    known = {role: row for role, row in rows.items() if row}
    if len(known) < 3 or len({row["year"] for row in known.values()}) > 1:
        return ""
    said = ", ".join(f"{name[role]} at {_interval(row, 'deviations')}" for role, row in known.items())
    session = known["first"]["session"]
    when = f"In session {session}, opened in {known['first']['year']},"
    return f"{when} the ideal points put {said}, in standard deviations of all states."


def _presence(reading: Reading) -> list[str]:
    name, said = spoken_roles(reading.triad), []
    for role in ("first", "second"):
        row = _latest(reading.presence, measure="presence_turnover", power=getattr(reading.triad, role))
        if row:
            said.append(
                f"{name[role]} held {_interval(row, 'share')} of {name['ground']}'s trade turnover in {row['period']}."
            )
    return said


def _crossover(reading: Reading) -> str:
    """When the larger of the two presences changed hands for the last time, by the point estimates."""
    name, triad = spoken_roles(reading.triad), reading.triad
    turnover = reading.presence.filter(
        pl.col("measure") == "presence_turnover", pl.col("value").is_not_null()
    )
    sides = [turnover.filter(pl.col("power") == power) for power in triad.pair]
    both = sides[0].join(sides[1], on="period", suffix="_second").sort("period")
    lead = both.with_columns((pl.col("value_second") > pl.col("value")).alias("second_leads"))
    changed = lead.filter(pl.col("second_leads") != pl.col("second_leads").shift(1))
    if not changed.height:
        return ""
    row = changed.row(-1, named=True)
    winner, loser = ("second", "first") if row["second_leads"] else ("first", "second")
    apart = row["lower_second"] > row["upper"] or row["lower"] > row["upper_second"]
    certain = "and their intervals do not overlap" if apart else "though their intervals overlap"
    return (
        f"{name[winner]} passed {name[loser]} in {name['ground']}'s turnover in {row['period']}, {certain}."
    )


def _displacement(reading: Reading) -> str:
    name = spoken_roles(reading.triad)
    row = _latest(reading.displacement, measure="displacement_10y")
    if not row:
        return f"Displacement in {name['ground']} over ten years is not observed."
    gains = row["value"] >= 0
    winner, loser = ("first", "second") if gains else ("second", "first")
    shown = dict(row) if gains else {"value": -row["value"], "lower": -row["upper"], "upper": -row["lower"]}
    return (
        f"Over the ten years to {row['period']}, {name[winner]} gained {_interval(shown, 'share_change')} of "
        f"{name['ground']}'s turnover from {name[loser]}."
    )


def _between(reading: Reading) -> str:
    """How the ground leans, and how much it hedges."""
    name, found = spoken_roles(reading.triad), reading.ground
    security, economy, rank = (
        found.latest(measure) if found else None
        for measure in ("tilt_security", "tilt_economic", "hedging_percentile")
    )
    if security is None or economy is None:
        return ""
    said = (
        f"Between the two {name['ground']}'s tilt (1 all {name['first']}, -1 all {name['second']}) is "
        f"{_interval(security, 'similarity')} in security in {security['period']} and "
        f"{_interval(economy, 'similarity')} in the economy in {economy['period']}"
    )
    if rank is None:
        return f"{said}."
    return (
        f"{said}; it hedges more than {rank['value']:.0f}% of all grounds between them (90% interval "
        f"{rank['lower']:.0f} to {rank['upper']:.0f}), by an index that falls short of its validation."
    )


def _ranked(reading: Reading) -> str:
    """Where the pair's strain in the ground stands among all its grounds."""
    lines, name = reading.fault_lines, spoken_roles(reading.triad)
    known = lines.grounds.drop_nulls("value") if lines else None
    if known is None or known.is_empty() or reading.triad.ground not in known["ground"]:
        return ""
    place = known["ground"].to_list().index(reading.triad.ground) + 1
    return (
        f"By strain {name['ground']} ranks {place} of the {known.height} grounds where both are on record as present "
        f"in {lines.period if lines else ''}; most of the world has no trade on record for both."
    )


def claim_sentence(verdict: Verdict) -> str:
    """A claim with its verdict, as one sentence or two."""
    said = f"Claim: {verdict.sentence} {_SAYS[verdict.verdict]}"
    if verdict.effect is None:
        return f"{said}: {verdict.reason}."
    number = _interval(
        {"value": verdict.effect, "lower": verdict.lower, "upper": verdict.upper}, verdict.unit
    )
    reason = f"; {verdict.reason}" if verdict.reason else ""
    return f"{said}: {number} in {verdict.period}{reason}."


def triangle_words(found: "Triangle") -> tuple[str, ...]:
    """What a triangle says: what cannot be known from it first, then each answer."""
    said = []
    if not found.directed:
        said.append(
            "only events without a direction are on record here: who acted is not known, so that this tells how ties "
            "move together, not who answers whom."
        )
    said += [_answer(found, answer) for answer in found.answers]
    sure = [one for one in found.leads if one.p_holm < 1 - LEVEL]
    said.append(
        f"of {len(found.leads)} tests of who leads whom, {len(sure) or 'none'} "
        f"{'is' if len(sure) == 1 else 'are'} significant at 10% once all are allowed for (Holm)."
    )
    return tuple(opened(sentence) for sentence in said)


def _answer(found: "Triangle", answer: "Answer") -> str:
    name = {found.triad.first: "first", found.triad.second: "second", found.triad.ground: "ground"}
    spoken = spoken_roles(found.triad)

    def words(series: str) -> str:
        one, two = (spoken[name[code]] for code in series.replace(">", "-").split("-"))
        return f"{one} toward {two}" if found.directed else f"{one} with {two}"

    shown = _interval({"value": answer.value, "lower": answer.lower, "upper": answer.upper}, "shock")
    after = f"when {words(answer.cause)} worsens by one standard deviation, {words(answer.effect)} changes by {shown}"
    if answer.kind == "reciprocity":
        verdict = "it answers in kind" if answer.upper < 0 else "no answer in kind can be told from none"
    else:
        verdict = {
            "turns to the other": "one tie grows as the other fades: playing one off against the other",
            "goes along": "both go the same way: the ground goes along",
            "cannot be told": "neither playing one off against the other nor going along can be told from nothing",
        }[answer.pattern or "cannot be told"]
    return f"{after} standard deviations over {found.horizon} {found.frequency}s; {verdict}."
