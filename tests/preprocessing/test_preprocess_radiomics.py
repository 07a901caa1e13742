"""Reference values are those of base R: tests/reference/normal_scores.R."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, rankdata, spearmanr

from omicsfuse.core.errors import StudyError
from omicsfuse.preprocessing import RadiomicsPreprocessor
from omicsfuse.preprocessing.radiomics import _normal_scores, _normal_scores_of_columns


def _features(n: int = 50, p: int = 12, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 10 ** (np.linspace(-3, 9, p) + 0.4 * rng.normal(size=(n, p)))


# R 4.2.2: qnorm((rank(x) - 3/8) / (length(x) + 1/4))
@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (
            [3, 1e14, 1, 2, 2],
            [
                0.497200570681554,
                1.17976111761186,
                -1.17976111761186,
                -0.241040393886027,
                -0.241040393886027,
            ],
        ),
        (
            [0.02, -7, 1813007625, 5, 5, 5, 41, 1e-9, 3.5, -0.3],
            [
                -0.375461770235518,
                -1.54663527139923,
                1.54663527139923,
                0.375461770235518,
                0.375461770235518,
                0.375461770235518,
                1.00049054561932,
                -0.655423505234427,
                -0.122580843888802,
                -1.00049054561932,
            ],
        ),
    ],
)
def test_normal_scores_equal_those_of_r(x: list[float], expected: list[float]) -> None:
    column = np.array(x)[:, None]
    values = RadiomicsPreprocessor().fit(column).analysis_values(column)
    np.testing.assert_allclose(values[:, 0], expected, atol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 40])
def test_columns_together_have_the_scores_of_each_alone(n: int) -> None:
    x = np.random.default_rng(4).normal(size=(40, 8))
    x[::3, 0], x[:, 1], x[:, 2] = np.nan, np.nan, 3.0
    x[:, 3] = np.round(x[:, 3])
    x[0, 4], x[1, 4] = 0.0, -0.0
    x[1, 5] = np.inf
    together = _normal_scores_of_columns(x[:n])
    for column, (values, scores) in zip(x[:n].T, together, strict=True):
        alone = _normal_scores(column[~np.isnan(column)])
        assert values.tobytes() == alone[0].tobytes()
        assert scores.tobytes() == alone[1].tobytes()


def test_missing_values_do_not_take_part_in_the_ranks() -> None:
    x = _features()
    x[::5, 3] = np.nan
    values = RadiomicsPreprocessor().fit(x).analysis_values(x)
    own = ~np.isnan(x[:, 3])
    expected = norm.ppf((rankdata(x[own, 3]) - 0.375) / (own.sum() + 0.25))
    np.testing.assert_allclose(values[own, 3], expected)
    assert np.isnan(values[~own, 3]).all()


def test_new_patients_are_interpolated_and_bounded_by_the_outermost() -> None:
    x = np.array([[1.0], [2.0], [4.0], [8.0], [9.0]])
    fitted = RadiomicsPreprocessor().fit(x)
    scores = fitted.analysis_values(x)[:, 0]
    new = fitted.analysis_values([[3.0], [-1e300], [1e300], [4.0]])[:, 0]
    np.testing.assert_allclose(
        new, [(scores[1] + scores[2]) / 2, scores[0], scores[4], scores[2]], atol=1e-15
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["scale", "cube", "log", "reciprocal"]))
def test_monotone_transforms_change_nothing(seed: int, name: str) -> None:
    x = np.round(np.random.default_rng(seed).uniform(1, 40, (25, 6)), 1)  # ties
    transformed = {
        "scale": lambda v: 1e9 * v,
        "cube": lambda v: v**3,
        "log": np.log,
        "reciprocal": lambda v: -1 / v,
    }[name](x)
    np.testing.assert_array_equal(
        RadiomicsPreprocessor().fit_transform(transformed),
        RadiomicsPreprocessor().fit_transform(x),
    )


def test_reversing_a_feature_reverses_its_scores() -> None:
    x = _features()
    np.testing.assert_allclose(
        RadiomicsPreprocessor().fit_transform(-x),
        -RadiomicsPreprocessor().fit_transform(x),
        atol=1e-12,
    )


def test_rounding_noise_is_not_blown_up_to_a_feature() -> None:
    x = _features()
    x[:, 4] = 1e9 + np.random.default_rng(1).normal(size=50) * 1e-3
    fitted = RadiomicsPreprocessor().fit(x)
    assert fitted.dropped_["the same value in every patient"].tolist() == [4]


def test_near_duplicates_leave_the_distances_but_stay_usable() -> None:
    x = _features()
    x[:, 7] = x[:, 2] ** 2
    x[:, 9] = -x[:, 0]
    fitted = RadiomicsPreprocessor().fit(x)
    reason = "near-duplicate of a kept feature (|Spearman| > 0.95)"
    assert fitted.dropped_[reason].tolist() == [7, 9]
    assert fitted.usable_.tolist() == list(range(12))
    everything = RadiomicsPreprocessor(max_correlation=1).fit(x)
    assert everything.kept_.tolist() == list(range(12))


def test_power_transform_makes_log_normal_features_normal_without_overflow() -> None:
    x = _features(80)
    x[3, 5], x[4, 5] = 1e14, -1e14
    x[7, 2] = np.nan
    fitted = RadiomicsPreprocessor(method="power").fit(x)
    values = fitted.analysis_values(x)
    assert np.isnan(values[7, 2])
    assert np.isfinite(np.delete(values, 7, axis=0)).all()
    z = values[:, 0]
    assert abs(np.mean(((z - z.mean()) / z.std()) ** 3)) < 0.35  # skewness; 1.5 before
    scaled = fitted.transform(x)
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= 5
    for j in (0, 11):
        assert spearmanr(values[:, j], x[:, j]).statistic > 0.9999  # order is kept


def test_unknown_method_and_correlation_are_refused() -> None:
    with pytest.raises(StudyError, match="method is 'log'; choose from rank, power"):
        RadiomicsPreprocessor(method="log").fit(_features())
    with pytest.raises(StudyError, match=r"max_correlation is 1.5"):
        RadiomicsPreprocessor(max_correlation=1.5).fit(_features())


@pytest.mark.parametrize("method", ["rank", "power"])
def test_real_features_over_14_orders_of_magnitude(real_data: Path, method: str) -> None:
    table = pd.read_csv(
        real_data / "tcga_hnsc_radiogenomic" / "radiomics.tsv.gz", sep="\t", index_col=0
    )
    fitted = RadiomicsPreprocessor(method=method).fit(table)
    scaled = fitted.transform(table)
    assert scaled.shape == (106, 220)
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= 5
    np.testing.assert_allclose(scaled.std(axis=0, ddof=1), 1, atol=0.05)
    # What is kept is not repeated, and what is dropped repeats something kept.
    kept = table.to_numpy()[:, fitted.kept_]
    correlation = np.abs(spearmanr(kept).statistic)
    np.fill_diagonal(correlation, 0)
    assert correlation.max() <= 0.95
    for column in fitted.dropped_["near-duplicate of a kept feature (|Spearman| > 0.95)"][::40]:
        strengths = [abs(spearmanr(table.iloc[:, column], other).statistic) for other in kept.T]
        assert max(strengths) > 0.95
