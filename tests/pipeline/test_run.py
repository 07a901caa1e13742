"""The whole road: one study file in, all result files out, the same bytes every time."""

import json
import os
import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from stand_ins import without_map

import omicsfuse as of
from omicsfuse.core.results import ASSOCIATION_COLUMNS, SCORE_TEST_COLUMNS, RunResults
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.pipeline import check as checking
from omicsfuse.pipeline.commands.check import check
from omicsfuse.pipeline.commands.verify import verify_cohorts
from omicsfuse.pipeline.run import run
from omicsfuse.pipeline.stage import layers_to_prepare
from omicsfuse.pipeline.stages import STAGES
from omicsfuse.pipeline.stages import verify as verifying
from omicsfuse.pipeline.workspace import Workspace

STUDIES = Path(__file__).parents[2] / "data_manifests" / "studies"

CONTRACT = {
    "subtypes.tsv": [
        "patient", "subtype", "silhouette", "confidence", "n_layers", "co_clustering", "membership",
    ],
    "n_clusters.tsv": [
        "k", "eigengap", "eigengap_ratio", "rotation_cost", "silhouette", "normalised_cut", "gap",
        "gap_sd", "chosen_share",
        "smallest", "pac", "cdf_area", "cdf_area_gain", "prediction_strength",
        "prediction_strength_sd", "eigengap_over_continuum", "silhouette_over_continuum",
        "normalised_cut_over_continuum", "chosen",
    ],
    "assess/structure.tsv": [
        "test", "k", "statistic", "observed", "null_mean", "null_sd", "excess", "n_draws",
    ],
    "assess/subtype_layers.tsv": ["subtype", "layer", "n", "within", "between", "ratio"],
    "stability.tsv": ["subtype", "n", "jaccard_mean", "jaccard_sd", "dissolved", "n_resamples"],
    "survival.tsv": [
        "endpoint", "comparison", "n", "events", "chi2", "p_asymptotic", "p_permutation",
        "p_ci_low", "p_ci_high", "n_permutations", "fdr", "note",
    ],
    "survival/cox.tsv": [
        "endpoint", "model", "term", "n", "events", "hr", "hr_ci_low", "hr_ci_high", "p", "note",
    ],
    "enrichment.tsv": ["subtype", "gene_set", "nes", "p", "fdr", "size", "leading_edge", "note",
                       "group", "representative"],
    "markers.tsv": ["layer", "feature", "subtype", "effect", "effect_ci_low", "effect_ci_high",
                    "effect_name", "test", "n", "p", "fdr", "note"],
    "pathways/drivers.tsv": ["subtype", "rank", "layer", "feature", "direction", "inside",
                    "outside", "summary", "effect", "effect_ci_low", "effect_ci_high",
                    "effect_name", "fdr"],
    "pathways/gene_set_tests.tsv": list(SCORE_TEST_COLUMNS),
    "radiogenomics/radiogenomic_associations.tsv": list(ASSOCIATION_COLUMNS),
    "verification.tsv": [
        "cohort", "endpoint", "signature", "role", "comparison", "n", "events", "genes_found",
        "genes_total", "scorer", "scaling", "hr", "hr_ci_low", "hr_ci_high", "chi2", "test", "p",
        "fdr", "p_one_sided", "concordance", "concordance_ci_low", "concordance_ci_high",
        "cut_point", "adjusted_for", "random_null_percentile", "random_null_p",
        "permuted_null_percentile", "permuted_null_p", "same_study", "note",
    ],
}  # fmt: skip


CALLS: list[int] = []


def doubtful(x: int) -> int:
    """A stage that warns and counts its calls."""
    CALLS.append(x)
    warnings.warn("doubtful", of.OmicsfuseWarning, stacklevel=2)
    return 2 * x


