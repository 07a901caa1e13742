"""The reference of keys names every key there is, with its default, and no other."""

import re
from pathlib import Path

import pytest

from omicsfuse.io.manifest import ClinicalTable, EndpointTable, LayerTable, Manifest
from omicsfuse.pipeline import stages
from omicsfuse.pipeline.asked_signatures import FurtherSignature, SignatureSettings
from omicsfuse.pipeline.stages.interpret import InterpretSettings
from omicsfuse.pipeline.study import Study

TEXT = (Path(__file__).parents[1] / "docs" / "reference.md").read_text(encoding="utf-8")
SETTINGS = [SignatureSettings, FurtherSignature, InterpretSettings]
SETTINGS += [
    stage.settings
    for stage in stages.STAGES
    if stage.table and hasattr(stage.settings, "model_fields")
]
TABLES = {"clinical", "layers", "path", "signature"}
TABLES |= {stage.table for stage in stages.STAGES}


@pytest.mark.parametrize(
    "model", [Manifest, ClinicalTable, EndpointTable, LayerTable, Study, *SETTINGS]
)
def test_every_key_is_explained(model: type) -> None:
    fields = set(model.model_fields) - TABLES - {"endpoints"}  # type: ignore[attr-defined]
    missing = [name for name in fields if f"`{name}`" not in TEXT]
    assert missing == []


@pytest.mark.parametrize("model", SETTINGS)
def test_numbers_that_are_defaults_are_those_of_the_code(model: type) -> None:
    for name, field in model.model_fields.items():  # type: ignore[attr-defined]
        if isinstance(field.default, int | float) and name not in ("min_size", "max_size"):
            said = str(field.default)
            said = said.lower() if isinstance(field.default, bool) else said
            assert re.search(rf"`{name}` \| `{said}`", TEXT), name


def test_every_result_file_is_explained() -> None:
    folder = Path(stages.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    names = re.findall(r'"(\w+\.tsv)"', source)
    assert len(names) > 40
    for name in names:
        assert f"`{name}`" in TEXT, name
