"""One chain of the published scheme: the authors' conditionals, sweep by sweep; and starts for the posterior."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tripoint.models.ideal_points import sampler
from tripoint.models.ideal_points.panel import Panel
from tripoint.models.ideal_points.plan import Plan

Floats = NDArray[np.float64]


def sample(
    panel: Panel,
    plan: Plan,
    theta: Floats,
    seed: int,
    sweeps: int,
    after: Callable[[int, Floats, Floats, Floats], bool],
) -> tuple[tuple[Floats, Floats, Floats], float]:
    """Run a chain.

    Parameters
    ----------
    theta
        First positions, shape ``(n_units,)``.
    after
        Called after every sweep with its number, positions, discriminations and cutpoints; false ends the chain.

    Returns
    -------
    tuple, float
        The last positions, discriminations and cutpoints, and the share of proposed cutpoints that was taken.
    """
    theta = (theta - theta.mean()) / theta.std()
    beta, cuts = _first_items(panel, theta)
    neighbour = _neighbours(panel)
    votes = panel.votes_of_units
    variance = plan.published_variance * votes / (votes + votes[neighbour])
    squares, sums, means = np.zeros_like(theta), np.zeros_like(theta), theta.copy()
    scratch = sampler.scratch(int(panel.item_ends[:, 2].max()))
    votes_of_items = (panel.item_start, panel.item_ends, panel.unit)
    step, widest = plan.published_cutpoint_step, plan.published_widest
    taken = sweep = 0
    for sweep in range(1, sweeps + 1):
        taken += sampler.sweep_items(
            *votes_of_items, theta, beta, cuts, step, widest, squares, sums, scratch, seed, sweep
        )
        sampler.sweep_positions(neighbour, variance, squares, sums, means, theta, seed, sweep, len(beta))
        if not after(sweep, theta, beta, cuts):
            break
    return (theta, beta, cuts), taken / max(1, sweep * len(beta))


def _first_items(panel: Panel, theta: Floats) -> tuple[Floats, Floats]:
    """Discriminations of 1 in the direction of the votes, cutpoints at the shares of yes and of yes or abstain."""
    counts = np.diff(panel.item_ends, axis=1, prepend=0)
    cuts = np.ascontiguousarray(2 * counts.cumsum(1)[:, :2] / counts.sum(1)[:, None] - 1)
    centred = panel.choice - (counts @ np.arange(3) / counts.sum(1))[panel.item_of_vote]
    slope = np.bincount(panel.item_of_vote, centred * theta[panel.unit], minlength=len(counts))
    return np.sign(slope), cuts


def _neighbours(panel: Panel) -> NDArray[np.int64]:
    """Unit whose mean is each one's prior mean: that before it, of the first the second, of a single one itself."""
    start = panel.chain_start
    neighbour = np.arange(len(panel.unit_period)) - 1
    neighbour[start[:-1]] += 2
    single = start[:-1][np.diff(start) == 1]
    neighbour[single] = single
    return neighbour
