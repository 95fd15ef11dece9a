"""Sweeps of the ideal-point samplers side by side: ``python -m benchmarks.ideal_points DATA [--authors CLONE]``.

All peers get the panel of the published estimates (sessions 1 to 74) in the same run. The authors' sampler is read from
a clone of their repository and run as it stands, with inputs laid out for it here; nothing of it is kept. MCMCpack's
MCMCdynamicIRT1d knows two choices only and no bridges, so it gets yes against the rest on every roll call.
A peer that is not installed is skipped.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from tripoint.measures.ideal_points import read_votes
from tripoint.models.ideal_points.fit import fit_ideal_points
from tripoint.models.ideal_points.panel import arrange
from tripoint.models.ideal_points.plan import Anchors, Plan
from tripoint.store.catalog import read_extracts

#: Numbers by which the authors' program knows the states that fix its sign.
KNOWN = {"USA": 2, "GBR": 200, "RUS": 365}
#: Last session of the published estimates.
LAST_SESSION = 74

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

AUTHORS_DRIVER = r"""
# Evaluates the authors' script up to its loop, with settings of ours, then times the body of the loop.
options(warn = -1)
given <- commandArgs(TRUE)
settings <- list(Path = paste0(given[2], "/"), DataCode = "All", FileSuffix = "panel", K = 1, Thin = 1, Burn = 1e9,
                 RunDataOrganizer = 0, Continuation = 0, CreateAgreeMatrix = 0, FitStats = 0)
slashes <- function(path) gsub("\\", "/", path, fixed = TRUE)
read.table <- function(file, ...) utils::read.table(slashes(file), ...)
sourceCpp <- function(file, ...)
    Rcpp::sourceCpp(file.path(dirname(given[1]), "RcppFunctions", basename(slashes(file))), env = globalenv())
if (!requireNamespace("RcppZiggurat", quietly = TRUE)) {
    zrnorm <- rnorm
    library <- function(...) NULL
}
local({
    for (step in as.list(parse(given[1]))) {
        called <- if (is.call(step)) as.character(step[[1]])[1] else ""
        if (called == "while") break
        name <- if (called %in% c("=", "<-") && is.name(step[[2]])) as.character(step[[2]]) else ""
        if (name %in% names(settings)) assign(name, settings[[name]], envir = globalenv())
        else eval(step, globalenv())
    }
    body <- compiler::compile(step[[3]], globalenv())
    spent <- function() {
        now <- proc.time()
        c(now[["elapsed"]], now[["user.self"]] + now[["sys.self"]])
    }
    seconds <- matrix(NA, as.integer(given[3]), 2)
    for (sweep in seq_len(nrow(seconds))) {
        start <- spent()
        eval(body, globalenv())
        seconds[sweep, ] <- spent() - start
    }
    stopifnot(all(is.finite(globalenv()$Theta)))
    write(t(seconds), given[4], ncolumns = 2)
    write(globalenv()$Theta, given[5], ncolumns = 1)
})
"""

MCMCPACK_DRIVER = r"""
# Times the compiled part of MCMCdynamicIRT1d. Its preparation in R appends votes row by row, for hours on this many:
# the rows are made here at once instead.
suppressMessages(library(MCMCpack))
given <- commandArgs(TRUE)
cells <- as.matrix(read.csv(file.path(given[1], "cells.csv")))
votes <- matrix(NA_integer_, max(cells[, "row"]), max(cells[, "column"]))
votes[cells[, c("row", "column")]] <- cells[, "yes"]
rownames(votes) <- readLines(file.path(given[1], "states.txt"))
cells[, c("row", "column")] <- cells[, c("row", "column")] - 1L
spent <- NULL
timed <- new.env(parent = environment(MCMCdynamicIRT1d))
timed$rbind <- function(...) NULL
timed$.C <- function(...) {
    passed <- list(...)
    passed$Ydata <- as.integer(cells[, c("row", "column", "yes")])
    passed$Yrow <- nrow(cells)
    passed$Ycol <- 3L
    time <- system.time(drawn <- do.call(base::.C, passed))
    spent <<- c(time[["elapsed"]], time[["user.self"]] + time[["sys.self"]])
    drawn
}
sampler <- MCMCdynamicIRT1d
environment(sampler) <- timed
sweeps <- as.integer(given[2])
invisible(sampler(
    votes, item.time.map = scan(file.path(given[1], "periods.txt"), quiet = TRUE),
    theta.constraints = list(USA = "+", RUS = "-"), burnin = 0, mcmc = sweeps, seed = 1, store.item = FALSE))