@pytest.fixture(scope="module")
def study(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated cohort as a user's folder, for tests to add files to."""
    folder = tmp_path_factory.mktemp("study")
    shutil.copytree(finished / "study", folder, dirs_exist_ok=True)
    return folder / "study.toml"


@pytest.fixture(scope="module")
def done(finished: Path) -> Path:
    """A finished run, to look at only."""
    return finished / "results"


@pytest.fixture(scope="module")
def stopped(brief: Path, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A run that failed at its last stage: its folder, its error, and the cohorts it opened.

    Beside each cohort it says whether a signature was locked before that cohort was read.
    """
    out = tmp_path_factory.mktemp("stopped") / "out"
    opened: list[tuple[str, bool]] = []
    reader = of.read_cohort

    def watched(manifest):
        locked = list(out.rglob("signature.json"))
        opened.append((manifest.name, bool(locked) and bool(of.load_signature(locked[0]).hash)))
        return reader(manifest)

    with without_map() as patch:
        patch.setattr(checking, "read_cohort", watched)
        patch.setattr(verifying, "read_cohort", watched)
        with pytest.raises(of.StudyError, match="on purpose") as stop:
            run(brief, out, progress=failing("report"))
    return SimpleNamespace(out=out, error=stop.value, opened=opened)


@pytest.fixture(scope="module")
def images_only(brief: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResults, Path]:
    """A run, with a seed of its own, of a cohort that has images and nothing else."""
    folder = tmp_path_factory.mktemp("images")
    shutil.copytree(brief.parent, folder / "in")
    manifest = (folder / "in" / "discovery.toml").read_text()
    layers = manifest[manifest.index("[layers.radiomics]") : manifest.index("[layers.expression]")]
    (folder / "in" / "discovery.toml").write_text('name = "images only"\n' + layers)
    path = folder / "in" / "images.toml"
    path.write_text('name = "images"\ndiscovery = "discovery.toml"\n[assignment]\nn_repeats = 1\n')
    with without_map():
        return run(path, folder / "out", seed=7), folder / "out"


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, and run.json without its one field that may differ."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    record = json.loads(found["run.json"])
    assert record.pop("seconds")
    found["run.json"] = json.dumps(record).encode()
    return found


def test_all_result_files_are_there_with_the_promised_columns(done: Path) -> None:
    for name, columns in CONTRACT.items():
        table = pd.read_csv(done / name, sep="\t")
        assert list(table.columns) == columns, name
        assert len(table), name
    families = pd.read_csv(done / "radiogenomics/radiogenomic_families.tsv", sep="\t")
    assert {"expression", "mutation", "gene sets"} <= set(families["layer"])
    layers = pd.read_csv(done / "layers.tsv", sep="\t")
    assert layers.columns[0] == "layer"
    assert {"agreement_alone", "p_adds", "shared_gain", "held_out_gain_p"} <= set(layers.columns)
    record = json.loads((done / "run.json").read_text())["subtypes"]
    assert record["supported"] is True
    assert record["verdict"] == "subtypes supported"
    assert (record["p_shared"], record["p_structure"]) == (0.025, 0.025)
    assert pd.read_csv(done / "clinical/clinical.tsv", sep="\t").columns[0] == "variable"
    assert (done / "report.html").stat().st_size > 10_000
    assert list((done / "figures").glob("*.svg"))
    assert not (done / ".omicsfuse").exists()
    of.load_signature(done / "signature.json")


def test_the_planted_subtypes_come_back(done: Path, simulated: SimulatedCohort) -> None:
    labels = pd.read_csv(done / "subtypes.tsv", sep="\t", index_col="patient")["subtype"]
    assert adjusted_rand_score(simulated.truth[labels.index], labels) > 0.9
    clinical = pd.read_csv(done / "clinical/clinical.tsv", sep="\t", index_col="variable")
    assert clinical.loc["planted_subtype", "adjusted_rand_index"] > 0.9
    assert list(labels.index) == list(simulated.discovery.clinical.index)


def test_the_record_tells_how_the_results_came_about(done: Path, study: Path) -> None:
    record = json.loads((done / "run.json").read_text())
    assert record["seed"] == 0
    assert record["settings"]["fusion"]["n_neighbors"] == 20
    assert set(record["inputs"]) >= {"discovery.toml", "radiomics.tsv", "external_expression.tsv"}
    assert record["subtypes"]["n_clusters"] == 3
    assert sum(record["subtypes"]["sizes"].values()) == 90
    assert list(record["seconds"]) == [*(stage.name for stage in STAGES), "report"]
    assert record["versions"]["omicsfuse"] == of.__version__
    assert any(
        exclusion["what"] == "values" and exclusion["count"] > 0 for exclusion in record["losses"]
    )
    assert sorted(record["files"]) == sorted(files(done))
    assert str(study.parent) not in (done / "run.json").read_text()


def test_another_seed_is_recorded(images_only: tuple[RunResults, Path]) -> None:
    results, out = images_only
    assert results.provenance["seed"] == 7
    assert json.loads((out / "run.json").read_text())["settings"]["seed"] == 7


def test_the_signature_is_written_before_an_external_table_is_opened(
    stopped: SimpleNamespace,
) -> None:
    assert stopped.opened == [("simulated", False), ("simulated-external", True)]


@pytest.mark.long
def test_an_interrupted_run_leaves_the_earlier_result_and_is_resumed_to_the_same_bytes_on_two_jobs(
    study: Path, done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    shutil.copytree(done, out)
    # What one process made in one go.
    before = files(out)

    def interrupt(stage: str) -> None:
        if stage == "pathways":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(study, out, n_jobs=2, progress=interrupt)
    assert (out / ".omicsfuse" / "stages").is_dir()
    assert {k: v for k, v in files(out).items() if not k.startswith(".omicsfuse")} == before

    def never(*args: object, **kwargs: object) -> None:
        raise AssertionError("a finished stage was computed again")

    # The function shadows its module of the same name, so the module is asked for by its name.
    assessing = import_module("omicsfuse.assessment.assess")
    monkeypatch.setattr(assessing, "resample_clusters", never)
    # Each file is written anew: bytes that are the same come from this run.
    written = (out / "run.json").stat().st_ino
    run(study, out, n_jobs=2, resume=True)
    assert (out / "run.json").stat().st_ino != written
    after = files(out)
    assert sorted(after) == sorted(before)
    assert [name for name in before if before[name] != after[name]] == []
    assert not (out / ".omicsfuse").exists()


@pytest.mark.usefixtures("no_figures", "no_map")
def test_resuming_takes_up_nothing_that_has_changed(brief: Path, tmp_path: Path) -> None:
    shutil.copytree(brief.parent, tmp_path / "in")
    path = tmp_path / "in" / brief.name

    def interrupt(stage: str) -> None:
        if stage == "signature":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(path, tmp_path / "out", progress=interrupt)
    gmt = tmp_path / "in" / "gene_sets.gmt"
    gmt.write_text(gmt.read_text().replace("PLANTED", "EDITED"))
    results = run(path, tmp_path / "out", resume=True)
    assert results.enrichment["gene_set"].str.startswith("EDITED").any()
    assert not results.enrichment["gene_set"].str.startswith("PLANTED").any()


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    said = "holds no unfinished run: the whole study is computed"
    with (
        pytest.warns(of.OmicsfuseWarning, match=said),
        Workspace(tmp_path / "out", resume=True),
    ):
        pass


def test_a_resumed_stage_repeats_its_warnings(tmp_path: Path) -> None:
    for again in (False, True):
        with Workspace(tmp_path / "out", resume=again) as workspace:
            with pytest.warns(of.OmicsfuseWarning, match="doubtful"):
                assert workspace.remembered("a" * 64, doubtful, 2, n_jobs=0) == 4
            (tmp_path / "keep").mkdir(exist_ok=True)
            shutil.copytree(workspace.cache, tmp_path / "keep", dirs_exist_ok=True)
        shutil.copytree(tmp_path / "keep", tmp_path / "out" / ".omicsfuse" / "stages")
    assert CALLS == [2]


def failing(at: str) -> Callable[[str], None]:
    def fail(stage: str) -> None:
        if stage == at:
            raise of.StudyError("on purpose")

    return fail


def test_a_run_that_fails_early_leaves_nothing(study: Path, tmp_path: Path) -> None:
    with pytest.raises(of.StudyError, match="on purpose"):
        run(study, tmp_path / "a" / "b", progress=failing("cluster"))
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_late_keeps_its_long_work(stopped: SimpleNamespace) -> None:
    assert [path.name for path in stopped.out.iterdir()] == [".omicsfuse"]
    assert (stopped.out / ".omicsfuse" / "stages").is_dir()
    assert "--resume" in " ".join(stopped.error.__notes__)


def flat(done: Path, out: Path) -> None:
    """Copy a run as version 0.1 laid it out: all files of stages at the top, and no list."""
    shutil.copytree(done, out)
    record = json.loads((out / "run.json").read_text())
    names = [name for name in record["files"] if name != "index.tsv"]
    (out / "index.tsv").unlink()
    moved = {name: name if name.startswith("figures/") else Path(name).name for name in names}
    for name, place in moved.items():
        (out / name).rename(out / place)
    for folder in {Path(name).parent for name in names} - {Path(), Path("figures")}:
        (out / folder).rmdir()
    (out / "run.json").write_text(json.dumps({**record, "files": list(moved.values())}))


@pytest.mark.usefixtures("no_figures", "no_map")
@pytest.mark.parametrize("before", [shutil.copytree, flat])
def test_a_second_run_replaces_the_first_and_spares_the_user_s_files(
    brief: Path, done: Path, tmp_path: Path, before: Callable[[Path, Path], None]
) -> None:
    out = tmp_path / "out"
    before(done, out)
    first = set(files(out))
    assert {Path(name).name for name in first} > {"signature.json", "cox.tsv"}
    own = {"notes.txt", "figures/slide.png", "survival/mine.tsv"}
    for name in own:
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
    plain = brief.read_text().replace('external = ["external.toml"]', "")
    short = brief.with_name("short.toml")
    short.write_text(plain[: plain.index("[signature]")] + "[assignment]\nn_repeats = 0\n")
    run(short, out)
    names = set(files(out))
    assert own <= names
    assert names - own == set(json.loads((out / "run.json").read_text())["files"])
    assert not {"signature.json", "verify/assigned_simulated-external.tsv"} & names
    assert (before is flat) == ("cox.tsv" in first)
    assert all(any(path.iterdir()) for path in out.rglob("*") if path.is_dir())
    # Nothing was verified, and no table of results says so by being empty.
    assert not (out / "verification.tsv").exists()
    listed = pd.read_csv(out / "index.tsv", sep="\t")["file"]
    assert "verification.tsv" not in set(listed)
    assert "verification.tsv" not in (out / "report.html").read_text(encoding="utf-8")
    assert "signature.json" in files(done)


def test_a_folder_with_other_files_is_refused(study: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(of.StudyError, match=r"not results of omicsfuse \(thesis.docx\)"):
        run(study, tmp_path)
    with pytest.raises(of.StudyError, match="is a file; name a folder"):
        run(study, tmp_path / "thesis.docx")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_gene_sets_need_genes_and_find_them_in_a_layer_that_is_not_fused(study: Path) -> None:
    text = study.read_text().replace('"radiomics", "expression", ', '"radiomics", ')
    images = study.with_name("images.toml")
    images.write_text(text)
    parsed, cohort, _, _ = check(images)
    assert layers_to_prepare(STAGES, parsed, cohort)[-1] == "expression"
    manifest = study.with_name("discovery.toml").read_text()
    start, end = manifest.index("[layers.expression]"), manifest.index("[layers.methylation]")
    study.with_name("no_genes.toml").write_text(manifest[:start] + manifest[end:])
    images.write_text(text.replace("discovery.toml", "no_genes.toml"))
    with pytest.raises(
        of.StudyError, match=r"gene_sets are given, but cohort .* has no layer of kin"
    ):
        check(images)


def test_check_reads_everything_and_computes_nothing(study: Path) -> None:
    parsed, cohort, external, manifests = check(study)
    assert parsed.name == "simulated"
    assert list(cohort.omics) == [
        "radiomics",
        "expression",
        "methylation",
        "mutation",
        "copy_number",
    ]
    assert [other.name for other in external] == ["simulated-external"]
    assert len(manifests) == 2


def test_a_cohort_without_clinical_table_or_genes(
    images_only: tuple[RunResults, Path],
) -> None:
    results, out = images_only
    assert results.survival == {}
    assert list(results.clinical.index) == ["tumour volume (radiomics)"]
    assert results.signature is None
    assert (out / "report.html").stat().st_size > 10_000
    # Without genes there are no gene sets and nothing that the images could go with.
    absent = {"pathways/gene_set_tests.tsv", "radiogenomics/radiogenomic_associations.tsv"}
    # Nothing was verified without external cohorts.
    absent.add("verification.tsv")
    assert not any((out / name).exists() for name in absent)
    for name in CONTRACT.keys() - absent:
        assert (out / name).read_text().startswith(CONTRACT[name][0])


@pytest.mark.usefixtures("no_map")
def test_a_single_subtype_still_gives_a_report(brief: Path, tmp_path: Path) -> None:
    text = brief.with_name("study.toml").read_text()
    single = brief.with_name("single.toml")
    single.write_text(text.replace('n_clusters = "auto"', "n_clusters = 1"))
    results = run(single, tmp_path / "out")
    assert results.signature is None
    assert any("one subtype" in message for message in results.warnings)
    assert (tmp_path / "out" / "report.html").is_file()


def test_verify_in_a_fresh_folder_equals_the_run(done: Path, study: Path, tmp_path: Path) -> None:
    verification = verify_cohorts(
        done / "signature.json", [study.with_name("external.toml")], tmp_path / "v"
    )
    ours = pd.read_csv(tmp_path / "v" / "verification.tsv", sep="\t")
    theirs = pd.read_csv(done / "verification.tsv", sep="\t")
    pd.testing.assert_series_equal(ours["hr"], theirs["hr"])
    assert len(verification.table) == len(theirs)
    record = json.loads((tmp_path / "v" / "run.json").read_text())
    assert record["signature"] == of.load_signature(done / "signature.json").hash


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("seed = 0", "sede = 0"), r"sede.*seed"),
        (('discovery = "discovery.toml"', ""), "discovery"),
        (("n_neighbors = 20", 'n_neighbors = "twenty"'), "n_neighbors"),
        (("n_neighbors = 20", "n_neighbors = 0"), "n_neighbors"),
        (('variant = "paper"', 'variant = "new"'), "variant"),
        (('"radiomics", "expression"', '"radiomics", "rna"'), "'rna', which cohort 'simulated'"),
        (('"radiomics", "expression"', '"radiomics", "radiomics"'), "layers"),
        (('endpoints = ["os"]', 'endpoints = ["pfs"]'), r"'pfs'.*describes: os"),
        (('["gene_sets.gmt"]', '["genes.gmt"]'), r"do not exist:\n.*genes\.gmt"),
        (('n_clusters = "auto"', "n_clusters = 60"), "up to 60 subtypes of 90 patients"),
        (('n_clusters = "auto"', "n_clusters = [6, 2]"), "n_clusters is 6 to 2"),
        (
            ('variant = "paper"', 'variant = "paper"\nengine = "snfpy"'),
            'supports only variant "snfpy"',
        ),
        (("[fusion]", '[fusion]\nmetrics = { rna = "cosine" }'), "metrics names rna"),
        (("[fusion]", '[fusion]\nmetrics = { expression = "cos" }'), 'did you mean "cosine"'),
        (("[fusion]", "[preprocess]\nn_features = { rna = 5 }\n[fusion]"), "names layer 'rna'"),
        (("[fusion]", "[preprocess]\nn_features = { mutation = 5 }\n[fusion]"), "does not apply"),
        (("[enrichment]", "[enrichment]\nmin_size = 600"), "min_size 600 is above max_size 500"),
        (("n_random = 50", "n_genes = 3"), "n_genes"),
        (('name = "simulated"', 'name = "simulated'), "study"),
    ],
)
def test_refused_studies(
    study: Path, tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    text = study.read_text()
    assert change[0] in text
    bad = study.with_name(f"bad_{os.getpid()}.toml")
    bad.write_text(text.replace(*change))
    with pytest.raises(of.StudyError, match=f"(?s){message}"):
        check(bad)
    with pytest.raises(of.StudyError, match=f"(?s){message}"):
        run(bad, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_head_and_neck_cancer_runs(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSFUSE_DATA", str(real_data))
    study = of.read_study(STUDIES / "hnsc.toml")
    fewer = {"n_permutations": 19, "n_shuffled": 5, "n_random": 50}
    # Only images are assigned below; what genes tell of new patients has its own test.
    images_once = {"layers": ("radiomics",), "n_repeats": 1}
    assert study.signature is not None
    study = study.model_copy(
        update={
            "signature": study.signature.model_copy(update=fewer),
            "signatures": {
                name: one.model_copy(update=fewer) for name, one in study.signatures.items()
            },
            "survival": study.survival.model_copy(update={"n_bootstrap": 20}),
            "assignment": study.assignment.model_copy(update=images_once),
            "radiogenomics": study.radiogenomics.model_copy(update={"modules": False}),
        }
    )
    results = run(study, tmp_path / "hnsc")
    labels = results.subtypes.labels
    assert len(labels) == 106
    # A biological truth: cut in two, 17 of the 18 HPV-positive patients fall in one subtype.
    labels = of.cluster(results.fusion, 2, random_state=0).labels
    assert results.cohort.clinical is not None
    hpv = results.cohort.clinical["hpv_status"].reindex(labels.index)
    assert pd.crosstab(labels, hpv)["HPV+"].max() == 17
    assert results.verification is not None
    assert (results.verification.table["genes_found"] > 0).all()
    roles = results.verification.table.groupby("cohort")["role"].unique().str[0]
    assert roles.to_dict() == {
        "tcga-hnsc-noimaging": "internal-external",
        "glioma-vital": "negative control",
    }
    # What is known of cancers with HPV: CDKN2A is raised and TP53 is not mutated.
    assert results.biology is not None
    held = results.biology.label_markers
    held = held[(held["level"] == "HPV+") & held["agrees"]].set_index("feature")
    assert held.loc["CDKN2A", "label_effect"] > 2
    assert held.loc["CDKN2A", "subtype_effect"] > 2
    assert held.loc["TP53", "subtype_effect"] < -0.5
    assert results.radiogenomics is not None
    assert not results.radiogenomics.families.set_index("layer").loc["expression", "found"]
    assert results.immune is not None
    assert (results.immune.coverage["used"] > 0).sum() == 41
    assert list(results.signatures) == ["hnsc", "grey_level_non_uniformity"]
    subtypes, feature = (one.signature.agreement.iloc[0] for one in results.signatures.values())
    assert subtypes["p"] == 0.05  # the smallest there is with 19 permutations
    assert feature["p"] > 0.05
    assert any("do not predict GLRLM_GrayLevelNonUniformity" in w for w in results.warnings)
    images = of.Cohort("images", {"radiomics": results.cohort.omics["radiomics"]})
    classifier = of.load_classifier(tmp_path / "hnsc" / "classifier.json")
    with pytest.warns(of.OmicsfuseWarning, match="106 of 106 patients are training patients"):
        told = of.assign(classifier, images)
    assert len(told) == 106
    assert told["training_patient"].all()


@pytest.mark.long
@pytest.mark.usefixtures("no_figures", "no_map")
@pytest.mark.parametrize(
    ("name", "patients", "every", "left"), [("acc", 92, 1, 92), ("luad", 515, 3, 172)]
)
def test_other_real_cohorts_run(
    name: str,
    patients: int,
    every: int,
    left: int,
    real_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a large cohort all tables are read, and every third patient is taken further."""
    monkeypatch.setenv("OMICSFUSE_DATA", str(real_data))
    reader = of.read_cohort

    def thinned(manifest: Path) -> of.Cohort:
        cohort = reader(manifest)
        assert cohort.clinical is not None
        assert len(cohort.clinical) == patients
        # The patients of the clinical table are the cohort.
        return replace(cohort, clinical=cohort.clinical[::every])

    monkeypatch.setattr(checking, "read_cohort", thinned)
    study = of.read_study(STUDIES / f"{name}.toml")
    # The choice of k in large cohorts takes long, and has its own tests.
    fixed = study.subtypes.model_copy(update={"n_clusters": 5})
    none = study.assignment.model_copy(update={"n_repeats": 0})
    few = study.survival.model_copy(update={"n_bootstrap": 20})
    quick_study = study.model_copy(update={"subtypes": fixed, "survival": few, "assignment": none})
    results = run(quick_study, tmp_path / name)
    assert len(results.subtypes.labels) == left
    assert set(results.survival) == {"os", "pfi", "dss"}


def test_results_of_another_study_are_not_replaced(done: Path, study: Path) -> None:
    other = study.with_name("other.toml")
    other.write_text(study.read_text().replace('name = "simulated"', 'name = "other"'))
    before = files(done)
    with pytest.raises(
        of.StudyError, match="holds the results of 'simulated', and this is 'other'"
    ):
        run(other, done)
    assert files(done) == before


def test_a_signature_that_cannot_be_scored_is_an_error_not_a_result(
    done: Path, study: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(study.with_name("external_expression.tsv"), sep="\t", index_col=0)
    table.columns = [f"ENSG{i:05d}" for i in range(table.shape[1])]
    table.to_csv(study.with_name("ensembl.tsv"), sep="\t")
    manifest = study.with_name("external.toml").read_text()
    renamed = study.with_name("ensembl.toml")
    renamed.write_text(manifest.replace("external_expression.tsv", "ensembl.tsv"))
    with pytest.raises(of.SignatureError, match=r"could be scored in none of the cohorts: .*genes"):
        verify_cohorts(done / "signature.json", [renamed], tmp_path / "v")
    assert not (tmp_path / "v").exists()


def test_feature_groups_are_read_and_checked(study: Path, tmp_path: Path) -> None:
    text = study.read_text()
    file = study.with_name("groups.tsv")
    changed = study.with_name("grouped.toml")
    assert "[subtypes]" in text
    changed.write_text(
        text.replace("[subtypes]", '[subtypes]\nfeature_groups = { expression = "groups.tsv" }')
    )
    with pytest.raises(of.StudyError, match="do not exist"):
        check(changed)
    file.write_text("feature\nGENE0001\nGENE0002\n")
    with pytest.raises(of.StudyError, match="only one column was found"):
        check(changed)
    file.write_text("feature\tgroup\nTP53\tone\n")
    with pytest.raises(of.StudyError, match="none of its features is in layer 'expression'"):
        check(changed)
    file.write_text("feature\tgroup\nGENE0001\tone\nGENE0001\ttwo\n")
    with pytest.raises(of.StudyError, match=r"feature_groups of layer 'expression'.*GENE0001"):
        check(changed)
    file.write_text("feature\tgroup\nGENE0001\tone\nGENE0002\ttwo\n")
    assert check(changed)[0].subtypes.feature_groups == {"expression": file}
    changed.write_text(
        text.replace("[subtypes]", '[subtypes]\nfeature_groups = { protein = "groups.tsv" }')
    )
    with pytest.raises(of.StudyError, match="feature_groups names 'protein', which is not fused"):
        check(changed)
