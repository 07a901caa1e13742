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


def sentence(comparison: SurvivalComparison) -> str:
    """Say whether the subtypes add to the clinical covariates; empty where it was not asked."""
    table, endpoint = comparison.added_value, clean(comparison.endpoint)
    if table.empty:
        return ""
    differences = table[table["model"] == "difference"]
    tested = differences[differences["measure"] == _LIKELIHOOD_RATIO]
    asymptotic = float(tested["p"].iloc[0]) if len(tested) else math.nan
    permuted = math.nan
    if len(tested) and "p_permutation" in tested:
        permuted = float(tested["p_permutation"].iloc[0])
    p = permuted if math.isfinite(permuted) else asymptotic
    if math.isnan(p):
        notes = tested["note"] if "note" in tested else table.get("note", pd.Series(dtype=str))
        known = [clean(note) for note in notes.dropna() if note]
        why = f" ({known[0]})" if known else ""
        return (
            f"For endpoint {endpoint}, whether the subtypes add to the clinical covariates was not "
            f"tested{why}."
        )
    change = _corrected(differences, "concordance (Harrell)")
    shown = [format_p(asymptotic), format_p(permuted, "permutation p")]
    tests = f"likelihood ratio {', '.join(text for text in shown if text)}"
    evidence = tests
    if math.isfinite(change):
        evidence += (
            f"; change of the concordance index {_signed(change)} when corrected for optimism"
        )
    if p >= SIGNIFICANCE:
        return (
            f"For endpoint {endpoint}, there is no evidence that the subtypes add to the clinical "
            f"covariates ({evidence})."
        )
    if change <= 0:
        return (
            f"For endpoint {endpoint}, the subtypes add to the clinical covariates by the "
            f"likelihood ratio test ({tests}), but corrected for optimism they do not help to "
            f"rank patients (change of the concordance index {_signed(change)})."
        )
    return f"For endpoint {endpoint}, the subtypes add to the clinical covariates ({evidence})."


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
        "What the subtypes add to the clinical covariates. The models were made from the patients "
        "on whom they are judged, which flatters them: the corrected difference has this optimism "
        "taken off by bootstrap. Larger is better, but for the Brier score (mean squared error of "
        "predicted risks) smaller is.",
        file="added_value.tsv",
    )  # fmt: skip
    # The likelihood ratio has one number only, which is in the short table.
    rows = table[table["measure"] != _LIKELIHOOD_RATIO].rename(columns={"estimate": "apparent"})
    full = with_interval(rows, "", _three)
    columns = ["endpoint", "measure", "model", "years", "n", "events", "apparent", "interval"]
    return short, make_table(
        full,
        [*columns, "optimism", "corrected", "note"],
        "Measures of both models. Apparent: in the patients from whom the models were made, with "
        "95% confidence intervals; corrected: less the optimism.",
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
            "Patients grouped by predicted risk of the event by the stated time; dots: mean "
            "predicted risk against the risk observed in the group, with 95% confidence interval. "
            "On the dashed diagonal predictions come true; below it risks are overstated. The "
            "models were fitted to the same patients: in others they will do less well.",
            f"Predicted against observed risk for {endpoint} at {_moments(risks['years'])}.",
            partial(calibration, comparison),
        )
    curves = rows_with(comparison.decision, "years", "threshold", "net_benefit")
    if len(curves):
        yield Plan(
            file_name("decision_curve", *stem),
            f"Decision curve, {endpoint}",
            "Net benefit of treating those whose predicted risk is above a threshold: true "
            "positives per patient, less false positives weighed by the odds of the threshold. A "
            "model is of use where its line is above both treating all and treating none; "
            "subtypes are of use where the model with them is above the model without. Corrected "
            "for optimism.",
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
        "What the subtypes add to the clinical covariates was asked by comparing models of "
        "proportional hazards with and without them in the same patients"
    )
    if _LIKELIHOOD_RATIO in measures:
        text += ", by the likelihood ratio test"
        if len(first_rows(results, "added_value", "p_permutation")):
            text += (
                ", asymptotically and by permutation of what of the subtypes the covariates do not "
                f"explain {cite('potter')},"
            )
    named = [f"{words} {cite(key)}" for name, (words, key) in sources.items() if name in measures]
    if named:
        text += f"{' and' if 'likelihood ratio' in measures else ''} by {listing(named)}"
    text += "."
    if measures & {"concordance (Uno)", "area under the ROC curve", "Brier score"}:
        text += " Censoring was allowed for by weights of inverse probability of being uncensored."
    if len(first_rows(results, "added_value", "corrected")):
        text += (
            " Optimism was estimated by fitting the models again in bootstrap samples and judging "
            f"them there and in the whole cohort {cite('optimism')}; the subtypes were not found "
            "anew in the samples, so that the optimism of finding them is not taken off."
        )
    risks = first_rows(results, "calibration", "years", "observed")
    if len(risks):
        text += (
            f" Calibration at {_moments(risks['years'])} compares mean predicted risk with one "
            "minus the Kaplan-Meier estimate in groups of patients by predicted risk."
        )
    if len(first_rows(results, "decision", "net_benefit")):
        text += (
            f" Decision curves give the net benefit {cite('decision')}, with censoring allowed for "
            f"by Kaplan-Meier estimates among those above the threshold {cite('decision censored')}"
            "."
        )
    return text
