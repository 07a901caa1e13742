from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import omicsfuse as of
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.imaging import heterogeneity_index
from omicsfuse.io.radiomics import read_radiomics

FIRST = ("Entropy", "Uniformity", "Variance", "InterquartileRange", "Kurtosis")
SECOND = ("JointEntropy", "JointEnergy", "Contrast", "ClusterTendency", "Id", "SumEntropy")
TURNED = {"Uniformity", "JointEnergy", "Id", "Kurtosis"}


def gradient(
    n: int = 80, seed: int = 0, noise: float = 0.4, volume: float = 0.0
) -> tuple[Cohort, pd.Series]:
    """Images of tumours from even to uneven, and how uneven they are."""
    random = np.random.default_rng(seed)
    uneven = random.uniform(-1.7, 1.7, n)
    size = random.standard_normal(n)
    columns = {"original_shape_MeshVolume": np.exp(size)}
    for group, features in (("firstorder", FIRST), ("glcm", SECOND)):
        for image in ("original", "wavelet-LLH"):
            for name in features:
                sign = -1 if name in TURNED else 1
                value = sign * (uneven + volume * size) + noise * random.standard_normal(n)
                columns[f"{image}_{group}_{name}"] = np.exp(value)
    columns["original_firstorder_Mean"] = random.standard_normal(n)
    patients = [f"P{i:03d}" for i in random.permutation(n)]
    table = pd.DataFrame(columns, patients)
    return Cohort("gradient", {"ct": Layer("radiomics", table)}), pd.Series(uneven, patients)


def test_a_planted_gradient_is_recovered() -> None:
    cohort, uneven = gradient()
    found = heterogeneity_index(cohort, n_groups=3, n_resamples=5)
    index = found.patients["index"]
    assert stats.spearmanr(index, uneven.loc[index.index]).statistic > 0.9
    assert index.min() == 0
    assert index.max() == 1
    assert found.groups["disorder_mean"].is_monotonic_increasing
    assert found.groups["index_mean"].is_monotonic_increasing
    assert found.groups["n"].sum() == 80
    stability = found.params["stability"]
    assert stability["rank_correlation"] > 0.9
    assert stability["low"] <= stability["rank_correlation"] <= stability["high"]
    features = found.features.set_index("feature")
    assert features.loc["original_firstorder_Entropy", "correlation"] > 0.8
    assert features.loc["original_glcm_JointEnergy", "correlation"] < -0.8
    assert set(features["block"]) == {"first-order", "texture"}
    assert "original_firstorder_Mean" not in features.index


def test_order_of_patients_and_features_does_not_matter() -> None:
    cohort, _ = gradient(n=40)
    table = cohort.omics["ct"].table
    mixed = table.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
    other = Cohort("gradient", {"ct": Layer("radiomics", mixed)})
    one, two = (heterogeneity_index(each, n_resamples=3) for each in (cohort, other))
    pd.testing.assert_frame_equal(one.patients, two.patients, check_exact=True)
    pd.testing.assert_frame_equal(one.features, two.features, check_exact=True)
    assert one.params == two.params


def test_prepared_layers_give_the_same_as_the_cohort() -> None:
    cohort, _ = gradient(n=40)
    one = heterogeneity_index(cohort, n_resamples=0)
    two = heterogeneity_index(of.preprocess(cohort), n_resamples=0)
    pd.testing.assert_frame_equal(one.patients, two.patients, check_exact=True)


def test_volume_is_adjusted_for() -> None:
    cohort, uneven = gradient(n=100, volume=1.0)
    plain, adjusted = (
        heterogeneity_index(cohort, adjust_volume=given, n_resamples=0) for given in (False, True)
    )
    assert plain.params["correlation_with_volume"]["correlation"] > 0.4
    assert abs(adjusted.params["correlation_with_volume"]["correlation"]) < 0.1
    index = adjusted.patients["index"]
    assert stats.spearmanr(index, uneven.loc[index.index]).statistic > 0.9


def test_a_volume_given_is_taken_and_patients_without_it_are_counted() -> None:
    cohort, _ = gradient(n=50)
    volume = cohort.omics["ct"].table["original_shape_MeshVolume"].iloc[4:]
    found = heterogeneity_index(cohort, volume=volume, adjust_volume=True, n_resamples=0)
    assert len(found.patients) == 46
    lost = [exclusion for exclusion in found.exclusions if exclusion.what == "patients"]
    assert [(exclusion.count, exclusion.reason) for exclusion in lost] == [(4, "no tumour volume")]


