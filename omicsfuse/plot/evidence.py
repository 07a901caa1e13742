"""Whether there are groups, and who stays together when patients are resampled."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import Assessment, Subtypes
from omicsfuse.plot.canvas import (
    axes_or_new,
    colour_bar,
    frameless,
    grid_behind,
    nothing,
    panels,
    styled,
)
from omicsfuse.plot.colours import ACCENT, FAINT, INK, MUTED, SEQUENTIAL
from omicsfuse.plot.network import MOST_DRAWN, mark_subtypes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Draws of the tests, in order, with their titles.
DRAWS = {
    "shared": "patients permuted within layers",
    "structure": "continuum without groups",
}
#: Statistics in the order of preference: the first that is there is drawn.
_STATISTICS = {"silhouette": "mean silhouette", "normalised_cut": "normalised cut"}


@styled
def structure_tests(assessment: Assessment, *, ax: "Axes | None" = None) -> "list[Axes]":
    """Draw the real network against cohorts drawn without shared structure, or without groups.

    One axes for each kind of draw: the real value at each k, the mean of the draws and two
    standard deviations around it.
    """
    table = assessment.tests
    statistic = tested_statistic(table)
    if not statistic:
        return [nothing("the existence of subtypes was not tested", ax)]
    table = table[table["statistic"] == statistic]
    kinds = list(dict.fromkeys(table["test"]))
    drawn = panels(ax, len(kinds), 0.6 + 2.6 * len(kinds), 2.5)
    values = table[["observed", "null_mean"]].to_numpy()
    pad = 2 * float(table["null_sd"].max()) + 0.08 * float(np.ptp(values))
    for i, (panel, kind) in enumerate(zip(drawn, kinds, strict=True)):
        rows = table[table["test"] == kind].sort_values("k")
        ks = rows["k"].astype(int)
        mean, sd = rows["null_mean"], rows["null_sd"]
        grid_behind(panel, "y")
        panel.fill_between(ks, mean - 2 * sd, mean + 2 * sd, color=FAINT, linewidth=0)
        panel.plot(ks, mean, "--", color=MUTED, linewidth=1.2, label="draws (mean, 2 SD)")
        panel.plot(ks, rows["observed"], "o-", color=ACCENT, markersize=5, label="real network")
        panel.set_xticks(ks)
        panel.set_xlabel("k")
        panel.set_ylim(values.min() - pad, values.max() + pad)
        panel.set_title(DRAWS.get(str(kind), str(kind)), fontsize=8.8)
        if i == 0:
            panel.set_ylabel(_STATISTICS.get(statistic, statistic.replace("_", " ")))
        else:
            panel.tick_params(labelleft=False)
    drawn[-1].legend(loc="best", fontsize=7.5)
    return drawn


def tested_statistic(tests: pd.DataFrame) -> str:
    """Name the statistic that the tests rest on; empty without tests."""
    if tests.empty:
        return ""
    there = list(dict.fromkeys(tests["statistic"]))
    return next((name for name in _STATISTICS if name in there), str(there[0]))


@styled
def consensus_matrix(
    assessment: Assessment, subtypes: Subtypes, *, ax: "Axes | None" = None
) -> "Axes":
    """Draw how often each pair of patients is in one group when patients are resampled.

    Patients are ordered by subtype and within it so that those who are often together are next to
    each other (average linkage). Marks at the right are borderline patients.
    """
    import matplotlib

    if assessment.consensus.empty:
        return nothing("patients were not resampled", ax)
    order = consensus_order(assessment.consensus, subtypes)
    if order.empty:
        return nothing("no resampled patient has a subtype", ax)
    if len(order) > MOST_DRAWN:
        order = order[np.linspace(0, len(order) - 1, MOST_DRAWN).round().astype(int)]
    values = assessment.consensus.loc[order, order].to_numpy(dtype=float)
    ax = axes_or_new(ax, 5.6, 4.9)
    colours = matplotlib.colormaps[SEQUENTIAL].with_extremes(bad="#c9ced4")
    image = ax.imshow(
        np.ma.masked_invalid(values), cmap=colours, vmin=0, vmax=1, interpolation="nearest"
    )
    ax.set_xticks([])
    ax.set_yticks([])
    frameless(ax)
    mark_subtypes(ax, subtypes.labels[order], subtypes)
    if "membership" in assessment.patients:
        border = np.flatnonzero(
            assessment.patients["membership"].reindex(order).to_numpy() == "borderline"
        )
        ax.hlines(
            border, 1.006, 1.03, transform=ax.get_yaxis_transform(), color=INK,
            linewidth=min(1.4, 200 / len(order)), clip_on=False,
        )  # fmt: skip
    colour_bar(
        image,
        ax,
        "consensus (share of resamples in one group)",
        fraction=0.035,
        pad=0.04,
        aspect=28,
    )
    return ax


def consensus_order(consensus: pd.DataFrame, subtypes: Subtypes) -> pd.Index:
    """Patients by subtype, largest first, and within it by average linkage of their consensus."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    order: list[object] = []
    for name in subtypes.names:
        members = consensus.index[subtypes.labels.reindex(consensus.index) == name]
        if len(members) > 2:
            # A pair that was never drawn together says nothing: it is put at the far end.
            apart = 1 - consensus.loc[members, members].fillna(0).to_numpy(dtype=float)
            above = np.triu_indices(len(members), 1)
            members = members[leaves_list(linkage(apart[above], "average"))]
        order += list(members)
    return pd.Index(order)
