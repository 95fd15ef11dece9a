"""Shares of counted events: scale, mirror, order, a slow reference, gaps, no future, coverage, and several sources."""

import numpy as np
import pytest
from scipy import stats

from tripoint.errors import NotIdentifiedError, UsageError
from tripoint.models.heterogeneity import between_deviation
from tripoint.models.share_state.counts import Counts
from tripoint.models.share_state.fusion import break_variances, fused_share_state
from tripoint.models.share_state.grid import ShareModel, level_variances, step_kernels, variance_level
from tripoint.models.share_state.offsets import log_odds_ratio, pooled_offset, source_offsets
from tripoint.models.share_state.scores import mean_score
from tripoint.models.share_state.state import ShareBand, ShareState, share_state


def share(x):
    return 1 / (1 + np.exp(-x))


def walks(rng, n_series, n_periods, step, spread=1.0):
    start = rng.normal(0.3, spread, (n_series, 1))
    return start + np.cumsum(rng.normal(0, step, (n_series, n_periods)), 1)


def clustered(rng, x, mean, correlation):
    """Beta-binomial counts around the share of ``x``: overdispersion is ``1 + (events - 1) * correlation``."""
    p, weight = share(x), 1 / correlation - 1
    events = rng.poisson(mean, x.shape)
    return rng.binomial(events, rng.beta(p * weight, (1 - p) * weight)), events


def covered(band: ShareBand, truth):
    return np.mean((band.lower < truth) & (truth < band.upper))


def arrays(state: ShareState):
    return [
        getattr(band, name)
        for band in (state.filtered, state.smoothed)
        for name in ("median", "lower", "upper")
    ]


@pytest.fixture(scope="module")
def noisy():
    """Strongly clustered counts: 12 series of 40 periods, overdispersion near 60."""
    return clustered(np.random.default_rng(5), walks(np.random.default_rng(6), 12, 40, 0.2), 400, 0.15)


@pytest.fixture(scope="module")
def followed(noisy):
    return share_state(*noisy)


def test_more_coverage_changes_neither_state_nor_interval(noisy, followed):
    hits, events = noisy
    for factor in (2, 4):
        again = share_state(factor * hits, factor * events)
        for one, other in zip(arrays(followed)[3:], arrays(again)[3:], strict=True):
            assert other == pytest.approx(one, abs=1e-9)
        assert again.dispersion == pytest.approx(factor * followed.dispersion, rel=1e-9)
        assert again.step_variance == pytest.approx(followed.step_variance, rel=1e-9)


def test_with_much_coverage_the_real_time_state_is_invariant_from_the_first_period_on(noisy):
    hits, events = noisy
    one, other = share_state(4 * hits, 4 * events), share_state(8 * hits, 8 * events)
    for before, after in zip(arrays(one), arrays(other), strict=True):
        assert after == pytest.approx(before, abs=1e-9)


def test_factors_between_points_of_the_grid_change_little(noisy, followed):
    hits, events = noisy
    again = share_state(3 * hits, 3 * events)
    for one, other in zip(arrays(followed)[3:], arrays(again)[3:], strict=True):
        assert np.abs(other - one).max() < 0.004


def test_at_the_floor_copies_are_seen_through_as_well_unless_counts_are_declared_binomial():
    rng = np.random.default_rng(7)
    x = walks(rng, 40, 12, 0.1)
    events = np.full(x.shape, 20)
    hits = rng.binomial(events, share(x))
    one, ten = share_state(hits, events), share_state(10 * hits, 10 * events)
    fixed = share_state(10 * hits, 10 * events, ShareModel(dispersion=1))
    width = [np.mean(state.smoothed.upper - state.smoothed.lower) for state in (one, ten, fixed)]
    assert np.median(one.dispersion) < 2, "counts are binomial"
    assert np.median(ten.dispersion) > 5, "tenfold counts are seen to be copies"
    assert width[1] == pytest.approx(width[0], rel=0.05), "and tell no more"
    assert width[2] < 0.6 * width[0], "copies that are taken at face value are not"


def test_the_complement_is_mirrored(noisy, followed):
    hits, events = noisy
    mirrored = share_state(events - hits, events)
    for one, other in ((followed.filtered, mirrored.filtered), (followed.smoothed, mirrored.smoothed)):
        assert other.median == pytest.approx(1 - one.median, abs=1e-10)
        assert other.lower == pytest.approx(1 - one.upper, abs=1e-10)
        assert other.upper == pytest.approx(1 - one.lower, abs=1e-10)
    assert mirrored.dispersion == pytest.approx(followed.dispersion, rel=1e-9)


