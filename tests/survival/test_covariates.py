"""Clinical columns as numeric terms."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.survival import encode_covariates


def encoded(values: list, name: str = "x") -> tuple[pd.DataFrame, dict[str, str]]:
    return encode_covariates(pd.DataFrame({name: pd.Series(values)}), [name])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([50, 61, 72], [50, 61, 72]),
        (["50", " 61.5 ", None], [50, 61.5, np.nan]),
        ([True, False, True], [1, 0, 1]),
        (pd.array([1, 2, None], dtype="Int64"), [1, 2, np.nan]),
        (pd.array([True, False, None], dtype="boolean"), [1, 0, np.nan]),
        (pd.array(["3", "unknown", None], dtype="string"), None),
    ],
)
def test_numbers_stay_as_they_are(values: list, expected: list | None) -> None:
    terms, notes = encoded(values)
    if expected is None:
        assert notes == {
            "x": "1 unknown values taken as missing; left out: the same value in all patients"
        }
        return
    assert terms.columns.tolist() == ["x"]
    assert terms["x"].dtype == np.float64
    np.testing.assert_array_equal(terms["x"], expected)
    assert notes == {}


@pytest.mark.parametrize(
    ("word", "step"),
    [
        ("Stage I", 1),
        ("Stage IA", 1),
        ("stage iiib", 3),
        ("STAGE IVA", 4),
        ("Stage IA2", 1),
        ("Stage 0", 0),
        ("II", 2),
        (" iv ", 4),
        ("Stage_III", 3),
        ("Stage IS", 1),
    ],
)
def test_stage_words(word: str, step: float) -> None:
    terms, notes = encoded([word, "Stage IIC", "Stage IVB"], "stage")
    assert terms.columns.tolist() == ["stage (per step)"]
    assert terms["stage (per step)"].tolist() == [step, 2, 4]
    assert notes == {}


@pytest.mark.parametrize("word", ["Stage V", "Stage", "IIII", "T2", "Stage IID", "pN1"])
def test_words_that_are_not_stages(word: str) -> None:
    terms, _ = encoded([word] * 10 + ["Stage I"] * 10, "stage")
    assert terms.columns.tolist() == [f"stage: {max(word, 'Stage I')} vs {min(word, 'Stage I')}"]


def test_a_few_unreadable_stages_become_missing_and_are_named() -> None:
    terms, notes = encoded(["Stage I", "Stage II"] * 10 + ["I/II NOS", "Stage X"], "stage")
    assert terms["stage (per step)"].isna().sum() == 2
    assert notes["stage"] == (
        "1 unknown values taken as missing; not a stage, taken as missing: I/II NOS"
    )


def test_categories_against_the_most_frequent_one() -> None:
    values = ["MALE"] * 12 + ["FEMALE"] * 8 + [None, "[Not Available]"]
    terms, notes = encoded(values, "gender")
    assert terms.columns.tolist() == ["gender: FEMALE vs MALE"]
    np.testing.assert_array_equal(terms.iloc[:, 0], [0] * 12 + [1] * 8 + [np.nan] * 2)
    assert notes == {"gender": "1 unknown values taken as missing"}


@pytest.mark.parametrize("inferred", [False, True])
@pytest.mark.parametrize("dtype", ["string", "category", object])
def test_any_text_dtype(dtype: object, inferred: bool) -> None:
    with pd.option_context("future.infer_string", inferred):
        values = pd.Series(["a"] * 6 + ["b"] * 5 + [None]).astype(dtype)
        terms, notes = encode_covariates(pd.DataFrame({"x": values}), ["x"])
    np.testing.assert_array_equal(terms["x: b vs a"], [0] * 6 + [1] * 5 + [np.nan])
    assert notes == {}


def test_ties_take_the_first_category_as_reference() -> None:
    terms, _ = encoded(["b"] * 6 + ["a"] * 6 + ["c"] * 5)
    assert terms.columns.tolist() == ["x: b vs a", "x: c vs a"]


def test_rare_categories_are_pooled() -> None:
    values = ["G1"] * 4 + ["G2"] * 20 + ["G3"] * 9 + ["G4"] * 2
    terms, notes = encoded(values, "grade")
    assert terms.columns.tolist() == ["grade: G3 vs G2", "grade: other vs G2"]
    assert terms["grade: other vs G2"].sum() == 6
    assert notes["grade"] == "2 categories of fewer than 5 patients pooled as other: G1, G4"


def test_a_single_rare_category_keeps_its_name() -> None:
    terms, notes = encoded(["a"] * 20 + ["b"] * 2)
    assert terms.columns.tolist() == ["x: b vs a"]
    assert notes == {}


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (["HNSC"] * 8, "left out: the same value in all patients"),
        ([1.0] * 8, "left out: the same value in all patients"),
        ([np.nan] * 8, "left out: no known value"),
        (["Stage II", "Stage IIA"] * 4, "left out: the same stage in all patients"),
        ([f"patient {i}" for i in range(8)], "left out: no category has enough patients"),
    ],
)
def test_columns_without_two_values_are_left_out(values: list, note: str) -> None:
    terms, notes = encoded(values)
    assert terms.shape == (8, 0)
    assert notes["x"].endswith(note)


def test_order_index_and_repeated_names() -> None:
    clinical = pd.DataFrame({"age": [1, 2, 3], "b": [3, 1, 2]}, index=["P3", "P1", "P2"])
    terms, _ = encode_covariates(clinical, ["b", "age", "b"])
    assert terms.columns.tolist() == ["b", "age"]
    assert terms.index.tolist() == ["P3", "P1", "P2"]
    assert encode_covariates(clinical, [])[0].shape == (3, 0)


def test_refusals() -> None:
    clinical = pd.DataFrame({"age": [1.0, np.inf]}, index=["P1", "P2"])
    with pytest.raises(StudyError, match=r'covariate "aeg" is not a column.*did you mean "age"'):
        encode_covariates(clinical, ["aeg"])
    with pytest.raises(CohortError, match=r"clinical column 'age' holds infinite values \(P2\)"):
        encode_covariates(clinical, ["age"])


def test_real_clinical_columns(real_data: Path) -> None:
    clinical = pd.read_csv(real_data / "tcga_hnsc_radiogenomic" / "clinical.tsv", sep="\t")
    clinical = clinical.set_index("sample")
    names = ["age", "gender", "stage", "grade", "hpv_status", "cancer_type"]
    terms, notes = encode_covariates(clinical, names)
    assert {"age", "stage (per step)", "gender: FEMALE vs MALE"} <= set(terms.columns)
    assert terms["stage (per step)"].dropna().isin([1, 2, 3, 4]).all()
    assert notes["cancer_type"] == "left out: the same value in all patients"
