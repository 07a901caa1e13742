"""How many subtypes: every criterion over k, and what resampling says at each k."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.core.results import Assessment, Subtypes
from omicsfuse.plot.canvas import axes_or_new, grid_behind, nothing, panel_grid, styled
from omicsfuse.plot.colours import ACCENT, FAINT, INK, MUTED, PALETTE, SEQUENTIAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Criteria in the order drawn: column, title, what is better, column of the standard deviation.
CRITERIA = (
    ("gap", "gain over a continuum", "one-SD rule on normalised cut", "gap_sd"),
    ("eigengap", "eigengap", "larger is better", ""),
    ("silhouette", "mean silhouette", "larger is better", ""),
    ("rotation_cost", "rotation cost", "smaller is better", ""),
    ("pac", "ambiguous pairs (PAC)", "smaller is better", ""),
    ("prediction_strength", "prediction strength", "larger is better", "prediction_strength_sd"),
)
#: Criteria set against the draws of a continuum: column, name, marker, colour.
EXCESS = (
    ("silhouette_over_continuum", "silhouette", "o", ACCENT),
    ("normalised_cut_over_continuum", "normalised cut", "s", PALETTE[2]),
    ("eigengap_over_continuum", "eigengap", "^", PALETTE[3]),
)
_LINES = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1, 2)), (0, (1, 1)), (0, (9, 3)))


@styled
def choice_of_k(
    subtypes: Subtypes, assessment: Assessment | None = None, *, ax: "Axes | None" = None
) -> "list[Axes]":
    """Draw every criterion for the number of subtypes, with the chosen number marked.

    Parameters
    ----------
    subtypes : Subtypes
        Subtypes with ``evidence["n_clusters"]``.
    assessment : Assessment, optional
        Its ``n_clusters`` has the criteria that need resamples and redraws too.
    ax : matplotlib.axes.Axes, optional
        Axes to draw in; a new figure otherwise.

    Returns
    -------
    list of matplotlib.axes.Axes
        One for each criterion, and one for the excess over a continuum if available.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import choice_of_k
    >>> from omicsfuse.core.results import Subtypes
    >>> table = pd.DataFrame(
    ...     {"eigengap": [0.1, 0.4], "silhouette": [0.2, 0.3], "chosen": [False, True]}, [2, 3]
    ... )
    >>> len(choice_of_k(Subtypes(pd.Series(dtype=str), {"n_clusters": table}, {})))
    2
    """
    table = criteria_table(subtypes, assessment)
    shown = [row for row in CRITERIA if row[0] in table and table[row[0]].notna().any()]
    excess = [row for row in EXCESS if row[0] in table and table[row[0]].notna().any()]
    count = len(shown) + bool(excess)
    if not count:
        return [nothing("no criterion was computed for the number of subtypes", ax)]
    columns = count if count < 4 else 4
    drawn = panel_grid(ax, count, columns, max(2.35 * columns, 3.2), 2.35 * -(-count // columns))
    chosen = chosen_k(table)
    for panel, (name, title, better, spread) in zip(drawn, shown, strict=False):
        values = table[name].astype(float)
        _axis_of_k(panel, table, chosen, title, better)
        if spread in table:
            sd = table[spread].astype(float)
            panel.fill_between(
                table.index, values - sd, values + sd, color=FAINT, alpha=0.6, linewidth=0
            )
        panel.plot(table.index, values, "-", color=MUTED, linewidth=1.2)
        panel.plot(table.index, values, "o", color=ACCENT, markersize=4.5)
        panel.plot(
            table.index[chosen], values[chosen], "D", color=PALETTE[1], markersize=6.5, zorder=4
        )
    if excess:
        panel = drawn[-1]
        _axis_of_k(panel, table, chosen, "above the continuum", "standard deviations")
        panel.axhline(0, color=INK, linewidth=0.8, linestyle=(0, (3, 3)))
        for name, label, shape, colour in excess:
            values = table[name].astype(float)
            panel.plot(
                table.index, values, "-", marker=shape, markersize=4, color=colour, label=label
            )
        if ax is None and count % columns:
            # The next cell of the grid is empty.
            legend = panel.legend(loc="upper left", bbox_to_anchor=(1.05, 1.0), fontsize=8)
            legend.set_in_layout(False)
        else:
            panel.legend(loc="best", fontsize=7, handlelength=1.6, borderaxespad=0.2)
    return drawn


def criteria_table(subtypes: Subtypes, assessment: Assessment | None = None) -> pd.DataFrame:
    """Criteria by k: all of the assessment's where it has them, else those of the subtypes."""
    if assessment is not None and len(assessment.n_clusters):
        return assessment.n_clusters
    return subtypes.evidence.get("n_clusters", pd.DataFrame())


def chosen_k(table: pd.DataFrame) -> pd.Series:
    """Tell for each k whether it was chosen."""
    if "chosen" not in table:
        return pd.Series(False, table.index)
    return table["chosen"].eq(True).astype(bool)


def _axis_of_k(
    panel: "Axes", table: pd.DataFrame, chosen: pd.Series, title: str, better: str
) -> None:
    """Ticks at each k, a band at the chosen one, a title and what is better."""
    grid_behind(panel, "y")
    for k in table.index[chosen]:
        panel.axvline(k, color=PALETTE[1], linewidth=6, alpha=0.16, zorder=0)
    ks = [int(k) for k in table.index]
    step = -(-len(ks) // 10)
    panel.set_xticks(ks[::step])
    panel.set_xlim(ks[0] - 0.5, ks[-1] + 0.5)
    panel.set_xlabel("k", labelpad=1)
    panel.set_title(title, fontsize=8.8, pad=13)
    panel.annotate(
        better,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 3),
        textcoords="offset points",
        fontsize=7.2,
        color=MUTED,
    )
    panel.locator_params(axis="y", nbins=5)
    panel.margins(y=0.15)


@styled
def consensus_cdf(assessment: Assessment, *, ax: "Axes | None" = None) -> "Axes":
    """Draw how often pairs of patients are together in resamples, as a distribution for each k.

    Where groups are clear, pairs are always or never together: the line is flat between 0.1 and
    0.9. It rises there by the proportion of ambiguous clustering.
    """
    import matplotlib

    table = assessment.consensus_cdf
    if table.empty or table["cdf"].isna().all():
        return nothing("patients were not resampled", ax)
    chosen = chosen_k(assessment.n_clusters)
    ax = axes_or_new(ax, 5.6, 3.3)
    ax.axvspan(0.1, 0.9, color="#f3f4f6", zorder=0)
    ax.text(0.5, 1.02, "ambiguous", transform=ax.get_xaxis_transform(), ha="center", color=MUTED)
    ks = sorted(table["k"].unique())
    colours = matplotlib.colormaps[SEQUENTIAL](np.linspace(0.05, 0.8, len(ks)))
    for i, k in enumerate(ks):
        curve = table[table["k"] == k]
        main = bool(chosen.get(k, False))
        style: dict[str, Any] = {
            "color": PALETTE[1] if main else colours[i],
            "linestyle": "-" if main else _LINES[i % len(_LINES)],
            "linewidth": 2.6 if main else 1.3,
            "zorder": 4 if main else 3,
        }
        label = f"k = {int(k)}" + (" (chosen)" if main else "")
        ax.plot(curve["consensus"], curve["cdf"], drawstyle="steps-post", label=label, **style)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.01)
    ax.set_xlabel("consensus (share of resamples with both patients in one group)")
    ax.set_ylabel("cumulative share of pairs")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02), handlelength=2.6)
    return ax
