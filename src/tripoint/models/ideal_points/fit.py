"""Dynamic ordinal ideal points: where states stand, from how they vote, session by session, with intervals.

State i in period t votes yes, abstains or votes no on item v as a latent utility ``beta_v theta_it + e``, with
standard normal e, falls below both, between, or above the cutpoints of v. Two schemes:

``posterior`` (default)
    Positions follow a random walk per state; the sampler draws from the posterior of that model. First positions and
    discriminations are N(0, 1) a priori, cutpoints flat within 7 of 0, the innovation variance is estimated. The mean
    of all n positions is held near 0 and their standard deviation near 1 with prior precision n.
``published``
    The conditionals behind the published estimates: the prior of a position is centred on the last period's mean of
    the previous sweep, which looks back only; positions are standardised and cut at 5 in every sweep. For comparison.

References
----------
Bailey, M. A., Strezhnev, A. and Voeten, E. (2017). Estimating dynamic state preferences from United Nations voting
data. Journal of Conflict Resolution 61(2):430-456. doi:10.1177/0022002715595700
Martin, A. D. and Quinn, K. M. (2002). Dynamic ideal point estimation via Markov chain Monte Carlo for the U.S. Supreme
Court, 1953-1999. Political Analysis 10(2):134-153. doi:10.1093/pan/10.2.134
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tripoint.errors import NotIdentifiedError
from tripoint.models.diagnostics import effective_size, r_hat
from tripoint.models.ideal_points import sampler
from tripoint.models.ideal_points.panel import Panel

Scheme = Literal["posterior", "published"]
Floats = NDArray[np.float64]

#: A direction that changes sides in more than this share of a chain's draws is not identified.
_MOST_TURNED = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """How to sample.

    Attributes
    ----------
    scheme
        ``posterior`` or ``published``.
    dimensions
        1 or 2; 2 with the posterior scheme only.
    chains, burn, sweeps, thin
        Chains, sweeps to forget and to sample in each, and how many sweeps lie between kept draws.
    innovation
        Innovation variance per period of the posterior scheme; None estimates it.
    published_variance, published_cutpoint_step, published_widest
        Constants of the published scheme: variance of a position around the last mean, before it is scaled by
        the share of votes that the period has of two; the step of the cutpoints; where utilities are cut.
    seed
        Draws are a function of the seed, the panel and the plan.
    """

    scheme: Scheme = "posterior"
    dimensions: int = 1
    chains: int = 2
    burn: int = 1000
    sweeps: int = 3000
    thin: int = 6
    innovation: float | None = None
    published_variance: float = 0.5
    published_cutpoint_step: float = 0.2 / 3
    published_widest: float = 9.0
    seed: int = 20260101


@dataclass(frozen=True, slots=True)
class Anchors:
    """States that fix which way is up: the first group stands above the second on the first dimension."""

    above: tuple[str, ...]
    below: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdealPoints:
    """Draws of all positions, standardised over all units and turned by the anchors.

    Attributes
    ----------
    positions
        Shape ``(n_chains, n_kept, n_units, n_dims)``, float32; the units are those of the panel.
    discriminations, cutpoints
        On the scale of the positions: ``(n_chains, n_kept, n_items, n_dims)`` and ``(..., 2)``, float32.
    innovation
        Innovation variance per period of each kept draw, on the same scale: ``(n_chains, n_kept)``; NaN in the
        published scheme.
    r_hat, effective
        Of every position, shape ``(n_units, n_dims)``.
    acceptance
        Share of proposed cutpoints taken.
    identification
        What fixed location, scale and direction, and what had to be turned.
    """

    panel: Panel
    plan: Plan
    positions: NDArray[np.float32]
    discriminations: NDArray[np.float32]
    cutpoints: NDArray[np.float32]
    innovation: Floats
    r_hat: Floats
    effective: Floats
    acceptance: float
    identification: str

    def summary(self, level: float) -> Floats:
        """Posterior mean, lower and upper bound of every position: shape ``(n_units, n_dims, 3)``."""
        draws = self.positions.reshape(-1, *self.positions.shape[2:])
        tail = (1 - level) / 2
        lower, upper = np.quantile(draws, [tail, 1 - tail], axis=0)
        return np.stack([draws.mean(0, dtype=float), lower, upper], axis=-1)


@dataclass(slots=True)
class _Chain:
    """One chain's arrays while it runs."""

    theta: Floats
    beta: Floats
    cuts: Floats
    step: Floats
    variance: float
    seed: int
    means: Floats
    taken: int = 0
    turned: int = 0
    refused: int = 0
    kept: list = field(default_factory=list)


