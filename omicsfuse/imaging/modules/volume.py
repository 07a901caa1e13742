"""Radiomic clusters and gene modules that go together: is it more than tumour volume?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.labelled import expression_layer
from omicsfuse.core.results import Prepared
from omicsfuse.imaging.modules.pairs import ModulePairs, map_modules
from omicsfuse.imaging.redundancy import radiomics_layer
from omicsfuse.imaging.volume import tumour_volume
from omicsfuse.stats.levels import FDR, SIGNIFICANCE
from omicsfuse.stats.ranks import normal_scores


def adjust_modules(
    pairs: ModulePairs,
    prepared: Prepared,
    clusters: pd.DataFrame,
    *,
    radiomics: str | None = None,
    expression: str | None = None,
    volume: pd.Series | None = None,
    random_state: int = 0,
    n_jobs: int = 1,
) -> ModulePairs:
    """Repeat the pairs found with the normal scores of tumour volume taken out of both sides.

    Adds ``adjusted_correlation`` (held-out patients), ``adjusted_p`` (of this pair alone) and
    ``vanishes``; ``params["volume"]`` says where the volume is from, empty where unknown.
    """
    image_layer = radiomics_layer(prepared, radiomics)
    gene_layer = expression_layer(prepared.layers, expression, "radiogenomic modules")
    table = prepared.layers[image_layer].values  # noqa: PD011 - a field of ours
    size = tumour_volume(table, volume)
    source = "" if size is None else size.source
    modules = pairs.modules.assign(adjusted_correlation=np.nan, adjusted_p=np.nan, vanishes=False)
    params: Mapping[str, Any] = {**pairs.params, "volume": source}
    significant = modules[modules["fdr"] <= FDR]
    if size is None or significant.empty:
        return replace(pairs, modules=modules, params=params)
    again = map_modules(
        prepared,
        clusters[clusters["cluster"].isin(set(significant["cluster"]))],
        radiomics=image_layer,
        expression=gene_layer,
        gene_modules=pairs.gene_modules[
            pairs.gene_modules["module"].isin(set(significant["module"]))
        ],
        covariates=pd.DataFrame({"tumour volume": normal_scores(size.amounts)}, table.index),
        random_state=random_state,
        n_jobs=n_jobs,
    ).modules
    given_volume = again[["cluster", "module", "correlation", "p"]].rename(
        columns={"correlation": "adjusted_correlation", "p": "adjusted_p"}
    )
    modules = modules.drop(columns=["adjusted_correlation", "adjusted_p", "vanishes"])
    modules = modules.merge(given_volume, on=["cluster", "module"], how="left")
    # A cluster and a module that were each found, but not with one another, were repeated too.
    adjusted = ["adjusted_correlation", "adjusted_p"]
    modules[adjusted] = modules[adjusted].where(modules["fdr"] <= FDR)
    modules["vanishes"] = modules["adjusted_p"] > SIGNIFICANCE
    return replace(pairs, modules=modules, params=params)
