"""Immune context: false discoveries on null cohorts, and shares of cell types on planted ones.

Writes a JSON file, and from it the tables of docs/immune.md and docs/methylation.md.

    python benchmarks/immune.py                  # two minutes on two cores
    python benchmarks/immune.py --only           # measures nothing, writes the tables
"""

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.biology.deconvolution import deconvolve
from omicsfuse.biology.immune import immune_scores
from omicsfuse.biology.methylation_pairs import expression_methylation_pairs
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "immune.json"
PAGES = {name: HERE.parent / "docs" / f"{name}.md" for name in ("immune", "methylation")}
PATIENTS = [f"P{i:02d}" for i in range(45)]
LABELS = Subtypes(pd.Series(np.repeat(["S1", "S2", "S3"], 15), PATIENTS), {}, {})


def layer(kind: str, values: np.ndarray, scale: str = "log2") -> PreparedLayer:
    table = pd.DataFrame(values, PATIENTS, [f"g{i:03d}" for i in range(values.shape[1])])
    return PreparedLayer(kind, table, table, scale, None)


def null_scores(n: int) -> dict[str, Any]:
    """Correlated scores without any difference: how often is anything found?"""
    rng = np.random.default_rng(0)
    hits = {"mean_log": 0, "ssgsea": 0}
    for _ in range(n):
        values = rng.normal(0, 1, (45, 1)) + rng.normal(5, 1, (45, 120))
        ready = Prepared("null", {"rna": layer("expression", values)})
        sets = {f"c{i}": [f"g{j:03d}" for j in range(6 * i, 6 * i + 6)] for i in range(12)}
        for method in hits:
            found = immune_scores(ready, {"x": sets}, methods={"x": method}, subtypes=LABELS)
            hits[method] += bool((found.tests["fdr"] <= 0.05).any())
    return {"n": n, **{method: count / n for method, count in hits.items()}}


def null_pairs(n: int) -> list[dict[str, Any]]:
    """No pair moves in opposite directions: how often is one found?"""
    rows = []
    for name, shift_rna, shift_dna in (
        ("no difference at all", 0.0, 0.0),
        ("expression differs, methylation does not", 2.0, 0.0),
        ("both differ in the same direction", 2.0, 2.0),
    ):
        rng = np.random.default_rng(1)
        hits, within = 0, 0
        for _ in range(n):
            rna, dna = rng.normal(0, 1, (45, 100)), rng.normal(0, 1, (45, 100))
            rna[:15] += shift_rna
            dna[:15] += shift_dna
            ready = Prepared(
                "null", {"rna": layer("expression", rna), "dna": layer("methylation", dna)}
            )
            pairs = expression_methylation_pairs(LABELS, ready, fdr=1.0)
            hits += bool((pairs["fdr"] <= 0.05).any())
            within += bool((pairs["correlation_fdr"] <= 0.05).any())
        rows.append({"null": name, "n": n, "any pair": hits / n, "any correlation": within / n})
    return rows


def planted_pairs(n: int) -> list[dict[str, Any]]:
    """Ten of 100 genes are pairs of one subtype: power, and the share of false ones."""
    rows = []
    for effect in (0.8, 1.2, 1.6):
        rng = np.random.default_rng(2)
        power, false = [], []
        for _ in range(n):
            rna, dna = rng.normal(0, 1, (45, 100)), rng.normal(0, 1, (45, 100))
            rna[:15, :10] += effect
            dna[:15, :10] -= effect
            rna[:15, 10:30] += effect
            ready = Prepared(
                "made", {"rna": layer("expression", rna), "dna": layer("methylation", dna)}
            )
            pairs = expression_methylation_pairs(LABELS, ready)
            found = pairs[pairs["fdr"] <= 0.05]
            true = found["gene"] < "g010"
            power.append(len(found[true & (found["subtype"] == "S1")]) / 10)
            false.append(float((~true).mean()) if len(found) else 0.0)
        rows.append({"effect": effect, "n": n, "found": np.mean(power), "false": np.mean(false)})
    return rows


