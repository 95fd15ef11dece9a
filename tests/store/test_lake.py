"""Raw event files taken into a lake: each once, whatever is killed, full, damaged or in the way."""

import errno
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sources.event_building import (
    ICEWS_HEADER,
    POLECAT_HEADER,
    gdelt_row,
    header_line,
    icews_row,
    lined,
    polecat_row,
    zipped,
)
from tests.sources.event_reference import Reader
from tests.store.lake_building import (
    FIRST,
    cells_of,
    days_of_files,
    files_in,
    in_hundredths,
    named_in,
    parts_of,
    taken_of,
)

from tripoint.errors import LockedError, ParseError, StoreError, UsageError
from tripoint.sources.events import inflate, reading, scan_days, scan_files
from tripoint.sources.events.scan import read_ahead
from tripoint.sources.events.tally import new_window
from tripoint.store import files
from tripoint.store.lake import intake as taking
from tripoint.store.lake import ledger
from tripoint.store.lake.intake import event_files, take_in

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "events"
LATEST = date(2030, 1, 1)
#: A window so small that it turns over within a few days.
SMALL = partial(new_window, 1 << 9)


@pytest.fixture
def raw(tmp_path):
    return tmp_path / "raw"


@pytest.fixture
def small_window(monkeypatch):
    """A window that is written quickly and forgets soon."""
    monkeypatch.setattr(ledger, "new_window", SMALL)


def manifest(home, provider="gdelt"):
    return (ledger.lake_folder(home, provider) / ledger.MANIFEST).read_bytes()


def one(intakes):
    (found,) = intakes
    return found


def write(folder, name, content):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


def sound(number, **parts):
    return lined(gdelt_row(id=str(number), address=f"a{number}", **parts))


def same_lake(one_home, other_home):
    """Whether two lakes are the same to the row, and remember the same."""
    assert parts_of(one_home).equals(parts_of(other_home))
    columns = ["name", "sha256", "rows", "kept", "dropped", "added", "fault"]
    assert taken_of(one_home).select(columns).equals(taken_of(other_home).select(columns))
    one_window, other_window = (ledger.open_lake(home, "gdelt").window for home in (one_home, other_home))
    assert one_window.sha256 == other_window.sha256


def slowly(paths, **settings):
    """What the slow reader finds in files, in the order in which they are given."""
    reader = Reader(by_day=True, latest=LATEST, **settings)
    for path in paths:
        reader.read(path)
    return {key: [cell[0], cell[1], round(100 * cell[2]), cell[3]] for key, cell in reader.cells.items()}


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared data are not beside this checkout")
@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("provider", ["gdelt", "icews"])
def test_real_files_give_the_sums_of_a_scan_and_of_the_slow_reader(home, provider, published):
    paths = sorted(SAMPLES.glob(f"raw_{provider}*"))
    found = one(take_in(paths, home, published_quad=published, latest=LATEST))
    scan = scan_files(paths, grain="day", published_quad=published, latest=LATEST)
    order = [report.path for report in scan.reports]
    lake = cells_of(parts_of(home, provider))
    assert lake == cells_of(in_hundredths(scan.frame)) == slowly(order, published=published)
    assert (found.provider, found.files, found.faults) == (provider, len(paths), [])
    assert found.dropped == scan.dropped
    assert sum(cell[0] for cell in lake.values()) == found.kept > 100


