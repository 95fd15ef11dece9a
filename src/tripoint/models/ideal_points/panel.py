"""Votes arranged for the ideal-point model, after a look at whether they can identify it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import NotIdentifiedError

CHOICES = ("yes", "abstain", "no")


@dataclass(frozen=True, slots=True)
class Panel:
    """Votes by item; the units are states in periods, each state's in time order.

    Attributes
    ----------
    states
        Names of the states, shape ``(n_states,)``.
    unit_state, unit_period
        State (index) and period of each unit, shape ``(n_units,)``, sorted.
    items
        Labels of the items, shape ``(n_items,)``.
    item_start, item_ends
        First vote of each item ``(n_items + 1,)``, and ends of its runs of yes, abstain, no ``(n_items, 3)``.
    unit
        Unit of each vote, shape ``(n_votes,)``.
    dropped
        Votes left out, by reason.
    """

    states: tuple[str, ...]
    unit_state: NDArray[np.int32]
    unit_period: NDArray[np.int32]
    items: NDArray[np.int64]
    item_start: NDArray[np.int64]
    item_ends: NDArray[np.int64]
    unit: NDArray[np.int32]
    dropped: dict[str, int]

    @property
    def chain_start(self) -> NDArray[np.int64]:
        """First unit of each state, shape ``(n_states + 1,)``."""
        return np.searchsorted(self.unit_state, np.arange(len(self.states) + 1)).astype(np.int64)

    @property
    def gaps(self) -> NDArray[np.float64]:
        """Periods since the state's previous unit; 1 for first units."""
        gaps = np.ones(len(self.unit), float)[: len(self.unit_period)]
        gaps[1:] = np.diff(self.unit_period)
        gaps[self.chain_start[:-1]] = 1.0
        return gaps

    @property
    def votes_of_units(self) -> NDArray[np.int64]:
        """Number of votes of each unit."""
        return np.bincount(self.unit, minlength=len(self.unit_period))

    @property
    def item_of_vote(self) -> NDArray[np.int64]:
        """Item of each vote, shape ``(n_votes,)``."""
        return np.repeat(np.arange(len(self.items)), np.diff(self.item_start))

    @property
    def choice(self) -> NDArray[np.int8]:
        """Choice of each vote: 0 yes, 1 abstain, 2 no."""
        within = np.arange(len(self.unit)) - np.repeat(self.item_start[:-1], np.diff(self.item_start))
        ends = np.repeat(self.item_ends, np.diff(self.item_start), axis=0)
        return ((within >= ends[:, 0]).astype(np.int8) + (within >= ends[:, 1])).astype(np.int8)


def arrange(
    states: Sequence[str],
    state: ArrayLike,
    period: ArrayLike,
    roll: ArrayLike,
    choice: ArrayLike,
    item: ArrayLike | None = None,
) -> Panel:
    """Arrange votes for the model.

    Parameters
    ----------
    states
        Names of the states.
    state
        State of each vote as an index into ``states``.
    period
        Session or year of each vote, integers.
    roll
        Roll call of each vote, integers.
    choice
        1 yes, 2 abstain, 3 no.
    item
        Item of each vote: roll calls with the same item share discrimination and cutpoints (bridges). By
        default every roll call is its own.

    Returns
    -------
    Panel
        Without the votes on unanimous items, which say nothing about positions.

    Raises
    ------
    NotIdentifiedError
        Two different votes of one state on one roll call, no item that divides anyone, or groups of states and
        periods that no common item and no state's continuity connects, so that they have no common scale.
    """
    state, period, roll, choice = (np.asarray(a).astype(np.int64) for a in (state, period, roll, choice))
    item = roll if item is None else np.asarray(item).astype(np.int64)
    if np.any((choice < 1) | (choice > 3)):
        raise NotIdentifiedError("a vote is 1 (yes), 2 (abstain) or 3 (no); absence is left out, not coded")
    state, period, item, choice, dropped = _one_vote_each(states, state, period, roll, item, choice)
    labels, item, kept = _divided(item, choice)
    if not kept.all():
        dropped["on a resolution on which all voted alike"] = int((~kept).sum())
    state, period, item, choice = state[kept], period[kept], item[kept], choice[kept]
    order = np.lexsort((state, period, choice, item))
    state, period, item, choice = state[order], period[order], item[order], choice[order]
    present, state = np.unique(state, return_inverse=True)
    units, unit = np.unique(np.column_stack([state, period]), axis=0, return_inverse=True)
    counts = np.zeros((len(labels), 3), np.int64)
    np.add.at(counts, (item, choice - 1), 1)
    panel = Panel(
        states=tuple(str(states[k]) for k in present),
        unit_state=units[:, 0].astype(np.int32),
        unit_period=units[:, 1].astype(np.int32),
        items=labels,
        item_start=np.concatenate([[0], np.cumsum(counts.sum(1))]).astype(np.int64),
        item_ends=counts.cumsum(1),
        unit=unit.ravel().astype(np.int32),
        dropped=dropped,
    )
    _check_connected(panel, item)
    return panel


def _one_vote_each(states, state, period, roll, item, choice):
    """Keep one of several equal votes of a state on a roll call; different ones are an error."""
    order = np.lexsort((choice, roll, state))
    state, period, roll, item, choice = (a[order] for a in (state, period, roll, item, choice))
    again = (state[1:] == state[:-1]) & (roll[1:] == roll[:-1])
    if np.any(differs := again & (choice[1:] != choice[:-1])):
        k = int(np.flatnonzero(differs)[0])
        votes = " and ".join(CHOICES[choice[j] - 1] for j in (k, k + 1))
        raise NotIdentifiedError(
            f"{states[state[k]]} has two different votes on roll call {roll[k]} ({votes}); keep one of them"
        )
    first = np.concatenate([[True], ~again])
    dropped = {"repeated vote": int(again.sum())} if again.any() else {}
    return state[first], period[first], item[first], choice[first], dropped


def _divided(
    item: NDArray[np.int64], choice: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Labels of the items that divide anyone, numbers of all votes' items among them, and which votes stay."""
    labels, item = np.unique(item, return_inverse=True)
    seen = np.zeros((len(labels), 3), bool)
    seen[item, choice - 1] = True
    divided = seen.sum(1) > 1
    if not divided.any():
        raise NotIdentifiedError(
            "no resolution divides the states: all votes on each are the same, so positions cannot be told apart"
        )
    return labels[divided], (np.cumsum(divided) - 1)[item], divided[item]


def _check_connected(panel: Panel, item: NDArray[np.int64]) -> None:
    """Refuse a panel whose parts share neither items nor states: each would have a scale of its own."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n_units, n_items = len(panel.unit_period), len(panel.items)
    following = np.flatnonzero(np.diff(panel.unit_state) == 0)
    rows = np.concatenate([panel.unit, following])
    columns = np.concatenate([item + n_units, following + 1])
    size = n_units + n_items
    graph = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(size, size))
    n_parts, part = connected_components(graph, directed=False)
    if n_parts > 1:
        sizes = np.bincount(part[:n_units], minlength=n_parts)
        lonely = int(np.flatnonzero(part[:n_units] == np.argmin(np.where(sizes > 0, sizes, size)))[0])
        raise NotIdentifiedError(
            f"the votes fall into {n_parts} parts with no common resolution and no common state, so they have no "
            f"common scale; one of them holds {panel.states[panel.unit_state[lonely]]} in {panel.unit_period[lonely]}"
        )
