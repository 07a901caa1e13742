"""Pairs of modules that are tumour volume vanish given it; others stay."""

import numpy as np
import pandas as pd

from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.imaging import ModulePairs, map_modules
from omicsfuse.imaging.modules.volume import adjust_modules


def layers_with(volume_drives_genes: bool) -> tuple[Prepared, pd.DataFrame]:
    """A radiomic cluster that goes with a gene module: through volume, or by itself."""
    random = np.random.default_rng(4)
    n = 80
    patients = [f"P{i:02d}" for i in range(n)]
    volume, own = random.standard_normal(n), random.standard_normal(n)
    shared = volume if volume_drives_genes else own
    block = 1.5 * shared[:, None] + random.standard_normal((n, 4))
    image = pd.DataFrame(block, patients, list("abcd"))
    image["original_shape_MeshVolume"] = np.exp(volume)
    genes = 1.5 * shared[:, None] + random.standard_normal((n, 6))
    expression = pd.DataFrame(genes, patients, [f"G{i}" for i in range(6)])
    layers = {
        "ct": PreparedLayer("radiomics", image, image, "normal_score", None),
        "rna": PreparedLayer("expression", expression, expression, "log2", None),
    }
    clusters = pd.DataFrame(
        {"feature": list("abcd"), "cluster": "I1", "representative": [True] + [False] * 3}
    )
    return Prepared("planted", layers), clusters


MODULES = pd.DataFrame({"gene": [f"G{i}" for i in range(6)], "module": "M1", "membership": 0.9})


def adjusted(prepared: Prepared, clusters: pd.DataFrame) -> ModulePairs:
    pairs = map_modules(prepared, clusters, gene_modules=MODULES, n_permutations=199)
    assert pairs.modules["fdr"].iloc[0] <= 0.05
    return adjust_modules(pairs, prepared, clusters)


def test_a_pair_through_volume_vanishes() -> None:
    found = adjusted(*layers_with(volume_drives_genes=True))
    (row,) = found.modules.to_dict("records")
    assert row["vanishes"] is True
    assert row["adjusted_p"] > 0.05
    assert row["adjusted_correlation"] < row["correlation"] - 0.3
    assert found.params["volume"] == "feature original_shape_MeshVolume"


def test_a_pair_of_its_own_stays() -> None:
    (row,) = adjusted(*layers_with(volume_drives_genes=False)).modules.to_dict("records")
    assert row["vanishes"] is False
    assert row["adjusted_p"] <= 0.05


def test_nothing_found_or_no_volume_adjusts_nothing() -> None:
    prepared, clusters = layers_with(volume_drives_genes=False)
    pairs = map_modules(prepared, clusters, gene_modules=MODULES, n_permutations=199)
    image = prepared.layers["ct"].values.drop(columns="original_shape_MeshVolume")  # noqa: PD011
    bare = PreparedLayer("radiomics", image, image, "normal_score", None)
    without = Prepared("planted", {**prepared.layers, "ct": bare})
    found = adjust_modules(pairs, without, clusters)
    assert found.params["volume"] == ""
    assert found.modules["adjusted_p"].isna().all()
    nothing = ModulePairs(pairs.modules.assign(fdr=0.9), pairs.gene_modules, pairs.params)
    unfound = adjust_modules(nothing, prepared, clusters).modules
    assert unfound["adjusted_p"].isna().all()
    assert not unfound["vanishes"].any()
