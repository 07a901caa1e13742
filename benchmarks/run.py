"""All benchmarks with one command: tables on the screen, JSON files, and docs/benchmarks.md.

    python benchmarks/run.py --quick     # minutes, results in a folder, documentation untouched
    python benchmarks/run.py             # about an hour on two cores; rewrites docs/benchmarks.md
    python benchmarks/run.py --only exact sparse
    python benchmarks/run.py --only      # measures nothing, writes the page from the JSON files

Real cohorts take part where OMICSFUSE_DATA names their folder. Metrics are compared by
benchmarks/distances.py, whose tables are in docs/distances.md.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"

#: Arguments of each script, in full and quick.
SCRIPTS = {
    "exact": ([], ["--quick"]),
    "partial": (["--seeds", "4", "--jobs", "2"], ["--quick", "--jobs", "2"]),
    "sparse": (["--agreement"], ["--quick"]),
}


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model, memory = platform.machine(), ""
    for file, key in (("/proc/cpuinfo", "model name"), ("/proc/meminfo", "MemTotal")):
        if not Path(file).exists():
            continue
        lines = Path(file).read_text().splitlines()
        said = next((line.split(":")[1].strip() for line in lines if line.startswith(key)), "")
        if key == "model name" and said:
            model = said
        elif said:
            memory = f"{int(said.split()[0]) / 2**20:.0f} GiB"
    packages = ("numpy", "scipy", "numba", "pynndescent", "scikit-learn", "snfpy")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory": memory,
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
    }


def markdown(columns: list[str], rows: list[list[Any]]) -> str:
    """A table; numbers with three significant digits, whole ones with commas."""

    def cell(value: Any) -> str:
        if value is None or value != value:
            return ""
        if isinstance(value, float):
            return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
        return f"{value:,}" if isinstance(value, int) else str(value)

    lines = ["| " + " | ".join(columns) + " |", "| " + " | ".join(["---"] * len(columns)) + " |"]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(lines)


def exact_section(found: dict[str, Any]) -> str:
    settings, compiling = found["settings"], found["compilation"]
    speed = [
        [
            row["n"],
            row["engine"],
            row["affinity_seconds"],
            row["affinity_ratio"],
            row["fusion_seconds"],
            row["fusion_ratio"],
            row["peak_matrices"] or None,
        ]
        for row in found["rows"]
    ]
    same = [
        [
            row["n"],
            row["engine"],
            row["compared_with"],
            f"{row['largest_difference']:.1e}",
            row.get("label_agreement"),
        ]
        for row in found["rows"]
        if "compared_with" in row
    ]
    return f"""## Exact engine
`python benchmarks/exact.py`: {settings["layers"]} layers, K = {settings["K"]},
t = {settings["t"]}, mu = {settings["mu"]}. "paper" and "snfpy" with a precision are variants of
omicsfuse; "snfpy" alone is the snfpy package, measured in the same run. Affinities and fusion are
timed separately; x is the speed relative to the package; peak is the additional memory of the
fusion with its result, in float64 matrices of n x n. Sizes can be measured separately: rows of
different n may differ in hour, version and number of repeats. On shared processors, as here,
ratios of one size vary by 10% and more from run to run.

{markdown(["n", "engine", "affinity s", "x", "fusion s", "x", "peak"], speed)}

Compilation is not included. The first process that fuses on a machine takes
{compiling["first_process_seconds"]:.1f} s for 100 patients, with imports; every later process takes
{compiling["later_process_seconds"]:.1f} s.

Largest relative difference of an entry of the fused network, and adjusted Rand index of the labels
(spectral clustering, five subtypes) of single and double precision:

{markdown(["n", "engine", "compared with", "difference", "labels"], same)}
"""


def partial_section(found: dict[str, Any]) -> str:
    parts = [
        f"""## Missing layers
