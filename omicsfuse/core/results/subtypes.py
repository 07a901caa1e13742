"""Subtypes, and the evidence for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

#: What the tests say: groups; layers that vary together without groups; nothing in common.
VERDICTS = (
    "subtypes supported",
    "layers share a continuum, not groups",
    "layers share nothing detectable",
)

#: Key in ``Subtypes.params``: the endpoint with which features or k were chosen, where one was.
CHOSEN_WITH = "chosen_with_outcome"

#: The verdict where no test was made.
NOT_TESTED = "not tested"


@dataclass(frozen=True, eq=False)
class Subtypes:
    """Integrated subtypes of patients and the evidence for them.

    Attributes
    ----------
    labels : pandas.Series
        Patient -> ``"S1"`` to ``"Sk"``, ordered by size (ties by first patient).
    evidence : mapping of str to pandas.DataFrame
        ``"n_clusters"``: index k, columns ``eigengap``, ``silhouette``, ``chosen`` and more;
        ``"patients"``: index patient, columns ``silhouette``, ``confidence``, ``n_layers``;
        ``"subtypes"``: index subtype, columns ``n``, ``silhouette``.
    params : mapping of str to object
        Settings as used, and how k was chosen.
    """

    labels: pd.Series
    evidence: Mapping[str, pd.DataFrame]
    params: Mapping[str, Any]

    @property
    def names(self) -> list[str]:
        """Names of the subtypes, largest first."""
        return [f"S{i + 1}" for i in range(self.labels.nunique())]


@dataclass(frozen=True, eq=False)
class Assessment:
    """What the subtypes rest on, and whether there are any.

    Attributes
    ----------
    stability : pandas.DataFrame
        Index subtype; columns ``n``, ``jaccard_mean``, ``jaccard_sd``, ``dissolved``,
        ``n_resamples``.
    layers : pandas.DataFrame
        Index layer; agreement, ablation and permutation columns.
    params : mapping of str to object
        Settings as used.
    p_shared : float
        P-value of the test of shared structure: patients permuted within layers. NaN where it was
        not made, or with one layer.
    p_structure : float
        P-value of the test of groups against a continuum with the same shared variation. NaN where
        it was not made.
    verdict : str
        One of ``VERDICTS``, or ``"not tested"``.
    tests : pandas.DataFrame
        Columns ``test`` (``"shared"``, ``"structure"``), ``k``, ``statistic``, ``observed``,
        ``null_mean``, ``null_sd``, ``excess`` (standard deviations above the null), ``n_draws``.
    n_clusters : pandas.DataFrame
        Index k: every criterion for the number of subtypes, and ``chosen``.
    patients : pandas.DataFrame
        Index patient; columns ``subtype``, ``silhouette``, ``confidence``, ``co_clustering`` (mean
        share of resamples together with the other members of its subtype) and ``membership``
        (``"core"`` or ``"borderline"``).
    consensus : pandas.DataFrame
        Patients x patients: share of the resamples with both in which they were in one group; of
        large cohorts, of the patients that were drawn.
    consensus_cdf : pandas.DataFrame
        Columns ``k``, ``consensus``, ``cdf``: the distribution of consensus values.
    subtype_layers : pandas.DataFrame
        Columns ``subtype``, ``layer``, ``within``, ``between``, ``ratio``: mean affinity in the
        layer's own network among members, and to other patients.
    feature_groups : pandas.DataFrame
        Columns as ``layers``, for groups of features of a layer; index (layer, group).
    sensitivity : pandas.DataFrame
        Columns ``setting``, ``value``, ``agreement`` (adjusted Rand index with the subtypes),
        ``n_clusters``, ``agreement_auto``, ``note``.
    """

    stability: pd.DataFrame
    layers: pd.DataFrame
    params: Mapping[str, Any]
    p_shared: float = float("nan")
    p_structure: float = float("nan")
    verdict: str = NOT_TESTED
    tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    n_clusters: pd.DataFrame = field(default_factory=pd.DataFrame)
    patients: pd.DataFrame = field(default_factory=pd.DataFrame)
    consensus: pd.DataFrame = field(default_factory=pd.DataFrame)
    consensus_cdf: pd.DataFrame = field(default_factory=pd.DataFrame)
    subtype_layers: pd.DataFrame = field(default_factory=pd.DataFrame)
    feature_groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    sensitivity: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def supported(self) -> bool:
        """Whether the tests find groups, and the patients were cut into more than one."""
        return self.verdict == VERDICTS[0] and len(self.stability) != 1
