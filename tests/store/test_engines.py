"""Questions to a lake: DuckDB gives what a plain group-by gives, BigQuery's text what the readers of raw files give."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sources.event_building import gdelt_row, lined
from tests.store.lake_building import FIRST, days_of_files

from tripoint.errors import StoreError, UnknownStateError, UsageError
from tripoint.sources.events import scan_files
from tripoint.store.engines import bigquery
from tripoint.store.engines.bigquery import TABLE, cleaned, dry_run
from tripoint.store.engines.embedded import answer
from tripoint.store.engines.question import ANSWER, GRAINS, QUADS, Question, compiled, sql
from tripoint.store.lake import ledger
from tripoint.store.lake.intake import take_in

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "events"
REAL = sorted(SAMPLES.glob("raw_gdelt2_*.gz"))
STATES = ("RUS", "CHN", "KAZ", "USA")
SUMS = (*QUADS, "scored", "hundredths", "squares", "mentions")
QUIET = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

EVENT = st.fixed_dictionaries(
    {
        "added": st.just(None),
        "day": st.dates(date(2015, 11, 1), date(2017, 2, 28)),
        "source": st.sampled_from(STATES), "source_role": st.sampled_from([None, "GOV", "MIL"]),
        "target": st.sampled_from(STATES), "target_role": st.sampled_from([None, "GOV", "MED"]),
        "quad": st.integers(1, 4), "place": st.sampled_from([None, "KAZ", "RUS"]), "events": st.integers(1, 2**31),
        "scored": st.integers(0, 2**31), "hundredths": st.integers(-(2**50), 2**50),
        "squares": st.integers(0, 2**50), "mentions": st.one_of(st.none(), st.integers(0, 2**50)),
    }
)  # fmt: skip
SOME = st.lists(st.sampled_from(STATES), unique=True, max_size=2).map(tuple)
QUESTIONS = st.builds(
    Question,
    st.sampled_from(GRAINS),
    SOME,
    SOME,
    st.one_of(st.none(), st.dates(date(2015, 11, 1), date(2016, 6, 1))),
    st.one_of(st.none(), st.dates(date(2016, 6, 1), date(2017, 2, 28))),
    st.lists(st.sampled_from(["GOV", "MIL", "MED"]), unique=True, max_size=2).map(tuple),
    st.lists(st.sampled_from(["KAZ", "RUS"]), unique=True, max_size=2).map(tuple),
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    """The files of a lake over fifteen months, and the same as one table."""
    home = tmp_path_factory.mktemp("lake")
    for start in (0, 200, 430):
        raw = home / f"raw{start}"
        days_of_files(raw, 6, rows=60, seed=start)
        for path in raw.iterdir():
            later = date.fromisoformat(path.name[:8]) + timedelta(days=start)
            path.rename(raw / f"{later:%Y%m%d}{path.name[8:]}")
    raws = [home / f"raw{start}" for start in (0, 200, 430)]
    take_in(raws, home, batch=1)
    paths = ledger.paths_of(home, ledger.open_lake(home, "gdelt"))
    assert len(paths) > 10
    return paths, pl.concat(map(pl.read_parquet, paths))


def plainly(frame, question):
    """The answer by filters and a group-by in polars."""
    day = pl.col("day")
    periods = {
        "day": day.dt.strftime("%Y-%m-%d"),
        "month": day.dt.strftime("%Y-%m"),
        "quarter": day.dt.strftime("%Y-Q") + day.dt.quarter().cast(pl.String),
        "year": day.dt.strftime("%Y"),
    }
    for column, wanted in (
        ("source", question.sources), ("target", question.targets), ("place", question.places),
        ("source_role", question.roles), ("target_role", question.roles),
    ):  # fmt: skip
        if wanted:
            frame = frame.filter(pl.col(column).is_in(wanted))
    if question.first:
        frame = frame.filter(day >= question.first)
    if question.last:
        frame = frame.filter(day <= question.last)
    sums = Counter()
    counted = set()
    for period, row in zip(
        frame.select(periods[question.grain].alias("period"))["period"],
        frame.iter_rows(named=True),
        strict=True,
    ):
        key = (period, row["source"], row["target"])
        sums[*key, QUADS[row["quad"] - 1]] += row["events"]
        for name in ("scored", "hundredths", "squares"):
            sums[*key, name] += row[name]
        if row["mentions"] is not None:
            counted.add(key)
            sums[*key, "mentions"] += row["mentions"]
    keys = sorted({key[:3] for key in sums})
    rows = [
        (*key, *(sums[*key, name] if name != "mentions" or key in counted else None for name in SUMS))
        for key in keys
    ]
    return pl.DataFrame(rows, schema=ANSWER, orient="row")


def written(folder, frame, n_files=1):
    """Write rows into some files, one after the other."""
    paths = []
    for number in range(n_files):
        path = folder / f"{number}.parquet"
        frame.gather_every(n_files, number).write_parquet(path)
        paths.append(path)
    return paths


def rows_of(events):
    return pl.DataFrame(events, schema=ledger.EVENTS)


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"sources": ("RUS",)},
        {"targets": ("KAZ", "CHN")},
        {"first": FIRST + timedelta(2)},
        {"last": FIRST + timedelta(1)},
        {"first": FIRST, "last": FIRST},
        {"roles": ("GOV",)},
        {"roles": ("GOV", "MIL", "MED"), "places": ("KAZ",)},
        {
            "sources": ("RUS", "GBR", "CHN"),
            "targets": ("USA", "KAZ"),
            "places": ("KAZ", "SRB"),
            "roles": ("MIL", "GOV", "MED"),
        },
    ],
    ids=str,
)
def test_an_answer_is_that_of_a_plain_group_by(lake, grain, asked):
    paths, frame = lake
    question = Question(grain, **asked)
    found = answer(question, paths)
    assert found.schema == ANSWER
    assert found.equals(plainly(frame, question))
    assert found.height


@QUIET
@given(events=st.lists(EVENT, max_size=30), question=QUESTIONS)
def test_whatever_is_asked_of_whatever_lake(tmp_path, events, question):
    frame = rows_of(events)
    assert answer(question, written(tmp_path, frame)).equals(plainly(frame, question))


@QUIET
@given(events=st.lists(EVENT, max_size=30), question=QUESTIONS, n_files=st.integers(2, 5))
def test_more_files_change_nothing(tmp_path, events, question, n_files):
    frame = rows_of(events)
    whole = answer(question, written(tmp_path, frame))
    assert answer(question, written(tmp_path, frame, n_files)).equals(whole)
    assert answer(question, written(tmp_path, frame, n_files)[::-1]).equals(whole)


@QUIET
@given(events=st.lists(EVENT, max_size=30), question=QUESTIONS)
def test_sources_and_targets_swapped_swap_the_answer(tmp_path, events, question):
    swap = {
        "source": "target",
        "target": "source",
        "source_role": "target_role",
        "target_role": "source_role",
    }
    frame = rows_of(events)
    there = Question(
        question.grain, question.targets, question.sources, question.first, question.last, question.roles,
        question.places,
    )  # fmt: skip
    one = answer(question, written(tmp_path, frame))
    other = answer(there, written(tmp_path, frame.rename(swap).select(frame.columns)))
    back = other.rename({"source": "target", "target": "source"}).select(one.columns)
    assert one.equals(back.sort("period", "source", "target"))


@QUIET
@given(events=st.lists(EVENT, min_size=1, max_size=40))
def test_months_add_up_to_quarters_and_years(tmp_path, events):
    paths = written(tmp_path, rows_of(events))
    months = answer(Question("month"), paths)
    year = pl.col("period").str.head(4)
    month = pl.col("period").str.tail(2).cast(pl.Int64)
    coarser = {"quarter": year + "-Q" + ((month + 2) // 3).cast(pl.String), "year": year}
    for grain, period in coarser.items():
        # A sum of nothing is null, as mentions are that nobody counts.
        sums = [
            pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name) for name in SUMS
        ]
        added = months.group_by(period.alias("period"), "source", "target").agg(sums)
        assert answer(Question(grain), paths).equals(added.sort("period", "source", "target"))
    days = answer(Question("day"), paths)
    assert days.select(SUMS[:-1]).sum().equals(months.select(SUMS[:-1]).sum())


def test_a_lake_without_sums_has_an_empty_answer(tmp_path):
    assert answer(Question(), []).equals(ANSWER.to_frame())
    assert answer(Question(), written(tmp_path, rows_of([]))).equals(ANSWER.to_frame())


@pytest.mark.parametrize("name", ["a b", "a'b", "a[b]*", "día", "a?{b,c}", "year=2015"])
def test_a_path_is_taken_as_it_is(tmp_path, lake, name):
    folder = tmp_path / name
    folder.mkdir()
    path = written(folder, lake[1].head(50))
    assert answer(Question(), path).equals(plainly(lake[1].head(50), Question()))


def test_what_cannot_be_read_is_said_with_a_remedy(tmp_path):
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1, or so it says")
    for path in (bad, tmp_path / "none.parquet"):
        with pytest.raises(
            StoreError, match=r"the lake cannot be read .*check it with `tripoint events status"
        ):
            answer(Question(), [path])


def test_what_does_not_fit_into_memory_leaves_nothing_where_one_stands(tmp_path, lake, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tripoint.store.engines.embedded.MEMORY", "20MB")
    frame = lake[1]
    many = pl.concat(
        frame.with_columns(pl.col("day").dt.offset_by(f"{400 * year}d")) for year in range(60)
    ).select(ledger.EVENTS.names())
    path = written(tmp_path, many)
    assert answer(Question("day"), path).select(QUADS).sum_horizontal().sum() == 60 * frame["events"].sum()
    assert [entry.name for entry in tmp_path.iterdir()] == ["0.parquet"]


def test_states_may_be_named():
    asked = Question(sources=("Russia", "cn"), targets=("Kazakhstan",), places=("Cote d'Ivoire",))
    assert (asked.sources, asked.targets, asked.places) == (("RUS", "CHN"), ("KAZ",), ("CIV",))
    assert asked == Question(sources=("RUS", "CHN"), targets=("KAZ",), places=("CIV",))


INJECTIONS = ("') OR 1=1 --", "RUS'; DROP TABLE events; --", "''", "", "\\", "%s", "`", '"', "\0")


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("part", ["sources", "targets", "places"])
def test_what_is_no_state_goes_into_no_query(part, text):
    with pytest.raises(UnknownStateError):
        Question(**{part: (text,)})


@pytest.mark.parametrize("text", ["KAZ') --", "'KAZ'", "K.A.Z", "kaz\\", "the\0Kazakhstan", "`KZ`"])
@pytest.mark.parametrize("part", ["sources", "targets", "places"])
def test_a_state_that_is_known_all_the_same_goes_into_it_as_its_code(part, text):
    try:
        asked = Question(**{part: (text,)})
    except UnknownStateError:
        return
    assert asked == Question(**{part: ("KAZ",)})
    assert sql(asked) == sql(Question(**{part: ("KAZ",)}))


@pytest.mark.parametrize(
    "text",
    [
        *INJECTIONS,
        "GO",
        "GOVX",
        "gov",
        "A'B",
        "A''",
        "G V",
        "'''",
        "ÄBC",
        "ΓOV",
        "A\nB",
        "AB\n",
        "GOV\n",
        "123",
    ],
)
def test_what_is_no_role_goes_into_no_query(text):
    with pytest.raises(UsageError, match="is no role; roles are three capital letters"):
        Question(roles=("GOV", text))


def test_what_cannot_be_asked_is_wrong_use():
    with pytest.raises(UsageError, match="'week' is no grain of events; known are day, month, quarter, year"):
        Question("week")
    with pytest.raises(UsageError, match="begins on 2016-01-02 and ends before, on 2016-01-01"):
        Question(first=date(2016, 1, 2), last=date(2016, 1, 1))


ASKED = Question(
    "quarter", ("RUS", "CHN"), ("KAZ",), date(2015, 10, 1), date(2019, 12, 31), ("GOV", "MIL"), ("KAZ",)
)


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "bigquery"])
@pytest.mark.parametrize("grain", GRAINS)
def test_every_dialect_reads_its_own_text(dialect, grain):
    (parsed,) = sqlglot.parse(compiled(sql(Question(grain)), dialect), read=dialect)
    assert [one.alias_or_name for one in parsed.selects] == ANSWER.names()
    assert [table.name for table in parsed.find_all(sqlglot.exp.Table)] == ["events"]


@pytest.mark.parametrize("published", [False, True])
def test_a_dry_run_reads_the_public_table_and_nothing_that_was_not_checked(published):
    text = dry_run(ASKED, published_quad=published)
    assert "`gdelt-bq`.`gdeltv2`.`events_partitioned`" in text
    assert ("QuadClass AS quad" in text) == published
    (parsed,) = sqlglot.parse(text, read="bigquery")
    tables = {".".join(part.name for part in table.parts) for table in parsed.find_all(sqlglot.exp.Table)}
    steps = {one.alias for one in parsed.find_all(sqlglot.exp.CTE)}
    assert tables - steps == {TABLE}
    assert [one.alias_or_name for one in parsed.selects] == ANSWER.names()
    assert {type(one) for one in sqlglot.parse(text, read="bigquery")} == {sqlglot.exp.Select}
    # All that is quoted is a code, a role, a day, a name of a column, or a form of a day.
    known = {"", "-", "%Y", "-Q", "2015-10-01", "code", "state"}
    for one in parsed.find_all(sqlglot.exp.Literal):
        if one.is_string and one.name not in known:
            assert one.name.isascii()
            assert one.name.isalpha()
            assert 2 <= len(one.name) <= 3
    for bound in (
        "_PARTITIONDATE >= CAST('2015-10-01' AS DATE)",
        "SQLDATE >= 20151001",
        "SQLDATE <= 20191231",
    ):
        assert bound in text


def test_a_query_that_would_read_everything_is_not_given():
    day = date(2020, 1, 1)
    for bounds in ({}, {"first": day}, {"last": day}):
        with pytest.raises(UsageError, match=r"billed by what it reads: give .* --from and --to"):
            dry_run(Question(**bounds))
    with pytest.raises(UsageError, match="begins on 2015-02-18; the span ends before"):
        dry_run(Question(first=date(2000, 1, 1), last=date(2015, 2, 17)))
    assert dry_run(Question(first=date(2000, 1, 1), last=bigquery.FIRST))


RAW = {
    "GLOBALEVENTID": (0, "BIGINT"), "SQLDATE": (1, "BIGINT"), "Actor1CountryCode": (7, "VARCHAR"),
    "Actor1Type1Code": (12, "VARCHAR"), "Actor2CountryCode": (17, "VARCHAR"), "Actor2Type1Code": (22, "VARCHAR"),
    "EventRootCode": (28, "VARCHAR"), "QuadClass": (29, "BIGINT"), "GoldsteinScale": (30, "DOUBLE"),
    "NumMentions": (31, "BIGINT"), "ActionGeo_CountryCode": (53, "VARCHAR"), "DATEADDED": (59, "BIGINT"),
    "SOURCEURL": (60, "VARCHAR"),
}  # fmt: skip


def asked_raw(question, paths, **settings):
    """The query for BigQuery, asked of raw files that DuckDB reads column by column."""
    names = {place: f"'{name}': '{kind}'" for name, (place, kind) in RAW.items()}
    columns = ", ".join(names.get(place, f"'c{place}': 'VARCHAR'") for place in range(61))
    with duckdb.connect() as connection:
        files = ", ".join(f"'{path}'" for path in paths)
        connection.execute(
            f"CREATE VIEW raw AS SELECT * FROM read_csv([{files}], delim = '\t', header = false, quote = '', "
            f"escape = '', auto_detect = false, columns = {{{columns}}})"
        )
        found = pl.DataFrame(connection.sql(cleaned(question, "raw", **settings)))
    return found.cast(ANSWER).sort("period", "source", "target")


@pytest.fixture(scope="module")
def real_lakes(tmp_path_factory):
    """The real files of GDELT 2.0 in lakes of both kinds."""
    found = {}
    for published in (False, True):
        home = tmp_path_factory.mktemp("real")
        take_in(REAL, home, published_quad=published)
        found[published] = ledger.paths_of(home, ledger.open_lake(home, "gdelt"))
    return found


@pytest.mark.shared
@pytest.mark.skipif(not REAL, reason="the shared data are not beside this checkout")
@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize(
    "question",
    [
        Question("day"), Question("month"), Question("quarter"), Question("year"),
        Question("month", sources=("USA",)), Question("day", targets=("USA", "RUS", "CHN")),
        Question("year", roles=("GOV", "MIL")), Question("year", places=("SYR", "USA", "GBR")),
        Question("month", first=date(2015, 10, 27), last=date(2019, 10, 23)),
    ],
    ids=lambda one: f"{one.grain}-{one.sources or one.targets or one.roles or one.places or one.first or 'all'}",
)  # fmt: skip
def test_the_query_for_bigquery_gives_what_the_readers_give_on_real_files(real_lakes, question, published):
    expected = answer(question, real_lakes[published])
    assert asked_raw(question, REAL, published_quad=published).equals(expected)
    assert expected.height


def test_the_query_for_bigquery_gives_what_the_readers_give_on_made_files(tmp_path):
    # An id that comes again comes with the same content, as a provider sends it.
    paths = days_of_files(tmp_path / "raw", 6, rows=80, seed=5, other_content=False)
    found = take_in(paths, tmp_path)
    assert min(found[0].dropped[reason] for reason in ("repeated event id", "duplicate")) > 20
    lake = ledger.paths_of(tmp_path, ledger.open_lake(tmp_path, "gdelt"))
    for question in (Question("day"), Question("year", roles=("GOV", "MED"))):
        assert asked_raw(question, paths).equals(answer(question, lake))


@pytest.mark.parametrize(
    ("day", "kept"),
    [("20160230", 0), ("19781231", 0), ("19790101", 1), ("20160128", 1), ("20160129", 0), ("0", 0)],
)
def test_the_query_for_bigquery_drops_days_that_are_none(tmp_path, day, kept):
    path = tmp_path / "20160128000000.export.CSV"
    at = {"added": "20160128000000"}
    path.write_bytes(
        lined(gdelt_row(day=day, **at), gdelt_row(id="2", code="07", address="b", day="20160127", **at))
    )
    found = asked_raw(Question("day"), [path])
    assert found.height == 1 + kept
    scan = scan_files([path], grain="day")
    assert scan.frame["events"].sum() == 1 + kept
