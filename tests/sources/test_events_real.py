"""Real raw files: the same counts to the last one as a slow reader that is easy to see through."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from event_reference import Reader

from tripoint.sources.events import scan_days, scan_files

EVENTS = Path(__file__).parents[2].parent / "shared" / "data" / "events"
GDELT = (
    "raw_gdelt1_20160728_sample.export.CSV.gz",
    "raw_gdelt2_20151027220000.export.CSV.gz",
    "raw_gdelt2_20191024143000.export.CSV.gz",
)
ICEWS = ("raw_icews_events_2018_sample.tab.gz",)
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not EVENTS.is_dir(), reason="the shared data are not beside this checkout"),
]


def rows_of(frame):
    """The table as the slow reader has it; scores are exact to the hundredth."""
    return {
        row[:7]: [row[7], row[8], round(100 * row[9]), row[10] or 0]
        for row in frame.with_columns(pl.col(pl.Enum).cast(pl.String)).iter_rows()
    }


def slowly(paths, **settings):
    reader = Reader(**settings)
    for path in paths:
        reader.read(path)
    cells = {key: [cell[0], cell[1], round(100 * cell[2]), cell[3]] for key, cell in reader.cells.items()}
    return reader, cells


@pytest.mark.parametrize("names", [GDELT, ICEWS], ids=["gdelt", "icews"])
@pytest.mark.parametrize("grain", ["month", "day"])
@pytest.mark.parametrize("published", [False, True])
def test_all_counts_are_those_of_the_slow_reader(names, grain, published):
    paths = [EVENTS / name for name in names]
    scan = scan_files(paths, grain=grain, published_quad=published)
    reader, cells = slowly(
        [report.path for report in scan.reports],
        by_day=grain == "day",
        published=published,
        latest=date(2018, 12, 31),
    )
    assert rows_of(scan.frame) == cells
    for report in scan.reports:
        assert report.rows == reader.rows[report.path]
        assert report.kept == reader.kept[report.path]
        assert report.dropped == reader.dropped[report.path]
        assert report.shown == reader.shown[report.path]
        assert report.rows == report.kept + sum(report.dropped.values())


def test_the_samples_hold_what_they_are_known_to_hold():
    scan = scan_files([EVENTS / name for name in GDELT])
    kept = {report.path.name: (report.rows, report.kept) for report in scan.reports}
    assert kept == {GDELT[0]: (710, 125), GDELT[1]: (2116, 218), GDELT[2]: (2111, 269)}
    assert scan.frame["events"].sum() == 612
    assert {report.layout for report in scan.reports} == {"GDELT 1.0", "GDELT 2.0"}


def test_days_add_up_to_the_whole():
    paths = [EVENTS / name for name in GDELT]
    days = list(scan_days(paths))
    assert [day.added for day in days] == [date(2015, 10, 27), date(2016, 7, 28), date(2019, 10, 24)]
    keys = ["day", "source", "source_role", "target", "target_role", "quad", "place"]
    text = pl.col(pl.Enum).cast(pl.String)
    together = (
        pl.concat([day.scan.frame.with_columns(text) for day in days])
        .group_by(keys)
        .agg(pl.col("events", "scored", "goldstein", "mentions").sum())
    )
    assert rows_of(together) == rows_of(scan_files(paths, grain="day").frame)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_result_does_not_depend_on_threads(threads):
    paths = [EVENTS / name for name in GDELT]
    assert scan_files(paths, threads=threads).frame.equals(scan_files(paths[::-1]).frame)
