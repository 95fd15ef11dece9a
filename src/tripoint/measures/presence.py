"""How present is each state in each ground's trade, for every ground and every year?

A flow may have several reports: by the ground (its own statistics, or what an organisation compiled from it)
and by the partner (the mirror). The preferred report gives the value. The reports' disagreement gives the
interval, and where only one side reported, the disagreement that is usual for flows of that size does. Where
there are no values but published shares of main partners, those are read, with the error they show where both
exist.
"""

import numpy as np
import polars as pl

from tripoint.core.series import LEVEL
from tripoint.measures.measure import HALF_WIDTH, Frames, Measure, Progress, Settings, series
from tripoint.measures.records import declared
from tripoint.sources import codebook
from tripoint.sources.trade import origins
from tripoint.store.corrections import usable

_WITHHELD = "no report that can be read as a share"
_FLOW = ("ground", "power", "year", "flow")


def compute(frames: Frames, _settings: Settings, progress: Progress) -> dict[str, pl.DataFrame]:
    """Presence in exports, imports and turnover, everywhere."""
    progress(0.0, "reports of trade")
    oriented = _oriented(frames)
    return {
        record.name: series(record, oriented[record.name], _WITHHELD)
        for record in declared("presence").measures
    }


def report_kinds(frames: Frames) -> dict[str, pl.DataFrame]:
    """Whose report each presence rests on, and the size class of its flow, by measure.

    Columns ``ground``, ``power``, ``period``, ``kind``, ``size``.
    """
    found = _oriented(frames)
    return {name: frame.select("ground", "power", "period", "kind", "size") for name, frame in found.items()}


def _oriented(frames: Frames) -> dict[str, pl.DataFrame]:
    reports = _reports(frames["trade_flows"])
    flows = _shares_from_values(reports, _usual_disagreement(reports))
    shares = _shares_from_lists(frames["trade_shares"], flows)
    return {
        "presence_export": _one_flow(flows, shares, "export"),
        "presence_import": _one_flow(flows, shares, "import"),
        "presence_turnover": _turnover(flows, shares),
    }


def turnover_totals(frames: Frames) -> pl.DataFrame:
    """Every ground's turnover in million dollars, where both totals are known.

    Columns ``ground``, ``period``, ``total``, ``error`` (standard deviation of its logarithm, as of the largest
    flow), ``partners``, ``coverage``.
    """
    reports = _reports(frames["trade_flows"])
    flows = _shares_from_values(reports, _usual_disagreement(reports))
    national = (pl.col("national") & ~pl.col("from_mirror")).all()
    sides = flows.group_by("ground", "year", "flow", maintain_order=True).agg(
        pl.col("total").first(), pl.col("error").sort_by("value").last(), pl.len().alias("partners"), national
    )
    return (
        sides.group_by("ground", "year", maintain_order=True)
        .agg(
            pl.col("total").sum(),
            pl.col("error").max(),
            pl.col("partners").max(),
            pl.col("national").all(),
            pl.len().alias("flows"),
        )
        .filter(pl.col("flows") == 2)
        .select(
            "ground",
            pl.col("year").cast(pl.String).alias("period"),
            "total",
            "error",
            "partners",
            pl.when("national").then(pl.lit("A")).otherwise(pl.lit("B")).alias("coverage"),
        )
    )


def _reports(trade_flows: pl.DataFrame) -> pl.DataFrame:
    """Every usable report of every flow, seen from the ground: its own reports and, as mirrors, the partners'."""
    rows = usable(trade_flows, codebook("trade_flows")).with_columns(pl.col("flow").cast(pl.String))
    own = rows.select(
        pl.col("reporter").cast(pl.String).alias("ground"),
        pl.col("partner").cast(pl.String).alias("power"),
        "year", "flow", "value", "origin", pl.col("flag").alias("note"), pl.lit(False).alias("mirror"),
    )  # fmt: skip
    mirrored = pl.when(pl.col("flow") == "export").then(pl.lit("import")).otherwise(pl.lit("export"))
    mirror = rows.select(
        pl.col("partner").cast(pl.String).alias("ground"),
        pl.col("reporter").cast(pl.String).alias("power"),
        "year", mirrored.alias("flow"), "value", "origin", pl.col("flag").alias("note"), pl.lit(True).alias("mirror"),
    )  # fmt: skip
    known = pl.DataFrame(
        [
            {
                "origin": origin.name,
                "preference": origin.preference,
                "national": origin.kind == "national",
                "all_partners": origin.partners == "all",
                "all_reporters": origin.partners == "all" and origin.kind == "compiled",
                "complete_grounds": list(origin.complete_grounds),
                "complete_until": origin.complete_until,
            }
            for origin in origins()
        ],
        schema_overrides={"complete_grounds": pl.List(pl.String)},
    )
    listed_by_all = pl.col("ground").is_in(pl.col("complete_grounds")) & (
        pl.col("year") <= pl.col("complete_until")
    )
    return (
        pl.concat([own, mirror])
        .with_columns(pl.col("origin").cast(pl.String))
        .join(known, on="origin")
        .with_columns((pl.col("all_reporters") | listed_by_all).alias("all_reporters"))
        .sort(*_FLOW, "mirror", "preference")
    )


