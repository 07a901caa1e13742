"""Which distance a layer takes, and the table of the layer that it is computed on."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import count, did_you_mean, listed
from omicsfuse.core.errors import StudyError
from omicsfuse.core.kinds import analysis_of
from omicsfuse.core.results import PreparedLayer

#: Distances by name, and what each is.
METRICS: Mapping[str, str] = {
    "euclidean": "root of the sum of squared differences",
    "squared_euclidean": "sum of squared differences",
    "correlation": "1 - Pearson correlation of two patients over features",
    "spearman": "1 - Spearman correlation of two patients over features",
    "cosine": "1 - cosine of the angle between two patients",
    "manhattan": "sum of absolute differences",
    "jaccard": "share of the features present in either patient that are not in both",
    "hamming": "share of the features that differ",
    "gower": "mean difference over features, each divided by its range (Gower 1971)",
    "chi_square": "difference of row profiles, rare features weighing more (correspondence "
    "analysis)",
}

#: A distance by name, a function from (n, p) values to (n, n) distances, or the distances.
Metric = str | Callable[[np.ndarray], np.ndarray] | pd.DataFrame


def default_metric(layer: PreparedLayer) -> str:
    """Name the distance of a layer where the user names none; it is that of the scale."""
    return analysis_of(layer).distance


def metric_name(metric: Metric) -> str:
    """Name a distance, a function or a given table for results and messages."""
    if isinstance(metric, str):
        return metric
    if isinstance(metric, pd.DataFrame):
        return "precomputed"
    return str(getattr(metric, "__name__", type(metric).__name__))


def check_metric(metric: Metric, layer_name: str) -> None:
    """Refuse what is not a distance: an unknown name, or neither name, function nor table."""
    if isinstance(metric, str):
        if metric not in METRICS:
            raise StudyError(
                f"metric of {layer_name} is {metric!r}; {did_you_mean(metric, METRICS)}."
            )
    elif not (isinstance(metric, pd.DataFrame) or callable(metric)):
        raise StudyError(
            f"metric of {layer_name} is of type {type(metric).__name__}; expected a name "
            f"({', '.join(METRICS)}), a function from an array of patients x features to one of "
            "patients x patients, or a pandas.DataFrame of distances, patients x patients."
        )


def distance_table(layer: PreparedLayer, metric: Metric) -> pd.DataFrame:
    """Table (patients x features) that a distance takes: ``scaled``, or amounts for chi-square.

    These are the same features of ``values``, complete and not negative: mutations (0/1), or
    expression and microRNA made log2(x + 1) from counts, TPM or FPKM.
    """
    check_metric(metric, f"a layer of kind {layer.kind}")
    name = metric_name(metric) if isinstance(metric, str) else ""
    if name == "chi_square":
        return _amounts(layer)
    table = layer.scaled
    # A standardised value may be 0, and limited ones may be equal, by chance: few are.
    if name == "jaccard" and len(table) and (table.to_numpy() != 0).mean() > 0.99:
        raise StudyError(
            "metric jaccard compares values other than 0, but almost no value of this layer "
            f"(kind {layer.kind}, scale {layer.scale}) is 0. It suits mutations; use "
            "euclidean or correlation here."
        )
    if name == "hamming" and len(table) > 1 and (table.nunique() > 0.9 * len(table)).mean() > 0.5:
        raise StudyError(
            "metric hamming counts features that differ, but patients rarely share a value "
            f"in this layer (kind {layer.kind}, scale {layer.scale}). It suits mutations and "
            "copy-number levels; use euclidean or correlation here."
        )
    return table


_FIT_CHI_SQUARE = (
    "It suits amounts: mutations (0/1), or expression and microRNA as counts, TPM or FPKM. "
    "Choose another metric for this layer."
)


def _amounts(layer: PreparedLayer) -> pd.DataFrame:
    """Take the features used for distances as amounts, complete and not negative."""
    values = layer.values  # noqa: PD011 - a field of ours, not the pandas attribute
    amounts = values.reindex(index=layer.scaled.index, columns=layer.scaled.columns)
    array = amounts.to_numpy(dtype=np.float64)
    for wrong, problem in ((np.isnan(array), "missing"), (array < 0, "negative")):
        if wrong.any():
            i, j = map(int, np.unravel_index(int(np.argmax(wrong)), wrong.shape))
            raise StudyError(
                f"metric chi_square needs values that are complete and not negative, but the layer "
                f"(kind {layer.kind}, scale {layer.scale}) has "
                f"{count(int(wrong.sum()), 'value')} {problem}, the first in feature "
                f'"{amounts.columns[j]}" of patient "{amounts.index[i]}". {_FIT_CHI_SQUARE}'
            )
    empty = amounts.index[array.sum(axis=1) == 0]
    if len(empty):
        raise StudyError(
            f"metric chi_square compares the profiles of patients, but {len(empty)} of "
            f"{len(amounts)} patients have 0 in all features of the layer (kind "
            f"{layer.kind}): {listed(empty)}. Exclude them from the layer, or choose another "
            "metric."
        )
    return amounts
