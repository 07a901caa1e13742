"""Immune and stromal context: which scores differ between subtypes, and shares of cells."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import ImmuneContext, Subtypes
from omicsfuse.plot.arguments import names_of
from omicsfuse.plot.boxes import box_with_points
from omicsfuse.plot.canvas import axes_or_new, colour_bar, frameless, nothing, panel_grid, styled
from omicsfuse.plot.colours import DIVERGING, INK, MUTED, subtype_colour
from omicsfuse.plot.numbers import format_p, shorten
from omicsfuse.plot.subtype_bars import bars_above
from omicsfuse.stats.levels import FDR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Name of the comparison of all subtypes at once.
OVERALL = "overall"
#: Colours of cell types, none of them that of a subtype: Paul Tol's light and pale schemes.
_TYPE_COLOURS = (
    "#77AADD", "#EE8866", "#EEDD88", "#FFAABB", "#99DDFF", "#44BB99", "#BBCC33", "#AAAA00",
    "#8C6BB1", "#B58463",
)  # fmt: skip
#: Cell types drawn with a colour of their own; the others are one.
_MOST_TYPES = len(_TYPE_COLOURS)
#: Scores that the heatmap draws at most.
MOST_SCORES = 40
_OTHER = "#d9dde1"


def strongest_scores(tests: pd.DataFrame, most: int) -> list[str]:
    """Scores with the smallest p of a comparison of one subtype with the rest, then by name."""
    if tests.empty:
        return []
    rest = tests[(tests["comparison"] != OVERALL) & tests["p"].notna()]
    best = rest.sort_values(["p", "score"], kind="stable")["score"]
    return [str(name) for name in best.drop_duplicates().head(most)]


@styled
def immune_heatmap(
    immune: ImmuneContext,
    subtypes: Subtypes | Sequence[str],
    *,
    most: int = MOST_SCORES,
    fdr: float = FDR,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the difference of each subtype from the rest in each score.

    Colour is the rank-biserial correlation, from -1 (every patient of the subtype below every
    other) to 1; a dot marks a false discovery rate below ``fdr``.

    Parameters
    ----------
    immune : ImmuneContext
        With ``tests``.
    subtypes : Subtypes or sequence of str
        The subtypes, or their names; of two subtypes the first is drawn.
    most : int
        Maximum number of scores, smallest p first.
    fdr : float
        Threshold of the false discovery rate to mark.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot.immune import immune_heatmap
    >>> from omicsfuse.core.results import ImmuneContext
    >>> tests = pd.DataFrame({"score": ["mcp: T cells"] * 2, "comparison": ["S1", "S2"],
    ...                       "effect": [0.5, -0.5], "p": [0.01, 0.01], "fdr": [0.02, 0.02]})
    >>> coverage = pd.DataFrame({"score": ["mcp: T cells"], "collection": ["mcp"]})
    >>> ax = immune_heatmap(ImmuneContext(pd.DataFrame(), coverage, tests), ["S1", "S2"])
    >>> [text.get_text() for text in ax.get_xticklabels()]
    ['S1 vs S2']
    """
    tests, subtypes = immune.tests, names_of(subtypes)
    chosen = strongest_scores(tests, most)
    if not chosen:
        return nothing("no score was compared between subtypes", ax)
    # Collections one after the other, each from the subtype it stands out in.
    order = immune.coverage.set_index("score")["collection"].reindex(chosen)
    rows = [
        name for group in dict.fromkeys(sorted(order)) for name in chosen if order[name] == group
    ]
    names = subtypes[:1] if len(subtypes) == 2 else subtypes
    shown = tests[tests["comparison"].isin(names)]
    effect = shown.pivot(index="score", columns="comparison", values="effect")
    effect = effect.reindex(index=rows, columns=names)
    rates = shown.pivot(index="score", columns="comparison", values="fdr")
    marked = rates.reindex(index=rows, columns=names).to_numpy(dtype=float) <= fdr
    ax = axes_or_new(ax, 3.9 + 0.5 * len(names), 1.2 + 0.165 * len(rows))
    image = ax.imshow(
        np.ma.masked_invalid(effect.to_numpy(dtype=float)),
        cmap=DIVERGING,
        vmin=-1,
        vmax=1,
        aspect="auto",
    )
    y, x = np.nonzero(marked)
    values = np.abs(effect.to_numpy(dtype=float)[y, x])
    ax.scatter(x, y, s=7, c=np.where(values > 0.6, "white", INK), linewidths=0)
    labels = [" vs ".join(subtypes)] if len(subtypes) == 2 else names
    ax.set_xticks(range(len(names)), labels)
    ax.set_yticks(range(len(rows)), [shorten(name, 44) for name in rows])
    ax.tick_params(length=0)
    ax.tick_params(axis="y", labelsize=7)
    frameless(ax)
    for place in range(1, len(rows)):
        if order[rows[place]] != order[rows[place - 1]]:
            ax.axhline(place - 0.5, color="white", linewidth=2.5)
    colour_bar(
        image,
        ax,
        "rank-biserial correlation"
        + (f",\nabove 0: higher in {subtypes[0]}" if len(subtypes) == 2 else ""),
        shrink=min(1.0, 12 / max(len(rows), 1)),
        aspect=18,
    )
    return ax


