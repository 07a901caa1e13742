import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsfuse.core.errors import SignatureError
from omicsfuse.core.results import Signature
from omicsfuse.signatures import load_signature, save_signature
from omicsfuse.signatures.lock import content_hash, lock, require_locked


def signature(**changes: Any) -> Signature:
    genes = pd.Index(["TP53", "EGFR", "MYC"], dtype=object, name="gene")
    fields: dict[str, Any] = {
        "name": "toy",
        "templates": pd.DataFrame({"S1": [1.0, 0, 0], "S2": [0, 1.0, 1.0]}, genes),
        "reference": pd.DataFrame({"mean": [0.1, 1 / 3, -2e-17], "sd": [1.0, np.pi, 1e300]}, genes),
        "scale": "log2",
        "trained_on": {"cohort": "a", "n_patients": np.int64(9), "subtype_sizes": {"S1": 5}},
        "settings": {"n_genes": 3, "limits": (0.025, 0.975)},
    }
    return Signature(**(fields | changes))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "signature.json"
    save_signature(lock(signature()), path)
    return path


def change(path: Path, **changes: Any) -> Path:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes), encoding="utf-8")
    return path


def test_round_trip_is_exact(saved: Path) -> None:
    first, back = lock(signature()), load_signature(saved)
    pd.testing.assert_frame_equal(back.templates, first.templates, check_exact=True)
    pd.testing.assert_frame_equal(back.reference, first.reference, check_exact=True)
    assert (back.name, back.scale, back.hash) == (first.name, first.scale, first.hash)
    assert back.trained_on == {"cohort": "a", "n_patients": 9, "subtype_sizes": {"S1": 5}}
    assert back.settings == {"n_genes": 3, "limits": [0.025, 0.975]}
    require_locked(back)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
    st.text(st.characters(codec="utf-8"), max_size=8),
)
def test_any_number_and_any_name_survive(numbers: list[float], name: str) -> None:
    import tempfile

    first = signature()
    first = lock(replace(first, reference=first.reference.assign(mean=numbers), name=name))
    with tempfile.TemporaryDirectory() as folder:
        save_signature(first, Path(folder) / "s.json")
        back = load_signature(Path(folder) / "s.json")
    assert back.reference["mean"].tolist() == numbers
    assert back.name == name


def test_same_content_same_bytes(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        save_signature(lock(signature()), tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "b.json"]


def test_file_is_readable_json(saved: Path) -> None:
    content = json.loads(saved.read_text(encoding="utf-8"))
    assert content["genes"][0] == {
        "gene": "TP53",
        "mean": 0.1,
        "sd": 1.0,
        "weights": {"S1": 1.0, "S2": 0.0},
    }
    assert content["format"] == "omicsfuse signature"
    assert saved.read_text().endswith("}\n")


@pytest.mark.parametrize(
    "altered",
    [
        {"name": "other"},
        {"scale": "zscore"},
        {"settings": {"n_genes": 4, "limits": (0.025, 0.975)}},
        {"trained_on": {"cohort": "b"}},
        {"templates": signature().templates.assign(S1=[1.0, 0.0, 1e-12])},
        {"templates": signature().templates[["S2", "S1"]]},
        {"reference": signature().reference.assign(sd=[1.0, 2.0, 3.0])},
    ],
)
def test_every_part_counts_in_the_hash(altered: dict[str, Any]) -> None:
    first = lock(signature())
    assert content_hash(signature(**altered)) != first.hash
    with pytest.raises(SignatureError, match=rf"changed after locking.*{first.hash}"):
        require_locked(replace(first, **altered))


def test_the_hash_is_the_one_of_signatures_already_locked() -> None:
    genes = ["A", "B"]
    templates = pd.DataFrame({"S1": [1.0, 0.0], "S2": [0.0, 1.0]}, genes)
    reference = pd.DataFrame({"mean": [0.0, 1.0], "sd": [1.0, 2.0]}, genes)
    toy = Signature("toy", templates, reference, "log2", {}, {})
    assert content_hash(toy).startswith("21034c9f70fda71eae42efcd64b21e99")


def test_order_of_settings_does_not_count() -> None:
    turned = dict(reversed(signature().settings.items()))
    assert content_hash(signature(settings=turned)) == content_hash(signature())


def test_unlocked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="'toy' is not locked"):
        require_locked(signature())
    with pytest.raises(SignatureError, match="'toy' is not locked"):
        save_signature(signature(), tmp_path / "s.json")
    assert list(tmp_path.iterdir()) == []