write(spent / sweeps, given[3])
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one sweep over some votes, by the wall clock and of processors; or why there are none."""

    name: str
    votes: int
    wall: float | None
    cpu: float | None
    remark: str = ""


def read_panel(extracts: Path) -> pl.DataFrame:
    """Votes of the published panel: number, state, session, resolution, item, vote (1 yes, 2 abstain, 3 no)."""
    votes = read_votes(read_extracts(extracts).frames).filter(pl.col("session") <= LAST_SESSION)
    number = pl.col("path").rank("dense").cast(pl.Int64) + 1000
    return (
        votes.filter(pl.col("vote").n_unique().over("item") > 1)
        .select(
            pl.col("path").replace_strict(KNOWN, default=number).alias("number"),
            pl.col("path").alias("state"),
            "session",
            pl.col("roll").alias("resolution"),
            "item",
            "vote",
        )
        .sort("item", "number", "session")
    )


def main(extracts: Path, authors: Path | None, sweeps: int) -> None:
    """Time all samplers and print one table."""
    panel = read_panel(extracts)
    units = panel.select("number", "session").n_unique()
    print(
        f"{panel.height:,} votes, {units:,} state-sessions, {panel['number'].n_unique()} states, "
        f"{panel['item'].n_unique():,} items; {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}"
    )
    timings = [
        _our_timing("ours, 1 chain", panel, 10 * sweeps, 1),
        _our_timing("ours, 2 chains on 2 threads", panel, 10 * sweeps, 2),
    ]
    with tempfile.TemporaryDirectory() as folder:
        timings.append(_authors(panel, authors, sweeps, Path(folder)))
        timings.append(_mcmcpack(panel, max(2, sweeps // 5), Path(folder)))
    _show(timings)
    print(f"load at the end {os.getloadavg()[0]:.2f}")


def _ours(panel: pl.DataFrame, sweeps: int, threads: int) -> tuple[float, float]:
    """Wall and processor seconds a sweep of our sampler, published scheme: one chain on each thread.

    A long run less a short one, so that the set-up drops out; divided by the sweeps of all chains together.
    """
    states = panel["state"].unique().sort().to_list()
    columns = panel.select("session", "resolution", "vote", "item")
    session, roll, vote, item = (columns[name].to_numpy() for name in columns.columns)
    arranged = arrange(states, np.searchsorted(states, panel["state"].to_numpy()), session, roll, vote, item)
    anchors = Anchors(above=("USA", "CAN", "GBR", "ISR"), below=("RUS",))

    def run(count: int) -> np.ndarray:
        plan = Plan(scheme="published", chains=threads, burn=count, sweeps=8, thin=1)
        start = np.array([time.perf_counter(), time.process_time()])
        fit_ideal_points(arranged, anchors, plan)
        return np.array([time.perf_counter(), time.process_time()]) - start

    run(1)  # compiled before the clock starts
    wall, cpu = (run(sweeps + 1) - run(1)) / (sweeps * threads)
    return wall, cpu


def _authors(panel: pl.DataFrame, clone: Path | None, sweeps: int, folder: Path) -> Timing:
    """Seconds a sweep of the authors' R and C++, median after two sweeps."""
    name = "authors' R and C++"
    script = clone / "UN_Ideal_Rcpp.R" if clone else None
    if script is None or not script.is_file():
        return Timing(name, panel.height, None, None, "skipped: no clone of the authors' repository")
    if reason := _lacks("Rcpp"):
        return Timing(name, panel.height, None, None, reason)
    _lay_out_for_authors(panel, folder / "Output")
    seconds, draws = folder / "authors.txt", folder / "draws.txt"
    done = _r(AUTHORS_DRIVER, folder, script.resolve(), folder, 2 + sweeps, seconds, draws)
    if not seconds.exists():
        return Timing(name, panel.height, None, None, f"failed: {done.stderr.strip()[-200:]}")
    each = np.loadtxt(seconds)[2:]
    wall, cpu = np.median(each, axis=0)
    return Timing(
        name, panel.height, wall, cpu, f"{each[:, 0].min() * 1e3:.0f} to {each[:, 0].max() * 1e3:.0f} ms"
    )


