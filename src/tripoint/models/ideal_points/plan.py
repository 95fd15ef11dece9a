"""How an ideal-point model is sampled: scheme, chains, priors."""

from dataclasses import dataclass
from typing import Literal

Scheme = Literal["posterior", "published"]


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
        Chains, sweeps to forget and to sample in each, and how many sweeps lie between kept draws. A sweep of the
        posterior scheme is a whole trajectory.
    leaps, first_step
        Steps of a trajectory of the posterior scheme, and the first length of a step.
    innovation
        Innovation variance per period of the posterior scheme; None estimates it.
    first_variance, cutpoint_sd, innovation_shape, innovation_scale
        Priors of the posterior scheme: variance of a state's first position, standard deviation of cutpoints,
        inverse gamma of the innovation variance.
    scale_precision
        Prior precision, times the number of positions, of their mean around 0 and of the logarithm of their
        standard deviation around 0.
    first_innovation
        Innovation variance at the start of a chain that estimates it.
    start_sweeps
        Sweeps of the published scheme that find a start for the posterior one.
    published_variance, published_cutpoint_step, published_widest
        Constants of the published scheme: variance of a position around the last mean, before it is scaled by
        the share of votes that the period has of two; the step of the cutpoints; where utilities are cut.
    seed
        Draws are a function of the seed, the panel and the plan.
    """

    scheme: Scheme = "posterior"
    dimensions: int = 1
    chains: int = 2
    burn: int = 200
    sweeps: int = 400
    thin: int = 1
    leaps: int = 40
    first_step: float = 0.05
    innovation: float | None = None
    first_variance: float = 1.0
    cutpoint_sd: float = 3.0
    innovation_shape: float = 1.0
    innovation_scale: float = 0.01
    scale_precision: float = 100.0
    first_innovation: float = 0.03
    start_sweeps: int = 100
    published_variance: float = 0.5
    published_cutpoint_step: float = 0.2 / 3
    published_widest: float = 9.0
    seed: int = 20260101


@dataclass(frozen=True, slots=True)
class Anchors:
    """States that fix which way is up: the first group stands above the second on the first dimension."""

    above: tuple[str, ...]
    below: tuple[str, ...]
