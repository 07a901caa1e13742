"""How well the subtype of a new patient can be told: accuracy by layers, and calibration."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import AssignmentEvidence
from omicsfuse.plot.canvas import axes_or_new, grid_behind, nothing, panel_grid, styled
from omicsfuse.plot.colours import ACCENT, FAINT, INK, MUTED, PALETTE
from omicsfuse.plot.numbers import format_p, shorten
from omicsfuse.plot.rows import rows_with
from omicsfuse.stats.levels import SIGNIFICANCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Panels of calibration drawn at most: single layers and all together; the table has the others.
MOST_PANELS = 6


@styled
def assignment_figure(evidence: AssignmentEvidence, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the accuracy of held-out patients for each set of layers.

    Parameters
    ----------
    evidence : AssignmentEvidence
        Result of ``cross_validate_assignment``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw in; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        One row a set of layers: accuracy with its 95% interval, coloured if it exceeds the share of
        the largest subtype (p at most 0.05), this share as a short line, and the accuracy among
        assigned patients as an open diamond; share assigned and p at the right.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import assignment_figure
    >>> from omicsfuse.core.results import AssignmentEvidence
    >>> table = pd.DataFrame({"layers": ["ct", "ct + rna"], "accuracy": [0.6, 0.9],
    ...     "accuracy_ci_low": [0.5, 0.8], "accuracy_ci_high": [0.7, 0.95], "p": [0.4, 0.001],
    ...     "no_information_rate": 0.58, "share_assigned": [0.3, 0.9],
    ...     "accuracy_of_assigned": [0.7, 0.93]})
    >>> ax = assignment_figure(AssignmentEvidence(None, table))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['ct', 'ct + rna']
    """
    from matplotlib.transforms import ScaledTranslation

    table = rows_with(
        evidence.table, "accuracy", "accuracy_ci_low", "accuracy_ci_high", "no_information_rate"
    )
    if table.empty:
        return nothing("no classifier for new patients was made", ax)
    ax_height = 0.27 * len(table) + 0.2
    ax = axes_or_new(ax, 8.4, 1.5 + ax_height)
    places = np.arange(len(table))
    clear = (table["p"] <= SIGNIFICANCE).to_numpy()
    rates = table["no_information_rate"].to_numpy(dtype=float)
    for marked, colour, label in (
        (clear, ACCENT, f"above the share of the largest subtype (p at most {SIGNIFICANCE:g})"),
        (~clear, MUTED, "not significant"),
    ):
        if not marked.any():
            continue
        rows, at = table[marked], places[marked]
        ax.hlines(
            at, rows["accuracy_ci_low"], rows["accuracy_ci_high"], color=colour, linewidth=1.6
        )
        ax.plot(rows["accuracy"], at, "o", color=colour, markersize=5.5, label=label)
    ax.vlines(
        rates,
        places - 0.42,
        places + 0.42,
        color=PALETTE[1],
        linewidth=1.3,
        label="share of the largest subtype",
        zorder=1,
    )
    assigned = table["accuracy_of_assigned"].to_numpy(dtype=float)
    known = np.isfinite(assigned)
    if known.any():
        ax.plot(
            assigned[known],
            places[known],
            "D",
            color=INK,
            markerfacecolor="none",
            markersize=4.5,
            label="accuracy in assigned patients",
        )
    low = min(float(table["accuracy_ci_low"].min()), float(rates.min()))
    ax.set_xlim(max(0.0, low - 0.06), 1.01)
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.set_yticks(places, [shorten(str(name), 60) for name in table["layers"]])
    ax.set_xlabel("accuracy in held-out patients (95% CI)")
    grid_behind(ax, "x")
    beside = ax.get_yaxis_transform()
    for place, (_, row) in enumerate(table.iterrows()):
        p = float(row["p"])
        ax.text(
            1.16, place, f"{row['share_assigned']:.0%}", transform=beside, va="center",
            ha="right", fontsize=7.8,
        )  # fmt: skip
        ax.text(
            1.22, place, format_p(p), transform=beside, va="center", fontsize=7.8,
            color=INK if p <= SIGNIFICANCE else MUTED,
        )  # fmt: skip
    ax.text(
        1.16, -0.75, "assigned", transform=beside, va="bottom", ha="right", fontsize=7.8,
        color=MUTED,
    )  # fmt: skip
    ax.text(
        1.22, -0.75, "test of accuracy", transform=beside, va="bottom", fontsize=7.8, color=MUTED
    )
    below = ScaledTranslation(0, -0.5, ax.figure.dpi_scale_trans)
    ax.legend(
        loc="upper left", bbox_to_anchor=(-0.02, 0), bbox_transform=ax.transAxes + below,
        borderaxespad=0,
    )  # fmt: skip
    return ax


@styled
def assignment_calibration_figure(
    evidence: AssignmentEvidence, *, ax: "Axes | None" = None
) -> "list[Axes]":
    """Draw how often assignments of a stated probability are right, for held-out patients.

    One axes for each layer alone and for all together: share right against mean probability of the
    most probable subtype, area of the dots by patients; on the diagonal probabilities are true.
    """
    bins = rows_with(evidence.calibration, "predicted", "observed", "n")
    if bins.empty:
        return [nothing("no classifier for new patients was made", ax)]
    names = list(dict.fromkeys(bins["layers"].astype(str)))
    table = evidence.table
    n_layers = dict(zip(table["layers"].astype(str), table["n_layers"], strict=True))
    alone = [name for name in names if n_layers[name] == 1]
    shown = list(dict.fromkeys([*alone[: MOST_PANELS - 1], names[-1]]))
    errors = _errors(table)
    columns = min(len(shown), 3)
    rows = -(-len(shown) // columns)
    drawn = panel_grid(ax, len(shown), 3, 0.7 + 2.35 * columns, 0.4 + 2.5 * rows)
    largest = float(bins.loc[bins["layers"].isin(shown), "n"].max())
    for i, (panel, name) in enumerate(zip(drawn, shown, strict=True)):
        of_name = bins[bins["layers"].astype(str) == name].sort_values("predicted", kind="stable")
        panel.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (3, 3)), zorder=1)
        panel.plot(of_name["predicted"], of_name["observed"], color=ACCENT, linewidth=1, zorder=2)
        panel.scatter(
            of_name["predicted"],
            of_name["observed"],
            s=12 + 110 * of_name["n"] / largest,
            color=ACCENT,
            edgecolor="white",
            linewidth=0.6,
            zorder=3,
        )
        if name in errors:
            panel.text(
                0.98, 0.04, f"calibration error {errors[name]:.2f}", transform=panel.transAxes,
                ha="right", fontsize=7.5, color=MUTED,
            )  # fmt: skip
        panel.set_xlim(0, 1.03)
        panel.set_ylim(-0.03, 1.05)
        panel.set_aspect("equal")
        panel.grid(color=FAINT)
        panel.set_axisbelow(True)
        whole = name == names[-1] and 1 < len(alone) == n_layers[name]
        panel.set_title(shorten("all layers" if whole else name, 26), y=1.0)
        panel.set_xlabel("predicted probability")
        if i % 3 == 0:
            panel.set_ylabel("observed share correct")
    return drawn


def _errors(table: pd.DataFrame) -> dict[str, float]:
    """Calibration error by set of layers, where it is known."""
    if "calibration_error" not in table:
        return {}
    known = table[table["calibration_error"].notna()]
    return dict(zip(known["layers"].astype(str), known["calibration_error"], strict=True))
