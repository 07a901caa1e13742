"""The fused network of patients as an ordered heatmap, and which layers came together."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.core.cohort import Cohort
from omicsfuse.core.results import Fusion, Prepared, Subtypes
from omicsfuse.plot.canvas import (
    axes_or_new,
    colour_bar,
    frameless,
    new_figure,
    nothing,
    panels_inside,
    styled,
)
from omicsfuse.plot.colours import ACCENT, FAINT, INK, MUTED, SEQUENTIAL, subtype_colour
from omicsfuse.plot.numbers import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Patients that a heatmap draws at most; more could not be told apart on a page.
MOST_DRAWN = 2000


def patients_in_order(subtypes: Subtypes) -> pd.Series:
    """Labels of the patients, subtype by subtype, the most confident first within each."""
    patients = subtypes.evidence.get("patients", pd.DataFrame())
    by = next((name for name in ("confidence", "silhouette") if name in patients), None)
    score = patients[by].reindex(subtypes.labels.index) if by else None
    # Numbers of subtypes, not their names: S10 comes after S9.
    keys = [-score.fillna(-np.inf).to_numpy(dtype=float)] if score is not None else []
    number = subtypes.labels.astype(str).str[1:].astype(int).to_numpy()
    return subtypes.labels.iloc[np.lexsort([*keys, number])]


@styled
def fused_network(fusion: Fusion, subtypes: Subtypes, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the fused network as a heatmap of patients ordered by subtype.

    Blocks along the diagonal show subtypes whose patients are more similar to each other than to
    other patients. Within a subtype, patients are ordered by confidence. The colour scale is
    logarithmic, from the 5th to the 99th percentile of the affinities off the diagonal. At most
    ``MOST_DRAWN`` patients are drawn, evenly spaced in this order.

    Parameters
    ----------
    fusion : Fusion
        The fused network.
    subtypes : Subtypes
        Labels of its patients.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        The heatmap.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from omicsfuse.plot import fused_network
    >>> from omicsfuse.core.results import Fusion, Subtypes
    >>> patients = list("abcd")
    >>> affinity = pd.DataFrame(np.full((4, 4), 0.1) + np.eye(4), patients, patients)
    >>> labels = pd.Series(["S1", "S2", "S1", "S2"], patients)
    >>> fusion = Fusion(affinity, {}, pd.DataFrame(index=patients), {})
    >>> fused_network(fusion, Subtypes(labels, {}, {})).images[0].get_array().shape
    (4, 4)
    """
    from matplotlib.colors import LogNorm

    labels = patients_in_order(subtypes)
    if len(labels) > MOST_DRAWN:
        labels = labels.iloc[np.linspace(0, len(labels) - 1, MOST_DRAWN).round().astype(int)]
    values = _values_between(fusion, labels.index)
    off = values[~np.eye(len(values), dtype=bool)]
    positive = off[off > 0]
    if not len(positive):
        return nothing("the fused network has no affinities between patients", ax)
    low, high = np.percentile(positive, [5, 99])
    if not low < high:
        low, high = low * 0.9, low * 1.1
    ax = axes_or_new(ax, 5.6, 4.9)
    shown = np.where(values > 0, values, low)
    # The diagonal says nothing (each patient with itself): it gets the top of the scale.
    np.fill_diagonal(shown, high)
    image = ax.imshow(shown, cmap=SEQUENTIAL, norm=LogNorm(low, high, clip=True))
    ax.set_xticks([])
    ax.set_yticks([])
    frameless(ax)
    mark_subtypes(ax, labels, subtypes)
    _colour_bar(ax, image, low, high)
    return ax


def mark_subtypes(ax: "Axes", labels: pd.Series, subtypes: Subtypes) -> None:
    """Put coloured bars, names and sizes of the subtypes beside a heatmap of patients.

    ``labels``: subtype of each row of the heatmap, patients of a subtype next to each other.
    """
    from matplotlib.patches import Rectangle

    across, down = ax.get_xaxis_transform(), ax.get_yaxis_transform()
    start = 0
    for name in subtypes.names:
        count = int((labels == name).sum())
        box: dict[str, Any] = {
            "facecolor": subtype_colour(name),
            "edgecolor": "white",
            "linewidth": 0.8,
            "clip_on": False,
        }
        ax.add_patch(Rectangle((start - 0.5, 1.012), count, 0.03, transform=across, **box))
        ax.add_patch(Rectangle((-0.042, start - 0.5), 0.03, count, transform=down, **box))
        middle = start + count / 2 - 0.5
        size = int((subtypes.labels == name).sum())
        ax.text(-0.055, middle, f"{name}\nn = {size}", transform=down, ha="right", va="center")
        if start:
            ax.axhline(start - 0.5, color="white", linewidth=0.7)
            ax.axvline(start - 0.5, color="white", linewidth=0.7)
        start += count


