"""Clinical columns as numeric terms."""

from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.stats.covariates import as_terms, encode_covariates


def encoded(values: list, name: str = "x") -> tuple[pd.DataFrame, dict[str, str]]:
    found = encode_covariates(pd.DataFrame({name: pd.Series(values)}), [name])
    assert list(found.columns) == list(found.terms.columns)
    assert set(found.columns.values()) <= {name}
    return found.terms, found.notes


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
        assert notes == {"x": 'read as missing: "unknown" (1); the same value in all patients'}
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
    with pytest.warns(OmicsfuseWarning, match=r'"stage" \(ordered\): "I/II NOS" \(1\)'):
        terms, notes = encoded(["Stage I", "Stage II"] * 10 + ["I/II NOS", "Stage X"], "stage")
    assert terms["stage (per step)"].isna().sum() == 2
    assert notes["stage"] == 'read as missing: "I/II NOS" (1), "Stage X" (1)'


def test_categories_against_the_most_frequent_one() -> None:
    values = ["MALE"] * 12 + ["FEMALE"] * 8 + [None, "[Not Available]"]
    terms, notes = encoded(values, "gender")
    assert terms.columns.tolist() == ["gender: FEMALE vs MALE"]
    np.testing.assert_array_equal(terms.iloc[:, 0], [0] * 12 + [1] * 8 + [np.nan] * 2)
    assert notes == {"gender": 'read as missing: "[Not Available]" (1)'}


@pytest.mark.parametrize("inferred", [False, True])
@pytest.mark.parametrize("dtype", ["string", "category", object])
def test_any_text_dtype(dtype: object, inferred: bool) -> None:
    with pd.option_context("future.infer_string", inferred):
        values = pd.Series(["a"] * 6 + ["b"] * 5 + [None]).astype(dtype)
        terms, notes, _ = encode_covariates(pd.DataFrame({"x": values}), ["x"])
    np.testing.assert_array_equal(terms["x: b vs a"], [0] * 6 + [1] * 5 + [np.nan])
    assert notes == {}


def test_ties_take_the_first_category_as_reference() -> None:
    terms, _ = encoded(["b"] * 6 + ["a"] * 6 + ["c"] * 5)
    assert terms.columns.tolist() == ["x: b vs a", "x: c vs a"]


def test_rare_categories_are_pooled() -> None:
    values = ["neck"] * 4 + ["tongue"] * 20 + ["lip"] * 9 + ["ear"] * 2
    terms, notes = encoded(values, "site")
    assert terms.columns.tolist() == ["site: lip vs tongue", "site: other vs tongue"]
    assert terms["site: other vs tongue"].sum() == 6
    assert notes["site"] == "2 categories of fewer than 5 patients pooled as other: ear, neck"


def test_a_single_rare_category_keeps_its_name() -> None:
    terms, notes = encoded(["a"] * 20 + ["b"] * 2)
    assert terms.columns.tolist() == ["x: b vs a"]
    assert notes == {}


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (["HNSC"] * 8, "the same value in all patients"),
        ([1.0] * 8, "the same value in all patients"),
        ([np.nan] * 8, "no known value"),
        (["Stage II", "Stage IIA"] * 4, "the same step in all patients"),
        ([f"patient {i}" for i in range(8)], "8 categories, none of 5 patients or more"),
    ],
)
def test_columns_without_two_values_are_left_out(values: list, note: str) -> None:
    terms, notes = encoded(values)
    assert terms.shape == (8, 0)
    assert notes["x"].endswith(note)


#: Columns, then their terms as R's model.matrix makes them, then normal scores of age and stage.
OF_R = """age,stage,sex,site,step,f,neck,other,score_age,score_stage
61,I,m,lip,1,0,0,0,-2.37995890658054e-01,-1.238511399581113
72,IVA,f,neck,4,1,1,0,1.12337897808882e+00,1.475217938898390
55,IIIB,m,lip,3,0,0,0,-1.12337897808882e+00,0.525044170208836
[Not Available],IIC,m,ear,2,0,0,1,NA,-0.270011396559983
66,unknown,f,lip,NA,1,0,0,2.37995890658054e-01,NA
58,II,'--,neck,2,NA,1,0,-7.71027343124213e-01,-0.270011396559983
49,III,m,tongue,3,0,0,1,-1.68758461710180e+00,0.525044170208836
80,IA2,m,lip,1,0,0,0,1.68758461710180e+00,-1.238511399581113
70,IV,f,neck,4,1,1,0,7.71027343124214e-01,1.475217938898390
63,II,m,lip,2,0,0,0,5.34536886389103e-18,-0.270011396559983
59,III,f,neck,3,1,1,0,-4.88827805974847e-01,0.525044170208836
68,I,m,neck,1,0,1,0,4.88827805974847e-01,-1.238511399581113
"""


