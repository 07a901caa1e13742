"""Models, prediction, late entry and competing events against R.

All values are printed by tests/reference/survival_models.R (R 4.2.2, survival 3.5-3, cmprsk 2.2-11,
riskRegression 2022.11.28); the call stands above each test. ``made`` are 60 made-up patients with
late entry, heavy ties, three sites and two causes of death.
"""

import numpy as np
import pandas as pd
import pytest

from omicsfuse.survival.added_value import added_value
from omicsfuse.survival.comparisons import logrank_table
from omicsfuse.survival.competing import cumulative_incidence
from omicsfuse.survival.cox import cox_table
from omicsfuse.survival.cox_model import CoxData, fit_cox
from omicsfuse.survival.curves import kaplan_meier, survival_at_times
from omicsfuse.survival.logrank import logrank_test
from omicsfuse.survival.model_comparison import BOTH, CLINICAL, ModelComparison
from omicsfuse.survival.models import fit_model, model_diagnostics
from omicsfuse.survival.prediction import (
    THRESHOLDS,
    area_under_curve_at,
    baseline_hazard,
    brier,
    decision_curve,
    integrated_brier,
    outcome,
)
from omicsfuse.survival.proportional import proportional_hazards, time_varying_effects
from omicsfuse.survival.restricted_mean import restricted_means

NUMBERS = ["hr", "hr_ci_low", "hr_ci_high", "p"]


def terms_of(table: pd.DataFrame, column: str, levels: list[str]) -> pd.DataFrame:
    return pd.DataFrame({level: (table[column] == level) * 1.0 for level in levels})


def cells_and_karno(veteran: pd.DataFrame) -> pd.DataFrame:
    return terms_of(veteran, "celltype", ["smallcell", "adeno", "large"]).join(veteran["karno"])


# ---- log-rank tests


# survdiff(Surv(time, status) ~ celltype + strata(trt), veteran)
def test_stratified_log_rank(veteran: pd.DataFrame) -> None:
    found = logrank_test(
        veteran["time"], veteran["status"], veteran["celltype"], strata=veteran["trt"]
    )
    assert found.chi2 == pytest.approx(22.7821199353, rel=1e-11)
    expected = [16.3743103991, 35.8067133140, 30.6371388922, 45.1818373947]
    np.testing.assert_allclose(found.expected, expected, rtol=1e-11)
    assert found.observed.tolist() == [26, 26, 45, 31]


# survdiff(Surv(time, event) ~ group + strata(site), d)
def test_stratified_log_rank_with_ties(made: pd.DataFrame) -> None:
    found = logrank_test(made["time"], made["event"], made["group"], strata=made["site"])
    assert found.chi2 == pytest.approx(7.40893350297, rel=1e-11)
    expected = [17.6323810461, 17.2775943153, 11.0900246386]
    np.testing.assert_allclose(found.expected, expected, rtol=1e-11)


# (c'(O - E))^2 / c'Vc of survdiff
def test_trend(made: pd.DataFrame, veteran: pd.DataFrame) -> None:
    found = logrank_test(made["time"], made["event"], made["group"], trend=[1, 2, 3])
    assert (found.dof, found.chi2) == (1, pytest.approx(8.59147121764, rel=1e-11))
    # adeno 3, large 2, smallcell 4, squamous 1
    found = logrank_test(
        veteran["coarse"], veteran["status"], veteran["celltype"], trend=[3, 2, 4, 1]
    )
    assert found.chi2 == pytest.approx(19.8480388116, rel=1e-11)


