"""What a layer must be: a known kind, a scale that its values allow, genes that are not dates.

Private helpers of the gate in ``cohort.py``; ``where`` names the layer and its file at the head of
every message.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from omicsfuse.core.checks.gene_dates import explanation, looks_like_date, restorations, suggestion
from omicsfuse.core.checks.numbers import to_numbers
from omicsfuse.core.checks.patients import in_clinical, where_layer, written_as
from omicsfuse.core.checks.ranges import check_range, warn_of_counts, warn_of_logarithms
from omicsfuse.core.checks.tables import (
    count,
    did_you_mean,
    in_canonical_order,
    listed,
    name_fault,
    named_axes,
    refuse_duplicates,
    refuse_empty,
    refuse_transposed,
)
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.kinds import KINDS, kinds_that
from omicsfuse.core.layers import Exclusion, Layer
from omicsfuse.core.no_features import (
    UNNAMED,
    by_reason,
    named_as_clinical,
    named_otherwise,
)
from omicsfuse.core.radiomic_names import radiomics_features
from omicsfuse.core.same_values import valued_otherwise

#: Columns of ``Layer.variants``.
VARIANT_COLUMNS = ("patient", "t_alt_count", "t_depth")


def check_kind(kind: str, scale: str, where: str) -> str:
    """Return the scale of a layer, refusing a kind or a scale that is not known."""
    if kind not in KINDS:
        raise CohortError(f'{where}: kind = "{kind}" is not known; {did_you_mean(kind, KINDS)}.')
    scales = KINDS[kind].scales
    if scale and scale not in scales:
        raise CohortError(
            f'{where}: scale = "{scale}" is not known for kind = "{kind}"; '
            f"{did_you_mean(scale, scales)}."
        )
    return scale or scales[0]


def check_table(
    table: pd.DataFrame, kind: str, others: Sequence[pd.Index], of_whom: str, where: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Check the names of a layer's table (patients x features); also dates put right."""
    table = named_axes(table, where)
    refuse_empty(table, where)
    refuse_transposed(table, others, of_whom, where)
    restored: dict[str, str] = {}
    if KINDS[kind].names_genes:
        restored = _restore_dates(table.columns, where)
        table = table.rename(columns=restored) if restored else table
    refuse_duplicates(table.index, "patient", where)
    refuse_duplicates(table.columns, "feature", where)
    return table, restored


def _restore_dates(names: pd.Index, where: str) -> dict[str, str]:
    """Gene symbols for dates where one only is possible; refuse the other dates."""
    dates = [name for name in names if looks_like_date(name)]
    if not dates:
        return {}
    restored = restorations(names)
    doubtful = [name for name in dates if name not in restored]
    if doubtful:
        # Features are counted, not columns: they may have been the rows of the file.
        places = [(i + 1, name) for i, name in enumerate(names) if name in set(doubtful)]
        shown = ", ".join(f'"{name}" (feature {number})' for number, name in places[:5])
        raise CohortError(
            f"{where}: a spreadsheet turned gene symbols into dates: {shown}"
            f"{f' and {len(places) - 5} more' if len(places) > 5 else ''}. "
            f"{explanation(doubtful)}. Read the original file without a spreadsheet, or "
            f"{suggestion(doubtful, names)}"
        )
    pairs = ", ".join(f"{name} -> {symbol}" for name, symbol in restored.items())
    warnings.warn(
        f"{where}: a spreadsheet turned gene symbols into dates; the symbols were restored, "
        f"as each date has one possible symbol: {pairs}.",
        OmicsfuseWarning,
        stacklevel=6,
    )
    return restored


