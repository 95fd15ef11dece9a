"""How sure is a fitted system: refitted to series that it generates from its own errors, resampled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tripoint.errors import NotIdentifiedError, UsageError
from tripoint.models.autoregression.fit import Autoregression
from tripoint.models.autoregression.series import check_whole, stacked_rows
from tripoint.models.autoregression.systems import SystemDraws, explosive_systems, in_chunks

Floats = NDArray[np.float64]

#: By how much of the bias less is taken off at a time, until a system is stable.
_STEP = 0.01


@dataclass(frozen=True, slots=True)
class _Standard:
    """A fitted system in standard units: series less their mean, over their standard deviation."""

    mean: Floats
    spread: Floats
    rows: Floats  #: constant and coefficients of each equation, all lags in a row
    errors: Floats  #: at each place of each block
    series: Floats  #: flat, the latest period first
    lags: int


def bootstrap_systems(
    model: Autoregression,
    n_draws: int,
    rng: np.random.Generator,
    *,
    block: int = 1,
    bias_corrected: bool = True,
    threads: int | None = None,
) -> SystemDraws:
    """Refit the system to series that it generates from its own errors, resampled.

    A draw starts from as many consecutive observed periods as there are lags, picked at random. Errors are scaled up
    for the degrees of freedom. All random numbers are drawn before threads start, so results depend on `rng` alone.

    Parameters
    ----------
    model
        The fitted system; it has to be stable.
    n_draws
        How many.
    rng
        Where choices come from.
    block
        How many consecutive errors are resampled together: 1 where they are independent; more where their spread comes
        in bursts, as that of events does. Errors are centred at each place of a block.
    bias_corrected
        Least squares makes series return too soon. A first round of as many draws measures by how much; this is taken
        off the estimate before series are generated, and off every draw, less of it where a stable system would become
        unstable. Without it, bands of persistent series are too low and hold the truth too rarely.
    threads
        How many; None for one for each core.

    Raises
    ------
    UsageError
        `n_draws` or `block` is not positive, or a block is longer than the series.
    NotIdentifiedError
        The system is not stable, so what it generates leaves every bound; or some resampled series cannot be fitted.

    References
    ----------
    Runkle, D. E. (1987). Vector autoregressions and reality. Journal of Business & Economic Statistics 5(4):437-442.
    doi:10.1080/07350015.1987.10509611
    Kilian, L. (1998). Small-sample confidence intervals for impulse response functions. Review of Economics and
    Statistics 80(2):218-230. doi:10.1162/003465398557465
    Brüggemann, R., Jentsch, C. and Trenkler, C. (2016). Inference in VARs with conditional heteroskedasticity of
    unknown form. Journal of Econometrics 191(1):69-85. doi:10.1016/j.jeconom.2015.10.004
    """
    _check_bootstrap(model, n_draws, block)
    system = _standard(model, block)
    rows, bias = system.rows, np.zeros_like(system.rows)
    if bias_corrected:
        bias = _refitted(system, rows, n_draws, rng, threads)[0].mean(0) - rows
        rows = _without(rows[None], bias, system.lags, threads)[0]
    found, factors = _refitted(system, rows, n_draws, rng, threads)
    if bias_corrected:
        found = _without(found, bias, system.lags, threads)
    _, estimate = _in_units(rows, system)
    intercepts, coefficients = _in_units(found, system)
    return SystemDraws(
        estimate,
        model.covariance,
        intercepts,
        coefficients,
        factors * system.spread[:, None],
        explosive_systems(_slopes(found, system.lags), threads),
    )


def _standard(model: Autoregression, block: int) -> _Standard:
    mean, spread = model.values.mean(0), model.values.std(0)
    constant = (model.intercept + model.coefficients.sum(0) @ mean - mean) / spread
    rows = np.column_stack([constant, stacked_rows(model.coefficients * spread / spread[:, None])])
    scaled_up = np.sqrt(model.n_used / model.degrees_of_freedom) / spread
    series = np.ascontiguousarray(((model.values - mean) / spread)[::-1]).ravel()
    return _Standard(mean, spread, rows, _blocks(model.residuals * scaled_up, block), series, model.lags)


def _refitted(
    system: _Standard, rows: Floats, n_draws: int, rng: np.random.Generator, threads: int | None
) -> tuple[Floats, Floats]:
    """Rows of the refitted systems, and factors of the covariances of their errors, in standard units."""
    from tripoint.models.autoregression.kernels import refit

    block, n_blocks, n_series = system.errors.shape
    n_used = n_blocks + block - 1
    starts = rng.integers(0, n_blocks, (n_draws, -(-n_used // block)), dtype=np.int32)
    begins = rng.integers(0, n_used + 1, n_draws, dtype=np.int32)
    found, factors = np.zeros((n_draws, *rows.shape)), np.zeros((n_draws, n_series, n_series))
    constant, stacked = np.ascontiguousarray(rows[:, 0]), np.ascontiguousarray(rows[:, 1:])

    def work(part: slice) -> None:
        fixed = (stacked, constant, system.errors, starts[part], system.series, begins[part])
        refit(*fixed, found[part], factors[part])

    in_chunks(work, n_draws, threads)
    failed = int(np.isnan(found[:, 0, 0]).sum())
    if failed:
        raise NotIdentifiedError(
            f"{failed} of {n_draws} resampled series cannot be fitted: too few different errors. Take fewer lags, "
            "shorter blocks, or draw from a Bayesian fit"
        )
    return found, factors


def _without(found: Floats, bias: Floats, lags: int, threads: int | None) -> Floats:
    """Systems less their bias, less of it where a stable one would become unstable; unstable ones stay as they are."""
    share = np.where(explosive_systems(_slopes(found, lags), threads), 0.0, 1.0)
    corrected, unstable = found - share[:, None, None] * bias, np.flatnonzero(share)
    while True:
        unstable = unstable[explosive_systems(_slopes(corrected[unstable], lags), threads)]
        if not unstable.size:
            return corrected
        share[unstable] = np.maximum(share[unstable] - _STEP, 0.0)
        corrected[unstable] = found[unstable] - share[unstable, None, None] * bias


def _slopes(rows: Floats, lags: int) -> Floats:
    """Coefficients ``(..., lags, n_series, n_series)`` of rows ``(..., n_series, 1 + size)``."""
    n_series = rows.shape[-2]
    return np.swapaxes(rows[..., 1:].reshape(*rows.shape[:-1], lags, n_series), -3, -2)


def _in_units(rows: Floats, system: _Standard) -> tuple[Floats, Floats]:
    """Intercepts and coefficients in the units of the series."""
    coefficients = _slopes(rows, system.lags) * (system.spread[:, None] / system.spread)
    own = coefficients.sum(-3) @ system.mean
    return system.mean + system.spread * rows[..., 0] - own, coefficients


def _blocks(residuals: Floats, block: int) -> Floats:
    """Errors at each place of each block, centred at each place; shape ``(block, n_blocks, n_series)``."""
    n_blocks = len(residuals) - block + 1
    errors = np.stack([residuals[place : place + n_blocks] for place in range(block)])
    return errors - errors.mean(1, keepdims=True)


def _check_bootstrap(model: Autoregression, n_draws: int, block: int) -> None:
    check_whole(n_draws, "n_draws")
    check_whole(block, "block")
    if block >= model.n_used:
        raise UsageError(
            f"a block of {block} errors cannot be moved within {model.n_used}; take a shorter one"
        )
    if model.largest_root >= 1:
        raise NotIdentifiedError(
            f"the largest root of the fitted system is {model.largest_root:.4f}: what it generates leaves every bound. "
            "Take differences of the series, fewer lags, or draw from a Bayesian fit"
        )
