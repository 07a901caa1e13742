"""Arguments of the wrong type are refused by name, whatever they are."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from omicsfuse.biology.covariates import covariate_table
from omicsfuse.biology.gene_sets import read_gene_sets
from omicsfuse.biology.known_groups import label_markers
from omicsfuse.biology.reference_matrix import read_reference
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Prepared

TOY = Cohort("toy", {}, pd.DataFrame({"age": [1.0]}, ["P1"]))


@pytest.mark.parametrize("wrong", [None, 3, np.zeros((2, 2)), pd.Series(dtype=float)])
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (read_gene_sets, "gene_sets"),
        (lambda wrong: read_gene_sets([wrong]), "a member of gene_sets"),
        (lambda wrong: covariate_table(TOY, wrong), "names"),
        (read_reference, "signature_matrix"),
        (lambda wrong: label_markers(wrong, TOY, Prepared("toy", {})), "subtypes"),
    ],
)
def test_wrong_types_are_named(call: Callable[[object], object], name: str, wrong: object) -> None:
    with pytest.raises(StudyError, match=f"^{name} is of type {type(wrong).__name__}"):
        call(wrong)
