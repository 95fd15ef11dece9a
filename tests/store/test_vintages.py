"""Vintages: the same bytes for the same rows, never half-written, damage found, pairs asked either way round."""

import shutil
from dataclasses import replace

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.core.series import Bundle
from tripoint.errors import UnknownNameError, VintageError
from tripoint.measures.records import declared, find_record
from tripoint.store.vintages import (
    LAYOUT,
    MANIFEST,
    Manifest,
    bundled_path,
    open_vintage,
    own_path,
    thin,
    write_vintage,
)

EMPTY = Manifest(LAYOUT, "", "0", "2024-12-31", 2024, 1, 9, ("USA",), ("CHN", "RUS"), {}, {})


def triads(value=0.1):
    return pl.DataFrame(
        {
            "first": ["CHN", "CHN"], "second": ["RUS", "RUS"], "ground": ["KAZ", "KAZ"], "period": ["2023", "2022"],
            "value": [value, 0.2], "lower": [0.05, 0.1], "upper": [0.3, 0.4], "n": [5, 6],
            "coverage": ["A", "B"], "note": [None, None],
        },
        schema_overrides={"note": pl.String},
    )  # fmt: skip


FRAMES = {"displacement": triads(), "siding_first": triads(0.7), "siding_second": triads(0.2)}


@pytest.fixture
def vintage(tmp_path):
    write_vintage(tmp_path / "v", EMPTY, FRAMES)
    return open_vintage(tmp_path / "v")


def test_what_is_written_is_read(vintage):
    assert vintage.frame("displacement").equals(FRAMES["displacement"])
    assert vintage.verify() == ()
    assert vintage.manifest.name.startswith("2024-12-31-")


def test_the_same_rows_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_vintage(tmp_path / name, EMPTY, FRAMES)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    other = write_vintage(tmp_path / "three", EMPTY, {**FRAMES, "displacement": triads(0.11)})
    assert other.name != open_vintage(tmp_path / "one").manifest.name


def test_a_pair_may_be_asked_for_either_way_round(vintage):
    there = {"first": "CHN", "second": "RUS", "ground": "KAZ"}
    back = {"first": "RUS", "second": "CHN", "ground": "KAZ"}
    record = find_record("displacement")
    assert vintage.rows(record, there)["value"].to_list() == [0.2, 0.1]
    turned = vintage.rows(record, back)
    assert turned["value"].to_list() == [-0.2, -0.1]
    assert turned["lower"].to_list() == [-0.4, -0.3]
    assert turned["first"].unique().to_list() == ["RUS"]
    assert vintage.rows(find_record("siding_first"), back)["value"].to_list() == [0.2, 0.2]
    assert vintage.rows(find_record("siding_second"), back)["value"].to_list() == [0.2, 0.7]


@pytest.mark.parametrize("damage", ["truncated", "altered", "gone"])
def test_a_damaged_file_is_found(vintage, damage):
    file = vintage.path / "displacement.parquet"
    data = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(data[:-20] if damage == "truncated" else data[:40] + b"x" + data[41:])
    with pytest.raises(VintageError, match=r"displacement\.parquet.*tripoint build"):
        open_vintage(vintage.path).frame("displacement")
    assert len(open_vintage(vintage.path).verify()) == 1


@pytest.mark.parametrize("text", [b"", b"{", b'{"layout": 1}', b"\x00\x01"])
def test_a_damaged_manifest_is_found(vintage, text):
    (vintage.path / MANIFEST).write_bytes(text)
    with pytest.raises(VintageError, match="damaged"):
        open_vintage(vintage.path)


def test_another_layout_is_refused(vintage):
    newer = replace(vintage.manifest, layout=LAYOUT + 1)
    (vintage.path / MANIFEST).write_bytes(msgspec.json.encode(newer))
    with pytest.raises(VintageError, match="layout"):
        open_vintage(vintage.path)


def test_no_vintage_and_no_series_are_said(tmp_path, vintage):
    with pytest.raises(VintageError, match="no vintage in"):
        open_vintage(tmp_path / "nothing")
    with pytest.raises(UnknownNameError, match="Did you mean 'displacement'"):
        vintage.frame("displacment")


def test_ones_own_vintage_goes_before_the_one_in_the_package(tmp_path, vintage):
    assert open_vintage(home=tmp_path / "home").path == bundled_path()
    shutil.copytree(vintage.path, own_path(tmp_path / "home"))
    assert open_vintage(home=tmp_path / "home").path == own_path(tmp_path / "home")
    assert open_vintage("bundled", home=tmp_path / "home").path == bundled_path()


@given(st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.5))
def test_thinning_never_narrows_an_interval(value, down, up):
    record = replace(find_record("siding_first"), bundle=Bundle(powers_since="2023"))
    frame = triads().with_columns(
        pl.lit(value).alias("value"),
        pl.lit(max(value - down, 0)).alias("lower"),
        pl.lit(min(value + up, 1)).alias("upper"),
    )
    kept = thin(record, frame, ("CHN", "RUS"))
    assert kept["period"].to_list() == ["2023"]
    row, was = kept.row(0, named=True), frame.row(0, named=True)
    assert row["lower"] <= was["lower"] + 1e-5
    assert row["upper"] >= was["upper"] - 1e-5
    assert 0 <= row["lower"] <= row["value"] <= row["upper"] <= 1


#: Series of which the package has only the reason why there is no number: they need directed months of events.
UNTOLD = tuple(record.name for record in declared("triangle").measures)


def test_the_bundled_vintage_is_sound_and_small():
    vintage = open_vintage("bundled")
    assert vintage.verify() == ()
    size = sum(file.stat().st_size for file in vintage.path.iterdir())
    assert size <= 22_000_000
    assert {file.stem for file in vintage.path.glob("*.parquet")} == set(vintage.manifest.series)


def test_bundled_series_keep_their_promises():
    """Keys unique, numbers in range, intervals around values, D without numbers and with a reason, never NaN."""
    from tripoint.core.series import WHO

    vintage = open_vintage("bundled")
    for name in vintage.manifest.series:
        if name == "reference":
            continue
        record, frame = find_record(name), vintage.frame(name)
        assert frame.select(*WHO[record.grain], "period").is_duplicated().sum() == 0, name
        held = frame.filter(pl.col("value").is_not_null())
        assert held.height or name in UNTOLD, name
        assert not frame.select(pl.col("value", "lower", "upper").is_nan().any()).row(0).count(True), name
        inside = (pl.col("lower") <= pl.col("value") + 1e-6) & (pl.col("value") <= pl.col("upper") + 1e-6)
        assert held.filter(~inside | pl.col("lower").is_null() | pl.col("upper").is_null()).is_empty(), name
        low, high = record.minimum - 1e-6, record.maximum + 1e-6
        assert held.filter(~pl.col("value").is_between(low, high)).is_empty(), name
        withheld = frame.filter(coverage="D")
        assert withheld["value"].null_count() == withheld.height, name
        assert withheld["note"].null_count() == 0, name
