from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from omicsfuse.core.errors import CohortError, StudyError
from omicsfuse.core.results import Prepared, PreparedLayer, RadiogenomicMap
from omicsfuse.imaging.modules.pairs import (
    MODULE_COLUMNS,
    hub_genes,
    map_modules,
    with_modules,
)


def planted(n: int = 60, strength: float = 1.5, seed: int = 0) -> tuple[Prepared, pd.DataFrame]:
    """Three radiomic clusters, a single feature, three modules; R1 goes with M2."""
    random = np.random.default_rng(seed)
    patients = [f"P{i:03d}" for i in range(n)]
    image_parts = [random.standard_normal((n, 1)) + 0.4 * random.standard_normal((n, 5))
                   for _ in range(3)]  # fmt: skip
    image = pd.DataFrame(np.hstack([*image_parts, random.standard_normal((n, 1))]), patients)
    image.columns = [f"f{i:02d}" for i in range(16)]
    factors = random.standard_normal((n, 3))
    factors[:, 1] += strength * image_parts[0].mean(axis=1)
    genes = np.repeat(factors, 25, axis=1) + random.standard_normal((n, 75))
    expression = pd.DataFrame(genes, patients, [f"G{i:02d}" for i in range(75)])
    layers = {
        "ct": PreparedLayer("radiomics", image, image, "normal_score", None),
        "rna": PreparedLayer("expression", expression, expression, "log2", None),
    }
    clusters = pd.DataFrame(
        {"feature": image.columns, "cluster": ["R1"] * 5 + ["R2"] * 5 + ["R3"] * 5 + ["R4"]}
    )
    clusters["representative"] = ~clusters["cluster"].duplicated()
    return Prepared("planted", layers), clusters


def table(layer: PreparedLayer) -> pd.DataFrame:
    return layer.values  # noqa: PD011 - a field of ours


MODULES = pd.DataFrame(
    {
        "gene": [f"G{i:02d}" for i in range(75)],
        "module": ["M1"] * 25 + ["M2"] * 25 + ["M3"] * 25,
        "membership": np.tile(np.linspace(0.9, 0.5, 25), 3),
    }
)


def test_a_planted_pair_is_found_and_no_other() -> None:
    prepared, clusters = planted()
    pairs = map_modules(prepared, clusters, gene_modules=MODULES, n_permutations=999).modules
    assert list(pairs.columns) == MODULE_COLUMNS
    assert len(pairs) == 12
    own = pairs[pairs["fdr"] <= 0.05]
    assert own[["cluster", "module"]].to_numpy().tolist() == [["R1", "M2"]]
    assert own["correlation"].iloc[0] > 0.5
    assert pairs["correlation_in_sample"].mean() > pairs["correlation"].mean() + 0.05
    assert own["representative"].tolist() == ["f00"]
    assert own["hub_genes"].tolist() == ["G25, G26, G27"]
    assert own["p"].tolist() == [0.001]


def test_modules_are_made_without_a_look_at_the_images() -> None:
    prepared, clusters = planted()
    noise = np.random.default_rng(8).standard_normal((60, 120))
    genes = table(prepared.layers["rna"])
    more = pd.DataFrame(noise, genes.index, [f"N{i:03d}" for i in range(120)])
    rna = replace(prepared.layers["rna"], values=genes.join(more))
    found = map_modules(
        Prepared("p", {**prepared.layers, "rna": rna}),
        clusters,
        minimum_size=10,
        maximum_genes=150,
        n_permutations=199,
    )
    assert found.params["soft_threshold"] >= 1
    reasons = [exclusion.reason for exclusion in found.exclusions if exclusion.what == "genes"]
    assert reasons[0] == "not among the 150 most variable genes of the network"
    best = found.modules.iloc[0]
    inside = found.gene_modules.loc[found.gene_modules["module"] == best["module"], "gene"]
    assert best["cluster"] == "R1"
    assert inside.isin([f"G{i}" for i in range(25, 50)]).mean() > 0.8
    assert found.gene_modules["membership"].between(0.3, 1).all()


