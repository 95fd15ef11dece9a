"""How did states vote in the United Nations? Roll calls and votes of the UN Digital Library and of Voeten."""

import re
from datetime import date
from pathlib import Path

import msgspec
import polars as pl

from tripoint.errors import ParseError
from tripoint.sources.naming import counted, only_states, state_named, state_numbered, with_states
from tripoint.sources.rawfile import header, read_table, with_types
from tripoint.sources.source import Download, Format, Parsed, Source

DATAVERSE = "https://dataverse.harvard.edu"
DATASET = "doi:10.7910/DVN/LEJUQZ"

#: Voeten's issue codes, as his columns are called.
ISSUE_CODES = ("me", "nu", "di", "hr", "co", "ec")
#: Columns that one of the two collections does not have.
NOT_EVERYWHERE = ("agenda", "important", *ISSUE_CODES)
ROLL_CALL_COLUMNS = (
    "collection",
    "resolution",
    "body",
    "date",
    "session",
    "symbol",
    "title",
    "stage",
    "recorded",
    *NOT_EVERYWHERE,
)
LIBRARY_VOTES = {"Y": 1, "A": 2, "N": 3, "X": 8}
NOT_A_MEMBER = 9
WITHOUT_A_VOTE = "adopted without a recorded vote"
#: Correlates of War number of Yugoslavia and the states that carried it on.
YUGOSLAVIA = 345

#: Until this day the Republic of China (TWN) held China's seat.
CHINA_SEATED = date(1971, 10, 25)


def read_extracts(folder: Path) -> Parsed:
    """Read both collections, and the bridges between roll calls, from the shared data folder."""
    votes = folder / "votes"
    library, unvoted = _recorded_only(
        _tidy_roll_calls(
            pl.read_parquet(votes / "un_rollcalls_undl_1946_2025.parquet")
            .rename({"undl_id": "resolution"})
            # The codes in the extract are Voeten's, joined by symbol; they stay with his roll calls.
            .drop("importantvote", *ISSUE_CODES)
            .with_columns(collection=pl.lit("undl"), stage=pl.lit("resolution"))
        ),
        _extracted(votes / "un_votes_undl_1946_2025.parquet", "undl", "undl_id"),
    )
    calls = _tidy_roll_calls(
        _described_by_voeten(pl.read_parquet(votes / "unga_voeten_rollcalls_1946_2019.parquet"))
    )
    voeten = _extracted(votes / "unga_voeten_votes_1946_2019.parquet", "voeten", "rcid")
    bridges = read_bridges_file(votes / "bridging_matches.csv")
    return Parsed(
        {
            "roll_calls": pl.concat([library[0], calls]),
            "votes": pl.concat([library[1], _heirs_of_yugoslavia(voeten, calls)]),
            **bridges.tables,
        },
        counted({WITHOUT_A_VOTE: unvoted}) | bridges.dropped,
    )


def _extracted(path: Path, collection: str, number: str) -> pl.DataFrame:
    rows = pl.read_parquet(path).rename({number: "resolution", "iso3": "state"})
    return _tidy_votes(rows.with_columns(collection=pl.lit(collection)))


def _recorded_only(calls: pl.DataFrame, votes: pl.DataFrame) -> tuple[tuple[pl.DataFrame, pl.DataFrame], int]:
    """Drop the lists of members of a resolution on which none of them voted, and say how many rows that is.

    Without a vote, the UN Digital Library lists every member as not voting.
    """
    voted = votes.filter(pl.col("vote") != LIBRARY_VOTES["X"]).get_column("resolution").unique()
    was_recorded = pl.col("recorded") & pl.col("resolution").is_in(voted.implode())
    kept = votes.filter(pl.col("resolution").is_in(voted.implode()))
    return (calls.with_columns(was_recorded.alias("recorded")), kept), votes.height - kept.height


