"""The command: exit codes, messages, quiet pipes."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from omicsfuse.cli import main
from omicsfuse.datasets import SimulatedCohort, simulate_cohort
from omicsfuse.datasets.write import write_simulated_study
from omicsfuse.preprocessing import preprocess
from omicsfuse.signatures import derive_signature, save_signature


def command(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "omicsfuse.cli", *words], capture_output=True, text=True, cwd=cwd
    )


@pytest.fixture(scope="module")
def folder(brief: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with a study that runs in seconds, for tests to add files to."""
    folder = tmp_path_factory.mktemp("cli") / "study"
    shutil.copytree(brief.parent, folder)
    (folder / "brief.toml").replace(folder / "study.toml")
    return folder


def test_simulate_and_check_in_a_fresh_process(tmp_path: Path) -> None:
    words = ["--patients", "60", "--external", "40", "--effect", "2"]
    made = command("simulate", "--out", "sim", *words, cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout == "study: sim/study.toml\n"

    checked = command("check", "sim/study.toml", cwd=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "study simulated: ready to run" in checked.stdout
    assert "cohort simulated-external" in checked.stdout
    assert "60 patients" in checked.stdout


def test_run_and_verify_in_a_fresh_process(finished: Path, tmp_path: Path) -> None:
    done = json.loads((finished / "said.json").read_text())
    said = done["stderr"].splitlines()
    assert said[0] == "read: begins"
    assert re.fullmatch(r"read: done in \d+\.\d s", said[1])
    assert "report: begins" in said
    record = json.loads((finished / "results" / "run.json").read_text())
    warned = [line.removeprefix("warning: ") for line in said if line.startswith("warning: ")]
    assert warned == record["warnings"]
    assert len(said) == 2 * len(record["seconds"]) + len(warned)
    assert "90 patients, 5 layers" in done["stdout"]
    # What the page says of the subtypes, the command says too.
    told = json.loads((finished / "results" / "summary.json").read_text())
    assert told["status"] == "supported, with reservations"
    assert "verdict: subtypes supported, with reservations (p_shared = 0.025" in done["stdout"]
    for each in told["reservations"]:
        assert f"  reservation: {each['text']}" in done["stdout"]
    assert re.search(
        r"times as long\)\. Estimated time of the assessment here: \d+ min\.", done["stdout"]
    )
    assert "adjusted Rand index 1.000" in done["stdout"]
    assert done["stdout"].endswith("report: results/report.html\n")

    words = [str(finished / "results" / "signature.json"), "study/external.toml"]
    verified = command("verify", *words, "--out", str(tmp_path / "check"), cwd=finished)
    assert verified.returncode == 0
    assert "verify: done in " in verified.stderr
    assert (tmp_path / "check" / "verification.tsv").is_file()


def test_verify_says_that_training_patients_were_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = simulate_cohort(40, n_external=30, n_genes=100, effect=2, random_state=1)
    write_simulated_study(made, tmp_path)
    for table in ("expression.tsv", "clinical.tsv"):
        own = pd.read_csv(tmp_path / table, sep="\t", index_col=0, dtype=str)
        file = tmp_path / f"external_{table}"
        both = pd.concat([pd.read_csv(file, sep="\t", index_col=0, dtype=str), own.iloc[:7]])
        both.rename_axis("patient").to_csv(file, sep="\t")
    labels = made.discovery.clinical["planted_subtype"]
    ready = preprocess(made.discovery, ["expression"])
    few = {"n_genes": 10, "n_repeats": 1, "n_permutations": 0}
    save_signature(derive_signature(labels, ready, **few), tmp_path / "signature.json")
    files = [str(tmp_path / name) for name in ("signature.json", "external.toml", "out")]
    main(["verify", *files[:2], "--out", files[2]])
    said = capsys.readouterr()
    assert "warning: cohort 'simulated-external' has 7 patients of the training cohort" in said.err
    assert "verification: " in said.out


def test_a_mistake_in_the_study_is_one_message_and_code_1(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = folder / "bad.toml"
    bad.write_text((folder / "study.toml").read_text().replace("variant", "varient"))
    with pytest.raises(SystemExit) as stop:
        main(["run", str(bad), "--out", str(tmp_path / "out")])
    assert stop.value.code == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("omicsfuse: ")
    assert "variant" in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()


def test_broken_data_is_one_message_and_code_1(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = (folder / "methylation.tsv").read_text()
    (folder / "beta.tsv").write_text(table.replace("0.9", "9.9", 1))
    manifest = (folder / "discovery.toml").read_text().replace("methylation.tsv", "beta.tsv")
    (folder / "discovery_bad.toml").write_text(manifest)
    study = (folder / "study.toml").read_text().replace("discovery.toml", "discovery_bad.toml")
    (folder / "study_bad.toml").write_text(study)
    for words in (["check"], ["run", "--out", str(tmp_path / "out")]):
        with pytest.raises(SystemExit) as stop:
            main([words[0], str(folder / "study_bad.toml"), *words[1:]])
        assert stop.value.code == 1
        assert "beta.tsv" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["fuse"],
        ["run", "absent.toml", "--out", "x"],
        ["simulate", "--out", "x", "--seed", "-1"],
    ],
)
def test_wrong_usage_is_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "Error" in capsys.readouterr().err


def test_simulate_refuses_what_it_cannot_draw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["simulate", "--out", str(tmp_path / "s"), "--patients", "3"])
    assert stop.value.code == 1
    assert "n_patients is 3" in capsys.readouterr().err
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SystemExit):
        main(["simulate", "--out", str(tmp_path)])
    assert "holds files that are not a simulated cohort (mine.txt)" in capsys.readouterr().err


