"""A layer that is not there is told, whatever names it, and whatever else is at fault."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from omicsfuse.core.errors import OmicsfuseError, StudyError
from omicsfuse.pipeline.commands.check import check
from omicsfuse.pipeline.stages import STAGES
from omicsfuse.pipeline.study import Study

#: What may be wrong with the layers of a manifest: text, and what stands there instead.
FAULTS = {
    "nothing": ("", ""),
    "values": ('kind = "radiomics"', 'kind = "mutation"'),
    "amounts": ('scale = "raw"', 'scale = "zscore"'),
    "scale": ('scale = "gistic"', 'scale = "log3"'),
    "kind": ('kind = "mutation"', 'kind = "mutatoin"'),
    "file": ("expression.tsv", "nowhere.tsv"),
    "key": ("[layers.expression]\n", "[layers.expression]\nknid = 1\n"),
}


def keys() -> Iterator[tuple[str, str, str]]:
    """Table, key and value of every setting that names layers."""
    for key in ("layer", "external_layer"):
        yield "[signature]", key, '"rnaz"'
    yield "[signatures.a]", "layer", '"rnaz"'
    yield '[signatures.a]\nfeature = "x"', "feature_layer", '"rnaz"'
    yield "[preprocess]", "n_features", "{ rnaz = 5 }"
    yield "[fusion]", "distances", '{ rnaz = "clinical.tsv" }'
    yield "[fusion]", "layer_weights", "{ rnaz = 2 }"
    yield "[fusion]", "metrics", '{ rnaz = "euclidean" }'
    yield "[subtypes]", "feature_groups", '{ rnaz = "clinical.tsv" }'
    seen = {"signature", "signatures"}
    for stage in STAGES:
        for key, field in getattr(getattr(stage, "settings", None), "model_fields", {}).items():
            if stage.table in seen or key not in ("layer", "layers", "targets"):
                continue
            assert stage.table in Study.model_fields
            value = '"rnaz"' if field.annotation == (str | None) else '["rnaz"]'
            yield f"[{stage.table}]", key, value
    yield "", "layers", '["rnaz", "mutation"]'


@pytest.fixture
def study(brief: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    shutil.copytree(brief.parent, folder)
    path = folder / "asked.toml"
    path.write_text('name = "t"\ndiscovery = "discovery.toml"\nexternal = ["external.toml"]\n')
    return path


def refusal(path: Path) -> str:
    with pytest.raises(OmicsfuseError) as found:
        check(path)
    return str(found.value)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_key_that_names_a_layer_is_checked_whatever_else_is_wrong(
    study: Path, fault: str
) -> None:
    manifest, text = study.with_name("discovery.toml"), study.read_text()
    right, wrong = FAULTS[fault]
    assert right in manifest.read_text()
    if right:
        manifest.write_text(manifest.read_text().replace(right, wrong, 1))
    tables = set()
    for table, key, value in keys():
        study.write_text(text + f"{table}\n{key} = {value}\n")
        assert "rnaz" in refusal(study), (table, key)
        tables.add(table)
    assert {"[enrichment]", "[immune]", "[radiogenomics]", "[heterogeneity]"} <= tables
    several = '[enrichment]\nlayer = "other"\n[signature]\nlayer = "rnaz"\nexternal_layer = "third"'
    study.write_text(text + f'{several}\n[survival]\nendpoints = ["pfs"]\n')
    said = refusal(study)
    for name in ("names 'rnaz'", "names 'other'", "no layer 'third'", "names 'pfs'"):
        assert said.count(name) == 1, said


def test_other_cohorts_are_checked_by_their_manifests(study: Path) -> None:
    other = study.with_name("external.toml")
    text = other.read_text()
    other.write_text(text.replace("[layers.expression]", "[layers.rna]"))
    check(study)  # it is the only one of its kind
    study.write_text(study.read_text() + '[signature]\nexternal_layer = "expression"\n')
    said = "[signature] external_layer: cohort 'simulated-external': there is no layer 'expression'"
    assert said in refusal(study)
    text_of_other = text.replace('kind = "expression"\nscale = "tpm"', 'kind = "mutation"')
    assert text_of_other != text, text
    other.write_text(text_of_other)
    with pytest.raises(StudyError, match="is of kind 'mutation'; genes are read from"):
        check(study)
    other.write_text(text)
    second = study.with_name("second.toml")
    second.write_text(text)
    study.write_text(study.read_text().replace('["ext', '["second.toml", "ext'))
    with pytest.raises(StudyError, match="several of the other cohorts are named"):
        check(study)