`python benchmarks/partial.py --variant {found["variant"]}`: layers of complete cohorts, planted and
real, are hidden for a share of the patients, at random or more often in sicker patients. Every
method then labels all patients, with a given number of subtypes. {found["seeds"]} masks per
setting; differences are paired, with their standard error. Other methods are complete cases with
label propagation to the remaining patients, NEMO (Rappoport and Shamir 2019) with n/6 or K
neighbours, and imputation of the hidden features by their mean or from the nearest patients.
Agreement is the adjusted Rand index; association is the adjusted mutual information.
"""
    ]
    for title, table in found["tables"].items():
        columns = [str(c) for c in _flat(table["columns"])]
        rows = [row[1:] for row in table["data"]] if columns[0] == "index" else table["data"]
        columns = columns[1:] if columns[0] == "index" else columns
        if columns[0] == "method":  # settings in rows: a page is narrow
            turned = list(zip(columns, *rows, strict=True))
            columns, rows = ["setting", *turned[0][1:]], [list(row) for row in turned[1:]]
        title = TITLES.get(title, title.replace("best rival", "best other method"))
        parts.append(f"{title[0].upper()}{title[1:]}:\n\n{markdown(worded(columns), rows)}\n")
    return "\n".join(parts)


#: Titles and heads of the file, in words.
TITLES = {
    "association of labels with what is missing": "association of the labels with missingness",
    "two layers that share few patients": "two layers with few patients in common",
}
HEADS = {
    "best rival": "best other method",
    "its score": "score of that method",
    "cpu_seconds": "processor seconds",
    "peak_gib": "peak GiB",
    "estimated_gib": "estimated GiB",
    "ari_truth": "ARI, planted labels",
    "neighbors": "neighbour search",
    "ari_exact_engine": "ARI, exact engine",
    "ari_truth_exact_engine": "exact engine: ARI, planted labels",
}


def worded(names: list[str]) -> list[str]:
    """Heads of a table, in words."""
    return [HEADS.get(name, name) for name in names]


def _flat(columns: list[Any]) -> list[str]:
    """Names of columns that may have two levels."""
    named = [c if isinstance(c, list) else [c] for c in columns]
    return [" ".join(str(part) for part in parts if str(part)) for parts in named]


def sparse_section(found: dict[str, Any]) -> str:
    parts = ["## Sparse engine\n`python benchmarks/sparse.py --agreement`: planted cohorts."]
    reach = found.get("reach")
    if reach:
        names = list(reach["rows"][0])
        parts.append("Time from tables to labels, and peak memory of the process:\n")
        parts.append(markdown(worded(names), [[row[c] for c in names] for row in reach["rows"]]))
        slopes = [
            f"{v:.2f} ({worded([k[9:]])[0]})" for k, v in reach.items() if k.startswith("exponent")
        ]
        parts.append(f"Exponent of time in n: {', '.join(slopes)}." if slopes else "")
    if found.get("agreement"):
        names = list(found["agreement"][0])
        parts.append(
            "Adjusted Rand index (ARI) with the labels of the exact engine, and with the planted "
            "labels:\n"
        )
        parts.append(
            markdown(worded(names), [[row[c] for c in names] for row in found["agreement"]])
        )
    return "\n\n".join(part for part in parts if part) + "\n"


def speed_section(found: dict[str, Any]) -> str:
    first = next(iter(found.values()))
    parts = [
        f"""## Whole studies
`python benchmarks/speed.py`: seconds of `omicsfuse run --jobs {first["jobs"]}`, its stages,
`omicsfuse check`, and the import; median of {first["repeats"]} processes. "first run" precedes them
and compiles the inner loops, as after an installation. "processor" is the sum over all processes;
other work on the machine affects it less.
"""
    ]
    names = list(found)
    for study in first["studies"]:
        measured = [found[name]["studies"].get(study, {}) for name in names]
        by_stage = [one.get("stages", {}) for one in measured]
        rows: list[list[Any]] = [
            [f"{what}, {words}", *(one.get(what, {}).get(unit) for one in measured)]
            for what in ("first run", "run", "check")
            for unit, words in (("seconds", "elapsed"), ("processor", "processor"))
        ]
        stages = dict.fromkeys(stage for one in by_stage for stage in one)
        rows += [[stage, *(one.get(stage) for one in by_stage)] for stage in stages]
        heads = [f"{name}, seconds" for name in names] if len(names) > 1 else ["seconds"]
        parts.append(f"{study}:\n\n{markdown(['', *heads], rows)}\n")
    imports = [
        f"{one['import']['seconds']:.2f} s" + (f" ({name})" if len(names) > 1 else "")
        for name, one in found.items()
    ]
    parts.append(f"`import omicsfuse`: {', '.join(imports)}.\n")
    return "\n".join(parts)


SECTIONS = {
    "speed": speed_section,
    "exact": exact_section,
    "partial": partial_section,
    "sparse": sparse_section,
}


def page(folder: Path) -> str:
    """The documentation page, from the JSON files of a folder."""
    about = json.loads((folder / "machine.json").read_text())
    packages = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
    parts = [
        f"""# Benchmarks
`python benchmarks/run.py` writes this page; do not edit it. Measured on {about["cores"]} cores of
{about["processor"]}, {about["memory"]} of memory, {about["system"]}, Python {about["python"]},
{packages}.
Quote ratios: seconds depend on the machine and its other work.
"""
    ]
    for name, section in SECTIONS.items():
        file = folder / f"{name}.json"
        if file.exists():
            parts.append(section(json.loads(file.read_text())))
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", choices=SCRIPTS, default=list(SCRIPTS))
    parser.add_argument("--out", type=Path, help="folder for the JSON files")
    given = parser.parse_args()
    folder = given.out or HERE / ("quick" if given.quick else "results")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "machine.json").write_text(json.dumps(machine(), indent=1) + "\n")
    for name in given.only:
        print(f"== {name}", flush=True)
        arguments = SCRIPTS[name][1 if given.quick else 0]
        file = folder / f"{name}.json"
        file.unlink(missing_ok=True)
        command = [sys.executable, str(HERE / f"{name}.py"), *arguments, "--out", str(file)]
        subprocess.run(command, check=True)
        found = json.loads(file.read_text())
        found.pop("scores", None)  # every single score: megabytes that the tables sum up
        file.write_text(json.dumps(found, indent=1) + "\n")
    if not given.quick:
        PAGE.write_text(page(folder), encoding="utf-8")
        print(f"written: {PAGE.name} and {folder.name}/")


if __name__ == "__main__":
    main()
