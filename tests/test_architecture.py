"""The house: layers, public names, what is loaded when, and documents that match the tree."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tripoint
from tripoint.core.states import POWERS

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "tripoint"
MODULES = sorted(SOURCE.rglob("*.py"))
HEAVY = (
    "scipy",
    "scipy.stats",
    "statsmodels",
    "pandas",
    "numba",
    "altair",
    "polars",
    "numpy",
    "vl_convert",
    "httpx",
)


def loaded_after(statement):
    """Which heavy modules a fresh interpreter has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_command_line_loads_nothing_heavy():
    assert loaded_after("import tripoint.faces.cli") == []
    assert loaded_after("import tripoint") == []


def test_a_reading_loads_nothing_compiled():
    reading = "import tripoint as t; t.take_reading(t.Triad('RUS', 'CHN', ground='KAZ'), vintage='bundled').as_dict()"
    assert loaded_after(reading) == ["polars", "numpy"]


def test_public_names_exist_and_are_documented():
    for name in tripoint.__all__:
        thing = getattr(tripoint, name)
        assert name == "POWERS" or thing.__doc__, name
    assert set(tripoint.__all__) == set(tripoint._PUBLIC)
    assert len(tripoint.__all__) <= 30
    with pytest.raises(AttributeError, match="take_reading"):
        _ = tripoint.no_such_name


def test_no_room_for_odds_and_ends():
    forbidden = {"utils", "util", "common", "helpers", "misc"}
    assert not [path for path in SOURCE.rglob("*") if path.stem in forbidden]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_what_it_is_for(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert len(ast.get_docstring(tree) or "") > 20


def test_functions_and_files_stay_short():
    long_files = [path for path in MODULES if len(path.read_text("utf-8").splitlines()) > 480]
    assert [path.name for path in long_files if path.name not in ("map.py", "states.py")] == []
    long_functions = [
        f"{path.relative_to(SOURCE)}: {node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.end_lineno - node.body[0].lineno > 60
    ]
    assert long_functions == []


def test_the_map_of_rooms_matches_the_tree():
    """ARCHITECTURE.md names every room and module, and nothing that is not there."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    block = re.search(r"<!-- map -->\n```\n(.*?)```", text, re.DOTALL).group(1)
    named = {match for line in block.splitlines() for match in re.findall(r"^\s*([\w/]+(?:\.py|/))", line)}
    here = {f"{path.relative_to(SOURCE)}" for path in MODULES if path.name != "__init__.py"}
    rooms = {f"{path.parent.relative_to(SOURCE)}/" for path in MODULES if path.parent != SOURCE}
    written, room = set(), ""
    for line in block.splitlines():
        entry = re.match(r"^(\s*)([\w./]+)", line)
        if entry and entry[2].endswith("/"):
            room = entry[2]
            written.add(room)
        elif entry:
            written.add(f"{room}{entry[2]}" if entry[1] else entry[2])
    assert named
    assert written == here | rooms


def test_documents_that_the_readme_names_exist():
    text = (ROOT / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (ROOT / link).exists(), link


def test_the_readme_names_the_powers():
    assert f"two of twelve: {', '.join(POWERS)}." in (ROOT / "README.md").read_text("utf-8")


def test_every_decision_is_listed():
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"):
        assert path.name in listed


def test_doctests_of_the_package():
    """Examples in docstrings run as written."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--doctest-modules", "-q", "-p", "no:cacheprovider", str(SOURCE)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\d+ passed", done.stdout)
