"""The saved classifier: the same predictions in another process, and no change goes unnoticed."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omicsfuse.assignment import assign, fit_classifier, load_classifier, save_classifier
from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import ClassifierError


@pytest.fixture(scope="module")
def path(planted: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("saved") / "classifier.json"
    save_classifier(planted.classifier, found)
    return found


def test_the_same_predictions_after_a_round_trip(planted: Any, path: Path) -> None:
    one, two = assign(planted.classifier, planted.new), assign(path, planted.new)
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_the_same_predictions_in_a_fresh_process(planted: Any, path: Path, tmp_path: Path) -> None:
    for name, layer in planted.new.omics.items():
        layer.table.to_pickle(tmp_path / f"{name}.pkl")
    code = (
        "import sys, pandas as pd\n"
        "from omicsfuse.assignment import assign\n"
        "from omicsfuse.core.cohort import Cohort, Layer\n"
        "omics = {n: Layer(k, pd.read_pickle(f'{sys.argv[2]}/{n}.pkl'), s) for n, k, s in "
        f"{[(n, la.kind, la.scale) for n, la in planted.new.omics.items()]!r}}}\n"
        "assign(sys.argv[1], Cohort('new', omics)).to_pickle(f'{sys.argv[2]}/out.pkl')\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path), str(tmp_path)], check=True)
    pd.testing.assert_frame_equal(
        pd.read_pickle(tmp_path / "out.pkl"),
        assign(planted.classifier, planted.new),
        check_exact=True,
    )


def test_the_file_is_readable_small_and_names_nobody(planted: Any, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    content = json.loads(text)
    assert content["format"] == "omicsfuse classifier"
    assert content["subtypes"] == ["S1", "S2", "S3"]
    for patient in planted.labels.index:
        assert f'"{patient}"' not in text
    assert len(text) < 1_000_000
    assert max(len(content["layers"][0]["transform"]["features"]), 1) <= 200
    again = save_classifier(load_classifier(path), path.with_name("again.json"))
    assert path.with_name("again.json").read_text(encoding="utf-8") == text
    assert again.hash == content["hash"]


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(threshold=0.1),
        lambda content: content["layers"][0].update(weight=9.0),
        lambda content: content["layers"][0]["transform"]["features"].reverse(),
        lambda content: content["trained_on"]["patient_digests"].pop(),
        lambda content: content.update(remark="added"),
        lambda content: content["calibrations"].pop(),
        lambda content: content["trained_on"].update(cohort="\ud800"),
    ],
)
def test_any_change_is_noticed(path: Path, tmp_path: Path, change: Any) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    altered = tmp_path / "altered.json"
    altered.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ClassifierError, match=r"altered\.json: .* changed after saving"):
        load_classifier(altered)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not JSON, or is truncated"),
        ("[1, 2]", 'expected an object with "format": "omicsfuse classifier"'),
        ('{"format": "omicsfuse signature"}', "not a classifier file"),
        ('{"format": "omicsfuse classifier", "format_version": 99}', "version 99; this version"),
        ('{"format": "omicsfuse classifier", "format_version": NaN}', "NaN is not a number"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(text, encoding="utf-8")
    with pytest.raises(ClassifierError, match=message):
        load_classifier(wrong)


def test_a_file_rehashed_without_a_part_is_malformed(path: Path, tmp_path: Path) -> None:
    import hashlib

    for part in ("prior", "layers", "calibrations"):
        content = json.loads(path.read_text(encoding="utf-8"))
        del content["hash"]
        content[part] = content[part][1:]
        plain = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        content["hash"] = hashlib.sha256(plain.encode()).hexdigest()
        wrong = tmp_path / f"{part}.json"
        wrong.write_text(json.dumps(content), encoding="utf-8")
        if part == "layers":
            assert len(load_classifier(wrong).layers) == 2  # whole in itself, if another
            continue
        with pytest.raises(ClassifierError, match="incomplete or malformed"):
            load_classifier(wrong)


def test_what_cannot_be_saved_is_said(planted: Any, tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match="the classifier cannot be written"):
        save_classifier(planted.classifier, tmp_path / "nowhere" / "classifier.json")
    odd = replace(planted.classifier, threshold=float("nan"))
    with pytest.raises(ClassifierError, match="nan"):
        save_classifier(odd, tmp_path / "classifier.json")
    assert list(tmp_path.iterdir()) == []


def test_layers_without_a_scale_get_that_of_the_gate(planted: Any, tmp_path: Path) -> None:
    bare = {
        name: Layer(layer.kind, np.log2(layer.table + 1) if name == "expression" else layer.table)
        for name, layer in planted.training.omics.items()
    }
    classifier = fit_classifier(bare, planted.labels)
    scales = {name: model.transform.scale for name, model in classifier.layers.items()}
    assert scales == {"radiomics": "raw", "expression": "log2", "mutation": "binary"}
    save_classifier(classifier, tmp_path / "classifier.json")
    genes = planted.new.omics["expression"].table
    new = {**planted.new.omics, "expression": Layer("expression", np.log2(genes + 1), "log2")}
    told = assign(tmp_path / "classifier.json", Cohort("new", new))
    right = told.set_index("patient")["subtype"].reindex(planted.truth.index) == planted.truth
    assert right.mean() > 0.8
