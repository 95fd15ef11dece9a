"""Compiled loops: a random walk on a grid, filtered and smoothed under every overdispersion and step at once."""

import numpy as np
from numba import njit, prange

#: Sums may be taken in any order; what is missing stays so.
_FAST = {"reassoc", "contract", "arcp"}
#: Less weight than this, relative to the largest, is none.
_NEGLIGIBLE = 1e-8
#: A state less likely than this is out of reach: the loops skip it, and never meet numbers too small to be fast.
_NOTHING = 1e-30
_LOG_NOTHING = np.log(_NOTHING)
#: Log-likelihood of what the grid cannot produce.
_IMPOSSIBLE = -700.0


@njit(cache=True, nogil=True, fastmath=_FAST)
def _step(state, low, high, kernel, width, padded, out):  # pragma: no cover - compiled
    """One step of the walk, which is reflected at the ends of the grid; it is its own adjoint.

    ``state`` is 0 outside ``low`` to ``high``; gives the same bounds of ``out``.
    """
    n = len(state)
    for i in range(n):
        padded[width + i] = state[i]
        out[i] = 0.0
    for k in range(width):
        padded[width - 1 - k] = state[k]
        padded[width + n + k] = state[n - 1 - k]
    start, stop = max(low - width, 0), min(high + width, n - 1)
    reached = out[start : stop + 1]
    for k in range(width + 1):
        weight = kernel[k] if k else kernel[0] / 2
        before, after = padded[start + width - k :], padded[start + width + k :]
        for i in range(len(reached)):
            reached[i] += weight * (before[i] + after[i])
    return start, stop


@njit(cache=True, nogil=True, fastmath=_FAST)
def _normalise(state, low, high):  # pragma: no cover - compiled
    """Make a state sum to 1 in place and drop its far tails; give its sum, and where it is not 0."""
    total, part = 0.0, state[low : high + 1]
    for i in range(len(part)):
        total += part[i]
    if not total > 0:
        return 0.0, low, high
    scale = 1 / total
    for i in range(len(part)):
        scaled = part[i] * scale
        part[i] = scaled if scaled > _NOTHING else 0.0
    while state[low] == 0:
        low += 1
    while state[high] == 0:
        high -= 1
    return total, low, high


@njit(cache=True, nogil=True, fastmath=_FAST)
def _peaks(base, cell, peaks):  # pragma: no cover - compiled
    """Height and curvature of every period's log-likelihood at its maximum, by a parabola through three points."""
    for t in range(len(base)):
        row, top = base[t], 0
        for i in range(len(row)):
            if row[i] > row[top]:
                top = i
        peaks[t, 0], peaks[t, 1] = row[top], 0.0
        if 0 < top < len(row) - 1:
            bend, tilt = 2 * row[top] - (row[top - 1] + row[top + 1]), row[top + 1] - row[top - 1]
            if bend > 0:
                peaks[t, 0] += tilt * tilt / (8 * bend)
                peaks[t, 1] = bend / (cell * cell)


@njit(cache=True, nogil=True, fastmath=_FAST)
def _temper(base, peaks, number, phi, narrowest, likelihood, heights):  # pragma: no cover - compiled
    """Quasi-likelihood of every period under one ``phi``: its form, and the log of the height taken out of it.

    What is narrower than ``narrowest`` is widened to it with the integral over the state kept, so that the grid
    resolves it and the evidence about ``phi`` is what it was.
    """
    for t in range(len(base)):
        if number[t]:
            height = peaks[t, 0]
            power = max(phi, peaks[t, 1] * narrowest * narrowest)
            for i in range(base.shape[1]):
                log = (base[t, i] - height) / power
                likelihood[t, i] = np.exp(log) if log > _LOG_NOTHING else 0.0
            heights[t] = height / phi + 0.5 * np.log(phi / power) - 0.5 * number[t] * np.log(phi)


@njit(cache=True, nogil=True, fastmath=_FAST)
def _forward(
    likelihood, heights, number, first, prior, kernels, widths, extra, padded, states, evidence
):  # pragma: no cover - compiled
    """Filtered states and the log-likelihood up to each period, from the first observation on."""
    running, low, high, n = 0.0, 0, len(prior) - 1, len(prior)
    for t in range(first, len(number)):
        state = states[t]
        if t == first:
            for i in range(n):
                state[i] = prior[i]
        else:
            kind = extra[t]
            low, high = _step(states[t - 1], low, high, kernels[kind], widths[kind], padded, state)
        if number[t]:
            for i in range(n):
                padded[i] = state[i]
                state[i] *= likelihood[t, i]
            total, low, high = _normalise(state, low, high)
            if total > 0:
                running += heights[t] + np.log(total)
            else:
                running += heights[t] + _IMPOSSIBLE
                for i in range(n):
                    state[i] = padded[i]
        evidence[t] = running


