"""An index of imaging heterogeneity: first-order and texture features fused, patients ordered."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.clustering.cluster import cut
from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.checks.arguments import seed as checked_seed
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.core.kinds import layers_that
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import HeterogeneityIndex, Prepared
from omicsfuse.imaging.heterogeneity.blocks import FIRST_ORDER, TEXTURE
from omicsfuse.imaging.heterogeneity.measured import (
    Measured,
    chosen_features,
    measured_features,
    without_volume,
)
from omicsfuse.imaging.heterogeneity.network import (
    default_neighbors,
    fused_blocks,
    index_stability,
    network_coordinate,
)
from omicsfuse.imaging.redundancy import radiomics_layer
from omicsfuse.imaging.volume import tumour_volume
from omicsfuse.preprocessing import preprocess
from omicsfuse.stats.correlations import rank_correlations

#: Fewest patients.
MINIMUM_PATIENTS = 20
#: Most patients: the network holds every pair of them.
MOST_PATIENTS = 5000
#: Below this correlation of index and disorder the index is no measure of heterogeneity.
DOUBTFUL = 0.5
#: Resamples of the stability.
N_RESAMPLES = 50


def heterogeneity_index(
    cohort: Cohort | Prepared,
    *,
    radiomics: str | None = None,
    n_groups: int | str = "auto",
    n_neighbors: int | None = None,
    volume: pd.Series | None = None,
    adjust_volume: bool = False,
    n_resamples: int = N_RESAMPLES,
    random_state: int = 0,
    n_jobs: int = 1,
) -> HeterogeneityIndex:
    """Order patients by the heterogeneity of their images, from fused radiomic features.

    Features that measure heterogeneity (`heterogeneity_features`) form two blocks, first-order and
    texture. Each block becomes a network of patients, similarity network fusion joins both, and
    spectral clustering cuts the fused network into groups. Fusion of first-order and texture
    features is the method of Su et al.; the choice of features, the order and the scale of the
    index are specific to omicsfuse, and values differ from theirs. Groups are ordered by mean
    disorder (entropies of grey levels; uniformity and energy with opposite sign), ``"H1"`` the
    lowest. The index is the coordinate of a patient along the fused network: of the first three
    eigenvectors of its random walk, the one with the largest correlation with disorder. It
    increases with disorder, from 0 to 1 over the cohort, and is not comparable between cohorts.

    Parameters
    ----------
    cohort : Cohort or Prepared
        With a radiomics layer.
    radiomics : str, optional
        The layer; the first of that kind by default.
    n_groups : int or "auto"
        Number of groups; ``"auto"`` takes 2 to 6 by eigengap and silhouette. Heterogeneity may be
        continuous: prefer the index for tests.
    n_neighbors : int, optional
        Neighbours of each patient in the networks; by default a fifth of the patients, 5 to 20.
    volume : pandas.Series, optional
        Patient -> tumour volume; by default the volume among the features.
    adjust_volume : bool
        Use the residuals of each feature after regression on tumour volume (both as normal scores).
        Texture depends on the number of voxels, regardless of the tissue.
    n_resamples : int
        Resamples of 80% of the patients, in which the index is re-fitted to measure its stability;
        0 for none.
    random_state : int
        Seed of k-means and of the resamples.
    n_jobs : int
        Processes; the result does not depend on it.

    Returns
    -------
    HeterogeneityIndex
        Without tests. ``params`` has the correlation of the index with disorder and with tumour
        volume (with 95% intervals), and ``stability``: the rank correlation of the index with that
        of resamples (median, 5% and 95% quantile), and the agreement of groups (median adjusted
        Rand index).

    Raises
    ------
    CohortError
        If there are fewer than 20 patients or more than 5,000, fewer than 3 usable features in a
        block, or none with a known direction.
    StudyError
        If there is no such layer, or volume is to be adjusted for and unknown.

    Warns
    -----
    OmicsfuseWarning
        If the index has a weak correlation with disorder: it then measures another property.

    References
    ----------
    Su G-H, Xiao Y, You C, et al. 2023, Sci Adv 9:eadf0837 (fusion of both blocks);
    Wang et al. 2014, Nat Methods 11:333-337 (fusion); Coifman and Lafon 2006, Appl Comput Harmon
    Anal 21:5-30 (coordinates).

    Examples
    --------
    >>> from omicsfuse import heterogeneity_index
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.core.cohort import Cohort, Layer
    >>> random = np.random.default_rng(0)
    >>> uneven = np.linspace(-2, 2, 40)[:, None]
    >>> names = [f"original_firstorder_{x}" for x in ("Entropy", "Variance", "Range")]
    >>> names += [f"original_glcm_{x}" for x in ("JointEntropy", "Contrast", "ClusterTendency")]
    >>> values = uneven + random.normal(scale=0.5, size=(40, 6))
    >>> table = pd.DataFrame(values, [f"P{i:02d}" for i in range(40)], names)
    >>> cohort = Cohort("toy", {"ct": Layer("radiomics", table)})
    >>> found = heterogeneity_index(cohort, n_groups=2, n_resamples=0)
    >>> found.patients.loc[["P00", "P39"], "group"].tolist()
    ['H1', 'H2']
    """
    require(cohort, (Cohort, Prepared), "cohort", "from of.read_cohort or of.preprocess")
    n_resamples = whole_number(n_resamples, "n_resamples", 0)
    n_jobs = whole_number(n_jobs, "n_jobs")
    random_state = checked_seed(random_state)
    exclusions: list[Exclusion] = []
    prepared = cohort if isinstance(cohort, Prepared) else _prepared(cohort, radiomics)
    layer = radiomics_layer(prepared, radiomics)
    table = prepared.layers[layer].values  # noqa: PD011 - a field of ours
    table = table.sort_index(axis=0).sort_index(axis=1)
    known = tumour_volume(table, volume)
    size = None if known is None else pd.Series(known.amounts, table.index)
    chosen = chosen_features(table, size, layer, exclusions)
    scores = table[chosen.index]
    if adjust_volume:
        scores = without_volume(scores, size, layer, exclusions)
    measured = measured_features(scores, chosen, layer, exclusions)
    n = len(scores)
    if n < MINIMUM_PATIENTS:
        raise CohortError(
            f"heterogeneity index: {n} patients have layer {layer}"
            f"{' and a tumour volume' if adjust_volume else ''}; {MINIMUM_PATIENTS} are needed."
        )
    if n > MOST_PATIENTS:
        raise CohortError(
            f"heterogeneity index: {n:,} patients have layer {layer}; the exact network "
            f"allows {MOST_PATIENTS:,} at most. Give a sample of the patients."
        )
    k = n_neighbors if n_neighbors is None else whole_number(n_neighbors, "n_neighbors", 2, n - 1)
    neighbors = default_neighbors(n) if k is None else k
    fusion = fused_blocks(measured, neighbors)
    index, coordinate, follows = network_coordinate(fusion, measured.disorder)
    if abs(follows) < DOUBTFUL:
        warnings.warn(
            f"heterogeneity index of layer {layer}: its rank correlation with grey-level "
            f"entropy is only {follows:.2f}; the index may not measure disorder.",
            OmicsfuseWarning,
            stacklevel=2,
        )
    subtypes = cut(fusion, n_groups, random_state=random_state)
    groups, patients = _ordered_groups(subtypes.labels, index, measured.disorder)
    params: dict[str, Any] = {
        "layer": layer,
        "n": n,
        "n_groups": len(groups),
        "n_groups_asked": n_groups,
        "n_neighbors": neighbors,
        "first_order_features": measured.blocks[FIRST_ORDER].shape[1],
        "texture_features": measured.blocks[TEXTURE].shape[1],
        "coordinate": coordinate,
        "correlation_with_disorder": follows,
        "volume": "" if known is None else known.source,
        "adjust_volume": adjust_volume,
        "random_state": random_state,
    }
    if size is not None:
        there = np.asarray(size.reindex(index.index), dtype=np.float64)
        rho = rank_correlations(np.asarray(index, dtype=np.float64)[:, None], there[:, None])
        params["correlation_with_volume"] = {
            "n": int(rho.n[0, 0]),
            "correlation": float(rho.correlation[0, 0]),
            "low": float(rho.low[0, 0]),
            "high": float(rho.high[0, 0]),
        }
    params["stability"] = index_stability(
        measured, index, patients["group"], neighbors, n_resamples, random_state, n_jobs
    )
    features = _feature_table(scores, chosen, measured, index)
    return HeterogeneityIndex(
        patients, groups, features, params=params, exclusions=tuple(exclusions)
    )


def _prepared(cohort: Cohort, wanted: str | None) -> Prepared:
    names = layers_that(cohort.omics, lambda kind: kind.radiomic)
    if wanted is None and not names:
        listed = (
            ", ".join(f"{name} ({layer.kind})" for name, layer in cohort.omics.items()) or "none"
        )
        raise StudyError(f"a layer of kind radiomics is needed; the layers are {listed}.")
    return preprocess(cohort, [wanted or names[0]])


def _ordered_groups(
    labels: pd.Series, index: pd.Series, disorder: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Groups from least to most disorder, and the table of patients."""
    disorder = disorder.reindex(labels.index)
    means = disorder.groupby(labels).mean()
    order = [str(name) for name in means.sort_values(kind="stable").index]
    names = {old: f"H{place}" for place, old in enumerate(order, start=1)}
    group = labels.astype(str).map(names)
    patients = pd.DataFrame({"index": index, "group": group.reindex(index.index)})
    patients.index.name = "patient"
    groups = pd.DataFrame(
        {
            "n": group.value_counts(),
            "index_mean": index.groupby(group.reindex(index.index)).mean(),
            "disorder_mean": disorder.groupby(group).mean(),
        }
    )
    groups = groups.reindex([f"H{i + 1}" for i in range(len(order))])
    groups.index.name = "group"
    return groups.astype({"n": "int64"}), patients


def _feature_table(
    scores: pd.DataFrame, chosen: pd.DataFrame, measured: Measured, index: pd.Series
) -> pd.DataFrame:
    """Every feature of the index and how it goes with it, by block and strength."""
    used = {name for block in measured.blocks.values() for name in block.columns}
    scores = scores.loc[index.index, chosen.index]
    rho = rank_correlations(
        scores.to_numpy(dtype=float), np.asarray(index, dtype=np.float64)[:, None]
    )
    table = pd.DataFrame(
        {
            "feature": chosen.index.astype(str),
            "block": chosen["block"].to_numpy(),
            "correlation": rho.correlation[:, 0],
            "direction": chosen["direction"].to_numpy(),
            "used": [name in used for name in chosen.index],
        }
    )
    strength = -table["correlation"].abs().round(9).to_numpy()
    order = np.lexsort((table["feature"], strength, table["block"]))
    return table.iloc[order].reset_index(drop=True)
