"""The comprehensive heatmap: patients by subtype, annotations on top, layers stacked below."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.biology import differential_features
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Prepared, Subtypes
from omicsfuse.plot.annotation_rows import (
    EVENT,
    MISSING,
    AnnotationRow,
    annotation_row,
    annotation_table,
)
from omicsfuse.plot.canvas import axes_or_new, frameless, nothing, styled
from omicsfuse.plot.cell import room
from omicsfuse.plot.colours import DIVERGING, MUTED, subtype_colour
from omicsfuse.plot.heatmap_colours import (
    CALLS,
    LEVELS,
    Z_SHOWN,
    Colours,
    call_levels,
    cell_colours,
)
from omicsfuse.plot.heatmap_key import draw_key
from omicsfuse.plot.heatmap_rows import heatmap_rows
from omicsfuse.plot.network import MOST_DRAWN, patients_in_order
from omicsfuse.plot.numbers import short_names, shorten
from omicsfuse.plot.subtype_bars import bars_above
from omicsfuse.stats.levels import FDR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: From so many patients on, a column is narrower than a pixel.
_MANY_COLUMNS = 600
#: Height of a row and width of the heatmap, in inches.
_ROW, _WIDTH = 0.142, 5.2


@dataclass(frozen=True)
class _Block:
    """Rows of one layer: where they begin, how many, and what is said where there are none."""

    layer: str
    start: float
    rows: pd.DataFrame


@styled
def comprehensive_heatmap(
    subtypes: Subtypes | Prepared,
    prepared: Prepared | Subtypes,
    markers: pd.DataFrame | None = None,
    *,
    cohort: Cohort | None = None,
    annotations: pd.DataFrame | None = None,
    drivers: pd.DataFrame | None = None,
    per_subtype: int = 5,
    max_rows: int = 72,
    fdr: float = FDR,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the markers of each subtype in all layers, below clinical variables.

    Columns are patients, by subtype and falling confidence, at most ``MOST_DRAWN``, evenly spaced.
    The clinical variables are on top. Below, each layer has a block of the features that mark a
    subtype, selected as in ``heatmap_rows``. Mutations and GISTIC levels are drawn unchanged, all
    other values as z-scores over the patients of the layer, limited to +-2.5. Grey: missing. A bar
    at the left shows the subtype that a row marks; with two subtypes, the subtype with the higher
    value.

    Parameters
    ----------
    subtypes : Subtypes
        Labels of the patients.
    prepared : Prepared
        Layers, whose ``values`` are drawn. The first two arguments may be in either order.
    markers : pandas.DataFrame, optional
        Result of ``differential_features``; computed if not given.
    cohort : Cohort, optional
        Source of the annotations (``annotation_table``).
    annotations : pandas.DataFrame, optional
        Patients x variables, in place of the cohort's.
    drivers : pandas.DataFrame, optional
        ``Biology.drivers``; their features come first.
    per_subtype : int
        Maximum number of features of a subtype in a layer.
    max_rows : int
        Approximate maximum number of rows of features.
    fdr : float
        Largest false discovery rate of a marker.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        The heatmap. Its images are labelled ``"annotations"`` and by layer; the names of all rows
        are the labels of the y axis.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import comprehensive_heatmap
    >>> from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
    >>> values = pd.DataFrame({"A": [1.0, 2.0, 3.0]}, list("abc"))
    >>> prepared = Prepared("x", {"rna": PreparedLayer("expression", values, values, "log2", None)})
    >>> subtypes = Subtypes(pd.Series(["S1", "S1", "S2"], list("abc")), {}, {})
    >>> table = pd.DataFrame({"layer": ["rna"], "feature": ["A"], "subtype": ["S1"],
    ...                       "effect": [-1.0], "p": [0.01], "fdr": [0.02]})
    >>> known = pd.DataFrame({"hpv": ["+", "+", "-"]}, list("abc"))
    >>> ax = comprehensive_heatmap(subtypes, prepared, table, annotations=known)
    >>> [text.get_text() for text in ax.get_yticklabels()], len(ax.images)
    (['hpv', 'A'], 2)
    """
    if isinstance(subtypes, Prepared):
        subtypes, prepared = prepared, subtypes
    if not isinstance(subtypes, Subtypes) or not isinstance(prepared, Prepared):
        raise StudyError(
            f"subtypes and prepared are both of type {type(subtypes).__name__}; expected "
            "Subtypes (from of.cluster) and Prepared (from of.preprocess)."
        )
    names = subtypes.names
    if len(names) < 2:
        return nothing("all patients form one group: there are no markers", ax)
    if markers is None:
        markers = differential_features(subtypes, prepared)
    rows = heatmap_rows(
        prepared, subtypes, markers, drivers=drivers, per_subtype=per_subtype, max_rows=max_rows,
        fdr=fdr,
    )  # fmt: skip
    if rows.empty:
        return nothing(
            f"no feature is a marker of a subtype at a false discovery rate of {fdr:g}", ax
        )
    labels = patients_in_order(subtypes).astype(str)
    kinds: Mapping[str, str] = {}
    if annotations is None and cohort is not None:
        annotations = annotation_table(cohort, subtypes)
        decided = cohort.variables["type"].items()
        kinds = {str(name): kind for name, kind in decided if name not in cohort.endpoints}
    tops = _annotation_rows(annotations, labels.index, kinds)
    if len(labels) > MOST_DRAWN:
        shown = np.linspace(0, len(labels) - 1, MOST_DRAWN).round().astype(int)
        labels = labels.iloc[shown]
        tops = [AnnotationRow(t.name, t.colours[shown], t.key, t.gradient) for t in tops]
    tested = set(markers["layer"].astype(str))
    blocks, height = _stacked(rows, [n for n in prepared.layers if n in tested], len(tops))
    new = ax is None
    ax = axes_or_new(ax, 8.0, 1.0 + height * _ROW)
    ax.set_xlim(-0.5, len(labels) - 0.5)
    ax.set_ylim(height - 0.5, -0.5)
    if tops:
        _picture(ax, np.array([top.colours for top in tops]), 0, "annotations")
    for block in blocks:
        if len(block.rows):
            drawn = [
                cell_colours(prepared.layers[block.layer], str(feature), labels.index)
                for feature in block.rows["feature"]
            ]
            _picture(ax, np.array(drawn), block.start, block.layer)
    _name_rows(ax, tops, blocks)
    _bars_at_the_left(ax, blocks, f"no feature at a false discovery rate of {fdr:g}")
    bars_above(ax, labels, names, line=1.4)
    ax.set_xticks([])
    frameless(ax)
    if new:
        # All sizes are known in inches, so that rows are as high in a figure of any length.
        figure: Any = ax.figure
        figure.set_layout_engine("none")
        total = float(figure.get_figheight())
        ax.set_position((1.3 / 8.0, 0.2 / total, _WIDTH / 8.0, height * _ROW / total))
    key_width = 7.2 if new else 0.93 * float(room(ax).width / ax.figure.dpi)
    draw_key(ax, _key(prepared, blocks, tops, names), key_width)
    return ax


