"""Who has which gene altered: a grid of patients by subtype and genes, as an oncoprint."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.biology.altered import altered
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.kinds import kind_of
from omicsfuse.core.results import Subtypes
from omicsfuse.plot.canvas import axes_or_new, frameless, nothing, styled
from omicsfuse.plot.colours import FAINT, INK, MUTED, subtype_colour
from omicsfuse.plot.numbers import shorten
from omicsfuse.stats.levels import FDR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Cells = npt.NDArray[np.bool_]

#: Patients that are drawn at most; of more, that many, evenly spaced in their order.
MOST_PATIENTS = 400
#: Two genes altered in nearly the same patients, as neighbours of an amplicon are, are drawn once:
#: from this share on of the patients who have either altered.
SAME_PATIENTS = 0.8

#: How each alteration is drawn, in this order: colour, and part of the cell's height. Red, blue and
#: near-black stay apart with the common forms of colour blindness, and mutations are smaller.
GLYPHS = {
    "gained": ("#f6c9b8", 1.0),
    "lost": ("#bfd7ec", 1.0),
    "amplified": ("#c0392b", 1.0),
    "deleted": ("#1f5fa8", 1.0),
    "mutated": ("#1c1c1c", 0.36),
}
#: Marks of genes that differ between subtypes: by strong alterations, or by one level only.
STAR, ONE_LEVEL = "*", "\N{DAGGER}"
#: Alterations that count where genes are chosen by how often they are altered.
STRONG = ("mutated", "amplified", "deleted")


@styled
def oncoprint(
    cohort: Cohort,
    subtypes: Subtypes,
    alterations: pd.DataFrame,
    *,
    n_genes: int = 20,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the altered genes of each patient, patients by subtype.

    Rows are up to ``n_genes`` genes (or chromosome arms): those that subtypes differ in, by
    mutations, amplifications or deletions, with a false discovery rate of at most 0.05 (marked
    ``*``); up to a quarter of the rows, those that differ only by gains or losses of one level
    (marked with a dagger); and those most often mutated, amplified or deleted. Of genes altered in
    nearly the same patients only the first is shown. The most often altered is on top, genes with a
    dagger below the others. Patients are ordered by subtype, and within it by memo sort: those with
    the topmost gene altered first, and so on. Of more than ``MOST_PATIENTS`` patients that many are
    drawn, evenly spaced in this order; percentages are of all patients with any layer that measures
    the gene.

    Parameters
    ----------
    cohort : Cohort
        Its mutation and copy-number layers are drawn.
    subtypes : Subtypes
        Labels of the patients.
    alterations : pandas.DataFrame
        What ``biology.alterations`` returned for them.
    n_genes : int
        Most genes.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        The grid; at the left the genes and the share of the patients who have the gene mutated,
        amplified or deleted, of genes with a dagger changed in any way, at the right that share in
        each subtype. White: not measured.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import alterations
    >>> from omicsfuse.core.cohort import Cohort, Layer
    >>> from omicsfuse.plot import oncoprint
    >>> from omicsfuse.core.results import Subtypes
    >>> calls = pd.DataFrame({"TP53": [1, 1, 0], "FAT1": [0, 1, 0]}, list("abc"))
    >>> cohort = Cohort("toy", {"mutation": Layer("mutation", calls)})
    >>> subtypes = Subtypes(pd.Series(["S1", "S1", "S2"], list("abc")), {}, {})
    >>> ax = oncoprint(cohort, subtypes, alterations(subtypes, cohort))
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['TP53  67%', 'FAT1  33%']
    """
    marks = oncoprint_genes(cohort, subtypes, alterations, n_genes)
    if not marks:
        return nothing("no gene is altered in any patient", ax)
    sharp = _sharp_layers(cohort)
    cells = {gene: _cells(cohort, subtypes, gene, sharp) for gene in marks}
    # The percentages of a row count what its mark is about.
    counted = {
        gene: _any(cells[gene]) if mark == ONE_LEVEL else _strong(cells[gene])
        for gene, mark in marks.items()
    }
    shares = {gene: _share(counted[gene], cells[gene]["measured"]) for gene in marks}
    genes = sorted(marks, key=lambda gene: (marks[gene] == ONE_LEVEL, -shares[gene], gene))
    order = _memo_sort(subtypes, [counted[gene] for gene in genes], [cells[g] for g in genes])
    labels = subtypes.labels.astype(str).to_numpy()
    drawn = order
    if len(order) > MOST_PATIENTS:
        drawn = order[np.linspace(0, len(order) - 1, MOST_PATIENTS).round().astype(int)]
    ax = axes_or_new(ax, 7.6, 1.3 + 0.21 * len(genes))
    x = _positions(labels[drawn], subtypes.names)
    width = 0.82 if len(drawn) <= 160 else 1.0
    for y, gene in enumerate(genes):
        cell = {name: values[drawn] for name, values in cells[gene].items()}
        _bars(ax, x, cell["measured"], y, width, FAINT, 0.84)
        for name, (colour, height) in GLYPHS.items():
            if name in cell:
                _bars(ax, x, cell[name], y, width, colour, 0.84 * height)
    ax.set_yticks(
        range(len(genes)),
        [f"{shorten(gene, 18)}{marks[gene]}  {100 * shares[gene]:.0f}%" for gene in genes],
    )
    ax.set_xticks([])
    ax.tick_params(axis="y", length=0, labelsize=7.5)
    ax.set_ylim(len(genes) - 0.45, -0.55)
    ax.set_xlim(-0.5, x[-1] + 0.5)
    frameless(ax)
    _subtype_bar(ax, x, labels[drawn], subtypes.names, len(genes))
    _shares_at_the_side(ax, genes, counted, cells, labels, subtypes.names)
    _legend(ax, [name for name in GLYPHS if any(name in cells[gene] for gene in genes)])
    return ax


