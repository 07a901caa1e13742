"""Score immune and stromal cells in each patient."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import model_validator

from omicsfuse.biology import compare_scores, deconvolve, immune_scores
from omicsfuse.biology.immune import CYTOLYTIC, CYTOLYTIC_GENES
from omicsfuse.biology.marker_scores import method_of
from omicsfuse.biology.reference_matrix import read_reference
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.kinds import layers_that
from omicsfuse.core.results import ImmuneContext, Prepared
from omicsfuse.io.gmt import read_gmt
from omicsfuse.io.results import filled, patients_first
from omicsfuse.pipeline.asked import enriched_layer, refuse_other_kinds
from omicsfuse.pipeline.keys import PositiveInt, StudyPath, Table
from omicsfuse.pipeline.stage import Context, Stage, or_without
from omicsfuse.report.sections import immune

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class ImmuneSettings(Table):
    """``[immune]``: immune and stromal scores from marker sets, and a user's reference matrix."""

    layer: str | None = None
    sets: dict[str, StudyPath] = {}
    methods: dict[str, str] = {}
    signature_matrix: StudyPath | None = None
    deconvolution: Literal["nu_svr", "nnls"] = "nu_svr"
    n_permutations: PositiveInt = 100

    @model_validator(mode="after")
    def _methods_of_sets(self) -> "ImmuneSettings":
        unknown = sorted(self.methods.keys() - self.sets.keys())
        if unknown:
            raise ValueError(f"methods names {', '.join(unknown)}, which is not in sets")
        return self


class Immune(Stage[ImmuneSettings, ImmuneContext | None]):
    """Immune and stromal scores, and shares of cells where there is a reference matrix."""

    name = "immune"
    table = "immune"
    settings = ImmuneSettings
    listed_after = "pathways"
    sections = (immune.SECTION,)
    holds = {
        "immune_coverage.tsv": "Number of genes measured for each immune and stromal score",
        "immune_scores.tsv": "Immune and stromal scores of each patient",
        "immune_tests.tsv": "Immune and stromal scores compared between subtypes",
        "cell_fractions.tsv": "Shares of cell types in each patient, by deconvolution",
        "cell_fraction_tests.tsv": "Shares of cell types compared between subtypes",
    }

    def named_layers(self, study: "Study") -> list[tuple[str, str | None]]:
        return [("[immune] layer", study.immune.layer)]

    def layers(self, study: "Study", cohort: Cohort) -> list[str | None]:
        return [enriched_layer(study, cohort), study.immune.layer]

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        asked = study.immune
        used = {name: cohort.omics[name] for name in layers}
        genes = asked.layer or layers_that(used, lambda kind: kind.transcriptome)
        with Faults() as faults:
            with faults.gathered():
                score_names(study)
            with faults.gathered(), said_of(f"{study.where}: [immune] "), warnings.catch_warnings():
                warnings.simplefilter("ignore", OmicsfuseWarning)
                if asked.signature_matrix is not None:
                    read_reference(asked.signature_matrix)
            with faults.gathered(), said_of(f"{study.where}: [immune] "):
                if (asked.sets or asked.signature_matrix is not None) and not genes:
                    raise StudyError(
                        "scores are requested, but the study uses no layer of kind "
                        'expression. Name a layer with genes: layer = "...", or remove the '
                        "table."
                    )
            with faults.gathered():
                refuse_other_kinds(
                    study, cohort, "[immune] layer", asked.layer, lambda kind: kind.ranks_genes
                )

    def run(self, context: Context) -> ImmuneContext | None:
        study, prepared = context.study, context.prepared
        subtypes, asked = context.results.get("cluster"), study.immune
        layer = immune_layer(study, context.cohort, prepared)
        if layer is None or not (asked.sets or asked.signature_matrix):
            return None
        scored = or_without(
            "immune scores",
            lambda: immune_scores(
                prepared, asked.sets, layer=layer, methods=asked.methods, subtypes=subtypes
            ),
        )
        matrix = asked.signature_matrix
        if matrix is None:
            return scored
        shares = or_without(
            "shares of cells",
            lambda: deconvolve(
                prepared,
                matrix,
                layer=layer,
                method=asked.deconvolution,
                n_permutations=asked.n_permutations,
                random_state=study.seed,
            ),
        )
        if shares is None:
            return scored
        fractions, fit = shares
        scored = scored or ImmuneContext(pd.DataFrame(), pd.DataFrame())
        tests = pd.DataFrame()
        if subtypes is not None and len(subtypes.names) > 1:
            tests = compare_scores(subtypes, fractions)
        return replace(scored, fractions=fractions, fit=fit, fraction_tests=tests)

    def tables(self, result: ImmuneContext | None) -> dict[str, pd.DataFrame]:
        if result is None:
            return {}
        fractions = result.fractions
        return filled(
            {
                "immune_coverage.tsv": result.coverage,
                "immune_scores.tsv": patients_first(result.scores),
                "immune_tests.tsv": result.tests,
                "cell_fractions.tsv": patients_first(
                    fractions.join(result.fit) if len(fractions) else fractions
                ),
                "cell_fraction_tests.tsv": result.fraction_tests,
            }
        )

    def exclusions(self, result: ImmuneContext | None) -> Sequence[Exclusion]:
        return () if result is None else result.exclusions

    def fields(self, result: ImmuneContext | None) -> dict[str, Any]:
        return {"immune": result}


def immune_layer(study: "Study", cohort: Cohort, prepared: Prepared) -> str | None:
    """Name the layer that immune scores are made from; None where there is none."""
    if study.immune.layer is not None:
        return study.immune.layer
    named = enriched_layer(study, cohort)
    if named in prepared.layers:
        return named
    return next(iter(layers_that(prepared.layers, lambda kind: kind.transcriptome)), None)


def score_names(study: "Study") -> list[str]:
    """Names of the immune scores that there will be."""
    asked = study.immune
    names = [f"{CYTOLYTIC}: {' and '.join(CYTOLYTIC_GENES)}"]
    with said_of(f"{study.where}: [immune] "), Faults() as faults:
        for collection, path in asked.sets.items():
            with faults.gathered():
                method_of(collection, asked.methods)
            with faults.gathered():
                names += [f"{collection}: {cell}" for cell in read_gmt(path)]
        with faults.gathered():
            if CYTOLYTIC in asked.sets:
                raise StudyError(
                    f"sets names {CYTOLYTIC!r}, which is the score of GZMA and PRF1 that is "
                    "always computed; give the collection another name."
                )
    return names if asked.sets or asked.signature_matrix is not None else []


IMMUNE = Immune()
