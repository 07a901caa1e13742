import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.imaging import math_score


def test_by_hand() -> None:
    """Median 0.3, absolute deviations 0.2 0.1 0 0.1 0.3: median 0.1; 100 x 1.4826 x 0.1 / 0.3."""
    table = pd.DataFrame({"patient": "P1", "vaf": [0.1, 0.2, 0.3, 0.4, 0.6]})
    assert math_score(table)["P1"] == pytest.approx(49.42)


def test_reads_give_the_same_as_fractions() -> None:
    mutant, depth = np.array([10, 20, 30, 40, 60]), 100
    fractions = pd.DataFrame({"patient": "P1", "vaf": mutant / depth})
    maf = pd.DataFrame({"Tumor_Sample_Barcode": "P1", "t_alt_count": mutant})
    expected = math_score(fractions)["P1"]
    assert math_score(maf.assign(t_depth=depth))["P1"] == pytest.approx(expected)
    assert math_score(maf.assign(t_ref_count=depth - mutant))["P1"] == pytest.approx(expected)


def test_patients_with_few_mutations_have_no_score() -> None:
    table = pd.DataFrame({"patient": ["B"] * 4 + ["A"] * 6, "vaf": [0.5] * 4 + [0.2, np.nan] * 3})
    found = math_score(table, fewest=3)
    assert found.index.tolist() == ["A", "B"]
    assert found.tolist() == [0.0, 0.0]
    assert math_score(table).isna().all()


def test_refusals() -> None:
    with pytest.raises(StudyError, match="needs a column patient and vaf"):
        math_score(pd.DataFrame({"patient": ["P1"], "Hugo_Symbol": ["TP53"]}))
    with pytest.raises(CohortError, match=r"2 mutant-allele fractions are not from 0 to 1.*34"):
        math_score(pd.DataFrame({"patient": "P1", "vaf": [34, 12, 0.5]}))
