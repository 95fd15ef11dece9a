"""What are the series of ideal points called: schemes, sessions, and the name of the series of each."""

from typing import Literal, get_args

Scheme = Literal["posterior", "published"]

SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
#: Session 1 opened in the year after this.
FOUNDED = 1945


def series_name(scheme: str, issue: str | None = None) -> str:
    """Name of the series of a scheme, over all roll calls or by issue.

    Examples
    --------
    >>> series_name("posterior"), series_name("published", "nuclear")
    ('ideal_point', 'issue_ideal_point_published')
    """
    return f"{'issue_' if issue else ''}ideal_point{'_published' if scheme == 'published' else ''}"
