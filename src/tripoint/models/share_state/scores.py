"""What is the mean score of counted events, such as their conflict or cooperation, and how sure is it?"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def mean_score(
    events: ArrayLike, total: ArrayLike, squares: ArrayLike, dispersion: ArrayLike
) -> tuple[Floats, Floats]:
    """Mean score over events and its standard error, with events clustered as counts are.

    Parameters
    ----------
    events, total, squares
        Number of events with a score, and the sum and sum of squares of their scores; any equal shape.
    dispersion
        How many events are worth one independent event, such as the ``dispersion`` of
        :class:`~tripoint.models.share_state.state.ShareState`; broadcast.

    Returns
    -------
    mean, error : ndarray
        In the unit of the scores. The mean is NaN without events; the error is NaN unless events are worth more than
        one independent event. Counting every event ``k`` times, with ``k`` times the dispersion, changes neither.

    Examples
    --------
    >>> mean, error = mean_score(40, 80.0, 400.0, 4.0)
    >>> float(mean), round(float(error), 3)
    (2.0, 0.816)
    """
    number, sums, dispersion = (np.asarray(array, float) for array in (events, total, dispersion))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums / number
        variance = np.maximum(np.asarray(squares, float) / number - mean**2, 0)
        freedom = number / dispersion - 1
        return mean, np.where(freedom > 0, np.sqrt(variance / np.where(freedom > 0, freedom, np.nan)), np.nan)
