"""Genes ranked by how much they differ between a subtype and all other patients."""

import warnings

import numpy as np
import pandas as pd

from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.labelled import Labelled
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.least_squares import slopes
from omicsfuse.stats.levels import MINIMUM_GROUP

#: Statistics beyond this are set to it before genes are ranked.
T_LIMIT = 1000.0
#: A ranking with fewer genes than this share on one side of zero has one sign only.
ONE_SIDED = 0.02
#: From this share of genes on that have the statistic of another gene, a ranking is mostly ties.
MANY_TIES = 0.25


def moderated_t(matrix: Array, inside: np.ndarray) -> Array:
    """Moderated t (p,) of each gene, ``inside`` (n,) against all others (Smyth 2004, equation 3).

    A gene that hardly varies in these patients does not lead the ranking by its small denominator.
    NaN where constant, or observed in fewer than ``MINIMUM_GROUP`` patients of either side.
    """
    first, second = (np.isfinite(matrix[members]).sum(axis=0) for members in (inside, ~inside))
    usable = (first >= MINIMUM_GROUP) & (second >= MINIMUM_GROUP)
    return slopes(matrix, np.ones((len(matrix), 1)), inside.astype(float), usable).t


def rank_genes(
    part: Labelled, names: list[str], layer: str, who: str, *, scaled: bool = True
) -> dict[str, pd.Series]:
    """Rank genes for each subtype of enough patients, by the moderated t against all others."""
    # Genes in one order in memory: sums then have the same bits whatever order they came in.
    order = np.argsort(np.array(part.features, dtype=str), kind="stable")
    genes = [part.features[i] for i in order]
    matrix = np.ascontiguousarray(part.matrix[:, order])
    rankings, few, one_sided = {}, [], []
    for subtype in names:
        inside = part.subtype == subtype
        ranked = pd.Series(moderated_t(matrix, inside), genes).dropna().clip(-T_LIMIT, T_LIMIT)
        if len(ranked) < 2:
            few.append(f"{subtype} ({int(inside.sum())} against {int((~inside).sum())})")
            continue
        share = share_above(ranked)
        if not ONE_SIDED <= share <= 1 - ONE_SIDED:
            one_sided.append(f"{subtype} ({share:.0%} higher)")
        ordered = in_order(ranked)
        rankings[subtype] = ordered if scaled else ranked.reindex(ordered.index)
    if few:
        warnings.warn(
            f"{who}: too few patients with layer {layer} to rank genes (at least "
            f"{MINIMUM_GROUP} against {MINIMUM_GROUP} are needed): {', '.join(few)}. No "
            "enrichment for these subtypes.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    if one_sided:
        warnings.warn(
            f"{who}: nearly all genes of layer {layer} differ from the other patients in the same "
            f"direction: {', '.join(one_sided)}. Scores on such a ranking are unreliable; check "
            "how the layer was normalised.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    return rankings


def share_above(ranking: pd.Series) -> float:
    """Share of genes above zero, of those that are not zero; one half where all are."""
    above, below = int((ranking > 0).sum()), int((ranking < 0).sum())
    return above / (above + below) if above + below else 0.5


def in_order(ranked: pd.Series) -> pd.Series:
    """Put genes in decreasing order, at most 1 in size, ties by name and spaced by 1e-12."""
    ordered = ranked.sort_index(kind="stable").sort_values(ascending=False, kind="stable")
    largest = float(ordered.abs().max())
    return ordered / (largest or 1.0) - 1e-12 * np.arange(len(ordered))


def checked_ranking(ranking: pd.Series, name: str, who: str) -> pd.Series:
    """Check a user's ranking (gene -> statistic); genes without a number go, with a warning."""
    if not pd.api.types.is_numeric_dtype(ranking) or pd.api.types.is_bool_dtype(ranking):
        raise StudyError(
            f"{who}: {name} holds values of type {ranking.dtype}; expected one number per gene."
        )
    values = pd.Series(ranking.to_numpy(dtype=float), [str(gene) for gene in ranking.index])
    infinite = values.index[np.isinf(values.to_numpy())]
    if len(infinite):
        raise StudyError(
            f"{who}: {name} is infinite for {len(infinite)} genes, e.g. {infinite[0]}. Limit "
            "such statistics (a p-value of 0 has an infinite logarithm), or exclude these "
            "genes."
        )
    twice = values.index[values.index.duplicated()]
    if len(twice):
        raise StudyError(
            f"{who}: {name} has gene {twice[0]} more than once ({len(twice)} rows too many). "
            "Keep one row per gene, for instance the row with the largest mean expression."
        )
    missing = values.index[values.isna()]
    values = values.dropna()
    if len(values) < 2 or values.nunique() < 2:
        raise StudyError(
            f"{who}: {name} has {len(values)} genes with a statistic and {values.nunique()} "
            "different values; at least two of each are needed to rank genes."
        )
    if len(missing):
        warnings.warn(
            f"{who}: {len(missing)} genes of {name} have no statistic, e.g. {missing[0]}, and "
            "are excluded from the ranking.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    share = share_above(values)
    if not ONE_SIDED <= share <= 1 - ONE_SIDED:
        side = "positive" if share > 0.5 else "negative"
        warnings.warn(
            f"{who}: nearly all statistics of {name} are {side}. Sets are compared with "
            "random sets of the same sign, and few have the opposite sign. Rank by a signed "
            "statistic if available.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    tied = float(values.duplicated(keep=False).mean())
    if tied >= MANY_TIES:
        warnings.warn(
            f"{who}: {tied:.0%} of the genes of {name} share their statistic with another "
            "gene; ties are ordered by gene name.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    return in_order(values)