def test_the_order_and_company_of_series_do_not_matter(noisy, followed, monkeypatch):
    hits, events = noisy
    order = np.random.default_rng(1).permutation(len(hits))
    monkeypatch.setattr("tripoint.models.share_state.state._CHUNK", 20_000)
    again = share_state(hits[order], events[order])
    for one, other in zip(arrays(followed), arrays(again), strict=True):
        assert other == pytest.approx(one[order], abs=1e-12)


def binomial_reference(hits, events, step, level=0.9, first_deviation=2.0):
    """Filter and smooth one series slowly on a fine grid, with binomial counts and Gaussian steps."""
    x = np.linspace(-9, 9, 901)
    walk = stats.norm.pdf(x[:, None], x, step)
    walk /= walk.sum(0)
    forward, likelihoods = [], []
    state = stats.norm.pdf(x, 0, first_deviation)
    for hit, event in zip(hits, events, strict=True):
        likelihoods.append(stats.binom.pmf(hit, event, share(x)) if event else np.ones(len(x)))
        state = (walk @ state if forward else state) * likelihoods[-1]
        forward.append(state / state.sum())
    message, both = np.ones(len(x)), []
    for state, likelihood in zip(forward[::-1], likelihoods[::-1], strict=True):
        both.insert(0, state * message / (state @ message))
        message = walk.T @ (message * likelihood)
        message /= message.sum()
    probabilities = np.array([0.5, (1 - level) / 2, (1 + level) / 2])
    edges = x + (x[1] - x[0]) / 2
    return [
        np.array([share(np.interp(probabilities, s.cumsum(), edges)) for s in part]).T
        for part in (forward, both)
    ]


def test_without_overdispersion_it_is_the_binomial_filter():
    hits, events = np.array([3, 0, 9, 0, 40, 2, 1]), np.array([5, 1, 12, 0, 60, 2, 30])
    state = share_state([hits], [events], ShareModel(steps=(0.3,), dispersion=1))
    filtered, smoothed = binomial_reference(hits, events, 0.3)
    for band, expected in ((state.filtered, filtered), (state.smoothed, smoothed)):
        found = np.array([band.median[0], band.lower[0], band.upper[0]])
        assert found == pytest.approx(expected, abs=1e-3)
    assert state.dispersion == pytest.approx(1)
    assert state.step_variance == pytest.approx(0.09)


def test_known_overdispersion_divides_the_counts():
    hits, events = np.array([[30, 12, 55, 20]]), np.array([[50, 20, 60, 20]])
    one = share_state(hits, events, ShareModel(dispersion=5))
    other = share_state(hits / 5, events / 5, ShareModel(dispersion=1))
    for before, after in zip(arrays(one), arrays(other), strict=True):
        assert after == pytest.approx(before, abs=1e-9)


def test_shares_are_told_apart_finer_than_the_grid():
    """Many events a period: the interval is hardly wider than a cell, and is that of a finer grid."""
    rng = np.random.default_rng(17)
    x = walks(rng, 100, 13, 0.1)
    hits, events = clustered(rng, x, 20_000, 0.001)
    coarse = share_state(hits, events)
    fine = share_state(hits, events, ShareModel(points=561))
    width = [np.mean(state.smoothed.upper - state.smoothed.lower) for state in (coarse, fine)]
    assert width[1] < 0.05
    assert width[0] == pytest.approx(width[1], rel=0.1)
    assert np.abs(coarse.smoothed.median - fine.smoothed.median).max() < 0.01
    assert covered(coarse.smoothed, share(x)) > 0.88


def test_periods_without_events_are_carried_and_widen_the_interval():
    hits = np.array([[0, 60, 0, np.nan, 70, 0, 0], [0] * 7], float)
    events = np.array([[0, 100, 0, np.nan, 100, 0, 0], [0] * 7], float)
    state = share_state(hits, events)
    assert np.isnan(state.filtered.median[0, 0]), "nothing is known before the first event"
    assert np.isfinite(state.smoothed.median[0]).all(), "hindsight reaches back"
    width = state.filtered.upper[0] - state.filtered.lower[0]
    assert (np.diff(width[1:4]) > 0).all()
    assert (np.diff(width[4:]) > 0).all()
    assert state.filtered.median[0, 1:4] == pytest.approx(np.full(3, 0.59), abs=0.03)
    backwards = state.smoothed.upper[0] - state.smoothed.lower[0]
    assert backwards[0] > backwards[1]
    assert backwards[2] > backwards[1]
    for values in arrays(state):
        assert np.isnan(values[1]).all(), "a series without events is unknown"
    assert np.isnan(state.dispersion[1])


