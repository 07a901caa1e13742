"""Scoring as verification needs it, on what `omicsfuse.signatures` has: the one door to it."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from omicsfuse.errors import SignatureError
from omicsfuse.results import Signature
from omicsfuse.signatures import score, standardise, template_scores, weighted_scores
from omicsfuse.signatures.scorer import Scorer
from omicsfuse.statistics import Array


class _Standardised:
    """Standardised values of all usable genes, scored by cosine or by weighted mean."""

    def __init__(self, z: pd.DataFrame, cosine: bool) -> None:
        self.patients, self.genes = z.index, z.columns
        self._z = z.to_numpy(dtype=float)
        self._function = template_scores if cosine else weighted_scores

    def score(self, members: Array, weights: Array) -> Array:
        return self._function(self._z[:, np.asarray(members, dtype=np.int64)], weights)

    def score_many(self, members: Array, weights: Array) -> Array:
        sets = np.asarray(members, dtype=np.int64)
        found = np.empty((len(sets), len(self._z), weights.shape[1]))
        for i, one in enumerate(sets):
            found[i] = self.score(one, weights)
        return found


def make_scorer(
    scorer: str, table: pd.DataFrame, *, scaling: str, signature: Signature | None = None
) -> Scorer:
    """Make a cohort ready to be scored with any set of its genes."""
    if scorer not in ("weighted_z", "nearest_template"):
        raise SignatureError(f"scorer {scorer!r} is not here yet.")
    chosen = cast(Literal["cohort", "reference"], scaling)
    z = standardise(signature if scaling == "reference" else None, table, scaling=chosen)
    return cast(Scorer, _Standardised(z, scorer == "nearest_template"))


def score_signature(
    signature: Signature,
    table: pd.DataFrame,
    *,
    scorer: str | None = None,
    scaling: str | None = None,
    aliases: Mapping[str, str] | None = None,
    max_fdr: float = 0.05,
    **_: Any,
) -> pd.DataFrame:
    """Score the patients of a cohort on a signature."""
    how, scale = scorer or signature.scorer, scaling or signature.scaling
    found = score.score_signature(
        signature, table, scaling=cast(Literal["cohort", "reference"], scale)
    )
    ready = make_scorer(how, table, scaling=scale, signature=signature)
    genes = [gene for gene in signature.templates.index if gene in ready.genes]
    values = ready.score(
        ready.genes.get_indexer(pd.Index(genes)), signature.templates.loc[genes].to_numpy(float)
    )
    for j, name in enumerate(signature.templates.columns):
        found[f"score_{name}"] = values[:, j]
    first = found.columns[0]
    scores = [column for column in found.columns if column.startswith("score_")]
    found.insert(1, "high", None)
    found.insert(2, "nearest", found[first])
    found.insert(3, "p", np.nan)
    found.insert(4, "fdr", np.nan)
    return found[["subtype", "high", "nearest", "p", "fdr", *scores]].assign(
        scorer=how, scaling=scale
    )


def match_genes(
    wanted: Iterable[str],
    available: Iterable[str],
    aliases: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Say under which name each gene is found."""
    there, genes = set(available), list(wanted)
    return pd.DataFrame(
        {
            "gene": genes,
            "found_as": [gene if gene in there else "" for gene in genes],
            "how": ["exact" if gene in there else "not found" for gene in genes],
        }
    )
