"""What the subtypes add to the clinical covariates: both models against each other."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import pandas as pd

from omicsfuse.core.results import RunResults, SurvivalComparison
from omicsfuse.plot.numbers import clean, format_p, years_text
from omicsfuse.plot.predicted import calibration, decision_curve
from omicsfuse.plot.rows import rows_with
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Plan, file_name
from omicsfuse.report.sections.survival.endpoints import first_rows
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing
from omicsfuse.stats.levels import SIGNIFICANCE

REFERENCES = {
    "potter": "Potter DM. A permutation test for inference in logistic regression with small- and "
    "moderate-sized data sets. Stat Med 2005;24:693-708.",
    "optimism": "Harrell FE Jr, Lee KL, Mark DB. Multivariable prognostic models: issues in "
    "developing models, evaluating assumptions and adequacy, and measuring and reducing errors. "
    "Stat Med 1996;15:361-387.",
    "uno": "Uno H, Cai T, Pencina MJ, D'Agostino RB, Wei LJ. On the C-statistics for evaluating "
    "overall adequacy of risk prediction procedures with censored survival data. Stat Med "
    "2011;30:1105-1117. doi:10.1002/sim.4154",
    "auc": "Uno H, Cai T, Tian L, Wei LJ. Evaluating prediction rules for t-year survivors with "
    "censored regression models. J Am Stat Assoc 2007;102:527-537. "
    "doi:10.1198/016214507000000149",
    "brier": "Graf E, Schmoor C, Sauerbrei W, Schumacher M. Assessment and comparison of "
    "prognostic classification schemes for survival data. Stat Med 1999;18:2529-2545.",
    "decision": "Vickers AJ, Elkin EB. Decision curve analysis: a novel method for evaluating "
    "prediction models. Med Decis Making 2006;26:565-574. doi:10.1177/0272989X06295361",
    "decision censored": "Vickers AJ, Cronin AM, Elkin EB, Gonen M. Extensions to decision curve "
    "analysis, a novel method for evaluating diagnostic tests, prediction models and molecular "
    "markers. BMC Med Inform Decis Mak 2008;8:53. doi:10.1186/1472-6947-8-53",
}

_WITHOUT, _WITH, _DIFFERENCE = "clinical", "clinical + subtypes", "difference"
#: Of these measures, a smaller value is the better one.
_SMALLER_IS_BETTER = ("Brier score", "integrated Brier score")
_LIKELIHOOD_RATIO = "likelihood ratio"
_CONCORDANCE = "concordance (Harrell)"


def sentence(comparison: SurvivalComparison) -> str:
    """Say whether the subtypes add to the clinical covariates; empty where it was not asked."""
    table = comparison.added_value
    if table.empty:
        return ""
    differences = table[table["model"] == "difference"]
    tested = differences[differences["measure"] == _LIKELIHOOD_RATIO]
    asymptotic, permuted = _p_values(comparison)
    p = p_beyond(comparison)
    if math.isnan(p):
        notes = tested["note"] if "note" in tested else table.get("note", pd.Series(dtype=str))
        known = [clean(note) for note in notes.dropna() if note]
        why = f" ({known[0]})" if known else ""
        return f"The added value of the subtypes over the clinical covariates was not tested{why}."
    change = _corrected(differences, _CONCORDANCE)
    shown = [format_p(asymptotic), format_p(permuted, "permutation p")]
    tests = f"likelihood ratio test, {', '.join(text for text in shown if text)}"
    clinical = _corrected(table[table["model"] == _WITHOUT], _CONCORDANCE)
    alone = f", from {clinical:.3f} of the clinical model alone" if clinical == clinical else ""
    changed = f"change in Harrell's concordance index {_signed(change)}{alone}"
    evidence = tests
    if math.isfinite(change):
        evidence += f"; after correction for optimism, {changed}"
    if p > SIGNIFICANCE:
        return (
            f"There is no evidence that the subtypes add to the clinical covariates ({evidence})."
        )
    if change <= 0:
        return (
            f"The subtypes add to the clinical covariates ({tests}), but do not improve the "
            f"ranking of patients (after correction for optimism, {changed})."
        )
    return f"The subtypes add to the clinical covariates ({evidence})."


def p_beyond(comparison: SurvivalComparison) -> float:
    """Likelihood ratio p of what the subtypes add to the covariates, by permutation if there is."""
    asymptotic, permuted = _p_values(comparison)
    return permuted if math.isfinite(permuted) else asymptotic


def _p_values(comparison: SurvivalComparison) -> tuple[float, float]:
    """Asymptotic and permutation p of the likelihood ratio test; NaN where there is none."""
    table = comparison.added_value
    if table.empty:
        return math.nan, math.nan
    tested = table[(table["model"] == _DIFFERENCE) & (table["measure"] == _LIKELIHOOD_RATIO)]
    first, second = (
        float(tested[name].iloc[0]) if len(tested) and name in tested else math.nan
        for name in ("p", "p_permutation")
    )
    return first, second


def _corrected(differences: pd.DataFrame, measure: str) -> float:
    """Difference between the models in a measure, corrected for optimism; NaN where unknown."""
    rows = rows_with(differences[differences["measure"] == measure], "corrected")
    return float(rows["corrected"].iloc[0]) if len(rows) else math.nan


def _signed(value: float) -> str:
    """Write a small difference with its sign and three decimals; zero without a sign."""
    text = f"{value:+.3f}"
    return "0.000" if text in ("+0.000", "-0.000") else text


def tables(table: pd.DataFrame) -> tuple[Table | None, Table | None]:
    """Both models side by side in a short table, and everything in a long one."""
    if rows_with(table, "estimate").empty:
        return None, None
    short = make_table(
        _side_by_side(table),
        [
            "endpoint", "measure", "n", "events", _WITHOUT, _WITH, _DIFFERENCE, "interval",
            "corrected difference", "chi2", "p", "p_permutation", "note",
        ],
        "Clinical covariates with and without the subtypes. Models are evaluated in the patients "
        "to whom they were fitted, which is optimistic; the corrected difference removes this "
        "optimism by bootstrap. Larger is better, except for the Brier score (mean squared error "
        "of predicted risks).",
        file="added_value.tsv",
    )  # fmt: skip
    # The likelihood ratio has one number only, which is in the short table.
    rows = table[table["measure"] != _LIKELIHOOD_RATIO].rename(columns={"estimate": "apparent"})
    full = with_interval(rows, "", _three)
    columns = ["endpoint", "measure", "model", "years", "n", "events", "apparent", "interval"]
    return short, make_table(
        full,
        [*columns, "optimism", "corrected", "note"],
        "Measures of both models. Apparent: in the patients to whom the models were fitted, with "
        "95% confidence interval. Corrected: apparent minus optimism.",
        file="added_value.tsv",
    )


def _side_by_side(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each endpoint, measure and time, with the models in columns."""
    rows = []
    keys = table[["endpoint", "measure", "years"]].astype(object)
    keys = keys.where(keys.notna(), -1.0)
    for key in dict.fromkeys(keys.itertuples(index=False, name=None)):
        endpoint, measure, years = key
        same = table[(keys == key).all(axis=1)]
        by_model = {str(row["model"]): row for _, row in same.iterrows()}
        difference = by_model.get(_DIFFERENCE)
        last = same.iloc[-1] if difference is None else difference
        row: dict[str, Any] = {
            "endpoint": endpoint,
            "measure": _name(str(measure), float(years)),
            "n": last.get("n"),
            "events": last.get("events"),
            "p": last.get("p", math.nan),
            "p_permutation": last.get("p_permutation", math.nan),
            "note": _note(same),
        }
        for model in (_WITHOUT, _WITH):
            known = model in by_model
            row[model] = float(by_model[model]["estimate"]) if known else math.nan
        if difference is not None and measure == _LIKELIHOOD_RATIO:
            row["chi2"] = float(difference["estimate"])
        elif difference is not None:
            low, high = float(difference["ci_low"]), float(difference["ci_high"])
            known = math.isfinite(low) and math.isfinite(high)
            row[_DIFFERENCE] = float(difference["estimate"])
            row["interval"] = f"{_three(low)} to {_three(high)}" if known else ""
            row["corrected difference"] = float(difference.get("corrected", math.nan))
        rows.append(row)
    return pd.DataFrame(rows)


