"""Which counts can be read as shares: events that count and all events, checked, with their binomial log-likelihood."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tripoint.errors import UsageError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """Events that count and all events, by series, period and source.

    Both have shape ``(n_series, n_periods, n_sources)``; 0 of 0 where nothing is observed. They need not be whole
    numbers: a source may weigh its events.
    """

    hits: Floats
    events: Floats

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Where a source has events, shape ``(n_series, n_periods, n_sources)``."""
        return self.events > 0

    def of(self, rows: slice | NDArray[np.intp]) -> "Counts":
        """Some of the series."""
        return Counts(self.hits[rows], self.events[rows])

    def source(self, source: int) -> "Counts":
        """One of the sources."""
        return Counts(self.hits[..., [source]], self.events[..., [source]])

    def divided(self, by: Floats) -> "Counts":
        """Counts divided by an array that broadcasts with them."""
        return Counts(self.hits / by, self.events / by)


def read_counts(hits: ArrayLike, events: ArrayLike, n_axes: int) -> Counts:
    """Check counts and bring them into one form.

    Parameters
    ----------
    hits, events
        Events that count, and all events: ``n_axes`` of the axes series, period and source. NaN in both, or 0 of 0,
        is a period without events.
    n_axes
        2 without an axis of sources, or 3.

    Raises
    ------
    UsageError
        Shapes differ or are not as asked; a count is negative, infinite, missing in one of the two only, or there are
        more hits than events. All faults are named.
    """
    some, whole = np.asarray(hits, float), np.asarray(events, float)
    if some.shape != whole.shape or whole.ndim != n_axes:
        axes = ("series", "periods", "sources")[:n_axes]
        raise UsageError(
            f"hits have shape {some.shape} and events {whole.shape}; give both one shape ({', '.join(axes)})"
        )
    if not whole.size:
        raise UsageError(f"counts of shape {whole.shape} hold nothing; give at least one series and period")
    with np.errstate(invalid="ignore"):
        faults = {
            "are missing in hits or in events, but not in both": np.isnan(some) != np.isnan(whole),
            "are infinite": np.isinf(some) | np.isinf(whole),
            "are negative": (some < 0) | (whole < 0),
            "have more hits than events": some > whole,
        }
    found = [_described(what, where) for what, where in faults.items() if where.any()]
    if found:
        raise UsageError(
            f"counts that cannot be read as shares: {'; '.join(found)}. Correct them, or set hits and events to NaN"
        )
    shape = (*whole.shape[:2], -1)
    return Counts(np.nan_to_num(some).reshape(shape), np.nan_to_num(whole).reshape(shape))


def log_likelihood(counts: Counts, offsets: Floats, x: Floats) -> Floats:
    """Binomial log-likelihood of every state on a grid, less that of the observed shares: half the deviance, negative.

    Parameters
    ----------
    counts
        Counts of a few series.
    offsets
        What each source adds to the log-odds, shape ``(n_series, n_sources)``.
    x
        States in log-odds, shape ``(n_points,)``.

    Returns
    -------
    ndarray
        Shape ``(n_series, n_periods, n_points)``, summed over sources; 0 where nothing is observed.
    """
    log_odds = x + offsets[:, :, None]
    missed = counts.events - counts.hits
    saturated = _entropy(counts.hits, counts.events) + _entropy(missed, counts.events)
    hit, miss = -np.logaddexp(0, -log_odds), -np.logaddexp(0, log_odds)
    return (counts.hits @ hit + missed @ miss) - saturated.sum(-1)[:, :, None]


def _entropy(part: Floats, whole: Floats) -> Floats:
    """``part * log(part / whole)``, and 0 for no part."""
    share = np.divide(part, whole, out=np.ones_like(part), where=part > 0)
    return part * np.log(share)


def _described(what: str, where: NDArray[np.bool_]) -> str:
    """How many counts are wrong, and which is the first."""
    first = ", ".join(str(place) for place in np.argwhere(where)[0])
    return f"{where.sum()} {what}, the first at ({first})"