def oncoprint_genes(
    cohort: Cohort, subtypes: Subtypes, alterations: pd.DataFrame, n_genes: int = 20
) -> dict[str, str]:
    """Choose the genes of an oncoprint, each with its mark; see ``oncoprint`` for the rule."""
    if alterations.empty:
        return {}
    significant = alterations[alterations["fdr"] <= FDR].sort_values(
        ["p", "n_altered", "gene"], ascending=[True, False, True], kind="stable"
    )
    sharp = significant["alteration"].isin(STRONG)
    strong = alterations[alterations["alteration"].isin(STRONG)]
    often = strong.groupby("gene")["n_altered"].sum().reset_index()
    often = often.sort_values(["n_altered", "gene"], ascending=[False, True], kind="stable")
    candidates = [
        *((gene, STAR) for gene in significant.loc[sharp, "gene"].astype(str)),
        *((gene, ONE_LEVEL) for gene in significant.loc[~sharp, "gene"].astype(str)),
        *((gene, "") for gene in often["gene"].astype(str)),
    ]
    sharp_layers = _sharp_layers(cohort)
    chosen: dict[str, str] = {}
    taken: list[tuple[Cells, Cells]] = []
    for gene, mark in candidates:
        full = mark == ONE_LEVEL and list(chosen.values()).count(mark) >= n_genes // 4
        if full or gene in chosen:
            continue
        cells = _cells(cohort, subtypes, gene, sharp_layers)
        pattern = (_strong(cells), _any(cells))
        if any(_alike(pattern[0], a) or _alike(pattern[1], b) for a, b in taken):
            continue
        chosen[gene] = mark
        taken.append(pattern)
        if len(chosen) == n_genes:
            break
    return chosen


def _alike(first: Cells, second: Cells) -> bool:
    either = int((first | second).sum())
    return either > 0 and int((first & second).sum()) >= SAME_PATIENTS * either


def _sharp_layers(cohort: Cohort) -> set[str]:
    """Layers with mutations, amplifications or deletions; chromosome arms have none."""
    sharp = set()
    for name, layer in cohort.omics.items():
        calls = altered(layer)
        if any((calls[way] == 1).any(axis=None) for way in STRONG if way in calls):
            sharp.add(name)
    return sharp


def _cells(cohort: Cohort, subtypes: Subtypes, gene: str, sharp: set[str]) -> dict[str, Cells]:
    """For each patient, whether the gene is altered in each way, and whether it was measured."""
    patients = subtypes.labels.index
    cells: dict[str, Cells] = {"measured": np.zeros(len(patients), dtype=bool)}
    for key, layer in cohort.omics.items():
        if not kind_of(layer).alterations or gene not in layer.table:
            continue
        of_gene = type(layer)(layer.kind, layer.table[[gene]], layer.scale)
        for name, calls in altered(of_gene).items():
            if name in STRONG and key not in sharp:
                continue
            values = calls[gene].reindex(patients).to_numpy(dtype=float)
            cells[name] = cells.get(name, np.zeros(len(patients), dtype=bool)) | (values == 1)
            cells["measured"] = cells["measured"] | ~np.isnan(values)
    return cells


def _strong(cells: dict[str, Cells]) -> Cells:
    """Patients with a strong alteration; of layers that have none (arms), with any."""
    ways = [name for name in STRONG if name in cells] or ["gained", "lost"]
    strong: Cells = np.logical_or.reduce([cells[name] for name in ways if name in cells])
    return strong


