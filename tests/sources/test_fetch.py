"""Downloads against a server on this machine that cuts off, stalls, lies and changes its mind."""

import gzip
import hashlib
import random
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import local_server as at
import msgspec
import pytest
from filelock import FileLock

from tripoint.errors import FetchError, LockedError, OutageError, ParseError
from tripoint.sources import SOURCES, state_year, un_votes
from tripoint.sources.fetch import Fetched, Patience, _retry_after, pull
from tripoint.sources.source import Download, Source

BODY = b"rcid,ccode,vote\n" + b"".join(b"%d,705,1\n" % number for number in range(5000))
QUICK = Patience(attempts=4, connect_seconds=2, read_seconds=0.3, first_wait=0.01, longest_wait=0.05)


@pytest.fixture
def server():
    with at.running() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


def source_of(*downloads: Download) -> Source:
    return Source("made_up", "made up", ("votes",), (), downloads, None)


FILE = Download("file", "https://example.org/file.csv", "file.csv", "a file", "csv")


def fetch(
    server, folder: Path, waits: list[float] | None = None, patience: Patience = QUICK, **options
) -> Fetched:
    waited = [] if waits is None else waits
    (fetched,) = pull(
        source_of(FILE),
        folder,
        base={"https://example.org": server.address},
        patience=patience,
        sleep=waited.append,
        rng=random.Random(1),
        **options,
    )
    return fetched


def only_the_file(folder: Path) -> bool:
    return {path.name for path in folder.iterdir()} <= {"file.csv", "file.csv.fetched.json", ".pull.lock"}


def test_a_file_arrives_whole(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.content(BODY))
    seen = []
    fetched = fetch(server, tmp_path, progress=lambda *said: seen.append(said))
    assert fetched.path.read_bytes() == BODY
    assert fetched.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (fetched.status, fetched.attempts, fetched.size, fetched.resumed_bytes) == ("new", 1, len(BODY), 0)
    assert fetched.url == f"{server.address}/file.csv"
    assert seen[-1] == ("file", len(BODY), len(BODY))
    assert only_the_file(tmp_path)


def test_an_unchanged_file_is_not_sent_again(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.content(BODY))
    first = fetch(server, tmp_path)
    second = fetch(server, tmp_path)
    assert server.requests[1][1]["if-none-match"] == '"one"'
    assert (second.status, second.sha256, second.size) == ("unchanged", first.sha256, first.size)


def test_the_same_content_without_etag_is_unchanged_too(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.content(BODY, etag=None))
    fetch(server, tmp_path)
    assert fetch(server, tmp_path).status == "unchanged"


def test_a_changed_file_replaces_the_old_one(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.content(BODY), at.content(BODY + b"1,2,3\n", etag='"two"'))
    fetch(server, tmp_path)
    second = fetch(server, tmp_path)
    assert second.status == "changed"
    assert second.path.read_bytes().endswith(b"1,2,3\n")


def test_a_file_altered_on_disk_is_fetched_again(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.content(BODY))
    fetch(server, tmp_path)
    (tmp_path / "file.csv").write_bytes(b"altered")
    assert fetch(server, tmp_path).status == "changed"
    assert (tmp_path / "file.csv").read_bytes() == BODY


def test_a_cut_file_is_resumed(server, tmp_path: Path, waits: list[float]) -> None:
    server.on("/file.csv", at.cut(BODY, 20_000), at.content(BODY))
    fetched = fetch(server, tmp_path, waits)
    assert fetched.path.read_bytes() == BODY
    assert server.requests[1][1]["range"] == "bytes=20000-"
    assert server.requests[1][1]["if-range"] == '"one"'
    assert (fetched.attempts, fetched.resumed_bytes) == (2, 20_000)
    assert 0.005 <= waits[0] <= 0.01
    assert only_the_file(tmp_path)


def test_a_stall_is_resumed(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.stalled(BODY, 15_000), at.content(BODY))
    fetched = fetch(server, tmp_path)
    assert fetched.path.read_bytes() == BODY
    assert (fetched.attempts, fetched.resumed_bytes) == (2, 15_000)


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.cut(BODY, 10_000))
    with pytest.raises(FetchError, match="connection broke"):
        fetch(server, tmp_path, patience=Patience(attempts=1, read_seconds=1))
    assert not (tmp_path / "file.csv").exists()
    server.on("/file.csv", at.content(BODY))
    assert fetch(server, tmp_path).resumed_bytes == 10_000
    assert (tmp_path / "file.csv").read_bytes() == BODY


