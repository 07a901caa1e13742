"""Power and level of verification: true signatures that replicate, and false ones.

Writes a JSON file, and from it the table of docs/verification.md.

    python benchmarks/verification.py                 # about half an hour on two cores
    python benchmarks/verification.py --only          # measures nothing, writes the table
    python benchmarks/verification.py --quick --out quick.json

Each cohort has 400 genes: 40 that follow what the image shows, 40 that follow something that the
image does not show, and 320 others, in correlated blocks of ten. The image feature is what it shows
plus as much noise. A signature is the 30 genes that correlate most with the image feature in 100
patients, weighted by the sign, scored by the weighted mean of z; its direction is that of its Cox
model in these patients. Both other cohorts are drawn anew. A signature counts as replicated if the
one-sided p-value is at most 0.05.
"""

import argparse
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from omicsfuse.core.cohort import Cohort, Endpoint, Layer
from omicsfuse.core.errors import OmicsfuseWarning
from omicsfuse.core.results import Signature
from omicsfuse.signatures.lock import lock
from omicsfuse.signatures.training import patient_digest
from omicsfuse.stats.intervals import clopper_pearson
from omicsfuse.verification import record_discovery, verify

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "verification.md"

N_DISCOVERY, SIZES = 100, (150, 300)
#: Signatures of shuffled targets that each is held against.
N_SHUFFLED = 39
GENES, FOLLOWING, CHOSEN = 400, 40, 30
#: Name, hazard ratio per SD of what the image shows, of what it does not show, shuffled target.
SCENARIOS = (
    ("image not associated with survival, HR 1.0", 1.0, 1.0, False),
    ("true signature, HR 1.3", 1.3, 1.0, False),
    ("true signature, HR 1.6", 1.6, 1.0, False),
    ("true signature, HR 2.0", 2.0, 1.0, False),
    ("genes of the image not associated with survival, others with HR 2.0", 1.0, 2.0, False),
    ("target shuffled, no gene associated with survival", 1.0, 1.0, True),
    ("target shuffled, a tenth of the genes with HR 2.0", 2.0, 1.0, True),
)
#: Each rule asks for what those before it ask for too.
RULES = {
    "one_sided": "one-sided p",
    "random": "and random sets",
    "verdict": "and shuffled targets (the verdict)",
}


