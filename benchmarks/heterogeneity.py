"""The heterogeneity index: recovery of a planted gradient, and false discoveries of its tests.

Run with ``python benchmarks/heterogeneity.py``; about a minute on one core.
"""

import warnings

import numpy as np
import pandas as pd
from scipy import stats

from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.results import HeterogeneityIndex
from omicsfuse.imaging import heterogeneity_index, index_tests

FIRST = ("Entropy", "Uniformity", "Variance", "InterquartileRange", "Kurtosis", "Range")
SECOND = ("JointEntropy", "JointEnergy", "Contrast", "ClusterTendency", "Id", "Imc1", "SumEntropy")
TURNED = {"Uniformity", "JointEnergy", "Id", "Kurtosis"}


def images(n: int, noise: float, volume: float, seed: int) -> tuple[Cohort, pd.Series]:
    """A gradient in a share of the features; another factor and noise in the others."""
    random = np.random.default_rng(seed)
    uneven, other, size = random.standard_normal((3, n))
    columns = {"original_shape_MeshVolume": np.exp(size)}
    for group, features in (("firstorder", FIRST), ("glcm", SECOND)):
        for image in ("original", "wavelet-LLH", "wavelet-HHL", "log-sigma-2-0-mm-3D"):
            for name in features:
                sign = -1 if name in TURNED else 1
                of_it = uneven if image != "wavelet-HHL" else other
                value = sign * (of_it + volume * size) + noise * random.standard_normal(n)
                columns[f"{image}_{group}_{name}"] = np.exp(value)
    patients = [f"P{i:03d}" for i in range(n)]
    table = pd.DataFrame(columns, patients)
    return Cohort("made", {"ct": Layer("radiomics", table)}), pd.Series(uneven, patients)


def recovery(trials: int) -> None:
    print("| n | noise | volume | adjusted | Spearman with truth | with volume |")
    print("| --- | --- | --- | --- | --- | --- |")
    for n, noise, volume in (
        *((44, 0.5, 0.0), (44, 1.0, 0.0), (106, 0.5, 0.0), (106, 1.0, 0.0), (106, 1.5, 0.0)),
        (106, 0.5, 1.0),
    ):
        for adjust in (False, True) if volume else (False,):
            truth, size = [], []
            for seed in range(trials):
                cohort, uneven = images(n, noise, volume, seed)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found = heterogeneity_index(cohort, adjust_volume=adjust, n_resamples=0)
                index = found.patients["index"]
                truth.append(stats.spearmanr(index, uneven.loc[index.index]).statistic)
                size.append(found.params["correlation_with_volume"]["correlation"])
            print(f"| {n} | {noise:g} | {volume:g} | {'yes' if adjust else 'no'} | "
                  f"{np.median(truth):.2f} ({np.min(truth):.2f} to {np.max(truth):.2f}) | "
                  f"{np.median(size):.2f} |")  # fmt: skip


def null_tests(n: int, trials: int) -> None:
    found: dict[str, int] = {}
    for seed in range(trials):
        random = np.random.default_rng(seed)
        names = pd.Index([f"P{i:03d}" for i in range(n)], name="patient")
        clinical = pd.DataFrame(
            {
                "time": random.exponential(1, n) + 0.01,
                "event": (random.random(n) < 0.5).astype(int),
                "age": random.normal(60, 8, n).round(),
                "stage": random.choice(["Stage I", "Stage II", "Stage III"], n),
                **{f"marker_{i}": random.standard_normal(n) for i in range(6)},
                **{f"site_{i}": random.choice(["a", "b", "c"], n) for i in range(3)},
            },
            names,
        )
        mutation = pd.DataFrame(
            (random.random((n, 40)) < 0.1).astype(float), names, [f"G{i}" for i in range(40)]
        )
        size = pd.DataFrame({"original_shape_MeshVolume": np.exp(random.normal(size=n))}, names)
        cohort = Cohort(
            "null",
            {"mutation": Layer("mutation", mutation), "ct": Layer("radiomics", size)},
            clinical,
            endpoints={"os": Endpoint("time", "event")},
            covariates=("age", "stage"),
        )
        patients = pd.DataFrame({"index": random.random(n) ** 2, "group": "H1"}, names)
        none = pd.DataFrame()
        tests = index_tests(
            HeterogeneityIndex(patients, none, none, params={"layer": "ct"}), cohort
        )
        for family, own in tests.groupby("family"):
            found.setdefault(str(family), 0)
            found[str(family)] += bool((own["fdr"] <= 0.05).any())
    for family, count in found.items():
        print(f"| {n} | {family} | {trials} | {count / trials:.3f} |")


if __name__ == "__main__":
    recovery(20)
    print("\n| n | family | null cohorts | any discovery at FDR 0.05 |")
    print("| --- | --- | --- | --- |")
    for n in (44, 106):
        null_tests(n, 200)
