"""Hold the images against everything molecular."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from pydantic import Field

from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.kinds import layers_that
from omicsfuse.core.results import Prepared, RadiogenomicMap
from omicsfuse.core.results.biology import patient_scores
from omicsfuse.imaging import (
    ModulePairs,
    cluster_radiomic_features,
    map_modules,
    radiogenomic_map,
    with_modules,
)
from omicsfuse.imaging.modules.volume import adjust_modules
from omicsfuse.imaging.redundancy import layer_of_images
from omicsfuse.io.results import filled
from omicsfuse.pipeline.asked import check_covariates, covariate_terms, refuse_other_kinds
from omicsfuse.pipeline.keys import PositiveInt, Table
from omicsfuse.pipeline.stage import Context, Stage, or_without
from omicsfuse.pipeline.stages.immune import IMMUNE, score_names
from omicsfuse.pipeline.stages.pathways import PATHWAYS
from omicsfuse.report.sections import radiogenomic_modules, radiogenomics

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study

#: Matrices of correlations with more cells than this stay in Python: nobody reads such a file.
MOST_CELLS = 2_000_000


class RadiogenomicSettings(Table):
    """``[radiogenomics]``: radiomic features against everything molecular."""

    map: bool = True
    layer: str | None = None
    targets: tuple[str, ...] | None = None
    covariates: tuple[str, ...] = ()
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.9
    modules: bool = True
    module_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.7
    n_permutations: PositiveInt | Literal["auto"] = "auto"


class Radiogenomics(Stage[RadiogenomicSettings, RadiogenomicMap | None]):
    """Radiomic features against genes and scores, and their clusters against gene modules."""

    name = "radiogenomics"
    table = "radiogenomics"
    settings = RadiogenomicSettings
    sections = (radiogenomics.SECTION, radiogenomic_modules.SECTION)
    holds = {
        "radiomic_clusters.tsv": "Groups of redundant radiomic features, each with its "
        "representative",
        "radiogenomic_families.tsv": "Number of tests and of associations with radiomic "
        "features, by layer",
        "radiogenomic_associations.tsv": "Strongest associations of radiomic features with genes "
        "and scores",
        "radiogenomic_correlations_LAYER.tsv": "Correlations of all radiomic features with LAYER",
        "radiogenomic_adjusted_LAYER.tsv": "Correlations of all radiomic features with LAYER, "
        "adjusted for tumour volume and covariates",
        "radiomic_modules.tsv": "Modules of correlated radiomic features",
        "radiogenomic_modules.tsv": "Associations of radiomic modules with modules of "
        "co-expressed genes",
        "gene_modules.tsv": "Co-expression module of each gene",
    }

    def named_layers(self, study: "Study") -> list[tuple[str, str | None]]:
        asked = study.radiogenomics
        targets = [("[radiogenomics] targets", name) for name in asked.targets or ()]
        return [("[radiogenomics] layer", asked.layer), *targets]

    def layers(self, study: "Study", cohort: Cohort) -> list[str | None]:
        asked = study.radiogenomics
        return [asked.layer, *(asked.targets or ())] if asked.map else []

    def adjusts_for(self, study: "Study") -> dict[str, Sequence[str]]:
        return {"[radiogenomics] covariates": study.radiogenomics.covariates}

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        asked = study.radiogenomics
        with Faults() as faults:
            with faults.gathered():
                refuse_other_kinds(
                    study, cohort, "[radiogenomics] layer", asked.layer, lambda kind: kind.image
                )
            with faults.gathered():
                if asked.targets is not None:
                    _check_targets(study, asked.targets, cohort, layers)
            with faults.gathered(), said_of(f"{study.where}: [radiogenomics] "):
                check_covariates(study, cohort, asked.covariates, score_names(study))

    def run(self, context: Context) -> RadiogenomicMap | None:
        study, prepared, asked = context.study, context.prepared, context.study.radiogenomics
        layer = layer_of_images(prepared, asked.layer)
        targets = asked.targets
        if targets is None:
            targets = tuple(layers_that(prepared.layers, lambda kind: not kind.image))
        targets = tuple(name for name in targets if name in prepared.layers)
        if not asked.map or layer is None or not targets:
            return None
        immune = context.of(IMMUNE)
        immune_scores = None if immune is None else immune.scores

        def mapped() -> RadiogenomicMap:
            covariates = None
            if asked.covariates:
                patients = prepared.layers[layer].scaled.index
                covariates = covariate_terms(
                    context.cohort, asked.covariates, patients, immune_scores
                )
            return context.remembered(
                radiogenomic_map,
                prepared,
                radiomics=layer,
                layers=targets,
                scores=patient_scores(context.of(PATHWAYS).biology, immune),
                covariates=covariates,
                threshold=asked.threshold,
                random_state=study.seed,
                n_jobs=context.n_jobs,
            )

        associations = or_without("radiogenomic map", mapped)
        layers = {name: prepared.layers[name] for name in targets}
        expression = layers_that(layers, lambda kind: kind.transcriptome)
        if associations is None or not asked.modules or not expression:
            return associations
        pairs = or_without(
            "radiogenomic modules",
            lambda: context.remembered(
                _pairs_of_modules,
                prepared,
                layer,
                expression[0],
                asked.module_threshold,
                None if asked.n_permutations == "auto" else asked.n_permutations,
                study.seed,
                n_jobs=context.n_jobs,
            ),
        )
        if pairs is None:
            return associations
        return replace(with_modules(associations, pairs[0]), radiomic_modules=pairs[1])

    def tables(self, result: RadiogenomicMap | None) -> dict[str, pd.DataFrame]:
        if result is None:
            return {}
        return filled(
            {
                "radiomic_clusters.tsv": result.clusters,
                "radiogenomic_families.tsv": result.families,
                "radiogenomic_associations.tsv": result.associations,
                "radiomic_modules.tsv": result.radiomic_modules,
                "radiogenomic_modules.tsv": result.modules,
                "gene_modules.tsv": result.gene_modules,
                **dict(_matrices(result.correlations, "correlations")),
                **dict(_matrices(result.adjusted, "adjusted")),
            }
        )

    def exclusions(self, result: RadiogenomicMap | None) -> Sequence[Exclusion]:
        return () if result is None else result.exclusions

    def fields(self, result: RadiogenomicMap | None) -> dict[str, Any]:
        return {"radiogenomics": result}


def _check_targets(
    study: "Study", targets: Sequence[str], cohort: Cohort, layers: Sequence[str]
) -> None:
    """See that targets are named once, and that the images are none of them."""
    key = f"{study.where}: [radiogenomics] targets"
    if not targets:
        raise StudyError(f"{key} is empty; name layers, or set map = false for no map.")
    if len(set(targets)) < len(targets):
        twice = next(name for name in targets if targets.count(name) > 1)
        raise StudyError(f"{key} names {twice!r} twice. Remove one.")
    used = {name: cohort.omics[name] for name in layers}
    images = study.radiogenomics.layer or next(
        iter(layers_that(used, lambda kind: kind.image)), None
    )
    if images in targets:
        raise StudyError(
            f"{key} names {images!r}, the layer of the images. Remove it: the map compares "
            "images with other layers."
        )


def _pairs_of_modules(
    prepared: Prepared,
    radiomics: str,
    expression: str,
    threshold: float,
    n_permutations: int | None,
    seed: int,
    *,
    n_jobs: int = 1,
) -> tuple[ModulePairs, pd.DataFrame]:
    """Radiomic modules against gene modules, as found and given tumour volume."""
    clusters = cluster_radiomic_features(prepared, radiomics, threshold=threshold)
    # Single features are held against genes in the map; a module is more than one.
    clusters = clusters[clusters["size"] > 1]
    numbers = pd.factorize(clusters["cluster"])[0] + 1
    clusters = clusters.assign(cluster=[f"I{number}" for number in numbers])
    of: dict[str, Any] = {"radiomics": radiomics, "expression": expression, "random_state": seed}
    of["n_jobs"] = n_jobs
    pairs = map_modules(prepared, clusters, n_permutations=n_permutations, **of)
    return adjust_modules(pairs, prepared, clusters, **of), clusters


def _matrices(
    matrices: Mapping[str, pd.DataFrame], quantity: str
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Whole matrices of correlations, targets in rows, with as many digits as mean anything."""
    taken: set[str] = set()
    for layer, matrix in matrices.items():
        name = plain = "".join(
            c if c.isascii() and (c.isalnum() or c in "-_") else "_" for c in layer
        )
        # Names may differ only in what no file name should hold, or in case, which some disks
        # do not tell apart.
        number = 2
        while name.lower() in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(name.lower())
        if 0 < matrix.size <= MOST_CELLS:
            table = matrix.T.astype(float).round(4)
            yield f"radiogenomic_{quantity}_{name}.tsv", table.reset_index(names="target")


RADIOGENOMICS = Radiogenomics()
