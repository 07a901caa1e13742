"""What the stages hand to one another: frozen dataclasses over pandas, patients always in rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from omicsfuse.cohort import Cohort, Loss
from omicsfuse.errors import StudyError

#: What the tests say: groups; layers that vary together without groups; nothing in common.
VERDICTS = (
    "subtypes supported",
    "layers share a continuum, not groups",
    "layers share nothing detectable",
)

#: The verdict where no test was made.
NOT_TESTED = "not tested"

#: Columns of the tables that several endpoints share, in order.
SURVIVAL_COLUMNS = [
    "endpoint",
    "comparison",
    "n",
    "events",
    "chi2",
    "p_asymptotic",
    "p_permutation",
    "p_ci_low",
    "p_ci_high",
    "fdr",
    "note",
]
COX_COLUMNS = [
    "endpoint",
    "model",
    "term",
    "n",
    "events",
    "hr",
    "hr_ci_low",
    "hr_ci_high",
    "p",
    "note",
]
VERIFICATION_COLUMNS = [
    "cohort",
    "endpoint",
    "comparison",
    "n",
    "events",
    "genes_found",
    "genes_total",
    "hr",
    "hr_ci_low",
    "hr_ci_high",
    "chi2",
    "test",
    "p",
    "fdr",
    "random_null_percentile",
    "same_study",
    "note",
]


@dataclass(frozen=True, eq=False)
class PreparedLayer:
    """One layer made ready, in the two forms the later stages need.

    Attributes
    ----------
    kind : str
        Kind of the layer, one of ``omicsfuse.cohort.KINDS``.
    scaled : pandas.DataFrame
        Patients x kept features: filtered, imputed, scaled; complete and finite. Distances between
        patients are computed on it.
    values : pandas.DataFrame
        Patients x all usable features on the scale of analysis (log2, M-value, 0/1, copy-number
        level, normal score); missing values stay NaN. Markers, enrichment and signatures use it.
    scale : str
        Name of the scale of ``values``: ``"log2"``, ``"zscore"``, ``"m_value"``, ``"binary"``,
        ``"gistic"``, ``"normal_score"`` or ``"raw"``.
    transformer : object
        The fitted scikit-learn transformer, to treat new patients the same way.
    """

    kind: str
    scaled: pd.DataFrame
    values: pd.DataFrame
    scale: str
    transformer: Any


@dataclass(frozen=True, eq=False)
class Prepared:
    """A cohort's layers made ready for fusion, and what was lost on the way.

    Attributes
    ----------
    name : str
        Name of the cohort.
    layers : mapping of str to PreparedLayer
        Layers by name, in the cohort's order.
    losses : tuple of Loss
        Everything left out by reading and by preprocessing.
    study : str
        Study that the cohort's patients come from; empty where it is not stated.
    """

    name: str
    layers: Mapping[str, PreparedLayer]
    losses: tuple[Loss, ...] = ()
    study: str = ""


@dataclass(frozen=True, eq=False)
class Fusion:
    """The fused network of patients.

    Attributes
    ----------
    affinity : pandas.DataFrame or scipy.sparse.csr_array
        Patients x patients, symmetric; the fused network. A table from the exact engines; from
        engine ``"sparse"`` a sparse array, rows and columns in the order of ``patients``.
    per_layer : mapping of str to pandas.DataFrame or scipy.sparse.csr_array
        Each layer's own affinity matrix before fusion, of the patients who have the layer, in the
        order of ``patients``.
    coverage : pandas.DataFrame
        Patients (all that were considered) x layers, bool: which layers each patient brought.
    params : mapping of str to object
        Settings as used: engine and why, variant, n_neighbors, mu, n_iterations, metrics and more.
    losses : tuple of Loss
        Patients left out because they lack layers.
    convergence : pandas.DataFrame
        Index iteration (from 1); column ``change``: Frobenius norm of the change of the sum over
        layers as a share of its norm.
    metrics : mapping of str to metric
        The distance of each layer itself: a name, a function, or a table of distances; ``params``
        has their names.
    patients : pandas.Index
        Fused patients, in order. Taken from ``affinity`` where that is a table.
    whole : scipy.sparse.linalg.LinearOperator, optional
        From engine ``"sparse"``: the whole network without its diagonal, the pairs of ``affinity``
        and a smooth rest for the others, as an operator that multiplies by it.
    prepared : Prepared, optional
        The layers that were fused, so that the fusion can be repeated.
    """

    affinity: pd.DataFrame | sparse.csr_array
    per_layer: Mapping[str, pd.DataFrame | sparse.csr_array]
    coverage: pd.DataFrame
    params: Mapping[str, Any]
    losses: tuple[Loss, ...] = ()
    convergence: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"change": []}))
    metrics: Mapping[str, Any] = field(default_factory=dict)
    patients: pd.Index = field(default_factory=lambda: pd.Index([]))
    whole: LinearOperator | None = None
    prepared: Prepared | None = None

    def __post_init__(self) -> None:
        if isinstance(self.affinity, pd.DataFrame):
            object.__setattr__(self, "patients", self.affinity.index)
        elif len(self.patients) != self.affinity.shape[0]:
            raise StudyError(
                f"a sparse network of {self.affinity.shape[0]} patients comes with "
                f"{len(self.patients)} names; give patients= in the order of its rows."
            )

    def network(self) -> np.ndarray | sparse.csr_array | LinearOperator:
        """Fused network without names, as the engine made it: an array, or an operator."""
        if isinstance(self.affinity, pd.DataFrame):
            return self.affinity.to_numpy()
        return self.affinity if self.whole is None else self.whole

    def evidence(self) -> pd.Series:
        """How much is known of each fused patient: the share of the layers that they brought.

        Layers count by their weights. Clustering weights each pair by the product of both, so that
        patients of whom little is known do not form subtypes of their own.

        Returns
        -------
        pandas.Series
            Patient -> share, above 0 and at most 1.
        """
        names = list(self.params.get("layers", self.coverage.columns))
        given = self.params.get("layer_weights", {})
        weights = np.array([given.get(name, 1.0) for name in names])
        has = self.coverage.loc[self.patients, names].to_numpy(dtype=float)
        return pd.Series(has @ weights / weights.sum(), self.patients, name="evidence")

    def common_layers(self) -> pd.DataFrame:
        """For each pair of fused patients, the number of layers in which both were seen.

        Where it is 0 their similarity is known through neighbours alone.

        Returns
        -------
        pandas.DataFrame
            Patients x patients, whole numbers; n x n, also for a sparse network.
        """
        has = self.coverage.loc[self.patients].to_numpy(dtype=np.int16)
        return pd.DataFrame(has @ has.T, self.patients, self.patients.rename(None))


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


@dataclass(frozen=True, eq=False)
class SurvivalComparison:
    """Survival of the subtypes for one endpoint.

    Attributes
    ----------
    endpoint, unit : str
        Name of the endpoint and unit of its times.
    tests : pandas.DataFrame
        Columns ``endpoint``, ``comparison`` (``"overall"`` or ``"S1 vs S2"``), ``n``, ``events``,
        ``chi2``, ``p_asymptotic``, ``p_permutation``, ``p_ci_low``, ``p_ci_high``, ``fdr``,
        ``note`` (why a row has no p-value; empty otherwise).
    cox : pandas.DataFrame
        Columns ``endpoint``, ``model`` (``"univariable"`` or ``"multivariable"``), ``term``,
        ``n``, ``events``, ``hr``, ``hr_ci_low``, ``hr_ci_high``, ``p``, ``note``.
    curves : pandas.DataFrame
        Kaplan-Meier steps: columns ``subtype``, ``time``, ``survival``, ``ci_low``, ``ci_high``,
        ``at_risk``, ``events``, ``censored``.
    medians : pandas.DataFrame
        Index subtype; columns ``n``, ``events``, ``median``, ``ci_low``, ``ci_high`` (NaN where
        not reached).
    losses : tuple of Loss
        Patients without the endpoint, times of zero.
    """

    endpoint: str
    unit: str
    tests: pd.DataFrame
    cox: pd.DataFrame
    curves: pd.DataFrame
    medians: pd.DataFrame
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, eq=False)
class Signature:
    """A set of genes that stands for the subtypes, fitted in one cohort and fixed from then on.

    Attributes
    ----------
    name : str
        Name, usually the study's.
    templates : pandas.DataFrame
        Genes (index) x subtypes (columns): weight of each gene in each subtype's template.
    reference : pandas.DataFrame
        Genes (index); columns ``mean`` and ``sd`` in the training cohort, on scale ``scale``.
    scale : str
        Scale of the expression values it was fitted on: ``"log2"`` or ``"zscore"``.
    trained_on : mapping of str to object
        Cohort, study, layer, patients with a subtype (``n_labelled``), those of them with the
        layer (``n_patients``), subtype sizes, and ``patient_digests``: fingerprints of the
        labelled patients, so that none of them verifies the signature elsewhere.
    settings : mapping of str to object
        How it was derived, and how it is to be scored.
    hash : str
        SHA-256 of the content; empty until locked.
    """

    name: str
    templates: pd.DataFrame
    reference: pd.DataFrame
    scale: str
    trained_on: Mapping[str, Any]
    settings: Mapping[str, Any]
    hash: str = ""


@dataclass(frozen=True, eq=False)
class Verification:
    """What a locked signature shows in other cohorts.

    Attributes
    ----------
    table : pandas.DataFrame
        Columns ``cohort``, ``endpoint``, ``comparison`` (``"S1 score per SD"``,
        ``"assigned S1 vs rest"``, ``"assigned subtypes"``), ``n``, ``events``, ``genes_found``,
        ``genes_total``, ``hr``, ``hr_ci_low``, ``hr_ci_high``, ``chi2``, ``test`` (``"Wald"``,
        ``"log-rank, permutation"``, ``"log-rank, asymptotic"``), ``p``, ``fdr`` over the table,
        ``random_null_percentile``, ``same_study`` (``"yes"``, ``"no"``, ``"by name"`` or empty),
        ``note``.
    assignments : mapping of str to pandas.DataFrame
        For each cohort: index patient, column ``subtype`` and one score column a subtype.
    survival : mapping of str to SurvivalComparison
        For each ``"cohort: endpoint"``: survival of the assigned subtypes there.
    losses : tuple of Loss
        Genes not found or not usable, patients of the training cohort, patients without the
        endpoint, z-scores limited.
    """

    table: pd.DataFrame
    assignments: Mapping[str, pd.DataFrame]
    survival: Mapping[str, SurvivalComparison]
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, eq=False)
class RunResults:
    """Everything one run produced: what the result files and the report are made of.

    Attributes
    ----------
    name : str
        Name of the study.
    settings : mapping of str to object
        The whole study as parsed, defaults included.
    cohort, prepared, fusion, subtypes, assessment
        Results of the stages.
    embedding : pandas.DataFrame
        Index patient; columns ``x``, ``y``: the 2-D map of the fused network.
    survival : mapping of str to SurvivalComparison
        By endpoint; empty where the cohort has none.
    clinical : pandas.DataFrame
        Clinical columns against subtype: index ``variable``; columns ``test``, ``n``, ``missing``,
        ``statistic``, ``p``, ``fdr``, ``effect``, ``effect_name``, ``adjusted_rand_index``,
        ``normalised_mutual_information`` (the last two for known labels only), ``note``.
    markers : pandas.DataFrame
        Columns ``layer``, ``feature``, ``subtype``, ``effect``, ``effect_name``, ``test``, ``n``,
        ``p``, ``fdr``.
    enrichment : pandas.DataFrame
        Columns ``subtype``, ``gene_set``, ``nes``, ``p``, ``fdr``, ``size``, ``leading_edge``,
        ``note``.
    signature : Signature or None
    verification : Verification or None
    losses : tuple of Loss
        All losses, in the order they happened.
    warnings : tuple of str
    provenance : mapping of str to object
        Versions, seed, SHA-256 of every input, seconds a stage.
    """

    name: str
    settings: Mapping[str, Any]
    cohort: Cohort
    prepared: Prepared
    fusion: Fusion
    subtypes: Subtypes
    assessment: Assessment
    embedding: pd.DataFrame
    survival: Mapping[str, SurvivalComparison]
    clinical: pd.DataFrame
    markers: pd.DataFrame
    enrichment: pd.DataFrame
    signature: Signature | None = None
    verification: Verification | None = None
    losses: tuple[Loss, ...] = ()
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
