"""The section on the fused network and the subtypes it was cut into."""

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import Fusion, RunResults
from omicsfuse.fusion import METHODS, Description
from omicsfuse.plot.network import MOST_DRAWN
from omicsfuse.plot.numbers import clean
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.sections import given_labels
from omicsfuse.report.words import (
    chosen_with_outcome,
    drawn_of,
    listing,
    plural,
    rule_of_k,
)

REFERENCES = {
    "spectral": "Ng AY, Jordan MI, Weiss Y. On spectral clustering: analysis and an algorithm. "
    "Adv Neural Inf Process Syst 2001;14:849-856.",
    "umap": "McInnes L, Healy J, Melville J. UMAP: uniform manifold approximation and projection "
    "for dimension reduction. arXiv:1802.03426, 2018.",
    "tsne": "van der Maaten L, Hinton G. Visualizing data using t-SNE. J Mach Learn Res "
    "2008;9:2579-2605.",
    "cut": "Shi J, Malik J. Normalized cuts and image segmentation. IEEE Trans Pattern Anal Mach "
    "Intell 2000;22:888-905. doi:10.1109/34.868688",
    "gap": "Tibshirani R, Walther G, Hastie T. Estimating the number of clusters in a data set via "
    "the gap statistic. J R Stat Soc B 2001;63:411-423. doi:10.1111/1467-9868.00293",
}

#: How each method of the map is written.
_MAPS = {"umap": "UMAP", "tsne": "t-SNE"}
#: Patients below which a subtype is called small.
_SMALL = 10
#: Share of patients without the required layers above which it is said.
_MANY_LOST = 0.2
#: Adjusted mutual information with the pattern of missing layers above which it is said.
FOLLOWS_MISSING = 0.1
#: Relative change of the network in the last iteration above which it had not converged.
_SETTLED = 0.02


def summary(results: RunResults) -> list[str]:
    """Say which layers were fused, and into which subtypes the network was cut."""
    return [f"{_fused(results)} {_subtypes(results)}"]


def _fused(results: RunResults) -> str:
    layers = list(results.fusion.per_layer) or list(results.prepared.layers)
    n = len(results.subtypes.labels)
    return (
        f"{plural(len(layers), 'layer')} ({listing(layers)}) of {plural(n, 'patient')} were fused "
        "into one network of patients."
    )


def _subtypes(results: RunResults) -> str:
    names = results.subtypes.names
    if results.subtypes.given:
        return given_labels.named(results)
    if len(names) == 1:
        return "All patients form one group."
    sizes = results.subtypes.labels.value_counts()
    each = listing([f"{name} ({plural(int(sizes[name]), 'patient')})" for name in names])
    return f"The network was cut into {len(names)} subtypes: {each}."


def caveats(results: RunResults) -> Iterator[str]:
    """Small subtypes, excluded patients, subtypes that follow missing layers, no convergence."""
    sizes = results.subtypes.labels.value_counts()
    small = [name for name in results.subtypes.names if sizes[name] < _SMALL]
    if small:
        has = "has" if len(small) == 1 else "have"
        yield f"{listing(small)} {has} fewer than {_SMALL} patients."
    considered = len(results.fusion.coverage)
    lost = considered - len(results.subtypes.labels)
    if lost > _MANY_LOST * considered:
        yield (
            f"{100 * lost / considered:.0f}% of the patients were excluded because they lack "
            "layers; the others may not represent the cohort."
        )
    agreement = results.assessment.params.get("missingness_agreement", math.nan)
    if agreement > FOLLOWS_MISSING:
        yield (
            "The subtypes are associated with the layers that were measured (adjusted mutual "
            f"information {agreement:.2f}, 0 by chance): they may reflect availability of data "
            "rather than biology. Compare with a run on patients with all layers."
        )
    changes = results.fusion.convergence["change"]
    if len(changes) and changes.iloc[-1] > _SETTLED:
        yield (
            f"The network still changed by {changes.iloc[-1]:.1%} in the last of {len(changes)} "
            "iterations; check the subtypes with twice as many."
        )


def content(results: RunResults) -> Content:
    """Show the network; its figures tell the rest."""
    return Content("How were the patients grouped?")


