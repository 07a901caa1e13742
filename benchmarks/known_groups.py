"""Level and power of the test of known groups: unrelated and related labels in a subtype.

Subtypes and labels are drawn apart from each other (null), or the positive patients of one label
are in one subtype with the given share. Run: python benchmarks/known_groups.py
"""

import numpy as np
import pandas as pd

from omicsfuse.biology.known_groups import label_concentration
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.results import Subtypes

SHAPES = ((60, 2), (106, 4), (300, 6))
N_SETS = 100


def found(n: int, k: int, share: float | None, rng: np.random.Generator) -> bool:
    """Whether any level (null), or the planted one, is called concentrated."""
    patients = [f"P{i:04d}" for i in range(n)]
    codes = np.sort(rng.integers(0, k, n))
    order = np.argsort(-np.bincount(codes, minlength=k), kind="stable")
    names = np.array([f"S{int(np.flatnonzero(order == c)[0]) + 1}" for c in codes])
    known = pd.DataFrame(
        {"two": rng.choice(["a", "b"], n, p=[0.2, 0.8]), "four": rng.choice(list("wxyz"), n)},
        patients,
    )
    if share is not None:
        # A fifth are positive; that share of them in the smallest subtype.
        smallest = names == f"S{k}"
        positive = np.zeros(n, dtype=bool)
        inside, outside = np.flatnonzero(smallest), np.flatnonzero(~smallest)
        count = min(round(share * 0.2 * n), len(inside))
        positive[rng.choice(inside, count, replace=False)] = True
        positive[rng.choice(outside, round(0.2 * n) - count, replace=False)] = True
        known["two"] = np.where(positive, "a", "b")
    cohort = Cohort("made", {}, known, known_labels=("two", "four"))
    table = label_concentration(Subtypes(pd.Series(names, patients), {}, {}), cohort)
    if share is not None:
        table = table[(table["level"] == "a") & (table["subtype"] == f"S{k}")]
    return bool((table["fdr"] <= 0.05).any())


def main() -> None:
    """Print the share of data sets with a finding."""
    print("| patients | subtypes | unrelated labels | 80% inside |")
    print("| --- | --- | --- | --- |")
    for n, k in SHAPES:
        rng = np.random.default_rng(20)
        cells = [np.mean([found(n, k, share, rng) for _ in range(N_SETS)]) for share in (None, 0.8)]
        print(f"| {n} | {k} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")


if __name__ == "__main__":
    main()
