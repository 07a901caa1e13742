"""What the subtypes are made of: top markers of each layer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.core.results import Prepared, Subtypes
from omicsfuse.plot.annotation_rows import MISSING, AnnotationRow
from omicsfuse.plot.arguments import require_columns
from omicsfuse.plot.canvas import axes_or_new, colour_bar, frameless, nothing, styled
from omicsfuse.plot.cell import room
from omicsfuse.plot.colours import DIVERGING, subtype_colour
from omicsfuse.plot.heatmap_colours import CALLS, Z_SHOWN, call_levels, cell_colours, z_scores
from omicsfuse.plot.heatmap_key import draw_key
from omicsfuse.plot.network import patients_in_order
from omicsfuse.plot.numbers import short_names, shorten
from omicsfuse.plot.subtype_bars import bars_above
from omicsfuse.stats.levels import FDR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_ROWS = 72
#: From so many patients on, a column may be narrower than three dots, and is averaged.
_MANY_COLUMNS = 60


def one_direction(table: pd.DataFrame, subtypes: Sequence[str]) -> pd.DataFrame:
    """Rows of the first subtype where there are two, which mirror each other; else all rows.

    With two subtypes, whatever is raised in one is lowered in the other: the second one's rows
    repeat the comparison with the sign turned round.
    """
    if len(subtypes) != 2 or table.empty:
        return table
    return table[table["subtype"].astype(str) == subtypes[0]]


def select_markers(
    markers: pd.DataFrame, subtypes: Sequence[str], *, per_subtype: int = 5, fdr: float = FDR
) -> pd.DataFrame:
    """Choose the markers to draw: of each layer and subtype those with the smallest p.

    Features higher in the subtype (positive effect) come before lower ones, and a feature is shown
    once, for the subtype it marks best. Of two subtypes, which mirror each other, the rows of the
    first are taken: so many that are raised in it, then so many that are lowered. Fewer are taken
    where the figure would grow too long.

    ``markers``: columns ``layer``, ``feature``, ``subtype``, ``effect``, ``p``, ``fdr``. Gives rows
    of ``markers``, ordered by layer, subtype and p.
    """
    significant = markers[markers["fdr"] <= fdr] if len(markers) else markers
    significant = one_direction(significant, subtypes)
    if significant.empty:
        return significant
    layers = list(dict.fromkeys(significant["layer"]))
    most = min(per_subtype, max(1, _MOST_ROWS // (len(layers) * len(subtypes))))
    significant = significant.assign(
        _lower=~(significant["effect"] > 0), _size=-significant["effect"].abs()
    )
    best = significant.sort_values(["_lower", "p", "_size", "feature"], kind="stable")
    best = best.drop_duplicates(["layer", "feature"])
    group = best["_lower"] if len(subtypes) == 2 else best["subtype"]
    parts = [
        best[(best["layer"] == layer) & (group == value)].head(most)
        for layer in layers
        for value in ([False, True] if len(subtypes) == 2 else subtypes)
    ]
    return pd.concat(parts).drop(columns=["_lower", "_size"])


@styled
def top_markers(
    markers: pd.DataFrame,
    subtypes: Subtypes,
    prepared: Prepared,
    *,
    per_subtype: int = 5,
    fdr: float = FDR,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the strongest markers of each subtype and layer as a heatmap.

    Mutations and GISTIC levels are drawn as they are, all other values as z-scores over the
    patients of a layer, limited to +-2.5; patients are ordered as in the fused network. Grey:
    missing. With two subtypes, a feature that is higher in one is lower in the other.

    Parameters
    ----------
    markers : pandas.DataFrame
        Columns ``layer``, ``feature``, ``subtype``, ``effect``, ``p``, ``fdr``.
    subtypes : Subtypes
        Labels of the patients.
    prepared : Prepared
        Layers, whose ``values`` are drawn.
    per_subtype : int
        Maximum number of markers of a subtype in a layer.
    fdr : float
        Largest false discovery rate of a marker.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        The heatmap.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import top_markers
    >>> from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
    >>> values = pd.DataFrame({"A": [1.0, 2.0, 3.0]}, list("abc"))
    >>> layer = PreparedLayer("expression", values, values, "log2", None)
    >>> labels = pd.Series(["S1", "S1", "S2"], list("abc"))
    >>> table = pd.DataFrame({"layer": ["rna"], "feature": ["A"], "subtype": ["S1"],
    ...                       "effect": [-1.0], "p": [0.01], "fdr": [0.02]})
    >>> ax = top_markers(table, Subtypes(labels, {}, {}), Prepared("x", {"rna": layer}))
    >>> ax.images[0].get_array().shape
    (1, 3)
    """
    import matplotlib

    require_columns(
        markers, ("layer", "feature", "subtype", "effect", "p", "fdr"), "markers",
        "the table from of.differential_features",
    )  # fmt: skip
    chosen = select_markers(markers, subtypes.names, per_subtype=per_subtype, fdr=fdr)
    if chosen.empty:
        return nothing(
            f"no feature is a marker of a subtype at a false discovery rate of {fdr:g}", ax
        )
    labels = patients_in_order(subtypes)
    values = np.array(
        [
            _scores(prepared, str(layer), str(feature), labels.index)
            for layer, feature in zip(chosen["layer"], chosen["feature"], strict=True)
        ]
    )
    ax = axes_or_new(ax, 7.0, 1.1 + 0.145 * len(chosen))
    colours = matplotlib.colormaps[DIVERGING].with_extremes(bad=MISSING)
    # Averaging narrow columns would smear rows into one another: repeated, they keep apart.
    often = 12 if len(labels) > _MANY_COLUMNS else 1
    image = ax.imshow(
        np.ma.masked_invalid(np.repeat(values, often, axis=0)),
        cmap=colours,
        vmin=-Z_SHOWN,
        vmax=Z_SHOWN,
        aspect="auto",
        extent=(-0.5, len(labels) - 0.5, len(chosen) - 0.5, -0.5),
    )
    calls = _draw_calls(ax, chosen, prepared, labels.index, often)
    ax.set_xticks([])
    ax.set_yticks(range(len(chosen)), short_names(chosen["feature"], 40))
    ax.yaxis.tick_right()
    ax.tick_params(axis="y", length=0, labelsize=6.8, pad=3)
    frameless(ax)
    bars_above(ax, labels, subtypes.names)
    _mark_rows(ax, chosen, subtypes.names)
    if calls:
        draw_key(ax, calls, float(room(ax).width / ax.figure.dpi))
    if len(calls) < chosen["layer"].nunique():
        colour_bar(
            image, ax, "z-score", orientation="horizontal", shrink=0.35, aspect=28, pad=0.015
        )
    return ax


