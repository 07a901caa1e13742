"""Fusion of patients who lack layers: mask complete cohorts, fuse, and compare with the whole.

Complete cohorts (planted, and real ones where OMICSFUSE_DATA names their folder) lose layers for a
share of their patients, at random or not; every method then labels all patients, with the number
of subtypes given. Scores: adjusted Rand index with the labels of the complete fusion, and with the
planted subtypes; adjusted mutual information of the labels with the pattern of missing layers,
which is about 0 where layers are missing at random and the labels do not follow the pattern.

Run: python benchmarks/partial.py [--quick] [--jobs 2] [--out partial.json]
"""

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

import omicsfuse as of
from omicsfuse.clustering import laplacian_spectrum, spectral_labels
from omicsfuse.clustering.spectral import weighted_by_evidence
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.fusion import NEMO, affinity_matrix, fuse_affinities, patient_distances
from omicsfuse.fusion.affinity import layer_neighbors
from omicsfuse.fusion.distances_choice import default_metric
from omicsfuse.fusion.exact import fuse_networks

K, ITERATIONS = 20, 20
OURS = "omicsfuse"
RIVALS = ("complete cases", "NEMO n/6", "NEMO K", "mean imputation", "kNN imputation")
#: Odds of losing a layer among the sicker, relative to the others, where it is not at random.
ODDS = 4.0
PATTERNS = ("one layer", "one layer, sicker", "any layers", "any layers, sicker")
MANIFESTS = Path(__file__).parents[1] / "data_manifests"
Labels = np.ndarray


@dataclass(frozen=True)
class Complete:
    """Patients with all layers: tables, metrics, planted subtypes if known, and who is sicker."""

    tables: list[np.ndarray]
    metrics: list[str]
    truth: np.ndarray | None
    sicker: np.ndarray
    k: int


def planted(kind: str, n: int, seed: int, shift: float = 1.0) -> Complete:
    """Three subtypes of unequal size; what each layer tells depends on ``kind``."""
    rng = np.random.default_rng(seed)
    sizes = [n - int(0.3 * n) - int(0.2 * n), int(0.3 * n), int(0.2 * n)]
    truth = rng.permutation(np.repeat([0, 1, 2], sizes))
    everything, first, last = (0, 1, 2), (0, 1, 1), (0, 0, 1)
    # Groups that the layer tells apart, features, shift of its markers in standard deviations.
    layers = {
        "complementary": [(first, 100, 1.4), (last, 200, 1.15), (everything, 150, 1.15),
                          (everything, 150, 0.9)],
        "redundant": [(everything, 100, 1.25), (everything, 200, 1.0), (everything, 150, 0.8),
                      (everything, 100, 0.7)],
        "one of noise": [(everything, 100, 1.4), (everything, 200, 1.15), (everything, 150, 1.15),
                         ((0, 0, 0), 100, 0.0)],
        "images tell most": [(everything, 100, 1.85), (last, 200, 0.9), (everything, 150, 0.7)],
    }[kind]  # fmt: skip
    tables = []
    for groups, p, size in layers:
        told = np.array(groups)[truth]
        table = rng.standard_normal((n, p))
        for group in sorted(set(groups)):
            markers = rng.permutation(p)[: int(0.15 * p)]
            table[:, markers] += shift * size * (told == group)[:, None]
        for _ in range(3):  # what patients share for other reasons
            table += 0.35 * np.outer(rng.standard_normal(n), rng.standard_normal(p))
        tables.append((table - table.mean(axis=0)) / table.std(axis=0))
    return Complete(tables, ["euclidean"] * len(tables), truth, truth == seed % 3, 3)


def simulated(n: int, seed: int) -> Complete:
    """The library's own simulated cohort: five layers of realistic shape."""
    drawn = of.simulate_cohort(n, 3, n_external=0, effect=0.7, random_state=seed)
    patients = drawn.discovery.patients()
    ready = of.preprocess(drawn.discovery)
    tables = [layer.scaled.loc[patients].to_numpy() for layer in ready.layers.values()]
    metrics = [str(default_metric(layer)) for layer in ready.layers.values()]
    truth = drawn.truth.loc[patients].to_numpy() - 1
    return Complete(tables, metrics, truth, truth == 2, 3)


def real(manifest: str, layers: tuple[str, ...], k: int) -> Complete:
    """Patients of a real cohort who have all the layers; those who died count as sicker."""
    cohort = of.read_cohort(MANIFESTS / f"{manifest}.toml")
    patients = cohort.common_patients(layers)
    ready = of.preprocess(cohort, layers)
    tables = [layer.scaled.loc[patients].to_numpy() for layer in ready.layers.values()]
    metrics = [str(default_metric(layer)) for layer in ready.layers.values()]
    died = cohort.survival("os")["event"].reindex(patients).fillna(0).to_numpy() == 1
    return Complete(tables, metrics, None, died, k)


