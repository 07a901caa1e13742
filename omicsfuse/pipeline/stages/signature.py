"""Derive signatures, and lock each before an external cohort is opened."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import OmicsfuseWarning, SignatureError, StudyError
from omicsfuse.core.faults import Faults
from omicsfuse.core.results import DerivedSignature, Signature, Target
from omicsfuse.io.results import filled, name_rows
from omicsfuse.pipeline.asked_signatures import (
    FurtherSignature,
    SignatureSettings,
    asked_signatures,
    check_signature,
    covariates_of,
    feature_layer,
    signature_layer,
    signature_table,
    target_of,
)
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.signatures import derive, save_signature
from omicsfuse.signatures.derive import signature_exclusions
from omicsfuse.signatures.lock import lock
from omicsfuse.signatures.methods import method_for
from omicsfuse.signatures.shuffled import shuffled_signatures
from omicsfuse.verification import record_discovery

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


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
    holds = {
        "signature.json": "The locked signature of the subtypes, for omicsfuse verify",
        "signatures/NAME.json": "The locked signature NAME, for omicsfuse verify",
        "signature_genes.tsv": "All genes considered for each signature, with their weights (0: "
        "not chosen)",
        "signature_agreement.tsv": "Cross-validated agreement of each signature with its target",
    }

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
                    check_signature(study, cohort, name, asked)

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
        derived = {name: locked.derived for name, locked in result.locked.items()}
        genes = {name: each.genes for name, each in derived.items()}
        agreement = {name: each.signature.agreement for name, each in derived.items()}
        return filled(
            {
                "signature_genes.tsv": name_rows(genes, "signature"),
                "signature_agreement.tsv": name_rows(agreement, "signature"),
            }
        )

    def write(self, result: LockedSignatures, folder: Path) -> None:
        for locked in result.locked.values():
            file = folder / (f"signatures/{locked.key}.json" if locked.key else "signature.json")
            file.parent.mkdir(exist_ok=True)
            save_signature(locked.derived.signature, file)

    def exclusions(self, result: LockedSignatures) -> Sequence[Exclusion]:
        return result.exclusions


def _locked(context: Context, key: str, asked: SignatureSettings, target: Target) -> Locked:
    """Derive one signature and lock it, and those of shuffled targets beside it."""
    study, cohort, prepared = context.study, context.cohort, context.prepared
    name = key or study.name
    labels = target.values  # noqa: PD011 - a field of ours, not the pandas attribute
    if isinstance(labels, pd.Series) and target.kind == "groups" and labels.nunique() < 2:
        raise SignatureError("the cohort has one subtype.")
    try:
        covariates = covariates_of(study, key, cohort, labels.index)
    except StudyError as error:
        # Of all fused patients it varies, or the check would have refused it.
        raise SignatureError(str(error)) from error
    common = {
        "layer": signature_layer(study, cohort, key),
        "method": method_for(asked.method, target.kind),
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
                f"signature {name!r} is not compared with shuffled targets: {error}",
                OmicsfuseWarning,
                stacklevel=3,
            )
    return Locked(key, replace(derived, signature=signature), tuple(map(lock, shuffled)), asked)


SIGNATURE = DeriveSignatures()
