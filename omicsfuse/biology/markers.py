"""Which features tell each subtype from the others."""

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from omicsfuse.biology.two_groups import Comparison, fisher_exact, rank_sum, welch
from omicsfuse.checks.arguments import require
from omicsfuse.errors import OmicsfuseWarning
from omicsfuse.labelled import labelled
from omicsfuse.results import Prepared, PreparedLayer, Subtypes
from omicsfuse.statistics import Array, benjamini_hochberg, moments

COLUMNS = ("layer", "feature", "subtype", "effect", "effect_name", "test", "n", "p", "fdr")


def differential_features(subtypes: Subtypes, prepared: Prepared) -> pd.DataFrame:
    """Compare each subtype with all other patients, feature by feature, in every layer.

    The test follows the layer: Fisher's exact test for mutations, Wilcoxon's rank-sum test for
    copy-number levels and for normal scores (radiomics), Welch's t-test for everything else.
    Z-scored values are first limited to +-10, so that one absurd value cannot hide a feature.
    Subtypes were found on these same features, so the p-values describe the subtypes; they are no
    evidence that the subtypes exist.

    Parameters
    ----------
    subtypes : Subtypes
        Labels; patients without a label or absent from a layer take no part in that layer.
    prepared : Prepared
        Layers; ``PreparedLayer.values`` is tested. Missing values are left out per feature.

    Returns
    -------
    pandas.DataFrame
        Columns ``layer``, ``feature``, ``subtype``, ``effect`` (positive: higher or more often in
        the subtype), ``effect_name`` (``"standardised mean difference"``, ``"rank-biserial
        correlation"``, ``"mean level difference"`` or ``"difference in mutated share"``),
        ``test``, ``n`` (patients observed), ``p``, ``fdr``; sorted by layer (in its given order),
        subtype, p and feature. ``p`` is NaN where a group has fewer than 3 observed patients or
        the feature does not vary. ``fdr`` is Benjamini-Hochberg; its family is all features times
        all subtypes of one layer.

    Warns
    -----
    OmicsfuseWarning
        If there are fewer than two subtypes, hence nothing to compare.

    References
    ----------
    Soneson and Delorenzi 2013, BMC Bioinformatics 14:91, on simple tests at these sample sizes;
    Benjamini and Hochberg 1995, J R Stat Soc B 57:289-300.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import differential_features
    >>> from omicsfuse.results import Prepared, PreparedLayer, Subtypes
    >>> patients = [f"P{i}" for i in range(6)]
    >>> values = pd.DataFrame({"A": [5.0, 6, 7, 1, 2, 3], "B": [1.0, 3, 2, 2, 1, 3]}, patients)
    >>> layer = PreparedLayer("expression", values, values, "log2", None)
    >>> labels = pd.Series(["S1"] * 3 + ["S2"] * 3, patients)
    >>> table = differential_features(
    ...     Subtypes(labels, {}, {}), Prepared("toy", {"expression": layer})
    ... )
    >>> table[["feature", "subtype", "effect", "p"]].round(4).to_dict("records")[0]
    {'feature': 'A', 'subtype': 'S1', 'effect': 4.0, 'p': 0.008}
    """
    require(subtypes, Subtypes, "subtypes", "what of.cluster returns")
    require(prepared, Prepared, "prepared", "what of.preprocess returns")
    names = subtypes.names
    if len(names) < 2:
        warnings.warn(
            f"differential features: there is {len(names)} subtype, so nothing to compare it with; "
            "the table of markers is empty.",
            OmicsfuseWarning,
            stacklevel=2,
        )
        return _empty()
    tables = [_layer_markers(name, layer, subtypes) for name, layer in prepared.layers.items()]
    return pd.concat(tables, ignore_index=True) if tables else _empty()


def _layer_markers(name: str, layer: PreparedLayer, subtypes: Subtypes) -> pd.DataFrame:
    compare, test, effect_name = _method(layer)
    matrix, own, features = labelled(layer, subtypes)
    parts = []
    for subtype in subtypes.names:
        result = compare(matrix[own == subtype], matrix[own != subtype])
        parts.append(
            pd.DataFrame(
                {
                    "layer": name,
                    "feature": features,
                    "subtype": subtype,
                    "effect": result.effect,
                    "effect_name": effect_name,
                    "test": test,
                    "n": result.n,
                    "p": result.p,
                }
            ).sort_values(["p", "feature"], kind="stable")
        )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(fdr=benjamini_hochberg(table["p"].to_numpy()))[list(COLUMNS)]


def _method(layer: PreparedLayer) -> tuple[Callable[[Array, Array], Comparison], str, str]:
    """Test of a layer, by the scale its values are on."""
    if layer.kind == "mutation" or layer.scale == "binary":
        return fisher_exact, "Fisher exact", "difference in mutated share"
    if layer.scale == "gistic":
        return _rank_sum_of_levels, "Wilcoxon rank-sum", "mean level difference"
    if layer.scale == "normal_score":
        return rank_sum, "Wilcoxon rank-sum", "rank-biserial correlation"
    return welch, "Welch t", "standardised mean difference"


def _rank_sum_of_levels(inside: Array, outside: Array) -> Comparison:
    """Rank-sum test of discrete levels, with the difference of their means as effect."""
    result = rank_sum(inside, outside)
    effect = moments(inside).mean - moments(outside).mean
    return result._replace(effect=np.where(np.isnan(result.p), np.nan, effect))


def _empty() -> pd.DataFrame:
    numeric = {"effect", "p", "fdr"}
    return pd.DataFrame(
        {
            column: pd.Series(
                dtype="float64" if column in numeric else "int64" if column == "n" else object
            )
            for column in COLUMNS
        }
    )
