import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.preprocessing import ContinuousPreprocessor, PreprocessError


def _values(n: int = 60, p: int = 8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(3, 2, (n, p))


def test_output_is_the_plain_z_score_where_nothing_needs_care() -> None:
    x = _values()
    expected = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    assert np.abs(expected).max() < 5
    np.testing.assert_allclose(ContinuousPreprocessor().fit_transform(x), expected, atol=1e-12)


@pytest.mark.parametrize("extreme", [7377.5912, 1e14, -1e300])
def test_one_extreme_value_moves_a_distance_by_a_bounded_amount(extreme: float) -> None:
    x = _values()
    changed = x.copy()
    changed[4, 2] = extreme
    plain = ContinuousPreprocessor().fit_transform(x)
    limited = ContinuousPreprocessor().fit_transform(changed)
    assert np.abs(limited).max() <= 5
    others = np.delete(np.arange(8), 2)
    np.testing.assert_allclose(limited[:, others], plain[:, others], atol=1e-12)
    for patient in (0, 1, 2, 30):
        before = np.sum((plain[4] - plain[patient]) ** 2)
        after = np.sum((limited[4] - limited[patient]) ** 2)
        assert abs(after - before) <= (2 * 5) ** 2
    # The patients who are not extreme stay told apart by that feature.
    rest = np.delete(np.arange(60), 4)
    assert np.corrcoef(plain[rest, 2], limited[rest, 2])[0, 1] > 0.999
    assert limited[rest, 2].std() > 0.7


def test_winsorising_limits_are_median_and_robust_standard_deviations() -> None:
    x = _values()
    x[0, 0], x[1, 0] = 1e9, -40.0
    fitted = ContinuousPreprocessor(limit=3).fit(x)
    low, median, high = np.quantile(x[:, 0], [0.25, 0.5, 0.75])
    edge = 3 * (high - low) / 1.349
    by_hand = np.clip(x[:, 0], median - edge, median + edge)
    expected = (by_hand - by_hand.mean()) / by_hand.std(ddof=1)
    np.testing.assert_allclose(fitted.transform(x)[:, 0], np.clip(expected, -3, 3), rtol=1e-9)
    assert fitted.n_limited_[0] == np.sum(by_hand != x[:, 0]) == 2
    # Whether new patients lie on the edge or far beyond it, they land in the same place.
    new = x[:2].copy()
    new[:, 0] = median + edge, 1e12
    out = fitted.transform(new)[:, 0]
    assert out[0] == out[1]


def test_a_feature_without_spread_between_quartiles_is_limited_after_standardising() -> None:
    x = _values(80)
    x[:, 1] = 0.0
    x[:10, 1] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1e14]
    fitted = ContinuousPreprocessor().fit(x)
    out = fitted.transform(x)[:, 1]
    assert out.max() == 5
    assert fitted.n_limited_[1] == 1
    x[9, 1] = 10.0
    expected = (x[:, 1] - x[:, 1].mean()) / x[:, 1].std(ddof=1)
    np.testing.assert_allclose(
        ContinuousPreprocessor().fit_transform(x)[:, 1], np.minimum(expected, 5), atol=1e-12
    )


def test_features_are_dropped_for_stated_reasons() -> None:
    x = _values(40, 6)
    x[:21, 0] = np.nan  # 52.5% missing
    x[:20, 1] = np.nan  # 50% missing stays
    x[:, 2] = 5.0
    x[:, 3] = [9.0] * 39 + [1.0]  # 97.5% identical
    x[:, 4] = [9.0] * 38 + [1.0, 2.0]  # 95% identical stays
    fitted = ContinuousPreprocessor().fit(x)
    assert {reason: columns.tolist() for reason, columns in fitted.dropped_.items()} == {
        "missing in more than 50% of patients": [0],
        "the same value in every patient": [2],
        "the same value in more than 95% of patients": [3],
    }
    assert fitted.usable_.tolist() == fitted.kept_.tolist() == [1, 4, 5]
    assert fitted.n_imputed_.tolist() == [20, 0, 0]
    assert np.isfinite(fitted.transform(x)).all()