def _annotation_rows(
    table: pd.DataFrame | None, patients: pd.Index, kinds: Mapping[str, str]
) -> list[AnnotationRow]:
    if table is None or table.empty:
        return []
    table = table.reindex(patients)
    return [
        annotation_row(str(n), table[n], kinds.get(str(n))) for n in table if table[n].notna().any()
    ]


def _stacked(rows: pd.DataFrame, layers: Sequence[str], n_tops: int) -> tuple[list[_Block], float]:
    """Place the blocks one below the other, with a gap between them; the height in rows."""
    place = n_tops + 0.6 if n_tops else 0.0
    blocks = []
    for layer in layers:
        of_layer = rows[rows["layer"] == layer]
        blocks.append(_Block(layer, place, of_layer))
        place += max(len(of_layer), 1) + 0.6
    return blocks, place - 0.6


def _picture(ax: "Axes", colours: Colours, start: float, label: str) -> None:
    rows, columns = colours.shape[:2]
    # Averaging narrow columns would smear rows into one another: repeated, they keep apart.
    repeated = np.repeat(colours, 12 if columns > _MANY_COLUMNS else 1, axis=0)
    limits = ax.get_xlim(), ax.get_ylim()
    extent = (-0.5, columns - 0.5, start + rows - 0.5, start - 0.5)
    ax.imshow(repeated, aspect="auto", extent=extent, label=label, zorder=1)
    ax.set_xlim(*limits[0])
    ax.set_ylim(*limits[1])
    for y in range(1, rows):
        ax.axhline(start + y - 0.5, color="white", linewidth=0.5, zorder=2)


