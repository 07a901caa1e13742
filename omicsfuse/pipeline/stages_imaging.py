"""Stages on what the images go with: radiogenomic maps, heterogeneity, imaging models."""

from dataclasses import replace
from functools import partial

import pandas as pd

from omicsfuse.biology import covariate_table
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.kinds import layers_that
from omicsfuse.core.results import (
    Biology,
    HeterogeneityIndex,
    ImmuneContext,
    Interpretation,
    Prepared,
    RadiogenomicMap,
    Subtypes,
)
from omicsfuse.core.results.biology import patient_scores
from omicsfuse.imaging import (
    ModulePairs,
    adjust_modules,
    cluster_radiomic_features,
    heterogeneity_index,
    index_tests,
    map_modules,
    radiogenomic_map,
    with_modules,
)
from omicsfuse.imaging.heterogeneity.mutant_alleles import with_math
from omicsfuse.imaging.interpretation import interpret, read_scores
from omicsfuse.imaging.redundancy import layer_of_images
from omicsfuse.pipeline.stages_biology import or_without
from omicsfuse.pipeline.study import Study, gene_layer
from omicsfuse.pipeline.workspace import Workspace


def map_images(
    study: Study,
    cohort: Cohort,
    prepared: Prepared,
    biology: Biology | None,
    immune: ImmuneContext | None,
    workspace: Workspace,
    fingerprint: str,
) -> RadiogenomicMap | None:
    """Radiomic features against everything molecular, and their clusters against gene modules."""
    asked = study.radiogenomics
    layer = layer_of_images(prepared, asked.layer)
    targets = asked.targets
    if targets is None:
        targets = tuple(layers_that(prepared.layers, lambda kind: not kind.image))
    targets = tuple(name for name in targets if name in prepared.layers)
    if not asked.map or layer is None or not targets:
        return None
    scores = patient_scores(biology, immune)
    immune_scores = None if immune is None else immune.scores

    def covariates() -> pd.DataFrame | None:
        if not asked.covariates:
            return None
        return covariate_table(cohort, asked.covariates, immune_scores)

    found = or_without(
        "radiogenomic map",
        lambda: workspace.remembered(
            fingerprint,
            radiogenomic_map,
            prepared,
            radiomics=layer,
            layers=targets,
            scores=scores,
            covariates=covariates(),
            threshold=asked.threshold,
            random_state=study.seed,
            n_jobs=0,
        ),
    )
    expression = layers_that(
        {name: prepared.layers[name] for name in targets}, lambda kind: kind.transcriptome
    )
    if found is None or not asked.modules or not expression:
        return found
    pairs = or_without(
        "radiogenomic modules",
        lambda: workspace.remembered(
            fingerprint,
            _pairs_of_modules,
            prepared,
            layer,
            expression[0],
            asked.module_threshold,
            None if asked.n_permutations == "auto" else asked.n_permutations,
            study.seed,
            n_jobs=0,
        ),
    )
    if pairs is None:
        return found
    return replace(with_modules(found, pairs[0]), radiomic_modules=pairs[1])


def _pairs_of_modules(
    prepared: Prepared,
    radiomics: str,
    expression: str,
    threshold: float,
    n_permutations: int | None,
    seed: int,
) -> tuple[ModulePairs, pd.DataFrame]:
    """Radiomic modules against gene modules, as found and given tumour volume."""
    clusters = cluster_radiomic_features(prepared, radiomics, threshold=threshold)
    # Single features are held against genes in the map; a module is more than one.
    clusters = clusters[clusters["size"] > 1]
    clusters = clusters.assign(cluster="I" + clusters["cluster"].str.slice(1))
    pairs = map_modules(
        prepared,
        clusters,
        radiomics=radiomics,
        expression=expression,
        n_permutations=n_permutations,
        random_state=seed,
    )
    adjusted = adjust_modules(
        pairs,
        prepared,
        clusters,
        radiomics=radiomics,
        expression=expression,
        random_state=seed,
    )
    return adjusted, clusters


def index_heterogeneity(
    study: Study, cohort: Cohort, prepared: Prepared, subtypes: Subtypes
) -> HeterogeneityIndex | None:
    """Imaging heterogeneity of each patient, and what goes with it."""
    asked = study.heterogeneity
    layer = layer_of_images(prepared, asked.layer)
    if not asked.index or layer is None:
        return None
    found = or_without(
        "heterogeneity index",
        lambda: heterogeneity_index(
            prepared,
            radiomics=layer,
            n_groups=asked.n_groups,
            adjust_volume=asked.adjust_volume,
            random_state=study.seed,
        ),
    )
    if found is None:
        return None
    found = with_math(found, cohort)
    tests = or_without(
        "tests of the heterogeneity index",
        lambda: index_tests(found, cohort, subtypes=subtypes, endpoints=study.survival.endpoints),
    )
    return found if tests is None else replace(found, tests=tests)


def interpret_models(
    study: Study,
    cohort: Cohort,
    prepared: Prepared,
    subtypes: Subtypes,
    immune: ImmuneContext | None,
    n_jobs: int,
) -> dict[str, Interpretation]:
    """What goes with each imaging model that the study names."""
    found = {}
    genes = gene_layer(study, cohort, "enrichment")
    for name, asked in study.interpret.items():
        scores = model_scores(study, name)
        one = or_without(
            f"interpretation of model {name}",
            partial(
                interpret,
                scores,
                cohort,
                prepared,
                subtypes=subtypes,
                gene_sets=list(study.gene_sets) or None,
                immune=immune,
                gene_layer=genes if genes in prepared.layers else None,
                min_size=study.enrichment.min_size,
                max_size=study.enrichment.max_size,
                n_resamples=asked.n_resamples,
                random_state=study.seed,
                n_jobs=n_jobs,
            ),
        )
        if one is not None:
            found[name] = replace(one, name=name)
    return found


def model_scores(study: Study, name: str) -> pd.Series:
    """Read the scores of one imaging model.

    Raises
    ------
    StudyError
        If the file has no such column, or several and none is named.
    """
    asked = study.interpret[name]
    columns = read_scores(asked.scores, None if asked.column is None else [asked.column])
    if len(columns) > 1:
        raise StudyError(
            f"{study.path or study.name}: [interpret.{name}] scores: {asked.scores.name} has the "
            f'columns {", ".join(columns)}; name one: column = "...".'
        )
    return next(iter(columns.values()))
