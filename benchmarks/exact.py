"""The exact engine against snfpy and, where R has it, SNFtool: seconds, peak memory, agreement.

Every measurement runs in a process of its own. Each size is measured `--repeats` times, the engines
in turn, up to 2,000 patients three times in each process, and the fastest of each is kept, so that
what else the machine does hurts all alike.

    python benchmarks/exact.py --sizes 1000 2000 4000 --out exact.json
    python benchmarks/exact.py --sizes 1000 --out exact.json    # again; other sizes are kept
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

N_LAYERS, N_NEIGHBORS, N_ITERATIONS, MU = 4, 20, 20, 0.5


def planted_distances(n: int, layer: int) -> np.ndarray:
    """Euclidean distances of one layer: five unequal, overlapping groups in 100 features."""
    from omicsfuse.fusion import patient_distances

    rng = np.random.default_rng([n, layer])
    group = np.random.default_rng(n).choice(5, n, p=[0.4, 0.25, 0.2, 0.1, 0.05])
    centres = rng.normal(scale=0.35, size=(5, 100))
    return patient_distances(rng.normal(size=(n, 100)) + centres[group], "euclidean")


def measured(call: Any, times: int) -> tuple[Any, float, float]:
    """Result, the fewest seconds of some calls, and the most memory that the first call added."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")

    def memory(key: str) -> float:
        if not status.exists():
            return 0.0
        lines = status.read_text().splitlines()
        return 1024.0 * next(int(line.split()[1]) for line in lines if line.startswith(key))

    before = memory("VmRSS")
    if reset.exists():
        reset.write_text("5")
    start = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - start
    added = max(memory("VmHWM") - before, 0.0)
    for _ in range(times - 1):
        start = time.perf_counter()
        result = call()
        seconds = min(seconds, time.perf_counter() - start)
    return result, seconds, added


def child(engine: str, n: int, folder: Path) -> dict[str, Any]:
    """Build the affinities and fuse them with one engine; the fused network goes into a file."""
    from omicsfuse.fusion import affinity_matrix, fuse_affinities
    from omicsfuse.fusion.snfpy_engine import current_scikit_learn

    tiny = [affinity_matrix(planted_distances(100, layer)) for layer in range(2)]
    distances = [planted_distances(n, layer) for layer in range(N_LAYERS)]
    times = 3 if n <= 2000 else 1
    if engine == "snfpy":
        with current_scikit_learn() as compute:
            networks, affinity, _ = measured(
                lambda: [compute.affinity_matrix(d, K=N_NEIGHBORS, mu=MU) for d in distances], times
            )
            distances.clear()
            fused, fusion, memory = measured(
                lambda: compute.snf(*networks, K=N_NEIGHBORS, t=N_ITERATIONS), times
            )
    else:
        variant, dtype = engine.split()
        fuse_affinities(tiny, variant=variant, dtype=dtype)  # compiled code is loaded, not timed
        networks, affinity, _ = measured(
            lambda: [affinity_matrix(d, N_NEIGHBORS, MU) for d in distances], times
        )
        distances.clear()
        fused, fusion, memory = measured(
            lambda: fuse_affinities(networks, N_NEIGHBORS, N_ITERATIONS, variant, dtype=dtype),
            times,
        )
    np.save(folder / f"{engine}.npy", fused)
    return {"affinity_seconds": affinity, "fusion_seconds": fusion, "peak_bytes": memory}


R_SCRIPT = """
library(SNFtool)
arguments <- commandArgs(trailingOnly = TRUE)
n <- as.integer(arguments[2]); m <- as.integer(arguments[3])
read <- function(i) matrix(readBin(file.path(arguments[1], paste0("distances", i)), "double",
                                   n * n), n)
distances <- lapply(seq_len(m) - 1, read)
affinity <- system.time(networks <- lapply(distances, affinityMatrix, K = 20, sigma = 0.5))[[3]]
fusion <- system.time(fused <- SNF(networks, K = 20, t = 20))[[3]]
writeBin(as.vector(fused), file.path(arguments[1], "SNFtool.bin"))
cat(affinity, fusion, as.character(packageVersion("SNFtool")))
"""


