"""Ranks of genes within each patient, which nobody else can change."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.stats.arrays import Array
from omicsfuse.stats.single_sample.sums import Positions, member_sums


class Ranks(NamedTuple):
    """Genes (sorted) ranked in each patient (p, n), 1 the lowest, 0 missing; ``n_genes`` (n,)."""

    ranks: Array
    observed: Array | None
    n_genes: Array
    genes: pd.Index

    def counts(self, members: Positions, used: Array) -> Array:
        """Count the members (r, m) of each set that each patient has, where ``used`` (m, k) is 1.

        The shape is (r, n, k), or (1, 1, k) where nothing is missing.
        """
        if self.observed is None:
            whole: Array = used.sum(axis=0)[None, None, :]
            return whole
        return member_sums(self.observed, members, used)


def within_patient_ranks(table: pd.DataFrame) -> Ranks:
    """Rank the genes of each patient; missing values take no part."""
    order = np.argsort(table.columns.to_numpy(dtype=object).astype(str), kind="stable")
    table = table.iloc[:, order]
    values = pd.DataFrame(table.to_numpy(dtype=float))
    ranks = values.rank(axis=1, method="average").to_numpy()
    missing = np.isnan(ranks)
    return Ranks(
        np.ascontiguousarray(np.where(missing, 0.0, ranks).T),
        np.ascontiguousarray((~missing).astype(float).T) if missing.any() else None,
        (~missing).sum(axis=1).astype(float),
        table.columns,
    )


def up_and_down(weights: Array) -> list[tuple[float, Array]]:
    """Split weights (m, k) into genes that raise a score (1.0) and that lower it (-1.0)."""
    weights = np.asarray(weights, dtype=float)
    parts = [(sign, (np.sign(weights) == sign).astype(float)) for sign in (1.0, -1.0)]
    return [(sign, used) for sign, used in parts if used.any()]
