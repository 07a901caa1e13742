"""What layers, and groups of their features, bring over patient-permuted copies of themselves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import Assessment
from omicsfuse.plot.canvas import grid_behind, new_figure, nothing, panels, styled
from omicsfuse.plot.colours import ACCENT, FAINT, INK, MUTED, PALETTE
from omicsfuse.plot.numbers import format_p, shorten
from omicsfuse.stats.levels import SIGNIFICANCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Groups of features drawn at most; the table has the others.
MOST_GROUPS = 40

#: Panels of gains: the prefix of their columns, the column of p, the title.
_GAINS = (
    ("shared", "p_adds", "shares structure\nwith the other layers"),
    ("held_out", "held_out_gain_p", "improves separation\nin a held-out layer"),
)


@styled
def layer_gains(assessment: Assessment, *, ax: "Axes | None" = None) -> "list[Axes]":
    """Draw what each layer brings over permuted copies of itself, and its agreement.

    Gain in structure shared with the other layers; gain in telling a layer held out; adjusted
    Rand index with the subtypes of the layer alone, and of all layers without it.
    """
    table = assessment.layers
    names = gain_panels(table)
    shown = [panel for panel in _GAINS if panel[0] in names]
    count = len(names)
    if not shown:
        return [nothing("layers were not compared with permuted copies", ax)]
    height = 1.25 + 0.34 * len(table)
    drawn = panels(ax, count, 1.5 + 2.5 * count, height)
    rows = [shorten(layer, 24) for layer in table.index]
    for i, (panel, (effect, p, title)) in enumerate(zip(drawn, shown, strict=False)):
        _gains(panel, table, effect, p, rows if i == 0 else [])
        panel.set_xlabel("gain in silhouette over permuted copies", fontsize=7.8)
        panel.set_title(title, fontsize=8.5)
    if "agreement" in names:
        _agreements(drawn[-1], table)
    return drawn


def gain_panels(table: pd.DataFrame) -> list[str]:
    """Name the panels of ``layer_gains`` that the table of layers has values for."""
    gains = [name for name, *_ in _GAINS if _has(table, f"{name}_gain")]
    agreement = any(_has(table, name) for name in ("agreement_alone", "agreement_without"))
    return [*gains, *(["agreement"] if agreement else [])]


def _has(table: pd.DataFrame, name: str) -> bool:
    """Tell whether a column is there and has any value."""
    return name in table and bool(table[name].notna().any())


def _gains(
    panel: "Axes", table: pd.DataFrame, effect: str, p_column: str, names: Sequence[str]
) -> None:
    """Dots with intervals around a line at 0, where permuted copies are; p at the right."""
    gain = table[f"{effect}_gain"].to_numpy(dtype=float)
    low, high = (
        table.get(f"{effect}_gain_{end}", pd.Series(np.nan, table.index)).to_numpy(dtype=float)
        for end in ("low", "high")
    )
    p = table.get(p_column, pd.Series(np.nan, table.index)).to_numpy(dtype=float)
    _rows(panel, names, len(table))
    panel.axvline(0, color=INK, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
    for y, value in enumerate(gain):
        if not np.isfinite(value):
            panel.text(0, y, " not tested", va="center", color=MUTED, fontsize=7.5)
            continue
        convincing = bool(p[y] <= SIGNIFICANCE)
        if np.isfinite(low[y]) and np.isfinite(high[y]):
            panel.hlines(y, low[y], high[y], color=ACCENT if convincing else MUTED, linewidth=1.8)
        panel.plot(
            value, y, "o", markersize=6.5, zorder=3, markeredgewidth=1.4,
            markeredgecolor=ACCENT if convincing else MUTED,
            markerfacecolor=ACCENT if convincing else "white",
        )  # fmt: skip
        panel.annotate(
            format_p(float(p[y])), (1, y), xycoords=("axes fraction", "data"), xytext=(4, 0),
            textcoords="offset points", va="center", fontsize=7.5, annotation_clip=False,
        )  # fmt: skip
    ends = np.concatenate([[0.0], low[np.isfinite(low)], high[np.isfinite(high)]])
    ends = np.concatenate([ends, gain[np.isfinite(gain)]])
    pad = 0.08 * (np.ptp(ends) or 1.0)
    panel.set_xlim(ends.min() - pad, ends.max() + pad)
    panel.locator_params(axis="x", nbins=4)


def _agreements(panel: "Axes", table: pd.DataFrame) -> None:
    """Adjusted Rand indices of the layer alone and of all others without it."""
    _rows(panel, [], len(table))
    panel.axvline(0, color=FAINT, linewidth=1)
    ends = [0.0, 1.0]
    for name, label, shape, colour, filled in (
        ("agreement_alone", "layer alone", "o", ACCENT, True),
        ("agreement_without", "without the layer", "s", PALETTE[1], False),
    ):
        if not _has(table, name):
            continue
        values = table[name].to_numpy(dtype=float)
        ends += [*values[np.isfinite(values)]]
        panel.plot(
            values, np.arange(len(table)), shape, color=colour, markersize=6, label=label,
            markerfacecolor=colour if filled else "white", markeredgewidth=1.4,
        )  # fmt: skip
    panel.set_xlim(min(ends) - 0.05, max(ends) + 0.05)
    panel.locator_params(axis="x", nbins=5)
    panel.set_xlabel("adjusted Rand index", fontsize=7.8)
    panel.set_title("agreement\nwith the subtypes", fontsize=8.5)
    panel.legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.02), fontsize=7.5, handletextpad=0.2,
        borderaxespad=0.2,
    )  # fmt: skip


def _rows(panel: "Axes", names: Sequence[str], count: int) -> None:
    """One row each, named where there are names."""
    panel.set_yticks(range(count), names or [""] * count)
    panel.set_ylim(count - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    grid_behind(panel, "y")


@styled
def feature_groups(assessment: Assessment, *, ax: "Axes | None" = None) -> "Axes":
    """Draw what each group of features brings over permuted copies of itself.

    Gain in structure shared with the other layers, with its interval and p.
    """
    table = assessment.feature_groups
    if table.empty or not _has(table, "shared_gain"):
        return nothing("no groups of features were compared with permuted copies", ax)
    if len(table) > MOST_GROUPS:
        smallest = np.argsort(table["shared_gain_p"].to_numpy(), kind="stable")[:MOST_GROUPS]
        table = table.iloc[np.sort(smallest)]
    layers = table.index.get_level_values(0).astype(str)
    several = layers.nunique() > 1
    groups = table.index.get_level_values(1).astype(str)
    names = [
        f"{shorten(group, 26)} ({int(size)})"
        for group, size in zip(groups, table["n_features"], strict=True)
    ]
    if ax is None:
        ax = new_figure(6.0, 1.1 + 0.25 * len(table)).subplots()
    _gains(ax, table, "shared", "shared_gain_p", names)
    kinds = [
        f"{layer}, {kind}" if several else str(kind)
        for layer, kind in zip(layers, table["grouping"], strict=True)
    ]
    start = 0
    for end in range(1, len(kinds) + 1):
        if end < len(kinds) and kinds[end] == kinds[start]:
            continue
        ax.annotate(
            f"by {shorten(kinds[start], 30)}", (1, (start + end - 1) / 2),
            xycoords=("axes fraction", "data"), xytext=(52, 0), textcoords="offset points",
            va="center", fontsize=8, color=MUTED, annotation_clip=False,
        )  # fmt: skip
        if start:
            ax.axhline(start - 0.5, color=MUTED, linewidth=0.8)
        start = end
    ax.set_xlabel("gain in silhouette over copies with the group's patients permuted")
    return ax
