"""Does what a study asks for exist, and can it be done? Checked before anything is computed."""

import warnings

import pandas as pd

from omicsfuse.biology.outcomes import is_outcome
from omicsfuse.clustering import cluster_range
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.fusion import check_fusion, fused_patients
from omicsfuse.io.manifest import Manifest, read_manifest
from omicsfuse.pipeline.stages_signatures import check_signatures
from omicsfuse.pipeline.study import (
    Study,
    asked_signatures,
    fused_layers,
    looks_at_outcome,
    prepared_layers,
)
from omicsfuse.pipeline.study_checks_biology import check_biology
from omicsfuse.preprocessing import make_preprocessor
from omicsfuse.survival import trend_order


def check_files(study: Study) -> tuple[Manifest, list[Manifest], list[Manifest]]:
    """Parse the manifests and see that the named files exist, without opening any table.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    discovery : Manifest
        Manifest of the discovery cohort.
    external : list of Manifest
        Manifests of the external cohorts.
    controls : list of Manifest
        Manifests of the negative controls.

    Raises
    ------
    StudyError, CohortError
        If a manifest is at fault or a file is missing.
    """
    for key, paths in (
        ("external", study.external),
        ("negative_controls", study.negative_controls),
    ):
        if study.discovery in paths:
            raise StudyError(
                f"{study.path or study.name}: {key} names the discovery cohort itself "
                f"({study.discovery.name}); a signature is not verified where it was derived."
            )
    both = [path.name for path in study.external if path in study.negative_controls]
    if both:
        raise StudyError(
            f"{study.path or study.name}: {', '.join(both)} is named both in external and in "
            "negative_controls; it is one of the two."
        )
    discovery = read_manifest(study.discovery)
    external = [read_manifest(path) for path in study.external]
    controls = [read_manifest(path) for path in study.negative_controls]
    named = [*study.gene_sets, *study.fusion.distances.values()]
    named += study.subtypes.feature_groups.values()
    named += [one.scores for one in study.signatures.values() if one.scores is not None]
    named += [*study.immune.sets.values(), *(one.scores for one in study.interpret.values())]
    optional = (study.gene_names, study.immune.signature_matrix)
    named += [path for path in optional if path is not None]
    missing = [path for path in named if not path.is_file()]
    for manifest in (discovery, *external, *controls):
        missing += [path for path in manifest.files() if not path.is_file()]
    if missing:
        listed = "\n".join(f"  {path}" for path in missing)
        raise StudyError(f"{study.path or study.name}: these files do not exist:\n{listed}")
    return discovery, external, controls


def check_cohort(study: Study, cohort: Cohort) -> None:
    """See that what the study asks of the discovery cohort is there.

    Parameters
    ----------
    study : Study
        The study.
    cohort : Cohort
        The discovery cohort.

    Raises
    ------
    StudyError
        If a layer or an endpoint is not in the cohort.
    CohortError
        If fewer than ten patients can be fused, or layers have too few in common.
    """
    where = study.path or study.name
    fused = fused_layers(study, cohort)
    wanted: list[tuple[str, str | None]] = [("layers", name) for name in fused]
    for own, one in asked_signatures(study).items():
        table = f"[signatures.{own}]" if own else "[signature]"
        wanted.append((f"{table} layer", one.layer))
        wanted.append((f"{table} feature_layer", getattr(one, "feature_layer", None)))
    wanted.append(("[enrichment] layer", study.enrichment.layer))
    wanted += [
        ("[immune] layer", study.immune.layer),
        ("[radiogenomics] layer", study.radiogenomics.layer),
        ("[heterogeneity] layer", study.heterogeneity.layer),
    ]
    wanted += [("[radiogenomics] targets", name) for name in study.radiogenomics.targets or ()]
    wanted += [("[assignment] layers", name) for name in study.assignment.layers or ()]
    for key, name in wanted:
        if name is not None and name not in cohort.omics:
            raise StudyError(
                f"{where}: {key} names {name!r}, which cohort {cohort.name!r} does not have. "
                f"It has {', '.join(cohort.omics)}."
            )
    for endpoint in study.survival.endpoints or ():
        if endpoint not in cohort.endpoints:
            there = ", ".join(cohort.endpoints) or "none"
            raise StudyError(
                f"{where}: [survival] endpoints names {endpoint!r}, which the manifest of cohort "
                f"{cohort.name!r} does not describe (it describes: {there}). Add\n"
                f'  [clinical.endpoints.{endpoint}]\n  time = "..."\n  event = "..."\n'
                f"to {study.discovery}, or leave it out."
            )
    check_signatures(study, cohort)
    check_biology(study, cohort)
    patients = patients_to_fuse(study, cohort)
    for endpoint in (
        cohort.endpoints if study.survival.endpoints is None else study.survival.endpoints
    ):
        known = cohort.survival(endpoint).index
        if not known.isin(patients).any():
            raise CohortError(
                f"{where}: endpoint {endpoint!r}: none of the {len(patients)} patients who are "
                f"fused has both a time and an event ({len(known)} patients of the "
                "clinical table have). Check its columns, or leave the endpoint out."
            )
    _warn_of_outcomes(study, cohort)
    _check_outcome_aware(study, cohort)
    if study.survival.trend is not None:
        try:
            trend_order(cohort, study.survival.trend)
        except StudyError as error:
            raise StudyError(f"{where}: [survival] trend: {error}") from error
    prepared = prepared_layers(study, cohort)
    try:
        check_fusion(fused, **study.fusion.model_dump(exclude={"distances"}))
        for name in study.fusion.distances:
            if name not in fused:
                raise StudyError(f"[fusion] distances names {name!r}, which is not fused.")
        for name in study.subtypes.feature_groups:
            if name not in fused:
                raise StudyError(f"[subtypes] feature_groups names {name!r}, which is not fused.")
        cluster_range(study.subtypes.n_clusters, len(patients))
        for name, number in _features_by_layer(study, prepared).items():
            make_preprocessor(cohort.omics[name], n_features=number)
    except StudyError as error:
        raise StudyError(f"{where}: {error}") from error


