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

    Fitted to those who have all covariates; measured up to the horizon, the last time with 10 at
    risk. Optimism is the mean difference between a measure in a bootstrap sample and in all, of the
    model fitted to the sample; the samples' interval is shifted by it. With left truncation or
    competing events only the likelihood ratio is given. Harrell et al. 1996, Stat Med 15:361-387.
    Uno et al. 2011, Stat Med 30:1105-1117; 2007, J Am Stat Assoc 102:527-537 (area). Graf et al.
    1999, Stat Med 18:2529-2545 (Brier). Vickers et al. 2008, BMC Med Inform Decis Mak 8:53. Noma et
    al. 2021, Stat Med 40:5691-5701 (interval). Potter 2005, Stat Med 24:693-708.
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
        said = f"{why}: prediction measures not computed"
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
