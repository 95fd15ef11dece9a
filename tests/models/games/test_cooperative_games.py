"""Solutions of cooperative games: published and derived oracles, axioms, certificates, and what is refused."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tripoint.errors import GameError
from tripoint.models.games.coalitions import (
    check_superadditive,
    checked_game,
    game_of,
    sums_of,
    superadditive_cover,
)
from tripoint.models.games.nucleolus import core_test, is_nucleolus, nucleolus, prenucleolus
from tripoint.models.games.power import banzhaf_value, owen_value, shapley_interaction, shapley_value
from tripoint.models.games.sampling import sampled_shapley_value


def estate(worth: float, claims: tuple[float, ...]) -> np.ndarray:
    """What a group of creditors is sure of: the estate less the claims of the others."""
    return np.array(
        [
            max(0.0, worth - sum(claim for k, claim in enumerate(claims) if not mask >> k & 1))
            if mask
            else 0.0
            for mask in range(1 << len(claims))
        ]
    )


def airport(costs: tuple[float, ...]) -> np.ndarray:
    """Minus the cost of the longest runway that a group needs."""
    return -np.array(
        [
            max((cost for k, cost in enumerate(costs) if mask >> k & 1), default=0.0)
            for mask in range(1 << len(costs))
        ]
    )


def security_council() -> np.ndarray:
    """Fifteen members, five with a veto (the first), nine votes needed."""
    masks = np.arange(1 << 15)
    votes = np.array([int(mask).bit_count() for mask in masks])
    return ((votes >= 9) & ((masks & 31) == 31)).astype(float)


GLOVES = game_of(3, {(1, 3): 1.0, (2, 3): 1.0, (1, 2, 3): 1.0})


@pytest.mark.parametrize(
    ("worth", "shares"),
    [(100, (100 / 3,) * 3), (200, (50, 75, 75)), (300, (50, 100, 150))],
)
def test_talmud(worth: float, shares: tuple[float, ...]) -> None:
    """Aumann and Maschler (1985)."""
    assert nucleolus(estate(worth, (100, 200, 300))) == pytest.approx(shares, abs=1e-9)


def test_airport() -> None:
    """Littlechild and Owen (1973)."""
    game = airport((8, 11, 13, 18))
    assert shapley_value(game) == pytest.approx([-2, -3, -4, -9], abs=1e-9)
    assert nucleolus(game) == pytest.approx([-3.25, -3.25, -3.25, -8.25], abs=1e-9)


def test_gloves() -> None:
    assert shapley_value(GLOVES) == pytest.approx([1 / 6, 1 / 6, 2 / 3], abs=1e-12)
    assert nucleolus(GLOVES) == pytest.approx([0, 0, 1], abs=1e-9)
    assert core_test(GLOVES).stable


@pytest.mark.parametrize(
    ("worth", "nucleus", "pre"),
    [
        (((1,), 2), (2, 7, 5), (-1, 13, 2)),
        (None, (1, 1, 0), (3, 3, -4)),
    ],
)
def test_nucleolus_and_prenucleolus_differ(worth: object, nucleus: tuple, pre: tuple) -> None:
    """CoopGame; the second after Peleg and Sudhölter."""
    first = {(1,): 2.0, (2,): 6.0, (3,): 5.0, (1, 2): 15.0, (1, 3): 1.0, (2, 3): 18.0, (1, 2, 3): 14.0}
    game = game_of(3, first if worth else {(1, 2): 10.0, (1, 2, 3): 2.0})
    assert nucleolus(game) == pytest.approx(nucleus, abs=1e-9)
    assert prenucleolus(game) == pytest.approx(pre, abs=1e-9)
    assert is_nucleolus(game, nucleus)
    assert is_nucleolus(game, pre, individually_rational=False)
    assert not is_nucleolus(game, pre)
    assert not is_nucleolus(game, nucleus, individually_rational=False)


def test_shapley_of_a_general_game() -> None:
    """CoopGame."""
    game = game_of(
        3, {(1,): 2.0, (2,): 4.0, (3,): 5.0, (1, 2): 18.0, (1, 3): 14.0, (2, 3): 9.0, (1, 2, 3): 24.0}
    )
    assert shapley_value(game) == pytest.approx([9.5, 8, 6.5], abs=1e-12)


def test_security_council() -> None:
    power = shapley_value(security_council())
    assert power[:5] == pytest.approx(421 / 2145, abs=1e-12)
    assert power[5:] == pytest.approx(4 / 2145, abs=1e-12)
    # Voting in one bloc, the ten need four of theirs as before but hold it as one: six players, all needed.
    blocs = [*([member] for member in range(5)), list(range(5, 15))]
    joined = owen_value(security_council(), blocs)
    assert joined[:5] == pytest.approx(1 / 6, abs=1e-12)
    assert joined[5:].sum() == pytest.approx(1 / 6, abs=1e-12)


@given(a=st.floats(0, 5), b=st.floats(0, 5), more=st.floats(0, 5))
def test_parallel_transit(a: float, b: float, more: float) -> None:
    """A producer with two transit states in parallel: derived by hand."""
    c = max(a, b) + more
    game = game_of(3, {(1, 2): a, (1, 3): b, (1, 2, 3): c})
    expected = [(a + b) / 6 + c / 3, a / 6 + (c - b) / 3, b / 6 + (c - a) / 3]
    assert shapley_value(game) == pytest.approx(expected, abs=1e-12)
    assert shapley_interaction(game)[1, 2] == pytest.approx((c - a - b) / 2, abs=1e-12)


def test_bankruptcy_of_four_by_hand() -> None:
    """The consistent rule: half the claims up to half the estate, else half the losses; unseen before."""
    claims = np.array([20.0, 40.0, 60.0, 80.0])
    # The estate is half of the sum of claims: everyone gets half of his own.
    assert nucleolus(estate(100, tuple(claims))) == pytest.approx(claims / 2, abs=1e-9)
    # Below: the small claims stop at their half and the rest is equal.
    assert nucleolus(estate(70, tuple(claims))) == pytest.approx([10, 20, 20, 20], abs=1e-9)


def test_unanimity_is_shared_equally() -> None:
    game = game_of(4, {(1, 2, 3): 6.0, (1, 2, 3, 4): 6.0})
    assert shapley_value(game) == pytest.approx([2, 2, 2, 0], abs=1e-12)
    assert nucleolus(game) == pytest.approx([2, 2, 2, 0], abs=1e-9)
    assert banzhaf_value(game) == pytest.approx([1.5, 1.5, 1.5, 0], abs=1e-12)


def test_an_empty_core_says_what_is_missing() -> None:
    majority = game_of(3, {(1, 2): 1.0, (1, 3): 1.0, (2, 3): 1.0, (1, 2, 3): 1.0})
    found = core_test(majority)
    assert not found.stable
    assert found.shortfall == pytest.approx(0.5, abs=1e-9)
    assert nucleolus(majority) == pytest.approx([1 / 3] * 3, abs=1e-9)


def random_game(seed: int, n_players: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    game = superadditive_cover(np.append(0.0, rng.integers(0, 20, (1 << n_players) - 1)))
    check_superadditive(game)
    return game


@given(seed=st.integers(0, 10_000), n_players=st.integers(2, 6))
def test_solutions_are_efficient_symmetric_and_certified(seed: int, n_players: int) -> None:
    game = random_game(seed, n_players)
    power, shares = shapley_value(game), nucleolus(game)
    assert power.sum() == pytest.approx(game[-1])
    assert shares.sum() == pytest.approx(game[-1])
    assert is_nucleolus(game, shares)
    if core_test(game).stable:
        assert (sums_of(shares) >= game - 1e-7).all()  # the nucleolus lies in the core
    masks = np.arange(len(game))
    reverse = sum(((masks >> player) & 1) << (n_players - 1 - player) for player in range(n_players))
    turned = np.empty_like(game)
    turned[reverse] = game
    assert shapley_value(turned)[::-1] == pytest.approx(power)
    assert nucleolus(turned)[::-1] == pytest.approx(shares, abs=1e-7)


@given(seed=st.integers(0, 10_000), n_players=st.integers(2, 5))
def test_moving_a_share_loses_the_certificate(seed: int, n_players: int) -> None:
    game = random_game(seed, n_players)
    moved = nucleolus(game) + np.eye(n_players)[0] * 0.01 - np.eye(n_players)[1] * 0.01
    assert not is_nucleolus(game, moved)


@given(seed=st.integers(0, 10_000))
def test_a_dummy_gets_nothing_and_draws_are_solved_apart(seed: int) -> None:
    game = random_game(seed, 4)
    with_dummy = np.concatenate([game, game])
    assert shapley_value(with_dummy)[-1] == pytest.approx(0, abs=1e-12)
    assert nucleolus(with_dummy)[-1] == pytest.approx(0, abs=1e-7)
    both = shapley_value(np.stack([game, 2 * game]))
    assert both[1] == pytest.approx(2 * both[0])


@given(seed=st.integers(0, 10_000))
def test_owen_value_of_trivial_blocs_is_the_shapley_value(seed: int) -> None:
    game = random_game(seed, 5)
    power = shapley_value(game)
    assert owen_value(game, [[k] for k in range(5)]) == pytest.approx(power)
    assert owen_value(game, [range(5)]) == pytest.approx(power)
    blocs = owen_value(game, [[0, 3], [1], [2, 4]])
    assert blocs.sum() == pytest.approx(game[-1])


def test_interactions_sum_up_as_defined() -> None:
    game = random_game(11, 4)
    found = shapley_interaction(game)
    for one, other in combinations(range(4), 2):
        rest = [k for k in range(4) if k not in (one, other)]
        total = 0.0
        for size in range(3):
            for among in combinations(rest, size):
                base = sum(1 << k for k in among)
                joint = (
                    game[base | 1 << one | 1 << other]
                    - game[base | 1 << one]
                    - game[base | 1 << other]
                    + game[base]
                )
                total += joint / (3 * (1, 2, 1)[size])
        assert found[one, other] == pytest.approx(total)


def test_sampled_values_cover_the_exact_ones() -> None:
    game = sums_of([1, 2, 3, 4, 5, 7]) ** 3  # of second degree, an order and its reverse would be exact
    exact = shapley_value(game)
    inside = []
    for seed in range(40):
        found = sampled_shapley_value(
            lambda masks: game[masks.astype(int)], 6, 60, np.random.default_rng(seed)
        )
        assert found.value.sum() == pytest.approx(game[-1])
        inside.append(np.abs(found.value - exact) <= 1.645 * found.standard_error + 1e-12)
        assert (np.abs(found.value - exact) <= found.bound + 1e-12).all()
    assert 0.82 < np.mean(inside) < 0.97


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, 1, 2], "3 values are not those of all coalitions"),
        ([0], "no player"),
        ([1, 2], "the empty coalition is worth 1"),
        ([0, np.nan], "1 coalitions have no finite value"),
        ([0, np.inf, 1, 2], "no finite value"),
    ],
)
def test_what_is_no_game(values: list[float], message: str) -> None:
    with pytest.raises(GameError, match=message):
        checked_game(values)


def test_losing_by_joining_is_refused_with_the_remedy() -> None:
    game = game_of(2, {(1,): 2.0, (2,): 2.0, (1, 2): 3.0})
    with pytest.raises(GameError, match="superadditive cover"):
        check_superadditive(game)
    with pytest.raises(GameError, match="Take the prenucleolus"):
        nucleolus(game)
    assert prenucleolus(game) == pytest.approx([1.5, 1.5])
    assert (superadditive_cover(game) == [0, 2, 2, 4]).all()


def test_blocs_must_hold_everyone_once() -> None:
    with pytest.raises(GameError, match="blocs must hold"):
        owen_value(GLOVES, [[0], [1]])


def test_one_pair_of_orders_states_no_error() -> None:
    with pytest.raises(GameError, match="at least 2"):
        sampled_shapley_value(lambda masks: masks.astype(float), 3, 1, np.random.default_rng(0))
