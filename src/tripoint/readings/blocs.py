"""What is each state's share worth if some act as a bloc: Owen values beside Shapley values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tripoint.core.states import find_state
from tripoint.errors import UnknownStateError, UsageError
from tripoint.measures.bargaining import Power
from tripoint.measures.corridor_game import CorridorGame
from tripoint.models.games.power import owen_value
from tripoint.readings.closures import BOUNDS


@dataclass(frozen=True, slots=True)
class BlocShare:
    """One state's Owen value as a share of the whole, with a 90% interval; and its Shapley value.

    ``bloc`` holds those of its bloc who play, itself among them; the state alone, where it is in none.
    """

    commodity: str
    player: str
    bloc: tuple[str, ...]
    owen: float
    lower: float
    upper: float
    shapley: float


def read_blocs(blocs: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Blocs by the ISO codes of their members.

    Raises
    ------
    UsageError
        A name that no state has, a bloc of one, or a state that is named twice; all of it is said at once.

    Examples
    --------
    >>> read_blocs([["Russia", "BLR"], ["CHN", "KGZ"]])
    (('RUS', 'BLR'), ('CHN', 'KGZ'))
    """
    faults, found = [], []
    for bloc in blocs:
        codes = []
        for name in bloc:
            try:
                codes.append(find_state(name.strip()).iso3)
            except UnknownStateError as error:
                faults.append(str(error))
        if len(bloc) < 2:
            faults.append(
                f"bloc {','.join(bloc)!r} has {len(bloc) or 'no'} member: name two or more, as RUS,BLR"
            )
        found.append(tuple(codes))
    named = [code for bloc in found for code in bloc]
    faults += [
        f"{code!r} is in blocs {named.count(code)} times: a state acts with one bloc, so name it once"
        for code in dict.fromkeys(named)
        if named.count(code) > 1
    ]
    _refuse(faults)
    return tuple(found)


def check_players(blocs: Sequence[Sequence[str]], games: Sequence[CorridorGame]) -> None:
    """Check that every member of a bloc plays, and that some two of each bloc meet in one game.

    Raises
    ------
    UsageError
        One does not; all of it is said at once.
    """
    players = {player for game in games for player in game.players}
    known = ", ".join(sorted(players)) or "none"
    faults = [
        f"{code!r} of bloc {','.join(bloc)!r} can close nothing here, so it plays no part; players: {known}"
        for bloc in blocs
        for code in bloc
        if code not in players
    ]
    faults += [
        f"no two of bloc {','.join(bloc)!r} play over the same commodity; name states that do"
        for bloc in blocs
        if {*bloc} <= players and not any(len({*bloc} & {*game.players}) > 1 for game in games)
    ]
    _refuse(faults)


def bloc_shares(game: CorridorGame, power: Power, blocs: Sequence[Sequence[str]]) -> list[BlocShare]:
    """Owen values of everyone in one game, the largest first; none where no two of a bloc play.

    Players join bloc by bloc, in any order of blocs and of members; a state in no bloc is one of its own (Owen 1977,
    doi:10.1007/978-3-642-45494-3_7).
    """
    together = [tuple(code for code in bloc if code in game.players) for bloc in blocs]
    together = [bloc for bloc in together if len(bloc) > 1]
    if not together:
        return []
    named = {code for bloc in together for code in bloc}
    every = [*together, *((player,) for player in game.players if player not in named)]
    numbered = [[game.players.index(code) for code in bloc] for bloc in every]
    values = np.vstack([game.values(), game.drawn_values()])
    owen = owen_value(values, numbered)
    shares = np.divide(owen, values[:, -1:], out=np.zeros_like(owen), where=values[:, -1:] > 0)
    lower, upper = np.quantile(shares[1:], BOUNDS, axis=0)
    found = [
        BlocShare(
            game.commodity, player, bloc, float(shares[0, place]), float(min(lower[place], shares[0, place])),
            float(max(upper[place], shares[0, place])), power.of(player)[0],
        )
        for place, player in enumerate(game.players)
        for bloc in every
        if player in bloc
    ]  # fmt: skip
    return sorted(found, key=lambda share: -share.owen)


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise UsageError(
            faults[0] if len(faults) == 1 else "\n".join(["blocs:", *(f"  - {f}" for f in faults)])
        )
