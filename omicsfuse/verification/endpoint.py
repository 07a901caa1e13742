"""All rows of one cohort and endpoint: scores, cut-points, assigned subtypes."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from omicsfuse.core.results import (
    ABOVE_CUT,
    ADJUSTED,
    ASSIGNED,
    OVERALL,
    PER_SD,
    VS_REST,
    Signature,
    SurvivalComparison,
)
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.covariates import combined_strata, encode_covariates
from omicsfuse.survival._input import MINIMUM_EVENTS
from omicsfuse.survival.comparisons import logrank_table
from omicsfuse.survival.concordance import concordance_index
from omicsfuse.survival.cox import hazard_ratio
from omicsfuse.survival.endpoint import compare_labels
from omicsfuse.survival.models import fit_model
from omicsfuse.verification.null import NullScores, held_against
from omicsfuse.verification.scored import ScoredCohort, join_notes, score_names

Row = dict[str, object]

NO_DIRECTION = "no direction was fixed for this endpoint"


@dataclass(frozen=True, eq=False)
class Tested:
    """What was found for one endpoint of one cohort."""

    rows: list[Row]
    survival: SurvivalComparison | None = None
    null: list[Row] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class EndpointTests:
    """Tests of one endpoint of one cohort: everything that they share."""

    endpoint: str
    signature: Signature
    scored: ScoredCohort
    null: NullScores | None
    adjust: bool
    n_permutations: int | Literal["adaptive"]
    random_state: int

    def run(self) -> Tested:
        """Test scores, cut-points and assigned subtypes."""
        assigned, note = self.scored.assigned, self.scored.note
        names = score_names(assigned)
        scores = assigned[[f"score_{name}" for name in names]]
        known = self.scored.cohort.survival(self.endpoint)
        usable = assigned.index[scores.notna().all(axis=1).to_numpy()]
        # In one order, so that sums do not depend on the order of the tables' rows.
        patients = usable[usable.isin(known.index)].sort_values()
        if patients.empty:
            return Tested(
                [{"n": 0, "note": join_notes(note, "no scored patient has this endpoint")}]
            )
        survival = known.loc[patients]
        rows: list[Row] = []
        drawn: list[Row] = []
        compared: SurvivalComparison | None = None
        for j, name in enumerate(names):
            score = pd.Series(_standard(scores.loc[patients, f"score_{name}"]), patients, name=name)
            sign, direction = self._direction(name)
            row = self._alone(name, score, survival, sign, direction)
            held = self._null(j, name, survival, row)
            rows.append(row | held[0])
            drawn += held[1]
            if self.adjust:
                rows += self._adjusted(name, score, survival, sign, direction)
            cut, comparison = self._cut(name, scores.loc[patients, f"score_{name}"], survival)
            rows += cut
            compared = comparison if len(names) == 1 else compared
        if len(names) > 1 and self.signature.target.get("kind", "groups") == "groups":
            labels = assigned.loc[patients, "subtype"].dropna().astype(str)
            more, compared = self._assigned(names, labels, survival)
            rows += more
        return Tested(rows, compared, drawn)

    def _direction(self, name: str) -> tuple[float, str]:
        """Sign of the log hazard ratio in the discovery cohort, and why there is none."""
        discovery = self.signature.discovery
        rows = discovery[(discovery["endpoint"] == self.endpoint) & (discovery["score"] == name)]
        ratio = float(rows["log_hr"].iloc[0]) if len(rows) else np.nan
        if not np.isfinite(ratio) or ratio == 0:
            return np.nan, NO_DIRECTION
        return float(np.sign(ratio)), ""

    def _alone(
        self, name: str, score: pd.Series, survival: pd.DataFrame, sign: float, why: str
    ) -> Row:
        """The score per standard deviation, and how well it puts patients in order."""
        time, event, entry = _arrays(survival)
        row = _counts(survival) | _contrast(name, PER_SD)
        values = score.to_numpy()
        row |= self._cox(time, event, entry, values)
        row["p_one_sided"] = _one_sided(row, sign)
        row["note"] = join_notes(str(row["note"]), why)
        # Patients who enter late cannot be put in order with those who were there before.
        if entry is None and event.sum() >= MINIMUM_EVENTS and np.ptp(values) > 0:
            concordance = concordance_index(time, event, values)
            row["concordance"] = concordance.estimate
            row |= {
                "concordance_ci_low": concordance.ci_low,
                "concordance_ci_high": concordance.ci_high,
            }
        return row

    def _null(self, j: int, name: str, survival: pd.DataFrame, row: Row) -> tuple[Row, list[Row]]:
        """The score held against random sets and shuffled signatures."""
        time, event, entry = _arrays(survival)
        if self.null is None or event.sum() < MINIMUM_EVENTS:
            return {}, []
        note = str(row["note"])
        if entry is not None:
            why = "late entry: not compared with random sets"
            return {"note": join_notes(note, why)}, []
        place = self.null.patients.get_indexer(survival.index)
        held, values = held_against(time, event, place, self.null, j, name)
        return held | {"note": join_notes(note, self.null.note)}, values

    def _adjusted(
        self, name: str, score: pd.Series, survival: pd.DataFrame, sign: float, why: str
    ) -> list[Row]:
        """The score beside the cohort's covariates, within its strata."""
        cohort = self.scored.cohort
        if cohort.clinical is None or not (cohort.covariates or cohort.strata):
            return []
        clinical = cohort.clinical.loc[survival.index]
        encoded = encode_covariates(clinical, cohort.covariates, cohort.variables)
        adjusted_for, strata = ", ".join(encoded.used), None
        left_out = [f"not adjusted for {name}: {why}" for name, why in encoded.left_out.items()]
        if cohort.strata:
            strata = combined_strata(clinical, cohort.strata, cohort.variables)
            adjusted_for = join_notes(adjusted_for, f"stratified by {strata.name}")
        row: Row = _contrast(name, ADJUSTED) | {"test": "Wald"}
        row["adjusted_for"] = adjusted_for
        if not encoded.used and strata is None:
            note = join_notes(self.scored.note, "not adjusted: no covariate varies", *left_out)
            return [_counts(survival) | row | {"note": note}]
        column = "the score"
        model = fit_model(
            survival,
            pd.DataFrame({column: score}).join(encoded.terms),
            self.endpoint,
            "adjusted",
            strata,
        )
        row |= {"n": model.n, "events": model.events}
        notes = [self.scored.note, model.note, *left_out]
        if model.fit is None:
            return [row | {"note": join_notes(*notes, f"not estimated: {model.reason}")}]
        if not model.varies[0]:
            return [row | {"note": join_notes(*notes, "the same score in all patients")}]
        fit = model.fit
        with np.errstate(over="ignore"):
            row |= {"hr": float(np.exp(fit.coefficients[0]))}
            row |= {"hr_ci_low": float(np.exp(fit.ci_low[0]))}
            row |= {"hr_ci_high": float(np.exp(fit.ci_high[0])), "p": float(fit.p[0])}
        row["p_one_sided"] = _one_sided(row, sign)
        penalty = "Firth's penalty" if fit.penalised else ""
        return [row | {"note": join_notes(*notes, penalty, why)}]

    def _cut(
        self, name: str, score: pd.Series, survival: pd.DataFrame
    ) -> tuple[list[Row], SurvivalComparison | None]:
        """High against low by the cut-point locked for this scorer and scaling; never another."""
        cut = locked_cut_point(self.signature, name, self.scored.scorer, self.scored.scaling)
        if cut is None:
            return [], None
        high = (score > cut).to_numpy()
        row = _counts(survival) | _contrast(name, ABOVE_CUT) | {"cut_point": cut}
        if high.all() or not high.any():
            where = "above" if high.all() else "at or below"
            note = f"all {len(high)} patients are {where} the locked cut-point"
            return [row | {"note": join_notes(self.scored.note, note)}], None
        time, event, entry = _arrays(survival)
        row |= self._cox(time, event, entry, high.astype(np.float64))
        labels = pd.Series(np.where(high, "high", "low"), score.index, dtype=object)
        compared = None
        if len(score_names(self.scored.assigned)) == 1:
            compared = self._compare(labels, survival)
            tests = compared.tests
        else:
            tests = logrank_table(
                labels, survival, self.endpoint, self.n_permutations, self.random_state
            )
        return [row | self._logrank(tests, str(row["note"]))], compared

    def _assigned(
        self, names: list[str], labels: pd.Series, survival: pd.DataFrame
    ) -> tuple[list[Row], SurvivalComparison | None]:
        """Patients assigned to each subtype against the others, and all of them."""
        if labels.empty:
            note = join_notes(self.scored.note, "no patient with this endpoint was assigned")
            return [_contrast("", ASSIGNED) | {"n": 0, "note": note}], None
        survival = survival.loc[labels.index]
        counts = _counts(survival)
        rows: list[Row] = []
        # Of two subtypes, the second against the rest is the first one turned round.
        for name in names if len(names) > 2 else names[:1]:
            inside = np.asarray(labels == name, dtype=np.float64)
            row = self._cox(*_arrays(survival), inside)
            rows.append(counts | _contrast(name, VS_REST) | row)
        compared = self._compare(labels, survival)
        row = self._logrank(compared.tests, self.scored.note)
        return [*rows, counts | _contrast("", ASSIGNED) | row], compared

    def _compare(self, labels: pd.Series, survival: pd.DataFrame) -> SurvivalComparison:
        cohort = self.scored.cohort
        return compare_labels(
            labels,
            survival,
            self.endpoint,
            cohort.endpoints[self.endpoint].unit,
            n_permutations=self.n_permutations,
            random_state=self.random_state,
            exclusions=cohort.survival_exclusions(self.endpoint),
        )

    def _logrank(self, tests: pd.DataFrame, note: str) -> Row:
        """Chi-squared and p-value of the test over all labels."""
        test = tests[tests["kind"] == OVERALL].iloc[0]
        permuted = test["p_permutation"]
        return {
            "chi2": test["chi2"],
            "test": f"log-rank, {'permutation' if self.n_permutations else 'asymptotic'}",
            "p": test["p_asymptotic"] if pd.isna(permuted) else permuted,
            "note": join_notes(note, str(test["note"])),
        }

    def _cox(self, time: Array, event: Array, entry: Array | None, x: Array) -> Row:
        """Hazard ratio per unit of one variable."""
        result = hazard_ratio(time, event, x, entry)
        return {
            "hr": result.hr,
            "hr_ci_low": result.ci_low,
            "hr_ci_high": result.ci_high,
            "test": "Wald",
            "p": result.p,
            "note": join_notes(self.scored.note, result.note),
        }


