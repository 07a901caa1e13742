"""Scores of gene sets in each patient: ssGSEA, GSVA, combined z-score."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.biology.gene_sets import GeneSets, measured_sets, read_gene_sets
from omicsfuse.biology.ranked_enrichment import check_sizes, usable_sets, warn_none
from omicsfuse.core.checks.arguments import require
from omicsfuse.core.errors import StudyError
from omicsfuse.core.labelled import Z_LIMIT, expression_layer
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.stats.gseapy_engine import gsva
from omicsfuse.stats.moments import moments
from omicsfuse.stats.single_sample.ssgsea import SingleSampleEnrichment

#: Ways to score a set in a patient.
METHODS = ("ssgsea", "gsva", "zscore")


class _Part(NamedTuple):
    """Table that is scored, genes without any value, and those that were not complete."""

    table: pd.DataFrame
    unusable: list[str]
    incomplete: list[str]


def gene_set_scores(
    prepared: Prepared,
    gene_sets: GeneSets,
    *,
    method: str = "ssgsea",
    layer: str | None = None,
    min_size: int = 10,
    max_size: int = 500,
) -> pd.DataFrame:
    """Score gene sets in each patient.

    - ``"ssgsea"``: ranks genes within the patient and sums the running sum of the set over the
      ranking, divided by the number of genes. Without normalisation across patients, a score does
      not depend on the other patients.
    - ``"gsva"``: ranks each patient's genes by the patient's position among all patients (Gaussian
      kernel), and takes the difference of the largest deviations of the running sum to either side.
    - ``"zscore"``: sum of the genes' z-scores over the patients, divided by the square root of the
      number of genes: the combined z-score.

    Scores of one set are comparable between patients. Scores of different sets or methods are not
    comparable.

    Parameters
    ----------
    prepared : Prepared
        Layers; ``PreparedLayer.values`` is scored. Values of z-scored layers are limited to +-10.
    gene_sets : str, Path, mapping, or list of these
        GMT files or sets in memory.
    method : str
        ``"ssgsea"``, ``"gsva"`` or ``"zscore"``.
    layer : str, optional
        Layer whose features are genes; by default the first of kind ``expression``.
    min_size, max_size : int
        Smallest and largest number of a set's genes in the layer; ``min_size`` is at least 2.

    Returns
    -------
    pandas.DataFrame
        Patients (sorted) x sets (sorted by name, those that could be scored). Missing values:
        ``"ssgsea"`` and ``"zscore"`` use the genes that a patient has, and give NaN if fewer than
        ``min_size`` genes of the set, or no other genes, remain; ``"gsva"`` excludes genes that are
        missing in any patient.

    Raises
    ------
    StudyError
        If the method or the layer is unknown, there is no layer of kind expression, a setting is
        out of range, or fewer than 3 patients have the layer (GSVA and z-scores).

    Warns
    -----
    OmicsfuseWarning
        If no set has ``min_size`` genes in the layer; the table then has no columns.

    References
    ----------
    Barbie et al. 2009, Nature 462:108-112 (ssGSEA); Haenzelmann, Castelo and Guinney 2013, BMC
    Bioinformatics 14:7 (GSVA); Lee et al. 2008, PLoS Comput Biol 4:e1000217 (combined z-score).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.biology import gene_set_scores
    >>> from omicsfuse.core.results import Prepared, PreparedLayer
    >>> values = np.random.default_rng(0).standard_normal((8, 40))
    >>> values[:4, :10] += 3
    >>> table = pd.DataFrame(values, [f"P{i}" for i in range(8)], [f"G{i}" for i in range(40)])
    >>> ready = Prepared("toy", {"rna": PreparedLayer("expression", table, table, "log2", None)})
    >>> scores = gene_set_scores(ready, {"raised": [f"G{i}" for i in range(10)]}, method="zscore")
    >>> bool(scores["raised"].iloc[:4].min() > scores["raised"].iloc[4:].max())
    True
    """
    who = "gene_set_scores"
    require(prepared, Prepared, "prepared", "from of.preprocess")
    if method not in METHODS:
        raise StudyError(f"{who}: method is {method!r}; it must be one of {', '.join(METHODS)}.")
    check_sizes(min_size, max_size, who)
    name = expression_layer(prepared.layers, layer, who)
    part = _part(prepared.layers[name], method)
    if method != "ssgsea" and len(part.table) < 3:
        raise StudyError(
            f"{who}: {len(part.table)} patients have layer {name}; {method} compares patients with "
            "one another and needs at least 3. Use method='ssgsea'."
        )
    sets = read_gene_sets(gene_sets)
    genes = [str(gene) for gene in part.table.columns]
    measured = measured_sets(sets, genes)
    tested = usable_sets(measured, len(genes), min_size, max_size)
    if not tested:
        warn_none(who, f"layer {name}", sets, set(genes), measured, min_size, max_size)
        return pd.DataFrame(index=part.table.index)
    if method == "gsva":
        return gsva(part.table, tested)
    if method == "zscore":
        return _combined_z(part.table, tested, min_size)
    return _ssgsea(part.table, tested, min_size)


def gene_set_score_exclusions(
    prepared: Prepared,
    scores: pd.DataFrame,
    *,
    method: str = "ssgsea",
    layer: str | None = None,
) -> tuple[Exclusion, ...]:
    """Count what `gene_set_scores` left out: genes, and patients without a score."""
    name = expression_layer(prepared.layers, layer, "gene_set_scores")
    part = _part(prepared.layers[name], method)
    exclusions = []
    if part.unusable:
        why = "no value" if method == "ssgsea" else "constant, or fewer than two values"
        exclusions.append(_exclusion(name, "genes", part.unusable, why))
    if method == "gsva" and part.incomplete:
        exclusions.append(
            _exclusion(name, "genes", part.incomplete, "gsva needs genes measured in every patient")
        )
    without = [str(patient) for patient in scores.index[scores.isna().any(axis=1)]]
    if without:
        reason = "too many genes of a set are missing to score the patient"
        exclusions.append(_exclusion(name, "patients", without, reason))
    return tuple(exclusions)


def _exclusion(layer: str, counted: str, names: list[str], reason: str) -> Exclusion:
    return Exclusion("gene set scores", layer, counted, len(names), reason, tuple(names[:5]))


def _part(layer: PreparedLayer, method: str) -> _Part:
    """Patients and genes in order of their names, without what a method cannot use."""
    table = layer.values  # noqa: PD011 - a field of ours, not the pandas attribute
    table = table.set_axis([str(gene) for gene in table.columns], axis=1)
    table = table.sort_index(kind="stable").sort_index(axis=1, kind="stable").astype(float)
    if layer.scale == "zscore":
        table = table.clip(-Z_LIMIT, Z_LIMIT)
    spread = moments(table.to_numpy())
    # A gene that does not vary has no z-score; its rank within a patient means something.
    unusable = spread.n == 0 if method == "ssgsea" else ~(spread.variance > 0)
    incomplete = (spread.n < len(table)) & ~unusable
    genes = np.array(table.columns, dtype=object)
    keep = ~unusable & ~incomplete if method == "gsva" else ~unusable
    return _Part(table.loc[:, keep], list(genes[unusable]), list(genes[incomplete]))


def _ssgsea(table: pd.DataFrame, sets: Mapping[str, list[str]], min_size: int) -> pd.DataFrame:
    """Single-sample enrichment, sets of one size at a time."""
    scorer = SingleSampleEnrichment(table)
    place = {gene: i for i, gene in enumerate(scorer.genes)}
    by_size: dict[int, list[str]] = {}
    for name, genes in sets.items():
        by_size.setdefault(len(genes), []).append(name)
    scores = pd.DataFrame(np.nan, table.index, pd.Index(list(sets), dtype=object))
    for size, names in by_size.items():
        members = np.array([sorted(place[gene] for gene in sets[name]) for name in names])
        enrichment = scorer.score_many(members, np.ones((size, 1)))[:, :, 0]
        scores[names] = enrichment.T
    return scores.where(_enough(table, sets, min_size))


def _combined_z(table: pd.DataFrame, sets: Mapping[str, list[str]], min_size: int) -> pd.DataFrame:
    """Sum of the z-scores of the genes that a patient has, over the square root of their number."""
    values = table.to_numpy()
    spread = moments(values)
    z = (values - spread.mean) / spread.sd
    place = {gene: i for i, gene in enumerate(table.columns)}
    columns = {}
    for name, genes in sets.items():
        # Sorted, so that sums have the same bits in any order.
        of_set = np.sort(z[:, [place[gene] for gene in genes]], axis=1)
        n = np.isfinite(of_set).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            columns[name] = np.where(np.isfinite(of_set), of_set, 0.0).sum(axis=1) / np.sqrt(n)
    scores = pd.DataFrame(columns, index=table.index)
    scores.columns = pd.Index(list(sets), dtype=object)
    return scores.where(_enough(table, sets, min_size))


def _enough(table: pd.DataFrame, sets: Mapping[str, list[str]], min_size: int) -> np.ndarray:
    """Whether a patient has enough genes of each set, and others beside them."""
    observed = table.notna().to_numpy()
    if observed.all():
        return np.ones((len(table), len(sets)), dtype=bool)
    place = {gene: i for i, gene in enumerate(table.columns)}
    total = observed.sum(axis=1)
    columns = []
    for genes in sets.values():
        measured = observed[:, [place[gene] for gene in genes]].sum(axis=1)
        columns.append((measured >= min_size) & (measured < total))
    return np.column_stack(columns)
