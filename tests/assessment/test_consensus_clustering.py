"""Resamples that are fused and cut again: what is drawn, and what planted groups show."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import omicsfuse as of
import omicsfuse.assessment.consensus as module
import omicsfuse.assessment.prediction as prediction
from omicsfuse.assessment.consensus import (
    Resamples,
    consensus_distribution,
    consensus_network,
    consensus_table,
    resample_clusters,
)
from omicsfuse.assessment.prediction import prediction_strengths
from omicsfuse.assessment.refit import NO_GROUP, Refit, refit
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer
from omicsfuse.stats.tasks import Runner

MANIFESTS = Path(__file__).parents[2] / "data_manifests"


def planted(
    k: int, shift: float, n: int = 48, seed: int = 0, gaps: bool = False
) -> tuple[Prepared, np.ndarray]:
    """k groups in two layers, each marked by five features shifted by so many SD."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % k
    people = pd.Index([f"P{i:03d}" for i in range(n)], name="patient")
    layers = {}
    for name in "ab":
        values = rng.normal(size=(n, 25))
        for g in range(k):
            values[truth == g, g * 5 : g * 5 + 5] += shift
        table = pd.DataFrame(values, people)
        if gaps and name == "b":
            table = table[rng.permutation(n) < 0.6 * n]
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    return Prepared("planted", layers), truth


def repeated(ready: Prepared, **options: object) -> tuple[Refit, Fusion]:
    fusion = of.fuse(ready, n_neighbors=8, **options)
    return refit(ready, fusion), fusion


def same(one: Resamples, other: Resamples) -> bool:
    return all(
        a.tobytes() == b.tobytes() and a.dtype == b.dtype
        for a, b in zip(
            [*one.rows, *[x for k in one.labels for x in one.labels[k]], one.panel],
            [*other.rows, *[x for k in other.labels for x in other.labels[k]], other.panel],
            strict=True,
        )
    )


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_planted_number_is_the_least_ambiguous(k: int) -> None:
    repeat, fusion = repeated(planted(k, 3.0)[0])
    resamples = resample_clusters(repeat, range(1, 7), n_resamples=12)
    table = consensus_table(resamples)
    assert list(table.index) == [1, 2, 3, 4, 5, 6]
    assert list(table.columns) == ["pac", "cdf_area", "cdf_area_gain"]
    assert table.loc[1].isna().all()
    assert table.loc[k, "pac"] == 0
    # A coarser cut, the same two groups joined each time, can be as clear; a finer one cannot.
    assert table.loc[k + 1 :, "pac"].min() > 0.02
    strengths = prediction_strengths(repeat, fusion.network(), range(1, 7), n_splits=4)
    assert strengths["prediction_strength"].idxmax() == 1
    assert strengths.loc[k, "prediction_strength"] > 0.9
    assert (strengths.loc[k + 1 :, "prediction_strength"] < 0.8).all()
    assert strengths["prediction_strength"].between(0, 1).all()


def test_what_a_resample_holds() -> None:
    repeat, _ = repeated(planted(3, 1.0)[0])
    resamples = resample_clusters(repeat, [4, 2], n_resamples=5)
    assert resamples.n == 48
    assert resamples.panel.tolist() == list(range(48))
    assert list(resamples.labels) == [2, 4]
    for r, rows in enumerate(resamples.rows):
        assert len(rows) == round(0.8 * 48)
        assert (np.diff(rows) > 0).all()
        for k in (2, 4):
            assert sorted(set(resamples.labels[k][r])) == list(range(k))
    assert len({rows.tobytes() for rows in resamples.rows}) == 5
    # Groups are those of fusing and cutting the patients drawn, ten starts of k-means or fifty.
    again = repeat.labels(2, resamples.rows[0])
    assert (again[:, None] == again).tobytes() == (
        resamples.labels[2][0][:, None] == resamples.labels[2][0]
    ).tobytes()
    # Fewer resamples with the same seed are the first of more.
    few = resample_clusters(repeat, [4, 2], n_resamples=2)
    assert [r.tolist() for r in few.rows] == [r.tolist() for r in resamples.rows[:2]]
    half = resample_clusters(repeat, [2], n_resamples=1, share=0.5)
    assert len(half.rows[0]) == 24
    # Never fewer than two patients a group.
    assert len(resample_clusters(repeat, [12], n_resamples=1, share=0.1).rows[0]) == 24


