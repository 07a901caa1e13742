"""The record of a run: what was done with what, what was left out, and how long it took."""

from dataclasses import asdict
from typing import Any

from omicsfuse.core.results import RunResults


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
        "reading": list(results.cohort.notes),
        "losses": [asdict(exclusion) for exclusion in results.exclusions],
        "warnings": list(results.warnings),
        "seconds": provenance["seconds"],
    }
