"""The sparse engine: time, memory and growth with patients, and agreement with the exact engine.

    python benchmarks/sparse.py --sizes 10000 30000 100000 --agreement --out sparse.json

Each size runs in a process of its own, so that its peak memory is its own.
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import adjusted_rand_score

import omicsfuse as of
from omicsfuse.clustering.spectral import laplacian_spectrum, spectral_labels
from omicsfuse.fusion.sparse import fuse_sparse, sparse_memory

SHARES = (0.40, 0.25, 0.20, 0.10, 0.05)
FEATURES = (500, 300, 200, 100)
#: Distance between centres of groups, in standard deviations within a group.
SEPARATION = 5.0


def planted(n: int, separation: float, random_state: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Four layers of five groups, unequal and overlapping; each layer is blind to one of them.

    Patients have a latent position around the centre of their group, common to all layers. Each
    layer shows it through random loadings without one direction, plus variation of its own in
    five directions, plus noise.
    """
    chance = np.random.default_rng(random_state)
    dimensions = len(SHARES) + 1
    truth = chance.choice(len(SHARES), n, p=SHARES)
    centres = np.eye(len(SHARES), dimensions) * separation / np.sqrt(2)
    latent = centres[truth] + chance.normal(size=(n, dimensions))
    tables = []
    for v, p in enumerate(FEATURES):
        loadings = chance.normal(size=(dimensions, p))
        loadings[v] = 0.0
        own = chance.normal(size=(n, 5)) @ chance.normal(size=(5, p))
        table = latent @ loadings / np.sqrt(dimensions) + own * (0.7 / np.sqrt(5))
        table += 1.5 * chance.normal(size=(n, p))
        tables.append(((table - table.mean(axis=0)) / table.std(axis=0)).astype(np.float32))
    return tables, truth


def sparse_labels(tables: list[np.ndarray], **settings: Any) -> tuple[np.ndarray, dict[str, float]]:
    """Labels by the sparse engine, and the seconds of its two steps."""
    n = len(tables[0])
    begin = time.perf_counter()
    everyone = [np.arange(n)] * len(tables)
    fusion = fuse_sparse(tables, everyone, n, ["euclidean"] * len(tables), **settings)
    fused = time.perf_counter()
    _, vectors = laplacian_spectrum(fusion.smooth, len(SHARES) + 1)
    labels = spectral_labels(vectors, len(SHARES))
    seconds = {"fusion": fused - begin, "clustering": time.perf_counter() - fused}
    return labels, seconds


def one_size(n: int, threads: int, result: Any) -> None:
    """Run one size, from tables to labels; meant for a process of its own."""
    small, _ = planted(300, SEPARATION, 1)
    sparse_labels(small, exact_below=10, n_iterations=1)  # compilation, not timed
    tables, truth = planted(n, SEPARATION, 0)
    begin = time.process_time()
    labels, seconds = sparse_labels(tables, n_threads=threads, exact_below=5000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result.put(
        {
            "n": n,
            "seconds": round(sum(seconds.values()), 1),
            "fusion": round(seconds["fusion"], 1),
            "clustering": round(seconds["clustering"], 1),
            "cpu_seconds": round(time.process_time() - begin, 1),
            "peak_gib": round(peak / 2**30, 2),
            "estimated_gib": round(sparse_memory(n, len(FEATURES), sum(FEATURES)) / 2**30, 2),
            "ari_truth": round(adjusted_rand_score(truth, labels), 4),
        }
    )


def reach(sizes: list[int], threads: int) -> dict[str, Any]:
    """Time and memory of each size, and the exponent of time in n, fitted to logarithms."""
    context = multiprocessing.get_context("spawn")
    rows = []
    for n in sizes:
        queue = context.SimpleQueue()
        process = context.Process(target=one_size, args=(n, threads, queue))
        process.start()
        rows.append(queue.get())
        process.join()
        show(rows[-1])
    found: dict[str, Any] = {"rows": rows}
    if len(rows) > 1:
        logs = np.log([row["n"] for row in rows])
        for column in ("seconds", "cpu_seconds"):
            slope = np.polyfit(logs, np.log([row[column] for row in rows]), 1)[0]
            found[f"exponent_{column}"] = round(float(slope), 3)
            print(f"exponent of {column} in n: {slope:.2f}")
    return found


def agreement(n: int, kept: list[int], cache: Path | None) -> list[dict[str, Any]]:
    """Labels beside those of the exact engine, for neighbours found either way and several m."""
    tables, truth = planted(n, SEPARATION, 0)
    file = cache / f"exact_labels_{n}_{SEPARATION}.npy" if cache else None
    if file and file.exists():
        exact = np.load(file)
    else:
        layers = [of.affinity_matrix(squareform(pdist(table.astype(float)))) for table in tables]
        fused = of.fuse_affinities(layers)
        del layers
        exact = spectral_labels(laplacian_spectrum(fused, len(SHARES) + 1)[1], len(SHARES))
        if file:
            np.save(file, exact)
    rows = []
    runs = [(m, "exact", 30) for m in kept] + [(60, "NN-descent", 30), (60, "exact", 0)]
    for m, neighbors, rank in runs:
        below = n if neighbors == "exact" else 0
        labels, _ = sparse_labels(tables, n_kept=m, exact_below=below, rank=rank)
        rows.append(
            {
                "n": n,
                "n_kept": m,
                "neighbors": neighbors,
                "rank": rank,
                "ari_exact_engine": round(adjusted_rand_score(exact, labels), 4),
                "ari_truth": round(adjusted_rand_score(truth, labels), 4),
                "ari_truth_exact_engine": round(adjusted_rand_score(truth, exact), 4),
            }
        )
        show(rows[-1])
    return rows


def show(row: dict[str, Any]) -> None:
    """Print one row of a table."""
    print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 30_000, 100_000])
    parser.add_argument("--agreement", action="store_true", help="compare with the exact engine")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--quick", action="store_true", help="small sizes, in minutes")
    parser.add_argument("--cache", type=Path, help="folder in which to keep the exact labels")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    sizes = [2000, 4000] if given.quick else given.sizes
    results: dict[str, Any] = {
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "threads": given.threads,
        }
    }
    if sizes:
        results["reach"] = reach(sizes, given.threads)
    if given.agreement or given.quick:
        n, kept = (1000, [20, 60]) if given.quick else (5000, [20, 40, 60, 100, 150])
        results["agreement"] = agreement(n, kept, given.cache)
    if given.out:
        given.out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
