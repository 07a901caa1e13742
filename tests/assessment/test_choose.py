"""The number of subtypes is judged against the cohort redrawn without groups."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.assessment import choose
from omicsfuse.assessment.choose import gap_against_continuum
from omicsfuse.assessment.refit import refit
from omicsfuse.clustering.cluster import _best_by_gap, cut
from omicsfuse.core.results import Fusion, Prepared, PreparedLayer


def planted(k: int, n: int = 60, effect: float = 2.0, seed: int = 0) -> tuple[Fusion, np.ndarray]:
    chance = np.random.default_rng(seed)
    truth = np.arange(n) % k
    people = pd.Index([f"P{i:03d}" for i in range(n)], name="patient")
    layers = {}
    for name in "ab":
        values = chance.normal(size=(n, 50)) + effect * (truth[:, None] == np.arange(50) % 8)
        table = pd.DataFrame(values, people)
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    return of.fuse(Prepared("planted", layers), n_neighbors=8), truth


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_a_planted_number_is_found(k: int) -> None:
    fusion, _ = planted(k)
    subtypes = of.cluster(fusion)
    assert subtypes.labels.nunique() == k
    table = subtypes.evidence["n_clusters"]
    assert table.index[table["chosen"]].tolist() == [k]
    assert table["gap"].notna().all()
    assert "redrawn without groups" in subtypes.params["rule"]


def test_one_group_is_taken_from_noise_where_the_range_allows_it() -> None:
    found = [of.cluster(planted(1, effect=0.0, seed=s)[0], [1, 4]).labels.nunique() for s in (0, 1)]
    assert found == [1, 1]


def test_a_given_number_needs_no_redraws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "gap_against_continuum", None)
    subtypes = of.cluster(planted(3)[0], 3)
    assert subtypes.evidence["n_clusters"]["gap"].isna().all()
    assert subtypes.params["rule"] == "3, as requested"


def test_without_the_layers_the_network_alone_is_judged() -> None:
    fusion, _ = planted(3)
    subtypes = of.cluster(replace(fusion, prepared=None))
    assert subtypes.labels.nunique() == 3
    assert "eigengap and mean silhouette" in subtypes.params["rule"]
    assert subtypes.evidence["n_clusters"]["gap"].isna().all()


@pytest.mark.parametrize(
    ("gaps", "sds", "start", "best"),
    [
        ([0.1, 0.5, 0.4], [0.1, 0.1, 0.1], 2, 3),
        ([0.1, 0.15, 0.3], [0.1, 0.1, 0.1], 2, 2),
        ([0.1, 0.5, 0.9], [0.1, 0.1, 0.1], 2, 4),
        ([np.nan, 0.05, 0.0], [np.nan, 0.1, 0.1], 1, 1),
        ([np.nan, 0.5, 0.2], [np.nan, 0.1, 0.1], 1, 2),
        ([-0.2, -0.1, -0.3], [0.01, 0.01, 0.01], 2, 3),
    ],
)
def test_the_rule_of_the_gap_statistic(
    gaps: list[float], sds: list[float], start: int, best: int
) -> None:
    index = pd.RangeIndex(start, start + len(gaps))
    assert _best_by_gap(pd.DataFrame({"gap": gaps, "gap_sd": sds}, index=index)) == best


def test_the_gap_is_the_mean_cut_of_the_redraws_less_the_real_one() -> None:
    fusion, _ = planted(3)
    repeat = refit(fusion.prepared, fusion)
    table = gap_against_continuum(repeat, [2, 3])
    assert (table["gap"] > 0).all()
    assert table["gap"].idxmax() == 3
    assert (table["gap_sd"] > 0).all()
    pd.testing.assert_frame_equal(table, gap_against_continuum(repeat, [2, 3]), check_exact=True)


def test_large_cohorts_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "MOST_COMPARED", 40)
    fusion, truth = planted(2, n=80)
    subtypes = of.cluster(fusion)
    assert len(subtypes.labels) == 80
    assert pd.crosstab(subtypes.labels, truth).to_numpy().max(axis=1).sum() > 76


def test_the_number_of_jobs_does_not_matter() -> None:
    fusion, _ = planted(3, effect=1.0)
    one, two = of.cluster(fusion), of.cluster(fusion, n_jobs=2)
    pd.testing.assert_frame_equal(
        one.evidence["n_clusters"], two.evidence["n_clusters"], check_exact=True
    )


def test_cut_refuses_nothing_that_cluster_takes() -> None:
    fusion, truth = planted(3)
    labels = cut(fusion, 3).labels
    assert pd.crosstab(labels, truth).to_numpy().max(axis=1).sum() == 60


def test_where_a_redraw_has_no_distance_the_network_alone_is_judged() -> None:
    chance = np.random.default_rng(0)
    people = pd.Index([f"P{i:03d}" for i in range(30)], name="patient")
    rare, usual = (
        pd.DataFrame(np.eye(30), people),
        pd.DataFrame(chance.normal(size=(30, 9)), people),
    )
    layers = {
        "rare": PreparedLayer("mutation", rare, rare, "binary", None),
        "usual": PreparedLayer("continuous", usual, usual, "raw", None),
    }
    ready = Prepared("undefined", layers)
    fusion = of.fuse(ready, n_neighbors=8, metrics={"rare": "cosine"})
    with pytest.warns(
        of.OmicsfuseWarning, match="without redrawn cohorts: layer 'rare'.*another metric"
    ):
        subtypes = of.cluster(fusion)
    assert "eigengap" in subtypes.params["rule"]
    with pytest.warns(of.OmicsfuseWarning, match="groups was not tested: layer 'rare'"):
        evidence = of.assess(ready, fusion, subtypes)
    assert np.isfinite(evidence.p_shared)
    assert np.isnan(evidence.p_structure)
    assert not evidence.supported


def test_the_share_of_redraws_is_the_rule_applied_to_each_bootstrap_sample() -> None:
    fusion, _ = planted(3, effect=1.0)
    repeat = refit(fusion.prepared, fusion)
    table = gap_against_continuum(repeat, range(1, 5), 7)
    assert table["chosen_share"].sum() == pytest.approx(1)
    assert table.loc[1, ["gap", "gap_sd"]].tolist() == [0, 0]
    # The definition, sample by sample.
    gains = np.random.default_rng(1).normal([0.0, 0.03, 0.046, 0.06], 0.02, (20, 4))
    gains[:, 0] = 0
    again = np.random.default_rng(2).integers(20, size=(50, 20))
    fast = choose.place_by_gap(*choose._gap(gains[again]))
    for sample, place in zip(again, fast, strict=True):
        mean = gains[sample].mean(axis=0)
        sd = gains[sample].std(axis=0, ddof=1) * np.sqrt(1 + 1 / 20)
        enough = [k for k in range(3) if mean[k] >= mean[k + 1] - sd[k + 1]]
        assert place == (enough[0] if enough else 3)
    assert len(set(fast)) > 1
