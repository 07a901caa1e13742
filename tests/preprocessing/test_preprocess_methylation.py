from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.preprocessing import MethylationPreprocessor


def _beta() -> np.ndarray:
    return np.random.default_rng(0).beta(2, 5, (30, 9))


def test_beta_values_become_m_values() -> None:
    beta = _beta()
    beta[0, 0], beta[1, 1], beta[2, 2] = np.nan, 0, 1
    values = MethylationPreprocessor(offset=0.01).fit(beta).analysis_values(beta)
    np.testing.assert_allclose(values, np.log2((beta + 0.01) / (1 - beta + 0.01)))
    assert np.isnan(values[0, 0])


def test_complement_of_beta_is_the_opposite_m_value() -> None:
    beta = _beta()
    fitted = MethylationPreprocessor().fit(beta)
    np.testing.assert_allclose(
        fitted.analysis_values(1 - beta), -fitted.analysis_values(beta), atol=1e-12
    )


def test_m_values_are_left_alone() -> None:
    x = np.random.default_rng(1).normal(size=(30, 4))
    np.testing.assert_array_equal(MethylationPreprocessor("m_value").fit(x).analysis_values(x), x)


def test_beta_values_outside_their_range_are_remarked_upon() -> None:
    beta = _beta()
    beta[0, 0], beta[1, 0] = -0.02, 1.004
    with pytest.warns(OmicsfuseWarning, match=r"2 of 270 beta values .* \(-0.02 to 1.004\)"):
        MethylationPreprocessor().fit(beta)


def test_offset_must_be_positive() -> None:
    with pytest.raises(StudyError, match="offset is 0; it must be a number from 1e-09 to 1"):
        MethylationPreprocessor(offset=0).fit(_beta())


def test_real_beta_values_with_holes(real_data: Path) -> None:
    file = real_data / "tcga_luad_multiomics" / "methylation.tsv.gz"
    table = pd.read_csv(file, sep="\t", index_col=0)
    missing = table.isna().sum().sum()
    assert missing == 1529
    fitted = MethylationPreprocessor().fit(table)
    scaled = fitted.transform(table)
    assert np.isfinite(scaled).all()
    dropped = table.columns[fitted.dropped_["missing in more than 50% of patients"]]
    assert fitted.n_imputed_.sum() == missing - table[dropped].isna().sum().sum()
    assert fitted.analysis_values(table).isna().sum().sum() == missing
