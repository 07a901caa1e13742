"""The command ``check``: a study in, every fault told, nothing computed."""

import tomllib
import warnings
from contextlib import suppress
from pathlib import Path

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseError, OmicsfuseWarning
from omicsfuse.core.faults import Faults
from omicsfuse.io.cohorts import read_cohort
from omicsfuse.io.manifest import Manifest, read_manifest
from omicsfuse.io.paths import resolve_path
from omicsfuse.pipeline import stages
from omicsfuse.pipeline.check import check_study
from omicsfuse.pipeline.stage import layers_to_prepare
from omicsfuse.pipeline.stages.survival import warn_of_doubtful_survival
from omicsfuse.pipeline.study import Study, read_study
from omicsfuse.preprocessing.prepare import why_unusable


def check(study: Study | str | Path) -> tuple[Study, Cohort, list[Cohort], list[Manifest]]:
    """Read and check everything that a study names, controls last, and compute nothing."""
    study = study if isinstance(study, Study) else _read(study)
    checked = check_study(study, stages.STAGES, open_all=True)
    cohort = checked.cohorts[study.discovery]
    warn_of_doubtful_survival(study, cohort, cohort.patients([]))
    for name in layers_to_prepare(stages.STAGES, study, cohort):
        if why := why_unusable(name, cohort.omics[name]):
            warnings.warn(f"{why} A run excludes this layer.", OmicsfuseWarning, stacklevel=2)
    others = [*study.external, *study.negative_controls]
    return (
        study,
        cohort,
        [checked.cohorts[path] for path in others],
        [checked.manifests[path] for path in (study.discovery, *others)],
    )


def _read(path: str | Path) -> Study:
    """Read a study; where it is at fault, tell the faults of the tables of its cohorts too."""
    with Faults() as faults:
        with faults.gathered():
            study = read_study(path)
        if faults:
            for manifest in _manifests(Path(path)):
                with faults.gathered():
                    # Files that are missing have been told.
                    if there := read_manifest(manifest).with_files(Path.exists):
                        read_cohort(there)
    return study


def _manifests(path: Path) -> list[Path]:
    """Manifests that are there, of those that a study names which is at fault elsewhere."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return []
    named = [values.get(key, []) for key in ("discovery", "external", "negative_controls")]
    texts = [text for one in named for text in (one if isinstance(one, list) else [one])]
    paths: list[Path] = []
    for text in texts:
        with suppress(OmicsfuseError):  # told by who reads the study
            paths += [resolve_path(text, path.resolve().parent)] if isinstance(text, str) else []
    return [one for one in paths if one.is_file()]
