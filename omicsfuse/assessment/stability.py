"""Does each subtype come back when some patients are left out?"""

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from omicsfuse.assessment.refusion import MOST_REFUSED, NO_GROUP, Refusion
from omicsfuse.results import Subtypes

#: Share of the patients in each resample.
RESAMPLED_SHARE = 0.8


def subtype_stability(
    repeat: Refusion,
    subtypes: Subtypes,
    *,
    n_resamples: int = 50,
    random_state: int = 0,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Measure how much of each subtype comes back in resamples that are fused and cut again.

    Each resample draws four fifths of the patients without replacement, fuses and clusters them
    into the same number of subtypes, and finds for each original subtype the new group that
    overlaps it best by the Jaccard index (common members over all members). At 0.5 or below
    a subtype has dissolved (Hennig 2007). Data without any groups reach 0.6 to 0.75 with two
    subtypes, so that only values well above this speak for a subtype. The number of subtypes is
    kept, and preprocessing is not repeated. Of large cohorts 2,000 patients are drawn each time,
    which is harder on small subtypes than four fifths would be.

    Parameters
    ----------
    repeat : Refusion
        The fusion to repeat.
    subtypes : Subtypes
        The subtypes in question.
    n_resamples : int
        Number of resamples.
    random_state : int
        Seed. Each resample has a seed of its own, so the result does not depend on ``n_jobs``.
    n_jobs : int
        Processes to use.

    Returns
    -------
    pandas.DataFrame
        Index subtype; columns ``n``, ``jaccard_mean``, ``jaccard_sd``, ``dissolved`` (share of
        resamples with a Jaccard index of at most 0.5) and ``n_resamples``. With a single subtype
        the Jaccard columns are NaN: one group of everyone always comes back.

    References
    ----------
    Hennig C. Cluster-wise assessment of cluster stability. Computational Statistics and Data
    Analysis 2007;52:258-271.

    Examples
    --------
    >>> import omicsfuse as of
    >>> from omicsfuse.assessment.refusion import refusion
    >>> ready = of.preprocess(of.simulate_cohort(45, n_external=0, effect=3.0).discovery)
    >>> fusion = of.fuse(ready, n_neighbors=8)
    >>> subtypes = of.cluster(fusion, 3)
    >>> table = subtype_stability(refusion(ready, fusion), subtypes, n_resamples=5)
    >>> bool((table["jaccard_mean"] > 0.9).all())
    True
    """
    codes = subtypes.labels.str[1:].astype(int).to_numpy() - 1
    k = int(codes.max()) + 1
    table = pd.DataFrame({"n": np.bincount(codes)}, pd.Index(subtypes.names, name="subtype"))
    if k == 1:
        jaccards = np.full((n_resamples, 1), np.nan)
    else:
        seeds = np.random.SeedSequence(random_state).spawn(n_resamples)
        tasks = (delayed(_one_resample)(repeat, codes, k, seed) for seed in seeds)
        jaccards = np.array(Parallel(n_jobs=n_jobs)(tasks))
    table["jaccard_mean"] = _mean(jaccards)
    table["jaccard_sd"] = jaccards.std(axis=0, ddof=1) if n_resamples > 1 else np.nan
    table["dissolved"] = _mean(np.where(np.isnan(jaccards), np.nan, jaccards <= 0.5))
    table["n_resamples"] = n_resamples
    return table


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over resamples; a subtype that a tiny resample lacked altogether counts as missing."""
    present = ~np.isnan(values)
    counts = present.sum(axis=0)
    total = np.where(present, values, 0.0).sum(axis=0)
    return np.divide(total, counts, out=np.full(len(counts), np.nan), where=counts > 0)


def _one_resample(
    repeat: Refusion, codes: np.ndarray, k: int, seed: np.random.SeedSequence
) -> np.ndarray:
    """Jaccard index of each original subtype with its best match in one resample."""
    rng = np.random.default_rng(seed)
    n = len(codes)
    size = max(min(round(RESAMPLED_SHARE * n), MOST_REFUSED), min(n, 2 * k))
    rows = np.sort(rng.choice(n, size, replace=False))
    again = repeat.labels(k, rows, random_state=int(rng.integers(2**31)))
    grouped = again != NO_GROUP
    return best_jaccard(codes[rows][grouped], again[grouped], k)


def best_jaccard(original: np.ndarray, again: np.ndarray, k: int) -> np.ndarray:
    """Jaccard index of each of k original groups with the new group that overlaps it best.

    Parameters
    ----------
    original, again : arrays of shape (n,)
        Groups of the same patients, numbered from 0.
    k : int
        Number of original groups.

    Returns
    -------
    array of shape (k,)
        Between 0 and 1; NaN for a group with no patient among these.

    Examples
    --------
    >>> import numpy as np
    >>> best_jaccard(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]), 2).round(3)
    array([0.667, 0.5  ])
    """
    common = np.zeros((k, int(again.max(initial=0)) + 1))
    np.add.at(common, (original, again), 1)
    union = common.sum(axis=1, keepdims=True) + common.sum(axis=0, keepdims=True) - common
    best = np.divide(common, union, out=np.zeros_like(common), where=union > 0).max(axis=1)
    return np.where(common.sum(axis=1) > 0, best, np.nan)