def test_another_file_between_calls_starts_over(server, tmp_path: Path) -> None:
    new = b"x" * len(BODY)
    server.on("/file.csv", at.cut(BODY, 10_000), at.content(new, etag='"two"'))
    fetched = fetch(server, tmp_path)
    assert fetched.path.read_bytes() == new
    assert fetched.resumed_bytes == 0


@pytest.mark.parametrize(
    "content_range",
    [
        f"bytes 10000-{len(BODY)}/{len(BODY) + 1}",  # another total
        f"bytes 9999-{len(BODY) - 1}/{len(BODY)}",  # another start
        "bytes */45906",
        "nonsense",
    ],
)
def test_a_wrong_content_range_starts_over(server, tmp_path: Path, content_range: str) -> None:
    wrong = at.partial(BODY[10_000:], content_range)
    server.on("/file.csv", at.cut(BODY, 10_000), wrong, at.content(BODY))
    fetched = fetch(server, tmp_path)
    assert fetched.path.read_bytes() == BODY
    assert (fetched.attempts, fetched.resumed_bytes) == (3, 0)


def test_another_etag_on_a_rest_starts_over(server, tmp_path: Path) -> None:
    rest = at.partial(b"y" * (len(BODY) - 10_000), f"bytes 10000-{len(BODY) - 1}/{len(BODY)}", etag='"two"')
    server.on("/file.csv", at.cut(BODY, 10_000), rest, at.content(BODY, etag='"two"'))
    assert fetch(server, tmp_path).path.read_bytes() == BODY


def test_a_server_without_ranges_sends_all_again(server, tmp_path: Path) -> None:
    def whole(handler: at.Handler) -> None:
        handler.answer(200, BODY, {"ETag": '"one"'})

    server.on("/file.csv", at.cut(BODY, 10_000), whole)
    fetched = fetch(server, tmp_path)
    assert fetched.path.read_bytes() == BODY
    assert fetched.resumed_bytes == 0


def test_a_shorter_file_starts_over(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.cut(BODY, 10_000), at.status(416), at.content(BODY[:5000]))
    assert fetch(server, tmp_path).path.read_bytes() == BODY[:5000]


def test_a_weak_etag_is_never_resumed(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.cut(BODY, 10_000, etag='W/"one"'), at.content(BODY))
    assert fetch(server, tmp_path).resumed_bytes == 0
    assert "range" not in server.requests[1][1]


def test_a_damaged_note_starts_over(server, tmp_path: Path) -> None:
    (tmp_path / "file.csv.part").write_bytes(b"something else")
    (tmp_path / "file.csv.part.json").write_bytes(b"{not json")
    server.on("/file.csv", at.content(BODY))
    assert fetch(server, tmp_path).path.read_bytes() == BODY
    assert "range" not in server.requests[0][1]


def test_chunks_without_an_end_are_tried_again(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.chunked(b"a,b\n", finished=False), at.chunked(b"a,b\n", b"1,2\n"))
    fetched = fetch(server, tmp_path)
    assert fetched.path.read_bytes() == b"a,b\n1,2\n"
    assert fetched.attempts == 2


def test_a_packed_answer_is_unpacked_and_not_resumed(server, tmp_path: Path) -> None:
    packed = gzip.compress(BODY)
    whole = at.content(packed, Content_Encoding="gzip")
    cut = at.cut(packed, 2000, Content_Encoding="gzip")
    server.on("/file.csv", cut, whole)
    fetched = fetch(server, tmp_path)
    assert fetched.path.read_bytes() == BODY
    assert "range" not in server.requests[1][1]


@pytest.mark.parametrize("code", [500, 502, 504, 408])
def test_faults_that_pass_are_tried_again_with_growing_waits(
    server, tmp_path: Path, waits, code: int
) -> None:
    server.on("/file.csv", at.status(code), at.status(code), at.status(code), at.content(BODY))
    fetched = fetch(server, tmp_path, waits)
    assert fetched.attempts == 4
    assert all(0.5 * most <= wait <= most for wait, most in zip(waits, (0.01, 0.02, 0.04), strict=True))


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_honoured_within_bounds(server, tmp_path: Path, waits: list[float], code: int) -> None:
    server.on(
        "/file.csv", at.status(code, Retry_After="3600"), at.status(code, Retry_After="0"), at.content(BODY)
    )
    fetch(server, tmp_path, waits)
    assert waits == [QUICK.longest_wait, 0]


