"""Try the locked signatures in cohorts that had no part in them."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.errors import OmicsfuseError, StudyError
from omicsfuse.core.faults import Faults
from omicsfuse.core.kinds import KINDS, kinds_that
from omicsfuse.core.labelled import expression_layer
from omicsfuse.core.results import VERIFICATION_COLUMNS, DerivedSignature, Verification
from omicsfuse.io.cohorts import read_cohort
from omicsfuse.io.gene_names import read_gene_table
from omicsfuse.io.manifest import Manifest
from omicsfuse.io.results import file_name, filled, stacked
from omicsfuse.pipeline.asked_signatures import (
    asked_signatures,
    signature_layer,
    signature_table,
)
from omicsfuse.pipeline.provenance import hashes_of
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.pipeline.stages.read import READ
from omicsfuse.pipeline.stages.signature import SIGNATURE
from omicsfuse.report.sections import verification
from omicsfuse.verification import replication
from omicsfuse.verification.verify import verify_each

if TYPE_CHECKING:
    from omicsfuse.pipeline.study import Study


class OtherCohorts(NamedTuple):
    """Cohorts opened for verification, with the hashes of their files."""

    external: list[Cohort]
    controls: list[Cohort]
    hashes: dict[Path, str]


class Verified(NamedTuple):
    """All signatures by name, with what each showed elsewhere; ``main`` is that of the subtypes."""

    signatures: dict[str, DerivedSignature]
    main: DerivedSignature | None
    exclusions: tuple[Exclusion, ...] = ()
    hashes: Mapping[Path, str] = {}


class Verify(Stage[None, Verified]):
    """Open the other cohorts, now that the signatures are locked, and test them there."""

    name = "verify"
    sections = (verification.SECTION,)
    holds = {
        "verification.tsv": "Signatures in other cohorts: hazard ratios, compared with "
        "random gene sets",
        "replication.tsv": "Replication verdict for each score",
        "meta_analysis.tsv": "Hazard ratios of the signatures, combined across cohorts",
        "subtype_proportions.tsv": "Share of each subtype in each cohort",
        "genes_found.tsv": "Genes of the signatures: name found in each cohort",
        "assigned_COHORT.tsv": "Subtype and scores of each patient of COHORT",
        "scores_SIGNATURE_COHORT.tsv": "Scores of a further signature in each patient of another "
        "cohort",
    }

    def check(self, study: "Study", cohort: Cohort, layers: Sequence[str]) -> None:
        if study.gene_names is not None:
            read_gene_table(study.gene_names)

    def check_other(self, study: "Study", cohort: Cohort, other: Manifest) -> None:
        """See that each signature will find its layer."""
        with Faults() as faults:
            for name, asked in asked_signatures(study).items():
                wanted = asked.external_layer
                trained = ""
                with suppress(OmicsfuseError):  # told of the signature
                    trained = signature_layer(study, cohort, name)
                if not (wanted or trained):
                    continue
                where = f"{study.where}: {signature_table(name)} external_layer"
                with faults.gathered():
                    found = expression_layer(
                        other.layers,
                        wanted,
                        f"{where}: cohort {other.name!r}",
                        trained=trained,
                        key='external_layer = "..."',
                    )
                    kind = other.layers[found].kind
                    if not KINDS[kind].ranks_genes:
                        kinds = " or ".join(kinds_that(lambda kind: kind.ranks_genes))
                        raise StudyError(
                            f"{where}: layer {found!r} of cohort {other.name!r} is of kind "
                            f"{kind!r}; genes are read from a layer of kind {kinds}."
                        )

    def run(self, context: Context) -> Verified:
        study, opened = context.study, context.of(READ)
        locked = context.of(SIGNATURE).locked
        derived = {name: signature.derived for name, signature in locked.items()}
        if not locked or not (opened.external or opened.controls):
            return Verified(derived, derived.get(study.name))
        others = open_cohorts(opened.external.items(), opened.controls.items())
        aliases = None if study.gene_names is None else read_gene_table(study.gene_names)
        verifications = verify_each(
            [
                {
                    "signature": signature.derived.signature,
                    "layer": signature.asked.external_layer,
                    "matched": signature.asked.matched,
                    "shuffled": signature.shuffled,
                    "n_random": signature.asked.n_random,
                }
                for signature in locked.values()
            ],
            others.external,
            negative_controls=others.controls,
            endpoints=study.survival.endpoints,
            aliases=aliases,
            n_permutations=study.survival.n_permutations,
            random_state=study.seed,
            n_jobs=context.n_jobs,
        )
        verified = {
            name: with_verification(derived[name], verification)
            for name, verification in zip(locked, verifications, strict=True)
        }
        exclusions = [
            replace(each, layer=f"{other.name}: {each.layer}")
            for other in (*others.external, *others.controls)
            for each in other.exclusions
        ]
        for signature in verified.values():
            exclusions += (
                () if signature.verification is None else signature.verification.exclusions
            )
        return Verified(verified, verified.get(study.name), tuple(exclusions), others.hashes)

    def tables(self, result: Verified) -> dict[str, pd.DataFrame]:
        every = result.signatures.values()
        replicated = [
            signature.details["replication"]
            for signature in every
            if "replication" in signature.details
        ]
        tables = {"replication.tsv": pd.concat(replicated, ignore_index=True)} if replicated else {}
        main = None if result.main is None else result.main.verification
        tables |= verification_tables(main)
        for name, signature in result.signatures.items():
            if signature.verification is None or signature is result.main:
                continue
            for file, table in _shared(signature.verification).items():
                parts = [
                    part for part in (tables.get(file), table) if part is not None and len(part)
                ]
                if parts:
                    tables[file] = pd.concat(parts, ignore_index=True)
            for cohort, scores in signature.verification.assignments.items():
                file = f"scores_{file_name(name)}_{file_name(cohort)}.tsv"
                tables[file] = scores.reset_index(names="patient")
        return tables

    def exclusions(self, result: Verified) -> Sequence[Exclusion]:
        return result.exclusions

    def inputs(self, result: Verified) -> Mapping[Path, str]:
        return result.hashes

    def fields(self, result: Verified) -> dict[str, Any]:
        main = result.main
        return {
            "signatures": result.signatures,
            "signature": None if main is None else main.signature,
            "verification": None if main is None else main.verification,
        }


def open_cohorts(
    external: Iterable[tuple[Path, Manifest]], controls: Iterable[tuple[Path, Manifest]]
) -> OtherCohorts:
    """Read cohorts that had no part in a signature, and fingerprint their files."""
    external, controls = list(external), list(controls)
    both = (*external, *controls)
    return OtherCohorts(
        [read_cohort(manifest) for _, manifest in external],
        [read_cohort(manifest) for _, manifest in controls],
        hashes_of(file for path, manifest in both for file in (path, *manifest.files())),
    )


def with_verification(derived: DerivedSignature, verification: Verification) -> DerivedSignature:
    """Add to a signature what it showed elsewhere, and whether that replicates."""
    table = replication(verification)
    details = {**derived.details, **({"replication": table} if len(table) else {})}
    return replace(derived, verification=verification, details=details)


def verification_tables(verification: Verification | None) -> dict[str, pd.DataFrame]:
    """Lay out a verification: the tests, and which patient was assigned to which subtype."""
    tables = _shared(verification)
    assignments = {} if verification is None else verification.assignments
    for cohort, table in assignments.items():
        tables[f"assigned_{file_name(cohort)}.tsv"] = table.reset_index(names="patient")
    return tables


def _shared(verification: Verification | None) -> dict[str, pd.DataFrame]:
    """Tables of a verification that hold all cohorts."""
    if verification is None:
        return {}
    tables = {"verification.tsv": stacked([verification.table], VERIFICATION_COLUMNS)}
    return tables | filled(
        {
            "meta_analysis.tsv": verification.meta,
            "subtype_proportions.tsv": verification.proportions,
            "genes_found.tsv": verification.genes,
        }
    )


VERIFY = Verify()
