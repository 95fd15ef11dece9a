"""All series of all measures, built at one time from one set of tables: written, shipped, opened, verified.

A vintage is a folder: one Parquet file per measure, one for the reference population, and ``vintage.json``
with the hash of each file and of each table it was built from. One vintage ships inside the package; a user's
own, once built, is read in its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from importlib.resources import files as package_files
from io import BytesIO
from pathlib import Path

import msgspec
import polars as pl

from tripoint.core.series import WHO, MeasureRecord
from tripoint.errors import UnknownNameError, VintageError
from tripoint.store import files

MANIFEST = "vintage.json"
REFERENCE = "reference"
#: Changes when a vintage of this code can no longer be read by older code.
LAYOUT = 2

#: Rows in one group of a Parquet file.
_GROUP = 32_768
#: Decimals of the finest grid on which numbers ship.
_SHIPPED_DECIMALS = 7

_RESTORE = "build it anew with `tripoint build`, or read the one in the package with `--vintage bundled`"


@dataclass(frozen=True, slots=True)
class TableTrace:
    """One table that a vintage was built from: hash of its rows, how many, and the raw files behind them."""

    sha256: str
    rows: int
    origins: tuple[str, ...]
    dropped: dict[str, int]


@dataclass(frozen=True, slots=True)
class SeriesTrace:
    """One file of a vintage: its hash and rows, and whether rows were left out to keep the package small."""

    sha256: str
    rows: int
    thinned: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a vintage holds and what it was built from.

    Attributes
    ----------
    name
        Last day of the data and a digest of all series: the same numbers have the same name.
    data_through
        Last day that the data know of.
    last_full_year
        Last calendar year whose votes are all in; later figures are not compared with full years.
    effort
        Share of the declared sweeps that samplers ran; None where no series was sampled, or where it is not known.
    base
        Name of the vintage from which rows were taken that the tables at hand cannot make; None where there are none.
    """

    layout: int
    name: str
    code: str
    data_through: str
    last_full_year: int
    seed: int
    draws: int
    outsiders: tuple[str, ...]
    powers: tuple[str, ...]
    tables: dict[str, TableTrace]
    series: dict[str, SeriesTrace]
    effort: float | None = None
    base: str | None = None


@dataclass(frozen=True, eq=False)
class Vintage:
    """An opened vintage. Files are checked against their hashes when they are first read."""

    path: Path
    manifest: Manifest

    @cached_property
    def _files(self) -> dict[str, bytes]:
        return {}

    def frame(self, name: str, *where: pl.Expr) -> pl.DataFrame:
        """Rows of a series, or of the reference population, that meet all conditions; all rows without conditions.

        Raises
        ------
        UnknownNameError
            The vintage has no series of that name.
        VintageError
            The file is missing, cut short or altered.
        """
        if name not in self.manifest.series:
            raise UnknownNameError.of("series of this vintage", name, self.manifest.series)
        if name not in self._files:
            self._files[name] = self._sound(name)
        rows = pl.scan_parquet(BytesIO(self._files[name])).filter(*where).collect()
        # What ships is on a grid and takes 32 bits: as 64 bits it would be beside the grid, and beside a threshold.
        return rows.with_columns(pl.col(pl.Float32).cast(pl.Float64).round(_SHIPPED_DECIMALS))

    def _sound(self, name: str) -> bytes:
        """The bytes of a file, once their hash is found to be what was written."""
        path = self.path / f"{name}.parquet"
        try:
            data = path.read_bytes()
        except OSError as error:
            raise VintageError(f"'{path}' cannot be read ({error.strerror}); {_RESTORE}") from None
        if sha256(data).hexdigest() != self.manifest.series[name].sha256:
            raise VintageError(f"'{path}' is not what was written (its hash differs); {_RESTORE}")
        return data

    def rows(self, record: MeasureRecord, *whom: Mapping[str, str]) -> pl.DataFrame:
        """Rows of one measure about some states, in time order, the first asked for first.

        Each of ``whom`` names columns of the measure's grain. Series of unordered pairs are kept with the pair in
        alphabetical order; asked the other way round, signs and sides are turned.
        """
        parts = []
        for turned in (False, True):
            asked = [who for who in whom if _is_turned(who) == turned]
            if asked:
                name = record.swap if turned and record.swap else record.name
                kept = [
                    {**who, "first": who["second"], "second": who["first"]} if turned else who
                    for who in asked
                ]
                each = [
                    pl.all_horizontal(pl.col(column) == state for column, state in who.items())
                    for who in kept
                ]
                frame = self.frame(name, pl.any_horizontal(each))
                parts.append(_turn(frame, record) if turned else frame)
        if len(whom) == 1:
            return parts[0].sort("period").select(*WHO[record.grain], pl.exclude(*WHO[record.grain]))
        order = pl.DataFrame(list(whom)).with_row_index("asked")
        found = pl.concat(parts).join(order, on=list(whom[0]), maintain_order="left").sort("asked", "period")
        return found.select(*WHO[record.grain], pl.exclude(*WHO[record.grain], "asked"))

    def verify(self) -> tuple[str, ...]:
        """What is wrong with any file of the vintage; empty when all is well."""
        faults = []
        for name in self.manifest.series:
            try:
                self._sound(name)
            except VintageError as error:
                faults.append(str(error))
        return tuple(faults)