def fit_ideal_points(
    panel: Panel,
    anchors: Anchors,
    plan: Plan | None = None,
    *,
    start: Floats | None = None,
    progress: Callable[[float, str], None] = lambda share, doing: None,
) -> IdealPoints:
    """Sample the positions of all states in all periods.

    Parameters
    ----------
    panel
        Votes from :func:`tripoint.models.ideal_points.panel.arrange`.
    anchors
        States that fix the direction; those absent from the panel are passed over.
    start
        First positions, shape ``(n_units,)``; by default the anchors at 3 and -2 and all others at 0. A start
        with the sign turned ends at the same estimates: the anchors decide.
    progress
        Called with the share done and what is being done.

    Raises
    ------
    NotIdentifiedError
        No anchor of one of the groups is in the panel, or the two groups change sides during a chain, so that the
        votes do not tell the two directions apart.
    """
    plan = plan or Plan()
    if plan.dimensions not in (1, 2) or (plan.dimensions == 2 and plan.scheme == "published"):
        raise NotIdentifiedError("one dimension, or two with the posterior scheme")
    if plan.sweeps // plan.thin < 4:
        raise NotIdentifiedError("at least four draws must be kept: more sweeps, or fewer between kept draws")
    weights = _anchor_weights(panel, anchors)
    stop = Event()
    done = [0] * plan.chains

    def run(number: int) -> _Chain:
        chain = _started(panel, plan, weights, start, number)
        total = plan.burn + plan.sweeps
        buffers = sampler.scratch(int(panel.item_ends[:, 2].max()))
        arrays = _Arrays.of(panel, plan)
        for sweep in range(1, total + 1):
            if stop.is_set():
                break
            _sweep(panel, plan, arrays, chain, buffers, sweep)
            if sweep > plan.burn and (sweep - plan.burn) % plan.thin == 0:
                _keep(plan, chain, weights)
            done[number] = sweep
        return chain

    with ThreadPoolExecutor(plan.chains) as pool:
        futures = [pool.submit(run, number) for number in range(plan.chains)]
        try:
            _wait(futures, done, plan, progress)
            chains = [future.result() for future in futures]
        except BaseException:
            stop.set()
            raise
    return _gathered(panel, plan, chains, anchors)


def _wait(futures, done: list[int], plan: Plan, progress: Callable[[float, str], None]) -> None:
    from concurrent.futures import wait

    total = plan.chains * (plan.burn + plan.sweeps)
    while wait(futures, timeout=0.2).not_done:
        progress(sum(done) / total, f"sweep {min(done)} of {plan.burn + plan.sweeps}")


@dataclass(frozen=True, slots=True)
class _Arrays:
    """What a scheme needs beside the chain: accumulators, gaps, priors."""

    squares: Floats
    sums: Floats
    rest: Floats
    gaps: Floats
    chain_start: NDArray[np.int64]
    neighbour: NDArray[np.int64]
    prior_variance: Floats

    @classmethod
    def of(cls, panel: Panel, plan: Plan) -> "_Arrays":
        n = len(panel.unit_period)
        start = panel.chain_start
        units = np.arange(n)
        first = np.zeros(n, bool)
        first[start[:-1]] = True
        neighbour = np.where(first, units + 1, units - 1)
        single = start[:-1][np.diff(start) == 1]
        neighbour[single] = single
        votes = panel.votes_of_units
        share = votes / (votes + votes[neighbour])
        shape = (n, plan.dimensions)
        variance = plan.published_variance * share
        return cls(np.zeros(shape), np.zeros(shape), np.zeros(n), panel.gaps, start, neighbour, variance)


def _anchor_weights(panel: Panel, anchors: Anchors) -> Floats:
    """Weights of units whose weighted position is the distance between the two groups of anchors."""
    names = np.array(panel.states)[panel.unit_state]
    weights = np.zeros(len(names))
    for group, sign in ((anchors.above, 1.0), (anchors.below, -1.0)):
        of_group = np.isin(names, group)
        if not of_group.any():
            raise NotIdentifiedError(
                f"none of the states {', '.join(group)} votes here, so nothing says which way is up: "
                "give anchors that do"
            )
        weights += sign * of_group / of_group.sum()
    return weights