def test_demo_simulates_runs_and_names_the_report(
    tmp_path: Path,
    brief: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    no_figures: None,
) -> None:
    """The cohort is smaller here, and its study shorter."""

    def written(simulated: SimulatedCohort, folder: Path) -> Path:
        write_simulated_study(small, folder)
        (folder / "study.toml").write_text(brief.read_text())
        return folder / "study.toml"

    small = simulate_cohort(40, n_external=30, n_genes=100, effect=2, random_state=1)
    monkeypatch.setattr("omicsfuse.datasets.write.write_simulated_study", written)
    monkeypatch.chdir(tmp_path)
    main(["demo"])
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"study: {Path('demo') / 'study.toml'}"
    assert said[-1] == f"report: {Path('demo') / 'results' / 'report.html'}"
    assert (tmp_path / "demo" / "results" / "report.html").is_file()
    # An earlier demo, results and all, is no obstacle to another.
    assert written(small, tmp_path / "demo").is_file()


def test_demo_leaves_a_folder_of_the_users_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "study.toml").write_text('name = "mine"\n')
    with pytest.raises(SystemExit) as stop:
        main(["demo", "--out", str(tmp_path)])
    assert stop.value.code == 1
    assert "holds files that are not a simulated cohort (study.toml)" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["study.toml"]
    assert (tmp_path / "study.toml").read_text() == 'name = "mine"\n'


def test_an_altered_signature_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "signature.json").write_text("{}")
    with pytest.raises(SystemExit) as stop:
        main(
            ["verify", str(tmp_path / "signature.json"), str(folder / "external.toml"),
             "--out", str(tmp_path / "v")]
        )  # fmt: skip
    assert stop.value.code == 1
    assert "signature.json" in capsys.readouterr().err
    assert not (tmp_path / "v").exists()


def test_cohorts_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["cohorts"])
    assert "tcga-hnsc-radiogenomic" in capsys.readouterr().out


def test_interrupting_says_how_to_go_on(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("omicsfuse.pipeline.stages.fuse.fuse", interrupt)
    with pytest.raises(SystemExit) as stop:
        main(["run", str(folder / "study.toml"), "--out", str(tmp_path / "out")])
    assert stop.value.code == 130
    said = capsys.readouterr().err
    assert "interrupted" in said
    # Nothing was finished yet, so there is nothing to resume.
    assert "--resume" not in said
    assert not (tmp_path / "out").exists()

    monkeypatch.undo()
    monkeypatch.setattr("omicsfuse.pipeline.stages.survival.compare_endpoints", interrupt)
    with pytest.raises(SystemExit) as stop:
        main(["run", str(folder / "study.toml"), "--out", str(tmp_path / "out")])
    assert stop.value.code == 130
    assert "continue with --resume" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told_without_a_number(
    brief: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SystemExit) as stop:
        main(["run", str(brief), "--out", str(tmp_path / "file" / "results")])
    assert stop.value.code == 1
    said = capsys.readouterr().err
    assert "cannot be read or written: Not a directory." in said
    assert "Errno" not in said
