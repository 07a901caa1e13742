"""A weighted network of genes: correlation, soft threshold, adjacency, topological overlap.

Matrices are products of whole tables: linear algebra must run on one thread for results that are
the same to the last bit on every machine of a kind; ``coexpression_modules`` sees to it.
"""

import numpy as np
import pandas as pd

from omicsfuse.core.errors import StudyError
from omicsfuse.stats.arrays import Array

#: How a correlation becomes the strength of a connection.
NETWORKS = ("signed", "unsigned", "signed hybrid")

#: How genes are correlated.
CORRELATIONS = ("pearson", "bicor")

#: Soft-threshold powers that are tried.
POWERS = (*range(1, 11), 12, 14, 16, 18, 20)

#: Bins of the distribution of connectivities, and what is added to a share before its logarithm.
N_BINS = 10
SHARE_OFFSET = 1e-9

#: A value this many (raw) median absolute deviations from the median has no weight in bicor.
BICOR_REACH = 9


def gene_correlation(values: Array, correlation: str = "pearson") -> Array:
    """Correlate all genes of (n, p) over the patients who have both: (p, p), 0 below 3 patients.

    Biweight midcorrelation: Langfelder and Horvath 2012, J Stat Softw 46(11), eq. 1 to 5, median
    and deviation over all observed values; Pearson's where the deviation is 0.
    """
    known_choice(correlation, "correlation", CORRELATIONS)
    x = np.ascontiguousarray(values, dtype=float)
    observed = ~np.isnan(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        count = np.maximum(observed.sum(axis=0), 1)
        x = np.where(observed, x, 0.0)
        x = np.where(observed, x - x.sum(axis=0) / count, 0.0)
    if correlation == "bicor":
        x = _biweight(np.where(observed, x, np.nan))
    whole = bool(observed.all())
    # Pearson's means are those of the common patients; biweight values are centred by the median.
    matrix = _cosine(x) if whole else _pairwise(x, observed, centred=correlation == "bicor")
    np.clip(matrix, -1.0, 1.0, out=matrix)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def known_choice(given: str, name: str, choices: tuple[str, ...]) -> None:
    """Refuse a setting that is not one of the choices."""
    if given not in choices:
        raise StudyError(f"modules: {name} is {given!r}; it must be one of {', '.join(choices)}.")


def _biweight(x: Array) -> Array:
    """Weighted distances from the median; plain ones from the mean where there is no deviation."""
    centred = x - np.nanmedian(x, axis=0)
    deviation = np.nanmedian(np.abs(centred), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        u = centred / (BICOR_REACH * deviation)
        weighted = centred * (1 - u**2) ** 2 * (np.abs(u) < 1)
    return np.nan_to_num(np.where(deviation > 0, weighted, x - np.nanmean(x, axis=0)))


def _cosine(x: Array) -> Array:
    length = np.sqrt(np.einsum("ij,ij->j", x, x))
    unit = x / np.where(length > 0, length, 1.0)
    cosine: Array = unit.T @ unit
    return cosine


def _pairwise(x: Array, observed: np.ndarray, centred: bool) -> Array:
    """Correlation of each pair over its common patients; missing values are 0 in ``x``."""
    has = observed.astype(float)
    n = has.T @ has
    with np.errstate(invalid="ignore", divide="ignore"):
        products, squares = x.T @ x, (x**2).T @ has
        if not centred:
            sums = x.T @ has
            products = products - sums * sums.T / n
            squares = squares - sums**2 / n
        scale = squares * squares.T
        # What rounding leaves of a constant gene is no variation.
        usable = (n >= 3) & (scale > 1e-18 * np.outer(np.diag(squares), np.diag(squares)))
        return np.where(usable, products / np.sqrt(np.where(usable, scale, 1.0)), 0.0)


def adjacency(correlation: Array, power: float, network: str = "signed") -> Array:
    """Strengths of connection (Zhang and Horvath 2005, Stat Appl Genet Mol Biol 4:17, eq. 1-4)."""
    known_choice(network, "network", NETWORKS)
    if network == "signed":
        similarity = (1 + correlation) / 2
    elif network == "unsigned":
        similarity = np.abs(correlation)
    else:
        similarity = np.maximum(correlation, 0.0)
    strength: Array = similarity**power
    return strength


def topological_overlap(strength: Array) -> Array:
    """Share of neighbours that two genes have in common, from strengths (p, p) of -1 to 1.

    ``(l_ij + a_ij) / (min(k_i, k_j) + 1 - a_ij)``, with ``l_ij = sum_u a_iu a_uj`` and ``k_i =
    sum_u a_iu``; signed connections by absolute values. Ravasz et al. 2002, Science 297:1551-1555;
    Zhang and Horvath 2005, eq. 6; Yip and Horvath 2007, BMC Bioinformatics 8:22.
    """
    a = np.array(strength, dtype=float)
    np.fill_diagonal(a, 0.0)
    overlap = a @ a
    overlap += a
    np.abs(overlap, out=overlap)
    np.abs(a, out=a)
    k = a.sum(axis=0)
    np.subtract(1.0, a, out=a)
    a += np.minimum(k[:, None], k)
    overlap /= a
    overlap = (overlap + overlap.T) / 2
    np.clip(overlap, 0.0, 1.0, out=overlap)
    np.fill_diagonal(overlap, 1.0)
    return overlap


def scale_free_fit(
    correlation: Array, network: str = "signed", powers: tuple[float, ...] = POWERS
) -> pd.DataFrame:
    """How well the connectivities follow a power law, for each soft threshold.

    In 10 bins of equal width; ``signed_r2`` is positive for a negative slope, as a scale-free
    network has it. Zhang and Horvath 2005, Stat Appl Genet Mol Biol 4:17, section 4.
    """
    rows = []
    for power in powers:
        k = adjacency(correlation, power, network).sum(axis=0) - 1
        r2, slope = _power_law(k)
        rows.append((power, r2, slope, -np.sign(slope) * r2, k.mean(), np.median(k), k.max()))
    names = ["power", "r2", "slope", "signed_r2"]
    names += [f"{part}_connectivity" for part in ("mean", "median", "max")]
    return pd.DataFrame(rows, columns=names)


def _power_law(k: Array) -> tuple[float, float]:
    """R squared and slope of log10 share on log10 connectivity; NaN where k does not vary."""
    low, high = k.min(), k.max()
    if not high - low > 1e-12 * max(abs(high), 1e-300):
        return float("nan"), float("nan")
    edges = np.linspace(low, high, N_BINS + 1)
    # A bin has its upper end, and the first one its lower end too.
    place = np.clip(np.searchsorted(edges, k, side="left") - 1, 0, N_BINS - 1)
    count = np.bincount(place, minlength=N_BINS)
    total = np.bincount(place, weights=k, minlength=N_BINS)
    middle = (edges[1:] + edges[:-1]) / 2
    centre = np.where(count > 0, total / np.maximum(count, 1), middle)
    centre = np.where(centre > 0, centre, middle)
    x, y = np.log10(centre), np.log10(count / len(k) + SHARE_OFFSET)
    x, y = x - x.mean(), y - y.mean()
    xx, xy, yy = (x**2).sum(), (x * y).sum(), (y**2).sum()
    return (float(xy**2 / (xx * yy)) if yy > 0 else float("nan")), float(xy / xx)


def chosen_power(fit: pd.DataFrame, enough: float) -> float:
    """Smallest power whose signed R squared is enough, or else the one with the largest."""
    power, signed = fit["power"].to_numpy(dtype=float), fit["signed_r2"].to_numpy(dtype=float)
    good = np.flatnonzero(signed >= enough)
    if len(good):
        return float(power[good[0]])
    return float(power[np.argmax(np.nan_to_num(signed, nan=-np.inf))])
