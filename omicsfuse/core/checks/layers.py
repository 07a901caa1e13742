"""What a layer must be: a known kind, a scale that its values allow, genes that are not dates.

Private helpers of the gate in ``cohort.py``; ``where`` names the layer and its file at the head of
every message.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from omicsfuse.core.checks.gene_dates import explanation, looks_like_date, restorations, suggestion
from omicsfuse.core.checks.numbers import to_numbers
from omicsfuse.core.checks.tables import (
    cells,
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
from omicsfuse.core.same_patient import column_that_holds, likely_difference, matched
from omicsfuse.core.same_values import valued_otherwise

#: Largest value that can still be a logarithm to base 2: 2**50 reads of one gene do not exist.
LARGEST_LOG2 = 50.0
#: Scales of amounts, which are not negative, and what to call them.
AMOUNTS = {
    "counts": "Counts",
    "normalised_counts": "Normalised counts",
    "tpm": "TPM",
    "fpkm": "FPKM",
}
#: Largest amount: no run gives a gene 1e12 reads, and one such value swamps counts per million.
LARGEST_AMOUNT = 1e12
#: Scales of numbers of reads.
COUNT_SCALES = ("counts", "normalised_counts")
#: Counts above this are usual in any real table; logarithms stay below it.
SMALLEST_COUNT_MAXIMUM = 30.0
#: Amounts of a transcriptome that never exceed this look like logarithms.
LARGEST_LOGARITHM = 20.0
#: Fewest genes of which one would exceed it.
FEWEST_FOR_LOGARITHMS = 50
#: Fewest genes at which counts per million hardly depend on which genes were measured.
SMALLEST_TRANSCRIPTOME = 1000


#: What to do about patients whose names differ.
_MAKE_SAME = (
    "If they are the same patients, make the identifiers the same in both, or map samples to "
    'patients: sample_map = "FILE" in [clinical] of a manifest.'
)
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


def check_range(table: pd.DataFrame, kind: str, scale: str, declared: bool, where: str) -> None:
    """Refuse values that the kind and the scale of a layer rule out.

    ``table``: patients x features, float64 without infinities.
    """
    values = table.to_numpy()
    present = values[~np.isnan(values)]
    if not present.size:
        raise CohortError(f"{where}: every value is missing. Correct the layer or remove it.")
    low, high = float(present.min()), float(present.max())
    says = (
        f'scale = "{scale}" {"is declared" if declared else "is assumed (no scale is declared),"}'
    )

    def refuse(wrong: np.ndarray, fault: str, expected: str) -> None:
        raise CohortError(f"{where}: {says} but {fault}: {cells(table, wrong)}. {expected}")

    if scale == "binary":
        wrong = ~np.isnan(values) & (values != 0) & (values != 1)
        if wrong.any():
            raise CohortError(
                f"{where}: a {kind} layer holds 0 (not mutated) and 1 (mutated), but it has "
                f"{cells(table, wrong)}. Write 1 for any number of mutations, or give the layer "
                'another kind, e.g. kind = "continuous".'
            )
    elif scale == "beta" and (low < 0 or high > 1):
        refuse(
            (values < 0) | (values > 1),
            "there are values outside 0..1",
            'Beta values lie in 0..1: for M-values set scale = "m_value"; divide percentages '
            "by 100.",
        )
    elif scale == "m_value" and low >= 0 and high <= 1 and present.size > 1 and low < high:
        refuse(
            ~np.isnan(values),
            "every value lies in 0..1",
            'These look like beta values: set scale = "beta".',
        )
    elif scale in AMOUNTS and low < 0:
        refuse(
            values < 0,
            "there are negative values",
            f'{AMOUNTS[scale]} cannot be negative: for logarithms set scale = "log2", for '
            'z-scores scale = "zscore".',
        )
    elif scale in AMOUNTS and high > LARGEST_AMOUNT:
        refuse(
            values > LARGEST_AMOUNT,
            f"there are values above {LARGEST_AMOUNT:g}",
            f"{AMOUNTS[scale]} stay far below that; one such value dominates all others of "
            "its patient. Correct the cells, or leave them empty.",
        )
    elif (
        scale in COUNT_SCALES and high < SMALLEST_COUNT_MAXIMUM and _share_fractional(present) > 0.5
    ):
        refuse(
            values == high,
            "most values are fractions and none reaches 30; the largest",
            'These look like logarithms: set scale = "log2" (or "tpm", "fpkm" if they are that).',
        )
    elif scale == "log2" and max(high, -low) > LARGEST_LOG2:
        refuse(
            np.abs(values) > LARGEST_LOG2,
            f"values reach {high if high > -low else low:,.6g}",
            f'Logarithms stay within {LARGEST_LOG2:g}: set the scale of the values ("counts", '
            '"normalised_counts", "tpm" or "fpkm" for amounts, "zscore" for standardised '
            "values).",
        )
    elif scale == "zscore" and low >= 0 and high > 0 and present.size > 1:
        refuse(
            values == high,
            f"no value is negative (median {np.median(present):,.6g}); the largest",
            'Z-scores lie on both sides of 0: set the scale of the values, e.g. "log2", '
            '"counts", "normalised_counts", "tpm", "fpkm" or "raw".',
        )
    elif scale == "gistic":
        wrong = ~np.isnan(values) & ((np.abs(values) > 2) | (values != np.round(values)))
        if wrong.any():
            refuse(
                wrong,
                "there are other values than -2, -1, 0, 1, 2",
                'If these are logarithms of copy-number ratios set scale = "log2".',
            )


def _share_fractional(values: np.ndarray) -> float:
    """Share of values that are not whole numbers."""
    return float((values != np.round(values)).mean())


def _warn_of_logarithms(
    table: pd.DataFrame, kind: str, scale: str, declared: bool, where: str
) -> None:
    """Question amounts of a transcriptome that stay as small as logarithms do."""
    if scale not in ("tpm", "fpkm", "normalised_counts") or not KINDS[kind].transcriptome:
        return
    low, high = float(np.nanmin(table.to_numpy())), float(np.nanmax(table.to_numpy()))
    if table.shape[1] < FEWEST_FOR_LOGARITHMS or high > LARGEST_LOGARITHM or low == high:
        return
    warnings.warn(
        f'{where}: scale = "{scale}" {"is declared" if declared else "is assumed"}, but no value '
        f"of {count(table.shape[1], 'gene')} is above {high:,.4g}: these look like logarithms, and "
        f'would be logged once more. If they are (as "log2({AMOUNTS[scale]} + 1)"), write in the '
        'manifest:\nscale = "log2"',
        OmicsfuseWarning,
        stacklevel=6,
    )


def _warn_of_counts(table: pd.DataFrame, kind: str, where: str) -> None:
    """Say when counts per million of a layer would not mean what they seem to."""
    values = table.to_numpy()
    fractional = _share_fractional(values[~np.isnan(values)])
    if fractional > 0.5:
        message = (
            f'{where}: scale = "counts" is declared but {fractional:.0%} of the values are '
            "fractions: they look normalised already, and would be divided by the sum of each "
            "patient's values once more. If they are, say so in a manifest (scales={...} in "
            "Python):\n"
            'scale = "normalised_counts"\n'
            "Use counts for unmodified estimated numbers of reads (RSEM, salmon)."
        )
    elif KINDS[kind].transcriptome and table.shape[1] < SMALLEST_TRANSCRIPTOME:
        message = (
            f'{where}: scale = "counts" is declared for {count(table.shape[1], "gene")}. '
            f"Counts per million of fewer than about {SMALLEST_TRANSCRIPTOME:,} genes depend "
            "on the choice of genes: a rise in one gene lowers all others. If available, "
            'give values normalised on the whole transcriptome (scale = "normalised_counts", '
            '"tpm" or "log2").'
        )
    else:
        return
    warnings.warn(message, OmicsfuseWarning, stacklevel=5)


def where_layer(name: str, layer: Layer) -> str:
    """Name a layer, and its file where one is known."""
    return f'layer "{name}"' + (f" ({layer.source})" if layer.source else "")


def first_five(labels: Iterable[object]) -> tuple[str, ...]:
    """Pick the examples that go into an exclusion."""
    return tuple(str(label) for label in list(labels)[:5])


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
    table, same = _written_as(table, before, where, whose)
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
    _warn_of_logarithms(table, layer.kind, scale, bool(layer.scale), where)
    if scale == "counts":
        _warn_of_counts(table, layer.kind, where)
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
        table, left_out = _in_clinical(name, table, clinical, where, where_clinical)
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


def _written_as(
    table: pd.DataFrame, patients: pd.Index, where: str, whose: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Name patients as the others do where only one can be meant, and say who was meant."""
    same, by = matched(list(table.index), patients)
    if same:
        # Not silently: who is meant was told by the spelling alone.
        warnings.warn(
            f"{where}: {count(len(same), 'patient')} of {len(table)} are written otherwise than in "
            f"the {whose}, and were matched: {by}. Names that more than one patient could mean "
            "were not.",
            OmicsfuseWarning,
            stacklevel=6,
        )
        table = table.rename(index=same)
    return table, same


