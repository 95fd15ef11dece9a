"""Agreement decomposed by a third vote: a hand case, published blocks, identities, and weights."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tripoint.models.decomposition import (
    DECOMPOSITION,
    ITEM_COUNTS,
    bootstrap_decomposition,
    bootstrap_weighted_pairs,
)
from tripoint.models.similarity import bootstrap_pairs, cluster_weights

ORACLE = json.loads(
    (Path(__file__).parents[1] / "reference" / "agreement_third_party_decomposition.json").read_text()
)
PUBLISHED = {
    "Po": "same_vote",
    "Pe": "expected",
    "Pc": "conditional_expected",
    "kappa": "kappa",
    "us_linked": "linked",
    "own": "own",
    "kappa_cond": "conditional_kappa",
    "raw_opp_share": "shared_opposition",
    "cov": "covariance",
    "cov_us": "covariance_linked",
    "cov_own": "covariance_own",
}

triples = st.integers(0, 2**32 - 1).flatmap(
    lambda seed: st.integers(1, 60).map(
        lambda n: np.random.default_rng(seed).choice(
            4, size=(3, n), p=np.random.default_rng(seed + 1).dirichlet(np.ones(4))
        )
    )
)
#: Names that do not depend on the order of the votes yes, abstain, no.
NOMINAL = (*DECOMPOSITION[:8], "shared_opposition")


def decompose(votes, weights=None, combination=(0, 1, 2)):
    """Numbers of one combination by name, and its counts by name."""
    votes = np.asarray(votes, np.int8)
    weights = np.ones(votes.shape[1]) if weights is None else weights
    n, _, numbers = bootstrap_decomposition(
        votes, [combination], np.arange(votes.shape[1]), weights[:, None], 0.9
    )
    return dict(zip(DECOMPOSITION, numbers[0, :, 0], strict=True)), dict(zip(ITEM_COUNTS, n[0], strict=True))


def expand(tables):
    """Votes with ``tables[u, a, b]`` items each."""
    u, a, b = (index.repeat(tables.ravel()) + 1 for index in np.indices((3, 3, 3)).reshape(3, -1))
    return np.stack([a, b, u])


def test_the_hand_case():
    inputs, expected = ORACLE["inputs"], ORACLE["expected"]["toy"]
    found, n = decompose([inputs["a"], inputs["b"], inputs["u"]])
    assert n["all_three"] == expected["n"]
    assert {key: found[name] for key, name in PUBLISHED.items()} == pytest.approx(
        {key: expected[key] for key in PUBLISHED}, abs=1e-12
    )
    assert found["linked_share"] == pytest.approx(expected["us_linked"] / expected["kappa"], abs=1e-12)
    assert found["linked_share_quadratic"] == pytest.approx(expected["cov_us"] / expected["cov"], abs=1e-12)


def test_agreement_by_the_outsiders_vote_by_hand():
    found, n = decompose([[1, 1, 1, 2, 3, 0], [1, 2, 1, 2, 1, 1], [1, 1, 2, 2, 3, 3]])
    assert [found[f"agreement_given_{vote}"] for vote in ("yes", "abstain", "no")] == [0.5, 1, 0]
    assert n == {
        "all_three": 5,
        "outsider_yes": 2,
        "outsider_abstain": 2,
        "outsider_no": 1,
        "same_vote": 3,
    }
    assert found["shared_opposition"] == pytest.approx(1 / 3)


@pytest.mark.shared
@pytest.mark.parametrize("block", ORACLE["expected"]["real_unga"])
def test_published_blocks(shared, block):
    """Voeten's roll calls with amendments and paragraphs, without the unanimous ones."""
    first, last = (int(session) for session in block.split(":")[1].split("-"))
    rolls = pl.read_parquet(shared / "votes" / "unga_voeten_rollcalls_1946_2019.parquet")
    cast = pl.read_parquet(shared / "votes" / "unga_voeten_votes_1946_2019.parquet").with_columns(
        pl.col("iso3").cast(pl.String), pl.col("rcid").cast(pl.Int64)
    )
    contested = (
        cast.group_by("rcid").agg(pl.col("vote").n_unique().alias("kinds")).filter(pl.col("kinds") > 1)
    )
    kept = rolls.filter(pl.col("session").is_between(first, last)).select("rcid").join(contested, on="rcid")
    wide = (
        cast.filter(pl.col("iso3").is_in(["RUS", "CHN", "USA"]))
        .join(kept, on="rcid")
        .pivot(on="iso3", index="rcid", values="vote")
        .fill_null(0)
    )
    found, n = decompose(wide.select("RUS", "CHN", "USA").to_numpy().T)
    expected = ORACLE["expected"]["real_unga"][block]
    assert n["all_three"] == expected["n"]
    assert {key: found[name] for key, name in PUBLISHED.items()} == pytest.approx(
        {key: expected[key] for key in PUBLISHED}, abs=1e-9
    )