def _name(measure: str, years: float) -> str:
    """Measure with its time, and which way is better where it is not the usual one."""
    better = " (smaller is better)" if measure in _SMALLER_IS_BETTER else ""
    return f"{clean(measure)}{f', {years_text(years)}' if years >= 0 else ''}{better}"


def _note(rows: pd.DataFrame) -> str:
    """Notes of the rows, each once."""
    if "note" not in rows:
        return ""
    texts = [clean(note) for note in rows["note"] if isinstance(note, str) and note]
    return "; ".join(dict.fromkeys(texts))


def _three(value: float) -> str:
    """Three decimals, never minus zero; empty where there is no number."""
    return "" if not math.isfinite(value) else f"{value:.3f}".replace("-0.000", "0.000")


def figures(stem: tuple[str, str], comparison: SurvivalComparison) -> Iterator[Plan]:
    """Calibration of predicted risks, and decision curves."""
    endpoint = clean(comparison.endpoint)
    risks = rows_with(comparison.calibration, "years", "predicted", "observed")
    if len(risks):
        yield Plan(
            file_name("calibration", *stem),
            f"Calibration of predicted risks, {endpoint}",
            "Patients grouped by predicted risk of the event by the stated time. Dots: mean "
            "predicted risk against observed risk of the group, with 95% confidence interval. On "
            "the dashed diagonal, predicted and observed risk agree; below it, the risk is "
            "overestimated. The models were fitted to the same patients: expect poorer "
            "calibration in other patients.",
            f"Predicted against observed risk for {endpoint} at {_moments(risks['years'])}.",
            partial(calibration, comparison),
        )
    curves = rows_with(comparison.decision, "years", "threshold", "net_benefit")
    if len(curves):
        yield Plan(
            file_name("decision_curve", *stem),
            f"Decision curve, {endpoint}",
            "Net benefit of treating patients with a predicted risk above a threshold: true "
            "positives per patient, minus false positives weighted by the odds of the threshold. A "
            "model is useful where its line is above treating all and treating none. Subtypes are "
            "useful where the model with subtypes is above the model without. Corrected for "
            "optimism.",
            f"Decision curves for {endpoint} at {_moments(curves['years'])}.",
            partial(decision_curve, comparison),
        )


