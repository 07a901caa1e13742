"""What a family would find if images and genes belonged to different patients."""

from typing import NamedTuple

import numpy as np

from omicsfuse.correlations import doubled_ranks
from omicsfuse.radiogenomics.associations import BLOCK, Family, correlate_family
from omicsfuse.statistics import Array

#: Products (patients x features x targets x shuffles) a family may take: minutes at most.
MOST_PRODUCTS = 3e11
#: Shuffles below which there is no p-value to speak of: so many are made all the same.
FEWEST = 20


class Shuffled(NamedTuple):
    """What shuffling the patients showed.

    Attributes
    ----------
    n : int
        Shuffles made.
    p : float
        Share of shuffles, the data as they are counted as one, with a p-value as small as the
        smallest of the family: a test of whether the family holds anything at all.
    found : float
        Mean number of pairs with a p-value as small as those found: so many findings are expected
        by chance. NaN where nothing was found.
    """

    n: int
    p: float
    found: float


def shuffle_patients(
    x: Array, y: Array, family: Family, largest_p: float, n_permutations: int, random_state: int
) -> Shuffled:
    """Shuffle the patients of the images against those of the targets, over and over.

    Features stay correlated with each other as they are, and so do targets: unlike Benjamini and
    Hochberg's procedure and the t distribution this leans on no assumption about them.

    Parameters
    ----------
    x, y : ndarray of float, shapes (n, p) and (n, q)
        Features and targets of the same patients.
    family : Family
        Their correlations.
    largest_p : float
        Largest p-value found; below 0 where nothing was.
    n_permutations : int
        Shuffles wanted; fewer are made of a large family (``MOST_PRODUCTS``).
    random_state : int
        Seed.

    Returns
    -------
    Shuffled

    Examples
    --------
    >>> x = np.arange(20.0)[:, None]
    >>> shuffle_patients(x, x, correlate_family(x, x), 0.05, 99, 0)[:2]
    (99, 0.01)
    """
    tested = np.isfinite(family.p)
    if not n_permutations or not tested.any():
        return Shuffled(0, float("nan"), float("nan"))
    size = float(x.shape[0]) * x.shape[1] * y.shape[1]
    n = min(n_permutations, max(FEWEST, int(MOST_PRODUCTS / size)))
    rng = np.random.default_rng(random_state)
    # With all values there, p falls as the correlation grows, and ranks stay as they are.
    whole = not (np.isnan(x).any() or np.isnan(y).any())
    if whole:
        left, right = _unit(doubled_ranks(x)), _unit(doubled_ranks(y))
        strength = np.abs(family.correlation[tested])
        smallest = -float(strength.max())
        found = strength[family.p[tested] <= largest_p]
        limit = -float(found.min()) if len(found) else -2.0
    else:
        left, right = x, y
        smallest, limit = float(family.p[tested].min()), largest_p
    as_small, counts = 0, []
    for _ in range(n):
        shuffled = left[rng.permutation(len(x))]
        least, count = _strongest(shuffled, right, limit, whole)
        as_small += least <= smallest + 1e-12
        counts.append(count)
    expected = float(np.mean(counts)) if largest_p >= 0 else float("nan")
    return Shuffled(n, (1 + as_small) / (1 + n), expected)


def _unit(ranks: Array) -> Array:
    """Columns of length 1."""
    length = np.sqrt((ranks**2).sum(axis=0))
    scaled: Array = ranks / np.where(length > 0, length, np.inf)
    return scaled


def _strongest(x: Array, y: Array, limit: float, whole: bool) -> tuple[float, int]:
    """Smallest value (p, or minus the absolute correlation), and how many are within the limit."""
    if not whole:
        p = correlate_family(x, y).p
        p = p[np.isfinite(p)]
        return (float(p.min()) if len(p) else np.inf), int((p <= limit).sum())
    least, count = np.inf, 0
    for start in range(0, y.shape[1], BLOCK):
        r = -np.abs(x.T @ y[:, start : start + BLOCK])
        least = min(least, float(r.min()))
        if limit >= -1.0:
            count += int((r <= limit + 1e-12).sum())
    return least, count
