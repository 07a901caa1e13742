"""Cut the network into subtypes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from omicsfuse.assessment import cluster
from omicsfuse.clustering.cluster import cluster_range
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.faults import said_of
from omicsfuse.core.results import Subtypes
from omicsfuse.pipeline.asked import patients_to_fuse
from omicsfuse.pipeline.keys import PositiveInt, StudyPath, Table
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.pipeline.stages.fuse import FUSE
from omicsfuse.report.sections import choice

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class SubtypeSettings(Table):
    """``[subtypes]``: how many, and how much resampling to judge them by."""

    n_clusters: PositiveInt | Literal["auto"] | tuple[PositiveInt, PositiveInt] = "auto"
    budget: Literal["quick", "standard", "thorough"] = "quick"
    feature_groups: dict[str, StudyPath] = {}
    choose: Literal["structure", "survival"] = "structure"


class Cluster(Stage[SubtypeSettings, Subtypes]):
    """Choose the number of subtypes and assign each patient to one."""

    name = "cluster"
    table = "subtypes"
    settings = SubtypeSettings
    sections = (choice.SECTION,)

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        n_patients = len(patients_to_fuse(study, cohort))
        with said_of(f"{study.where}: "):
            cluster_range(study.subtypes.n_clusters, n_patients)

    def run(self, context: Context) -> Subtypes:
        study, fused = context.study, context.of(FUSE)
        if fused.subtypes is not None:
            return fused.subtypes
        return cluster(
            fused.fusion,
            study.subtypes.n_clusters,
            random_state=study.seed,
            n_jobs=context.n_jobs,
        )

    def fields(self, result: Subtypes) -> dict[str, Any]:
        return {"subtypes": result}


CLUSTER = Cluster()
