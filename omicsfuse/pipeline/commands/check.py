"""The command ``check``: a study in, every fault told, nothing computed."""

from pathlib import Path

from omicsfuse.core.cohort import Cohort
from omicsfuse.io.manifest import Manifest
from omicsfuse.pipeline import stages
from omicsfuse.pipeline.check import check_study
from omicsfuse.pipeline.stages.survival import warn_of_doubtful_survival
from omicsfuse.pipeline.study import Study, read_study


def check(study: Study | str | Path) -> tuple[Study, Cohort, list[Cohort], list[Manifest]]:
    """Read and check everything that a study names, controls last, and compute nothing."""
    study = study if isinstance(study, Study) else read_study(study)
    checked = check_study(study, stages.STAGES, open_all=True)
    cohort = checked.cohorts[study.discovery]
    warn_of_doubtful_survival(study, cohort, cohort.patients([]))
    others = [*study.external, *study.negative_controls]
    return (
        study,
        cohort,
        [checked.cohorts[path] for path in others],
        [checked.manifests[path] for path in (study.discovery, *others)],
    )
