"""How the numbers were computed, what is not observed, and what they rest on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import normalize

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.core.provenance import Citation
from tripoint.errors import CoverageError
from tripoint.faces.report.tables import Table
from tripoint.faces.report.wording import with_names
from tripoint.measures.cooperation import FUSED
from tripoint.measures.index import Family, Index, index
from tripoint.measures.measure import thresholds
from tripoint.measures.records import find_record
from tripoint.readings.barometer import NeedleReading
from tripoint.readings.names import spoken_roles
from tripoint.readings.reading import Reading
from tripoint.sources import citations, codebook, declarations

#: What a reader may expect in such an index; named as absent unless a family has that name.
_EXPECTED = ("arms", "treaties", "visits", "events", "finance", "corridors")


@dataclass(frozen=True, slots=True)
class Work:
    """A work to cite: its text, and where it is."""

    text: str
    link: str | None


def how(reading: Reading) -> list[tuple[str, str]]:
    """The definition of the index, as terms and their meaning."""
    definition = index()
    said = [
        ("Barometer", f"{definition.barometer.formula}. Interval: {definition.barometer.interval}."),
    ]
    for needle in definition.needles:
        weights = definition.weights(needle)
        families = "; ".join(
            f"{each.title.lower()}, weight {weights[each.name]:.0%}" for each in needle.families
        )
        said.append((needle.title, f"{needle.question} Families: {families}. Mean: {needle.aggregation}."))
        said.append((f"Population of {needle.name}", needle.population))
    votes = f"90% everywhere. Votes: {reading.manifest.draws} bootstrap draws, seed {reading.manifest.seed}."
    rest = [("Coverage", grades()), ("Intervals", votes), ("Events", worth_of_events(reading))]
    return [*said, *_rules(definition), *rest]


def _rules(definition: Index) -> list[tuple[str, str]]:
    """What holds for every needle: the state space, what is missing, where strain applies."""
    space, rule = definition.state_space, definition.presence
    return [
        (
            "Over time",
            "Each indicator becomes a percentile of its population and runs through a local-level state "
            f"space with its own measurement error, at least {space.least_error:g} percentile points "
            "(standard deviation). The part of the error that lasts from year to year stays in every level. "
            "Years without an observation widen the band.",
        ),
        (
            "What is missing",
            f"A family that was never observed adds a standard deviation of {space.missing_family:.1f} "
            "points, as if anything were possible; it never counts as 0 or 50.",
        ),
        (
            "Where strain applies",
            f"Only where both powers hold at least {rule.least:.0%} each "
            f"({find_record(rule.measure).title.lower()}); an unobserved share is taken as it was, for "
            f"{rule.carried_years} years.",
        ),
    ]


def grades() -> str:
    """What the coverage grades of a needle mean."""
    rules = thresholds().needles
    return (
        f"Coverage of a needle is A where at least {rules['A'].share:.0%} of its weight is observed in "
        f"the year, B at least {rules['B'].share:.0%}, C where enough was observed within "
        f"{rules['C'].n:g} years; below that it is withheld. The barometer takes the lower grade of its "
        "two needles."
    )


def worth_of_events(reading: Reading) -> str:
    """What events are worth here: who counted them, over which periods, what is missing."""
    found = reading.events
    if isinstance(found, CoverageError):
        return f"Not read here: {found}. No event enters the needles."
    said = [
        "Coded from news by machine, and many of them wrongly: compare a pair with itself over time, not with others."
    ]
    spans = found.directed.group_by("origin").agg(
        pl.col("period").min(), pl.col("period").max().alias("last")
    )
    counted = [
        f"{_short(origin.partition('_')[0])}, {first} to {last}"
        for origin, first, last in spans.sort("period").iter_rows()
        if origin != FUSED
    ]
    if counted:
        said.append(f"Who acts toward whom is on record in {' and '.join(counted)}.")
    months = found.undirected["period"]
    if len(months):
        book = codebook("event_scores")
        cited = " and ".join(_short(key) for key in book.cite)
        said.append(f"Without who acted: {cited}, {months.min()} to {months.max()}.")
        known = set(months)
        said += [fault.reason for fault in book.corrections if known & set(fault.where.get("period", ()))]
    said.append(
        "A response is no cause: what moves all three at once looks like an answer. No event enters the needles."
    )
    return " ".join(said)


def _short(key: str) -> str:
    """A declared work in a few words: whose it is, and its year."""
    work = citations()[key]
    authors = [name.partition(",")[0].strip("{}") for name in work.author.split(" and ")]
    whose = " and ".join(authors) if len(authors) < 3 else f"{authors[0]} and others"
    return f"{whose} ({work.year})"


def families_table(reading: Reading) -> Table:
    """Which families each needle has, what they are read from, and the years in which they were not observed."""
    rows = []
    for needle in reading.needles.values():
        weights = index().weights(needle.declaration)
        for family in needle.declaration.families:
            blind, here = _blind(needle, family), needle.applies[0] == 1
            gaps = [int(year) for year in needle.years[blind]]
            rows.append(
                (
                    needle.declaration.title,
                    family.title,
                    "; ".join(find_record(name).title for name in family.indicators),
                    f"{weights[family.name]:.0%}",
                    f"{int((here & ~blind).sum())} of {int(here.sum())}",
                    runs(gaps) or "none",
                )
            )
    head = (
        "Needle",
        "Family",
        "Read from",
        "Weight",
        "Years observed (n)",
        "Years not observed or not applicable",
    )
    return Table("The families of the needles, and where they are blind", head, tuple(rows), 2)


def _blind(needle: NeedleReading, family: Family) -> NDArray[np.bool_]:
    """Years in which a family has no indicator: not observed, or the needle does not apply."""
    return np.logical_and.reduce([np.isnan(needle.panels[name].value[0]) for name in family.indicators])


def runs(years: Iterable[int]) -> str:
    """Years with consecutive ones drawn together.

    Examples
    --------
    >>> runs([1992, 1993, 1994, 2016])
    '1992–1994, 2016'
    """
    found: list[list[int]] = []
    for year in years:
        if found and year == found[-1][-1] + 1:
            found[-1].append(year)
        else:
            found.append([year])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in found)


def not_in_index() -> str:
    """What a reader may expect and will not find."""
    known = {family.name for needle in index().needles for family in needle.families}
    absent = [name for name in _EXPECTED if name not in known]
    if not absent:
        return ""
    listed = " or ".join([", ".join(absent[:-1]), absent[-1]] if len(absent) > 1 else absent)
    return f"No family covers {listed}: what happens there does not enter the needles."


def withheld_table(reading: Reading) -> Table:
    """Years of a series that are withheld or cover part of a year, with the reason."""
    parts = (reading.alignment, reading.siding, reading.front, reading.presence, reading.displacement)
    names, rows = spoken_roles(reading.triad), []
    for part in parts:
        if "value" not in part.columns:
            continue
        told = part.filter(pl.col("note").is_not_null() & (pl.col("note") != "published share"))
        for (measure, note), group in told.group_by("measure", "note", maintain_order=True):
            years = sorted({int(period[:4]) for period in group["period"]})
            state = "withheld" if group["value"].is_null().all() else "shown with a note"
            rows.append((with_names(find_record(str(measure)).title, names), str(note), state, runs(years)))
    for needle in reading.needles.values():
        told = needle.frame.filter(pl.col("note").is_not_null())
        for (note,), group in told.group_by("note", maintain_order=True):
            rows.append((needle.declaration.title, str(note), "withheld", runs(map(int, group["period"]))))
    head = ("Number", "Reason", "What we do", "Years")
    return Table("Years withheld or limited, with the reason", head, tuple(rows))


def sources_table(reading: Reading) -> Table:
    """The tables behind the vintage, with their licences, rows and hashes."""
    rows = []
    for name, trace in sorted(reading.manifest.tables.items()):
        dropped = "; ".join(f"{count:,} {reason}" for reason, count in trace.dropped.items())
        rows.append(
            (
                name,
                codebook(name).question,
                codebook(name).licence,
                f"{trace.rows:,}",
                dropped or "none",
                trace.sha256,
            )
        )
    head = ("Table", "What it holds", "Licence", "Rows (n)", "Raw rows left out", "SHA-256")
    return Table("The tables that the vintage was built from", head, tuple(rows))


def origins_table(reading: Reading) -> Table:
    """Who counted, where several publishers stand side by side in one table."""
    used = set(reading.manifest.tables)
    rows = [
        (origin.title, origin.licence)
        for declared in declarations().values()
        if used & {book.table for book in declared.codebooks}
        for origin in declared.origins
    ]
    return Table("Publishers of trade figures and their terms", ("Publisher", "Licence"), tuple(rows))


def works(citations: Iterable[Citation]) -> list[Work]:
    """Citations as text and link."""
    found = []
    for citation in citations:
        link = f"https://doi.org/{citation.doi}" if citation.doi else citation.url
        text = citation.text.removesuffix(f" {link}") if link else citation.text
        safe = link if link and link.startswith(("https://", "http://")) else None
        found.append(Work(_readable(text), safe))
    return sorted(found, key=lambda work: work.text)


def _readable(text: str) -> str:
    """BibTeX's braces and umlauts as plain text."""
    accented = re.sub(r'\{\\"(\w)\}', "\\1\N{COMBINING DIAERESIS}", text)
    return re.sub(r"\.{2,}", ".", normalize("NFC", accented).replace("{", "").replace("}", ""))
