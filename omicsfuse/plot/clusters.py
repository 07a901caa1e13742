"""Evidence for the number of subtypes, for each subtype, and for what each layer brings."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.plot.canvas import axes_or_new, nothing, panels, styled
from omicsfuse.plot.colours import ACCENT, FAINT, INK, MUTED, PALETTE, subtype_colour
from omicsfuse.plot.numbers import clean, shorten
from omicsfuse.results import Assessment, Subtypes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CRITERIA = {
    "eigengap": "eigengap",
    "silhouette": "mean silhouette",
}
#: Columns of the layers table in the order drawn, with their titles.
_LAYER_TITLES = {
    "agreement_alone": "layer alone:\nagreement with subtypes",
    "agreement_without": "without the layer:\nagreement with subtypes",
    "silhouette": "mean silhouette of subtypes\nin the layer's own network",
}
#: Mean Jaccard similarity from which a subtype is said to come back in resampled patients (Hennig
#: 2007, Comput Stat Data Anal 52:258); data without any groups hardly reach it.
COMES_BACK = 0.75


@styled
def choice_of_k(subtypes: Subtypes, *, ax: "Axes | None" = None) -> "list[Axes]":
    """Draw eigengap and silhouette against the number of subtypes, the chosen one marked.

    Parameters
    ----------
    subtypes : Subtypes
        Subtypes with ``evidence["n_clusters"]``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw in; a new figure otherwise.

    Returns
    -------
    list of matplotlib.axes.Axes
        One for each criterion.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import choice_of_k
    >>> from omicsfuse.results import Subtypes
    >>> table = pd.DataFrame(
    ...     {"eigengap": [0.1, 0.4], "silhouette": [0.2, 0.3], "chosen": [False, True]}, [2, 3]
    ... )
    >>> len(choice_of_k(Subtypes(pd.Series(dtype=str), {"n_clusters": table}, {})))
    2
    """
    table = subtypes.evidence.get("n_clusters", pd.DataFrame())
    shown = [name for name in _CRITERIA if name in table and table[name].notna().any()]
    if not shown:
        return [nothing("no criterion was computed for the number of subtypes", ax)]
    drawn = panels(ax, len(shown), 3.2 * len(shown), 2.5)
    chosen = (
        table["chosen"].fillna(False).astype(bool)
        if "chosen" in table
        else pd.Series(False, table.index)
    )
    for panel, name in zip(drawn, shown, strict=True):
        values = table[name].astype(float)
        panel.grid(axis="y")
        panel.set_axisbelow(True)
        for k in table.index[chosen]:
            panel.axvline(k, color=PALETTE[1], linewidth=5, alpha=0.18, zorder=0)
        panel.plot(table.index, values, "-", color=MUTED, linewidth=1.2)
        panel.plot(table.index, values, "o", color=ACCENT, markersize=5)
        panel.plot(
            table.index[chosen], values[chosen], "o", color=PALETTE[1], markersize=8, label="chosen"
        )
        panel.set_xticks([int(k) for k in table.index])
        panel.set_xlim(min(table.index) - 0.5, max(table.index) + 0.5)
        panel.set_xlabel("number of subtypes k")
        panel.set_title(_CRITERIA[name])
        panel.margins(y=0.15)
    if chosen.any():
        drawn[-1].legend(loc="best")
    return drawn


@styled
def stability(assessment: Assessment, *, ax: "Axes | None" = None) -> "Axes":
    """Draw how well each subtype is found again in resampled patients.

    Parameters
    ----------
    assessment : Assessment
        Its ``stability`` has ``jaccard_mean`` and ``jaccard_sd``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Mean Jaccard similarity and its standard deviation; a dashed line at 0.75.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import stability
    >>> from omicsfuse.results import Assessment
    >>> table = pd.DataFrame({"n": [9], "jaccard_mean": [0.8], "jaccard_sd": [0.1]}, ["S1"])
    >>> stability(Assessment(table, pd.DataFrame(), {})).get_xlabel()
    'Jaccard similarity with the subtype found in resampled patients'
    """
    table = assessment.stability
    if table.empty or table["jaccard_mean"].isna().all():
        return nothing("stability was not assessed", ax)
    ax = axes_or_new(ax, 5.2, 1.1 + 0.32 * len(table))
    ax.axvspan(0, COMES_BACK, color="#f3f4f6", zorder=0)
    ax.axvline(COMES_BACK, color=INK, linewidth=0.9, linestyle=(0, (3, 3)), zorder=2.5)
    for x, text, side in (
        (COMES_BACK - 0.012, "no evidence of a subtype", "right"),
        (COMES_BACK + 0.012, f"{COMES_BACK:g}", "left"),
    ):
        ax.text(x, 1.02, text, transform=ax.get_xaxis_transform(), ha=side, color=MUTED)
    for y, (name, row) in enumerate(table.iterrows()):
        mean, spread = float(row["jaccard_mean"]), float(row.get("jaccard_sd", np.nan))
        if np.isnan(mean):
            ax.text(0.02, y, "not assessed", va="center", color=MUTED)
            continue
        colour = subtype_colour(str(name))
        ax.barh(y, mean, height=0.56, color=colour, zorder=2)
        if np.isfinite(spread):
            bounds = [[min(spread, mean)], [min(spread, 1 - mean)]]
            ax.errorbar(mean, y, xerr=bounds, color=INK, linewidth=1, capsize=2.5, zorder=3)
        ax.annotate(
            f"{mean:.2f}",
            (1, y),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
    sizes = table["n"] if "n" in table else pd.Series(np.nan, table.index)
    ax.set_yticks(
        range(len(table)),
        [f"{clean(s)} (n = {int(sizes[s])})" if sizes[s] > 0 else clean(s) for s in table.index],
    )
    ax.set_ylim(len(table) - 0.45, -0.55)
    ax.set_xlim(0, 1)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Jaccard similarity with the subtype found in resampled patients")
    return ax


@styled
def layer_contributions(assessment: Assessment, *, ax: "Axes | None" = None) -> "list[Axes]":
    """Draw how far the subtypes agree with each layer, and what leaving the layer out changes.

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
    >>> from omicsfuse.results import Assessment
    >>> table = pd.DataFrame({"agreement": [0.2, 0.7]}, ["radiomics", "expression"])
    >>> len(layer_contributions(Assessment(pd.DataFrame(), table, {})))
    1
    """
    from matplotlib.ticker import MaxNLocator

    table = assessment.layers
    shown = layer_columns(table)
    if not shown:
        return [nothing("the layers' contributions were not assessed", ax)]
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
    """Columns of the layers table that are drawn: numbers between -1 and 1, three at most.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot.clusters import layer_columns
    >>> layer_columns(pd.DataFrame({"agreement": [0.2], "n": [90], "note": ["x"]}))
    ['agreement']
    """
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
    """Title of a column of the layers table.

    Examples
    --------
    >>> from omicsfuse.plot.clusters import column_title
    >>> column_title("agreement_with_others")
    'agreement with others'
    """
    return _LAYER_TITLES.get(name, clean(name).replace("_", " "))