def _started(panel: Panel, plan: Plan, weights: Floats, start: Floats | None, number: int) -> _Chain:
    """A chain at its start; all but the first are moved at random."""
    rng = np.random.default_rng([plan.seed, number])
    n, n_items = len(panel.unit_period), len(panel.items)
    if start is None:
        start = np.where(weights > 0, 3.0, np.where(weights < 0, -2.0, 0.0))
    spread = 0.3 if number else 0.01
    theta = np.asarray(start, float) + rng.normal(0, spread, n)
    theta = ((theta - theta.mean()) / theta.std())[:, None]
    if plan.dimensions == 2:
        theta = np.column_stack([theta, rng.normal(0, 1, n)])
    counts = np.diff(panel.item_ends, axis=1, prepend=0)
    share = counts.cumsum(1)[:, :2] / counts.sum(1)[:, None]
    cuts = np.ascontiguousarray(2 * share - 1)
    centred = panel.choice - (counts @ np.arange(3) / counts.sum(1))[panel.item_of_vote]
    slope = np.bincount(panel.item_of_vote, centred * theta[panel.unit, 0], minlength=n_items)
    beta = np.zeros((n_items, plan.dimensions))
    beta[:, 0] = np.sign(slope)
    if plan.scheme == "published":
        step = np.full(n_items, plan.published_cutpoint_step)
    else:
        step = 1.0 / np.sqrt(counts.sum(1))
    variance = 0.1 if plan.innovation is None else plan.innovation
    return _Chain(theta, beta, cuts, step, variance, plan.seed * 1000 + number, theta[:, 0].copy())


#: Variance of first positions, and shape and scale of the inverse gamma prior of the innovation variance.
FIRST_VARIANCE = 1.0
INNOVATION_PRIOR = (1.0, 0.01)


def _sweep(panel: Panel, plan: Plan, arrays: _Arrays, chain: _Chain, buffers: Floats, sweep: int) -> None:
    gathered = (arrays.squares, arrays.sums, arrays.rest)
    chain.taken += sampler.sweep_items(
        panel.item_start,
        panel.item_ends,
        panel.unit,
        chain.theta,
        chain.beta,
        chain.cuts,
        chain.step,
        0.0 if plan.scheme == "published" else 1.0,
        0.0 if plan.scheme == "published" or sweep > plan.burn else sweep**-0.6,
        plan.published_widest if plan.scheme == "published" else np.inf,
        *gathered,
        buffers,
        chain.seed,
        sweep,
    )
    n_items = len(panel.items)
    if plan.scheme == "published":
        sampler.sweep_published_positions(
            arrays.neighbour,
            arrays.prior_variance,
            arrays.squares,
            arrays.sums,
            chain.means,
            chain.theta,
            chain.seed,
            sweep,
            n_items,
        )
        return
    _posterior_positions(plan, arrays, chain, sweep, n_items)


def _posterior_positions(plan: Plan, arrays: _Arrays, chain: _Chain, sweep: int, n_items: int) -> None:
    """Positions given utilities, then the innovation variance, then location and scale."""
    gathered = (arrays.squares, arrays.sums, arrays.rest)
    before = chain.theta.copy()
    sampler.sweep_positions(
        arrays.chain_start,
        arrays.gaps,
        chain.variance,
        FIRST_VARIANCE,
        *gathered,
        chain.theta,
        chain.seed,
        sweep,
        n_items,
    )
    rng = np.random.default_rng([chain.seed, sweep])
    # While the chain forgets its start nothing is refused: the stretch brings it to scale.
    if sweep > plan.burn and np.log(rng.random()) > _on_scale(chain.theta) - _on_scale(before):
        chain.theta[:] = before
        chain.refused += 1
    walk = (arrays.chain_start, arrays.gaps)
    if plan.innovation is None:
        total, count = 0.0, 0
        for d in range(plan.dimensions):
            squares, steps, *_ = sampler.innovations(*walk, chain.theta, d)
            total, count = total + squares, count + steps
        shape, scale = INNOVATION_PRIOR
        chain.variance = (scale + total / 2) / rng.gamma(shape + count / 2)
    sampler.shift_and_stretch(
        *walk,
        chain.variance,
        FIRST_VARIANCE,
        float(len(chain.theta)),
        chain.theta,
        chain.beta,
        chain.cuts,
        chain.seed,
        sweep,
    )


