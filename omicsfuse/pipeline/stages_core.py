"""Stages of a run that take more than one call: what a study asks for, in terms of the library."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.assessment.outcome_aware import (
    FULL_PIPELINE,
    N_SELECTED,
    OutcomeAware,
    Pipeline,
    voided,
)
from omicsfuse.assignment import cross_validate_assignment
from omicsfuse.biology import enrich, enrichment_exclusions, gene_set_coverage
from omicsfuse.biology.enrichment import EMPTY_ENRICHMENT
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.core.results import (
    CHOSEN_WITH,
    AssignmentEvidence,
    Fusion,
    Prepared,
    Subtypes,
    SurvivalComparison,
)
from omicsfuse.fusion import fuse
from omicsfuse.io.tables import read_table
from omicsfuse.pipeline.study import Study, fused_layers, gene_layer, looks_at_outcome
from omicsfuse.pipeline.workspace import Workspace
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.survival import best_p_values, compare_survival, doubtful_survival


def fuse_layers(study: Study, cohort: Cohort, prepared: Prepared, n_jobs: int) -> Fusion:
    """Fuse the layers that a study names and that have anything usable."""
    options = _fusion_options(study, cohort, prepared)
    return fuse(prepared, random_state=study.seed, n_threads=n_jobs, **options)


def _fusion_options(study: Study, cohort: Cohort, prepared: Prepared) -> dict[str, Any]:
    """Arguments of ``fuse`` as the study has them, for the layers that have anything usable."""
    usable = [name for name in fused_layers(study, cohort) if name in prepared.layers]
    options = study.fusion.model_dump(exclude={"distances"})
    files = {layer: read_table(path) for layer, path in study.fusion.distances.items()}
    for setting, given in (
        ("metrics", {**study.fusion.metrics, **files}),
        ("layer_weights", study.fusion.layer_weights),
    ):
        options[setting] = {layer: value for layer, value in given.items() if layer in usable}
    options["min_layers"] = min(study.fusion.min_layers, len(usable))
    return options | {"layers": usable}


def outcome_pipeline(study: Study, cohort: Cohort, prepared: Prepared) -> Pipeline | None:
    """What a study chooses with the outcome, and all that follows; None where it is blind."""
    if not looks_at_outcome(study):
        return None
    asked = study.preprocess.n_features
    aware = OutcomeAware(
        _endpoints(study, cohort)[0],
        features=study.preprocess.select == "survival",
        n_features=N_SELECTED if asked == "auto" else asked,
        n_clusters=study.subtypes.choose == "survival",
    )
    options = _fusion_options(study, cohort, prepared)
    return Pipeline(aware, options, study.subtypes.n_clusters, study.seed)


def _endpoints(study: Study, cohort: Cohort) -> list[str]:
    """Endpoints to compare: those that the study names, or all of the cohort's."""
    named = study.survival.endpoints
    return list(cohort.endpoints if named is None else named)


def survival_tables(study: Study, cohort: Cohort) -> dict[str, pd.DataFrame]:
    """Survival of each endpoint to compare."""
    return {name: cohort.survival(name) for name in _endpoints(study, cohort)}


def warn_of_doubtful_survival(study: Study, cohort: Cohort, patients: pd.Index) -> None:
    """Warn of what in the endpoints of these patients looks like a mistake."""
    tables = survival_tables(study, cohort)
    found = {name: table[table.index.isin(patients)] for name, table in tables.items()}
    for doubt in doubtful_survival(found, {name: cohort.endpoints[name].unit for name in found}):
        warnings.warn(doubt, OmicsfuseWarning, stacklevel=3)


def void_comparisons(
    survival: dict[str, SurvivalComparison], full: pd.DataFrame
) -> dict[str, SurvivalComparison]:
    """Leave of comparisons what the full-pipeline permutation leaves standing."""
    rows = {str(name): row for name, row in full.iterrows()}
    found = {name: voided(one, rows[name]) for name, one in survival.items()}
    # Endpoints with too few events have no p-value, and no part in the family.
    rows_of = {n: c.tests["comparison"] == FULL_PIPELINE for n, c in found.items()}
    p = [float(c.tests.loc[rows_of[n], "p_permutation"].iloc[0]) for n, c in found.items()]
    for (name, comparison), fdr in zip(found.items(), benjamini_hochberg(np.array(p)), strict=True):
        comparison.tests.loc[rows_of[name], "fdr"] = fdr
    return found


