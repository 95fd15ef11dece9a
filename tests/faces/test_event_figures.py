"""What the figures of events draw, from a reading small enough to check by eye, and what stands beside them."""

import re
from dataclasses import replace
from datetime import date
from itertools import permutations

import polars as pl
import pytest
from syrupy.extensions.json import JSONSnapshotExtension
from test_figures import frame_of, manifest, small_reading, specification

from tripoint.core.triad import Triad
from tripoint.errors import CoverageError
from tripoint.faces.figures import theme
from tripoint.faces.figures.axes import year_of, years_in
from tripoint.faces.figures.balance import balance_figure, unseen_dyads
from tripoint.faces.figures.band import rows_of
from tripoint.faces.figures.cooperation import cooperation_figure, origins_of, unseen_pairs
from tripoint.faces.figures.responses import responses_figure, tie
from tripoint.faces.report import events as report_events
from tripoint.faces.report import method, render_report
from tripoint.faces.report.tables import Missing
from tripoint.readings.events import EventsReading
from tripoint.readings.reading import take_reading
from tripoint.readings.triangle import Answer, Leads, Triangle

STATES = ("RUS", "CHN", "KAZ")
DIRECTIONS = tuple(permutations(STATES, 2))
FIGURES = (cooperation_figure, balance_figure, responses_figure)


def numbers(measure: str, period: str, value: float | None, note: str | None = None, n: int = 31) -> dict:
    bounds = (None, None) if value is None else (value - 0.02, value + 0.01)
    grade = "D" if value is None else "B"
    return {
        "measure": measure, "period": period, "value": value, "lower": bounds[0], "upper": bounds[1], "n": n,
        "coverage": grade, "note": note,
    }  # fmt: skip


def directed(origin: str, periods: tuple[str, ...], base: float, pairs=DIRECTIONS):
    return [
        {"source": source, "target": target, "origin": origin}
        | numbers("cooperation_state", period, base + 0.005 * place)
        for source, target in pairs
        for place, period in enumerate(periods)
    ]


def small_events(*, origins: int = 1, **changes) -> EventsReading:
    """Yearly counts to 2019; with two origins months of another from 2018, and both together."""
    rows = directed("icews_years", ("2017", "2018", "2019"), 0.95)
    if origins == 2:
        rows += directed("gdelt", ("2018-11", "2018-12", "2019-01", "2019-04"), 0.85)
        rows += directed("fused", ("2017", "2018", "2019"), 0.9)
    balance = [
        {"first": one, "second": two} | numbers("score_balance", period, value, note, n)
        for one, two in (("CHN", "RUS"), ("KAZ", "RUS"), ("CHN", "KAZ"))
        for period, value, note, n in (
            ("2020-01", 0.05, None, 31),
            ("2020-02", -0.03, "20 days on record", 20),
            ("2020-04", None, "too few to say", 12),
            ("2020-05", 0.02, None, 31),
        )
    ]
    made = EventsReading(
        STATES,
        "month" if origins == 2 else "year",
        date(2023, 10, 31),
        manifest(),
        frame_of(rows),
        frame_of(balance),
    )
    return replace(made, **changes)


def small_triangle(*, who_acted: bool) -> Triangle:
    """Two quarters of responses, in all four directions or in the two without one."""
    asked = (
        [("RUS>KAZ", "KAZ>RUS"), ("RUS>KAZ", "KAZ>CHN"), ("CHN>KAZ", "KAZ>CHN"), ("CHN>KAZ", "KAZ>RUS")]
        if who_acted
        else [("KAZ-RUS", "CHN-KAZ"), ("CHN-KAZ", "KAZ-RUS")]
    )
    kinds = ("reciprocity", "triangle") * 2 if who_acted else ("triangle", "triangle")
    answers = tuple(
        Answer(
            *pair, kind, -0.4, -0.9, -0.1 if kind == "reciprocity" else 0.1, (-0.7, -0.2),
            "cannot be told" if kind == "triangle" else None,
        )
        for pair, kind in zip(asked, kinds, strict=True)
    )  # fmt: skip
    columns = ("horizon", "value", "lower68", "upper68", "lower90", "upper90")
    steps = [
        (0, -0.3, -0.5, -0.1, -0.6, 0.0),
        (1, -0.1, -0.2, 0.1, -0.3, 0.2),
        (2, 0.0, -0.1, 0.1, -0.2, 0.2),
    ]
    responses = [
        {"cause": cause, "effect": effect} | dict(zip(columns, step, strict=True))
        for cause, effect in asked
        for step in steps
    ]
    other = {"choice": "2 lags", "cause": asked[0][0], "effect": asked[0][1]}
    choices = pl.DataFrame(
        [other | {"value": 0.1, "lower": -0.2, "upper": 0.4}, other | {"choice": "6 lags"}]
    )
    return Triangle(
        Triad("RUS", "CHN", ground="KAZ"), date(2023, 10, 31), manifest(), who_acted, "goldstein_mean", "gdelt",
        "quarter", "2018-Q1", "2022-Q4", 20, 1, 2, pl.DataFrame(), pl.DataFrame(responses), answers, choices,
        (Leads(("RUS>KAZ",), ("KAZ>CHN",), 1.0, (1.0, 9.0), 0.2, 0.4),), 0.0,
    )  # fmt: skip


