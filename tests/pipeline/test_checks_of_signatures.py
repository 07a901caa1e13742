"""What a study may ask of signatures, and what it is told where it asks for what is not there."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.datasets import SimulatedCohort
from omicsfuse.datasets.write import write_simulated_study
from omicsfuse.pipeline.asked_signatures import asked_signatures, signature_layer
from omicsfuse.pipeline.commands.check import check
from omicsfuse.pipeline.stage import layers_to_prepare
from omicsfuse.pipeline.stages import STAGES
from omicsfuse.pipeline.study import Study, settings
from omicsfuse.signatures.methods import METHODS


@pytest.fixture(scope="module")
def base(simulated: SimulatedCohort, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signatures")
    study = write_simulated_study(simulated, folder)
    clinical = pd.read_csv(folder / "clinical.tsv", sep="\t")
    clinical.assign(same="a").to_csv(folder / "clinical.tsv", sep="\t", index=False)
    return study


@pytest.fixture
def asked(base: Path, request: pytest.FixtureRequest) -> Path:
    """The study file with some lines more."""
    path = base.with_name(f"{abs(hash(request.node.name))}.toml")
    path.write_text(base.read_text())
    return path


def with_lines(path: Path, *lines: str) -> Path:
    path.write_text(path.read_text() + "\n" + "\n".join(lines) + "\n")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(of.StudyError) as found:
        check(path)
    return str(found.value)


def test_a_signature_takes_the_layer_of_the_first_and_its_feature_s_layer_is_prepared(
    asked: Path,
) -> None:
    study, cohort, _, _ = check(
        with_lines(asked, "[signatures.texture]", f'feature = "{_features(asked)[0]}"')
    )
    assert list(asked_signatures(study)) == ["", "texture"]
    assert signature_layer(study, cohort, "texture") == signature_layer(study, cohort, "")
    only = study.model_copy(update={"layers": ("methylation",), "gene_sets": ()})
    assert set(layers_to_prepare(STAGES, only, cohort)) == {
        "methylation",
        "expression",
        "radiomics",
    }


def _features(path: Path) -> list[str]:
    table = pd.read_csv(path.with_name("radiomics.tsv"), sep="\t", index_col=0, nrows=1)
    return list(table.columns)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ['feature = "a"', 'endpoint = "os"'],
            "names feature and endpoint; a signature has one target",
        ),
        (['feature_layer = "radiomics"'], "names feature_layer without feature"),
        (['column = "x"'], "names column without scores"),
        (['feature = "nothing"'], "'nothing': no layer has this feature"),
        (['feature = "gene_x"', 'feature_layer = "radiomics"'], "has no 'gene_x'"),
        (['feature = "a"', 'feature_layer = "images"'], "feature_layer names 'images'"),
        (['endpoint = "dss"'], "has no 'dss'; it has os"),
        (['scores = "nowhere.tsv"'], "do not exist"),
        (['covariates = ["purity"]'], "'purity', which is not a column of the clinical table"),
        (['covariates = ["same"]'], "'same', which cannot be adjusted for (the same"),
        (["n_genes = 4"], "n_genes = 4"),
        (['method = "wgcna"'], "wgcna"),
        (["options = { minimum_groups = 5 }"], "no option 'minimum_groups': did you mean"),
        (['options = { minimum_group = "5" }'], "minimum_group is '5'; it must be a number"),
        (['options = { name = "x" }'], "no option 'name'"),
        (['layer = "radiomics"'], "genes are read from a layer of kind expression"),
        (['covariates = ["age"]'], "'templates' cannot adjust for covariates. Remove them, or"),
        (['endpoint = "os"', 'method = "correlation"'], "'os' is of kind survival. Use method el"),
        (['endpoint = "os"', 'method = "modules"'], "'os' is of kind survival. Use method elast"),
        (['endpoint = "os"', 'scorer = "nearest_template"'], "assigns groups; 'os' is of kind s"),
        (['scaling = "none"', 'scorer = "weighted_z"'], "'none', which scorer 'weighted_z' does"),
        (
            ['scaling = "cohort"', 'scorer = "rank"'],
            "'cohort', which scorer 'rank' does not support",
        ),
        (['scaling = "none"'], "'none', which scorer 'nearest_template' does not support"),
    ],
)
def test_what_is_not_there_is_refused_before_anything_is_computed(
    asked: Path, lines: list[str], message: str
) -> None:
    said = refusal(with_lines(asked, "[signatures.texture]", *lines))
    assert message in said
    assert "signature: " not in said
    assert said.count("\n") < 4


@pytest.mark.parametrize("method", ["templates", "moderated_t"])
def test_a_feature_of_the_images_is_no_group(asked: Path, method: str) -> None:
    feature = _features(asked)[0]
    lines = [f'feature = "{feature}"', f'method = "{method}"', 'covariates = ["age"]']
    said = refusal(with_lines(asked, "[signatures.texture]", *lines))
    assert f"[signatures.texture] method '{method}' takes targets of kind groups" in said
    assert f"'{feature}' is of kind continuous. Use method correlation or modules or elas" in said
    assert ("cannot adjust for covariates" in said) == (method == "templates")


def test_the_signature_of_the_subtypes_is_checked_too(asked: Path) -> None:
    asked.write_text(asked.read_text().replace("[signature]", '[signature]\ncovariates = ["age"]'))
    assert "[signature] method 'templates' cannot adjust for covariates" in refusal(asked)


def test_scores_need_a_column_and_patients_of_the_cohort(asked: Path) -> None:
    patients = pd.read_csv(asked.with_name("clinical.tsv"), sep="\t", index_col=0).index
    scores = pd.DataFrame({"risk": np.arange(len(patients)), "other": 1.0}, patients)
    scores.to_csv(asked.with_name("scores.tsv"), sep="\t")
    with_lines(asked, "[signatures.model]", 'scores = "scores.tsv"')
    assert 'has the columns risk, other; name one: column = "..."' in refusal(asked)
    study, _, _, _ = check(with_lines(asked, 'column = "risk"'))
    assert study.signatures["model"].scores == asked.with_name("scores.tsv").resolve()
    assert settings(study)["signatures"]["model"]["scores"] == "scores.tsv"
    scores.index = scores.index + "x"
    scores.to_csv(asked.with_name("scores.tsv"), sep="\t")
    assert "patients of scores.tsv has that layer in cohort" in refusal(asked)


def test_a_control_is_not_also_a_cohort_to_verify_in(asked: Path) -> None:
    text = asked.read_text()
    asked.write_text(f'negative_controls = ["external.toml"]\n{text}')
    assert "named in external and in negative_controls" in refusal(asked)
    asked.write_text(f'negative_controls = ["discovery.toml"]\n{text}')
    assert "negative_controls names the discovery cohort" in refusal(asked)


def test_names_become_files(asked: Path) -> None:
    assert "use letters, digits, - and _" in refusal(with_lines(asked, '[signatures."a/b"]'))
    text = asked.read_text().replace('[signatures."a/b"]', "[signatures.simulated]")
    asked.write_text(text)
    assert "this name is reserved for the signature of the subtypes" in refusal(asked)


def test_naming_only_a_control_asks_for_a_signature() -> None:
    study = Study.model_validate(
        {"name": "x", "discovery": "d.toml", "negative_controls": ["c.toml"]}
    )
    assert study.signature is not None


@pytest.mark.parametrize("method", METHODS)
def test_the_documented_targets_are_those_that_a_method_takes(method: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "signatures.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith(f"| `{method}` | "))
    said = {word.replace("numbers", "continuous") for word in row.split(" | ")[1].split(", ")}
    assert said == set(METHODS[method].targets)
    assert "All methods but `templates` adjust" in page
    assert METHODS[method].adjusts == (method != "templates")
