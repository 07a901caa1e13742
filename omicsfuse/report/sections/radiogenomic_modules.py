"""The section on radiomic clusters against co-expression modules, and its figures."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RadiogenomicMap, RunResults
from omicsfuse.plot.bipartite import MOST_CLUSTERS, module_heatmap
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.sections.radiogenomics import image_feature
from omicsfuse.report.tables import make_table
from omicsfuse.report.words import plural
from omicsfuse.stats.levels import FDR, SIGNIFICANCE

REFERENCES = {
    "wgcna": "Zhang B, Horvath S. A general framework for weighted gene co-expression network "
    "analysis. Stat Appl Genet Mol Biol 2005;4:17. doi:10.2202/1544-6115.1128",
    "cca": "Hotelling H. Relations between two sets of variates. Biometrika 1936;28:321-377.",
    "besag": "Besag J, Clifford P. Sequential Monte Carlo p-values. Biometrika 1991;78:301-304.",
}

_COLUMNS = [
    "cluster",
    "representative",
    "features",
    "module",
    "hub_genes",
    "genes_in_module",
    "n",
    "correlation",
    "when_permuted",
    "in_sample",
    "p",
    "fdr",
    "given_volume",
]


def content(results: RunResults) -> Content | None:
    """Say which radiomic clusters go with which co-expression modules."""
    mapped = _map_of_modules(results)
    if mapped is None:
        return None
    settings: Mapping[str, Any] = mapped.params.get("modules", {})
    table = mapped.modules
    if table.empty:
        return Content(
            "Are radiomic clusters associated with gene modules?",
            ("No co-expression module was found, so that there is nothing to hold radiomic "
             "clusters against.",),
        )  # fmt: skip
    written = table.assign(
        genes_in_module=table["genes"],
        **{
            heading: [f"{value:.2f}".replace("-0.00", "0.00") for value in table[name]]
            for name, heading in (
                ("correlation", "correlation"),
                ("correlation_in_sample", "in_sample"),
                ("null_mean", "when_permuted"),
            )
        },
    )
    if settings.get("volume"):
        written = written.assign(given_volume=[_given_volume(row) for _, row in table.iterrows()])
    caption = (
        "Radiomic clusters against co-expression modules. Correlation: first canonical correlation "
        "of held-out patients; when permuted: its mean over permutations; in sample: that of the "
        "patients in whom the weights were chosen, which is too high. p: permutation of patients; "
        f"FDR over all {len(table):,} pairs."
    )
    if settings.get("volume"):
        caption += (
            " Given volume: the same for pairs found, with the tumour volume taken out of both "
            f"sides; a pair vanishes where that p is above {SIGNIFICANCE:g}."
        )
    adjusted = settings.get("covariates", [])
    how = (
        f"Each radiomic cluster and each module of co-expressed genes is reduced to at most "
        f"{settings.get('n_components', 3)} principal components; weights are chosen in training "
        f"patients and judged in patients held out ({settings.get('n_folds', 5)} folds"
        f"{_repeats(settings)})."
    )
    if adjusted:
        how += f" Both sides are adjusted for {', '.join(map(clean, adjusted))}."
    return Content(
        "Are radiomic clusters associated with gene modules?",
        (" ".join(module_sentences(mapped)), how),
        tables=[make_table(written, _COLUMNS, caption, most=15, file="radiogenomic_modules.tsv")],
    )


def module_sentences(mapped: RadiogenomicMap) -> list[str]:
    """Say how many pairs go together, and which most."""
    table = mapped.modules
    n, best = int(table["n"].iloc[0]), table.iloc[0]
    pairs = plural(len(table), "pair")
    made = (
        f"{plural(table['cluster'].nunique(), 'radiomic cluster')} and "
        f"{plural(table['module'].nunique(), 'gene module')}, {n} patients: "
    )
    told = (
        f"{clean(best['cluster'])} ({clean(best['representative'])}) with {clean(best['module'])} "
        f"({clean(best['hub_genes'])}): correlation {float(best['correlation']):.2f} in held-out "
        f"patients, {float(best['correlation_in_sample']):.2f} in sample, "
        f"{format_p(float(best['p']))}, {format_p(float(best['fdr']), 'FDR')}"
    )
    count = int((table["fdr"] <= FDR).sum())
    if not count:
        return [
            f"{made}none of {pairs} goes together at a false discovery rate of {FDR:g}. The "
            f"smallest p is that of {told}."
        ]
    return [
        f"{made}{count} of {pairs} {'goes' if count == 1 else 'go'} together at a false discovery "
        f"rate of {FDR:g}. The strongest evidence is that for {told}.",
        *_volume_sentence(mapped, count),
    ]


def _volume_sentence(mapped: RadiogenomicMap, count: int) -> list[str]:
    """Say how many of the pairs found are left given the tumour volume."""
    settings: Mapping[str, Any] = mapped.params.get("modules", {})
    if "volume" not in settings:
        return []
    if not settings["volume"]:
        return ["No tumour volume is known, so that size may be all that they share."]
    lost = int(mapped.modules["vanishes"].sum())
    given = f"Given the tumour volume ({clean(settings['volume'])}), "
    return [
        f"{given}{lost} of {count} vanish{'es' if lost == 1 else ''} (p above {SIGNIFICANCE:g})."
    ]


def _given_volume(row: pd.Series) -> str:
    """What is left of a pair found once volume is taken out of both sides."""
    if pd.isna(row["adjusted_p"]):
        return ""
    told = f"{row['adjusted_correlation']:.2f}, {format_p(float(row['adjusted_p']))}"
    return f"{told}: vanishes" if row["vanishes"] else told


def figures(results: RunResults) -> Iterator[Plan]:
    """Figures: the heatmap of all pairs, and the network of those found."""
    mapped = _map_of_modules(results)
    if mapped is None or mapped.modules.empty:
        return
    yield Plan(
        "radiogenomic_modules",
        "Radiomic clusters against gene modules",
        "First canonical correlation of held-out patients; around 0, or below, where nothing is "
        f"shared. Dots: false discovery rate at most {FDR:g} over all pairs. Clusters are named by "
        "their representative feature, modules by their most central genes"
        f"{_most(mapped.modules)}.",
        "Heatmap of canonical correlations of radiomic clusters and gene modules.",
        partial(module_heatmap, mapped),
        image=True,
    )
    if (mapped.modules["fdr"] <= FDR).any():
        yield Plan(
            "radiogenomic_network",
            "Which radiomic clusters go with which gene modules",
            f"Lines: false discovery rate at most {FDR:g} over all pairs; thicker lines are "
            "stronger correlations in held-out patients.",
            "Network of radiomic clusters and gene modules.",
            partial(plot.module_network, mapped),
        )


def _map_of_modules(results: RunResults) -> RadiogenomicMap | None:
    mapped = results.radiogenomics
    return mapped if mapped is not None and "modules" in mapped.params else None


def _repeats(settings: Mapping[str, Any]) -> str:
    repeats = int(settings.get("n_repeats", 1))
    return f", made in {repeats} ways" if repeats > 1 else ""


def _most(table: pd.DataFrame) -> str:
    most = MOST_CLUSTERS
    return f"; the {most} clusters with the smallest p" if table["cluster"].nunique() > most else ""


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Describe how modules were held against clusters."""
    mapped = results.radiogenomics
    if mapped is None or mapped.modules.empty:
        return
    settings = mapped.params.get("modules", {})
    yield (
        f"Modules of co-expressed genes {cite('wgcna')} were held against wider clusters of "
        f"{image_feature(mapped)}s by the first canonical correlation {cite('cca')} of at most "
        f"{settings.get('n_components', 3)} principal components of either, weights chosen in "
        f"training patients and judged in held-out ones ({settings.get('n_folds', 5)} folds); "
        f"p-values are by permutation of patients, stopped early for clear cases {cite('besag')}."
    )


SECTION = Section("radiogenomic_modules", content, figures, methods, REFERENCES)