def _in_clinical(
    name: str, table: pd.DataFrame, clinical: pd.DataFrame, where: str, where_clinical: str
) -> tuple[pd.DataFrame, list[Exclusion]]:
    """Leave out the patients of a layer who are not in the clinical table, and count them."""
    patients = clinical.index
    known = table.index.isin(patients)
    if known.all():
        return table, []
    if not known.any():
        column, held = column_that_holds(table.index, clinical)
        if held:
            way = (
                f'Column "{column}" of the clinical table holds {held} of them: name it, '
                f'patient = "{column}" in [clinical].'
            )
        else:
            told = likely_difference(table.index, patients)
            way = (f"{told[0].upper()}{told[1:]}. " if told else "") + _MAKE_SAME
        raise CohortError(
            f"{where}: none of its {count(len(table), 'patient')} (e.g. {listed(table.index, 3)}) "
            f"is in the {where_clinical} (e.g. {listed(patients, 3)}). {way}"
        )
    absent = table.index[~known]
    table = table.loc[known]
    if table.isna().to_numpy().all():
        raise CohortError(
            f"{where}: every value of the {count(len(table), 'patient')} in the "
            f"{where_clinical} is missing. Correct the layer or remove it."
        )
    if told := likely_difference(absent, patients[~patients.isin(table.index)]):
        warnings.warn(
            f"{where}: {count(len(absent), 'patient')} of {len(known)} are not in the "
            f"{where_clinical} and are excluded; {told}. {_MAKE_SAME}",
            OmicsfuseWarning,
            stacklevel=6,
        )
    reason = "not in the clinical table: excluded"
    return table, [Exclusion("read", name, "patients", len(absent), reason, first_five(absent))]


def patients_without_layer(omics: Mapping[str, Layer], clinical: pd.DataFrame) -> list[Exclusion]:
    """Count the patients of the clinical table who are in no layer."""
    seen = clinical.index.isin([])
    for layer in omics.values():
        seen |= clinical.index.isin(layer.table.index)
    if not omics or seen.all():
        return []
    alone = clinical.index[~seen]
    reason = "in the clinical table but in no layer"
    return [Exclusion("read", "clinical", "patients", len(alone), reason, first_five(alone))]