@pytest.mark.parametrize(
    ("n_series", "n_periods", "mean", "correlation", "step"),
    [(500, 13, 200, 0.06, 0.2), (500, 13, 12, 0.15, 0.3), (60, 120, 40, 0.1, 0.06)],
)
def test_intervals_cover_what_was_simulated(n_series, n_periods, mean, correlation, step):
    """90% intervals cover the truth in 85 to 96% of periods, real time and in hindsight; ``phi`` comes back."""
    rng = np.random.default_rng(n_periods + mean)
    x = walks(rng, n_series, n_periods, step)
    state = share_state(*clustered(rng, x, mean, correlation))
    assert 0.85 < covered(state.smoothed, share(x)) < 0.95
    assert 0.85 < covered(state.filtered, share(x)) < 0.96
    assert np.median(state.dispersion) == pytest.approx(1 + (mean - 1) * correlation, rel=0.3)


def test_stories_of_many_events_are_seen_through():
    """Every story is told some twenty times and goes one way."""
    rng = np.random.default_rng(3)
    x = walks(rng, 200, 16, 0.2)
    stories = rng.poisson(12, x.shape)
    size = rng.integers(1, 40, (*x.shape, 40)) * (np.arange(40) < stories[..., None])
    hits = (size * (rng.random(size.shape) < share(x)[..., None])).sum(-1)
    state = share_state(hits, size.sum(-1))
    assert 0.85 < covered(state.smoothed, share(x)) < 0.95
    assert np.median(state.dispersion) == pytest.approx(np.mean(np.arange(1, 40) ** 2) / 20, rel=0.2)


def test_filtered_values_use_no_future():
    hits, events = clustered(np.random.default_rng(8), walks(np.random.default_rng(9), 20, 16, 0.3), 100, 0.1)
    early = share_state(hits, events)
    changed, more = hits.copy(), events.copy()
    changed[:, 10:], more[:, 10:] = 3000, 9000
    late, cut = share_state(changed, more), share_state(hits[:, :10], events[:, :10])
    for name in ("median", "lower", "upper"):
        before, after = getattr(early.filtered, name), getattr(late.filtered, name)
        assert after[:, :10] == pytest.approx(before[:, :10], abs=1e-12)
        assert getattr(cut.filtered, name) == pytest.approx(before[:, :10], abs=1e-12)
        assert np.abs(after[:, 10:] - before[:, 10:]).max() > 0.01
    assert np.abs(late.smoothed.median[:, :10] - early.smoothed.median[:, :10]).max() > 0.001


def test_steps_have_exactly_their_variance():
    model = ShareModel()
    variances = np.array([0.0004, 0.01, 0.25, 1.0])
    kernels = step_kernels(variances, model)
    cells = np.arange(kernels.weights.shape[1]) * model.cell
    assert 2 * kernels.weights.sum(1) - kernels.weights[:, 0] == pytest.approx(1)
    assert 2 * kernels.weights @ cells**2 == pytest.approx(variances, rel=1e-3)


def test_extra_variances_are_rounded_up():
    variances = np.array([0.0, 1e-9, 0.03, 0.0625, 1.0, 100.0])
    rounded = level_variances()[variance_level(variances)]
    assert rounded[0] == 0
    assert (rounded[1:5] >= variances[1:5] * (1 - 1e-9)).all()
    assert (rounded[2:5] <= variances[2:5] * 2**0.25).all()
    assert rounded[3:] == pytest.approx([0.0625, 1.0, 4.0])


def two_sources(rng, n_series=200, n_periods=16, offset=0.5, deviation=0.25):
    """The first source ends after nine periods, the second begins with the sixth; it is noisier."""
    x = walks(rng, n_series, n_periods, 0.15)
    own = rng.normal(offset, deviation, (n_series, 1))
    parts = [clustered(rng, x, 60, 0.02), clustered(rng, x + own, 60, 0.12)]
    hits, events = (np.stack(arrays, -1).astype(float) for arrays in zip(*parts, strict=True))
    for values in (hits, events):
        values[:, 9:, 0] = np.nan
        values[:, :5, 1] = np.nan
    return x, own, hits, events


