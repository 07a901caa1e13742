"""Radiomic clusters against co-expression modules: canonical correlation of held-out patients."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.checks.arguments import seed as checked_seed
from omicsfuse.core.labelled import expression_layer
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import Prepared, RadiogenomicMap
from omicsfuse.imaging.modules.blocks import (
    adjusted_block,
    given_modules,
    group_members,
    layer_table,
    made_modules,
    shared_patients,
)
from omicsfuse.imaging.modules.canonical import (
    block_components,
    canonical_correlation,
    correlate_pairs,
    make_splits,
)
from omicsfuse.imaging.redundancy import radiomics_layer
from omicsfuse.stats.covariates import Encoded, as_terms
from omicsfuse.stats.multiple_testing import benjamini_hochberg

#: Columns of the table of pairs.
MODULE_COLUMNS = [
    "cluster",
    "module",
    "n",
    "features",
    "genes",
    "correlation",
    "correlation_in_sample",
    "null_mean",
    "p",
    "fdr",
    "n_permutations",
    "representative",
    "hub_genes",
]

#: Genes of a module that stand for it.
N_HUBS = 3


@dataclass(frozen=True, eq=False)
class ModulePairs:
    """Correlations of radiomic clusters with co-expression modules.

    Attributes
    ----------
    modules : pandas.DataFrame
        One row a pair, smallest p first: ``MODULE_COLUMNS``. ``correlation`` is the first canonical
        correlation in held-out patients, ``correlation_in_sample`` the correlation in the same
        patients without cross-validation, ``null_mean`` the mean of ``correlation`` over
        permutations.
    gene_modules : pandas.DataFrame
        Columns ``gene``, ``module``, ``membership``.
    params : mapping of str to object
        Settings as used.
    exclusions : tuple of Exclusion
        Genes and patients excluded.
    """

    modules: pd.DataFrame
    gene_modules: pd.DataFrame
    params: Mapping[str, Any] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()


def map_modules(
    prepared: Prepared,
    clusters: pd.DataFrame,
    *,
    radiomics: str | None = None,
    expression: str | None = None,
    gene_modules: pd.DataFrame | None = None,
    covariates: pd.DataFrame | Encoded | None = None,
    n_components: int = 3,
    n_folds: int = 5,
    n_repeats: int = 3,
    n_permutations: int | None = None,
    minimum_size: int = 20,
    maximum_genes: int = 3000,
    random_state: int = 0,
    n_jobs: int = 1,
) -> ModulePairs:
    """Correlate each cluster of radiomic features with each module of co-expressed genes.

    In the training patients of a fold, both blocks are reduced to at most ``n_components``
    principal components, and the leading canonical pair is computed. Its two variates are
    correlated in the held-out patients of all folds. Unlike the in-sample canonical correlation,
    this does not increase with the size of a block. A cluster of one feature is that feature. The
    p-value permutes the patients of one side and repeats the procedure; see `correlate_pairs`.
    Modules are derived without the images.

    Parameters
    ----------
    prepared : Prepared
        With a radiomics and an expression layer; patients with both are used.
    clusters : pandas.DataFrame
        Columns ``feature``, ``cluster``, ``representative`` (bool): ``RadiogenomicMap.clusters``.
    radiomics, expression : str, optional
        Layers; by default the first of each kind.
    gene_modules : pandas.DataFrame, optional
        Columns ``gene``, ``module`` and, for the names of modules, ``membership``; by default from
        ``signatures.coexpression_modules``.
    covariates : pandas.DataFrame, optional
        Patients x numeric covariates, such as tumour volume; both sides are replaced by their
        residuals after linear regression. Patients without a covariate are excluded.
    n_components : int
        Maximum number of principal components of a block, 1 to 5; components that explain less than
        the average feature are not used.
    n_folds, n_repeats : int
        Folds, and repeats of them (1 with fewer than ``16 n_folds`` patients).
    n_permutations : int, optional
        Maximum number of permutations; pairs that are clearly not significant have fewer. By
        default 9,999, or more (up to 99,999) to allow a single pair a false discovery rate of
        0.025.
    minimum_size, maximum_genes : int
        Smallest number of genes of a module, and largest number of genes of the network, as in
        ``coexpression_modules``.
    random_state : int
        Seed of folds and permutations.
    n_jobs : int
        Threads; the result does not depend on them.

    Returns
    -------
    ModulePairs
        The false discovery rate is over all pairs.

    Raises
    ------
    StudyError
        If a layer or a column is absent, or a setting is out of range.
    CohortError
        If fewer than 20 patients have both layers.

    References
    ----------
    Hotelling 1936, Biometrika 28:321-377 (canonical correlation); Zhang and Horvath 2005, Stat Appl
    Genet Mol Biol 4:17 (modules); Besag and Clifford 1991, Biometrika 78:301-304 (permutations).

    Examples
    --------
    >>> from omicsfuse import map_modules
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.core.results import Prepared, PreparedLayer
    >>> random = np.random.default_rng(0)
    >>> patients = [f"P{i:02d}" for i in range(40)]
    >>> image = pd.DataFrame(random.standard_normal((40, 4)), patients, list("abcd"))
    >>> genes = pd.DataFrame(random.standard_normal((40, 6)), patients, list("ABCDEF"))
    >>> genes.iloc[:, :3] += 2 * image[["a"]].to_numpy()
    >>> layers = {"ct": PreparedLayer("radiomics", image, image, "normal_score", None),
    ...           "rna": PreparedLayer("expression", genes, genes, "log2", None)}
    >>> clusters = pd.DataFrame({"feature": list("abcd"), "cluster": ["R1", "R1", "R2", "R2"],
    ...                          "representative": [True, False, True, False]})
    >>> modules = pd.DataFrame({"gene": list("ABCDEF"), "module": ["M1"] * 3 + ["M2"] * 3})
    >>> found = map_modules(Prepared("toy", layers), clusters, gene_modules=modules,
    ...                     n_permutations=199)
    >>> first = found.modules.iloc[0]
    >>> first["cluster"], first["module"], round(float(first["p"]), 4)
    ('R1', 'M1', 0.005)
    """
    require(prepared, Prepared, "prepared", "from of.preprocess")
    require(clusters, pd.DataFrame, "clusters", "the field clusters of a RadiogenomicMap")
    n_components = whole_number(n_components, "n_components", 1, 5)
    n_folds = whole_number(n_folds, "n_folds", 2, 10)
    n_repeats = whole_number(n_repeats, "n_repeats", 1, 9)
    if n_permutations is not None:
        n_permutations = whole_number(n_permutations, "n_permutations", 19)
    random_state = checked_seed(random_state)
    image_layer = radiomics_layer(prepared, radiomics)
    gene_layer = expression_layer(prepared.layers, expression, "radiogenomic modules")
    images = layer_table(prepared.layers[image_layer])
    genes = layer_table(prepared.layers[gene_layer])
    exclusions: list[Exclusion] = []
    encoded = as_terms(covariates, "radiogenomic modules", images.index)
    terms = None if encoded is None else encoded.terms
    patients = shared_patients(images, genes, terms, (image_layer, gene_layer), exclusions)
    if gene_modules is None:
        gene_modules, power = made_modules(
            genes, minimum_size, maximum_genes, gene_layer, exclusions
        )
    else:
        gene_modules, power = given_modules(gene_modules), None
    params: dict[str, Any] = {
        "radiomics": image_layer,
        "expression": gene_layer,
        "n": len(patients),
        "n_components": n_components,
        "n_folds": n_folds,
        "covariates": [] if encoded is None else encoded.used,
        "soft_threshold": power,
        "maximum_genes": maximum_genes,
        "random_state": random_state,
    }
    by_cluster = group_members(
        clusters, "cluster", "feature", images.columns, image_layer, exclusions
    )
    by_module = group_members(gene_modules, "module", "gene", genes.columns, gene_layer, exclusions)
    by_module.pop("unassigned", None)
    if not by_cluster or not by_module:
        params["n_repeats"] = 0
        return ModulePairs(_empty(), gene_modules, params, tuple(exclusions))
    if n_permutations is None:
        n_permutations = min(max(9_999, 40 * len(by_cluster) * len(by_module) - 1), 99_999)
    params["n_permutations"] = n_permutations
    splits = make_splits(len(patients), n_folds, n_repeats, random_state)
    params["n_repeats"] = splits.n_repeats
    design = None if terms is None else terms.loc[patients].to_numpy()
    first = [adjusted_block(images.loc[patients, names], design) for names in by_cluster.values()]
    second = [adjusted_block(genes.loc[patients, names], design) for names in by_module.values()]
    tests = correlate_pairs(
        first,
        second,
        splits,
        n_components=n_components,
        n_permutations=n_permutations,
        random_state=random_state,
        n_jobs=whole_number(n_jobs, "n_jobs"),
    )
    everyone = np.ones(len(patients), dtype=bool)
    whole_first = [block_components(block, everyone, n_components) for block in first]
    whole_second = [block_components(block, everyone, n_components) for block in second]
    representative = _representatives(clusters)
    hubs = hub_genes(gene_modules)
    rows = [
        {
            "cluster": cluster,
            "module": module,
            "n": len(patients),
            "features": len(by_cluster[cluster]),
            "genes": len(by_module[module]),
            "correlation": tests.correlation[i, j],
            "correlation_in_sample": canonical_correlation(whole_first[i], whole_second[j]),
            "null_mean": tests.null_mean[i, j],
            "p": tests.p[i, j],
            "n_permutations": tests.n_permutations[i, j],
            "representative": representative.get(cluster, ""),
            "hub_genes": ", ".join(hubs.get(module, [])),
        }
        for i, cluster in enumerate(by_cluster)
        for j, module in enumerate(by_module)
    ]
    table = pd.DataFrame(rows)
    table["fdr"] = benjamini_hochberg(table["p"].to_numpy())
    order = np.lexsort((np.arange(len(table)), -table["correlation"], table["p"]))
    table = table.iloc[order].reset_index(drop=True)[MODULE_COLUMNS]
    return ModulePairs(table, gene_modules, params, tuple(exclusions))


def with_modules(radiogenomics: RadiogenomicMap, pairs: ModulePairs) -> RadiogenomicMap:
    """Add modules to a radiogenomic map.

    Parameters
    ----------
    radiogenomics : RadiogenomicMap
        The map; not changed.
    pairs : ModulePairs
        Result of `map_modules` for its clusters.

    Returns
    -------
    RadiogenomicMap
        With ``modules``, ``gene_modules``, the settings under ``params["modules"]``, exclusions.

    Examples
    --------
    >>> from omicsfuse.imaging import ModulePairs, with_modules
    >>> import pandas as pd
    >>> from omicsfuse.core.results import RadiogenomicMap
    >>> none = pd.DataFrame()
    >>> with_modules(RadiogenomicMap(none, none, none), ModulePairs(none, none)).params
    {'modules': {}}
    """
    return replace(
        radiogenomics,
        modules=pairs.modules,
        gene_modules=pairs.gene_modules,
        params={**radiogenomics.params, "modules": dict(pairs.params)},
        exclusions=(*radiogenomics.exclusions, *pairs.exclusions),
    )


def hub_genes(gene_modules: pd.DataFrame) -> dict[str, list[str]]:
    """The most central genes of each module, by membership, ties by name."""
    ordered = gene_modules.assign(central=-gene_modules["membership"].abs())
    ordered = ordered.sort_values(["central", "gene"], kind="stable")
    return {
        str(module): [str(gene) for gene in members["gene"].head(N_HUBS)]
        for module, members in ordered.groupby("module", sort=True)
    }


def _representatives(clusters: pd.DataFrame) -> dict[str, str]:
    if "representative" not in clusters:
        return {}
    chosen = clusters[clusters["representative"].astype(bool)]
    return {
        str(label): str(feature)
        for label, feature in zip(chosen["cluster"], chosen["feature"], strict=True)
    }


def _empty() -> pd.DataFrame:
    text = {"cluster", "module", "representative", "hub_genes"}
    whole = {"n", "features", "genes", "n_permutations"}
    return pd.DataFrame(
        {
            c: pd.Series(dtype=object if c in text else "int64" if c in whole else "float64")
            for c in MODULE_COLUMNS
        }
    )
