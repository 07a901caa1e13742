"""Level and power of the tests of features: how often a null data set has any discovery.

    python benchmarks/markers.py [DATA_SETS [tails | intervals]]

Each null data set has 300 features and 60 patients in three random groups of 30, 20 and 10; its
family is 300 features x 3 subtypes (or pairs). Where a share of null data sets with any discovery
at a false discovery rate of 0.05 is near or below 0.05, the rate is kept. Power is the share of 30
planted features found, and false is the share of discoveries that are not among them. ``tails``
prints how often single p-values are small, ``intervals`` how often 95% intervals of the
rank-biserial correlation hold the true one, and nothing else.
"""

import sys
import time
import warnings

import numpy as np
import pandas as pd
from scipy import special, stats

from omicsfuse.biology import differential_features, pairwise_features
from omicsfuse.biology.ordinal import proportional_odds
from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.stats.levels import TAILS, Z
from omicsfuse.stats.rank_tests import (
    brunner_munzel,
    newcombe,
    placements,
    rank_biserial,
    rank_sum,
)

SIZES = (30, 20, 10)
FEATURES, PLANTED = 300, 30
LEVELS = np.array([-2.0, -1, 0, 1, 2])


def labels() -> pd.Series:
    names = np.repeat(["S1", "S2", "S3"], SIZES)
    return pd.Series(names, [f"P{i:03d}" for i in range(len(names))])