def test_offsets_of_sources_come_back():
    _, own, hits, events = two_sources(np.random.default_rng(10), 500)
    found = source_offsets(hits, events)
    assert found.offset[0] == found.error[0] == found.deviation[0] == 0
    assert abs(found.offset[1] - 0.5) < 2.5 * found.error[1] < 0.15
    assert 0.1 < found.deviation[1] < 0.4
    assert found.noise == pytest.approx([1, (1 + 59 * 0.12) / (1 + 59 * 0.02)], rel=0.3)
    error = np.sqrt(np.mean((found.own[:, 1] - own[:, 0]) ** 2))
    assert error == pytest.approx(np.sqrt(found.own_variance[:, 1].mean()), rel=0.25)
    other = source_offsets(hits, events, reference=1)
    assert other.offset[0] == pytest.approx(-found.offset[1], abs=1e-9)


def test_offsets_do_not_depend_on_how_much_a_source_covers():
    _, _, hits, events = two_sources(np.random.default_rng(10), 60)
    one = source_offsets(hits, events)
    other = source_offsets(hits * [8, 1], events * [8, 1])
    assert other.offset == pytest.approx(one.offset, abs=0.03)
    assert other.error == pytest.approx(one.error, rel=0.1)


def test_fused_shares_are_those_of_the_reference():
    x, _, hits, events = two_sources(np.random.default_rng(11))
    offsets = source_offsets(hits, events)
    state = fused_share_state(hits, events, offsets)
    for periods in (slice(0, 5), slice(5, 9), slice(9, 16)):
        assert (
            np.mean(
                (state.smoothed.lower < share(x))[:, periods] & (share(x) < state.smoothed.upper)[:, periods]
            )
            > 0.85
        )
    later = state.smoothed.median[:, 10:] - share(x)[:, 10:]
    assert abs(later.mean()) < 0.02, "the offset is removed"
    naive = share_state(hits[..., 1], events[..., 1]).smoothed.median[:, 10:] - share(x)[:, 10:]
    assert naive.mean() > 0.06
    alone = share_state(hits[..., 0], events[..., 0])
    both = (state.smoothed.upper - state.smoothed.lower)[:, 5:9].mean()
    assert both < (alone.smoothed.upper - alone.smoothed.lower)[:, 5:9].mean(), (
        "two sources tell more than one"
    )


def test_a_break_widens_the_interval():
    _, _, hits, events = two_sources(np.random.default_rng(12), 80)
    half = slice(0, 40)
    hits[half, 5:9, 1] = events[half, 5:9, 1] = np.nan
    offsets = source_offsets(hits, events)
    extra, doubt = break_variances(Counts(np.nan_to_num(hits), np.nan_to_num(events)), offsets.own_variance)
    assert (extra[half, 9] == offsets.own_variance[half, 1]).all()
    pooled = offsets.deviation[1] ** 2 + offsets.error[1] ** 2
    assert pooled == pytest.approx(offsets.own_variance[0, 1])
    assert (np.delete(extra[half], 9, axis=1) == 0).all()
    assert (extra[40:] == 0).all(), "where both are observed nothing breaks"
    assert (doubt[half, :9] == 0).all()
    assert (doubt[half, 9:] > 0).all()
    honest = fused_share_state(hits, events, offsets)
    within = fused_share_state(hits, events, offsets, offset_doubt=False)
    width = [(state.filtered.upper - state.filtered.lower)[half].mean(0) for state in (honest, within)]
    assert width[0][9] > 1.15 * width[0][8]
    assert (width[0][9:] > width[1][9:]).all()
    assert width[0][:9] == pytest.approx(width[1][:9], abs=1e-9)
    tight = fused_share_state(hits[half], events[half], _certain(offsets, half), offset_doubt=False)
    assert (tight.filtered.upper - tight.filtered.lower)[:, 9].mean() < width[1][9]


def _certain(offsets, rows):
    kept = {name: getattr(offsets, name) for name in offsets.__slots__}
    kept |= {"own": offsets.own[rows], "own_variance": np.zeros_like(offsets.own_variance[rows])}
    return type(offsets)(**kept)


def test_one_source_without_an_offset_is_the_single_source(noisy, followed):
    hits, events = (np.asarray(values)[..., None] for values in noisy)
    offsets = source_offsets(hits, events)
    for one, other in zip(arrays(followed), arrays(fused_share_state(hits, events, offsets)), strict=True):
        assert other == pytest.approx(one, abs=1e-12)