@njit(cache=True, nogil=True, fastmath=_FAST)
def _backward(
    likelihood, number, first, kernels, widths, extra, padded, states, weight, smoothed
):  # pragma: no cover - compiled
    """Add ``weight`` times the smoothed states; before the first observation these spread backwards."""
    n_periods, n = states.shape
    message, state, low, high = np.ones(n), np.empty(n), 0, n - 1
    for t in range(n_periods - 1, -1, -1):
        if t >= first:
            total = 0.0
            for i in range(n):
                total += states[t, i] * message[i]
            for i in range(n):
                state[i] = states[t, i] * message[i] / total if total > 0 else states[t, i]
        for i in range(n):
            smoothed[t, i] += weight * state[i]
        if t > first:
            for i in range(n):
                state[i] = message[i] * (likelihood[t, i] if number[t] else 1.0)
        _, low, high = _normalise(state, 0, n - 1)
        kind = extra[t]
        low, high = _step(state, low, high, kernels[kind], widths[kind], padded, message)
        if t <= first:
            for i in range(n):
                state[i] = message[i]


@njit(cache=True, nogil=True, fastmath=_FAST)
def _mix(state, log_weight, top, mass, mixed):  # pragma: no cover - compiled
    """Add a state to a mixture whose weights are kept relative to the largest so far; give that and their sum."""
    keep, weight = 1.0, 1.0
    if log_weight > top:
        keep, top = np.exp(top - log_weight), log_weight
    else:
        weight = np.exp(log_weight - top)
    if weight > _NEGLIGIBLE:
        for i in range(len(state)):
            mixed[i] = keep * mixed[i] + weight * state[i]
        mass = keep * mass + weight
    return top, mass


@njit(cache=True, nogil=True, fastmath=_FAST)
def _final_odds(evidence, low, high, odds):  # pragma: no cover - compiled
    """Probability of each ``phi`` and step given all data; what is negligible is 0."""
    top, total = -np.inf, 0.0
    for f in range(low, high + 1):
        for q in range(evidence.shape[1]):
            top = max(top, evidence[f, q, -1])
    for f in range(low, high + 1):
        for q in range(evidence.shape[1]):
            weight = np.exp(evidence[f, q, -1] - top)
            odds[f, q] = weight if weight > _NEGLIGIBLE else 0.0
            total += odds[f, q]
    odds /= total


@njit(cache=True, nogil=True, fastmath=_FAST)
def _one_series(
    base, number, extra, phis, low, high, prior, kernels, widths, cell, narrowest, filtered, smoothed, odds
):  # pragma: no cover - compiled
    """Filter one series under every ``phi`` and step, then smooth it under those that matter in the end."""
    n_periods, n = base.shape
    first = np.argmax(number > 0)
    peaks, heights, likelihood = np.empty((n_periods, 2)), np.zeros(n_periods), np.empty(base.shape)
    states, padded = np.empty(base.shape), np.empty(n + 2 * kernels.shape[2])
    evidence = np.full((len(phis), len(kernels), n_periods), -np.inf)
    top, mass = np.full(n_periods, -np.inf), np.zeros(n_periods)
    _peaks(base, cell, peaks)
    for back in range(2):
        if back:
            _final_odds(evidence, low[-1], high[-1], odds)
        for f in range(low[first:].min(), high[first:].max() + 1):
            _temper(base, peaks, number, phis[f], narrowest, likelihood, heights)
            for q in range(len(kernels)):
                if back and odds[f, q] == 0:
                    continue
                walk = kernels[q], widths[q]
                _forward(
                    likelihood, heights, number, first, prior, *walk, extra, padded, states, evidence[f, q]
                )
                if back:
                    _backward(likelihood, number, first, *walk, extra, padded, states, odds[f, q], smoothed)
                else:
                    for t in range(first, n_periods):
                        if low[t] <= f <= high[t]:
                            top[t], mass[t] = _mix(states[t], evidence[f, q, t], top[t], mass[t], filtered[t])
    for t in range(n_periods):
        filtered[t] /= mass[t] if t >= first else np.nan


@njit(cache=True, nogil=True, parallel=True)
def filter_and_smooth(
    base, number, extra, phis, low, high, prior, kernels, widths, cell, narrowest, filtered, smoothed, odds
):  # pragma: no cover - compiled
    """Filter and smooth every series.

    Parameters
    ----------
    base
        Log-likelihood at ``phi`` of 1, shape ``(n_series, n_periods, n_points)``.
    number
        How many sources are observed, shape ``(n_series, n_periods)``.
    extra
        Which kernel of each step takes a series into a period, same shape.
    phis
        Shape ``(n_phi,)``; of these ``low`` to ``high``, shape ``(n_series, n_periods)``, are possible.
    prior
        Shape ``(n_points,)``.
    kernels, widths
        Probabilities of steps by 0, 1, ... cells, shape ``(n_steps, n_kinds, widest + 1)``, and the widest of each,
        shape ``(n_steps, n_kinds)``.
    cell, narrowest
        Width of a cell, and the least standard error that is resolved.
    filtered, smoothed
        Receive the probabilities of states, shape ``(n_series, n_periods, n_points)``; zeros before.
    odds
        Receives the probability of each ``phi`` and step given all data, shape ``(n_series, n_phi, n_steps)``; zeros
        before.
    """
    for d in prange(len(base)):
        if number[d].max() > 0:
            _one_series(
                base[d],
                number[d],
                extra[d],
                phis,
                low[d],
                high[d],
                prior,
                kernels,
                widths,
                cell,
                narrowest,
                filtered[d],
                smoothed[d],
                odds[d],
            )
        else:
            filtered[d], smoothed[d], odds[d] = np.nan, np.nan, np.nan
