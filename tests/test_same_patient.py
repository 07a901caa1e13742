"""One patient written in several ways: matched where certain, else the likely reason is named."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.same_patient import likely_difference, matched

NAMES = st.lists(st.text("pPxX01-_. ", min_size=1, max_size=5), max_size=6, unique=True)


@given(NAMES, NAMES)
def test_matches_are_one_to_one_free_of_order_and_final(names: list[str], known: list[str]) -> None:
    found, _ = matched(names, known)
    assert set(found) <= set(names) - set(known)
    assert set(found.values()) <= set(known) - set(names)
    assert len(set(found.values())) == len(found)
    assert matched(names[::-1], known[::-1])[0] == found
    renamed = [found.get(name, name) for name in names]
    assert len(set(renamed)) == len(names)
    assert matched(renamed, known)[0] == {}


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        *(("LUNG1-001", "LUNG1_001"), ("lung1.001", "LUNG1-001"), ("X001", "001"), ("X7", "7")),
        *(("1", "001"), ("12.0", "12"), (" P 1", "P-1"), ("P\u20131", "P-1"), ("R01-5", "R01-005")),
    ],
)
def test_certain_ways(name: str, patient: str) -> None:
    assert matched([name], [patient, "Q77"])[0] == {name: patient}


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (["p-1", "P_1"], ["P1", "P.1"]),
        (["001"], ["1", "01"]),
        (["1", "001"], ["1", "01"]),
        (["P1-0"], ["P1"]),
        (["12-3"], ["1-23"]),
        (["PAT-001"], ["001"]),
    ],
)
def test_what_is_not_certain_is_left(names: list[str], known: list[str]) -> None:
    assert matched(names, known)[0] == {}


def test_likely_differences_are_named() -> None:
    numbers = range(1, 9)
    patients = [f"P{i}" for i in numbers]
    assert "behind the name here" in likely_difference([f"P{i}_T1" for i in numbers], patients)
    told = likely_difference([f"{i:03d}" for i in numbers], [f"PAT-{i:03d}" for i in numbers])
    assert told == (
        "8 of 8 would be patients but for what stands in front of the name there and not here "
        '(such as "001": "PAT-001")'
    )
    assert "around" in likely_difference([f"HN-P{i}-v2" for i in numbers], patients)
    assert likely_difference(["Q1", "Q2", "Q3"], patients) == ""
    assert likely_difference([], patients) == likely_difference(["Q1"], []) == ""


def layer(names: list[str]) -> Layer:
    return Layer("continuous", pd.DataFrame({"a": range(len(names))}, names))


def test_a_prefix_is_named_and_not_matched() -> None:
    clinical = pd.DataFrame({"age": [1.5, 2.5]}, ["PAT-1", "PAT-2"])
    with pytest.raises(CohortError, match=r'in front of the name there.*"1": "PAT-1".*sample_map'):
        Cohort("a", {"x": layer(["1", "2"])}, clinical)


def test_where_some_fall_out_the_reason_is_named() -> None:
    clinical = pd.DataFrame({"age": [1.5, 2.5, 3.5]}, ["P1", "P2", "P3"])
    with pytest.warns(OmicsfuseWarning, match=r'2 patients of 3 are not in .* behind .*"P2_T1"'):
        found = Cohort("a", {"x": layer(["P1", "P2_T1", "P3_T1"])}, clinical)
    assert found.omics["x"].table.index.tolist() == ["P1"]


def test_layers_without_a_clinical_table_are_matched_with_each_other() -> None:
    with pytest.warns(OmicsfuseWarning, match=r'layer "y": 2 patients of 3 .* layers before it'):
        found = Cohort("a", {"x": layer(["P-1", "P-2"]), "y": layer(["p_1", "p_2", "Q"])})
    assert found.patients().tolist() == ["P-1", "P-2"]


def test_variants_follow_their_patients() -> None:
    table = pd.DataFrame({"TP53": [0, 1]}, ["p_1", "p_2"])
    variants = pd.DataFrame({"patient": ["p_2"], "t_alt_count": [3], "t_depth": [9]})
    clinical = pd.DataFrame({"age": [1.5, 2.5]}, ["P-1", "P-2"])
    with pytest.warns(OmicsfuseWarning, match="written otherwise"):
        found = Cohort("a", {"m": Layer("mutation", table, variants=variants)}, clinical)
    kept = found.omics["m"].variants
    assert kept is not None
    assert kept["patient"].tolist() == ["P-2"]
