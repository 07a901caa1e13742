"""An index of imaging heterogeneity: first-order and texture features fused, patients ordered."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import ndtri

from omicsfuse.biology.technical import volume_feature
from omicsfuse.checks.arguments import require, whole_number
from omicsfuse.checks.arguments import seed as checked_seed
from omicsfuse.clustering import cut, laplacian_spectrum
from omicsfuse.cohort import Cohort
from omicsfuse.errors import CohortError, OmicsfuseWarning, StudyError
from omicsfuse.fusion import fuse
from omicsfuse.layers import Loss
from omicsfuse.preprocessing import preprocess
from omicsfuse.preprocessing.filters import near_duplicates
from omicsfuse.radiogenomics.heterogeneity_blocks import (
    FIRST_ORDER,
    TEXTURE,
    heterogeneity_features,
)
from omicsfuse.radiogenomics.module_pairs import radiomics_layer
from omicsfuse.results import Fusion, HeterogeneityIndex, Prepared, PreparedLayer
from omicsfuse.statistics import Array

#: Fewest patients, and fewest features of a block.
MINIMUM_PATIENTS = 20
MINIMUM_FEATURES = 3

#: A feature that follows the volume so closely is the volume under another name.
VOLUME_ITSELF = 0.9
#: Features of a block that say the same are used once.
_SAME = 0.95
#: Coordinates of the fused network among which the one that follows disorder is taken.
N_COORDINATES = 3
#: Below this correlation of index and disorder the index is no measure of heterogeneity.
DOUBTFUL = 0.5

#: Resamples of the stability, and share of the patients in each.
N_RESAMPLES = 50
RESAMPLE_SHARE = 0.8

_STEP = "heterogeneity"


@dataclass(frozen=True, eq=False)
class _Measured:
    """Features as they go into the index: normal scores by block, and mean disorder."""

    blocks: dict[str, pd.DataFrame]
    disorder: pd.Series


def heterogeneity_index(
    cohort: Cohort | Prepared,
    *,
    radiomics: str | None = None,
    n_groups: int | str = "auto",
    n_neighbors: int | None = None,
    adjust_volume: bool = False,
    n_resamples: int = N_RESAMPLES,
    random_state: int = 0,
) -> HeterogeneityIndex:
    """Order patients by how heterogeneous their tumour looks, from fused radiomic features.

    Features that measure heterogeneity (`heterogeneity_features`) make two blocks, first-order and
    texture. Each becomes a network of patients, similarity network fusion makes one of both, and
    spectral clustering cuts it into groups: the outline of Su et al. What follows is this
    package's reading where theirs leaves a choice. Groups are ordered by mean disorder (entropies
    of grey levels, and uniformity and energy turned round) as ``"H1"``, the least, and so on. The
    index is the coordinate of the patient along the fused network (an eigenvector of its random
    walk, of the first three the one that follows disorder most closely), with disorder rising, from
    0 to 1 over the cohort. It has a meaning within the cohort only.

    Parameters
    ----------
    cohort : Cohort or Prepared
        With a radiomics layer.
    radiomics : str, optional
        The layer; the first of that kind by default.
    n_groups : int or "auto"
        Groups; ``"auto"`` takes 2 to 6 by eigengap and silhouette. Groups are cut of what may well
        be a continuum: the index is to be preferred for tests.
    n_neighbors : int, optional
        Neighbours of each patient in the networks; by default a fifth of the patients, 5 to 20.
    adjust_volume : bool
        Use what is left of each feature after regression on tumour volume (both as normal scores).
        Texture depends on the number of voxels whatever the tissue.
    n_resamples : int
        Resamples of 80% of the patients in which the index is made again, to see how far it depends
        on who is in the cohort; 0 for none.
    random_state : int
        Seed of k-means and of the resamples.

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
        If there are fewer than 20 patients, or fewer than 3 usable features in a block, or none
        with a known direction.
    StudyError
        If there is no such layer, or volume is to be adjusted for and unknown.

    Warns
    -----
    OmicsfuseWarning
        If the index hardly follows disorder: then it orders patients by something else.

    References
    ----------
    Su G-H, Xiao Y, You C, et al. 2023, Sci Adv 9:eadf0837 (the idea); Wang et al. 2014, Nat Methods
    11:333-337 (fusion); Coifman and Lafon 2006, Appl Comput Harmon Anal 21:5-30 (coordinates).

    Examples
    --------
    >>> import omicsfuse as of
    >>> cohort = of.simulate_cohort(60, n_external=0).discovery
    >>> found = heterogeneity_index(cohort, n_groups=2, n_resamples=0)
    >>> sorted(found.patients["group"].unique()), float(found.patients["index"].max())
    (['H1', 'H2'], 1.0)
    """
    require(cohort, (Cohort, Prepared), "cohort", "what of.read_cohort or of.preprocess returns")
    n_resamples = whole_number(n_resamples, "n_resamples", 0)
    random_state = checked_seed(random_state)
    losses: list[Loss] = []
    prepared = cohort if isinstance(cohort, Prepared) else _prepared(cohort, radiomics)
    layer = radiomics_layer(prepared, radiomics)
    table = prepared.layers[layer].values  # noqa: PD011 - a field of ours
    table = table.sort_index(axis=0).sort_index(axis=1)
    volume_name = volume_feature(table.columns)
    volume = None if volume_name is None else table[volume_name]
    chosen = _chosen(table, volume, layer, losses)
    scores = table[chosen.index]
    if adjust_volume:
        scores = _without_volume(scores, volume, layer, losses)
    measured = _measured(scores, chosen, layer, losses)
    n = len(scores)
    if n < MINIMUM_PATIENTS:
        raise CohortError(
            f"heterogeneity index: {n} patients have layer {layer}"
            f"{' and a tumour volume' if adjust_volume else ''}; {MINIMUM_PATIENTS} are needed."
        )
    k = n_neighbors if n_neighbors is None else whole_number(n_neighbors, "n_neighbors", 2, n - 1)
    neighbors = default_neighbors(n) if k is None else k
    fusion = _fused(measured, neighbors)
    index, coordinate, follows = _coordinate(fusion, measured.disorder)
    if abs(follows) < DOUBTFUL:
        warnings.warn(
            f"heterogeneity index of layer {layer}: its rank correlation with the entropy of grey "
            f"levels is only {follows:.2f}; it orders patients by something else than disorder.",
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
        "volume_feature": volume_name or "",
        "adjust_volume": adjust_volume,
        "random_state": random_state,
    }
    if volume is not None:
        params["correlation_with_volume"] = rank_correlation(index, volume)
    params["stability"] = _stability(
        measured, index, patients["group"], neighbors, n_resamples, random_state
    )
    features = _feature_table(scores, chosen, measured, index)
    return HeterogeneityIndex(patients, groups, features, params=params, losses=tuple(losses))


def default_neighbors(n: int) -> int:
    """Neighbours of each of n patients: a fifth of them, 5 to 20.

    Examples
    --------
    >>> default_neighbors(44), default_neighbors(500)
    (9, 20)
    """
    return min(20, max(5, round(n / 5)))


def rank_correlation(x: pd.Series, y: pd.Series) -> dict[str, float]:
    """Spearman correlation of the patients who have both, with a 95% interval and p.

    The interval is that of Bonett and Wright; p is of Student's t approximation.

    Parameters
    ----------
    x, y : pandas.Series
        Index patient.

    Returns
    -------
    dict
        ``n``, ``correlation``, ``low``, ``high``, ``p``; NaN with fewer than 5 patients or where
        one side does not vary.

    References
    ----------
    Bonett and Wright 2000, Psychometrika 65:23-28.

    Examples
    --------
    >>> import pandas as pd
    >>> x = pd.Series([1.0, 2, 3, 4, 5, 6])
    >>> {k: round(v, 3) for k, v in rank_correlation(x, x[::-1] ** 2).items()}["correlation"]
    1.0
    """
    both = pd.concat([x.rename("x"), y.rename("y")], axis=1, join="inner").dropna().sort_index()
    n = len(both)
    if n < 5 or both["x"].nunique() < 2 or both["y"].nunique() < 2:
        missing = float("nan")
        return {"n": n, "correlation": missing, "low": missing, "high": missing, "p": missing}
    found = stats.spearmanr(both["x"], both["y"])
    r = float(found.statistic)
    half = 1.959963984540054 * np.sqrt((1 + r**2 / 2) / (n - 3))
    middle = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    low, high = np.tanh(middle - half), np.tanh(middle + half)
    return {
        "n": n,
        "correlation": r,
        "low": float(low),
        "high": float(high),
        "p": float(found.pvalue),
    }


def _prepared(cohort: Cohort, wanted: str | None) -> Prepared:
    names = [name for name, layer in cohort.omics.items() if layer.kind == "radiomics"]
    if wanted is None and not names:
        listed = ", ".join(f"{name} ({one.kind})" for name, one in cohort.omics.items()) or "none"
        raise StudyError(f"a layer of kind radiomics is needed; the layers are {listed}.")
    return preprocess(cohort, [wanted or names[0]])


def _chosen(
    table: pd.DataFrame, volume: pd.Series | None, layer: str, losses: list[Loss]
) -> pd.DataFrame:
    """Features that measure heterogeneity; the unfiltered image first."""
    found = heterogeneity_features(table.columns)
    if len(other := table.columns[~table.columns.isin(found.index)]):
        reason = "do not measure heterogeneity (shape, brightness, or a name not understood)"
        losses.append(Loss(_STEP, layer, "features", len(other), reason, tuple(other[:5])))
    if volume is not None and len(found):
        close = [
            name
            for name in found.index
            if abs(rank_correlation(table[name], volume)["correlation"]) > VOLUME_ITSELF
        ]
        if close:
            reason = f"follow tumour volume (|Spearman| > {VOLUME_ITSELF:g})"
            losses.append(Loss(_STEP, layer, "features", len(close), reason, tuple(close[:5])))
            found = found.drop(index=close)
    for block in (FIRST_ORDER, TEXTURE):
        there = int((found["block"] == block).sum())
        if there < MINIMUM_FEATURES:
            raise CohortError(
                f"heterogeneity index: layer {layer} has {there} {block} features that measure "
                f"heterogeneity; {MINIMUM_FEATURES} are needed. Features are told by names such as "
                "original_firstorder_Entropy or GLCM_Contrast."
            )
    if not (found["direction"] != 0).any():
        raise CohortError(
            f"heterogeneity index: layer {layer} has no entropy, uniformity or energy of grey "
            "levels, which say in which direction heterogeneity rises."
        )
    filtered = ~found["image_type"].str.lower().isin(["original", ""])
    return found.iloc[np.lexsort((found.index.to_numpy(dtype=str), filtered))]


def _without_volume(
    scores: pd.DataFrame, volume: pd.Series | None, layer: str, losses: list[Loss]
) -> pd.DataFrame:
    """Normal scores of what is left of each feature after regression on volume."""
    if volume is None:
        raise StudyError(
            f"adjust_volume: layer {layer} has no feature that is the tumour volume (such as "
            "original_shape_MeshVolume); leave adjust_volume out."
        )
    known = volume.notna()
    if not known.all():
        names = tuple(map(str, volume.index[~known][:5]))
        losses.append(
            Loss(_STEP, layer, "patients", int((~known).sum()), "no tumour volume", names)
        )
    scores, size = scores[known], _normal(volume[known].to_numpy(dtype=float))
    left = {}
    for name in scores.columns:
        own = scores[name].to_numpy(dtype=float).copy()
        there = ~np.isnan(own)
        x, y = size[there] - size[there].mean(), own[there] - own[there].mean()
        total = float((x**2).sum())
        own[there] = y - x * (float((x * y).sum()) / total if total > 0 else 0.0)
        left[name] = own
    return pd.DataFrame(left, index=scores.index)


def _normal(values: Array) -> Array:
    """Normal scores of Blom, missing values left missing."""
    found = np.full(len(values), np.nan)
    there = ~np.isnan(values)
    n = int(there.sum())
    found[there] = ndtri((stats.rankdata(values[there]) - 0.375) / (n + 0.25))
    return found


def _measured(
    scores: pd.DataFrame, chosen: pd.DataFrame, layer: str, losses: list[Loss] | None = None
) -> _Measured:
    """Blocks without repetitions, complete, and the mean disorder of each patient."""
    normal = pd.DataFrame(
        {name: _normal(np.round(scores[name].to_numpy(dtype=float), 9)) for name in scores.columns},
        index=scores.index,
    )
    varies = normal.nunique() > 1
    blocks, repeated = {}, []
    for block in (FIRST_ORDER, TEXTURE):
        own = [name for name in chosen.index[chosen["block"] == block] if varies[name]]
        if len(own) < 2:
            raise CohortError(
                f"heterogeneity index: {len(own)} {block} features of layer {layer} differ between "
                "patients; 2 are needed."
            )
        same = near_duplicates(normal[own].to_numpy(), _SAME)
        repeated += [name for name, again in zip(own, same, strict=True) if again]
        kept = [name for name, again in zip(own, same, strict=True) if not again]
        # A missing normal score is set to the middle.
        blocks[block] = normal[kept].fillna(0.0)
    if repeated and losses is not None:
        reason = f"repeat another feature of their block (|Spearman| > {_SAME:g})"
        losses.append(Loss(_STEP, layer, "features", len(repeated), reason, tuple(repeated[:5])))
    telling = chosen[chosen["direction"] != 0]
    original = telling["image_type"].str.lower().isin(["original", ""])
    telling = telling[original] if original.any() else telling
    turned = normal[telling.index].to_numpy() * telling["direction"].to_numpy()
    known = np.maximum((~np.isnan(turned)).sum(axis=1), 1)
    disorder = pd.Series(np.nansum(turned, axis=1) / known, normal.index)
    return _Measured(blocks, disorder)


def _fused(measured: _Measured, n_neighbors: int) -> Fusion:
    layers = {
        name: PreparedLayer("radiomics", block, block, "normal_score", None)
        for name, block in measured.blocks.items()
    }
    return fuse(Prepared("heterogeneity", layers), n_neighbors=n_neighbors, engine="exact")


def _coordinate(fusion: Fusion, disorder: pd.Series) -> tuple[pd.Series, int, float]:
    """Coordinate along the network that follows disorder most closely, from 0 to 1."""
    network = np.array(fusion.network(), dtype=float)
    np.fill_diagonal(network, 0.0)
    _, vectors = laplacian_spectrum(network, N_COORDINATES + 1)
    walk = vectors / np.sqrt(network.sum(axis=1))[:, None]
    ordered = disorder.reindex(fusion.patients).to_numpy()
    follows = np.nan_to_num(
        [
            float(stats.spearmanr(np.round(walk[:, j], 12), ordered).statistic)
            for j in range(1, walk.shape[1])
        ]
    )
    best = int(np.argmax(np.abs(follows).round(9)))
    values = walk[:, best + 1] * (-1.0 if follows[best] < 0 else 1.0)
    values = (values - values.min()) / (values.max() - values.min())
    index = pd.Series(np.round(values, 12), fusion.patients, name="index")
    return index, best + 1, float(abs(follows[best]))


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


def _stability(
    measured: _Measured,
    index: pd.Series,
    group: pd.Series,
    n_neighbors: int,
    n_resamples: int,
    random_state: int,
) -> dict[str, Any]:
    """How much of the index, and of the groups, is left in resamples of the patients."""
    from sklearn.metrics import adjusted_rand_score

    rng = np.random.default_rng(random_state)
    n, size = len(index), round(RESAMPLE_SHARE * len(index))
    neighbors = max(3, min(size - 1, round(RESAMPLE_SHARE * n_neighbors)))
    correlations, agreements = [], []
    k = int(group.nunique())
    for _ in range(n_resamples):
        rows = np.sort(rng.choice(n, size, replace=False))
        part = _Measured(
            {name: block.iloc[rows] for name, block in measured.blocks.items()},
            measured.disorder.iloc[rows],
        )
        fusion = _fused(part, neighbors)
        found, _, _ = _coordinate(fusion, part.disorder)
        own = found.index
        correlations.append(float(stats.spearmanr(found, index.loc[own]).statistic))
        labels = cut(fusion, k, random_state=random_state).labels
        agreements.append(float(adjusted_rand_score(group.loc[own], labels.loc[own])))
    if not correlations:
        return {"n_resamples": 0}
    low, middle, high = np.quantile(correlations, [0.05, 0.5, 0.95])
    return {
        "n_resamples": n_resamples,
        "share": RESAMPLE_SHARE,
        "rank_correlation": float(middle),
        "low": float(low),
        "high": float(high),
        "group_agreement": float(np.median(agreements)),
    }


def _feature_table(
    scores: pd.DataFrame, chosen: pd.DataFrame, measured: _Measured, index: pd.Series
) -> pd.DataFrame:
    """Every feature of the index and how it goes with it, by block and strength."""
    used = {name for block in measured.blocks.values() for name in block.columns}
    rows = [
        {
            "feature": name,
            "block": chosen.loc[name, "block"],
            "correlation": rank_correlation(index, scores[name])["correlation"],
            "direction": int(chosen.loc[name, "direction"]),
            "used": name in used,
        }
        for name in chosen.index
    ]
    table = pd.DataFrame(rows)
    strength = -table["correlation"].abs().round(9).to_numpy()
    order = np.lexsort((table["feature"], strength, table["block"]))
    return table.iloc[order].reset_index(drop=True)
