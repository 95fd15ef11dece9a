"""Which issues are there? Their names, titles, patterns and codes, as ``issues.toml`` declares them."""

from dataclasses import dataclass
from functools import cache

from tripoint.core.codebook import load_declaration
from tripoint.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue.

    Attributes
    ----------
    name, title
        As users write it, and as a reader sees it.
    include, exclude
        Regular expressions on the title, ``' | '`` and the agenda item of a roll call, in lower case. The coder
        labels a roll call when one of ``include`` fits and none of ``exclude``.
    code
        Voeten's code. An issue without one is what its patterns find, with no error.
    first_year
        Year before which the patterns find nothing.
    """

    name: str
    title: str
    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    code: str | None = None
    first_year: int = 0


@dataclass(frozen=True, slots=True)
class Coder:
    """The sessions of which the odd ones set the patterns and the even ones judge them."""

    first_session: int
    last_session: int


@dataclass(frozen=True, slots=True)
class _Declaration:
    coder: Coder
    issues: tuple[Issue, ...]


@cache
def _declaration() -> _Declaration:
    return load_declaration(__package__ or "tripoint.measures", "issues.toml", _Declaration)


def all_issues() -> tuple[Issue, ...]:
    """All issues, in the order in which they are declared in ``issues.toml``."""
    return _declaration().issues


def judged_sessions() -> Coder:
    """The sessions on which the keyword coder was made and is judged."""
    return _declaration().coder


def find_issue(name: str) -> Issue:
    """Find an issue by its name, by Voeten's code, or by the beginning of its name; case does not matter.

    Raises
    ------
    UnknownNameError
        No issue is called so, or several begin so.

    Examples
    --------
    >>> find_issue("nu").name, find_issue("Human rights").name, find_issue("ukr").name
    ('nuclear', 'human-rights', 'ukraine')
    """
    wanted = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
    for issue in all_issues():
        if wanted in (issue.name, issue.code):
            return issue
    begun = [issue for issue in all_issues() if wanted and issue.name.startswith(wanted)]
    if len(begun) == 1:
        return begun[0]
    raise UnknownNameError.of("issue", name, (issue.name for issue in all_issues()))
