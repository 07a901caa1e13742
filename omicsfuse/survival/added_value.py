"""What the subtypes add to the clinical covariates: tests, and measures corrected for optimism."""

from dataclasses import dataclass

import pandas as pd

from omicsfuse.survival.model_comparison import BOTH, DIFFERENCE, ModelComparison
from omicsfuse.survival.models import CoxModel, entries, fit_model, too_few_events

ADDED_VALUE_COLUMNS = [
    "endpoint", "measure", "model", "years", "n", "events", "estimate", "ci_low", "ci_high",
    "optimism", "corrected", "p", "p_permutation", "note",
]  # fmt: skip
CALIBRATION_COLUMNS = [
    "endpoint", "model", "years", "group", "n", "predicted", "observed", "ci_low", "ci_high",
]  # fmt: skip
DECISION_COLUMNS = ["endpoint", "model", "years", "threshold", "net_benefit"]


#: Permutations for the likelihood ratio.
N_PERMUTATIONS = 999


@dataclass(frozen=True, eq=False)
class AddedValue:
    """What the subtypes add: the tables of `added_value`."""

    measures: pd.DataFrame
    calibration: pd.DataFrame
    decision: pd.DataFrame


def added_value(
    survival: pd.DataFrame,
    subtypes: pd.DataFrame,
    covariates: pd.DataFrame,
    endpoint: str,
    unit: str,
    n_bootstrap: int = 200,
    random_state: int = 0,
    *,
    competing: bool = False,
    n_permutations: int = N_PERMUTATIONS,
) -> AddedValue:
    """Compare a Cox model of the clinical covariates with one that has the subtypes as well.

    Both models are fitted to the patients who have all covariates, and judged by the likelihood
    ratio test; the concordance indices of Harrell and of Uno (up to the horizon, the last time at
    which 10 patients are at risk); the area under the time-dependent receiver operating
    characteristic and the Brier score at 1, 3 and 5 years, if 10 events lie before and 10 patients
    are at risk then; the Brier score integrated to the horizon; and the calibration slope. A model
    looks better in the patients it was fitted to than in others. This optimism is estimated by
    fitting it to bootstrap samples: the mean difference between a measure in the sample and in all
    patients is taken off (``corrected``). The interval is that of the bootstrap samples, shifted
    by the optimism; it belongs to the corrected value.

    Parameters
    ----------
    survival : pandas.DataFrame
        Index patient; columns ``time``, ``event`` (0 or 1) and perhaps ``entry``.
    subtypes, covariates : pandas.DataFrame
        Index patient; numeric terms of each.
    endpoint, unit : str
        Name of the endpoint and unit of its times.
    n_bootstrap : int
        Bootstrap samples; 0 leaves intervals and corrections out.
    random_state : int
        Seed.
    competing : bool
        Whether other events compete with the endpoint. Risks predicted from its hazard alone are
        then too high, so that only the likelihood ratio is given.
    n_permutations : int
        Permutations for the likelihood ratio; 0 leaves them out.

    Returns
    -------
    AddedValue
        ``measures``: columns ``endpoint``, ``measure``, ``model``, ``years``, ``n``, ``events``,
        ``estimate``, ``ci_low``, ``ci_high``, ``optimism``, ``corrected``, ``p`` and
        ``p_permutation`` (of the likelihood ratio), ``note``. ``calibration``: mean predicted risk
        and the observed one (one minus Kaplan-Meier, with log(-log) limits) in groups of equal
        size by predicted risk, of the models as fitted. ``decision``: net benefit by threshold,
        corrected for optimism, of both models, of treating all and of treating none. With left
        truncation or competing events only the likelihood ratio is given.

    References
    ----------
    Harrell FE et al. Multivariable prognostic models. Stat Med 1996;15:361-387. Uno H et al. On the
    C-statistics for evaluating overall adequacy of risk prediction procedures with censored
    survival data. Stat Med 2011;30:1105-1117. Uno H et al. J Am Stat Assoc 2007;102:527-537 (area
    under the curve). Graf E et al. Stat Med 1999;18:2529-2545 (Brier score). Vickers AJ et al.
    Extensions to decision curve analysis. BMC Med Inform Decis Mak 2008;8:53. Noma H et al. Stat
    Med 2021;40:5691-5701 (the shifted interval). Potter DM. A permutation test for inference in
    logistic regression with small- and moderate-sized data sets. Stat Med 2005;24:693-708.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from omicsfuse.survival.added_value import added_value
    >>> rng = np.random.default_rng(0)
    >>> age, group = rng.normal(60, 9, 80), np.arange(80) % 2.0
    >>> survival = pd.DataFrame({"time": rng.exponential(900 * np.exp(-group)), "event": 1})
    >>> found = added_value(survival, pd.DataFrame({"S2 vs S1": group}),
    ...                     pd.DataFrame({"age": age}), "os", "days", n_bootstrap=20)
    >>> bool(found.measures.loc[0, "p"] < 0.05)
    True
    """
    everything = covariates.join(subtypes, how="inner")
    model = fit_model(survival, everything, endpoint, BOTH)
    if reason := _why_not(model, covariates):
        row: dict[str, object] = {"endpoint": endpoint, "measure": "likelihood ratio"}
        row |= {"model": DIFFERENCE}
        row |= {"n": model.n, "events": model.events, "note": f"not compared: {reason}"}
        return AddedValue(
            pd.DataFrame([row]).reindex(columns=ADDED_VALUE_COLUMNS),
            pd.DataFrame(columns=CALIBRATION_COLUMNS),
            pd.DataFrame(columns=DECISION_COLUMNS),
        )
    n_clinical = covariates.shape[1]
    comparison = ModelComparison(model, n_clinical, unit)
    rows = [comparison.likelihood_ratio(n_permutations, random_state)]
    calibration, decision = [], []
    if entries(survival) is None and not competing:
        rows += comparison.measures(n_bootstrap, random_state)
        calibration, decision = comparison.calibration(), comparison.decisions()
    else:
        why = "competing events" if competing else "left truncation"
        said = f"{why}: measures of prediction are not given"
        rows[0]["note"] = "; ".join(text for text in (str(rows[0]["note"]), said) if text)
    identity: dict[str, object] = {"endpoint": endpoint, "n": model.n, "events": model.events}
    return AddedValue(
        pd.DataFrame([identity | row for row in rows]).reindex(columns=ADDED_VALUE_COLUMNS),
        pd.DataFrame(calibration, columns=CALIBRATION_COLUMNS[1:])
        .assign(endpoint=endpoint)
        .reindex(columns=CALIBRATION_COLUMNS),
        pd.DataFrame(decision, columns=DECISION_COLUMNS[1:])
        .assign(endpoint=endpoint)
        .reindex(columns=DECISION_COLUMNS),
    )


def _why_not(model: CoxModel, covariates: pd.DataFrame) -> str:
    """Say why the models cannot be compared; empty where they can."""
    if model.fit is None:
        return model.reason
    n_clinical = int(model.varies[: covariates.shape[1]].sum())
    if not n_clinical:
        return "no covariate varies"
    if n_clinical == int(model.varies.sum()):
        return "the patients with all covariates are of one subtype"
    return too_few_events(model.events, int(model.varies.sum()))
