"""The section on radiomic clusters and co-expression modules, and its figures."""

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
    "adjusted_for_volume",
]


_TITLE = "Are radiomic clusters associated with gene modules?"


def summary(results: RunResults) -> Iterator[str]:
    """Count the associated pairs, and say how many remain given the tumour volume."""
    mapped = _map_of_modules(results)
    if mapped is None or mapped.modules.empty:
        return
    table = mapped.modules
    pairs = f"{plural(len(table), 'pair')} of a radiomic cluster and a gene module"
    patients = plural(int(table["n"].max()), "patient")
    count = int((table["fdr"] <= FDR).sum())
    if not count:
        yield (
            f"No association was found: none of {pairs} reaches a false discovery rate of {FDR:g} "
            f"({patients}; {format_p(float(table['fdr'].min()), 'smallest FDR')})."
        )
        return
    yield (
        f"{count} of {pairs} {'is' if count == 1 else 'are'} associated in held-out patients "
        f"({patients}; false discovery rate at most {FDR:g}).{_volume_sentence(mapped, count)}"
    )


def caveats(results: RunResults) -> Iterator[str]:
    """Say that size may explain the associations, where the tumour volume is not known."""
    mapped = _map_of_modules(results)
    if mapped is None or mapped.modules.empty or not (mapped.modules["fdr"] <= FDR).any():
        return
    settings: Mapping[str, Any] = mapped.params.get("modules", {})
    if "volume" in settings and not settings["volume"]:
        yield "Tumour volume is not known: the associations may reflect the size of the tumour."


def content(results: RunResults) -> Content | None:
    """Say which radiomic clusters are associated with which co-expression modules."""
    mapped = _map_of_modules(results)
    if mapped is None:
        return None
    settings: Mapping[str, Any] = mapped.params.get("modules", {})
    table = mapped.modules
    if table.empty:
        return Content(_TITLE, ("Not tested: no co-expression module was found.",))
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
        written = written.assign(
            adjusted_for_volume=[_given_volume(row) for _, row in table.iterrows()]
        )
    caption = (
        "Radiomic clusters and co-expression modules. Correlation: first canonical correlation in "
        "held-out patients. When permuted: its mean over permutations of the patients. In sample: "
        "the correlation in the training patients, which is too high. p is by permutation; FDR is "
        f"over all {len(table):,} pairs."
    )
    if settings.get("volume"):
        caption += (
            " Given volume: the correlation of significant pairs with both sides adjusted for "
            f"tumour volume; a pair vanishes where the adjusted p is above {SIGNIFICANCE:g}."
        )
    adjusted = settings.get("covariates", [])
    how = (
        f"{plural(table['cluster'].nunique(), 'radiomic cluster')} and "
        f"{plural(table['module'].nunique(), 'module')} of co-expressed genes were compared. Each "
        f"is reduced to at most {settings.get('n_components', 3)} principal components. Weights "
        "are chosen in training patients and evaluated in held-out patients "
        f"({settings.get('n_folds', 5)} folds{_repeats(settings)})."
    )
    if adjusted:
        how += f" Both sides are adjusted for {', '.join(map(clean, adjusted))}."
    return Content(
        _TITLE,
        (strongest_sentence(mapped), how),
        tables=[make_table(written, _COLUMNS, caption, most=15, file="radiogenomic_modules.tsv")],
    )


def strongest_sentence(mapped: RadiogenomicMap) -> str:
    """Describe the pair with the smallest p-value."""
    best = mapped.modules.iloc[0]
    return (
        f"Smallest p: {clean(best['cluster'])} ({clean(best['representative'])}) with "
        f"{clean(best['module'])} ({clean(best['hub_genes'])}), correlation "
        f"{float(best['correlation']):.2f} in held-out patients and "
        f"{float(best['correlation_in_sample']):.2f} in sample, {format_p(float(best['p']))}, "
        f"{format_p(float(best['fdr']), 'FDR')}."
    )


def _volume_sentence(mapped: RadiogenomicMap, count: int) -> str:
    """Say how many associations vanish given the tumour volume, with a space before it."""
    settings: Mapping[str, Any] = mapped.params.get("modules", {})
    if not settings.get("volume"):
        return ""
    lost = int(mapped.modules["vanishes"].sum())
    return (
        f" After adjustment for tumour volume ({clean(settings['volume'])}), {lost} of {count} "
        f"vanish{'es' if lost == 1 else ''} (p above {SIGNIFICANCE:g})."
    )


def _given_volume(row: pd.Series) -> str:
    """Write the correlation of a significant pair with both sides adjusted for volume."""
    if pd.isna(row["adjusted_p"]):
        return ""
    told = f"{row['adjusted_correlation']:.2f}, {format_p(float(row['adjusted_p']))}"
    return f"{told}: vanishes" if row["vanishes"] else told


def figures(results: RunResults) -> Iterator[Plan]:
    """Figures: the heatmap of all pairs, and the network of associated pairs."""
    mapped = _map_of_modules(results)
    if mapped is None or mapped.modules.empty:
        return
    yield Plan(
        "radiogenomic_modules",
        "Radiomic clusters and gene modules",
        "First canonical correlation in held-out patients; values around or below 0 mean no "
        f"association. Dots: false discovery rate at most {FDR:g} over all pairs. Clusters are "
        "named by their representative feature, modules by their most central genes"
        f"{_most(mapped.modules)}.",
        "Heatmap of canonical correlations of radiomic clusters and gene modules.",
        partial(module_heatmap, mapped),
        image=True,
    )
    if (mapped.modules["fdr"] <= FDR).any():
        yield Plan(
            "radiogenomic_network",
            "Associated radiomic clusters and gene modules",
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
    return f", repeated {repeats} times" if repeats > 1 else ""


def _most(table: pd.DataFrame) -> str:
    """Say that only some clusters are drawn."""
    if table["cluster"].nunique() <= MOST_CLUSTERS:
        return ""
    return f"; only the {MOST_CLUSTERS} clusters with the smallest p are drawn"


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Describe how modules were compared with clusters."""
    mapped = results.radiogenomics
    if mapped is None or mapped.modules.empty:
        return
    settings = mapped.params.get("modules", {})
    yield (
        f"Modules of co-expressed genes {cite('wgcna')} and wider clusters of "
        f"{image_feature(mapped)}s were compared by the first canonical correlation {cite('cca')} "
        f"of at most {settings.get('n_components', 3)} principal components of each. Weights were "
        "chosen in training patients and evaluated in held-out patients "
        f"({settings.get('n_folds', 5)} folds). P-values are by permutation of patients, with "
        f"early stopping {cite('besag')}."
    )


SECTION = Section("radiogenomic_modules", content, figures, methods, REFERENCES, summary, caveats)
