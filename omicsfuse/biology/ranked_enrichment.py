"""Preranked gene set enrichment: scores of sets in rankings, held against random sets."""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd

from omicsfuse.biology.gene_ranking import checked_ranking
from omicsfuse.biology.gene_sets import GeneSets, measured_sets, read_gene_sets
from omicsfuse.biology.random_sets import random_scores
from omicsfuse.biology.redundant_sets import group_gene_sets
from omicsfuse.core.checks.arguments import require, seed, whole_number
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.gseapy_engine import prerank
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.p_values import permutation_p

#: Columns of enrichment, after the name of the ranking.
COLUMNS = (
    "gene_set",
    "nes",
    "p",
    "fdr",
    "size",
    "leading_edge",
    "note",
    "group",
    "representative",
    "at_floor",
    "leading_genes",
)
#: Those for programs; not written to files.
FACTS = ["at_floor", "leading_genes"]
_DTYPES = {"nes": "float64", "p": "float64", "fdr": "float64", "size": "int64"} | {
    "representative": "bool",
    "at_floor": "bool",
}

#: Scores that differ by less are equal: their running sums differ by rounding only.
TIE = 1e-9
_FLOOR = "smallest possible p: none of {} random sets of the same sign scored as high"


def enrich_ranking(
    ranking: pd.Series,
    gene_sets: GeneSets,
    *,
    name: str = "ranking",
    min_size: int = 10,
    max_size: int = 500,
    n_permutations: int = 5000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Test gene sets for enrichment at the top or the bottom of a ranking of genes.

    The preranked GSEA of `enrich` for any statistic: a correlation with a score, the z of a hazard
    ratio, a fold change. Ties are ordered by name.

    Parameters
    ----------
    ranking : pandas.Series
        Gene -> statistic, in any order. Genes without a statistic are excluded with a warning.
    gene_sets : str, Path, mapping, or list of these
        GMT files or sets in memory.
    name : str
        Name of the ranking in messages.
    min_size, max_size : int
        Smallest and largest number of a set's genes in the ranking; ``min_size`` is at least 2.
    n_permutations : int
        Random sets for each size of set.
    random_state : int
        Seed. The result of a set does not depend on the other sets, nor on the order of sets or
        genes.

    Returns
    -------
    pandas.DataFrame
        Columns ``gene_set``, ``nes``, ``p``, ``fdr``, ``size``, ``leading_edge``, ``note``,
        ``group``, ``representative``, ``at_floor``, ``leading_genes``, as of `enrich`; sorted by p.
        The family of ``fdr`` is all sets tested here.

    Raises
    ------
    StudyError
        If the ranking is not numeric, is constant, contains an infinite value or a duplicate gene,
        or a setting is out of range.

    Warns
    -----
    OmicsfuseWarning
        If no set has ``min_size`` genes in the ranking (the table is then empty), genes have no
        statistic, nearly all statistics have one sign, or many are tied.

    References
    ----------
    Subramanian et al. 2005, PNAS 102:15545-15550; Phipson and Smyth 2010, Stat Appl Genet Mol Biol
    9:39.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.biology import enrich_ranking
    >>> ranking = pd.Series(np.linspace(2, -2, 40), [f"G{i}" for i in range(40)])
    >>> sets = {"top": [f"G{i}" for i in range(10)], "any": [f"G{i}" for i in range(0, 40, 4)]}
    >>> table = enrich_ranking(ranking, sets, n_permutations=200)
    >>> table["gene_set"].tolist(), bool(table["nes"].iloc[0] > 1.5)
    (['top', 'any'], True)
    """
    who = "enrich_ranking"
    require(ranking, pd.Series, "ranking", "gene -> statistic")
    check_sizes(min_size, max_size, who)
    n_permutations = whole_number(n_permutations, f"{who}: n_permutations")
    random_state = seed(random_state, f"{who}: random_state")
    ordered = checked_ranking(ranking, name, who)
    sets = read_gene_sets(gene_sets)
    measured = measured_sets(sets, ordered.index)
    tested = usable_sets(measured, len(ordered), min_size, max_size)
    if not tested:
        warn_none(who, name, sets, set(ordered.index), measured, min_size, max_size)
        return empty_enrichment()
    table = against_random_sets(
        {name: ordered}, {name: tested}, tested, n_permutations, random_state, "ranking"
    )
    return table.drop(columns="ranking")


def check_sizes(min_size: int, max_size: int, who: str) -> None:
    """Refuse sizes of gene sets that cannot be met."""
    if not 2 <= min_size <= max_size:
        raise StudyError(
            f"{who}: min_size is {min_size} and max_size {max_size}; "
            "they must satisfy 2 <= min_size <= max_size."
        )


def usable_sets(
    measured: Mapping[str, list[str]], n_genes: int, min_size: int, max_size: int
) -> dict[str, list[str]]:
    """Keep the sets with enough genes, not too many, and not all genes there are."""
    return {
        name: genes
        for name, genes in measured.items()
        if min_size <= len(genes) <= max_size and len(genes) < n_genes
    }


def against_random_sets(
    rankings: Mapping[str, pd.Series],
    members: Mapping[str, Mapping[str, list[str]]],
    measured: Mapping[str, list[str]],
    n_permutations: int,
    random_state: int,
    key: str,
) -> pd.DataFrame:
    """Score sets in each ranking and hold the scores against random sets: one family."""
    random = random_scores(
        {name: ranking.to_numpy() for name, ranking in rankings.items()},
        {name: {len(genes) for genes in sets.values()} for name, sets in members.items()},
        n_permutations,
        random_state,
    )
    tables = [
        _one_ranking(name, rankings[name], sets, random, key)
        for name, sets in members.items()
        if sets
    ]
    if not tables:
        return empty_enrichment(key)
    table = pd.concat(tables, ignore_index=True)
    table["fdr"] = benjamini_hochberg(table["p"].to_numpy())
    table["order"] = table[key].map({name: i for i, name in enumerate(rankings)})
    table["strength"] = -table["nes"].abs()
    table = table.sort_values(["order", "p", "strength", "gene_set"], kind="stable")
    return with_groups(table, measured, key)[[key, *COLUMNS]].reset_index(drop=True)


def with_groups(table: pd.DataFrame, measured: Mapping[str, list[str]], key: str) -> pd.DataFrame:
    """Add the group of each set, made by genes alone, and whether it represents the group."""
    first = table.sort_values(["p", "strength", "gene_set"], kind="stable")
    place = {name: i for i, name in enumerate(dict.fromkeys(first["gene_set"]))}
    groups = group_gene_sets({name: measured[name] for name in place}, place)
    table = table.assign(group=table["gene_set"].map(groups))
    return table.assign(representative=~table.duplicated([key, "group"]))


def empty_enrichment(key: str | None = None) -> pd.DataFrame:
    """Table of enrichment without rows."""
    columns = COLUMNS if key is None else (key, *COLUMNS)
    return pd.DataFrame(
        {column: pd.Series(dtype=_DTYPES.get(column, object)) for column in columns}
    )


def warn_none(
    who: str,
    where: str,
    sets: Mapping[str, list[str]],
    genes: set[str],
    measured: Mapping[str, list[str]],
    min_size: int,
    max_size: int,
) -> None:
    """Say that no set can be tested, and what may be the reason."""
    every = set().union(*sets.values()) if sets else set()
    shared = len(genes & every)
    largest = max(map(len, measured.values()), default=0)
    alike = len({gene.upper() for gene in genes} & {gene.upper() for gene in every})
    hint = (
        f" Ignoring case, {alike} genes match: the names may be of another species."
        if alike > 2 * shared and alike >= min_size
        else ""
    )
    warnings.warn(
        f"{who}: none of {len(sets)} gene sets has {min_size} to {max_size} genes in {where} "
        f"({shared} of its {len(genes)} genes are in any set; the largest overlap is "
        f"{largest}). Check that both use the same gene names, lower min_size, or use a layer "
        f"with more genes.{hint} The table is empty.",
        OmicsfuseWarning,
        stacklevel=3,
    )


def _one_ranking(
    name: str,
    ranking: pd.Series,
    sets: Mapping[str, list[str]],
    random: Mapping[tuple[str, int], Array],
    key: str,
) -> pd.DataFrame:
    """One ranking's table: scores and leading edges by gseapy, held against random sets."""
    rows = []
    enrichment = prerank(ranking, sets)
    for gene_set, es, leading_edge in zip(
        enrichment.index, enrichment["es"], enrichment["leading_edge"], strict=True
    ):
        size = len(sets[gene_set])
        nes, p, note, at_floor = _against(float(es), random[name, size])
        rows.append(
            {
                key: name,
                "gene_set": gene_set,
                "nes": nes,
                "p": p,
                "size": size,
                "leading_edge": ";".join(leading_edge),
                "leading_genes": tuple(leading_edge),
                "note": note,
                "at_floor": at_floor,
            }
        )
    return pd.DataFrame(rows)


def _against(score: float, random: Array) -> tuple[float, float, str, bool]:
    """NES and p of a score among random sets, a note, and whether none of these scored as much."""
    side = np.abs(random[np.sign(random) == np.sign(score)])
    if not len(side) or side.mean() == 0:
        note = "no random set has a score of the same sign: the score cannot be normalised"
        return float("nan"), float("nan"), note, False
    beaten_by = int(np.sum(side >= abs(score) - TIE))
    note = "" if beaten_by else _FLOOR.format(len(side))
    return score / float(side.mean()), permutation_p(beaten_by, len(side)), note, not beaten_by
