"""Signatures of one score, and cohorts to verify them in."""

from dataclasses import replace

import numpy as np
import pandas as pd

from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.results import Signature
from omicsfuse.signatures.lock import lock

N_GENES, OWN = 120, 12


def planted_cohort(name: str, seed: int, n: int = 90, effect: float = 0.7) -> Cohort:
    """Make a cohort whose first genes follow a factor that raises the hazard."""
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal(n)
    values = rng.standard_normal((n, N_GENES))
    values[:, :OWN] += 0.9 * factor[:, None]
    values += np.linspace(3, 11, N_GENES)[(np.arange(N_GENES) * 7) % N_GENES]
    patients = [f"{name}-{i:03d}" for i in range(n)]
    death = rng.exponential(1000 * np.exp(-effect * factor))
    end = rng.uniform(300, 3000, n)
    clinical = pd.DataFrame(
        {
            "time": np.ceil(np.minimum(death, end)),
            "event": (death <= end).astype(float),
            "age": np.round(rng.normal(60, 8, n)),
            "site": rng.choice(["north", "south"], n),
            "same": 1.0,
        },
        patients,
    )
    table = pd.DataFrame(values, patients, [f"G{i:03d}" for i in range(N_GENES)])
    return Cohort(
        name, {"rna": Layer("expression", table, "log2")}, clinical,
        {"os": Endpoint("time", "event")}, covariates=("age",),
    )  # fmt: skip


def image_signature() -> Signature:
    """Make a signature of one score, with a cut-point and a direction."""
    genes = pd.Index([f"G{i:03d}" for i in range(OWN)], name="gene")
    discovery = pd.DataFrame(
        {
            "endpoint": ["os"], "score": ["image"], "n": [90], "events": [50], "log_hr": [0.6],
            "se": [0.2],
        }
    )  # fmt: skip
    cut = pd.DataFrame(
        {
            "score": ["image"], "scorer": ["weighted_z"], "scaling": ["cohort"],
            "cut_point": [0.1], "rule": ["median in the discovery cohort"],
        }
    )  # fmt: skip
    return lock(
        Signature(
            "image", pd.DataFrame({"image": 1.0}, genes),
            pd.DataFrame({"mean": 7.0, "sd": 1.0}, genes), "log2",
            {"cohort": "discovery", "layer": "rna"}, {},
            target={"name": "image", "kind": "continuous", "source": "a feature"},
            method="correlation", scorer="weighted_z", cut_points=cut, discovery=discovery,
        )
    )  # fmt: skip


def relocked(signature: Signature, **fields: object) -> Signature:
    """Change a locked signature and lock it again."""
    return lock(replace(signature, hash="", **fields))