def _moments(years: pd.Series) -> str:
    """List the times of a figure in words."""
    return listing([years_text(float(year)) for year in sorted(years.unique())])


def methods(results: RunResults, cite: Citations) -> str:
    """How the model with subtypes was set against the model without."""
    measures = {
        measure
        for comparison in results.survival.values()
        for measure in rows_with(comparison.added_value, "estimate").get("measure", ())
    }
    if not measures:
        return ""
    sources = {
        "concordance (Harrell)": ("Harrell's concordance index", "optimism"),
        "concordance (Uno)": ("Uno's concordance index", "uno"),
        "area under the ROC curve": ("the time-dependent area under the ROC curve", "auc"),
        "Brier score": ("the Brier score", "brier"),
        "integrated Brier score": ("its integral over time", "brier"),
    }
    text = (
        "Proportional-hazards models of the clinical covariates, with and without the subtypes, "
        "were compared in the same patients"
    )
    if _LIKELIHOOD_RATIO in measures:
        text += ", by the likelihood ratio test"
        if len(first_rows(results, "added_value", "p_permutation")):
            text += (
                ", asymptotically and by permutation of the part of the subtypes that the "
                f"covariates do not explain {cite('potter')},"
            )
    named = [f"{words} {cite(key)}" for name, (words, key) in sources.items() if name in measures]
    if named:
        text += f"{' and' if 'likelihood ratio' in measures else ''} by {listing(named)}"
    text += "."
    if measures & {"concordance (Uno)", "area under the ROC curve", "Brier score"}:
        text += " Censoring was handled by inverse probability of censoring weights."
    if len(first_rows(results, "added_value", "corrected")):
        text += (
            " Optimism was estimated by re-fitting the models in bootstrap samples and evaluating "
            f"them there and in the whole cohort {cite('optimism')}."
        )
        if not results.subtypes.given:
            text += (
                " The subtypes were not derived again in the samples: the optimism of deriving "
                "them remains."
            )
    risks = first_rows(results, "calibration", "years", "observed")
    if len(risks):
        text += (
            f" Calibration at {_moments(risks['years'])} compares the mean predicted risk with "
            "one minus the Kaplan-Meier estimate in groups of patients by predicted risk."
        )
    if len(first_rows(results, "decision", "net_benefit")):
        text += (
            f" Decision curves give the net benefit {cite('decision')}; Kaplan-Meier estimates "
            "among the patients above the threshold account for censoring "
            f"{cite('decision censored')}."
        )
    return text