def test_terms_are_those_of_r() -> None:
    """Reference values: tests/reference/covariates.R, R 4.2.2."""
    table = pd.read_csv(StringIO(OF_R), na_values="NA", keep_default_na=False)
    found = encode_covariates(table, ["age", "stage", "sex", "site"])
    assert found.terms.columns.tolist() == [
        *("age", "stage (per step)", "sex: f vs m", "site: neck vs lip", "site: other vs lip"),
    ]
    expected = table[["step", "f", "neck", "other"]].to_numpy(float)
    np.testing.assert_array_equal(found.terms.iloc[:, 1:], expected)
    age = pd.to_numeric(table["age"], errors="coerce")
    np.testing.assert_array_equal(found.terms["age"], age)
    scores = encode_covariates(table, ["age", "stage", "sex", "site"], scores=True).terms
    for term, name in (("age", "score_age"), ("stage (per step)", "score_stage")):
        np.testing.assert_allclose(scores[term], table[name], rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(scores.iloc[:, 2:], expected[:, 1:])


def test_what_a_cohort_has_decided_holds_for_some_of_its_patients() -> None:
    words = ["Stage I"] * 8 + ["Stage II"] * 9 + ["occult"] * 3
    names = [f"P{i:02d}" for i in range(20)]
    clinical = pd.DataFrame({"stage": words, "group": [1, 2] * 10}, names)
    with pytest.warns(OmicsfuseWarning, match="steps of a scale with words outside"):
        cohort = Cohort("toy", {}, clinical, known_labels=("group",))
    some = cohort.clinical.iloc[:17]
    here = encode_covariates(some, None, cohort.variables)
    assert here.columns == {"stage: Stage I vs Stage II": "stage", "group: 2 vs 1": "group"}
    assert encode_covariates(some).used == ["stage", "group"]
    assert list(encode_covariates(some).columns) == ["stage (per step)", "group"]


def test_terms_of_terms_are_the_same_terms() -> None:
    clinical = pd.DataFrame(
        {"stage": ["I", "II", "III", "IV"] * 3, "site": list("aab") * 4, "class": [1, 2, 3] * 4}
    )
    first = encode_covariates(clinical).terms
    pd.testing.assert_frame_equal(encode_covariates(first).terms, first)


def test_covariates_of_a_user() -> None:
    table = pd.DataFrame({"purity": [0.5, 0.7, 0.1], "same": "a"}, list("abc"))
    with pytest.raises(StudyError, match=r"markers: covariate 'same' cannot be .*\(the same"):
        as_terms(table, "markers")
    encoded = as_terms(table[["purity"]], "markers")
    assert encoded is not None
    assert encoded.used == ["purity"]
    assert as_terms(encoded, "markers") is encoded
    assert as_terms(None, "markers") is None
    assert as_terms(table[[]], "markers") is None
    with pytest.raises(StudyError, match=r"markers: the covariates have more than one row for 1"):
        as_terms(table.set_axis(["a", "a", "b"]), "markers")
    with pytest.raises(StudyError, match="more than one column for 1 name"):
        as_terms(table.set_axis(["x", "x"], axis=1), "markers")


def test_order_index_and_repeated_names() -> None:
    clinical = pd.DataFrame({"age": [1, 2, 3], "b": [3, 1, 2]}, index=["P3", "P1", "P2"])
    terms, _, _ = encode_covariates(clinical, ["b", "age", "b"])
    assert terms.columns.tolist() == ["b", "age"]
    assert terms.index.tolist() == ["P3", "P1", "P2"]
    assert encode_covariates(clinical, [])[0].shape == (3, 0)


def test_refusals() -> None:
    clinical = pd.DataFrame({"age": [1.0, np.inf]}, index=["P1", "P2"])
    with pytest.raises(StudyError, match=r'covariate "aeg" is not a column.*did you mean "age"'):
        encode_covariates(clinical, ["aeg"])
    with pytest.raises(
        CohortError,
        match=r"clinical column 'age' has infinite values .* "
        r"\(P2: ",
    ):
        encode_covariates(clinical, ["age"])


def test_real_clinical_columns(real_data: Path) -> None:
    clinical = pd.read_csv(real_data / "tcga_hnsc_radiogenomic" / "clinical.tsv", sep="\t")
    clinical = clinical.set_index("sample")
    names = ["age", "gender", "stage", "grade", "hpv_status", "cancer_type"]
    terms, notes, _ = encode_covariates(clinical, names)
    assert {"age", "stage (per step)", "gender: FEMALE vs MALE"} <= set(terms.columns)
    assert terms["stage (per step)"].dropna().isin([1, 2, 3, 4]).all()
    assert notes["cancer_type"] == "the same value in all patients"
