"""Head and neck cancer: what real layers tell of new patients, and refusals of other features."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omicsfuse.assignment import assign, fit_classifier
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import ClassifierError

LAYERS = {"radiomics": "raw", "expression": "fpkm"}


@pytest.fixture(scope="module")
def hnsc(real_data: Path) -> dict[str, Any]:
    """Training and imaging-only or complete new patients; labels by copy number and expression."""
    folder = real_data / "tcga_hnsc_radiogenomic"
    omics = {
        name: Layer(name, pd.read_csv(folder / f"{name}.tsv.gz", sep="\t", index_col=0), scale)
        for name, scale in LAYERS.items()
    }
    genes = omics["expression"]
    dates = [name for name in genes.table if "-Mar" in name or "-Sep" in name]
    omics["expression"] = replace(genes, table=genes.table.drop(columns=dates))
    cohort = Cohort("hnsc", omics)
    # Labels that genes decide: the first component of log expression, cut at its median.
    table = np.log2(cohort.omics["expression"].table + 1)
    scores = np.linalg.svd((table - table.mean()).to_numpy(), full_matrices=False)[0][:, 0]
    labels = pd.Series(np.where(scores > np.median(scores), "S1", "S2"), table.index)
    new = np.random.default_rng(0).permutation(len(labels)) < 26
    parts = {
        which: {
            name: replace(layer, table=layer.table.loc[labels.index[rows]])
            for name, layer in cohort.omics.items()
        }
        for which, rows in (("training", ~new), ("new", new))
    }
    classifier = fit_classifier(parts["training"], labels[~new])
    return {**parts, "truth": labels[new], "classifier": classifier}


def test_expression_tells_what_expression_defines(hnsc: dict[str, Any]) -> None:
    cohort = Cohort("new", {"expression": hnsc["new"]["expression"]})
    table = assign(hnsc["classifier"], cohort).set_index("patient")
    told = table[table["subtype"] != "none"]
    assert len(told) >= 20
    assert (told["subtype"] == hnsc["truth"].loc[told.index]).mean() > 0.85


def test_images_of_the_same_kind_are_like_the_training_images(hnsc: dict[str, Any]) -> None:
    images = hnsc["new"]["radiomics"]
    table = assign(hnsc["classifier"], Cohort("new", {"radiomics": images}))
    assert (table["distance_percentile"] > 99).mean() <= 4 / 26
    rng = np.random.default_rng(0)
    mixed = images.table.apply(lambda column: rng.permutation(column.to_numpy()))
    mixed = mixed.set_axis(images.table.index)
    strange = Cohort("mixed", {"radiomics": replace(images, table=mixed)})
    strange_table = assign(hnsc["classifier"], strange)
    assert strange_table["distance"].median() > 1.5 * table["distance"].median()


def test_features_of_another_extractor_are_refused(real_data: Path, hnsc: dict[str, Any]) -> None:
    from omicsfuse.io import read_radiomics

    found = next((real_data / "radiomics_only_hn1").glob("*adiomics*"))
    other = Layer("radiomics", read_radiomics(found), "raw")
    with pytest.raises(
        ClassifierError,
        match=r"0 of the \d+ features of the classifier "
        r".*\(0%; at",
    ):
        assign(hnsc["classifier"], Cohort("hn1", {"radiomics": other}))
