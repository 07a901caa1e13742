"""omicsfuse interpret: files in, files out, nothing half-written."""

import json
from pathlib import Path

import pandas as pd
import pytest

from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.datasets import simulate_cohort
from omicsfuse.datasets.write import write_simulated_study
from omicsfuse.imaging.interpretation import interpret
from omicsfuse.pipeline.commands.interpret import INTERPRET_STAGES, interpret_scores
from omicsfuse.pipeline.stages import interpret as interpreting


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study, scores of its patients, and a run that has subtypes."""
    folder = tmp_path_factory.mktemp("interpreting")
    made = simulate_cohort(40, n_external=0, n_genes=100, effect=2, random_state=1)
    write_simulated_study(made, folder)
    labels = ("S" + made.truth.astype(str)).rename("subtype")
    (folder / "run").mkdir()
    labels.rename_axis("patient").to_csv(folder / "run" / "subtypes.tsv", sep="\t")
    genes = made.discovery.omics["expression"].table
    scores = pd.DataFrame({"gene": genes.iloc[:, 0], "grade": labels}).rename_axis("patient")
    scores.to_csv(folder / "scores.tsv", sep="\t")
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few repeats, no figures: files are what is looked at."""

    def few(*args: object, **kwargs: object) -> object:
        return interpret(*args, **{**kwargs, "n_resamples": 2, "n_permutations": 9})

    monkeypatch.setattr(interpreting, "interpret", few)
    monkeypatch.setattr("omicsfuse.report.interpretation_page.draw_figures", lambda *_, **__: [])


@pytest.mark.usefixtures("quick")
def test_files_and_record(folder: Path, tmp_path: Path) -> None:
    stages: list[str] = []
    found = interpret_scores(
        folder / "scores.tsv",
        folder / "study.toml",
        tmp_path / "out",
        run=folder / "run",
        progress=stages.append,
    )
    assert list(found) == ["gene", "grade"]
    assert stages == list(INTERPRET_STAGES)
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    out = tmp_path / "out"
    there = {path.relative_to(out).as_posix() for path in out.rglob("*.*")}
    listed = pd.read_csv(out / "index.tsv", sep="\t", keep_default_na=False)
    assert set(record["files"]) == set(listed["file"]) == there
    assert (listed["holds"] != "").all()
    assert record["settings"]["models"] == ["gene", "grade"]
    assert {"scores.tsv", "run/subtypes.tsv", "study.toml"} <= set(record["inputs"])
    table = pd.read_csv(tmp_path / "out" / "interpret/interpretation.tsv", sep="\t")
    assert table.columns[0] == "model"
    assert set(table["model"]) == {"gene", "grade"}
    assert "subtype" in set(table["kind"])
    report = (tmp_path / "out" / "report.html").read_bytes()
    one = interpret_scores(
        folder / "scores.tsv", folder / "study.toml", tmp_path / "out", run=folder / "run"
    )
    assert (tmp_path / "out" / "report.html").read_bytes() == report
    assert len(one) == 2


@pytest.mark.usefixtures("quick")
def test_one_column(folder: Path, tmp_path: Path) -> None:
    found = interpret_scores(
        folder / "scores.tsv", folder / "study.toml", tmp_path / "out", columns=["gene"], seed=3
    )
    assert list(found) == ["gene"]
    assert json.loads((tmp_path / "out" / "run.json").read_text())["seed"] == 3


def test_nothing_is_written_where_something_is_wrong(folder: Path, tmp_path: Path) -> None:
    study, out = folder / "study.toml", tmp_path / "out"
    with pytest.raises(CohortError, match='no column "genes"'):
        interpret_scores(folder / "scores.tsv", study, out, columns=["genes"])
    with pytest.raises(StudyError, match="no run of a study"):
        interpret_scores(folder / "scores.tsv", study, out, run=tmp_path)
    others = tmp_path / "others.tsv"
    others.write_text("patient\trisk\n" + "".join(f"X{i}\t{i}\n" for i in range(12)))
    with pytest.raises(CohortError, match="risk: 0 patients of the cohort have a score"):
        interpret_scores(others, study, out)
    (tmp_path / "subtypes.tsv").write_text("patient\tsubtype\nX1\tS1\n")
    with pytest.raises(CohortError, match="1 of 1 patients are not in cohort"):
        interpret_scores(folder / "scores.tsv", study, out, run=tmp_path)
    assert not out.exists()
