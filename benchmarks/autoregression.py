"""Bands of impulse responses against statsmodels in one run: ``python -m benchmarks.autoregression [--coverage]``.

Six series of 240 periods, three lags, 24 periods ahead, 1,000 draws. The peer is statsmodels' ``irf_errband_mc``, which
simulates with Gaussian errors from the same estimate; ours resamples the errors, once as the peer does, without
correction of bias, and once as it is meant to be used. Time is that of the wall and of the process, best of some runs.
``--coverage`` adds how often bands hold the truth of simulated systems, which takes a minute.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tripoint.models.autoregression.bayes import SimsZhaPrior, fit_bayesian, posterior_systems
from tripoint.models.autoregression.bootstrap import bootstrap_systems
from tripoint.models.autoregression.fit import Autoregression, fit_autoregression, largest_root
from tripoint.models.autoregression.responses import ResponseBands, impulse_responses, response_bands
from tripoint.models.autoregression.simulation import simulated_series

Floats = NDArray[np.float64]

N_SERIES, N_PERIODS, LAGS, HORIZON, DRAWS = 6, 240, 3, 24, 1000
PRIOR = SimsZhaPrior(overall=1.0, lags=0.5, decay=1.0, intercept=1.0, own_lag=0.0)
SIMULATIONS = 200


def six_series() -> Floats:
    """Series that lean on each other a little, with correlated errors."""
    rng = np.random.default_rng(0)
    size = np.eye(N_SERIES)
    slopes = np.array([size * 0.4 + rng.normal(0, 0.06, size.shape), size * 0.1, size * 0.05])
    return simulated_series(np.zeros(N_SERIES), slopes, 0.5 * size + 0.5, N_PERIODS, rng)


def our_bands(model: Autoregression, seed: int, threads: int, bias_corrected: bool) -> ResponseBands:
    """Resample, refit, respond, order."""
    systems = bootstrap_systems(
        model, DRAWS, np.random.default_rng(seed), bias_corrected=bias_corrected, threads=threads
    )
    return response_bands(systems, HORIZON, threads=threads)


def posterior_bands(series: Floats, seed: int, threads: int) -> ResponseBands:
    """Fit under a prior, draw, respond, order."""
    systems = posterior_systems(
        fit_bayesian(series, LAGS, PRIOR), DRAWS, np.random.default_rng(seed), threads=threads
    )
    return response_bands(systems, HORIZON, threads=threads)


def against_statsmodels() -> None:
    """Time and widths of bands."""
    from statsmodels.tsa.api import VAR

    series = six_series()
    model, peer = fit_autoregression(series, LAGS), VAR(series).fit(LAGS)

    def peer_bands(seed: int = 0) -> Floats:
        rng = np.random.default_rng(seed)
        return np.array(peer.irf_errband_mc(orth=True, repl=DRAWS, steps=HORIZON, signif=0.1, rng=rng))

    wall, process, theirs = _fastest(peer_bands, 2)
    print(f"{N_SERIES} series of {N_PERIODS} periods, {LAGS} lags, {HORIZON} ahead, {DRAWS:,} draws")
    print(f"  statsmodels irf_errband_mc   {wall * 1e3:7.0f} ms wall, {process * 1e3:7.0f} ms of processor")
    cores = os.cpu_count() or 1
    for threads in sorted({1, cores}):
        ways: tuple[tuple[str, Callable[[], ResponseBands]], ...] = (
            ("resampled errors, as the peer", lambda: our_bands(model, 1, threads, bias_corrected=False)),  # noqa: B023
            ("resampled, bias corrected", lambda: our_bands(model, 1, threads, bias_corrected=True)),  # noqa: B023
            ("posterior", lambda: posterior_bands(series, 1, threads)),  # noqa: B023
        )
        for title, work in ways:
            ours, spent, _ = _fastest(work, 9)
            print(
                f"  {title:<30} {threads} threads {ours * 1e3:6.1f} ms wall ({wall / ours:4.0f} times), "
                f"{spent * 1e3:6.1f} ms of processor ({process / spent:4.0f} times)"
            )
    fit, _, _ = _fastest(lambda: fit_autoregression(series, LAGS), 20)
    other, _, _ = _fastest(lambda: VAR(series).fit(LAGS), 20)
    print(f"  least squares with every check {fit * 1e3:.2f} ms; statsmodels {other * 1e3:.2f} ms")
    _compare(theirs, peer_bands(1), our_bands(model, 1, cores, bias_corrected=False))


def _compare(theirs: Floats, again: Floats, ours: ResponseBands) -> None:
    """Bounds of ours and of the peer, beside two runs of the peer, in standard deviations of a response."""
    spread = (theirs[1] - theirs[0]) / (2 * 1.645)
    moves = spread > 0

    def gap(one: Floats, other: Floats) -> Floats:
        return np.abs((one - other) / np.where(moves, spread, 1.0))[:, moves]

    both, alone = gap(np.array([ours.lower[1], ours.upper[1]]), theirs), gap(again, theirs)
    print(
        f"  bounds part by {np.median(both):.3f} standard deviations of a response (median; most {both.max():.2f}); "
        f"two runs of the peer by {np.median(alone):.3f} ({alone.max():.2f})"
    )


def coverage(slopes: Floats, covariance: Floats, n_periods: int) -> None:
    """How often 68 and 90% bands hold the truth, over simulated series and all responses that are not 0 by order."""
    n_series, lags = len(covariance), len(slopes)
    truth = impulse_responses(slopes, covariance, 12)
    counted = np.ones(truth.shape, bool)
    counted[0][np.triu_indices(n_series, 1)] = False
    rng = np.random.default_rng(1)
    held: dict[str, list[Floats]] = {"resampled": [], "resampled, bias corrected": [], "posterior": []}
    for _ in range(SIMULATIONS):
        series = simulated_series(np.zeros(n_series), slopes, covariance, n_periods, rng)
        model = fit_autoregression(series, lags)
        systems = (
            bootstrap_systems(model, 400, rng, bias_corrected=False),
            bootstrap_systems(model, 400, rng),
            posterior_systems(fit_bayesian(series, lags, PRIOR), 400, rng),
        )
        for name, drawn in zip(held, systems, strict=True):
            bands = response_bands(drawn, 12)
            inside = (bands.lower <= truth) & (truth <= bands.upper)
            held[name].append(inside[:, counted].mean(1))
    print(f"{n_series} series of {n_periods} periods, largest root {largest_root(slopes):.2f}")
    for name, shares in held.items():
        inner, outer = np.mean(shares, axis=0)
        print(f"  {name:<26} 68% bands hold {inner:.1%}, 90% bands {outer:.1%}")


def _fastest(work: Callable[[], Any], times: int) -> tuple[float, float, Any]:
    wall = process = float("inf")
    found = work()
    for _ in range(times):
        start, spent = time.perf_counter(), time.process_time()
        found = work()
        wall, process = min(wall, time.perf_counter() - start), min(process, time.process_time() - spent)
    return wall, process, found


def main() -> None:
    """Speed, then coverage if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--coverage", action="store_true")
    asked = parser.parse_args()
    against_statsmodels()
    if asked.coverage:
        quick = np.array([[[0.5, 0.1], [0.2, 0.4]]])
        slow = np.array([[[0.7, 0.1, 0], [0.1, 0.6, 0.1], [0, 0.2, 0.5]], np.eye(3) * 0.1])
        coverage(quick, np.array([[1, 0.3], [0.3, 2]]), 120)
        for n_periods in (120, 240):
            coverage(slow, np.eye(3) * 0.5 + 0.5, n_periods)


if __name__ == "__main__":
    main()
