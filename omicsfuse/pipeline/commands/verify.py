"""The command ``verify``: a saved signature and manifests in, a folder of results out."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from omicsfuse.core.errors import SignatureError
from omicsfuse.core.results import DerivedSignature, Verification
from omicsfuse.io.gene_names import read_gene_table
from omicsfuse.io.manifest import read_manifest
from omicsfuse.pipeline.folder import write_index, write_stage
from omicsfuse.pipeline.provenance import (
    Clock,
    hashes_of,
    named_inputs,
    recorded_warnings,
    versions,
)
from omicsfuse.pipeline.stages.verify import VERIFY, Verified, open_cohorts, with_verification
from omicsfuse.pipeline.workspace import Workspace
from omicsfuse.signatures import load_signature
from omicsfuse.stats.one_thread import one_thread
from omicsfuse.verification import verify

#: Stages, in order.
VERIFY_STAGES = ("read", "verify")
#: Random gene sets where no study says how many.
N_RANDOM = 1000


def verify_cohorts(
    signature: str | Path,
    manifests: Sequence[str | Path],
    out: str | Path,
    *,
    layer: str | None = None,
    negative_controls: Sequence[str | Path] = (),
    scorer: str | None = None,
    scaling: str | None = None,
    gene_names: str | Path | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Verification:
    """Test a saved signature in cohorts described by manifests, and write what it shows."""
    locked = load_signature(Path(signature))
    name = f"{locked.name}, verified"
    with (
        Workspace(Path(out), name) as workspace,
        recorded_warnings() as caught,
        one_thread(),
    ):
        clock = Clock(progress, caught)
        with clock("read"):
            external, controls = (
                [(Path(path), read_manifest(path)) for path in paths]
                for paths in (manifests, negative_controls)
            )
            others = open_cohorts(external, controls)
        with clock("verify"):
            verification = verify(
                locked,
                others.external,
                negative_controls=others.controls,
                n_random=N_RANDOM,
                layer=layer,
                scorer=scorer,
                scaling=scaling,
                aliases=None if gene_names is None else read_gene_table(Path(gene_names)),
                random_state=seed,
            )
        if not verification.assignments:
            notes = "; ".join(dict.fromkeys(verification.table["note"]))
            raise SignatureError(f"the signature could be scored in none of the cohorts: {notes}")
        tried = with_verification(DerivedSignature(locked, pd.DataFrame()), verification)
        written = write_stage(VERIFY, Verified({locked.name: tried}, tried), workspace.staging)
        write_index(written, workspace.staging)
        files = [Path(signature), *map(Path, manifests), *map(Path, negative_controls)]
        files += [] if gene_names is None else [Path(gene_names)]
        exclusions = [
            *(
                each
                for cohort in (*others.external, *others.controls)
                for each in cohort.exclusions
            ),
            *verification.exclusions,
        ]
        record = {
            "name": name,
            "signature": locked.hash,
            "versions": versions(),
            "seed": seed,
            "settings": {
                "n_random": N_RANDOM,
                "n_permutations": "adaptive",
                "scorer": scorer or locked.scorer,
                "scaling": scaling or locked.scaling,
            },
            "inputs": named_inputs(
                Path(signature).resolve().parent, {**hashes_of(files), **others.hashes}
            ),
            "losses": [asdict(exclusion) for exclusion in exclusions],
            "warnings": caught(),
        }
        workspace.publish(record)
    return verification
