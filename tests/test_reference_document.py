"""The reference of keys names every key there is, with its default, and no other."""

import re
from pathlib import Path

import pytest

from omicsfuse.core.results import ResultFile
from omicsfuse.io.manifest import ClinicalTable, EndpointTable, LayerTable, Manifest
from omicsfuse.pipeline import folder, stages
from omicsfuse.pipeline.asked_signatures import FurtherSignature, SignatureSettings
from omicsfuse.pipeline.figures import FigureSettings
from omicsfuse.pipeline.stages.interpret import InterpretSettings
from omicsfuse.pipeline.study import Study

HOME = Path(__file__).parents[1]
TEXT = (HOME / "docs" / "reference.md").read_text(encoding="utf-8")
SETTINGS = [FigureSettings, SignatureSettings, FurtherSignature, InterpretSettings]
SETTINGS += [
    stage.settings
    for stage in stages.STAGES
    if stage.table and hasattr(stage.settings, "model_fields")
]
TABLES = {"clinical", "figures", "layers", "path", "signature"}
TABLES |= {stage.table for stage in stages.STAGES}


@pytest.mark.parametrize(
    "model", [Manifest, ClinicalTable, EndpointTable, LayerTable, Study, *SETTINGS]
)
def test_every_key_is_explained(model: type) -> None:
    fields = set(model.model_fields) - TABLES - {"endpoints"}
    missing = [name for name in fields if f"`{name}`" not in TEXT]
    assert missing == []


@pytest.mark.parametrize("model", SETTINGS)
def test_numbers_that_are_defaults_are_those_of_the_code(model: type) -> None:
    for name, field in model.model_fields.items():
        if isinstance(field.default, int | float) and name not in ("min_size", "max_size"):
            said = str(field.default)
            said = said.lower() if isinstance(field.default, bool) else said
            assert re.search(rf"`{name}` \| `{said}`", TEXT), name


def test_every_result_file_is_explained_in_the_words_of_the_index() -> None:
    said = [
        ResultFile(folder.place(stage.name, name), stage.name, text)
        for stage in stages.STAGES
        for name, text in stage.holds.items()
    ]
    general = {**folder.OF_THE_REPORT, **folder.OF_THE_RUN}
    said += [ResultFile(name, "run", text) for name, text in general.items()]
    rows = re.findall(r"^\| `(\S+)` \| (.*?) \| .*\|$", TEXT.partition("## Result files")[2], re.M)
    assert rows[-1][0] == f"{folder.FIGURES}/"
    for row, expected in zip(rows[:-1], folder.index(said).itertuples(index=False), strict=True):
        assert row == (expected.file, expected.holds)


def test_every_document_says_where_a_result_file_lies() -> None:
    """A file is named with its folder, so that a reader finds it."""
    moved = {
        name: folder.place(stage.name, name)
        for stage in stages.STAGES
        for name in stage.holds
        if folder.place(stage.name, name) != name
    }
    for path in [*HOME.glob("docs/**/*.md"), HOME / "README.md"]:
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"`([^`\s]+\.\w+)`", text):
            assert name not in moved or path.name == "reference.md", (path.name, moved[name])
            if "/" in name and Path(name).name in moved:
                assert name == moved[Path(name).name], path.name
