"""Small cohorts with planted associations, for the tests of interpretation."""

import numpy as np
import pandas as pd

from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.results import Prepared, PreparedLayer

SETS = {
    "PLANTED": [f"G{i:03}" for i in range(20)],
    "OTHER": [f"G{i:03}" for i in range(60, 85)],
    "THIRD": [f"G{i:03}" for i in range(100, 115)],
}


def made(
    n: int = 80, genes: int = 200, seed: int = 0, shared: float = 0.4
) -> tuple[Cohort, Prepared]:
    """Genes with a common factor, mutations, protein, a volume, stage and purity; all unrelated."""
    rng = np.random.default_rng(seed)
    patients = pd.Index([f"P{i:03}" for i in range(n)], name="patient")
    factor = rng.standard_normal((n, 1))
    rna = rng.standard_normal((n, genes)) + shared * factor * rng.standard_normal(genes)
    rna = pd.DataFrame(rna + 6, patients, [f"G{i:03}" for i in range(genes)])
    mutated = pd.DataFrame(
        (rng.random((n, 30)) < np.linspace(0.02, 0.5, 30)).astype(float),
        patients,
        [f"M{i:02}" for i in range(30)],
    )
    volume = np.exp(rng.standard_normal(n) + 9)
    images = pd.DataFrame(
        {
            "original_shape_MeshVolume": volume,
            **{f"original_firstorder_F{i}": rng.standard_normal(n) for i in range(25)},
        },
        patients,
    )
    clinical = pd.DataFrame(
        {
            "age": rng.integers(40, 80, n).astype(float),
            "stage": rng.choice(["I", "II", "III"], n),
            "purity": rng.random(n),
            "vital_status": rng.choice(["dead", "alive"], n),
        },
        patients,
    )
    cohort = Cohort(
        "made",
        {
            "rna": Layer("expression", rna, "log2"),
            "mutation": Layer("mutation", mutated),
            "ct": Layer("radiomics", images),
        },
        clinical,
        covariates=("age", "stage"),
    )
    prepared = Prepared(
        "made",
        {
            "rna": PreparedLayer("expression", rna, rna, "log2", None),
            "mutation": PreparedLayer("mutation", mutated, mutated, "binary", None),
            "ct": PreparedLayer("radiomics", images, images, "normal_score", None),
        },
    )
    return cohort, prepared
