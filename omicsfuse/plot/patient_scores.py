"""Scores of patients (gene sets, immune cells) over the patients, by subtype."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.results import Subtypes
from omicsfuse.plot.canvas import axes_or_new, colour_bar, frameless, nothing, styled
from omicsfuse.plot.colours import DIVERGING
from omicsfuse.plot.network import patients_in_order
from omicsfuse.plot.numbers import shorten
from omicsfuse.plot.subtype_bars import bars_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: From so many patients on, a column is narrower than a pixel.
_MANY_COLUMNS = 600


@styled
def score_heatmap(
    scores: pd.DataFrame,
    subtypes: Subtypes,
    *,
    tests: pd.DataFrame | None = None,
    most: int = 25,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw scores of patients as a heatmap, patients ordered by subtype.

    Each row is a z-score over the patients, limited to +-2.5. Grey: no score.

    Parameters
    ----------
    scores : pandas.DataFrame
        Patients x scores.
    subtypes : Subtypes
        Labels of the patients.
    tests : pandas.DataFrame, optional
        Result of `compare_scores`: the scores with the smallest overall p are shown, by the subtype
        with the highest score. Without it, the first scores are shown.
    most : int
        Maximum number of rows.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        The heatmap.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import score_heatmap
    >>> from omicsfuse.core.results import Subtypes
    >>> scores = pd.DataFrame({"HYPOXIA": [1.0, 2.0, 3.0]}, list("abc"))
    >>> labels = pd.Series(["S1", "S1", "S2"], list("abc"))
    >>> score_heatmap(scores, Subtypes(labels, {}, {})).images[0].get_array().shape
    (1, 3)
    """
    import matplotlib

    scores = scores.dropna(axis=1, how="all")
    if scores.empty or not len(scores.columns):
        return nothing("no gene set was scored", ax)
    labels = patients_in_order(subtypes)
    labels = labels[labels.index.isin(scores.index)]
    if labels.empty:
        return nothing("no patient has both a subtype and a score", ax)
    table = scores.reindex(labels.index)
    spread = table.std(ddof=0).replace(0.0, np.nan)
    z = (table - table.mean()) / spread
    rows = _scores_to_show(z, labels, subtypes.names, tests, most)
    values = z[rows].to_numpy(dtype=float).T
    ax = axes_or_new(ax, 7.0, 1.1 + 0.155 * len(rows))
    image = ax.imshow(
        np.ma.masked_invalid(np.repeat(values, 12 if len(labels) > _MANY_COLUMNS else 1, axis=0)),
        cmap=matplotlib.colormaps[DIVERGING].with_extremes(bad="#c9ced4"),
        vmin=-2.5,
        vmax=2.5,
        aspect="auto",
        extent=(-0.5, len(labels) - 0.5, len(rows) - 0.5, -0.5),
    )
    ax.set_xticks([])
    ax.set_yticks(range(len(rows)), [shorten(str(name), 40) for name in rows])
    ax.yaxis.tick_right()
    ax.tick_params(axis="y", length=0, labelsize=6.8, pad=3)
    frameless(ax)
    bars_above(ax, labels, subtypes.names)
    colour_bar(
        image,
        ax,
        "z-score over patients",
        orientation="horizontal",
        shrink=0.35,
        aspect=28,
        pad=0.015,
    )
    return ax


def _scores_to_show(
    z: pd.DataFrame,
    labels: pd.Series,
    names: Sequence[str],
    tests: pd.DataFrame | None,
    most: int,
) -> list[str]:
    """Scores with the smallest overall p, by the subtype in which they are highest on average."""
    chosen = list(z.columns)
    if tests is not None and len(tests):
        overall = tests[(tests["comparison"] == "overall") & tests["score"].isin(z.columns)]
        chosen = list(overall.sort_values("p", kind="stable")["score"])
    chosen = chosen[:most]
    means = z[chosen].groupby(labels.to_numpy()).mean().reindex(list(names))
    filled = means.fillna(-np.inf).to_numpy()
    order = np.lexsort([-filled.max(axis=0), filled.argmax(axis=0)])
    return [chosen[i] for i in order]
