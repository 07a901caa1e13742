"""The whole road with the sparse engine, also with patients who lack layers."""

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

import omicsfuse as of
from omicsfuse.cli import main
from omicsfuse.datasets.write import write_simulated_study
from omicsfuse.pipeline.run import run

#: Patients of the 60 who have images.
IMAGES = range(40)

QUICK_SURVIVAL = "n_permutations = 50\nn_bootstrap = 20"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort as a user's folder; two of three have images."""
    simulated = of.simulate_cohort(
        60,
        n_external=0,
        n_genes=120,
        effect=2.0,
        layers=("radiomics", "expression", "methylation"),
        random_state=2,
    )
    folder = tmp_path_factory.mktemp("sparse")
    write_simulated_study(simulated, folder)
    table = pd.read_csv(folder / "radiomics.tsv", sep="\t", index_col=0)
    table.iloc[list(IMAGES)].to_csv(folder / "radiomics.tsv", sep="\t")
    return folder


def study_with(folder: Path, engine: str) -> Path:
    """A study file with an engine of its own."""
    text = (folder / "study.toml").read_text()
    text = text.replace("n_neighbors = 20\n", f'n_neighbors = 10\nengine = "{engine}"\n')
    text = text.replace('gene_sets = ["gene_sets.gmt"]\n', "")
    text = text.replace('endpoints = ["os"]', 'endpoints = ["os"]\n' + QUICK_SURVIVAL)
    path = folder / f"{engine}.toml"
    # What comes after the subtypes does not ask for the engine.
    brief = "[radiogenomics]\nmap = false\nmodules = false\n[heterogeneity]\nindex = false\n"
    path.write_text(text + f"\n[assignment]\nn_repeats = 0\n{brief}")
    assert engine in text
    return path


@pytest.mark.long
@pytest.mark.usefixtures("no_figures", "no_map")
def test_a_run_with_the_sparse_engine(folder: Path, tmp_path: Path) -> None:
    main(["run", str(study_with(folder, "sparse")), "--out", str(tmp_path / "out")])
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["fusion"]["engine"] == "sparse"
    assert record["fusion"]["n_patients"] == 60
    labels = pd.read_csv(tmp_path / "out" / "subtypes.tsv", sep="\t", index_col=0)
    assert len(labels) == 60
    exact = run(study_with(folder, "exact"), tmp_path / "exact")
    known = exact.subtypes.labels.reindex(labels.index)
    assert adjusted_rand_score(known, labels["subtype"]) > 0.9
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {path.name for path in (tmp_path / "exact").iterdir()}
    main(["run", str(study_with(folder, "sparse")), "--out", str(tmp_path / "two"), "--jobs", "2"])
    for file in ("subtypes.tsv", "stability.tsv", "layers.tsv"):
        assert (tmp_path / "two" / file).read_bytes() == (tmp_path / "out" / file).read_bytes()


@pytest.mark.usefixtures("no_figures", "no_map")
def test_auto_takes_the_sparse_engine_for_many_patients(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["omicsfuse.fusion.engines"], "EXACT_LIMIT", 50)
    results = run(study_with(folder, "auto"), tmp_path / "out")
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["fusion"]["engine"] == "sparse"
    assert record["fusion"]["engine_reason"] == "60 patients, more than 50"
    assert "60 patients, more than 50" in (tmp_path / "out" / "report.html").read_text()
    fusion = results.fusion
    assert isinstance(fusion.affinity, sparse.csr_array)
    assert fusion.common_layers().shape == (60, 60)
    # The layout that needs no table of the network.
    assert set(results.embedding["method"]) == {"umap"}
