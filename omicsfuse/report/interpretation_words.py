"""What goes with an imaging model, in sentences."""

import numpy as np
import pandas as pd

from omicsfuse.core.kinds import image_families
from omicsfuse.core.results import Interpretation
from omicsfuse.plot.numbers import clean, format_number, format_p
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import FDR, SIGNIFICANCE

#: From this correlation with the tumour's volume on, a score is called a measure of it.
MEASURE = 0.9
#: Features that an imaging model is made of, and that no headline is made of.


def interpretation_paragraphs(one: Interpretation) -> list[str]:
    """Say what goes with a model: volume first, then what was found and what was not.

    Parameters
    ----------
    one : Interpretation

    Returns
    -------
    list of str
        Paragraphs. The first says what the model gives, and whether that is a measure of volume.
    """
    params, n = one.params, len(one.scores)
    if one.kind == "class":
        sizes = [f"{clean(name)} ({count})" for name, count in params.get("classes", {}).items()]
        first = f"{clean(one.name)} gives {plural(n, 'patient')} one of the classes "
        first += f"{listing(sizes)}."
    else:
        first = f"{clean(one.name)} gives a score to {plural(n, 'patient')} of the cohort."
    paragraphs = [" ".join([first, *_volume(one)])]
    families = one.families[one.families["tests"] > 0] if len(one.families) else one.families
    described = families[~families["kind"].isin(image_families())] if len(families) else families
    found = [_found(one, row) for _, row in described.iterrows() if row["found"]]
    if found:
        paragraphs.append("Found at a false discovery rate of 0.05. " + " ".join(found))
    nothing = described[described["found"] == 0] if len(described) else described
    if len(nothing):
        parts = [
            f"{clean(row['layer'])} ({plural(int(row['tests']), 'test')}, n = {int(row['n'])}, "
            f"smallest {format_p(float(row['smallest_fdr']), 'FDR')})"
            for _, row in nothing.iterrows()
        ]
        many = nothing.iloc[int(nothing["tests"].to_numpy().argmax())]
        paragraphs.append(
            f"Nothing was found at a false discovery rate of 0.05 in {listing(parts)}; with "
            f"{plural(int(many['tests']), 'test')} in {plural(int(many['n']), 'patient')} a "
            f"correlation of {format_number(float(many['detectable']), 2)} or more would be found "
            "in four of five cases, a smaller one less often."
        )
    for further in (_sets(one) + _halves(one), _adjusting(one)):
        if further:
            paragraphs.append(" ".join(further))
    return paragraphs


def _volume(one: Interpretation) -> list[str]:
    """Say how much of the score is volume."""
    said = []
    for contrast, found in one.params.get("volume_correlation", {}).items():
        r = float(found["correlation"])
        if r != r:
            continue
        who = "It" if one.kind == "score" else clean(contrast)
        interval = f"95% CI {found['low']:.2f} to {found['high']:.2f}, n = {found['n']}"
        if abs(r) > MEASURE:
            said.append(
                f"{who} is a measure of the tumour's volume (Spearman correlation {r:.2f}, "
                f"{interval}): what goes with it goes with size, and little can be said of it "
                "beyond that."
            )
        elif one.kind == "score" or found["p"] <= SIGNIFICANCE:
            said.append(
                f"{who} has a Spearman correlation of {r:.2f} with the tumour's volume "
                f"({interval})."
            )
    return said


