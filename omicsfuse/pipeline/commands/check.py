"""The command ``check``: a study in, every fault told, nothing computed."""

from pathlib import Path

from omicsfuse.core.cohort import Cohort
from omicsfuse.io.manifest import Manifest
from omicsfuse.pipeline import stages
from omicsfuse.pipeline.check import check_study
from omicsfuse.pipeline.stages.survival import warn_of_doubtful_survival
from omicsfuse.pipeline.study import Study, read_study


def check(study: Study | str | Path) -> tuple[Study, Cohort, list[Cohort], list[Manifest]]:
    """Read and check everything that a study names, and compute nothing.

    Parameters
    ----------
    study : Study, str or Path
        A study, or the path of a study file.

    Returns
    -------
    study : Study
        The study as parsed.
    cohort : Cohort
        The discovery cohort.
    external : list of Cohort
        The external cohorts, then the negative controls.
    manifests : list of Manifest
        Manifests, the discovery cohort's first.

    Raises
    ------
    StudyError, CohortError
        If the study or the data are at fault; several faults are told in one error.
    """
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
