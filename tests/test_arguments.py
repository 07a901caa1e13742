"""A wrong type or value is refused in words, wherever it is handed in."""

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.core.checks.arguments import positive_number, seed, sequence_of, whole_number
from omicsfuse.datasets import SimulatedCohort


@pytest.mark.parametrize("value", [None, "a", 2.5, True, 0, np.nan, np.inf, [3]])
def test_not_whole_numbers(value: object) -> None:
    with pytest.raises(of.StudyError, match=r"k is .*; it must be a whole number of at least 1"):
        whole_number(value, "k")


@pytest.mark.parametrize("value", [None, "x", True, 0, -1, np.nan, np.inf])
def test_not_positive_numbers(value: object) -> None:
    with pytest.raises(of.StudyError, match=r"mu is .*; it must be a number above 0"):
        positive_number(value, "mu")


@pytest.mark.parametrize("value", [-1, 2**32, "a", 1.5, None])
def test_not_seeds(value: object) -> None:
    with pytest.raises(of.StudyError, match=r"random_state is .* from 0 to 4294967295"):
        seed(value)


def test_numpy_numbers_are_numbers() -> None:
    assert whole_number(np.int64(3), "k") == 3
    assert whole_number(np.float64(3), "k") == 3
    assert positive_number(np.float32(0.5), "mu") == 0.5
    assert sequence_of(("a", "b"), str, "names") == ["a", "b"]


def test_objects_of_the_wrong_kind_are_named(simulated: SimulatedCohort) -> None:
    cohort = simulated.discovery
    ready = of.preprocess(cohort, ["expression", "mutation"])
    fusion = of.fuse(ready)
    subtypes = of.cluster(fusion, np.int64(3))
    assert subtypes.params["n_clusters"] == 3
    frame = pd.DataFrame({"a": [1.0]})
    signature = of.derive_signature(subtypes, ready)
    for call, message in [
        (lambda: of.preprocess(frame), "cohort is of type DataFrame; expected Cohort"),
        (lambda: of.fuse(frame), "prepared is of type DataFrame; expected Prepared"),
        (lambda: of.cluster(frame), "fusion is of type DataFrame; expected Fusion"),
        (lambda: of.embed(None), "fusion is of type NoneType"),
        (lambda: of.assess(fusion, ready, subtypes), "prepared is of type Fusion"),
        (lambda: of.compare_survival(subtypes.labels, cohort), "subtypes is of type Series"),
        (lambda: of.compare_survival(subtypes, cohort.clinical), "cohort is of type DataFrame"),
        (lambda: of.enrich(subtypes, cohort, {"A": ["B"]}), "prepared is of type Cohort"),
        (lambda: of.derive_signature(["S1"], ready), "target is of type list"),
        (lambda: of.associate(subtypes, frame), "cohort is of type DataFrame"),
        (lambda: of.differential_features(frame, ready), "subtypes is of type DataFrame"),
        (lambda: of.verify(None, [cohort]), "signature is of type NoneType"),
        (lambda: of.verify(signature, None), "cohorts is of type None"),
        (
            lambda: of.verify(signature, ["x.toml"]),
            "member of verify: cohorts",
        ),
        (lambda: of.cluster(fusion, random_state="a"), "random_state is 'a'"),
        (lambda: of.assess(ready, fusion, subtypes, n_jobs=0), "n_jobs is 0"),
        (lambda: of.fuse(ready, mu=None), "mu is None"),
        (lambda: of.run(None, "out"), "study is of type NoneType"),
        (lambda: of.fuse_affinities(None), "affinities is of type NoneType"),
        (lambda: of.affinity_matrix("abc"), "square matrix of numbers, found str"),
    ]:
        with pytest.raises(of.StudyError, match=message):
            call()


def test_a_single_cohort_is_a_list_of_one(simulated: SimulatedCohort) -> None:
    ready = of.preprocess(simulated.discovery, ["expression"])
    subtypes = of.cluster(of.fuse(ready), 3)
    signature = of.derive_signature(subtypes, ready, n_genes=20)
    check = of.verify(signature, simulated.external, n_random=20, n_permutations=50)
    assert list(check.assignments) == ["simulated-external"]


def test_labelled_matrices_are_not_fused_by_position() -> None:
    names = list("abcdefghijkl")
    points = np.random.default_rng(0).normal(size=(12, 2))
    d = np.linalg.norm(points[:, None] - points[None], axis=2)
    one = pd.DataFrame(of.affinity_matrix(d, 4), names, names)
    other = one.loc[names[::-1], names[::-1]]
    with pytest.raises(of.StudyError, match="matrix 2 has other patients, or another order,"):
        of.fuse_affinities([one, other], 4)
    np.testing.assert_array_equal(
        of.fuse_affinities([one, one], 4), of.fuse_affinities([one.to_numpy()] * 2, 4)
    )
