"""All figures that the documentation quotes: ``python -m benchmarks ../shared/data``.

Each child process is measured by its own CPU time and peak memory, as the system counts them.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy

# Heavy modules are imported where they are used: until the commands are measured this process has to stay small,
# because the peak memory of a child counts from the size of its parent.

YEARS = (2018, 2019)


def similarity_against_pandas(extracts: Path) -> None:
    """Vote similarity of all pairs, without and with intervals, against a group-by loop over dyads in pandas."""
    import numpy as np

    from tripoint.measures.ballots import read_ballots
    from tripoint.models.similarity import bootstrap_pairs
    from tripoint.store.catalog import read_extracts

    ballots = read_ballots(read_extracts(extracts).frames)
    rolls = ballots.of_years(*YEARS)
    votes, titles = ballots.votes[:, rolls], ballots.titles[rolls]
    members = np.flatnonzero((votes > 0).any(1))
    votes = votes[members]
    bootstrap_pairs(votes[:3], titles, 3, 0.9, np.random.default_rng(0))  # compiled before the clock starts
    point = _fastest(lambda: bootstrap_pairs(votes, titles, 3, 0.9, np.random.default_rng(0)), 5)
    whole = _fastest(lambda: bootstrap_pairs(votes, titles, 399, 0.9, np.random.default_rng(0)), 3)
    start = time.perf_counter()
    n_pairs = _pandas_loop(votes[:40])
    peer = (time.perf_counter() - start) / n_pairs
    all_pairs = len(members) * (len(members) - 1) // 2
    print(f"vote similarity of {all_pairs:,} pairs on {len(rolls)} roll calls")
    print(f"  ours, 3 draws     {point / all_pairs * 1e6:9.2f} us a pair")
    print(f"  ours, 399 draws   {whole / all_pairs * 1e6:9.2f} us a pair, with intervals")
    print(f"  pandas group-by   {peer * 1e6:9.2f} us a pair, no interval ({n_pairs} pairs timed)")
    without, with_intervals = peer / (point / all_pairs), peer / (whole / all_pairs)
    print(f"  ratio             {without:9.0f} times without, {with_intervals:.0f} times with")


def _fastest(work, times: int) -> float:
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def _pandas_loop(votes: "numpy.ndarray") -> int:
    """The usual way: long table joined with itself, grouped by dyad, one measure after the other."""
    import numpy as np
    import pandas as pd

    state, roll = np.nonzero(votes)
    long = pd.DataFrame({"state": state, "roll": roll, "vote": votes[state, roll]})
    both = long.merge(long, on="roll", suffixes=("_a", "_b"))
    both = both[both["state_a"] < both["state_b"]]
    count = 0
    for _, pair in both.groupby(["state_a", "state_b"]):
        a, b = pair["vote_a"].to_numpy(float), pair["vote_b"].to_numpy(float)
        difference = pd.Series(np.abs(a - b))
        counts = pd.crosstab(pair["vote_a"], pair["vote_b"]).reindex(
            index=[1, 2, 3], columns=[1, 2, 3], fill_value=0
        )
        shares = counts.to_numpy() / counts.to_numpy().sum()
        distance = np.subtract.outer(range(3), range(3)) ** 2 / 4
        expected = (np.outer(shares.sum(1), shares.sum(0)) * distance).sum()
        _ = (
            (difference == 0).mean(),
            1 - difference.mean() / 2,
            1 - (shares * distance).sum() / (expected or np.nan),
        )
        count += 1
    return count


def child(title: str, *command: str, runs: int = 5) -> None:
    """CPU seconds (best of some runs) and peak memory of a command."""
    best, peak = float("inf"), 0.0
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(done.pid, 0)
        done.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if usage.ru_utime + usage.ru_stime < best:
            best, best_wall, peak = usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1e6
    print(f"{title:<40} {best:6.2f} s CPU {best_wall:6.2f} s {peak:5.2f} GB  exit {done.returncode}")


def main(extracts: Path) -> None:
    """Everything, one after the other."""
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    command = str(Path(sys.executable).with_name("tripoint"))
    with tempfile.TemporaryDirectory() as home:
        os.environ["TRIPOINT_HOME"] = home
        child("tripoint --help", command, "--help", runs=9)
        child("tripoint reading", command, "reading", "RUS", "CHN", "KAZ", "--json", runs=9)
        child("tripoint report", command, "report", "RUS", "CHN", "KAZ", "-o", f"{home}/k.html", runs=5)
        child("tripoint build, whole world", command, "build", "--extracts", str(extracts), runs=1)
    similarity_against_pandas(extracts)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
