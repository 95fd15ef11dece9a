"""Whatever bytes come as an event file: no crash, every row accounted for, and the same as a slow reader finds.

Run by hand, with atheris installed beside tripoint: ``python tests/fuzz/fuzz_events.py CORPUS -max_total_time=60``. An
empty folder is filled first, from ``tests/sources/event_corpus`` and rows made for tests, packed in every way.

Compiled code tells nobody which way it went. What guides the search is the slow reader, which is plain Python and
branches where the other one does, and the code that unpacks files and tells their layouts.
"""

import gzip
import inspect
import random
import sys
import tempfile
import warnings
import zlib
from datetime import date
from pathlib import Path

import atheris

SOURCES = Path(__file__).parents[1] / "sources"
sys.path.insert(0, str(SOURCES))

# ruff: noqa: E402
from event_building import (
    ICEWS_HEADER,
    POLECAT_HEADER,
    gdelt_row,
    header_line,
    icews_row,
    lined,
    polecat_row,
    zipped,
)

from tripoint.sources import rawfile
from tripoint.sources.events import inflate, layouts, reading, scan_files
from tripoint.sources.events import scan as scanning
from tripoint.sources.events.cells import Sums
from tripoint.sources.events.tally import new_cells, new_window

with atheris.instrument_imports(include=["event_reference"]):
    from event_reference import Reader

#: What fields are made of, sound and not.
WORDS = tuple(
    word.encode()
    for word in (
        *(
            "",
            " ",
            '"',
            '""',
            "\r",
            "\0",
            "é",
            "\ufeff",
            ";",
            ",",
            "-",
            "-0",
            ".",
            "1.",
            ".5",
            "+1",
            "1e1",
            "0.001",
            "2.80",
        ),
        *(
            "10",
            "-10",
            "10.01",
            "NA",
            "NULL",
            "None",
            "RUS",
            "CHN;KAZ",
            "RUS; CHN ;RUS",
            "AFR",
            "XKX",
            "KSV",
            "rus",
        ),
        *(
            "Russian Federation",
            "russian federation",
            "Congo",
            "Cote d'Ivoire",
            "Kosovo",
            "Korea",
            "China",
            '"China"',
        ),
        *(
            "GOV",
            "Government",
            "Military, Government",
            "gov",
            "GOVX",
            "20",
            "21",
            "00",
            "01",
            "010",
            "0231",
            "1",
            "4",
            "5",
        ),
        *(
            "20151027",
            "20160229",
            "20150229",
            "19781231",
            "19790101",
            "00010101",
            "99991231",
            "2018-06-01",
            "2018-06-01T9",
        ),
        *(
            "2018-6-1",
            "20151027220000",
            "Event ID",
            "event_id",
            "VERBAL CONFLICT",
            "MATERIAL COOPERATION",
            "neutral",
        ),
        *("9" * 20, "9" * 21, "0" * 13, "Event Intensity", "KZ", "UK", "x" * 300, "\t" * 70),
    )
)
#: The slow reader is asked about no more than this.
SMALL = 1 << 15
LATEST = date(2030, 1, 1)
#: The last byte of an input says how it is packed, the one before it what stands before it in the file; from 128 on,
#: the class that GDELT publishes is taken.
PACKED = (bytes, gzip.compress, zipped, lambda text: zipped(text, method=0), zlib.compress)
BEFORE = (
    b"",
    lined(header_line(ICEWS_HEADER), icews_row()),
    lined(header_line(POLECAT_HEADER), polecat_row()),
    *(
        lined(*[gdelt_row(width, id=str(9000 + one), address=f"sound {one}") for one in range(31)])
        for width in (57, 58, 61)
    ),
)
_PLACE = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))


