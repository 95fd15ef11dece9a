"""Event files and lakes made for tests: days of GDELT with rows that come again, and what is in a lake, row for row."""

import gzip
import random
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from tests.sources.event_building import gdelt_row, lined

from tripoint.store.lake import ledger

STATES = ("RUS", "CHN", "KAZ", "USA", "GBR", "ROM", "KSV", "TUR")
FIRST = date(2016, 1, 28)
KEYS = ("day", "source", "source_role", "target", "target_role", "quad", "place")


def days_of_files(folder, n_days, a_day=2, rows=12, seed=0, *, other_content=True):
    """Write some GDELT files for each of some days, in turn plain and packed; give their paths in order.

    Rows take up the ids of earlier files, say again what was said, and are faulty now and then. An id that comes again
    comes with the same content where ``other_content`` is false.
    """
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    paths, ids, said = [], 500_000_000, []
    for nth in range(n_days * a_day):
        added = FIRST + timedelta(days=nth // a_day)
        stamp = f"{added:%Y%m%d}{nth % a_day:02d}0000"
        lines = []
        for _ in range(rows):
            ids += 1
            event_id, parts = ids, _parts(chance, added)
            if said and chance.random() < 0.25:
                again, story = chance.choice(said)
                way = chance.choice(("id", "story", "both"))
                event_id = ids if way == "story" else again
                parts = parts if way == "id" and other_content else story
            said = [*said[-3 * rows :], (event_id, parts)]
            lines.append(gdelt_row(id=str(event_id), added=stamp, **parts))
        path = folder / f"{stamp}.export.CSV{'' if nth % 2 else '.gz'}"
        path.write_bytes(lined(*lines) if nth % 2 else gzip.compress(lined(*lines)))
        paths.append(path)
    return paths


def _parts(chance, added):
    source, target = chance.sample(STATES, 2)
    return {
        "day": f"{added - timedelta(days=chance.choice((0, 0, 0, 1, 30, 365))):%Y%m%d}",
        "source": source, "target": chance.choice((target, target, target, "", "AFR", source)),
        "source_role": chance.choice(("GOV", "MIL", "")), "target_role": chance.choice(("GOV", "", "MED")),
        "code": f"{chance.randint(1, 20):02d}", "quad": str(chance.randint(1, 4)),
        "goldstein": chance.choice(("", "-10", "2.8", "0.1", "3.4")), "mentions": str(chance.randint(-1, 40)),
        "place": chance.choice(("KZ", "RS", "", "XX")), "address": f"https://example.org/{chance.randint(1, 60)}",
    }  # fmt: skip


def parts_of(home, provider="gdelt"):
    """The sums in the files of a lake, one after the other."""
    lake = ledger.open_lake(home, provider)
    paths = [] if lake is None else ledger.paths_of(home, lake)
    return pl.concat([ledger.EVENTS.to_frame(), *map(pl.read_parquet, paths)])


def taken_of(home, provider="gdelt"):
    """What became of every raw file."""
    return ledger.taken(home, ledger.open_lake(home, provider))


def cells_of(frame):
    """Sums by day, actors, class and place, as the slow reader has them."""
    sums = frame.group_by(KEYS).agg(pl.col("events", "scored", "hundredths", "mentions").sum())
    return {row[:7]: list(row[7:]) for row in sums.iter_rows()}


def in_hundredths(frame):
    """A scan by day as a lake has it, without the day on which its events were added."""
    return frame.with_columns(
        pl.col(pl.Enum).cast(pl.String),
        (100 * pl.col("goldstein")).round().cast(pl.Int64).alias("hundredths"),
        (10_000 * pl.col("squares")).round().cast(pl.Int64).alias("squares"),
    ).select(name for name in ledger.EVENTS.names() if name != "added")


def files_in(home: Path, provider="gdelt"):
    """All files in the folder of a lake."""
    folder = ledger.lake_folder(home, provider)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def named_in(home, provider="gdelt"):
    """The files of which a lake says that it consists, and the list of them."""
    return {part.name for part in ledger.open_lake(home, provider).named} | {ledger.MANIFEST}