def same(complete: Complete, seed: int) -> Complete:
    """A real cohort is the same for every seed; only the mask differs."""
    return complete


def cohorts(quick: bool) -> dict[str, Callable[[int], Complete]]:
    """Cohorts by name, each a function of the seed."""
    n = 150
    found: dict[str, Callable[[int], Complete]] = {}
    kinds = ("complementary", "redundant", "one of noise", "images tell most")
    for kind in kinds[:2] if quick else kinds:
        found[f"planted, {kind}"] = partial(planted, kind, n)
    if not quick:
        found["simulate_cohort"] = partial(simulated, n)
    if not Path(os.environ.get("OMICSFUSE_DATA", "") or "?").is_dir():
        print("real cohorts are left out: set OMICSFUSE_DATA to their folder", flush=True)
        return found
    for name, manifest, layers, k in (
        ("HNSC", "tcga_hnsc_radiogenomic",
         ("radiomics", "expression", "mutation", "copy_number"), 3),
        ("ACC", "tcga_acc_mini", ("expression", "mirna", "copy_number", "protein"), 2),
        ("LUAD, mutation", "tcga_luad_multiomics", ("expression", "mutation", "copy_number"), 3),
        ("LUAD, protein", "tcga_luad_multiomics", ("expression", "copy_number", "protein"), 3),
    )[: 2 if quick else 4]:  # fmt: skip
        complete = real(manifest, layers, k)
        size = f"{name} ({len(complete.sicker)} patients, {len(layers)} layers)"
        found[size] = partial(same, complete)
    return found


def mask(pattern: str, rate: float, complete: Complete, rng: np.random.Generator) -> np.ndarray:
    """Layers x patients, whether seen: a share ``rate`` of the patients loses layers, not all."""
    n, m = len(complete.sicker), len(complete.tables)
    odds = np.where(complete.sicker & pattern.endswith("sicker"), ODDS, 1.0)
    chosen = rng.choice(n, round(rate * n), replace=False, p=odds / odds.sum())
    seen = np.ones((m, n), dtype=bool)
    for patient in chosen:
        if pattern.startswith("one layer"):
            seen[0, patient] = False
        else:
            seen[rng.permutation(m)[: rng.integers(1, m)], patient] = False
    return seen


def affinity(table: np.ndarray, metric: str, k: int) -> np.ndarray:
    return affinity_matrix(patient_distances(table, metric), min(k, len(table) - 1))


def labels(network: np.ndarray, k: int) -> Labels:
    return spectral_labels(laplacian_spectrum(network, k)[1], k)


def fused(layers: list[np.ndarray], variant: str) -> np.ndarray:
    return fuse_affinities(layers, min(K, len(layers[0]) - 1), ITERATIONS, variant)


def ours(c: Complete, members: list[np.ndarray], variant: str) -> np.ndarray:
    n = len(c.sicker)
    layers = [
        affinity(t[i], metric, layer_neighbors(K, len(i), n))
        for t, metric, i in zip(c.tables, c.metrics, members, strict=True)
    ]
    weights = np.ones(len(layers))
    fused = fuse_networks(layers, K, ITERATIONS, variant, weights, members=members, n=n)
    brought = np.bincount(np.concatenate(members), minlength=n) / len(layers)
    return np.asarray(weighted_by_evidence(fused.network, brought))


def nemo(c: Complete, members: list[np.ndarray], k: int | None) -> np.ndarray:
    """With the paper's neighbours (patients of the layer / 6), or with K."""
    distances = [
        patient_distances(t[i], metric)
        for t, metric, i in zip(c.tables, c.metrics, members, strict=True)
    ]
    method = NEMO(n_neighbors=k or "auto")
    return method.network(distances, members, len(c.sicker), np.ones(len(distances))).network


