"""Immune and stromal context: scores of patients, what they rest on, how subtypes differ."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from omicsfuse.biology.gene_sets import read_gene_sets
from omicsfuse.biology.marker_scores import (
    MINIMUM_GENES,
    MINIMUM_SHARE,
    PANEL,
    method_of,
    score_sets,
)
from omicsfuse.biology.score_comparison import compare_scores
from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.checks.gene_dates import looks_like_date
from omicsfuse.core.checks.tables import did_you_mean, listed
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.labelled import Z_LIMIT, expression_layer, require_subtypes, tell_strangers
from omicsfuse.core.layers import Exclusion
from omicsfuse.core.results import ImmuneContext, Prepared, PreparedLayer, Subtypes

#: Marker sets by name of the collection: a GMT file, several of them, or sets in memory.
MarkerSets: TypeAlias = Mapping[str, str | Path | Mapping[str, Sequence[str]]]

COVERAGE_COLUMNS = ["score", "collection", "method", "size", "found", "used", "note"]

#: Collection of the one score that needs no file.
CYTOLYTIC = "cytolytic activity"
CYTOLYTIC_GENES = ("GZMA", "PRF1")
#: Added to both genes, as by their authors.
CYTOLYTIC_OFFSET = 0.01

#: Scales whose log2 values are log2(x + 1) of what was given.
_LINEAR = ("counts", "normalised_counts", "tpm", "fpkm")


class _Scored(NamedTuple):
    """Scores of one collection and what they rest on."""

    scores: pd.DataFrame
    coverage: list[dict[str, Any]]


def immune_scores(
    prepared: Prepared | PreparedLayer,
    marker_sets: MarkerSets,
    *,
    layer: str | None = None,
    methods: Mapping[str, str] | None = None,
    subtypes: Subtypes | None = None,
    min_genes: int | None = None,
) -> ImmuneContext:
    """Score the immune and stromal cells of each patient from sets of marker genes.

    Known collections are scored by their authors' method: MCP-counter and Danaher by the mean of
    log2 markers, Bindea and xCell by single-sample enrichment (ssGSEA), ConsensusTME by ssGSEA
    divided by the range of all its scores. Other collections are scored by ssGSEA, or by
    ``methods``. Cytolytic activity, the geometric mean of GZMA and PRF1, is added if both genes are
    measured. Scores of one column are comparable between patients. Scores of two columns are not
    comparable, and no score is a fraction of cells.

    Parameters
    ----------
    prepared : Prepared or PreparedLayer
        Layers, or the layer of expression itself; ``PreparedLayer.values`` is scored.
    marker_sets : mapping of str to path or mapping
        By name of the collection, a GMT file or sets in memory. ``mcp_counter``, ``xcell``,
        ``consensus_tme``, ``danaher`` and ``bindea`` are known, in any spelling.
    layer : str, optional
        Layer whose features are genes; by default the first of kind ``expression``.
    methods : mapping of str to str, optional
        ``"mean_log"``, ``"ssgsea"``, ``"ssgsea_normalised"`` or ``"gsva"`` by collection.
    subtypes : Subtypes, optional
        Subtypes to compare the scores between. The family of a false discovery rate is all scores
        and comparisons of one collection.
    min_genes : int, optional
        Fewest measured markers of a score; smaller sets need all of theirs. By default 2 for means
        and 5 for enrichment. A tenth of the markers is needed in any case.

    Returns
    -------
    ImmuneContext
        ``coverage`` lists every score, with a note if it was not computed (``used`` is 0);
        ``params["remarks"]`` has the method of each collection.

    Raises
    ------
    StudyError
        If there is no layer of expression, a file cannot be read, or a method is unknown.

    Warns
    -----
    OmicsfuseWarning
        If no gene of a collection is measured; the message states if the names differ only in case.

    References
    ----------
    Becht et al. 2016, Genome Biol 17:218 (MCP-counter); Danaher et al. 2017, J Immunother Cancer
    5:18; Bindea et al. 2013, Immunity 39:782-795; Senbabaoglu et al. 2016, Genome Biol 17:231
    (Bindea's sets by ssGSEA); Aran, Hu and Butte 2017, Genome Biol 18:220 (xCell);
    Jimenez-Sanchez, Cast and Miller 2019, Cancer Res 79:6238-6246 (ConsensusTME); Rooney et al.
    2015, Cell 160:48-61 (cytolytic activity); Barbie et al. 2009, Nature 462:108-112 (ssGSEA).

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology.immune import immune_scores
    >>> from omicsfuse.core.results import Prepared, PreparedLayer
    >>> table = pd.DataFrame({"CD3D": [1.0, 3.0], "CD3E": [2.0, 6.0]}, ["P1", "P2"])
    >>> ready = Prepared("toy", {"rna": PreparedLayer("expression", table, table, "log2", None)})
    >>> found = immune_scores(ready, {"mcp_counter": {"T cells": ["CD3D", "CD3E", "CD5"]}})
    >>> found.scores["mcp_counter: T cells"].tolist()
    [1.5, 4.5]
    >>> found.coverage[["score", "size", "used"]].values.tolist()
    [['mcp_counter: T cells', 3, 2], ['cytolytic activity: GZMA and PRF1', 2, 0]]
    """
    require(prepared, (Prepared, PreparedLayer), "prepared", "from of.preprocess")
    require(marker_sets, Mapping, "marker_sets", "GMT files by name of the collection")
    if min_genes is not None:
        min_genes = whole_number(min_genes, "immune_scores: min_genes")
    _check_names(marker_sets, methods or {})
    if isinstance(prepared, Prepared):
        name = expression_layer(prepared.layers, layer, "immune_scores")
        expression = prepared.layers[name]
    else:
        name, expression = layer or "expression", prepared

    used_methods: dict[str, str] = {}
    remarks: dict[str, str] = {}
    parts = []
    for collection in sorted(marker_sets):
        used_methods[collection], remarks[collection] = method_of(collection, methods)
        sets = read_gene_sets(marker_sets[collection])
        parts.append(_collection(collection, sets, expression, used_methods[collection], min_genes))
        _warn_if_unmeasured(collection, sets, expression)
    parts.append(_cytolytic(expression))
    scores = pd.concat([part.scores for part in parts], axis=1)
    coverage = pd.DataFrame(
        [row for part in parts for row in part.coverage], columns=COVERAGE_COLUMNS
    )
    tests = pd.DataFrame()
    exclusions = list(_not_computed(coverage, name))
    if subtypes is not None:
        require_subtypes(subtypes)
        if isinstance(prepared, Prepared):
            tell_strangers(subtypes, prepared)
        family = dict(zip(coverage["score"], coverage["collection"], strict=True))
        tests = compare_scores(subtypes, scores, family=family)
    params = {
        "layer": name,
        "scale": expression.scale,
        "n_genes": int(expression.values.shape[1]),  # noqa: PD011
        "methods": used_methods,
        "remarks": remarks,
        "min_genes": min_genes,
        "min_share": MINIMUM_SHARE,
    }
    return ImmuneContext(scores, coverage, tests, params=params, exclusions=tuple(exclusions))


def _check_names(marker_sets: MarkerSets, methods: Mapping[str, str]) -> None:
    """Refuse methods for collections that are not there, and a name that is taken."""
    for name in methods:
        if name not in marker_sets:
            raise StudyError(
                f"immune_scores: methods names the collection {name!r}, which is not a "
                f"collection of marker sets; {did_you_mean(name, marker_sets)}."
            )
    if CYTOLYTIC in marker_sets:
        raise StudyError(
            f"immune_scores: {CYTOLYTIC!r} is reserved for the score of GZMA and PRF1; rename "
            "the collection."
        )


def _collection(
    collection: str,
    sets: Mapping[str, Sequence[str]],
    layer: PreparedLayer,
    method: str,
    min_genes: int | None,
) -> _Scored:
    """Score one collection, and say what each of its scores rests on."""
    genes = {str(gene) for gene in layer.values.columns}  # noqa: PD011
    fewest = MINIMUM_GENES[method] if min_genes is None else min_genes
    rows, usable = [], {}
    for cell in sorted(sets):
        members = list(dict.fromkeys(sets[cell]))
        measured = [gene for gene in members if gene in genes]
        needed = max(min(fewest, len(members)), int(np.ceil(MINIMUM_SHARE * len(members))), 1)
        enough = len(measured) >= needed
        if method != "mean_log" and len(measured) >= len(genes):
            enough = False  # nothing is left to compare the set with
        if enough:
            usable[f"{collection}: {cell}"] = measured
            notes = _doubts(layer, method, len(measured), len(members), len(genes))
        elif not measured:
            notes = ["not computed: none of its genes is measured"]
        else:
            notes = [
                f"not computed: {len(measured)} of {len(members)} genes measured, {needed} needed"
            ]
        dated = [gene for gene in members if looks_like_date(gene)]
        if dated:
            notes.append(f"the gene-set file has a date in place of a gene ({', '.join(dated)})")
        rows.append(
            {
                "score": f"{collection}: {cell}",
                "collection": collection,
                "method": method,
                "size": len(members),
                "found": len(measured),
                "used": len(measured) if enough else 0,
                "note": "; ".join(notes),
            }
        )
    return _Scored(score_sets(layer, usable, method), rows)


def _doubts(layer: PreparedLayer, method: str, there: int, size: int, n_genes: int) -> list[str]:
    """What stands between a score and what its authors mean by it."""
    notes = []
    if 2 * there < size:
        notes.append("fewer than half of its genes are measured")
    elif there == 1:
        notes.append("one gene")
    if layer.scale == "zscore":
        notes.append(
            "mean of z-scores, not of log2 values: all markers have equal weight, unlike the "
            "authors' definition"
            if method == "mean_log"
            else "genes ranked by their z-scores"
        )
    if method != "mean_log" and n_genes < PANEL:
        notes.append(f"ranked among {n_genes:,} genes (a panel, not a transcriptome)")
    return notes


def _warn_if_unmeasured(
    collection: str, sets: Mapping[str, Sequence[str]], layer: PreparedLayer
) -> None:
    """Say when no gene of a collection is measured, and whether it is a matter of case."""
    genes = [str(gene) for gene in layer.values.columns]  # noqa: PD011
    wanted = {gene for members in sets.values() for gene in members}
    if not wanted or wanted.intersection(genes):
        return
    folded = {gene.upper(): gene for gene in reversed(genes)}
    alike = [(gene, folded[gene.upper()]) for gene in sorted(wanted) if gene.upper() in folded]
    why = (
        f"{len(alike)} differ only in case ({alike[0][0]} in the sets, {alike[0][1]} in the "
        "layer): use the same spelling in both (lower case usually means mouse genes)"
        if alike
        else f"the sets have genes such as {listed(sorted(wanted), 3)} and the layer "
        f"{listed(sorted(genes), 3)}: use the same kind of names in both"
    )
    warnings.warn(
        f"immune_scores: none of the {len(wanted)} genes of {collection!r} is measured; {why}.",
        OmicsfuseWarning,
        stacklevel=3,
    )


def _cytolytic(layer: PreparedLayer) -> _Scored:
    """Geometric mean of GZMA and PRF1 (Rooney et al. 2015, Cell 160:48-61)."""
    table = layer.values  # noqa: PD011 - a field of ours, not the pandas attribute
    name = f"{CYTOLYTIC}: {' and '.join(CYTOLYTIC_GENES)}"
    measured = [gene for gene in CYTOLYTIC_GENES if gene in table.columns]
    row: dict[str, Any] = {
        "score": name,
        "collection": CYTOLYTIC,
        "method": "geometric mean",
        "size": 2,
        "found": len(measured),
        "used": len(measured) if len(measured) == 2 else 0,
    }
    if len(measured) < 2:
        absent = " and ".join(gene for gene in CYTOLYTIC_GENES if gene not in measured)
        row["note"] = f"not computed: {absent} not measured"
        return _Scored(pd.DataFrame(index=table.index), [row])
    values = table[list(CYTOLYTIC_GENES)].to_numpy(dtype=float)
    given = getattr(layer.transformer, "scale", "")
    if layer.scale == "zscore":
        scores = np.clip(values, -Z_LIMIT, Z_LIMIT).mean(axis=1)
        note = "mean of z-scores, unlike the authors' definition"
    elif given in _LINEAR:
        # A value below zero can only be rounding: log2(x + 1) has none.
        linear = np.maximum(np.exp2(values) - 1, 0) + CYTOLYTIC_OFFSET
        scores = np.sqrt(linear[:, 0] * linear[:, 1])
        unit = {"tpm": "TPM", "fpkm": "FPKM", "counts": "counts per million"}.get(
            given, "normalised counts"
        )
        note = f"of {unit} + {CYTOLYTIC_OFFSET} (Rooney et al. 2015, Cell 160:48, from TPM)"
    else:
        scores = np.exp2(values.mean(axis=1))
        note = (
            "2 to the power of the mean log2 value; the offset before the logarithm is "
            "unknown (Rooney et al. 2015, Cell 160:48: TPM + 0.01)"
        )
    return _Scored(pd.DataFrame({name: scores}, index=table.index), [{**row, "note": note}])


def _not_computed(coverage: pd.DataFrame, layer: str) -> list[Exclusion]:
    """Count the scores that have too few measured genes, by collection."""
    exclusions = []
    for collection, rows in coverage[coverage["used"] == 0].groupby("collection", sort=True):
        reason = f"scores of {collection} with too few measured genes"
        examples = tuple(str(score) for score in rows["score"].head(5))
        exclusions.append(Exclusion("immune", layer, "scores", len(rows), reason, examples))
    return exclusions