def _any(cells: dict[str, Cells]) -> Cells:
    """Patients with an alteration of any kind."""
    altered: Cells = np.logical_or.reduce([cells[name] for name in GLYPHS if name in cells])
    return altered


def _share(altered_cells: Cells, measured: Cells) -> float:
    return float(altered_cells.sum() / measured.sum()) if measured.any() else 0.0


def _memo_sort(
    subtypes: Subtypes, strong: Sequence[Cells], cells: Sequence[dict[str, Cells]]
) -> npt.NDArray[np.int64]:
    """Positions of the patients: by subtype, then those with the first gene altered, and so on."""
    keys: list[Any] = []
    for altered_cells, cell in zip(strong, cells, strict=True):
        mutated = cell.get("mutated", np.zeros_like(altered_cells))
        # Mutated before only copy number, both before nothing.
        keys.append(-(2 * altered_cells.astype(int) + mutated.astype(int)))
    number = subtypes.labels.astype(str).str[1:].astype(int).to_numpy()
    order: npt.NDArray[np.int64] = np.lexsort([*keys[::-1], number])
    return order


def _positions(labels: npt.NDArray[Any], names: Sequence[str]) -> npt.NDArray[np.float64]:
    """Place of each patient, with a gap between subtypes."""
    gap = max(1.0, 0.012 * len(labels))
    place = np.arange(len(labels), dtype=float)
    return place + gap * np.array([names.index(label) for label in labels])


def _bars(
    ax: "Axes", x: npt.NDArray[np.float64], here: Cells, y: int, width: float, colour: str,
    height: float,
) -> None:  # fmt: skip
    """Fill the cells of one row; where cells touch, neighbours become one bar."""
    places = x[here]
    if not len(places):
        return
    if width < 1:
        runs = [(place - width / 2, width) for place in places]
    else:
        breaks = np.flatnonzero(np.diff(places) > 1.5)
        starts = places[np.concatenate([[0], breaks + 1])]
        ends = places[np.concatenate([breaks, [len(places) - 1]])]
        runs = [(a - 0.5, b - a + 1) for a, b in zip(starts, ends, strict=True)]
    ax.broken_barh(runs, (y - height / 2, height), facecolors=colour, linewidth=0)


def _subtype_bar(
    ax: "Axes", x: npt.NDArray[np.float64], labels: npt.NDArray[Any], names: Sequence[str],
    rows: int,
) -> None:  # fmt: skip
    """Above the grid, the subtypes in their colours."""
    from matplotlib.patches import Rectangle

    across = ax.get_xaxis_transform()
    height, gap = 0.7 / rows, 0.25 / rows
    for name in names:
        places = x[labels == name]
        if not len(places):
            continue
        box: dict[str, Any] = {"facecolor": subtype_colour(name), "edgecolor": "none"}
        ax.add_patch(
            Rectangle(
                (places[0] - 0.5, 1 + gap), places[-1] - places[0] + 1, height,
                transform=across, clip_on=False, **box,
            )
        )  # fmt: skip
        ax.text(
            (places[0] + places[-1]) / 2, 1 + 2 * gap + height, name,
            transform=across, ha="center", va="bottom", fontsize=8,
        )  # fmt: skip


def _shares_at_the_side(
    ax: "Axes",
    genes: Sequence[str],
    strong: dict[str, Cells],
    cells: dict[str, dict[str, Cells]],
    labels: npt.NDArray[Any],
    names: Sequence[str],
) -> None:
    """At the right, the share of each subtype's patients, of those measured."""
    if len(names) > 6:
        return
    down = ax.get_yaxis_transform()
    for i, name in enumerate(names):
        place, inside = 1.035 + 0.052 * i, labels == name
        ax.text(place, -0.72, name, transform=down, ha="center", va="bottom", fontsize=7.2,
                color=INK, fontweight="bold")  # fmt: skip
        for y, gene in enumerate(genes):
            measured = cells[gene]["measured"] & inside
            text = f"{100 * _share(strong[gene] & inside, measured):.0f}" if measured.any() else "-"
            ax.text(place, y, text, transform=down, ha="center", va="center", fontsize=7,
                    color=MUTED)  # fmt: skip
    ax.text(1.015 + 0.052 * len(names), -0.72, "%", transform=down, ha="left", va="bottom",
            fontsize=7.2, color=MUTED)  # fmt: skip


def _legend(ax: "Axes", ways: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    words = {"gained": "gained (one level)", "lost": "lost (one level)"}
    handles = [Patch(color=GLYPHS[name][0], label=words.get(name, name)) for name in reversed(ways)]
    handles.append(Patch(color=FAINT, label="not altered"))
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0, -0.01), ncols=6, handlelength=0.9,
        columnspacing=1.2, fontsize=7.5,
    )  # fmt: skip