def _on_scale(theta: Floats) -> float:
    """Log prior of location and scale of all positions, as tight as that many independent positions would be."""
    found = [sampler.off_scale(theta, d) for d in range(theta.shape[1])]
    return -0.5 * len(theta) * sum(mean**2 + log_sd**2 for mean, log_sd in found)


def _keep(plan: Plan, chain: _Chain, weights: Floats) -> None:
    """Keep a draw on the common scale: mean 0 and unit variance over all units, anchors the right way up."""
    theta, beta, cuts = chain.theta, chain.beta, chain.cuts
    mean = theta.mean(0)
    flat = plan.dimensions == 1
    to_scale = np.array([[1 / theta.std(ddof=1)]]) if flat else _principal_axes(theta - mean, weights)
    if weights @ (theta - mean) @ to_scale[:, 0] < 0:
        to_scale = to_scale * np.where(np.arange(plan.dimensions) == 0, -1.0, 1.0)
        chain.turned += 1
    from_scale = np.linalg.inv(to_scale)
    chain.kept.append(
        (
            ((theta - mean) @ to_scale).astype(np.float32),
            (beta @ from_scale.T).astype(np.float32),
            (cuts - (beta @ mean)[:, None]).astype(np.float32),
            chain.variance * to_scale[0, 0] ** 2 if plan.scheme == "posterior" else np.nan,
        )
    )


def _principal_axes(centred: Floats, weights: Floats) -> Floats:
    """Whitening after which the first axis runs from one group of anchors to the other."""
    values, vectors = np.linalg.eigh(np.cov(centred.T))
    whitening = vectors / np.sqrt(values)
    direction = weights @ centred @ whitening
    direction /= np.linalg.norm(direction)
    across = np.array([-direction[1], direction[0]])
    return whitening @ np.column_stack([direction, across])


def _gathered(panel: Panel, plan: Plan, chains: list[_Chain], anchors: Anchors) -> IdealPoints:
    for number, chain in enumerate(chains):
        share = chain.turned / len(chain.kept)
        if _MOST_TURNED < share < 1 - _MOST_TURNED:
            raise NotIdentifiedError(
                f"the direction is not identified: {', '.join(anchors.above)} and {', '.join(anchors.below)} "
                f"change sides in {share:.0%} of the draws of chain {number + 1}. Give anchors that differ "
                "more, or more votes"
            )
    positions, discriminations, cutpoints = (
        np.stack([np.stack([kept[k] for kept in chain.kept]) for chain in chains]) for k in range(3)
    )
    if plan.dimensions == 2:
        _turn_second_axis(positions, discriminations)
    n_chains, n_kept, n_units, n_dims = positions.shape
    flat = positions.reshape(n_chains, n_kept, n_units * n_dims)
    turned = [str(k + 1) for k, chain in enumerate(chains) if chain.turned * 2 > len(chain.kept)]
    how = (
        "mean 0 and standard deviation 1 over all country-sessions; "
        f"{', '.join(anchors.above)} above {', '.join(anchors.below)}"
    )
    if plan.dimensions == 2:
        how += "; second axis uncorrelated with the first, its sign arbitrary"
    if turned:
        how += f"; chain {' and '.join(turned)} ran with the sign turned and was turned back"
    proposals = len(chains) * (plan.burn + plan.sweeps) * len(panel.items)
    return IdealPoints(
        panel=panel,
        plan=plan,
        positions=positions,
        discriminations=discriminations,
        cutpoints=cutpoints,
        innovation=np.array([[kept[3] for kept in chain.kept] for chain in chains]),
        r_hat=r_hat(flat).reshape(n_units, n_dims),
        effective=effective_size(flat).reshape(n_units, n_dims),
        acceptance=sum(chain.taken for chain in chains) / proposals,
        identification=how,
    )


def _turn_second_axis(positions: NDArray, discriminations: NDArray) -> None:
    """Give the second axis of every draw the sign that it has in the last draw of the first chain."""
    reference = positions[0, -1, :, 1].astype(float)
    signs = np.sign(np.einsum("ckn,n->ck", positions[..., 1].astype(float), reference))
    positions[..., 1] *= signs[..., None]
    discriminations[..., 1] *= signs[..., None]
