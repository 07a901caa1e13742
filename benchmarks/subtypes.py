"""Are subtypes found where there are any, and only there? Calibration, power and accuracy of k.

Planted and null cohorts of four layers are fused, cut and tested exactly as users' cohorts are.
Writes a JSON file, and from it the tables of docs/subtypes.md and docs/subtypes.png.

    python benchmarks/subtypes.py                  # everything: about two hours on two cores
    python benchmarks/subtypes.py --only null      # one part; the others are kept
    python benchmarks/subtypes.py --only           # measures nothing, writes tables and figure
    python benchmarks/subtypes.py --quick --out quick.json
"""

import argparse
import json
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

import omicsfuse as of
from omicsfuse.assessment.refit import refit
from omicsfuse.assessment.structure import structure_tests, verdict
from omicsfuse.core.results import VERDICTS, Fusion, Prepared, PreparedLayer

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "subtypes.md"
FIGURE = HERE.parent / "docs" / "subtypes.png"

N_FEATURES = 100
KS = range(2, 7)

#: Null cohorts: what each is, in words.
NULLS = {
    "noise": "four layers of independent noise",
    "correlated noise": "correlated features within each layer, nothing shared",
    "one strong layer": "three clear groups in one layer, noise in three",
    "continuum": "two normal factors shared by all layers",
    "even continuum": "two factors spread evenly, shared by all layers",
    "skewed continuum": "two exponential factors shared by all layers",
    "heavy-tailed features": "two normal factors, noise with Student's t of 3 degrees",
    "mutations": "two normal factors; two of the layers cut to 0 and 1",
    "dominant layer": "two normal factors, three times as strong in one layer",
}

#: Planted cohorts for the choice of k: how each departs from equal, clear groups.
PLANTED: dict[str, dict[str, Any]] = {
    "clear": {"effect": 1.2},
    "overlapping": {"effect": 0.8},
    "unequal": {"effect": 1.2, "unequal": True},
    "two noise layers": {"effect": 1.2, "noise_layers": 2},
    "mutations": {"effect": 1.2, "binary": 1},
}


#: Null cohorts whose layers share nothing, the first ones.
NOTHING_SHARED = ("noise", "correlated noise", "one strong layer")

#: The first null cohorts are drawn 200 times, the harder ones 100 times.
FIRST_NULLS = 4

#: Effects of the planted groups, in standard deviations, for the power.
EFFECTS = (0.4, 0.6, 0.8, 1.0, 1.2)

#: Patients, setting and cohorts for each k.
CHOICES = [
    *((n, setting, 8) for n in (40, 100) for setting in PLANTED),
    *((300, setting, 4) for setting in ("clear", "overlapping", "unequal")),
    (1000, "overlapping", 2),
]


