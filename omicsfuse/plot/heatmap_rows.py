"""Which features the comprehensive heatmap shows, and their values over the patients."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from omicsfuse.core.results import Prepared, Subtypes
from omicsfuse.plot.biology import one_direction
from omicsfuse.plot.heatmap_colours import z_scores
from omicsfuse.stats.levels import FDR

Array = npt.NDArray[np.float64]

#: Features of a layer that go together to this extent (absolute correlation over the patients, as
#: the genes of an amplicon or the textures of an image do) are shown by the first of them.
TOGETHER = 0.9
#: Candidates looked at for each subtype of a layer.
_MOST_CANDIDATES = 200


def heatmap_rows(
    prepared: Prepared,
    subtypes: Subtypes,
    markers: pd.DataFrame,
    *,
    drivers: pd.DataFrame | None = None,
    per_subtype: int = 5,
    max_rows: int = 72,
    fdr: float = FDR,
) -> pd.DataFrame:
    """Choose the features to draw: of each layer and subtype the drivers, then the smallest p.

    A feature is shown once, for the subtype that it marks best. Of features that go together
    (``TOGETHER``) the first is shown. Of two subtypes, which mirror each other, the rows of the
    first are taken.

    ``markers``: columns ``layer``, ``feature``, ``subtype``, ``effect``, ``p``, ``fdr``;
    ``drivers``: columns ``subtype``, ``rank``, ``layer``, ``feature``: taken before the other
    markers. Gives rows of ``markers`` with a column ``group``, the subtype that the row stands for
    (of two subtypes, the one in which the feature is raised); by layer, group, raised before
    lowered.
    """
    names = subtypes.names
    significant = markers[markers["fdr"] <= fdr] if len(markers) else markers
    significant = one_direction(significant, names)
    if significant.empty:
        return significant.assign(group=[])
    significant = significant.assign(
        subtype=significant["subtype"].astype(str),
        _driver=driver_ranks(significant, drivers, by_subtype=len(names) > 2),
        _size=-significant["effect"].abs(),
        _lower=~(significant["effect"] > 0),
    )
    significant = significant.sort_values(["_driver", "p", "_size", "feature"], kind="stable")
    significant = significant.drop_duplicates(["layer", "feature"])
    raised = significant["effect"] > 0
    significant["group"] = (
        np.where(raised, names[0], names[1]) if len(names) == 2 else significant["subtype"]
    )
    layers = [name for name in prepared.layers if name in set(significant["layer"])]
    most = min(per_subtype, max(1, max_rows // max(1, len(layers) * len(names))))
    parts = []
    for layer in layers:
        shown: list[Array] = []
        table = prepared.layers[layer].values  # noqa: PD011 - a field of ours
        for name in names:
            rows = significant[(significant["layer"] == layer) & (significant["group"] == name)]
            keep = features_apart(
                rows["feature"].head(_MOST_CANDIDATES), table, subtypes, shown, most
            )
            parts.append(rows[rows["feature"].isin(keep)].sort_values("_lower", kind="stable"))
    chosen = pd.concat(parts) if parts else significant.head(0)
    return chosen.drop(columns=["_driver", "_size", "_lower"]).reset_index(drop=True)


def driver_ranks(markers: pd.DataFrame, drivers: pd.DataFrame | None, *, by_subtype: bool) -> Array:
    """Rank of each marker among the drivers; infinity where it is none."""
    if drivers is None or drivers.empty:
        return np.full(len(markers), np.inf)
    keys = ["layer", "feature", *(["subtype"] if by_subtype else [])]
    ranks: dict[tuple[str, ...], float] = {}
    for *key, rank in drivers[[*keys, "rank"]].itertuples(index=False, name=None):
        place = tuple(map(str, key))
        ranks[place] = min(float(rank), ranks.get(place, np.inf))
    wanted = markers[keys].astype(str).itertuples(index=False, name=None)
    return np.array([ranks.get(key, np.inf) for key in wanted])


def features_apart(
    features: Sequence[str] | pd.Series,
    table: pd.DataFrame,
    subtypes: Subtypes,
    shown: list[Array],
    most: int,
) -> list[str]:
    """Take features that do not go together with one already taken, up to so many.

    Patterns of what is taken are added to ``shown``.
    """
    keep: list[str] = []
    for feature in features:
        if len(keep) == most:
            break
        if feature not in table:
            continue
        values = z_scores(table[feature].reindex(subtypes.labels.index).to_numpy(dtype=float))
        pattern = np.nan_to_num(values)
        length = np.sqrt((pattern**2).sum())
        pattern = pattern / length if length > 0 else pattern
        if any(abs(float((pattern * other).sum())) >= TOGETHER for other in shown):
            continue
        shown.append(pattern)
        keep.append(str(feature))
    return keep
