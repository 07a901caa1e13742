"""What goes with the score or class of an imaging model: genes, gene sets, groups of patients."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.core.results import Interpretation
from omicsfuse.plot.boxes import box_with_points
from omicsfuse.plot.canvas import (
    axes_or_new,
    colour_bar,
    grid_behind,
    nothing,
    panels,
    styled,
)
from omicsfuse.plot.colours import ACCENT, INK, MUTED, PALETTE, subtype_colour
from omicsfuse.plot.gene_sets import draw_sets, explain_dots
from omicsfuse.plot.numbers import clean, shorten
from omicsfuse.stats.levels import SIGNIFICANCE
from omicsfuse.stats.p_values import p_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Features and gene sets drawn at most.
MOST_FEATURES, MOST_SETS = 16, 14


def gene_rows(interpretation: Interpretation, most: int = MOST_FEATURES) -> pd.DataFrame:
    """Associations to draw: the strongest of the layer whose genes are ranked, or of the first.

    Gives rows of ``associations``, by p; of several classes those of all.
    """
    table = interpretation.associations
    if table.empty:
        return table
    linear = table[table["test"] == "moderated t"]
    if linear.empty:
        return linear
    layer = interpretation.params.get("gene_layer")
    layer = layer if layer in set(linear["layer"]) else linear["layer"].iloc[0]
    return linear[linear["layer"] == layer].head(most)


@styled
def interpretation_genes(
    interpretation: Interpretation, *, most: int = MOST_FEATURES, ax: "Axes | None" = None
) -> "Axes":
    """Draw the genes with the strongest association with a model, unadjusted and adjusted.

    Parameters
    ----------
    interpretation : Interpretation
        Its strongest genes are drawn.
    most : int
        Maximum number of genes.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Effects with 95% intervals: filled, unadjusted; open, adjusted for the covariates.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.core.results import Interpretation
    >>> from omicsfuse.plot import interpretation_genes
    >>> table = pd.DataFrame({"layer": "rna", "feature": ["A"], "effect": 0.5, "fdr": 0.01,
    ...     "effect_ci_low": 0.2, "effect_ci_high": 0.8, "effect_name": "log2 change", "p": 0.001,
    ...     "test": "moderated t", "adjusted_effect": 0.3, "adjusted_ci_low": -0.1,
    ...     "adjusted_ci_high": 0.7, "adjusted_fdr": 0.2, "contrast": "score"})
    >>> found = Interpretation("m", pd.Series(dtype=float), "score", table, pd.DataFrame())
    >>> [text.get_text() for text in interpretation_genes(found).get_yticklabels()]
    ['A']
    """
    rows = gene_rows(interpretation, most)
    if rows.empty:
        return nothing("no layer of genes was compared with the score", ax)
    ax = axes_or_new(ax, 6.6, 1.35 + 0.24 * len(rows))
    several = rows["contrast"].nunique() > 1
    places = np.arange(len(rows))
    for kind, shift, colour, face in (
        ("effect", -0.14, ACCENT, ACCENT),
        ("adjusted_effect", 0.14, PALETTE[1], "white"),
    ):
        stem = kind.removesuffix("_effect") if kind != "effect" else "effect"
        known = rows[kind].notna().to_numpy()
        if not known.any():
            continue
        shown, at = rows[known], places[known] + shift
        label = "unadjusted" if kind == "effect" else "adjusted"
        low, high = shown[f"{stem}_ci_low"], shown[f"{stem}_ci_high"]
        ax.hlines(at, low, high, color=colour, linewidth=1.3)
        ax.plot(
            shown[kind],
            at,
            "o" if kind == "effect" else "D",
            color=colour,
            markerfacecolor=face,
            markersize=4.6,
            label=label,
        )
    names = [shorten(name, 30) for name in rows["feature"]]
    if several:
        names = [
            f"{name} ({shorten(c, 20)})" for name, c in zip(names, rows["contrast"], strict=True)
        ]
    ax.set_yticks(places, names)
    ax.set_ylim(len(rows) - 0.4, -0.7)
    ax.axvline(0, color=MUTED, linewidth=0.9, zorder=0)
    ax.set_xlabel(clean(_per(rows, several)) + " (95% CI)")
    grid_behind(ax, "x")
    beside = ax.get_yaxis_transform()
    for x, column, title in ((1.09, "fdr", "FDR"), (1.24, "adjusted_fdr", "adjusted")):
        ax.text(
            x, -0.8, title, transform=beside, ha="center", va="bottom", color=MUTED, fontsize=7.8
        )
        for place, value in zip(places, rows[column], strict=True):
            said = p_text(float(value))
            ax.text(
                x,
                float(place),
                said,
                transform=beside,
                ha="center",
                va="center",
                fontsize=7.8,
                color=INK if value <= SIGNIFICANCE else MUTED,
            )
    ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.2)
    return ax


def _per(rows: pd.DataFrame, several: bool) -> str:
    """What the effect is, without the name of the class where there are several."""
    name = str(rows["effect_name"].iloc[0])
    return f"{name.partition(', ')[0]}, class vs rest" if several else name


@styled
def interpretation_gene_sets(
    interpretation: Interpretation, *, most: int = MOST_SETS, ax: "Axes | None" = None
) -> "Axes":
    """Draw gene sets on the ranking of genes, unadjusted and adjusted.

    Parameters
    ----------
    interpretation : Interpretation
        With ``enrichment``.
    most : int
        Maximum number of gene sets, smallest p of permuted patients in any ranking first.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Dots; colour: normalised enrichment score; area: false discovery rate from permuted
        patients; dark rim: at most 0.05.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.core.results import Interpretation
    >>> from omicsfuse.plot import interpretation_gene_sets
    >>> table = pd.DataFrame({"score": ["score"], "gene_set": ["HYPOXIA"], "nes": [1.8],
    ...                       "p_patients": [0.01], "fdr_patients": [0.03],
    ...                       "contrast": ["score"], "adjusted": [False]})
    >>> none = pd.DataFrame()
    >>> found = Interpretation("m", pd.Series(dtype=float), "score", none, none, table)
    >>> [text.get_text() for text in interpretation_gene_sets(found).get_yticklabels()]
    ['HYPOXIA']
    """
    table = interpretation.enrichment
    table = table.dropna(subset=["nes"]) if len(table) else table
    if table.empty:
        return nothing("no gene set was tested", ax)
    patients = bool(table["fdr_patients"].notna().any())
    p, rate = ("p_patients", "fdr_patients") if patients else ("p", "fdr")
    rankings = table.drop_duplicates("score")
    names = list(rankings["score"].astype(str))
    best = table.sort_values([p, "gene_set"], kind="stable").drop_duplicates("gene_set").head(most)
    best = best.sort_values("nes", ascending=False, kind="stable")
    rows = [str(name) for name in best["gene_set"]]
    shown = table[table["gene_set"].isin(rows)]
    ax = axes_or_new(ax, 4.4 + 0.62 * len(names), 1.9 + 0.22 * len(rows))
    dots = draw_sets(ax, shown, "score", names, rows, rate=rate, smallest=16)
    steps = {"0.5": 0.5, "0.05": 0.05, "0.01": 0.01}
    explain_dots(ax, steps, "FDR,\npatients shuffled" if patients else "FDR", smallest=16)
    ticks = [
        clean(contrast) + ",\nadjusted" * adjusted
        for contrast, adjusted in zip(rankings["contrast"], rankings["adjusted"], strict=True)
    ]
    turned: dict[str, Any] = {"rotation": 40, "ha": "right"} if len(names) > 3 else {}
    ax.set_xticks(range(len(names)), ticks, **turned)
    label = "normalised enrichment score (NES)"
    colour_bar(dots, ax, label, orientation="horizontal", pad=0.02, shrink=0.9, aspect=24)
    return ax


@styled
def interpretation_groups(
    interpretation: Interpretation,
    groups: Mapping[str, str] | None = None,
    *,
    ax: "Axes | None" = None,
) -> "list[Axes]":
    r"""Draw the score of each patient by subtype, or how classes fall into subtypes.

    ``groups``: patient -> group, in place of the subtypes. Of a score: box plots with
    a dot for each patient, on the score's own scale. Of classes: the share of each class by group.
    """
    chosen = interpretation.params.get("subtypes", {}) if groups is None else groups
    group = pd.Series(dict(chosen), dtype=object).reindex(interpretation.scores.index).dropna()
    if group.empty:
        return [nothing("the subtypes of these patients are unknown", ax)]
    scores = interpretation.scores.loc[group.index]
    names = sorted(group.unique(), key=lambda name: (len(str(name)), str(name)))
    ax = panels(ax, 1, 1.6 + 0.85 * len(names), 2.7)[0]
    sizes = [int((group == name).sum()) for name in names]
    if interpretation.kind == "class":
        classes = sorted(scores.unique())
        bottom = np.zeros(len(names))
        for i, value in enumerate(classes):
            share = np.array([float((scores[group == name] == value).mean()) for name in names])
            ax.bar(
                range(len(names)),
                share,
                bottom=bottom,
                width=0.7,
                color=PALETTE[i % len(PALETTE)],
                label=shorten(value, 24),
            )
            bottom += share
        ax.set_ylabel("share of patients")
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
    else:
        values = scores.to_numpy(dtype=float)
        if values.min() > 0 and values.max() > 20 * np.median(values):
            ax.set_yscale("log")
            # In place of powers of ten, which are written as mathematics.
            ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0e}")
        for i, name in enumerate(names):
            inside = values[(group == name).to_numpy()]
            box_with_points(ax, i, inside, subtype_colour(str(name)), s=11)
        ax.set_ylabel(shorten(interpretation.name, 34))
        grid_behind(ax, "y")
    labels = [f"{shorten(name, 14)}\nn = {n}" for name, n in zip(names, sizes, strict=True)]
    ax.set_xticks(range(len(names)), labels)
    ax.set_xlim(-0.6, len(names) - 0.4)
    return [ax]