# coxph(Surv(entry, time, event) ~ ..., ties = "exact"), score test
def test_late_entry_in_all_log_rank_tests(made: pd.DataFrame) -> None:
    arrays = (made["time"], made["event"], made["group"])
    entry = made["entry"]
    plain = logrank_test(*arrays, entry=entry)
    assert plain.chi2 == pytest.approx(11.7769394013, rel=1e-11)
    stratified = logrank_test(*arrays, entry=entry, strata=made["site"])
    assert stratified.chi2 == pytest.approx(12.2964747128, rel=1e-11)
    trend = logrank_test(*arrays, entry=entry, trend=[1, 2, 3])
    assert trend.chi2 == pytest.approx(10.1710118491, rel=1e-11)
    table = logrank_table(
        made["group"], made[["time", "event", "entry"]], "os", 99,
        strata=made["site"], order_by=made["group"].map({"A": 1, "B": 2, "C": 3}).rename("dose"),
    ).set_index("comparison")  # fmt: skip
    rows = ["overall", "overall, stratified by site", "trend over dose"]
    expected = [11.7769394013, 12.2964747128, 10.1710118491]
    np.testing.assert_allclose(table.loc[rows, "chi2"], expected, rtol=1e-11)
    assert table.loc[rows, "p_permutation"].notna().all()
    # The order of a trend is of the same patients: only permutation knows of that.
    assert table.loc[rows, "p_asymptotic"].notna().tolist() == [True, True, False]
    assert table.loc[rows, "fdr"].isna().all()


# ---- Cox models


# coxph(Surv(entry, time, event) ~ B + C + age, d), and + strata(site); cox.zph(transform = "km")
@pytest.mark.parametrize(
    ("stratified", "ratios", "likelihood", "tests"),
    [
        (
            False,
            [
                (2.98722344427, 1.360316010163, 6.55987567544, 0.00639763925330),
                (3.46327316996, 1.547012789909, 7.75317510495, 0.00251831511663),
                (1.01877414975, 0.979986079941, 1.05909746010, 0.34764685816661),
            ],
            (-131.948215719, -125.655959768),
            [0.4470116170361, 0.0468245883338, 0.0097900474792, 1.1212135082603],
        ),
        (
            True,
            [
                (4.34877922778, 1.647067939359, 11.48214977662, 0.00300433133602),
                (3.96289869962, 1.702888442644, 9.22231058136, 0.00139735317036),
                (1.02579375803, 0.983539471799, 1.06986334985, 0.23538136300285),
            ],
            (-86.8336676378, -79.8660189084),
            [2.41618556821e-01, 6.51012460027e-05, 1.08017342161e-01, 6.07048284584e-01],
        ),
    ],
)
def test_late_entry_and_strata_in_cox_models(
    made: pd.DataFrame,
    stratified: bool,
    ratios: list[tuple[float, ...]],
    likelihood: tuple[float, float],
    tests: list[float],
) -> None:
    terms = terms_of(made, "group", ["B", "C"]).join(made["age"])
    survival = made[["time", "event", "entry"]]
    strata = made["site"] if stratified else None
    table = cox_table(survival, terms, "os", "m", strata)
    np.testing.assert_allclose(table[NUMBERS], ratios, rtol=1e-6)
    model = fit_model(survival, terms, "os", "m", strata)
    assert model.fit is not None
    found = (model.fit.null_log_likelihood, model.fit.log_likelihood)
    assert found == pytest.approx(likelihood, rel=1e-10)
    proportional, _ = proportional_hazards(model)
    np.testing.assert_allclose(proportional["chi2"], tests, rtol=1e-5)
    assert proportional["dof"].tolist() == [1, 1, 1, 3]


# cox.zph(transform = "km"), residuals(type = "scaledsch")
def test_proportional_hazards_and_residuals(veteran: pd.DataFrame) -> None:
    survival = veteran[["time"]].assign(event=veteran["status"])
    tests, residuals = proportional_hazards(
        fit_model(survival, cells_and_karno(veteran), "os", "m")
    )
    assert tests["term"].tolist() == ["smallcell", "adeno", "large", "karno", "all terms"]
    chi2 = [4.70487138985, 6.85694030441, 4.81051162534, 14.41575377418, 23.64986557408]
    np.testing.assert_allclose(tests["chi2"], chi2, rtol=1e-7)
    p = [3.00772522204e-02, 8.82976185612e-03, 2.82866459455e-02, 1.46571006398e-04]
    np.testing.assert_allclose(tests["p"], [*p, 9.38754516438e-05], rtol=1e-6)
    karno = residuals[residuals["term"] == "karno"]
    assert karno["time"].iloc[-5:].tolist() == [467, 553, 587, 991, 999]
    # R gives the residuals with the coefficient added, as here.
    last = [0.0371052961783, -0.0408344023156, -0.0619412781222, -0.0550395904752, -0.0310566317303]
    np.testing.assert_allclose(karno["residual"].iloc[-5:], last, rtol=1e-6)
    first = [-0.1263353576098, -0.0234112410914, -0.0318288733450, -0.0900389124127]
    found = karno["residual"].iloc[:4].to_numpy()
    # The first two patients died on the same day; in what order they come does not matter.
    np.testing.assert_allclose(sorted(found[:2]), sorted(first[:2]), rtol=1e-6)
    np.testing.assert_allclose(found[2:], first[2:], rtol=1e-6)
    adeno = residuals.loc[residuals["term"] == "adeno", "residual"].iloc[-5:]
    expected = [-0.1937795749923, 4.4638036001673, 1.1332627181692, 1.1387310690436]
    np.testing.assert_allclose(adeno, [*expected, 1.1577332667857], rtol=1e-6)
    assert (karno["fit_low"] < karno["fit"]).all()
    assert (karno["fit"] < karno["fit_high"]).all()