def test_the_number_of_jobs_does_not_matter() -> None:
    repeat, fusion = repeated(planted(3, 0.7, gaps=True)[0])
    options = {"n_resamples": 4, "random_state": 3}
    one = resample_clusters(repeat, [2, 3], **options)
    two = resample_clusters(repeat, [2, 3], **options, runner=Runner(2))
    assert same(one, two)
    assert not same(one, resample_clusters(repeat, [2, 3], **{**options, "random_state": 4}))
    pd.testing.assert_frame_equal(consensus_table(one), consensus_table(two), check_exact=True)
    tables = [
        prediction_strengths(repeat, fusion.network(), [2, 3], n_splits=3, runner=Runner(jobs))
        for jobs in (1, 2)
    ]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_interrupted_work_is_taken_up(tmp_path: Path) -> None:
    repeat, fusion = repeated(planted(3, 0.7)[0])
    told: list[tuple[str, int, int]] = []
    runner = Runner(folder=tmp_path, progress=lambda *state: told.append(state))
    options = {"random_state": 3, "runner": runner}
    resample_clusters(repeat, [2, 3], n_resamples=5, **options)
    told.clear()
    both = resample_clusters(repeat, [2, 3], n_resamples=10, **options)
    assert told[0] == ("resamples of the patients", 5, 10)
    assert same(
        both, resample_clusters(repeat, [2, 3], n_resamples=10, **{**options, "runner": None})
    )
    assert list(both.labels) == [2, 3]
    tables = [
        prediction_strengths(repeat, fusion.network(), [2], n_splits=2, runner=one)
        for one in (runner, runner, None)
    ]
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
    pd.testing.assert_frame_equal(tables[0], tables[2], check_exact=True)


def test_prediction_over_a_sparse_network() -> None:
    ready, _ = planted(3, 3.0, n=120)
    dense = of.fuse(ready, n_neighbors=10)
    sparse = of.fuse(ready, n_neighbors=10, engine="sparse")
    for fusion in (dense, sparse):
        repeat = refit(ready, fusion)
        for network in (fusion.network(), fusion.affinity):
            network = network.to_numpy() if isinstance(network, pd.DataFrame) else network
            table = prediction_strengths(repeat, network, [3, 4], n_splits=2)
            assert table.loc[3, "prediction_strength"] > 0.95
            assert table.loc[4, "prediction_strength"] < 0.8


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), k=st.integers(2, 4))
def test_consensus_of_any_data_is_in_bounds(seed: int, k: int) -> None:
    repeat, _ = repeated(planted(3, 0.5, n=24, seed=seed, gaps=True)[0])
    resamples = resample_clusters(repeat, [k], n_resamples=4, random_state=seed)
    matrix = consensus_network(repeat, resamples, k)
    assert list(matrix.index) == list(repeat.patients) == list(matrix.columns)
    values = matrix.to_numpy()
    np.testing.assert_array_equal(values, values.T)
    drawn = np.isin(np.arange(24), np.concatenate(resamples.rows))
    assert (np.diagonal(values)[drawn] == 1).all()
    table = consensus_table(resamples)
    assert 0 <= table.loc[k, "pac"] <= 1
    assert 0 <= table.loc[k, "cdf_area"] <= 1


def test_names_of_patients_do_not_matter() -> None:
    # Other names give another order of rows: other draws, but the same conclusion.
    ready, truth = planted(3, 3.0)
    names = [f"Q{i:03d}" for i in np.random.default_rng(1).permutation(48)]
    layers = {}
    for name, layer in ready.layers.items():
        table = layer.scaled.set_axis(names).sort_index()
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    for one, groups in (
        (ready, pd.Series(truth, ready.layers["a"].scaled.index)),
        (Prepared("other", layers), pd.Series(truth, names)),
    ):
        repeat, _ = repeated(one)
        resamples = resample_clusters(repeat, [3], n_resamples=8)
        matrix = consensus_network(repeat, resamples, 3)
        own = groups[matrix.index].to_numpy()
        known = matrix.notna().to_numpy()
        assert known.mean() > 0.99
        np.testing.assert_array_equal(matrix.to_numpy()[known], (own[:, None] == own)[known])
        assert consensus_table(resamples).loc[3, "pac"] == 0


