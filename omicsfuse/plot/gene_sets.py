"""Gene sets against subtypes, as dots and as a heatmap."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.core.results import Subtypes
from omicsfuse.plot.arguments import names_of, require_columns
from omicsfuse.plot.biology import one_direction
from omicsfuse.plot.canvas import axes_or_new, colour_bar, frameless, grid_behind, nothing, styled
from omicsfuse.plot.colours import DIVERGING, INK
from omicsfuse.plot.numbers import shorten
from omicsfuse.stats.levels import FDR

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_COLUMNS = ("subtype", "gene_set", "nes", "fdr")
#: Rim of a dot that is not found, and label of the colours.
_FAINT_RIM, _NES = "#b7bfc8", "normalised enrichment score (NES)"


@styled
def pathways(
    enrichment: pd.DataFrame,
    *,
    subtypes: Subtypes | Sequence[str] | None = None,
    per_subtype: int = 5,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw gene sets by subtype: colour is the enrichment score, size the significance.

    Parameters
    ----------
    enrichment : pandas.DataFrame
        Columns ``subtype``, ``gene_set``, ``nes``, ``fdr``; with ``group``, overlapping sets are
        shown once, by the first of them.
    subtypes : Subtypes or sequence of str, optional
        All subtypes, or their names. Of two subtypes only the first is drawn, as ``"S1 vs S2"``:
        sets raised in it, then sets lowered in it.
    per_subtype : int
        Number of gene sets of each subtype, smallest false discovery rate first.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Dots; a dark rim marks a false discovery rate of at most 0.05.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import pathways
    >>> table = pd.DataFrame({"subtype": ["S1", "S2"], "gene_set": ["HYPOXIA"] * 2,
    ...                       "nes": [1.8, -1.7], "fdr": [0.01, 0.2]})
    >>> [text.get_text() for text in pathways(table).get_xticklabels()]
    ['S1', 'S2']
    >>> ax = pathways(table, subtypes=["S1", "S2"])
    >>> [text.get_text() for text in ax.get_xticklabels()]
    ['S1 vs S2']
    """
    require_columns(
        enrichment, _COLUMNS, "enrichment", "enrichment of a run, or the table from of.enrich"
    )
    subtypes = names_of(subtypes)
    table = enrichment.dropna(subset=["nes"]) if len(enrichment) else enrichment
    table = one_direction(table, subtypes)
    if table.empty:
        return nothing("no gene set was tested", ax)
    pair = len(subtypes) == 2
    names = sorted(table["subtype"].astype(str).unique(), key=lambda name: (len(name), name))
    table = table.assign(_size=-table["nes"].abs())
    best = table.sort_values(["fdr", "_size", "gene_set"], kind="stable")
    part = best["nes"] <= 0 if pair else best["subtype"].astype(str)
    parts = [best[part == value] for value in ([False, True] if pair else names)]
    rows = _rows_to_show(parts, per_subtype)
    shown = best[best["gene_set"].isin(rows)]
    ax = axes_or_new(ax, 4.6 + 0.45 * len(names), 1.5 + 0.21 * len(rows))
    dots = draw_sets(ax, shown, "subtype", names, rows, rate="fdr", smallest=14)
    steps = {"0.5": 0.5, "0.05": 0.049, "0.01": 0.01, "0.001 or less": 1e-3}
    explain_dots(ax, steps, "FDR", smallest=14)
    ax.set_xticks(range(len(names)), [" vs ".join(subtypes)] if pair else names)
    wide: dict[str, Any] = {"shrink": 1.6 if pair else 0.6, "aspect": 20 if pair else 24}
    label = f"{_NES},\nabove 0: raised in {names[0]}" if pair else _NES
    colour_bar(dots, ax, label, orientation="horizontal", pad=0.02, **wide)
    return ax


def draw_sets(
    ax: "Axes",
    shown: pd.DataFrame,
    column: str,
    names: Sequence[str],
    rows: Sequence[str],
    *,
    rate: str,
    smallest: float,
) -> Any:
    """Dots of gene sets (``rows``) against the names in a column, with a dark rim where found.

    Colour is the normalised enrichment score, area the false discovery rate in the column ``rate``.
    """
    fdr = shown[rate].astype(float).fillna(1)
    far = max(2.0, float(shown["nes"].abs().max()))
    dots = ax.scatter(
        [names.index(str(name)) for name in shown[column]],
        [rows.index(str(name)) for name in shown["gene_set"]],
        s=_area(fdr.to_numpy(), smallest),
        c=shown["nes"].astype(float),
        cmap=DIVERGING,
        vmin=-far,
        vmax=far,
        edgecolors=np.where(fdr <= FDR, INK, _FAINT_RIM),
        linewidths=np.where(fdr <= FDR, 1.1, 0.5).tolist(),
        zorder=3,
    )
    ax.set_yticks(range(len(rows)), [shorten(name, 46) for name in rows])
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(length=0)
    grid_behind(ax)
    frameless(ax)
    return dots


