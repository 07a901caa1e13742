"""How often is something found that is not there, and what is found that is? Interpreted scores.

Null scores are random numbers, unrelated to anything; planted ones are the sum of twenty genes with
noise, or the tumour's volume with noise. Cohorts are made (400 genes that share factors, mutations,
a volume, stage and purity), or real where OMICSFUSE_DATA is set. Writes a JSON file, and from it
the table of docs/interpreting.md.

    python benchmarks/interpretation.py           # about two minutes
    python benchmarks/interpretation.py --only    # measures nothing, writes the table
    python benchmarks/interpretation.py --seconds # times the head and neck cohort, half a minute
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.cohort import Cohort, Layer
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.results import Interpretation, Prepared, PreparedLayer
from omicsfuse.imaging.interpretation import interpret
from omicsfuse.io.cohorts import read_cohort
from omicsfuse.preprocessing import preprocess

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "interpreting.md"
RESULTS = HERE / "results" / "interpretation.json"
HALLMARK = "genesets/hallmark.v7.0.symbols.gmt"
GENES, SET, SETS = 400, 20, 10
FEATURES = ("expression", "mutation")


def made(n: int, seed: int) -> tuple[Cohort, Prepared, dict[str, list[str]]]:
    """A cohort whose genes share five factors, and sets of genes that share one more."""
    rng = np.random.default_rng(seed)
    patients = pd.Index([f"P{i:03}" for i in range(n)], name="patient")
    names = [f"G{i:03}" for i in range(GENES)]
    sets = {f"SET{i}": names[i * SET : (i + 1) * SET] for i in range(SETS)}
    rna = rng.standard_normal((n, GENES))
    rna += 0.5 * rng.standard_normal((n, 5)) @ rng.standard_normal((5, GENES))
    for i in range(SETS):
        rna[:, i * SET : (i + 1) * SET] += 0.7 * rng.standard_normal((n, 1))
    mutated = (rng.random((n, 60)) < rng.uniform(0.05, 0.5, 60)).astype(float)
    tables = {
        "expression": (pd.DataFrame(rna, patients, names), "log2"),
        "mutation": (pd.DataFrame(mutated, patients).add_prefix("M"), "binary"),
        "radiomics": (
            pd.DataFrame({"shape_MeshVolume": np.exp(rng.standard_normal(n))}, patients),
            "normal_score",
        ),
    }
    clinical = pd.DataFrame(
        {
            "age": rng.normal(60, 9, n),
            "stage": rng.choice(["I", "II", "III"], n),
            "purity": rng.random(n),
        },
        patients,
    )
    omics = {name: Layer(name, table) for name, (table, _) in tables.items()}
    prepared = {
        name: PreparedLayer(name, table, table, scale, None)
        for name, (table, scale) in tables.items()
    }
    return Cohort("made", omics, clinical, covariates=("age",)), Prepared("made", prepared), sets


def scored(
    score: pd.Series, cohort: Cohort, prepared: Prepared, sets: Any, permutations: int = 199
) -> Interpretation:
    """Interpret a score without resampling."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OmicsfuseWarning)
        return interpret(
            score, cohort, prepared, gene_sets=sets, n_resamples=0, n_permutations=permutations
        )


def counted(found: Interpretation) -> dict[str, float]:
    """What was found: in any family of features, and among gene sets by either null."""
    families = found.families[found.families["kind"] != "radiomic feature"]
    row: dict[str, float] = {
        "families": len(families),
        "with_any": float((families["found"] > 0).mean()),
        "adjusted_any": float((families["adjusted_found"] > 0).mean()),
    }
    for block, table in found.enrichment.groupby("score"):
        ending = "_adjusted" if str(block).endswith("adjusted") else ""
        row["patients_any" + ending] = float((table["fdr_patients"] <= 0.05).any())
        row["random_any" + ending] = float((table["fdr"] <= 0.05).any())
    return row


def null(what: str, n: int, repeats: int) -> dict[str, Any]:
    """Means over null scores in made cohorts, a new one for each."""
    rows = []
    for seed in range(repeats):
        cohort, prepared, sets = made(n, 100 + seed)
        score = np.random.default_rng(seed).standard_normal(n)
        patients = prepared.layers["expression"].values.index  # noqa: PD011
        rows.append(
            counted(scored(pd.Series(score, patients, name="null"), cohort, prepared, sets))
        )
    return {"cohort": what, "n": n, "repeats": repeats, **pd.DataFrame(rows).mean().to_dict()}


