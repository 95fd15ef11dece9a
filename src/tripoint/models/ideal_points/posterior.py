"""One chain of the posterior scheme: Hamiltonian Monte Carlo from a start that the Gibbs sampler finds.

References
----------
Neal, R. M. (2011). MCMC using Hamiltonian dynamics. In: Handbook of Markov Chain Monte Carlo, chapter 5.
doi:10.1201/b10905-6
Hoffman, M. D. and Gelman, A. (2014). The No-U-Turn sampler: adaptively setting path lengths in Hamiltonian Monte Carlo.
Journal of Machine Learning Research 15:1593-1623 (the adaptation of the step).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tripoint.models.ideal_points import trajectory
from tripoint.models.ideal_points.panel import Panel
from tripoint.models.ideal_points.plan import Plan

Floats = NDArray[np.float64]
#: Positions, discriminations, cutpoints, log innovation variance; or anything else that each of these has.
Point = tuple[Floats, Floats, Floats, Floats]

#: Share of trajectories that the step aims at; how fast it settles (Hoffman and Gelman's constants).
_AIM, _SETTLING, _DELAY, _FORGETTING = 0.8, 0.05, 10.0, 0.75
#: A trajectory's length is drawn from this range around the plan's, so that none comes back to its start.
_SHORTEST, _LONGEST = 0.6, 1.4
#: Cutpoints no closer than this at the start.
_CLOSEST = 0.02


@dataclass(slots=True)
class _Steps:
    """Dual averaging of the logarithm of the step."""

    first: float
    now: float
    settled: float
    error: float = 0.0
    count: int = 0

    def learn(self, accepted: float) -> None:
        self.count += 1
        share = 1 / (self.count + _DELAY)
        self.error += share * (_AIM - accepted - self.error)
        self.now = self.first - math.sqrt(self.count) / _SETTLING * self.error
        weight = self.count**-_FORGETTING
        self.settled += weight * (self.now - self.settled)


def sample(
    panel: Panel,
    plan: Plan,
    start: tuple[Floats, Floats, Floats],
    rng: np.random.Generator,
    keep: Callable[[Floats, Floats, Floats, float], None],
    going: Callable[[int], bool],
) -> float:
    """Run a chain.

    Parameters
    ----------
    start
        Positions ``(n_units, n_dims)``, discriminations ``(n_items, n_dims)`` and cutpoints ``(n_items, 2)``.
    keep
        Called with positions, discriminations, cutpoints and innovation variance of every kept draw.
    going
        Called after every trajectory with its number; false ends the chain.

    Returns
    -------
    float
        Mean probability of acceptance after the burn-in.
    """
    chain = _Chain(panel, plan, start, rng)
    accepted = []
    for number in range(1, plan.burn + plan.sweeps + 1):
        probability = chain.move()
        if number <= plan.burn:
            chain.adapt(number, probability)
        else:
            accepted.append(probability)
            if (number - plan.burn) % plan.thin == 0:
                theta, beta, cuts, log_variance = chain.at
                distance = np.exp(cuts[:, 1])
                ends = np.column_stack([cuts[:, 0] - distance / 2, cuts[:, 0] + distance / 2])
                keep(theta, beta, ends, math.exp(log_variance[0]))
        if not going(number):
            break
    return float(np.mean(accepted)) if accepted else math.nan


class _Chain:
    """A point, the momenta's masses, and the step, while a chain runs."""

    def __init__(self, panel: Panel, plan: Plan, start: tuple[Floats, Floats, Floats], rng) -> None:
        self.panel = (panel.item_start, panel.item_ends, panel.unit)
        self.walk = (panel.chain_start, panel.gaps)
        self.plan, self.rng = plan, rng
        theta, beta, ends = start
        distance = np.maximum(np.diff(ends, axis=1)[:, 0], _CLOSEST)
        variance = plan.first_innovation if plan.innovation is None else plan.innovation
        self.at: Point = (
            theta.copy(),
            beta.copy(),
            np.column_stack([ends.mean(1), np.log(distance)]),
            np.array([math.log(variance)]),
        )
        self.priors = (
            plan.first_variance,
            plan.cutpoint_sd,
            plan.innovation_shape,
            plan.innovation_scale,
            plan.scale_precision * len(theta),
            float(plan.innovation is None),
        )
        self.scratch = trajectory.scratch(int(panel.item_ends[:, 2].max()))
        self.velocity = np.empty_like(theta)
        self.slopes = _like(self.at)
        self.density = trajectory.gradient(*self._model(), self.at, self.slopes, self.scratch)
        self.info, self.seen = _like(self.at), 0
        self._look()
        self.mass = self._masses()
        guess = math.log(self.plan.first_step)
        self.steps = _Steps(guess, guess, guess)

    def _model(self):
        return self.panel, self.walk, self.priors

    def _look(self) -> None:
        """Add what the votes say at this point to what is known of it."""
        trajectory.information(self.panel, self.at, self.info, self.scratch)
        self.seen += 1

    def _masses(self):
        theta, _, _, log_variance = self.at
        of_theta, of_beta, of_cuts, _ = (of / self.seen for of in self.info)
        diagonal, below = np.empty_like(theta), np.empty_like(theta)
        variance = math.exp(log_variance[0])
        trajectory.factored(self.walk, variance, self.plan.first_variance, of_theta, diagonal, below)
        n_steps = max(1, len(theta) - len(self.walk[0]) + 1)
        of_cuts = of_cuts + np.array([2 / self.plan.cutpoint_sd**2, 1.0])
        return diagonal, below, of_beta + 1.0, of_cuts, np.array([n_steps * theta.shape[1] / 2 + 1.0])

    def move(self) -> float:
        """Follow one trajectory and take or leave its end; gives the probability of taking it."""
        noise = tuple(self.rng.standard_normal(part.shape) for part in self.at)
        if self.plan.innovation is not None:
            noise[3][:] = 0.0
        momenta = _like(self.at)
        kinetic = trajectory.thrown(self.mass, noise, momenta)
        new, slopes = _copied(self.at), _copied(self.slopes)
        n_steps = max(1, round(self.plan.leaps * self.rng.uniform(_SHORTEST, _LONGEST)))
        burning = self.steps.count < self.plan.burn
        step = math.exp(self.steps.now if burning else self.steps.settled)
        density, kinetic_then = trajectory.fly(
            *self._model(), self.mass, new, momenta, slopes, self.velocity, self.scratch, step, n_steps
        )
        gain = density - kinetic_then - (self.density - kinetic)
        probability = math.exp(min(0.0, gain)) if math.isfinite(gain) else 0.0
        if self.rng.random() < probability:
            self.at, self.slopes, self.density = new, slopes, density
        return probability

    def adapt(self, number: int, probability: float) -> None:
        """Settle the step; renew the masses twice while the chain forgets its start."""
        self.steps.learn(probability)
        self._look()
        if number in (self.plan.burn // 4, self.plan.burn // 2):
            self.mass = self._masses()
            self.info, self.seen = _like(self.at), 0
            self._look()
            now = self.steps.settled
            self.steps = _Steps(now, now, now, count=self.steps.count)


def _like(point: Point) -> Point:
    theta, beta, cuts, log_variance = (np.zeros_like(part) for part in point)
    return theta, beta, cuts, log_variance


def _copied(point: Point) -> Point:
    theta, beta, cuts, log_variance = (part.copy() for part in point)
    return theta, beta, cuts, log_variance
