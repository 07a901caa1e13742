"""The section on layers: what each brings, in plain words with its uncertainty, and tables."""

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.gains import MOST_GROUPS, feature_groups, gain_panels, layer_gains
from omicsfuse.plot.layers import layer_columns
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.sections.layers.gains import (
    adds_sentences,
    gain_table,
    gains_known,
    three_decimals,
)
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import plural
from omicsfuse.stats.levels import SIGNIFICANCE

REFERENCES = {
    "rand": "Hubert L, Arabie P. Comparing partitions. J Classif 1985;2:193-218. "
    "doi:10.1007/BF01908075",
}

#: What a caption says of each panel, where it is drawn.
_GAINS = {
    "shared": "Shares structure: whether groups found in the layer alone are borne out by the "
    "others, and theirs by it; the gain over copies of the layer with patients permuted, which are "
    f"at the dashed line. Filled: p at most {SIGNIFICANCE:g}.",
    "held_out": "Helps to tell a layer held out: whether the layer helps to find groups that show "
    "in another one; the gain over the same copies.",
    "agreement": "Agreement: adjusted Rand index with the subtypes of the layer alone, and of all "
    "layers but this one.",
}
_AGREEMENT = {
    "agreement_alone": "Layer alone: adjusted Rand index between the subtypes and the groups of "
    "the layer (1: the layer tells the subtypes by itself; 0: no better than chance).",
    "agreement_without": "Without the layer: the same for all layers but this one (low: the "
    "subtypes hang on the layer).",
    "silhouette": "Mean silhouette: how clearly the subtypes show in the layer's own network.",
}
#: Adjusted Rand index without a layer below which the subtypes are said to hang on it.
_CARRIED = 0.4


def caveats(results: RunResults) -> Iterator[str]:
    """Name layers that the subtypes hang on."""
    layers = results.assessment.layers
    given = results.subtypes.given  # the cut without a layer then differs from the labels anyway
    if given or len(layers) < 2 or "agreement_without" not in layers:
        return
    p_values = layers.get("p_adds", pd.Series(math.nan, layers.index))
    for name in layers.index[layers["agreement_without"] < _CARRIED]:
        alone = (
            " It does not evidently share structure with the other layers "
            f"({format_p(float(p_values[name]))}): what the subtypes take from it may be its own."
        )
        yield (
            f"The subtypes hang on {clean(name)}: without it only little of them is found again "
            f"(adjusted Rand index {layers['agreement_without'][name]:.2f})."
            f"{alone if p_values[name] > SIGNIFICANCE else ''}"
        )


def content(results: RunResults) -> Content | None:
    """Say what each layer brings; nothing where it was not assessed."""
    layers, groups = results.assessment.layers, results.assessment.feature_groups
    if layers.empty:
        return None
    texts = adds_sentences(results)
    if gains_known(layers):
        texts.append(
            "Each layer was compared with copies of itself whose patients were permuted. A copy "
            "keeps the layer's own structure and loses what it shares. Intervals show what chance "
            "does to such copies (2.5th to 97.5th percentile), not how the gain would vary with "
            "other patients. A layer may have clear groups of its own and share none of them."
        )
    if len(groups):
        texts.append(
            "Groups of features are permuted within their layer, the rest of the layer kept: a "
            "group that only repeats the rest of its layer gains too."
        )
    return Content(
        "Does each layer add anything?",
        tuple(texts),
        notes=tuple(layer_sentences(results)),
        details=[gain_table(layers), _agreement_table(layers), _group_table(groups)],
    )


def layer_sentences(results: RunResults) -> list[str]:
    """Say in one sentence how each layer goes with the subtypes; a single layer is all there is."""
    sentences: list[str] = []
    if len(results.assessment.layers) < 2:
        return sentences
    for name, row in results.assessment.layers.iterrows():
        alone = float(row.get("agreement_alone", math.nan))
        without = float(row.get("agreement_without", math.nan))
        if math.isnan(alone):
            continue
        tells = (
            "largely tells the subtypes"
            if alone >= 0.6
            else "tells part of the subtypes"
            if alone >= 0.2
            else "says little about the subtypes"
        )
        text = f"{clean(name)}: by itself it {tells} (ARI {alone:.2f})"
        if not math.isnan(without):
            stays = (
                "they stay the same"
                if without >= 0.9
                else "they change somewhat"
                if without >= 0.6
                else "they change a lot"
            )
            text += f"; without it {stays} (ARI {without:.2f})"
        sentences.append(f"{text}.")
    return sentences