def _mcmcpack(panel: pl.DataFrame, sweeps: int, folder: Path) -> Timing:
    """Seconds a sweep of MCMCdynamicIRT1d on yes against the rest."""
    name = "MCMCpack, yes or not"
    cells = panel.with_columns(yes=(pl.col("vote") == 1).cast(pl.Int8)).filter(
        pl.col("yes").n_unique().over("resolution") > 1
    )
    if reason := _lacks("MCMCpack"):
        return Timing(name, cells.height, None, None, reason)
    cells = cells.with_columns(
        row=pl.col("state").rank("dense"), column=pl.struct("session", "resolution").rank("dense")
    )
    cells.select("row", "column", "yes").sort("row", "column").write_csv(folder / "cells.csv")
    (folder / "states.txt").write_text("\n".join(cells["state"].unique().sort()) + "\n", "utf-8")
    periods = cells.select("column", pl.col("session").rank("dense")).unique().sort("column")["session"]
    np.savetxt(folder / "periods.txt", periods.to_numpy(), fmt="%d")
    seconds = folder / "mcmcpack.txt"
    done = _r(MCMCPACK_DRIVER, folder, folder, sweeps, seconds)
    if not seconds.exists():
        return Timing(name, cells.height, None, None, f"failed: {done.stderr.strip()[-200:]}")
    wall, cpu = np.loadtxt(seconds)
    return Timing(name, cells.height, wall, cpu)


def _lay_out_for_authors(panel: pl.DataFrame, folder: Path) -> None:
    """Write the tables that the authors' sampler reads: votes by item, where each unit's votes are, starts."""
    folder.mkdir()
    keys = panel.select("number", "session").to_numpy()
    units, unit = np.unique(keys, axis=0, return_inverse=True)
    unit = unit.ravel()
    items, first = np.unique(panel["item"].to_numpy(), return_index=True)
    ends = np.append(first[1:], panel.height)
    counts = np.bincount(unit)
    places = np.full((len(units), counts.max()), -1)
    order = np.argsort(unit, kind="stable")
    within = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    places[unit[order], within] = order + 1
    neighbours, gap = _neighbours(units)
    weight = counts / (counts + counts[neighbours])
    vote = panel["vote"].to_numpy()
    tally = np.stack([np.add.reduceat(vote == choice, first, dtype=int) for choice in (1, 2, 3)], 1)
    shares = tally.cumsum(1) / tally.sum(1, keepdims=True)
    infinite = np.full(len(items), np.inf)
    codes = {(True, True, True): 1, (True, True, False): 2, (False, True, True): 3, (True, False, True): 4}
    seats = (
        panel.filter(pl.col("number").is_in([2, 200, 365]))
        .unique(["item", "number"], keep="first", maintain_order=True)
        .pivot("number", index="item", values="vote")
    )
    of_powers = pl.DataFrame({"item": items}).join(seats, on="item", how="left").select("2", "200", "365")
    _table(
        folder / "AllData_panel.txt",
        np.column_stack(
            [np.round(keys[:, 0] + keys[:, 1] / 100, 2), keys, panel["resolution", "item", "vote"]]
        ),
    )
    _table(folder / "VoteStartEnd_panel.txt", np.column_stack([first + 1, ends]))
    _table(folder / "IObsMat_panel.txt", np.where(places < 0, np.nan, places))
    _table(folder / "VoteN_panel.txt", ends - first)
    _table(folder / "IndN_panel.txt", counts)
    _table(folder / "CountryList_panel.txt", units[:, 0])
    _table(folder / "SessionList_panel.txt", units[:, 1])
    _table(folder / "SmoothVector_panel.txt", weight)
    _table(folder / "GapYear_panel.txt", gap.astype(int))
    _table(folder / "VoteCode_panel.txt", np.array([codes[tuple(seen)] for seen in (tally > 0).tolist()]))
    _table(folder / "VoteList_panel.txt", items)
    _table(folder / "gStart_panel.txt", np.column_stack([-infinite, 2 * shares[:, :2] - 1, infinite]))
    _table(folder / "USUKRussia_panel.txt", of_powers.to_numpy().astype(float))


