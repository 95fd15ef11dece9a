"""The build: everyone at once, killed at any moment, and the vintage in the package against a fresh one."""

import pickle
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.conftest import trade_tables, votes_tables
from tests.measures.events_building import counted, pairs_of, periods
from tests.measures.events_building import table as event_table
from tripoint.build import build_vintage, compare, compute_series, write_bundle
from tripoint.core.series import WHO
from tripoint.errors import CoverageError
from tripoint.measures.measure import Settings
from tripoint.measures.records import declared, records
from tripoint.measures.registry import MEASURES
from tripoint.sources import codebook
from tripoint.store.catalog import Tables, read_extracts
from tripoint.store.vintages import open_vintage, own_path

POWERS = ("CHN", "RUS", "USA")
STATES = ["CHN", "KAZ", "RUS", "USA", "UZB"]
SETTINGS = Settings(draws=19, powers=POWERS, effort=0.02)


def ties(rng):
    """Arms, treaties, memberships, investment, finance, visits and income of the five states."""
    years = range(2000, 2020)
    others = [(one, two) for one in STATES for two in STATES if one != two]
    tables = {
        "arms_transfers": [
            (year, one, two, float(rng.uniform(1, 90)), "sipri") for year in years for one, two in others
        ],
        "alliances": [
            (year, *pair, "defense", "atop") for year in years for pair in (("RUS", "KAZ"), ("KAZ", "RUS"))
        ],
        "memberships": [
            (year, state, f"O{number}", "full", "cow_igo")
            for year in years
            for state in STATES
            for number in rng.choice(20, 14, replace=False)
        ],
        "state_year": [
            (year, state, "gdp_current_usd", 1e10, "usd", "world_bank") for year in years for state in STATES
        ],
        "fdi_stocks": [
            (year, "KAZ", power, float(rng.uniform(1, 90)), "imf_dip_host")
            for year in years
            for power in POWERS
        ],
        "development_finance": [(year, "KAZ", "CHN", "oof", 50.0, "aiddata_gcdf") for year in years],
        "leader_visits": [(year, "CHN", "KAZ", "a leader", 1, "President", "ceias") for year in years],
    }
    return {
        name: pl.DataFrame(
            rows, schema=[column.name for column in codebook(name).columns], orient="row"
        ).with_columns(pl.lit(None, pl.String).alias("flag"))
        for name, rows in tables.items()
    }


def events(rng):
    """Two years of monthly events between three states, and their balances."""
    pairs = pairs_of(STATES[:3])
    months = periods("2018-01", "2019-12")
    rows = counted(rng, "icews", months, pairs, rng.normal(1, 0.3, (len(pairs), len(months))))
    scores = [
        (month, *pair, float(rng.normal(20, 9)), 28, "gdelt_scores")
        for month in months
        for pair in (("CHN", "KAZ"), ("CHN", "RUS"), ("KAZ", "RUS"))
    ]
    columns = [column.name for column in codebook("event_scores").columns]
    balances = pl.DataFrame(scores, schema=columns, orient="row")
    return {
        "event_counts": event_table(rows),
        "event_scores": balances.with_columns(pl.lit(None, pl.String).alias("flag")),
    }


