"""A kind of layer added by its row alone goes from the gate to the words of the report."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic_results import make_results

import omicsfuse as of
from omicsfuse.biology import differential_features
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import CohortError
from omicsfuse.core.kinds import KINDS, SCALES, Kind
from omicsfuse.core.results import Subtypes
from omicsfuse.imaging.maps.radiogenomic import radiogenomic_map
from omicsfuse.report.page import methods_text
from omicsfuse.report.sections.biology.features import (
    features_sentence,
    layers_to_tell,
    marked_features,
)

ROW = Kind(
    name="spectra",
    scales=("raw", "zscore"),
    transformer="continuous.ContinuousPreprocessor",
    preparation="spectra of the scanner were used as given",
    feature="spectral line",
    family="spectral line",
    analysis={"raw": replace(SCALES["raw"], test="brunner_munzel", distance="correlation")},
    image=True,
)


@pytest.fixture
def cohort(monkeypatch: pytest.MonkeyPatch) -> Cohort:
    """Sixty patients with genes, and spectra that tell the first half from the second."""
    monkeypatch.setitem(KINDS, ROW.name, ROW)
    rng = np.random.default_rng(2)
    patients = [f"P{i:02}" for i in range(60)]
    lines = rng.normal(size=(60, 12)) + 2.0 * (np.arange(60) < 30)[:, None]
    genes = rng.normal(size=(60, 30)) + 1.0 * (np.arange(60) < 30)[:, None]
    return Cohort(
        "made",
        {
            "scan": Layer("spectra", pd.DataFrame(lines, patients, [f"L{i}" for i in range(12)])),
            "rna": Layer("expression", pd.DataFrame(genes, patients, [f"G{i}" for i in range(30)])),
        },
    )


def test_a_row_is_all_that_a_new_kind_needs(cohort: Cohort) -> None:
    assert cohort.omics["scan"].scale == "raw"
    ready = of.preprocess(cohort)
    fusion = of.fuse(ready, n_neighbors=10)
    assert fusion.params["metrics"] == {"scan": "correlation", "rna": "euclidean"}

    patients = ready.layers["scan"].scaled.index
    labels = pd.Series(["S1" if i < 30 else "S2" for i in range(60)], patients)
    subtypes = Subtypes(labels, {}, {})
    found = differential_features(subtypes, ready)
    own = found[found["layer"] == "scan"]
    assert set(own["test"]) == {"Brunner-Munzel, logit"}
    assert (own["fdr"] < 0.01).all()

    # Images on their own side of the map, and never among the targets.
    mapped = radiogenomic_map(ready, n_strongest=0)
    assert mapped.params["radiomics"] == "scan"
    assert set(mapped.families["layer"]) == {"rna"}
    ready.layers["scan"].values.insert(0, "flat", 0.0)  # noqa: PD011
    said = {exclusion.what for exclusion in radiogenomic_map(ready, n_strongest=0).exclusions}
    assert said == {"spectral lines"}

    results = replace(make_results(), prepared=ready, subtypes=subtypes, markers=found)
    fused = replace(results, fusion=fusion)
    assert "spectra of the scanner were used as given" in methods_text(fused)[0][0]
    assert layers_to_tell(results) == ["rna", "scan"]
    said = features_sentence(results, "S1", marked_features(results, "S1", "scan"))
    assert said.startswith("In scan, 12 of 12 spectral lines differ")


def test_without_its_row_the_kind_is_refused() -> None:
    table = pd.DataFrame({"L1": [1.0, 2.0]}, ["P1", "P2"])
    with pytest.raises(CohortError, match='kind = "spectra" is not known'):
        Cohort("made", {"scan": Layer("spectra", table)})
