"""``tripoint events``: raw files in, what became of them, what they say; wrong use; and the whole way."""

import json
import re
from contextlib import contextmanager

import numpy as np
import polars as pl
import pytest
from tests.measures.events_building import answers, periods
from tests.sources.event_building import (
    ICEWS_HEADER,
    gdelt_row,
    header_line,
    icews_row,
    lined,
    zipped,
)
from tests.store.lake_building import days_of_files
from typer.testing import CliRunner

from tripoint.faces.cli import app
from tripoint.measures.triangle import directions

QUADS = ("verbal_cooperation", "material_cooperation", "verbal_conflict", "material_conflict")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home, and a folder of one's own."""
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path / "home"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


def run(*words, code=0):
    result = CliRunner().invoke(
        app, ["events", *map(str, words)], env={"COLUMNS": "80", "NO_COLOR": "1"}, prog_name="tripoint"
    )
    assert result.exit_code == code, result.output
    assert "should not have" not in result.output, "a fault of ours"
    return result


def strict(text):
    """JSON without NaN and infinity."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def said(result):
    """What was said on stderr, on one line."""
    return " ".join(result.stderr.split())


def narrow(text):
    """Whether no line is wider than a terminal of 80 columns."""
    return max(map(len, text.splitlines())) <= 80


@pytest.fixture
def raw(tmp_path):
    """Files of four days of GDELT, made to measure: who, toward whom, what, where."""
    folder = tmp_path / "raw"
    folder.mkdir()
    rows = {
        "20160130": [("RUS", "GOV", "KAZ", "GOV", "04", "2.8", "KZ"), ("RUS", "MIL", "KAZ", "", "19", "-10", "KZ")],
        "20160131": [("KAZ", "GOV", "RUS", "GOV", "05", "3.4", "RS"), ("CHN", "GOV", "KAZ", "GOV", "06", "6", "CH")],
        "20160201": [("RUS", "GOV", "KAZ", "GOV", "11", "-2", "RS"), ("RUS", "GOV", "KAZ", "GOV", "04", "", "KZ")],
        "20170315": [("RUS", "GOV", "KAZ", "GOV", "04", "1", "KZ"), ("AFR", "", "KAZ", "", "04", "1", "KZ")],
    }  # fmt: skip
    number = 500_000_000
    for day, events in rows.items():
        lines = []
        for source, one, target, other, code, score, place in events:
            number += 1
            lines.append(
                gdelt_row(
                    id=str(number), day=day, source=source, source_role=one, target=target, target_role=other,
                    code=code, goldstein=score, place=place, added=f"{day}120000", address=f"https://a/{number}",
                )
            )  # fmt: skip
        (folder / f"{day}120000.export.CSV").write_bytes(lined(*lines))
    return folder


@pytest.fixture
def lake(raw):
    """The same files, taken in."""
    run("ingest", raw)


def test_a_folder_is_taken_in_once(raw):
    first = run("ingest", raw)
    assert first.stdout.splitlines() == [
        "gdelt: 4 files taken in",
        "  7 of 8 rows are events between states",
        "  dropped: 1 (region, not state)",
    ]
    assert "`tripoint build`" in first.stderr
    again = run("ingest", raw)
    assert again.stderr == ""
    assert again.stdout == "gdelt: 0 files taken in, 4 had been taken in before\n"
    new = raw / "20170316120000.export.CSV"
    new.write_bytes(
        lined(gdelt_row(id="600000000", day="20170316", added="20170316120000", address="https://a/9"))
    )
    assert run("ingest", raw).stdout.startswith("gdelt: 1 files taken in, 4 had been taken in before")


def test_a_file_that_is_not_there_is_refused_and_nothing_else_said(tmp_path):
    result = run("ingest", tmp_path / "none.zip", code=1)
    assert result.stdout == ""
    assert "cannot be read: No such file" in result.stderr


def test_single_files_and_packed_ones_of_two_providers(tmp_path, raw):
    packed = tmp_path / "20180101000000.export.CSV.zip"
    packed.write_bytes(zipped(lined(gdelt_row(id="7", day="20180101", added="20180101000000"))))
    icews = tmp_path / "events.2018.20200427084805.tab"
    icews.write_bytes(
        lined(header_line(ICEWS_HEADER), icews_row(), icews_row(Event_ID="2", Source_Country="Nowhere"))
    )
    found = {one["provider"]: one for one in strict(run("ingest", packed, icews, "--json").stdout)}
    assert set(found) == {"gdelt", "icews"}
    assert set(found["gdelt"]) == {"provider", "files", "known", "rows", "kept", "dropped", "faults"}
    assert (found["gdelt"]["files"], found["gdelt"]["kept"]) == (1, 1)
    assert (found["icews"]["rows"], found["icews"]["kept"]) == (2, 1)
    assert sum(found["icews"]["dropped"].values()) == 1
    assert {one["provider"] for one in strict(run("status", "--json").stdout)["lakes"]} == {"gdelt", "icews"}


def test_a_list_names_files(tmp_path, raw):
    paths = sorted(raw.iterdir())
    listed = tmp_path / "wanted.txt"
    listed.write_text("\n".join(["", *map(str, paths[:2]), f"  {paths[2]}  ", ""]))
    assert "3 files taken in" in run("ingest", "--list", listed).stdout
    listed.write_bytes(b"\xff\xfe")
    assert "cannot be read" in said(run("ingest", "--list", listed, code=2))
    assert "cannot be read" in said(run("ingest", "--list", tmp_path / "none.txt", code=2))


def test_without_a_file_what_was_fetched_is_taken_in(home, raw):
    assert "fetch with `tripoint events pull`" in said(run("ingest", code=2))
    (home / "events" / "raw").mkdir(parents=True)
    assert "no event file was given" in said(run("ingest", code=2))
    raw.rename(home / "events" / "raw" / "gdelt")
    assert "4 files taken in" in run("ingest").stdout


def test_what_cannot_be_read_is_said_and_the_rest_is_taken_in(raw):
    (raw / "20180101000000.export.CSV").write_bytes(b"not an event\n")
    (raw / "20180102000000.export.CSV.zip").write_bytes(b"PK\x03\x04 cut short")
    result = run("ingest", raw, code=1)
    assert "4 files taken in" in result.stdout
    assert "refused: 20180101000000.export.CSV: no layout of event data has 1 columns" in said(result)
    assert "refused: 20180102000000.export.CSV.zip" in said(result)
    again = strict(run("ingest", raw, "--json", code=1).stdout)
    assert len(again[0]["faults"]) == 2
    text = run("status").stdout
    assert "gdelt: 4 files, 2016-01-30 to 2017-03-15" in text
    assert text.count("refused: ") == 2
    found = strict(run("status", "--json").stdout)["lakes"][0]
    assert {one["file"] for one in found["refused"]} == {
        "20180101000000.export.CSV",
        "20180102000000.export.CSV.zip",
    }


def test_many_refused_files_are_counted_not_listed(raw):
    for number in range(24):
        (raw / f"201901{number + 1:02d}000000.export.CSV").write_bytes(b"no\n")
    result = run("ingest", raw, code=1)
    assert result.stderr.count("refused: ") == 20
    assert "4 more files were refused" in said(result)
    assert "and 12 more files were refused: --json" in run("status").stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ingest", "nowhere"], "nowhere"),
        (["ingest", "x", "--engine", "bigquery"], "no engine is called 'bigquery'"),
        (["ingest", "x", "--engine", "sparc"], "Did you mean 'spark'"),
    ],
)
def test_wrong_use_of_ingest_is_said(words, expected):
    result = CliRunner().invoke(app, ["events", *words], env={"COLUMNS": "200"})
    assert result.exit_code in (1, 2)
    assert expected in said(result)
    assert "should not have" not in result.output


def test_a_lake_is_of_one_kind(raw):
    run("ingest", raw, "--published-quad")
    assert "QuadClass as published" in run("status").stdout
    assert "one lake cannot do both" in said(run("ingest", raw, code=2))


def test_status_as_text_and_as_json(lake):
    text = " ".join(run("status").stdout.split())
    assert text.startswith(
        "gdelt: 4 files, 2016-01-30 to 2017-03-15, 407 days without a file; classed by root code"
    )
    assert "7 of 8 rows are events between states (87.5%), in 7 sums" in text
    assert "no faults" not in text
    found = strict(run("status", "--json").stdout)
    assert found["faults"] is None
    (one,) = found["lakes"]
    assert (one["days"], one["days_missing"], one["first_day"]) == (4, 407, "2016-01-30")
    assert (one["rows"], one["kept"], one["cells"]) == (8, 7, 7)
    assert one["dropped"] == {"region, not state": 1}
    assert one["bytes"] > 0


def test_nothing_on_record_is_said():
    assert "There is no lake of events yet" in run("status").stdout
    assert strict(run("status", "--check", "--json").stdout) == {"lakes": [], "faults": []}
    assert "there is no lake of gdelt" in said(run("counts", code=1))
    assert "there is no lake of icews" in said(run("counts", "--provider", "icews", code=1))
    nothing = run("series", "TUV", "NRU", "--by", "year", code=1)
    assert "no events between TUV, NRU by year" in said(nothing)
    assert "tripoint events ingest" in said(nothing)
    assert "no 60 months in a row" in said(run("triangle", "RUS", "CHN", "TUV", code=1))


@pytest.mark.parametrize("how", ["altered", "cut", "gone"])
def test_a_damaged_part_is_found(lake, home, how):
    assert run("status", "--check").stdout.endswith("no faults\n")
    part = sorted((home / "events" / "gdelt" / "added").rglob("*.parquet"))[0]
    content = part.read_bytes()
    if how == "gone":
        part.unlink()
    else:
        part.write_bytes(content[:-40] if how == "cut" else content[:60] + b"!" + content[61:])
    result = run("status", "--check", code=1)
    assert "is missing or damaged" in said(result)
    assert "gdelt: 4 files" in result.stdout
    faults = strict(run("status", "--check", "--json", code=1).stdout)["faults"]
    assert len(faults) == 1
    assert part.name in faults[0]
    assert run("status").exit_code == 0, "without --check nothing is compared"


def test_months_and_years_in_one_file_are_days_with_a_file(tmp_path):
    """GDELT before April 2013 comes by month, before 2006 by year."""
    folder = tmp_path / "old"
    folder.mkdir()
    for name, day in (
        ("2005.zip", "20050304"),
        ("200601.zip", "20060115"),
        ("20060202.export.CSV.zip", "20060202"),
    ):
        line = gdelt_row(57, id=day, day=day, added=day, address=f"https://a/{day}")
        (folder / name).write_bytes(zipped(lined(line)))
    run("ingest", folder)
    (one,) = strict(run("status", "--json").stdout)["lakes"]
    assert (one["first_day"], one["last_day"]) == ("2005-01-01", "2006-02-02")
    assert (one["days"], one["days_missing"]) == (365 + 31 + 1, 1)
    from tripoint.store.catalog import read_home

    table = read_home().frames["event_counts"]
    assert dict(table.select("period", "days").iter_rows()) == {"2005-03": 31, "2006-01": 31, "2006-02": 1}


def test_days_of_files_for_years_are_those_with_an_event(tmp_path, home):
    """A file of ICEWS that stops in March says so: what follows is not on record, and not quiet."""
    days = ("2018-01-30", "2018-01-31", "2018-02-01", "2018-03-02")
    rows = [icews_row(Event_ID=str(number), Event_Date=day) for number, day in enumerate(days, 1)]
    path = tmp_path / "events.2018.20200427084805.tab"
    path.write_bytes(lined(header_line(ICEWS_HEADER), *rows))
    run("ingest", path)
    (one,) = strict(run("status", "--json").stdout)["lakes"]
    assert (one["first_day"], one["last_day"]) == ("2018-01-30", "2018-03-02")
    assert (one["days"], one["days_missing"]) == (4, 28)
    assert "2018-01-30 to 2018-03-02, 28 days without an event" in run("status").stdout
    from tripoint.store.catalog import read_home

    table = read_home().frames["event_counts"]
    assert dict(table.select("period", "days").iter_rows()) == {"2018-01": 2, "2018-02": 1, "2018-03": 1}
    for part in (home / "events" / "icews" / "added").rglob("*.parquet"):
        part.write_bytes(part.read_bytes()[:-40])
    assert "days unknown" in run("status").stdout
    assert "is missing or damaged" in said(run("status", "--check", code=1))


def test_counts_by_hand(lake):
    found = strict(run("counts", "RUS", "KAZ", "--json").stdout)
    assert [one["period"] for one in found] == ["2016-01", "2016-02", "2017-03"]
    first, second, _ = found
    assert [first[name] for name in QUADS] == [1, 0, 0, 1]
    assert (first["scored"], first["hundredths"], first["squares"]) == (2, -720, 280**2 + 1000**2)
    assert (second["scored"], second["hundredths"]) == (1, -200), (
        "an event without a score counts, but scores nothing"
    )
    text = run("counts", "RUS", "KAZ").stdout
    assert narrow(text)
    assert "2016-01  RUS     KAZ" in text
    assert "-3.60" in text


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ([], 5),
        (["Russia", "kazakhstan"], 3),
        (["RUS,CHN", "KAZ"], 4),
        (["RUS", "KAZ", "--grain", "day"], 3),
        (["RUS", "KAZ", "--grain", "quarter"], 2),
        (["RUS", "KAZ", "--grain", "year"], 2),
        (["RUS", "KAZ", "--from", "2016-02-01"], 2),
        (["RUS", "KAZ", "--to", "2016-01-31"], 1),
        (["RUS", "KAZ", "--from", "2016-02-01", "--to", "2016-02-28"], 1),
        (["--places", "KAZ"], 3),
        (["--places", "Russia,China"], 3),
        (["KAZ", "CHN"], 0),
    ],
)
def test_counts_are_filtered(lake, words, rows):
    assert len(strict(run("counts", *words, "--json").stdout)) == rows
    assert narrow(run("counts", *words).stdout)


def test_counts_between_actors_of_a_role(lake):
    found = strict(run("counts", "RUS", "KAZ", "--roles", "GOV", "--json").stdout)
    assert sum(one["material_conflict"] for one in found) == 0, "the army is none of the government's"
    assert sum(one["verbal_cooperation"] for one in found) == 3
    assert strict(run("counts", "RUS", "KAZ", "--roles", "MIL", "--json").stdout) == [], (
        "both sides must have it"
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["Rusia", "KAZ"], "Russia"),
        (["RUS", "Kazachstan"], "'Kazakhstan' (KAZ)"),
        (["--places", "Nowhere"], "Nowhere"),
        (["--grain", "week"], "'week' is no grain of events; known are day, month, quarter, year"),
        (["--from", "2016"], "'2016' is no date; write it as 2023-12-31"),
        (["--from", "2017-01-01", "--to", "2016-01-01"], "ends before"),
        (["--roles", "gov"], "'gov' is no role"),
        (["--provider", "gdlt"], "Did you mean 'gdelt'"),
        (["--engine", "spak"], "Did you mean 'spark'"),
        (["--engine", "bigquery"], "nothing is sent to BigQuery"),
        (["--engine", "bigquery", "--dry-run"], "give the first and the last day with --from and --to"),
        (["--published-quad"], "goes with --engine bigquery"),
    ],
)
def test_wrong_use_of_counts_is_said(lake, words, expected):
    result = run("counts", *words, code=2)
    assert result.stdout == ""
    assert result.stderr.startswith("tripoint: ")
    assert expected in said(result)


@pytest.mark.parametrize("engine", ["embedded", "spark", "bigquery"])
def test_a_dry_run_prints_the_query_and_needs_no_lake(engine):
    found = run(
        "counts", "RUS", "Kazakhstan", "--from", "2024-01-01", "--to", "2024-12-31", "--roles", "GOV",
        "--engine", engine, "--dry-run",
    ).stdout  # fmt: skip
    assert "'RUS'" in found
    assert "'KAZ'" in found
    assert "'GOV'" in found
    assert "GROUP BY" in found
    assert ("events_partitioned" in found) == (engine == "bigquery")
    assert ("STRFTIME" in found) == (engine == "embedded")


def test_a_dry_run_can_take_the_published_class():
    words = ("counts", "--from", "2024-01-01", "--to", "2024-01-31", "--engine", "bigquery", "--dry-run")
    assert "root <= 5" in run(*words).stdout
    assert "root <= 5" not in run(*words, "--published-quad").stdout


def test_spark_is_asked_where_it_is_asked_for(lake, raw, monkeypatch):
    """What comes out of it is held against this machine elsewhere; here, that it is asked, and where."""
    from tripoint.store.engines import embedded, spark

    asked = []

    @contextmanager
    def session(master):
        asked.append(master)
        yield "a session"

    monkeypatch.setattr(spark, "session", session)
    monkeypatch.setattr(spark, "answer", lambda question, paths, _session: embedded.answer(question, paths))
    monkeypatch.setattr(spark, "reader", lambda _session: None)
    words = ("counts", "RUS", "KAZ", "--json")
    result = run(*words, "--engine", "spark", "--master", "spark://there:7077")
    assert strict(result.stdout) == strict(run(*words).stdout)
    assert "starting Spark" in result.stderr
    assert "4 had been taken in before" in run("ingest", raw, "--engine", "spark").stdout
    assert asked == ["spark://there:7077", None]


def test_counts_are_written_by_year(lake, tmp_path):
    result = run("counts", "-o", "months")
    assert result.stdout == "5 rows in 2 files: months\n"
    written = {
        path.parent.name: pl.read_parquet(path) for path in (tmp_path / "here" / "months").rglob("*.parquet")
    }
    assert {name: frame.height for name, frame in written.items()} == {"year=2016": 4, "year=2017": 1}
    assert written["year=2017"].row(0, named=True)["period"] == "2017-03"
    again = run("counts", "RUS", "KAZ", "--grain", "year", "--from", "2017-01-01", "-o", "months").stdout
    assert "1 rows in 1 files" in again
    assert [path.name for path in (tmp_path / "here" / "months").iterdir()] == ["year=2017"], (
        "the old is replaced"
    )


def test_a_folder_with_other_files_is_not_replaced(lake, tmp_path):
    kept = tmp_path / "here" / "letters"
    kept.mkdir()
    (kept / "dear.txt").write_text("friend")
    result = run("counts", "-o", "letters", code=2)
    assert "holds other files, such as 'dear.txt'" in said(result)
    assert (kept / "dear.txt").read_text() == "friend"
    (tmp_path / "here" / "a-file").write_text("in the way")
    run("counts", "-o", "a-file", code=1)
    assert (tmp_path / "here" / "a-file").read_text() == "in the way"


def test_more_rows_than_are_shown_are_said(tmp_path):
    run("ingest", *days_of_files(tmp_path / "days", 20, rows=30))
    text = run("counts").stdout
    assert "The last 20 of " in text
    assert narrow(text)
    assert len(strict(run("counts", "--json").stdout)) > 100


def test_series_of_the_package_as_text_and_as_json():
    text = run("series").stdout
    assert text.startswith("Events between Russia and Kazakhstan, by year")
    assert narrow(text)
    for part in (
        "Russia toward Kazakhstan, icews_years",
        "Kazakhstan toward Russia",
        "who acted is not",
        "KAZ-RUS",
    ):
        assert part in text
    latest = re.findall(r"\) +\d{4}(?:-\d\d)? +(.+)$", text, flags=re.M)
    assert latest
    assert all(re.fullmatch(r"[\d,]+ +[ABC]", about) for about in latest), "n and grade"
    found = strict(run("series", "Russia", "Kazakhstan", "--json").stdout)
    assert set(found) == {
        "states",
        "frequency",
        "as_of",
        "vintage",
        "effort",
        "origins",
        "directed",
        "undirected",
    }
    assert found["states"] == ["RUS", "KAZ"]
    assert found["origins"] == ["icews_years"]
    assert {row["period"] for row in found["directed"]} == {str(year) for year in range(2002, 2015)}
    last = next(
        row
        for row in found["directed"][::-1]
        if row["measure"] == "cooperation_share" and row["source"] == "RUS"
    )
    assert f"{last['value']:.1%}" in text
    assert len(found["undirected"]) == 74
    by_month = strict(run("series", "RUS", "KAZ", "--by", "month", "--json").stdout)
    assert (by_month["directed"], len(by_month["undirected"])) == ([], 74)


def test_series_as_of_a_day():
    found = strict(run("series", "RUS", "KAZ", "--as-of", "2010-06-30", "--json").stdout)
    assert max(row["period"] for row in found["directed"]) == "2009"
    assert found["undirected"] == []
    assert found["as_of"] == "2010-06-30"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["series", "Rusia", "KAZ"], "Russia"),
        (["series", "RUS", "RUS"], "give two or more"),
        (["series", "RUS", "KAZ", "--by", "moth"], "Did you mean 'month'"),
        (["series", "RUS", "KAZ", "--as-of", "2010"], "is no date"),
        (["triangle", "RUS", "CHN"], "states"),
        (["triangle", "RUS", "CHN", "Kazachstan"], "'Kazakhstan' (KAZ)"),
        (["triangle", "--measure", "goldstein_men"], "Did you mean 'goldstein_mean'"),
        (["triangle", "--horizon", "0"], "--horizon"),
    ],
)
def test_wrong_use_of_readings_is_said(words, expected):
    result = run(*words, code=2)
    assert result.stdout == ""
    assert expected in said(result)


def test_the_triangle_of_the_package_as_text_and_as_json():
    text = run("triangle").stdout
    assert text.startswith("Who answers whom: Russia, China and Kazakhstan")
    assert narrow(text)
    assert "Only events without a direction are on record here: who acted is not known" in " ".join(
        text.split()
    )
    found = strict(run("triangle", "Russia", "China", "Kazakhstan", "--horizon", "6", "--json").stdout)
    assert (found["directed"], found["n"], found["horizon"]) == (False, 74, 6)
    assert len(found["responses"]) == 9 * 7
    assert found["triad"]["ground"] == "KAZ"


def months_of_files(folder, values, first):
    """A file of GDELT for each month in which six directed pairs act fourteen times, with the mean scores given."""
    folder.mkdir()
    rng, number = np.random.default_rng(0), 0
    last = periods(first, "2020-12")[len(values) - 1]
    for place, month in enumerate(periods(first, last)):
        lines = []
        for column, (source, target) in enumerate(directions("CHN", "RUS", "KAZ")):
            for nth in range(14):
                number += 1
                score = np.clip(2 * values[place, column] + rng.normal(), -10, 10)
                lines.append(
                    gdelt_row(
                        57, id=str(number), day=f"{month.replace('-', '')}{nth + 1:02d}", source=source,
                        target=target, code="04" if rng.random() < 0.75 else "13", goldstein=f"{score:.1f}",
                        added=f"{month.replace('-', '')}28",
                    )
                )  # fmt: skip
        (folder / f"{month.replace('-', '')}.zip").write_bytes(zipped(lined(*lines)))


def test_from_raw_files_to_who_answers_whom(tmp_path):
    """Eight years and two months of raw files, a lake, a vintage of one's own, and the planted answers come out."""
    months_of_files(tmp_path / "raw", answers(-0.5, 98, seed=2), "2005-01")
    taken = run("ingest", tmp_path / "raw").stdout
    assert "98 files taken in" in taken
    assert f"{98 * 6 * 14:,} of {98 * 6 * 14:,} rows are events between states" in taken
    built = CliRunner().invoke(app, ["build", "--json"])
    assert built.exit_code == 0, built.output
    assert strict(built.stdout)["name"].startswith("2025-10-31-")
    assert "is taken from the vintage in the package" in " ".join(built.stderr.split())

    text = run("series", "RUS", "KAZ", "--by", "month").stdout
    assert narrow(text)
    assert "Russia toward Kazakhstan, gdelt (2012-03–2013-02)" in text
    assert "Mean Goldstein score" in text
    found = strict(run("series", "RUS", "KAZ", "--by", "month", "--json").stdout)
    assert found["origins"] == ["gdelt"]
    counted = {row["period"]: row for row in strict(run("counts", "RUS", "KAZ", "--json").stdout)}
    for row in found["directed"]:
        if (row["measure"], row["source"]) == ("goldstein_mean", "RUS"):
            counts = counted[row["period"]]
            assert row["value"] == pytest.approx(counts["hundredths"] / counts["scored"] / 100, abs=1e-5)
            assert row["n"] == 14
    assert strict(run("series", "RUS", "KAZ", "--json").stdout)["frequency"] == "month", (
        "the shortest there is"
    )
    quarters = strict(run("series", "RUS", "KAZ", "--by", "quarter", "--json").stdout)
    assert {"2005-Q1", "2012-Q4"} <= {row["period"] for row in quarters["directed"]}

    read = strict(run("triangle", "--json").stdout)
    assert (read["directed"], read["measure"], read["n"]) == (True, "goldstein_mean", 98)
    toward_other = [one for one in read["answers"] if one["kind"] == "triangle"]
    assert all(one["lower"] > 0 for one in toward_other)
    text = run("triangle").stdout
    assert narrow(text)
    assert "playing one off against the other" in " ".join(text.split())
    assert "<0.001" in text
    from tripoint.store.vintages import open_vintage

    vintage = open_vintage()
    assert vintage.manifest.base == open_vintage("bundled").manifest.name
    assert vintage.manifest.tables["event_counts"].origins == (
        "event_counts: raw files of GDELT, 98 of them",
    )
    rows = vintage.frame("inverse_response_second").filter(first="CHN", second="RUS", ground="KAZ")
    others = vintage.frame("inverse_response_second").filter(ground="UZB")
    assert (
        others.height == open_vintage("bundled").frame("inverse_response_second").filter(ground="UZB").height
    )
    assert rows.select("first", "second", "ground", "period").rows() == [("CHN", "RUS", "KAZ", "2012")]
    assert rows["lower"].item() > 0


def test_a_build_of_too_few_events_says_so(lake, home):
    built = CliRunner().invoke(app, ["build"], env={"COLUMNS": "80"})
    assert built.exit_code == 1
    assert "the tables hold too little: no series can be made of them" in said(built)
    assert not (home / "vintages" / "current").exists()
