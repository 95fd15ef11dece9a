"""The fixed world population that percentiles refer to: distributions of indicators and needles, and pooled variances.

Made once per build over all pairs of the powers, and all grounds where both are present, in the declared
years. A reading looks its own values up in it, so a needle means "compared with all such pairs and grounds"
and does not move when new years arrive.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.measures.index import Index, NeedleDeclaration
from tripoint.measures.measure import Progress, Settings
from tripoint.measures.needle import Floats, Panel, Scale, compose, error_of, quantiles_of, to_percentiles
from tripoint.measures.panels import Reader, needle_panels
from tripoint.models.state_space import Variances, fit_local_level

SCHEMA = {"scale": pl.String, "statistic": pl.String, "rank": pl.Int32, "value": pl.Float64}


def build_reference(read: Reader, settings: Settings, index: Index, progress: Progress) -> pl.DataFrame:
    """Scales of all indicators and needles, as a table with columns scale, statistic, rank, value."""
    years = np.arange(int(index.reference.first), int(index.reference.last) + 1)
    parts = []
    for done, needle in enumerate(index.needles):
        progress(done / len(index.needles), f"reference population of {needle.name}")
        subjects = population(needle, read, settings)
        panels, applies = needle_panels(needle, read, subjects, years, index)
        scales = {name: _indicator_scale(panel, index) for name, panel in panels.items()}
        parts += [_as_rows(name, scale) for name, scale in scales.items()]
        parts += [
            _as_rows(made.key, _needle_scale(made, panels, scales, applies, index))
            for made in needle.with_variants
        ]
    return pl.concat(parts).unique(maintain_order=True)


def population(needle: NeedleDeclaration, read: Reader, settings: Settings) -> pl.DataFrame:
    """All pairs of powers, or all of them in all grounds that any indicator knows, as columns."""
    pairs = pl.DataFrame(
        list(combinations(sorted(settings.powers), 2)), schema=["first", "second"], orient="row"
    )
    if needle.grain == "pair":
        return pairs
    grounds = (
        pl.concat([read(name).select("ground").unique() for name in needle.indicators])
        .unique()
        .sort("ground")
    )
    triads = pairs.join(grounds, how="cross")
    return triads.filter((pl.col("ground") != pl.col("first")) & (pl.col("ground") != pl.col("second")))


def _indicator_scale(panel: Panel, index: Index) -> Scale:
    """Distribution of an indicator, and the variances of its percentiles, over the population."""
    quantiles = quantiles_of(panel.value, index.reference.quantiles)
    bare = Scale(quantiles, None, int(np.isfinite(panel.value).sum()))
    ranked = to_percentiles(panel, bare)
    long_enough = np.isfinite(ranked.value).sum(1) >= 3
    if not long_enough.any():
        return bare
    variances = fit_local_level(ranked.value[long_enough], error_of(ranked, index)[long_enough])
    return Scale(quantiles, variances, bare.n)


def _needle_scale(
    made: NeedleDeclaration,
    panels: Mapping[str, Panel],
    scales: Mapping[str, Scale],
    applies: NDArray[np.int8],
    index: Index,
) -> Scale:
    """Distribution of a needle before ranking, over pairs and years in which it applies and something was observed."""
    needle = compose(made, {name: panels[name] for name in made.indicators}, scales, index)
    values = np.where((applies == 1) & (needle.observed > 0), needle.filtered.value, np.nan)
    return Scale(quantiles_of(values, index.reference.quantiles), None, int(np.isfinite(values).sum()))


def _as_rows(name: str, scale: Scale) -> pl.DataFrame:
    rows: list[tuple[str, str, int, float]] = [
        (name, "quantile", rank, float(value)) for rank, value in enumerate(scale.quantiles)
    ]
    rows.append((name, "n", 0, float(scale.n)))
    if scale.variances is not None:
        rows.append((name, "step_variance", 0, scale.variances.step))
        rows.append((name, "irregular_variance", 0, scale.variances.irregular))
        rows.append((name, "passing_share", 0, scale.variances.passing))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def read_scales(reference: pl.DataFrame) -> dict[str, Scale]:
    """Scales by name, from the table that :func:`build_reference` makes."""
    scales = {}
    for (name,), rows in reference.group_by("scale", maintain_order=True):
        single = {
            row["statistic"]: row["value"]
            for row in rows.filter(pl.col("statistic") != "quantile").to_dicts()
        }
        quantiles: Floats = rows.filter(statistic="quantile").sort("rank")["value"].to_numpy()
        variances = None
        if "step_variance" in single:
            variances = Variances(
                single["step_variance"], single["irregular_variance"], single["passing_share"]
            )
        scales[str(name)] = Scale(quantiles, variances, int(single["n"]))
    return scales