def _name_rows(ax: "Axes", tops: Sequence[AnnotationRow], blocks: Sequence[_Block]) -> None:
    places = [float(y) for y in range(len(tops))]
    texts = [shorten(top.name, 26) for top in tops]
    for block in blocks:
        places += [block.start + i for i in range(len(block.rows))]
        texts += short_names(block.rows["feature"], 26)
    ax.set_yticks(places, texts)
    ax.yaxis.tick_right()
    ax.tick_params(axis="y", length=0, labelsize=6.8, pad=3)


def _bars_at_the_left(ax: "Axes", blocks: Sequence[_Block], none: str) -> None:
    """Name the layers, and mark which subtype each row stands for."""
    from matplotlib.patches import Rectangle

    down = ax.get_yaxis_transform()
    for block in blocks:
        middle = block.start + (max(len(block.rows), 1) - 1) / 2
        ax.text(-0.032, middle, shorten(block.layer, 18), transform=down, ha="right", va="center")
        if block.rows.empty:
            ax.text(0.5, middle, none, transform=down, ha="center", va="center", color=MUTED,
                    fontsize=7, zorder=5, backgroundcolor="white")  # fmt: skip
        for i, name in enumerate(block.rows["group"]):
            box: dict[str, Any] = {"facecolor": subtype_colour(str(name)), "edgecolor": "none"}
            ax.add_patch(
                Rectangle(
                    (-0.022, block.start + i - 0.5), 0.014, 1, transform=down, clip_on=False, **box
                )
            )


def _key(
    prepared: Prepared,
    blocks: Sequence[_Block],
    tops: Sequence[AnnotationRow],
    names: Sequence[str],
) -> list[AnnotationRow]:
    """What the colours mean: bars, annotations, then each scale that is drawn."""
    none = np.zeros((0, 3), dtype=np.uint8)
    bars = [(name, subtype_colour(name)) for name in names]
    said = "raised in" if len(names) == 2 else "row marks"
    key = [AnnotationRow(said, none, tuple(bars))]
    events = [top for top in tops if {text for text, _ in top.key} >= set(EVENT)]
    key += [top for top in tops if top not in events]
    if events:
        longest = max((top.key for top in events), key=len)
        key.append(AnnotationRow(", ".join(top.name for top in events), none, longest))
    scales = [call_levels(prepared.layers[block.layer]) for block in blocks if len(block.rows)]
    if None in scales:
        import matplotlib
        from matplotlib.colors import to_hex

        ends = [to_hex(matplotlib.colormaps[DIVERGING](x)) for x in (0.0, 0.5, 1.0)]
        texts = [f"{-Z_SHOWN:g} or less", "0", f"{Z_SHOWN:g} or more"]
        key.append(AnnotationRow("z-score", none, tuple(zip(texts, ends, strict=True)), True))
    for title, levels in (("copy number", LEVELS), ("mutations", CALLS)):
        if any(scale is levels for scale in scales):
            key.append(AnnotationRow(title, none, tuple(levels.values())))
    key.append(AnnotationRow("any row", none, (("missing", MISSING),)))
    return key
