"""Pathways of each subtype: gene set enrichment on genes ranked against the other subtypes."""

import warnings
from collections.abc import Mapping

import numpy as np
import pandas as pd

from omicsfuse.biology.gene_sets import GeneSets, read_gene_sets
from omicsfuse.biology.random_sets import random_scores
from omicsfuse.checks.arguments import require, seed, whole_number
from omicsfuse.errors import OmicsfuseWarning, StudyError
from omicsfuse.gseapy_engine import prerank
from omicsfuse.labelled import Labelled, expression_layer, labelled, without_layer
from omicsfuse.layers import Loss
from omicsfuse.results import Prepared, Subtypes
from omicsfuse.statistics import MINIMUM_GROUP, Array, benjamini_hochberg, moments, welch_t

COLUMNS = ("subtype", "gene_set", "nes", "p", "fdr", "size", "leading_edge", "note")

#: What a run without gene sets has in place of a result.
EMPTY_ENRICHMENT = pd.DataFrame(
    {
        column: pd.Series(
            dtype={"nes": "float64", "p": "float64", "fdr": "float64", "size": "int64"}.get(
                column, object
            )
        )
        for column in COLUMNS
    }
)

#: T-statistics beyond this are set to it before genes are ranked.
T_LIMIT = 1000.0
#: Scores that differ by less are equal: their running sums differ by rounding only.
TIE = 1e-9
_FLOOR = "p at its floor: none of {} random sets of the same sign scored as much"