def _sizes() -> list[float]:
    """Upper ends, in million US dollars, of the sizes of flow for which a usual disagreement is estimated."""
    return declared("presence").settings["sizes"]


def _size(value: pl.Expr) -> pl.Expr:
    """Number of the size class of a flow."""
    return pl.sum_horizontal([(value >= bound).cast(pl.Int32) for bound in _sizes()])


def _usual_disagreement(reports: pl.DataFrame) -> pl.DataFrame:
    """Standard deviation of the normal whose 90% interval holds nine in ten log errors of one report, by size of flow.

    Two reports with independent errors differ by sqrt(2) times that. The tails are heavier than a normal's, so that the
    median of differences would make intervals that are too narrow.
    """
    sides = reports.group_by(*_FLOW, "mirror", maintain_order=True).agg(pl.col("value").first())
    own = sides.filter(~pl.col("mirror")).drop("mirror")
    mirror = sides.filter(pl.col("mirror")).drop("mirror").rename({"value": "mirror_value"})
    both = own.join(mirror, on=_FLOW).filter((pl.col("value") > 0) & (pl.col("mirror_value") > 0))
    gap = (pl.col("value") / pl.col("mirror_value")).log().abs()
    scale = float(1 / (HALF_WIDTH * np.sqrt(2)))
    measured = (
        both.group_by(_size(pl.col("value")).alias("size"))
        .agg((gap.quantile(LEVEL) * scale).alias("error"))
        .sort("size")
    )
    unknown = declared("presence").settings["error_unknown"]
    sizes = pl.DataFrame({"size": list(range(len(_sizes()) + 1))}, schema={"size": pl.Int32})
    # A size without doubly reported flows takes the error of the nearest smaller size: larger, if anything.
    return sizes.join(measured, on="size", how="left").with_columns(
        pl.col("error").fill_null(strategy="forward").fill_null(strategy="backward").fill_null(unknown)
    )


def _shares_from_values(reports: pl.DataFrame, disagreement: pl.DataFrame) -> pl.DataFrame:
    """One row per flow whose total is known: preferred value, its bounds, the total, and what stands behind it."""
    flows = reports.group_by(*_FLOW, maintain_order=True).agg(
        pl.col("value").first(),
        pl.col("value").min().alias("least"),
        pl.col("value").max().alias("most"),
        pl.col("mirror").n_unique().alias("sides"),
        pl.len().alias("n"),
        pl.col("mirror").first().alias("from_mirror"),
        pl.concat_str(pl.col("origin").first(), pl.col("mirror").first().cast(pl.String)).alias("kind"),
        pl.col("national").first(),
        pl.col("note").drop_nulls().first(),
        (pl.col("all_partners") & ~pl.col("mirror") | pl.col("all_reporters") & pl.col("mirror"))
        .any()
        .alias("whole"),
    )
    flows = flows.with_columns(_size(pl.col("value")).alias("size")).join(disagreement, on="size", how="left")
    spread = (HALF_WIDTH * pl.col("error")).exp()
    totals = pl.col("value").sum().over("ground", "year", "flow")
    whole = pl.col("whole").any().over("ground", "year", "flow")
    return (
        flows.with_columns(
            pl.min_horizontal("least", pl.col("value") / spread).alias("least"),
            pl.max_horizontal("most", pl.col("value") * spread).alias("most"),
            totals.alias("total"),
            whole.alias("whole"),
        )
        .filter(pl.col("whole") & (pl.col("total") > 0))
        .sort(*_FLOW)
    )


def _share_of(name: str) -> pl.Expr:
    """A share when this flow alone were ``name`` and all others as they are."""
    return pl.col(name) / (pl.col("total") - pl.col("value") + pl.col(name))


def _grade_of_values() -> pl.Expr:
    """National statistics seen from both sides A, alone B; compiled figures seen from both sides B; the rest C."""
    national, both = pl.col("national") & ~pl.col("from_mirror"), pl.col("sides") == 2
    return (
        pl.when(national & both)
        .then(pl.lit("A"))
        .when(national | both)
        .then(pl.lit("B"))
        .otherwise(pl.lit("C"))
    )


