"""Faults that do not depend on each other are all told at once, and warnings are not lost."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.cli import main
from omicsfuse.core.errors import OmicsfuseError
from omicsfuse.pipeline.commands.check import check
from omicsfuse.pipeline.study import read_study


@pytest.fixture
def study(brief: Path, tmp_path: Path) -> Path:
    """A copy of a study, with two layers and nothing that is said of it."""
    folder = tmp_path / "study"
    shutil.copytree(brief.parent, folder)
    path = folder / "asked.toml"
    layers = '["radiomics", "mutation"]'
    path.write_text(f'name = "t"\ndiscovery = "discovery.toml"\nlayers = {layers}\n')
    return path


def refusal(path: Path, *lines: str) -> str:
    path.write_text(path.read_text() + "\n".join(lines) + "\n")
    with pytest.raises(OmicsfuseError) as found:
        check(path)
    return str(found.value)


def test_settings_of_a_method_are_told_with_those_of_every_method(study: Path) -> None:
    said = refusal(
        study,
        '[fusion]\nmu = -1\nvariant = "x"\nn_neighbors = 0\nengine = "q"\nn_iteration = 3',
        'layers = ["radiomics"]\npatients = "some"\nmin_layers = 0',
        '[subtypes]\nn_clusters = "many"',
    )
    for fault in (
        "[fusion] mu is -1",
        "[fusion] variant is 'x'",
        "[fusion] n_neighbors is 0",
        "[fusion] engine is 'q'",
        "no setting 'n_iteration'; did you mean \"n_iterations\"?",
        "[fusion] layers belongs at the top of the file",
        'fusion.patients = "some"; did you mean "complete"?',
        "fusion.min_layers = 0",
        'subtypes.n_clusters = "many"; Valid: auto',
    ):
        assert said.count(fault) == 1, said


def test_a_setting_of_another_method_is_named_as_such(study: Path) -> None:
    said = refusal(study, '[fusion]\nmethod = "nemo"\nvariant = "paper"\nmetric = {}')
    valid = "Valid: n_neighbors, method, metrics, distances"
    assert f"'variant'; it is a setting of snf. {valid}" in said
    assert f'did you mean "metrics"? {valid}' in said


def test_missing_files_hide_neither_settings_nor_each_other(study: Path) -> None:
    named = 'gene_sets = ["no.gmt"]\nnegative_controls = ["nowhere.toml"]\n'
    study.write_text(named + study.read_text())
    said = refusal(
        study,
        "[fusion]\nmin_layers = 5",
        '[immune.sets]\nmcp_counter = "cells.gmt"',
        '[interpret.m]\nscores = "no.tsv"\n[interpret.n]\nscores = "clinical.tsv"',
    )
    for file in ("no.gmt", "no.tsv", "cells.gmt", "nowhere.toml"):
        assert said.count(str(study.with_name(file))) == 1, said
    assert "min_layers is 5, but 2 layers are fused" in said
    assert "[interpret.n] clinical.tsv has the columns" in said
    study.write_text(study.read_text().replace("min_layers = 5", "engine = 5"))
    said = refusal(study)
    assert "engine is 5" in said
    assert said.count("nowhere.toml") == 1


def test_each_stage_tells_all_that_it_finds(study: Path) -> None:
    said = refusal(
        study,
        "[preprocess.n_features]\nmirna = 5\nprotein = 4",
        "[fusion]\nmin_layers = 5\nlayer_weights = { foo = 2 }",
        'metrics = { bar = "euclidean", mutation = "nope" }',
        '[survival]\nendpoints = ["pfs", "dfs"]\ntrend = "nocol"',
        '[markers]\ncovariates = ["agee", "stag"]\ncounts = "deseq2"',
        '[radiogenomics]\nlayer = "mutation"\ntargets = []\ncovariates = ["sexx"]',
        '[signatures.a]\nlayer = "expression"\ncovariates = ["agee", "x"]\nmethod = "templates"',
    )
    for fault in (
        "n_features names layer 'mirna'",
        "n_features names layer 'protein'",
        "min_layers is 5",
        "layer_weights names foo",
        "metrics names bar",
        "metric of mutation is 'nope'",
        "endpoints names 'pfs'",
        "endpoints names 'dfs'",
        '[survival] trend: covariate "nocol"',
        "[markers] covariates: 'agee'",
        "[markers] covariates: 'stag'",
        '[markers] counts = "deseq2"',
        "[radiogenomics] layer",
        "[radiogenomics] targets is empty",
        "[radiogenomics] covariates: 'sexx'",
        "[signatures.a] covariates names 'agee'",
        "[signatures.a] covariates names 'x'",
        "[signatures.a] method 'templates' cannot adjust",
    ):
        assert said.count(fault) == 1, f"{fault}\n{said}"


def test_the_gate_tells_all_columns_and_layers() -> None:
    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", 3.0]}, ["P1", "P2"])
    clinical = pd.DataFrame({"age": [50, 60]}, ["P1", "P2"])
    with pytest.raises(of.CohortError) as found:
        of.Cohort(
            "two",
            {name: of.Layer("expression", table, "log2") for name in ("one", "other")},
            clinical,
            {"os": of.Endpoint("os_time", "os_event")},
            covariates=("agee",),
            strata=("site",),
        )
    said = str(found.value)
    assert said.startswith("6 faults:\n1. ")
    for fault in ('layer "one"', 'layer "other"', '"agee"', '"site"', '"os_time"', '"os_event"'):
        assert said.count(fault) == 1, said
    assert len(found.value.faults) == 6


def test_every_table_that_cannot_be_read_is_told(study: Path) -> None:
    for file in ("clinical.tsv", "mutation.tsv", "radiomics.tsv"):
        table = study.with_name(file)
        table.write_text(table.read_text() + "cut\tshort\n")
    with pytest.raises(of.CohortError) as found:
        of.read_cohort(study.with_name("discovery.toml"))
    said = str(found.value)
    assert said.startswith("3 faults:")
    for name in ("clinical.tsv", "mutation.tsv", "radiomics.tsv"):
        assert said.count(name) == 1, said


def test_a_method_that_is_no_word_is_told_once(study: Path) -> None:
    said = refusal(study, "[fusion]\nmethod = 5")
    assert said.endswith("fusion.method = 5: expected text in quotes.")
    assert "[fusion]" not in said


@pytest.mark.parametrize("words", [["check"], ["run", "--out"]])
def test_warnings_are_printed_before_the_faults(
    study: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    clinical = pd.read_csv(study.with_name("clinical.tsv"), sep="\t")
    clinical["albumin"] = ["low", *map(str, range(len(clinical) - 1))]
    clinical.to_csv(study.with_name("clinical.tsv"), sep="\t", index=False)
    study.write_text(study.read_text() + '[markers]\ncovariates = ["stagee"]\n')
    out = [str(study.with_name("out"))] if "--out" in words else []
    with pytest.raises(SystemExit) as stop:
        main([words[0], str(study), *words[1:], *out])
    assert stop.value.code == 1
    said = capsys.readouterr().err
    assert said.count("warning: ") == said.count('"albumin" (numeric): "low"') == 1
    assert said.index("warning: ") < said.index("omicsfuse: ")
    assert "'stagee' is not among" in said
    assert "done in" not in said


def test_the_path_of_a_study_is_no_key_of_it(study: Path) -> None:
    assert read_study(study).path == study
    said = refusal_of_top(study)
    assert 'unknown key "path"' in said
    assert "path" not in said.partition("Valid: ")[2]


def test_a_manifest_is_no_study(study: Path) -> None:
    said = refusal(study.with_name("discovery.toml"))
    assert "is a manifest, which describes one cohort; expected a study" in said
    assert 'discovery = "discovery.toml"' in said
    assert "unknown key" not in said


def test_a_study_is_no_manifest(study: Path) -> None:
    with pytest.raises(of.CohortError, match="is a study file") as found:
        of.read_cohort(study)
    assert "unknown key" not in str(found.value)
    assert "omicsfuse run" in str(found.value)


@pytest.mark.parametrize(("word", "kind"), [("cnv", "copy_number"), ("RNAseq", "expression")])
def test_other_words_for_a_kind_are_understood(study: Path, word: str, kind: str) -> None:
    manifest = study.with_name("discovery.toml")
    text = manifest.read_text().replace(f'kind = "{kind}"', f'kind = "{word}"', 1)
    manifest.write_text(text)
    with pytest.raises(of.CohortError, match=f'did you mean "{kind}"'):
        of.read_cohort(manifest)


def test_a_wrong_kind_does_not_hide_the_faults_of_the_tables(study: Path) -> None:
    manifest = study.with_name("discovery.toml")
    text = manifest.read_text()
    for right, wrong in (
        ('kind = "copy_number"', 'kind = "cnv"'),
        ('time = "os_time"', 'time = "OS_days"'),
        ('scale = "raw"', 'scale = "zscore"'),
    ):
        assert right in text
        text = text.replace(right, wrong, 1)
    manifest.write_text(text)
    said = refusal(study, '[signature]\nlayer = "rnaz"')
    for fault in ('"cnv"', '"OS_days"', "names 'rnaz'"):
        assert said.count(fault) == 1, said
    assert "zscore" in said


def refusal_of_top(path: Path) -> str:
    path.write_text('path = "x.toml"\n' + path.read_text())
    return refusal(path)


def test_a_cohort_is_read_from_the_path_of_a_manifest() -> None:
    with pytest.raises(of.StudyError, match="the path of a manifest") as found:
        of.read_cohort(3)
    assert "of." not in str(found.value)


def test_a_manifest_is_read_though_the_study_is_at_fault(study: Path) -> None:
    manifest = study.parent / "discovery.toml"
    manifest.write_text(
        manifest.read_text().replace("[layers.radiomics]\n", "[layers.radiomics]\nknid = 1\n")
    )
    said = refusal(study, "sed = 1", 'external = ["nowhere.toml"]')
    for fault in ('unknown key "sed"', 'unknown key "knid"', "nowhere.toml"):
        assert said.count(fault) == 1, said


def test_tables_that_are_there_are_checked_though_another_is_missing(study: Path) -> None:
    manifest = study.parent / "discovery.toml"
    layers = list(of.read_cohort(manifest).omics)
    text = manifest.read_text().replace("radiomics.tsv", "nowhere.tsv")
    manifest.write_text(text.replace('covariates = ["age"', 'covariates = ["agee"'))
    assert "radiomics" in layers
    assert "agee" in manifest.read_text()
    said = refusal(study)
    for fault in ("nowhere.tsv", 'no column "agee"'):
        assert said.count(fault) == 1, said
    manifest.write_text(text.replace("clinical.tsv", "elsewhere.tsv"))
    assert "2 faults" not in refusal(study)


def test_one_word_is_a_list_of_itself(study: Path) -> None:
    study.write_text(
        study.read_text().replace('["radiomics", "mutation"]', '"radiomics"')
        + 'external = "external.toml"\ngene_sets = "gene_sets.gmt"\n'
        + '[figures]\nformat = "pdf"\npalette = "tol-muted"\n[survival]\nendpoints = "os"\n'
    )
    read = read_study(study)
    assert read.layers == ("radiomics",)
    assert read.external == (study.with_name("external.toml"),)
    assert read.gene_sets == (study.with_name("gene_sets.gmt"),)
    assert read.figures.format == ("pdf",)
    assert read.figures.palette == "tol-muted"
    assert read.survival.endpoints == ("os",)


ASKED = [
    '[survival]\nendpoints = ["pfs", "os"]',
    '[markers]\ncovariates = ["agee"]',
    '[radiogenomics]\nlayer = "mutation"',
    "[fusion]\nmin_layers = 5",
]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("[layers.radiomics]\n", "[layers.radiomics]\nknid = 1\n", 'unknown key "knid"'),
        ('kind = "mutation"', 'kind = "mutatoin"', "this kind is not known"),
        ('scale = "gistic"', 'scale = "log3"', "log3"),
        ('event = "os_event"', "", '"event" is missing'),
        ('event = "os_event"', 'event = "stage"', "not understood"),
        ('"planted_subtype"', '"hpv"', '"hpv"'),
        ('name = "simulated"', "", '"name" is missing'),
        ("radiomics.tsv", "nowhere.tsv", "nowhere.tsv"),
    ],
)
def test_a_fault_of_the_manifest_does_not_hide_those_of_the_study(
    study: Path, right: str, wrong: str, said: str
) -> None:
    """Nor does it give the study faults that it does not have."""
    manifest = study.with_name("discovery.toml")
    assert right in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(right, wrong, 1))
    found = refusal(study, *ASKED)
    for fault in (said, "names 'pfs'", "'agee'", "min_layers is 5"):
        assert found.count(fault) == 1, found
    assert "names 'os'" not in found
    assert "layers names" not in found


def test_a_fault_of_a_table_does_not_hide_those_of_the_study(study: Path) -> None:
    table = study.with_name("radiomics.tsv")
    rows = table.read_text().splitlines()
    rows[1] = "\t".join([rows[1].split("\t")[0], "word", *rows[1].split("\t")[2:]])
    table.write_text("\n".join(rows) + "\n")
    found = refusal(study, *ASKED)
    for fault in ('"word"', "names 'pfs'", "'agee'", "min_layers is 5"):
        assert found.count(fault) == 1, found


def test_a_fault_of_the_study_does_not_hide_those_of_its_tables(study: Path) -> None:
    table = study.with_name("radiomics.tsv")
    table.write_text(table.read_text() + "cut\tshort\n")
    said = refusal(study, "sed = 1", 'external = ["nowhere.toml", ""]')
    for fault in ('unknown key "sed"', "nowhere.toml", "radiomics.tsv"):
        assert said.count(fault) == 1, said


def test_check_tells_of_a_layer_that_a_run_leaves_out(study: Path) -> None:
    table = pd.read_csv(study.with_name("mutation.tsv"), sep="\t", index_col=0)
    (table * 0).to_csv(study.with_name("mutation.tsv"), sep="\t")
    said = r"layer 'mutation' \(mutation\): no usable feature remains.* A run excludes this layer"
    with pytest.warns(of.OmicsfuseWarning, match=said):
        check(study)


def test_check_tells_of_labels_of_nobody_in_the_cohort(study: Path) -> None:
    patients = of.read_cohort(study.with_name("discovery.toml")).patients()
    labels = pd.Series(["a", "b"] * 20, patients, name="subtype")
    labels["stranger"] = "a"
    labels.to_csv(study.with_name("labels.tsv"), sep="\t", index_label="patient")
    study.write_text(study.read_text() + '[subtypes]\nlabels = "labels.tsv"\n')
    with pytest.warns(of.OmicsfuseWarning, match='1 of 41 patients .* "stranger"'):
        check(study)
