"""Files of what subtypes and images mean."""

from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.pipeline.stages.radiogenomics import _matrices


def test_layers_whose_names_differ_in_signs_or_case_have_a_file_each() -> None:
    def matrix(value: float) -> pd.DataFrame:
        return pd.DataFrame({"TP53": [value]}, index=["feature"])

    layers = {"CT scan": 0.1, "CT_scan": 0.2, "ct.scan": 0.3, "CT_scan_2": 0.4, "gene sets": 0.5}
    files = dict(_matrices({name: matrix(value) for name, value in layers.items()}, "adjusted"))
    assert len({name.lower() for name in files}) == len(layers)
    assert [table["feature"].item() for table in files.values()] == list(layers.values())
    assert next(iter(files)) == "radiogenomic_adjusted_CT_scan.tsv"


def test_a_name_does_not_hang_on_how_large_other_layers_are(monkeypatch: Any) -> None:
    monkeypatch.setattr("omicsfuse.pipeline.stages.radiogenomics.MOST_CELLS", 2)
    large = pd.DataFrame(np.zeros((2, 2)), index=["a", "b"], columns=["x", "y"])
    files = dict(_matrices({"a b": large, "a_b": large.iloc[:1, :1]}, "correlations"))
    assert list(files) == ["radiogenomic_correlations_a_b_2.tsv"]
