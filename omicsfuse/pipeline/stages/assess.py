"""Ask whether the subtypes are real, and what each layer brings."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from omicsfuse.assessment import assess
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.results import Assessment, Fusion, Subtypes
from omicsfuse.io.results import patients_first
from omicsfuse.io.tables import read_table
from omicsfuse.pipeline.asked import fused_layers
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.pipeline.stages.fuse import FUSE
from omicsfuse.report.sections import given_labels, layers, sensitivity, stability, verdict

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class Assessed(NamedTuple):
    """The subtypes with all that speaks for and against them."""

    subtypes: Subtypes
    fusion: Fusion
    assessment: Assessment


class Assess(Stage[None, Assessed]):
    """Judge the subtypes by resamples and by the same cohort without subtypes."""

    name = "assess"
    sections = (
        verdict.SECTION,
        given_labels.SECTION,
        stability.SECTION,
        layers.SECTION,
        sensitivity.SECTION,
    )
    holds = {
        "subtypes.tsv": "Subtype of each patient, with silhouette, confidence and stability",
        "n_clusters.tsv": "Criteria for each number of subtypes, and the number chosen",
        "structure.tsv": "Tests for subtypes: the cohort against the same cohort redrawn without "
        "groups",
        "stability.tsv": "Stability of each subtype under resampling (Jaccard index)",
        "given_labels.tsv": "The given labels: their names, and their separation in the "
        "fused network",
        "layers.tsv": "Contribution of each layer to the subtypes, compared with shuffled "
        "copies of the layer",
        "subtype_layers.tsv": "Separation of each subtype from the other patients, by layer",
        "coverage.tsv": "Layers measured in each patient (1: measured, 0: not measured)",
        "consensus.tsv": "Consensus matrix: for each pair of patients, the share of "
        "resamples with both in one group",
        "feature_groups.tsv": "Contribution of each group of features, such as shape or texture",
        "sensitivity.tsv": "Agreement of the subtypes with those of other settings",
    }

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        fused = fused_layers(study, cohort)
        with Faults() as faults:
            for layer, path in study.subtypes.feature_groups.items():
                with faults.gathered(), said_of(f"{study.where}: [subtypes] feature_groups "):
                    if layer not in fused:
                        raise StudyError(f"names {layer!r}, which is not fused.")
                    read_groups(cohort, layer, path)

    def run(self, context: Context) -> Assessed:
        study, fusion = context.study, context.of(FUSE).fusion
        assessment = context.remembered(
            assess,
            context.prepared,
            fusion,
            context.subtypes,
            budget=study.subtypes.budget,
            random_state=study.seed,
            feature_groups={
                layer: read_groups(context.cohort, layer, path)
                for layer, path in study.subtypes.feature_groups.items()
            },
            n_jobs=context.n_jobs,
            how=context.tasks,
        )
        return Assessed(context.subtypes, fusion, assessment)

    def tables(self, result: Assessed) -> dict[str, pd.DataFrame]:
        evidence, assessment = result.subtypes.evidence, result.assessment
        patients = evidence["patients"][["subtype", "silhouette", "confidence", "n_layers"]]
        if len(assessment.patients):
            patients = patients.join(assessment.patients[["co_clustering", "membership"]])
        if result.subtypes.given:
            names = patients["subtype"].map(result.subtypes.label_names)
            patients = patients.assign(label=names, own_cut=evidence["patients"]["own_cut"])
        by_k = assessment.n_clusters if len(assessment.n_clusters) else evidence["n_clusters"]
        tables = {
            "subtypes.tsv": patients.reset_index(names="patient"),
            "n_clusters.tsv": by_k.reset_index(names="k"),
            "structure.tsv": assessment.tests,
            "stability.tsv": assessment.stability.reset_index(names="subtype"),
            "layers.tsv": assessment.layers.reset_index(names="layer"),
            "subtype_layers.tsv": assessment.subtype_layers,
            "coverage.tsv": patients_first(result.fusion.coverage.astype(int), "layer patient"),
        }
        if len(assessment.given_labels):
            tables["given_labels.tsv"] = assessment.given_labels
        if len(assessment.consensus):
            tables["consensus.tsv"] = assessment.consensus.reset_index(names="patient")
        if len(assessment.feature_groups):
            tables["feature_groups.tsv"] = assessment.feature_groups.reset_index()
        if len(assessment.sensitivity):
            tables["sensitivity.tsv"] = assessment.sensitivity.drop(columns="reported")
        return tables

    def fields(self, result: Assessed) -> dict[str, Any]:
        return {"assessment": result.assessment}


def read_groups(cohort: Cohort, layer: str, path: Path) -> pd.DataFrame:
    """Read which group each feature of a layer belongs to."""
    try:
        table = read_table(path)
    except CohortError as error:
        raise StudyError(f"of layer {layer!r}: {error}") from error
    if table.shape[1] == 0:
        raise StudyError(
            f"{path}: expected a table with features in the first column and their groups in "
            "the second; there is no second column."
        )
    known = cohort.omics[layer].table.columns.astype(str)
    if not known.isin(table.index).any():
        raise StudyError(
            f"{path}: none of its features is in layer {layer!r}. The file names "
            f"{', '.join(map(str, table.index[:3]))}; the layer has {', '.join(known[:3])}."
        )
    return table


ASSESS = Assess()
