"""Patients on a 2-D map of the fused network, coloured by subtype or by anything else."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.clustering import embed
from omicsfuse.core.errors import StudyError
from omicsfuse.core.labelled import tell_strangers
from omicsfuse.core.missing import level_text
from omicsfuse.core.results import Fusion, Subtypes
from omicsfuse.plot.annotation_rows import MISSING, annotation_row
from omicsfuse.plot.arguments import require_columns
from omicsfuse.plot.canvas import axes_or_new, colour_bar, nothing, styled
from omicsfuse.plot.colours import MUTED, SEQUENTIAL, marker, subtype_colour
from omicsfuse.plot.numbers import shorten, titled
from omicsfuse.plot.tips import tell

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: From so many patients on, the dots are an image in the SVG.
_MANY_DOTS = 500
#: How methods of laying out are written.
_METHODS = {"umap": "UMAP", "tsne": "t-SNE"}


@styled
def patient_map(
    source: Fusion | pd.DataFrame,
    subtypes: Subtypes,
    *,
    colour: pd.Series | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw patients on a 2-D map of the fused network.

    Neighbours on the map are similar patients. Large distances and the sizes of groups have little
    meaning. Each subtype has its own marker shape, with any colours.

    Parameters
    ----------
    source : Fusion or pandas.DataFrame
        The fused network, mapped by ``embed`` (seed 0); or the result of ``embed``: index patient,
        columns ``x`` and ``y``, and ``method``, which names the axes.
    subtypes : Subtypes
        Labels of the patients.
    colour : pandas.Series, optional
        Value of each patient to colour by in place of the subtype, such as a clinical column or the
        expression of a gene; its name is the title of the legend. Grey: no value.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        The map.

    Raises
    ------
    StudyError
        If ``colour`` names a patient twice, or none of those on the map.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import patient_map
    >>> from omicsfuse.core.results import Subtypes
    >>> labels = pd.Series(["S1", "S1", "S2"], list("abc"))
    >>> place = pd.DataFrame({"x": [0.0, 1.0, 5.0], "y": [0.0, 1.0, 2.0]}, list("abc"))
    >>> ax = patient_map(place.assign(method="umap"), Subtypes(labels, {}, {}))
    >>> ax.get_xlabel(), len(ax.collections)
    ('UMAP 1', 2)
    >>> hpv = pd.Series(["+", "-", "+"], list("abc"), name="HPV")
    >>> patient_map(place, Subtypes(labels, {}, {}), colour=hpv).get_legend().get_title().get_text()
    'HPV'
    """
    embedding = embed(source) if isinstance(source, Fusion) else source
    require_columns(embedding, ("x", "y"), "source", "the table from of.embed")
    if source is embedding:
        tell_strangers(subtypes, embedding, stacklevel=4)
    placed = embedding.dropna(subset=["x", "y"]) if len(embedding) else embedding
    labels = subtypes.labels[subtypes.labels.index.isin(placed.index)]
    if labels.empty:
        return nothing("no patient has coordinates on the map", ax)
    if colour is not None:
        colour = _checked(colour, labels.index)
    ax = axes_or_new(ax, 5.2, 4.4)
    size = float(np.clip(2600 / len(labels), 6, 34))
    dots: dict[str, Any] = {
        "s": size, "edgecolors": "white", "linewidths": 0.4,
        "rasterized": len(labels) > _MANY_DOTS,
    }  # fmt: skip
    for name in subtypes.names:
        patients = labels.index[labels == name]
        place = (placed.loc[patients, "x"], placed.loc[patients, "y"])
        plain = subtype_colour(name) if colour is None else MISSING
        drawn = ax.scatter(
            *place,
            marker=marker(name),
            color=plain,
            label=f"{titled(name, subtypes.label_names)} (n = {len(patients)})",
            **dots,
        )
        tell(drawn, [[f"{patient}: {name}" for patient in patients]])
    ax.set_xticks([])
    ax.set_yticks([])
    ax.margins(0.06)
    methods = set(embedding["method"].astype(str)) if "method" in embedding else set()
    method = methods.pop() if len(methods) == 1 else "map axis"
    called = _METHODS.get(method, method)
    ax.set_xlabel(f"{called} 1")
    ax.set_ylabel(f"{called} 2")
    # Dots of many patients are small; those of the legend are not.
    options: dict[str, Any] = {
        "loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "handletextpad": 0.3,
        "markerscale": max(1.2, 5 / size**0.5),
    }  # fmt: skip
    if colour is None:
        ax.legend(**options)
    else:
        _colour(ax, placed, labels, colour, subtypes, dots, options)
    return ax


def _checked(colour: pd.Series, patients: pd.Index) -> pd.Series:
    """Values of the patients on the map, or say why there are none."""
    if colour.index.has_duplicates:
        twice = colour.index[colour.index.duplicated()][0]
        raise StudyError(
            f'colour has patient "{twice}" more than once; give one value per patient.'
        )
    values = colour.reindex(patients)
    if values.notna().sum() == 0:
        first = list(map(str, colour.index[:3]))
        raise StudyError(
            "colour has no value for patients on the map; its index begins with "
            f"{', '.join(first) or 'nothing'}, that of the map with "
            f"{', '.join(map(str, patients[:3]))}."
        )
    return values


def _colour(
    ax: "Axes", placed: pd.DataFrame, labels: pd.Series, values: pd.Series, subtypes: Subtypes,
    dots: dict[str, Any], options: dict[str, Any],
) -> None:  # fmt: skip
    """Draw the dots of patients with a value again, in its colour, and say what it means."""
    from matplotlib.lines import Line2D

    title = shorten("value" if values.name is None else values.name, 30)
    row = annotation_row(title, values)
    known = values.notna()
    mapped: Any = None
    numbers = values[known].to_numpy(dtype=float) if row.gradient else np.zeros(0)
    for name in subtypes.names:
        here = (labels == name) & known
        if not here.any():
            continue
        place = placed.loc[labels.index[here]]
        if row.gradient:
            low, high = np.percentile(numbers, [2, 98])
            how = {"c": values[here].to_numpy(dtype=float), "cmap": SEQUENTIAL,
                   "vmin": low, "vmax": high if high > low else low + 1}  # fmt: skip
        else:
            how = {"c": row.colours[here.to_numpy()] / 255}
        mapped = ax.scatter(place["x"], place["y"], marker=marker(name), **how, **dots)
        tell(mapped, [[f"{patient}: {name}, {title} {level_text(values[patient])}"
                       for patient in place.index]])  # fmt: skip
    titles = [titled(name, subtypes.label_names) for name in subtypes.names]
    shapes = [
        Line2D([], [], ls="", marker=marker(name), color=MUTED, ms=5, label=title_of)
        for name, title_of in zip(subtypes.names, titles, strict=True)
    ]
    tints = [] if row.gradient else [
        Line2D([], [], ls="", marker="o", color=tint, ms=6, label=shorten(text, 26))
        for text, tint in row.key
    ]  # fmt: skip
    ax.legend(handles=tints + shapes, title=None if row.gradient else title, alignment="left",
              **{**options, "markerscale": 1})  # fmt: skip
    if row.gradient:
        colour_bar(mapped, ax, title, shrink=0.5, aspect=18, pad=0.02)
