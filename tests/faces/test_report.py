"""One HTML file: complete, escaped, self-contained, honest about what is not observed."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from test_figures import small_reading

from tripoint.core import triad as triad_module
from tripoint.core.provenance import Citation
from tripoint.core.states import POWERS, find_state
from tripoint.core.triad import Triad
from tripoint.errors import CoverageError, StoreError, TriadError
from tripoint.faces.report import render_report, write_report
from tripoint.faces.report.method import families_table, runs, works
from tripoint.faces.report.tables import Missing, interval
from tripoint.faces.report.wording import with_names
from tripoint.readings.reading import take_reading

GROUNDS = ("KAZ", "MNG", "UKR", "AGO", "TON", "TWN", "VAT", "PSE", "SSD")


class Page(HTMLParser):
    """What a browser would load, and in which order the parts come."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("td", "th"):
            self.cells.append("")
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if "td" in self.open or "th" in self.open:
            self.cells[-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def small() -> str:
    return render_report(small_reading())


@pytest.fixture(scope="module")
def empty() -> str:
    return render_report(small_reading(empty=True))


@pytest.mark.parametrize("page", ["small", "empty"])
def test_page_loads_nothing_and_runs_nothing(page, request):
    text = request.getfixturevalue(page)
    made = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & {
        tag for tag, _ in made.tags
    }
    for tag, attrs in made.tags:
        for name, value in attrs.items():
            assert not name.startswith("on"), f"<{tag} {name}>"
            if value and re.search(r"(?:https?:)?//", value):
                assert (tag, name) == ("a", "href") or name.startswith("xmlns"), f'<{tag} {name}="{value}">'
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", text.split("</style>")[0])
    policy = next(meta["content"] for meta in made.all("meta") if meta.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@pytest.mark.parametrize("page", ["small", "empty"])
def test_headings_go_down_one_step_at_a_time_and_identifiers_are_unique(page, request):
    made = Page(request.getfixturevalue(page))
    levels = [int(tag[1]) for tag, _ in made.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    names = [attrs["id"] for _, attrs in made.tags if "id" in attrs]
    assert len(names) == len(set(names))
    targets = {attrs["href"][1:] for attrs in made.all("a") if (attrs.get("href") or "").startswith("#")}
    assert targets <= set(names)
    for attrs in (attrs for _, attrs in made.tags if "aria-labelledby" in attrs):
        assert attrs["aria-labelledby"] in names


def test_every_figure_is_described_and_followed_by_its_table(small):
    pictures = re.findall(r'<svg [^>]*role="img".*?</svg>', small, flags=re.S)
    assert len(pictures) == 13
    for picture in pictures:
        assert re.search(r"<title>[^<]+</title><desc>[^<]+</desc>", picture)
    after = small.split('class="marks"')[1:]
    assert len(after) == len(pictures)
    assert all("<table>" in piece for piece in after)


def test_tables_say_interval_n_coverage_and_scope(small):
    tables = re.findall(r"<table>.*?</table>", small, flags=re.S)
    assert len(tables) == 27
    for table in tables:
        assert re.search(r"<caption><span>[^<]+</span></caption>", table)
        assert '<th scope="col">' in table
    for table in tables[:8]:
        assert "(90%)" in table
        assert ">Coverage<" in table
    for words in ("Roll calls (n)", "Split roll calls (n)", "n, votes no", "Reports (n)", "Observed (n)"):
        assert words in small
    assert re.search(r"80\.0% \(75\.0% to 85\.0%\)", small)


@pytest.mark.parametrize("page", ["small", "empty"])
def test_what_is_not_observed_is_a_dash_with_its_reason(page, request):
    text = request.getfixturevalue(page)
    assert not re.search(r"\b(?:NaN|nan|None|null|undefined|inf)\b", _words(text))
    assert (
        '<span class="null" title="too few to say">–<span class="unseen"> too few to say</span></span>'
        in text
    )


def _words(text: str) -> str:
    """The page without its tags; a pattern for tags would stop at the first bracket in an attribute."""
    found: list[str] = []

    class Text(HTMLParser):
        def handle_data(self, data):
            found.append(data)

    Text().feed(re.sub(r"<style>.*?</style>", "", text, flags=re.S))
    return " ".join(found)


def test_an_empty_section_says_why_and_draws_nothing(empty):
    assert empty.count("<strong>Not shown.</strong>") == 14
    assert "not both present in the ground" in empty
    assert "No report of trade between Kazakhstan and Russia" in empty
    assert "No arrows" in empty


def test_why_a_claim_cannot_be_tested_is_said_once_outside_its_table(small):
    card = next(part for part in small.split('<article class="card"')[1:] if "not testable" in part)
    before, table = card.split("<details>", 1)
    assert before.count("nothing recent is observed") == 1
    assert "Not shown" not in before
    assert "–<span" in table


def test_tables_that_scroll_can_be_reached_and_show_that_there_is_more(small):
    scrolled = [attrs for attrs in Page(small).all("div") if attrs.get("class") == "scroll"]
    assert len(scrolled) == small.count("<table>") + 1  # BibTeX scrolls, too
    for attrs in scrolled:
        assert (attrs["role"], attrs["tabindex"]) == ("region", "0")
        assert attrs["aria-label"]
    assert small.count("--shade: ") == 2  # one for each colour scheme
    assert re.search(r"\.scroll \{\s+background:[^}]+no-repeat local[^}]+var\(--shade\)[^}]+scroll;", small)


def test_the_page_names_its_basis(small):
    for words in (
        "Russia and China, read through Kazakhstan", "2023-10-31-0123abcd", "31 October 2023", "ab" * 32,
        "closer than that share of all pairs of the twelve powers", "Lines: UN membership", "non-commercial use",
        "No family covers", "at least 2% each", "BibTeX", "tripoint 0.1.0",
    ):  # fmt: skip
        assert words in small, words
    badges = re.findall(r'class="badge ([a-z-]+)"><svg.*?</svg>([a-z ]+)</span>', small, flags=re.S)
    assert set(badges) == {
        (name, name.replace("-", " ")) for name in ("not-supported", "not-testable", "mixed")
    }


def test_names_are_escaped_wherever_they_stand(monkeypatch):
    hostile = {"KAZ": "<b>\"K&'", "CHN": "<script>alert(1)</script>", "USA": "</svg><i>"}

    def renamed(code):
        state = find_state(code)
        return replace(state, name=hostile.get(state.iso3, state.name))

    monkeypatch.setattr(triad_module, "find_state", renamed)
    text = render_report(small_reading())
    assert "<script" not in text
    assert "<b>" not in text
    assert "<i>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    made = Page(text)
    assert not made.all("script")
    assert text.count("<svg ") == text.count("</svg>")


def test_the_file_is_written_whole_and_its_path_given_back(tmp_path):
    path = write_report(small_reading(), tmp_path / "new" / "kazakhstan.html")
    assert path == tmp_path / "new" / "kazakhstan.html"
    assert path.read_text("utf-8").endswith("</html>")
    assert [file.name for file in path.parent.iterdir()] == ["kazakhstan.html"]


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(StoreError, match="is a folder; name a file, such as"):
        write_report(small_reading(), tmp_path)
    with pytest.raises(StoreError, match="is a folder"):
        write_report(small_reading(), f"{tmp_path}/not-there/")


def test_a_path_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write the report to .*; choose another place"):
        write_report(small_reading(), tmp_path / "file" / "report.html")


def test_same_reading_same_page():
    assert render_report(small_reading()) == render_report(small_reading())


def test_home_case_of_the_bundled_vintage():
    reading = take_reading(Triad("RUS", "CHN", ground="KAZ"), vintage="bundled")
    text = render_report(reading)
    untested = sum(verdict.effect is None for verdict in reading.claims)
    assert "<strong>Not shown.</strong>" not in text
    assert len(re.findall(r'class="marks"', text)) == 21 + len(reading.claims) - untested
    assert len(text) < 1_500_000


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    st.sampled_from(POWERS),
    st.sampled_from((*POWERS, "UKR", "NGA")),
    st.sampled_from(GROUNDS),
    st.sampled_from(POWERS),
)
def test_any_triad_makes_a_page(first, second, ground, outsider):
    try:
        reading = take_reading(Triad(first, second, ground=ground, outsider=outsider), vintage="bundled")
    except (TriadError, CoverageError):
        assume(False)
        raise
    text = render_report(reading)
    drawn = sum(any(one.value is not None for one in verdict.evidence) for verdict in reading.claims)
    assert text.count('class="marks"') + text.count("<strong>Not shown.</strong>") == 21 + drawn
    assert not re.search(r"\b(?:NaN|nan|None)\b", _words(text))


def test_intervals_and_reasons_in_cells():
    assert interval({"value": -0.5, "lower": None, "upper": None}, "share") == "−50.0% (no interval)"
    assert interval({"value": None, "lower": None, "upper": None, "note": None}, "share") == Missing()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            "Displacement from the first power to the second.",
            "Displacement from Russia to the United States.",
        ),
        ("How close are the two powers?", "How close are Russia and the United States?"),
        ("the second's yes", "The United States' yes"),
        ("the first probability", "The first probability"),
        ("in the ground's exports", "In Kazakhstan's exports"),
    ],
)
def test_roles_become_names(text, named):
    names = {"first": "Russia", "second": "the United States", "ground": "Kazakhstan", "outsider": "China"}
    assert with_names(text, names) == named


def test_works_are_readable_and_link_only_to_the_web():
    found = works(
        [
            Citation("a", '{House of {\\"o}}', "On ties.", 2020, url="https://example.org"),
            Citation("b", "Bad, B.", "On traps", 2021, url="javascript:alert(1)"),
        ]
    )
    assert [(work.text, work.link) for work in found] == [
        ("Bad, B. (2021). On traps.", None),
        ("House of ö (2020). On ties.", "https://example.org"),
    ]


def test_families_are_counted_in_years_in_which_the_needle_applies():
    reading = small_reading()
    rows = {row[:2]: row[4:] for row in families_table(reading).rows}
    strain, unity = (
        {rows[key] for key in rows if key[0] == reading.needles[name].declaration.title}
        for name in ("strain", "unity")
    )
    assert strain == {("3 of 3", "2018")}
    assert unity == {("4 of 4", "none")}


def test_years_are_drawn_together():
    assert runs([]) == ""
    assert runs([2016]) == "2016"


def test_report_files_ship_with_the_package():
    folder = Path(write_report.__code__.co_filename).parent
    assert {"report.html.j2", "report.css"} <= {file.name for file in folder.iterdir()}