def _heirs_of_yugoslavia(votes: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    """Tell Yugoslavia, Serbia and Montenegro, and Serbia apart by date: the extract has one code for them."""
    dated = votes.filter(state="YUG").join(
        calls.select("resolution", "date"), on="resolution", maintain_order="left"
    )
    number = pl.lit(YUGOSLAVIA, dtype=pl.Int32).alias("number")
    named = with_states(dated.with_columns(number), ("number",), state_numbered, "date", "heir")
    heirs = named.select("resolution", "state", "heir")
    return (
        votes.join(heirs, on=["resolution", "state"], how="left", maintain_order="left")
        .with_columns(pl.coalesce("heir", "state").alias("state"))
        .drop("heir")
    )


def is_library_file(path: Path) -> bool:
    """Whether a file has the columns of the UN Digital Library."""
    return {"undl_id", "ms_code", "ms_vote"} <= set(header(path))


def read_library_file(path: Path) -> Parsed:
    """Read a voting file of the UN Digital Library, of the General Assembly or of the Security Council.

    Raises
    ------
    ParseError
        The file is not one; all that is wrong is named.
    """
    text = read_table(
        path,
        ("undl_id", "ms_code", "ms_name", "ms_vote", "date", "resolution"),
        ("session", "title", "description", "agenda_title", "agenda"),
    )
    rows = with_types(text, {"undl_id": pl.Int32, "date": pl.Date}, path.name)
    rows = rows.rename({"undl_id": "resolution", "resolution": "symbol"})
    rows = rows.with_columns(
        pl.col("ms_vote").replace_strict(LIBRARY_VOTES, default=None, return_dtype=pl.Int8).alias("vote"),
        pl.col("symbol").str.extract(r"^(A|S)/").replace({"A": "GA", "S": "SC"}).alias("body"),
    )
    _check_library_rows(rows, path.name)
    roll_calls = _library_roll_calls(rows)
    recorded = rows.join(roll_calls.filter("recorded").select("resolution"), on="resolution", how="semi")
    named = with_states(recorded, ("ms_name", "ms_code"), state_named, "date", "state")
    votes, unknown = only_states(named, ("state",), ("ms_name",), path.name)
    votes, twice = _one_vote_each(votes)
    dropped = counted({WITHOUT_A_VOTE: rows.height - recorded.height}) | unknown | twice
    return Parsed(
        {
            "roll_calls": _tidy_roll_calls(roll_calls),
            "votes": _tidy_votes(votes.with_columns(collection=pl.lit("undl"))),
        },
        dropped,
    )


def _check_library_rows(rows: pl.DataFrame, file: str) -> None:
    faults = []
    for written, read, allowed in (
        ("ms_vote", "vote", "Y, N, A or X"),
        ("symbol", "body", "a symbol such as A/RES/79/1 or S/RES/2787(2025)"),
    ):
        wrong = rows.filter(pl.col(read).is_null())
        if wrong.height:
            shown = ", ".join(
                f"{text!r} in row {row}" for row, text in wrong.select("row", written).head(5).rows()
            )
            column = "resolution" if written == "symbol" else written
            faults.append(f"column {column!r} must hold {allowed}, but has {shown} ({wrong.height} in all)")
    if faults:
        raise ParseError(f"{file}: " + "; ".join(faults) + ". The file is damaged or has another layout")


def _library_roll_calls(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.group_by("resolution", maintain_order=True).agg(
        pl.col("body", "date", "symbol").first(),
        # Special and emergency special sessions ('ES-10', '10emsp') have no number among the regular ones.
        pl.col("session").str.extract(r"^(\d+)(?:\.0)?$").cast(pl.Int64).first(),
        _filled("title", "description").first().alias("title"),
        _filled("agenda_title", "agenda").first().alias("agenda"),
        # Without a vote, every member is listed as not voting.
        (pl.col("vote") != LIBRARY_VOTES["X"]).any().alias("recorded"),
        pl.lit("resolution").alias("stage"),
        pl.lit("undl").alias("collection"),
    )


def is_voeten_file(path: Path) -> bool:
    """Whether a file has the columns of Voeten's votes."""
    names = set(header(path))
    return {"rcid", "vote"} <= names and bool(names & {"ccode", "Countryname"})


def read_voeten_file(path: Path) -> Parsed:
    """Read Voeten's votes in the General Assembly.

    The older layout (session, rcid, ccode, vote) has no dates and gives votes only.

    Raises
    ------
    ParseError
        The file is not one; all that is wrong is named.
    """
    coded = ("importantvote", *ISSUE_CODES)
    described = ("date", "session", "unres", "amend", "para", "short", "descr", *coded)
    text = read_table(path, ("rcid", "vote"), ("ccode", "Country", "Countryname", *described))
    rows = with_types(
        text,
        {
            "rcid": pl.Int32,
            "vote": pl.Int8,
            "ccode": pl.Int32,
            "date": pl.Date,
            "session": pl.Int16,
            "amend": pl.Int8,
            "para": pl.Int8,
            **dict.fromkeys(coded, pl.Int8),
        },
        path.name,
        empty=("ccode", "date", "session", "amend", "para", *coded),
    )
    wrong = rows.filter(~pl.col("vote").is_in([*LIBRARY_VOTES.values(), NOT_A_MEMBER]))
    if wrong.height:
        shown = ", ".join(f"{vote} in row {row}" for row, vote in wrong.select("row", "vote").head(5).rows())
        raise ParseError(f"{path.name}: column 'vote' must hold 1, 2, 3, 8 or 9, but has {shown}")
    votes, dropped = _voeten_votes(rows, path.name)
    tables = {"votes": votes}
    if rows["date"].null_count() < rows.height:
        tables["roll_calls"] = _voeten_roll_calls(rows, path.name)
    return Parsed(tables, dropped)


def _voeten_votes(rows: pl.DataFrame, file: str) -> tuple[pl.DataFrame, dict[str, int]]:
    # Session n opens in the September of 1945 + n.
    opening = pl.date(1945 + pl.col("session").cast(pl.Int32), 10, 1)
    members = rows.filter(pl.col("vote") != NOT_A_MEMBER).with_columns(
        pl.coalesce("date", opening).alias("day")
    )
    named = with_states(members, ("ccode", "Countryname", "Country"), state_numbered, "day", "found")
    # Correlates of War numbers tell the two Chinas apart by territory; the seat was one and changed hands.
    before = (pl.col("found") == "CHN") & (pl.col("day") < CHINA_SEATED)
    seated = named.with_columns(pl.when(before).then(pl.lit("TWN")).otherwise("found").alias("state"))
    written = pl.coalesce("Countryname", "Country", pl.col("ccode").cast(pl.String))
    known, unknown = only_states(seated.with_columns(written.alias("who")), ("state",), ("who",), file)
    votes, twice = _one_vote_each(known.rename({"rcid": "resolution"}))
    dropped = counted({"not a member at the time": rows.height - members.height}) | unknown | twice
    return _tidy_votes(votes.with_columns(collection=pl.lit("voeten"))), dropped


def _voeten_roll_calls(rows: pl.DataFrame, file: str) -> pl.DataFrame:
    calls = rows.unique("rcid", keep="first", maintain_order=True)
    undated = calls.filter(pl.col("date").is_null())
    if undated.height:
        shown = ", ".join(str(number) for number in undated["rcid"].head(5))
        raise ParseError(f"{file}: {undated.height} roll calls have no date, the first being rcid {shown}")
    return _tidy_roll_calls(_described_by_voeten(calls))


def _described_by_voeten(calls: pl.DataFrame) -> pl.DataFrame:
    return calls.rename({"rcid": "resolution", "unres": "symbol", "importantvote": "important"}).with_columns(
        collection=pl.lit("voeten"),
        body=pl.lit("GA"),
        title=_filled("descr", "short"),
        stage=pl.when(pl.col("amend") == 1)
        .then(pl.lit("amendment"))
        .when(pl.col("para") == 1)
        .then(pl.lit("paragraph"))
        .otherwise(pl.lit("resolution")),
        recorded=pl.lit(value=True),
    )


def is_bridges_file(path: Path) -> bool:
    """Whether a file has the columns of Voeten's list of identical resolutions."""
    return {"rcid1", "rcid2"} <= set(header(path))


def read_bridges_file(path: Path) -> Parsed:
    """Read Voeten's pairs of roll calls on identical resolutions.

    Raises
    ------
    ParseError
        The file is not such a list; all that is wrong is named.
    """
    text = read_table(path, ("rcid1", "rcid2"))
    rows = with_types(text, {"rcid1": pl.Int32, "rcid2": pl.Int32}, path.name)
    pairs = rows.unique(["rcid1", "rcid2"], keep="first", maintain_order=True)
    bridges = pairs.select(
        pl.lit("voeten").alias("collection"),
        pl.col("rcid1").alias("resolution"),
        pl.col("rcid2").alias("same_as"),
    )
    return Parsed({"bridges": bridges}, counted({"repeated pair": rows.height - pairs.height}))


def _one_vote_each(votes: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Keep one of several equal votes of a state on a resolution, and none where they differ."""
    key = ["resolution", "state"]
    distinct = votes.unique([*key, "vote"], keep="first", maintain_order=True)
    agreed = distinct.filter(~distinct.select(key).is_duplicated())
    return agreed, counted(
        {
            "repeated row": votes.height - distinct.height,
            "two different votes of one state": distinct.height - agreed.height,
        }
    )


def _filled(*columns: str) -> pl.Expr:
    """Take the first of some text columns that says anything."""
    texts = [pl.col(column).str.strip_chars() for column in columns]
    return pl.coalesce([pl.when(text != "").then(text) for text in texts])


def _tidy_votes(votes: pl.DataFrame) -> pl.DataFrame:
    return votes.select(
        "collection",
        pl.col("resolution").cast(pl.Int32),
        pl.col("state").cast(pl.String),
        pl.col("vote").cast(pl.Int8),
    )


def _tidy_roll_calls(rows: pl.DataFrame) -> pl.DataFrame:
    """Select the columns of the table; what the collection does not have is null."""
    absent = [pl.lit(None).alias(name) for name in NOT_EVERYWHERE if name not in rows.columns]
    return (
        rows.with_columns(absent)
        .with_columns(
            pl.col("resolution").cast(pl.Int32),
            pl.col("agenda").cast(pl.String),
            pl.col("important").cast(pl.Boolean),
            pl.col(ISSUE_CODES).cast(pl.Int8),
            pl.col("date").cast(pl.Date),
            # A number beyond any session is the resolution's own, from a symbol such as A/RES/997(ES-I).
            pl.when(pl.col("session").is_between(1, 200)).then(pl.col("session")).cast(pl.Int16),
        )
        .select(ROLL_CALL_COLUMNS)
    )


def choose_file(listing: str) -> tuple[Download, ...]:
    """Choose the votes among the files that the Dataverse lists for the data set.

    Raises
    ------
    ParseError
        The answer is no listing, or it has no file of votes.
    """
    try:
        files = msgspec.json.decode(listing)["data"]["latestVersion"]["files"]
        named = {file["dataFile"]["filename"]: file["dataFile"] for file in files}
    except (msgspec.DecodeError, KeyError, TypeError):
        raise ParseError(f"the Dataverse sent no listing of {DATASET}, but {listing[:80]!r}") from None
    votes = [name for name in named if re.fullmatch(r"(?i)un_?votes[^/\\]*\.(tab|csv|zip)", name)]
    if not votes:
        raise ParseError(
            f"{DATASET} lists no file such as UNVotes.tab, but {', '.join(sorted(named)) or 'nothing'}"
        )
    chosen = named[max(votes, key=lambda name: named[name].get("filesize", 0))]
    # The Dataverse keeps tables in a form of its own beside the file that was handed in.
    suffix = "?format=original" if chosen.get("originalFileFormat") else ""
    filename = "UNVotes" + (".csv" if suffix else Path(chosen["filename"]).suffix.lower())
    address = f"{DATAVERSE}/api/access/datafile/{int(chosen['id'])}{suffix}"
    return (Download("voeten", address, filename, "Voeten's votes in the General Assembly", "csv"),)


SOURCE = Source(
    name="un_votes",
    title="Votes in the United Nations: UN Digital Library, and Voeten (Harvard Dataverse)",
    tables=("roll_calls", "votes", "bridges"),
    formats=(
        Format(
            "undl",
            "UN Digital Library voting data (record 4060887 for the General Assembly, saved by hand)",
            ("2026_02_06_ga_voting.csv", "2026_02_06_sc_voting.csv"),
            is_library_file,
            read_library_file,
        ),
        Format(
            "voeten",
            "Voeten's votes in the General Assembly (Harvard Dataverse)",
            ("UNVotes.csv", "UNVotes.tab"),
            is_voeten_file,
            read_voeten_file,
        ),
        Format(
            "voeten_matches",
            "Voeten's pairs of identical resolutions (his repository of ideal points, saved by hand)",
            ("Matches.csv",),
            is_bridges_file,
            read_bridges_file,
        ),
    ),
    downloads=(
        Download(
            "voeten",
            f"{DATAVERSE}/api/datasets/:persistentId/?persistentId={DATASET}",
            "UNVotes.json",
            "listing of the data set, to find the file of votes",
            "json",
            resolve=choose_file,
        ),
    ),
    extracts=read_extracts,
)