def test_a_source_is_joined_through_the_one_it_meets():
    rng = np.random.default_rng(13)
    x = walks(rng, 80, 18, 0.1)
    parts = [clustered(rng, x + add, 100, 0.05) for add in (0.0, 0.5, -0.3)]
    hits, events = (np.stack(values, -1).astype(float) for values in zip(*parts, strict=True))
    for source, seen in enumerate((slice(0, 7), slice(4, 14), slice(11, 18))):
        gone = np.setdiff1d(np.arange(18), np.arange(18)[seen])
        hits[:, gone, source] = events[:, gone, source] = 0
    found = source_offsets(hits, events)
    assert found.offset == pytest.approx([0, 0.5, -0.3], abs=0.12)
    assert found.error[2] > found.error[1] > 0
    assert (found.n_series[1:] > 70).all()


def test_sources_that_never_meet_are_refused_or_unknown():
    _, _, hits, events = two_sources(np.random.default_rng(14), 20)
    hits[:, 5:9, 1] = events[:, 5:9, 1] = np.nan
    with pytest.raises(
        NotIdentifiedError, match=r"offset of source 1 from source 0.*declare unknown_deviation"
    ):
        source_offsets(hits, events)
    found = source_offsets(hits, events, unknown_deviation=1.5)
    assert found.offset[1] == found.n_series[1] == 0
    assert found.deviation[1] == 1.5
    assert found.own_variance[:, 1] == pytest.approx(2.25)


def test_the_common_odds_ratio_by_hand():
    """Two strata, (8, 2 | 5, 5) and (6, 4 | 3, 7): ``sum a d / n = 4.1`` and ``sum b c / n = 1.1``."""
    one = Counts(np.array([[[8.0], [6.0]]]), np.full((1, 2, 1), 10.0))
    other = Counts(np.array([[[5.0], [3.0]]]), np.full((1, 2, 1), 10.0))
    estimate, variance = log_odds_ratio(one, other)
    assert estimate[0] == pytest.approx(np.log(4.1 / 1.1))
    assert 0.3 < variance[0] < 0.6
    nothing, _ = log_odds_ratio(Counts(one.events, one.events), other)
    assert np.isnan(nothing[0])


def test_pooling_agrees_with_the_general_model_and_ignores_what_is_missing():
    rng = np.random.default_rng(15)
    variances = rng.uniform(0.01, 0.2, 25)
    estimates = rng.normal(0.4, np.sqrt(0.09 + variances))
    mean, squared_error, between = pooled_offset(estimates, variances)
    tau, _, _ = between_deviation(estimates[None], variances[None], 0.9)
    assert np.sqrt(between) == pytest.approx(tau[0])
    assert abs(mean - 0.4) < 3 * np.sqrt(squared_error)
    missing = pooled_offset(np.r_[estimates, np.nan], np.r_[variances, np.nan])
    assert missing == (mean, squared_error, between)


def test_mean_scores_are_invariant_and_unsure_of_single_stories():
    mean, error = mean_score([40, 80, 3, 0], [80, 160, 6, 0], [400, 800, 30, 0], [4, 8, 4, 1])
    assert mean[:3] == pytest.approx([2, 2, 2])
    assert error[:2] == pytest.approx([np.sqrt(6 / 9)] * 2)
    assert np.isnan(error[2:]).all()
    assert np.isnan(mean[3])


@pytest.mark.parametrize(
    ("hits", "events", "message"),
    [
        ([[3, 6]], [[5, 5]], r"1 have more hits than events, the first at \(0, 1\)"),
        ([[3, -1]], [[5, 5]], "1 are negative"),
        ([[3, np.nan]], [[5, 5]], "missing in hits or in events, but not in both"),
        ([[3, 1]], [[5, np.inf]], "infinite"),
        ([[3, 1]], [[5]], r"shape \(1, 2\) and events \(1, 1\)"),
        ([3, 1], [5, 5], "series, periods"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "hold nothing"),
        ([[6, -1]], [[5, 5]], "negative.*more hits"),
    ],
)
def test_counts_that_are_no_shares_are_refused(hits, events, message):
    with pytest.raises(UsageError, match=message):
        share_state(hits, events)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": ()},
        {"steps": (0.1, -0.1)},
        {"dispersion": 0.5},
        {"least_worth": 2000.0},
        {"per_octave": 0},
        {"points": 140},
        {"limit": 0.5},
        {"first_deviation": 0.0},
        {"level": 1.0},
    ],
)
def test_impossible_models_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        ShareModel(**wrong)


def test_offsets_of_other_series_and_unknown_references_are_refused():
    _, _, hits, events = two_sources(np.random.default_rng(16), 8)
    offsets = source_offsets(hits, events)
    with pytest.raises(UsageError, match="estimate them from these counts"):
        fused_share_state(hits[:4], events[:4], offsets)
    with pytest.raises(UsageError, match=r"the reference is one of 0 to 1"):
        source_offsets(hits, events, reference=2)