def _agreement_table(layers: pd.DataFrame) -> Table | None:
    frame = layers.rename_axis("layer").reset_index()
    columns = ["layer", "n_patients", "n_features", "agreement_alone"]
    columns += ["normalised_mutual_information_alone", "agreement_without", "silhouette"]
    known = [name for name in columns if name in frame]
    return make_table(
        frame,
        known if len(known) > 1 else list(frame.columns),
        "Agreement of each layer with the subtypes. Adjusted Rand index of the groups of the layer "
        "alone, and of all layers without it; mean silhouette of the subtypes in the layer's own "
        "network.",
        file="layers.tsv",
    )


def _group_table(groups: pd.DataFrame) -> Table | None:
    if groups.empty:
        return None
    frame = with_interval(groups.reset_index(), "shared_gain", three_decimals, "by_chance")
    frame = frame.rename(columns={"shared_gain": "gain", "shared_gain_p": "p"})
    columns = ["layer", "grouping", "group", "n_features", "agreement_alone"]
    columns += ["agreement_without", "silhouette", "gain", "by_chance", "p", "fdr", "note"]
    return make_table(
        frame,
        columns,
        "Groups of features. Agreement of the group alone, and of all layers with the group left "
        "out of its own; gain in structure shared with the other layers over permuted copies. FDR: "
        "Benjamini-Hochberg over all groups listed.",
        file="feature_groups.tsv",
    )


def figures(results: RunResults) -> Iterator[Plan]:
    """Gains or agreement of layers, layers of each subtype, groups of features."""
    assessment = results.assessment
    layers, groups = assessment.layers, assessment.feature_groups
    if gains_known(layers):
        yield Plan(
            "layer_gains",
            "Contribution of each layer",
            " ".join(text for name, text in _GAINS.items() if name in gain_panels(layers)),
            f"Gains with intervals and agreement of {plural(len(layers), 'layer')}.",
            partial(layer_gains, assessment),
        )
    elif layer_columns(layers):
        yield Plan(
            "layer_contributions",
            "Contribution of each layer",
            " ".join(text for name, text in _AGREEMENT.items() if name in layer_columns(layers)),
            "Dots of the agreement of each layer with the subtypes.",
            partial(plot.layer_contributions, assessment),
        )
    table = assessment.subtype_layers
    if len(table) and (table["ratio"] > 0).any():
        yield Plan(
            "subtype_layers",
            "Which layers hold each subtype together",
            "Mean affinity between members over mean affinity to other patients, in each layer's "
            "own network: 1 where the layer knows nothing of the subtype. The colours end at 1/4 "
            "and 4 in every report. Compare subtypes within a layer; between layers with care, as "
            "some networks are steeper than others.",
            "Table of coloured cells, a row for each layer and a column for each subtype.",
            partial(plot.subtype_layers, assessment),
        )
    if len(groups) and groups["shared_gain"].notna().any():
        some = len(groups) > MOST_GROUPS
        yield Plan(
            "feature_groups",
            "Groups of features",
            "Gain of each group of features (number of features in brackets) over copies in which "
            "its patients are permuted, the rest of its layer kept. The dashed line is where such "
            "copies are; below it the group disturbs what its layer shares with the others."
            + (" The table has the groups that are not drawn." if some else ""),
            f"Gains with intervals of {plural(len(groups), 'group')} of features.",
            partial(feature_groups, assessment),
        )


def methods(results: RunResults, cite: Citations) -> Iterator[str]:
    """Describe leaving layers out, and permuted copies of layers and groups of features."""
    layers, groups = results.assessment.layers, results.assessment.feature_groups
    if layers.empty or len(results.subtypes.names) == 1:
        return
    text = ""
    if "agreement_alone" in layers and len(layers) > 1:
        text = (
            "Groups found from each layer alone, and from all layers without it, were compared "
            f"with the subtypes by the adjusted Rand index {cite('rand')}."
        )
    if gains_known(layers):
        copies = int(layers["n_permutations"].max()) if "n_permutations" in layers else 0
        count = f"{copies:,} copies" if copies else "copies"
        text += (
            f" Each layer was set against {count} of itself with patients permuted. The headline "
            "measure is the structure it shares with the others: the mean silhouette, in each "
            "other layer's network, of groups found from this layer alone, averaged with that, in "
            "this layer's network, of groups found from all others. Beside it stands the mean "
            "silhouette, in a layer held out, of groups found from all that are left. The real "
            "layer and its copies were treated alike, so that p-values are exact under the null "
            "hypothesis that the layer's patients are exchangeable given the other layers "
            f"{cite('permutation')}; they were corrected over the layers by the Benjamini-Hochberg "
            f"method {cite('fdr')}. Intervals of gains are differences from the 97.5th and 2.5th "
            "percentile of the copies: they show what chance does to permuted copies and are no "
            "sampling error of the patients."
        )
    if len(groups):
        text += (
            " Groups of features were permuted within their layer in the same way, with the false "
            "discovery rate over all groups."
        )
    yield text.strip()


SECTION = Section("layers", content, figures, methods, REFERENCES, adds_sentences, caveats)
