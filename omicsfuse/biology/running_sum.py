"""Running sums of enrichment: how the score of a gene set comes about along a ranking."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from omicsfuse.biology.enrichment import by_patient
from omicsfuse.biology.gene_ranking import rank_genes
from omicsfuse.biology.gene_sets import GeneSets, measured_sets, read_gene_sets
from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.core.labelled import expression_layer, require_subtypes
from omicsfuse.core.results import Prepared, Subtypes
from omicsfuse.stats import running_sum as kernel

#: Columns of the table.
COLUMNS = ("subtype", "gene_set", "place", "gene", "statistic", "running_sum", "n_genes")


def running_sum(ranking: pd.Series, genes: list[str]) -> pd.DataFrame:
    """Running sum of a gene set along a decreasing ranking (gene -> t), at the set's genes.

    Columns ``place`` (from 1), ``gene``, ``statistic``, ``running_sum`` (after it), ``n_genes``.
    """
    places = np.sort(ranking.index.get_indexer(pd.Index(list(dict.fromkeys(genes)), dtype=object)))
    statistic = ranking.to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "place": places + 1,
            "gene": ranking.index[places],
            "statistic": statistic[places],
            "running_sum": kernel.running_sums(statistic, places, np.zeros(1, dtype=np.int64))[1],
            "n_genes": len(ranking),
        }
    )


def running_sums(
    subtypes: Subtypes,
    prepared: Prepared,
    enrichment: pd.DataFrame,
    gene_sets: GeneSets,
    *,
    layer: str | None = None,
    per_subtype: int = 2,
) -> pd.DataFrame:
    """Compute running sums for enrichment plots: the gene sets with the smallest p of each subtype.

    A group of overlapping sets is shown by its representative.

    Parameters
    ----------
    subtypes, prepared, gene_sets, layer
        As for `enrich`.
    enrichment : pandas.DataFrame
        Result of `enrich` for them.
    per_subtype : int
        Sets of each subtype.

    Returns
    -------
    pandas.DataFrame
        Columns ``subtype``, ``gene_set``, ``place`` (of a gene of the set in the ranking, from 1),
        ``gene``, ``statistic`` (moderated t, limited to +-1000), ``running_sum`` (after that gene),
        ``n_genes`` (ranked).

    Raises
    ------
    StudyError
        If ``gene_sets`` lacks a set of the enrichment, or the enrichment is of other subtypes.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.biology import enrich, running_sums
    >>> from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
    >>> patients = [f"P{i}" for i in range(12)]
    >>> values = np.random.default_rng(0).standard_normal((12, 60))
    >>> values[:6, :10] += 3
    >>> table = pd.DataFrame(values, patients, [f"G{i}" for i in range(60)])
    >>> ready = Prepared("toy", {"rna": PreparedLayer("expression", table, table, "log2", None)})
    >>> subtypes = Subtypes(pd.Series(["S1"] * 6 + ["S2"] * 6, patients), {}, {})
    >>> sets = {"raised": [f"G{i}" for i in range(10)]}
    >>> enrichment = enrich(subtypes, ready, sets, n_permutations=50)
    >>> table = running_sums(subtypes, ready, enrichment, sets, per_subtype=1)
    >>> bool(table.loc[table["subtype"] == "S1", "running_sum"].max() == 1)
    True
    """
    who = "running_sums"
    require_subtypes(subtypes)
    require(prepared, Prepared, "prepared", "from of.preprocess")
    require(enrichment, pd.DataFrame, "enrichment", "from of.enrich")
    per_subtype = whole_number(per_subtype, f"{who}: per_subtype")
    best = enrichment.dropna(subset=["p"])
    best = best[best["representative"].astype(bool)]
    best = best.groupby("subtype", sort=False).head(per_subtype)
    if best.empty:
        return _empty()
    name = expression_layer(prepared.layers, layer, who)
    part = by_patient(prepared.layers[name], subtypes)
    names = [subtype for subtype in subtypes.names if (best["subtype"] == subtype).any()]
    # The scale of the statistic is shown, so rankings are taken before they are scaled.
    rankings = rank_genes(part, names, name, who, scaled=False)
    chosen = set(best["gene_set"])
    sets = {key: members for key, members in read_gene_sets(gene_sets).items() if key in chosen}
    absent = sorted(chosen - set(sets)) or sorted(set(best["subtype"]) - set(rankings))
    if absent:
        raise StudyError(
            f"{who}: the enrichment names {absent[0]!r}, which was not given; give the "
            "subtypes, layers and gene sets of the enrichment."
        )
    parts = [
        running_sum(ranking, members).assign(subtype=subtype, gene_set=gene_set)
        for subtype, gene_set in zip(best["subtype"], best["gene_set"], strict=True)
        for ranking in [rankings[subtype]]
        for members in measured_sets({gene_set: sets[gene_set]}, ranking.index).values()
    ]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def peak(sums: pd.DataFrame) -> tuple[float, float]:
    """Place and height of the largest excursion of one running sum: the enrichment score.

    A minimum lies just before a gene of the set.
    """
    x, y = curve(sums)
    i = int(np.argmax(y)) if y.max() >= -y.min() else int(np.argmin(y))
    return float(x[i]), float(y[i])


def curve(sums: Mapping[str, pd.Series] | pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Corners of one running sum, from 0 before the first gene to 0 after the last."""
    place = np.asarray(sums["place"], dtype=float)
    after = np.asarray(sums["running_sum"], dtype=float)
    n = float(np.asarray(sums["n_genes"])[0])
    weight = np.abs(np.asarray(sums["statistic"], dtype=float))
    before = after - weight / weight.sum()
    x = np.concatenate([[0.0], np.column_stack([place - 1, place]).ravel(), [n]])
    y = np.concatenate([[0.0], np.column_stack([before, after]).ravel(), [0.0]])
    return x, y


def _empty() -> pd.DataFrame:
    dtypes = {"place": "int64", "n_genes": "int64", "statistic": "float64"} | {
        "running_sum": "float64"
    }
    return pd.DataFrame({name: pd.Series(dtype=dtypes.get(name, object)) for name in COLUMNS})
