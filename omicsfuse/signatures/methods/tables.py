"""How methods write down what they looked at and what they chose."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.stats.arrays import Array


def gene_table(
    genes: pd.Index, scores: Sequence[str], weights: Array, columns: Mapping[str, Array]
) -> pd.DataFrame:
    """A row a score and gene, with its weight and whatever was computed of it, each (p, k)."""
    k = len(scores)
    return pd.DataFrame(
        {
            "score": np.repeat(np.asarray(scores, dtype=object), len(genes)),
            "gene": np.tile(genes.to_numpy(dtype=object), k),
            "weight": weights.T.ravel(),
            **{name: np.asarray(values).T.ravel() for name, values in columns.items()},
        }
    )


def chosen_weights(genes: pd.Index, scores: Sequence[str], weights: Array) -> pd.DataFrame:
    """Keep the genes that have a weight in any score, and the scores that have a gene."""
    used = weights != 0
    genes_used, columns = used.any(axis=1), used.any(axis=0)
    return pd.DataFrame(
        weights[genes_used][:, columns],
        index=pd.Index(genes.to_numpy(dtype=object)[genes_used], dtype=object, name="gene"),
        columns=[score for score, has in zip(scores, columns, strict=True) if has],
    )


def strongest(strength: Array, eligible: Any, n_genes: int) -> Any:
    """Positions of the eligible genes (p,) with the largest values, of equal ones the first."""
    positions = np.flatnonzero(eligible & ~np.isnan(strength))
    if len(positions) > n_genes:
        # Only those that can be among them are put in order.
        least = -np.partition(-strength[positions], n_genes - 1)[n_genes - 1]
        positions = positions[strength[positions] >= least]
    return positions[np.argsort(-strength[positions], kind="stable")[:n_genes]]
