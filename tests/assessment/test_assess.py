"""Stability and layers, on planted data and on noise."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import omicsfuse as of
from omicsfuse.assessment.layers import missingness_agreement
from omicsfuse.assessment.refit import refit
from omicsfuse.assessment.stability import best_jaccard, subtype_stability
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes


def planted(shifts: dict[str, float], n: int = 45, seed: int = 0) -> tuple[Prepared, np.ndarray]:
    """Three groups; each layer separates them by its own shift, in SD; 0 is noise."""
    rng = np.random.default_rng(seed)
    truth = np.repeat([0, 1, 2], [n // 3] * 3)
    layers = {}
    for name, shift in shifts.items():
        values = rng.normal(size=(n, 30))
        for g in range(3):
            values[truth == g, g * 5 : g * 5 + 5] += shift
        table = pd.DataFrame(values, pd.Index([f"P{i}" for i in range(n)], name="patient"))
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    return Prepared("planted", layers), truth


def test_planted_subtypes_are_stable_and_noise_is_not() -> None:
    ready, _ = planted({"a": 3.0, "b": 3.0})
    fusion = of.fuse(ready, n_neighbors=8)
    strong = of.assess(ready, fusion, of.cluster(fusion, 3)).stability
    assert (strong["jaccard_mean"] > 0.95).all()
    assert (strong["dissolved"] == 0).all()
    assert strong["n"].tolist() == [15, 15, 15]
    noise, _ = planted({"a": 0.0, "b": 0.0})
    fusion = of.fuse(noise, n_neighbors=8)
    weak = of.assess(noise, fusion, of.cluster(fusion, 3)).stability
    assert weak["jaccard_mean"].mean() < 0.75


def test_layers_tell_who_carries_the_subtypes() -> None:
    ready, _ = planted({"carrier": 4.0, "noise": 0.0})
    fusion = of.fuse(ready, n_neighbors=8)
    table = of.assess(ready, fusion, of.cluster(fusion, 3)).layers
    assert table.loc["carrier", "agreement_alone"] > 0.9
    assert table.loc["noise", "agreement_alone"] < 0.2
    assert table.loc["carrier", "agreement_without"] < 0.2
    assert table.loc["noise", "agreement_without"] > 0.9
    assert table.loc["carrier", "silhouette"] > table.loc["noise", "silhouette"] + 0.2
    assert table["n_features"].tolist() == [30, 30]


def test_the_number_of_jobs_does_not_matter() -> None:
    ready, _ = planted({"a": 0.8, "b": 0.8})
    fusion = of.fuse(ready, n_neighbors=8)
    subtypes = of.cluster(fusion, 3)
    repeat = refit(ready, fusion)
    one = subtype_stability(repeat, subtypes, n_resamples=6, random_state=4)
    two = subtype_stability(repeat, subtypes, n_resamples=6, random_state=4, n_jobs=2)
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    other = subtype_stability(repeat, subtypes, n_resamples=6, random_state=5)
    assert not one.equals(other)


def test_refusion_on_everyone_repeats_the_labels() -> None:
    ready, _ = planted({"a": 2.0, "b": 2.0})
    fusion = of.fuse(ready, n_neighbors=8)
    subtypes = of.cluster(fusion, 3, random_state=0)
    again = refit(ready, fusion).labels(3, random_state=0)
    assert ["S" + str(g + 1) for g in again] == subtypes.labels.tolist()


@pytest.mark.parametrize("shift", [0.5, 2.0])
def test_a_single_layer_agrees_with_itself_and_has_no_other(shift: float) -> None:
    ready, _ = planted({"a": shift})
    fusion = of.fuse(ready, n_neighbors=8)
    layers = of.assess(ready, fusion, of.cluster(fusion, 3)).layers
    assert layers.loc["a", "agreement_alone"] == 1
    assert np.isnan(layers.loc["a", "agreement_without"])


def test_a_layer_alone_is_what_fusing_it_alone_gives() -> None:
    ready, _ = planted({"a": 0.8, "b": 0.6})
    fusion = of.fuse(ready, n_neighbors=8)
    alone = of.cluster(of.fuse(ready, layers=["b"], n_neighbors=8), 3).labels
    again = refit(ready, fusion).labels(3, layers=["b"])
    assert ["S" + str(g + 1) for g in again] == alone.tolist()


def test_one_subtype_has_no_comparison() -> None:
    ready, _ = planted({"a": 2.0})
    fusion = of.fuse(ready, n_neighbors=8)
    with pytest.warns(of.OmicsfuseWarning, match="support groups, but the number of subtypes is 1"):
        single = of.assess(ready, fusion, of.cluster(fusion, 1))
    assert not single.supported
    assert single.stability["jaccard_mean"].isna().all()
    assert single.layers[["agreement_alone", "agreement_without", "silhouette"]].isna().all(None)


def test_refusals() -> None:
    ready, _ = planted({"a": 2.0, "b": 2.0})
    fusion = of.fuse(ready, n_neighbors=8)
    subtypes = of.cluster(fusion, 3)
    with pytest.raises(of.StudyError, match="budget is 'huge'; choose from quick"):
        of.assess(ready, fusion, subtypes, budget="huge")
    other = Prepared("other", {"a": ready.layers["a"]})
    with pytest.raises(of.StudyError, match="layer 'b' of the fusion"):
        of.assess(other, fusion, subtypes)


def with_gaps(ready: Prepared, lacking: dict[str, np.ndarray]) -> Prepared:
    """Leave some patients out of some layers."""
    layers = dict(ready.layers)
    for name, without in lacking.items():
        table = layers[name].scaled[~without]
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    return Prepared("gaps", layers)


def test_a_cohort_with_missing_layers_is_assessed() -> None:
    ready, truth = planted({"a": 3.0, "b": 3.0, "noise": 0.0}, n=60)
    chance = np.random.default_rng(1)
    lacking = {"b": chance.random(60) < 0.4, "noise": chance.random(60) < 0.3}
    ready = with_gaps(ready, lacking)
    fusion = of.fuse(ready, n_neighbors=10)
    subtypes = of.cluster(fusion, 3)
    names = [f"P{i}" for i in range(60)]
    assert (pd.crosstab(truth, subtypes.labels[names].to_numpy()).max(axis=1) >= 18).all()
    assessed = of.assess(ready, fusion, subtypes)
    assert assessed.layers["n_patients"].to_dict() == {
        "a": 60,
        "b": int((~lacking["b"]).sum()),
        "noise": int((~lacking["noise"]).sum()),
    }
    layers = assessed.layers
    assert layers.loc["b", "agreement_alone"] > 0.9
    assert layers.loc["noise", "agreement_alone"] < 0.2
    assert layers.loc["noise", "agreement_without"] > 0.9
    # The silhouette of a layer is over its own patients.
    assert layers.loc["b", "silhouette"] > layers.loc["noise", "silhouette"] + 0.1
    assert (assessed.stability["jaccard_mean"] > 0.85).all()
    assert abs(assessed.params["missingness_agreement"]) < 0.1
    again = of.assess(ready, fusion, subtypes, n_jobs=2)
    pd.testing.assert_frame_equal(again.stability, assessed.stability, check_exact=True)
    pd.testing.assert_frame_equal(again.layers, assessed.layers, check_exact=True)


def test_subtypes_that_tell_who_lacks_a_layer_are_told() -> None:
    ready, truth = planted({"a": 3.0, "b": 3.0}, n=60)
    ready = with_gaps(ready, {"b": truth == 2})
    fusion = of.fuse(ready, n_neighbors=10)
    three = of.cluster(fusion, 3)
    assert missingness_agreement(fusion, three) > 0.5
    assert np.isnan(missingness_agreement(fusion, of.cluster(fusion, 1)))
    complete = of.fuse(ready, n_neighbors=10, patients="complete")
    assert np.isnan(missingness_agreement(complete, of.cluster(complete, 2)))
    # Patients who were left out are in no pattern.
    assert len(complete.coverage) == 60
    assert of.assess(ready, fusion, three).params["missingness_agreement"] == (
        missingness_agreement(fusion, three)
    )


@given(labels=st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_jaccard_of_a_partition_with_itself_is_one(labels: list[int]) -> None:
    codes = np.unique(labels, return_inverse=True)[1]
    k = codes.max() + 1
    np.testing.assert_array_equal(best_jaccard(codes, codes[::-1][::-1], k), 1.0)
    assert best_jaccard(codes, np.zeros_like(codes), k) == pytest.approx(
        np.bincount(codes) / len(codes)
    )


def by_hand(labels: list[object]) -> Subtypes:
    index = pd.Index([f"P{i}" for i in range(len(labels))], name="patient")
    return Subtypes(pd.Series(labels, index), {}, {})


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (["A", "B"] * 15, "labelled A, B; expected S1 to Sk"),
        (["S1", "S3"] * 15, "labelled S1, S3; expected S1 to Sk"),
        (["S1", "S2"] * 14 + ["S1", np.nan], "some patients have none"),
        (["S1", "S2"] * 15, "lacks the tables n_clusters, patients"),
    ],
)
def test_subtypes_made_by_hand_are_refused(labels: list[object], says: str) -> None:
    ready, _ = planted({"a": 2.0, "b": 2.0}, n=30)
    fusion = of.fuse(ready, n_neighbors=8)
    with pytest.raises(of.StudyError, match=says):
        of.assess(ready, fusion, by_hand(labels))


def test_groups_of_features_of_a_layer_that_is_not_fused_are_refused() -> None:
    ready, _ = planted({"alpha": 2.0, "beta": 2.0}, n=30)
    fusion = of.fuse(ready, n_neighbors=8)
    subtypes = of.cluster(fusion, 3)
    with pytest.raises(
        of.StudyError, match=r"names layer 'alpa', which is not a fused layer.*alpha"
    ):
        of.assess(ready, fusion, subtypes, feature_groups={"alpa": {"0": "x"}})
    with pytest.warns(
        of.OmicsfuseWarning, match="need budget \"standard\" or higher; this is 'quick'"
    ):
        of.assess(ready, fusion, subtypes, feature_groups={"alpha": {0: "x"}})