@pytest.mark.usefixtures("small_window")
def test_what_is_made_gives_the_sums_of_a_scan_with_every_row_accounted_for(home, raw):
    # Few enough rows that a window of this size forgets none of them.
    paths = days_of_files(raw, 20)
    found = one(take_in([raw], home, batch=50))
    whole = scan_files(paths, grain="day")
    assert cells_of(parts_of(home)) == cells_of(in_hundredths(whole.frame)) == slowly(paths)
    by_day = [in_hundredths(day.scan.frame) for day in scan_days(paths)]
    assert parts_of(home).drop("added").equals(pl.concat(by_day))
    taken = taken_of(home)
    for row in taken.iter_rows(named=True):
        assert row["rows"] == row["kept"] + sum(one["rows"] for one in row["dropped"])
    reasons = taken.explode("dropped").unnest("dropped", separator="_").drop_nulls("dropped_reason")
    dropped = dict(reasons.group_by("dropped_reason").agg(pl.col("dropped_rows").sum()).iter_rows())
    assert found.dropped == whole.dropped == dropped
    assert {"repeated event id", "duplicate", "negative mentions"} <= dropped.keys()
    assert (found.files, found.rows, found.kept) == (40, taken["rows"].sum(), taken["kept"].sum())
    assert found.kept == parts_of(home)["events"].sum()
    assert found.rows == found.kept + sum(dropped.values())
    assert taken["sha256"].to_list() == [files.sha256_of(path) for path in paths]
    assert taken["added"].unique(maintain_order=True).to_list() == [day.added for day in scan_days(paths)]


def test_a_second_run_changes_nothing_and_one_more_day_is_all_that_is_read(home, raw):
    paths = days_of_files(raw, 4)
    take_in(paths[:6], home)
    before, written = manifest(home), files_in(home)
    read = []

    def counted(paths, settings):
        read.extend(path.name for path in paths)
        return read_ahead(paths, settings)

    assert one(take_in(paths[:6], home, read=counted)) == taking.Intake("gdelt", known=6)
    assert (manifest(home), files_in(home), read) == (before, written, [])
    added = one(take_in([raw], home, read=counted))
    assert (added.files, added.known, read) == (2, 6, [path.name for path in paths[6:]])
    assert cells_of(parts_of(home)) == slowly(paths)
    os.utime(paths[0])
    assert one(take_in([raw], home, read=counted)).known == 8
    assert read[2:] == [paths[0].name]


def test_a_file_that_stays_bad_is_said_each_time_and_listed_once(home, raw):
    days_of_files(raw, 1)
    bad = write(raw, "20160129000000.export.CSV.zip", b"<!DOCTYPE html><html>Please log in</html>")
    first = one(take_in([raw], home))
    before = manifest(home)
    again = one(take_in([raw], home))
    assert (first.files, again.files, again.known) == (2, 0, 2)
    assert first.faults == again.faults
    assert "web page" in first.faults[0]
    assert manifest(home) == before
    bad.write_bytes(b"")
    assert "empty" in one(take_in([raw], home)).faults[0]
    assert taken_of(home).filter(pl.col("name") == bad.name)["fault"].str.contains("empty").all()


@pytest.mark.usefixtures("small_window")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_any_split_over_runs_in_ascending_days_is_one_run(tmp_path_factory, data):
    place = tmp_path_factory.mktemp("split")
    paths = days_of_files(place / "raw", 8, rows=10, seed=data.draw(st.integers(0, 99)))
    take_in(paths, place / "whole")
    cuts = sorted(data.draw(st.sets(st.integers(1, 7), max_size=4)))
    for start, end in zip([0, *cuts], [*cuts, 8], strict=True):
        some = data.draw(st.permutations(paths[2 * start : 2 * end]))
        take_in(some, place / "split", batch=data.draw(st.sampled_from([1, 15, 40, 10**6])))
    same_lake(place / "whole", place / "split")
    assert files_in(place / "split") == named_in(place / "split")


