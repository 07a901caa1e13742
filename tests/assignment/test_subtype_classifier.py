"""The classifier of one layer against scikit-learn's discriminant, and its invariants."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import f_classif
from sklearn.utils.estimator_checks import parametrize_with_checks

from omicsfuse.assignment import SubtypeClassifier
from omicsfuse.assignment.classifier import f_statistics


def blobs(seed: int = 0, n: int = 60, p: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Three classes on a grid of quarters, so that sums are exact."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1, 2], n // 3)
    x = rng.normal(size=(n, p))
    x[:, :6] += 1.5 * np.eye(3)[y][:, [0, 0, 1, 1, 2, 2]]
    return np.round(x * 4) / 4, np.array(["S1", "S2", "S3"], dtype=object)[y]


@parametrize_with_checks([SubtypeClassifier(), SubtypeClassifier(n_features=3, shrinkage=0.5)])
def test_passes_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("shrinkage", [0.05, 0.5, 1.0])
def test_probabilities_are_those_of_scikit_learns_shrunken_discriminant(shrinkage: float) -> None:
    x, y = blobs()
    ours = SubtypeClassifier(n_features=25, shrinkage=shrinkage).fit(x, y)
    z = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    z = z[:, ours.selected_]
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(z, y)
    assert np.allclose(ours.predict_proba(x), theirs.predict_proba(z), atol=1e-9)
    assert (ours.predict(x) == theirs.predict(z)).all()


def test_the_automatic_share_is_that_of_ledoit_and_wolf() -> None:
    x, y = blobs()
    ours = SubtypeClassifier(n_features=25).fit(x, y)
    z = ours.model_.standardised(x[:, ours.selected_])
    within = np.vstack([z[y == name] - z[y == name].mean(axis=0) for name in ours.classes_])
    assert ours.shrinkage_ == pytest.approx(ledoit_wolf_shrinkage(within, assume_centered=True))


def test_features_are_those_of_the_largest_f_statistic() -> None:
    x, y = blobs()
    codes = np.unique(y, return_inverse=True)[1]
    expected = f_classif(x, y)[0]
    assert np.allclose(f_statistics(x, codes), expected)
    chosen = SubtypeClassifier(n_features=5).fit(x, y).selected_
    assert sorted(chosen) == sorted(np.argsort(-expected)[:5])


def test_a_constant_feature_says_nothing_and_a_perfect_one_everything() -> None:
    codes = np.array([0, 0, 1, 1])
    x = np.array([[5.0, 0.0, 1.0], [5.0, 0.0, 2.0], [5.0, 1.0, 1.0], [5.0, 1.0, 2.0]])
    f = f_statistics(x, codes)
    assert (f[0], f[1], f[2]) == (0.0, np.inf, 0.0)


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(60)))
def test_the_order_of_training_patients_changes_no_bit(order: list[int]) -> None:
    x, y = blobs()
    one = SubtypeClassifier(n_features=10).fit(x, y)
    other = SubtypeClassifier(n_features=10).fit(x[order], y[order])
    assert one.predict_proba(x).tobytes() == other.predict_proba(x).tobytes()
    assert one.distances(x).tobytes() == other.distances(x).tobytes()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 59), min_size=1, max_size=40), st.booleans())
def test_who_else_is_asked_about_changes_no_bit(others: list[int], fortran: bool) -> None:
    x, y = blobs()
    classifier = SubtypeClassifier().fit(x, y)
    batch = x[[7, *others]]
    batch = np.asfortranarray(batch) if fortran else batch
    alone, together = x[[7]], batch
    assert classifier.predict_proba(alone)[0].tobytes() == (
        classifier.predict_proba(together)[0].tobytes()
    )
    assert classifier.distances(alone)[0].tobytes() == classifier.distances(together)[0].tobytes()


def test_distances_are_those_of_principal_components() -> None:
    x, y = blobs()
    classifier = SubtypeClassifier(n_components=4).fit(x, y)
    z = classifier.model_.standardised(x)
    values, vectors = np.linalg.eigh(np.cov(z.T))
    top = vectors[:, ::-1][:, :4]
    along = ((z @ top) ** 2 / values[::-1][:4]).sum(axis=1) / 4
    away = ((z - z @ top @ top.T) ** 2).sum(axis=1) / values[::-1][4:].sum()
    assert np.allclose(classifier.distances(x), np.column_stack([along, away]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_features": 0}, "n_features is 0; give a whole number"),
        ({"n_components": 2.5}, "n_components is 2.5"),
        ({"shrinkage": 0.0}, "shrinkage is 0.0; give 'auto' or a number above 0"),
        ({"shrinkage": "much"}, "shrinkage is 'much'"),
    ],
)
def test_parameters_out_of_range_are_refused(change: dict[str, Any], message: str) -> None:
    x, y = blobs()
    with pytest.raises(ValueError, match=message):
        SubtypeClassifier(**change).fit(x, y)


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="one class"):
        SubtypeClassifier().fit(np.zeros((4, 2)), ["S1"] * 4)
