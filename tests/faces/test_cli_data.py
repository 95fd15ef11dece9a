"""``tripoint data``: what goes in, what comes out, what is refused."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tripoint.faces.cli import app

GOOD = "year,reporter,partner,flow,share,origin\n2010,KAZ,CHN,export,0.2,factbook\n2011,KAZ,RUS,import,0.3,factbook\n"
BAD = "year,reporter,partner,flow,share,origin\n2010,KAZ,XXX,export,1.4,factbook\n2010,KAZ,XXX,exports,0.3,factbook\n"
TABLES = {"roll_calls", "votes", "trade_flows", "trade_shares", "state_year"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def shares(tmp_path: Path) -> Path:
    (tmp_path / "shares.csv").write_text(GOOD)
    return tmp_path / "shares.csv"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["data", *arguments], env={"NO_COLOR": "1"})


def test_list_names_every_table_and_the_vintage(home: Path) -> None:
    data = json.loads(run("list", "--json").stdout)
    assert {one["table"] for one in data["tables"]} >= TABLES
    assert all(one["rows"] == 0 and one["first"] is None for one in data["tables"])
    assert data["vintage"]["bundled"] is True
    assert all(one["rows"] > 0 and one["first"] <= one["last"] for one in data["vintage"]["series"])
    text = run("list").stdout
    assert data["vintage"]["name"] in text
    assert "Nothing yet" in text
    assert not home.exists()


def test_add_show_list_and_check(shares: Path) -> None:
    added = run("add", "trade_shares", str(shares))
    assert (added.exit_code, added.stderr) == (0, "")
    assert added.stdout == "trade_shares: part 'shares' stored, 2 rows, 2010 to 2011\n"
    assert "is stored already" in run("add", "trade_shares", str(shares)).stdout
    rows = json.loads(
        run("show", "trade_shares", "--where", "reporter=Kazakhstan", "--where", "year=2011", "--json").stdout
    )
    assert [(row["partner"], row["share"]) for row in rows["rows"]] == [("RUS", 0.3)]
    listed = {one["table"]: one for one in json.loads(run("list", "--json").stdout)["tables"]}["trade_shares"]
    assert (listed["rows"], listed["first"], listed["last"], listed["parts"]) == (
        2,
        "2010",
        "2011",
        ["shares"],
    )
    checked = run("check")
    assert (checked.exit_code, checked.stdout) == (0, "no faults\n")


def test_show_is_limited_and_says_so(shares: Path) -> None:
    run("add", "trade_shares", str(shares))
    result = run("show", "trade_shares", "--limit", "1")
    assert result.stdout.count("factbook") == 1
    assert "more than 1 rows" in result.stderr
    assert json.loads(run("show", "trade_shares", "--limit", "1", "--json").stdout)["more"] is True
    assert "no row fits" in run("show", "trade_shares", "--where", "year=1950").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "trade_share"], 2, "Did you mean 'trade_shares'"),
        (["show", "votes"], 1, "nothing is stored of table 'votes'"),
        (["show", "trade_shares", "--where", "reporter"], 2, "'reporter' is no condition"),
        (["show", "trade_shares", "--where", "=KAZ"], 2, "'=KAZ' is no condition"),
        (["show", "trade_shares", "--where", "reporters=KAZ"], 2, "Did you mean 'reporter'"),
        (["show", "trade_shares", "--where", "reporter=Kazachstan"], 2, "'Kazakhstan' (KAZ)"),
        (["add", "trade_sharez", "shares.csv"], 2, "Did you mean 'trade_shares'"),
        (["add", "trade_shares", "none.csv"], 1, "there is no such file"),
        (["add", "trade_shares", "shares.csv", "--part", "../x"], 2, "cannot name a part"),
        (["pull", "un_vote"], 2, "Did you mean 'un_votes'"),
    ],
)
def test_a_wrong_request_gets_one_message(shares: Path, arguments: list[str], code: int, said: str) -> None:
    run("add", "trade_shares", str(shares))
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("tripoint: ")
    assert said in result.stderr


def test_a_wrong_table_is_refused_with_all_its_faults(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(BAD)
    result = run("add", "trade_shares", "bad.csv", "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    for fault in ("'XXX'", "1.4", "'exports'"):
        assert fault in result.stderr
    assert result.stderr.count("\n  - ") >= 3
    assert run("show", "trade_shares").exit_code == 1


def test_replace_lets_the_new_rows_win(shares: Path) -> None:
    run("add", "trade_shares", str(shares))
    shares.write_text(GOOD.replace("0.2", "0.25"))
    refused = run("add", "trade_shares", str(shares))
    assert refused.exit_code == 1
    assert "--replace" in refused.stderr
    data = json.loads(run("add", "trade_shares", str(shares), "--replace", "--json").stdout)
    assert data["unchanged"] is False
    assert "0.25" in run("show", "trade_shares").stdout


def test_check_lists_damage_and_exits_with_1(shares: Path, home: Path) -> None:
    run("add", "trade_shares", str(shares))
    stored = next((home / "tables").rglob("*.parquet"))
    stored.write_bytes(stored.read_bytes()[:-9])
    result = run("check")
    assert result.exit_code == 1
    assert "table trade_shares: " in result.stdout
    faults = json.loads(run("check", "--json").stdout)["faults"]
    assert [one["kind"] for one in faults] == ["damaged"]


def test_check_looks_at_the_vintage_of_ones_own(home: Path) -> None:
    own = home / "vintages" / "current"
    own.mkdir(parents=True)
    (own / "vintage.json").write_text("{}")
    result = run("check")
    assert result.exit_code == 1
    assert result.stdout.startswith("vintage: ")


def test_pull_records_what_came_and_stores_it(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    from tripoint.sources.fetch import Fetched
    from tripoint.store.additions import Added

    asked = []

    def fetch(source, into: Path, *, progress) -> tuple[Fetched, ...]:
        into.mkdir(parents=True)
        (into / "UNVotes.csv").write_bytes(b"data")
        progress("votes", 4, 4)
        digest = sha256(b"data").hexdigest()
        return (Fetched("votes", into / "UNVotes.csv", digest, 4, "new", "https://example.org/v", 1, 0),)

    def add_pulled(source: str, *, replace: bool) -> Added:
        asked.append((source, replace))
        return Added(())

    monkeypatch.setattr("tripoint.sources.fetch.pull", fetch)
    monkeypatch.setattr("tripoint.store.catalog.add_pulled", add_pulled)
    result = run("pull", "un_votes", "--replace", "--json")
    assert result.exit_code == 0, result.stderr
    assert asked == [("un_votes", True)]
    assert json.loads(result.stdout)["files"][0]["status"] == "new"
    assert "votes: new, 4 bytes" in result.stderr
    from tripoint.store import snapshot

    assert [one.name for one in snapshot.load("un_votes")] == ["UNVotes.csv"]
    (home / "snapshots" / "un_votes" / "UNVotes.csv").write_bytes(b"other")
    assert "files of un_votes: " in run("check").stdout


def test_a_failed_download_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    from tripoint.errors import FetchError

    def fetch(source, into: Path, *, progress) -> None:
        raise FetchError("votes: the server answered 503")

    monkeypatch.setattr("tripoint.sources.fetch.pull", fetch)
    result = run("pull", "un_votes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "tripoint: votes: the server answered 503\n"


def test_a_home_that_cannot_be_written_is_one_message(
    shares: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path / "file"))
    result = run("add", "trade_shares", str(shares))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "a file stands where a folder is needed" in result.stderr