def test_growth_of_the_area() -> None:
    repeat, _ = repeated(planted(3, 1.5)[0])
    resamples = resample_clusters(repeat, [1, 2, 3, 5], n_resamples=6)
    table = consensus_table(resamples)
    areas = table["cdf_area"]
    assert table.loc[2, "cdf_area_gain"] == areas[2]
    assert table.loc[3, "cdf_area_gain"] == pytest.approx((areas[3] - areas[2]) / areas[2])
    assert np.isnan(table.loc[5, "cdf_area_gain"])
    assert list(consensus_table(resamples, [3]).index) == [3]
    long = consensus_distribution(resamples, [2, 3])
    assert list(long.columns) == ["k", "consensus", "cdf"]
    assert len(long) == 2 * 101
    for k in (2, 3):
        cdf = long.loc[long["k"] == k, "cdf"].to_numpy()
        assert (np.diff(cdf) >= 0).all()
        assert cdf[-1] == 1
        assert areas[k] == pytest.approx(cdf[1:].mean())
        assert table.loc[k, "pac"] == pytest.approx(cdf[90] - cdf[10])


def test_patients_without_any_layer_drawn_are_in_no_group() -> None:
    # Of a layer with three patients hardly three are drawn, and with fewer it is not fused.
    ready, _ = planted(2, 2.0, n=30)
    repeat, _ = repeated(ready)
    narrow = replace(
        repeat,
        positions={"a": np.arange(27), "b": np.array([0, 28, 29])},
        distances={"a": repeat.distances["a"], "b": repeat.distances["b"][:3, :3]},
    )
    resamples = resample_clusters(narrow, [2], n_resamples=8)
    nobody = [r[labels == NO_GROUP] for r, labels in zip(
        resamples.rows, resamples.labels[2], strict=True)]  # fmt: skip
    assert set(np.concatenate(nobody)) <= {27, 28, 29}
    assert 27 in np.concatenate(nobody)
    matrix = resamples.consensus(2)
    assert np.isnan(matrix[27]).all()
    assert not np.isnan(matrix[:27, :27]).any()


def test_large_cohorts_have_a_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REFITTED", 40)
    monkeypatch.setattr(module, "CONSENSUS_PANEL", 20)
    repeat, _ = repeated(planted(2, 3.0, n=90)[0])
    resamples = resample_clusters(repeat, [2], n_resamples=10, random_state=1)
    assert len(resamples.panel) == 20
    assert (np.diff(resamples.panel) > 0).all()
    for rows in resamples.rows:
        assert len(rows) == len(set(rows)) == 40
        assert (np.diff(rows) > 0).all()
        assert np.isin(resamples.panel, rows).sum() == 16
    # Everyone else is drawn from time to time too.
    assert len(set(np.concatenate(resamples.rows))) > 80
    matrix = consensus_network(repeat, resamples, 2)
    assert matrix.index.tolist() == repeat.patients[resamples.panel].tolist()
    assert not matrix.isna().any(axis=None)
    assert consensus_table(resamples).loc[2, "pac"] == 0
    other = resample_clusters(repeat, [2], n_resamples=1, random_state=2)
    assert other.panel.tolist() != resamples.panel.tolist()


def test_halves_of_a_cohort_with_gaps_and_of_few_patients() -> None:
    repeat, fusion = repeated(planted(2, 3.0, n=48, gaps=True)[0])
    table = prediction_strengths(repeat, fusion.network(), [2], n_splits=4)
    assert table.loc[2, "prediction_strength"] > 0.8
    small, fusion = repeated(planted(2, 3.0, n=21)[0])
    table = prediction_strengths(small, fusion.network(), [2, 9, 10, 11], n_splits=2)
    assert table.loc[9, "prediction_strength"] < 0.5
    # Halves of 10 and 11 have no ten groups.
    assert table.loc[[10, 11]].isna().all(axis=None)
    once = prediction_strengths(small, fusion.network(), [2], n_splits=1)
    assert np.isnan(once.loc[2, "prediction_strength_sd"])


