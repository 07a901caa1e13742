"""The study file: what to do with which cohorts, parsed before any data are opened."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, create_model, model_validator

from omicsfuse.core.errors import OmicsfuseError, StudyError
from omicsfuse.core.faults import Faults
from omicsfuse.io.manifest import read_manifest
from omicsfuse.io.toml import parse_toml_model
from omicsfuse.pipeline import stages
from omicsfuse.pipeline.asked_signatures import FurtherSignature, SignatureSettings
from omicsfuse.pipeline.figures import FigureSettings
from omicsfuse.pipeline.keys import FileNames, StudyFile, refuse_missing
from omicsfuse.pipeline.stages.assign import AssignmentSettings
from omicsfuse.pipeline.stages.cluster import SubtypeSettings
from omicsfuse.pipeline.stages.fuse import FusionSettings
from omicsfuse.pipeline.stages.heterogeneity import HeterogeneitySettings
from omicsfuse.pipeline.stages.immune import ImmuneSettings
from omicsfuse.pipeline.stages.interpret import InterpretSettings
from omicsfuse.pipeline.stages.markers import MarkerSettings
from omicsfuse.pipeline.stages.pathways import EnrichmentSettings
from omicsfuse.pipeline.stages.preprocess import PreprocessSettings
from omicsfuse.pipeline.stages.radiogenomics import RadiogenomicSettings
from omicsfuse.pipeline.stages.survival import SurvivalSettings


class Study(StudyFile):
    """A parsed study file. Paths are absolute.

    The table of a stage that is not named here is a field all the same, of ``study_model()``; a
    line here tells type checkers, and fixes its place in the record.
    """

    preprocess: PreprocessSettings = PreprocessSettings()
    fusion: FusionSettings = FusionSettings()
    subtypes: SubtypeSettings = SubtypeSettings()
    survival: SurvivalSettings = SurvivalSettings()
    markers: MarkerSettings = MarkerSettings()
    enrichment: EnrichmentSettings = EnrichmentSettings()
    immune: ImmuneSettings = ImmuneSettings()
    radiogenomics: RadiogenomicSettings = RadiogenomicSettings()
    heterogeneity: HeterogeneitySettings = HeterogeneitySettings()
    interpret: Annotated[dict[str, InterpretSettings], FileNames] = {}
    signature: SignatureSettings | None = None
    signatures: Annotated[dict[str, FurtherSignature], FileNames] = {}
    assignment: AssignmentSettings = AssignmentSettings()
    figures: FigureSettings = FigureSettings()

    @model_validator(mode="before")
    @classmethod
    def _verified_by_default(cls, values: Any) -> Any:
        # Whoever names other cohorts wants something verified in them.
        named = isinstance(values, dict) and (
            values.get("external") or values.get("negative_controls")
        )
        if named and "signature" not in values:
            return {**values, "signature": {}}
        return values


def study_model() -> type[Study]:
    """Model of the study file, with the tables of all stages of the pipeline."""
    more: dict[str, Any] = {
        stage.table: (stage.settings, Field(default_factory=stage.settings))
        for stage in stages.STAGES
        if stage.table and stage.table not in Study.model_fields
    }
    return create_model("Study", __base__=Study, **more) if more else Study


def read_study(path: str | Path) -> Study:
    r"""Read a study file (TOML) and resolve its paths, without reading data.

    Parameters
    ----------
    path : str or Path
        The study file. Relative paths in it are relative to it; a path may start with
        ``$OMICSFUSE_DATA/``.

    Returns
    -------
    Study
        The study with its defaults.

    Raises
    ------
    StudyError
        If the file is missing, is not TOML, has an unknown key (the nearest valid key is given) or
        a value out of range.

    Examples
    --------
    >>> from pathlib import Path
    >>> from omicsfuse import read_study
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "study.toml").write_text('name = "demo"\ndiscovery = "cohort.toml"')
    >>> read_study(folder / "study.toml").discovery.name
    'cohort.toml'
    """
    file = Path(path).resolve()
    named: list[Path] = []
    context = {"base": file.parent, "named": named}
    with Faults() as faults:
        with faults.gathered():
            study = parse_toml_model(path, study_model(), "study", StudyError, context)
            study._path = file
        if faults and _is_manifest(file):
            raise StudyError(
                f"{path} is a manifest, which describes one cohort; expected a study, which names "
                f'it: write a file with name = "..." and discovery = "{file.name}".'
            )
        if faults:
            # A study that cannot be parsed is not checked further; what it names is all the same.
            for path in named:
                if path.suffix == ".toml" and path.is_file():
                    with faults.gathered():
                        named = [*named, *read_manifest(path).files()]
            with faults.gathered():
                refuse_missing(named, str(file))
    return study


def _is_manifest(path: Path) -> bool:
    """Whether a file is the manifest of a cohort."""
    try:
        read_manifest(path)
    except OmicsfuseError:
        return False
    return True


def settings(study: Study) -> dict[str, Any]:
    """Return the study as plain values for the record: defaults filled in, paths by their ends."""
    return study.model_dump(mode="json", context={"base": study.folder})
