"""Radiomic clusters against co-expression modules: a heatmap, and a network with two columns."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import RadiogenomicMap
from omicsfuse.plot.canvas import axes_or_new, colour_bar, frameless, nothing, styled
from omicsfuse.plot.colours import ACCENT, DIVERGING, FAINT, INK, MUTED, PALETTE
from omicsfuse.plot.numbers import clean, shorten
from omicsfuse.stats.levels import FDR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Clusters drawn at most in the heatmap, those with the strongest evidence, and edges in the
#: network.
MOST_CLUSTERS = 30
MOST_EDGES = 60


@styled
def module_heatmap(radiogenomics: RadiogenomicMap, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the held-out canonical correlation of radiomic clusters and co-expression modules.

    A row for each cluster (at most ``MOST_CLUSTERS``, those with the smallest p), a column for
    each module; dots where the false discovery rate is at most 0.05.
    """
    import matplotlib

    table = radiogenomics.modules
    if table.empty:
        return nothing("radiomic clusters were not compared with co-expression modules", ax)
    strongest = table.sort_values("p", kind="stable").drop_duplicates("cluster")
    clusters = _natural(strongest["cluster"].head(MOST_CLUSTERS))
    modules = _natural(table["module"])
    shown = table[table["cluster"].isin(clusters)]
    wide = shown.pivot(index="cluster", columns="module", values="correlation")
    wide = wide.loc[clusters, modules]
    rates = shown.pivot(index="cluster", columns="module", values="fdr").loc[clusters, modules]
    ax = axes_or_new(ax, min(3.2 + 0.34 * len(modules), 9), 1.9 + 0.19 * len(clusters))
    limit = max(0.3, float(np.nanmax(np.abs(wide.to_numpy()))))
    colours = matplotlib.colormaps[DIVERGING]
    image = ax.pcolormesh(
        wide.to_numpy(), cmap=colours, vmin=-limit, vmax=limit, edgecolors="white", linewidth=0.4
    )
    rows, columns = np.nonzero(rates.to_numpy() <= FDR)
    # The cells found are the darkest: a white rim keeps the dots apart from them.
    ax.plot(
        columns + 0.5, rows + 0.5, "o", color=INK, markersize=4.6, linestyle="none", mec="white"
    )
    names = _cluster_names(table)
    ax.set_yticks(np.arange(len(clusters)) + 0.5, [shorten(names[c], 38) for c in clusters])
    hubs = _module_names(table)
    ax.set_xticks(
        np.arange(len(modules)) + 0.5,
        [shorten(hubs[m], 30) for m in modules],
        rotation=40,
        ha="right",
        rotation_mode="anchor",
    )
    ax.tick_params(length=0, labelsize=7)
    ax.invert_yaxis()
    frameless(ax)
    colour_bar(
        image,
        ax,
        "correlation in held-out patients",
        small=True,
        fraction=0.03,
        pad=0.02,
        aspect=26,
    )
    return ax


@styled
def module_network(radiogenomics: RadiogenomicMap, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the associations of radiomic clusters with co-expression modules.

    Parameters
    ----------
    radiogenomics : RadiogenomicMap
        With ``modules``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Clusters at the left, modules at the right, with lines for a false discovery rate of at most
        0.05 (at most ``MOST_EDGES``, smallest p first). The width of a line is the correlation.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import module_network
    >>> from omicsfuse.core.results import RadiogenomicMap
    >>> none = pd.DataFrame()
    >>> table = pd.DataFrame({"cluster": ["R1"], "module": ["M1"], "correlation": [0.5],
    ...                       "p": [0.01], "fdr": [0.01], "representative": ["f"],
    ...                       "hub_genes": ["A, B"]})
    >>> ax = module_network(RadiogenomicMap(none, none, none, modules=table))
    >>> [text.get_text() for text in ax.texts][:2]
    ['R1: f', 'M1: A, B']
    """
    table = radiogenomics.modules
    edges = table[table["fdr"] <= FDR] if len(table) else table
    if edges.empty:
        return nothing("no radiomic cluster is associated with a co-expression module", ax)
    edges = edges.sort_values("p", kind="stable").head(MOST_EDGES)
    clusters, modules = _natural(edges["cluster"]), _natural(edges["module"])
    tallest = max(len(clusters), len(modules))
    ax = axes_or_new(ax, 7.2, 0.9 + 0.27 * tallest)
    left = dict(zip(clusters, _heights(len(clusters), tallest), strict=True))
    right = dict(zip(modules, _heights(len(modules), tallest), strict=True))
    across = np.linspace(0, 1, 40)
    bend = 3 * across**2 - 2 * across**3
    for row in edges.to_dict("records"):
        start, end = left[str(row["cluster"])], right[str(row["module"])]
        width = 0.6 + 5 * max(0.0, float(row["correlation"])) ** 1.5
        ax.plot(
            across,
            start + (end - start) * bend,
            color=ACCENT,
            alpha=0.55,
            linewidth=width,
            zorder=1,
        )
    cluster_names, module_names = _cluster_names(table), _module_names(table)
    for x, places, names, colour, side in (
        (0.0, left, cluster_names, PALETTE[0], "right"),
        (1.0, right, module_names, PALETTE[1], "left"),
    ):
        for name, y in places.items():
            ax.plot(x, y, "o", color=colour, markersize=6, zorder=3)
            away = -0.03 if side == "right" else 0.03
            ax.text(x + away, y, shorten(names[name], 36), ha=side, va="center", fontsize=7.5)
    ax.set_xlim(-1.05, 2.0)
    ax.set_ylim(tallest - 0.4, -1.2)
    for x, title in ((0.0, "radiomic clusters"), (1.0, "gene modules")):
        ax.annotate(
            title, (x, -0.85), ha="right" if x == 0 else "left", fontsize=8, color=MUTED,
            fontweight="bold",
        )  # fmt: skip
    ax.plot([0, 0], [-0.4, tallest - 0.6], color=FAINT, linewidth=0.6, zorder=0)
    ax.plot([1, 1], [-0.4, tallest - 0.6], color=FAINT, linewidth=0.6, zorder=0)
    ax.axis("off")
    return ax


def _heights(count: int, tallest: int) -> list[float]:
    """Places of so many nodes, spread over the height of the taller column."""
    step = tallest / count
    return [step * (i + 0.5) - 0.5 for i in range(count)]


def _natural(names: pd.Series) -> list[str]:
    return sorted(dict.fromkeys(names.astype(str)), key=lambda name: (len(name), name))


def _cluster_names(table: pd.DataFrame) -> dict[str, str]:
    return {
        str(cluster): f"{cluster}: {clean(feature)}" if feature else str(cluster)
        for cluster, feature in zip(table["cluster"], table["representative"], strict=True)
    }


def _module_names(table: pd.DataFrame) -> dict[str, str]:
    return {
        str(module): f"{module}: {clean(genes)}" if genes else str(module)
        for module, genes in zip(table["module"], table["hub_genes"], strict=True)
    }
