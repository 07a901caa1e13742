import numpy as np
import pytest

from omicsfuse.core.errors import StudyError
from omicsfuse.preprocessing import MutationPreprocessor, PreprocessError


def _calls(mutated: list[int], n: int) -> np.ndarray:
    calls = np.zeros((n, len(mutated)))
    for gene, count in enumerate(mutated):
        calls[:count, gene] = 1
    return calls


@pytest.mark.parametrize(
    ("n", "mutated", "kept"),
    [
        (20, [0, 1, 2, 3, 20], [2, 3]),  # at least two patients, and not all
        (150, [2, 3, 4], [1, 2]),  # 2% of 150 is 3
        (151, [3, 4], [1]),  # 2% of 151 is more than 3
    ],
)
def test_genes_below_prevalence_are_dropped(n: int, mutated: list[int], kept: list[int]) -> None:
    fitted = MutationPreprocessor().fit(_calls(mutated, n))
    assert fitted.kept_.tolist() == kept
    assert sum(len(columns) for columns in fitted.dropped_.values()) == len(mutated) - len(kept)


def test_values_stay_zero_and_one() -> None:
    calls = _calls([3, 5, 9], 20) * 4  # numbers of mutations
    assert set(np.unique(MutationPreprocessor().fit_transform(calls))) == {0.0, 1.0}


def test_missing_calls_are_no_mutations_and_stay_missing_for_analysis() -> None:
    calls = _calls([9, 6], 12)
    calls[0, 0] = np.nan
    fitted = MutationPreprocessor().fit(calls)
    assert fitted.transform(calls)[0, 0] == 0
    assert np.isnan(fitted.analysis_values(calls)[0, 0])
    assert fitted.n_imputed_.tolist() == [1, 0]


def test_genes_mostly_without_a_call_are_dropped() -> None:
    calls = _calls([9, 6], 12)
    calls[5:, 0] = np.nan
    fitted = MutationPreprocessor().fit(calls)
    assert fitted.dropped_["missing in more than 50% of patients"].tolist() == [0]


def test_genes_mutated_in_every_patient_are_dropped() -> None:
    calls = _calls([12, 12, 6], 12)
    calls[0, 1] = np.nan  # in every patient with a call
    fitted = MutationPreprocessor().fit(calls)
    assert fitted.dropped_["the same value in every patient"].tolist() == [0, 1]
    assert fitted.kept_.tolist() == [2]
    with pytest.raises(PreprocessError, match=r"no usable feature.*3 the same value in every pat"):
        MutationPreprocessor().fit(np.ones((12, 3)))


def test_too_rare_everywhere_says_what_to_do() -> None:
    with pytest.raises(
        PreprocessError, match=r"3 mutated in fewer than 2 patients.*lower min_pati"
    ):
        MutationPreprocessor().fit(_calls([1, 1, 0], 20))
    assert MutationPreprocessor(min_patients=1).fit(_calls([1, 0], 20)).kept_.tolist() == [0]


def test_parameters_out_of_range_are_refused() -> None:
    with pytest.raises(StudyError, match="min_prevalence is 2; it must be a number from 0 to 1"):
        MutationPreprocessor(min_prevalence=2).fit(_calls([3], 20))