def small_world(seed=0):
    """Votes of five states over twelve years, trade of two grounds, ties, and events."""
    rng = np.random.default_rng(seed)
    years = [2008 + k // 20 for k in range(240)]
    frames = votes_tables(rng.integers(1, 4, (5, 240)).astype(np.int8), STATES, years)
    frames["bridges"] = pl.DataFrame(schema={"resolution": pl.Int32, "same_as": pl.Int32})
    flows = []
    for ground, origin in (("KAZ", "kaz_bns"), ("UZB", "uzb_stat")):
        for year in range(2008, 2020):
            for partner, value in zip(POWERS, rng.uniform(100, 900, 3), strict=True):
                flows += [(year, ground, partner, flow, value, origin) for flow in ("export", "import")]
    for ground in POWERS:
        for year in range(2008, 2020):
            for partner in STATES:
                if partner != ground:
                    flows.append((year, ground, partner, "import", float(rng.uniform(100, 900)), "cow_trade"))
    frames |= trade_tables(flows) | ties(rng) | events(rng)
    return Tables(frames, dict.fromkeys(frames, ()), dict.fromkeys(frames, "0" * 64))


def test_every_measure_has_its_code_and_its_record():
    assert [measure.name for measure in MEASURES] == list(dict.fromkeys(measure.name for measure in MEASURES))
    assert {record.name for measure in MEASURES for record in measure.records} == set(records())


def test_a_small_world_is_built_whole():
    said = []
    manifest, frames = compute_series(
        small_world(), SETTINGS, progress=lambda share, doing: said.append(share)
    )
    assert set(frames) == {*records(), "reference"}
    assert manifest.last_full_year == 2019
    assert manifest.effort == SETTINGS.effort
    assert said == sorted(said)
    assert said[-1] == 1
    assert all(frame["value"].is_nan().sum() == 0 for frame in frames.values())


def test_the_same_tables_give_the_same_vintage():
    _, one = compute_series(small_world(), SETTINGS)
    _, two = compute_series(small_world(), SETTINGS)
    assert all(one[name].equals(two[name]) for name in one)


def test_without_tables_the_remedy_is_said():
    with pytest.raises(CoverageError, match="data pull un_votes"):
        compute_series(Tables({}, {}, {}), SETTINGS)


def test_votes_alone_make_the_measures_of_votes():
    world = small_world()
    votes = {name: frame for name, frame in world.frames.items() if name in ("votes", "roll_calls")}
    _, frames = compute_series(Tables(votes, dict.fromkeys(votes, ()), dict.fromkeys(votes, "")), SETTINGS)
    assert "kappa" in frames
    assert "presence_turnover" not in frames


def test_a_new_build_is_compared_with_the_old(tmp_path):
    old = build_vintage(small_world(), SETTINGS, home=tmp_path)
    _, frames = compute_series(small_world(1), SETTINGS)
    changes = {change.series: change for change in compare(old, frames)}
    assert changes["kappa"].keys_lost == 0
    assert changes["kappa"].largest_change > 0.01
    _, same = compute_series(small_world(), SETTINGS)
    assert {change.largest_change for change in compare(old, same)} == {0.0}


def test_killed_at_any_moment_the_old_vintage_stays(tmp_path):
    """Writers are frozen at 24 random moments and killed at eight of them; readers always find a whole vintage."""
    first = build_vintage(small_world(), SETTINGS, home=tmp_path)
    other = tmp_path / "other.pickle"
    other.write_bytes(pickle.dumps(compute_series(small_world(1), SETTINGS)))
    script = textwrap.dedent(
        """
        import pickle
        import sys
        import time
        from pathlib import Path
        from tripoint.build import write_vintage
        from tripoint.store.vintages import own_path
        home, other = map(Path, sys.argv[1:])
        manifest, frames = pickle.loads(other.read_bytes())
        start = time.perf_counter()
        write_vintage(own_path(home / "aside"), manifest, frames)
        print(time.perf_counter() - start, flush=True)
        while True:
            write_vintage(own_path(home), manifest, frames)
        """
    )
    names = {first.manifest.name}
    chance = random.Random(7)
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), str(other)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path.cwd(),
        )
        seconds = float(writer.stdout.readline())  # of one write
        for _ in range(3):
            time.sleep(chance.uniform(0.0, 1.5 * seconds))
            writer.send_signal(signal.SIGSTOP)  # as good as dead to a reader
            vintage = open_vintage(own_path(tmp_path))
            assert vintage.verify() == ()
            names.add(vintage.manifest.name)
            writer.send_signal(signal.SIGCONT)
        time.sleep(chance.uniform(0.0, seconds))
        writer.kill()
        writer.wait()
        writer.stdout.close()
        assert open_vintage(own_path(tmp_path)).verify() == ()
    assert len(names) == 2, "both vintages were seen, and no third"
    last = build_vintage(small_world(), SETTINGS, home=tmp_path)
    assert last.manifest.name == first.manifest.name
    left = [
        path.name
        for path in own_path(tmp_path).parent.iterdir()
        if "partial" in path.name or "aside" in path.name
    ]
    assert left == []


@pytest.mark.shared
def test_the_bundled_vintage_is_what_the_data_give(shared, tmp_path):
    """Rebuild from the shared extracts and compare: same keys, values within tolerance.

    Positions come from a fraction of the draws, which takes a minute and not twelve: they are as near as that allows.
    """
    bundled = open_vintage("bundled")
    fresh = write_bundle(tmp_path / "bundle", read_extracts(shared), Settings(effort=0.1))
    assert fresh.manifest.tables == bundled.manifest.tables
    assert set(fresh.manifest.series) == set(bundled.manifest.series)
    changes = compare(bundled, {name: fresh.frame(name) for name in fresh.manifest.series})
    assert {change.series: (change.keys_lost, change.keys_new) for change in changes} == {
        change.series: (0, 0) for change in changes
    }
    drawn = {record.name for record in declared("ideal_points").measures}
    # One grid step: a bound on the edge of the grid may fall either way on another machine.
    assert max(change.largest_change for change in changes if change.series not in drawn) <= 0.002
    for name in drawn:
        key = [*WHO[records()[name].grain], "period"]
        both = bundled.frame(name).join(fresh.frame(name), on=key, suffix="_now").drop_nulls("value")
        assert np.corrcoef(both["value"], both["value_now"])[0, 1] > 0.95, name
    reference = fresh.frame("reference").join(
        bundled.frame("reference"), on=["scale", "statistic", "rank"], suffix="_was"
    )
    assert reference.height == bundled.frame("reference").height
    quantiles = reference.filter(pl.col("statistic") == "quantile")
    assert (quantiles["value"] - quantiles["value_was"]).abs().max() <= 0.5