def head_and_neck() -> tuple[Cohort, Prepared]:
    """The head and neck cohort, all layers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OmicsfuseWarning)
        cohort = read_cohort(HERE.parent / "data_manifests" / "tcga_hnsc_radiogenomic.toml")
        return cohort, preprocess(cohort)


def seconds(data: Path) -> dict[str, float]:
    """Seconds of one score, and of four classes, with all resampling, on one core."""
    cohort, prepared = head_and_neck()
    sets = data / HALLMARK
    patients = prepared.layers["radiomics"].values.index  # noqa: PD011
    rng = np.random.default_rng(0)
    scores = {
        "one score": pd.Series(rng.standard_normal(len(patients)), patients, name="null"),
        "four classes": pd.Series(rng.choice(list("abcd"), len(patients)), patients, name="null"),
    }
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OmicsfuseWarning)
        for name, score in scores.items():
            begun = time.perf_counter()
            table = interpret(score, cohort, prepared, gene_sets=sets)
            found[name] = time.perf_counter() - begun
            tests, n_sets = (
                int(table.families["tests"].sum()),
                table.enrichment["gene_set"].nunique(),
            )
            print(f"{name}: {len(patients)} patients, {tests:,} tests, {n_sets} gene sets")
    return found


def null_real(data: Path, repeats: int) -> dict[str, Any]:
    """Means over null scores in the head and neck cohort, all layers."""
    sets = data / HALLMARK
    cohort, prepared = head_and_neck()
    patients = prepared.layers["radiomics"].values.index  # noqa: PD011
    rows = []
    for seed in range(repeats):
        score = np.random.default_rng(seed).standard_normal(len(patients))
        rows.append(
            counted(scored(pd.Series(score, patients, name="null"), cohort, prepared, sets))
        )
    what = "head and neck, real"
    return {
        "cohort": what,
        "n": len(patients),
        "repeats": repeats,
        **pd.DataFrame(rows).mean().to_dict(),
    }


def planted(n: int, repeats: int) -> dict[str, Any]:
    """A sum of the genes of one set with as much noise, and volume with a little."""
    rows = []
    for seed in range(repeats):
        cohort, prepared, sets = made(n, 500 + seed)
        rng = np.random.default_rng(seed)
        rna = prepared.layers["expression"].values  # noqa: PD011
        total = rna[sets["SET0"]].sum(axis=1)
        score = total + total.std() * rng.standard_normal(n)
        found = scored(score.rename("planted"), cohort, prepared, sets)
        genes = found.associations[found.associations["layer"] == "expression"]
        top = set(genes.loc[genes["fdr"] <= 0.05, "feature"])
        kept = set(genes.loc[genes["adjusted_fdr"] <= 0.05, "feature"])
        own = found.enrichment[found.enrichment["gene_set"] == "SET0"].set_index("score")
        volume = np.log(prepared.layers["radiomics"].values["shape_MeshVolume"])  # noqa: PD011
        # A gene that follows volume goes with a score that follows it, and no longer adjusted.
        rna2 = rna.assign(G399=volume + 0.3 * rng.standard_normal(n))
        layers = {
            **prepared.layers,
            "expression": PreparedLayer("expression", rna2, rna2, "log2", None),
        }
        size = volume + 0.3 * volume.std() * rng.standard_normal(n)
        follows = scored(size.rename("size"), cohort, Prepared("made", layers), None, 0)
        gene = follows.associations.set_index("feature").loc["G399"]
        rows.append(
            {
                "genes": len(top & set(sets["SET0"])),
                "genes_adjusted": len(kept & set(sets["SET0"])),
                "set": float(own.loc["score", "fdr_patients"] <= 0.05),
                "set_adjusted": float(own.loc["score, adjusted", "fdr_patients"] <= 0.05),
                "volume_found": float(gene["fdr"] <= 0.05),
                "volume_vanishes": float(gene["vanishes"]),
            }
        )
    return {"n": n, "repeats": repeats, **pd.DataFrame(rows).mean().to_dict()}


def write(results: dict[str, Any]) -> None:
    """Write the tables into the page, between its marks."""
    lines = [
        "| null scores | n | repeats | families with a finding | adjusted | any gene set, patients "
        "permuted | adjusted | any gene set, random genes |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in results["null"]:
        shares = [
            row[k]
            for k in (
                "with_any",
                "adjusted_any",
                "patients_any",
                "patients_any_adjusted",
                "random_any",
            )
        ]
        shown = " | ".join(f"{share:.3f}" for share in shares)
        cohort = {"made": "simulated"}.get(row["cohort"], row["cohort"])
        lines.append(f"| {cohort} | {row['n']} | {row['repeats']} | {shown} |")
    lines += [
        "",
        "| planted | n | repeats | genes found, of 20 | adjusted | gene set found | adjusted | "
        "gene of volume found | vanishes |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in results["planted"]:
        shares = [
            row[k]
            for k in (
                "genes",
                "genes_adjusted",
                "set",
                "set_adjusted",
                "volume_found",
                "volume_vanishes",
            )
        ]
        shown = " | ".join(f"{share:.2f}" for share in shares)
        lines.append(f"| sum of 20 genes; volume | {row['n']} | {row['repeats']} | {shown} |")
    begin, end = "<!-- benchmark begins -->", "<!-- benchmark ends -->"
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    table = "\n".join(lines)
    PAGE.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")
    print(table)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="store_true", help="write the table, measure nothing")
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--seconds", action="store_true", help="time the head and neck cohort")
    asked = parser.parse_args()
    if asked.seconds:
        for what, took in seconds(Path(os.environ["OMICSFUSE_DATA"])).items():
            print(f"{what}: {took:.0f} s")
        return
    if not asked.only:
        data = os.environ.get("OMICSFUSE_DATA", "")
        results: dict[str, Any] = {"null": [], "planted": []}
        for n in (44, 106):
            results["null"].append(null("made", n, asked.repeats))
            results["planted"].append(planted(n, max(1, asked.repeats // 5)))
        if data and Path(data).is_dir():
            results["null"].append(null_real(Path(data), max(1, asked.repeats // 2)))
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    write(json.loads(RESULTS.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
