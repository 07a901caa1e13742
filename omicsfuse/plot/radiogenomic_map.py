"""The radiogenomic map: its heatmap, its p-values against chance, its strongest pairs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from omicsfuse.core.results import RadiogenomicMap
from omicsfuse.plot.boxes import box_with_points
from omicsfuse.plot.canvas import axes_or_new, colour_bar, frameless, nothing, panel_grid, styled
from omicsfuse.plot.colours import DIVERGING, INK, MUTED, PALETTE, SEQUENTIAL
from omicsfuse.plot.numbers import format_number, format_p, short_names, shorten
from omicsfuse.plot.tips import tell
from omicsfuse.stats.levels import FDR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MISSING = "#c9ced4"
#: Targets with no other values are calls, of mutations or copy number: they are drawn as box plots.
CALLS = {-2, -1, 0, 1, 2}


def strongest(
    radiogenomics: RadiogenomicMap, *, most_features: int = 24, most_targets: int = 30
) -> tuple[list[str], list[tuple[str, str]]]:
    """Features and targets to draw: those of the associations with the smallest p-values.

    Families take turns, so that each is seen; features are put in the order of their correlations,
    targets in that of the families. Gives ``features``; ``targets``: layer and target.
    """
    table = radiogenomics.associations
    if table.empty:
        return [], []
    order = table.sort_values("p", kind="stable")
    turn = order.groupby("layer", sort=False).cumcount()
    order = order.assign(_turn=turn).sort_values(["_turn", "p"], kind="stable")
    features: list[str] = []
    targets: list[tuple[str, str]] = []
    for feature, layer, target in zip(
        order["feature"], order["layer"], order["target"], strict=True
    ):
        new_feature = str(feature) not in features
        new_target = (str(layer), str(target)) not in targets
        if (new_feature and len(features) >= most_features) or (
            new_target and len(targets) >= most_targets
        ):
            continue
        if new_feature:
            features.append(str(feature))
        if new_target:
            targets.append((str(layer), str(target)))
    layers = list(dict.fromkeys(table["layer"].astype(str)))
    targets.sort(key=lambda pair: layers.index(pair[0]))
    return features, targets


@styled
def radiogenomic_heatmap(radiogenomics: RadiogenomicMap, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the strongest associations of radiomic features.

    Colour is Spearman's correlation. A filled dot marks a found association (at the threshold of
    the map), a ring an association that vanishes after adjustment for tumour volume and covariates.
    Grey: not tested.

    Parameters
    ----------
    radiogenomics : RadiogenomicMap
        The map.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        The heatmap.

    Examples
    --------
    >>> from omicsfuse.core.results import RadiogenomicMap
    >>> import pandas as pd
    >>> from omicsfuse.plot import radiogenomic_heatmap
    >>> matrix = pd.DataFrame([[0.7]], ["grain"], ["EGFR"])
    >>> table = pd.DataFrame({"feature": ["grain"], "layer": ["rna"], "target": ["EGFR"],
    ...                       "p": [0.001], "fdr": [0.01], "vanishes": [False]})
    >>> shown = radiogenomic_heatmap(
    ...     RadiogenomicMap(pd.DataFrame(), table, pd.DataFrame(), {"rna": matrix}))
    >>> [text.get_text() for text in shown.get_xticklabels()]
    ['EGFR']
    """
    import matplotlib
    from matplotlib.lines import Line2D

    features, targets = strongest(radiogenomics)
    if not features:
        return nothing("no association was tested", ax)
    values = np.array(
        [
            radiogenomics.correlations[layer][target].reindex(features).to_numpy(dtype=float)
            for layer, target in targets
        ]
    ).T
    order = _similar_rows(values)
    values, features = values[order], [features[i] for i in order]
    ax = axes_or_new(ax, 7.4, 2.3 + 0.17 * len(features))
    far = max(0.3, float(np.nanmax(np.abs(values))))
    image = ax.imshow(
        values,
        cmap=matplotlib.colormaps[DIVERGING].with_extremes(bad=_MISSING),
        vmin=-far,
        vmax=far,
        aspect="auto",
        interpolation="nearest",
    )
    tell(image, _tips(radiogenomics, features, targets, values))
    fdr = float(radiogenomics.params.get("fdr", FDR))
    table = radiogenomics.associations[radiogenomics.associations["fdr"] <= fdr]
    places = [
        (targets.index((str(layer), str(target))), features.index(str(feature)), bool(gone))
        for feature, layer, target, gone in table[
            ["feature", "layer", "target", "vanishes"]
        ].itertuples(index=False, name=None)
        if str(feature) in features and (str(layer), str(target)) in targets
    ]
    # The cells found are the darkest: dots have a white rim, rings are white inside.
    for gone, fill, rim in ((False, INK, "white"), (True, "white", INK)):
        chosen = np.array([(x, y) for x, y, vanishes in places if vanishes is gone])
        if len(chosen):
            ax.scatter(chosen[:, 0], chosen[:, 1], s=17, fc=fill, ec=rim, lw=0.8)
    ax.set_xticks(range(len(targets)), [shorten(name, 26) for _, name in targets], rotation=90)
    ax.set_yticks(range(len(features)), short_names(features, 38))
    ax.tick_params(length=0, labelsize=7)
    frameless(ax)
    _name_layers(ax, [layer for layer, _ in targets])
    colour_bar(image, ax, "Spearman's rho", shrink=0.5, aspect=18, pad=0.015)
    if places:
        marks = [(INK, f"FDR <= {fdr:g}")]
        if any(gone for *_, gone in places):
            marks.append(("white", "of these, vanishing\nafter adjustment"))
        handles = [
            Line2D([], [], ls="", marker="o", ms=4, mfc=fill, mec=INK, label=text)
            for fill, text in marks
        ]
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 0.12), handletextpad=0)
    return ax


