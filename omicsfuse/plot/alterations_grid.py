"""Who has which gene altered: a grid of patients by subtype and genes, as an oncoprint."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.biology.long_genes import LONG_GENES
from omicsfuse.core.checks.tables import did_you_mean
from omicsfuse.core.cohort import Cohort
from omicsfuse.core.errors import StudyError
from omicsfuse.core.results import Subtypes
from omicsfuse.plot.alteration_sides import (
    TRACK,
    draw_burden,
    draw_counts,
    draw_shares,
    draw_tracks,
)
from omicsfuse.plot.altered_cells import (
    ONE_LEVEL,
    STAR,
    Cells,
    burden_of,
    cells_of,
    counted_ways,
    in_any_way,
    memo_sort,
    oncoprint_genes,
    share,
    sharp_layers,
    strongly,
)
from omicsfuse.plot.annotation_rows import AnnotationRow, annotation_row, annotation_table
from omicsfuse.plot.canvas import axes_or_new, frameless, is_own, nothing, styled
from omicsfuse.plot.cell import room
from omicsfuse.plot.colours import FAINT
from omicsfuse.plot.heatmap_key import draw_key
from omicsfuse.plot.numbers import shorten
from omicsfuse.plot.subtype_bars import bars_above
from omicsfuse.stats.levels import FDR

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Patients that are drawn at most; of more, that many, evenly spaced in their order.
MOST_PATIENTS = 400

#: How each alteration is drawn, in this order: colour, and part of the cell's height. Red, blue and
#: near-black stay apart with the common forms of colour blindness, and mutations are smaller.
GLYPHS = {
    "gained": ("#f6c9b8", 1.0),
    "lost": ("#bfd7ec", 1.0),
    "amplified": ("#c0392b", 1.0),
    "deleted": ("#1f5fa8", 1.0),
    "mutated": ("#1c1c1c", 0.36),
}
#: Mark of genes that are mutated often because they are long.
LONG = "\N{DOUBLE DAGGER}"
_MEANING = {
    STAR: f"differs between subtypes by strong alterations (false discovery rate at most {FDR:g})",
    ONE_LEVEL: "differs by gains or losses of one level only; percentages are of any change",
    LONG: "long gene, mutated often in any disease (Shyr 2014; Lawrence 2013)",
}
#: Clinical columns drawn where none are named.
MOST_TRACKS = 4
_NONE = np.zeros(1, dtype=bool)


@styled
def oncoprint(
    alterations: pd.DataFrame,
    subtypes: Subtypes,
    cohort: Cohort,
    *,
    n_genes: int = 20,
    tracks: Sequence[str] | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the altered genes of each patient, patients by subtype.

    On top are the burden of each patient (mutated genes or, without a mutation layer, genes with
    changed copy number) and clinical values; at the right, the share altered in each subtype and
    the number of patients by type of alteration. Long genes, mutated often in any disease, have a
    double dagger (``biology.long_genes``).

    Rows are up to ``n_genes`` genes (or chromosome arms): genes with different mutations,
    amplifications or deletions between subtypes, at a false discovery rate of at most 0.05 (marked
    ``*``); in up to a quarter of the rows, genes with different gains or losses of one level only
    (marked with a dagger); and the genes most often mutated, amplified or deleted. Of genes altered
    in nearly the same patients, only the first is shown. Genes are ordered by frequency, with
    dagger genes last. Patients are ordered by subtype, and within it by memo sort: patients with
    the topmost gene altered first, and so on. At most ``MOST_PATIENTS`` patients are drawn, evenly
    spaced in this order; percentages are of all patients with any layer that measures the gene.

    Parameters
    ----------
    alterations : pandas.DataFrame
        Result of ``biology.alterations`` for these subtypes.
    subtypes : Subtypes
        Labels of the patients.
    cohort : Cohort
        Cohort with mutation or copy-number layers.
    n_genes : int
        Maximum number of genes.
    tracks : sequence of str, optional
        Clinical columns to draw; by default the first ``MOST_TRACKS`` known labels, covariates and
        events; an empty sequence for none.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        The grid. At the left: genes, and share of patients with the gene mutated, amplified or
        deleted (dagger genes: changed in any way); at the right: this share in each subtype. White:
        not measured.

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
    >>> ax = oncoprint(alterations(subtypes, cohort), subtypes, cohort)
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['TP53  67%', 'FAT1  33%']
    """
    marks = oncoprint_genes(cohort, subtypes, alterations, n_genes)
    if not marks:
        return nothing("no gene is altered in any patient", ax)
    sharp = sharp_layers(cohort)
    cells = {gene: cells_of(cohort, subtypes, gene, sharp) for gene in marks}
    # The percentages of a row count what its mark is about.
    counted = {
        gene: in_any_way(cells[gene]) if mark == ONE_LEVEL else strongly(cells[gene])
        for gene, mark in marks.items()
    }
    shares = {gene: share(counted[gene], cells[gene]["measured"]) for gene in marks}
    genes = sorted(marks, key=lambda gene: (marks[gene] == ONE_LEVEL, -shares[gene], gene))
    order = memo_sort(subtypes, [counted[gene] for gene in genes], [cells[g] for g in genes])
    labels = subtypes.labels.astype(str).to_numpy()
    drawn = order
    if len(order) > MOST_PATIENTS:
        drawn = order[np.linspace(0, len(order) - 1, MOST_PATIENTS).round().astype(int)]
    rows = _tracks(cohort, subtypes, tracks)
    rows = [replace(row, colours=row.colours[drawn]) for row in rows]
    burden, label = burden_of(cohort, subtypes.labels.index)
    ax = axes_or_new(ax, 8.0, 2.1 + 0.21 * len(genes) + (TRACK + 0.16) * len(rows))
    x = _positions(labels[drawn], subtypes.names)
    width = 0.82 if len(drawn) <= 160 else 1.0
    long = {
        gene: LONG if gene in LONG_GENES and cells[gene].get("mutated", _NONE).any() else ""
        for gene in genes
    }
    for y, gene in enumerate(genes):
        cell = {name: values[drawn] for name, values in cells[gene].items()}
        _bars(ax, x, cell["measured"], y, width, FAINT, 0.84)
        for name, (colour, height) in GLYPHS.items():
            if name in cell:
                _bars(ax, x, cell[name], y, width, colour, 0.84 * height)
    ax.set_yticks(
        range(len(genes)),
        [f"{shorten(g, 18)}{long[g]}{marks[g]}  {100 * shares[g]:.0f}%" for g in genes],
    )
    ax.set_xticks([])
    ax.tick_params(axis="y", length=0, labelsize=7.5)
    ax.set_ylim(len(genes) - 0.45, -0.55)
    ax.set_xlim(-0.5, x[-1] + 0.5)
    frameless(ax)
    taken = draw_tracks(ax, x, rows, width)
    bars_above(ax, labels[drawn], subtypes.names, x, up=taken, line=0)
    if np.isfinite(burden).any():
        draw_burden(ax, x, burden[drawn], label, taken + 0.38)
    own = {name: labels == name for name in subtypes.names}
    by_subtype = [
        [
            share(counted[gene] & here, measured)
            if (measured := cells[gene]["measured"] & here).any()
            else np.nan
            for here in own.values()
        ]
        for gene in genes
    ]
    end = draw_shares(ax, by_subtype, subtypes.names)
    colours = {name: GLYPHS[name][0] for name in reversed(GLYPHS)}
    draw_counts(ax, end, [counted_ways(cells[gene]) for gene in genes], colours)
    used = {*marks.values(), *long.values()}
    ways = [name for name in GLYPHS if any(name in cells[gene] for gene in genes)]
    _key(ax, ways, rows, [mark for mark in _MEANING if mark in used])
    return ax


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


