"""Subtypes and patients found again in resamples."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omicsfuse as of
from omicsfuse.assessment.consensus import Resamples, resample_clusters
from omicsfuse.assessment.refit import NO_GROUP, refit
from omicsfuse.assessment.stability import (
    best_jaccard,
    co_clustering_with_subtypes,
    patient_stability,
    subtype_recovery,
    subtype_stability,
)
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.stats.tasks import Runner


def planted(shift: float, n: int = 48, seed: int = 0) -> Prepared:
    """Three groups of three layers' worth of patients in two layers."""
    rng = np.random.default_rng(seed)
    people = pd.Index([f"P{i:03d}" for i in range(n)], name="patient")
    layers = {}
    for name in "ab":
        values = rng.normal(size=(n, 25))
        for g in range(3):
            values[np.arange(n) % 3 == g, g * 5 : g * 5 + 5] += shift
        table = pd.DataFrame(values, people)
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    return Prepared("planted", layers)


def by_hand(labels: list[list[int]], rows: list[list[int]], n: int, k: int) -> Resamples:
    """Resamples written out."""
    return Resamples(
        tuple(np.array(one) for one in rows),
        {k: tuple(np.array(one) for one in labels)},
        n,
        np.arange(n),
    )


def subtypes_of(codes: list[int], silhouette: list[float] | None = None) -> Subtypes:
    names = pd.Index([f"P{i}" for i in range(len(codes))], name="patient")
    labels = pd.Series([f"S{c + 1}" for c in codes], names, name="subtype")
    patients = pd.DataFrame(
        {"subtype": labels, "silhouette": silhouette or 0.5, "confidence": 0.7, "n_layers": 2},
        names,
    )
    return Subtypes(labels, {"patients": patients}, {})


def test_planted_subtypes_are_found_again_with_all_their_patients() -> None:
    ready = planted(4.0)
    fusion = of.fuse(ready, n_neighbors=8)
    subtypes = of.cluster(fusion, 3)
    resamples = resample_clusters(refit(ready, fusion), [2, 3], n_resamples=10)
    table = subtype_recovery(resamples, subtypes)
    assert list(table.columns) == ["n", "jaccard_mean", "jaccard_sd", "dissolved", "n_resamples"]
    assert table.index.tolist() == ["S1", "S2", "S3"]
    assert table["jaccard_mean"].eq(1).all()
    assert table["jaccard_sd"].eq(0).all()
    assert table["dissolved"].eq(0).all()
    patients = patient_stability(resamples, subtypes)
    assert list(patients.columns) == [
        "subtype", "silhouette", "confidence", "co_clustering", "membership",
    ]  # fmt: skip
    assert patients.index.equals(subtypes.labels.index)
    assert patients["co_clustering"].eq(1).all()
    assert patients["membership"].eq("core").all()


def test_noise_has_few_core_patients() -> None:
    ready = planted(0.0)
    fusion = of.fuse(ready, n_neighbors=8)
    subtypes = of.cluster(fusion, 3)
    resamples = resample_clusters(refit(ready, fusion), [3], n_resamples=12)
    patients = patient_stability(resamples, subtypes)
    assert (patients["membership"] == "core").mean() < 0.2
    assert subtype_recovery(resamples, subtypes)["jaccard_mean"].mean() < 0.7


def test_both_ways_give_the_same_stability() -> None:
    ready = planted(0.8)
    fusion = of.fuse(ready, n_neighbors=8)
    subtypes = of.cluster(fusion, 3)
    repeat = refit(ready, fusion)
    alone = subtype_stability(repeat, subtypes, n_resamples=5, random_state=2)
    shared = resample_clusters(repeat, [3], n_resamples=5, random_state=2, runner=Runner(2))
    pd.testing.assert_frame_equal(alone, subtype_recovery(shared, subtypes), check_exact=True)
    other = subtype_stability(repeat, subtypes, n_resamples=5, random_state=2, runner=Runner(2))
    pd.testing.assert_frame_equal(alone, other, check_exact=True)


def test_recovery_by_hand() -> None:
    # S1 = patients 0-2, S2 = 3-4, S3 = 5; the last resample lacks S3.
    labels = [[0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 2], [1, 0, 2, 2]]
    rows = [[0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], [0, 1, 3, 4]]
    table = subtype_recovery(by_hand(labels, rows, 6, 3), subtypes_of([0, 0, 0, 1, 1, 2]))
    assert table["n"].tolist() == [3, 2, 1]
    s1, s2, s3 = [1, 2 / 3, 1 / 2], [1, 2 / 3, 1], [1, 1]
    assert table["jaccard_mean"].tolist() == pytest.approx([np.mean(s) for s in (s1, s2, s3)])
    assert table["jaccard_sd"].tolist() == pytest.approx([np.std(s, ddof=1) for s in (s1, s2, s3)])
    assert table["dissolved"].tolist() == pytest.approx([1 / 3, 0, 0])
    assert table["n_resamples"].tolist() == [3, 3, 3]


def test_membership_by_hand() -> None:
    # Patients 0-3 are S1, 4-5 are S2, 6 is alone in S3; five resamples of everyone.
    steady = [0, 0, 0, 0, 1, 1, 2]
    moved = [0, 0, 0, 1, 1, 1, 2]
    resamples = by_hand([steady, steady, moved, moved, moved], [list(range(7))] * 5, 7, 3)
    subtypes = subtypes_of([0, 0, 0, 0, 1, 1, 2], [0.4, 0.4, -0.1, 0.4, 0.4, 0.4, 0.0])
    patients = patient_stability(resamples, subtypes)
    # Patient 0: with 1 and 2 always, with 3 in two of five. Patient 3: two of five, three with S2.
    together = [(2 + 0.4) / 3] * 3 + [0.4, 1, 1]
    assert patients["co_clustering"].tolist()[:6] == pytest.approx(together)
    assert np.isnan(patients["co_clustering"].iloc[6])
    # Patient 2 lies on the wrong side in the network; 3 moves; 6 has nobody to be with.
    assert patients["membership"].tolist() == [
        "core", "core", "borderline", "borderline", "core", "core", "borderline",
    ]  # fmt: skip


