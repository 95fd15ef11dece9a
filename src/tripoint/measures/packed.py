"""Series held in little memory while others are computed from them."""

from collections.abc import Iterator, MutableMapping

import polars as pl
import polars.selectors as cs


class Packed(MutableMapping[str, pl.DataFrame]):
    """Frames by name whose texts are kept as numbers of categories, and given out as texts.

    The texts of a long series are few (states, periods, grades, notes) and most of its size.
    """

    def __init__(self) -> None:
        self._frames: dict[str, pl.DataFrame] = {}

    def __setitem__(self, name: str, frame: pl.DataFrame) -> None:
        """Keep a frame."""
        self._frames[name] = frame.with_columns(cs.string().cast(pl.Categorical))

    def __getitem__(self, name: str) -> pl.DataFrame:
        """A frame with texts."""
        return self._frames[name].with_columns(cs.categorical().cast(pl.String))

    def __delitem__(self, name: str) -> None:
        """Drop a frame."""
        del self._frames[name]

    def __contains__(self, name: object) -> bool:
        """Whether there is such a frame, without unpacking it."""
        return name in self._frames

    def __iter__(self) -> Iterator[str]:
        """Names."""
        return iter(self._frames)

    def __len__(self) -> int:
        """How many frames."""
        return len(self._frames)
