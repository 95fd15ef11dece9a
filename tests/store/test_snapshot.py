import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tripoint.errors import StoreError, UnknownNameError, UsageError
from tripoint.sources import fetch
from tripoint.store import snapshot
from tripoint.store.snapshot import PulledFile


def _pulled(home: Path, name: str = "Votes (2023).csv", content: bytes = b"a,b\n") -> PulledFile:
    target = snapshot.folder("un_votes", home)
    target.mkdir(parents=True, exist_ok=True)
    (target / name).write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return PulledFile(name, sha256, len(content), "https://example.org/votes", date(2023, 12, 31))


def test_what_is_recorded_is_read_back(home):
    assert snapshot.load("un_votes", home) == ()
    files = (_pulled(home), _pulled(home, "b", b"b"))
    snapshot.record("un_votes", files, home)
    assert snapshot.load("un_votes", home) == files
    assert [path.read_bytes() for path in snapshot.paths("un_votes", home)] == [b"a,b\n", b"b"]
    assert snapshot.verify("un_votes", home) == ()


def test_altered_and_missing_files_are_all_listed(home):
    snapshot.record("un_votes", [_pulled(home), _pulled(home, "b", b"b"), _pulled(home, "c", b"c")], home)
    folder = snapshot.folder("un_votes", home)
    (folder / "Votes (2023).csv").write_bytes(b"a,c\n")
    (folder / "b").write_bytes(b"bb")
    (folder / "c").unlink()
    altered, longer, missing = snapshot.verify("un_votes", home)
    assert "was altered" in altered
    assert "has 2 bytes instead of 1" in longer
    assert "'" + str(folder / "c") + "' is missing" in missing


def test_nothing_is_recorded_that_is_not_there(home):
    file = _pulled(home)
    with pytest.raises(StoreError, match=r"cannot be recorded.*altered"):
        snapshot.record("un_votes", [replace(file, sha256="0" * 64)], home)
    assert snapshot.load("un_votes", home) == ()
    with pytest.raises(StoreError, match="nothing was pulled from 'un_votes': tripoint data pull un_votes"):
        snapshot.paths("un_votes", home)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a\0b", "..", "", "snapshot.json", "C:x", "a\\b"])
def test_raw_files_stay_in_their_folder(home, name):
    with pytest.raises(UsageError, match="cannot name a raw file"):
        snapshot.record("un_votes", [PulledFile(name, "", 0, "", date(2023, 1, 1))], home)


def test_names_of_sources_stay_in_their_folder(home):
    with pytest.raises(UsageError, match="cannot name a source"):
        snapshot.load("../x", home)


def test_a_damaged_record_is_said_so(home):
    snapshot.record("un_votes", [_pulled(home)], home)
    path = snapshot.folder("un_votes", home) / "snapshot.json"
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(StoreError, match="is damaged"):
        snapshot.verify("un_votes", home)


def test_pulling_records_what_came_and_keeps_the_day_of_what_did_not_change(home, monkeypatch):
    old = _pulled(home)
    snapshot.record("un_votes", [old], home)
    new = _pulled(home, "new.csv", b"new")

    def come(source, into, *, progress, base):
        assert (source.name, into, base) == ("un_votes", snapshot.folder("un_votes", home), {"https": "http"})
        return tuple(
            fetch.Fetched("x", into / one.name, one.sha256, one.size, "new", one.url, 1, 0)
            for one in (old, new)
        )

    monkeypatch.setattr(fetch, "pull", come)
    assert len(snapshot.pull("un_votes", home, base={"https": "http"})) == 2
    first, second = snapshot.load("un_votes", home)
    assert first == old
    assert second.retrieved > date(2023, 12, 31)
    with pytest.raises(UnknownNameError, match="no source is called 'un_vote'"):
        snapshot.pull("un_vote", home)
