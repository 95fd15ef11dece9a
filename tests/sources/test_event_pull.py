"""Raw event files from a server on this machine: whole runs, broken ones, and what the command says of them."""

import hashlib
import json
import os
import shutil
import signal
import threading
import time
from collections import namedtuple
from datetime import date, datetime
from functools import partial
from pathlib import Path

import local_server as at
import pytest
import typer
from event_server import (
    DAY,
    FILES,
    HOST,
    NOW,
    QUICK,
    SLOTS,
    ZIPPED,
    asked,
    fetch,
    files_in,
    md5,
    offer,
    packed,
    path_of,
)
from filelock import FileLock
from typer.testing import CliRunner

from tripoint.errors import FetchError, LockedError
from tripoint.sources.events import pull as pulling
from tripoint.sources.events import scan_files
from tripoint.sources.events.listing import Wanted
from tripoint.sources.events.pull import OUTAGES, pull_events, what_is_here
from tripoint.sources.events.received import RECORD, load
from tripoint.sources.fetch import Patience
from tripoint.sources.un_votes import DATAVERSE


@pytest.fixture
def server():
    with at.running() as running:
        yield running


def test_a_whole_run_is_read_by_the_parsers(server, tmp_path: Path) -> None:
    offer(server)
    shares: list[float] = []
    report = fetch(server, tmp_path, progress=lambda share, doing: shares.append(share))
    assert (report.expected, report.listed, report.received, report.fetched) == (7, 7, 7, 7)
    assert report.fetched_bytes == sum(map(len, FILES.values()))
    assert (report.gaps, report.strange, report.stopped, report.is_whole) == ((), 0, None, True)
    assert files_in(tmp_path) == {f"{slot}.export.CSV.zip" for slot in SLOTS}
    assert shares[-1] == pytest.approx(1.0)
    assert max(shares) <= 1
    noted = load(tmp_path)["20240101001500.export.CSV.zip"]
    body = FILES["20240101001500"]
    assert (noted.stamp, noted.size, noted.md5) == ("2024-01-01 00:15", len(body), md5(body))
    assert noted.sha256 == hashlib.sha256(body).hexdigest()
    assert noted.url == f"{HOST}/gdeltv2/20240101001500.export.CSV.zip"
    scan = scan_files(sorted(tmp_path.glob("*.zip")))
    assert scan.faults == ()
    assert scan.frame["events"].sum() == len(SLOTS)


def test_a_second_run_fetches_nothing(server, tmp_path: Path) -> None:
    offer(server)
    fetch(server, tmp_path)
    server.requests.clear()
    report = fetch(server, tmp_path)
    assert (report.received, report.fetched, report.fetched_bytes) == (7, 0, 0)
    assert [path for path, _ in server.requests] == ["/gdeltv2/masterfilelist.txt"]
    assert server.requests[0][1]["if-none-match"] == '"one"'


def test_without_its_record_the_hashes_tell_what_is_whole(server, tmp_path: Path) -> None:
    offer(server)
    fetch(server, tmp_path)
    before = load(tmp_path)
    (tmp_path / RECORD).write_bytes(b"[{damaged")
    assert fetch(server, tmp_path).fetched == 0
    assert load(tmp_path) == before
    for name in before:
        os.utime(tmp_path / name)  # copied, say
    assert fetch(server, tmp_path).fetched == 0
    assert len(asked(server)) == len(SLOTS)


@pytest.mark.parametrize("harm", ["altered", "cut", "gone"])
def test_what_is_no_longer_whole_is_fetched_again(server, tmp_path: Path, harm: str) -> None:
    offer(server)
    fetch(server, tmp_path)
    path = tmp_path / f"{SLOTS[2]}.export.CSV.zip"
    body = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(body[:-9] if harm == "cut" else body[:-1] + b"?")
    report = fetch(server, tmp_path)
    assert (report.received, report.fetched) == (7, 1)
    assert path.read_bytes() == body