# coxph(Surv(time, status) ~ karno) up to and from the median event time, 62 days
def test_effects_before_and_after_the_median_event(veteran: pd.DataFrame) -> None:
    survival = veteran[["time"]].assign(event=veteran["status"])
    model = fit_model(survival, veteran[["karno"]], "os", "m")
    table = time_varying_effects(model, veteran[["karno"]])
    assert table["period"].tolist() == ["early", "late"]
    assert set(table["split"]) == {62}
    expected = [
        (0.953219458244, 0.941231075763, 0.965360535764),
        (0.99119911776, 0.97479430128, 1.00788001095),
    ]
    np.testing.assert_allclose(table[NUMBERS[:3]], expected, rtol=1e-8)
    np.testing.assert_allclose(table["p"], 0.000256176371023, rtol=1e-6)


# diag(solve(cor(smallcell, adeno, large, karno, age)))
def test_variance_inflation(veteran: pd.DataFrame) -> None:
    survival = veteran[["time"]].assign(event=veteran["status"])
    terms = cells_and_karno(veteran).join(veteran["age"])
    table = model_diagnostics(fit_model(survival, terms, "os", "m"))
    expected = [1.57531523316, 1.42741244444, 1.43577310631, 1.05385770292, 1.02271591865]
    np.testing.assert_allclose(table["variance_inflation"], expected, rtol=1e-10)
    np.testing.assert_allclose(table["events_per_variable"], 128 / 5)


# Penalised likelihood by optim, profile limits by uniroot (coxphf is not in Debian)
def test_firth_with_late_entry_and_strata(made: pd.DataFrame) -> None:
    terms = terms_of(made, "group", ["B", "C"]).join(made["age"])
    event = made["event"].where(made["group"] != "B", 0)
    fit = fit_cox(CoxData(made["time"], event, terms, made["site"], made["entry"]))
    assert fit.penalised
    # The penalty is that of the scaled terms: both differ from R's by the same constant.
    gain = fit.log_likelihood - fit.null_log_likelihood
    assert gain == pytest.approx(-39.6283731576 + 50.4744705706, rel=1e-10)
    expected = np.array(
        [
            (-2.1777337927961, -7.0665454848384, 0.0224554960776, 0.05298115506495),
            (1.2421433301421, 0.4013449752757, 2.1228623046214, 0.00377041070515),
            (0.0306778296159, -0.0165733843426, 0.0801477989536, 0.20339755762825),
        ]
    )
    # optim stops on the flat top, the limits are on the slopes.
    np.testing.assert_allclose(fit.coefficients, expected[:, 0], atol=5e-6)
    found = np.column_stack([fit.ci_low, fit.ci_high, fit.p])
    np.testing.assert_allclose(found, expected[:, 1:], rtol=1e-6)


# ---- curves and restricted means


