"""Cut the network into subtypes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import model_validator

from omicsfuse.assessment import cluster
from omicsfuse.clustering.cluster import cluster_range, in_network
from omicsfuse.core.checks.tables import count
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.faults import said_of
from omicsfuse.core.labelled import tell_strangers
from omicsfuse.core.results import Subtypes
from omicsfuse.pipeline.asked import given_labels, looks_at_outcome, patients_to_fuse
from omicsfuse.pipeline.keys import PositiveInt, StudyPath, Table
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.pipeline.stages.fuse import FUSE
from omicsfuse.report.sections import choice

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class SubtypeSettings(Table):
    """``[subtypes]``: how many, or given labels; and how much resampling to judge them by."""

    n_clusters: PositiveInt | Literal["auto"] | tuple[PositiveInt, PositiveInt] = "auto"
    budget: Literal["quick", "standard", "thorough"] = "quick"
    feature_groups: dict[str, StudyPath] = {}
    choose: Literal["structure", "survival"] = "structure"
    labels: StudyPath | None = None

    @model_validator(mode="after")
    def _given_or_sought(self) -> "SubtypeSettings":
        if self.labels is not None:
            for key in ("n_clusters", "choose"):
                if key in self.model_fields_set:
                    raise ValueError(
                        f"labels and {key} are both given; with given labels no subtypes are "
                        "searched for. Remove one of them"
                    )
        return self


class Cluster(Stage[SubtypeSettings, Subtypes]):
    """Choose the number of subtypes and assign each patient to one."""

    name = "cluster"
    table = "subtypes"
    settings = SubtypeSettings
    sections = (choice.SECTION,)

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        if study.subtypes.labels is not None and looks_at_outcome(study):
            raise StudyError(
                f"{study.where}: [subtypes] labels are given, and [preprocess] select = "
                '"survival" chooses features with the outcome. Given labels cannot be tested '
                "by permuting the pipeline. Remove one of them."
            )
        patients, given = patients_to_fuse(study, cohort), given_labels(study)
        with said_of(f"{study.where}: "):
            if given is None:
                cluster_range(study.subtypes.n_clusters, len(patients))
            else:
                _check_labels(tell_strangers(given, cohort), patients)

    def run(self, context: Context) -> Subtypes:
        study, fused = context.study, context.of(FUSE)
        if fused.given is not None:
            return in_network(fused.fusion, fused.given, study.seed)
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


def _check_labels(given: Subtypes, patients: pd.Index) -> None:
    """See that the patients to fuse have more than one label."""
    labels = given.labels[given.labels.index.isin(patients)].map(given.label_names)
    if labels.nunique() == 1:
        raise StudyError(
            f"[subtypes] labels: all {count(len(labels), 'patient')} to fuse have the label "
            f'"{labels.iloc[0]}"; expected two groups at least.'
        )


CLUSTER = Cluster()