@given(triples)
@settings(deadline=None)
def test_the_parts_add_up(votes):
    found, _ = decompose(votes)
    if not np.isnan(found["kappa"]):
        assert found["linked"] + found["own"] == pytest.approx(found["kappa"], abs=1e-12)
        assert -1 - 1e-9 <= found["linked"] <= 1 + 1e-9
        assert -1 - 1e-9 <= found["own"] + found["linked"] <= 1 + 1e-9
    if not np.isnan(found["covariance"]):
        parts = found["covariance_linked"] + found["covariance_own"]
        assert parts == pytest.approx(found["covariance"], abs=1e-12)
    if found["kappa"] <= 0:
        assert np.isnan(found["linked_share"])


@given(triples)
@settings(deadline=None)
def test_plain_formulas(votes):
    kept = votes[:, (votes > 0).all(0)]
    found, n = decompose(votes)
    assert n["all_three"] == kept.shape[1]
    if kept.shape[1] == 0:
        assert all(np.isnan(number) for number in found.values())
        return
    a, b, u = (vote[:, None] == np.array([1, 2, 3]) for vote in kept)
    inside = [(a[chosen].mean(0) @ b[chosen].mean(0), chosen.mean()) for chosen in u.T if chosen.any()]
    plain = {
        "same_vote": (kept[0] == kept[1]).mean(),
        "expected": a.mean(0) @ b.mean(0),
        "conditional_expected": sum(rate * share for rate, share in inside),
        "covariance": np.cov(kept[0], kept[1], bias=True)[0, 1],
    }
    assert {name: found[name] for name in plain} == pytest.approx(plain, abs=1e-12)


@given(triples)
@settings(deadline=None)
def test_swapping_the_pair_changes_nothing(votes):
    assert decompose(votes)[0] == pytest.approx(decompose(votes, combination=(1, 0, 2))[0], nan_ok=True)


@given(triples, st.permutations([1, 2, 3]))
@settings(deadline=None)
def test_names_of_the_votes_do_not_matter_to_kappa(votes, names):
    renamed = np.array([0, *names])[votes]
    one, two = decompose(votes)[0], decompose(renamed)[0]
    assert [one[name] for name in NOMINAL] == pytest.approx(
        [two[name] for name in NOMINAL], abs=1e-9, rel=1e-6, nan_ok=True
    )


@given(triples, st.sampled_from([0.25, 3.0, 1000.0]), st.integers(0, 999))
@settings(deadline=None)
def test_only_ratios_of_weights_matter(votes, scale, seed):
    weights = np.random.default_rng(seed).uniform(0.1, 2, votes.shape[1])
    one, two = decompose(votes, weights)[0], decompose(votes, scale * weights)[0]
    assert one == pytest.approx(two, abs=1e-9, rel=1e-6, nan_ok=True)


@given(triples)
@settings(deadline=None)
def test_a_weight_of_two_is_an_item_twice(votes):
    weights = 1.0 + (np.arange(votes.shape[1]) % 2)
    twice = np.repeat(votes, weights.astype(int), axis=1)
    assert decompose(votes, weights)[0] == pytest.approx(decompose(twice)[0], abs=1e-12, nan_ok=True)


@given(
    st.lists(st.integers(0, 4), min_size=9, max_size=9), st.lists(st.integers(1, 4), min_size=3, max_size=3)
)
@settings(deadline=None)
def test_an_outsider_that_goes_its_own_way_carries_nothing(pair, outsider):
    tables = np.array(outsider)[:, None, None] * np.array(pair).reshape(3, 3)
    if tables.sum() == 0:
        return
    found, _ = decompose(expand(tables))
    assert found["covariance_linked"] == pytest.approx(0, abs=1e-12)
    if not np.isnan(found["kappa"]):
        assert found["linked"] == pytest.approx(0, abs=1e-12)
        assert found["own"] == pytest.approx(found["kappa"], abs=1e-12)


@given(triples)
@settings(deadline=None)
def test_a_copy_of_one_of_the_two_carries_everything(votes):
    found, _ = decompose(votes, combination=(0, 1, 0))
    assert np.isnan(found["own"]) or found["own"] == pytest.approx(0, abs=1e-12)
    assert np.isnan(found["covariance"]) or found["covariance_own"] == pytest.approx(0, abs=1e-12)
    if found["kappa"] > 1e-6:
        assert found["linked_share"] == pytest.approx(1, abs=1e-6)


