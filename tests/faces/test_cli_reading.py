"""``tripoint reading``, ``report``, ``compare``, ``claims``, ``explain`` and ``cite`` on the bundled vintage."""

import json
import math
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion
from typer.testing import CliRunner, Result

from tripoint.faces.cli import app
from tripoint.store.vintages import bundled_path

Number = float | None


class Row(msgspec.Struct, forbid_unknown_fields=True):
    """A row of a measure as ``reading --json`` prints it."""

    measure: str
    period: str
    value: Number
    lower: Number
    upper: Number
    n: int | None
    coverage: str
    note: str | None
    first: str | None = None
    second: str | None = None
    ground: str | None = None
    power: str | None = None
    outsider: str | None = None


class Year(msgspec.Struct, forbid_unknown_fields=True):
    """A year of the barometer."""

    period: str
    value: Number
    lower: Number
    upper: Number
    unity: Number
    unity_lower: Number
    unity_upper: Number
    strain: Number
    strain_lower: Number
    strain_upper: Number
    at_the_time: Number
    at_the_time_lower: Number
    at_the_time_upper: Number
    coverage: str
    note: str | None


class Claim(msgspec.Struct):
    """A claim with its verdict."""

    id: str
    sentence: str
    verdict: str
    effect: Number
    lower: Number
    upper: Number
    robustness: Number
    would_change: str


class Collision(msgspec.Struct):
    """How hard the two collide in one ground over one issue area."""

    ground: str
    issue: str
    value: Number
    lower: Number
    upper: Number
    rank: int | None
    coverage: str


class Printed(msgspec.Struct, forbid_unknown_fields=True):
    """All that ``reading --json`` prints."""

    triad: dict[str, str]
    as_of: str
    vintage: str
    barometer: list[Year]
    alignment: list[Row]
    siding: list[Row]
    united_front: list[Row]
    presence: list[Row]
    displacement: list[Row]
    ground: dict[str, Any] | None
    fault_lines: list[Collision] | None
    claims: list[Claim]
    sentences: list[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRIPOINT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "80", "NO_COLOR": "1"})


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def numbers(data: Any) -> Iterator[float]:
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        for one in data:
            yield from numbers(one)
    elif isinstance(data, float):
        yield data


@pytest.mark.parametrize(
    "states",
    [
        (),
        ("RUS", "CHN", "KAZ"),
        ("China", "Russia", "Uzbekistan"),
        ("RUS", "CHN", "TUV"),
        ("FRA", "KEN", "KAZ"),
    ],
)
def test_reading_prints_one_strict_json_object(states: tuple[str, ...]) -> None:
    result = run("reading", *states, "--vintage", "bundled", "--json")
    assert result.exit_code == 0, result.stderr
    data = strict(result.stdout)
    printed = msgspec.convert(data, Printed)
    assert list(data) == list(Printed.__struct_fields__)
    assert all(math.isfinite(number) for number in numbers(data))
    for row in (
        *printed.barometer,
        *printed.alignment,
        *printed.siding,
        *printed.presence,
        *printed.displacement,
    ):
        assert (row.value is None) == (row.lower is None) == (row.upper is None)
        if row.value is not None and row.lower is not None and row.upper is not None:
            assert row.lower - 1e-5 <= row.value <= row.upper + 1e-5
    assert len(printed.barometer) > 20


def test_with_no_states_the_home_case_is_read() -> None:
    assert run("reading", "--json").stdout == run("reading", "RUS", "CHN", "KAZ", "--json").stdout