def cohort(
    name: str, n: int, shown: float, hidden: float, rng: np.random.Generator
) -> tuple[Cohort, np.ndarray]:
    """One cohort, and the image feature of its patients."""
    factors = rng.standard_normal((n, 2))
    blocks = np.repeat(rng.standard_normal((n, GENES // 10)), 10, axis=1)
    values = 0.4 * blocks + rng.standard_normal((n, GENES))
    for place in range(2):
        values[:, place * FOLLOWING : (place + 1) * FOLLOWING] += 0.6 * factors[:, [place]]
    level = np.linspace(4, 12, GENES)[(np.arange(GENES) * 37) % GENES]
    patients = pd.Index([f"{name}-{i:04d}" for i in range(n)], name="patient")
    genes = [f"G{i:03d}" for i in range(GENES)]
    table = pd.DataFrame(np.round(values + level, 6), patients, genes)
    hazard = shown ** factors[:, 0] * hidden ** factors[:, 1] / 1000
    death, end = rng.exponential(1 / hazard), rng.uniform(200, 2500, n)
    clinical = pd.DataFrame(
        {"time": np.ceil(np.minimum(death, end)), "event": (death <= end).astype(float)}, patients
    )
    image = factors[:, 0] + rng.standard_normal(n)
    layers = {"rna": Layer("expression", table, "log2")}
    return Cohort(name, layers, clinical, {"os": Endpoint("time", "event")}), image


def derived(discovery: Cohort, image: np.ndarray) -> Signature:
    """The genes that correlate most with the image feature, locked with their direction."""
    table = discovery.omics["rna"].table
    z = (table - table.mean()) / table.std()
    r = z.mul((image - image.mean()) / image.std(), axis=0).mean()
    genes = sorted(r.abs().sort_values(ascending=False).index[:CHOSEN])
    weights = pd.DataFrame({"image": np.sign(r[genes])}, index=pd.Index(genes, name="gene"))
    reference = pd.DataFrame({"mean": table[genes].mean(), "sd": table[genes].std()})
    digests = sorted(map(patient_digest, table.index))
    signature = Signature(
        "image", weights, reference, "log2",
        {"cohort": "discovery", "layer": "rna", "patient_digests": digests}, {},
        target={"name": "image", "kind": "continuous", "source": "simulated"},
        method="correlation", scorer="weighted_z",
    )  # fmt: skip
    return signature


def once(scenario: int, seed: int, n_random: int) -> list[tuple[float, ...]]:
    """One-sided p, p of random sets and p of shuffled targets, in cohorts of each size."""
    _, shown, hidden, shuffled = SCENARIOS[scenario]
    rng = np.random.default_rng([scenario, seed])
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore", OmicsfuseWarning)
        discovery, image = cohort("discovery", N_DISCOVERY, shown, hidden, rng)
        target = rng.permutation(image) if shuffled else image
        signature = record_discovery(lock(derived(discovery, target)), discovery)
        null = [lock(derived(discovery, rng.permutation(image))) for _ in range(N_SHUFFLED)]
        others = [cohort(f"external{n}", n, shown, hidden, rng)[0] for n in SIZES]
        found = verify(
            signature, others, matched="mean_variance", n_random=n_random, n_permutations=0,
            shuffled=null, random_state=seed,
        )  # fmt: skip
    rows = found.table.set_index("cohort")
    rows = rows[rows["p_one_sided"].notna() & rows["random_null_p"].notna()]
    columns = ["p_one_sided", "random_null_p", "permuted_null_p"]
    return [
        tuple(map(float, row))
        for row in rows.loc[[f"external{n}" for n in SIZES], columns].to_numpy()
    ]


def measure(repeats: int, n_random: int, jobs: int) -> Iterator[dict[str, Any]]:
    """Share of signatures that replicate, with Monte Carlo intervals."""
    for scenario, (name, *_) in enumerate(SCENARIOS):
        # Power need not be known as well as the level.
        number = repeats // 2 if name.startswith("true") else repeats
        found = Parallel(jobs)(delayed(once)(scenario, seed, n_random) for seed in range(number))
        passed = np.cumprod(np.array(found) <= 0.05, axis=2)  # repeats x sizes x rules
        for place, n in enumerate(SIZES):
            for rule, hits in zip(RULES, passed[:, place].T, strict=True):
                count = int(hits.sum())
                low, high = clopper_pearson(count, number)
                yield {
                    "scenario": name, "n": n, "rule": rule, "repeats": number,
                    "share": count / number, "ci_low": low, "ci_high": high,
                }  # fmt: skip


def tables(results: dict[str, Any]) -> str:
    """The table of the page, in Markdown."""
    if "rows" not in results:
        return ""
    frame = pd.DataFrame(results["rows"])
    heads = ["simulated", "data sets"]
    heads += [f"{words}, n = {n}" for words in RULES.values() for n in SIZES]
    parts = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for name in frame["scenario"].unique():
        cells = []
        for rule in RULES:
            for n in SIZES:
                row = frame[
                    (frame["scenario"] == name) & (frame["n"] == n) & (frame["rule"] == rule)
                ].iloc[0]
                low, high = 100 * row["ci_low"], 100 * row["ci_high"]
                cells.append(f"{100 * row['share']:.1f} ({low:.1f} to {high:.1f})")
        parts.append(f"| {name} | {row['repeats']:,} | " + " | ".join(cells) + " |")
    n_random = results["n_random"]
    parts.append(
        "\nPer cent of simulated data sets, with 95% Monte Carlo intervals; "
        f"{n_random} random sets and {N_SHUFFLED} shuffled targets each.\n"
    )
    return "\n".join(parts)


def write_page(results: dict[str, Any]) -> None:
    """Put the table between the marks of docs/verification.md."""
    text = PAGE.read_text(encoding="utf-8")
    begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    PAGE.write_text(f"{before}{begin}\n{tables(results)}{end}{after}", encoding="utf-8")


def main() -> None:
    """Measure what is asked for and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "verification.json")
    options = parser.parse_args()
    repeats, n_random = (20, 49) if options.quick else (options.repeats, 99)
    results = json.loads(options.out.read_text()) if options.out.exists() else {}
    if options.only is None:
        results = {"n_random": n_random, "rows": []}
        for row in measure(repeats, n_random, options.jobs):
            results["rows"].append(row)
            options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(tables(results))
    if options.out == HERE / "results" / "verification.json" and PAGE.exists():
        write_page(results)


if __name__ == "__main__":
    main()
