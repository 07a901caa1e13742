"""What each layer brings: a sentence in plain words, with its uncertainty, and tables."""

import math
from typing import Any

import pandas as pd

from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.plans import FigureView
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.views import Section, present
from omicsfuse.report.words import plural
from omicsfuse.stats.levels import FDR, SIGNIFICANCE

_MEASURES = {
    "shared": "structure shared with other layers",
    "held_out": "telling a layer held out",
    "stability": "stability of all layers together",
    "fused_silhouette": "silhouette in the fused network",
}
_COLUMNS = ["measure", "real", "permuted", "gain", "by_chance", "p", "fdr"]


def layers_section(results: RunResults, figures: tuple[FigureView, ...]) -> Section | None:
    """Say what each layer brings; nothing where it was not assessed."""
    layers, groups = results.assessment.layers, results.assessment.feature_groups
    if layers.empty:
        return None
    texts = list(adds_sentences(results))
    if "shared_gain" in layers and layers["shared_gain"].notna().any():
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
    return Section(
        "layers",
        "What each layer brings",
        tuple(texts),
        notes=tuple(layer_sentences(results)),
        figures=figures,
        details=present(_gain_table(layers), _agreement_table(layers), _group_table(groups)),
    )


def adds_sentences(results: RunResults) -> list[str]:
    """Answer for each radiomic layer whether it adds anything; without one, for each layer.

    Parameters
    ----------
    results : RunResults
        The run.

    Returns
    -------
    list of str
        One sentence a layer; none where layers were not compared with permuted copies at all.
    """
    layers = results.assessment.layers
    if "shared_gain" not in layers:
        return []
    prepared = results.prepared.layers
    imaging = [name for name in layers.index if name in prepared and kind_of(prepared[name]).image]
    return [
        adds_sentence(str(name), layers.loc[name].to_dict(), len(layers))
        for name in imaging or layers.index
    ]


def adds_sentence(name: str, row: dict[str, Any], n_layers: int) -> str:
    """Say whether a layer adds anything, with p-values and intervals.

    Parameters
    ----------
    name : str
        Name of the layer.
    row : dict
        Its row of the layers table.
    n_layers : int
        Number of layers.

    Returns
    -------
    str
        A question and its answer.

    Examples
    --------
    >>> from omicsfuse.report.contributions import adds_sentence
    >>> row = {"p_adds": 0.2, "shared_gain": 0.001, "held_out_gain": 0.0, "held_out_gain_p": 0.5}
    >>> print(adds_sentence("ct", row, 2)[:62])
    Does ct add anything? There is no evidence that it adds anythi
    """

    def value(key: str) -> float:
        return float(row.get(key, math.nan))

    question = f"Does {clean(name)} add anything?"
    shared, held_out = value("p_adds"), value("held_out_gain_p")
    if math.isnan(shared):
        why = "there is no other layer" if n_layers < 2 else "too few patients or one subtype"
        return f"{question} Not tested: {why}."
    fdr = value("fdr_adds")
    corrected = format_p(fdr, "FDR over the layers") if n_layers > 1 else ""
    first = _numbers(format_p(shared), corrected, _gain(row, "shared"))
    second = _numbers(format_p(held_out), "", _gain(row, "held_out"))
    better = "tell a layer held out better than with permuted copies of it"
    if math.isnan(held_out):
        verb = "shares" if shared <= SIGNIFICANCE else "does not evidently share"
        text = (
            f"It {verb} structure with the other layers {first}; whether it helps to tell a layer "
            "held out was not tested"
        )
    elif shared <= SIGNIFICANCE and held_out <= SIGNIFICANCE:
        text = (
            f"It shares structure with the other layers {first}, and groups found with it {better} "
            f"{second}"
        )
    elif shared <= SIGNIFICANCE:
        text = (
            f"It shares structure with the other layers {first}, but groups found with it do not "
            f"{better} {second}"
        )
    elif held_out <= SIGNIFICANCE:
        text = (
            f"Grouped by itself it does not evidently share structure with the other layers "
            f"{first}, yet groups found with it {better} {second}: a hint, as the first of the two "
            "is the test that was named beforehand"
        )
    else:
        text = (
            "There is no evidence that it adds anything beyond noise: it does not evidently share "
            f"structure with the other layers {first}, and groups found with it do not {better} "
            f"{second}"
        )
    if shared <= SIGNIFICANCE and fdr > FDR:
        text += f"; the first does not withstand correction for {n_layers} layers"
    return f"{question} {text}."


def _gain(row: dict[str, Any], effect: str) -> str:
    """Write a gain with its interval."""
    gain, low, high = (float(row.get(f"{effect}_gain{end}", math.nan)) for end in _ENDS)
    if math.isnan(gain):
        return ""
    text = f"gain in silhouette {gain:.3f}"
    if math.isfinite(low) and math.isfinite(high):
        text += f", interval {low:.3f} to {high:.3f}"
    return text.replace("-0.000", "0.000")


_ENDS = ("", "_low", "_high")


def _numbers(p: str, corrected: str, gain: str) -> str:
    """Put p-values and a gain in brackets."""
    tests = ", ".join(part for part in (p, corrected) if part)
    return f"({'; '.join(part for part in (tests, gain) if part)})"


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


def _gain_table(layers: pd.DataFrame) -> Table | None:
    """One row for each layer and measure: the real layer beside its permuted copies."""
    rows = []
    for name, row in layers.iterrows():
        for effect, measure in _MEASURES.items():
            if f"{effect}_gain" not in layers or pd.isna(row[f"{effect}_gain"]):
                continue
            fdr = row.get("fdr_adds", math.nan) if effect == "shared" else math.nan
            rows.append(
                {
                    "layer": name,
                    "measure": measure,
                    "real": row[f"{effect}_real"],
                    "permuted": row[f"{effect}_permuted"],
                    "gain": row[f"{effect}_gain"],
                    "low": row[f"{effect}_gain_low"],
                    "high": row[f"{effect}_gain_high"],
                    "p": row[f"{effect}_gain_p"],
                    "fdr": fdr,
                }
            )
    if not rows:
        return None
    frame = with_interval(pd.DataFrame(rows), "low", "high", "by_chance", _three)
    copies = int(layers["n_permutations"].max()) if "n_permutations" in layers else 0
    count = f"{plural(copies, 'permuted copy', 'permuted copies')} of each" if copies else "copies"
    return make_table(
        frame,
        ["layer", *_COLUMNS],
        f"Each layer against {count}. The first measure is the headline; its FDR is "
        "Benjamini-Hochberg over the layers. Stability and silhouette are of the network that the "
        "layer is a part of: they depend on its own groups as much as on what it shares.",
    )


def _three(value: float) -> str:
    return f"{value:.3f}"


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
    )


def _group_table(groups: pd.DataFrame) -> Table | None:
    if groups.empty:
        return None
    frame = with_interval(
        groups.reset_index(), "shared_gain_low", "shared_gain_high", "by_chance", _three
    ).rename(columns={"shared_gain": "gain", "shared_gain_p": "p"})
    columns = ["layer", "grouping", "group", "n_features", "agreement_alone"]
    columns += ["agreement_without", "silhouette", "gain", "by_chance", "p", "fdr", "note"]
    return make_table(
        frame,
        columns,
        "Groups of features. Agreement of the group alone, and of all layers with the group left "
        "out of its own; gain in structure shared with the other layers over permuted copies. FDR: "
        "Benjamini-Hochberg over all groups listed.",
    )
