"""Are ideal points what they should be? ``python -m benchmarks.positions DATA [--effort SHARE]``.

Against the published estimates, sessions 1 to 74: both schemes, the posterior one with its innovation variance
estimated and fixed at several values. And on votes simulated from the model: how often 90% intervals cover the truth.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import polars as pl

from tripoint.core.series import LEVEL
from tripoint.measures import ideal_points
from tripoint.measures.measure import Settings
from tripoint.measures.schemes import FOUNDED
from tripoint.models.ideal_points.fit import fit_ideal_points
from tripoint.models.ideal_points.panel import arrange
from tripoint.models.ideal_points.plan import Anchors, Plan
from tripoint.store.catalog import read_extracts

STATES = ("RUS", "CHN", "KAZ", "USA")
#: Innovation variances beside the estimated one.
FIXED = (0.01, 0.05, 0.25)
SEEDS = 12
#: Yugoslavia is one row of the published table under this code.
ONE_CODE = {"SCG": "SRB", "YUG": "SRB"}


def main(extracts: Path, effort: float) -> None:
    """Print both comparisons."""
    show_coverage()
    frames = read_extracts(extracts).frames
    votes = ideal_points.read_votes(frames).filter(pl.col("session") <= 74)
    published = pl.read_parquet(extracts / "votes" / "unga_ideal_points_published_apr2020.parquet").filter(
        pl.col("set") == "All"
    )
    print(
        f"{'':<22}{'r':>8}{'worst session':>15}{'MAD':>8}" + "".join(f"{state:>8}" for state in STATES),
        end="",
    )
    print(f"{'variance':>10}{'R-hat':>7}{'least ESS':>10}{'s':>6}")
    base = None
    for name, scheme, variance in (
        ("published", "published", None),
        ("posterior, estimated", "posterior", None),
        *((f"posterior, {value}", "posterior", value) for value in FIXED),
    ):
        start = time.perf_counter()
        points = ideal_points.fit(votes, scheme, Settings(effort=effort), innovation=variance)
        seconds = time.perf_counter() - start
        rows = ideal_points.position_rows(points, votes)
        print(_line(name, rows, published), end="")
        print(
            f"{points.innovation.mean():>10.3f}{points.r_hat.max():>7.2f}{points.effective.min():>10.0f}{seconds:>6.0f}"
        )
        if name == "posterior, estimated":
            base = rows
        elif base is not None:
            both = base.join(rows, on=["state", "period"], suffix="_now")
            change = (both["value"] - both["value_now"]).abs()
            print(
                f"{'':<22}against estimated: r {np.corrcoef(both['value'], both['value_now'])[0, 1]:.4f}, "
                f"median change {change.median():.3f}, largest {change.max():.2f}; "
                f"median width {(both['upper'] - both['lower']).median():.2f} and "
                f"{(both['upper_now'] - both['lower_now']).median():.2f}"
            )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:,.0f} MB")


def _line(name: str, rows: pl.DataFrame, published: pl.DataFrame) -> str:
    """How near rows are to the published means."""
    theirs = published.select(
        pl.col("iso3").cast(pl.String).replace(ONE_CODE).alias("state"),
        (pl.col("session").cast(pl.Int64) + FOUNDED).cast(pl.String).alias("period"),
        pl.col("ideal").alias("theirs"),
    )
    both = rows.with_columns(pl.col("state").replace(ONE_CODE)).join(theirs, on=["state", "period"])
    by_session = both.group_by("period").agg(pl.corr("value", "theirs").alias("r"))
    over_time = [
        both.filter(pl.col("state") == state).select(pl.corr("value", "theirs")).item() for state in STATES
    ]
    return (
        f"{name:<22}{both.select(pl.corr('value', 'theirs')).item():>8.4f}{by_session['r'].min():>15.4f}"
        f"{(both['value'] - both['theirs']).abs().mean():>8.3f}" + "".join(f"{r:>8.4f}" for r in over_time)
    )


def show_coverage() -> None:
    """Share of true positions inside their 90% intervals, on votes of thirty states in eight sessions."""
    states = [f"S{k:02d}" for k in range(30)]
    anchors = Anchors(above=("S29", "S28"), below=("S00", "S01"))
    shares = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        walk = np.cumsum(rng.normal(0, np.sqrt(0.03), (30, 8)), axis=1)
        truth = np.sort(rng.normal(0, 1, 30))[:, None] + walk
        truth = (truth - truth.mean()) / truth.std()
        state, period, roll = np.nonzero(rng.random((30, 8, 40)) > 0.1)
        slope, middle, gap = (
            rng.normal(0, 1, (8, 40)),
            rng.normal(0, 0.7, (8, 40)),
            rng.uniform(0.2, 1.0, (8, 40)),
        )
        utility = slope[period, roll] * truth[state, period] + rng.normal(0, 1, len(state))
        low, high = (middle[period, roll] + side * gap[period, roll] / 2 for side in (-1, 1))
        choice = 1 + (utility > low) + (utility > high)
        panel = arrange(states, state, period, period * 40 + roll, choice)
        fit = fit_ideal_points(panel, anchors, Plan(seed=seed))
        _, lower, upper = fit.summary(LEVEL)[:, 0].T
        true = truth[panel.unit_state, panel.unit_period]
        shares.append(((lower <= true) & (true <= upper)).mean())
    print(
        f"{SEEDS} simulations of 240 positions: 90% intervals cover {np.mean(shares):.1%} "
        f"(standard error {np.std(shares, ddof=1) / np.sqrt(SEEDS):.1%}; {min(shares):.0%} to {max(shares):.0%})"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("extracts", type=Path, help="folder of shared data")
    parser.add_argument("--effort", type=float, default=1.0, help="share of the declared sweeps")
    given = parser.parse_args()
    main(given.extracts, given.effort)
