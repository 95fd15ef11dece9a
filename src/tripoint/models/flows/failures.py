"""What is left of a flow when parts of a network close: one at a time, two at a time, and what to expect in a year."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tripoint.models.flows.network import FlowNetwork
from tripoint.models.flows.optimum import Objective, values_of

Floats = NDArray[np.float64]

DAYS_OF_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Failures:
    """Shares of the flow that are left.

    Attributes
    ----------
    whole
        Value with everything open.
    single
        Share left when each group closes, shape ``(n_groups,)``.
    double
        Share left when two close together, shape ``(n_groups, n_groups)``, symmetric; the diagonal is ``single``.
    """

    whole: float
    single: Floats
    double: Floats


def failures(network: FlowNetwork, groups: NDArray[np.bool_], objective: Objective = "volume") -> Failures:
    """Close each group of arcs, and every two of them.

    Parameters
    ----------
    groups
        Arcs that close together (a segment, a node, all that a state or an actor can close), shape
        ``(n_groups, n_arcs)``.
    """
    n_groups = len(groups)
    first, second = np.triu_indices(n_groups)
    closed = np.concatenate([np.zeros((1, network.n_arcs), bool), groups[first] | groups[second]])
    values = values_of(network, np.where(closed, 0.0, network.capacity), objective)
    double = np.empty((n_groups, n_groups))
    double[first, second] = double[second, first] = _share(values[1:], values[0])
    return Failures(float(values[0]), double.diagonal().copy(), double)


def expected_loss(
    network: FlowNetwork,
    groups: NDArray[np.bool_],
    per_year: Floats,
    days: Floats,
    lost: Floats,
    objective: Objective = "volume",
) -> Floats:
    """Share of a year's value that outages of each group cost on average, one outage at a time.

    Parameters
    ----------
    groups
        Shape ``(n_groups, n_arcs)``.
    per_year, days, lost
        Draws of the number of outages in a year, of the length of one, and of the share of capacity it takes, each of
        shape ``(n_draws, n_groups)``.

    Returns
    -------
    ndarray
        Shape ``(n_draws, n_groups)``, between 0 and 1; spare capacity of other routes is used.
    """
    n_draws, n_groups = per_year.shape
    kept = 1 - lost[:, :, None] * groups[None]
    capacities = (network.capacity * kept).reshape(-1, network.n_arcs)
    whole = values_of(network, network.capacity[None], objective)[0]
    left = _share(values_of(network, capacities, objective), whole).reshape(n_draws, n_groups)
    down = np.minimum(per_year * np.minimum(days, DAYS_OF_YEAR) / DAYS_OF_YEAR, 1.0)
    return down * (1 - left)


def _share(values: Floats, whole: float) -> Floats:
    """Values as shares of the whole; NaN where nothing flows anyway."""
    if whole <= 0:
        return np.full(len(values), np.nan)
    return np.clip(values / whole, 0.0, 1.0)