def _tips(
    radiogenomics: RadiogenomicMap,
    features: Sequence[str],
    targets: Sequence[tuple[str, str]],
    values: np.ndarray,
) -> list[list[str]]:
    """Say of each cell which feature and target it is, with the correlation and, if known, FDR."""
    table = radiogenomics.associations
    keys = zip(*(table[name].astype(str) for name in ("feature", "layer", "target")), strict=True)
    known = dict(zip(keys, table["fdr"], strict=True))
    return [
        [
            f"{feature} and {target} ({layer}): "
            + ("not tested" if np.isnan(value) else f"rho {value:.2f}")
            + (f", {format_p(fdr, 'FDR')}" if (fdr := known.get((feature, layer, target))) else "")
            for (layer, target), value in zip(targets, row, strict=True)
        ]
        for feature, row in zip(features, values, strict=True)
    ]


def _similar_rows(values: np.ndarray) -> list[int]:
    """Order rows so that similar ones are neighbours."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    if len(values) < 3:
        return list(range(len(values)))
    return [int(i) for i in leaves_list(linkage(np.nan_to_num(values), method="average"))]


def _name_layers(ax: "Axes", layers: list[str]) -> None:
    """Write the name of each family above its columns, and part them by a white line."""
    start = 0
    for end in range(1, len(layers) + 1):
        if end < len(layers) and layers[end] == layers[start]:
            continue
        ax.text(
            (start + end - 1) / 2,
            1.012,
            shorten(layers[start], 24),
            transform=ax.get_xaxis_transform(),
            ha="left",
            va="bottom",
            rotation=30 if len(set(layers)) > 1 else 0,
            rotation_mode="anchor",
            fontsize=7.5,
            color=MUTED,
        )
        if start:
            ax.axvline(start - 0.5, color="white", linewidth=2.2)
        start = end


@styled
def radiogenomic_quantiles(radiogenomics: RadiogenomicMap, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the ordered p-values of each family against those that chance gives.

    On the diagonal p-values are as chance alone would have them; a line that leaves it upwards
    holds more small ones. Correlated features and genes make lines stray from it together, both
    ways: a line is no test. A line a family; dashed, adjusted for tumour volume and covariates.
    """
    table = radiogenomics.quantiles
    if table.empty:
        return nothing("no association was tested", ax)
    ax = axes_or_new(ax, 5.6, 3.9)
    expected = -np.log10((table["place"] - 0.5) / table["tests"])
    observed = -np.log10(table["p"].clip(lower=1e-300))
    far = float(expected.max())
    ax.plot([0, far], [0, far], color=MUTED, linewidth=0.8)
    layers = list(dict.fromkeys(table["layer"].astype(str)))
    for number, layer in enumerate(layers):
        for adjusted in (False, True):
            line = ((table["layer"] == layer) & (table["adjusted"] == adjusted)).to_numpy()
            if line.any():
                ax.plot(
                    expected[line],
                    observed[line],
                    color=PALETTE[number % len(PALETTE)],
                    linestyle="--" if adjusted else "-",
                    linewidth=1.0 if adjusted else 1.6,
                    label=None if adjusted else shorten(layer, 28),
                )
    if table["adjusted"].any():
        ax.plot([], [], color=MUTED, linestyle="--", linewidth=1.0, label="adjusted")
    ax.set_xlim(0, far * 1.02)
    ax.set_ylim(0, max(far, float(observed.max())) * 1.04)
    ax.set_xlabel("expected -log10 p")
    ax.set_ylabel("observed -log10 p")
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return ax


