"""Gene sets on the ranking of genes: random genes, shuffled patients, and resamples."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.biology import enrich_ranking
from omicsfuse.imaging.interpretation.adjusted import adjusting_columns
from omicsfuse.imaging.interpretation.associations import (
    MODERATED,
    independent_basis,
    linear_effects,
)
from omicsfuse.imaging.interpretation.contrasts import Contrast
from omicsfuse.imaging.interpretation.resampled import resampled_statistics
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.least_squares import fit_genes, moderate
from omicsfuse.stats.moments import moments
from omicsfuse.stats.running_sum import enrichment_scores
from omicsfuse.stats.tasks import Runner

#: Columns of ``Interpretation.enrichment``.
ENRICHMENT_COLUMNS = [
    "score",
    "gene_set",
    "nes",
    "p",
    "fdr",
    "size",
    "leading_edge",
    "note",
    "stability",
    "p_patients",
    "fdr_patients",
    "group",
    "representative",
]
#: The contrast of each ranking, whether it is adjusted, and the leading edge as a tuple, for
#: programs; not written to files.
ENRICHMENT_FACTS = ["contrast", "adjusted", "leading_genes"]
#: Scores that differ by less are equal.
_TIE = 1e-9


class Places(NamedTuple):
    """Genes of all sets in one row: the gene of each place, its set, and where each set starts."""

    gene: npt.NDArray[np.int64]
    of_set: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    size: npt.NDArray[np.int64]


def places_of(sets: Mapping[str, Sequence[str]], genes: Sequence[str]) -> Places:
    """Turn sets of names into positions in a list of genes."""
    position = {gene: i for i, gene in enumerate(genes)}
    members = [sorted({position[g] for g in s if g in position}) for s in sets.values()]
    size = np.array([len(s) for s in members], dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(size)[:-1]]).astype(np.int64)
    gene = np.array([i for s in members for i in s], dtype=np.int64)
    return Places(gene, np.repeat(np.arange(len(members)), size), start, size)


def set_scores(statistic: Array, places: Places) -> Array:
    """Enrichment score of every set on one ranking; genes without a statistic (p,) weigh 0."""
    statistic = np.nan_to_num(statistic, nan=0.0)
    n = len(statistic)
    order = np.argsort(-statistic, kind="stable")
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    place = np.sort(places.of_set * n + rank[places.gene]) - places.of_set * n
    return enrichment_scores(statistic[order], place, places.start)


def shuffled_patients(
    y: Array,
    x: Array,
    columns: Array | None,
    places: Places,
    n_permutations: int,
    random_state: int,
    n_jobs: int = 1,
) -> Array:
    """Test gene sets (s,) with the patients shuffled, so that genes (n, p) stay correlated.

    What covariates leave is shuffled and every gene tested anew, with the prior as found (Freedman
    and Lane 1983, J Bus Econ Stat 1:292-298; Winkler et al. 2014, NeuroImage 92:381-397). Scores
    are divided by the mean of all on their side of zero; p counts the true order.
    """
    basis = independent_basis(np.empty((len(x), 0)) if columns is None else columns)
    mean = moments(y).mean
    filled = np.where(np.isnan(y), 0.0, y - mean)
    left = filled - np.einsum("nq,qp->np", basis, np.einsum("nq,np->qp", basis, filled))
    along = x - np.einsum("nq,q->n", basis, np.einsum("nq,n->q", basis, x))
    along = along / np.sqrt(np.sum(along**2))
    prior = moderate(fit_genes(left, None, np.column_stack([basis, along])))
    axes = np.column_stack([basis, along])
    squares = np.einsum("np,np->p", left, left)
    chunks = np.array_split(np.arange(n_permutations), max(1, min(n_jobs, n_permutations)))
    given = (left, axes, squares, prior.df_prior, prior.variance_prior, places, random_state)
    done = Runner(n_jobs).map(
        _shuffled, [list(chunk) for chunk in chunks], *given, label="shuffles"
    )
    observed = set_scores(_t(axes, left, squares, prior.df_prior, prior.variance_prior), places)
    scores = np.vstack([observed[None], *done])
    above, below = scores > 0, scores < 0
    with np.errstate(invalid="ignore", divide="ignore"):
        high = np.where(above, scores, 0.0).sum(axis=0) / above.sum(axis=0)
        low = np.where(below, -scores, 0.0).sum(axis=0) / below.sum(axis=0)
        scaled = np.abs(np.where(above, scores / high, np.where(below, scores / low, 0.0)))
    return np.asarray((scaled >= scaled[0] - _TIE).mean(axis=0))


def _shuffled(
    left: Array,
    axes: Array,
    squares: Array,
    df_prior: float,
    variance_prior: float,
    places: Places,
    random_state: int,
    numbers: list[int],
) -> Array:
    scores = np.empty((len(numbers), len(places.start)))
    for i, number in enumerate(numbers):
        rng = np.random.default_rng([random_state, 2, int(number)])
        shuffled = axes[rng.permutation(len(axes))]
        scores[i] = set_scores(_t(shuffled, left, squares, df_prior, variance_prior), places)
    return scores


def _t(axes: Array, left: Array, squares: Array, df_prior: float, variance_prior: float) -> Array:
    """Moderated t of the last axis, for genes of which the covariates have been taken off."""
    products = np.einsum("nq,np->qp", axes, left)
    df = len(left) - axes.shape[1]
    residual = np.maximum(squares - np.einsum("qp,qp->p", products, products), 0.0)
    if np.isinf(df_prior):
        spread = np.full(len(squares), variance_prior)
    else:
        spread = (residual + df_prior * variance_prior) / (df + df_prior)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(spread > 0, products[-1] / np.sqrt(spread), 0.0)


def enrich_contrast(
    table: pd.DataFrame,
    contrast: Contrast,
    design: pd.DataFrame | None,
    gene_sets: Mapping[str, Sequence[str]],
    *,
    min_size: int,
    max_size: int,
    n_permutations: int,
    n_resamples: int,
    random_state: int,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Gene sets on the moderated t ranking (patients x genes, sorted): all columns and facts."""
    columns = None
    x = contrast.numbers.reindex(table.index).to_numpy(dtype=float)
    there = np.isfinite(x)
    if design is not None:
        columns, _ = adjusting_columns(design, table.index[there])
        if columns is None:
            return empty_enrichment()
    name = contrast.name if columns is None else f"{contrast.name}, adjusted"
    y, x = table.to_numpy(dtype=float)[there], x[there]
    if columns is not None:
        whole = ~np.isnan(columns).any(axis=1)
        y, x, columns = y[whole], x[whole], columns[whole]
    ranked = linear_effects(y, x, columns).statistic
    usable = np.isfinite(ranked)
    if usable.sum() < 2:
        return empty_enrichment()
    enrichment = enrich_ranking(
        pd.Series(ranked, table.columns)[usable],
        gene_sets,
        name=name,
        min_size=min_size,
        max_size=max_size,
        random_state=random_state,
    )
    if enrichment.empty:
        return empty_enrichment()
    genes = [str(gene) for gene in table.columns[usable]]
    tested = {str(key): gene_sets[str(key)] for key in enrichment["gene_set"]}
    places = places_of(tested, genes)
    enrichment = enrichment.assign(
        score=name, contrast=contrast.name, adjusted=columns is not None,
        stability=np.nan, p_patients=np.nan,
    )  # fmt: skip
    resampled = resampled_statistics(
        table.loc[:, usable], MODERATED, contrast, design, n_resamples, random_state, n_jobs
    )
    if resampled is not None and len(resampled.subsamples):
        signs = np.sign([set_scores(statistic, places) for statistic in resampled.subsamples])
        enrichment["stability"] = (signs == np.sign(enrichment["nes"].to_numpy())).mean(axis=0)
    if n_permutations:
        enrichment["p_patients"] = shuffled_patients(
            y[:, usable], x, columns, places, n_permutations, random_state, n_jobs
        )
    return enrichment


def empty_enrichment() -> pd.DataFrame:
    """Table of enrichment without rows."""
    columns = [*ENRICHMENT_COLUMNS, *ENRICHMENT_FACTS]
    numbers = {"nes", "p", "fdr", "size", "stability", "p_patients", "fdr_patients"}
    return pd.DataFrame(
        {c: pd.Series(dtype="float64" if c in numbers else object) for c in columns}
    ).astype({"adjusted": bool})
