import numpy as np
import pytest
from sklearn.impute import KNNImputer
from threadpoolctl import threadpool_limits

from omicsfuse.preprocessing.impute import impute_nearest


def _holed(n: int, p: int, share: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    return np.where(rng.random((n, p)) < share, np.nan, values)


def _impute(values: np.ndarray, reference: np.ndarray, **options: object) -> np.ndarray:
    columns = np.arange(values.shape[1])
    settings = {"n_neighbors": 10, "columns": columns, **options}
    return impute_nearest(values, reference, np.zeros(values.shape[1]), **settings)


@pytest.mark.parametrize(("n", "share", "k"), [(60, 0.1, 10), (60, 0.6, 5), (200, 0.3, 3)])
def test_equals_the_imputer_of_scikit_learn_where_no_distances_tie(
    n: int, share: float, k: int
) -> None:
    values = _holed(n, 25, share, seed=n)
    expected = KNNImputer(n_neighbors=k).fit(values).transform(values)
    np.testing.assert_allclose(_impute(values, values, n_neighbors=k), expected, atol=1e-12)


def test_new_patients_learn_from_the_reference_alone() -> None:
    known, new = _holed(50, 12, 0.1, 1), _holed(9, 12, 0.3, 2)
    expected = KNNImputer(n_neighbors=10).fit(known).transform(new)
    np.testing.assert_allclose(_impute(new, known), expected, atol=1e-12)


def test_only_the_columns_asked_for_come_back() -> None:
    values = _holed(40, 8, 0.2, 3)
    whole = _impute(values, values)
    some = _impute(values, values, columns=np.array([5, 2]))
    np.testing.assert_allclose(some, whole[:, [5, 2]], atol=1e-14)


def test_a_patient_without_any_value_gets_the_fallback() -> None:
    values = _holed(20, 5, 0.1, 4)
    values[3] = np.nan
    filled = impute_nearest(values, values, np.arange(5.0), n_neighbors=10, columns=np.arange(5))
    assert filled[3].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert np.isfinite(filled).all()


def test_a_feature_that_no_reference_patient_has_gets_the_fallback() -> None:
    known = np.column_stack([np.arange(6.0), np.full(6, np.nan)])
    filled = impute_nearest(
        np.array([[1.0, np.nan]]), known, np.array([0.0, 9.0]), n_neighbors=2,
        columns=np.array([0, 1]),
    )  # fmt: skip
    assert filled.tolist() == [[1.0, 9.0]]


def test_patients_at_the_same_distance_all_count() -> None:
    # Three reference patients at distance 1; two neighbours are asked for.
    known = np.array([[1.0, 3.0], [-1.0, 6.0], [1.0, 9.0], [50.0, 1000.0]])
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]):
        filled = _impute(np.array([[0.0, np.nan]]), known[order], n_neighbors=2)
        assert filled.tolist() == [[0.0, 6.0]]


def test_ties_beyond_the_first_look_all_count() -> None:
    # 300 equally distant patients: far more than the first look among the nearest takes in.
    known = np.column_stack([np.ones(300), np.arange(300.0)])
    assert _impute(np.array([[0.0, np.nan]]), known, n_neighbors=2).tolist() == [[0.0, 149.5]]


@pytest.mark.parametrize(
    ("donors", "expected"),
    [([1, 2], 1.0), ([-1, -2], -1.0), ([-1, 1], 0.0), ([0, 2, 2], 2.0), ([-2, 0, 0, -1], 0.0)],
)
def test_median_level_stays_a_level_and_leans_to_zero(donors: list[int], expected: float) -> None:
    known = np.column_stack([np.zeros(len(donors)), donors]).astype(float)
    filled = _impute(np.array([[0.0, np.nan]]), known, combine="median_level")
    assert filled[0, 1] == expected


def test_same_bytes_for_any_number_of_threads() -> None:
    values = _holed(150, 300, 0.2, 7)
    results = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            results.append(_impute(values, values).tobytes())
    assert results[0] == results[1]


def test_input_is_left_as_it_was() -> None:
    values = _holed(20, 5, 0.2, 8)
    before = values.copy()
    _impute(values, values)
    np.testing.assert_array_equal(values, before)
