"""Which features tell each subtype from the others, and each two subtypes from one another."""

import warnings
from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from omicsfuse.biology.count_data import checked_counts
from omicsfuse.biology.layer_tests import (
    Contrast,
    compare_counts,
    compare_layer,
    covariate_exclusions,
    takes_covariates,
)
from omicsfuse.core.errors import OmicsfuseWarning, StudyError
from omicsfuse.core.labelled import require_labelled
from omicsfuse.core.results import Prepared, Subtypes
from omicsfuse.stats.covariates import Encoded, as_terms
from omicsfuse.stats.multiple_testing import benjamini_hochberg
from omicsfuse.stats.tested import Tested

COLUMNS = (
    "layer",
    "feature",
    "subtype",
    "effect",
    "effect_ci_low",
    "effect_ci_high",
    "effect_name",
    "test",
    "n",
    "p",
    "fdr",
    "note",
)


def differential_features(
    subtypes: Subtypes,
    prepared: Prepared,
    *,
    covariates: pd.DataFrame | Encoded | None = None,
    counts: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Compare each subtype with all other patients, feature by feature, in every layer.

    The test follows the layer:

    - mutations (0/1): Fisher's exact test; difference in share with Newcombe's interval;
    - copy-number levels: likelihood ratio in the proportional-odds model; log odds ratio of a
      higher level with its profile interval;
    - radiomics: the Brunner-Munzel test on the logit scale, which does not assume equal spread;
      rank-biserial correlation. Wilcoxon's test if a group has fewer than 10 patients;
    - other layers: limma's moderated t; difference of means on the scale of analysis;
    - layers with raw ``counts``: PyDESeq2.

    Z-scores are first limited to +-10, so that a single extreme value cannot hide a feature. The
    subtypes were found with these same features: the p-values describe the subtypes and are no
    evidence that they exist.

    Parameters
    ----------
    subtypes : Subtypes
        Labels. Patients without a label, or without the layer, are excluded from that layer.
    prepared : Prepared
        Layers; ``PreparedLayer.values`` is tested. Missing values are excluded per feature.
    covariates : pandas.DataFrame or Encoded, optional
        Patients x columns that the moderated t and PyDESeq2 adjust for, such as tumour purity, as
        numbers, steps or categories; or the result of `encode_covariates`. Patients without a
        covariate are excluded from these layers, and a warning counts them. Other tests do not
        adjust, and ``note`` says so.
    counts : mapping of str to pandas.DataFrame, optional
        Layer -> raw counts, patients x genes, whole numbers: tested in place of the layer's
        values. Needs the optional extra ``counts``.

    Returns
    -------
    pandas.DataFrame
        Columns ``layer``, ``feature``, ``subtype``, ``effect`` (positive: higher or more often in
        the subtype), ``effect_ci_low``, ``effect_ci_high`` (95%), ``effect_name``, ``test``, ``n``
        (patients observed), ``p``, ``fdr``, ``note``; sorted by layer (in its given order),
        subtype, p and feature. ``p`` and effect are NaN if a group has fewer than 3 observed
        patients or the feature is constant. ``fdr`` is Benjamini-Hochberg; its family is all
        features times all subtypes of one layer, so that a feature may mark several subtypes.

    Raises
    ------
    StudyError
        If a layer has no patient with a subtype, counts are not raw counts or belong to no layer,
        or covariates cannot be used.

    Warns
    -----
    OmicsfuseWarning
        If there are fewer than two subtypes, patients lack a covariate, or the test of a layer
        cannot adjust for covariates.

    References
    ----------
    Smyth 2004, Stat Appl Genet Mol Biol 3:3; McCullagh 1980, J R Stat Soc B 42:109-142; Brunner
    and Munzel 2000, Biom J 42:17-25; Newcombe 1998, Stat Med 17:873-890; Benjamini and Hochberg
    1995, J R Stat Soc B 57:289-300.

    Examples
    --------
    >>> import pandas as pd
    >>> from omicsfuse.biology import differential_features
    >>> from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
    >>> patients = [f"P{i}" for i in range(6)]
    >>> values = pd.DataFrame({"A": [5.0, 6, 7, 1, 2, 3], "B": [1.0, 3, 2, 2, 1, 3]}, patients)
    >>> layer = PreparedLayer("expression", values, values, "log2", None)
    >>> labels = pd.Series(["S1"] * 3 + ["S2"] * 3, patients)
    >>> table = differential_features(
    ...     Subtypes(labels, {}, {}), Prepared("toy", {"expression": layer})
    ... )
    >>> table[["feature", "subtype", "effect", "effect_name", "p"]].round(4).to_dict("records")[0]
    {'feature': 'A', 'subtype': 'S1', 'effect': 4.0, 'effect_name': 'log2 fold change', 'p': 0.0012}
    """
    require_labelled(subtypes, prepared, Prepared)
    names = subtypes.names
    if len(names) < 2:
        warnings.warn(
            "differential features: there is one subtype and no comparison; the table of "
            "markers is empty.",
            OmicsfuseWarning,
            stacklevel=2,
        )
        return _empty("subtype")
    contrasts = [Contrast(name, (name,), tuple(n for n in names if n != name)) for name in names]
    return _compare(subtypes, prepared, contrasts, "subtype", covariates, counts)


def pairwise_features(
    subtypes: Subtypes,
    prepared: Prepared,
    *,
    covariates: pd.DataFrame | Encoded | None = None,
    counts: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Compare every two subtypes, feature by feature, in every layer.

    Tests, effects and arguments are those of `differential_features`. The moderated t and PyDESeq2
    fit one model with a mean for each subtype, so that the patients of other subtypes contribute to
    the variance; the other tests use the two subtypes only.

    Parameters
    ----------
    subtypes : Subtypes
        Labels.
    prepared : Prepared
        Layers.
    covariates, counts
        As in `differential_features`.

    Returns
    -------
    pandas.DataFrame
        As of `differential_features`, with ``comparison`` (``"S1 vs S2"``; positive effects: higher
        in S1) in place of ``subtype``. The family of ``fdr`` is all features times all pairs of one
        layer. Empty with two subtypes (see `differential_features`) and with one.

    Raises
    ------
    StudyError
        As `differential_features`.

    Warns
    -----
    OmicsfuseWarning
        If patients lack a covariate, or a layer's test cannot adjust for covariates.

    Examples
    --------
    >>> from omicsfuse import pairwise_features
    >>> import pandas as pd
    >>> from omicsfuse.core.results import Prepared, PreparedLayer, Subtypes
    >>> patients = [f"P{i}" for i in range(9)]
    >>> values = pd.DataFrame({"A": [5.0, 6, 7, 1, 2, 3, 1, 3, 2], "B": [1.0, 3, 2] * 3}, patients)
    >>> layer = PreparedLayer("expression", values, values, "log2", None)
    >>> labels = pd.Series(["S1"] * 3 + ["S2"] * 3 + ["S3"] * 3, patients)
    >>> table = pairwise_features(
    ...     Subtypes(labels, {}, {}), Prepared("toy", {"expression": layer})
    ... )
    >>> table.head(2)[["comparison", "feature", "p"]].round(4).to_numpy().tolist()
    [['S1 vs S2', 'A', 0.0004], ['S1 vs S2', 'B', 1.0]]
    """
    require_labelled(subtypes, prepared, Prepared)
    names = subtypes.names
    if len(names) < 3:
        return _empty("comparison")
    contrasts = [Contrast(f"{a} vs {b}", (a,), (b,)) for a, b in combinations(names, 2)]
    return _compare(subtypes, prepared, contrasts, "comparison", covariates, counts)


def _compare(
    subtypes: Subtypes,
    prepared: Prepared,
    contrasts: list[Contrast],
    key: str,
    covariates: pd.DataFrame | Encoded | None,
    counts: Mapping[str, pd.DataFrame] | None,
) -> pd.DataFrame:
    """Compare in every layer, and warn of what stays out of account."""
    encoded = as_terms(covariates, "markers", subtypes.labels.index)
    terms = None if encoded is None else encoded.terms
    raw = {name: checked_counts(table, name) for name, table in (counts or {}).items()}
    unknown = [name for name in raw if name not in prepared.layers]
    if unknown:
        raise StudyError(
            f"counts are given for layer {unknown[0]!r}, which does not exist; the layers are "
            f"{', '.join(prepared.layers)}."
        )
    messages = [
        f"layer {each.layer}: {each.count} patient{'s' if each.count > 1 else ''} excluded "
        f"from comparisons of its features: {each.reason} (e.g. {', '.join(each.examples)})."
        for each in covariate_exclusions(subtypes, prepared, terms, raw)
    ]
    tables, unadjusted = [], []
    for name, layer in prepared.layers.items():
        if name in raw:
            features, tested = compare_counts(raw[name], subtypes, contrasts, terms)
        else:
            features, tested = compare_layer(layer, subtypes, contrasts, terms)
            if terms is not None and not takes_covariates(layer):
                unadjusted.append(name)
        tables.append(_layer_table(name, features, contrasts, tested, key))
    if unadjusted:
        messages.append(
            f"no adjustment for covariates in {', '.join(unadjusted)}: the tests of these "
            "layers take no covariates, as noted in their rows."
        )
    for message in messages:
        warnings.warn(message, OmicsfuseWarning, stacklevel=3)
    return pd.concat(tables, ignore_index=True) if tables else _empty(key)


def _layer_table(
    name: str, features: list[str], contrasts: list[Contrast], tested: list[Tested], key: str
) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "layer": name,
                "feature": features,
                key: contrast.name,
                "effect": result.effect,
                "effect_ci_low": result.low,
                "effect_ci_high": result.high,
                "effect_name": result.effect_name,
                "test": result.test,
                "n": result.n,
                "p": result.p,
                "note": result.note,
            }
        ).sort_values(["p", "feature"], kind="stable")
        for contrast, result in zip(contrasts, tested, strict=True)
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table.assign(fdr=benjamini_hochberg(table["p"].to_numpy()))
    return table[[key if column == "subtype" else column for column in COLUMNS]]


def _empty(key: str) -> pd.DataFrame:
    numeric = {"effect", "effect_ci_low", "effect_ci_high", "p", "fdr"}
    return pd.DataFrame(
        {
            (key if column == "subtype" else column): pd.Series(
                dtype="float64" if column in numeric else "int64" if column == "n" else object
            )
            for column in COLUMNS
        }
    )
