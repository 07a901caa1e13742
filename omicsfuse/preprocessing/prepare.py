"""All layers of a cohort made ready for fusion, with an account of what was left out."""

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd

from omicsfuse.core.checks.arguments import require, sequence_of
from omicsfuse.core.checks.tables import count, did_you_mean
from omicsfuse.core.cohort import MINIMUM_PATIENTS, Cohort, Exclusion, Layer
from omicsfuse.core.errors import CohortError, OmicsfuseError, OmicsfuseWarning, StudyError
from omicsfuse.core.kinds import KINDS
from omicsfuse.core.results import Prepared, PreparedLayer
from omicsfuse.preprocessing._base import LayerPreprocessor, NothingUsableError, PreprocessError

#: Share of imputed values above which a patient's place in a layer is called doubtful.
DOUBTFUL_SHARE = 0.5
#: Features that are tried to see whether a layer has any that can be used.
_TRIED = 50


def preprocess(
    cohort: Cohort | Mapping[str, pd.DataFrame],
    layers: Sequence[str] | None = None,
    *,
    n_features: Mapping[str, int | None] | int | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Prepared:
    """Preprocess layers for fusion, each by the rules of its kind, without outcomes.

    Each layer becomes a complete matrix for distances between patients (``scaled``) and a table of
    all usable features on the scale of analysis (``values``). Redundant or less variable features
    (near-duplicates, identical profiles, not among the most variable) are excluded from distances
    and stay in ``values``. Each layer keeps its own patients; patients without any value in a layer
    are excluded from it.

    Parameters
    ----------
    cohort : Cohort, or mapping of str to pandas.DataFrame
        The cohort; its clinical table is not used. A dict of tables, patients x features, is passed
        to ``Cohort.from_tables``, which guesses their kinds and lists the guesses in ``notes``.
    layers : sequence of str, optional
        Layers; all by default. The result has the order of the cohort.
    n_features : int or mapping of str to int or None, optional
        Number of most variable features for distances: one number for all layers to which it
        applies (not radiomics, whose normal scores have equal variance, nor mutation), or a number
        by layer (None keeps all). ``default_settings`` has the meaning of ``"auto"``.
    settings : mapping of str to mapping, optional
        Further parameters of a layer's preprocessor, for example
        ``{"radiomics": {"method": "power"}}``; see ``default_settings``.

    Returns
    -------
    Prepared
        Layers, fitted transformers, notes, and exclusions: those of the cohort, and for each layer
        the patients and features excluded and the values imputed and limited.

    Raises
    ------
    CohortError
        If a layer does not exist, or no layer has a usable feature.
    StudyError
        If ``cohort`` has another type, or a parameter does not exist or is out of range.

    Warns
    -----
    OmicsfuseWarning
        If more than half of a patient's values in a layer were imputed, or if a layer has no usable
        feature and is excluded.

    Examples
    --------
    >>> from omicsfuse.datasets import simulate_cohort
    >>> from omicsfuse.preprocessing import preprocess
    >>> cohort = simulate_cohort(60, n_external=0, random_state=1).discovery
    >>> ready = preprocess(cohort, ["expression", "mutation"], n_features=100)
    >>> ready.layers["expression"].scaled.shape, ready.layers["expression"].values.shape
    ((60, 100), (60, 600))
    >>> without = [each for each in ready.exclusions if each.what == "features"]
    >>> [(each.layer, each.count, each.reason) for each in without]
    [('expression', 500, 'not among the 100 most variable'), \
('mutation', 22, 'mutated in fewer than 2 patients')]
    """
    if isinstance(cohort, Mapping):
        cohort = Cohort.from_tables(cohort, name="tables")
    require(cohort, Cohort, "cohort", "from of.read_cohort, or a dict of tables")
    names = _chosen(cohort, layers)
    per_layer = n_features if isinstance(n_features, Mapping) else {}
    common = None if isinstance(n_features, Mapping) else n_features
    for given, argument in ((per_layer, "n_features"), (settings or {}, "settings")):
        for name in given:
            _require_name(name, names, f"{argument} names a layer that is not used:", StudyError)
    prepared: dict[str, PreparedLayer] = {}
    unusable: dict[str, str] = {}
    exclusions = list(cohort.exclusions)
    for name in names:
        layer = cohort.omics[name]
        options = dict((settings or {}).get(name, {}))
        if name in per_layer:
            options["n_features"] = per_layer[name]
        elif common is not None and "n_features" in default_settings(layer.kind):
            options.setdefault("n_features", common)
        try:
            prepared[name], excluded = _prepare(name, layer, options)
        except NothingUsableError as error:
            unusable[name] = str(error)
            excluded = [_unusable_exclusion(name, layer)]
        exclusions += excluded
    _report_unusable(unusable, list(prepared))
    return Prepared(cohort.name, prepared, tuple(exclusions), cohort.study, cohort.notes)


def prepared_from(
    given: Prepared | Cohort | Mapping[str, pd.DataFrame], layers: Sequence[str] | None = None
) -> Prepared:
    """Layers made ready: as they are, or by ``preprocess`` where they are a cohort or tables."""
    if isinstance(given, Cohort | Mapping):
        return preprocess(given, layers)
    hint = "from of.preprocess, a cohort, or a dict of tables"
    require(given, Prepared, "prepared", hint)
    return given


def make_preprocessor(layer: Layer, **options: Any) -> LayerPreprocessor:
    """Build the unfitted preprocessor for a layer's kind and scale."""
    made, defaults = _transformer(layer.kind), default_settings(layer.kind)
    for option in options:
        if option == "n_features" and option not in defaults:
            raise StudyError(
                f"n_features does not apply to kind {layer.kind!r}: {made.without_n_features}."
            )
        _require_name(option, defaults, f"kind {layer.kind!r} has no setting", StudyError)
    if "scale" in made().get_params(deep=False):
        options["scale"] = layer.scale or KINDS[layer.kind].scales[0]
    return made(**options)


def why_unusable(name: str, layer: Layer) -> str:
    """Say why no feature of a layer could be used; empty where one can.

    The features that are missing least and vary most are tried first, as one is enough.
    """
    order = layer.table.isna().sum() - layer.table.nunique() / (2 * len(layer.table))
    best = order.sort_values(kind="stable").index[:_TRIED]
    for part in (layer.table[best], layer.table):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OmicsfuseWarning)  # of the trial, not of the layer
                _prepare(name, replace(layer, table=part), {})
        except NothingUsableError as error:
            why = str(error)
        except OmicsfuseError:
            return ""  # a run refuses it
        else:
            return ""
    return why


