"""The section on layers: whether each adds anything, with its uncertainty, and tables."""

import math
from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.results import RunResults
from omicsfuse.plot.gains import MOST_GROUPS, feature_groups, gain_panels, layer_gains
from omicsfuse.plot.layers import layer_columns
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.plot.rows import rows_with
from omicsfuse.report.references import Citations
from omicsfuse.report.section import Content, Plan, Section
from omicsfuse.report.sections.layers.gains import (
    adds_sentences,
    against_the_whole,
    gain_table,
    gains_known,
    three_decimals,
)
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import SIGNIFICANCE

REFERENCES = {
    "rand": "Hubert L, Arabie P. Comparing partitions. J Classif 1985;2:193-218. "
    "doi:10.1007/BF01908075",
}

#: What a caption says of each panel, where it is drawn.
_GAINS = {
    "shared": "Shares structure: separation, in the other layers, of groups found in the layer "
    "alone, and the reverse; gain over copies of the layer with permuted patients (dashed line). "
    f"Filled: p at most {SIGNIFICANCE:g}.",
    "held_out": "Improves separation in a held-out layer: mean silhouette, in a held-out layer, of "
    "groups found with the layer; gain over the same copies.",
    "agreement": "Agreement: adjusted Rand index with the subtypes, of groups from the layer alone "
    "and from all other layers.",
}
_AGREEMENT = {
    "agreement_alone": "Layer alone: adjusted Rand index between the subtypes and the groups of "
    "the layer (1: identical groups; 0: no better than chance).",
    "agreement_without": "Without the layer: adjusted Rand index of all other layers (low: the "
    "subtypes depend on the layer).",
    "silhouette": "Mean silhouette: separation of the subtypes in the network of the layer.",
}
#: Adjusted Rand index without a layer below which the subtypes are said to depend on it.
_CARRIED = 0.4
#: Adjusted Rand index of a layer alone from which it agrees in part with the subtypes,
_PARTIAL = 0.2
#: and without a layer from which they hardly change.
_HARDLY = 0.9


def caveats(results: RunResults) -> Iterator[str]:
    """Reconcile the tests of layers with that of the network; name layers that subtypes need."""
    yield from against_the_whole(results.assessment)
    yield from _depending(results)


def _depending(results: RunResults) -> Iterator[str]:
    """Name layers that the subtypes depend on."""
    layers = results.assessment.layers
    given = results.subtypes.given  # the cut without a layer then differs from the labels anyway
    if given or len(layers) < 2 or "agreement_without" not in layers:
        return
    p_values = layers.get("p_adds", pd.Series(math.nan, layers.index))
    carrying = layers.index[layers["agreement_without"] < _CARRIED]
    if carrying.empty:
        return
    named = [f"{clean(name)} ({layers['agreement_without'][name]:.2f})" for name in carrying]
    which = "this layer" if len(carrying) == 1 else "one of these layers"
    yield (
        f"The subtypes depend on {listing(named)}: without {which}, little of the grouping is "
        "recovered (adjusted Rand index in brackets)."
    )
    alone = [
        f"{clean(name)} ({format_p(float(p_values[name]))})"
        for name in carrying
        if p_values[name] > SIGNIFICANCE
    ]
    if alone:
        verb, part = ("shares", "its part") if len(alone) == 1 else ("share", "their part")
        yield (
            f"There is no evidence that {listing(alone)} {verb} structure with the other layers: "
            f"{part} of the subtypes may be specific to the layer."
        )


def content(results: RunResults) -> Content | None:
    """Say whether each layer adds anything; nothing where it was not assessed."""
    layers, groups = results.assessment.layers, results.assessment.feature_groups
    if layers.empty:
        return None
    texts = adds_sentences(results)
    if gains_known(layers):
        texts.append(
            "Each layer was compared with copies of itself in which patients were permuted. A copy "
            "keeps the structure of the layer and loses the structure shared with other layers. "
            "Intervals show the gain over 95% of the copies (2.5th to 97.5th percentile): an "
            "interval above 0 is more than chance. They do not show how the gain would vary with "
            "other patients. A layer may have clear groups of its own and "
            "share none of them."
        )
        if "held_out_gain_p" not in layers or layers["held_out_gain_p"].isna().all():
            texts.append(
                "Whether groups found with a layer separate better in a held-out layer was not "
                "tested."
            )
    if len(groups):
        texts.append(
            "Groups of features are permuted within their layer; the rest of the layer is kept. A "
            "group that only repeats the rest of its layer also shows a gain."
        )
    return Content(
        "Does each layer add anything?",
        tuple(texts),
        notes=tuple(layer_sentences(results)),
        details=[gain_table(layers), _agreement_table(layers), _group_table(groups)],
    )


