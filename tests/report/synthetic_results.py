"""Results of a run made by hand from a simulated cohort, in whatever shape a test needs."""

from dataclasses import replace

import numpy as np
import pandas as pd

from omicsfuse.biology import alterations, burden, table_one
from omicsfuse.core.cohort import Cohort, Exclusion
from omicsfuse.core.results import (
    VERDICTS,
    Assessment,
    Fusion,
    Prepared,
    PreparedLayer,
    RunResults,
    Signature,
    Subtypes,
    SurvivalComparison,
    Verification,
)
from omicsfuse.datasets import simulate_cohort

_SCALES = {
    "radiomics": "normal_score",
    "expression": "log2",
    "methylation": "m_value",
    "mutation": "binary",
    "copy_number": "gistic",
}
TEST_COLUMNS = [
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


def make_results(
    k: int = 3,
    n: int = 60,
    *,
    with_clinical: bool = True,
    with_survival: bool = True,
    with_external: bool = True,
    with_enrichment: bool = True,
    with_alterations: bool = True,
    few_events: bool = False,
    jaccard: float = 0.85,
    p: float = 0.004,
    seed: int = 0,
    verdict: str = VERDICTS[0],
    assessed: str = "whole",
    competing: bool = False,
) -> RunResults:
    """Results of all stages with exactly the columns that ``results.py`` documents.

    ``few_events`` means a single event, so that nothing is tested or modelled; ``competing`` adds
    a second cause. ``assessed`` is ``"whole"``, ``"quick"`` (neither groups of features nor
    settings) or ``"before"`` (as results were before there were tests).
    """
    simulated = simulate_cohort(n, min(max(k, 1), 8), n_external=60, n_genes=360, random_state=seed)
    cohort = simulated.discovery
    if not with_clinical:
        cohort = replace(cohort, clinical=None, endpoints={}, covariates=(), known_labels=())
        with_survival = False
    rng = np.random.default_rng(seed)
    patients = pd.Index(list(cohort.omics["expression"].table.index)[: n - 4], name="patient")
    prepared = _prepared(cohort)
    codes = np.sort(np.minimum((rng.random(len(patients)) ** 1.3 * k).astype(int), k - 1))
    if k > 1:
        codes[:k] = np.arange(k)
    order = np.argsort(-np.bincount(codes, minlength=k), kind="stable")
    labels = pd.Series([f"S{int(np.flatnonzero(order == c)[0]) + 1}" for c in codes], patients)
    fusion = _fusion(prepared, labels, list(cohort.omics["expression"].table.index), rng)
    subtypes = _subtypes(labels, k, rng)
    names = subtypes.names
    stability = pd.DataFrame(
        {
            "n": [int((labels == s).sum()) for s in names],
            "jaccard_mean": [jaccard - 0.04 * i % 0.3 for i in range(k)] if k > 1 else [np.nan],
            "jaccard_sd": [0.07] * k if k > 1 else [np.nan],
            "dissolved": [0.05] * k if k > 1 else [np.nan],
            "n_resamples": 50,
        },
        index=pd.Index(names, name="subtype"),
    )
    layers = pd.DataFrame(
        {
            "n_patients": len(patients),
            "n_features": [layer.scaled.shape[1] for layer in prepared.layers.values()],
            "agreement_alone": [0.31, 0.72, 0.4, -0.02, 0.15][: len(prepared.layers)],
            "normalised_mutual_information_alone": [0.3, 0.7, 0.4, 0.0, 0.2][
                : len(prepared.layers)
            ],
            "agreement_without": [0.8, 0.45, 0.9, 1.0, 0.97][: len(prepared.layers)],
            "silhouette": [0.1, 0.22, 0.12, 0.01, 0.05][: len(prepared.layers)],
        },
        index=pd.Index(list(prepared.layers), name="layer"),
    )
    if k == 1:
        layers.iloc[:, 2:] = np.nan
    survival = {}
    if with_survival:
        plain = _survival("os", labels, few_events, p, rng)
        survival["os"] = _with_models(plain, few_events, competing, np.random.default_rng(seed + 1))
    signature = _signature(prepared, names, len(labels)) if k > 1 else None
    clinical = _clinical(with_clinical)
    verification = None
    if with_external and signature is not None:
        verification = _verification(names, signature, rng)
    return RunResults(
        name="demonstration",
        settings=_settings(with_external, k),
        cohort=cohort,
        prepared=prepared,
        fusion=fusion,
        subtypes=subtypes,
        assessment=_assessment(stability, layers, subtypes, verdict, assessed, rng),
        embedding=_embedding(labels, rng),
        survival=survival,
        clinical=clinical,
        alterations=alterations(subtypes, cohort) if with_alterations else pd.DataFrame(),
        burden=burden(subtypes, cohort),
        table_one=table_one(subtypes, cohort, clinical),
        markers=_markers(prepared, names, rng),
        enrichment=_enrichment(names, rng, with_enrichment and k > 1),
        signature=signature,
        verification=verification,
        exclusions=(
            Exclusion("preprocess", "radiomics", "features", 7, "near-constant", ("a", "b")),
            *fusion.exclusions,
        ),
        warnings=("n_neighbors was lowered from 20 to 12: the cohort is small.",),
        provenance={
            "versions": {"omicsfuse": "0.1.0", "python": "3.11.2", "numpy": "2.0.0"},
            "seed": seed,
            "inputs": {"expression.tsv.gz": "ab" * 32, "clinical.tsv": "cd" * 32},
            "seconds": {"fuse": 1.2345678},
        },
    )


def _prepared(cohort: Cohort) -> Prepared:
    layers = {}
    for name, layer in cohort.omics.items():
        table = layer.table
        values = np.log2(table + 1e-6) if layer.kind in ("expression", "radiomics") else table
        scaled = values.fillna(values.mean())
        scaled = (scaled - scaled.mean()) / scaled.std().replace(0, 1)
        layers[name] = PreparedLayer(layer.kind, scaled, values, _SCALES[layer.kind], None)
    return Prepared(cohort.name, layers)


def _fusion(prepared, labels, everyone, rng) -> Fusion:
    n = len(labels)
    same = labels.to_numpy()[:, None] == labels.to_numpy()[None, :]
    noise = rng.gamma(2.0, 1.0, (n, n))
    affinity = (np.where(same, 2.2, 1.0) * (noise + noise.T)) / n / 10
    np.fill_diagonal(affinity, 0.5)
    table = pd.DataFrame(affinity, labels.index, labels.index)
    coverage = pd.DataFrame(True, index=everyone, columns=list(prepared.layers))
    coverage.loc[everyone[-4:-1], "radiomics"] = False
    coverage.loc[everyone[-2:], coverage.columns[-1]] = False
    params = {
        "layers": list(prepared.layers),
        "variant": "paper",
        "engine": "exact",
        "n_neighbors": 12,
        "n_neighbors_asked": 20,
        "mu": 0.5,
        "n_iterations": 20,
        "metrics": {name: "euclidean" for name in prepared.layers} | {"mutation": "jaccard"},
    }
    exclusions = (
        Exclusion("fuse", "", "patients", 4, "not in every fused layer", tuple(everyone[-4:])),
    )
    return Fusion(table, {name: table for name in prepared.layers}, coverage, params, exclusions)


def _subtypes(labels, k, rng) -> Subtypes:
    ks = pd.Index(range(2, 7) if k > 1 else [1], name="k")
    choice = pd.DataFrame(
        {
            "eigengap": 0.02 + 0.1 * (ks == k),
            "eigengap_ratio": 0.03 + 0.2 * (ks == k),
            "rotation_cost": 0.3 - 0.1 * (ks == k),
            "silhouette": 0.1 + 0.2 * (ks == k) - 0.01 * np.arange(len(ks)) if k > 1 else np.nan,
            "normalised_cut": 0.5 * np.asarray(ks),
            "gap": 0.02 + 0.1 * (ks == k) if k > 1 else np.nan,
            "gap_sd": 0.01 if k > 1 else np.nan,
            "smallest": 9,
            "chosen": ks == k,
        },
        index=ks,
    )
    patients = pd.DataFrame(
        {
            "silhouette": rng.normal(0.2, 0.1, len(labels)) if k > 1 else np.nan,
            "confidence": rng.uniform(0.4, 0.9, len(labels)),
            "n_layers": 5,
        },
        index=labels.index,
    )
    sizes = labels.value_counts()
    names = [f"S{i + 1}" for i in range(labels.nunique())]
    by_subtype = pd.DataFrame(
        {"n": [int(sizes[s]) for s in names], "silhouette": 0.2 if k > 1 else np.nan},
        index=pd.Index(names, name="subtype"),
    )
    rule = "the smallest of 2 to 6 whose normalised cut is best" if k > 1 else "1, as asked"
    evidence = {"n_clusters": choice, "patients": patients, "subtypes": by_subtype}
    return Subtypes(labels, evidence, {"n_clusters": k, "rule": rule})


def _assessment(stability, layers, subtypes, verdict, assessed, rng) -> Assessment:
    params = {"budget": "quick", "n_resamples": 50, "resampled_share": 0.8}
    if assessed == "before":
        return Assessment(stability, layers, params)
    labels, names, k = subtypes.labels, subtypes.names, len(subtypes.names)
    p_shared, p_structure = dict(
        zip(VERDICTS, [(0.005, 0.01), (0.005, 0.32), (0.4, 0.2)], strict=True)
    ).get(verdict, (np.nan, np.nan))
    tests = pd.DataFrame(
        [
            (kind, j, statistic, 0.3, 0.1, 0.02, 10.0, 199)
            for kind in ("shared", "structure")
            for statistic in ("silhouette", "normalised_cut", "eigengap")
            for j in range(2, 7)
        ],
        columns=["test", "k", "statistic", "observed", "null_mean", "null_sd", "excess", "n_draws"],
    )
    ks = pd.Index(range(2, 7), name="k")
    by_k = subtypes.evidence["n_clusters"].reindex(ks)
    chosen = by_k.pop("chosen").eq(True)
    for i, name in enumerate(("pac", "cdf_area", "cdf_area_gain", "prediction_strength")):
        by_k[name] = 0.1 * i + 0.05 * np.arange(5)
    by_k["prediction_strength_sd"] = 0.05
    for name in ("silhouette", "normalised_cut", "eigengap"):
        by_k[f"{name}_over_continuum"] = np.linspace(-1, 6, 5)
    same = labels.to_numpy()[:, None] == labels.to_numpy()[None, :]
    consensus = np.where(same, rng.uniform(0.7, 1, same.shape), rng.uniform(0, 0.3, same.shape))
    consensus = (consensus + consensus.T) / 2
    np.fill_diagonal(consensus, 1)
    patients = subtypes.evidence["patients"][["silhouette", "confidence"]].copy()
    patients.insert(0, "subtype", labels)
    patients["co_clustering"] = rng.uniform(0.5, 1, len(labels)) if k > 1 else np.nan
    core = (patients["co_clustering"] >= 0.6) | (k == 1)
    patients["membership"] = np.where(core, "core", "borderline")
    whole = assessed == "whole"
    return Assessment(
        stability,
        _with_gains(layers, k),
        params | {"n_draws": 199, "n_splits": 25, "level": 0.05, "n_permutations": 99},
        p_shared,
        p_structure,
        verdict,
        tests if verdict in VERDICTS else pd.DataFrame(),
        by_k.assign(chosen=chosen),
        patients,
        pd.DataFrame(consensus, labels.index, labels.index) if k > 1 else pd.DataFrame(),
        pd.DataFrame(
            [(j, c, min(1.0, 0.5 + c * 0.4)) for j in ks for c in np.linspace(0, 1, 11)],
            columns=["k", "consensus", "cdf"],
        ),
        pd.DataFrame(
            [
                (subtype, layer, 9, 0.02, 0.01, 2.0 - 0.3 * i if k > 1 else np.nan)
                for subtype in names
                for i, layer in enumerate(layers.index)
            ],
            columns=["subtype", "layer", "n", "within", "between", "ratio"],
        ),
        _feature_groups(k) if whole else pd.DataFrame(),
        _sensitivity(k) if whole else pd.DataFrame(),
    )


def _with_gains(layers, k) -> pd.DataFrame:
    table = layers.copy()
    p = np.array([0.01, 0.02, 0.3, 0.04, 0.5])[: len(table)]
    columns = {"p_adds": p, "fdr_adds": np.minimum(1, 2 * p)}
    for effect in ("shared", "held_out", "stability", "fused_silhouette"):
        columns |= {
            f"{effect}_real": 0.06,
            f"{effect}_permuted": 0.02,
            f"{effect}_gain": 0.04,
            f"{effect}_gain_low": 0.016,
            f"{effect}_gain_high": 0.056,
            f"{effect}_gain_p": p if effect == "shared" else 0.11,
        }
    columns["held_out_without"] = 0.03
    for name, values in columns.items():
        table[name] = values if k > 1 else np.nan
    return table.assign(n_permutations=99)


def _feature_groups(k) -> pd.DataFrame:
    groups = [("texture", "class", 60), ("shape", "class", 8), ("wavelet", "image", 40)]
    index = pd.MultiIndex.from_tuples(
        [("radiomics", group) for group, _, _ in groups], names=["layer", "group"]
    )
    table = pd.DataFrame(
        {
            "grouping": [kind for _, kind, _ in groups],
            "n_features": [size for _, _, size in groups],
            "agreement_alone": 0.2,
            "agreement_without": 0.9,
            "silhouette": 0.1,
            "shared_real": 0.05,
            "shared_permuted": 0.02,
            "shared_gain": 0.03,
            "shared_gain_low": -0.01,
            "shared_gain_high": 0.05,
            "shared_gain_p": [0.01, 0.2, 0.03],
            "fdr": [0.03, 0.2, 0.045],
            "n_permutations": 99,
            "note": "",
        },
        index,
    )
    if k == 1:
        table[[name for name in table if name.startswith(("shared", "agreement"))]] = np.nan
    return table


def _sensitivity(k) -> pd.DataFrame:
    rows = [
        ("n_neighbors", "10", 0.9, k, 0.9, ""),
        ("n_neighbors", "20", 1.0, k, 1.0, "as reported"),
        ("n_neighbors", "30", np.nan, None, np.nan, "more neighbours than patients"),
        ("mu", "0.3", 0.82, k + 1, 0.7, ""),
        ("mu", "0.5", 1.0, k, 1.0, "as reported"),
        ("metric of expression", "correlation", 0.95, k, 0.95, ""),
        ("metric of expression", "euclidean", 1.0, k, 1.0, "as reported"),
    ]
    columns = ["setting", "value", "agreement", "n_clusters", "agreement_auto", "note"]
    table = pd.DataFrame(rows, columns=columns).astype({"n_clusters": "Int64"})
    return table.assign(reported=table["note"] == "as reported")


def _survival(endpoint, labels, few_events, p, rng) -> SurvivalComparison:
    names = [f"S{i + 1}" for i in range(labels.nunique())]
    time = pd.Series(np.ceil(rng.exponential(1200, len(labels))) + 1, labels.index)
    event = pd.Series(rng.random(len(labels)) < 0.6, labels.index)
    if few_events:
        event[:] = np.arange(len(labels)) == 7
    curves, medians = [], []
    for name in names:
        t, e = time[labels == name], event[labels == name]
        rows, alive = [(0.0, 1.0, 1.0, 1.0, len(t), 0, 0)], 1.0
        for moment in np.unique(t):
            at_risk, died = int((t >= moment).sum()), int(((t == moment) & e).sum())
            alive *= 1 - died / at_risk
            low, high = max(alive - 0.15, 0), min(alive + 0.12, 1)
            censored = int(((t == moment) & ~e).sum())
            rows.append((moment, alive, low, high, at_risk, died, censored))
        columns = ["time", "survival", "ci_low", "ci_high", "at_risk", "events", "censored"]
        curve = pd.DataFrame(rows, columns=columns)
        curve.insert(0, "subtype", name)
        curves.append(curve)
        below = curve.loc[curve["survival"] <= 0.5, "time"]
        medians.append(
            (len(t), int(e.sum()), below.iloc[0] if len(below) else np.nan, np.nan, np.nan)
        )
    n, events = len(labels), int(event.sum())
    nothing = few_events or len(names) < 2
    why = "no p-value: fewer than 10 events" if few_events else "only one subtype"
    values = [np.nan] * 6 if nothing else [9.1, p, p * 1.2, p, p * 2, np.nan]
    tests = [[endpoint, "overall", n, events, *values, why if nothing else ""]]
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            values = [np.nan] * 6 if nothing else [3.2, 0.07, 0.08, 0.06, 0.1, 0.09]
            tests.append([endpoint, f"{a} vs {b}", n // 2, events // 2, *values, ""])
    values = [np.nan] * 4 if few_events else [1.02, 0.99, 1.05, 0.2]
    cox = [[endpoint, "univariable", "age", n, events, *values, ""]]
    for name in names[1:]:
        values = [np.nan] * 4 if few_events else [2.1, 1.2, 3.7, 0.0004]
        cox.append([endpoint, "univariable", f"{name} vs S1", n, events, *values, ""])
        values = [np.nan] * 4 if few_events else [5e7, 0.0, np.inf, 0.99]
        note = "too few events" if few_events else "one group has no event"
        cox.append([endpoint, "multivariable", f"{name} vs S1", n, events, *values, note])
    columns = ["endpoint", "model", "term", "n", "events", "hr", "hr_ci_low", "hr_ci_high"]
    return SurvivalComparison(
        endpoint,
        "days",
        pd.DataFrame(tests, columns=TEST_COLUMNS).assign(
            kind=["overall", *["pair"] * (len(tests) - 1)], by="", void=False
        ),
        pd.DataFrame(cox, columns=[*columns, "p", "note"])
        .assign(
            covariate=["age" if row[2] == "age" else "" for row in cox],
            reason="too few events" if few_events else "",
        )
        .sort_values("model", ascending=False, kind="stable"),
        pd.concat(curves, ignore_index=True),
        pd.DataFrame(
            medians,
            columns=["n", "events", "median", "ci_low", "ci_high"],
            index=pd.Index(names, name="subtype"),
        ),
        (Exclusion("survival", endpoint, "patients", 2, "no time or event", ("SIM-0001",)),),
    )


def _with_models(plain, few_events, competing, rng) -> SurvivalComparison:
    """The same comparison with what models, restricted means and predictions show."""
    endpoint, curves = plain.endpoint, plain.curves
    names = list(plain.medians.index)
    n, events = int(plain.medians["n"].sum()), int(plain.medians["events"].sum())
    few = "fewer than 10 events" if few_events or len(names) < 2 else ""
    follow_up = [1500.0 - 40 * i for i in range(len(names))]
    medians = plain.medians.assign(
        follow_up=follow_up,
        follow_up_ci_low=[value - 200 for value in follow_up],
        follow_up_ci_high=np.nan,
    )
    times = pd.DataFrame(
        [
            (endpoint, name, years, 365.25 * years, *_at(curves, name, 365.25 * years))
            for name in names
            for years in (1.0, 3.0, 5.0)
        ],
        columns=_columns("endpoint subtype years time survival ci_low ci_high at_risk"),
    )
    common = [endpoint, "multivariable"]
    terms = [*(f"{name} vs S1" for name in names[1:]), "age", "stage (per step)"]
    tested = pd.DataFrame(
        [(*common, term, *((np.nan, 1, np.nan) if few else (0.7, 1, 0.4)), few) for term in terms]
        + [(*common, "all terms", *((np.nan, 4, np.nan) if few else (2.9, len(terms), 0.5)), few)],
        columns=_columns("endpoint model term chi2 dof p note"),
    )
    fitted = pd.DataFrame(
        [
            (*common, term, np.nan if few else 1.2, n, events, events / 4, "Efron", "")
            for term in terms
        ],
        columns=_columns(
            "endpoint model term variance_inflation n events events_per_variable method strata"
        ),
    )
    whole = SurvivalComparison(
        endpoint,
        plain.unit,
        plain.tests.assign(n_permutations=np.nan if few else 5000.0),
        plain.cox,
        curves,
        medians,
        plain.exclusions,
        times=times,
        restricted_means=_restricted_means(plain, few),
        proportional=tested,
        diagnostics=fitted,
        added_value=_added_value(endpoint, n, events, few),
        incidence=_incidence(plain) if competing else pd.DataFrame(),
    )
    if few:
        return whole
    return replace(
        whole,
        residuals=_residuals(terms, curves, rng),
        time_varying=pd.DataFrame(
            [
                (*common, term, period, 600.0, n, events // 2, ratio, 0.7, 3.1, 0.3, "")
                for term in terms
                for period, ratio in (("early", 2.2), ("late", 1.1))
            ],
            columns=_columns(
                "endpoint model term period split n events hr hr_ci_low hr_ci_high p note"
            ),
        ),
        calibration=_calibration(endpoint, rng),
        decision=_decision(endpoint),
    )


def _columns(names) -> list[str]:
    return names.split()


def _at(curves, name, time) -> tuple:
    """Survival, interval and patients at risk at a time; NaN once nobody is followed."""
    own = curves[curves["subtype"] == name]
    if time > own["time"].max():
        return np.nan, np.nan, np.nan, 0
    last = own[own["time"] <= time].iloc[-1]
    return last["survival"], last["ci_low"], last["ci_high"], int((own["time"] >= time).sum())


def _restricted_means(plain, few) -> pd.DataFrame:
    names = list(plain.medians.index)
    columns = "endpoint comparison n events tau estimate ci_low ci_high p_asymptotic "
    columns += "p_permutation fdr note"
    rows = []
    for i, name in enumerate(names):
        mean = 1100.0 - 60 * i
        counts = [int(plain.medians[column][name]) for column in ("n", "events")]
        none = [np.nan] * 3
        rows.append([plain.endpoint, name, *counts, 1825.0, mean, mean - 90, mean + 90, *none, ""])
    for i, name in enumerate(names[1:], start=1):
        p = [np.nan] * 3 if few else [0.03, 0.04, 0.05]
        values = [-60.0 * i, -60.0 * i - 120, 120 - 60.0 * i]
        rows.append([plain.endpoint, f"{name} minus S1", 40, 21, 1825.0, *values, *p, few])
    return pd.DataFrame(rows, columns=_columns(columns))


def _residuals(terms, curves, rng) -> pd.DataFrame:
    moments = np.sort(curves.loc[curves["events"] > 0, "time"].to_numpy())
    tables = []
    for i, term in enumerate(terms):
        constant = (0.7, 0.9, 0.02, 0.3)[i % 4]
        fit = constant * (1.6 - 1.2 * moments / moments[-1])
        tables.append(
            pd.DataFrame(
                {
                    "model": "multivariable",
                    "term": term,
                    "time": moments,
                    "residual": fit + rng.normal(0, 1.2, len(moments)),
                    "fit": fit,
                    "fit_low": fit - 0.5,
                    "fit_high": fit + 0.5,
                    "coefficient": constant,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _added_value(endpoint, n, events, few) -> pd.DataFrame:
    columns = "endpoint measure model years n events estimate ci_low ci_high optimism corrected p "
    columns += "note"
    none = [np.nan] * 4
    if few:
        row = [endpoint, "likelihood ratio", "difference", np.nan, n, events, np.nan, *none]
        return pd.DataFrame([[*row, np.nan, few]], columns=_columns(columns))
    rows = [[endpoint, "likelihood ratio", "difference", np.nan, n, events, 9.3, *none, 0.01, ""]]
    measures = [("concordance (Harrell)", np.nan), ("concordance (Uno)", np.nan)]
    measures += [("area under the ROC curve", years) for years in (1.0, 3.0, 5.0)]
    measures += [("Brier score", years) for years in (1.0, 3.0, 5.0)]
    measures += [("integrated Brier score", np.nan)]
    for measure, years in measures:
        base = 0.18 if "Brier" in measure else 0.66
        sign = -1 if "Brier" in measure else 1
        for model, value, optimism in (
            ("clinical", base, 0.01),
            ("clinical + subtypes", base + sign * 0.05, 0.02),
            ("difference", sign * 0.05, 0.01),
        ):
            interval = [value - 0.06, value + 0.06]
            own = [endpoint, measure, model, years, n, events, value, *interval]
            rows.append([*own, sign * optimism, value - sign * optimism, np.nan, ""])
    return pd.DataFrame(rows, columns=_columns(columns))


def _calibration(endpoint, rng) -> pd.DataFrame:
    rows = []
    for model in ("clinical", "clinical + subtypes"):
        for years in (1.0, 3.0, 5.0):
            for group, predicted in enumerate(np.array([0.1, 0.2, 0.32, 0.5]) * years**0.35, 1):
                observed = float(np.clip(predicted + rng.normal(0, 0.05), 0, 1))
                low, high = max(observed - 0.14, 0.0), min(observed + 0.17, 1.0)
                rows.append((endpoint, model, years, group, 14, predicted, observed, low, high))
    columns = "endpoint model years group n predicted observed ci_low ci_high"
    return pd.DataFrame(rows, columns=_columns(columns))


def _decision(endpoint) -> pd.DataFrame:
    rows = []
    for years, share in ((1.0, 0.25), (3.0, 0.5), (5.0, 0.65)):
        for threshold in np.linspace(0.02, 0.8, 40):
            odds = threshold / (1 - threshold)
            everyone = share - (1 - share) * odds
            values = {
                "clinical": max(everyone, share * (1 - threshold) ** 2.2 - 0.03),
                "clinical + subtypes": max(everyone, share * (1 - threshold) ** 1.7 - 0.02),
                "treat all": everyone,
                "treat none": 0.0,
            }
            rows += [(endpoint, model, years, threshold, value) for model, value in values.items()]
    return pd.DataFrame(rows, columns=_columns("endpoint model years threshold net_benefit"))


def _incidence(plain) -> pd.DataFrame:
    tables = []
    for cause, share in (("death of the tumour", 0.7), ("other death", 0.3)):
        own = plain.curves[["subtype", "time", "survival"]].copy()
        own["incidence"] = share * (1 - own.pop("survival"))
        own.insert(0, "endpoint", plain.endpoint)
        own.insert(2, "cause", cause)
        own["ci_low"] = (own["incidence"] - 0.08).clip(lower=0)
        own["ci_high"] = own["incidence"] + 0.09
        tables.append(own)
    return pd.concat(tables, ignore_index=True)


def _signature(prepared, names, n) -> Signature:
    genes = list(prepared.layers["expression"].values.columns[:20])  # noqa: PD011
    templates = pd.DataFrame(0.5, index=genes, columns=names)
    reference = pd.DataFrame({"mean": 5.0, "sd": 1.0}, index=genes)
    trained = {"cohort": "simulated", "layer": "expression", "n_patients": n}
    settings = {"n_genes": 20, "scoring": "nearest template by correlation"}
    return Signature("demonstration", templates, reference, "log2", trained, settings, "ef" * 32)


def _verification(names, signature, rng) -> Verification:
    patients = pd.Index([f"EXT-{i:03d}" for i in range(80)], name="patient")
    assigned = pd.Series([names[i % len(names)] for i in range(80)], patients, name="subtype")
    comparison = _survival("os", assigned, False, 0.21, rng)
    common = ["other cohort", "os"]
    counts = [80, 41, 18, 20]
    rows = []
    for name in names:
        rows.append(
            [*common, f"{name} score per SD", *counts, 1.3, 0.9, 1.9, np.nan, 0.14, 81.2, ""]
        )
        rows.append(
            [*common, f"assigned {name} vs rest", *counts, 1.1, 0.6, 2.0, np.nan, 0.7, np.nan, ""]
        )
    nothing = [np.nan] * 3
    rows.append([*common, "assigned subtypes", *counts, *nothing, 3.1, 0.21, np.nan, ""])
    facts = {
        "score": [*(name for name in names for _ in range(2)), ""],
        "contrast": ["per SD", "vs rest"] * len(names) + ["assigned subtypes"],
    }
    columns = ["cohort", "endpoint", "comparison", "n", "events", "genes_found", "genes_total"]
    columns += ["hr", "hr_ci_low", "hr_ci_high", "chi2", "p", "random_null_percentile", "note"]
    exclusions = (
        Exclusion("verify", "other cohort", "genes", 2, "not measured there", ("GENE1",)),
    )
    table = pd.DataFrame(rows, columns=columns).assign(fdr=np.nan, signature=signature.name)
    return Verification(
        table.assign(role="external", scorer="nearest_template", scaling="cohort", **facts),
        {"other cohort": pd.DataFrame({"subtype": assigned})},
        {"other cohort: os": comparison},
        exclusions,
    )


def _embedding(labels, rng) -> pd.DataFrame:
    number = labels.str[1:].astype(int).to_numpy()
    angle = number / labels.nunique() * 2 * np.pi
    return pd.DataFrame(
        {
            "x": 4 * np.cos(angle) + rng.normal(0, 0.8, len(labels)),
            "y": 4 * np.sin(angle) + rng.normal(0, 0.8, len(labels)),
            "method": "umap",
        },
        index=labels.index,
    )


def _clinical(present: bool) -> pd.DataFrame:
    columns = ["role", "test", "n", "missing", "statistic", "p", "fdr", "effect", "effect_ci_low"]
    columns += ["effect_ci_high", "effect_name", "stands_out", "adjusted_rand_index"]
    columns += ["normalised_mutual_information", "note"]
    rank, square, volume = "Kruskal-Wallis", "chi-square", "tumour volume (radiomics)"
    share, v, none = "epsilon squared", "Cramer's V", [None, None]
    age = ["covariate", rank, 56, 0, 4.1, 0.13, 0.2, 0.05, 0.0, 0.2, share, "S2: higher", *none, ""]
    sex = ["", square, 50, 6, 1.0, 0.6, 0.6, 0.1, 0.0, 0.3, v, "S1: more male", *none, ""]
    known = ["known label", square, 56, 0, 80.0, 1e-12, 3e-12, 0.9, 0.8, 1.0, "V", "S1: more 1"]
    size = ["technical", rank, 56, 0, 2.0, 0.4, 0.4, 0.04, 0.0, 0.2, share, "S3: lower", *none, ""]
    count = ["genome", rank, 56, 0, 3.0, 0.2, 0.2, 0.06, 0.0, 0.2, share, "S1: higher", *none, ""]
    rows = {"age": age, "sex": sex, "planted_subtype": [*known, 0.81, 0.77, ""]}
    rows |= {volume: size, "mutated genes (mutation)": count}
    table = pd.DataFrame.from_dict(rows if present else {}, orient="index", columns=columns)
    numeric = ["adjusted_rand_index", "normalised_mutual_information"]
    table[numeric] = table[numeric].astype(float)
    parts = table["stands_out"].str.partition(": ").reindex(columns=[0, 2])
    table = table.assign(most_different=parts[0], how=parts[2], volume_of="")
    table.loc[table.index == volume, "volume_of"] = "radiomics"
    return table.rename_axis("variable")


def _markers(prepared, names, rng) -> pd.DataFrame:
    rows = []
    for layer, content in prepared.layers.items():
        for i, name in enumerate(names if len(names) > 1 else []):
            for j, feature in enumerate(content.values.columns[i * 6 : i * 6 + 6]):  # noqa: PD011
                p = 10.0 ** -(9 - j)
                effect = 1.5 - 0.2 * j
                rows.append([layer, feature, name, effect, "effect", "Welch t", 56, p, p * 10])
    columns = ["layer", "feature", "subtype", "effect", "effect_name", "test", "n", "p", "fdr"]
    return pd.DataFrame(rows, columns=columns)


def _enrichment(names, rng, present: bool) -> pd.DataFrame:
    rows = []
    sets = ["HALLMARK_HYPOXIA", "HALLMARK_EPITHELIAL_MESENCHYMAL_TRANSITION", "E2F_TARGETS"]
    sets += [f"UNRELATED_{i}" for i in range(8)]
    for name in names if present else []:
        for gene_set in sets:
            nes = float(rng.normal(0, 1.3))
            p = float(10 ** -abs(nes * 1.5))
            rows.append([name, gene_set, nes, p, min(1.0, 3 * p), 25, "GENE0001;GENE0002", ""])
    columns = ["subtype", "gene_set", "nes", "p", "fdr", "size", "leading_edge", "note"]
    genes = [("GENE0001", "GENE0002")] * len(rows)
    return pd.DataFrame(rows, columns=columns).assign(at_floor=False, leading_genes=genes)


def _settings(with_external: bool, k: int) -> dict:
    return {
        "name": "demonstration",
        "seed": 0,
        "discovery": "cohort.toml",
        "layers": None,
        "gene_sets": ["hallmark.gmt"],
        "external": ["external.toml"] if with_external else [],
        "preprocess": {"n_features": None},
        "fusion": {"n_neighbors": 20, "mu": 0.5, "n_iterations": 20, "variant": "paper"},
        "subtypes": {"n_clusters": "auto" if k > 1 else 1, "budget": "quick"},
        "survival": {"endpoints": ["os"], "n_permutations": "adaptive"},
        "enrichment": {"layer": None, "min_size": 10, "max_size": 500, "n_permutations": 1000},
        "signature": {"layer": "expression", "n_genes": 20, "n_random": 1000},
    }
