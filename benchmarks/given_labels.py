"""How often given labels seem to lie together in a network that knows nothing of them, and power.

Networks of 80 simulated patients with three planted subtypes; the labels are independent of all
layers (null), depend only on who brought radiomics (null too), or are those planted for a share of
the patients. Run: python benchmarks/given_labels.py (minutes on two cores)
"""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from omicsfuse.assessment.given import labels_in_network, placed
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.results import Subtypes
from omicsfuse.datasets import simulate_cohort
from omicsfuse.fusion import fuse
from omicsfuse.preprocessing import preprocess
from omicsfuse.stats.intervals import clopper_pearson

N_PATIENTS = 80
LAYERS = ("radiomics", "expression")
#: Networks of a case, and sets of labels drawn for each.
N_NETWORKS, N_DRAWN = {"null": 25, "planted": 5}, 20
N_PERMUTATIONS = 199
#: Shares of the patients with their planted label; the others' labels change places.
KEPT = (0.2, 0.35, 0.5)


def network(case: str | float, seed: int) -> list[tuple[bool, bool]]:
    """Of each set of labels: is p of all labels, and the FDR of any label, at most 0.05?"""
    rng = np.random.default_rng([seed, 5])
    made = simulate_cohort(
        N_PATIENTS, 3, n_external=0, n_genes=150, layers=LAYERS, random_state=seed
    )
    omics = dict(made.discovery.omics)
    patients = made.discovery.patients()
    without = rng.permutation(patients)[: N_PATIENTS // 3]
    if case == "coverage":
        images = omics["radiomics"]
        omics["radiomics"] = replace(images, table=images.table.drop(index=without))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OmicsfuseWarning)
        ready = preprocess(Cohort("made", omics, made.discovery.clinical))
        fusion = fuse(ready, patients="all")
    results = []
    for draw in range(N_DRAWN):
        labels = pd.Series(rng.choice(list("abc"), N_PATIENTS, p=[0.5, 0.3, 0.2]), patients)
        if case == "coverage":
            labels[without] = rng.choice(list("abc"), len(without), p=[0.1, 0.1, 0.8])
        elif case != "independent":
            labels = ("S" + made.truth.astype(str)).loc[patients]
            moved = rng.permutation(N_PATIENTS)[round(float(case) * N_PATIENTS) :]
            labels.iloc[np.sort(moved)] = labels.iloc[moved].to_numpy()
        given = Subtypes.from_labels(labels)
        _, fused, subtypes = placed(ready, fusion, given, seed)
        table = labels_in_network(
            fused, subtypes, n_permutations=N_PERMUTATIONS, random_state=1000 * seed + draw
        )
        results.append((bool(table["p"].iloc[0] <= 0.05), bool((table["fdr"] <= 0.05).any())))
    return results


def cell(hits: list[bool]) -> str:
    """A share with its exact interval."""
    low, high = clopper_pearson(sum(hits), len(hits))
    return f"{np.mean(hits):.3f} ({low:.3f} to {high:.3f})"


def main() -> None:
    """Print the share of data sets with p, or any FDR, of at most 0.05."""
    cases: dict[str | float, str] = {
        "independent": "independent of all layers",
        "coverage": "depend on the presence of radiomics, otherwise independent",
        **{share: f"planted for {share:.0%} of the patients" for share in KEPT},
    }
    print("| labels | all labels: p <= 0.05 (95% CI) | any label: FDR <= 0.05 (95% CI) |")
    print("| --- | --- | --- |")
    for case, text in cases.items():
        kind = "null" if isinstance(case, str) else "planted"
        done = Parallel(2)(delayed(network)(case, 7000 + seed) for seed in range(N_NETWORKS[kind]))
        together, each = zip(*(hits for results in done for hits in results), strict=True)
        print(f"| {text} | {cell(list(together))} | {cell(list(each))} |", flush=True)


if __name__ == "__main__":
    main()
