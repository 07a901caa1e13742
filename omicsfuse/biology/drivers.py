"""The features that tell a reader what a subtype is."""

from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require, whole_number
from omicsfuse.core.errors import StudyError
from omicsfuse.core.kinds import analysis_of
from omicsfuse.core.labelled import Labelled, labelled, require_subtypes
from omicsfuse.core.results import Prepared, Subtypes
from omicsfuse.stats.arrays import Array
from omicsfuse.stats.correlations import spearman
from omicsfuse.stats.levels import FDR

COLUMNS = (
    "subtype",
    "rank",
    "layer",
    "feature",
    "direction",
    "inside",
    "outside",
    "summary",
    "effect",
    "effect_ci_low",
    "effect_ci_high",
    "effect_name",
    "fdr",
)
#: Rank correlation, in absolute value, from which one of two features says what the other says.
REDUNDANT = 0.9


def driver_features(
    markers: pd.DataFrame,
    prepared: Prepared,
    subtypes: Subtypes,
    per_subtype: int = 15,
    fdr: float = FDR,
) -> pd.DataFrame:
    """List the strongest features of each subtype, the layers in turn.

    The feature with the smallest p of each layer comes first, then the second of each layer, and so
    on, so that a layer with many features does not dominate the list. A feature is omitted if its
    Spearman correlation with a listed feature of the same layer exceeds 0.9: forty texture
    features, or all genes of an amplified segment, are one finding. A feature may be listed for
    several subtypes.

    A driver feature here drives the difference between subtypes, not the tumour.

    Parameters
    ----------
    markers : pandas.DataFrame
        Result of `differential_features`.
    prepared : Prepared
        Layers, whose ``values`` are averaged.
    subtypes : Subtypes
        Labels.
    per_subtype : int
        Most features of a subtype.
    fdr : float
        Largest false discovery rate of a listed feature.

    Returns
    -------
    pandas.DataFrame
        Columns ``subtype``, ``rank`` (from 1), ``layer``, ``feature``, ``direction`` (``"raised"``,
        ``"lowered"``; mutations: ``"more often"``, ``"less often"``), ``inside``, ``outside``
        (mean, or share of patients), ``summary`` (which of both), ``effect``, ``effect_ci_low``,
        ``effect_ci_high``, ``effect_name``, ``fdr``. A subtype with fewer significant features has
        fewer rows, or none.

    Raises
    ------
    StudyError
        If markers lack a column, or a number is out of range.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse import Subtypes, driver_features
    >>> from omicsfuse.core.results import Prepared
    >>> from omicsfuse.biology.markers import differential_features
    >>> from omicsfuse.core.results import PreparedLayer
    >>> patients = [f"P{i}" for i in range(20)]
    >>> values = pd.DataFrame({"TP53": [1.0] * 9 + [0.0] * 11, "TTN": [0.0, 1.0] * 10}, patients)
    >>> layers = Prepared("x", {"mutation": PreparedLayer("mutation", values, values, "binary", 0)})
    >>> subtypes = Subtypes(pd.Series(["S1"] * 10 + ["S2"] * 10, patients), {}, {})
    >>> table = driver_features(differential_features(subtypes, layers), layers, subtypes)
    >>> table[["subtype", "feature", "direction", "inside", "outside"]].to_numpy().tolist()
    [['S1', 'TP53', 'more often', 0.9, 0.0], ['S2', 'TP53', 'less often', 0.0, 0.9]]
    >>> table["summary"][0]
    'share of patients mutated'
    """
    require(markers, pd.DataFrame, "markers", "from of.differential_features")
    require_subtypes(subtypes)
    require(prepared, Prepared, "prepared", "from of.preprocess")
    per_subtype = whole_number(per_subtype, "per_subtype")
    if not isinstance(fdr, int | float) or isinstance(fdr, bool) or not 0 < fdr <= 1:
        raise StudyError(f"fdr is {fdr!r}; it must be a number above 0 and at most 1.")
    needed = {"subtype", "layer", "feature", "p", *COLUMNS[8:]}
    missing = sorted(needed.difference(markers.columns))
    if missing:
        raise StudyError(
            f"markers have no column {missing[0]!r}; give the table from of.differential_features."
        )
    significant = markers[markers["fdr"] <= fdr]
    significant = significant.assign(_size=-significant["effect"].abs())
    significant = significant.sort_values(["p", "_size", "feature"], kind="stable")
    layers = {
        name: labelled(layer, subtypes)
        for name, layer in prepared.layers.items()
        if name in set(significant["layer"])
    }
    places = {name: {f: j for j, f in enumerate(layer.features)} for name, layer in layers.items()}
    rows = []
    for subtype in subtypes.names:
        queues: dict[str, list[dict[Any, Any]]] = {}
        for name in layers:
            of_both = (significant["subtype"] == subtype) & (significant["layer"] == name)
            queues[name] = significant[of_both].to_dict("records")
        chosen = _in_turn(queues, layers, places, per_subtype)
        rows += [{**_described(row, prepared, layers, places), "rank": i} for i, row in chosen]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"rank": "int64"}) if len(table) else table


def _in_turn(
    queues: dict[str, list[dict[Any, Any]]],
    layers: dict[str, Labelled],
    places: dict[str, dict[str, int]],
    most: int,
) -> list[tuple[int, dict[Any, Any]]]:
    """Take the next feature of each layer in turn, passing over those that repeat one taken."""
    taken: dict[str, list[Array]] = {name: [] for name in queues}
    waiting = {name: iter(queue) for name, queue in queues.items()}
    chosen: list[dict[Any, Any]] = []
    while waiting and len(chosen) < most:
        for name in list(waiting):
            for row in waiting[name]:
                place = places[name].get(row["feature"])
                if place is None:  # Raw counts may have genes that the layer's values lack.
                    chosen.append(row)
                    break
                values = layers[name].matrix[:, place]
                if not any(_redundant(values, other) for other in taken[name]):
                    taken[name].append(values)
                    chosen.append(row)
                    break
            else:
                del waiting[name]
    return list(enumerate(chosen[:most], start=1))


def _redundant(first: Array, second: Array) -> bool:
    """Say whether two features have nearly the same ranks in the patients who have both."""
    both = ~np.isnan(first) & ~np.isnan(second)
    if not both.any():
        return False
    # Far enough from rounding that the order of patients cannot decide.
    return bool(abs(spearman(first[None, both], second[None, both])[0]) > REDUNDANT + 1e-12)


def _described(
    row: dict[Any, Any],
    prepared: Prepared,
    layers: dict[str, Labelled],
    places: dict[str, dict[str, int]],
) -> dict[str, Any]:
    """Columns of a row of markers as a reader wants them."""
    name = row["layer"]
    matrix, subtype_of, _ = layers[name]
    place = places[name].get(row["feature"])
    means = [float("nan")] * 2
    if place is not None:
        values, within = matrix[:, place], subtype_of.astype(str) == row["subtype"]
        for i, group in enumerate((values[within], values[~within])):
            observed = np.sort(group[~np.isnan(group)])
            means[i] = float(observed.mean()) if len(observed) else float("nan")
    scale = analysis_of(prepared.layers[name])
    marker = {column: row[column] for column in COLUMNS if column in row}
    return {
        **marker,
        "direction": scale.more if row["effect"] > 0 else scale.less,
        "inside": means[0],
        "outside": means[1],
        "summary": f"{scale.average} ({scale.range})" if scale.range else scale.average,
    }
