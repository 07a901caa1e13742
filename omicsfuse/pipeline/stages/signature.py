"""Derive signatures, and lock each before an external cohort is opened."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import pandas as pd
from pydantic import Field, model_validator

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.results import DerivedSignature, Prepared, Signature, Subtypes, Target
from omicsfuse.io.tables import read_table
from omicsfuse.pipeline.asked import (
    asked_signatures,
    patients_to_fuse,
    signature_layer,
    signature_table,
)
from omicsfuse.pipeline.keys import Count, StudyPath, Table
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.signatures import (
    derive,
    feature_target,
    save_signature,
    score_target,
    survival_target,
)
from omicsfuse.signatures.derive import signature_exclusions
from omicsfuse.signatures.derive_arguments import fitting
from omicsfuse.signatures.lock import lock
from omicsfuse.signatures.shuffled import shuffled_signatures
from omicsfuse.signatures.target import is_number, subtype_target
from omicsfuse.stats.covariates import Encoded, encode_covariates
from omicsfuse.verification import record_discovery

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study

#: Method of each kind of target where none is named.
AUTOMATIC = {"groups": "templates", "continuous": "correlation", "survival": "elastic_net"}

MethodName = Literal["auto", "templates", "moderated_t", "correlation", "modules", "elastic_net"]
ScorerName = Literal["nearest_template", "weighted_z", "rank", "ssgsea", "gsva"]


class SignatureSettings(Table):
    """``[signature]``: the gene set derived from the subtypes."""

    layer: str | None = None
    external_layer: str | None = None
    method: MethodName = "auto"
    n_genes: Annotated[int, Field(ge=5, strict=True)] = 50
    covariates: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    scorer: ScorerName | None = None
    scaling: Literal["cohort", "reference", "none"] | None = None
    minimum_share_of_genes: Annotated[float, Field(gt=0, le=1)] = 0.3
    n_folds: Annotated[int, Field(ge=2, strict=True)] = 5
    n_permutations: Count | Literal["auto"] = "auto"
    n_random: Annotated[int, Field(ge=1, strict=True)] = 1000
    matched: Literal["none", "mean_variance", "mean_variance_proliferation"] = "mean_variance"
    n_shuffled: Count = 100


class FurtherSignature(SignatureSettings):
    """``[signatures.NAME]``: one that stands for an image feature, a score, groups or survival."""

    feature: str | None = None
    feature_layer: str | None = None
    scores: StudyPath | None = None
    column: str | None = None
    endpoint: str | None = None

    @model_validator(mode="after")
    def _one_target(self) -> "FurtherSignature":
        given = [key for key in ("feature", "scores", "endpoint") if getattr(self, key) is not None]
        if len(given) > 1:
            raise ValueError(
                f"names {' and '.join(given)}; a signature stands for one thing: a feature of a "
                "layer, a column of a file of scores, or an endpoint (none of them: the subtypes)"
            )
        if self.feature_layer is not None and self.feature is None:
            raise ValueError("names feature_layer without feature; name the feature too")
        if self.column is not None and self.scores is None:
            raise ValueError("names column without scores; name the file of scores too")
        return self


@dataclass(frozen=True, eq=False)
class Locked:
    """A locked signature, with the shuffled ones it will be held against.

    ``key`` is its name in the study, empty for the signature of the subtypes.
    """

    key: str
    derived: DerivedSignature
    shuffled: tuple[Signature, ...]
    asked: SignatureSettings


class LockedSignatures(NamedTuple):
    """By name, the signature of the subtypes first, under the name of the study."""

    locked: dict[str, Locked]
    exclusions: tuple[Exclusion, ...]


class DeriveSignatures(Stage[dict[str, FurtherSignature], LockedSignatures]):
    """Derive, lock and write every signature that the study asks for."""

    name = "signature"
    table = "signatures"
    settings = dict[str, FurtherSignature]

    def named_layers(self, study: "Study") -> list[tuple[str, str | None]]:
        return [
            (f"{signature_table(name)} {key}", getattr(asked, key, None))
            for name, asked in asked_signatures(study).items()
            for key in ("layer", "feature_layer")
        ]

    def layers(self, study: "Study", cohort: Cohort) -> list[str | None]:
        layers: list[str | None] = []
        for name, asked in asked_signatures(study).items():
            layers.append(signature_layer(study, cohort, name))
            if isinstance(asked, FurtherSignature) and asked.feature:
                layers.append(feature_layer(study, cohort, name, asked))
        return layers

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        with Faults() as faults:
            for name, asked in asked_signatures(study).items():
                with faults.gathered():
                    _check_signature(study, cohort, name, asked)

    def run(self, context: Context) -> LockedSignatures:
        """Leave out with a warning a signature that the data do not give: the rest stands."""
        study, cohort, prepared = context.study, context.cohort, context.prepared
        locked: dict[str, Locked] = {}
        exclusions: list[Exclusion] = []
        for key, asked in asked_signatures(study).items():
            try:
                target = target_of(study, key, cohort, prepared, context.subtypes)
                locked[key or study.name] = _locked(context, key, asked, target)
            except SignatureError as error:
                which = f" {key}" if key else ""
                warnings.warn(
                    f"no signature{which} was derived: {error}", OmicsfuseWarning, stacklevel=2
                )
                continue
            layer = signature_layer(study, cohort, key)
            exclusions += signature_exclusions(target, prepared, layer)
        return LockedSignatures(locked, tuple(exclusions))

    def tables(self, result: LockedSignatures) -> dict[str, pd.DataFrame]:
        every = {name: one.derived for name, one in result.locked.items()}
        parts = {
            "signature_genes.tsv": {name: one.genes for name, one in every.items()},
            "signature_agreement.tsv": {n: one.signature.agreement for n, one in every.items()},
        }
        return {
            file: _stacked(filled)
            for file, tables in parts.items()
            if (filled := {name: table for name, table in tables.items() if len(table)})
        }

    def write(self, result: LockedSignatures, folder: Path) -> None:
        for one in result.locked.values():
            file = folder / (f"signatures/{one.key}.json" if one.key else "signature.json")
            file.parent.mkdir(exist_ok=True)
            save_signature(one.derived.signature, file)

    def exclusions(self, result: LockedSignatures) -> Sequence[Exclusion]:
        return result.exclusions


def feature_layer(study: "Study", cohort: Cohort, name: str, asked: FurtherSignature) -> str:
    """Name the layer of the feature that a signature stands for."""
    if asked.feature_layer is not None:
        return asked.feature_layer
    having = [key for key, layer in cohort.omics.items() if asked.feature in layer.table.columns]
    if len(having) == 1:
        return having[0]
    said = f"layers {', '.join(having)} have one" if having else "no layer has it"
    raise StudyError(
        f"{study.where}: {signature_table(name)} feature {asked.feature!r}: {said}; name its "
        "layer with feature_layer, and the feature as it is in the table."
    )


def read_target_scores(study: "Study", name: str, asked: FurtherSignature) -> pd.Series:
    """Read the scores that a signature is to stand for."""
    where = f"{study.where}: {signature_table(name)} scores"
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
    study: "Study", name: str, cohort: Cohort, prepared: Prepared, subtypes: Subtypes
) -> Target:
    """Say what a signature is to stand for, patient by patient."""
    asked = asked_signatures(study)[name]
    if isinstance(asked, FurtherSignature):
        if asked.feature is not None:
            layer = feature_layer(study, cohort, name, asked)
            return feature_target(prepared, layer, asked.feature)
        if asked.scores is not None:
            scores = read_target_scores(study, name, asked)
            return score_target(scores, str(scores.name))
        if asked.endpoint is not None:
            return survival_target(cohort.survival(asked.endpoint), asked.endpoint)
    return subtype_target(subtypes)


def covariates_of(study: "Study", name: str, cohort: Cohort, patients: pd.Index) -> Encoded | None:
    """Clinical columns that a signature is adjusted for, as terms of these patients, if any."""
    columns = list(asked_signatures(study)[name].covariates)
    if not columns:
        return None
    where = f"{study.where}: {signature_table(name)}"
    clinical = pd.DataFrame() if cohort.clinical is None else cohort.clinical
    there = [column for column in columns if column in clinical]
    known = clinical.index[clinical.index.isin(patients)]
    known = known[known.isin(cohort.omics[signature_layer(study, cohort, name)].table.index)]
    encoded = encode_covariates(clinical.loc[known], there, cohort.variables)
    with Faults() as faults:
        for column in columns:
            with faults.gathered(), said_of(f"{where} covariates names {column!r}, which "):
                if column not in there:
                    raise StudyError("is no column of the clinical table.")
                if column in encoded.left_out:
                    raise StudyError(
                        f"cannot be adjusted for ({encoded.left_out[column]}). Leave it out."
                    )
    return encoded


def _locked(context: Context, key: str, asked: SignatureSettings, target: Target) -> Locked:
    """Derive one signature and lock it, and those of shuffled targets beside it."""
    study, cohort, prepared = context.study, context.cohort, context.prepared
    name = key or study.name
    labels = target.values  # noqa: PD011 - a field of ours, not the pandas attribute
    if isinstance(labels, pd.Series) and target.kind == "groups" and labels.nunique() < 2:
        raise SignatureError("with a single subtype there is nothing to tell apart.")
    try:
        covariates = covariates_of(study, key, cohort, labels.index)
    except StudyError as error:
        # Of all fused patients it varies, or the check would have refused it.
        raise SignatureError(str(error)) from error
    common = {
        "layer": signature_layer(study, cohort, key),
        "method": AUTOMATIC[target.kind] if asked.method == "auto" else asked.method,
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
        n_jobs=context.n_jobs,
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
    return Locked(key, replace(derived, signature=signature), tuple(map(lock, shuffled)), asked)


def _stacked(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of signatures under one another, the name of each in the first column."""
    parts = [table.assign(signature=name) for name, table in tables.items()]
    table = pd.concat(parts, ignore_index=True)
    return table[["signature", *(column for column in table.columns if column != "signature")]]


