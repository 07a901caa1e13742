"""What holds for every preprocessor, whatever its kind."""

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from omicsfuse.core.checks.ranges import AMOUNTS
from omicsfuse.preprocessing import (
    ContinuousPreprocessor,
    CopyNumberPreprocessor,
    ExpressionPreprocessor,
    LayerPreprocessor,
    MethylationPreprocessor,
    MirnaPreprocessor,
    MutationPreprocessor,
    RadiomicsPreprocessor,
)

ALL = [
    ContinuousPreprocessor(n_features=9),
    ContinuousPreprocessor("zscore"),
    CopyNumberPreprocessor(n_features=9),
    CopyNumberPreprocessor("log2"),
    ExpressionPreprocessor("log2", n_features=9),
    ExpressionPreprocessor("counts"),
    ExpressionPreprocessor("normalised_counts"),
    ExpressionPreprocessor("tpm"),
    ExpressionPreprocessor("zscore"),
    MethylationPreprocessor("beta", n_features=9),
    MethylationPreprocessor("m_value"),
    MirnaPreprocessor("counts"),
    MutationPreprocessor(),
    RadiomicsPreprocessor(),
    RadiomicsPreprocessor(method="power"),
]
every = pytest.mark.parametrize("preprocessor", ALL, ids=repr)


def _layer(preprocessor: LayerPreprocessor, n: int, p: int, missing: float, seed: int) -> Any:
    """Values such as the preprocessor's scale has them, with copies, ties and holes."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    if p > 3:
        z[:, 1] = z[:, 0]
        z[:, 2] = np.round(z[:, 2])
    if n > 3:
        z[1] = z[0]  # two patients alike: ties among neighbours
    scale = getattr(preprocessor, "scale", "")
    if isinstance(preprocessor, MutationPreprocessor):
        values = (z > 0.6).astype(float)
    elif scale == "gistic":
        values = np.clip(np.round(z), -2, 2)
    elif scale == "beta":
        values = 1 / (1 + np.exp(-z))
    elif scale in AMOUNTS or isinstance(preprocessor, RadiomicsPreprocessor):
        values = np.round(np.exp(3 + z), 2)
    else:
        values = z
    return np.where(rng.random((n, p)) < missing, np.nan, values)


@every
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.05, 0.4]))
def test_the_order_of_patients_does_not_matter(
    preprocessor: LayerPreprocessor, seed: int, missing: float
) -> None:
    x = _layer(preprocessor, 33, 14, missing, seed)
    order = np.random.default_rng(seed + 1).permutation(33)
    one, other = clone(preprocessor).fit(x), clone(preprocessor).fit(x[order])
    np.testing.assert_array_equal(one.kept_, other.kept_)
    np.testing.assert_allclose(other.transform(x[order]), one.transform(x)[order], atol=1e-12)
    np.testing.assert_array_equal(other.analysis_values(x[order]), one.analysis_values(x)[order])


@every
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_training_patients_are_treated_as_in_fitting(
    preprocessor: LayerPreprocessor, missing: float
) -> None:
    x = _layer(preprocessor, 30, 12, missing, 5)
    together = clone(preprocessor).fit_transform(x)
    fitted = clone(preprocessor).fit(x)
    np.testing.assert_array_equal(fitted.transform(x), together)
    one_by_one = np.vstack([fitted.transform(x[[i]]) for i in range(len(x))])
    np.testing.assert_allclose(one_by_one, together, atol=1e-12)
    if not (isinstance(fitted, MutationPreprocessor) or fitted.analysis_scale == "gistic"):
        np.testing.assert_allclose(together.mean(axis=0), 0, atol=0.05)
        np.testing.assert_allclose(together.std(axis=0, ddof=1), 1, atol=0.05)


@every
def test_few_patients_an_empty_feature_and_an_empty_patient(
    preprocessor: LayerPreprocessor,
) -> None:
    x = _layer(preprocessor, 10, 7, 0.0, 2)
    x[:, 5] = np.nan
    x[4] = np.nan
    fitted = clone(preprocessor).fit(x)
    out = fitted.transform(x)
    assert out.shape == (10, len(fitted.kept_))
    assert np.isfinite(out).all()
    assert 5 not in fitted.usable_
    assert fitted.dropped_["missing in more than 50% of patients"].tolist() == [5]
    assert np.flatnonzero(fitted.without_data(x)).tolist() == [4]
    values = fitted.analysis_values(x)
    assert values.shape == x.shape
    assert np.isnan(values[:, 5]).all()
    assert np.isnan(values[4]).all()


@every
def test_one_feature(preprocessor: LayerPreprocessor) -> None:
    x = _layer(preprocessor, 20, 1, 0.0, 3)
    if getattr(preprocessor, "scale", "") == "counts":
        # One gene is always the whole library: nothing is left, and it says so.
        with pytest.raises(ValueError, match=r"n_features=1\): 1 the same value in every patient"):
            clone(preprocessor).fit(x)
        return
    x[2] = np.nan
    out = clone(preprocessor).fit_transform(x)
    assert out.shape == (20, 1)
    assert np.isfinite(out).all()


@every
def test_a_new_patient_beyond_all_others_stays_within_bounds(
    preprocessor: LayerPreprocessor,
) -> None:
    x = _layer(preprocessor, 30, 12, 0.1, 4)
    fitted = clone(preprocessor).fit(x)
    new = np.where(np.isnan(x[:3]), np.nan, x[:3])
    new[0, 0] = 1.0 if getattr(preprocessor, "scale", "") in ("beta", "gistic") else 1e14
    assert np.abs(fitted.transform(new)).max() <= 5


@every
def test_fitted_state_survives_pickling(preprocessor: LayerPreprocessor) -> None:
    x = _layer(preprocessor, 30, 12, 0.1, 6)
    fitted = clone(preprocessor).fit(x)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(x), fitted.transform(x))


@every
def test_same_bytes_for_any_number_of_threads(preprocessor: LayerPreprocessor) -> None:
    x = _layer(preprocessor, 120, 90, 0.1, 7)
    results = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            results.append(clone(preprocessor).fit_transform(x).tobytes())
    assert results[0] == results[1]


@every
def test_outcomes_are_ignored(preprocessor: LayerPreprocessor) -> None:
    x = _layer(preprocessor, 30, 12, 0.1, 8)
    with_outcome = clone(preprocessor).fit(x, np.arange(30)).transform(x)
    np.testing.assert_array_equal(with_outcome, clone(preprocessor).fit(x).transform(x))
