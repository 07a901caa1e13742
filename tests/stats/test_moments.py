import numpy as np
import pytest
from numpy.testing import assert_allclose

from omicsfuse.stats.moments import moments, varies, welch_t


def gappy(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((37, 4)) * 1e3 + np.array([0, 1e4, -3, 1e-3])
    values[rng.random(values.shape) < 0.2] = np.nan
    return values


def test_moments_are_numpys() -> None:
    found = moments(gappy())
    assert found.n.tolist() == (~np.isnan(gappy())).sum(axis=0).tolist()
    assert_allclose(found.mean, np.nanmean(gappy(), axis=0), rtol=1e-12)
    assert_allclose(found.variance, np.nanvar(gappy(), axis=0, ddof=1), rtol=1e-12)
    assert_allclose(found.sd, np.nanstd(gappy(), axis=0, ddof=1), rtol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_moments_do_not_depend_on_order_or_layout(seed: int) -> None:
    values = gappy(seed)
    order = np.random.default_rng(seed).permutation(len(values))
    for other in (values[order], np.asfortranarray(values), values[::-1]):
        for first, again in zip(moments(values), moments(other), strict=True):
            assert first.tobytes() == again.tobytes()


def test_what_does_not_vary_has_no_variance() -> None:
    values = np.array([[0.1 + 0.2, 1e9, 0.0, np.nan, 5.0], [0.3, 1e9, 0.0, np.nan, np.nan]])
    found = moments(values)
    assert found.variance[:3].tolist() == [0, 0, 0]
    assert np.isnan(found.variance[3:]).all()
    assert found.n.tolist() == [2, 2, 2, 0, 1]
    assert not varies(found.mean, found.sd).any()


def test_welch_needs_three_of_each_and_some_variation() -> None:
    a = moments(np.array([[1.0, 1, 1], [2, 1, 2], [3, 1, np.nan]]))
    b = moments(np.array([[3.0, 4, 1], [5, 4, 2], [9, 4, 3]]))
    t, p = welch_t(a, b)
    assert np.isnan(t).tolist() == np.isnan(p).tolist() == [False, True, True]
