"""Genes whose expression and methylation move against each other in a subtype."""

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import listed
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.kinds import layers_that
from omicsfuse.core.labelled import expression_layer, labelled, require_labelled
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.stats.arrays import Array, Counts
from omicsfuse.stats.correlations import t_p_value
from omicsfuse.stats.least_squares import slopes
from omicsfuse.stats.levels import FDR, MINIMUM_GROUP
from omicsfuse.stats.multiple_testing import benjamini_hochberg

COLUMNS = [
    "subtype",
    "gene",
    "expression_effect",
    "expression_effect_ci_low",
    "expression_effect_ci_high",
    "methylation_effect",
    "methylation_effect_ci_low",
    "methylation_effect_ci_high",
    "p_expression",
    "p_methylation",
    "p",
    "fdr",
    "correlation",
    "correlation_p",
    "correlation_fdr",
    "n_expression",
    "n_methylation",
    "n_both",
]


class _Tested(NamedTuple):
    """One subtype against the rest, gene by gene."""

    effect: Array
    low: Array
    high: Array
    p: Array
    n: Counts

    def of(self, places: np.ndarray) -> "_Tested":
        """Those at these places."""
        estimates = (self.effect[places], self.low[places], self.high[places], self.p[places])
        return _Tested(*estimates, self.n[places])


class _Table(NamedTuple):
    """Labelled patients x features of a layer, in one order whatever that of the input."""

    matrix: Array
    subtype: np.ndarray
    patients: pd.Index
    features: pd.Index


def expression_methylation_pairs(
    subtypes: Subtypes,
    prepared: Prepared,
    *,
    expression: str | None = None,
    methylation: str | None = None,
    fdr: float = FDR,
) -> pd.DataFrame:
    """Find genes with opposite differences in expression and methylation in a subtype.

    Each subtype is compared with all other patients by moderated t, in each layer over its own
    patients. The p-value of a pair is the larger of the two (intersection-union test), and 1 if
    both differences have the same direction. Spearman's correlation within subtypes, over the
    patients with both layers, is a separate test; the difference between subtypes does not
    contribute to it.

    Parameters
    ----------
    subtypes : Subtypes
        Labels.
    prepared : Prepared
        Layers; ``PreparedLayer.values`` is tested, z-scores limited to +-10.
    expression, methylation : str, optional
        Names of the layers; by default the first of either kind. Features of both must be genes;
        ``annotation`` in the manifest averages probes to genes.
    fdr : float
        Threshold of the false discovery rate of a pair; the correlations of significant genes are
        one family of tests.

    Returns
    -------
    pandas.DataFrame
        Every gene of both layers in every subtype, sorted by subtype, p and gene: ``COLUMNS``.
        Effects are differences of means (log2 or z-scores; M-values) with 95% intervals. ``fdr`` is
        Benjamini-Hochberg over all genes and subtypes. ``correlation`` is over all patients with
        both layers, the same in every subtype; ``correlation_fdr`` is over the genes that are
        significant in some subtype. NaN if a group has fewer than 3 patients.

    Raises
    ------
    StudyError
        If a layer of either kind is absent, or ``fdr`` is not between 0 and 1.

    Warns
    -----
    OmicsfuseWarning
        If fewer than two genes are in both layers, or there are fewer than two subtypes; the table
        is then empty.

    References
    ----------
    Smyth 2004, Stat Appl Genet Mol Biol 3:3 (moderated t); Berger 1982, Technometrics 24:295-300
    (intersection-union tests).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.biology.methylation_pairs import expression_methylation_pairs
    >>> from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
    >>> rng = np.random.default_rng(0)
    >>> patients, genes = [f"P{i:02d}" for i in range(40)], [f"G{i}" for i in range(50)]
    >>> rna, methyl = rng.standard_normal((40, 50)), rng.standard_normal((40, 50))
    >>> rna[:20, 0] += 2
    >>> methyl[:20, 0] -= 2
    >>> layers = {}
    >>> for kind, values in (("expression", rna), ("methylation", methyl)):
    ...     table = pd.DataFrame(values, patients, genes)
    ...     layers[kind] = PreparedLayer(kind, table, table, "log2", None)
    >>> labels = pd.Series(["S1"] * 20 + ["S2"] * 20, patients)
    >>> pairs = expression_methylation_pairs(Subtypes(labels, {}, {}), Prepared("toy", layers))
    >>> pairs.loc[pairs["fdr"] < 0.05, ["subtype", "gene"]].values.tolist()
    [['S1', 'G0'], ['S2', 'G0']]
    """
    require_labelled(subtypes, prepared, Prepared)
    if not 0 < fdr <= 1:
        raise StudyError(f"fdr is {fdr!r}; it must be above 0 and at most 1.")
    first_name = expression_layer(prepared.layers, expression, "expression_methylation_pairs")
    second_name = methylation_layer(prepared.layers, methylation)
    first = _table(prepared.layers[first_name], subtypes)
    second = _table(prepared.layers[second_name], subtypes)
    genes = first.features.intersection(second.features, sort=False)
    genes = pd.Index(sorted(genes), dtype=object)
    if len(genes) < 2 or len(subtypes.names) < 2:
        _warn_nothing(genes, first, second, first_name, second_name, len(subtypes.names))
        return empty_pairs()
    in_first, in_second = first.features.get_indexer(genes), second.features.get_indexer(genes)
    correlation, correlation_p, n_both = _within_subtypes(first, second, in_first, in_second)
    parts = []
    for name in subtypes.names:
        rna = _against_rest(first, name).of(in_first)
        dna = _against_rest(second, name).of(in_second)
        opposite = np.sign(rna.effect) * np.sign(dna.effect) < 0
        p = np.where(opposite, np.maximum(rna.p, dna.p), 1.0)
        p = np.where(np.isnan(rna.p) | np.isnan(dna.p), np.nan, p)
        columns = [name, genes, *rna[:3], *dna[:3], rna.p, dna.p, p, np.nan]
        columns += [correlation, correlation_p, np.nan, rna.n, dna.n, n_both]
        part = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
        parts.append(part.sort_values(["p", "gene"], kind="stable"))
    table = pd.concat(parts, ignore_index=True)
    table["fdr"] = benjamini_hochberg(table["p"].to_numpy())
    significant = table.loc[table["fdr"] <= fdr].drop_duplicates("gene")
    adjusted = pd.Series(
        benjamini_hochberg(significant["correlation_p"].to_numpy()), significant["gene"]
    )
    table["correlation_fdr"] = table["gene"].map(adjusted).astype(float)
    return table


