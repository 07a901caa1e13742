"""Values of a layer that its kind and scale rule out, or that look like another scale."""

import warnings

import numpy as np
import pandas as pd

from omicsfuse.core.checks.tables import cells, count
from omicsfuse.core.errors import CohortError, OmicsfuseWarning
from omicsfuse.core.kinds import KINDS

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


def warn_of_logarithms(
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


def warn_of_counts(table: pd.DataFrame, kind: str, where: str) -> None:
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
