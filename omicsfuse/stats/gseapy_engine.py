"""The one door to gseapy: gene set scores by name, without the surprises on the way.

gseapy silently changes names, missing values and odd sets. So genes, patients and sets go in under
codes, missing values are refused, unusable sets have no score, and one thread works.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from omicsfuse.core.errors import StudyError

#: Larger than any set: gseapy has to be told one size.
_ANY_SIZE = 10**9


def prerank(ranking: pd.Series, sets: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Score gene sets on one strictly decreasing ranking: preranked GSEA without permutations.

    ``es`` and ``leading_edge`` by set. Subramanian et al. 2005, PNAS 102:15545-15550; gseapy: Fang
    et al. 2023, Bioinformatics 39:btac757.
    """
    import gseapy

    genes, coded, names = _coded(ranking.index, sets, "prerank")
    if ranking.isna().any():
        raise StudyError(f"prerank: gene {ranking.index[ranking.isna()][0]} has no value.")
    es = np.full(len(names), np.nan)
    leading: list[list[str]] = [[] for _ in names]
    records = []
    if coded:
        records = gseapy.prerank(
            pd.Series(ranking.to_numpy(dtype=float), index=list(genes), name="t"),
            coded,
            outdir=None,
            min_size=1,
            max_size=_ANY_SIZE,
            # Its own permutations are another sample for each set, and take a hundred times as
            # long.
            permutation_num=1,
            ascending=None,
            threads=1,
            no_plot=True,
            seed=0,
        ).res2d.to_dict("records")
    for record in records:
        i = int(record["Term"])
        es[i] = float(record["ES"])
        leading[i] = [genes[code] for code in record["Lead_genes"].split(";") if code]
    return pd.DataFrame({"es": es, "leading_edge": pd.Series(leading, dtype=object)}).set_axis(
        pd.Index(names, dtype=object, name="gene_set")
    )


def gsva(
    table: pd.DataFrame, sets: Mapping[str, Sequence[str]], *, tau: float = 1.0
) -> pd.DataFrame:
    """Score gene sets in each patient (patients x genes, complete): GSVA with a Gaussian kernel.

    Haenzelmann et al. 2013, BMC Bioinformatics 14:7; NaN for a set without genes, or with all.
    """
    import gseapy

    return _by_patient(
        table,
        sets,
        "gsva",
        lambda data, coded: (
            gseapy.gsva(
                data,
                coded,
                outdir=None,
                kcdf="Gaussian",
                weight=tau,
                mx_diff=True,
                abs_rnk=False,
                min_size=1,
                max_size=_ANY_SIZE,
                threads=1,
                seed=0,
            ).res2d
        ),
    )


def _coded(
    genes: pd.Index, sets: Mapping[str, Sequence[str]], who: str
) -> tuple[dict[str, str], dict[str, list[str]], list[str]]:
    """Codes of genes, the sets that gseapy would score, in codes, and the names of all sets."""
    if not genes.is_unique:
        raise StudyError(f"{who}: gene {genes[genes.duplicated()][0]} occurs twice.")
    codes = {gene: f"G{i}X" for i, gene in enumerate(genes)}
    names = list(sets)
    unknown = sorted({str(g) for name in names for g in sets[name] if g not in codes})
    if unknown:
        raise StudyError(
            f"{who}: {len(unknown)} genes of the sets are not among the {len(codes)} ranked "
            f"genes, e.g. {', '.join(unknown[:3])}. Remove them from the sets."
        )
    members = {str(i): [codes[g] for g in dict.fromkeys(sets[n])] for i, n in enumerate(names)}
    usable = {code: inside for code, inside in members.items() if 0 < len(inside) < len(codes)}
    return {code: str(gene) for gene, code in codes.items()}, usable, names


def _by_patient(
    table: pd.DataFrame,
    sets: Mapping[str, Sequence[str]],
    who: str,
    call: Callable[[pd.DataFrame, dict[str, list[str]]], pd.DataFrame],
) -> pd.DataFrame:
    """Patients x sets of one call of gseapy."""
    genes, coded, names = _coded(table.columns, sets, who)
    values = table.to_numpy(dtype=float)
    if not np.isfinite(values).all():
        missing = table.columns[~np.isfinite(values).all(axis=0)]
        raise StudyError(
            f"{who}: {len(missing)} genes have missing or infinite values, e.g. {missing[0]}; "
            "exclude or impute them."
        )
    scores = np.full((len(table), len(names)), np.nan)
    if coded and len(table):
        patients = [f"P{i}X" for i in range(len(table))]
        enriched = call(pd.DataFrame(values.T, index=list(genes), columns=patients), coded)
        rows = enriched["Name"].str.slice(1, -1).astype(int).to_numpy()
        columns = enriched["Term"].astype(int).to_numpy()
        scores[rows, columns] = enriched["ES"].to_numpy(dtype=float)
    return pd.DataFrame(scores, index=table.index, columns=pd.Index(names, dtype=object))