def _warn_of_outcomes(study: Study, cohort: Cohort) -> None:
    """Warn of columns that by their names hold an outcome and are used as if they did not."""
    roles = {"covariates": cohort.covariates, "strata": cohort.strata}
    roles["technical"] = cohort.technical
    roles["[markers] covariates"] = study.markers.covariates
    roles["[radiogenomics] covariates"] = study.radiogenomics.covariates
    roles["[survival] trend"] = () if study.survival.trend is None else (study.survival.trend,)
    for role, columns in roles.items():
        named = [column for column in columns if is_outcome(column)]
        if named:
            warnings.warn(
                f"{role} names {', '.join(named)}, which by its name holds an outcome: what is "
                "adjusted for or put in order by the outcome proves nothing.",
                OmicsfuseWarning,
                stacklevel=3,
            )


def _check_outcome_aware(study: Study, cohort: Cohort) -> None:
    """Refuse choices made with the outcome unless the whole pipeline is permuted."""
    where = study.path or study.name
    asked = study.survival.full_pipeline_permutations
    if not looks_at_outcome(study):
        if asked is not None:
            raise StudyError(
                f"{where}: [survival] full_pipeline_permutations is for studies that choose "
                "features or k with the outcome; this one does not. Leave it out: the log-rank "
                "test and its permutation are valid."
            )
        return
    what = (
        '[preprocess] select = "survival" chooses features'
        if study.preprocess.select == "survival"
        else '[subtypes] choose = "survival" chooses the number of subtypes'
    )
    endpoints = cohort.endpoints if study.survival.endpoints is None else study.survival.endpoints
    if not endpoints:
        raise StudyError(f"{where}: {what} by survival, but no endpoint is compared.")
    if asked is None:
        raise StudyError(
            f"{where}: {what} with the outcome, after which comparing the subtypes by that outcome "
            "proves nothing: where nothing is associated with survival, features chosen in this "
            "way give p < 0.05 in most data sets. Leave it out; or add\n"
            "  [survival]\n  full_pipeline_permutations = 199\n"
            "which permutes the outcome and repeats selection, fusion and clustering each time, "
            "and reports that p-value in place of all others."
        )
    if study.fusion.engine == "sparse":
        raise StudyError(f"{where}: {what} with the outcome, which the sparse engine cannot do.")


def _features_by_layer(study: Study, prepared: list[str]) -> dict[str, int]:
    """Numbers of features asked for single layers, each of which must be used."""
    asked = study.preprocess.n_features
    if not isinstance(asked, dict):
        return {}
    for name in asked:
        if name not in prepared:
            raise StudyError(
                f"[preprocess] n_features names layer {name!r}, which is not used; "
                f"{did_you_mean(name, prepared)}."
            )
    return asked


def patients_to_fuse(study: Study, cohort: Cohort) -> pd.Index:
    """Patients who have the layers that the study asks of them.

    Raises
    ------
    CohortError
        If they are fewer than ten, or layers have too few patients in common.
    """
    fused = fused_layers(study, cohort)
    if study.fusion.patients == "complete":
        return cohort.common_patients(fused)
    indices = {name: cohort.omics[name].table.index for name in fused}
    enough = min(study.fusion.min_layers, len(fused))
    try:
        return fused_patients(indices, study.fusion.patients, enough)[0].patients
    except CohortError as error:
        raise CohortError(f"{study.path or study.name}: {error}") from error