def reading_of(*, origins: int = 1, who_acted: bool = False, **changes):
    reading = small_reading()
    reading.__dict__["events"] = small_events(origins=origins, **changes)
    reading.__dict__["triangle"] = small_triangle(who_acted=who_acted)
    return reading


@pytest.fixture
def golden(snapshot):
    return snapshot.use_extension(JSONSnapshotExtension)


@pytest.mark.parametrize("origins", [1, 2])
def test_cooperation_is_as_approved(origins, golden):
    assert specification(cooperation_figure(reading_of(origins=origins))) == golden


def test_balance_is_as_approved(golden):
    assert specification(balance_figure(reading_of())) == golden


@pytest.mark.parametrize("who_acted", [True, False])
def test_responses_are_as_approved(who_acted, golden):
    assert specification(responses_figure(reading_of(who_acted=who_acted))) == golden


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_figure_has_a_description_and_no_address(figure):
    chart = figure(reading_of(origins=2, who_acted=True))
    drawn = theme.svg(chart, "A title", chart.description)
    assert "<title>A title</title><desc>" in drawn
    assert re.search(r"-?\d", chart.description)
    assert "NaN" not in drawn
    assert "http" not in drawn.replace("http://www.w3.org/", "")


def test_years_quarters_and_months_stand_on_one_axis():
    assert [year_of(period) for period in ("2018", "2018-Q2", "2018-07", "2018-Q4")] == [
        2018,
        2018.25,
        2018.5,
        2018.75,
    ]
    assert years_in("2018-05") == pytest.approx(1 / 12)


@pytest.mark.parametrize(
    ("periods", "runs"),
    [
        (("2018-11", "2018-12", "2019-01", "2019-03"), [0, 0, 0, 1]),
        (("2018-Q4", "2019-Q1", "2019-Q3"), [0, 0, 1]),
        (("2018", "2019", "2021"), [0, 0, 1]),
    ],
)
def test_no_line_bridges_a_period_that_is_not_on_record(periods, runs):
    rows = rows_of(frame_of([numbers("cooperation_state", period, 0.9) for period in periods]))
    assert [row["run"] for row in rows] == runs


def test_a_month_with_missing_days_is_hollow_and_breaks_no_line():
    notes = (None, "20 days on record", None, "60% of the days are on record")
    rows = rows_of(
        frame_of([numbers("score_balance", f"2020-0{k}", 0.1, note) for k, note in enumerate(notes, 1)])
    )
    assert [(row["dot"], row["run"]) for row in rows] == [("none", 0), ("days", 0), ("none", 0), ("days", 0)]


def test_states_have_their_colours_in_every_panel():
    drawn = specification(cooperation_figure(reading_of()))
    assert drawn["resolve"]["scale"]["color"] == "independent"
    colours = {"by Russia": theme.FIRST, "by China": theme.SECOND, "by Kazakhstan": theme.GROUND}
    for panel in drawn["vconcat"]:
        scales = [
            layer["encoding"]["color"].get("scale")
            for layer in panel["layer"]
            if "color" in layer["encoding"]
        ]
        for scale in (scale for scale in scales if scale):
            assert [colours[name] for name in scale["domain"]] == scale["range"]
    names = [panel["title"]["text"] for panel in drawn["vconcat"]]
    assert names == ["Russia and Kazakhstan", "China and Kazakhstan", "Russia and China"]


def test_the_end_of_an_origin_is_marked_unless_the_reading_ends_with_it():
    def marks(reading) -> list[str]:
        found = re.findall(r"end of [\w ]+, \d{4}", str(specification(cooperation_figure(reading))))
        return list(dict.fromkeys(found))

    assert marks(reading_of(origins=2)) == ["end of yearly ICEWS, 2019", "end of GDELT, 2019"]
    to_the_end = frame_of(directed("gdelt", ("2021", "2022"), 0.9))
    assert marks(reading_of(directed=to_the_end)) == []


def test_all_together_is_the_main_line():
    assert origins_of(small_events(origins=2)) == ["fused", "icews_years", "gdelt"]
    assert origins_of(small_events()) == ["icews_years"]


def test_pairs_without_events_are_named():
    only = frame_of(directed("icews_years", ("2017", "2018"), 0.95, (("RUS", "CHN"), ("CHN", "RUS"))))
    balance = small_events().undirected.filter(first="CHN", second="RUS")
    reading = reading_of(directed=only, undirected=balance)
    assert unseen_pairs(reading) == unseen_dyads(reading) == ("Russia and Kazakhstan", "China and Kazakhstan")
    for exhibit in (report_events.cooperation(reading), report_events.balance(reading)):
        assert "Too few events are on record to draw: Russia and Kazakhstan; China and" in exhibit.caption
        assert exhibit.picture is not None