def default_settings(kind: str) -> dict[str, Any]:
    """Defaults of a kind's preprocessor; ``"auto"`` is its 2,000 most variable features, or all."""
    settings = _transformer(kind)().get_params(deep=False)
    return {name: value for name, value in sorted(settings.items()) if name != "scale"}


def _transformer(kind: str) -> type[LayerPreprocessor]:
    """Class that the row of a kind names."""
    if kind not in KINDS:
        raise CohortError(f"kind {kind!r} is unknown; {did_you_mean(kind, KINDS)}.")
    module, name = KINDS[kind].transformer.split(".")
    transformer: type[LayerPreprocessor] = getattr(
        import_module(f"omicsfuse.preprocessing.{module}"), name
    )
    return transformer


def _prepare(
    name: str, layer: Layer, options: dict[str, Any]
) -> tuple[PreparedLayer, list[Exclusion]]:
    """Fit and apply the preprocessor of one layer, and count what it left out."""
    if layer.table.empty:
        raise CohortError(
            f"layer {name!r} is empty ({len(layer.table)} patients, {layer.table.shape[1]} "
            "features); remove the layer or check its file."
        )
    try:
        transformer = make_preprocessor(layer, **options)
        without = transformer.without_data(layer.table.to_numpy(dtype=float))
        table = layer.table.loc[~without]
        if len(table) < 2:
            raise PreprocessError(
                f"{len(table)} of {count(len(without), 'patient')} have any value; at least 2 are "
                f"needed to compare patients, and {MINIMUM_PATIENTS} to fuse layers"
            )
        scaled = np.asarray(transformer.fit(table).transform(table))
    except NothingUsableError as error:
        raise NothingUsableError(f"layer {name!r} ({layer.kind}): {error}") from error
    except PreprocessError as error:
        raise CohortError(f"layer {name!r} ({layer.kind}): {error}") from error
    except StudyError as error:
        raise StudyError(f"layer {name!r}: {error}") from error
    values = transformer.analysis_values(table)
    prepared = PreparedLayer(
        kind=layer.kind,
        scaled=pd.DataFrame(scaled, table.index, table.columns[transformer.kept_]),
        values=values.iloc[:, transformer.usable_],
        scale=transformer.analysis_scale,
        transformer=transformer,
    )
    _warn_if_mostly_imputed(name, table[prepared.scaled.columns])
    return prepared, _exclusions(name, layer.table, without, table, values, transformer)


