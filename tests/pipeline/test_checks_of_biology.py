"""Mistakes in the tables on biology, images and models are said before anything is computed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.layers import Layer
from omicsfuse.datasets import SimulatedCohort, simulate_cohort
from omicsfuse.pipeline.check import check_cohort
from omicsfuse.pipeline.stages import STAGES, markers
from omicsfuse.pipeline.study import Study, read_study


@pytest.fixture(scope="module")
def small() -> SimulatedCohort:
    return simulate_cohort(40, n_external=0, random_state=1)


@pytest.fixture(scope="module")
def cohort(small: SimulatedCohort) -> Cohort:
    found = small.discovery
    assert found.clinical is not None
    found.clinical["purity"] = np.nan
    found.clinical["sample"] = [f"aliquot {i}" for i in range(40)]
    found.clinical["site"] = ["Leiden", "Graz"] * 20
    return found


@pytest.fixture
def folder(tmp_path: Path, cohort: Cohort) -> Path:
    genes = list(cohort.omics["expression"].table.columns)
    patients = list(cohort.omics["expression"].table.index)
    (tmp_path / "cells.gmt").write_text("T cells\tna\t" + "\t".join(genes[:10]) + "\n")
    (tmp_path / "empty.gmt").write_text("T cells\tna\n")
    reference = pd.DataFrame({"B": [900.0, 3.0, 5.0], "T": [2.0, 800.0, 7.0]}, index=genes[:3])
    reference.to_csv(tmp_path / "cells.tsv", sep="\t")
    reference.map(lambda value: np.log2(value / 5)).to_csv(tmp_path / "logs.tsv", sep="\t")
    scores = pd.DataFrame(
        {"risk": np.arange(40.0), "flat": 1.0, "text": [f"{i}%" for i in range(40)]}, patients
    )
    scores.to_csv(tmp_path / "scores.tsv", sep="\t")
    scores[["risk"]].set_axis([f"X{i}" for i in range(40)]).to_csv(
        tmp_path / "others.tsv", sep="\t"
    )
    return tmp_path


def asked(folder: Path, text: str) -> Study:
    path = folder / "study.toml"
    path.write_text(f'name = "mistakes"\ndiscovery = "discovery.toml"\n{text}\n')
    return read_study(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[markers]\ncovariates = ["purityy"]', r"\[markers\] covariates: 'purityy' is not among"),
        ('[markers]\ncovariates = ["purity"]', "'purity' is known for 0 of 40 patients"),
        (
            '[markers]\ncovariates = ["sample"]',
            "'sample' cannot be adjusted for.*40 categories, none",
        ),
        ('[radiogenomics]\ncovariates = ["nothing"]', r"\[radiogenomics\] covariates: 'nothing'"),
        ('[immune]\nsets = { a = "empty.gmt" }', r"\[immune\] .*empty.gmt: no gene set has genes"),
        (
            '[immune]\nsets = { a = "cells.gmt" }\nmethods = { a = "mean" }',
            r"\[immune\] .*unknown method 'mean'",
        ),
        ('[immune]\nsets = { "cytolytic activity" = "cells.gmt" }', "give the collection another"),
        ('[immune]\nsignature_matrix = "logs.tsv"', r"\[immune\] .*logs.tsv has values below 0"),
        (
            'layers = ["radiomics"]\n[immune]\nsets = { a = "cells.gmt" }\n[signatures]',
            "the study uses no layer of kind expression",
        ),
        (
            '[immune]\nlayer = "radiomics"',
            "layer names 'radiomics'.*expected .*protein",
        ),
        ('[radiogenomics]\nlayer = "mutation"', "layer names 'mutation'.*kind radiomics"),
        ('[heterogeneity]\nlayer = "mutation"', "layer names 'mutation'.*kind radiomics"),
        ("[radiogenomics]\ntargets = []", "targets is empty; .*map = false"),
        ('[radiogenomics]\ntargets = ["mutation", "mutation"]', "'mutation' twice"),
        ('[radiogenomics]\ntargets = ["radiomics"]', "the layer of the images"),
        ('[interpret.a]\nscores = "scores.tsv"', "columns risk, flat, text; name one"),
        ('[interpret.a]\nscores = "scores.tsv"\ncolumn = "b"', 'there is no column "b"'),
        ('[interpret.a]\nscores = "scores.tsv"\ncolumn = "flat"', r"\[interpret.a\] flat: all 40"),
        ('[interpret.a]\nscores = "scores.tsv"\ncolumn = "text"', "40 different texts"),
        ('[interpret.a]\nscores = "others.tsv"', "0 patients of the cohort have a score"),
        ('[markers]\ncounts = "deseq2"', 'needs a layer on scale "counts"'),
    ],
)
def test_mistakes_are_said_with_their_table(
    cohort: Cohort, folder: Path, text: str, message: str
) -> None:
    with pytest.raises((StudyError, CohortError), match=message) as refusal:
        check_cohort(asked(folder, text), cohort, STAGES)
    assert "study.toml: [" in str(refusal.value)


def test_what_can_be_done_passes(cohort: Cohort, folder: Path) -> None:
    study = asked(
        folder,
        '[markers]\ncovariates = ["site", "a: T cells", "cytolytic activity: GZMA and PRF1"]\n'
        '[immune]\nsets = { a = "cells.gmt" }\nsignature_matrix = "cells.tsv"\n'
        '[radiogenomics]\ntargets = ["mutation"]\ncovariates = ["age"]\n'
        '[interpret.a]\nscores = "scores.tsv"\ncolumn = "risk"',
    )
    check_cohort(study, cohort, STAGES)


@pytest.mark.filterwarnings('ignore:layer .* scale = "counts" is declared')
def test_counts_must_be_whole_and_their_package_installed(
    cohort: Cohort, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = asked(folder, '[markers]\ncounts = "deseq2"')
    patients = [f"P{i:02d}" for i in range(12)]
    table = pd.DataFrame({"TP53": [0.5] * 12, "EGFR": [3.0] * 12}, patients)

    def with_counts(values: pd.DataFrame) -> Cohort:
        return Cohort("counts", {"rna": Layer("expression", values, "counts")})

    monkeypatch.setattr(markers, "find_spec", lambda name: None)
    with pytest.raises(StudyError, match="needs PyDESeq2, which is not installed"):
        check_cohort(study, with_counts(table), STAGES)
    monkeypatch.setattr(markers, "find_spec", lambda name: name)
    with pytest.raises(StudyError, match=r"\[markers\] .*TP53 of patient P00 has 0.5"):
        check_cohort(study, with_counts(table), STAGES)
    check_cohort(study, with_counts(table.round()), STAGES)
