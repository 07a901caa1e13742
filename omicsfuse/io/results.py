"""Write a run's results: tidy tab-separated tables and a record of how they came about."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from omicsfuse.core.results import (
    COX_COLUMNS,
    SURVIVAL_COLUMNS,
    VERIFICATION_COLUMNS,
    AssignmentEvidence,
    RunResults,
    SurvivalComparison,
    Verification,
)
from omicsfuse.io.biology_results import biology_tables

#: Tables of a verification that are not of one cohort.
_STACKED = {"verification.tsv", "meta_analysis.tsv", "subtype_proportions.tsv", "genes_found.tsv"}


def result_tables(results: RunResults) -> dict[str, pd.DataFrame]:
    """Lay out the result files of a run.

    Gives file name -> table, its key in the first column.
    """
    evidence, assessment = results.subtypes.evidence, results.assessment
    patients = evidence["patients"][["subtype", "silhouette", "confidence", "n_layers"]]
    if len(assessment.patients):
        patients = patients.join(assessment.patients[["co_clustering", "membership"]])
    by_k = assessment.n_clusters if len(assessment.n_clusters) else evidence["n_clusters"]
    survival = results.survival.values()
    tables = {
        "subtypes.tsv": patients.reset_index(names="patient"),
        "n_clusters.tsv": by_k.reset_index(names="k"),
        "structure.tsv": assessment.tests,
        "stability.tsv": assessment.stability.reset_index(names="subtype"),
        "layers.tsv": assessment.layers.reset_index(names="layer"),
        "subtype_layers.tsv": assessment.subtype_layers,
        "coverage.tsv": _patients_first(results.fusion.coverage.astype(int)),
        "map.tsv": results.embedding.reset_index(names="patient"),
        "survival.tsv": stacked([s.tests for s in survival], SURVIVAL_COLUMNS),
        "cox.tsv": stacked([s.cox for s in survival], COX_COLUMNS),
        **_survival_tables(results.survival),
        "clinical.tsv": results.clinical.reset_index(names="variable"),
        "markers.tsv": results.markers,
        "enrichment.tsv": results.enrichment,
    }
    if len(assessment.consensus):
        tables["consensus.tsv"] = assessment.consensus.reset_index(names="patient")
    if len(assessment.feature_groups):
        tables["feature_groups.tsv"] = assessment.feature_groups.reset_index()
    if len(assessment.sensitivity):
        tables["sensitivity.tsv"] = assessment.sensitivity
    if len(results.alterations):
        tables["alterations.tsv"] = results.alterations
    if len(results.burden.columns):
        tables["burden.tsv"] = results.burden.reset_index(names="patient")
    tables |= biology_tables(results)
    return tables | signature_tables(results) | _assignment_tables(results.assignment)


def signature_tables(results: RunResults) -> dict[str, pd.DataFrame]:
    """Lay out the genes, the agreement and the verification of all signatures."""
    every = results.signatures
    genes = [one.genes.assign(signature=name) for name, one in every.items()]
    agreement = [one.signature.agreement.assign(signature=name) for name, one in every.items()]
    tables = {"signature_genes.tsv": genes, "signature_agreement.tsv": agreement}
    found = {
        name: pd.concat(filled, ignore_index=True)
        for name, parts in tables.items()
        if (filled := [part for part in parts if len(part)])
    }
    files = {name: _key_first(table, "signature") for name, table in found.items()}
    replicated = [
        one.details["replication"] for one in every.values() if "replication" in one.details
    ]
    if replicated:
        files["replication.tsv"] = pd.concat(replicated, ignore_index=True)
    # Where nothing was verified there is a table all the same, with its columns.
    files |= verification_tables(results.verification)
    for name, one in every.items():
        if one.verification is None or one.verification is results.verification:
            continue
        for file, table in verification_tables(one.verification).items():
            if file not in _STACKED:
                files[f"scores_{_file_name(name)}_{file.removeprefix('assigned_')}"] = table
            elif len(files.get(file, ())):
                files[file] = pd.concat([files[file], table], ignore_index=True)
            else:
                files[file] = table
    return files


def _key_first(table: pd.DataFrame, key: str) -> pd.DataFrame:
    return table[[key, *(column for column in table.columns if column != key)]]


def _assignment_tables(evidence: AssignmentEvidence | None) -> dict[str, pd.DataFrame]:
    """Lay out how well new patients can be assigned; no files where nobody can."""
    if evidence is None:
        return {}
    return {
        "assignment.tsv": evidence.table,
        "assignment_confusion.tsv": evidence.confusion,
        "assignment_calibration.tsv": evidence.calibration,
    }


def _survival_tables(survival: Mapping[str, SurvivalComparison]) -> dict[str, pd.DataFrame]:
    """Lay out what else is known of each endpoint; files only where there is something."""
    found = survival.values()
    medians = [
        comparison.medians.reset_index(names="subtype").assign(endpoint=endpoint)
        for endpoint, comparison in survival.items()
    ]
    tables = {
        "survival_medians.tsv": [table[["endpoint", *table.columns[:-1]]] for table in medians],
        "survival_at_times.tsv": [s.times for s in found],
        "restricted_means.tsv": [s.restricted_means for s in found],
        "proportional_hazards.tsv": [s.proportional for s in found],
        "time_varying.tsv": [s.time_varying for s in found],
        "cox_diagnostics.tsv": [s.diagnostics for s in found],
        "cumulative_incidence.tsv": [s.incidence for s in found],
        "added_value.tsv": [s.added_value for s in found],
        "calibration.tsv": [s.calibration for s in found],
        "decision_curves.tsv": [s.decision for s in found],
    }
    filled = {name: [t for t in parts if len(t)] for name, parts in tables.items()}
    return {
        name: pd.concat(parts, ignore_index=True) for name, parts in filled.items() if len(parts)
    }


def _patients_first(table: pd.DataFrame) -> pd.DataFrame:
    """Put the patients in the first column, also where a layer is named like it."""
    named = table.rename(columns={"patient": "layer patient"})
    return named.reset_index(names="patient")


def verification_tables(verification: Verification | None) -> dict[str, pd.DataFrame]:
    """Lay out the result files of a verification: the tests, and who was assigned to what."""
    tables = [verification.table] if verification else []
    files = {"verification.tsv": stacked(tables, VERIFICATION_COLUMNS)}
    if verification is None:
        return files
    for file, table in {
        "meta_analysis.tsv": verification.meta,
        "subtype_proportions.tsv": verification.proportions,
        "genes_found.tsv": verification.genes,
    }.items():
        if len(table):
            files[file] = table
    for cohort, table in verification.assignments.items():
        file = f"assigned_{_file_name(cohort)}.tsv"
        files[file] = table.reset_index(names="patient")
    return files


def stacked(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Put tables with the same columns under one another; none gives an empty table with header.

    Examples
    --------
    >>> stacked([], ["cohort", "p"]).columns.tolist()
    ['cohort', 'p']
    """
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame({column: [] for column in columns})
    return pd.concat(filled, ignore_index=True)[columns]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 TSV; ten significant digits, so that the last bits do not show."""
    table.to_csv(
        path, sep="\t", index=False, float_format="%.10g", encoding="utf-8", lineterminator="\n"
    )


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write a mapping as readable JSON; what is not a number becomes null."""
    text = json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def run_record(results: RunResults) -> dict[str, Any]:
    """Collect ``run.json``: what was done with what, what was lost, and how long it took."""
    sizes = results.subtypes.evidence["subtypes"]["n"]
    provenance = dict(results.provenance)
    return {
        "name": results.name,
        "versions": provenance["versions"],
        "seed": provenance["seed"],
        "settings": dict(results.settings),
        "inputs": provenance["inputs"],
        "fusion": {
            **results.fusion.params,
            "n_patients": len(results.fusion.patients),
            "change_per_iteration": results.fusion.convergence["change"].tolist(),
        },
        "subtypes": {
            **results.subtypes.params,
            "sizes": {k: int(n) for k, n in sizes.items()},
            "supported": results.assessment.supported,
            "verdict": results.assessment.verdict,
            "p_shared": results.assessment.p_shared,
            "p_structure": results.assessment.p_structure,
        },
        "assessment": dict(results.assessment.params),
        "signature": results.signature.hash if results.signature else None,
        "losses": [asdict(exclusion) for exclusion in results.exclusions],
        "warnings": list(results.warnings),
        "seconds": provenance["seconds"],
    }


def _file_name(text: str) -> str:
    """Turn a cohort's name into one that any file system takes."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in text)


def _plain(value: Any) -> Any:
    """Turn mappings, sequences and numpy scalars into what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
