"""A server on this machine with GDELT's and the Dataverse's files, and what a run against it needs."""

import hashlib
import io
import random
import zipfile
from datetime import date, datetime
from pathlib import Path

import event_building as building
import local_server as at

from tripoint.sources.events.gaps import PullReport
from tripoint.sources.events.listing import Wanted
from tripoint.sources.events.pull import pull_events
from tripoint.sources.events.received import RECORD
from tripoint.sources.fetch import Patience
from tripoint.sources.un_votes import DATAVERSE

HOST = "http://data.gdeltproject.org"
QUICK = Patience(attempts=2, connect_seconds=2, read_seconds=1, first_wait=0.01, longest_wait=0.02)
DAY = Wanted("gdelt", date(2024, 1, 1), date(2024, 1, 1))
NOW = datetime(2024, 1, 1, 2, 30)  # noqa: DTZ001
SLOTS = [f"202401010{hour}{minute}00" for hour in (0, 1) for minute in ("00", "15", "30", "45")][:7]
ZIPPED = {"Content_Type": "application/zip"}


def packed(slot: str) -> bytes:
    """A file of GDELT 2.0, told apart from the others by the id of its event."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        row = building.gdelt_row(
            id=slot[4:12], day=slot[:8], added=slot, address=f"https://example.org/{slot}"
        )
        archive.writestr(f"{slot}.export.CSV", (row + b"\n") * 20)
    return made.getvalue()


FILES = {slot: packed(slot) for slot in SLOTS}


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def line(slot: str, body: bytes, **other: object) -> str:
    said = {"size": len(body), "md5": md5(body), "host": HOST, **other}
    return f"{said['size']} {said['md5']} {said['host']}/gdeltv2/{slot}.export.CSV.zip\n"


def offer(server: at.Server, files: dict[str, bytes] = FILES, listing: str | bytes | None = None) -> None:
    """Put files and their list on the server."""
    text = "".join(line(slot, body) for slot, body in files.items()) if listing is None else listing
    server.on("/gdeltv2/masterfilelist.txt", at.content(text if isinstance(text, bytes) else text.encode()))
    for slot, body in files.items():
        server.on(path_of(slot), at.content(body, **ZIPPED))


def path_of(slot: str) -> str:
    return f"/gdeltv2/{slot}.export.CSV.zip"


def fetch(server: at.Server, folder: Path, wanted: Wanted = DAY, **options) -> PullReport:
    base = {HOST: server.address, DATAVERSE: server.address}
    return pull_events(
        wanted,
        folder,
        **{
            "base": base, "patience": QUICK, "now": NOW, "sleep": lambda _: None, "rng": random.Random(1), **options,
        },
    )  # fmt: skip


def asked(server: at.Server, ending: str = ".zip") -> list[str]:
    return [path for path, _ in server.requests if path.endswith(ending)]


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".lists", ".pull.lock", RECORD}