def enrich(
    subtypes: Subtypes,
    prepared: Prepared,
    gene_sets: GeneSets,
    *,
    layer: str | None = None,
    min_size: int = 10,
    max_size: int = 500,
    n_permutations: int = 5000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Find gene sets whose genes lie at the top or the bottom of each subtype's ranking.

    Genes are ranked by Welch's t of the subtype against all other patients. gseapy's preranked GSEA
    gives the enrichment score ES of each set and its leading edge. Each score is held against those
    of random sets of as many genes, on the same ranking, of which m score on the same side of zero
    and b of these at least as far out::

        NES = ES / mean of the m random |ES|        p = (b + 1) / (m + 1)

    The random sets of one size are the same for all sets of that size, so that of two scores on the
    same side the larger never has the larger p. Such permutation of genes takes genes as
    independent; where the genes of a set are correlated, p-values come out too small, so read them
    as a ranking of gene sets rather than as proof.

    Parameters
    ----------
    subtypes : Subtypes
        Labels; patients without the layer take no part.
    prepared : Prepared
        Layers; ``PreparedLayer.values`` is ranked.
    gene_sets : str, Path, mapping, or list of these
        GMT files or sets in memory. A set found twice with different genes is kept under the
        second file's name as well.
    layer : str, optional
        Layer whose features are genes; by default the first of kind ``expression``.
    min_size, max_size : int
        Genes a set must and may have among the layer's genes; ``min_size`` is at least 2.
    n_permutations : int
        Random sets for each size of set.
    random_state : int
        Seed; a set's result does not depend on the other sets, nor on the order of the
        sets, the genes or the patients.

    Returns
    -------
    pandas.DataFrame
        Columns ``subtype``, ``gene_set``, ``nes`` (normalised enrichment score; positive: raised in
        the subtype), ``p`` (nominal, among random sets of the same sign), ``fdr``, ``size`` (genes
        found), ``leading_edge`` (genes up to the peak, separated by ``;``), ``note``; sorted by
        subtype, p, then decreasing absolute NES. The smallest p there can be is ``1 / (m + 1)``;
        where it is reached, the note says so. A set without a random one on its side has neither
        NES nor p. ``fdr`` is Benjamini-Hochberg over all subtypes and all sets tested here
        (gseapy's own FDR is not used, because it counts each subtype as a separate study).

    Raises
    ------
    StudyError
        If no layer of kind expression is there, ``layer`` is unknown, or a number is out of range.

    Warns
    -----
    OmicsfuseWarning
        If no set has ``min_size`` genes in the layer (the table is then empty), a subtype or all
        others have fewer than 3 patients in the layer, or nearly all genes of a ranking have the
        same sign.

    References
    ----------
    Subramanian et al. 2005, PNAS 102:15545-15550; Fang, Liu and Peltz 2023, Bioinformatics
    39:btac757 (gseapy); Wu and Smyth 2012, Nucleic Acids Res 40:e133 (correlated genes);
    Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39 (p-values are never zero).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.biology import enrich
    >>> from omicsfuse.results import Prepared, PreparedLayer, Subtypes
    >>> patients = [f"P{i}" for i in range(12)]
    >>> values = np.random.default_rng(0).standard_normal((12, 60))
    >>> values[:6, :10] += 3
    >>> table = pd.DataFrame(values, patients, [f"G{i}" for i in range(60)])
    >>> layer = PreparedLayer("expression", table, table, "log2", None)
    >>> labels = pd.Series(["S1"] * 6 + ["S2"] * 6, patients)
    >>> result = enrich(
    ...     Subtypes(labels, {}, {}),
    ...     Prepared("toy", {"expression": layer}),
    ...     {"raised": [f"G{i}" for i in range(10)], "other": [f"G{i}" for i in range(20, 40)]},
    ...     n_permutations=100,
    ... )
    >>> result.loc[0, ["subtype", "gene_set"]].tolist()
    ['S1', 'raised']
    """
    require(subtypes, Subtypes, "subtypes", "what of.cluster returns")
    require(prepared, Prepared, "prepared", "what of.preprocess returns")
    if not 2 <= min_size <= max_size:
        raise StudyError(
            f"enrich: min_size is {min_size} and max_size {max_size}; "
            "they must satisfy 2 <= min_size <= max_size."
        )
    n_permutations = whole_number(n_permutations, "enrich: n_permutations")
    random_state = seed(random_state, "enrich: random_state")
    name = expression_layer(prepared.layers, layer, "enrich")
    part = labelled(prepared.layers[name], subtypes)
    sets = read_gene_sets(gene_sets)
    wanted = set(part.features)
    found = {key: [g for g in dict.fromkeys(s) if g in wanted] for key, s in sorted(sets.items())}
    tested = {
        key: s
        for key, s in found.items()
        if min_size <= len(s) <= max_size and len(s) < len(wanted)
    }
    if not tested:
        _warn_none(name, sets, wanted, found, min_size, max_size)
        return _table([])

    rankings = _rankings(part, subtypes.names, name)
    members = {
        subtype: _members(ranking, tested, min_size) for subtype, ranking in rankings.items()
    }
    random = random_scores(
        {subtype: ranking.to_numpy() for subtype, ranking in rankings.items()},
        {subtype: {len(genes) for genes in own.values()} for subtype, own in members.items()},
        n_permutations,
        random_state,
    )
    return _table(
        [
            _prerank(subtype, rankings[subtype], own, random)
            for subtype, own in members.items()
            if own
        ]
    )


def enrichment_losses(
    subtypes: Subtypes, prepared: Prepared, layer: str | None = None
) -> tuple[Loss, ...]:
    """Count the patients that have a subtype but take no part in the enrichment.

    Parameters
    ----------
    subtypes, prepared, layer
        As for `enrich`.

    Returns
    -------
    tuple of Loss
        Patients without the layer; empty where every patient has it.

    Raises
    ------
    StudyError
        As `enrich`, if no layer can be chosen.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import enrichment_losses
    >>> from omicsfuse.results import Prepared, PreparedLayer, Subtypes
    >>> table = pd.DataFrame({"A": [1.0]}, ["P1"])
    >>> ready = Prepared("toy", {"rna": PreparedLayer("expression", table, table, "log2", None)})
    >>> (loss,) = enrichment_losses(Subtypes(pd.Series("S1", ["P1", "P2"]), {}, {}), ready)
    >>> loss.step, loss.count, loss.examples
    ('enrich', 1, ('P2',))
    """
    name = expression_layer(prepared.layers, layer, "enrich")
    return without_layer(subtypes.labels, prepared.layers[name], name, "enrich")


def _rankings(part: Labelled, names: list[str], layer: str) -> dict[str, pd.Series]:
    """Welch's t of each gene for each subtype, strictly decreasing."""
    rankings, few, one_sided = {}, [], []
    for subtype in names:
        inside = part.subtype == subtype
        t, _ = welch_t(moments(part.matrix[inside]), moments(part.matrix[~inside]))
        ranked = pd.Series(t, part.features).dropna().clip(-T_LIMIT, T_LIMIT)
        if len(ranked) < 2:
            few.append(f"{subtype} ({int(inside.sum())} against {int((~inside).sum())})")
            continue
        share = float(np.mean(ranked > 0))
        if not 0.02 <= share <= 0.98:
            one_sided.append(f"{subtype} ({share:.0%} higher)")
        rankings[subtype] = _without_ties(ranked)
    if few:
        warnings.warn(
            f"enrich: too few patients with layer {layer} to rank genes, at least {MINIMUM_GROUP} "
            f"against {MINIMUM_GROUP} are needed: {', '.join(few)}. No enrichment there.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    if one_sided:
        warnings.warn(
            f"enrich: nearly all genes of layer {layer} differ from the other patients in the same "
            f"direction: {', '.join(one_sided)}. Scores on such a ranking are unreliable; check "
            "how the layer was normalised.",
            OmicsfuseWarning,
            stacklevel=3,
        )
    return rankings


def _without_ties(ranked: pd.Series) -> pd.Series:
    """Decreasing order, ties by name, then spaced by 1e-12 so that no program reorders them."""
    ordered = ranked.sort_index(kind="stable").sort_values(ascending=False, kind="stable")
    return ordered - 1e-12 * np.arange(len(ordered))


def _members(
    ranking: pd.Series, sets: Mapping[str, list[str]], min_size: int
) -> dict[str, list[str]]:
    """Genes of each set that could be ranked, of the sets that keep enough of them."""
    ranked = set(ranking.index)
    found = {name: [gene for gene in s if gene in ranked] for name, s in sets.items()}
    return {name: s for name, s in found.items() if min_size <= len(s) < len(ranking)}


def _prerank(
    subtype: str,
    ranking: pd.Series,
    sets: Mapping[str, list[str]],
    random: Mapping[tuple[str, int], Array],
) -> pd.DataFrame:
    """One subtype's table: scores and leading edges by gseapy, held against random sets."""
    rows = []
    found = prerank(ranking, sets)
    for name, es, leading_edge in zip(found.index, found["es"], found["leading_edge"], strict=True):
        size = len(sets[name])
        nes, p, note = _against(float(es), random[subtype, size])
        rows.append(
            {
                "subtype": subtype,
                "gene_set": name,
                "nes": nes,
                "p": p,
                "size": size,
                "leading_edge": ";".join(leading_edge),
                "note": note,
            }
        )
    return pd.DataFrame(rows)


def _against(score: float, random: Array) -> tuple[float, float, str]:
    """NES and p of a score among those of random sets, and what is to be said about them."""
    side = np.abs(random[np.sign(random) == np.sign(score)])
    if not len(side):
        note = "no random set scored on the same side, so the score cannot be normalised"
        return float("nan"), float("nan"), note
    beaten_by = int(np.sum(side >= abs(score) - TIE))
    note = "" if beaten_by else _FLOOR.format(len(side))
    return score / float(side.mean()), (beaten_by + 1) / (len(side) + 1), note


def _warn_none(
    layer: str,
    sets: Mapping[str, list[str]],
    genes: set[str],
    found: Mapping[str, list[str]],
    min_size: int,
    max_size: int,
) -> None:
    shared = len(genes.intersection(*[set().union(*sets.values())])) if sets else 0
    largest = max(map(len, found.values()), default=0)
    warnings.warn(
        f"enrich: none of {len(sets)} gene sets has {min_size} to {max_size} genes in layer "
        f"{layer} ({shared} of its {len(genes)} genes are in any set; the largest overlap is "
        f"{largest}). Check that both use the same gene names, lower min_size, or use a layer "
        "with more genes. The table of enrichment is empty.",
        OmicsfuseWarning,
        stacklevel=3,
    )


def _table(tables: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        return EMPTY_ENRICHMENT.copy()
    table = pd.concat(filled, ignore_index=True)
    table["fdr"] = benjamini_hochberg(table["p"].to_numpy())
    table["order"] = table["subtype"].map({s: i for i, s in enumerate(table["subtype"].unique())})
    table["strength"] = -table["nes"].abs()
    table = table.sort_values(["order", "p", "strength", "gene_set"], kind="stable")
    return table[list(COLUMNS)].reset_index(drop=True)