def complete_cases(c: Complete, members: list[np.ndarray], variant: str) -> Labels | None:
    """Fuse and cut the complete cases; labels spread to the others over the mean network.

    The network is the mean over shared layers of affinities with unit rows, its K strongest entries
    a row; labels of complete cases are clamped and spread to convergence (label propagation).
    """
    n = len(c.sicker)
    everywhere = members[0]
    for inside in members[1:]:
        everywhere = np.intersect1d(everywhere, inside)
    if len(everywhere) < max(10, 4 * c.k):
        return None
    core = [
        affinity(t[everywhere], metric, K) for t, metric in zip(c.tables, c.metrics, strict=True)
    ]
    known = labels(fused(core, variant), c.k)
    total, count = np.zeros((n, n)), np.zeros((n, n))
    for table, metric, inside in zip(c.tables, c.metrics, members, strict=True):
        block = np.ix_(inside, inside)
        rows = affinity(table[inside], metric, K)
        total[block] += rows / rows.sum(axis=1, keepdims=True) * len(inside) / n
        count[block] += 1
    mean = np.divide(total, count, out=np.zeros((n, n)), where=count > 0)
    np.fill_diagonal(mean, 0.0)
    step = np.where(mean >= np.partition(mean, n - K, axis=1)[:, [n - K]], mean, 0.0)
    step /= step.sum(axis=1, keepdims=True)
    clamped = np.eye(c.k)[known]
    membership = np.full((n, c.k), 1 / c.k)
    for _ in range(500):
        membership[everywhere] = clamped
        membership = step @ membership
    membership[everywhere] = clamped
    return membership.argmax(axis=1)


def imputed(c: Complete, members: list[np.ndarray], variant: str, neighbors: int) -> np.ndarray:
    """Missing layers filled with the mean of all who have it (0), or of the nearest ones.

    Nearest by the distances of the shared layers, each divided by its median and averaged. Imputed
    mutations are shares, not 0 or 1, so that layer takes the Euclidean distance here.
    """
    n = len(c.sicker)
    total, count = np.zeros((n, n)), np.zeros((n, n))
    for table, metric, inside in zip(c.tables, c.metrics, members, strict=True):
        distances = patient_distances(table[inside], metric)
        total[np.ix_(inside, inside)] += distances / np.median(distances[distances > 0])
        count[np.ix_(inside, inside)] += 1
    distance = np.divide(total, count, out=np.full((n, n), np.inf), where=count > 0)
    layers = []
    for table, metric, inside in zip(c.tables, c.metrics, members, strict=True):
        filled = table.copy()
        for patient in np.setdiff1d(np.arange(n), inside):
            nearest = inside
            if neighbors:
                nearest = inside[np.argsort(distance[patient, inside], kind="stable")[:neighbors]]
            filled[patient] = table[nearest].mean(axis=0)
        layers.append(affinity(filled, "euclidean" if metric == "jaccard" else metric, K))
    return fused(layers, variant)


def score_all(
    name: str, c: Complete, pattern: str, rate: float, seed: int, variant: str
) -> Iterator[dict[str, Any]]:
    """One mask, all methods: a row each."""
    reference = labels(
        fused([affinity(t, m, K) for t, m in zip(c.tables, c.metrics, strict=True)], variant), c.k
    )
    rng = np.random.default_rng([seed, PATTERNS.index(pattern), int(100 * rate)])
    seen = mask(pattern, rate, c, rng)
    members = [np.flatnonzero(row) for row in seen]
    which = np.unique(seen.T, axis=0, return_inverse=True)[1].ravel()
    found: dict[str, Labels | None] = {
        OURS: labels(ours(c, members, variant), c.k),
        "complete cases": complete_cases(c, members, variant),
        "NEMO n/6": labels(nemo(c, members, None), c.k),
        "NEMO K": labels(nemo(c, members, K), c.k),
        "mean imputation": labels(imputed(c, members, variant, 0), c.k),
        "kNN imputation": labels(imputed(c, members, variant, 10), c.k),
        "(complete data)": reference,
        "(NEMO n/6, complete data)": labels(
            nemo(c, [np.arange(len(which))] * len(seen), None), c.k
        ),
    }
    for method, codes in found.items():
        row = {"cohort": name, "pattern": pattern, "rate": rate, "seed": seed, "method": method}
        if codes is not None:
            row["complete"] = adjusted_rand_score(reference, codes)
            if c.truth is not None:
                row["truth"] = adjusted_rand_score(c.truth, codes)
            row["association"] = adjusted_mutual_info_score(which, codes)
        yield row


def one_task(
    name: str, make: Callable[[int], Complete], seed: int, rates: list[float], variant: str
) -> list[dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OmicsfuseWarning)
        c = make(seed)
        return [
            row
            for pattern in PATTERNS
            for rate in rates
            for row in score_all(name, c, pattern, rate, seed, variant)
        ]


