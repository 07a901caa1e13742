"""Seconds that a user waits: whole studies stage by stage, a check of a study, and the import.

    python benchmarks/speed.py --jobs 2 --repeats 3 --out benchmarks/results/speed.json
    python benchmarks/speed.py --code CHECKOUT --name before --out benchmarks/results/speed.json
    python benchmarks/run.py --only      # writes docs/benchmarks.md from the file

The simulated cohort is always run; hnsc where OMICSFUSE_DATA names the folder of real cohorts. Each
study is run several times, each time in a process of its own, and the median of each stage is
kept, as is that of the processor's seconds, which other work on the machine disturbs less. Before
these comes a first run, told apart, in which numba compiles the inner loops, as after installing.
Python's own byte code is there from the beginning, as pip writes it when it installs. What was
measured under another name stays in the file: ``--code`` measures the code of another checkout.
"""

import argparse
import compileall
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MAIN = "import sys; from omicsfuse.cli import main; main(sys.argv[1:])"


def timed(code: Path, cache: Path, *arguments: str) -> dict[str, float]:
    """Seconds on the clock and of the processor, with the package of a checkout.

    ``cache`` is a folder for the compiled inner loops, empty for a first run.
    """
    environment = {**os.environ, "PYTHONPATH": str(code), "NUMBA_CACHE_DIR": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor": used}


def medians(rows: list[dict[str, float]]) -> dict[str, float]:
    """Median of each entry over repeats, in milliseconds' precision."""
    return {key: round(statistics.median(row[key] for row in rows), 3) for key in rows[0]}


def study_times(code: Path, study: Path, jobs: int, repeats: int) -> dict[str, dict[str, float]]:
    """A first run, later ones as a whole and stage by stage, and a check."""
    runs, stages = [], []
    with tempfile.TemporaryDirectory() as folder:
        cache, out = Path(folder) / "compiled", Path(folder) / "results"
        asked = ("run", str(study), "--out", str(out), "--jobs", str(jobs))
        first = timed(code, cache, "-c", MAIN, *asked)
        for _ in range(repeats):
            runs.append(timed(code, cache, "-c", MAIN, *asked))
            stages.append(json.loads((out / "run.json").read_text())["seconds"])
        checks = [timed(code, cache, "-c", MAIN, "check", str(study)) for _ in range(repeats)]
    return {
        "first run": medians([first]),
        "run": medians(runs),
        "stages": medians(stages),
        "check": medians(checks),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--name", default="now", help="what these figures are called")
    parser.add_argument("--code", type=Path, default=HERE.parent, help="a checkout of the code")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="the simulated cohort, once")
    parser.add_argument("--out", type=Path, help="JSON file; other names in it are kept")
    given = parser.parse_args()
    code, repeats = given.code.resolve(), 1 if given.quick else given.repeats
    found: dict[str, Any] = {"jobs": given.jobs, "repeats": repeats, "studies": {}}
    compileall.compile_dir(code / "omicsfuse", quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        timed(code, Path(folder) / "compiled", "-c", MAIN, "simulate", "--out", f"{folder}/study")
        studies = {"demo": Path(folder) / "study" / "study.toml"}
        if "OMICSFUSE_DATA" in os.environ and not given.quick:
            studies["hnsc"] = code / "data_manifests" / "studies" / "hnsc.toml"
        for name, path in studies.items():
            found["studies"][name] = study_times(code, path, given.jobs, repeats)
            print(name, json.dumps(found["studies"][name]), flush=True)
    imports = [timed(code, HERE, "-c", "import omicsfuse") for _ in range(repeats)]
    found["import"] = medians(imports)
    print("import", json.dumps(found["import"]))
    if given.out:
        kept = json.loads(given.out.read_text()) if given.out.exists() else {}
        given.out.write_text(json.dumps({**kept, given.name: found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
