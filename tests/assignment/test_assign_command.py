"""The command: one patient, several, mistakes; nothing half-written."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from omicsfuse.assignment import assign, save_classifier
from omicsfuse.cli import main
from omicsfuse.core.errors import ClassifierError, CohortError, StudyError
from omicsfuse.io import read_cohort
from omicsfuse.pipeline.commands.assign import assign_patients


@pytest.fixture(scope="module")
def folder(planted: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, and manifests of new patients: all, one, and images only."""
    base = tmp_path_factory.mktemp("assign")
    run = base / "run"
    run.mkdir()
    save_classifier(planted.classifier, run / "classifier.json")
    (run / "run.json").write_text(json.dumps({"name": "x", "versions": {"omicsfuse": "0"}}))
    for name, layers, patients in (
        ("all", ("radiomics", "expression", "mutation"), planted.truth.index),
        ("one", ("radiomics", "expression", "mutation"), planted.truth.index[4:5]),
        ("images", ("radiomics",), planted.truth.index),
    ):
        lines = [f'name = "{name}"']
        for layer in layers:
            found = planted.new.omics[layer]
            file = f"{name}_{layer}.tsv"
            found.table.loc[patients].to_csv(base / file, sep="\t", index_label="patient")
            lines += [f"[layers.{layer}]", f'file = "{file}"', f'kind = "{found.kind}"']
            lines += [f'scale = "{found.scale}"']
        (base / f"{name}.toml").write_text("\n".join(lines) + "\n")
    return base


def failing(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 1) -> str:
    with pytest.raises(SystemExit) as stop:
        main(["assign", *words])
    assert stop.value.code == code
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


def test_the_command_in_a_fresh_process(planted: Any, folder: Path, tmp_path: Path) -> None:
    words = ["assign", str(folder / "run"), str(folder / "all.toml"), "--out", "new/table.tsv"]
    done = subprocess.run(
        [sys.executable, "-m", "omicsfuse.cli", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "assigned: " in done.stdout
    assert "of 40 patients (S1 " in done.stdout
    assert "layers used: radiomics, expression, mutation" in done.stdout
    assert done.stdout.endswith("assignment: new/table.tsv\n")
    written = pd.read_csv(tmp_path / "new" / "table.tsv", sep="\t", keep_default_na=False)
    expected = assign(planted.classifier, read_cohort(folder / "all.toml"))
    assert list(written.columns) == list(expected.columns)
    assert list(written["subtype"]) == list(expected["subtype"])
    assert written["probability"].astype(float).to_numpy() == pytest.approx(
        expected["probability"].to_numpy(), abs=1e-9
    )
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["table.tsv"]


def test_one_patient_passes_the_gate_and_gets_the_same(folder: Path, tmp_path: Path) -> None:
    one = assign_patients(folder / "run", folder / "one.toml", tmp_path / "one.tsv").table
    whole = assign_patients(folder / "run", folder / "all.toml", tmp_path / "all.tsv").table
    own = whole[whole["patient"] == one["patient"].iloc[0]].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, own, check_exact=True)


def test_images_alone_and_a_choice_of_layers(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out.tsv")
    main(["assign", str(folder / "run"), str(folder / "images.toml"), "--out", out])
    said = capsys.readouterr()
    assert "layers missing from the cohort: expression, mutation" in said.out
    assert said.err == ""
    words = ["assign", str(folder / "run"), str(folder / "all.toml"), "--out", out]
    main([*words, "--layers", "expression, radiomics"])
    assert "layers used: radiomics, expression\n" in capsys.readouterr().out
    assert set(pd.read_csv(out, sep="\t")["layers"]) == {"radiomics + expression"}


def test_mistakes_leave_an_earlier_table_as_it_was(
    planted: Any, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.tsv"
    out.write_text("earlier")
    run, manifest = str(folder / "run"), str(folder / "all.toml")
    end = ["--out", str(out)]
    assert "did you mean" in failing([run, manifest, *end, "--layers", "imaging"], capsys)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no finished run" in failing([str(empty), manifest, *end], capsys)
    (empty / "run.json").write_text('{"name": "x, verified", "versions": {}, "inputs": {}}')
    assert "another output of omicsfuse" in failing([str(empty), manifest, *end], capsys)
    (empty / "run.json").write_text('{"versions": {}}')
    assert "a run without a classifier" in failing([str(empty), manifest, *end], capsys)
    content = (folder / "run" / "classifier.json").read_text().replace('"n": 80', '"n": 81', 1)
    (empty / "classifier.json").write_text(content)
    assert "changed after saving" in failing([str(empty), manifest, *end], capsys)
    assert "is a folder; name a file" in failing([run, manifest, "--out", str(empty)], capsys)
    failing([run, str(tmp_path / "none.toml"), *end], capsys, 2)
    failing([str(tmp_path / "none"), manifest, *end], capsys, 2)
    assert out.read_text() == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "out.tsv"]


def test_mistakes_in_python(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match="is not a folder"):
        assign_patients(tmp_path / "none", folder / "all.toml", tmp_path / "out.tsv")
    bad = folder / "bad.toml"
    bad.write_text((folder / "all.toml").read_text().replace("all_radiomics", "gone"))
    with pytest.raises(CohortError, match=r"gone\.tsv does not exist"):
        assign_patients(folder / "run", bad, tmp_path / "out.tsv")
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="the table cannot be written"):
        assign_patients(folder / "run", folder / "one.toml", tmp_path / "file" / "out.tsv")
    assert not (tmp_path / "out.tsv").exists()


def test_warnings_are_plain_lines(
    planted: Any, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "images.toml").read_text().replace("layers.radiomics", "layers.ct")
    (folder / "ct.toml").write_text(text)
    out = str(tmp_path / "out.tsv")
    main(["assign", str(folder / "run"), str(folder / "ct.toml"), "--out", out])
    said = capsys.readouterr()
    assert said.err.startswith("warning: cohort 'images': layer 'ct' is used as")
    assert "layers used: radiomics (ct)" in said.out
    trained = planted.training.omics["radiomics"]
    replace(trained).table.iloc[:3].to_csv(
        folder / "images_radiomics_known.tsv", sep="\t", index_label="patient"
    )
    text = (folder / "images.toml").read_text().replace("_radiomics.tsv", "_radiomics_known.tsv")
    (folder / "known.toml").write_text(text)
    main(["assign", str(folder / "run"), str(folder / "known.toml"), "--out", out])
    said = capsys.readouterr()
    assert "3 of 3 patients are training patients" in said.err
    assert "not new patients: 3" in said.out