def _is_turned(who: Mapping[str, str]) -> bool:
    """Whether a pair is asked for against the alphabetical order in which it is kept."""
    return "first" in who and "second" in who and who["first"] > who["second"]


def _turn(frame: pl.DataFrame, record: MeasureRecord) -> pl.DataFrame:
    """Rows of a pair as rows of the pair the other way round."""
    frame = frame.rename({"first": "second", "second": "first"}).select(frame.columns)
    if not record.antisymmetric:
        return frame
    negated = {"value": "value", "lower": "upper", "upper": "lower"}
    return frame.with_columns((-pl.col(source)).alias(name) for name, source in negated.items())


def own_path(home: Path | None = None) -> Path:
    """Where a user's own vintage lies."""
    return (home or files.home()) / "vintages" / "current"


def bundled_path() -> Path:
    """Where the vintage in the package lies."""
    return Path(str(package_files("tripoint.store").joinpath("bundled")))


def open_vintage(where: str | Path | None = None, home: Path | None = None) -> Vintage:
    """Open a vintage.

    Parameters
    ----------
    where
        None: the user's own if there is one, else the one in the package. ``"bundled"``: the one in the
        package. Else a folder.

    Raises
    ------
    VintageError
        There is none, or its manifest is missing, damaged, or of another layout.
    """
    if where is None:
        own = files.settled_directory(own_path(home), patience=0.2)
        path = own if own.exists() else bundled_path()
    else:
        path = bundled_path() if where == "bundled" else Path(where)
    manifest = path / MANIFEST
    try:
        text = manifest.read_bytes()
    except OSError as error:
        raise VintageError(f"no vintage in '{path}' ({error.strerror}: {MANIFEST}); {_RESTORE}") from None
    try:
        known = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise VintageError(f"'{manifest}' is damaged ({error}); {_RESTORE}") from None
    if known.layout != LAYOUT:
        raise VintageError(
            f"'{path}' has layout {known.layout}, this version reads layout {LAYOUT}; {_RESTORE}"
        )
    return Vintage(path, known)


def write_vintage(
    path: Path,
    manifest: Manifest,
    frames: Mapping[str, pl.DataFrame],
    *,
    thinned: frozenset[str] = frozenset(),
) -> Manifest:
    """Write a vintage so that readers, and any crash, find the old one or the new one and nothing between.

    Parameters
    ----------
    manifest
        All but the name and the traces of the series, which are filled in here.
    thinned
        Names of series that had rows left out.

    Raises
    ------
    StoreError
        The disk is full, read-only or not ours. The old vintage stays.
    LockedError
        Another process is writing this vintage.
    """
    traces = {}
    with files.locked(path), files.replacing_directory(path) as partial:
        for name, frame in sorted(frames.items()):
            target = partial / f"{files.checked_name('series', name)}.parquet"
            # No clock and a fixed layout: the same rows give the same bytes. Small groups of sorted rows let a reading
            # skip what is not about its states.
            frame.write_parquet(target, compression="zstd", compression_level=12, row_group_size=_GROUP)
            traces[name] = SeriesTrace(files.sha256_of(target), frame.height, name in thinned)
        digest = sha256("".join(trace.sha256 for trace in traces.values()).encode()).hexdigest()
        whole = replace(manifest, name=f"{manifest.data_through}-{digest[:8]}", series=traces)
        text = msgspec.json.format(msgspec.json.encode(whole, order="sorted"), indent=1)
        (partial / MANIFEST).write_bytes(text + b"\n")
    return whole


def thin(record: MeasureRecord, frame: pl.DataFrame, powers: tuple[str, ...]) -> pl.DataFrame:
    """The rows of a series that ship in the package, on the declared grid: bounds outwards, never narrower."""
    bundle = record.bundle
    who = [column for column in WHO[record.grain] if column not in ("ground", "issue", "origin")]
    with_power = pl.any_horizontal(*(pl.col(column).is_in(powers) for column in who))
    kept = with_power & (pl.col("period") >= bundle.powers_since)
    if bundle.all_since is not None:
        kept = kept | (pl.col("period") >= bundle.all_since)
    step = bundle.bound_step
    low = ((pl.col("lower") / step + 1e-6).floor() * step).clip(record.minimum, record.maximum)
    high = ((pl.col("upper") / step - 1e-6).ceil() * step).clip(record.minimum, record.maximum)
    value = (pl.col("value") / bundle.value_step).round() * bundle.value_step
    return frame.filter(kept).with_columns(
        value.cast(pl.Float32).alias("value"),
        pl.min_horizontal(low, value).cast(pl.Float32).alias("lower"),
        pl.max_horizontal(high, value).cast(pl.Float32).alias("upper"),
    )
