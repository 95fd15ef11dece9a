"""What each figure draws, as Vega-Lite JSON, from a reading small enough to check by eye."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from syrupy.extensions.json import JSONSnapshotExtension

from tripoint.core.triad import Triad
from tripoint.faces.figures import theme
from tripoint.faces.figures.axes import domain_of, ticks_of, with_margin, years_axis
from tripoint.faces.figures.band import last_full, rows_of, spread
from tripoint.faces.figures.barometer import barometer_figure
from tripoint.faces.figures.canvas import short
from tripoint.faces.figures.claim import claim_figure
from tripoint.faces.figures.displacement import displacement_figure
from tripoint.faces.figures.fault_lines import fault_lines_figure
from tripoint.faces.figures.front import front_figure
from tripoint.faces.figures.glue import glue_figure
from tripoint.faces.figures.needles import needles_figure
from tripoint.faces.figures.positions import positions_figure
from tripoint.faces.figures.presence import presence_figure
from tripoint.faces.figures.siding import siding_figure
from tripoint.faces.figures.votes import votes_figure
from tripoint.measures.index import index
from tripoint.measures.needle import Needle, Panel
from tripoint.readings.barometer import NeedleReading, barometer_frame
from tripoint.readings.claims import Evidence, Verdict
from tripoint.readings.reading import Barometer, Reading, take_reading
from tripoint.store.vintages import LAYOUT, Manifest, TableTrace, Vintage

YEARS = ("2018", "2019", "2021", "2022")
FIGURES = (
    barometer_figure,
    needles_figure,
    votes_figure,
    siding_figure,
    front_figure,
    presence_figure,
    displacement_figure,
)


def measured(who: dict[str, str], measure: str, values: list[float | None], reach: float = 0.05, n: int = 40):
    """Rows of one measure about some states, one for each of the years; None is a withheld year."""
    return [
        {
            **who,
            "measure": measure,
            "period": period,
            "value": value,
            "lower": None if value is None else value - reach,
            "upper": None if value is None else value + reach,
            "n": n,
            "coverage": "D" if value is None else "B",
            "note": "too few to say" if value is None else None,
        }
        for period, value in zip(YEARS, values, strict=True)
    ]


def frame_of(rows: list[dict]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("n").cast(pl.Int32), pl.col("note").cast(pl.String)
    )


def without_rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.clear()


def needle(name: str, values: list[float | None]) -> NeedleReading:
    """A needle with made-up values, a fifth wide on each side of nothing in particular."""
    declaration = index().needle(name)
    numbers = np.array([[np.nan if value is None else value for value in values]])
    panel = Panel(numbers, numbers - 8.0, numbers + 6.0)
    note = [
        None if value is not None else "not applicable: the two are not both present in the ground"
        for value in values
    ]
    frame = pl.DataFrame(
        {
            "period": list(YEARS),
            "value": numbers[0],
            "lower": numbers[0] - 8,
            "upper": numbers[0] + 6,
            "at_the_time": numbers[0] - 2,
            "at_the_time_lower": numbers[0] - 10,
            "at_the_time_upper": numbers[0] + 4,
            "coverage": ["D" if value is None else "B" for value in values],
            "note": note,
        },
        schema_overrides={"note": pl.String},
    ).with_columns(pl.col(pl.Float64).fill_nan(None))
    panels = dict.fromkeys(declaration.indicators, panel)
    scores = {family.name: panel for family in declaration.families}
    seen = {family.name: ~np.isnan(panel.value) for family in declaration.families}
    made = Needle(panel, panel, np.full((1, 4), 0.5), np.full((1, 4), 0.5), scores, seen, panel)
    return NeedleReading(
        declaration=declaration,
        frame=frame,
        needle=made,
        panels=panels,
        scales={},
        applies=(~np.isnan(numbers)).astype(np.int8),
        years=np.array([int(year) for year in YEARS]),
        absent="not applicable: the two are not both present in the ground",
    )


def verdicts() -> tuple[Verdict, ...]:
    """One claim that is decided and one that cannot be tested."""
    found = Evidence("strain", ("RUS", "CHN", "KAZ"), "2022", 68.0, 60.0, 74.0, "B", 75.0)
    lost = Evidence("displacement_10y", ("CHN", "RUS", "KAZ"), None, None, None, None, "D", 0.0)
    decided = Verdict(
        id="fractures",
        sentence="The bond cracks.",
        verdict="not supported",
        effect=68.0,
        lower=60.0,
        upper=74.0,
        unit="percentile",
        period="2022",
        estimand="Strain in the ground.",
        rule="supported when the lower bound is above 75",
        evidence=(found,),
        by_rule="not supported",
        robustness=0.5,
        variants={"siding only": "mixed"},
        would_change="More of it.",
    )
    untested = replace(
        decided,
        id="displacement",
        sentence="One takes the place of the other.",
        verdict="not testable",
        effect=None,
        lower=None,
        upper=None,
        unit="share_change",
        period=None,
        evidence=(lost,),
        by_rule="not testable",
        robustness=None,
        variants={},
        reason="nothing recent is observed",
    )
    return decided, untested


def manifest() -> Manifest:
    trace = TableTrace("ab" * 32, 1234, ("un_votes: extract",), {"repeated row": 1})
    return Manifest(
        layout=LAYOUT,
        name="2023-10-31-0123abcd",
        code="0.1.0",
        data_through="2023-10-31",
        last_full_year=2022,
        seed=1,
        draws=99,
        outsiders=("USA",),
        powers=("USA", "CHN", "RUS"),
        tables={"votes": trace, "trade_flows": trace},
        series={},
    )


def small_reading(*, empty: bool = False, path: Path = Path("nowhere")) -> Reading:
    """Russia and China through Kazakhstan over four years with a gap; ``empty`` leaves only the votes of the pair."""
    pair, ground = {"first": "RUS", "second": "CHN"}, {"ground": "KAZ"}
    alignment = []
    for (one, two), base in ((("CHN", "RUS"), 0.8), (("KAZ", "RUS"), 0.6), (("CHN", "KAZ"), 0.7)):
        if empty and "KAZ" in (one, two):
            continue
        for measure, value in (
            ("same_vote", base),
            ("kappa", base - 0.4),
            ("observed", base),
            ("expected", 0.5),
        ):
            who = {"first": one, "second": two}
            alignment += measured(who, measure, [value, value + 0.02, None, value + 0.05])
    alignment[-1]["note"] = alignment[3]["note"] = "partial-year"
    siding = [
        row
        for side, value in (("first", 0.2), ("second", 0.5), ("neither", 0.3))
        for row in measured(pair | ground, f"siding_{side}", [value, value, None, value], n=12)
    ]
    against = pair | {"outsider": "USA"}
    front = [
        row
        for measure, value in (
            ("agreement_given_no", 0.8),
            ("agreement_given_other", 0.6),
            ("united_front", 0.2),
        )
        for row in measured(against, measure, [value] * 4)
    ]
    presence = [
        row
        for power, value in (("RUS", 0.25), ("CHN", 0.2), ("USA", 0.03))
        for flow in ("turnover", "export", "import")
        for row in measured(
            ground | {"power": power}, f"presence_{flow}", [value, value, value, None], 0.02, 2
        )
    ]
    presence[1]["note"] = "published share"
    displaced = [
        row
        for measure, values in (
            ("displacement", [0.01, -0.02, 0.0, None]),
            ("displacement_10y", [None, -0.03, -0.01, 0.0]),
        )
        for row in measured(pair | ground, measure, values, 0.015, 9)
    ]
    needles = {
        "unity": needle("unity", [60, 62, 66, 70]),
        "strain": needle("strain", [None] * 4 if empty else [None, 50, 55, 54]),
    }
    frames = [frame_of(rows) for rows in (siding, front, presence, displaced)]
    siding, front, presence, displaced = [without_rows(frame) if empty else frame for frame in frames]
    reading = Reading(
        triad=Triad("RUS", "CHN", ground="KAZ"), as_of=date(2023, 10, 31), vintage=Vintage(path, manifest()), cut=None,
        barometer=Barometer(barometer_frame(needles["unity"].frame, needles["strain"].frame)), needles=needles,
        alignment=frame_of(alignment), siding=siding, front=front, presence=presence, displacement=displaced,
    )  # fmt: skip
    reading.__dict__["claims"] = verdicts()
    return reading


@pytest.fixture
def golden(snapshot):
    return snapshot.use_extension(JSONSnapshotExtension)


def specification(chart) -> dict:
    """A chart as checked Vega-Lite, without the address of the schema."""
    made = chart.to_dict()
    made.pop("$schema")
    return made


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_figure_is_as_approved(figure, golden):
    assert specification(figure(small_reading())) == golden


def test_claim_is_as_approved(golden):
    assert specification(claim_figure(verdicts()[0])) == golden


def test_a_claim_on_two_numbers_shows_both_against_their_lines():
    one = verdicts()[0]
    other = replace(one.evidence[0], quantity="tilt_economic", of=("CHN", "RUS", "KAZ"), value=-0.1, line=0.0)
    chart = claim_figure(replace(one, evidence=(one.evidence[0], other)))
    panels = specification(chart)["vconcat"]
    assert [panel["title"]["text"] for panel in panels][1] == "Tilt in the economy (CHN, RUS, KAZ)"
    assert chart.description.count("against the line of the rule") == len(panels) == 2


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_figure_has_title_and_description_and_no_address(figure):
    chart = figure(small_reading())
    drawn = theme.svg(chart, "A title", chart.description)
    assert "<title>A title</title><desc>" in drawn
    assert "20" in chart.description
    assert "NaN" not in drawn
    assert "http" not in drawn.replace("http://www.w3.org/", "")


def test_nothing_to_draw_is_no_figure():
    reading = small_reading(empty=True)
    for figure in (barometer_figure, siding_figure, front_figure, presence_figure, displacement_figure):
        assert figure(reading) is None
    assert claim_figure(verdicts()[1]) is None


def test_a_needle_that_never_applies_has_no_panel():
    drawn = specification(needles_figure(small_reading(empty=True)))
    assert [panel["title"]["text"] for panel in drawn["vconcat"]] == ["Unity, percentile"]


def test_no_line_bridges_a_year_that_was_not_observed():
    rows = rows_of(frame_of(measured({}, "kappa", [0.1, 0.2, None, 0.4])))
    assert [(row["year"], row["run"], row["dot"]) for row in rows] == [
        (2018, 0, "none"),
        (2019, 0, "none"),
        (2022, 1, "solid"),
    ]


def test_a_year_under_way_stands_alone_and_is_not_the_last_full_one():
    rows = measured({}, "kappa", [0.1, 0.2, 0.3, 0.4])
    rows[-1]["note"] = "partial-year"
    made = rows_of(frame_of(rows))
    assert made[-1]["dot"] == "partial"
    assert made[-1]["alone"]
    assert last_full(made)["year"] == 2021
    assert last_full(made[-1:])["year"] == 2022


def test_months_stand_within_their_year():
    rows = measured({}, "kappa", [0.1, 0.2, 0.3, 0.4])
    for row, month in zip(rows, ("2020-01", "2020-02", "2020-03", "2020-07"), strict=True):
        row["period"] = month
    assert [round(row["year"], 2) for row in rows_of(frame_of(rows))] == [2020.0, 2020.08, 2020.17, 2020.5]


def test_names_keep_their_order_and_do_not_touch():
    places = spread([0.5, 0.5, 0.51, 0.0], [0.1, 0.2, 0.1, 0.1], (0.0, 1.0))
    assert places[3] == pytest.approx(0.05)
    assert places[0] + 0.15 <= places[1] + 1e-6
    assert places[1] + 0.15 <= places[2] + 1e-6


@pytest.mark.parametrize(("values", "least"), [([], 1.0), ([0.0, 250.0], 1.0), ([-0.001, 0.001], 0.01)])
def test_grid_has_few_lines_inside_the_domain(values, least):
    domain, step = domain_of(values, 0.0, least)
    assert 1 <= len(ticks_of(domain, step)) <= 6
    assert with_margin((0.0, 10.0), 0.1) == (-1.0, 11.0)


def test_one_year_alone_makes_an_axis():
    assert years_axis([2020.0], 300).to_dict()["axis"]["values"] == [2020]


def test_long_names_give_way_to_codes():
    assert short("United Kingdom", "GBR") == "United Kingdom"
    assert short("Papua New Guinea", "PNG") == "PNG"


def test_rows_without_the_series_make_no_front():
    reading = small_reading()
    object.__setattr__(reading, "front", pl.DataFrame(schema={"measure": pl.String, "period": pl.String}))
    assert front_figure(reading) is None


def test_votes_in_depth_are_drawn_from_the_bundled_vintage():
    """Each figure of votes in depth draws the rows that the reading has, with their bounds."""
    reading = take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled")
    parts = {row["series"]: row for row in specification(glue_figure(reading))["data"]["values"]}
    latest = reading.votes.latest(reading.votes.glue)
    assert parts["their own"]["value"] == latest["own"]["value"]
    assert parts["through\nUnited States"]["upper"] == latest["linked"]["upper"]
    drawn = specification(fault_lines_figure(reading))
    assert [row["value"] for row in drawn["data"]["values"]] == sorted(
        line.numbers["issue_kappa"]["value"] for line in reading.votes.fault_lines
    )
    panels = specification(positions_figure(reading))["vconcat"]
    names = [{row["series"] for row in panel["data"]["values"]} for panel in panels]
    assert names[0] - names[1] == {"United States"}
    assert names[1] == {"Russia", "China", "Kazakhstan"}


def test_a_pair_without_votes_in_depth_has_no_such_figure():
    reading = take_reading(Triad("KAZ", "UZB", ground="RUS"), vintage="bundled")
    assert glue_figure(reading) is None
    assert fault_lines_figure(reading) is None
    assert positions_figure(reading) is not None
