"""Reference values: R 4.2.2, tests/reference/markers.R."""

import numpy as np
from numpy.testing import assert_allclose

from omicsfuse.stats.multiple_testing import benjamini_hochberg, holm


def test_benjamini_hochberg_against_r() -> None:
    p = [0.01, 0.04, 0.03, 0.005, 0.6, 0.04]  # p.adjust(p, "BH")
    assert_allclose(benjamini_hochberg(p), [0.03, 0.048, 0.048, 0.03, 0.6, 0.048], rtol=1e-12)
    with_gap = benjamini_hochberg([np.nan, *p])
    assert np.isnan(with_gap[0])
    assert_allclose(with_gap[1:], benjamini_hochberg(p))
    assert np.isnan(benjamini_hochberg([np.nan, np.nan])).all()
    assert benjamini_hochberg([]).shape == (0,)


def test_holm_against_r() -> None:
    # p.adjust(c(0.03, 0.01, 0.02, 0.04), "holm")
    assert_allclose(holm(np.array([0.03, 0.01, 0.02, 0.04])), [0.06, 0.04, 0.06, 0.06])
    assert len(holm(np.empty(0))) == 0