def carried_by(results: RunResults) -> str:
    """Name in few words the layer that comes closest alone, and the one that is missed most.

    Empty where there is a single layer or one subtype; of given labels only the first, because
    the cut without a layer differs from them anyway.
    """
    layers, given = results.assessment.layers, results.subtypes.given
    alone, without = (
        {str(name): float(value) for name, value in rows_with(layers, column)[column].items()}
        if column in layers
        else {}
        for column in ("agreement_alone", "agreement_without")
    )
    if len(layers) < 2 or not alone:
        return ""
    top, what = max(alone, key=lambda name: alone[name]), "labels" if given else "subtypes"
    value = f"ARI {alone[top]:.2f}"
    missed = min(without, key=lambda name: without[name]) if without and not given else None
    if missed is not None and without[missed] >= _HARDLY:
        missed = None
    if alone[top] < _PARTIAL:
        text = f"no layer alone gives the {what} ({value} at most)"
        if missed is None:
            return text
        return f"{text}; largest change without {clean(missed)} ({without[missed]:.2f})"
    if missed == top:
        return f"{what} rest most on {clean(top)} ({value} alone, {without[top]:.2f} without)"
    return f"closest layer {clean(top)} ({value})"


def layer_sentences(results: RunResults) -> list[str]:
    """Say in one sentence how each layer agrees with the subtypes; nothing of a single layer."""
    sentences: list[str] = []
    if len(results.assessment.layers) < 2:
        return sentences
    for name, row in results.assessment.layers.iterrows():
        alone = float(row.get("agreement_alone", math.nan))
        without = float(row.get("agreement_without", math.nan))
        if math.isnan(alone):
            continue
        agrees = "high" if alone >= 0.6 else "partial" if alone >= _PARTIAL else "little"
        text = (
            f"{clean(name)}: {agrees} agreement of the layer alone with the subtypes "
            f"(ARI {alone:.2f})"
        )
        if not math.isnan(without):
            change = (
                "hardly change"
                if without >= _HARDLY
                else "change somewhat"
                if without >= 0.6
                else "change substantially"
                if without >= _CARRIED
                else "are largely lost"
            )
            text += f"; without the layer, the subtypes {change} (ARI {without:.2f})"
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
        "Agreement of each layer with the subtypes. Adjusted Rand index (ARI) of groups from the "
        "layer alone and from all layers without it; mean silhouette of the subtypes in the "
        "network of the layer.",
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
        "Groups of features. Adjusted Rand index (ARI) of the group alone and of all layers "
        "without the group; gain in structure shared with the other layers over permuted copies. "
        "FDR: Benjamini-Hochberg over all groups listed.",
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
            "Layers that hold each subtype together",
            "Mean affinity between members divided by mean affinity to other patients, in the "
            "network of the layer; 1: the layer does not separate the subtype. The colours end at "
            "1/4 and 4 in every report. Compare subtypes within a layer; compare layers with care, "
            "because some networks are steeper than others.",
            "Table of coloured cells, a row for each layer and a column for each subtype.",
            partial(plot.subtype_layers, assessment),
        )
    if len(groups) and groups["shared_gain"].notna().any():
        some = len(groups) > MOST_GROUPS
        yield Plan(
            "feature_groups",
            "Groups of features",
            "Gain of each group of features (number of features in brackets) over copies in which "
            "patients are permuted in this group only (dashed line). Below the line, the group "
            "disturbs the structure that its layer shares with the others."
            + (" The table has all groups." if some else ""),
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
            f" Each layer was compared with {count} of itself with patients permuted. The primary "
            "measure is the structure shared with the other layers: the mean silhouette, in the "
            "network of each other layer, of groups found from this layer alone, averaged with the "
            "mean silhouette, in the network of this layer, of groups found from all others. The "
            "secondary measure is the mean silhouette, in a held-out layer, of groups found from "
            "all remaining layers. The layer and its copies were treated alike: p-values are exact "
            "under the null hypothesis that the patients of the layer are exchangeable given the "
            f"other layers {cite('permutation')}. They were corrected over the layers by the "
            f"Benjamini-Hochberg method {cite('fdr')}. Intervals of gains are differences from the "
            "97.5th and 2.5th percentile of the copies: they show variation by chance and are no "
            "sampling error of the patients."
        )
    if len(groups):
        text += (
            " Groups of features were permuted within their layer in the same way; the false "
            "discovery rate is over all groups."
        )
    yield text.strip()


SECTION = Section("layers", content, figures, methods, REFERENCES, adds_sentences, caveats)