def test_order_of_patients_features_and_genes_does_not_matter() -> None:
    prepared, clusters = planted()
    layers = {
        name: replace(
            layer,
            values=table(layer)
            .sample(frac=1, random_state=1)
            .sample(frac=1, axis=1, random_state=2),
        )
        for name, layer in prepared.layers.items()
    }
    shuffled = Prepared("planted", layers)
    one, two = (
        map_modules(each, chosen, gene_modules=modules, n_permutations=99).modules
        for each, chosen, modules in (
            (prepared, clusters, MODULES),
            (shuffled, clusters.sample(frac=1, random_state=2), MODULES.sample(frac=1)),
        )
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_covariates_explain_an_association_away() -> None:
    random = np.random.default_rng(3)
    prepared, clusters = planted(n=90, strength=0.0)
    volume = random.standard_normal(90)
    image = table(prepared.layers["ct"]).copy()
    genes = table(prepared.layers["rna"]).copy()
    image.iloc[:, 5:10] += 2 * volume[:, None]
    genes.iloc[:, 50:] += 2 * volume[:, None]
    layers = {
        "ct": replace(prepared.layers["ct"], values=image),
        "rna": replace(prepared.layers["rna"], values=genes),
    }
    both = Prepared("confounded", layers)
    covariates = pd.DataFrame({"volume": volume}, image.index)
    plain, adjusted = (
        map_modules(both, clusters, gene_modules=MODULES, covariates=given, n_permutations=499)
        for given in (None, covariates)
    )
    pair = [["cluster", "module"]]
    assert plain.modules[plain.modules["fdr"] <= 0.05][pair[0]].to_numpy().tolist() == [
        ["R2", "M3"]
    ]
    assert not (adjusted.modules["fdr"] <= 0.05).any()
    assert adjusted.params["covariates"] == ["volume"]


def test_exclusions_are_counted() -> None:
    prepared, clusters = planted()
    rna = prepared.layers["rna"]
    layers = {**prepared.layers, "rna": replace(rna, values=table(rna).iloc[3:])}
    more = pd.concat([MODULES, pd.DataFrame({"gene": ["X"], "module": ["M1"]})])
    found = map_modules(Prepared("p", layers), clusters, gene_modules=more, n_permutations=19)
    told = [
        (exclusion.layer, exclusion.what, exclusion.count, exclusion.reason)
        for exclusion in found.exclusions
    ]
    assert told == [
        ("ct", "patients", 3, "without layer rna"),
        ("rna", "genes", 1, "not in layer rna"),
    ]
    assert (found.modules["n"] == 57).all()


def test_refusals_say_what_to_do() -> None:
    prepared, clusters = planted()
    few = {name: replace(one, values=table(one).head(19)) for name, one in prepared.layers.items()}
    with pytest.raises(CohortError, match=r"19 patients have layers ct and rna.*need 20"):
        map_modules(Prepared("few", few), clusters, gene_modules=MODULES)
    with pytest.raises(StudyError, match="no column 'cluster'"):
        map_modules(prepared, clusters.drop(columns="cluster"), gene_modules=MODULES)
    with pytest.raises(StudyError, match="no column 'module'"):
        map_modules(prepared, clusters, gene_modules=MODULES[["gene"]])
    with pytest.raises(StudyError, match="n_components"):
        map_modules(prepared, clusters, n_components=9)
    sites = pd.DataFrame({"site": "a"}, table(prepared.layers["ct"]).index)
    with pytest.raises(StudyError, match="covariate 'site' cannot be adjusted for"):
        map_modules(prepared, clusters, gene_modules=MODULES, covariates=sites)
    with pytest.raises(StudyError, match="no layer 'mri'"):
        map_modules(prepared, clusters, radiomics="mri")


def test_no_cluster_gives_an_empty_table() -> None:
    prepared, clusters = planted()
    found = map_modules(prepared, clusters.head(0), gene_modules=MODULES)
    assert found.modules.empty
    assert list(found.modules.columns) == MODULE_COLUMNS


def test_with_modules_keeps_what_the_map_had() -> None:
    prepared, clusters = planted()
    pairs = map_modules(prepared, clusters, gene_modules=MODULES, n_permutations=19)
    found = RadiogenomicMap(clusters, pd.DataFrame(), pd.DataFrame(), params={"seed": 1})
    joined = with_modules(found, pairs)
    assert joined.modules is pairs.modules
    assert joined.params["seed"] == 1
    assert joined.params["modules"]["n_permutations"] == 19
    assert joined.clusters is clusters


def test_hub_genes_are_the_most_central() -> None:
    assert hub_genes(MODULES.sample(frac=1, random_state=0))["M2"] == ["G25", "G26", "G27"]
