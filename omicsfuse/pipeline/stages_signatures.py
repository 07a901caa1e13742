"""Signatures of a run: derived and locked one by one, then tried in other cohorts."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.results import DerivedSignature, Prepared, Signature, Subtypes, Target
from omicsfuse.io.gene_names import read_gene_table
from omicsfuse.io.tables import read_table
from omicsfuse.pipeline.study import Study, asked_signatures, layer_with, signature_layer
from omicsfuse.pipeline.study_signatures import FurtherSignature, SignatureSettings
from omicsfuse.signatures import (
    derive,
    feature_target,
    lock,
    save_signature,
    score_target,
    shuffled_signatures,
    signature_exclusions,
    subtype_target,
    survival_target,
)
from omicsfuse.signatures.derive_arguments import refuse_unknown_options
from omicsfuse.signatures.methods import find_method
from omicsfuse.verification import record_discovery, replication, verify

#: Method of each kind of target where none is named.
AUTOMATIC = {"groups": "templates", "continuous": "correlation", "survival": "elastic_net"}


@dataclass(frozen=True, eq=False)
class Locked:
    """A signature that is locked and written, with the shuffled ones it will be held against."""

    derived: DerivedSignature
    shuffled: tuple[Signature, ...]
    asked: SignatureSettings


def read_scores(study: Study, name: str) -> pd.Series:
    """Read the scores that a signature is to stand for.

    Raises
    ------
    StudyError
        If the file has no such column, or several and none is named.
    """
    asked = study.signatures[name]
    where = f"{study.path or study.name}: [signatures.{name}] scores"
    if asked.scores is None:
        raise StudyError(f"{where}: no file is named.")
    table = read_table(asked.scores)
    column = asked.column or (str(table.columns[0]) if table.shape[1] == 1 else "")
    if column not in table.columns:
        raise StudyError(
            f"{where}: {asked.scores.name} has the columns {', '.join(map(str, table.columns))}; "
            + (f"there is no {column!r}." if column else 'name one: column = "...".')
        )
    return table[column]


def target_of(
    study: Study, name: str, cohort: Cohort, prepared: Prepared, subtypes: Subtypes
) -> Target:
    """Say what a signature is to stand for, patient by patient."""
    asked = asked_signatures(study)[name]
    if not isinstance(asked, FurtherSignature):
        return subtype_target(subtypes)
    if asked.feature is not None:
        layer = asked.feature_layer or layer_with(study, cohort, name, asked.feature)
        return feature_target(prepared, layer, asked.feature)
    if asked.scores is not None:
        scores = read_scores(study, name)
        return score_target(scores, str(scores.name))
    if asked.endpoint is not None:
        return survival_target(cohort.survival(asked.endpoint), asked.endpoint)
    return subtype_target(subtypes)


def covariates_of(study: Study, name: str, cohort: Cohort) -> pd.DataFrame | None:
    """Numeric clinical columns that a signature is adjusted for; None where there are none.

    Raises
    ------
    StudyError
        If a column is not there or is no number.
    """
    columns = list(asked_signatures(study)[name].covariates)
    if not columns:
        return None
    where = f"{study.path or study.name}: [{f'signatures.{name}' if name else 'signature'}]"
    clinical = pd.DataFrame() if cohort.clinical is None else cohort.clinical
    for column in columns:
        if column not in clinical:
            raise StudyError(
                f"{where} covariates names {column!r}, which is no column of the clinical table."
            )
        if not pd.api.types.is_numeric_dtype(clinical[column]):
            raise StudyError(
                f"{where} covariates names {column!r}, which holds text; associations are adjusted "
                "for numbers only."
            )
    return clinical[columns].astype(float)


def lock_signatures(
    study: Study,
    cohort: Cohort,
    prepared: Prepared,
    subtypes: Subtypes,
    folder: Path,
    n_jobs: int = 1,
) -> tuple[dict[str, Locked], list[Exclusion]]:
    """Derive, lock and write every signature that the study asks for.

    One that the data do not give is left out with a warning: everything else still stands.

    Returns
    -------
    dict of str to Locked
        By name; the signature of the subtypes first, under the name of the study.
    list of Exclusion
        Patients who take no part.
    """
    found: dict[str, Locked] = {}
    exclusions: list[Exclusion] = []
    for key, asked in asked_signatures(study).items():
        name = key or study.name
        try:
            target = target_of(study, key, cohort, prepared, subtypes)
            one = _locked(study, key, name, asked, target, cohort, prepared, n_jobs)
        except SignatureError as error:
            which = "" if not key else f" {key}"
            warnings.warn(
                f"no signature{which} was derived: {error}", OmicsfuseWarning, stacklevel=2
            )
            continue
        found[name] = one
        file = folder / (f"signatures/{key}.json" if key else "signature.json")
        file.parent.mkdir(exist_ok=True)
        save_signature(one.derived.signature, file)
        exclusions += signature_exclusions(target, prepared, signature_layer(study, cohort, key))
    return found, exclusions


def _locked(
    study: Study,
    key: str,
    name: str,
    asked: SignatureSettings,
    target: Target,
    cohort: Cohort,
    prepared: Prepared,
    n_jobs: int,
) -> Locked:
    labels = target.values  # noqa: PD011 - a field of ours, not the pandas attribute
    if isinstance(labels, pd.Series) and target.kind == "groups" and labels.nunique() < 2:
        raise SignatureError("with a single subtype there is nothing to tell apart.")
    method = AUTOMATIC[target.kind] if asked.method == "auto" else asked.method
    layer = signature_layer(study, cohort, key)
    covariates = covariates_of(study, key, cohort)
    common = {
        "layer": layer,
        "method": method,
        "n_genes": asked.n_genes,
        "covariates": covariates,
        "random_state": study.seed,
        **asked.options,
    }
    derived = derive(
        target,
        prepared,
        name=name,
        scorer=asked.scorer,
        scaling=asked.scaling,
        minimum_share_of_genes=asked.minimum_share_of_genes,
        n_folds=asked.n_folds,
        n_permutations=None if asked.n_permutations == "auto" else asked.n_permutations,
        n_jobs=n_jobs,
        **common,
    )
    signature = record_discovery(derived.signature, cohort, study.survival.endpoints)
    shuffled: list[Signature] = []
    if asked.n_shuffled and (study.external or study.negative_controls):
        try:
            shuffled = shuffled_signatures(target, prepared, n=asked.n_shuffled, **common)
        except SignatureError as error:
            # The signature itself stands; it lacks one of the two nulls.
            warnings.warn(
                f"signature {name!r} is not held against shuffled targets: {error}",
                OmicsfuseWarning,
                stacklevel=3,
            )
    return Locked(replace(derived, signature=signature), tuple(map(lock, shuffled)), asked)


def verify_signatures(
    study: Study,
    locked: Mapping[str, Locked],
    external: Sequence[Cohort],
    controls: Sequence[Cohort],
) -> dict[str, DerivedSignature]:
    """Try every locked signature in the other cohorts."""
    aliases = None if study.gene_names is None else read_gene_table(study.gene_names)
    found = {}
    for name, one in locked.items():
        verification = verify(
            one.derived.signature,
            list(external),
            negative_controls=list(controls),
            endpoints=study.survival.endpoints,
            layer=one.asked.external_layer,
            aliases=aliases,
            matched=one.asked.matched,
            shuffled=one.shuffled,
            n_random=one.asked.n_random,
            n_permutations=study.survival.n_permutations,
            random_state=study.seed,
        )
        table = replication(verification)
        details = {**one.derived.details, **({"replication": table} if len(table) else {})}
        found[name] = replace(one.derived, verification=verification, details=details)
    return found


def check_signatures(study: Study, cohort: Cohort) -> None:
    """See that what the signatures of a study are to stand for is there.

    Raises
    ------
    StudyError
        If a feature, a file's column, an endpoint or a covariate is not, a method has no such
        option, a name is taken, or two cohorts would be written to one file.
    """
    for name, asked in asked_signatures(study).items():
        where = f"{study.path or study.name}: [{f'signatures.{name}' if name else 'signature'}]"
        if name == study.name:
            raise StudyError(f"{where}: the name of the study is that of its own signature.")
        covariates_of(study, name, cohort)
        _check_options(study, name, asked, where)
        if not isinstance(asked, FurtherSignature):
            continue
        if asked.feature is not None:
            layer = asked.feature_layer or layer_with(study, cohort, name, asked.feature)
            columns = cohort.omics[layer].table.columns.astype(str)
            if asked.feature not in columns:
                raise StudyError(
                    f"{where} feature: layer {layer!r} has no {asked.feature!r}; "
                    f"{did_you_mean(asked.feature, columns)}."
                )
        if asked.scores is not None:
            scores = read_scores(study, name)
            known = cohort.omics[signature_layer(study, cohort, name)].table.index
            if not scores.index.isin(known).any():
                raise StudyError(
                    f"{where} scores: none of the {len(scores)} patients of {asked.scores.name} "
                    f"has that layer in cohort {cohort.name!r} (the file has, for example, "
                    f"{', '.join(map(str, scores.index[:3]))})."
                )
        if asked.endpoint is not None and asked.endpoint not in cohort.endpoints:
            raise StudyError(
                f"{where} endpoint: cohort {cohort.name!r} has no {asked.endpoint!r}; it has "
                f"{', '.join(cohort.endpoints) or 'none'}."
            )


def _check_options(study: Study, name: str, asked: SignatureSettings, where: str) -> None:
    """See that the method has the options that it is given, before anything is computed."""
    if not asked.options:
        return
    kind = "groups"
    if isinstance(asked, FurtherSignature):
        if asked.feature is not None:
            kind = "continuous"
        elif asked.scores is not None:
            numeric = pd.api.types.is_numeric_dtype(read_scores(study, name))
            kind = "continuous" if numeric else "groups"
        elif asked.endpoint is not None:
            kind = "survival"
    method = AUTOMATIC[kind] if asked.method == "auto" else asked.method
    try:
        refuse_unknown_options(find_method(method), method, asked.options)
    except StudyError as error:
        raise StudyError(f"{where} options: {str(error).removeprefix('signature: ')}") from error
