"""The corridors in the package, a network of one's own, and what is refused."""

from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tripoint.core.network import UNIT_OF
from tripoint.core.scenario import changed
from tripoint.core.states import find_state
from tripoint.errors import NetworkError
from tripoint.sources.corridors import NEEDED, read_network, shipped_network, shipped_scenarios


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped tables, to be broken."""
    for file in (files("tripoint.sources") / "routes").iterdir():
        if file.name.endswith(".csv"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_a_copy_of_the_shipped_tables_is_the_shipped_network(folder: Path) -> None:
    assert read_network(folder) == shipped_network()


def test_every_fact_has_its_citation_or_says_that_it_has_none() -> None:
    network = shipped_network()
    known = {source.name for source in network.sources}
    for one in (*network.segments, *network.ends, *network.flows, *network.outages):
        assert set(one.citations) <= known
    for segment in network.segments:
        assert segment.citations or "all" in segment.uncited
        assert (segment.capacity is None) == (segment.basis == "unknown")
        if segment.basis == "cited":
            assert segment.citations
    assert all(right.reason for right in network.access)
    assert all(find_state(right.state).iso3 == right.state for right in network.access)
    assert all(source.url for source in network.sources)


def test_every_segment_can_be_closed_by_those_on_whose_soil_it_stands() -> None:
    network = shipped_network()
    state = {place.name: place.state for place in network.places}
    for segment in network.segments:
        sure = {right.state for right in network.who_can_close(segment.name) if right.low >= 1}
        assert sure & {state[segment.start], state[segment.end]}, segment.name


def test_exports_of_kazakhstan_add_up_to_those_on_record() -> None:
    network = shipped_network()
    supplied = [
        end.volume.best
        for end in network.ends
        if end.commodity == "crude" and end.state == "KAZ" and end.kind == "supply"
    ]
    (total,) = [flow.value for flow in network.flows if flow.series == "kz_oil_export" and flow.year == 2024]
    assert sum(supplied) == pytest.approx(total, abs=0.1)


def test_flows_on_record_pass_through_their_segments() -> None:
    network = shipped_network()
    most = {segment.name: segment.capacity.high for segment in network.segments if segment.capacity}
    commodity = {segment.name: segment.commodity for segment in network.segments}
    for flow in network.flows:
        yearly = flow.kind == "segment" and flow.period == "year" and flow.year >= 2022
        if yearly and UNIT_OF[commodity[flow.series]].startswith(flow.unit):
            assert flow.value <= most[flow.series] + 1e-9, flow


@pytest.mark.parametrize("name", sorted(shipped_scenarios()))
def test_every_scenario_fits_the_network_and_changes_it(name: str) -> None:
    scenario = shipped_scenarios()[name]
    assert scenario.name == name
    assert changed(shipped_network(), scenario) != shipped_network()
    assert set(scenario.citations) <= {source.name for source in shipped_network().sources}
    assert scenario.citations or not scenario.planned


def broken(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "segments.csv",
            ",tengiz,atyrau,",
            ",tengiz,nowhere,",
            "segment 'cpc_kz': no place is called 'nowhere'",
        ),
        ("segments.csv", "72.5,72.5,73.8", "-2,72.5,73.8", "capacity of 'cpc_kz' is negative"),
        ("segments.csv", "72.5,72.5,73.8", "nan,72.5,73.8", "not finite, or not in order"),
        ("segments.csv", "72.5,72.5,73.8", "80,72.5,73.8", "not finite, or not in order"),
        ("segments.csv", "72.5,72.5,73.8", "inf,inf,inf", "not finite"),
        ("segments.csv", "72.5,72.5,73.8", "72.5,,73.8", "a range needs all of its numbers"),
        ("segments.csv", "72.5,72.5,73.8", "much,72.5,73.8", "line 2: could not convert string to float"),
        ("segments.csv", "73.8,Mt/y", "73.8,bcm/y", "crude is counted in Mt/y, not in 'bcm/y'"),
        ("segments.csv", ",operating,", ",perhaps,", "status 'perhaps'"),
        ("segments.csv", ",crude,", ",tea,", "commodity 'tea'"),
        ("access.csv", "cpc_kz,KAZ", "cpc_xx,KAZ", "access of KAZ: no segment is called 'cpc_xx'"),
        ("access.csv", "cpc_kz,KAZ", "cpc_kz,ATLANTIS", "ATLANTIS"),
        ("access.csv", "ownership,0,0.2", "ownership,0,1.2", "no range of probability"),
        ("ends.csv", "tengiz,tengiz,supply", "tengiz,tengiz,gift", "neither supply nor market"),
        ("ends.csv", "29.2,31.0,36.6", ",,", "needs a volume"),
        ("nodes.csv", "tengiz,Tengiz", "tengis,Tengiz", "no place is called 'tengiz'"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, file: str, old: str, new: str, message: str) -> None:
    broken(folder, file, old, new)
    with pytest.raises(NetworkError, match=message.replace("(", r"\(")):
        read_network(folder)


def test_all_faults_are_listed_at_once(folder: Path) -> None:
    broken(folder, "segments.csv", "72.5,72.5,73.8", "-2,72.5,73.8")
    broken(folder, "access.csv", "ownership,0,0.2", "ownership,0,1.2")
    with pytest.raises(NetworkError) as caught:
        read_network(folder)
    assert len(caught.value.faults) >= 2


def test_a_market_that_nothing_reaches_is_refused(folder: Path) -> None:
    lines = (folder / "segments.csv").read_text("utf-8").splitlines()
    (folder / "segments.csv").write_text(
        "\n".join(line for line in lines if not line.startswith("btc,")), "utf-8"
    )
    lines = (folder / "access.csv").read_text("utf-8").splitlines()
    (folder / "access.csv").write_text(
        "\n".join(line for line in lines if not line.startswith("btc,")), "utf-8"
    )
    with pytest.raises(NetworkError, match="market 'ceyhan_market': no supply of crude can reach ceyhan"):
        read_network(folder)


@pytest.mark.parametrize("table", NEEDED)
def test_a_missing_table_or_column_is_named(folder: Path, table: str) -> None:
    (folder / f"{table}.csv").write_text("nothing\n1\n", "utf-8")
    with pytest.raises(NetworkError, match=rf"{table}.csv: column '.+' is missing"):
        read_network(folder)
    (folder / f"{table}.csv").unlink()
    with pytest.raises(NetworkError, match=f"{table}.csv is missing"):
        read_network(folder)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="no such folder"):
        read_network(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"segment\0", "NUL byte"), (b"\xff\xfe\xfa", "not UTF-8"), (b"x" * 5_000_001, "at most 5,000,000")],
)
def test_what_is_no_table(folder: Path, content: bytes, message: str) -> None:
    (folder / "segments.csv").write_bytes(content)
    with pytest.raises(NetworkError, match=message):
        read_network(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=st.text(max_size=300))
def test_any_text_for_a_table_is_read_or_refused(folder: Path, text: str) -> None:
    (folder / "flows.csv").write_text(text, "utf-8", newline="")
    found = None
    with suppress(NetworkError):
        found = read_network(folder)
    assert found is None or found.flows == ()  # a header alone, or nothing
