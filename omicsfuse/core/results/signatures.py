"""A locked signature, and what it shows in other cohorts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from omicsfuse.core.checks.tables import count
from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.layers import exclusions_text
from omicsfuse.core.results.survival import SurvivalComparison
from omicsfuse.core.shown import Shown, joined, p_text, short, some

#: Ways of turning a signature's genes into a score of a patient.
SCORERS = ("nearest_template", "weighted_z", "rank", "ssgsea", "gsva")

#: How genes are brought to one scale before scoring. ``"none"``: ranks within the patient.
SCALINGS = ("cohort", "reference", "none")

#: Columns of the table of a verification, in order.
VERIFICATION_COLUMNS = [
    "cohort",
    "endpoint",
    "signature",
    "role",
    "comparison",
    "n",
    "events",
    "genes_found",
    "genes_total",
    "scorer",
    "scaling",
    "hr",
    "hr_ci_low",
    "hr_ci_high",
    "chi2",
    "test",
    "p",
    "fdr",
    "p_one_sided",
    "concordance",
    "concordance_ci_low",
    "concordance_ci_high",
    "cut_point",
    "adjusted_for",
    "random_null_percentile",
    "random_null_p",
    "permuted_null_percentile",
    "permuted_null_p",
    "same_study",
    "note",
]

#: What each row of a verification compares, for programs; not written to files.
VERIFICATION_FACTS = ["score", "contrast"]
#: Contrasts: a score per SD, the same adjusted, above its cut-point; assigned subtypes.
PER_SD, ADJUSTED, ABOVE_CUT = "per SD", "per SD, adjusted", "above cut-point"
VS_REST, ASSIGNED = "vs rest", "assigned subtypes"

#: Columns of the meta-analysis across cohorts.
META_COLUMNS = [
    "endpoint",
    "signature",
    "comparison",
    "scope",
    "model",
    "left_out",
    "cohorts",
    "n",
    "events",
    "hr",
    "hr_ci_low",
    "hr_ci_high",
    "p",
    "p_one_sided",
    "q",
    "q_df",
    "q_p",
    "i2",
    "tau2",
    "note",
]

#: Columns of the cut-points of a signature.
CUT_POINT_COLUMNS = ["score", "scorer", "scaling", "cut_point", "rule"]

#: Columns of what the scores of a signature showed in the discovery cohort.
DISCOVERY_COLUMNS = ["endpoint", "score", "n", "events", "log_hr", "se"]

#: Columns of the cross-validated agreement of a gene set with its target.
AGREEMENT_COLUMNS = [
    "score",
    "measure",
    "value",
    "ci_low",
    "ci_high",
    "by_chance",
    "p",
    "n",
    "note",
]


def _empty(columns: list[str]) -> Callable[[], pd.DataFrame]:
    return lambda: pd.DataFrame({column: [] for column in columns})


@dataclass(frozen=True, eq=False, repr=False)
class Signature(Shown):
    """A set of weighted genes that represents a target, derived in one cohort and locked.

    Attributes
    ----------
    name : str
        Name, usually the study's.
    templates : pandas.DataFrame
        Genes (index) x scores (columns): weight of each gene in each score, 0 if unused. One column
        a subtype or group; one column for a continuous target.
    reference : pandas.DataFrame
        Genes (index); columns ``mean`` and ``sd`` in the training cohort, on scale ``scale``.
    scale : str
        Scale of the training values: ``"log2"`` or ``"zscore"``.
    trained_on : mapping of str to object
        Cohort, study, layer, patients with a value of the target (``n_labelled``), patients with
        target and layer (``n_patients``), subtype sizes, and ``patient_digests``, by which these
        patients are excluded from verification.
    settings : mapping of str to object
        Settings of derivation and scoring.
    hash : str
        SHA-256 of the content; empty until locked.
    target : mapping of str to object
        ``name``, ``kind`` (one of `omicsfuse.core.results.targets.TARGET_KINDS`) and ``source``.
    method : str
        Name of the derivation method.
    scorer : str
        Default scorer, one of ``SCORERS``.
    scaling : str
        Default scaling, one of ``SCALINGS``.
    namespace : str
        Kind of gene names: ``"symbol"``, ``"ensembl"``, ``"entrez"`` or ``"mixed"``.
    cut_points : pandas.DataFrame
        Columns ``score``, ``scorer``, ``scaling``, ``cut_point`` (a patient is high above it) and
        ``rule`` (of the cut-point in the discovery cohort, in words).
    discovery : pandas.DataFrame
        Hazard ratios of the scores in the discovery cohort, which fix the direction of replication:
        columns ``endpoint``, ``score``, ``n``, ``events``, ``log_hr`` (per SD of the score) and
        ``se``.
    agreement : pandas.DataFrame
        Agreement of held-out scores with the target, by cross-validation: columns ``score``,
        ``measure``, ``value``, ``ci_low``, ``ci_high``, ``by_chance`` (expected value without
        association), ``p``, ``n``, ``note``.
    """

    name: str
    templates: pd.DataFrame
    reference: pd.DataFrame
    scale: str
    trained_on: Mapping[str, Any]
    settings: Mapping[str, Any]
    hash: str = ""
    target: Mapping[str, Any] = field(
        default_factory=lambda: {"name": "subtypes", "kind": "groups", "source": "subtypes"}
    )
    method: str = "templates"
    scorer: str = "nearest_template"
    scaling: str = "cohort"
    namespace: str = "symbol"
    cut_points: pd.DataFrame = field(default_factory=_empty(CUT_POINT_COLUMNS))
    discovery: pd.DataFrame = field(default_factory=_empty(DISCOVERY_COLUMNS))
    agreement: pd.DataFrame = field(default_factory=_empty(AGREEMENT_COLUMNS))

    def _title(self) -> str:
        genes, scores = len(self.templates), self.templates.columns
        return joined(short(self.name), count(genes, "gene"), count(len(scores), "score"))

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "scores", some(self.templates.columns)
        yield "target", str(self.target.get("source", ""))
        yield "method", f"{self.method}; scored by {self.scorer}, scaling by {self.scaling}"
        known = (("cohort", ""), ("layer", "layer "), ("n_patients", "n = "))
        own = self.trained_on
        yield "trained on", joined(*(f"{word}{own[key]}" for key, word in known if key in own))
        for _, row in self.agreement.head(1).iterrows():
            chance = f"{row['measure']} {row['value']:.2f} ({row['by_chance']:.2f} by chance)"
            yield "held out", f"{row['score']}: {chance}".removeprefix(": ")
        yield "locked", f"{self.hash[:12]}…" if self.hash else "no"


@dataclass(frozen=True, eq=False, repr=False)
class Verification(Shown):
    """Results of a locked signature in other cohorts.

    Attributes
    ----------
    table : pandas.DataFrame
        Columns ``VERIFICATION_COLUMNS``: one row a cohort, endpoint and comparison (``"S1 score per
        SD"``, ``"S1 score per SD, adjusted"``, ``"S1 score above cut-point"``, ``"assigned S1 vs
        rest"``, ``"assigned subtypes"``). ``role``: ``"external"``, ``"internal-external"`` (of the
        study of the training cohort) or ``"negative control"``. ``test``: ``"Wald"``, ``"log-rank,
        permutation"``, ``"log-rank, asymptotic"``. ``p_one_sided``: in the direction that the
        discovery cohort fixed. ``random_null_percentile``: percentage of random gene sets with a
        weaker association with outcome; ``permuted_null_percentile``: the same for signatures
        derived from shuffled targets. ``same_study``: ``"yes"``, ``"no"``, ``"by name"`` or empty.
        Then, not in the files, ``score`` (its name) and ``contrast`` (``"per SD"``, ``"per SD,
        adjusted"``, ``"above cut-point"``, ``"vs rest"``, ``"assigned subtypes"`` or empty).
    assignments : mapping of str to pandas.DataFrame
        For each cohort: index patient, column ``subtype`` and one score column a subtype.
    survival : mapping of str to SurvivalComparison
        For each ``"cohort: endpoint"``: survival of the assigned subtypes, or of patients above and
        below the locked cut-point.
    exclusions : tuple of Exclusion
        Genes not found or not usable, patients of the training cohort, patients without the
        endpoint, limited z-scores.
    meta : pandas.DataFrame
        Columns ``META_COLUMNS``: fixed- and random-effects means of the log hazard ratios, and
        those without each cohort in turn.
    null : pandas.DataFrame
        Score-test z of the signature and of each random gene set: columns ``cohort``,
        ``endpoint``, ``signature``, ``score``, ``kind`` (``"signature"``, ``"random"``,
        ``"permuted"``), ``z``.
    proportions : pandas.DataFrame
        Columns ``cohort``, ``signature``, ``subtype``, ``n``, ``share``, ``share_ci_low``,
        ``share_ci_high``, ``discovery_share``; patients without an assigned subtype are ``"none"``.
    genes : pandas.DataFrame
        Columns ``cohort``, ``signature``, ``gene``, ``found_as``, ``how``: match of each gene in
        each cohort.
    """

    table: pd.DataFrame
    assignments: Mapping[str, pd.DataFrame]
    survival: Mapping[str, SurvivalComparison]
    exclusions: tuple[Exclusion, ...] = ()
    meta: pd.DataFrame = field(default_factory=_empty(META_COLUMNS))
    null: pd.DataFrame = field(
        default_factory=_empty(["cohort", "endpoint", "signature", "score", "kind", "z"])
    )
    proportions: pd.DataFrame = field(
        default_factory=_empty(
            [
                "cohort",
                "signature",
                "subtype",
                "n",
                "share",
                "share_ci_low",
                "share_ci_high",
                "discovery_share",
            ]
        )
    )
    genes: pd.DataFrame = field(
        default_factory=_empty(["cohort", "signature", "gene", "found_as", "how"])
    )

    def _title(self) -> str:
        return count(self.table["cohort"].nunique(), "cohort")

    def _facts(self) -> Iterator[tuple[str, str]]:
        for _, row in self.table[self.table["contrast"].isin([ASSIGNED, PER_SD, ""])].iterrows():
            told = joined(row["comparison"], p_text(row["p"]) or row["note"])
            yield joined(row["cohort"], row["endpoint"]), told
        yield "excluded", exclusions_text(self.exclusions)


@dataclass(frozen=True, eq=False, repr=False)
class DerivedSignature(Shown):
    """A signature with the statistics of its derivation.

    Attributes
    ----------
    signature : Signature
        Locked.
    genes : pandas.DataFrame
        One row for each gene and score examined: columns ``score``, ``gene``, ``weight`` (0 if not
        selected), and those of the method, such as ``effect``, ``p``, ``fdr``, ``stability``.
    verification : Verification or None
        Its results in other cohorts.
    details : mapping of str to pandas.DataFrame
        Further tables of the method, by name, such as the modules and the scale-free fit.
    """

    signature: Signature
    genes: pd.DataFrame
    verification: Verification | None = None
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
