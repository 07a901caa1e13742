"""Genes of HPV status in TCGA head and neck cancer: what is known of it must be found."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.results import Target
from omicsfuse.signatures.methods.elastic_net import elastic_net
from omicsfuse.signatures.methods.modules import modules


@pytest.fixture(scope="module")
def hpv(real_data: Path) -> tuple[pd.DataFrame, Target]:
    folder = real_data / "tcga_hnsc_radiogenomic"
    values = pd.read_csv(folder / "expression.tsv.gz", sep="\t", index_col=0)
    clinical = pd.read_csv(folder / "clinical.tsv", sep="\t", index_col=0)
    values = np.log2(values + 1).sort_index().sort_index(axis=1)
    status = clinical["hpv_status"].dropna()
    patients = values.index.intersection(status.index)
    values = values.loc[patients]
    values = values.loc[:, values.std() > 0]
    return values, Target("hpv", "groups", status[patients])


def test_elastic_net_finds_p16(hpv: tuple[pd.DataFrame, Target]) -> None:
    # The product of CDKN2A, p16, is the marker that HPV is told by in the clinic.
    found = elastic_net(*hpv, n_genes=30)
    assert found.weights["HPV+"].abs().idxmax() == "CDKN2A"
    assert found.weights.loc["CDKN2A", "HPV+"] > 0
    genes = found.genes.set_index(["score", "gene"])
    assert genes.loc[("HPV+", "CDKN2A"), "stability"] == 1


def test_modules_find_keratinisation_and_lymphocytes(hpv: tuple[pd.DataFrame, Target]) -> None:
    found = modules(*hpv)
    assert {"KRT6A", "KRT16", "SPRR1B", "IVL"} <= set(found.weights.index)
    assert (found.weights["HPV+"] < 0).all()  # HPV-positive tumours keratinise less
    table = found.details["module_target"]
    strong = table[(table["score"] == "HPV+") & (table["fdr"] < 0.001)]
    of_gene = found.details["modules"].set_index("gene")["module"]
    lymphocytes = strong.set_index("module").loc[of_gene["CD79B"], "correlation"]
    assert lymphocytes > 0.3
