"""Where does a share stand when several sources count its events, and one of them ends where another goes on?"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import UsageError
from tripoint.models.share_state.counts import Counts, read_counts
from tripoint.models.share_state.grid import ShareModel
from tripoint.models.share_state.offsets import SourceOffsets
from tripoint.models.share_state.state import ShareState, follow

Floats = NDArray[np.float64]


def fused_share_state(
    hits: ArrayLike,
    events: ArrayLike,
    offsets: SourceOffsets,
    model: ShareModel | None = None,
    offset_doubt: bool = True,
) -> ShareState:
    """Follow shares that several sources inform, on the scale of the reference source.

    Every source that is observed in a period informs the state, its offset removed and its counts divided by its
    relative noise. Where a series passes from one set of sources to another that has none in common with it, the step
    into that period has the variance that the series' own offsets leave open, on top of the usual one.

    Parameters
    ----------
    hits, events
        Events that count and all events, shape ``(n_series, n_periods, n_sources)``.
    offsets
        From :func:`~tripoint.models.share_state.offsets.source_offsets`, for the same series.
    model
        What is declared in advance.
    offset_doubt
        Whether the interval holds what the own offset of a series leaves open as long as only sources with an offset
        are observed. It should for levels, on the scale of the reference; it should not for changes between periods
        that the same sources observe, in which the offset cancels.

    Returns
    -------
    ShareState
        ``dispersion`` is that of the least noisy source. Filtered values use no later counts; the offsets they are
        given may.

    Raises
    ------
    UsageError
        Counts cannot be read as shares, or the offsets are those of other series or sources.
    """
    counts = read_counts(hits, events, 3)
    expected = (counts.events.shape[0], counts.events.shape[2])
    if offsets.own.shape != expected:
        raise UsageError(
            f"offsets are for {offsets.own.shape} series and sources, counts for {expected};"
            " estimate them from these counts"
        )
    extra, doubt = break_variances(counts, offsets.own_variance)
    if not offset_doubt:
        doubt = np.zeros_like(doubt)
    return follow(counts.divided(offsets.noise), offsets.own, extra, doubt, model or ShareModel())


def break_variances(counts: Counts, own_variance: Floats) -> tuple[Floats, Floats]:
    """What changes of sources leave open about a state.

    Parameters
    ----------
    counts
        Counts of several sources.
    own_variance
        What is left open of the offset of each series and source, shape ``(n_series, n_sources)``.

    Returns
    -------
    extra, doubt : ndarray
        Variance of the step into a period beyond the usual one, and of the offset of the sources in force: those of
        the last observed period, or of the first. Shape ``(n_series, n_periods)``. A set of sources is as uncertain as
        its most certain member.
    """
    observed = counts.observed
    extra, doubt = np.zeros(observed.shape[:2]), np.zeros(observed.shape[:2])
    in_force = np.zeros((len(observed), observed.shape[2]), bool)
    current = np.full(len(observed), np.nan)
    for period in range(observed.shape[1]):
        now = observed[:, period]
        seen, started = now.any(1), in_force.any(1)
        least = np.where(now, own_variance, np.inf).min(1)
        broken = seen & started & ~(now & in_force).any(1)
        extra[broken, period] = (current + least)[broken]
        current = np.where(seen, least, current)
        in_force = np.where(np.reshape(seen, (-1, 1)), now, in_force)
        doubt[:, period] = current
    begin = np.argmax(observed.any(2), 1).reshape(-1, 1)
    first = np.take_along_axis(doubt, begin, 1)
    return extra, np.nan_to_num(np.where(np.isnan(doubt), first, doubt))
