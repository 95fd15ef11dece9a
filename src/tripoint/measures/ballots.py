"""Which votes count, arranged as one matrix: states by roll calls.

General Assembly, recorded votes on whole resolutions. Amendments and paragraph votes are left out throughout,
because the record has them for some years only. Two collections are joined: Voeten's to 1979, the UN Digital
Library's from 1980, where its resolution symbols are complete.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tripoint.measures.measure import Frames
from tripoint.measures.records import declared


@dataclass(frozen=True, slots=True)
class Ballots:
    """Recorded votes as a matrix.

    Attributes
    ----------
    states
        ISO codes, sorted; rows of ``votes``.
    votes
        Shape ``(n_states, n_rolls)``: 1 yes, 2 abstain, 3 no, 0 not voting, absent or not a member.
    years
        Calendar year of each roll call, shape ``(n_rolls,)``, not decreasing.
    titles
        Number of each roll call's title, shape ``(n_rolls,)``; the same resolution tabled again has the same
        number.
    partial
        Years whose record is known to be incomplete.
    """

    states: tuple[str, ...]
    votes: NDArray[np.int8]
    years: NDArray[np.int32]
    titles: NDArray[np.int32]
    partial: frozenset[int]

    def of_years(self, first: int, last: int) -> NDArray[np.intp]:
        """Columns of the roll calls held from ``first`` to ``last``, both included."""
        return np.flatnonzero((self.years >= first) & (self.years <= last))

    def row(self, state: str) -> int:
        """Row of a state."""
        return self.states.index(state)


def read_ballots(frames: Frames) -> Ballots:
    """Arrange the tables ``roll_calls`` and ``votes`` as a matrix."""
    rolls = counted_rolls(frames["roll_calls"])
    cast = (
        frames["votes"]
        .filter(pl.col("vote").is_in([1, 2, 3]))
        .with_columns(pl.col("state").cast(pl.String), pl.col("collection").cast(pl.String))
        .join(rolls.select("collection", "resolution", "column"), on=["collection", "resolution"])
    )
    states = tuple(sorted(cast["state"].unique()))
    row = pl.DataFrame({"state": states, "row": range(len(states))})
    cast = cast.join(row, on="state")
    votes = np.zeros((len(states), rolls.height), np.int8)
    votes[cast["row"].to_numpy(), cast["column"].to_numpy()] = cast["vote"].to_numpy()
    return Ballots(
        states=states,
        votes=votes,
        years=rolls["year"].to_numpy().astype(np.int32),
        titles=rolls["title_number"].to_numpy().astype(np.int32),
        partial=partial_years(rolls),
    )


def counted_rolls(rolls: pl.DataFrame) -> pl.DataFrame:
    """Roll calls that count, in time order: the columns of the matrix.

    Returns
    -------
    polars.DataFrame
        The rows of ``roll_calls`` that count, with ``year``, ``title_number`` (the same resolution tabled again
        has the same number) and ``column``, the place in `Ballots.votes`.
    """
    year = pl.col("date").dt.year()
    chosen = (
        pl.when(year < declared("alignment").settings["first_year_of_library"])
        .then(pl.lit("voeten"))
        .otherwise(pl.lit("undl"))
    )
    return (
        rolls.with_columns(pl.col("collection").cast(pl.String), year.alias("year"))
        .filter(
            pl.col("collection") == chosen,
            pl.col("body") == "GA",
            pl.col("stage") == "resolution",
            pl.col("recorded"),
        )
        .with_columns(plain_title(pl.col("title")).alias("plain"))
        .sort("date", "resolution")
        .with_columns(pl.col("plain").rank("dense").cast(pl.Int32).alias("title_number"))
        .with_row_index("column")
    )


def partial_years(rolls: pl.DataFrame) -> frozenset[int]:
    """Years flagged as partial whose record still stops before December, the month of most votes."""
    last = rolls.group_by("year").agg(pl.col("date").max().dt.month(), pl.col("flag").drop_nulls().first())
    flagged = pl.col("flag").str.contains("partial-year").fill_null(value=False)
    return frozenset(last.filter(flagged, pl.col("date") < 12)["year"].to_list())


def plain_title(title: pl.Expr) -> pl.Expr:
    """A title without what differs between two tablings of one resolution: adoption phrase, numbers, case."""
    return (
        title.str.to_lowercase()
        .str.replace(r"\s*:\s*(resolution|decision)\b.*$", "")
        .str.replace_all(r"[0-9]+", " ")
        .str.replace_all(r"[^\p{L}]+", " ")
        .str.strip_chars()
    )
