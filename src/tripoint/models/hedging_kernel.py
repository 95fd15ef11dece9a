"""How far do drawn tilts lie apart? Compiled: millions of draws for every pair of powers and every ground."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@njit(cache=True, nogil=True)
def drawn_moments(
    value: Floats, down: Floats, up: Floats, weights: Floats, noise: Floats, place: NDArray[np.intp]
) -> tuple[Floats, Floats]:  # pragma: no cover - compiled
    """Weighted mean and standard deviation of drawn tilts over the layers that are observed.

    Parameters
    ----------
    value, down, up
        Tilts and their standard deviations to either side, shape ``(n_layers, n_grounds)``; NaN where not observed.
    weights, noise
        Of every draw, shapes ``(n_draws, n_layers)`` and ``(n_draws, n_layers, n_grounds)``.
    place
        Which of the errors each ground takes, shape ``(n_grounds,)``.

    Returns
    -------
    tuple
        Shape ``(2 * n_draws, n_grounds)``: draws with the errors as they are, then with the other sign.
    """
    n_draws, n_layers, n_grounds = noise.shape
    mean = np.full((2 * n_draws, n_grounds), np.nan)
    deviation = np.full((2 * n_draws, n_grounds), np.nan)
    tilt = np.empty(n_layers)
    for draw in range(2 * n_draws):
        sign = 1.0 if draw < n_draws else -1.0
        of = draw % n_draws
        for ground in range(n_grounds):
            total, first, second = 0.0, 0.0, 0.0
            for layer in range(n_layers):
                middle = value[layer, ground]
                if not np.isnan(middle):
                    error = sign * noise[of, layer, place[ground]]
                    spread = down[layer, ground] if error < 0 else up[layer, ground]
                    if not np.isnan(spread):
                        middle = min(max(middle + error * spread, -1.0), 1.0)
                    tilt[layer] = middle
                    total += weights[of, layer]
                    first += weights[of, layer] * middle
            if total > 0:
                first /= total
                for layer in range(n_layers):
                    if not np.isnan(value[layer, ground]):
                        second += weights[of, layer] * (tilt[layer] - first) ** 2
                mean[draw, ground] = first
                deviation[draw, ground] = np.sqrt(second / total)
    return mean, deviation
