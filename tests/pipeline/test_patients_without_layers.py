"""The whole road with patients who lack layers, and the settings of the fusion in a study file."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.cli import main
from omicsfuse.core.results import Fusion
from omicsfuse.datasets.write import write_simulated_study
from omicsfuse.pipeline.commands.check import check
from omicsfuse.pipeline.run import run
from omicsfuse.pipeline.stages.fuse import fusion_options

#: Patients of the first 40 who have images, and of the last 36 who have methylation.
IMAGES, METHYLATION = range(28), range(4, 40)

QUICK = "n_neighbors = 8\n"
QUICK_SURVIVAL = "n_permutations = 50\nn_bootstrap = 20"
QUICK_IMAGING = "[radiogenomics]\nmap = false\nmodules = false\n[heterogeneity]\nindex = false\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort of 40 as a user's folder: all have expression, not all the other two layers."""
    simulated = of.simulate_cohort(
        40,
        n_external=0,
        n_genes=120,
        effect=2.0,
        layers=("radiomics", "expression", "methylation"),
        random_state=2,
    )
    folder = tmp_path_factory.mktemp("partial")
    write_simulated_study(simulated, folder)
    for name, kept in (("radiomics", IMAGES), ("methylation", METHYLATION)):
        table = pd.read_csv(folder / f"{name}.tsv", sep="\t", index_col=0)
        table.iloc[list(kept)].to_csv(folder / f"{name}.tsv", sep="\t")
    return folder


def study_with(folder: Path, name: str, fusion: str, more: str = "") -> Path:
    """A study file with settings of its own, without gene sets so that it is quick."""
    text = (folder / "study.toml").read_text()
    text = text.replace('gene_sets = ["gene_sets.gmt"]\n', "")
    text = text.replace("n_neighbors = 20\n", QUICK + fusion)
    text = text.replace('n_clusters = "auto"          # or 3, or [2, 6]', "n_clusters = 3")
    text = text.replace('endpoints = ["os"]', 'endpoints = ["os"]\n' + QUICK_SURVIVAL)
    path = folder / f"{name}.toml"
    path.write_text(text + f"\n[assignment]\nn_repeats = 0\n{more}")
    assert fusion in text
    return path


def fused(path: Path) -> Fusion:
    """What the study fuses, without the stages after it."""
    study, cohort, _, _ = check(path)
    prepared = of.preprocess(cohort)
    return of.fuse(prepared, random_state=study.seed, **fusion_options(study, cohort, prepared))


@pytest.mark.long
def test_everyone_is_fused_by_default(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    no_map: None,
    request: pytest.FixtureRequest,
) -> None:
    study = study_with(folder, "default", "")
    main(["check", str(study)])
    said = capsys.readouterr().out
    assert "40 patients to fuse, 24 of them with every layer: radiomics, expression" in said
    results = run(study, tmp_path / "out")
    assert len(results.subtypes.labels) == 40
    assert results.fusion.coverage.sum().to_dict() == {
        "radiomics": 28,
        "expression": 40,
        "methylation": 36,
    }
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    fusion = record["fusion"]
    assert (fusion["n_patients"], fusion["patients"], fusion["engine"]) == (40, "all", "exact")
    assert fusion["n_neighbors_per_layer"] == {"radiomics": 6, "expression": 8, "methylation": 8}
    assert len(fusion["change_per_iteration"]) == 20
    assert sum(fusion["pairs"].values()) == pytest.approx(1)
    assert fusion["pairs"]["in_every_layer"] == pytest.approx(24 * 23 / (40 * 39))
    # Nobody was lost to the fusion.
    assert not [exclusion for exclusion in record["losses"] if "fused layer" in exclusion["reason"]]
    subtypes = pd.read_csv(tmp_path / "out" / "subtypes.tsv", sep="\t", index_col=0)
    assert subtypes["n_layers"].value_counts().to_dict() == {3: 24, 2: 16}
    layers = results.assessment.layers
    assert layers["n_patients"].to_dict() == {"radiomics": 28, "expression": 40, "methylation": 36}
    known = results.cohort.clinical
    assert known is not None
    table = pd.crosstab(results.subtypes.labels, known["planted_subtype"])
    assert table.max(axis=1).sum() >= 36
    # The same bytes on more processors.
    request.getfixturevalue("no_figures")
    run(study_with(folder, "brief", "", QUICK_IMAGING), tmp_path / "two", n_jobs=2)
    for file in ("subtypes.tsv", "stability.tsv", "layers.tsv"):
        assert (tmp_path / "two" / file).read_bytes() == (tmp_path / "out" / file).read_bytes()