def _values_between(fusion: Fusion, patients: pd.Index) -> np.ndarray:
    """Fused affinities between some patients."""
    if isinstance(fusion.affinity, pd.DataFrame):
        return fusion.affinity.loc[patients, patients].to_numpy(dtype=float)
    rows = fusion.patients.get_indexer(patients)
    return fusion.affinity[rows][:, rows].toarray()


def _colour_bar(ax: "Axes", image: Any, low: float, high: float) -> None:
    """Put a slim colour bar at the right, with plain numbers."""
    bar = colour_bar(
        image, ax, "fused affinity between patients (log scale, clipped)", fraction=0.035,
        pad=0.02, aspect=28,
    )  # fmt: skip
    ticks = np.geomspace(low, high, 4)
    bar.set_ticks(ticks.tolist(), labels=[f"{tick:.2g}" for tick in ticks])
    bar.minorticks_off()


@styled
def coverage(source: Fusion | Cohort | Prepared, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the number of patients with each combination of layers.

    Each column of dots is a combination of layers; the bar above counts the patients with exactly
    these layers.

    Parameters
    ----------
    source : Fusion, Cohort or Prepared
        Source of the layers.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        The dots; the bars are on other axes above.

    Examples
    --------
    >>> from omicsfuse.datasets import simulate_cohort
    >>> from omicsfuse.plot import coverage
    >>> cohort = simulate_cohort(30, n_external=0).discovery
    >>> [text.get_text() for text in coverage(cohort).get_yticklabels()][0]
    'radiomics (30)'
    """
    from matplotlib.ticker import MaxNLocator

    table = coverage_table(source)
    if table.empty:
        return nothing("no patient has any layer", ax)
    counts = table.value_counts().sort_values(ascending=False, kind="stable")
    shown, rest = counts.iloc[:14], counts.iloc[14:]
    layers = list(table.columns)
    if ax is None:
        width = 2.3 + 0.38 * max(len(shown), 5)
        figure = new_figure(width, 1.7 + 0.26 * len(layers))
        bars, ax = figure.subplots(2, 1, height_ratios=(4.6, max(len(layers), 2)))
    else:
        bars, ax = panels_inside(ax, 2, 1)
    place = np.arange(len(shown))
    drawn = bars.bar(place, shown.to_numpy(), width=0.62, color=ACCENT)
    bars.bar_label(drawn, padding=1.5, fontsize=8)
    bars.set_xlim(-0.7, max(len(shown), 3) - 0.3)
    bars.set_xticks([])
    bars.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    bars.set_ylabel("patients")
    bars.margins(y=0.18)
    if len(rest):
        bars.text(
            1,
            1,
            f"{len(rest)} rarer combinations ({int(rest.sum())} patients) not shown",
            transform=bars.transAxes,
            ha="right",
            color=MUTED,
        )
    has = np.array([list(key) for key in shown.index], dtype=bool).reshape(len(shown), -1)
    for x, row in enumerate(has):
        here = np.flatnonzero(row)
        ax.scatter(np.full(len(layers), x), range(len(layers)), s=34, color=FAINT, zorder=2)
        ax.scatter(np.full(len(here), x), here, s=34, color=INK, zorder=3)
        if len(here) > 1:
            ax.plot([x, x], [here[0], here[-1]], color=INK, linewidth=1.4, zorder=3)
    totals = table.sum()
    ax.set_yticks(
        range(len(layers)), [f"{shorten(name, 30)} ({int(totals[name])})" for name in layers]
    )
    ax.set_ylim(len(layers) - 0.5, -0.5)
    ax.set_xlim(*bars.get_xlim())
    ax.set_xticks([])
    ax.tick_params(length=0)
    frameless(ax)
    return ax


def coverage_table(source: Fusion | Cohort | Prepared) -> pd.DataFrame:
    """Patients x layers, true where a patient brings a layer; patients without any are left out."""
    if isinstance(source, Fusion):
        table = source.coverage.astype(bool)
    else:
        tables = (
            {name: layer.table for name, layer in source.omics.items()}
            if isinstance(source, Cohort)
            else {name: layer.scaled for name, layer in source.layers.items()}
        )
        patients = sorted({str(p) for layer in tables.values() for p in layer.index})
        table = pd.DataFrame(
            {name: pd.Index(patients).isin(layer.index) for name, layer in tables.items()},
            index=patients,
        )
    return table[table.any(axis=1)]