def methylation_layer(layers: Mapping[str, PreparedLayer], wanted: str | None) -> str:
    """Choose the layer of methylation: the one asked for, else the first of that kind."""
    described = ", ".join(f"{name} ({layer.kind})" for name, layer in layers.items()) or "none"
    of_kind = layers_that(layers, lambda kind: kind.methylome)
    if wanted is not None and wanted not in layers:
        raise StudyError(
            f"expression_methylation_pairs: there is no layer {wanted!r}; the layers are "
            f"{described}."
        )
    if wanted is None and not of_kind:
        raise StudyError(
            "expression_methylation_pairs: a layer of kind methylation is needed; the layers are "
            f"{described}."
        )
    return wanted if wanted is not None else of_kind[0]


def empty_pairs() -> pd.DataFrame:
    """Table of pairs without rows."""
    kinds: dict[str, Any] = {"subtype": object, "gene": object}
    kinds |= {name: "int64" for name in COLUMNS if name.startswith("n_")}
    return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "float64")) for name in COLUMNS})


def _table(layer: PreparedLayer, subtypes: Subtypes) -> _Table:
    part = labelled(layer, subtypes)
    table = layer.values  # noqa: PD011 - a field of ours, not the pandas attribute
    patients = table.index[table.index.isin(subtypes.labels.index)]
    rows, columns = np.argsort(patients, kind="stable"), np.argsort(part.features, kind="stable")
    features = pd.Index(np.array(part.features, dtype=object)[columns], dtype=object)
    return _Table(
        np.ascontiguousarray(part.matrix[np.ix_(rows, columns)]),
        part.subtype[rows],
        patients[rows],
        features,
    )


def _against_rest(table: _Table, name: str) -> _Tested:
    """Moderated t of one subtype against all other patients, every feature of the layer."""
    inside = table.subtype == name
    observed = ~np.isnan(table.matrix)
    n = observed.sum(axis=0)
    enough = np.minimum(observed[inside].sum(axis=0), observed[~inside].sum(axis=0))
    constant = np.ones((len(inside), 1))
    difference = slopes(table.matrix, constant, inside.astype(float), enough >= MINIMUM_GROUP)
    return _Tested(difference.effect, difference.low, difference.high, difference.p, n)


def _within_subtypes(
    first: _Table, second: _Table, in_first: np.ndarray, in_second: np.ndarray
) -> tuple[Array, Array, Counts]:
    """Spearman's correlation of each gene within subtypes: of ranks less their subtype's mean."""
    shared = first.patients.intersection(second.patients)
    rows = first.patients.get_indexer(shared)
    rna = first.matrix[np.ix_(rows, in_first)]
    dna = second.matrix[np.ix_(second.patients.get_indexer(shared), in_second)]
    subtype = first.subtype[rows]
    both = ~np.isnan(rna) & ~np.isnan(dna)
    ranks = [pd.DataFrame(np.where(both, x, np.nan)).rank().to_numpy() for x in (rna, dna)]
    n = both.sum(axis=0)
    groups = np.zeros(len(in_first))
    for name in np.unique(subtype):
        members = subtype == name
        count = both[members].sum(axis=0)
        groups += count > 0
        for rank in ranks:
            with np.errstate(invalid="ignore"):
                rank[members] -= np.nansum(rank[members], axis=0) / count
    a, b = (np.nan_to_num(rank) for rank in ranks)
    products = [np.einsum("np,np->p", x, y) for x, y in ((a, b), (a, a), (b, b))]
    df = n - groups - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        r = products[0] / np.sqrt(products[1] * products[2])
        r = np.where((df >= MINIMUM_GROUP) & (products[1] > 0) & (products[2] > 0), r, np.nan)
        r = np.clip(r, -1.0, 1.0)
    return r, t_p_value(r, df), n.astype(np.int64)


def _warn_nothing(
    genes: pd.Index,
    first: _Table,
    second: _Table,
    first_name: str,
    second_name: str,
    n_subtypes: int,
) -> None:
    """Say why there are no pairs."""
    if n_subtypes < 2:
        why = "there is one subtype and no comparison"
    else:
        why = (
            f"{len(genes)} features are in both {first_name!r} (e.g. {listed(first.features, 3)}) "
            f"and {second_name!r} (e.g. {listed(second.features, 3)}), and two are needed. "
            "If the latter are probes, bring them to genes: annotation = ... of the layer in a "
            "manifest, or the mean of a gene's probes in Python"
        )
    warnings.warn(
        f"expression_methylation_pairs: {why}; the table is empty.", OmicsfuseWarning, stacklevel=3
    )
