"""Clusters of radiomic features that say the same."""

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.imaging import cluster_radiomic_features
from omicsfuse.stats.correlations import rank_coefficients


def prepared(table: pd.DataFrame, kind: str = "radiomics") -> Prepared:
    return Prepared("test", {"ct": PreparedLayer(kind, table, table, "raw", None)})


@pytest.fixture(scope="module")
def images() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    volume, grain = rng.standard_normal((2, 60))
    columns = {f"size_{i}": volume + 0.1 * rng.standard_normal(60) for i in range(4)}
    columns |= {f"grain_{i}": (-1) ** i * grain + 0.1 * rng.standard_normal(60) for i in range(3)}
    columns |= {"original_shape_MeshVolume": volume, "alone": rng.standard_normal(60)}
    return pd.DataFrame(columns, [f"P{i:02d}" for i in range(60)])


def test_planted_clusters_are_found(images: pd.DataFrame) -> None:
    found = cluster_radiomic_features(prepared(images))
    groups = found.groupby("cluster")["feature"].agg(set)
    assert groups["R1"] == {*(f"size_{i}" for i in range(4)), "original_shape_MeshVolume"}
    assert groups["R2"] == {f"grain_{i}" for i in range(3)}  # whatever their sign
    assert groups["R3"] == {"alone"}
    assert found["representative"].sum() == 3
    assert found.groupby("cluster")["representative"].first().all()


def test_every_two_features_of_a_cluster_reach_the_threshold() -> None:
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.standard_normal((50, 40)), axis=1)  # a chain, which average linkage joins
    table = pd.DataFrame(walk, columns=[f"f{i:02d}" for i in range(40)])
    found = cluster_radiomic_features(prepared(table), threshold=0.8)
    assert found["size"].max() > 2
    for _, part in found.groupby("cluster"):
        values = table[part["feature"]].to_numpy()
        strength = np.abs(rank_coefficients(values, values).correlation)
        assert strength.min() >= 0.8 - 1e-9
        centre = part["representative"].to_numpy().argmax()
        assert strength.mean(axis=0)[centre] == pytest.approx(strength.mean(axis=0).max())


def test_volume_from_the_features_or_given(images: pd.DataFrame) -> None:
    found = cluster_radiomic_features(prepared(images)).set_index("feature")
    assert found.loc["original_shape_MeshVolume", "correlation_with_volume"] == 1.0
    assert abs(found.loc["alone", "correlation_with_volume"]) < 0.4
    own = pd.Series(images["alone"] ** 3, images.index)
    given = cluster_radiomic_features(prepared(images), volume=own).set_index("feature")
    assert given.loc["alone", "correlation_with_volume"] == 1.0
    without = images.drop(columns="original_shape_MeshVolume")
    assert cluster_radiomic_features(prepared(without))["correlation_with_volume"].isna().all()


def test_order_of_patients_and_features_does_not_matter(images: pd.DataFrame) -> None:
    shuffled = images.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
    first = cluster_radiomic_features(prepared(images))
    pd.testing.assert_frame_equal(first, cluster_radiomic_features(prepared(shuffled)))


def test_constant_and_missing_features() -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.standard_normal((20, 3)), columns=["a", "b", "c"])
    table["flat"] = 2.0
    table["half"] = table["a"].where(table.index < 4)  # too few patients
    found = cluster_radiomic_features(prepared(table))
    assert set(found["feature"]) == {"a", "b", "c"}
    assert cluster_radiomic_features(prepared(table[["flat"]])).empty


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": 1.2}, r"threshold is 1.2; expected a number between 0 and 1"),
        ({"layer": "mr"}, r"there is no layer 'mr'; the layers are ct \(radiomics\)"),
        ({"volume": [1, 2]}, "volume is not a pandas Series of numbers"),
        ({"volume": pd.Series([1.0], ["Q"])}, "volume is known for none of the 60 patients"),
        ({"volume": pd.Series([1.0, 2.0], ["P01", "P01"])}, "names a patient more than once"),
    ],
)
def test_what_cannot_be_done(
    images: pd.DataFrame, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        cluster_radiomic_features(prepared(images), **arguments)


def test_without_images() -> None:
    table = pd.DataFrame({"EGFR": [1.0, 2.0]})
    with pytest.raises(StudyError, match=r"of kind radiomics is needed; the layers are ct \(expr"):
        cluster_radiomic_features(prepared(table, "expression"))