@pytest.mark.parametrize(
    "settings",
    ['patients = "complete"\n', "min_layers = 3\n", 'engine = "snfpy"\nvariant = "snfpy"\n'],
)
def test_fewer_patients_if_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str], settings: str
) -> None:
    study = study_with(folder, "fewer", settings)
    if "variant" in settings:
        study.write_text(study.read_text().replace('variant = "paper"\n', ""))
    main(["check", str(study)])
    assert "24 patients to fuse, 24 of them" in capsys.readouterr().out
    fusion = fused(study)
    assert list(fusion.patients) == [f"SIM-{i + 1:04d}" for i in range(4, 28)]
    (exclusion,) = fusion.exclusions
    assert (exclusion.what, exclusion.count) == ("patients", 16)
    assert exclusion.reason == (
        "not in every fused layer (radiomics lacks 12, expression lacks 0, methylation lacks 4)"
    )


def distances_of(folder: Path, name: str) -> pd.DataFrame:
    """City-block distances of a layer's ranks: what a user might have computed elsewhere."""
    table = pd.read_csv(folder / f"{name}.tsv", sep="\t", index_col=0).rank().fillna(0)
    values = table.to_numpy()
    d = np.abs(values[:, None] - values[None]).sum(axis=2)
    return pd.DataFrame(d, table.index, pd.Index(table.index, name=None))


def test_weights_precision_and_a_file_of_distances(folder: Path) -> None:
    distances = distances_of(folder, "radiomics")
    distances.iloc[::-1].to_csv(folder / "images.tsv", sep="\t")
    settings = (
        "layer_weights = { expression = 2, radiomics = 0.5 }\n"
        'distances = { radiomics = "images.tsv" }\ndtype = "float32"\n'
    )
    fusion = fused(study_with(folder, "settings", settings))
    assert fusion.params["metrics"]["radiomics"] == "precomputed"
    assert fusion.params["dtype"] == "float32"
    weights = fusion.params["layer_weights"]
    assert weights["expression"] == pytest.approx(4 * weights["radiomics"])
    assert weights["expression"] == pytest.approx(2 * weights["methylation"])
    own = list(fusion.per_layer["radiomics"].index)
    assert len(own) == 28
    expected = of.affinity_matrix(distances.loc[own, own].to_numpy(), 6)
    np.testing.assert_allclose(fusion.per_layer["radiomics"], expected, rtol=1e-6)


@pytest.mark.usefixtures("no_figures", "no_map")
def test_a_file_of_distances_is_an_input_of_the_run(folder: Path, tmp_path: Path) -> None:
    distances_of(folder, "radiomics").to_csv(folder / "images.tsv", sep="\t")
    settings = 'n_iterations = 3\ndistances = { radiomics = "images.tsv" }\n'
    run(study_with(folder, "recorded", settings, QUICK_IMAGING), tmp_path / "out")
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["settings"]["fusion"]["distances"] == {"radiomics": "images.tsv"}
    assert "images.tsv" in {Path(name).name for name in record["inputs"]}
    assert record["fusion"]["metrics"]["radiomics"] == "precomputed"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('patients = "some"\n', "patients"),
        ("min_layers = 4\n", "min_layers is 4, but 3 layers are fused"),
        ("layer_weights = { images = 2 }\n", "layer_weights names images, which is not among"),
        ("layer_weights = { expression = 0 }\n", "layer_weights"),
        ("alpha = 1.0\n", 'alpha belongs to variant "snfpy"'),
        ('distances = { images = "images.tsv" }\n', "(do not exist|distances names 'images')"),
        ('distances = { radiomics = "absent.tsv" }\n', r"(?s)files do not exist.*absent\.tsv"),
        (
            'distances = { radiomics = "images.tsv" }\nmetrics = { radiomics = "cosine" }\n',
            "metric and a file of distances for radiomics",
        ),
        ('distances = { radiomics = "few.tsv" }\n', "1 patient of the layer not in the rows"),
        ('engine = "snfpy"\npatients = "all"\n', 'supports only variant "snfpy"'),
    ],
)
def test_what_cannot_be_fused_is_said_by_check(folder: Path, settings: str, message: str) -> None:
    distances = distances_of(folder, "radiomics")
    distances.to_csv(folder / "images.tsv", sep="\t")
    distances.iloc[1:, 1:].to_csv(folder / "few.tsv", sep="\t")
    with pytest.raises(of.StudyError, match=message):
        check(study_with(folder, "wrong", settings))


def test_layers_without_patients_in_common_are_said_by_check(folder: Path) -> None:
    table = pd.read_csv(folder / "methylation.tsv", sep="\t", index_col=0)
    try:
        table.iloc[20:].to_csv(folder / "methylation.tsv", sep="\t")
        study = study_with(folder, "strangers", "")
        text = study.read_text().replace('"expression", ', "")
        study.write_text(text)
        with pytest.raises(
            of.CohortError, match=r"strangers\.toml: layer 'methylation' has 16 .*4 with radiomics"
        ):
            check(study)
    finally:
        table.to_csv(folder / "methylation.tsv", sep="\t")
