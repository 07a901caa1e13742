"""The heterogeneity index: features along it, what goes with it, and hazard ratios."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import HeterogeneityIndex, Prepared
from omicsfuse.plot.canvas import axes_or_new, colour_bar, new_figure, nothing, styled, write_beside
from omicsfuse.plot.colours import ACCENT, DIVERGING, INK, MUTED, SEQUENTIAL
from omicsfuse.plot.forest import Line, draw_lines
from omicsfuse.plot.numbers import clean, format_number, short_names, shorten
from omicsfuse.plot.rows import rows_with
from omicsfuse.stats.levels import FDR
from omicsfuse.stats.p_values import p_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Features drawn of each block, and rows of correlates.
MOST_FEATURES = 7
MOST_CORRELATES = 30
_SPEARMAN = "Spearman correlation"


@styled
def heterogeneity_heatmap(
    index: HeterogeneityIndex, prepared: Prepared, *, ax: "Axes | None" = None
) -> "list[Axes]":
    """Draw patients ordered by the index, with their groups and the features of the index.

    Parameters
    ----------
    index : HeterogeneityIndex
        The index.
    prepared : Prepared
        Layers with the radiomics layer ``index.params["layer"]``, whose values are drawn.
    ax : matplotlib.axes.Axes, optional
        Axes to draw in; a new figure otherwise.

    Returns
    -------
    list of matplotlib.axes.Axes
        The index of each patient, with groups shaded; below, features as z-scores limited to +-2.5:
        of each block the features with the largest correlation with the index, entropies and
        uniformities first.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import heterogeneity_heatmap
    >>> from omicsfuse.core.results import HeterogeneityIndex, Prepared, PreparedLayer
    >>> values = pd.DataFrame({"f": [1.0, 2.0, 3.0]}, list("abc"))
    >>> layer = PreparedLayer("radiomics", values, values, "normal_score", None)
    >>> patients = pd.DataFrame({"index": [0.0, 0.4, 1.0], "group": ["H1", "H1", "H2"]},
    ...                         list("abc"))
    >>> table = pd.DataFrame({"feature": ["f"], "block": ["texture"], "correlation": [1.0]})
    >>> found = HeterogeneityIndex(patients, pd.DataFrame(), table, params={"layer": "ct"})
    >>> len(heterogeneity_heatmap(found, Prepared("toy", {"ct": layer})))
    2
    """
    import matplotlib

    layer = prepared.layers.get(str(index.params.get("layer", "")))
    if layer is None or index.features.empty:
        return [nothing("the features of the index are not available", ax)]
    ordered = index.patients.sort_values("index", kind="stable")
    features = _shown(index.features)
    table = layer.values.reindex(ordered.index)[features["feature"].tolist()]  # noqa: PD011
    spread = table.std().replace(0.0, 1.0)
    z = ((table - table.mean()) / spread).clip(-2.5, 2.5).T.to_numpy(dtype=float)
    height = 1.9 + 0.2 * len(features)
    if ax is None:
        figure = new_figure(7.4, height)
        top, below = figure.subplots(
            2, 1, sharex=True, height_ratios=[1.3, 0.6 + 0.2 * len(features)]
        )
    else:
        ax.axis("off")
        top, below = ax.inset_axes((0, 0.72, 1, 0.28)), ax.inset_axes((0, 0, 1, 0.68))
    x = np.arange(len(ordered))
    groups = list(dict.fromkeys(index.patients["group"].sort_values()))
    shades = matplotlib.colormaps[SEQUENTIAL](np.linspace(0.15, 0.9, max(2, len(groups))))
    for place, group in enumerate(groups):
        members = (ordered["group"] == group).to_numpy()
        top.bar(
            x[members], ordered["index"].to_numpy()[members] + 0.015, width=1.0,
            color=shades[place], label=f"{group} ({int(members.sum())})", linewidth=0,
        )  # fmt: skip
    top.set_ylabel("index")
    top.set_ylim(0, 1.02)
    top.legend(loc="upper left", fontsize=7.5, ncols=min(6, len(groups)), handlelength=1)
    top.tick_params(bottom=False, labelbottom=False)
    image = below.pcolormesh(
        np.arange(len(ordered) + 1) - 0.5, np.arange(len(features) + 1), z,
        cmap=DIVERGING, vmin=-2.5, vmax=2.5, rasterized=True,
    )  # fmt: skip
    below.set_facecolor("#bbbbbb")
    names = [
        f"{name}  {r:+.2f}"
        for name, r in zip(
            short_names(features["feature"], 40), features["correlation"], strict=True
        )
    ]
    below.set_yticks(np.arange(len(features)) + 0.5, names)
    below.invert_yaxis()
    split = int((features["block"] == "first-order").sum())
    if 0 < split < len(features):
        below.axhline(split, color="white", linewidth=2.5)
    below.tick_params(left=False, bottom=False, labelbottom=False, labelsize=7)
    below.set_xlabel(f"{len(ordered)} patients, ordered by index", fontsize=8)
    for panel in (top, below):
        for side in ("top", "right", "bottom"):
            panel.spines[side].set_visible(False)
    colour_bar(image, [top, below], "z-score", small=True, fraction=0.025, pad=0.01, aspect=30)
    return [top, below]


def _shown(features: pd.DataFrame) -> pd.DataFrame:
    """Features to draw: of each block those of known direction, then the closest others."""
    table = features
    if "used" in table:
        table = table[table["used"] | (table["direction"] != 0)]
    known = table["direction"] != 0 if "direction" in table else pd.Series(False, table.index)
    strength = table["correlation"].abs().fillna(0.0)
    table = table.assign(_known=known, _strength=strength)
    parts = []
    for block in ("first-order", "texture"):
        rows = table[table["block"] == block].sort_values("_strength", ascending=False)
        telling = rows[rows["_known"]].head(3)
        others = rows[~rows["_known"]].head(MOST_FEATURES - len(telling))
        parts.append(pd.concat([telling, others]))
    return pd.concat(parts).drop(columns=["_known", "_strength"])


@styled
def heterogeneity_correlates(index: HeterogeneityIndex, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the Spearman correlations of the index with intervals.

    A row a variable, those with the smallest p where there are many; filled where the false
    discovery rate is at most 0.05.
    """
    rows = rows_with(index.tests, "effect", "effect_ci_low", "effect_ci_high")
    rows = rows[rows["effect_name"] == _SPEARMAN] if len(rows) else rows
    if rows.empty:
        return nothing("no numeric variable to correlate with the index", ax)
    if len(rows) > MOST_CORRELATES:
        strongest = rows.sort_values("p", kind="stable").head(MOST_CORRELATES).index
        rows = rows[rows.index.isin(strongest)]
    ax = axes_or_new(ax, 7.0, 1.0 + 0.24 * len(rows))
    ax.axvline(0, color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
    for y, row in enumerate(rows.to_dict("records")):
        ax.hlines(
            y, row["effect_ci_low"], row["effect_ci_high"], color=INK, linewidth=1.3, zorder=2
        )
        significant = bool(row["fdr"] <= FDR)
        ax.plot(
            row["effect"], y, "s", markersize=5.5, color=ACCENT,
            markerfacecolor=ACCENT if significant else "white", zorder=3,
        )  # fmt: skip
        told = (
            f"{row['effect']:+.2f} ({row['effect_ci_low']:+.2f} to {row['effect_ci_high']:+.2f})",
            p_text(float(row["p"])),
            p_text(float(row["fdr"])),
            format_number(float(row["n"])),
        )
        for offset, text in zip((10, 115, 160, 205), told, strict=True):
            write_beside(ax, y, offset, text, fontsize=7.5)
    heads = ("correlation (95% CI)", "p", "FDR", "n")
    for offset, text in zip((10, 115, 160, 205), heads, strict=True):
        write_beside(ax, -1, offset, text, MUTED, fontsize=7.5)
    ax.set_yticks(range(len(rows)), [shorten(name, 44) for name in rows["variable"]])
    ax.set_ylim(len(rows) - 0.4, -1.4)
    ax.set_xlim(-1, 1)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Spearman correlation with the heterogeneity index")
    return ax


@styled
def heterogeneity_survival(index: HeterogeneityIndex, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the hazard ratios of the index, alone and adjusted.

    Hazard ratios per standard deviation on a logarithmic axis, by endpoint.
    """
    tests = index.tests
    rows = tests[tests["kind"] == "survival"] if len(tests) else tests
    if rows.empty:
        return nothing("no endpoint", ax)
    lines: list[Line] = []
    heading = ""
    for row in rows.to_dict("records"):
        if row["variable"] != heading:
            heading = str(row["variable"])
            lines.append(Line(clean(heading)))
        known = pd.notna(row["events"])
        lines.append(
            Line(
                f"adjusted for {row['covariates']}" if row["covariates"] else "unadjusted",
                float(row["effect"]),
                float(row["effect_ci_low"]),
                float(row["effect_ci_high"]),
                float(row["p"]),
                f"{int(row['events'])} / {int(row['n'])}" if known else "",
            )
        )
    ax = draw_lines(lines, ax)
    ax.set_xlabel("hazard ratio per SD of the index (log scale)")
    return ax
