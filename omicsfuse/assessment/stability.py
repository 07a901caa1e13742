"""Does each subtype, and each patient in it, come back when some patients are left out?"""

import numpy as np
import pandas as pd

from omicsfuse.assessment.consensus import Resamples, resample_clusters
from omicsfuse.assessment.refit import NO_GROUP, Refit
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Subtypes
from omicsfuse.stats.tasks import Runner

#: A core patient is together with the others of its subtype in so many of the resamples.
CORE_CO_CLUSTERING = 0.8


def subtype_stability(
    repeat: Refit,
    subtypes: Subtypes,
    *,
    n_resamples: int = 50,
    random_state: int = 0,
    n_jobs: int = 1,
    runner: Runner | None = None,
) -> pd.DataFrame:
    """Measure how much of each subtype comes back in resamples that are fused and cut again.

    Draws the resamples (``resample_clusters``) and reads them (``subtype_recovery``).
    """
    resamples = resample_clusters(
        repeat,
        [subtypes.labels.nunique()],
        n_resamples=n_resamples,
        random_state=random_state,
        runner=runner or Runner(n_jobs),
    )
    return subtype_recovery(resamples, subtypes)


def subtype_recovery(resamples: Resamples, subtypes: Subtypes) -> pd.DataFrame:
    """Find each subtype again among the groups of each resample, by the Jaccard index.

    At 0.5 or below it has dissolved (Hennig 2007, Comput Stat Data Anal 52:258-271), but data
    without groups reach 0.6 to 0.75 with two subtypes. NaN with a single subtype.
    """
    codes, k = _codes(resamples, subtypes)
    n_resamples = len(resamples.rows)
    jaccards = np.full((n_resamples, k), np.nan)
    if k > 1:
        for r, (rows, groups) in enumerate(zip(resamples.rows, resamples.cut_at(k), strict=True)):
            grouped = groups != NO_GROUP
            jaccards[r] = best_jaccard(codes[rows[grouped]], groups[grouped], k)
    table = pd.DataFrame({"n": np.bincount(codes)}, pd.Index(subtypes.names, name="subtype"))
    present = ~np.isnan(jaccards)
    counts = present.sum(axis=0)
    # A subtype that a tiny resample lacked altogether is missing there, not dissolved.
    mean = _quotient(np.where(present, jaccards, 0).sum(axis=0), counts)
    spread = np.where(present, (jaccards - mean) ** 2, 0).sum(axis=0)
    table["jaccard_mean"] = mean
    table["jaccard_sd"] = np.sqrt(_quotient(spread, counts - 1))
    table["dissolved"] = _quotient((present & (jaccards <= 0.5)).sum(axis=0), counts)
    table["n_resamples"] = n_resamples
    return table


def patient_stability(resamples: Resamples, subtypes: Subtypes) -> pd.DataFrame:
    """Tell ``"core"`` patients (80% of resamples, silhouette above 0) from ``"borderline"``.

    It is no test of groups: along a continuum, however it is cut, 80% to 95% are core.
    """
    codes, k = _codes(resamples, subtypes)
    shares = co_clustering_with_subtypes(resamples, codes, k)
    within = shares[np.arange(len(codes)), codes]
    table = subtypes.evidence["patients"].loc[
        subtypes.labels.index, ["subtype", "silhouette", "confidence"]
    ]
    others = shares.copy()
    others[np.arange(len(codes)), codes] = -np.inf
    nearest = np.nan_to_num(others, nan=-np.inf).max(axis=1)
    inside = (table["silhouette"].to_numpy() > 0) | (k == 1)
    # A share that is NaN is no core.
    core = (within >= CORE_CO_CLUSTERING) & (within >= nearest) & inside
    return table.assign(co_clustering=within, membership=np.where(core, "core", "borderline"))


def co_clustering_with_subtypes(resamples: Resamples, codes: np.ndarray, k: int) -> np.ndarray:
    """Share (n, k) of resamples in which each patient was together with members of each subtype.

    The mean of a row of the consensus matrix over a subtype, weighted by resamples with both.
    """
    together = np.zeros((resamples.n, k))
    both = np.zeros((resamples.n, k))
    for drawn, cut in zip(resamples.rows, resamples.cut_at(k), strict=True):
        grouped = cut != NO_GROUP
        rows, groups = drawn[grouped], cut[grouped]
        if not len(rows):
            continue
        member = np.eye(k)[codes[rows]]
        common = np.zeros((int(groups.max()) + 1, k))
        np.add.at(common, (groups, codes[rows]), 1)
        together[rows] += common[groups] - member
        both[rows] += member.sum(axis=0) - member
    return _quotient(together, both)


def best_jaccard(original: np.ndarray, again: np.ndarray, k: int) -> np.ndarray:
    """Jaccard index (k,) of each original group with the new group that overlaps it best."""
    common = np.zeros((k, int(again.max(initial=0)) + 1))
    np.add.at(common, (original, again), 1)
    union = common.sum(axis=1, keepdims=True) + common.sum(axis=0, keepdims=True) - common
    best = np.divide(common, union, out=np.zeros_like(common), where=union > 0).max(axis=1)
    return np.where(common.sum(axis=1) > 0, best, np.nan)


def _codes(resamples: Resamples, subtypes: Subtypes) -> tuple[np.ndarray, int]:
    """Subtypes as numbers from 0, and how many there are."""
    if len(subtypes.labels) != resamples.n:
        raise StudyError(
            f"the subtypes have {len(subtypes.labels)} patients and the resamples "
            f"{resamples.n}; resample the fusion of these subtypes."
        )
    codes = subtypes.labels.str[1:].astype(int).to_numpy() - 1
    return codes, int(codes.max()) + 1


def _quotient(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Quotients; NaN where nothing was counted."""
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0)
