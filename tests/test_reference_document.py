"""The reference of keys names every key there is, with its default, and no other."""

import re
from pathlib import Path

import pytest

from omicsfuse.io import biology_results
from omicsfuse.io.manifest import ClinicalTable, EndpointTable, LayerTable, Manifest
from omicsfuse.io.results import result_tables
from omicsfuse.pipeline.study import (
    AssignmentSettings,
    FusionSettings,
    PreprocessSettings,
    SignatureSettings,
    Study,
    SubtypeSettings,
    SurvivalSettings,
)
from omicsfuse.pipeline.study_biology import (
    EnrichmentSettings,
    HeterogeneitySettings,
    ImmuneSettings,
    InterpretSettings,
    MarkerSettings,
    RadiogenomicSettings,
)
from omicsfuse.pipeline.study_signatures import FurtherSignature

TEXT = (Path(__file__).parents[1] / "docs" / "reference.md").read_text(encoding="utf-8")
SETTINGS = [
    PreprocessSettings,
    FusionSettings,
    SubtypeSettings,
    SurvivalSettings,
    EnrichmentSettings,
    SignatureSettings,
    FurtherSignature,
    AssignmentSettings,
    MarkerSettings,
    ImmuneSettings,
    RadiogenomicSettings,
    HeterogeneitySettings,
    InterpretSettings,
]
TABLES = {"clinical", "layers", "path", "preprocess", "fusion", "subtypes", "survival"}
TABLES |= {"enrichment", "signature", "signatures", "assignment"}
TABLES |= {"markers", "immune", "radiogenomics", "heterogeneity", "interpret"}


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
    import inspect

    source = inspect.getsource(result_tables) + inspect.getsource(biology_results)
    for name in re.findall(r'"(\w+\.tsv)"', source):
        assert f"`{name}`" in TEXT, name