def snftool(n: int, folder: Path) -> dict[str, Any] | None:
    """The same with SNFtool in R; nothing where R or the package is absent."""
    if shutil.which("Rscript") is None:
        return None
    probe = "quit(status = !requireNamespace('SNFtool', quietly = TRUE))"
    if subprocess.run(["Rscript", "-e", probe], check=False, capture_output=True).returncode:
        return None
    for layer in range(N_LAYERS):
        planted_distances(n, layer).tofile(folder / f"distances{layer}")
    script = folder / "snftool.R"
    script.write_text(R_SCRIPT)
    command = ["Rscript", str(script), str(folder), str(n), str(N_LAYERS)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    fused = np.fromfile(folder / "SNFtool.bin").reshape(n, n)
    np.save(folder / "SNFtool.npy", fused)
    return {
        "affinity_seconds": float(said[0]),
        "fusion_seconds": float(said[1]),
        "peak_bytes": float("nan"),
        "version": said[2],
    }


def in_a_child(engine: str, n: int, folder: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", engine, str(n), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def labels_of(network: np.ndarray, k: int = 5) -> np.ndarray:
    from omicsfuse.clustering import laplacian_spectrum, spectral_labels

    return spectral_labels(laplacian_spectrum(network.astype(np.float64), k)[1], k)


def one_size(n: int, repeats: int) -> list[dict[str, Any]]:
    """All engines at one size, with how far ours are from those they follow."""
    from sklearn.metrics import adjusted_rand_score

    engines = ["paper float64", "snfpy float64", "paper float32", "snfpy"]
    best: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for _ in range(repeats):
            for engine in engines:
                row = in_a_child(engine, n, folder)
                kept = best.setdefault(engine, row)
                for key in ("affinity_seconds", "fusion_seconds"):
                    kept[key] = min(kept[key], row[key])
        found = snftool(n, folder)
        if found:
            best["SNFtool"] = found
        fused = {engine: np.load(folder / f"{engine}.npy") for engine in best}
    ours = {"snfpy float64": "snfpy", "paper float64": "SNFtool", "paper float32": "paper float64"}
    rows = []
    reference = best["snfpy"]
    for engine, row in best.items():
        row = {"engine": engine, "n": n, **row}
        row["affinity_ratio"] = reference["affinity_seconds"] / row["affinity_seconds"]
        row["fusion_ratio"] = reference["fusion_seconds"] / row["fusion_seconds"]
        row["peak_matrices"] = row["peak_bytes"] / (8 * n * n)
        other = fused.get(ours.get(engine, ""))
        if other is not None:
            row["compared_with"] = ours[engine]
            row["largest_difference"] = float((np.abs(fused[engine] - other) / other).max())
        if engine == "paper float32":
            same = adjusted_rand_score(labels_of(fused[engine]), labels_of(other))
            row["label_agreement"] = float(same)
        rows.append(row)
    return rows


def first_call() -> dict[str, float]:
    """Seconds of a process that fuses 100 patients: nothing compiled yet, and compiled before."""
    code = (
        "import numpy as np, time; start = time.perf_counter();"
        "import omicsfuse as of; d = np.abs(np.subtract.outer(np.arange(100.0), np.arange(100.0)));"
        "w = of.affinity_matrix(d); of.fuse_affinities([w, w]); print(time.perf_counter() - start)"
    )
    seconds = {}
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        for when in ("first_process_seconds", "later_process_seconds"):
            said = subprocess.run(
                [sys.executable, "-c", code],
                check=True,
                capture_output=True,
                text=True,
                env=environment,
            )
            seconds[when] = float(said.stdout)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 2000, 4000])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="n = 500 and 1,000, once")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        engine, n, folder = given.child
        print(json.dumps(child(engine, int(n), Path(folder))))
        return
    sizes, repeats = ([500, 1000], 1) if given.quick else (given.sizes, given.repeats)
    result: dict[str, Any] = {
        "settings": {"layers": N_LAYERS, "K": N_NEIGHBORS, "t": N_ITERATIONS, "mu": MU},
        "compilation": first_call(),
        "rows": [],
    }
    print(
        f"{'n':>6} {'engine':>14} {'affinity s':>10} {'x':>6} {'fusion s':>9} {'x':>6} {'peak':>5}"
    )
    if given.out and given.out.exists():
        known = json.loads(given.out.read_text())
        if known["settings"] == result["settings"]:
            result["rows"] = [row for row in known["rows"] if row["n"] not in sizes]
    for n in sizes:
        for row in one_size(n, repeats):
            result["rows"].append(row)
            print(
                f"{n:>6} {row['engine']:>14} {row['affinity_seconds']:>10.3f} "
                f"{row['affinity_ratio']:>6.1f} {row['fusion_seconds']:>9.3f} "
                f"{row['fusion_ratio']:>6.1f} {row['peak_matrices']:>5.1f}",
                flush=True,
            )
    print("x: times as fast as snfpy; peak: memory added by the fusion, in float64 matrices n x n")
    print(f"compiling: {result['compilation']}")
    result["rows"].sort(key=lambda row: row["n"])
    if given.out:
        given.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
