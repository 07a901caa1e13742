"""Where result files lie, and the list of what each holds."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import RunResults
from omicsfuse.pipeline import folder, stages
from omicsfuse.pipeline.commands.verify import verify_cohorts
from omicsfuse.pipeline.stage import Stage
from omicsfuse.pipeline.workspace import Workspace
from omicsfuse.report import sections as sections_module

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def listed(results: Path) -> pd.DataFrame:
    """The list of a results folder, which names every file in it, once, and says what it holds."""
    table = pd.read_csv(results / "index.tsv", sep="\t", keep_default_na=False)
    there = {path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()}
    assert sorted(table["file"]) == sorted(there)
    assert table.loc[table["holds"] == "", "file"].tolist() == []
    assert set(json.loads((results / "run.json").read_text())["files"]) == there
    return table


def test_the_list_names_every_file_of_a_run(finished: Path) -> None:
    table = listed(finished / "results")
    assert list(table.columns) == ["file", "stage", "holds"]
    file = table["file"].str.split("/")
    at_the_top = file.str[0].isin(folder.TOP)
    assert (file.str.len()[at_the_top] <= 2).all()
    assert (file.str[0] == table["stage"])[~at_the_top].all()
    # What is asked for most comes first, a stage follows the other, figures close the list.
    first = ["report.html", "summary.json", "subtypes.tsv"]
    assert table["file"].iloc[:3].tolist() == first
    assert table["file"].iloc[-1].startswith("figures/")
    ranks = table["stage"][~at_the_top].map([stage.name for stage in stages.STAGES].index)
    assert ranks.is_monotonic_increasing
    rows = table.set_index("file")["holds"]
    assert rows["figures/fused_network.svg"] == "The fused network"
    assert rows["verify/assigned_simulated-external.tsv"].endswith("of simulated-external")


def test_the_report_links_to_files_that_are_there(finished: Path) -> None:
    results = finished / "results"
    page = (results / "report.html").read_text(encoding="utf-8")
    links = set(re.findall(r'<a href="([^"#][^"]*)"', page))
    assert [link for link in sorted(links) if not (results / link).is_file()] == []
    assert {"survival/cox.tsv", "subtypes.tsv", "run.json", "index.tsv", "summary.json"} <= links
    # Every table names the file it is from.
    tables = re.findall(r"<caption>(.*?)</caption>", page, re.DOTALL)
    assert len(tables) > 20
    settings = ("Settings", "Software", "Input files", "The clinical columns")
    unnamed = [text for text in tables if 'class="files"' not in text]
    assert [text for text in unnamed if not any(name in text for name in settings)] == []


def test_tables_of_the_report_name_files_that_stages_write() -> None:
    sections = Path(sections_module.__file__ or "").parent
    named = {
        name
        for path in sections.rglob("*.py")
        for name in re.findall(r'file="([^"]+)"', path.read_text(encoding="utf-8"))
    }
    held = {pattern for stage in stages.STAGES for pattern in stage.holds}
    assert named <= held | folder.OF_THE_RUN.keys()


def test_no_more_than_a_screen_lies_at_the_top(finished: Path) -> None:
    assert len(list((finished / "results").iterdir())) <= 30


@pytest.mark.parametrize("stage", stages.STAGES, ids=lambda stage: stage.name)
def test_every_file_that_a_stage_can_write_has_a_line(stage: Stage[Any, Any]) -> None:
    source = Path(sys.modules[type(stage).__module__].__file__ or "").read_text(encoding="utf-8")
    for name in re.findall(r'"(\w+\.tsv)"', source[source.index("def run(") :]):
        assert folder.holds(stage, name), name
    for text in stage.holds.values():
        assert text[0].isupper()
        assert not text.endswith(".")


def test_a_plain_name_is_enough() -> None:
    names = [name for stage in stages.STAGES for name in stage.holds]
    assert len(set(names)) == len(names) > 60
    assert not {stage.name for stage in stages.STAGES} & set(folder.TOP)


def test_capitals_stand_for_what_the_name_has() -> None:
    verify = stages.VERIFY
    assert folder.holds(verify, "assigned_tcga.luad.tsv") == (
        "Subtype and scores of each patient of tcga.luad"
    )
    assert folder.holds(verify, "assigned.tsv") == ""
    assert folder.holds(stages.SIGNATURE, "signatures/texture.json") == (
        "The locked signature texture, for omicsfuse verify"
    )


def test_results_say_where_a_file_lies() -> None:
    rows = [("cox.tsv", "survival"), ("survival.tsv", "survival"), ("x.json", "predict")]
    files = folder.index(
        folder.ResultFile(folder.place(stage, name), stage, "") for name, stage in rows
    )
    results = RunResults("a", {}, *[None] * 10, files=files)
    assert results.where("survival.tsv") == "survival.tsv"
    assert results.where("cox.tsv") == "survival/cox.tsv"
    assert results.where("absent.tsv") is None
    assert files["file"].iloc[0] == "survival.tsv"
    assert RunResults("a", {}, *[None] * 10).where("cox.tsv") is None
    assert folder.place("predict", "models/idh.json") == "models/idh.json"


def test_verify_lists_its_files_by_the_same_rule(finished: Path, tmp_path: Path) -> None:
    verify_cohorts(
        finished / "results" / "signature.json", [finished / "study/external.toml"], tmp_path / "v"
    )
    table = listed(tmp_path / "v").set_index("file")["stage"]
    assert table["verification.tsv"] == table["verify/genes_found.tsv"] == "verify"


def earlier(out: Path, *files: str) -> None:
    """Make an earlier result that lists some files."""
    out.mkdir()
    versions = {"omicsfuse": "0.1.0"}
    record = {"name": "study", "versions": versions, "files": [*files, "run.json"]}
    (out / "run.json").write_text(json.dumps(record))
    for name in files:
        (out / name).write_text("old")


def test_a_user_s_list_is_named_before_the_run_begins(tmp_path: Path) -> None:
    out = tmp_path / "out"
    earlier(out, "cox.tsv")
    (out / "index.tsv").write_text("mine")
    with pytest.raises(StudyError, match=r"index.tsv was not written by omicsfuse .*\. Move it"):
        Workspace(out, "study")
    assert (out / "index.tsv").read_text() == "mine"


@pytest.mark.parametrize("own", ["survival", "survival/cox.tsv"])
def test_nothing_is_published_where_a_user_s_file_would_be_lost(tmp_path: Path, own: str) -> None:
    out = tmp_path / "out"
    earlier(out, "cox.tsv")
    (out / own).parent.mkdir(exist_ok=True)
    (out / own).write_text("mine")
    with Workspace(out, "study") as workspace:
        (workspace.staging / "survival").mkdir()
        (workspace.staging / "survival/cox.tsv").write_text("new")
        with pytest.raises(StudyError, match=f"{own} was not written by omicsfuse"):
            workspace.publish({"name": "study"})
    assert (out / own).read_text() == "mine"
    assert (out / "cox.tsv").read_text() == "old"
    assert json.loads((out / "run.json").read_text())["files"] == ["cox.tsv", "run.json"]


def test_runs_are_compared_by_the_names_of_their_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import compare_runs

    old, new = tmp_path / "old", tmp_path / "new"
    record = {"name": "a", "seconds": {"read": 1}, "files": ["cox.tsv"]}
    written = {
        old / "a": {"cox.tsv": "1", "x.json": "2", "signatures/x.json": "3", "gone.tsv": "4"},
        new / "a": {"survival/cox.tsv": "1", "x.json": "2", "signatures/x.json": "5"},
    }
    for number, (run, files) in enumerate(written.items()):
        for name, text in files.items():
            (run / name).parent.mkdir(parents=True, exist_ok=True)
            (run / name).write_text(text)
        (run / "run.json").write_text(
            json.dumps({**record, "seconds": number, "files": [run.name]})
        )
    monkeypatch.setattr(sys, "argv", ["compare_runs", str(old), str(new)])
    assert compare_runs.main() == 1
    assert capsys.readouterr().out.splitlines() == [
        "differs: a/signatures/x.json",
        "only before: a/gone.tsv",
        "3 of 5 files are the same",
    ]
