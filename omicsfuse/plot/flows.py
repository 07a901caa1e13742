"""How a known grouping and the subtypes divide the same patients."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from omicsfuse.core.missing import level_text
from omicsfuse.core.results import Subtypes
from omicsfuse.plot.canvas import axes_or_new, nothing, styled
from omicsfuse.plot.colours import FAINT, INK, MUTED, subtype_colour, text_colour
from omicsfuse.plot.numbers import clean, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Groups of the known label that are drawn; of more, the smallest are put together.
MOST_GROUPS = 12

UNKNOWN = "not known"
#: Space between blocks, as a share of all patients, and width of a block.
_GAP, _WIDTH = 0.025, 0.07


@styled
def alluvial(
    subtypes: Subtypes, known: pd.Series, *, name: str = "", ax: "Axes | None" = None
) -> "Axes":
    """Draw the flow of patients from known groups to subtypes.

    The height of a block is its number of patients: known groups at the left, subtypes at the right
    in their colours. A ribbon shows the patients in both, in the colour of the subtype. Known
    groups are ordered by the subtype of most of their patients, to reduce crossings. Patients
    without a known group are last, in grey.

    Parameters
    ----------
    subtypes : Subtypes
        Labels of the patients.
    known : pandas.Series
        Patient -> known group, e.g. ``cohort.clinical["hpv_status"]``. Missing values are shown as
        unknown; patients without a subtype are excluded. With more than ``MOST_GROUPS`` groups, the
        smallest are merged.
    name : str
        Title of the known groups; by default the name of ``known``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure otherwise.

    Returns
    -------
    matplotlib.axes.Axes
        Blocks with their names and numbers of patients, and ribbons between them.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.plot import alluvial
    >>> from omicsfuse.core.results import Subtypes
    >>> labels = pd.Series(["S1", "S1", "S2"], list("abc"))
    >>> ax = alluvial(Subtypes(labels, {}, {}), pd.Series(["HPV-", "HPV-"], list("ab")), name="HPV")
    >>> sorted(text.get_text() for text in ax.texts)
    ['1', '2', 'HPV', 'HPV- (2)', 'S1', 'S2', 'not known (1)', 'subtype']
    """
    name = name or str("known groups" if known.name is None else known.name)
    counts = flow_counts(subtypes, known)
    if counts.empty or not counts.drop(index=UNKNOWN, errors="ignore").to_numpy().sum():
        return nothing(f"{clean(name)} is known for no patient with a subtype", ax)
    n = int(counts.to_numpy().sum())
    ax = axes_or_new(ax, 6.2, 1.0 + 0.32 * max(len(counts), len(counts.columns), 8))
    left, right = _tops(counts.sum(axis=1), n), _tops(counts.sum(axis=0), n)
    from_, to = left.copy(), right.copy()
    shares = counts.to_numpy() / n
    for row, group in enumerate(map(str, counts.index)):
        for column, subtype in enumerate(map(str, counts.columns)):
            height = float(shares[row, column])
            if height:
                faint = 0.25 if group == UNKNOWN else 0.5
                _ribbon(ax, from_[group], to[subtype], height, subtype_colour(subtype), faint)
                from_[group] -= height
                to[subtype] -= height
    for group, top in zip(map(str, left.index), left, strict=True):
        size = int(counts.loc[group].to_numpy().sum())
        _block(ax, 0.0, top, size / n, FAINT if group == UNKNOWN else MUTED)
        ax.text(
            -0.02, top - size / n / 2, f"{shorten(group, 34)} ({size})", ha="right", va="center",
            fontsize=8, color=MUTED if group == UNKNOWN else INK,
        )  # fmt: skip
    for subtype, top in zip(map(str, right.index), right, strict=True):
        size = int(counts[subtype].sum())
        colour = subtype_colour(subtype)
        _block(ax, 1 - _WIDTH, top, size / n, colour)
        middle = top - size / n / 2
        ax.text(1.02, middle, subtype, ha="left", va="center", fontweight="bold", fontsize=8.5)
        if size / n > 0.035:
            ax.text(
                1 - _WIDTH / 2, middle, str(size), ha="center", va="center", fontsize=7.5,
                color=text_colour(colour),
            )  # fmt: skip
    lowest = min(left.iloc[-1] - counts.iloc[-1].sum() / n, right.iloc[-1])
    lowest = min(lowest, right.iloc[-1] - counts.iloc[:, -1].sum() / n)
    highest = max(left.iloc[0], right.iloc[0]) + 0.02
    ax.text(_WIDTH, highest, shorten(name, 40), ha="right", va="bottom", fontweight="bold")
    ax.text(1 - _WIDTH, highest, "subtype", ha="left", va="bottom", fontweight="bold")
    ax.set_xlim(-0.5, 1.12)
    ax.set_ylim(lowest - 0.01, highest + 0.06)
    ax.axis("off")
    return ax


def flow_counts(subtypes: Subtypes, known: pd.Series) -> pd.DataFrame:
    """Count patients by known group and subtype, in the order drawn."""
    labels = subtypes.labels
    groups = known.reindex(labels.index)
    text = groups.map(lambda value: clean(level_text(value)), na_action="ignore")
    sizes = text.value_counts()
    if len(sizes) > MOST_GROUPS:
        order = sorted(sizes.index, key=lambda group: (-sizes[group], group))
        rest = set(order[MOST_GROUPS - 1 :])
        text = text.map(lambda g: f"{len(rest)} others" if g in rest else g, na_action="ignore")
    text = text.astype(object).where(groups.notna(), UNKNOWN)
    counts = pd.crosstab(text.to_numpy(), labels.astype(str).to_numpy())
    counts = counts.reindex(columns=subtypes.names, fill_value=0)
    place = np.arange(len(counts.columns))
    centre = (counts * place).sum(axis=1) / counts.sum(axis=1)
    order = sorted(counts.index, key=lambda group: (group == UNKNOWN, centre[group], group))
    return counts.loc[order]


def _tops(sizes: pd.Series, n: int) -> pd.Series:
    """Upper edge of each block, from the top down, the column centred around 0.5."""
    heights = sizes.to_numpy(dtype=float) / n
    whole = 1 + _GAP * (len(sizes) - 1)
    above = np.concatenate([[0.0], np.cumsum(heights[:-1] + _GAP)])
    return pd.Series(0.5 + whole / 2 - above, sizes.index)


def _block(ax: "Axes", x: float, top: float, height: float, colour: str) -> None:
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle((x, top - height), _WIDTH, height, facecolor=colour, edgecolor="none"))


def _ribbon(ax: "Axes", start: float, end: float, height: float, colour: str, alpha: float) -> None:
    """Draw one ribbon between two blocks: two curves that leave and arrive level."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    x0, x1 = _WIDTH, 1 - _WIDTH
    middle = (x0 + x1) / 2
    corners = [
        (x0, start), (middle, start), (middle, end), (x1, end),
        (x1, end - height), (middle, end - height), (middle, start - height), (x0, start - height),
        (x0, start),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    patch = PathPatch(Path(corners, codes), facecolor=colour, edgecolor="none", alpha=alpha)
    ax.add_patch(patch)
