"""Say what goes with the scores of imaging models."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.results import Interpretation
from omicsfuse.imaging.interpretation import interpret, read_scores
from omicsfuse.imaging.interpretation.ranked_sets import ENRICHMENT_FACTS
from omicsfuse.imaging.interpretation.scores_file import match_scores
from omicsfuse.io.results import filled, name_rows
from omicsfuse.pipeline.asked import enriched_layer
from omicsfuse.pipeline.keys import Count, StudyPath, Table
from omicsfuse.pipeline.stage import Context, Stage, or_without
from omicsfuse.pipeline.stages.immune import IMMUNE
from omicsfuse.report.sections import interpretation

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class InterpretSettings(Table):
    """``[interpret.NAME]``: the score or class that an imaging model gives each patient."""

    scores: StudyPath
    column: str | None = None
    n_resamples: Count = 100


class Interpret(Stage[dict[str, InterpretSettings], dict[str, Interpretation]]):
    """What goes with each imaging model that the study names."""

    name = "interpret"
    table = "interpret"
    settings = dict[str, InterpretSettings]
    sections = (interpretation.SECTION,)
    holds = {
        "interpretation.tsv": "Associations of each imaging model with all features and clinical "
        "variables",
        "interpretation_families.tsv": "Number of tests and of associations with each "
        "imaging model",
        "interpretation_gene_sets.tsv": "Gene-set enrichment of the genes ranked by each imaging "
        "model",
        "interpretation_stability.tsv": "Stability of these rankings under resampling of the "
        "patients",
        "interpretation_scores.tsv": "Scores of the imaging models, as used",
    }

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        known = set() if cohort.clinical is None else set(cohort.clinical.index)
        known |= {patient for layer in cohort.omics.values() for patient in layer.table.index}
        patients = pd.Index(sorted(known))
        with Faults() as faults:
            for name in study.interpret:
                with faults.gathered(), said_of(f"{study.where}: [interpret.{name}] "):
                    key, scores = model_scores(study, name)
                    # What it warns of is said when the model is interpreted.
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", OmicsfuseWarning)
                        match_scores(scores, patients, key)

    def run(self, context: Context) -> dict[str, Interpretation]:
        interpretations = {}
        for name, asked in context.study.interpret.items():
            _, scores = model_scores(context.study, name)
            interpretation = or_without(
                f"interpretation of model {name}",
                partial(interpreted, context, scores, n_resamples=asked.n_resamples),
            )
            if interpretation is not None:
                interpretations[name] = replace(interpretation, name=name)
        return interpretations

    def tables(self, result: dict[str, Interpretation]) -> dict[str, pd.DataFrame]:
        scores = {
            name: pd.DataFrame({"patient": model.scores.index, model.kind: model.scores.to_numpy()})
            for name, model in result.items()
        }
        parts = {
            "interpretation.tsv": {name: m.associations for name, m in result.items()},
            "interpretation_families.tsv": {name: m.families for name, m in result.items()},
            "interpretation_gene_sets.tsv": {
                name: m.enrichment.drop(columns=ENRICHMENT_FACTS) for name, m in result.items()
            },
            "interpretation_stability.tsv": {name: m.stability for name, m in result.items()},
            "interpretation_scores.tsv": scores,
        }
        return filled({file: name_rows(by_model, "model") for file, by_model in parts.items()})

    def exclusions(self, result: dict[str, Interpretation]) -> list[Exclusion]:
        return [exclusion for model in result.values() for exclusion in model.exclusions]

    def fields(self, result: dict[str, Interpretation]) -> dict[str, Any]:
        return {"interpretations": result}


def interpreted(context: Context, scores: pd.Series, **options: Any) -> Interpretation:
    """Hold the scores of one model against all that the study has on its patients."""
    study, cohort, prepared = context.study, context.cohort, context.prepared
    genes = enriched_layer(study, cohort)
    return interpret(
        scores,
        cohort,
        prepared,
        subtypes=context.results.get("cluster"),
        gene_sets=list(study.gene_sets) or None,
        immune=context.of(IMMUNE),
        gene_layer=genes if genes in prepared.layers else None,
        min_size=study.enrichment.min_size,
        max_size=study.enrichment.max_size,
        random_state=study.seed,
        n_jobs=context.n_jobs,
        **options,
    )


def model_scores(study: "Study", name: str) -> tuple[str, pd.Series]:
    """Read the scores of one imaging model, with the name of their column."""
    asked = study.interpret[name]
    columns = read_scores(asked.scores, None if asked.column is None else [asked.column])
    if len(columns) != 1:
        there = f'has the columns {", ".join(columns)}; name one: column = "..."'
        none = (
            "has no column of scores; expected the patient in the first column and a "
            "score in the second"
        )
        raise StudyError(f"{asked.scores.name} {there if columns else none}.")
    return next(iter(columns.items()))


INTERPRET = Interpret()
