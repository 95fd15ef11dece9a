"""What a number counts: the units that codebooks may name, and how a reader sees them.

Tables keep one unit per column; conversion happens in the source that reads the raw file and nowhere else.
"""

from dataclasses import dataclass

from tripoint.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement: its name in codebooks, how it reads, how many decimals are worth printing.

    ``hundredths`` is what stands behind a number that is printed in hundredths: a percent sign, or points.
    """

    name: str
    label: str
    decimals: int
    hundredths: str = ""

    def show(self, value: float | None) -> str:
        """Write a value for people; an unobserved value is a dash.

        Examples
        --------
        >>> unit("share").show(0.234), unit("share_change").show(-0.019), unit("usd_million").show(None)
        ('23.4%', '-1.9 pp', '–')
        """
        if value is None:
            return "–"
        scaled = round(100 * value if self.hundredths else value, self.decimals) + 0.0  # no negative zero
        return f"{scaled:,.{self.decimals}f}{self.hundredths}"

    def show_bound(self, value: float) -> str:
        """Write a bound that stands behind its number: points are not said again.

        Examples
        --------
        >>> unit("share").show_bound(0.234), unit("share_change").show_bound(-0.019)
        ('23.4%', '-1.9')
        """
        return self.show(value).removesuffix(" pp")


UNITS = (
    Unit("share", "share", 1, "%"),
    Unit("share_change", "change of share, percentage points", 1, " pp"),
    Unit("similarity", "index from -1 to 1", 2),
    Unit("percentile", "percentile of the reference population", 0),
    Unit("percentile_change", "points of percentile", 0),
    Unit("usd_million", "million US dollars", 0),
    Unit("usd_million_2021", "million US dollars of 2021", 0),
    Unit("tiv_million", "million SIPRI trend-indicator values", 0),
    Unit("usd", "US dollars", 0),
    Unit("persons", "persons", 0),
    Unit("index", "index", 3),
    Unit("deviations", "standard deviations of all states' positions", 2),
    Unit("score", "points of Goldstein's scale, -10 to 10", 2),
    Unit("shock", "standard deviations of the series", 2),
    Unit("count", "count", 0),
    Unit("code", "code", 0),
)


def unit(name: str) -> Unit:
    """Find a unit by its name in codebooks.

    Raises
    ------
    UnknownNameError
        No unit has that name.
    """
    for candidate in UNITS:
        if candidate.name == name:
            return candidate
    raise UnknownNameError.of("unit", name, (known.name for known in UNITS))