def test_ties_are_named_the_powers_first():
    reading = reading_of()
    assert tie(reading, "KAZ-RUS") == "Russia–Kazakhstan"
    assert tie(reading, "KAZ>USA") == "Kazakhstan toward the United States"


def test_tables_have_every_row_with_interval_n_coverage_and_note():
    reading = reading_of(origins=2, who_acted=True)
    cooperation, balance, responses = (
        made(reading).table
        for made in (report_events.cooperation, report_events.balance, report_events.responses)
    )
    assert len(cooperation.rows) == reading.events.directed.height
    assert ("2019-04", "China toward Kazakhstan", "GDELT", "86.5% (84.5% to 87.5%)") in {
        row[:4] for row in cooperation.rows
    }
    assert len(balance.rows) == 12
    assert (
        "2020-02",
        "Kazakhstan and Russia",
        "−3.0 pp (−5.0 to −2.0)",
        "20",
        "B",
        "20 days on record",
    ) in balance.rows
    assert (
        "2020-04", "Kazakhstan and Russia", Missing("too few to say"), "12", "D", "too few to say",
    ) in balance.rows  # fmt: skip
    assert len(responses.rows) == 4 + 2 + 4 * 3
    assert responses.rows[0] == (
        "Russia toward Kazakhstan", "Kazakhstan toward Russia", "added up over 2 quarters", "−0.40 (−0.90 to −0.10)",
        "−0.70 to −0.20", "20", "C", "answers in kind",
    )  # fmt: skip
    assert responses.rows[5][3] == Missing("the series do not allow that choice")
    assert responses.rows[-1][2] == "quarter 2"
    for table in (cooperation, balance, responses):
        assert all(len(row) == len(table.head) for row in table.rows)
        assert {"Coverage", "Note"} < set(table.head)


@pytest.mark.parametrize("who_acted", [True, False])
def test_the_section_begins_with_what_the_triangle_says(who_acted):
    text = render_report(reading_of(origins=2, who_acted=who_acted))
    section = text.split('<section id="events"')[1].split("</section>")[0]
    assert ("Only events without a direction" in section) != who_acted
    assert section.index('class="says"') < section.index('class="questions"') < section.index("<figure>")
    assert section.count('<div class="picture">') == 3
    assert section.count("<table>") == 3
    assert "<script" not in section
    assert "<dt>Events</dt>" in text


def test_why_a_figure_of_events_is_empty():
    reading = small_reading()
    assert isinstance(reading.events, CoverageError)
    assert isinstance(reading.triangle, CoverageError)
    made = [
        part(reading) for part in (report_events.cooperation, report_events.balance, report_events.responses)
    ]
    assert all(exhibit.picture is None and not exhibit.table.rows for exhibit in made)
    assert "has no events between RUS, CHN, KAZ" in made[0].reason
    assert made[2].reason.startswith("No 60 months in a row are on record")
    assert method.worth_of_events(reading).startswith(
        "Not read here: the vintage 2023-10-31-0123abcd has no events"
    )
    half = reading_of(directed=small_events().directed.clear())
    assert cooperation_figure(half) is None
    assert report_events.cooperation(half).reason == (
        "The vintage does not have who acts toward whom for any two of Russia, China and Kazakhstan often enough."
    )


def test_what_events_are_worth_is_said_from_the_records():
    said = method.worth_of_events(reading_of(origins=2))
    assert (
        "in Boschee and others (2015), 2017 to 2019 and Leetaru and Schrodt (2013), 2018-11 to 2019-04."
        in said
    )
    assert "Leetaru and Schrodt (2013) and gdelt-graph-data (2024), 2020-01 to 2020-05." in said
    assert "96 in all" not in said
    bundled = take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled")
    assert "2002 to 2014" in method.worth_of_events(bundled)
    assert "Days are missing, 96 in all" in method.worth_of_events(bundled)


def test_origins_that_count_by_year_stand_beside_months(monkeypatch):
    from tripoint.readings import events

    years = small_events(origins=1)
    months = replace(years, frequency="month", directed=frame_of(directed("gdelt", ("2018-11",), 0.9)))
    monkeypatch.setattr(
        events, "take_events", lambda *_, frequency=None, **__: years if frequency == "year" else months
    )
    found = small_reading().events
    assert not isinstance(found, CoverageError)
    assert found.origins == ("gdelt", "icews_years")
    assert found.frequency == "month"


def test_sentences_of_a_reading_load_no_model_of_a_triangle():
    import subprocess
    import sys

    code = (
        "import sys\nfrom tripoint import Triad, take_reading\n"
        "take_reading(Triad('RUS', 'CHN', ground='KAZ'), vintage='bundled').as_dict()\n"
        "print([name for name in sys.modules if 'autoregression' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
