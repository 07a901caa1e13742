"""Expression against methylation: genes that move in opposite directions in a subtype."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import Subtypes
from omicsfuse.plot.arguments import names_of
from omicsfuse.plot.canvas import nothing, panel_grid, styled
from omicsfuse.plot.colours import INK, MUTED, subtype_colour
from omicsfuse.plot.numbers import shorten
from omicsfuse.plot.rows import rows_with
from omicsfuse.stats.levels import FDR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_UNFOUND = "#b7bfc8"


@styled
def methylation_quadrants(
    pairs: pd.DataFrame,
    subtypes: Subtypes | Sequence[str],
    *,
    fdr: float = FDR,
    named: int = 6,
    scale: str = "",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the difference in methylation against the difference in expression, by gene.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Result of ``expression_methylation_pairs``.
    subtypes : Subtypes or sequence of str
        The subtypes, or their names; of two subtypes the first is drawn.
    fdr : float
        Largest false discovery rate of a coloured pair.
    named : int
        Number of pairs with the gene's name in each panel, smallest p first.
    scale : str
        Scale of expression, for the axis: ``"log2"`` or ``"zscore"``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw inside; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        The first panel.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot.methylation import methylation_quadrants
    >>> pairs = pd.DataFrame({"subtype": ["S1"], "gene": ["MLH1"], "expression_effect": [-1.2],
    ...                       "methylation_effect": [2.0], "p": [0.001], "fdr": [0.01]})
    >>> [text.get_text() for text in methylation_quadrants(pairs, ["S1", "S2"]).texts]
    ['MLH1']
    """
    table = rows_with(pairs, "expression_effect", "methylation_effect")
    subtypes = names_of(subtypes)
    names = subtypes[:1] if len(subtypes) == 2 else subtypes
    names = [name for name in names if len(table) and (table["subtype"] == name).any()]
    if not names:
        return nothing("no gene has both expression and methylation", ax)
    columns = 2 if len(names) in (2, 4) else min(3, len(names))
    rows = -(-len(names) // columns)
    axes = panel_grid(ax, len(names), columns, 7.0 if columns > 1 else 4.4,
                      0.4 + (2.35 if columns == 3 else 3.2) * rows)  # fmt: skip
    unit = {"log2": "log2", "zscore": "z-score"}.get(scale, "")
    for place, (panel, name) in enumerate(zip(axes, names, strict=True)):
        genes = table[table["subtype"] == name]
        significant = genes["fdr"] <= fdr
        for part, colour, size in (
            (genes[~significant], _UNFOUND, 5),
            (genes[significant], subtype_colour(name), 14),
        ):
            panel.scatter(
                part["methylation_effect"], part["expression_effect"], s=size, color=colour,
                linewidths=0, zorder=3,
            )  # fmt: skip
        panel.axhline(0, color=MUTED, linewidth=0.6)
        panel.axvline(0, color=MUTED, linewidth=0.6)
        _limits(panel, genes)
        _write_genes(
            panel, genes[significant].sort_values(["p", "gene"], kind="stable").head(named)
        )
        panel.set_title(f"{name} vs others" if len(subtypes) > 2 else " vs ".join(subtypes))
        panel.set_xlabel("methylation (M-value)", fontsize=7.5)
        if place % columns == 0:
            panel.set_ylabel(f"expression{f' ({unit})' if unit else ''}", fontsize=7.5)
    return axes[0]


def _limits(ax: "Axes", genes: pd.DataFrame) -> None:
    """Zero in the middle, and room for names at the margins."""
    for column, put in (("methylation_effect", ax.set_xlim), ("expression_effect", ax.set_ylim)):
        far = float(np.abs(genes[column]).max()) * 1.2
        far = far if far > 0 else 1.0
        put(-far, far)


def _write_genes(ax: "Axes", chosen: pd.DataFrame) -> None:
    """Write genes beside their dots, towards the middle, and apart from each other."""
    low, high = ax.get_ylim()
    gap = (high - low) / 15
    right = ax.get_xlim()[1]
    placed: list[tuple[bool, float]] = []
    for _, row in chosen.sort_values("expression_effect", kind="stable").iterrows():
        x, y = float(row["methylation_effect"]), float(row["expression_effect"])
        left = x > 0.3 * right
        wanted = y
        taken = [height for side, height in placed if side == left]
        while any(abs(wanted - height) < gap for height in taken):
            wanted += gap / 4
        placed.append((left, wanted))
        ax.annotate(
            shorten(row["gene"], 14), (x, y), (x + (-0.04 if left else 0.04) * right, wanted),
            ha="right" if left else "left", va="center", fontsize=6.4, color=INK,
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.4, "shrinkA": 0}
            if abs(wanted - y) > gap / 2 else None,
        )  # fmt: skip
