from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import StudyError
from omicsfuse.preprocessing import ExpressionPreprocessor, MirnaPreprocessor, PreprocessError


def _counts(n: int = 40, p: int = 12) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.poisson(rng.uniform(5, 500, p), (n, p)).astype(float)


def test_counts_become_log2_counts_per_million() -> None:
    counts = _counts()
    values = ExpressionPreprocessor("counts").fit(counts).analysis_values(counts)
    library = counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(values, np.log2(counts / library * 1e6 + 1), rtol=1e-13)


def test_depth_of_sequencing_does_not_matter() -> None:
    counts = _counts()
    fitted = ExpressionPreprocessor("counts").fit(counts)
    deeper = counts * np.linspace(1, 50, len(counts))[:, None]
    np.testing.assert_allclose(fitted.transform(deeper), fitted.transform(counts), atol=1e-10)


@pytest.mark.parametrize("scale", ["tpm", "fpkm", "normalised_counts"])
def test_normalised_amounts_become_log2(scale: str) -> None:
    x = _counts() / 7
    np.testing.assert_allclose(
        ExpressionPreprocessor(scale).fit(x).analysis_values(x), np.log2(x + 1)
    )


def test_log2_is_left_alone() -> None:
    x = np.log2(_counts() + 1) - 3
    fitted = ExpressionPreprocessor("log2").fit(x)
    np.testing.assert_array_equal(fitted.analysis_values(x), x)
    assert fitted.analysis_scale == "log2"


def test_2000_genes_are_kept_on_a_log_scale_and_all_z_scores() -> None:
    x = np.random.default_rng(0).normal(0, np.linspace(0.5, 2, 2100), (30, 2100))
    assert len(ExpressionPreprocessor("log2").fit(x).kept_) == 2000
    assert len(ExpressionPreprocessor("zscore").fit(x).kept_) == 2100
    assert len(ExpressionPreprocessor("zscore", n_features=7).fit(x).kept_) == 7
    assert len(ExpressionPreprocessor("log2", n_features=None).fit(x).kept_) == 2100


def test_negative_counts_are_refused() -> None:
    counts = _counts()
    counts[3, 4] = -2
    with pytest.raises(PreprocessError, match=r"Negative values .* smallest is -2.*'counts'"):
        ExpressionPreprocessor("counts").fit(counts)


def test_a_patient_without_a_single_count_has_no_values() -> None:
    counts = _counts()
    counts[5] = 0
    transformer = ExpressionPreprocessor("counts").fit(counts)
    assert np.flatnonzero(transformer.without_data(counts)).tolist() == [5]
    assert np.isnan(transformer.analysis_values(counts)[5]).all()
    assert np.isfinite(transformer.transform(counts)).all()


def test_mirna_has_no_fpkm() -> None:
    assert MirnaPreprocessor("tpm").fit(_counts()).analysis_scale == "log2"
    x = _counts() / 7
    fitted = MirnaPreprocessor("normalised_counts").fit(x)
    np.testing.assert_allclose(fitted.analysis_values(x), np.log2(x + 1))
    with pytest.raises(StudyError, match="MirnaPreprocessor: scale is 'fpkm'; choose from log2"):
        MirnaPreprocessor("fpkm").fit(_counts())


def test_real_z_scores_up_to_7377(real_data: Path) -> None:
    file = real_data / "tcga_luad_multiomics" / "expression.tsv.gz"
    table = pd.read_csv(file, sep="\t", index_col=0)
    assert table.max(axis=None) > 7377
    fitted = ExpressionPreprocessor("zscore").fit(table)
    scaled = fitted.transform(table)
    assert scaled.shape == (453, 1529)
    assert np.isfinite(scaled).all()
    assert np.abs(scaled).max() <= 5
    # No feature brings more than 1% of all squared distance from the mean of the patient who has
    # the most extreme value, though that value alone is 100% of it without care.
    patient = table.max(axis=1).argmax()
    raw = table.to_numpy()[patient, fitted.kept_] ** 2
    assert raw.max() / raw.sum() > 0.99
    limited = scaled[patient] ** 2
    assert limited.max() / limited.sum() < 0.03


def test_real_normalised_counts_keep_their_ratios_between_patients(real_data: Path) -> None:
    table = pd.read_csv(real_data / "tcga_acc_mini" / "expression.tsv.gz", sep="\t", index_col=0)
    fitted = ExpressionPreprocessor("normalised_counts").fit(table)
    np.testing.assert_allclose(2 ** fitted.analysis_values(table) - 1, table, rtol=1e-9, atol=1e-9)
    scaled = fitted.transform(table)
    assert scaled.shape == (79, 198)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(scaled.std(axis=0, ddof=1), 1, atol=1e-9)


def test_real_counts(real_data: Path) -> None:
    table = pd.read_csv(real_data / "tcga_acc_mini" / "mirna.tsv.gz", sep="\t", index_col=0)
    fitted = MirnaPreprocessor("counts").fit(table)
    values = fitted.analysis_values(table)
    np.testing.assert_allclose((2**values - 1).sum(axis=1), 1e6)
    assert fitted.transform(table).shape == (80, 471)
