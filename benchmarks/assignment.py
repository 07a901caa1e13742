"""Accuracy and calibration of the assignment of new patients, on simulated cohorts.

Writes a JSON file, and from it the table of docs/assigning.md.

    python benchmarks/assignment.py                  # some minutes on two cores
    python benchmarks/assignment.py --only           # measures nothing, writes the table

Cohorts of 80 patients with three simulated subtypes, radiomics and 150 genes; the labels are the
simulated subtypes, or shuffled among the patients.
"""

import argparse
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from omicsfuse.assignment import cross_validate_assignment
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.results import Subtypes
from omicsfuse.datasets import simulate_cohort
from omicsfuse.stats.intervals import clopper_pearson

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "assigning.md"
RESULTS = HERE / "results" / "assignment.json"
LAYERS = ("radiomics", "expression")
EFFECTS = (0.0, 0.3, 0.5, 0.8)


def once(effect: float, seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the table and of the calibration bins of one cohort; effect 0 shuffles labels."""
    made = simulate_cohort(
        80, 3, n_external=0, n_genes=150, effect=effect, random_state=seed, layers=LAYERS
    )
    patients = made.discovery.patients()
    labels = ("S" + made.truth.astype(str)).loc[patients]
    if not effect:
        shuffled = np.random.default_rng(seed).permutation(labels.to_numpy())
        labels = pd.Series(shuffled, patients)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OmicsfuseWarning)
        found = cross_validate_assignment(Subtypes(labels, {}, {}), made.discovery)
    return found.table.to_dict("records"), found.calibration.to_dict("records")


def measure(n_null: int, n_planted: int, jobs: int) -> list[dict[str, Any]]:
    """Means over cohorts, one row an effect and set of layers."""
    rows = []
    for effect in EFFECTS:
        number = n_planted if effect else n_null
        done = Parallel(jobs)(delayed(once)(effect, 1000 + seed) for seed in range(number))
        table = pd.DataFrame([row for part, _ in done for row in part])
        bins = pd.DataFrame([row for _, part in done for row in part])
        for layers, part in table.groupby("layers", sort=False):
            own = bins[bins["layers"] == layers]
            pooled = own.assign(
                predicted=own["predicted"] * own["n"], observed=own["observed"] * own["n"]
            )
            pooled = pooled.groupby("bin")[["n", "predicted", "observed"]].sum()
            error = (pooled["predicted"] - pooled["observed"]).abs().sum() / pooled["n"].sum()
            count = int((part["p"] <= 0.05).sum())
            low, high = clopper_pearson(count, number)
            right = part["accuracy_of_assigned"] * part["share_assigned"]
            rows.append(
                {
                    "effect": effect, "cohorts": number, "layers": layers,
                    "accuracy": part["accuracy"].mean(), "p_below": count / number,
                    "p_below_low": low, "p_below_high": high,
                    "assigned": part["share_assigned"].mean(),
                    "right": right.sum() / max(part["share_assigned"].sum(), 1e-9),
                    "calibration_error": error,
                }
            )  # fmt: skip
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The table of the page, in Markdown."""
    heads = ["planted effect (SD)", "cohorts", "layers", "accuracy", "p <= 0.05 (95% interval)"]
    heads += ["assigned", "correct of these", "calibration error, pooled"]
    parts = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for row in rows:
        name = f"{row['effect']:g}" if row["effect"] else "none (labels shuffled)"
        p = f"{row['p_below']:.0%} ({row['p_below_low']:.0%} to {row['p_below_high']:.0%})"
        cells = [name, str(row["cohorts"]), row["layers"], f"{row['accuracy']:.2f}", p]
        cells += [f"{row['assigned']:.0%}", f"{row['right']:.2f}" if row["effect"] else ""]
        cells += [f"{row['calibration_error']:.2f}"]
        parts.append("| " + " | ".join(cells) + " |")
    return "\n".join(parts) + "\n"


def main() -> None:
    """Measure, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="store_true", help="write the page only")
    parser.add_argument("--null", type=int, default=60)
    parser.add_argument("--planted", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    if not options.only:
        rows = measure(options.null, options.planted, options.jobs)
        options.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    rows = json.loads(options.out.read_text(encoding="utf-8"))
    print(table(rows))
    if options.out == RESULTS:
        text = PAGE.read_text(encoding="utf-8")
        begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
        before, rest = text.split(begin)
        after = rest.split(end)[1]
        PAGE.write_text(f"{before}{begin}\n{table(rows)}{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
