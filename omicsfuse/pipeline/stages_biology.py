"""Stages on what the subtypes are: markers, gene sets, immune context, methylation."""

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pandas as pd

from omicsfuse.biology import (
    compare_scores,
    covariate_table,
    deconvolve,
    differential_features,
    driver_features,
    expression_methylation_pairs,
    gene_set_coverage,
    gene_set_score_exclusions,
    gene_set_scores,
    immune_scores,
    label_markers,
    over_representation,
    pairwise_features,
    running_sums,
)
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseError, OmicsfuseWarning
from omicsfuse.core.kinds import layers_that
from omicsfuse.core.results import Biology, ImmuneContext, Prepared, Subtypes
from omicsfuse.pipeline.study import Study, gene_layer

R = TypeVar("R")


def or_without(what: str, make: Callable[[], R]) -> R | None:
    """Make a part of a run that the rest stands without; say so where the data do not give it."""
    try:
        return make()
    except OmicsfuseError as error:
        warnings.warn(f"no {what}: {error}", OmicsfuseWarning, stacklevel=2)
        return None


def find_markers(
    study: Study,
    cohort: Cohort,
    prepared: Prepared,
    subtypes: Subtypes,
    immune: ImmuneContext | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features of each subtype against the rest, and, of three or more, of each two."""
    options: dict[str, Any] = {}
    if study.markers.covariates:
        scores = None if immune is None else immune.scores
        options["covariates"] = covariate_table(cohort, study.markers.covariates, scores)
    if study.markers.counts == "deseq2":
        options["counts"] = raw_counts(cohort, prepared)
    markers = differential_features(subtypes, prepared, **options)
    if not study.markers.pairwise or len(subtypes.names) < 3:
        return markers, pd.DataFrame()
    return markers, pairwise_features(subtypes, prepared, **options)


def raw_counts(cohort: Cohort, prepared: Prepared) -> dict[str, pd.DataFrame]:
    """Layers that came as counts, as they came."""
    return {
        name: layer.table
        for name, layer in cohort.omics.items()
        if name in prepared.layers and layer.scale == "counts"
    }


def immune_layer(study: Study, cohort: Cohort, prepared: Prepared) -> str | None:
    """Name the layer that immune scores are made from; None where there is none."""
    if study.immune.layer is not None:
        return study.immune.layer
    named = gene_layer(study, cohort, "enrichment")
    if named in prepared.layers:
        return named
    return next(iter(layers_that(prepared.layers, lambda kind: kind.transcriptome)), None)


def score_immune_context(
    study: Study, cohort: Cohort, prepared: Prepared, subtypes: Subtypes | None
) -> ImmuneContext | None:
    """Immune and stromal scores, and shares of cells where there is a reference matrix."""
    asked = study.immune
    layer = immune_layer(study, cohort, prepared)
    if layer is None or not (asked.sets or asked.signature_matrix):
        return None
    found = or_without(
        "immune scores",
        lambda: immune_scores(
            prepared, asked.sets, layer=layer, methods=asked.methods, subtypes=subtypes
        ),
    )
    matrix = asked.signature_matrix
    if matrix is None:
        return found
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
        return found
    fractions, fit = shares
    found = found or ImmuneContext(pd.DataFrame(), pd.DataFrame())
    several = subtypes is not None and len(subtypes.names) > 1
    tests = compare_scores(subtypes, fractions) if subtypes and several else pd.DataFrame()
    return replace(found, fractions=fractions, fit=fit, fraction_tests=tests)


def explain_subtypes(
    study: Study,
    cohort: Cohort,
    prepared: Prepared,
    subtypes: Subtypes,
    markers: pd.DataFrame,
    pairwise: pd.DataFrame,
    enrichment: pd.DataFrame,
) -> Biology:
    """What marks the subtypes beyond single features: gene sets, labels, methylation."""
    several = len(subtypes.names) > 1
    found = Biology(
        pairwise=pairwise,
        drivers=driver_features(markers, prepared, subtypes),
        label_markers=label_markers(subtypes, cohort, prepared, markers=markers),
        methylation_pairs=methylation_pairs(prepared, subtypes) if several else pd.DataFrame(),
    )
    layer = gene_layer(study, cohort, "enrichment")
    if not study.gene_sets or layer is None or layer not in prepared.layers:
        return found
    sets, asked = list(study.gene_sets), study.enrichment
    sizes = {"min_size": asked.min_size, "max_size": asked.max_size}
    genes = prepared.layers[layer].values.columns  # noqa: PD011 - a field of ours
    found = replace(
        found,
        gene_sets=gene_set_coverage(
            sets, genes, asked.min_size, asked.max_size, enrichment=enrichment
        ),
        over_representation=over_representation(markers, prepared, sets, layer=layer)
        if several
        else pd.DataFrame(),
        running_sums=running_sums(subtypes, prepared, enrichment, sets, layer=layer),
    )
    if asked.scores == "none":
        return found
    scores = gene_set_scores(prepared, sets, method=asked.scores, layer=layer, **sizes)
    tests = compare_scores(subtypes, scores) if several and len(scores.columns) else pd.DataFrame()
    return replace(
        found,
        scores=scores,
        score_tests=tests,
        params={"method": asked.scores},
        exclusions=gene_set_score_exclusions(prepared, scores, method=asked.scores, layer=layer),
    )


def methylation_pairs(prepared: Prepared, subtypes: Subtypes) -> pd.DataFrame:
    """Expression against methylation, where both layers are there and share genes."""
    genes = layers_that(prepared.layers, lambda kind: kind.transcriptome)
    if not genes or not layers_that(prepared.layers, lambda kind: kind.methylome):
        return pd.DataFrame()
    pairs = or_without(
        "pairs of expression and methylation",
        lambda: expression_methylation_pairs(subtypes, prepared),
    )
    return pd.DataFrame() if pairs is None else pairs
