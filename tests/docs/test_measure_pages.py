"""The pages in docs/measures: every measure on its page, examples that give what they show, links that resolve."""

import doctest
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tripoint.faces.cli import app
from tripoint.measures.issues import coder_quality
from tripoint.measures.measure import GradeRule, thresholds
from tripoint.measures.records import DECLARATIONS, citations, declared, records, varied
from tripoint.sources import citations as source_citations
from tripoint.sources import un_votes

FOLDER = Path(__file__).parents[2] / "docs" / "measures"
FAMILIES = [name for name in DECLARATIONS if declared(name).measures]
PAGES = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
SECTIONS = ["Concept", "Formula", "Data", "Threats to validity", "Example", "Sources"]

#: Which grades of ``grades.toml`` a page must quote, and whether with shares.
QUOTED = {
    "alignment": [("votes", True)],
    "siding": [("splits", False)],
    "united_front": [("votes", False)],
    "glue": [("votes", False)],
    "agenda": [("votes", True)],
    "issue_areas": [("votes", True), ("splits", False)],
    "displacement": [("windows", True)],
}


@pytest.fixture(autouse=True)
def bundled_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path / "home"))


def text_of(page: str) -> str:
    return (FOLDER / f"{page}.md").read_text("utf-8")


def section(page: str, name: str) -> str:
    return text_of(page).split(f"\n## {name}\n")[1].split("\n## ")[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


def code_spans(text: str) -> set[str]:
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return set(re.findall(r"`([^`\n]+)`", prose))


def flat(text: str) -> str:
    return " ".join(text.split())


def test_every_family_has_a_page_and_the_index_names_every_page() -> None:
    assert set(FAMILIES) <= set(PAGES)
    index = (FOLDER / "README.md").read_text("utf-8")
    assert {f"{page}.md" for page in PAGES} <= set(re.findall(r"\]\(([\w.]+\.md)\)", index))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_its_sections_in_order(page: str) -> None:
    text = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.M | re.S)
    assert re.findall(r"^## (.+)$", text, re.M) == SECTIONS
    assert len(re.findall(r"^# ", text, re.M)) == 1
    assert all(section(page, name).strip() for name in SECTIONS)


def test_every_measure_is_named_on_the_page_of_its_family_and_on_no_other() -> None:
    spans = {path.stem: code_spans(path.read_text("utf-8")) for path in FOLDER.glob("*.md")}
    family = {record.name: name for name in FAMILIES for record in declared(name).measures}
    assert set(family) == set(records())
    for name in FAMILIES:  # variants are named by how their names end
        for variant in declared(name).variants:
            assert f"_{variant.name}" in spans[name]
            for measure in variant.of:
                del family[varied(measure, variant.name)]
    named = {name: [page for page, found in spans.items() if name in found] for name in family}
    assert named == {name: [page] for name, page in family.items()}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_page_asks_the_questions_that_are_declared(family: str) -> None:
    concept = flat(section(family, "Concept"))
    assert [record.name for record in declared(family).measures if record.question not in concept] == []


@pytest.mark.parametrize("family", QUOTED)
def test_a_page_quotes_the_grades_as_declared(family: str) -> None:
    data = flat(section(family, "Data"))
    for name, shares in QUOTED[family]:
        rules: dict[str, GradeRule] = getattr(thresholds(), name)
        said = [
            f"{letter} from {rule.n:g}" + (f" and {rule.share:.0%}" if shares else "")
            for letter, rule in rules.items()
        ]
        assert ", ".join(said) in data


@pytest.mark.parametrize("family", FAMILIES)
def test_a_page_cites_what_its_measures_cite_and_nothing_else(family: str) -> None:
    known = source_citations() | citations()
    works = [
        known[key] for key in sorted({key for record in declared(family).measures for key in record.cite})
    ]
    listed = [flat(item) for item in section(family, "Sources").split("\n- ")[1:]]
    assert len(listed) == len(works)
    for work in works:
        line = next(line for line in listed if work.title in line)
        assert f"({work.year})" in line
        assert re.findall(r"https://doi\.org/([^>]+)>", line) == ([work.doi] if work.doi else [])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_an_example(page: str) -> None:
    example = section(page, "Example")
    assert blocks(example, "console") + blocks(example, "pycon")
    assert flat(example.rpartition("```")[2])


@pytest.mark.parametrize("page", PAGES)
def test_commands_give_what_the_page_shows(page: str) -> None:
    for block in blocks(text_of(page), "console"):
        head, *runs = block.split("$ tripoint ")
        assert not head
        for run in runs:
            command, *shown = run.splitlines()
            result = CliRunner().invoke(app, shlex.split(command), env={"COLUMNS": "80", "NO_COLOR": "1"})
            assert result.exit_code == 0, result.output
            printed = result.stdout.splitlines()
            wanted = [line for line in shown if line.strip() and line != "..."]
            assert wanted
            assert [line for line in wanted if line not in printed] == []


@pytest.mark.parametrize("page", PAGES)
def test_lines_of_python_give_what_the_page_shows(page: str) -> None:
    for number, block in enumerate(blocks(text_of(page), "pycon")):
        test = doctest.DocTestParser().get_doctest(block, {}, f"{page}-{number}", None, 0)
        said: list[str] = []
        result = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
        assert result.attempted
        assert not result.failed, "".join(said)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_relative_links_resolve(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8"))
    relative = [link for link in links if not link.startswith("http")]
    assert [link for link in relative if not (path.parent / link.partition("#")[0]).exists()] == []


@pytest.mark.shared
def test_the_coder_is_as_good_as_its_page_says(shared: Path) -> None:
    quality = coder_quality(un_votes.read_extracts(shared).tables)
    data = section("issues", "Data")
    for row in quality.iter_rows(named=True):
        cells = [
            f"{row[kind]:.2f} ({row[f'{kind}_lower']:.2f}-{row[f'{kind}_upper']:.2f})"
            for kind in ("precision", "recall")
        ]
        said = " | ".join([row["issue"], *cells]).replace("0.", ".")
        assert f"| {said} |" in data
