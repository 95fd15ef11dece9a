"""How do sources of counts differ: what does each add to the log-odds of a share, and how noisy is it?

In periods that two sources both observe, the state is the same, so that their odds differ by the source alone: each
period is a stratum of a common odds ratio, counts are divided by the overdispersion of their own series and source,
and the estimates of all series are pooled by random effects.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import NotIdentifiedError, UsageError
from tripoint.models.share_state.counts import Counts, read_counts
from tripoint.models.share_state.grid import ShareModel
from tripoint.models.share_state.state import share_state

Floats = NDArray[np.float64]

#: A series whose own offset has a larger standard error says nothing of it (log-odds).
LARGEST_ERROR = 1.0
#: Overdispersion is compared in series with as many periods, and as many events in the average one, in both sources.
LEAST_PERIODS, LEAST_EVENTS = 5, 20.0
#: With fewer series, sources are taken as equally noisy, and series as differing as is declared for an unknown offset.
LEAST_SERIES = 3


@dataclass(frozen=True, slots=True)
class SourceOffsets:
    """What sources add to the log-odds of a share, against one of them, and how noisy each is.

    Attributes
    ----------
    offset, error, deviation
        Pooled offset, its standard error, and the standard deviation of offsets between series, shape
        ``(n_sources,)``, in log-odds; 0 for the reference. An offset that no data tell is 0 with the declared
        deviation.
    n_series
        How many series tell the offset, shape ``(n_sources,)``.
    noise
        Overdispersion relative to the least noisy source, 1 or more, shape ``(n_sources,)``.
    own, own_variance
        Offset of each series, pulled towards the pooled one as far as its own data leave it open, and the variance of
        its error, shape ``(n_series, n_sources)``. Without own data these are the pooled offset, and ``deviation**2 +
        error**2``.
    """

    offset: Floats
    error: Floats
    deviation: Floats
    n_series: NDArray[np.int64]
    noise: Floats
    own: Floats
    own_variance: Floats


def source_offsets(
    hits: ArrayLike,
    events: ArrayLike,
    reference: int = 0,
    unknown_deviation: float | None = None,
    model: ShareModel | None = None,
) -> SourceOffsets:
    """Estimate what each source adds to the log-odds of a share.

    Parameters
    ----------
    hits, events
        Events that count and all events, shape ``(n_series, n_periods, n_sources)``.
    reference
        The source on whose scale shares are told.
    unknown_deviation
        Standard deviation between series of an offset that fewer than :data:`LEAST_SERIES` series tell, in log-odds; it
        is wide, 1 or so. ``None`` refuses such a source.
    model
        What is declared in advance, for the overdispersion of each series and source.

    Returns
    -------
    SourceOffsets
        A source that never meets the reference is joined through the one it meets in most series, and takes on its
        error too.

    Raises
    ------
    UsageError
        Counts cannot be read as shares, or there is no such reference.
    NotIdentifiedError
        Fewer than :data:`LEAST_SERIES` series join a source with the others, and ``unknown_deviation`` is ``None``.

    Notes
    -----
    The estimates use all periods: an offset is a property of the sources, not news of a period.

    References
    ----------
    Mantel, N. and Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective studies of
    disease. Journal of the National Cancer Institute 22(4):719-748. doi:10.1093/jnci/22.4.719
    Robins, J., Breslow, N. and Greenland, S. (1986). Estimators of the Mantel-Haenszel variance consistent in both
    sparse data and large-strata limiting models. Biometrics 42(2):311-323. doi:10.2307/2531052
    DerSimonian, R. and Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7(3):177-188.
    doi:10.1016/0197-2456(86)90046-2
    """
    counts = read_counts(hits, events, 3)
    n_series, _, n_sources = counts.events.shape
    if not 0 <= reference < n_sources:
        raise UsageError(f"there is no source {reference!r}; the reference is one of 0 to {n_sources - 1}")
    worth = _event_worth(counts, model or ShareModel())
    effective = counts.divided(1 / worth[:, None, :])
    offset, error, deviation = (np.zeros(n_sources) for _ in range(3))
    number = np.zeros(n_sources, np.int64)
    own, own_variance = np.zeros((n_series, n_sources)), np.zeros((n_series, n_sources))
    for source, link, estimates, variances in _joined(effective, reference, unknown_deviation):
        pooled, squared_error, between = pooled_offset(estimates, variances, unknown_deviation)
        shrunk, left = _shrunken(estimates, variances, pooled, squared_error, between)
        offset[source] = offset[link] + pooled
        error[source] = np.sqrt(error[link] ** 2 + squared_error)
        deviation[source] = np.sqrt(deviation[link] ** 2 + between)
        own[:, source], own_variance[:, source] = own[:, link] + shrunk, own_variance[:, link] + left
        number[source] = np.isfinite(estimates).sum()
    noise = _relative_noise(counts, worth, reference)
    return SourceOffsets(offset, error, deviation, number, noise, own, own_variance)


def log_odds_ratio(one: Counts, other: Counts) -> tuple[Floats, Floats]:
    """Common log-odds ratio of each series between two sources, each period a stratum.

    Parameters
    ----------
    one, other
        Counts worth independent ones, with a single source each.

    Returns
    -------
    estimate, variance : ndarray
        Mantel and Haenszel's estimate and its variance by Robins, Breslow and Greenland, shape ``(n_series,)``; NaN
        where periods in common have hits or misses only.
    """
    a, c = one.hits[..., 0], other.hits[..., 0]
    b, d = one.events[..., 0] - a, other.events[..., 0] - c
    total = np.where(one.observed & other.observed, one.events + other.events, np.inf)[..., 0]
    agree, differ = (a + d) / total, (b + c) / total
    up, down = a * d / total, b * c / total
    ups, downs = up.sum(1), down.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = np.log(ups / downs)
        variance = (agree * up).sum(1) / (2 * ups**2) + (differ * down).sum(1) / (2 * downs**2)
        variance += (agree * down + differ * up).sum(1) / (2 * ups * downs)
    known = (ups > 0) & (downs > 0)
    return np.where(known, estimate, np.nan), np.where(known, variance, np.nan)


def pooled_offset(
    estimates: Floats, variances: Floats, unknown_deviation: float | None = None
) -> tuple[float, float, float]:
    """Random-effects mean of estimates, its squared standard error, and their variance between series.

    Parameters
    ----------
    estimates, variances
        Estimates and the variances of their errors, shape ``(n_series,)``; NaN where there is none.
    unknown_deviation
        What series differ by if fewer than :data:`LEAST_SERIES` tell, in log-odds; ``None`` takes 0.
    """
    known = np.isfinite(estimates)
    y, v = estimates[known], variances[known]
    declared = (unknown_deviation or 0.0) ** 2
    if not len(y):
        return 0.0, 0.0, declared
    between = declared
    if len(y) >= LEAST_SERIES:
        w = 1 / v
        spread = (w * (y - (w @ y) / w.sum()) ** 2).sum() - (len(y) - 1)
        between = max(0.0, spread / (w.sum() - (w @ w) / w.sum()))
    w = 1 / (v + between)
    return float(w @ y / w.sum()), float(1 / w.sum()), float(between)


def _event_worth(counts: Counts, model: ShareModel) -> Floats:
    """What an event of each series and source is worth, shape ``(n_series, n_sources)``; 1 where there is none."""
    each = [
        share_state(counts.hits[..., source], counts.events[..., source], model).event_worth
        for source in range(counts.events.shape[2])
    ]
    return np.nan_to_num(np.stack(each, -1), nan=1.0)


def _relative_noise(counts: Counts, worth: Floats, reference: int) -> Floats:
    """Overdispersion of each source relative to the least noisy one, as the series have it that sources share."""
    periods = counts.observed.sum(1)
    mean = counts.events.sum(1) / np.maximum(periods, 1)
    usable = (periods >= LEAST_PERIODS) & (mean >= LEAST_EVENTS)
    logs, noise = -np.log(worth), np.zeros(worth.shape[1])
    for source in range(len(noise)):
        both = usable[:, source] & usable[:, reference]
        if both.sum() >= LEAST_SERIES:
            weight = 1 / (1 / periods[both, source] + 1 / periods[both, reference])
            noise[source] = weight @ (logs[both, source] - logs[both, reference]) / weight.sum()
    return np.exp(noise - noise.min())


def _joined(
    effective: Counts, reference: int, unknown_deviation: float | None
) -> list[tuple[int, int, Floats, Floats]]:
    """Each source but the reference, the source it is compared with, and estimates and variances by series."""
    joined, waiting, found = [reference], set(range(effective.events.shape[2])) - {reference}, []
    while waiting:
        links = [
            (source, link, *_usable(*log_odds_ratio(effective.source(source), effective.source(link))))
            for source in sorted(waiting)
            for link in joined
        ]
        best = max(links, key=lambda link: _rank(link[2], link[1] == reference))
        number = int(np.isfinite(best[2]).sum())
        if number < LEAST_SERIES and unknown_deviation is None:
            raise NotIdentifiedError(
                f"{number} series tell the offset of source {best[0]} from source {best[1]}, and {LEAST_SERIES} must;"
                " give periods that both observe, leave the source out, or declare unknown_deviation"
            )
        found.append(best if number else (best[0], reference, *best[2:]))
        joined.append(best[0])
        waiting.remove(best[0])
    return found


def _rank(estimates: Floats, direct: bool) -> tuple[bool, int]:
    """How good a link between sources is: enough series with the reference itself, or else the most series."""
    number = int(np.isfinite(estimates).sum())
    return direct and number >= LEAST_SERIES, number


def _usable(estimates: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Estimates with a standard error small enough to tell something."""
    precise = variances <= LARGEST_ERROR**2
    return np.where(precise, estimates, np.nan), np.where(precise, variances, np.nan)


def _shrunken(
    estimates: Floats, variances: Floats, pooled: float, squared_error: float, between: float
) -> tuple[Floats, Floats]:
    """Offsets of series given their own estimate and the pooled one, and the variance of what is left open."""
    known = np.isfinite(estimates)
    own = np.where(known, between / (between + np.where(known, variances, 1.0)), 0.0)
    shrunk = pooled + own * np.where(known, estimates - pooled, 0.0)
    return shrunk, (1 - own) * between + (1 - own) ** 2 * squared_error
