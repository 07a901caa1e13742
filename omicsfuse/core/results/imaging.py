"""What the images go with: radiogenomic maps, the heterogeneity index, interpreted models."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from omicsfuse.core.layers import Exclusion
from omicsfuse.core.shown import Shown

#: Columns of associations between a radiomic feature and a gene, gene set, mutation or score.
ASSOCIATION_COLUMNS = [
    "feature",
    "layer",
    "target",
    "n",
    "correlation",
    "correlation_ci_low",
    "correlation_ci_high",
    "p",
    "fdr",
    "adjusted_n",
    "adjusted_correlation",
    "adjusted_ci_low",
    "adjusted_ci_high",
    "adjusted_p",
    "adjusted_fdr",
    "vanishes",
]


@dataclass(frozen=True, eq=False, repr=False)
class RadiogenomicMap(Shown):
    """Associations of radiomic features with genes, gene sets, mutations and immune scores.

    Attributes
    ----------
    clusters : pandas.DataFrame
        Columns ``feature``, ``cluster`` (``"R1"``, the largest, and so on), ``size`` (of the
        cluster), ``representative`` (bool), ``correlation_with_representative``,
        ``correlation_with_volume``.
    associations : pandas.DataFrame
        ``ASSOCIATION_COLUMNS``: every found association, and the strongest of each family.
        Spearman; ``adjusted_*`` are partial correlations given the covariates and tumour volume, if
        known; ``vanishes`` is True if a found association has an adjusted p above 0.05.
    families : pandas.DataFrame
        One row a target layer, a family of tests: columns ``layer``, ``n`` (patients),
        ``features``, ``targets``, ``tests``, ``found`` (FDR at most 0.05), ``smallest_p``,
        ``smallest_fdr``, ``adjusted_found``, ``kept`` (found, and found adjusted), ``note``.
    correlations, adjusted : mapping of str to pandas.DataFrame
        By target layer: representatives x targets, float32.
    modules : pandas.DataFrame
        Radiomic modules against co-expression modules: columns ``cluster``, ``module``, ``n``,
        ``features``, ``genes``, ``correlation`` (first canonical correlation in held-out
        patients), ``correlation_in_sample``, ``null_mean``, ``p``, ``fdr``; ``adjusted_...`` given
        tumour volume, ``vanishes``.
    radiomic_modules : pandas.DataFrame
        The radiomic side of ``modules``: wider clusters (``"I1"``, the largest, and so on) with
        columns as ``clusters``.
    gene_modules : pandas.DataFrame
        Columns ``gene``, ``module``, ``membership``; empty where no modules were made.
    params : mapping of str to object
        Settings as used.
    exclusions : tuple of Exclusion
        What was left out.
    quantiles : pandas.DataFrame
        Some of the ordered p-values of each family, evenly spaced in logarithm: columns ``place``
        (from 1, the smallest p), ``tests``, ``p``, ``layer``, ``adjusted`` (bool).
    """

    clusters: pd.DataFrame
    associations: pd.DataFrame
    families: pd.DataFrame
    correlations: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    adjusted: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    modules: pd.DataFrame = field(default_factory=pd.DataFrame)
    gene_modules: pd.DataFrame = field(default_factory=pd.DataFrame)
    radiomic_modules: pd.DataFrame = field(default_factory=pd.DataFrame)
    params: Mapping[str, Any] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()
    quantiles: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, eq=False, repr=False)
class HeterogeneityIndex(Shown):
    """Imaging heterogeneity of each patient, from fused first-order and texture features.

    Attributes
    ----------
    patients : pandas.DataFrame
        Index patient; columns ``index``, ``group`` (``"H1"``, least heterogeneous, and so on) and,
        where mutations came with read counts, ``math`` (mutant-allele tumour heterogeneity).
    groups : pandas.DataFrame
        Index group: columns ``n``, ``index_mean`` and the disorder that orders the groups.
    features : pandas.DataFrame
        Columns ``feature``, ``block`` (``"first-order"`` or ``"texture"``), ``correlation`` with
        the index.
    tests : pandas.DataFrame
        Associations of the index: columns ``variable``, ``kind``, ``n``, ``events``, ``effect``,
        ``effect_ci_low``, ``effect_ci_high``, ``effect_name``, ``adjusted_for``, ``p``, ``fdr``,
        ``note``; then, not in the files, ``covariates`` (of a Cox model, without strata) and ``of``
        (``"subtypes"``, ``"math"``, or empty).
    params : mapping of str to object
        Settings as used.
    exclusions : tuple of Exclusion
        What was left out.
    """

    patients: pd.DataFrame
    groups: pd.DataFrame
    features: pd.DataFrame
    tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    params: Mapping[str, Any] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Interpretation(Shown):
    """Biological associations of the score or class that an imaging model gives each patient.

    Attributes
    ----------
    name : str
        Name of the model's column.
    scores : pandas.Series
        Patient -> score (float), or class (text).
    kind : str
        ``"score"`` or ``"class"``.
    associations : pandas.DataFrame
        Columns ``layer``, ``kind`` (gene, mutation, gene set, immune score, subtype ...),
        ``feature``, ``n``, ``effect``, ``effect_ci_low``, ``effect_ci_high``, ``effect_name``,
        ``test``, ``p``, ``fdr``, then the same adjusted: ``adjusted_for``, ``adjusted_effect``,
        ``adjusted_ci_low``, ``adjusted_ci_high``, ``adjusted_p``, ``adjusted_fdr``, ``vanishes``,
        and ``stability`` (share of resamples in which it is among the strongest).
    families : pandas.DataFrame
        One row a family of tests: ``layer``, ``kind``, ``n``, ``tests``, ``found``,
        ``smallest_fdr``, ``adjusted_found``, ``kept``, ``note``.
    enrichment : pandas.DataFrame
        Gene sets on the ranking of genes: columns as in ``enrichment.tsv``, with ``score`` (which
        score or class) in place of ``subtype``, and ``stability``; then, not in the files,
        ``contrast`` (name of the score or class), ``adjusted`` (whether for covariates) and
        ``leading_genes``.
    stability : pandas.DataFrame
        Columns ``layer``, ``n_resamples``, ``rank_correlation`` (of the ranking of features with
        that of all patients, median over resamples), ``low``, ``high``.
    params : mapping of str to object
        Settings as used, and the covariates.
    exclusions : tuple of Exclusion
        What was left out.
    """

    name: str
    scores: pd.Series
    kind: str
    associations: pd.DataFrame
    families: pd.DataFrame
    enrichment: pd.DataFrame = field(default_factory=pd.DataFrame)
    stability: pd.DataFrame = field(default_factory=pd.DataFrame)
    params: Mapping[str, Any] = field(default_factory=dict)
    exclusions: tuple[Exclusion, ...] = ()
