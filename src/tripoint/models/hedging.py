"""Does a third state act in opposite ways toward two powers? Tilt by layer, its dispersion, and engagement with both.

Hedging as opposite, mutually counteracting acts follows Kuik (2008), Contemporary Southeast Asia 30(2):159-185;
that it is ambiguity of alignment and not mere exchange follows Lim and Cooper (2015), Security Studies
24(4):696-727. The formula is our own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bounded:
    """A number with the ends of its interval, any shape; NaN where not observed."""

    value: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True)
class Hedging:
    """Hedging and what it is made of, shape ``(n_grounds,)``, each with its interval over weights and errors.

    ``percentile`` ranks the grounds among each other, 0 to 100; ``layers`` counts the tilts behind each.
    """

    hedging: Bounded
    percentile: Bounded
    balance: Bounded
    dispersion: Bounded
    layers: NDArray[np.int64]


def tilt(one: Bounded, two: Bounded) -> Bounded:
    """Tilt ``(a - b) / (a + b)`` toward the first, from two presences of one unit; the unit cancels.

    The two errors are taken as independent: the distances by which each end moves the tilt are added in quadrature.
    NaN where either is not observed, and where both are zero.
    """
    value = _ratio(one.value, two.value)
    down = np.hypot(value - _ratio(one.lower, two.value), value - _ratio(one.value, two.upper))
    up = np.hypot(_ratio(one.upper, two.value) - value, _ratio(one.value, two.lower) - value)
    return Bounded(value, np.clip(value - down, -1, 1), np.clip(value + up, -1, 1))


def _ratio(a: Floats, b: Floats) -> Floats:
    both = a + b
    return np.divide(a - b, both, out=np.full(np.shape(both), np.nan), where=both > 0)


@dataclass(frozen=True, slots=True)
class Draws:
    """Flat Dirichlet weights of layers, ``(n_draws, n_layers)``, and errors, ``(n_draws, n_layers, n_grounds)``."""

    weights: Floats
    noise: Floats


def hedging_draws(n_layers: int, n_grounds: int, draws: int, rng: np.random.Generator) -> Draws:
    """Draw half as many weights and errors as asked for: each is used with both signs of the errors."""
    half = -(-draws // 2)
    return Draws(rng.dirichlet(np.ones(n_layers), half), rng.standard_normal((half, n_layers, n_grounds)))


def hedge(tilts: Bounded, engagement: Floats, least_layers: int, draws: Draws, half_width: float) -> Hedging:
    """Hedging of many grounds between one pair of powers, in one period.

    ``hedging = D * E``: the weighted standard deviation of the tilts over the layers that are observed, times the
    geometric mean of both powers' mean engagement. Weights are equal in the value; in the draws they are flat
    Dirichlet, the same for all grounds, and the tilts are drawn from their intervals.

    Parameters
    ----------
    tilts
        Shape ``(n_layers, n_grounds)``.
    engagement
        Geometric mean of both powers' mean engagement, 0 to 1, shape ``(n_grounds,)``.
    least_layers
        Fewer observed tilts give no number.
    draws
        From :func:`hedging_draws`, for as many layers and grounds.
    half_width
        Half-width of the published interval in standard deviations.
    """
    from tripoint.models.hedging_kernel import drawn_moments

    seen = np.isfinite(tilts.value)
    layers = seen.sum(0)
    enough = (layers >= least_layers) & np.isfinite(engagement)
    mean, dispersion = _moments(tilts.value, seen)
    # Errors go to grounds by what they are, not by their place, and with both signs: names and the order of the
    # powers change nothing.
    place = np.argsort(np.lexsort((dispersion, engagement)))
    down, up = (tilts.value - tilts.lower) / half_width, (tilts.upper - tilts.value) / half_width
    drawn = drawn_moments(tilts.value, down, up, draws.weights, draws.noise, place)
    index, sampled = dispersion * engagement, drawn[1] * engagement
    made = {
        "balance": (1 - np.abs(mean), 1 - np.abs(drawn[0])),
        "dispersion": (dispersion, drawn[1]),
        "hedging": (index, sampled),
        "percentile": (_ranks(index[None], enough)[0], _ranks(sampled, enough)),
    }
    found = {name: _interval(one, draws_of, enough) for name, (one, draws_of) in made.items()}
    return Hedging(found["hedging"], found["percentile"], found["balance"], found["dispersion"], layers)


def _moments(tilts: Floats, seen: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Mean and standard deviation over observed layers, per ground."""
    filled = np.where(seen, tilts, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(0) / seen.sum(0)
        variance = np.where(seen, np.square(filled - mean), 0.0).sum(0) / seen.sum(0)
    return mean, np.sqrt(variance)


def _ranks(values: Floats, enough: NDArray[np.bool_]) -> Floats:
    """Mid-rank of each ground among those with a number, 0 to 100, per row."""
    from scipy.stats import rankdata

    ranks = np.full(values.shape, np.nan)
    if enough.any():
        ranks[:, enough] = (rankdata(values[:, enough], axis=1) - 0.5) / enough.sum() * 100
    return ranks


def _interval(value: Floats, drawn: Floats, enough: NDArray[np.bool_]) -> Bounded:
    """Value with the central 90% of the draws, stretched to hold the value."""
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    return Bounded(
        *(
            np.where(enough, array, np.nan)
            for array in (value, np.minimum(low, value), np.maximum(high, value))
        )
    )
