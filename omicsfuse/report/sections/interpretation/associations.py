"""Associations of an imaging model with features, family by family, as they are and adjusted."""

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
    """Say how much of the score is volume."""
    said = []
    for contrast, volume in model.params.get("volume_correlation", {}).items():
        r = float(volume["correlation"])
        if r != r:
            continue
        who = "It" if model.kind == "score" else clean(contrast)
        interval = f"95% CI {volume['low']:.2f} to {volume['high']:.2f}, n = {volume['n']}"
        if abs(r) > MEASURE:
            said.append(
                f"{who} is a measure of the tumour's volume (Spearman correlation {r:.2f}, "
                f"{interval}): what goes with it goes with size, and little can be said of it "
                "beyond that."
            )
        elif model.kind == "score" or volume["p"] <= SIGNIFICANCE:
            said.append(
                f"{who} has a Spearman correlation of {r:.2f} with the tumour's volume "
                f"({interval})."
            )
    return said


def _described(model: Interpretation) -> pd.DataFrame:
    """Families that were tested, radiomic features apart."""
    families = model.families
    if families.empty:
        return families
    return families[(families["tests"] > 0) & ~families["kind"].isin(image_families())]


def significant_sentences(model: Interpretation) -> str:
    """Say what was found, family by family; empty where nothing was."""
    said = [_family(model, row) for _, row in _described(model).iterrows() if row["found"]]
    return f"Found at a false discovery rate of {FDR:g}. {' '.join(said)}" if said else ""


def _family(model: Interpretation, row: pd.Series) -> str:
    """Say what was found in one family, and what is left of it once adjusted."""
    table = model.associations
    rows = table[(table["layer"] == row["layer"]) & (table["kind"] == row["kind"])]
    rows = rows[rows["fdr"] <= FDR]
    significant = rows[rows["adjusted_fdr"] <= FDR]
    top = (significant if len(significant) else rows).iloc[0]
    low, high = float(top["effect_ci_low"]), float(top["effect_ci_high"])
    interval = f", 95% CI {_effect(low)} to {_effect(high)}" if low == low else ""
    single = int(row["tests"]) == 1
    strongest = (
        ("" if single else f"{clean(top['feature'])}: ")
        + f"{clean(top['effect_name'])} {_effect(float(top['effect']))}"
        f"{interval}, {format_p(float(top['p']))}, {format_p(float(top['fdr']), 'FDR')}"
    )
    layer, n = clean(row["layer"]), int(row["n"])
    text = (
        f"{layer} (n = {n}; {strongest})"
        if single
        else f"{layer}: {int(row['found']):,} of {int(row['tests']):,} found (n = {n}; most "
        f"clearly {strongest})"
    )
    if int(row["adjusted_n"]) == 0:
        note = row["note"]
        why = f" ({clean(note)})" if isinstance(note, str) and note else ""
        return f"{text}; not adjusted{why}."
    if int(row["kept"]) == int(row["found"]):
        return f"{text}; {'it stays' if single else 'all stay'} when adjusted."
    if row["kept"]:
        left = f"{int(row['kept']):,} stay"
    else:
        left = "it vanishes" if int(row["found"]) == 1 else "all vanish"
    return f"{text}; {left} when adjusted (n = {int(row['adjusted_n'])})."


def _effect(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 0.095 else f"{value:.2g}"


def nothing_sentence(model: Interpretation) -> str:
    """Name the families in which nothing was found, and what could have been."""
    families = _described(model)
    nothing = families[families["found"] == 0] if len(families) else families
    if nothing.empty:
        return ""
    parts = [
        f"{clean(row['layer'])} ({plural(int(row['tests']), 'test')}, n = {int(row['n'])}, "
        f"smallest {format_p(float(row['smallest_fdr']), 'FDR')})"
        for _, row in nothing.iterrows()
    ]
    most = nothing.iloc[int(nothing["tests"].to_numpy().argmax())]
    return (
        f"Nothing was found at a false discovery rate of {FDR:g} in {listing(parts)}; with "
        f"{plural(int(most['tests']), 'test')} in {plural(int(most['n']), 'patient')} a "
        f"correlation of {format_number(float(most['detectable']), 2)} or more would be found "
        "in four of five cases, a smaller one less often."
    )


def adjusting_sentences(model: Interpretation) -> str:
    """Say for what effects were adjusted, and for what not."""
    names, without = model.params.get("adjusted_for", []), model.params.get("not_adjusted_for", [])
    text = "Nothing was adjusted for."
    if names:
        n, known = len(model.scores), int(model.params.get("n_adjusted", 0))
        who = f"{'all' if known == n else f'{known} of'} {plural(n, 'patient')}"
        text = f"Adjusted for {listing(names)}, which {who} have."
    if without:
        text += f" Not adjusted for: {'; '.join(clean(note) for note in without)}."
    return text


def families_table(model: Interpretation) -> Table | None:
    """Families of tests, with what each could have shown."""
    table = model.families
    if table.empty:
        return None
    return make_table(
        table.assign(smallest_fdr=[p_text(float(value)) for value in table["smallest_fdr"]]),
        [
            *("layer", "kind", "n", "tests", "found", "smallest_fdr", "adjusted_n"),
            *("adjusted_found", "kept", "detectable", "note"),
        ],
        f"Families of tests. Found: false discovery rate of at most {FDR:g} (Benjamini-"
        "Hochberg over the family); kept: found, and found adjusted. Detectable: the "
        f"correlation that a single test at {FDR:g} over the number of tests finds with a "
        "power of 80%.",
        file="interpretation_families.tsv",
    )


def significant_table(model: Interpretation) -> Table | None:
    """What was found, radiomic features apart; those that stay when adjusted come first."""
    table = model.associations
    if table.empty:
        return None
    shown = table[~table["kind"].isin(image_families()) & (table["fdr"] <= FDR)]
    vanishes = shown["vanishes"].astype(bool)
    return _associations(
        shown.assign(_last=vanishes).sort_values(["_last", "p"], kind="stable"),
        "What was found, radiomic features apart. Those that stay when adjusted come "
        "first; vanishes: found, and not found once adjusted. Stability: share of "
        "subsamples of 80% of the patients in which the feature is among the strongest "
        "5% of its layer.",
    )


def layer_tables(model: Interpretation) -> list[Table | None]:
    """The strongest associations of each layer."""
    table = model.associations
    return [
        _associations(
            rows,
            f"Strongest of layer {clean(layer)}. By p; the family is {plural(len(rows), 'test')}.",
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
    """Effects of the genes that go with it most clearly."""
    genes = plot.interpretation.gene_rows(model)
    if len(genes):
        layer = clean(genes["layer"].iloc[0])
        yield Plan(
            file_name("interpretation_genes", name),
            "Genes that go with it most clearly",
            f"Effects in layer {layer} with 95% intervals, as they are and adjusted; at the "
            "right false discovery rates over all genes of the layer. The strongest of many "
            "look stronger than they are.",
            f"Effects of the {len(genes)} genes most clearly associated with {clean(name)}.",
            partial(plot.interpretation_genes, model),
        )