def test_a_feature_that_is_volume_is_left_out() -> None:
    cohort, _ = gradient(n=40)
    table = cohort.omics["ct"].table.copy()
    table["original_ngtdm_Busyness"] = 3 * table["original_shape_MeshVolume"] ** 2
    found = heterogeneity_index(Cohort("v", {"ct": Layer("radiomics", table)}), n_resamples=0)
    assert "original_ngtdm_Busyness" not in set(found.features["feature"])
    assert any(
        "correlated with tumour volume" in exclusion.reason for exclusion in found.exclusions
    )


def test_an_index_that_is_no_disorder_is_doubted() -> None:
    random = np.random.default_rng(0)
    cohort, _ = gradient(n=40)
    table = cohort.omics["ct"].table
    strong = random.standard_normal(40)
    values = strong[:, None] + 0.2 * random.standard_normal(table.shape)
    table = pd.DataFrame(np.exp(values), table.index, table.columns)
    entropy = table.columns.str.contains("Entropy|Energy|Uniformity|Volume")
    table.loc[:, entropy] = np.exp(random.standard_normal((40, int(entropy.sum()))))
    with pytest.warns(OmicsfuseWarning, match="may not measure disorder"):
        heterogeneity_index(Cohort("other", {"ct": Layer("radiomics", table)}), n_resamples=0)


def test_refusals_say_what_was_found() -> None:
    cohort, _ = gradient(n=40)
    table = cohort.omics["ct"].table
    first = table.loc[:, table.columns.str.contains("shape|firstorder")]
    with pytest.raises(CohortError, match="has 0 texture features that measure heterogeneity"):
        heterogeneity_index(Cohort("f", {"ct": Layer("radiomics", first)}))
    undirected = table.loc[:, ~table.columns.str.contains("Entropy|Energy|Uniformity")]
    with pytest.raises(CohortError, match="define the direction of heterogeneity"):
        heterogeneity_index(Cohort("u", {"ct": Layer("radiomics", undirected)}))
    with pytest.raises(CohortError, match="19 patients have layer ct; 20 are needed"):
        heterogeneity_index(Cohort("few", {"ct": Layer("radiomics", table.head(19))}))
    no_volume = table.drop(columns="original_shape_MeshVolume")
    with pytest.raises(StudyError, match="no feature that is the tumour volume"):
        heterogeneity_index(Cohort("n", {"ct": Layer("radiomics", no_volume)}), adjust_volume=True)
    with pytest.raises(StudyError, match="layer of kind radiomics is needed; the layers are rna"):
        heterogeneity_index(Cohort("rna", {"rna": Layer("continuous", table)}))
    with pytest.raises(StudyError, match="there is no layer 'mri'"):
        heterogeneity_index(of.preprocess(cohort), radiomics="mri")


def test_missing_values_are_no_obstacle() -> None:
    cohort, uneven = gradient(n=60)
    table = cohort.omics["ct"].table
    holes = np.random.default_rng(1).random(table.shape) < 0.05
    holed = Cohort("holes", {"ct": Layer("radiomics", table.mask(holes))})
    index = heterogeneity_index(holed, n_resamples=0).patients["index"]
    assert stats.spearmanr(index, uneven.loc[index.index]).statistic > 0.85


@pytest.mark.parametrize(
    ("folder", "n"), [("tcga_hnsc_radiogenomic", 106), ("lung44_radiomics_expression", 44)]
)
def test_real_images(real_data: Path, folder: str, n: int) -> None:
    """Three naming conventions: that of the head and neck file, and PyRadiomics' own."""
    file = real_data / folder / "radiomics.tsv.gz"
    table = read_radiomics(file)
    found = heterogeneity_index(Cohort(folder, {"ct": Layer("radiomics", table)}), n_resamples=0)
    assert len(found.patients) == n
    assert found.params["correlation_with_disorder"] > 0.8
    assert found.groups["n"].min() >= 5


def test_large_cohorts_are_refused_and_resamples_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    cohort, _ = gradient()
    monkeypatch.setattr("omicsfuse.imaging.heterogeneity.network.MOST_RESAMPLED", 40)
    found = heterogeneity_index(cohort, n_resamples=2)
    assert found.params["stability"]["share"] == pytest.approx(40 / len(found.patients))
    monkeypatch.setattr("omicsfuse.imaging.heterogeneity.index.MOST_PATIENTS", 30)
    with pytest.raises(CohortError, match="allows 30 at most"):
        heterogeneity_index(cohort, n_resamples=0)
