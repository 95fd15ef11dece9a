"""Dynamic ordinal ideal points: where states stand, from how they vote, session by session, with intervals.

State i in period t votes yes, abstains or votes no on item v as a latent utility ``beta_v theta_it + e``, with
standard normal e, falls below both, between, or above the cutpoints of v. Two schemes:

``posterior`` (default)
    Positions follow a random walk per state; Hamiltonian Monte Carlo draws from the posterior of that model. First
    positions and discriminations are N(0, 1) a priori, cutpoints N(0, 9) and ordered, the innovation variance is
    estimated. The mean of all n positions is held near 0 and their standard deviation near 1, with prior precision
    100 n.
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

import numpy as np
from numpy.typing import NDArray

from tripoint.errors import NotIdentifiedError
from tripoint.models.diagnostics import effective_size, r_hat
from tripoint.models.ideal_points import posterior, published
from tripoint.models.ideal_points.panel import Panel
from tripoint.models.ideal_points.plan import Anchors, Plan

Floats = NDArray[np.float64]

#: A direction that changes sides in more than this share of a chain's draws is not identified.
_MOST_TURNED = 0.05
#: Standard deviation of what is added to the starts of all chains but the first.
_SPREAD = 0.3


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
        Share of proposed cutpoints taken (published), mean probability of taking a trajectory (posterior).
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
    """What a chain has kept: draws on the common scale, and how many of them had to be turned."""

    kept: list = field(default_factory=list)
    turned: int = 0
    acceptance: float = np.nan


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
        def going(sweep: int) -> bool:
            done[number] = sweep
            return not stop.is_set()

        return _run(panel, plan, weights, start, number, going)

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


def _run(
    panel: Panel,
    plan: Plan,
    weights: Floats,
    start: Floats | None,
    number: int,
    going: Callable[[int], bool],
) -> _Chain:
    """Run one chain; all but the first start moved at random."""
    rng = np.random.default_rng([plan.seed, number])
    if start is None:
        start = np.where(weights > 0, 3.0, np.where(weights < 0, -2.0, 0.0))
    theta = np.asarray(start, float) + rng.normal(0, _SPREAD if number else _SPREAD / 30, len(weights))
    seed = plan.seed * 1000 + number
    chain = _Chain()

    def keep(theta: Floats, beta: Floats, cuts: Floats, variance: float) -> None:
        _keep(plan, chain, weights, theta, beta, cuts, variance)

    if plan.scheme == "published":

        def after(sweep: int, theta: Floats, beta: Floats, cuts: Floats) -> bool:
            if sweep > plan.burn and (sweep - plan.burn) % plan.thin == 0:
                keep(theta[:, None], beta[:, None], cuts, np.nan)
            return going(sweep)

        total = plan.burn + plan.sweeps
        _, chain.acceptance = published.sample(panel, plan, theta, seed, total, after)
        return chain
    first, _ = published.sample(panel, plan, theta, seed, plan.start_sweeps, lambda *_: going(0))
    positions, slopes = (part[:, None] for part in first[:2])
    if plan.dimensions == 2:
        positions = np.column_stack([positions, rng.normal(0, 1, len(positions))])
        slopes = np.column_stack([slopes, rng.normal(0, _SPREAD, len(slopes))])
    chain.acceptance = posterior.sample(panel, plan, (positions, slopes, first[2]), rng, keep, going)
    return chain


def _keep(
    plan: Plan, chain: _Chain, weights: Floats, theta: Floats, beta: Floats, cuts: Floats, variance: float
) -> None:
    """Keep a draw on the common scale: mean 0 and unit variance over all units, anchors the right way up."""
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
            variance * to_scale[0, 0] ** 2,
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
    return IdealPoints(
        panel=panel,
        plan=plan,
        positions=positions,
        discriminations=discriminations,
        cutpoints=cutpoints,
        innovation=np.array([[kept[3] for kept in chain.kept] for chain in chains]),
        r_hat=r_hat(flat).reshape(n_units, n_dims),
        effective=effective_size(flat).reshape(n_units, n_dims),
        acceptance=float(np.mean([chain.acceptance for chain in chains])),
        identification=how,
    )


def _turn_second_axis(positions: NDArray, discriminations: NDArray) -> None:
    """Give the second axis of every draw the sign that it has in the last draw of the first chain."""
    reference = positions[0, -1, :, 1].astype(float)
    signs = np.sign(np.einsum("ckn,n->ck", positions[..., 1].astype(float), reference))
    positions[..., 1] *= signs[..., None]
    discriminations[..., 1] *= signs[..., None]
