"""Radiogenomic maps: time and memory, false discoveries where nothing is true, volume, power.

Run with: python benchmarks/radiogenomics.py [speed | nulls | power | tails]
All of it takes about two minutes on two cores; seeds are fixed.
"""

import resource
import sys
import time

import numpy as np
import pandas as pd

from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.imaging import radiogenomic_map
from omicsfuse.stats.correlations import rank_correlations


def layer(kind, values, prefix):
    names = [f"{prefix}{j:05d}" for j in range(values.shape[1])]
    table = pd.DataFrame(values, [f"P{i:04d}" for i in range(len(values))], names)
    return PreparedLayer(kind, table, table, "raw", None)


def blocks(rng, n, count, size, rho):
    """Columns in groups of equal correlation."""
    shared = np.repeat(rng.standard_normal((n, -(-count // size))), size, axis=1)[:, :count]
    return np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.standard_normal((n, count))


def cohort(images, genes, volume=None):
    images = layer("radiomics", images, "f")
    if volume is not None:
        table = images.scaled.assign(original_shape_MeshVolume=volume)
        images = PreparedLayer("radiomics", table, table, "raw", None)
    return Prepared("bench", {"ct": images, "rna": layer("expression", genes, "G")})


def speed():
    rng = np.random.default_rng(0)
    n, p, q = 500, 1500, 20_000
    volume = rng.standard_normal(n)
    prepared = cohort(rng.standard_normal((n, p - 1)), rng.standard_normal((n, q)), volume)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    for n_permutations in (0, 20):
        start = time.perf_counter()
        found = radiogenomic_map(prepared, features="all", n_permutations=n_permutations)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        tests = int(found.families.loc[0, "tests"])
        print(
            f"{p} features x {q} genes x {n} patients, {n_permutations} shuffles: {seconds:.0f} s, "
            f"peak {peak:.2f} GB ({before:.2f} before), {tests:,} tests, plain and adjusted"
        )


def nulls(repeats=200):
    print("n  data                     any discovery  any adjusted  shuffled p <= 0.05")
    for n in (44, 106):
        for name in ("independent", "correlated", "correlated, volume", "many ties"):
            hits = np.zeros(3)
            for seed in range(repeats):
                rng = np.random.default_rng(seed)
                size = 1 if name == "independent" else 20
                images = blocks(rng, n, 60, size, 0.6)
                genes = blocks(rng, n, 600, size, 0.6)
                volume = rng.standard_normal(n)
                if name == "correlated, volume":
                    images = images + volume[:, None]
                if name == "many ties":
                    genes = np.maximum(genes, 0.8)
                found = radiogenomic_map(
                    cohort(images, genes, volume),
                    features="all",
                    n_permutations=39 if name != "correlated, volume" else 0,
                    n_strongest=0,
                ).families.loc[0]
                hits += [
                    found["found"] > 0,
                    found["adjusted_found"] > 0,
                    found["permuted_p"] <= 0.05,
                ]
            shares = "  ".join(f"{share:13.3f}" for share in hits / repeats)
            print(f"{n:<4} {name:20} {shares}", flush=True)


def power(repeats=60):
    print("n  rho  found  vanishes (true)  volume gene found  flagged  kept  FDR seen")
    for n in (44, 106):
        for rho in (0.5, 0.7, 0.85):
            counts = np.zeros(6)
            for seed in range(repeats):
                rng = np.random.default_rng(1000 + seed)
                volume = rng.standard_normal(n)
                images = blocks(rng, n, 60, 20, 0.6) * 0.6 + 0.0
                images[:, 0] = rng.standard_normal(n)
                images[:, 1] = 0.85 * volume + 0.53 * rng.standard_normal(n)
                genes = blocks(rng, n, 600, 20, 0.6)
                genes[:, 0] = rho * images[:, 0] + np.sqrt(1 - rho**2) * rng.standard_normal(n)
                genes[:, 1] = 0.85 * volume + 0.53 * rng.standard_normal(n)
                found = radiogenomic_map(
                    cohort(images, genes, volume), features="all", n_permutations=0, n_strongest=0
                )
                table = found.associations.set_index(["feature", "target"])
                true, size = ("f00000", "G00000"), ("f00001", "G00001")
                of_volume = ("original_shape_MeshVolume", "G00001")
                counts[0] += true in table.index
                counts[1] += true in table.index and table.loc[true, "vanishes"]
                counts[2] += size in table.index
                counts[3] += size in table.index and table.loc[size, "vanishes"]
                counts[4] += size in table.index and table.loc[size, "adjusted_fdr"] <= 0.05
                wrong = len(table) - sum(one in table.index for one in (true, size, of_volume))
                counts[5] += wrong / max(1, len(table))
            shares = counts / repeats
            of_found = shares[[1, 3, 4]] / np.maximum(shares[[0, 2, 2]], 1e-9)
            print(
                f"{n:<4} {rho:<4} {shares[0]:5.2f}  {of_found[0]:15.2f}  {shares[2]:17.2f}  "
                f"{of_found[1]:7.2f}  {of_found[2]:4.2f}  {shares[5]:8.3f}",
                flush=True,
            )


def tails(repeats=400_000):
    """How often p is at most alpha when patients are shuffled, as a multiple of alpha."""
    alphas = np.array([0.05, 0.01, 1e-3, 1e-4])
    rng = np.random.default_rng(3)
    print("| patients | feature | target | " + " | ".join(f"{a:g}" for a in alphas) + " |")
    for n in (44, 106):
        columns = {
            "untied": np.arange(n, dtype=float),
            "80% zero": np.where(np.arange(n) < 0.8 * n, 0.0, np.arange(n)),
            "5 mutated": (np.arange(n) < 5).astype(float),
        }
        for first, second in (
            ("untied", "untied"),
            ("untied", "80% zero"),
            ("untied", "5 mutated"),
            ("80% zero", "80% zero"),
            ("80% zero", "5 mutated"),
        ):
            often = np.zeros(len(alphas))
            for _ in range(0, repeats, 20_000):
                order = np.argsort(rng.random((n, 20_000)), axis=0)
                p = rank_correlations(columns[first][:, None], columns[second][order]).p
                often += np.array([(p <= alpha).sum() for alpha in alphas])
            ratios = " | ".join(f"{x:.2f}" for x in often / repeats / alphas)
            print(f"| {n} | {first} | {second} | {ratios} |", flush=True)


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["speed", "nulls", "power", "tails"]
    for part in wanted:
        {"speed": speed, "nulls": nulls, "power": power, "tails": tails}[part]()