def test_a_file_that_was_cut_off_goes_on_where_it_stopped(server, tmp_path: Path) -> None:
    offer(server)
    body = FILES[SLOTS[3]]
    server.on(path_of(SLOTS[3]), at.cut(body, 300, **ZIPPED))
    first = fetch(server, tmp_path, patience=Patience(attempts=1, read_seconds=1))
    (gap,) = first.gaps
    assert (gap.reason, gap.first, gap.files) == ("failed", "2024-01-01 00:45", 1)
    assert "connection broke" in gap.detail
    assert first.received == 6
    server.on(path_of(SLOTS[3]), at.content(body, **ZIPPED))
    server.requests.clear()
    second = fetch(server, tmp_path)
    assert (second.fetched, second.resumed_bytes, second.fetched_bytes) == (1, 300, len(body) - 300)
    assert [headers["range"] for path, headers in server.requests if path.endswith(".zip")] == ["bytes=300-"]
    assert (tmp_path / f"{SLOTS[3]}.export.CSV.zip").read_bytes() == body
    assert second.is_whole


def test_a_beginning_that_was_damaged_here_is_fetched_anew(server, tmp_path: Path) -> None:
    offer(server)
    body = FILES[SLOTS[3]]
    server.on(path_of(SLOTS[3]), at.cut(body, 300, **ZIPPED))
    fetch(server, tmp_path, patience=Patience(attempts=1, read_seconds=1))
    (tmp_path / f"{SLOTS[3]}.export.CSV.zip.part").write_bytes(b"PK\x03\x04" + b"?" * 296)
    server.on(path_of(SLOTS[3]), at.content(body, **ZIPPED))
    report = fetch(server, tmp_path)
    assert (report.is_whole, report.resumed_bytes) == (True, 0)


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (at.content(FILES[SLOTS[4]], **ZIPPED), "a file with the MD5 "),
        (at.status(404), "answered 404"),
        (at.content(b"<html>log in</html>", Content_Type="text/html"), "sent a web page"),
        (at.content(b"<!DOCTYPE html><html>".ljust(len(FILES[SLOTS[2]])), **ZIPPED), "sent a web page"),
        (at.content(b"?" * len(FILES[SLOTS[2]]), **ZIPPED), "sent no zip file"),
        (at.content(b"PK\x03\x04", **ZIPPED), f"would send 4 bytes, where {len(FILES[SLOTS[2]])} are listed"),
        (at.chunked(b"PK\x03\x04"), "sent 4 bytes"),
        (at.chunked(*[b"PK\x03\x04" * 1000] * 9), "sends more than"),
        (at.content(b"", **ZIPPED), "would send 0 bytes"),
    ],
)
def test_one_bad_file_is_refused_and_the_rest_comes(server, tmp_path: Path, behaviour, said: str) -> None:
    offer(server)
    server.on(path_of(SLOTS[2]), behaviour)
    report = fetch(server, tmp_path)
    (gap,) = report.gaps
    assert (gap.reason, gap.first, gap.last) == ("failed", "2024-01-01 00:30", "2024-01-01 00:30")
    assert said in gap.detail
    assert (report.received, report.stopped, report.is_whole) == (6, None, False)
    assert files_in(tmp_path) == {f"{slot}.export.CSV.zip" for slot in SLOTS if slot != SLOTS[2]}


def test_gaps_are_told_by_reason_and_collapsed(server, tmp_path: Path) -> None:
    offered = {slot: body for slot, body in FILES.items() if slot not in SLOTS[1:3]}
    offer(server, offered)
    for slot in SLOTS[4:6]:
        server.on(path_of(slot), at.status(404))
    report = fetch(server, tmp_path)
    assert (report.expected, report.listed, report.received) == (7, 5, 3)
    absent, failed = report.gaps
    assert str(absent) == "not listed: 2 (2024-01-01 00:15 to 2024-01-01 00:30)"
    assert (failed.reason, failed.first, failed.last, failed.files) == (
        "failed",
        "2024-01-01 01:00",
        "2024-01-01 01:15",
        2,
    )
    assert (report.lacking("not listed"), report.lacking("failed"), report.lacking("not received")) == (
        2,
        2,
        0,
    )


