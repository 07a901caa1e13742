"""Cut the fused network into subtypes; how many is judged against a cohort without groups."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from omicsfuse.assessment.redraw import continuum
from omicsfuse.assessment.refit import Refit, refit
from omicsfuse.assessment.structure import CRITERIA, STRUCTURE, network_criteria, one_draw
from omicsfuse.clustering.cluster import cluster_range, cut, place_by_gap
from omicsfuse.core.checks.arguments import require, seed, whole_number
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.results import Fusion, Subtypes
from omicsfuse.stats.tasks import Runner

#: Redraws without groups, for the choice of k.
N_REDRAWS = 20

#: Bootstrap samples of the redraws, to see whether others would give another number.
N_BOOTSTRAPS = 1000

#: Of larger cohorts, so many patients are drawn to choose k.
MOST_COMPARED = 500


def cluster(
    fusion: Fusion,
    n_clusters: int | str | Sequence[int] = "auto",
    *,
    random_state: int = 0,
    n_jobs: int = 1,
) -> Subtypes:
    """Cut the fused network into subtypes by spectral clustering.

    If patients lack layers, each pair is weighted by ``Fusion.evidence``. With a range of k, or
    ``"auto"``, the cohort is redrawn twenty times without groups, as a continuum with the same
    shared variation (see ``structure_tests``). The gap at k is the mean normalised cut of the
    redrawn networks minus that of the real network. The smallest k is chosen for which the gap at k
    + 1 is not larger by more than its standard deviation: the rule of the gap statistic (Tibshirani
    2001), with the criterion that spectral clustering minimises. Outcomes are not used.
    ``docs/subtypes.md`` has the accuracy of the choice. A range that begins at 2 always gives
    subtypes, even from noise: ``assess`` tests whether they exist.

    Parameters
    ----------
    fusion : Fusion
        Result of ``fuse``.
    n_clusters : int, "auto" or (int, int)
        Number of subtypes, 1 or more; or the smallest and largest number to choose from; ``"auto"``
        is ``(2, 6)``.
    random_state : int
        Seed of k-means and of the redraws.
    n_jobs : int
        Processes for the redraws; the result does not depend on them.

    Returns
    -------
    Subtypes
        Labels ``S1`` to ``Sk`` ordered by size, and in ``evidence``: ``"n_clusters"`` (index k:
        ``eigengap``, ``eigengap_ratio``, ``rotation_cost``, ``silhouette``, ``normalised_cut``,
        ``gap``, ``gap_sd``, ``chosen_share``, ``smallest``, ``chosen``), ``"patients"`` (index
        patient: ``subtype``, ``silhouette``, ``confidence``, ``n_layers``) and ``"subtypes"``
        (index subtype: ``n``, ``silhouette``). Confidence, 0 to 1, is a patient's mean affinity to
        its own subtype divided by the sum of its mean affinities to all subtypes. ``chosen_share``
        is the share of bootstrap samples of the redraws in which the rule chooses this k.

    Raises
    ------
    StudyError
        If there are too few patients for the number of subtypes.

    References
    ----------
    Ng AY, Jordan MI, Weiss Y. On spectral clustering: analysis and an algorithm. NIPS 2002.
    Tibshirani R, Walther G, Hastie T. Estimating the number of clusters in a data set via the gap
    statistic. Journal of the Royal Statistical Society B 2001;63:411-423.

    Examples
    --------
    >>> import omicsfuse as of
    >>> cohort = of.simulate_cohort(60, n_external=0, effect=2.0).discovery
    >>> subtypes = of.cluster(of.fuse(of.preprocess(cohort)))
    >>> subtypes.labels.value_counts().sort_index().to_dict()
    {'S1': 25, 'S2': 20, 'S3': 15}
    """
    require(fusion, Fusion, "fusion", "from of.fuse")
    random_state, n_jobs = seed(random_state), whole_number(n_jobs, "n_jobs")
    low, high, _ = cluster_range(n_clusters, len(fusion.patients))
    gaps = None
    if low < high and fusion.prepared is not None:
        repeat = refit(fusion.prepared, fusion)
        ks = range(low, high + 1)
        try:
            gaps = gap_against_continuum(repeat, ks, random_state, Runner(n_jobs))
        except StudyError as error:
            warnings.warn(
                f"the number of subtypes was chosen without redrawn cohorts: {error}",
                OmicsfuseWarning,
                stacklevel=2,
            )
    return cut(fusion, n_clusters, random_state=random_state, gaps=gaps)


def gap_against_continuum(
    repeat: Refit, ks: Sequence[int], random_state: int = 0, runner: Runner | None = None
) -> pd.DataFrame:
    """Normalised cut of redrawn networks less the real one's at each k, and its SD over redraws.

    ``gap_sd`` is times the root of 1 + 1 / 20, for the error of the mean of the redraws. The third
    column, ``chosen_share``, is the share of bootstrap samples of the redraws in which the rule
    takes this k: other redraws might change a choice far from 1.
    """
    n = len(repeat.patients)
    if n > MOST_COMPARED:
        chance = np.random.default_rng(random_state)
        repeat = repeat.among(np.sort(chance.choice(n, MOST_COMPARED, replace=False)))
    network = repeat.network()[0]
    prepared = continuum(repeat, network)
    tasks = [(STRUCTURE, task) for task in np.random.SeedSequence(random_state).spawn(N_REDRAWS)]
    cuts = [k for k in ks if k > 1]
    drawn = (runner or Runner()).map(one_draw, tasks, prepared, cuts, label="redraws")
    row = CRITERIA.index("normalised_cut")
    gains = np.zeros((N_REDRAWS, len(ks)))
    gains[:, -len(cuts) :] = network_criteria(network, cuts)[row] - [each[row] for each in drawn]
    again = np.random.default_rng([random_state, N_BOOTSTRAPS]).integers(
        N_REDRAWS, size=(N_BOOTSTRAPS, N_REDRAWS)
    )
    chosen = place_by_gap(*_gap(gains[again]))
    gap, gap_sd = _gap(gains)
    share = np.bincount(chosen, minlength=len(ks)) / N_BOOTSTRAPS
    return pd.DataFrame(
        {"gap": gap, "gap_sd": gap_sd, "chosen_share": share}, index=pd.Index(ks, name="k")
    )


def _gap(gains: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over the redraws, the last axis but one."""
    deviation = gains.std(axis=-2, ddof=1) * np.sqrt(1 + 1 / N_REDRAWS)
    return gains.mean(axis=-2), deviation
