"""Associations of an imaging model with features, by family, unadjusted and adjusted."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from omicsfuse import plot
from omicsfuse.core.kinds import image_families
from omicsfuse.core.results import Interpretation
from omicsfuse.plot.numbers import clean, format_number, format_p
from omicsfuse.report.section import Plan, file_name
from omicsfuse.report.tables import Table, make_table, with_interval
from omicsfuse.report.words import listing, plural
from omicsfuse.stats.levels import FDR, SIGNIFICANCE
from omicsfuse.stats.p_values import p_text

#: From this correlation with the tumour's volume on, a score is called a measure of it.
MEASURE = 0.9
#: Associations in the table of the page, and of each layer in the folded ones.
_MOST_ROWS = 15


def volume_sentences(model: Interpretation) -> list[str]:
    """Say how strongly the score is correlated with tumour volume."""
    said = []
    for contrast, volume in model.params.get("volume_correlation", {}).items():
        r = float(volume["correlation"])
        if r != r:
            continue
        who = "The score" if model.kind == "score" else clean(contrast)
        interval = f"95% CI {volume['low']:.2f} to {volume['high']:.2f}, n = {volume['n']}"
        if abs(r) > MEASURE:
            said.append(
                f"{who} is a measure of tumour volume (Spearman correlation {r:.2f}, {interval}): "
                "its associations are largely associations with size."
            )
        elif model.kind == "score" or volume["p"] <= SIGNIFICANCE:
            said.append(
                f"{who} has a Spearman correlation of {r:.2f} with tumour volume ({interval})."
            )
    return said


def _described(model: Interpretation) -> pd.DataFrame:
    """Families that were tested, radiomic features apart."""
    families = model.families
    if families.empty:
        return families
    return families[(families["tests"] > 0) & ~families["kind"].isin(image_families())]


def found_sentence(model: Interpretation) -> str:
    """Count associations and tests, and say how many remain once adjusted."""
    families = _described(model)
    if families.empty:
        return "No association was tested."
    tests, found = int(families["tests"].sum()), int(families["found"].sum())
    among = f"{plural(tests, 'test')} in {plural(int(families['n'].max()), 'patient')}"
    if not found:
        return (
            f"No association was found: none of {among} reaches a false discovery rate of {FDR:g}."
        )
    text = (
        f"{plural(found, 'association')} among {among} (false discovery rate at most {FDR:g} "
        "within each family)."
    )
    if names := model.params.get("adjusted_for", []):
        adjusted = families[families["adjusted_n"] > 0]
        kept, out_of = int(adjusted["kept"].sum()), int(adjusted["found"].sum())
        text += (
            f" After adjustment for {listing(names)}, {kept:,} of {out_of:,} "
            f"{'remains' if kept == 1 else 'remain'} significant"
        )
        rest = found - out_of
        text += f"; {rest:,} {'was' if rest == 1 else 'were'} not adjusted." if rest else "."
    return text


def significant_sentences(model: Interpretation) -> list[str]:
    """Describe the associations family by family; nothing where there are none."""
    return [_family(model, row) for _, row in _described(model).iterrows() if row["found"]]


def _family(model: Interpretation, row: pd.Series) -> str:
    """Describe the associations of one family, and how many remain once adjusted."""
    table = model.associations
    rows = table[(table["layer"] == row["layer"]) & (table["kind"] == row["kind"])]
    rows = rows[rows["fdr"] <= FDR]
    significant = rows[rows["adjusted_fdr"] <= FDR]
    top = (significant if len(significant) else rows).iloc[0]
    low, high = float(top["effect_ci_low"]), float(top["effect_ci_high"])
    interval = f", 95% CI {_effect(low)} to {_effect(high)}" if low == low else ""
    single = int(row["tests"]) == 1
    strongest = (
        ("" if single else f"{clean(top['feature'])}, ")
        + f"{clean(top['effect_name'])} {_effect(float(top['effect']))}"
        f"{interval}, {format_p(float(top['p']))}, {format_p(float(top['fdr']), 'FDR')}"
    )
    layer, n, found = clean(row["layer"]), int(row["n"]), int(row["found"])
    text = (
        f"{layer} (n = {n}): {strongest}"
        if single
        else f"{layer} (n = {n}): {found:,} of {plural(int(row['tests']), 'test')}; {strongest}"
    )
    if int(row["adjusted_n"]) == 0:
        note = row["note"]
        why = f" ({clean(note)})" if isinstance(note, str) and note else ""
        return f"{text}. Not adjusted{why}."
    kept = int(row["kept"])
    return (
        f"{text}. After adjustment (n = {int(row['adjusted_n'])}), {kept:,} "
        f"{'remains' if kept == 1 else 'remain'} significant."
    )


def _effect(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 0.095 else f"{value:.2g}"


def nothing_sentence(model: Interpretation) -> str:
    """Name the families without an association, and the correlation detectable in the largest."""
    families = _described(model)
    nothing = families[families["found"] == 0] if len(families) else families
    if nothing.empty:
        return ""
    parts = [
        f"{clean(row['layer'])} ({plural(int(row['tests']), 'test')}, n = {int(row['n'])}, "
        f"{format_p(float(row['smallest_fdr']), 'smallest FDR')})"
        for _, row in nothing.iterrows()
    ]
    most = nothing.iloc[int(nothing["tests"].to_numpy().argmax())]
    return (
        f"No association was found in {listing(parts)}. With "
        f"{plural(int(most['tests']), 'test')} in {plural(int(most['n']), 'patient')}, the power "
        f"for a correlation of {format_number(float(most['detectable']), 2)} is 80%."
    )


def adjusting_sentences(model: Interpretation) -> str:
    """Name the covariates that effects were adjusted for, and those that they were not."""
    names, without = model.params.get("adjusted_for", []), model.params.get("not_adjusted_for", [])
    text = "Associations were not adjusted."
    if names:
        n, known = len(model.scores), int(model.params.get("n_adjusted", 0))
        who = f"{'all' if known == n else f'{known} of'} {plural(n, 'patient')}"
        text = f"Associations were adjusted for {listing(names)}, known for {who}."
    if without:
        text += f" Not adjusted for: {'; '.join(clean(note) for note in without)}."
    return text


def families_table(model: Interpretation) -> Table | None:
    """Families of tests, with the correlation that each can detect."""
    table = model.families
    if table.empty:
        return None
    return make_table(
        table.assign(smallest_fdr=[p_text(float(value)) for value in table["smallest_fdr"]]),
        [
            *("layer", "kind", "n", "tests", "found", "smallest_fdr", "adjusted_n"),
            *("adjusted_found", "kept", "detectable", "note"),
        ],
        f"Families of tests. Found: associations with a false discovery rate of at most {FDR:g} "
        "(Benjamini-Hochberg over the family). Kept: still significant after adjustment. "
        f"Detectable: the correlation with a power of 80% in a single test at {FDR:g} divided by "
        "the number of tests.",
        file="interpretation_families.tsv",
    )


def significant_table(model: Interpretation) -> Table | None:
    """Significant associations, radiomic features apart; those that remain come first."""
    table = model.associations
    if table.empty:
        return None
    shown = table[~table["kind"].isin(image_families()) & (table["fdr"] <= FDR)]
    vanishes = shown["vanishes"].astype(bool)
    return _associations(
        shown.assign(_last=vanishes).sort_values(["_last", "p"], kind="stable"),
        "Significant associations, without radiomic features. Associations that remain after "
        "adjustment come first; vanishes: not significant after adjustment. Stability: share of "
        "subsamples of 80% of the patients in which the feature is among the strongest 5% of its "
        "layer.",
    )


def layer_tables(model: Interpretation) -> list[Table | None]:
    """The strongest associations of each layer."""
    table = model.associations
    return [
        _associations(
            rows,
            f"Strongest associations in layer {clean(layer)}, of {plural(len(rows), 'test')}.",
        )
        for layer, rows in (table.groupby("layer", sort=False) if len(table) else ())
    ]


def _associations(table: pd.DataFrame, caption: str) -> Table | None:
    if table.empty:
        return None
    table = with_interval(table, "effect", format_number)
    table = with_interval(table, "adjusted", format_number, "adjusted 95% CI")
    table = table.assign(vanishes=["yes" if gone else "" for gone in table["vanishes"]])
    columns = [
        *("feature", "layer", "contrast", "n", "effect", "effect_interval", "effect_name", "p"),
        *("fdr", "vanishes", "adjusted_effect", "adjusted 95% CI", "adjusted_fdr", "stability"),
    ]
    if table["contrast"].nunique() == 1:
        columns.remove("contrast")
    return make_table(table, columns, caption, most=_MOST_ROWS, file="interpretation.tsv")


def figures(name: str, model: Interpretation) -> Iterator[Plan]:
    """Effects of the most strongly associated genes."""
    genes = plot.interpretation.gene_rows(model)
    if len(genes):
        layer = clean(genes["layer"].iloc[0])
        yield Plan(
            file_name("interpretation_genes", name),
            "Most strongly associated genes",
            f"Effects in layer {layer} with 95% intervals, unadjusted and adjusted. At the right: "
            "false discovery rates over all genes of the layer. The strongest of many effects are "
            "overestimated on average.",
            f"Effects of the {len(genes)} genes most clearly associated with {clean(name)}.",
            partial(plot.interpretation_genes, model),
        )
