"""Compiled loops: systems refitted to resampled series, responses of many systems, and which of them are surely stable.

A resampled series lies in memory with the latest period first, so that a period and its past are one stretch. Cross
products of regressors are shifts of those with the explained period, less what falls off at one end, plus what comes in
at the other. One Cholesky factor of all cross products (constant, past, explained) holds the coefficients and the
factor of the residual covariance.
"""

import numpy as np
from numba import njit

#: Share of a pivot below which regressors repeat each other.
_FLAT = 1e-12
#: Norms beyond this decide nothing any more.
_FAR = 1e100


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _resample(stacked, constant, errors, starts, series, n_series, lags):  # pragma: no cover - compiled
    """Fill a series, latest period first, whose first periods are set, from blocks of errors."""
    n_periods, size = len(series) // n_series, n_series * lags
    length = len(errors)
    for step in range(n_periods - lags):
        now = (n_periods - lags - step - 1) * n_series
        past = series[now + n_series : now + n_series + size]
        error = errors[step % length, starts[step // length]]
        for i in range(n_series):
            slopes, total = stacked[i], 0.0
            for a in range(size):
                total += slopes[a] * past[a]
            series[now + i] = total + constant[i] + error[i]


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _moments(series, n_series, lags, products, sums):  # pragma: no cover - compiled
    """Fill cross products (upper triangle) and sums of the explained period and its lags."""
    n_periods, width = len(series) // n_series, n_series * (lags + 1)
    products[:] = 0.0
    sums[:] = 0.0
    for step in range(n_periods - lags):
        now = series[step * n_series : step * n_series + width]
        for i in range(n_series):
            value = now[i]
            sums[i] += value
            for a in range(width):
                products[i, a] += value * now[a]
    first, last = (n_periods - lags) * n_series, 0
    for a in range(n_series * lags):
        came, went = series[first + a], series[last + a]
        sums[n_series + a] = sums[a] + came - went
        for b in range(a, n_series * lags):
            products[n_series + a, n_series + b] = (
                products[a, b] + came * series[first + b] - went * series[last + b]
            )


@njit(cache=True, nogil=True)
def _arrange(products, sums, n_used, n_series, matrix):  # pragma: no cover - compiled
    """Fill the lower triangle of all cross products in the order constant, past, explained."""
    width = len(sums)
    n_past = width - n_series
    matrix[0, 0] = n_used
    for a in range(n_past):
        matrix[1 + a, 0] = sums[n_series + a]
        for b in range(a + 1):
            matrix[1 + a, 1 + b] = products[n_series + b, n_series + a]
    for i in range(n_series):
        row = 1 + n_past + i
        matrix[row, 0] = sums[i]
        for a in range(n_past):
            matrix[row, 1 + a] = products[i, n_series + a]
        for j in range(i + 1):
            matrix[row, 1 + n_past + j] = products[j, i]


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _factorise(matrix):  # pragma: no cover - compiled
    """Turn the lower triangle into its Cholesky factor; whether that is possible."""
    size = len(matrix)
    for column in range(size):
        for row in range(column, size):
            total = matrix[row, column]
            for k in range(column):
                total -= matrix[row, k] * matrix[column, k]
            if row == column:
                if not total > _FLAT * matrix[column, column]:
                    return False
                matrix[column, column] = np.sqrt(total)
            else:
                matrix[row, column] = total / matrix[column, column]
    return True


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _solve(matrix, n_series, freedom, coefficients, factor):  # pragma: no cover - compiled
    """Read coefficients ``[equation, constant and past]`` and the factor of the residual covariance off the factor."""
    n_past = len(matrix) - n_series
    for i in range(n_series):
        row = n_past + i
        for a in range(n_past - 1, -1, -1):
            total = matrix[row, a]
            for b in range(a + 1, n_past):
                total -= matrix[b, a] * coefficients[i, b]
            coefficients[i, a] = total / matrix[a, a]
        for j in range(i + 1):
            factor[i, j] = matrix[row, n_past + j] / np.sqrt(freedom)


@njit(cache=True, nogil=True)
def refit(
    stacked, constant, errors, starts, series, begins, coefficients, factors
):  # pragma: no cover - compiled
    """Refit the system to resampled series.

    Parameters
    ----------
    stacked, constant
        The system: ``(n_series, n_series lags)``, lags in turn, and ``(n_series,)``.
    errors
        ``(block length, n_blocks, n_series)``: error at a place of a block.
    starts
        ``(n_draws, blocks in a series)``: which blocks each draw takes.
    series
        The observed series, latest period first, flat.
    begins
        ``(n_draws,)``: the period from which a draw takes its first values.
    coefficients, factors
        Filled: ``(n_draws, n_series, 1 + n_series lags)`` and ``(n_draws, n_series, n_series)``, lower triangles; NaN
        where a draw cannot be fitted.
    """
    n_series, size = stacked.shape
    lags, n_periods = size // n_series, len(series) // n_series
    width, n_used = size + n_series, n_periods - lags
    drawn, sums = np.empty(len(series)), np.empty(width)
    products, matrix = np.empty((width, width)), np.empty((width + 1, width + 1))
    for draw in range(len(starts)):
        offset = (n_used - begins[draw]) * n_series
        for a in range(size):
            drawn[n_used * n_series + a] = series[offset + a]
        _resample(stacked, constant, errors, starts[draw], drawn, n_series, lags)
        _moments(drawn, n_series, lags, products, sums)
        _arrange(products, sums, n_used, n_series, matrix)
        if _factorise(matrix):
            _solve(matrix, n_series, n_used - size - 1, coefficients[draw], factors[draw])
        else:
            coefficients[draw] = np.nan
            factors[draw] = np.nan


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def respond(stacked, impact, cumulative, out):  # pragma: no cover - compiled
    """Responses of each system to its shocks: the path from the impact on, without errors.

    Parameters
    ----------
    stacked
        ``(n_systems, n_series, n_series lags)``: coefficients of an equation, lags in turn.
    impact
        ``(n_systems, n_series, n_series)``: a column for each shock.
    cumulative
        Whether responses are summed over time.
    out
        Filled: ``(n_cells, n_systems)``; cells are horizon, series, shock, the last fastest.
    """
    n_systems, n_series, size = stacked.shape
    steps = len(out) // (n_series * n_series)
    path = np.zeros(size + steps * n_series)  # the latest period first; zeros before the shock
    for system in range(n_systems):
        for shock in range(n_series):
            for step in range(steps):
                now = (steps - 1 - step) * n_series
                past = path[now + n_series : now + n_series + size]
                for i in range(n_series):
                    slopes, total = stacked[system, i], 0.0
                    for a in range(size):
                        total += slopes[a] * past[a]
                    path[now + i] = total if step > 0 else impact[system, i, shock]
            for i in range(n_series):
                total = 0.0
                for step in range(steps):
                    value = path[(steps - 1 - step) * n_series + i]
                    total = total + value if cumulative else value
                    out[(step * n_series + i) * n_series + shock, system] = total


@njit(cache=True, nogil=True)
def surely_stable(companions, squarings, stable):  # pragma: no cover - compiled
    """Mark systems of which some power has a norm below one: no root reaches one. The others are undecided."""
    size = companions.shape[1]
    matrix, square = np.empty((size, size)), np.empty((size, size))
    for system in range(len(companions)):
        matrix[:] = companions[system]
        stable[system] = False
        for _ in range(squarings):
            norm = 0.0
            for i in range(size):
                row = 0.0
                for j in range(size):
                    row += abs(matrix[i, j])
                norm = max(norm, row)
            if norm < 1:
                stable[system] = True
                break
            if not norm < _FAR:
                break
            square[:] = 0.0
            for i in range(size):
                for k in range(size):
                    value = matrix[i, k]
                    if value != 0:
                        for j in range(size):
                            square[i, j] += value * matrix[k, j]
            matrix[:] = square
