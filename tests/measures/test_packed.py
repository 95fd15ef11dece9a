import polars as pl
import pytest

from tripoint.core.series import no_rows
from tripoint.measures.packed import Packed


def test_what_is_packed_comes_out_as_it_was():
    frame = pl.DataFrame(
        {
            "ground": ["KAZ", "UZB", "KAZ"],
            "value": [0.1, None, 0.3],
            "n": [1, 2, 3],
            "note": [None, "", "carried"],
        }
    )
    packed = Packed()
    packed.update({"one": frame, "none": no_rows("triad-year")})
    assert packed["one"].equals(frame)
    assert packed["one"].schema == frame.schema
    assert packed["none"].schema == no_rows("triad-year").schema


def test_two_that_are_packed_can_be_joined():
    packed = Packed()
    packed["one"] = pl.DataFrame({"ground": ["UZB", "KAZ"], "value": [1, 2]})
    packed["two"] = pl.DataFrame({"ground": ["KAZ", "MNG"], "other": [3, 4]})
    assert packed["one"].join(packed["two"], on="ground").rows() == [("KAZ", 2, 3)]


def test_packed_holds_what_it_was_given_and_nothing_else():
    packed = Packed()
    packed["one"] = pl.DataFrame({"ground": ["KAZ"]})
    assert "one" in packed
    assert list(packed) == ["one"]
    with pytest.raises(KeyError, match="two"):
        packed["two"]
    del packed["one"]
    assert len(packed) == 0