def planted_shares() -> list[dict[str, Any]]:
    """Mixtures of ten cell types with noise, and with a share of cells the matrix lacks."""
    rng = np.random.default_rng(3)
    base = rng.lognormal(4, 1, (400, 1))
    matrix = base * rng.lognormal(0, 1.2, (400, 11))
    shares = rng.dirichlet(np.full(10, 0.7), 60)
    genes = [f"g{i}" for i in range(400)]
    reference = pd.DataFrame(matrix[:, :10], genes, [f"c{i}" for i in range(10)])
    rows = []
    for noise in (0.0, 0.25, 0.5, 1.0):
        for tumour in (0.0, 0.5):
            whole = (1 - tumour) * shares @ matrix[:, :10].T + tumour * matrix[:, 10]
            table = pd.DataFrame(whole * rng.lognormal(0, noise, whole.shape), columns=genes)
            row: dict[str, Any] = {"noise": noise, "unknown cells": tumour}
            for method in ("nu_svr", "nnls"):
                found, fit = deconvolve(table, reference, method=method, n_permutations=99)
                row[method] = np.corrcoef(found.to_numpy().ravel(), shares.ravel())[0, 1]
                row[f"{method} p"] = float((fit["p"] <= 0.05).mean())
            rows.append(row)
    return rows


def null_shares(n: int) -> list[dict[str, Any]]:
    """Patients of random values: share of p at most 0.05, over draws of matrix and null."""
    rows = []
    for method, repeats in (("nu_svr", n), ("nnls", n)):
        found = []
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            matrix = pd.DataFrame(rng.lognormal(4, 1.3, (150, 6)), columns=list("ABCDEF"))
            table = pd.DataFrame(rng.lognormal(4, 1.3, (60, 250)), columns=range(250))
            matrix.index, table.columns = matrix.index.astype(str), table.columns.astype(str)
            _, fit = deconvolve(table, matrix, method=method, n_permutations=199)
            found.append(float((fit["p"] <= 0.05).mean()))
        rows.append({"method": method, "cohorts": repeats, "p at most 0.05": np.mean(found)})
    return rows


def seconds() -> list[dict[str, Any]]:
    """500 patients, 547 genes, 22 cell types, 100 random mixtures."""
    rng = np.random.default_rng(0)
    matrix = rng.lognormal(4, 1, (547, 1)) * rng.lognormal(0, 1.2, (547, 22))
    genes = [f"g{i}" for i in range(547)]
    shares = rng.dirichlet(np.full(22, 0.5), 500)
    table = pd.DataFrame(shares @ matrix.T * rng.lognormal(0, 0.4, (500, 547)), columns=genes)
    rows = []
    for method in ("nu_svr", "nnls"):
        start = time.perf_counter()
        deconvolve(table, pd.DataFrame(matrix, genes).add_prefix("c"), method=method)
        rows.append({"method": method, "seconds": time.perf_counter() - start})
    return rows


def as_table(rows: list[dict[str, Any]]) -> str:
    """Rows as a table of Markdown."""
    names = list(rows[0])
    lines = [" | ".join(names), " | ".join("---" for _ in names)]
    for row in rows:
        cells = [f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()]
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines)


def write(results: dict[str, Any]) -> None:
    """Put each table between the marks of its page."""
    for page in PAGES.values():
        text = page.read_text(encoding="utf-8")
        for name, rows in results.items():
            mark, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
            if mark in text:
                before, _, rest = text.partition(mark)
                after = rest.partition(end)[2]
                text = f"{before}{mark}\n{as_table(rows)}\n{end}{after}"
        page.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="store_true", help="write the tables, measure nothing")
    parser.add_argument("--n", type=int, default=100, help="null cohorts")
    asked = parser.parse_args()
    if not asked.only:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OmicsfuseWarning)
            results = {
                "null_scores": [null_scores(asked.n)],
                "null_pairs": null_pairs(asked.n),
                "planted_pairs": planted_pairs(asked.n // 4),
                "planted_shares": planted_shares(),
                "null_shares": null_shares(asked.n // 5),
                "seconds": seconds(),
            }
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write(json.loads(RESULTS.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