def masked(text: str) -> str:
    """The reading with every number, grade and verdict masked: those change with the data."""
    number = r"-?\d[\d.,]*(?:%| pp)?"
    head, _, _ = text.partition("In words")
    head = re.sub(r"vintage \S+", "vintage V", re.sub(r"as of \S+,", "as of D,", head))
    head = re.sub(rf"{number} \({number}(–| to ){number}\)", "#", head)
    head = re.sub(
        r"Barometer \d{4} [▁▂▃▄▅▆▇█ ]+ \d{4}, from \d+ to \d+", "Barometer Y ~ Y, from N to N", head
    )
    head = re.sub(r"\b(not supported|supported|mixed|not testable)\b", "V", head)
    lines = []
    for line in head.split("\n"):
        if re.match(r"\d{4}", line) or re.match(r"(Barometer|Unity|Strain|[a-z-]+) .*#", line):
            line = re.sub(rf"(?<!\w){number}\*?|–|\b[ABCD]\b", "#", line)
        lines.append(re.sub(" +", " ", line))
    return "\n".join(lines)


def test_the_sheet_keeps_its_structure(snapshot: SnapshotAssertion) -> None:
    result = run("reading", "--vintage", "bundled")
    assert result.exit_code == 0, result.stderr
    assert masked(result.stdout) == snapshot


@pytest.mark.parametrize(
    "states", [(), ("RUS", "CHN", "TUV"), ("USA", "DEU", "United Arab Emirates", "--outsider", "CHN")]
)
def test_the_sheet_is_plain_and_fits_80_columns(states: tuple[str, ...]) -> None:
    result = run("reading", *states)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.split("\n")
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in result.stdout
    assert not set(result.stdout) & set("│┃─━┌┐└┘")
    assert "nan" not in re.findall(r"\w+", result.stdout.lower())
    assert all(line == line.rstrip() for line in lines)


def test_what_does_not_apply_shows_a_dash_and_the_reason() -> None:
    result = run("reading", "RUS", "CHN", "TUV")
    strain = next(line for line in result.stdout.split("\n") if line.startswith("Strain"))
    assert re.match(r"Strain +– +D +–", strain)
    assert "presence of both in the ground is not observed" in " ".join(result.stdout.split())


def test_as_of_hides_what_was_not_published() -> None:
    data = strict(run("reading", "--as-of", "2015-06-30", "--json").stdout)
    assert data["as_of"] == "2015-06-30"
    assert max(row["period"] for row in data["alignment"]) < "2015"


def test_notes_go_to_stderr_and_leave_the_result_alone() -> None:
    result = run("reading", "--outsider", "GBR", "--as-of", "2090-01-01", "--json")
    assert result.exit_code == 0
    assert strict(result.stdout)["triad"]["outsider"] == "GBR"
    assert "note: the data of this vintage end on" in result.stderr
    assert "tripoint build --outsider GBR" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["RUS"], 2, "1 state given (RUS)"),
        (["RUS", "CHN"], 2, "2 states given (RUS, CHN)"),
        (["RUS", "CHN", "KAZ", "UZB"], 2, "4 states given"),
        (["RUS", "CHN", "Kazachstan"], 2, "Did you mean 'Kazakhstan' (KAZ)"),
        (["RUS", "CHN", "Korea"], 2, "South Korea (KOR) or North Korea (PRK)"),
        (["RUS", "RUS", "KAZ"], 2, "the same state, 'RUS'"),
        (["Russia", "USSR", "KAZ"], 2, "the same state, 'RUS'"),
        (["RUS", "CHN", "CHN"], 2, "one of the two powers"),
        (["USA", "CHN", "KAZ"], 2, "already part of the triad"),
        (["--outsider", "Atlantis"], 2, "no state is called 'Atlantis'"),
        (["--as-of", "yesterday"], 2, "'yesterday' is no date"),
        (["--as-of", "2023-02-30"], 2, "'2023-02-30' is no date"),
        (["--as-of", "1975-01-01"], 1, "readings start with 1992"),
        (["RUS", "PSE", "KAZ"], 1, "has no votes of both"),
        (["--vintage", "nowhere"], 1, "no vintage in 'nowhere'"),
    ],
)
@pytest.mark.parametrize("json_too", [False, True])
def test_a_wrong_question_gets_one_message(
    arguments: list[str], code: int, said: str, json_too: bool
) -> None:
    result = run("reading", *arguments, *(["--json"] if json_too else []))
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.startswith("tripoint: ")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(bundled_path(), tmp_path / "copy")
    return tmp_path / "copy"