def _found(one: Interpretation, row: pd.Series) -> str:
    """Say what was found in one family, and what is left of it once adjusted."""
    table = one.associations
    own = table[(table["layer"] == row["layer"]) & (table["kind"] == row["kind"])]
    own = own[own["fdr"] <= FDR]
    kept = own[own["adjusted_fdr"] <= FDR]
    top = (kept if len(kept) else own).iloc[0]
    ends = [float(top["effect_ci_low"]), float(top["effect_ci_high"])]
    interval = f", 95% CI {_two(ends[0])} to {_two(ends[1])}" if ends[0] == ends[0] else ""
    few = int(row["tests"]) == 1
    strongest = (
        ("" if few else f"{clean(top['feature'])}: ")
        + f"{clean(top['effect_name'])} {_two(float(top['effect']))}"
        f"{interval}, {format_p(float(top['p']))}, {format_p(float(top['fdr']), 'FDR')}"
    )
    layer, n = clean(row["layer"]), int(row["n"])
    text = f"{layer}: {int(row['found']):,} of {int(row['tests']):,} found (n = {n}; most clearly "
    text = f"{layer} (n = {n}; {strongest})" if few else f"{text}{strongest})"
    if int(row["adjusted_n"]) == 0:
        return f"{text}; not adjusted{_because(row)}."
    if int(row["kept"]) == int(row["found"]):
        return f"{text}; {'it stays' if few else 'all stay'} when adjusted."
    if not row["kept"]:
        gone = "it vanishes" if int(row["found"]) == 1 else "all vanish"
        return f"{text}; {gone} when adjusted (n = {int(row['adjusted_n'])})."
    return f"{text}; {int(row['kept']):,} stay when adjusted (n = {int(row['adjusted_n'])})."


def _because(row: pd.Series) -> str:
    return f" ({clean(row['note'])})" if isinstance(row["note"], str) and row["note"] else ""


def _two(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 0.095 else f"{value:.2g}"


def _sets(one: Interpretation) -> list[str]:
    """Say which gene sets there are, by the test that shuffles patients."""
    table, said = one.enrichment, []
    if table.empty:
        return []
    shuffled = bool(table["fdr_patients"].notna().any())
    p, rate = ("p_patients", "fdr_patients") if shuffled else ("p", "fdr")
    how = "patients shuffled" if shuffled else "random genes, so too often"
    for adjusted in (False, True):
        own = np.array([str(name).endswith(", adjusted") for name in table["score"]])
        block = table[own == adjusted]
        if block.empty:
            continue
        found = block[block[rate] <= FDR].sort_values([p, "gene_set"], kind="stable")
        ranking = "the adjusted ranking" if adjusted else "the ranking"
        family = f"{plural(len(block), 'test')}, {how}"
        if found.empty:
            low = format_p(float(block[rate].min()), "smallest FDR")
            said.append(f"No gene set is found on {ranking} of genes ({family}; {low}).")
            continue
        several = block["score"].nunique() > 1
        names = [
            f"{clean(row['gene_set'])} (NES {row['nes']:.1f}"
            + (f", {clean(row['score'])}" if several else "")
            + ")"
            for _, row in found.head(4).iterrows()
        ]
        more = f" and {len(found) - 4} more" if len(found) > 4 else ""
        joined = ", ".join(names) + more if more else listing(names)
        said.append(f"On {ranking} of genes {joined} are found ({family}).")
    return said


def _halves(one: Interpretation) -> list[str]:
    """Say how far the ranking of genes comes back in other patients."""
    table = one.stability
    own = table[table["layer"] == one.params.get("gene_layer")] if len(table) else table
    if len(own) != 1 or not own["split_half"].notna().all():
        return []
    row = own.iloc[0]
    return [
        f"Rankings of genes in two halves of the patients agree with a rank correlation of "
        f"{row['split_half']:.2f} (95% of divisions {row['split_half_low']:.2f} to "
        f"{row['split_half_high']:.2f}; 0 without any truth in them)."
    ]


def _adjusting(one: Interpretation) -> list[str]:
    names, without = one.params.get("adjusted_for", []), one.params.get("not_adjusted_for", [])
    said = []
    if names:
        said.append(f"Adjusted for {listing(names)}, which {_whole(one)} have.")
    else:
        said.append("Nothing was adjusted for.")
    if without:
        said.append(f"Not adjusted for: {'; '.join(clean(note) for note in without)}.")
    return said


def _whole(one: Interpretation) -> str:
    n, own = len(one.scores), int(one.params.get("n_adjusted", 0))
    return f"all {plural(n, 'patient')}" if own == n else f"{own} of {plural(n, 'patient')}"