def test_locking_again_changes_nothing_and_refuses_altered_content() -> None:
    first = lock(signature())
    assert lock(first).hash == first.hash
    with pytest.raises(SignatureError, match="changed after locking"):
        lock(replace(first, name="other"))


def test_tampering_in_the_file_names_both_hashes(saved: Path) -> None:
    recorded = lock(signature()).hash
    text = saved.read_text().replace('"S1": 1.0', '"S1": 2.0')
    saved.write_text(text)
    with pytest.raises(SignatureError, match=rf"signature.json.*recorded hash {recorded}.*content"):
        load_signature(saved)


def test_a_missing_hash_is_not_a_way_round(saved: Path) -> None:
    with pytest.raises(SignatureError, match="not locked"):
        load_signature(change(saved, hash=""))
    content = json.loads(saved.read_text())
    del content["hash"]
    saved.write_text(json.dumps(content))
    with pytest.raises(SignatureError, match=r"incomplete or malformed.*hash"):
        load_signature(saved)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not JSON, or is truncated"),
        ("gene\tweight\n", "it is not JSON"),
        ("[1, 2]", 'expected an object with "format"'),
        ('{"format": "something"}', 'expected an object with "format"'),
        ('{"format": "omicsfuse signature", "format_version": 99}', "format version 99"),
        ('{"format": "omicsfuse signature", "format_version": 2}', "incomplete or malformed"),
        ('{"format": "omicsfuse signature", "x": NaN}', "NaN is not a number in JSON"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(SignatureError, match=message):
        load_signature(path)


def test_truncated_missing_and_binary_files(saved: Path, tmp_path: Path) -> None:
    saved.write_text(saved.read_text()[:-30])
    with pytest.raises(SignatureError, match="truncated"):
        load_signature(saved)
    with pytest.raises(SignatureError, match="cannot be read: No such file"):
        load_signature(tmp_path / "nowhere.json")
    saved.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SignatureError, match="not UTF-8"):
        load_signature(saved)


@pytest.mark.parametrize("genes", [[], "none", [{"gene": "A"}], [3], None])
def test_malformed_genes(saved: Path, genes: object) -> None:
    with pytest.raises(SignatureError, match=r"malformed|altered"):
        load_signature(change(saved, genes=genes))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="cannot be written"):
        save_signature(lock(signature()), tmp_path / "absent" / "s.json")


def test_a_failed_write_leaves_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(SignatureError, match="disk full"):
        save_signature(lock(signature(name="new")), saved)
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == ["signature.json"]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_must_be_finite(value: float) -> None:
    broken = signature().reference.assign(mean=[0.0, value, 0.0])
    with pytest.raises(SignatureError, match="a weight, mean or setting is"):
        lock(signature(reference=broken))


def test_templates_and_reference_must_name_the_same_genes() -> None:
    with pytest.raises(SignatureError, match="must name the same genes"):
        lock(signature(reference=signature().reference.iloc[::-1]))


def test_settings_that_json_cannot_keep() -> None:
    with pytest.raises(SignatureError, match="a value of type set"):
        lock(signature(settings={"x": {1, 2}}))


@pytest.mark.parametrize(
    ("part", "value"), [("n_huge", 10**30), ("mean_huge", 10**400), ("half", "\ud800")]
)
def test_what_no_signature_can_hold_is_refused(saved: Path, part: str, value: object) -> None:
    content = json.loads(saved.read_text(encoding="utf-8"))
    if part == "n_huge":
        row = {"endpoint": "os", "score": "S1", "n": value, "events": 9, "log_hr": 0.1, "se": 0.1}
        content["discovery"] = [row]
    elif part == "mean_huge":
        content["genes"][0]["mean"] = value
    else:
        content["name"] = value
    saved.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SignatureError, match="malformed"):
        load_signature(saved)


@pytest.mark.parametrize("where", ["top", "gene"])
def test_what_was_added_to_the_file_is_refused(saved: Path, where: str) -> None:
    content = json.loads(saved.read_text(encoding="utf-8"))
    (content if where == "top" else content["genes"][0])["comment"] = "better than it was"
    saved.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SignatureError, match="additional content"):
        load_signature(saved)
