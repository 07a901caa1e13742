"""Whether a layer adds anything: gains over copies of it with patients permuted."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from omicsfuse.assessment.assess import BUDGETS
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import Assessment, RunResults
from omicsfuse.plot.numbers import format_p
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import level_of_tests, listing, plural, sentence_case
from omicsfuse.stats.levels import FDR, SIGNIFICANCE
from omicsfuse.stats.p_values import p_text, permutation_p

_MEASURES = {
    "shared": "structure shared with other layers",
    "held_out": "separation in a held-out layer",
    "stability": "stability of all layers together",
    "fused_silhouette": "silhouette in the fused network",
}
_COLUMNS = ["measure", "real", "permuted", "gain", "by_chance", "p", "fdr"]


def gains_known(layers: pd.DataFrame) -> bool:
    """Whether layers were compared with permuted copies."""
    return "shared_gain" in layers and bool(layers["shared_gain"].notna().any())


def adds_sentences(results: RunResults) -> list[str]:
    """Answer for each layer of images whether it adds anything, then for the other layers.

    Layers with the same answer share a sentence.
    """
    layers = results.assessment.layers
    if "shared_gain" not in layers:
        return []
    prepared = results.prepared.layers
    imaging = [name for name in layers.index if name in prepared and kind_of(prepared[name]).image]
    answers: dict[tuple[str, Any], list[str]] = {}
    for name in [*imaging, *(name for name in layers.index if name not in imaging)]:
        alone = str(name) if name in imaging else ""
        answers.setdefault((alone, _answer(layers.loc[name], len(layers))), []).append(name)
    return [adds_sentence(layers.loc[names], len(layers)) for names in answers.values()]


def _answer(row: pd.Series, n_layers: int) -> tuple[bool | None, bool | None, bool]:
    """Whether a layer shares structure, helps in a held-out one, and withstands correction."""
    shared, held_out, fdr = (
        float(row.get(key, math.nan)) for key in ("p_adds", "held_out_gain_p", "fdr_adds")
    )
    return (
        None if math.isnan(shared) else shared <= SIGNIFICANCE,
        None if math.isnan(held_out) else held_out <= SIGNIFICANCE,
        not (n_layers > 1 and shared <= SIGNIFICANCE and fdr > FDR),
    )


def adds_sentence(layers: pd.DataFrame, n_layers: int) -> str:
    """Say whether layers with the same answer add anything, with p-values and intervals."""
    shares, helps, withstands = _answer(layers.iloc[0], n_layers)
    one = len(layers) == 1
    names = f"{'layer' if one else 'layers'} {listing(list(layers.index))}"
    if shares is None:
        why = "there is no other layer" if n_layers < 2 else "too few patients or one subtype"
        return sentence_case(f"{names} {'was' if one else 'were'} not tested: {why}.")
    corrected = n_layers > 1
    first = _numbers(layers, "p_adds", "shared", "fdr_adds" if corrected else "")
    second = _numbers(layers, "held_out_gain_p", "held_out")
    share = f"{'shares' if one else 'share'} structure with the other layers {first}"
    better = f"separate better in a held-out layer than with permuted copies {second}"
    groups = f"groups found with {'it' if one else 'each of them'}"
    if shares and helps is None:
        text = f"{names} {share}"
    elif shares and helps:
        text = f"{names} {share}, and {groups} {better}"
    elif shares:
        text = f"{names} {share}, but there is no evidence that {groups} {better}"
    elif helps is None:
        text = f"There is no evidence that {names} {share}"
    elif helps:
        text = (
            f"There is no evidence that {names} {share}, but {groups} {better}: a hint only, "
            "because the first test was specified beforehand"
        )
    else:
        text = (
            f"There is no evidence that {names} {'adds' if one else 'add'} anything beyond noise: "
            f"neither shared structure with the other layers {first} nor better separation of "
            f"groups in a held-out layer {second}"
        )
    if not withstands:
        text += f"; after correction for {n_layers} layers, shared structure is not significant"
    return sentence_case(f"{text}.")


def against_the_whole(assessment: Assessment) -> Iterator[str]:
    """Say why layers share structure in the test of the network, and not one by one."""
    layers, whole = assessment.layers, assessment.p_shared
    needed = {"p_adds", "fdr_adds", "n_permutations"}
    if not needed <= set(layers) or not whole <= level_of_tests(assessment):
        return
    if (layers["fdr_adds"] <= FDR).any() or not (layers["p_adds"] <= SIGNIFICANCE).any():
        return
    copies, tested = int(layers["n_permutations"].max()), int(layers["p_adds"].notna().sum())
    floor = permutation_p(0, copies)
    at_floor = int((layers["p_adds"] <= floor * (1 + 1e-9)).sum())
    said = (
        f"The layers together share structure ({format_p(whole)}), but which of them do is not "
        "settled: the first is one test of the whole network, the tests of single layers are "
        f"corrected for {tested} layers"
    )
    if at_floor:
        said += (
            f", and with {copies} copies no p can be below {p_text(floor)} (here corrected to "
            f"{p_text(floor * tested / at_floor)})"
        )
        more = [name for name, size in BUDGETS.items() if size.n_permutations > copies]
        said += f'; budget = "{more[0]}" can settle it' if more else ""
    yield f"{said}."


def _numbers(layers: pd.DataFrame, p: str, effect: str, fdr: str = "") -> str:
    """Put p-values in brackets, and the gain where there is one layer."""
    texts = [_range(layers, p, "p")]
    if fdr:
        texts.append(_range(layers, fdr, "FDR over the layers"))
    tests = ", ".join(text for text in texts if text)
    gain = _gain(layers.iloc[0], effect) if len(layers) == 1 else ""
    several = "each " if len(layers) > 1 else ""
    return f"({several}{'; '.join(part for part in (tests, gain) if part)})"


def _range(layers: pd.DataFrame, column: str, name: str) -> str:
    """One p-value, or the smallest and the largest of several."""
    values = layers[column].astype(float) if column in layers else pd.Series(dtype=float)
    if values.isna().all():
        return ""
    if len(set(map(p_text, values))) == 1:
        return format_p(float(values.iloc[0]), name)
    return f"{name} from {p_text(float(values.min()))} to {p_text(float(values.max()))}"


def _gain(row: pd.Series, effect: str) -> str:
    """Write a gain with its interval."""
    gain, low, high = (float(row.get(f"{effect}_gain{end}", math.nan)) for end in _ENDS)
    if math.isnan(gain):
        return ""
    text = f"gain in silhouette over permuted copies {gain:.3f}"
    if math.isfinite(low) and math.isfinite(high):
        text += f", {low:.3f} to {high:.3f} over 95% of the copies"
    return text.replace("-0.000", "0.000")


_ENDS = ("", "_low", "_high")


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
    count = plural(copies, "permuted copy", "permuted copies") if copies else "permuted copies"
    return make_table(
        frame,
        ["layer", *_COLUMNS],
        f"Each layer against {count}. The first measure is the primary one; FDR: "
        "Benjamini-Hochberg over the layers. Stability and silhouette refer to the fused network: "
        "they depend on the groups of the layer itself as much as on shared structure.",
        file="layers.tsv",
    )


def three_decimals(value: float) -> str:
    """Write a gain."""
    return f"{value:.3f}"