def one_input(data: bytes) -> None:
    """Hold one input against everything that is promised of any file."""
    if len(data) < 2:
        return
    text = BEFORE[data[-2] % 128 % len(BEFORE)] + data[:-2]
    try:
        content = PACKED[data[-1] % len(PACKED)](text)
    except (ValueError, OverflowError):
        return
    path = _PLACE / "a.csv"
    path.write_bytes(content)
    published = data[-2] >= 128
    scan = scan_files([path], latest=LATEST, published_quad=published)
    (report,) = scan.reports
    assert report.rows == report.kept + sum(report.dropped.values())
    assert str(report)
    if report.fault is not None:
        assert (report.rows, report.kept, scan.frame.height) == (0, 0, 0)
        assert "\n" not in report.fault
    elif len(content) <= SMALL and text[:2] not in (b"PK", b"\x1f\x8b"):
        path.write_bytes(text)
        against_slow(path, scan, report, published)


def against_slow(path, scan, report, published) -> None:
    """Compare table, reasons and row numbers with the slow reader's."""
    reader = Reader(latest=LATEST, published=published)
    reader.read(path, report.layout)
    assert report.shown == reader.shown[path], (report.shown, reader.shown[path])
    assert (report.rows, report.kept, report.dropped) == (
        reader.rows[path],
        reader.kept[path],
        reader.dropped[path],
    )
    table = {
        tuple(row[name] for name in ("period", "source", "source_role", "target", "target_role", "quad", "place")): [
            row["events"], row["scored"], round(100 * row["goldstein"]), row["mentions"] or 0,
        ]
        for row in scan.frame.iter_rows(named=True)
    }  # fmt: skip
    cells = {key: [one[0], one[1], round(100 * one[2]), one[3]] for key, one in reader.cells.items()}
    assert table == cells, (table, cells)


def changed(data: bytes, most: int, seed: int) -> bytes:
    """Make another input: mostly one field of one line put in the place of another, else whatever comes."""
    chance = random.Random(seed)
    lines = data[:-2].split(b"\n")
    if chance.random() < 0.25 or len(data) < 2:
        return atheris.Mutate(data, most)
    place = chance.randrange(len(lines))
    fields, others = lines[place].split(b"\t"), chance.choice(lines).split(b"\t")
    where = chance.randrange(len(fields))
    fields[where] = chance.choice(
        [fields[where] + chance.choice(WORDS), chance.choice(WORDS), chance.choice(others)]
    )
    lines[place] = b"\t".join(fields)
    if chance.random() < 0.1:
        lines.insert(chance.randrange(len(lines) + 1), lines[place])
    return (b"\n".join(lines) + data[-2:])[:most]


def fill(corpus: Path) -> None:
    """Put the inputs into an empty corpus from which others are made."""
    corpus.mkdir(parents=True, exist_ok=True)
    if any(corpus.iterdir()):
        return
    texts = {path.stem: path.read_bytes() for path in (SOURCES / "event_corpus").iterdir()}
    texts |= {
        "icews": lined(icews_row(Event_ID="2"), icews_row(Event_ID="2"), header_line(ICEWS_HEADER)),
        "polecat": lined(polecat_row(Actor_Country="RUS;CHN"), polecat_row(Event_ID="2") + b"\t\t", b""),
        "icews_whole": BEFORE[1], "polecat_whole": BEFORE[2],
        "zip": zipped(BEFORE[5])[:-9], "gzip": gzip.compress(BEFORE[4])[:-5],
    }  # fmt: skip
    for name, text in texts.items():
        for before in range(len(BEFORE)):
            for packed in range(len(PACKED) if before == 0 else 2):
                (corpus / f"{name}_{before}_{packed}").write_bytes(text + bytes([before, packed]))


def main() -> None:
    """Fuzz until told to stop."""
    warnings.simplefilter("ignore")
    for module in (rawfile, inflate, layouts, reading):
        for thing in vars(module).values():
            if inspect.isfunction(thing) and thing.__module__ == module.__name__:
                atheris.instrument_func(thing)
    # Small tables, so that an input costs less than a millisecond beside the slow reader's time.
    scanning.new_window = lambda: new_window(1 << 10)
    scanning.Sums = lambda grain, window: Sums(grain, window, new_cells(1 << 12))
    folders = [one for one in sys.argv[1:] if not one.startswith("-")]
    if folders and not Path(folders[0]).is_file():
        fill(Path(folders[0]))
    atheris.Setup(sys.argv, one_input, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
