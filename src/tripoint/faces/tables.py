"""How numbers and tables look in plain text: one way for every command.

An interval stands in parentheses, a share is a percentage, what is not observed is a dash. Tables have no lines, so
that they read the same in a terminal, in a file and in a pipe.
"""

from collections.abc import Collection, Sequence

from rich.table import Table
from rich.text import Text

from tripoint.core.units import unit

#: Stands where a number is not observed.
DASH = "–"

_BARS = "▁▂▃▄▅▆▇█"
#: Units whose numbers are often negative: a dash between their bounds would read as a minus.
_SIGNED = frozenset({"similarity", "share_change", "deviations", "score", "shock"})


def number(value: float | None, unit_name: str) -> str:
    """Write a number in its unit; a dash where it is not observed, and no minus before a zero.

    Examples
    --------
    >>> number(0.234, "share"), number(None, "share"), number(-0.0001, "share_change")
    ('23.4%', '–', '0.0 pp')
    """
    return unit(unit_name).show(value)


def interval(value: float | None, lower: float | None, upper: float | None, unit_name: str) -> str:
    """Write a number with its interval in parentheses.

    Examples
    --------
    >>> interval(61.2, 52.4, 67.9, "percentile"), interval(0.4, 0.25, 0.585, "share")
    ('61 (52–68)', '40.0% (25.0–58.5%)')
    >>> interval(-0.009, -0.034, 0.016, "share_change"), interval(None, None, None, "share")
    ('-0.9 pp (-3.4 to 1.6)', '–')
    >>> interval(0.01, -0.01, 0.06, "share")
    '1.0% (-1.0 to 6.0%)'
    """
    if value is None:
        return DASH
    if lower is None or upper is None:
        return number(value, unit_name)
    between = " to " if unit_name in _SIGNED or lower < 0 else DASH
    low, high = (unit(unit_name).show_bound(bound) for bound in (lower, upper))
    low = low.removesuffix("%")
    return f"{number(value, unit_name)} ({low}{between}{high})"


def stacked(value: float | None, lower: float | None, upper: float | None, unit_name: str) -> str:
    r"""As `interval`, with the bounds on a line of their own: for tables of many columns.

    Examples
    --------
    >>> stacked(-0.72, -0.92, -0.52, "deviations"), stacked(None, None, None, "share")
    ('-0.72\n-0.92 to -0.52', '–')
    """
    text = interval(value, lower, upper, unit_name)
    shown, _, bounds = text.partition(" (")
    return f"{shown}\n{bounds.removesuffix(')')}" if bounds else shown


def sparkline(values: Sequence[float | None]) -> str:
    """Draw a series as one line of small bars from its lowest to its highest value; a gap where nothing is observed.

    Examples
    --------
    >>> sparkline([1.0, 2.0, None, 8.0])
    '▁▂ █'
    >>> sparkline([5.0, 5.0]), sparkline([None])
    ('▄▄', ' ')
    """
    known = [value for value in values if value is not None]
    if not known:
        return " " * len(values)
    low, high = min(known), max(known)
    top = len(_BARS) - 1
    if high == low:
        return "".join(" " if value is None else _BARS[top // 2] for value in values)
    return "".join(
        " " if value is None else _BARS[round(top * (value - low) / (high - low))] for value in values
    )


def text_table(
    title: str | None,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    words: Collection[str] = (),
    gap: int = 2,
    fold: bool = True,
) -> Table:
    """Lay out cells in columns without lines.

    Parameters
    ----------
    headers
        One for each column; the first column and those named in ``words`` are set to the left, others to the right.
    rows
        Cells as text; they are shown as they are, nothing in them is taken for markup.
    gap
        Spaces between columns.
    fold
        Whether long cells may be broken over lines.
    """
    table = Table(
        title=None if title is None else Text(title),
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, gap, 0, 0),
    )
    for place, header in enumerate(headers):
        left = place == 0 or header in words
        table.add_column(
            Text(header),
            justify="left" if left else "right",
            vertical="top",
            no_wrap=not fold,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