def overlap(quick: bool, variant: str) -> pd.DataFrame:
    """How many patients must share layers: two strong layers that share ever fewer patients.

    Every patient has at least one of two layers that both tell three planted subtypes. With too few
    patients in both, the labels follow the layers instead of the subtypes.
    """
    rows = []
    for n in (150,) if quick else (150, 300):
        for share in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5):
            for seed in range(2 if quick else 4):
                c = planted("redundant", n, seed, shift=1.3)
                both = round(share * n)
                order = np.random.default_rng([seed, both]).permutation(n)
                size = (n + both) // 2
                members = [np.sort(order[:size]), np.sort(order[n - size :])]
                two = Complete(c.tables[:2], c.metrics[:2], c.truth, c.sicker, c.k)
                which = np.isin(np.arange(n), members[0]) * 2 + np.isin(np.arange(n), members[1])
                for method, network in (
                    (OURS, ours(two, members, variant)),
                    ("NEMO n/6", nemo(two, members, None)),
                ):
                    codes = labels(network, c.k)
                    rows.append(
                        {
                            "patients": n,
                            "in both": f"{both} ({both / size:.0%} of each layer)",
                            "method": method,
                            "truth": adjusted_rand_score(c.truth, codes),
                            "association": adjusted_mutual_info_score(which, codes),
                        }
                    )
    table = pd.DataFrame(rows)
    return table.pivot_table(
        ["truth", "association"], ["patients", "in both"], "method", sort=False
    ).round(3)


def by_setting(scores: pd.DataFrame, column: str, over: list[str]) -> pd.DataFrame:
    """Mean of each method (columns) in each setting (rows), where it gave labels at all."""
    return scores.pivot_table(column, over, "method", sort=False).round(3)


def against_best_rival(scores: pd.DataFrame, column: str) -> pd.DataFrame:
    """Ours minus the rival that is best on average, paired by cohort and mask, per setting."""
    rows = []
    for (pattern, rate), part in scores.groupby(["pattern", "rate"], sort=False):
        wide = part.pivot_table(column, ["cohort", "seed"], "method")
        best = wide[[r for r in RIVALS if r in wide]].mean().idxmax()
        difference = (wide[OURS] - wide[best]).dropna()
        rows.append(
            {
                "pattern": pattern,
                "rate": rate,
                OURS: wide[OURS].mean(),
                "best rival": best,
                "its score": wide[best].mean(),
                "difference": difference.mean(),
                "standard error": difference.std(ddof=1) / np.sqrt(len(difference)),
                "pairs": len(difference),
            }
        )
    return pd.DataFrame(rows).round(3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="few cohorts, rates and masks")
    parser.add_argument("--seeds", type=int, help="masks (and planted cohorts) per setting")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--variant", choices=("paper", "snfpy"), default="paper")
    parser.add_argument("--out", type=Path, help="JSON file with every score")
    arguments = parser.parse_args()
    rates = [0.3, 0.7] if arguments.quick else [0.1, 0.3, 0.5, 0.7]
    seeds = arguments.seeds or (2 if arguments.quick else 6)
    started = time.perf_counter()
    tasks = [
        delayed(one_task)(name, make, seed, rates, arguments.variant)
        for name, make in cohorts(arguments.quick).items()
        for seed in range(seeds)
    ]
    done = Parallel(n_jobs=arguments.jobs)(tasks)
    scores = pd.DataFrame([row for rows in done for row in rows])
    links = overlap(arguments.quick, arguments.variant)
    seconds = time.perf_counter() - started

    tables = {
        "agreement with complete fusion, by setting": by_setting(
            scores, "complete", ["pattern", "rate"]
        ),
        "agreement with complete fusion, by cohort": by_setting(scores, "complete", ["cohort"]),
        "agreement with planted subtypes, by setting": by_setting(
            scores, "truth", ["pattern", "rate"]
        ),
        "association of labels with what is missing": by_setting(
            scores, "association", ["pattern", "rate"]
        ),
        "agreement with complete fusion, against the best rival": against_best_rival(
            scores, "complete"
        ),
        "agreement with planted subtypes, against the best rival": against_best_rival(
            scores.dropna(subset=["truth"]), "truth"
        ),
        "two layers that share few patients": links,
    }
    for title, table in tables.items():
        print(f"\n{title} (variant {arguments.variant}, {seeds} masks each)")
        print(table.to_string())
    print(f"\n{len(scores)} scores in {seconds:.0f} s", flush=True)
    if arguments.out:
        record = {
            "variant": arguments.variant,
            "seeds": seeds,
            "n_neighbors": K,
            "n_iterations": ITERATIONS,
            "seconds": round(seconds, 1),
            "tables": {
                title: json.loads(table.reset_index().to_json(orient="split"))
                for title, table in tables.items()
            },
            "scores": json.loads(scores.to_json(orient="records")),
        }
        arguments.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