def _neighbours(units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The unit that each unit leans on, that before it and the second for the first, and whether a gap lies between."""
    starts = np.append(True, units[1:, 0] != units[:-1, 0])
    alone = np.append(starts[1:], True) & starts
    leans = np.arange(len(units)) + np.where(starts, 1, -1)
    leans[alone] = np.flatnonzero(alone)
    gap = ~starts & (units[:, 1] - units[leans, 1] > 1)
    return leans, gap


def _table(path: Path, values: np.ndarray) -> None:
    """Write numbers as R reads them."""
    rows = pl.DataFrame(np.column_stack([values]).astype(float)).fill_nan(None)
    rows.write_csv(path, include_header=False, separator=" ", null_value="NA")


def _lacks(package: str) -> str:
    """Why an R package cannot be used; empty if it can."""
    if not shutil.which("Rscript"):
        return "skipped: no Rscript on the PATH"
    asked = f"quit(status = !requireNamespace('{package}', quietly = TRUE))"
    done = subprocess.run(["Rscript", "-e", asked], check=False, capture_output=True)
    return f"skipped: no R package {package}" if done.returncode else ""


def _r(driver: str, folder: Path, *given: object) -> subprocess.CompletedProcess[str]:
    script = folder / "driver.R"
    script.write_text(driver, "utf-8")
    command = ["Rscript", "--vanilla", str(script), *map(str, given)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | ONE_THREAD)


def _our_timing(name: str, panel: pl.DataFrame, sweeps: int, threads: int) -> Timing:
    return Timing(name, panel.height, *_ours(panel, sweeps, threads))


def _show(timings: list[Timing]) -> None:
    print(f"{'':<29}{'votes':>8}{'ms a sweep':>12}{'ms CPU':>9}{'us a vote':>11}{'to ours':>9}")
    base = timings[0].wall and timings[0].wall / timings[0].votes
    for timing in timings:
        line = f"{timing.name:<29}{timing.votes:>8,}"
        if timing.wall is not None and timing.cpu is not None:
            a_vote = timing.wall / timing.votes
            line += f"{timing.wall * 1e3:>12.1f}{timing.cpu * 1e3:>9.1f}{a_vote * 1e6:>11.3f}"
            line += f"{a_vote / base:>9.1f}" if base else f"{'-':>9}"
        print(f"{line}  {timing.remark}".rstrip())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("extracts", type=Path, help="folder of shared data")
    parser.add_argument("--authors", type=Path, help="clone of the authors' repository")
    parser.add_argument("--sweeps", type=int, default=20, help="sweeps timed of each peer")
    given = parser.parse_args()
    main(given.extracts, given.authors, given.sweeps)
