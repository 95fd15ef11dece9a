"""Have the chains of a sampler mixed, and how many independent draws are theirs worth? Many quantities at once.

References
----------
Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and Bürkner, P.-C. (2021). Rank-normalization, folding, and
localization: an improved R-hat for assessing convergence of MCMC. Bayesian Analysis 16(2):667-718.
doi:10.1214/20-BA1221
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Quantities whose diagnostics are made together.
_AT_ONCE = 512


def rank_normalised(draws: NDArray[np.floating]) -> Floats:
    """Replace draws by the normal quantiles of their ranks over all chains.

    Parameters
    ----------
    draws
        Shape ``(n_chains, n_draws, n_quantities)``.
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    chains, length, quantities = draws.shape
    ranks = rankdata(draws.reshape(chains * length, quantities), axis=0)
    return ndtri((ranks - 0.375) / (chains * length + 0.25)).reshape(draws.shape)


def split(draws: NDArray[np.floating]) -> NDArray[np.floating]:
    """Halve every chain, so that a drift within one shows as a difference between two."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def r_hat(draws: NDArray[np.floating]) -> Floats:
    """Potential scale reduction of every quantity: the larger of the rank-normalised and the folded split R-hat.

    Parameters
    ----------
    draws
        Shape ``(n_chains, n_draws, n_quantities)``, at least four draws.

    Returns
    -------
    ndarray
        Shape ``(n_quantities,)``; 1 when chains agree, above 1.01 with reason for doubt.
    """
    return _in_blocks(_r_hat, draws)


def _in_blocks(diagnostic: Callable[[Floats], Floats], draws: NDArray[np.floating]) -> Floats:
    """A diagnostic of some quantities at a time, so that what it makes on the way stays small."""
    blocks = range(0, draws.shape[2], _AT_ONCE)
    return np.concatenate(
        [diagnostic(draws[:, :, start : start + _AT_ONCE].astype(float)) for start in blocks]
    )


def _r_hat(draws: Floats) -> Floats:
    halves = split(draws)
    folded = np.abs(halves - np.median(halves, axis=(0, 1)))
    return np.maximum(_plain_r_hat(rank_normalised(halves)), _plain_r_hat(rank_normalised(folded)))


def _plain_r_hat(draws: Floats) -> Floats:
    length = draws.shape[1]
    within = draws.var(axis=1, ddof=1).mean(axis=0)
    between = length * draws.mean(axis=1).var(axis=0, ddof=1)
    return np.sqrt(((length - 1) / length * within + between / length) / within)


def effective_size(draws: NDArray[np.floating]) -> Floats:
    """Bulk effective sample size of every quantity: independent draws that would tell its centre as well.

    Autocorrelations are summed over Geyer's initial monotone sequence of pairs.

    Parameters
    ----------
    draws
        Shape ``(n_chains, n_draws, n_quantities)``, at least four draws.
    """
    return _in_blocks(_effective_size, draws)


def _effective_size(draws: Floats) -> Floats:
    x = rank_normalised(split(draws))
    chains, length, quantities = x.shape
    size = 1 << (2 * length - 1).bit_length()
    part = np.fft.rfft(x - x.mean(axis=1, keepdims=True), size, axis=1)
    power = np.fft.irfft(part * part.conj(), size, axis=1)[:, :length]
    covariance = power.mean(axis=0) / length
    within = covariance[0] * length / (length - 1)
    total = within * (length - 1) / length + x.mean(axis=1).var(axis=0, ddof=1)
    rho = 1 - (within - covariance * length / (length - 1)) / total
    rho[0] = 1.0
    pairs = rho[: length // 2 * 2].reshape(length // 2, 2, quantities).sum(axis=1)
    running = np.minimum.accumulate(pairs, axis=0)
    positive = np.logical_and.accumulate(pairs > 0, axis=0)
    tau = -1 + 2 * (running * positive).sum(axis=0)
    n = chains * length
    return n / np.maximum(tau, 1 / np.log10(n))
