"""Consensus and prediction strength on arrays, against definitions and ConsensusClusterPlus."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsfuse.clustering.consensus import (
    CONSENSUS_GRID,
    area_under_cdf,
    consensus_cdf,
    consensus_matrix,
    prediction_strength,
    proportion_ambiguous,
)
from omicsfuse.core.errors import StudyError

REFERENCE = Path(__file__).parents[1] / "reference"

# Printed by tests/reference/consensus.R; R 4.2.2, ConsensusClusterPlus 1.62.0, cluster 2.1.4.
# k: (PAC, area, share of the pairs at or below 0, 0.25, 0.5, 0.75)
EXPECTED = {
    2: (0.536231884057971, 0.454528985507246,
        [0.126811594202899, 0.322463768115942, 0.438405797101449, 0.576086956521739]),
    3: (0.58695652173913, 0.601485507246377,
        [0.213768115942029, 0.489130434782609, 0.61231884057971, 0.728260869565217]),
    4: (0.485507246376812, 0.663985507246377,
        [0.358695652173913, 0.568840579710145, 0.66304347826087, 0.804347826086957]),
    5: (0.445652173913043, 0.701594202898551,
        [0.38768115942029, 0.58695652173913, 0.699275362318841, 0.855072463768116]),
}  # fmt: skip


@pytest.mark.parametrize("k", EXPECTED)
def test_consensus_cluster_plus_gives_the_same_from_the_same_resamples(k: int) -> None:
    drawn = pd.read_csv(REFERENCE / "consensus_resamples.csv")
    parts = [part for _, part in drawn.groupby("resample")]
    assert len(parts) == 25
    consensus = consensus_matrix(
        [part[f"k{k}"].to_numpy() for part in parts],
        [part["patient"].to_numpy() for part in parts],
        24,
    )
    table = pd.read_csv(REFERENCE / "consensus_matrix.csv")
    theirs = np.eye(24)
    theirs[table["first"], table["second"]] = table[f"k{k}"]
    theirs[table["second"], table["first"]] = table[f"k{k}"]
    np.testing.assert_allclose(consensus, theirs, rtol=1e-14)
    pac, area, shares = EXPECTED[k]
    cdf = consensus_cdf(consensus)
    assert proportion_ambiguous(consensus) == pytest.approx(pac, rel=1e-12)
    assert cdf[90] - cdf[10] == pytest.approx(pac, rel=1e-12)
    assert area_under_cdf(cdf) == pytest.approx(area, rel=1e-12)
    np.testing.assert_allclose(cdf[[0, 25, 50, 75]], shares, rtol=1e-12)
    # The exact area is 1 less the mean; theirs takes the upper end of each hundredth.
    exact = 1 - consensus[np.triu_indices(24, 1)].mean()
    assert exact <= area <= exact + 0.01


resampled = st.integers(0, 10_000).map(np.random.default_rng)


def draws(rng: np.random.Generator, n: int = 12, k: int = 3) -> tuple[list, list]:
    """Some resamples with random labels."""
    rows = [np.sort(rng.choice(n, rng.integers(2, n + 1), replace=False)) for _ in range(7)]
    return [rng.integers(0, k, len(r)) for r in rows], rows


@given(rng=resampled)
def test_consensus_is_a_share(rng: np.random.Generator) -> None:
    labels, rows = draws(rng)
    consensus = consensus_matrix(labels, rows, 12)
    np.testing.assert_array_equal(consensus, consensus.T)
    drawn = np.isin(np.arange(12), np.concatenate(rows))
    np.testing.assert_array_equal(np.diagonal(consensus), np.where(drawn, 1.0, np.nan))
    inside = consensus[~np.isnan(consensus)]
    assert ((inside >= 0) & (inside <= 1)).all()
    for i, j in ((0, 1), (3, 9)):
        both = [r for r in range(7) if {i, j} <= set(rows[r])]
        same = [labels[r][rows[r] == i][0] == labels[r][rows[r] == j][0] for r in both]
        if both:
            assert consensus[i, j] == np.mean(same)
        else:
            assert np.isnan(consensus[i, j])
    pac = proportion_ambiguous(consensus)
    assert np.isnan(pac) or 0 <= pac <= 1
    cdf = consensus_cdf(consensus)
    if not np.isnan(pac):
        assert (np.diff(cdf) >= 0).all()
        assert cdf[-1] == 1
        assert cdf[90] - cdf[10] == pytest.approx(pac)


@given(rng=resampled)
def test_names_of_groups_and_order_of_patients_do_not_matter(rng: np.random.Generator) -> None:
    labels, rows = draws(rng)
    consensus = consensus_matrix(labels, rows, 12)
    renamed = [rng.permutation(3)[one] for one in labels]
    np.testing.assert_array_equal(consensus_matrix(renamed, rows, 12), consensus)
    to = rng.permutation(12)
    moved = consensus_matrix(labels, [to[one] for one in rows], 12)
    np.testing.assert_array_equal(moved[np.ix_(to, to)], consensus)


def test_more_resamples_than_are_counted_at_once() -> None:
    rng = np.random.default_rng(0)
    rows = [np.sort(rng.choice(6, 4, replace=False)) for _ in range(230)]
    labels = [rng.integers(0, 2, 4) for _ in rows]
    whole = consensus_matrix(labels, rows, 6)
    together, both = np.zeros((6, 6)), np.zeros((6, 6))
    for r, own in zip(rows, labels, strict=True):
        both[np.ix_(r, r)] += 1
        together[np.ix_(r, r)] += own[:, None] == own[None, :]
    np.testing.assert_array_equal(whole, together / both)


def test_perfect_groups_and_no_pairs() -> None:
    truth = np.repeat([0, 1, 2], 4)
    rows = [np.arange(12), np.arange(0, 12, 2), np.arange(3, 12)]
    consensus = consensus_matrix([truth[r] for r in rows], rows, 12)
    np.testing.assert_array_equal(consensus, truth[:, None] == truth[None, :])
    assert proportion_ambiguous(consensus) == 0
    assert area_under_cdf(consensus_cdf(consensus)) == pytest.approx(0.01 + 0.99 * 48 / 66)
    empty = consensus_matrix([], [], 3)
    assert np.isnan(empty).all()
    assert np.isnan(proportion_ambiguous(empty))
    assert np.isnan(consensus_cdf(empty)).all()
    assert np.isnan(proportion_ambiguous(np.ones((1, 1))))


def test_bounds_of_ambiguity_are_those_of_the_distribution() -> None:
    # Above low and up to high; tenths and hundredths are met exactly.
    consensus = np.eye(4)
    consensus[np.triu_indices(4, 1)] = [1 / 10, 9 / 10, 0.5, 57 / 100, 29 / 100, 1]
    assert proportion_ambiguous(consensus) == pytest.approx(4 / 6)
    assert proportion_ambiguous(consensus, 0.3, 0.8) == pytest.approx(2 / 6)
    cdf = consensus_cdf(consensus)
    for value, share in ((0.1, 1), (0.29, 2), (0.5, 3), (0.57, 4), (0.9, 5), (1, 6)):
        at = round(value * 100)
        assert CONSENSUS_GRID[at] == value
        assert cdf[at] == pytest.approx(share / 6)
        assert cdf[at - 1] == pytest.approx((share - 1) / 6)


def test_resamples_that_do_not_fit_are_refused() -> None:
    with pytest.raises(StudyError, match="resample 0 has 3 patients and 2 labels"):
        consensus_matrix([np.array([0, 1])], [np.arange(3)], 3)
    with pytest.raises(StudyError, match="labels of 1 resamples and rows of 2"):
        consensus_matrix([np.array([0, 1])], [np.arange(2), np.arange(2)], 3)


@given(rng=resampled, k=st.integers(1, 4))
def test_prediction_strength_is_its_definition(rng: np.random.Generator, k: int) -> None:
    own, assigned = rng.integers(0, k, 15), rng.integers(0, 3, 15)
    shares = []
    for g in np.unique(own):
        at = np.flatnonzero(own == g)
        pairs = [(i, j) for i in at for j in at if i != j]
        shares.append(np.mean([assigned[i] == assigned[j] for i, j in pairs]) if pairs else 0.0)
    assert prediction_strength(own, assigned) == pytest.approx(min(shares))
    assert prediction_strength(np.zeros(15), np.zeros(15)) == 1


def test_prediction_strength_at_its_ends() -> None:
    groups = np.repeat([0, 1, 2], 5)
    assert prediction_strength(groups, 2 - groups) == 1
    # Groups that the training patients split differently, however they are named.
    assert prediction_strength(groups, np.arange(15)) == 0
    # A finer test partition is predicted by a coarser one; not the other way round.
    assert prediction_strength(groups, np.minimum(groups, 1)) == 1
    assert prediction_strength(np.minimum(groups, 1), groups) == pytest.approx(2 * 20 / 90)
    # A group of one has shown nothing.
    assert prediction_strength(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 1])) == 0
    assert np.isnan(prediction_strength(np.array([], dtype=int), np.array([], dtype=int)))