def test_a_copy_of_the_vintage_reads_the_same(copied: Path) -> None:
    assert run("reading", "--vintage", str(copied), "--json").stdout == run("reading", "--json").stdout


@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_a_damaged_series_is_named(copied: Path, damage: str) -> None:
    file = copied / "kappa.parquet"
    data = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(data[: len(data) // 2] if damage == "cut" else bytes([data[0] ^ 1]) + data[1:])
    result = run("reading", "--vintage", str(copied), "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "kappa.parquet" in result.stderr
    assert "--vintage bundled" in result.stderr


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"layout": 1}', b"\xff\xfe"])
def test_a_damaged_manifest_is_named(copied: Path, text: bytes) -> None:
    (copied / "vintage.json").write_bytes(text)
    result = run("reading", "--vintage", str(copied))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "vintage.json' is damaged" in result.stderr


def test_compare_shows_every_ground_and_says_what_is_missing() -> None:
    arguments = ("compare", "RUS", "CHN", "--grounds", "KAZ,Uzbekistan, TUV,KAZ", "--vintage", "bundled")
    data = strict(run(*arguments, "--json").stdout)
    grounds = {row["ground"]: row for row in data["grounds"]}
    assert list(grounds) == ["KAZ", "UZB", "TUV"]
    assert grounds["KAZ"]["reason"].startswith(
        "displacement last observed in 2023; arms last observed in 2023"
    )
    assert set(grounds["KAZ"]["siding"]) == {"first", "second", "neither"}
    assert set(grounds["KAZ"]["turnover_shares"]) == {"first", "second"}
    assert grounds["TUV"]["strain"] is None
    assert "presence of both in the ground is not observed" in grounds["TUV"]["reason"]
    text = run(*arguments)
    assert text.exit_code == 0
    assert max(map(len, text.stdout.split("\n"))) <= 80
    assert "Tuvalu: presence of both in the ground is not observed" in text.stdout


def test_compare_agrees_with_the_reading() -> None:
    kazakhstan = strict(run("compare", "RUS", "CHN", "--grounds", "KAZ", "--json").stdout)["grounds"][0]
    last = [row for row in strict(run("reading", "--json").stdout)["barometer"] if row["value"] is not None][
        -1
    ]
    assert kazakhstan["barometer"] == {
        name: last[name] for name in ("period", "value", "lower", "upper", "coverage")
    }
    assert (kazakhstan["strain"]["value"], kazakhstan["unity"]["value"]) == (last["strain"], last["unity"])


def test_compare_without_any_readable_ground_fails_after_saying_why() -> None:
    result = run("compare", "RUS", "PSE", "--grounds", "KAZ,UZB", "--json")
    assert result.exit_code == 1
    assert "no votes of both" in strict(result.stdout)["grounds"][0]["reason"]
    assert "none of the grounds could be read" in result.stderr


@pytest.mark.parametrize(
    ("grounds", "said"),
    [("KAZ,RUS", "one of the two powers"), ("KAZ,Uzbekistann", "'Uzbekistan'"), (" , ", "no ground")],
)
def test_compare_refuses_grounds_that_make_no_triad(grounds: str, said: str) -> None:
    result = run("compare", "RUS", "CHN", "--grounds", grounds)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_claims_print_verdict_effect_robustness_and_what_would_change_them() -> None:
    data = strict(run("claims", "--json").stdout)
    text = " ".join(run("claims").stdout.split())
    assert list(data) == ["triad", "as_of", "vintage", "claims"]
    assert data["claims"]
    for claim in data["claims"]:
        assert f"{claim['id']}: {claim['verdict']}" in text
        assert " ".join(claim["sentence"].split()) in text
        assert " ".join(claim["would_change"].split()) in text


OWN = """
[[claims]]
id = "close"
sentence = "{first} and {second} are close."
estimand = "Unity."
rule = "supported when the lower bound is above 1"
unit = "percentile"
changes = "Votes."
[[claims.conditions]]
quantity = "QUANTITY"
of = ["first", "second"]
bound = "lower"
above = 1.0
"""


def test_claims_of_ones_own_are_judged(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(OWN.replace("QUANTITY", "unity"))
    data = strict(run("claims", "--file", "my.toml", "--json").stdout)
    assert [(claim["id"], claim["verdict"]) for claim in data["claims"]] == [("close", "supported")]


def test_a_wrong_file_of_claims_is_refused(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(OWN.replace("QUANTITY", "unitty").replace('"percentile"', '"percent"'))
    result = run("claims", "--file", "my.toml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "2 faults" in result.stderr
    assert "'unity'" in result.stderr
    assert run("claims", "--file", "none.toml").exit_code == 1


@pytest.mark.parametrize("what", ["barometer", "unity", "strain", "kappa", "siding_first", "united-front"])
def test_explain_takes_needles_measures_and_claims(what: str) -> None:
    data = strict(run("explain", what, "--json").stdout)
    text = run("explain", what)
    assert text.exit_code == 0
    assert data["tables"][0]["sha256"] in text.stdout


def test_explain_takes_a_period_with_or_without_states() -> None:
    whole = strict(run("explain", "barometer", "2020", "RUS", "CHN", "KAZ", "--json").stdout)
    assert whole["period"] == "2020"
    assert strict(run("explain", "barometer", "2020", "--json").stdout) == whole
    other = strict(run("explain", "unity", "RUS", "IND", "KAZ", "--json").stdout)
    assert "IND" in other["triad"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["barometr"], 2, "Did you mean 'barometer'"),
        (["barometer", "20233"], 2, "'20233' is no period"),
        (["barometer", "soon"], 2, "'soon' is no period"),
        (["barometer", "2023", "RUS", "CHN"], 2, "2 states given"),
        (["barometer", "x", "RUS", "CHN", "KAZ"], 2, "'x' is no period"),
        (["barometer", "1800"], 1, "1800"),
    ],
)
def test_explain_says_what_is_wrong(arguments: list[str], code: int, said: str) -> None:
    result = run("explain", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_cite_prints_bibtex() -> None:
    text = run("cite")
    assert text.exit_code == 0
    assert text.stdout.count("{") == text.stdout.count("}")
    assert "@misc{tripoint," in text.stdout
    assert strict(run("cite", "--json").stdout)["bibtex"].strip() == text.stdout.strip()


def _fake_report(reading: Any, path: Path) -> Path:
    path.write_text(str(reading.triad), "utf-8")
    return path


@pytest.fixture
def _reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tripoint.faces.report.write_report", _fake_report, raising=False)


@pytest.mark.usefixtures("_reports")
def test_report_is_named_after_the_ground_and_its_path_is_printed(tmp_path: Path) -> None:
    first = run("report")
    assert (first.exit_code, first.stdout) == (0, "kazakhstan.html\n")
    assert (tmp_path / "kazakhstan.html").read_text() == "RUS-CHN through KAZ, outsider USA"
    assert run("report", "RUS", "CHN", "Cote d'Ivoire").stdout == "cote-divoire.html\n"
    assert run("report", "IND", "CHN", "Kazakhstan").exit_code == 0
    assert (tmp_path / "kazakhstan.html").read_text().startswith("IND-CHN")


@pytest.mark.usefixtures("_reports")
def test_report_takes_a_file_or_a_folder(tmp_path: Path) -> None:
    assert run("report", "-o", str(tmp_path)).stdout == f"{tmp_path / 'kazakhstan.html'}\n"
    data = strict(run("report", "-o", "my.html", "--json").stdout)
    assert data["path"] == "my.html"


@pytest.mark.usefixtures("_reports")
def test_a_report_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    result = run("report", "-o", str(tmp_path / "none" / "my.html"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("tripoint: No such file or directory")
    assert "my.html" in result.stderr