def read_feature_groups(study: Study, cohort: Cohort) -> dict[str, pd.DataFrame]:
    """Read which group each feature of a layer belongs to, from the files that a study names.

    Raises
    ------
    StudyError
        If a file is no table, has no column of groups, or names no feature of the layer.
    """
    tables = {}
    for layer, path in study.subtypes.feature_groups.items():
        try:
            table = read_table(path)
        except CohortError as error:
            raise StudyError(f"[subtypes] feature_groups of layer {layer!r}: {error}") from error
        if table.shape[1] == 0:
            raise StudyError(
                f"{path}: feature groups are a table with a feature in the first column and its "
                "group in the second; found no second column."
            )
        known = cohort.omics[layer].table.columns.astype(str)
        if not known.isin(table.index).any():
            raise StudyError(
                f"{path}: none of its features is in layer {layer!r}. The file names "
                f"{', '.join(map(str, table.index[:3]))}; the layer has {', '.join(known[:3])}."
            )
        tables[layer] = table
    return tables


def compare_endpoints(
    study: Study, cohort: Cohort, subtypes: Subtypes, n_jobs: int = 1
) -> dict[str, SurvivalComparison]:
    """Compare survival for each endpoint asked for; a cohort without any has no survival stage."""
    warn_of_doubtful_survival(study, cohort, subtypes.labels.index)
    # Of subtypes found with the outcome, `void_comparisons` leaves what still stands.
    params = {key: value for key, value in subtypes.params.items() if key != CHOSEN_WITH}
    subtypes = replace(subtypes, params=params)
    compared = {
        endpoint: compare_survival(
            subtypes,
            cohort,
            endpoint,
            trend=study.survival.trend,
            n_permutations=study.survival.n_permutations,
            n_bootstrap=study.survival.n_bootstrap,
            random_state=study.seed,
            n_jobs=n_jobs,
        )
        for endpoint in _endpoints(study, cohort)
    }
    # The family of the overall tests is the study's endpoints; pairs have theirs in the endpoint.
    overall = [
        best_p_values(c.tests[c.tests["comparison"] == "overall"]) for c in compared.values()
    ]
    corrected = benjamini_hochberg(np.concatenate(overall)) if overall else np.empty(0)
    for comparison, fdr in zip(compared.values(), corrected, strict=True):
        comparison.tests.loc[comparison.tests["comparison"] == "overall", "fdr"] = fdr
    return compared


def enrich_sets(
    study: Study,
    cohort: Cohort,
    prepared: Prepared,
    subtypes: Subtypes,
    workspace: Workspace,
    fingerprint: str,
) -> pd.DataFrame:
    """Enrichment of the study's gene sets; none named, none computed."""
    layer = gene_layer(study, cohort, "enrichment")
    if not study.gene_sets or layer is None or layer not in prepared.layers:
        return EMPTY_ENRICHMENT.copy()
    return workspace.remembered(
        fingerprint,
        enrich,
        subtypes,
        prepared,
        list(study.gene_sets),
        n_jobs=0,
        random_state=study.seed,
        **(study.enrichment.model_dump(exclude={"scores"}) | {"layer": layer}),
    )


def count_enrichment_exclusions(
    study: Study, cohort: Cohort, prepared: Prepared, subtypes: Subtypes
) -> list[Exclusion]:
    """Count the patients and the gene sets that took no part in the enrichment."""
    layer = gene_layer(study, cohort, "enrichment")
    if not study.gene_sets or layer is None or layer not in prepared.layers:
        return []
    exclusions = list(enrichment_exclusions(subtypes, prepared, layer))
    genes = prepared.layers[layer].values.columns  # noqa: PD011 - a field of ours
    asked = study.enrichment
    sets = gene_set_coverage(list(study.gene_sets), genes, asked.min_size, asked.max_size)
    untested = sets.loc[~sets["tested"], "gene_set"]
    if len(untested):
        reason = (
            f"fewer than {study.enrichment.min_size} of their genes are among the {len(genes)} "
            f"genes of layer {layer}"
        )
        examples = tuple(untested.astype(str)[:5])
        exclusions.append(Exclusion("enrich", layer, "gene sets", len(untested), reason, examples))
    return exclusions


def fit_classifier(
    study: Study,
    cohort: Cohort,
    subtypes: Subtypes,
    workspace: Workspace,
    fingerprint: str,
    n_jobs: int,
) -> AssignmentEvidence | None:
    """Fit what assigns new patients, and see how well; with one subtype there is nothing to do."""
    asked = study.assignment
    if asked.n_repeats == 0 or subtypes.labels.nunique() < 2:
        return None
    layers = list(asked.layers or fused_layers(study, cohort))
    extra = gene_layer(study, cohort, "signature")
    if asked.layers is None and extra and extra not in layers:
        layers.append(extra)
    try:
        return workspace.remembered(
            fingerprint,
            cross_validate_assignment,
            subtypes,
            cohort,
            layers=layers,
            n_repeats=asked.n_repeats,
            n_jobs=n_jobs,
            random_state=study.seed,
        )
    except StudyError as error:
        # Subtypes may be too small to be told apart; everything else still stands.
        warnings.warn(
            f"no classifier of new patients was fitted: {error}", OmicsfuseWarning, stacklevel=2
        )
        return None
