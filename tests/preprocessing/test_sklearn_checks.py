"""scikit-learn's own conformance checks, for every preprocessor and every way it can work."""

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from omicsfuse.preprocessing import (
    ContinuousPreprocessor,
    CopyNumberPreprocessor,
    ExpressionPreprocessor,
    MethylationPreprocessor,
    MirnaPreprocessor,
    MutationPreprocessor,
    RadiomicsPreprocessor,
)

ESTIMATORS = [
    ContinuousPreprocessor(),
    ContinuousPreprocessor("log2"),
    ContinuousPreprocessor("zscore"),
    CopyNumberPreprocessor(),
    CopyNumberPreprocessor("log2"),
    ExpressionPreprocessor(),
    ExpressionPreprocessor("counts"),
    ExpressionPreprocessor("normalised_counts"),
    ExpressionPreprocessor("tpm"),
    ExpressionPreprocessor("fpkm"),
    ExpressionPreprocessor("zscore"),
    MethylationPreprocessor(),
    MethylationPreprocessor("m_value"),
    MirnaPreprocessor(),
    MirnaPreprocessor("counts"),
    MutationPreprocessor(),
    RadiomicsPreprocessor(),
    RadiomicsPreprocessor(method="power"),
]

# These checks fit on values around 100, which are neither z-scores nor beta values: limited to
# what the scale can hold they are all the same, and such a layer is refused on purpose.
_VALUES_AROUND_100 = ("check_fit_idempotent", "check_fit_check_is_fitted", "check_n_features_in")

# These fit on values above 0 only, so that every gene is mutated in every patient, which says
# nothing of any patient: such a layer is refused on purpose.
_VALUES_ABOVE_0 = (
    "check_fit_score_takes_y",
    "check_dont_overwrite_parameters",
    "check_estimators_dtypes",
    "check_dtype_object",
    "check_f_contiguous_array_estimator",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_dict_unchanged",
    "check_fit_idempotent",
    "check_fit_check_is_fitted",
    "check_n_features_in",
    "check_fit2d_predict1d",
)


def _refused_on_purpose(estimator: Any) -> dict[str, str]:
    if isinstance(estimator, MutationPreprocessor):
        return {check: "every gene is mutated in every patient" for check in _VALUES_ABOVE_0}
    if getattr(estimator, "scale", "") not in ("zscore", "beta"):
        return {}
    return {check: "values around 100 do not fit this scale" for check in _VALUES_AROUND_100}


# The checks feed numbers of any size, which a methylation layer rightly remarks upon.
@pytest.mark.filterwarnings("ignore:MethylationPreprocessor:omicsfuse.core.errors.OmicsfuseWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=_refused_on_purpose)
def test_passes_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)
