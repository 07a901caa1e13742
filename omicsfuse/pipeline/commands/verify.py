"""The command ``verify``: a saved signature and manifests in, a folder of results out."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from threadpoolctl import threadpool_limits

from omicsfuse.core.errors import SignatureError
from omicsfuse.core.results import Verification
from omicsfuse.io.cohorts import read_cohort
from omicsfuse.io.gene_names import read_gene_table
from omicsfuse.io.manifest import read_manifest
from omicsfuse.io.results import verification_tables, write_table
from omicsfuse.pipeline.provenance import input_hashes, recorded_warnings, versions
from omicsfuse.pipeline.workspace import Workspace
from omicsfuse.signatures import load_signature
from omicsfuse.verification import replication, verify

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
) -> Verification:
    """Test a saved signature in cohorts described by manifests, and write what it shows.

    Parameters
    ----------
    signature : str or Path
        A locked signature, as ``run`` writes it.
    manifests : sequence of str or Path
        Manifests of the cohorts.
    out : str or Path
        Folder for the results: new, empty, or holding an earlier result of the same signature.
    layer : str, optional
        Layer of those cohorts to score; by default the one named as in training, or the only one
        of kind expression.
    negative_controls : sequence of str or Path
        Manifests of cohorts in which the signature should say nothing.
    scorer, scaling : str, optional
        How to score, in place of the signature's own way.
    gene_names : str or Path, optional
        Table of gene names, by which genes are found under other names.
    seed : int
        Seed of the permutations and of the random gene sets.

    Returns
    -------
    Verification
        What was also written to ``out``: ``verification.tsv``, one ``assigned_*.tsv`` a cohort, and
        the record ``run.json``.

    Raises
    ------
    SignatureError, CohortError, StudyError
        If the signature was altered, or a cohort or the folder is at fault; nothing is written
        then.
    """
    locked = load_signature(Path(signature))
    name = f"{locked.name}, verified"
    with (
        Workspace(Path(out), name) as workspace,
        recorded_warnings() as caught,
        threadpool_limits(limits=1),
    ):
        named = [*manifests, *negative_controls]
        described = [read_manifest(path) for path in named]
        cohorts = [read_cohort(manifest) for manifest in described]
        verification = verify(
            locked,
            cohorts[: len(manifests)],
            negative_controls=cohorts[len(manifests) :],
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
        for file, table in verification_tables(verification).items():
            write_table(table, workspace.staging / file)
        table = replication(verification)
        if len(table):
            write_table(table, workspace.staging / "replication.tsv")
        files = [Path(signature), *map(Path, named)]
        files += [] if gene_names is None else [Path(gene_names)]
        files += [path for manifest in described for path in manifest.files()]
        exclusions = [exclusion for cohort in cohorts for exclusion in cohort.exclusions]
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
            "inputs": input_hashes(Path(signature).resolve().parent, files),
            "losses": [asdict(exclusion) for exclusion in (*exclusions, *verification.exclusions)],
            "warnings": caught(),
        }
        workspace.publish(record)
    return verification