# survfit(Surv(time, status) ~ celltype, veteran, conf.type = "log-log"), summary(times)
def test_survival_at_one_year(veteran: pd.DataFrame) -> None:
    curves, _ = kaplan_meier(veteran["celltype"], veteran[["time"]].assign(event=veteran["status"]))
    table = survival_at_times(curves, "os", "days").set_index(["subtype", "years"])
    expected = {
        "squamous": (0.2161403508772, 0.0909087040019, 0.375850941781, 6),
        "smallcell": (0.0585133744856, 0.0113057165457, 0.165716950986, 2),
        "adeno": (0, np.nan, np.nan, 0),
        "large": (0.0823045267490, 0.0145168450790, 0.229114334176, 2),
    }
    columns = ["survival", "ci_low", "ci_high", "at_risk"]
    for cell, values in expected.items():
        found = table.loc[(cell, 1), columns].tolist()
        assert found == pytest.approx(values, rel=1e-6, nan_ok=True)
        assert table.loc[(cell, 3), ["survival", "at_risk"]].tolist() == [0, 0]


# survfit(Surv(entry, time, event) ~ group, d, conf.type = "log-log") at 5, 10, 20; medians
def test_curves_with_late_entry(made: pd.DataFrame) -> None:
    curves, medians = kaplan_meier(made["group"], made[["time", "event", "entry"]])
    expected = {
        "A": [
            (0.4309764309764, 0.1844757213053, 0.657605923157),
            (0.4309764309764, 0.1844757213053, 0.657605923157),
            (0.1915450804340, 0.0369297221331, 0.436943809390),
        ],
        "B": [
            (0.2800000000000, 0.0734100650202, 0.537699137652),
            (0.0954545454545, 0.0181575528985, 0.252437798840),
            (0, np.nan, np.nan),
        ],
        "C": [
            (0.1136363636364, 0.0213311998394, 0.292519344512),
            (0.0606060606061, 0.0077827271604, 0.198210517998),
            (0, np.nan, np.nan),
        ],
    }
    for group, values in expected.items():
        curve = curves[curves["subtype"] == group]
        for at, value in zip((5, 10, 20), values, strict=True):
            last = curve[curve["time"] <= at].iloc[-1]
            found = last[["survival", "ci_low", "ci_high"]].tolist()
            assert found == pytest.approx(value, rel=1e-9, nan_ok=True)
    # B lies on 0.5 from 2 to 3, of which R gives the middle, 2.5 (see kaplan_meier).
    columns = ["events", "median", "ci_low", "ci_high"]
    assert medians[columns].to_numpy().tolist() == [[11, 5, 2, 18], [18, 2, 2, 6], [17, 2, 2, 3]]


# survfit with rmean = 999, and 392 for the pair; difference by survRM2's formulas
def test_restricted_means(veteran: pd.DataFrame) -> None:
    survival = veteran[["time"]].assign(event=veteran["status"])
    table = restricted_means(veteran["celltype"], survival, "os", n_permutations=99)
    table = table.set_index("comparison")
    assert table.loc[["squamous", "adeno"], "tau"].tolist() == [999, 999]
    assert table.loc["smallcell minus adeno", "tau"] == 392
    means = {
        "squamous": (230.22506265664, 47.68635804467),
        "smallcell": (78.98109567901, 14.67156059162),
        "adeno": (65.555555555556, 9.930285879865),
        "large": (170.5061728395, 24.6105642030),
    }
    for cell, (mean, se) in means.items():
        assert table.loc[cell, "estimate"] == pytest.approx(mean, rel=1e-10)
        width = table.loc[cell, "ci_high"] - table.loc[cell, "ci_low"]
        assert width / 2 / 1.959963984540054 == pytest.approx(se, rel=1e-9)
    found = table.loc["smallcell minus adeno", ["estimate", "ci_low", "ci_high", "p_asymptotic"]]
    expected = (13.4255401234568, -21.2976581982588, 48.1487384451723, 0.4485649385297)
    assert found.tolist() == pytest.approx(expected, rel=1e-9)


# ---- prediction: lung without missing values, ~ age + ph.ecog against ~ age + ph.ecog + sex


