"""How long does it take to measure every ground, for all pairs of the powers, and does hedging find known hedgers?

Run as ``python -m benchmarks.ground DATA``, with DATA a folder of extracts.
"""

import resource
import sys
import time
from collections import ChainMap
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from tripoint.measures.measure import Settings
from tripoint.measures.packed import Packed
from tripoint.measures.registry import MEASURES
from tripoint.store.catalog import read_extracts

#: The measures of the ground, from the tables; presence and siding, which they use, come first.
GROUND = (
    "siding", "presence", "displacement", "arms", "treaties", "memberships", "dependence", "exposure", "hedging",
)  # fmt: skip
#: Between whom, and who is known to hedge or to align, as listed in decision 8 before anything was computed.
HEDGERS = (
    ("KAZ", "CHN", "RUS"), ("UZB", "CHN", "RUS"), ("IDN", "CHN", "USA"), ("MYS", "CHN", "USA"), ("SGP", "CHN", "USA"),
    ("VNM", "CHN", "USA"), ("THA", "CHN", "USA"),
)  # fmt: skip
ALIGNERS = (
    ("BLR", "CHN", "RUS"), ("JPN", "CHN", "USA"), ("AUS", "CHN", "USA"), ("PRK", "CHN", "USA"), ("POL", "RUS", "USA"),
    ("EST", "RUS", "USA"), ("CAN", "RUS", "USA"),
)  # fmt: skip
YEARS = [str(year) for year in range(2014, 2024)]
#: China Index 2022, ranks of exposure to China as published; lower is more exposed.
CHINA_INDEX = {"KGZ": 8, "TJK": 9, "KAZ": 15, "UZB": 24, "TKM": 45}


def main(data: Path) -> None:
    """Time every measure of the ground, then validate hedging and presence."""
    frames = ChainMap(Packed(), read_extracts(data).frames)
    whole = 0.0
    for measure in MEASURES:
        if measure.name in GROUND:
            start = time.perf_counter()
            made = measure.compute(frames, Settings(), lambda share, doing: None)
            taken = time.perf_counter() - start
            whole += taken
            rows = sum(frame.height for frame in made.values())
            print(f"{measure.name:<14} {taken:6.1f} s  {rows:>9,} rows  peak {_peak():.2f} GB")
            frames.update(made)
            del made
    pairs = frames["hedging"].select("first", "second").unique().height
    grounds = frames["hedging"]["ground"].n_unique()
    print(f"{'all':<14} {whole:6.1f} s, {pairs} pairs, {grounds} grounds, peak {_peak():.2f} GB")
    validate_hedging(frames["hedging_percentile"])
    validate_presence(frames)


def _peak() -> float:
    """Peak memory of the process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def validate_hedging(percentile: pl.DataFrame) -> None:
    """Area under the curve of hedgers against aligners, with a bootstrap interval over cases."""
    found = {True: [], False: []}
    for hedger, cases in ((True, HEDGERS), (False, ALIGNERS)):
        for ground, first, second in cases:
            rows = percentile.filter(pl.col("period").is_in(YEARS), first=first, second=second, ground=ground)
            found[hedger].append(float(rows["value"].mean()))  # pyright: ignore[reportArgumentType]
            print(
                f"  {ground} between {first} and {second}: {found[hedger][-1]:.0f} {'hedger' if hedger else 'aligner'}"
            )
    rng = np.random.default_rng(1)
    one, two = np.array(found[True]), np.array(found[False])
    drawn = [area(rng.choice(one, one.size), rng.choice(two, two.size)) for _ in range(4000)]
    low, high = np.quantile(drawn, [0.05, 0.95])
    print(
        f"hedgers against aligners: area under the curve {area(one, two):.2f} (90% interval {low:.2f} to {high:.2f})"
    )


def area(one: np.ndarray, two: np.ndarray) -> float:
    """Share of pairs in which the first is higher; ties count half."""
    return float(np.mean((one[:, None] > two) + 0.5 * (one[:, None] == two)))


def validate_presence(frames: Mapping[str, pl.DataFrame]) -> None:
    """Rank correlation of China's presence with the ranks of the China Index: a look, nothing is fitted."""
    from scipy.stats import spearmanr

    layers = ("presence_turnover", "presence_arms", "membership_share", "finance_gdp")
    means = []
    for ground in CHINA_INDEX:
        ranks = []
        for layer in layers:
            rows = frames[layer].filter(pl.col("value").is_not_null(), power="CHN")
            last = rows.sort("period").group_by("ground").last()
            place = last.with_columns((pl.col("value").rank() / pl.len()).alias("rank")).filter(ground=ground)
            ranks += place["rank"].to_list()
        means.append(float(np.mean(ranks)))
    print(
        "China's presence, mean rank over layers:",
        {k: round(v, 2) for k, v in zip(CHINA_INDEX, means, strict=True)},
    )
    print(
        f"rank correlation with the China Index: {-spearmanr(list(CHINA_INDEX.values()), means).statistic:.2f} (n 5)"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
