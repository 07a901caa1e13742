"""Whether a layer adds anything: gains over copies of it with patients permuted."""

import math
from typing import Any

import pandas as pd

from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import RunResults
from omicsfuse.plot.numbers import clean, format_p
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import plural
from omicsfuse.stats.levels import FDR, SIGNIFICANCE

_MEASURES = {
    "shared": "structure shared with other layers",
    "held_out": "telling a layer held out",
    "stability": "stability of all layers together",
    "fused_silhouette": "silhouette in the fused network",
}
_COLUMNS = ["measure", "real", "permuted", "gain", "by_chance", "p", "fdr"]


def gains_known(layers: pd.DataFrame) -> bool:
    """Whether layers were compared with permuted copies."""
    return "shared_gain" in layers and bool(layers["shared_gain"].notna().any())


def adds_sentences(results: RunResults) -> list[str]:
    """Answer for each radiomic layer whether it adds anything; without one, for each layer."""
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
    """Say whether a layer adds anything, with p-values and intervals."""

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


def gain_table(layers: pd.DataFrame) -> Table | None:
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
    frame = with_interval(pd.DataFrame(rows), "", three_decimals, "by_chance")
    copies = int(layers["n_permutations"].max()) if "n_permutations" in layers else 0
    count = f"{plural(copies, 'permuted copy', 'permuted copies')} of each" if copies else "copies"
    return make_table(
        frame,
        ["layer", *_COLUMNS],
        f"Each layer against {count}. The first measure is the headline; its FDR is "
        "Benjamini-Hochberg over the layers. Stability and silhouette are of the network that the "
        "layer is a part of: they depend on its own groups as much as on what it shares.",
        file="layers.tsv",
    )


def three_decimals(value: float) -> str:
    """Write a gain."""
    return f"{value:.3f}"
