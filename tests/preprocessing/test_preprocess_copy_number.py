from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import StudyError
from omicsfuse.preprocessing import ContinuousPreprocessor, CopyNumberPreprocessor


def _levels(n: int = 40, p: int = 10) -> np.ndarray:
    return np.random.default_rng(0).integers(-2, 3, (n, p)).astype(float)


def test_levels_stay_levels_also_where_imputed() -> None:
    levels = _levels()
    levels[::7, 3] = np.nan
    levels[5] = np.nan
    fitted = CopyNumberPreprocessor().fit(levels)
    out = fitted.transform(levels)
    assert set(np.unique(out)) <= {-2.0, -1.0, 0.0, 1.0, 2.0}
    present = ~np.isnan(levels)
    np.testing.assert_array_equal(out[present], levels[present])
    assert fitted.n_imputed_.sum() == (~present).sum()
    assert np.isnan(fitted.analysis_values(levels)[5]).all()


def test_a_rare_deep_event_is_kept_but_a_constant_gene_is_not() -> None:
    levels = _levels(100, 4)
    levels[:, 0] = 0
    levels[3, 0] = 2
    levels[:, 1] = -1
    fitted = CopyNumberPreprocessor().fit(levels)
    assert fitted.kept_.tolist() == [0, 2, 3]
    assert fitted.dropped_["the same value in every patient"].tolist() == [1]


@pytest.mark.parametrize("scale", ["gistic", "log2"])
def test_identical_profiles_count_once(scale: str) -> None:
    levels = _levels()
    levels[:, 4] = levels[:, 8] = levels[:, 1]
    fitted = CopyNumberPreprocessor(scale).fit(levels)
    assert fitted.dropped_["identical to a kept feature in every patient"].tolist() == [4, 8]
    assert fitted.usable_.tolist() == list(range(10))
    assert fitted.kept_.tolist() == [0, 1, 2, 3, 5, 6, 7, 9]


def test_the_most_variable_profiles_are_kept_if_asked() -> None:
    levels = _levels()
    levels[:, 2] = np.sign(levels[:, 2]) * 2  # -2, 0, 2
    levels[:, 6] = np.where(np.arange(40) < 20, -2, 2)
    assert CopyNumberPreprocessor(n_features=2).fit(levels).kept_.tolist() == [2, 6]


def test_log2_ratios_take_the_road_of_continuous_layers() -> None:
    ratios = np.random.default_rng(2).normal(0, 0.4, (30, 6))
    np.testing.assert_array_equal(
        CopyNumberPreprocessor("log2").fit_transform(ratios),
        ContinuousPreprocessor("log2").fit_transform(ratios),
    )
    assert CopyNumberPreprocessor("log2").analysis_scale == "log2"


def test_unknown_scale_is_refused() -> None:
    with pytest.raises(StudyError, match="scale is 'levels'; choose from gistic, log2"):
        CopyNumberPreprocessor("levels").fit(_levels())


def test_real_arm_levels_with_holes(real_data: Path) -> None:
    table = pd.read_csv(
        real_data / "tcga_hnsc_radiogenomic" / "cn_arm.tsv.gz", sep="\t", index_col=0
    )
    fitted = CopyNumberPreprocessor().fit(table)
    assert fitted.n_imputed_.sum() == table.isna().sum().sum() == 547
    assert set(np.unique(fitted.transform(table))) == {-1.0, 0.0, 1.0}