def test_a_server_that_answers_nothing_more_ends_the_run(server, tmp_path: Path) -> None:
    slots = [f"20240101{hour:02}{minute}00" for hour in range(10) for minute in ("00", "15", "30", "45")]
    files = {slot: packed(slot) for slot in slots}
    offer(server, files)
    for slot in slots[3:]:
        server.on(path_of(slot), at.status(500))
    now = datetime(2024, 1, 1, 10, 45)  # noqa: DTZ001
    report = fetch(server, tmp_path, now=now, connections=1)
    assert report.stopped
    assert "answered 500" in report.stopped
    assert (report.received, report.lacking("failed"), report.lacking("not received")) == (
        3,
        OUTAGES,
        40 - 3 - OUTAGES,
    )
    assert [gap.reason for gap in report.gaps] == ["failed", "not received"]


def test_four_files_come_at_once_and_no_more(server, tmp_path: Path) -> None:
    slots = [f"20240101{hour:02}{minute}00" for hour in range(3) for minute in ("00", "15", "30", "45")]
    files = {slot: packed(slot) for slot in slots}
    offer(server, files)
    barrier, lock, under_way, most = threading.Barrier(4, timeout=5), threading.Lock(), [0], [0]

    def together(body: bytes, handler: at.Handler) -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        barrier.wait()
        time.sleep(0.02)
        with lock:
            under_way[0] -= 1
        at.content(body, **ZIPPED)(handler)

    for slot, body in files.items():
        server.on(path_of(slot), partial(together, body))
    assert fetch(server, tmp_path).fetched == 12
    assert most[0] == 4


def test_an_interrupted_run_leaves_only_whole_files_and_goes_on(server, tmp_path: Path) -> None:
    offer(server)
    server.on(path_of(SLOTS[4]), at.stalled(FILES[SLOTS[4]], 100))
    called = []

    def interrupt(share: float, doing: str) -> None:
        if doing.startswith(SLOTS[4]) and not called:
            called.append(doing)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fetch(server, tmp_path, progress=interrupt)
    for path in tmp_path.glob("*.zip"):
        assert path.read_bytes() == FILES[path.name[:14]]
    assert not (tmp_path / f"{SLOTS[4]}.export.CSV.zip").exists()
    assert set(load(tmp_path)) <= {path.name for path in tmp_path.glob("*.zip")}
    offer(server)
    server.requests.clear()
    assert fetch(server, tmp_path).is_whole
    assert path_of(SLOTS[0]) not in asked(server)


def test_a_record_that_cannot_be_written_is_told(server, tmp_path: Path) -> None:
    offer(server)
    (tmp_path / RECORD).mkdir()
    report = fetch(server, tmp_path)
    assert report.received == len(SLOTS)
    assert "cannot be written: Is a directory" in (report.stopped or "")


def test_one_process_at_a_time(server, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".pull.lock"), pytest.raises(LockedError, match="another process"):
        fetch(server, tmp_path)


