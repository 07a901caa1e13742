"""Which layers tell the subtypes, alone and together."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import Assessment
from omicsfuse.plot.canvas import axes_or_new, colour_bar, frameless, nothing, panels, styled
from omicsfuse.plot.colours import ACCENT, DIVERGING, FAINT, text_colour
from omicsfuse.plot.numbers import clean, format_ratio, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Affinity within over between subtypes at which the colours of ``subtype_layers`` end: the same in
#: every figure, so that a colour always means the same ratio.
_DARKEST = 4.0
#: Columns of the layers table in the order drawn, with their titles.
_LAYER_TITLES = {
    "agreement_alone": "layer alone:\nagreement with subtypes",
    "agreement_without": "without the layer:\nagreement with subtypes",
    "silhouette": "mean silhouette of subtypes\nin the layer's own network",
}


@styled
def layer_contributions(assessment: Assessment, *, ax: "Axes | None" = None) -> "list[Axes]":
    """Draw the agreement of the subtypes with each layer, and their change without the layer.

    Parameters
    ----------
    assessment : Assessment
        Its ``layers`` has one row a layer and numeric columns, each drawn as one panel.
    ax : matplotlib.axes.Axes, optional
        Axes to draw in; a new figure otherwise.

    Returns
    -------
    list of matplotlib.axes.Axes
        One for each column.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import layer_contributions
    >>> from omicsfuse.core.results import Assessment
    >>> table = pd.DataFrame({"agreement": [0.2, 0.7]}, ["radiomics", "expression"])
    >>> len(layer_contributions(Assessment(pd.DataFrame(), table, {})))
    1
    """
    from matplotlib.ticker import MaxNLocator

    table = assessment.layers
    shown = layer_columns(table)
    if not shown:
        return [nothing("the contributions of layers were not assessed", ax)]
    height = 1.0 + 0.3 * len(table)
    drawn = panels(ax, len(shown), 1.6 + 2.2 * len(shown), height)
    for i, (panel, name) in enumerate(zip(drawn, shown, strict=True)):
        values = table[name].to_numpy(dtype=float)
        rows = np.arange(len(table))
        finite = np.isfinite(values)
        panel.axvline(0, color=FAINT, linewidth=1)
        panel.hlines(rows[finite], 0, values[finite], color=FAINT, linewidth=3)
        panel.plot(values[finite], rows[finite], "o", color=ACCENT, markersize=6)
        for y, value in zip(rows, values, strict=True):
            text = f"{value:.2f}" if np.isfinite(value) else "not assessed"
            at = (value, y) if np.isfinite(value) else (0, y)
            panel.annotate(
                text, at, xytext=(7, 0), textcoords="offset points", va="center", fontsize=7.5
            )
        panel.set_yticks(rows, [shorten(layer, 26) for layer in table.index] if i == 0 else [])
        panel.set_ylim(len(table) - 0.5, -0.5)
        low, high = np.nanmin([0, *values[finite]]), np.nanmax([0, *values[finite]])
        wide = max(high, 0.1)
        panel.set_xlim(min(low * 1.25, -0.06 * wide), wide * 1.3)
        panel.xaxis.set_major_locator(MaxNLocator(nbins=3))
        panel.tick_params(axis="y", length=0)
        panel.set_title(column_title(name), fontsize=8.5)
    return drawn


def layer_columns(table: pd.DataFrame) -> list[str]:
    """Columns of the layers table that are drawn: numbers between -1 and 1, three at most."""
    names = [name for name in _LAYER_TITLES if name in table and table[name].notna().any()]
    if names:
        return names
    for name in table.columns:
        column = table[name]
        if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
            continue
        finite = column.dropna().abs()
        if len(finite) and (finite <= 1).all():
            names.append(str(name))
    return names[:3]


def column_title(name: str) -> str:
    """Title of a column of the layers table."""
    return _LAYER_TITLES.get(name, clean(name).replace("_", " "))


@styled
def subtype_layers(assessment: Assessment, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the affinity within each subtype relative to that to others, by layer.

    Parameters
    ----------
    assessment : Assessment
        With ``subtype_layers``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Affinity between members over affinity to others; the colours are logarithmic around 1 and
        the same in every figure, from a quarter to four times.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import subtype_layers
    >>> from omicsfuse.core.results import Assessment
    >>> table = pd.DataFrame({"subtype": ["S1", "S2"], "layer": "expression", "ratio": [2.0, 0.9]})
    >>> none = pd.DataFrame()
    >>> ax = subtype_layers(Assessment(none, none, {}, subtype_layers=table))
    >>> [text.get_text() for text in ax.texts]
    ['2.00', '0.90']
    """
    import matplotlib
    from matplotlib.colors import to_hex

    table = assessment.subtype_layers
    if table.empty or not (table["ratio"] > 0).any():
        return nothing("affinities within and between subtypes were not compared", ax)
    names, layers = list(dict.fromkeys(table["subtype"])), list(dict.fromkeys(table["layer"]))
    ratios = table.pivot(index="layer", columns="subtype", values="ratio").loc[layers, names]
    values = np.log2(ratios.where(ratios > 0).to_numpy(dtype=float))
    far = float(np.log2(_DARKEST))
    ax = axes_or_new(ax, 2.6 + 0.62 * len(names), 1.2 + 0.32 * len(layers))
    colours = matplotlib.colormaps[DIVERGING].with_extremes(bad="#c9ced4")
    image = ax.imshow(
        np.ma.masked_invalid(values), cmap=colours, vmin=-far, vmax=far, aspect="auto"
    )
    for (y, x), value in np.ndenumerate(values):
        known = bool(np.isfinite(value))
        background = to_hex(colours((value / far + 1) / 2)) if known else "#c9ced4"
        ax.text(
            x, y, format_ratio(2.0**value) if known else "-",
            ha="center", va="center", fontsize=8, color=text_colour(background),
        )  # fmt: skip
    ax.set_xticks(range(len(names)), [clean(name) for name in names])
    ax.set_yticks(range(len(layers)), [shorten(layer, 26) for layer in layers])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    frameless(ax)
    bar = colour_bar(
        image, ax, "affinity within / between\n(log scale)", fraction=0.06, pad=0.03, aspect=14
    )
    ticks = np.array([1 / _DARKEST, 0.5, 1.0, 2.0, _DARKEST])
    texts = [f"{tick:g}" for tick in ticks]
    texts[0], texts[-1] = f"{texts[0]} or less", f"{texts[-1]} or more"
    bar.set_ticks(np.log2(ticks).tolist(), labels=texts)
    return ax
