"""Where does a share of counted events really stand over time, for many series at once, when events are clustered?

``hits_t`` of ``events_t`` count, ``p_t = 1 / (1 + exp(-x_t))``, and ``x_t`` is a Gaussian random walk. One story makes
many events, so counts vary ``phi`` times as much as independent ones would. ``phi`` is estimated by extended
quasi-likelihood: a period adds ``-D / (2 phi) - log(phi) / 2``, with ``D`` the binomial deviance. Events that are all
counted ``k`` times leave the state and its interval as they were, since ``phi`` grows ``k`` times as well; only
binomial counting, ``phi = 1``, is a floor, at which more events do mean more knowledge. The state lies on a grid, is
filtered and smoothed exactly there, and is averaged over ``phi`` and the size of the step by their likelihood.

References
----------
Nelder, J. A. and Pregibon, D. (1987). An extended quasi-likelihood function. Biometrika 74(2):221-232.
doi:10.1093/biomet/74.2.221
Wedderburn, R. W. M. (1974). Quasi-likelihood functions, generalized linear models, and the Gauss-Newton method.
Biometrika 61(3):439-447. doi:10.1093/biomet/61.3.439
Kitagawa, G. (1987). Non-Gaussian state-space modeling of nonstationary time series. Journal of the American Statistical
Association 82(400):1032-1041. doi:10.1080/01621459.1987.10478534
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.models.share_state.counts import Counts, log_likelihood, read_counts
from tripoint.models.share_state.grid import (
    Kernels,
    ShareModel,
    dispersion_grid,
    level_variances,
    step_kernels,
    variance_level,
)

Floats = NDArray[np.float64]

#: Numbers on the grid that are held at a time: a few arrays of 16 MB.
_CHUNK = 2_000_000
#: Probabilities nearer to 0 and 1 than this are not told apart.
_EDGE = 1e-14


@dataclass(frozen=True, slots=True)
class ShareBand:
    """Median of a share and its central interval, each of shape ``(n_series, n_periods)``, between 0 and 1."""

    median: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True)
class ShareState:
    """Where the share of each series stands in each period.

    ``filtered`` uses no later period, neither for the state nor for what is known of overdispersion and step, and is
    NaN before the first observation. ``smoothed`` uses the whole series and reaches back before it. A series without
    any event is NaN throughout.

    Attributes
    ----------
    dispersion
        Posterior mean of ``phi``, shape ``(n_series,)``.
    event_worth
        Posterior mean of ``1 / phi``, on the scale of logs: how many independent events one event is worth, shape
        ``(n_series,)``.
    step_variance
        Posterior mean of the variance of the step per period, in squared log-odds, shape ``(n_series,)``.
    """

    filtered: ShareBand
    smoothed: ShareBand
    dispersion: Floats
    event_worth: Floats
    step_variance: Floats


def share_state(hits: ArrayLike, events: ArrayLike, model: ShareModel | None = None) -> ShareState:
    """Follow the share of events that count, for many series at once.

    Parameters
    ----------
    hits, events
        Events that count and all events, shape ``(n_series, n_periods)``. A period with 0 of 0, or NaN in both, is
        carried: its interval widens. Counts need not be whole.
    model
        What is declared in advance; the default is :class:`ShareModel` as it is.

    Returns
    -------
    ShareState

    Raises
    ------
    UsageError
        Counts cannot be read as shares; see :func:`~tripoint.models.share_state.counts.read_counts`.

    Notes
    -----
    ``phi`` is taken as constant over a series. Where coverage itself grows over time, divide hits and events by its
    growth first. A deviance has a mean near ``phi`` only where a period has several hits and misses; for fewer,
    ``phi`` is up to 1.4 times too large at shares near one half, and too small near 0 and 1.

    Examples
    --------
    >>> state = share_state([[60, 70, 0, 90]], [[100, 100, 0, 100]])
    >>> bool(state.smoothed.lower[0, 2] < 0.8 < state.smoothed.upper[0, 2])
    True
    """
    counts = read_counts(hits, events, 2)
    none = np.zeros(counts.events.shape[:2])
    return follow(counts, np.zeros((len(none), 1)), none, none, model or ShareModel())


def follow(
    counts: Counts,
    offsets: Floats,
    extra_variance: Floats,
    doubt: Floats,
    model: ShareModel,
) -> ShareState:
    """Follow shares that several sources inform.

    Parameters
    ----------
    counts
        Counts by source, each with the same ``phi``.
    offsets
        What a source adds to the log-odds, shape ``(n_series, n_sources)``.
    extra_variance
        Variance of the step into each period beyond the usual, shape ``(n_series, n_periods)``, in squared log-odds.
    doubt
        Variance of a lasting error of the state, which widens its interval only; same shape.
    model
        What is declared in advance.

    Returns
    -------
    ShareState
    """
    n_series, n_periods = counts.events.shape[:2]
    found = np.full((6, n_series, n_periods), np.nan)
    moments = np.full((3, n_series), np.nan)
    size = max(1, _CHUNK // (n_periods * model.points))
    wide = step_kernels(level_variances(), model)
    for start in range(0, n_series, size):
        rows = slice(start, start + size)
        densities, moments[:, rows] = _densities(counts.of(rows), offsets[rows], extra_variance[rows], model)
        for place, density in enumerate(densities):
            widened = _widened(density, variance_level(doubt[rows]), wide)
            found[3 * place : 3 * place + 3, rows] = _quantiles(widened, model)
    return ShareState(ShareBand(*found[:3]), ShareBand(*found[3:]), *moments)


def _densities(
    counts: Counts, offsets: Floats, extra_variance: Floats, model: ShareModel
) -> tuple[tuple[Floats, Floats], Floats]:
    """Filtered and smoothed states of a few series, and the means of ``phi``, ``1 / phi`` and the step's variance."""
    from tripoint.models.share_state.kernels import filter_and_smooth

    grid = dispersion_grid(model, counts)
    variances = np.square(np.asarray(model.steps, float))
    kernels = step_kernels(variances[:, None] + level_variances(), model)
    base = log_likelihood(counts, offsets, model.x)
    filtered, smoothed = np.zeros_like(base), np.zeros_like(base)
    odds = np.zeros((len(base), len(grid.values), len(variances)))
    filter_and_smooth(
        base,
        counts.observed.sum(-1),
        variance_level(extra_variance),
        grid.values,
        grid.low,
        grid.high,
        model.prior,
        kernels.weights,
        kernels.widths,
        model.cell,
        model.narrowest,
        filtered,
        smoothed,
        odds,
    )
    phi, step = odds.sum(2), odds.sum(1)
    moments = [phi @ grid.values, np.exp(-(phi @ np.log(grid.values))), step @ variances]
    return (filtered, smoothed), np.array(moments)