def test_retry_after_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < (_retry_after(later) or 0) <= 90
    assert _retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert _retry_after("soon") is None
    assert _retry_after(None) is None


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_faults_that_stay_end_at_once(server, tmp_path: Path, waits: list[float], code: int) -> None:
    server.on("/file.csv", at.status(code))
    with pytest.raises(FetchError, match=rf"answered {code}.*tripoint data add votes FILE") as caught:
        fetch(server, tmp_path, waits)
    assert f"{server.address}/file.csv" in str(caught.value)
    assert (len(server.requests), waits) == (1, [])


def test_patience_ends(server, tmp_path: Path, waits: list[float]) -> None:
    server.on("/file.csv", at.status(500))
    with pytest.raises(FetchError, match="failed 4 times, at last: answered 500"):
        fetch(server, tmp_path, waits)
    assert len(waits) == 3


def test_nobody_listens(tmp_path: Path) -> None:
    with at.running() as server:
        pass
    with pytest.raises(OutageError, match="no connection was made"):
        fetch(server, tmp_path)


def test_as_long_as_nobody_was_reached_patience_is_short(tmp_path: Path, waits: list[float]) -> None:
    with at.running() as server:
        pass
    with pytest.raises(OutageError, match="failed 3 times, at last: no connection was made"):
        fetch(server, tmp_path, waits, patience=replace(QUICK, attempts=9))
    assert len(waits) == 2
    assert sum(Patience().first_wait * 2**wait for wait in range(2)) < 5, "seconds, on a machine offline"


def test_a_network_that_breaks_off_later_is_waited_for(tmp_path: Path, waits: list[float]) -> None:
    with at.running() as server:
        server.on("/file.csv", at.status(500))
        left = server.server_close

        def wait(seconds: float) -> None:
            waits.append(seconds)
            server.shutdown()
            left()

        with pytest.raises(OutageError, match="failed 6 times, at last: no connection was made"):
            pull(
                source_of(FILE),
                tmp_path,
                base={"https://example.org": server.address},
                patience=replace(QUICK, attempts=6),
                sleep=wait,
            )
    assert len(waits) == 5


@pytest.mark.parametrize(
    "page",
    [
        at.content(b"<html>log in</html>", Content_Type="text/html; charset=utf-8"),
        at.content(b"\xef\xbb\xbf\n <!DOCTYPE html><html>log in</html>"),
    ],
)
def test_a_web_page_is_refused(server, tmp_path: Path, page: at.Behaviour) -> None:
    server.on("/file.csv", page)
    with pytest.raises(FetchError, match="web page, not data"):
        fetch(server, tmp_path)
    assert not (tmp_path / "file.csv").exists()
    assert only_the_file(tmp_path)


def test_an_empty_file_is_refused(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.content(b""))
    with pytest.raises(FetchError, match="empty file"):
        fetch(server, tmp_path)


@pytest.mark.parametrize("behaviour", [at.content(BODY), at.chunked(*[BODY[:1000]] * 20)])
def test_a_file_beyond_the_limit_is_refused(server, tmp_path: Path, behaviour: at.Behaviour) -> None:
    server.on("/file.csv", behaviour)
    with pytest.raises(FetchError, match="than the 10000"):
        fetch(server, tmp_path, patience=Patience(attempts=1, largest=10_000))
    assert only_the_file(tmp_path)


def test_a_failure_leaves_the_old_file(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.content(BODY))
    fetch(server, tmp_path)
    server.on("/file.csv", at.content(b"<html></html>", etag='"two"', Content_Type="text/html"))
    with pytest.raises(FetchError):
        fetch(server, tmp_path)
    assert (tmp_path / "file.csv").read_bytes() == BODY


def test_not_modified_without_a_file_is_tried_again(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.status(304), at.content(BODY))
    assert fetch(server, tmp_path).attempts == 2


def test_redirects_are_followed(server, tmp_path: Path) -> None:
    server.on("/file.csv", at.status(302, Location="/elsewhere"))
    server.on("/elsewhere", at.content(BODY))
    assert fetch(server, tmp_path).size == len(BODY)
    server.on("/elsewhere", at.status(302, Location="/file.csv"))
    with pytest.raises(FetchError, match="cannot be fetched"):
        fetch(server, tmp_path)


def test_one_process_at_a_time(server, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".pull.lock"), pytest.raises(LockedError, match="another process"):
        fetch(server, tmp_path)


