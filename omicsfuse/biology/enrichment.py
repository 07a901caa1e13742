"""Pathways of each subtype: gene set enrichment on genes ranked against the other subtypes."""

import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.biology.gene_sets import GeneSets, read_gene_sets
from omicsfuse.biology.layers import Labelled, labelled
from omicsfuse.biology.two_groups import MINIMUM_GROUP, Array, benjamini_hochberg, welch
from omicsfuse.errors import OmicsfuseWarning, StudyError
from omicsfuse.results import Prepared, PreparedLayer, Subtypes

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

    Genes are ranked by Welch's t of the subtype against all other patients, and gseapy's preranked
    GSEA compares each set with random sets of the same size. Such permutation of genes takes genes
    as independent; where the genes of a set are correlated, p-values come out too small, so read
    them as a ranking of gene sets rather than as proof.

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
        Random sets for each gene set.
    random_state : int
        Seed; the result does not depend on threads or on the order of the sets.

    Returns
    -------
    pandas.DataFrame
        Columns ``subtype``, ``gene_set``, ``nes`` (normalised enrichment score; positive: raised in
        the subtype), ``p`` (nominal, among random sets of the same sign), ``fdr``, ``size`` (genes
        found), ``leading_edge`` (genes up to the peak, separated by ``;``), ``note``; sorted by
        subtype, p, then decreasing absolute NES. A permutation p of 0 is given as
        ``1 / (m + 1)``, where m random sets had the same sign, and the note says so. ``fdr`` is
        Benjamini-Hochberg over all subtypes and all sets tested here (gseapy's own FDR is not
        used, because it counts each subtype as a separate study).

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
    if not 2 <= min_size <= max_size:
        raise StudyError(
            f"enrich: min_size is {min_size} and max_size {max_size}; "
            "they must satisfy 2 <= min_size <= max_size."
        )
    if n_permutations < 1:
        raise StudyError(f"enrich: n_permutations is {n_permutations}; it must be 1 or more.")
    name, chosen = _expression_layer(prepared, layer)
    part = labelled(chosen, subtypes)
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
    tables = [
        _prerank(subtype, ranking, tested, min_size, max_size, n_permutations, random_state)
        for subtype, ranking in rankings.items()
    ]
    return _table(tables)


def _expression_layer(prepared: Prepared, layer: str | None) -> tuple[str, PreparedLayer]:
    listed = ", ".join(f"{name} ({ready.kind})" for name, ready in prepared.layers.items())
    if layer is not None:
        if layer not in prepared.layers:
            raise StudyError(f"enrich: there is no layer {layer!r}; the layers are {listed}.")
        return layer, prepared.layers[layer]
    for name, ready in prepared.layers.items():
        if ready.kind == "expression":
            return name, ready
    raise StudyError(
        f"enrich: gene sets need a layer of kind expression; the layers are {listed or 'none'}. "
        "Add one, or name with layer= another whose features are genes."
    )


def _rankings(part: Labelled, names: list[str], layer: str) -> dict[str, pd.Series]:
    """Welch's t of each gene for each subtype, strictly decreasing."""
    rankings, few, one_sided = {}, [], []
    for subtype in names:
        inside = part.subtype == subtype
        t = welch(part.matrix[inside], part.matrix[~inside]).statistic
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


def _prerank(
    subtype: str,
    ranking: pd.Series,
    sets: Mapping[str, list[str]],
    min_size: int,
    max_size: int,
    n_permutations: int,
    random_state: int,
) -> pd.DataFrame:
    """One subtype's table, from gseapy's preranked GSEA on the genes that could be ranked."""
    import gseapy

    # gseapy treats lower-case, numeric and repeated names specially; codes have none of that.
    codes = {gene: f"G{i}X" for i, gene in enumerate(ranking.index)}
    genes = dict(zip(codes.values(), codes.keys(), strict=True))
    coded = {
        str(position): members
        for position, s in enumerate(sets.values())
        if min_size <= len(members := [codes[g] for g in s if g in codes]) < len(ranking)
    }
    if not coded:
        return pd.DataFrame()
    names = list(sets)
    result = gseapy.prerank(
        pd.Series(ranking.to_numpy(), index=list(genes), name="t"),
        coded,
        outdir=None,
        min_size=min_size,
        max_size=max_size,
        permutation_num=n_permutations,
        ascending=None,
        threads=1,
        no_plot=True,
        seed=random_state,
    ).res2d
    rows = []
    for record in result.to_dict("records"):
        members = coded[record["Term"]]
        score, nes, p = (float(record[key]) for key in ("ES", "NES", "NOM p-val"))
        note = ""
        if not np.isfinite(nes):
            nes, p = np.nan, np.nan
            note = "no random set scored on the same side, so the score cannot be normalised"
        elif p == 0:
            draws = _random_scores(ranking, len(members), n_permutations, random_state)
            same = int(np.sum(np.sign(draws) == np.sign(score)))
            p = 1 / (same + 1)
            note = f"none of {same} random sets of the same sign scored as much: p is at most this"
        rows.append(
            {
                "subtype": subtype,
                "gene_set": names[int(record["Term"])],
                "nes": nes,
                "p": p,
                "size": len(members),
                "leading_edge": ";".join(genes[c] for c in record["Lead_genes"].split(";") if c),
                "note": note,
            }
        )
    return pd.DataFrame(rows)


def _random_scores(ranking: pd.Series, size: int, n_draws: int, random_state: int) -> Array:
    """Scores of random sets: how many of them have which sign, which gseapy does not tell."""
    rng = np.random.default_rng(random_state)
    places = np.stack(
        [
            np.sort(rng.choice(len(ranking), size, replace=False, shuffle=False))
            for _ in range(n_draws)
        ]
    )
    return _scores(ranking.to_numpy(), places)


def _scores(statistic: Array, places: npt.NDArray[np.int64]) -> Array:
    """Compute the enrichment score of each row of places (ascending) in one ranking.

    The running sum rises by ``|t| / sum of |t|`` at each gene of the set and falls by
    ``1 / (N - size)`` at every other; the score is its largest excursion from zero
    (Subramanian et al. 2005, appendix).
    """
    n_sets, size = places.shape
    hits = np.cumsum(np.abs(statistic)[places], axis=1)
    hits = hits / hits[:, -1:]
    misses = (places - np.arange(size)) / (len(statistic) - size)
    highest = (hits - misses).max(axis=1)
    lowest = (np.column_stack([np.zeros(n_sets), hits[:, :-1]]) - misses).min(axis=1)
    return np.where(highest >= -lowest, highest, lowest)


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