def _tracks(
    cohort: Cohort, subtypes: Subtypes, wanted: Sequence[str] | None
) -> list[AnnotationRow]:
    """Clinical values of the patients: the columns asked for, or the first known ones."""
    if wanted is None:
        table = annotation_table(cohort, subtypes).iloc[:, :MOST_TRACKS]
    else:
        clinical = pd.DataFrame() if cohort.clinical is None else cohort.clinical
        for name in wanted:
            if name not in clinical:
                raise StudyError(
                    f'tracks names "{name}", which is no column of the clinical table; '
                    f"{did_you_mean(str(name), map(str, clinical.columns))}."
                )
        table = clinical[list(wanted)].reindex(subtypes.labels.index)
    kinds = {str(name): str(kind) for name, kind in cohort.variables["type"].items()}
    return [
        annotation_row(str(name), table[name], kinds.get(str(name)))
        for name in table
        if table[name].notna().any()
    ]


def _key(
    ax: "Axes", ways: Sequence[str], tracks: Sequence[AnnotationRow], marks: Sequence[str]
) -> None:
    """Say below the grid what colours and marks mean."""
    none = np.zeros((0, 3), dtype=np.uint8)
    words = {"gained": "gained (one level)", "lost": "lost (one level)"}
    colours = [(words.get(name, name), GLYPHS[name][0]) for name in reversed(ways)]
    key = [AnnotationRow("alteration", none, (*colours, ("not altered", FAINT)))]
    width = 6.9 if is_own(ax.figure) else 0.9 * float(room(ax).width / ax.figure.dpi)
    lines = [f"{mark} {_MEANING[mark]}" for mark in marks]
    draw_key(ax, [*key, *tracks], width, lines)
