"""Colours of a feature's values in the comprehensive heatmap: calls as they are, else z-scores."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.results import PreparedLayer
from omicsfuse.plot.annotation_rows import MISSING
from omicsfuse.plot.colours import DIVERGING

Colours = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float64]

#: Z-scores are cut here.
Z_SHOWN = 2.5

#: Colours of calls: as in the oncoprint, on a pale ground.
LEVELS = {
    -2: ("deleted", "#1f5fa8"),
    -1: ("lost", "#bfd7ec"),
    0: ("no change", "#f1f2f4"),
    1: ("gained", "#f6c9b8"),
    2: ("amplified", "#c0392b"),
}
CALLS = {0: ("not mutated", "#f1f2f4"), 1: ("mutated", "#1c1c1c")}


def cell_colours(layer: PreparedLayer, feature: str, patients: pd.Index) -> Colours:
    """Colours of a feature's values, one a patient: red, green and blue from 0 to 255."""
    import matplotlib

    values = layer.values[feature].reindex(patients).to_numpy(dtype=float)  # noqa: PD011
    levels = call_levels(layer)
    if levels is None:
        scores = np.clip(z_scores(values) / (2 * Z_SHOWN) + 0.5, 0, 1)
        known = np.isfinite(scores)
        mapped = matplotlib.colormaps[DIVERGING](np.where(known, scores, 0.5))[:, :3]
        colours: Colours = (255 * mapped).round().astype(np.uint8)
    else:
        known = np.isfinite(values)
        low, high = min(levels), max(levels)
        level = np.clip(np.where(known, values, 0).round(), low, high).astype(int)
        table = np.array([_channels(levels[i][1]) for i in range(low, high + 1)], dtype=np.uint8)
        colours = table[level - low]
    colours[~known] = _channels(MISSING)
    return colours


def call_levels(layer: PreparedLayer) -> dict[int, tuple[str, str]] | None:
    """Calls and their colours, of a layer that has some; None where there are z-scores."""
    return {"gistic": LEVELS, "binary": CALLS}.get(layer.scale)


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def z_scores(column: Array) -> Array:
    """Values of a feature as z-scores over the patients that have it; 0 where it does not vary."""
    finite = column[np.isfinite(column)]
    spread = float(finite.std()) if len(finite) else 0.0
    # Of equal values, what the mean loses by rounding is no spread.
    if spread <= 1e-12 * float(np.abs(finite).max(initial=0.0)):
        return column * 0
    centred: Array = (column - finite.mean()) / spread
    return centred