def draw(what: str, rng: np.random.Generator, shift: float) -> tuple[str, str, np.ndarray]:
    """Kind, scale and values of a layer; the first features are shifted in S3."""
    n, third = sum(SIZES), labels().to_numpy() == "S3"
    moved = np.zeros((n, FEATURES))
    moved[third, :PLANTED] = shift
    noise = rng.standard_normal((n, FEATURES)) + moved
    if what.startswith("radiomics"):
        # Forty percent of what a texture feature says is what all of its block say.
        block = np.repeat(rng.standard_normal((n, FEATURES // 30)), 30, axis=1)
        values = np.sqrt(0.4) * block + np.sqrt(0.6) * (noise - moved)
        if "spread" in what:
            values[third] *= 3
        return "radiomics", "normal_score", values + moved
    if what.startswith("copy number"):
        rare = "rare" in what
        cuts = stats.norm.ppf([0.005, 0.03, 0.95, 0.99] if rare else [0.03, 0.2, 0.7, 0.92])
        return "copy_number", "gistic", LEVELS[np.searchsorted(cuts, noise)]
    if what == "mutation":
        share = rng.choice([0.03, 0.1, 0.3], FEATURES)
        return "mutation", "binary", (stats.norm.cdf(noise) > 1 - share).astype(float)
    spread = np.sqrt(1 / rng.gamma(2, 0.5, FEATURES))
    if "unequal" in what:
        noise = np.where(third[:, None], 2 * (noise - moved), noise - moved) + moved
    if "missing" in what:
        noise[rng.random(noise.shape) < 0.1] = np.nan
    return "expression", "log2", 6 + noise * spread


def run(what: str, data_sets: int, shift: float, pairs: bool = False) -> tuple[float, float, float]:
    rng = np.random.default_rng(1)
    subtypes = Subtypes(labels(), {}, {})
    any_found, found, false, total = 0, 0, 0, 0
    compare = pairwise_features if pairs else differential_features
    names = [f"F{j:03d}" for j in range(FEATURES)]
    planted = set(names[:PLANTED]) if shift else set()
    for _ in range(data_sets):
        kind, scale, values = draw(what, rng, shift)
        table = pd.DataFrame(values, subtypes.labels.index, names)
        layer = PreparedLayer(kind, table, table, scale, None)
        markers = compare(subtypes, Prepared("null", {"x": layer}))
        hits = markers[markers["fdr"] <= 0.05]
        any_found += bool(len(hits))
        own = hits[hits["comparison"] != "S1 vs S2"] if pairs else hits[hits["subtype"] == "S3"]
        found += len(planted & set(own["feature"]))
        false += int((~hits["feature"].isin(planted)).sum())
        total += len(hits)
    return (
        any_found / data_sets,
        found / (data_sets * max(len(planted), 1)),
        false / max(total, 1),
    )


def tails(repeats: int = 40_000) -> None:
    """How often a null p-value is at most alpha, as a multiple of alpha."""
    alphas = np.array([0.05, 0.01, 0.001, 0.0001])
    rng = np.random.default_rng(2)

    def line(name: str, sizes: str, p: np.ndarray) -> None:
        often = [(p <= alpha).mean() / alpha for alpha in alphas]
        print(f"| {name} | {sizes} | " + " | ".join(f"{x:.2f}" for x in often) + " |")

    print("| test | patients | 0.05 | 0.01 | 0.001 | 0.0001 |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for n1, n2, spread in (
        (10, 10, 1),
        (10, 90, 1),
        (10, 90, 3),
        (20, 80, 1),
        (20, 80, 3),
        (50, 50, 1),
    ):
        values = rng.standard_normal((n1 + n2, repeats))
        values[:n1] *= spread
        inside, outside = values[:n1], values[n1:]
        share, error, df, _, _ = placements(inside, outside)
        with np.errstate(divide="ignore", invalid="ignore"):
            plain = 2 * stats.t.sf(np.abs((share - 0.5) / error), df)
        sizes = f"{n1} vs {n2}" + (", 3 times as spread" if spread > 1 else "")
        line("Brunner-Munzel", sizes, plain)
        line("Brunner-Munzel, logit (used)", sizes, brunner_munzel(inside, outside).p)
        line("Wilcoxon", sizes, rank_sum(inside, outside).p)
    for n1, n2, p in (
        (5, 95, [0.02, 0.1, 0.7, 0.13, 0.05]),
        (5, 95, [0, 0.02, 0.93, 0.04, 0.01]),
        (20, 80, [0.02, 0.1, 0.7, 0.13, 0.05]),
        (20, 80, [0, 0.02, 0.93, 0.04, 0.01]),
        (10, 10, [0.1, 0.2, 0.4, 0.2, 0.1]),
    ):
        values = rng.choice(LEVELS, p=p, size=(n1 + n2, repeats))
        sizes = f"{n1} vs {n2}, {100 * p[2]:.0f}% at 0"
        ratio = proportional_odds(values[:n1], values[n1:]).p
        line("likelihood ratio (used)", sizes, ratio)
        line("score (Wilcoxon)", sizes, rank_sum(values[:n1], values[n1:]).p)
    for n1, n2, zeros in ((10, 96, 0.5), (10, 96, 0.8), (10, 96, 0.95), (20, 86, 0.8)):
        there = rng.random((n1 + n2, repeats)) >= zeros
        values = np.where(there, rng.random((n1 + n2, repeats)), 0.0)
        share, error, df, _, _ = placements(values[:n1], values[n1:])
        with np.errstate(divide="ignore", invalid="ignore"):
            t = special.logit(share) * share * (1 - share) / error
        sizes = f"{n1} vs {n2}, {100 * zeros:.0f}% zero"
        line("Brunner-Munzel, logit, everywhere", sizes, 2 * stats.t.sf(np.abs(t), df))
        line("as used", sizes, brunner_munzel(values[:n1], values[n1:]).p)


def intervals(repeats: int = 5_000) -> None:
    """Share of 95% intervals of the rank-biserial correlation that hold the true one."""
    rng = np.random.default_rng(3)

    def normal(shift: float, spread: float) -> tuple[np.ndarray, np.ndarray]:
        return shift + spread * rng.standard_normal((n1, repeats)), rng.standard_normal(
            (n2, repeats)
        )

    def zeros(first: float, second: float) -> tuple[np.ndarray, np.ndarray]:
        groups = [
            np.where(rng.random((n, repeats)) < share, 0.0, rng.random((n, repeats)))
            for n, share in ((n1, first), (n2, second))
        ]
        return groups[0], groups[1]

    # What is drawn, and P that one of the first group is higher than one of the second.
    half = stats.norm.cdf
    cases = {
        "same distribution": (lambda: normal(0, 1), 0.5),
        "3 times as spread": (lambda: normal(0, 3), 0.5),
        "a third as spread": (lambda: normal(0, 1 / 3), 0.5),
        "1.5 SD higher": (lambda: normal(1.5, 1), half(1.5 / np.sqrt(2))),
        "2.5 SD higher": (lambda: normal(2.5, 1), half(2.5 / np.sqrt(2))),
        "1.5 SD higher, 3 times as spread": (lambda: normal(1.5, 3), half(1.5 / np.sqrt(10))),
        "80% zero": (lambda: zeros(0.8, 0.8), 0.5),
        "95% zero": (lambda: zeros(0.95, 0.95), 0.5),
        "20% against 90% zero": (lambda: zeros(0.2, 0.9), 0.5 * 0.2 * 0.9 + 0.8 * (0.9 + 0.05)),
    }
    names = ("t on the logit", "normal on the logit", "Newcombe", "as used")
    print(f"| values | patients | {' | '.join(names)} |")
    print("| --- | --- |" + " ---: |" * len(names))
    for what, (draw_groups, share_higher) in cases.items():
        for n1, n2 in ((5, 30), (5, 100), (8, 20), (10, 90), (20, 80), (50, 50)):
            inside, outside = draw_groups()
            share, error, df, m, n = placements(inside, outside)
            score = newcombe(share, m, n)
            limits = []
            with np.errstate(divide="ignore", invalid="ignore"):
                for quantile in (stats.t.ppf(TAILS[1], df), Z):
                    width = quantile * error / (share * (1 - share))
                    ends = [
                        2 * special.expit(special.logit(share) + w) - 1 for w in (-width, width)
                    ]
                    # Without overlap there is no variance: Newcombe's, as everywhere.
                    without = ~(error > 0) | ~np.isfinite(ends[0])
                    limits.append(
                        [np.where(without, s, e) for s, e in zip(score, ends, strict=True)]
                    )
            used = rank_biserial(inside, outside)
            limits += [score, (used.low, used.high)]
            vary = np.ptp(np.vstack([inside, outside]), axis=0) > 0
            truth = 2 * share_higher - 1
            held = [
                ((low <= truth + 1e-9) & (truth - 1e-9 <= high))[vary].mean()
                for low, high in limits
            ]
            print(f"| {what} | {n1} vs {n2} | " + " | ".join(f"{x:.3f}" for x in held) + " |")


def main() -> None:
    data_sets = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    warnings.simplefilter("error")
    if sys.argv[2:] in (["tails"], ["intervals"]):
        tails() if sys.argv[2] == "tails" else intervals()
        return
    print(f"{data_sets} null data sets, {data_sets // 10} with planted features\n")
    print("| layer | any discovery in null data | power | false | CPU ms each |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for what, pairs, shift in (
        ("expression", False, 1.5),
        ("expression, 10% missing", False, 1.5),
        ("expression, S3 twice as spread (unequal)", False, 1.5),
        ("expression", True, 1.5),
        ("mutation", False, 1.5),
        ("copy number", False, 1.5),
        ("copy number, rare", False, 1.5),
        ("copy number", True, 1.5),
        ("radiomics", False, 1.5),
        ("radiomics, S3 3 times as spread", False, 1.5),
        ("radiomics", True, 1.5),
    ):
        start = time.process_time()
        null = run(what, data_sets, 0.0, pairs)[0]
        seconds = (time.process_time() - start) / data_sets
        _, power, false = run(what, max(data_sets // 10, 1), shift, pairs)
        name = f"{what}, pairs" if pairs else what
        print(
            f"| {name} | {null:.3f} | {power:.2f} | {false:.3f} | {1000 * seconds:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
