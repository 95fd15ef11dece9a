"""Corridors and scenarios as text: routes, shares, failures, outages; who gains and who loses."""

from typing import TYPE_CHECKING

from tripoint.core.network import PRICE_OF, UNIT_OF, Access, Range
from tripoint.core.states import find_state
from tripoint.faces.tables import DASH, interval, number, text_table
from tripoint.readings.names import opened, spoken

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tripoint.readings.blocs import BlocShare
    from tripoint.readings.closures import ActorLoss, Failure, Loss
    from tripoint.readings.corridors import Corridors, Route, Share
    from tripoint.readings.what_if import Effect, WhatIf

#: Shares and losses below this are left out of the text.
_LEAST = 0.0005
#: Failures that are shown for each commodity.
_WORST = 6


def corridor_sheet(found: "Corridors") -> "list[RenderableType]":
    """Routes and what follows from them, one commodity after the other."""
    name = find_state(found.ground).name
    parts: list[RenderableType] = [f"Corridors of {name}, {found.year}"]
    if found.scenario:
        shut = [
            *found.scenario.close,
            *(f"all that {code} can close" for code in found.scenario.close_states),
        ]
        parts.append("as if: " + found.scenario.title + (f" (closed: {', '.join(shut)})" if shut else ""))
    for commodity in found.worth:
        parts += ["", *_commodity(found, commodity)]
    return [
        *parts,
        "",
        "Bargaining power: Shapley value and nucleolus as shares of what all earn together, 90% of draws of what is "
        "uncertain in parentheses. Routes, prices and costs are partly assumed: `--json` names every uncited field. "
        "A dash is not on record.",
    ]


def _commodity(found: "Corridors", commodity: str) -> "list[RenderableType]":
    unit = UNIT_OF[commodity]
    routes = [route for route in found.routes if route.commodity == commodity]
    rows = [_route(route) for route in routes]
    parts: list[RenderableType] = [
        text_table(
            f"{commodity.capitalize()}, {unit}",
            ("Segment", "Capacity", "On record", "Model", "Can close it"),
            rows,
            words=("Can close it",),
            gap=1,
        ),
        "",
        text_table(
            None,
            ("Segment", "What it is"),
            [(route.segment, route.title) for route in routes],
            words=("What it is",),
        ),
        "",
    ]
    parts.append(_power(found, commodity))
    return parts + _failures(found, commodity) + _companies(found, commodity) + _losses(found, commodity)


def _power(found: "Corridors", commodity: str) -> "RenderableType":
    """Who has how much bargaining power; beside it what each has where some act as a bloc."""
    unit = UNIT_OF[commodity]
    shares = [share for share in found.shares if share.commodity == commodity and share.upper > _LEAST]
    stable = "some sharing out is stable" if found.stable[commodity] else "no sharing out is stable"
    worth = found.worth[commodity]
    owen = {share.player: share for share in found.owen if share.commodity == commodity}
    title = (
        f"Bargaining power over {worth:,.0f} {'million USD' if commodity in PRICE_OF else unit.split('/')[0]} "
        f"a year ({stable})"
    )
    if not owen:
        return text_table(title, ("State", "Shapley value", "Nucleolus"), [_share(share) for share in shares])
    blocs = dict.fromkeys(share.bloc for share in owen.values() if len(share.bloc) > 1)
    title += f"; acting together: {'; '.join(', '.join(bloc) for bloc in blocs)}"
    rows = [(*_share(share), _owen(owen[share.player])) for share in shares]
    return text_table(title, ("State", "Shapley value", "Nucleolus", "Owen value"), rows)


def _share(share: "Share") -> tuple[str, ...]:
    shapley = interval(share.shapley, share.lower, share.upper, "share")
    return find_state(share.player).name, shapley, number(share.nucleolus, "share")


def _owen(share: "BlocShare") -> str:
    return interval(share.owen, share.lower, share.upper, "share")


def _route(route: "Route") -> tuple[str, ...]:
    recorded = DASH if route.value is None else f"{route.value:,.1f} ({route.year})"
    return (
        route.segment,
        _range(route.capacity),
        recorded,
        DASH if route.modelled is None else f"{route.modelled:,.1f}",
        ", ".join(_right(right) for right in route.can_close),
    )


def _range(capacity: Range | None) -> str:
    if capacity is None:
        return DASH
    best = f"{capacity.best:,.1f}"
    return (
        best if capacity.low == capacity.high else f"{best} ({capacity.low:,.1f}{DASH}{capacity.high:,.1f})"
    )


def _right(right: Access) -> str:
    return right.state if right.low >= 1 else f"{right.state}? ({right.low:.0%}{DASH}{right.high:.0%})"


