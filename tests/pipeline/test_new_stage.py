"""A stage is added by its row in the tuple: all that the pipeline does for a stage follows."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest

import omicsfuse as of
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.results import RunResults
from omicsfuse.datasets import simulate_cohort
from omicsfuse.datasets.write import write_simulated_study
from omicsfuse.pipeline import stages
from omicsfuse.pipeline.commands.check import check
from omicsfuse.pipeline.keys import StudyPath, Table
from omicsfuse.pipeline.run import in_listing_order
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.pipeline.stages.cluster import CLUSTER
from omicsfuse.pipeline.study import Study
from omicsfuse.report import page
from omicsfuse.report.section import Content, Section


class LuckSettings(Table):
    """``[luck]``: a number for each patient."""

    number: int = 7
    column: str = ""
    diary: StudyPath | None = None


class Luck(Stage[LuckSettings, pd.DataFrame]):
    """Give each patient the same number."""

    name = "luck"
    table = "luck"
    settings = LuckSettings
    holds: ClassVar[dict[str, str]] = {"luck.tsv": "The lucky number of each patient"}
    sections = (
        Section[RunResults](
            "luck",
            lambda results: Content("Luck", (f"{len(results.stages['luck'])} lucky patients.",)),
        ),
    )

    def adjusts_for(self, study: Study) -> dict[str, Sequence[str]]:
        column = self.asked(study).column
        return {"[luck] column": (column,) if column else ()}

    def check(self, study: Study, cohort: Cohort, layers: Sequence[str]) -> None:
        if self.asked(study).number == 13:
            raise of.StudyError("[luck] number is 13; take another.")

    def run(self, context: Context) -> pd.DataFrame:
        patients = context.of(CLUSTER).labels.index
        return pd.DataFrame({"patient": patients, "number": self.asked(context.study).number})

    def tables(self, result: pd.DataFrame) -> dict[str, pd.DataFrame]:
        return {"luck.tsv": result}

    def exclusions(self, result: pd.DataFrame) -> list[Exclusion]:
        return [Exclusion("luck", "", "patients", 0, "unlucky")]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study with a table for the new stage, which is the last but none."""
    monkeypatch.setattr(stages, "STAGES", (*stages.STAGES, Luck()))
    path = write_simulated_study(simulate_cohort(40, n_external=0, n_genes=100), tmp_path / "in")
    text = path.read_text().replace('n_clusters = "auto"', "n_clusters = 2")
    text = text.replace('gene_sets = ["gene_sets.gmt"]\n', "")
    layers = '["radiomics", "expression", "methylation", "mutation", "copy_number"]'
    assert layers in text
    text = text.replace(layers, '["expression", "mutation"]')
    (tmp_path / "in" / "diary.txt").write_text("a good day")
    path.write_text(
        f"{text}\n[assignment]\nn_repeats = 0\n[radiogenomics]\nmap = false\n"
        '[heterogeneity]\nindex = false\n[luck]\nnumber = 3\ndiary = "diary.txt"\n'
    )
    return path


@pytest.mark.usefixtures("no_figures", "no_map")
def test_a_stage_in_the_tuple_is_run_and_recorded(study: Path, tmp_path: Path) -> None:
    begun: list[str] = []
    results = of.run(study, tmp_path / "out", progress=begun.append)
    assert begun[-2:] == ["luck", "report"]
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["settings"]["luck"] == {"number": 3, "column": "", "diary": "diary.txt"}
    assert "diary.txt" in record["inputs"]
    assert record["seconds"]["luck"] >= 0
    assert "luck/luck.tsv" in record["files"]
    assert record["losses"][-1]["reason"] == "unlucky"
    assert results.where("luck.tsv") == "luck/luck.tsv"
    listed = pd.read_csv(tmp_path / "out" / "index.tsv", sep="\t", index_col="file")
    assert listed.loc["luck/luck.tsv"].tolist() == ["luck", "The lucky number of each patient"]
    table = pd.read_csv(tmp_path / "out" / "luck/luck.tsv", sep="\t")
    assert len(table) == 40
    assert set(table["number"]) == {3}
    pd.testing.assert_frame_equal(results.stages["luck"], table)
    text = (tmp_path / "out" / "report.html").read_text()
    assert text.index('<section id="luck">') < text.index('<section id="methods">')
    assert "40 lucky patients." in text


def test_its_settings_and_files_are_checked_with_all_others(study: Path) -> None:
    text = study.read_text()
    study.write_text(text.replace("number = 3", "numbr = 3"))
    with pytest.raises(of.StudyError, match=r'"numbr" in table \[luck\]; did you mean "number"'):
        check(study)
    study.write_text(text.replace("diary.txt", "lost.txt"))
    with pytest.raises(of.StudyError, match=r"do not exist:\n.*lost\.txt"):
        check(study)
    study.write_text(
        text.replace("number = 3", 'number = 13\ncolumn = "os_time"').replace(
            "n_clusters = 2", "n_clusters = 60"
        )
    )
    with (
        pytest.warns(of.OmicsfuseWarning, match=r"\[luck\] column names os_time"),
        pytest.raises(of.StudyError, match="number is 13") as told,
    ):
        check(study)
    assert str(told.value).startswith("2 faults:\n1. ")
    assert "up to 60 subtypes" in str(told.value)


def test_each_stage_and_each_section_has_its_place() -> None:
    names = [stage.name for stage in stages.STAGES]
    tables = [stage.table for stage in stages.STAGES if stage.table]
    assert len(set(names)) == len(names)
    assert len(set(tables)) == len(tables)
    assert {*tables, "signature"} <= set(Study.model_fields)
    listed = [stage.name for stage in in_listing_order(stages.STAGES)]
    assert listed.index("immune") == listed.index("pathways") + 1
    assert sorted(listed) == sorted(names)
    shown = [section.name for stage in stages.STAGES for section in stage.sections]
    assert len(set(shown)) == len(shown)
    general = {"methods", "warnings", "provenance"}
    assert {section.name for section in page.SECTIONS} == {*shown, *general}