def simulated(rng, n_items=240, n_voters=6):
    """Votes that follow one leaning per item, in clusters of up to three items."""
    clusters = rng.integers(0, n_items // 2, n_items)
    leaning = rng.normal(size=n_items // 2)[clusters]
    place = rng.normal(size=(n_voters, 1))
    scores = place * leaning + rng.normal(size=(n_voters, n_items))
    return (1 + (scores > -0.3) + (scores > 0.5)).astype(np.int8), clusters


def test_every_combination_is_as_if_alone_and_holds_its_estimate():
    rng = np.random.default_rng(2)
    votes, clusters = simulated(rng)
    draws = cluster_weights(clusters, 199, rng)
    weights = np.column_stack([np.ones(len(clusters), np.float32), draws])
    combinations = [(0, 1, 2), (3, 4, 5), (2, 4, 0)]
    together = bootstrap_decomposition(votes, combinations, clusters, weights, 0.9)
    for k, combination in enumerate(combinations):
        alone = bootstrap_decomposition(votes, [combination], clusters, weights, 0.9)
        for one, all_of_them in zip(alone, together, strict=True):
            assert np.array_equal(one[0], all_of_them[k], equal_nan=True)
    value, lower, upper = np.moveaxis(together[2], 2, 0)
    known = np.isfinite(value)
    assert (lower[known] <= value[known]).all()
    assert (value[known] <= upper[known]).all()
    order = rng.permutation(len(clusters))
    shuffled = bootstrap_decomposition(votes[:, order], combinations, clusters[order], weights[order], 0.9)
    assert np.allclose(shuffled[2], together[2], atol=1e-6, equal_nan=True)


def test_intervals_are_percentiles_of_the_draws():
    rng = np.random.default_rng(5)
    votes, clusters = simulated(rng)
    weights = np.column_stack([np.ones(len(clusters), np.float32), cluster_weights(clusters, 399, rng)])
    _, _, numbers = bootstrap_decomposition(votes, [(0, 1, 2)], clusters, weights, 0.9)
    draws = np.array([list(decompose(votes, column)[0].values()) for column in weights.T[1:].astype(float)])
    for name in ("linked", "own", "covariance_linked", "agreement_given_yes"):
        k = DECOMPOSITION.index(name)
        ordered = np.sort(draws[:, k])
        assert numbers[0, k, 1:] == pytest.approx([ordered[19], ordered[379]], abs=1e-6)


def test_intervals_cover():
    """One table of the population, many samples: the 90% intervals hold the true parts."""
    rng = np.random.default_rng(11)
    population = rng.dirichlet(np.full(27, 0.6))
    truth, _ = decompose(expand((population * 200_000).astype(int).reshape(3, 3, 3)))
    inside = []
    for _ in range(300):
        votes = expand(rng.multinomial(250, population).reshape(3, 3, 3)).astype(np.int8)
        draws = cluster_weights(np.arange(250), 199, rng)
        weights = np.column_stack([np.ones(250, np.float32), draws])
        _, _, numbers = bootstrap_decomposition(votes, [(0, 1, 2)], np.arange(250), weights, 0.9)
        picked = numbers[0, [DECOMPOSITION.index("linked"), DECOMPOSITION.index("own")]]
        true = np.array([truth["linked"], truth["own"]])
        inside.append((picked[:, 1] <= true) & (true <= picked[:, 2]))
    assert (np.mean(inside, axis=0) > 0.84).all()
    assert (np.mean(inside, axis=0) < 0.96).all()


def test_a_pair_that_never_parted_gets_an_interval():
    rng = np.random.default_rng(3)
    same = rng.integers(1, 4, 40)
    votes = np.stack([same, same, rng.integers(1, 4, 40)]).astype(np.int8)
    weights = np.column_stack([np.ones(40, np.float32), cluster_weights(np.arange(40), 199, rng)])
    _, _, numbers = bootstrap_decomposition(votes, [(0, 1, 2)], np.arange(40), weights, 0.9)
    found = dict(zip(DECOMPOSITION, numbers[0], strict=True))
    assert found["same_vote"] == pytest.approx([1, 0.05 ** (1 / 40), 1])
    for name in ("kappa", "conditional_kappa"):
        assert found[name][0] == pytest.approx(1)
        assert 0.8 < found[name][1] < 0.95


def test_an_outsider_that_one_of_the_two_copies_leaves_room_for_doubt():
    rng = np.random.default_rng(4)
    same, other = rng.integers(1, 4, (2, 40))
    other[:20] = same[:20]
    votes = np.stack([same, other, same]).astype(np.int8)
    weights = np.column_stack([np.ones(40, np.float32), cluster_weights(np.arange(40), 199, rng)])
    _, _, numbers = bootstrap_decomposition(votes, [(0, 1, 2)], np.arange(40), weights, 0.9)
    found = dict(zip(DECOMPOSITION, numbers[0], strict=True))
    unseen = 1 - 0.05 ** (1 / 40)
    reach = unseen / (1 - found["expected"][0])
    assert found["own"] == pytest.approx([0, -reach, reach], abs=1e-9)
    assert found["linked_share"][0] == pytest.approx(1)
    assert found["linked_share"][1] < 0.95 < 1.05 < found["linked_share"][2]


def test_an_outsider_that_always_votes_the_same_leaves_room_for_doubt():
    """It carries nothing in any draw; how much it might carry is bounded by the items."""
    rng = np.random.default_rng(4)
    first, other = rng.integers(1, 4, (2, 40))
    other[:30] = first[:30]
    votes = np.stack([first, other, np.full(40, 3)]).astype(np.int8)
    weights = np.column_stack([np.ones(40, np.float32), cluster_weights(np.arange(40), 199, rng)])
    _, _, numbers = bootstrap_decomposition(votes, [(0, 1, 2)], np.arange(40), weights, 0.9)
    found = dict(zip(DECOMPOSITION, numbers[0], strict=True))
    reach = (1 - 0.05 ** (1 / 40)) / (1 - found["expected"][0])
    assert found["linked"] == pytest.approx([0, -reach, reach], abs=1e-9)
    assert found["linked_share"][1] < -0.05 < 0.05 < found["linked_share"][2]


def test_a_pair_that_never_parted_holds_its_estimates():
    same = np.array([1, 2] * 40)
    votes = np.stack([same, same, np.where(np.arange(80) % 4 < 2, 1, 3)]).astype(np.int8)
    uneven = votes[:, 5:]
    weights = np.column_stack(
        [np.ones(75, np.float32), cluster_weights(np.arange(75), 199, np.random.default_rng(0))]
    )
    _, _, numbers = bootstrap_decomposition(uneven, [(0, 1, 2)], np.arange(75), weights, 0.9)
    found = dict(zip(DECOMPOSITION, numbers[0], strict=True))
    assert found["linked"][0] + found["own"][0] == pytest.approx(1)
    for value, lower, upper in found.values():
        assert not np.isfinite(value) or lower <= value <= upper


def test_a_number_that_most_draws_leave_undefined_has_no_bounds():
    votes = np.ones((3, 30), np.int8)
    votes[:2, 0] = 3
    votes[1, 1] = 3
    draws = np.ones((30, 99), np.float32)
    draws[:2, :60] = 0
    _, _, numbers = bootstrap_decomposition(
        votes, [(0, 1, 2)], np.arange(30), np.column_stack([np.ones(30), draws]), 0.9
    )
    kappa = numbers[0, DECOMPOSITION.index("kappa")]
    assert np.isfinite(kappa[0])
    assert np.isnan(kappa[1:]).all()


def test_a_share_of_a_doubtful_agreement_has_wide_bounds():
    """Draws in which kappa is not positive count as infinite shares; they do not vanish."""
    rng = np.random.default_rng(8)
    votes = rng.integers(1, 4, (3, 60)).astype(np.int8)
    votes[1, :8] = votes[0, :8] = votes[2, :8]
    weights = np.column_stack([np.ones(60, np.float32), cluster_weights(np.arange(60), 399, rng)])
    _, _, numbers = bootstrap_decomposition(votes, [(0, 1, 2)], np.arange(60), weights, 0.9)
    found = dict(zip(DECOMPOSITION, numbers[0], strict=True))
    assert found["kappa"][1] < 0 < found["kappa"][0]
    assert np.isinf(found["linked_share"][1:]).any()


def test_no_items_give_no_numbers():
    n, n_clusters, numbers = bootstrap_decomposition(
        np.zeros((3, 0), np.int8), [(0, 1, 2)], [], np.ones((0, 10)), 0.9
    )
    assert n.sum() == n_clusters.sum() == 0
    assert np.isnan(numbers).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_weighted_pairs_with_equal_weights_are_the_plain_ones(seed):
    rng = np.random.default_rng(seed)
    votes = rng.integers(0, 4, (4, 30)).astype(np.int8)
    clusters = rng.integers(0, 20, 30)
    n, n_clusters, plain = bootstrap_pairs(votes, clusters, 99, 0.9, np.random.default_rng(seed))
    draws = cluster_weights(clusters, 99, np.random.default_rng(seed))
    weights = np.column_stack([np.ones(30, np.float32), draws])
    pairs = np.column_stack(np.triu_indices(4, 1))
    found = bootstrap_weighted_pairs(votes, pairs, clusters, weights, 0.9)
    assert np.array_equal(found[0], n)
    assert np.array_equal(found[1], n_clusters)
    assert np.allclose(found[2], plain[:, [0, 2]], atol=1e-6, equal_nan=True)
