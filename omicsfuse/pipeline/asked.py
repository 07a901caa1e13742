"""What a study asks of a cohort, where several stages need to know: layers, patients, columns."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import pandas as pd

from omicsfuse.biology.covariates import covariate_table
from omicsfuse.core.checks.tables import did_you_mean, listed
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.kinds import Kind, kind_of, kinds_that, layers_that
from omicsfuse.core.results import Subtypes
from omicsfuse.fusion.members import fused_patients
from omicsfuse.io.labels import read_labels
from omicsfuse.stats.covariates import Encoded, encode_covariates

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


def fused_layers(study: "Study", cohort: Cohort) -> list[str]:
    """Layers that the study fuses: those it names, or all of the cohort's."""
    return list(study.layers or cohort.omics)


def given_labels(study: "Study") -> Subtypes | None:
    """Labels that the study takes for subtypes; None where it looks for subtypes."""
    path = study.subtypes.labels
    if path is None:
        return None
    with said_of(f"{study.where}: [subtypes] labels: "):
        return read_labels(path)


def patients_to_fuse(study: "Study", cohort: Cohort) -> pd.Index:
    """Patients who have the layers that the study asks of them, and a label if labels are given."""
    fused = fused_layers(study, cohort)
    indices = {name: cohort.omics[name].table.index for name in fused}
    given = given_labels(study)
    if given is not None:
        known = given.labels.index
        indices = {name: index[index.isin(known)] for name, index in indices.items()}
        if not any(map(len, indices.values())):
            raise StudyError(
                f"{study.where}: [subtypes] labels: none of the labelled patients (e.g. "
                f"{listed(known, 3)}) is in a fused layer (e.g. "
                f"{listed(cohort.omics[fused[0]].table.index, 3)}); name patients as the layers do."
            )
    elif study.fusion.patients == "complete":
        return cohort.common_patients(fused)
    enough = min(study.fusion.min_layers, len(fused))
    try:
        return fused_patients(indices, study.fusion.patients, enough)[0].patients
    except CohortError as error:
        raise CohortError(f"{study.where}: {error}") from error


def looks_at_outcome(study: "Study") -> bool:
    """Whether a study chooses features or the number of subtypes with the outcome."""
    return "survival" in (study.preprocess.select, study.subtypes.choose)


def endpoints(study: "Study", cohort: Cohort) -> list[str]:
    """Endpoints to compare: those that the study names, or all of the cohort's."""
    named = study.survival.endpoints
    return list(cohort.endpoints if named is None else named)


def survival_tables(study: "Study", cohort: Cohort) -> dict[str, pd.DataFrame]:
    """Survival of each endpoint to compare."""
    return {name: cohort.survival(name) for name in endpoints(study, cohort)}


def enriched_layer(study: "Study", cohort: Cohort) -> str | None:
    """Name the layer that gene sets are looked for in; None where there are no sets."""
    named = study.enrichment.layer
    if not study.gene_sets:
        return named
    return layer_of_genes(study, cohort, "[enrichment]", named, "gene_sets are given")


def layer_of_genes(study: "Study", cohort: Cohort, where: str, named: str | None, why: str) -> str:
    """Name the layer that genes are read from: the one named, or the first of kind expression.

    Fused layers come first.
    """
    if named:
        layer = cohort.omics[named]
        if not kind_of(layer).ranks_genes:
            kinds = kinds_that(lambda kind: kind.ranks_genes)
            raise StudyError(
                f"{study.where}: {where} layer {named!r} is of kind {layer.kind!r}; genes are read "
                f"from a layer of kind {' or '.join(kinds)}."
            )
        return named
    order = {name: cohort.omics[name] for name in (*fused_layers(study, cohort), *cohort.omics)}
    expression = layers_that(order, lambda kind: kind.transcriptome)
    if not expression:
        raise StudyError(
            f"{study.where}: {why}, but cohort {cohort.name!r} has no layer of kind "
            f'expression. Name a layer with genes: {where} layer = "...", or remove this '
            "setting."
        )
    return expression[0]


def refuse_other_kinds(
    study: "Study", cohort: Cohort, key: str, name: str | None, fits: Callable[[Kind], bool]
) -> None:
    """See that a layer named for a purpose is of a kind that serves it."""
    kinds = kinds_that(fits)
    if name is not None and cohort.omics[name].kind not in kinds:
        raise StudyError(
            f"{study.where}: {key} names {name!r}, which is of kind {cohort.omics[name].kind!r}; "
            f"expected a layer of kind {' or '.join(kinds)}."
        )


def covariate_terms(
    cohort: Cohort, names: Sequence[str], patients: pd.Index, scores: pd.DataFrame | None = None
) -> Encoded:
    """Covariates of the patients of an analysis as terms; warns of one that gives none.

    ``scores`` are patients x immune scores, which may be adjusted for too.
    """
    table = covariate_table(cohort, names, scores)
    encoded = encode_covariates(table[table.index.isin(patients)], variables=cohort.variables)
    for name, why in encoded.left_out.items():
        warnings.warn(f"not adjusted for {name}: {why}.", OmicsfuseWarning, stacklevel=3)
    return encoded


def check_covariates(
    study: "Study", cohort: Cohort, names: Sequence[str], scores: Sequence[str]
) -> None:
    """See that covariates are there, known of some fused patients, and numbers or categories.

    ``scores`` are the immune scores of the study, which may be adjusted for too.
    """
    columns = [] if cohort.clinical is None else [str(name) for name in cohort.clinical.columns]
    clinical = [name for name in names if name in columns]
    table = covariate_table(cohort, clinical)
    with suppress(CohortError):  # told by the stage that fuses
        table = table[table.index.isin(patients_to_fuse(study, cohort))]
    encoded = encode_covariates(table, variables=cohort.variables)
    with Faults() as faults:
        for name in names:
            with faults.gathered():
                if name in clinical:
                    _check_covariate(name, table, encoded)
                elif name not in scores:
                    hint = did_you_mean(name, [*columns, *scores])
                    raise StudyError(
                        f"covariates: {name!r} is not among the {len(columns)} clinical columns of "
                        f"cohort {cohort.name!r} and the {len(scores)} immune scores of this study"
                        f"{'; ' + hint if hint else ''}."
                    )


def _check_covariate(name: str, table: pd.DataFrame, encoded: Encoded) -> None:
    """Refuse a column of which too little is known, or that cannot be told in numbers."""
    known = int(table[name].notna().sum())
    if known < 3:
        raise StudyError(
            f"covariates: {name!r} is known for {known} of {len(table)} patients, too few to "
            "adjust for. Remove it."
        )
    if name in encoded.left_out:
        why = encoded.left_out[name]
        raise StudyError(f"covariates: {name!r} cannot be adjusted for ({why}). Remove it.")