def figures(results: RunResults) -> Iterator[Plan]:
    """The network, and its map."""
    fusion, subtypes = results.fusion, results.subtypes
    n = len(subtypes.labels)
    yield Plan(
        "fused_network",
        "The fused network",
        "Each row and column is a patient; bright means similar. Patients are "
        "ordered by subtype (coloured bars) and within it by confidence. Distinct subtypes are "
        "bright blocks on the diagonal." + drawn_of(n, MOST_DRAWN),
        f"Heatmap of fused affinities between {plural(n, 'patient')}, ordered by subtype.",
        partial(plot.fused_network, fusion, subtypes),
        image=True,
    )
    if len(results.embedding):
        yield Plan(
            "patient_map",
            "Map of the patients",
            f"The fused network in two dimensions ({_MAPS[_map_method(results)]}). Neighbours on "
            "the map are similar; sizes of groups and distances between them are not to be "
            "interpreted. Clustering did not use the map.",
            f"Scatter plot of {plural(n, 'patient')} coloured by subtype.",
            partial(plot.patient_map, results.embedding, subtypes),
        )


def methods(results: RunResults, cite: Citations) -> list[str]:
    """Say how layers were prepared and fused, and how the network was cut."""
    return [_integration(results, cite), _subtyping(results, cite)]


def _integration(results: RunResults, cite: Citations) -> str:
    params = results.fusion.params
    layers = results.prepared.layers
    rules = "; ".join(dict.fromkeys(kind_of(layer).preparation for layer in layers.values()))
    metrics = params.get("metrics", {})
    distances = ", ".join(
        f"{clean(metric)} for {clean(layer)} ({layers[layer].scaled.shape[1]:,} features)"
        if layer in layers
        else f"{clean(metric)} for {clean(layer)}"
        for layer, metric in metrics.items()
    )
    method = results.fusion.method or METHODS[params.get("method", "snf")]()
    described = method.describe(results.fusion, cite)
    text = (
        f"Each layer was preprocessed separately: {rules}. Features that were mostly missing or "
        "nearly constant were excluded, and missing values were imputed from the nearest patients "
        "within the layer. Continuous features were limited to five robust standard deviations "
        "around their median and standardised. Patients were compared by distances "
        f"({distances or 'one per layer'}), and the layers were combined by "
        f"{clean(described.clause)}"
    )
    who = _who(results.fusion, described)
    return f"{text} on {plural(len(results.subtypes.labels), 'patient')}. {who}".strip()


def _who(fusion: Fusion, described: Description) -> str:
    """Say how patients with missing layers were handled, and how far the fusion had converged."""
    sentences = [clean(sentence) for sentence in described.sentences]
    if not fusion.coverage.loc[fusion.patients].all(axis=None):
        sentences.append(described.partial)
    elif len(fusion.coverage) > len(fusion.patients):
        sentences.append("Only patients with all required layers were fused.")
    if len(fusion.convergence):
        last = fusion.convergence["change"].iloc[-1]
        sentences.append(f"The network changed by {100 * last:.2g}% in the last iteration.")
    return " ".join(sentences)


def _subtyping(results: RunResults, cite: Citations) -> str:
    if results.subtypes.given:
        source = clean(results.subtypes.params.get("source", ""))
        return (
            f"The {plural(len(results.subtypes.names), 'subtype')} are labels that were given"
            f"{f' ({source})' if source else ''}, named by size; neither the labels nor their "
            f"number were chosen with the network.{_map(results, cite)}"
        )
    seen = chosen_with_outcome(results)
    blind = (
        f"Survival was used to choose {seen}."
        if seen
        else "Survival was used to choose neither the number of subtypes nor the features."
    )
    return (
        f"The fused network was cut into {plural(len(results.subtypes.names), 'subtype')} by "
        f"spectral clustering {cite('spectral')}. Number of subtypes: "
        f"{rule_of_k(results)}{_rule_sources(results, cite)}. {blind}{_map(results, cite)}"
    )


def _map(results: RunResults, cite: Citations) -> str:
    if not len(results.embedding):
        return ""
    method = _map_method(results)
    return f" The 2-D map was drawn with {_MAPS[method]} {cite(method)}."


def _map_method(results: RunResults) -> str:
    return str(results.embedding["method"].iloc[0])


def _rule_sources(results: RunResults, cite: Citations) -> str:
    """Cite the sources of the rule for the number of subtypes."""
    table = results.subtypes.evidence.get("n_clusters", pd.DataFrame())
    if "gap" in table and table["gap"].notna().any():
        return (
            f" (normalised cut {cite('cut')}; gap statistic {cite('gap')} with redraws that keep "
            "the shared variation of the cohort)"
        )
    if len(table) > 1:
        return f" (eigengap {cite('eigengap')}, silhouette {cite('silhouette')})"
    return ""


SECTION = Section("network", content, figures, methods, REFERENCES, summary, caveats)