def _failures(found: "Corridors", commodity: str) -> "list[RenderableType]":
    worst = sorted(
        (
            one
            for one in found.failures
            if one.commodity == commodity and one.kind in ("segment", "state") and one.left < 1 - _LEAST
        ),
        key=lambda one: one.left,
    )[:_WORST]
    if not worst:
        return []
    rows = [(one.name, one.kind, number(one.left, "share"), _with_another(one)) for one in worst]
    mean = number(found.mean_share_left[commodity], "share")
    title = f"Share of exports left when one closes, {mean} on average over segments"
    return [
        "",
        text_table(title, ("Closed", "Kind", "Left", "Left with the worst second"), rows, words=("Kind",)),
    ]


def _with_another(one: "Failure") -> str:
    if one.another == one.name:
        return DASH
    return f"{number(one.with_another, 'share')} (with {one.another})"


def _companies(found: "Corridors", commodity: str) -> "list[RenderableType]":
    """What is left when an actor of outages, or a company, closes all of its segments."""
    rows = [
        (one.name, one.kind, number(one.left, "share"), _with_another(one), ", ".join(one.segments))
        for one in sorted(found.failures, key=lambda one: (one.kind, one.left))
        if one.commodity == commodity and one.kind in ("actor", "operator") and one.left < 1 - _LEAST
    ]
    if not rows:
        return []
    title = "Share left when an actor of past outages, or an operator, closes all of its segments"
    head = ("Who", "Kind", "Left", "With the worst second", "Segments")
    return ["", text_table(title, head, rows, words=("Kind", "Segments"), gap=1)]


def _losses(found: "Corridors", commodity: str) -> "list[RenderableType]":
    rows = [
        (loss.segment, *_cost(loss), ", ".join(loss.actors) or DASH)
        for loss in found.losses
        if loss.commodity == commodity
    ]
    if not rows:
        return []
    by_actor = [
        (loss.actor, *_cost(loss), ", ".join(loss.segments))
        for loss in found.actor_losses
        if loss.commodity == commodity
    ]
    numbers = ("Outages", "In a year", "Exports lost in a year")
    return [
        "",
        text_table(
            "Outages on record, and what they cost on average",
            ("Segment", *numbers, "Actors"),
            rows,
            words=("Actors",),
        ),
        "",
        text_table("The same by actor", ("Actor", *numbers, "Segments"), by_actor, words=("Segments",)),
    ]


def _cost(loss: "Loss | ActorLoss") -> tuple[str, str, str]:
    rate, low, high = loss.per_year
    return (
        str(len(loss.events)),
        f"{rate:.1f} ({low:.1f}{DASH}{high:.1f})",
        interval(loss.value, loss.lower, loss.upper, "share"),
    )


def what_if_sheet(found: "WhatIf") -> "list[RenderableType]":
    """Who gains and who loses, and what flows otherwise."""
    asked = {found.ground, *(found.pair or ())}
    rows = [_effect(effect) for effect in found.effects if effect.player in asked or effect.moves]
    before, after = found.exports
    sent = (
        f"; {find_state(found.ground).name} exports {before:,.1f} and {after:,.1f} {UNIT_OF[found.commodity]}"
    )
    parts: list[RenderableType] = [
        f"What if: {found.scenario.title}",
        *([found.scenario.note] if found.scenario.note else []),
        "",
        text_table(
            f"{found.commodity.capitalize()}: what each earns, {found.unit}",
            ("State", "Change", "Change of share", ""),
            rows,
            words=("",),
        ),
        "",
        f"All together earn {found.worth_before:,.0f} before and {found.worth_after:,.0f} after"
        f"{sent if before or after else ''}.",
    ]
    parts += [_absent(code, found.commodity) for code in found.no_part]
    if found.pair and found.opposed is not None:
        one, other = (find_state(code).name for code in found.pair)
        verdict = "oppose: one gains, the other loses" if found.opposed else "do not surely oppose"
        parts.append(f"The interests of {one} and {other} {verdict}.")
    if found.flows:
        moved = [(name, f"{was:,.1f}", f"{now:,.1f}") for name, (was, now) in found.flows.items()]
        parts += ["", text_table("Flows that change in the model", ("Segment", "Before", "After"), moved)]
    return parts


def _absent(code: str, commodity: str) -> str:
    name = opened(spoken(find_state(code)))
    return f"{name} plays no part here: it can close nothing of the {commodity}, and has no share."


def _effect(effect: "Effect") -> tuple[str, ...]:
    earned, lower, upper = (
        f"{round(x):+,}" for x in (effect.earned, effect.earned_lower, effect.earned_upper)
    )
    sign = {1: "gains", -1: "loses", 0: "not sure"}[effect.surely]
    return (
        find_state(effect.player).name,
        f"{earned} ({lower} to {upper})",
        interval(effect.share, effect.share_lower, effect.share_upper, "share_change"),
        sign,
    )
