"""One profile a module: its eigengene, how far genes belong to it, and modules that are one."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from omicsfuse.signatures.coexpression_network import gene_correlation
from omicsfuse.signatures.dynamic_cut import by_size
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.moments import moments


def standardised_genes(values: Array) -> Array:
    """Genes (n, p) at mean 0 and SD 1 (n - 1) over what is observed; missing and constant are 0."""
    scale = moments(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (values - scale.mean) / scale.sd
    return np.where(np.isfinite(z), z, 0.0)


def eigengene(values: Array) -> tuple[Array, float]:
    """First principal component (n,) of genes (n, p), along their mean, and its share of variance.

    Langfelder and Horvath 2007, BMC Syst Biol 1:54; 2008, BMC Bioinformatics 9:559.
    """
    left, singular, _ = np.linalg.svd(values, full_matrices=False)
    scores = left[:, 0]
    along = float(scores @ values.mean(axis=1))
    if along == 0:
        along = float(scores[np.abs(scores).argmax()])
    total = float((singular**2).sum())
    return (scores if along >= 0 else -scores), (float(singular[0] ** 2) / total if total else 0.0)


def module_eigengenes(values: Array, labels: np.ndarray) -> tuple[Array, Array]:
    """Eigengenes (n, k) of the modules (p,), 1 to k, and variance explained (k,)."""
    k = int(labels.max(initial=0))
    eigengenes = np.zeros((len(values), k))
    explained = np.zeros(k)
    for module in range(1, k + 1):
        eigengenes[:, module - 1], explained[module - 1] = eigengene(values[:, labels == module])
    return eigengenes, explained


def module_membership(values: Array, eigengenes: Array) -> Array:
    """Pearson's correlation (p, k) of genes with eigengenes: kME (Horvath and Dong 2008)."""
    observed = ~np.isnan(values)
    has = observed.astype(float)
    x = np.where(observed, values - moments(values).mean, 0.0)
    n = has.sum(axis=0)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        sums = has.T @ eigengenes
        products = x.T @ eigengenes - x.sum(axis=0)[:, None] * sums / n
        gene = (x**2).sum(axis=0)[:, None] - x.sum(axis=0)[:, None] ** 2 / n
        module = has.T @ eigengenes**2 - sums**2 / n
        correlation = products / np.sqrt(gene * module)
    return np.clip(np.where(np.isfinite(correlation), correlation, 0.0), -1.0, 1.0)


def merged_modules(values: Array, labels: np.ndarray, height: float) -> np.ndarray:
    """Join modules whose eigengenes are alike (1 - r, average linkage) until none are: (p,)."""
    labels = by_size(labels)
    while height > 0 and labels.max(initial=0) > 1:
        profiles, _ = module_eigengenes(values, labels)
        distance = 1 - gene_correlation(profiles)
        np.fill_diagonal(distance, 0.0)
        tree = linkage(squareform(np.maximum(distance, 0.0), checks=False), "average")
        joined = fcluster(tree, height, criterion="distance")
        if len(np.unique(joined)) == len(joined):
            break
        labels = by_size(np.r_[0, joined][labels])
    return labels


def module_names(k: int) -> pd.Index:
    """Names of k modules, largest first."""
    return pd.Index([f"M{i + 1}" for i in range(k)], dtype=object, name="module")