#: Takes files in whenever it is told to, each time in a process of its own that begins with everything loaded. That
#: process is killed a given time after it read a given day; how it ended is said, and the seconds it took.
_TAKER = """
import os, signal, sys, time
from functools import partial
from pathlib import Path
from tripoint.sources.events.tally import new_window
from tripoint.store.lake import intake, ledger
ledger.new_window = partial(new_window, 1 << 9)
for line in sys.stdin:
    home, day, later = line.split()
    start = time.monotonic()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process at once, as SIGKILL does
        days = iter(range(1, 1000))
        def progress(done, whole, rows):
            if next(days) == int(day):
                signal.setitimer(signal.ITIMER_REAL, float(later))
        intake.take_in([Path(sys.argv[1])], Path(home), batch=1, progress=progress)
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(ended, time.monotonic() - start, flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_killed_at_any_moment_no_row_is_lost_and_none_counts_twice(tmp_path, raw):
    days_of_files(raw, 100, rows=8)
    chance = random.Random(20160128)
    program = [sys.executable, "-c", _TAKER, str(raw)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as taker:
        assert taker.stdin is not None
        assert taker.stdout is not None

        def run(home, day=0, later=0.0):
            taker.stdin.write(f"{home} {day} {later:.9f}\n")
            taker.stdin.flush()
            ended, took = taker.stdout.readline().split()
            return int(ended), float(took)

        ended, took = run(tmp_path / "whole")
        assert ended == 0
        broken, batches = tmp_path / "broken", [0]
        for _ in range(14):
            ended, _ = run(broken, chance.randint(1, 5), chance.uniform(1e-6, took / 100))
            assert ended == -signal.SIGALRM
            lake = ledger.open_lake(broken, "gdelt")
            batches.append(len(lake.lists) if lake else 0)
            assert lake is None or ledger.faults(broken, lake) == ()
        assert run(broken)[0] == 0
        taker.stdin.close()
    assert batches == sorted(batches)
    assert len(set(batches)) > 4
    same_lake(tmp_path / "whole", broken)
    assert "repeated event id" in {one["reason"] for row in taken_of(broken)["dropped"] for one in row}
    assert files_in(broken) == named_in(broken)
    assert one(take_in([raw], broken)).known == 200


class _EnoughError(Exception):
    pass


@pytest.mark.parametrize("error", [KeyboardInterrupt, _EnoughError])
@pytest.mark.usefixtures("small_window")
def test_an_interrupted_run_keeps_what_it_wrote_and_the_next_one_goes_on(tmp_path, raw, error):
    days_of_files(raw, 10)
    take_in([raw], tmp_path / "whole", batch=1)
    for moment in (1, 2, 7):
        home, calls = tmp_path / str(moment), iter(range(1, 100))

        def interrupt(done, whole, rows, moment=moment, calls=calls):
            if next(calls) == moment:
                raise error

        with pytest.raises(error):
            take_in([raw], home, batch=1, progress=interrupt)
        lake = ledger.open_lake(home, "gdelt")
        assert (len(lake.lists) if lake else 0) == moment - 1
        if lake:
            assert parts_of(home).equals(parts_of(tmp_path / "whole").head(parts_of(home).height))
        take_in([raw], home, batch=1)
        same_lake(tmp_path / "whole", home)
        assert files_in(home) == named_in(home)


@pytest.mark.usefixtures("small_window")
def test_wherever_the_disk_is_full_the_lake_is_as_it_was(monkeypatch, tmp_path, raw):
    paths = days_of_files(raw, 2)
    take_in([raw], tmp_path / "whole", batch=1)
    sync, home = files._sync_file, tmp_path / "home"
    take_in(paths[:2], home)
    before, written = manifest(home), files_in(home)
    for moment in range(1, 5):  # sums, list, window, manifest
        calls = iter(range(1, 100))

        def full(path, moment=moment, calls=calls):
            if path.parent.name != "events" and next(calls) == moment:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            sync(path)

        monkeypatch.setattr(files, "_sync_file", full)
        with pytest.raises(StoreError, match="the disk is full"):
            take_in([raw], home, batch=1)
        assert manifest(home) == before
        assert written <= files_in(home)
    monkeypatch.undo()
    monkeypatch.setattr(ledger, "new_window", SMALL)
    assert one(take_in([raw], home, batch=1)).known == 2
    same_lake(tmp_path / "whole", home)
    assert files_in(home) == named_in(home)


def test_a_small_disk_holds_the_days_that_fit(tmp_path, raw):
    mount = shutil.which("mount")
    small = tmp_path / "small"
    small.mkdir()
    if mount is None or os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    # What is remembered has 16 MiB, and the new is written before the old is removed.
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=20m", "tmpfs", small], check=False).returncode:
        pytest.skip("this system mounts no tmpfs")
    try:
        days_of_files(raw, 3)
        with pytest.raises(StoreError, match="the disk is full"):
            take_in([raw], small, batch=1)
        assert len(taken_of(small)) == 2
        subprocess.run([mount, "-o", "remount,size=64m", small], check=True)
        assert one(take_in([raw], small, batch=1)).known == 2
        take_in([raw], tmp_path / "whole")
        same_lake(tmp_path / "whole", small)
    finally:
        subprocess.run(["umount", small], check=True)


def test_sums_too_large_for_the_disk_are_no_traceback(home, raw, monkeypatch):
    resource = pytest.importorskip("resource")
    days_of_files(raw, 1, rows=200)
    monkeypatch.setattr(ledger, "new_window", SMALL)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    said = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(StoreError, match="cannot write"):
            take_in([raw], home)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, said)
    assert ledger.open_lake(home, "gdelt") is None
    assert one(take_in([raw], home)).files == 2


@pytest.mark.parametrize("runs", [1, 2])
def test_one_name_with_two_contents_is_refused_with_both_hashes(home, raw, runs):
    name = "20160128000000.export.CSV"
    first, second = write(raw / "a", name, sound(1)), write(raw / "b", name, sound(2))
    other = write(raw / "c", "20160129000000.export.CSV", sound(3))
    asked = [[first, second, other]] if runs == 1 else [[first], [second, other]]
    found = [one(take_in(paths, home)) for paths in asked]
    assert sum(intake.files for intake in found) == 2
    (fault,) = found[-1].faults
    for path in (first, second):
        assert files.sha256_of(path)[:12] in fault
    assert "Rename this one" in fault
    assert taken_of(home)["fault"].null_count() == 2
    assert cells_of(parts_of(home)) == slowly([first, other])
    before = manifest(home)
    assert one(take_in([second], home)).faults == [fault]
    assert manifest(home) == before
    renamed = second.rename(raw / "b" / "20160128001500.export.CSV")
    assert one(take_in([renamed], home)).files == 1


def test_one_content_under_two_names_counts_once(home, raw):
    first = write(raw, "20160128000000.export.CSV", sound(1))
    write(raw, "20160128001500.export.CSV", sound(1))
    assert one(take_in([raw], home)) == taking.Intake("gdelt", files=1, known=1, rows=1, kept=1)
    first.rename(raw / "20160128003000.export.CSV")
    assert one(take_in([raw], home)) == taking.Intake("gdelt", known=2)
    assert one(take_in([raw], home)) == taking.Intake("gdelt", known=2)
    assert taken_of(home)["name"].to_list() == ["20160128000000.export.CSV"]


def test_a_file_cut_off_is_taken_in_when_it_is_whole(home, raw):
    whole = zipped(sound(1))
    path = write(raw, "20160128000000.export.CSV.zip", whole[:-30])
    write(raw, "20160129000000.export.CSV.zip", zipped(sound(2)))
    first = one(take_in([raw], home))
    assert (first.files, len(first.faults)) == (1, 1)
    assert "cut off" in first.faults[0]
    assert sorted(taken_of(home)["fault"].is_null()) == [False, True]
    path.write_bytes(whole)
    assert one(take_in([raw], home)) == taking.Intake("gdelt", files=1, known=1, rows=1, kept=1)
    assert taken_of(home)["fault"].null_count() == 2
    path.write_bytes(whole[:-30])
    assert "cut off" in one(take_in([raw], home)).faults[0]
    assert taken_of(home)["fault"].null_count() == 2


def test_what_is_no_event_file_is_refused_and_the_rest_is_taken_in(home, raw):
    bad = {
        "page.zip": (b"<html><body>Not found</body></html>", "web page"),
        "bomb.zip": (zipped(b"\0" * (40 << 20)), "not safe"),
        "noise.csv": (bytes(range(256)) * 9, "no layout"),
        "empty.csv": (b"", "empty"),
    }
    for name, (content, _) in bad.items():
        write(raw, name, content)
    write(raw, "sound.csv", sound(1))
    found = one(take_in([raw], home))
    assert (found.files, found.kept) == (1, 1)
    for name, (_, word) in bad.items():
        (fault,) = (fault for fault in found.faults if name in fault)
        assert word in fault
    assert taken_of(home).filter(pl.col("fault").is_null())["name"].to_list() == ["sound.csv"]


def mixed(folder):
    write(folder, "20160128.export.CSV", sound(1) + sound(2))
    write(folder, "events.2018.tab", lined(header_line(ICEWS_HEADER), icews_row()))
    write(folder, "ngecEvents.DV.2023.txt", lined(header_line(POLECAT_HEADER), polecat_row()))


def test_providers_end_in_lakes_of_their_own(home, raw):
    mixed(raw)
    write(raw, "page.zip", b"<html></html>")
    found = {intake.provider: intake for intake in take_in([raw], home)}
    assert {provider: (one.files, one.kept) for provider, one in found.items()} == {
        "gdelt": (1, 2), "icews": (1, 1), "polecat": (1, 1),
    }  # fmt: skip
    assert [len(intake.faults) for intake in found.values()] == [1, 0, 0]
    assert [lake.provider for lake in ledger.lakes(home)] == ["gdelt", "icews", "polecat"]
    assert parts_of(home, "icews")["mentions"].null_count() == 1
    assert parts_of(home, "polecat")["hundredths"].to_list() == [-250]
    before = [manifest(home, lake.provider) for lake in ledger.lakes(home)]
    again = take_in([raw], home)
    assert [(intake.known, intake.files) for intake in again] == [(1, 0)] * 3
    assert [manifest(home, lake.provider) for lake in ledger.lakes(home)] == before


def test_progress_grows_to_the_whole(home, raw):
    mixed(raw)
    days_of_files(raw, 3)
    seen = []
    take_in([raw / f"{FIRST:%Y%m%d}000000.export.CSV.gz"], home)
    take_in([raw], home, batch=1, progress=lambda done, whole, rows: seen.append((done, whole)))
    whole = sum(path.stat().st_size for path in raw.iterdir())
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {one for _, one in seen} == {whole}
    assert seen[-1][0] == whole


def test_a_first_line_as_long_as_what_is_looked_at_ends_a_run_all_the_same(home, raw):
    # Up to where it is looked at, it is as wide as GDELT; the names of ICEWS come after.
    first = b"\t" * 60 + b"x" * reading.START + b"\t" + header_line(ICEWS_HEADER)
    write(raw, "20160128.csv", lined(first, *[gdelt_row(id=str(one)) for one in range(3)]))
    (found,) = take_in([raw], home)
    assert found.rows == found.kept + sum(found.dropped.values())


def test_a_file_that_is_another_each_time_ends_a_run_all_the_same(home, raw, monkeypatch):
    write(raw, "a.csv", sound(1))
    write(raw, "b.csv", sound(2))
    monkeypatch.setattr(taking, "provider_of", lambda path: "icews")
    *_, last = take_in([raw], home)
    assert ["written to while" in fault for fault in last.faults] == [True, True]


def test_a_second_process_is_told_to_wait(home, raw, monkeypatch):
    days_of_files(raw, 1)
    monkeypatch.setattr(taking, "PATIENCE", 0.05)
    folder = ledger.lake_folder(home, "gdelt")
    with (
        files.locked(folder),
        pytest.raises(LockedError, match=rf"gdelt' is being written by process {os.getpid()} .*Try again"),
    ):
        take_in([raw], home)
    assert one(take_in([raw], home)).files == 2


def test_a_lake_is_of_one_kind_of_classes(home, raw):
    days_of_files(raw, 1)
    take_in([raw], home, published_quad=True)
    with pytest.raises(UsageError, match=r"by its own QuadClass: one lake cannot do both.*TRIPOINT_HOME"):
        take_in([raw], home)
    take_in([raw], home / "other")
    with pytest.raises(UsageError, match=r"by the root code"):
        take_in([raw], home / "other", published_quad=True)
    # Others have one kind only.
    mixed(raw / "mixed")
    icews = [raw / "mixed" / "events.2018.tab"]
    take_in(icews, home, published_quad=True)
    assert one(take_in(icews, home)).known == 1


@pytest.mark.parametrize("kind", ["added", "files", "window"])
@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_damaged_file_of_a_lake_is_named_with_a_remedy(home, raw, kind, damage):
    days_of_files(raw, 2)
    take_in([raw], home)
    lake = ledger.open_lake(home, "gdelt")
    assert ledger.faults(home, lake) == ()
    name = next(part.name for part in lake.named if part.name.startswith(kind))
    path = ledger.lake_folder(home, "gdelt") / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content if damage == "changed" else content[:-7])
    (fault,) = ledger.faults(home, lake)
    assert name in fault
    assert "take the raw files in again" in fault
    write(raw, "20160201.export.CSV", sound(1))
    if kind != "added":  # Sums are not read when others are added.
        with pytest.raises(StoreError, match=rf"{name}' is missing or damaged; move the folder away"):
            take_in([raw], home)


def test_what_is_remembered_in_another_size_is_not_taken_for_it(home, raw, monkeypatch):
    days_of_files(raw, 1)
    monkeypatch.setattr(ledger, "new_window", SMALL)
    take_in([raw], home)
    monkeypatch.undo()
    write(raw, "20160201.export.CSV", sound(1))
    with pytest.raises(StoreError, match="is missing or damaged"):
        take_in([raw], home)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is damaged"),
        (b"{", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[]", "is damaged"),
        (b'{"layout": 1, "provider": "acled", "published_quad": false}', "is damaged"),
        (b'{"layout": 2, "provider": "gdelt", "published_quad": false}', "has layout 2, this version reads"),
        (b'{"layout": 1, "provider": "icews", "published_quad": false}', "is the list of a lake of icews"),
    ],
)
def test_a_damaged_list_of_a_lake_is_said_with_a_remedy(home, raw, content, words):
    days_of_files(raw, 1)
    write(ledger.lake_folder(home, "gdelt"), ledger.MANIFEST, content)
    for opened in (partial(ledger.open_lake, home, "gdelt"), partial(take_in, [raw], home)):
        with pytest.raises(StoreError, match=rf"lake\.json' {words}.*take the raw files in again"):
            opened()


def test_what_nothing_names_is_swept(home, raw):
    days_of_files(raw, 1)
    take_in([raw], home)
    folder = ledger.lake_folder(home, "gdelt")
    for name in (
        "added/2016-02/000009.parquet", "files/000009.parquet", "window/000009.bin",
        f"added/2016-01/.000001.parquet.partial-{os.getpid()}-0a", ".lake.json.partial-1-0b",
    ):  # fmt: skip
        write((folder / name).parent, Path(name).name, b"left")
    before = manifest(home)
    take_in([raw], home)
    assert files_in(home) == named_in(home)
    assert manifest(home) == before


def test_no_file_is_wrong_use(home, raw):
    for paths in ([], [raw]):
        raw.mkdir(exist_ok=True)
        with pytest.raises(UsageError, match="no event file was given; name files of GDELT"):
            take_in(paths, home)
    assert not home.exists()


def test_hidden_files_and_what_a_pull_leaves_are_no_event_files(raw):
    kept = [write(raw, "a.csv", b""), write(raw / "deep" / "er", "b.csv", b"")]
    for name in (".hidden.csv", "received.json", "received.json.new", "c.zip.part", "c.zip.part.json"):
        write(raw, name, b"{}")
    write(raw / ".lists", "masterfilelist.txt", b"")
    assert event_files([raw]) == kept
    # A folder that is itself in a hidden one is asked for by name, as is a file.
    hidden = write(raw / ".raw", "c.csv", b"")
    assert event_files([raw / ".raw", raw / ".hidden.csv"]) == [hidden, raw / ".hidden.csv"]
    with pytest.raises(UsageError, match="no event file"):
        event_files([raw / ".lists" / "none"] * 0)


def test_a_file_that_vanishes_before_it_is_read_is_a_fault(home, raw):
    paths = days_of_files(raw, 2)

    def vanishing(ordered, settings):
        ordered[1].unlink()
        return read_ahead(ordered, settings)

    found = one(take_in([raw], home, read=vanishing))
    assert (found.files, len(found.faults)) == (3, 1)
    assert f"'{paths[1]}' cannot be read" in found.faults[0]
    assert "cannot be read" in one(take_in([raw / "none.csv"], home)).faults[0]


def test_a_large_file_that_vanishes_while_it_is_counted_ends_the_run_between_two_batches(
    tmp_path, raw, monkeypatch
):
    paths = days_of_files(raw, 3, a_day=1)
    take_in([raw], tmp_path / "whole", batch=1)
    monkeypatch.setattr(inflate, "AT_ONCE", 100)
    content = paths[1].read_bytes()

    def vanishing(ordered, settings):
        for path, outcome in read_ahead(ordered, settings):
            assert isinstance(outcome, reading.Large)
            if path == paths[1]:
                path.unlink()
            yield path, outcome

    home = tmp_path / "home"
    with pytest.raises(ParseError, match=f"'{paths[1]}' cannot be read"):
        take_in([raw], home, batch=1, read=vanishing)
    assert taken_of(home)["name"].to_list() == [paths[0].name]
    paths[1].write_bytes(content)
    assert one(take_in([raw], home, batch=1)).known == 1
    same_lake(tmp_path / "whole", home)


def test_days_after_the_last_one_allowed_are_in_the_future(home, raw):
    tomorrow = f"{datetime.now(UTC).date().replace(year=2099):%Y%m%d}"
    write(raw, "a.csv", sound(1) + sound(2, day=tomorrow, added=tomorrow))
    assert one(take_in([raw], home)).dropped == {"in the future": 1}
    assert one(take_in([raw], home / "later", latest=date(2100, 1, 1))).dropped == {}


def test_files_without_a_day_in_their_names_come_last(home, raw):
    write(raw, "a.csv", sound(1))
    write(raw, "20160128.csv", gzip.compress(sound(2) + sound(1)))
    found = one(take_in([raw], home))
    assert found.dropped == {"repeated event id": 1}
    lake = ledger.open_lake(home, "gdelt")
    assert [part.name for part in lake.parts] == [
        "added/2016-01/000001.parquet",
    ]
    assert taken_of(home)["added"].to_list() == [date(2016, 1, 28), None]
    write(raw, "b.csv", sound(3))
    take_in([raw], home)
    lake = ledger.open_lake(home, "gdelt")
    assert lake.parts[-1].name == "added/unknown/000002.parquet"
    assert parts_of(home)["added"].to_list() == [date(2016, 1, 28), None]


def test_a_table_of_the_same_provider_beside_a_lake_counts_nothing_twice(tmp_path, raw):
    from tripoint.sources import codebook
    from tripoint.store import catalog

    home = tmp_path / "home"
    take_in(days_of_files(raw, 3), home, latest=LATEST)
    alone = catalog.read_home(home).frames["event_counts"]
    columns = [column.name for column in codebook("event_counts").columns]
    mine = alone.head(5).select(columns).with_columns(pl.col("origin").cast(pl.String))
    own = pl.concat([mine, mine.with_columns(pl.lit("icews").alias("origin"))])
    own.write_csv(tmp_path / "own.csv")
    catalog.add("event_counts", tmp_path / "own.csv", home=home)
    both = catalog.read_home(home).frames["event_counts"].with_columns(pl.col("origin").cast(pl.String))
    assert both.filter(origin="gdelt").height == alone.height
    assert both.filter(origin="icews").height == mine.height