def locked_cut_point(signature: Signature, name: str, scorer: str, scaling: str) -> float | None:
    """Cut-point that was locked for a score, as scored and scaled; None without one."""
    cuts = signature.cut_points
    rows = cuts[(cuts["score"] == name) & (cuts["scorer"] == scorer) & (cuts["scaling"] == scaling)]
    return float(rows["cut_point"].iloc[0]) if len(rows) else None


def _arrays(survival: pd.DataFrame) -> tuple[Array, Array, Array | None]:
    entry = survival["entry"].to_numpy(dtype=float) if "entry" in survival else None
    return survival["time"].to_numpy(dtype=float), survival["event"].to_numpy(dtype=int), entry


def _contrast(score: str, contrast: str) -> Row:
    """Facts of a row: the score, what is compared, and both in words."""
    words = {VS_REST: f"assigned {score} {VS_REST}", ASSIGNED: ASSIGNED}
    said = words.get(contrast, f"{score} score {contrast}")
    return {"score": score, "contrast": contrast, "comparison": said}


def _counts(survival: pd.DataFrame) -> Row:
    return {"n": len(survival), "events": int(survival["event"].sum())}


def _standard(score: pd.Series) -> Array:
    values = score.to_numpy(dtype=float)
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    standard: Array = (values - values.mean()) / (spread if spread > 0 else 1.0)
    return standard


def _one_sided(row: Row, sign: float) -> float:
    """P-value in the direction of the discovery cohort, of the two-sided one."""
    ratio, p = float(str(row["hr"])), float(str(row["p"]))
    if not (np.isfinite(sign) and np.isfinite(p) and np.isfinite(ratio)):
        return float("nan")
    return p / 2 if (ratio - 1) * sign > 0 else 1 - p / 2
