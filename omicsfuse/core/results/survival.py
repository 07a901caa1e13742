"""Survival of the subtypes: tests, models and curves of one endpoint."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from omicsfuse.core.checks.tables import count
from omicsfuse.core.cohort import Exclusion
from omicsfuse.core.shown import Shown, joined, p_text, some

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
    "n_permutations",
    "fdr",
    "note",
]
#: What each test of `SurvivalComparison.tests` is, for programs; not written to files.
TEST_FACTS = ["kind", "by", "tested", "void"]
#: Kinds of tests.
OVERALL, PAIR, STRATIFIED, TREND = "overall", "pair", "stratified", "trend"
#: Kind, and name, of the test in which each permutation repeats the whole pipeline.
FULL_PIPELINE = "overall, full pipeline"
#: Cox models with covariates, by their names in the column ``model``; the last adjusts for most.
ADJUSTED_MODELS = ("multivariable", "multivariable, stratified")
#: Those with a baseline hazard for each stratum: without and with covariates.
STRATIFIED_MODELS = ("stratified", ADJUSTED_MODELS[1])
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
#: Clinical column that a term is of, and why there is no fit, for programs; not written to files.
COX_FACTS = ["covariate", "reason"]
#: Method, in `SurvivalComparison.diagnostics`, of a model whose likelihood has no maximum.
PENALISED = "Efron, Firth penalty"


@dataclass(frozen=True, eq=False, repr=False)
class SurvivalComparison(Shown):
    """Survival by subtype for one endpoint.

    Attributes
    ----------
    endpoint, unit : str
        Name of the endpoint and unit of its times.
    tests : pandas.DataFrame
        Columns ``endpoint``, ``comparison`` (``"overall"``, ``"S1 vs S2"``, ``"overall,
        stratified by SITE"``, ``"trend over AGE"``), ``n``, ``events``, ``chi2``,
        ``p_asymptotic``, ``p_permutation``, ``p_ci_low``, ``p_ci_high``, ``n_permutations``,
        ``fdr``, ``note`` (why a row has no p-value; empty otherwise); then, not in the files,
        ``kind`` (of the test), ``by`` (what it is stratified by, or a trend over; empty
        otherwise), ``void`` (whether choices made with the outcome leave it without meaning).
    cox : pandas.DataFrame
        Columns ``endpoint``, ``model`` (``"univariable"``, ``"multivariable"``, and with
        strata ``"multivariable, stratified"`` or ``"stratified"``), ``term``,
        ``n``, ``events``, ``hr``, ``hr_ci_low``, ``hr_ci_high``, ``p``, ``note``; then, not in
        the files, ``covariate`` (clinical column that the term is of; empty for subtypes) and
        ``reason`` (why the model could not be estimated; empty otherwise).
    curves : pandas.DataFrame
        Kaplan-Meier steps: columns ``subtype``, ``time``, ``survival``, ``ci_low``, ``ci_high``,
        ``at_risk``, ``events``, ``censored``.
    medians : pandas.DataFrame
        Index subtype; columns ``n``, ``events``, ``median``, ``ci_low``, ``ci_high`` (NaN where
        not reached), and ``follow_up``, ``follow_up_ci_low``, ``follow_up_ci_high``: median time
        of follow-up by the reverse Kaplan-Meier method.
    exclusions : tuple of Exclusion
        Patients without the endpoint, times of zero.
    times : pandas.DataFrame
        Survival at 1, 3 and 5 years: columns ``endpoint``, ``subtype``, ``years``, ``time`` (in
        ``unit``), ``survival``, ``ci_low``, ``ci_high``, ``at_risk``; NaN once nobody is followed.
    restricted_means : pandas.DataFrame
        Columns ``endpoint``, ``comparison`` (``"S1"`` for a mean, ``"S2 minus S1"`` for a
        difference), ``n``, ``events``, ``tau`` (truncation time), ``estimate``, ``ci_low``,
        ``ci_high``, ``p_asymptotic``, ``p_permutation`` (differences only), ``fdr``, ``note``.
    proportional : pandas.DataFrame
        Score tests of proportional hazards: columns ``endpoint``, ``model``, ``term`` (``"all
        terms"`` for the joint test), ``chi2``, ``dof``, ``p``, ``note``.
    residuals : pandas.DataFrame
        Scaled Schoenfeld residuals, one row an event and term: columns ``model``, ``term``,
        ``time``, ``residual`` (on the scale of the log hazard ratio), ``fit`` (smooth through
        them), ``fit_low``, ``fit_high`` and ``coefficient`` (the constant log hazard ratio).
    time_varying : pandas.DataFrame
        Hazard ratios before and after the median event time: columns ``endpoint``, ``model``,
        ``term``, ``period`` (``"early"`` or ``"late"``), ``split``, ``n``, ``events``, ``hr``,
        ``hr_ci_low``, ``hr_ci_high``, ``p`` (that both periods have the same ratio), ``note``.
    diagnostics : pandas.DataFrame
        Columns ``endpoint``, ``model``, ``term``, ``variance_inflation``, ``n``, ``events``,
        ``events_per_variable``, ``method`` (``"Efron"`` or ``"Efron, Firth penalty"``),
        ``strata``.
    incidence : pandas.DataFrame
        Aalen-Johansen cumulative incidence, with competing events: columns ``endpoint``,
        ``subtype``, ``cause``, ``time``, ``incidence``, ``ci_low``, ``ci_high``.
    added_value : pandas.DataFrame
        Added value of the subtypes beyond the clinical covariates: columns ``endpoint``,
        ``measure``, ``model`` (``"clinical"``, ``"clinical + subtypes"`` or ``"difference"``),
        ``years`` (NaN where it has no time), ``n``, ``events``, ``estimate``, ``ci_low``,
        ``ci_high``, ``optimism``, ``corrected``, ``p``, ``p_permutation`` (of the likelihood
        ratio), ``note``.
    calibration : pandas.DataFrame
        Columns ``endpoint``, ``model``, ``years``, ``group`` (by predicted risk, from 1), ``n``,
        ``predicted`` (mean risk of the event by then), ``observed`` (one minus Kaplan-Meier),
        ``ci_low``, ``ci_high``.
    decision : pandas.DataFrame
        Decision curve: columns ``endpoint``, ``model`` (also ``"treat all"`` and ``"treat
        none"``), ``years``, ``threshold`` (probability), ``net_benefit``; corrected for optimism.
    doubts : tuple of str
        Possible errors in the times and events of the endpoint, in sentences.
    label_names : dict of str to str
        Original name of each subtype, where labels were given.
    """

    endpoint: str
    unit: str
    tests: pd.DataFrame
    cox: pd.DataFrame
    curves: pd.DataFrame
    medians: pd.DataFrame
    exclusions: tuple[Exclusion, ...] = ()
    times: pd.DataFrame = field(default_factory=pd.DataFrame)
    restricted_means: pd.DataFrame = field(default_factory=pd.DataFrame)
    proportional: pd.DataFrame = field(default_factory=pd.DataFrame)
    residuals: pd.DataFrame = field(default_factory=pd.DataFrame)
    time_varying: pd.DataFrame = field(default_factory=pd.DataFrame)
    diagnostics: pd.DataFrame = field(default_factory=pd.DataFrame)
    incidence: pd.DataFrame = field(default_factory=pd.DataFrame)
    added_value: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: pd.DataFrame = field(default_factory=pd.DataFrame)
    decision: pd.DataFrame = field(default_factory=pd.DataFrame)
    doubts: tuple[str, ...] = ()
    label_names: dict[str, str] = field(default_factory=dict)

    def _title(self) -> str:
        return f"{self.endpoint} ({self.unit})"

    def _facts(self) -> Iterator[tuple[str, str]]:
        for _, row in self.tests.head(1).iterrows():
            patients, events = int(row["n"]), int(row["events"])
            yield "data", joined(count(patients, "patient"), count(events, "event"))
        for _, row in self.tests.iterrows():
            p_values = ((row["p_asymptotic"], "p"), (row["p_permutation"], "by permutation p"))
            told = joined(*(p_text(p, name) for p, name in p_values))
            yield str(row["comparison"]), told or str(row["note"])
        if "median" in self.medians and self.medians["median"].notna().any():
            medians = self.medians["median"].dropna()
            yield "median", some(f"{name} {median:.4g}" for name, median in medians.items())
