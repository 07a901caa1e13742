"""The heterogeneity index: recovery of a planted gradient, false discoveries, real cohorts.

Run with ``python benchmarks/heterogeneity.py``; about a minute on one core, and half a minute for
the real cohorts, which take part where OMICSFUSE_DATA names their folder
(``--only real`` measures these alone). The figures stand in docs/heterogeneity.md.
"""

import argparse
import os
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.results import HeterogeneityIndex
from omicsfuse.imaging import heterogeneity_index, index_tests
from omicsfuse.io.cohorts import read_cohort
from omicsfuse.report.sections.heterogeneity import group_share

MANIFESTS = Path(__file__).resolve().parents[1] / "data_manifests"
REAL = ("tcga_hnsc_radiogenomic", "head_neck_radiomics_hn1", "lung44_radiomics_expression")
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


def real() -> None:
    """The index of each real cohort, as it comes and adjusted for volume, then its associations."""
    print("| cohort | adjusted | n | features | disorder | volume | resamples | groups | share |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    found = []
    for name in REAL:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cohort = read_cohort(MANIFESTS / f"{name}.toml")
        for adjust in (False, True):
            if adjust and "correlation_with_volume" not in found[-1].params:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                index = heterogeneity_index(cohort, adjust_volume=adjust)
                index = replace(index, tests=index_tests(index, cohort))
            found.append(index)
            said, volume = index.params, index.params.get("correlation_with_volume")
            size = (
                f"{volume['correlation']:.2f} ({volume['low']:.2f} to {volume['high']:.2f})"
                if volume
                else "not known"
            )
            print(f"| {name} | {'yes' if adjust else 'no'} | {said['n']} | "
                  f"{said['first_order_features']} + {said['texture_features']} | "
                  f"{said['correlation_with_disorder']:.2f} | {size} | "
                  f"{said['stability']['rank_correlation']:.2f} | "
                  f"{', '.join(map(str, index.groups['n']))} | "
                  f"{100 * group_share(index):.0f}% |")  # fmt: skip
            found[-1] = replace(index, params={**said, "cohort": name})
    columns = ["variable", "n", "events", "effect", "effect_ci_low", "effect_ci_high"]
    columns += ["effect_name", "adjusted_for", "p", "fdr"]
    for index in found:
        adjusted = ", adjusted for volume" if index.params["adjust_volume"] else ""
        print(f"\n{index.params['cohort']}{adjusted}")
        tests = index.tests
        if len(tests):
            print(tests.dropna(subset=["p"])[columns].to_string(index=False, float_format="%.3g"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=("made", "real"))
    only = parser.parse_args().only
    if only != "real":
        recovery(20)
        print("\n| n | family | null cohorts | any discovery at FDR 0.05 |")
        print("| --- | --- | --- | --- |")
        for n in (44, 106):
            null_tests(n, 200)
    if only == "real" or (only is None and os.environ.get("OMICSFUSE_DATA")):
        real()