def test_a_patient_closer_to_another_subtype_is_borderline() -> None:
    # S2 (2, 3) always joins S1 (0, 1, 4), and 4 leaves once: 0 and 1 are together with their own
    # in 0.9 of the resamples, which would do, but with S2 always.
    labels = [[0, 0, 0, 0, 0]] * 4 + [[0, 0, 0, 0, 1]]
    resamples = by_hand(labels, [list(range(5))] * 5, 5, 2)
    shares = co_clustering_with_subtypes(resamples, np.array([0, 0, 1, 1, 0]), 2)
    expected = [[0.9, 1], [0.9, 1], [2.8 / 3, 1], [2.8 / 3, 1], [0.8, 0.8]]
    np.testing.assert_allclose(shares, expected)
    patients = patient_stability(resamples, subtypes_of([0, 0, 1, 1, 0]))
    assert patients["co_clustering"].tolist() == pytest.approx([0.9, 0.9, 1, 1, 0.8])
    assert patients["membership"].tolist() == [
        "borderline", "borderline", "core", "core", "core",
    ]  # fmt: skip


@given(seed=st.integers(0, 10_000))
def test_co_clustering_is_the_weighted_mean_of_the_consensus(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = 10, 3
    codes = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    rows = [np.sort(rng.choice(n, rng.integers(3, n + 1), replace=False)) for _ in range(6)]
    labels = [rng.integers(-1, k, len(r)) for r in rows]
    resamples = Resamples(tuple(rows), {k: tuple(labels)}, n, np.arange(n))
    consensus = resamples.consensus(k)
    both = np.zeros((n, n))
    for r, own in zip(rows, labels, strict=True):
        there = r[own != NO_GROUP]
        both[np.ix_(there, there)] += 1
    np.fill_diagonal(both, 0)
    shares = co_clustering_with_subtypes(resamples, codes, k)
    weighted = np.where(both > 0, consensus, 0) * both
    for g in range(k):
        met = both[:, codes == g].sum(axis=1)
        expected = np.where(met > 0, weighted[:, codes == g].sum(axis=1), np.nan)
        np.testing.assert_allclose(shares[:, g], expected / np.where(met > 0, met, 1))


@given(seed=st.integers(0, 10_000))
def test_order_of_patients_and_names_of_groups_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = 12, 3
    codes = rng.permutation(np.repeat([0, 0, 1, 2], 3))
    rows = [np.sort(rng.choice(n, 9, replace=False)) for _ in range(5)]
    labels = [rng.integers(0, k, 9) for _ in rows]
    straight = Resamples(tuple(rows), {k: tuple(labels)}, n, np.arange(n))
    to = rng.permutation(n)
    moved_rows, moved_labels = [], []
    for one, groups in zip(rows, labels, strict=True):
        order = np.argsort(to[one])
        moved_rows.append(to[one][order])
        moved_labels.append(rng.permutation(k)[groups[order]])
    moved = Resamples(tuple(moved_rows), {k: tuple(moved_labels)}, n, np.arange(n))
    moved_codes = np.empty(n, dtype=int)
    moved_codes[to] = codes
    first = subtype_recovery(straight, subtypes_of(codes.tolist()))
    second = subtype_recovery(moved, subtypes_of(moved_codes.tolist()))
    pd.testing.assert_frame_equal(first, second)
    one = co_clustering_with_subtypes(straight, codes, k)
    np.testing.assert_allclose(co_clustering_with_subtypes(moved, moved_codes, k)[to], one)
    assert first["jaccard_mean"].between(0, 1).all()


def test_one_subtype_is_always_there() -> None:
    ready = planted(1.0, n=24)
    fusion = of.fuse(ready, n_neighbors=6)
    subtypes = of.cluster(fusion, 1)
    resamples = resample_clusters(refit(ready, fusion), [1], n_resamples=3)
    table = subtype_recovery(resamples, subtypes)
    assert table[["jaccard_mean", "jaccard_sd", "dissolved"]].isna().all(axis=None)
    patients = patient_stability(resamples, subtypes)
    drawn = np.isin(np.arange(24), np.concatenate(resamples.rows))
    assert patients["co_clustering"][drawn].eq(1).all()
    assert patients["membership"][drawn].eq("core").all()


def test_a_patient_who_was_never_drawn() -> None:
    resamples = by_hand([[0, 0, 1]], [[0, 1, 2]], 4, 2)
    patients = patient_stability(resamples, subtypes_of([0, 0, 1, 1]))
    assert np.isnan(patients["co_clustering"].iloc[3])
    assert patients["membership"].tolist() == ["core", "core", "borderline", "borderline"]


def test_resamples_of_others_are_refused() -> None:
    resamples = by_hand([[0, 0, 1]], [[0, 1, 2]], 4, 2)
    with pytest.raises(of.StudyError, match="subtypes have 3 patients and the resamples 4"):
        subtype_recovery(resamples, subtypes_of([0, 0, 1]))
    with pytest.raises(of.StudyError, match="clustered at k = 2, not at 3"):
        patient_stability(resamples, subtypes_of([0, 0, 1, 2]))


def test_jaccard_of_groups_that_are_not_there() -> None:
    none = np.array([], dtype=int)
    assert np.isnan(best_jaccard(none, none, 2)).all()
    assert best_jaccard(np.array([0, 0]), np.array([3, 3]), 2).tolist()[0] == 1