@styled
def radiogenomic_pairs(
    radiogenomics: RadiogenomicMap,
    tables: Mapping[str, pd.DataFrame],
    *,
    most: int = 6,
    ax: "Axes | None" = None,
) -> "list[Axes]":
    """Draw the values of the associations found, patient by patient.

    Targets of a few levels, as mutations and copy-number calls, as box plots of the feature with a
    dot for each patient; others in ranks.

    Those of all families by false discovery rate; each target once, with the feature that goes with
    it best. Where none was found, the strongest of all. Lighter dots are larger tumours where the
    volume is among the features.

    ``tables``: patients x features of the layer of images (``params["radiomics"]``) and of each
    family of targets, gene sets and scores included. One panel a pair.
    """
    images = tables[str(radiogenomics.params["radiomics"])]
    table = pairs_drawn(radiogenomics, tables, most)
    if table.empty:
        return [nothing("no association was tested", ax)]
    rows = -(-len(table) // 3)
    panels = panel_grid(ax, len(table), 3, 7.4, 0.35 + 2.45 * rows)
    size = _volume(radiogenomics, images)
    for panel, row in zip(panels, table.to_dict("records"), strict=True):
        both = pd.concat(
            [images[str(row["feature"])], tables[str(row["layer"])][str(row["target"])]], axis=1
        ).dropna()
        shade = size.reindex(both.index).to_numpy() if size is not None else None
        levels = sorted(both.iloc[:, 1].unique())
        feature, target = shorten(row["feature"], 30), shorten(row["target"], 32)
        layer = shorten(row["layer"], 30)
        if set(levels) <= CALLS:
            _boxes(panel, both, levels, shade)
            panel.set_ylabel(feature, fontsize=7)
            panel.set_xlabel(f"{target}\n{layer}", fontsize=7)
        else:
            ranks = both.rank().to_numpy()
            panel.scatter(ranks[:, 0], ranks[:, 1], s=11, linewidths=0, **_shades(shade))
            panel.set_xlabel(feature, fontsize=7)
            panel.set_ylabel(f"{target}\n{layer}", fontsize=7)
        panel.tick_params(labelsize=6.5)
        adjusted = float(row["adjusted_correlation"])
        more = f", adjusted {adjusted:.2f}" if np.isfinite(adjusted) else ""
        panel.set_title(
            f"rho {row['correlation']:.2f}{more}\n{format_p(row['fdr'], 'FDR')}, "
            f"n = {format_number(row['n'])}",
            fontsize=7.5,
            fontweight="normal",
        )
    return panels


def _shades(shade: np.ndarray | None) -> dict[str, Any]:
    """Colours of dots: by the rank of the tumour volume where it is known, else the same."""
    if shade is None:
        return {"c": PALETTE[0]}
    return {"c": shade, "cmap": SEQUENTIAL, "vmin": 0, "vmax": 1}


def _boxes(
    panel: "Axes", both: pd.DataFrame, levels: list[float], shade: np.ndarray | None
) -> None:
    """Draw the feature by level of the target; 0 and 1 of calls are named."""
    names = {0.0: "not altered", 1.0: "altered"} if set(levels) <= {0, 1} else {}
    values, level = both.iloc[:, 0].to_numpy(float), both.iloc[:, 1].to_numpy(float)
    texts = []
    for place, one in enumerate(levels):
        here = level == one
        how = _shades(shade[here] if shade is not None else None)
        box_with_points(panel, place, values[here], how.pop("c"), s=9, **how)
        texts.append(f"{names.get(one, f'{one:+.0f}' if one else '0')}\nn = {int(here.sum())}")
    panel.set_xticks(range(len(levels)), texts)
    panel.set_xlim(-0.6, len(levels) - 0.4)


def pairs_drawn(
    radiogenomics: RadiogenomicMap, tables: Mapping[str, pd.DataFrame], most: int = 6
) -> pd.DataFrame:
    """Rows of the associations that ``radiogenomic_pairs`` draws."""
    table = radiogenomics.associations
    table = table[table["layer"].isin(list(tables))]
    named = table[table["fdr"] <= float(radiogenomics.params.get("fdr", FDR))]
    ordered = (named if len(named) else table).sort_values(
        ["fdr", "p"] if len(named) else "p", kind="stable"
    )
    return ordered.drop_duplicates(["layer", "target"]).head(most)


def _volume(radiogenomics: RadiogenomicMap, images: pd.DataFrame) -> pd.Series | None:
    """Rank of the tumour volume of each patient, where it is a feature."""
    name = radiogenomics.params.get("volume_feature")
    return images[name].rank(pct=True) if name in images else None