def _calls_of(prepared: Prepared, layer: str) -> dict[int, tuple[str, str]] | None:
    """Calls of a layer and their colours; None where it has none or is not known."""
    return call_levels(prepared.layers[layer]) if layer in prepared.layers else None


def _scores(prepared: Prepared, layer: str, feature: str, patients: pd.Index) -> np.ndarray:
    """Values of a feature as z-scores over the patients that have it; NaN of calls."""
    values = prepared.layers[layer].values if layer in prepared.layers else pd.DataFrame()  # noqa: PD011
    if feature not in values or _calls_of(prepared, layer) is not None:
        return np.full(len(patients), np.nan)
    return z_scores(values[feature].reindex(patients).to_numpy(dtype=float))


def _draw_calls(
    ax: "Axes", chosen: pd.DataFrame, prepared: Prepared, patients: pd.Index, often: int
) -> list[AnnotationRow]:
    """Draw mutations and copy-number levels as they are, over their rows; their keys."""
    keys = {}
    layers = chosen["layer"].astype(str).to_numpy()
    for layer in dict.fromkeys(layers):
        levels = _calls_of(prepared, layer)
        if levels is None:
            continue
        places = np.flatnonzero(layers == layer)
        rows = [
            cell_colours(prepared.layers[layer], str(feature), patients)
            for feature in chosen["feature"].iloc[places]
        ]
        first, last = float(places[0]) - 0.5, float(places[-1]) + 0.5
        limits = ax.get_xlim(), ax.get_ylim()
        ax.imshow(
            np.repeat(np.array(rows), often, axis=0), aspect="auto", label=layer,
            extent=(-0.5, len(patients) - 0.5, last, first),
        )  # fmt: skip
        ax.set_xlim(*limits[0])
        ax.set_ylim(*limits[1])
        said = "mutations" if levels is CALLS else "copy number"
        keys[said] = AnnotationRow(said, np.zeros((0, 3), dtype=np.uint8), tuple(levels.values()))
    return list(keys.values())


def _mark_rows(ax: "Axes", chosen: pd.DataFrame, subtypes: Sequence[str]) -> None:
    """At the left, which rows belong to which layer and mark which subtype."""
    from matplotlib.patches import Patch, Rectangle

    down = ax.get_yaxis_transform()
    marked = chosen["subtype"]
    if len(subtypes) == 2:
        marked = marked.mask(~(chosen["effect"] > 0), subtypes[1])
        texts = {name: f"raised in {name}" for name in subtypes}
        ax.legend(
            handles=[Patch(color=subtype_colour(name), label=texts[name]) for name in subtypes],
            loc="upper left",
            bbox_to_anchor=(1.0, 0.0),
            handlelength=0.7,
        )
    for y, name in enumerate(marked):
        box: dict[str, Any] = {
            "facecolor": subtype_colour(str(name)),
            "edgecolor": "none",
            "clip_on": False,
        }
        ax.add_patch(Rectangle((-0.022, y - 0.5), 0.014, 1, transform=down, **box))
    layers = chosen["layer"].astype(str).to_numpy()
    start = 0
    for end in range(1, len(layers) + 1):
        if end < len(layers) and layers[end] == layers[start]:
            continue
        middle = (start + end - 1) / 2
        ax.text(-0.035, middle, shorten(layers[start], 22), transform=down, ha="right", va="center")
        if start:
            ax.axhline(start - 0.5, color="white", linewidth=1.6)
        start = end
