"""Methylation probes without a gene: counted among the exclusions, and no warning."""

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.pipeline.stages.pathways import _unpaired


def prepared(probes: list[str], kind: str = "methylation") -> Prepared:
    patients = [f"P{i}" for i in range(5)]
    layers = {}
    for name, of, features in (("rna", "expression", list("ABC")), ("dna", kind, probes)):
        table = pd.DataFrame(np.zeros((5, len(features))), patients, features)
        layers[name] = PreparedLayer(of, table, table, "log2", None)
    return Prepared("toy", layers)


@pytest.mark.parametrize(
    ("probes", "alone"), [(["cg1", "cg2", "cg3"], 3), (["A", "cg2"], 1), (["A", "B", "cg3"], 0)]
)
def test_probes_without_a_gene_are_counted(probes: list[str], alone: int) -> None:
    excluded = _unpaired(prepared(probes))
    assert [each.count for each in excluded] == ([alone] if alone else [])
    for each in excluded:
        assert (each.step, each.layer, each.what) == ("pathways", "dna", "features")
        assert "name the array's annotation in the manifest" in each.reason
        assert each.examples[0].startswith("cg")


def test_without_methylation_nothing_is_counted() -> None:
    assert _unpaired(prepared(["cg1"], kind="protein")) == ()
