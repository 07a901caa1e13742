"""Do the survival tests hold their level? Every reported p-value on data without an effect.

Writes a JSON file, and from it the tables of docs/survival.md.

    python benchmarks/survival.py                    # everything: about an hour on two cores
    python benchmarks/survival.py --only speed       # one part; the others are kept
    python benchmarks/survival.py --only             # measures nothing, writes the tables
    python benchmarks/survival.py --quick --out quick.json
"""

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

import omicsfuse as of
from omicsfuse.assessment.outcome_aware import (
    OutcomeAware,
    Pipeline,
    full_pipeline_permutation,
)
from omicsfuse.biology import associate
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.survival.added_value import added_value
from omicsfuse.survival.comparisons import logrank_table
from omicsfuse.survival.logrank import logrank_test, permutation_logrank
from omicsfuse.survival.models import fit_model
from omicsfuse.survival.proportional import proportional_hazards, time_varying_effects
from omicsfuse.survival.restricted_mean import restricted_means

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "survival.md"

SIZES = (40, 100, 250, 500)
CENSORED = (0.2, 0.5, 0.8)
LEVEL = 0.05

#: Tests by the name they have in the page.
TESTS = {
    "logrank": "log-rank, asymptotic",
    "permuted": "log-rank, permutation",
    "stratified": "stratified log-rank, asymptotic",
    "stratified_permuted": "stratified log-rank, permutation",
    "trend_permuted": "log-rank trend over a prognostic column, permutation",
    "wald": "Cox, subtypes alone (Wald or Firth)",
    "adjusted": "Cox, with covariates (Wald or Firth)",
    "likelihood_ratio": "likelihood ratio, subtypes beyond covariates",
    "likelihood_ratio_permuted": "likelihood ratio, permutation",
    "proportional": "proportional hazards, one term",
    "proportional_all": "proportional hazards, all terms",
    "early_late": "hazard ratio early against late",
    "restricted": "restricted mean, asymptotic",
    "restricted_permuted": "restricted mean, permutation",
    "numeric": "clinical column, numeric (Kruskal-Wallis)",
    "category": "clinical column, four categories (chi-square, Monte Carlo)",
    "binary": "clinical column, rare against rest",
}


