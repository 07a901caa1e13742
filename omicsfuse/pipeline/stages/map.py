"""Lay the network out on a plane."""

from typing import Any

import pandas as pd

from omicsfuse.clustering import embed
from omicsfuse.pipeline.stage import Context, Stage
from omicsfuse.pipeline.stages.fuse import FUSE


class Map(Stage[None, pd.DataFrame]):
    """Place each patient near those who are like them."""

    name = "map"
    holds = {
        "map.tsv": "Coordinates of each patient on the map of the fused network (t-SNE or UMAP)",
    }

    def run(self, context: Context) -> pd.DataFrame:
        fusion, study = context.of(FUSE).fusion, context.study
        # UMAP compiles itself for longer than many a quick run takes altogether.
        quick = study.subtypes.budget == "quick" and isinstance(fusion.affinity, pd.DataFrame)
        method = "tsne" if quick else "umap"
        return context.remembered(embed, fusion, method=method, random_state=study.seed)

    def tables(self, result: pd.DataFrame) -> dict[str, pd.DataFrame]:
        return {"map.tsv": result.reset_index(names="patient")}

    def fields(self, result: pd.DataFrame) -> dict[str, Any]:
        return {"embedding": result}


MAP = Map()