def test_a_split_has_two_directions_and_half_the_neighbours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repeat, fusion = repeated(planted(2, 2.0)[0])
    neighbors, tested = [], []
    network_of = Refit.network

    def network(self: Refit, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        neighbors.append(self.method.settings["n_neighbors"])
        return network_of(self, rows)

    def strength(_: object, test: np.ndarray, labels: np.ndarray, *training: np.ndarray) -> float:
        tested.append((test, labels, *training))
        return float(len(tested) % 2)

    monkeypatch.setattr(Refit, "network", network)
    monkeypatch.setattr(prediction, "_tested", strength)
    table = prediction_strengths(repeat, fusion.network(), [2], n_splits=1)
    assert table.loc[2, "prediction_strength"] == 0.5
    assert neighbors == [4, 4]
    (first, _, second, _), (third, _, fourth, _) = tested
    assert sorted([*first, *second]) == list(range(48))
    assert first.tolist() == fourth.tolist()
    assert second.tolist() == third.tolist()


def test_patients_are_assigned_by_mean_affinity_not_by_its_sum() -> None:
    # Training: four patients in group 0, one in group 1. Test patients 5 and 6 are closest to the
    # one on average, to the four in sum; 7 and 8 are close to the four.
    network = np.zeros((9, 9))
    network[[5, 6], :4] = 0.5
    network[[5, 6], 4] = 1.0
    network[[7, 8], :4] = 0.9
    test, training = np.array([5, 6, 7, 8]), np.arange(5)
    groups = np.array([0, 0, 0, 0, 1])
    assert prediction._tested(network, test, np.array([0, 0, 1, 1]), training, groups) == 1
    assert prediction._tested(network, test, np.array([0, 1, 0, 1]), training, groups) == 0
    assert prediction._tested(network, test, np.zeros(4, int), training, groups) == pytest.approx(
        4 / 12
    )


def test_prediction_in_noise_falls_with_k() -> None:
    repeat, fusion = repeated(planted(1, 0.0, n=60)[0])
    table = prediction_strengths(repeat, fusion.network(), [1, 2, 3, 4], n_splits=6)
    strengths = table["prediction_strength"].tolist()
    assert strengths[0] == 1
    assert all(before > after for before, after in pairwise(strengths))
    assert strengths[1] < 0.7


def test_refusals() -> None:
    repeat, fusion = repeated(planted(2, 2.0, n=24)[0])
    with pytest.raises(of.StudyError, match=r"member of ks is 13; it must be .* from 1 to 12"):
        resample_clusters(repeat, [2, 13])
    with pytest.raises(of.StudyError, match="ks is empty"):
        resample_clusters(repeat, [])
    with pytest.raises(of.StudyError, match=r"share is 1\.2; it must be above 0 and at most 1"):
        resample_clusters(repeat, [2], share=1.2)
    with pytest.raises(of.StudyError, match="n_resamples is 0"):
        resample_clusters(repeat, [2], n_resamples=0)
    resamples = resample_clusters(repeat, [2, 3], n_resamples=1)
    with pytest.raises(of.StudyError, match="clustered at k = 2, 3, not at 4"):
        consensus_table(resamples, [4])
    with pytest.raises(of.StudyError, match=r"network has 20 patients and the fusion 24"):
        prediction_strengths(repeat, fusion.network()[:20, :20], [2])


@pytest.mark.filterwarnings("ignore:.*turned gene symbols into dates")
def test_real_patients_resampled(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSFUSE_DATA", str(real_data))
    ready = of.preprocess(of.read_cohort(MANIFESTS / "tcga_hnsc_radiogenomic.toml"))
    repeat, _ = repeated(ready, layers=["radiomics", "mutation", "copy_number"])
    resamples = resample_clusters(repeat, [2, 3], n_resamples=4)
    table = consensus_table(resamples)
    assert table["pac"].between(0, 1).all()
    assert consensus_network(repeat, resamples, 3).shape == (len(repeat.patients),) * 2