def explain_dots(ax: "Axes", steps: dict[str, float], title: str, *, smallest: float) -> None:
    """Say which area stands for which false discovery rate."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            linestyle="",
            marker="o",
            color="#e8ebee",
            markersize=float(np.sqrt(_area(np.array([value]), smallest)[0])),
            markeredgecolor=INK if value <= FDR else _FAINT_RIM,
            label=text,
        )
        for text, value in steps.items()
    ]
    place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.02), "labelspacing": 0.7}
    ax.legend(handles=handles, title=title, **place)


def _area(fdr: np.ndarray, smallest: float) -> np.ndarray:
    """Area of a dot: grows with the negative logarithm of the false discovery rate, to 0.001."""
    return smallest + 42 * -np.log10(np.clip(fdr, 1e-3, 1))


def _rows_to_show(parts: Sequence[pd.DataFrame], most: int) -> list[str]:
    """First gene sets of each part, none twice, nor two of one group."""
    rows: list[str] = []
    groups: set[str] = set()
    for part in parts:
        first = part.drop_duplicates("group" if "group" in part else "gene_set").head(most)
        for gene_set, group in zip(
            first["gene_set"].astype(str), first.get("group", first["gene_set"]), strict=True
        ):
            if gene_set not in rows and str(group) not in groups:
                rows.append(gene_set)
                groups.add(str(group))
    return rows


@styled
def pathway_heatmap(
    enrichment: pd.DataFrame,
    *,
    subtypes: Subtypes | Sequence[str] | None = None,
    most: int = 30,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the normalised enrichment scores of gene sets by subtype, as a heatmap.

    Each row is a group of overlapping gene sets, named by its representative. Rows are ordered by
    the subtype with the highest score.

    Parameters
    ----------
    enrichment : pandas.DataFrame
        Columns ``subtype``, ``gene_set``, ``nes``, ``fdr``, ``group``.
    subtypes : Subtypes or sequence of str, optional
        All subtypes, or their names. Of two subtypes only the first is drawn.
    most : int
        Maximum number of rows, smallest false discovery rate first.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Heatmap; a dot marks a false discovery rate of at most 0.05, grey a set that was not tested.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import pathway_heatmap
    >>> table = pd.DataFrame({"subtype": ["S1", "S2"], "gene_set": "HYPOXIA", "group": "HYPOXIA",
    ...                       "nes": [1.8, -1.7], "fdr": [0.01, 0.2]})
    >>> pathway_heatmap(table).images[0].get_array().shape
    (1, 2)
    """
    import matplotlib

    require_columns(
        enrichment, _COLUMNS, "enrichment", "enrichment of a run, or the table from of.enrich"
    )
    subtypes = names_of(subtypes)
    table = enrichment.dropna(subset=["nes"]) if len(enrichment) else enrichment
    table = one_direction(table, subtypes)
    if table.empty:
        return nothing("no gene set was tested", ax)
    table = table[table["gene_set"] == table.get("group", table["gene_set"])]
    if table.empty:
        return nothing("no gene set that represents a group was tested", ax)
    names = sorted(table["subtype"].astype(str).unique(), key=lambda name: (len(name), name))
    nes, fdr = (
        table.pivot_table(index="gene_set", columns="subtype", values=value, aggfunc="first")
        .reindex(columns=names)
        .astype(float)
        for value in ("nes", "fdr")
    )
    best = fdr.min(axis=1).fillna(1.0).sort_values(kind="stable").head(most).index
    highest = nes.loc[best].fillna(-np.inf).to_numpy()
    place = pd.DataFrame(
        {"subtype": highest.argmax(axis=1), "nes": -highest.max(axis=1)}, index=best
    )
    rows = place.sort_values(["subtype", "nes"], kind="stable").index
    values = nes.loc[rows].to_numpy()
    ax = axes_or_new(ax, 4.4 + 0.5 * len(names), 1.3 + 0.19 * len(rows))
    far = max(2.0, float(np.nanmax(np.abs(values))))
    image = ax.imshow(
        np.ma.masked_invalid(values),
        cmap=matplotlib.colormaps[DIVERGING].with_extremes(bad="#c9ced4"),
        vmin=-far,
        vmax=far,
        aspect="auto",
    )
    marked = np.argwhere(fdr.loc[rows].to_numpy() <= FDR)
    if len(marked):
        dots = ["white" if abs(values[i, j]) > 0.62 * far else INK for i, j in marked]
        ax.scatter(marked[:, 1], marked[:, 0], s=9, c=dots, zorder=3)
    pair = len(subtypes) == 2
    ax.set_xticks(range(len(names)), [" vs ".join(subtypes)] if pair else names)
    ax.set_yticks(range(len(rows)), [shorten(str(name), 46) for name in rows])
    ax.set_xticks(np.arange(0.5, len(names) - 1), minor=True)
    ax.set_yticks(np.arange(0.5, len(rows) - 1), minor=True)
    ax.grid(which="minor", color="white", linewidth=1.2)
    ax.tick_params(which="both", length=0)
    frameless(ax)
    colour_bar(
        image,
        ax,
        "normalised enrichment score" + (f"\nabove 0: raised in {names[0]}" if pair else ""),
        shrink=0.5,
        aspect=18,
        pad=0.03,
    )
    return ax