def _unusable_exclusion(name: str, layer: Layer) -> Exclusion:
    """Count a whole layer as excluded."""
    features = layer.table.columns
    shown = tuple(str(feature) for feature in features[:5])
    reason = "no usable feature: layer excluded"
    return Exclusion("preprocess", name, "features", len(features), reason, shown)


def _report_unusable(unusable: Mapping[str, str], usable: list[str]) -> None:
    """Go on without layers that say nothing, but not without any layer."""
    if unusable and not usable:
        raise CohortError(" ".join(unusable.values()))
    for message in unusable.values():
        warnings.warn(
            f"{message} The layer is excluded; the other layers ({', '.join(usable)}) are used.",
            OmicsfuseWarning,
            stacklevel=3,
        )


def _exclusions(
    name: str,
    original: pd.DataFrame,
    without: np.ndarray,
    table: pd.DataFrame,
    values: pd.DataFrame,
    transformer: LayerPreprocessor,
) -> list[Exclusion]:
    """Account for patients, features and values of one layer."""

    def exclusion(content: str, count: int, reason: str, examples: pd.Index) -> Exclusion:
        shown = tuple(str(example) for example in examples[:5])
        return Exclusion("preprocess", name, content, int(count), reason, shown)

    exclusions = []
    if without.any():
        exclusions.append(
            exclusion("patients", without.sum(), "no value in this layer", original.index[without])
        )
    for reason, columns in transformer.dropped_.items():
        exclusions.append(exclusion("features", len(columns), reason, table.columns[columns]))
    if transformer.analysis_scale == "zscore":
        usable = transformer.usable_
        changed = np.abs(table.to_numpy()[:, usable]) > np.abs(values.to_numpy()[:, usable])
        beyond = changed.sum(axis=0)
        if beyond.any():
            reason = f"z-scores beyond {transformer.zscore_limit:g} limited to it"
            exclusions.append(
                exclusion("values", beyond.sum(), reason, table.columns[usable][beyond > 0])
            )
    features = table.columns[transformer.kept_]
    imputed, limited = transformer.n_imputed_, transformer.n_limited_
    if imputed.any():
        reason = (
            "missing call read as not mutated"
            if transformer.analysis_scale == "binary"
            else f"missing, imputed from the {transformer.n_neighbors} nearest patients"
        )
        exclusions.append(exclusion("values", imputed.sum(), reason, features[imputed > 0]))
    if limited.any():
        reason = f"beyond {transformer.limit:g} robust standard deviations, limited to them"
        exclusions.append(exclusion("values", limited.sum(), reason, features[limited > 0]))
    return exclusions


def _warn_if_mostly_imputed(name: str, used: pd.DataFrame) -> None:
    """Say whose place in a layer rests on their neighbours rather than on themselves."""
    share = used.isna().mean(axis=1)
    doubtful = share.index[share > DOUBTFUL_SHARE]
    if len(doubtful):
        shown = ", ".join(str(patient) for patient in doubtful[:5])
        warnings.warn(
            f"layer {name!r}: {len(doubtful)} patients lack more than {DOUBTFUL_SHARE:.0%} of "
            f"the features used, and most of their values are imputed: {shown}. Consider "
            "excluding them from this layer.",
            OmicsfuseWarning,
            stacklevel=4,
        )


def _chosen(cohort: Cohort, layers: Sequence[str] | None) -> list[str]:
    """Names of the layers to prepare, in the cohort's order."""
    if not cohort.omics:
        raise CohortError(f"cohort {cohort.name!r} has no omics layer.")
    if layers is None:
        return list(cohort.omics)
    wanted = sequence_of(layers, str, "layers", "a list of names of layers")
    if not wanted:
        raise CohortError(
            f"no layer was chosen; cohort {cohort.name!r} has: {', '.join(cohort.omics)}."
        )
    for name in wanted:
        _require_name(name, cohort.omics, f"cohort {cohort.name!r} has no layer")
    return [name for name in cohort.omics if name in wanted]


def _require_name(
    name: str,
    known: Collection[str],
    complaint: str,
    error: type[CohortError] | type[StudyError] = CohortError,
) -> None:
    """Refuse a name that is not known, pointing to the nearest one that is."""
    if name not in known:
        raise error(f"{complaint} {name!r}; {did_you_mean(name, known)}.")