def _shares_from_lists(trade_shares: pl.DataFrame, flows: pl.DataFrame) -> pl.DataFrame:
    """Published shares of main partners, with the error they show where values exist as well."""
    listed = usable(trade_shares, codebook("trade_shares")).select(
        pl.col("reporter").cast(pl.String).alias("ground"),
        pl.col("partner").cast(pl.String).alias("power"),
        "year",
        pl.col("flow").cast(pl.String),
        "share",
        pl.col("flag").alias("note"),
    )
    compared = listed.join(flows, on=_FLOW).filter(pl.col("value") > 0)
    gap = (pl.col("share") / _share_of("value")).log().abs().quantile(LEVEL)
    measured = compared.select(gap.alias("gap"))["gap"].item() if compared.height else None
    unknown = HALF_WIDTH * declared("presence").settings["error_unknown"]
    spread = float(np.exp(measured if measured is not None else unknown))
    return listed.filter(pl.col("share") > 0).with_columns(
        pl.col("share").alias("value"),
        (pl.col("share") / spread).alias("lower"),
        (pl.col("share") * spread).clip(upper_bound=1.0).alias("upper"),
        pl.lit(1).alias("n"),
        pl.lit("list").alias("kind"),
        pl.lit(declared("presence").settings["size_of_listed"]).alias("size"),
        pl.lit("C").alias("coverage"),
        pl.concat_str([pl.lit("published share"), pl.col("note")], separator="; ", ignore_nulls=True).alias(
            "note"
        ),
    )


_COLUMNS = ("ground", "power", "period", "value", "lower", "upper", "n", "coverage", "note", "kind", "size")


def _one_flow(flows: pl.DataFrame, shares: pl.DataFrame, flow: str) -> pl.DataFrame:
    """Presence in exports or in imports: from values where the total is known, else from published shares."""
    period = pl.col("year").cast(pl.String).alias("period")
    valued = flows.filter(pl.col("flow") == flow).select(
        "ground", "power", period,
        _share_of("value").alias("value"), _share_of("least").alias("lower"), _share_of("most").alias("upper"),
        pl.col("n").cast(pl.Int32), _grade_of_values().alias("coverage"), "note", "kind", "size",
    )  # fmt: skip
    listed = (
        shares.filter(pl.col("flow") == flow)
        .with_columns(period, pl.col("n").cast(pl.Int32))
        .select(_COLUMNS)
    )
    return pl.concat([valued, _where_no_total(listed, valued)])


def _where_no_total(listed: pl.DataFrame, valued: pl.DataFrame) -> pl.DataFrame:
    """Published shares of those grounds and years for which no total is known from values."""
    return listed.join(valued.select("ground", "period").unique(), on=["ground", "period"], how="anti")


def _turnover(flows: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Presence in turnover, where both flows with the state and both totals are known."""
    key = ["ground", "power", "year"]
    sold = flows.filter(pl.col("flow") == "export")
    bought = flows.filter(pl.col("flow") == "import")
    both = sold.join(bought, on=key, suffix="_bought")
    summed = both.with_columns(
        *(
            (pl.col(name) + pl.col(f"{name}_bought")).alias(name)
            for name in ("value", "least", "most", "total", "n")
        ),
        pl.min_horizontal("sides", "sides_bought").alias("sides"),
        (pl.col("national") & pl.col("national_bought")).alias("national"),
        (pl.col("from_mirror") | pl.col("from_mirror_bought")).alias("from_mirror"),
        pl.coalesce("note", "note_bought").alias("note"),
        pl.concat_str("kind", "kind_bought").alias("kind"),
        pl.min_horizontal("size", "size_bought").alias("size"),
    )
    period = pl.col("year").cast(pl.String).alias("period")
    valued = summed.select(
        "ground", "power", period,
        _share_of("value").alias("value"), _share_of("least").alias("lower"), _share_of("most").alias("upper"),
        pl.col("n").cast(pl.Int32), _grade_of_values().alias("coverage"), "note", "kind", "size",
    )  # fmt: skip
    sides = [shares.filter(pl.col("flow") == flow).drop("share", "flow") for flow in ("export", "import")]
    listed = sides[0].join(sides[1], on=key, suffix="_bought").select(
        "ground", "power", period,
        # The balance of exports and imports is unknown here: equal weights, and an interval that spans every balance.
        ((pl.col("value") + pl.col("value_bought")) / 2).alias("value"),
        pl.min_horizontal("lower", "lower_bought").alias("lower"),
        pl.max_horizontal("upper", "upper_bought").alias("upper"),
        pl.lit(2, pl.Int32).alias("n"),
        "coverage", "note", "kind", "size",
    )  # fmt: skip
    return pl.concat([valued, _where_no_total(listed, valued)])


MEASURE = Measure("presence", compute)
