"""Pathways of each subtype: gene set enrichment on genes ranked against the other subtypes."""

from dataclasses import replace

import pandas as pd

from omicsfuse.biology.gene_ranking import rank_genes
from omicsfuse.biology.gene_sets import GeneSets, measured_sets, read_gene_sets
from omicsfuse.biology.ranked_enrichment import COLUMNS as RANKED_COLUMNS
from omicsfuse.biology.ranked_enrichment import (
    against_random_sets,
    check_sizes,
    empty_enrichment,
    usable_sets,
    warn_none,
)
from omicsfuse.core.checks.arguments import seed, whole_number
from omicsfuse.core.labelled import (
    Labelled,
    expression_layer,
    labelled,
    require_labelled,
    without_layer,
)
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes

COLUMNS = ("subtype", *RANKED_COLUMNS)

#: What a run without gene sets has in place of a result.
EMPTY_ENRICHMENT = empty_enrichment("subtype")


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
    """Test gene sets for enrichment at the top or the bottom of each subtype's ranking of genes.

    Genes are ranked by the moderated t of the subtype against all other patients: Student's t with
    variances shrunk towards a common value. gseapy's preranked GSEA gives the enrichment score ES
    of each set and its leading edge. Each score is compared with random sets of the same size on
    the same ranking, of which m score on the same side of zero, and b of these at least as
    extreme::

        NES = ES / mean of the m random |ES|        p = (b + 1) / (m + 1)

    All sets of one size share their random sets, so that the larger of two scores on the same side
    never has the larger p. Permutation of genes assumes independent genes. Genes of a set are
    correlated, and p-values are too small: they rank gene sets, and are no proof.

    Parameters
    ----------
    subtypes : Subtypes
        Labels; patients without the layer are excluded.
    prepared : Prepared
        Layers; ``PreparedLayer.values`` is ranked.
    gene_sets : str, Path, mapping, or list of these
        GMT files or sets in memory. The second of two sets with the same name and different genes
        gets the name of its file.
    layer : str, optional
        Layer whose features are genes; by default the first of kind ``expression``.
    min_size, max_size : int
        Smallest and largest number of a set's genes in the layer; ``min_size`` is at least 2.
    n_permutations : int
        Random sets for each size of set.
    random_state : int
        Seed. The result of a set does not depend on the other sets, nor on the order of sets, genes
        or patients.

    Returns
    -------
    pandas.DataFrame
        Columns ``subtype``, ``gene_set``, ``nes`` (normalised enrichment score; positive: raised in
        the subtype), ``p`` (nominal, among random sets of the same sign), ``fdr``, ``size`` (genes
        found), ``leading_edge`` (genes up to the peak, separated by ``;``), ``note``, ``group``,
        ``representative``; then, not written to files, ``at_floor`` (no random set has so large a
        score) and ``leading_genes`` (the leading edge as a tuple); sorted by subtype, p, then
        decreasing absolute NES. The smallest possible p is ``1 / (m + 1)``, and a note marks it. A
        set without random sets on its side of zero has neither NES nor p. ``fdr`` is
        Benjamini-Hochberg over all subtypes and all sets tested here (gseapy's own FDR treats each
        subtype as a separate study). ``group`` names a group of overlapping sets (see
        `group_gene_sets`) by its set with the smallest p over all subtypes; ``representative`` is
        True for the first set of its group in this subtype, so that these rows show each finding
        once.

    Raises
    ------
    StudyError
        If there is no layer of kind expression, ``layer`` is unknown, or a number is out of range.

    Warns
    -----
    OmicsfuseWarning
        If no set has ``min_size`` genes in the layer (the table is then empty), a subtype or all
        others have fewer than 3 patients in the layer, or nearly all genes of a ranking have the
        same sign.

    References
    ----------
    Subramanian et al. 2005, PNAS 102:15545-15550; Smyth 2004, Stat Appl Genet Mol Biol 3:3
    (moderated t); Fang, Liu and Peltz 2023, Bioinformatics 39:btac757 (gseapy); Wu and Smyth 2012,
    Nucleic Acids Res 40:e133 (correlated genes); Phipson and Smyth 2010, Stat Appl Genet Mol Biol
    9:39 (p-values are never zero).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.biology import enrich
    >>> from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
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
    require_labelled(subtypes, prepared, Prepared)
    check_sizes(min_size, max_size, "enrich")
    n_permutations = whole_number(n_permutations, "enrich: n_permutations")
    random_state = seed(random_state, "enrich: random_state")
    name = expression_layer(prepared.layers, layer, "enrich")
    part = by_patient(prepared.layers[name], subtypes)
    sets = read_gene_sets(gene_sets)
    measured = measured_sets(sets, part.features)
    tested = usable_sets(measured, len(part.features), min_size, max_size)
    if not tested:
        warn_none("enrich", f"layer {name}", sets, set(part.features), measured, min_size, max_size)
        return EMPTY_ENRICHMENT.copy()
    rankings = rank_genes(part, subtypes.names, name, "enrich")
    members = {
        subtype: usable_sets(measured_sets(tested, ranking.index), len(ranking), min_size, max_size)
        for subtype, ranking in rankings.items()
    }
    return against_random_sets(rankings, members, tested, n_permutations, random_state, "subtype")


def by_patient(layer: PreparedLayer, subtypes: Subtypes) -> Labelled:
    """Labelled patients of a layer by name, so that sums have the same bits in any order."""
    values = layer.values.sort_index(kind="stable")  # noqa: PD011 - a field of ours
    return labelled(replace(layer, values=values), subtypes)


def enrichment_exclusions(
    subtypes: Subtypes, prepared: Prepared, layer: str | None = None
) -> tuple[Exclusion, ...]:
    """Count the patients that have a subtype but not the layer of the enrichment."""
    name = expression_layer(prepared.layers, layer, "enrich")
    return without_layer(subtypes.labels, prepared.layers[name], name, "enrich")