def _widened(density: Floats, level: NDArray[np.int64], kernels: Kernels) -> Floats:
    """Densities with a lasting error of the state spread over them."""
    points = np.arange(density.shape[-1])
    for number in np.unique(level[level > 0]):
        reach = np.zeros(3 * len(points))
        width = int(kernels.widths[number])
        reach[: width + 1] = kernels.weights[number, : width + 1]
        direct = reach[np.abs(points[:, None] - points)]
        reflected = reach[points[:, None] + points + 1]
        spread = direct + reflected + reflected[::-1, ::-1]
        density[level == number] = density[level == number] @ spread
    return density


def _quantiles(density: Floats, model: ShareModel) -> Floats:
    """Median, lower and upper bound of the share, shape ``(3, n_series, n_periods)``.

    Between edges of cells the distribution is interpolated on the scale of normal quantiles, where that of a Gaussian
    is a straight line; a cell's own probability is read from its neighbours to second order.
    """
    from scipy.special import ndtri

    slope = np.diff(density, axis=-1)
    below = np.cumsum(density, -1)[..., :-1] + slope / 24
    above = np.cumsum(density[..., ::-1], -1)[..., ::-1][..., 1:] - slope / 24
    below = np.where(below <= above, below, 1 - above)
    below = np.maximum.accumulate(np.clip(below, _EDGE, 1 - _EDGE), -1)
    edges = (model.x[:-1] + model.x[1:]) / 2
    tail = (1 - model.level) / 2
    found = []
    for probability in (0.5, tail, 1 - tail):
        left = np.clip((below < probability).sum(-1) - 1, 0, len(edges) - 2)
        first, second = (np.take_along_axis(below, at[..., None], -1)[..., 0] for at in (left, left + 1))
        z, low, high = ndtri(probability), ndtri(first), ndtri(second)
        part = np.divide(z - low, high - low, out=np.full_like(z + low, 0.5), where=high > low)
        x = edges[left] + np.clip(part, 0, 1) * (edges[left + 1] - edges[left])
        found.append(np.where(np.isnan(density[..., 0]), np.nan, 1 / (1 + np.exp(-x))))
    return np.array(found)