def test_selection_is_by_variance_on_a_log_scale_and_by_deviation_elsewhere() -> None:
    n = 100
    ramp = np.linspace(-1, 1, n)
    two_sided = np.sign(ramp) * 0.8  # larger median absolute deviation, smaller variance
    heavy = ramp**3 * 2.2
    x = np.column_stack([ramp * 0.1, two_sided, heavy])
    assert two_sided.var() < heavy.var()
    assert ContinuousPreprocessor("log2", n_features=1).fit(x).kept_.tolist() == [2]
    assert ContinuousPreprocessor("zscore", n_features=1).fit(x).kept_.tolist() == [1]
    fitted = ContinuousPreprocessor("zscore", n_features=2).fit(x)
    assert fitted.dropped_["not among the 2 most variable"].tolist() == [0]
    assert fitted.usable_.tolist() == [0, 1, 2]


def test_an_extreme_value_does_not_buy_a_place_among_the_most_variable() -> None:
    x = _values(50, 3)
    x[:, 0] *= 0.01
    x[0, 0] = 1e14
    assert ContinuousPreprocessor("log2", n_features=2).fit(x).kept_.tolist() == [1, 2]


def test_z_scores_are_limited_on_the_analysis_scale() -> None:
    x = _values()
    x[0, 0], x[1, 1] = 7377.5912, np.nan
    fitted = ContinuousPreprocessor("zscore").fit(x)
    values = fitted.analysis_values(x)
    assert values[0, 0] == 10
    assert np.isnan(values[1, 1])
    assert ContinuousPreprocessor("raw").fit(x).analysis_values(x)[0, 0] == 7377.5912


def test_patients_and_features_keep_their_names() -> None:
    frame = pd.DataFrame(_values(12, 3), [f"P{i}" for i in range(12)], ["AKT", "EGFR", "constant"])
    frame["constant"] = 1.0
    fitted = ContinuousPreprocessor().set_output(transform="pandas").fit(frame)
    out = fitted.transform(frame)
    assert list(out.columns) == list(fitted.get_feature_names_out()) == ["AKT", "EGFR"]
    assert out.index.equals(frame.index)
    values = fitted.analysis_values(frame)
    assert values.columns.equals(frame.columns)
    assert values.index.equals(frame.index)


def test_new_patients_are_placed_by_the_fitted_patients_alone() -> None:
    x, new = _values(60, 8), _values(5, 8, seed=9)
    new[0, :7] = np.nan
    new[1] = np.nan
    fitted = ContinuousPreprocessor().fit(x)
    together = fitted.transform(new)
    assert np.isfinite(together).all()
    for i in range(5):
        np.testing.assert_allclose(fitted.transform(new[[i]])[0], together[i], atol=1e-12)
    # A patient without any value is everywhere at the median.
    medians = fitted.transform(np.median(x, axis=0)[None, :])
    np.testing.assert_allclose(together[1], medians[0], atol=1e-12)


def test_no_usable_feature_says_why() -> None:
    x = np.ones((12, 3))
    x[:9, 2] = np.nan
    with pytest.raises(PreprocessError, match="no usable feature remains") as caught:
        ContinuousPreprocessor().fit(x)
    message = str(caught.value)
    assert "1 missing in more than 50% of patients; 2 the same value in every patient" in message
    assert isinstance(caught.value, CohortError)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "log10"}, "scale is 'log10'; choose from raw, log2, zscore"),
        ({"n_features": 0}, "n_features is 0; give a whole number of 1 or more"),
        ({"n_features": 2.5}, "n_features is 2.5"),
        ({"n_features": "many"}, "n_features is 'many'"),
        ({"max_missing": 1.2}, "max_missing is 1.2; it must be a number from 0 to 1"),
        ({"max_identical": "0.9"}, "max_identical is '0.9'"),
        ({"n_neighbors": 0}, "n_neighbors is 0; it must be a number from 1"),
        ({"limit": 0}, "limit is 0"),
        ({"zscore_limit": -1}, "zscore_limit is -1"),
    ],
)
def test_parameters_out_of_range_are_refused(options: dict, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        ContinuousPreprocessor(**options).fit(_values())


def test_infinite_values_and_single_patients_are_refused() -> None:
    x = _values()
    x[0, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        ContinuousPreprocessor().fit(x)
    with pytest.raises(ValueError, match="1 sample"):
        ContinuousPreprocessor().fit(_values(1))