def checked_layer(
    name: str,
    omics: Mapping[str, Layer],
    clinical: pd.DataFrame | None,
    where_clinical: str,
    outcomes: Mapping[str, pd.Series],
    before: pd.Index,
) -> tuple[Layer, list[Exclusion]]:
    """Check one layer of a cohort, returning it normalised, and what was restored or left out.

    ``outcomes``: clinical columns of endpoints, and times and events read from them; ``before``:
    patients of the clinical table or, without one, of the layers before this one.
    """
    layer = omics[name]
    if not isinstance(layer, Layer):
        raise CohortError(
            f'layer "{name}" is a {type(layer).__name__}; expected a Layer: '
            'Layer("expression", table, "log2").'
        )
    if fault := name_fault(name):
        raise CohortError(f"{fault}.")
    where = where_layer(name, layer)
    scale = check_kind(layer.kind, layer.scale, where)
    sequenced = kinds_that(lambda kind: kind.alterations == "mutations")
    if layer.megabases is not None and not (layer.kind in sequenced and layer.megabases > 0):
        raise CohortError(
            f"{where}: megabases = {layer.megabases:g}; expected a number above 0, for a "
            f'layer of kind "{" or ".join(sequenced)}" (this layer is of kind '
            f'"{layer.kind}"). Correct it, or remove it.'
        )
    if layer.variants is not None:
        missing = [column for column in VARIANT_COLUMNS if column not in layer.variants]
        if layer.kind not in sequenced or missing:
            told = f"lack {listed(missing)}" if missing else f"belong to kind {layer.kind!r}"
            raise CohortError(
                f"{where}: its variants {told}; expected columns {', '.join(VARIANT_COLUMNS)}, for "
                f'a layer of kind "{" or ".join(sequenced)}". Correct or remove them.'
            )
    if clinical is not None:
        others, of_whom = [clinical.index], where_clinical
    else:
        others = [
            other.table.index.map(str)
            for key, other in omics.items()
            if key != name and isinstance(getattr(other, "table", None), pd.DataFrame)
        ]
        of_whom = "the other layers"
    table, restored = check_table(layer.table, layer.kind, others, of_whom, where)
    whose = where_clinical if clinical is not None else "layers before it"
    table, same = written_as(table, before, where, whose)
    kind = KINDS[layer.kind]
    kept = {*layer.keep, *(() if layer.checked is None else layer.checked)}
    columns = () if clinical is None else tuple(map(str, clinical.columns))
    reasons = named_otherwise(table, layer.kind, columns, tuple(outcomes), kept)
    if kind.radiomic:
        names = [each for each in map(str, table.columns) if each not in (*reasons, *kept)]
        _warn_of_clinical_names(name, named_as_clinical(names), where)
    table, exclusions = _features_only(name, table, reasons, where)
    numbers = to_numbers(table, where, binary=kind.binary, image=kind.image, missing=layer.missing)
    table = numbers.table
    for cells_of, reason in (
        (numbers.failed, "failed computations: taken as missing"),
        (numbers.words, "words for missing: taken as missing"),
    ):
        if cells_of:
            exclusions.append(
                Exclusion("read", name, "values", sum(cells_of.values()), reason, tuple(cells_of))
            )
    known = pd.DataFrame(index=before) if clinical is None else clinical
    reasons = valued_otherwise(table, layer.kind, known, pd.DataFrame(outcomes, known.index), kept)
    table, more = _features_only(name, table, reasons, where)
    exclusions += more
    if scale == "gistic":
        table, more = _whole_deletions(name, table)
        exclusions += more
    check_range(table, layer.kind, scale, bool(layer.scale), where)
    warn_of_logarithms(table, layer.kind, scale, bool(layer.scale), where)
    if scale == "counts":
        warn_of_counts(table, layer.kind, where)
    features = layer.features
    if features is None and KINDS[layer.kind].radiomic:
        features = radiomics_features(table.columns)
    if features is not None and restored:
        features = features.rename(index=restored)
    if restored:
        pairs = tuple(f"{old} -> {new}" for old, new in restored.items())
        reason = "gene symbols restored from dates made by a spreadsheet"
        exclusions.append(Exclusion("read", name, "features", len(pairs), reason, pairs[:5]))
    # Not before the checks, whose messages count the rows as they were given.
    table = in_canonical_order(table)
    if clinical is not None:
        table, left_out = in_clinical(name, table, clinical, where, where_clinical)
        exclusions += left_out
    variants = layer.variants
    if variants is not None:
        variants = variants.assign(patient=variants["patient"].replace(same)) if same else variants
        variants = variants[variants["patient"].isin(table.index)].reset_index(drop=True)
    return replace(
        layer,
        table=table,
        scale=scale,
        features=features,
        variants=variants,
        checked=table.columns,
    ), exclusions


def _features_only(
    name: str, table: pd.DataFrame, reasons: Mapping[str, str], where: str
) -> tuple[pd.DataFrame, list[Exclusion]]:
    """Leave out the columns that are no features, and count them by reason."""
    if not reasons:
        return table, []
    if len(reasons) == table.shape[1]:
        raise CohortError(
            f"{where}: none of its columns is a feature: {listed(reasons, 4)} are "
            f"{'; '.join(by_reason(reasons))}. Name the file with the features, or "
            "columns that are features all the same in keep_columns (keep of a Layer in Python)."
        )
    grouped = by_reason(reasons)
    if unnamed := grouped.get(UNNAMED):
        shown = ", ".join(f'"{each}"' for each in unnamed[:3])
        warnings.warn(
            f"{where}: {count(len(unnamed), 'column')} excluded, whose names are no radiomic "
            f"feature's, as most of the others are: {listed(unnamed, 8)}. If they are features, "
            f"name them: keep_columns = [{shown}] in [layers.{name}] of the manifest, or "
            f"of.Layer(..., keep=[{shown}]); if not, drop_columns says so without a warning.",
            OmicsfuseWarning,
            stacklevel=6,
        )
    exclusions = [
        Exclusion("read", name, "features", len(names), reason, tuple(names[:5]))
        for reason, names in grouped.items()
    ]
    return table.loc[:, ~table.columns.isin(list(reasons))], exclusions


def _warn_of_clinical_names(name: str, doubtful: Sequence[str], where: str) -> None:
    """Warn of features with names of clinical columns, where the other names tell nothing."""
    if not doubtful:
        return
    shown = ", ".join(f'"{each}"' for each in doubtful[:3])
    warnings.warn(
        f"{where}: {listed(doubtful, 8)} {'is' if len(doubtful) == 1 else 'are'} taken for "
        "features: too few names in this layer are known to tell. If they are clinical data, "
        f"exclude them: drop_columns = [{shown}] in [layers.{name}] of the manifest; if they are "
        f"features, keep_columns = [{shown}] says so.",
        OmicsfuseWarning,
        stacklevel=7,
    )


def _whole_deletions(name: str, table: pd.DataFrame) -> tuple[pd.DataFrame, list[Exclusion]]:
    """Take -1.5, which panels write for a partial deletion, as the deep deletion -2.

    Source: https://github.com/cBioPortal/cbioportal/pull/2627
    """
    partial = table == -1.5
    n = int(partial.to_numpy().sum())
    if not n:
        return table, []
    reason = "partial deletions (-1.5): taken as deep deletions (-2)"
    return table.mask(partial, -2.0), [Exclusion("read", name, "values", n, reason)]