@styled
def immune_strips(
    immune: ImmuneContext,
    subtypes: Subtypes,
    *,
    most: int = 6,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the scores that differ most as box plots with a dot for each patient."""
    chosen = strongest_scores(immune.tests, most)
    if not chosen:
        return nothing("no score was compared between subtypes", ax)
    names = subtypes.names
    columns = 3 if len(names) < 6 else 2
    rows = -(-len(chosen) // columns)
    axes = panel_grid(ax, len(chosen), columns, 7.0, 0.3 + 1.75 * rows)
    overall = (
        immune.tests[immune.tests["comparison"] == OVERALL].set_index("score")["fdr"].astype(float)
    )
    for panel, score in zip(axes, chosen, strict=True):
        values = immune.scores[score]
        for place, name in enumerate(names):
            members = subtypes.labels.index[subtypes.labels == name]
            known = values.reindex(members).dropna().to_numpy(dtype=float)
            if len(known):
                box_with_points(panel, place, known, subtype_colour(name))
        panel.set_xticks(range(len(names)), names)
        panel.set_xlim(-0.6, len(names) - 0.4)
        panel.tick_params(axis="x", length=0)
        panel.set_title(shorten(score, 29 if columns == 3 else 46), fontsize=7.6)
        if score in overall.index:
            text = format_p(float(overall.to_dict()[score]), "overall FDR")
            panel.set_xlabel(text, fontsize=6.8, color=MUTED, loc="right")
    return axes[0]


@styled
def cell_fractions(
    immune: ImmuneContext, subtypes: Subtypes, *, ax: "Axes | None" = None
) -> "Axes":
    """Draw the fractions of cell types of every patient as stacked bars, by subtype.

    Parameters
    ----------
    immune : ImmuneContext
        With ``fractions``.
    subtypes : Subtypes
        Labels; patients without a label are not drawn.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot.immune import cell_fractions
    >>> from omicsfuse.core.results import ImmuneContext, Subtypes
    >>> shares = pd.DataFrame({"B": [0.5, 0.2], "T": [0.5, 0.8]}, ["P1", "P2"])
    >>> empty = pd.DataFrame()
    >>> immune = ImmuneContext(empty, empty, fractions=shares)
    >>> labels = pd.Series(["S1", "S2"], ["P1", "P2"])
    >>> len(cell_fractions(immune, Subtypes(labels, {}, {})).collections)
    2
    """
    shares = immune.fractions
    known = shares.dropna() if len(shares) else shares
    known = known.loc[known.index.isin(subtypes.labels.index)]
    if known.empty:
        return nothing("no shares of cell types", ax)
    means = known.mean().sort_values(ascending=False, kind="stable")
    named = list(means.index[:_MOST_TYPES])
    drawn = known[named]
    if len(means) > len(named):
        drawn = drawn.assign(**{"all others": known.drop(columns=named).sum(axis=1)})
    labels = subtypes.labels.reindex(drawn.index)
    order: list[str] = []
    for name in subtypes.names:
        members = drawn.loc[labels == name].sort_values(named[0], ascending=False, kind="stable")
        order += list(members.index)
    drawn = drawn.loc[order]
    ax = axes_or_new(ax, 7.0, 3.2)
    edges = np.arange(len(drawn) + 1)
    bottom = np.zeros(len(drawn))
    for place, name in enumerate(drawn.columns):
        top = bottom + drawn[name].to_numpy(dtype=float)
        colour = _TYPE_COLOURS[place] if place < len(named) else _OTHER
        ax.fill_between(edges, np.append(bottom, bottom[-1]), np.append(top, top[-1]), step="post",
                        color=colour, linewidth=0, label=shorten(name, 24))  # fmt: skip
        bottom = top
    bars_above(ax, labels.loc[order], subtypes.names, np.arange(len(drawn)) + 0.5)
    ax.set_xlim(0, len(drawn))
    ax.set_ylim(0, 1)
    ax.set_xticks([])
    ax.set_ylabel("share of cell types")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02), handlelength=0.9, fontsize=7)
    return ax