def blocks(n: int, chance: np.random.Generator, strength: float = 0.2) -> np.ndarray:
    """Standard normal features, correlated in blocks of ten."""
    shared = np.repeat(chance.normal(size=(n, N_FEATURES // 10)), 10, axis=1)
    own = chance.normal(size=(n, N_FEATURES))
    return np.sqrt(strength) * shared + np.sqrt(1 - strength) * own


def loaded(factors: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Features that half of the time load on each factor, normally distributed."""
    weights = chance.normal(size=(factors.shape[1], N_FEATURES))
    return factors @ (weights * (chance.random(weights.shape) < 0.5))


def null_layers(sort: str, n: int, chance: np.random.Generator) -> tuple[list[np.ndarray], int]:
    """Layers without subtypes, and how many of them are to be cut to 0 and 1."""
    if sort == "noise":
        return [chance.normal(size=(n, N_FEATURES)) for _ in range(4)], 0
    if sort == "correlated noise":
        return [
            blocks(n, chance, 0.6) + loaded(chance.normal(size=(n, 2)), chance) for _ in range(4)
        ], 0
    if sort == "one strong layer":
        layers = [chance.normal(size=(n, N_FEATURES)) for _ in range(4)]
        marks = chance.integers(0, 6, N_FEATURES)
        layers[0] += 1.5 * (chance.integers(0, 3, n)[:, None] == marks)
        return layers, 0
    if sort == "even continuum":
        factors = chance.uniform(-np.sqrt(3), np.sqrt(3), (n, 2))
    elif sort == "skewed continuum":
        factors = chance.exponential(size=(n, 2)) - 1
    else:
        factors = chance.normal(size=(n, 2))
    strength = [0.6] * 4
    if sort == "dominant layer":
        strength[0] = 1.8
    layers = []
    for size in strength:
        heavy = sort == "heavy-tailed features"
        rest = chance.standard_t(3, (n, N_FEATURES)) if heavy else blocks(n, chance)
        layers.append(size * loaded(factors, chance) + rest)
    return layers, 2 if sort == "mutations" else 0


def planted_layers(
    k: int,
    n: int,
    chance: np.random.Generator,
    effect: float,
    unequal: bool = False,
    noise_layers: int = 0,
    binary: int = 0,
) -> tuple[list[np.ndarray], int]:
    """Layers in which each of k groups is marked by a tenth of the features."""
    weights = np.arange(k, 0, -1.0) if unequal else np.ones(k)
    sizes = np.floor(n * weights / weights.sum()).astype(int)
    sizes[: n - sizes.sum()] += 1
    groups = chance.permutation(np.repeat(np.arange(k), sizes))
    layers = []
    for place in range(4):
        marks = chance.permutation(np.arange(N_FEATURES) % 10)
        here = effect if place < 4 - noise_layers else 0.0
        layers.append(blocks(n, chance) + here * (groups[:, None] == marks))
    return layers, binary


def prepared(layers: list[np.ndarray], binary: int) -> Prepared:
    """Layers as preprocessing hands them on; the first ones are cut to 0 and 1."""
    people = pd.Index([f"P{i:04d}" for i in range(len(layers[0]))], name="patient")
    ready = {}
    for place, values in enumerate(layers):
        cut = place < binary
        values = (values > np.quantile(values, 0.85)) if cut else values - values.mean(axis=0)
        values = values.astype(float) if cut else values / values.std(axis=0)
        table = pd.DataFrame(values, people)
        kind, scale = ("mutation", "binary") if cut else ("continuous", "raw")
        ready[f"layer {place + 1}"] = PreparedLayer(kind, table, table, scale, None)
    return Prepared("benchmark", ready)


def fused(ready: Prepared, method: str = "snf") -> Fusion:
    """Fuse with the default settings, a fifth of the patients as neighbours in small cohorts."""
    n = len(next(iter(ready.layers.values())).scaled)
    settings = {"n_neighbors": min(20, max(5, n // 5))} if method == "snf" else {}
    return of.fuse(ready, method=method, n_threads=1, **settings)


def tested(ready: Prepared, n_draws: int, seed: int, method: str) -> tuple[float, float]:
    """P-values of both tests."""
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        repeat = refit(ready, fused(ready, method))
        return structure_tests(repeat, KS, n_draws=n_draws, random_state=seed)[1:]


def one_null(
    sort: str, n: int, n_draws: int, seed: int, method: str = "snf"
) -> tuple[float, float]:
    chance = np.random.default_rng([seed, list(NULLS).index(sort)])
    return tested(prepared(*null_layers(sort, n, chance)), n_draws, seed, method)


def one_planted(k: int, n: int, effect: float, n_draws: int, seed: int) -> tuple[float, float]:
    chance = np.random.default_rng([seed, k, n, int(1000 * effect)])
    return tested(prepared(*planted_layers(k, n, chance, effect)), n_draws, seed, "snf")


def one_choice(k: int, n: int, setting: str, seed: int) -> dict[str, int]:
    """K by each rule; for k = 1 a rule is right where it finds no subtypes, which only ours can."""
    chance = np.random.default_rng([seed, k, n, list(PLANTED).index(setting)])
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        ready = prepared(*planted_layers(k, n, chance, **PLANTED[setting]))
        table = of.cluster(fused(ready), random_state=seed).evidence["n_clusters"]
    return {
        "omicsfuse": int(table.index[table["chosen"]][0]),
        "eigengap": int(table["eigengap"].idxmax()),
        "silhouette": int(table["silhouette"].idxmax()),
    }


def rate(hits: np.ndarray) -> dict[str, float]:
    """A share with its Monte Carlo error."""
    share = float(np.mean(hits))
    return {"share": share, "error": float(np.sqrt(share * (1 - share) / len(hits)))}


def says(pair: tuple[float, float]) -> str:
    return verdict(*pair)


def null_part(jobs: int, quick: bool, skip: int) -> Iterator[dict[str, Any]]:
    """How often cohorts without subtypes are said to have some."""
    numbers = {sort: 200 if i < FIRST_NULLS else 100 for i, sort in enumerate(NULLS)}
    yield from null_rows(jobs, quick, skip, numbers, "snf")


def nemo_part(jobs: int, quick: bool, skip: int) -> Iterator[dict[str, Any]]:
    """The same where NEMO makes the networks, of the real cohort and of every draw."""
    yield from null_rows(jobs, quick, skip, dict.fromkeys(NULLS, 100), "nemo")


def null_rows(
    jobs: int, quick: bool, skip: int, numbers: dict[str, int], method: str
) -> Iterator[dict[str, Any]]:
    n, n_draws = (40, 19) if quick else (60, 39)
    for sort, number in list(numbers.items())[skip:]:
        words, repeats = NULLS[sort], 6 if quick else number
        pairs = Parallel(jobs)(
            delayed(one_null)(sort, n, n_draws, s, method) for s in range(repeats)
        )
        verdicts = [says(pair) for pair in pairs]
        p = np.array(pairs)
        row = {"sort": sort, "words": words, "n": n, "repeats": repeats, "draws": n_draws}
        row |= {name: rate(np.array([v == name for v in verdicts])) for name in VERDICTS}
        row |= {"p_shared": rate(p[:, 0] <= 0.05), "p_structure": rate(p[:, 1] <= 0.05)}
        yield row


def power_part(jobs: int, quick: bool, skip: int) -> Iterator[dict[str, Any]]:
    """How often planted subtypes are supported, by effect size."""
    repeats, n_draws = (3, 19) if quick else (20, 39)
    plan = [(k, n, effect) for k, n in ((2, 60), (3, 60), (3, 150)) for effect in EFFECTS]
    for k, n, effect in plan[skip:]:
        pairs = Parallel(jobs)(
            delayed(one_planted)(k, n, effect, n_draws, s) for s in range(repeats)
        )
        p = np.array(pairs)
        row = {"k": k, "n": n, "effect": effect, "repeats": repeats, "draws": n_draws}
        row["supported"] = rate(np.array([says(pair) == VERDICTS[0] for pair in pairs]))
        row |= {"shared": rate(p[:, 0] <= 0.05), "structure": rate(p[:, 1] <= 0.05)}
        yield row


def choice_part(jobs: int, quick: bool, skip: int) -> Iterator[dict[str, Any]]:
    """How often each rule finds the planted number of subtypes."""
    plan = [(40, setting, 2) for setting in PLANTED] if quick else CHOICES
    cells = [(n, setting, repeats, k) for n, setting, repeats in plan for k in KS]
    for n, setting, repeats, k in cells[skip:]:
        found = Parallel(jobs)(delayed(one_choice)(k, n, setting, s) for s in range(repeats))
        row: dict[str, Any] = {"n": n, "setting": setting, "k": k, "repeats": repeats}
        for rule in found[0]:
            row[rule] = float(np.mean([each[rule] == k for each in found]))
            row[f"{rule} mean k"] = float(np.mean([each[rule] for each in found]))
        yield row


PARTS = {"null": null_part, "nemo": nemo_part, "power": power_part, "choice": choice_part}


def percent(found: dict[str, float]) -> str:
    return f"{100 * found['share']:.1f} ± {100 * found['error']:.1f}"


def table(columns: list[str], rows: list[list[Any]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def null_table(found: dict[str, Any]) -> str:
    first = found["rows"][0]
    head = (
        f"Cohorts of {first['n']} patients, {first['draws']} draws per test; per cent, with the "
        "Monte Carlo standard error.\n\n"
    )
    columns = ["cohorts without subtypes", "number", "supported", "a continuum", "nothing shared"]
    columns += ["p shared <= 0.05", "p structure <= 0.05"]
    unshared = [row for row in found["rows"] if row["sort"] in NOTHING_SHARED]
    number = sum(row["repeats"] for row in unshared)
    below = sum(round(row["repeats"] * row["p_shared"]["share"]) for row in unshared)
    share = below / number
    error = (share * (1 - share) / number) ** 0.5
    tail = (
        f"\n\nIn the first {len(unshared)} rows the layers share nothing: p shared is at most 0.05 "
        f"in {below} of {number} cohorts ({percent({'share': share, 'error': error})}%)."
    )
    rows = table(
        columns,
        [
            [f"{row['sort']}: {row['words']}", row["repeats"], *(percent(row[v]) for v in VERDICTS),
             percent(row["p_shared"]), percent(row["p_structure"])]
            for row in found["rows"]
        ],
    )  # fmt: skip
    return head + rows + tail


def power_table(found: dict[str, Any]) -> str:
    frame = pd.DataFrame(found["rows"])
    effects = sorted(frame["effect"].unique())
    rows = []
    for (k, n), part in frame.groupby(["k", "n"]):
        shares = part.set_index("effect")["supported"]
        rows.append([k, n, *(f"{100 * shares[e]['share']:.0f}" for e in effects)])
    head = (
        f"{frame['repeats'][0]} cohorts each, {frame['draws'][0]} draws per test; per cent with "
        'the verdict "subtypes supported". In each group a tenth of the features of each layer is '
        "shifted by the effect, in standard deviations.\n\n"
    )
    return head + table(["k", "patients", *(f"effect {e}" for e in effects)], rows)


def choice_table(found: dict[str, Any]) -> str:
    frame = pd.DataFrame(found["rows"])
    rules = ["omicsfuse", "eigengap", "silhouette"]
    parts = []
    for by, words in ((["n", "setting"], "patients and setting"), (["k"], "planted k")):
        means = frame.groupby(by, sort=False)[rules].mean() * 100
        rows = [
            [*(index if isinstance(index, tuple) else (index,)), *(f"{v:.0f}" for v in values)]
            for index, values in zip(means.index, means.to_numpy(), strict=True)
        ]
        parts.append(f"By {words}:\n\n" + table([*by, *rules], rows))
    whole = frame[rules].mean() * 100
    parts.append(
        "All cohorts: "
        + ", ".join(f"{rule} {whole[rule]:.0f}%" for rule in rules)
        + ". A random guess is right in 20%."
    )
    return "\n\n".join(parts)


TABLES = {"null": null_table, "nemo": null_table, "power": power_table, "choice": choice_table}


def write_page(found: dict[str, Any]) -> None:
    """Put the tables between their marks in docs/subtypes.md, and draw the figure."""
    text = PAGE.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        if name in found and begin in text:
            before, rest = text.split(begin)
            text = f"{before}{begin}\n{make(found[name])}\n{end}{rest.split(end)[1]}"
    PAGE.write_text(text, encoding="utf-8")
    draw(found)


def draw(found: dict[str, Any]) -> None:
    """Calibration, power and accuracy side by side."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
    if "null" in found:
        rows = found["null"]["rows"][::-1]
        shares = [100 * row[VERDICTS[0]]["share"] for row in rows]
        errors = [196 * row[VERDICTS[0]]["error"] for row in rows]
        axes[0].barh([row["sort"] for row in rows], shares, xerr=errors, color="#4c72b0")
        axes[0].axvline(5, color="black", linestyle="--", linewidth=1)
        axes[0].set(xlabel='"subtypes supported", %', title="Cohorts without subtypes")
    if "power" in found:
        frame = pd.DataFrame(found["power"]["rows"])
        for (k, n), part in frame.groupby(["k", "n"]):
            shares = [100 * row["share"] for row in part["supported"]]
            axes[1].plot(part["effect"], shares, marker="o", label=f"k = {k}, n = {n}")
        axes[1].set(xlabel="effect (SD)", ylabel="%", title="Planted subtypes supported")
        axes[1].legend()
    if "choice" in found:
        frame = pd.DataFrame(found["choice"]["rows"])
        for rule in ("omicsfuse", "eigengap", "silhouette"):
            means = frame.groupby("k")[rule].mean() * 100
            axes[2].plot(means.index, means, marker="o", label=rule)
        axes[2].axhline(20, color="grey", linestyle=":", linewidth=1)
        axes[2].set(xlabel="planted k", ylabel="%", title="Planted k found", xticks=list(KS))
        axes[2].legend()
    figure.savefig(FIGURE, dpi=110, metadata={"Software": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--resume", action="store_true", help="go on after the rows that are there")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "subtypes.json")
    given = parser.parse_args()
    found = json.loads(given.out.read_text()) if given.out.exists() else {}
    for name in given.only:
        print(f"== {name}", flush=True)
        if not given.resume or name not in found:
            found[name] = {"rows": []}
        start = time.perf_counter()
        for row in PARTS[name](given.jobs, given.quick, len(found[name]["rows"])):
            found[name]["rows"].append(row)
            given.out.write_text(json.dumps(found, indent=1) + "\n")
            print(row, f"{time.perf_counter() - start:.0f} s", flush=True)
    if not given.quick:
        write_page(found)


if __name__ == "__main__":
    main()