def test_a_folder_that_cannot_be_written(server, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FetchError, match="choose another folder"):
        fetch(server, tmp_path / "taken")


def test_the_dataverse_is_asked_for_its_listing(server, tmp_path: Path) -> None:
    listed = {
        "status": "OK",
        "data": {
            "latestVersion": {
                "files": [
                    {"dataFile": {"id": 1, "filename": "Readme.pdf", "filesize": 10}},
                    {
                        "dataFile": {
                            "id": 2,
                            "filename": "UNVotes.tab",
                            "filesize": 99,
                            "originalFileFormat": "text/csv",
                        }
                    },
                    {"dataFile": {"id": 3, "filename": "IdealpointestimatesAll.tab", "filesize": 999}},
                ]
            }
        },
    }
    query = f"?persistentId={un_votes.DATASET}"
    server.on(
        f"/api/datasets/:persistentId/{query}",
        at.content(msgspec.json.encode(listed), Content_Type="application/json"),
    )
    server.on("/api/access/datafile/2?format=original", at.content(BODY))
    (fetched,) = pull(
        un_votes.SOURCE, tmp_path, base=lambda url: url.replace(un_votes.DATAVERSE, server.address)
    )
    assert fetched.path == tmp_path / "UNVotes.csv"
    assert fetched.path.read_bytes() == BODY


def test_what_should_be_json_is_json(server, tmp_path: Path) -> None:
    server.on(
        "/v2/country/all/indicator/NY.GDP.MKTP.CD?format=json&per_page=1",
        at.content(b"<?xml version='1.0'?>"),
    )
    with pytest.raises(FetchError, match=r"sent no JSON, but .*xml"):
        pull(state_year.SOURCE, tmp_path, base={"https://api.worldbank.org": server.address})


@pytest.mark.parametrize("listing", ["{}", "[]", "nothing", '{"data": null}'])
def test_a_strange_listing_is_explained(listing: str) -> None:
    with pytest.raises(ParseError, match="sent no listing"):
        un_votes.choose_file(listing)


def test_a_listing_without_votes_is_explained() -> None:
    listing = '{"data": {"latestVersion": {"files": [{"dataFile": {"id": 1, "filename": "Readme.pdf"}}]}}}'
    with pytest.raises(ParseError, match=r"lists no file such as UNVotes.tab, but Readme\.pdf"):
        un_votes.choose_file(listing)


def test_the_world_bank_is_asked_page_by_page(server, tmp_path: Path) -> None:
    for indicator, rows in (("NY.GDP.MKTP.CD", 45_000), ("SP.POP.TOTL", 10)):
        address = f"/v2/country/all/indicator/{indicator}?format=json"
        count = msgspec.json.encode([{"page": 1, "pages": rows, "per_page": 1, "total": rows}, []])
        server.on(f"{address}&per_page=1", at.content(count, Content_Type="application/json"))
        for page in range(1, 4):
            server.on(f"{address}&per_page=20000&page={page}", at.content(b"[%d]" % page))
    fetched = pull(state_year.SOURCE, tmp_path, base={"https://api.worldbank.org": server.address})
    assert [one.path.name for one in fetched] == [
        "gdp_current_usd-1.json",
        "gdp_current_usd-2.json",
        "gdp_current_usd-3.json",
        "population-1.json",
    ]


def test_every_address_is_encrypted_and_every_name_safe() -> None:
    downloads = [download for source in SOURCES for download in source.downloads]
    assert downloads
    assert all(download.url.startswith("https://") for download in downloads)
    assert all(Path(download.filename).name == download.filename for download in downloads)


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_fetch
class Address: address = {address!r}
test_fetch.fetch(Address, Path({folder!r}), patience=test_fetch.Patience())
"""


def test_a_killed_process_leaves_nothing_under_the_final_name(server, tmp_path: Path) -> None:
    body = BODY * 20
    server.on("/file.csv", at.stalled(body, 500_000), at.content(body))
    script = KILLED.format(tests=str(Path(__file__).parent), address=server.address, folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", script]) as process:
        part = tmp_path / "file.csv.part"
        deadline = time.monotonic() + 20
        while not (part.exists() and part.stat().st_size > 100_000) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
    assert not (tmp_path / "file.csv").exists()
    fetched = fetch(server, tmp_path)
    assert fetched.path.read_bytes() == body
    assert 100_000 < fetched.resumed_bytes <= 500_000
    assert only_the_file(tmp_path)