def _check_signature(study: "Study", cohort: Cohort, name: str, asked: SignatureSettings) -> None:
    """See that what a signature is to stand for is there, and that its name is free."""
    where = f"{study.where}: {signature_table(name)}"
    with Faults() as faults:
        with faults.gathered():
            if name == study.name:
                raise StudyError(f"{where}: the name of the study is that of its own signature.")
        with faults.gathered():
            further = isinstance(asked, FurtherSignature) and (
                asked.feature or asked.scores or asked.endpoint
            )
            patients = cohort.patients([]) if further else patients_to_fuse(study, cohort)
            covariates_of(study, name, cohort, patients)
        with faults.gathered():
            kind, target = _kind_of_target(study, name, asked)
            fitting(
                AUTOMATIC[kind] if asked.method == "auto" else asked.method,
                kind,
                target,
                adjusted=bool(asked.covariates),
                scorer=asked.scorer,
                scaling=asked.scaling,
                options=asked.options,
                where=f"{where} ",
            )
        with faults.gathered():
            if isinstance(asked, FurtherSignature):
                _check_target(study, cohort, name, asked, where)


def _check_target(
    study: "Study", cohort: Cohort, name: str, asked: FurtherSignature, where: str
) -> None:
    """See that the feature, scores or endpoint that a signature is to stand for are there."""
    if asked.feature is not None:
        layer = feature_layer(study, cohort, name, asked)
        columns = cohort.omics[layer].table.columns.astype(str)
        if asked.feature not in columns:
            raise StudyError(
                f"{where} feature: layer {layer!r} has no {asked.feature!r}; "
                f"{did_you_mean(asked.feature, columns)}."
            )
    if asked.scores is not None:
        scores = read_target_scores(study, name, asked)
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


def _kind_of_target(study: "Study", name: str, asked: SignatureSettings) -> tuple[str, str]:
    """Kind and name of what a signature is to stand for, before it is computed."""
    if isinstance(asked, FurtherSignature):
        if asked.feature is not None:
            return "continuous", asked.feature
        if asked.scores is not None:
            scores = read_target_scores(study, name, asked)
            return "continuous" if is_number(scores) else "groups", str(scores.name)
        if asked.endpoint is not None:
            return "survival", asked.endpoint
    return "groups", "subtypes"


SIGNATURE = DeriveSignatures()
