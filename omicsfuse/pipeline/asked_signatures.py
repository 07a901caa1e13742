"""What a study asks of its signatures: their tables, and the target, layer and terms of each."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from pydantic import Field, model_validator

from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.faults import Faults, said_of
from omicsfuse.core.results import Prepared, Subtypes, Target
from omicsfuse.io.tables import read_table
from omicsfuse.pipeline.asked import layer_of_genes, patients_to_fuse
from omicsfuse.pipeline.keys import Count, StudyPath, Table
from omicsfuse.signatures import feature_target, score_target, survival_target
from omicsfuse.signatures.derive_arguments import fitting
from omicsfuse.signatures.methods import method_for
from omicsfuse.signatures.target import is_number, subtype_target
from omicsfuse.stats.covariates import Encoded, encode_covariates

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study

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
                f"names {' and '.join(given)}; a signature has one target: a feature of a "
                "layer, a column of a file of scores, or an endpoint (default: the subtypes)"
            )
        if self.feature_layer is not None and self.feature is None:
            raise ValueError("names feature_layer without feature; name the feature too")
        if self.column is not None and self.scores is None:
            raise ValueError("names column without scores; name the file of scores too")
        return self


def asked_signatures(study: "Study") -> Mapping[str, SignatureSettings]:
    """All signatures that a study asks for, the one of the subtypes first, under an empty name."""
    first = {} if study.signature is None else {"": study.signature}
    return {**first, **study.signatures}


def signature_table(name: str) -> str:
    """Table of the study file that a signature is asked for in."""
    return f"[signatures.{name}]" if name else "[signature]"


def signature_layer(study: "Study", cohort: Cohort, name: str) -> str:
    """Name the layer that a signature is derived from: its own, else that of ``[signature]``."""
    named = asked_signatures(study)[name].layer
    if named is None and study.signature is not None:
        named = study.signature.layer
    return layer_of_genes(study, cohort, signature_table(name), named, "a signature is requested")


def feature_layer(study: "Study", cohort: Cohort, name: str, asked: FurtherSignature) -> str:
    """Name the layer of the feature that a signature stands for."""
    if asked.feature_layer is not None:
        return asked.feature_layer
    having = [key for key, layer in cohort.omics.items() if asked.feature in layer.table.columns]
    if len(having) == 1:
        return having[0]
    said = (
        f"layers {', '.join(having)} have this feature" if having else "no layer has this feature"
    )
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
                    raise StudyError("is not a column of the clinical table.")
                if column in encoded.left_out:
                    raise StudyError(
                        f"cannot be adjusted for ({encoded.left_out[column]}). Remove it."
                    )
    return encoded


def check_signature(study: "Study", cohort: Cohort, name: str, asked: SignatureSettings) -> None:
    """See that what a signature is to stand for is there, and that its name is free."""
    where = f"{study.where}: {signature_table(name)}"
    with Faults() as faults:
        with faults.gathered():
            if name == study.name:
                raise StudyError(
                    f"{where}: this name is reserved for the signature of the "
                    "subtypes, which has the name of the study. Choose another "
                    "name."
                )
        with faults.gathered():
            further = isinstance(asked, FurtherSignature) and (
                asked.feature or asked.scores or asked.endpoint
            )
            patients = cohort.patients([]) if further else patients_to_fuse(study, cohort)
            covariates_of(study, name, cohort, patients)
        with faults.gathered():
            kind, target = _kind_of_target(study, name, asked)
            fitting(
                method_for(asked.method, kind),
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