def test_a_disk_without_room_is_told_beforehand(server, tmp_path: Path, monkeypatch) -> None:
    offer(server)
    usage = namedtuple("usage", "total used free")(10, 0, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(FetchError, match=r"has room for 1,000 bytes, and [\d,]+ are still to come"):
        fetch(server, tmp_path)
    assert asked(server) == []


def test_without_a_provider_the_record_says_what_is_here(server, tmp_path: Path) -> None:
    offer(server)
    fetch(server, tmp_path)
    (tmp_path / f"{SLOTS[1]}.export.CSV.zip").unlink()
    report = what_is_here(DAY, tmp_path, NOW)
    assert (report.asked, report.received, report.fetched, report.is_whole) == (False, 6, 0, False)
    assert [(gap.reason, gap.first, gap.last) for gap in report.gaps] == [
        ("not received", "2024-01-01 00:15", "2024-01-01 00:15"),
        ("not received", "2024-01-01 01:45", "2024-01-01 02:30"),
    ]
    next_day = Wanted("gdelt", date(2024, 1, 2), date(2024, 1, 2))
    assert what_is_here(next_day, tmp_path, datetime(2024, 1, 3)).received == 0  # noqa: DTZ001
    assert what_is_here(Wanted("gdelt", DAY.first, DAY.last, version=1), tmp_path, NOW).received == 0


def command(monkeypatch: pytest.MonkeyPatch, server: at.Server, home: Path, *arguments: str):
    from tripoint.faces.cli.edge import Command
    from tripoint.faces.cli.event_files import pull

    monkeypatch.setenv("TRIPOINT_HOME", str(home))
    base = {HOST: server.address, DATAVERSE: server.address}
    known = partial(pull_events, base=base, patience=QUICK, now=NOW, sleep=lambda _: None)
    monkeypatch.setattr(pulling, "pull_events", known)
    made = typer.Typer()
    made.command(cls=Command)(pull)
    return CliRunner().invoke(made, arguments, env={"NO_COLOR": "1"})


def test_the_command_says_what_came_and_what_is_lacking(server, tmp_path: Path, monkeypatch) -> None:
    offer(server, {slot: body for slot, body in FILES.items() if slot != SLOTS[1]})
    run = partial(
        command, monkeypatch, server, tmp_path, "gdelt", "--from", "2024-01-01", "--to", "2024-01-01"
    )
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    assert "7 files expected, 6 listed, 6 here (6 came now," in result.stdout
    assert "  not listed: 1 (2024-01-01 00:15)" in result.stdout
    assert (tmp_path / "events" / "raw" / "gdelt" / f"{SLOTS[0]}.export.CSV.zip").exists()
    server.on("/gdeltv2/masterfilelist.txt", at.status(503))
    offline = run("--json")
    assert offline.exit_code == 1
    assert "This is what is here" in offline.stderr
    said = json.loads(offline.stdout)
    assert (said["asked"], said["received"], said["listed"]) == (False, 6, None)
    assert said["gaps"][0] == {
        "reason": "not received", "first": "2024-01-01 00:15", "last": "2024-01-01 00:15", "files": 1, "detail": None,
    }  # fmt: skip


def test_without_the_list_it_is_not_known_how_many_files_there_should_be(
    server, tmp_path: Path, monkeypatch
) -> None:
    server.on("/api/datasets/:persistentId/?persistentId=doi:10.7910/DVN/28075", at.status(503))
    result = command(monkeypatch, server, tmp_path, "icews")
    assert result.exit_code == 1
    assert "the list of files of doi:10.7910/DVN/28075" in result.stderr
    assert "it is not known how many there should be; 0 here" in result.stdout
    assert "expected" not in result.stdout
    said = json.loads(command(monkeypatch, server, tmp_path, "icews", "--json").stdout)
    assert (said["asked"], said["expected"], said["listed"], said["received"]) == (False, None, None, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gdelt"], "give the first and the last day"),
        (["gdelt", "--from", "soon"], "'soon' is no date"),
        (["gdelt", "--from", "9999-01-01"], "'9999-01-01' is in the future"),
        (["gdelt", "--from", "2024-01-01", "--version", "7"], "no version '7'"),
        (["acled"], "no provider of event files is called 'acled'"),
    ],
)
def test_wrong_use_is_one_message(server, tmp_path: Path, monkeypatch, arguments, said: str) -> None:
    result = command(monkeypatch, server, tmp_path, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "events").exists()