def null_cohort(
    rng: np.random.Generator, n: int, censored: float
) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    """Subtypes of 50, 30 and 20% that have nothing to do with survival; age and stage have."""
    patients = [f"P{i}" for i in range(n)]
    labels = rng.permutation(np.repeat(["S1", "S2", "S3"], [n - n // 2, n // 2 - n // 5, n // 5]))
    age, stage = rng.normal(0, 1, n), rng.integers(1, 4, n)
    hazard = np.exp(0.4 * age + 0.3 * (stage - 2))
    death = rng.weibull(1.2, n) * 1000 / hazard
    # Uniform censoring, as of patients who came one after another; its end sets the share.
    low, high = 1.0, 1e6
    reach = rng.uniform(size=n)
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if (reach * middle < death).mean() > censored else (low, middle)
    end = reach * high
    time_to = np.ceil(np.minimum(death, end))
    survival = pd.DataFrame({"time": time_to, "event": (death <= end).astype(int)}, patients)
    clinical = pd.DataFrame(
        {
            "age": age,
            "stage": stage.astype(float),
            "site": rng.choice(["a", "b", "c"], n),
            "marker": rng.normal(size=n),
            "category": rng.choice(["a", "b", "c", "d"], n, p=[0.5, 0.3, 0.15, 0.05]),
            "rare": np.where(rng.uniform(size=n) < 0.15, "yes", "no"),
        },
        patients,
    )
    return pd.Series(labels, patients), survival, clinical


def p_values(n: int, censored: float, seed: int) -> dict[str, float]:
    """Every p-value of one null cohort; NaN where the library gives none."""
    rng = np.random.default_rng([n, int(100 * censored), seed])
    labels, survival, clinical = null_cohort(rng, n, censored)
    subtypes = pd.DataFrame(
        {f"{name} vs S1": (labels == name).astype(float) for name in ("S2", "S3")}
    )
    terms = clinical[["age", "stage"]]
    table = logrank_table(
        labels, survival, "os", 499, seed, strata=clinical["site"],
        order_by=clinical["stage"],
    ).set_index("comparison")  # fmt: skip
    found: dict[str, float] = {}
    for row, name in (
        ("overall", "logrank"),
        ("overall, stratified by site", "stratified"),
        ("trend over stage", "trend"),
    ):
        if name != "trend":
            found[name] = table.loc[row, "p_asymptotic"]
        permuted = "permuted" if name == "logrank" else f"{name}_permuted"
        found[permuted] = table.loc[row, "p_permutation"]
    alone = fit_model(survival, subtypes, "os", "alone")
    both = fit_model(survival, subtypes.join(terms), "os", "both")
    for name, model in (("wald", alone), ("adjusted", both)):
        found[name] = float(model.fit.p[0]) if model.fit is not None else np.nan
    value = added_value(
        survival, subtypes, terms, "os", "days", 0, seed, n_permutations=99
    ).measures.iloc[0]
    found["likelihood_ratio"] = value["p"]
    found["likelihood_ratio_permuted"] = value["p_permutation"]
    tests = proportional_hazards(alone)[0].set_index("term")["p"]
    found["proportional"] = tests.get("S2 vs S1", np.nan)
    found["proportional_all"] = tests.get("all terms", np.nan)
    changes = time_varying_effects(alone, subtypes)
    found["early_late"] = changes["p"].iloc[0] if len(changes) else np.nan
    means = restricted_means(labels, survival, "os", 499, seed).set_index("comparison")
    found["restricted"] = means.loc["S2 minus S1", "p_asymptotic"]
    found["restricted_permuted"] = means.loc["S2 minus S1", "p_permutation"]
    cohort = of.Cohort("null", {}, clinical[["marker", "category", "rare"]])
    compared = associate(Subtypes(labels, {}, {}), cohort, n_permutations=499)["p"]
    found |= {"numeric": compared["marker"], "category": compared["category"]}
    found["binary"] = compared["rare"]
    return {name: float(p) for name, p in found.items()}


def type_one(repeats: int, jobs: int, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """Share of p-values at most 0.05, for each test, size and share of censored patients."""
    rows = []
    for n in sizes:
        for censored in CENSORED:
            began = time.perf_counter()
            number = repeats if n <= 100 else max(2, 2 * repeats // 5)
            found = pd.DataFrame(
                Parallel(jobs)(delayed(_quietly)(n, censored, seed) for seed in range(number))
            )
            for name in TESTS:
                known = found[name].dropna()
                rejected = float((known <= LEVEL).mean()) if len(known) else None
                rows.append(
                    {"n": n, "censored": censored, "test": name, "cohorts": number,
                     "tested": len(known), "rejected": rejected}
                )  # fmt: skip
            print(f"n = {n}, censored {censored}: {time.perf_counter() - began:.0f} s", flush=True)
    return rows


def _quietly(n: int, censored: float, seed: int) -> dict[str, float]:
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", of.OmicsfuseWarning)
        return p_values(n, censored, seed)


def circularity(repeats: int, jobs: int) -> dict[str, Any]:
    """Cox-p preselection, clustering, log-rank on noise: naive, and by the full pipeline."""
    found = Parallel(jobs)(delayed(_circular)(seed) for seed in range(repeats))
    naive, cured = np.array(found).T
    return {
        "cohorts": repeats,
        "permutations": 39,
        "naive": float((naive <= LEVEL).mean()),
        "full_pipeline": float((cured <= LEVEL).mean()),
    }


def _circular(seed: int) -> tuple[float, float]:
    """P-values of one cohort of 100 patients, two layers of 500 features of noise."""
    rng = np.random.default_rng([7, seed])
    patients = [f"P{i}" for i in range(100)]
    layers = {}
    for name in ("expression", "methylation"):
        table = pd.DataFrame(
            rng.normal(size=(100, 500)), patients, [f"{name}{i}" for i in range(500)]
        )
        layers[name] = PreparedLayer("continuous", table, table, "raw", None)
    _, survival, _ = null_cohort(rng, 100, 0.5)
    pipeline = Pipeline(OutcomeAware("os", n_features=30), {"n_neighbors": 20}, 2)
    with threadpool_limits(1):
        table = full_pipeline_permutation(Prepared("n", layers), {"os": survival}, pipeline, 39)
    return float(table["p_naive"].iloc[0]), float(table["p"].iloc[0])


def small_groups(repeats: int, jobs: int) -> list[dict[str, Any]]:
    """Asymptotic against permutation p-values for small unequal groups with few events."""
    rows = []
    for small, large in ((5, 95), (5, 195), (10, 190)):
        found = np.array(Parallel(jobs)(delayed(_small)(small, large, s) for s in range(repeats)))
        rows.append(
            {"small": small, "large": large, "cohorts": repeats}
            | {
                f"{name}_{level}": float((found[:, column] <= level).mean())
                for column, name in enumerate(("asymptotic", "permutation"))
                for level in (0.05, 0.01, 0.001)
            }
        )
    return rows


def _small(small: int, large: int, seed: int) -> tuple[float, float]:
    rng = np.random.default_rng([small, large, seed])
    n = small + large
    death, end = rng.exponential(1000, n), rng.uniform(0, 1500, n)
    data = (np.minimum(death, end), (death <= end).astype(int), np.arange(n) < small)
    return logrank_test(*data).p, permutation_logrank(*data, 4999, seed).p


def speed() -> dict[str, Any]:
    """One million permutations of 500 patients in four groups, on two threads."""
    rng = np.random.default_rng(0)
    death, end = rng.exponential(1000, 500).round(), rng.uniform(0, 3000, 500).round()
    data = (np.minimum(death, end), (death <= end).astype(int), rng.integers(0, 4, 500))
    permutation_logrank(*data, 10)
    found: dict[str, Any] = {"events": int(data[1].sum())}
    for threads in (1, 2):
        began = time.perf_counter()
        permutation_logrank(*data, 1_000_000, n_jobs=threads)
        found[f"seconds_{threads}"] = time.perf_counter() - began
    return found


def tables(results: dict[str, Any]) -> str:
    """All results as Markdown."""
    parts = []
    if "type_one" in results:
        frame = pd.DataFrame(results["type_one"])
        head = [f"{n}, {c:.0%}" for n in sorted(set(frame["n"])) for c in CENSORED]
        parts.append("| test | " + " | ".join(head) + " |\n| --- |" + " --- |" * len(head))
        for name, text in TESTS.items():
            cells = []
            for n in sorted(set(frame["n"])):
                for censored in CENSORED:
                    row = frame[
                        (frame["n"] == n)
                        & (frame["censored"] == censored)
                        & (frame["test"] == name)
                    ].iloc[0]
                    few = row["tested"] < row["cohorts"] / 2
                    cells.append("-" if few else f"{100 * row['rejected']:.1f}")
            parts.append(f"| {text} | " + " | ".join(cells) + " |")
        number = frame.groupby("n")["cohorts"].first()
        each = ", ".join(f"{count:,} of {n} patients" for n, count in number.items())
        error = ", ".join(
            f"{196 * np.sqrt(LEVEL * (1 - LEVEL) / count):.1f}"
            for count in sorted(set(number), reverse=True)
        )
        parts.append(
            f"\nCohorts: {each}. A test that holds its level lies within 5 +- {error} in 95% of "
            'cells. "-": most cohorts have too few events for a p-value of this test.\n'
        )
    if "small_groups" in results:
        parts.append(
            "| groups | asymptotic p <= 0.05 | <= 0.01 | <= 0.001 | permutation p <= 0.05 "
            "| <= 0.01 | <= 0.001 |\n| --- | --- | --- | --- | --- | --- | --- |"
        )
        for row in results["small_groups"]:
            cells = [
                f"{100 * row[f'{name}_{level}']:.2f}%"
                for name in ("asymptotic", "permutation")
                for level in (0.05, 0.01, 0.001)
            ]
            parts.append(f"| {row['small']} and {row['large']} | " + " | ".join(cells) + " |")
        parts.append(f"\n{results['small_groups'][0]['cohorts']:,} null cohorts each.\n")
    if "circularity" in results:
        row = results["circularity"]
        parts.append(
            f"Selection by the outcome: {row['cohorts']} cohorts of noise (100 patients, two "
            "layers of 500 features, half of the patients censored), with features chosen by their "
            "score statistic, fused and clustered into two subtypes. "
            f"{100 * row['naive']:.0f}% have a log-rank p of at most 0.05. With the full-pipeline "
            f"permutation ({row['permutations']} permutations) it is "
            f"{100 * row['full_pipeline']:.0f}%.\n"
        )
    if "speed" in results:
        row = results["speed"]
        parts.append(
            f"One million permutations of 500 patients in four groups with {row['events']} events "
            f"take {row['seconds_1']:.1f} s on one thread and {row['seconds_2']:.1f} s on two.\n"
        )
    return "\n".join(parts)


def write_page(results: dict[str, Any]) -> None:
    """Put the tables between the marks of docs/survival.md."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    PAGE.write_text(f"{before}{begin}\n{tables(results)}{end}{after}", encoding="utf-8")


def main() -> None:
    """Measure what is asked for and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "survival.json")
    options = parser.parse_args()
    size = 20 if options.quick else 1
    parts = {
        "speed": speed,
        "circularity": lambda: circularity(200 // size, options.jobs),
        "small_groups": lambda: small_groups(4000 // size, options.jobs),
        "type_one": lambda: type_one(
            1000 // size, options.jobs, SIZES[:2] if options.quick else SIZES
        ),
    }
    results = json.loads(options.out.read_text()) if options.out.exists() else {}
    for name, measure in parts.items():
        if options.only is None or name in options.only:
            results[name] = measure()
            options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(tables(results))
    if options.out == HERE / "results" / "survival.json" and PAGE.exists():
        write_page(results)


if __name__ == "__main__":
    main()
