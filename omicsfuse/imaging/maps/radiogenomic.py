"""The radiogenomic map: every radiomic feature against everything molecular."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import Prepared
from omicsfuse.core.results.imaging import ASSOCIATION_COLUMNS, RadiogenomicMap
from omicsfuse.imaging.maps.families import COUNTS, FAMILY_COLUMNS, Settings, map_family
from omicsfuse.imaging.maps.targets import STEP, design, target_tables
from omicsfuse.imaging.redundancy import (
    THRESHOLD,
    cluster_radiomic_features,
    in_order,
    radiomics_layer,
)
from omicsfuse.imaging.volume import of_volume, tumour_volume
from omicsfuse.stats.covariates import Encoded
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.tasks import Runner


def radiogenomic_map(
    prepared: Prepared,
    *,
    radiomics: str | None = None,
    layers: Iterable[str] | None = None,
    scores: Mapping[str, pd.DataFrame] | None = None,
    covariates: pd.DataFrame | Encoded | None = None,
    volume: pd.Series | None = None,
    threshold: float = THRESHOLD,
    features: str = "representatives",
    fdr: float = FDR,
    n_strongest: int = 50,
    n_permutations: int = 100,
    random_state: int = 0,
    n_jobs: int = 1,
) -> RadiogenomicMap:
    """Correlate radiomic features with genes, proteins, mutations, copy number and scores.

    Spearman's correlation of each pair over the patients with both, and the partial correlation
    given the covariates and tumour volume. A family of tests is one target layer with all features;
    false discovery rates (Benjamini-Hochberg) are over the family, separately for plain and
    adjusted correlations. Redundant radiomic features are clustered first, and one representative
    of each cluster is tested.

    A found association *vanishes* if its partial correlation has p > 0.05: it is not significant
    after adjustment, which does not prove that the covariates explain it. It is *kept* if the
    partial correlation is found too. Features that measure tumour volume (in its cluster, or
    correlated with it by at least ``threshold``) have no adjusted correlation.

    Parameters
    ----------
    prepared : Prepared
        Layers; their ``values`` are used.
    radiomics : str, optional
        Layer of the images; by default the first of kind radiomics.
    layers : iterable of str, optional
        Target layers; by default all layers that are not radiomics.
    scores : mapping of str to pandas.DataFrame, optional
        Further tables, patients x scores: gene sets, immune cells. Each is a family.
    covariates : pandas.DataFrame or Encoded, optional
        Patients x covariates, or the result of `encode_covariates`. Patients without a covariate
        are excluded from the adjusted correlations only.
    volume : pandas.Series, optional
        Patient -> tumour volume; by default the volume among the shape features.
    threshold : float
        Smallest absolute correlation of redundant features (`cluster_radiomic_features`).
    features : str
        ``"representatives"``, or ``"all"`` to test every feature; false discovery rates are then
        over all features, and ``clusters_found`` counts the clusters with an association.
    fdr : float
        Threshold of the false discovery rate.
    n_strongest : int
        Number of strongest associations to list for each family, found or not.
    n_permutations : int
        Permutations of the patients of the images, which test each family as a whole with its
        correlations among features and genes. Fewer, at least 20, for very large families; 0 for
        none.
    random_state : int
        Seed of the permutations.
    n_jobs : int
        Processes; the result does not depend on them.

    Returns
    -------
    RadiogenomicMap
        ``associations`` lists the found associations (at most the 100,000 strongest of a family; an
        exclusion counts the others) and the strongest of each family. ``families`` also has
        ``vanished`` and ``of_volume`` (found associations that vanish, and those of features that
        measure volume), ``clusters_found`` and ``targets_found`` (numbers of different clusters and
        targets), ``adjusted_n`` (patients), ``needed_correlation`` (smallest correlation that is
        found if alone), ``detectable_correlation`` (smallest with a power of 80%),
        ``permutations``, ``permuted_p`` (share of permutations with so small a smallest false
        discovery rate) and ``permuted_found`` (mean number of pairs as strong as the found ones).
        ``quantiles`` has a selection of the ordered p-values of each family.

    Raises
    ------
    StudyError
        If a layer does not exist, there are no images or no targets, or a table or a setting is
        unusable.

    References
    ----------
    Benjamini and Hochberg 1995, J R Stat Soc B 57:289-300; Bonett and Wright 2000, Psychometrika
    65:23-28 (intervals).

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.core.results import Prepared
    >>> import numpy as np
    >>> from omicsfuse.imaging import radiogenomic_map
    >>> from omicsfuse.core.results import PreparedLayer
    >>> rng = np.random.default_rng(0)
    >>> patients = [f"P{i:02d}" for i in range(60)]
    >>> size = rng.standard_normal(60)
    >>> images = pd.DataFrame({"original_shape_MeshVolume": size,
    ...                        "grain": size + rng.standard_normal(60),
    ...                        "edge": rng.standard_normal(60)}, patients)
    >>> genes = pd.DataFrame({"GROWTH": size + 0.5 * rng.standard_normal(60),
    ...                       "EDGY": images["edge"] + 0.5 * rng.standard_normal(60)}, patients)
    >>> found = radiogenomic_map(Prepared("toy", {
    ...     "ct": PreparedLayer("radiomics", images, images, "raw", None),
    ...     "rna": PreparedLayer("expression", genes, genes, "log2", None)}), n_strongest=0)
    >>> found.associations[["feature", "target", "vanishes"]].to_numpy().tolist()
    [['original_shape_MeshVolume', 'GROWTH', False], ['edge', 'EDGY', False], \
['grain', 'GROWTH', True]]
    >>> found.families[["found", "kept", "vanished", "of_volume"]].to_numpy().tolist()
    [[3, 1, 1, 1]]
    """
    require(prepared, Prepared, "prepared", "from of.preprocess")
    if features not in ("representatives", "all"):
        raise StudyError(f'features is {features!r}; expected "representatives" or "all".')
    if not isinstance(fdr, int | float) or not 0 < fdr < 1:
        raise StudyError(f"fdr is {fdr!r}; expected a number between 0 and 1, such as 0.05.")
    n_strongest = whole_number(n_strongest, "n_strongest", 0)
    n_permutations = whole_number(n_permutations, "n_permutations", 0)
    random_state = whole_number(random_state, "random_state", 0)
    n_jobs = whole_number(n_jobs, "n_jobs")
    name = radiomics_layer(prepared, radiomics)
    images = in_order(prepared.layers[name].values)
    clusters = cluster_radiomic_features(prepared, name, threshold=threshold, volume=volume)
    tumour = tumour_volume(images, volume)
    excluded = of_volume(clusters, tumour, threshold)
    chosen = clusters if features == "all" else clusters[clusters["representative"]]
    tables = target_tables(prepared, name, layers, scores)
    if not tables:
        raise StudyError(
            f"there is no layer to compare with {name!r}: add a molecular layer, or give scores=."
        )
    feature = kind_of(prepared.layers[name]).feature
    exclusions = _constant(images, clusters, name, f"{feature}s")
    adjust = design(covariates, None if tumour is None else tumour.amounts, images.index)
    images = images[sorted(chosen["feature"])]
    settings = Settings(
        float(fdr),
        n_strongest,
        frozenset(excluded),
        dict(zip(clusters["feature"], clusters["cluster"], strict=True)),
        n_permutations,
        random_state,
        f"{feature}s",
    )
    families = Runner(n_jobs).map(
        map_family, list(tables.items()), images, adjust, settings, label="radiogenomic families"
    )
    mapped = dict(zip(tables, families, strict=True))
    for result in mapped.values():
        exclusions += result.exclusions
    tested = {target: result for target, result in mapped.items() if len(result.correlation)}
    listed = [result.associations for result in mapped.values() if len(result.associations)]
    empty = pd.DataFrame(columns=ASSOCIATION_COLUMNS)
    quantiles = [result.quantiles for result in tested.values()]
    params: dict[str, Any] = {
        "radiomics": name,
        "feature": feature,
        "targets": list(tables),
        "features": features,
        "n_features": len(clusters),
        "n_clusters": int(clusters["representative"].sum()),
        "threshold": float(threshold),
        "fdr": float(fdr),
        "n_strongest": n_strongest,
        "n_permutations": n_permutations,
        "seed": random_state,
        "volume": "not known" if tumour is None else tumour.source,
        "volume_feature": None if tumour is None else tumour.feature,
        "adjusted_for": [] if adjust is None else list(adjust.names),
        "of_volume": sorted(excluded),
    }
    return RadiogenomicMap(
        clusters,
        pd.concat(listed, ignore_index=True) if listed else empty,
        _families([result.row for result in mapped.values()]),
        {target: result.correlation for target, result in tested.items()},
        {target: result.adjusted for target, result in tested.items() if adjust is not None},
        params=params,
        exclusions=exclusions,
        quantiles=pd.concat(quantiles, ignore_index=True) if quantiles else pd.DataFrame(),
    )


def _constant(
    images: pd.DataFrame, clusters: pd.DataFrame, name: str, features: str
) -> tuple[Exclusion, ...]:
    """Count the features that are in no cluster."""
    left = images.columns[~images.columns.isin(clusters["feature"])]
    if left.empty:
        return ()
    reason = "constant, or missing in too many patients: in no cluster"
    return (Exclusion(STEP, name, features, len(left), reason, tuple(str(x) for x in left[:5])),)


def _families(rows: list[dict[str, object]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=FAMILY_COLUMNS)
    numbers = [name for name in FAMILY_COLUMNS if name not in (*COUNTS, "layer", "note")]
    return table.astype({**dict.fromkeys(COUNTS, "int64"), **dict.fromkeys(numbers, "float64")})