@pytest.fixture(scope="module")
def predicted(lung: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    known = lung.dropna(subset=["time", "status", "sex", "age", "ph.ecog"])
    survival = known[["time"]].assign(event=known["status"])
    return survival, (known[["sex"]] == 2) * 1.0, known[["age", "ph.ecog"]]


# anova(), concordance(), concordance(timewt = "n/G2", ymax = 765), riskRegression::Score
def test_measures_of_prediction(
    predicted: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    survival, sex, clinical = predicted
    found = added_value(survival, sex, clinical, "os", "days", n_bootstrap=0).measures
    ratio = found.iloc[0]
    assert (ratio["estimate"], ratio["p"]) == pytest.approx((11.44492, 0.0007169), rel=1e-4)
    estimates = found.set_index(["measure", "model"])["estimate"]
    expected = {
        "concordance (Harrell)": (0.609971193208, 0.637135493000),
        "concordance (Uno)": (0.599140345859, 0.625897530149),
        "area under the ROC curve": (0.615092635577, 0.647397660015),
        "Brier score": (0.231542150742, 0.225596309313),
        "integrated Brier score": (0.166755710933, 0.161788214823),
    }
    for measure, values in expected.items():
        pair = [estimates[measure, name] for name in (CLINICAL, BOTH)]
        assert pair == pytest.approx(values, rel=1e-8), measure
        gain = estimates[measure, "difference"]
        assert gain == pytest.approx(values[1] - values[0], rel=1e-6)
    assert estimates["calibration slope", BOTH] == pytest.approx(1, rel=1e-6)


# Score at 100, 200 and 500 days; predicted survival by survfit(newdata)
def test_predicted_survival_and_its_errors(
    predicted: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    survival, sex, clinical = predicted
    terms = clinical.join(sex)
    model = fit_model(survival, terms, "os", "m")
    assert model.fit is not None
    assert model.data is not None
    known, order = outcome(survival["time"].to_numpy(), survival["event"].to_numpy())
    risk = (terms.to_numpy() - model.data.centre) @ model.fit.coefficients
    at = np.array([100.0, 200, 500, 365.25])
    hazard = baseline_hazard(model.data, model.fit.coefficients, at)
    predicted_survival = np.exp(-np.outer(np.exp(risk), hazard))
    first = [0.279741024475, 0.472497975983, 0.518670853095, 0.348045401868, 0.503486037051]
    np.testing.assert_allclose(predicted_survival[:5, 3], first, rtol=1e-8)
    areas = [area_under_curve_at(known, risk[order], time) for time in at[:3]]
    expected = [0.658905978263, 0.678076022622, 0.643141461618]
    np.testing.assert_allclose(areas, expected, rtol=1e-10)
    errors = brier(known, predicted_survival[order][:, :3], at[:3])
    np.testing.assert_allclose(errors, [0.109501600935, 0.194970895585, 0.198182954472], rtol=1e-8)
    # Net benefit of Vickers 2008: P(x) [1 - S(t | x)] - P(x) S(t | x) odds, S by Kaplan-Meier
    places = [int(np.argmin(np.abs(THRESHOLDS - value))) for value in (0.3, 0.5, 0.7)]
    benefit = decision_curve(known, 1 - predicted_survival[order][:, 3], 365.25)[places]
    expected = [0.414505600631, 0.221547759826, 0.0519392501771]
    np.testing.assert_allclose(benefit, expected, rtol=1e-8)
    everyone = decision_curve(known, np.ones(len(risk)), 365.25)[places]
    expected = [0.412793641429, 0.177911098001, -0.3701481699985]
    np.testing.assert_allclose(everyone, expected, rtol=1e-8)


def test_grid_of_the_integrated_score(
    predicted: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    survival, sex, clinical = predicted
    comparison = ModelComparison(fit_model(survival, clinical.join(sex), "os", "m"), 2, "days")
    assert comparison.horizon == 765  # sort(time)[n - 9]
    perfect = (comparison.outcome.time[:, None] > comparison.grid).astype(float)
    assert integrated_brier(comparison.outcome, perfect, comparison.grid) == pytest.approx(0)


# anova(coxph(Surv(time, status) ~ karno), coxph(Surv(time, status) ~ celltype + karno))
def test_likelihood_ratio(veteran: pd.DataFrame) -> None:
    survival = veteran[["time"]].assign(event=veteran["status"])
    cells = terms_of(veteran, "celltype", ["smallcell", "adeno", "large"])
    row = added_value(survival, cells, veteran[["karno"]], "os", "days", 0).measures.iloc[0]
    assert row["estimate"] == pytest.approx(17.34047, rel=1e-6)
    assert row["p"] == pytest.approx(0.00060146, rel=1e-4)


# ---- competing events


# survfit(Surv(time, factor(cause)) ~ group, d) and timepoints(cuminc(time, cause, group))
def test_cumulative_incidence(made: pd.DataFrame) -> None:
    table = cumulative_incidence(
        made["group"], made[["time", "cause"]], "os", {1: "cancer", 2: "other"}
    )
    estimates = {
        ("A", "cancer"): [0.40, 0.40, 0.566666666667],
        ("A", "other"): [0.15, 0.30, 0.30],
        ("B", "cancer"): [0.40, 0.75, 0.90],
        ("B", "other"): [0.05, 0.10, 0.10],
        ("C", "cancer"): [0.65, 0.75, 0.85],
        ("C", "other"): [0.10, 0.15, 0.15],
    }
    # std.err of survfit (Aalen-Johansen). cuminc's variance is another estimate, with n - 1 in
    # place of n: up to 16% larger with these 20 patients a group.
    errors = {
        ("A", "cancer"): [0.1095445115010, 0.1095445115010, 0.1140987226857],
        ("A", "other"): [0.0798435971134, 0.1024695076596, 0.1024695076596],
        ("B", "cancer"): [0.1095445115010, 0.0968245836552, 0.0670820393250],
        ("B", "other"): [0.0487339717240, 0.0670820393250, 0.0670820393250],
        ("C", "cancer"): [0.1066536450385, 0.0968245836552, 0.0798435971134],
        ("C", "other"): [0.0670820393250, 0.0798435971134, 0.0798435971134],
    }
    cuminc = {
        ("A", "cancer"): [0.01248629680879, 0.01248629680879, 0.0150429629230],
        ("B", "other"): [0.00250000000000, 0.00487438146769],
    }
    for (group, cause), values in estimates.items():
        curve = table[(table["subtype"] == group) & (table["cause"] == cause)]
        rows = [curve[curve["time"] <= at].iloc[-1] for at in (5, 10, 20)]
        f = np.array([row["incidence"] for row in rows])
        np.testing.assert_allclose(f, values, rtol=1e-10)
        low = np.array([row["ci_low"] for row in rows])
        high = np.array([row["ci_high"] for row in rows])
        # The limits are f to the power of exp(-+ 1.96 se / (f log f)).
        for limit, sign in ((low, 1), (high, -1)):
            half = sign * np.log(np.log(limit) / np.log(f))
            found = half / 1.959963984540054 * f * np.abs(np.log(f))
            np.testing.assert_allclose(found, errors[group, cause], rtol=1e-9)
        for error, variance in zip(
            errors[group, cause], cuminc.get((group, cause), []), strict=False
        ):
            assert 0.85 * variance < error**2 < variance


# survfit(Surv(entry, time, factor(cause)) ~ group, d)
def test_cumulative_incidence_with_late_entry(made: pd.DataFrame) -> None:
    columns = ["time", "cause", "entry"]
    table = cumulative_incidence(made["group"], made[columns], "os", {1: "cancer", 2: "other"})
    expected = {
        ("A", "cancer"): [0.474747474747, 0.474747474747, 0.579498690610],
        ("A", "other"): [0.242424242424, 0.336700336700, 0.336700336700],
        ("B", "cancer"): [0.665000000000, 0.798636363636, 0.855909090909],
        ("B", "other"): [0.125000000000, 0.144090909091, 0.144090909091],
        ("C", "cancer"): [0.795454545455, 0.822727272727, 0.850000000000],
        ("C", "other"): [0.136363636364, 0.150000000000, 0.150000000000],
    }
    for (group, cause), values in expected.items():
        curve = table[(table["subtype"] == group) & (table["cause"] == cause)]
        found = [curve.loc[curve["time"] <= at, "incidence"].iloc[-1] for at in (5, 10, 20)]
        np.testing.assert_allclose(found, values, rtol=1e-10)
