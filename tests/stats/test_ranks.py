import numpy as np
from numpy.testing import assert_allclose

from omicsfuse.stats.ranks import blom_scores, normal_scores, winsorise


def test_winsorised_quantiles_are_numpys() -> None:
    values = np.random.default_rng(0).standard_normal((37, 4)) * 1e3
    values[3, 0] = values[7:12, 1] = np.nan
    low, high = np.nanquantile(values, [0.025, 0.975], axis=0)
    assert_allclose(winsorise(values, 0.025), np.clip(values, low, high), rtol=1e-12)
    empty = np.full((5, 2), np.nan)
    assert np.isnan(winsorise(empty, 0.1)).all()
    assert winsorise(np.empty((0, 3)), 0.1).shape == (0, 3)


def test_normal_scores_are_blom_scores_on_one_scale() -> None:
    values = np.array([3.0, 1e14, 1.0, 2.0, 2.0, np.nan])
    blom = blom_scores(values)
    # R 4.2.2, tests/reference/normal_scores.R
    expected = [0.497200570681554, 1.17976111761186, -1.17976111761186, *[-0.241040393886027] * 2]
    assert_allclose(blom[:5], expected, rtol=1e-12)
    scores = normal_scores(values)
    assert_allclose(scores[:5], (blom[:5] - blom[:5].mean()) / blom[:5].std(ddof=1), rtol=1e-12)
    assert np.isnan(blom[5])
    assert np.isnan(scores[5])
    assert np.isnan(normal_scores(np.array([2.0, 2.0, np.nan]))).all()
